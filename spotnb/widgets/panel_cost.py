"""The cost of the run in the panel's form, in windows and frames."""

from __future__ import annotations

from typing import Any

from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.clock import AUDIOLDM, Clock
from spotnb.tiling.layout import plan
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE


def planned_cost(settings: dict[str, Any], model: Any = None) -> str:
    """Describe the number of windows and frames of a run, from its layouts alone.

    Without a model, they are those of AudioLDM's rates.
    """
    clock = AUDIOLDM if model is None else Clock.of(model)
    multiple = DEFAULT_TIME_MULTIPLE if model is None else int(model.time_multiple)
    config, method, steps = settings["config"], settings["method"], settings["steps"]
    if isinstance(settings["prompt"], PromptTimeline):
        settings["prompt"].check_duration(settings["duration"])
    frames = clock.run_frames(settings["duration"], multiple, config.policy.ring)
    finish = {name: settings[name] for name in ("finish_steps", "finish_overlap") if name in settings}
    layouts = [plan(frames, config, step, method, steps, multiple, **finish) for step in range(steps)]
    windows, seen = sum(len(layout.tiles) for layout in layouts), sum(layout.network_frames for layout in layouts)
    note = ", one window: plain DDIM" if layouts[0].fallback else ""
    return f"{windows} windows, {seen / frames / steps:.2f} times the {frames} frames in each step{note}"
