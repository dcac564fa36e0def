"""Batches for a GPU are those of a CPU, in order, and made before they are needed."""

from __future__ import annotations

import os
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from training.device import Ahead, autocast, moved


class Pair(NamedTuple):
    index: Tensor
    texts: list[str]


def test_batches_come_in_order_and_from_other_processes() -> None:
    def make(index: int) -> Pair:
        return Pair(torch.full((index + 1, 2), float(index)), [str(index), str(os.getpid())])

    batches = Ahead(make, "meta")  # a device that is not the CPU, though its tensors have no values
    for index in (*range(5), 100, 101):  # 100 as after a resumption
        batch = batches(index)
        assert (batch.index.device.type, batch.index.shape, batch.texts[0]) == ("meta", (index + 1, 2), str(index))
    batches.close()
    assert batch.texts[1] != str(os.getpid())


def test_on_a_cpu_nothing_is_made_ahead() -> None:
    made: list[int] = []
    batches = Ahead(lambda index: made.append(index) or torch.tensor(index), "cpu")
    assert [int(batches(index)) for index in (3, 4, 3)] == [3, 4, 3]
    assert made == [3, 4, 3]


def test_an_error_in_a_batch_is_raised_where_it_is_needed() -> None:
    batches = Ahead(lambda index: 1 // (2 - index), "meta")
    assert batches(0) == 0
    with pytest.raises(ZeroDivisionError):
        batches(2)
    batches.close()


def test_all_tensors_of_a_batch_move() -> None:
    batch = moved(
        {"a": torch.ones(2), "b": (torch.ones(1), "text"), "c": Pair(torch.ones(3), [])}, torch.device("meta")
    )
    assert batch["a"].device.type == batch["b"][0].device.type == batch["c"].index.device.type == "meta"
    assert batch["b"][1] == "text"


def test_autocast_is_of_the_device() -> None:
    with autocast("cpu") as context:
        assert context.device == "cpu"
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype in (torch.float32, torch.bfloat16)
