"""Read TensorFlow's V2 checkpoints ("tensor bundles") without TensorFlow, as far as `training.musicnn` needs it.

The format is described in TensorFlow's core/util/tensor_bundle/tensor_bundle.h and core/protobuf/tensor_bundle.proto.
The index is a LevelDB table, which LevelDB's doc/table_format.md describes. Only float32 tensors in one data file and
uncompressed indices are supported. Every checksum is verified.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_FOOTER, _MAGIC, _TRAILER = 48, 0xDB4775248B80FB57, 5
_FLOAT = 1  # DT_FLOAT in tensorflow/core/framework/types.proto


class DamagedWeights(RuntimeError):
    """Downloaded or cached weights are damaged or unexpected."""


class Entry(NamedTuple):
    """The shape of a float32 tensor, its position and size in bytes in the data file, and its masked CRC-32C."""

    shape: tuple[int, ...]
    offset: int
    size: int
    crc: int


def bundle_entries(index: bytes) -> dict[str, Entry]:
    """Read the name and the entry of each float32 tensor from the index file of a checkpoint.

    Raises:
        DamagedWeights: The index is damaged or of an unsupported kind.
    """
    entries = {}
    for key, value in _table(index):
        fields = _message(value)
        if not key:  # BundleHeaderProto
            if fields.get(1, [0]) != [1] or fields.get(2, [0]) != [0]:
                raise DamagedWeights("the checkpoint has several data files or is big-endian, which is not supported")
        elif fields.get(1) == [_FLOAT]:  # BundleEntryProto
            sizes = _message(fields.get(2, [b""])[0]).get(2, [])  # TensorShapeProto
            shape = tuple(_message(size).get(1, [0])[0] for size in sizes)
            entries[key.decode()] = Entry(shape, *(fields.get(number, [0])[0] for number in (4, 5, 6)))
    return entries


def bundle_tensor(data: bytes, entry: Entry) -> NDArray[np.float32]:
    """Read a tensor from the data file.

    Raises:
        DamagedWeights: Its size or its checksum is wrong.
    """
    raw = data[entry.offset : entry.offset + entry.size]
    if len(raw) != entry.size or entry.size != 4 * math.prod(entry.shape) or masked_crc(raw) != entry.crc:
        raise DamagedWeights(f"the tensor at byte {entry.offset} of the checkpoint is damaged")
    return np.frombuffer(raw, "<f4").astype(np.float32).reshape(entry.shape)


def _table(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the pairs of key and value in an SSTable."""
    footer = table[-_FOOTER:]
    if len(footer) < _FOOTER or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise DamagedWeights("the checkpoint's index is not a LevelDB table")
    at = 0
    for _ in range(2):  # skip the metaindex, which is empty here
        _, at = _varint(footer, at)
    for _, handle in _block(table, footer[at:]):
        yield from _block(table, handle)


def _block(table: bytes, handle: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the pairs in one block. Each key omits the prefix that it shares with the previous key."""
    offset, at = _varint(handle, 0)
    size, _ = _varint(handle, at)
    block = table[offset : offset + size]
    trailer = table[offset + size : offset + size + _TRAILER]
    if len(trailer) != _TRAILER or masked_crc(block + trailer[:1]) != struct.unpack("<I", trailer[1:])[0]:
        raise DamagedWeights("a block of the checkpoint's index is damaged")
    if trailer[0]:
        raise DamagedWeights("the checkpoint's index is compressed, which is not supported")  # musicnn's are not
    (restarts,) = struct.unpack("<I", block[-4:])
    at, end, key = 0, size - 4 * (restarts + 1), b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _message(message: bytes) -> dict[int, list[Any]]:
    """Return the fields of a protobuf message by number, as integers or, if they have a length, as bytes."""
    fields: dict[int, list[Any]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _varint(message, at)
        elif tag & 7 == 2:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        elif tag & 7 in (1, 5):
            width = 8 if tag & 7 == 1 else 4
            value, at = int.from_bytes(message[at : at + width], "little"), at + width
        else:
            raise DamagedWeights("the checkpoint's index does not contain protobuf messages")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Return a little-endian number in groups of seven bits, and the position after it."""
    value = shift = 0
    while True:
        if at >= len(raw):
            raise DamagedWeights("the checkpoint's index ends too early")
        value |= (raw[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if raw[at - 1] < 128:
            return value, at


@cache
def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


def crc32c(raw: bytes) -> int:
    """Return the CRC-32C of some bytes (Castagnoli; RFC 3720, appendix B.4)."""
    table, crc = _crc_table(), 0xFFFFFFFF
    for byte in raw:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked_crc(raw: bytes) -> int:
    """Return the CRC-32C in the form that LevelDB stores: rotated, with a constant added."""
    crc = crc32c(raw)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
