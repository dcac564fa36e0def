"""Upsampling for web pages, by fewer products.

A convolution of 3 x 3 after an upsampling by nearest neighbors multiplies copies of the same numbers: of the nine
inputs of an output, only four differ. Adding the weights that meet the same input leaves a convolution of 2 x 2 around
each corner between the inputs, with four results there, in four ninths of the products (as Shi et al., *Is the
deconvolution layer the same as a convolutional layer?*, 2016, do for transposed convolutions).
"""

from __future__ import annotations

import torch
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn


class Upsample(nn.Module):
    """`Upsample2D` by nearest neighbors and a convolution of 3 x 3.

    Args:
        upsample: The module whose weights it has.
    """

    def __init__(self, upsample: Upsample2D) -> None:
        super().__init__()
        self.conv = upsample.conv

    @staticmethod
    def replaces(upsample: Upsample2D) -> bool:
        """Return whether it computes the same as a module."""
        conv, plain = upsample.conv, upsample.norm is None and upsample.interpolate and not upsample.use_conv_transpose
        return plain and isinstance(conv, nn.Conv2d) and (conv.kernel_size, conv.padding) == ((3, 3), (1, 1))

    def forward(self, x: Tensor, _size: object = None) -> Tensor:
        """Return `[N, D, 2H, 2W]` for `x` `[N, C, H, W]`, the same as `Upsample2D` but for rounding."""
        bias = None if self.conv.bias is None else self.conv.bias.repeat_interleave(4)
        corners = nn.functional.conv2d(x, self.around(), bias, padding=1)  # H + 1 by W + 1, with four results each
        return nn.functional.pixel_shuffle(corners, 2)[:, :, 1:-1, 1:-1]

    def around(self) -> Tensor:
        """Return the weights around a corner, `[4 D, C, 2, 2]`."""
        rows = _both(self.conv.weight, 2).unbind(1)
        return torch.stack([_both(row, 3) for row in rows], 1).flatten(0, 2)


def _both(weight: Tensor, axis: int) -> Tensor:
    """Return the weights `[D, 2, ...]` of the results before and after a corner, with two on an axis that had three."""
    first, middle, last = weight.chunk(3, axis)
    return torch.stack([torch.cat([first + middle, last], axis), torch.cat([first, middle + last], axis)], 1)
