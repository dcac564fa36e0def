"""Upsampling for web pages, by fewer products.

A convolution of 3 x 3 after an upsampling by nearest neighbors multiplies copies of the same numbers: of the nine
inputs of an output, only four differ. Adding the weights that meet the same input leaves a convolution of 2 x 2 around
each corner between the inputs, with four results there, in four ninths of the products (as Shi et al., *Is the
deconvolution layer the same as a convolutional layer?*, 2016, do for transposed convolutions).
"""

from __future__ import annotations

import spotnb.models.whole_networks

import torch
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn


class Upsample(nn.Module):
    """`Upsample2D` by nearest neighbors and a convolution of 3 x 3.

    Args:
        upsample: The module whose weights it has.
    """

    sums: Tensor

    def __init__(self, upsample: Upsample2D) -> None:
        super().__init__()
        self.conv = upsample.conv
        self.register_buffer("sums", _sums(), persistent=False)

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
        weight: Tensor = self.conv.weight
        outs, ins = weight.shape[:2]
        around = (weight.flatten(2) @ self.sums).reshape(outs, ins, 4, 4)
        return around.permute(0, 2, 1, 3).reshape(4 * outs, ins, 2, 2)


def _sums() -> Tensor:
    """Return which of 3 x 3 weights meet which of 2 x 2 inputs, for each of the 2 x 2 results, `[9, 16]`."""
    meets = torch.tensor([[[1.0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 1]]])  # result, input, weight on an axis
    return torch.einsum("rim,sjn->mnrsij", meets, meets).reshape(9, 16)
