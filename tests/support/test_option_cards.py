"""Settings classes show what differs from their defaults, as it is written in Python."""

from __future__ import annotations

import numpy as np

from spotnb.sampling.settings import NAMES, RunSettings
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig


def test_text_is_python_that_returns_the_same_settings() -> None:
    config = SpotDiffusionConfig(128, edge="merge", max_shift_ratio=1)
    assert repr(config) == 'SpotDiffusionConfig(tile_size_time=128, max_shift_ratio=1, edge="merge")'
    settings = RunSettings("rain", 30, method="tiles", config=config, seed=7)
    assert eval(repr(settings)) == settings
    assert eval(repr(SpotDiffusionConfig())) == SpotDiffusionConfig()


def test_text_of_settings_leaves_out_defaults() -> None:
    assert repr(RunSettings("rain")) == 'RunSettings("rain")'
    assert repr(RunSettings("rain", 30, steps=25)) == 'RunSettings("rain", duration=30, steps=25)'
    timeline = PromptTimeline([(0, 5, "rain"), (5, 10, "wind")])
    assert repr(RunSettings(timeline)) == (
        'RunSettings(PromptTimeline([(0, 5, "rain"), (5, 10, "wind")], crossfade=2))'
    )


def test_the_card_lists_every_setting_and_its_meaning() -> None:
    shown = RunSettings("rain", 30, steps=25)._repr_html_()
    assert all(f">{name}</th>" in shown or f"{name}: " in shown for name in NAMES)
    own, others = shown.rsplit("at their defaults", 1)  # those of the config come first
    assert ">steps</th><td><bdi>25</bdi><small>Denoising steps, 1 to 1000</small>" in own
    assert ">eta</th>" not in own
    assert ">eta</th><td><bdi>0</bdi>" in others


def test_an_array_as_a_setting_is_no_obstacle() -> None:
    settings = RunSettings("rain", init_audio=np.zeros(16_000_000, np.float32))
    assert "init_audio=array([0., 0., 0.," in repr(settings)
    assert len(settings._repr_html_()) < 12_000
