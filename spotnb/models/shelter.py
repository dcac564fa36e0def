"""The state of torch in which every network of spotnb computes, whatever a caller has set.

Default dtypes and devices, `torch.autocast`, `torch.inference_mode` and the number of threads belong to the caller's
own code. Inside a run they would change the sound, or end it with an error after all the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

import torch

from spotnb.support.system import available_cpus

P = ParamSpec("P")
R = TypeVar("R")

AUTOCAST_DEVICES = ("cpu", "cuda", "mps")


def usable_threads() -> int:
    """Return the number of threads for computation: as many as torch may use, but not more than there are processors.

    In a container with a quota, torch starts as many threads as the host has processors. They use up the quota while
    they wait for each other.
    """
    return min(torch.get_num_threads(), available_cpus())


class _DefaultDtype:
    """The default dtype, which all threads share: float32 from the first of them that enters to the last that leaves.

    If each thread restored what it had found, the last one could restore what another had set only for the time being.
    """

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._before: torch.dtype | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if (found := torch.get_default_dtype()) != torch.float32:
                self._before = found
                torch.set_default_dtype(torch.float32)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._before is not None:
                torch.set_default_dtype(self._before)
                self._before = None


_default_dtype = _DefaultDtype()


@contextmanager
def sheltered() -> Iterator[None]:
    """Compute in float32 on the CPU by default, without autocast and inference mode, with `usable_threads`.

    It also works as a decorator. Everything that the caller has set is in force again afterwards.
    """
    with ExitStack() as stack:
        stack.enter_context(_default_dtype)
        if torch.get_default_device() != torch.device("cpu"):
            stack.enter_context(torch.device("cpu"))
        for device in AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        threads = torch.get_num_threads()
        if (usable := usable_threads()) != threads:
            torch.set_num_threads(usable)
            stack.callback(torch.set_num_threads, threads)
        yield


def shelter(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function or a method so that it computes `sheltered`."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with sheltered():
            return function(*args, **kwargs)

    return inner
