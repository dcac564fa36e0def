"""Train the embedded model step by step with `python -m training`. Every step can be stopped and resumed.

Steps that have finished are skipped; remove the data folder to start over. The model is assembled in `data/model` and
its judge in `data/judge`; `--install` replaces the shipped ones with both. With `--earlier FOLDER`, training continues
from an earlier model: its autoencoder is kept, so its latents stay valid, and the other parts start from its weights.
With `--device cuda`, steps have the minutes of the clock that suit a GPU, the vocoder is also trained against
discriminators, and the model is evaluated at the end. With `--wall-minutes`, the command ends in time, with exit code
75 if it has to be run again.
"""

from __future__ import annotations

import argparse
import importlib
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from spotnb.models.load import EMBEDDED
from training.start import AGAIN, OutOfTime, minutes_left, set_deadline


class Step(NamedTuple):
    """One step of the pipeline, which runs one module of `training`.

    Attributes:
        module: Name of the module in `training`.
        minutes: Budget in minutes of CPU time; 0 if the step has no budget.
        gpu_minutes: Budget in minutes of the clock on a GPU.
        product: The last file that the step writes, relative to the data folder. If it exists, the step is done.
        continues: Whether the step can start from an earlier model.
        parallel: Whether several processes can share the step.
        arguments: Further arguments of the module.
        folder: The folder that it writes, relative to the data folder.
    """

    module: str
    minutes: float
    gpu_minutes: float
    product: str
    continues: bool = False
    parallel: bool = False
    arguments: tuple[str, ...] = ()
    folder: str = "model"


STEPS = (
    Step("train_text", 4, 1, "model/text_encoder/config.json", continues=True),
    Step("train_vae", 36, 3, "model/vae/config.json"),
    Step("train_decoder", 37.5, 3, "decoder.done"),
    Step("encode", 0, 0, "latents-train.npy"),
    Step("train_denoiser", 150, 12, "model/model_index.json", continues=True, parallel=True),
    Step("fit_typical", 0, 0, "model/unet/typical_latent.safetensors"),
    Step("train_vocoder", 70, 4, "model/vocoder/config.json", continues=True),
    Step("classifier", 12, 1, "judge/judge.safetensors", folder="judge"),
)
GPU_STEPS = (
    *STEPS[:-1],
    Step("train_vocoder", 0, 10, "vocoder-adversarial.done", arguments=("--adversarial",)),
    STEPS[-1],
)
JUDGE = Path(__file__).parent / "judge"


def main(arguments: list[str] | None = None) -> None:
    """Run every step that has not finished, and install the result if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--train", type=int, default=3360, help="number of training clips")
    parser.add_argument("--unseen", type=int, default=504, help="number of validation clips")
    parser.add_argument("--workers", type=int, default=2, help="processes for rendering and for shared steps on CPUs")
    parser.add_argument(
        "--scale", type=float, default=1, help="factor on every step's minutes; a small one tests the pipeline"
    )
    parser.add_argument("--earlier", type=Path, help="a model folder to continue from")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--gpu-steps", action="store_true", help="run the steps of a GPU on a CPU, to try them")
    parser.add_argument("--wall-minutes", type=float, help="end after so many minutes of the clock, to be run again")
    parser.add_argument("--install", action="store_true", help="replace the embedded model and its judge")
    args = parser.parse_args(arguments)
    set_deadline(args.wall_minutes)
    clips = ("--train", args.train, "--unseen", args.unseen, "--workers", args.workers)
    apart(["training.render", "--out", args.data, *clips])
    if args.earlier is not None and not (args.data / "decoder.done").exists():
        shutil.copytree(args.earlier / "vae", args.data / "model" / "vae", dirs_exist_ok=True)
        (args.data / "decoder.done").touch()
    on_gpu = args.gpu_steps or args.device != "cpu"
    for step in GPU_STEPS if on_gpu else STEPS:
        if not (args.data / step.product).exists():
            run(step, args, on_gpu)
    if args.install:
        shutil.copytree(args.data / "model", EMBEDDED, dirs_exist_ok=True)
        shutil.copytree(args.data / "judge", JUDGE, dirs_exist_ok=True)


def run(step: Step, args: argparse.Namespace, on_gpu: bool) -> None:
    """Run a step, in this process or in several that train together, and mark it as done.

    Raises:
        OutOfTime: The time of this command is over.
    """
    minutes = step.gpu_minutes if on_gpu else step.minutes
    options: list[object] = ["--data", args.data, "--out", args.data / step.folder, "--device", args.device]
    options += [*step.arguments, *(["--minutes", minutes * args.scale] if minutes else [])]
    options += ["--earlier", args.earlier] if step.continues and args.earlier is not None else []
    if minutes_left() <= 0:
        raise OutOfTime
    print(f"{step.module} {' '.join(step.arguments)}", flush=True)
    if step.parallel and args.workers > 1 and not on_gpu:
        options += ["--wall-minutes", minutes_left()] if math.isfinite(minutes_left()) else []
        apart([f"training.{step.module}", *options], args.workers)
    else:
        importlib.import_module(f"training.{step.module}").main([str(option) for option in options])
    (args.data / step.product).touch()


def apart(command: list[object], workers: int = 1) -> None:
    """Run a module with its arguments in another process, or in several that train together.

    Raises:
        OutOfTime: Its time was over.
    """
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", workers, "-m"] if workers > 1 else []
    code = subprocess.run([sys.executable, "-m", *map(str, [*launcher, *command])], check=False).returncode
    if code == AGAIN or (code and workers > 1 and minutes_left() <= 0):  # the launcher has an exit code of its own
        raise OutOfTime
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
