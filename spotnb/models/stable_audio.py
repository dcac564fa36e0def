"""Stable Audio Open from its components in diffusers: stereo sound at 44.1 kHz from latents of one dimension.

Evans et al. 2024, "Stable Audio Open", arXiv:2407.14358, section 3. The network is a transformer (DiT) that also reads
when a window begins and how long the piece is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Self

import spotnb.models.whole_networks

import torch
from diffusers import AutoencoderOobleck, StableAudioDiTModel, StableAudioProjectionModel
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from torch import Tensor, nn
from transformers import T5EncoderModel

from spotnb.models.batching import suggested_tile_batch
from spotnb.models.folder_model import FolderModel
from spotnb.models.identity import Identity
from spotnb.models.oobleck import receptive_frames
from spotnb.models.shelter import shelter
from spotnb.models.tokens import tokenize
from spotnb.models.words import WORDS
from spotnb.solvers.protocol import TRAINED_STEPS
from spotnb.support.checks import check_text

DECODE_WINDOW = 128
"""Latent frames that are decoded at a time, which is 5.9 s. A layer of the published decoder then takes 155 MB."""


def alphas_of(highest: float) -> Tensor:
    """Return the noise schedule `[1000]` up to the noise level `highest`, evenly spaced in `t = 2 / pi * atan(sigma)`.

    The first noise level, 0.0016 as published, leaves no audible noise at the end of a run.
    """
    angles = torch.arange(1, TRAINED_STEPS + 1, dtype=torch.float64) * (math.atan(highest) / TRAINED_STEPS)
    return angles.cos().square().float()


def cosine_time(sigmas: Tensor) -> Tensor:
    """Return the time of Stable Audio's own scheduler at noise levels: `t = 2 / pi * atan(sigma)`, from 0 to 1."""
    return sigmas.atan() * (2 / math.pi)


def edm_time(sigmas: Tensor) -> Tensor:
    """Return the time of an EDM scheduler at noise levels (Karras et al. 2022, arXiv:2206.00364, table 1)."""
    return sigmas.log() / 4


