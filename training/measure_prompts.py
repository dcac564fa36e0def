"""Does the model follow its prompts? Accuracy for prompts of one and two classes."""

from __future__ import annotations

import random

import numpy as np
from torch import Tensor

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from training.classifier import both_heard, frechet, judge_mels, load_judge, moments
from training.compose import CLASSES
from training.data import class_targets
from training.measure_real import real_clips
from training.phrases import PAIRS
from training.sampling import ALWAYS, decoded, prompts_of, sampled_latents

CLIPS = {"unseen": 6, "seen": 6}  # per class
PAIRS_ASKED = 84
REAL = 252  # clips, of which one in six is of two classes


def measure_prompts(model: DiffusersAudioLDM) -> dict[str, object]:
    """Return the judge's prompt accuracy and the Fréchet distance to real clips, for plain prompts of one class."""
    judge, reference = load_judge()
    rows = [(split, *row) for split, count in CLIPS.items() for row in prompts_of(split, count)]
    texts, of, splits = [row[2] for row in rows], np.array([row[1] for row in rows]), np.array([row[0] for row in rows])
    features, heard = judge_mels(judge, decoded(model, sampled_latents(model, texts)))
    always, _ = judge_mels(judge, decoded(model, sampled_latents(model, texts, interval=ALWAYS)))
    right, unseen = heard.argmax(1) == of, splits == "unseen"
    return {
        **{f"accuracy_{split}": float(right[splits == split].mean()) for split in CLIPS},
        "frechet": frechet(moments(features), reference),
        "frechet_guided_always": frechet(moments(always), reference),
        "diversity": diversity(features, of),
        "accuracy_unseen_by_class": {c: float(right[unseen & (of == i)].mean()) for i, c in enumerate(CLASSES)},
    }


def diversity(features: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean distance of clips within a class relative to all clips; 0 if a class always sounds the same.

    Args:
        features: The judge's features `[N, 64]`.
        classes: The class index of each clip, `[N]`.
    """
    within = np.mean(
        [np.linalg.norm(a - b) for c in set(classes) for a in features[classes == c] for b in features[classes == c]]
    )
    return float(within / np.mean([np.linalg.norm(a - b) for a in features for b in features]))


def pair_prompts(count: int) -> tuple[list[str], Tensor]:
    """Return prompts of two classes from unseen phrases, and which classes each contains, `[count, 14]`."""
    rng = random.Random(0)
    singles = prompts_of("unseen", 6)
    rows, texts = [], []
    for k in range(count):
        first, text = singles[k * 6 % len(singles) + k // len(CLASSES)]
        second, other = rng.choice([row for row in singles if row[0] != first])
        texts.append(PAIRS[k % len(PAIRS)].format(text, other))
        rows.append({"class": CLASSES[first], "with": {"class": CLASSES[second]}})
    return texts, class_targets(rows)


def measure_pairs(model: DiffusersAudioLDM) -> dict[str, object]:
    """Return the share of two-class prompts whose classes are both heard, with real pairs as a reference."""
    judge, _ = load_judge()
    texts, targets = pair_prompts(PAIRS_ASKED)
    _, heard = judge_mels(judge, decoded(model, sampled_latents(model, texts)))
    sound, rows = real_clips(REAL)
    of = [i for i, row in enumerate(rows) if "with" in row]
    _, real = judge_mels(judge, torch_log_mel(sound[of]))
    threshold = judge.get_buffer("threshold").item()
    return {
        "pairs_both_heard": both_heard(heard, targets.numpy(), threshold),
        "pairs_both_heard_real": both_heard(real, class_targets([rows[i] for i in of]).numpy(), threshold),
    }
