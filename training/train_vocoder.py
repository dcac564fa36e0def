"""Train the vocoder, `spotnb.models.vocoder.ISTFTVocoder` with tones, on real mels, and then against discriminators.

    python -m training.train_vocoder --earlier spotnb/models/embedded
    python -m training.train_vocoder --adversarial

The same command resumes a training from its checkpoint in the data folder: `vocoder.checkpoint.pt`, or
`vocoder-adversarial.checkpoint.pt` for the second phase, which starts from the first checkpoint. With `--so-far`, the
vocoder of a checkpoint is written while the training goes on.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import ISTFTVocoder
from training.data import Waveforms
from training.discriminators import Discriminators
from training.fit_tones import fit_tones
from training.measure_vocoder import copied, tonal_clips
from training.trainer import Trainer
from training.vocoder_losses import frequency_distance, stft_distance

FRAMES, BATCH = 96, 8
EDGE = 800  # samples at the ends of an excerpt that the losses ignore, since the mel there is of mirrored sound
TONES = 256
LONG = 4096  # samples per frame of an STFT in which only steady tones are narrow
FREQUENCY_WEIGHT, LONG_WEIGHT = 10.0, 1 / 3
ADVERSARIAL_WEIGHT, MATCHING_WEIGHT = 0.1, 0.2
RATE, ADVERSARIAL_RATE = 6e-4, 2e-4
TONE_RATE = 2  # factor of the learning rate of the tones' head, which has learned less than the rest
NAME, ADVERSARIAL_NAME = "vocoder", "vocoder-adversarial"


def excerpts(waves: Waveforms, rng: np.random.Generator, batch: int, frames: int) -> Tensor:
    """Cut random excerpts `[batch, 160 * frames]` from random clips."""
    samples = frames * 160
    chosen = [waves[int(i)] for i in rng.integers(len(waves), size=batch)]
    starts = [int(s) for s in rng.integers(chosen[0].size - samples + 1, size=batch)]
    return torch.from_numpy(np.stack([w[s : s + samples] for w, s in zip(chosen, starts, strict=True)]))


def initial(waves: Waveforms, earlier: Path | None = None) -> ISTFTVocoder:
    """Return a vocoder to train, with the weights of an earlier model where they exist.

    If there are no weights for the tones, they are fitted to clips. The head, which is left with the rest of the sound,
    then starts 3 log units lower.
    """
    vocoder, found = ISTFTVocoder(tones=TONES, refinements=0), {}
    if earlier is not None:
        found = load_file(earlier / "vocoder" / "diffusion_pytorch_model.safetensors")
        vocoder.load_state_dict({key: value.float() for key, value in found.items()}, strict=False)
    if not any(key.startswith("tone_head") for key in found):
        fit_tones(vocoder, waves)
        with torch.no_grad():
            vocoder.head.bias[: vocoder.config.window // 2 + 1] -= 3
    return vocoder


def spectral_loss(vocoder: ISTFTVocoder, real: Tensor) -> tuple[Tensor, Tensor, dict[str, float]]:
    """Compute the loss on real sounds `[B, samples]`.

    Returns:
        The loss, the vocoded sounds `[B, samples]`, and figures to log.
    """
    spectrum, offset = vocoder.spectrum_and_offset(torch_log_mel(real)[:, 0])
    ours = vocoder.inverse_stft(spectrum)
    inside = slice(EDGE, -EDGE)
    stft = stft_distance(ours[:, inside], real[:, inside])
    mel_l1 = (torch_log_mel(ours[:, inside]) - torch_log_mel(real[:, inside])).abs().mean()
    long_stft = stft_distance(ours, real, (LONG,))
    frequency = frequency_distance(offset, real)
    figures = {
        "stft": stft.item(),
        "mel_l1": mel_l1.item(),
        "long_stft": long_stft.item(),
        "hz": frequency.item() * 100,
    }
    return stft + mel_l1 + LONG_WEIGHT * long_stft + FREQUENCY_WEIGHT * frequency, ours, figures


@dataclass
class Adversary:
    """Discriminators and their optimizer, which take one step per step of the vocoder."""

    discriminators: Discriminators
    optimizer: torch.optim.Optimizer

    def loss(self, ours: Tensor, real: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Train the discriminators on sounds `[B, samples]`, and return the vocoder's loss and figures to log."""
        self.discriminators.requires_grad_(True)
        own = self.discriminators.loss(ours, real)
        self.optimizer.zero_grad(set_to_none=True)
        own.backward()
        self.optimizer.step()
        self.discriminators.requires_grad_(False)
        adversarial, matching = self.discriminators.vocoder_losses(ours, real)
        figures = {"discriminators": own.item(), "adversarial": adversarial.item(), "matching": matching.item()}
        return ADVERSARIAL_WEIGHT * adversarial + MATCHING_WEIGHT * matching, figures


