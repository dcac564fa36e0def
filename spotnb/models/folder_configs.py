"""The configurations of all pieces of a model folder, and the classes that are built from them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from spotnb.errors import SpotnbError
from spotnb.models.config_check import check_config
from spotnb.models.families import SCHEDULERS, Family
from spotnb.models.folder_check import pieces_of, read_index
from spotnb.models.folder_files import files_in, read_config, where
from spotnb.models.folder_weights import Chosen, choose
from spotnb.support.checks import show

FILES = {"scheduler": "scheduler_config.json", "feature_extractor": "preprocessor_config.json"}
"""The configurations that are not called `config.json`."""


class Kind(NamedTuple):
    """How a piece is built. The classes are imported when they are needed.

    Attributes:
        library: The module of the class.
        name: The name of the class.
        config: The class of its configuration in the same module, or None if its configuration is its arguments.
        parts: The configurations in its configuration, each with its class.
        weights: Whether it is a network.
    """

    library: str
    name: str
    config: str | None = None
    parts: Mapping[str, str] = {}
    weights: bool = True

    @property
    def network(self) -> Any:
        """The class."""
        import spotnb.models.whole_networks

        return getattr(importlib.import_module(self.library), self.name)

    def config_class(self, name: str | None = None) -> Any:
        """Return the class of its configuration, or of a part of it; the class itself if it has none."""
        import spotnb.models.whole_networks

        name = name or self.config
        return self.network if name is None else getattr(importlib.import_module(self.library), name)

    def build(self, config: Mapping[str, Any]) -> Any:
        """Build the network with the weights of a new one."""
        return self.network(self.config_class()(**config)) if self.config else self.network.from_config(config)


def _kinds(library: str, *names: str, weights: bool = True) -> dict[str, Kind]:
    return {name: Kind(library, name, weights=weights) for name in names}


KINDS: Mapping[str, Kind] = {
    **_kinds("diffusers", "UNet2DConditionModel", "AudioLDM2UNet2DConditionModel", "AudioLDM2ProjectionModel"),
    **_kinds("diffusers", "AutoencoderKL", "AutoencoderOobleck", "StableAudioDiTModel"),
    **_kinds("diffusers.pipelines.stable_audio", "StableAudioProjectionModel"),
    **_kinds("diffusers", "DDIMScheduler", weights=False),
    **_kinds("diffusers", "EDMDPMSolverMultistepScheduler", weights=False),
    **_kinds("spotnb.models.vocoder", "SinusoidalVocoder"),
    **_kinds("transformers", "ClapFeatureExtractor", weights=False),
    "SpeechT5HifiGan": Kind("transformers", "SpeechT5HifiGan", "SpeechT5HifiGanConfig"),
    "ClapTextModelWithProjection": Kind("transformers", "ClapTextModelWithProjection", "ClapTextConfig"),
    "ClapModel": Kind(
        "transformers",
        "ClapModel",
        "ClapConfig",
        {"text_config": "ClapTextConfig", "audio_config": "ClapAudioConfig"},
    ),
    "T5EncoderModel": Kind("transformers", "T5EncoderModel", "T5Config"),
    "GPT2Model": Kind("transformers", "GPT2Model", "GPT2Config"),
}
ALIKE = {
    "GPT2LMHeadModel": "GPT2Model",
    "CosineDPMSolverMultistepScheduler": "EDMDPMSolverMultistepScheduler",
    **dict.fromkeys(SCHEDULERS, "DDIMScheduler"),
}
"""Classes that are read as others: of a language model only its body, of a scheduler only its noise schedule.

