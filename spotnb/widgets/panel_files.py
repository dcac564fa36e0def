"""Names for the files that the panel saves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from spotnb.sampling.timeline import PromptTimeline


def file_stem(sampler: Any) -> str:
    """Return a file name from the prompt and seed of a run, with only letters, digits and hyphens."""
    prompt = sampler.prompt.text if isinstance(sampler.prompt, PromptTimeline) else sampler.prompt
    words = re.sub(r"[^0-9a-z]+", "-", prompt.lower()).strip("-")[:40].strip("-")
    return f"{words or 'sound'}-{sampler.seed}"


def free_path(stem: str, suffix: str) -> Path:
    """Return a path in the folder of the notebook that does not exist yet."""
    path, count = Path(f"{stem}{suffix}"), 1
    while path.exists():
        count += 1
        path = Path(f"{stem}-{count}{suffix}")
    return path
