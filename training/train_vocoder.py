"""Train the vocoder, `spotnb.models.vocoder.SinusoidalVocoder`, on real mels, in three phases.

    python -m training.train_vocoder --earlier spotnb/models/embedded
    python -m training.train_vocoder --adversarial

The first command trains the magnitudes, the frequencies and the jitter of the tones, which are known for real sound,
and then the mel bands of the sound as well. While frequencies are far off, spectra teach a vocoder to blur. The second
command trains against discriminators.

The same commands resume a training from the checkpoint of its phase in the data folder: `vocoder-tones.checkpoint.pt`,
`vocoder.checkpoint.pt`, or `vocoder-adversarial.checkpoint.pt`. With `--so-far PHASE`, the vocoder of a checkpoint is
written while the training goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import SinusoidalVocoder, Tones
from training.data import Waveforms
from training.device import Ahead
from training.discriminators import Discriminators
from training.fit_tones import fit_tones
from training.measure_vocoder import copied, tonal_clips
from training.start import begin, training_parser
from training.trainer import Figures, Stateful, Trainer
from training.vocoder_losses import analysed, frequency_distance, jitter_distance, magnitude_distance, mel_distance

FRAMES, BATCH, GPU_BATCH = 96, 8, 32
EDGE = 800  # samples at the ends of an excerpt that the losses ignore, since the mel there is of mirrored sound
TONES = 256
SHARPNESS = 1.0  # of the finished vocoder; no loss and no validation hears it, or it would be trained away
FREQUENCY_WEIGHT, JITTER_WEIGHT, MAGNITUDE_WEIGHT = 10.0, 5.0, 0.5
ADVERSARIAL_WEIGHT, MATCHING_WEIGHT = 0.1, 0.2
MEL_WEIGHT = 4.0
RATE, ADVERSARIAL_RATE = 6e-4, 2e-4
TONE_RATE = 2  # factor of the learning rate of the tones' head, which has learned less than the rest
TONES_SHARE = 0.9  # of the minutes, for the first phase: a long second one makes the magnitudes of held notes rough
PHASES = ("vocoder-tones", "vocoder", "vocoder-adversarial")  # names of their checkpoints and logs


def excerpts(waves: Waveforms, rng: np.random.Generator, batch: int, frames: int) -> Tensor:
    """Cut random excerpts `[batch, 160 * frames]` from random clips."""
    samples = frames * 160
    chosen = [waves[int(i)] for i in rng.integers(len(waves), size=batch)]
    starts = [int(s) for s in rng.integers(chosen[0].size - samples + 1, size=batch)]
    return torch.from_numpy(np.stack([w[s : s + samples] for w, s in zip(chosen, starts, strict=True)]))


def initial(waves: Waveforms, earlier: Path | None = None) -> SinusoidalVocoder:
    """Return a vocoder to train: with the weights of an earlier model, or with tones that are fitted to clips."""
    vocoder = SinusoidalVocoder(tones=TONES)
    if earlier is None:
        fit_tones(vocoder, waves)
    else:
        found = load_file(earlier / "vocoder" / "diffusion_pytorch_model.safetensors")
        vocoder.load_state_dict({key: value.float() for key, value in found.items()})
    return vocoder


def tones_loss(tones: Tones, real: Tensor) -> tuple[Tensor, Figures]:
    """Compute the loss of tones on real sounds `[B, samples]`, and figures to log."""
    spectrum = analysed(real)
    wrong = magnitude_distance(tones.magnitude, spectrum)
    frequency, jitter = frequency_distance(tones.offset, spectrum), jitter_distance(tones.jitter, spectrum)
    figures = {"log": wrong.detach(), "hz": frequency.detach() * 100, "jitter": jitter.detach()}
    return MAGNITUDE_WEIGHT * wrong + FREQUENCY_WEIGHT * frequency + JITTER_WEIGHT * jitter, figures


def sound_loss(vocoder: SinusoidalVocoder, real: Tensor) -> tuple[Tensor, Tensor, Figures]:
    """Compute the loss of tones and of their sound on real sounds `[B, samples]`.

    Returns:
        The loss, the vocoded sounds `[B, samples]`, and figures to log.
    """
    mel = torch_log_mel(real)[:, 0]
    tones = vocoder.tones(mel)
    ours = vocoder.overlapped(vocoder.spectrum(tones, mel))
    inside = slice(EDGE, -EDGE)
    distance = mel_distance(ours[:, inside], real[:, inside])
    known, figures = tones_loss(tones, real)
    return MEL_WEIGHT * distance + known, ours, {"mel": distance.detach(), **figures}


@dataclass
class Adversary:
    """Discriminators and their optimizer, which take one step per step of the vocoder."""

    discriminators: Discriminators
    optimizer: torch.optim.Optimizer

    def loss(self, ours: Tensor, real: Tensor) -> tuple[Tensor, Figures]:
        """Train the discriminators on sounds `[B, samples]`, and return the vocoder's loss and figures to log."""
        self.discriminators.requires_grad_(True)
        own = self.discriminators.loss(ours, real)
        self.optimizer.zero_grad(set_to_none=True)
        own.backward()
        self.optimizer.step()
        self.discriminators.requires_grad_(False)
        adversarial, matching = self.discriminators.vocoder_losses(ours, real)
        figures = {"discriminators": own.detach(), "adversarial": adversarial.detach(), "matching": matching.detach()}
        return ADVERSARIAL_WEIGHT * adversarial + MATCHING_WEIGHT * matching, figures


