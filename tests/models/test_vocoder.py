"""Vocoders: the inverse-STFT vocoder by its formulas, and both vocoders in windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

import spotnb.models.decode_mel
from spotnb.errors import InputError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.decode_mel import sliding_window_vocode
from spotnb.models.load import EMBEDDED
from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import KERNEL, ISTFTVocoder
from spotnb.solvers.noise import draw
from tests.effort import effort
from tests.models.components import make_components, randomise


def make_vocoder(**changes: Any) -> ISTFTVocoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vocoder = ISTFTVocoder(**({"channels": 16, "hidden": 24, "depth": 2} | changes))
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


def make_tonal(**changes: Any) -> ISTFTVocoder:
    return make_vocoder(**({"tones": 256, "refinements": 0, "anchor_spacing": 12} | changes))


@given(st.integers(1, 40), st.integers(1, 2), st.sampled_from([make_vocoder, make_tonal]))
@effort(0.2)
def test_sound_is_160_samples_a_frame(frames: int, batch: int, make: Callable[[], ISTFTVocoder]) -> None:
    sound = make()(mel(frames, batch))
    assert sound.shape == (batch, 160 * frames)
    assert torch.isfinite(sound).all()


def spectrum_of(wave: torch.Tensor) -> torch.Tensor:
    """Return frames as in `spotnb.sound.mel`: mirrored by 432 samples, 1024 samples every 160."""
    padded = torch.nn.functional.pad(wave[None], (432, 432), mode="reflect")
    return torch.stft(padded, 1024, 160, window=torch.hann_window(1024), center=False, return_complex=True)


def test_the_inverse_stft_inverts_the_stft() -> None:
    wave = draw((160 * 50,), 3, 0, "start")
    back = make_vocoder().inverse_stft(spectrum_of(wave))[0]
    assert back.shape == wave.shape
    inner = slice(700, -700)  # the mirror has another phase at the ends
    assert (back - wave)[inner].abs().max() < 1e-4


def test_frame_j_sounds_in_its_own_160_samples() -> None:
    """One frame of the spectrum affects only the samples around that frame."""
    spectrum = torch.zeros(1, 513, 30, dtype=torch.complex64)
    spectrum[:, :, 12] = torch.fft.rfft(draw((1024,), 0, 0, "start"))
    energy = make_vocoder().inverse_stft(spectrum)[0] ** 2
    centre = float((energy * torch.arange(len(energy))).sum() / energy.sum())
    assert centre == pytest.approx(160 * 12.5, abs=60)
    assert energy[: 160 * 12 - 512].sum() == 0
    assert energy[160 * 13 + 512 :].sum() == 0


def test_loud_frames_are_bounded() -> None:
    vocoder = make_vocoder()
    vocoder.head.bias[:513] = 100
    sound = vocoder(mel(10))
    assert torch.isfinite(sound).all()
    assert vocoder.spectrum(mel(10)).abs().max() == pytest.approx(np.exp(6), rel=1e-5)


def test_there_is_no_offset() -> None:
    vocoder = make_vocoder(refinements=2)
    mel = draw((1, 60, 64), 3, 0, "start") - 4
    spectrum = vocoder.spectrum(mel)
    assert not spectrum[:, 0].any()
    assert spectrum[:, 1:].all()
    shifted = vocoder(mel) + 0.5
    assert vocoder.refined(shifted, mel).mean().abs() < 0.05


@pytest.mark.parametrize("make", [make_vocoder, make_tonal])
def test_it_reaches_no_further_than_it_says(make: Callable[[], ISTFTVocoder]) -> None:
    vocoder, frames = make(), 240
    reach = vocoder.receptive_frames
    changed = mel(frames)
    changed[:, 120] += 3
    difference = (vocoder(changed) - vocoder(mel(frames))).abs()[0]
    # Phases are sums in double precision, whose last digit depends on where the sum starts.
    touched = (difference > 1e-4 * difference.max()).nonzero().flatten()
    assert touched.min() >= 160 * (120 - reach)
    assert touched.max() < 160 * (121 + reach)
    assert touched.max() - touched.min() > 160 * vocoder.config.depth * KERNEL  # and it does reach


@pytest.mark.parametrize("make", [make_vocoder, make_tonal])
def test_it_is_saved_and_loaded(make: Callable[..., ISTFTVocoder], tmp_path: Path) -> None:
    vocoder = make(mel_mean=-3.0)
    vocoder.save_pretrained(tmp_path)
    loaded = ISTFTVocoder.from_pretrained(tmp_path)
    assert torch.equal(loaded(mel(12)), vocoder(mel(12)))
    assert loaded.config.mel_mean == -3.0


def test_the_shipped_vocoder_has_no_tones() -> None:
    """The shipped weights have no tones, and their other settings are the old ones."""
    vocoder = load_embedded(2)
    assert vocoder.tone_head is None
    assert not [key for key in vocoder.state_dict() if key.startswith("tone")]
    assert (vocoder.config.tones, vocoder.config.window, vocoder.config.refinements) == (0, 1024, 2)
    assert vocoder.receptive_frames == 42


def steady_mel(hertz: float, frames: int) -> torch.Tensor:
    """Return the log-mel of a tone, with frames that are exactly equal."""
    wave = torch.sin(2 * torch.pi * hertz / 16000 * torch.arange(160 * 40))[None]
    return torch_log_mel(wave)[:, 0, 20:21].expand(-1, frames, -1)


@torch.no_grad()
def test_only_tones_can_hold_a_steady_note() -> None:
    """Without tones, the sound of equal frames repeats with every hop: it has multiples of 100 Hz only."""
    steady = steady_mel(437.0, 200)
    plain = load_embedded(0)(steady)[0, 8000:-8000]
    assert (plain[160:] - plain[:-160]).abs().max() < 1e-4 * plain.abs().max()
    vocoder = make_tonal()
    vocoder.head.bias[:513] = -20  # nothing but tones
    vocoder.head.weight[:513] = 0
    tonal = vocoder(steady)[0, 8000:-8000]
    assert (tonal[160:] - tonal[:-160]).abs().max() > 0.1 * tonal.abs().max()


def test_every_weight_of_a_tonal_vocoder_has_a_gradient() -> None:
    vocoder = make_tonal().train().requires_grad_(True)
    spectrum, tones = vocoder.spectrum_and_tones(mel(60))
    (spectrum.abs().square().mean() + tones.offset.square().mean() + tones.jitter.square().mean()).backward()
    for name, weight in vocoder.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


def test_more_tones_than_fit_are_refused() -> None:
    with pytest.raises(InputError, match="tones must be 0 to 256"):
        make_vocoder(tones=257)


def test_the_mel_is_standardised() -> None:
    one, other = make_vocoder(mel_mean=0.0, mel_std=1.0), make_vocoder(mel_mean=-4.6, mel_std=2.0)
    assert torch.allclose(other.spectrum(mel(9)), one.spectrum((mel(9) + 4.6) / 2), atol=1e-5)


def test_refinement_brings_the_sound_nearer_to_its_mel() -> None:
    real = draw((1, 160 * 200), 3, 0, "start") * 0.1
    wanted = torch_log_mel(real)[:, 0]
    distances = []
    for refinements in (0, 1, 2, 4):
        sound = load_embedded(refinements)(wanted)
        distances.append((torch_log_mel(sound)[:, 0] - wanted).abs().mean().item())
    assert distances == sorted(distances, reverse=True)
    assert distances[2] < 0.6 * distances[0]


def load_embedded(refinements: int) -> ISTFTVocoder:
    return ISTFTVocoder.from_pretrained(EMBEDDED / "vocoder", torch_dtype=torch.float32, refinements=refinements).eval()


@torch.no_grad()
def test_refinement_leaves_alone_what_is_right() -> None:
    noise = draw((1, 160 * 60), 3, 0, "start") * 0.1
    real = noise - 2 * noise.roll(1) + noise.roll(2)  # with nothing at 0 Hz, which is removed
    after = make_vocoder().refined(real, torch_log_mel(real)[:, 0])
    assert (after - real).abs()[:, 700:-700].max() < 1e-4


def test_refinement_of_another_mel_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"the mel has 80 bands, windows of 1024 .*: expected 64, 1024, 160 and 16000 for refinements"
    ):
        make_vocoder(mel_bins=80)
    assert make_vocoder(mel_bins=80, refinements=0).config.mel_bins == 80


@pytest.mark.parametrize(
    "kind", ["hifigan", "istft", "istft of the embedded size", "tones", "tones of the embedded size"]
)
def test_windowed_vocoding_equals_a_whole_pass(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window has as much context as the vocoder reaches."""
    vocoder = {
        "hifigan": published_hifigan,
        "istft": make_vocoder,
        "istft of the embedded size": lambda: make_vocoder(depth=6),
        "tones": make_tonal,
        "tones of the embedded size": lambda: make_tonal(depth=6, anchor_spacing=48),
    }[kind]()
    model = DiffusersAudioLDM("random", **make_components() | {"vocoder": vocoder})
    x = mel(500)[:, None]
    monkeypatch.setattr(spotnb.models.decode_mel, "VOCODER_WINDOW", 160)
    sound, whole = sliding_window_vocode(model, x), model.vocode(x)
    assert sound.shape == whole.shape == (1, 80000)
    assert whole.abs().max() > 1e-3
    assert (sound - whole).abs().max() <= 1e-4 * whole.abs().max()
    monkeypatch.setattr(spotnb.models.decode_mel, "VOCODER_CONTEXT", 1)
    monkeypatch.setattr(ISTFTVocoder, "receptive_frames", 1)
    assert (sliding_window_vocode(model, x) - whole).abs().max() > 1e-3 * whole.abs().max()  # it takes some


def test_a_ring_of_tones_has_no_first_frame() -> None:
    """Tones restart where the mel changes, so a ring sounds the same wherever it is cut open."""
    vocoder, frames, by = make_tonal(), 400, 137
    reach, ring = vocoder.receptive_frames, mel(400)
    around = torch.arange(-reach, frames + reach) % frames
    one, other = (vocoder(x[:, around])[0, 160 * reach :][: 160 * frames] for x in (ring, ring.roll(-by, 1)))
    assert (one.roll(-160 * by) - other).abs().max() < 1e-3 * one.abs().max()
