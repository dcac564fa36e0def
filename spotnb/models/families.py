"""The families of models that a folder in diffusers' format may belong to, and the pieces of each.

`model_index.json` names the pipeline, which decides. To add a family, add one entry to `FAMILIES`: the module that it
names is imported when a folder of the family is loaded, and its function `from_folder` returns the model. Nothing here
needs torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from spotnb.errors import SpotnbError
from spotnb.support.checks import show
from spotnb.support.paths import show_path

SCHEDULERS = tuple(
    f"{name}Scheduler"
    for name in (
        *("DDIM", "DDPM", "PNDM", "LMSDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete"),
        *("DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep", "UniPCMultistep", "KDPM2Discrete"),
    )
)
"""Schedulers of diffusers whose configuration holds the noise schedule, which is all that is read of it."""
ROBERTA = "RobertaTokenizer", "RobertaTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"
T5 = "T5Tokenizer", "T5TokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"


class Family(NamedTuple):
    """A family of models.

    Attributes:
        title: Its name, for messages.
        module: The module whose `from_folder(folder, *, name, device, dtype, **options)` loads a model.
        pieces: The classes that each piece may be of. No other class is ever looked up by a name in a file. The digest
            of a folder goes through the pieces in this order.
        optional: The pieces that a folder may lack.
        options: The options of `load_model` that the family takes.
    """

    title: str
    module: str
    pieces: Mapping[str, tuple[str, ...]]
    optional: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset({"heads", "variant"})

    @property
    def required(self) -> tuple[str, ...]:
        """The pieces that every folder needs."""
        return tuple(piece for piece in self.pieces if piece not in self.optional)


AUDIOLDM = Family(
    "AudioLDM",
    "spotnb.models.audioldm_folder",
    {
        "unet": ("UNet2DConditionModel",),
        "vae": ("AutoencoderKL",),
        "text_encoder": ("ClapTextModelWithProjection",),
        "tokenizer": ROBERTA,
        "vocoder": ("SpeechT5HifiGan", "SinusoidalVocoder"),
        "scheduler": SCHEDULERS,
    },
)
MUSICLDM = Family(
    "MusicLDM",
    "spotnb.models.musicldm",
    {
        "unet": ("UNet2DConditionModel",),
        "vae": ("AutoencoderKL",),
        "text_encoder": ("ClapModel", "ClapTextModelWithProjection"),
        "tokenizer": ROBERTA,
        "vocoder": ("SpeechT5HifiGan",),
        "scheduler": SCHEDULERS,
        "feature_extractor": ("ClapFeatureExtractor",),
    },
    optional=frozenset({"feature_extractor"}),
)
AUDIOLDM2 = Family(
    "AudioLDM 2",
    "spotnb.models.audioldm2_folder",
    {
        "unet": ("AudioLDM2UNet2DConditionModel",),
        "vae": ("AutoencoderKL",),
        "text_encoder": ("ClapModel",),
        "text_encoder_2": ("T5EncoderModel",),
        "projection_model": ("AudioLDM2ProjectionModel",),
        "language_model": ("GPT2Model", "GPT2LMHeadModel"),
        "tokenizer": ROBERTA,
        "tokenizer_2": T5,
        "vocoder": ("SpeechT5HifiGan",),
        "scheduler": SCHEDULERS,
        "feature_extractor": ("ClapFeatureExtractor",),
    },
    optional=frozenset({"feature_extractor"}),
)
STABLE_AUDIO = Family(
    "Stable Audio",
    "spotnb.models.stable_audio_folder",
    {
        "transformer": ("StableAudioDiTModel",),
        "vae": ("AutoencoderOobleck",),
        "text_encoder": ("T5EncoderModel",),
        "projection_model": ("StableAudioProjectionModel",),
        "tokenizer": T5,
        "scheduler": ("CosineDPMSolverMultistepScheduler", "EDMDPMSolverMultistepScheduler"),
    },
    options=frozenset({"variant"}),
)
FAMILIES: Mapping[str, Family] = {
    "AudioLDMPipeline": AUDIOLDM,
    "MusicLDMPipeline": MUSICLDM,
    "AudioLDM2Pipeline": AUDIOLDM2,
    "StableAudioPipeline": STABLE_AUDIO,
}
"""The families by the name of their pipeline in diffusers."""
PIECES = frozenset(piece for family in FAMILIES.values() for piece in family.pieces)
"""The names of all pieces of all families."""


def family_of(place: Path | str, index: Mapping[str, Any] | None) -> Family:
    """Return the family of a folder or a repository.

    Args:
        place: Where it is, for the message.
        index: The content of `model_index.json`, or None if there is none. What names no pipeline is read as AudioLDM.

    Raises:
        SpotnbError: The index names a pipeline of another family.
    """
    if index is None or "_class_name" not in index:
        return AUDIOLDM
    pipeline = index["_class_name"]
    if not isinstance(pipeline, str) or pipeline not in FAMILIES:
        name = show_path(place) if isinstance(place, Path) else place
        known = ", ".join(each.removesuffix("Pipeline") for each in FAMILIES)
        raise SpotnbError(
            f"{name[:70]} holds a {show(pipeline)[1:-1][:30]}: expected the pipeline of {known}; pass a model of these"
        )
    return FAMILIES[pipeline]


def loader_of(family: Family) -> Callable[..., Any]:
    """Return the function that loads a folder of a family."""
    loader: Callable[..., Any] = importlib.import_module(family.module).from_folder
    return loader
