"""File names from prompts, and names that no file has yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb.support.names import file_name, free_stem


@given(st.text(max_size=200))
def test_a_name_is_letters_and_digits(text: str) -> None:
    name = file_name(text)
    assert 0 < len(name) <= 60
    assert Path(name).name == name
    assert name.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("text", "name"), [("Rain!", "rain"), ("钢琴, Ää", "钢琴-ää"), ("???", "sound"), ("..", "sound")]
)
def test_names(text: str, name: str) -> None:
    assert file_name(text) == name


def test_the_first_free_name(tmp_path: Path) -> None:
    for name in ("rain.wav", "rain-2.json", "snow.txt"):
        (tmp_path / name).touch()
    assert free_stem(tmp_path, "rain", [".wav", ".json"]) == "rain-3"
    assert free_stem(tmp_path, "rain", [".wav"]) == "rain-2"
    assert free_stem(tmp_path, "snow", [".wav"]) == "snow"
    assert free_stem(tmp_path, "rain", [".wav", ".json"], owned=lambda stem: stem == "rain-2") == "rain-2"
    assert free_stem(tmp_path / "none", "rain", [".wav"]) == "rain"
