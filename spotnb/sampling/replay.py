"""Runs from saved traces: continue a run, or repeat it and compare the results."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.folder_weights import check_variant
from spotnb.models.load import load_model
from spotnb.models.locate import EMBEDDED_NAME, check_revision
from spotnb.models.protocol import AudioModel
from spotnb.sampling.anchor import told
from spotnb.sampling.history import require_agreement
from spotnb.sampling.run import Run
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.settings import SOUNDS, RunSettings
from spotnb.sampling.source import KnownSound
from spotnb.solvers.own import is_ours
from spotnb.solvers.protocol import Solver
from spotnb.support.cards import Card, Shown
from spotnb.support.checks import check_flag, check_real, check_text, show
from spotnb.support.progress import progress_bar
from spotnb.support.reasons import reason_of
from spotnb.trace.form import check_manifest
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace

log = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class Replay(Shown):
    """The comparison of a repeated run with its trace.

    Attributes:
        sampler: The new run, which stands where the trace ends or where the first difference occurred.
        step: The first step at which they differ by more than the tolerance, or None if there is none.
        array: The array that differs at that step: "noise", "x0" or "x", whichever is computed first.
        difference: The largest difference in that array, relative to its largest value. If there is no such step, the
            largest difference in any array.
        tolerance: The largest difference that does not count.
    """

    sampler: SpotSampler
    step: int | None = None
    array: str | None = None
    difference: float = 0.0
    tolerance: float = 0.0

    @property
    def same(self) -> bool:
        """Whether the run equals its trace within the tolerance, by default to the last bit."""
        return self.step is None

    def _text_(self) -> str:
        return str(self)

    def _card_(self) -> Card:
        equal = "within the tolerance" if self.difference else "identical"
        facts = {
            "Result": equal if self.same else "different",
            "First difference": None if self.same else f"step {self.step}, in {self.array}",
            "Largest difference" if self.same else "Size": (
                f"{self.difference:.3g} of its largest value" if self.difference else None
            ),
            "Tolerance": f"{self.tolerance:.3g}" if self.tolerance else None,
        }
        return Card(repr(self), facts, None, {"sampler": self.sampler})

    def __str__(self) -> str:
        steps = self.sampler.steps_done - self.sampler.first
        if self.same and not self.difference:
            return f"identical in all {steps} steps, to the last bit"
        if self.same:
            return f"equal in all {steps} steps, to {self.difference:.2g} of the largest value"
        return f"{self.array} first differs at step {self.step}, by {self.difference:.2g} of its largest value"


def sampler_of(
    trace: Any, model: AudioModel | None = None, *, load: bool = False, solver: Solver | None = None
) -> SpotSampler:
    """Return a new sampler with the settings of a trace's run.

    A different model, version or number of threads than the manifest records is logged, because it may change the last
    bits.

    Args:
        trace: The trace of a run, or the path of its file.
        model: The model of the run. By default, a trace of the embedded model opens that.
        load: Whether to load any other model that the manifest names, from a folder or from the Hugging Face Hub. The
            trace may be a stranger's, so pass True only if you want to open the model that it names.
        solver: The solver of the run, if that was an object of the caller's. A manifest only describes such a solver.

    Raises:
        InputError: `trace` is neither, it has no manifest of a run, its records are not those of that run, it names a
            model that is not opened without `load`, or it describes a solver that has to be passed.
        SpotnbError: The model cannot be loaded.
    """
    trace = Trace.of(trace)
    manifest = check_manifest(trace.manifest)
    try:
        described = manifest["model"]
        sounds = {
            setting: _known_sound(trace.sources[setting], manifest[setting]["frames"])
            for setting in SOUNDS
            if manifest.get(setting) is not None
        }
        settings = RunSettings.from_dict(dict(manifest) | _solver_of(manifest["solver"], solver), sounds)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"the trace's manifest does not describe a run ({reason_of(error)}): record a run") from error
    run = Run.of(load_described(described, load=load) if model is None else as_model(model), settings)
    require_agreement(run, trace)
    sampler = SpotSampler.of(run)
    now = sampler.manifest()
    for key in ("model", "versions", "threads"):
        if now[key] != manifest.get(key):
            log.warning("the trace was recorded with %s %s, now it is %s", key, manifest.get(key), now[key])
    return sampler


def _solver_of(recorded: Any, solver: Any) -> dict[str, Any]:
    """Return the setting that replaces the description of a caller's own solver by the solver itself."""
    if solver is None:
        if isinstance(recorded, str | dict) and recorded and not is_ours(recorded):
            raise InputError(
                f"the trace's solver is {show(recorded)}, an object of its author: pass the solver of the run as "
                "solver="
            )
        return {}
    described = getattr(solver, "describe", lambda: None)()
    if described != recorded:
        raise InputError(
            f"solver describes itself as {show(described)[:40]}, but the trace's is {show(recorded)[:40]}: expected "
            "the solver of the run; pass that"
        )
    return {"solver": solver}


