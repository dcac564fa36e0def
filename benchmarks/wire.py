"""On paper: how the step time of one long piece splits between network and wire, at 4 to 64 workers with a GPU each.

Measured here: the bytes that a unit of work (one window of one guidance half) sends and returns, and what it costs the
client to send, schedule and collect one, on two local workers whose network does nothing. Assumed, and told in the
table: the seconds of a unit on a GPU, and the wire, which all units share at the client.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch
from distributed.protocol import dumps
from distributed.protocol.serialize import to_serialize

from spotnb.research.distributed import DistributedModel
from tests.cluster import two_workers
from tests.networks import FunctionModel

UNIT_SECONDS = 1 / 4.71 / 8  # the original notebook's run of audioldm-m-full: 4.71 steps a second, 4 tiles, both halves
WINDOW, EMBEDDING = (1, 8, 256, 16), (1, 512)
WORKERS = (4, 8, 16, 32, 64)


def nothing(x: torch.Tensor, t: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
    return x


def message_bytes() -> tuple[int, int]:
    """What a unit sends, and what it returns."""
    draw = np.random.default_rng(0).standard_normal
    window, told = draw(WINDOW, np.float32), draw(EMBEDDING, np.float32)  # zeros would be compressed
    frames = (dumps(to_serialize(each)) for each in ((window, 500, told), window))
    sent, back = (sum(memoryview(part).nbytes for part in parts) for parts in frames)
    return sent, back


def unit_overhead(units: int = 64, rounds: int = 7) -> float:
    """Seconds of the client for each unit."""
    with two_workers() as client:
        model = DistributedModel(FunctionModel(nothing), client)
        call = torch.randn(units, *WINDOW[1:]), torch.full((units,), 500), torch.zeros(units, EMBEDDING[1])
        seconds = []
        for _ in range(rounds + 1):
            began = time.perf_counter()
            model.predict_noise(*call)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:]) / units


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of sound")
    parser.add_argument("--gigabits", type=float, default=10.0, help="of the wire, a second")
    args = parser.parse_args()
    sent, back = message_bytes()
    overhead = unit_overhead()
    units = 2 * round(args.minutes * 60 * 25 / WINDOW[2])
    wire = units * (sent + back) * 8 / (args.gigabits * 1e9)
    print(f"a unit sends {sent} bytes and returns {back}; the client spends {1e3 * overhead:.2f} ms on it (measured)")
    print(f"{args.minutes:g} min: {units} units a step; {1e3 * UNIT_SECONDS:.0f} ms of a GPU each (assumed)")
    print(f"{'workers':>8}{'network, s':>12}{'wire, s':>9}{'client, s':>11}{'step, s':>9}{'speed-up':>10}")
    for workers in WORKERS:
        network = -(-units // workers) * UNIT_SECONDS
        # Sending overlaps with computing; the step takes as long as the slower of the two.
        step = max(network, wire + units * overhead)
        speed_up = units * UNIT_SECONDS / step
        print(f"{workers:8}{network:12.3f}{wire:9.3f}{units * overhead:11.3f}{step:9.3f}{speed_up:10.1f}")


if __name__ == "__main__":
    main()
