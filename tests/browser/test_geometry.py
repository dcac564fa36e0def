"""The geometry in JavaScript equals that in Python, for each case of the fixtures in tests/widgets/."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from spotnb.widgets.esm import body
from tests.widgets.fixtures import FOLDER

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LAYOUTS = """(cases) => cases.filter(({ asked, drawn, planned }) => {
  const layout = plan(asked, drawn);
  const tiles = layout.tiles.map(({ window, segment }) => [...window, ...segment]);
  const { shift, fallback } = layout;
  const found = { shift, tiles, fallback, seams: seams(layout), pad: pad(layout), cost: networkFrames(layout) };
  return JSON.stringify(found) !== JSON.stringify(planned);
})"""
REFLECTIONS = """(cases) => cases.filter(({ asked, stages }) => {
  const found = Object.fromEntries(Object.entries(stagesOf(...asked)).map(([name, stage]) => [name, {
    first: stage.first,
    source: stage.cells.map(({ source }) => source),
    copied: stage.cells.map(({ copied }) => copied),
    lost: lost(stage, asked[0]),
    twice: twice(stage, asked[0]),
    exact: isExact(stage, asked[0]),
  }]));
  return JSON.stringify(found) !== JSON.stringify(stages);
})"""


@pytest.mark.parametrize(
    ("module", "names", "fixture", "compare"),
    [
        ("shared/layout.js", "plan, seams, pad, networkFrames", "layouts.json", LAYOUTS),
        ("reflection_stages.js", "stagesOf, lost, twice, isExact", "reflections.json", REFLECTIONS),
    ],
)
def test_geometry_is_that_of_python(browser: Browser, module: str, names: str, fixture: str, compare: str) -> None:
    cases = json.loads((FOLDER / fixture).read_text())
    *code, last = body(module).splitlines()
    everything = last.replace("const { render } =", f"const {{ {names} }} =")
    page = browser.new_page()
    script = "\n".join([*code, everything, f"return ({compare})(cases);"])
    differing: list[Any] = page.evaluate(f"(cases) => {{ {script} }}", cases)
    page.close()
    assert cases
    assert differing == []
