"""An independent judge: a small network that names the class of a log-mel, trained on real clips only.

Its verdict on generated sound is the prompt accuracy, its last hidden layer the space of the Fréchet distance. It
shares neither data flow nor weights with the generating model. Ships in `training/judge/`, with the statistics of the
real clips' features.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy.linalg import sqrtm
from torch import Tensor, nn

from training.compose import CLASSES
from training.data import Waveforms, clip_mels, load_attributes, mel_excerpts_of
from training.trainer import Trainer

JUDGE = Path(__file__).parent / "judge"
FRAMES, BATCH, FEATURES = 512, 24, 64  # mel frames: 5.12 s


class Classifier(nn.Module):
    """Log-mel `[B, 1, frames, 64]` to class logits `[B, 14]`; `features` gives the layer below, `[B, 64]`."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((1, 16), (16, 32), (32, 64), (64, 96)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.trunk = nn.Sequential(*layers)
        self.hidden = nn.Linear(2 * 96, FEATURES)
        self.head = nn.Linear(FEATURES, len(CLASSES))

    def features(self, mel: Tensor) -> Tensor:
        maps = self.trunk((mel + 5) / 2.5).flatten(2)
        return nn.functional.silu(self.hidden(torch.cat([maps.mean(2), maps.std(2)], dim=1)))

    def forward(self, mel: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(mel))
        return out


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean `[D]` and covariance `[D, D]` of features `[N, D]`."""
    return features.mean(0), np.cov(features, rowvar=False)


def frechet(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    """Fréchet distance of two Gaussians (Heusel et al. 2017, arXiv:1706.08500, section 2)."""
    root = sqrtm(a[1] @ b[1]).real
    return float(((a[0] - b[0]) ** 2).sum() + np.trace(a[1] + b[1] - 2 * root))


@torch.no_grad()
def judge_mels(judge: Classifier, mels: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features `[N, 64]` and class indices `[N]` of log-mels `[N, 1, frames, 64]`."""
    features = torch.cat([judge.features(part) for part in mels.split(16)])
    return features.numpy(), judge.head(features).argmax(1).numpy()


def load_judge() -> tuple[Classifier, tuple[np.ndarray, np.ndarray]]:
    """The shipped judge and its statistics of real clips."""
    saved = {k: v.float() if v.is_floating_point() else v for k, v in load_file(JUDGE / "judge.safetensors").items()}
    reference = saved.pop("reference_mean").numpy(), saved.pop("reference_covariance").numpy()
    judge = Classifier()
    judge.load_state_dict(saved)
    return judge.eval(), reference


def train(data: Path, minutes: float) -> Classifier:
    waves, unseen = Waveforms(data, "train"), Waveforms(data, "unseen")
    labels = torch.tensor([CLASSES.index(row["class"]) for row in load_attributes(data, "train")])
    unseen_labels = np.array([CLASSES.index(row["class"]) for row in load_attributes(data, "unseen")])
    fixed = torch.cat([clip_mels(unseen, [i])[:, :, :FRAMES] for i in range(len(unseen))])
    judge = Classifier()

    def loss(step: int) -> tuple[Tensor, dict[str, float]]:
        rng, generator = np.random.default_rng((6, step)), torch.Generator().manual_seed(step)
        clips = rng.integers(len(waves), size=BATCH)
        mel = mel_excerpts_of(waves, clips, rng, FRAMES)
        # Gain and a little noise: level and fine grain shall not decide a class.
        mel = mel + torch.randn(BATCH, 1, 1, 1, generator=generator) * 0.5
        mel = mel + torch.randn(mel.shape, generator=generator) * 0.3 * torch.rand(BATCH, 1, 1, 1, generator=generator)
        value = nn.functional.cross_entropy(judge(mel), labels[torch.from_numpy(clips)], label_smoothing=0.05)
        return value, {"loss": value.item()}

    def validate() -> dict[str, float]:
        return {"accuracy": float((judge_mels(judge, fixed)[1] == unseen_labels).mean())}

    return Trainer("judge", judge, data, minutes, lr=2e-3, ema=0.98, warmup=50).run(loss, validate)  # type: ignore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("data/judge"))
    parser.add_argument("--minutes", type=float, default=3, help="CPU minutes")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    judge = train(args.data, args.minutes)
    waves = Waveforms(args.data, "train")
    rng = np.random.default_rng(7)
    chosen = rng.permutation(len(waves))[:2800]
    parts = [mel_excerpts_of(waves, chosen[i : i + 16], rng, FRAMES) for i in range(0, len(chosen), 16)]
    mean, covariance = moments(np.concatenate([judge_mels(judge, part)[0] for part in parts]))
    state = {k: v.contiguous() for k, v in judge.state_dict().items()}
    state |= {
        "reference_mean": torch.from_numpy(mean).float(),
        "reference_covariance": torch.from_numpy(covariance).float(),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(state, args.out / "judge.safetensors", {"classes": json.dumps(CLASSES), "clips": str(len(chosen))})


if __name__ == "__main__":
    main()
