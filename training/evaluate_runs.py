"""How do long runs of the embedded model behave? This prints tables and writes `training/runs.json`.

`edges` runs every method with every edge policy that applies to it, at a length that is not a multiple of the tile
size, and measures the seam score at the fixed grid of a `tiles` run, the standard deviation of the ends, the loop
score, the Fréchet distance, and network frames per step. `timelines` asks whether the judge names the class of each
timeline entry in the middle of its time, and `continuations` whether the border with a continued sound is audible.
`solvers` compares DDIM and DPM-Solver++ in several numbers of steps, in clips of one window and at the seams of long
pieces. Latents are kept in `--cache` to resume from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spotnb import PromptTimeline, SpotDiffusionConfig, SpotSampler, load_model, loop_score, seam_score
from spotnb.models.defaults import TINY_GUIDANCE, TINY_STEPS
from spotnb.sampling.fixed_grid import fixed_grid
from spotnb.sampling.source import KnownSound
from spotnb.support.files import atomic_write
from spotnb.tiling.config import METHODS
from spotnb.tiling.edges import EDGES
from training.cached_runs import finished, parallel, sound_of
from training.classifier import FRAMES, frechet, judge_mels, load_judge, moments
from training.compose import CLASSES
from training.evaluate import rounded
from training.measure_seams import SEAM_PROMPTS, TILE
from training.measure_solvers import measure_solvers
from training.sampling import prompts_of
from training.uncertainty import mean_and_error

RESULTS = Path(__file__).parent / "runs.json"
FRAMES_IN_ALL = 696  # latent frames of the `edges` runs: 5 tiles and a partial one
OPEN_SECONDS, RING_SECONDS = 27.0, FRAMES_IN_ALL / 25
SEGMENT_SECONDS = 10.0
# Without shifts, only the padded tail differs; methods without a grid are affected only by a ring.
KINDS = (
    *(("spot", edge) for edge in EDGES),
    *(("tiles", edge) for edge in EDGES),
    *((method, edge) for method in ("multidiffusion", "full") for edge in ("reflect", "circular")),
)
assert {method for method, _ in KINDS} == set(METHODS)


def edge_run(job: tuple[str, str, int, int, Path]) -> dict[str, Any]:
    """Run a method with an edge policy, and return its figures and the judge's features of the result."""
    method, edge, prompt, seed, cache = job
    model = load_model("tiny", device="cpu")
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    seconds = RING_SECONDS if edge == "circular" else OPEN_SECONDS
    settings: dict[str, Any] = {"config": config, "method": method, "seed": seed, "record": "last"}
    sampler, latent = finished(
        cache,
        f"edges-{method}-{edge}-{prompt}-{seed}",
        lambda: SpotSampler(model, SEAM_PROMPTS[prompt], seconds, TINY_STEPS, TINY_GUIDANCE, **settings),
    )
    assert sampler.frames == FRAMES_IN_ALL
    sound = sound_of(sampler, latent)
    mel = torch.from_numpy(sound.mel)[None, None]
    count = mel.shape[2] // FRAMES
    clips = torch.cat([mel[:, :, k * FRAMES : (k + 1) * FRAMES] for k in range(count)])
    features, _ = judge_mels(load_judge()[0], clips)
    return {
        "kind": f"{method} {edge}",
        "seam": seam_score(sound.mel, fixed_grid(sampler.definition)).score,
        "ends": torch.cat([latent[:, :, :8], latent[:, :, -8:]], dim=2).std().item(),
        "loop": loop_score(sound.waveform),
        "features": features,
        "frames": sampler.cost().network_frames / TINY_STEPS,
    }


def measure_edges(seeds: range, workers: int, cache: Path) -> dict[str, Any]:
    """Average the figures of `edge_run` over prompts and seeds, for each method and edge policy."""
    jobs = [(*kind, prompt, seed, cache) for seed in seeds for prompt in range(len(SEAM_PROMPTS)) for kind in KINDS]
    runs = parallel(edge_run, jobs, workers, "edges")
    reference, table = load_judge()[1], {}
    for kind in dict.fromkeys(run["kind"] for run in runs):
        of_kind = [run for run in runs if run["kind"] == kind]
        table[kind] = {
            "seam_score": float(np.mean([run["seam"] for run in of_kind])),
            "std_of_ends": float(np.mean([run["ends"] for run in of_kind])),
            "loop_score": float(np.mean([run["loop"] for run in of_kind])),
            "frechet": frechet(moments(np.concatenate([run["features"] for run in of_kind])), reference),
            "network_frames": float(np.mean([run["frames"] for run in of_kind])),
        }
    return {"edges": table, "edge_runs_each": len(seeds) * len(SEAM_PROMPTS)}