_DTYPES = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}


def load_described(described: Mapping[str, Any], *, load: bool) -> AudioModel:
    """Load the model that a manifest describes, with the options in its description, if that is permitted.

    Raises:
        InputError: It is not the embedded model, and `load` is not True; or the description is not that of a model.
        SpotnbError: The model cannot be loaded.
    """
    name = described.get("name")
    name = check_text("the model's name in the trace", name, hint="pass the model of the run as model=", blank=False)
    if name != EMBEDDED_NAME and load is not True:
        raise InputError(
            f"the trace names the model {show(name)}, which is not opened by itself: pass the model of the run as "
            "model=, or load=True to open the one that it names"
        )
    choices: dict[str, Any] = {"device": described.get("device", "auto")}
    dtype = described.get("dtype")
    choices["dtype"] = _DTYPES.get(dtype, "auto") if isinstance(dtype, str) else "auto"
    heads = described.get("heads_choice", "original")
    named = isinstance(heads, str) and heads in ("original", "config")
    given = described.get("heads")
    choices["heads"] = heads if named else tuple(given) if isinstance(given, list) else given
    if "revision" in described:
        choices["revision"] = check_revision(described["revision"])
    if "variant" in described:
        choices["variant"] = check_variant(described["variant"])
    return load_model(name, **choices)


def _known_sound(latent: Any, frames: int) -> KnownSound:
    if np.ndim(latent) != 4 or not 0 <= frames <= np.shape(latent)[2]:
        raise InputError(f"the trace's sound has {frames} frames, but the shape {list(np.shape(latent))}: record a run")
    return KnownSound(torch.from_numpy(np.array(latent, np.float32)), frames)


def resume(
    trace: Any, model: AudioModel | None = None, *, load: bool = False, solver: Solver | None = None
) -> SpotSampler:
    """Return a sampler that stands after the last record of a trace, ready for `run`, `goto`, `fork` or `decode`.

    An exact trace (fp32, with x and x0) needs no network for this. With any other trace, the steps are run again. For
    the arguments and errors, see `sampler_of`. A model with other weights than the manifest records is refused.
    """
    return sampler_of(trace := Trace.of(trace), model, load=load, solver=solver).resume(trace)


def replay(
    trace: Any,
    model: AudioModel | None = None,
    progress: bool = True,
    *,
    load: bool = False,
    solver: Solver | None = None,
    tolerance: float = 0.0,
) -> Replay:
    """Repeat the run of a trace, and report the first difference from its records.

    Half-precision records are compared in half precision. A trace that was recorded on another machine, or in a web
    page, has other last bits; a `tolerance` of 1e-4 is suitable there.

    Args:
        trace: The trace of a run, or the path of its file.
        model: As for `sampler_of`.
        progress: Whether to show a progress bar.
        load: As for `sampler_of`.
        solver: As for `sampler_of`.
        tolerance: The largest difference that does not count, relative to the largest value of the array.

    Raises:
        InputError: As for `sampler_of`, or the tolerance is not a number from 0 to 1.
        SpotnbError: The trace has no records or is that of a fork with changed settings, or the model cannot be loaded.
    """
    trace, progress = Trace.of(trace), check_flag("progress", progress)
    tolerance = check_real("tolerance", tolerance, 0, 1, hint="0 compares to the last bit")
    if not len(trace):
        raise SpotnbError("the trace has no records to compare with: expected at least one step; record a run")
    if forked := check_manifest(trace.manifest).get("forked"):
        raise SpotnbError(
            f"the trace is of a run that {told(forked)}: expected one that was not changed; replay the run before its "
            "change"
        )
    sampler = sampler_of(trace, model, load=load, solver=solver)
    last = trace.steps[-1]
    kept = iter(trace)
    expected, largest = next(kept), 0.0
    with progress_bar(total=last + 1, initial=sampler.steps_done, desc="replay", unit="step", shown=progress) as bar:
        while sampler.steps_done <= last:
            record = sampler.step()
            bar.update()
            if record.step < expected.step:
                continue
            for array, difference in _differences(record, expected):
                if not difference <= tolerance:
                    return Replay(sampler, record.step, array, difference, tolerance)
                largest = max(largest, difference)
            expected = next(kept, expected)
    return Replay(sampler, difference=largest, tolerance=tolerance)


def _differences(record: StepRecord, expected: StepRecord) -> Iterator[tuple[str, float]]:
    """Yield each array that differs, in the order in which they are computed, and its relative difference."""
    for name in ("noise", "x0", "x"):
        ours, theirs = getattr(record, name), getattr(expected, name)
        if theirs is None or ours is None or np.array_equal(ours, theirs):
            continue
        if ours.shape != theirs.shape:
            yield name, float("inf")
            continue
        one, other = ours.astype(np.float64), theirs.astype(np.float64)
        yield name, float(np.abs(one - other).max() / max(np.abs(other).max(), 1e-30))
