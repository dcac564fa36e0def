"""The static picture of a `LatentInspector`: the channels of one step, and the spectrogram below them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from spotnb.plots.drawing import draw_image, draw_mel, mark_seams
from spotnb.plots.style import SIGNED
from spotnb.sound.measure import MEL_SECONDS
from spotnb.widgets.base import new_figure
from spotnb.widgets.spectrogram import Spectrum, unpacked


def draw_step(
    values: NDArray[np.float32],
    channel: int | None,
    where: str,
    seams: Sequence[int],
    seconds: float,
    spectrum: Spectrum | None,
) -> Figure:
    """Return a figure of one step.

    Args:
        values: What is shown, `[C, T, F]`.
        channel: The channel that is shown, or None for all. All channels of one bin are the rows of one picture.
        where: What is shown of which step.
        seams: The seams that are marked, in latent frames.
        seconds: The length of a latent frame.
        spectrum: The spectrogram of the clean estimate, or None if it has not been decoded.
    """
    lines = channel is None and values.shape[0] > 1 == values.shape[2]
    if lines:
        values = values[None, :, :, 0].swapaxes(1, 2)
    channels = range(len(values)) if channel is None else [channel]
    finite = np.abs(values[np.isfinite(values)])
    limit = float(np.quantile(finite, 0.998)) if finite.size and finite.any() else 1.0
    heights = [4.0 if lines else 2.2 if len(channels) == 1 else 0.7] * len(channels)
    heights += [1.4] if spectrum else []
    figure = new_figure(height=1.2 + sum(heights))
    options = {"height_ratios": heights, "hspace": 0.25}
    several: list[Axes] = list(figure.subplots(len(heights), 1, squeeze=False, sharex=True, gridspec_kw=options)[:, 0])
    for axes, shown in zip(several, channels, strict=False):
        draw_image(axes, values[shown], seconds, cmap=SIGNED, vmin=-limit, vmax=limit)
        axes.set(xlabel="", ylabel=str(shown), yticks=[])
        if lines:
            axes.invert_yaxis()
            axes.set(ylabel="channel")
            axes.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    if spectrum:
        draw_mel(several[-1], unpacked(spectrum)).set_extent(
            (0, spectrum.columns * spectrum.factor * MEL_SECONDS, -0.5, 63.5)
        )
        several[-1].set(ylabel="Hz", xlim=several[0].get_xlim())
    several[0].set_xlim(0, values.shape[1] * seconds)
    for axes in several:
        axes.tick_params(labelbottom=axes is several[-1])
        axes.set_xlabel("time (s)" if axes is several[-1] else "")
        mark_seams(axes, seams, seconds, legend=axes is several[0], triangles=axes is several[0])
    title = f"{where}, by channel, -{limit:.2g} to {limit:.2g}"
    several[0].set_title(title, loc="left", fontsize="medium")
    return figure
