"""AudioLDM from its components in diffusers' folder format, for the embedded model and the published checkpoints.

AudioLDM: Liu et al. 2023, "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import spotnb.models.whole_networks

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from spotnb.models.clap import embed_texts
from spotnb.models.mel_diffusion import NATIVE_FRAMES, MelDiffusion
from spotnb.models.ruler import TempoRuler, beat_waves
from spotnb.models.shelter import shelter
from spotnb.models.threads import by_rows
from spotnb.models.typical import TypicalLatent

__all__ = ["NATIVE_FRAMES", "DiffusersAudioLDM"]


class DiffusersAudioLDM(MelDiffusion):
    """An `AudioModel` that consists of a UNet, an autoencoder, a CLAP text encoder, a vocoder and a noise schedule.

    The embedded model has a frequency code, a tempo ruler and a typical latent; published checkpoints have none.

    Args:
        name: Name for the manifest.
        unet: The denoising network.
        vae: The autoencoder of log-mels.
        text_encoder: The CLAP text encoder.
        tokenizer: The tokenizer of the text encoder.
        vocoder: The network that converts log-mels to sound.
        scheduler: The scheduler that supplies the noise schedule.
        frequency_code: `[K, latent_bins]`, K constant input channels of the UNet that identify the latent bin, or None.
        tempo_ruler: Determines the waves that are added as input channels of the UNet and mark the beats if the prompt
            gives a tempo, or None.
        typical: The typical latent of an embedding, from which runs start, or None.
        device: The device of all networks.
        dtype: The precision of the UNet.
        notes: Further entries for the manifest.
        digest: The digest of the files that the pieces come from, if they come from files.
    """

    defaults: Mapping[str, Any]
    """Settings that suit the model, if it has its own, see `spotnb.models.defaults`."""

    def __init__(
        self,
        name: str,
        unet: UNet2DConditionModel,
        vae: AutoencoderKL,
        text_encoder: nn.Module,
        tokenizer: Any,
        vocoder: nn.Module,
        scheduler: DDIMScheduler,
        *,
        frequency_code: Tensor | None = None,
        tempo_ruler: TempoRuler | None = None,
        typical: TypicalLatent | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        notes: dict[str, Any] | None = None,
        digest: str | None = None,
    ) -> None:
        self.text_encoder: Any
        device = torch.device(device)
        self.frequency_code = None if frequency_code is None else frequency_code.to(device, dtype)
        self.tempo_ruler = ruler = None if tempo_ruler is None else tempo_ruler.to(device)
        self.typical = None if typical is None else typical.to(device)
        facts = {
            **({} if self.frequency_code is None else {"code": self.frequency_code}),
            **({} if ruler is None else {"tellings": ruler.tellings, "beats": ruler.beats}),
            **({} if self.typical is None else {"mean": self.typical.mean, "slope": self.typical.slope}),
        }
        encoders = {"text_encoder": text_encoder}
        options: dict[str, Any] = {"device": device, "dtype": dtype, "notes": notes, "digest": digest}
        super().__init__(name, unet, vae, vocoder, scheduler, tokenizer, encoders, facts=facts, **options)

    @torch.no_grad()
    @shelter
    def embed(self, texts: list[str]) -> Tensor:
        """Return the normalized CLAP embeddings `[N, D]` of N texts. Words past the tokenizer's limit are cut."""
        return embed_texts(self.text_encoder, self.tokenizer, texts, self.device)

    @shelter
    def typical_latent(self, cond: Tensor) -> Tensor | None:
        """Return the typical latents `[N, C, F]` of embeddings `[N, D]`, or None if the model has none."""
        return None if self.typical is None else self.typical(cond.to(self.device))

    def place(self, cond: Tensor, starts: Tensor, frames: int) -> Tensor:  # noqa: ARG002  of the protocol
        """Append the first frame of each window to the embeddings, `[N, D + 1]`, if the network has a tempo ruler."""
        return cond if self.tempo_ruler is None else torch.cat([cond, starts.to(cond)[:, None]], dim=1)

    @shelter
    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        """Predict the noise (epsilon) in `x` `[N, C, w, F]` at timesteps `t` `[N]`.

        Args:
            x: The windows.
            t: The timesteps.
            cond: The embeddings `[N, D]`, or the result of `place`. Without it, windows begin at frame 0 of the piece.
        """
        inputs = [x.to(self.device), t.to(self.device), cond.to(self.device)]
        if self.tempo_ruler is not None and cond.shape[1] > self.text_encoder.config.projection_dim:
            inputs[2:] = [inputs[2][:, :-1], inputs[2][:, -1]]
        return by_rows(self._noise, *inputs) if self._small else self._noise(*inputs)

    def _noise(self, x: Tensor, t: Tensor, embeds: Tensor, starts: Tensor | None = None) -> Tensor:
        sample = x.to(self.dtype)
        if self.frequency_code is not None:
            code = self.frequency_code[None, :, None].expand(len(x), -1, x.shape[2], -1)
            sample = torch.cat([sample, code], dim=1)
        if self.tempo_ruler is not None:
            places = embeds.new_zeros(len(x)) if starts is None else starts
            waves = beat_waves(self.tempo_ruler(embeds), places, x.shape[2]).to(self.dtype)
            sample = torch.cat([sample, waves[..., None].expand(-1, -1, -1, x.shape[3])], dim=1)
        sample = sample.contiguous(memory_format=self._memory_format)
        return self._epsilon(self.unet(sample, t, None, class_labels=embeds.to(self.dtype)).sample, x, t)
