"""The one-call path: a prompt becomes sound."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotnb.config import SpotDiffusionConfig
from spotnb.measure import Levels, SeamScore, levels, seam_score
from spotnb.models.protocol import AudioModel
from spotnb.sampler import SpotSampler

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generation:
    """What `generate_audio` made.

    Attributes:
        waveform: `[samples]` float32 in [-1, 1].
        sampler: the finished run.
        seams: latent frames at which the last step's segments met.
        fallback: True where the sound fitted one tile, so that plain DDIM made it.
    """

    waveform: np.ndarray[Any, Any]
    sampler: SpotSampler

    @property
    def seams(self) -> tuple[int, ...]:
        return self.sampler.trace[-1].layout.seams

    @property
    def fallback(self) -> bool:
        return self.sampler.fallback

    def levels(self) -> Levels:
        return levels(self.waveform)

    def grid_score(self) -> SeamScore | None:
        """The seam score at the fixed grid of a `tiles` run, where methods are compared; None without a border."""
        tile, sampler = self.sampler.config.tile_size_time, self.sampler
        whole = len(self.waveform) // sampler.model.samples_per_frame
        grid = range(tile, whole - 1, tile)
        return seam_score(self.waveform, grid, sampler.model.sample_rate) if grid else None

    def manifest(self) -> dict[str, Any]:
        """Everything needed to repeat the run, and what came out."""
        score, level = self.grid_score(), self.levels()
        return {
            **self.sampler.manifest(),
            "result": {
                "plain_ddim": self.fallback,
                "seams_of_last_step": list(self.seams),
                "seam_score_at_grid": None if score is None else round(score.score, 4),
                **{name: round(value, 2) if math.isfinite(value) else None for name, value in level._asdict().items()},
                "sampling_seconds": round(self.sampler.cost().seconds, 3),
            },
        }


def generate_audio(model: AudioModel, prompt: str, *, progress: bool = True, **settings: Any) -> Generation:
    """Make sound from a prompt; `settings` are those of `SpotSampler`. The run keeps its last record only."""
    return complete(SpotSampler(model, prompt, **({"record": "last"} | settings)), progress=progress)


def complete(sampler: SpotSampler, *, progress: bool = True) -> Generation:
    """Run what is left of a sampler, and decode it.

    A sound that fits one tile is made by plain DDIM whatever the method; the result and the log say so.
    """
    if sampler.fallback:
        tile = sampler.config.tile_size_time
        log.info("%d frames fit one tile of %d: plain DDIM in one window", sampler.frames, tile)
    sampler.run(progress=progress)
    return Generation(sampler.decode(progress=progress), sampler)


def spotdiffusion_text_to_audio(
    model: AudioModel,
    prompt: str,
    duration: float = 10.0,
    ddim_steps: int = 200,
    unconditional_guidance_scale: float = 3.0,
    ddim_eta: float = 0.0,
    config: SpotDiffusionConfig | None = None,
    method: str = "spot",
    seed: int | None = None,
    progress: bool = True,
    **settings: Any,
) -> np.ndarray[Any, Any]:
    """Sound `[round(duration * 16000)]` float32 in [-1, 1], in the vocabulary of AudioLDM's own function.

    The defaults are AudioLDM's (200 steps, guidance 3). `seed=None` draws one. Further `settings` are those of
    `SpotSampler`; `generate_audio` returns the finished run beside the sound.
    """
    return generate_audio(
        model,
        prompt,
        progress=progress,
        duration=duration,
        steps=ddim_steps,
        guidance_scale=unconditional_guidance_scale,
        eta=ddim_eta,
        config=config,
        method=method,
        seed=seed,
        **settings,
    ).waveform
