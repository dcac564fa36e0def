"""Two kinds of guidance that are only tried here: rescaled guidance, and guidance by a weaker network."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn

from spotnb.sampling.guidance import Prediction
from spotnb.sampling.run import Run
from spotnb.sampling.windows import gather


def rescaled(prediction: Prediction, x: Tensor, alpha: Tensor, share: float) -> Tensor:
    """Return a guided prediction of noise whose v has the standard deviation of the prompt's own, as far as `share`.

    Guidance raises the contrast of the result, and this takes it back (Lin et al. 2023, "Common diffusion noise
    schedules and sample steps are flawed", arXiv:2305.08891, section 3.4).

    Args:
        prediction: The guided prediction and the one with the prompt, `[B, C, T, F]`.
        x: The noisy latents, `[B, C, T, F]`.
        alpha: The cumulative product of the noise schedule at this timestep.
        share: 0 for the guided prediction as it is, 1 for the standard deviation of the prompt's.
    """
    signal, level = alpha.sqrt(), (1 - alpha).sqrt()
    guided, own = ((eps - level * x) / signal for eps in (prediction.eps, prediction.eps_cond))  # v
    factor = own.std((1, 2, 3), keepdim=True) / guided.std((1, 2, 3), keepdim=True)
    return signal * guided * (share * factor + 1 - share) + level * x


def finish_rescaled(run: Run, share: float) -> Tensor:
    """Return the clean latents of a run of one window with `rescaled` guidance."""
    state = run.start()
    for step in run.steps:
        layout, timestep = run.layout(step), run.solver.timesteps[step]
        [prediction] = run.denoiser.predict(gather(state.x, layout), layout, timestep, 0).values()
        alpha = run.model.alphas_cumprod[timestep].to(state.x.device)
        eps = prediction.eps if prediction.eps_uncond is None else rescaled(prediction, state.x, alpha, share)
        state = run.advance(state, eps)
    return state.x


class AutoguidedUNet(nn.Module):
    """A UNet that is led away from what a weaker one of the same inputs predicts.

    Its prediction is `weak + scale * (unet - weak)` (Karras et al. 2024, "Guiding a diffusion model with a bad version
    of itself", arXiv:2406.02507, equation 4).

    Args:
        unet: The UNet.
        weak: A smaller one, or one that was trained for a shorter time.
        scale: 1 for the UNet alone.
    """

    def __init__(self, unet: nn.Module, weak: nn.Module, scale: float) -> None:
        super().__init__()
        self.unet, self.weak, self.scale = unet, weak, scale

    @property
    def config(self) -> Any:
        """The configuration of the UNet."""
        return self.unet.config

    def forward(self, *args: Any, **kwargs: Any) -> UNet2DConditionOutput:
        """Predict, with the arguments of the UNet."""
        strong, weak = (unet(*args, **kwargs).sample for unet in (self.unet, self.weak))
        return UNet2DConditionOutput(sample=torch.lerp(weak, strong, self.scale))
