"""What length costs, on the embedded model.

`cost_30min`: seconds a second of sound, of 30 min over 30 s. `megabytes_per_minute`: peak memory of the process at 60
and at 15 min (`ours` and `theirs`, in MB), the difference for each minute between; met only if 60 min take 1.2 GB at
most. `sound_per_second`: seconds of sound (30, `ours`) over seconds to make, decode and write it. `first_sound`: from
starting a fresh Python on one core to 10 s of sound, in seconds (`ours`), over those 10 s. Memory is read from Linux'
`/proc`.
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
print(int(peak) / 1000)  # not resource's figure, which begins with the parent's
"""
FIRST_SOUND = """
import spotnb
model = spotnb.load_model("tiny", device="cpu")
made = spotnb.generate_audio(model, "jazz piano solo", duration=10, steps=25, guidance_scale=2.5, progress=False)
assert len(made.waveform) == 160000
"""


def cost_30min(rounds: int) -> Row:
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
    long, short = (_peak_megabytes(minutes) for minutes in (60, 15))
    dtype = load_model("tiny", device="cpu").dtype
    goal = 6.0
    found = row("megabytes_per_minute", [long], [short], at_most=goal, dtype=dtype)
    ratio = round((long - short) / 45, 3)
    return replace(found, ratio=ratio, met=ratio <= goal and long <= MAX_MEGABYTES)


def _peak_megabytes(minutes: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        threads, sound = str(torch.get_num_threads()), str(Path(folder) / "sound.flac")
        done = _python(LONG_RUN, str(minutes), sound, threads)
    return float(done)


def sound_per_second(rounds: int) -> Row:
    model = load_model("tiny", device="cpu")
    with tempfile.TemporaryDirectory() as folder:

        def make() -> None:
            run = SpotSampler(model, PROMPT, 30.0, 25, 2.5, CONFIG, record="last")
            run.run(progress=False).decode_to(Path(folder) / "sound.wav")

        seconds = interleave({"ours": make}, rounds, "sound_per_second")["ours"]
    return row("sound_per_second", [30.0] * rounds, seconds, at_least=6.0, dtype=model.dtype)


def first_sound(rounds: int) -> Row:
    def timed() -> float:
        began = time.perf_counter()
        _python(FIRST_SOUND, cores=1)
        return time.perf_counter() - began

    timed()  # the files are in the machine's memory afterwards
    seconds = [timed() for _ in range(rounds)]
    found = row("first_sound", seconds, [10.0] * rounds, at_most=1.0, dtype=load_model("tiny", device="cpu").dtype)
    return replace(found, threads=1)


def _python(code: str, *arguments: str, cores: int | None = None) -> str:
    """What a fresh Python prints, on the first `cores` processors only if given."""
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
