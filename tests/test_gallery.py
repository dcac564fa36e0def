"""The gallery: every bug shows, is reproducible, and occurs nowhere else."""

from __future__ import annotations

import ast
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import spotnb
from spotnb import PromptTimeline, SpotDiffusionConfig, SpotSampler, Trace, gallery, load_model
from spotnb.errors import InputError
from spotnb.tiling.config import METHODS, SHIFT_SCHEDULES
from spotnb.tiling.edges import EDGES
from tests.networks import ALPHAS, FunctionModel

NAMES = (
    "schedule run upwards",
    "shift never undone",
    "noisy mirror",
    "per-tile noise",
    "prompt dropout",
    "seams fixed",
    "uncovered tail",
    "cropped without unshift",
)
SMALL: dict[str, Any] = {"duration": 6.0, "steps": 6, "guidance_scale": 1.5, "config": SpotDiffusionConfig(32)}
# Symptoms of a healthy run are below the first limit, those of a run with the bug above the second.
LIMITS = {
    "schedule run upwards": (1.0, 2.0),
    "shift never undone": (0.5, 4.0),
    "noisy mirror": (0.3, 0.999),
    "per-tile noise": (0.3, 0.8),
    "prompt dropout": (1e-6, 0.5),
    "seams fixed": (1.6, 2.2),
    "uncovered tail": (2.0, 2.5),
    "cropped without unshift": (0.7, 0.8),
}


def smooth(x: Tensor) -> Tensor:
    kernel = torch.tensor([0.05, 0.1, 0.12, 0.15, 0.16, 0.15, 0.12, 0.1, 0.05]).view(1, 1, 9, 1)
    return torch.nn.functional.conv2d(x.reshape(-1, 1, *x.shape[2:]), kernel, padding=(4, 0)).view_as(x)


