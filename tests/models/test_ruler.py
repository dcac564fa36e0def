"""The tempo of a prompt as waves beside the latent."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb.models.ruler import WAVES_A_BEAT, TempoRuler

RULER = TempoRuler(torch.tensor([[0.3, 0.0], [0.0, 0.3]]), torch.tensor([10.0, 15.0]))
FAST, SLOW = torch.tensor([[0.3, 0.02, 0.9], [0.01, 0.28, -0.9]])
NOTHING = torch.tensor([0.02, -0.01, 0.9])


def test_waves_come_again_with_the_beat_that_is_told() -> None:
    for embed, beat in ((FAST, 10), (SLOW, 15)):
        [waves] = RULER(embed[None], 90)
        assert torch.allclose(waves[:, 2 * beat :], waves[:, : -2 * beat], atol=1e-4)
        whole = waves[[WAVES_A_BEAT.index(1.0), WAVES_A_BEAT.index(1.0) + len(WAVES_A_BEAT)]]
        assert torch.allclose(whole[:, beat:], whole[:, :-beat], atol=1e-4)
        assert not torch.allclose(waves[:, beat:], waves[:, :-beat], atol=0.1)  # half a beat's rate is out of step


def test_rows_are_apart_and_no_tempo_is_silence() -> None:
    together = RULER(torch.stack([FAST, NOTHING, SLOW]), 32)
    assert together.shape == (3, RULER.channels, 32)
    assert torch.equal(together[1], torch.zeros(RULER.channels, 32))
    assert torch.equal(together[[0]], RULER(FAST[None], 32))
    assert torch.equal(together[[2]], RULER(SLOW[None], 32))


@given(st.floats(0, 1))
def test_between_two_prompts_there_is_one_ruler_or_none(share: float) -> None:
    [waves] = RULER(torch.lerp(FAST, NOTHING, share)[None], 32)
    assert torch.equal(waves, RULER(FAST[None], 32)[0]) or not waves.any()
