"""The model of SamplerPanel, which is loaded when it is first needed."""

from __future__ import annotations

import threading
from typing import Any


class PanelModel:
    """A model, or the name of one until it is loaded.

    Args:
        model: A model, or a name or an address that `load_model` accepts.

    Attributes:
        held: The model, or None if it is not loaded.
    """

    def __init__(self, model: Any) -> None:
        self._name = model if isinstance(model, str) else "tiny"
        self.held: Any = None if isinstance(model, str) else model
        self._loading = threading.Lock()  # the cost estimate and a run may need the model at the same time

    def load(self) -> Any:
        """Return the model, and load it first if necessary. This may take long: call it from a thread."""
        with self._loading:
            if self.held is None:
                from spotnb.models.load import load_model

                self.held = load_model(self._name)
        return self.held
