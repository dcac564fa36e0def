"""From a name to a model: the embedded one, a folder, or one of the published AudioLDM checkpoints."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM, from_folder

log = logging.getLogger(__name__)

EMBEDDED = Path(__file__).parent / "embedded"
HUB_MODELS = ("cvssp/audioldm", "cvssp/audioldm-s-full-v2", "cvssp/audioldm-m-full", "cvssp/audioldm-l-full")
WANTED = ["*.json", "*.txt", "*.safetensors", "*.bin"]  # weights are read as tensors only, whichever kind they are
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


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
        name: "tiny", the embedded model; one of the `cvssp/audioldm…` checkpoints, fetched from the Hugging Face hub
            on first use (2 to 6 GB); or a local folder in the same format.
        device: "auto" takes cuda, then mps, then cpu; or a torch device.
        dtype: of the UNet: "fp32", "bf16", "fp16", or "auto": bf16 where the hardware multiplies it faster than
            float32, else fp32.
        heads: attention heads of a published checkpoint, see `spotnb.models.heads`. The choice is in the manifest.
        revision: branch, tag or commit on the hub. The commit it stood for is in the manifest: give that to repeat
            a run exactly.

    Raises:
        InputError: unknown name, device or dtype.
        SpotnbError: a folder lacks a piece or holds a wrong one; the hub cannot be reached.
    """
    if not isinstance(name, str) or not name:
        raise InputError(f"model name is {name!r}: expected tiny, {', '.join(HUB_MODELS)} or a folder")
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
    """The torch device of a name; "auto" takes cuda, then mps, then cpu."""
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"device {device!r} cannot be used ({reason}); choose auto, cpu, cuda or mps") from None
    return chosen


def pick_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """The torch dtype of a name; "auto" takes bf16 where the device is known to multiply it faster than float32."""
    if dtype in DTYPES:
        return DTYPES[dtype]
    if dtype != "auto":
        raise InputError(f"dtype {dtype!r} is unknown: expected auto, {', '.join(DTYPES)}")
    return torch.bfloat16 if _fast_bf16(device) else torch.float32


def _fast_bf16(device: torch.device) -> bool:
    """Known by instruction set rather than timed, so that the same machine gives the same sound every day.

    Measured: with AMX tiles 1.7 (tiny) to 3.5 times (audioldm-s) as fast as float32, with AVX512-BF16 alone 1.4 times
    (tiny). GPUs have it from Ampere on.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type != "cpu":
        return False
    probes = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(probe() for probe in probes if probe is not None)


def _fetch(name: str, revision: str) -> Path:
    """The folder of a hub checkpoint: from the local cache if it is there, else downloaded."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        log.info("fetching %s (%s) from the Hugging Face hub", name, revision)
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED))
    except Exception as error:  # no network, no such revision, no disk: each a kind of its own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SpotnbError(
            f"{name} is not on this machine and cannot be fetched ({reason}); connect once to download it, "
            "pass a folder that holds it, or use tiny"
        ) from error
