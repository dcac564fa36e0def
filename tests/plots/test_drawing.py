import matplotlib.pyplot as plt
import numpy as np
import pytest

from spotnb.errors import InputError
from spotnb.plots.drawing import axes, draw_image, frame_axis, latent_plane


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    plt.close("all")


def test_an_axes_that_was_removed_is_refused():
    fig, ax = plt.subplots()
    assert axes(ax, 1) == (fig, ax)
    ax.remove()
    with pytest.raises(InputError, match="no longer belongs to a figure"):
        axes(ax, 1)


def test_an_image_may_begin_before_the_sound():
    _, ax = plt.subplots()
    image = draw_image(ax, np.zeros((10, 16), np.float32), 0.04, first=-5)
    assert image.get_extent() == pytest.approx([-0.2, 0.2, -0.5, 15.5])


def test_the_scale_along_the_top_counts_latent_frames():
    fig, ax = plt.subplots()
    ax.set_xlim(-1, 30)
    frame_axis(ax, 0.04)
    fig.canvas.draw()
    (top,) = ax.child_axes
    assert top.get_xlim() == pytest.approx((-25, 750))
    assert top.get_xlabel() == "latent frame"


@pytest.mark.parametrize("channel", [8, -1, 0.5, True, None, "a"])
def test_a_channel_is_a_number_within_the_latent(channel):
    with pytest.raises(InputError, match="pass 0 to 7"):
        latent_plane(np.zeros((1, 8, 5, 16)), channel)
