"""The typical latent: what least squares find is what was put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from training.fit_typical import fit_typical, means


def test_a_linear_dependence_is_found() -> None:
    generator = torch.Generator().manual_seed(2)
    embeds = torch.nn.functional.normalize(torch.randn(400, 6, generator=generator), dim=1)
    mean, slope = torch.randn(2, 3, generator=generator), torch.randn(2, 3, 6, generator=generator)
    latents = mean + torch.einsum("cfd,nd->ncf", slope, embeds)
    noisy = latents + 0.1 * torch.randn(latents.shape, generator=generator)
    typical = fit_typical(embeds, noisy)
    assert (typical(embeds) - latents).abs().max() < 0.1
    assert (typical(embeds) - latents).square().mean().sqrt() < 0.02
    assert typical.mean.dtype == typical.slope.dtype == torch.float32


def test_without_a_dependence_it_is_the_mean() -> None:
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(50, 2, 3, generator=generator)
    typical = fit_typical(torch.zeros(50, 6), latents)
    assert torch.allclose(typical(torch.zeros(1, 6))[0], latents.mean(0), atol=1e-6)


def test_means_are_those_over_time(tmp_path: Path) -> None:
    clips = np.random.default_rng(0).normal(size=(3, 2, 7, 4)).astype(np.float16)
    np.save(tmp_path / "latents.npy", clips)
    found = means(tmp_path / "latents.npy")
    assert found.shape == (3, 2, 4)
    assert np.abs(found.numpy() - clips.astype(np.float32).mean(2)).max() < 1e-6
