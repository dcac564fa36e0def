"""Loading of a model by name: the embedded model, a local folder, or a repository on the Hugging Face Hub."""

from __future__ import annotations

import os
from typing import Any, cast

import torch

from spotnb.errors import InputError
from spotnb.models.compiling import check_compile, compile_network
from spotnb.models.devices import why_unusable
from spotnb.models.families import AUDIOLDM, Family, family_of, loader_of
from spotnb.models.folder_check import read_index
from spotnb.models.locate import EMBEDDED, HUB_MODELS, Located, locate
from spotnb.models.protocol import AudioModel
from spotnb.models.shelter import shelter
from spotnb.support.checks import show
from spotnb.support.reasons import reason_of

__all__ = ["EMBEDDED", "HUB_MODELS", "load_model", "pick_device", "pick_dtype"]

CHECKPOINT = AUDIOLDM._replace(title="an original checkpoint", options=frozenset({"heads"}))
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@shelter
def load_model(
    name: str | os.PathLike[str] = "tiny",
    device: str = "auto",
    dtype: str = "auto",
    *,
    heads: str | tuple[int, ...] = "original",
    revision: str = "main",
    variant: str | None = None,
    compile: bool = False,
) -> AudioModel:
    """Load a model by name.

    Args:
        name: "tiny", which is the embedded model; a repository on the Hugging Face Hub, such as `cvssp/audioldm2`,
            which is downloaded on first use (2 to 6 GB); or a local folder in the same format, whose absolute path
            becomes the name in the manifest. `model_index.json` determines the family: AudioLDM, MusicLDM,
            AudioLDM 2 or Stable Audio. No code in a folder is run, and its configurations have limits. An original
            AudioLDM checkpoint, the path of a `.ckpt`, is read too; see `spotnb.models.checkpoint`.
        device: A torch device, or "auto", which selects the first available one of cuda, mps and cpu.
        dtype: Precision of the UNet: "fp32", "bf16", "fp16", or "auto", which selects bf16 if the hardware multiplies
            it faster than float32, fp16 on GPUs that have no bf16 but multiply that faster, and fp32 otherwise.
        heads: Attention heads of a published checkpoint; see `spotnb.models.heads`. The manifest records the choice.
        revision: Branch, tag or commit on the Hub. The manifest records the commit; pass it to repeat a run exactly.
        variant: The variant of the weights, such as "fp16", which takes half of the download. A piece without it is
            read as it is.
        compile: Whether to compile the denoising network with `torch.compile`, on a CUDA GPU.

    Raises:
        InputError: The name, device or dtype is unknown, the heads, the revision or the variant cannot be one, or the
            device gains nothing from compiling.
        SpotnbError: A part of the model is missing or does not fit, its pipeline is not a known one, or the Hub cannot
            be reached.
    """
    chosen_device = pick_device(device)
    chosen_dtype = pick_dtype(dtype, chosen_device)
    compiled = check_compile(compile, chosen_device)
    located = locate(name, revision, variant)
    choices = {"heads": heads, "variant": variant}
    model: Any = _load(located, choices, device=chosen_device, dtype=chosen_dtype)
    if located.revision is not None:
        model.notes["revision"] = located.revision
    if variant is not None:
        model.notes["variant"] = variant
    if compiled:
        compile_network(model)
    return cast("AudioModel", model)


def _load(located: Located, choices: dict[str, Any], **options: Any) -> Any:
    if located.folder.is_file():
        from spotnb.models.checkpoint import from_checkpoint

        return from_checkpoint(located.folder, name=located.name, **_options(CHECKPOINT, choices), **options)
    family = family_of(located.folder, read_index(located.folder))
    return loader_of(family)(located.folder, name=located.name, **_options(family, choices), **options)


def _options(family: Family, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options that a family takes. Raises `InputError` if another one is set."""
    for name, value in given.items():
        if name not in family.options and not (value is None or (isinstance(value, str) and value == "original")):
            raise InputError(f"{name} is {show(value)}: {family.title} has no such choice; leave it out")
    return {name: value for name, value in given.items() if name in family.options}


def pick_device(device: Any) -> torch.device:
    """Return the torch device of a name. "auto" selects the first available one of cuda, mps and cpu.

    Raises:
        InputError: The device is unknown or not available.
    """
    if isinstance(device, str) and device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    advice = "choose auto, cpu, cuda or mps"
    if not isinstance(device, str | torch.device):
        raise InputError(f"device is {show(device)}: expected the name of a device; {advice}")
    try:
        chosen = torch.device(device)
    except Exception as error:  # torch raises many types of errors
        raise InputError(f"device {show(str(device))} cannot be used ({reason_of(error)}); {advice}") from None
    if reason := why_unusable(chosen):
        raise InputError(f"device {show(str(device))} cannot be used ({reason}); {advice}")
    return chosen


def pick_dtype(dtype: Any, device: torch.device) -> torch.dtype:
    """Return the torch dtype of a name. "auto" selects bf16 if the device multiplies it faster than float32.

    Raises:
        InputError: The name is unknown.
    """
    if isinstance(dtype, str) and dtype in DTYPES:
        return DTYPES[dtype]
    if not isinstance(dtype, str) or dtype != "auto":
        raise InputError(f"dtype is {show(dtype)}: expected auto, {', '.join(DTYPES)}; auto suits most machines")
    if device.type == "cuda" and (7, 0) <= torch.cuda.get_device_capability(device) < (8, 0):
        return torch.float16  # Volta and Turing multiply it in tensor cores, and have no bf16
    return torch.bfloat16 if _fast_bf16(device) else torch.float32


def _fast_bf16(device: torch.device) -> bool:
    """Return whether the device multiplies bf16 faster than float32.

    The answer follows from the instruction set rather than from timing, so that a machine always produces the same
    sound. In measurements, bf16 was 1.7 times (tiny) to 3.5 times (audioldm-s) as fast as float32 with AMX tiles, and
    1.4 times (tiny) as fast with AVX512-BF16 alone. GPUs support it from the Ampere generation on.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type != "cpu":
        return False
    probes = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(probe() for probe in probes if probe is not None)
