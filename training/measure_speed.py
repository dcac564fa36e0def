"""Time and memory for generating a sound, each measured in a separate process."""

from __future__ import annotations

import subprocess
import sys

from spotnb.models.defaults import TINY_GUIDANCE
from training.measure_seams import TILE


def measure_speed(name: str, cores: int, steps: int, solver: str) -> dict[str, float]:
    """Return the median seconds and the peak memory for 30 s of sound on `cores` cores, over three processes."""
    code = (
        "import os, time; import torch; "
        f"os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:{cores}]); torch.set_num_threads({cores}); "
        "from spotnb import load_model, spotdiffusion_text_to_audio as make, SpotDiffusionConfig as C; "
        f"m = load_model({name!r}, device='cpu'); t = time.perf_counter(); "
        f"make(m, 'jazz piano solo', 30.0, {steps}, {TINY_GUIDANCE}, "
        f"config=C(tile_size_time={TILE}), solver={solver!r}, seed=0, progress=False); "
        "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')); "
        "print(time.perf_counter() - t, int(peak) / 1000)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(3)]
    pairs = [tuple(map(float, run.stdout.split()[-2:])) for run in runs]
    return {"seconds": sorted(p[0] for p in pairs)[1], "peak_mb": max(p[1] for p in pairs)}


def measure_speeds(name: str) -> dict[str, object]:
    """Return seconds and peak memory on two cores, on one, and on two with 15 steps of DPM-Solver++."""
    two, one, short = (measure_speed(name, *run) for run in ((2, 25, "ddim"), (1, 25, "ddim"), (2, 15, "dpm++")))
    return {
        "seconds_30s_2cores": two["seconds"],
        "seconds_30s_1core": one["seconds"],
        "seconds_30s_15_steps_2cores": short["seconds"],
        "peak_mb": two["peak_mb"],
    }
