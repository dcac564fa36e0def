"""Unseen real clips: how well the autoencoder and the vocoder reconstruct them, and their own Fréchet distance."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from spotnb.sound.mel import SAMPLE_RATE
from training.classifier import FRAMES, frechet, judge_mels, load_judge, moments
from training.compose import CLASSES
from training.griffin_lim import griffin_lim
from training.listening import harmonic_to_noise
from training.render import SHARD, make_clips
from training.vocoder_losses import spectral_convergence, stft_distance

REAL_CLIPS, SECONDS = 168, 10.24


def real_clips(count: int, first: int = 0, seconds: float = FRAMES / 100) -> tuple[Tensor, list[dict]]:
    """Render unseen real clips `[count, samples]`, cut to `seconds`, and return them with their attributes."""
    samples = round(seconds * SAMPLE_RATE)
    parts, rows = [], []
    for start in range(first, first + count, SHARD):
        clips, some = make_clips("unseen", 0, start, min(SHARD, first + count - start))
        parts.append(torch.from_numpy(clips[:, :samples].astype(np.float32) / 32768))
        rows += some
    return torch.cat(parts), rows


def measure_real(model: DiffusersAudioLDM) -> dict[str, object]:
    """Measure the autoencoder and the vocoder on unseen real clips, and the Fréchet distance between real clips."""
    waves, rows = real_clips(REAL_CLIPS, seconds=SECONDS)
    judge, reference = load_judge()
    mels = torch.cat([torch_log_mel(part) for part in waves.split(8)])
    features, heard = judge_mels(judge, mels[:, :, :FRAMES])
    plain = np.array(["with" not in row and row["era"] == "modern" for row in rows])
    labels = np.array([CLASSES.index(row["class"]) for row in rows])
    results: dict[str, object] = {
        "frechet_real": frechet(moments(features[plain]), reference),
        "judge_accuracy_real": float((heard.argmax(1) == labels)[plain].mean()),
    }
    decoded = torch.cat([model.decode_mel(model.encode(part)).cpu() for part in waves.split(4)])
    results["vae_mel_l1"] = (decoded - mels).abs().mean().item()
    some = slice(None, None, 3)
    for name, vocode in (("vocoder", model.vocode), ("griffin_lim", griffin_lim)):
        started = time.perf_counter()
        sound = torch.cat([vocode(part).cpu() for part in mels[some].split(4)])
        seconds = time.perf_counter() - started
        results[f"{name}_mel_l1"] = (torch_log_mel(sound) - mels[some]).abs().mean().item()
        results[f"{name}_mr_stft"] = stft_distance(sound, waves[some]).item()
        results[f"{name}_spectral_convergence"] = spectral_convergence(sound, waves[some])
        results[f"{name}_harmonic_to_noise_db"] = float(np.mean([harmonic_to_noise(x.numpy()) for x in sound]))
        results[f"{name}_real_time_factor"] = seconds / (sound.numel() / 16000)
    return results | {"real_harmonic_to_noise_db": float(np.mean([harmonic_to_noise(x.numpy()) for x in waves[some]]))}
