"""How a trace shows itself, from its manifest and the numbers of its steps. No array is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from spotnb.support.cards import Card, count, joined, quoted, seconds
from spotnb.support.checks import show
from spotnb.support.pictures import SEAM, Axis, Picture, ticks


class RecordedRun(Protocol):
    """What the card of a trace needs; `spotnb.trace.trace.Trace` explains it."""

    mode: str | int
    dtype: str
    manifest: dict[str, Any]

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that were kept."""
        ...

    @property
    def timesteps(self) -> tuple[int, ...]:
        """Their timesteps."""
        ...

    @property
    def shifts(self) -> tuple[int, ...]:
        """Their shifts."""
        ...


def trace_text(trace: RecordedRun) -> str:
    """Return what a reader wants to know first about a trace."""
    manifest, kept = trace.manifest, len(trace.steps)
    total = manifest.get("steps")
    number = f"{kept} of {count(total, 'step')}" if type(total) is int else count(kept, "step")
    duration = manifest.get("duration")
    return joined(
        number,
        _prompt(manifest),
        seconds(duration) if isinstance(duration, int | float) else None,
        _text(manifest.get("method")),
        f"seed {show(manifest['seed'])}" if "seed" in manifest else None,
        _text(_entry(manifest, "model", "name")),
    )


def trace_card(trace: RecordedRun) -> Card:
    """Return the card of a trace, with its shifts as a picture."""
    manifest, steps, timesteps = trace.manifest, trace.steps, trace.timesteps
    kept = {"all": "every step with all arrays", "x0": "the clean estimate of every step", "last": "the last step"}
    facts = {
        "Prompt": (_prompt(manifest) or "")[1:-1] or None,
        "Steps": f"{steps[0]} to {steps[-1]}, t from {timesteps[0]} to {timesteps[-1]}" if steps else "none yet",
        "Keeps": f"{kept.get(str(trace.mode), f'every {trace.mode}. step')}, in {trace.dtype}",
        "Latent": f"{show(manifest['frames'])} frames" if "frames" in manifest else None,
        "Model": _text(_entry(manifest, "model", "name")),
        "Written by": f"spotnb {show(version)[1:-1]}" if (version := _entry(manifest, "versions", "spotnb")) else None,
    }
    return Card(repr(trace), facts, _shifts(trace) if steps else None)


def _shifts(trace: RecordedRun) -> Picture | None:
    width = _entry(trace.manifest, "config", "tile_size_time")
    high = max(*trace.shifts, width if type(width) is int else 1)
    height = min(160, max(24, 5 * len(trace.shifts)))
    drawing = ticks(Axis(0, high), trace.shifts, height, SEAM)
    legend = [(SEAM, "shift of each step, from the first at the top to the last")]
    return Picture(drawing, height, "The shift of each step", ("0", f"{high} frames"), legend)


def _entry(manifest: Mapping[str, Any], *names: str) -> Any:
    """Return an entry of a manifest, which may hold anything, or None."""
    value: Any = manifest
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str | None:
    return None if value is None else show(value)[1:-1] if isinstance(value, str) else show(value)


def _prompt(manifest: Mapping[str, Any]) -> str | None:
    prompt = manifest.get("prompt")
    entries = _entry(manifest, "prompt", "timeline")
    if isinstance(entries, list):
        prompt = ", then ".join(str(entry[-1]) for entry in entries[:20] if isinstance(entry, list | tuple) and entry)
    return None if prompt is None else quoted(prompt)
