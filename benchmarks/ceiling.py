"""How close the network comes to the limit of the machine: `ours` over `theirs`, both in GFLOP/s, for each dtype.

The ceiling is the product of two square matrices. The network has the size of audioldm-s-full and runs on a guidance
pair of one tile of 256 frames; torch counts its operations.
"""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.networks import large_model, large_unet
from benchmarks.pairs import Row, interleave, row

SIDE = 4096
DTYPES = {"ceiling_fp32": torch.float32, "ceiling_bf16": torch.bfloat16}


def ceiling(name: str, rounds: int) -> Row:
    """Measure the row `name`, whose dtype is in `DTYPES`."""
    dtype = DTYPES[name]
    model = large_model(large_unet(), dtype)
    call = torch.randn(2, 8, 256, 16), torch.tensor([500, 500]), model.embed(["", "rock song"])
    one, other = torch.randn(2, SIDE, SIDE).to(dtype)
    with FlopCounterMode(display=False) as counter:
        model.predict_noise(*call)
    work = {"network": counter.get_total_flops() / 1e9, "product": 2 * SIDE**3 / 1e9}
    seconds = interleave({"network": lambda: model.predict_noise(*call), "product": lambda: one @ other}, rounds, name)
    rates = {each: [work[each] / spent for spent in times] for each, times in seconds.items()}
    return row(name, rates["network"], rates["product"], dtype=dtype)
