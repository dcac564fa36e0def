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
place of the frame after its anchor, so that a window and a whole pass have the same noise, and so have two computers
whose log-mels differ by rounding.

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
PRIME, FACTOR = 65521, 40503  # of the hash: the largest prime below 2 ** 16, and the golden ratio times 2 ** 16
APART = 1021  # frames between the places in the hash of anchors that differ in one band


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


def jitter_of(mel: Tensor, anchors: Tensor, count: int) -> Tensor:
    """Compute numbers that look random, with mean 0 and variance 1.

    They depend on the number of the sinusoid, on how many frames after its anchor a frame is, and on the band that
    changes most at the anchor. Frames before the first anchor count back from it. All of these are integers.

    Args:
        mel: Log-mel spectrogram `[B, frames, bands]`.
        anchors: Mask of the anchor frames, `[B, frames]`.
        count: Number of sinusoids.

    Returns:
        `[B, count, frames]`.
    """
    frame = torch.arange(mel.shape[1], device=mel.device)
    latest = torch.where(anchors, frame, -1).cummax(1).values
    anchor = torch.where(latest < 0, anchors.int().argmax(1, keepdim=True), latest)
    band = nn.functional.pad((mel[:, 1:] - mel[:, :-1]).abs().argmax(2), (1, 0)).gather(1, anchor)
    place = frame - anchor + APART * band
    sinusoid = torch.arange(1, count + 1, device=mel.device)
    # Squares modulo a prime: exact in 64 bits here and in the doubles of JavaScript.
    hashed = (sinusoid.square() * FACTOR % PRIME)[:, None] * (place.square() % PRIME)[:, None] % PRIME
    return math.sqrt(2) * torch.sin(2 * math.pi / PRIME * hashed)


def phases(offset: Tensor, magnitude: Tensor, anchors: Tensor, hop: int, window: int) -> Tensor:
    """Sum the frequencies of sinusoids to phases, with a restart at every anchor.

    At an anchor, sinusoid j of J has the phase of half a turn times `j ** 2 / J`, so that they do not all peak at once
    (Schroeder 1970, "Synthesis of low-peak-factor signals"). Phases in proportion to j would be a delay. Before the
    first anchor and after the last one, and if there are none, the phases advance without correction.

    Args:
        offset: Frequencies in bins above the centers of the sinusoids, `[B, J, frames]`.
        magnitude: Magnitudes of the sinusoids, `[B, J, frames]`. They decide where corrections fall.
        anchors: Mask of the anchor frames, `[B, frames]`.
        hop: Samples from frame to frame.
        window: Samples of a frame, the length of the Fourier transform.

    Returns:
        Phases at the middle of each frame, in turns from 0 to 1, `[B, J, frames]`.
    """
    exact = _exact(offset.device)
    count, frames = offset.shape[1:]
    index = torch.arange(count, device=offset.device)[:, None]
    centers = ((2 * index + 1) * hop % window).to(exact) / window  # turns per hop, without the whole turns
    free = (_midpoints(offset) * (hop / window) + centers).cumsum(2)
    with torch.no_grad():
        quietness = (1 / (_midpoints(magnitude.float().square()) + QUIET_POWER)).cumsum(2, dtype=exact)
    # All sounds in one row of frames, which stretches between anchors divide.
    free, quietness = (x.transpose(0, 1).flatten(1) for x in (free, quietness))
    first = (anchors | (torch.arange(frames, device=anchors.device) == 0)).flatten()
    begin = first.nonzero()[:, 0]
    following = nn.functional.pad(begin[1:], (0, 1), value=len(first))
    anchored, followed = anchors.flatten()[begin], following % frames > 0
    end = torch.where(followed, following, following - 1)
    start = torch.where(anchored, begin, end)
    advance, total = (x[:, end] - x[:, start] for x in (free, quietness))
    missed = torch.where(anchored & followed, advance - advance.detach().round(), 0)
    rate = missed / total.clamp_min(1e-9)
    base = free[:, start] - rate * quietness[:, start] - (index.square() / (2 * count) % 1).to(exact)
    stretch = first.cumsum(0) - 1
    phase = free - rate[:, stretch] * quietness - base[:, stretch]
    return (phase - phase.floor()).float().view(count, -1, frames).transpose(0, 1)


def spectrum_of(magnitude: Tensor, offset: Tensor, phase: Tensor, bins: int) -> Tensor:
    """Draw sinusoids into an STFT with a Hann window.

    The main lobe of a sinusoid is four bins wide. Its shape is approximated by `cos(pi x / 4) ** 2` at x bins from its
    top, within 2 % of the height of the lobe. Side lobes are left out.

    Args:
        magnitude: Magnitude at the top of the main lobe, `[B, J, frames]`.
        offset: Frequencies in bins above the centers of the sinusoids, `[B, J, frames]`.
        phase: Phases at the middle of each frame in turns, `[B, J, frames]`.
        bins: Number of bins, at least 2 J + 1.

    Returns:
        Complex spectrum `[B, bins, frames]`, with phases that refer to the first sample of each frame.
    """
    angle, (sounds, count, frames) = 2 * math.pi * phase, magnitude.shape
    wave = magnitude * torch.stack([angle.cos(), angle.sin()])
    # Lobes at the ends reach up to two bins beyond the spectrum.
    parts = wave.new_zeros(2, sounds, 2 + bins + 2, frames)
    for distance in range(-3, 4):
        x = (distance - offset).clamp(-2, 2)
        # From the first sample of a frame to its middle, bin k advances by k half turns.
        sign = 1 if distance % 2 else -1
        lobe = (1 + (math.pi / 2 * x).cos()) * (sign / 2)
        first = 2 + 1 + distance
        parts[:, :, first : first + 2 * count : 2] += wave * lobe
    return torch.complex(*parts[:, :, 2:-2])


def _exact(device: torch.device) -> torch.dtype:
    """Return the precision for a sum of thousands of turns, of which only the part after the last whole turn counts."""
    return torch.float32 if device.type == "mps" else torch.float64  # mps has no double precision


def _midpoints(x: Tensor) -> Tensor:
    """Return the mean of each frame and the one before it, and 0 for the first frame."""
    return nn.functional.pad((x[..., 1:] + x[..., :-1]) / 2, (1, 0))
