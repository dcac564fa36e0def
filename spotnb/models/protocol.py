"""The model protocol: what the sampler requires of a latent audio diffusion model."""

from __future__ import annotations

import inspect
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class AudioModel(Protocol):
    """A text-to-audio latent diffusion model, split into its stages.

    Latents are `[B, channels, T, latent_bins]`. All input and output tensors are float32, whatever the precision of the
    networks. Models are stateless: the same call returns the same result.

    A model whose network needs the position of a window in the piece takes an additional keyword in `predict_noise`:
    `starts`, a LongTensor `[N]` of the latent frames at which the windows begin. It is passed only to models that have
    it. The optional members are `read_text(text)`, see `spotnb.models.words`, or only `unknown_words(text)`, and
    `score(waveforms, text)` and `tile_batch`.
    """

    name: str
    sample_rate: int
    channels: int
    latent_bins: int
    samples_per_frame: int
    """Samples per latent frame: 640, which is 40 ms at 16 kHz."""
    native_frames: int
    """The length that the network was trained on: 256 latent frames, which is 10.24 s."""
    time_multiple: int
    """Every length that the network sees is a multiple of this number, 2 to the power of its downsamplings."""
    alphas_cumprod: Tensor
    """The noise schedule, `[1000]`, float32, on the CPU."""
    device: torch.device
    dtype: torch.dtype
    """The precision of the denoising network."""

    def embed(self, texts: list[str]) -> Any:
        """Return the conditioning of N texts in N rows. An empty text gives the unconditional conditioning.

        The conditioning is a tensor `[N, D]`, or any other `spotnb.models.conditioning.Conditioning`.
        """
        ...

    def predict_noise(self, x: Tensor, t: Tensor, cond: Any) -> Tensor:
        """Predict the noise (epsilon) in `x` `[N, C, w, F]` at timesteps `t`, a LongTensor `[N]`.

        The result has the shape of `x` and is float32. It has a gradient only if `x` requires one; the weights do not.
        """
        ...

    def decode_mel(self, latent: Tensor) -> Tensor:
        """Decode a clean latent to a log-mel `[B, 1, 4T, 64]`."""
        ...

    def vocode(self, mel: Tensor) -> Tensor:
        """Convert a log-mel `[B, 1, frames, 64]` to sound `[B, 160 * frames]`."""
        ...

    def encode(self, waveform: Tensor) -> Tensor:
        """Encode sound `[B, samples]` at the sample rate of the model. An incomplete last latent frame is dropped."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return what the manifest records about the model: name, revision, dtype, device and numbers of heads."""
        ...


def takes_starts(model: AudioModel) -> bool:
    """Return whether a model's `predict_noise` takes the keyword `starts`."""
    return "starts" in inspect.signature(model.predict_noise).parameters
