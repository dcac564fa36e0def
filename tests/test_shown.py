"""Every object shows itself: in a notebook as HTML that is safe and small, and anywhere as short lines of text."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

import spotnb
from spotnb.models.card import model_card
from spotnb.models.decode import Sound
from spotnb.models.load import load_model
from spotnb.sampling.replay import Replay
from spotnb.sampling.settings import RunSettings
from spotnb.sampling.source import KnownSound
from spotnb.solvers.make import make_solver
from spotnb.support.cards import LONGEST_LINE
from spotnb.tiling.edges import POLICIES
from tests.networks import ALPHAS, FunctionModel, pointwise
from tests.runs import Known

HOUR, HOSTILE = 3600.0, "<b>rain</b> \"'&\u202e\n" + "x" * 1000
CONFIG = spotnb.SpotDiffusionConfig(128)
VOID = {"circle", "hr", "img", "path", "rect"}


def model() -> FunctionModel:
    hostile = FunctionModel(pointwise)
    hostile.name = HOSTILE
    return hostile


def sampler(prompt: Any = HOSTILE, **settings: Any) -> spotnb.SpotSampler:
    run: dict[str, Any] = {"steps": 2, "config": CONFIG, "record": "last", "negative_prompt": HOSTILE}
    return spotnb.SpotSampler(model(), prompt, HOUR, **run | settings)


def timeline(count: int = 900) -> spotnb.PromptTimeline:
    each = int(HOUR) // count
    return spotnb.PromptTimeline([(each * k, each * k + each, f"{HOSTILE} {k}") for k in range(count)])


def trace() -> spotnb.Trace:
    run = sampler()
    record = run.step()
    records = [replace(record, step=k, timestep=1000 - k, x=None, x0=None, noise=None) for k in range(1000)]
    return spotnb.Trace(manifest=run.manifest(), records=records)


def generation() -> spotnb.Generation:
    wave: Any = np.broadcast_to(np.float32(0.5), 16_000 * int(HOUR))
    finished = sampler().run(progress=False)
    return spotnb.Generation(wave, np.zeros((4, 64), np.float32), finished, 0, tuple(np.linspace(0, 1, 1000)))


def layouts(count: int = 20) -> list[spotnb.Layout]:
    return [spotnb.plan(92_160, CONFIG, step) for step in range(count)]


OBJECTS: dict[str, Callable[[], Any]] = {
    "SpotSampler": sampler,
    "SpotSampler of a timeline": lambda: sampler(timeline(90)),
    "SpotSampler from known sound": lambda: sampler(continue_from=Known(50_000)),
    "Generation": generation,
    "Run": lambda: sampler().definition,
    "RunState": lambda: sampler().state,
    "RunSettings": lambda: RunSettings(timeline(), HOUR, config=CONFIG, negative_prompt=HOSTILE),
    "Step": lambda: sampler().begin(),
    "Layout": lambda: layouts()[3],
    "Layout of a ring": lambda: spotnb.plan(92_160, spotnb.SpotDiffusionConfig(16, edge="circular"), 3),
    "Layout of many lanes": lambda: spotnb.plan(9216, spotnb.SpotDiffusionConfig(128, 127), 3, "multidiffusion"),
    "Tile": lambda: layouts()[3].tiles[0],
    "Trace": trace,
    "Trace without steps": spotnb.Trace,
    "StepRecord": lambda: trace()[0],
    "AudioModel": lambda: model_card(model()),
    "DiffusersAudioLDM": lambda: load_model("tiny"),
    "SeamScore": lambda: spotnb.SeamScore(1.2, 0.03, np.random.default_rng(0).gamma(2, 1, 10_000)),
    "Levels": lambda: spotnb.Levels(-23.5, -4.2, 19.3, -22.1),
    "Coverage": lambda: spotnb.coverage(layouts()),
    "PromptTimeline": timeline,
    "Cost": lambda: spotnb.Cost(10**9, 10**12, 1e9, 10**15, 10**15),
    "Replay": lambda: Replay(sampler(), 1, HOSTILE, 0.5),
    "SpotDiffusionConfig": lambda: CONFIG,
    **{name: lambda policy=policy: policy for name, policy in POLICIES.items()},
    **{name: lambda name=name: make_solver(name, ALPHAS, 900, 0) for name in ("ddim", "dpm++")},
    "KnownSound": lambda: KnownSound(sampler().latent, 90_000),
    "Source": lambda: sampler(continue_from=Known(50_000)).source,
    "Sound": lambda: Sound(np.zeros((2, 10**6), np.float32), np.zeros((400, 64), np.float32)),
}


class Reader(HTMLParser):
    """Checks that every element is closed in order, and collects attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def html(thing: Any) -> str:
    return str(thing._repr_html_() if hasattr(thing, "_repr_html_") else thing.html())


@cache
def made(name: str) -> Any:
    return OBJECTS[name]()


@pytest.mark.parametrize("name", OBJECTS)
def test_html_is_safe_and_small(name: str) -> None:
    thing = made(name)
    began = time.process_time()
    text = html(thing)
    assert time.process_time() - began < 1
    page = Reader(text)
    assert not page.open
    assert not page.tags & {"script", "img", "link", "iframe", "object", "a"}
    assert not {each for each in page.attributes if each.startswith("on") or each in ("href", "src", "xmlns")}
    assert "http" not in text
    assert "url(" not in text
    assert "<b>rain" not in text
    assert "\u202e" not in text
    assert "(...)" not in text  # what an object shows that cannot show itself
    assert len(text.encode()) < 30_000


@pytest.mark.parametrize("name", OBJECTS)
def test_text_is_short(name: str) -> None:
    thing = made(name)
    began = time.process_time()
    text = thing.head if hasattr(thing, "html") else repr(thing)
    assert time.process_time() - began < 0.1
    assert all(len(line) <= LONGEST_LINE for line in text.splitlines())
    assert len(text.splitlines()) == 1
    assert text.isprintable()
    assert "(...)" not in text
    assert "object at 0x" not in text


def test_a_hostile_prompt_is_visible() -> None:
    assert "&lt;b&gt;rain&lt;/b&gt;" in html(made("SpotSampler"))
    assert repr(made("SpotSampler")).startswith("SpotSampler('<b>rain</b> \"\\'&\\u202e\\n")


@pytest.mark.parametrize("name", ["SpotSampler", "Trace", "SeamScore", "Layout", "Levels"])
def test_ipython_takes_both_forms(name: str) -> None:
    """IPython has its own printers for tuples and sequences, which these classes are."""
    thing = made(name)
    data, _ = DisplayFormatter().format(thing)
    assert data["text/plain"] == repr(thing)
    assert data["text/html"] == thing._repr_html_()


def test_widgets_stay_widgets() -> None:
    assert not hasattr(spotnb.TileShiftDebugger, "_text_")
    assert "_repr_html_" not in vars(spotnb.TileShiftDebugger)
