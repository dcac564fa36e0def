"""The typical latent of a prompt: the mean over time of the clean latents that the prompt makes one expect.

Even at the last timestep of AudioLDM's noise schedule, the latents of training hold 1.2 % of the sound, and the network
reads loudness and tone color from this signal leak. Pure noise has no leak, and the network reads that as the loudness
of a latent of zeros (Lin et al. 2024, "Common Diffusion Noise Schedules and Sample Steps are Flawed", arXiv:2305.08891,
section 3.1). A run therefore starts from the typical latent with noise, after Everaert et al. 2024, "Exploiting the
Signal-Leak Bias in Diffusion Models", arXiv:2309.15842, who draw the leak at random from the statistics of a data set.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TypicalLatent:
    """A linear function of the text embedding.

    Attributes:
        mean: `[C, F]`, the mean of all clean latents over time.
        slope: `[C, F, D]`, how it changes with each channel of the embedding.
    """

    mean: Tensor
    slope: Tensor

    def to(self, device: torch.device) -> TypicalLatent:
        """Return a copy on a device."""
        return TypicalLatent(self.mean.to(device), self.slope.to(device))

    @torch.no_grad()
    def __call__(self, embeds: Tensor) -> Tensor:
        """Return the typical latents `[N, C, F]` of embeddings `[N, D]`."""
        return self.mean + torch.einsum("cfd,nd->ncf", self.slope, embeds.float())
