"""SpotSampler: a run that is driven whole, step by step, or phase by phase."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.decode import Sound, decode_sound, sound_pieces
from spotnb.models.protocol import AudioModel
from spotnb.sampling.cost import Cost, peak_bytes, seconds_per_frame, trace_bytes
from spotnb.sampling.guidance import Guide, check_prompt, embed_prompt
from spotnb.sampling.reconstruction import KnownFrames, known_frames, reconstructed
from spotnb.sampling.source import KnownSound, make_source
from spotnb.sampling.step import Step
from spotnb.sampling.timeline import PromptTimeline
from spotnb.sampling.windows import Prediction, guided_noise
from spotnb.solvers.make import make_solver
from spotnb.solvers.multistep import Memory, recalled
from spotnb.solvers.noise import Draws
from spotnb.sound.files import check_format, write_audio
from spotnb.sound.lengths import check_duration, run_frames, run_samples
from spotnb.support.checks import check_int, check_interval, check_name, check_real, show
from spotnb.support.system import require_memory
from spotnb.tiling.config import METHODS, SpotDiffusionConfig, should_use_spotdiffusion
from spotnb.tiling.layout import Layout, plan
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace

log = logging.getLogger(__name__)

TILE_BATCH = 2  # of models that ask for nothing else
JOIN = 64  # latent frames over which a continued sound gives way to its continuation: a decode window's overlap
GRADIENT = 2  # what the gradient through a window takes, in forward passes


class SpotSampler:
    """One run: a prompt becomes a latent, step by step, under any method.

    An iterator over its steps: `for record in sampler: ...`. Every way to drive it gives the same latent, bit for bit.

    Args:
        model: an `AudioModel`, from `load_model`; or what `audioldm.build_model` returned.
        prompt: what to make: a text, or a `PromptTimeline` that lasts as long as the sound.
        duration: seconds, at least 0.04.
        steps: denoising steps, 1 to 1000; DDIM does well from 25 on, DPM-Solver++ from 15 in one window.
        guidance_scale: how strongly the prompt pulls (1: no guidance, half the work).
        config: how the latent is tiled; None is `SpotDiffusionConfig()`.
        method: "spot", "tiles", "multidiffusion" or "full".
        seed: of every draw; None draws one, which the manifest holds.
        eta: noise put back at each step, 0 (DDIM) to 1 (as much as DDPM).
        solver: "ddim", "dpm++", or a diffusers scheduler that fits, see `spotnb.solvers.from_diffusers`.
        negative_prompt: what to be guided away from.
        tile_batch: windows per forward pass; None takes what suits the model, see `spotnb.models.batching`. Results at
            different batch sizes agree to float rounding, at the same one bit for bit.
        record: what the trace keeps: "all", "x0", "last", or a number k for every k-th step.
        record_dtype: "fp32", or "fp16" for half the memory; half-precision records are for viewing, `goto` then runs
            steps again.
        n_candidates: so many sounds at once, candidate i with the seed `seed + i`.
        init_audio: sound to start from (a path, a waveform, a pair of waveform and rate, a latent, or a finished
            sampler), at least as long as the run.
        strength: how much of the noise schedule it goes through: towards 0 it stays as it is, at 1 only what `keep`
            names is left. Default: 0.6, or 1 with `keep`.
        continue_from: sound, as for `init_audio`, that the run goes on from. `duration` counts from its start.
        keep: regions `(start, stop)` of `init_audio`, in seconds, that stay as they are.
        reconstruction_scale: how strongly what is made is drawn towards what agrees with the sound that is kept, see
            `spotnb.sampling.reconstruction`. It takes a gradient through the network in windows that hold both; 0 does
            without, and the border is heard.
        guidance_interval: the timesteps `(low, high)` between which guidance pulls; elsewhere the prompt is followed
            plainly, at half the work. None: in all, as AudioLDM does. Where the noise is strongest guidance makes what
            is made from one prompt alike (Kynkäänniemi et al. 2024, arXiv:2404.07724); `(100, 700)` suits the embedded
            model. A multistep solver begins anew where it sets in and ends.

    Raises:
        InputError: a value is outside its limits; the message names them.
        SpotnbError: the run would not fit into memory, or a sound cannot be read.
    """

    def __init__(
        self,
        model: Any,
        prompt: str | PromptTimeline,
        duration: float = 10.0,
        steps: int = 50,
        guidance_scale: float = 3.0,
        config: SpotDiffusionConfig | None = None,
        method: str = "spot",
        seed: int | None = 0,
        eta: float = 0.0,
        solver: Any = "ddim",
        negative_prompt: str = "",
        tile_batch: int | None = None,
        record: str | int = "all",
        *,
        record_dtype: str = "fp32",
        n_candidates: int = 1,
        init_audio: Any = None,
        strength: float | None = None,
        continue_from: Any = None,
        keep: Iterable[tuple[float, float]] | None = None,
        reconstruction_scale: float = 4.0,
        guidance_interval: Sequence[int] | None = None,
    ) -> None:
        self.model = model = as_model(model)
        self.negative_prompt = negative_prompt
        self.prompt = prompt if isinstance(prompt, PromptTimeline) else check_prompt(prompt)
        self.duration = check_duration(duration)
        if isinstance(prompt, PromptTimeline):
            prompt.check_duration(self.duration)
        self.guidance_scale = check_real("guidance_scale", guidance_scale, 0, 100, hint="2 to 4 suit AudioLDM")
        self.guidance_interval = (
            None
            if guidance_interval is None
            else check_interval("guidance_interval", guidance_interval, 0, 1000, hint="(100, 700) suits, None is all")
        )
        self.config = SpotDiffusionConfig() if config is None else config
        if not isinstance(self.config, SpotDiffusionConfig):
            raise InputError(f"config is {show(config)}: expected a SpotDiffusionConfig, or None for its defaults")
        self.method = check_name("method", method, METHODS)
        self.eta = check_real("eta", eta, 0, 1, hint="0 is deterministic DDIM")
        self.solver = make_solver(solver, model.alphas_cumprod, steps, self.eta)
        default = getattr(model, "tile_batch", TILE_BATCH)
        self.tile_batch = default if tile_batch is None else check_int("tile_batch", tile_batch, 1, hint="4 is enough")
        candidates = check_int("n_candidates", n_candidates, 1, 1000, hint="3 to 8 give a choice")
        self.draws = Draws(_check_seed(seed, candidates), candidates)
        self.frames = run_frames(self.duration, model.time_multiple, self.circular)
        self.trace = Trace(record, record_dtype)
        require_memory(self._peak_bytes(range(len(self.solver))), f"{self.duration:g} s in {len(self.solver)} steps")
        self.layout(0)  # a tile size that the model cannot take is an error now, not at the first step
        self.source, self._sources = make_source(
            model, self.frames, self.duration, len(self.solver), init_audio, strength, continue_from, keep
        )
        self.reconstruction_scale = check_real("reconstruction_scale", reconstruction_scale, 0, 100, hint="0 is none")
        self._conditioning = embed_prompt(
            model, self.prompt, negative_prompt, frames=self.frames, circular=self.circular
        )
        self._frame_seconds: float | None = None
        self._own_sound: Sound | None = None
        self.reset()

    @property
    def seed(self) -> int:
        """Of every draw; candidate i has `seed + i`."""
        return self.draws.seed

    @property
    def candidates(self) -> int:
        """How many sounds are made at once."""
        return self.draws.candidates

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
        """`[B, C, T, F]` of the latent; B is the number of candidates."""
        return self.candidates, self.model.channels, self.frames, self.model.latent_bins

    @property
    def first(self) -> int:
        """The first step that is run: 0, or a later one if the run starts from sound."""
        return 0 if self.source is None else self.source.first

    @property
    def done(self) -> bool:
        return self.steps_done >= len(self.solver)

    @property
    def estimate(self) -> Tensor | None:
        """The best guess of the clean latent: `x0`, or before the first step the known sound, if it is known whole."""
        if self.x0 is None and self.source is not None and self.source.everywhere:
            return self.source.latent.expand(self.shape)
        return self.x0

    def reset(self, seed: int | None = None) -> SpotSampler:
        """Back to before the first step, with another seed if given. Returns itself."""
        draws = self.draws if seed is None else Draws(_check_seed(seed, self.candidates), self.candidates)
        latent = self._start(draws)
        manifest = self.manifest() | {"seed": draws.seed}
        sources = {name: value.latent.cpu().numpy() for name, value in self._sources.items() if _is_sound(value)}
        trace = Trace(self.trace.mode, self.trace.dtype, manifest, sources=sources)
        memory = Memory(None, self.solver.begin(self.first))
        start: tuple[Any, ...] = draws, draws, trace, latent, None, self.first, memory, {}
        # All at once: an interrupt leaves the old run or the new one.
        self.draws, self._from, self.trace, self.latent, self.x0, self.steps_done, self._memory, self._seconds = start
        return self

    def _start(self, draws: Draws) -> Tensor:
        noise = draws.normal(self.shape[1:], 0, "start").to(self.model.device)
        if self.source is not None and self.first:
            latent = self.solver.add_noise(self.source.latent.expand(self.shape), noise, self.first)
        else:
            latent = self.solver.start(noise)
        return self._kept(latent, draws, self.first)

    model: AudioModel

    draws: Draws
    """Where all randomness of the run comes from."""

    latent: Tensor
    """The noisy latent `[B, C, T, F]`; before the first step, the start noise, with known sound noised in."""

    x0: Tensor | None
    """The clean latent predicted at the last finished step; None before the first."""

    _from: Draws  # what the start noise was drawn from: a fork may go on with another seed
    steps_done: int
    """How many steps of the schedule are behind; those that a run from sound skips count."""

    _memory: Memory
    _seconds: dict[int, float]  # what each finished step took

    def __iter__(self) -> SpotSampler:
        return self

    def __next__(self) -> StepRecord:
        if self.done:
            raise StopIteration
        return self.step()

    def layout(self, step: int) -> Layout:
        """Where the tiles of a step fall: known before it is run. Raises `InputError` for a step below 0."""
        return plan(
            self.frames,
            self.config,
            step,
            method=self.method,
            steps=len(self.solver),
            time_multiple=self.model.time_multiple,
        )

    def begin(self) -> Step:
        """Open the next step. Nothing changes until its `finish`. Raises `SpotnbError` after the last one."""
        return self._open()

    def _open(self, lean: bool = False) -> Step:
        if self.done:
            raise SpotnbError(f"all {len(self.solver)} steps are done; call reset() or goto(k) to run some again")
        return Step(self, self.layout(self.steps_done), lean)

    def step(self) -> StepRecord:
        """Do the next step."""
        return self._open(lean=True).finish()

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
        """The state before `step` (`first`: the start), from the trace, or by running again from the nearest record.

        A record restores it if it is exact (fp32, with x and x0); a solver that remembers earlier steps needs theirs
        too. Later records are forgotten. Returns itself.
        """
        low, high = self.first, len(self.solver)
        step = check_int("step", step, low, high, hint=f"the run has the steps {low} to {high - 1}")
        last = self.trace.exact_before(step, unbroken_from=self.first if self.solver.remembers else None)
        if last is not None:
            x, x0, memory = self._tensor(last.x), self._tensor(last.x0), self._memory_after(last.step)
            done = last.step + 1
            self.latent, self.x0, self._memory, self.steps_done = x, x0, memory, done
            self.trace.truncate(done)
        elif step < self.steps_done or step == self.first:
            self.reset()
        return self.run(until=step, progress=False)

    def _memory_after(self, step: int) -> Memory:
        """What is remembered after a step: the solver is taken through the records again, without the network."""
        memory = Memory(None, self.solver.begin(self.first))
        if not self.solver.remembers:
            return memory
        x = self._start(self._from)
        for record in self.trace:
            if record.step > step:
                break
            state = recalled(self.solver, record.step, record.guided, memory)
            state = self.solver.step(record.step, x, self._tensor(record.noise), self.draws, state).state
            memory, x = Memory(record.guided, state), self._tensor(record.x)
        return memory

    def fork(self, at: int | None = None, **changes: Any) -> SpotSampler:
        """A new sampler that goes on from here with some settings changed, such as `guidance_scale` or `config`.

        `at`: from the state before that step instead, as `goto` finds it. What decides the shape or the schedule of the
        run (model, duration, steps, candidates, known sound) must stay. The seed too may change: it moves the draws
        that are still to come. Raises `InputError` for a change of these or an unknown name.
        """
        settings = self.settings()
        fixed = {"model", "duration", "steps", "n_candidates", *self._sources}
        if wrong := sorted(set(changes) - (set(settings) - fixed)):
            allowed = ", ".join(sorted(set(settings) - fixed))
            raise InputError(f"fork cannot change {', '.join(wrong)}: expected some of {allowed}; start a new sampler")
        other = SpotSampler(**(settings | changes))
        if other.frames != self.frames:
            raise InputError(
                f"fork would change the length from {self.frames} to {other.frames} frames (edge {other.config.edge}); "
                "start a new sampler"
            )
        if other.solver.describe() != self.solver.describe():
            raise InputError(
                f"fork would change the solver from {self.solver.name} to {other.solver.name}, whose noise levels or "
                "memory differ; start a new sampler"
            )
        origin = self if at is None else self.fork().goto(at)
        other.latent, other.steps_done, other._memory = origin.latent.clone(), origin.steps_done, origin._memory
        other._seconds = {step: spent for step, spent in self._seconds.items() if step < origin.steps_done}
        other.x0 = None if origin.x0 is None else origin.x0.clone()
        other._from = origin._from
        other.trace.take_over(origin.trace)
        if changes:  # its steps cannot be repeated from its own settings alone
            other.trace.manifest["forked"] = {"step": origin.steps_done, "changes": sorted(changes)}
        return other

    def decode(
        self, step: int | None = None, of: str = "x", progress: bool = False, candidate: int = 0
    ) -> np.ndarray[Any, Any]:
        """Sound `[samples]` float32 in [-1, 1]: of the latent now, or as it was after `step`.

        `of`: "x", the latent itself, or "x0", the clean estimate: what the network believes the sound will be.
        A sound that is continued keeps its own decode, up to a cross-fade over its last 2.56 s.
        Raises `InputError` where the trace has no such record.
        """
        return self.sound(step, of, progress, candidate).waveform

    def decode_to(
        self, path: str | os.PathLike[str], of: str = "x", progress: bool = False, candidate: int = 0
    ) -> Path:
        """Write the sound of `decode` to a file while it is decoded, in memory that does not grow with the length.

        `path`: ends in `.wav`, `.flac` or `.ogg`; it is there once it is whole. Returns it. (A ring, and a sound that
        is continued, are decoded whole first.) Raises `InputError` for another suffix, `SpotnbError` if the file cannot
        be written.
        """
        target, latent = check_format(path), self._latent_of(None, of, candidate)
        if self.source is not None and self.source.own is not None:
            pieces = iter([self.sound(of=of, progress=progress, candidate=candidate).waveform])
        else:
            pieces = sound_pieces(self.model, latent, self.samples, circular=self.circular, progress=progress)
        return write_audio(target, pieces, self.model.sample_rate)

    def sound(self, step: int | None = None, of: str = "x", progress: bool = False, candidate: int = 0) -> Sound:
        """As `decode`: waveform and log-mel."""
        latent = self._latent_of(step, of, candidate)
        made = decode_sound(self.model, latent, self.samples, circular=self.circular, progress=progress)
        own = None if self.source is None else self.source.own
        last = len(self.solver) - 1
        clean = of == "x0" or step == last or (step is None and self.done)
        return self._joined(own, made) if own is not None and clean else made

    def _latent_of(self, step: int | None, of: str, candidate: int) -> Tensor:
        """The latent or the clean estimate `[1, C, T, F]`, now or as recorded."""
        check_name("of", of, ("x", "x0"))
        candidate = check_int("candidate", candidate, 0, self.candidates - 1, hint=f"the run has {self.candidates}")
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
        return latent[candidate : candidate + 1]

    def _joined(self, own: KnownSound, made: Sound) -> Sound:
        """The continued sound's own decode, giving way to what was made over its last frames."""
        if self._own_sound is None:
            size = self.model.samples_per_frame
            self._own_sound = decode_sound(self.model, own.latent, own.latent.shape[2] * size)
        return self._own_sound.fade_into(made, min(JOIN, own.frames), own.frames, self.model.samples_per_frame)

    def cost(self) -> Cost:
        """What the whole run takes; tells it beforehand too."""
        steps = range(self.first, len(self.solver))
        layouts = [self.layout(k) for k in steps]
        frames = sum(layout.network_frames for layout in layouts)
        work = {step: self._work(step, layout) for step, layout in zip(steps, layouts, strict=True)}
        if spent := {step: seconds for step, seconds in self._seconds.items() if step < self.steps_done}:
            seconds = sum(spent.values()) / sum(work[step] for step in spent) * sum(work.values())
        else:
            if self._frame_seconds is None:
                self._frame_seconds = seconds_per_frame(self, layouts[0])
            seconds = sum(work.values()) * self._frame_seconds
        forwards = sum(len(layout.tiles) for layout in layouts)
        return Cost(forwards, frames, seconds, self._peak_bytes(steps), trace_bytes(self.shape, steps, self.trace))

    def _work(self, step: int, layout: Layout) -> int:
        """What a step asks of the network, in frames of a forward pass."""
        crossing = sum(width for tile, width in enumerate(layout.widths) if self._known_frames(layout, tile))
        return self.passes(self.solver.timesteps[step]) * (layout.network_frames + GRADIENT * crossing)

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
            "solver": self.solver.describe(),
            "negative_prompt": self.negative_prompt,
            "tile_batch": self.tile_batch,
            "record": self.trace.mode,
            "record_dtype": self.trace.dtype,
            "n_candidates": self.candidates,
            "reconstruction_scale": self.reconstruction_scale,
            "guidance_interval": self.guidance_interval,
            **self._sources,
        }

    def manifest(self) -> dict[str, Any]:
        """Everything needed to repeat the run, ready for JSON; the latents of known sound are in `trace.sources`."""
        from spotnb import __version__

        described = {
            "model": self.model.describe(),
            "config": asdict(self.config),
            "prompt": self.prompt.to_dict() if isinstance(self.prompt, PromptTimeline) else self.prompt,
            **{name: value.describe() for name, value in self._sources.items() if _is_sound(value)},
        }
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

    def predict_windows(self, step: Step, batch: Sequence[int]) -> list[Prediction]:
        """The predictions of tiles of one width; those that cross a border of kept sound go by themselves."""
        crossing = {tile: known for tile in batch if (known := self._known_frames(step.layout, tile))}
        plain = [tile for tile in batch if tile not in crossing]
        windows = [step.windows[tile] for tile in plain]
        predictions = self.guided(windows, step.timestep, *self._told(step.layout, plain)) if plain else []
        found = dict(zip(plain, predictions, strict=True))
        for tile, known in crossing.items():
            found[tile] = self._reconstructed(step, tile, known)
        return [found[tile] for tile in batch]

    def _known_frames(self, layout: Layout, tile: int) -> KnownFrames | None:
        return known_frames(self.source, layout, tile) if self.reconstruction_scale else None

    def _reconstructed(self, step: Step, tile: int, known: KnownFrames) -> Prediction:
        told = self._told(step.layout, [tile])
        alpha = float(self.model.alphas_cumprod[step.timestep])
        return reconstructed(
            lambda window: self.guided([window], step.timestep, *told)[0],
            step.windows[tile],
            known,
            alpha,
            self.reconstruction_scale,
        )

    def _told(self, layout: Layout, tiles: Sequence[int]) -> tuple[list[Guide], list[int]]:
        """What guides each tile's window, and the frame it begins at."""
        guides = [self._conditioning.guide(layout, tile) for tile in tiles]
        return guides, [layout.tiles[tile].window[0] for tile in tiles]

    def guided(
        self, windows: Sequence[Tensor], timestep: int, guides: Sequence[Guide], starts: Sequence[int]
    ) -> list[Prediction]:
        """The guided noise of windows of one width, which begin at `starts`."""
        c = self._conditioning
        scale = self.guidance_scale if self.guides_at(timestep) else 1.0
        return guided_noise(self.model, windows, timestep, guides, starts, c.cond, c.uncond, scale)

    def guides_at(self, timestep: int) -> bool:
        """Whether guidance pulls at a timestep."""
        low, high = self.guidance_interval or (0, timestep)
        return self.guidance_scale != 1 and low <= timestep <= high

    def passes(self, timestep: int) -> int:
        """How often a window goes through the network: for both halves of guidance, or once."""
        return 2 if self.guides_at(timestep) else 1

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
        guided = self.guides_at(step.timestep)
        state = recalled(self.solver, step.index, guided, self._memory)
        latent, x0, state = self.solver.step(step.index, self.latent, noise, self.draws, state)
        latent = self._kept(latent, self.draws, step.index + 1)
        if self.source is not None:
            x0 = self.source.impose(x0, self.source.latent)
        whole = self.trace.keeps_all_arrays
        record = StepRecord(
            step=step.index,
            timestep=step.timestep,
            shift=step.layout.shift,
            layout=step.layout,
            x=self.trace.array(latent) if whole else None,
            x0=self.trace.array(x0),
            noise=self.trace.array(noise) if whole else None,
            seconds=seconds + time.perf_counter() - started,
            guided=guided,
        )
        self.trace.append(record)
        spent, memory = {**self._seconds, step.index: record.seconds}, Memory(guided, state)
        self.latent, self.x0, self._memory, self.steps_done, self._seconds = latent, x0, memory, step.index + 1, spent
        return record

    def _kept(self, latent: Tensor, draws: Draws, step: int) -> Tensor:
        """`latent` with the known sound, at the noise level that `step` starts from, in the frames that are kept.

        Its noise is fresh at each step: so the network sees more of what it is to fall in with.
        """
        if self.source is None or not self.source.kept.any():
            return latent
        noise = draws.normal(self.shape[1:], step, "keep").to(self.source.latent)
        known = self.solver.add_noise(self.source.latent.expand(self.shape), noise, step)
        return self.source.impose(latent, known)

    def _tensor(self, array: np.ndarray[Any, Any] | None) -> Tensor:
        assert array is not None
        return torch.from_numpy(array.astype(np.float32)).to(self.model.device)

    def _peak_bytes(self, steps: range) -> int:
        return peak_bytes(self.shape, steps, self.trace)


def _is_sound(value: Any) -> bool:
    return isinstance(value, KnownSound)


def _check_seed(seed: int | None, candidates: int) -> int:
    if seed is None:
        return secrets.randbits(31)
    highest = 2**63 - candidates  # that of the last candidate is a seed too
    return check_int("seed", seed, 0, highest, hint="any such number gives its own sound; None draws one")
