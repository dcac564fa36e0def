"""SpotSampler: a run that is driven as a whole, step by step, or phase by phase."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self

import numpy as np
from torch import Tensor
from tqdm.auto import tqdm

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.decode import Sound
from spotnb.sampling.cost import Cost, run_cost, seconds_per_frame
from spotnb.sampling.history import record_of, restored
from spotnb.sampling.listening import Listener, latent_of
from spotnb.sampling.moment import Moment, RunView, new_trace
from spotnb.sampling.run import Run, RunState
from spotnb.sampling.settings import RunSettings
from spotnb.sampling.source import KnownSound
from spotnb.sampling.step import Step
from spotnb.support.checks import check_int
from spotnb.support.options import documented
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace

P = ParamSpec("P")


def _with_settings(
    settings: Callable[P, RunSettings],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, Any, P], None]]:
    """Give a method that takes `(self, model, *args, **settings)` the signature of `RunSettings` after its model."""

    def signed(method: Any) -> Any:
        own = list(inspect.signature(method).parameters.values())[:2]
        taken = list(inspect.signature(settings).parameters.values())
        method.__signature__ = inspect.Signature([*own, *taken])
        return method

    return signed


class SpotSampler(RunView):
    @_with_settings(RunSettings)
    def __init__(self, model: Any, *args: Any, **settings: Any) -> None:
        self._stand_at(Moment.first(Run.of(as_model(model), RunSettings(*args, **settings))))

    @classmethod
    def of(cls, run: Run, state: RunState | None = None) -> Self:
        """Return a sampler of a run that was put together by hand; before its first step, or at a state of it."""
        return cls._at(Moment.first(run) if state is None else Moment(run, state, new_trace(run)))

    @classmethod
    def _at(cls, moment: Moment) -> Self:
        sampler = cls.__new__(cls)
        sampler._stand_at(moment)
        return sampler

    def _stand_at(self, moment: Moment) -> None:
        self._now = moment
        self._listener = Listener(moment.run)
        self._frame_seconds: float | None = None

    def reset(self, seed: int | None = None) -> Self:
        """Go back to before the first step, with another seed if one is given. Returns itself."""
        run = self._now.run if seed is None else self._now.run.seeded(seed)
        self._now = Moment.first(run)
        return self

    def __iter__(self) -> Iterator[StepRecord]:
        return self

    def __next__(self) -> StepRecord:
        if self.done:
            raise StopIteration
        return self.step()

    def begin(self) -> Step:
        """Open the next step. Nothing changes until its `finish`. Raises `SpotnbError` after the last one."""
        self._require_more()
        return Step(self._now.run, self._now.state, self._finish)

    def step(self) -> StepRecord:
        """Take the next step. Raises `SpotnbError` after the last one."""
        self._require_more()
        started, now = time.perf_counter(), self._now
        eps = now.run.predict(now.state, now.run.layout(now.state.step))
        return self._finish(now.state, eps, time.perf_counter() - started)

    def _require_more(self) -> None:
        if self.done:
            raise SpotnbError(f"all {len(self.solver)} steps are done; call reset() or goto(k) to run some again")

    def _finish(self, before: RunState, eps: Tensor, seconds: float) -> StepRecord:
        started, now = time.perf_counter(), self._now
        if before is not now.state:
            raise SpotnbError(
                f"step {before.step} is stale: the sampler is at step {now.state.step}; call begin() next"
            )
        after = now.run.advance(before, eps)
        record = record_of(now.run, before, after, eps, now.run.layout(before.step), now.trace)
        record = replace(record, seconds=seconds + time.perf_counter() - started)
        now.trace.append(record)
        now.trace.manifest["tile_batch"] = self.tile_batch  # it may have been halved
        self._now = replace(now, state=after, spent={**now.spent, before.step: record.seconds})
        return record

    def run(self, until: int | None = None, progress: bool = True) -> Self:
        """Take all steps that are left, or those before step `until`. Returns itself.

        An interrupt (Ctrl-C, or the notebook's stop button) leaves the last finished step: call `run` to go on.
        """
        total = len(self.solver)
        stop = total if until is None else check_int("until", until, 0, total, hint=f"the run has {total} steps")
        with tqdm(total=total, initial=self.steps_done, desc="steps", unit="step", disable=not progress) as bar:
            while self.steps_done < stop:
                self.step()
                bar.update()
        return self

    def goto(self, step: int) -> Self:
        """Go to the state before `step` (`first`: the start), from the trace or by running again from a record.

        A record restores a state if it is exact (fp32, with x and x0); a solver that remembers earlier steps needs
        their records too. Later records are dropped. Returns itself.
        """
        low, high = self.first, len(self.solver)
        step = check_int("step", step, low, high, hint=f"the run has the steps {low} to {high - 1}")
        state = restored(self._now.run, self.trace, step, self._now.state.origin)
        if state is not None:
            self._now = replace(self._now, state=state)
            self.trace.truncate(state.step)
        elif step < self.steps_done or step == self.first:
            self.reset()
        return self.run(until=step, progress=False)

    def resume(self, trace: Trace) -> Self:
        """Go to where a trace of the same run ends, before the first step of this one. Returns itself."""
        if not len(trace):
            return self
        self.trace.records = list(trace)
        return self.goto(trace.steps[-1] + 1)

    def fork(self, at: int | None = None, **changes: Any) -> Self:
        """Return a new sampler that goes on from here with some settings changed, such as `guidance_scale`.

        What decides the shape or the schedule of the run (model, duration, steps, candidates, known sound) must stay.
        The seed may change: that changes the draws that are still to come.

        Args:
            at: Go on from the state before that step instead, as `goto` restores it.
            **changes: Settings of the new sampler.

        Raises:
            InputError: A name is unknown, or its setting must stay.
        """
        run = Run.of(self.model, self._now.settings.forked(changes))
        if run.frames != self.frames:
            raise InputError(
                f"fork would change the length from {self.frames} to {run.frames} frames (edge "
                f"{run.settings.tiling.edge}); start a new sampler"
            )
        if run.solver.describe() != self.solver.describe():
            raise InputError(
                f"fork would change the solver from {self.solver.name} to {run.solver.name}, whose noise levels or "
                "memory differ; start a new sampler"
            )
        origin = self if at is None else self.fork().goto(at)
        spent = {step: seconds for step, seconds in self._now.spent.items() if step < origin.steps_done}
        state = origin.state
        copied = replace(state, x=state.x.clone(), x0=None if state.x0 is None else state.x0.clone())
        forked = self._at(Moment(run, copied, new_trace(run), spent))
        forked.trace.take_over(origin.trace)
        if changes:  # its steps cannot be repeated from its own settings alone
            forked.trace.manifest["forked"] = {"step": origin.steps_done, "changes": sorted(changes)}
        return forked

    def decode(
        self, step: int | None = None, of: str = "x", progress: bool = False, candidate: int = 0
    ) -> np.ndarray[Any, Any]:
        """Return sound `[samples]`, float32 in [-1, 1]: of the latent now, or as it was after `step`.

        A sound that is continued keeps its own decode, up to a cross-fade over its last 2.56 s.

        Args:
            step: The step after which the latent is decoded; None is now.
            of: "x", the latent itself, or "x0", the clean estimate: what the network believes the sound will be.
            progress: Whether to show a progress bar.
            candidate: Which of the candidates.

        Raises:
            InputError: The trace has no such record.
        """
        return self.sound(step, of, progress, candidate).waveform

    def sound(self, step: int | None = None, of: str = "x", progress: bool = False, candidate: int = 0) -> Sound:
        """Return waveform and log-mel; for the arguments see `decode`."""
        return self._listener.sound(*latent_of(self._now, step, of, candidate), progress=progress)

    def decode_to(
        self, path: str | os.PathLike[str], of: str = "x", progress: bool = False, candidate: int = 0
    ) -> Path:
        """Write the sound of `decode` to a file while it is decoded, in memory that does not grow with the length.

        The file, in `.wav`, `.flac` or `.ogg`, is there once it is complete. A ring, and a sound that is continued, are
        decoded in one piece first. Returns the path. Raises `InputError` for another suffix, `SpotnbError` if the file
        cannot be written.
        """
        return self._listener.write(path, *latent_of(self._now, None, of, candidate), progress=progress)

    def to_known_sound(self, candidate: int = 0) -> KnownSound:
        """Return the sound of the finished run, for another run to start from. Raises `InputError` before that."""
        if not self.done:
            raise InputError(f"it is a run at step {self.steps_done}: expected a finished one; run() it first")
        audible = int(round(self.samples / self.model.samples_per_frame, 6))
        return KnownSound(self.latent[candidate : candidate + 1], min(audible, self.frames))

    def cost(self) -> Cost:
        """Return what the complete run costs; an estimate before it is done."""
        now = self._now
        spent = {step: seconds for step, seconds in now.spent.items() if step < now.state.step}
        if not spent and self._frame_seconds is None:
            self._frame_seconds = seconds_per_frame(now.run)
        return run_cost(now.run, now.trace, spent, self._frame_seconds)


SpotSampler.__doc__ = documented(
    RunSettings,
    """One run: a prompt becomes a latent, step by step, under any method.

    An iterator over its steps: `for record in sampler: ...`. Every way to drive it gives the same latent, bit for bit.
    Every setting can be read as an attribute.

    {Args}

    Before these, `model` is an `AudioModel`, from `load_model`, or what `audioldm.build_model` returned.

    Raises:
        InputError: A value is outside its limits; the message names them.
        SpotnbError: The run would not fit into memory, or a sound cannot be read.
    """,
)
