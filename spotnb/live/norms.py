"""Group normalization for web pages, whose sums keep their precision.

The WebAssembly of onnxruntime-web adds the up to a million numbers of a group in one pass of single precision. What
that loses is the same for all frames of a mel, and a vocoder that sums frequencies to phases makes it audible to a
comparison: a bias of 2.5e-6 in a mel became 1e-4 of the sound. Here, a sum is one of sums over one axis each, as
accurate as torch's and as fast.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GroupNorm(nn.Module):
    """`torch.nn.GroupNorm` by means over one axis after the other.

    Two convolutions average the channels of a group and spread what they find, where the obvious way changes shapes
    back and forth: the time to open a graph grows with the square of the number of its operations. A single convolution
    in groups is computed wrongly by onnxruntime-web 1.30 on WebGPU.

    Args:
        norm: The module whose weights it has.
    """

    shares: Tensor
    members: Tensor
    least: Tensor

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias
        size = norm.num_channels // norm.num_groups
        members = torch.eye(norm.num_groups).repeat_interleave(size, 0)  # [C, groups]
        self.register_buffer("members", members, persistent=False)
        self.register_buffer("shares", members.T / size, persistent=False)
        self.register_buffer("least", torch.full((norm.num_channels,), norm.eps), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized features, in the shape of `x` `[N, C, ...]`."""
        away = x - self.mean(x)
        scale = like(self.weight, x) / self.mean(away.square(), self.least).sqrt()
        return away * scale + like(self.bias, x)

    def mean(self, x: Tensor, least: Tensor | None = None) -> Tensor:
        """Return the mean of the group of each channel, `[N, C, 1, ...]`, and `least` `[C]` added to it."""
        for axis in range(x.ndim - 1, 1, -1):
            x = x.mean(axis, keepdim=True)
        functional = nn.functional
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[x.ndim - 3]
        ones = [1] * (x.ndim - 2)
        means = convolve(x, self.shares.reshape(*self.shares.shape, *ones))
        return convolve(means, self.members.reshape(*self.members.shape, *ones), least)


def like(channels: Tensor, x: Tensor) -> Tensor:
    """Return `[C, 1, ...]`, which meets the channels of `x` `[N, C, ...]`."""
    return channels.reshape(-1, *[1] * (x.ndim - 2))
