"""Discriminators: they learn to tell sounds apart, and give the vocoder a gradient."""

from __future__ import annotations

import torch

from training.discriminators import Discriminators


def sounds() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    tone = 0.3 * torch.sin(torch.arange(4000) / 5)
    return torch.randn(2, 4000, generator=generator) * 0.2, tone.expand(2, -1)


def test_they_learn_to_tell_noise_from_a_tone() -> None:
    torch.manual_seed(0)
    discriminators, (ours, real) = Discriminators(width=4), sounds()
    optimizer = torch.optim.AdamW(discriminators.parameters(), lr=3e-3)
    losses = []
    for _ in range(12):
        loss = discriminators.loss(ours, real)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_the_vocoder_has_a_gradient_and_frozen_discriminators_have_none() -> None:
    torch.manual_seed(0)
    discriminators, (ours, real) = Discriminators(width=4).requires_grad_(False), sounds()
    ours.requires_grad_()
    adversarial, matching = discriminators.vocoder_losses(ours, real)
    (adversarial + matching).backward()
    assert ours.grad is not None
    assert ours.grad.isfinite().all()
    assert ours.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in discriminators.parameters())
    assert discriminators.vocoder_losses(real, real)[1] == 0
