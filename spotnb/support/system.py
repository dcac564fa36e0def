"""What this machine has: memory and processors, container limits included."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from spotnb.errors import SpotnbError

CGROUP = Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Bytes that a run may take: what is free, or what a container's limit leaves of it."""
    free = int(psutil.virtual_memory().available)
    limit, used = _read_int(CGROUP / "memory.max"), _read_int(CGROUP / "memory.current")
    return free if limit is None or used is None else min(free, max(0, limit - used))


def available_cpus() -> int:
    """Whole processors that this process may use, at least one. A Binder has half of one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):  # no cgroup, or "max": no limit
        return allowed


def require_memory(needed: int, what: str) -> None:
    """Raise `SpotnbError`, before any work is done, if `needed` bytes are not to be had."""
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
