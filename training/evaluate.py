"""How good is the embedded model? Prints a table and writes `training/results.json`.

Needs no data folder: prompts come from the caption grammar, the judge and its statistics of real clips are shipped,
and unseen real clips are rendered here where fluidsynth and its soundfont are installed. Protocol of the seam scores:
768 frames, tiles of 128, 25 steps, guidance 2.5, 8 prompts x 4 seeds, log-mel flux at the grid of the `tiles` run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
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
from spotnb.config import EDGES
from spotnb.decode import latent_to_mel
from spotnb.files import atomic_write
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import EMBEDDED
from spotnb.models.mel import torch_log_mel
from spotnb.noise import Draws
from spotnb.schedulers import make_solver
from training.classifier import FRAMES, frechet, judge_mels, load_judge, moments
from training.compose import CLASSES
from training.griffin_lim import griffin_lim
from training.phrases import TRAINING, UNSEEN
from training.render import MissingSynthesizer, make_clips
from training.train_vocoder import stft_distance

STEPS, GUIDANCE, TILE, LONG = 25, 2.5, 128, 768
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
CLIP_SECONDS = 5.12  # 128 frames, what the judge listens to
CLIPS = {"unseen": 6, "seen": 6}  # per class
REAL_CLIPS = 168
RESULTS = Path(__file__).parent / "results.json"


def prompts_of(split: str, count: int) -> list[tuple[int, str]]:
    """`count` prompts a class: class index and text, cycling through the phrases of a split in a fixed random order."""
    book = UNSEEN if split == "unseen" else TRAINING
    rows = []
    for index, name in enumerate(CLASSES):
        texts = [text for text, *_ in book[name] if "{" not in text]
        random.Random(index).shuffle(texts)
        rows += [(index, texts[i % len(texts)]) for i in range(count)]
    return rows


def sampled_mels(
    model: DiffusersAudioLDM, texts: list[str], batch: int = 12, solver: str = "ddim", steps: int = STEPS
) -> Tensor:
    """One window of 128 frames for each text, decoded: `[N, 1, 512, 64]`. Batched over texts, unlike a sampler."""
    update, out = make_solver(solver, model.alphas_cumprod, steps, 0.0), []
    for start in tqdm(range(0, len(texts), batch), desc="clips"):
        part = texts[start : start + batch]
        draws, state = Draws(start, len(part)), update.begin(0)
        cond, uncond = model.embed(part), model.embed([""]).expand(len(part), -1)
        x = update.start(draws.normal((model.channels, 128, 16), 0, "start"))
        for k, t in enumerate(update.timesteps):
            seen = update.network_input(x, k)
            both = model.predict_noise(torch.cat([seen] * 2), torch.full((2 * len(x),), t), torch.cat([uncond, cond]))
            x, _, state = update.step(k, x, torch.lerp(*both.chunk(2), GUIDANCE), draws, state)
        out.append(model.decode_mel(x))
    return torch.cat(out)


def measure_prompts(model: DiffusersAudioLDM) -> dict[str, object]:
    """Prompt accuracy by the judge and Fréchet distance to real clips."""
    judge, reference = load_judge()
    results: dict[str, object] = {}
    features = []
    per_class: dict[str, float] = {}
    for split, count in CLIPS.items():
        rows = prompts_of(split, count)
        found, named = judge_mels(judge, sampled_mels(model, [text for _, text in rows]))
        right = named == np.array([index for index, _ in rows])
        results[f"accuracy_{split}"] = float(right.mean())
        features.append(found)
        if split == "unseen":
            of = np.array([index for index, _ in rows])
            per_class = {name: float(right[of == i].mean()) for i, name in enumerate(CLASSES)}
    results["frechet"] = frechet(moments(np.concatenate(features)), reference)
    results["accuracy_unseen_by_class"] = per_class
    return results


def measure_fp32() -> dict[str, object]:
    """The figures of `measure_prompts` in full precision."""
    found = measure_prompts(load_model("tiny", device="cpu", dtype="fp32"))
    return {f"{name}_fp32": value for name, value in found.items() if isinstance(value, float)}


def measure_real(model: DiffusersAudioLDM) -> dict[str, float]:
    """What needs unseen real clips: autoencoder, vocoder, and the real/real reference of the Fréchet distance."""
    clips, rows = make_clips("unseen", 0, 0, REAL_CLIPS)
    waves = torch.from_numpy(clips.astype(np.float32) / 32768)
    judge, reference = load_judge()
    mels = torch.cat([torch_log_mel(part) for part in waves.split(8)])
    found, named = judge_mels(judge, mels[:, :, :FRAMES])
    labels = np.array([CLASSES.index(row["class"]) for row in rows])
    results = {
        "frechet_real": frechet(moments(found), reference),
        "judge_accuracy_real": float((named == labels).mean()),
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
        results[f"{name}_real_time_factor"] = seconds / (sound.numel() / 16000)
    return results


def _seam_latent(task: tuple[str, str, str, int], model: DiffusersAudioLDM, cache: Path | None) -> Tensor:
    """The finished latent of one run of the seam protocol; kept in `cache`, if there is one, to resume from."""
    method, edge, prompt, seed = task
    kept = None if cache is None else cache / f"{method}-{edge}-{SEAM_PROMPTS.index(prompt)}-{seed}.npy"
    if kept is not None and kept.exists():
        return torch.from_numpy(np.load(kept, allow_pickle=False))
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    seconds = LONG / 25 if edge == "circular" else 30.0  # both give 768 frames
    sampler = SpotSampler(model, prompt, seconds, STEPS, GUIDANCE, config, method, seed=seed, record="last")
    assert sampler.frames == LONG
    sampler.run(progress=False)
    if kept is not None:
        with atomic_write(kept) as temporary:
            np.save(temporary, sampler.latent.numpy())
    return sampler.latent


def _seam_run(job: tuple[tuple[str, str, str, int], Path | None]) -> tuple[str, float, float, float, float]:
    """One run of the seam protocol: its name, seam score at the fixed grid, p-value, level of the ends, late seams.

    Late seams are where a `spot` run cuts in its last step but one, the last that still changes what is heard (the last
    goes from t = 1 to 0): no later step mends them. Their score is taken at the same places for every method.
    """
    task, cache = job
    method, edge, _, seed = task
    torch.set_num_threads(1)
    model = load_model("tiny", device="cpu")
    latent = _seam_latent(task, model, cache)
    mel = latent_to_mel(model, latent, circular=edge == "circular")[0, 0].numpy()
    score = seam_score(mel, range(TILE, LONG, TILE))
    ends = torch.cat([latent[:, :, :8], latent[:, :, -8:]], dim=2).std().item()
    config = SpotDiffusionConfig(tile_size_time=TILE, edge=edge, shift_seed=seed)
    late = seam_score(mel, plan(LONG, config, STEPS - 2).seams).score
    return f"{method}_{edge}" if method == "spot" else method, score.score, score.p_value, ends, late


def measure_seams(seeds: range, workers: int, cache: Path | None) -> dict[str, object]:
    """Seam scores of every method, and of `spot` with every edge policy, at the same places."""
    kinds = [("tiles", "reflect"), ("multidiffusion", "reflect"), ("full", "reflect"), *(("spot", e) for e in EDGES)]
    tasks = [(method, edge, prompt, seed) for seed in seeds for prompt in SEAM_PROMPTS for method, edge in kinds]
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers) as pool:
        runs = list(tqdm(pool.imap(_seam_run, [(task, cache) for task in tasks]), total=len(tasks), desc="seams"))
    table = {}
    for name in dict.fromkeys(run[0] for run in runs):
        scores = np.array([run[1:] for run in runs if run[0] == name])
        spread = float(scores[:, 0].std(ddof=1) / len(scores) ** 0.5)
        heard = float((scores[:, 1] < 0.05).mean())
        table[name] = {
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


def measure_speed(cores: int) -> dict[str, float]:
    """Seconds and peak memory of `spotnb generate`, 30 s in 25 steps, in a process of its own on so many cores."""
    code = (
        "import os, time; import torch; "
        f"os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:{cores}]); torch.set_num_threads({cores}); "
        "from spotnb import load_model, spotdiffusion_text_to_audio as make, SpotDiffusionConfig as C; "
        "m = load_model('tiny', device='cpu'); t = time.perf_counter(); "
        f"make(m, 'jazz piano solo', 30.0, {STEPS}, {GUIDANCE}, "
        f"config=C(tile_size_time={TILE}), seed=0, progress=False); "
        "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')); "
        "print(time.perf_counter() - t, int(peak) / 1000)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(3)]
    pairs = [tuple(map(float, run.stdout.split()[-2:])) for run in runs]
    return {"seconds": sorted(p[0] for p in pairs)[1], "peak_mb": max(p[1] for p in pairs)}


def measure_size() -> dict[str, object]:
    """Megabytes of the embedded model's files."""
    return {"size_mb": sum(f.stat().st_size for f in EMBEDDED.rglob("*") if f.is_file()) / 1e6}


