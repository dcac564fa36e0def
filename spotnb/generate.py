"""The one-call path: a prompt becomes sound, or several, of which the best is taken."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotnb.errors import SpotnbError
from spotnb.models.decode import Sound
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.source import KnownSound
from spotnb.sampling.timeline import PromptTimeline
from spotnb.sound.measure import Levels, SeamScore, levels, seam_score
from spotnb.tiling.config import SpotDiffusionConfig

log = logging.getLogger(__name__)

Score = Callable[["Generation"], float]
"""Judges a candidate: the higher the better."""


@dataclass(frozen=True)
class Generation:
    """What `generate_audio` made.

    Attributes:
        waveform: `[samples]` float32 in [-1, 1].
        mel: the decoded log-mel, `[4T, 64]`; it goes on to the end of the last latent frame.
        sampler: the finished run.
        candidate: which of the run's candidates this is.
        scores: of all candidates, higher is better; empty where there was but one.
        seams: latent frames at which the last step's segments met.
        fallback: True where the sound fitted one tile, so that plain DDIM made it.
    """

    waveform: np.ndarray[Any, Any]
    mel: np.ndarray[Any, Any]
    sampler: SpotSampler
    candidate: int = 0
    scores: tuple[float, ...] = ()

    @property
    def seed(self) -> int:
        """The seed that makes this candidate alone."""
        return self.sampler.draws.seeds[self.candidate]

    @property
    def seams(self) -> tuple[int, ...]:
        return self.sampler.trace[-1].layout.seams

    @property
    def fallback(self) -> bool:
        return self.sampler.fallback

    def to_known_sound(self) -> KnownSound:
        """Return the sound for another run to start from or to continue."""
        return self.sampler.to_known_sound(self.candidate)

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


def generate_audio(
    model: Any, prompt: str | PromptTimeline, *, score: Score | None = None, progress: bool = True, **settings: Any
) -> Generation:
    """Make sound from a prompt; `settings` are those of `SpotSampler`. The run keeps its last record only.

    `model`: an `AudioModel`, or what `audioldm.build_model` returned. With `n_candidates` the best one is returned, by
    `score`, see `complete`.
    """
    return complete(SpotSampler(model, prompt, **({"record": "last"} | settings)), score=score, progress=progress)


def complete(sampler: SpotSampler, *, score: Score | None = None, progress: bool = True) -> Generation:
    """Run what is left of a sampler, and decode it.

    Of several candidates the one with the highest `score` is taken, a function of a `Generation`. By default that is
    the model's own score where it has one (AudioLDM's CLAP similarity of sound and prompt), else the seam score at the
    fixed grid, the lower the better. A sound that fits one tile is made by plain DDIM whatever the method, and a ring
    is whole latent frames; the result and the log say so.
    """
    seconds = sampler.samples / sampler.model.sample_rate
    if sampler.ring and not math.isclose(seconds, sampler.duration, abs_tol=1e-4):
        log.info("a ring is whole latent frames of 40 ms: %g s become %g s", sampler.duration, seconds)
    if sampler.fallback:
        tile = sampler.config.tile_size_time
        log.info("%d frames fit one tile of %d: plain DDIM in one window", sampler.frames, tile)
    sampler.run(progress=progress)
    if sampler.candidates == 1:
        return _generation(sampler, sampler.sound(progress=progress), 0)
    score = score or default_score
    made = [_generation(sampler, sampler.sound(progress=progress, candidate=i), i) for i in range(sampler.candidates)]
    scores = tuple(float(score(candidate)) for candidate in made)
    if not all(map(math.isfinite, scores)):
        raise SpotnbError(f"the score gave {scores}: expected finite numbers, the higher the better; mend the score")
    best = max(range(len(made)), key=scores.__getitem__)
    return Generation(made[best].waveform, made[best].mel, sampler, best, scores)


def default_score(candidate: Generation) -> float:
    """The model's own score of a candidate, if it has one, else how little its seams are heard."""
    judge = getattr(candidate.sampler.model, "score", None)
    if judge is not None:
        prompt = candidate.sampler.prompt
        text = prompt.text if isinstance(prompt, PromptTimeline) else prompt
        return float(judge(candidate.waveform[None], text)[0])
    found = candidate.grid_score()
    return 0.0 if found is None else -found.score


def _generation(sampler: SpotSampler, sound: Sound, candidate: int) -> Generation:
    return Generation(sound.waveform, sound.mel, sampler, candidate)


def spotdiffusion_text_to_audio(
    model: Any,
    prompt: str | PromptTimeline,
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

    `model`: an `AudioModel`, or what `audioldm.build_model` returned.
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
