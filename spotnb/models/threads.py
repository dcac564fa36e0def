"""A network over rows: on a CPU, groups of rows side by side, each on a thread of its own.

n threads make one forward pass of a small network little faster, because each of its many small operations waits for
the slowest thread, and far slower where other work takes a core. n passes side by side are nearly n times as fast.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import torch
from torch import Tensor

PATIENCE = 10.0  # seconds that an ending process gives a thread for what it is at


def by_rows(network: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """`network(*inputs)` of inputs `[N, ...]` and a result `[N, ...]`, in as many threads as torch may use.

    Called whole on other devices, for fewer rows than threads, or where an input asks for a gradient. How rows are
    grouped depends on N and the number of threads alone, so that the same call has the same bits.
    """
    threads = torch.get_num_threads()
    whole = threads == 1 or len(inputs[0]) < threads or any(x.requires_grad or x.device.type != "cpu" for x in inputs)
    if whole:
        return network(*inputs)
    groups = zip(*(torch.tensor_split(x, threads) for x in inputs), strict=True)
    return torch.cat(_workers(threads).map(network, list(groups)))


class Workers:
    """Threads that compute on themselves alone, and take what there is to do from one queue.

    Not those of `concurrent.futures`: its locks are held in Python code, where an interrupt of a notebook can come
    between two lines and leave one locked for good, so that neither the next run nor the process ever ends. A
    `SimpleQueue` is C, and whole.
    """

    def __init__(self, count: int) -> None:
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        ready: SimpleQueue[None] = SimpleQueue()
        threads = [
            threading.Thread(target=_work, args=(self._inbox, ready), name=f"spotnb-{k}", daemon=True)
            for k in range(count)
        ]
        weakref.finalize(self, _end, self._inbox, threads)  # when the process ends, too
        try:
            for thread in threads:
                thread.start()
            for _ in threads:
                ready.get()
        finally:
            torch.set_num_threads(count)  # of this thread it was not changed, but of those that start later

    def map(self, network: Callable[..., Tensor], groups: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
        """`network(*group)` of each group, in order. Raises what the first of them raises."""
        outbox: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()
        for place, group in enumerate(groups):
            self._inbox.put((network, group, place, outbox))
        found = sorted((outbox.get() for _ in groups), key=lambda each: each[0])
        for _, _, error in found:
            if error is not None:
                raise error
        return [result for _, result, _ in found]


def _work(inbox: SimpleQueue[Any], ready: SimpleQueue[None]) -> None:
    torch.get_num_threads()  # or a thread's first operation would put back the number that others have
    torch.set_num_threads(1)
    ready.put(None)
    while (task := inbox.get()) is not None:
        network, group, place, outbox = task
        try:
            outbox.put((place, network(*group), None))
        except BaseException as error:  # it is raised where the work was asked for
            outbox.put((place, None, error))
        del task, network, group, outbox  # nothing is held while there is nothing to do


def _end(inbox: SimpleQueue[Any], threads: Sequence[threading.Thread]) -> None:
    """A thread that is still at work when Python is gone would bring the process down."""
    for _ in threads:
        inbox.put(None)
    for thread in threads:
        if thread.is_alive():
            thread.join(PATIENCE)


_workers = functools.cache(Workers)

if hasattr(os, "register_at_fork"):  # a forked child has none of the threads
    os.register_at_fork(after_in_child=_workers.cache_clear)
