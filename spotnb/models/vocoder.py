"""A vocoder with an inverse-STFT head: it maps log-mel frames to a complex spectrum, and that to sound.

No library that spotnb depends on has such a class. The design follows Vocos (Siuzdak 2023, "Vocos: Closing the gap
between time-domain and Fourier-based neural vocoders", section 3): ConvNeXt blocks at the frame rate and one inverse
FFT at the end. Without an upsampling network, it is a hundred times faster than real time on one CPU core.

The generated sound is then corrected toward the given log-mel: the log-mel of the sound is compared with it, and every
STFT bin is scaled by the difference in its bands, with its phase unchanged. This is the idea of Griffin-Lim (Griffin &
Lim 1984, "Signal estimation from modified short-time Fourier transform") with mel bands in place of magnitudes and the
phases of the network as the starting point. Two rounds halve the distance to the given log-mel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from spotnb.errors import InputError
from spotnb.models.mel import filters_like, log_mel_of, stft
from spotnb.models.tones import MAX_JITTER, MAX_OFFSET, anchor_frames, jitter_of, phases, spectrum_of
from spotnb.sound.mel import BINS, HOP, MIRROR, SAMPLE_RATE, WINDOW

KERNEL = 7
LARGEST_CHANGE = 3.0  # per round, in natural log units: limits the gain of a band that happens to be silent


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


class ISTFTVocoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Converts a log-mel `[B, frames, mel_bins]` (natural logarithm) to sound `[B, frames * hop]`.

    Args:
        mel_bins: Number of mel bands.
        channels: Width of the network.
        hidden: Width of the pointwise networks in its blocks.
        depth: Number of blocks.
        window: Length of a window in samples.
        hop: Samples per frame.
        mel_mean: Mean of the log-mels in the training data, which normalizes the input.
        mel_std: Standard deviation of the log-mels in the training data.
        sampling_rate: Sample rate in Hz.
        refinements: Number of rounds in which the sound is corrected toward the mel.
        overshoot: Factor applied to the difference in each round.
        tones: Number of sinusoids with continuous phase (`spotnb.models.tones`) that are added to the output of the
            head, at every other bin from the lowest up; 0 for none.
        anchor_spacing: Least number of frames between two anchors of the phases.

    Raises:
        InputError: `refinements` is not 0 and the mel is not the one that `spotnb.sound.mel` defines, or there are too
            many tones.
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
        mel_mean: float = -4.6,  # noqa: ARG002  read from the registered configuration, as are the next two
        mel_std: float = 2.6,  # noqa: ARG002
        sampling_rate: int = 16000,
        refinements: int = 2,
        overshoot: float = 1.5,  # noqa: ARG002  the config keeps it
        tones: int = 0,
        anchor_spacing: int = 48,  # noqa: ARG002
    ) -> None:
        super().__init__()
        if not 0 <= tones <= window // 4:
            raise InputError(f"tones must be 0 to {window // 4} (a quarter of the window), got {tones}")
        if refinements and (mel_bins, window, hop, sampling_rate) != (BINS, WINDOW, HOP, SAMPLE_RATE):
            raise InputError(
                f"the mel has {mel_bins} bands, windows of {window} every {hop} samples at {sampling_rate} Hz: "
                f"expected {BINS}, {WINDOW}, {HOP} and {SAMPLE_RATE} for refinements; pass refinements=0"
            )
        self.embed = nn.Conv1d(mel_bins, channels, KERNEL, padding=KERNEL // 2)
        self.embed_norm = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(ConvNeXtBlock(channels, hidden) for _ in range(depth))
        self.norm = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, window + 2)
        # The frequency of a tone between two bands shows in the log-mel itself, before any layer mixes the bands.
        self.tone_head = nn.Linear(channels + mel_bins, 3 * tones) if tones else None
        self.register_buffer("hann", torch.hann_window(window), persistent=False)

    @property
    def receptive_frames(self) -> int:
        """How many mel frames on each side can reach a sample: where windowed vocoding equals a whole pass.

        The phase of a tone depends on all frames from anchor to anchor, and their distance has no upper bound. With
        `tones`, this figure holds for anchors up to five times as far apart as they have to be. In the training clips,
        less than 1 in 100 distances is longer.
        """
        c = self.config
        # A round hears a window and corrects it, so it reaches two halves of one to either side.
        near = int((c.depth + 1) * (KERNEL // 2) + (1 + c.refinements) * math.ceil(c.window / c.hop))
        return near + (6 * c.anchor_spacing if c.tones else 0)

    def features(self, mel: Tensor) -> Tensor:
        """Return the input of the heads, `[B, frames, channels]`."""
        h = self.embed_norm(self.embed(self.standardised(mel).mT).mT)
        for block in self.blocks:
            h = block(h)
        normed: Tensor = self.norm(h)
        return normed

    def standardised(self, mel: Tensor) -> Tensor:
        """Return the log-mel at a mean of about 0 and a standard deviation of about 1."""
        scaled: Tensor = (mel - self.config.mel_mean) / self.config.mel_std
        return scaled

    def spectrum(self, mel: Tensor) -> Tensor:
        """The complex spectrum `[B, window // 2 + 1, frames]`."""
        return self.spectrum_and_tones(mel)[0]

    def spectrum_and_tones(self, mel: Tensor) -> tuple[Tensor, Tones | None]:
        """Return the complex spectrum `[B, window // 2 + 1, frames]`, and the tones for training to compare."""
        h = self.features(mel)
        log_magnitude, phase = self.head(h).float().mT.chunk(2, dim=1)
        magnitude, tones = bounded(log_magnitude), None
        spectrum = torch.complex(magnitude * phase.cos(), magnitude * phase.sin())
        if self.tone_head is not None:
            tones = self.tones(h, mel)
            spectrum = spectrum + self.tones_spectrum(tones, mel)
        return without_offset(spectrum), tones

    def tones_spectrum(self, tones: Tones, mel: Tensor) -> Tensor:
        """Return the spectrum of the tones `[B, window // 2 + 1, frames]`."""
        anchors = anchor_frames(mel, self.config.anchor_spacing)
        # The STFT of a tone of the wrong frequency says nothing of the right one: no gradient from here.
        steady, width = tones.offset.detach(), tones.jitter.detach()
        moving = steady + width * jitter_of(mel, width.shape[1])
        phase = phases(moving, tones.magnitude, anchors, self.config.hop, self.config.window)
        return spectrum_of(tones.magnitude, steady, phase, self.config.window // 2 + 1)

    def tones(self, features: Tensor, mel: Tensor) -> Tones:
        """Return the tones that the network predicts."""
        assert self.tone_head is not None
        out = self.tone_head(torch.cat([features, self.standardised(mel)], 2)).float()
        # Phases are sums over frames, which is fast where the frames of a tone lie side by side.
        log_magnitude, offset, jitter = out.mT.contiguous().chunk(3, dim=1)
        return Tones(bounded(log_magnitude), MAX_OFFSET * torch.tanh(offset), MAX_JITTER * torch.sigmoid(jitter))

    def forward(self, mel: Tensor) -> Tensor:
        """Return the sound `[B, frames * hop]`."""
        sound = self.inverse_stft(self.spectrum(mel))
        for _ in range(self.config.refinements if sound.shape[1] > MIRROR else 0):
            sound = self.refined(sound, mel.float())
        return sound

    def refined(self, sound: Tensor, mel: Tensor) -> Tensor:
        """Return the sound `[B, samples]` with its STFT bins scaled toward the log-mel."""
        spectrum, filters = stft(sound), filters_like(sound)
        difference = mel - log_mel_of(spectrum)
        # A bin takes the weighted mean of the bands that contain it.
        shares = filters / filters.sum(1, keepdim=True).clamp_min(1e-8)
        change = self.config.overshoot * difference.clamp(-LARGEST_CHANGE, LARGEST_CHANGE) @ shares.T
        return self.inverse_stft(without_offset(spectrum * change.exp().mT))

    def inverse_stft(self, spectrum: Tensor) -> Tensor:
        """Return the overlap-add of a spectrum in the framing of `spotnb.sound.mel`.

        Frame j is centered on samples `j * hop` to `(j + 1) * hop`.
        """
        window, hop, count = self.config.window, self.config.hop, spectrum.shape[-1]
        sound = overlap_add(torch.fft.irfft(spectrum.mT, n=window) * self.hann, hop)
        envelope = overlap_add(self.hann.square().expand(1, count, window), hop)
        margin = (window - hop) // 2
        return (sound / envelope.clamp_min(1e-3))[:, margin : margin + count * hop]


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Return the sum of frames `[B, count, window]`, each `hop` samples after the one before it.

    Returns:
        `[B, samples]`, with up to `hop - 1` zeros at the end.
    """
    sounds, count, window = frames.shape
    total = frames.new_zeros(sounds, count + math.ceil(window / hop) - 1, hop)
    for index, part in enumerate(torch.split(frames, hop, dim=2)):
        total[:, index : index + count, : part.shape[2]] += part
    return total.flatten(1)


def bounded(log_magnitude: Tensor) -> Tensor:
    """Return magnitudes for their logarithms, with a bound that keeps a stray frame from blowing up the sound.

    The magnitudes of music peak near exp(5).
    """
    return torch.exp((log_magnitude - 1).clamp(max=6))


def without_offset(spectrum: Tensor) -> Tensor:
    """Return a spectrum `[B, bins, frames]` with 0 Hz set to zero, because no mel band covers that frequency."""
    return nn.functional.pad(spectrum.mT[..., 1:], (1, 0)).mT  # in memory, the bins of a frame stay side by side
