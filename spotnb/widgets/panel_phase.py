"""The picture of a step of SamplerPanel, phase by phase: padding, windows, guidance, stitching, update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from traitlets import Dict

from spotnb.support.arrays import as_array
from spotnb.widgets.base import Widget, new_figure, while_open
from spotnb.widgets.panel_kept import coded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spotnb.tiling.layout import Layout

Plane = NDArray[np.float32]
STAGES: Final = ("pad", "predict", "stitch", "update")
COLUMNS: Final = 2048  # more than a screen shows
CHANNEL: Final = 0
NAMES: Final = {
    "padded": "noisy latent",
    "prompted": "noise with the prompt",
    "unguided": "noise without it",
    "difference": "their difference",
    "stitched": "stitched noise",
    "x0": "clean estimate",
    "after": "next latent",
}
"""The rows of the picture from top to bottom."""


class PhaseView(Widget, module="panel_phase.js", title="What the phase did"):
    """One step in rows on one time axis. Rows fill as the phases are done: one channel of each tensor."""

    _scene = Dict().tag(sync=True)

    @while_open
    def draw(self) -> Figure:
        """Return the rows that are filled as a figure."""
        rows = self._scene["rows"]
        figure = new_figure(height=1.0 + 0.75 * len(rows))
        many = figure.subplots(len(rows), 1, squeeze=False, sharex=True)[:, 0]
        for axes, row in zip(many, rows, strict=True):
            codes = np.frombuffer(row["data"], np.uint8).reshape(row["columns"], -1).astype(np.float32)
            codes[codes == 0] = np.nan
            start, stop = (place / self._scene["framesPerSecond"] for place in (row["start"], row["stop"]))
            span = (start, stop, 0, 1)
            axes.imshow(codes.T, aspect="auto", origin="lower", cmap="RdBu_r", vmin=1, vmax=255, extent=span)
            axes.set_yticks([])
            axes.set_title(row["name"], loc="left", fontsize="small", pad=2)
        many[-1].set_xlabel("time (s)")
        many[0].set_title(self._scene["words"], loc="left", fontsize="medium", parse_math=False)
        return figure


def phase_scene(step: Any, stage: str, done: int, words: str, record: Any = None) -> dict[str, Any]:
    """Return what the view shows of an open step, or of a step that a record ends.

    Args:
        step: The `Step`.
        stage: The phase that was done last, one of `STAGES`.
        done: The number of predicted tiles.
        words: What the phase did, in a sentence.
        record: The record of the step, once it is finished.
    """
    layout, (left, right) = step.layout, step.layout.pad
    rows = [_row("padded", as_array(step.padded)[0, CHANNEL], -left)]
    if stage != "pad":
        rows += _halves(step, done)
    if stage in ("stitch", "update"):
        rows.append(_row("stitched", as_array(step.noise)[0, CHANNEL], 0))
    if record is not None:
        after = {"x0": record.x0, "after": record.x}
        rows += [_row(name, as_array(x)[0, CHANNEL], 0) for name, x in after.items() if x is not None]
    return {
        "step": step.index,
        "timestep": step.timestep,
        "stage": stage,
        "done": done,
        "words": words,
        "frames": layout.frames,
        "pad": [left, right],
        "framesPerSecond": step.clock.frames_per_second,
        "tiles": [[*tile.window, *tile.segment] for tile in layout.tiles],
        **_cutting(layout),
        "next": _cutting(step.run.layout(step.index + 1)) if step.index + 1 in step.run.steps else None,
        "guidance": step.run.settings.guidance_scale,
        "interval": None if (interval := step.run.settings.guidance_interval) is None else list(interval),
        "rows": rows,
        "all": list(NAMES.values()),
    }


def _cutting(layout: Layout) -> dict[str, Any]:
    return {"blended": layout.blended, "seams": list(layout.cuts)}


def padding_words(step: Any) -> str:
    """Return how many frames a step pads, and where they come from."""
    left, right = step.layout.pad
    source = step.padding.of
    origin = {"none": "nothing to mirror", "nothing": "new noise"}.get(source, f"mirrored from the {source}")
    return f"padded by {left} and {right} frames ({origin})"


def _halves(step: Any, done: int) -> list[dict[str, Any]]:
    """Return the rows of the two predictions and their difference, with the predicted tiles in their places."""
    predictions = [step.prediction(tile) for tile in range(done)]
    prompted = _placed(step.layout, [prediction.eps_cond for prediction in predictions])
    rows = [_row("prompted", prompted, 0)]
    if all(prediction.eps_uncond is not None for prediction in predictions) and predictions:
        unguided = _placed(step.layout, [prediction.eps_uncond for prediction in predictions])
        rows += [_row("unguided", unguided, 0), _row("difference", prompted - unguided, 0)]
    return rows


def _placed(layout: Layout, predictions: list[Any]) -> Plane:
    """Return a plane `[T, F]` with the frames that each tile owns, and NaN where no tile is predicted yet.

    Frames that several predicted tiles own are mixed by the shares of these.
    """
    arrays = [as_array(prediction)[0, CHANNEL].astype(np.float32) for prediction in predictions]
    total = np.zeros((layout.frames, arrays[0].shape[1] if arrays else 1))
    weight = np.zeros((layout.frames, 1))
    for tile, share, array in zip(layout.tiles, layout.shares, arrays, strict=False):
        first, (start, stop) = tile.window[0], tile.segment
        places = np.arange(start, stop) % layout.frames
        total[places] += share[:, None] * array[start - first : stop - first]
        weight[places] += share[:, None]
    with np.errstate(invalid="ignore"):
        return np.asarray(total / weight, np.float32)


def _row(name: str, plane: Any, start: int) -> dict[str, Any]:
    """Return a row: bytes `[columns, bins]`, 0 where there is nothing yet, and the largest value of its colors."""
    values = np.asarray(plane, np.float32)
    values = values[:: -(-len(values) // COLUMNS)]
    there = np.isfinite(values)
    limit = float(np.quantile(np.abs(values[there]), 0.998)) if there.any() else 1.0
    codes = np.frombuffer(coded(values, limit or 1.0), np.uint8).reshape(values.shape)
    return {
        "key": name,
        "name": NAMES[name],
        "data": np.where(there, codes, 0).astype(np.uint8).tobytes(),
        "columns": len(values),
        "bins": values.shape[1],
        "start": start,
        "stop": start + len(plane),
        "limit": limit,
    }
