"""The algorithm of a run, from noise to a clean latent, one denoising step at a time.

A `Run` never changes, and neither does a `RunState`: a step is a function from one state to the next. A run can
therefore be interrupted, rewound, forked and replayed, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.models.border import typical_latent
from spotnb.models.card import model_card
from spotnb.models.protocol import AudioModel, audio_channels
from spotnb.models.shelter import shelter
from spotnb.sampling.card import run_facts, run_text
from spotnb.sampling.denoiser import DEFAULT_TILE_BATCH, Denoiser
from spotnb.sampling.guidance import Guidance, Prompts, embed_prompt
from spotnb.sampling.memory import peak_bytes
from spotnb.sampling.padding import padded_latent
from spotnb.sampling.settings import RunSettings
from spotnb.sampling.source import Source, make_source
from spotnb.sampling.state import Origin, RunState
from spotnb.sampling.windows import Stitch, gather
from spotnb.solvers.card import card_of_solver
from spotnb.solvers.make import make_solver
from spotnb.solvers.multistep import state_for_step
from spotnb.solvers.noise import Draws
from spotnb.solvers.own import like, take_step
from spotnb.solvers.protocol import Solver
from spotnb.support.cards import Card, Shown, count
from spotnb.support.checks import exact
from spotnb.support.progress import progress_bar
from spotnb.support.system import require_memory
from spotnb.tiling.clock import Clock
from spotnb.tiling.config import should_use_spotdiffusion
from spotnb.tiling.layout import Layout
from spotnb.trace.trace import Trace


@dataclass(frozen=True, repr=False)
class Run(Shown):
    """Everything that decides the result of a run. Build one with `Run.of`.

    Attributes:
        model: The model.
        settings: The settings, with known sound encoded and all defaults resolved.
        frames: The length T of the latent.
        solver: The solver, which moves the latent from step to step.
        draws: The source of all random draws.
        prompts: The conditioning of the network.
        source: The known sound that the run starts from, or None.
        denoiser: The denoiser, which predicts the noise in windows.
        notes: Additional entries of the manifest.
    """

    model: AudioModel
    settings: RunSettings
    frames: int
    solver: Solver
    draws: Draws
    prompts: Prompts
    source: Source | None
    denoiser: Denoiser
    notes: Mapping[str, Any] = field(default_factory=dict)

    def _text_(self) -> str:
        return run_text(self.model, self.settings, count(len(self.solver), "step"))

    def _card_(self) -> Card:
        parts = {"settings": self.settings, "layout of the first step": self.layout(self.steps.start)}
        others = {"known sound": self.source, "solver": card_of_solver(self.solver), "model": model_card(self.model)}
        return Card(repr(self), run_facts(self.settings, self.frames), None, {**parts, **others})

    @classmethod
    @shelter
    def of(
        cls, model: AudioModel, settings: RunSettings, *, prompts: Prompts | None = None, frames: int | None = None
    ) -> Self:
        """Build a run.

        Args:
            model: The model.
            settings: The settings.
            prompts: Conditioning that replaces the embedded `settings.prompt`.
            frames: Length of the latent, which replaces the length that follows from the duration. It is rounded up to
                a multiple of `model.time_multiple`, except on a ring.

        Raises:
            InputError: The solver, the tile size or the known sound does not fit the model or the settings.
            SpotnbError: The known sound cannot be read, or the run would not fit into memory.
        """
        solver = make_solver(settings.solver, model.alphas_cumprod, settings.steps, settings.eta)
        if frames is None:
            frames = Clock.of(model).run_frames(settings.duration, model.time_multiple, settings.ring)
        elif not settings.ring:
            frames = -(-frames // model.time_multiple) * model.time_multiple
        shape = settings.n_candidates, model.channels, frames, model.latent_bins
        trace = Trace(settings.record, settings.record_dtype)
        what = f"{exact(settings.duration)} s in {settings.steps} steps"
        samples = model.samples_per_frame * audio_channels(model)
        require_memory(peak_bytes(shape, range(settings.steps), trace, samples), what)
        for step in {0, settings.steps - 1}:  # reject tiles that the model cannot take now, not at their step
            settings.layout(frames, step, model.time_multiple)
        if prompts is None:
            prompts = embed_prompt(model, settings.prompt, settings.negative_prompt, frames=frames, ring=settings.ring)
        source, settings = make_source(model, frames, settings)
        suited = int(getattr(model, "tile_batch", DEFAULT_TILE_BATCH))
        tile_batch = settings.tile_batch or max(1, suited // settings.n_candidates)
        own = solver is settings.solver  # nothing but the object itself can repeat its run
        settings = replace(settings, solver=solver if own else solver.describe(), tile_batch=tile_batch)
        interval = settings.guidance_interval
        guidance = Guidance(settings.guidance_scale, None if interval is None else (interval[0], interval[1]))
        denoiser = Denoiser(model, prompts, guidance, tile_batch, source, settings.reconstruction_scale)
        assert settings.seed is not None
        draws = Draws(settings.seed, settings.n_candidates)
        return cls(model, settings, frames, solver, draws, prompts, source, denoiser)

    def seeded(self, seed: int) -> Self:
        """Return the same run with another seed."""
        settings = replace(self.settings, seed=seed)
        assert settings.seed is not None
        return replace(self, settings=settings, draws=replace(self.draws, seed=settings.seed))

    @property
    def steps(self) -> range:
        """The steps of the run, from 0, or from a later step if the run starts from known sound."""
        return range(0 if self.source is None else self.source.first, len(self.solver))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape `[B, C, T, F]` of the latent. B is the number of candidates."""
        return self.draws.candidates, self.model.channels, self.frames, self.model.latent_bins

    @property
    def clock(self) -> Clock:
        """The rates of the model."""
        return Clock.of(self.model)

    @property
    def samples(self) -> int:
        """The number of samples of the sound: exactly the duration, or the complete ring."""
        return self.clock.run_samples(self.settings.duration, self.frames, self.settings.ring)

    @property
    def fallback(self) -> bool:
        """Whether one window holds the complete sound, so that every method is the same as `full`."""
        return not self.settings.ring and not should_use_spotdiffusion(self.frames, self.settings.tiling)

    def layout(self, step: int) -> Layout:
        """Return the layout of a step. Raises `InputError` for a step that the run does not have."""
        return self.settings.layout(self.frames, step, self.model.time_multiple)

    @shelter
    def start(self, noise: Tensor | None = None, origin: Origin | None = None) -> RunState:
        """Return the state before the first step: noise, with the typical latent of the prompts if the model has one.

        Args:
            noise: Initial noise `[B, C, t, F]` that replaces the drawn noise in the first `t` frames.
            origin: What the initial latent is made of, by default the run's own draws and prompts.
        """
        origin, first = origin or Origin(self.draws, self.typical()), self.steps.start
        drawn = origin.draws.normal(self.shape[1:], 0, "start").to(self.model.device)
        if noise is not None:
            drawn[:, :, : noise.shape[2]] = noise
        if self.source is not None and first:
            x = self.noised(self.source.latent, drawn, first)
        elif origin.typical is not None:
            x = self.noised(origin.typical, drawn, first)
        else:
            x = like(self.solver, "initial_latent", self.solver.initial_latent(drawn), drawn)
        x = self._with_known_sound(x, first, origin.draws)
        return RunState(first, x, None, self.solver.initial_state(first), None, origin)

    def estimate(self, state: RunState) -> Tensor | None:
        """Return the current estimate of the clean latent: x0, or before the first step known sound without gaps."""
        if state.x0 is None and self.source is not None and self.source.everywhere:
            return self.source.latent.expand(self.shape)
        return state.x0

    def typical(self) -> Tensor | None:
        """Return the typical latent of the prompts, `[B, C, T, F]`, or None if the model has none."""
        of_rows = typical_latent(self.model, self.prompts.conditioning)
        if of_rows is None:
            return None
        return self.prompts.over_time(of_rows.to(self.model.device)).movedim(1, 2).expand(self.shape)

    def padded(self, state: RunState, layout: Layout) -> Tensor:
        """Return the latent of a step with padding past its ends, at the network's scale."""
        estimate = self.estimate(state)
        shown = state.origin.typical if estimate is None else estimate
        return padded_latent(state.x, shown, layout, self.solver, self.draws, state.step)

    @shelter
    def predict(self, state: RunState, layout: Layout) -> Tensor:
        """Predict the noise of the full latent, `[B, C, T, F]`, keeping the predictions of only one batch at a time."""
        timestep = self.solver.timesteps[state.step]
        windows, stitch = gather(self.padded(state, layout), layout), Stitch(layout)
        waiting: dict[int, Tensor] = {}
        for tile in range(len(layout.tiles)):  # in order, because the order changes the last bits of sums
            if tile not in waiting:
                batch = self.denoiser.predict(windows, layout, timestep, tile)
                waiting |= {index: prediction.eps for index, prediction in batch.items()}
            stitch.add(tile, waiting.pop(tile))
        if self.model.device.type != "cpu":
            self._prepare_noise(state.step)
        return self.checked(stitch.whole(), state, layout)

    def _prepare_noise(self, step: int) -> None:
        """Draw the noise of the end of a step and of the next one on the CPU, while the device computes."""
        if self.settings.eta:
            self.draws.prepare(self.shape[1:], step, "eta")
        if self.source is not None and self.source.kept.any():
            self.draws.prepare(self.shape[1:], step + 1, "keep")
        if step + 1 < self.steps.stop and any(pad := self.layout(step + 1).pad):
            self.draws.prepare((self.model.channels, sum(pad), self.model.latent_bins), step + 1, "pad")

    @shelter
    def checked(self, eps: Tensor, state: RunState, layout: Layout) -> Tensor:
        """Return a noise prediction if it is finite. A GPU has to be waited for only once per step.

        Raises:
            SpotnbError: The prediction holds NaN or infinity. The message names the tile.
        """
        if bool(torch.isfinite(eps).all()):
            return eps
        frame = int(torch.nonzero(~torch.isfinite(eps).all(dim=3).all(dim=1).all(dim=0))[0])
        tile = layout.owner(frame)
        raise SpotnbError(
            f"the network gave NaN or infinity at step {state.step} (t = {self.solver.timesteps[state.step]}), tile "
            f"{tile}; try dtype fp32 (now {self.model.dtype}) or a smaller guidance_scale"
        )

    @shelter
    def predict_x0(self, state: RunState, eps: Tensor) -> Tensor:
        """Return the clean latent that a noise prediction implies, with the kept sound in the kept frames."""
        x0 = like(self.solver, "predict_x0", self.solver.predict_x0(state.x, eps, state.step), state.x)
        return x0 if self.source is None else self.source.impose(x0, self.source.latent)

    @shelter
    def advance(self, state: RunState, eps: Tensor) -> RunState:
        """Take one denoising step.

        Args:
            state: The state before the step.
            eps: The noise prediction for the full latent, `[B, C, T, F]`.

        Returns:
            The state after the step.
        """
        step = state.step
        guided = self.denoiser.guidance.active(self.solver.timesteps[step])
        solver_state = state_for_step(self.solver, step, state.solver_state, guided=guided, was_guided=state.guided)
        x, x0, solver_state = take_step(self.solver, step, state.x, eps, self.draws, solver_state)
        x = self._with_known_sound(x, step + 1, self.draws)
        if self.source is not None:
            x0 = self.source.impose(x0, self.source.latent)
        return RunState(step + 1, x, x0, solver_state, guided, state.origin)

    def finish(self, state: RunState, progress: bool = False) -> RunState:
        """Take all remaining steps without recording them."""
        for step in progress_bar(range(state.step, self.steps.stop), desc="steps", unit="step", shown=progress):
            state = self.advance(state, self.predict(state, self.layout(step)))
        return state

    def _with_known_sound(self, x: Tensor, step: int, draws: Draws) -> Tensor:
        """Return `x` with the known sound in the kept frames, at the noise level at which `step` starts.

        Its noise is new at each step, so that the network sees more of the sound that it has to match.
        """
        source = self.source
        if source is None or not source.kept.any():
            return x
        noise = draws.normal(self.shape[1:], step, "keep").to(source.latent)
        return source.impose(x, self.noised(source.latent, noise, step))

    def noised(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return a clean latent at the noise level at which `step` starts."""
        noised = self.solver.add_noise(clean.expand(self.shape), noise, step)
        return like(self.solver, "add_noise", noised, noise)
