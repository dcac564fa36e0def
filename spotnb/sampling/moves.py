"""Moves of a sampler: a step on, back to an earlier step, to the end of a trace, into a fork."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from spotnb.errors import InputError
from spotnb.sampling.anchor import BY_HAND, before, changes_of, mark_of, told
from spotnb.sampling.history import anchor_of_file, record_of, restored
from spotnb.sampling.moment import Moment, new_trace
from spotnb.sampling.run import Run
from spotnb.tiling.layout import Layout
from spotnb.trace.trace import Trace


def advanced(now: Moment, layout: Layout, eps: Tensor, seconds: float) -> Moment:
    """Return the moment after a step, which is recorded in the trace.

    Args:
        now: The moment before it.
        layout: The layout of the step.
        eps: The noise prediction for the full latent, `[B, C, T, F]`.
        seconds: The time that the prediction took.
    """
    started, run, before_it = time.perf_counter(), now.run, now.state
    after = run.advance(before_it, eps)
    seconds += time.perf_counter() - started
    record = record_of(run, before_it, after, eps, layout, now.trace, seconds)
    now.trace.append(record)
    now.trace.manifest["tile_batch"] = run.denoiser.tile_batch  # it may have been halved
    return replace(now, state=after, spent={**now.spent, before_it.step: record.seconds})


def gone_back(now: Moment, step: int) -> Moment:
    """Return the moment before a step that was taken, or an earlier one from which the run leads there.

    Its trace is a new one: the caller's may still be needed, if this is interrupted.

    Raises:
        InputError: The step is of an earlier run that is not known, and has no exact record.
    """
    anchors = before(now.anchors, step)
    anchor = anchors[-1]
    state = restored(anchor, now.trace, step)
    if state.step < min(step, anchor.since):
        raise InputError(
            f"step {step} cannot be repeated: the run {told(mark_of(anchors))}, and what it was before is not in its "
            "trace; expected a step after one that has a record in fp32, or reset() for another run from the start"
        )
    trace = new_trace(now.run)
    trace.records = [record for record in now.trace if record.step < state.step]
    if len(anchors) == len(now.anchors):
        return replace(now, state=state, trace=trace, anchors=(*anchors[:-1], anchor.not_after(state.step)))
    earlier = _run_until(Moment(anchor.run, state, new_trace(anchor.run), anchors), step)
    trace.take_over(earlier.trace)
    changes = changes_of(now.anchors[len(anchors) :]) - BY_HAND
    return replace(now, trace=trace, anchors=anchors).changed(earlier.state, changes)


def _run_until(moment: Moment, step: int) -> Moment:
    """Take steps of an earlier run. They are recorded in the trace of the moment."""
    while moment.state.step < step:
        started, layout = time.perf_counter(), moment.run.layout(moment.state.step)
        eps = moment.run.predict(moment.state, layout)
        moment = advanced(moment, layout, eps, time.perf_counter() - started)
    return moment


def taken_up(now: Moment, trace: Trace) -> Moment:
    """Return the moment at the end of a trace of the same run, or an earlier one from which the run leads there.

    Raises:
        InputError: The trace is of a run that was changed on the way, and does not hold exact records.
    """
    mark, end = trace.manifest.get("forked"), trace.steps[-1] + 1
    if mark is not None and mark != mark_of(now.anchors):
        now = replace(now, anchors=(anchor_of_file(now.run, trace, mark),))
    taken = new_trace(now.run)
    taken.records = list(trace)
    anchor = now.anchors[-1]
    state = restored(anchor, taken, end)
    if state.step < min(end, anchor.since):
        raise InputError(
            f"the trace is of a run that {told(mark_of(now.anchors))}: expected exact records (record 'all' and fp32), "
            "which tell its state; record one"
        )
    taken.truncate(state.step)
    return replace(now, state=state, trace=taken)


def forked(now: Moment, run: Run, changes: Mapping[str, Any]) -> Moment:
    """Return a copy of a moment from which a run with changed settings goes on."""
    state = now.state
    copied = replace(state, x=state.x.clone(), x0=None if state.x0 is None else state.x0.clone())
    trace = new_trace(run)
    trace.take_over(now.trace)
    fork = Moment(run, copied, trace, now.anchors, now.spent)
    if changes:
        return fork.changed(copied, changes)
    # The run goes on as the one that it copies, so that what that one did counts as its own.
    return replace(fork, anchors=tuple(replace(each, run=run) if each.run is now.run else each for each in now.anchors))


def lightened(now: Moment) -> Moment:
    """Return a moment that keeps only the last record, to save memory."""
    trace = new_trace(now.run)
    trace.records = list(now.trace)[-1:]
    return replace(now, trace=trace)
