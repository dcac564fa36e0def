"""Compressed records: JavaScript gets the codes that Python had, and a page holds less than 5 MB."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from spotnb.widgets.coding import BUDGET, FEWEST, encode, encode_within
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.packing import Packed, pack
from spotnb.widgets.quantise import LEVELS
from tests.widgets.test_inspector import sampler, synthetic
from tests.widgets.test_javascript import ROOT, node

DECODE = """
import { readFileSync } from "node:fs";
import { inflated } from "./spotnb/widgets/static/inspector/coding.js";
import { Store } from "./spotnb/widgets/static/inspector/store.js";
const [, , told, data] = process.argv;
const { scene, begun } = JSON.parse(readFileSync(told, "utf-8"));
const store = new Store(scene, begun, await inflated(new Uint8Array(readFileSync(data))));
const parts = store.parts.map(({ codes, numbers }) => ({
  codes: Object.fromEntries(Object.entries(codes).map(([name, plane]) => [name, [...plane]])),
  numbers: [...numbers].map((value) => Number.isFinite(value) ? value : null),
}));
console.log(JSON.stringify(parts));
"""


def ddim_like(frames: int = 768, steps: int = 50, channels: int = 8, bins: int = 16) -> Trace:
    """Return a trace in which the estimate settles as it does in a run, and the latent follows DDIM (eta 0)."""
    random = np.random.default_rng(0)
    shape = (1, channels, frames, bins)
    final = np.cumsum(random.normal(size=shape), axis=2) * 0.1
    final /= final.std()
    signals = np.linspace(0.05, 0.999, steps + 1)
    noise = random.normal(size=shape)
    x = signals[0] * final + np.sqrt(1 - signals[0] ** 2) * noise
    records = []
    for step in range(steps):
        doubt = 0.25 * (1 - step / steps)
        x0 = final * (1 - doubt) + doubt * random.normal(size=shape) * 0.3
        noise = (x - signals[step] * x0) / np.sqrt(1 - signals[step] ** 2)
        x = signals[step + 1] * x0 + np.sqrt(1 - signals[step + 1] ** 2) * noise
        layout = plan(frames, SpotDiffusionConfig(128), step)
        arrays = {name: value.astype(np.float32) for name, value in (("x", x), ("x0", x0), ("noise", noise))}
        records.append(StepRecord(step, 981 - 20 * step, layout.shift, layout, seconds=0.1, **arrays))
    return Trace(records=records)


def packed(trace: Trace, every: int = 1) -> list[Packed]:
    records = list(trace.records)
    return [
        pack(record, records[k - 1] if k and every == 1 else None, planes=k % every == 0)
        for k, record in enumerate(records)
    ]


def odd() -> Trace:
    """Return a trace with NaN, infinity, a constant channel and huge values."""
    trace = synthetic(frames=12, steps=4)
    for record, value in zip(trace.records, (np.nan, np.inf, -np.inf, 1e30), strict=True):
        assert record.x is not None
        assert record.x0 is not None
        record.x[0, 0, 3:5] = value
        record.x0[0, 1] = 0.25
    return trace


CASES = {
    "run": lambda: packed(sampler(steps=8).run(progress=False).trace),
    "ddim": lambda: packed(ddim_like(40, 6, 2, 4)),
    "random": lambda: packed(synthetic()),
    "thinned": lambda: packed(synthetic(steps=7), every=3),
    "x0 alone": lambda: packed(sampler(record="x0").run(progress=False).trace),
    "odd": lambda: packed(odd()),
    "nothing": list,
}


@pytest.mark.parametrize("levels", [LEVELS, 20])
@pytest.mark.parametrize("case", CASES)
def test_the_page_decodes_what_was_packed(case: str, levels: int, tmp_path: Path) -> None:
    records = CASES[case]()
    described, data = encode(records, levels)
    planes = [next(iter(each.planes.values())).codes for each in records if each.planes]
    channels, columns, bins = planes[0].shape if planes else (1, 1, 1)
    scene = {"channels": channels, "frames": columns, "bins": bins, "columns": columns, "factor": 1}
    (tmp_path / "told.json").write_text(json.dumps({"scene": scene, "begun": {"edition": 0, "from": 0, **described}}))
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "decode.mjs").write_text(DECODE.replace("./spotnb", str(ROOT / "spotnb")))
    command = [node(), tmp_path / "decode.mjs", tmp_path / "told.json", tmp_path / "data"]
    decoded = json.loads(subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout)
    assert len(decoded) == len(records)
    for part, each in zip(decoded, records, strict=True):
        assert set(part["codes"]) == set(each.planes)
        for at, name in each.ranges(each.planes):
            plane, codes = each.planes[name], np.array(part["codes"][name], np.uint8).reshape(-1, columns, bins)
            special = plane.codes > LEVELS
            assert (codes[special] == plane.codes[special]).all()
            if levels == LEVELS:
                assert (codes == plane.codes).all()
            assert codes[~special].max(initial=0) <= levels
            scale = np.array(part["numbers"][at : at + channels], np.float64).reshape(-1, 1, 1)
            low = plane.low.astype(np.float64).reshape(-1, 1, 1)
            values = plane.values().astype(np.float64)
            error = np.abs(low + codes * scale - values)[~special]
            assert (
                error <= np.broadcast_to(scale, codes.shape)[~special] * 0.51 + 1e-6 * np.abs(values[~special])
            ).all()


def saved_size(widget: Any) -> int:
    """Return the bytes of a widget's state in a saved notebook."""
    return len(json.dumps(ipywidgets.Widget.get_manager_state(widgets=[widget])))


def test_a_run_of_30_seconds_and_50_steps_takes_less_than_5_mb(tmp_path: Path) -> None:
    widget = LatentInspector(ddim_like())
    assert saved_size(widget) < 5_000_000
    assert widget.to_html(tmp_path / "run.html").stat().st_size < 5_000_000
    begun = widget.get_state("_begun")["_begun"]
    assert begun["levels"] == LEVELS  # nothing was lost
    assert all(facts["planes"] for facts in begun["records"])  # each step is there
    widget.close()


def test_even_random_records_stay_below_5_mb() -> None:
    """Records that nothing predicts are sent in fewer levels; a page with a kernel requests the rest."""
    widget = LatentInspector(synthetic(frames=768, steps=50, channels=8, bins=16, tile=128))
    assert saved_size(widget) < 5_000_000
    begun = widget.get_state("_begun")["_begun"]
    assert FEWEST < begun["levels"] < LEVELS
    assert all(facts["planes"] for facts in begun["records"])
    assert widget.get_state("_begun")["_begun"]["data"] is begun["data"]  # computed once
    widget.close()


def test_a_budget_is_kept_as_far_as_can_be() -> None:
    records = packed(synthetic(frames=1000))
    whole = len(encode(records)[1])
    for budget in (whole, whole // 2, whole // 4):
        described, data = encode_within(records, budget)
        assert len(data) <= budget
    assert encode_within(records, 10)[0]["levels"] == FEWEST
    assert described["levels"] < LEVELS
    assert BUDGET * 4 / 3 < 4_700_000
