"""Runs of Stable Audio: stereo sound of any duration, with every method and edge, that can be repeated bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb import PromptTimeline, SpotDiffusionConfig, SpotSampler, generate_audio, replay
from spotnb.models.defaults import defaults_of
from spotnb.models.stable_audio import DiffusersStableAudio
from spotnb.tiling.clock import Clock
from spotnb.tiling.edges import EDGES
from tests.models.stable_components import NATIVE, make_stable_components

PROMPT, FRAME = "rock song with heavy drums", 2048 / 44100
CONFIG = SpotDiffusionConfig(12)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries, about their own classes


@pytest.fixture(scope="module")
def model() -> DiffusersStableAudio:
    return DiffusersStableAudio("stable", **make_stable_components())


def sampler(model: DiffusersStableAudio, duration: float = 1.7, **changes: Any) -> SpotSampler:
    settings: dict[str, Any] = {"steps": 3, "guidance_scale": 4.0, "config": CONFIG, "seed": 5}
    return SpotSampler(model, changes.pop("prompt", PROMPT), duration, **(settings | changes))


@given(st.floats(FRAME, 4000) | st.integers(1, 4000))
@example(47.55446712018141)
@example(0.1 + 0.2)
def test_a_run_has_as_few_frames_as_fill_any_duration(duration: float) -> None:
    clock = Clock(44100, 2048)
    frames = clock.run_frames(duration, 1)
    samples = clock.run_samples(duration, frames)
    assert samples == round(duration * 44100)
    assert frames * 2048 >= samples > (frames - 1) * 2048 - 1


@pytest.mark.parametrize("duration", [1.2345, 0.05, 2.0])
def test_the_sound_is_stereo_and_has_exactly_the_duration(
    model: DiffusersStableAudio, duration: float, tmp_path: Path
) -> None:
    done = sampler(model, duration).run(progress=False)
    sound = done.decode()
    assert (sound.shape, sound.dtype) == ((2, round(duration * 44100)), np.float32)
    assert np.isfinite(sound).all()
    assert np.abs(sound[0] - sound[1]).max() > 1e-3
    written, rate = soundfile.read(done.decode_to(tmp_path / "sound.wav"), always_2d=True)
    assert (written.shape, rate) == (sound.T.shape, 44100)
    assert np.abs(written - sound.T).max() < 1e-3


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("method", ["spot", "tiles", "multidiffusion", "full"])
def test_every_method_and_edge_with_a_timeline(model: DiffusersStableAudio, method: str, edge: str) -> None:
    timeline = PromptTimeline([(0, 0.8, PROMPT), (0.8, 1.7, "quiet jazz")], crossfade=0.4)
    done = sampler(model, prompt=timeline, method=method, config=SpotDiffusionConfig(12, edge=edge)).run(progress=False)
    ring = edge == "circular"
    samples = 2048 * round(1.7 / FRAME) if ring else round(1.7 * 44100)
    assert torch.isfinite(done.latent).all()
    assert done.decode().shape == (2, samples)
    other = sampler(model, method=method, config=SpotDiffusionConfig(12, edge=edge)).run(progress=False)
    assert (done.latent - other.latent).abs().max() > 1e-3  # the second prompt was heard


def test_a_ring_is_decoded_across_its_ends(model: DiffusersStableAudio) -> None:
    done = sampler(model, config=SpotDiffusionConfig(12, edge="circular")).run(progress=False)
    turned = torch.roll(done.latent, 7, dims=2)
    whole = model.decode(torch.cat([turned, turned, turned], dim=2))[0, :, turned.shape[2] * 2048 :]
    expected = torch.roll(whole[:, : turned.shape[2] * 2048], -7 * 2048, dims=1).clamp(-1, 1)
    assert (torch.from_numpy(done.decode()) - expected).abs().max() < 1e-5


def test_goto_fork_and_replay_are_exact(model: DiffusersStableAudio, tmp_path: Path) -> None:
    done = sampler(model, solver="dpm++", steps=4).run(progress=False)
    again = sampler(model, solver="dpm++", steps=4).run(progress=False)
    assert torch.equal(again.goto(1).run(progress=False).latent, done.latent)
    assert torch.equal(done.fork(at=2).run(progress=False).latent, done.latent)
    changed = done.fork(at=2, guidance_scale=1.0).run(progress=False)
    assert not torch.equal(changed.latent, done.latent)
    path = done.trace.save(tmp_path / "run.npz")
    assert replay(path, model, progress=False).same
    json.dumps(done.manifest())


def test_the_batch_changes_only_rounding(model: DiffusersStableAudio) -> None:
    one, four = (sampler(model, tile_batch=size).run(progress=False).latent for size in (1, 4))
    assert (one - four).norm() <= 1e-4 * one.norm()


def test_a_sound_is_continued_and_varied(model: DiffusersStableAudio) -> None:
    first = sampler(model, 1.0).run(progress=False)
    longer = sampler(model, 1.7, continue_from=first).run(progress=False)
    kept = first.to_known_sound().frames
    assert torch.equal(longer.latent[:, :, :kept], first.latent[:, :, :kept])
    varied = sampler(model, 1.0, init_audio=(first.decode(), 44100), strength=0.5).run(progress=False)
    assert varied.decode().shape == (2, 44100)


def test_the_best_of_two_candidates_by_its_seams(model: DiffusersStableAudio) -> None:
    settings: dict[str, Any] = {"steps": 3, "config": CONFIG, "seed": 5}
    result = generate_audio(model, PROMPT, duration=1.7, n_candidates=2, progress=False, **settings)
    assert result.waveform.shape == (2, round(1.7 * 44100))
    assert len(result.scores) == 2
    assert result.scores[result.candidate] == max(result.scores)
    second = sampler(model, guidance_scale=3.0, seed=6).run(progress=False)
    assert torch.allclose(result.sampler.latent[1:], second.latent, atol=1e-3)


def test_windows_are_told_where_they_lie(model: DiffusersStableAudio, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    predict = model.predict_noise
    monkeypatch.setattr(model, "predict_noise", lambda x, t, c: seen.append(c.seconds) or predict(x, t, c))
    run = sampler(model, steps=1, guidance_scale=1.0)
    run.step()
    starts = torch.tensor([tile.window[0] * FRAME for tile in run.trace[0].layout.tiles])
    seconds = torch.cat(seen)
    assert torch.allclose(seconds[:, 0].sort().values, starts.sort().values, atol=1e-6)
    assert torch.allclose(seconds[:, 1], torch.tensor(run.frames * FRAME))


def test_runs_start_from_its_own_settings(model: DiffusersStableAudio) -> None:
    expected = {"steps": 100, "guidance_scale": 7.0, "guidance_interval": None, "solver": "ddim", "eta": 0.0}
    expected |= {"finish_steps": 0}
    assert defaults_of(model) == expected | {"tile_size_time": NATIVE}
