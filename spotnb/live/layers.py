"""The layers that a page computes otherwise than torch does."""

from __future__ import annotations

import copy
from typing import TypeVar

import spotnb.models.whole_networks

from diffusers.models.attention_processor import Attention
from diffusers.models.upsampling import Upsample2D
from torch import nn

from spotnb.live.attention import SelfAttention
from spotnb.live.norms import GroupNorm
from spotnb.live.upsampling import Upsample

M = TypeVar("M", bound=nn.Module)


def with_layers_of_pages(module: M) -> M:
    """Return a copy of a network with the layers that suit a page. It shares the weights."""
    kept = {id(each): each for each in module.parameters()}
    copied = copy.deepcopy(module, kept)  # of the structure only
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.GroupNorm):
                setattr(parent, name, GroupNorm(child))
            if isinstance(child, Upsample2D) and Upsample.replaces(child):
                setattr(parent, name, Upsample(child))
            if isinstance(child, Attention) and SelfAttention.replaces(child):
                setattr(parent, name, SelfAttention(child))
    return copied
