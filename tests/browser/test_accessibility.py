"""Every widget on its page, light and dark, wide and narrow: axe-core finds nothing, and every text can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spotnb import (
    LatentInspector,
    Overview,
    ReflectionExplorer,
    RunComparison,
    SamplerPanel,
    SpotDiffusionConfig,
    TileShiftDebugger,
)
from tests.browser.contrast import SCRIPT, poor_contrasts
from tests.browser.jupyter import axe_violations, page_of
from tests.networks import FunctionModel, StereoModel, pointwise
from tests.widgets.test_overview import finished

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

UNFOLD = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
WIDTHS = (1100, 390)


def tiles(**given: Any) -> TileShiftDebugger:
    widget = TileShiftDebugger(**given)
    widget.step, widget.selected_frame = 3, 60
    return widget


def tiles_of_a_ring() -> TileShiftDebugger:
    return tiles(frames=700, config=SpotDiffusionConfig(128, edge="circular"), steps=20)


def reflection(of: Any = None) -> ReflectionExplorer:
    return ReflectionExplorer() if of is None else ReflectionExplorer(of)


def long_reflection() -> ReflectionExplorer:
    return reflection(np.random.default_rng(0).standard_normal((1, 8, 300, 16)))


def inspector(**changes: Any) -> LatentInspector:
    widget = LatentInspector(finished(**changes))
    widget.wait(60)
    widget.selected_frame = 30
    return widget


def overview(stage: str) -> Overview:
    widget = Overview(finished())
    widget.stage = stage
    return widget


def comparison() -> RunComparison:
    return RunComparison({method: finished(method=method) for method in ("tiles", "spot", "multidiffusion")})


def panel(runs: int = 0, steps: int = 0) -> SamplerPanel:
    widget = SamplerPanel(FunctionModel(pointwise))
    widget.form.duration.value, widget.form.steps.value, widget.form.tile.value = 3.2, 4, 32
    for seed in range(runs):
        widget.form.seed.value = seed
        widget.run()
        widget.wait(60)
    for _ in range(steps):
        widget.step()
        widget.wait(60)
    return widget


WIDGETS: dict[str, Callable[[], Any]] = {
    "tiles": tiles,
    "tiles-multidiffusion": lambda: tiles(method="multidiffusion"),
    "tiles-trace": lambda: tiles(frames=finished().trace),
    "tiles-ring": tiles_of_a_ring,
    "reflection": reflection,
    "reflection-long": long_reflection,
    "inspector": inspector,
    "inspector-stereo": lambda: inspector(model=StereoModel(pointwise)),
    **{
        f"overview-{stage}": lambda stage=stage: overview(stage)
        for stage in ("noise", "steps", "latent", "mel", "sound")
    },
    "comparison": comparison,
    "panel": panel,
    "panel-begun": lambda: panel(steps=2),
    "panel-kept": lambda: panel(runs=2),
}


def violations(page: Page) -> list[str]:
    """Return what is wrong at each width, with all folds open."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(UNFOLD)
        page.wait_for_timeout(150)  # until the pictures fit
        found += [f"{width} px: {each}" for each in poor_contrasts(page, "body") + axe_violations(page, "body")]
    return found


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("widgets")

    def get(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            widget = WIDGETS[name]()
            widget.to_html(path)
            widget.close()
        return path

    return get


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", WIDGETS)
def test_each_widget(browser: Browser, saved: Callable[[str], Path], name: str, scheme: str) -> None:
    with page_of(browser, saved(name), SCRIPT, color_scheme=scheme) as (page, errors):
        assert not violations(page)
        assert not errors


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_blind_test(browser: Browser, saved: Callable[[str], Path], scheme: str) -> None:
    with page_of(browser, saved("comparison"), SCRIPT, color_scheme=scheme) as (page, errors):
        for name in ("Blind test", "Start"):
            page.get_by_role("button", name=name, exact=True).click()
            assert not violations(page), name
        while (answer := page.get_by_role("button", name="X is A")).is_visible():
            answer.click()
        page.get_by_text("Result of the blind test").wait_for()
        assert not violations(page)
        assert not errors


PAGE = """<!doctype html><html lang="en"><title>Texts</title><body style="background: #fff">
<div class="spotnb"><p style="color: #767676">enough</p><p style="color: #777">faint</p>
<button disabled style="color: #999; background: #fff">disabled</button>
<p style="opacity: 0.5; color: #333">transparent</p><p hidden style="color: #fff">hidden</p>
<input placeholder="hint" value="value" style="color: #000" aria-label="x">
<canvas width="300" height="80"></canvas></div><style>::placeholder { color: #aaa }</style><script>
  const ctx = document.querySelector("canvas").getContext("2d");
  ctx.font = "20px sans-serif";
  const write = (color, text, y) => { ctx.fillStyle = color; ctx.fillText(text, 10, y); };
  write("#000", "drawn", 20);
  ctx.fillStyle = "#345"; ctx.fillRect(0, 25, 300, 30);
  write("#000", "covered", 45);
  write("#fff", "bright", 45);
  write("#fff", "lost", 75);
  ctx.rect(0, 0, 5, 5); ctx.clip();
  write("#eee", "clipped", 75);
</script>"""


def test_what_cannot_be_read_is_found(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "texts.html"
    path.write_text(PAGE, "utf-8")
    with page_of(browser, path, SCRIPT) as (page, errors):
        found = dict(each.rsplit(": ", 1) for each in poor_contrasts(page, "body"))
        assert not errors
    assert found.keys() == {
        "faint",
        "disabled",
        "transparent",
        "hint",
        "covered (on a canvas)",
        "lost (on a canvas)",
    }
    assert found["faint"] == "4.48"  # as WebAIM's contrast checker has it
