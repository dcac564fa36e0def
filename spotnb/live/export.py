"""Export a model for pages: `python -m spotnb.live.export --out DIR`.

Writes, for each network, a graph and a copy of the safetensors file that it reads, and `model.json`, which describes
them. The same model gives the same bytes.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from spotnb.errors import InputError, SpotnbError
from spotnb.live.command import command, exit_code
from spotnb.live.description import describe
from spotnb.live.graphs import Network, graph_of, networks_of, require_onnx
from spotnb.live.weights import StoredWeights, refer
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import load_model
from spotnb.models.locate import EMBEDDED, EMBEDDED_NAME
from spotnb.models.vocoder import SinusoidalVocoder
from spotnb.support.checks import show
from spotnb.support.files import require_writable, write_bytes
from spotnb.support.paths import check_path, show_path

DESCRIPTION = "model.json"

log = logging.getLogger(__name__)


class Source(NamedTuple):
    """A model to export.

    Attributes:
        model: The model, in fp32 on the CPU.
        folder: The folder that holds its weights.
    """

    model: DiffusersAudioLDM
    folder: Path


def load_source(model: str = EMBEDDED_NAME) -> Source:
    """Load a model to export.

    Args:
        model: The embedded model, or a folder with a model of its kind.

    Raises:
        InputError: The model is not of the embedded model's kind.
        SpotnbError: The packages of the extra `live` are not installed, or a file cannot be read.
    """
    require_onnx()
    loaded = load_model(model, device="cpu", dtype="fp32")
    if not isinstance(loaded, DiffusersAudioLDM) or not isinstance(loaded.vocoder, SinusoidalVocoder):
        raise InputError(
            f"model is {show(model)}: expected one of the embedded model's kind, with its vocoder; pass "
            f"{EMBEDDED_NAME} or a folder that spotnb's training wrote"
        )
    return Source(loaded, EMBEDDED if model == EMBEDDED_NAME else Path(model))


def export(out: Path | str, model: str | Source = EMBEDDED_NAME) -> dict[str, Any]:
    """Export a model.

    Args:
        out: The folder to write to. It is created if it does not exist.
        model: The embedded model, a folder with a model of its kind, or what `load_source` returns.

    Returns:
        The description that was written.

    Raises:
        InputError: The model is not of the embedded model's kind, or `out` cannot be a folder.
        SpotnbError: The packages of the extra `live` are not installed, or a file cannot be read or written.
    """
    require_onnx()
    out = check_path("out", out)
    require_writable(out / DESCRIPTION)
    source = model if isinstance(model, Source) else load_source(model)
    description = describe(source.model)
    description["graphs"] = {
        network.name: _write(network, source.folder / network.piece, out) for network in networks_of(source.model)
    }
    write_bytes(out / DESCRIPTION, json.dumps(description, separators=(",", ":"), ensure_ascii=False).encode())
    return description


def _write(network: Network, piece: Path, out: Path) -> dict[str, Any]:
    """Write the graph and the weights of a network, and return its entry in the description."""
    files = sorted(piece.glob("*model.safetensors"))
    if len(files) != 1:
        raise SpotnbError(
            f"{show_path(piece)} has {len(files)} files of weights: expected one file *model.safetensors; use a model "
            "that spotnb's training wrote"
        )
    graph, weights, wide = (f"{network.name}.{kind}" for kind in ("onnx", "safetensors", "float32"))
    model = graph_of(network)
    refer(model, StoredWeights(files[0]), wide)
    content = model.SerializeToString(deterministic=True)
    write_bytes(out / graph, content)
    write_bytes(out / weights, files[0].read_bytes())
    log.info("%s: %d bytes, and %d of weights", network.name, len(content), files[0].stat().st_size)
    names = {"inputs": list(network.inputs), "outputs": list(network.outputs)}
    return {"file": graph, "weights": weights, "widened": wide} | names


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments without the program's name (default: those of this process).

    Returns:
        The exit code.
    """
    args = command("export", "Export a model for pages.").parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="spotnb: %(message)s")
    log.setLevel(logging.INFO)
    return exit_code(lambda: export(args.out, args.model))


if __name__ == "__main__":
    sys.exit(main())
