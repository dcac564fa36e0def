"""Names for the files that the panel saves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.names import file_name, free_stem

LONGEST = 40  # the seed follows


def file_stem(sampler: Any) -> str:
    """Return a file name from the prompt and seed of a run."""
    prompt = sampler.prompt.text if isinstance(sampler.prompt, PromptTimeline) else sampler.prompt
    return f"{file_name(prompt, LONGEST)}-{sampler.seed}"


def free_path(stem: str, suffix: str) -> Path:
    """Return a path in the folder of the notebook that does not exist yet."""
    return Path(f"{free_stem(Path(), stem, [suffix])}{suffix}")
