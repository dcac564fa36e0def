"""The measurements of `benchmarks.gpu`, each a function of the bench that returns its figures."""

from __future__ import annotations

import logging
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks import gpu_networks as networks
from spotnb import PromptTimeline, SpotDiffusionConfig, SpotSampler, load_model
from spotnb.models.decode import decode_sound
from spotnb.models.protocol import AudioModel
from spotnb.sampling.windows import batches

Figures = dict[str, Any]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Bench:
    """The machine that is measured, and at which sizes.

    Attributes:
        device: The device.
        dry: Whether tiny sizes show only that everything works.
    """

    device: torch.device
    dry: bool

    def wait(self) -> None:
        """Wait for everything that the device has to do."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def seconds(self, work: Callable[[], object], rounds: int = 3) -> float:
        """Return the median time of some work, after a first time that does not count."""
        work()
        times = []
        for _ in range(1 if self.dry else rounds):
            self.wait()
            began = time.perf_counter()
            work()
            self.wait()
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    def peak_mb(self, work: Callable[[], object]) -> float | None:
        """Return the most memory of the device that tensors take during some work, or None on a CPU."""
        if self.device.type != "cuda":
            work()
            return None
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        work()
        return round(torch.cuda.max_memory_allocated() / 1e6, 1)


def parity(bench: Bench) -> Figures:
    """The embedded model on the CPU and on the device, in float32: relative differences.

    TF32 is off by default in torch for matrix products, and on for convolutions; it is off here.
    """
    allowed = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        return _parity(bench)
    finally:
        torch.backends.cudnn.allow_tf32 = allowed


def _parity(bench: Bench) -> Figures:
    runs = []
    for device in ("cpu", str(bench.device)):
        model = load_model("tiny", device=device, dtype="fp32")
        settings: Figures = {"config": SpotDiffusionConfig(64), "steps": 2 if bench.dry else 25, "guidance_scale": 2.5}
        sampler = SpotSampler(model, "church organ", 5.0, **settings)
        runs.append((sampler.step().noise, sampler.run(progress=False).latent.cpu().numpy(), sampler.decode()))
    names = ("noise of the first step", "latent of the run", "sound of the run")
    pairs = zip(names, *runs, strict=True)
    return {name: float(np.abs(one - other).max() / np.abs(one).max()) for name, one, other in pairs}


def reads(bench: Bench) -> Figures:
    """How often a step makes the host wait for the device, by torch's own count of synchronizing operations."""
    model = load_model("tiny", device=str(bench.device))
    seconds = 6.0 if bench.dry else 30.0
    timeline = PromptTimeline([(0, seconds / 3, "rain"), (seconds / 3, seconds, "church organ")], crossfade=2)
    config = SpotDiffusionConfig(64)
    plain = SpotSampler(model, timeline, seconds, 4, config=config, record="last")
    wave = np.sin(np.arange(int(16_000 * seconds), dtype=np.float32) / 20)
    kept = SpotSampler(model, timeline, seconds, 4, config=config, record="last", init_audio=wave, keep=[(0, 2)])
    found = {}
    for name, sampler in {"timeline": plain, "timeline and kept sound": kept}.items():
        sampler.step()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if bench.device.type == "cuda":
                torch.cuda.set_sync_debug_mode("warn")
            try:
                sampler.step()
            finally:
                if bench.device.type == "cuda":
                    torch.cuda.set_sync_debug_mode("default")
        waits = [str(each.message) for each in caught if "synchroniz" in str(each.message)]
        found[name] = len(waits) if bench.device.type == "cuda" else "only a GPU tells"
    return found


def speed(bench: Bench, family: str, size: str, dtype: str) -> Figures:
    """The time of a step for 30 s of sound, over the network calls alone, and the memory of the run.

    Tiles have the length that the network was trained on, and guidance runs each window twice.
    """
    model = _network(bench, family, size, DTYPES[dtype])
    seconds = 3.0 if bench.dry else 30.0
    tile = 16 if bench.dry else model.native_frames
    settings: Figures = {"config": SpotDiffusionConfig(tile), "guidance_scale": 3.0, "record": "last"}
    sampler = SpotSampler(model, "rock", seconds, 2 if bench.dry else 4, **settings)
    calls = _bare_calls(sampler)

    def bare() -> None:
        for call in calls:
            model.predict_noise(*call)

    alone = bench.seconds(bare)
    peak = bench.peak_mb(lambda: sampler.reset().run(progress=False))
    ours = bench.seconds(lambda: sampler.reset().run(progress=False))
    steps = len(sampler.solver)
    return {
        "seconds of a step": round(ours / steps, 5),
        "of its network calls": round(alone / steps, 5),
        "ratio": round(ours / alone, 4),
        "peak MB": peak,
        "windows per pass": sampler.tile_batch,
        "seconds for 30 s of sound in 50 steps": round(50 * ours / steps * 30 / seconds, 2),
    }


