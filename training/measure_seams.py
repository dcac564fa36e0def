"""Are seams audible? Seam scores of every method, and of `spot` with every edge policy, at the same positions.

The protocol is 768 frames, tiles of 128, 25 steps, guidance 2.5, and 8 prompts x 4 seeds. The score is the log-mel flux
at the grid of the `tiles` run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spotnb import SpotDiffusionConfig, SpotSampler, load_model, plan, seam_score
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.decode_mel import latent_to_mel
from spotnb.models.defaults import TINY_FINISH, TINY_GUIDANCE, TINY_STEPS
from spotnb.tiling.edges import EDGES
from training.cached_runs import finished, parallel
from training.uncertainty import mean_and_error

TILE, LONG = 128, 768
SEAM_PROMPTS = (
    "90s rock song with electric guitar and heavy drums",
    "electronic music",
    "acoustic guitar",
    "nature sounds",
    "ambient electronic music",
    "jazz piano solo",
    "string orchestra",
    "church organ",
)
SEEDS = range(4)


class Kind(NamedTuple):
    """One row of the tables: a method, an edge policy, and the steps of the blended finish."""

    method: str
    edge: str = "reflect"
    finish: int = 0

    @property
    def name(self) -> str:
        """The key of the row in the results."""
        return "spot_finish" if self.finish else f"{self.method}_{self.edge}" if self.method == "spot" else self.method


KINDS = (Kind("tiles"), Kind("multidiffusion"), Kind("full"), *(Kind("spot", edge) for edge in EDGES))
FINISHING = (Kind("tiles"), Kind("multidiffusion"), Kind("full"), Kind("spot"), Kind("spot", finish=TINY_FINISH))


class Task(NamedTuple):
    """One run of the protocol, with the model's name and the folder of finished latents."""

    kind: Kind
    prompt: str
    seed: int
    model: str
    cache: Path | None


class Scores(NamedTuple):
    """What is measured of one run."""

    name: str
    score: float
    p_value: float
    std_of_ends: float
    late: float
    borders: float


def _seam_latent(task: Task, model: DiffusersAudioLDM) -> Tensor:
    """Return the finished latent of one run of the seam protocol, kept in the cache if there is one."""
    (method, edge, finish), prompt, seed, _, cache = task
    suffix = f"-finish{finish}" if finish else ""
    name = f"{method}-{edge}{suffix}-{SEAM_PROMPTS.index(prompt)}-{seed}"
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    seconds = LONG / 25 if edge == "circular" else 30.0  # both give 768 frames
    run = (seconds, TINY_STEPS, TINY_GUIDANCE, config, method)
    sampler, latent = finished(
        cache, name, lambda: SpotSampler(model, prompt, *run, seed=seed, record="last", finish_steps=finish)
    )
    assert sampler.frames == LONG
    return latent


def late_places(edge: str, seed: int) -> list[list[int]]:
    """Return the late seams of a `spot` run without a blended finish, and the borders of its windows with one."""
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    layouts = [plan(LONG, config, TINY_STEPS - 2, steps=TINY_STEPS, finish_steps=n) for n in (0, TINY_FINISH)]
    # A ring can be cut where its ends meet, which is no place within the sound.
    return [[seam for seam in layout.seams if seam] for layout in layouts]


def _seam_run(task: Task) -> Scores:
    """Return what is measured of one run.

    Late seams are those of a `spot` run's second-to-last step, the last one with an audible effect (the last step goes
    from t = 1 to 0), so no later step smooths them. The borders are those of the windows of the blended finish in that
    step. Both scores are taken at the same positions for every method.
    """
    (_, edge, _), _, seed, name, _ = task
    model = load_model(name, device="cpu")
    assert isinstance(model, DiffusersAudioLDM)
    latent = _seam_latent(task, model)
    mel = latent_to_mel(model, latent, ring=edge == "circular")[0, 0].numpy()
    score = seam_score(mel, range(TILE, LONG, TILE))
    ends = torch.cat([latent[:, :, :8], latent[:, :, -8:]], dim=2).std().item()
    scores = [seam_score(mel, places).score for places in late_places(edge, seed)]
    return Scores(task.kind.name, score.score, score.p_value, ends, *scores)


def _runs(kinds: Sequence[Kind], name: str, seeds: range, workers: int, cache: Path | None) -> list[Scores]:
    tasks = [Task(kind, prompt, seed, name, cache) for seed in seeds for prompt in SEAM_PROMPTS for kind in kinds]
    return parallel(_seam_run, tasks, workers, "seams")


def measure_seams(name: str, seeds: range, workers: int, cache: Path | None) -> dict[str, object]:
    """Return seam scores of every method, and of `spot` with every edge policy, at the same positions."""
    runs = _runs(KINDS, name, seeds, workers, cache)
    table = {}
    for kind in KINDS:
        rows = [run for run in runs if run.name == kind.name]
        score, error = mean_and_error([run.score for run in rows])
        table[kind.name] = {
            "score": score,
            "standard_error": error,
            "share_p_below_0.05": float(np.mean([run.p_value < 0.05 for run in rows])),
            "std_of_ends": float(np.mean([run.std_of_ends for run in rows])),
            "score_of_late_seams": float(np.mean([run.late for run in rows])),
        }
    results: dict[str, object] = {f"seam_{m}": table[m]["score"] for m in ("tiles", "multidiffusion", "full")}
    results |= {"seam_spot": table["spot_reflect"]["score"]}
    return results | {"seams": table, "seam_runs_each": len(runs) // len(KINDS)}


def measure_finish(name: str, seeds: range, workers: int, cache: Path | None) -> dict[str, object]:
    """Return seam scores with and without the blended finish: at the grid, late cuts, and the finish's own borders."""
    runs = _runs(FINISHING, name, seeds, workers, cache)
    table: dict[str, dict[str, float]] = {}
    for kind in FINISHING:
        row = table[kind.name] = {}
        for place, field in (("grid", "score"), ("late_cuts", "late"), ("borders", "borders")):
            scores = [getattr(run, field) for run in runs if run.name == kind.name]
            row[place], row[f"{place}_error"] = mean_and_error(scores)
        config = SpotDiffusionConfig(TILE)
        steps = (
            plan(LONG, config, step, kind.method, TINY_STEPS, finish_steps=kind.finish) for step in range(TINY_STEPS)
        )
        row["network_frames_a_step"] = sum(layout.network_frames for layout in steps) / TINY_STEPS
    return {"finish": table, "finish_runs_each": len(runs) // len(FINISHING)}
