"""The musicnn network: its checkpoint reader on artificial files, and the network if it can be downloaded."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import musicnn
from training.musicnn import (
    FEATURES,
    SHORTEST,
    TAGS,
    MissingWeights,
    Musicnn,
    load_musicnn,
)
from training.tensor_bundle import DamagedWeights, bundle_entries, bundle_tensor, crc32c, masked_crc

SECONDS = 3.1


@pytest.fixture(scope="module")
def trained() -> Musicnn:
    """The network in the user's cache, downloaded once. Tests are skipped only if the registry is unreachable."""
    try:
        return load_musicnn()
    except MissingWeights as error:
        pytest.skip(str(error))


def chirp() -> Tensor:
    """Return a sound of exactly two patches, `[1, 95488]`."""
    t = np.arange(373 * 256) / 16000
    tone = 0.3 * np.sin(2 * np.pi * (110 * t + 300 * t * t)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))
    return torch.from_numpy(tone.astype(np.float32))[None]


def piano(pitches: tuple[int, ...]) -> NDArray[np.float32]:
    """Return three struck strings per second. Higher harmonics decay faster."""
    t = np.arange(round(SECONDS * 16000)) / 16000
    sound = np.zeros_like(t)
    for number in range(9):
        since = np.maximum(t - number / 3, 0)
        pitch = 440 * 2 ** ((pitches[number % len(pitches)] - 69) / 12)
        for k in range(1, 13):
            sound += 0.2 / k**1.2 * np.sin(2 * np.pi * k * pitch * since) * np.exp(-since * (1 + 0.7 * k))
    return np.asarray(0.5 * sound / np.abs(sound).max(), np.float32)


# The checkpoint reader


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def block(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Encode a block of a table with its trailer. Each key omits the prefix that it shares with the previous one."""
    out, before = b"", b""
    for key, value in pairs:
        shared = len(os.path.commonprefix([key, before]))  # noqa: RUF071 (bytes, not paths)
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    out += struct.pack("<2I", 0, 1)  # one restart, at the beginning
    return out + b"\0" + struct.pack("<I", masked_crc(out + b"\0"))


def bundle(tensors: dict[str, NDArray[np.float32]]) -> tuple[bytes, bytes]:
    """Return the index, in two blocks, and the data of a checkpoint."""
    data, index, handles = b"", b"", []
    rows = [(b"", b"\x08\x01\x1a\x02\x08\x01")]  # one data file; version 1
    for name, value in sorted(tensors.items()):
        raw = value.astype("<f4").tobytes()
        sizes = b"".join(b"\x12" + varint(len(size)) + size for size in (b"\x08" + varint(n) for n in value.shape))
        entry = b"\x08\x01\x12" + varint(len(sizes)) + sizes + b"\x20" + varint(len(data)) + b"\x28" + varint(len(raw))
        rows.append((name.encode(), entry + b"\x35" + struct.pack("<I", masked_crc(raw))))
        data += raw
    for part in (rows[:3], rows[3:]):
        encoded = block(part)
        handles.append((part[-1][0], varint(len(index)) + varint(len(encoded) - 5)))
        index += encoded
    places = b""
    for encoded in (block([]), block(handles)):
        places += varint(len(index)) + varint(len(encoded) - 5)
        index += encoded
    return index + places.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57), data


def tensors() -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    shapes = {"conv2d/bias": (3,), "conv2d/kernel": (20, 2, 1, 3), "conv2d_1/bias": (200,), "step": ()}
    return {name: np.asarray(rng.normal(size=shape), np.float32) for name, shape in shapes.items()}


def test_crc32c_of_the_standard_s_examples() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA


def test_a_checkpoint_is_read() -> None:
    index, data = bundle(tensors())
    entries = bundle_entries(index)
    assert list(entries) == list(tensors())
    for name, value in tensors().items():
        np.testing.assert_array_equal(bundle_tensor(data, entries[name]), value)


@pytest.mark.parametrize("at", [5, -1, -60])
def test_a_damaged_index_is_refused(at: int) -> None:
    index = bytearray(bundle(tensors())[0])
    index[at] ^= 1
    with pytest.raises(DamagedWeights):
        bundle_entries(bytes(index))


def test_damaged_or_missing_data_is_refused() -> None:
    index, data = bundle(tensors())
    entry = bundle_entries(index)["conv2d_1/bias"]
    for wrong in (data[: entry.offset + 9], data[: entry.offset] + b"\x55" + data[entry.offset + 1 :]):
        with pytest.raises(DamagedWeights, match="damaged"):
            bundle_tensor(wrong, entry)


def test_another_network_s_checkpoint_is_refused() -> None:
    with pytest.raises(DamagedWeights, match="conv2d/kernel gives the shape"):
        musicnn.convert(*bundle(tensors()))


# Downloading


def answer(monkeypatch: pytest.MonkeyPatch, code: int, wheel: bytes | None = None) -> None:
    """Replace pip's download by a fixed result."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if wheel is not None:
            Path(command[command.index("--dest") + 1], musicnn.WHEEL).write_bytes(wheel)
        return subprocess.CompletedProcess(command, code, "", "WARNING: retrying\nERROR: no such host\n")

    monkeypatch.setattr(subprocess, "run", run)


def test_without_a_registry_the_error_tells_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 1)
    with pytest.raises(MissingWeights, match=r"ERROR: no such host; go online once"):
        load_musicnn(tmp_path)