def timeline_run(job: tuple[int, int, Path]) -> list[bool]:
    """Sample a timeline of two classes, and return for each whether the judge names it in the middle of its time."""
    first, seed, cache = job
    model = load_model("tiny", device="cpu")
    classes = (first, (first + 5) % len(CLASSES))
    texts = [dict(prompts_of("unseen", 1))[index] for index in classes]
    entries = [(k * SEGMENT_SECONDS, (k + 1) * SEGMENT_SECONDS, text) for k, text in enumerate(texts)]
    config = SpotDiffusionConfig(tile_size_time=TILE, shift_seed=seed)
    seconds = SEGMENT_SECONDS * len(entries)
    sampler, latent = finished(
        cache,
        f"timeline-{first}-{seed}",
        lambda: SpotSampler(
            model,
            PromptTimeline(entries),
            seconds,
            TINY_STEPS,
            TINY_GUIDANCE,
            config,
            seed=seed + 100,
            record="last",
        ),
    )
    mel = torch.from_numpy(sound_of(sampler, latent).mel)[None, None]
    middles = [round(100 * SEGMENT_SECONDS * (k + 0.5)) for k in range(len(entries))]
    clips = torch.cat([mel[:, :, middle - FRAMES // 2 : middle + FRAMES // 2] for middle in middles])
    return list(judge_mels(load_judge()[0], clips)[1].argmax(1) == np.array(classes))


def measure_timelines(seeds: range, workers: int, cache: Path) -> dict[str, Any]:
    """Return the share of timeline entries that the judge names correctly."""
    jobs = [(first, seed, cache) for seed in seeds for first in range(len(CLASSES))]
    named = parallel(timeline_run, jobs, workers, "timelines")
    return {"timeline_accuracy": float(np.mean(named)), "timeline_segments": int(np.size(named))}


def continuation_run(job: tuple[int, int, Path]) -> float:
    """Continue a sound of 10 s to 16 s, and return the seam score at the border."""
    prompt, seed, cache = job
    model, text = load_model("tiny", device="cpu"), SEAM_PROMPTS[prompt]
    config = SpotDiffusionConfig(tile_size_time=TILE, shift_seed=seed)
    source, known = finished(
        cache,
        f"source-{prompt}-{seed}",
        lambda: SpotSampler(model, text, 10.0, TINY_STEPS, TINY_GUIDANCE, config, seed=seed, record="last"),
    )
    kept = int(source.duration * 25)
    sampler, latent = finished(
        cache,
        f"continuation-{prompt}-{seed}",
        lambda: SpotSampler(
            model,
            text,
            16.0,
            TINY_STEPS,
            TINY_GUIDANCE,
            config,
            seed=seed + 1000,
            record="last",
            continue_from=KnownSound(known, kept),
        ),
    )
    assert torch.equal(latent[:, :, :kept], known[:, :, :kept])
    return seam_score(sound_of(sampler, latent).mel, [kept]).score


def measure_continuations(seeds: range, workers: int, cache: Path) -> dict[str, Any]:
    """Return the mean seam score at the border of continued sounds, with its standard error."""
    jobs = [(prompt, seed, cache) for seed in seeds for prompt in range(len(SEAM_PROMPTS))]
    scores = parallel(continuation_run, jobs, workers, "continuations")
    mean, error = mean_and_error(scores)
    return {
        "continuation_seam": mean,
        "continuation_standard_error": error,
        "continuation_runs": len(scores),
    }


PARTS: dict[str, Callable[[range, int, Path], dict[str, Any]]] = {
    "edges": measure_edges,
    "timelines": measure_timelines,
    "continuations": measure_continuations,
    "solvers": measure_solvers,
}


def main() -> None:
    """Measure the selected parts and write the results after each of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure; the rest of --out is kept"
    )
    parser.add_argument("--seeds", type=int, default=4, help="seeds per prompt")
    parser.add_argument("--cache", type=Path, default=Path("data/runs"), help="folder for finished latents")
    parser.add_argument("--workers", type=int, default=2, help="single-threaded processes")
    args = parser.parse_args()
    results = json.loads(args.out.read_text()) if args.out.exists() else {}
    for part in args.only:
        results |= PARTS[part](range(args.seeds), args.workers, args.cache)
        with atomic_write(args.out) as temporary:
            temporary.write_text(json.dumps(rounded(results), indent=2) + "\n")
    print_tables(results)


def print_tables(results: dict[str, Any]) -> None:
    """Print one line per single result, and one per row of a table."""
    for key, value in results.items():
        if not isinstance(value, dict):
            print(f"{key:28} {value}")
            continue
        for name, row in value.items():
            print(f"{key} {name:24} " + (f"{row:.3f}" if isinstance(row, float) else _columns(row.items())))


def _columns(row: Iterable[tuple[str, float]]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in row)


if __name__ == "__main__":
    main()
