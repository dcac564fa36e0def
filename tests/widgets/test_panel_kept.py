"""The kept runs of the panel: nothing is lost by any button, memory is bounded, and only Remove throws away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb.errors import InputError, SpotnbError
from spotnb.widgets import panel_kept
from spotnb.widgets.panel import SamplerPanel
from tests.widgets.test_panel import done, opened, press


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SamplerPanel]:
    monkeypatch.chdir(tmp_path)
    made = opened()
    yield made
    made.close()


def test_a_finished_run_is_kept_with_all_that_its_card_says(panel: SamplerPanel) -> None:
    press(panel, "run")
    panel.form.prompt.value, panel.form.seed.value, panel.form.method.value = "rain", 9, "tiles"
    (kept,) = panel.runs
    assert kept.name == "1: calm piano · spot · seed 0"
    assert kept.waveform is panel.waveform
    scene = kept.card._scene
    assert (scene["prompt"], scene["method"], scene["seed"], scene["last"]) == ("calm piano", "spot", 0, 4)
    assert scene["score"] == pytest.approx(list(kept.generation.grid_score())[:2])
    assert scene["sound"][:4] == b"fLaC"
    assert len(scene["envelope"]) == 2 * panel_kept.COLUMNS
    assert kept.card.current
    assert kept.card.png()
    assert panel.result is not None
    assert panel.result._scene["prompt"] == "calm piano"  # whatever the form says by now


@pytest.mark.parametrize(
    "act",
    [
        lambda panel: press(panel, "run"),
        lambda panel: press(panel, "step"),
        lambda panel: press(panel, "phase"),
        lambda panel: press(panel, "reset"),
        lambda panel: (setattr(panel.inspector, "step", 1), press(panel, "fork")),
        lambda panel: (setattr(panel.form.prompt, "value", "rain"), press(panel, "run")),
    ],
    ids=["run", "step", "phase", "reset", "fork", "prompt"],
)
def test_no_button_loses_a_finished_run(panel: SamplerPanel, act: Callable[[SamplerPanel], object]) -> None:
    press(panel, "run")
    run, sound = panel.sampler, panel.waveform
    act(panel)
    kept = panel.runs[0]
    assert kept.sampler is run
    assert kept.waveform is sound
    panel.show_run(1)
    assert panel.sampler is run
    assert panel.waveform is sound


@pytest.mark.parametrize("name", ["reset", "fork"])
def test_no_button_loses_an_unfinished_run(panel: SamplerPanel, name: str) -> None:
    press(panel, "step")
    press(panel, "step")
    run = panel.sampler
    panel.form.guidance.value = 1.5
    press(panel, name)
    (kept,) = panel.runs
    assert kept.sampler is run
    assert (kept.card._scene["sound"], kept.card._scene["last"]) == (None, 1)
    assert kept.card.png()
    panel.show_run(1)
    assert len(panel.runs) == {"reset": 1, "fork": 2}[name]
    press(panel, "run")
    assert run.done
    assert panel.runs[0].waveform is panel.waveform
    assert kept.card._scene["sound"][:4] == b"fLaC"


def test_runs_are_compared(panel: SamplerPanel) -> None:
    press(panel, "run")
    panel.form.method.value = "tiles"
    press(panel, "run")
    panel._display.head._handle_custom_msg({"press": "compare"}, [])
    assert "got 0 runs" in panel._display.head.trouble
    for kept in panel.runs:
        kept.card.chosen = True
    assert panel._display.head.chosen == 2
    panel._display.head._handle_custom_msg({"press": "compare"}, [])
    assert panel._display.head.trouble == ""
    comparison = panel.comparison
    assert comparison is not None
    assert comparison.names == ("calm piano · spot · seed 0", "calm piano · tiles · seed 0")
    assert panel._display.right_column[0] is comparison
    press(panel, "reset")
    assert panel.comparison is comparison
    assert panel.compare([]) is None
    assert panel.comparison is None
    with pytest.raises(InputError, match="there is no run 3: expected one of"):
        panel.compare([1, 3])
    with pytest.raises(InputError, match="got 1 runs: expected 2 to 4"):
        panel.compare([1])
    press(panel, "step")
    press(panel, "reset")
    with pytest.raises(InputError, match="run 3 is not finished"):
        panel.compare([1, 3])


def test_only_remove_throws_away(panel: SamplerPanel) -> None:
    press(panel, "run")
    press(panel, "run")
    first, second = panel.runs
    first.card._handle_custom_msg({"do": "remove"}, [])
    assert [kept.number for kept in panel.runs] == [2]
    second.card._handle_custom_msg({"do": "anything"}, [])
    assert panel.waveform is not None
    panel.remove(2)
    assert (panel.runs, panel.sampler, panel.waveform, panel.result) == ((), None, None, None)
    with pytest.raises(InputError, match="there is no run 2"):
        panel.remove(2)


def test_nothing_is_shown_or_removed_while_the_panel_works(panel: SamplerPanel) -> None:
    press(panel, "run")
    panel._run._busy = True
    try:
        for act in (panel.show_run, panel.remove):
            with pytest.raises(SpotnbError, match="the panel is working"):
                act(1)
    finally:
        panel._run._busy = False
    assert len(panel.runs) == 1


def test_older_runs_lose_their_steps_but_never_their_sound(
    panel: SamplerPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(panel, "run")
    size = panel.runs[0].trace_bytes
    assert size == 5 * 3 * panel.sampler.latent.numel() * 4
    monkeypatch.setattr(panel_kept, "BUDGET", 2 * size)
    sounds = [panel.waveform]
    user = panel.sampler
    for seed in (1, 2):
        panel.form.seed.value = seed
        press(panel, "run")
        sounds.append(panel.waveform)
    assert [len(kept.sampler.trace) for kept in panel.runs] == [1, 5, 5]
    assert [kept.complete for kept in panel.runs] == [False, True, True]
    assert panel.runs[0].card.note == panel_kept.ONLY_LAST
    assert all(kept.waveform is sound for kept, sound in zip(panel.runs, sounds, strict=True))
    assert len(user.trace) == 5  # whoever holds the run itself keeps its steps
    panel.show_run(1)
    assert panel.inspector is not None
    assert len(panel.inspector.records) == 1
    assert (panel.runs[0].generation.sampler.decode() == sounds[0]).all()
    panel.compare([1, 3])
    assert panel.runs[0].generation.seams == user.trace[-1].layout.seams


def test_what_a_page_sends_is_not_trusted(panel: SamplerPanel) -> None:
    for content in (None, 3, {}, {"press": "close_kernel"}, {"press": ["run"]}, {"values": 3, "press": "fork"}):
        panel._heard(None, content, None)
    assert panel.sampler is None
    panel._heard(None, {"press": "step", "values": {"prompt": "rain", "seed": 4, "__class__": 3}}, None)
    done(panel)
    assert (panel.sampler.prompt, panel.sampler.seed) == ("rain", 4)  # what was typed just before the click
    assert "__class__" not in panel.form.view.values


def test_the_small_latent_keeps_its_sign() -> None:
    plane = np.linspace(-2, 2, 64, dtype=np.float32).reshape(4, 16)
    codes = np.frombuffer(panel_kept.coded(plane), np.uint8).reshape(4, 16)
    assert (np.sign(codes.astype(int) - 128) == np.sign(np.rint(plane * 60))).all()
    assert panel_kept.coded(np.zeros((2, 2), np.float32)) == bytes([128] * 4)
