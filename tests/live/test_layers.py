"""The layers of exported networks compute what those of torch and diffusers do."""

from __future__ import annotations

import pytest
import torch
from diffusers.models.attention_processor import Attention
from diffusers.models.upsampling import Upsample2D
from torch import nn

from spotnb.live.attention import SelfAttention
from spotnb.live.layers import with_layers_of_pages
from spotnb.live.norms import GroupNorm
from spotnb.live.upsampling import Upsample


def test_a_copy_shares_the_weights_and_leaves_the_module_as_it_was() -> None:
    up = Upsample2D(4, use_conv=True)
    module = nn.Sequential(nn.Conv2d(2, 4, 1), nn.GroupNorm(2, 4), nn.ModuleList([nn.GroupNorm(1, 4), up]))
    copied = with_layers_of_pages(module)
    assert [type(each) for each in module.modules()].count(nn.GroupNorm) == 2
    assert [type(each) for each in copied.modules()].count(GroupNorm) == 2
    assert [type(each) for each in copied.modules()].count(Upsample) == 1
    assert not any(isinstance(each, (nn.GroupNorm, Upsample2D)) for each in copied.modules())
    names = dict(module.named_parameters())
    assert names.keys() == dict(copied.named_parameters()).keys()
    assert all(parameter is names[name] for name, parameter in copied.named_parameters())


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (6, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_upsampling_is_that_of_diffusers(bias: bool, size: tuple[int, int]) -> None:
    upsample = Upsample2D(6, use_conv=True, out_channels=4, bias=bias)
    assert Upsample.replaces(upsample)
    x = torch.randn(2, 6, *size, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(Upsample(upsample)(x), upsample(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "upsample",
    [
        Upsample2D(4),
        Upsample2D(4, use_conv=True, kernel_size=1, padding=0),
        Upsample2D(4, use_conv_transpose=True),
        Upsample2D(4, use_conv=True, norm_type="rms_norm", eps=1e-5, elementwise_affine=True),
        Upsample2D(4, use_conv=True, interpolate=False),
    ],
)
def test_upsampling_of_another_kind_stays(upsample: Upsample2D) -> None:
    assert not Upsample.replaces(upsample)
    assert type(with_layers_of_pages(nn.Sequential(upsample))[0]) is Upsample2D


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_attention_is_that_of_diffusers(bias: bool, heads: int) -> None:
    attention = Attention(12, heads=heads, dim_head=4, bias=bias)
    assert SelfAttention.replaces(attention)
    assert type(with_layers_of_pages(nn.Sequential(attention))[0]) is SelfAttention
    x = torch.randn(2, 7, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(SelfAttention(attention)(x), attention(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "attention",
    [
        Attention(12, cross_attention_dim=8, heads=2, dim_head=4),
        Attention(12, heads=2, dim_head=4, norm_num_groups=3),
        Attention(12, heads=2, dim_head=4, qk_norm="layer_norm"),
        Attention(12, heads=2, dim_head=4, residual_connection=True),
        Attention(12, heads=2, dim_head=4, rescale_output_factor=2.0),
    ],
)
def test_attention_of_another_kind_stays(attention: Attention) -> None:
    assert not SelfAttention.replaces(attention)
