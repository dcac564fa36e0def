"""The prompt of SamplerPanel: a text, or a timeline written in lines."""

from __future__ import annotations

import re
from typing import Final

from spotnb.errors import InputError
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.checks import show

CROSSFADE: Final = 2.0  # seconds, or as long as the shortest entry

_TO = r"\s*(?:-|–|—|−|~|→|->|\.\.+|,|\bto\b|\buntil\b|\btill\b)\s*"
_ENTRY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:-|–|to)\s*(\d+(?:\.\d+)?)\s*s?\s*:(.*)")
_CLOCK = r"\d{1,3}(?::[0-5]\d)+(?:[.,]\d+)?"
_TIME = rf"(?:{_CLOCK}|\d+(?:[.,]\d+)?)\s*(?:s|sec|secs|seconds?|m|min|minutes?|ms)?"
_OPEN, _CLOSE = r"^\s*[-*•]?\s*[\[({<]?\s*", r"\s*[\])}>]?\s*"
_UNIT = r"\s*(?:s|sec|secs|seconds?)\b"
_TIMELIKE = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_OPEN}(?:{_TIME}|start){_TO}(?:{_TIME}|end)?{_CLOSE}[:=|;]",  # 0s-10s: rain, [0-10] = rain, 0-: rain
        rf"{_OPEN}{_TIME}{_CLOSE}[:=|]",  # 10 s: rain
        rf"{_OPEN}{_CLOCK}",  # 0:00 rain
        rf"{_CLOCK}{_TO}{_CLOCK}",  # rain from 0:00 to 0:10
        rf"{_OPEN}0(?:[.,]0+)?(?:{_UNIT})?{_TO}\d",  # 0-10 rain
        rf"{_OPEN}\d+(?:[.,]\d+)?{_UNIT}{_TO}\d+(?:[.,]\d+)?(?:{_UNIT})?",  # 10s-20s rain
        rf"^\s*\(\s*{_TIME}\s*,\s*{_TIME}\s*,",  # (0, 10, "rain")
        rf"[:=|(]\s*(?:0|\d+{_UNIT}){_TO}{_TIME}{_CLOSE}$",  # rain: 0-10
    )
]
"""What a line looks like that was meant as an entry of a timeline. `60-70 bpm`, `90s rock` and `808 drums` are not."""


def parse_prompt(text: str) -> str | PromptTimeline:
    r"""Return a prompt, or a timeline if its lines begin with seconds, as in `0-10: nature sounds`.

    Raises:
        InputError: Only some of the lines begin with seconds, a line looks like an entry of a timeline and is not one,
            or the timeline is invalid.

    >>> parse_prompt("0-10: nature sounds\n10-20: church organ").duration
    20.0
    """
    lines = [line for line in text.splitlines() if line.strip()]
    matches = [_ENTRY.fullmatch(line) for line in lines]
    for line, match in zip(lines, matches, strict=True):
        if match is None and any(pattern.search(line) for pattern in _TIMELIKE):
            raise InputError(
                f"the line {show(line)} looks like part of a timeline: expected seconds, as in 0-10: nature sounds; "
                "or remove its times"
            )
    if not any(matches):
        return " ".join(" ".join(lines).split())
    for line, match in zip(lines, matches, strict=True):
        if match is None:
            raise InputError(f"the line {show(line)} has no times: expected a line such as 0-10: nature sounds")
    entries = [(float(match[1]), float(match[2]), match[3].strip()) for match in matches if match is not None]
    shortest = min(stop - start for start, stop, _ in entries)
    return PromptTimeline(entries, max(0.0, min(CROSSFADE, shortest)))
