"""SpotSampler: a run that is driven whole, step by step, or phase by phase."""

from __future__ import annotations

import logging
import math
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb.config import (
    METHODS,
    SpotDiffusionConfig,
    check_int,
    check_name,
    check_real,
    should_use_spotdiffusion,
    show,
)
from spotnb.decode import latent_to_waveform
from spotnb.denoise import guided_noise
from spotnb.errors import InputError, SpotnbError
from spotnb.layout import Layout, plan
from spotnb.lengths import check_duration, run_frames, run_samples
from spotnb.models.protocol import AudioModel
from spotnb.noise import draw
from spotnb.prompts import check_prompt, embed_prompt
from spotnb.solver import make_solver
from spotnb.step import Step
from spotnb.system import require_memory
from spotnb.trace import StepRecord, Trace

log = logging.getLogger(__name__)

# On CPUs larger batches gain nothing and cost memory; on GPUs they fill the chip.
TILE_BATCH = {"cpu": 2, "mps": 4, "cuda": 16}


@dataclass(frozen=True)
class Cost:
    """What a whole run takes.

    Attributes:
        forwards: windows that go through the network (each twice where guidance is on).
        network_frames: latent frames of all these windows.
        seconds: of the steps: what finished ones took, extended to the run, or else extended from one window timed now.
        peak_bytes: of arrays at a time: latents, trace, and the longest stage of decoding; weights not counted.
    """

    forwards: int
    network_frames: int
    seconds: float
    peak_bytes: int


