"""One step taken apart: what is padded, and that no order of its phases changes a bit."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.noise import draw
from spotnb.tiling.config import SpotDiffusionConfig
from tests.networks import ALPHAS, neighbourly
from tests.runs import EULER_ANCESTRAL, Run, runs


def padded_run(edge: str = "reflect", **changes: Any) -> SpotSampler:
    config = SpotDiffusionConfig(16, edge=edge, shift_schedule="fibonacci", max_shift_ratio=1)
    return Run(40, 8, {"config": config, "steps": 6, "seed": 5}).sampler(neighbourly, **changes)


@given(runs(), st.randoms(use_true_random=False))
@settings(max_examples=70)
def test_no_order_of_the_phases_changes_a_bit(run: Run, random: Any) -> None:
    """Whole = step by step = phase by phase = tile by tile in any order (invariant 7)."""
    whole = run.sampler(neighbourly).run(progress=False)
    stepped, phased, tiled = (run.sampler(neighbourly) for _ in range(3))
    for expected in whole.trace:
        stepped.step()

        step = phased.begin()
        assert step.windows[0].shape[2] == step.layout.widths[0]
        predictions = step.predict()
        assert len(predictions) == len(step.layout.tiles)
        step.noise  # noqa: B018
        step.finish()

        step = tiled.begin()
        order = list(range(len(step.layout.tiles)))
        random.shuffle(order)
        for tile in order[: random.randint(0, len(order))]:  # the rest is left to `noise`
            assert torch.equal(step.predict(tile), predictions[tile])
        record = step.finish()

        assert record.layout == expected.layout
        assert np.array_equal(record.noise, expected.noise)
        for sampler in (stepped, phased, tiled):
            assert torch.equal(sampler.latent, torch.from_numpy(expected.x.copy()))
            assert np.array_equal(sampler.trace[-1].x0, expected.x0)
    assert stepped.done
    assert phased.done
    assert tiled.done


def alpha(sampler: SpotSampler, step: int) -> float:
    return float(ALPHAS[sampler.solver.timesteps[step]])


def test_reflect_mirrors_the_clean_estimate_and_noises_it_anew() -> None:
    sampler = padded_run().run(until=2, progress=False)
    step = sampler.begin()
    left, right = step.layout.pad
    assert left > 1
    assert right > 1
    x0, level = torch.from_numpy(sampler.trace[-1].x0.copy()), alpha(sampler, 2)
    noise = draw((1, 2, left + right, 4), 5, 2, "pad")
    clean_left, clean_right = x0[:, :, 1 : left + 1].flip(2), x0[:, :, 39 - right : 39].flip(2)
    expected = torch.cat([clean_left, clean_right], 2) * level**0.5 + noise * (1 - level) ** 0.5
    ends = torch.cat([step.padded[:, :, :left], step.padded[:, :, left + 40 :]], 2)
    assert (ends - expected).abs().max() < 1e-6
    assert torch.equal(step.padded[:, :, left : left + 40], sampler.latent)
    # The border frame is not repeated: nearest to it comes its neighbour.
    assert torch.equal(clean_left[:, :, -1], x0[:, :, 1])
    assert torch.equal(clean_right[:, :, 0], x0[:, :, 38])


def test_before_an_estimate_the_padding_is_noise() -> None:
    config = SpotDiffusionConfig(16, shift_schedule="alternate")
    step = Run(36, 4, {"config": config}).sampler(neighbourly).begin()
    left, right = step.layout.pad
    assert (left, right) == (0, 12)
    assert torch.equal(step.padded[:, :, 36:], draw((1, 2, 12, 4), 0, 0, "pad"))


def test_padding_noise_is_fresh_each_step() -> None:
    sampler = padded_run(config=SpotDiffusionConfig(16, max_shift_ratio=0))
    ends = []
    for _ in range(3):
        ends.append(sampler.begin().padded[:, :, 40:].flatten())
        sampler.step()
        state = replace(sampler.state, x0=torch.zeros_like(sampler.latent))  # leaves the noise alone
        sampler = SpotSampler.of(sampler.definition, state)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(torch.corrcoef(torch.stack([ends[one], ends[other]]))[0, 1]) < 0.5


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_reflect_noisy_mirrors_the_latent_itself(steps: int) -> None:
    sampler = padded_run("reflect_noisy").run(until=steps, progress=False)
    step = sampler.begin()
    assert sum(step.layout.pad) > 0
    expected = torch.nn.functional.pad(sampler.latent, (0, 0, *step.layout.pad), mode="reflect")
    assert torch.equal(step.padded, expected)


@pytest.mark.parametrize("edge", ["anchor", "merge", "circular"])
def test_other_edges_pad_nothing(edge: str) -> None:
    sampler = padded_run(edge).run(until=1, progress=False)
    assert sampler.begin().padded is sampler.latent


def test_the_tiles_of_a_batch_are_predicted_together() -> None:
    sampler = padded_run(method="tiles", tile_batch=2, guidance_scale=1)
    step = sampler.begin()
    step.predict(1)
    assert [shape[0] for shape in sampler.model.calls] == [2]
    step.predict(0)
    assert len(sampler.model.calls) == 1
    step.predict(2)
    assert [shape[0] for shape in sampler.model.calls] == [2, 1]
    assert "3 of 3 tiles predicted" in repr(step)


@pytest.mark.parametrize("bad", [-1, 3, 1.0, "0", True])
def test_bad_tiles_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match=re.escape(repr(bad)) + r".*from 0 to 2"):
        padded_run(method="tiles").begin().predict(bad)


def test_a_step_can_be_dropped() -> None:
    sampler, other = padded_run(), padded_run()
    dropped = sampler.begin()
    dropped.predict(0)
    assert (sampler.steps_done, len(sampler.trace)) == (0, 0)
    assert torch.equal(sampler.run(progress=False).latent, other.run(progress=False).latent)


def test_a_finished_step_cannot_be_finished_again() -> None:
    sampler = padded_run()
    step = sampler.begin()
    step.finish()
    with pytest.raises(SpotnbError, match=r"step 0 is finished, finish comes too late; .*begin"):
        step.finish()
    assert len(sampler.trace) == 1


def test_a_step_of_another_state_is_stale() -> None:
    """Its windows are of a latent that the sampler no longer has."""
    sampler = padded_run().run(until=2, progress=False)
    step = sampler.begin()
    step.predict()
    sampler.reset(seed=6).run(until=2, progress=False)
    with pytest.raises(SpotnbError, match="stale"):
        step.finish()


def test_a_begun_step_keeps_what_it_began_with() -> None:
    sampler = padded_run()
    step, untouched = sampler.begin(), padded_run().begin()
    sampler.step()
    assert torch.equal(step.padded, untouched.padded)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_network_that_breaks_is_named(bad: float) -> None:
    """NaN and infinity are caught where they arise (invariant 8), and the run stays at its last finished step."""

    def breaks(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        out = neighbourly(x, t, cond)
        if t[0] < 500:
            out[-1, -1, -1, -1] = bad
        return out

    sampler = padded_run(tile_batch=1, method="tiles")
    sampler.model.network = breaks
    with pytest.raises(SpotnbError, match=r"^the network gave NaN or infinity at step 3 \(t = 400\), tile 0; .*fp32"):
        sampler.run(progress=False)
    assert (sampler.steps_done, len(sampler.trace)) == (3, 3)
    assert torch.isfinite(sampler.latent).all()
    sampler.model.network = neighbourly
    reference = padded_run(tile_batch=1, method="tiles").run(progress=False)
    assert torch.equal(sampler.run(progress=False).latent, reference.latent)


def test_the_broken_tile_is_the_one_named() -> None:
    def breaks(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        out[2] = float("nan")
        return out

    sampler = padded_run(tile_batch=3, method="tiles", guidance_scale=1)
    sampler.model.network = breaks
    with pytest.raises(SpotnbError, match="tile 2"):
        sampler.step()


# Looking inside, and meddling.


def test_each_phase_tells_what_comes_next() -> None:
    sampler = padded_run(method="tiles", tile_batch=1)
    step = sampler.begin()
    for name in ("guided", "unguided", "prompted"):
        says = rf"{name} comes after predict: tile 0 of 3 is not .* yet; call predict\(\) or predict\(tile=0\) next"
        with pytest.raises(SpotnbError, match=says):
            getattr(step, name)
    assert step.next_phase == "predict"
    step.predict(0)
    step.predict(2)
    assert "2 of 3 tiles predicted, next: predict" in repr(step)
    for name in ("guided", "unguided", "prompted"):
        with pytest.raises(SpotnbError, match=r"tile 1 of 3 is not .*predict\(tile=1\) next"):
            getattr(step, name)
    step.predict(1)
    assert step.next_phase == "finish"
    step.finish()
    assert step.next_phase == "begin"
    assert "next: begin" in repr(step)
    for name, act in (
        ("predict", step.predict),
        ("predict", lambda: step.predict(1)),
        ("replace", lambda: step.replace(0, step.windows[0])),
        ("finish", step.finish),
    ):
        with pytest.raises(SpotnbError, match=rf"step 0 is finished, {name} comes too late; .*begin\(\) comes next"):
            act()
    assert len(step.guided) == len(step.unguided) == 3  # what it saw can still be looked at


def test_guidance_by_its_halves() -> None:
    step = padded_run(guidance_scale=2.5).run(until=1, progress=False).begin()
    assert [p.shape for p in step.predict()] == [w.shape for w in step.windows]
    for guided, away, prompted in zip(step.guided, step.unguided, step.prompted, strict=True):
        assert (guided - (away + 2.5 * (prompted - away))).abs().max() < 1e-5
        assert not torch.equal(away, prompted)


@pytest.mark.parametrize("without", [{"guidance_scale": 1}, {"guidance_interval": (0, 100)}])
def test_without_guidance_there_is_no_unguided_half(without: dict[str, Any]) -> None:
    step = padded_run(**without).begin()
    step.predict()
    assert all(torch.equal(guided, prompted) for guided, prompted in zip(step.guided, step.prompted, strict=True))
    with pytest.raises(SpotnbError, match="there is no unguided prediction: expected a guidance_scale other than 1"):
        step.unguided  # noqa: B018


@given(runs(steps=2))
@settings(max_examples=30)
def test_x0_before_finish_is_that_of_the_record(run: Run) -> None:
    sampler = run.sampler(neighbourly)
    for _ in range(2):
        step = sampler.begin()
        x0, noise = step.x0, step.noise
        record = step.finish()
        assert np.array_equal(record.x0, x0.numpy())
        assert np.array_equal(record.noise, noise.numpy())
        assert torch.equal(step.x0, x0)


@pytest.mark.parametrize("early", [True, False])
def test_a_replaced_prediction_reaches_noise_x0_and_the_sampler(early: bool) -> None:
    """Zeros for a tile: put there before or after the rest was predicted and stitched."""
    sampler = padded_run(method="tiles", tile_batch=3).run(until=2, progress=False)
    other = sampler.fork()
    plain = other.begin()
    step = sampler.begin()
    if not early:
        assert torch.equal(step.noise, plain.noise)
    step.replace(1, torch.zeros_like(step.windows[1]))
    start, stop = step.layout.tiles[1].segment
    assert not step.noise[:, :, start:stop].any()
    assert torch.equal(step.noise[:, :, :start], plain.noise[:, :, :start])
    assert torch.equal(step.predict()[1], torch.zeros_like(step.windows[1]))
    assert torch.equal(step.guided[1], step.prompted[1])
    with pytest.raises(SpotnbError, match="no replaced tile"):
        step.unguided  # noqa: B018
    expected = sampler.latent[:, :, start:stop] / alpha(sampler, 2) ** 0.5
    assert (step.x0[:, :, start:stop] - expected).abs().max() < 1e-4
    record = step.finish()
    assert not record.noise[:, :, start:stop].any()
    assert np.array_equal(record.x0, step.x0.numpy())
    plain.finish()
    assert torch.equal(sampler.latent[:, :, :start], other.latent[:, :, :start])
    assert not torch.equal(sampler.latent[:, :, start:stop], other.latent[:, :, start:stop])


@pytest.mark.parametrize(
    ("tile", "bad", "says"),
    [
        (0, torch.zeros(1, 2, 15, 4), r"of shape \[1, 2, 15, 4\]: expected a tensor \[1, 2, 16, 4\], like windows"),
        (0, torch.zeros(2, 16, 4), r"of shape \[2, 16, 4\]: expected"),
        (0, torch.full((1, 2, 16, 4), float("nan")), "holds NaN or infinity: expected finite numbers; mend them"),
        (0, torch.full((1, 2, 16, 4), float("inf")), "holds NaN or infinity"),
        (0, np.zeros((1, 2, 16, 4)), "is a <class 'numpy.ndarray'>: expected a tensor"),
        (0, None, "is a <class 'NoneType'>: expected a tensor"),
        (3, torch.zeros(1, 2, 16, 4), "tile is 3: .*from 0 to 2"),
        (None, torch.zeros(1, 2, 16, 4), "tile is None: .*from 0 to 2"),
    ],
)
def test_bad_replacements_are_named(tile: Any, bad: Any, says: str) -> None:
    sampler = padded_run(method="tiles")
    step = sampler.begin()
    with pytest.raises(InputError, match=says) as caught:
        step.replace(tile, bad)
    assert "\n" not in str(caught.value)
    step.finish()
    assert np.array_equal(sampler.trace[0].noise, padded_run(method="tiles").step().noise)


def test_a_replacement_of_another_type_is_converted() -> None:
    step = padded_run(method="tiles").begin()
    step.replace(0, torch.ones(1, 2, 16, 4, dtype=torch.float64))
    assert step.noise.dtype == torch.float32


@pytest.mark.parametrize("edge", ["reflect", "reflect_noisy", "anchor", "merge", "circular"])
def test_the_padding_tells_its_frames_and_what_they_are_of(edge: str) -> None:
    sampler = padded_run(edge)
    seen = set()
    while not sampler.done:
        step = sampler.begin()
        (left, right), padding = step.layout.pad, step.padding
        seen.add(padding.of)
        if not left and not right:
            assert padding == ("none", (), ())
        elif padding.of != "nothing":
            assert (len(padding.left), len(padding.right)) == (left, right)
            assert padding.left == tuple(range(left, 0, -1))
            assert padding.right == tuple(38 - i for i in range(right))
            if edge == "reflect_noisy":
                around = sampler.latent[:, :, [*padding.left, *range(40), *padding.right]]
                assert torch.equal(step.padded, around)
        step.finish()
    assert seen == {
        "reflect": {"nothing", "clean estimate"},
        "reflect_noisy": {"noisy latent"},
    }.get(edge, {"none"})


@pytest.mark.parametrize("edge", ["reflect", "reflect_noisy"])
def test_padding_stands_at_the_networks_scale(edge: str) -> None:
    """With a solver that keeps its latent at another one too: what the network sees is of one level."""
    config = SpotDiffusionConfig(64, edge=edge, shift_schedule="fibonacci", max_shift_ratio=1)
    sampler = Run(400, 8, {"config": config, "steps": 4, "solver": EULER_ANCESTRAL}).sampler(neighbourly)
    assert sampler.latent.std() > 10
    assert 0.8 < sampler.begin().padded.std() < 1.25
    for _ in range(3):
        step = sampler.begin()
        left, _ = step.layout.pad
        ends = torch.cat([step.padded[:, :, :left], step.padded[:, :, left + 400 :]], 2)
        assert 0.8 < ends.std() / step.padded[:, :, left : left + 400].std() < 1.25
        sampler.step()
