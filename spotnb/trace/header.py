"""The header of a trace file: its rows, written out field by field, and upgrades of older headers.

Every field is named here, so that renaming a field of a dataclass cannot change the files. When the format
changes, raise `VERSION` and add a function to `UPGRADES` that converts a header of the previous version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.support.paths import show_path
from spotnb.tiling.layout import Layout
from spotnb.tiling.tile import Tile
from spotnb.trace.form import VERSIONED
from spotnb.trace.record import StepRecord

FORMAT, VERSION = "spotnb-trace", 2

Header = dict[str, Any]


def row_of(record: StepRecord, arrays: Mapping[str, Any]) -> Header:
    """Return the row of a record; `arrays` are the arrays of the record that the file contains."""
    return {
        "step": record.step,
        "timestep": record.timestep,
        "shift": record.shift,
        "seconds": record.seconds,
        "guided": record.guided,
        "layout": _layout_row(record.layout),
        "arrays": {name: list(array.shape) for name, array in arrays.items()},
    }


def record_of(row: Header, arrays: Mapping[str, Any]) -> StepRecord:
    """Return the record that a row describes, with these arrays."""
    return StepRecord(
        step=row["step"],
        timestep=row["timestep"],
        shift=row["shift"],
        layout=layout_of(row["layout"]),
        x=arrays.get("x"),
        x0=arrays.get("x0"),
        noise=arrays.get("noise"),
        seconds=row["seconds"],
        guided=row["guided"],
    )


def _layout_row(layout: Layout) -> Header:
    return {
        "frames": layout.frames,
        "method": layout.method,
        "edge": layout.edge,
        "tile_size": layout.tile_size,
        "shift": layout.shift,
        "fallback": layout.fallback,
        "tiles": [[*tile.window, *tile.segment] for tile in layout.tiles],  # start and stop of each
    }


def layout_of(row: Header) -> Layout:
    """Return the layout that a row describes."""
    tiles = tuple(Tile((seen, end), (owned, stop)) for seen, end, owned, stop in row["tiles"])
    return Layout(
        frames=row["frames"],
        method=row["method"],
        edge=row["edge"],
        tile_size=row["tile_size"],
        shift=row["shift"],
        tiles=tiles,
        fallback=row["fallback"],
    )


def upgraded(header: Header, path: Path) -> Header:
    """Return the header of a file, converted to the current version.

    Raises:
        SpotnbError: The file was written by a newer spotnb.
    """
    VERSIONED("", header)
    version = header["version"]
    if version > VERSION:
        raise SpotnbError(
            f"{show_path(path)} was written by a newer spotnb (its trace version is {version}, this spotnb reads "
            f"versions up to {VERSION}): upgrade spotnb"
        )
    while version < VERSION:
        header = UPGRADES[version](header)
        version += 1
    return header


def _from_1(header: Header) -> Header:
    """Convert version 1 (spotnb 0.1.0): tiles were objects, and early files do not record whether guidance was on."""
    rows = []
    for row in header["records"]:
        tiles = [[*tile["window"], *tile["segment"]] for tile in row["layout"]["tiles"]]
        rows.append({"guided": None, **row, "layout": {**row["layout"], "tiles": tiles}})
    return {**header, "version": 2, "records": rows}


UPGRADES: Mapping[int, Callable[[Header], Header]] = {1: _from_1}
"""For each older version, the function that converts its header to the next version."""
