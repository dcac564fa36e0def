"""The command line: `spotnb generate | lab | doctor`.

Invalid input prints one line on stderr and exits with code 2, and an interrupt exits with 130. A traceback is a bug.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from spotnb._version import __version__
from spotnb.errors import InputError, SpotnbError, one_line
from spotnb.models.defaults import NAMES as MODELS_OWN
from spotnb.models.defaults import TINY, defaults_of
from spotnb.sampling.settings import RunSettings, check_prompt
from spotnb.support.arguments import add_arguments, given, number, whole
from spotnb.support.checks import check_text, show
from spotnb.support.files import system_error
from spotnb.support.names import file_name, free_stem
from spotnb.support.paths import check_path, show_path
from spotnb.support.streams import CLOSED_PIPE, discard_output, flush_output, prepare_streams
from spotnb.tiling.config import SpotDiffusionConfig

log = logging.getLogger(__name__)

FLAGS = {
    "guidance_scale": "--guidance",
    "negative_prompt": "--negative",
    "n_candidates": "--candidates",
    "tile_size_time": "--tile",
    "min_overlap": "--overlap",
    "max_shift_ratio": "--shift-ratio",
}
"""Arguments that are shorter than the names of their settings."""
DEFAULTS = {"duration": 30.0}
"""Defaults that differ from those of `SpotSampler`."""
CHECKPOINT = ".resume.npz"
SUFFIXES = (".wav", ".png", ".json", CHECKPOINT)
"""The files of a run. The checkpoint is removed in the end."""
LARGEST_MANIFEST = 10**7
"""Bytes of the largest manifest that is compared with that of a run."""


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line, without the usage text."""

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments without the program's name (default: those of this process).

    Returns:
        The exit code.
    """
    prepare_streams()
    try:
        args = build_parser().parse_args(argv)
        logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, format="spotnb: %(message)s")
        code: int = args.run(args)
        flush_output()
        return code
    except BrokenPipeError:
        return CLOSED_PIPE
    except OSError as error:
        _complain(f"error: {one_line(system_error(error))}")
        return 2
    except (SpotnbError, MemoryError) as error:
        _complain(f"error: {one_line(str(error)) or type(error).__name__}")
        return 2
    except KeyboardInterrupt:
        _complain("interrupted")
        return 130
    finally:
        discard_output()


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line.

    It does not check the range of numbers. The code that uses them does, with the same messages for all callers.
    """
    parser = _Parser(prog="spotnb", description="Long audio from short diffusion models, with SpotDiffusion.")
    parser.add_argument("--version", action="version", version=f"spotnb {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log progress in more detail")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    make = commands.add_parser("generate", help="generate sound from a prompt")
    make.add_argument("prompt", metavar="PROMPT", help="description of the sound")
    later = dict.fromkeys(MODELS_OWN, "the model's")
    for settings in (RunSettings, SpotDiffusionConfig):
        add_arguments(make, settings, flags=FLAGS, defaults=DEFAULTS, later=later)
    make.add_argument(
        "--model", default="tiny", help="tiny, a hub repository, a folder, or a .ckpt of AudioLDM (default tiny)"
    )
    make.add_argument("--device", default="auto", help="auto, cpu, cuda, or mps (default auto)")
    make.add_argument("--dtype", default="auto", help="auto, fp32, bf16, or fp16 (default auto)")
    make.add_argument("--out", default="out", metavar="FOLDER", help="folder, created if missing (default out)")
    make.add_argument("--resume", action="store_true", help="save checkpoints, and resume an interrupted run")
    make.add_argument("--name", help="file name without a suffix (default: from the prompt)")
    make.set_defaults(run=_generate)

    doctor = commands.add_parser("doctor", help="show versions, hardware, and models, and estimate a run")
    doctor.add_argument("--duration", type=number, default=30.0, help="length of the run in seconds (default 30)")
    doctor.add_argument("--steps", type=whole, default=TINY["steps"], help="denoising steps of the run (default 25)")
    doctor.set_defaults(run=_doctor)

    lab = commands.add_parser("lab", help="open the course in JupyterLab")
    lab.add_argument("folder", nargs="?", default="notebooks", help="folder of the notebooks (default: ./notebooks)")
    lab.set_defaults(run=_lab)
    return parser


