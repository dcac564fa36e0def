"""SamplerPanel without a browser: the effect of its buttons, in any order, and its messages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb.errors import SpotnbError
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.settings import RunSettings
from spotnb.sound.loading import load_audio
from spotnb.trace.trace import Trace
from spotnb.widgets.panel import SamplerPanel
from spotnb.widgets.panel_cost import planned_cost
from spotnb.widgets.panel_files import file_stem, free_path
from tests.networks import FunctionModel, Network, StereoModel, pointwise

SETTINGS = {"steps": 5, "guidance_scale": 3.0, "guidance_interval": None}  # AudioLDM's, which the form starts from


def opened(network: Any = pointwise) -> SamplerPanel:
    panel = SamplerPanel(FunctionModel(network))
    for name, value in {"duration": 4.0, "steps": 5, "tile": 32}.items():
        getattr(panel.form, name).value = value
    return panel


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SamplerPanel]:
    monkeypatch.chdir(tmp_path)
    made = opened()
    yield made
    made.close()


def done(panel: SamplerPanel) -> SamplerPanel:
    panel.wait(60)
    assert not panel._run.busy
    return panel


def press(panel: SamplerPanel, name: str) -> SamplerPanel:
    assert not panel.buttons[name].disabled, name
    panel.buttons[name].click()
    return done(panel)


def enabled(panel: SamplerPanel) -> set[str]:
    return {name for name, button in panel.buttons.items() if not button.disabled}


def test_run_gives_what_a_sampler_gives(panel: SamplerPanel) -> None:
    assert (panel.sampler, panel.waveform, panel.inspector) == (None, None, None)
    assert enabled(panel) == {"run", "step", "phase"}
    press(panel, "run")
    settings = SETTINGS | {"config": panel.form.config}
    expected = SpotSampler(FunctionModel(pointwise), "calm piano", 4.0, **settings).run(progress=False)
    assert panel.waveform is not None
    assert (panel.waveform == expected.decode()).all()
    assert panel.inspector is not None
    assert (panel.inspector._count, panel.inspector.step) == (5, 4)
    assert panel.result is not None
    assert (panel.status.share, panel.status.busy, panel.status.trouble) == (1.0, False, "")
    assert enabled(panel) == {"run", "step", "phase", "reset", "fork", "wav", "trace"}


def test_steps_and_phases_and_runs_in_any_order_give_the_same(panel: SamplerPanel) -> None:
    press(panel, "step")
    press(panel, "phase")
    assert "padded by" in panel.status.doing
    for _ in range(2):
        press(panel, "phase")
    assert "tile 1 predicted, 2 of" in panel.status.doing
    press(panel, "step")  # finish the step
    assert panel.sampler.steps_done == 2
    for _ in range(40):
        if panel.sampler.steps_done > 2:
            break
        press(panel, "phase")
    press(panel, "run")
    settings = SETTINGS | {"config": panel.form.config}
    whole = SpotSampler(FunctionModel(pointwise), "calm piano", 4.0, **settings).run(progress=False)
    assert (panel.sampler.latent == whole.latent).all()
    assert panel.waveform is not None


def test_a_pause_keeps_what_is_done_and_run_goes_on(tmp_path: Path) -> None:
    reached, go_on = threading.Event(), threading.Event()
    calls = []

    def network(x: Any, t: Any, cond: Any) -> Any:
        calls.append(int(t[0]))
        if len(calls) == 4:
            reached.set()
            assert go_on.wait(30)
        return pointwise(x, t, cond)

    panel = opened(network)
    panel._foresight.cancel()  # its windows would be counted, too
    panel.buttons["run"].click()
    assert reached.wait(30)
    assert enabled(panel) == {"pause"}
    panel.run()  # a second run has no effect
    panel.buttons["pause"].click()
    go_on.set()
    done(panel)
    assert "Paused" in panel.status.doing
    assert not panel.sampler.done
    before = len(calls)
    assert before <= 6
    press(panel, "run")
    assert panel.sampler.done
    settings = SETTINGS | {"config": panel.form.config}
    whole = SpotSampler(FunctionModel(pointwise), "calm piano", 4.0, **settings).run(progress=False)
    assert (panel.sampler.latent == whole.latent).all()
    panel.close()


def test_fork_goes_on_from_the_step_that_is_shown(panel: SamplerPanel) -> None:
    press(panel, "run")
    run, sound = panel.sampler, panel.waveform
    assert panel.inspector is not None
    panel.inspector.step = 1
    panel.form.guidance.value = 4.0
    assert "Run makes a new sound" in panel.status.hint
    press(panel, "fork")
    assert panel.sampler is not run
    assert (panel.sampler.steps_done, panel.sampler.guidance_scale) == (2, 4.0)
    assert panel.waveform is sound
    assert panel.runs[0].sampler is run  # the fork has thrown nothing away
    assert "that of the run before" in panel.status.hint
    assert panel.status.doing == "Forked before step 2; changed: Guidance"
    press(panel, "run")
    assert (panel.sampler.latent == run.fork(at=2, guidance_scale=4.0).run(progress=False).latent).all()
    assert panel.waveform is not sound
    assert panel.status.hint == ""


@pytest.mark.parametrize("action", ["step", "phase"])
def test_a_finished_sound_stays_until_the_next_one_is_there(panel: SamplerPanel, tmp_path: Path, action: str) -> None:
    press(panel, "run")
    sound, result, run = panel.waveform, panel.result, panel.sampler
    panel.form.prompt.value = "rain"
    press(panel, action)
    assert panel.sampler is not run
    assert (panel.waveform is sound, panel.result is result) == (True, True)
    assert "that of the run before" in panel.status.hint
    press(panel, "wav")
    assert (tmp_path / "calm-piano-0.wav").exists()
    press(panel, "run")
    assert panel.waveform is not sound
    assert panel.result is not result
    assert "run before" not in panel.status.hint
    press(panel, "step")
    press(panel, "reset")
    assert (panel.sampler, panel.waveform, panel.result) == (None, None, None)


def failing(fails: threading.Event, message: str) -> Network:
    """Return a network that raises an error once `fails` is set."""

    def network(x: Any, t: Any, cond: Any) -> Any:
        if fails.is_set():
            raise RuntimeError(message)
        return pointwise(x, t, cond)

    return network


def test_a_failed_run_keeps_the_sound_before() -> None:
    fails = threading.Event()
    panel = opened(failing(fails, "no luck"))
    press(panel, "run")
    sound = panel.waveform
    fails.set()
    press(panel, "run")
    assert "no luck" in panel.status.trouble
    assert sound is not None
    assert panel.waveform is sound
    panel.close()


@pytest.mark.parametrize("name", ["run", "step", "phase", "pause", "reset", "fork", "save", "to_html"])
def test_nothing_is_done_after_close(name: str, tmp_path: Path) -> None:
    panel = opened()
    panel.close()
    with pytest.raises(SpotnbError, match="this SamplerPanel was closed: expected an open one; create another one"):
        getattr(panel, name)(*([tmp_path / "x.html"] if name == "to_html" else []))
    assert panel.sampler is None
    panel.close()
    panel.wait()
    assert not list(tmp_path.iterdir())


def test_a_fork_that_cannot_be_is_told_and_harms_nothing(panel: SamplerPanel) -> None:
    press(panel, "step")
    run = panel.sampler
    panel.form.steps.value = 7
    assert "Fork continues with the new settings" in panel.status.hint
    assert panel.status.fork == (
        "Fork keeps calm piano · spot · seed 0 up to step 0 / 4, and goes on with the settings of the form."
    )
    press(panel, "fork")
    assert panel.form.view.trouble["field"] == "steps"
    assert "A fork cannot change Steps" in panel.form.view.trouble["text"]
    assert panel.status.trouble == ""
    assert panel.sampler is run
    press(panel, "run")
    assert len(panel.sampler.trace) == 5
    press(panel, "fork")
    assert "no step follows the last one" in panel.status.trouble


def test_what_a_button_said_stays_until_the_form_changes(panel: SamplerPanel) -> None:
    press(panel, "step")
    steps = panel.form.steps.value
    panel.form.steps.value = steps + 1
    press(panel, "fork")  # before the panel has told of the change
    panel._foresight.wait()
    assert panel.form.view.trouble["field"] == "steps"
    panel.form.steps.value = steps
    panel._foresight.wait()
    assert panel.form.view.trouble["text"] == ""


def test_reset_forgets_the_run(panel: SamplerPanel) -> None:
    press(panel, "run")
    press(panel, "reset")
    assert (panel.sampler, panel.waveform, panel.inspector, panel.result) == (None, None, None, None)
    panel.form.steps.value = 2
    press(panel, "run")
    assert len(panel.sampler.trace) == 2


def test_a_run_that_fails_leaves_the_last_whole_step() -> None:
    fails = threading.Event()
    panel = opened(failing(fails, "no\nluck <b>at all</b>"))
    press(panel, "step")
    fails.set()
    press(panel, "run")
    assert panel.status.trouble == "RuntimeError: no luck <b>at all</b>"
    assert "Traceback" in panel.status.details
    assert panel.sampler.steps_done == 1
    fails.clear()
    press(panel, "run")
    assert panel.sampler.done
    assert (panel.status.trouble, panel.status.details) == ("", "")
    panel.close()


def test_a_form_that_cannot_be_is_told_in_one_line(panel: SamplerPanel) -> None:
    panel._run.tell(trouble="an error of an earlier run")
    panel.form.tile.value = 31
    press(panel, "run")
    assert (panel.form.view.trouble["field"], panel.status.trouble) == ("tile_size_time", "")
    assert panel.form.view.trouble["text"].startswith("Tile frames is 31: expected")
    assert panel.status.cost == "unknown until the form is corrected"
    panel.form.prompt.value = "0-3: rain\norgan"
    panel.buttons["run"].click()
    assert "has no times" in panel.form.view.trouble["text"]
    assert panel.sampler is None
    panel.form.prompt.value, panel.form.tile.value = "rain", 32
    press(panel, "run")
    assert (panel.form.view.trouble["text"], panel.form.view.trouble["field"]) == ("", "")


def test_cost_is_told_before_a_run(panel: SamplerPanel) -> None:
    panel._foresight.tell()
    assert "windows" in panel.status.cost
    assert "about 1 s" in panel.status.cost
    panel.form.edge.value = "merge"
    settings = panel.form.settings()
    layouts = [SpotSampler(FunctionModel(pointwise), **settings).layout(k) for k in range(5)]
    assert planned_cost(settings).startswith(f"{sum(len(layout.tiles) for layout in layouts)} windows, 1.00 times")
    panel.form.prompt.value = "0-3: rain"
    panel._foresight.tell()
    assert "leaves a gap" in panel.form.view.trouble["text"]


def test_sound_and_trace_are_saved_beside_the_notebook(panel: SamplerPanel, tmp_path: Path) -> None:
    assert panel.save() is None
    assert "nothing to save" in panel.status.trouble
    panel.form.prompt.value = "../../a <b>sea</b>"
    press(panel, "run")
    press(panel, "wav")
    assert panel.status.doing == "Saved a-b-sea-b-0.wav"
    press(panel, "wav")
    assert panel.waveform is not None
    for name in ("a-b-sea-b-0.wav", "a-b-sea-b-0-2.wav"):
        assert np.abs(load_audio(tmp_path / name) - panel.waveform).max() < 1e-4
    press(panel, "trace")
    assert len(Trace.load(tmp_path / "a-b-sea-b-0.npz")) == 5
    assert panel.save("trace", tmp_path / "x.txt") is None
    assert ".npz" in panel.status.trouble


def test_file_names_are_letters_and_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_stem(RunSettings("…/..\\", seed=3)) == "sound-3"
    monkeypatch.chdir(tmp_path)
    Path("sound-3.wav").touch()
    assert free_path("sound-3", ".wav") == Path("sound-3-2.wav")


def test_closing_gives_every_widget_back() -> None:
    from ipywidgets.widgets.widget import _instances

    before = len(_instances)
    panel = opened()
    press(panel, "run")
    panel.close()
    assert len(_instances) == before


def parts(page: str) -> int:
    return page.count("application/json")


def test_a_page_and_a_picture_at_any_time(panel: SamplerPanel, tmp_path: Path) -> None:
    panel._foresight.plan()
    page = panel.to_html("run.html").read_text("utf-8")
    assert parts(page) == 2  # what the settings mean, and the tiles
    assert "104 latent frames" in page
    pictures = [panel.png()]
    press(panel, "step")
    panel.form.prompt.value = "anything"
    assert parts(panel.to_html("run.html").read_text("utf-8")) == 1
    pictures.append(panel.png())
    press(panel, "run")
    page = panel.to_html("run.html").read_text("utf-8")
    assert parts(page) == 2
    assert "<h1>calm piano · spot · seed 0</h1>" in page
    pictures.append(panel.png())
    assert len({picture for picture in pictures if picture and picture[:4] == b"\x89PNG"}) == 3
    assert "image/png" in panel._repr_mimebundle_()
    press(panel, "run")
    assert parts(panel.to_html("run.html").read_text("utf-8")) == 4  # and two kept runs


def test_the_panel_says_what_looks_like_a_timeline(panel: SamplerPanel) -> None:
    panel.form.prompt.value = "0:00-0:10: rain"
    press(panel, "run")
    assert "looks like part of a timeline" in panel.form.view.trouble["text"]
    assert panel.sampler is None


def test_the_panel_notes_what_the_model_does_not_read(panel: SamplerPanel) -> None:
    model = panel._run.load()
    model.unknown_words = lambda text: [word for word in text.split() if word.startswith("z")]
    panel.form.prompt.value = "a zither"
    press(panel, "step")
    assert "the model does not know: zither" in panel.status.hint


def test_the_form_starts_from_what_suits_the_model() -> None:
    tiny = SamplerPanel()
    assert (tiny.form.steps.value, tiny.form.guidance.value, tiny.form.tile.value) == (25, 2.5, 128)
    assert tiny.form.settings()["guidance_interval"] == (100, 800)
    plain = SamplerPanel(FunctionModel(pointwise))
    assert (plain.form.steps.value, plain.form.guidance.value, plain.form.tile.value) == (50, 3.0, 256)
    assert plain.form.settings()["guidance_interval"] is None
    own = SamplerPanel(StereoModel(pointwise))
    assert (own.form.steps.value, own.form.guidance.value, own.form.tile.value) == (3, 1.5, 32)
    for panel in (tiny, plain, own):
        panel.close()


def test_a_model_that_is_loaded_late_changes_what_was_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotnb.models.load.load_model", lambda name: StereoModel(pointwise))
    panel = SamplerPanel("some/repository")
    assert (panel.form.steps.value, panel.form.tile.value) == (50, 256)
    panel.form.duration.value, panel.form.guidance.value = 3.0, 2.0
    press(panel, "run")
    assert panel.status.trouble == ""
    settings = panel.sampler.settings()
    assert (settings["steps"], settings["guidance_scale"], settings["config"].tile_size_time) == (3, 2.0, 32)
    assert (panel.form.steps.value, panel.form.guidance.value) == (3, 2.0)
    panel.close()


def test_two_channels_at_44_khz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    panel = SamplerPanel(StereoModel(pointwise))
    panel.form.duration.value = 3.3
    panel._foresight.tell()
    run = SpotSampler(StereoModel(pointwise), **panel.form.settings())
    assert f"times the {run.frames} frames" in panel.status.cost
    press(panel, "run")
    assert panel.waveform is not None
    assert panel.waveform.shape == (2, round(3.3 * 44100))
    scene = panel.result._scene if panel.result else {}
    assert scene["framesPerSecond"] == pytest.approx(44100 / 2048)
    assert scene["seconds"] == pytest.approx(3.3)
    assert scene["melFrames"] / scene["melRate"] == pytest.approx(3.3)
    assert panel.result is not None
    assert panel.result.png() is not None
    press(panel, "wav")
    (path,) = tmp_path.glob("*.wav")
    assert np.abs(load_audio(path, 44100, channels=2) - panel.waveform).max() <= 2**-15
    assert panel.to_html(tmp_path / "page.html").exists()
    panel.close()
