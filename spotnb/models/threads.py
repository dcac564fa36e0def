"""A network over rows: on a CPU, groups of rows side by side, each on a thread of its own.

n threads make one forward pass of a small network little faster, because each of its many small operations waits for
the slowest thread, and far slower where other work takes a core. n passes side by side are nearly n times as fast.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor


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
    return torch.cat(list(_pool(threads).map(lambda group: network(*group), groups)))


@functools.lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that compute on themselves alone."""
    ready = threading.Barrier(threads)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="spotnb")

    def begin() -> None:
        torch.get_num_threads()  # or a thread's first operation would put back the number that others have
        torch.set_num_threads(1)
        ready.wait()  # so that each of the threads gets one of these

    try:
        for started in [pool.submit(begin) for _ in range(threads)]:
            started.result()
    except BaseException:  # an interrupt: who waits for a thread that will not come would never let the process end
        ready.abort()
        pool.shutdown(wait=False)
        raise
    finally:
        torch.set_num_threads(threads)  # of this thread it was not changed, but of those that start later
    return pool


if hasattr(os, "register_at_fork"):  # a forked child has none of the threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
