"""Seconds to the first sound in a container like Binder's: half a processor and 2 GB of memory.

    python -m benchmarks.container

This needs Linux and root, which makes a control group (of version 1 or 2) for one measurement. It prints the seconds
from the start of `import spotnb` until the model is loaded and until the first 10 s of sound, those of 30 s more, and
those of all cells of the quickstart. Other work on the machine makes them larger: the processor seconds, which are
half of them on an idle machine, tell how much.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from spotnb.support.system import CGROUP

QUOTA, PERIOD, MEMORY = 50_000, 100_000, 2_000_000_000
SOUNDS = """
import time
began = time.perf_counter()
import spotnb
model = spotnb.load_model()
loaded = time.perf_counter()
settings = {"steps": 25, "guidance_scale": 2.5, "guidance_interval": (100, 800), "progress": False}
config = spotnb.SpotDiffusionConfig(128)
spotnb.generate_audio(model, "church organ", duration=10, config=config, **settings)
first = time.perf_counter()
spotnb.generate_audio(model, "church organ", duration=30, config=config, **settings)
print(f"model loaded after {loaded - began:.1f} s, first 10 s of sound after {first - began:.1f} s, "
      f"30 s more in {time.perf_counter() - first:.1f} s ({time.process_time():.1f} processor seconds together)")
"""
NOTEBOOK = """
import sys, tempfile, time
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
began = time.perf_counter()
NotebookClient(notebook, timeout=900, resources={"metadata": {"path": tempfile.mkdtemp()}}).execute()
print(f"all cells of {sys.argv[1]} in {time.perf_counter() - began:.1f} s")
"""


@contextlib.contextmanager
def container() -> Iterator[list[Path]]:
    """Yield the files that take the number of a process into a control group with the limits of a Binder container."""
    name = f"spotnb-{uuid4().hex[:8]}"
    if (CGROUP / "cgroup.controllers").exists():
        folders = [CGROUP / name]
        limits = {"cpu.max": f"{QUOTA} {PERIOD}", "memory.max": str(MEMORY)}
    else:
        folders = [CGROUP / "cpu" / name, CGROUP / "memory" / name]
        limits = {
            "cpu.cfs_period_us": str(PERIOD),
            "cpu.cfs_quota_us": str(QUOTA),
            "memory.limit_in_bytes": str(MEMORY),
        }
    try:
        for folder in folders:
            folder.mkdir()
        for file, limit in limits.items():
            next(folder / file for folder in folders if (folder / file).exists()).write_text(limit)
        yield [folder / "cgroup.procs" for folder in folders]
    finally:
        for folder in folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def measure(code: str, *arguments: str) -> str:
    """Run Python code in such a container, and return what it prints."""
    with container() as entries:

        def enter() -> None:
            for entry in entries:
                entry.write_text(str(os.getpid()))

        command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
        done = subprocess.run(command, preexec_fn=enter, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> None:
    """Measure from the command line."""
    print(measure(SOUNDS), flush=True)
    print(measure(NOTEBOOK, "notebooks/00-quickstart.ipynb"))


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"cannot make a control group ({error}): run this as root on Linux")
