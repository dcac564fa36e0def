"""Every text of a run is read, refused, or reported: nothing of it vanishes in silence."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spotnb.errors import InputError
from spotnb.generate import generate_audio
from spotnb.models.load import load_model
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline

QUICK: dict[str, Any] = {"duration": 1, "steps": 2}
NOTHING_LEFT = ("钢琴", "пианино", "🎸", "???", "?", "\u200b")


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_model("tiny")


@pytest.mark.parametrize("text", NOTHING_LEFT)
def test_a_text_of_which_nothing_is_left_is_refused_before_any_work(tiny: Any, text: str) -> None:
    timeline = PromptTimeline([(0, 0.5, "piano"), (0.5, 1, text)], 0)
    cases = [(text, ""), (timeline, ""), ("piano", text)]
    for (prompt, negative), name in zip(cases, ("the prompt", "the prompt", "negative_prompt"), strict=True):
        with pytest.raises(InputError, match=f"{name} is .*of which tiny reads nothing: expected words") as caught:
            SpotSampler(tiny, prompt, **QUICK, negative_prompt=negative)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) <= 200
    with pytest.raises(InputError, match="reads nothing"):
        generate_audio(tiny, text, **QUICK, progress=False)


def test_a_blank_negative_prompt_stands_for_none(tiny: Any) -> None:
    assert SpotSampler(tiny, "piano", **QUICK, negative_prompt=" ").manifest()["unknown_words"] == []


def test_dropped_words_are_logged_and_in_the_manifest(tiny: Any, caplog: pytest.LogCaptureFixture) -> None:
    timeline = PromptTimeline([(0, 0.5, "piano 钢琴"), (0.5, 1, "drums 🎸")], 0)
    with caplog.at_level(logging.WARNING, "spotnb"):
        manifest = SpotSampler(tiny, timeline, **QUICK, negative_prompt="drums zither").manifest()
    assert manifest["unknown_words"] == ["钢琴", "🎸", "zither"]
    assert "tiny: the model does not know: 钢琴, 🎸, zither" in caplog.text


def test_words_past_the_limit_are_logged_and_in_the_manifest(tiny: Any, caplog: pytest.LogCaptureFixture) -> None:
    text = " ".join(["piano"] * 38 + ["drums", "bass"])
    with caplog.at_level(logging.WARNING, "spotnb"):
        manifest = SpotSampler(tiny, text, **QUICK).manifest()
    assert manifest["cut_words"] == ["drums", "bass"]
    assert "too long for the model, which ignores its end: drums, bass" in caplog.text
    assert SpotSampler(tiny, "piano", **QUICK).manifest()["cut_words"] == []


def test_a_long_list_is_shortened(tiny: Any) -> None:
    notes = SpotSampler(tiny, " ".join(["piano"] * 500), **QUICK).definition.prompts.notes
    assert len(notes) == 1
    assert notes[0].endswith("and 442 more")


def test_a_long_word_is_shortened(tiny: Any, caplog: pytest.LogCaptureFixture) -> None:
    word = "z" * 4000
    with caplog.at_level(logging.WARNING, "spotnb"):
        sampler = SpotSampler(tiny, f"piano {word} zither", **QUICK)
    (said,) = caplog.messages
    assert said.startswith("tiny: the model does not know: 'zzz")
    assert said.endswith("zzz', zither")
    assert len(said) < 120
    assert sampler.manifest()["unknown_words"] == [word, "zither"]  # a manifest keeps the whole


HALF = "piano \udcff"


@pytest.mark.parametrize(
    "use",
    [
        lambda model: SpotSampler(model, HALF, **QUICK),
        lambda model: SpotSampler(model, "piano", **QUICK, negative_prompt=HALF),
        lambda model: SpotSampler(model, "piano", **QUICK).fork(prompt=HALF),
        lambda model: PromptTimeline([(0, 1, HALF)]),
        lambda model: PromptTimeline.from_dict({"timeline": [[0, 1, HALF]], "crossfade": 0}),
    ],
)
def test_half_a_character_is_refused_in_one_line(tiny: Any, use: Any) -> None:
    with pytest.raises(InputError, match="character 7 is only half of one") as caught:
        use(tiny)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments",
    [[b"piano \xff"], [b"piano", b"--negative", b"\xff"], [b"piano", b"--name", b"\xff"], ["钢琴".encode()], [b"\xff"]],
    ids=["prompt", "negative", "name", "nothing left", "prompt alone"],
)
def test_the_command_line_ends_with_one_line_and_code_2(tmp_path: Path, arguments: list[bytes]) -> None:
    command = [sys.executable, "-m", "spotnb.cli", "generate", *arguments, "--duration", "1", "--steps", "1"]
    ran = subprocess.run(
        [*command, "--out", str(tmp_path)], check=False, capture_output=True, cwd=Path(__file__).parents[2]
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"spotnb: error: ")
    assert ran.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())
