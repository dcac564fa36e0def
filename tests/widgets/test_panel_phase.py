"""The picture of a step phase by phase: its rows are the tensors of the step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb import SpotDiffusionConfig, SpotSampler
from spotnb.errors import InputError
from spotnb.widgets.panel_phase import NAMES, PhaseView, phase_scene
from tests.networks import FunctionModel, neighbourly
from tests.widgets.test_panel import opened, press


def sampler(**settings: Any) -> SpotSampler:
    config = SpotDiffusionConfig(32, edge=settings.pop("edge", "reflect"))
    return SpotSampler(FunctionModel(neighbourly), "a sea", 4.0, 3, config=config, **settings)


def values(row: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the values of a row, with NaN where there is nothing."""
    codes = np.frombuffer(row["data"], np.uint8).reshape(row["columns"], row["bins"]).astype(float)
    return np.where(codes == 0, np.nan, (codes - 128) / 127 * row["limit"])


def rows(scene: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in scene["rows"]}


def near(row: dict[str, Any], tensor: Any) -> bool:
    exact = np.clip(tensor[0, 0].numpy(), -row["limit"], row["limit"])
    return bool(np.nanmax(np.abs(values(row) - exact)) <= row["limit"] / 127)


@pytest.mark.parametrize("method", ["spot", "multidiffusion", "full"])
@pytest.mark.parametrize("edge", ["reflect", "anchor", "circular"])
def test_the_rows_are_the_tensors_of_the_step(method: str, edge: str) -> None:
    run = sampler(method=method, edge=edge)
    run.step()
    step = run.begin()
    padded = rows(phase_scene(step, "pad", 0, ""))
    assert list(padded) == ["padded"]
    assert near(padded["padded"], step.padded)
    assert (padded["padded"]["start"], padded["padded"]["stop"]) == (
        -step.layout.pad[0],
        run.frames + step.layout.pad[1],
    )
    one = rows(phase_scene(step, "predict", 1, ""))
    owned = np.arange(*step.layout.tiles[0].segment) % run.frames
    lit = np.flatnonzero(np.isfinite(values(one["prompted"])[:, 0]))
    assert set(lit) == set(owned)
    count = len(step.layout.tiles)
    noise = step.noise
    scene = phase_scene(step, "update", count, "", step.finish())
    last = rows(scene)
    assert list(last) == list(NAMES)
    guided = values(last["unguided"]) + run.guidance_scale * values(last["difference"])
    wide = last["unguided"]["limit"] + run.guidance_scale * last["difference"]["limit"]
    inside = np.abs(noise[0, 0].numpy()) < last["stitched"]["limit"]
    assert np.abs(guided - noise[0, 0].numpy())[inside].max() < wide
    assert near(last["stitched"], noise)
    assert near(last["x0"], run.trace[-1].x0_tensor if hasattr(run.trace[-1], "x0_tensor") else run.state.x0)
    assert near(last["after"], run.latent)
    assert scene["seams"] == list(step.layout.cuts)


@pytest.mark.parametrize(("method", "finish"), [("spot", 0), ("spot", 2), ("tiles", 0), ("full", 0)])
def test_the_cuts_of_the_next_step_are_known(method: str, finish: int) -> None:
    run = sampler(method=method, finish_steps=finish)
    for number in range(3):
        step = run.begin()
        scene = phase_scene(step, "update", len(step.layout.tiles), "", step.finish())
        if number == 2:
            assert scene["next"] is None
            continue
        following = run.layout(number + 1)
        assert scene["next"] == {"blended": following.blended, "seams": list(following.cuts)}
        if scene["seams"]:
            assert (scene["next"]["seams"] == scene["seams"]) == (method == "tiles")


def test_without_guidance_there_is_one_half() -> None:
    step = sampler(guidance_scale=1.0).begin()
    step.predict()
    assert list(rows(phase_scene(step, "predict", len(step.layout.tiles), ""))) == ["padded", "prompted"]


def test_a_prediction_has_both_halves_and_is_that_of_predict() -> None:
    step = sampler().begin()
    prediction = step.prediction(1)
    assert (prediction.eps == step.predict(tile=1)).all()
    assert prediction.eps_uncond is not None
    with pytest.raises(InputError, match="tile is 99"):
        step.prediction(99)


def test_the_panel_pictures_each_phase_and_forgets_it_at_a_run() -> None:
    panel = opened(neighbourly)
    stages = []
    for _ in range(40):
        press(panel, "phase")
        view = panel._display.phase
        assert isinstance(view, PhaseView)
        assert view.png()
        stages.append((view._scene["stage"], view._scene["done"]))
        if view._scene["stage"] == "update":
            break
    count = len(panel.sampler.trace[0].layout.tiles)
    expected = [("pad", 0), *(("predict", k + 1) for k in range(count)), ("stitch", count), ("update", count)]
    assert stages == expected
    press(panel, "step")
    assert panel._display.phase is None
    panel.close()
