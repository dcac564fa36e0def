"""Parallel rows: the same results, single-threaded workers, and no effects on the rest of the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from spotnb import SpotSampler, load_model
from spotnb.models.threads import by_rows

X, T = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.arange(5)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Network:
    """Records the arguments and the thread of each call."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, str, int]] = []

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        self.calls.append((len(x), threading.current_thread().name, torch.get_num_threads()))
        return x * t[:, None]


def test_rows_are_shared_out_and_joined_in_order(two_threads: None) -> None:
    network = Network()
    assert torch.equal(by_rows(network, X, T), X * T[:, None])
    assert sorted(rows for rows, _, _ in network.calls) == [2, 3]
    assert {threads for _, _, threads in network.calls} == {1}
    assert threading.current_thread().name not in {name for _, name, _ in network.calls}
    assert torch.get_num_threads() == 2
    found: list[int] = []
    other = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert found == [2]  # threads that start later are not affected


@pytest.mark.parametrize("case", ["one thread", "one row", "gradient"])
def test_what_is_called_whole(case: str, two_threads: None) -> None:
    if case == "one thread":
        torch.set_num_threads(1)
    x = X[:1] if case == "one row" else X.clone().requires_grad_(case == "gradient")
    network = Network()
    result = by_rows(network, x, T[: len(x)])
    assert [(rows, name) for rows, name, _ in network.calls] == [(len(x), threading.current_thread().name)]
    assert result.requires_grad == (case == "gradient")


def test_an_error_comes_back(two_threads: None) -> None:
    def broken(x: Tensor) -> Tensor:
        raise ValueError("of the network")

    with pytest.raises(ValueError, match="of the network"):
        by_rows(broken, X)
    assert torch.equal(by_rows(torch.neg, X), -X)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_makes_its_own_threads(two_threads: None) -> None:
    by_rows(torch.neg, X)
    child = os.fork()
    if child == 0:
        os._exit(0 if torch.equal(by_rows(torch.neg, X), -X) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.sound
def test_a_run_on_two_threads(two_threads: None) -> None:
    """The bits are equal each time, and equal to those of one thread up to rounding."""
    model = load_model("tiny", device="cpu", dtype="fp32")
    runs = [SpotSampler(model, "rain", 12.0, steps=3).run(progress=False).latent for _ in range(2)]
    torch.set_num_threads(1)
    alone = SpotSampler(model, "rain", 12.0, steps=3).run(progress=False).latent
    assert torch.equal(*runs)
    assert float((runs[0] - alone).norm() / alone.norm()) <= 1e-4


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers on this system")
def test_interrupts_at_any_moment_leave_nothing_locked() -> None:
    """This runs in a separate process, so that one that hangs can be killed and fails."""
    code = """
        import random, signal, torch
        from spotnb.models.threads import _workers, by_rows

        def interrupt(*_):
            if armed:
                raise KeyboardInterrupt

        armed = False
        torch.set_num_threads(2)
        signal.signal(signal.SIGALRM, interrupt)
        x, draw, count = torch.randn(4, 1000), random.Random(0), 0
        while count < 1500:
            if count % 50 == 0:
                _workers.cache_clear()
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-5, 5e-4))
                for _ in range(10):
                    by_rows(torch.sin, x)
                armed = False
            except (KeyboardInterrupt, RuntimeError):  # the latter from a lock of Python's own, as a thread starts
                count += 1
            armed = False
        assert torch.equal(by_rows(torch.sin, x), torch.sin(x))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)
