"""The weights of an ONNX graph, read from the safetensors file that they come from.

A safetensors file is a header and then the numbers of each tensor, one after the other. ONNX calls such numbers
external data, and finds them by name, offset and length. A graph of a few kilobytes can therefore run on weights of
megabytes that are committed once, in half precision. The page widens them to float32 before the runtime reads them,
which loses nothing; the runtime needs 0.8 s more for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import SpotnbError
from spotnb.support.paths import show_path

if TYPE_CHECKING:
    import onnx

WIDE = np.dtype("<f4")
TYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": WIDE}
FEWEST, MOST = 64, 65_536
"""Tensors of fewer numbers stay in the graph. No tensor of more may: it would be a weight that was not recognized."""


def widened(content: bytes) -> bytes:
    """Return all floats of a safetensors file as float32, one tensor after the other, without the header.

    `widened` in `static/widened.js` does the same in a page.

    Args:
        content: The file.
    """
    return b"".join(array.astype(WIDE).tobytes() for array in _tensors(content))


def _tensors(content: bytes) -> Iterator[NDArray[Any]]:
    """Yield the tensors of floats in the order in which the file holds them."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    entries = [entry for key, entry in header.items() if key != "__metadata__" and entry["dtype"] in TYPES]
    for entry in sorted(entries, key=lambda entry: entry["data_offsets"]):
        first, last = (start + offset for offset in entry["data_offsets"])
        yield np.frombuffer(content[first:last], TYPES[entry["dtype"]]).reshape(entry["shape"])


class Place(NamedTuple):
    """Where the widened numbers of a file have those of a tensor.

    Attributes:
        offset: The first byte.
        shape: The shape in the file; if it is not turned, that in the graph, which may have more axes.
        turned: Whether the graph has its two axes exchanged.
    """

    offset: int
    shape: tuple[int, ...]
    turned: bool = False

    @property
    def length(self) -> int:
        """The number of bytes."""
        return WIDE.itemsize * int(np.prod(self.shape))


class StoredWeights:
    """The tensors of a safetensors file, which are found by their numbers.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._places = path, dict[bytes, Place]()
        offset = 0
        for stored in _tensors(path.read_bytes()):
            array = stored.astype(WIDE)
            place = Place(offset, array.shape)
            self._places.setdefault(array.tobytes(), place)
            if array.ndim == 2:
                self._places.setdefault(array.T.tobytes(), place._replace(turned=True))
            offset += place.length

    def find(self, array: NDArray[np.float32]) -> Place | None:
        """Return where the file holds exactly these numbers, in whichever precision and shape, or None."""
        place = self._places.get(array.astype(WIDE).tobytes())
        if place is not None and not place.turned:
            return place._replace(shape=array.shape)
        return place if place is not None and place.shape == array.shape[::-1] else None


def refer(model: onnx.ModelProto, stored: StoredWeights, location: str) -> None:
    """Replace the weights in a graph by references to the widened numbers of a file.

    Args:
        model: The graph, which is changed.
        stored: The weights in the file.
        location: What the graph calls the widened numbers.

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
        source = f"{name}.stored" if place.turned else name
        tensor.CopyFrom(_reference(source, place, location))
        if place.turned:
            nodes.append(helper.make_node("Transpose", [source], [name], perm=[1, 0]))
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])


def _reference(name: str, place: Place, location: str) -> onnx.TensorProto:
    from onnx import TensorProto

    external = TensorProto.EXTERNAL
    reference = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=place.shape, data_location=external)
    for key, value in {"location": location, "offset": place.offset, "length": place.length}.items():
        reference.external_data.add(key=key, value=str(value))
    return reference
