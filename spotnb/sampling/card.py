"""How a run shows itself, whether it is about to begin, under way, or done."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.models.protocol import AudioModel
from spotnb.sampling.settings import SOUNDS, RunSettings
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.cards import count, joined, quoted, seconds
from spotnb.support.checks import show
from spotnb.support.pictures import TILE, Picture, bins, profile
from spotnb.tiling.config import should_use_spotdiffusion


def prompt_text(settings: RunSettings) -> str:
    """Return the prompt of a run in quotes, or the prompts of its timeline."""
    return quoted(settings.prompt.text if isinstance(settings.prompt, PromptTimeline) else settings.prompt)


def run_text(model: AudioModel, settings: RunSettings, progress: str | None) -> str:
    """Return what a reader wants to know first about a run. `progress` says where it stands."""
    return joined(
        prompt_text(settings),
        seconds(settings.duration),
        settings.method,
        progress,
        count(settings.n_candidates, "candidate") if settings.n_candidates > 1 else None,
        f"seed {settings.seed}",
        show(model.name)[1:-1],
    )


def run_facts(settings: RunSettings, frames: int) -> dict[str, Any]:
    """Return the facts in the card of a run whose latent has `frames` frames."""
    tiling, interval = settings.tiling, settings.guidance_interval
    one = not settings.ring and not should_use_spotdiffusion(frames, tiling)
    when = f" for t from {interval[0]} to {interval[1]}" if interval is not None else ""
    sounds = [name for name in SOUNDS if getattr(settings, name) is not None]
    prompt = settings.prompt
    return {
        "Prompt": prompt if isinstance(prompt, str) else joined(*map(quoted, prompt.prompts[:6])),
        "Length": f"{seconds(settings.duration)}, {count(frames, 'latent frame')}",
        "Method": (
            f"{settings.method}, tiles of {tiling.tile_size_time} frames, edge {tiling.edge}",
            "the sound fits into one tile, so one window holds it" if one else "",
        ),
        "Guidance": f"{settings.guidance_scale:g}{when}" if settings.guidance_scale != 1 else "none",
        "Negative prompt": settings.negative_prompt or None,
        "Candidates": show(settings.n_candidates) if settings.n_candidates > 1 else None,
        "Starts from": ", ".join(sounds) or None,
    }


def sound_picture(waveform: NDArray[np.float32], duration: str) -> Picture:
    """Return a picture of a waveform `[samples]` or `[channels, samples]`, whose duration is written at its end."""
    parts = [waveform[..., a:b] for a, b in bins(waveform.shape[-1], 250)]
    drawing = profile([float(part.min()) for part in parts], [float(part.max()) for part in parts], -1, 1, 60, TILE)
    legend = [(TILE, "waveform; the full height is full scale")]
    return Picture(drawing, 60, "The waveform", ("0 s", duration), legend)
