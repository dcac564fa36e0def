"""How good is the embedded model? Prints a table and writes `training/results.json`.

Needs no data folder: prompts come from the caption grammar, the judge and its statistics of real clips are shipped,
and unseen real clips are rendered here where fluidsynth and its soundfont are installed (only the nearest training
clips need `--data`). The first embedded model's figures by the same protocol are in `results-first.json`.
Protocol of the seam scores: 768 frames, tiles of 128, 25 steps, guidance 2.5, 8 prompts x 4 seeds, log-mel flux at the
grid of the `tiles` run.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb import SpotDiffusionConfig, SpotSampler, load_model, plan, seam_score
from spotnb.config import DEFAULT_GUIDANCE, DEFAULT_STEPS, EDGES
from spotnb.decode import latent_to_mel
from spotnb.files import atomic_write
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import EMBEDDED
from spotnb.models.mel import torch_log_mel
from training.classifier import FRAMES, frechet, judge_mels, load_judge, moments
from training.compose import CLASSES
from training.data import MissingClips
from training.griffin_lim import griffin_lim
from training.listening import harmonic_to_noise
from training.measure_memory import measure_memory
from training.measure_prompts import measure_captioned, measure_pairs, measure_prompts
from training.measure_sound import measure_long, measure_pitch, measure_tempo, measure_words
from training.musicnn import MissingWeights
from training.render import MissingSynthesizer, make_clips
from training.train_vocoder import spectral_convergence, stft_distance

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
REAL_CLIPS, REAL_SAMPLES = 168, 163_840
RESULTS, FIRST = (Path(__file__).parent / name for name in ("results.json", "results-first.json"))


def measure_fp32(name: str) -> dict[str, object]:
    """The figures of `measure_prompts` in full precision."""
    found = measure_prompts(load_model(name, device="cpu", dtype="fp32"))
    return {f"{name}_fp32": value for name, value in found.items() if isinstance(value, float)}


def measure_real(model: DiffusersAudioLDM) -> dict[str, object]:
    """What needs unseen real clips: autoencoder, vocoder, and the real/real reference of the Fréchet distance."""
    clips, rows = make_clips("unseen", 0, 0, REAL_CLIPS)
    waves = torch.from_numpy(clips[:, :REAL_SAMPLES].astype(np.float32) / 32768)
    judge, reference = load_judge()
    mels = torch.cat([torch_log_mel(part) for part in waves.split(8)])
    found, heard = judge_mels(judge, mels[:, :, :FRAMES])
    plain = np.array(["with" not in row and row["era"] == "modern" for row in rows])
    labels = np.array([CLASSES.index(row["class"]) for row in rows])
    results: dict[str, object] = {
        "frechet_real": frechet(moments(found[plain]), reference),
        "judge_accuracy_real": float((heard.argmax(1) == labels)[plain].mean()),
    }
    decoded = torch.cat([model.decode_mel(model.encode(part)) for part in waves.split(4)])
    results["vae_mel_l1"] = (decoded - mels).abs().mean().item()
    some = slice(None, None, 3)
    for name, vocode in (("vocoder", lambda mel: model.vocode(mel)), ("griffin_lim", griffin_lim)):
        started = time.perf_counter()
        sound = torch.cat([vocode(part) for part in mels[some].split(4)])
        seconds = time.perf_counter() - started
        results[f"{name}_mel_l1"] = (torch_log_mel(sound) - mels[some]).abs().mean().item()
        results[f"{name}_mr_stft"] = stft_distance(sound, waves[some]).item()
        results[f"{name}_spectral_convergence"] = spectral_convergence(sound, waves[some])
        results[f"{name}_harmonic_to_noise_db"] = float(np.mean([harmonic_to_noise(x.numpy()) for x in sound]))
        results[f"{name}_real_time_factor"] = seconds / (sound.numel() / 16000)
    return results | {"real_harmonic_to_noise_db": float(np.mean([harmonic_to_noise(x.numpy()) for x in waves[some]]))}


def _seam_latent(task: tuple[str, str, str, int], model: DiffusersAudioLDM, cache: Path | None) -> Tensor:
    """The finished latent of one run of the seam protocol; kept in `cache`, if there is one, to resume from."""
    method, edge, prompt, seed = task
    kept = None if cache is None else cache / f"{method}-{edge}-{SEAM_PROMPTS.index(prompt)}-{seed}.npy"
    if kept is not None and kept.exists():
        return torch.from_numpy(np.load(kept, allow_pickle=False))
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    seconds = LONG / 25 if edge == "circular" else 30.0  # both give 768 frames
    sampler = SpotSampler(
        model, prompt, seconds, DEFAULT_STEPS, DEFAULT_GUIDANCE, config, method, seed=seed, record="last"
    )
    assert sampler.frames == LONG
    sampler.run(progress=False)
    if kept is not None:
        with atomic_write(kept) as temporary:
            np.save(temporary, sampler.latent.numpy())
    return sampler.latent


def _seam_run(job: tuple[tuple[str, str, str, int], str, Path | None]) -> tuple[str, float, float, float, float]:
    """One run of the seam protocol: its name, seam score at the fixed grid, p-value, level of the ends, late seams.

    Late seams are where a `spot` run cuts in its last step but one, the last that still changes what is heard (the last
    goes from t = 1 to 0): no later step mends them. Their score is taken at the same places for every method.
    """
    task, name, cache = job
    method, edge, _, seed = task
    torch.set_num_threads(1)
    model = load_model(name, device="cpu")
    latent = _seam_latent(task, model, cache)
    mel = latent_to_mel(model, latent, circular=edge == "circular")[0, 0].numpy()
    score = seam_score(mel, range(TILE, LONG, TILE))
    ends = torch.cat([latent[:, :, :8], latent[:, :, -8:]], dim=2).std().item()
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    late = seam_score(mel, plan(LONG, config, DEFAULT_STEPS - 2).seams).score
    return f"{method}_{edge}" if method == "spot" else method, score.score, score.p_value, ends, late


def measure_seams(name: str, seeds: range, workers: int, cache: Path | None) -> dict[str, object]:
    """Seam scores of every method, and of `spot` with every edge policy, at the same places."""
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


def measure_speed(name: str, cores: int, steps: int, solver: str) -> dict[str, float]:
    """Seconds and peak memory of 30 s of sound, in a process of its own on so many cores."""
    code = (
        "import os, time; import torch; "
        f"os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:{cores}]); torch.set_num_threads({cores}); "
        "from spotnb import load_model, spotdiffusion_text_to_audio as make, SpotDiffusionConfig as C; "
        f"m = load_model({name!r}, device='cpu'); t = time.perf_counter(); "
        f"make(m, 'jazz piano solo', 30.0, {steps}, {DEFAULT_GUIDANCE}, "
        f"config=C(tile_size_time={TILE}), solver={solver!r}, seed=0, progress=False); "
        "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')); "
        "print(time.perf_counter() - t, int(peak) / 1000)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(3)]
    pairs = [tuple(map(float, run.stdout.split()[-2:])) for run in runs]
    return {"seconds": sorted(p[0] for p in pairs)[1], "peak_mb": max(p[1] for p in pairs)}


def measure_size(folder: Path) -> dict[str, object]:
    """Megabytes of the model's files."""
    return {"size_mb": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6}


