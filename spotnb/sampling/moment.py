"""The current moment of a sampler, and the attributes that can be read from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from spotnb._version import __version__
from spotnb.errors import InputError
from spotnb.models.card import model_card
from spotnb.models.protocol import AudioModel, described
from spotnb.models.shelter import usable_threads
from spotnb.sampling.anchor import LATENT, Anchor, Anchors, added, mark_of
from spotnb.sampling.card import run_facts, run_text
from spotnb.sampling.run import Run
from spotnb.sampling.settings import NAMES, SOUNDS, RunSettings
from spotnb.sampling.source import Source
from spotnb.sampling.state import RunState
from spotnb.solvers.card import card_of_solver
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import Solver
from spotnb.support.cards import Card, Shown, count
from spotnb.support.checks import show
from spotnb.tiling.clock import Clock
from spotnb.tiling.layout import Layout
from spotnb.trace.trace import Trace


@dataclass(frozen=True, repr=False)
class Moment(Shown):
    """Everything about a sampler that changes. A sampler moves by one assignment of it, so interrupts are safe.

    Attributes:
        run: The run, which decides the result.
        state: The current state of the run.
        trace: The records of the finished steps.
        anchors: The states from which its steps can be repeated.
        spent: The seconds that each finished step took.
    """

    run: Run
    state: RunState
    trace: Trace
    anchors: Anchors
    spent: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def first(cls, run: Run) -> Self:
        """Return the moment before the first step of a run."""
        return cls(run, run.start(), new_trace(run), (Anchor(run),))

    def changed(self, state: RunState, changes: Iterable[str]) -> Self:
        """Return the moment at a state that was changed, from which the run goes on."""
        anchors = added(self.anchors, Anchor.at(self.run, state, frozenset(changes)))
        return replace(self, state=state, anchors=anchors)

    def write_mark(self) -> None:
        """Note in the trace whether the settings of the run alone repeat it."""
        if mark := mark_of(self.anchors):
            self.trace.manifest["forked"] = mark
        else:
            self.trace.manifest.pop("forked", None)

    def _text_(self) -> str:
        progress = f"step {self.state.step} of {len(self.run.solver)}"
        return run_text(self.run.model, self.run.settings, progress)

    @property
    def settings(self) -> RunSettings:
        """The settings that repeat the run."""
        return current_settings(self.run)


def new_trace(run: Run) -> Trace:
    """Return an empty trace of a run."""
    settings = run.settings
    sounds = {name: getattr(settings, name) for name in SOUNDS}
    latents = {name: sound.latent.cpu().numpy() for name, sound in sounds.items() if sound is not None}
    return Trace(settings.record, settings.record_dtype, manifest_of(run), sources=latents)


def current_settings(run: Run) -> RunSettings:
    """Return the settings of a run with its current tile batch, which may have been halved."""
    return replace(run.settings, tile_batch=run.denoiser.tile_batch)


def manifest_of(run: Run) -> dict[str, Any]:
    """Return the manifest of a run: everything needed to repeat it, ready for JSON."""
    return {
        **current_settings(run).to_dict(),
        "model": dict(described(run.model)),
        "sample_rate": run.clock.sample_rate,
        "samples_per_frame": run.clock.samples_per_frame,
        "frames": run.frames,
        "samples": run.samples,
        "fallback": run.fallback,
        "unknown_words": list(run.prompts.unknown),
        "cut_words": list(run.prompts.cut),
        "threads": usable_threads(),
        "versions": {"spotnb": __version__, "torch": torch.__version__, "numpy": np.__version__},
        **run.notes,
    }


class RunView(Shown):
    """The attributes that can be read from a sampler, including every setting."""

    _now: Moment

    def _move(self, moment: Moment) -> None:
        moment.write_mark()
        self._now = moment

    def _text_(self) -> str:
        return self._now._text_()

    def _card_(self) -> Card:
        total, taken = len(self.solver), sum(self._now.spent.values())
        at = min(self.steps_done, total - 1)
        unknown = (*self._now.run.prompts.unknown, *self._now.run.prompts.cut)
        facts = {
            **run_facts(self._now.run.settings, self.frames),
            "Done": f"{self.steps_done} of {count(total, 'step')}" + (f" in {taken:.3g} s" if taken else ""),
            "Next": "decode() returns the sound" if self.done else f"t = {self.solver.timesteps[at]}",
            "Words not read": ", ".join(unknown) or None,
        }
        parts = {
            f"layout of step {at}": self.layout(at),
            "trace": self.trace,
            "settings": self._now.settings,
            "known sound": self.source,
            "solver": card_of_solver(self.solver),
            "model": model_card(self.model),
        }
        return Card(repr(self), facts, None, parts)

    def __getattr__(self, name: str) -> Any:
        """Return a setting by its name."""
        if name in NAMES:
            return getattr(self._now.run.settings, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def sampler(self) -> Self:
        """The sampler itself, so that a function can take either a sampler or the `Generation` that holds one."""
        return self

    @property
    def definition(self) -> Run:
        """The `Run` behind the sampler: everything that decides the result."""
        return self._now.run

    @property
    def state(self) -> RunState:
        """The current state of the run."""
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
        """The source of all random draws of the run."""
        return self._now.run.draws

    @property
    def source(self) -> Source | None:
        """The known sound that the run starts from, or None."""
        return self._now.run.source

    @property
    def tile_batch(self) -> int:
        """The number of windows per forward pass. It is halved when memory runs out."""
        return self._now.run.denoiser.tile_batch

    @property
    def seed(self) -> int:
        """The seed of every draw but the shifts of the tiles. Candidate i has the seed `seed + i`."""
        return self.draws.seed

    @property
    def candidates(self) -> int:
        """The number of sounds that are generated at once."""
        return self.draws.candidates

    @property
    def clock(self) -> Clock:
        """The rates of the model."""
        return self._now.run.clock

    @property
    def frames(self) -> int:
        """The length T of the latent, in frames."""
        return self._now.run.frames

    @property
    def ring(self) -> bool:
        """Whether the sound is a ring, whose end meets its start."""
        return self._now.run.settings.ring

    @property
    def fallback(self) -> bool:
        """Whether one window holds the complete sound, so that every method is the same as `full`."""
        return self._now.run.fallback

    @property
    def samples(self) -> int:
        """The number of samples of the sound: exactly the duration, or the complete ring."""
        return self._now.run.samples

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape `[B, C, T, F]` of the latent. B is the number of candidates."""
        return self._now.run.shape

    @property
    def first(self) -> int:
        """The first step of the run: 0, or a later step if the run starts from known sound."""
        return self._now.run.steps.start

    @property
    def latent(self) -> Tensor:
        """The noisy latent `[B, C, T, F]`; before the first step, noise with the typical latent or known sound.

        Another latent of the same shape may be assigned, to see what the next steps make of it.
        """
        return self._now.state.x

    @latent.setter
    def latent(self, latent: Tensor) -> None:
        now = self._now.state
        if not isinstance(latent, Tensor) or tuple(latent.shape) != self.shape or not latent.is_floating_point():
            came = f"{latent.dtype} {list(latent.shape)}" if isinstance(latent, Tensor) else show(latent)
            raise InputError(f"latent is {came}: expected a {now.x.dtype} tensor {list(self.shape)}; make it one")
        if not torch.isfinite(latent).all():
            raise InputError("latent holds NaN or infinity: expected finite numbers; replace them")
        self._move(self._now.changed(replace(now, x=latent.to(now.x)), {LATENT}))

    @property
    def x0(self) -> Tensor | None:
        """The clean estimate `[B, C, T, F]` of the last finished step, or None before the first step."""
        return self._now.state.x0

    @property
    def steps_done(self) -> int:
        """The number of finished steps, including those that a run from known sound skips."""
        return self._now.state.step

    @property
    def done(self) -> bool:
        """Whether all steps are done."""
        return self.steps_done >= len(self.solver)

    def layout(self, step: int) -> Layout:
        """Return the layout of a step, which is known in advance. Raises `InputError` if the run has no such step."""
        return self._now.run.layout(step)

    def settings(self) -> dict[str, Any]:
        """Return the arguments of `SpotSampler` that create this sampler again."""
        settings = self._now.settings
        return {"model": self.model, **{name: getattr(settings, name) for name in NAMES}}

    def manifest(self) -> dict[str, Any]:
        """Return everything needed to repeat the run, ready for JSON.

        The latents of known sound are in `trace.sources`. "forked" tells what was changed on the way: by a fork with
        other settings, or by hand.
        """
        mark = mark_of(self._now.anchors)
        return manifest_of(self._now.run) | ({"forked": mark} if mark else {})
