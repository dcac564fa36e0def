"""Conversion between the states of a run and its records: a step is recorded, and a state is restored from records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.shelter import shelter
from spotnb.sampling.anchor import LATENT, Anchor
from spotnb.sampling.run import Run
from spotnb.sampling.state import RunState
from spotnb.solvers.multistep import state_for_step
from spotnb.solvers.own import take_step
from spotnb.support.checks import show
from spotnb.tiling.layout import Layout
from spotnb.trace.record import DeferredRecord, StepRecord
from spotnb.trace.trace import Trace

UNIMPORTANT: Final = ("record", "record_dtype", "tile_batch")
"""Settings that do not decide the result, but for its last bits."""


def record_of(
    run: Run, before: RunState, after: RunState, eps: Tensor, layout: Layout, trace: Trace, seconds: float
) -> StepRecord:
    """Return the record of a step, with the arrays that the trace keeps.

    On a device other than the CPU, the arrays are copied when they are read, so that the device does not wait.
    """
    facts: dict[str, Any] = {
        "step": before.step,
        "timestep": run.solver.timesteps[before.step],
        "shift": layout.shift,
        "layout": layout,
        "seconds": seconds,
        "guided": after.guided,
    }
    assert after.x0 is not None
    tensors = {"x": after.x, "x0": after.x0, "noise": eps}
    kept = tensors if trace.keeps_all_arrays else {"x0": after.x0}
    if run.model.device.type == "cpu":
        arrays: dict[str, Any] = {name: trace.array(x) if name in kept else None for name, x in tensors.items()}
        return StepRecord(**facts, **arrays)
    facts |= {name: None for name in tensors if name not in kept}
    return DeferredRecord.of(facts, {name: _fetching(x, trace) for name, x in kept.items()})


def _fetching(tensor: Tensor, trace: Trace) -> Callable[[], Any]:
    """Return a function that returns a tensor of a device as an array of a trace.

    If more than the last record is kept, the copy begins now, into memory from which and to which a GPU copies by
    itself while it computes.
    """
    if trace.mode == "last" or not torch.cuda.is_available():
        return lambda: trace.array(tensor)
    pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    pinned.copy_(tensor, non_blocking=True)
    copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
    copied.record()

    def fetch() -> Any:
        copied.synchronize()
        return trace.array(pinned)

    return fetch


@shelter
def restored(anchor: Anchor, trace: Trace, step: int) -> RunState:
    """Return the latest state at or before `step` that follows exactly from an anchor, by the records after it.

    A record is exact if it holds x and x0 in float32. A solver that remembers earlier steps needs the records of all
    of them: it repeats these steps from the records, without the network.
    """
    run, begin = anchor.run, anchor.begin
    last = trace.exact_before(step, since=begin.step, unbroken=run.solver.remembers)
    if last is None:
        return begin
    guided, solver_state = None, run.solver.initial_state(run.steps.start)
    if run.solver.remembers:
        between = (record for record in trace if begin.step <= record.step <= last.step)
        guided, solver_state = _remembered(run, begin, between)
    return RunState(last.step + 1, tensor_of(last.x, run), tensor_of(last.x0, run), solver_state, guided, begin.origin)


def _remembered(run: Run, begin: RunState, records: Iterable[StepRecord]) -> tuple[bool | None, Any]:
    """Return whether guidance was active at the last of the records after a state, and the solver's memory then."""
    x, guided, solver_state = begin.x, begin.guided, begin.solver_state
    for record in records:
        solver_state = state_for_step(run.solver, record.step, solver_state, guided=record.guided, was_guided=guided)
        noise = tensor_of(record.noise, run)
        solver_state = take_step(run.solver, record.step, x, noise, run.draws, solver_state).state
        x, guided = tensor_of(record.x, run), record.guided
    return guided, solver_state


def anchor_of_file(run: Run, trace: Trace, mark: Mapping[str, Any]) -> Anchor:
    """Return the anchor of a run whose trace says that it was changed on the way.

    Its earlier settings are not known any more. If the latent before its first record was not drawn by this run, it is
    computed from the record, which is exact but for rounding.
    """
    changes, start = frozenset(mark["changes"]), run.start()
    record = trace[0]
    drawn_alike = not changes & {LATENT, "seed", "prompt"}
    if not drawn_alike and record.step == start.step and record.x0 is not None and record.noise is not None:
        x = run.noised(tensor_of(record.x0, run), tensor_of(record.noise, run), start.step)
        start = replace(start, x=x)
    return Anchor(run, start, changes, mark["step"])


def require_agreement(run: Run, trace: Trace) -> None:
    """Raise `InputError` unless a trace has the settings of a run, and its records the shape and the schedule."""
    frames, shapes = trace.manifest.get("frames"), {run.shape}
    if len(trace):
        first = trace[0]
        shapes |= {array.shape for array in (first.x, first.x0, first.noise) if array is not None}
    if frames != run.frames or len(shapes) > 1:
        raise InputError(
            f"the trace has {show(frames)} frames and records of {show(sorted(shapes - {run.shape}))}: expected the "
            f"shape {list(run.shape)} of the run that its manifest describes; record a run"
        )
    ours = json.loads(json.dumps(run.settings.to_dict()))
    theirs = {name: trace.manifest.get(name, value) for name, value in ours.items()}
    if other := [name for name, value in ours.items() if name not in UNIMPORTANT and theirs[name] != value]:
        raise InputError(
            f"the trace is that of another run ({', '.join(other[:3])} differ): expected one with the settings of this "
            "sampler; spotnb.resume(trace) makes a sampler with those of the trace"
        )
    expected = [run.solver.timesteps[step] if step in run.steps else None for step in trace.steps]
    if list(trace.timesteps) != expected:
        raise InputError(
            f"the trace has the steps {show(trace.steps)} at {show(trace.timesteps)}: expected {show(expected)}, which "
            "its manifest describes; record a run"
        )


def tensor_of(array: np.ndarray[Any, Any] | None, run: Run) -> Tensor:
    """Return a recorded array as a float32 tensor on the model's device."""
    assert array is not None
    return torch.from_numpy(array.astype(np.float32)).to(run.model.device)
