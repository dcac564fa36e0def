"""ONNX graphs of a model's networks, which take batches and lengths of any size."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim

from spotnb.errors import SpotnbError
from spotnb.live.networks import Decoder, Denoiser, TextEncoder, Vocoder
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.shelter import shelter
from spotnb.models.vocoder import Tones
from spotnb.support.quiet import without_warnings

if TYPE_CHECKING:
    import onnx

OPSET = 18


class Network(NamedTuple):
    """A network to export.

    Attributes:
        name: The name of its graph.
        piece: The piece of the model that holds its weights.
        module: The network.
        inputs: An example of each input, with the axes whose length is free.
        outputs: The names of the outputs.
    """

    name: str
    piece: str
    module: nn.Module
    inputs: Mapping[str, tuple[Tensor, tuple[int, ...]]]
    outputs: tuple[str, ...]


def networks_of(model: DiffusersAudioLDM) -> list[Network]:
    """Return the networks of a model."""
    ids, frames = torch.tensor([[0, 4, 5, 2], [0, 2, 1, 1]]), 8 * model.time_multiple
    latent = torch.linspace(-1, 1, 2 * model.channels * frames * model.latent_bins)
    latent = latent.reshape(2, model.channels, frames, model.latent_bins)
    width = model.text_encoder.config.projection_dim
    windows = {
        "x": (latent, (0, 2)),
        "t": (torch.tensor([500, 500]), (0,)),
        "embeds": (torch.ones(2, width), (0,)),
        "beats": (torch.tensor([0.0, 12.5]), (0,)),
        "starts": (torch.tensor([0.0, 16.0]), (0,)),  # a tensor of its own: torch would take the same one for one input
    }
    mel = torch.zeros(2, 40, model.vocoder.config.mel_bins)
    texts = {"ids": (ids, (0, 1)), "mask": ((ids != 1).long(), (0, 1))}
    told = ("embeds", "beats") if model.typical is None else ("embeds", "beats", "typical")
    return [
        Network("text_encoder", "text_encoder", TextEncoder(model), texts, told),
        Network("denoiser", "unet", Denoiser(model), windows, ("eps",)),
        Network("decoder", "vae", Decoder(model), {"latent": (latent, (0, 2))}, ("mel",)),
        Network("vocoder", "vocoder", Vocoder(model.vocoder), {"mel": (mel, (0, 1))}, Tones._fields),
    ]


@shelter
def graph_of(network: Network) -> onnx.ModelProto:
    """Export a network.

    The graph has no notes of its origin, such as the stack traces that torch writes into it, so that the same network
    gives the same bytes.

    Raises:
        SpotnbError: The packages of the extra `live` are not installed.
    """
    require_onnx()
    examples = tuple(example for example, _ in network.inputs.values())
    free = tuple(dict.fromkeys(axes, Dim.DYNAMIC) for _, axes in network.inputs.values())
    with torch.no_grad(), _quietly():
        # In two calls, because torch.onnx.export tries other ways of tracing where the first one fails.
        program = torch.export.export(network.module.eval(), examples, dynamic_shapes=free, strict=False)
        exported = torch.onnx.export(
            program,
            examples,
            input_names=list(network.inputs),
            output_names=network.outputs,
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert exported is not None
    model: onnx.ModelProto = exported.model_proto
    _strip(model)
    return model


def require_onnx() -> None:
    """Raise `SpotnbError` unless the packages of the extra `live` are installed."""
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise SpotnbError(
            f"{error.name or 'onnx'} is not installed: expected onnx and onnxscript to export networks; run "
            "pip install 'spotnb[live]'"
        ) from None


def _strip(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]
    del model.graph.value_info[:]
    _strip_graph(model.graph)
    for function in model.functions:
        _strip_nodes(function.node)
        del function.metadata_props[:]
        del function.value_info[:]


def _strip_graph(graph: onnx.GraphProto) -> None:
    del graph.metadata_props[:]
    graph.doc_string = ""
    _strip_nodes(graph.node)
    for value in (*graph.input, *graph.output, *graph.initializer):
        del value.metadata_props[:]
        value.doc_string = ""


def _strip_nodes(nodes: Any) -> None:
    for node in nodes:
        del node.metadata_props[:]
        node.doc_string = ""
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _strip_graph(attribute.g)


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence the exporter, which warns of packages that no network of ours needs, and logs each operation."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.__trace")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with without_warnings():
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
