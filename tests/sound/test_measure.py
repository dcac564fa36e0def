import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.sound.measure import DRAWS, _mel_places, levels, loop_score, seam_score, seams_within
from spotnb.sound.mel import log_mel
from spotnb.sound.results import Levels, SeamScore
from tests.effort import effort

SEAMS = [50, 100, 150, 200]
LATENT = 640


def hum(pitch: float, samples: int = 250 * LATENT) -> np.ndarray:
    """Return a steady chord in a little noise: a sound without events."""
    seconds = np.arange(samples) / 16000
    chord = sum(np.sin(2 * np.pi * pitch * k * seconds) / k for k in range(1, 6))
    return 0.1 * chord + 0.02 * np.random.default_rng(int(pitch)).standard_normal(samples)


def tiled(first: np.ndarray, second: np.ndarray, frame: int) -> np.ndarray:
    """Return `first` and `second` in turn, cut every 50 latent frames of `frame` samples."""
    odd = np.arange(len(first)) // (50 * frame) % 2 == 1
    return np.where(odd.reshape(-1, *[1] * (first.ndim - 1)), second, first)


def clicking() -> np.ndarray:
    wave = hum(220)
    wave[np.array(SEAMS) * LATENT] += 0.5
    return wave


def drifting(seed: int, frames: int = 1000) -> np.ndarray:
    """Return a log-mel that changes by steps of uneven size, without a seam."""
    random = np.random.default_rng(seed)
    sizes = random.gamma(1, 0.3, (frames, 1))
    return np.cumsum(sizes * random.standard_normal((frames, 64)), axis=0)


@pytest.mark.parametrize(
    ("audio", "least"),
    [
        (tiled(hum(220), hum(277), LATENT), 1.5),
        (clicking(), 1.5),
        (tiled(log_mel(hum(220)), log_mel(hum(277)), 4), 3),
    ],
    ids=["cut waveform", "clicks", "cut mel"],
)
def test_seams_are_heard_where_they_are_and_nowhere_else(audio, least):
    found = seam_score(audio, SEAMS)
    assert found.score > least
    assert found.p_value < 0.005
    assert found.per_seam.shape == (4,)
    assert (found.per_seam > 1).all()
    assert found.score == pytest.approx(found.per_seam.mean())
    beside = seam_score(audio, [s + 25 for s in SEAMS[:3]])
    assert beside.score < 1.1
    assert beside.p_value > 0.05


def test_no_seams_in_a_steady_sound():
    for audio in (hum(220), log_mel(hum(220))):
        found = seam_score(audio, SEAMS)
        assert found.score == pytest.approx(1, abs=0.1)
        assert found.p_value > 0.05


def test_the_flux_is_that_across_the_seam():
    mel = np.zeros((100, 64))
    mel[40:] += 0.5
    mel[np.arange(100) % 2 == 1] += 0.1  # a flux of 0.1 everywhere
    found = seam_score(mel, [10])
    assert found.score == pytest.approx((0.5 - 0.1 + 0.001) / (0.1 + 0.001))


def test_the_flanks_of_a_smeared_border_are_not_elsewhere():
    ramp = np.clip((np.arange(400) - 196) / 8, 0, 1)  # one latent frame on each side of seam 50
    mel = (ramp + 0.1 * (np.arange(400) % 2 == 0))[:, None] * np.ones(64)
    assert seam_score(mel, [50]).score == pytest.approx((0.125 + 0.1 + 0.001) / (0.1 + 0.001), rel=1e-4)


def test_p_is_uniform_when_there_is_no_seam():
    p = np.array([seam_score(drifting(seed), [31, 77, 120, 160, 201]).p_value for seed in range(300)])
    for level in (0.05, 0.25, 0.5, 0.75):
        assert np.mean(p <= level) == pytest.approx(level, abs=0.08)


PATTERNS = {
    "a regular grid": [50, 100, 150, 200],
    "a dense grid": list(range(16, 250, 16)),
    "neighbors": [100, 101, 102, 103],
    "a pair": [100, 101],
    "one seam": [77],
    "frame 1": [1],
    "the last frame": [249],
    "both ends": [1, 2, 3, 248, 249],
}


