"""The tempo of a prompt as waves in additional input channels."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb.models.ruler import WAVE_CHANNELS, WAVES_A_BEAT, TempoRuler, beat_waves

RULER = TempoRuler(torch.tensor([[0.3, 0.0], [0.0, 0.3]]), torch.tensor([10.0, 15.0]))
FAST, SLOW = torch.tensor([[0.3, 0.02, 0.9], [0.01, 0.28, -0.9]])
NOTHING = torch.tensor([0.02, -0.01, 0.9])


def test_the_nearest_tempo_is_found_or_none() -> None:
    assert RULER(torch.stack([FAST, NOTHING, SLOW])).tolist() == [10, 0, 15]


@given(st.floats(0, 1))
def test_between_two_prompts_there_is_one_tempo_or_none(share: float) -> None:
    assert RULER(torch.lerp(FAST, NOTHING, share)[None]).item() in (10, 0)


@given(st.floats(7, 40))
def test_waves_come_again_with_the_bar_and_not_before(beat: float) -> None:
    """Each wave has a different period, and all waves together have a period of four beats."""
    bar = 4 * beat
    here, later = (beat_waves(torch.tensor([beat]), torch.tensor([start]), 64) for start in (0.0, bar))
    assert torch.allclose(here, later, atol=1e-3)
    for k, rate in enumerate(WAVES_A_BEAT):
        moved = beat_waves(torch.tensor([beat]), torch.tensor([beat / rate]), 64)
        assert torch.allclose(here[:, k :: len(WAVES_A_BEAT)], moved[:, k :: len(WAVES_A_BEAT)], atol=1e-3)
    assert here[0, :, 0].tolist() == [1] * len(WAVES_A_BEAT) + [0] * len(WAVES_A_BEAT)  # frame 0 is the first beat


@given(st.floats(7, 40), st.integers(0, 20_000), st.integers(1, 64))
def test_a_window_reads_what_the_whole_reads_there(beat: float, start: int, width: int) -> None:
    whole = beat_waves(torch.tensor([beat]), torch.tensor([start - 8]), width + 16)
    window = beat_waves(torch.tensor([beat]), torch.tensor([start]), width)
    assert torch.allclose(window, whole[:, :, 8 : 8 + width], atol=2e-2)


def test_rows_are_apart_and_no_tempo_is_silence() -> None:
    beats, starts = torch.tensor([10.0, 0.0, 15.0]), torch.tensor([0, 7, 300])
    together = beat_waves(beats, starts, 32)
    assert together.shape == (3, WAVE_CHANNELS, 32)
    assert not together[1].any()
    for row in range(3):
        assert torch.equal(together[[row]], beat_waves(beats[[row]], starts[[row]], 32))
