import subprocess
import sys

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.models.mel import torch_log_mel
from spotnb.sound.mel import BINS, FLOOR, LATENT_SECONDS, MIRROR, as_log_mel, log_mel, mel_bin
from tests.effort import effort


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def test_equals_librosa():
    wave = noise(16000) + 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype(np.float32)
    padded = np.pad(wave.astype(np.float64), MIRROR, mode="reflect")
    theirs = librosa.feature.melspectrogram(
        y=padded, sr=16000, n_fft=1024, hop_length=160, center=False, power=1, n_mels=64, fmin=0, fmax=8000
    )
    np.testing.assert_allclose(log_mel(wave), np.log(np.maximum(theirs, FLOOR)).T, atol=1e-4)


def test_torch_twin_agrees():
    waves = np.stack([noise(5000, 0), noise(5000, 1) * np.linspace(0, 1, 5000, dtype=np.float32)])
    ours = np.stack([log_mel(wave) for wave in waves])[:, None]
    assert np.abs(torch_log_mel(torch.tensor(waves)).numpy() - ours).max() < 1e-4
    assert np.abs(torch_log_mel(torch.tensor(waves).double()).numpy() - ours).max() < 2e-6


def test_torch_twin_is_differentiable_also_after_inference_mode_and_in_silence():
    with torch.inference_mode():
        torch_log_mel(torch.zeros(1, 1000, dtype=torch.float64))
    wave = torch.zeros(2, 1600, dtype=torch.float64)
    wave[1] = torch.tensor(noise(1600))
    wave.requires_grad_()
    torch_log_mel(wave).sum().backward()
    assert torch.isfinite(wave.grad).all()
    assert not wave.grad[0].any()
    assert wave.grad[1].all()


def test_torch_twin_is_float32_at_least():
    wave = torch.tensor(noise(1600))[None]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(torch_log_mel(wave), torch_log_mel(wave.float()))
    assert torch_log_mel(wave.bfloat16()).dtype == torch.float32


@effort(0.4)
@given(samples=st.integers(MIRROR + 1, 4000), gain=st.floats(0.1, 10))
def test_frames_and_units(samples: int, gain: float):
    mel = log_mel(noise(samples))
    assert mel.shape == (samples // 160, BINS)
    assert mel.dtype == np.float32
    np.testing.assert_allclose(log_mel(np.float32(gain) * noise(samples)), mel + np.log(gain), atol=1e-4)


def test_silence_is_the_floor():
    assert np.all(log_mel(np.zeros(1600)) == np.float32(np.log(FLOOR)))


def test_a_long_sound_is_transformed_in_chunks_without_a_trace():
    wave = noise(160 * 1100)
    assert np.array_equal(log_mel(wave)[1000:1050], log_mel(wave[160 * 990 :])[10:60])


def test_a_latent_border_lies_between_two_frames():
    """An impulse 640 k samples in is as far from frame 4 k - 1 as from frame 4 k."""
    wave = np.zeros(6400)
    wave[3200] = 1
    mel = log_mel(wave)
    np.testing.assert_allclose(mel[19], mel[20], atol=0.02)
    assert LATENT_SECONDS == 640 / 16000


def test_mel_bin_is_librosas_scale():
    centres = librosa.mel_frequencies(n_mels=66, fmin=0, fmax=8000)[1:-1]
    np.testing.assert_allclose(mel_bin(centres), np.arange(64), atol=1e-9)


def test_as_log_mel_takes_what_decoders_and_callers_have():
    mel = log_mel(noise(3200))
    assert np.array_equal(as_log_mel(noise(3200)), mel)
    assert np.array_equal(as_log_mel(torch.tensor(mel)[None, None]), mel)
    assert as_log_mel(torch.tensor(mel, dtype=torch.bfloat16, requires_grad=True)).dtype == np.float32


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.zeros(432), "432 samples: expected at least 433"),
        (np.zeros((2, 5, 64)), r"\[2, 5, 64\]"),
        (np.zeros((5, 63)), r"\[5, 63\]"),
        (np.zeros((0, 64)), r"\[0, 64\]"),
        (np.full((5, 64), np.nan), "320 NaN or infinite"),
        (np.array([0.0] * 999 + [np.inf]), r"index \[999\]"),
        (np.zeros(999, np.int16), "int16"),
        ("sound", "cannot read 'sound' as an array"),
        (None, "cannot read None as an array"),
    ],
)
def test_bad_input(value, says):
    with pytest.raises(InputError, match=says) as caught:
        as_log_mel(value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(5000,), (1, 432), (1, 1, 5000)])
def test_bad_shape_for_the_torch_twin(shape):
    with pytest.raises(InputError, match="433"):
        torch_log_mel(torch.zeros(shape))


def test_import_is_light():
    heavy = "{'torch', 'transformers', 'matplotlib', 'scipy', 'soundfile'}"
    code = (
        f"import sys, spotnb.sound.mel, spotnb.sound.measure, spotnb.sound.files\nassert not {heavy} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
