"""The vocoder: `spotnb.models.vocoder.ISTFTVocoder` on real mels, with multi-resolution STFT and mel losses."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import ISTFTVocoder
from training.data import Waveforms
from training.train_vae import autocast
from training.trainer import Trainer

FRAMES, BATCH, EDGE = 96, 8, 800
RESOLUTIONS = (512, 1024, 2048)
_windows = {n: torch.hann_window(n) for n in RESOLUTIONS}


def stft_distance(ours: Tensor, real: Tensor) -> Tensor:
    """Multi-resolution STFT distance (Yamamoto et al. 2020, Parallel WaveGAN, section 2.2), mean over resolutions."""
    total = torch.zeros(())
    for n, window in _windows.items():
        a, b = (torch.stft(x, n, n // 4, n, window, return_complex=True).abs() for x in (ours, real))
        convergence = ((a - b).norm(dim=(1, 2)) / (b.norm(dim=(1, 2)) + 1e-3)).mean()
        total = total + convergence + ((a + 1e-3).log() - (b + 1e-3).log()).abs().mean()
    return total / len(RESOLUTIONS)


def spectral_convergence(ours: Tensor, real: Tensor) -> float:
    """Distance of STFT magnitudes over their own size (1024 points), mean over sounds: 0 is perfect."""
    a, b = (torch.stft(x, 1024, 256, 1024, _windows[1024], return_complex=True).abs() for x in (ours, real))
    return ((a - b).norm(dim=(1, 2)) / (b.norm(dim=(1, 2)) + 1e-3)).mean().item()


def excerpts(waves: Waveforms, rng: np.random.Generator, batch: int, frames: int) -> Tensor:
    """Draw random excerpts of `frames` mel frames from the waveforms, `[batch, samples]`."""
    samples = frames * 160
    chosen = [waves[int(i)] for i in rng.integers(len(waves), size=batch)]
    starts = [int(s) for s in rng.integers(chosen[0].size - samples + 1, size=batch)]
    return torch.from_numpy(np.stack([w[s : s + samples] for w, s in zip(chosen, starts, strict=True)]))


def compare(vocoder: ISTFTVocoder, real: Tensor) -> tuple[float, float]:
    """Mel L1 and multi-resolution STFT distance of resynthesised sound `[B, samples]`."""
    mel = torch_log_mel(real)
    ours = vocoder(mel[:, 0])
    return (torch_log_mel(ours) - mel).abs().mean().item(), stft_distance(ours, real).item()


def train(data: Path, minutes: float, start: Path | None = None) -> ISTFTVocoder:
    """Train a vocoder for some CPU minutes, from random weights or from those in the model folder `start`."""
    waves, unseen = Waveforms(data, "train"), Waveforms(data, "unseen")
    fixed = excerpts(unseen, np.random.default_rng(1), 28, 400)
    vocoder = ISTFTVocoder()
    if start is not None:
        vocoder.load_state_dict(load_file(start / "vocoder" / "diffusion_pytorch_model.safetensors"))
    inside = slice(EDGE, -EDGE)  # the crop's own edges are no part of the sound

    def loss(step: int) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng((3, step))
        gain = torch.from_numpy(rng.uniform(0.3, 1.5, (BATCH, 1)).astype(np.float32))
        real = excerpts(waves, rng, BATCH, FRAMES) * gain
        mel = torch_log_mel(real)
        with autocast():
            spectrum = vocoder.spectrum(mel[:, 0])
        ours = vocoder.inverse_stft(spectrum)
        stft = stft_distance(ours[:, inside], real[:, inside])
        mel_l1 = (torch_log_mel(ours[:, inside]) - torch_log_mel(real[:, inside])).abs().mean()
        return stft + mel_l1, {"stft": stft.item(), "mel_l1": mel_l1.item()}

    def validate() -> dict[str, float]:
        mel_l1, stft = compare(vocoder, fixed)
        return {"mel_l1": mel_l1, "stft": stft}

    rate = 1e-3 if start is None else 6e-4
    trainer = Trainer("vocoder", vocoder, data, minutes, lr=rate, betas=(0.8, 0.99), ema=0.998, warmup=100, clip=5.0)
    return trainer.run(loss, validate)


def main() -> None:
    """Train and save the vocoder with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("data/model"))
    parser.add_argument("--minutes", type=float, default=12, help="CPU minutes")
    parser.add_argument("--earlier", type=Path, help="a model folder to go on from")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    train(args.data, args.minutes, args.earlier).half().save_pretrained(args.out / "vocoder", safe_serialization=True)


if __name__ == "__main__":
    main()
