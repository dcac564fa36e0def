import os
import time

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.plots.sound import plot_latent, plot_mel, plot_run, plot_waveform, save_figure
from spotnb.sound.heard import heard_mel
from spotnb.sound.mel import log_mel
from spotnb.tiling.clock import Clock

SECOND = (0.1 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32)
LATENT = np.random.default_rng(0).standard_normal((1, 8, 50, 16))
SEAMS = [10, 20]  # 0.4 and 0.8 s


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    plt.close("all")


def marked(ax: plt.Axes) -> list[float]:
    """Return the times in seconds at which `ax` has triangles."""
    return next((line.get_xdata().tolist() for line in ax.lines if line.get_marker() == 7), [])


@pytest.mark.parametrize(
    ("draw", "value", "label"),
    [(plot_latent, LATENT, "latent bin"), (plot_mel, SECOND, "mel band (Hz)"), (plot_waveform, SECOND, "amplitude")],
)
def test_every_plot_has_seconds_seams_and_an_ax_of_choice(draw, value, label):
    seconds = 2 if draw is plot_latent else 1
    fig, ax, artist = draw(value, seams=SEAMS)
    assert ax.get_xlabel() == "time (s)"
    assert label in ax.get_ylabel()
    assert ax.get_xlim() == (0, seconds)
    assert marked(ax) == pytest.approx([0.4, 0.8])
    assert [text.get_text() for text in ax.get_legend().texts] == ["2 seams"]
    assert artist in ax.get_children()
    assert ax.figure is fig

    own, (left, right) = plt.subplots(1, 2)
    fig, ax, _ = draw(value, ax=right)
    assert (fig, ax) == (own, right)
    assert not marked(ax)
    assert ax.get_legend() is None
    assert not left.has_data()


@pytest.mark.parametrize("draw", [plot_mel, plot_waveform])
def test_seams_beyond_the_sound_are_left_out_and_do_not_stretch_it(draw):
    _, ax, _ = draw(SECOND, seams=[-5, 10, 25, 26])
    assert marked(ax) == pytest.approx([0.4, 1.0])
    assert ax.get_xlim() == (0, 1)
    _, ax, _ = draw(SECOND, seams=np.array([30, 40]))
    assert ax.get_legend() is None
    _, ax, _ = draw(SECOND, seams=[10])
    assert ax.get_legend().texts[0].get_text() == "1 seam"


def test_latent_colours_are_symmetric_and_show_the_chosen_channel():
    latent = torch.tensor(LATENT, dtype=torch.bfloat16, requires_grad=True)
    fig, ax, image = plot_latent(latent, channel=3)
    low, high = image.get_clim()
    assert low == -high
    np.testing.assert_allclose(image.get_array(), LATENT[0, 3].T, atol=0.02)
    assert image.get_extent() == [0, 2, -0.5, 15.5]
    assert not ax.yaxis_inverted()
    assert fig.axes[1].get_ylabel() == "latent, channel 3"
    assert np.array_equal(plot_latent(LATENT[0], 3)[2].get_array(), plot_latent(LATENT, 3)[2].get_array())
    assert plot_latent(np.zeros((8, 5, 16)))[2].get_clim() == (-1, 1)


def test_mel_is_labelled_in_hertz_and_its_colours_do_not_depend_on_the_sound():
    fig, ax, image = plot_mel(SECOND)
    assert image.get_extent() == [0, 1, -0.5, 63.5]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["250", "1000", "4000"]
    assert ax.get_ylim() == (-0.5, 63.5)
    bar = fig.axes[1]
    assert bar.get_ylabel() == "magnitude (dB)"
    assert 20 * np.log10(np.exp(bar.get_yticks())) == pytest.approx([-100, -75, -50, -25, 0])
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    _, ax, loud = plot_mel(torch.tensor(log_mel(tone))[None, None])
    brightest = loud.get_array()[:, 50].argmax()
    assert brightest == pytest.approx(ax.get_yticks()[1], abs=0.6)
    assert loud.get_clim() == image.get_clim() == (pytest.approx(-11.513, abs=1e-3), 2)


