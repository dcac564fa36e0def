"""ReflectionExplorer without a browser: the lesson of notebook 04, and its traits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb import InputError
from spotnb.tiling.clock import Clock
from spotnb.widgets.reflection import ReflectionExplorer
from spotnb.widgets.reflection_stages import ORDERS, circular, stages


def test_the_eight_numbers_of_notebook_04() -> None:
    found = ReflectionExplorer().stages
    numbers = {name: (stage.source + 1).tolist() for name, stage in found.items()}
    assert numbers == {
        "original": [1, 2, 3, 4, 5, 6, 7, 8],
        "padded": [4, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8, 7, 6, 5],
        "shifted": [7, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8],
        "cropped": [4, 3, 2, 1, 2, 3, 4, 5],
        "undone": [1, 2, 3, 4, 5, 4, 3, 2],
    }
    assert (ReflectionExplorer().circular.source + 1).tolist() == [6, 7, 8, 1, 2, 3, 4, 5]
    assert [n + 1 for n in found["undone"].lost(8)] == [6, 7, 8]
    assert [n + 1 for n in found["undone"].twice(8)] == [2, 3, 4]


@given(st.data())
def test_the_stages_are_what_torch_does_and_only_one_order_is_exact(data: st.DataObject) -> None:
    frames = data.draw(st.integers(2, 30))
    pad, shift = data.draw(st.integers(0, frames - 1)), data.draw(st.integers(0, frames))
    sound = torch.arange(float(frames))[None]
    padded = torch.nn.functional.pad(sound, (pad, pad), mode="reflect")
    rolled = torch.roll(padded, shift, dims=1)
    cropped = rolled[:, pad : pad + frames]
    naive, right = (stages(frames, pad, shift, order) for order in ORDERS)
    for stage, tensor in (
        (circular(frames, shift), torch.roll(sound, shift, dims=1)),
        (naive["padded"], padded),
        (naive["shifted"], rolled),
        (naive["cropped"], cropped),
        (naive["undone"], torch.roll(cropped, -shift, dims=1)),
        (right["cropped"], sound),
    ):
        assert stage.source.tolist() == tensor[0].int().tolist()
    assert right["cropped"].exact(frames)
    assert list(naive) == list(ORDERS["naive"])
    assert list(right) == list(ORDERS["right"])
    assert bool(naive["undone"].lost(frames)) == bool(pad and shift)


def test_it_opens_filled_and_the_ring_is_no_stage() -> None:
    widget = ReflectionExplorer()
    assert (widget.pad, widget.shift, widget.stage, widget.order) == (3, 3, "undone", "naive")
    assert list(widget.stages)[-1] == widget.stage
    with pytest.raises(InputError, match="stage is 'rolled'"):
        widget.stage = "rolled"


@pytest.mark.parametrize(("shift", "naive"), [(3, "3 of 8 frames lost"), (0, "exact")])
def test_the_picture_has_both_orders_filled_and_the_ring_apart(shift: int, naive: str) -> None:
    left, right, ring = ReflectionExplorer(shift=shift).draw().axes
    names = [[label.get_text() for label in axes.get_yticklabels()] for axes in (left, right, ring)]
    naive_rows = ["original", "padded", "rolled", "cropped", "rolled back"]
    assert names == [naive_rows, ["original", "padded", "rolled", "rolled back", "cropped"], ["rolled"]]
    titles = [axes.get_title("left") for axes in (left, right, ring)]
    assert titles[0] == f"Naive: crop, then roll back ({naive})"
    assert titles[1] == "Correct: roll back, then crop (exact)"
    assert titles[2].startswith("Apart from both: circular")
    cells = [int(text.get_text()) for text in left.texts]
    assert cells[-8:] == ([1, 2, 3, 4, 5, 4, 3, 2] if shift else [1, 2, 3, 4, 5, 6, 7, 8])
    assert [int(text.get_text()) for text in right.texts][-8:] == [1, 2, 3, 4, 5, 6, 7, 8]
    joint = [text.get_text() for text in ring.texts if not text.get_text().isdigit()]
    assert joint == (["end | start"] if shift else [])


def test_traits_refuse_what_they_cannot_hold() -> None:
    widget = ReflectionExplorer()
    wrong: dict[str, tuple[Any, ...]] = {"pad": (-1, 8, 1.0), "shift": (-1, 9), "stage": ("x", 1), "order": ("left",)}
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(InputError, match=name) as raised:
                setattr(widget, name, value)
            assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("abc", "expected numbers"),
        ([1.0], "number of frames is 1"),
        (np.zeros((2, 3)), "expected numbers"),
        (np.zeros(9000), "number of frames is 9000"),
        ([1.0, np.nan], "NaN"),
        ([], "expected numbers"),
        ([True, False], "expected numbers"),
    ],
)
def test_mistakes_are_one_line(values: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        ReflectionExplorer(values)
    assert "\n" not in str(raised.value)


def test_a_latent_travels_as_bytes() -> None:
    latent = torch.randn(2, 8, 100, 16)
    widget = ReflectionExplorer(latent, channel=5)
    assert (widget.pad, widget.shift) == (12, 12)
    assert len(widget._pixels) == 1600
    limit = widget._scene["limit"]
    sent = (np.frombuffer(widget._pixels, np.uint8).reshape(100, 16).astype(float) - 128) / 127 * limit
    assert np.abs(sent - latent[0, 5].numpy().clip(-limit, limit)).max() <= limit / 127
    with pytest.raises(InputError, match="channel is 8"):
        ReflectionExplorer(latent, channel=8)
    assert ReflectionExplorer([3, 1, 2])._pixels == b""
    assert ReflectionExplorer([3, 1, 2])._scene["numbers"] == ["3", "1", "2"]


def test_a_latent_of_one_bin_shows_its_channels_as_rows() -> None:
    latent = np.random.default_rng(0).standard_normal((1, 64, 30, 1))
    widget = ReflectionExplorer(latent, clock=Clock(44100, 2048))
    assert (widget._scene["bins"], widget._scene["numbers"]) == (64, None)
    assert widget._scene["framesPerSecond"] == pytest.approx(44100 / 2048)
    assert len(widget._pixels) == 30 * 64
    assert ReflectionExplorer(latent[:, :, :, [0, 0]])._scene["framesPerSecond"] == 25
    with pytest.raises(InputError, match=r"^clock is None"):
        ReflectionExplorer(clock=None)