def measure_speeds(name: str) -> dict[str, object]:
    """Seconds and peak memory on two cores and on one; 15 steps with DPM-Solver++."""
    two, one, short = (measure_speed(name, *run) for run in ((2, 25, "ddim"), (1, 25, "ddim"), (2, 15, "dpm++")))
    return {
        "seconds_30s_2cores": two["seconds"],
        "seconds_30s_1core": one["seconds"],
        "seconds_30s_15_steps_2cores": short["seconds"],
        "peak_mb": two["peak_mb"],
    }


OF_THE_MODEL: dict[str, Callable[[DiffusersAudioLDM], Mapping[str, object]]] = {
    "prompts": measure_prompts,
    "pairs": measure_pairs,
    "captioned": measure_captioned,
    "pitch": measure_pitch,
    "tempo": measure_tempo,
    "words": measure_words,
    "long": measure_long,
    "real": measure_real,
}
PARTS = ("size", "speed", *OF_THE_MODEL, "precision", "seams", "memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="folder of another model; default: the embedded one")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure these, keep the rest of --out")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="seeds a prompt in the seam protocol")
    parser.add_argument("--cache", type=Path, help="folder that keeps the seam runs' latents, to resume from")
    parser.add_argument("--data", type=Path, default=Path("data"), help="where the training clips' latents are")
    parser.add_argument("--workers", type=int, default=2, help="threads, or processes in the seam protocol")
    args = parser.parse_args()
    torch.set_num_threads(args.workers)
    results: dict[str, object] = json.loads(args.out.read_text()) if args.out.exists() else {}
    name = args.model or "tiny"
    model = load_model(name, device="cpu")
    assert isinstance(model, DiffusersAudioLDM)
    results["dtype"] = str(model.dtype).removeprefix("torch.")
    measures: dict[str, Callable[[], Mapping[str, object]]] = {
        "size": lambda: measure_size(Path(args.model or EMBEDDED)),
        "speed": lambda: measure_speeds(name),
        "precision": lambda: measure_fp32(name),
        "seams": lambda: measure_seams(name, range(args.seeds), args.workers, args.cache),
        "memory": lambda: measure_memory(model, args.data),
    } | {part: functools.partial(measure, model) for part, measure in OF_THE_MODEL.items()}
    for part in args.only or PARTS:
        try:
            results |= measures[part]()
        except (MissingSynthesizer, MissingWeights, MissingClips) as error:
            print(f"{part} not measured: {error}")
        with atomic_write(args.out) as temporary:
            temporary.write_text(json.dumps(rounded(results), indent=2) + "\n")
    print_table(results)


def print_table(results: Mapping[str, object]) -> None:
    """Figures beside those of the first embedded model, where it was measured by the same protocol."""
    first = flat(json.loads(FIRST.read_text())) if FIRST.exists() else {}
    print(f"{'':48} {'now':>10} {'first':>10}")
    for key, value in flat(results).items():
        if isinstance(value, float):
            before = first.get(key)
            print(f"{key:48} {value:10.4f} " + (f"{before:10.4f}" if isinstance(before, float) else f"{'':10}"))


def flat(results: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested tables as one, keys joined by spaces."""
    rows: dict[str, object] = {}
    for key, value in results.items():
        rows |= flat(value, f"{prefix}{key} ") if isinstance(value, dict) else {prefix + key: value}
    return rows


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
