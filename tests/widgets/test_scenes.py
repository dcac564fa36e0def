"""What scenes say of methods and edge policies is what `plan` does."""

from __future__ import annotations

import pytest

from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import plan
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.scenes import edge_policies, method_policies
from spotnb.widgets.tile_shift import TileShiftDebugger
from tests.widgets.test_inspector import synthetic


def test_none_is_missing_and_they_stay_in_order() -> None:
    assert list(edge_policies(8)) == list(EDGES)
    assert list(method_policies()) == list(METHODS)


@pytest.mark.parametrize("edge", EDGES)
def test_rings_and_grains(edge: str) -> None:
    policy = edge_policies(8)[edge]
    config = SpotDiffusionConfig(64, edge=edge)
    layouts = [plan(200, config, step) for step in range(40)]
    assert policy["name"] == edge
    assert policy["ring"] == any(tile.segment[1] > 200 for layout in layouts for tile in layout.tiles)
    assert all(layout.shift % policy["grain"] == 0 for layout in layouts)
    assert (policy["grain"] > 1) == all(layout.shift % 8 == 0 for layout in layouts)


def test_they_are_in_the_scenes() -> None:
    scene = TileShiftDebugger()._scene
    assert (scene["edges"], scene["methods"]) == (edge_policies(8), method_policies())
    assert LatentInspector(synthetic())._scene["ring"] is False
