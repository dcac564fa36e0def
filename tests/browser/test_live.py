"""The page in which the embedded model makes sound, over http and over file:// without a network, against Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spotnb.models.load import load_model
from spotnb.sampling.replay import replay
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.trace.trace import Trace
from tests.browser.jupyter import axe_violations
from tests.browser.live import PATIENCE, Opened, assert_as_python, opened
from tests.browser.waiting import PICTURE, wait_for_change, wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.export


@pytest.fixture(scope="module")
def tab(browser: Browser, live_address: str) -> Iterator[Opened]:
    """Return a tab over http, whose model stays open for several tests."""
    with opened(browser, live_address) as page:
        yield page
        assert not page.wrong


def test_ten_seconds_over_http_are_those_of_python(tab: Opened) -> None:
    tab.page.get_by_role("button", name="nature sounds").click()
    tab.make.click()
    tab.finished()
    (sound,) = tab.sounds()
    assert len(sound["waveform"]) == 160_000
    assert sound["settings"]["prompt"] == "nature sounds"
    assert_as_python(sound)


def test_ten_seconds_over_file_without_a_network_are_those_of_python(browser: Browser, live_folder: Path) -> None:
    with opened(browser, (live_folder / "index.html").as_uri(), offline=True) as tab:
        tab.fill(Steps="3", Seed="7", Negative_prompt="drums")
        tab.make.click()
        tab.finished()
        (sound,) = tab.sounds()
        assert len(sound["waveform"]) == 160_000
        assert_as_python(sound)
        assert not tab.wrong
        assert len(tab.loaded) == len(list((live_folder / "live" / "scripts").iterdir()))


def test_two_runs_in_a_row_are_compared(tab: Opened) -> None:
    before = len(tab.sounds())
    tab.fill(Length="8", Steps="2", Seed="3", Finish="0")
    tab.make.click()
    tab.finished()
    tab.page.get_by_role("button", name="Now with fixed tiles").click()
    tab.finished()
    spot, tiles = tab.sounds()[before:]
    assert {**tiles["settings"], "method": "spot"} == spot["settings"]
    assert tiles["settings"]["method"] == "tiles"
    assert not np.array_equal(spot["latent"], tiles["latent"])
    names = tab.page.locator(".spotnb-name")
    assert [name.inner_text().split()[-1] for name in names.all()] == ["spot", "tiles"]
    assert "seam score" in tab.page.locator(".spotnb-run").last.inner_text()
    tab.page.get_by_role("button", name="Play", exact=True).click()
    wait_for_page(tab.page, "window.played.length === 2")
    tab.page.get_by_role("button", name="Pause", exact=True).click()
    played = tab.page.evaluate("window.played")
    assert [sound["seconds"] for sound in played] == [8, 8]
    assert all(max(sound["peaks"]) > 0.01 for sound in played)
    with tab.page.expect_download() as saved:
        tab.page.get_by_role("link", name="Save tiles as WAV").click()
    assert saved.value.suggested_filename.endswith("-tiles.wav")


def test_a_trace_is_downloaded_and_python_replays_it(tab: Opened, tmp_path: Path) -> None:
    before = len(tab.sounds())
    tab.fill(Length="6", Steps="3", Seed="5", Finish="1", Negative_prompt="drums")
    tab.make.click()
    tab.finished()
    (sound,) = tab.sounds()[before:]
    with tab.page.expect_download() as saved:
        tab.page.get_by_role("link", name="Download the trace of spot").click()
    assert saved.value.suggested_filename.endswith("-spot.npz")
    path = tmp_path / "run.npz"
    saved.value.save_as(path)
    trace = Trace.load(path)
    assert trace.steps == (0, 1, 2)
    result = replay(trace, load_model("tiny", device="cpu", dtype="fp32"), progress=False, tolerance=1e-4)
    assert result.same, str(result)
    for there, here in zip(trace, result.sampler.trace, strict=True):
        assert there.x is not None
        assert here.x is not None
        assert float(np.linalg.norm(there.x - here.x) / np.linalg.norm(here.x)) <= 1e-5
    assert there.x is not None
    assert np.array_equal(there.x.ravel(), sound["latent"])


def manifest_of_python(**changes: Any) -> dict[str, Any]:
    """Return the manifest of a run that is different from the defaults of the page in most settings."""
    config = SpotDiffusionConfig(64, edge="anchor", shift_seed=3, shift_schedule="sorted")
    given = {"duration": 6.0, "steps": 3, "seed": 11, "solver": "ddim", "eta": 0.5, "guidance_scale": 2.0, **changes}
    model = load_model("tiny", device="cpu", dtype="fp32")
    return json.loads(json.dumps(SpotSampler(model, "church organ", config=config, **given).manifest()))


def test_a_manifest_of_python_is_dropped_and_makes_the_same_sound(tab: Opened) -> None:
    before = len(tab.sounds())
    tab.drop("organ.json", json.dumps(manifest_of_python()))
    tab.page.get_by_text("The form has the settings of organ.json.").wait_for()
    said = tab.page.get_by_text("The form has the settings").inner_text()
    assert all(words in said for words in ("eta 0.5", "shift seed 3", "shift schedule sorted"))
    tab.fill()
    for label, value in (
        ("Describe a sound", "church organ"),
        ("Length", "6"),
        ("Seed", "11"),
        ("Solver", "ddim"),
        ("Tile", "64"),
        ("Edge", "anchor"),
        ("Guidance", "2"),
    ):
        assert tab.page.get_by_label(label, exact=True).input_value() == value
    tab.make.click()
    tab.finished()
    (sound,) = tab.sounds()[before:]
    assert_as_python(sound)
    tab.page.get_by_role("button", name="Back to the defaults").click()
    assert tab.page.get_by_label("Edge", exact=True).input_value() == "reflect"
    assert not tab.page.get_by_text("The form has the settings").is_visible()


def test_a_manifest_is_chosen_by_keyboard(tab: Opened, tmp_path: Path) -> None:
    path = tmp_path / "organ.json"
    path.write_text(json.dumps(manifest_of_python(seed=12)))
    tab.fill()
    tab.page.on("filechooser", lambda _: None)  # the browser takes a moment to pass choosers on
    tab.page.wait_for_timeout(500)
    tab.page.get_by_role("button", name="Open a manifest").focus()
    with tab.page.expect_file_chooser() as chooser:
        tab.page.keyboard.press("Enter")
    chooser.value.set_files(path)
    tab.page.get_by_text("The form has the settings of organ.json.").wait_for()
    assert tab.page.get_by_label("Seed", exact=True).input_value() == "12"
    tab.page.get_by_role("button", name="Back to the defaults").click()


def test_what_is_not_a_manifest_for_this_page_is_refused_with_a_sentence(tab: Opened) -> None:
    seed = tab.page.get_by_label("Seed", exact=True).input_value()
    other = manifest_of_python()
    other["model"]["name"] = "cvssp/audioldm-s-full-v2"
    for name, text, message in (
        ("run.npz", "PK", "run.npz is not a manifest: expected the .json file that spotnb generate writes"),
        ("other.json", json.dumps(other), 'other.json: the model of the run is "cvssp/audioldm-s-full-v2": expected'),
        ("long.json", json.dumps(manifest_of_python(duration=40.0)), "long.json: duration is 40: expected up to 20"),
    ):
        tab.drop(name, text)
        tab.trouble.get_by_text(message).wait_for()
    assert tab.page.get_by_label("Seed", exact=True).input_value() == seed
    tab.fill(Length="1", Steps="1", Seed="0")
    tab.make.click()
    tab.finished()


def test_the_steps_can_be_looked_at_afterwards(tab: Opened) -> None:
    tab.fill(Length="6", Steps="3", Seed="1", Finish="1")
    tab.make.click()
    tab.finished()
    caption = tab.page.locator(".spotnb-what")
    assert caption.inner_text() == "Step 3 of 3: the tiles cross-fade."
    canvas = tab.page.locator(".spotnb-live > div > .spotnb-plot canvas")
    last = canvas.evaluate(PICTURE)
    slider = tab.page.get_by_role("slider", name="Step")
    slider.focus()
    tab.page.keyboard.press("Home")
    caption.get_by_text("Step 1 of 3: 2 tiles, 1 cut. Each step cuts elsewhere.").wait_for()
    wait_for_change(canvas, last)


def test_a_run_is_cancelled_at_any_step(tab: Opened) -> None:
    before = len(tab.sounds())
    tab.fill(Length="10", Steps="50", Seed="3")
    tab.make.click()
    running = "/Step ([2-9]|\\d\\d) of 50/.test(document.querySelector('.spotnb-panel-doing').textContent)"
    wait_for_page(tab.page, running, seconds=PATIENCE)
    assert tab.page.get_by_role("progressbar").is_visible()
    tab.cancel.click()
    tab.doing.get_by_text("Cancelled.").wait_for()
    assert not tab.trouble.is_visible()
    assert len(tab.sounds()) == before
    tab.fill(Length="2", Steps="1")  # one window
    tab.make.click()
    tab.finished()
    assert len(tab.sounds()) == before + 1


def test_everything_is_done_by_keyboard(tab: Opened) -> None:
    tab.fill(Length="2", Steps="2")
    tab.page.get_by_label("Describe a sound").focus()
    tab.page.keyboard.press("Control+Enter")
    tab.finished()
    tab.fill(Steps="50")
    tab.page.get_by_label("Describe a sound").focus()
    for _ in range(30):
        tab.page.keyboard.press("Tab")
        if tab.page.evaluate("document.activeElement.textContent") == "Make sound":
            break
    tab.page.keyboard.press("Enter")
    tab.cancel.wait_for()
    assert tab.page.evaluate("document.activeElement.textContent") == "Cancel"
    tab.page.keyboard.press("Enter")
    tab.doing.get_by_text("Cancelled.").wait_for()
    assert tab.page.evaluate("document.activeElement.textContent") == "Make sound"


def test_a_second_visit_loads_nothing_again(browser: Browser, live_address: str) -> None:
    own = browser.new_context()
    for visit, count in enumerate((11, 0)):
        tab = Opened(own, live_address)
        tab.fill(Length="1", Steps="1")
        tab.make.click()
        tab.finished()
        assert len(tab.loaded) == count, visit
        assert not tab.wrong
        tab.page.close()
    own.close()


def test_words_and_settings_are_checked_before_anything_is_loaded(browser: Browser, live_address: str) -> None:
    with opened(browser, live_address) as tab:
        prompt = tab.page.get_by_label("Describe a sound")
        prompt.fill("a zeppelin and calm piano")
        unread = tab.page.locator(".spotnb-unknown")
        assert unread.inner_text() == "The model does not know this word and ignores it: zeppelin."
        prompt.fill("calm piano")
        assert not unread.is_visible()
        for words, message in (("", "the prompt is empty"), ("?!", "knows none of these words")):
            prompt.fill(words)
            tab.make.click()
            assert message in tab.trouble.inner_text()
        prompt.fill("calm piano")
        for label, value in (("Length", "30"), ("Seed", "-1"), ("Tile", "100"), ("Steps", "")):
            tab.fill(**{label: value})
            tab.make.click()
            assert f"{label} is" in tab.trouble.inner_text()
            assert "expected" in tab.trouble.inner_text()
            field = tab.page.get_by_label(label, exact=True)
            assert field.get_attribute("aria-invalid") == "true"
            assert field.evaluate("(field) => document.activeElement === field")
            tab.fill(**{label: {"Length": "2", "Seed": "0", "Tile": "128", "Steps": "1"}[label]})
            assert field.get_attribute("aria-invalid") is None
            assert not tab.trouble.is_visible()
        assert not tab.loaded
        assert not tab.wrong


def test_loading_is_cancelled_fails_with_a_sentence_and_works_again(browser: Browser, live_address: str) -> None:
    with opened(browser, live_address) as tab:
        tab.page.route("**/vocoder.safetensors.gz*", lambda route: route.fulfill(status=404))
        tab.fill(Length="1", Steps="1")
        tab.make.click()
        tab.trouble.get_by_text("vocoder.safetensors.gz: answer 404").wait_for(timeout=1000 * PATIENCE)
        tab.page.unroute("**/vocoder.safetensors.gz*")
        tab.page.route("**/vocoder.safetensors.gz*", lambda route: route.fulfill(body=b"\x1f\x8b\x08 but no more"))
        tab.make.click()
        tab.trouble.get_by_text("vocoder.safetensors.gz: damaged or cut off").wait_for(timeout=1000 * PATIENCE)
        tab.page.unroute("**/vocoder.safetensors.gz*")
        tab.page.route("**/vocoder.safetensors.gz*", lambda route: None)  # never answers
        tab.make.click()
        tab.doing.get_by_text("Loading the model").wait_for()
        tab.cancel.click()
        tab.doing.get_by_text("Cancelled.").wait_for()
        tab.page.unroute("**/vocoder.safetensors.gz*")
        tab.make.click()
        tab.finished()


def test_a_browser_without_simd_is_refused_with_a_sentence(browser: Browser, live_address: str) -> None:
    own = browser.new_context()
    own.add_init_script("WebAssembly.validate = () => false;")
    tab = Opened(own, live_address)
    assert "no WebAssembly SIMD" in tab.trouble.inner_text()
    assert tab.make.is_disabled()
    own.close()


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_accessibility(tab: Opened, scheme: Any, width: int) -> None:
    """axe-core finds nothing before and after a run, and nothing is wider than the screen."""
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.set_viewport_size({"width": width, "height": 900})
    if not tab.page.locator(".spotnb-run").count():
        tab.fill(Length="1", Steps="1")
        tab.make.click()
        tab.finished()
    tab.page.get_by_label("Describe a sound").fill("a zeppelin and calm piano")
    tab.page.wait_for_timeout(200)
    assert not axe_violations(tab.page, "body")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
