"""Sinusoids with continuous phase for a vocoder: phases summed over frames, and their spectrum.

A network that sees a bounded stretch of a log-mel spectrogram, and not the time, has the same output for every frame
of a steady tone. The sound then repeats with every hop. With 160 samples per hop it has energy at multiples of 100 Hz
only, and a note of 437 Hz turns into noise. This is so for every kind of head, whether it ends in an inverse STFT or in
upsampling. A steady tone needs a phase that advances from frame to frame. Here the network predicts the magnitude and
the frequency of many sinusoids, and the phases are sums of the frequencies. This is the sinusoidal model of McAulay &
Quatieri (1986, "Speech analysis/synthesis based on a sinusoidal representation", section III) with the learned
oscillators of Engel et al. (2020, "DDSP", section 3.2), except that they are drawn into an STFT frame by frame.

A sum over all earlier frames has no bounded reach, but long sounds are vocoded in windows, and loops have no first
frame. The phases therefore restart at anchor frames, the frames where the log-mel changes most. These depend on
nearby frames only, so a window and a whole pass have the same ones. Between two anchors, the phase that a sinusoid
would have at the second one is corrected by at most half a turn. The correction falls on the frames where the sinusoid
is quiet. A new note is in tune from its first frame, and a held note is out of tune by less than half a turn from
anchor to anchor: at most 1 Hz for 48 frames of 10 ms.

Noise is made by the same sinusoids. The frequency of each jitters from frame to frame by as much as the network says: a
phase that walks at random has a spectrum of a certain width, and where the widths of neighbors touch, they sound like
noise. Steady sinusoids would sound like a chime there. The jitter is not drawn from a generator but computed from the
log-mel, as chaotically as a hash, so that a window and a whole pass have the same noise.

Shapes: B sounds, J sinusoids. The center of sinusoid j is bin 2 j + 1 of the spectrum, and its frequency differs from
that by at most `MAX_OFFSET` bins.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

MAX_OFFSET = 1.5  # bins: the ranges of neighbors overlap by one bin, so that either can follow a tone between them
MAX_JITTER = 2.5  # bins, standard deviation: 2 cannot be told from white noise
LEAST_CHANGE = 1e-3  # natural log units per frame: a log-mel that changes less has no anchors
QUIET_POWER = 1e-2  # squared magnitude below which a sinusoid counts as silent
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
TURNS = 8  # per natural log unit of a band: how chaotic the jitter is


def anchor_frames(mel: Tensor, spacing: int) -> Tensor:
    """Find the frames where a log-mel changes more than at any other frame within `spacing` frames.

    Args:
        mel: Log-mel spectrogram `[B, frames, bands]`.
        spacing: Smallest distance of two anchors, less one, in frames.

    Returns:
        A mask `[B, frames]`. The first of several equal changes counts.
    """
    change = nn.functional.pad((mel[:, 1:] - mel[:, :-1]).abs().mean(2), (1, 0)).float()
    before = nn.functional.max_pool1d(nn.functional.pad(change[:, :-1], (spacing, 0)), spacing, 1)
    after = nn.functional.max_pool1d(nn.functional.pad(change[:, 1:], (0, spacing)), spacing, 1)
    return (change > before) & (change >= after) & (change > LEAST_CHANGE)


def jitter_of(mel: Tensor, count: int) -> Tensor:
    """Compute numbers that look random from a log-mel, with mean 0 and variance 1 over frames of noise.

    Args:
        mel: Log-mel spectrogram `[B, frames, bands]`.
        count: Number of sinusoids.

    Returns:
        `[B, count, frames]`. Frames with the same log-mel have the same numbers.
    """
    exact = torch.float32 if mel.device.type == "mps" else torch.float64  # a sum of many turns, of which a part counts
    sinusoid = torch.arange(1, count + 1, device=mel.device).to(exact)
    band = torch.arange(1, mel.shape[2] + 1, device=mel.device).to(exact)
    weight = 2 * (band[:, None] * sinusoid.square() * GOLDEN_RATIO % 1) - 1  # Weyl's sequence of squares
    turns = (mel.to(exact) @ (TURNS * weight)) % 1
    return (math.sqrt(2) * torch.sin(2 * math.pi * turns.float())).mT


def phases(offset: Tensor, magnitude: Tensor, anchors: Tensor, hop: int, window: int) -> Tensor:
    """Sum the frequencies of sinusoids to phases, with a restart at every anchor.

    At an anchor, sinusoid j has the phase `GOLDEN_RATIO * j`, so that they do not all peak at once. Before the first
    anchor and after the last one, and if there are none, the phases advance without correction.

    Args:
        offset: Frequencies in bins above the centers of the sinusoids, `[B, J, frames]`.
        magnitude: Magnitudes of the sinusoids, `[B, J, frames]`. They decide where corrections fall.
        anchors: Mask of the anchor frames, `[B, frames]`.
        hop: Samples from frame to frame.
        window: Samples of a frame, the length of the Fourier transform.

    Returns:
        Phases at the middle of each frame, in turns from 0 to 1, `[B, J, frames]`.
    """
    exact = torch.float32 if offset.device.type == "mps" else torch.float64  # for a sum of thousands of turns
    frames = offset.shape[2]
    index = torch.arange(offset.shape[1], device=offset.device)
    centers = ((2 * index + 1) * hop % window).to(exact) / window  # turns per hop, without the whole turns
    free = (centers[:, None] + _midpoints(offset).to(exact) * (hop / window)).cumsum(2)
    previous, following = _neighbors(anchors)
    between = (previous >= 0) & (following < frames)
    start = torch.where(previous < 0, following, previous).clamp(max=frames - 1)
    end = following.clamp(max=frames - 1)
    phase = free - _at(free, start)
    with torch.no_grad():
        quietness = (1 / (_midpoints(magnitude.float().square()) + QUIET_POWER)).to(exact).cumsum(2)
        elapsed, total = quietness - _at(quietness, start), _at(quietness, end) - _at(quietness, start)
        share = torch.where(between[:, None], elapsed / total.clamp_min(1e-9), 0)
    advance = _at(free, end) - _at(free, start)
    phase = phase - share * (advance - advance.detach().round())
    return ((phase + (GOLDEN_RATIO * index % 1).to(exact)[:, None]) % 1).float()


def spectrum_of(magnitude: Tensor, offset: Tensor, phase: Tensor) -> Tensor:
    """Draw sinusoids into an STFT with a Hann window.

    The main lobe of a sinusoid is four bins wide. Its shape is approximated by `cos(pi x / 4) ** 2` at x bins from its
    top, within 2 % of the height of the lobe. Since x differs from the offset by whole numbers, all its bins follow
    from the cosine and the sine of a single angle. Side lobes are left out.

    Args:
        magnitude: Magnitude at the top of the main lobe, `[B, J, frames]`.
        offset: Frequencies in bins above the centers of the sinusoids, `[B, J, frames]`.
        phase: Phases at the middle of each frame in turns, `[B, J, frames]`.

    Returns:
        Complex spectrum `[B, 2 J + 1, frames]`, with phases that refer to the first sample of each frame.
    """
    wave = torch.polar(magnitude, 2 * math.pi * phase)
    cosine, sine = torch.cos(math.pi / 2 * offset), torch.sin(math.pi / 2 * offset)
    above, below, far = (1 + sine) / 2, (1 - sine) / 2, (1 - cosine) / 2
    count = magnitude.shape[1]

    def shifted(lobe: Tensor, by: int, bins: int) -> Tensor:
        return nn.functional.pad(wave * lobe, (0, 0, by, bins - count - by))

    odd = wave * ((1 + cosine) / 2)
    odd = odd + shifted(far * (offset > 0), 1, count) + shifted(far * (offset < 0), -1, count)
    even = shifted(below * (offset < 1), 0, count + 1) + shifted(above * (offset > -1), 1, count + 1)
    even = even + shifted(below * (offset > 1), 2, count + 1) + shifted(above * (offset < -1), -1, count + 1)
    # From the first sample of a frame to its middle, bin k advances by k half turns.
    return torch.cat([torch.stack([even[:, :-1], -odd], 2).flatten(1, 2), even[:, -1:]], 1)


def _midpoints(x: Tensor) -> Tensor:
    """Return the mean of each frame and the one before it, and 0 for the first frame."""
    return nn.functional.pad((x[..., 1:] + x[..., :-1]) / 2, (1, 0))


def _neighbors(anchors: Tensor) -> tuple[Tensor, Tensor]:
    """Return, for each frame, the last anchor up to it (or -1) and the first after it (or the number of frames)."""
    frames = anchors.shape[1]
    at = torch.arange(frames, device=anchors.device).expand_as(anchors)
    previous = torch.where(anchors, at, -1).cummax(1).values
    coming = torch.where(anchors, at, frames).flip(1).cummin(1).values.flip(1)
    return previous, nn.functional.pad(coming[:, 1:], (0, 1), value=frames)


def _at(x: Tensor, frames: Tensor) -> Tensor:
    """Pick from `x`, `[B, J, frames]`, the frames `[B, n]` of each sound."""
    return x.gather(2, frames[:, None].expand(-1, x.shape[1], -1))
