"""`python -m training`: make the embedded model from nothing, step by step. Every step can be stopped and resumed.

Steps that finished are skipped: remove the data folder to begin anew. The model is put together in `data/model`;
`--install` replaces the embedded one by it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from spotnb.models.load import EMBEDDED

STEPS = (  # module, arguments, what it leaves in the data folder
    ("render", ("--train", "5000", "--unseen", "280"), "unseen-004.json"),
    ("train_text", (), "model/text_encoder/config.json"),
    ("train_vae", (), "model/vae/config.json"),
    ("train_decoder", (), "decoder.done"),
    ("train_denoiser", (), "model/model_index.json"),
    ("train_vocoder", (), "model/vocoder/config.json"),
    ("classifier", (), "judge.log.jsonl"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--install", action="store_true", help="replace the embedded model by the trained one")
    args = parser.parse_args()
    for module, options, product in STEPS:
        if not (args.data / product).exists():
            where = ("--out", str(args.data)) if module == "render" else ("--data", str(args.data))
            if module.startswith("train_"):
                where += ("--out", str(args.data / "model"))
            subprocess.run([sys.executable, "-m", f"training.{module}", *where, *options], check=True)
    if args.install:
        install(args.data / "model")


def install(model: Path) -> None:
    """Copy a finished model over the embedded one."""
    shutil.copytree(model, EMBEDDED, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
