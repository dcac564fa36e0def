"""The site over file:// without a network: every page, every link, players, widgets, search, and theme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from spotnb.errors import InputError, SpotnbError
from spotnb.live.assets import assets_of
from spotnb.live.description import describe
from spotnb.live.runtime import Runtime, Runtimes
from spotnb.live.stored import Assets
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import load_model
from tests.browser.contrast import poor_contrasts
from tests.browser.jupyter import PLAYED, axe_violations
from tests.browser.waiting import PICTURE, USUAL, wait_for_change, wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

for needed in ("pdoc", "latex2mathml", "anywidget"):
    pytest.importorskip(needed, reason=f"{needed} is not installed: pip install 'spotnb[dev]'")

ONE = (
    "# One\n\nThe *first* page: [two](02-two.ipynb#Two), [the licence](../LICENSE), "
    "[figures](../docs/measured.md#Seams).\n\n## A formula\n\n"
    "$x_t = \\sqrt{\\alpha_t}\\, x_0$ and\n\n$$\\frac{1}{2}$$\n\n<details><summary>Hint</summary>Try it.</details>",
    "import numpy as np\nfrom IPython.display import Audio\n"
    "Audio(0.3 * np.sin(np.arange(16000) / 20), rate=16000, normalize=False)",
    "import spotnb\nw = spotnb.TileShiftDebugger(frames=768)\nw",
    "w.step = 2",
    "import ipywidgets\nipywidgets.VBox([ipywidgets.IntSlider()])",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
)
TWO = (
    "# Two\n\nThe *second* page, about a zeppelin.",
    "import ipywidgets\nimport spotnb\nipywidgets.VBox([spotnb.ReflectionExplorer()])",
    "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)):\n    pass",
    "from tests.networks import FunctionModel, pointwise\npanel = spotnb.SamplerPanel(FunctionModel(pointwise))\n"
    "panel.form.duration.value, panel.form.steps.value, panel.form.tile.value = 6.0, 4, 32\npanel",
    "panel.run()\npanel.wait(60)",
)
FRONT = """Two noises.

```python
import numpy as np

import spotnb

waves = 0.1 * np.random.default_rng(0).standard_normal((2, 80000)).astype(np.float32)
comparison = spotnb.RunComparison({"Fixed tiles": (waves[0], [64]), "SpotDiffusion": (0.5 * waves[1], [32, 96])})
```
"""
GALLERY = """# Gallery

All of them start from here.

```python
import spotnb
from tests.networks import FunctionModel, pointwise

model = FunctionModel(pointwise)
run = {"duration": 6, "steps": 2, "config": spotnb.SpotDiffusionConfig(32)}
```

## A zither

It *plays*.

```python
one = spotnb.generate_audio(model, "a zither <here>", progress=False, **run)
```

## A ring

