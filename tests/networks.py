"""Small stand-ins for networks: real arithmetic on real tensors, fast enough for hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

Network = Callable[[Tensor, Tensor, Tensor], Tensor]
ALPHAS = torch.cumprod(1 - torch.linspace(0.0015**0.5, 0.0195**0.5, 1000, dtype=torch.float64) ** 2, 0).float()


class FunctionModel:
    """An `AudioModel` whose network is a function of (x, t, cond), with a simple pointwise decoder and vocoder."""

    name, sample_rate, channels, latent_bins, samples_per_frame = "function", 16000, 2, 4, 640
    native_frames, alphas_cumprod = 256, ALPHAS
    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self, network: Network, time_multiple: int = 8) -> None:
        self.network, self.time_multiple = network, time_multiple
        self.calls: list[tuple[int, ...]] = []

    def embed(self, texts: list[str]) -> Tensor:
        return torch.tensor([[len(t) / 10, t.count("a") / 5] for t in texts])

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        assert t.dtype == torch.long
        assert len(t) == len(x) == len(cond)
        self.calls.append(tuple(x.shape))
        return self.network(x, t, cond)

    def decode_mel(self, latent: Tensor) -> Tensor:
        mel = latent.mean(1, keepdim=True).repeat_interleave(4, dim=2).repeat_interleave(16, dim=3)
        return torch.tanh(mel) - 5

    def vocode(self, mel: Tensor) -> Tensor:
        return torch.tanh(mel.mean((1, 3)) + 5).repeat_interleave(160, dim=1)

    def encode(self, waveform: Tensor) -> Tensor:
        frames = waveform.shape[-1] // 640
        return waveform[:, None, : frames * 640 : 640, None].expand(-1, self.channels, -1, self.latent_bins)

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}


class TypicalModel(FunctionModel):
    """The same with typical latents, which differ between prompts, channels and bins."""

    def typical_latent(self, cond: Tensor) -> Tensor:
        shape = torch.linspace(-2, 2, self.channels * self.latent_bins).reshape(self.channels, self.latent_bins)
        return cond.sum(1)[:, None, None] * shape


def pointwise(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
    """Predict each value from itself alone. This is nonlinear, because a linear network would hide a wrong order."""
    level = (t.float() / 1000)[:, None, None, None]
    return torch.tanh(1.3 * x + cond.sum(1)[:, None, None, None] * torch.cos(x * 3)) * (0.5 + level)


def neighbourly(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
    """Predict each value from four frames on either side, with zeros beyond the window, so that seams show."""
    kernel = torch.tensor([0.1, 0.1, 0.15, 0.2, 0.5, 0.2, 0.15, 0.1, 0.1]).view(1, 1, 9, 1)
    flat = x.reshape(-1, 1, *x.shape[2:])
    spread = torch.nn.functional.conv2d(flat, kernel, padding=(4, 0)).view_as(x)
    return pointwise(spread, t, cond)


class StereoModel(FunctionModel):
    """A model of two channels at 44.1 kHz that decodes latents of 64 channels and one bin to sound in one stage.

    Each value of channel 0 (left) and 1 (right) is held for a frame of 2048 samples. It is the level of a tone that
    tells the two channels of sound apart. The defaults are its own.
    """

    name, sample_rate, channels, latent_bins, samples_per_frame = "stereo", 44100, 64, 1, 2048
    audio_channels, native_frames = 2, 64
    defaults: ClassVar[dict[str, Any]] = {"steps": 3, "guidance_scale": 1.5, "tile_size_time": 32}
    decode_mel: Any = None
    vocode: Any = None

    def decode(self, latent: Tensor) -> Tensor:
        level = 0.3 + 0.2 * torch.tanh(latent[:, :2, :, 0]).repeat_interleave(2048, dim=2)
        samples = torch.arange(2048 * latent.shape[2]) % 2048
        tones = [torch.sin(2 * torch.pi * cycles * samples / 2048) for cycles in (20, 31)]  # 431 and 668 Hz
        return level * torch.stack(tones)

    def encode(self, waveform: Tensor) -> Tensor:
        frames = waveform.shape[-1] // 2048
        power = waveform[..., : frames * 2048].unflatten(-1, (frames, 2048)).square().mean(-1)
        return power.sqrt().repeat(1, self.channels // 2, 1)[..., None]
