"""The cost of length, on the embedded model.

- `cost_30min`: the time per second of sound in a run of 30 min, over that in a run of 30 s.
- `megabytes_per_minute`: the peak memory of the process at 60 and at 15 min (`ours` and `theirs`, in MB); the ratio is
  the difference per minute. The goal is met only if 60 min take at most 1.2 GB.
- `sound_per_second`: seconds of sound (30, `ours`) over the seconds needed to generate, decode and write it.
- `first_sound`: the seconds from starting a fresh Python on one core to 10 s of sound (`ours`), over those 10 s.

Memory is read from `/proc`, so these benchmarks need Linux.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.pairs import Row, interleave, row
from spotnb import SpotDiffusionConfig, SpotSampler, load_model

PROMPT = "jazz piano solo"
CONFIG = SpotDiffusionConfig(tile_size_time=128)
MAX_MEGABYTES = 1200
LONG_RUN = """
import sys
import torch
torch.set_num_threads(int(sys.argv[3]))
import spotnb
config = spotnb.SpotDiffusionConfig(tile_size_time=128)
run = spotnb.SpotSampler(
    spotnb.load_model("tiny", device="cpu"), "jazz piano solo", 60 * float(sys.argv[1]), 2, 2.5, config, record="last"
)
run.run(progress=False).decode_to(sys.argv[2])
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak) / 1000)  # the value of `resource` would begin at the peak of the parent process
"""
FIRST_SOUND = """
import spotnb
model = spotnb.load_model("tiny", device="cpu")
result = spotnb.generate_audio(model, "jazz piano solo", duration=10, steps=25, guidance_scale=2.5, progress=False)
assert len(result.waveform) == 160000
"""
GOAL = 6.0  # megabytes per minute of sound


def cost_30min(rounds: int) -> Row:
    """Compare the time per second of sound at 30 min and at 30 s."""
    model, seconds = load_model("tiny", device="cpu"), {"30 min": 1800.0, "30 s": 30.0}
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            name: SpotSampler(model, PROMPT, length, 2, 2.5, CONFIG, record="last") for name, length in seconds.items()
        }

        def make(name: str, times: int) -> None:
            for _ in range(times):
                runs[name].reset().run(progress=False).decode_to(Path(folder) / "sound.wav")

        times = interleave({"30 min": lambda: make("30 min", 1), "30 s": lambda: make("30 s", 60)}, rounds, "30 min")
    return row("cost_30min", times["30 min"], times["30 s"], at_most=1.03, dtype=model.dtype)


def megabytes_per_minute() -> Row:
    """Measure the memory that each additional minute of sound takes."""
    long, short = (_peak_megabytes(minutes) for minutes in (60, 15))
    dtype = load_model("tiny", device="cpu").dtype
    measured = row("megabytes_per_minute", [long], [short], at_most=GOAL, dtype=dtype)
    ratio = round((long - short) / 45, 3)
    return replace(measured, ratio=ratio, met=ratio <= GOAL and long <= MAX_MEGABYTES)


def _peak_megabytes(minutes: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        threads, sound = str(torch.get_num_threads()), str(Path(folder) / "sound.flac")
        done = _python(LONG_RUN, str(minutes), sound, threads)
    return float(done)


def sound_per_second(rounds: int) -> Row:
    """Measure how much sound is generated, decoded and written per second."""
    model = load_model("tiny", device="cpu")
    with tempfile.TemporaryDirectory() as folder:

        def make() -> None:
            run = SpotSampler(model, PROMPT, 30.0, 25, 2.5, CONFIG, record="last")
            run.run(progress=False).decode_to(Path(folder) / "sound.wav")

        seconds = interleave({"ours": make}, rounds, "sound_per_second")["ours"]
    return row("sound_per_second", [30.0] * rounds, seconds, at_least=6.0, dtype=model.dtype)


def first_sound(rounds: int) -> Row:
    """Measure the time from starting Python to the first 10 s of sound."""

    def timed() -> float:
        began = time.perf_counter()
        _python(FIRST_SOUND, cores=1)
        return time.perf_counter() - began

    timed()  # warms the file cache of the machine
    seconds = [timed() for _ in range(rounds)]
    measured = row("first_sound", seconds, [10.0] * rounds, at_most=1.0, dtype=load_model("tiny", device="cpu").dtype)
    return replace(measured, threads=1)


def _python(code: str, *arguments: str, cores: int | None = None) -> str:
    """Run code in a fresh Python, if given on the first `cores` processors only, and return its standard output."""
    allowed = sorted(os.sched_getaffinity(0))
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | ({"OMP_NUM_THREADS": str(cores)} if cores else {}),
        preexec_fn=(lambda: os.sched_setaffinity(0, allowed[:cores])) if cores else None,  # noqa: PLW1509  one thread
    )
    printed, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"the measured process ended with {child.returncode}")
    return printed
