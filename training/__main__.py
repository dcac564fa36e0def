"""`python -m training`: make the embedded model from nothing, step by step. Every step can be stopped and resumed.

Steps that finished are skipped: remove the data folder to begin anew. The model is put together in `data/model`, its
judge in `data/judge`; `--install` puts both in the place of those that ship.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from spotnb.models.load import EMBEDDED

# Module, CPU minutes, where it writes, what it leaves there last.
STEPS = (
    ("train_text", 2, "model", "model/text_encoder/config.json"),
    ("train_vae", 36, "model", "model/vae/config.json"),
    ("train_decoder", 37.5, "model", "decoder.done"),
    ("train_denoiser", 48, "model", "model/model_index.json"),
    ("train_vocoder", 12, "model", "model/vocoder/config.json"),
    ("classifier", 3, "judge", "judge/judge.safetensors"),
)
JUDGE = Path(__file__).parent / "judge"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--train", type=int, default=5000, help="clips to train on")
    parser.add_argument("--unseen", type=int, default=280, help="clips to validate on")
    parser.add_argument(
        "--scale", type=float, default=1, help="of every step's minutes; a small one tries the pipeline"
    )
    parser.add_argument("--install", action="store_true", help="replace the embedded model and its judge")
    args = parser.parse_args()
    run("render", "--out", args.data, "--train", args.train, "--unseen", args.unseen)
    for module, minutes, folder, product in STEPS:
        if not (args.data / product).exists():
            run(module, "--data", args.data, "--out", args.data / folder, "--minutes", minutes * args.scale)
    if args.install:
        shutil.copytree(args.data / "model", EMBEDDED, dirs_exist_ok=True)
        shutil.copytree(args.data / "judge", JUDGE, dirs_exist_ok=True)


def run(module: str, *args: object) -> None:
    subprocess.run([sys.executable, "-m", f"training.{module}", *map(str, args)], check=True)


if __name__ == "__main__":
    main()
