"""Models where the work is: in this process, or in those of a cluster, each of which loads a model once."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from dataclasses import dataclass
from typing import Any

from spotnb.errors import InputError
from spotnb.models.protocol import AudioModel
from spotnb.support.checks import show

_loaded: dict[Any, AudioModel] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Reference:
    """A model by the name, device and dtype that `load_model` takes, or the model itself, or one that was delivered."""

    name: str
    device: str = "auto"
    dtype: str = "auto"
    model: AudioModel | None = None
    delivered: str | None = None
    """What it was called when it was put here by `receive`."""

    def load(self) -> AudioModel:
        """The model; a named one is loaded once in a process, whoever asks."""
        keep_memory()
        if self.model is not None:
            return self.model
        if self.delivered is not None:
            return _loaded[self.delivered]
        key = (self.name, self.device, self.dtype)
        with _lock:
            if key not in _loaded:
                from spotnb.models.load import load_model

                _loaded[key] = load_model(self.name, device=self.device, dtype=self.dtype)
            return _loaded[key]

    def describe(self) -> dict[str, Any]:
        """What tells one model from another."""
        if self.model is None and self.delivered is None:
            return {"name": self.name, "device": self.device, "dtype": self.dtype}
        return self.load().describe()


def receive(name: str, model: AudioModel) -> None:
    """Put a model where the references to it find it."""
    _loaded[name] = model


def forget(name: str) -> None:
    _loaded.pop(name, None)


@functools.cache
def keep_memory() -> None:
    """Let this process keep the memory that it frees, where Dask's nanny has told it not to.

    Dask sets `MALLOC_TRIM_THRESHOLD_`, with which glibc hands the memory of each large tensor back to the system as
    soon as it is freed: a network then takes 1.4 times as long (measured, 185 million parameters), in page faults.
    """
    if "MALLOC_TRIM_THRESHOLD_" in os.environ:
        trim_threshold, mmap_threshold = -1, -3  # glibc's numbers for them, malloc.h
        try:
            mallopt = ctypes.CDLL(None).mallopt
        except (OSError, AttributeError):  # another C library
            return
        mallopt(trim_threshold, 2**30)
        mallopt(mmap_threshold, 2**25)  # the most it takes


def refer(model: Any) -> Reference:
    """The reference of a name, or of a model (also what `audioldm.build_model` returned)."""
    if isinstance(model, str):
        return Reference(model)
    if isinstance(model, Reference):
        return model
    from spotnb.models.adapt import as_model

    adapted = as_model(model)
    if not isinstance(adapted.name, str):
        raise InputError(f"the model's name is {show(adapted.name)}: expected a text")
    return Reference(adapted.name, model=adapted)
