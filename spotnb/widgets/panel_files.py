"""The files that the panel saves, and their names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.checks import show
from spotnb.support.names import file_name, free_stem

if TYPE_CHECKING:
    from spotnb.sampling.settings import RunSettings

LONGEST = 40  # the seed follows


def save_run(kind: Any, path: Any, sampler: Any, generation: Any) -> Path:
    """Save the sound of a `Generation` ("wav") or the trace of a sampler ("trace"), and return the path of the file.

    Raises:
        InputError: `kind` is neither "wav" nor "trace", or the path does not suit it.
        SpotnbError: There is nothing to save yet, or the file cannot be written.
    """
    from spotnb.sound.files import save_audio

    if kind not in ("wav", "trace"):
        raise InputError(f"kind is {show(kind)}: expected 'wav' or 'trace'")
    if (sampler if kind == "trace" else generation) is None:
        raise SpotnbError("there is nothing to save yet: run to the end first")
    run = sampler.definition if kind == "trace" else generation.finished.run
    target = path if path is not None else free_path(file_stem(run.settings), ".wav" if kind == "wav" else ".npz")
    if kind == "trace":
        return Path(sampler.trace.save(target))
    return save_audio(target, generation.waveform, run.model.sample_rate)


def file_stem(settings: RunSettings) -> str:
    """Return a file name from the prompt and seed of a run."""
    prompt = settings.prompt.text if isinstance(settings.prompt, PromptTimeline) else settings.prompt
    return f"{file_name(prompt, LONGEST)}-{settings.seed}"


def free_path(stem: str, suffix: str) -> Path:
    """Return a path in the folder of the notebook that does not exist yet."""
    return Path(f"{free_stem(Path(), stem, [suffix])}{suffix}")