```python
ring = spotnb.SpotDiffusionConfig(32, edge="circular")
two = spotnb.SpotSampler(model, "drums", **run | {"config": ring})
```
"""
LAUNCH = nbformat.v4.new_code_cell("raise RuntimeError('a launch cell has no place here')", id="launch")


PLAY = """async (audio) => {
  await audio.play();
  while (!audio.currentTime) await new Promise((done) => setTimeout(done, 20));
  const at = audio.currentTime;
  audio.pause();
  return [at, audio.duration];
}"""
WIDTH = "async (image) => { image.loading = 'eager'; await image.decode(); return image.naturalWidth; }"


def write(path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources[1:]]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(sources[0]), LAUNCH, *cells])
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from docs.build import build

    folder = tmp_path_factory.mktemp("site")
    notebooks = [write(folder / "01-one.ipynb", *ONE), write(folder / "02-two.ipynb", *TWO)]
    (folder / "front.md").write_text(FRONT, "utf-8")
    (folder / "gallery.md").write_text(GALLERY, "utf-8")
    build(folder / "site", notebooks, playing=folder, live=page_without_weights)
    return folder / "site"


def page_without_weights() -> Assets:
    """Return the page in which the model makes sound, complete but for its networks; test_live.py makes sounds."""
    model = load_model("tiny", device="cpu", dtype="fp32")
    assert isinstance(model, DiffusersAudioLDM)
    preview = {"weights": [], "range": [-1, 1]}
    return assets_of(describe(model), preview, {}, Runtimes(Runtime(b"", b""), Runtime(b"", b"")), "live/")


@contextmanager
def opened(browser: Browser, **context: Any) -> Iterator[tuple[Page, list[str]]]:
    """Open a page without a network, and collect its errors and its requests for anything but files."""
    wrong: list[str] = []
    offline = browser.new_context(offline=True, viewport={"width": 1200, "height": 900}, **context)
    page = offline.new_page()
    page.set_default_timeout(1000 * USUAL)
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    harmless = ("file:", "data:", "blob:", "about:")
    page.on("request", lambda asked: None if asked.url.startswith(harmless) else wrong.append(asked.url))
    aborted = "net::ERR_ABORTED"  # a picture further down that was on its way when the page was left
    page.on("requestfailed", lambda asked: asked.failure == aborted or wrong.append(f"failed: {asked.url[:200]}"))
    try:
        yield page, wrong
    finally:
        offline.close()


def test_no_link_is_broken(site: Path) -> None:
    pages = {path: BeautifulSoup(path.read_text(), "html.parser") for path in site.rglob("*.html")}
    places = {path: {part["id"] for part in soup.select("[id]")} for path, soup in pages.items()}
    broken = []
    for path, soup in pages.items():
        for part in soup.select("a[href], link[href], script[src], img[src], form[action]"):
            url = urlsplit(part.get("href") or part.get("src") or part.get("action"))
            if url.scheme:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not target.is_file() or (
                url.fragment and target in places and unquote(url.fragment) not in places[target]
            ):
                broken.append(f"{path.relative_to(site)}: {url.geturl()}")
    assert not broken


def test_every_page_is_quiet(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        for path in sorted(site.rglob("*.html")):
            page.goto(path.as_uri())
            assert not wrong, path.relative_to(site)


def test_solutions_and_launch_cells_are_left_out(site: Path) -> None:
    assert not [path for path in site.rglob("*") if "solution" in path.name and "api" not in path.parts]
    assert not list(site.rglob("exercises_*"))
    for path in site.glob("0*.html"):
        assert "a launch cell" not in path.read_text()


def test_links_lead_to_pages_or_to_the_repository(site: Path) -> None:
    soup = BeautifulSoup((site / "01-one.html").read_text(), "html.parser")
    targets = {link.text: link["href"] for link in soup.select("main a")}
    assert targets["two"] == "02-two.html#Two"
    assert targets["figures"] == "measured.html#Seams"
    assert targets["the licence"].startswith("https://github.com/")
    assert targets["the licence"].endswith("/blob/main/LICENSE")
    assert soup.select_one("footer a[rel=next]")["href"] == "02-two.html"


def test_players_play(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        page.goto((site / "01-one.html").as_uri())
        played = page.locator("audio").first.evaluate(PLAY)
        assert played[0] > 0
        assert played[1] == pytest.approx(1, abs=0.01)
        assert not wrong


def test_widgets_scrub(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        page.goto((site / "01-one.html").as_uri())
        assert page.locator("iframe.widget").count() == 1  # a slider has no page, so a note replaces it
        page.get_by_text("needs a running kernel").first.wait_for()
        inside = page.frame_locator("iframe.widget").first
        canvas = inside.locator(".spotnb canvas").first
        canvas.wait_for()
        wait_for_page(
            page,
            "() => { const f = document.querySelector('iframe.widget');"
            " return f.clientHeight + 6 >= f.contentDocument.querySelector('main').scrollHeight }",
        )
        slider = inside.get_by_role("slider", name="Step")
        assert slider.input_value() == "2"  # its value at the end of the notebook
        before = canvas.evaluate(PICTURE)
        slider.focus()
        page.keyboard.press("End")
        wait_for_change(canvas, before)
        assert not wrong


def test_boxes_and_panels_are_alive_too(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        page.add_init_script(f"({PLAYED})()")
        page.goto((site / "02-two.html").as_uri())
        assert page.locator("iframe.widget").count() == 2
        assert page.get_by_text("needs a running kernel").count() == 0  # a progress bar has no note either
        page.frame_locator("iframe.widget").nth(0).locator(".spotnb").first.wait_for()
        run = page.frame_locator("iframe.widget").nth(1)
        inspector = run.locator(".spotnb-inspector canvas").first
        inspector.focus()
        page.keyboard.press("Home")
        run.get_by_text("0 / 3").first.wait_for()
        run.get_by_role("button", name="Play the sound").click()
        run.get_by_role("button", name="Pause the sound").click()
        assert not wrong


def test_formulas_need_no_script(site: Path) -> None:
    soup = BeautifulSoup((site / "01-one.html").read_text(), "html.parser")
    assert len(soup.select("math")) == 2
    assert soup.select_one("math[display=block] mfrac")
    assert "$" not in soup.select_one("main").text


def test_the_front_page_plays_by_one_click(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        page.add_init_script(f"({PLAYED})()")
        page.goto((site / "index.html").as_uri())
        inside = page.frame_locator("iframe.widget")
        inside.locator(".spotnb canvas").first.wait_for()
        page.get_by_role("button", name="SpotDiffusion", exact=True).click()
        wait_for_page(page.frames[1], "window.played.length === 2")  # both at once, of which one is heard
        assert inside.locator(".spotnb-name[aria-pressed=true]").inner_text().split() == ["2", "SpotDiffusion"]
        page.get_by_role("button", name="Fixed tiles", exact=True).click()
        assert inside.locator(".spotnb-name[aria-pressed=true]").inner_text().split()[0] == "1"
        inside.get_by_role("button", name="Pause", exact=True).click()
        doors = [page.get_by_role("heading", name=name) for name in ("Make it", "Hear it", "Learn it", "Use it")]
        assert all(door.is_visible() for door in doors)
        assert not wrong


def test_the_gallery_plays_and_shows_its_code(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        page.goto((site / "gallery.html").as_uri())
        pieces = page.locator(".piece")
        assert pieces.count() == 2
        for number, seconds in enumerate((6, 6)):
            piece = pieces.nth(number)
            played = piece.locator("audio").evaluate(PLAY)
            assert played[0] > 0
            assert played[1] == pytest.approx(seconds, abs=0.2)  # MP3 counts whole blocks
            assert piece.locator("img").evaluate(WIDTH) == seconds * 50
        assert "SpotSampler(model" in pieces.nth(1).locator("pre").inner_text()
        assert [pieces.nth(k).locator("audio").evaluate("(audio) => audio.loop") for k in (0, 1)] == [False, True]
        assert "seam score" in pieces.nth(0).inner_text()
        assert not wrong


def test_pages_list_their_contents(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        for name, heading in (
            ("models", "Attention heads"),
            ("own-model", "A toy model"),
            ("api/spotnb/generate", None),
        ):
            page.goto((site / f"{name}.html").as_uri())
            entry = page.get_by_role("navigation", name="On this page").get_by_role("link", name=heading or "complete")
            entry.click()
            place = unquote(urlsplit(page.url).fragment)
            top = page.locator(f"[id='{place}']").evaluate("(part) => part.getBoundingClientRect().top")
            assert 50 < top < 400  # below the header, which stays
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto((site / "models.html").as_uri())
        assert not page.get_by_role("link", name="Attention heads").is_visible()  # folded up on a phone
        page.get_by_text("On this page").click()
        page.get_by_role("link", name="Attention heads").click()
        assert not wrong


def searched(page: Page, word: str) -> None:
    page.get_by_role("searchbox").fill(word)
    page.keyboard.press("Enter")
    page.locator("#found", has_text="in lessons and pages").wait_for()


@pytest.mark.parametrize(
    ("word", "group", "target"), [("zeppelin", "lessons", "02-two.html"), ("SpotSampler", "api", "api/")]
)
def test_search_finds(site: Path, browser: Browser, word: str, group: str, target: str) -> None:
    with opened(browser) as (page, wrong):
        page.goto((site / "index.html").as_uri())
        searched(page, word)
        found = page.locator(f"#{group} a").first
        assert target in str(found.get_attribute("href"))
        found.click()
        page.wait_for_load_state()
        assert target in page.url
        assert not wrong


def test_search_shows_lessons_before_the_api(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        page.goto((site / "index.html").as_uri())
        searched(page, "page")
        assert [group.get_attribute("id") for group in page.locator("main section:visible").all()] == ["lessons", "api"]
        links = [link.get_attribute("href") or "" for link in page.locator("main section a").all()]
        kinds = [link.startswith("api/") for link in links]
        assert kinds == sorted(kinds)
        assert set(kinds) == {False, True}
        assert not wrong


def test_the_theme_is_chosen_and_kept(site: Path, browser: Browser) -> None:
    theme = "document.documentElement.dataset.theme"
    colour = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, color_scheme="dark") as (page, wrong):
        page.goto((site / "01-one.html").as_uri())
        assert page.evaluate(theme) == "dark"
        dark = page.evaluate(colour)
        page.frame_locator("iframe.widget").first.locator(".spotnb[data-theme=dark]").first.wait_for()
        page.get_by_role("button", name="Dark or light").click()
        assert page.evaluate(theme) == "light"
        assert page.evaluate(colour) != dark
        page.frame_locator("iframe.widget").first.locator(".spotnb[data-theme=light]").first.wait_for()
        for name in ("02-two.html", "api/spotnb.html", "live.html"):
            page.goto((site / name).as_uri())
            assert page.evaluate(theme) == "light"
        page.locator(".spotnb-live[data-theme=light]").wait_for()
        page.get_by_role("button", name="Dark or light").click()
        page.locator(".spotnb-live[data-theme=dark]").wait_for()
        assert not wrong


KINDS = (
    *("index", "live", "gallery", "lessons", "use", "models", "own-model", "api", "search", "01-one"),
    "api/spotnb/generate",
)
"""One page of each kind, and those with tables and long lines."""


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_accessibility(site: Path, browser: Browser, scheme: Any, width: int) -> None:
    """axe-core finds nothing, in the pages and in the frames of their widgets, and nothing is wider than the screen."""
    with opened(browser, color_scheme=scheme) as (page, _):
        page.set_viewport_size({"width": width, "height": 900})
        found = []
        for name in KINDS:
            page.goto((site / f"{name}.html").as_uri())
            if frames := page.frames[1:]:
                page.frame_locator("iframe.widget").first.locator(".spotnb canvas").first.wait_for()
            for part in (page, *frames):
                wrong = axe_violations(part, "body") + poor_contrasts(part, "body")
                found += [f"{name}: {violation}" for violation in wrong]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert not found


def test_everything_is_reached_by_keyboard(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, wrong):
        page.goto((site / "models.html").as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.wait_for_url("**#content")
        page.goto((site / "models.html").as_uri())
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 40)"))
        for part in ('<a class="home"', '<input type="search"', '<button type="button" class="theme"', "<summary>"):
            assert any(each.startswith(part) for each in reached), part
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid"
        assert not wrong


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 390)])
def test_the_lesson_asks_and_answers_by_keyboard(site: Path, browser: Browser, scheme: Any, width: int) -> None:
    with opened(browser, color_scheme=scheme) as (page, wrong):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto((site / "live.html").as_uri())
        questions = page.locator(".question")
        assert questions.count() == 3
        for question in questions.all():
            answers = question.locator("details")
            verdicts = []
            for k in range(3):
                choice = answers.nth(k).locator("summary")
                choice.focus()
                page.keyboard.press("Enter")
                reply = answers.nth(k).locator("p")
                reply.wait_for()
                assert question.locator("details[open]").count() == 1  # the others close
                verdicts.append(reply.inner_text().startswith("Yes."))
            assert sum(verdicts) == 1
        page.get_by_text("Teacher\u2019s notes, minute by minute").focus()
        page.keyboard.press("Enter")
        assert page.get_by_role("row").count() == 6
        assert not wrong  # before axe-core, which reads the style sheets
        assert not axe_violations(page, "body") + poor_contrasts(page, "body")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_notebook_that_fails_is_named_and_leaves_the_old_site(tmp_path: Path) -> None:
    from docs.build import build

    out = tmp_path / "site"
    out.mkdir()
    (out / ".spotnb-site").touch()
    (out / "index.html").write_text("old")
    (tmp_path / "front.md").write_text("Nothing plays.")
    (tmp_path / "gallery.md").write_text("# Gallery")
    with pytest.raises(SpotnbError, match=r"03-bad\.ipynb does not run to its end: ZeroDivisionError"):
        build(out, [write(tmp_path / "03-bad.ipynb", "# Bad", "1 / 0")], playing=tmp_path)
    assert (out / "index.html").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["03-bad.ipynb", "front.md", "gallery.md", "site"]


def test_without_its_tools_the_site_has_no_page_that_makes_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from docs.build import build

    def missing() -> Assets:
        raise SpotnbError("onnx is not installed: run pip install 'spotnb[live]'")

    (tmp_path / "front.md").write_text(FRONT, "utf-8")
    (tmp_path / "gallery.md").write_text("# Gallery")
    build(tmp_path / "site", [write(tmp_path / "01-one.ipynb", "# One")], ("spotnb.errors",), tmp_path, missing)
    assert "the site has no page that makes sound: onnx is not installed" in capsys.readouterr().out
    assert not (tmp_path / "site" / "live.html").exists()
    assert "live.html" not in (tmp_path / "site" / "index.html").read_text()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    from docs.build import build

    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="exists and is not a site"):
        build(tmp_path, [])
    assert (tmp_path / "mine.txt").read_text() == "mine"
