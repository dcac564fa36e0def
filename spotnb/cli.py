"""`spotnb generate | lab | doctor`: the kit from a terminal.

Wrong input ends in one line on stderr and exit code 2, an interrupt in 130; a traceback is a bug.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spotnb._version import __version__
from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.settings import DEFAULT_GUIDANCE, DEFAULT_GUIDANCE_INTERVAL, DEFAULT_STEPS
from spotnb.tiling.config import EDGES, METHODS


class _Parser(argparse.ArgumentParser):
    """Errors in one line, without the usage text above it."""

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    args = build_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, format="spotnb: %(message)s")
    try:
        code: int = args.run(args)
        return code
    except SpotnbError as error:
        print(f"spotnb: error: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        print("spotnb: interrupted", file=sys.stderr)  # noqa: T201
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The command line's grammar. Numbers are checked where they are used, so that every way in says the same."""
    parser = _Parser(prog="spotnb", description="Long audio from short diffusion models, with SpotDiffusion.")
    parser.add_argument("--version", action="version", version=f"spotnb {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on the way")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    make = commands.add_parser("generate", help="make sound from a prompt")
    make.add_argument("prompt", metavar="PROMPT", help="what to hear, in words")
    make.add_argument("--duration", type=_number, default=30.0, help="seconds (default 30)")
    make.add_argument("--steps", type=_whole, default=DEFAULT_STEPS, help="denoising steps (default 25)")
    make.add_argument("--guidance", type=_number, default=DEFAULT_GUIDANCE, help="pull of the prompt (default 2.5)")
    make.add_argument(
        "--guidance-interval",
        type=_whole,
        nargs=2,
        default=DEFAULT_GUIDANCE_INTERVAL,
        metavar=("LOW", "HIGH"),
        help="timesteps in which it pulls (default 100 700; 0 1000 is all)",
    )
    make.add_argument("--negative", default="", metavar="PROMPT", help="what to keep away from")
    make.add_argument("--method", default="spot", help=f"one of {', '.join(METHODS)} (default spot)")
    make.add_argument("--edge", default="reflect", help=f"one of {', '.join(EDGES)} (default reflect)")
    make.add_argument("--tile", type=_whole, help="tile size in latent frames (default: half the model's own length)")
    make.add_argument("--shift-ratio", type=_number, default=0.5, help="largest shift as a share of a tile (0.5)")
    make.add_argument("--solver", default="ddim", help="ddim or dpm++, which needs fewer steps (default ddim)")
    make.add_argument("--eta", type=_number, default=0.0, help="noise put back at each step, 0 to 1 (default 0)")
    make.add_argument("--init-audio", metavar="FILE", help="sound to start from")
    make.add_argument("--strength", type=_number, help="how much it is changed, 0 to 1 (default 0.6)")
    make.add_argument("--continue-from", metavar="FILE", help="sound to go on from; --duration counts from its start")
    make.add_argument("--seed", type=_whole, default=0, help="of every random draw (default 0)")
    make.add_argument("--model", default="tiny", help="tiny, a cvssp/audioldm checkpoint, or a folder (default tiny)")
    make.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    make.add_argument("--dtype", default="auto", help="auto, fp32, bf16 or fp16")
    make.add_argument("--out", type=Path, default=Path("out"), metavar="FOLDER", help="made if missing (default out)")
    make.add_argument("--resume", action="store_true", help="save the run on the way, and go on with one that was cut")
    make.add_argument("--name", help="of the files, without suffix (default: from the prompt)")
    make.set_defaults(run=_generate)

    doctor = commands.add_parser("doctor", help="what this machine has, and what a run would cost on it")
    doctor.add_argument("--duration", type=_number, default=30.0, help="of the run to estimate, in seconds")
    doctor.add_argument("--steps", type=_whole, default=DEFAULT_STEPS)
    doctor.set_defaults(run=_doctor)

    lab = commands.add_parser("lab", help="open the course in JupyterLab")
    lab.add_argument("folder", nargs="?", type=Path, help="where the notebooks are (default: ./notebooks)")
    lab.set_defaults(run=_lab)
    return parser


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _generate(args: argparse.Namespace) -> int:
    from spotnb.sampling.guidance import check_prompt
    from spotnb.support.files import require_writable

    name = args.name or _file_name(check_prompt(args.prompt))
    if Path(name).name != name or name in (".", ".."):
        raise InputError(f"name is {name!r}: expected a file name without folders or suffix; --out takes the folder")
    files = {suffix: args.out / f"{name}.{suffix}" for suffix in ("wav", "png", "json")}
    import matplotlib

    matplotlib.use("Agg")  # files only: no window, and no display needed
    from spotnb.generate import complete
    from spotnb.models.load import load_model
    from spotnb.plots.sound import plot_run, save_figure
    from spotnb.sampling.checkpoint import run_with_checkpoints
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.sound.files import save_audio
    from spotnb.support.files import atomic_write
    from spotnb.tiling.config import SpotDiffusionConfig

    _use_processors()
    model = load_model(args.model, device=args.device, dtype=args.dtype)
    tile = model.native_frames // 2 if args.tile is None else args.tile
    settings = {
        "duration": args.duration,
        "steps": args.steps,
        "guidance_scale": args.guidance,
        "guidance_interval": args.guidance_interval,
        "negative_prompt": args.negative,
        "method": args.method,
        "config": SpotDiffusionConfig(tile_size_time=tile, max_shift_ratio=args.shift_ratio, edge=args.edge),
        "solver": args.solver,
        "eta": args.eta,
        "init_audio": args.init_audio,
        "strength": args.strength,
        "continue_from": args.continue_from,
        "seed": args.seed,
    }
    sampler = SpotSampler(model, args.prompt, **settings, record="last")  # wrong settings end here, no folder is made
    for path in files.values():
        require_writable(path)
    checkpoint = args.out / f"{name}.resume.npz"
    if args.resume:
        run_with_checkpoints(sampler, checkpoint)
    made = complete(sampler)
    seams = [seam for seam in made.seams if seam * model.samples_per_frame < len(made.waveform)]
    figure = plot_run(made.waveform, made.mel, seams, title=args.prompt)
    save_audio(files["wav"], made.waveform, model.sample_rate)
    save_figure(figure, files["png"])
    with atomic_write(files["json"]) as temporary:
        temporary.write_text(json.dumps(made.manifest(), indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    checkpoint.unlink(missing_ok=True)
    _say(f"{len(made.waveform) / model.sample_rate:g} s of sound: {files['wav']}, .png, .json")
    if made.fallback:
        _say(f"{sampler.frames} frames fit one tile of {tile}: made by plain DDIM in one window")
    return 0


def _file_name(prompt: str) -> str:
    """A file name from a prompt: its letters and digits, joined by dashes, at most 60 of them."""
    return re.sub(r"\W+", "-", prompt.lower()).strip("-_")[:60].strip("-_") or "sound"


def _doctor(args: argparse.Namespace) -> int:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import torch

    from spotnb.models.load import EMBEDDED, HUB_MODELS, load_model, pick_device, pick_dtype
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.support.system import available_cpus, available_memory
    from spotnb.tiling.config import SpotDiffusionConfig

    _use_processors()
    _say(f"spotnb {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for package in ("torch", "diffusers", "transformers", "numpy", "jupyterlab", "ipywidgets"):
        try:
            _say(f"  {package} {version(package)}")
        except PackageNotFoundError:
            _say(f"  {package} not installed")
    device = pick_device("auto")
    _say(f"device {device}, dtype {str(pick_dtype('auto', device)).removeprefix('torch.')}")
    _say(f"threads {torch.get_num_threads()} of {available_cpus()} processors, {available_memory() / 1e9:.1f} GB free")
    _say("models at hand:")
    size = sum(f.stat().st_size for f in EMBEDDED.rglob("*") if f.is_file()) / 1e6
    _say(f"  tiny: embedded, {size:.1f} MB")
    for name in HUB_MODELS:
        _say(f"  {name}: {'in the local cache' if _is_cached(name) else 'not here; load_model fetches it when asked'}")
    model = load_model("tiny")
    config = SpotDiffusionConfig(tile_size_time=model.native_frames // 2)
    run = {"duration": args.duration, "steps": args.steps, "config": config, "record": "last"}
    cost = SpotSampler(model, "music", **run).cost()
    _say(
        f"{args.duration:g} s in {args.steps} steps on tiny: about {cost.seconds:.1f} s of sampling and "
        f"{cost.peak_bytes / 1e6:.0f} MB beside weights and libraries, {cost.forwards} windows of the network"
    )
    return 0


def _is_cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "model_index.json"), str)


def _lab(args: argparse.Namespace) -> int:
    from importlib.util import find_spec

    folder = args.folder or Path("notebooks")
    if not folder.is_dir():
        raise InputError(f"no folder {str(folder)!r} here: run this in the repository, or name the folder")
    if find_spec("jupyterlab") is None:
        raise SpotnbError("JupyterLab is not installed: pip install 'spotnb[notebooks]'")
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", str(folder)])


def _use_processors() -> None:
    """As many threads as there are processors to use: more of them only wait for each other."""
    import torch

    from spotnb.support.system import available_cpus

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(available_cpus())


def _say(text: str) -> None:
    print(text)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
