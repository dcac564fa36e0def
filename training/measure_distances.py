"""Fréchet distances between real clips and generated ones of the same captions, and what each stage adds to them."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
from torch import Tensor

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from training.captions import caption
from training.classifier import FRAMES, frechet, judge_mels, load_judge, moments
from training.measure_real import real_clips
from training.musicnn import Taggers
from training.sampling import decoded, sampled_latents, vocoded
from training.stages import AUTOENCODER, VOCODER, copies
from training.uncertainty import jackknife_error

CAPTIONED = 252  # real clips, and as many generated ones
Features = dict[str, np.ndarray]


class Spaces:
    """Three spaces of features: the judge's, and those of two networks that others trained on recorded music."""

    def __init__(self) -> None:
        (self._judge, _), self._taggers = load_judge(), Taggers()

    def judged(self, mels: Tensor) -> np.ndarray:
        """Return the judge's features `[N, D]` of log-mels."""
        return judge_mels(self._judge, mels)[0]

    def features(self, sounds: Tensor) -> Features:
        """Return the features `[N, D]` of sounds `[N, samples]` in each space."""
        return {"judge": self.judged(torch_log_mel(sounds)[:, :, :FRAMES]), **self._taggers.features(sounds)}


def distances(features: Features, wanted: Features, suffix: str = "") -> dict[str, object]:
    """Return the Fréchet distance in each space, with its standard error by the jackknife over `features`."""
    results: dict[str, object] = {}
    for name, values in wanted.items():
        reference = moments(values)

        def distance(some: np.ndarray, reference: tuple[np.ndarray, np.ndarray] = reference) -> float:
            return frechet(moments(some), reference)

        results[f"frechet_{name}{suffix}"] = distance(features[name])
        results[f"frechet_{name}{suffix}_error"] = jackknife_error(distance, features[name])
    return results


def measure_captioned(model: DiffusersAudioLDM) -> Mapping[str, object]:
    """Compare unseen real clips with clips generated from their captions in 15 steps of DPM-Solver++.

    The distance of other real clips is the reference for a perfect model. In the judge's space, 50 steps of DDIM are
    measured too, and both from decoded mels.
    """
    spaces = Spaces()
    real, rows = real_clips(CAPTIONED)
    wanted = spaces.features(real)
    texts = [caption(row, random.Random(i)) for i, row in enumerate(rows)]
    results = distances(spaces.features(real_clips(CAPTIONED, CAPTIONED)[0]), wanted, "_real")
    for steps, solver in ((15, "dpm++"), (50, "ddim")):
        mels = decoded(model, sampled_latents(model, texts, solver=solver, steps=steps))
        if steps == 15:
            results |= distances(spaces.features(vocoded(model, mels)), wanted)
        heard = moments(spaces.judged(mels))
        results[f"frechet_captioned_{steps}_steps"] = frechet(heard, moments(wanted["judge"]))
    return results


def measure_copies(model: DiffusersAudioLDM) -> Mapping[str, object]:
    """Compare real clips with copies of other real clips: by the vocoder alone, and by the autoencoder before it."""
    spaces = Spaces()
    wanted = spaces.features(real_clips(CAPTIONED)[0])
    made = copies(model, real_clips(CAPTIONED, CAPTIONED)[0])
    results = distances(spaces.features(made[VOCODER]), wanted, "_vocoder")
    return results | distances(spaces.features(made[AUTOENCODER]), wanted, "_autoencoder")
