"""What plays on the site: the pages run, each piece has its player and its code, and a mistake is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import spotnb
from docs import sounds
from docs.markdown import Renderer
from docs.pages import gallery
from spotnb.errors import SpotnbError
from spotnb.models.words import read_text
from tests.networks import FunctionModel, pointwise

DOCS = Path(__file__).parents[2] / "docs"
GALLERY = (DOCS / "gallery.md").read_text("utf-8")
FRONT = (DOCS / "front.md").read_text("utf-8")
SHORTER = (  # tiles of 16 frames are 0.64 s, and all times are an eighth
    ('"duration": 12, "steps": 25', '"duration": 1.5, "steps": 4'),
    ('"duration": 20, "steps": 25', '"duration": 2.5, "steps": 2'),
    ('"duration": 20}', '"duration": 2.5}'),
    ('"steps": 15}', '"steps": 3}'),
    ("tile_size_time=128", "tile_size_time=16"),
    (
        '(0, 6, "nature sounds"), (6, 12, "church organ")], crossfade=2',
        '(0, 0.7, "nature sounds"), (0.7, 1.5, "church organ")], crossfade=0.2',
    ),
    ("[(0, 4), (8, 12)]", "[(0, 0.5), (1, 1.5)]"),
)


def shortened(page: str) -> str:
    for long, short in SHORTER:
        page = page.replace(long, short)
    return page


@pytest.fixture(scope="module")
def pieces() -> list[Any]:
    return sounds.run_page(shortened(GALLERY), "gallery.md")


def test_the_gallery_has_twelve_pieces_and_each_is_heard(pieces: list[Any], tmp_path: Path) -> None:
    players = [sounds.shown(value, tmp_path, f"gallery/{number:02d}") for number, value in enumerate(pieces)]
    assert players[0] == ""  # the lines that all of them start from
    assert len(players) == 13
    assert len(re.findall("^## ", GALLERY, re.MULTILINE)) == 12
    for player in players[1:]:
        (name,) = re.findall(r'<audio[^>]* src="([^"]+)"', player)
        wave, rate = soundfile.read(tmp_path / name)
        assert rate == 16_000
        assert 1.4 < len(wave) / rate < 2.7
        assert np.abs(wave).max() > 0.001
        assert (tmp_path / name).with_suffix(".png").stat().st_size > 500
        assert "seam score" in player
    assert sum(" loop " in player for player in players) == 1


def test_everything_shortened_is_on_the_pages() -> None:
    for long, _ in SHORTER:
        assert long in GALLERY + FRONT, long


def test_the_model_knows_every_word_of_the_gallery(pieces: list[Any]) -> None:
    for piece in pieces[1:]:
        prompt = piece.sampler.definition.settings.prompt
        for text in (prompt,) if isinstance(prompt, str) else prompt.prompts:
            assert not read_text(piece.sampler.model, text).unknown, text


def test_the_front_page_compares_the_two_methods() -> None:
    *_, comparison = sounds.run_page(shortened(FRONT), "front.md")
    assert comparison.names == ("Fixed tiles", "SpotDiffusion")
    assert 'class="widget"' in sounds.shown(comparison, Path(), "front/01")


def test_a_player_follows_its_words(tmp_path: Path) -> None:
    page = tmp_path / "gallery.md"
    page.write_text("# G\n\n```python\nx = 1\n```\n\n## Rain\n\nWet.\n\n```python\ny = 2\n```\n", "utf-8")
    text = gallery(page, ["", "<b>player</b>"], Renderer(tmp_path, [], "a/b", "docs"))
    assert text.index("Wet.") < text.index("<b>player</b>") < text.index('<span class="n">y</span>')


def test_a_block_that_fails_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n\n```python\nx / 0\n```\n", "utf-8")
    message = r"block 2 of page\.md fails: ZeroDivisionError: division by zero"
    with pytest.raises(SpotnbError, match=message):
        sounds.run_page(page.read_text("utf-8"), page.name)


@pytest.mark.process
def test_a_process_reports_what_it_made_or_why_it_failed(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text("```python\nimport spotnb\n```\n", "utf-8")
    bad.write_text("```python\n1 / 0\n```\n", "utf-8")
    with sounds.made(tmp_path, [good]) as wait:
        assert wait() == {"good.md": [""]}
    with sounds.made(tmp_path, [bad]) as wait, pytest.raises(SpotnbError, match=r"block 1 of bad\.md fails: Zero"):
        wait()


def test_a_run_that_is_not_finished_is_completed(tmp_path: Path) -> None:
    sampler = spotnb.SpotSampler(FunctionModel(pointwise), "a <b>", 6, 2, config=spotnb.SpotDiffusionConfig(32))
    player = sounds.shown(sampler, tmp_path, "one")
    assert 'aria-label="a &lt;b&gt;"' in player
    assert sampler.done
