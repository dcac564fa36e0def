"""The finished sound of a run, with everything needed to repeat it and measurements of it."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from spotnb.models.protocol import has_mel
from spotnb.sampling.card import run_facts, run_text, sound_picture
from spotnb.sampling.fixed_grid import fixed_grid
from spotnb.sampling.run import Run
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.source import KnownSound
from spotnb.solvers.ddim import is_plain_ddim
from spotnb.sound.measure import levels, seam_score
from spotnb.sound.results import Levels, SeamScore
from spotnb.support.cards import Card, Shown
from spotnb.support.checks import check_instance
from spotnb.tiling.layout import Layout


@dataclass(frozen=True)
class Finished:
    """What was true of a sampler when it had made a sound. Later, it may go back or take another seed.

    Attributes:
        run: The run.
        layout: The layout of the last step.
        known: The sound as a latent, for another run to start from.
        manifest: Everything needed to repeat the run.
        seconds: The time that the steps took.
    """

    run: Run
    layout: Layout
    known: KnownSound
    manifest: dict[str, Any]
    seconds: float

    @classmethod
    def of(cls, sampler: SpotSampler, candidate: int) -> Self:
        """Return the facts of a finished run.

        Raises:
            InputError: The run is not finished, or has no such candidate.
        """
        check_instance("sampler", sampler, SpotSampler, hint="SpotSampler(model, prompt) creates one")
        known, run, last = sampler.to_known_sound(candidate), sampler.definition, len(sampler.solver) - 1
        record = sampler.trace.at(last)
        layout = run.layout(last) if record is None else record.layout
        return cls(run, layout, known, sampler.manifest(), sampler.cost().seconds)


@dataclass(frozen=True, repr=False)
class Generation(Shown):
    """The result of `generate_audio`. It stays what it is when its sampler goes on to something else.

    Attributes:
        waveform: The sound, `[samples]`, or `[channels, samples]` of a model of several channels, float32 in [-1, 1].
        mel: AudioLDM's log-mel, `[frames, 64]`, 100 frames per second. A model that decodes by way of it gives `[4T,
            64]`, up to the end of the last latent frame; for any other model it is computed from the waveform.
        sampler: The sampler, at the end of the run when the result was made.
        candidate: The index of this candidate in the run.
        scores: The scores of all candidates (higher is better), or empty if there was only one.
        finished: What was true of the run at its end; None reads it from the sampler.

    Raises:
        InputError: The run of the sampler is not finished, or has no such candidate.
    """

    waveform: np.ndarray[Any, Any]
    mel: np.ndarray[Any, Any]
    sampler: SpotSampler
    candidate: int = 0
    scores: tuple[float, ...] = ()
    finished: Finished = None  # type: ignore[assignment]  # `__post_init__` replaces it

    def __post_init__(self) -> None:
        if self.finished is None:
            object.__setattr__(self, "finished", Finished.of(self.sampler, self.candidate))

    def _text_(self) -> str:
        run = self.finished.run
        best = f"candidate {self.candidate}" if run.draws.candidates > 1 else None
        return run_text(run.model, run.settings, best)

    def _card_(self) -> Card:
        run = self.finished.run
        seconds = f"{self.waveform.shape[-1] / run.model.sample_rate:.6g} s"
        facts = {
            **run_facts(run.settings, run.frames),
            "Sound": f"{seconds} at {run.model.sample_rate} Hz",
            "Seed": str(self.seed),
            "Scores": ", ".join(f"{score:.3g}" for score in self.scores) or None,
        }
        return Card(repr(self), facts, sound_picture(self.waveform, seconds), {"sampler": self.sampler})

    @property
    def seed(self) -> int:
        """The seed that reproduces this candidate alone."""
        return self.finished.run.draws.seeds[self.candidate]

    @property
    def seams(self) -> tuple[int, ...]:
        """The latent frames at which the last step cuts. There are none where its tiles cross-fade (`finish_steps`)."""
        return self.finished.layout.cuts

    @property
    def fallback(self) -> bool:
        """Whether the sound fit in one tile, so that one window held it at every step."""
        return self.finished.run.fallback

    def to_known_sound(self) -> KnownSound:
        """Return the sound for another run to start from or to continue."""
        return self.finished.known

    def levels(self) -> Levels:
        """Measure the levels of the waveform."""
        return levels(self.waveform, self.finished.run.clock.sample_rate)

    def grid_score(self) -> SeamScore | None:
        """Return the seam score at the fixed grid, where a `tiles` run cuts and methods are compared.

        It is that of the decoded log-mel, or of the waveform if the model decodes to sound in one stage. The two scales
        differ. The result is None if no border of that grid lies within the sound.
        """
        run = self.finished.run
        grid, clock = fixed_grid(run), run.clock
        sound = self.mel if has_mel(run.model) else self.waveform
        return seam_score(sound, grid, clock.sample_rate, frame_seconds=clock.frame_seconds) if grid else None

    def manifest(self) -> dict[str, Any]:
        """Return everything needed to repeat the run, with measurements of the result, as JSON types.

        With several candidates, `result` says which of them the sound is. Candidate i alone has the seed `seed + i`.
        """
        score, level = self.grid_score(), self.levels()
        run = self.finished.run
        return {
            **deepcopy(self.finished.manifest),
            "result": {
                "seconds": self.waveform.shape[-1] / run.clock.sample_rate,
                "candidate": self.candidate,
                "plain_ddim": run.fallback and is_plain_ddim(run.solver),
                "seams_of_last_step": list(self.seams),
                "seam_score_at_grid": None if score is None else round(score.score, 4),
                **{name: round(value, 2) if math.isfinite(value) else None for name, value in level._asdict().items()},
                "sampling_seconds": round(self.finished.seconds, 3),
            },
        }
