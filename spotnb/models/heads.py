"""The number of attention heads of a UNet, which published configurations get wrong.

The published files of AudioLDM, MusicLDM and AudioLDM 2 contain `attention_head_dim: 8`, which diffusers reads as 8
heads at every level. The networks were trained with a fixed number of channels per head. The shapes match in both
cases, so the wrong number loads without an error.

Where the numbers come from: `num_head_channels: 32` stands in the configurations of MusicLDM (`interface/musicldm.yaml`
in the repository RetroCirce/MusicLDM) and of AudioLDM 2 (`get_basic_config` in `audioldm2/utils.py` of the repository
haoheliu/AudioLDM2, for all its checkpoints), whose `UNetModel` divides the channels of a level by it. The conversion
scripts of diffusers do not write this number. None of it could be tried on published weights here; `heads="config"` is
the way back.
"""

from __future__ import annotations

from typing import Any

from spotnb.errors import InputError
from spotnb.support.checks import as_plain, show

ORIGINAL_HEADS: dict[tuple[int, ...], tuple[int, ...]] = {
    (128, 256, 384, 640): (4, 8, 12, 20),  # audioldm, audioldm-s-full-v2, musicldm, audioldm2: 32 channels per head
    (192, 384, 576, 960): (6, 12, 18, 30),  # audioldm-m-full: 32 channels per head
    (256, 512, 768, 1280): (4, 8, 12, 20),  # audioldm-l-full: 64 channels per head
}
PUBLISHED = 8


def choose_heads(unet_config: dict[str, Any], heads: str | tuple[int, ...]) -> tuple[bool, tuple[int, ...]]:
    """Choose the number of attention heads of each level.

    Args:
        unet_config: Configuration of the UNet in diffusers' format.
        heads: "original" uses the numbers that the network was trained with if the configuration is one of the
            published ones, and the numbers of the configuration otherwise; "config" always uses the configuration; a
            tuple gives the number of each level.

    Returns:
        Whether the numbers of the configuration are kept, and the number of heads of each level.

    Raises:
        InputError: `heads` is something else, or a number does not divide the channels of its level.
    """
    channels = tuple(unet_config["block_out_channels"])
    # diffusers treats attention_head_dim as the number of heads when num_attention_heads is absent.
    given = unet_config.get("num_attention_heads") or unet_config.get("attention_head_dim", PUBLISHED)
    configured = tuple(given) if isinstance(given, list | tuple) else (given,) * len(channels)
    if isinstance(heads, str) and heads == "config":
        return True, configured
    if isinstance(heads, str) and heads == "original":
        if given == PUBLISHED and channels in ORIGINAL_HEADS:
            return False, ORIGINAL_HEADS[channels]
        return True, configured
    numbers = as_plain(heads)
    if (
        not isinstance(numbers, list | tuple)
        or len(numbers) != len(channels)
        or not all(type(h) is int for h in numbers)
    ):
        raise InputError(
            f'heads is {show(heads)}: expected "original", "config" or {len(channels)} whole numbers; '
            '"original" suits the published checkpoints'
        )
    if any(h < 1 or c % h for c, h in zip(channels, numbers, strict=True)):
        raise InputError(
            f"heads is {show(numbers)}, which do not divide the channels {channels}: pass divisors of them"
        )
    return False, tuple(numbers)


def head_options(unet_config: dict[str, Any], heads: str | tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what loads a UNet with its heads, for `folder_load.load_pieces`, and what the manifest records of them.

    For the arguments and errors, see `choose_heads`.
    """
    kept, chosen = choose_heads(unet_config, heads)
    options = {} if kept else {"unet": {"attention_head_dim": list(chosen)}}
    return options, {"heads": list(chosen), "heads_choice": "config" if kept else str(heads)}
