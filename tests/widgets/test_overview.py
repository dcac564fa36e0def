"""Overview without a browser: what it takes, what it sends, and how it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spotnb import InputError, Overview, SpotDiffusionConfig, SpotSampler, generate_audio
from spotnb.plots.overview import STAGES, THEMES, draw_overview, strips
from spotnb.sound.mel import FLOOR
from spotnb.widgets.base import new_figure
from tests.networks import FunctionModel, StereoModel, neighbourly, pointwise

TILE = 32


def finished(model: Any = None, **changes: Any) -> SpotSampler:
    """Return a short finished run of three tiles."""
    settings = {"duration": 3.2, "steps": 5, "config": SpotDiffusionConfig(TILE), "seed": 3} | changes
    return SpotSampler(model or FunctionModel(pointwise), "a sea", **settings).run(progress=False)


@pytest.fixture(scope="module")
def sampler() -> SpotSampler:
    return finished()


def shades(scene: dict[str, Any], name: str) -> Any:
    """Return planes as values, `[steps, columns, rows]`."""
    planes = scene["planes"]
    codes = np.frombuffer(planes[name], np.uint8).reshape(-1, planes["columns"], scene["rows"])
    return (codes.astype(float) - 128) / 127 * scene["limit"]


def test_it_sends_the_stages_of_the_run(sampler: SpotSampler) -> None:
    widget = Overview(sampler)
    scene = widget._scene
    limit = scene["limit"]
    start = sampler.definition.start().x[0, 0].numpy()
    assert np.abs(shades(scene, "noise")[0] - start.clip(-limit, limit)).max() <= limit / 127
    for name, array in (("latents", "x"), ("estimates", "x0")):
        for sent, record in zip(shades(scene, name), sampler.trace, strict=True):
            assert np.abs(sent - getattr(record, array)[0, 0].clip(-limit, limit)).max() <= limit / 127
    assert [each["seams"] for each in scene["steps"]] == [list(record.layout.seams) for record in sampler.trace]
    assert [each["shift"] for each in scene["steps"]] == list(sampler.trace.shifts)
    sound = sampler.sound()
    assert scene["seconds"] == len(sound.waveform) / 16000 == 3.2
    assert scene["peak"] == np.abs(sound.waveform).max()
    mel = np.frombuffer(scene["mel"], np.uint8).reshape(-1, 64)
    assert len(mel) == 320  # as long as the sound, not as the latent
    low, high = scene["melRange"]
    assert low == np.log(FLOOR)
    assert np.abs(mel / 255 * (high - low) + low - sound.mel[:320].clip(low, high)).max() < (high - low) / 255
    assert (widget.stage, widget.step) == ("steps", 2)


def test_a_generation_a_trace_and_its_file_show_the_same(tmp_path: Path) -> None:
    model = FunctionModel(pointwise)
    settings: dict[str, Any] = {"duration": 3.2, "steps": 5, "config": SpotDiffusionConfig(TILE), "seed": 3}
    made = generate_audio(model, "a sea", progress=False, record="all", **settings)
    path = made.sampler.trace.save(tmp_path / "run.npz")
    scenes = [Overview(made)._scene, Overview(made.sampler.trace, model)._scene, Overview(path, model)._scene]
    assert scenes[0] == scenes[1] == scenes[2]


def test_what_it_cannot_show_is_one_line(sampler: SpotSampler) -> None:
    config = SpotDiffusionConfig(TILE)
    begun = SpotSampler(sampler.model, "a sea", duration=3.2, steps=5, config=config)
    begun.step()
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (3, {}, "run is 3: expected a finished SpotSampler"),
        (None, {}, "run is None"),
        (begun, {}, "is not finished"),
        (finished(record="last"), {}, "kept the latents of 1 of 5 steps: expected several; run it with record='all'"),
        (finished(record="x0"), {}, "kept the latents of 0 of 5 steps"),
        (sampler, {"channel": 99}, "channel is 99"),
        (sampler, {"candidate": 1}, "candidate is 1"),
    ]
    for run, options, said in wrong:
        with pytest.raises(InputError, match=re.escape(said)) as raised:
            Overview(run, **options)
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) <= 200


def test_traits_refuse_what_they_cannot_hold(sampler: SpotSampler) -> None:
    widget = Overview(sampler)
    wrong: dict[str, tuple[Any, ...]] = {"stage": ("x", 1, None), "step": (-1, 5, 1.0)}
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(InputError, match=name):
                setattr(widget, name, value)


def test_one_step_and_a_run_of_one_window(sampler: SpotSampler) -> None:
    one = Overview(finished(steps=1, record="last", method="full"))
    assert len(one._scene["steps"]) == 1
    assert one._scene["steps"][0]["seams"] == []
    assert one.png()


def test_a_stereo_model_of_one_bin_has_channels_as_rows() -> None:
    model = StereoModel(neighbourly)
    widget = Overview(SpotSampler(model, "a sea", 8.0, 3, config=SpotDiffusionConfig(64)).run(progress=False))
    scene = widget._scene
    assert (scene["bins"], scene["rows"]) == (1, model.channels)
    assert scene["seconds"] == 8
    assert widget.png()


def test_candidates_are_shown_one_by_one() -> None:
    run = finished(n_candidates=2)
    one, two = (Overview(run, candidate=k)._scene for k in range(2))
    assert (one["seed"], two["seed"]) == (3, 4)
    assert one["planes"]["noise"] != two["planes"]["noise"]


def test_a_long_run_is_sent_in_part(sampler: SpotSampler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotnb.widgets.overview_run.COLUMNS", 50)
    monkeypatch.setattr("spotnb.widgets.overview_run.BUDGET", 2 * 41 * Overview(sampler)._scene["rows"] * 3)
    scene = Overview(sampler)._scene
    planes = scene["planes"]
    assert planes["factor"] == 2
    assert planes["columns"] == -(-scene["frames"] // 2)
    assert planes["sent"][0] == 0
    assert planes["sent"][-1] == 4
    assert len(planes["sent"]) < 5
    assert shades(scene, "latents").shape[0] == len(planes["sent"])
    assert len(scene["steps"]) == 5  # the cuts of all steps


class FullSize(FunctionModel):
    """A model with latents of AudioLDM's size, and a sound like noise, which makes the largest file."""

    channels, latent_bins = 8, 16

    def decode_mel(self, latent: Tensor) -> Tensor:
        mel = latent.mean(1, keepdim=True).repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
        return torch.tanh(mel) - 5

    def vocode(self, mel: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return torch.rand((len(mel), 160 * mel.shape[2]), generator=generator) - 0.5


def test_thirty_seconds_and_fifty_steps_are_small(tmp_path: Path) -> None:
    run = finished(FullSize(pointwise), duration=30.0, steps=50, config=SpotDiffusionConfig(256))
    widget = Overview(run)
    planes = widget._scene["planes"]
    state = sum(len(value) for value in (*widget._scene.values(), *planes.values()) if isinstance(value, bytes))
    assert widget._scene["frames"] == 768
    assert 1_000_000 < state < 5_000_000
    assert widget.to_html(tmp_path / "page.html").stat().st_size < 10_000_000


@pytest.mark.parametrize("theme", THEMES)
def test_the_picture_has_five_stages_with_four_arrows(sampler: SpotSampler, theme: str) -> None:
    figure = new_figure(2.2)
    process = Overview(sampler)._process
    assert process is not None
    draw_overview(figure, process, theme)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [title for title, _ in STAGES.values()]
    assert len(figure.artists) == len(figure.axes) - 1
    seams = [line.get_xdata()[0] for line in figure.axes[1].lines[::2]]
    assert seams == [seam for record in sampler.trace for seam in record.layout.seams]


def test_the_png_stands_beside_the_view_and_is_small(sampler: SpotSampler) -> None:
    data, _ = Overview(sampler)._repr_mimebundle_()
    assert 10_000 < len(data["image/png"]) < 250_000


def test_strips_span_all_steps() -> None:
    assert strips(1) == [0]
    assert strips(3) == [0, 1, 2]
    assert strips(50)[0] == 0
    assert strips(50)[-1] == 49
    assert len(strips(50)) == 7
