"""ReflectionExplorer, which shows "pad, roll, crop" on eight numbers or on a real latent, stage by stage.

The lesson is that of section 3 of notebook 04: after padding and rolling, roll back before cropping, or frames are
lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from traitlets import Bytes, Dict

from spotnb.errors import InputError
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.checks import check_instance, check_int, show
from spotnb.tiling.clock import AUDIOLDM, Clock
from spotnb.widgets.base import Widget, while_open
from spotnb.widgets.reflection_stages import ORDERS, STAGES, Stage, circular, stages
from spotnb.widgets.traits import Checked, choice, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMBERS: Final = 32  # up to this many frames are shown as numbers, more as a picture
MAX_FRAMES: Final = 8192


class ReflectionExplorer(Widget, module="reflection.js", title="Pad, roll, crop: what is lost"):
    """The effect of reflection padding and rolling on a sound, stage by stage.

    Two orders stand beside each other: the naive one, which loses frames, and the right one. Apart from them is the
    sound that is rolled as a ring. The attributes are traits, which can be observed, set, and linked with `jslink`.

    Args:
        values: Numbers `[T]`, or a latent `[B, C, T, F]`, of which one channel is shown. None is the numbers 1 to 8. At
            least 2 and at most 8192 frames.
        pad: Frames of padding at each end, 0 to T - 1. None is 3, or an eighth of T if that is more,
            but at most T - 1.
        shift: Frames by which everything is rolled, 0 to T. None is the default of `pad`.
        channel: The channel of a latent. A latent of one bin is shown with all its channels as rows.
        clock: The rates that give seconds (default: AudioLDM's).

    Attributes:
        pad: As above.
        shift: As above.
        order: The order that the sentence is about. "naive" crops before rolling back, "right" rolls back first, which
            is exact.
        stage: The last stage of `order` that is filled: original, padded, shifted, cropped or undone. It is "undone" at
            first, the last of the naive order. In the other order, as many stages are filled.

    Raises:
        InputError: A value is outside its limits, here or when a trait is set.
    """

    pad = whole("pad", lambda widget: widget.frames - 1, "a mirror image is one frame shorter than the sound")
    shift = whole("shift", lambda widget: widget.frames, "after T frames everything is back in place")
    order = choice("order", tuple(ORDERS), "naive")
    stage: Checked = choice("stage", STAGES, STAGES[-1])

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
        """All stages of `order` by name."""
        return stages(self.frames, self.pad, self.shift, self.order)

    @property
    def circular(self) -> Stage:
        """The sound rolled as a ring, without padding."""
        return circular(self.frames, self.shift)

    def close(self) -> None:
        """Remove the widget from all pages, and its data from memory."""
        super().close()
        self._plane = np.zeros((2, 1), np.float32)

    @while_open
    def draw(self) -> Figure:
        """Return all stages of both orders as a figure."""
        from spotnb.widgets.reflection_picture import draw_orders

        return draw_orders(self._plane, self._scene["numbers"], self.pad, self.shift)


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
