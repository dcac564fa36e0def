"""Parallel computation of the rows of a batch: on a CPU, each group of rows has a separate thread.

A single forward pass of a small network gains little from n threads, because each of its many small operations waits
for the slowest thread. If other work occupies a core, it even becomes much slower. n passes in parallel, with one
thread each, are nearly n times as fast.
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

PATIENCE = 10.0  # seconds that an exiting process waits for a thread to finish its task


def by_rows(network: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """Return `network(*inputs)`, computed in as many threads as torch may use.

    The inputs and the result are `[N, ...]`. The network is called once for all rows if the device is not a CPU, if
    there are fewer rows than threads, or if an input requires a gradient. The grouping of rows depends only on N and
    the number of threads, so that the same call returns the same bits.
    """
    threads = torch.get_num_threads()
    single = threads == 1 or len(inputs[0]) < threads or any(x.requires_grad or x.device.type != "cpu" for x in inputs)
    if single:
        return network(*inputs)
    groups = zip(*(torch.tensor_split(x, threads) for x in inputs), strict=True)
    return torch.cat(_workers(threads).map(network, list(groups)))


class Workers:
    """Worker threads that take tasks from one queue. Each computes with a single torch thread.

    `concurrent.futures` is not used, because it holds locks in Python code. A notebook can be interrupted between any
    two lines there, which leaves a lock held forever: neither the next run nor the process ends. `SimpleQueue` is
    implemented in C and is not affected.

    Args:
        count: Number of threads.
    """

    def __init__(self, count: int) -> None:
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        ready: SimpleQueue[None] = SimpleQueue()
        threads = [
            threading.Thread(target=_work, args=(self._inbox, ready), name=f"spotnb-{k}", daemon=True)
            for k in range(count)
        ]
        weakref.finalize(self, _end, self._inbox, threads)  # also called when the process exits
        try:
            for thread in threads:
                thread.start()
            for _ in threads:
                ready.get()
        finally:
            torch.set_num_threads(count)  # restores the default of threads that start later

    def map(self, network: Callable[..., Tensor], groups: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
        """Return `network(*group)` for each group, in order. If calls raise errors, raise that of the first group."""
        outbox: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()
        for index, group in enumerate(groups):
            self._inbox.put((network, group, index, outbox))
        results = sorted((outbox.get() for _ in groups), key=lambda each: each[0])
        for _, _, error in results:
            if error is not None:
                raise error
        return [result for _, result, _ in results]


def _work(inbox: SimpleQueue[Any], ready: SimpleQueue[None]) -> None:
    torch.get_num_threads()  # otherwise the first operation of a thread would reset its number to the default
    torch.set_num_threads(1)
    ready.put(None)
    while (task := inbox.get()) is not None:
        network, group, index, outbox = task
        try:
            outbox.put((index, network(*group), None))
        except BaseException as error:  # raised again in `map`
            outbox.put((index, None, error))
        del task, network, group, outbox  # release the memory while waiting for the next task


def _end(inbox: SimpleQueue[Any], threads: Sequence[threading.Thread]) -> None:
    """End the threads. A thread that is still computing after Python has shut down would crash the process."""
    for _ in threads:
        inbox.put(None)
    for thread in threads:
        if thread.is_alive():
            thread.join(PATIENCE)


_workers = functools.cache(Workers)

if hasattr(os, "register_at_fork"):  # the threads do not exist in a forked child
    os.register_at_fork(after_in_child=_workers.cache_clear)
