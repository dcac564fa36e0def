"""Prompts that change over time. No torch: a timeline can be made, checked and drawn without a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from spotnb.errors import InputError
from spotnb.sound.lengths import FRAMES_PER_SECOND
from spotnb.support.checks import check_real, show

Entry = tuple[float, float, str]
SLACK = 1e-6  # seconds: 0.1 + 0.2 meets 0.3


@dataclass(frozen=True)
class PromptTimeline:
    """Which prompt guides which seconds of a sound.

    Give it to a sampler in place of a prompt. A window of the network that spans two prompts is guided by both, each
    weighted frame by frame, so the method and the tiles need not know of it.

    Args:
        entries: `(start, stop, prompt)` in seconds, in order, from 0 to the end of the sound without gap or overlap.
        crossfade: seconds over which one prompt gives way to the next, in a straight line centred on their border;
            0 switches at once. Two seconds are about as long as a musical transition, and no longer than any entry.

    Raises:
        InputError: entries overlap, leave a gap or are out of order, times are no finite numbers, a prompt is empty, or
            the cross-fade is longer than an entry.

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
            raise InputError(f"timeline starts at {checked[0][0]:g} s: expected 0; give the first entry the start 0")
        for k, (before, after) in enumerate(pairwise(checked)):
            between = after[0] - before[1]
            if abs(between) > SLACK:
                fault = "a gap" if between > 0 else "an overlap"
                raise InputError(
                    f"timeline entries {k} and {k + 1} leave {fault}: {before[2]!r} stops at {before[1]:g} s, "
                    f"{after[2]!r} starts at {after[0]:g} s; let them meet, crossfade blends them"
                )
        fade = check_real("crossfade", crossfade, 0, hint="give seconds; 0 switches at once")
        shortest = min(stop - start for start, stop, _ in checked)
        if len(checked) > 1 and fade > shortest + SLACK:
            raise InputError(
                f"crossfade is {fade:g} s, but the shortest entry lasts {shortest:g} s: expected no more than that; "
                "shorten the crossfade or lengthen the entry"
            )
        object.__setattr__(self, "entries", checked)
        object.__setattr__(self, "crossfade", fade)

    @property
    def duration(self) -> float:
        """Seconds that the entries cover."""
        return self.entries[-1][1]

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompts in order, one an entry."""
        return tuple(prompt for _, _, prompt in self.entries)

    @property
    def text(self) -> str:
        """The prompts in one line, for titles and file names."""
        return ", then ".join(self.prompts)

    def weights(self, frames: int, ring: bool = False) -> npt.NDArray[np.float32]:
        """`[prompts, T]`: each prompt's share in each latent frame (40 ms, taken at its middle). Columns sum to one.

        Frames past the last entry belong to it. On a ring the last prompt gives way to the first across the ends.
        """
        times = (np.arange(frames) + 0.5) / FRAMES_PER_SECOND
        borders = [start for start, _, _ in self.entries[1:]]
        # Each border's ramp from 0 to 1; a prompt's share is its own ramp up less the next one's.
        ramps = [np.ones(frames), *(self._ramp(times - border) for border in borders), np.zeros(frames)]
        shares = -np.diff(np.stack(ramps), axis=0)
        if ring and len(self.entries) > 1:
            turn = frames / FRAMES_PER_SECOND
            late = self._ramp(times - turn)  # the first half of the last cross-fade, the other half is at the start
            early = 1 - self._ramp(times)
            shares[0] += late - early
            shares[-1] += early - late
        return shares.astype(np.float32)

    def _ramp(self, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self.crossfade < SLACK:
            return (seconds >= 0).astype(np.float64)
        return np.clip(seconds / self.crossfade + 0.5, 0, 1)

    def check_duration(self, duration: float) -> None:
        """Raise `InputError` unless the entries cover just the `duration` of a sound."""
        if abs(self.duration - duration) <= SLACK:
            return
        if self.duration < duration:
            raise InputError(
                f"timeline ends at {self.duration:g} s and leaves a gap to the duration of {duration:g} s: "
                "lengthen its last entry or shorten the duration"
            )
        last = next(entry for entry in self.entries if entry[1] > duration + SLACK)
        raise InputError(
            f"timeline entry {last[2]!r}, {last[0]:g} to {last[1]:g} s, is out of range of the duration of "
            f"{duration:g} s: expected entries up to that; lengthen the duration or cut the entry"
        )

    def to_dict(self) -> dict[str, Any]:
        """As a manifest holds it."""
        return {"timeline": [list(entry) for entry in self.entries], "crossfade": self.crossfade}

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> PromptTimeline:
        """From what `to_dict` gave."""
        return cls([(start, stop, prompt) for start, stop, prompt in described["timeline"]], described["crossfade"])


def _listed(entries: Any) -> list[Any]:
    if isinstance(entries, str | bytes) or not isinstance(entries, Iterable):
        raise InputError(f"timeline is {show(entries)}: expected entries (start, stop, prompt) in seconds")
    return list(entries)


def _check_entry(index: int, entry: Any) -> Entry:
    name = f"timeline entry {index}"
    try:
        start, stop, prompt = entry
    except (TypeError, ValueError):
        raise InputError(f"{name} is {show(entry)}: expected (start, stop, prompt), times in seconds") from None
    start, stop = (check_real(f"{name}'s time", time, 0, hint="give seconds from the start") for time in (start, stop))
    if stop <= start:
        raise InputError(
            f"{name} goes from {start:g} to {stop:g} s: expected a stop after its start; swap or mend them"
        )
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(f"{name} has the prompt {show(prompt)}: expected words; describe the sound")
    return start, stop, prompt
