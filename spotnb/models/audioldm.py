"""AudioLDM from its components in diffusers' folder format, for the embedded model and the published checkpoints.

AudioLDM: Liu et al. 2023, "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models", section 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import ClapTextModelWithProjection

from spotnb.models.batching import is_small, suggested_tile_batch
from spotnb.models.identity import KEY, Identity
from spotnb.models.mel import torch_log_mel
from spotnb.models.ruler import TempoRuler, beat_waves
from spotnb.models.shelter import shelter
from spotnb.models.threads import by_rows
from spotnb.models.words import Reading, read_tokens
from spotnb.sound.mel import HOP
from spotnb.support.checks import check_text

NATIVE_FRAMES = 256  # 10.24 s; the sample_size of 128 in published configurations is only the pipeline's default
WORDS = "pass words that describe a sound"


class DiffusersAudioLDM:
    """An `AudioModel` that consists of a UNet, an autoencoder, a CLAP text encoder, a vocoder and a noise schedule.

    The UNet computes in `dtype`. All other networks compute in float32: they are cheap compared to the UNet, and
    log-mels lose audible detail with the 8 bits of precision of bf16. The embedded model was trained with both a
    frequency code and a tempo ruler.

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
        text_encoder: ClapTextModelWithProjection,
        tokenizer: Any,
        vocoder: nn.Module,
        scheduler: DDIMScheduler,
        *,
        frequency_code: Tensor | None = None,
        tempo_ruler: TempoRuler | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        notes: dict[str, Any] | None = None,
        digest: str | None = None,
    ) -> None:
        self.name, self.device, self.dtype = name, torch.device(device), dtype
        # Measured on CPUs, channels_last takes 3 % more time in fp32 and much less in bf16 with AMX. GPUs benefit too.
        plain = self.device.type == "cpu" and dtype == torch.float32
        self._memory_format = torch.contiguous_format if plain else torch.channels_last
        self.unet = unet.to(self.device, dtype, memory_format=self._memory_format).eval().requires_grad_(False)
        exact = self.device, torch.float32
        self.vae = vae.to(*exact).eval().requires_grad_(False)
        self.text_encoder = text_encoder.to(*exact).eval().requires_grad_(False)
        self.vocoder: Any = vocoder.to(*exact).eval().requires_grad_(False)
        self.tokenizer, self.notes = tokenizer, notes or {}
        self.frequency_code = None if frequency_code is None else frequency_code.to(self.device, dtype)
        self.tempo_ruler = None if tempo_ruler is None else tempo_ruler.to(self.device)
        self.tile_batch, self._small = suggested_tile_batch(self.unet, self.device), is_small(self.unet)
        self.alphas_cumprod: Tensor = scheduler.alphas_cumprod.float().cpu()
        self.prediction_type: str = scheduler.config.prediction_type
        self.sample_rate = int(getattr(vocoder.config, "sampling_rate", 16000))
        self.channels: int = vae.config.latent_channels
        self.latent_bins: int = 64 // self._compression
        self.samples_per_frame: int = HOP * self._compression
        self.native_frames: int = NATIVE_FRAMES
        self.time_multiple: int = 2 ** (len(unet.config.block_out_channels) - 1)
        ruler = self.tempo_ruler
        others = {
            "schedule": self.alphas_cumprod,
            "scale": torch.tensor(float(vae.config.scaling_factor)),
            **({} if self.frequency_code is None else {"code": self.frequency_code}),
            **({} if ruler is None else {"tellings": ruler.tellings, "beats": ruler.beats}),
        }
        self._identity = Identity([self.unet, self.vae, self.text_encoder, self.vocoder], others, digest)

    @property
    def _unshuffle(self) -> int:
        """Side of the mel blocks that become channels of the autoencoder: 1 for AudioLDM, 2 for the embedded model."""
        return math.isqrt(self.vae.config.in_channels)

    @property
    def _compression(self) -> int:
        return int(2 ** (len(self.vae.config.block_out_channels) - 1)) * self._unshuffle

    def describe(self) -> dict[str, Any]:
        """Return what the manifest records about the model, with a digest of its weights."""
        return {
            "name": self.name,
            KEY: str(self._identity),
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device.type,
            "prediction_type": self.prediction_type,
            **self.notes,
        }

    def read_text(self, text: str) -> Reading:
        """Return what the tokenizer reads of a text, see `spotnb.models.words`."""
        return read_tokens(self.tokenizer, check_text("text", text, hint=WORDS))

    def unknown_words(self, text: str) -> list[str]:
        """Return the words, signs and emoji of a text that the tokenizer does not know or drops, in order.

        A byte-level tokenizer, as in the published checkpoints, knows every word.
        """
        return list(self.read_text(text).unknown)

    @torch.no_grad()
    @shelter
    def embed(self, texts: list[str]) -> Tensor:
        """Return the normalized CLAP embeddings `[N, D]` of N texts. Words past the tokenizer's limit are cut."""
        texts = [check_text("text", text, hint=WORDS) for text in texts]
        tokens = self.tokenizer(texts, padding="longest", truncation=True, return_tensors="pt").to(self.device)
        embeds = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds
        normalized: Tensor = nn.functional.normalize(embeds, dim=-1)
        return normalized

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
        out = self.unet(sample, t, None, class_labels=embeds.to(self.dtype)).sample.float()
        if self.prediction_type == "v_prediction":
            # epsilon = sqrt(a) v + sqrt(1 - a) x (Salimans & Ho 2022, appendix D)
            alpha = self.alphas_cumprod.to(self.device)[t][:, None, None, None]
            out = alpha.sqrt() * out + (1 - alpha).sqrt() * x
        noise: Tensor = out.contiguous()
        return noise

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