def _generate(args: argparse.Namespace) -> int:
    from spotnb.support.files import require_writable

    out = check_path("out", args.out)
    check_prompt(args.prompt)
    name = check_text("name", args.name or "", hint="pass a file name") or file_name(args.prompt)
    if Path(name).name != name or name in (".", ".."):
        raise InputError(f"name is {show(name)}: expected a file name without folders; set the folder with --out")
    check_path("name", f"{name}{CHECKPOINT}")
    os.environ["MPLBACKEND"] = "Agg"  # write files without a display, whatever the environment says
    from spotnb.generate import complete, one_window_text
    from spotnb.models.load import load_model
    from spotnb.plots.sound import plot_run, save_figure
    from spotnb.sampling.checkpoint import record_for, run_with_checkpoints
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.sound.files import save_audio
    from spotnb.support.files import atomic_write
    from spotnb.tiling.config import SpotDiffusionConfig

    model = load_model(args.model, device=args.device, dtype=args.dtype)
    usual = defaults_of(model)
    tile = {"tile_size_time": usual.pop("tile_size_time")}
    config, settings = (
        SpotDiffusionConfig(**(tile | given(args, SpotDiffusionConfig))),
        usual | given(args, RunSettings),
    )
    settings["record"] = record_for(settings["solver"]) if args.resume else "last"
    sampler = SpotSampler(model, **settings, config=config)  # bad settings end here, before any folder
    name = _stem(sampler, out, name, resume=args.resume)
    files = {suffix: out / f"{name}{suffix}" for suffix in SUFFIXES}
    for path in files.values():
        require_writable(path)
    checkpoint = files[CHECKPOINT]
    if args.resume:
        run_with_checkpoints(sampler, checkpoint)
    result = complete(sampler)
    samples = result.waveform.shape[-1]
    seams = [seam for seam in result.seams if seam * model.samples_per_frame < samples]
    figure = plot_run(result.waveform, result.mel, seams, title=args.prompt, clock=sampler.clock)
    save_audio(files[".wav"], result.waveform, model.sample_rate)
    save_figure(figure, files[".png"])
    manifest = json.dumps(result.manifest(), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_write(files[".json"]) as temporary:
        temporary.write_text(manifest + "\n", "utf-8")
    checkpoint.unlink(missing_ok=True)
    _say(f"Wrote {samples / model.sample_rate:g} s of sound: {files['.wav']}, .png, .json")
    if result.fallback:
        _say(one_window_text(sampler.definition))
    return 0


def _stem(sampler: Any, out: Path, name: str, *, resume: bool) -> str:
    """Return the name of a run's files: `name`, or with a number if files of another run have it.

    A checkpoint of that name that the run does not continue is logged, with the reason.
    """
    from spotnb.sampling.checkpoint import why_not_continued

    left: dict[Path, str] = {}

    def owned(stem: str) -> bool:
        checkpoint = out / f"{stem}{CHECKPOINT}"
        if checkpoint.exists():
            if not (reason := why_not_continued(sampler, checkpoint)):
                return True
            left[checkpoint] = reason
        return _is_manifest_of(sampler, out / f"{stem}.json")

    stem = free_stem(out, name, SUFFIXES, owned=owned)
    if resume and not (out / f"{stem}{CHECKPOINT}").exists():
        for path, reason in left.items():
            new = f"this run starts anew, as {show_path(out / stem)}; remove the old one if you no longer need it"
            log.warning("%s is not continued (%s): %s", show_path(path), reason, new)
    return stem


def _is_manifest_of(sampler: Any, path: Path) -> bool:
    """Return whether a file is the manifest of the same run, whose files may be replaced."""
    from spotnb.sampling.checkpoint import deciding

    with suppress(OSError, ValueError, RecursionError):
        if path.is_file() and path.stat().st_size < LARGEST_MANIFEST:
            written = json.loads(path.read_text("utf-8"))
            return isinstance(written, dict) and deciding(written) == deciding(sampler.manifest())
    return False


def _doctor(args: argparse.Namespace) -> int:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from spotnb.models.load import EMBEDDED, HUB_MODELS, load_model, pick_device, pick_dtype
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.support.system import available_memory
    from spotnb.tiling.config import SpotDiffusionConfig

    _say(f"spotnb {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for package in ("torch", "diffusers", "transformers", "numpy", "jupyterlab", "ipywidgets"):
        try:
            _say(f"  {package} {version(package)}")
        except PackageNotFoundError:
            _say(f"  {package} not installed")
    device = pick_device("auto")
    _say(f"device {device}, dtype {str(pick_dtype('auto', device)).removeprefix('torch.')}")
    _say(f"networks run on {_threads()}, {available_memory() / 1e9:.1f} GB of memory are free")
    _say("models:")
    size = sum(f.stat().st_size for f in EMBEDDED.rglob("*") if f.is_file()) / 1e6
    _say(f"  tiny: embedded, {size:.1f} MB")
    for name in HUB_MODELS:
        _say(f"  {name}: {'in the local cache' if _is_cached(name) else 'not cached; load_model can download it'}")
    model = load_model("tiny")
    run = defaults_of(model) | {"duration": args.duration, "steps": args.steps}
    config = SpotDiffusionConfig(tile_size_time=run.pop("tile_size_time"))
    cost = SpotSampler(model, "music", **run, config=config, record="last").cost()
    _say(
        f"{args.duration:g} s in {args.steps} steps with tiny: about {cost.seconds:.1f} s of sampling, {cost.forwards} "
        f"windows of the network, and {cost.peak_bytes / 1e6:.0f} MB in addition to weights and libraries"
    )
    return 0


def _threads() -> str:
    """Return how many threads networks use, and which limits that follows from."""
    import torch

    from spotnb.models.shelter import usable_threads
    from spotnb.support.system import allowed_cpus, cpu_quota

    count, quota = usable_threads(), cpu_quota()
    limits = [f"{allowed_cpus()} processors"]
    limits += [] if quota is None else [f"a quota of {quota:g} processors"]
    limits.append(f"torch's limit of {torch.get_num_threads()}")
    return f"{count} thread{'s' * (count > 1)} ({', '.join(limits)})"


def _is_cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "model_index.json"), str)


def _lab(args: argparse.Namespace) -> int:
    from importlib.util import find_spec

    folder = check_path("folder", args.folder)
    if not folder.is_dir():
        raise InputError(
            f"folder is {show_path(folder)!r}: expected a folder; run this in the repository, or pass the notebooks' "
            "folder"
        )
    if find_spec("jupyterlab") is None:
        raise SpotnbError("JupyterLab is not installed: pip install 'spotnb[notebooks]'")
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", str(folder)])


def _say(text: str) -> None:
    print(text)  # noqa: T201


def _complain(text: str) -> None:
    with suppress(OSError):  # a full or closed error stream
        print(f"spotnb: {text}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
