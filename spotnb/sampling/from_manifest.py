"""A run made again from its manifest, on this machine or another one."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.identity import require_same_weights
from spotnb.models.protocol import AudioModel
from spotnb.sampling.anchor import told
from spotnb.sampling.replay import load_described, sampler_of
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.settings import SOUNDS
from spotnb.solvers.protocol import Solver
from spotnb.support.checks import show
from spotnb.support.paths import check_path, show_path
from spotnb.support.reasons import reason_of
from spotnb.trace.form import check_manifest
from spotnb.trace.trace import Trace

log = logging.getLogger(__name__)

LARGEST = 10**7
"""Bytes of the largest manifest."""


def sampler_from(
    manifest: Mapping[str, Any] | str | os.PathLike[str] | Trace,
    model: AudioModel | None = None,
    *,
    load: bool = False,
    solver: Solver | None = None,
) -> SpotSampler:
    """Return a new sampler that repeats a run, before its first step.

    The run is the same bit for bit on the same machine and the same versions. The model is opened under the name and
    the revision in the manifest, and refused if its weights are not those of the run. No code of a model is run.

    Args:
        manifest: The manifest of a run, as `SpotSampler.manifest` returns it; the path of a `.json` file with it, as
            `spotnb generate` writes it; or a trace or its path.
        model: The model of the run. By default, a run of the embedded model opens that.
        load: Whether to load any other model that the manifest names, from a folder or from the Hugging Face Hub. The
            manifest may be a stranger's, so pass True only if you want to open the model that it names.
        solver: The solver of the run, if that was an object of the caller's. A manifest only describes such a solver.

    Raises:
        InputError: `manifest` does not describe a run that can be repeated from it, it names a model that only `load`
            opens, the model has other weights, or the solver has to be passed or is not that of the run.
        SpotnbError: A file cannot be read, or the model cannot be loaded.
    """
    trace = _trace_of(manifest)
    described = check_manifest(trace.manifest)
    _check_repeatable(described, trace)
    if model is None:
        model = load_described(_on_this_machine(described["model"]), load=load)
    model = as_model(model)
    require_same_weights(described, model)
    return sampler_of(trace, model, solver=solver)


def _trace_of(source: Any) -> Trace:
    """Return a trace without records for a manifest, or the trace itself."""
    if isinstance(source, Trace):
        return source
    if not isinstance(source, Mapping):
        path = check_path("manifest", source)
        if path.suffix.lower() == ".npz":
            return Trace.load(path)
        source = _read(path)
    trace = Trace()
    trace.manifest = dict(source)
    return trace


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise SpotnbError(f"{show_path(path)} has more than {LARGEST} bytes: expected the manifest of a run")
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SpotnbError(f"cannot read {show_path(path)} as a manifest: {reason_of(error)}") from None
    if not isinstance(content, dict):
        raise InputError(f"{show_path(path)} holds a {type(content).__name__}: expected the manifest of a run")
    return content


def _check_repeatable(manifest: Mapping[str, Any], trace: Trace) -> None:
    """Check that a run can be repeated from its settings alone."""
    if forked := manifest.get("forked"):
        raise InputError(
            f"the manifest is of a run that {told(forked)}: expected one that was not changed; make the run before its "
            "change again, and change it"
        )
    for name in SOUNDS:
        if manifest.get(name) is not None and name not in trace.sources:
            raise InputError(f"the run started from sound ({name}), which a manifest does not hold: pass its trace")


def _on_this_machine(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a model, for any device if the one of the run is not on this machine."""
    import torch

    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if found.get(described.get("device", ""), True):
        return dict(described)
    log.warning("the run was recorded on %s, which is not on this machine", show(described["device"]))
    return {**described, "device": "auto"}