@dataclass(frozen=True)
class TimedText:
    """Rows of conditioning: texts, and where in a piece their windows lie.

    Attributes:
        text: Projected text embeddings `[N, L, D]`, zeros where the text is empty.
        given: `[N]`, 1 for a text and 0 for an empty one, which hides the times from the cross-attention as well.
        seconds: `[N, 2]`, the start of the window and the length of the piece.
    """

    text: Tensor
    given: Tensor
    seconds: Tensor

    def __len__(self) -> int:
        return len(self.text)

    def __getitem__(self, rows: list[int]) -> Self:
        return type(self)(self.text[rows], self.given[rows], self.seconds[rows])

    def to(self, device: torch.device) -> Self:
        """Return the rows on a device."""
        return type(self)(self.text.to(device), self.given.to(device), self.seconds.to(device))

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return all rows of several tables."""
        tables = zip(*((part.text, part.given, part.seconds) for part in parts), strict=True)
        return cls(*(torch.cat(table) for table in tables))


class DiffusersStableAudio(FolderModel):
    """An `AudioModel` that consists of a DiT, an autoencoder of sound, a T5 text encoder and a projection.

    The DiT computes in `dtype`, all other networks in float32.

    The network predicts v at a noise level sigma of `x0 + sigma * noise`. At the scale of its input that is the
    v-prediction of a variance-preserving process with `alpha = 1 / (1 + sigma^2)` (Salimans & Ho 2022, appendix D), so
    with a table of alphas every solver of spotnb can drive it. The table is evenly spaced in the time that the network
    reads, `t = 2 / pi * atan(sigma)`, from 0 to 1. A share of the timesteps, such as `strength`, is then the same share
    of `t`.

    Args:
        name: Name for the manifest.
        transformer: The denoising network.
        vae: The autoencoder.
        text_encoder: The T5 text encoder.
        tokenizer: The tokenizer of the text encoder.
        projection_model: The projection of the text embeddings and of the times.
        sigma_max: The highest noise level of the scheduler.
        time_of: The time that the network reads at a noise level, `cosine_time` or `edm_time`.
        device: The device of all networks.
        dtype: The precision of the DiT.
        notes: Further entries for the manifest.
        digest: The digest of the files that the pieces come from, if they come from files.
    """

    def __init__(
        self,
        name: str,
        transformer: StableAudioDiTModel,
        vae: AutoencoderOobleck,
        text_encoder: T5EncoderModel,
        tokenizer: Any,
        projection_model: StableAudioProjectionModel,
        *,
        sigma_max: float = 500.0,
        time_of: Callable[[Tensor], Tensor] = cosine_time,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        notes: dict[str, Any] | None = None,
        digest: str | None = None,
    ) -> None:
        self.name, self.device, self.dtype = name, torch.device(device), dtype
        self.transformer: Any = transformer.to(self.device, dtype).eval().requires_grad_(False)
        exact = self.device, torch.float32
        self.vae: Any = vae.to(*exact).eval().requires_grad_(False)
        self.text_encoder: Any = text_encoder.to(*exact).eval().requires_grad_(False)
        self.projection_model: Any = projection_model.to(*exact).eval().requires_grad_(False)
        self.tokenizer, self.notes, self.prediction_type = tokenizer, notes or {}, "v_prediction"
        _keep_time_exact(self.transformer, dtype)
        self.tile_batch = suggested_tile_batch(self.transformer, self.device)
        self.alphas_cumprod = alphas_of(sigma_max)
        signal, noise = (levels.sqrt() for levels in (self.alphas_cumprod.double(), 1 - self.alphas_cumprod.double()))
        tables = signal, noise, time_of(noise / signal)
        self._signal, self._noise, self._times = (table.float().to(self.device) for table in tables)
        self.sample_rate: int = self.vae.config.sampling_rate
        self.audio_channels: int = self.vae.config.audio_channels
        self.channels: int = self.transformer.config.in_channels
        self.latent_bins = 1
        self.samples_per_frame: int = math.prod(self.vae.config.downsampling_ratios)
        self.native_frames: int = self.transformer.config.sample_size
        self.time_multiple = 1
        self.decode_context = receptive_frames(self.vae.config.downsampling_ratios)
        self.decode_window = DECODE_WINDOW
        networks = [self.transformer, self.vae, self.text_encoder, self.projection_model]
        self._identity = Identity(networks, {"schedule": self.alphas_cumprod, "times": self._times}, digest)

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The settings of diffusers' `StableAudioPipeline`, with DDIM and tiles of the trained length.

        The model card takes 200 steps. The pipeline's own solver draws noise within its steps and extrapolates from the
        step before, whose tiles were cut elsewhere. The network was trained on windows of one length only.
        """
        return MappingProxyType(
            {
                "steps": 100,
                "guidance_scale": 7.0,
                "guidance_interval": None,
                "solver": "ddim",
                "eta": 0.0,
                "tile_size_time": self.native_frames,
            }
        )

    @torch.no_grad()
    @shelter
    def embed(self, texts: list[str]) -> TimedText:
        """Return the conditioning of N texts for windows at the start of a piece of the trained length.

        An empty text is no text at all: as in diffusers' pipeline, the network then sees zeros.
        """
        texts = [check_text("text", text, hint=WORDS) for text in texts]
        # Every text is padded to the same length, because no mask reaches the network.
        longest = {"padding": "max_length", "max_length": self.tokenizer.model_max_length, "truncation": True}
        tokens = tokenize(self.tokenizer, texts, **longest, return_tensors="pt").to(self.device)
        states = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask)[0]
        projected = self.projection_model(text_hidden_states=states).text_hidden_states
        given = torch.tensor([float(bool(text)) for text in texts], device=self.device)
        text = projected * tokens.attention_mask[..., None] * given[:, None, None]
        length = self.native_frames * self.samples_per_frame / self.sample_rate
        return TimedText(text, given, torch.tensor([[0.0, length]], device=self.device).repeat(len(texts), 1))

    def place(self, cond: TimedText, starts: Tensor, frames: int) -> TimedText:
        """Return the rows for windows that begin at the latent frames `starts` `[N]` of a piece of `frames` frames.

        The projection takes times before 0 for 0, and times beyond its maximum (512 s as published) for that.
        """
        seconds = torch.stack([starts, torch.full_like(starts, frames)], dim=1).float()
        return replace(cond, seconds=(seconds * (self.samples_per_frame / self.sample_rate)).to(cond.seconds.device))

    @shelter
    def predict_noise(self, x: Tensor, t: Tensor, cond: TimedText) -> Tensor:
        """Predict the noise (epsilon) in `x` `[N, C, w, 1]` at timesteps `t` `[N]`."""
        x, t, cond = x.to(self.device), t.to(self.device), cond.to(self.device)
        with torch.no_grad():
            times = self.projection_model(start_seconds=cond.seconds[:, 0], end_seconds=cond.seconds[:, 1])
        start, end = times.seconds_start_hidden_states, times.seconds_end_hidden_states
        tokens = torch.cat([cond.text, cond.given[:, None, None] * torch.cat([start, end], dim=1)], dim=1)
        out = self.transformer(
            x[..., 0].to(self.dtype),
            self._times[t],
            encoder_hidden_states=tokens.to(self.dtype),
            global_hidden_states=torch.cat([start, end], dim=2).to(self.dtype),
            rotary_embedding=self._rotary(x.shape[2]),
        ).sample.float()[..., None]
        signal, level = (table[t][:, None, None, None] for table in (self._signal, self._noise))
        noise: Tensor = signal * out + level * x
        return noise

    def _rotary(self, frames: int) -> tuple[Tensor, Tensor]:
        """Return the rotary embedding of a window, which begins with the token of the times."""
        return _rotary(self.transformer.config.attention_head_dim // 2, frames + 1, self.device)

    @torch.no_grad()
    @shelter
    def decode(self, latent: Tensor) -> Tensor:
        """Decode a clean latent `[B, C, T, 1]` to sound `[B, audio_channels, samples_per_frame * T]`."""
        sound: Tensor = self.vae.decode(latent[..., 0].to(self.device, torch.float32)).sample
        return sound

    @torch.no_grad()
    @shelter
    def encode(self, waveform: Tensor) -> Tensor:
        """Encode sound `[B, audio_channels, samples]` to the mode of the latent distribution `[B, C, T, 1]`."""
        samples = waveform.shape[-1] // self.samples_per_frame * self.samples_per_frame
        latent: Tensor = self.vae.encode(waveform[..., :samples].to(self.device, torch.float32)).latent_dist.mode()
        return latent[..., None]


@lru_cache(maxsize=16)
def _rotary(size: int, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    cosine, sine = get_1d_rotary_pos_embed(size, length, use_real=True, repeat_interleave_real=False)
    return cosine.to(device), sine.to(device)


def _keep_time_exact(transformer: Any, dtype: torch.dtype) -> None:
    """Let the network read its time in float32: with the 8 bits of bf16, neighboring steps would have the same time."""
    if dtype == torch.float32:
        return
    transformer.time_proj.float()  # its dtype is that in which diffusers passes the time on
    transformer.timestep_proj.float().register_forward_hook(partial(_cast, dtype))


def _cast(dtype: torch.dtype, _module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
    return output.to(dtype)
