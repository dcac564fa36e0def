"""TileShiftDebugger: see where the tiles fall at each step of a run, and move them by hand. No model, no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from traitlets import Bytes, Dict, observe

from spotnb.errors import InputError
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_int, check_name, show
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.coverage import run_steps
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import Layout, plan
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE, draw_shift
from spotnb.widgets.base import Widget, new_figure
from spotnb.widgets.traits import choice, whole, whole_or_none

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_FRAMES = 200_000  # more than two hours
MAX_STEPS = 1000
BACKDROP_COLUMNS = 2048
BACKDROP_BYTES = 4_000_000


class TileShiftDebugger(Widget, module="tile_shift.js", title="Where the tiles fall"):
    """The tiles of each step of a run, and where the seams of all steps fall.

    Args:
        frames: length of the latent, 40 ms each, at most 200,000; or a `Trace` (or records, or layouts), whose steps
            are then shown over its clean estimate.
        config: the tiling; not with a trace, which has its own.
        steps: how many steps the run has, at most 1000; not with a trace.
        method: one of `spotnb.tiling.config.METHODS`; not with a trace.
        channel: of the clean estimate shown behind the tiles of a trace.

    Traits, all of which can be observed, set, and linked with `jslink`:
        step: which of the steps is shown, counted from 0; in a trace that was thinned, which of its records.
        shift: how far its grid is moved, in frames, 0 to W. Set by the run whenever step, method or edge changes, until
            it is dragged or set to something else. Not used by methods whose grid stays.
        method, edge: may be changed to compare.
        selected_frame: the frame whose tiles are followed through the steps, or None.

    Raises `InputError` for a value outside its limits, here and when a trait is set.
    """

    step = whole("step", lambda widget: widget._run.steps - 1, "steps count from 0")
    shift = whole("shift", lambda widget: widget._run.config.tile_size_time, "a grid repeats after a tile")
    method = choice("method", METHODS, "spot")
    edge = choice("edge", EDGES, "reflect")
    selected_frame = whole_or_none("selected_frame", lambda widget: widget._run.frames - 1, "None selects none")

    _scene = Dict().tag(sync=True)
    _backdrop = Bytes().tag(sync=True)

    def __init__(
        self,
        frames: Any = 768,
        config: SpotDiffusionConfig | None = None,
        steps: int | None = None,
        method: str | None = None,
        *,
        channel: int = 0,
    ) -> None:
        whole_number = isinstance(frames, (int, np.integer, float, str, type(None)))
        if whole_number:
            self._run = _planned(frames, config, 25 if steps is None else steps, "spot" if method is None else method)
            backdrop, image = None, b""
        else:
            given = {"config": config, "steps": steps, "method": method}
            if extra := [name for name, value in given.items() if value is not None]:
                raise InputError(f"got a trace and {' and '.join(extra)}: a trace has its own; leave the latter out")
            self._run = _recorded(frames)
            backdrop, image = _clean_estimates(frames, self._run.frames, channel)
        run = self._run
        scene = {
            "frames": run.frames,
            "width": run.config.tile_size_time,
            "overlap": run.config.overlap,
            "maxShift": run.config.max_shift,
            "multiple": run.multiple,
            "method": run.method,
            "edge": run.config.edge,
            "drawn": run.drawn,
            "names": run.names,
            "backdrop": backdrop,
        }
        super().__init__(
            method=run.method,
            edge=run.config.edge,
            shift=run.used_shift(0, run.method, run.config.edge),
            _scene=scene,
            _backdrop=image,
        )

    @property
    def tiling(self) -> Layout:
        """The layout that is shown: of this method and edge, at this shift."""
        return self._run.layout(self.shift, self.method, self.edge)

    @property
    def run_layouts(self) -> list[Layout]:
        """The layouts of all steps, with this method and edge and the shifts of the run."""
        return [self._run.layout(drawn, self.method, self.edge) for drawn in self._run.drawn]

    @observe("step", "method", "edge")
    def _take_shift_of_the_run(self, _: Any) -> None:
        self.shift = self._run.used_shift(self.step, self.method, self.edge)

    def draw(self) -> Figure:
        from spotnb.plots.layouts import plot_layout, plot_seams

        figure = new_figure(height=4.8)
        above, below = figure.subplots(2, 1)
        plot_layout(self.tiling, above)
        plot_seams(self.run_layouts, below)
        return figure


@dataclass(frozen=True)
class _Run:
    """What a run's layouts follow from. `drawn` are the shifts of its schedule, before any edge rounds them."""

    frames: int
    config: SpotDiffusionConfig
    method: str
    drawn: list[int]
    names: list[int]
    multiple: int

    @property
    def steps(self) -> int:
        return len(self.drawn)

    def layout(self, drawn: int, method: str, edge: str) -> Layout:
        """The layout for a shift of anybody's choice: one that the schedule `alternate` comes to at step 1."""
        ratio = min(1.0, (drawn + 0.5) / self.config.tile_size_time)
        config = replace(self.config, edge=edge, max_shift_ratio=ratio, shift_schedule="alternate")
        return plan(self.frames, config, 1, method, time_multiple=self.multiple)

    def used_shift(self, step: int, method: str, edge: str) -> int:
        return self.layout(self.drawn[step], method, edge).shift


