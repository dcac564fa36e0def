"""Real clips, and what each stage of the model makes of them: where sound is lost.

The stages are *copy synthesis* by the vocoder alone, copy synthesis by the autoencoder and the vocoder, and clips that
the complete model generates from the captions of the real ones. What changes from one to the next is the share of the
vocoder, of the autoencoder, and of the denoiser.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spotnb import load_model
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import SinusoidalVocoder
from training.captions import caption
from training.compose import CLASSES
from training.data import Waveforms, load_attributes
from training.sampling import decoded, sampled_latents, vocoded

REAL, VOCODER, AUTOENCODER, GENERATED = STAGES = ("real", "vocoder", "autoencoder + vocoder", "generated")
TONAL = ("strings", "organ", "ambient", "acoustic_guitar", "mallets", "brass")
SAMPLES = 81_920  # of a clip: 5.12 s, one window of the denoiser


class Clips(NamedTuple):
    """Real clips `[n, SAMPLES]` of several classes, with the attributes of each."""

    sounds: Tensor
    rows: list[dict]

    @property
    def classes(self) -> list[str]:
        """The class of each clip."""
        return [row["class"] for row in self.rows]

    @property
    def texts(self) -> list[str]:
        """A caption of each clip, always the same one, in phrases that the model was not trained on."""
        return [caption(row, random.Random(i), "unseen") for i, row in enumerate(self.rows)]


def plainest(rows: Sequence[dict], name: str, count: int) -> list[int]:
    """Return the indices of the first clips of a class, those alone and in a modern recording first."""
    found = [i for i, row in enumerate(rows) if row["class"] == name]
    found.sort(key=lambda i: "with" in rows[i] or rows[i]["era"] != "modern")
    return found[:count]


def unseen_clips(data: Path, count: int, classes: Sequence[str] = CLASSES) -> Clips:
    """Return `count` unseen clips of each class from the data folder.

    Raises:
        MissingClips: The folder has no unseen clips.
    """
    waves, rows = Waveforms(data, "unseen"), load_attributes(data, "unseen")
    chosen = [i for name in classes for i in plainest(rows, name, count)]
    sounds = torch.from_numpy(np.stack([waves[i][:SAMPLES] for i in chosen]))
    return Clips(sounds, [rows[i] for i in chosen])


def copies(model: DiffusersAudioLDM, real: Tensor) -> dict[str, Tensor]:
    """Return the copies `[n, samples]` of real sounds by the vocoder alone, and by the autoencoder before it."""
    encoded = torch.cat([model.decode_mel(model.encode(part)) for part in real.split(8)])
    return {VOCODER: vocoded(model, torch_log_mel(real)), AUTOENCODER: vocoded(model, encoded)}


def staged(model: DiffusersAudioLDM, clips: Clips, seed: int = 0) -> dict[str, Tensor]:
    """Return the sounds `[n, SAMPLES]` of every stage, on the CPU and before samples outside [-1, 1] are clipped."""
    generated = vocoded(model, decoded(model, sampled_latents(model, clips.texts, seed=seed)))
    return {REAL: clips.sounds, **copies(model, clips.sounds), GENERATED: generated}


def load_stages(model: str | None, vocoder: Path | None = None, device: str = "cpu") -> DiffusersAudioLDM:
    """Load a model, the embedded one by default, and give it another vocoder if there is one.

    Args:
        model: Folder of the model.
        vocoder: Folder of the vocoder.
        device: Where to compute.
    """
    loaded = load_model(model or "tiny", device=device)
    assert isinstance(loaded, DiffusersAudioLDM)
    if vocoder is not None:
        loaded.vocoder = SinusoidalVocoder.from_pretrained(vocoder, torch_dtype=torch.float32).to(loaded.device).eval()
    return loaded
