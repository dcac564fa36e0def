"""Compare the embedded model in JavaScript with Python, and time it: `python -m benchmarks.live --runtime DIR`.

DIR is the unpacked npm package onnxruntime-web (`npm pack onnxruntime-web@1.30.0`). node runs its WebAssembly on one
thread. For each case it prints the relative distances of initial noise, latent, log-mel and sound, seconds of CPU, and
what Python says when it repeats the trace that JavaScript wrote.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spotnb.live.export import export
from spotnb.models.load import load_model
from spotnb.sampling.replay import replay
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig

SCRIPT = Path(__file__).parents[1] / "tests" / "js" / "live_end_to_end.js"
COMMON: dict[str, Any] = {
    "seed": 5,
    "guidance_scale": 2.5,
    "guidance_interval": [100, 800],
    "tile_size_time": 128,
    "tile_batch": 2,
    "eta": 0.0,
    "finish_steps": 2,
}
CASES: dict[str, dict[str, Any]] = {
    "ten seconds": COMMON
    | {"prompt": "techno with heavy drums at 128 bpm", "duration": 10.0, "steps": 15, "solver": "ddim"},
    "twenty seconds": COMMON
    | {"prompt": "calm piano", "negative_prompt": "drums", "duration": 20.0, "steps": 20, "solver": "dpm++"},
    "a loop": COMMON
    | {"prompt": "guitar", "duration": 6.0, "steps": 5, "solver": "ddim", "edge": "circular", "tile_size_time": 64},
}
TOLERANCE = 1e-4
TILING = ("tile_size_time", "edge")


def reference(model: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the results of Python."""
    config = SpotDiffusionConfig(**{name: settings[name] for name in TILING if name in settings})
    sampler = SpotSampler(model, config=config, **{k: v for k, v in settings.items() if k not in TILING})
    start = np.array(sampler.latent)
    sound = sampler.run(progress=False).sound()
    return {"start": start, "latent": np.array(sampler.latent), "mel": sound.mel, "sound": sound.waveform}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Compare the embedded model in JavaScript with Python.")
    parser.add_argument("--runtime", type=Path, required=True, help="the unpacked npm package onnxruntime-web")
    parser.add_argument("--model", type=Path, help="what spotnb.live.export wrote (default: export it)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model("tiny", device="cpu", dtype="fp32")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exported = args.model or folder / "model"
        if args.model is None:
            export(exported)
        for case, settings in CASES.items():
            start = time.process_time()
            for kind, array in reference(model, settings).items():
                array.astype("<f4").tofile(folder / f"{case}.{kind}")
            print(json.dumps({"case": case, "seconds of Python": round(time.process_time() - start, 2)}), flush=True)
        (folder / "cases.json").write_text(json.dumps(CASES))
        node = shutil.which("node")
        assert node is not None, "node is not installed"
        subprocess.run([node, SCRIPT, args.runtime.resolve(), exported.resolve(), folder], check=True)
        for case in CASES:
            repeated = replay(folder / f"{case}.npz", model, progress=False, tolerance=TOLERANCE)
            print(json.dumps({"case": case, "replay": str(repeated)}), flush=True)


if __name__ == "__main__":
    main()
