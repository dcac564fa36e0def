"""A setting is declared once. Everything that takes settings derives from it, or is compared with it here."""

from __future__ import annotations

import dataclasses
import inspect
import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb.cli import build_parser
from spotnb.errors import InputError
from spotnb.models.defaults import defaults_of
from spotnb.research.grid import CONFIG, NOT_SWEPT, RUN
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.settings import FIXED, NAMES, RunSettings
from spotnb.sampling.source import KnownSound
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.options import options
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from tests.networks import FunctionModel, pointwise
from tests.runs import rich_runs

ONLY_IN_PYTHON = {"config", "record", "record_dtype"}
"""Settings without an option: each field of the config has one, and the command line decides what is recorded."""


def test_the_sampler_takes_the_model_and_every_setting() -> None:
    parameters = inspect.signature(RunSettings).parameters
    assert tuple(parameters) == NAMES
    taken = list(inspect.signature(SpotSampler).parameters.values())[1:]  # pdoc, in its test, evaluates annotations
    expected = [(each.name, each.kind, each.default) for each in parameters.values()]
    assert [(each.name, each.kind, each.default) for each in taken] == expected
    for each in options(RunSettings):
        assert f"{each.name}: " in str(SpotSampler.__doc__)


def test_every_setting_is_an_attribute_of_a_sampler() -> None:
    sampler = SpotSampler(FunctionModel(pointwise), "a sea", 1.0, steps=2)
    told = sampler.settings()
    assert set(told) == {"model", *NAMES}
    plain = set(NAMES) - {"solver"}  # the solver itself can be read, too
    assert {name: getattr(sampler, name) for name in plain} == {name: told[name] for name in plain}
    assert told["solver"] == sampler.solver.describe()
    assert set(NAMES) <= set(sampler.manifest())
    with pytest.raises(AttributeError, match="no attribute 'tempo'"):
        _ = sampler.tempo


def test_the_command_line_has_every_setting() -> None:
    (generate,) = (each for each in build_parser()._actions if each.choices)
    args = {each.dest for each in generate.choices["generate"]._actions}
    expected = (set(NAMES) - ONLY_IN_PYTHON) | {each.name for each in options(SpotDiffusionConfig)}
    assert expected <= args


def test_a_sweep_has_every_setting() -> None:
    assert {*RUN, *NOT_SWEPT} == set(NAMES)
    assert set(CONFIG) == {field.name for field in dataclasses.fields(SpotDiffusionConfig)}


def test_the_form_has_every_setting_but_those_named_there() -> None:
    pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")
    from spotnb.widgets.panel_fields import NOT_IN_FORM
    from spotnb.widgets.panel_form import Form

    form = Form(lambda: None, defaults_of(FunctionModel(pointwise)))
    assert set(form.settings()) == (set(NAMES) - NOT_IN_FORM) | {"config"}
    turned = {"tile_size_time": 64, "min_overlap": 8, "max_shift_ratio": 0.25, "edge": "merge"}
    turned |= {"shift_seed": 3, "shift_schedule": "sorted"}
    assert turned.keys() == {f.name for f in dataclasses.fields(SpotDiffusionConfig)}
    for name, value in turned.items():
        getattr(form, name).value = value
    assert form.config == SpotDiffusionConfig(**turned)


@given(rich_runs())
def test_settings_survive_json(run: Any) -> None:
    sampler = run.sampler(pointwise)
    settings = sampler.definition.settings
    plain = json.loads(json.dumps(settings.to_dict(), allow_nan=False))
    sounds = {name: getattr(settings, name) for name in ("init_audio", "continue_from") if plain[name] is not None}
    again = RunSettings.from_dict(plain, sounds)
    assert again.to_dict() == settings.to_dict()
    assert json.loads(json.dumps(again.to_dict())) == plain


def test_a_missing_name_takes_its_default_and_unknown_names_are_ignored() -> None:
    settings = RunSettings.from_dict({"prompt": "a sea", "frames": 16, "config": {"edge": "merge"}})
    assert settings == RunSettings("a sea", config=SpotDiffusionConfig(edge="merge"))


def test_a_seed_of_none_is_drawn_once() -> None:
    settings = RunSettings("a sea", seed=None)
    assert isinstance(settings.seed, int)
    assert dataclasses.replace(settings, steps=3).seed == settings.seed


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"prompt": " "}, "prompt is ' ': expected words"),
        ({"prompt": PromptTimeline([(0, 4, "rain")])}, "timeline ends at 4 s"),
        ({"strength": 0.5}, "strength is 0.5 without init_audio"),
        ({"keep": [(0, 1)]}, "keep is .* without init_audio"),
        ({"init_audio": "a.wav", "continue_from": "b.wav"}, "exclude each other"),
        ({"init_audio": "a.wav", "strength": 0}, "strength is 0"),
        ({"init_audio": "a.wav", "keep": []}, "keep is empty"),
        ({"init_audio": "a.wav", "keep": 3}, "keep is 3: expected a list"),
        ({"record": 0}, "record is 0"),
        ({"finish_steps": -1}, "finish_steps is -1: .*0 is SpotDiffusion as published"),
        ({"finish_overlap": 16, "config": SpotDiffusionConfig(16)}, "finish_overlap is 16: .* from 0 to 15.*smaller"),
        ({"config": {}}, "config is {}: expected a SpotDiffusionConfig"),
        ({"seed": 2**63 - 1, "n_candidates": 2}, "seed is 9223372036854775807"),
    ],
)
def test_invalid_settings_are_refused_without_a_model(given_settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RunSettings(**({"prompt": "a sea"} | given_settings))


def test_a_fork_changes_only_what_it_may() -> None:
    settings = RunSettings("a sea", steps=5)
    assert settings.forked({"guidance_scale": 4, "prompt": "rain"}) == RunSettings("rain", steps=5, guidance_scale=4)
    for name in sorted(FIXED):
        with pytest.raises(InputError, match=f"fork cannot change {name}: .*new sampler"):
            settings.forked({name: getattr(settings, name)})


@given(st.sampled_from(EDGES))
def test_the_default_strength_depends_on_what_is_kept(edge: str) -> None:
    sound = KnownSound(torch.zeros(1, 2, 40, 4), 40)
    config = SpotDiffusionConfig(16, edge=edge)
    assert RunSettings("a sea", 1.0, config=config, init_audio=sound).strength == 0.6
    assert RunSettings("a sea", 1.0, config=config, init_audio=sound, keep=[(0, np.float32(0.5))]).strength == 1.0
