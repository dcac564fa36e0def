"""Which solver, in how many steps? Distances of single windows, and seams of long pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spotnb import SpotDiffusionConfig, SpotSampler, load_model, seam_score
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.defaults import TINY_FINISH, TINY_GUIDANCE, TINY_INTERVAL
from training.cached_runs import finished, parallel, sound_of
from training.classifier import frechet, judge_mels, load_judge, moments
from training.measure_prompts import CLIPS
from training.measure_seams import SEAM_PROMPTS, TILE
from training.sampling import decoded, prompts_of, sampled_latents
from training.uncertainty import jackknife_error, mean_and_error

KINDS = (*(("ddim", steps) for steps in (25, 15)), *(("dpm++", steps) for steps in (25, 15, 12, 10)))


def solver_run(job: tuple[str, int]) -> np.ndarray:
    """Return the judge's features `[N, 64]` of clips by a solver in some number of steps."""
    solver, steps = job
    model = load_model("tiny", device="cpu")
    assert isinstance(model, DiffusersAudioLDM)
    texts = [text for split, count in CLIPS.items() for _, text in prompts_of(split, count)]
    latents = sampled_latents(model, texts, solver=solver, steps=steps)
    return judge_mels(load_judge()[0], decoded(model, latents))[0]


def solver_seam_run(job: tuple[str, int, int, int, Path]) -> tuple[float, float, float]:
    """Return a piece's seam scores at the fixed grid, at late seams, and at the last cuts before a blended finish.

    Late seams are those of the last step with an audible effect. For `ddim`, that is the second-to-last step, because
    the last one goes from t = 1 to 0.
    """
    solver, steps, prompt, seed, cache = job
    config = SpotDiffusionConfig(tile_size_time=TILE, shift_seed=len(SEAM_PROMPTS) * seed + prompt)
    settings: dict[str, Any] = {"solver": solver, "seed": seed, "guidance_interval": TINY_INTERVAL}
    model = load_model("tiny", device="cpu")

    def run(finish: int) -> tuple[SpotSampler, Any]:
        sampler, latent = finished(
            cache,
            f"solver-{solver}-{steps}-{finish}-{prompt}-{seed}",
            lambda: SpotSampler(
                model,
                SEAM_PROMPTS[prompt],
                30.0,
                steps,
                TINY_GUIDANCE,
                config,
                finish_steps=finish,
                record="last",
                **settings,
            ),
        )
        return sampler, sound_of(sampler, latent).mel

    (sampler, mel), (blended, smooth) = run(0), run(TINY_FINISH)
    grid, last = range(TILE, sampler.frames, TILE), steps - 1 - (sampler.solver.timesteps[-1] <= 1)
    cuts = blended.layout(steps - TINY_FINISH - 1).seams
    late = seam_score(mel, sampler.layout(last).seams)
    return seam_score(mel, grid).score, late.score, seam_score(smooth, cuts).score


def measure_solvers(seeds: range, workers: int, cache: Path) -> dict[str, Any]:
    """Return the Fréchet distance and the seam scores of each solver and number of steps, with standard errors."""
    kinds = list(KINDS)
    features = parallel(solver_run, kinds, workers, "solvers")
    jobs = [(*kind, prompt, seed, cache) for kind in kinds for seed in seeds for prompt in range(len(SEAM_PROMPTS))]
    scores = np.array(parallel(solver_seam_run, jobs, workers, "seams of solvers")).reshape(len(kinds), -1, 3)
    reference, table = load_judge()[1], {}

    def distance(clips: np.ndarray) -> float:
        return frechet(moments(clips), reference)

    for (solver, steps), clips, runs in zip(kinds, features, scores, strict=True):
        (grid, grid_error), (late, late_error), (smooth, smooth_error) = map(mean_and_error, runs.T)
        table[f"{solver} {steps}"] = {
            "frechet": distance(clips),
            "frechet_error": jackknife_error(distance, clips),
            "seam_score": grid,
            "seam_score_error": grid_error,
            "score_of_late_seams": late,
            "score_of_late_seams_error": late_error,
            "score_before_finish": smooth,
            "score_before_finish_error": smooth_error,
        }
    return {"solvers": table, "solver_seam_runs_each": scores.shape[1]}
