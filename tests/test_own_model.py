"""docs/own-model.md does what it says: its Python runs from top to bottom, and its messages are the real ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

import spotnb
from spotnb.errors import SpotnbError
from spotnb.models.adapt import as_model
from tests.edges import forget_edges
from tests.test_fenced_code import fenced

PAGE = (Path(__file__).parents[1] / "docs" / "own-model.md").read_text("utf-8")
CODE = [code for language, code in fenced(PAGE) if language == "python"]
TEXT = " ".join(PAGE.split())

pytest.importorskip("pandas", reason="pandas is not installed: pip install 'spotnb[research]'")
pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[widgets]'")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The names of the page after it was executed, and its folder as `folder`."""
    folder = tmp_path_factory.mktemp("own-model")
    printed: list[str] = []
    names: dict[str, Any] = {
        "__name__": "page",
        "print": lambda *values: printed.append(" ".join(map(str, values))),
        "folder": folder,
        "printed": printed,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for code in CODE:
            exec(compile(code, "docs/own-model.md", "exec"), names)
    yield names
    forget_edges()


def test_the_toy_takes_less_than_thirty_lines() -> None:
    lines = [line for line in CODE[0].partition("class Chimes:")[2].splitlines() if line.strip()]
    assert 20 <= len(lines) < 30


def test_it_can_be_heard(page: dict[str, Any]) -> None:
    """Most of the energy is at the three tones of the prompt, and each of them is played."""
    wave, rate = soundfile.read(page["folder"] / "chimes.wav")
    assert (wave.shape, rate) == ((320_000,), 16_000)
    assert 0.3 < np.abs(wave).max() <= 1
    spectrum = np.abs(np.fft.rfft(wave)) ** 2
    near = [spectrum[20 * tone - 60 : 20 * tone + 60].sum() / spectrum.sum() for tone in (400, 500, 600)]
    assert sum(near) > 0.95
    assert min(near) > 0.05


def test_sound_goes_into_the_latent_and_back(page: dict[str, Any]) -> None:
    model, latent = page["model"], page["runs"]["spot"].latent
    again = model.encode(model.decode(latent)[:, 0])
    assert (again.argmax(3) == latent.argmax(3)).float().mean() > 0.95


def test_windows_of_the_decoder_cannot_be_heard(page: dict[str, Any]) -> None:
    run = page["runs"]["spot"]
    whole = run.model.decode(run.latent)[0, 0, : run.samples]
    np.testing.assert_allclose(run.decode(), whole.numpy(), atol=1e-4)


def test_tiling_breaks_tones_as_the_page_says(page: dict[str, Any]) -> None:
    means = page["table"].groupby("method")[["audible_seams", "broken_tones"]].mean()
    assert means.broken_tones["tiles"] > 0.5
    assert means.audible_seams["tiles"] > 2
    for method in ("spot", "full"):
        assert means.broken_tones[method] < 0.2
        assert 0.7 < means.audible_seams[method] < 1.4
    assert page["table"].error.isna().all()


def test_it_is_inspected_and_compared(page: dict[str, Any]) -> None:
    for name in ("inspector", "comparison"):
        assert (page["folder"] / f"{name}.html").stat().st_size > 50_000


def test_the_edge_and_the_solver_are_used(page: dict[str, Any]) -> None:
    assert page["held"].edge == "hold"
    assert any("[96 97 98 99 99 99 99 99]" in line for line in page["printed"])
    errors = page["errors"]
    assert errors["adams-bashforth"] < 0.9 * errors["ddim"]
    assert any("['fa']" in line for line in page["printed"])


def test_every_optional_member_is_in_the_table() -> None:
    optional = set(re.findall(r"- `(\w+)", spotnb.AudioModel.__doc__ or ""))
    listed = set(re.findall(r"^\| `(\w+)", PAGE.partition("| default |")[2].partition("```")[0], re.MULTILINE))
    assert optional | {"decode_window", "decode_context", "unknown_words"} == listed


def messages(page: dict[str, Any]) -> Iterator[str]:
    """Yield the message for each kind of fault in the page's table."""
    chimes = page["Chimes"]
    short: dict[str, Any] = {"prompt": "do", "duration": 4.0, "steps": 2, "config": page["config"]}
    faults: dict[str, Any] = {
        "embed": lambda rows: rows[:1],
        "predict_noise": lambda noise: noise.transpose(1, 2),
        "decode": lambda sound: sound[..., :-640],
        "encode": lambda latent: latent[..., :4],
    }
    for method, change in faults.items():
        right = getattr(chimes, method)
        wrong = type("Wrong", (chimes,), {method: lambda self, *args, f=right, c=change: c(f(self, *args))})
        given = {"duration": 1.0, "init_audio": np.zeros(16_000, np.float32)} if method == "encode" else {}
        with pytest.raises(SpotnbError) as caught:
            spotnb.generate_audio(wrong(), **short | given, progress=False)
        yield str(caught.value)
    returned: dict[str, Any] = {"place": None, "describe": {"tones": 5}, "unknown_words": "fa"}
    for method, value in returned.items():
        wrong = type("Wrong", (chimes,), {method: lambda *_, value=value: value})
        with pytest.raises(SpotnbError) as caught:
            spotnb.generate_audio(wrong(), **short, progress=False)
        yield str(caught.value)


def test_the_messages_are_the_real_ones(page: dict[str, Any]) -> None:
    for message in messages(page):
        assert f"`{message}`" in TEXT, message
    assert sum(line.startswith("predict_noise of 'chimes' returned [") for line in page["printed"]) == 1
    lacking = type("Chimes", (), {name: value for name, value in vars(page["Chimes"]).items() if name != "encode"})
    with pytest.raises(SpotnbError) as caught:
        as_model(lacking())
    assert str(caught.value).partition(";")[0] in TEXT


def test_a_model_is_not_changed_by_its_runs(page: dict[str, Any]) -> None:
    one, other = (page["final"]("ddim", 5) for _ in range(2))
    assert torch.equal(one, other)
