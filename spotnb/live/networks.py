"""The networks of a model in the form in which they are exported: tensors in, tensors out, and no state.

Every module takes a batch and lengths of any size. What JavaScript computes with more precision stays out of them: the
phases of a vocoder's tones, and its Fourier transforms.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from spotnb.live.layers import with_layers_of_pages
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.ruler import beat_waves
from spotnb.models.vocoder import SinusoidalVocoder

LIKELY = 0.5  # as in `TempoRuler`


class TextEncoder(nn.Module):
    """Embeds texts, reads their tempo, and tells their typical latents if the model has any.

    Args:
        model: The model.
    """

    tellings: Tensor
    lengths: Tensor

    def __init__(self, model: DiffusersAudioLDM) -> None:
        super().__init__()
        self.encoder = model.text_encoder
        ruler = model.tempo_ruler
        self.register_buffer("tellings", torch.zeros(1, 1) if ruler is None else ruler.tellings.float().clone())
        self.typical = model.typical
        self.register_buffer("lengths", torch.zeros(1) if ruler is None else ruler.beats.float().clone())

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Return the normalized embeddings `[N, D]` of tokens `[N, L]`, and the latent frames per beat `[N]`.

        0 frames stand for no tempo, see `spotnb.models.ruler.TempoRuler`. A third output holds the typical latents
        `[N, C, F]`.
        """
        embeds = nn.functional.normalize(self.encoder(ids, attention_mask=mask).text_embeds, dim=-1)
        products = embeds[:, : self.tellings.shape[1]] @ self.tellings.T
        similarity, nearest = (products / self.tellings.square().sum(1).clamp_min(1e-9)).max(1)
        beats = torch.where(similarity > LIKELY, self.lengths[nearest], torch.zeros_like(similarity))
        return (embeds, beats) if self.typical is None else (embeds, beats, self.typical(embeds))


class Denoiser(nn.Module):
    """Predicts the noise in windows.

    Args:
        model: The model.
    """

    bin_code: Tensor | None
    alphas: Tensor

    def __init__(self, model: DiffusersAudioLDM) -> None:
        super().__init__()
        self.unet, self.velocity = with_layers_of_pages(model.unet), model.prediction_type == "v_prediction"
        self.ruled = model.tempo_ruler is not None
        code = model.frequency_code
        # Not `code`: torch's exporter fails at a buffer of that name.
        self.register_buffer("bin_code", None if code is None else code.float().clone())
        self.register_buffer("alphas", model.alphas_cumprod.clone())

    def forward(self, x: Tensor, t: Tensor, embeds: Tensor, beats: Tensor, starts: Tensor) -> Tensor:
        """Return the noise `[N, C, w, F]` in windows `x` at timesteps `t` `[N]`.

        Args:
            x: The windows.
            t: The timesteps.
            embeds: The embeddings of the texts, `[N, D]`.
            beats: Latent frames per beat of the texts, `[N]`.
            starts: The first frame of each window, `[N]`.
        """
        parts, (count, _, frames, bins) = [x], x.shape
        if self.bin_code is not None:
            parts.append(self.bin_code[None, :, None].expand(count, -1, frames, -1))
        if self.ruled:
            parts.append(beat_waves(beats, starts, frames)[..., None].expand(-1, -1, -1, bins))
        out: Tensor = self.unet(torch.cat(parts, dim=1), t, None, class_labels=embeds, return_dict=False)[0]
        if self.velocity:
            alpha = self.alphas[t][:, None, None, None]
            out = alpha.sqrt() * out + (1 - alpha).sqrt() * x
        return out


class Decoder(nn.Module):
    """Decodes latents to log-mels.

    Args:
        model: The model.
    """

    def __init__(self, model: DiffusersAudioLDM) -> None:
        super().__init__()
        self.vae, self.scale = with_layers_of_pages(model.vae), float(model.vae.config.scaling_factor)
        self.side = math.isqrt(model.vae.config.in_channels)

    def forward(self, latent: Tensor) -> Tensor:
        """Return the log-mels `[N, 1, 4T, 64]` of latents `[N, C, T, F]`."""
        out: Tensor = self.vae.decode(latent / self.scale, return_dict=False)[0]
        return nn.functional.pixel_shuffle(out, self.side)


class Vocoder(nn.Module):
    """Predicts the tones of log-mels.

    Args:
        vocoder: The vocoder.
    """

    def __init__(self, vocoder: SinusoidalVocoder) -> None:
        super().__init__()
        self.vocoder = vocoder

    def forward(self, mel: Tensor) -> tuple[Tensor, ...]:
        """Return the tones of log-mels `[N, frames, 64]`, as `SinusoidalVocoder.heard`, `[N, frames, tones]` each."""
        return tuple(each.mT for each in self.vocoder.heard(mel))