def test_envelope_keeps_every_peak_to_the_end():
    wave = np.zeros(16000 * 30)
    wave[[0, 123456, -1]] = 1, -0.8, 0.6
    _, ax, envelope = plot_waveform(wave)
    x, y = envelope.get_paths()[0].vertices.T
    assert (y.min(), y.max()) == (pytest.approx(-0.8), 1)
    assert x[y.argmin()] == pytest.approx(123456 / 16000, abs=0.02)
    assert y[x > 29.98].max() == pytest.approx(0.6)
    assert ax.get_ylim() == (-1.05, 1.05)
    assert plot_waveform(np.array([0.0, 2.0]))[1].get_ylim()[1] > 2


def test_ten_minutes_draw_quickly():
    wave = np.tile(SECOND, 600)
    start = time.process_time()
    fig, _, _ = plot_waveform(wave, seams=range(128, 15000, 128))
    fig.canvas.draw()
    assert time.process_time() - start < 5


@pytest.mark.parametrize("samples", [16000, 16100, 3000])
@pytest.mark.parametrize("mel_frames", [None, 80, 120])
def test_run_has_one_time_axis(samples, mel_frames):
    mel = None if mel_frames is None else np.zeros((mel_frames, 64))
    fig = plot_run(np.resize(SECOND, samples), mel, seams=[2, 3, 28], title="rain")
    upper, lower = fig.axes[:2]
    fig.canvas.draw()
    assert upper.get_xlim() == lower.get_xlim() == (0, samples / 16000)
    assert upper.get_position().intervalx == pytest.approx(lower.get_position().intervalx)
    assert marked(upper) == marked(lower) == pytest.approx([0.08, 0.12])
    assert (upper.get_xlabel(), lower.get_xlabel()) == ("", "time (s)")
    assert lower.get_ylim() == (-0.5, 63.5)
    assert fig.get_suptitle() == "rain"


@pytest.mark.parametrize(
    "title", [r"$\frac{", "$$", "a $5 guitar and a $6 drum", "x^_{}\\", "日本語 🎸", " \n ", "tab\tand\nline"]
)
def test_a_prompt_is_drawn_as_it_is(tmp_path, title):
    fig = plot_run(SECOND, title=title)
    save_figure(fig, tmp_path / "a.png")
    if "$" in title:
        assert fig.get_suptitle() == title
        assert not fig._suptitle.get_parse_math()


def test_a_long_prompt_stays_inside_the_figure(tmp_path):
    fig = plot_run(SECOND, title="heavy drums " * 100)
    fig.canvas.draw()
    box = fig._suptitle.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= fig.bbox.x1
    assert fig.get_suptitle().count("\n") == 2
    assert fig.get_suptitle().endswith(" …")


def test_save_figure_is_whole_or_not_at_all(tmp_path, monkeypatch):
    fig = plot_run(SECOND)
    path = save_figure(fig, str(tmp_path / "new" / "a.png"))
    assert path.read_bytes().startswith(b"\x89PNG")
    assert save_figure(fig, tmp_path / "a.svg").read_text().startswith("<?xml")
    with pytest.raises(InputError, match=r"end the name in \.png"):
        save_figure(fig, tmp_path / "a.wav")
    with pytest.raises(SpotnbError, match="cannot write"):
        save_figure(fig, tmp_path / "a.svg" / "b.png")

    def half(name, **_):
        name.write_bytes(b"half")
        raise OSError("disk full")

    old = path.read_bytes()
    monkeypatch.setattr(fig, "savefig", half)
    with pytest.raises(SpotnbError, match="disk full"):
        save_figure(fig, path)
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == ["a.png"]


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plot_latent(np.zeros((50, 16))), r"\[50, 16\]"),
        (lambda: plot_latent(LATENT, channel=8), "pass 0 to 7"),
        (lambda: plot_latent(LATENT, channel=-1), "pass 0 to 7"),
        (lambda: plot_latent(np.full((8, 5, 16), np.nan)), "80 NaN"),
        (lambda: plot_mel(np.zeros((5, 63))), r"\[5, 63\]"),
        (lambda: plot_waveform(np.array([np.inf])), "infinite"),
        (lambda: plot_run(np.zeros((16000, 1))), r"\[16000, 1\]: expected .* transpose it"),
    ],
)
def test_bad_input(draw, says):
    with pytest.raises(InputError, match=says) as caught:
        draw()
    assert "\n" not in str(caught.value)
    assert not plt.get_fignums()


