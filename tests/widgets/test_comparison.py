"""RunComparison without a browser: its inputs, scores, and packed data, and its refusals."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.stats import binomtest

from spotnb.errors import InputError
from spotnb.generate import generate_audio
from spotnb.sampling.generation import Generation
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.sound.measure import levels, seam_score
from spotnb.sound.mel import log_mel
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.widgets.abx import abx_needed, abx_p_value
from spotnb.widgets.comparison import RunComparison
from spotnb.widgets.comparison_runs import FINEST
from tests.networks import FunctionModel, StereoModel, neighbourly

RATE = 16000


def sound(seconds: float = 4.0, level: float = 0.1, seed: int = 0) -> np.ndarray[Any, Any]:
    noise = np.random.default_rng(seed).normal(size=round(seconds * RATE))
    return np.clip(level * noise, -1, 1).astype(np.float32)


def generation(**changes: Any) -> Generation:
    settings = {"duration": 6.0, "steps": 2, "config": SpotDiffusionConfig(64), "progress": False} | changes
    return generate_audio(FunctionModel(neighbourly), "a sea", **settings)


def rows(widget: RunComparison) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = widget._scene["rows"]
    return found


def test_generations_are_scored_where_generations_are() -> None:
    spot, tiles = generation(), generation(method="tiles")
    widget = RunComparison([spot, tiles])
    assert widget.names == ("spot", "tiles")
    assert widget.grid == (64, 128)
    expected = [made.grid_score() for made in (spot, tiles)]
    assert [score.score for score in widget.scores.values() if score] == [score.score for score in expected if score]
    assert [row["seams"] for row in rows(widget)] == [list(spot.seams), list(tiles.seams)]
    assert rows(widget)[1]["seams"] == [64, 128]


def test_runs_are_scored_where_tiles_meet_and_their_sound_goes_on() -> None:
    ring = SpotDiffusionConfig(64, edge="circular")
    widget = RunComparison([generation(config=ring), generation(config=ring, method="tiles")])
    assert widget.grid == (50, 100)
    assert rows(widget)[1]["seams"] == [0, 50, 100]
    longer, shorter = (generation(duration=d, config=SpotDiffusionConfig(128)) for d in (10.3, 5.1))
    assert shorter.mel.shape[0] > 4 * 128  # the latent goes on to the border that the sound does not reach
    widget = RunComparison({"longer": longer, "shorter": shorter})
    assert widget.grid == (128, 256)
    assert widget.scores["longer"] is not None
    assert widget.scores["shorter"] is None
    assert RunComparison([shorter, shorter]).grid == shorter.seams


def test_a_result_is_compared_as_it_was_made() -> None:
    made = generation(seed=5)
    before = rows(RunComparison([made, sound(6.0)]))[0]
    made.sampler.reset(seed=9)
    after = RunComparison([made, sound(6.0)])
    assert rows(after)[0] == before
    assert after.names == ("spot", "sound 2")
    assert RunComparison([made, generation(seed=6)]).names == ("spot, seed 5", "spot, seed 6")


def test_names_tell_what_differs() -> None:
    runs = [generation(seed=1), generation(seed=2), sound(), generation(seed=2)]
    assert RunComparison(runs).names == ("spot, seed 1", "spot, seed 2", "sound 3", "spot, seed 2 (4)")


def test_every_row_says_prompt_and_method() -> None:
    timeline = PromptTimeline([(0, 3, "a sea"), (3, 6, "a storm")])
    runs = {"one": generation(seed=3), "two": generation(method="tiles"), "own": sound()}
    widget = RunComparison(runs)
    first, second, third = (row["about"] for row in rows(widget))
    assert first == {"prompt": "a sea", "method": "spot", "seed": "3"}
    assert second["method"] == "tiles"
    assert third == {}
    figure = widget.draw()
    assert "'a sea', spot" in figure.axes[0].get_title(loc="left")
    changing = generate_audio(FunctionModel(neighbourly), timeline, duration=6.0, steps=2, progress=False)
    assert rows(RunComparison([changing, sound()]))[0]["about"]["prompt"] == timeline.text


def test_a_loop_is_a_part_of_the_sound() -> None:
    widget = RunComparison([sound(), sound(seed=1)])
    assert widget.loop is None
    widget.loop = (1, 3)
    assert widget.loop == [1, 3]
    widget.loop = None
    for wrong, message in (
        (5, r"^loop is 5: expected \(start, stop\) in seconds, or None$"),
        ((1,), "expected"),
        ((1, 9), "the stop of loop"),
        ((-1, 2), "the start of loop"),
        ((2, 1), "a stop at least 0.1 s after the start"),
        ((1, "x"), "the stop of loop"),
    ):
        with pytest.raises(InputError, match=message):
            widget.loop = wrong
    widget.close()


def test_a_finished_sampler_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = SpotSampler(FunctionModel(neighbourly), "a sea", 6.0, 2, config=SpotDiffusionConfig(64))
    with pytest.raises(InputError, match=r"^run 'mine': it is a sampler after 0 of 2 steps: call its run\(\) first$"):
        RunComparison({"mine": sampler, "other": sound()})
    sampler.run(progress=False)
    calls: list[Any] = []
    decode = SpotSampler.sound
    monkeypatch.setattr(SpotSampler, "sound", lambda self: calls.append(self) or decode(self))
    widget = RunComparison({"mine": sampler, "other": sound()})
    widget.png()
    assert calls == [sampler]
    assert rows(widget)[0]["samples"] == sampler.samples
    assert rows(widget)[0]["seamsKnown"]
    assert not rows(widget)[1]["seamsKnown"]


def test_waveforms_are_scored_at_all_seams_that_were_given() -> None:
    one, two = sound(seed=1), sound(seed=2)
    widget = RunComparison({"a": (one, [40, 20]), "b": (two, [60])})
    assert widget.grid == (20, 40, 60)
    assert widget.scores["b"] is not None
    assert widget.scores["b"].score == seam_score(two, [20, 40, 60]).score
    assert RunComparison([one, two]).scores == {"sound 1": None, "sound 2": None}
    assert RunComparison([one, two], grid=[50]).grid == (50,)


def test_mels_of_one_kind_are_compared() -> None:
    """Comparing a decoded mel with the mel of a waveform would mix two scales."""
    made = generation()
    widget = RunComparison({"made": made, "wave": made.waveform})
    scores = list(widget.scores.values())
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0].score == scores[1].score


def test_the_sound_that_travels_is_the_sound() -> None:
    wave = sound(level=0.2)
    row = rows(RunComparison([wave, wave / 2]))[0]
    back, rate = soundfile.read(io.BytesIO(row["sound"]), dtype="float32")
    assert rate == RATE
    assert np.abs(back - wave).max() <= 1 / 2**15
    envelope = np.frombuffer(row["envelope"], np.int8).reshape(-1, 2) / 127
    assert row["columnSamples"] == FINEST
    parts = wave[: len(wave) // FINEST * FINEST].reshape(-1, FINEST)
    assert (envelope[: len(parts), 1] >= parts.max(1) - 1e-6).all()
    assert np.abs(envelope[: len(parts), 0] - parts.min(1)).max() <= 1 / 127
    mel = np.frombuffer(row["mel"], np.uint8).reshape(-1, 64)
    low, high = np.log(1e-5), 2
    assert np.abs(low + mel / 255 * (high - low) - log_mel(wave)).max() <= (high - low) / 255


def test_matching_makes_all_as_loud_as_the_softest() -> None:
    runs = [sound(level=0.05), sound(level=0.2), sound(level=0.1)]
    widget = RunComparison(runs)
    assert widget._scene["measure"] == "LUFS"
    gains = [row["gain"] for row in rows(widget)]
    assert gains[0] == 0
    assert max(gains) <= 0
    loud = [levels(wave * 10 ** (gain / 20)).lufs for wave, gain in zip(runs, gains, strict=True)]
    assert loud == pytest.approx([loud[0]] * 3, abs=1e-3)
    quiet = RunComparison([sound(), np.zeros(4 * RATE, np.float32)])
    assert quiet._scene["measure"] == "RMS"
    assert [row["gain"] for row in rows(quiet)] == [0, 0]
    assert rows(quiet)[1]["levels"]["rms_db"] is None


def test_lengths_may_differ() -> None:
    widget = RunComparison({"short": (sound(1), [20]), "long": (sound(3), [60])})
    widget.position = 3
    assert widget.scores["short"] is not None
    assert len(widget.scores["short"].per_seam) == 1  # frame 60 is past its end


NAN = sound()
NAN[5] = np.nan


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([sound()], "got 1 runs: expected 2 to 4"),
        ([sound()] * 5, "got 5 runs: expected 2 to 4"),
        ([], "got 0 runs"),
        (sound(), "runs are array.*: expected a mapping of names to runs, or a list of runs"),
        ("ab", "runs are 'ab'"),
        ({"a": sound(), "": sound()}, "the name of a run is ''"),
        ({"a": sound(), 3: sound()}, "the name of a run is 3"),
        ([sound(), NAN], "run 'sound 2': the waveform has 1 NaN or infinite values"),
        ([sound(), np.zeros(0, np.float32)], "run 'sound 2': .*is empty"),
        ([sound(), np.zeros(100, np.float32)], "run 'sound 2': the waveform has 100 samples: expected at least 433"),
        ([sound(), 2 * sound(level=0.9)], "run 'sound 2': the waveform peaks at"),
        ([sound(), (sound() * 100).astype(np.int16)], "run 'sound 2': .*divide PCM"),
        ([sound(), np.stack([sound()] * 2, 1)], "run 'sound 2': .*transpose it"),
        ([sound(), "run.wav"], "run 'sound 2': it is 'run.wav': expected a Generation"),
        ([sound(), None], "run 'sound 2': it is None"),
        ([sound(), ([[1.0], [1.0, 2.0]], [3])], "run 'sound 2': cannot read a list of 2 as an array: expected numbers"),
        ([sound(), (sound(), [4.5])], "run 'sound 2': a seam is 4.5"),
        ([sound(), (sound(), [500])], "run 'sound 2': a seam is 500: expected a whole number from 0 to 100"),
        ([sound(), (sound(), "40")], "run 'sound 2': seams is '40'"),
        ([sound(), (sound(), 22.05)], "run 'sound 2': the sample rate is 22.05"),
        ([sound(), (sound(), 700001)], "the sample rate is 700001: expected for FLAC at most 65535"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(runs: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}") as refused:
        RunComparison(runs)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("trait", "value", "message"),
    [
        ("position", 4.5, "position is 4.5: expected a finite number from 0 to 4.0"),
        ("position", float("nan"), "position is nan"),
        ("selected", 2, "selected is 2: expected a whole number from 0 to 1"),
        ("playing", 1, "playing is 1: expected True or False"),
        ("matched", "yes", "matched is 'yes': expected True or False"),
    ],
)
def test_traits_are_checked(trait: str, value: Any, message: str) -> None:
    widget = RunComparison([sound(), sound()])
    before = getattr(widget, trait)
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before


def test_results_of_the_blind_test_come_from_the_page_alone() -> None:
    widget = RunComparison([sound(), sound()])
    seen: list[Any] = []
    widget.observe(lambda change: seen.append(change["new"]), "abx_p")
    widget.set_state({"abx_trials": 12, "abx_correct": 10, "abx_p": 0.02, "abx_runs": [1, 0]})
    assert (widget.abx_trials, widget.abx_correct, widget.abx_runs, seen) == (12, 10, [1, 0], [0.02])
    with pytest.raises(Exception, match="read-only"):
        widget.abx_correct = 12


@pytest.mark.parametrize("trials", [0, 1, 5, 12, 24, 200, 3000])
def test_p_values_are_those_of_scipy(trials: int) -> None:
    for correct in {0, trials // 3, trials // 2, trials * 3 // 4, trials}:
        expected = binomtest(correct, trials, 0.5, alternative="greater").pvalue if trials else 1.0
        assert abx_p_value(correct, trials) == pytest.approx(expected, rel=1e-9, abs=1e-300)
    needed = abx_needed(trials) if trials <= 24 else None
    if needed is not None:
        assert abx_p_value(needed, trials) < 0.05 <= abx_p_value(needed - 1, trials)


@pytest.mark.parametrize(("correct", "trials"), [(3, 2), (-1, 2), (1.5, 2), (0, -1)])
def test_answers_are_checked(correct: Any, trials: Any) -> None:
    with pytest.raises(InputError, match=r"^(correct|trials) is "):
        abx_p_value(correct, trials)


def stereo(**changes: Any) -> Generation:
    settings = {"duration": 6.0, "steps": 2, "config": SpotDiffusionConfig(32), "progress": False} | changes
    return generate_audio(StereoModel(neighbourly), "a sea", **settings)


def test_runs_of_two_channels_at_44_khz(tmp_path: Path) -> None:
    spot, tiles = stereo(), stereo(method="tiles")
    widget = RunComparison([spot, tiles])
    expected = [made.grid_score() for made in (spot, tiles)]
    assert [score.score for score in widget.scores.values() if score] == [score.score for score in expected if score]
    assert widget.grid == (32, 64, 96, 128)
    assert widget.duration == 6
    assert widget._scene["framesPerSecond"] == pytest.approx(44100 / 2048)
    for row, made in zip(rows(widget), (spot, tiles), strict=True):
        back, rate = soundfile.read(io.BytesIO(row["sound"]), dtype="float32")
        assert (rate, row["rate"], row["samples"]) == (44100, 44100, 6 * 44100)
        assert np.abs(back.T - made.waveform).max() <= 2**-15
        envelope = np.frombuffer(row["envelope"], np.int8).reshape(-1, 2) / 127
        assert envelope.max() == pytest.approx(made.waveform.max(), abs=1 / 64)
        assert envelope.min() == pytest.approx(made.waveform.min(), abs=1 / 64)
        assert row["levels"]["lufs"] == levels(made.waveform, 44100).lufs
        assert len(row["mel"]) == 64 * 600
        assert row["seams"] == list(made.seams)
    assert widget.png() is not None
    assert widget.to_html(tmp_path / "page.html").stat().st_size > 1e5


def test_a_planted_seam_in_stereo_is_scored() -> None:
    """The right channel changes its pitch at latent frame 64 of 2048 samples."""
    times = np.arange(128 * 2048) / 44100
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, len(times)))
    pitch = np.where(np.arange(len(times)) < 64 * 2048, 440, 523)
    wave = (noise + 0.2 * np.stack([np.sin(2 * np.pi * 440 * times), np.sin(2 * np.pi * pitch * times)])).astype("f4")
    clock = {"sample_rate": 44100, "frame_seconds": 2048 / 44100}
    widget = RunComparison({"there": (wave, [64]), "not there": (wave[:, ::-1].copy(), [64])}, grid=[64], **clock)
    there = widget.scores["there"]
    assert there is not None
    assert there.score > 1.5
    assert there.p_value < 0.05
    elsewhere = RunComparison([wave, wave], grid=[40], **clock).scores["sound 1"]
    assert elsewhere is not None
    assert elsewhere.score < 1.2


def test_runs_of_different_rates_lie_on_one_time_axis() -> None:
    """Frames of 40 ms and of 46 ms: seams of the second run are told in frames of the first."""
    mono, both = generation(), stereo()
    widget = RunComparison({"mono": mono, "stereo": both, "wave": (sound(6.0), 16000)})
    assert widget.grid == (64, 128)
    assert [row["rate"] for row in rows(widget)] == [16000, 44100, 16000]
    assert [row["samples"] / row["rate"] for row in rows(widget)] == [6, 6, 6]
    seconds = [seam / widget._scene["framesPerSecond"] for seam in rows(widget)[1]["seams"]]
    assert seconds == pytest.approx([seam * 2048 / 44100 for seam in both.seams])
    assert all(len(row["mel"]) == 64 * 600 for row in rows(widget))
    assert all(widget.scores.values())
    turned = RunComparison({"stereo": both, "mono": mono})
    assert turned.grid == (32, 64, 96, 128)


def test_its_picture_and_its_page(tmp_path: Path) -> None:
    widget = RunComparison({"$x <b>&</b> </script>": (sound(level=0.3), [40]), "音": sound(seed=2)})
    widget.playing = True
    picture = widget.png()
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    page = widget.to_html(tmp_path / "page.html").read_text("utf-8")
    assert "<b>&" not in page
    state = json.loads(page.split('id="state-0">')[1].split("</script>")[0])["state"]
    assert state["_scene"]["rows"][0]["name"] == "$x <b>&</b> </script>"
    assert not state["playing"]  # a page must not start playing automatically


def test_a_page_of_four_runs_of_30_s_is_below_10_mb(tmp_path: Path) -> None:
    """White noise of -20 dB is harder for FLAC than music: about 14 bits per sample remain."""
    widget = RunComparison([sound(30.72, seed=seed) for seed in range(4)])
    assert widget.to_html(tmp_path / "page.html").stat().st_size < 10e6


def test_closing_gives_the_sound_back() -> None:
    widget = RunComparison([sound(), sound()])
    widget.close()
    assert not widget.names
    assert "_scene" not in widget._trait_values
