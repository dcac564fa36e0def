"""The one-call path: a prompt becomes sound, or several candidates of which the best one is returned."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.models.border import score_of
from spotnb.sampling.generation import Generation
from spotnb.sampling.run import Run
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.solvers.ddim import is_plain_ddim
from spotnb.sound.heard import mono
from spotnb.support.checks import as_plain, check_flag, check_instance, show
from spotnb.tiling.config import SpotDiffusionConfig

log = logging.getLogger(__name__)

RENAMED = {
    "ddim_steps": "steps",
    "unconditional_guidance_scale": "guidance_scale",
    "ddim_eta": "eta",
}
"""AudioLDM's names of settings, and spotnb's own."""

Score = Callable[[Generation], float]
"""A function that rates a candidate. Higher is better."""


def generate_audio(
    model: Any, prompt: str | PromptTimeline, *, score: Score | None = None, progress: bool = True, **settings: Any
) -> Generation:
    """Generate sound from a prompt.

    Args:
        model: An `AudioModel`, or the object that `audioldm.build_model` returned.
        prompt: A text, or a timeline of texts.
        score: Rates the candidates if the setting `n_candidates` is above 1 (default: `default_score`).
        progress: Whether to show progress bars.
        **settings: Settings of `SpotSampler`. By default, the run keeps only its last record.

    Returns:
        The sound with its finished run; with several candidates, the best one.

    Raises:
        InputError: A setting is invalid, or `score` is not a function.
        SpotnbError: The network returned NaN or infinity, or `score` returned something else than a finite number.
        Exception: Whatever `score` raises. An error of the rating has the finished sounds as the attribute
            `candidates`, a tuple of `Generation`, so that no work is lost: `error.candidates[0].sampler` is the run.
    """
    _check_score(score)
    progress = check_flag("progress", progress)
    return complete(SpotSampler(model, prompt, **({"record": "last"} | settings)), score=score, progress=progress)


def complete(sampler: SpotSampler, *, score: Score | None = None, progress: bool = True) -> Generation:
    """Run the remaining steps of a sampler, and decode the result.

    A sound that fits in one tile is sampled in one window, whatever the method, and the length of a ring is rounded to
    latent frames. The result and the log say so.

    Args:
        sampler: The run to complete.
        score: Rates the candidates if there are several. By default, this is `default_score`.
        progress: Whether to show progress bars.

    Returns:
        The sound with its finished run; with several candidates, the one with the highest score.

    Raises:
        InputError: `sampler` is not a sampler, or `score` is not a function.
        SpotnbError: As for `generate_audio`. What `score` raises is passed on too.
    """
    check_instance("sampler", sampler, SpotSampler, hint="SpotSampler(model, prompt) creates one")
    _check_score(score)
    progress = check_flag("progress", progress)
    seconds = sampler.samples / sampler.model.sample_rate
    if sampler.ring and not math.isclose(seconds, sampler.duration, abs_tol=1e-4):
        frame = 1000 * sampler.clock.frame_seconds
        log.info("the length of a ring is a multiple of %.3g ms: %g s become %g s", frame, sampler.duration, seconds)
    if sampler.fallback:
        log.info("%s", one_window_text(sampler.definition))
    sampler.run(progress=progress)
    results = []
    for candidate in range(sampler.candidates):
        sound = sampler.sound(progress=progress, candidate=candidate)
        results.append(Generation(sound.waveform, sound.mel, sampler, candidate))
    if len(results) == 1:
        return results[0]
    scores = _scored(results, score or default_score)
    best = max(range(len(results)), key=scores.__getitem__)
    return replace(results[best], scores=scores)


def one_window_text(run: Run) -> str:
    """Return a sentence that says that a run needs no tiles, and which solver moves its one window."""
    eta = f" with eta {run.settings.eta:g}" if run.settings.eta else ""
    solver = "plain DDIM" if is_plain_ddim(run.solver) else f"the solver {show(run.solver.name)[1:-1]}{eta}"
    tile = run.settings.tiling.tile_size_time
    return f"{run.frames} frames fit one tile of {tile}: one window at every step, and {solver}"


def _check_score(score: Any) -> None:
    if score is not None and not callable(score):
        raise InputError(
            f"score is {show(score)}: expected a function of a Generation that returns a number; None uses the default"
        )


def _scored(results: list[Generation], score: Score) -> tuple[float, ...]:
    """Return the scores of all candidates. An error gets the candidates as an attribute, so that they are not lost."""
    try:
        values = [as_plain(score(candidate)) for candidate in results]
        if not all(isinstance(value, Real) and math.isfinite(value) for value in values):
            raise SpotnbError(
                f"score returned {show(values)}: expected finite numbers, where higher is better; the finished sounds "
                "are in the attribute `candidates` of this error"
            )
    except BaseException as error:  # an interrupt loses nothing either
        with suppress(Exception):  # an exotic error may refuse attributes
            error.candidates = tuple(results)  # type: ignore[attr-defined]
            error.add_note("The finished sounds are in the attribute `candidates` of this error.")
        raise
    return tuple(map(float, values))


def default_score(candidate: Generation) -> float:
    """Rate a candidate by the model's `score` method, or by its seams if there is no such method.

    AudioLDM's score is the CLAP similarity of sound and prompt. The method gets sounds `[B, samples]` as a tensor, with
    their channels averaged, and may return a tensor, an array or a list. Otherwise, the result is the negative seam
    score at the fixed grid, or 0 without a border of that grid.

    Raises:
        SpotnbError: The method returned something else than one number for each sound.
    """
    run = candidate.finished.run
    model, prompt = run.model, run.settings.prompt
    if getattr(model, "score", None) is not None:
        text = prompt.text if isinstance(prompt, PromptTimeline) else prompt
        return score_of(model, torch.from_numpy(mono(candidate.waveform).copy()), text)
    seams = candidate.grid_score()
    return 0.0 if seams is None else -seams.score


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
    """Generate sound from a prompt, with the parameter names and defaults of AudioLDM's own function.

    `generate_audio` does the same with spotnb's names, and also returns the finished run.

    Args:
        model: An `AudioModel`, or the object that `audioldm.build_model` returned.
        prompt: A text, or a timeline of texts.
        duration: Length in seconds.
        ddim_steps: Number of denoising steps.
        unconditional_guidance_scale: The guidance scale.
        ddim_eta: Noise added at each step, from 0 to 1.
        config: The tiling (default: `SpotDiffusionConfig()`).
        method: `spot`, `tiles`, `multidiffusion`, or `full`.
        seed: Seed of every random draw but the shifts of the tiles; None draws a new one.
        progress: Whether to show progress bars.
        **settings: Further settings of `SpotSampler`.

    Returns:
        The sound, `[samples]`, or `[channels, samples]` of a model of several channels, float32 in [-1, 1]. It has
        `round(duration * model.sample_rate)` samples, or on a ring those of a whole number of latent frames.

    Raises:
        InputError: A setting is invalid.
        SpotnbError: The network returned NaN or infinity.
    """
    for here, there in RENAMED.items():
        if there in settings:
            raise InputError(f"{there} is called {here} here: pass {here}, or call generate_audio")
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
