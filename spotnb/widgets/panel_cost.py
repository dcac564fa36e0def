"""What the settings in the panel's form mean and cost, before anything runs."""

from __future__ import annotations

from typing import Any, NamedTuple

from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.clock import AUDIOLDM, Clock
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.finish import check_finish_overlap
from spotnb.tiling.layout import Layout, plan
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE


class Tiling(NamedTuple):
    """What decides where the tiles of a run lie: the arguments of a `TileShiftDebugger`."""

    frames: int
    config: SpotDiffusionConfig
    steps: int
    method: str
    clock: Clock
    finish_steps: int
    finish_overlap: int | None


class Plan:
    """The layouts of a run, from its settings alone.

    Args:
        settings: The settings in the form.
        model: The model, or None for AudioLDM's rates.

    Raises:
        InputError: The settings do not fit together.
    """

    def __init__(self, settings: dict[str, Any], model: Any = None) -> None:
        self.clock = AUDIOLDM if model is None else Clock.of(model)
        self.config, self.method, self.steps = settings["config"], settings["method"], settings["steps"]
        multiple = DEFAULT_TIME_MULTIPLE if model is None else int(model.time_multiple)
        if isinstance(settings["prompt"], PromptTimeline):
            settings["prompt"].check_duration(settings["duration"])
        self.seconds = settings["duration"]
        self.frames = self.clock.run_frames(self.seconds, multiple, self.config.policy.ring)
        finish = {name: settings[name] for name in ("finish_steps", "finish_overlap")}
        self.tiling = Tiling(self.frames, self.config, self.steps, self.method, self.clock, **finish)
        self.layouts: list[Layout] = [
            plan(self.frames, self.config, step, self.method, self.steps, multiple, **finish)
            for step in range(self.steps)
        ]

    @property
    def windows(self) -> int:
        """The number of windows in all steps."""
        return sum(len(layout.tiles) for layout in self.layouts)

    @property
    def cost(self) -> str:
        """The number of windows and frames in words."""
        seen = sum(layout.network_frames for layout in self.layouts)
        note = ", all in one window" if self.layouts[0].fallback else ""
        work = seen / self.frames / self.steps
        return f"{self.windows} windows, {work:.2f} times the {self.frames} frames in each step{note}"

    @property
    def meaning(self) -> str:
        """What the settings do, in sentences."""
        clock, first = self.clock, self.layouts[0]
        tile = self.config.tile_size_time
        length = f"{self.seconds:.6g} s of sound are {self.frames} latent frames."
        if first.fallback or self.method == "full":
            return f"{length} The network sees them all in one window, at each of {self.steps} steps: there is no seam."
        sees = f"The network sees {tile} of them ({tile * clock.frame_seconds:.3g} s) at a time"
        cut = f"{sees}, so each of {self.steps} steps cuts them into {_several(self.layouts)}."
        if self.method == "multidiffusion":
            return f"{length} {cut} Windows overlap by at least {self.config.overlap} frames, and are averaged there."
        if self.method == "tiles" or not self.config.max_shift:
            return f"{length} {cut} The cuts never move, so that each can be heard as a seam.{self._finish}"
        moved = self.config.max_shift
        return (
            f"{length} {cut} From step to step, the cuts move by up to {moved} frames "
            f"({moved * clock.frame_seconds:.3g} s), so that no seam stays in one place.{self._finish}"
        )

    @property
    def _finish(self) -> str:
        """What the last steps do instead, or nothing if they cut as the others do."""
        blended = [layout for layout in self.layouts if layout.blended]
        if not blended:
            return ""
        overlap = check_finish_overlap(self.tiling.finish_overlap, self.config.tile_size_time)
        last = "In the last step" if len(blended) == 1 else f"In the last {len(blended)} steps"
        size = f"{overlap} frames ({overlap * self.clock.frame_seconds:.3g} s)"
        return f" {last}, the tiles overlap by at least {size} and cross-fade: nothing is cut there."


def _several(layouts: list[Layout]) -> str:
    counts = sorted({len(layout.tiles) for layout in layouts})
    return f"{counts[0]} tiles" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} tiles"


def planned_cost(settings: dict[str, Any], model: Any = None) -> str:
    """Describe the number of windows and frames of a run, from its layouts alone.

    Without a model, they are those of AudioLDM's rates.
    """
    return Plan(settings, model).cost


def duration(seconds: float) -> str:
    """Return a duration in words, with the precision that suits an estimate.

    >>> duration(0.4), duration(75), duration(4000)
    ('1 s', '75 s', '67 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{round(seconds / 60)} min"
