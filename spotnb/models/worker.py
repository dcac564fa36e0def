"""Models where the work is: in this process, or in those of a cluster, each of which loads a model once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from spotnb.config import show
from spotnb.errors import InputError
from spotnb.models.protocol import AudioModel

_loaded: dict[Any, AudioModel] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Reference:
    """A model by the name, device and dtype that `load_model` takes, or the model itself."""

    name: str
    device: str = "auto"
    dtype: str = "auto"
    model: AudioModel | None = None

    def load(self) -> AudioModel:
        """The model; a named one is loaded once in a process, whoever asks."""
        if self.model is not None:
            return self.model
        key = (self.name, self.device, self.dtype)
        with _lock:
            if key not in _loaded:
                from spotnb.models.load import load_model

                _loaded[key] = load_model(self.name, device=self.device, dtype=self.dtype)
            return _loaded[key]

    def describe(self) -> dict[str, Any]:
        """What tells one model from another."""
        if self.model is None:
            return {"name": self.name, "device": self.device, "dtype": self.dtype}
        return self.model.describe()


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
