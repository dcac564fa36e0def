"""The front page has the picture of the idea in both themes, and goes without it."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

from docs import front
from docs.pages import Chapter


def test_the_picture_comes_in_both_themes(tmp_path: Path) -> None:
    assert front.picture(tmp_path) == ""
    (tmp_path / "overview-light.png").write_bytes(b"light")
    assert front.picture(tmp_path) == ""  # one alone would vanish in the other theme
    (tmp_path / "overview-dark.png").write_bytes(b"dark")
    images = BeautifulSoup(front.picture(tmp_path), "html.parser").select("img")
    assert [image["class"] for image in images] == [["on-light"], ["on-dark"]]
    assert all("cuts move" in image["alt"] for image in images)


def test_the_doors_lead_on() -> None:
    page = front.front_page(
        [Chapter("00-first", "First", ""), Chapter("01-next", "Next", "")], "<i>plays</i>", "<pre/>"
    )
    soup = BeautifulSoup(page, "html.parser")
    assert soup.select_one("i").text == "plays"
    links = [link["href"] for link in soup.select(".door a")]
    assert links == ["gallery.html", "00-first.html", "lessons.html", "use.html", "api.html"]
    assert "2 lessons" in soup.text


def test_the_first_door_leads_to_the_page_that_makes_sound() -> None:
    page = front.front_page([Chapter("00-first", "First", "")], "", "", live=True)
    assert BeautifulSoup(page, "html.parser").select_one(".door a")["href"] == "live.html"
