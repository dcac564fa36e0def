"""ReflectionExplorer, which shows "pad, roll, crop" on eight numbers or on a real latent, stage by stage.

The lesson is that of section 3 of notebook 04: after padding and rolling, roll back before cropping, or frames are
lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from traitlets import Bytes, Dict

from spotnb.errors import InputError
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.checks import check_instance, check_int, show
from spotnb.tiling.clock import AUDIOLDM, Clock
from spotnb.widgets.base import Widget, new_figure, while_open
from spotnb.widgets.traits import Checked, choice, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORDERS: Final = {
    "naive": ("original", "rolled", "padded", "shifted", "cropped", "undone"),
    "right": ("original", "rolled", "padded", "shifted", "undone", "cropped"),
}
"""The stages in the two orders: pad, roll, crop, roll back, or pad, roll, roll back, crop."""

STAGES: Final = ORDERS["naive"]
NUMBERS: Final = 32  # up to this many frames are shown as numbers, more as a picture
MAX_FRAMES: Final = 8192


@dataclass(frozen=True, eq=False)
class Stage:
    """The frames of one stage from left to right.

    Attributes:
        first: The position of the first frame. The sound begins at 0.
        source: The frame of the original at each position, `[n]`.
        copied: Whether a frame comes from the padding, `[n]`.
    """

    first: int
    source: NDArray[np.int64]
    copied: NDArray[np.bool_]

    def lost(self, frames: int) -> list[int]:
        """Return the frames of the original that are missing. A mirror image does not count as present."""
        return sorted(set(range(frames)) - set(self.source[~self.copied].tolist()))

    def twice(self, frames: int) -> list[int]:
        """Return the frames that occur more than once, including mirror images."""
        return np.flatnonzero(np.bincount(self.source, minlength=frames) > 1).tolist()

    def exact(self, frames: int) -> bool:
        """Return whether this stage equals the original."""
        return np.array_equal(self.source, np.arange(frames)) and not self.copied.any()


def stages(frames: int, pad: int, shift: int, order: str) -> dict[str, Stage]:
    """Return all stages by name, in order.

    Args:
        frames: The length of the sound.
        pad: Frames of padding at each end.
        shift: Frames by which the sound is rolled.
        order: "naive" or "right".

    >>> stages(8, 3, 3, "naive")["undone"].source.tolist()
    [0, 1, 2, 3, 4, 3, 2, 1]
    """
    source, real = np.arange(frames), np.zeros(frames, bool)
    padded = Stage(-pad, np.pad(source, pad, mode="reflect"), np.pad(real, pad, constant_values=True))
    result = {"original": Stage(0, source, real)}
    result["rolled"] = _rolled(result["original"], shift)
    result["padded"] = padded
    result["shifted"] = _rolled(padded, shift)
    if order == "naive":
        result["cropped"] = _cropped(result["shifted"], pad)
        result["undone"] = _rolled(result["cropped"], -shift)
    else:
        result["undone"] = _rolled(result["shifted"], -shift)
        result["cropped"] = _cropped(result["undone"], pad)
    return result


def _rolled(stage: Stage, shift: int) -> Stage:
    return Stage(stage.first, np.roll(stage.source, shift), np.roll(stage.copied, shift))


def _cropped(stage: Stage, pad: int) -> Stage:
    kept = slice(pad, len(stage.source) - pad)
    return Stage(0, stage.source[kept], stage.copied[kept])


class ReflectionExplorer(Widget, module="reflection.js", title="Pad, roll, crop: what is lost"):
    """The effect of reflection padding and rolling on a sound, stage by stage.

    The attributes are traits, which can be observed, set, and linked with `jslink`.

    Args:
        values: Numbers `[T]`, or a latent `[B, C, T, F]`, of which one channel is shown. None is the numbers 1 to 8. At
            least 2 and at most 8192 frames.
        pad: Frames of padding at each end, 0 to T - 1. None is 3, or an eighth of T if that is more.
        shift: Frames by which everything is rolled, 0 to T. None is the same number as for `pad`.
        channel: The channel of a latent. A latent of one bin is shown with all its channels as rows.
        clock: The rates that give seconds (default: AudioLDM's).

    Attributes:
        pad: As above.
        shift: As above.
        order: "naive" crops before rolling back, "right" rolls back first, which is exact.
        stage: The stage on display: original, rolled, padded, shifted, cropped or undone.

    Raises:
        InputError: A value is outside its limits, here or when a trait is set.
    """

    pad = whole("pad", lambda widget: widget.frames - 1, "a mirror image is one frame shorter than the sound")
    shift = whole("shift", lambda widget: widget.frames, "after T frames everything is back in place")
    order = choice("order", tuple(ORDERS), "naive")
    stage: Checked = choice("stage", STAGES, "original")

    _scene = Dict().tag(sync=True)
    _pixels = Bytes().tag(sync=True)

    def __init__(
        self,
        values: Any = None,
        pad: int | None = None,
        shift: int | None = None,
        channel: int = 0,
        *,
        clock: Clock = AUDIOLDM,
    ) -> None:
        clock = check_instance("clock", clock, Clock, hint="pass the clock of a sampler")
        plane = _plane(np.arange(1.0, 9.0) if values is None else values, channel)
        self.frames, bins = plane.shape
        self._plane = plane
        default = min(max(3, self.frames // 8), self.frames - 1)
        limit = float(np.quantile(np.abs(plane), 0.998)) or 1.0
        numbers = bins == 1 and self.frames <= NUMBERS
        scene = {
            "frames": self.frames,
            "framesPerSecond": clock.frames_per_second,
            "bins": bins,
            "numbers": [f"{value:.4g}" for value in plane[:, 0]] if numbers else None,
            "limit": limit,
        }
        pixels = b"" if numbers else np.clip(np.rint(128 + 127 * plane / limit), 1, 255).astype(np.uint8).tobytes()
        super().__init__(
            pad=default if pad is None else pad,
            shift=default if shift is None else shift,
            _scene=scene,
            _pixels=pixels,
        )

    @property
    def stages(self) -> dict[str, Stage]:
        """All stages by name, in order."""
        return stages(self.frames, self.pad, self.shift, self.order)

    def close(self) -> None:
        """Remove the widget from all pages, and its data from memory."""
        super().close()
        self._plane = np.zeros((2, 1), np.float32)

    @while_open
    def draw(self) -> Figure:
        """Return all stages as rows of a figure."""
        rows = self.stages
        figure = new_figure(height=3.6)
        axes = figure.subplots()
        for row, (name, stage) in enumerate(rows.items()):
            _draw_row(axes, self._plane, stage, row, self._scene["numbers"])
            if name in ("cropped", "undone"):
                lost = len(stage.lost(self.frames))
                verdict = "exact" if stage.exact(self.frames) else f"{lost} lost" if lost else ""
                axes.annotate(verdict, (1.01, row), xycoords=("axes fraction", "data"), va="center")
        for border in (0, self.frames):
            axes.axvline(border, color="0.2", lw=1, ls=(0, (3, 3)))
        axes.set(xlim=(-self.pad - 0.2, self.frames + self.pad + 0.2), ylim=(len(rows) - 0.4, -0.6))
        axes.set_yticks(range(len(rows)), list(rows))
        axes.tick_params(length=0)
        axes.set_xticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_title(f"{self.order} order, padding {self.pad}, shift {self.shift}", loc="left", fontsize="medium")
        figure.subplots_adjust(right=0.9, bottom=0.04)
        return figure


def _plane(values: Any, channel: Any) -> NDArray[np.float32]:
    """Return values as a plane `[T, F]`."""
    array = as_array(values)
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 4) or not array.size:
        shape = list(array.shape) if array.dtype.kind in "iuf" else show(values)
        raise InputError(f"values are {shape}: expected numbers [T] or a latent [B, C, T, F]; None is 1 to 8")
    if array.ndim == 4:
        last = array.shape[1] - 1
        channel = check_int("channel", channel, 0, last, hint=f"the latent has {last + 1}")
        array = array[0, :, :, 0].T if array.shape[3] == 1 else array[0, channel]
    else:
        array = array[:, None]
    check_int("the number of frames", len(array), 2, MAX_FRAMES, hint="pass a shorter part, or a longer sound")
    plane = array.astype(np.float32)
    require_finite(plane, "values")
    return plane


def _draw_row(axes: Axes, plane: NDArray[np.float32], stage: Stage, row: int, numbers: list[str] | None) -> None:
    """Draw one stage as a row of cells, or as the columns of the latent. Frames from the padding are hatched."""
    half = 0.4
    end = stage.first + len(stage.source)
    if numbers is None:
        limit = float(np.quantile(np.abs(plane), 0.998)) or 1.0
        extent = (stage.first, end, row + half, row - half)
        image = plane[stage.source].T[::-1]
        axes.imshow(image, aspect="auto", extent=extent, cmap="RdBu_r", vmin=-limit, vmax=limit)
        changes = np.flatnonzero(np.diff(stage.copied.astype(int), prepend=0, append=0))
        for start, stop in changes.reshape(-1, 2):
            _box(axes, stage.first + start, row, stop - start, half, "none", "/////")
        return
    for place, (source, copied) in enumerate(zip(stage.source.tolist(), stage.copied.tolist(), strict=True)):
        shade = 0.25 + 0.6 * source / (len(numbers) - 1)
        color = _viridis(shade)
        _box(axes, stage.first + place, row, 1, half, color, "////" if copied else None)
        dark = shade < 0.6
        style = {"facecolor": color, "edgecolor": "none", "pad": 1.5} if copied else None
        center = (stage.first + place + 0.5, row)
        axes.text(*center, numbers[source], ha="center", va="center", color="white" if dark else "black", bbox=style)


def _viridis(shade: float) -> Any:
    from matplotlib import colormaps

    return colormaps["viridis"](shade)


def _box(axes: Axes, x: float, row: float, width: float, half: float, color: Any, hatch: str | None) -> None:
    from matplotlib.patches import Rectangle

    style = {"facecolor": color, "edgecolor": "0.95" if color != "none" else "0.3", "lw": 0.8, "hatch": hatch}
    axes.add_patch(Rectangle((x, row - half), width, 2 * half, **style))
