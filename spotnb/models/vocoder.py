"""A vocoder of sinusoids: it maps log-mel frames to magnitudes, frequencies and jitters, and these to sound.

No library that spotnb depends on has such a class. The network is that of Vocos (Siuzdak 2023, "Vocos: Closing the gap
between time-domain and Fourier-based neural vocoders", section 3), ConvNeXt blocks at the frame rate. What it predicts
are not the bins of a spectrum but sinusoids with continuous phase (`spotnb.models.tones`). They are drawn into one
spectrum a frame, and an inverse FFT turns it into sound (Rodet & Depalle 1992, "Spectral envelopes and inverse FFT
synthesis"). Without an upsampling network, this is many times faster than real time on one CPU core.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import spotnb.models.whole_networks

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from spotnb.errors import InputError
from spotnb.models.tones import MAX_JITTER, MAX_OFFSET, anchor_frames, jitter_of, phases, spectrum_of

KERNEL = 7
KNEE, CEILING = 0.7, 0.891
"""Peaks above the first are bent to stay below the second: -1 dB of full scale, after rounding to 16 bits too."""
MOST_RISE = 0.3
"""By how much `sharpened` can raise a magnitude, in natural log units. More would turn attacks into clicks."""


class ConvNeXtBlock(nn.Module):
    """A depthwise convolution over time followed by a pointwise network, on `[B, frames, channels]`."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        # A two-dimensional convolution of height 1 is several times faster on CPUs than a depthwise Conv1d.
        self.depthwise = nn.Conv2d(channels, channels, (1, KERNEL), padding=(0, KERNEL // 2), groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden)
        self.project = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), 0.3))

    def forward(self, x: Tensor) -> Tensor:
        """Return the residual output, in the shape of `x`."""
        h = self.depthwise(x.mT.unsqueeze(2)).squeeze(2).mT
        out: Tensor = x + self.scale * self.project(nn.functional.gelu(self.expand(self.norm(h))))
        return out


class Tones(NamedTuple):
    """Sinusoids as the network predicts them, `[B, tones, frames]` each."""

    magnitude: Tensor
    """At the top of the main lobe."""
    offset: Tensor
    """Frequency in bins above the center of the sinusoid."""
    jitter: Tensor
    """Standard deviation of the frequency from frame to frame, in bins."""


class SinusoidalVocoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Converts a log-mel `[B, frames, mel_bins]` (natural logarithm) to sound `[B, frames * hop]`.

    Args:
        mel_bins: Number of mel bands.
        channels: Width of the network.
        hidden: Width of the pointwise networks in its blocks.
        depth: Number of blocks.
        window: Length of the Fourier transforms in samples.
        hop: Samples per frame.
        fade: Samples of a frame that are heard, under a Hann window. It is a multiple of `hop`, from two hops to half
            the `window`. The shorter it is, the sharper are onsets; the longer it is, the cleaner are tones.
        mel_mean: Mean of the log-mels in the training data, which normalizes the input.
        mel_std: Standard deviation of the log-mels in the training data.
        sampling_rate: Sample rate in Hz.
        tones: Number of sinusoids, at every other bin from the lowest up.
        anchor_spacing: Least number of frames between two anchors of the phases.
        sharpness: How much the magnitudes that the network predicts are sharpened in time, see `sharpened`.

    Raises:
        InputError: There are too many tones, the fade does not fit the hop and the window, or the sharpness is
            negative or not finite.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        mel_bins: int = 64,
        channels: int = 256,
        hidden: int = 768,
        depth: int = 6,
        window: int = 1024,
        hop: int = 160,
        fade: int = 480,
        mel_mean: float = -4.6,  # noqa: ARG002  read from the registered configuration, as are the next two
        mel_std: float = 2.6,  # noqa: ARG002
        sampling_rate: int = 16000,  # noqa: ARG002
        tones: int = 256,
        anchor_spacing: int = 48,  # noqa: ARG002
        sharpness: float = 0.0,
    ) -> None:
        super().__init__()
        if not 1 <= tones <= window // 4:
            raise InputError(f"tones must be 1 to {window // 4} (a quarter of the window), got {tones}")
        if fade % hop or not 2 * hop <= fade <= window // 2:
            raise InputError(
                f"fade must be a multiple of the hop ({hop} samples), from 2 hops to half the window ({window // 2} "
                f"samples), got {fade}"
            )
        if not 0 <= sharpness < math.inf:
            raise InputError(f"sharpness must be 0 or more and finite, got {sharpness}")
        self.embed = nn.Conv1d(mel_bins, channels, KERNEL, padding=KERNEL // 2)
        self.embed_norm = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(ConvNeXtBlock(channels, hidden) for _ in range(depth))
        self.norm = nn.LayerNorm(channels)
        # The frequency of a tone between two bands shows in the log-mel itself, before any layer mixes the bands.
        self.tone_head = nn.Linear(channels + mel_bins, 3 * tones)

    @property
    def receptive_frames(self) -> int:
        """How many mel frames on each side can reach a sample: where windowed vocoding equals a whole pass.

        The phase of a tone depends on all frames from anchor to anchor, and their distance has no upper bound. This
        figure holds for anchors up to five times as far apart as they have to be. In the training clips, less than 1 in
        100 distances is longer.
        """
        c = self.config
        return int((c.depth + 1) * (KERNEL // 2) + (c.sharpness > 0) + c.fade // c.hop + 6 * c.anchor_spacing)

    def features(self, mel: Tensor) -> Tensor:
        """Return the input of the head, `[B, frames, channels]`."""
        h = self.embed_norm(self.embed(self.standardised(mel).mT).mT)
        for block in self.blocks:
            h = block(h)
        normed: Tensor = self.norm(h)
        return normed

    def standardised(self, mel: Tensor) -> Tensor:
        """Return the log-mel at a mean of about 0 and a standard deviation of about 1."""
        scaled: Tensor = (mel - self.config.mel_mean) / self.config.mel_std
        return scaled

    def tones(self, mel: Tensor) -> Tones:
        """Return the tones that the network predicts."""
        out = self.tone_head(torch.cat([self.features(mel), self.standardised(mel)], 2)).float()
        # Phases are sums over frames, which is fast where the frames of a tone lie side by side.
        log_magnitude, offset, jitter = out.mT.contiguous().chunk(3, dim=1)
        return Tones(bounded(log_magnitude), MAX_OFFSET * torch.tanh(offset), MAX_JITTER * torch.sigmoid(jitter))

    def heard(self, mel: Tensor) -> Tones:
        """Return the tones that are heard: those of the network, with sharper magnitudes."""
        tones = self.tones(mel)
        return tones._replace(magnitude=sharpened(tones.magnitude, self.config.sharpness))

    def spectrum(self, tones: Tones, mel: Tensor) -> Tensor:
        """Return the spectrum of the tones `[B, window // 2 + 1, frames]`: nothing at 0 Hz, which no band covers."""
        anchors = anchor_frames(mel, self.config.anchor_spacing)
        # The STFT of a tone of the wrong frequency says nothing of the right one: no gradient from here.
        steady, width = tones.offset.detach(), tones.jitter.detach()
        moving = steady + width * jitter_of(mel, anchors, width.shape[1])
        phase = phases(moving, tones.magnitude, anchors, self.config.hop, self.config.window)
        spectrum = spectrum_of(tones.magnitude, steady, phase, self.config.window // 2 + 1)
        return nn.functional.pad(spectrum.mT[..., 1:], (1, 0)).mT  # in memory, the bins of a frame stay side by side

    def overlapped(self, spectrum: Tensor) -> Tensor:
        """Return the sound `[B, frames * hop]` of a spectrum.

        Frame j is centered on samples `j * hop` to `(j + 1) * hop`.
        """
        window, hop, fade, count = self.config.window, self.config.hop, self.config.fade, spectrum.shape[-1]
        heard = slice((window - fade) // 2, (window + fade) // 2)
        frames = torch.fft.irfft(spectrum.mT, n=window)[..., heard] * _gain(window, fade, hop, spectrum.device)
        total = frames.new_zeros(len(frames), count + fade // hop - 1, hop)
        for index, part in enumerate(torch.split(frames, hop, dim=2)):
            total[:, index : index + count] += part
        margin = (fade - hop) // 2
        sound: Tensor = total.flatten(1)[:, margin : margin + count * hop]
        return sound

    def forward(self, mel: Tensor) -> Tensor:
        """Return the sound `[B, frames * hop]`, which stays below `CEILING`."""
        return limited(self.overlapped(self.spectrum(self.heard(mel), mel.float())))


def bounded(log_magnitude: Tensor) -> Tensor:
    """Return magnitudes for their logarithms, with a bound that keeps a stray frame from blowing up the sound.

    The magnitudes of music peak near exp(5).
    """
    return torch.exp((log_magnitude - 1).clamp(max=6))


def sharpened(magnitude: Tensor, by: float) -> Tensor:
    """Return magnitudes whose changes over time are steeper: an unsharp mask of their logarithms.

    A frame of a log-mel spans 64 ms, so the network can only guess when within them a note begins, and predicts a mean
    of what is possible. Its attacks rise only three quarters as far as those of recordings, and its noise is smoother.

    Args:
        magnitude: Magnitudes `[B, tones, frames]`.
        by: How many times the distance of a log-magnitude from the mean of its two neighbors in time is added to it.
            At most `MOST_RISE` is added. With 0, nothing changes.
    """
    if by == 0:
        return magnitude
    level = magnitude.clamp_min(1e-6).log()
    padded = nn.functional.pad(level, (1, 1), mode="replicate")
    apart = level - (padded[..., :-2] + padded[..., 2:]) / 2
    return magnitude * (by * apart).clamp(max=MOST_RISE).exp()


def limited(sound: Tensor) -> Tensor:
    """Return a sound whose peaks above `KNEE` are bent so that they stay below `CEILING`.

    Phases are the vocoder's own, so peaks of a loud piece are higher than those of the recordings that the mel is of.
    """
    room = CEILING - KNEE
    bent = KNEE + room * ((sound.abs() - KNEE) / room).tanh()
    return torch.where(sound.abs() > KNEE, sound.sign() * bent, sound)


@cache
@torch.inference_mode(False)  # what is kept may be part of a training later
def _gain(window: int, fade: int, hop: int, device: torch.device) -> Tensor:
    """Return what turns the middle of frames under one Hann window into frames under another, `[fade]`.

    Shifted by the hop, the Hann windows of two hops or more add up to a constant.
    """
    inner = torch.hann_window(fade, dtype=torch.float64) * (2 * hop / fade)
    outer = torch.hann_window(window, dtype=torch.float64)[(window - fade) // 2 : (window + fade) // 2]
    return (inner / outer).float().to(device)
