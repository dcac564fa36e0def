"""The one-call path: a prompt becomes sound of the requested length, with everything needed to reproduce it."""

from __future__ import annotations

import inspect
import json
import logging
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.generate import complete, generate_audio, spotdiffusion_text_to_audio
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from tests.effort import effort
from tests.networks import FunctionModel, neighbourly
from tests.runs import EULER_ANCESTRAL

SMALL = SpotDiffusionConfig(64)


def model() -> FunctionModel:
    return FunctionModel(neighbourly)


def generate(**changes: Any) -> Any:
    settings = {"duration": 6.0, "steps": 2, "config": SMALL, "progress": False} | changes
    return generate_audio(model(), settings.pop("prompt", "a sea"), **settings)


@given(st.floats(0.04, 9), st.sampled_from(METHODS), st.sampled_from(EDGES))
@example(0.04, "spot", "reflect")
@example(2.57, "tiles", "anchor")  # ends within a latent frame of the grid's first border
@example(2.6, "spot", "circular")
@effort(0.6)
def test_any_duration_gives_its_samples_and_a_manifest(duration: float, method: str, edge: str) -> None:
    """Invariant 6 from end to end. The manifest is always strict JSON."""
    made = generate(duration=duration, method=method, config=SpotDiffusionConfig(64, edge=edge), steps=1)
    assert made.waveform.dtype == np.float32
    assert np.abs(made.waveform).max() <= 1
    expected = 640 * round(25 * duration) if edge == "circular" else round(16000 * duration)
    assert made.waveform.shape == (expected,)
    manifest = json.loads(json.dumps(made.manifest(), allow_nan=False))
    assert (manifest["samples"], manifest["method"], manifest["duration"]) == (expected, method, duration)
    assert manifest["result"]["seconds"] == pytest.approx(expected / 16000)
    assert manifest["result"]["plain_ddim"] == made.fallback == (made.sampler.frames <= 64 and edge != "circular")


def test_the_original_call(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = spotdiffusion_text_to_audio(model(), "a sea", 6.0, 2, 2.0, 0.5, SMALL, "tiles", 7, False)
    assert sound.shape == (96000,)
    same = generate(guidance_scale=2.0, eta=0.5, method="tiles", seed=7)
    assert np.array_equal(sound, same.waveform)
    with_more = spotdiffusion_text_to_audio(
        model(), "a sea", 6.0, 2, config=SMALL, seed=7, progress=False, negative_prompt="drum", tile_batch=1
    )
    assert not np.array_equal(with_more, sound)


def test_the_original_calls_defaults_are_the_published_ones() -> None:
    parameters = inspect.signature(spotdiffusion_text_to_audio).parameters
    defaults = {name: p.default for name, p in parameters.items() if p.default is not inspect.Parameter.empty}
    assert defaults == {
        "duration": 10.0,
        "ddim_steps": 200,
        "unconditional_guidance_scale": 3.0,
        "ddim_eta": 0.0,
        "config": None,
        "method": "spot",
        "seed": None,
        "progress": True,
    }


def test_without_a_seed_every_call_differs() -> None:
    settings = {"duration": 1.0, "ddim_steps": 1, "progress": False}
    one, other = (spotdiffusion_text_to_audio(model(), "a sea", **settings) for _ in range(2))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("settings", "solver"),
    [
        ({}, "plain DDIM"),
        ({"method": "full", "eta": 1.0}, "the solver ddim with eta 1"),
        ({"solver": "dpm++"}, "the solver dpm++"),
        ({"solver": EULER_ANCESTRAL}, "the solver EulerAncestralDiscreteScheduler"),
    ],
)
def test_one_window_is_said_with_the_solver_that_moves_it(
    settings: Any, solver: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "spotnb"):
        generate(duration=2.0, **settings)
    assert caplog.messages == [f"56 frames fit one tile of 64: one window at every step, and {solver}"]


def test_short_sound_falls_back_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "spotnb"):
        short = generate(duration=2.0)
    assert "plain DDIM" in caplog.text
    assert short.fallback
    assert short.manifest()["result"]["plain_ddim"] is True
    assert short.seams == ()
    assert short.grid_score() is None
    caplog.clear()
    with caplog.at_level(logging.INFO, "spotnb"):
        long = generate()
    assert caplog.text == ""
    assert not long.fallback
    assert long.seams == long.sampler.trace[-1].layout.seams != ()
    assert long.grid_score().score > 0


def test_a_ring_says_what_its_duration_became(caplog: pytest.LogCaptureFixture) -> None:
    ring = SpotDiffusionConfig(64, edge="circular")
    with caplog.at_level(logging.INFO, "spotnb"):
        made = generate(duration=4.05, config=ring)
    assert "4.05 s" in caplog.text
    assert "4.04 s" in caplog.text
    assert made.manifest()["result"]["seconds"] == 4.04
    caplog.clear()
    with caplog.at_level(logging.INFO, "spotnb"):
        generate(duration=4.04, config=ring)
    assert caplog.text == ""


def test_only_the_last_record_is_kept_unless_asked() -> None:
    assert [r.step for r in generate(steps=4).sampler.trace] == [3]
    assert [r.step for r in generate(steps=4, record="all").sampler.trace] == [0, 1, 2, 3]


def test_complete_runs_what_is_left() -> None:
    sampler = SpotSampler(model(), "a sea", 6.0, steps=3, config=SMALL)
    sampler.step()
    made = complete(sampler, progress=False)
    assert made.sampler is sampler
    assert np.array_equal(made.waveform, generate(steps=3).waveform)


def test_silence_has_a_manifest() -> None:
    silent = model()
    silent.vocode = lambda mel: torch.zeros(1, 160 * mel.shape[2])  # type: ignore[method-assign]
    made = generate_audio(silent, "a sea", duration=6.0, steps=1, config=SMALL, progress=False)
    result = json.loads(json.dumps(made.manifest(), allow_nan=False))["result"]
    assert result["rms_db"] is None
    assert made.levels().rms_db == -math.inf


def test_bad_input_and_broken_networks_come_through() -> None:
    for bad in ({"prompt": ""}, {"duration": math.nan}, {"steps": 0}, {"guidance_scale": math.nan}, {"method": "x"}):
        with pytest.raises(InputError):
            generate(**bad)

    def broken(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        return x * float("nan")

    with pytest.raises(SpotnbError, match="the network gave NaN or infinity at step 0"):
        spotdiffusion_text_to_audio(FunctionModel(broken), "a sea", 1.0, 2, progress=False)
