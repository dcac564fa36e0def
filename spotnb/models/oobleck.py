"""The receptive field of Oobleck, the autoencoder of Stable Audio (Evans et al. 2024, arXiv:2407.14358)."""

from __future__ import annotations

import math
from collections.abc import Sequence

EDGE = 3
"""Reach of the first and the last convolution, of 7 taps."""
DILATED = 3 * (1 + 3 + 9)
"""Reach of the three residual units of a block, of 7 taps each."""


def receptive_frames(ratios: Sequence[int]) -> int:
    """Return how many latent frames on each side of a latent frame take part in its sound.

    A transposed convolution with a stride of s has 2s taps, so that each of its outputs comes from 2 inputs.

    Args:
        ratios: The downsampling ratios of the encoder, which the decoder takes in reverse order.
    """
    reach = EDGE
    for ratio in ratios:  # from the sound back to the latent
        reach = math.ceil((reach + DILATED) / ratio) + 1
    return reach + EDGE
