"""Prompts over time: shares that sum to one, cross-fades at the borders, and windows that span two prompts."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from spotnb.errors import InputError
from spotnb.sampling.guidance import embed_prompt
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.clock import AUDIOLDM
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from tests.effort import effort
from tests.networks import FunctionModel, neighbourly, pointwise
from tests.runs import Run, runs, timelines

TWO = [(0, 2, "a sea"), (2, 4, "a drum and a bass")]
SMALL = SpotDiffusionConfig(16)


def two(crossfade: float = 1.0) -> PromptTimeline:
    return PromptTimeline(TWO, crossfade)


# Shares.


@given(timelines(), st.floats(0.04, 20), st.booleans())
@example(lambda duration: two(), 4.0, True)
def test_shares_sum_to_one_in_every_frame(timeline: Any, duration: float, circular: bool) -> None:
    made = timeline(duration)
    frames = AUDIOLDM.run_frames(duration, 1 if circular else 8, circular)
    weights = made.weights(frames, circular)
    assert weights.shape == (len(made.entries), frames)
    assert weights.dtype == np.float32
    assert np.abs(weights.sum(axis=0) - 1).max() <= 1e-6
    assert weights.min() >= -1e-6
    assert weights.max() <= 1 + 1e-6


def test_entries_are_seconds_at_25_frames_each() -> None:
    weights = two(0).weights(120)
    assert weights[1].tolist() == [0.0] * 50 + [1.0] * 70  # what lies past the last entry belongs to it
    assert weights[0].tolist() == [1.0] * 50 + [0.0] * 70


@given(st.floats(0.2, 2))
def test_the_crossfade_is_linear_and_centered_on_the_border(crossfade: float) -> None:
    weights = two(crossfade).weights(100)
    middles = (np.arange(100) + 0.5) / 25
    expected = [min(1.0, max(0.0, 0.5 + (middle - 2) / crossfade)) for middle in middles]
    assert np.abs(weights[1] - expected).max() < 1e-6
    assert np.abs(weights[1] + weights[1][::-1] - 1).max() < 1e-6  # the border, 2 s, is in the middle
    mixed = np.count_nonzero((weights[1] > 0) & (weights[1] < 1))
    assert abs(mixed - 25 * crossfade) < 1.001


def test_on_a_ring_the_last_prompt_fades_into_the_first() -> None:
    """The ends are a border like any other: turned by half a ring, each prompt has the shares of the other."""
    weights = two().weights(100, ring=True)
    assert np.abs(np.roll(weights, 50, axis=1)[::-1] - weights).max() < 1e-6
    assert np.abs(weights[0, [0, -1]] - (0.5 + 0.02, 0.5 - 0.02)).max() < 1e-6
    flat = two().weights(100)
    assert (flat[0, 0], flat[1, -1]) == (1, 1)
    assert np.array_equal(weights[:, 15:85], flat[:, 15:85])


def test_a_ring_of_one_prompt_has_no_seam() -> None:
    assert np.array_equal(PromptTimeline([(0, 4, "a sea")]).weights(100, ring=True), np.ones((1, 100)))


def test_its_properties() -> None:
    timeline = two()
    assert (timeline.duration, timeline.prompts) == (4.0, ("a sea", "a drum and a bass"))
    assert timeline.text == "a sea, then a drum and a bass"
    assert PromptTimeline.from_dict(timeline.to_dict()) == timeline
    assert PromptTimeline(iter(TWO), 1) == timeline
    assert PromptTimeline([(0, 0.1 + 0.2, "a"), (0.3, 1, "b")], 0.1).duration == 1  # within rounding they meet
    assert PromptTimeline(TWO).crossfade == 2.0


def test_a_timeline_needs_no_torch() -> None:
    code = "import sys, spotnb; spotnb.PromptTimeline([(0, 4, 'a')]).weights(100); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What is refused: what came, what was expected, what to do.


@pytest.mark.parametrize(
    ("entries", "crossfade", "came", "remedy"),
    [
        ([], 0, "no entries", "at least one"),
        ([(1, 2, "a")], 0, "starts at 1 s", "let the first entry start at 0"),
        ([(0, 2, "a"), (3, 4, "b")], 0, r"0 and 1 have a gap: 'a' stops at 2 s, 'b' starts at 3 s", "let them meet"),
        ([(0, 2, "a"), (1.5, 4, "b")], 0, r"0 and 1 have an overlap: 'a' stops at 2 s, 'b' starts at 1.5 s", "meet"),
        ([(2, 4, "a"), (0, 2, "b")], 0, "starts at 2 s", "start at 0"),
        ([(0, 2, "a"), (2, 4, "b"), (1, 6, "c")], 0, "1 and 2 have an overlap", "let them meet"),
        ([(0, 2, "a"), (2, 4, "b")], 2.1, r"crossfade is 2.1 s, but the shortest entry lasts 2 s", "shorten"),
        (TWO, -1, "crossfade is -1", "0 switches at once"),
        (TWO, math.nan, "crossfade is nan", "give seconds"),
        (TWO, "1", "crossfade is '1'", "give seconds"),
        ([(0, 0, "a")], 0, "entry 0 goes from 0 to 0 s", "swap or correct"),
        ([(3, 2, "a")], 0, "entry 0 goes from 3 to 2 s", "swap or correct"),
        ([(0, "2", "a")], 0, "entry 0's time is '2'", "give seconds"),
        ([(-1, 2, "a")], 0, "entry 0's time is -1", "give seconds"),
        ([(0, math.inf, "a")], 0, "entry 0's time is inf", "give seconds"),
        ([(0, True, "a")], 0, "entry 0's time is True", "give seconds"),
        ([(0, 2, "a"), (2, 4, " ")], 0, "entry 1 has the prompt ' '", "describe the sound"),
        ([(0, 2, 7)], 0, "entry 0 has the prompt 7", "describe the sound"),
        ([(0, 2)], 0, r"entry 0 is \(0, 2\)", "times in seconds"),
        ([5], 0, "entry 0 is 5", "times in seconds"),
        ("a sea", 0, "timeline is 'a sea'", "entries"),
        (None, 0, "timeline is None", "entries"),
    ],
)
def test_bad_timelines_are_named(entries: Any, crossfade: Any, came: str, remedy: str) -> None:
    with pytest.raises(InputError, match=rf"{came}.*{remedy}") as caught:
        PromptTimeline(entries, crossfade)
    assert str(caught.value).startswith(("timeline ", "crossfade "))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("duration", "says"),
    [
        (5.0, r"ends at 4 s, which leaves a gap to the duration of 5 s: lengthen"),
        (
            3.0,
            r"entry 'a drum and a bass', 2 to 4 s, is out of range for the duration of 3 s: .*lengthen it or shorten",
        ),
        (1.0, r"entry 'a sea', 0 to 2 s, is out of range for the duration of 1 s"),
    ],
)
def test_a_timeline_lasts_as_long_as_the_sound(duration: float, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        SpotSampler(FunctionModel(pointwise), two(), duration, steps=2, config=SMALL)
    assert "\n" not in str(caught.value)


# Guidance.


def conditioning(sampler: SpotSampler) -> Any:
    return embed_prompt(sampler.model, sampler.prompt, frames=sampler.frames, ring=sampler.ring)


@pytest.mark.parametrize("edge", EDGES)
def test_padding_is_guided_like_the_frames_it_mirrors(edge: str) -> None:
    """This holds frame by frame, and on a ring for the other end."""
    run = Run(44, 4, {"config": SpotDiffusionConfig(16, max_shift_ratio=1, edge=edge), "steps": 6})
    sampler = replace(run, prompt=lambda d: PromptTimeline([(0, 0.1, "a"), (0.1, 0.7, "b"), (0.7, d, "c")], 0.1))
    sampler = sampler.sampler(pointwise)
    told = conditioning(sampler)
    seen = set()
    for layout in (sampler.layout(k) for k in range(6)):
        left, right = range(layout.pad[0], 0, -1), range(42, 42 - layout.pad[1], -1)
        for index, tile in enumerate(layout.tiles):
            guides = told.guides(layout, index)
            dense = torch.zeros(3, layout.widths[index])
            for (row,), weight in guides:
                dense[row] = 1 if weight is None else weight
            for place, column in zip(range(*tile.window), dense.T, strict=True):
                if edge == "circular":
                    frame = place % 44
                else:
                    frame = left[place] if place < 0 else right[place - 44] if place >= 44 else place
                seen.add((place < 0) - (place >= 44))
                assert np.allclose(column, told.weights[:, frame], atol=1e-6)
            assert all(weight is None or weight.max() > 0 for _, weight in guides)  # who has no share is not asked
    assert len(seen) == {"anchor": 1, "merge": 1, "circular": 2}.get(edge, 3)


def test_a_window_within_one_prompt_is_guided_by_it_alone() -> None:
    run = Run(48, 8, {"method": "tiles", "guidance_scale": 2.5, "tile_batch": 1, "steps": 1})
    run = replace(run, prompt=lambda d: PromptTimeline([(0, 24 / 25, "a sea"), (24 / 25, d, "a drum")], 4 / 25))
    sampler = run.sampler(neighbourly)
    told = conditioning(sampler)
    layout = sampler.begin().layout
    guides = [told.guides(layout, tile) for tile in range(3)]
    assert guides[0] == (((0,), None),)
    assert [rows for rows, _ in guides[1]] == [(0,), (1,)]
    assert guides[2] == (((1,), None),)
    sampler.step()
    assert [shape[0] for shape in sampler.model.calls] == [2, 3, 2]  # unguided, and one for each prompt


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_a_window_that_spans_two_prompts_by_hand(scale: float) -> None:
    run = Run(48, 8, {"method": "tiles", "guidance_scale": scale, "steps": 1})
    run = replace(run, prompt=lambda d: PromptTimeline([(0, 24 / 25, "a sea"), (24 / 25, d, "a drum")], 8 / 25))
    sampler = run.sampler(neighbourly)
    step = sampler.begin()
    window, t = step.windows[1], torch.tensor([step.timestep])
    sea, drum, nothing = (neighbourly(window, t, row[None]) for row in sampler.model.embed(["a sea", "a drum", ""]))
    share = ((torch.arange(16, 32) + 0.5 - 24) / 8 + 0.5).clamp(0, 1)[:, None]
    prompted = sea * (1 - share) + drum * share
    expected = prompted if scale == 1 else nothing + scale * (prompted - nothing)
    assert (step.predict(1) - expected).abs().max() < 1e-5
    step.predict()
    assert (step.prompted[1] - prompted).abs().max() < 1e-5
    if scale != 1:
        assert torch.equal(step.unguided[1], nothing)


@given(runs())
@effort(0.4)
def test_a_timeline_of_one_entry_is_the_plain_prompt_to_the_bit(run: Run) -> None:
    timed = replace(run, prompt=lambda duration: PromptTimeline([(0, duration, "a sea")]))
    plain = run.sampler(neighbourly).run(progress=False)
    assert torch.equal(timed.sampler(neighbourly).run(progress=False).latent, plain.latent)


@given(runs(), timelines())
@effort(0.8)
def test_a_pointwise_network_gives_the_same_under_any_tiling(run: Run, timeline: Any) -> None:
    """Invariant 2 with changing prompts: the window in which a frame is seen cannot matter."""
    run = replace(run, prompt=timeline)
    tiled = run.sampler(pointwise).run(progress=False)
    plain = run.sampler(pointwise, method="full").run(progress=False)
    assert (tiled.latent - plain.latent).abs().max() <= 1e-5 * plain.latent.abs().max()


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("method", METHODS)
def test_the_same_for_each_method_and_edge(method: str, edge: str) -> None:
    run = Run(68, 4, {"config": SpotDiffusionConfig(16, max_shift_ratio=1, edge=edge), "steps": 4, "eta": 0.4})
    run = replace(run, prompt=lambda d: PromptTimeline([(0, 1, "a sea"), (1, 1.4, "a drum"), (1.4, d, "rain")], 0.3))
    tiled = run.sampler(pointwise, method=method).run(progress=False)
    plain = run.sampler(pointwise, method="full").run(progress=False)
    assert (tiled.latent - plain.latent).abs().max() <= 1e-5 * plain.latent.abs().max()


def test_each_prompt_is_heard_in_its_place() -> None:
    """With a pointwise network and no cross-fade, each side of the border equals a run with its prompt alone."""
    run = Run(48, 8, {"steps": 4})
    switch = replace(run, prompt=lambda d: PromptTimeline([(0, 0.8, "a sea"), (0.8, d, "a drum and a bass")], 0))
    made = switch.sampler(pointwise).run(progress=False).latent
    alone = [replace(run, prompt=prompt).sampler(pointwise).run(progress=False).latent for _, _, prompt in TWO]
    assert (made[:, :, :20] - alone[0][:, :, :20]).abs().max() < 1e-5
    assert (made[:, :, 20:] - alone[1][:, :, 20:]).abs().max() < 1e-5
    assert (alone[0] - alone[1]).abs().max() > 0.1


def test_a_negative_prompt_applies_to_the_complete_timeline() -> None:
    def network(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        return torch.zeros_like(x) + cond[:, :1, None, None]

    settings = {"steps": 1, "guidance_scale": 2.0, "negative_prompt": "x" * 30}
    run = Run(48, 8, settings, two_of)
    noise = run.sampler(network).begin().noise
    values = [2 * len(words) / 10 - 3 for words in ("a sea", "a drum")]
    assert noise[0, 0, [0, -1], 0].tolist() == pytest.approx(values)


def two_of(duration: float) -> PromptTimeline:
    return PromptTimeline([(0, duration / 2, "a sea"), (duration / 2, duration, "a drum")], 0)


def test_every_prompts_unknown_words_are_reported() -> None:
    model = FunctionModel(pointwise)
    model.unknown_words = lambda text: [w for w in text.split() if w.startswith("z")]  # type: ignore[attr-defined]
    timeline = PromptTimeline([(0, 1, "a zither"), (1, 2, "a zurna")], 0)
    sampler = SpotSampler(model, timeline, 2.0, steps=1, config=SMALL, negative_prompt="zap")
    assert sampler.manifest()["unknown_words"] == ["zither", "zurna", "zap"]
    entries = sampler.manifest()["prompt"]["timeline"]
    assert all(before[1] == after[0] for before, after in pairwise(entries))
