"""How many attention heads an AudioLDM UNet has: a choice that its published configuration gets wrong.

The published files say `attention_head_dim: 8`, which diffusers reads as 8 heads at every level. The networks were
trained with a fixed number of channels a head. Shapes match either way, so the wrong choice loads and sounds worse.
"""

from __future__ import annotations

from typing import Any

from spotnb.errors import InputError

ORIGINAL_HEADS = {
    (128, 256, 384, 640): (4, 8, 12, 20),  # audioldm, audioldm-s-full-v2: 32 channels a head
    (192, 384, 576, 960): (6, 12, 18, 30),  # audioldm-m-full: 32
    (256, 512, 768, 1280): (4, 8, 12, 20),  # audioldm-l-full: 64
}
PUBLISHED = 8


def choose_heads(unet_config: dict[str, Any], heads: str | tuple[int, ...]) -> tuple[bool, tuple[int, ...]]:
    """Whether the configuration's own head counts are kept, and the head count of each level.

    `heads`: "original" takes the counts that the network was trained with where the configuration is one of the
    published ones, and else the configuration's; "config" always takes the configuration's; a tuple is taken as it is.
    Raises `InputError` for anything else, or counts that do not divide the channels.
    """
    channels = tuple(unet_config["block_out_channels"])
    # diffusers treats attention_head_dim as the number of heads when num_attention_heads is absent.
    given = unet_config.get("num_attention_heads") or unet_config.get("attention_head_dim", PUBLISHED)
    configured = tuple(given) if isinstance(given, list | tuple) else (given,) * len(channels)
    if heads == "config":
        return True, configured
    if heads == "original":
        if given == PUBLISHED and channels in ORIGINAL_HEADS:
            return False, ORIGINAL_HEADS[channels]
        return True, configured
    if not isinstance(heads, list | tuple) or len(heads) != len(channels) or not all(type(h) is int for h in heads):
        raise InputError(f'heads is {heads!r}: expected "original", "config" or {len(channels)} whole numbers')
    if any(h < 1 or c % h for c, h in zip(channels, heads, strict=True)):
        raise InputError(f"heads {tuple(heads)} do not divide the channels {channels}; give divisors")
    return False, tuple(heads)
