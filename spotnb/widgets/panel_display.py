"""What SamplerPanel shows: the plan before a run, then its phases, its sound and its steps, and the kept runs."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

import ipywidgets

from spotnb.errors import SpotnbError
from spotnb.widgets.comparison import RunComparison
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.panel_cost import Plan, Tiling
from spotnb.widgets.panel_form import Form
from spotnb.widgets.panel_kept import Shelf
from spotnb.widgets.panel_parts import ListHead, PanelStatus, PlanCard, RunResult
from spotnb.widgets.panel_phase import PhaseView
from spotnb.widgets.panel_run import Run
from spotnb.widgets.tile_shift import TileShiftDebugger

OPENING: Final = 5.0
"""Seconds that a page may take to open a widget. Closing it earlier would fail the page."""


class Display:
    """The widgets of the panel, in two columns that stand below each other where it is narrow.

    Args:
        form: The form.
        shelf: The kept runs.

    Attributes:
        box: The container of everything.
        inspector: The `LatentInspector` of the run, or None.
        result: The sound of the last finished run, or None.
        phase: What the last phase did, or None.
        tiles: The tiles of the run in the form, which are shown before a run, or None.
        comparison: The comparison of chosen runs, or None.
    """

    def __init__(self, form: Form, shelf: Shelf) -> None:
        self.form, self.shelf = form, shelf
        self.status, self.head, self.plan = PanelStatus(doing="Ready"), ListHead(), PlanCard()
        self.inspector: LatentInspector | None = None
        self.result: RunResult | None = None
        self.phase: PhaseView | None = None
        self.tiles: TileShiftDebugger | None = None
        self.comparison: RunComparison | None = None
        self._planned: Tiling | None = None
        self._gone: list[Any] = []  # replaced, but perhaps still on the page
        self._leaving: dict[Any, float] = {}  # off the page, and since when
        gap = {"grid_gap": "10px"}
        self._cards = ipywidgets.VBox([], layout=ipywidgets.Layout(**gap))
        left = [form.view, self.status, self.head, self._cards]
        self._left = ipywidgets.VBox(left, layout=ipywidgets.Layout(flex="1 1 330px", min_width="280px", **gap))
        self._right = ipywidgets.VBox([], layout=ipywidgets.Layout(flex="3 1 520px", min_width="280px", **gap))
        row = ipywidgets.Layout(flex_flow="row wrap", grid_gap="12px")
        self.box = ipywidgets.HBox([self._left, self._right], layout=row)

    @property
    def columns(self) -> tuple[ipywidgets.Box, ipywidgets.Box]:
        """The left and the right column."""
        return self._left, self._right

    @property
    def right_column(self) -> list[Any]:
        """The widgets in the right column, from top to bottom."""
        before_a_run = [] if self.inspector else [self.plan, self.tiles]
        parts = [self.comparison, self.phase, self.result, self.inspector, *before_a_run]
        return [part for part in parts if part is not None]

    def follow(self, run: Run, watch: Any) -> None:
        """Show what a run has by now. `watch` hears of the step that the inspector shows."""
        inspected = None if self.inspector is None else self.inspector.sampler
        if inspected is not run.sampler:
            self._gone.append(self.inspector)
            self.inspector = None if run.sampler is None else LatentInspector(run.sampler)
            if self.inspector is not None:
                self.inspector.observe(watch, "step")
        elif self.inspector is not None:
            self.inspector.refresh()
        heard = None if self.result is None else self.result.generation
        if heard is not run.generation:
            self._gone.append(self.result)
            self.result = None if run.generation is None else RunResult(run.generation)
        if run.pictured is None:
            self._gone.append(self.phase)
            self.phase = None
        elif self.phase is None:
            self.phase = PhaseView(_scene=run.pictured)
        elif self.phase._scene is not run.pictured:  # noqa: SLF001  its own trait
            self.phase.set_trait("_scene", run.pictured)
        for kept in self.shelf.runs:
            kept.card.current = kept.sampler is run.sampler
        self.arrange()

    def arrange(self) -> None:
        """Put the widgets in their places, and close those that an earlier update replaced."""
        cards = [kept.card for kept in reversed(self.shelf.runs)]
        changed = list(self._right.children) != self.right_column or list(self._cards.children) != cards
        if not changed:
            return
        for box, children in ((self._right, self.right_column), (self._cards, cards)):
            if list(box.children) != children:
                self._gone += [each for each in box.children if each not in children]
                box.children = children
        self.head.count = len(cards)
        kept, now = (*self.right_column, *cards, self.plan, self.tiles), time.monotonic()
        for part, since in list(self._leaving.items()):
            if now - since > OPENING:
                del self._leaving[part]
                part.close()
        self._leaving |= {part: now for part in self._gone if part is not None and part not in kept}
        self._gone = []

    def plan_for(self, plan: Plan) -> None:
        """Show the tiles of a plan, and what it means."""
        self.plan.meaning = plan.meaning
        values = self.form.view.values
        self.plan.settings = {field["label"]: values[field["name"]] for field in self.form.view._scene["fields"]}  # noqa: SLF001
        clock, config = plan.clock, plan.config
        self.form.view.notes = {
            "duration": f"{plan.frames} latent frames",
            "tile_size_time": f"{config.tile_size_time * clock.frame_seconds:.3g} s",
            "max_shift_ratio": f"{config.max_shift} frames, {config.max_shift * clock.frame_seconds:.3g} s",
        }
        if plan.tiling == self._planned or self.inspector is not None:
            return  # a run is shown: the tiles are made when they are seen again
        try:
            tiles = TileShiftDebugger(**plan.tiling._asdict())
        except SpotnbError:  # an edge policy of the user's own, or a run that is too long for this picture
            tiles = None
        self._planned = plan.tiling
        self._gone.append(self.tiles)
        self.tiles = tiles
        if tiles is not None:
            tiles.observe(self._follow_tiles, ["method", "edge"])
        self.arrange()

    def _follow_tiles(self, change: Any) -> None:
        """Take over a method or an edge policy that was chosen in the picture: the form has no other than it shows."""
        assert self._planned is not None  # the picture is that of a plan
        if change.name == "edge":
            self._planned = self._planned._replace(config=replace(self._planned.config, edge=change.new))
        else:
            self._planned = self._planned._replace(method=change.new)
        self.form.controls[change.name].value = change.new

    def compare(self, comparison: RunComparison | None) -> None:
        """Show a comparison above everything else, or remove it."""
        self._gone.append(self.comparison)
        self.comparison = comparison
        self.head.comparing = comparison is not None
        self.arrange()

    def leftovers(self) -> list[Any]:
        """Return the widgets that are in no column: they must be closed separately."""
        held = [self.plan, self.tiles, *self._gone, *self._leaving]
        return [each for each in dict.fromkeys(held) if each is not None and each not in self.right_column]
