"""The one-call path: a prompt becomes sound."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotnb.config import SpotDiffusionConfig
from spotnb.decode import latent_to_mel, mel_to_waveform
from spotnb.measure import Levels, SeamScore, levels, seam_score
from spotnb.models.protocol import AudioModel
from spotnb.sampler import SpotSampler

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generation:
    """What `generate_audio` made.

    Attributes:
        waveform: `[samples]` float32 in [-1, 1].
        mel: the decoded log-mel, `[4T, 64]`; it goes on to the end of the last latent frame.
        sampler: the finished run.
        seams: latent frames at which the last step's segments met.
        fallback: True where the sound fitted one tile, so that plain DDIM made it.
    """

    waveform: np.ndarray[Any, Any]
    mel: np.ndarray[Any, Any]
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
        """The seam score of the log-mel at the fixed grid of a `tiles` run, where methods are compared.

        None where the sound has no border of that grid.
        """
        tile = self.sampler.config.tile_size_time
        grid = range(tile, self.sampler.frames - 1, tile)
        return seam_score(self.mel, grid) if grid else None

    def manifest(self) -> dict[str, Any]:
        """Everything needed to repeat the run, and what came out."""
        score, level = self.grid_score(), self.levels()
        return {
            **self.sampler.manifest(),
            "result": {
                "seconds": len(self.waveform) / self.sampler.model.sample_rate,
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

    A sound that fits one tile is made by plain DDIM whatever the method, and a ring is whole latent frames; the
    result and the log say so.
    """
    seconds = sampler.samples / sampler.model.sample_rate
    if sampler.circular and not math.isclose(seconds, sampler.duration, abs_tol=1e-4):
        log.info("a ring is whole latent frames of 40 ms: %g s become %g s", sampler.duration, seconds)
    if sampler.fallback:
        tile = sampler.config.tile_size_time
        log.info("%d frames fit one tile of %d: plain DDIM in one window", sampler.frames, tile)
    sampler.run(progress=progress)
    model, circular = sampler.model, sampler.circular
    mel = latent_to_mel(model, sampler.latent, circular=circular, progress=progress)
    waveform = mel_to_waveform(model, mel, sampler.samples, circular=circular, progress=progress)
    return Generation(waveform, mel[0, 0].cpu().numpy(), sampler)


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
