"""The model protocol: what the sampler requires of a latent audio diffusion model, and what it may have in addition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeGuard, runtime_checkable

import torch
from torch import Tensor

from spotnb.models.results import check_description


@runtime_checkable
class AudioModel(Protocol):
    """A text-to-audio latent diffusion model, split into its stages.

    Latents are `[B, channels, T, latent_bins]`; a network of one-dimensional latents has one bin. All input and output
    tensors are float32, whatever the precision of the networks. Models are stateless: the same call returns the same
    result.

    In addition to these members a model turns latents into sound, either by `decode` (a `SoundModel`) or by
    `decode_mel` and `vocode` (a `MelModel`, as AudioLDM is). Each of the following is optional:

    - `audio_channels`: channels of the sound, by default 1. `encode` of a model with several takes `[B, channels,
      samples]`.
    - `describe()`: what the manifest records, by default the name, device and dtype. See `spotnb.models.identity`.
    - `defaults`: settings of a run that suit the model, see `spotnb.models.defaults`.
    - `tile_batch`: windows per forward pass, by default 2.
    - `place(cond, starts, frames)`: returns rows of conditioning that tell where in a piece of `frames` latent frames
      the windows lie, for a network that needs to know; they begin at the frames `starts`, a LongTensor `[N]`.
    - `typical_latent(cond)`: the mean over time of the clean latents that each row of conditioning makes one expect,
      `[N, C, F]`, or None. A run starts from it with noise, see `spotnb.models.typical`.
    - `read_text(text)`, or only `unknown_words(text)`: what the model reads of a text, see `spotnb.models.words`.
    - `score(waveforms, text)`: how well sounds `[B, samples]` match a text, to choose among candidates.
    """

    name: str
    sample_rate: int
    channels: int
    latent_bins: int
    samples_per_frame: int
    """Samples per latent frame: 640 for AudioLDM, which is 40 ms at 16 kHz."""
    native_frames: int
    """The length that the network was trained on: 256 latent frames for AudioLDM, which is 10.24 s."""
    time_multiple: int
    """Every length that the network sees is a multiple of this number, 2 to the power of its downsamplings.

    The one exception is a single window over an entire ring (`edge="circular"`), which may have any length.
    """
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

        The result has the shape of `x` and is float32, whatever the network predicts. It needs a gradient only if `x`
        requires one.
        """
        ...

    def encode(self, waveform: Tensor) -> Tensor:
        """Encode sound `[B, samples]` at the sample rate of the model. An incomplete last latent frame is dropped."""
        ...


@runtime_checkable
class MelModel(AudioModel, Protocol):
    """A model that decodes its latents to AudioLDM's log-mel at 16 kHz, and converts that to sound."""

    def decode_mel(self, latent: Tensor) -> Tensor:
        """Decode a clean latent to a log-mel `[B, 1, 4T, 64]`."""
        ...

    def vocode(self, mel: Tensor) -> Tensor:
        """Convert a log-mel `[B, 1, frames, 64]` to sound `[B, 160 * frames]`."""
        ...


@runtime_checkable
class SoundModel(AudioModel, Protocol):
    """A model that decodes its latents to sound.

    Two more members are optional: `decode_window`, the latent frames that are decoded at a time (by default
    `native_frames`), and `decode_context`, the frames on each side of them that the decoder sees in addition (by
    default 32). With its receptive field as the context, the sound equals that of a single pass.
    """

    def decode(self, latent: Tensor) -> Tensor:
        """Decode a clean latent to sound `[B, audio_channels, samples_per_frame * T]`."""
        ...


def has_mel(model: AudioModel) -> TypeGuard[MelModel]:
    """Return whether a model makes its sound by way of a log-mel."""
    return not has_decode(model) and callable(getattr(model, "decode_mel", None))


def has_decode(model: AudioModel) -> TypeGuard[SoundModel]:
    """Return whether a model decodes latents to sound in one stage."""
    return callable(getattr(model, "decode", None))


def audio_channels(model: AudioModel) -> int:
    """Return the channels of a model's sound."""
    return int(getattr(model, "audio_channels", 1))


def described(model: AudioModel) -> Mapping[str, Any]:
    """Return what the manifest records about a model.

    Raises:
        SpotnbError: Its `describe` returned something that a manifest cannot hold, or no name.
    """
    if callable(describe := getattr(model, "describe", None)):
        return check_description(model, describe())
    return {"name": model.name, "dtype": str(model.dtype).removeprefix("torch."), "device": model.device.type}
