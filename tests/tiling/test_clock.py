"""Seconds, frames and samples of models of any rate."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.tiling.clock import AUDIOLDM, Clock

clocks = st.builds(Clock, st.sampled_from([8000, 16000, 22050, 24000, 32000, 44100, 48000]), st.integers(1, 4096))


@given(clocks, st.floats(0.6, 4000), st.sampled_from([1, 2, 8]))
@example(Clock(44100, 2048), 47.55, 1)
@example(Clock(44100, 2048), 1024 * 2048 / 44100, 1)
def test_a_run_fills_its_duration_with_few_frames_too_many(clock: Clock, duration: float, multiple: int) -> None:
    frames = clock.run_frames(duration, multiple)
    assert frames % multiple == 0
    samples = clock.run_samples(duration, frames)
    assert samples == round(duration * clock.sample_rate)
    assert samples <= frames * clock.samples_per_frame
    if clock != AUDIOLDM:
        assert frames * clock.samples_per_frame - samples < (multiple + 1e-3) * clock.samples_per_frame + 1


@given(clocks, st.floats(0.6, 4000))
def test_a_ring_is_whole_frames(clock: Clock, duration: float) -> None:
    frames = clock.run_frames(duration, 8, ring=True)
    assert abs(frames * clock.frame_seconds - duration) <= clock.frame_seconds / 2 + 1e-6
    assert clock.run_samples(duration, frames, ring=True) == frames * clock.samples_per_frame


def test_the_shortest_duration_is_a_frame_of_the_model() -> None:
    with pytest.raises(InputError, match=r"at least 0\.0464 s, which is one latent frame"):
        Clock(44100, 2048).run_frames(0.04, 1)
    assert Clock(44100, 2048).run_frames(0.0465, 1) == 2


def test_manifests_without_rates_are_of_audioldm() -> None:
    assert Clock.of_manifest({}) == AUDIOLDM == Clock(16000, 640)
    assert Clock.of_manifest({"sample_rate": 44100, "samples_per_frame": 2048}).frame_seconds == 2048 / 44100
    for wrong in (0, "44100", 44100.5, None, True):
        with pytest.raises(InputError, match="sample_rate"):
            Clock.of_manifest({"sample_rate": wrong})
