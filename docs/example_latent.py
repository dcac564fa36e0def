"""Write the latent that `TileShiftDebugger` shows where it has no run: a real one, of the embedded model.

    python -m docs.example_latent    # or: make pictures

It writes spotnb/widgets/example_latent.npz. Run it again when the weights of the embedded model change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import spotnb
from spotnb.widgets.tile_shift_latent import EXAMPLE, write_example

CHANNEL = 0
"""The channel in which the notes of this piece are plainest."""
RUN: dict[str, Any] = {
    "prompt": "church organ, slow",
    "duration": 30.0,
    "steps": 20,
    "solver": "dpm++",
    "guidance_scale": 2.5,
    "finish_steps": 2,
    "seed": 0,
}
TILE = 128


def main() -> None:
    """Run the model, and write one channel of the finished latent."""
    model = spotnb.load_model("tiny", device="cpu")
    config = spotnb.SpotDiffusionConfig(tile_size_time=TILE)
    run = spotnb.SpotSampler(model, config=config, record="last", **RUN).run(progress=False)
    plane = run.latent[0, CHANNEL].float().numpy()
    write_example(EXAMPLE, plane, float(np.quantile(np.abs(plane), 0.998)), CHANNEL, RUN["prompt"])
    print(f"{EXAMPLE.name}: {len(plane)} frames of channel {CHANNEL}, {EXAMPLE.stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
