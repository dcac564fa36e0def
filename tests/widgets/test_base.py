"""The shared behavior of all widgets: a static form, a standalone page, and closing."""

from __future__ import annotations

import base64
import ctypes
import gc
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from ipywidgets.widgets.widget import _instances

from spotnb.errors import SpotnbError
from spotnb.widgets.base import Widget
from spotnb.widgets.comparison import RunComparison
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.overview import Overview
from spotnb.widgets.panel import SamplerPanel
from spotnb.widgets.reflection import ReflectionExplorer
from spotnb.widgets.tile_shift import TileShiftDebugger
from spotnb.widgets.traits import Checked
from tests.networks import FunctionModel, pointwise
from tests.widgets.test_inspector import synthetic
from tests.widgets.test_overview import finished

VIEW = "application/vnd.jupyter.widget-view+json"
MAKERS: list[Callable[[], Widget]] = [TileShiftDebugger, ReflectionExplorer]
every_widget = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def inspector() -> Widget:
    return LatentInspector(synthetic(frames=768, steps=25, channels=8, bins=16, tile=128))


def comparison() -> Widget:
    wave = np.sin(np.arange(30 * 16000, dtype=np.float32) / 20)
    return RunComparison({"one": wave, "half": wave / 2})


def overview() -> Widget:
    return Overview(finished())


def panel() -> SamplerPanel:
    """Return a panel with a finished run, its inspector, and its sound."""
    made = SamplerPanel(FunctionModel(pointwise))
    made.form.duration.value, made.form.steps.value, made.form.tile.value = 4.0, 5, 32
    made.run()
    made.wait(60)
    assert made.waveform is not None
    return made


@every_widget
def test_a_png_stands_beside_the_view(make: Callable[[], Widget]) -> None:
    widget = make()
    data, _ = widget._repr_mimebundle_()
    assert data[VIEW]["model_id"] == widget.model_id
    assert base64.b64decode(data["image/png"])[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(data["image/png"]) < 120_000
    assert widget.png() is widget.png()
    before = widget.png()
    widget.set_trait("shift", 1)
    assert widget.png() != before


def test_no_figure_is_left_for_the_notebook_to_show() -> None:
    import matplotlib.pyplot as plt

    TileShiftDebugger()._repr_mimebundle_()
    assert not plt.get_fignums()


def test_a_picture_that_fails_does_not_take_the_view_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(TileShiftDebugger, "draw", fail)
    data, _ = TileShiftDebugger()._repr_mimebundle_()
    assert VIEW in data
    assert "image/png" not in data


def test_the_png_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TileShiftDebugger, "static_form", False)
    assert "image/png" not in TileShiftDebugger()._repr_mimebundle_()[0]


@every_widget
def test_the_page_holds_everything_and_loads_nothing(make: Callable[[], Widget], tmp_path: Path) -> None:
    path = make().to_html(tmp_path / "deep" / "page.html")
    page = path.read_text("utf-8")
    assert path == tmp_path / "deep" / "page.html"
    assert "default-src 'none'" in page
    assert "import " not in page.split('<script type="module">')[1]
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    state = json.loads(page.split('id="state-0">')[1].split("</script>")[0])["state"]
    assert not {"_esm", "_css", "layout", "_model_module"} & set(state)
    assert "_scene" in state


def test_text_in_the_state_stays_text(tmp_path: Path) -> None:
    class Named(Widget, module="reflection.js", title="<b>Ticks & tricks</b>"):
        def page_state(self) -> dict[str, object]:
            return {"prompt": "</script><script>alert(1)</script><!-- %%SCRIPT%% \u2028", "sound": [b"\x00\x01"]}

    page = Named().to_html(tmp_path / "page.html").read_text("utf-8")
    assert page.count("<script") == 3
    assert page.count("</script>") == 3
    assert "&lt;b&gt;Ticks &amp; tricks" in page
    held = json.loads(page.split('id="state-0">')[1].split("</script>")[0])
    assert held["state"]["prompt"].endswith("<!-- %%SCRIPT%% \u2028")
    assert held["buffers"] == [{"path": ["sound", 0], "data": "AAE="}]


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SpotnbError, match="cannot write") as raised:
        TileShiftDebugger().to_html(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("make", [*MAKERS, inspector, comparison, overview], ids=lambda make: make.__name__)
def test_a_closed_widget_says_so(make: Callable[[], Widget], tmp_path: Path) -> None:
    widget = make()
    own = [name for name, value in vars(type(widget)).items() if callable(value) and not name.startswith("_")]
    traits = [name for name, trait in type(widget).class_traits().items() if isinstance(trait, Checked)]
    assert traits
    values = {name: getattr(widget, name) for name in traits}
    widget.close()
    calls: list[Callable[[], Any]] = [widget.png, widget.draw, lambda: widget.to_html(tmp_path / "page.html")]
    calls += [getattr(widget, name) for name in own if name in ("refresh", "decode")]
    calls += [partial(widget.set_trait, name, value) for name, value in values.items()]
    for call in calls:
        with pytest.raises(SpotnbError, match=f"this {type(widget).__name__} was closed: expected an open one"):
            call()
    assert {name: getattr(widget, name) for name in traits} == values
    widget.close()
    assert not list(tmp_path.iterdir())


def settled() -> int:
    """Return the bytes that this process holds, less what the allocator has kept back for later."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process().memory_info().rss


def growth(make: Callable[[], Any]) -> tuple[int, int]:
    """Return the models and bytes that remain after a widget was built and closed 20 times."""

    def once() -> None:
        widget = make()
        widget.get_state()
        widget.close()

    shown = make()
    shown._repr_mimebundle_()
    shown.close()
    for _ in range(5):
        once()
    models, memory = len(_instances), settled()
    for _ in range(20):
        once()
    memory = settled() - memory
    return len(_instances) - models, memory


@pytest.mark.process
@pytest.mark.parametrize(
    "name", ["TileShiftDebugger", "ReflectionExplorer", "inspector", "comparison", "overview", "panel"]
)
def test_building_and_closing_frees_everything(name: str) -> None:
    """In a separate process, because the memory of the test process varies for other reasons."""
    code = f"from tests.widgets import test_base as t; print(*t.growth(t.{name}))"
    one_arena = os.environ | {"MALLOC_ARENA_MAX": "1"}  # each thread would have its own, and keep it
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=300, env=one_arena
    )
    models, memory = map(int, run.stdout.split())
    assert models == 0
    assert memory < 3_000_000


def test_widgets_need_no_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['diffusers'] = None\n"
        "from spotnb import SpotDiffusionConfig\n"
        "from spotnb.widgets.tile_shift import TileShiftDebugger\n"
        "from spotnb.widgets.reflection import ReflectionExplorer\n"
        "for made in (TileShiftDebugger(300, SpotDiffusionConfig(64), 5), ReflectionExplorer()):\n"
        "    assert 'image/png' in made._repr_mimebundle_()[0]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_spotnb_itself_loads_no_widgets() -> None:
    code = "import sys, spotnb; assert not {'anywidget', 'ipywidgets', 'traitlets'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_missing_extra_is_named_in_one_line() -> None:
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from spotnb import SpotnbError\n"
        "try: import spotnb.widgets.tile_shift\n"
        "except SpotnbError as error: assert str(error).endswith(\"pip install 'spotnb[notebooks]'\"), error\n"
        "else: raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
