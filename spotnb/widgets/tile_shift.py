"""TileShiftDebugger, which shows the tiles at each step of a run and lets you move them, without model or torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Bytes, Dict, observe

from spotnb.errors import InputError
from spotnb.support.checks import check_int, check_name, show
from spotnb.tiling.clock import Clock
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.coverage import run_steps
from spotnb.tiling.edges import POLICIES
from spotnb.tiling.finish import check_finish_overlap, check_finish_steps
from spotnb.tiling.layout import Layout, plan
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE, draw_shift
from spotnb.widgets.base import Widget, while_open
from spotnb.widgets.scenes import edge_policies, method_policies, tiling_of
from spotnb.widgets.tile_shift_latent import clean_estimates, example_latent
from spotnb.widgets.traits import Checked, choice, whole, whole_or_none

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_FRAMES = 200_000  # more than two hours
MAX_STEPS = 1000


class TileShiftDebugger(Widget, module="tile_shift.js", title="Where the tiles fall"):
    """The tiles of each step of a run, and the seams of all steps.

    The attributes are traits, which can be observed, set, and linked with `jslink`. Times are shown in seconds, and
    latent frames where the pointer rests. Method and edge do not change the scale of the picture.

    Args:
        frames: Length of the latent in frames, at most 200,000. Behind the tiles lies a real latent as an example, or a
            sketch if it is longer than 768 frames or the clock is not AudioLDM's. Or a `Trace` (or its records or
            layouts), whose steps are shown over its clean estimate.
        config: The tiling. Not with a trace, which has its own.
        steps: The number of steps of the run, at most 1000. Not with a trace.
        method: One of `spotnb.tiling.config.METHODS`. Not with a trace.
        channel: The channel of the clean estimate that is shown behind the tiles of a trace. A latent of one bin is
            shown with all its channels as rows.
        clock: The rates that give seconds. None is the clock of the trace, or AudioLDM's.
        finish_steps: The number of steps at the end in which the tiles of `spot` overlap. Not with a trace.
        finish_overlap: The overlap in those steps, in frames; None is a quarter of a tile. Not with a trace.

    Attributes:
        step: The index of the step that is shown, or in a thinned trace the index of the record.
        shift: How far the grid is moved, 0 to W frames. The run sets it whenever step, method or edge changes, and it
            can be dragged or set to another value. Methods with a fixed grid ignore it.
        method: The method, which may be changed for comparison.
        edge: The edge policy, which may be changed for comparison.
        selected_frame: The frame whose tiles are followed through the steps, or None.

    Raises:
        InputError: A value is outside its limits, here or when a trait is set.
    """

    step = whole("step", lambda widget: widget.tiling_run.steps - 1, "steps count from 0")
    shift = whole("shift", lambda widget: widget.tiling_run.config.tile_size_time, "a grid repeats after a tile")
    method = choice("method", METHODS, "spot")
    edge = Checked(lambda _, value: _check_edge(value), "reflect")
    selected_frame = whole_or_none("selected_frame", lambda widget: widget.tiling_run.frames - 1, "None selects none")

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
        clock: Clock | None = None,
        finish_steps: int | None = None,
        finish_overlap: int | None = None,
    ) -> None:
        from spotnb.plots.drawing import clock_of

        self.clock = clock_of(frames, clock)
        whole_number = isinstance(frames, (int, np.integer, float, str, type(None)))
        if whole_number:
            self.tiling_run = _planned(
                frames,
                config,
                25 if steps is None else steps,
                "spot" if method is None else method,
                (0 if finish_steps is None else finish_steps, finish_overlap),
            )
            self._latent = example_latent(self.tiling_run.frames, self.clock)
        else:
            given = {"config": config, "steps": steps, "method": method}
            given |= {"finish_steps": finish_steps, "finish_overlap": finish_overlap}
            if extra := [name for name, value in given.items() if value is not None]:
                raise InputError(f"got a trace and {' and '.join(extra)}: expected only a trace, which has its own")
            self.tiling_run = _recorded(frames)
            self._latent = clean_estimates(frames, self.tiling_run.frames, channel)
        run = self.tiling_run
        _check_edge(run.config.edge)
        scene = {
            "frames": run.frames,
            "framesPerSecond": self.clock.frames_per_second,
            "width": run.config.tile_size_time,
            "overlap": run.config.overlap,
            "methods": method_policies(),
            "edges": edge_policies(run.multiple),
            "drawn": run.drawn,
            "names": run.names,
            "finish": {"first": run.first_finishing, "overlap": run.overlap},
            "backdrop": None if self._latent is None else self._latent.about(),
        }
        super().__init__(
            method=run.method,
            edge=run.config.edge,
            shift=run.used_shift(0, run.method, run.config.edge),
            _scene=scene,
            _backdrop=b"" if self._latent is None else self._latent.codes.tobytes(),
        )

    @property
    def tiling(self) -> Layout:
        """The layout that is shown, with this method and edge at this shift."""
        return self.tiling_run.layout(self.step, self.shift, self.method, self.edge)

    @property
    def run_layouts(self) -> list[Layout]:
        """The layouts of all steps, with this method and edge and the shifts of the run."""
        run = self.tiling_run
        return [run.layout(step, drawn, self.method, self.edge) for step, drawn in enumerate(run.drawn)]

    @observe("step", "method", "edge")
    def _take_shift_of_the_run(self, _: Any) -> None:
        self.shift = self.tiling_run.used_shift(self.step, self.method, self.edge)

    @while_open
    def draw(self) -> Figure:
        """Return the tiles of this step, the latent, and the seams of all steps as a figure."""
        from spotnb.widgets.tile_shift_picture import Picture, draw_tiles

        name = self.tiling_run.names[self.step]
        return draw_tiles(Picture(self.step, name, self.tiling, self.run_layouts, self._latent, self.clock))


def _check_edge(edge: Any) -> str:
    if isinstance(edge, str) and edge in POLICIES and tiling_of(POLICIES[edge]) is None:
        raise InputError(
            f"the edge policy {show(edge)[:40]} cuts tiles in a way of its own, which this widget cannot follow: use "
            "plot_tile_map and plot_layout"
        )
    return check_name("edge", edge, list(edge_policies(1)))


@dataclass(frozen=True)
class _Run:
    """The values that determine the layouts of a run.

    `drawn` holds its shifts before an edge policy rounds them. In the last `finish_steps` rows, tiles overlap by
    `overlap` frames.
    """

    frames: int
    config: SpotDiffusionConfig
    method: str
    drawn: list[int]
    names: list[int]
    multiple: int
    finish_steps: int
    overlap: int

    @property
    def steps(self) -> int:
        return len(self.drawn)

    @property
    def first_finishing(self) -> int:
        return max(0, self.steps - self.finish_steps)

    def layout(self, step: int, drawn: int, method: str, edge: str) -> Layout:
        """Return the layout for any shift, which is the shift of the schedule `alternate` at step 1."""
        ratio = min(1.0, (drawn + 0.5) / self.config.tile_size_time)
        config = replace(self.config, edge=edge, max_shift_ratio=ratio, shift_schedule="alternate")
        finish = {"finish_steps": int(step >= self.first_finishing), "finish_overlap": self.overlap}
        return plan(self.frames, config, 1, method, 2, self.multiple, **finish)

    def used_shift(self, step: int, method: str, edge: str) -> int:
        return self.layout(step, self.drawn[step], method, edge).shift


def _planned(frames: Any, config: SpotDiffusionConfig | None, steps: Any, method: Any, finish: tuple[Any, Any]) -> _Run:
    hint = "pass the length of the latent in time, or a trace"
    frames = check_int("frames", frames, 1, MAX_FRAMES, hint=hint)
    steps = check_int("steps", steps, 1, MAX_STEPS, hint="pass the number of denoising steps of the run")
    method = check_name("method", method, METHODS)
    config = SpotDiffusionConfig() if config is None else config
    if not isinstance(config, SpotDiffusionConfig):
        raise InputError(f"config is {show(config)}: expected a SpotDiffusionConfig, or None for its defaults")
    plan(frames, config, 0, method, steps)  # checks the tile size
    loose = replace(config, edge="reflect")  # this edge policy does not round shifts
    drawn = [draw_shift(loose, step, steps) for step in range(steps)]
    last, overlap = check_finish_steps(finish[0]), check_finish_overlap(finish[1], config.tile_size_time)
    return _Run(frames, config, method, drawn, list(range(steps)), DEFAULT_TIME_MULTIPLE, last, overlap)


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
    else:  # the grid was fixed; these are the shifts that it would have with another method
        drawn = [draw_shift(replace(config, edge="reflect"), name, max(names) + 1) for name in names]
    last = sum(layout.blended for layout in layouts)
    run = _Run(first.frames, config, first.method, drawn, list(names), multiple, last, _overlap(layouts[-1]))
    return replace(run, drawn=[_true_shift(run, k, each) for k, each in enumerate(layouts)]) if drawn == shifts else run


def _overlap(layout: Layout) -> int:
    """Return the overlap that explains the tiles of a finishing step, or a run's own if they do not overlap."""
    if not layout.blended:
        return check_finish_overlap(None, layout.tile_size)
    segments = [tile.segment for tile in layout.tiles]
    return min(before[1] - after[0] for before, after in pairwise(segments))


def _true_shift(run: _Run, step: int, layout: Layout) -> int:
    """Return the shift that explains the positions of the tiles. A faulty sampler may have recorded another one."""
    candidates = [layout.shift, *(seam % layout.tile_size for seam in layout.seams)]
    matches = (c for c in candidates if run.layout(step, c, layout.method, layout.edge).tiles == layout.tiles)
    return next(matches, layout.shift)
