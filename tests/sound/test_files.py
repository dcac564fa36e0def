import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb.errors import InputError, SpotnbError
from spotnb.sound.files import flac_bytes, save_audio, write_audio
from spotnb.support.files import atomic_write, require_writable
from spotnb.support.paths import show_path
from tests.effort import effort


def sine(samples: int = 16000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(samples) / 16000)).astype(np.float32)


@pytest.mark.parametrize(
    ("suffix", "subtype", "error"),
    [(".wav", "PCM_16", 2**-15), (".flac", "PCM_16", 2**-15), (".ogg", "VORBIS", 0.05), (".WAV", "PCM_16", 2**-15)],
)
def test_what_is_saved_is_what_is_read(tmp_path, suffix, subtype, error):
    path = save_audio(tmp_path / f"a{suffix}", sine(), 16000)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (16000, 1, 16000, subtype)
    assert np.abs(soundfile.read(path)[0] - sine()).max() <= error
    assert os.listdir(tmp_path) == [path.name]


@effort(0.3)
@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=100))
def test_every_sample_in_range_survives_16_bits(tmp_path_factory, samples: list[float]):
    path = save_audio(tmp_path_factory.mktemp("wav") / "a.wav", np.array(samples))
    np.testing.assert_allclose(soundfile.read(path)[0], samples, atol=2**-15)


def test_minutes_of_vorbis(tmp_path):
    path = save_audio(tmp_path / "long.ogg", np.tile(sine(), 240))
    assert soundfile.info(path).frames == 240 * 16000


def test_takes_a_tensor_a_string_and_a_missing_folder(tmp_path):
    path = save_audio(str(tmp_path / "new" / "folder" / "a.wav"), torch.tensor(sine()), 48000)
    assert path == tmp_path / "new" / "folder" / "a.wav"
    assert soundfile.info(path).samplerate == 48000


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert save_audio("~/a.wav", sine()) == tmp_path / "a.wav"


@pytest.mark.parametrize(
    ("name", "wave", "rate", "says"),
    [
        ("a.mp3", sine(), 16000, r"\.wav, \.flac, \.ogg"),
        ("a", sine(), 16000, r"\.wav, \.flac, \.ogg"),
        ("a.wav", 3 * sine(), 16000, r"peaks at 1\.5"),
        ("a.wav", np.array([0.0, np.nan]), 16000, r"1 NaN .* index \[1\]"),
        ("a.wav", np.array([1e300]), 16000, "infinite"),
        ("a.wav", np.zeros((9, 2)), 16000, r"\[9, 2\]: expected \[samples\] or \[channels, samples\].* transpose it"),
        ("a.wav", np.zeros(0), 16000, "is empty"),
        ("a.wav", np.zeros(9, np.int16), 16000, "int16"),
        ("a.wav", sine(), 0, "sample rate"),
    ],
)
def test_bad_input_leaves_the_old_file(tmp_path, name, wave, rate, says):
    (tmp_path / name).write_text("old")
    with pytest.raises(InputError, match=says) as caught:
        save_audio(tmp_path / name, wave, rate)
    assert "\n" not in str(caught.value)
    assert (tmp_path / name).read_text() == "old"
    assert os.listdir(tmp_path) == [name]


RATES = sorted(
    {1, 2, 999, 1000, 65_535, 65_536, 65_540, 100_001, 192_000, 200_000, 200_001, 200_010, 352_800, 384_000, 655_350}
    | {655_351, 655_360, 768_000, 768_001, 1_048_575, 1_048_576, 2**31 - 1, 2**31}
    | {round(10 ** (k / 4)) for k in range(38)}
)


