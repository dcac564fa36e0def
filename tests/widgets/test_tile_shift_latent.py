"""The latent behind the tiles: the example that is shipped, and the estimates of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spotnb.tiling.clock import AUDIOLDM, Clock
from spotnb.widgets import tile_shift_latent
from spotnb.widgets.tile_shift_latent import EXAMPLE, Backdrop, example_latent, quantised, write_example


def test_the_example_is_a_few_kilobytes_of_a_latent() -> None:
    assert EXAMPLE.stat().st_size < 12_000
    example = example_latent(768, AUDIOLDM)
    assert example is not None
    plane = example.plane(24)
    assert plane.shape == (768, 16)
    assert 0.7 < plane.std() < 1.4  # a clean latent has about 1
    assert np.abs(plane).max() == pytest.approx(example.limit)
    neighbors = [np.corrcoef(row[:-1], row[1:])[0, 1] for row in plane.T]
    assert np.mean(neighbors) > 0.6  # held notes, no noise
    assert len(np.unique(plane)) > 200


def test_it_fits_shorter_latents_of_its_rate() -> None:
    short = example_latent(100, AUDIOLDM)
    assert short is not None
    assert short.codes.shape == (1, 100, 16)
    assert example_latent(769, AUDIOLDM) is None
    assert example_latent(100, Clock(44_100, 2048)) is None


def test_what_is_written_is_read_to_half_a_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32)
    limit = float(np.abs(plane).max())
    write_example(tmp_path / "example.npz", plane, limit, 5, "a sea")
    monkeypatch.setattr(tile_shift_latent, "EXAMPLE", tmp_path / "example.npz")
    monkeypatch.setattr(tile_shift_latent, "_example", tile_shift_latent._example.__wrapped__)
    read = example_latent(50, AUDIOLDM)
    assert read is not None
    assert np.abs(read.plane(0) - plane).max() <= limit / 254 * 1.001
    assert (read.channel, read.example) == (5, "a sea")
    assert read.words() == f"latent of an example, “a sea”, channel 5: −{limit:.1f} to {limit:.1f}"


def test_a_step_without_a_picture_has_that_of_the_one_before() -> None:
    values = np.stack([np.full((4, 2), value, np.float32) for value in (1, 2, 3)])
    backdrop = Backdrop(quantised(values, 3.0), [0, 5, 9], 1, None, 3.0)
    assert [round(float(backdrop.plane(step)[0, 0])) for step in (0, 4, 5, 8, 9, 20)] == [1, 1, 2, 2, 3, 3]
    assert backdrop.words() == "clean latent, all channels: −3.0 to 3.0"
