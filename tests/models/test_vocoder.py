"""Vocoders: the sinusoidal vocoder by its formulas, and both vocoders in windows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

import spotnb.models.decode_mel
from spotnb import levels, save_audio
from spotnb.errors import InputError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.decode_mel import sliding_window_vocode
from spotnb.models.load import EMBEDDED
from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import CEILING, KERNEL, KNEE, MOST_RISE, SinusoidalVocoder, limited, sharpened
from spotnb.solvers.noise import draw
from tests.effort import effort
from tests.models.components import make_components, randomise


def make_vocoder(**changes: Any) -> SinusoidalVocoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vocoder = SinusoidalVocoder(**({"channels": 16, "hidden": 24, "depth": 2, "anchor_spacing": 12} | changes))
        randomise(vocoder)
    return vocoder.eval().requires_grad_(False)


def published_hifigan() -> SpeechT5HifiGan:
    """Return AudioLDM's vocoder with few channels; its kernels and rates, which determine its reach, are the same."""
    config = SpeechT5HifiGanConfig(
        model_in_dim=64,
        sampling_rate=16000,
        upsample_initial_channel=32,
        upsample_rates=[5, 4, 2, 2, 2],
        upsample_kernel_sizes=[16, 16, 8, 4, 4],
        resblock_kernel_sizes=[3, 7, 11],
        resblock_dilation_sizes=[[1, 3, 5]] * 3,
        normalize_before=False,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vocoder = SpeechT5HifiGan(config)
        randomise(vocoder)
    return vocoder


def mel(frames: int, batch: int = 1) -> torch.Tensor:
    return draw((batch, frames, 64), 0, 0, "start") * 2 - 4.6


@given(st.integers(1, 40), st.integers(1, 2), st.sampled_from([320, 480]))
@effort(0.2)
def test_sound_is_160_samples_a_frame(frames: int, batch: int, fade: int) -> None:
    sound = make_vocoder(fade=fade)(mel(frames, batch))
    assert sound.shape == (batch, 160 * frames)
    assert torch.isfinite(sound).all()


def spectrum_of(wave: torch.Tensor) -> torch.Tensor:
    """Return frames as in `spotnb.sound.mel`: mirrored by 432 samples, 1024 samples every 160."""
    padded = torch.nn.functional.pad(wave[None], (432, 432), mode="reflect")
    return torch.stft(padded, 1024, 160, window=torch.hann_window(1024), center=False, return_complex=True)


def test_peaks_are_bent_below_the_ceiling_and_the_rest_is_as_it_was() -> None:
    sound = torch.linspace(-3, 3, 6001)[None]
    bent = limited(sound)
    assert bent.abs().max() <= CEILING
    assert (bent.diff() >= 0).all()  # no wave folds back
    assert torch.equal(bent[sound.abs() <= KNEE], sound[sound.abs() <= KNEE])
    assert torch.equal(limited(-sound), -bent)


def test_sharper_magnitudes_fall_before_an_attack_and_rise_in_it() -> None:
    attack = torch.tensor([1.0, 1, 1, 50, 50, 50]).expand(1, 3, 6)
    sharp = sharpened(attack, 1.0)[0, 0]
    assert sharp[[0, 1, 4, 5]].tolist() == pytest.approx([1, 1, 50, 50])
    assert sharp[2] == pytest.approx(1 / math.sqrt(50))  # half of the step lower
    assert sharp[3] == pytest.approx(50 * math.exp(MOST_RISE))


@given(st.floats(0, 3), st.integers(1, 9))
def test_sharpening_leaves_steady_magnitudes_and_silence(by: float, frames: int) -> None:
    steady = torch.tensor([0.0, 1e-9, 1, 300])[None, :, None].expand(1, 4, frames)
    assert torch.allclose(sharpened(steady, by), steady)


def test_sharpness_is_in_what_is_heard_and_not_in_what_is_trained() -> None:
    plain, sharp = make_vocoder(), make_vocoder(sharpness=1.0)
    sharp.load_state_dict(plain.state_dict())
    assert torch.equal(sharp.tones(mel(30)).magnitude, plain.tones(mel(30)).magnitude)
    assert torch.equal(plain.heard(mel(30)).magnitude, plain.tones(mel(30)).magnitude)
    assert torch.equal(sharp.heard(mel(30)).magnitude, sharpened(plain.tones(mel(30)).magnitude, 1.0))
    assert not torch.equal(sharp(mel(30)), plain(mel(30)))


@pytest.mark.parametrize("sharpness", [-1.0, math.nan, math.inf])
def test_a_sharpness_that_is_negative_or_not_finite_is_refused(sharpness: float) -> None:
    with pytest.raises(InputError, match="sharpness must be 0 or more"):
        SinusoidalVocoder(sharpness=sharpness)


def test_a_loud_mel_does_not_clip() -> None:
    vocoder = loud_tones(make_vocoder(), 100)
    assert vocoder.overlapped(vocoder.spectrum(vocoder.tones(mel(10)), mel(10))).abs().max() > 1
    assert vocoder(mel(10)).abs().max() <= CEILING


@pytest.mark.parametrize("name", ["loud.wav", "loud.flac"])
def test_a_loud_file_stays_below_minus_one_decibel_although_its_samples_are_rounded(tmp_path: Path, name: str) -> None:
    loud = loud_tones(make_vocoder(), 1e6)(mel(10))[0].detach().numpy()
    path = save_audio(tmp_path / name, loud, 16000)
    assert -1.02 < levels(soundfile.read(path)[0]).peak_db <= -1


@pytest.mark.parametrize("fade", [320, 480])
def test_overlapped_spectra_are_the_sound_that_they_are_of(fade: int) -> None:
    wave = draw((160 * 50,), 3, 0, "start")
    back = make_vocoder(fade=fade).overlapped(spectrum_of(wave))[0]
    assert back.shape == wave.shape
    inner = slice(700, -700)  # the mirror has another phase at the ends
    assert (back - wave)[inner].abs().max() < 1e-4


@pytest.mark.parametrize("fade", [320, 480])
def test_frame_j_sounds_in_its_own_160_samples_and_where_it_fades(fade: int) -> None:
    spectrum = torch.zeros(1, 513, 30, dtype=torch.complex64)
    spectrum[:, :, 12] = spectrum_of(draw((160 * 50,), 3, 0, "start"))[:, :, 20]
    energy = make_vocoder(fade=fade).overlapped(spectrum)[0] ** 2
    centre = float((energy * torch.arange(len(energy))).sum() / energy.sum())
    assert centre == pytest.approx(160 * 12.5, abs=30)
    heard = energy.nonzero()
    assert 160 * 12.5 - fade / 2 <= int(heard.min()) <= int(heard.max()) < 160 * 12.5 + fade / 2


def loud_tones(vocoder: SinusoidalVocoder, log_magnitude: float) -> SinusoidalVocoder:
    """Give all tones one magnitude, so that nothing else moves."""
    vocoder.tone_head.weight.zero_()
    vocoder.tone_head.bias.zero_()
    vocoder.tone_head.bias[: vocoder.config.tones] = log_magnitude
    vocoder.tone_head.bias[2 * vocoder.config.tones :] = -20
    return vocoder


def test_loud_frames_are_bounded() -> None:
    vocoder = loud_tones(make_vocoder(), 100)
    assert torch.isfinite(vocoder(mel(10))).all()
    assert vocoder.tones(mel(10)).magnitude.max() == pytest.approx(np.exp(6), rel=1e-5)


def test_there_is_nothing_at_0_hz() -> None:
    vocoder = make_vocoder()
    spectrum = vocoder.spectrum(vocoder.tones(mel(60)), mel(60))
    assert not spectrum[:, 0].any()
    assert spectrum[:, 1].all()


def test_it_reaches_no_further_than_it_says() -> None:
    vocoder, frames = make_vocoder(), 240
    reach = vocoder.receptive_frames
    changed = mel(frames)
    changed[:, 120] += 3
    difference = (vocoder(changed) - vocoder(mel(frames))).abs()[0]
    # Phases are sums in double precision, whose last digit depends on where the sum starts.
    touched = (difference > 1e-4 * difference.max()).nonzero().flatten()
    assert touched.min() >= 160 * (120 - reach)
    assert touched.max() < 160 * (121 + reach)
    assert touched.max() - touched.min() > 160 * vocoder.config.depth * KERNEL  # and it does reach


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    vocoder = make_vocoder(mel_mean=-3.0)
    vocoder.save_pretrained(tmp_path)
    loaded = SinusoidalVocoder.from_pretrained(tmp_path)
    assert torch.equal(loaded(mel(12)), vocoder(mel(12)))
    assert loaded.config.mel_mean == -3.0


def steady_mel(hertz: float, frames: int) -> torch.Tensor:
    """Return the log-mel of a tone, with frames that are exactly equal."""
    wave = torch.sin(2 * torch.pi * hertz / 16000 * torch.arange(160 * 40))[None]
    return torch_log_mel(wave)[:, 0, 20:21].expand(-1, frames, -1)


@torch.no_grad()
def test_a_steady_note_is_held() -> None:
    """Equal frames do not repeat with every hop: a note has the frequency that the network says, whatever it is."""
    steady = steady_mel(437.0, 200)
    held = loud_tones(make_vocoder(tones=16), -20)
    index = int(437 / 15.625 // 2)
    offset = 437 / 15.625 - (2 * index + 1)
    held.tone_head.bias[index] = 3.0
    held.tone_head.bias[16 + index] = np.arctanh(offset / 1.5)
    sound = held(steady)[0, 8000:-8000]
    spectrum = torch.fft.rfft(sound * torch.hann_window(len(sound)), 8 * len(sound)).abs()
    assert float(spectrum.argmax()) * 16000 / (8 * len(sound)) == pytest.approx(437, abs=0.2)


def test_the_shipped_vocoder_holds_a_note() -> None:
    """A steady note of real sound stays within a few Hz of where it was, and loud."""
    vocoder = SinusoidalVocoder.from_pretrained(EMBEDDED / "vocoder", torch_dtype=torch.float32).eval()
    with torch.no_grad():
        sound = vocoder(steady_mel(437.0, 200))[0, 8000:-8000]
    spectrum = torch.fft.rfft(sound * torch.hann_window(len(sound))).abs().square()
    hertz = torch.arange(len(spectrum)) * 16000 / len(sound)
    assert float(hertz[spectrum.argmax()]) == pytest.approx(437, abs=10)
    assert spectrum[(hertz - 437).abs() < 40].sum() > 0.8 * spectrum.sum()


def test_every_weight_has_a_gradient() -> None:
    vocoder = make_vocoder().train().requires_grad_(True)
    tones = vocoder.tones(mel(60))
    sound = vocoder.overlapped(vocoder.spectrum(tones, mel(60)))
    (sound.square().mean() + tones.offset.square().mean() + tones.jitter.square().mean()).backward()
    for name, weight in vocoder.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


def test_it_can_be_trained_after_inference_mode() -> None:
    with torch.inference_mode():
        make_vocoder(hop=128, fade=256)(mel(10))
    vocoder = make_vocoder(hop=128, fade=256).requires_grad_(True)
    vocoder(mel(10)).square().sum().backward()
    assert vocoder.tone_head.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("tones", [0, 257])
def test_too_few_and_too_many_tones_are_refused(tones: int) -> None:
    with pytest.raises(InputError, match=f"tones must be 1 to 256 .*, got {tones}"):
        make_vocoder(tones=tones)


@pytest.mark.parametrize("fade", [160, 400, 640])
def test_a_fade_that_does_not_fit_is_refused(fade: int) -> None:
    with pytest.raises(InputError, match=f"fade must be a multiple of the hop .*, got {fade}"):
        make_vocoder(fade=fade)


def test_the_mel_is_standardised() -> None:
    one, other = make_vocoder(mel_mean=0.0, mel_std=1.0), make_vocoder(mel_mean=-4.6, mel_std=2.0)
    for found, expected in zip(other.tones(mel(9)), one.tones((mel(9) + 4.6) / 2), strict=True):
        assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["hifigan", "sinusoidal", "sinusoidal of the embedded size"])
def test_windowed_vocoding_equals_a_whole_pass(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window has as much context as the vocoder reaches."""
    vocoder = {
        "hifigan": published_hifigan,
        "sinusoidal": make_vocoder,
        "sinusoidal of the embedded size": lambda: make_vocoder(depth=6, anchor_spacing=48),
    }[kind]()
    model = DiffusersAudioLDM("random", **make_components() | {"vocoder": vocoder})
    x = mel(500)[:, None]
    monkeypatch.setattr(spotnb.models.decode_mel, "VOCODER_WINDOW", 160)
    sound, whole = sliding_window_vocode(model, x), model.vocode(x)
    assert sound.shape == whole.shape == (1, 80000)
    assert whole.abs().max() > 1e-3
    assert (sound - whole).abs().max() <= 1e-4 * whole.abs().max()
    monkeypatch.setattr(spotnb.models.decode_mel, "VOCODER_CONTEXT", 1)
    monkeypatch.setattr(SinusoidalVocoder, "receptive_frames", 1)
    assert (sliding_window_vocode(model, x) - whole).abs().max() > 1e-3 * whole.abs().max()  # it takes some


def test_a_ring_of_tones_has_no_first_frame() -> None:
    """Tones restart where the mel changes, so a ring sounds the same wherever it is cut open."""
    vocoder, frames, by = make_vocoder(), 400, 137
    reach, ring = vocoder.receptive_frames, mel(400)
    around = torch.arange(-reach, frames + reach) % frames
    one, other = (vocoder(x[:, around])[0, 160 * reach :][: 160 * frames] for x in (ring, ring.roll(-by, 1)))
    assert (one.roll(-160 * by) - other).abs().max() < 1e-3 * one.abs().max()
