"""Take screenshots of the widgets, light and dark, narrow and wide, in out/screens/.

    python -m tests.browser.screens [NAME ...]

Each widget is shown by the page that `to_html` writes, except for the panel, which is shown in JupyterLab. To add a
widget, add its name and a function that builds it to `SCREENS`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from tests.browser.jupyter import CHROMIUM, FLAGS, Server, Shown

OUT = Path(__file__).parents[2] / "out" / "screens"
WIDTHS = {"narrow": 360, "wide": 1100}


def tiles() -> Any:
    from spotnb.widgets.tile_shift import TileShiftDebugger

    widget = TileShiftDebugger()
    widget.step, widget.selected_frame = 3, 300
    return widget


def tiles_multidiffusion() -> Any:
    from spotnb.widgets.tile_shift import TileShiftDebugger

    return TileShiftDebugger(method="multidiffusion")


def tiles_long() -> Any:
    from spotnb.widgets.tile_shift import TileShiftDebugger

    return TileShiftDebugger(15_000, steps=200)


def tiles_trace() -> Any:
    from spotnb import SpotDiffusionConfig, SpotSampler, load_model
    from spotnb.widgets.tile_shift import TileShiftDebugger

    config = SpotDiffusionConfig(64)
    sampler = SpotSampler(load_model("tiny"), "slow organ music", 8.0, 8, config=config)
    widget = TileShiftDebugger(sampler.run(progress=False).trace)
    widget.step = 6
    return widget


def tiles_ring() -> Any:
    from spotnb import SpotDiffusionConfig
    from spotnb.widgets.tile_shift import TileShiftDebugger

    widget = TileShiftDebugger(700, SpotDiffusionConfig(128, edge="circular"), 50)
    widget.step, widget.selected_frame = 20, 100
    return widget


def reflection() -> Any:
    from spotnb.widgets.reflection import ReflectionExplorer

    return ReflectionExplorer()


def reflection_latent() -> Any:
    from spotnb.widgets.reflection import ReflectionExplorer

    waves = np.sin(np.arange(300)[:, None] / (7 + 3 * np.arange(16))) * np.linspace(0.3, 1, 300)[:, None]
    widget = ReflectionExplorer(waves[None, None])
    widget.order, widget.stage = "right", "cropped"
    return widget


def inspector() -> Any:
    from spotnb.widgets.inspector import LatentInspector

    sampler = _run("spot")
    widget = LatentInspector(sampler)
    widget.step = widget.selected_frame = len(sampler.trace) - 3
    widget.decode(widget.step)
    widget.wait(60)
    return widget


def overview() -> Any:
    from spotnb.widgets.overview import Overview

    return Overview(_run("spot"))


def comparison() -> Any:
    from spotnb.widgets.comparison import RunComparison

    widget = RunComparison({method: _run(method) for method in ("tiles", "spot", "multidiffusion")})
    widget.position = 7.0
    return widget


def tiles_stereo() -> Any:
    from spotnb.widgets.tile_shift import TileShiftDebugger

    widget = TileShiftDebugger(_stereo("spot").trace)
    widget.step, widget.selected_frame = 3, 100
    return widget


def inspector_stereo() -> Any:
    from spotnb.widgets.inspector import LatentInspector

    sampler = _stereo("spot")
    widget = LatentInspector(sampler)
    widget.step, widget.selected_frame = 4, 60
    widget.decode(widget.step)
    widget.wait(60)
    return widget


def inspector_stereo_channel() -> Any:
    widget = inspector_stereo()
    widget.channel = 5
    return widget


def comparison_stereo() -> Any:
    from spotnb.widgets.comparison import RunComparison

    return RunComparison({"tiles, stereo": _stereo("tiles"), "spot, stereo": _stereo("spot"), "16 kHz": _run("spot")})


def _stereo(method: str) -> Any:
    from spotnb import SpotDiffusionConfig, SpotSampler
    from tests.networks import StereoModel, neighbourly

    config = SpotDiffusionConfig(64)
    return SpotSampler(StereoModel(neighbourly), "a sea", 12.0, 6, config=config, method=method).run(progress=False)


def _run(method: str) -> Any:
    from spotnb import SpotDiffusionConfig, SpotSampler, load_model

    config = SpotDiffusionConfig(128)
    sampler = SpotSampler(load_model("tiny"), "jazz piano solo", 20.0, 25, config=config, method=method)
    return sampler.run(progress=False)


PANEL = """
from spotnb import SamplerPanel
w = SamplerPanel()
w.form.prompt.value, w.form.duration.value = "jazz piano solo", 20.0
w.run()
w
""".strip()

SCREENS: dict[str, Callable[[], Any]] = {
    "tiles": tiles,
    "tiles-multidiffusion": tiles_multidiffusion,
    "tiles-long": tiles_long,
    "tiles-ring": tiles_ring,
    "tiles-trace": tiles_trace,
    "reflection": reflection,
    "reflection-latent": reflection_latent,
    "inspector": inspector,
    "overview": overview,
    "comparison": comparison,
    "tiles-stereo": tiles_stereo,
    "inspector-stereo": inspector_stereo,
    "inspector-stereo-channel": inspector_stereo_channel,
    "comparison-stereo": comparison_stereo,
}


def take(browser: Browser, name: str, page: Path, out: Path = OUT) -> None:
    """Take the four screenshots of a saved page."""
    out.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        for width, pixels in WIDTHS.items():
            settings: dict[str, Any] = {"color_scheme": scheme, "device_scale_factor": 2, "offline": True}
            context = browser.new_context(viewport={"width": pixels, "height": 400}, **settings)
            tab = context.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_selector(".spotnb canvas")
            tab.wait_for_timeout(300)
            tab.screenshot(path=str(out / f"{name}-{scheme}-{width}.png"), full_page=True)
            context.close()


def take_panel(browser: Browser, folder: Path, out: Path = OUT) -> None:
    """Take the four screenshots of a panel with a finished run in JupyterLab."""
    out.mkdir(parents=True, exist_ok=True)
    server = Server(folder)
    try:
        shown = Shown(server, browser, "lab", "panel", PANEL, device_scale_factor=2)
        shown.until("w.waveform is not None and not w._run.busy", seconds=300)
        shown.page.set_viewport_size({"width": 1800, "height": 1800})
        box = shown.widget.bounding_box()
        assert box is not None
        beside = 1800 - box["width"]  # JupyterLab's sidebars and margins
        for label, width in WIDTHS.items():
            shown.page.set_viewport_size({"width": round(width + beside), "height": 1800})
            for scheme in ("light", "dark"):
                shown.theme(scheme)
                shown.page.wait_for_timeout(500)
                shown.widget.screenshot(path=str(out / f"panel-{scheme}-{label}.png"))
        shown.close()
    finally:
        server.close()


def main(names: list[str]) -> None:
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for name in names or [*SCREENS, "panel"]:
            if name == "panel":
                take_panel(browser, Path(folder) / "jupyter")
                continue
            widget = SCREENS[name]()
            take(browser, name, widget.to_html(Path(folder) / f"{name}.html"))
            widget.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
