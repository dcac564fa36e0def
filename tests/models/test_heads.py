"""Attention heads: published configurations give the numbers that the networks were trained with."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention

from spotnb.errors import InputError
from spotnb.models.heads import choose_heads
from tests.models.components import make_unet

PUBLISHED = {
    "s": ((128, 256, 384, 640), (4, 8, 12, 20)),
    "m": ((192, 384, 576, 960), (6, 12, 18, 30)),
    "l": ((256, 512, 768, 1280), (4, 8, 12, 20)),
}


def config(channels: tuple[int, ...], **changes: Any) -> dict[str, Any]:
    return {"block_out_channels": list(channels), "attention_head_dim": 8} | changes


def built(channels: tuple[int, ...], heads: Any) -> UNet2DConditionModel:
    """Return the UNet that diffusers creates from such a configuration, without weights."""
    with torch.device("meta"):
        return make_unet(channels, norm_num_groups=32, attention_head_dim=heads)


def heads_of(block: torch.nn.Module) -> set[int]:
    return {module.heads for module in block.modules() if isinstance(module, Attention)}


@pytest.mark.parametrize("size", PUBLISHED)
def test_published_checkpoints_get_the_originals_heads(size: str) -> None:
    channels, original = PUBLISHED[size]
    kept, chosen = choose_heads(config(channels), "original")
    assert (kept, chosen) == (False, original)
    per_head = 64 if size == "l" else 32
    assert [c // h for c, h in zip(channels, chosen, strict=True)] == [per_head] * 4

    unet = built(channels, list(chosen))
    assert [heads_of(block) for block in unet.down_blocks] == [set(), *({h} for h in original[1:])]
    assert heads_of(unet.mid_block) == {original[-1]}
    assert [heads_of(block) for block in unet.up_blocks] == [*({h} for h in original[:0:-1]), set()]


@pytest.mark.parametrize("size", PUBLISHED)
def test_the_configurations_own_heads_load_as_well_and_are_wrong(size: str) -> None:
    """The published configuration gives eight heads everywhere, with weights of the same shapes."""
    channels, original = PUBLISHED[size]
    kept, chosen = choose_heads(config(channels), "config")
    assert (kept, chosen) == (True, (8, 8, 8, 8))
    wrong, right = built(channels, 8), built(channels, list(original))
    assert heads_of(wrong) == {8}
    shapes = [{name: p.shape for name, p in unet.named_parameters()} for unet in (wrong, right)]
    assert shapes[0] == shapes[1]


def test_other_networks_keep_their_own() -> None:
    assert choose_heads(config((64, 128, 256), attention_head_dim=4), "original") == (True, (4, 4, 4))
    assert choose_heads(config((64, 128), attention_head_dim=[2, 4]), "original") == (True, (2, 4))
    assert choose_heads(config((128, 256, 384, 640), attention_head_dim=16), "original") == (True, (16,) * 4)
    fixed = config((128, 256, 384, 640), num_attention_heads=[4, 8, 12, 20])
    assert choose_heads(fixed, "original") == (True, (4, 8, 12, 20))


def test_heads_of_ones_own() -> None:
    assert choose_heads(config((128, 256, 384, 640)), (2, 4, 6, 10)) == (False, (2, 4, 6, 10))
    assert choose_heads(config((64, 128)), [1, 128]) == (False, (1, 128))


@pytest.mark.parametrize(
    "bad", ["orignal", "", (4, 8), (3, 8, 12, 20), (0, 8, 12, 20), (-4, 8, 12, 20), (4.0, 8, 12, 20), "4812", 8, None]
)
def test_bad_heads_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match="heads") as caught:
        choose_heads(config((128, 256, 384, 640)), bad)
    assert repr(bad).strip("()[]") in str(caught.value)
    assert "\n" not in str(caught.value)
