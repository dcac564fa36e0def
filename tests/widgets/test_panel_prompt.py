"""The prompt of the panel: timelines, what is none, and what only looks like one."""

from __future__ import annotations

import pytest

from spotnb.errors import InputError
from spotnb.sampling.timeline import PromptTimeline
from spotnb.widgets.panel_prompt import parse_prompt


def test_prompts_and_timelines() -> None:
    assert parse_prompt(" a  sea\n and gulls ") == "a sea and gulls"
    assert parse_prompt("at 5: tea") == "at 5: tea"
    timeline = parse_prompt("0-1.5: rain\n\n1.5 to 10 s: organ: loud")
    assert isinstance(timeline, PromptTimeline)
    assert timeline.entries == ((0.0, 1.5, "rain"), (1.5, 10.0, "organ: loud"))
    assert timeline.crossfade == 1.5
    with pytest.raises(InputError, match="a gap"):
        parse_prompt("0-1: rain\n2-3: sun")


@pytest.mark.parametrize(
    "text",
    [
        "0:00-0:10: rain",
        "00:00 - 00:10 rain",
        "0:00 rain\n0:10 organ",
        "[0-10] rain",
        "[0:00-0:10] rain",
        "1:02:03 rain",
        "0-10 rain",
        "0 to 10, rain",
        "0s-10s: rain",
        "0 s - 10 s rain",
        "10s-20s rain",
        "0-10 = rain",
        "0-10; rain",
        "0-10 | rain",
        "0,10: rain",
        "0..10: rain",
        "0->10: rain",
        "0-10sec: rain",
        "0-10 seconds: rain",
        "0-1min: rain",
        "10: rain",
        "10 s: rain",
        "0-: rain",
        "0-end: rain",
        "start-10: rain",
        "(0, 10, 'rain')",
        "- 0-10 rain",
        "rain: 0-10",
        "rain (0-10)",
        "rain from 0:00 to 0:10",
        "rain, 0:00-0:10",
        "a calm start\n0:10: rain",
        "0-10 rain\n10-20",
        "0-5: rain\n0:05-0:10: organ",
        "0—10: rain",
        "0 until 10: rain",
        "0,5-10,5: rain",
    ],
)
def test_what_looks_like_a_timeline_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(
        InputError, match=r"looks like part of a timeline: .* as in 0-10: nature sounds|has no times"
    ) as caught:
        parse_prompt(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize(
    "text",
    [
        "90s rock song",
        "808 drums, heavy bass",
        "60-70 bpm lofi",
        "8-bit game music",
        "120 bpm techno",
        "4/4 beat",
        "at 5: tea",
        "1960-1970 soul",
        "two voices: low and high",
        "5 violins",
        "drum machine 808-909",
        "tempo: 60-70",
        "waltz in 3/4",
        "rain, 3 birds",
        "10 seconds of rain",
        "piano - slow",
        "4-on-the-floor house",
        "C: major",
    ],
)
def test_numbers_in_prompts_are_no_timeline(text: str) -> None:
    assert parse_prompt(text) == text
