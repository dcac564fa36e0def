"""A model of two channels at 44.1 kHz runs through everything that AudioLDM runs through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from spotnb import PromptTimeline, SpotDiffusionConfig, SpotSampler, Trace, load_audio, replay, sweep
from spotnb.generate import complete, generate_audio
from spotnb.models.defaults import defaults_of
from spotnb.sampling.checkpoint import run_with_checkpoints
from spotnb.sampling.generation import Generation
from spotnb.sound.measure import levels, loop_score
from spotnb.tiling.clock import Clock
from tests.effort import effort
from tests.networks import StereoModel, neighbourly

RATE, FRAME = 44100, 2048
CONFIG = SpotDiffusionConfig(32)


def model() -> StereoModel:
    return StereoModel(neighbourly)


def sampler(duration: float = 4.0, **settings: Any) -> SpotSampler:
    settings = {"steps": 2, "config": CONFIG} | settings
    return SpotSampler(model(), settings.pop("prompt", "a sea"), duration, **settings)


@pytest.fixture(scope="module")
def made() -> Generation:
    return complete(sampler(6.0, steps=3), progress=False)


@given(st.floats(FRAME / RATE, 7200))
def test_any_duration_has_its_samples(duration: float) -> None:
    frames = Clock(RATE, FRAME).run_frames(duration, 8)
    samples = Clock(RATE, FRAME).run_samples(duration, frames)
    assert samples == round(duration * RATE) <= frames * FRAME
    ring = Clock(RATE, FRAME).run_frames(duration, 8, ring=True)
    assert Clock(RATE, FRAME).run_samples(duration, ring, ring=True) == ring * FRAME


@effort(0.1)
@given(st.floats(0.05, 12))
def test_a_run_has_exactly_these_samples(duration: float) -> None:
    wave = sampler(duration, steps=1).run(progress=False).decode()
    assert wave.shape == (2, round(duration * RATE))
    assert wave.dtype == np.float32
    assert np.isfinite(wave).all()


@pytest.mark.parametrize("duration", [1.0, 3.3, 5.01])
def test_a_ring_has_complete_frames(duration: float) -> None:
    ring = sampler(duration, config=SpotDiffusionConfig(32, edge="circular")).run(progress=False)
    wave = ring.decode()
    assert wave.shape == (2, round(duration * RATE / FRAME) * FRAME)
    assert np.isfinite(loop_score(wave, RATE))


def test_a_generation_measures_what_is_heard(made: Generation) -> None:
    assert made.levels() == levels(made.waveform, RATE)
    manifest = made.manifest()
    assert (manifest["sample_rate"], manifest["samples_per_frame"], manifest["result"]["seconds"]) == (RATE, FRAME, 6)
    assert made.mel.shape == (600, 64)
    score = made.grid_score()
    assert score is not None
    assert len(score.per_seam) == 4  # every 32 of 129.2 frames


def test_both_channels_are_written(made: Generation, tmp_path: Path) -> None:
    path = made.sampler.decode_to(tmp_path / "a.flac")
    heard, rate = soundfile.read(path, dtype="float32")
    assert (rate, heard.shape) == (RATE, (6 * RATE, 2))
    assert np.abs(heard.T - made.waveform).max() <= 2**-15
    assert np.abs(load_audio(path, RATE, channels=2) - made.waveform).max() <= 2**-15


def test_a_stereo_file_is_continued(made: Generation, tmp_path: Path) -> None:
    path = made.sampler.decode_to(tmp_path / "a.wav")
    longer = sampler(9.0, continue_from=path).run(progress=False)
    wave = longer.decode()
    assert wave.shape == (2, 9 * RATE)
    heard, _ = soundfile.read(longer.decode_to(tmp_path / "b.wav"), dtype="float32")
    assert np.abs(heard.T - wave).max() <= 2**-15
    own = sampler(9.0, continue_from=made.sampler).run(progress=False).decode()
    assert np.abs(own[:, :RATE] - made.waveform[:, :RATE]).max() < 1e-6


def test_kept_stereo_stays_and_its_channels_are_told_apart(tmp_path: Path) -> None:
    """A tone on the left alone is encoded as such: the model sees two channels, not their mean."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(5 * RATE) / RATE).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], 1), RATE)
    kept = sampler(4.0, init_audio=tmp_path / "a.wav", keep=[(0, 1.5)]).run(progress=False)
    assert kept.latent[0, 0, 5, 0] == pytest.approx(0.5 / np.sqrt(2), abs=0.01)
    assert kept.latent[0, 1, 5, 0] == pytest.approx(0, abs=1e-3)
    again = sampler(4.0, init_audio=(np.stack([tone, 0 * tone]), RATE), keep=[(0, 1.5)]).run(progress=False)
    assert np.abs((again.latent - kept.latent).numpy()).max() < 1e-3
    mono = sampler(4.0, init_audio=(tone, RATE), keep=[(0, 1.5)]).run(progress=False)
    assert mono.latent[0, 1, 5, 0] == pytest.approx(0.5 / np.sqrt(2), abs=0.01)