class SpotSampler:
    """One run: a prompt becomes a latent, step by step, under any method.

    An iterator over its steps: `for record in sampler: ...`. Every way to drive it gives the same latent, bit for bit.

    Args:
        model: an `AudioModel`, from `load_model`.
        prompt: what to make.
        duration: seconds, at least 0.04.
        steps: denoising steps, 1 to 1000; DDIM does well from 25 on.
        guidance_scale: how strongly the prompt pulls (1: no guidance, half the work).
        config: how the latent is tiled; None is `SpotDiffusionConfig()`.
        method: "spot", "tiles", "multidiffusion" or "full".
        seed: of every draw; None draws one, which the manifest holds.
        eta: noise put back at each step, 0 (DDIM) to 1 (as much as DDPM).
        solver: "ddim".
        negative_prompt: what to be guided away from.
        tile_batch: windows per forward pass; None takes 2 on CPUs, 16 on CUDA. Results at different batch sizes agree
            to float rounding, at the same one bit for bit.
        record: what the trace keeps: "all", "x0", "last", or a number k for every k-th step.

    Raises:
        InputError: a value is outside its limits; the message names them.
        SpotnbError: the run would not fit into memory.
    """

    def __init__(
        self,
        model: AudioModel,
        prompt: str,
        duration: float = 10.0,
        steps: int = 50,
        guidance_scale: float = 3.0,
        config: SpotDiffusionConfig | None = None,
        method: str = "spot",
        seed: int | None = 0,
        eta: float = 0.0,
        solver: str = "ddim",
        negative_prompt: str = "",
        tile_batch: int | None = None,
        record: str | int = "all",
    ) -> None:
        self.model, self.prompt, self.negative_prompt = model, check_prompt(prompt), negative_prompt
        self.duration = check_duration(duration)
        self.guidance_scale = check_real("guidance_scale", guidance_scale, 0, 100, hint="2 to 4 suit AudioLDM")
        self.config = SpotDiffusionConfig() if config is None else config
        if not isinstance(self.config, SpotDiffusionConfig):
            raise InputError(f"config is {show(config)}: expected a SpotDiffusionConfig, or None for its defaults")
        self.method = check_name("method", method, METHODS)
        self.eta = check_real("eta", eta, 0, 1, hint="0 is deterministic DDIM")
        self.seed = _check_seed(seed)
        self.solver = make_solver(solver, model.alphas_cumprod, steps, self.eta)
        default = TILE_BATCH.get(model.device.type, 4)
        self.tile_batch = default if tile_batch is None else check_int("tile_batch", tile_batch, 1, hint="4 is enough")
        self.frames = run_frames(self.duration, model.time_multiple, self.circular)
        self.trace = Trace(record)
        require_memory(self._peak_bytes(), f"{self.duration:g} s in {len(self.solver)} steps")
        self._layout(0)  # a tile size that the model cannot take is an error now, not at the first step
        self._conditioning = embed_prompt(model, self.prompt, negative_prompt)
        self._window_seconds: float | None = None
        self.reset(self.seed)

    @property
    def circular(self) -> bool:
        """Whether the sound is a ring, whose end meets its start."""
        return self.config.edge == "circular"

    @property
    def fallback(self) -> bool:
        """Whether the sound is so short that one window holds it, so that plain DDIM runs whatever the method."""
        return not self.circular and not should_use_spotdiffusion(self.frames, self.config)

    @property
    def samples(self) -> int:
        """Samples of the sound: exactly the duration, or the whole ring."""
        return run_samples(self.duration, self.frames, self.circular)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`[B, C, T, F]` of the latent."""
        return 1, self.model.channels, self.frames, self.model.latent_bins

    @property
    def done(self) -> bool:
        return self.steps_done >= len(self.solver)

    def reset(self, seed: int | None = None) -> SpotSampler:
        """Back to the start noise, with another seed if given. Returns itself."""
        seed = self.seed if seed is None else _check_seed(seed)
        start = draw(self.shape, seed, 0, "start").to(self.model.device)
        trace = Trace(self.trace.mode, self.manifest() | {"seed": seed})
        # All at once: an interrupt leaves the old run or the new one.
        self.seed, self.trace, self.latent, self.x0, self.steps_done, self._seconds = seed, trace, start, None, 0, []
        return self

    latent: Tensor
    """The noisy latent `[B, C, T, F]`; before the first step, the start noise."""

    x0: Tensor | None
    """The clean latent predicted at the last finished step; None before the first."""

    _seconds: list[float]  # what each finished step took

    def __iter__(self) -> SpotSampler:
        return self

    def __next__(self) -> StepRecord:
        if self.done:
            raise StopIteration
        return self.step()

    def begin(self) -> Step:
        """Open the next step. Nothing changes until its `finish`. Raises `SpotnbError` after the last one."""
        if self.done:
            raise SpotnbError(f"all {len(self.solver)} steps are done; call reset() or goto(k) to run some again")
        return Step(self, self._layout(self.steps_done))

    def step(self) -> StepRecord:
        """Do the next step."""
        return self.begin().finish()

    def run(self, until: int | None = None, progress: bool = True) -> SpotSampler:
        """Do all steps that are left, or those before step `until`. Returns itself.

        An interrupt (Ctrl-C, or the notebook's stop button) leaves the last finished step: call `run` to go on.
        """
        total = len(self.solver)
        stop = total if until is None else check_int("until", until, 0, total, hint=f"the run has {total} steps")
        with tqdm(total=total, initial=self.steps_done, desc="steps", unit="step", disable=not progress) as bar:
            while self.steps_done < stop:
                self.step()
                bar.update()
        return self

    def goto(self, step: int) -> SpotSampler:
        """The state before `step` (0: the start noise), from the trace, or by running again from the nearest record.

        Later records are forgotten. Returns itself.
        """
        step = check_int("step", step, 0, len(self.solver), hint=f"the run has {len(self.solver)} steps")
        kept = [r for r in self.trace if r.step < step and r.x is not None and r.x0 is not None]
        if kept:
            last = kept[-1]
            self.latent, self.x0, self.steps_done = self._tensor(last.x), self._tensor(last.x0), last.step + 1
            self.trace.truncate(self.steps_done)
        elif step < self.steps_done or step == 0:
            self.reset()
        return self.run(until=step, progress=False)

    def fork(self, **changes: Any) -> SpotSampler:
        """A new sampler that goes on from here with some settings changed, such as `guidance_scale` or `config`.

        What decides the shape or the schedule of the run (model, duration, steps) must stay. The seed too may change:
        it moves the draws that are still to come. Raises `InputError` for a change of these or an unknown name.
        """
        settings = self.settings()
        fixed = {"model", "duration", "steps"}
        if wrong := sorted(set(changes) - (set(settings) - fixed)):
            allowed = ", ".join(sorted(set(settings) - fixed))
            raise InputError(f"fork cannot change {', '.join(wrong)}: expected some of {allowed}; start a new sampler")
        other = SpotSampler(**(settings | changes))
        if other.frames != self.frames:
            raise InputError(
                f"fork would change the length from {self.frames} to {other.frames} frames (edge {other.config.edge}); "
                "start a new sampler"
            )
        other.latent, other.steps_done, other._seconds = self.latent.clone(), self.steps_done, list(self._seconds)
        other.x0 = None if self.x0 is None else self.x0.clone()
        for record in self.trace:
            other.trace.append(record)
        return other

    def decode(self, step: int | None = None, of: str = "x", progress: bool = False) -> np.ndarray[Any, Any]:
        """Sound `[samples]` float32 in [-1, 1]: of the latent now, or as it was after `step`.

        `of`: "x", the latent itself, or "x0", the clean estimate: what the network believes the sound will be.
        Raises `InputError` where the trace has no such record.
        """
        check_name("of", of, ("x", "x0"))
        if step is None:
            latent = self.latent if of == "x" else self.x0
            if latent is None:
                raise InputError("there is no clean estimate before the first step: call step() first, or of='x'")
        else:
            record = self.trace.at(check_int("step", step, 0, len(self.solver) - 1, hint="steps count from 0"))
            array = None if record is None else getattr(record, of)
            if array is None:
                kept = [r.step for r in self.trace if getattr(r, of) is not None]
                raise InputError(f"{of} of step {step} was not recorded: choose one of {show(kept)}")
            latent = self._tensor(array)
        return latent_to_waveform(self.model, latent, self.samples, circular=self.circular, progress=progress)

    def cost(self) -> Cost:
        """What the whole run takes; tells it beforehand too."""
        layouts = [self._layout(k) for k in range(len(self.solver))]
        frames = sum(layout.network_frames for layout in layouts)
        if self.steps_done:
            seconds = sum(self._seconds[: self.steps_done]) / self.steps_done * len(layouts)
        else:
            seconds = frames * self._time_window(layouts[0])
        return Cost(sum(len(layout.tiles) for layout in layouts), frames, seconds, self._peak_bytes())

    def settings(self) -> dict[str, Any]:
        """The arguments that make this sampler again."""
        return {
            "model": self.model,
            "prompt": self.prompt,
            "duration": self.duration,
            "steps": len(self.solver),
            "guidance_scale": self.guidance_scale,
            "config": self.config,
            "method": self.method,
            "seed": self.seed,
            "eta": self.eta,
            "solver": self.solver.name,
            "negative_prompt": self.negative_prompt,
            "tile_batch": self.tile_batch,
            "record": self.trace.mode,
        }

    def manifest(self) -> dict[str, Any]:
        """Everything needed to repeat the run, in plain values that JSON can hold."""
        from spotnb import __version__

        described = {"model": self.model.describe(), "config": asdict(self.config)}
        return {
            **self.settings(),
            **described,
            "frames": self.frames,
            "samples": self.samples,
            "fallback": self.fallback,
            "unknown_words": list(self._conditioning.unknown),
            "threads": torch.get_num_threads(),
            "versions": {"spotnb": __version__, "torch": torch.__version__, "numpy": np.__version__},
        }

    # Called by Step.

    def predict_windows(self, windows: Sequence[Tensor], timestep: int) -> list[Tensor]:
        """The guided noise of windows of one width."""
        c = self._conditioning
        return guided_noise(self.model, windows, timestep, c.cond, c.uncond, self.guidance_scale)

    def halve_tile_batch(self, error: BaseException) -> None:
        """After an out-of-memory error: half the windows per forward pass, from now on, noted in the manifest."""
        if self.tile_batch == 1:
            raise SpotnbError(
                f"out of memory on {self.model.device} with one window of {self.config.tile_size_time} frames at a "
                "time; use a smaller tile_size_time, dtype bf16 or another device"
            ) from error
        self.tile_batch //= 2
        self.trace.manifest["tile_batch"] = self.tile_batch
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        log.warning("out of memory on %s: going on with tile_batch=%d", self.model.device, self.tile_batch)

    def advance(self, step: Step, noise: Tensor, seconds: float) -> StepRecord:
        """Take the solver's step and record it. The sampler changes all at once, at the end."""
        started = time.perf_counter()
        fresh = None
        if self.eta > 0:
            fresh = draw(self.shape, self.seed, step.index, "eta").to(self.latent)
        latent, x0 = self.solver.step(step.index, self.latent, noise, fresh)
        whole = self.trace.keeps_all_arrays
        record = StepRecord(
            step=step.index,
            timestep=step.timestep,
            shift=step.layout.shift,
            layout=step.layout,
            x=_array(latent) if whole else None,
            x0=_array(x0),
            noise=_array(noise) if whole else None,
            seconds=seconds + time.perf_counter() - started,
        )
        self.trace.append(record)
        spent = [*self._seconds[: step.index], record.seconds]
        self.latent, self.x0, self.steps_done, self._seconds = latent, x0, step.index + 1, spent
        return record

    def _layout(self, step: int) -> Layout:
        return plan(
            self.frames,
            self.config,
            step,
            method=self.method,
            steps=len(self.solver),
            time_multiple=self.model.time_multiple,
        )

    def _tensor(self, array: np.ndarray[Any, Any] | None) -> Tensor:
        assert array is not None
        return torch.from_numpy(array.astype(np.float32)).to(self.model.device)

    def _peak_bytes(self) -> int:
        latent = 4 * math.prod(self.shape)
        arrays = 3 if self.trace.keeps_all_arrays else 1
        kept = arrays * (1 + sum(self.trace.keeps(step) for step in range(len(self.solver))))
        mel = 4 * self.frames * 4 * 64
        sound = 4 * self.frames * 640
        # Eight latents are alive in a step (state, padding, windows, noise, next state); decoding holds mel and sound.
        return latent * (kept + 8) + 2 * mel + 3 * sound

    def _time_window(self, layout: Layout) -> float:
        """Seconds of the network per latent frame, from one window; timed once."""
        if self._window_seconds is None:
            start, stop = layout.tiles[0].window
            width = min(stop - start, 4 * self.model.native_frames)
            window = torch.zeros(1, self.model.channels, width, self.model.latent_bins, device=self.model.device)
            timings = []
            for _ in range(2):  # the first one warms up
                started = time.perf_counter()
                self.predict_windows([window], self.solver.timesteps[0])[0].sum().item()
                timings.append(time.perf_counter() - started)
            self._window_seconds = min(timings) / width
        return self._window_seconds


def _check_seed(seed: int | None) -> int:
    if seed is None:
        return secrets.randbits(31)
    return check_int("seed", seed, 0, 2**63 - 1, hint="any such number gives its own sound; None draws one")


def _array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """A copy on the CPU, so that later steps cannot change it; read-only."""
    array = tensor.detach().to("cpu", torch.float32, copy=True).numpy()
    array.flags.writeable = False
    return array