def denoiser(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
    """A network that treats everything smooth in time as sound, at a level that the prompt determines."""
    alpha = ALPHAS[t][:, None, None, None]
    x0 = torch.tanh(2.5 * alpha.sqrt() * smooth(x) + 0.5 * cond.sum(1)[:, None, None, None])
    return (x - alpha.sqrt() * x0) / (1 - alpha).sqrt()


class Smooth(FunctionModel):
    """A stand-in whose decoder, like real ones, does not make a step at every border of two latent frames."""

    def decode_mel(self, latent: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(latent.mean(1, keepdim=True), scale_factor=(4, 16), mode="bilinear") - 5


def stand_in() -> FunctionModel:
    return Smooth(denoiser)


def make(name: str, **changes: Any) -> SpotSampler:
    return gallery.make(name, stand_in(), "a sea", **(SMALL | changes))


def test_the_gallery_has_these_bugs() -> None:
    assert gallery.names() == NAMES
    for name, bug in gallery.BUGS.items():
        assert bug.name == name
        texts = (bug.title, bug.look_at, bug.cause, bug.remedy, bug.symptom)
        assert all(texts)
        assert len(set(texts)) == 5
        assert bug.sampler.bug == name
    with pytest.raises(TypeError):
        gallery.BUGS["another"] = bug  # type: ignore[index]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_it_shows(name: str, seed: int) -> None:
    healthy, buggy = gallery.compare(name, stand_in(), "a sea", **(SMALL | {"duration": 24.0}), seed=seed)
    below, above = LIMITS[name]
    assert gallery.symptom(name, healthy) < below
    assert gallery.symptom(name, buggy) > above


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_each_time_and_the_healthy_run_is_a_plain_one(name: str) -> None:
    healthy, buggy = gallery.compare(name, stand_in(), "a sea", **SMALL, seed=3, eta=0.5)
    again = gallery.run(name, stand_in(), "a sea", **SMALL, seed=3, eta=0.5)
    assert torch.equal(buggy.latent, again.latent)
    plain = SpotSampler(stand_in(), "a sea", **SMALL, seed=3, eta=0.5).run(progress=False)
    assert torch.equal(healthy.latent, plain.latent)
    assert type(healthy) is SpotSampler
    assert not torch.equal(healthy.latent, buggy.latent)
    assert buggy.manifest()["bug"] == buggy.trace.manifest["bug"] == name
    assert "bug" not in healthy.manifest()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_driven_like_any_run(name: str, tmp_path: Path) -> None:
    whole = make(name, seed=2, eta=0.3).run(progress=False)
    stepped = make(name, eta=0.3).reset(seed=2)
    while not stepped.done:
        step = stepped.begin()
        for tile in range(len(step.layout.tiles)):
            step.predict(tile)
        step.finish()
    assert torch.equal(whole.latent, stepped.latent)
    assert torch.equal(whole.goto(3).run(progress=False).latent, stepped.latent)
    wave = whole.decode()
    assert wave.shape == (96000,)
    assert np.isfinite(wave).all()
    loaded = Trace.load(whole.trace.save(tmp_path / "bug.npz"))
    assert loaded.manifest["bug"] == name
    assert np.array_equal(loaded[-1].x, whole.latent.numpy())


def test_the_same_seed_is_found_where_none_was_given() -> None:
    healthy, buggy = gallery.compare("noisy mirror", stand_in(), "a sea", **SMALL, seed=None)
    assert healthy.seed == buggy.seed
    assert healthy.config == SMALL["config"]


def test_its_own_defaults_show_it() -> None:
    sampler = gallery.make("uncovered tail", stand_in(), "a sea")
    assert (sampler.frames, sampler.config.tile_size_time, len(sampler.solver)) == (384, 128, 25)


def test_a_fork_is_healthy_from_there_on() -> None:
    sampler = make("uncovered tail").run(until=1, progress=False)
    fork = sampler.fork()
    assert type(fork) is SpotSampler
    assert "bug" not in fork.manifest()
    assert fork.begin().noise.all()
    assert not sampler.begin().noise.all()


@pytest.mark.parametrize("name", NAMES)
def test_candidates_and_timelines_go_with_it(name: str) -> None:
    prompt = PromptTimeline([(0, 3, "a sea"), (3, 6, "a banana")], crossfade=1)
    sampler = gallery.run(name, stand_in(), prompt, **SMALL, n_candidates=2)
    alone = gallery.run(name, stand_in(), prompt, **SMALL, seed=1)
    assert torch.allclose(sampler.latent[1:], alone.latent, rtol=1e-4, atol=1e-4)
    assert np.isfinite(gallery.symptom(name, sampler))


# The exact effect of each bug.


def test_upwards_is_in_the_records() -> None:
    times = [record.timestep for record in make("schedule run upwards").run(progress=False).trace]
    assert times == sorted(times)


def test_the_walk_is_the_sum_of_the_shifts() -> None:
    """With a network that sees single frames, the result is the healthy one, rolled."""
    model = FunctionModel(lambda x, t, cond: torch.tanh(x))
    healthy, buggy = gallery.compare("shift never undone", model, "a sea", **SMALL)
    shifts = [record.shift for record in buggy.trace]
    assert shifts == [record.shift for record in healthy.trace]
    assert torch.allclose(buggy.latent, torch.roll(healthy.latent, sum(shifts), dims=2), rtol=1e-4, atol=1e-4)


def test_the_crop_loses_the_end_and_doubles_the_start() -> None:
    sampler = make("cropped without unshift")
    latent = torch.arange(1.0, 9.0)[None, None, :, None]
    sampler.frames = 8
    assert sampler._moved(latent, 3).flatten().tolist() == [4, 3, 2, 1, 2, 3, 4, 5]  # type: ignore[attr-defined]


def test_the_noisy_mirror_raises_the_level_at_the_ends() -> None:
    """The audible effect, over many seeds, because it is small compared to the differences between them."""

    def level(sampler: SpotSampler) -> float:
        assert sampler.trace[0].noise is not None
        noise = torch.from_numpy(sampler.trace[0].noise.copy())
        return float(torch.cat([noise[:, :, :2], noise[:, :, -2:]], dim=2).std())

    model = FunctionModel(lambda x, t, cond: smooth(x))
    settings = SMALL | {"steps": 1, "n_candidates": 200, "config": SpotDiffusionConfig(32, shift_seed=1)}
    healthy, buggy = (level(run) for run in gallery.compare("noisy mirror", model, "a sea", **settings))
    assert buggy > 1.1 * healthy


def test_tiles_start_alike_and_noise_is_put_back_alike() -> None:
    sampler = make("per-tile noise", eta=1.0)
    tiles = sampler.latent[:, :, :128].split(32, dim=2)
    assert all(torch.equal(tile, tiles[0]) for tile in tiles)
    plain = SpotSampler(stand_in(), "a sea", **SMALL)
    assert torch.equal(sampler.latent[:, :, :32], sampler.draws.normal((2, 32, 4), 0, "start"))
    assert not torch.equal(plain.latent[:, :, :32], plain.latent[:, :, 32:64])


def test_the_prompt_changes_nothing_where_it_is_dropped() -> None:
    runs = [gallery.run("prompt dropout", stand_in(), prompt, **SMALL) for prompt in ("a sea", "a banana")]
    assert torch.equal(runs[0].latent, runs[1].latent)


def test_fixed_seams_never_move() -> None:
    assert len({record.layout.seams for record in make("seams fixed").run(progress=False).trace}) == 1


def test_the_tail_is_never_predicted() -> None:
    sampler = make("uncovered tail", config=SpotDiffusionConfig(32, shift_schedule="alternate"))
    sampler.step()
    step = sampler.begin()
    tail = step.layout.tiles[-1].segment
    assert tail[1] - tail[0] < 32
    assert not step.noise[:, :, slice(*tail)].any()
    assert step.noise[:, :, : tail[0]].all()


# Refusals.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "tiles"}, "method is 'tiles': expected 'spot'"),
        ({"solver": "dpm++"}, r"solver is 'dpm\+\+': expected 'ddim'"),
        ({"config": SpotDiffusionConfig(32, edge="circular")}, "edge is 'circular': expected 'reflect'"),
        ({"config": 32}, "config is 32: expected a SpotDiffusionConfig"),
        ({"config": SpotDiffusionConfig(256)}, "does not show in 160 frames with tiles of 256"),
        ({"config": SpotDiffusionConfig(32, max_shift_ratio=0)}, "shifts of up to 0: expected several tiles that move"),
    ],
)
def test_what_the_gallery_cannot_show_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make("noisy mirror", **changes)


