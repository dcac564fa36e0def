"""Decoding of latents: exact lengths, cross-fades away from window edges, and rings that close."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

import spotnb.models.decode_mel
from spotnb.errors import InputError, SpotnbError
from spotnb.models.decode import decode_sound
from spotnb.models.decode_mel import (
    latent_to_mel,
    mel_pieces,
    sliding_window_vae_decode,
    sliding_window_vocode,
    wave_pieces,
)
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.noise import draw
from spotnb.sound.files import save_audio
from spotnb.tiling.config import SpotDiffusionConfig
from tests.effort import effort
from tests.networks import FunctionModel, pointwise


class Model(FunctionModel):
    """A model whose decoder counts its windows."""

    def __init__(self) -> None:
        super().__init__(pointwise)
        self.windows: list[int] = []

    def decode_mel(self, latent: Tensor) -> Tensor:
        self.windows.append(latent.shape[2])
        return super().decode_mel(latent)


class Neighbourly(Model):
    """A model whose decoder and vocoder use a few frames on each side, and see zeros beyond their input."""

    def decode_mel(self, latent: Tensor) -> Tensor:
        return smooth(super().decode_mel(latent) + 5, 9).tanh()

    def vocode(self, mel: Tensor) -> Tensor:
        return super().vocode(smooth(mel, 41) - 5)


def smooth(x: Tensor, reach: int) -> Tensor:
    kernel = torch.ones(1, 1, 2 * reach + 1, 1) / (2 * reach + 1)
    return torch.nn.functional.conv2d(x, kernel, padding=(reach, 0))


class Edgy(Model):
    """A model that decodes the first channel, with large errors in the outer mel frames of each window."""

    def __init__(self, wrong: int) -> None:
        super().__init__()
        self.wrong = wrong

    def decode_mel(self, latent: Tensor) -> Tensor:
        mel = latent[:, :1, :, :1].repeat_interleave(4, 2).repeat(1, 1, 1, 64)
        mel[:, :, : self.wrong] = 1e6
        mel[:, :, mel.shape[2] - self.wrong :] = 1e6
        return mel


def latent(frames: int, batch: int = 1) -> Tensor:
    return draw((batch, 2, frames, 4), 0, 0, "start")


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, int, int]:
    """Draw a number of frames, a window and an overlap."""
    window = draw(st.integers(1, 40))
    return draw(st.integers(1, 5 * window)), window, draw(st.integers(0, window - 1))


@given(cuts(), st.integers(1, 2))
@example((41, 40, 39), 1)
@example((41, 40, 0), 1)
@effort(2)
def test_any_windows_give_all_frames(cut: tuple[int, int, int], batch: int) -> None:
    """This is invariant 6. Windows do not affect a decoder that processes one frame at a time."""
    frames, window, overlap = cut
    model, x = Model(), latent(frames, batch)
    mel = sliding_window_vae_decode(model, x, window, overlap)
    assert mel.shape == (batch, 1, 4 * frames, 64)
    assert set(model.windows) == {min(frames, window)}
    assert (mel - model.decode_mel(x)).abs().max() < 1e-5


@given(cuts())
def test_window_edges_are_left_out(cut: tuple[int, int, int]) -> None:
    """The outer quarters of an overlap never reach the result, except at the ends, which only one window contains."""
    frames, window, overlap = cut
    x = torch.arange(frames, dtype=torch.float32)[None, None, :, None].expand(1, 2, frames, 4)
    if frames <= window:
        return
    mel = sliding_window_vae_decode(Edgy(overlap), x, window, overlap)[0, 0, :, 0]
    inner = slice(overlap, 4 * frames - overlap)
    assert (mel - x[0, 0, :, 0].repeat_interleave(4))[inner].abs().max() < 1e-3


def test_the_cross_fade_is_a_straight_line_over_the_middle_half() -> None:
    model = Model()
    levels = iter((1.0, 3.0))
    model.decode_mel = lambda x: torch.full((1, 1, 4 * x.shape[2], 64), next(levels))  # type: ignore[method-assign]
    mel = sliding_window_vae_decode(model, latent(24), window_size=16, overlap_size=8)[0, 0, :, 0]
    assert torch.equal(mel[:40], torch.ones(40))  # the overlap is 32 to 64, its middle half 40 to 56
    assert torch.equal(mel[56:], torch.full((40,), 3.0))
    assert torch.allclose(mel[40:56], 1 + (torch.arange(16) + 0.5) / 8)


def test_a_short_latent_is_decoded_whole() -> None:
    model, x = Model(), latent(256)
    assert torch.equal(sliding_window_vae_decode(model, x), model.decode_mel(x))
    assert model.windows == [256, 256]
    sliding_window_vae_decode(model, latent(257))
    assert model.windows[2:] == [256, 256]
    model.windows.clear()
    sliding_window_vae_decode(model, latent(256 + 2 * 192))
    assert model.windows == [256] * 3


@pytest.mark.parametrize(("window", "overlap", "named"), [(0, 0, "0"), (8, 8, "8"), (8, -1, "-1"), (8.0, 2, "8.0")])
def test_bad_windows_are_named(window: Any, overlap: Any, named: str) -> None:
    with pytest.raises(InputError, match=rf"_size is {re.escape(named)}: expected"):
        sliding_window_vae_decode(Model(), latent(20), window, overlap)


# The windows of the vocoder.


@given(st.integers(1, 900))
@effort(0.3)
def test_windowed_vocoding_equals_a_whole_pass(frames: int) -> None:
    model, mel = Neighbourly(), draw((2, 1, frames, 64), 1, 0, "start")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spotnb.models.decode_mel, "VOCODER_WINDOW", 100)
        sound = sliding_window_vocode(model, mel)
    assert sound.shape == (2, 160 * frames)
    assert (sound - model.vocode(mel)).abs().max() < 1e-5


# Lengths.


@given(st.floats(0.04, 15), st.sampled_from(["reflect", "merge"]))
@example(0.1 + 0.2, "reflect")
@example(1 / 3, "reflect")
@example(10.24, "merge")
@effort(0.6)
def test_the_sound_is_exact_to_the_sample(duration: float, edge: str) -> None:
    """This is invariant 6."""
    sampler = SpotSampler(Model(), "a sea", duration, steps=1, config=SpotDiffusionConfig(64, edge=edge))
    sound = sampler.decode()
    assert sound.shape == (round(duration * 16000),)
    assert sound.dtype == np.float32
    assert isinstance(sound, np.ndarray)


@given(st.floats(0.04, 15))
@effort(0.3)
def test_a_ring_is_whole_frames(duration: float) -> None:
    sampler = SpotSampler(Model(), "a sea", duration, steps=1, config=SpotDiffusionConfig(64, edge="circular"))
    assert sampler.frames == round(round(25 * duration, 6))  # a half may be a little less than a half
    assert sampler.decode().shape == (640 * sampler.frames,)


# Rings.


@pytest.mark.parametrize("frames", [1, 7, 100, 300, 600])
def test_a_ring_sounds_the_same_wherever_it_is_opened(frames: int) -> None:
    """Beyond each end, decoder and vocoder see the other end, with one window or several."""
    model, x, turn = Neighbourly(), latent(frames), frames // 3
    mel = latent_to_mel(model, x, ring=True)
    turned = latent_to_mel(model, x.roll(turn, 2), ring=True)
    assert mel.shape == (1, 1, 4 * frames, 64)
    assert (turned - mel.roll(4 * turn, 2)).abs().max() < 1e-5
    sound = decode_sound(model, x, 640 * frames, ring=True).waveform
    turned_sound = decode_sound(model, x.roll(turn, 2), 640 * frames, ring=True).waveform
    assert np.abs(turned_sound - np.roll(sound, 640 * turn)).max() < 1e-5


def test_without_a_ring_the_ends_do_not_meet() -> None:
    model, x = Neighbourly(), latent(100)
    sounds = [decode_sound(model, x.roll(turn, 2), 64000).waveform for turn in (0, 40)]
    assert np.abs(sounds[1] - np.roll(sounds[0], 640 * 40)).max() > 0.01


# Failures.


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_decoder_that_breaks_is_named(bad: float) -> None:
    """This is invariant 8, with the position of the failure."""
    model = Model()
    usual = model.decode_mel

    def breaks(x: Tensor) -> Tensor:
        mel = usual(x)
        if len(model.windows) == 2:
            mel[0, 0, 5, 5] = bad
        return mel

    model.decode_mel = breaks  # type: ignore[method-assign]
    with pytest.raises(SpotnbError, match=r"^the decoder returned NaN or infinity in the window at latent frame 192"):
        decode_sound(model, latent(500), 1000)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("circular", [False, True])
def test_a_vocoder_that_breaks_is_named(bad: float, circular: bool) -> None:
    model = Model()
    model.vocode = lambda mel: torch.full((1, 160 * mel.shape[2]), bad)  # type: ignore[method-assign]
    with pytest.raises(SpotnbError, match=r"^the vocoder returned NaN or infinity near 0\.00 s"):
        decode_sound(model, latent(40), 1000, ring=circular)


def test_peaks_are_clipped_not_scaled() -> None:
    model = Model()
    model.vocode = lambda mel: torch.linspace(-3, 3, 160 * mel.shape[2])[None]  # type: ignore[method-assign]
    sound = decode_sound(model, latent(10), 6400).waveform
    assert (sound.min(), sound.max()) == (-1, 1)
    assert np.allclose(sound, np.linspace(-3, 3, 6400).clip(-1, 1), atol=1e-6)


def test_progress_bars(capsys: pytest.CaptureFixture[str]) -> None:
    decode_sound(Model(), latent(300), 1000)
    assert capsys.readouterr().err == ""
    decode_sound(Model(), latent(300), 1000, progress=True)
    shown = capsys.readouterr().err
    assert "decode: 100%" in shown
    assert "vocoder: 100%" in shown


# In pieces.


@given(cuts())
def test_mel_pieces_follow_each_other(cut: tuple[int, int, int]) -> None:
    frames, window, overlap = cut
    model, x = Neighbourly(), latent(frames)
    pieces = list(mel_pieces(model, x, window, overlap))
    assert torch.equal(torch.cat(pieces, dim=2), sliding_window_vae_decode(model, x, window, overlap))
    assert max(piece.shape[2] for piece in pieces) <= 4 * window


@given(st.integers(1, 900), st.integers(1, 300))
@effort(0.3)
def test_wave_pieces_do_not_depend_on_how_the_mel_is_cut(frames: int, size: int) -> None:
    model, mel = Neighbourly(), draw((1, 1, frames, 64), 1, 0, "start")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spotnb.models.decode_mel, "VOCODER_WINDOW", 100)
        pieces = list(wave_pieces(model, torch.split(mel, size, dim=2), frames))
        assert torch.equal(torch.cat(pieces, dim=1), sliding_window_vocode(model, mel))


@pytest.mark.parametrize("edge", ["reflect", "circular"])
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_file_written_in_pieces_holds_what_decode_gives(edge: str, suffix: str, tmp_path: Path) -> None:
    config = SpotDiffusionConfig(64, edge=edge)
    sampler = SpotSampler(Neighbourly(), "a sea", 30.0, steps=2, config=config).run(progress=False)
    path = sampler.decode_to(tmp_path / f"sea.{suffix}")
    whole = save_audio(tmp_path / f"whole.{suffix}", sampler.decode())
    assert np.array_equal(soundfile.read(path)[0], soundfile.read(whole)[0])
    assert [each.name for each in sorted(tmp_path.iterdir())] == [f"sea.{suffix}", f"whole.{suffix}"]


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    class Broken(Model):
        def vocode(self, mel: Tensor) -> Tensor:
            return super().vocode(mel) * (1 if not self.windows[2:] else torch.nan)

    sampler = SpotSampler(Broken(), "a sea", 40.0, steps=1, config=SpotDiffusionConfig(64)).run(progress=False)
    path = tmp_path / "sea.wav"
    path.write_text("old")
    with pytest.raises(SpotnbError, match="vocoder returned NaN"):
        sampler.decode_to(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="cannot tell the format"):
        sampler.decode_to(tmp_path / "sea.mp4")


@pytest.mark.parametrize("model", [1, None, "tiny", Model, object(), b"x"])
def test_what_is_not_a_model_does_not_decode(model: Any) -> None:
    with pytest.raises(InputError, match="model is "):
        sliding_window_vae_decode(model, latent(20))


@pytest.mark.parametrize(
    "bad",
    [
        *(2, None, "x", [1.0], np.zeros((1, 2, 20, 4), np.float32), latent(20)[0], latent(20)[None], latent(0)),
        *(latent(20)[:0], latent(20)[:, :1], latent(20)[..., :3], torch.zeros(1, 2, 20, 4, dtype=torch.long)),
        *(
            torch.zeros(1, 2, 20, 4, dtype=torch.cfloat),
            latent(20) * torch.nan,
            latent(20) + torch.inf,
            torch.tensor(1.0),
        ),
    ],
    ids=str,
)
def test_what_is_not_a_latent_is_not_decoded(bad: Any) -> None:
    with pytest.raises(InputError, match="latent ") as caught:
        sliding_window_vae_decode(Model(), bad)
    assert "\n" not in str(caught.value)
