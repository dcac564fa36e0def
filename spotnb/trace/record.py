"""The record of one finished step, as numpy arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spotnb.tiling.layout import Layout

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class StepRecord:
    """One finished step.

    Attributes:
        step: counted from 0.
        timestep: t of the diffusion, 999 (noise) to 0 (sound).
        shift: how far the grid was moved, in latent frames.
        layout: the tiles.
        x: the latent after the step, `[B, C, T, F]`, float32 or float16; None where the run was told not to keep it.
        x0: the clean latent predicted at the step, likewise.
        noise: the stitched noise prediction, likewise.
        seconds: what the step took.
        guided: whether guidance pulled; None in traces that do not tell.
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
