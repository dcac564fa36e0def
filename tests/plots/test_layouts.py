import time
from bisect import bisect_right
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import example, given
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer

from spotnb.errors import InputError
from spotnb.plots.layouts import plot_layout, plot_padding, plot_seams, plot_tile_map
from spotnb.plots.style import BLUES, RUST
from spotnb.sampling.padding import mirror, pad_latent
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.step import Step
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import Layout, plan
from tests.effort import effort
from tests.networks import FunctionModel, StereoModel, pointwise
from tests.runs import Run
from tests.tiling.test_coverage import any_runs, run, traced

BLUE = [to_rgb(blue) for blue in BLUES]
DRAWERS = [plot_tile_map, plot_seams]


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    plt.close("all")


def boxes(artist: PolyCollection) -> np.ndarray:
    """Return `[n, 4]`: start and stop in latent frames, and smallest and largest y, of each rectangle."""
    corners = np.array([path.vertices[:4] for path in artist.get_paths()])
    x, y = corners[..., 0] * 25, corners[..., 1]
    return np.round(np.stack([x.min(1), x.max(1), y.min(1), y.max(1)], axis=1), 6)


def colours(artist: PolyCollection) -> list[int]:
    """Return 0 for each dark rectangle and 1 for each light one."""
    return [BLUE.index(tuple(face[:3])) for face in artist.get_facecolor()]


def hatched(ax: plt.Axes) -> np.ndarray:
    found = [item for item in ax.collections if isinstance(item, PolyCollection) and item.get_hatch()]
    return np.concatenate([boxes(item) for item in found]) if found else np.zeros((0, 4))


def ticks(ax: plt.Axes) -> set[tuple[int, float]]:
    """Return the seams as `(latent frame, y of the center)`."""
    rust = [c for c in ax.collections if isinstance(c, LineCollection) and tuple(c.get_color()[0][:3]) == to_rgb(RUST)]
    return {(round(line[0, 0] * 25), round(float(line[:, 1].mean()), 6)) for c in rust for line in c.get_segments()}


def keys(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().texts]


def padded_step(edge: str = "reflect_noisy", frames: int = 80, shift: int = 6, index: int = 3) -> SimpleNamespace:
    """Return a step of a grid shifted by `shift`, with a random latent and mirrored padding."""
    config = SpotDiffusionConfig(16, edge=edge, max_shift_ratio=shift / 16, shift_schedule="alternate")
    layout = plan(frames, config, 1)
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 8, frames, 16)))
    return SimpleNamespace(layout=layout, padded=pad_latent(x, *mirror(x, *layout.pad)), index=index)


@pytest.mark.parametrize(
    ("draw", "value"),
    [(plot_layout, run(steps=3)[2]), (plot_tile_map, run()), (plot_seams, run()), (plot_padding, padded_step())],
)
def test_every_plot_has_two_scales_a_title_a_legend_and_an_ax_of_choice(draw, value):
    fig, ax, artist = draw(value)
    fig.canvas.draw()
    assert ax.get_xlabel() == "time (s)"
    assert ax.child_axes[0].get_xlabel() == "latent frame"
    assert ax.child_axes[0].get_xlim() == pytest.approx([25 * x for x in ax.get_xlim()])
    assert ax.get_title(loc="left").startswith("spot, reflect")
    assert keys(ax)
    assert ax.get_yticklabels()
    children = ax.containers if draw is plot_seams else ax.get_children()
    assert artist in children
    title, legend = ax._left_title.get_window_extent(), ax.get_legend().get_window_extent()
    assert not title.overlaps(legend)

    own, (left, right) = plt.subplots(1, 2)
    assert draw(value, ax=right)[:2] == (own, right)
    assert not left.has_data()


