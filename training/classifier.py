"""An independent judge: a small network, trained on real clips only, that detects the classes in a log-mel spectrogram.

Its classification of generated sound gives the prompt accuracy, for prompts of one class and of two; its last hidden
layer is a feature space for the Fréchet distance. It shares neither data flow nor weights with the generating model.
It ships in `training/judge/` with the statistics of the real clips' features.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy.linalg import sqrtm
from torch import Tensor, nn

from training.compose import CLASSES
from training.data import Waveforms, class_targets, clip_mels, excerpt, load_attributes, mel_excerpts_of, mels_of
from training.device import Ahead
from training.start import begin, training_parser
from training.trainer import Figures, Trainer

JUDGE = Path(__file__).parent / "judge"
FRAMES, BATCH, FEATURES = 512, 24, 64  # mel frames: 5.12 s
FALSE_ALARMS = 0.05
REFERENCE = 2800  # real clips in the reference statistics of the Fréchet distance


class Classifier(nn.Module):
    """A convolutional classifier from log-mels `[B, 1, frames, 64]` to one logit per class `[B, 14]`.

    A class counts as heard if its logit is above `threshold`, which is set so that an absent class is heard in real
    clips at a rate of `FALSE_ALARMS`.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((1, 16), (16, 32), (32, 64), (64, 96)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.trunk = nn.Sequential(*layers)
        self.hidden = nn.Linear(2 * 96, FEATURES)
        self.head = nn.Linear(FEATURES, len(CLASSES))
        self.register_buffer("threshold", torch.zeros(()))

    def features(self, mel: Tensor) -> Tensor:
        """Return the last hidden layer `[B, 64]` for log-mels `[B, 1, frames, 64]`."""
        maps = self.trunk((mel + 5) / 2.5).flatten(2)
        return nn.functional.silu(self.hidden(torch.cat([maps.mean(2), maps.std(2)], dim=1)))

    def forward(self, mel: Tensor) -> Tensor:
        """Return the class logits `[B, 14]` for log-mels `[B, 1, frames, 64]`."""
        out: Tensor = self.head(self.features(mel))
        return out


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean `[D]` and the covariance `[D, D]` of features `[N, D]`."""
    return features.mean(0), np.cov(features, rowvar=False)


def frechet(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the Fréchet distance of two Gaussians (Heusel et al. 2017, arXiv:1706.08500, section 2)."""
    root = sqrtm(a[1] @ b[1]).real
    return float(((a[0] - b[0]) ** 2).sum() + np.trace(a[1] + b[1] - 2 * root))


@torch.no_grad()
def judge_mels(judge: Classifier, mels: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the features `[N, 64]` and class logits `[N, 14]` of log-mels `[N, 1, frames, 64]`."""
    device = judge.head.weight.device
    features = torch.cat([judge.features(part.to(device)) for part in mels.split(16)])
    return features.cpu().numpy(), judge.head(features).cpu().numpy()


def both_heard(logits: np.ndarray, targets: np.ndarray, threshold: float) -> float:
    """Return the share of clips in which every target class is heard.

    Args:
        logits: The judge's logits `[N, 14]`.
        targets: 1 for each class that should be heard, else 0, `[N, 14]`.
        threshold: The logit above which a class counts as heard.
    """
    return float(((logits > threshold) | (targets == 0)).all(1).mean())


def load_judge() -> tuple[Classifier, tuple[np.ndarray, np.ndarray]]:
    """Return the shipped judge, and the mean and covariance of its features of real clips."""
    saved = {k: v.float() if v.is_floating_point() else v for k, v in load_file(JUDGE / "judge.safetensors").items()}
    reference = saved.pop("reference_mean").numpy(), saved.pop("reference_covariance").numpy()
    judge = Classifier()
    judge.load_state_dict(saved)
    return judge.eval(), reference


def _mixed(one: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mix two sounds, with the second up to 6 dB softer or louder than the first."""
    level = 10 ** (rng.uniform(-6, 6) / 20) * (np.std(one) + 1e-6) / (np.std(other) + 1e-6)
    return np.asarray((one + level * other) / 1.5, np.float32)


def train(data: Path, minutes: float, device: torch.device | str = "cpu") -> Classifier:
    """Train a judge on the rendered clips in `data` for some minutes."""
    waves, unseen = Waveforms(data, "train"), Waveforms(data, "unseen")
    labels, unseen_labels = (class_targets(load_attributes(data, split)) for split in ("train", "unseen"))
    fixed = torch.cat([clip_mels(unseen, [i])[:, :, :FRAMES] for i in range(len(unseen))])
    alone = (unseen_labels.sum(1) == 1).numpy()
    judge = Classifier().to(device)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        rng, generator = np.random.default_rng((6, step)), torch.Generator().manual_seed(step)
        clips = rng.integers(len(waves), size=BATCH)
        sounds, target = [excerpt(waves[int(clip)], rng, FRAMES) for clip in clips], labels[torch.from_numpy(clips)]
        # Half of each batch mixes two clips, so that the judge does not learn that one class excludes another.
        for i in range(BATCH // 2):
            other = int(rng.integers(len(waves)))
            sounds[i] = _mixed(sounds[i], excerpt(waves[other], rng, FRAMES), rng)
            target[i] = torch.maximum(target[i], labels[other])
        mel = mels_of(np.stack(sounds))
        # Random gain and a little noise keep level and fine texture from deciding a class.
        mel = mel + torch.randn(BATCH, 1, 1, 1, generator=generator) * 0.5
        mel = mel + torch.randn(mel.shape, generator=generator) * 0.3 * torch.rand(BATCH, 1, 1, 1, generator=generator)
        return mel, target

    batches = Ahead(batch, device)

    def loss(step: int) -> tuple[Tensor, Figures]:
        mel, target = batches(step)
        value = len(CLASSES) * nn.functional.binary_cross_entropy_with_logits(judge(mel), target * 0.96 + 0.02)
        return value, {"loss": value.detach()}

    def validate() -> dict[str, float]:
        logits, targets = judge_mels(judge, fixed)[1], unseen_labels.numpy()
        right = (logits.argmax(1) == targets.argmax(1))[alone].mean()
        pairs = {} if alone.all() else {"both": both_heard(logits[~alone], targets[~alone], 0)}
        return {"accuracy": float(right)} | pairs

    return Trainer("judge", judge, data, minutes, lr=2e-3, ema=0.98, warmup=50).run(loss, validate)


def main(arguments: list[str] | None = None) -> None:
    """Train the judge, set its threshold, and save it with its reference statistics."""
    parser = training_parser(__doc__, minutes=6)
    parser.set_defaults(out=Path("data/judge"))
    args = parser.parse_args(arguments)
    device = begin(args)
    judge = train(args.data, args.minutes, device).cpu()
    waves, rows = Waveforms(args.data, "train"), load_attributes(args.data, "train")
    rng = np.random.default_rng(7)
    # The reference matches prompts of one class: no pairs, no old recordings.
    plain = [i for i, row in enumerate(rows) if "with" not in row and row["era"] == "modern"]
    chosen = rng.permutation(plain)[:REFERENCE]
    parts = [mel_excerpts_of(waves, chosen[i : i + 16], rng, FRAMES) for i in range(0, len(chosen), 16)]
    features, logits = map(np.concatenate, zip(*[judge_mels(judge, part) for part in parts], strict=True))
    mean, covariance = moments(features)
    absent = class_targets([rows[i] for i in chosen]).numpy() == 0
    judge.get_buffer("threshold").fill_(float(np.quantile(logits[absent], 1 - FALSE_ALARMS)))
    state = {k: v.contiguous() for k, v in judge.state_dict().items()}
    state |= {
        "reference_mean": torch.from_numpy(mean).float(),
        "reference_covariance": torch.from_numpy(covariance).float(),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(state, args.out / "judge.safetensors", {"classes": json.dumps(CLASSES), "clips": str(len(chosen))})


if __name__ == "__main__":
    main()
