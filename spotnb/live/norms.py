"""Group normalization for web pages, whose sums keep their precision.

The WebAssembly of onnxruntime-web adds the up to a million numbers of a group in one pass of single precision. What
that loses is the same for all frames of a mel, and a vocoder that sums frequencies to phases makes it audible to a
comparison: a bias of 2.5e-6 in a mel became 1e-4 of the sound. Here, a sum is one of sums over one axis each, as
accurate as torch's and as fast.
"""

from __future__ import annotations

from torch import Tensor, nn


class GroupNorm(nn.Module):
    """`torch.nn.GroupNorm` by means over one axis after the other.

    Args:
        norm: The module whose weights it has.
    """

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.groups, self.eps = norm.num_groups, norm.eps
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized features, in the shape of `x` `[N, C, ...]`."""
        away = x - like(self.mean(x), x)
        scale = self.weight / (self.mean(away.square()) + self.eps).sqrt()
        return away * like(scale, x) + like(self.bias[None], x)

    def mean(self, x: Tensor) -> Tensor:
        """Return the mean of the group of each channel, `[N, C]`."""
        count, channels = x.shape[:2]
        while x.ndim > 2:
            x = x.mean(-1)
        means = x.view(count, self.groups, -1).mean(-1, keepdim=True)
        return means.expand(-1, -1, channels // self.groups).reshape(count, channels)


def like(channels: Tensor, x: Tensor) -> Tensor:
    """Return `[N, C]` with as many axes as `x` has."""
    return channels.reshape(*channels.shape, *[1] * (x.ndim - 2))
