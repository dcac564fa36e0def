"""Train the embedded model step by step with `python -m training`. Every step can be stopped and resumed.

Steps that have finished are skipped; remove the data folder to start over. The model is assembled in `data/model` and
its judge in `data/judge`; `--install` replaces the shipped ones with both. With `--earlier FOLDER`, training continues
from an earlier model: its autoencoder is kept, so its latents stay valid, and the other parts start from its weights.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from spotnb.models.load import EMBEDDED


class Step(NamedTuple):
    """One step of the pipeline, which runs one module of `training`.

    Attributes:
        module: Name of the module in `training`.
        minutes: Budget in minutes of CPU time; 0 if the step has no budget.
        product: The last file that the step writes, relative to the data folder. If it exists, the step is done.
        continues: Whether the step can start from an earlier model.
        parallel: Whether several processes can share the step.
    """

    module: str
    minutes: float
    product: str
    continues: bool = False
    parallel: bool = False


STEPS = (
    Step("train_text", 4, "model/text_encoder/config.json", continues=True),
    Step("train_vae", 36, "model/vae/config.json"),
    Step("train_decoder", 37.5, "decoder.done"),
    Step("encode", 0, "latents-train.npy"),
    Step("train_denoiser", 150, "model/model_index.json", continues=True, parallel=True),
    Step("train_vocoder", 240, "model/vocoder/config.json", continues=True),
    Step("classifier", 6, "judge/judge.safetensors"),
)
JUDGE = Path(__file__).parent / "judge"


def main() -> None:
    """Run every step that has not finished, and install the result if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--train", type=int, default=3360, help="number of training clips")
    parser.add_argument("--unseen", type=int, default=504, help="number of validation clips")
    parser.add_argument("--workers", type=int, default=2, help="single-threaded processes for shared steps")
    parser.add_argument(
        "--scale", type=float, default=1, help="factor on every step's minutes; a small one tests the pipeline"
    )
    parser.add_argument("--earlier", type=Path, help="a model folder to continue from")
    parser.add_argument("--install", action="store_true", help="replace the embedded model and its judge")
    args = parser.parse_args()
    clips = ("--train", args.train, "--unseen", args.unseen, "--workers", args.workers)
    run(["training.render", "--out", args.data, *clips])
    if args.earlier is not None and not (args.data / "decoder.done").exists():
        shutil.copytree(args.earlier / "vae", args.data / "model" / "vae", dirs_exist_ok=True)
        (args.data / "decoder.done").touch()
    for step in STEPS:
        if not (args.data / step.product).exists():
            folder = args.data / ("judge" if step.module == "classifier" else "model")
            command = [f"training.{step.module}", "--data", args.data, "--out", folder]
            command += ["--minutes", step.minutes * args.scale] if step.minutes else []
            command += ["--earlier", args.earlier] if step.continues and args.earlier is not None else []
            run(command, args.workers if step.parallel else 1)
    if args.install:
        shutil.copytree(args.data / "model", EMBEDDED, dirs_exist_ok=True)
        shutil.copytree(args.data / "judge", JUDGE, dirs_exist_ok=True)


def run(command: list[object], workers: int = 1) -> None:
    """Run a module with its arguments, in one process or in several that train together."""
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", workers, "-m"] if workers > 1 else []
    subprocess.run([sys.executable, "-m", *map(str, [*launcher, *command])], check=True)


if __name__ == "__main__":
    main()
