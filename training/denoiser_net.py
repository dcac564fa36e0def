"""The denoiser's network, and the candidates for its next version.

The network is diffusers' `UNet2DConditionModel` with AudioLDM's conditioning. Candidates differ from the shipped one in
one respect each, so that a comparison at equal minutes says what that respect is worth (`training.candidates`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import ClapTextModelWithProjection

from spotnb.models.audioldm_folder import CODE_FILE
from spotnb.models.ruler import WAVE_CHANNELS, beat_waves
from training.train_text import EMBED_DIM

CODE_CHANNELS = 4
GAMMA, BIAS = 5.0, -1.0  # of the two loss weights
WEIGHTS = ("none", "min-snr", "sigmoid")


@dataclass(frozen=True)
class Candidate:
    """A way to build and to train the denoiser.

    Attributes:
        channels: Width of each level, from the finest to the coarsest.
        attention: Levels that attend over time and frequency; the last one always does.
        fold: Number of neighboring frequency bins that become channels at the input.
        weights: Weights of timesteps in the loss, one of `WEIGHTS`.
        ema: Decay of the average of the weights.
    """

    channels: tuple[int, ...] = (48, 64, 96, 160)
    attention: tuple[int, ...] = ()
    fold: int = 1
    weights: str = "none"
    ema: float = 0.999

    @property
    def loads(self) -> bool:
        """Whether `spotnb.load_model` can run the network."""
        return self.fold == 1

    @property
    def continues(self) -> bool:
        """Whether the network has the shapes of the shipped one."""
        return (self.channels, self.attention, self.fold) == ((48, 64, 96, 160), (), 1)


BASE = "base"
CANDIDATES = {
    BASE: Candidate(),
    "wide": Candidate(channels=(48, 64, 96, 224)),
    "fine": Candidate(channels=(80, 96, 96, 128)),
    "attention": Candidate(attention=(1,)),
    "folded": Candidate(channels=(80, 96, 128, 160), fold=2),
    "min-snr": Candidate(weights="min-snr"),
    "sigmoid": Candidate(weights="sigmoid"),
    "long-ema": Candidate(ema=0.9998),
}


class FoldedUNet(nn.Module):
    """A UNet on latents whose neighboring frequency bins are channels.

    Args:
        unet: The UNet.
        by: How many bins become channels of one.
    """

    def __init__(self, unet: UNet2DConditionModel, by: int) -> None:
        super().__init__()
        self.unet, self.by = unet, by

    @property
    def config(self) -> Any:
        """The configuration of the UNet."""
        return self.unet.config

    def forward(self, x: Tensor, t: Tensor, states: None, class_labels: Tensor) -> UNet2DConditionOutput:
        """Predict v from `[B, C, T, F]`, with the arguments of the UNet."""
        folded = x.unflatten(3, (-1, self.by)).movedim(4, 2).flatten(1, 2)
        out = self.unet(folded.contiguous(memory_format=torch.channels_last), t, states, class_labels=class_labels)
        return UNet2DConditionOutput(sample=out.sample.unflatten(1, (-1, self.by)).movedim(2, 4).flatten(3, 4))


def build_unet(candidate: Candidate = CANDIDATES[BASE]) -> Any:
    """Build an untrained denoiser, a `UNet2DConditionModel` or a `FoldedUNet` around one."""
    channels, last = candidate.channels, len(candidate.channels) - 1
    attends = [level in (*candidate.attention, last) for level in range(last + 1)]
    unet = UNet2DConditionModel(
        sample_size=256,
        in_channels=(8 + CODE_CHANNELS + WAVE_CHANNELS) * candidate.fold,
        out_channels=8 * candidate.fold,
        block_out_channels=channels,
        layers_per_block=1,
        down_block_types=tuple("CrossAttnDownBlock2D" if yes else "DownBlock2D" for yes in attends),
        up_block_types=tuple("CrossAttnUpBlock2D" if yes else "UpBlock2D" for yes in reversed(attends)),
        mid_block_type="UNetMidBlock2DCrossAttn",
        norm_num_groups=16,
        attention_head_dim=[max(1, c // 32) for c in channels],  # despite its name, the number of heads
        cross_attention_dim=list(channels),
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=EMBED_DIM,
        class_embeddings_concat=True,
    )
    with torch.no_grad():  # the values of a unit vector with EMBED_DIM channels are small
        unet.class_embedding.weight.mul_(EMBED_DIM**0.5)
    return unet if candidate.fold == 1 else FoldedUNet(unet, candidate.fold)


def loss_weights(kind: str, alphas: Tensor) -> Tensor:
    """Return the weight of each timestep in the mean squared error of v, `[steps]`, with a mean of one.

    With the signal-to-noise ratio s, the error of x0 is that of v divided by s + 1. "min-snr" weights the error of x0
    by min(s, 5) (Hang et al. 2023, arXiv:2303.09556, section 3.4), and "sigmoid" the evidence lower bound by a sigmoid
    of the log of s (Hoogeboom et al. 2024, "Simpler diffusion", arXiv:2410.19324, section 3.1).

    Args:
        kind: One of `WEIGHTS`.
        alphas: The cumulative products of the noise schedule, `[steps]`.
    """
    ratio = alphas.double() / (1 - alphas.double())
    if kind == "min-snr":
        weights = ratio.clamp(max=GAMMA) / (ratio + 1)
    elif kind == "sigmoid":
        slope = -torch.gradient(ratio.log())[0]
        weights = slope * torch.sigmoid(ratio.log() - BIAS) / (ratio + 1)
    else:
        weights = torch.ones_like(ratio)
    return (weights / weights.mean()).float()


class Denoiser(nn.Module):
    """The UNet, the text encoder that is fine-tuned with it, and the frequency code.

    Args:
        encoder: The text encoder that `train_text` trained.
        start: A model folder to continue from. Input channels that its UNet lacks start at zero.
        candidate: The network.
    """

    def __init__(
        self,
        encoder: ClapTextModelWithProjection,
        start: Path | None = None,
        candidate: Candidate = CANDIDATES[BASE],
    ) -> None:
        super().__init__()
        self.unet = build_unet(candidate)
        self.encoder = encoder
        self.code = nn.Parameter(torch.randn(CODE_CHANNELS, 16, generator=torch.Generator().manual_seed(0)))
        if start is not None:
            weights = load_file(start / "unet" / "diffusion_pytorch_model.safetensors")
            missing = self.unet.config.in_channels - weights["conv_in.weight"].shape[1]
            weights["conv_in.weight"] = nn.functional.pad(weights["conv_in.weight"], (0, 0, 0, 0, 0, missing))
            self.unet.load_state_dict(weights)
            self.code.data.copy_(load_file(start / "unet" / CODE_FILE)["frequency_code"])
        self.unet.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, t: Tensor, embeds: Tensor, beats: Tensor, starts: Tensor) -> Tensor:
        """Predict v.

        Args:
            x: Noisy latents `[B, 8, T, 16]`.
            t: Timesteps `[B]`.
            embeds: Text embeddings `[B, EMBED_DIM]`.
            beats: Latent frames per beat `[B]`, or 0 without a tempo.
            starts: Latent frames from the first beat of a bar to each window `[B]`.
        """
        code = self.code[None, :, None].expand(len(x), -1, x.shape[2], -1)
        waves = beat_waves(beats, starts, x.shape[2])[..., None].expand(-1, -1, -1, x.shape[3])
        inputs = torch.cat([x, code, waves], dim=1).contiguous(memory_format=torch.channels_last)
        return self.unet(inputs, t, None, class_labels=embeds).sample.float()
