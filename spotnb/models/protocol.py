"""What the sampler asks of a model: the pieces of a latent audio diffusion model behind one small protocol."""

from __future__ import annotations

import inspect
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class AudioModel(Protocol):
    """A text-to-audio latent diffusion model, in pieces.

    Latents are `[B, channels, T, latent_bins]`; every tensor that goes in or comes out is float32, whatever
    the networks compute in. Models are stateless: the same call gives the same answer.

    A model whose network must know where in the piece a window lies takes one more keyword in `predict_noise`:
    `starts`, a LongTensor `[N]` of the latent frames at which the windows begin. It is passed only to those that have
    it. The optional members are `unknown_words(text)`, `score(waveforms, text)` and `tile_batch`.
    """

    name: str
    sample_rate: int
    channels: int
    latent_bins: int
    samples_per_frame: int
    """Samples of sound in one latent frame: 640 (40 ms at 16 kHz)."""
    native_frames: int
    """The length the network was trained for: 256 frames, 10.24 s."""
    time_multiple: int
    """Every length the network sees is a multiple of this: two to the number of its downsamplings."""
    alphas_cumprod: Tensor
    """The noise schedule, `[1000]`, float32, on the CPU."""
    device: torch.device
    dtype: torch.dtype
    """What the denoising network computes in."""

    def embed(self, texts: list[str]) -> Any:
        """Conditioning of N texts, N rows; an empty text is the unconditional one.

        A tensor `[N, D]`, or any other `spotnb.models.conditioning.Conditioning`.
        """
        ...

    def predict_noise(self, x: Tensor, t: Tensor, cond: Any) -> Tensor:
        """The noise (epsilon) in `x` `[N, C, w, F]` at timesteps `t`, a LongTensor `[N]`; like `x`, float32.

        With a gradient where `x` asks for one, and only then: the weights ask for none.
        """
        ...

    def decode_mel(self, latent: Tensor) -> Tensor:
        """Log-mel `[B, 1, 4T, 64]` of a clean latent."""
        ...

    def vocode(self, mel: Tensor) -> Tensor:
        """Sound `[B, 160 * mel frames]` of a log-mel `[B, 1, frames, 64]`."""
        ...

    def encode(self, waveform: Tensor) -> Tensor:
        """Latent of sound `[B, samples]` at the model's sample rate, whole latent frames only."""
        ...

    def describe(self) -> dict[str, Any]:
        """What a manifest records of the model: name, revision, dtype, device, head counts."""
        ...


def takes_starts(model: AudioModel) -> bool:
    """Return whether a model's `predict_noise` takes the keyword `starts`."""
    return "starts" in inspect.signature(model.predict_noise).parameters
