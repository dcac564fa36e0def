"""A device that is not there: tensors say that they are on it, hold their values on the CPU, and count what leaves it.

Code that fetches a value from a GPU makes it wait. These tensors show on any machine how often that happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

DEVICE = torch.device("lazy", 0)
CPU = torch.device("cpu")


class Away(Tensor):
    """A tensor that says that it is on the device."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> Away:
        make: Any = Tensor._make_wrapper_subclass
        made: Away = make(cls, held.shape, dtype=held.dtype, device=DEVICE, strides=held.stride())
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, function: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        raise AssertionError(f"{function} outside of `device`")


class Counter(TorchDispatchMode):
    """Runs the operations of the device on the CPU.

    Attributes:
        reads: The values that were fetched from the device, by what fetched them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        away = False

        def down(value: Any) -> Any:
            nonlocal away
            if isinstance(value, Away):
                away = True
                return value.held
            return value

        plain = tree_map(down, args), tree_map(down, kwargs)
        target = kwargs.get("device")
        stays = away if target is None else torch.device(target).type == DEVICE.type
        if target is not None:
            plain[1]["device"] = CPU
        name = str(function)
        if away and (name.startswith("aten._local_scalar_dense") or not stays):
            self.reads.append(name)
        result = function(*plain[0], **plain[1])
        if name.endswith("_.default") or name.endswith("_.Scalar") or name.endswith("_.Tensor"):  # in place
            return args[0] if away and isinstance(args[0], Away) else result
        return tree_map(lambda x: Away(x) if stays and isinstance(x, Tensor) else x, result)


@contextmanager
def device() -> Iterator[Counter]:
    """Make the device available while the block lasts."""
    with Counter() as counter:
        yield counter
