"""What the families of models with a UNet, an autoencoder of log-mels and a vocoder have in common."""

from __future__ import annotations

import math
from typing import Any

import spotnb.models.whole_networks

import torch
from diffusers import AutoencoderKL, DDIMScheduler
from torch import Tensor, nn

from spotnb.models.batching import is_small, suggested_tile_batch
from spotnb.models.folder_model import FolderModel
from spotnb.models.identity import Identity
from spotnb.models.mel import torch_log_mel
from spotnb.models.shelter import shelter
from spotnb.sound.mel import HOP

NATIVE_FRAMES = 256  # 10.24 s; the sample_size of 128 in published configurations is only the pipeline's default


class MelDiffusion(FolderModel):
    """A model of log-mel latents, without the part that embeds texts and calls the UNet.

    The UNet computes in `dtype`. All other networks compute in float32: they are cheap compared to the UNet, and
    log-mels lose audible detail with the 8 bits of precision of bf16.

    Args:
        name: Name for the manifest.
        unet: The denoising network.
        vae: The autoencoder of log-mels.
        vocoder: The network that converts log-mels to sound.
        scheduler: The scheduler that supplies the noise schedule.
        tokenizer: The tokenizer that tells how much of a text is read.
        encoders: The networks that embed texts.
        facts: Further tensors by which models are told apart.
        device: The device of all networks.
        dtype: The precision of the UNet.
        notes: Further entries for the manifest.
        digest: The digest of the files that the pieces come from, if they come from files.
    """

    def __init__(
        self,
        name: str,
        unet: Any,
        vae: AutoencoderKL,
        vocoder: nn.Module,
        scheduler: DDIMScheduler,
        tokenizer: Any,
        encoders: dict[str, nn.Module],
        *,
        facts: dict[str, Tensor] | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        notes: dict[str, Any] | None = None,
        digest: str | None = None,
    ) -> None:
        self.name, self.device, self.dtype = name, torch.device(device), dtype
        # Measured on CPUs, channels_last takes 3 % more time in fp32 and much less in bf16 with AMX. GPUs benefit too.
        plain = self.device.type == "cpu" and dtype == torch.float32
        self._memory_format = torch.contiguous_format if plain else torch.channels_last
        self.unet: Any = unet.to(self.device, dtype, memory_format=self._memory_format).eval().requires_grad_(False)
        exact = self.device, torch.float32
        self.vae = vae.to(*exact).eval().requires_grad_(False)
        for each, encoder in encoders.items():
            setattr(self, each, encoder.to(*exact).eval().requires_grad_(False))
        self.vocoder: Any = vocoder.to(*exact).eval().requires_grad_(False)
        self.tokenizer, self.notes = tokenizer, notes or {}
        self.tile_batch, self._small = suggested_tile_batch(self.unet, self.device), is_small(self.unet)
        self.alphas_cumprod: Tensor = scheduler.alphas_cumprod.float().cpu()
        self.prediction_type: str = scheduler.config.prediction_type
        self.sample_rate = int(getattr(vocoder.config, "sampling_rate", 16000))
        self.channels: int = vae.config.latent_channels
        self.latent_bins: int = 64 // self._compression
        self.samples_per_frame: int = HOP * self._compression
        self.native_frames: int = NATIVE_FRAMES
        self.time_multiple: int = 2 ** (len(unet.config.block_out_channels) - 1)
        others = {
            "schedule": self.alphas_cumprod,
            "scale": torch.tensor(float(vae.config.scaling_factor)),
            **(facts or {}),
        }
        self._identity = Identity([self.unet, self.vae, *encoders.values(), self.vocoder], others, digest)

    @property
    def _unshuffle(self) -> int:
        """Side of the mel blocks that become channels of the autoencoder: 1 for AudioLDM, 2 for the embedded model."""
        return math.isqrt(self.vae.config.in_channels)

    @property
    def _compression(self) -> int:
        return int(2 ** (len(self.vae.config.block_out_channels) - 1)) * self._unshuffle

    def _epsilon(self, out: Tensor, x: Tensor, t: Tensor) -> Tensor:
        """Return the noise in `x`, from what the UNet predicts."""
        out = out.float()
        if self.prediction_type == "v_prediction":
            # epsilon = sqrt(a) v + sqrt(1 - a) x (Salimans & Ho 2022, appendix D)
            alpha = self.alphas_cumprod.to(self.device)[t][:, None, None, None]
            out = alpha.sqrt() * out + (1 - alpha).sqrt() * x
        return out.contiguous()

    @torch.no_grad()
    @shelter
    def decode_mel(self, latent: Tensor) -> Tensor:
        """Decode a clean latent to a log-mel `[B, 1, 4T, 64]`."""
        out = self.vae.decode(latent.to(self.device) / self.vae.config.scaling_factor).sample
        return nn.functional.pixel_shuffle(out, self._unshuffle)

    @torch.no_grad()
    @shelter
    def vocode(self, mel: Tensor) -> Tensor:
        """Convert a log-mel `[B, 1, frames, 64]` to sound `[B, 160 * frames]`."""
        sound: Tensor = self.vocoder(mel[:, 0].to(self.device))
        return sound[..., : HOP * mel.shape[2]]

    @torch.no_grad()
    @shelter
    def encode(self, waveform: Tensor) -> Tensor:
        """Encode sound `[B, samples]` to the mode of the latent distribution, so that the result is deterministic."""
        frames = waveform.shape[-1] // self.samples_per_frame
        mel = torch_log_mel(waveform[..., : frames * self.samples_per_frame].to(self.device))
        blocks = nn.functional.pixel_unshuffle(mel, self._unshuffle)
        latent: Tensor = self.vae.encode(blocks).latent_dist.mode() * self.vae.config.scaling_factor
        return latent
