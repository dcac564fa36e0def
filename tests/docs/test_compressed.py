"""Sounds of the site are FLAC with the same samples."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile

from docs.compressed import compress


def address(samples: np.ndarray, subtype: str = "PCM_16") -> str:
    wav = io.BytesIO()
    soundfile.write(wav, samples, 16_000, format="WAV", subtype=subtype)
    return f"data:audio/wav;base64,{base64.b64encode(wav.getvalue()).decode()}"


def test_a_sound_becomes_smaller_and_stays_the_same() -> None:
    samples = np.round(9000 * np.sin(np.arange(16_000)[:, None] / [20, 30])).astype(np.int16)
    before = f'<audio src="{address(samples)}"></audio>'
    after = compress(before)
    assert len(after) < 0.8 * len(before)
    start, found = after.split('"')[:2]
    assert start == "<audio src="
    kind, data = found.split(",")
    assert kind == "data:audio/flac;base64"
    decoded, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="int16")
    assert rate == 16_000
    assert np.array_equal(decoded, samples)


def test_what_flac_cannot_hold_stays_as_it_is() -> None:
    exact = address(np.linspace(-1, 1, 5000), "FLOAT")
    assert compress(exact) == exact
