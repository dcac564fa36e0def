"""What every training script begins with: its options, its log, one thread, and the time by which it has to end."""

from __future__ import annotations

import argparse
import logging
import math
import time
from pathlib import Path

import torch

from spotnb.models.load import pick_device

AGAIN = 75  # exit code: EX_TEMPFAIL of sysexits.h
_deadline = [math.inf]  # seconds of time.monotonic


class OutOfTime(SystemExit):
    """The time of this command is over, and the same command continues from its checkpoint."""

    def __init__(self) -> None:
        super().__init__(AGAIN)


def set_deadline(wall_minutes: float | None) -> None:
    """Give this process some minutes of the clock from now; None takes the limit away."""
    _deadline[0] = math.inf if wall_minutes is None else time.monotonic() + 60 * wall_minutes


def minutes_left() -> float:
    """Return the minutes of the clock that are left, which may be negative or infinite."""
    return (_deadline[0] - time.monotonic()) / 60


def training_parser(description: str | None, minutes: float | None = None) -> argparse.ArgumentParser:
    """Return a parser with the options of every training script.

    Args:
        description: The docstring of the script.
        minutes: The budget by default; None for a script without a budget.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the clips and checkpoints")
    parser.add_argument("--out", type=Path, default=Path("data/model"), help="the model folder")
    if minutes is not None:
        parser.add_argument(
            "--minutes", type=float, default=minutes, help="CPU minutes; on a GPU, minutes of the clock"
        )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--wall-minutes", type=float, help=f"save and end with exit code {AGAIN} after so many minutes of the clock"
    )
    return parser


def begin(args: argparse.Namespace) -> torch.device:
    """Set up the process for a training with parsed options, and return its device.

    Raises:
        InputError: The device is unknown or not available.
    """
    device = pick_device(args.device)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True  # without effect on a CPU
    if args.wall_minutes is not None:
        set_deadline(args.wall_minutes)
    return device
