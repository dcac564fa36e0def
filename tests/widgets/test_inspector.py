"""LatentInspector without a browser: its data, its checks, live updates, and decoding."""

from __future__ import annotations

import base64
import gc
import io
import json
import subprocess
import sys
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.packing import COLUMNS, QUANTITIES, Thinning, pack
from spotnb.widgets.quantise import STATISTICS
from tests.networks import FunctionModel, StereoModel, pointwise

CONFIG = SpotDiffusionConfig(16)


def sampler(**settings: Any) -> SpotSampler:
    settings = {"duration": 1.6, "steps": 5, "config": CONFIG} | settings
    return SpotSampler(FunctionModel(pointwise), "a sea", **settings)


def synthetic(
    frames: int = 40, steps: int = 3, channels: int = 2, bins: int = 4, tile: int = 16, **arrays: Any
) -> Trace:
    """Return a trace of random values."""
    random = np.random.default_rng(0)
    records = []
    for step in range(steps):
        x0, noise = (random.normal(size=(1, channels, frames, bins)).astype(np.float32) for _ in range(2))
        found = {"x": 0.6 * x0 + 0.8 * noise, "x0": x0, "noise": noise} | arrays
        layout = plan(frames, SpotDiffusionConfig(tile), step)
        records.append(StepRecord(step, 900 - step, layout.shift, layout, seconds=0.1, **found))
    return Trace(records=records)


def unpacked(facts: dict[str, Any], data: bytes, name: str, channels: int, bins: int) -> np.ndarray:
    """Return the values of a plane as the page reads them."""
    count = 6 * channels + 4 * (channels + 1) * len(STATISTICS)
    numbers = np.frombuffer(data, "<f4", count)
    low, scale = numbers[: 6 * channels].reshape(3, 2, channels)[("x", "x0", "noise").index(name)]
    codes = np.frombuffer(data, np.uint8, offset=4 * count).reshape(len(facts["planes"]), channels, -1, bins)
    values = low[:, None, None] + codes[facts["planes"].index(name)] * scale[:, None, None]
    return np.asarray(values)


def test_what_travels_is_what_was_recorded() -> None:
    run = sampler().run(progress=False)
    for k, record in enumerate(run.trace):
        before = run.trace[k - 1] if k else None
        packed = pack(record, before)
        assert packed.facts["bytes"] == len(packed.data)
        assert packed.facts["has"] == list(QUANTITIES)
        assert json.dumps(packed.facts)
        for name in packed.facts["planes"]:
            plane = getattr(record, name)[0]
            assert np.abs(unpacked(packed.facts, packed.data, name, 2, 4) - plane).max() <= np.ptp(plane) / 504 + 1e-5
        rule = packed.facts["noise"]
        assert ("noise" in packed.facts["planes"]) == (rule is None)
        if rule is not None:
            assert before is not None or rule["base"] == "after"
            base = record.x if rule["base"] == "after" or before is None else before.x
            assert base is not None
            assert record.noise == pytest.approx((base - rule["signal"] * record.x0) / rule["level"], abs=0.02)
    assert all(pack(record, None).facts["noise"]["base"] == "after" for record in synthetic())


@pytest.mark.parametrize(("mode", "has"), [("x0", ["x0"]), ("all", list(QUANTITIES))])
def test_what_was_not_recorded_is_not_offered(mode: str, has: list[str]) -> None:
    run = sampler(record=mode).run(progress=False)
    widget = LatentInspector(run.trace)
    assert all(facts["has"] == has for facts in widget.get_state("_begun")["_begun"]["records"])
    widget.quantity = "noise"
    assert (widget.draw() is None) == (mode == "x0")
    widget.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", 3),
        ("step", -1),
        ("quantity", "y"),
        ("channel", 2),
        ("colour_range", "x"),
        ("selected_frame", 40),
        ("selected_bin", 4),
    ],
)
def test_wrong_values_are_refused_in_one_line(name: str, value: Any) -> None:
    widget = LatentInspector(synthetic())
    with pytest.raises(InputError) as caught:
        setattr(widget, name, value)
    assert "expected" in str(caught.value)
    widget.close()