def _network(bench: Bench, family: str, size: str, dtype: torch.dtype) -> AudioModel:
    channels = networks.TINY if bench.dry else {"s": networks.SMALL, "l": networks.LARGE}[size]
    if family == "audioldm2":
        return networks.audioldm2(channels, bench.device, dtype)
    if family == "stable-audio":
        return networks.stable_audio(not bench.dry, bench.device, dtype)
    return networks.audioldm(channels, bench.device, dtype)


def _bare_calls(sampler: SpotSampler) -> list[tuple[Any, Any, Any]]:
    """Return the arguments of the network calls of a run, with random latents of the same shapes."""
    model, calls = sampler.model, []
    rows = sampler.definition.prompts.conditioning
    for step, timestep in enumerate(sampler.solver.timesteps):
        layout = sampler.layout(step)
        for batch in batches(layout, sampler.tile_batch):
            shape = 2 * len(batch), model.channels, layout.widths[batch[0]], model.latent_bins
            x = torch.randn(shape, device=model.device)
            t = torch.full((len(x),), timestep, device=model.device)
            calls.append((x, t, rows[[1] * len(batch) + [0] * len(batch)]))
    return calls


def compiled(bench: Bench) -> Figures:
    """`torch.compile` of the network: the time of a step without and with it, and of the first run, which compiles."""
    model: Any = _network(bench, "audioldm", "s", torch.float32 if bench.dry else torch.bfloat16)
    tile = 16 if bench.dry else 256
    settings: Figures = {"config": SpotDiffusionConfig(tile), "guidance_scale": 3.0, "record": "last", "tile_batch": 1}
    sampler = SpotSampler(model, "rock", 3.0 if bench.dry else 30.0, 2, **settings)
    before = bench.seconds(lambda: sampler.reset().run(progress=False))
    if bench.dry:
        return {"seconds of a step": round(before / 2, 5), "compiled": "not in a dry run: it needs a C++ compiler"}
    model.unet = torch.compile(model.unet)
    began = time.perf_counter()
    sampler.reset().run(progress=False)
    bench.wait()
    first = time.perf_counter() - began
    after = bench.seconds(lambda: sampler.reset().run(progress=False))
    return {
        "seconds of a step": round(before / 2, 5),
        "compiled": round(after / 2, 5),
        "ratio": round(after / before, 4),
        "seconds of the first run": round(first, 1),
    }


def memory(bench: Bench, minutes: int) -> Figures:
    """The memory of one step of a long run, and of decoding it."""
    model = _network(bench, "audioldm", "s", torch.float32 if bench.dry else torch.bfloat16)
    seconds = minutes if bench.dry else 60.0 * minutes
    tile = 16 if bench.dry else 256
    settings: Figures = {"config": SpotDiffusionConfig(tile), "guidance_scale": 3.0, "record": "last"}
    sampler = SpotSampler(model, "rock", seconds, 1, **settings)
    step = bench.peak_mb(sampler.step)
    sound = bench.peak_mb(lambda: decode_sound(model, sampler.latent, sampler.samples))
    return {"MB of a step": step, "MB of decoding (with a tiny autoencoder and vocoder)": sound}


def out_of_memory(bench: Bench) -> Figures:
    """Memory that runs out for real: the batch is halved, and the result is the same to rounding."""
    model = _network(bench, "audioldm", "s", torch.float32)
    tile = 16 if bench.dry else 256
    settings: Figures = {"config": SpotDiffusionConfig(tile), "guidance_scale": 3.0, "record": "last"}
    seconds = 5.0 if bench.dry else 120.0
    small = SpotSampler(model, "rock", seconds, 1, **settings, tile_batch=1).run(progress=False)
    if bench.device.type != "cuda":
        return {"tile_batch before and after": "only a GPU tells"}
    some = SpotSampler(model, "rock", seconds, 1, **settings, tile_batch=16)
    peak = 1e6 * (bench.peak_mb(lambda: some.run(progress=False)) or 0)
    large = SpotSampler(model, "rock", seconds, 1, **settings, tile_batch=64)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(bench.device).total_memory
    room = 2 * (peak - torch.cuda.memory_allocated()) / total  # for about 32 windows
    logging.getLogger("spotnb").setLevel(logging.ERROR)
    torch.cuda.set_per_process_memory_fraction(min(1.0, (torch.cuda.memory_allocated() / total) + room))
    try:
        large.run(progress=False)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        logging.getLogger("spotnb").setLevel(logging.NOTSET)
    difference = (large.latent - small.latent).abs().max() / small.latent.abs().max()
    return {"tile_batch before and after": [64, large.tile_batch], "relative difference": float(difference)}
