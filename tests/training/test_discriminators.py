"""Judges of sound: they learn to tell, and the vocoder's gradient comes from them."""

from __future__ import annotations

import torch

from training.discriminators import Judges


def sounds() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    tone = 0.3 * torch.sin(torch.arange(4000) / 5)
    return torch.randn(2, 4000, generator=generator) * 0.2, tone.expand(2, -1)


def test_judges_learn_to_tell_noise_from_a_tone() -> None:
    torch.manual_seed(0)
    judges, (ours, real) = Judges(width=4), sounds()
    optimizer = torch.optim.AdamW(judges.parameters(), lr=3e-3)
    lessons = []
    for _ in range(12):
        lesson = judges.lesson(ours, real)
        optimizer.zero_grad()
        lesson.backward()
        optimizer.step()
        lessons.append(lesson.item())
    assert lessons[-1] < 0.7 * lessons[0]


def test_a_sound_is_told_what_it_lacks_and_the_judges_are_left_alone() -> None:
    torch.manual_seed(0)
    judges, (ours, real) = Judges(width=4).requires_grad_(False), sounds()
    ours.requires_grad_()
    passing, noticed = judges.doubts(ours, real)
    (passing + noticed).backward()
    assert ours.grad is not None
    assert ours.grad.isfinite().all()
    assert ours.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in judges.parameters())
    assert judges.doubts(real, real)[1] == 0