def _planned(frames: Any, config: SpotDiffusionConfig | None, steps: Any, method: Any) -> _Run:
    hint = "give the length of the latent in time, or a trace"
    frames = check_int("frames", frames, 1, MAX_FRAMES, hint=hint)
    steps = check_int("steps", steps, 1, MAX_STEPS, hint="give how many denoising steps the run has")
    method = check_name("method", method, METHODS)
    config = SpotDiffusionConfig() if config is None else config
    if not isinstance(config, SpotDiffusionConfig):
        raise InputError(f"config is {show(config)}: expected a SpotDiffusionConfig; None takes its defaults")
    plan(frames, config, 0, method, steps)  # checks the tile size
    loose = replace(config, edge="reflect")  # the one that rounds no shift
    drawn = [draw_shift(loose, step, steps) for step in range(steps)]
    return _Run(frames, config, method, drawn, list(range(steps)), DEFAULT_TIME_MULTIPLE)


def _recorded(trace: Any) -> _Run:
    names, layouts = zip(*run_steps(trace), strict=True)
    first = layouts[0]
    kept = getattr(trace, "manifest", {}).get("config")
    if kept:
        config = SpotDiffusionConfig(**kept)
    else:
        starts = [tile.window[0] for tile in first.tiles[:2]]
        stride = starts[1] - starts[0] if first.method == "multidiffusion" and len(starts) == 2 else first.tile_size
        overlap = max(0, first.tile_size - stride)
        highest = max(layout.shift for layout in layouts)
        ratio = min(1.0, max(0.5, (highest + 0.5) / first.tile_size))
        config = SpotDiffusionConfig(first.tile_size, overlap, ratio, first.edge)
    multiple = next(m for m in (DEFAULT_TIME_MULTIPLE, 4, 2, 1) if first.tile_size % m == 0)
    shifts = [layout.shift for layout in layouts]
    if first.method == "spot" or any(shifts):
        drawn = shifts
    else:  # a grid that stayed: were it to move, it would by these
        drawn = [draw_shift(replace(config, edge="reflect"), name, max(names) + 1) for name in names]
    run = _Run(first.frames, config, first.method, drawn, list(names), multiple)
    return replace(run, drawn=[_true_shift(run, layout) for layout in layouts]) if drawn == shifts else run


def _true_shift(run: _Run, layout: Layout) -> int:
    """The shift that puts the tiles where they are: a faulty sampler may note another one."""
    candidates = [layout.shift, *(seam % layout.tile_size for seam in layout.seams)]
    made = (c for c in candidates if run.layout(c, layout.method, layout.edge).tiles == layout.tiles)
    return next(made, layout.shift)


def _clean_estimates(trace: Any, frames: int, channel: int) -> tuple[dict[str, Any] | None, bytes]:
    """One channel of x0 as bytes, 128 being zero, and what they mean; at most 4 MB.

    Longer latents are thinned to every k-th frame, longer runs to every k-th step. One scale for the run: the largest
    of its steps' 99.8 % quantiles.
    """
    records = [trace] if hasattr(trace, "layout") else trace
    count = len(records)
    factor = -(-frames // BACKDROP_COLUMNS)
    columns = -(-frames // factor)
    planes: list[tuple[int, NDArray[np.float32]]] = []
    every = 1
    for index in range(count):
        if index % every:
            continue
        x0 = getattr(records[index], "x0", None)
        if x0 is None:
            return None, b""
        array = as_array(x0)
        channel = check_int("channel", channel, 0, array.shape[1] - 1, hint="channels count from 0")
        plane = np.nan_to_num(array[0, channel, ::factor].astype(np.float32), posinf=0, neginf=0)
        if not planes:
            every = max(1, -(-count * columns * plane.shape[1] // BACKDROP_BYTES))
        planes.append((index, plane))
    limit = max(float(np.quantile(np.abs(plane), 0.998)) for _, plane in planes) or 1.0
    stack = np.stack([plane for _, plane in planes])
    data = np.clip(np.rint(128 + 127 * stack / limit), 1, 255).astype(np.uint8)
    about = {
        "steps": [index for index, _ in planes],
        "columns": columns,
        "bins": stack.shape[2],
        "factor": factor,
        "channel": channel,
        "limit": limit,
    }
    return about, data.tobytes()