def test_some_show_in_one_tile() -> None:
    short = {"duration": 1.0, "config": SpotDiffusionConfig(64)}
    for name in ("schedule run upwards", "prompt dropout"):
        assert gallery.symptom(name, make(name, **short).run(progress=False)) > LIMITS[name][0]


def test_an_unknown_bug_is_named() -> None:
    with pytest.raises(InputError, match="bug is 'moth': expected one of schedule run upwards, "):
        make("moth")
    with pytest.raises(InputError, match="bug is 'moth'"):
        gallery.symptom("moth", make(NAMES[0]).run(progress=False))


def test_a_symptom_takes_a_finished_run_that_kept_enough() -> None:
    with pytest.raises(InputError, match="the run is at step 0 of 6: expected a finished one"):
        gallery.symptom("seams fixed", make("seams fixed"))
    thin = make("shift never undone", record="last").run(progress=False)
    with pytest.raises(InputError, match="no two steps in a row"):
        gallery.symptom("shift never undone", thin)
    still = SpotSampler(stand_in(), "a sea", **(SMALL | {"config": SpotDiffusionConfig(32, max_shift_ratio=0)}))
    for name in ("noisy mirror", "cropped without unshift"):
        with pytest.raises(InputError, match="raise max_shift_ratio"):
            gallery.symptom(name, still.run(progress=False))


def test_no_setting_of_a_run_leads_here() -> None:
    """No module for runs imports the gallery, and no plain run has the layouts or the steps of its bugs."""
    home = Path(spotnb.__file__).parent
    for path in sorted(home.glob("*.py")):
        if path.name in ("__init__.py", "course.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
            names += [f"{node.module}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("spotnb.gallery") for name in names), path.name
    for method, edge, schedule in product(METHODS, EDGES, SHIFT_SCHEDULES):
        config = SpotDiffusionConfig(32, edge=edge, shift_schedule=schedule)
        sampler = SpotSampler(stand_in(), "a sea", **(SMALL | {"config": config, "method": method}))
        assert type(sampler) is SpotSampler
        assert sampler.solver.timesteps == sorted(sampler.solver.timesteps, reverse=True)
        assert "bug" not in sampler.manifest()


def test_it_is_heard_and_seen_on_the_embedded_model() -> None:
    model = load_model("tiny", device="cpu", dtype="fp32")
    settings = {"duration": 6.0, "steps": 8, "guidance_scale": 2.5, "config": SpotDiffusionConfig(64), "seed": 1}
    healthy, upwards = gallery.compare("schedule run upwards", model, "nature sounds", **settings)
    assert gallery.symptom("schedule run upwards", upwards) > 1.1 * gallery.symptom("schedule run upwards", healthy)
    tail = gallery.run("uncovered tail", model, "nature sounds", **settings)
    assert gallery.symptom("uncovered tail", healthy) < 1.6 < 2 < gallery.symptom("uncovered tail", tail)
    assert tail.decode().shape == (96000,)
    fixed = gallery.run("seams fixed", model, "nature sounds", **settings)
    assert gallery.symptom("seams fixed", fixed) > 1.5 * gallery.symptom("seams fixed", healthy)