def steady(seed: int, frames: int = 250) -> np.ndarray:
    """Return noise whose level changes slowly and evenly, so that the flux at neighboring places is alike."""
    random = np.random.default_rng(seed)
    samples = frames * LATENT + 12000
    level = np.convolve(
        np.repeat(random.gamma(1, 1, samples // 2000 + 1), 2000)[:samples], np.ones(1600) / 1600, "same"
    )
    start = random.integers(4000, 8000)
    return (0.05 * level * random.standard_normal(samples)).clip(-1, 1)[start : start + frames * LATENT]


def slow(seed: int) -> np.ndarray:
    """Return a log-mel without a seam whose neighboring steps are of similar size."""
    random = np.random.default_rng(seed)
    sizes = np.convolve(random.gamma(1, 0.3, 1008), np.ones(9) / 9, "valid")[:, None]
    return np.cumsum(sizes * random.standard_normal((1000, 64)), axis=0)


@pytest.fixture(scope="module")
def seamless():
    """Return log-mels, which are fast, and fewer waveforms."""
    return {"log-mel": [slow(seed) for seed in range(400)], "waveform": [steady(seed) for seed in range(120)]}


@pytest.mark.parametrize("seams", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize(("kind", "most"), [("log-mel", 0.09), ("waveform", 0.11)])
def test_one_in_twenty_seamless_sounds_is_significant(seamless, kind, most, seams):
    """The limits are at about three standard errors."""
    p = np.array([seam_score(sound, seams).p_value for sound in seamless[kind]])
    assert np.mean(p < 0.05) <= most
    assert np.mean(p < 0.5) == pytest.approx(0.5, abs=0.12)


def test_a_seam_at_an_end_of_a_waveform_is_measured_without_mirrored_samples():
    wave = 0.02 * np.random.default_rng(0).standard_normal(64 * LATENT)
    for frame in (1, 63):
        cut = wave.copy()
        cut[: frame * LATENT] += hum(220, 64 * LATENT)[: frame * LATENT]
        found = seam_score(cut, [frame])
        assert found.score > 1.4
        assert found.p_value < 0.01
        assert seam_score(wave, [frame]).score == pytest.approx(1, abs=0.25)


@effort(0.4)
@given(seams=st.lists(st.integers(1, 249), min_size=1, max_size=8, unique=True), seed=st.integers(0, 99))
def test_ranges_and_order(seams: list[int], seed: int):
    mel = drifting(seed)
    found = seam_score(mel, seams)
    assert 0 < found.p_value <= 1
    assert found.score >= 0
    assert np.array_equal(seam_score(mel, seams[::-1]).per_seam[::-1], found.per_seam)
    np.testing.assert_allclose(seam_score(mel + 3, np.array(seams)).per_seam, found.per_seam, rtol=1e-3)


def test_it_repeats_itself_and_leaves_the_global_random_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = seam_score(drifting(0), SEAMS), seam_score(drifting(0), SEAMS)
    assert first.p_value == second.p_value
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_silence_has_no_seams():
    for audio in (np.zeros(64000), np.full((400, 64), -11.5)):
        found = seam_score(audio, [30, 60])
        assert found.score == pytest.approx(1)
        assert found.p_value == 1


def test_sound_that_starts_out_of_silence_is_a_seam():
    found = seam_score(np.repeat([-11.5, 0], 200)[:, None] * np.ones(64), [50])
    assert 100 < found.score < np.inf
    assert found.p_value < 0.01


def test_least_p():
    mel = np.zeros((40000, 64))
    mel[20000:] = 1
    assert seam_score(mel, [5000]).p_value == pytest.approx(1 / (1 + DRAWS), abs=2 / DRAWS)


def test_other_sample_rates_are_resampled():
    from scipy.signal import resample_poly

    wave = tiled(hum(220), hum(277), LATENT)
    found = seam_score(resample_poly(wave, 3, 1), SEAMS, sample_rate=48000)
    assert found.score == pytest.approx(seam_score(wave, SEAMS).score, rel=0.1)


def test_takes_tensors_and_decoder_shapes():
    mel = torch.tensor(drifting(0), dtype=torch.float32)
    assert seam_score(mel[None, None], range(50, 201, 50)).score == seam_score(mel.numpy(), SEAMS).score


@pytest.mark.parametrize(
    ("audio", "seams", "says"),
    [
        (np.zeros(64000), [], "empty"),
        (np.zeros(64000), [0, 50], r"seams 0 are outside the sound of 100 latent frames.* 1 to 99.*loop_score"),
        (np.zeros(64000), [50, 100, -3], "seams 100, -3 are outside"),
        (np.zeros(64000), [50, 50], "more than once"),
        (np.zeros(64000), [50.5], "whole latent frames"),
        (np.zeros(64000), [True], "whole latent frames"),
        (np.zeros(64000), [[50]], "whole latent frames"),
        (np.zeros(64000), 50, "expected a list"),
        (np.zeros(64000), range(2, 100, 2), "fewer seams or a longer sound"),
        (np.zeros(4000), [3], "fewer seams or a longer sound"),
        (np.full(64000, np.nan), [50], "64000 NaN"),
        (np.full((400, 64), np.inf), [50], "NaN or infinite"),
        (np.zeros((400, 32)), [50], r"\[400, 32\]"),
        (np.zeros((64000, 2)), [50], r"\[64000, 2\]"),
    ],
)
def test_bad_input(audio, seams, says):
    with pytest.raises(InputError, match=says) as caught:
        seam_score(audio, seams)
    assert "\n" not in str(caught.value)


RATES = [0, -1, 4, 44.1, 999, 768_001, 2**31, 10**400, 16000.5, np.nan, np.inf, "16k", True, None, [16000]]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("measure", [lambda wave, rate: seam_score(wave, [50], rate), loop_score, levels])
def test_bad_sample_rate(measure, rate):
    with pytest.raises(InputError, match=r"sample rate is .*expected a whole number from 1000 to 768000") as caught:
        measure(np.zeros(64000), rate)
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("rate", [16000.0, np.float32(16000), np.int16(16000), np.array(16000), torch.tensor(16000)])
def test_a_rate_is_a_whole_number_of_any_type(rate):
    assert levels(sine(500), rate) == levels(sine(500))


def test_loop_score_tells_a_loop_from_a_cut():
    seconds = np.arange(32000) / 16000
    noise = 0.02 * np.random.default_rng(0).standard_normal(32000)
    sweep = noise + 0.3 * np.sin(2 * np.pi * (200 * seconds + 100 * seconds**2))
    swell = noise + 0.3 * np.sin(2 * np.pi * 220 * seconds) * np.sin(np.pi * seconds / 2)
    assert loop_score(sweep) > 1.5
    assert loop_score(swell) == pytest.approx(1, abs=0.25)
    assert loop_score(sweep[:31111]) > 1.5  # not a whole number of frames
    assert loop_score(np.zeros(8000)) == pytest.approx(1)


def test_loop_score_wants_half_a_second():
    with pytest.raises(InputError, match="half a second"):
        loop_score(np.zeros(7999))


@effort(0.25)
@given(samples=st.integers(8000, 20000))
def test_loop_score_takes_every_length_from_half_a_second(samples: int):
    assert loop_score(np.zeros(samples)) == pytest.approx(1)


def sine(hz: float, db: float = 0, seconds: float = 1, rate: int = 16000) -> np.ndarray:
    return 10 ** (db / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def test_levels_of_a_sine():
    assert levels(sine(100))[:3] == pytest.approx((-3.0103, 0, 3.0103), abs=1e-3)
    assert levels(sine(100, -20))[:3] == pytest.approx((-23.0103, -20, 3.0103), abs=1e-3)


def test_levels_of_silence():
    rms, peak, crest, lufs = levels(np.zeros(8000))
    assert rms == peak == lufs == -np.inf
    assert np.isnan(crest)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_the_loudness_of_the_standard_s_sine(rate):
    """BS.1770-4, annex 1: a sine of 997 Hz at full scale in one channel reads -3.01 LKFS."""
    assert levels(sine(997, rate=rate), rate).lufs == pytest.approx(-3.01, abs=0.05)
    assert levels(sine(997, -20, rate=rate), rate).lufs == pytest.approx(-23.01, abs=0.05)


def test_loudness_weighs_as_ears_do():
    low, middle, high = (levels(sine(hz, -20)).lufs for hz in (30, 997, 4000))
    assert low < middle - 3
    assert middle + 2 < high < middle + 4


def test_loudness_is_gated():
    """EBU Tech 3341, case 3: 10 s at -36 dB, a minute at -23, 10 s at -36. The quiet ends do not count."""
    parts = [sine(1000, db + 3.01, seconds) for db, seconds in ((-36, 10), (-23, 60), (-36, 10))]
    assert levels(np.concatenate(parts)).lufs == pytest.approx(-23, abs=0.1)
    assert levels(sine(1000, -70)).lufs == -np.inf  # it has -73 LUFS
    half = np.concatenate([sine(1000), np.zeros(16000)])
    assert levels(half).lufs == pytest.approx(-3.5, abs=0.5)
    assert levels(half).rms_db == pytest.approx(-6, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000])
def test_loudness_takes_at_least_four_tenths_of_a_second(rate):
    for missing in (1, rate // 10, rate * 2 // 5 - 1):
        found = levels(sine(500, seconds=0.4, rate=rate)[missing:], rate)
        assert np.isnan(found.lufs)
        assert np.isfinite(found[:3]).all()
    assert np.isfinite(levels(sine(500, seconds=0.4, rate=rate), rate).lufs)


def test_a_last_block_that_is_not_full_does_not_count():
    wave = sine(500, -10, 1.08)
    assert levels(wave).lufs == pytest.approx(levels(wave[:16000]).lufs, abs=1e-3)


@effort(0.2)
@given(seed=st.integers(0, 99), gain_db=st.floats(-30, 0), seconds=st.floats(0.4, 3))
def test_loudness_follows_the_gain(seed: int, gain_db: float, seconds: float):
    noise = 0.1 * np.random.default_rng(seed).standard_normal(round(16000 * seconds) + 1)
    quieter = levels(10 ** (gain_db / 20) * noise).lufs
    assert quieter == pytest.approx(levels(noise).lufs + gain_db, abs=1e-3)


@effort(0.4)
@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50).filter(any))
def test_peak_is_never_below_rms(samples: list[float]):
    found = levels(np.array(samples))
    assert found.crest_db >= -1e-9
    assert found.crest_db == pytest.approx(found.peak_db - found.rms_db)


def test_levels_of_something_else():
    for bad in (np.zeros((5, 2)), np.zeros((1, 2, 5)), np.zeros(0), np.array([np.nan]), np.zeros(5, np.int16)):
        with pytest.raises(InputError):
            levels(bad)
    with pytest.raises(InputError, match="sample rate"):
        levels(np.zeros(8000), 16000.5)


FRAME = 2048  # samples of a latent frame at 44.1 kHz, 4.64 mel frames


def stereo(first: float, second: float, seams: list[int], frames: int = 400) -> np.ndarray:
    """Return two chords that take turns at latent frames of 2048 samples, on two channels of different level."""
    seconds = np.arange(frames * FRAME) / 44100
    chords = [sum(np.sin(2 * np.pi * pitch * k * seconds) / k for k in range(1, 6)) for pitch in (first, second)]
    turn = np.searchsorted(np.array(seams) * FRAME, np.arange(frames * FRAME), side="right") % 2
    noise = np.random.default_rng(0).standard_normal((2, frames * FRAME))
    return 0.1 * np.where(turn, chords[1], chords[0]) * [[1], [0.4]] + 0.02 * noise


def test_a_planted_seam_is_found_in_stereo_at_44_khz_and_not_elsewhere():
    seams = [61, 133, 207, 290]
    wave, clock = stereo(220, 277, seams), {"sample_rate": 44100, "frame_seconds": FRAME / 44100}
    found = seam_score(wave, seams, **clock)
    assert found.score > 1.5
    assert found.p_value < 0.005
    assert (found.per_seam > 1.2).all()
    beside = seam_score(wave, [seam + 20 for seam in seams], **clock)
    assert beside.score < 1.1
    assert beside.p_value > 0.1
    for seam, score in zip(seams, found.per_seam, strict=True):  # nowhere but at its own frame
        near = [seam_score(wave, [seam + by], **clock).score for by in (-3, 0, 3)]
        assert np.argmax(near) == 1, score
    assert seam_score(wave, seams, 44100).p_value > 0.05  # those are other places: seams of frames of 40 ms
    assert seam_score(stereo(220, 220, seams), seams, **clock).score == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("frame_seconds", [0.04, 0.0399999999999, 640 / 16000])
def test_frames_of_40_ms_are_the_default(frame_seconds):
    for audio in (tiled(hum(220), hum(277), LATENT), drifting(3)):
        usual, stated = seam_score(audio, SEAMS), seam_score(audio, SEAMS, frame_seconds=frame_seconds)
        np.testing.assert_equal(stated, usual)


@given(frame=st.integers(256, 65536), rate=st.sampled_from([16000, 32000, 44100, 48000]), mels=st.integers(50, 2000))
def test_the_range_of_seams_holds_exactly_the_frames_inside_the_sound(frame, rate, mels):
    """`_checked` states the last seam; the one after it would have no mel frame behind it."""
    per_frame = frame / rate * 100
    if not 0.5 <= per_frame <= mels / 4:
        return
    with pytest.raises(InputError, match="outside the sound") as caught:
        seam_score(np.zeros((mels, 64)), [10**6], frame_seconds=frame / rate)
    first, last = map(int, str(caught.value).split("expected ")[1].split(";")[0].split(" to "))
    assert _mel_places(np.array([first]), per_frame)[0] >= 1
    assert _mel_places(np.array([first - 1]), per_frame)[0] < 1
    assert _mel_places(np.array([last]), per_frame)[0] < mels <= _mel_places(np.array([last + 1]), per_frame)[0]


@given(st.integers(8000, 40000), st.sampled_from([0.01, 0.0125, 0.04, 2048 / 44100]))
@example(63520, 0.04)  # frame 99 of 99.25 has one mel frame behind it, whose samples are mirrored
@effort(0.3)
def test_seams_within_a_waveform_are_those_that_have_a_score(samples: int, frame: float) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, samples)
    end = math.ceil(samples / 16000 / frame)
    inside = seams_within(range(-1, end + 2), samples / 16000, frame)
    assert inside == tuple(range(inside[0], inside[-1] + 1))
    for seam in (inside[0], inside[-1]):
        assert np.isfinite(seam_score(wave, [seam], frame_seconds=frame).score)
    for seam in (inside[0] - 1, inside[-1] + 1):
        with pytest.raises(InputError, match=f"expected {inside[0]} to {inside[-1]};"):
            seam_score(wave, [seam], frame_seconds=frame)


@pytest.mark.parametrize("seconds", [0, -1, np.nan, 11, "0.04", None])
def test_frames_of_no_length_are_refused(seconds):
    with pytest.raises(InputError, match=r"^frame_seconds is"):
        seam_score(hum(220), SEAMS, frame_seconds=seconds)


def test_loop_points_of_stereo():
    smooth = np.stack([hum(220), hum(220)])
    broken = np.concatenate([np.stack([hum(220), hum(330)])[:, :-8000], np.stack([hum(277)] * 2)[:, :8000]], axis=1)
    assert loop_score(smooth) == loop_score(hum(220).astype(np.float32))
    assert loop_score(broken, 16000) > 1.5 > loop_score(smooth)


def test_levels_of_stereo():
    """The mean power of both channels, the peak of the louder one, and the sum of both energies (ITU-R BS.1770-4)."""
    one, other = sine(440), 0.5 * sine(440)
    both, first, second = levels([one, other]), levels(one), levels(other)
    assert both.rms_db == pytest.approx(10 * np.log10((10 ** (first.rms_db / 10) + 10 ** (second.rms_db / 10)) / 2))
    assert both.peak_db == first.peak_db
    assert both.lufs == pytest.approx(10 * np.log10(10 ** (first.lufs / 10) + 10 ** (second.lufs / 10)), abs=1e-3)
    assert levels(np.stack([one, one])).lufs == pytest.approx(first.lufs + 10 * np.log10(2), abs=1e-4)


def masked(values: np.ndarray) -> np.ma.MaskedArray:
    return np.ma.masked_array(values, np.arange(values.size).reshape(values.shape) % 7 == 3)


@pytest.mark.parametrize(
    "measure",
    [
        lambda: levels(masked(sine(500))),
        lambda: levels(list(masked(sine(500)))),
        lambda: loop_score(masked(sine(500))),
        lambda: seam_score(masked(sine(500)), [12]),
        lambda: seam_score(masked(np.zeros((400, 64))), [50]),
        lambda: seam_score([masked(row) for row in np.zeros((400, 64))], [50]),
        lambda: seam_score(np.zeros(64000), masked(np.arange(10, 20))),
        lambda: log_mel(masked(sine(500))),
    ],
)
def test_masked_arrays_are_refused(measure):
    with pytest.raises(InputError, match=r"masked: expected .*filled\(0\)"):
        measure()


MEASURES = {
    "levels": lambda: levels(sine(300) * 1e-30),
    "levels of silence": lambda: levels(np.zeros(16000)),
    "levels of another rate": lambda: levels(sine(300, -400, rate=44100), 44100),
    "seam_score": lambda: seam_score(1e-20 * hum(220), SEAMS),
    "seam_score of a log-mel": lambda: seam_score(drifting(0) * 1e-30, SEAMS),
    "seam_score of another rate": lambda: seam_score(1e-38 * hum(220), [50], 48000),
    "loop_score": lambda: loop_score(sine(300) * 1e-30),
    "log_mel": lambda: log_mel(sine(300) * 1e-40),
}


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("handling", ["raise", "warn", "call"])
def test_a_measure_is_the_same_whatever_numpy_makes_of_rounding(name, handling):
    usual = MEASURES[name]()
    with np.errstate(all=handling, call=lambda *_: pytest.fail("numpy asked")), warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_equal(MEASURES[name](), usual)


def test_a_seam_score_shows_itself() -> None:
    score = SeamScore(1.234, 0.0312, np.array([0.8, 1.7, np.nan, 1.2]))
    assert repr(score) == "SeamScore(1.23, p = 0.0312, 4 seams)"
    shown = score._repr_html_()
    assert "1.70 at seam 1" in shown
    assert "M166.7 41.2v0M500 13.3v0M833.3 28.8v0" in shown  # three dots; the scale goes from 0 to 2
    assert "M0 35H1000" in shown  # the line at 1
    assert repr(seam_score(np.zeros(16000), [5])) == "SeamScore(1.00, p = 1, 1 seam)"
    empty = SeamScore(math.nan, math.nan, np.array([]))
    assert repr(empty) == "SeamScore(nan, p = nan, 0 seams)"
    assert "<b>SeamScore</b>" in empty._repr_html_()


def test_levels_show_themselves() -> None:
    assert repr(Levels(-23.51, -4.24, 19.27, -22.1)) == "Levels(RMS -23.5 dB, peak -4.2 dB, crest 19.3 dB, -22.1 LUFS)"
    assert repr(levels(np.zeros(16000))) == "Levels(silence)"
    assert "M0 2H500v12H0z" in Levels(-30.0, -6.0, 24.0, -30.0)._repr_html_()  # half of a scale from -60 dB
    assert "<svg" not in levels(np.zeros(16000))._repr_html_()
