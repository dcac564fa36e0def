"""Moves of a sampler other than a step: back to an earlier step, to the end of a trace, and into a fork."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spotnb.errors import InputError
from spotnb.sampling.anchor import before, mark_of, settings_changed, told
from spotnb.sampling.history import anchor_of_file, record_of, restored
from spotnb.sampling.moment import Moment, new_trace
from spotnb.sampling.run import Run
from spotnb.trace.trace import Trace


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
    changes = settings_changed(now.anchors[len(anchors) :])
    return replace(now, trace=trace, anchors=anchors).changed(earlier.state, changes)


def _run_until(moment: Moment, step: int) -> Moment:
    """Take steps of an earlier run. They are recorded in the trace of the moment."""
    run, state = moment.run, moment.state
    while state.step < step:
        layout = run.layout(state.step)
        eps = run.predict(state, layout)
        after = run.advance(state, eps)
        moment.trace.append(record_of(run, state, after, eps, layout, moment.trace, 0.0))
        state = after
    return replace(moment, state=state)


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
