"""Runs to draw: any length, tile, edge, method and the rest, short enough for hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from spotnb.config import EDGES, METHODS, SHIFT_SCHEDULES, SpotDiffusionConfig
from spotnb.sampler import SpotSampler
from tests.networks import FunctionModel, Network


@dataclass(frozen=True)
class Run:
    """The settings of a sampler; `frames` and `time_multiple` decide its length."""

    frames: int = 40
    time_multiple: int = 4
    settings: dict[str, Any] = field(default_factory=dict)

    def sampler(self, network: Network, **changes: Any) -> SpotSampler:
        """A fresh sampler of this run over a fresh stand-in model."""
        settings = {"steps": 3, "config": SpotDiffusionConfig(16)} | self.settings | changes
        duration = seconds(self.frames, settings["config"].edge)
        sampler = SpotSampler(FunctionModel(network, self.time_multiple), "a sea", duration, **settings)
        assert sampler.frames == self.frames
        return sampler

    def but(self, **changes: Any) -> Run:
        return replace(self, settings=self.settings | changes)


def seconds(frames: int, edge: str = "reflect") -> float:
    """A duration whose run has this many latent frames, where they are a multiple of the model's `time_multiple`."""
    return frames / 25 if edge == "circular" else max(0.04, (frames + 0.01) / 25.6)


@st.composite
def runs(draw: st.DrawFn, /, *, tiles: float = 5.0, **fixed: Any) -> Run:
    """Any run of up to `tiles` tiles. `fixed` holds settings, or strategies for them."""
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
        "eta": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "guidance_scale": draw(st.sampled_from([0.0, 1.0, 2.5])),
        "tile_batch": draw(st.integers(1, 4)),
    }
    settings |= {name: draw(value) if isinstance(value, st.SearchStrategy) else value for name, value in fixed.items()}
    return Run(multiple * draw(st.integers(1, max(1, int(tiles * width / multiple)))), multiple, settings)
