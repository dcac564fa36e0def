"""ReflectionExplorer: "pad, roll, crop" on eight numbers, or on a real latent, one stage after the other.

The lesson is that of section 3 of the quickstart: what is padded and then rolled has to be rolled back before it is
cropped, or frames are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from traitlets import Bytes, Dict

from spotnb.errors import InputError
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.checks import check_int, show
from spotnb.widgets.base import Widget, new_figure
from spotnb.widgets.traits import Checked, choice, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORDERS: Final = {
    "naive": ("original", "circular", "padded", "shifted", "cropped", "undone"),
    "right": ("original", "circular", "padded", "shifted", "undone", "cropped"),
}
"""The stages, in the two orders: pad, roll, crop, roll back; or pad, roll, roll back, crop."""

STAGES: Final = ORDERS["naive"]
NUMBERS: Final = 32  # as many frames are shown as numbers; more as a picture
MAX_FRAMES: Final = 8192


@dataclass(frozen=True, eq=False)
class Stage:
    """The frames of one stage, left to right.

    Attributes:
        first: where the first one stands; 0 is where the sound begins.
        source: `[n]`, which frame of the original each is.
        copied: `[n]`, True for those that the padding made.
    """

    first: int
    source: NDArray[np.int64]
    copied: NDArray[np.bool_]

    def lost(self, frames: int) -> list[int]:
        """Frames of the original that are not here; a mirror image of one does not count."""
        return sorted(set(range(frames)) - set(self.source[~self.copied].tolist()))

    def twice(self, frames: int) -> list[int]:
        """Frames that are here more than once, be it as a mirror image."""
        return np.flatnonzero(np.bincount(self.source, minlength=frames) > 1).tolist()

    def exact(self, frames: int) -> bool:
        """Whether this is the original."""
        return np.array_equal(self.source, np.arange(frames)) and not self.copied.any()


def stages(frames: int, pad: int, shift: int, order: str) -> dict[str, Stage]:
    """All stages by name, in the order they happen.

    >>> stages(8, 3, 3, "naive")["undone"].source.tolist()
    [0, 1, 2, 3, 4, 3, 2, 1]
    """
    source, real = np.arange(frames), np.zeros(frames, bool)
    padded = Stage(-pad, np.pad(source, pad, mode="reflect"), np.pad(real, pad, constant_values=True))
    found = {"original": Stage(0, source, real)}
    found["circular"] = _rolled(found["original"], shift)
    found["padded"] = padded
    found["shifted"] = _rolled(padded, shift)
    if order == "naive":
        found["cropped"] = _cropped(found["shifted"], pad)
        found["undone"] = _rolled(found["cropped"], -shift)
    else:
        found["undone"] = _rolled(found["shifted"], -shift)
        found["cropped"] = _cropped(found["undone"], pad)
    return found


def _rolled(stage: Stage, shift: int) -> Stage:
    return Stage(stage.first, np.roll(stage.source, shift), np.roll(stage.copied, shift))


def _cropped(stage: Stage, pad: int) -> Stage:
    kept = slice(pad, len(stage.source) - pad)
    return Stage(0, stage.source[kept], stage.copied[kept])


class ReflectionExplorer(Widget, module="reflection.js", title="Pad, roll, crop: what is lost"):
    """What reflection padding and rolling do to a sound, one stage after the other.

    Args:
        values: numbers `[T]`; or a latent `[B, C, T, F]`, of which one channel is shown. None takes 1 to 8. At least 2
            frames, at most 8192.
        pad: frames of padding at each end, 0 to T - 1. None is 3, or an eighth of T where that is more.
        shift: how far everything is rolled, 0 to T. None as for `pad`.
        channel: of a latent.

    Traits, all of which can be observed, set, and linked with `jslink`:
        pad, shift: as above.
        order: "naive" crops before it rolls back; "right" rolls back first, which is exact.
        stage: one of original, circular, padded, shifted, cropped, undone.

    Raises `InputError` for a value outside its limits, here and when a trait is set.
    """

    pad = whole("pad", lambda widget: widget._frames - 1, "a mirror image is one frame shorter than the sound")
    shift = whole("shift", lambda widget: widget._frames, "after T frames everything is back in its place")
    order = choice("order", tuple(ORDERS), "naive")
    stage: Checked = choice("stage", STAGES, "original")

    _scene = Dict().tag(sync=True)
    _pixels = Bytes().tag(sync=True)

    def __init__(self, values: Any = None, pad: int | None = None, shift: int | None = None, channel: int = 0) -> None:
        plane = _plane(np.arange(1.0, 9.0) if values is None else values, channel)
        self._frames, bins = plane.shape
        self._plane = plane
        default = min(max(3, self._frames // 8), self._frames - 1)
        limit = float(np.quantile(np.abs(plane), 0.998)) or 1.0
        numbers = bins == 1 and self._frames <= NUMBERS
        scene = {
            "frames": self._frames,
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
        """All stages, in the order they happen."""
        return stages(self._frames, self.pad, self.shift, self.order)

    def close(self) -> None:
        super().close()
        self._plane = np.zeros((2, 1), np.float32)

    def draw(self) -> Figure:
        found = self.stages
        figure = new_figure(height=3.6)
        axes = figure.subplots()
        for row, (name, stage) in enumerate(found.items()):
            _draw_row(axes, self._plane, stage, row, self._scene["numbers"])
            if name in ("cropped", "undone"):
                lost = len(stage.lost(self._frames))
                verdict = "exact" if stage.exact(self._frames) else f"{lost} lost" if lost else ""
                axes.annotate(verdict, (1.01, row), xycoords=("axes fraction", "data"), va="center")
        for border in (0, self._frames):
            axes.axvline(border, color="0.2", lw=1, ls=(0, (3, 3)))
        axes.set(xlim=(-self.pad - 0.2, self._frames + self.pad + 0.2), ylim=(len(found) - 0.4, -0.6))
        axes.set_yticks(range(len(found)), list(found))
        axes.tick_params(length=0)
        axes.set_xticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_title(f"{self.order} order, padding {self.pad}, shift {self.shift}", loc="left", fontsize="medium")
        figure.subplots_adjust(right=0.9, bottom=0.04)
        return figure


def _plane(values: Any, channel: Any) -> NDArray[np.float32]:
    """`[T, F]` of what was given."""
    array = as_array(values)
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 4) or not array.size:
        shape = list(array.shape) if array.dtype.kind in "iuf" else show(values)
        raise InputError(f"values are {shape}: expected numbers [T] or a latent [B, C, T, F]; None takes 1 to 8")
    if array.ndim == 4:
        last = array.shape[1] - 1
        channel = check_int("channel", channel, 0, last, hint=f"the latent has {last + 1}")
        array = array[0, channel]
    else:
        array = array[:, None]
    check_int("the number of frames", len(array), 2, MAX_FRAMES, hint="pass a part of it, or a longer one")
    plane = array.astype(np.float32)
    require_finite(plane, "values")
    return plane


def _draw_row(axes: Axes, plane: NDArray[np.float32], stage: Stage, row: int, numbers: list[str] | None) -> None:
    """One stage as a row of cells, or of the latent's own columns; what the padding made is hatched."""
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
        colour = _viridis(shade)
        _box(axes, stage.first + place, row, 1, half, colour, "////" if copied else None)
        dark = shade < 0.6
        style = {"facecolor": colour, "edgecolor": "none", "pad": 1.5} if copied else None
        centre = (stage.first + place + 0.5, row)
        axes.text(*centre, numbers[source], ha="center", va="center", color="white" if dark else "black", bbox=style)


def _viridis(shade: float) -> Any:
    from matplotlib import colormaps

    return colormaps["viridis"](shade)


def _box(axes: Axes, x: float, row: float, width: float, half: float, colour: Any, hatch: str | None) -> None:
    from matplotlib.patches import Rectangle

    style = {"facecolor": colour, "edgecolor": "0.95" if colour != "none" else "0.3", "lw": 0.8, "hatch": hatch}
    axes.add_patch(Rectangle((x, row - half), width, 2 * half, **style))
