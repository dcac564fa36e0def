"""Every kind of file and array that sound comes in is read alike, or refused in one line."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

from spotnb.errors import InputError, SpotnbError
from spotnb.sound.files import save_audio
from spotnb.sound.loading import LOUDEST, MOST_CHANNELS, load_audio
from tests.effort import effort

WAVE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)).astype(np.float32)


def refused(source: Any, says: str, error: type[Exception] = SpotnbError, rate: Any = 16000) -> str:
    with pytest.raises(error, match=says) as caught:
        load_audio(source, rate)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) <= 200
    assert "array(" not in text
    return text


def content(**options: Any) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, WAVE, 16000, **({"format": "WAV", "subtype": "FLOAT"} | options))
    return buffer.getvalue()


def flac_that_states(samples: int, wave: np.ndarray = WAVE) -> bytes:
    """Return a FLAC file whose header states another number of samples; 0 means that it is unknown."""
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, 16000, format="FLAC")
    stated = bytearray(buffer.getvalue())
    stated[21] = stated[21] & 0xF0 | samples >> 32
    stated[22:26] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(stated)


# Files.


@pytest.mark.parametrize("seconds", [0.5, 200])  # in one block, and in several
def test_a_flac_of_unknown_length(tmp_path: Path, seconds: float) -> None:
    wave = np.tile(WAVE, round(2 * seconds))
    (tmp_path / "a.flac").write_bytes(flac_that_states(0, wave))
    assert np.abs(load_audio(tmp_path / "a.flac") - wave).max() <= 2**-15


def test_a_header_that_states_billions_of_samples_allocates_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(flac_that_states(2**36 - 1))
    assert "a.flac" in refused(tmp_path / "a.flac", "states 68719476735 samples: expected at most 2000000000")


def test_a_file_that_ends_early_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.flac").write_bytes(flac_that_states(9000))
    assert len(load_audio(tmp_path / "a.flac")) == 8000
    assert "a.flac ends after 8000 of the 9000 samples" in caplog.text


@pytest.mark.parametrize("rate", [1, 4, 100, 999, 800_000, 2**31 - 1])
def test_a_header_with_an_unusual_rate_is_refused(tmp_path: Path, rate: int) -> None:
    """A file of 64 kB at 1 Hz would take 4.5 GB at 16 kHz."""
    soundfile.write(tmp_path / "a.wav", np.tile(WAVE, 4), rate)
    assert "a.wav" in refused(tmp_path / "a.wav", f"rate of .* is {rate}: expected 1000 to 768000 Hz")


@pytest.mark.parametrize("suffix", ["raw", "vox", "gsm", "au", "RAW"])
def test_a_file_without_a_header_is_refused(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").write_bytes(bytes(range(256)) * 20)
    assert f"a.{suffix}" in refused(tmp_path / f"a.{suffix}", "no header .*numpy.fromfile")


def test_files_without_sound_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert "a.wav" in refused(tmp_path / "a.wav", "it is empty")
    soundfile.write(tmp_path / "b.wav", WAVE[:0], 16000)
    assert "b.wav" in refused(tmp_path / "b.wav", "it holds no samples")
    (tmp_path / "c.wav").write_text("no sound")
    assert "c.wav" in refused(tmp_path / "c.wav", "as sound: .*pass a wav")
    assert "d.wav" in refused(tmp_path / "d.wav", "No such file")


@pytest.mark.parametrize("value", [9000, np.nan])
def test_float_files_of_another_scale_are_named(tmp_path: Path, value: float) -> None:
    soundfile.write(tmp_path / "a.wav", np.append(WAVE, value), 16000, subtype="FLOAT")
    assert "a.wav" in refused(tmp_path / "a.wav", "expected", InputError)


@pytest.fixture
def special(tmp_path: Path) -> Iterator[list[Path]]:
    os.mkfifo(tmp_path / "fifo.wav")
    (tmp_path / "link.wav").symlink_to(tmp_path / "fifo.wav")
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"{short}/s.wav")  # the path of a socket is short
        yield [tmp_path / "fifo.wav", tmp_path / "link.wav", Path(short, "s.wav"), Path("/dev/zero"), tmp_path]


def test_nothing_that_could_block_is_opened(special: list[Path]) -> None:
    for path in special:
        assert path.name in refused(path, "it is a (folder|device, a pipe or a socket)")


@pytest.mark.parametrize("path", ["~nosuchuser/a.wav", "a\0.wav", "a\udcff.wav", "", " "])
def test_paths_that_are_none(path: str) -> None:
    refused(path, "the sound is .*expected|home folder", InputError)


# File objects.


def test_file_objects_are_read_from_their_start(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content())
    with (tmp_path / "a.wav").open("rb") as file, tempfile.TemporaryFile() as other:
        other.write(content())  # it stands at the end
        for source in (io.BytesIO(content()), file, other, io.BytesIO(content(format="FLAC", subtype="PCM_24"))):
            place = source.tell()
            assert np.abs(load_audio(source) - WAVE).max() < 1e-6
            assert source.tell() == place
    assert np.array_equal(load_audio(io.BytesIO(flac_that_states(0))), load_audio(io.BytesIO(flac_that_states(8000))))


class Failing(io.RawIOBase):
    def seek(self, *_: Any) -> int:
        raise ValueError("two\nlines")


def test_other_file_objects_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content())
    with (tmp_path / "a.wav").open() as text:
        assert "a.wav" in refused(text, "binary mode")
    with (tmp_path / "a.wav").open("rb") as closed:
        pass
    assert "a.wav" in refused(closed, "closed file")
    with open("/dev/zero", "rb") as endless:
        refused(endless, "/dev/zero")
    refused(io.StringIO("sound"), "binary mode")
    refused(io.BytesIO(), "the BytesIO as sound: it is empty")
    refused(io.BytesIO(b"no sound"), "the BytesIO as sound")
    refused(Failing(), "the Failing as sound")
    refused(content(), "io.BytesIO", InputError)
    reader, writer = os.pipe()
    os.close(writer)
    with open(reader, "rb") as pipe:
        refused(pipe, "as sound")


# Arrays and pairs.

SCALES = {"int8": (128, 0), "int16": (32768, 0), "int32": (2**31, 0), "uint8": (128, 128), "uint16": (32768, 32768)}


@pytest.mark.parametrize("dtype", SCALES)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_whole_numbers_are_divided_by_the_scale_of_their_type(dtype: str, library: str) -> None:
    full, middle = SCALES[dtype]
    array = np.round(WAVE.astype(np.float64) * (full - 1) + middle).astype(dtype)
    for shaped in (array, np.stack([array] * 2), np.stack([array] * 2, axis=1)):
        source = torch.from_numpy(shaped) if library == "torch" else shaped
        assert np.abs(load_audio(source) - WAVE).max() < 2.1 / full + 1e-6
    limits = np.iinfo(dtype)
    assert load_audio(np.array([limits.min, limits.max], dtype)).tolist() == pytest.approx([-1, 1 - 1 / full], abs=1e-6)


@pytest.mark.filterwarnings("ignore:Chunk")
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_scipys_arrays_are_read_as_the_file_is(tmp_path: Path, subtype: str) -> None:
    """24 bits come in the upper three bytes of int32."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([WAVE, WAVE / 2], 1), 16000, subtype=subtype)
    np.testing.assert_allclose(load_audio(wavfile.read(path)), load_audio(path), atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 8000.0, np.int16(8000), np.array(8000), torch.tensor(8000)])