def test_another_file_than_the_known_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 0, b"PK")
    with pytest.raises(DamagedWeights, match="SHA-256"):
        load_musicnn(tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Musicnn) -> None:
    answer(monkeypatch, 1)
    name = f"musicnn-{musicnn.VERSION}-MSD_musicnn.safetensors"
    (tmp_path / name).write_bytes((musicnn.cache_folder() / name).read_bytes())
    assert torch.equal(load_musicnn(tmp_path).head.weight, trained.head.weight)


def test_an_unknown_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="MSD_vgg"):
        load_musicnn(tmp_path, "MSD_vgg")


# The network


def test_mel_is_librosa_s() -> None:
    wave = chirp()
    mel = librosa.feature.melspectrogram(
        y=wave[0].numpy(), sr=16000, n_fft=512, hop_length=256, n_mels=96, pad_mode="reflect"
    )
    np.testing.assert_allclose(Musicnn().mel(wave)[0].T.numpy(), np.log10(1 + 10000 * mel), atol=1e-4)


def test_too_short_a_clip_is_refused() -> None:
    with pytest.raises(ValueError, match=str(SHORTEST)):
        Musicnn().features(torch.zeros(1, SHORTEST - 1))


# From the graph in the package's .meta file, run by TensorFlow 2.21 on this chirp.
ORIGINAL = {
    "MSD_musicnn": (
        {"blues": 0.91828, "jazz": 0.219037, "oldies": 0.050658},
        [3.14624, 2.73177, -0.17415, -0.27512, 0.10602, 1.62516, 1.93047, 0.19184],
        25.6285,
    ),
    "MTT_musicnn": (
        {"flute": 0.183763, "solo": 0.068165, "slow": 0.063428},
        [1.8541, 0.01173, 0.195, -0.18606, -0.0787, 2.55503, 0.5758, -0.2253],
        12.32959,
    ),
}


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("name", TAGS)
def test_the_network_is_the_original(name: str) -> None:
    network = load_musicnn(name=name)
    tags, first, norm = ORIGINAL[name]
    probabilities = network(chirp())[0]
    assert probabilities.shape == (50,)
    top = probabilities.argsort(descending=True)[:3].tolist()
    assert {TAGS[name][i]: probabilities[i].item() for i in top} == pytest.approx(tags, abs=1e-3)
    features = network.features(chirp())[0]
    assert features.shape == (FEATURES,)
    np.testing.assert_allclose(features[:8].numpy(), first, atol=2e-3)
    assert features.norm().item() == pytest.approx(norm, abs=2e-3)


def test_features_of_silence_and_noise_are_finite(trained: Musicnn) -> None:
    noise = torch.randn(2, SHORTEST, generator=torch.Generator().manual_seed(0))
    clips = torch.cat([torch.zeros(1, SHORTEST), noise * torch.tensor([[1e-4], [10.0]])])
    features = trained.features(clips)
    assert features.shape == (3, FEATURES)
    assert features.isfinite().all()


def test_every_part_of_a_clip_is_heard(trained: Musicnn) -> None:
    wave = torch.zeros(1, round(5.12 * 16000))
    wave[:, -8000:] = chirp()[:, :8000]
    assert not torch.allclose(trained.features(wave), trained.features(torch.zeros_like(wave)), atol=0.1)


def test_two_pianos_are_nearer_to_each_other_than_to_noise(trained: Musicnn) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=round(SECONDS * 16000))
    sounds = np.stack([piano((60, 64, 67)), piano((57, 62, 65, 69)), noise.astype(np.float32)])
    first, second, far = trained.features(torch.from_numpy(sounds))
    between = (first - second).norm()
    assert between < 0.7 * min((first - far).norm(), (second - far).norm())
