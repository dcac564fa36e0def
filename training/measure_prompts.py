"""Does the model follow its prompts? Accuracy for prompts of one and two classes, and distances to real clips."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from training.captions import caption
from training.classifier import FRAMES, both_heard, frechet, judge_mels, load_judge, moments
from training.compose import CLASSES
from training.data import class_targets
from training.measure_real import real_clips
from training.musicnn import load_musicnn
from training.phrases import PAIRS
from training.sampling import ALWAYS, decoded, prompts_of, sampled_latents, vocoded
from training.uncertainty import jackknife_error

CLIPS = {"unseen": 6, "seen": 6}  # per class
PAIRS_ASKED = 84
CAPTIONED = 252  # real clips, and as many generated ones, in the distances to captioned real clips


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
    sound, rows = real_clips(CAPTIONED)
    of = [i for i, row in enumerate(rows) if "with" in row]
    _, real = judge_mels(judge, torch_log_mel(sound[of]))
    threshold = judge.get_buffer("threshold").item()
    return {
        "pairs_both_heard": both_heard(heard, targets.numpy(), threshold),
        "pairs_both_heard_real": both_heard(real, class_targets([rows[i] for i in of]).numpy(), threshold),
    }


def measure_captioned(model: DiffusersAudioLDM) -> dict[str, object]:
    """Return Fréchet distances between unseen real clips and clips generated from their captions, in three spaces.

    The spaces are the judge's and, for vocoded sound, those of two networks that others trained on recorded music
    (`training.musicnn`). The distance of other real clips is the reference for a perfect model. Clips are generated in
    15 steps of DPM-Solver++ and, for the judge's space only, also in 50 steps of DDIM. Standard errors are those of the
    jackknife over the clips that are compared with the real ones.
    """
    judge, _ = load_judge()
    taggers = {name: load_musicnn(name=f"{name.upper()}_musicnn") for name in ("msd", "mtt")}

    def spaces(sound: Tensor) -> dict[str, np.ndarray]:
        features = {"judge": judge_mels(judge, torch_log_mel(sound)[:, :, :FRAMES])[0]}
        for name, tagger in taggers.items():
            with torch.no_grad():
                features[name] = torch.cat([tagger.features(part) for part in sound.split(8)]).numpy()
        return features

    real, rows = real_clips(CAPTIONED)
    reference = {name: moments(values) for name, values in spaces(real).items()}
    other = spaces(real_clips(CAPTIONED, CAPTIONED)[0])
    texts = [caption(row, random.Random(i)) for i, row in enumerate(rows)]
    results: dict[str, object] = {}
    generated: dict[str, np.ndarray] = {}
    for steps, solver in ((15, "dpm++"), (50, "ddim")):
        mels = decoded(model, sampled_latents(model, texts, solver=solver, steps=steps))
        if steps == 15:
            generated = spaces(vocoded(model, mels))
        results[f"frechet_captioned_{steps}_steps"] = frechet(moments(judge_mels(judge, mels)[0]), reference["judge"])
    for name, wanted in reference.items():

        def distance(features: np.ndarray, wanted: tuple[np.ndarray, np.ndarray] = wanted) -> float:
            return frechet(moments(features), wanted)

        for key, features in (("", generated[name]), ("_real", other[name])):
            results[f"frechet_{name}{key}"] = distance(features)
            results[f"frechet_{name}{key}_error"] = jackknife_error(distance, features)
    return results