def test_wrong_runs_are_refused() -> None:
    for wrong in (None, 3, np.zeros(3)):
        with pytest.raises(InputError, match="expected a Trace; a sampler has one"):
            LatentInspector(wrong)
    with pytest.raises(InputError, match="no records"):
        LatentInspector(Trace())
    with pytest.raises(InputError, match="candidate"):
        LatentInspector(synthetic(), candidate=1)


def test_it_follows_a_sampler() -> None:
    run = sampler()
    widget = LatentInspector(run)
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    assert (widget._count, widget.step) == (0, 0)
    for k in range(3):
        run.step()
        widget.refresh()
        assert (widget._count, widget.step) == (k + 1, k)
    assert [content["from"] for content, _ in sent] == [0, 1, 2]
    widget.refresh()
    assert len(sent) == 3
    widget.step = 0  # do not interrupt a user who looks at an earlier step
    run.step()
    widget.refresh()
    assert widget.step == 0
    state = widget.get_state()["_begun"]
    assert len(state["records"]) == 4
    assert sum(facts["bytes"] for facts in state["records"]) == len(zlib.decompress(state["data"]))
    run.goto(2)
    widget.refresh()
    assert (widget._count, widget._edition, widget.step) == (2, 1, 0)
    run.reset(seed=5)
    run.step()
    widget.refresh()
    assert (widget._count, sent[-1][0]["from"], sent[-1][0]["edition"]) == (1, 0, 2)
    widget.close()


def test_a_page_may_ask_for_records_and_detail() -> None:
    widget = LatentInspector(synthetic(frames=5000))
    assert widget._thinning == Thinning(factor=3, every=1)
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._asked(widget, {"type": "records", "from": 1}, [])
    assert (sent[-1][0]["from"], len(sent[-1][0]["records"])) == (1, 2)
    widget._asked(widget, {"type": "detail", "step": 2, "start": 100, "stop": 1100}, [])
    content, (data,) = sent[-1]
    assert (content["index"], content["factor"]) == (2, 1)
    x0 = widget.trace[2].x0
    assert x0 is not None
    assert unpacked(content["facts"], data, "x0", 2, 4) == pytest.approx(x0[0, :, 100:1100], abs=0.05)
    for wrong in ({"step": 9}, {"start": -1}, {"stop": 10**9}, {"stop": "x"}, {"start": None}):
        widget._asked(widget, {"type": "detail", "step": 0, "start": 0, "stop": 9} | wrong, [])
        assert sent[-1][0]["type"] == "trouble"
    widget.close()


