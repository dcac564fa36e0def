"""Fixtures for the geometry that Python and JavaScript both compute, so that the two stay equal.

python -m tests.widgets.fixtures    # rewrites them after a change in Python
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import Layout, plan
from spotnb.tiling.shifts import draw_shift
from spotnb.widgets.abx import abx_needed, abx_p_value
from spotnb.widgets.reflection_stages import ORDERS, Stage, circular, stages
from spotnb.widgets.scenes import edge_policies, method_policies

FOLDER = Path(__file__).parent
SHAPES = (
    # frames, W, overlap, multiple
    (768, 256, None, 8),
    (750, 256, 192, 8),
    (256, 256, None, 8),
    (257, 256, 40, 8),
    (1, 8, None, 8),
    (40, 16, 15, 4),
    (41, 16, 0, 4),
    (23, 6, 1, 2),
    (100, 7, 3, 1),
    (692, 128, None, 8),
    (15000, 256, None, 8),
)
ROLLS = ((8, 3, 3), (8, 0, 3), (8, 7, 8), (8, 3, 0), (2, 1, 1), (5, 4, 5), (50, 6, 13))  # frames, pad, shift


def shifted(config: SpotDiffusionConfig, frames: int, shift: int, method: str, multiple: int) -> Layout:
    """Return the layout for a given shift. The schedule `alternate` draws its largest shift at step 1."""
    ratio = min(1.0, (shift + 0.5) / config.tile_size_time)
    given = (config.tile_size_time, config.min_overlap, ratio, config.edge)
    return plan(frames, SpotDiffusionConfig(*given, shift_schedule="alternate"), 1, method, time_multiple=multiple)


def layouts() -> list[dict[str, Any]]:
    """Return the results of `plan` for every method and edge policy, with a few shapes and shifts."""
    cases = []
    for frames, width, overlap, multiple in SHAPES:
        for edge in EDGES:
            config = SpotDiffusionConfig(width, overlap, edge=edge)
            cases += finishing(frames, config, multiple)
            for method in METHODS:
                few = {width // 3} if frames > 2000 else {0, 1, width // 2 - 1, width // 2, width - 1, width}
                for shift in sorted(few):
                    layout = shifted(config, frames, shift, method, multiple)
                    size = {"frames": frames, "width": width, "overlap": config.overlap, "multiple": multiple}
                    asked = size | {"edge": edge, "method": method}
                    cases.append({"asked": asked, "drawn": shift, "planned": _layout(layout)})
    return cases


def finishing(frames: int, config: SpotDiffusionConfig, multiple: int) -> list[dict[str, Any]]:
    """Return the layouts of a last step, in which tiles overlap: by a quarter, and by less and more."""
    width = config.tile_size_time
    cases = []
    for overlap in sorted({0, width // 4, 3 * width // 4}):
        layout = plan(frames, config, 4, "spot", 5, multiple, finish_steps=1, finish_overlap=overlap)
        asked: dict[str, Any] = {"frames": frames, "width": width, "overlap": config.overlap, "multiple": multiple}
        asked |= {"edge": config.edge, "method": "spot", "finish": overlap}
        drawn = draw_shift(replace(config, edge="reflect"), 4, 5)
        cases.append({"asked": asked, "drawn": drawn, "planned": _layout(layout)})
    return cases


def reflections() -> list[dict[str, Any]]:
    """Return the stages of "pad, roll, crop" in both orders."""
    return [
        {
            "asked": [frames, pad, shift, order],
            "stages": {name: _stage(stage, frames) for name, stage in stages(frames, pad, shift, order).items()},
            "circular": circular(frames, shift).source.tolist(),
        }
        for frames, pad, shift in ROLLS
        for order in ORDERS
    ]


def policies() -> list[dict[str, Any]]:
    """What scenes say of methods and edges, for each multiple that `layouts` has."""
    multiples = sorted({multiple for *_, multiple in SHAPES})
    return [
        {"multiple": multiple, "methods": method_policies(), "edges": edge_policies(multiple)} for multiple in multiples
    ]


def chances() -> list[dict[str, Any]]:
    """The arithmetic of blind tests of several lengths."""
    return [
        {"trials": trials, "needed": abx_needed(trials), "p": [abx_p_value(k, trials) for k in range(trials + 1)]}
        for trials in (1, 4, 5, 8, 12, 16, 24)
    ]


def _layout(layout: Layout) -> dict[str, Any]:
    return {
        "shift": layout.shift,
        "tiles": [[*tile.window, *tile.segment] for tile in layout.tiles],
        "fallback": layout.fallback,
        "seams": list(layout.seams),
        "cuts": list(layout.cuts),
        "pad": list(layout.pad),
        "cost": layout.network_frames,
    }


def _stage(stage: Stage, frames: int) -> dict[str, Any]:
    return {
        "first": stage.first,
        "source": stage.source.tolist(),
        "copied": stage.copied.tolist(),
        "lost": stage.lost(frames),
        "twice": stage.twice(frames),
        "exact": stage.exact(frames),
    }


FIXTURES = {
    "layouts.json": layouts,
    "policies.json": policies,
    "reflections.json": reflections,
    "chances.json": chances,
}


def text(name: str) -> str:
    """Return the text of a fixture, with one case per line."""
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in FIXTURES[name]()) + "\n]\n"


if __name__ == "__main__":
    for each in FIXTURES:
        (FOLDER / each).write_text(text(each))
