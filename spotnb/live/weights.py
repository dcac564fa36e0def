"""The weights of an ONNX graph, read from the safetensors file that they come from.

A safetensors file is a header and then the numbers of each tensor, one after the other. ONNX calls such numbers
external data, and finds them by file, offset and length. A graph of a few kilobytes can therefore run on weights of
megabytes that are committed once, in half precision. It converts them to float32 when it is loaded, which loses
nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import SpotnbError
from spotnb.support.paths import show_path

if TYPE_CHECKING:
    import onnx

TYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
FEWEST, MOST = 64, 65_536
"""Tensors of fewer numbers stay in the graph. No tensor of more may: it would be a weight that was not recognized."""


class Place(NamedTuple):
    """Where a safetensors file holds a tensor.

    Attributes:
        offset: The first byte in the file.
        length: In bytes.
        shape: The shape in the file; if it is not turned, that in the graph, which may have more axes.
        dtype: The type in the file.
        turned: Whether the graph has its two axes exchanged.
    """

    offset: int
    length: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    turned: bool = False


class StoredWeights:
    """The tensors of a safetensors file, which are found by their numbers.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        start = 8 + int.from_bytes(content[:8], "little")
        self.path, self._places = path, dict[tuple[Any, ...], Place]()
        for key, entry in sorted(json.loads(content[8:start]).items()):
            if key == "__metadata__" or entry["dtype"] not in TYPES:
                continue
            first, last = (start + offset for offset in entry["data_offsets"])
            place = Place(first, last - first, tuple(entry["shape"]), TYPES[entry["dtype"]])
            array = np.frombuffer(content[first:last], place.dtype).reshape(place.shape)
            self._places.setdefault(_key(array), place)
            if array.ndim == 2:
                self._places.setdefault(_key(array.T), place._replace(turned=True))

    def find(self, array: NDArray[Any]) -> Place | None:
        """Return where the file holds exactly these float32 numbers, in whichever precision and shape, or None."""
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        for stored in (half, array) if (half.astype(np.float32) == array).all() else (array,):
            place = self._places.get(_key(stored))
            if place is not None and not place.turned:
                return place._replace(shape=array.shape)
            if place is not None and place.shape == array.shape[::-1]:
                return place
        return None


def _key(array: NDArray[Any]) -> tuple[Any, ...]:
    return array.dtype.itemsize, np.ascontiguousarray(array).tobytes()


def refer(model: onnx.ModelProto, stored: StoredWeights, file: str) -> None:
    """Replace the weights in a graph by references to a file.

    Args:
        model: The graph, which is changed.
        stored: The weights in the file.
        file: The name that the file will have, in the folder of the graph.

    Raises:
        SpotnbError: The graph has a large tensor that the file does not hold.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < FEWEST:
            continue
        array = numpy_helper.to_array(tensor)
        place = stored.find(array)
        if place is None:
            if array.size > MOST:
                raise SpotnbError(
                    f"a tensor {list(array.shape)} of the exported graph is not in {show_path(stored.path)}: expected "
                    "the weights as they are; export with the torch version in constraints.txt"
                )
            continue
        name = tensor.name
        source, half = f"{name}.stored", place.dtype.itemsize == 2
        tensor.CopyFrom(_reference(source if half or place.turned else name, place, file))
        if half:
            widened = f"{name}.widened" if place.turned else name
            nodes.append(helper.make_node("Cast", [source], [widened], to=TensorProto.FLOAT))
            source = widened
        if place.turned:
            nodes.append(helper.make_node("Transpose", [source], [name], perm=[1, 0]))
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])


def _reference(name: str, place: Place, file: str) -> onnx.TensorProto:
    from onnx import TensorProto

    kind = TensorProto.FLOAT16 if place.dtype.itemsize == 2 else TensorProto.FLOAT
    reference = TensorProto(name=name, data_type=kind, dims=place.shape, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": file, "offset": place.offset, "length": place.length}.items():
        reference.external_data.add(key=key, value=str(value))
    return reference
