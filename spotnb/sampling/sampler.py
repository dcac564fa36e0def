"""SpotSampler, which drives a complete run, single steps, or the phases of a step."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.decode import Sound
from spotnb.models.identity import require_same_weights
from spotnb.sampling.anchor import PREDICTION
from spotnb.sampling.cost import Cost, run_cost, seconds_per_frame
from spotnb.sampling.history import require_agreement
from spotnb.sampling.listening import Listener, latent_of
from spotnb.sampling.moment import Moment, RunView
from spotnb.sampling.moves import advanced, forked, gone_back, lightened, taken_up
from spotnb.sampling.run import Run
from spotnb.sampling.settings import RunSettings
from spotnb.sampling.source import KnownSound
from spotnb.sampling.state import RunState
from spotnb.sampling.step import Step
from spotnb.support.checks import check_flag, check_int
from spotnb.support.options import documented, with_options
from spotnb.support.progress import progress_bar
from spotnb.tiling.layout import Layout
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace


class SpotSampler(RunView):  # noqa: D101  `documented` writes its docstring below, from the settings
    @with_options(RunSettings)
    def __init__(self, model: Any, *args: Any, **settings: Any) -> None:
        self._stand_at(Moment.first(Run.of(as_model(model), RunSettings(*args, **settings))))

    @classmethod
    def of(cls, run: Run, state: RunState | None = None) -> Self:
        """Return a sampler of an existing `Run`, before its first step or at one of its states."""
        first = Moment.first(run)
        return cls._at(first if state is None else replace(first, state=state))

    @classmethod
    def _at(cls, moment: Moment) -> Self:
        sampler = cls.__new__(cls)
        sampler._stand_at(moment)  # noqa: SLF001  instead of its `__init__`
        return sampler

    def _stand_at(self, moment: Moment) -> None:
        self._move(moment)
        self._listener = Listener(moment.run)
        self._frame_seconds: float | None = None

    def reset(self, seed: int | None = None) -> Self:
        """Go back to the start of the run, with another seed if one is given, and return the sampler."""
        run = self._now.run if seed is None else self._now.run.seeded(seed)
        self._move(Moment.first(run))
        return self

    def __iter__(self) -> Iterator[StepRecord]:
        return self

    def __next__(self) -> StepRecord:
        if self.done:
            raise StopIteration
        return self.step()

    def begin(self) -> Step:
        """Open the next step. Nothing changes until its `finish`. Raises `SpotnbError` after the last step."""
        self._require_more()
        return Step(self._now.run, self._now.state, self._finish)

    def step(self) -> StepRecord:
        """Take the next step, and return its record. Raises `SpotnbError` after the last step."""
        self._require_more()
        started, now = time.perf_counter(), self._now
        layout = now.run.layout(now.state.step)
        eps = now.run.predict(now.state, layout)
        return self._finish(now.state, layout, eps, time.perf_counter() - started, False)

    def _require_more(self) -> None:
        if self.done:
            raise SpotnbError(f"all {len(self.solver)} steps are done; call reset() or goto(k) to repeat some")

    def _finish(self, before: RunState, layout: Layout, eps: Tensor, seconds: float, replaced: bool) -> StepRecord:
        now = self._now
        if before is not now.state:
            raise SpotnbError(
                f"step {before.step} is stale: the sampler is at step {now.state.step}; call begin() next"
            )
        moved = advanced(now, layout, eps, seconds)
        self._move(moved.changed(moved.state, {PREDICTION}) if replaced else moved)
        return moved.trace[-1]

    def run(self, until: int | None = None, progress: bool = True) -> Self:
        """Take all remaining steps, or those before step `until`, and return the sampler.

        After an interrupt (Ctrl-C, or the notebook's stop button) the sampler stands after its last finished step. Call
        `run` again to continue.

        Args:
            until: The step before which to stop; None runs to the end.
            progress: Whether to show a progress bar.

        Raises:
            InputError: The run has no such step.
            SpotnbError: The network returned NaN or infinity, or memory ran out.
        """
        total = len(self.solver)
        stop = total if until is None else check_int("until", until, 0, total, hint=f"the run has {total} steps")
        with progress_bar(total=total, initial=self.steps_done, desc="steps", unit="step", shown=progress) as bar:
            while self.steps_done < stop:
                self.step()
                bar.update()
        return self

    def goto(self, step: int) -> Self:
        """Go to the state before `step`, and return the sampler. Later records are dropped.

        The state is the one that the sampler had, also before a fork or after a change by hand; the following steps
        have the settings of now. An exact record (fp32, with x and x0) restores its state. A solver that remembers
        earlier steps needs their records too. Without such records, the steps are run again.

        Args:
            step: From `first`, the start, to the number of steps. At the start everything is made anew, as by `reset`.

        Raises:
            InputError: The run has no such step, or the trace of a fork, read from a file, does not tell its state.
        """
        low, high = self.first, len(self.solver)
        step = check_int("step", step, low, high, hint=f"the run has the steps {low} to {high - 1}")
        if step == low:
            self.reset()
        elif step < self.steps_done:
            now, trace = gone_back(self._now, step), self.trace
            self._move(replace(now, trace=trace))  # before the records: later ones do no harm
            trace.records = now.trace.records
        return self.run(until=step, progress=False)

    def resume(self, trace: Any) -> Self:
        """Take over a trace of the same run, go to where it ends, and return the sampler. Call this before any step.

        Args:
            trace: The trace, or the path of its file.

        Raises:
            InputError: `trace` is neither, it is that of another run or of other weights, or it is that of a fork with
                other settings and does not hold exact records.
            SpotnbError: The file cannot be read.
        """
        trace = Trace.of(trace)
        require_agreement(self._now.run, trace)
        require_same_weights(trace.manifest, self.model)
        if not len(trace):
            return self
        self._move(taken_up(self._now, trace))
        return self.run(until=trace.steps[-1] + 1, progress=False)

    def fork(self, at: int | None = None, **changes: Any) -> Self:
        """Return a new sampler that continues from here with changed settings, such as another `guidance_scale`.

        Everything that decides the shape or the schedule of the run (model, duration, steps, candidates, known sound)
        must stay. The seed may change, which changes the draws of the remaining steps. Even a fork at the first step
        keeps the initial latent with the typical latent of the earlier prompt; `reset` and `goto(0)` make a new one.

        Args:
            at: Continue from the state before this step, as `goto` restores it; None is the current state.
            **changes: The changed settings.

        Raises:
            InputError: A setting is unknown, or it must not change.
        """
        settings = self._now.settings.forked(changes)
        if at is not None:
            return self.fork().goto(at).fork(**changes)
        run = Run.of(self.model, settings)
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
        return self._at(forked(self._now, run, changes))

    def lightened(self) -> Self:
        """Return a copy that keeps only the last record, to save memory. It goes back by taking steps again."""
        return self._at(lightened(self._now))

    def decode(
        self, step: int | None = None, of: str = "x", progress: bool = False, candidate: int = 0
    ) -> np.ndarray[Any, Any]:
        """Decode the latent to a waveform, `[samples]` or `[channels, samples]`, float32 in [-1, 1].

        Once the latent is clean, a continued sound keeps its own decoding, up to a cross-fade over its last 64 latent
        frames.

        Args:
            step: The step after which the latent is decoded; None is the current latent.
            of: "x" for the latent itself, or "x0" for the clean estimate, the network's current guess of the result.
            progress: Whether to show a progress bar.
            candidate: The index of the candidate.

        Raises:
            InputError: The trace has no such record, there is no such candidate, or no estimate yet.
            SpotnbError: The decoder returned NaN or infinity, or memory ran out.
        """
        return self.sound(step, of, progress, candidate).waveform

    def sound(self, step: int | None = None, of: str = "x", progress: bool = False, candidate: int = 0) -> Sound:
        """Decode the latent to a waveform and a log-mel. For the arguments, see `decode`."""
        progress = check_flag("progress", progress)
        return self._listener.sound(*latent_of(self._now, step, of, candidate), progress=progress)

    def decode_to(
        self, path: str | os.PathLike[str], of: str = "x", progress: bool = False, candidate: int = 0
    ) -> Path:
        """Decode the latent piece by piece into a file, so that memory does not grow with the length.

        The file appears once it is complete. A continued sound is decoded in one piece first, and so is a ring
        of a model with log-mels.

        Args:
            path: The file, with the suffix `.wav`, `.flac` or `.ogg`.
            of: As for `decode`.
            progress: As for `decode`.
            candidate: As for `decode`.

        Returns:
            The path.

        Raises:
            InputError: The suffix is unknown, the format lacks the sample rate, or as for `decode`.
            SpotnbError: The file cannot be written, or as for `decode`.
        """
        progress = check_flag("progress", progress)
        return self._listener.write(path, *latent_of(self._now, None, of, candidate), progress=progress)

    def to_known_sound(self, candidate: int = 0) -> KnownSound:
        """Return the sound of a candidate, for another run to start from.

        Raises:
            InputError: The run is not done, or has no such candidate.
        """
        last = self.candidates - 1
        candidate = check_int("candidate", candidate, 0, last, hint=f"the run has {self.candidates}")
        if not self.done:
            raise InputError(f"a run at step {self.steps_done}: expected a finished run; call its run() first")
        audible = int(round(self.samples / self.model.samples_per_frame, 6))
        return KnownSound(self.latent[candidate : candidate + 1], min(audible, self.frames))

    def cost(self) -> Cost:
        """Return the cost of the complete run, which is an estimate until the run is done."""
        now = self._now
        spent = {step: seconds for step, seconds in now.spent.items() if step < now.state.step}
        if not spent and self._frame_seconds is None:
            self._frame_seconds = seconds_per_frame(now.run)
        return run_cost(now.run, now.trace, spent, self._frame_seconds)


SpotSampler.__doc__ = documented(
    RunSettings,
    """A run, which turns a prompt into a latent step by step, with any method.

    A sampler is an iterator over its steps: `for record in sampler: ...`. Whole runs, single steps and phases give the
    same latent, bit for bit. Every setting can be read as an attribute.

    The first argument, `model`, is an `AudioModel` from `load_model`, or the result of `audioldm.build_model`. The
    settings follow.

    {Args}

    Raises:
        InputError: A value is outside its limits. The message names them.
        SpotnbError: The run would not fit into memory, or a sound cannot be read.
    """,
)
