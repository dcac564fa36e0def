"""Where a sampler stands, and what can be read from it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from spotnb._version import __version__
from spotnb.models.protocol import AudioModel
from spotnb.sampling.run import Run, RunState
from spotnb.sampling.settings import NAMES, SOUNDS, RunSettings
from spotnb.sampling.source import Source
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import Solver
from spotnb.tiling.layout import Layout
from spotnb.trace.trace import Trace


@dataclass(frozen=True)
class Moment:
    """Everything about a sampler that changes. One assignment of it moves the sampler, so interrupts are safe.

    Attributes:
        run: What decides the result.
        state: Where the run stands.
        trace: The records of finished steps.
        spent: Seconds that each finished step took.
    """

    run: Run
    state: RunState
    trace: Trace
    spent: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def first(cls, run: Run) -> Self:
        """Return the moment before the first step of a run."""
        return cls(run, run.start(), new_trace(run))

    @property
    def settings(self) -> RunSettings:
        """The settings that make the run again."""
        return current_settings(self.run)


def new_trace(run: Run) -> Trace:
    """Return an empty trace of a run."""
    settings = run.settings
    sounds = {name: getattr(settings, name) for name in SOUNDS}
    latents = {name: sound.latent.cpu().numpy() for name, sound in sounds.items() if sound is not None}
    return Trace(settings.record, settings.record_dtype, manifest_of(run), sources=latents)


def current_settings(run: Run) -> RunSettings:
    """Return the settings of a run with the tile batch that it has by now."""
    return replace(run.settings, tile_batch=run.denoiser.tile_batch)


def manifest_of(run: Run) -> dict[str, Any]:
    """Return the manifest of a run: everything needed to repeat it, ready for JSON."""
    return {
        **current_settings(run).to_dict(),
        "model": run.model.describe(),
        "frames": run.frames,
        "samples": run.samples,
        "fallback": run.fallback,
        "unknown_words": list(run.prompts.unknown),
        "threads": torch.get_num_threads(),
        "versions": {"spotnb": __version__, "torch": torch.__version__, "numpy": np.__version__},
        **run.notes,
    }


class RunView:
    """What can be read from a sampler."""

    _now: Moment

    def __getattr__(self, name: str) -> Any:
        """Return a setting by its name."""
        if name in NAMES:
            return getattr(self._now.run.settings, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def sampler(self) -> Self:
        """Itself: a run can be passed as a sampler or as the `Generation` that holds one."""
        return self

    @property
    def definition(self) -> Run:
        """Everything that decides the result."""
        return self._now.run

    @property
    def state(self) -> RunState:
        """Where the run stands."""
        return self._now.state

    @property
    def trace(self) -> Trace:
        """The records of the finished steps."""
        return self._now.trace

    @property
    def model(self) -> AudioModel:
        """The model."""
        return self._now.run.model

    @property
    def solver(self) -> Solver:
        """The solver."""
        return self._now.run.solver

    @property
    def draws(self) -> Draws:
        """Where all randomness of the run comes from."""
        return self._now.run.draws

    @property
    def source(self) -> Source | None:
        """Known sound, if the run starts from any."""
        return self._now.run.source

    @property
    def tile_batch(self) -> int:
        """Windows per forward pass; halved when memory ran out."""
        return self._now.run.denoiser.tile_batch

    @property
    def seed(self) -> int:
        """Seed of every draw; candidate i has `seed + i`."""
        return self.draws.seed

    @property
    def candidates(self) -> int:
        """How many sounds are generated at once."""
        return self.draws.candidates

    @property
    def frames(self) -> int:
        """T, the length of the latent."""
        return self._now.run.frames

    @property
    def ring(self) -> bool:
        """Whether the sound is a ring, whose end meets its start."""
        return self._now.run.settings.ring

    @property
    def fallback(self) -> bool:
        """Whether one window holds the complete sound, so that plain DDIM runs whatever the method."""
        return self._now.run.fallback

    @property
    def samples(self) -> int:
        """Samples of the sound: exactly the duration, or on a ring all of it."""
        return self._now.run.samples

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`[B, C, T, F]` of the latent; B is the number of candidates."""
        return self._now.run.shape

    @property
    def first(self) -> int:
        """The first step that is run: 0, or a later one if the run starts from known sound."""
        return self._now.run.steps.start

    @property
    def latent(self) -> Tensor:
        """The noisy latent `[B, C, T, F]`; before the first step, the initial noise, with known sound noised in."""
        return self._now.state.x

    @property
    def x0(self) -> Tensor | None:
        """The clean latent predicted at the last finished step; None before the first."""
        return self._now.state.x0

    @property
    def steps_done(self) -> int:
        """How many steps of the schedule are behind; those that a run from known sound skips count."""
        return self._now.state.step

    @property
    def done(self) -> bool:
        """Whether all steps are done."""
        return self.steps_done >= len(self.solver)

    def layout(self, step: int) -> Layout:
        """Return where the tiles of a step fall, known before it is run. Raises `InputError` for a step below 0."""
        return self._now.run.layout(step)

    def settings(self) -> dict[str, Any]:
        """Return the arguments that make this sampler again."""
        settings = self._now.settings
        return {"model": self.model, **{name: getattr(settings, name) for name in NAMES}}

    def manifest(self) -> dict[str, Any]:
        """Return everything needed to repeat the run, ready for JSON.

        The latents of known sound are in `trace.sources`.
        """
        return manifest_of(self._now.run)
