"""Prompts that change over time. A timeline can be created, checked and drawn without torch and without a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from spotnb.errors import InputError
from spotnb.support.cards import Card, Shown, count, joined, quoted, seconds
from spotnb.support.checks import check_items, check_real, check_text, exact, show
from spotnb.support.pictures import BANDS, Axis, Picture, band
from spotnb.tiling.clock import AUDIOLDM, Clock
from spotnb.tiling.limits import check_size

Entry = tuple[float, float, str]
MOST_ENTRIES = 1000
MOST_BANDS, MOST_NAMED = 100, 12  # of a picture, and in its legend
SLACK = 1e-6  # seconds, so that 0.1 + 0.2 meets 0.3


@dataclass(frozen=True, repr=False)
class PromptTimeline(Shown):
    """A prompt for each part of a sound.

    Pass a timeline to a sampler instead of a prompt. A window that spans two prompts is guided by both, weighted frame
    by frame, so it works with every method and every tiling.

    Args:
        entries: `(start, stop, prompt)` in seconds, in order, from 0 to the end of the sound without gaps or overlaps.
        crossfade: Length in seconds of the linear cross-fade from one prompt to the next, centered on their border. 0
            switches at once. It cannot be longer than any entry. The default is about as long as a musical transition.

    Raises:
        InputError: Entries overlap, leave a gap or are out of order, a time is not a finite number, a prompt is empty,
            or the cross-fade is longer than an entry.

    >>> PromptTimeline([(0, 10, "nature sounds"), (10, 20, "church organ")]).duration
    20.0
    """

    entries: tuple[Entry, ...]
    crossfade: float = 2.0

    def __init__(self, entries: Iterable[Entry], crossfade: float = 2.0) -> None:
        checked = tuple(_check_entry(k, entry) for k, entry in enumerate(_listed(entries)))
        if not checked:
            raise InputError("timeline has no entries: expected (start, stop, prompt) in seconds, at least one")
        if checked[0][0] > SLACK:
            raise InputError(f"timeline starts at {exact(checked[0][0])} s: expected 0; let the first entry start at 0")
        for k, (before, after) in enumerate(pairwise(checked)):
            between = after[0] - before[1]
            if abs(between) > SLACK:
                fault = "a gap" if between > 0 else "an overlap"
                raise InputError(
                    f"timeline entries {k} and {k + 1} have {fault}: {show(before[2])} stops at {exact(before[1])} s, "
                    f"{show(after[2])} starts at {exact(after[0])} s; let them meet, and crossfade blends them"
                )
        fade = check_real("crossfade", crossfade, 0, hint="give seconds; 0 switches at once")
        shortest = min(stop - start for start, stop, _ in checked)
        if len(checked) > 1 and fade > shortest + SLACK:
            raise InputError(
                f"crossfade is {exact(fade)} s, but the shortest entry lasts {exact(shortest)} s: expected no more "
                "than that; shorten the crossfade or lengthen the entry"
            )
        object.__setattr__(self, "entries", checked)
        object.__setattr__(self, "crossfade", fade)

    def _text_(self) -> str:
        number = len(self.entries)
        listed = ", ".join(f"({exact(a)}, {exact(b)}, {quoted(prompt)})" for a, b, prompt in self.entries[:4])
        if number > 4 or len(listed) > 160:
            return joined(count(number, "prompt"), seconds(self.duration), f"first {quoted(self.prompts[0])}")
        return f"[{listed}], crossfade={exact(self.crossfade)}"

    def _card_(self) -> Card:
        shown = self.entries[:MOST_BANDS]
        axis, half = Axis(0, shown[-1][1]), self.crossfade / 2
        fades = [(0.0, 0.0), *((start - half, start + half) for start, _, _ in shown[1:]), (axis.high, axis.high)]
        colors = [BANDS[k % len(BANDS)] for k in range(len(shown))]
        drawing = "".join(band(axis, pair, 36, color) for pair, color in zip(pairwise(fades), colors, strict=True))
        named = zip(colors, shown[:MOST_NAMED], strict=False)
        legend = [
            (color, f"{exact(start)} to {exact(stop)} s: {show(prompt)[1:-1]}")
            for color, (start, stop, prompt) in named
        ]
        more = len(self.entries) - MOST_NAMED
        facts = {"More prompts": str(more) if more > 0 else None, "Cross-fade": seconds(self.crossfade)}
        label = f"The shares of {count(len(shown), 'prompt')} over time"
        return Card(repr(self), facts, Picture(drawing, 36, label, ("0 s", seconds(axis.high)), legend))

    @property
    def duration(self) -> float:
        """The seconds that the entries cover."""
        return self.entries[-1][1]

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompts in order, one per entry."""
        return tuple(prompt for _, _, prompt in self.entries)

    @property
    def text(self) -> str:
        """The prompts in one line, for titles and file names."""
        return ", then ".join(self.prompts)

    def weights(self, frames: int, ring: bool = False, clock: Clock = AUDIOLDM) -> npt.NDArray[np.float32]:
        """Return the share of each prompt in each latent frame, taken at the middle of the frame.

        Frames past the last entry belong to it.

        Args:
            frames: The length T of the latent.
            ring: Whether the end of the sound meets its start, so that the last prompt fades into the first.
            clock: The rates of the model.

        Returns:
            `[prompts, T]`. The columns sum to one.
        """
        frames = check_size("frames", frames, hint="pass the length of the latent in time")
        times = np.asarray((np.arange(frames) + 0.5) / clock.frames_per_second, np.float64)
        borders = [start for start, _, _ in self.entries[1:]]
        # One ramp from 0 to 1 per border. The share of a prompt is its own ramp minus that of the next prompt.
        ramps = [np.ones(frames), *(self._ramp(times - border) for border in borders), np.zeros(frames)]
        shares = -np.diff(np.stack(ramps), axis=0)
        if ring and len(self.entries) > 1:
            turn = frames / clock.frames_per_second
            late = self._ramp(times - turn)  # the first half of the last cross-fade; its second half is at the start
            early = 1 - self._ramp(times)
            shares[0] += late - early
            shares[-1] += early - late
        return shares.astype(np.float32)

    def _ramp(self, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self.crossfade < SLACK:
            return (seconds >= 0).astype(np.float64)
        return np.clip(seconds / self.crossfade + 0.5, 0, 1)

    def check_duration(self, duration: float) -> None:
        """Raise `InputError` unless the entries cover exactly the `duration` of a sound."""
        if abs(self.duration - duration) <= SLACK:
            return
        if self.duration < duration:
            raise InputError(
                f"timeline ends at {exact(self.duration)} s, which leaves a gap to the duration of {exact(duration)} "
                "s: lengthen its last entry or shorten the duration"
            )
        last = next(entry for entry in self.entries if entry[1] > duration + SLACK)
        raise InputError(
            f"timeline entry {show(last[2])}, {exact(last[0])} to {exact(last[1])} s, is out of range for the duration "
            f"of {exact(duration)} s: expected an end at the duration; lengthen it or shorten the entry"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the timeline as plain values for a manifest."""
        return {"timeline": [list(entry) for entry in self.entries], "crossfade": self.crossfade}

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> PromptTimeline:
        """Return the timeline that `to_dict` described. Raises `InputError` if this is no such description."""
        if not isinstance(described, Mapping) or not {"timeline", "crossfade"} <= set(described):
            raise InputError(f"the timeline is described by {show(described)}: expected timeline and crossfade")
        return cls(described["timeline"], described["crossfade"])


def _listed(entries: Any) -> list[Any]:
    return check_items("timeline", entries, hint="pass entries (start, stop, prompt) in seconds", most=MOST_ENTRIES)


def _check_entry(index: int, entry: Any) -> Entry:
    name = f"timeline entry {index}"
    try:
        start, stop, prompt = entry
    except Exception:
        raise InputError(f"{name} is {show(entry)}: expected (start, stop, prompt), times in seconds") from None
    start, stop = (check_real(f"{name}'s time", time, 0, hint="give seconds from the start") for time in (start, stop))
    if stop <= start:
        raise InputError(
            f"{name} goes from {exact(start)} to {exact(stop)} s: expected a stop after its start; swap or correct them"
        )
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(f"{name} has the prompt {show(prompt)}: expected words that describe the sound")
    return start, stop, check_text(f"the prompt of {name}", prompt, hint="describe the sound")