def test_a_timeline_changes_where_it_says() -> None:
    line = PromptTimeline([(0, 3, "a sea"), (3, 6, "aaaa")], crossfade=0.0)
    told, plain = sampler(6.0, prompt=line).run(progress=False), sampler(6.0).run(progress=False)
    same = (told.latent == plain.latent).all(dim=3).all(dim=1)[0]
    border = int(3 * RATE / FRAME)
    assert same[: border - 40].all()
    assert not same[border + 40 :].any()


def test_a_trace_knows_its_rates_and_is_replayed(made: Generation, tmp_path: Path) -> None:
    made_again = sampler(6.0, steps=3).run(progress=False)
    made_again.trace.save(tmp_path / "a.npz")
    trace = Trace.load(tmp_path / "a.npz")
    assert trace.clock == Clock(RATE, FRAME)
    again = replay(trace, model())
    assert again.step is None
    assert np.array_equal(again.sampler.decode(), made.waveform)


def test_a_checkpoint_is_resumed(made: Generation, tmp_path: Path) -> None:
    first = sampler(6.0, steps=3)
    first.step()
    first.trace.save(tmp_path / "a.npz")
    resumed = run_with_checkpoints(sampler(6.0, steps=3), tmp_path / "a.npz", progress=False)
    assert np.array_equal(resumed.decode(), made.waveform)


def test_candidates_are_chosen_by_a_score_of_any_kind() -> None:
    class Judged(StereoModel):
        def score(self, waveforms: Any, text: str) -> Any:
            assert (waveforms.shape, text) == ((1, 2 * RATE), "a sea")
            return waveforms.abs().mean(dim=1)  # a tensor, of a tensor

    settings = {"duration": 2.0, "steps": 1, "n_candidates": 3, "config": CONFIG, "progress": False}
    chosen = generate_audio(Judged(neighbourly), "a sea", **settings)
    assert chosen.candidate == int(np.argmax(chosen.scores))
    assert chosen.waveform.shape == (2, 2 * RATE)
    longer = generate_audio(model(), "a sea", **settings | {"duration": 6.0})
    assert len(set(longer.scores)) == 3  # by their seams


def test_a_sweep_starts_from_what_suits_the_model(tmp_path: Path) -> None:
    table = sweep({"prompt": "a sea", "duration": 4.0, "seed": [1, 2]}, tmp_path, model=model(), progress=False)
    assert table.error.isna().all()
    usual = defaults_of(model())
    for name in ("steps", "guidance_scale", "tile_size_time"):
        assert set(table[name]) == {usual[name]}
    row = table.iloc[0]
    config = SpotDiffusionConfig(usual["tile_size_time"])
    alone = generate_audio(model(), "a sea", duration=4.0, steps=3, guidance_scale=1.5, config=config, seed=1)
    score = alone.grid_score()
    assert score is not None
    assert (row.seam_score, row.lufs) == (score.score, alone.levels().lufs)
    heard, rate = soundfile.read(tmp_path / row.sound, dtype="float32")
    assert (rate, heard.shape) == (RATE, (4 * RATE, 2))
    assert np.abs(heard.T - alone.waveform).max() <= 2**-15