def test_tile_map_has_a_row_of_bands_for_every_step():
    layouts = run()
    fig, ax, artist = plot_tile_map(layouts)
    expected = [(k, *tile.segment, step) for step, each in enumerate(layouts) for k, tile in enumerate(each.tiles)]
    found = boxes(artist)
    assert found[:, :2].tolist() == [[start, stop] for _, start, stop, _ in expected]
    assert found[:, 2:].mean(axis=1) == pytest.approx([step for *_, step in expected])
    assert colours(artist) == [k % 2 for k, *_ in expected]
    assert ticks(ax) == {(seam, step) for step, each in enumerate(layouts) for seam in each.seams}
    assert ax.get_ylim() == (24.6, -0.6)
    assert ax.get_ylabel() == "denoising step"
    assert "25 steps" in ax.get_title(loc="left")
    assert keys(ax) == ["tiles", "padding", "seam"]
    left, right = (max(each.pad[side] for each in layouts) for side in (0, 1))
    assert np.array(ax.get_xlim()) * 25 == pytest.approx([-left, 768 + right])
    pads = {(-each.pad[0], 0, step) for step, each in enumerate(layouts) if each.pad[0]}
    pads |= {(768, 768 + each.pad[1], step) for step, each in enumerate(layouts) if each.pad[1]}
    assert {(a, b, round((low + high) / 2, 6)) for a, b, low, high in hatched(ax)} == pads
    fig.canvas.draw()
    numbers = {(text.get_text(), round(text.get_position()[1])) for text in ax.texts}
    assert {(str(k), 0) for k in range(7)} <= numbers
    assert len(ax.texts) > 150


@effort(0.4)
@given(layouts=any_runs())
def test_tile_map_shows_what_is_owned_and_padded(layouts: list[Layout]):
    _, ax, artist = plot_tile_map(layouts)
    frames = layouts[0].frames
    owned = np.zeros((len(layouts), frames), int)
    for start, stop, low, high in boxes(artist):
        assert round(low) == round(high)
        owned[round((low + high) / 2), int(start) : int(stop)] += 1
    assert np.array_equal(owned, [layout.coverage for layout in layouts])
    seen = {(seam % frames, round(y)) for seam, y in ticks(ax)}
    assert seen == {(seam, row) for row, layout in enumerate(layouts) for seam in layout.cuts}
    beyond = sum(max(0, b - frames) - min(0, a) for row in layouts if row.edge != "circular" for a, b in windows(row))
    assert sum(stop - start for start, stop, *_ in hatched(ax)) == beyond
    plt.close("all")


def windows(layout: Layout) -> list[tuple[int, int]]:
    return [tile.window for tile in layout.tiles]


def test_tile_map_labels_the_steps_that_a_trace_kept():
    records = traced(run(steps=25))
    _, ax, artist = plot_tile_map([record for record in records if record.step % 10 == 4])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["4", "14", "24"]
    _, ax, whole = plot_tile_map(records)
    assert ax.get_yticklabels()[1].get_text() == str(round(ax.get_yticks()[1]))
    assert len(boxes(whole)) > len(boxes(artist))
    generated = plot_tile_map(record for record in records)[2]
    assert np.array_equal(boxes(generated), boxes(whole))


def test_overlapping_tiles_lie_in_lanes():
    layouts = run(method="multidiffusion", steps=2)
    _, ax, artist = plot_tile_map(layouts)
    found = boxes(artist)
    assert len(np.unique(found[:11, 2])) == 2
    for low in np.unique(found[:, 2]):
        lane = found[found[:, 2] == low]
        assert (lane[1:, 0] >= lane[:-1, 1]).all()
    assert {seam for seam, _ in ticks(ax)} == set(layouts[0].seams)
    assert keys(ax) == ["tiles", "seam"]


def test_a_long_run_draws_quickly_and_unnumbered():
    start = time.process_time()
    fig, ax, artist = plot_tile_map(run(frames=60 * 128, steps=50))
    fig.canvas.draw()
    assert time.process_time() - start < 10
    assert not ax.texts
    assert fig.get_figheight() <= 9
    assert len(boxes(artist)) > 3000


