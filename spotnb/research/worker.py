"""References to models that every process, here or on a cluster, loads once."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from dataclasses import dataclass
from typing import Any

from spotnb.errors import InputError, SpotnbError
from spotnb.models.identity import KEY, folder_digest
from spotnb.models.locate import locate
from spotnb.models.protocol import AudioModel, described
from spotnb.support.checks import show

_loaded: dict[Any, AudioModel] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Reference:
    """A reference to a model: by its name, as the model itself, or by the name under which it was delivered.

    Attributes:
        name: The name of the model, as `load_model` takes it.
        device: As for `load_model`.
        dtype: As for `load_model`.
        model: The model itself, or None.
        delivered: The name under which `receive` stored the model in this process, or None.
        weights: The digest of the weights of a model that is given by name.
    """

    name: str
    device: str = "auto"
    dtype: str = "auto"
    model: AudioModel | None = None
    delivered: str | None = None
    weights: str | None = None

    def load(self) -> AudioModel:
        """Return the model. A model that is given by name is loaded once per process.

        Raises:
            SpotnbError: The model cannot be loaded, or has other weights on this machine, or has changed since.
        """
        keep_memory()
        if self.model is not None:
            return self.model
        if self.delivered is not None:
            return _loaded[self.delivered]
        key = (self.name, self.device, self.dtype, self.weights)
        with _lock:
            if key not in _loaded:
                from spotnb.models.load import load_model

                model = load_model(self.name, device=self.device, dtype=self.dtype)
                if self.weights is not None and described(model).get(KEY) != self.weights:
                    raise SpotnbError(
                        f"{show(self.name)} has other weights here than where the work began: use the same files "
                        "everywhere, and start again if they have changed"
                    )
                _loaded[key] = model
            return _loaded[key]

    def describe(self) -> dict[str, Any]:
        """Return a description that distinguishes this model from others."""
        if self.model is None and self.delivered is None:
            return {"name": self.name, "device": self.device, "dtype": self.dtype, KEY: self.weights}
        return dict(described(self.load()))


def receive(name: str, model: AudioModel) -> None:
    """Store a model in this process for the references that name it."""
    _loaded[name] = model


def forget(name: str) -> None:
    """Remove a model that `receive` stored."""
    _loaded.pop(name, None)


@functools.cache
def keep_memory() -> None:
    """Let this process keep the memory that it frees, if Dask's nanny has turned that off.

    Dask sets `MALLOC_TRIM_THRESHOLD_`, so glibc returns the memory of each large tensor to the system as soon as it is
    freed. A network then takes 1.4 times as long because of page faults (measured with 185 million parameters).
    """
    if "MALLOC_TRIM_THRESHOLD_" in os.environ:
        trim_threshold, mmap_threshold = -1, -3  # glibc's constants, from malloc.h
        try:
            mallopt = ctypes.CDLL(None).mallopt
        except (OSError, AttributeError):  # another C library
            return
        mallopt(trim_threshold, 2**30)
        mallopt(mmap_threshold, 2**25)  # the largest value that glibc accepts


def refer(model: Any) -> Reference:
    """Return a reference to a model, which is given by name, as an `AudioModel`, or from `audioldm.build_model`.

    A reference by name holds the digest of the files, without loading them.

    Raises:
        InputError: There is no such model.
        SpotnbError: The model is a published one that cannot be downloaded, or its files cannot be read.
    """
    if isinstance(model, str | os.PathLike):
        located = locate(model)
        return Reference(located.name, weights=folder_digest(located.folder))
    if isinstance(model, Reference):
        return model
    from spotnb.models.adapt import as_model

    adapted = as_model(model)
    if not isinstance(adapted.name, str):
        raise InputError(f"the model's name is {show(adapted.name)}: expected a text")
    return Reference(adapted.name, model=adapted)
