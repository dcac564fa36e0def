"""Loading of a model by name: the embedded model, a local folder, or a published AudioLDM checkpoint."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.audioldm_folder import from_folder
from spotnb.models.shelter import shelter
from spotnb.support.checks import show

log = logging.getLogger(__name__)

EMBEDDED = Path(__file__).parent / "embedded"
HUB_MODELS = ("cvssp/audioldm", "cvssp/audioldm-s-full-v2", "cvssp/audioldm-m-full", "cvssp/audioldm-l-full")
WANTED = ["*.json", "*.txt", "*.safetensors", "*.bin"]  # weights are read as tensors only, in either format
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@shelter
def load_model(
    name: str = "tiny",
    device: str = "auto",
    dtype: str = "auto",
    *,
    heads: str | tuple[int, ...] = "original",
    revision: str = "main",
) -> DiffusersAudioLDM:
    """Load a model by name.

    Args:
        name: "tiny", which is the embedded model; one of the `cvssp/audioldm…` checkpoints, downloaded from the
            Hugging Face Hub on first use (2 to 6 GB); or a local folder in the same format.
        device: A torch device, or "auto", which selects the first available one of cuda, mps and cpu.
        dtype: Precision of the UNet: "fp32", "bf16", "fp16", or "auto", which selects bf16 if the hardware multiplies
            it faster than float32, and fp32 otherwise.
        heads: Attention heads of a published checkpoint; see `spotnb.models.heads`. The manifest records the choice.
        revision: Branch, tag or commit on the Hub. The manifest records the commit; pass it to repeat a run exactly.

    Raises:
        InputError: The name, device or dtype is unknown.
        SpotnbError: A part of the model is missing or does not fit, or the Hub cannot be reached.
    """
    if not isinstance(name, str) or not name:
        raise InputError(f"model name is {show(name)}: expected tiny, {', '.join(HUB_MODELS)} or a folder")
    chosen_device = pick_device(device)
    chosen_dtype = pick_dtype(dtype, chosen_device)
    if name == "tiny":
        return from_folder(EMBEDDED, name=name, device=chosen_device, dtype=chosen_dtype, heads=heads)
    if name in HUB_MODELS:
        folder = _fetch(name, revision)
        model = from_folder(folder, name=name, device=chosen_device, dtype=chosen_dtype, heads=heads)
        model.notes["revision"] = folder.name
        return model
    folder = Path(name).expanduser()
    if folder.is_dir():
        return from_folder(folder, name=str(folder), device=chosen_device, dtype=chosen_dtype, heads=heads)
    raise InputError(f"model {name!r} is unknown: expected tiny, {', '.join(HUB_MODELS)} or an existing folder")


def pick_device(device: str) -> torch.device:
    """Return the torch device of a name. "auto" selects the first available one of cuda, mps and cpu.

    Raises:
        InputError: The device is unknown or not available.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not isinstance(device, str | torch.device):  # some numbers crash torch
        raise InputError(f"device is {show(device)}: expected a text; choose auto, cpu, cuda or mps")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"device {show(device)} cannot be used ({reason}); choose auto, cpu, cuda or mps") from None
    return chosen


def pick_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """Return the torch dtype of a name. "auto" selects bf16 if the device multiplies it faster than float32.

    Raises:
        InputError: The name is unknown.
    """
    if dtype in DTYPES:
        return DTYPES[dtype]
    if dtype != "auto":
        raise InputError(f"dtype is {show(dtype)}: expected auto, {', '.join(DTYPES)}; auto suits most machines")
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


def _fetch(name: str, revision: str) -> Path:
    """Return the folder of a Hub checkpoint, from the local cache or downloaded."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        log.info("downloading %s (%s) from the Hugging Face Hub", name, revision)
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED))
    except Exception as error:  # a missing network, revision or disk space each raise a different type
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SpotnbError(
            f"{name} is not on this machine and cannot be downloaded ({reason}): connect once to download it, "
            "pass a folder that contains it, or use tiny"
        ) from error
