"""Are seams audible? Seam scores of every method, and of `spot` with every edge policy, at the same positions.

The protocol is 768 frames, tiles of 128, 25 steps, guidance 2.5, and 8 prompts x 4 seeds. The score is the log-mel flux
at the grid of the `tiles` run.
"""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb import SpotDiffusionConfig, SpotSampler, load_model, plan, seam_score
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.decode_mel import latent_to_mel
from spotnb.models.defaults import TINY_GUIDANCE, TINY_STEPS
from spotnb.support.files import atomic_write
from spotnb.tiling.edges import EDGES

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


def _seam_latent(task: tuple[str, str, str, int], model: DiffusersAudioLDM, cache: Path | None) -> Tensor:
    """Return the finished latent of one run of the seam protocol, kept in `cache` if there is one."""
    method, edge, prompt, seed = task
    kept = None if cache is None else cache / f"{method}-{edge}-{SEAM_PROMPTS.index(prompt)}-{seed}.npy"
    if kept is not None and kept.exists():
        return torch.from_numpy(np.load(kept, allow_pickle=False))
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    seconds = LONG / 25 if edge == "circular" else 30.0  # both give 768 frames
    sampler = SpotSampler(model, prompt, seconds, TINY_STEPS, TINY_GUIDANCE, config, method, seed=seed, record="last")
    assert sampler.frames == LONG
    sampler.run(progress=False)
    if kept is not None:
        with atomic_write(kept) as temporary:
            np.save(temporary, sampler.latent.numpy())
    return sampler.latent


def _seam_run(job: tuple[tuple[str, str, str, int], str, Path | None]) -> tuple[str, float, float, float, float]:
    """Return the name, fixed-grid seam score, p-value, standard deviation of the ends, and late seam score of a run.

    Late seams are those of a `spot` run's second-to-last step, the last one with an audible effect (the last step goes
    from t = 1 to 0), so no later step smooths them. Their score is taken at the same positions for every method.
    """
    task, name, cache = job
    method, edge, _, seed = task
    torch.set_num_threads(1)
    model = load_model(name, device="cpu")
    assert isinstance(model, DiffusersAudioLDM)
    latent = _seam_latent(task, model, cache)
    mel = latent_to_mel(model, latent, ring=edge == "circular")[0, 0].numpy()
    score = seam_score(mel, range(TILE, LONG, TILE))
    ends = torch.cat([latent[:, :, :8], latent[:, :, -8:]], dim=2).std().item()
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    late = seam_score(mel, plan(LONG, config, TINY_STEPS - 2).seams).score
    return f"{method}_{edge}" if method == "spot" else method, score.score, score.p_value, ends, late


def measure_seams(name: str, seeds: range, workers: int, cache: Path | None) -> dict[str, object]:
    """Return seam scores of every method, and of `spot` with every edge policy, at the same positions."""
    kinds = [("tiles", "reflect"), ("multidiffusion", "reflect"), ("full", "reflect"), *(("spot", e) for e in EDGES)]
    tasks = [(method, edge, prompt, seed) for seed in seeds for prompt in SEAM_PROMPTS for method, edge in kinds]
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers) as pool:
        runs = list(tqdm(pool.imap(_seam_run, [(task, name, cache) for task in tasks]), total=len(tasks), desc="seams"))
    table = {}
    for kind in dict.fromkeys(run[0] for run in runs):
        scores = np.array([run[1:] for run in runs if run[0] == kind])
        spread = float(scores[:, 0].std(ddof=1) / len(scores) ** 0.5)
        heard = float((scores[:, 1] < 0.05).mean())
        table[kind] = {
            "score": float(scores[:, 0].mean()),
            "standard_error": spread,
            "share_p_below_0.05": heard,
            "std_of_ends": float(scores[:, 2].mean()),
            "score_of_late_seams": float(scores[:, 3].mean()),
        }
    results: dict[str, object] = {f"seam_{m}": table[m]["score"] for m in ("tiles", "multidiffusion", "full")}
    results |= {"seam_spot": table["spot_reflect"]["score"]}
    return results | {
        "seams": table,
        "seam_runs_each": len(tasks) // len(kinds),
    }
