"""Digests of many short runs, to show that a change of the code does not change any sound.

    python -m tests.golden before.json            # on the old code
    python -m tests.golden after.json --against before.json

Every case is a short run of the embedded model or a call that starts one. Its arrays are hashed with their shapes.
The digests are valid for one machine, one version of torch, and one thread, so they are not committed. Take them before
and after a change that should keep every result bitwise equal.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import EulerAncestralDiscreteScheduler, EulerDiscreteScheduler

import spotnb
from spotnb import PromptTimeline, SpotDiffusionConfig, SpotSampler, Trace, gallery, original

Arrays = dict[str, Any]
Case = Callable[[], Arrays]

METHODS = ("spot", "tiles", "multidiffusion", "full")
EDGES = ("reflect", "anchor", "merge", "circular", "reflect_noisy")
BETAS = {"beta_start": 0.0015, "beta_end": 0.0195, "beta_schedule": "scaled_linear"}
SECONDS = 8.0
PROMPT = "acoustic guitar"


@functools.cache
def model() -> Any:
    return spotnb.load_model("tiny", device="cpu", dtype="fp32")


@functools.cache
def known_wave() -> Any:
    """Return a sound to start from: two tones and a little noise."""
    time = np.arange(round(SECONDS * 16000)) / 16000
    noise = np.random.default_rng(0).standard_normal(time.size)
    wave = 0.2 * np.sin(2 * np.pi * 220 * time) + 0.1 * np.sin(2 * np.pi * 660 * time) + 0.01 * noise
    return wave.astype(np.float32)


def sampler(prompt: Any = PROMPT, duration: float = SECONDS, edge: str = "reflect", **settings: Any) -> SpotSampler:
    tiling: dict[str, Any] = {"tile_size_time": 64, "edge": edge}
    tiling |= {name: settings.pop(name) for name in list(settings) if name in SpotDiffusionConfig.__dataclass_fields__}
    run: dict[str, Any] = {"steps": 3, "seed": 5, "config": SpotDiffusionConfig(**tiling)}
    return SpotSampler(model(), prompt, duration, **(run | settings))


def results(run: SpotSampler, sound: bool = True) -> Arrays:
    """Finish a run and return its latent, its records, and its sound."""
    run.run(progress=False)
    arrays: Arrays = {"latent": run.latent}
    for record in run.trace:
        for name in ("x", "x0", "noise"):
            arrays[f"{name}/{record.step}"] = getattr(record, name)
        arrays[f"layout/{record.step}"] = [[*tile.window, *tile.segment] for tile in record.layout.tiles]
    for candidate in range(run.candidates if sound else 0):
        arrays[f"sound/{candidate}"] = run.decode(candidate=candidate)
    return arrays


def run_of(**settings: Any) -> Case:
    return lambda: results(sampler(**settings))


def timeline(crossfade: float = 2.0) -> PromptTimeline:
    return PromptTimeline([(0, 3.2, "rain"), (3.2, SECONDS, "church organ")], crossfade)


def cases() -> Iterator[tuple[str, Case]]:
    for method in METHODS:
        for edge in EDGES:
            yield f"{method}, {edge}", run_of(method=method, edge=edge)
    yield from solver_cases()
    yield from setting_cases()
    yield from known_sound_cases()
    yield from time_travel_cases()
    yield from entry_cases()


def solver_cases() -> Iterator[tuple[str, Case]]:
    euler = EulerDiscreteScheduler(**BETAS, timestep_spacing="trailing")
    ancestral = EulerAncestralDiscreteScheduler(**BETAS, timestep_spacing="trailing")
    for name, solver in (("dpm++", "dpm++"), ("euler", euler), ("ancestral", ancestral)):
        yield f"solver {name}", run_of(solver=solver, steps=5)
        yield f"solver {name}, guided in an interval", run_of(solver=solver, steps=5, guidance_interval=(100, 700))
    yield "solver dpm++, merge", run_of(solver="dpm++", steps=5, edge="merge")
    yield "solver dpm++, candidates", run_of(solver="dpm++", n_candidates=2)
    yield "eta", run_of(eta=0.7)
    yield "eta, candidates, circular", run_of(eta=1.0, n_candidates=2, edge="circular")


def setting_cases() -> Iterator[tuple[str, Case]]:
    yield "negative prompt", run_of(negative_prompt="drums")
    yield "no guidance", run_of(guidance_scale=1)
    yield "guidance interval", run_of(guidance_interval=(100, 700), steps=5)
    yield "tile batch", run_of(tile_batch=3)
    yield "candidates", run_of(n_candidates=3)
    yield "one window suffices", run_of(duration=2.0)
    yield "odd duration", run_of(duration=5.23)
    yield "overlap", run_of(method="multidiffusion", min_overlap=16)
    yield "shift ratio 1, shift seed", run_of(max_shift_ratio=1.0, shift_seed=9)
    for schedule in ("alternate", "fibonacci", "sorted"):
        yield f"schedule {schedule}", run_of(shift_schedule=schedule)
        yield f"schedule {schedule}, merge", run_of(shift_schedule=schedule, edge="merge")
    for edge in ("reflect", "circular", "merge"):
        yield f"timeline, {edge}", run_of(prompt=timeline(), edge=edge)
    yield "timeline, abrupt, negative prompt, full", run_of(prompt=timeline(0), negative_prompt="wind", method="full")
    for edge in ("reflect", "circular", "merge"):
        yield f"finish, {edge}", run_of(finish_steps=2, edge=edge)
    for record in ("x0", "last", 2):
        yield f"record {record}", run_of(record=record)
    yield "record fp16", run_of(record_dtype="fp16")


def known_sound_cases() -> Iterator[tuple[str, Case]]:
    def audio(**settings: Any) -> Case:
        given: dict[str, Any] = {"init_audio": (known_wave(), 16000), "steps": 4}
        return lambda: results(sampler(**given | settings))

    def continued(**settings: Any) -> Case:
        return lambda: results(sampler(continue_from=(known_wave()[:64000], 16000), **settings))

    yield "init_audio", audio()
    yield "init_audio, strength", audio(strength=0.3, solver="dpm++")
    yield "keep", audio(keep=[(0, 2), (5, 6.5)])
    yield "keep, not reconstructed", audio(keep=[(0, 2)], reconstruction_scale=0)
    yield "keep, circular", audio(keep=[(1, 3)], edge="circular")
    yield "keep, candidates, timeline", audio(keep=[(1, 3)], prompt=timeline(), n_candidates=2)
    yield "keep, in an interval", audio(keep=[(1, 3)], guidance_interval=(100, 700), method="multidiffusion")
    yield "continue_from", continued()
    yield "continue_from, dpm++, anchor", continued(solver="dpm++", edge="anchor")
    yield "continue_from a sampler", lambda: results(sampler(continue_from=sampler(duration=3.0).run(progress=False)))


def time_travel_cases() -> Iterator[tuple[str, Case]]:
    def forked(at: int | None = None, changes: dict[str, Any] | None = None, **settings: Any) -> Case:
        def case() -> Arrays:
            first = sampler(**{"steps": 5} | settings).run(until=3, progress=False)
            return results(first.fork(at=at, **(changes or {})))

        return case

    yield "fork", forked()
    yield "fork, guidance", forked(at=1, changes={"guidance_scale": 6.0})
    yield "fork, seed and config", forked(changes={"seed": 8, "config": SpotDiffusionConfig(64, edge="merge")}, eta=0.5)
    yield "fork, dpm++", forked(at=2, changes={"method": "multidiffusion"}, solver="dpm++")
    yield (
        "fork, dpm++ in an interval",
        forked(at=2, changes={"prompt": "rain"}, solver="dpm++", guidance_interval=(100, 700)),
    )
    for record in ("all", "last", 2):
        yield f"goto, record {record}", functools.partial(_goto, record=record, solver="dpm++")
    yield "reset", lambda: results(sampler().run(until=2, progress=False).reset(seed=6))
    yield "by phase", _by_phase
    yield "a tile replaced", _replaced
    yield "resumed from a file", functools.partial(_from_file, spotnb.resume)
    yield (
        "replayed from a file",
        functools.partial(_from_file, lambda trace, used: spotnb.replay(trace, used, progress=False).sampler),
    )
    yield "sound of a step", lambda: _sounds_of_steps(sampler().run(progress=False))


def _goto(**settings: Any) -> Arrays:
    run = sampler(steps=5, **settings).run(progress=False)
    arrays = {f"at {step}": run.goto(step).latent.clone() for step in (4, 2, 0, 3)}
    return arrays | results(run)


def _by_phase() -> Arrays:
    run = sampler(edge="reflect", method="spot")
    arrays: Arrays = {}
    while not run.done:
        step = run.begin()
        arrays |= {f"padded/{step.index}": step.padded}
        arrays |= {f"windows/{step.index}/{k}": window for k, window in enumerate(step.windows)}
        for tile in reversed(range(len(step.layout.tiles))):
            step.predict(tile)
        for name in ("guided", "prompted", "unguided"):
            arrays |= {f"{name}/{step.index}/{k}": half for k, half in enumerate(getattr(step, name))}
        arrays |= {f"stitched/{step.index}": step.noise, f"clean/{step.index}": step.x0}
        step.finish()
    return arrays | results(run)


def _replaced() -> Arrays:
    run = sampler()
    step = run.begin()
    step.replace(1, torch.zeros_like(step.windows[1]))
    step.finish()
    return results(run)


def _from_file(reopen: Callable[[Trace, Any], SpotSampler]) -> Arrays:
    with tempfile.TemporaryDirectory() as folder:
        run = sampler(steps=4, init_audio=(known_wave(), 16000), keep=[(1, 3)]).run(until=3, progress=False)
        trace = Trace.load(run.trace.save(Path(folder) / "run.npz"))
        return results(reopen(trace, model()))


def _sounds_of_steps(run: SpotSampler) -> Arrays:
    with tempfile.TemporaryDirectory() as folder:
        path = run.decode_to(Path(folder) / "sound.wav")
        written = {"file": spotnb.load_audio(path)}
    return written | {f"{of}/{step}": run.decode(step=step, of=of) for step in (0, 2) for of in ("x", "x0")}


def entry_cases() -> Iterator[tuple[str, Case]]:
    config = SpotDiffusionConfig(64)
    for bug in gallery.names():
        yield f"gallery, {bug}", functools.partial(_gallery, bug)
    yield "generate_audio", lambda: _generated(n_candidates=2)
    yield (
        "spotdiffusion_text_to_audio",
        lambda: {
            "sound": spotnb.spotdiffusion_text_to_audio(
                model(), PROMPT, 6.0, ddim_steps=3, config=config, seed=3, progress=False
            )
        },
    )
    yield "original", functools.partial(_original, frames=200, batch=2)
    yield "original, odd length, given noise", functools.partial(_original, frames=203, noise=True)
    yield "original, circular", functools.partial(_original, frames=203, edge="circular")
    yield "original, unguided", functools.partial(_original, frames=200, guided=False)
    yield "sweep", _sweep
    yield "two workers", _two_workers
    yield "training clips", _training_clips
    yield "training clips, dpm++", functools.partial(_training_clips, solver="dpm++", steps=6)


def _gallery(bug: str) -> Arrays:
    settings: dict[str, Any] = {"duration": 6.0, "steps": 4, "config": SpotDiffusionConfig(64), "seed": 2}
    healthy, buggy = gallery.compare(bug, model(), PROMPT, **settings)
    arrays = {f"healthy {k}": v for k, v in results(healthy).items()} | results(buggy)
    return arrays | {"symptoms": [gallery.symptom(bug, healthy), gallery.symptom(bug, buggy)]}


def _generated(**settings: Any) -> Arrays:
    made = spotnb.generate_audio(
        model(), PROMPT, duration=6.0, steps=3, config=SpotDiffusionConfig(64), progress=False, **settings
    )
    score = made.grid_score()
    assert score is not None
    return {"sound": made.waveform, "mel": made.mel, "scores": made.scores, "seam": [score.score, score.p_value]}


def _original(frames: int, batch: int = 1, edge: str = "reflect", noise: bool = False, guided: bool = True) -> Arrays:
    built = original.build_model("tiny", device="cpu", dtype="fp32")
    shape = (batch, 8, frames, 16)
    latent = original.spotdiffusion_sample(
        original.DDIMSampler(built),
        shape,
        built.get_learned_conditioning([PROMPT]),
        built.get_learned_conditioning([""]) if guided else None,
        eta=0.1,
        x_T=torch.randn(shape, generator=torch.Generator().manual_seed(4)) if noise else None,
        S=3,
        config=SpotDiffusionConfig(64, edge=edge),
        seed=7,
        progress=False,
    )
    return {"latent": latent, "mel": original.sliding_window_vae_decode(built, latent, 128, 32)}


def _sweep() -> Arrays:
    grid = {"prompt": [PROMPT, "rain"], "edge": ["reflect", "merge"], "duration": 6.0, "steps": 3, "tile_size_time": 64}
    with tempfile.TemporaryDirectory() as folder:
        table = spotnb.sweep(grid, folder, model=model(), trace=True, progress=False)
        sounds = [spotnb.load_audio(Path(folder) / name) for name in table["sound"]]
        arrays: Arrays = dict(zip(map(str, range(len(sounds))), sounds, strict=True))
        for row, name in enumerate(table["trace"]):
            arrays[f"trace {row}"] = Trace.load(Path(folder) / name)[-1].x
    return arrays | {"figures": table[["forwards", "network_frames", "seam_score", "ends_std", "lufs"]].to_numpy(float)}


def _two_workers() -> Arrays:
    from tests.cluster import two_workers

    with two_workers() as client, tempfile.TemporaryDirectory() as folder:
        there = spotnb.DistributedModel("tiny", client)
        config = SpotDiffusionConfig(64)
        run = SpotSampler(there, PROMPT, 6.0, steps=2, config=config, guidance_interval=(100, 700)).run(progress=False)
        trace = Trace.load(run.trace.save(Path(folder) / "run.npz"))
        arrays = results(run) | {"saved": trace[-1].noise}
        there.close()
    return arrays


def _training_clips(**settings: Any) -> Arrays:
    from training.sampling import sampled_latents

    texts = [PROMPT, "rain", "church organ"]
    return {"latents": sampled_latents(model(), texts, **({"batch": 2, "steps": 4, "frames": 64} | settings))}


def digest(arrays: Arrays) -> str:
    """Return one hash of all arrays with their names, shapes, and types."""
    hashed = hashlib.sha256()
    for name, value in sorted(arrays.items()):
        if value is None:
            hashed.update(f"{name} none".encode())
            continue
        array = np.ascontiguousarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
        hashed.update(f"{name} {array.dtype.str} {array.shape}".encode())
        hashed.update(array.tobytes())
    return hashed.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the file to write the digests to, JSON")
    parser.add_argument("--against", type=Path, help="digests to compare with")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name holds this")
    args = parser.parse_args()
    torch.set_num_threads(1)
    known = json.loads(args.against.read_text()) if args.against else None
    digests: dict[str, str] = {}
    for name, case in cases():
        if args.only not in name:
            continue
        try:
            digests[name] = digest(case())
        except Exception as error:
            digests[name] = f"failed: {type(error).__name__}: {error}"
        mark = "" if known is None else (" same" if digests[name] == known.get(name) else " DIFFERS")
        failed = digests[name] if digests[name].startswith("failed") else digests[name][:12]
        print(f"{failed}{mark}  {name}", flush=True)
    args.out.write_text(json.dumps(digests, indent=1) + "\n")
    differing = [] if known is None else [name for name in digests if digests[name] != known.get(name)]
    print(f"{len(digests)} cases, {len(differing)} differ" if known else f"{len(digests)} cases")
    return bool(differing) or any(value.startswith("failed") for value in digests.values())


if __name__ == "__main__":
    sys.exit(main())