def test_layout_shows_windows_above_segments():
    layout = run(steps=4)[3]
    _, ax, artist = plot_layout(layout)
    found = boxes(artist)
    assert found[:, :2].tolist() == [list(tile.segment) for tile in layout.tiles]
    assert colours(artist) == [0, 1, 0, 1, 0, 1, 0]
    pale = boxes(ax.collections[0])
    assert ax.collections[0].get_alpha() == pytest.approx(0.35)
    assert pale[:, :2].tolist() == [list(window) for window in windows(layout)]
    assert ax.yaxis_inverted()
    assert pale[:, 3].max() < found[:, 2].min()
    assert hatched(ax)[:, :2].tolist() == [[-layout.pad[0], 0], [768, 768 + layout.pad[1]]]
    assert {seam for seam, _ in ticks(ax)} == set(layout.seams)
    assert [text.get_text() for text in ax.texts] == 2 * [str(k) for k in range(7)]
    assert keys(ax) == ["tiles", "padding", "seam"]
    assert f"shift {layout.shift}" in ax.get_title(loc="left")


@pytest.mark.parametrize(
    ("edge", "method", "expected"),
    [
        ("anchor", "spot", ["tiles", "seen, not kept", "seam"]),
        ("merge", "spot", ["tiles", "seam"]),
        ("circular", "spot", ["tiles", "seen, not kept", "the other end", "seam"]),
        ("reflect", "multidiffusion", ["tiles", "seam"]),
        ("reflect", "full", ["tiles"]),
    ],
)
def test_layout_explains_what_it_shows(edge, method, expected):
    layout = run(frames=700, config=SpotDiffusionConfig(128, edge=edge), method=method, steps=2)[1]
    _, ax, _ = plot_layout(layout)
    assert keys(ax) == expected


@effort(0.3)
@given(layouts=any_runs())
def test_layout_shows_every_window_and_every_owned_frame(layouts: list[Layout]):
    layout = layouts[-1]
    _, ax, artist = plot_layout(layout)
    assert {tuple(box[:2]) for box in boxes(ax.collections[0])} == set(windows(layout))
    owned = np.zeros(layout.frames, int)
    for start, stop, *_ in boxes(artist):
        owned[int(start) : int(stop)] += 1
    assert np.array_equal(owned, layout.coverage)
    plt.close("all")


def test_seams_are_counted_beside_the_fixed_grid():
    layouts = run()
    _, ax, bars = plot_seams(layouts)
    starts = np.array([bar.get_x() for bar in bars]) * 25
    stops = starts + [bar.get_width() * 25 for bar in bars]
    expected = [
        sum(any(start <= seam < stop for seam in layout.seams) for layout in layouts)
        for start, stop in zip(starts, stops, strict=True)
    ]
    assert [bar.get_height() for bar in bars] == expected
    assert (starts[0], stops[-1]) == (0, pytest.approx(768))
    assert np.median(stops - starts) == pytest.approx(8)
    assert 128 in np.round((starts + stops) / 2)
    pins, heights = next(line for line in ax.lines if line.get_marker() == "o").get_data()
    assert pins * 25 == pytest.approx([128, 256, 384, 512, 640])
    assert set(heights) == {25}
    count = sum(len(layout.seams) for layout in layouts)
    assert keys(ax) == [f"{count} seams of this run", "where a fixed grid always cuts", "if spread evenly"]
    assert ax.get_ylabel() == "steps with a seam,\nper 0.32 s"
    level = next(line for line in ax.lines if line.get_linestyle() == ":").get_ydata()[0]
    assert level == pytest.approx(count * 8 / 768)


def test_a_fixed_grid_fills_its_pins():
    _, _, bars = plot_seams(run(method="tiles"))
    assert sorted({bar.get_height() for bar in bars}) == [0, 25]
    assert sum(bar.get_height() for bar in bars) == 125


def steps_with_a_seam(bars: BarContainer, layouts: list[Layout]) -> list[int]:
    """Return for each bar the number of layouts with a cut in it. The last bar holds the end of the sound, too."""
    starts = [round(bar.get_x() * 25, 6) for bar in bars]
    places = [{bisect_right(starts, cut) - 1 for cut in layout.cuts} for layout in layouts]
    assert all(place >= 0 for held in places for place in held)
    return [sum(index in held for held in places) for index in range(len(starts))]


