"""The memory and processors available to this process, taking container limits into account."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from spotnb.errors import SpotnbError

CGROUP = Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Return the bytes of memory that a run may use: the free memory, or less if a container limits it."""
    free = int(psutil.virtual_memory().available)
    limit, used = _read_int(CGROUP / "memory.max"), _read_int(CGROUP / "memory.current")
    return free if limit is None or used is None else min(free, max(0, limit - used))


def available_cpus() -> int:
    """Return how many processors this process may use, at least one. A Binder container has half of one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):  # there is no cgroup, or it says "max", which means no limit
        return allowed


def require_memory(needed: int, what: str) -> None:
    """Raise `SpotnbError` if fewer than `needed` bytes of memory are available. `what` starts the message."""
    free = available_memory()
    if needed > free:
        raise SpotnbError(
            f"{what} needs about {needed // 10**6 / 1000:.3g} GB of memory and {free / 1e9:.3g} GB are free; "
            'ask for a shorter duration, or keep fewer steps (record="last")'
        )


def _read_int(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
