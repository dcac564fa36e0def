"""The form of the panel: its fields come from the declarations of settings, and its values are checked by them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb import SpotSampler, load_model
from spotnb.errors import InputError, SpotnbError
from spotnb.models.defaults import AUDIOLDM
from spotnb.models.words import read_text
from spotnb.sampling.settings import FIXED, RunSettings
from spotnb.support.options import option
from spotnb.widgets import panel_fields
from spotnb.widgets.panel import SamplerPanel
from spotnb.widgets.panel_cost import Plan
from spotnb.widgets.panel_fields import GROUPS, PAIR, Field, form_fields
from spotnb.widgets.panel_form import EXAMPLES, Form
from spotnb.widgets.panel_words import changed_labels, in_words_of_form
from tests.networks import FunctionModel, pointwise
from tests.widgets.test_panel import opened

USUAL = {"tile_size_time": 256, **AUDIOLDM}


@pytest.fixture
def panel() -> Iterator[SamplerPanel]:
    made = opened()
    yield made
    made.close()


def test_three_fields_are_open_and_every_other_one_is_in_a_group_with_help() -> None:
    fields = form_fields()
    assert [field.name for field in fields if not field.group] == ["prompt", "duration", "seed"]
    assert {field.group for field in fields} == set(GROUPS)
    for field in fields:
        assert field.help.endswith(".")
        assert "`" not in field.help
        assert len(field.help) < 120
        assert field.unit or field.kind not in ("number",), field.name


def another(field: Field, value: object) -> object:
    """Return a valid value of a field other than the one that it has."""
    special = {"prompt": "rain", "tile_size_time": 64, "guided_to": 999}
    if field.name in special:
        return special[field.name]
    if field.choices:
        return next(choice for choice in field.choices if choice != value)
    if field.kind == "text":
        return "rain"
    if value is None:
        return 8
    assert isinstance(value, int | float)
    return value + 1 if field.kind == "whole" else value / 2 or 0.5


@pytest.mark.parametrize("field", form_fields(), ids=lambda field: field.name)
def test_each_change_is_told_by_the_label_of_its_field(field: Field) -> None:
    form = Form(lambda: None, USUAL | {"guidance_interval": (100, 800)})
    before = form.settings()
    assert changed_labels(before, form.settings()) == []
    form.controls[field.name].value = another(field, form.controls[field.name].value)
    label = "Guided interval" if field.name in PAIR else field.label
    assert changed_labels(before, form.settings()) == [label]


def test_a_setting_that_is_declared_later_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclasses.dataclass(frozen=True)
    class Later(RunSettings):
        finish_walks: int = option(2, check=lambda value: value, kind="whole", help="Steps that walk. More words.")

    monkeypatch.setattr(panel_fields, "RunSettings", Later)
    (field,) = [field for field in form_fields() if field.name == "finish_walks"]
    assert (field.label, field.group, field.kind, field.help) == (
        "Finish walks",
        "Advanced",
        "whole",
        "Steps that walk.",
    )
    form = Form(lambda: None, USUAL)
    form.finish_walks.value = 3
    assert form.settings()["finish_walks"] == 3


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("steps", "", "steps is ''"),
        ("steps", 2.5, "steps is 2.5"),
        ("duration", "ten", "duration is 'ten'"),
        ("seed", -1, "seed is -1"),
        ("guidance", None, "guidance_scale is None"),
        ("tile", "", "tile_size_time is ''"),
        ("prompt", 3, "prompt is 3"),
        ("prompt", " ", "prompt is ''"),
        ("method", "magic", "method is 'magic'"),
        ("guided_from", 900, "guidance_interval"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(name: str, value: object, message: str) -> None:
    form = Form(lambda: None, {**USUAL, "guidance_interval": (100, 700)})
    getattr(form, name).value = value
    with pytest.raises(InputError, match=message):
        form.settings()


@pytest.mark.parametrize("name", sorted(FIXED & {field.name for field in form_fields()}))
def test_no_refusal_of_a_fork_speaks_of_python(name: str) -> None:
    run = SpotSampler(FunctionModel(pointwise), "rain", 4.0, steps=3)
    with pytest.raises(InputError) as refused:
        run.fork(**{name: {"duration": 5.0, "solver": "dpm++"}.get(name, 4)})
    at, words = in_words_of_form(str(refused.value))
    assert at == name
    assert not re.search(r"None|=|_|Python|sampler", words), words


@pytest.mark.parametrize("field", form_fields(), ids=lambda field: field.name)
def test_no_refusal_speaks_of_python(field: Field) -> None:
    form = Form(lambda: None, USUAL | {"guidance_interval": (100, 800)})
    control = form.controls[field.name]
    refused = 0
    for value in (None, "", "x", -1, 7, 2.5, 1001, 1e9, float("nan"), True):
        control.value = value
        try:
            SpotSampler(FunctionModel(pointwise), **form.settings())
        except SpotnbError as error:
            refused += 1
            at, words = form.fault(error)
            assert at in (PAIR if field.name in PAIR else (field.name,))
            assert not re.search(r"None|''|=|_(?!noisy)|Python|sampler", words), words
    assert refused


@pytest.mark.parametrize(
    ("message", "changes", "field", "words"),
    [
        ("duration is 0 s: expected more", {}, "duration", "Seconds is 0 s: expected more"),
        ("min_overlap is 9: expected less than tile_size_time", {}, "min_overlap", "Overlap is 9: expected less than"),
        ("guidance_interval is (-1, 9)", {"guided_from": -1}, "guided_from", "The guided interval is (-1, 9)"),
        ("guidance_interval is (1, 2000)", {"guided_from": 1}, "guided_to", "The guided interval is (1, 2000)"),
        ("prompt is '': expected words", {}, "prompt", "Prompt is empty: expected words"),
        (
            "the line '1-2: rain (a_b=1); None' looks like a timeline",
            {},
            "prompt",
            "the line '1-2: rain (a_b=1); None' looks like a timeline",
        ),
        ("the line 'a' looks like a timeline", {}, "prompt", "the line 'a' looks like a timeline"),
        (
            "eta is 1, but dpm++ has none: expected 0, or solver='ddim'",
            {},
            "eta",
            "Eta is 1, but dpm++ has none: expected 0, or Solver ddim",
        ),
        (
            "seed is -1: expected 0; each is another; None draws one",
            {},
            "seed",
            "Seed is -1: expected 0; each is another",
        ),
        ("min_overlap is -1: expected 0; None is half", {}, "min_overlap", "Overlap is -1: expected 0; empty is half"),
        (
            '1e+09 s in 25 steps needs about 9 GB; ask for a shorter one, or keep fewer (record="last")',
            {},
            "duration",
            "1e+09 s in 25 steps needs about 9 GB; ask for a shorter one",
        ),
        (
            "fork cannot change steps: expected others; start a new sampler",
            {},
            "steps",
            "A fork cannot change Steps: expected others; press Reset to start anew",
        ),
        (
            "fork would change the length from 264 to 252 frames (edge circular); start a new sampler",
            {},
            "edge",
            "A fork would change the length from 264 to 252 frames (edge circular); press Reset to start anew",
        ),
        (
            "negative_prompt is 'None (a_b); None: expected', of which tiny reads nothing: expected others",
            {},
            "negative_prompt",
            "Away from is 'None (a_b); None: expected', of which tiny reads nothing: expected others",
        ),
        (
            "the line 'is None: x' has no times: expected 1",
            {},
            "prompt",
            "the line 'is None: x' has no times: expected 1",
        ),
        ("/a (b_c) has no file: see load_model()", {}, "", "/a (b_c) has no file: see load_model()"),
        ("the network returned None (a=1)", {}, "", "the network returned None (a=1)"),
        ("no step follows the last one", {}, "", "no step follows the last one"),
    ],
)
def test_an_error_finds_its_field(message: str, changes: dict[str, object], field: str, words: str) -> None:
    form = Form(lambda: None, USUAL)
    for name, value in changes.items():
        getattr(form, name).value = value
    found, told = form.fault(InputError(message))
    assert found == field
    assert told.startswith(words)


def test_an_invalid_value_is_told_beside_the_form(panel: SamplerPanel) -> None:
    panel.form.tile.value = ""
    panel._foresight.plan()
    assert panel.form.view.trouble["text"].startswith("Tile frames is empty")
    panel.form.tile.value = 32
    panel._foresight.plan()
    assert panel.form.view.trouble["text"] == ""


def test_the_empty_half_shows_what_the_settings_mean(panel: SamplerPanel) -> None:
    display = panel._display
    panel._foresight.plan()
    assert display.right_column == [display.plan, display.tiles]
    assert display.tiles is not None
    assert display.tiles.tiling_run.frames == 104
    assert "cuts them into 4 to 5 tiles" in display.plan.meaning
    assert panel.form.view.notes["tile_size_time"] == "1.28 s"
    panel.form.method.value = "tiles"
    panel._foresight.plan()
    assert "The cuts never move" in display.plan.meaning
    assert display.tiles.method == "tiles"
    display.tiles.method = "full"  # chosen in the picture
    assert panel.form.method.value == "full"
    tiles = display.tiles
    panel._foresight.plan()
    assert display.tiles is tiles
    assert "there is no seam" in display.plan.meaning
    display.tiles.edge = "merge"
    assert panel.form.edge.value == "merge"


def test_the_preview_shows_the_finishing_steps_as_cross_faded(panel: SamplerPanel) -> None:
    display = panel._display
    panel.form.finish_steps.value, panel.form.steps.value = 2, 6
    panel._foresight.plan()
    assert display.tiles is not None
    assert [layout.blended for layout in display.tiles.run_layouts] == [False] * 4 + [True] * 2
    assert display.tiles._scene["finish"] == {"first": 4, "overlap": 8}
    assert "In the last 2 steps, the tiles overlap by at least 8 frames (0.32 s) and cross-fade" in display.plan.meaning
    panel.form.finish_overlap.value = 16
    panel._foresight.plan()
    assert display.tiles._scene["finish"] == {"first": 4, "overlap": 16}
    before = display.tiles
    panel._foresight.plan()
    assert display.tiles is before  # nothing has changed
    panel.form.finish_steps.value = 0
    panel._foresight.plan()
    assert not any(layout.blended for layout in display.tiles.run_layouts)
    assert "cross-fade" not in display.plan.meaning


def test_only_steps_that_cross_fade_are_told_to() -> None:
    form = Form(lambda: None, USUAL)
    form.finish_steps.value = 1
    assert "In the last step, the tiles overlap" in Plan(form.settings() | {"duration": 30.0}).meaning
    for changes in ({"method": "tiles"}, {"method": "multidiffusion"}, {"method": "full"}, {"duration": 5.0}):
        assert "cross-fade" not in Plan(form.settings() | {"duration": 30.0} | changes).meaning


@pytest.mark.parametrize("method", ["spot", "tiles", "multidiffusion", "full"])
def test_every_method_is_explained(method: str) -> None:
    form = Form(lambda: None, USUAL)
    form.method.value = method
    long = Plan(form.settings() | {"duration": 30.0})
    assert long.meaning.startswith("30 s of sound are 768 latent frames.")
    assert "one window" in Plan(form.settings() | {"duration": 5.0}).meaning


def test_words_that_the_model_does_not_know_are_marked(panel: SamplerPanel) -> None:
    model = panel._run.load()
    model.unknown_words = lambda text: [word for word in text.split() if word.startswith("z")]
    panel.form.prompt.value = "a zither and a zoo"
    panel._foresight.tell()
    assert panel.form.view.unknown == ["zither", "zoo"]
    panel.form.prompt.value = "0-2: a zebra\n2-4: rain"
    panel._foresight.tell()
    assert panel.form.view.unknown == ["zebra"]
    panel.form.prompt.value = "rain"
    panel._foresight.tell()
    assert panel.form.view.unknown == []


def test_the_embedded_model_knows_the_examples() -> None:
    model = load_model("tiny")
    assert len(EXAMPLES) == 6
    for text in EXAMPLES:
        assert not any(read_text(model, text)), text


def test_the_form_has_no_other_fields() -> None:
    form = Form(lambda: None, USUAL)
    with pytest.raises(AttributeError, match="the form has no field 'volume'"):
        _ = form.volume
    assert form.tile.value == form.controls["tile_size_time"].value == 256
    assert SamplerPanel(FunctionModel(pointwise)).form.steps.value == 50
