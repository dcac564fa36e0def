"""Exercises of notebook 07: long-form audio."""

from __future__ import annotations

from typing import Any

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, number, numbers
from spotnb.course.near import frames_for_seconds
from spotnb.sampling.timeline import PromptTimeline
from spotnb.sound.lengths import duration_to_latent_t_size
from spotnb.tiling.clock import AUDIOLDM
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan

FRAMES, STEPS = duration_to_latent_t_size(180), 10
RATE = int(AUDIOLDM.frames_per_second)
CONFIG = SpotDiffusionConfig(tile_size_time=128)


def _windows(method: str) -> int:
    return sum(len(plan(FRAMES, CONFIG, step, method=method).tiles) for step in range(STEPS))


def _share(seconds: float, border: float, crossfade: float) -> float:
    timeline = PromptTimeline([(0, border, "first"), (border, 60, "second")], crossfade=crossfade)
    return float(timeline.weights(60 * RATE)[1, int(seconds * RATE)])


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _flat(answer: Any) -> Any:
    """Return the times of regions `(start, stop)` as one list, or anything else unchanged."""
    try:
        return [time for region in answer for time in region]
    except TypeError:
        return answer


_keep = numbers(
    [0, 8, 9.5, 20],
    slips=[
        ([(8, 9.5)], "This keeps the cough and regenerates all the rest: keep gives what stays."),
        ([(0, 8)], "This also gives up everything after the cough: a second region has to keep that."),
        ([(9.5, 20)], "This also gives up everything before the cough: another region has to keep that."),
        ([(0, 8), (8, 20)], "These regions touch, so nothing is left to generate: leave the cough out."),
        ([(9.5, 20), (0, 8)], "These are the right regions in the wrong order: give them in order of time."),
        ([(0, 8), (1.5, 20)], "A region is (start, stop), both counted from the start of the sound."),
        ([(0, 8), (9.5, 10.5)], "The second number of a region is where it stops, not how long it is."),
        frames_for_seconds([0, 8, 9.5, 20]),
    ],
    parts=("a start", "an end", "a start", "an end"),
    read=_flat,
)


EXERCISES = (
    Exercise(
        function(
            _share,
            # The centers of frames, where the library evaluates the share of a prompt.
            [(9.02, 10, 4), (10.98, 10, 4), (5.02, 10, 4), (14.02, 10, 4), (11.5, 12, 2), (31.5, 30, 6)],
            [
                (
                    lambda seconds, border, crossfade: _clipped((seconds - border) / crossfade),
                    "Your cross-fade begins at the border: it should be centered on it, half before and half after.",
                ),
                (
                    lambda seconds, border, crossfade: _clipped((seconds - border) / crossfade + 1),
                    "Your cross-fade ends at the border: it should be centered on it, half before and half after.",
                ),
                (
                    lambda seconds, border, crossfade: _clipped(0.5 - (seconds - border) / crossfade),
                    "That is the share of the first prompt: the share of the second one grows.",
                ),
                (
                    lambda seconds, border, crossfade: (seconds - border) / crossfade + 0.5,
                    "Outside the cross-fade, a share is 0 or 1: yours continues beyond that.",
                ),
                (
                    lambda seconds, border, crossfade: float(seconds >= border),
                    "That switches at once, as with a cross-fade of 0.",
                ),
            ],
        ),
        "What is the share at the border itself, half a cross-fade before it, and half a cross-fade after it?",
        "It is a straight line, centered on the border and clipped to 0 and 1. The two shares add up to one.",
    ),
    Exercise(
        number(
            _windows("spot"),
            slips=[
                (_windows("tiles"), "That is the fixed grid: a shifted one needs one more window."),
                (_windows("spot") // STEPS, "That is one step: there are ten."),
                (_windows("tiles") // STEPS, "That is one step of the fixed grid."),
                (_windows("multidiffusion"), "That is multidiffusion, whose windows overlap by half."),
                (6 * 7 * STEPS, "Six times 30 s is too much: the extra window of a shifted grid does not multiply."),
                (2 * _windows("spot"), "Guidance runs each window twice, but it is one window: count it once."),
            ],
        ),
        "Sum len(plan(frames, config, step).tiles) over the steps; duration_to_latent_t_size(180) gives the frames.",
        "The sound takes 36 tiles, and the shifted grid adds one in every step. Each window is as large as for 30 s.",
    ),
    Exercise(
        _keep,
        "The regions are the parts that stay. Here, everything before the cough and everything after it stays.",
        "Two regions stay, and the part between them is generated again so that it fits on both sides.",
    ),
    Exercise(
        choice(
            "window",
            {
                "steps": "More steps give finer detail and spread influence a little farther, but nothing in a "
                "step compares the first minute with the third.",
                "seed": "Another seed gives another sound that is just as local.",
                "guidance": "Guidance pulls every part of the sound toward the prompt more strongly, each on its own.",
                "solver": "The solver updates every frame by the same rule: it knows nothing about music.",
                "prompt": "A timeline can bring back the words of a verse, but not its notes.",
            },
        ),
        "To bring a melody back, something has to know both places. What sees frame 0 and frame 4000 at once?",
        "No window of 5 s ever contains two verses, so nothing makes the second one like the first.",
    ),
)