def train(
    data: Path, minutes: float, phase: str, device: torch.device | str, earlier: Path | None = None
) -> SinusoidalVocoder:
    """Train a vocoder in one phase, or resume that, and return it with the averaged weights.

    A phase starts from the checkpoint of the phase before it. If there is none, it starts from `initial`.

    Args:
        data: The data folder with the rendered clips and the checkpoints.
        minutes: Budget in minutes.
        phase: One of `PHASES`.
        device: Where to train.
        earlier: Folder of an earlier model whose vocoder is the start of the first phase.
    """
    waves, tonal = Waveforms(data, "train"), tonal_clips(data).to(device)
    size = BATCH if torch.device(device).type == "cpu" else GPU_BATCH
    known = [data / f"{name}.checkpoint.pt" for name in reversed(PHASES[: PHASES.index(phase) + 1])]
    existing = [path for path in known if path.exists()]
    vocoder = of_checkpoint(existing[0]) if existing else initial(waves, earlier)
    vocoder = vocoder.to(device)
    adversary, rate = None, RATE
    beside: dict[str, Stateful] = {}
    if phase == PHASES[2]:
        discriminators, rate = Discriminators().to(device), ADVERSARIAL_RATE
        optimizer = torch.optim.AdamW(discriminators.parameters(), lr=rate, betas=(0.8, 0.99))
        adversary, beside = Adversary(discriminators, optimizer), {"judges": discriminators, "optimizer": optimizer}

    def batch(step: int) -> Tensor:
        rng = np.random.default_rng((3, step))
        gain = torch.from_numpy(rng.uniform(0.3, 1.5, (size, 1)).astype(np.float32))
        return excerpts(waves, rng, size, FRAMES) * gain

    batches = Ahead(batch, device)

    def loss(step: int) -> tuple[Tensor, Figures]:
        real = batches(step)
        if phase == PHASES[0]:
            return tones_loss(vocoder.tones(torch_log_mel(real)[:, 0]), real)
        value, ours, figures = sound_loss(vocoder, real)
        if adversary is not None:
            more, heard = adversary.loss(ours[:, EDGE:-EDGE], real[:, EDGE:-EDGE])
            value, figures = value + more, {**figures, **heard}
        return value, figures

    def validate() -> dict[str, float]:
        return copied(lambda real: vocoder(torch_log_mel(real)[:, 0]), tonal)

    rest = [weight for name, weight in vocoder.named_parameters() if not name.startswith("tone_head")]
    groups = [{"params": rest}, {"params": vocoder.tone_head.parameters(), "scale": TONE_RATE}]
    settings: dict[str, Any] = {"betas": (0.8, 0.99), "ema": 0.998, "warmup": 100, "clip": 5.0}
    trainer = Trainer(phase, vocoder, data, minutes, lr=rate, groups=groups, beside=beside, **settings)
    return trainer.run(loss, validate)


def of_checkpoint(checkpoint: Path) -> SinusoidalVocoder:
    """Return a vocoder with the averaged weights in a checkpoint."""
    vocoder = SinusoidalVocoder(tones=TONES)
    vocoder.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["ema"])
    return vocoder.eval()


def main(arguments: list[str] | None = None) -> None:
    """Train from the command line."""
    parser = training_parser(__doc__.splitlines()[0], minutes=70)
    parser.add_argument("--earlier", type=Path, help="folder of an earlier model to start from")
    parser.add_argument("--adversarial", action="store_true", help="the third phase, against discriminators")
    parser.add_argument("--so-far", choices=PHASES, help="only write the vocoder of the checkpoint of this phase")
    args = parser.parse_args(arguments)
    device = begin(args)
    if args.so_far is not None:
        vocoder = of_checkpoint(args.data / f"{args.so_far}.checkpoint.pt")
    elif args.adversarial:
        vocoder = train(args.data, args.minutes, PHASES[2], device, args.earlier)
    else:
        if not (args.data / f"{PHASES[1]}.checkpoint.pt").exists():
            train(args.data, args.minutes * TONES_SHARE, PHASES[0], device, args.earlier)
        vocoder = train(args.data, args.minutes * (1 - TONES_SHARE), PHASES[1], device, args.earlier)
    vocoder.register_to_config(sharpness=SHARPNESS)
    vocoder.cpu().half().save_pretrained(args.out / "vocoder", safe_serialization=True)


if __name__ == "__main__":
    main()