def test_pairs_in_either_order(rate: Any) -> None:
    expected = load_audio((WAVE, 8000))
    assert len(expected) == 2 * len(WAVE)
    for array in (WAVE, WAVE.tolist(), torch.from_numpy(WAVE), np.stack([WAVE, WAVE])):
        for pair in ((array, rate), (rate, array), [array, rate], [rate, array]):
            assert np.array_equal(load_audio(pair), expected)


def test_two_of_a_kind_are_no_pair() -> None:
    assert load_audio([0.25, 0.5]).tolist() == load_audio((0.25, 0.5)).tolist() == [0.25, 0.5]
    assert np.array_equal(load_audio([WAVE, WAVE]), WAVE)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ((WAVE, "fast"), "sample rate is 'fast'"),
        ((WAVE, None), "sample rate is None"),
        ((WAVE, 44.1), "sample rate is 44.1"),
        ((16, WAVE), "sample rate is 16"),
        (("a.wav", 16000), "a tuple of 2"),
        ((WAVE, WAVE[:5]), "a tuple of 2"),
        ((WAVE, 16000, 1), "a tuple of 3"),
        (WAVE.astype(np.int64), "int64: expected floating-point .* 8, 16 or 32 bits"),
        (torch.ones(3, dtype=torch.int64), "int64"),
        (WAVE > 0, "bool: expected floating-point"),
        (WAVE + 1j, "complex"),
        (9000 * WAVE, "peaks at 4500: expected samples in .* whole numbers in floating point"),
        (torch.from_numpy(9000 * WAVE), "peaks at 4500"),
        ((44100, 9000 * np.stack([WAVE] * 2, 1)), "peaks at 4500"),
        (np.ma.masked_array(WAVE, WAVE > 0.4), "masked"),
        (np.zeros((100, 90)), r"\[100, 90\]: expected .*64 channels"),
        (np.zeros((0, 2)), "the waveform is empty"),
        (np.zeros((2, 3, 4)), r"\[2, 3, 4\]"),
    ],
)
def test_other_arrays_are_refused(source: Any, says: str) -> None:
    refused(source, says, InputError)