def test_long_runs_are_thinned_to_the_budget() -> None:
    for frames, records in ((768, 50), (15_000, 200), (90_000, 50), (16, 1000)):
        thin = Thinning.of(frames, 128, records)
        columns = -(-frames // thin.factor)
        assert columns <= COLUMNS
        assert 2 * columns * 128 * -(-records // thin.every) <= 12_000_000 + 2 * columns * 128
    assert Thinning.of(768, 128, 50) == Thinning()


def test_hearing_takes_a_model() -> None:
    run = sampler().run(progress=False)
    widget = LatentInspector(run.trace)
    with pytest.raises(SpotnbError, match="pass the model"):
        widget.decode()
    widget.close()
    for given in ((run,), (run.trace, run.model)):
        widget = LatentInspector(*given)
        widget.decode(2)
        widget.wait(30)
        assert widget._sound["step"] == 2
        assert bytes(widget._sound["data"][:4]) == b"fLaC"
        heard, rate = soundfile.read(io.BytesIO(widget._sound["data"]))
        assert rate == 16000
        assert heard == pytest.approx(run.decode(2, of="x0"), abs=1e-4)
        widget.close()


def test_a_decoder_that_fails_is_told() -> None:
    run = sampler(record="all").run(progress=False)
    widget = LatentInspector(run)

    def fails(latent: Any) -> Any:
        raise RuntimeError("two\nlines")

    run.model.decode_mel = fails  # type: ignore[method-assign]
    widget.decode(0)
    widget.wait(30)
    assert widget._sound["error"] == "two lines"
    widget.close()


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_there_is_a_picture_where_no_browser_runs(quantity: str) -> None:
    widget = LatentInspector(synthetic())
    widget.quantity, widget.step = quantity, 2
    for channel in (None, 1):
        widget.channel = channel
        png = widget.png()
        assert png is not None
        assert png.startswith(b"\x89PNG")
    widget.close()


def test_a_picture_of_nan_does_not_fail() -> None:
    widget = LatentInspector(synthetic(x0=np.full((1, 2, 40, 4), np.nan, np.float32)))
    assert widget.png() is not None
    widget.close()


def test_a_page_of_its_own_holds_the_run_and_the_sound(tmp_path: Path) -> None:
    run = sampler().run(progress=False)
    silent, heard = LatentInspector(run.trace), LatentInspector(run)
    sizes = [widget.to_html(tmp_path / "page.html").stat().st_size for widget in (silent, heard)]
    sound = base64.b64encode(heard._decoding.sounds[heard.step]).decode()
    assert sound in (tmp_path / "page.html").read_text()
    assert sizes[1] > sizes[0] + len(sound)
    for widget in (silent, heard):
        widget.close()


@pytest.mark.parametrize("channel", [None, 1])
def test_the_picture_has_the_spectrogram_once_it_is_decoded(channel: int | None) -> None:
    widget = LatentInspector(sampler().run(progress=False))
    widget.channel, widget.step = channel, 2
    before = widget.draw()
    widget._decoding.now("spectrogram", 2)
    after = widget.draw()
    assert before is not None
    assert after is not None
    assert len(after.axes) == len(before.axes) + 1
    latent, mel = after.axes[0], after.axes[-1]
    assert mel.get_xlim() == latent.get_xlim() == (0, widget.shape[2] / 25)
    assert mel.images[0].get_extent()[1] == pytest.approx(widget.shape[2] / 25)
    assert [label.get_text() for label in mel.get_yticklabels()] == ["250", "1000", "4000"]
    widget.close()


def test_a_loaded_trace_needs_no_torch(tmp_path: Path) -> None:
    path = synthetic().save(tmp_path / "run.npz")
    code = f"""
import sys
sys.modules["torch"] = sys.modules["diffusers"] = None
from spotnb.trace.trace import Trace
from spotnb.widgets.inspector import LatentInspector
w = LatentInspector(Trace.load({str(path)!r}))
w.step = 2
assert w.png()
w.to_html({str(tmp_path / "page.html")!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "page.html").stat().st_size > 10_000


def test_closing_gives_everything_back() -> None:
    trace = synthetic()
    widget = LatentInspector(trace)
    widget.close()
    gone = weakref.ref(widget)
    del widget
    gc.collect()
    assert gone() is None


def test_two_channels_of_a_latent_of_one_bin(tmp_path: Path) -> None:
    run = SpotSampler(StereoModel(pointwise), "a sea", 3.0, 2, config=SpotDiffusionConfig(32)).run(progress=False)
    run.trace.save(tmp_path / "a.npz")
    for widget in (LatentInspector(run), LatentInspector(tmp_path / "a.npz", StereoModel(pointwise))):
        assert widget._scene["framesPerSecond"] == pytest.approx(44100 / 2048)
        assert (widget._scene["channels"], widget._scene["bins"]) == (64, 1)
        widget.step = 1
        widget.decode()
        widget.wait(60)
        heard, rate = soundfile.read(io.BytesIO(widget._sound["data"]), dtype="float32")
        assert (rate, heard.shape) == (44100, (3 * 44100, 2))
        assert np.abs(heard.T - run.sound(1, of="x0").waveform).max() <= 2**-15
        figure = widget.draw()
        assert figure is not None
        (axes,) = figure.axes
        record = run.trace[1]
        assert record.x0 is not None
        assert np.array_equal(np.asarray(axes.images[0].get_array()), record.x0[0, :, :, 0])
        assert axes.get_xlim()[1] == pytest.approx(run.frames * 2048 / 44100)
        widget.channel = 3
        one = widget.draw()
        assert one is not None
        assert np.asarray(one.axes[0].images[0].get_array()).shape == (1, run.frames)
        assert widget.to_html(tmp_path / "page.html").stat().st_size > 1e4