@pytest.mark.process
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_every_rate_is_written_or_refused_in_one_line(tmp_path, suffix):
    """In a process of its own, because libvorbis ends its process above 200 kHz."""
    code = """
import json, sys
import numpy as np, soundfile
from spotnb.errors import InputError
from spotnb.sound.files import flac_bytes, save_audio, write_audio

path, answers = sys.argv[1], {}
for rate in json.loads(sys.argv[2]):
    try:
        info = soundfile.info(save_audio(path, np.zeros(300), rate))
        answers[rate] = [info.samplerate, info.frames]
    except InputError as error:
        answers[rate] = str(error)
print(json.dumps(answers))
"""
    path = tmp_path / f"a{suffix}"
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path), json.dumps(RATES)], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    answers = {int(rate): answer for rate, answer in json.loads(ran.stdout).items()}
    assert list(answers) == RATES
    highest = {".wav": 768_000, ".flac": 655_350, ".ogg": 200_000}[suffix]
    for rate, answer in answers.items():
        fits = 1000 <= rate <= highest and not (suffix == ".flac" and rate > 65_535 and rate % 10)
        assert (answer == [rate, 300]) if fits else f"the sample rate is {rate}: expected" in answer


def test_sound_for_a_page_has_the_rates_of_flac():
    with pytest.raises(InputError, match="FLAC"):
        flac_bytes(sine(), 65_537)
    assert soundfile.read(io.BytesIO(flac_bytes(sine(), 65_540)))[1] == 65_540


def test_a_sound_that_no_file_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("spotnb.sound.files.LONGEST", 1000)
    with pytest.raises(InputError, match="longer than 1000 samples"):
        save_audio(tmp_path / "a.wav", sine(1001))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("write", [lambda path: save_audio(path, sine()), require_writable])
def test_paths_that_cannot_be_written(tmp_path, write):
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder.wav").mkdir()
    for path in (tmp_path / "file" / "a.wav", tmp_path / "folder.wav", "/proc/nowhere/a.wav"):
        with pytest.raises(SpotnbError, match="cannot write") as caught:
            write(path)
        assert show_path(Path(path)) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.wav"]


def test_require_writable_leaves_nothing_and_spares_what_is_there(tmp_path):
    (tmp_path / "a.wav").write_text("old")
    require_writable(tmp_path / "a.wav")
    require_writable(tmp_path / "new" / "b.wav")
    assert (tmp_path / "a.wav").read_text() == "old"
    assert not os.listdir(tmp_path / "new")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_failed_write_leaves_the_old_file_whole(tmp_path, error):
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(SpotnbError if error is OSError else error), atomic_write(target) as temporary:  # noqa: PT012
        temporary.write_text("ne")
        raise error("disk full")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_killed_write_leaves_the_old_file_whole(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    code = (
        "import os, signal, sys; from spotnb.support.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('ne'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert ran.returncode == -signal.SIGKILL
    assert target.read_text() == "old"


def test_who_reads_the_old_file_goes_on_reading_it(tmp_path):
    old = save_audio(tmp_path / "a.wav", sine())
    whole = old.read_bytes()
    with old.open("rb") as reader:
        save_audio(old, sine(500))
        assert reader.read() == whole
    assert soundfile.info(old).frames == 500


def test_atomic_write_keeps_the_suffix_the_folder_and_the_usual_permissions(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "a.tar.gz") as temporary:
        assert isinstance(temporary, Path)
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".gz"
        temporary.write_text("new")
        assert not (tmp_path / "a.tar.gz").exists()
    assert (tmp_path / "a.tar.gz").read_text() == "new"
    assert (tmp_path / "a.tar.gz").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_pieces_of_several_channels_are_one_file(tmp_path):
    wave = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 150_000)).astype(np.float32)
    pieces = [wave[:, :100_000], wave[:, 100_000:100_001], wave[:, 100_001:]]
    write_audio(tmp_path / "a.flac", iter(pieces), 44100, 2)
    heard, rate = soundfile.read(tmp_path / "a.flac", dtype="float32")
    assert rate == 44100
    assert np.abs(heard.T - wave).max() <= 2**-15
    again, _ = soundfile.read(io.BytesIO(flac_bytes(wave, 44100)), dtype="float32")
    assert np.array_equal(again, heard)


def test_flac_has_at_most_eight_channels(tmp_path):
    with pytest.raises(InputError, match="9 channels: expected at most 8 for FLAC"):
        save_audio(tmp_path / "a.flac", np.zeros((9, 100)))
    with pytest.raises(InputError, match="9 channels"):
        flac_bytes(np.zeros((9, 100), np.float32), 16000)
    assert not list(tmp_path.iterdir())
    assert soundfile.info(save_audio(tmp_path / "a.wav", np.zeros((9, 100)))).channels == 9
