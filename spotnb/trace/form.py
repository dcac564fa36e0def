"""The form of a trace's header and manifest, which a stranger may have written: types, limits, and what must agree.

A form is a function of a field's name and its value that raises `InputError` if the value does not have the form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from spotnb.errors import InputError
from spotnb.support.checks import check_int, check_name, check_real, show
from spotnb.tiling.limits import MOST_FRAMES, MOST_TILES
from spotnb.trace.record import RECORD_DTYPES, check_record_mode

Form = Callable[[str, Any], None]

MOST_RECORDS = 1000
"""The number of steps of the longest run."""
MOST_RATE = 1_000_000
"""The highest sample rate, and the most samples of a latent frame."""
ARRAYS = ("x", "x0", "noise")
SOURCES = ("init_audio", "continue_from")
HINT = "the file was changed"


def whole(low: int, high: int) -> Form:
    """Return the form of a whole number."""
    return lambda name, value: void(check_int(name, value, low, high, hint=HINT))


def real(low: float, high: float) -> Form:
    """Return the form of a finite number."""
    return lambda name, value: void(check_real(name, value, low, high, hint=HINT))


def choice(*choices: Any) -> Form:
    """Return the form of a value that is one of a few, of the same type."""

    def check(name: str, value: Any) -> None:
        if not any(type(value) is type(each) and value == each for each in choices):
            raise InputError(f"{name} is {show(value)}: expected one of {', '.join(map(str, choices))}; {HINT}")

    return check


def text(name: str, value: Any) -> None:
    """Check a text."""
    if not isinstance(value, str):
        raise InputError(f"{name} is {show(value)}: expected a text; {HINT}")


def listed(form: Form, most: int, least: int = 0) -> Form:
    """Return the form of a list of which each item has a form."""

    def check(name: str, value: Any) -> None:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise InputError(f"{name} is {show(value)}: expected a list of {least} to {most} items; {HINT}")
        for index, item in enumerate(value):
            form(f"{name}[{index}]", item)

    return check


def mapping(form: Form, names: tuple[str, ...]) -> Form:
    """Return the form of an object with some of these names, whose values have a form."""

    def check(name: str, value: Any) -> None:
        for key in _mapping(name, value):
            check_name(f"a name in {name}", key, names)
            form(f"{name}.{key}", value[key])

    return check


def fields(required: Mapping[str, Form], optional: Mapping[str, Form] | None = None) -> Form:
    """Return the form of an object whose fields have forms. Other fields are ignored."""

    def check(name: str, value: Any) -> None:
        inside = f"{name}." if name else ""
        for key, form in required.items():
            if key not in _mapping(name or "it", value):
                raise InputError(f"{name or 'it'} lacks {key}: expected a field of that name; {HINT}")
            form(inside + key, value[key])
        for key, form in (optional or {}).items():
            if value.get(key) is not None:
                form(inside + key, value[key])

    return check


def void(_: object) -> None:
    """Return None, for a check that returns its value."""


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} is {show(value)}: expected an object with named fields; {HINT}")
    return value


def tiles(name: str, value: Any) -> None:
    """Check a list of tiles, in one pass, because a long run has a million numbers here."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_TILES:
        raise InputError(f"{name} is {show(value)}: expected a list of 1 to {MOST_TILES} tiles; {HINT}")
    for index, tile in enumerate(value):
        if not isinstance(tile, list | tuple) or len(tile) != 4 or not all(type(each) is int for each in tile):
            raise InputError(f"{name}[{index}] is {show(tile)}: expected four whole numbers; {HINT}")


shape = listed(whole(1, MOST_FRAMES), 4, 4)
LAYOUT = fields(
    {
        "frames": whole(1, MOST_FRAMES),
        "method": text,
        "edge": text,
        "tile_size": whole(1, MOST_FRAMES),
        "shift": whole(0, MOST_FRAMES),
        "fallback": choice(True, False),
        "tiles": tiles,
    }
)
"""`spotnb.tiling.layout.Layout` checks what of it must agree."""
ROW = fields(
    {
        "step": whole(0, MOST_RECORDS - 1),
        "timestep": whole(0, 1000),
        "shift": whole(0, MOST_FRAMES),
        "seconds": real(0, 1e9),
        "guided": choice(True, False, None),
        "layout": LAYOUT,
        "arrays": mapping(shape, ARRAYS),
    }
)
HEADER = fields(
    {
        "mode": lambda _, value: void(check_record_mode(value)),
        "dtype": choice(*RECORD_DTYPES),
        "manifest": lambda name, value: void(_mapping(name, value)),
        "sources": mapping(shape, SOURCES),
        "records": listed(ROW, MOST_RECORDS),
    }
)
VERSIONED = fields({"version": whole(1, 10**6)})
MANIFEST = fields(
    {
        "model": fields({"name": text}, {"device": text, "dtype": text, "revision": text, "heads_choice": text}),
        "frames": whole(1, MOST_FRAMES),
        "config": lambda name, value: void(_mapping(name, value)),
        # `RunSettings` checks the values of the others.
        **dict.fromkeys(("prompt", "duration", "steps", "method", "seed", "solver"), lambda _, __: None),
    },
    {
        "samples": whole(1, MOST_FRAMES * MOST_RATE),
        "sample_rate": whole(1, MOST_RATE),
        "samples_per_frame": whole(1, MOST_RATE),
        "forked": fields({"step": whole(0, MOST_RECORDS), "changes": listed(text, 100)}),
        **dict.fromkeys(SOURCES, fields({"frames": whole(0, MOST_FRAMES)})),
    },
)
"""First the entries that every version has written, and without which a run cannot be repeated."""


def check_manifest(manifest: Any) -> Mapping[str, Any]:
    """Return the manifest of a run from which the run can be repeated.

    Raises:
        InputError: An entry is missing, or has another form.
    """
    try:
        MANIFEST("manifest", manifest)
    except InputError as error:
        raise InputError(f"the trace's manifest does not describe a run ({error}): record a run") from None
    checked: Mapping[str, Any] = manifest
    return checked


def check_header(header: Any) -> None:
    """Check a header of the current version.

    Raises:
        InputError: A field is missing or has another form, or the records do not agree with each other.
    """
    HEADER("", header)
    rows, shapes = header["records"], []
    for index, row in enumerate(rows):
        if not row["arrays"] or set(row["arrays"]) != set(rows[0]["arrays"]):
            raise InputError(f"records[{index}] has the arrays {list(row['arrays'])}: expected those of others; {HINT}")
        shapes += [tuple(each) for each in row["arrays"].values()]
        if row["shift"] != row["layout"]["shift"] or shapes[-1][2] != row["layout"]["frames"]:
            raise InputError(f"records[{index}] does not agree with its layout: expected its shift and length; {HINT}")
    if len(set(shapes)) > 1:
        raise InputError(f"the arrays have the shapes {show(sorted(set(shapes)))}: expected one shape; {HINT}")
    for before, after in pairwise(rows):
        if before["step"] >= after["step"]:  # timesteps may ascend: one run of the gallery does just that
            raise InputError(f"step {after['step']} follows step {before['step']}: expected ascending steps; {HINT}")
    for name, (batch, channels, _, bins) in header["sources"].items():
        if batch != 1 or (shapes and (channels, bins) != (shapes[0][1], shapes[0][3])):
            raise InputError(f"sources.{name} has another shape than the records: expected their channels; {HINT}")