def test_a_little_too_loud_is_taken_and_much_too_loud_is_not() -> None:
    loud = np.array([0, 3.9 * LOUDEST / 4], np.float32)
    assert np.array_equal(load_audio(loud), loud)
    refused(1.1 * loud, "peaks at", InputError)
    assert len(load_audio(np.zeros((MOST_CHANNELS, 90)))) == 90


@effort(0.3)
@given(seed=st.integers(0, 999), rate=st.sampled_from([8000, 11025, 22050, 44100, 48000]), loud=st.booleans())
def test_conversion_overshoots_no_more_than_its_source(tmp_path_factory: Any, seed: int, rate: int, loud: bool) -> None:
    square = np.sign(np.random.default_rng(seed).standard_normal(2000)).astype(np.float32).repeat(3)
    found = load_audio((1.25 * square if loud else square, rate))
    if loud:
        assert 1.25 < np.abs(found).max() < 4
    else:
        assert np.abs(found).max() <= 1
        save_audio(tmp_path_factory.mktemp("a") / "a.wav", found)


@pytest.mark.parametrize(("rate", "wanted"), [(1000, 768000), (768000, 1000), (1001, 767999), (44100, 44101)])
def test_extreme_conversions(rate: int, wanted: int) -> None:
    assert load_audio((WAVE[:1000], rate), wanted).shape == (-(-1000 * wanted // rate),)


def test_a_conversion_that_would_not_fit_is_refused_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    refused((np.broadcast_to(np.float32(0), (3_000_000,)), 1000), "expected at most 2000000000", InputError, 768000)
    monkeypatch.setattr("spotnb.support.system.available_memory", lambda: 10_000_000)
    refused((np.zeros(100_000, np.float32), 1000), "memory")


@pytest.mark.process
def test_memory_stays_small_for_a_small_file_that_unpacks_to_much(tmp_path: Path) -> None:
    """Ten minutes of silence in eight channels are 300 MB as numbers, and 8 kB as FLAC."""
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros((16000 * 600, 8), np.int16), 16000)
    code = (
        "import resource, sys; from spotnb.sound.loading import load_audio; import soundfile, numpy\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "wave = load_audio(sys.argv[1])\n"
        "print(len(wave), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    samples, kilobytes = map(int, ran.stdout.split())
    assert samples == 16000 * 600
    assert kilobytes < 200_000


PAIR = np.stack([WAVE, -0.25 * WAVE[::-1]])


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_two_channels_are_written_and_read(tmp_path: Path, suffix: str) -> None:
    path = save_audio(tmp_path / f"a{suffix}", PAIR, 44100)
    assert soundfile.info(path).channels == 2
    found = load_audio(path, 44100, channels=2)
    assert found.shape == PAIR.shape
    assert np.abs(found - PAIR).max() < (0.1 if suffix == ".ogg" else 2**-15)
    assert np.allclose(load_audio(path, 44100), found.mean(0), atol=1e-6)
    assert load_audio(path, 16000, channels=2).shape == (2, -(-8000 * 16000 // 44100))


@pytest.mark.parametrize("source", [PAIR, PAIR.T, (PAIR, 16000), (16000, PAIR.T), torch.from_numpy(PAIR)])
def test_two_channels_of_an_array_are_kept(source: Any) -> None:
    assert np.array_equal(load_audio(source, channels=2), PAIR)
    assert np.array_equal(load_audio(source), PAIR.mean(0))


def test_other_numbers_of_channels_are_averaged_and_repeated() -> None:
    assert np.array_equal(load_audio(WAVE, channels=2), np.stack([WAVE, WAVE]))
    assert np.array_equal(load_audio(WAVE[None], channels=2), np.stack([WAVE, WAVE]))
    three = np.stack([WAVE, WAVE, 0 * WAVE])
    assert np.allclose(load_audio(three, channels=2), np.stack([2 / 3 * WAVE] * 2))
    assert np.array_equal(load_audio(three, channels=3), three)


@pytest.mark.parametrize("channels", [0, 65, 1.5, "2", None])
def test_other_channels_are_refused(channels: Any) -> None:
    with pytest.raises(InputError, match=r"^channels is"):
        load_audio(WAVE, channels=channels)