def measure_speeds() -> dict[str, object]:
    """Seconds and peak memory on two cores and on one."""
    two, one = measure_speed(2), measure_speed(1)
    return {"seconds_30s_2cores": two["seconds"], "seconds_30s_1core": one["seconds"], "peak_mb": two["peak_mb"]}


def main() -> None:
    parts = ("size", "speed", "prompts", "precision", "real", "seams")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="measure these, keep the rest of --out")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="seeds a prompt in the seam protocol")
    parser.add_argument("--cache", type=Path, help="folder that keeps the seam runs' latents, to resume from")
    parser.add_argument("--workers", type=int, default=2, help="threads, or processes in the seam protocol")
    args = parser.parse_args()
    torch.set_num_threads(args.workers)
    results: dict[str, object] = json.loads(args.out.read_text()) if args.out.exists() else {}
    model = load_model("tiny", device="cpu")
    results["dtype"] = str(model.dtype).removeprefix("torch.")
    measures: dict[str, Callable[[], Mapping[str, object]]] = {
        "size": measure_size,
        "speed": measure_speeds,
        "prompts": lambda: measure_prompts(model),
        "precision": measure_fp32,
        "real": lambda: measure_real(model),
        "seams": lambda: measure_seams(range(args.seeds), args.workers, args.cache),
    }
    for part in args.only:
        try:
            results |= measures[part]()
        except MissingSynthesizer as error:
            print(f"not measured, for real clips cannot be rendered: {error}")
    print_table(results)
    with atomic_write(args.out) as temporary:
        temporary.write_text(json.dumps(rounded(results), indent=2) + "\n")


def print_table(results: Mapping[str, object]) -> None:
    for key, value in results.items():
        if isinstance(value, float):
            print(f"{key:32} {value:.4f}")
    seams = results.get("seams", {})
    assert isinstance(seams, dict)
    for name, row in seams.items():
        print(f"{name:32} " + "  ".join(f"{k} {v:.3f}" for k, v in row.items()))


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
