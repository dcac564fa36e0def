"""Runs that start from known sound: audio to audio, kept regions, continuation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models.decode import Sound, decode_sound
from spotnb.models.encode import CONTEXT, WINDOW, waveform_to_latent
from spotnb.sampling.listening import JOIN
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.source import known_sound
from spotnb.solvers.noise import draw
from spotnb.sound.loading import load_audio
from spotnb.tiling.config import SpotDiffusionConfig
from tests.effort import effort
from tests.networks import FunctionModel, neighbourly, pointwise
from tests.runs import SOLVERS, Known, Run

SMALL = SpotDiffusionConfig(16)
IDS = ("ddim", "dpm++", "euler a")


def tone(seconds: float, rate: int = 16000, pitch: float = 220.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def make(duration: float = 1.6, **settings: Any) -> SpotSampler:
    settings = {"steps": 5, "config": SMALL} | settings
    return SpotSampler(FunctionModel(neighbourly, 4), "a sea", duration, **settings)


# Reading sound.


def test_a_file_at_another_rate_in_stereo(tmp_path: Path) -> None:
    """It is mixed down and resampled to a tone at 16 kHz."""
    left, right = tone(1, 44100), np.zeros(44100, np.float32)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], 1), 44100, subtype="FLOAT")
    wave = load_audio(tmp_path / "stereo.wav")
    assert wave.shape == (16000,)
    assert wave.dtype == np.float32
    assert np.abs(wave - tone(1) / 2)[200:-200].max() < 2e-3
    assert np.array_equal(load_audio(str(tmp_path / "stereo.wav")), wave)
    for shape in (np.stack([left, right], 1), np.stack([left, right])):
        assert np.array_equal(load_audio((shape, 44100)), wave)


def test_a_file_at_the_models_own_rate_is_read_unchanged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mono.wav", tone(0.5), 16000, subtype="FLOAT")
    assert np.array_equal(load_audio(tmp_path / "mono.wav"), tone(0.5))
    assert np.array_equal(load_audio(tone(0.5)), tone(0.5))
    assert np.array_equal(load_audio(torch.from_numpy(tone(0.5))), tone(0.5))
    assert load_audio(tone(0.5), 8000).shape == (8000,)
    assert load_audio((tone(0.5, 8000), 8000)).shape == (8000,)
    assert np.abs(load_audio((tone(0.5, 48000), 48000)) - tone(0.5))[200:-200].max() < 2e-3


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (np.zeros((2, 3, 4)), InputError, r"\[2, 3, 4\]"),
        (np.zeros(0, np.float32), InputError, "is empty"),
        (np.array([0.0, np.nan]), InputError, "1 NaN"),
        (np.zeros(9, np.int64), InputError, "int64"),
        ((tone(1), 0), InputError, "sample rate"),
        ((tone(1), "fast"), InputError, "sample rate"),
        (None, InputError, "cannot read None"),
        ("/nowhere/a.wav", SpotnbError, "cannot read /nowhere/a.wav as sound: .*pass a wav"),
        (__file__, SpotnbError, "as sound: .*pass a wav"),
    ],
)
def test_invalid_sounds_are_named(bad: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        load_audio(bad)
    assert "\n" not in str(caught.value)


# Encoding.


class LocalEncoder(FunctionModel):
    """Each of its latent frames sees some frames on both sides, and silence beyond the given sound."""

    def __init__(self) -> None:
        super().__init__(pointwise)
        self.lengths: list[int] = []

    def encode(self, waveform: Tensor) -> Tensor:
        self.lengths.append(waveform.shape[1])
        energy = waveform.reshape(1, 1, -1, 640).square().mean(3)
        kernel = torch.hann_window(2 * CONTEXT - 1, periodic=False)[None, None]
        smooth = torch.nn.functional.conv1d(energy, kernel, padding=CONTEXT - 1)
        return smooth[:, :, :, None].expand(-1, self.channels, -1, self.latent_bins)


@given(st.integers(1, 900), st.integers(0, 639))
@example(WINDOW, 0)
@example(WINDOW + 1, 0)
@example(4 * (WINDOW - 2 * CONTEXT), 0)
@effort(0.4)
def test_encoding_in_windows_equals_encoding_the_whole(frames: int, extra: int) -> None:
    model = LocalEncoder()
    wave = 0.1 * draw((frames * 640 + extra,), 0, 0, "start")
    latent = waveform_to_latent(model, wave)
    assert latent.shape == (1, 2, frames, 4)
    assert max(model.lengths) <= WINDOW * 640
    assert (latent - model.encode(wave[None, : frames * 640])).abs().max() < 1e-5


def test_too_little_sound_and_a_broken_encoder_are_named() -> None:
    with pytest.raises(InputError, match="the sound has 639 samples: expected at least 640, which is one latent frame"):
        waveform_to_latent(LocalEncoder(), torch.zeros(639))
    model = LocalEncoder()
    model.encode = lambda wave: torch.full((1, 2, wave.shape[1] // 640, 4), math.nan)  # type: ignore[method-assign]
    with pytest.raises(SpotnbError, match="the encoder returned NaN or infinity"):
        waveform_to_latent(model, torch.zeros(6400))


# Audio to audio.


@pytest.mark.parametrize(("strength", "first"), [(1.0, 0), (0.8, 1), (0.6, 2), (0.5, 3), (0.2, 4), (0.001, 4)])
@pytest.mark.parametrize("solver", SOLVERS, ids=IDS)
def test_strength_decides_how_many_steps_are_run(solver: Any, strength: float, first: int) -> None:
    sampler = make(init_audio=Known(40), strength=strength, solver=solver, seed=8)
    assert (sampler.first, sampler.steps_done, sampler.done) == (first, first, False)
    start = draw((1, 2, 40, 4), 8, 0, "start")
    expected = sampler.solver.add_noise(torch.from_numpy(np.asarray(Known(40))), start, first)
    if not first:
        expected = sampler.solver.initial_latent(start)
    assert torch.equal(sampler.latent, expected)
    sampler.run(progress=False)
    assert [record.step for record in sampler.trace] == list(range(first, 5))
    assert sampler.cost().forwards == sum(len(record.layout.tiles) for record in sampler.trace)
    assert sampler.reset().steps_done == first
    for bad in (first - 1, 6):
        with pytest.raises(InputError, match=f"expected a whole number from {first} to 5"):
            sampler.goto(bad)


def test_less_strength_stays_closer_to_the_source() -> None:
    source = torch.from_numpy(np.asarray(Known(40)))
    latents = [make(init_audio=Known(40), strength=s, steps=20).run(progress=False).latent for s in (0.05, 0.4, 1.0)]
    distances = [float((latent - source).square().mean()) for latent in latents]
    assert distances == sorted(distances)
    assert distances[0] < distances[2] / 4


def test_at_full_strength_the_source_is_only_in_the_padding() -> None:
    for edge, same in (("anchor", True), ("reflect", False)):
        config = SpotDiffusionConfig(16, edge=edge, max_shift_ratio=1, shift_schedule="fibonacci")
        plain = make(config=config).run(progress=False).latent
        known = make(config=config, init_audio=Known(40), strength=1).run(progress=False).latent
        assert torch.equal(known, plain) is same


def test_before_the_first_step_the_padding_mirrors_the_source() -> None:
    config = SpotDiffusionConfig(16, shift_schedule="fibonacci", max_shift_ratio=1)
    sampler = make(config=config, init_audio=Known(40), strength=0.6, seed=5)
    step = sampler.begin()
    left, right = step.layout.pad
    assert step.padding.of == "clean estimate"
    source = torch.from_numpy(np.asarray(Known(40)))
    ends = torch.cat([source[:, :, list(step.padding.left)], source[:, :, list(step.padding.right)]], 2)
    noise = draw((1, 2, left + right, 4), 5, 2, "pad")
    got = torch.cat([step.padded[:, :, :left], step.padded[:, :, left + 40 :]], 2)
    assert (got - sampler.solver.add_noise(ends, noise, 2)).abs().max() < 1e-6


def test_all_kinds_of_sound_are_accepted(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(1.6), 16000, subtype="FLOAT")
    kinds = [tone(1.6), tmp_path / "a.wav", (tone(1.6), 16000), np.stack([tone(1.6)] * 2), torch.from_numpy(tone(1.6))]
    latents = [make(init_audio=kind).run(progress=False).latent for kind in kinds]
    assert all(torch.equal(latent, latents[0]) for latent in latents)
    finished = make(seed=4).run(progress=False)
    again = make(init_audio=finished, seed=9)
    assert torch.equal(again.source.latent[:, :, :40], finished.latent[:, :, :40])
    assert make(init_audio=finished.latent).source.latent.shape == again.source.latent.shape


def test_a_sound_longer_than_the_run_is_cut_and_one_a_little_shorter_mirrored() -> None:
    """A run has a few more frames than its duration. They are cropped, so they need no sound."""
    sampler = make(1.6, init_audio=Known(100))
    assert torch.equal(sampler.source.latent, torch.from_numpy(np.asarray(Known(100)))[:, :, : sampler.frames])
    sampler = make(10.0, init_audio=Known(250))
    assert sampler.frames == 256
    latent = sampler.source.latent
    assert torch.equal(latent[:, :, 250:], latent[:, :, 243:249].flip(2))


# Kept regions.


@pytest.mark.parametrize("edge", ["reflect", "anchor", "circular", "merge"])
@pytest.mark.parametrize("solver", SOLVERS, ids=IDS)
def test_kept_frames_stay_exactly(solver: Any, edge: str) -> None:
    config = SpotDiffusionConfig(16, edge=edge)
    sampler = Run(40, 4, {"config": config, "steps": 4, "solver": solver}).sampler(
        neighbourly, init_audio=Known(40), keep=[(0.2, 0.5), (1.0, 1.2)]
    )
    assert sampler.first == 0
    kept = [*range(5, 12), *range(25, 30)]  # of the frames that it would cut, those wholly inside
    sampler.run(progress=False)
    source = torch.from_numpy(np.asarray(Known(40)))
    assert torch.equal(sampler.latent[:, :, kept], source[:, :, kept])
    made = [frame for frame in range(40) if frame not in kept]
    assert (sampler.latent - source)[:, :, made].abs().amin(dim=(0, 1, 3)).max() > 0
    assert not torch.equal(sampler.latent[:, :, made], source[:, :, made])
    assert sampler.source.borders == (5, 12, 25, 30)
    for record in sampler.trace:
        assert np.array_equal(record.x0[:, :, kept], source.numpy()[:, :, kept])


def test_the_noisy_latent_of_kept_frames_is_at_each_steps_level() -> None:
    sampler = make(init_audio=Known(40), keep=[(0.0, 0.4)], seed=2)
    source = torch.from_numpy(np.asarray(Known(40)))[:, :, :10]
    for k in range(6):
        noise = draw((1, 2, 40, 4), 2, k, "keep")[:, :, :10]  # fresh at each step
        assert torch.equal(sampler.latent[:, :, :10], sampler.solver.add_noise(source, noise, k))
        if k < 5:
            sampler.step()


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ([(0, 0.4)], range(0, 10)),
        ([(0.01, 0.4)], range(1, 10)),
        ([(0.04, 0.41)], range(1, 10)),
        ([(0.28, 0.3 + 0.02)], range(7, 8)),
        ([(1.2, 1.6)], range(30, 44)),  # what lies beyond the duration goes with its end
        ([(0.4, 0.8), (0.6, 1.0)], range(10, 25)),
    ],
)
def test_which_frames_are_kept(keep: Any, kept: range) -> None:
    sampler = make(1.6, init_audio=Known(44), keep=keep)
    assert sampler.frames == 40
    assert np.flatnonzero(sampler.source.kept).tolist() == [k for k in kept if k < sampler.frames]


# Continuation.


@pytest.mark.parametrize("solver", SOLVERS, ids=IDS)
def test_a_continuation_keeps_the_sound_that_it_continues(solver: Any) -> None:
    """The latent is exact, and so is the waveform up to the cross-fade, which ends where the source ends."""
    source = SpotSampler(FunctionModel(neighbourly), "a sea", 4.0, steps=3, config=SMALL).run(progress=False)
    settings = {"steps": 4, "config": SMALL, "solver": solver, "continue_from": source}
    longer = SpotSampler(FunctionModel(neighbourly), "a drum", 6.0, **settings).run(progress=False)
    assert torch.equal(longer.latent[:, :, :100], source.latent[:, :, :100])
    assert longer.source.borders == (100,)
    sound, own = longer.sound(), source.sound()
    assert sound.waveform.shape == (96000,)
    fade = (100 - JOIN) * 640
    assert np.array_equal(sound.waveform[:fade], own.waveform[:fade])
    assert np.array_equal(sound.mel[: (100 - JOIN) * 4], own.mel[: (100 - JOIN) * 4])
    assert np.array_equal(longer.decode(), sound.waveform)
    assert np.array_equal(longer.decode(of="x0")[:fade], own.waveform[:fade])
    assert np.array_equal(longer.decode(step=1, of="x0")[:fade], own.waveform[:fade])
    noisy = longer.decode(step=0)
    assert not np.array_equal(noisy[:fade], own.waveform[:fade])
    assert np.array_equal(longer.trace[0].x0[:, :, :100], source.latent.numpy()[:, :, :100])


def test_the_cross_fade_is_a_straight_line() -> None:
    """In the last frames of the continued sound, waveform and mel fade from its own decoding to the new one."""
    longer = make(continue_from=Known(30)).run(progress=False)
    frames = longer.frames
    own = Sound(np.ones(30 * 640, np.float32), np.ones((30 * 4, 64), np.float32))
    made = Sound(np.full(25600, 3, np.float32), np.full((frames * 4, 64), 3, np.float32))
    for fade in (10, 30):
        joined = own.fade_into(made, fade, 30, FunctionModel(pointwise))
        for array, size in ((joined.waveform, 640), (joined.mel[:, 5], 4)):
            start, stop = (30 - fade) * size, 30 * size
            assert np.array_equal(array[:start], np.ones(start))
            assert np.array_equal(array[stop:], np.full(len(array) - stop, 3))
            share = (np.arange(stop - start) + 0.5) / (stop - start)
            assert np.abs(array[start:stop] - (1 + 2 * share)).max() < 1e-5
    sound, alone = longer.sound(), decode_sound(longer.model, longer.source.continued.latent, 30 * 640)
    assert sound.waveform[0] == pytest.approx(alone.waveform[0], abs=0.01)  # the fade is as long as what is continued
    plain = decode_sound(longer.model, longer.latent, 25600)
    assert np.array_equal(sound.waveform[30 * 640 :], plain.waveform[30 * 640 :])


def test_a_short_sound_is_continued_too() -> None:
    """If the sound is shorter than the cross-fade, the cross-fade is as long as the sound."""
    longer = make(continue_from=Known(3)).run(progress=False)
    assert longer.decode().shape == (25600,)
    assert torch.equal(longer.latent[:, :, :3], torch.from_numpy(np.asarray(Known(3))))


def test_a_cropped_run_is_continued_from_its_audible_end() -> None:
    source = SpotSampler(FunctionModel(neighbourly), "a sea", 10.0, steps=1).run(progress=False)
    assert source.frames == 256
    assert known_sound(source.model, source, "continue_from").frames == 250


# What goes wrong: one line that says what came, what was expected and what to do.


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"strength": 0.5}, "strength is 0.5 without init_audio: pass the sound"),
        ({"keep": [(0, 1)]}, r"keep is \[\(0\.0, 1\.0\)\] without init_audio"),
        ({"continue_from": Known(9), "keep": [(0, 1)]}, "keep is .* without init_audio"),
        ({"continue_from": Known(9), "strength": 0.5}, "strength is 0.5 without init_audio"),
        ({"continue_from": Known(9), "init_audio": Known(40)}, "exclude each other: expected only one of them"),
        (
            {"continue_from": Known(40)},
            "continue_from lasts 1.6 s, and the duration is 1.6 s: expected a longer duration, of at least 1.64 s",
        ),
        (
            {"init_audio": Known(39)},
            "init_audio lasts 1.56 s, the run 1.6 s: expected a sound of that length; shorten the duration",
        ),
        ({"init_audio": tone(1.0)}, "init_audio lasts 1 s, the run 1.6 s"),
        ({"init_audio": tone(0.01)}, "the sound has 160 samples: expected at least 640"),
        ({"init_audio": np.zeros((1, 3, 40, 4))}, r"shape \[1, 3, 40, 4\]: expected \[1, 2, frames, 4\]"),
        ({"init_audio": np.zeros((2, 2, 40, 4))}, r"init_audio is a latent of shape \[2, 2, 40, 4\]"),
        ({"init_audio": np.full((1, 2, 40, 4), np.nan)}, "the latent of init_audio has 320 NaN"),
        ({"continue_from": np.zeros((1, 2, 0, 4))}, "continue_from"),
        ({"init_audio": "/nowhere/a.wav"}, "cannot read /nowhere/a.wav as sound"),
        ({"init_audio": 5}, r"the waveform has shape \[\]"),
        ({"init_audio": Known(40), "strength": 0}, "strength is 0: expected more, .*0.6 keeps the rhythm"),
        ({"init_audio": Known(40), "strength": 1.1}, "strength is 1.1: expected a finite number from 0 to 1"),
        ({"init_audio": Known(40), "strength": "much"}, "strength is 'much': expected a finite number"),
        ({"init_audio": Known(40), "keep": []}, "keep is empty: expected regions, or None to keep nothing"),
        ({"init_audio": Known(40), "keep": 3}, r"keep is 3: expected a list; pass regions \(start, stop\) in seconds"),
        ({"init_audio": Known(40), "keep": [(0, 1, 2)]}, "expected pairs; pass regions"),
        ({"init_audio": Known(40), "keep": [(0, "1")]}, "keep is '1': expected a finite number"),
        ({"init_audio": Known(40), "keep": [(1, 0.5)]}, "region 1 to 0.5 s: expected 0 <= start < stop <= 1.6"),
        ({"init_audio": Known(40), "keep": [(0, 2)]}, "region 0 to 2 s: expected .*the duration; correct the region"),
        ({"init_audio": Known(40), "keep": [(0.01, 0.05)]}, r"expected at least one latent frame \(40 ms\)"),
        ({"init_audio": Known(40), "keep": [(0, 1.6)]}, "keep covers the complete sound: .*shorten a region"),
    ],
)
def test_wrong_combinations_are_named(settings: Any, says: str) -> None:
    with pytest.raises(SpotnbError, match=says) as caught:
        make(**settings)
    assert "\n" not in str(caught.value)


def test_an_unfinished_run_is_not_a_sound() -> None:
    unfinished = make().run(until=2, progress=False)
    for name in ("init_audio", "continue_from"):
        with pytest.raises(InputError, match=rf"{name} is a run at step 2: expected a finished run; call its run\(\)"):
            make(3.0, **{name: unfinished})


# Forks.


@pytest.mark.parametrize("name", ["init_audio", "strength", "continue_from", "keep", "n_candidates"])
def test_a_fork_cannot_change_its_source(name: str) -> None:
    with pytest.raises(InputError, match=f"cannot change {name}: expected"):
        make(init_audio=Known(40)).fork(**{name: 3})


@pytest.mark.parametrize(
    "settings",
    [{"init_audio": Known(40), "keep": [(0.2, 0.5)]}, {"init_audio": Known(40)}, {"continue_from": Known(20)}],
)
def test_forks_and_jumps_keep_the_source(settings: Any) -> None:
    sampler = make(**settings).run(progress=False)
    last, first = sampler.latent, sampler.first
    forked = sampler.fork(at=first + 1, guidance_scale=6.0)
    assert torch.equal(forked.source.latent, sampler.source.latent)
    assert np.array_equal(forked.source.kept, sampler.source.kept)
    kept = sampler.source.kept
    assert torch.equal(forked.run(progress=False).latent[:, :, kept], last[:, :, kept])
    assert torch.equal(sampler.fork(at=first).run(progress=False).latent, last)
    assert torch.equal(sampler.goto(first).run(progress=False).latent, last)
    assert sampler.fork().source.first == first
