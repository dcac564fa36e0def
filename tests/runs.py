"""Hypothesis strategies for runs of any length, tile size, edge policy, method, and so on, short enough for a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import floor
from typing import Any, ClassVar

from diffusers import EulerAncestralDiscreteScheduler
from hypothesis import strategies as st

from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.solvers.noise import draw as draw_noise
from spotnb.tiling.config import METHODS, SHIFT_SCHEDULES, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from tests.networks import FunctionModel, Network

BETAS = {"beta_start": 0.0015, "beta_end": 0.0195, "beta_schedule": "scaled_linear"}
EULER_ANCESTRAL = EulerAncestralDiscreteScheduler(**BETAS, timestep_spacing="trailing")
SOLVERS = ("ddim", "dpm++", EULER_ANCESTRAL)  # without memory; with memory; another scale and noise per step


@dataclass(frozen=True)
class Run:
    """The settings of a sampler whose length is `frames`, a multiple of `time_multiple`.

    `prompt` may be a function of the duration.
    """

    frames: int = 40
    time_multiple: int = 4
    settings: dict[str, Any] = field(default_factory=dict)
    prompt: str | Callable[[float], Any] = "a sea"

    def sampler(self, network: Network, **changes: Any) -> SpotSampler:
        """Return a new sampler of this run with a new stand-in model."""
        settings: dict[str, Any] = {"steps": 3, "config": SpotDiffusionConfig(16)} | self.settings | changes
        duration = seconds(self.frames, settings["config"].edge)
        prompt = self.prompt(duration) if callable(self.prompt) else self.prompt
        sampler = SpotSampler(FunctionModel(network, self.time_multiple), prompt, duration, **settings)
        assert sampler.frames == self.frames
        return sampler

    def but(self, **changes: Any) -> Run:
        """Return the same run with some settings changed."""
        return replace(self, settings=self.settings | changes)


def seconds(frames: int, edge: str = "reflect") -> float:
    """Return a duration whose run has `frames` latent frames, if the model's `time_multiple` divides these."""
    return frames / 25 if edge == "circular" else max(0.04, (frames + 0.01) / 25.6)


@st.composite
def runs(draw: st.DrawFn, /, *, tiles: float = 5.0, **fixed: Any) -> Run:
    """Draw a run of up to `tiles` tiles. `fixed` has settings or strategies; with `eta`, the solver is DDIM."""
    multiple = draw(st.sampled_from([1, 2, 4]))
    width = multiple * draw(st.integers(2, 6))
    config = SpotDiffusionConfig(
        width,
        min_overlap=draw(st.none() | st.integers(0, width - 1)),
        max_shift_ratio=draw(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)),
        edge=draw(fixed.pop("edge", st.sampled_from(EDGES))),
        shift_seed=draw(st.integers(0, 99)),
        shift_schedule=draw(st.sampled_from(SHIFT_SCHEDULES)),
    )
    settings: dict[str, Any] = {
        "config": config,
        "steps": draw(st.integers(1, 4)),
        "method": draw(st.sampled_from(METHODS)),
        "seed": draw(st.integers(0, 2**63 - 1)),
        "solver": "ddim" if "eta" in fixed else draw(st.sampled_from(SOLVERS)),
        "eta": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "guidance_scale": draw(st.sampled_from([0.0, 1.0, 2.5])),
        "tile_batch": draw(st.integers(1, 4)),
        "finish_steps": draw(st.sampled_from([0, 1, 2])),
        "finish_overlap": draw(st.none() | st.integers(0, width - 1)),
    }
    settings["eta"] *= settings["solver"] == "ddim"
    settings |= {name: draw(value) if isinstance(value, st.SearchStrategy) else value for name, value in fixed.items()}
    return Run(multiple * draw(st.integers(1, max(1, int(tiles * width / multiple)))), multiple, settings)


@st.composite
def timelines(draw: st.DrawFn, /, entries: int = 4) -> Callable[[float], PromptTimeline]:
    """Draw a function from a duration to a timeline of up to `entries` entries, with a cross-fade that fits."""
    parts = draw(st.lists(st.floats(0.1, 1), min_size=1, max_size=entries))
    fade = draw(st.sampled_from([0.0, 1.0]) | st.floats(0, 1))

    def timeline(duration: float) -> PromptTimeline:
        borders = [*(duration * sum(parts[:k]) / sum(parts) for k in range(len(parts))), duration]
        words = ("a sea", "a drum", "bells and a flute", "rain")
        entries = [(start, stop, word) for (start, stop), word in zip(pairwise(borders), words, strict=False)]
        return PromptTimeline(entries, fade * min(stop - start for start, stop, _ in entries))

    return timeline


@dataclass(frozen=True)
class Known:
    """The latent of a known sound, `[1, 2, frames, 4]`, with a short representation."""

    frames: int
    seed: int = 77
    ndim: ClassVar[int] = 4

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        latent: Any = 0.6 * draw_noise((1, 2, self.frames, 4), self.seed, 0, "start").numpy()
        return latent


@st.composite
def known_sounds(draw: st.DrawFn, run: Run) -> dict[str, Any]:
    """Draw the settings for starting a run from known sound, or none."""
    audible = floor(25 * seconds(run.frames, run.settings["config"].edge) + 1e-6)
    kind = draw(st.sampled_from(["none", "init", "keep", "continue"] if audible > 1 else ["none", "init"]))
    if kind == "continue":
        return {"continue_from": Known(draw(st.integers(1, audible - 1)))}
    if kind == "none":
        return {}
    sound: dict[str, Any] = {"init_audio": Known(run.frames), "strength": draw(st.none() | st.floats(0.01, 1))}
    if kind == "keep":
        start, stop = sorted(draw(st.lists(st.integers(0, audible), min_size=2, max_size=2, unique=True)))
        sound["keep"] = [(start / 25, (stop - (stop - start == audible)) / 25)]
    return sound


@st.composite
def rich_runs(draw: st.DrawFn, /, **fixed: Any) -> Run:
    """Draw a run that may have a timeline, known sound, or several candidates."""
    varied = {"seed": st.integers(0, 2**63 - 3), "guidance_interval": st.none() | st.just((100, 700))}
    run = draw(runs(tiles=4.0, **varied | fixed))
    extra = draw(known_sounds(run)) | {"n_candidates": draw(st.sampled_from([1, 1, 2, 3]))}
    return replace(run.but(**extra), prompt=draw(st.just("a sea") | timelines()))