@effort(0.4)
@given(layouts=any_runs())
@example(layouts=[plan(54, SpotDiffusionConfig(20, 9), 0, "multidiffusion", time_multiple=1)])  # a seam near the end
def test_no_seam_is_lost_in_the_histogram(layouts: list[Layout]):
    _, ax, bars = plot_seams(layouts)
    assert [bar.get_height() for bar in bars] == steps_with_a_seam(bars, layouts)
    assert max(bar.get_height() for bar in bars) <= len(layouts)
    assert len(bars) <= 257
    assert ax.get_xlim() == pytest.approx((0, layouts[0].frames / 25))
    plt.close("all")


@pytest.mark.parametrize(("frames", "width"), [(1, 1), (257, 1), (1000, 7), (5000, 509), (92160, 256)])
def test_histograms_of_any_length_have_few_bars(frames: int, width: int):
    layout = plan(frames, SpotDiffusionConfig(width), 0, "tiles", time_multiple=1)
    _, _, bars = plot_seams(layout)
    assert len(bars) <= 257
    assert [bar.get_height() for bar in bars] == steps_with_a_seam(bars, [layout])


def test_padding_lies_where_it_is_seen_and_mirrors_what_is_marked():
    step = padded_step(shift=6)  # one window from -10, one to 86
    fig, ax, image = plot_padding(step, channel=3)
    np.testing.assert_allclose(image.get_array(), step.padded[0, 3].T, rtol=1e-6)
    assert image.get_extent() == pytest.approx([-0.4, 3.44, -0.5, 15.5])
    assert np.array(ax.get_xlim()) * 25 == pytest.approx([-10, 86])
    copies = hatched(ax)[:, :2]
    assert copies.tolist() == [[-10, 0], [80, 86]]
    sources = [boxes(c)[0, :2] for c in ax.collections if isinstance(c, PolyCollection) and not c.get_hatch()]
    mirrors = [line.get_xdata()[0] * 25 for line in ax.lines]
    assert mirrors == pytest.approx([0.5, 79.5])
    for copy, source, axis in zip(copies, sources, mirrors, strict=True):
        assert (copy + source[::-1]).tolist() == pytest.approx([2 * axis, 2 * axis])
        inside = [slice(*(ends.astype(int) + 10)) for ends in (copy, source)]
        assert torch.equal(step.padded[:, :, inside[0]], step.padded[:, :, inside[1]].flip(2))
    assert len(ax.patches) == 2
    assert keys(ax) == ["padding", "mirrored frames, with their noise", "mirror"]
    assert "padding of 10 and 6 frames" in ax.get_title(loc="left")
    assert fig.axes[1].get_ylabel() == "latent, channel 3"


def test_padding_zooms_in_on_one_end():
    for end, expected in (("left", (-10, 30)), ("right", (50, 86))):
        _, ax, _ = plot_padding(padded_step(), end=end)
        assert np.array(ax.get_xlim()) * 25 == pytest.approx(expected)


def test_padding_of_a_real_step_is_noise_before_there_is_an_estimate():
    sampler = Run(frames=40).sampler(lambda x, t, cond: 0.5 * x, steps=2)
    assert isinstance(sampler.model, FunctionModel)
    step = sampler.begin()
    assert isinstance(step, Step)
    assert sum(step.layout.pad)
    _, ax, _ = plot_padding(step)
    assert keys(ax) == ["new noise: there is no estimate yet"]
    assert not ax.patches
    sampler.step()
    _, ax, image = plot_padding(sampler.begin())
    assert "mirrored frames: the clean estimate with new noise" in keys(ax)
    assert image.get_array().shape[1] == 40 + sum(sampler.begin().layout.pad)