def train(data: Path, minutes: float, earlier: Path | None, adversarial: bool, device: str) -> ISTFTVocoder:
    """Train a vocoder, or resume its training, and return it with the averaged weights.

    Args:
        data: The data folder with the rendered clips and the checkpoints.
        minutes: Budget in minutes.
        earlier: Folder of an earlier model whose vocoder is the start.
        adversarial: Whether this is the second phase, against discriminators.
        device: Where to train.
    """
    waves, tonal = Waveforms(data, "train"), tonal_clips(data).to(device)
    adversary, beside = None, {}
    name, rate = (ADVERSARIAL_NAME, ADVERSARIAL_RATE) if adversarial else (NAME, RATE)
    if adversarial and earlier is None:
        vocoder = of_checkpoint(data / f"{NAME}.checkpoint.pt")
    elif (data / f"{name}.checkpoint.pt").exists():
        vocoder = ISTFTVocoder(tones=TONES, refinements=0)  # the trainer loads its weights
    else:
        vocoder = initial(waves, earlier)
    if adversarial:
        discriminators = Discriminators().to(device)
        optimizer = torch.optim.AdamW(discriminators.parameters(), lr=ADVERSARIAL_RATE, betas=(0.8, 0.99))
        adversary, beside = Adversary(discriminators, optimizer), {"judges": discriminators, "optimizer": optimizer}
    vocoder.to(device)

    def loss(step: int) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng((3, step))
        gain = torch.from_numpy(rng.uniform(0.3, 1.5, (BATCH, 1)).astype(np.float32))
        real = (excerpts(waves, rng, BATCH, FRAMES) * gain).to(device)
        value, ours, figures = spectral_loss(vocoder, real)
        if adversary is not None:
            more, heard = adversary.loss(ours[:, EDGE:-EDGE], real[:, EDGE:-EDGE])
            value, figures = value + more, figures | heard
        return value, figures

    def validate() -> dict[str, float]:
        return copied(lambda real: vocoder(torch_log_mel(real)[:, 0]), tonal)

    rest = [weight for name, weight in vocoder.named_parameters() if not name.startswith("tone_head")]
    groups = [{"params": rest}, {"params": vocoder.tone_head.parameters(), "scale": TONE_RATE}]
    settings: dict[str, Any] = {"betas": (0.8, 0.99), "ema": 0.998, "warmup": 100, "clip": 5.0}
    trainer = Trainer(name, vocoder, data, minutes, lr=rate, groups=groups, beside=beside, **settings)
    return trainer.run(loss, validate)


def of_checkpoint(checkpoint: Path) -> ISTFTVocoder:
    """Return a vocoder with the averaged weights in a checkpoint."""
    vocoder = ISTFTVocoder(tones=TONES, refinements=0)
    vocoder.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["ema"])
    return vocoder.eval()


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("data/model"))
    parser.add_argument("--minutes", type=float, default=240, help="CPU minutes, or wall-clock minutes on a GPU")
    parser.add_argument("--earlier", type=Path, help="folder of an earlier model to start from")
    parser.add_argument("--adversarial", action="store_true", help="the second phase, against discriminators")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--so-far", action="store_true", help="only write the vocoder of the checkpoint")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if args.so_far:
        vocoder = of_checkpoint(args.data / f"{ADVERSARIAL_NAME if args.adversarial else NAME}.checkpoint.pt")
    else:
        vocoder = train(args.data, args.minutes, args.earlier, args.adversarial, args.device)
    vocoder.cpu().half().save_pretrained(args.out / "vocoder", safe_serialization=True)


if __name__ == "__main__":
    main()
