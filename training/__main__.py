"""`python -m training`: make the embedded model, step by step. Every step can be stopped and resumed.

Steps that finished are skipped: remove the data folder to begin anew. The model is put together in `data/model`, its
judge in `data/judge`; `--install` puts both in the place of those that ship. With `--earlier FOLDER` an earlier model
is trained on: its autoencoder stays, so that its latents do, and the other pieces go on from its weights.
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
    module: str
    minutes: float  # of CPU time; 0 for what takes as long as it takes
    product: str  # what it leaves last
    goes_on: bool = False  # whether it can go on from an earlier model
    together: bool = False  # whether several processes can share it


STEPS = (
    Step("train_text", 4, "model/text_encoder/config.json", goes_on=True),
    Step("train_vae", 36, "model/vae/config.json"),
    Step("train_decoder", 37.5, "decoder.done"),
    Step("encode", 0, "latents-train.npy"),
    Step("train_denoiser", 150, "model/model_index.json", goes_on=True, together=True),
    Step("train_vocoder", 12, "model/vocoder/config.json", goes_on=True),
    Step("classifier", 6, "judge/judge.safetensors"),
)
JUDGE = Path(__file__).parent / "judge"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--train", type=int, default=3360, help="clips to train on")
    parser.add_argument("--unseen", type=int, default=504, help="clips to validate on")
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each, where several can share")
    parser.add_argument(
        "--scale", type=float, default=1, help="of every step's minutes; a small one tries the pipeline"
    )
    parser.add_argument("--earlier", type=Path, help="a model folder to go on from")
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
            command += ["--earlier", args.earlier] if step.goes_on and args.earlier is not None else []
            run(command, args.workers if step.together else 1)
    if args.install:
        shutil.copytree(args.data / "model", EMBEDDED, dirs_exist_ok=True)
        shutil.copytree(args.data / "judge", JUDGE, dirs_exist_ok=True)


def run(command: list[object], workers: int = 1) -> None:
    """Run a module; by several processes, if asked."""
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", workers, "-m"] if workers > 1 else []
    subprocess.run([sys.executable, "-m", *map(str, [*launcher, *command])], check=True)


if __name__ == "__main__":
    main()
