"""Split files into pieces that can travel where only small files can, and join them again.

    python -m training.pieces split data/denoiser.checkpoint.pt data/model --out pieces --slim
    python -m training.pieces join pieces --out data

All files are put one after the other and cut into pieces of 15 MB, so that there are few of them. `pieces.json` lists
the files with their sizes and the SHA-256 digests of the pieces, which `join` checks before it writes anything. A
checkpoint of a training is only read with `weights_only=True`. With `--slim`, it travels without the state of
optimizers and with its average in half precision, which is three eighths of its size: training then resumes at the same
step, and the moments of the optimizer start anew.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import torch

from spotnb.support.files import write_bytes

PIECE = 15_000_000
INDEX = "pieces.json"
CHECKPOINT = ".checkpoint.pt"
OPTIMIZERS = ("optimizer",)  # names in a checkpoint and in its part `beside`


class DamagedPieces(SystemExit):
    """Pieces are missing or are not those that the index lists."""


def split(paths: Iterable[Path], out: Path, slim: bool = False, piece: int = PIECE) -> list[Path]:
    """Split files, and all files in folders, into `out`, and return the pieces and the index.

    A file keeps its path relative to the folder that the given path is in.

    Raises:
        FileNotFoundError: A path does not exist.
    """
    files: list[dict[str, Any]] = []
    stream = bytearray()
    with tempfile.TemporaryDirectory() as scratch:
        for path in paths:
            if not path.exists():
                raise FileNotFoundError(f"{path} does not exist")
            for file in sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]:
                source = _slim(file, Path(scratch)) if slim and file.name.endswith(CHECKPOINT) else file
                content = source.read_bytes()
                stream += content
                files.append({"path": file.relative_to(path.parent).as_posix(), "size": len(content)})
    out.mkdir(parents=True, exist_ok=True)
    parts = [bytes(stream[start : start + piece]) for start in range(0, len(stream), piece)]
    written = [out / _name(number) for number in range(len(parts))]
    for path, part in zip(written, parts, strict=True):
        path.write_bytes(part)
    index = {"files": files, "pieces": [sha256(part).hexdigest() for part in parts]}
    (out / INDEX).write_text(json.dumps(index, indent=1) + "\n")
    return [*written, out / INDEX]


def join(folder: Path, out: Path) -> list[Path]:
    """Join the pieces in a folder into files below `out`, and return these.

    Raises:
        DamagedPieces: A piece is missing or damaged, or the index is not one of `split`. Nothing was written.
    """
    try:
        index = json.loads((folder / INDEX).read_text())
        files, digests = [(str(row["path"]), int(row["size"])) for row in index["files"]], list(index["pieces"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = type(error).__name__
        raise DamagedPieces(f"{folder / INDEX} cannot be read ({reason}): split the files again") from None
    for path, _ in files:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise DamagedPieces(f"{INDEX} names {path!r}, which is outside of the folder: split the files again")
    stream = memoryview(b"".join(_read(folder / _name(number), digest) for number, digest in enumerate(digests)))
    if sum(size for _, size in files) != len(stream):
        raise DamagedPieces(f"{folder / INDEX} lists other sizes than the pieces have: split the files again")
    start = 0
    for path, size in files:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(out / path, stream[start : start + size])
        start += size
    return [out / path for path, _ in files]


def _name(number: int) -> str:
    return f"{number:02d}.piece"


def _read(piece: Path, digest: str) -> bytes:
    content = piece.read_bytes() if piece.is_file() else b""
    if sha256(content).hexdigest() != digest:
        raise DamagedPieces(f"{piece.name} is missing or damaged: copy the pieces again")
    return content


def _slim(checkpoint: Path, scratch: Path) -> Path:
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    for name in OPTIMIZERS:
        saved.pop(name, None)
        saved["beside"].pop(name, None)
    saved["ema"] = {k: v.half() if v.is_floating_point() else v for k, v in saved["ema"].items()}
    target = scratch / checkpoint.name
    torch.save(saved, target)
    return target


def main(arguments: list[str] | None = None) -> None:
    """Split or join from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("split", "join"))
    parser.add_argument("paths", type=Path, nargs="+", help="files and folders to split, or one folder of pieces")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--slim", action="store_true", help="leave out what only optimizers need")
    args = parser.parse_args(arguments)
    if args.verb == "join" and len(args.paths) != 1:
        parser.error("join takes one folder of pieces")
    done = join(args.paths[0], args.out) if args.verb == "join" else split(args.paths, args.out, args.slim)
    print(f"{len(done)} files in {args.out}, {sum(path.stat().st_size for path in done) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
