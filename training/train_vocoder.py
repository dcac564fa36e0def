"""The vocoder: `spotnb.models.vocoder.ISTFTVocoder` with tones, on real mels; then, if asked, against judges.

    python -m training.train_vocoder --earlier spotnb/models/embedded --minutes 240
    python -m training.train_vocoder --adversarial --minutes 240

Stop it and start it again by the same command: it goes on from its checkpoint in the data folder,
`vocoder.checkpoint.pt` or `vocoder-adversarial.checkpoint.pt`. The second phase starts from the first one's.
`--so-far` writes a vocoder of what a checkpoint holds, while the training runs.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import ISTFTVocoder
from training.data import Waveforms
from training.discriminators import Judges
from training.measure_vocoder import copied, tonal_clips
from training.trainer import Trainer
from training.vocoder_losses import frequency_distance, stft_distance

FRAMES, BATCH, EDGE = 96, 8, 800
TONES = 256
FINE = 4096  # points of a spectrum in which a tone that is not steady is wide
FREQUENCY, FINENESS = 10.0, 1 / 3  # weights of those losses beside the distances of spectra and log-mels
PASSING, NOTICED = 0.1, 0.2  # weights of what the judges say
RATE, RATE_AGAINST_JUDGES = 6e-4, 2e-4
TONE_RATE = 3  # the head of the tones learns this much faster: it has further to go than what was trained before


def excerpts(waves: Waveforms, rng: np.random.Generator, batch: int, frames: int) -> Tensor:
    samples = frames * 160
    chosen = [waves[int(i)] for i in rng.integers(len(waves), size=batch)]
    starts = [int(s) for s in rng.integers(chosen[0].size - samples + 1, size=batch)]
    return torch.from_numpy(np.stack([w[s : s + samples] for w, s in zip(chosen, starts, strict=True)]))


def untrained(earlier: Path | None = None) -> ISTFTVocoder:
    """A vocoder with tones; with the weights of an earlier model's vocoder where it has them.

    Tones that the earlier one lacks begin at the magnitudes that its head gave their bins. The head, which then makes
    only what the tones do not, begins 3 log units lower.
    """
    vocoder = ISTFTVocoder(tones=TONES, refinements=0)
    if earlier is None:
        return vocoder
    found = {k: v.float() for k, v in load_file(earlier / "vocoder" / "diffusion_pytorch_model.safetensors").items()}
    missing = vocoder.load_state_dict(found, strict=False).missing_keys
    if any(key.startswith("tone_head") for key in missing):
        head, tone_head = vocoder.head, vocoder.tone_head
        assert tone_head is not None
        with torch.no_grad():
            homes = 2 * torch.arange(TONES) + 1
            width = head.weight.shape[1]
            tone_head.weight[:TONES, :width] = head.weight[homes]
            tone_head.weight[:TONES, width:] = 0
            tone_head.bias[:TONES] = head.bias[homes] - 0.5
            tone_head.weight[TONES:] *= 0.2
            tone_head.bias[TONES:] = 0
            head.bias[: 2 * TONES + 1] -= 3
    return vocoder


@dataclass
class Against:
    """Judges that learn beside the vocoder, one step of theirs for each of its steps."""

    judges: Judges
    optimizer: torch.optim.Optimizer

    def loss(self, ours: Tensor, real: Tensor) -> tuple[Tensor, dict[str, float]]:
        """What the judges hold against a made sound; they learn from it first."""
        self.judges.requires_grad_(True)
        lesson = self.judges.lesson(ours, real)
        self.optimizer.zero_grad(set_to_none=True)
        lesson.backward()
        self.optimizer.step()
        self.judges.requires_grad_(False)
        passing, noticed = self.judges.doubts(ours, real)
        figures = {"judges": lesson.item(), "passing": passing.item(), "noticed": noticed.item()}
        return PASSING * passing + NOTICED * noticed, figures


def spectral_loss(vocoder: ISTFTVocoder, real: Tensor) -> tuple[Tensor, Tensor, dict[str, float]]:
    """The loss of real sounds `[B, samples]`, the sounds that were made of their log-mels, and figures to log."""
    spectrum, stray = vocoder.spectrum_and_stray(torch_log_mel(real)[:, 0])
    ours = vocoder.inverse_stft(spectrum)
    inside = slice(EDGE, -EDGE)  # the crop's own edges are no part of the sound
    stft = stft_distance(ours[:, inside], real[:, inside])
    mel_l1 = (torch_log_mel(ours[:, inside]) - torch_log_mel(real[:, inside])).abs().mean()
    fine = stft_distance(ours, real, (FINE,))
    frequency = frequency_distance(stray, real)
    figures = {"stft": stft.item(), "mel_l1": mel_l1.item(), "fine": fine.item(), "frequency": frequency.item()}
    return stft + mel_l1 + FINENESS * fine + FREQUENCY * frequency, ours, figures


def train(data: Path, minutes: float, start: Path | None, adversarial: bool, device: str) -> ISTFTVocoder:
    waves, tonal = Waveforms(data, "train"), tonal_clips(data).to(device)
    vocoder = untrained(start).to(device)
    name, rate, against = "vocoder", RATE, None
    if adversarial:
        name, rate = "vocoder-adversarial", RATE_AGAINST_JUDGES
        if start is None:
            vocoder.load_state_dict(averaged(data / "vocoder.checkpoint.pt"))
        judges = Judges().to(device)
        against = Against(judges, torch.optim.AdamW(judges.parameters(), lr=rate, betas=(0.8, 0.99)))

    def loss(step: int) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng((3, step))
        gain = torch.from_numpy(rng.uniform(0.3, 1.5, (BATCH, 1)).astype(np.float32))
        real = (excerpts(waves, rng, BATCH, FRAMES) * gain).to(device)
        value, ours, figures = spectral_loss(vocoder, real)
        if against is not None:
            more, heard = against.loss(ours[:, EDGE:-EDGE], real[:, EDGE:-EDGE])
            value, figures = value + more, figures | heard
        return value, figures

    def validate() -> dict[str, float]:
        return copied(lambda real: vocoder(torch_log_mel(real)[:, 0]), tonal)

    beside = {} if against is None else {"judges": against.judges, "judges_optimizer": against.optimizer}
    assert vocoder.tone_head is not None
    tone_head = list(vocoder.tone_head.parameters())
    rest = [p for p in vocoder.parameters() if all(p is not one for one in tone_head)]
    groups = [{"params": rest}, {"params": tone_head, "scale": TONE_RATE}]
    settings = {"groups": groups, "betas": (0.8, 0.99), "ema": 0.998, "warmup": 100, "clip": 5.0, "beside": beside}
    return Trainer(name, vocoder, data, minutes, lr=rate, **settings).run(loss, validate)


def averaged(checkpoint: Path) -> dict[str, Tensor]:
    """The averaged weights in a checkpoint of the trainer."""
    found: dict[str, Tensor] = torch.load(checkpoint, map_location="cpu", weights_only=True)["ema"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("data/model"))
    parser.add_argument("--minutes", type=float, default=240, help="CPU minutes; of the clock, on a GPU")
    parser.add_argument("--earlier", type=Path, help="a model folder to go on from")
    parser.add_argument("--adversarial", action="store_true", help="the second phase, against judges")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--so-far", action="store_true", help="only write what the checkpoint holds")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if args.so_far:
        vocoder = untrained()
        name = "vocoder-adversarial" if args.adversarial else "vocoder"
        vocoder.load_state_dict(averaged(args.data / f"{name}.checkpoint.pt"))
    else:
        vocoder = train(args.data, args.minutes, args.earlier, args.adversarial, args.device)
    vocoder.cpu().half().save_pretrained(args.out / "vocoder", safe_serialization=True)


if __name__ == "__main__":
    main()
