"""Attention for web pages, in fewer operations.

torch's exporter exchanges the axes of the keys in nine operations, since it does not know how many axes they have. The
time to open a graph grows with the square of the number of operations.
"""

from __future__ import annotations

import spotnb.models.whole_networks

from diffusers.models.attention_processor import Attention
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """`Attention` of a sequence to itself, with no mask and no normalization of its own.

    Args:
        attention: The module whose weights it has.
    """

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.heads, self.scale = attention.heads, attention.scale
        self.to_q, self.to_k, self.to_v, self.to_out = attention.to_q, attention.to_k, attention.to_v, attention.to_out

    @staticmethod
    def replaces(attention: Attention) -> bool:
        """Return whether it computes the same as a module that is given nothing but a sequence."""
        norms = (attention.group_norm, attention.norm_q, attention.norm_k, attention.norm_cross, attention.spatial_norm)
        added = attention.residual_connection or attention.rescale_output_factor != 1 or attention.is_cross_attention
        return not added and not any(norms)

    def forward(self, x: Tensor, encoder_hidden_states: None = None, attention_mask: None = None) -> Tensor:
        """Return the sequences that `x` `[N, T, D]` attends to, `[N, T, D]`.

        The other arguments are those of `Attention`, which must be None.
        """
        assert encoder_hidden_states is None
        assert attention_mask is None
        queries, keys, values = (
            layer(x).unflatten(-1, (self.heads, -1)) for layer in (self.to_q, self.to_k, self.to_v)
        )
        likeness = queries.transpose(1, 2) @ keys.permute(0, 2, 3, 1) * self.scale
        heads = likeness.softmax(-1) @ values.transpose(1, 2)
        out: Tensor = self.to_out[0](heads.transpose(1, 2).flatten(2))
        return out