diffusers offers the cosine scheduler only where `torchsde` is installed."""


class Piece(NamedTuple):
    """One piece of a folder with a checked configuration.

    Attributes:
        folder: Its folder.
        kind: The name of its class, a key of `KINDS`.
        config: Its configuration.
        weights: Its files of weights.
    """

    folder: Path
    kind: str
    config: dict[str, Any]
    weights: Chosen = Chosen()


def read_configs(folder: Path, family: Family, variant: str | None = None) -> dict[str, Piece]:
    """Return all pieces but the tokenizers, with their checked configurations.

    Args:
        folder: The folder.
        family: Its family.
        variant: The variant of the weights that is to be read.

    Raises:
        SpotnbError: A configuration cannot be read, is that of another class, or has a wrong entry; or no piece has the
            variant.
    """
    _check_index(folder, family)
    pieces = {}
    for name in pieces_of(folder, family):
        if name.startswith("tokenizer"):
            check_tokenizer(folder / name, family.pieces[name])
            continue
        path = folder / name / FILES.get(name, "config.json")
        config = read_config(path)
        kind = _kind(path, name, config, family)
        check_config(path, config, kind, KINDS[kind].config_class().__init__)
        for part, of in KINDS[kind].parts.items():
            if not isinstance(config.get(part, {}), dict):
                raise SpotnbError(f"{where(path)} has {part} {show(config[part])[:30]}: expected an object of JSON")
            check_config(path, config.get(part, {}), of, KINDS[kind].config_class(of).__init__)
        chosen = choose([each.name for each in files_in(path.parent)], variant) if KINDS[kind].weights else Chosen()
        pieces[name] = Piece(path.parent, kind, config, chosen)
    if variant is not None and all(piece.weights.variant != variant for piece in pieces.values()):
        raise SpotnbError(f"{where(folder / 'model_index.json')}: no piece has the variant {variant}: leave it out")
    return pieces


def _kind(path: Path, piece: str, config: dict[str, Any], family: Family) -> str:
    """Return the name of the class of a piece. Files of the published models do not all state it."""
    known = family.pieces[piece]
    stated = config.get("_class_name") or config.get("architectures") or config.get("feature_extractor_type")
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if stated is None:
        stated = known[0]
    if not isinstance(stated, str) or stated not in known:
        name = stated if isinstance(stated, str) and stated.isidentifier() and len(stated) < 30 else show(stated)[:30]
        expected = "a scheduler of diffusers" if known == SCHEDULERS else f"one of {', '.join(known)}"
        raise SpotnbError(f"{where(path.parent)} is a {name}: expected {expected}; pass another folder")
    return ALIKE.get(stated, stated)


def _check_index(folder: Path, family: Family) -> None:
    """Check that the folder's index, if there is one, names no class but those that are loaded."""
    index = read_index(folder) or {}
    for piece, known in family.pieces.items():
        entry = index.get(piece)
        if entry is not None and not (isinstance(entry, list) and len(entry) == 2 and entry[1] in (*known, None)):
            raise SpotnbError(
                f"{where(folder / 'model_index.json')} names {show(entry)[:40]} for the {piece}: expected a class "
                "that spotnb knows"
            )


def check_tokenizer(folder: Path, known: tuple[str, ...]) -> None:
    """Check that a tokenizer is of a known class and consists of files in its own folder. Raises `SpotnbError`."""
    path = folder / "tokenizer_config.json"
    config = read_config(path) if path.exists() else {}
    kind, longest = config.get("tokenizer_class"), config.get("model_max_length", 1)
    if kind is not None and (not isinstance(kind, str) or kind not in known):
        raise SpotnbError(f"{where(folder)} is a {show(kind)[:30]}: expected a {known[0]} or {known[-1]}")
    if isinstance(longest, bool) or not isinstance(longest, int | float) or not longest >= 1:
        raise SpotnbError(f"model_max_length in {where(path)} is {show(longest)}: expected the most words, 1 or more")
    for name, value in config.items():
        if name.endswith(("_file", "_files")) and name != "special_tokens_map_file" and value:
            raise SpotnbError(
                f"{where(path)} has {name}: expected a tokenizer in its own files; remove this entry from it"
            )
