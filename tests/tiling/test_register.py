"""A caller's own edge policy: tried when it is registered, and known by its name everywhere from then on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spotnb import EdgePolicy, InputError, SpotDiffusionConfig, SpotnbError, TileShiftDebugger, Trace, register_edge
from spotnb.models.defaults import defaults_of
from spotnb.sampling.replay import replay
from spotnb.tiling.edges import EDGES, POLICIES, Anchor, Circular, Merge, put
from spotnb.tiling.layout import plan
from spotnb.tiling.tile import Tile
from spotnb.widgets.panel_form import Form
from spotnb.widgets.scenes import edge_policies
from tests.edges import forget_edges
from tests.networks import FunctionModel, neighbourly
from tests.runs import Run


@pytest.fixture(autouse=True)
def _known_again() -> Iterator[None]:
    yield
    forget_edges()


class Hold(EdgePolicy):
    """Past the ends, windows show the first or the last frame again and again."""

    name = "hold"

    def frame_at(self, index: Any, frames: int) -> Any:
        return np.clip(index, 0, frames - 1)


class Thirds(EdgePolicy):
    """Cuts the latent into equal parts, wherever the grid is, so that JavaScript cannot follow."""

    name, padding = "thirds", "none"

    def grid(self, frames: int, width: int, shift: int, time_multiple: int) -> list[Tile]:
        count = -(-frames // width)
        cuts = [k * frames // count // time_multiple * time_multiple for k in range(count)]
        return [Tile(part, part) for part in zip(cuts, [*cuts[1:], frames], strict=True)]


def test_it_is_known_by_its_name() -> None:
    assert register_edge(Hold) is Hold
    config = SpotDiffusionConfig(8, edge="hold")
    assert type(config.policy) is Hold
    layout = plan(20, config, 1, time_multiple=1)
    assert layout.tiles == plan(20, SpotDiffusionConfig(8), 1, time_multiple=1).tiles
    assert layout.frame_at(np.arange(-2, 23)).tolist() == [0, 0, *range(20), 19, 19, 19]
    assert "hold" in Form(lambda: None, defaults_of(FunctionModel(neighbourly))).edge.options
    assert edge_policies(8)["hold"] == {"name": "hold", "ring": False, "grain": 1, "tiles": "grid"}
    assert TileShiftDebugger(64, config).tiling.edge == "hold"


def test_windows_show_its_frames() -> None:
    """Before the first step the padding is noise. Then it is the held estimate, noised again, or the noisy latent."""
    register_edge(Hold)
    noisy = type("HoldNoisy", (Hold,), {"name": "hold_noisy", "padding": "noisy latent"})
    register_edge(noisy)
    sampler = Run(40, 1, {"config": SpotDiffusionConfig(16, edge="hold_noisy")}).sampler(neighbourly)
    sampler.step()
    step = sampler.begin()
    left, right = step.layout.pad
    assert left
    x, padded = sampler.latent, step.padded
    assert torch.equal(
        padded, torch.cat([x[:, :, :1].repeat(1, 1, left, 1), x, x[:, :, -1:].repeat(1, 1, right, 1)], 2)
    )
    assert step.padding.left == (0,) * left

    one, other = (
        Run(40, 1, {"config": SpotDiffusionConfig(16, edge=edge)}).sampler(neighbourly) for edge in ("hold", "reflect")
    )
    assert torch.equal(one.begin().padded, other.begin().padded)
    for each in (one, other):
        each.step()
    ours, theirs = one.begin().padded, other.begin().padded
    assert torch.equal(ours[:, :, left:-right], theirs[:, :, left:-right])
    assert not torch.equal(ours, theirs)


@pytest.mark.parametrize("method", ["spot", "multidiffusion", "full", "tiles"])
@pytest.mark.parametrize("policy", [Hold, Thirds])
def test_runs_are_exact_and_traces_name_it(policy: type[EdgePolicy], method: str, tmp_path: Path) -> None:
    register_edge(policy)
    config = SpotDiffusionConfig(16, edge=policy.name)
    run = Run(40, 4, {"config": config, "method": method}).sampler(neighbourly).run(progress=False)
    assert json.loads(json.dumps(run.manifest()))["config"]["edge"] == policy.name
    path = run.trace.save(tmp_path / "run.npz")
    assert replay(Trace.load(path), FunctionModel(neighbourly, 4), progress=False).same
    put(policy.name, None)
    with pytest.raises(SpotnbError) as caught:
        Trace.load(path)
    assert f"recorded with the edge policy '{policy.name}', which this process does not know" in str(caught.value)
    assert "damaged" not in str(caught.value)
    assert len(str(caught.value)) <= 200


def test_a_widget_says_which_tilings_it_cannot_follow() -> None:
    register_edge(Thirds)
    config = SpotDiffusionConfig(16, edge="thirds")
    assert list(edge_policies(8)) == list(EDGES)
    with pytest.raises(InputError, match=r"'thirds' cuts tiles in a way of its own.*: use plot_tile_map"):
        TileShiftDebugger(64, config)
    widget = TileShiftDebugger(64, SpotDiffusionConfig(16))
    with pytest.raises(InputError, match="cuts tiles in a way of its own"):
        widget.edge = "thirds"
    with pytest.raises(InputError, match="edge is 'fourths': expected one of reflect"):
        widget.edge = "fourths"
    tilings = {"mine_anchored": Anchor, "mine_merged": Merge, "mine_turned": Circular}
    for name, base in tilings.items():
        register_edge(type("Mine", (base,), {"name": name, "__qualname__": name}))
        assert edge_policies(8)[name]["tiles"] == name.removeprefix("mine_")


def test_defining_it_again_replaces_it() -> None:
    def define(last: int) -> type[EdgePolicy]:
        class Again(EdgePolicy):
            name = "again"

            def frame_at(self, index: Any, frames: int) -> Any:
                return np.clip(index, 0, frames - 1) if last else super().frame_at(index, frames)

        return register_edge(Again)

    for last in (0, 1):
        assert define(last) is type(POLICIES["again"])
    with pytest.raises(InputError, match="has the name 'again', which is taken"):
        register_edge(type("Another", (EdgePolicy,), {"name": "again"}))


def gap(tiles: list[Tile]) -> list[Tile]:
    return tiles[1:]


FAULTS: dict[str, tuple[Any, str]] = {
    "number": (5, "the edge policy is 5: expected a subclass of EdgePolicy"),
    "object": (Hold(), "expected a subclass of EdgePolicy; pass the class itself"),
    "other class": (int, "expected a subclass of EdgePolicy"),
    "base": (EdgePolicy, "expected a subclass of EdgePolicy"),
    "unnamed": (type("Unnamed", (EdgePolicy,), {}), "Unnamed has the name 'reflect', which is taken"),
    "blank": (type("Blank", (EdgePolicy,), {"name": " "}), "name of an edge policy is ' ': expected a text"),
    "no text": (type("Five", (EdgePolicy,), {"name": 5}), "name of an edge policy is 5: expected a text"),
    "padding": (type("Odd", (EdgePolicy,), {"name": "odd", "padding": "silence"}), "'odd' is 'silence': expected one"),
    "arguments": (
        type("Needy", (EdgePolicy,), {"name": "needy", "__init__": lambda self, size: None}),
        "'needy' cannot be created",
    ),
    "gap": (
        type("Gap", (Hold,), {"name": "gap", "grid": lambda self, *a: gap(EdgePolicy.grid(self, *a))}),
        "'gap' fails for 21 frames in tiles of 16 (spot, step 0): the segments go from frame 16 to 21",
    ),
    "none": (type("Nothing", (Hold,), {"name": "nothing", "grid": lambda self, *a: []}), "the layout has no tiles"),
    "error": (type("Error", (Hold,), {"name": "error", "grid": lambda self, *a: 1 / 0}), "step 0): division by zero"),
    "outside": (
        type("Out", (Hold,), {"name": "out", "frame_at": lambda self, index, frames: index}),
        "frame_at returns array(",
    ),
    "list": (
        type("Listed", (Hold,), {"name": "listed", "frame_at": lambda self, index, frames: 5}),
        "'listed' fails",
    ),
    "inside": (
        type("Moved", (Hold,), {"name": "moved", "frame_at": lambda self, i, frames: np.clip(i + 1, 0, frames - 1)}),
        "frame_at moves frames that lie inside the latent",
    ),
    "reaches": (type("Reach", (Hold,), {"name": "reach", "padding": "none"}), "padding is 'none', but windows reach ("),
    "multiple": (
        type("Grainless", (Merge,), {"name": "grainless", "grain": lambda self, multiple: 1}),
        "which is not a multiple of 8",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_one_is_refused_and_not_kept(fault: str) -> None:
    policy, words = FAULTS[fault]
    with pytest.raises(InputError) as caught:
        register_edge(policy)
    assert words in str(caught.value)
    assert len(str(caught.value)) <= 200
    assert tuple(POLICIES) == EDGES


def test_an_unknown_edge_says_how_to_add_one() -> None:
    with pytest.raises(
        InputError, match=r"edge is 'hold': expected one of reflect, .*, or one of your own \(see register_edge\)"
    ):
        SpotDiffusionConfig(edge="hold")
