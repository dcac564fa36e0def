"""The header of a trace file: its rows, written out field by field, and what brings older headers up to date.

Every field is named here, so that renaming a field of a dataclass cannot change what files hold. When the format
changes, raise `VERSION` and add a function to `UPGRADES` that turns a header of the version before into one of this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.tiling.layout import Layout
from spotnb.tiling.tile import Tile
from spotnb.trace.record import StepRecord

FORMAT, VERSION = "spotnb-trace", 2

Header = dict[str, Any]


def row_of(record: StepRecord, arrays: Mapping[str, Any]) -> Header:
    """Return what a header says of a record; `arrays` are those that the file holds of it."""
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
    """Return the header of a file in the form of this version.

    Raises:
        SpotnbError: The file was written by a newer spotnb.
    """
    version = header["version"]
    if version > VERSION:
        raise SpotnbError(
            f"{path} was written by a newer spotnb (trace version {version}, this one reads up to {VERSION}): "
            "upgrade spotnb"
        )
    while version < VERSION:
        header = UPGRADES[version](header)
        version += 1
    return header


def _from_1(header: Header) -> Header:
    """Version 1 (spotnb 0.1.0): tiles were objects, and early files do not say whether guidance was active."""
    rows = []
    for row in header["records"]:
        tiles = [[*tile["window"], *tile["segment"]] for tile in row["layout"]["tiles"]]
        rows.append({"guided": None, **row, "layout": {**row["layout"], "tiles": tiles}})
    return {**header, "version": 2, "records": rows}


UPGRADES: Mapping[int, Callable[[Header], Header]] = {1: _from_1}
"""For each older version, what makes a header of the next one."""
