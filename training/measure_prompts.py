"""Does it do what is asked? Prompt accuracy, of one class and of two, and the Fréchet distance to real clips."""

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

CLIPS = {"unseen": 6, "seen": 6}  # per class
PAIRS_ASKED = 84
CAPTIONED = 252  # clips of each side in the distances to captioned real clips


def measure_prompts(model: DiffusersAudioLDM) -> dict[str, object]:
    """Prompt accuracy by the judge and Fréchet distance to real clips of one class, by plain prompts."""
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
    """Mean distance of two clips of one class, over that of two clips of any: 0 if a class always sounds the same."""
    within = np.mean(
        [np.linalg.norm(a - b) for c in set(classes) for a in features[classes == c] for b in features[classes == c]]
    )
    return float(within / np.mean([np.linalg.norm(a - b) for a in features for b in features]))


def pair_prompts(count: int) -> tuple[list[str], Tensor]:
    """Prompts of two classes by unseen phrases, and which classes are in each, `[count, 14]`."""
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
    """The share of two-class prompts of which both classes are heard; real pairs for reference."""
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
    """Fréchet distances between unseen real clips and clips made from their captions, in three spaces.

    The judge's; and, through the vocoder, those of two networks that were trained on recorded music by others
    (`training.musicnn`). Other real clips give the distance that is left when nothing is wrong. All in 15 steps of
    DPM-Solver++, and in 50 of DDIM in the judge's space.
    """
    judge, _ = load_judge()
    taggers = {name: load_musicnn(name=f"{name.upper()}_musicnn") for name in ("msd", "mtt")}

    def spaces(sound: Tensor) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        found = {"judge": judge_mels(judge, torch_log_mel(sound)[:, :, :FRAMES])[0]}
        for name, tagger in taggers.items():
            with torch.no_grad():
                found[name] = torch.cat([tagger.features(part) for part in sound.split(8)]).numpy()
        return {name: moments(features) for name, features in found.items()}

    real, rows = real_clips(CAPTIONED)
    reference = spaces(real)
    other = spaces(real_clips(CAPTIONED, CAPTIONED)[0])
    texts = [caption(row, random.Random(i)) for i, row in enumerate(rows)]
    results: dict[str, object] = {}
    made = {}
    for steps, solver in ((15, "dpm++"), (50, "ddim")):
        mels = decoded(model, sampled_latents(model, texts, solver=solver, steps=steps))
        if steps == 15:
            made = spaces(vocoded(model, mels))
        results[f"frechet_captioned_{steps}_steps"] = frechet(moments(judge_mels(judge, mels)[0]), reference["judge"])
    for name in reference:
        results[f"frechet_{name}"] = frechet(made[name], reference[name])
        results[f"frechet_{name}_real"] = frechet(other[name], reference[name])
    return results
