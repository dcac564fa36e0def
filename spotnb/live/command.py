"""What the commands of this package share: their arguments, and how they tell an error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from spotnb.errors import SpotnbError, one_line
from spotnb.models.locate import EMBEDDED_NAME


def command(name: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of `python -m spotnb.live.NAME`, with `--out` and `--model`."""
    parser = argparse.ArgumentParser(prog=f"python -m spotnb.live.{name}", description=description)
    parser.add_argument("--out", required=True, help="the folder to write to")
    parser.add_argument("--model", default=EMBEDDED_NAME, help="the embedded model, or a folder with one of its kind")
    return parser


def exit_code(work: Callable[[], object]) -> int:
    """Do the work, and return the exit code: 2 after an error, which is written to stderr in one line."""
    try:
        work()
    except SpotnbError as error:
        sys.stderr.write(f"error: {one_line(str(error))}\n")
        return 2
    return 0
