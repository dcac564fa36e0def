"""The memory and processors available to this process, taking the limits of containers into account."""

from __future__ import annotations

import functools
import math
import os
from pathlib import Path

import psutil

from spotnb.errors import SpotnbError
from spotnb.support.checks import apart

CGROUP = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def available_memory() -> int:
    """Return the bytes of memory that a run may use: the free memory, or less if a container limits it."""
    free = int(psutil.virtual_memory().available)
    for folder in _groups("memory"):
        limit = _read_int(folder / "memory.max") or _read_int(folder / "memory.limit_in_bytes")
        used = _read_int(folder / "memory.current") or _read_int(folder / "memory.usage_in_bytes")
        if limit is not None and used is not None:
            free = min(free, max(0, limit - used))
    return free


def available_cpus() -> int:
    """Return how many processors this process may use, at least one.

    It is the smaller one of the processors that the process may run on and the quota of its container, rounded up. A
    Binder container has half a processor. More threads than that would spin while they wait for each other, and use up
    the quota.
    """
    quota = cpu_quota()
    return allowed_cpus() if quota is None else max(1, min(allowed_cpus(), math.ceil(quota)))


def allowed_cpus() -> int:
    """Return the number of processors on which this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache  # it is needed for every pass through a network, and takes a dozen files
def cpu_quota() -> float | None:
    """Return how many processors the control groups of this process allow on average, or None without a limit.

    Both versions of control groups are read, and the groups that contain this one, since each of them limits it.
    """
    quotas = [quota for folder in _groups("cpu") if (quota := _quota_in(folder)) is not None]
    return min(quotas, default=None)


def _quota_in(folder: Path) -> float | None:
    """Return the quota of one control group, or None without a limit."""
    try:
        quota, period = (int(part) for part in (folder / "cpu.max").read_text().split())  # version 2; may say "max"
    except (OSError, ValueError):
        quota = _read_int(folder / "cpu.cfs_quota_us") or -1  # version 1; -1 means no limit
        period = _read_int(folder / "cpu.cfs_period_us") or -1
    return quota / period if quota > 0 and period > 0 else None


def _groups(controller: str) -> list[Path]:
    """Return the folders of the control groups that contain this process, for a controller of either version."""
    try:
        lines = OWN_CGROUPS.read_text().splitlines()
    except OSError:
        lines = []
    lines.append("0::/")  # a container may see the path of its group on the host, which it does not have
    found: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        for root in (CGROUP, CGROUP / "unified", CGROUP / controller, CGROUP / (controllers or controller)):
            inner = root / path.lstrip("/")
            found += [folder for folder in (inner, *inner.parents) if folder.is_relative_to(root)]
    return list(dict.fromkeys(found))


def require_memory(
    needed: int, what: str, *, hint: str = 'ask for a shorter duration, or keep fewer steps (record="last")'
) -> None:
    """Raise `SpotnbError` if fewer than `needed` bytes of memory are available. `what` starts the message."""
    free = available_memory()
    if needed > free:
        wanted, left = apart(needed // 10**3 / 10**6, free / 1e9)
        raise SpotnbError(f"{what} needs about {wanted} GB of memory and {left} GB are free; {hint}")


def _read_int(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def used_memory() -> int:
    """Return the bytes of memory that this process holds now, with its libraries."""
    return int(psutil.Process().memory_info().rss)
