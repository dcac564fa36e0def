"""Runs from records: go on from a saved trace, or run it again and see whether it comes out the same."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.load import load_model
from spotnb.models.protocol import AudioModel
from spotnb.sampling.run import Run
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.settings import SOUNDS, RunSettings
from spotnb.sampling.source import KnownSound
from spotnb.support.checks import show
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Replay:
    """How a run that was repeated compares with its trace.

    Attributes:
        sampler: the new run, finished as far as the trace goes.
        step: the first step at which they differ; None where they are the same to the last bit.
        array: which of x, x0 and noise differs there, the earliest in the order of computation.
        difference: the largest difference in it, relative to the largest value.
    """

    sampler: SpotSampler
    step: int | None = None
    array: str | None = None
    difference: float = 0.0

    @property
    def same(self) -> bool:
        return self.step is None

    def __str__(self) -> str:
        if self.same:
            return f"the same in all {self.sampler.steps_done - self.sampler.first} steps, to the last bit"
        return f"{self.array} first differs at step {self.step}, by {self.difference:.2g} of its largest value"


def sampler_of(trace: Trace, model: AudioModel | None = None) -> SpotSampler:
    """A fresh sampler with the settings of a trace's run.

    `model`: the run's own; by default it is loaded by the name, device and dtype that the manifest holds. What differs
    from the manifest in versions, threads or model, and so may change the last bits, is logged.
    Raises `InputError` for a trace without a manifest, `SpotnbError` if the model cannot be loaded.
    """
    manifest = trace.manifest
    try:
        described = manifest["model"]
        name = described["name"]
        sounds = {
            setting: _known_sound(trace.sources[setting], manifest[setting]["frames"])
            for setting in SOUNDS
            if manifest.get(setting) is not None
        }
        settings = RunSettings.from_dict(manifest, sounds)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"the trace's manifest lacks {show(str(error))}: expected that of a SpotSampler's run; record one"
        ) from error
    sampler = SpotSampler.of(Run.of(_loaded(name, described) if model is None else as_model(model), settings))
    now = sampler.manifest()
    for key in ("model", "versions", "threads"):
        if now[key] != manifest.get(key):
            log.warning("the trace was made with %s %s, now it is %s", key, manifest.get(key), now[key])
    return sampler


_DTYPES = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}


def _loaded(name: str, described: dict[str, Any]) -> AudioModel:
    """The model that a manifest describes, with the choices that its description holds."""
    choices: dict[str, Any] = {"device": described.get("device", "auto")}
    choices["dtype"] = _DTYPES.get(described.get("dtype", ""), "auto")
    heads = described.get("heads_choice", "original")
    choices["heads"] = heads if heads in ("original", "config") else tuple(described["heads"])
    if "revision" in described:
        choices["revision"] = described["revision"]
    return load_model(name, **choices)


def _known_sound(latent: Any, frames: int) -> KnownSound:
    return KnownSound(torch.from_numpy(np.array(latent, np.float32)), frames)


def resume(trace: Trace, model: AudioModel | None = None) -> SpotSampler:
    """A sampler that stands after the last record of a trace, ready to run on, `goto`, `fork` or `decode`.

    An exact trace (fp32, with x and x0) needs no network for that; any other is run again up to there. For `model` and
    errors see `sampler_of`.
    """
    return sampler_of(trace, model).resume(trace)


def replay(trace: Trace, model: AudioModel | None = None, progress: bool = True) -> Replay:
    """Run a trace's manifest again, and say where it first differs from the records, if at all.

    Half-precision records are compared in half precision. For `model` and errors see `sampler_of`. Raises `SpotnbError`
    for a trace without records, and for that of a fork with changed settings.
    """
    if not len(trace):
        raise SpotnbError("the trace has no records to compare with: expected one step at least; record a run")
    if forked := trace.manifest.get("forked"):
        raise SpotnbError(
            f"the trace is of a fork at step {forked['step']} that changed {', '.join(forked['changes'])}: its first "
            "steps had other settings; replay the run that it was forked from, and fork again"
        )
    sampler = sampler_of(trace, model)
    last = trace.steps[-1]
    kept = iter(trace)
    expected = next(kept)
    with tqdm(total=last + 1, initial=sampler.steps_done, desc="replay", unit="step", disable=not progress) as bar:
        while sampler.steps_done <= last:
            record = sampler.step()
            bar.update()
            if record.step < expected.step:
                continue
            if (found := _difference(record, expected)) is not None:
                return Replay(sampler, record.step, *found)
            expected = next(kept, expected)
    return Replay(sampler)


def _difference(record: StepRecord, expected: StepRecord) -> tuple[str, float] | None:
    for name in ("noise", "x0", "x"):
        ours, theirs = getattr(record, name), getattr(expected, name)
        if theirs is None or ours is None or np.array_equal(ours, theirs):
            continue
        if ours.shape != theirs.shape:
            return name, float("inf")
        one, other = ours.astype(np.float64), theirs.astype(np.float64)
        return name, float(np.abs(one - other).max() / max(np.abs(other).max(), 1e-30))
    return None
