"""A model as the original notebook builds and uses it: `build_model`, and the attributes of audioldm's object."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import load_model
from spotnb.models.shelter import shelter
from spotnb.support.checks import check_int, show
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)

AUDIOLDM_NAMES = {
    "audioldm-s-full": "cvssp/audioldm",
    "audioldm-s-full-v2": "cvssp/audioldm-s-full-v2",
    "audioldm-m-full": "cvssp/audioldm-m-full",
    "audioldm-l-full": "cvssp/audioldm-l-full",
    "audioldm-s-text-ft": None,
    "audioldm-m-text-ft": None,
}
"""The names of checkpoints in the package `audioldm`, with their repositories in diffusers' format, if there is one."""


class BuiltModel(DiffusersAudioLDM):
    """A model from `load_model` that also has the attributes of audioldm's `LatentDiffusion`.

    Args:
        loaded: The model from `load_model`. Its parts are shared.

    Attributes:
        latent_f_size: The number of latent bins, 16.
        latent_t_size: The number of frames for which the model was trained, 256. Changing it has no effect.
        cond_stage_model: The text encoder.
    """

    def __init__(self, loaded: DiffusersAudioLDM) -> None:
        vars(self).update(vars(loaded))
        self.latent_f_size: int = self.latent_bins
        self.latent_t_size: int = self.native_frames
        self.cond_stage_model = TextStage(self)

    @shelter
    def get_learned_conditioning(self, texts: Sequence[str]) -> Tensor:
        """Return the conditioning `[N, 1, D]` of N texts. Raises `InputError` for anything but a list of texts."""
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts) or not len(texts):
            raise InputError(f"texts are {show(texts)}: expected a list of texts; for a single one, pass [text]")
        return self.embed(list(texts))[:, None]


class TextStage:
    """The text encoder of a `BuiltModel`, with audioldm's names. It embeds texts and has no other mode.

    Args:
        model: The model to which the text encoder belongs.
    """

    def __init__(self, model: BuiltModel) -> None:
        self._model = model

    @property
    def embed_mode(self) -> str:
        """The kind of input, which is always "text". Setting it to anything else raises `InputError`."""
        return "text"

    @embed_mode.setter
    def embed_mode(self, mode: str) -> None:
        if mode != "text":
            raise InputError(f"embed_mode is {show(mode)}: expected 'text'; to start from sound, use init_audio")

    def get_unconditional_condition(self, batchsize: int) -> Tensor:
        """Return the conditioning `[batchsize, 1, D]` of an empty prompt."""
        count = check_int("batchsize", batchsize, 1, hint="pass the number of rows")
        return self._model.get_learned_conditioning([""] * count)


def build_model(model_name: str = "tiny", *, device: str = "auto", dtype: str = "auto") -> Any:
    """Load or build a model by name.

    One of audioldm's own names is looked for in this order: the checkpoint that the package `audioldm` downloads, in
    `~/.cache/audioldm` (or `AUDIOLDM_CACHE_DIR`), which is read without the package; the package, if it is installed;
    and the same weights in diffusers' format on the Hugging Face Hub. The log says which one it was.

    Args:
        model_name: One of audioldm's own names, such as "audioldm-m-full"; the path of such a checkpoint; or any other
            name that `load_model` takes, such as "tiny" for the embedded model.
        device: As for `load_model`. The package audioldm chooses its own device.
        dtype: As for `load_model`. The package audioldm chooses its own dtype.

    Returns:
        A `BuiltModel`, or from the package its `LatentDiffusion` with one bug fixed: its text encoder no longer drops
        the prompt one time in ten. Every function of spotnb accepts both.

    Raises:
        InputError: The name is unknown, or that of a model of another family.
        SpotnbError: The model cannot be loaded in any way.
    """
    if not isinstance(model_name, str) or model_name not in AUDIOLDM_NAMES:
        return _built(model_name, device, dtype)
    path, twin = checkpoint_path(model_name), AUDIOLDM_NAMES[model_name]
    failures = []
    if path.is_file():
        try:
            return _logged(model_name, f"its checkpoint {path}", _built(path, device, dtype))
        except InputError:
            raise
        except SpotnbError as error:
            failures.append(str(error))
            log.warning("%s cannot be read: %s", path, error)
    try:
        return _logged(model_name, "the package audioldm", _from_package(model_name))
    except SpotnbError as error:
        failures.append(str(error))
        log.info("%s", error)
    if twin is not None:
        return _logged(model_name, f"the converted checkpoint {twin}", _built(twin, device, dtype))
    instead = f"install audioldm, put its checkpoint at {path}, or use 'tiny'"
    raise SpotnbError(f"{model_name!r} cannot be loaded ({failures[0][:60]}): {instead}")


def checkpoint_path(model_name: str) -> Path:
    """Return where the package `audioldm` keeps the checkpoint of one of its names."""
    folder = os.environ.get("AUDIOLDM_CACHE_DIR") or Path.home() / ".cache" / "audioldm"
    return Path(folder) / f"{model_name}.ckpt"


def _built(name: Any, device: str, dtype: str) -> BuiltModel:
    loaded = load_model(name, device=device, dtype=dtype)
    if isinstance(loaded, DiffusersAudioLDM):
        return BuiltModel(loaded)
    raise InputError(
        f"{show(name)[:60]} is a model of the type {type(loaded).__name__}: expected an AudioLDM, whose vocabulary "
        "this is; load_model and SpotSampler take it"
    )


def _logged(model_name: str, source: str, built: Any) -> Any:
    log.info("%s comes from %s", model_name, source)
    return built


def _from_package(model_name: str) -> Any:
    """Return the package's `LatentDiffusion`. Raises `SpotnbError` if it cannot be imported or fails."""
    try:
        audioldm = import_module("audioldm")
    except (ImportError, OSError) as error:  # a broken torchaudio is an OSError
        raise SpotnbError(f"the package audioldm cannot be imported ({reason_of(error)})") from error
    try:
        built = audioldm.build_model(model_name=model_name)
    except Exception as error:  # no network, a full disk and a truncated checkpoint all raise different errors
        raise SpotnbError(f"audioldm cannot build {model_name!r} ({reason_of(error)})") from error
    built.cond_stage_model.unconditional_prob = 0.0
    return built
