"""The record of one finished denoising step, with numpy arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spotnb.errors import InputError
from spotnb.support.cards import Card, Shown, in_line, joined
from spotnb.support.checks import show
from spotnb.tiling.layout import Layout

Array = npt.NDArray[np.floating[Any]]
RECORD_MODES = ("all", "x0", "last")
RECORD_DTYPES = ("fp32", "fp16")


def check_record_mode(mode: Any) -> str | int:
    """Return the mode of a trace: one of `RECORD_MODES`, or a whole number k that keeps every k-th step.

    Raises:
        InputError: `mode` is something else.
    """
    if isinstance(mode, Integral) and not isinstance(mode, bool) and int(mode) >= 1:
        return int(mode)
    if isinstance(mode, str) and mode in RECORD_MODES:
        return mode
    raise InputError(
        f"record is {show(mode)}: expected one of {', '.join(RECORD_MODES)}, or a whole number k; "
        "k keeps every k-th step"
    )


@dataclass(frozen=True, repr=False)
class StepRecord(Shown):
    """The record of one finished denoising step.

    The arrays have shape `[B, C, T, F]` and are float32 or float16. An array is None if the run was set not to keep it.

    Attributes:
        step: Index of the step, counted from 0.
        timestep: Diffusion timestep t, from 999 (noise) to 0 (sound).
        shift: Shift of the grid in latent frames.
        layout: The tiles of the step.
        x: The latent after the step.
        x0: The clean latent predicted at the step.
        noise: The noise prediction for the full-length latent.
        seconds: Duration of the step in seconds.
        guided: Whether classifier-free guidance was on. None if the trace does not record it.
    """

    step: int
    timestep: int
    shift: int
    layout: Layout
    x: Array | None
    x0: Array | None
    noise: Array | None
    seconds: float
    guided: bool | None = None

    def _text_(self) -> str:
        return joined(f"step {self.step}", f"t {self.timestep}", f"shift {self.shift}", f"{self.seconds:.3g} s")

    def _card_(self) -> Card:
        held = vars(self) | vars(self).get("_waiting", {})  # without reading an array that is still on a device
        arrays = [name for name in ("x", "x0", "noise") if held.get(name) is not None]
        cuts, blended = self.layout.cuts, self.layout.blended
        facts = {
            "Arrays": ", ".join(arrays) or "none",
            "Guidance": None if self.guided is None else "on" if self.guided else "off",
            "Seams": "none, the tiles cross-fade" if blended and not cuts else show(list(cuts)),
        }
        return Card(repr(self), facts, None, {"layout": self.layout})


class DeferredRecord(StepRecord):
    """A record whose arrays are still on the device of the run. Each is copied to the host when it is first read."""

    @classmethod
    def of(cls, facts: Mapping[str, Any], arrays: Mapping[str, Callable[[], Array | None]]) -> Self:
        """Return a record, given its other fields, and for each array a function that returns it."""
        record = cls.__new__(cls)
        record.__dict__.update(facts, _waiting=dict(arrays))
        return record

    def __getattr__(self, name: str) -> Any:
        """Return an array that has not been read before."""
        waiting = self.__dict__.get("_waiting", {})
        if name not in waiting:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.__dict__[name] = waiting[name]()
        waiting.pop(name, None)  # and with it the tensor on the device
        return self.__dict__[name]

    def __repr__(self) -> str:
        return in_line(StepRecord.__name__, self._text_())

    def settle(self) -> None:
        """Read all arrays."""
        for name in list(self.__dict__.get("_waiting", ())):
            getattr(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return StepRecord, tuple(getattr(self, each.name) for each in fields(StepRecord))