CLOCK = Clock(44100, 2048)
STEREO = np.stack([np.sin(np.arange(88200) / 20), 0.3 * np.sin(np.arange(88200) / 30)]).astype(np.float32)


def test_seams_and_seconds_follow_the_clock():
    times = [seam * 2048 / 44100 for seam in SEAMS]
    latent = np.random.default_rng(0).standard_normal((1, 4, 60, 8))
    for draw, sound in ((plot_latent, latent), (plot_mel, STEREO), (plot_waveform, STEREO), (plot_mel, STEREO[0])):
        _, ax, _ = draw(sound, seams=SEAMS, clock=CLOCK)
        assert marked(ax) == pytest.approx(times)
        assert ax.get_xlim()[1] == pytest.approx(60 * 2048 / 44100 if sound is latent else 2, abs=0.01)
    assert plot_mel(STEREO, sample_rate=22050)[1].get_xlim()[1] == pytest.approx(4, abs=0.01)
    assert plot_waveform(STEREO, sample_rate=22050)[1].get_xlim()[1] == 4
    figure = plot_run(STEREO, seams=SEAMS, clock=CLOCK)
    assert all(ax.get_xlim()[1] == pytest.approx(2, abs=0.01) for ax in figure.axes[:2])


def test_the_mel_of_stereo_is_that_of_its_mean_at_16_khz():
    image = plot_mel(STEREO, clock=CLOCK)[2]
    assert np.array_equal(np.asarray(image.get_array()).T, heard_mel(STEREO, 44100))


@pytest.mark.parametrize("samples", [3000, 88200])
def test_channels_are_drawn_one_below_the_other(samples):
    _, ax, first = plot_waveform(STEREO[:, :samples], clock=CLOCK)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["left", "right"]
    drawn = ax.lines if samples == 3000 else ax.collections
    middles = ax.get_yticks()
    assert first is (ax.lines[0] if samples == 3000 else ax.collections[0])
    extents = [
        (line.get_ydata() if samples == 3000 else line.get_paths()[0].vertices[:, 1]) - middle
        for line, middle in zip([each for each in drawn if each.get_linewidth() != 0.5], middles, strict=True)
    ]
    assert [np.abs(each).max() for each in extents] == pytest.approx(np.abs(STEREO[:, :samples]).max(axis=1), abs=1e-3)
    assert len(plot_waveform(np.zeros((5, 100)))[1].get_yticks()) == 5
    one, other = plot_waveform(SECOND)[1], plot_waveform(SECOND[None])[1]
    assert (one.get_ylim(), one.get_ylabel()) == (other.get_ylim(), other.get_ylabel())


def test_a_latent_of_one_bin_shows_its_channels_as_rows():
    latent = np.random.default_rng(0).standard_normal((2, 64, 30, 1)).astype(np.float32)
    _, ax, image = plot_latent(latent, channel=3, clock=CLOCK)
    assert np.array_equal(np.asarray(image.get_array()), latent[0, :, :, 0])
    assert ax.get_ylabel() == "channel"
    assert plot_latent(latent[:, :1])[1].get_ylabel() == "latent bin"
    with pytest.raises(InputError, match="pass 0 to 63"):
        plot_latent(latent, channel=64)


@pytest.mark.parametrize("draw", [plot_latent, plot_mel, plot_waveform])
def test_other_clocks_and_rates_are_refused(draw):
    sound = LATENT if draw is plot_latent else SECOND
    with pytest.raises(InputError, match=r"^clock is 25"):
        draw(sound, clock=25)
    if draw is not plot_latent:
        with pytest.raises(InputError, match="sample rate"):
            draw(sound, sample_rate=44.1)
    assert not plt.get_fignums()
