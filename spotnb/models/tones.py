"""Steady tones for a vocoder: sinusoids whose phases are integrated from frame to frame, drawn into a spectrum.

A network that hears some frames of a log-mel and nothing else makes equal frames wherever the log-mel stands still.
What it makes of a steady tone therefore repeats with every hop: at 160 samples it holds multiples of 100 Hz and nothing
else, so that a note of 440 Hz comes out as noise around it. A tone needs a phase that goes on, and that is a sum over
all the frames before. Here the network says how loud each of many sinusoids is and how fast it turns, and the phases
are summed (the sinusoidal model of McAulay & Quatieri 1986; learned oscillators: Engel et al. 2020, "DDSP").

A sum has no end, but a long piece is vocoded in windows, and a ring has no beginning. So the phases are set anew at
*anchors*, frames where the log-mel changes most for a while on either side; they depend on what stands around them, not
on where a window begins. What is missing or left over from one anchor to the next is made up for where the tone is
quiet, so that a held tone is out of tune by less than half a turn from anchor to anchor, and a new one not at all.

Shapes: sinusoid j of J has its home at bin 2 j + 1 of a spectrum of 2 J + 1 bins, and strays by `REACH` bins at most.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

REACH = 1.5  # bins: neighbours overlap by one, so that a tone between two homes may belong to either
STILL = 1e-3  # natural log units a frame: a log-mel that changes by less than this has no anchors
QUIET = 1e-2  # power of a sinusoid that nobody hears, in units of the squared spectrum
GOLDEN = (math.sqrt(5) - 1) / 2


def anchors(mel: Tensor, apart: int) -> Tensor:
    """Frames of a log-mel `[B, frames, bands]` where it changes more than anywhere up to `apart` frames away.

    Returns a mask `[B, frames]`. Of equal changes the first counts.
    """
    change = nn.functional.pad((mel[:, 1:] - mel[:, :-1]).abs().mean(2), (1, 0)).float()
    before = nn.functional.max_pool1d(nn.functional.pad(change[:, :-1], (apart, 0)), apart, 1)
    after = nn.functional.max_pool1d(nn.functional.pad(change[:, 1:], (0, apart)), apart, 1)
    before, after = before[:, -change.shape[1] :], after[:, : change.shape[1]]
    return (change > before) & (change >= after) & (change > STILL)


def turns(stray: Tensor, size: Tensor, anchored: Tensor, hop: int, window: int) -> Tensor:
    """The phase of every sinusoid in turns, `[B, J, frames]`: its frequency, summed from anchor to anchor.

    `stray`: how many bins of a spectrum of `window` points a sinusoid lies above its home, `[B, J, frames]`; `size`:
    its magnitude, alike; `anchored`: the mask that `anchors` gives. Before the first anchor, after the last, and where
    there is none at all, a phase goes on as its frequency says.
    """
    exact = torch.float32 if stray.device.type == "mps" else torch.float64  # a sum of thousands of turns
    index = torch.arange(stray.shape[1], device=stray.device)
    # Of a step's whole turns nothing is heard; taken away, they cost no digits.
    home = ((2 * index + 1) * hop % window).to(exact) / window
    steps = home[:, None] + _between(stray).to(exact) * (hop / window)
    free = steps.cumsum(2)
    last, following = _neighbours(anchored)
    origin = torch.where(last < 0, following.clamp(max=stray.shape[2] - 1), last)
    phase = free - _at(free, origin)
    inside = (last >= 0) & (following < stray.shape[2])
    with torch.no_grad():
        quiet = (1 / (_between(size.float() ** 2) + QUIET)).to(exact).cumsum(2)
        since = quiet - _at(quiet, origin)
        length = _at(quiet, following.clamp(max=stray.shape[2] - 1)) - _at(quiet, origin)
        share = torch.where(inside[:, None], since / length.clamp_min(1e-9), 0)
    whole = _at(free, following.clamp(max=stray.shape[2] - 1)) - _at(free, origin)
    phase = phase - share * (whole - whole.detach().round())
    return ((phase + (GOLDEN * index % 1)[:, None].to(exact)) % 1).float()


def _between(x: Tensor) -> Tensor:
    """The mean of each frame and the one before it; nothing before the first."""
    return nn.functional.pad((x[..., 1:] + x[..., :-1]) / 2, (1, 0))


def _neighbours(anchored: Tensor) -> tuple[Tensor, Tensor]:
    """For each frame, the last anchor up to it (or -1) and the first one after it (or the number of frames)."""
    frames = anchored.shape[1]
    at = torch.arange(frames, device=anchored.device).expand_as(anchored)
    last = torch.where(anchored, at, -1).cummax(1).values
    coming = torch.where(anchored, at, frames).flip(1).cummin(1).values.flip(1)
    return last, nn.functional.pad(coming[:, 1:], (0, 1), value=frames)


def _at(x: Tensor, frames: Tensor) -> Tensor:
    """`x` `[B, J, frames]` at the frames `[B, n]`."""
    return x.gather(2, frames[:, None].expand(-1, x.shape[1], -1))


def drawn(size: Tensor, stray: Tensor, turned: Tensor) -> Tensor:
    """The spectrum `[B, 2 J + 1, frames]` of sinusoids, of frames whose phase is counted from their first sample.

    A sinusoid stands in a Hann window's spectrum as a hill four bins wide, here as the cosine squared
    that differs from it by 2 % of its height: `(1 + cos(pi x / 2)) / 2` at x bins from its top. As x differs from the
    sinusoid's stray by whole numbers, a cosine and a sine of that are enough for all its bins.
    """
    wave = torch.polar(size, 2 * math.pi * turned)
    cosine, sine = torch.cos(math.pi / 2 * stray), torch.sin(math.pi / 2 * stray)
    up, down, far = (1 + sine) / 2, (1 - sine) / 2, (1 - cosine) / 2
    count = size.shape[1]

    def moved(hill: Tensor, by: int, bins: int) -> Tensor:
        return nn.functional.pad(wave * hill, (0, 0, by, bins - count - by))

    odd = wave * ((1 + cosine) / 2) + moved(far * (stray > 0), 1, count) + moved(far * (stray < 0), -1, count)
    even = moved(down * (stray < 1), 0, count + 1) + moved(up * (stray > -1), 1, count + 1)
    even = even + moved(down * (stray > 1), 2, count + 1) + moved(up * (stray < -1), -1, count + 1)
    # From a window's first sample to its middle, every other bin changes its sign.
    return torch.cat([torch.stack([even[:, :-1], -odd], 2).flatten(1, 2), even[:, -1:]], 1)
