"""On a device of its own, a run makes the host wait once a step, and fetches arrays only when somebody reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig
from tests.fake_device import DEVICE, device
from tests.networks import FunctionModel, neighbourly

TIMELINE = PromptTimeline([(0, 3, "a sea"), (3, 8, "a storm")], crossfade=2)


@dataclass(frozen=True)
class Rows:
    """Conditioning on the device. A list of numbers as an index would not find it."""

    values: Tensor

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Rows:
        return Rows(self.values.index_select(0, torch.tensor(rows).to(DEVICE)))

    def to(self, _: torch.device) -> Rows:
        return self


class Remote(FunctionModel):
    """A model on the device."""

    device = DEVICE

    def embed(self, texts: list[str]) -> Any:
        return Rows(super().embed(texts).to(DEVICE))

    def predict_noise(self, x: Tensor, t: Tensor, cond: Any) -> Tensor:
        return super().predict_noise(x, t, cond.values)

    def encode(self, waveform: Tensor) -> Tensor:
        return super().encode(waveform).to(DEVICE)


def make(model: FunctionModel, **settings: Any) -> SpotSampler:
    told: dict[str, Any] = {"record": "last", "config": SpotDiffusionConfig(16), "tile_batch": 4} | settings
    return SpotSampler(model, TIMELINE, 8.0, 4, **told)


KEPT = {"init_audio": np.sin(np.arange(128_000, dtype=np.float32) / 20), "keep": [(0, 2.1)]}


RUNS: dict[str, dict[str, Any]] = {
    "plain": {},
    "kept": KEPT,
    "noise": {"eta": 0.5},
    "multidiffusion": {"method": "multidiffusion"},
    "multistep": {"solver": "dpm++"},
}


@pytest.mark.parametrize("name", RUNS)
def test_one_read_a_step(name: str) -> None:
    settings = RUNS[name]
    alone = make(FunctionModel(neighbourly), **settings).run(progress=False)
    assert len(alone.trace[-1].layout.tiles) >= 13
    with device() as counter:
        sampler = make(Remote(neighbourly), **settings)
        for _ in range(4):
            counter.reads.clear()
            sampler.step()
            assert counter.reads == ["aten._local_scalar_dense.default"]
        counter.reads.clear()
        x = sampler.trace[-1].x
        assert len(counter.reads) == 1
        assert sampler.trace[-1].x is x
        assert len(counter.reads) == 1
    np.testing.assert_allclose(x, alone.trace[-1].x, atol=1e-5)