def test_padding_of_a_first_step_that_starts_from_known_sound_is_its_mirror_image():
    known = np.sin(np.arange(25_600, dtype=np.float32) / 9)
    step = Run(frames=40).sampler(lambda x, t, cond: 0.5 * x, steps=2, init_audio=known, strength=1.0).begin()
    assert step.index == 0
    assert sum(step.layout.pad)
    _, ax, _ = plot_padding(step)
    assert "mirrored frames: the clean estimate with new noise" in keys(ax)


@pytest.mark.parametrize("edge", ["anchor", "merge", "circular"])
@pytest.mark.parametrize("end", ["both", "left"])
def test_a_step_without_padding_says_so(edge, end):
    _, ax, image = plot_padding(padded_step(edge), end=end)
    assert ax.get_title(loc="left").endswith("no padding")
    assert ax.get_legend() is None
    assert not len(hatched(ax))
    assert image.get_array().shape == (16, 80)


@pytest.mark.parametrize("draw", DRAWERS)
def test_a_run_that_fits_one_tile_is_drawn_too(draw):
    fig, ax, _ = draw(run(frames=64, steps=2))
    fig.canvas.draw()
    assert ax.get_title(loc="left").startswith("spot: the latent fits one tile, so one window")
    assert not ticks(ax)


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plot_layout(run(steps=2)), "got 2 layouts.*plot_tile_map"),
        (lambda: plot_layout(3), "layouts is 3"),
        (lambda: plot_tile_map([]), "empty"),
        (lambda: plot_tile_map([3]), "item 0 is 3"),
        (lambda: plot_seams([*run(steps=1), *run(frames=512, steps=1)]), r"\[512, 768\]"),
        (lambda: plot_padding(run(steps=1)[0]), r"expected a \.layout and a \.padded"),
        (lambda: plot_padding(padded_step(), channel=8), "pass 0 to 7"),
        (lambda: plot_padding(padded_step(), end="top"), "both, left, right"),
        (lambda: plot_padding(SimpleNamespace(layout=run(steps=1)[0], padded=np.zeros((1, 8, 9, 16)))), "padded has 9"),
        (lambda: plot_padding(SimpleNamespace(layout=run(steps=1)[0], padded=np.zeros((9, 16)))), r"\[9, 16\]"),
    ],
)
def test_bad_input(draw, says):
    with pytest.raises(InputError, match=says) as caught:
        draw()
    assert "\n" not in str(caught.value)
    assert not plt.get_fignums()


def test_more_tiles_than_can_be_seen_are_refused():
    many = plan(30_001, SpotDiffusionConfig(1), 0, time_multiple=1)
    for draw in (plot_layout, plot_tile_map):
        with pytest.raises(InputError, match="would have 30001 tiles: expected at most 30000"):
            draw(many)


def test_seconds_are_those_of_the_run_or_of_a_clock():
    sampler = SpotSampler(StereoModel(pointwise), "a sea", 6.0, 2, config=SpotDiffusionConfig(32))
    second = 44100 / 2048  # latent frames
    for draw, drawn in ((plot_layout, sampler.begin()), (plot_tile_map, sampler.run(progress=False).trace)):
        fig, ax, _ = draw(drawn)
        fig.canvas.draw()
        assert ax.get_xlim()[1] >= sampler.frames / second - 1e-9
        assert ax.get_xlim()[1] * second == pytest.approx(ax.child_axes[0].get_xlim()[1])
    assert plot_seams(sampler.trace)[1].get_xlim()[1] == pytest.approx(sampler.frames / second)
    layout = sampler.trace[0].layout
    _, ax, _ = plot_layout(layout, clock=sampler.clock)
    _, bare, _ = plot_layout(layout)
    assert bare.get_xlim()[1] / ax.get_xlim()[1] == pytest.approx(0.04 * second)
    assert f"{32 / second:g} s" in ax.get_title(loc="left")
    sampler.reset()
    _, ax, _ = plot_padding(sampler.begin())
    assert ax.get_ylabel() == "channel"
    with pytest.raises(InputError, match=r"^clock is 25"):
        plot_seams(layout, clock=25)
