"""SamplerPanel, which generates sound without code, shows the steps, and keeps every run for comparison."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.defaults import AUDIOLDM, TINY, defaults_of
from spotnb.support.checks import check_int, check_items
from spotnb.support.endings import PATIENCE
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.widgets.base import require_open, while_open
from spotnb.widgets.comparison import RunComparison
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.page import write_page
from spotnb.widgets.panel_display import Display
from spotnb.widgets.panel_files import save_run
from spotnb.widgets.panel_form import ACTIONS, Button, Form, Refused, refusing
from spotnb.widgets.panel_kept import Kept, Shelf, compared_runs, run_name
from spotnb.widgets.panel_marimo import PanelColumns, Workers
from spotnb.widgets.panel_model import PanelModel
from spotnb.widgets.panel_parts import PanelStatus, RunResult
from spotnb.widgets.panel_run import Run
from spotnb.widgets.panel_telling import Foresight, enabled, fork_words, hint, share

TITLE: Final = "Make long sound from a sentence"
WORKING: Final = "the panel is working: expected it to be ready; press Pause first"


class SamplerPanel(ipywidgets.VBox):  # type: ignore[misc]
    """A form for a run, buttons to drive it, the inspector, the sound, and a list of all runs.

    A run keeps the settings with which it was started. `fork` continues from the step that is shown with the current
    settings of the form, and `reset` sets the run aside. Nothing is thrown away unless `remove` is called: every run
    that is finished, forked or set aside stays in the list, finished ones with their sound. Only the steps of older
    runs are dropped when those of all runs take more than 200 MB, and their cards say so. A minute of sound takes
    about 8 MB of memory.

    The actions of the buttons are also methods: `run()`, `step()`, `phase()`, `pause()`, `reset()`, `fork()` and
    `save()`. They return at once, except `save()`. `wait()` waits until they are done.

    Args:
        model: A model name for `load_model`, or an `AudioModel`. It is loaded when it is first needed: the embedded
            model for the cost of the run in seconds, any other model for the first run. The form starts from what suits
            the model; one that has to be loaded for that changes the fields that the user has left alone.

    Attributes:
        form: The fields; `form.seed.value` reads or sets one.
        buttons: The buttons by name, with `click()` and `disabled`.
        status: What the panel says of the run.
    """

    _columns: PanelColumns | None = None
    _closed = True  # until there is something to close: ipywidgets closes even what could not be made

    def __init__(self, model: Any = "tiny") -> None:
        self._eager = not isinstance(model, str) or model == "tiny"
        self._adopted = self._eager
        self._lock = threading.RLock()
        self._shelf = Shelf(self._asked)
        self._workers = Workers()
        self._run = Run(PanelModel(model), self._show, self._shelf, self._workers)
        self.form = Form(self._form_changed, _usual(model))
        self._display = Display(self.form, self._shelf)
        self.status: PanelStatus = self._display.status
        self._foresight = Foresight(self._run, self.form, self._display, self._eager, self._workers)
        self._closed = False
        self.buttons = {name: Button(self.form.view, name, self._pressed) for name in ACTIONS}
        self.form.view.on_msg(self._heard)
        self._display.head.on_msg(self._heard)
        super().__init__([self._display.box])
        self.add_class("spotnb-panel")
        self._show()
        self._foresight.plan()
        self._foresight.changed()

    @property
    def sampler(self) -> Any:
        """The `SpotSampler`, or None before the first run."""
        return self._run.sampler

    @property
    def waveform(self) -> NDArray[np.float32] | None:
        """The sound of the last finished run, or None before a run is finished and after `reset`.

        `[samples]` or `[channels, samples]`, float32.
        """
        generation = self._run.generation
        return None if generation is None else generation.waveform

    @property
    def inspector(self) -> LatentInspector | None:
        """The `LatentInspector` of the run, or None."""
        return self._display.inspector

    @property
    def result(self) -> RunResult | None:
        """The widget with the sound of the last finished run, or None."""
        return self._display.result

    @property
    def comparison(self) -> RunComparison | None:
        """The `RunComparison` that `compare` opened, or None."""
        return self._display.comparison

    @property
    def runs(self) -> tuple[Kept, ...]:
        """The kept runs, with `number`, `name`, `sampler`, `generation` and `waveform`, the oldest first."""
        return tuple(self._shelf.runs)

    # ---- the actions of the buttons

    def run(self) -> None:
        """Run to the end, or continue after a pause."""
        self._start(self._run.go, "Running")

    def step(self) -> None:
        """Take one step, or finish the current one."""
        self._start(self._run.one_step, "Running")

    def phase(self) -> None:
        """Do the next part of a step, and show what it did: pad, predict tile by tile, stitch, update."""
        self._start(self._run.phase, "Running")

    @while_open
    def pause(self) -> None:
        """Stop after the tiles that are being predicted."""
        self._run.pause()

    @while_open
    def reset(self) -> None:
        """Set the run aside, unless it is working. The list keeps it, and the next run uses the form."""
        if not self._run.busy:
            self._run.reset()
            self._foresight.changed()

    @while_open
    def fork(self) -> None:
        """Continue from the step that is shown, with the current settings of the form. The list keeps the run."""
        at = self._step_to_fork()
        self._start(lambda settings: self._run.fork(settings, at), "Forking")

    @while_open
    def save(self, kind: str = "wav", path: Any = None) -> Path | None:
        """Save the sound or the trace of the run, and return the path of the file.

        An error is shown in the panel, and None is returned.

        Args:
            kind: "wav" for the sound, or "trace".
            path: The file. By default it is next to the notebook, with a new name from the prompt and the seed.
        """
        try:
            saved = save_run(kind, path, self.sampler, self._run.generation)
        except (SpotnbError, OSError) as error:
            self._run.tell(trouble=str(error), details="")
            return None
        self._run.tell(doing=f"Saved {saved.name}", trouble="")
        return saved

    # ---- the kept runs

    @while_open
    def compare(self, numbers: Iterable[int] | None = None) -> RunComparison | None:
        """Open a comparison of finished runs above the rest, and return it. The one before is closed.

        Args:
            numbers: The numbers of 2 to 4 kept runs; None means those that are ticked in the list, and an empty list
                closes the comparison.

        Raises:
            InputError: There is no such run, one is not finished, or they are fewer than 2 or more than 4.
        """
        if numbers is None:
            chosen = [kept for kept in self._shelf.runs if kept.card.chosen]
        else:
            chosen = [self._kept(number) for number in check_items("numbers", numbers, hint="runs count from 1")]
            if not chosen:
                self._display.compare(None)
                return None
        if missing := [kept for kept in chosen if kept.generation is None]:
            raise InputError(f"run {missing[0].number} is not finished: expected finished runs; show it and press Run")
        self._display.compare(RunComparison(compared_runs(chosen)))
        for kept in self._shelf.runs:
            kept.card.chosen = kept in chosen
        return self.comparison

    @while_open
    def show_run(self, number: int) -> None:
        """Return to a kept run: its sound and its steps, or, if it is unfinished, the place where it stands.

        Raises:
            InputError: There is no such run.
            SpotnbError: The panel is working.
        """
        kept = self._kept_at_rest(number)
        self._run.show(kept)

    @while_open
    def remove(self, number: int) -> None:
        """Throw away a kept run with its sound.

        Raises:
            InputError: There is no such run.
            SpotnbError: The panel is working.
        """
        kept = self._kept_at_rest(number)
        self._shelf.remove(kept)
        if kept.sampler is self._run.sampler:
            self._run.clear()
            self._foresight.changed()
        else:
            if kept.generation is not None and kept.generation is self._run.generation:
                self._run.generation = None
            self._show()

    def _kept_at_rest(self, number: Any) -> Kept:
        kept = self._kept(number)
        if self._run.busy:
            raise SpotnbError(WORKING)
        return kept

    def _kept(self, number: Any) -> Kept:
        held = {kept.number: kept for kept in self._shelf.runs}
        number = check_int("number", number, 1, hint="the list shows the numbers of the runs")
        if number not in held:
            raise InputError(f"there is no run {number}: expected one of {sorted(held)}; see the list of runs")
        return held[number]

    def wait(self, seconds: float | None = None) -> None:
        """Wait until all work is done, or for some seconds."""
        self._run.wait(seconds)

    # ---- what can be shown without a kernel

    @while_open
    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write what the panel shows to one self-contained HTML file, and return its path.

        Before a run, these are the meaning and the tiles of the settings in the form; then the sound and the steps of
        the run, and all kept runs.

        Raises:
            SpotnbError: The file cannot be written.
        """
        cards = [kept.card for kept in self._shelf.runs if len(self._shelf.runs) > 1]
        title = TITLE if self.sampler is None else run_name(self.sampler)
        return write_page(path, title, [*self._display.right_column, *cards])

    @while_open
    def png(self) -> bytes | None:
        """Return a static picture: the sound, the steps of an unfinished run, or the tiles before a run."""
        begun = self.inspector if self.sampler is not None and len(self.sampler.trace) else None
        part = self.result or begun or self._display.tiles
        return None if part is None else part.png()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        try:
            png = self.png()
        except Exception:  # the panel must be shown even if its picture fails
            return shown
        if shown is not None and png is not None:
            (shown[0] if isinstance(shown, tuple) else shown)["image/png"] = base64.b64encode(png).decode()
        return shown

    def _mime_(self) -> tuple[str, str]:
        """Return what marimo shows: the two columns as one anywidget, because it has no boxes of ipywidgets."""
        import marimo

        if self._columns is None:
            self._columns = PanelColumns(*self._display.columns)
        shown: tuple[str, str] = marimo.ui.anywidget(self._columns)._mime_()
        return shown

    def close(self) -> None:
        """Stop all work, and remove the panel from all pages and from memory. It cannot be used again."""
        if self._closed:
            return
        self._closed = True
        for part in (self._foresight, self._run):
            part.halt()
            part.wait(PATIENCE)
        columns = [] if self._columns is None else [self._columns]
        for each in [*columns, *_below(self), *self._display.leftovers(), self]:
            values = each._trait_values  # noqa: SLF001  reading a trait would create its model
            plumbing = values.get("layout"), values.get("style")
            super().close() if each is self else each.close()
            for part in plumbing:  # separate models, which ipywidgets would otherwise keep forever
                if part is not None:
                    part.close()
        self._shelf.runs = []
        self._run.clear()
        self._workers.close()

    # ---- what pages ask for

    def _heard(self, _: Any, content: Any, __: Any) -> None:
        """Handle a message from a page. Its content is not trusted."""
        if self._closed or not isinstance(content, dict):
            return
        self.form.take(content.get("values"))  # what was typed just before the click
        name = content.get("press")
        if not isinstance(name, str):
            return
        if name in ACTIONS and not self.buttons[name].disabled:
            self._workers.do(lambda: self._pressed(name))
        elif name in ("compare", "close"):
            self._try(lambda: self.compare(None if name == "compare" else []))

    def _asked(self, kept: Kept, wish: str) -> None:
        if self._closed:
            return
        if wish == "choose":
            self._display.head.chosen = sum(each.card.chosen for each in self._shelf.runs)
        else:
            self._try(lambda: (self.show_run if wish == "show" else self.remove)(kept.number))

    def _try(self, act: Any) -> None:
        trouble = ""
        try:
            self._workers.do(act)
        except SpotnbError as error:
            trouble = str(error)
        self._display.head.trouble = trouble

    def _pressed(self, name: str) -> None:
        if name in ("wav", "trace"):
            self.save(name)
        else:
            getattr(self, name)()

    def _start(self, work: Any, busy: str) -> None:
        require_open(self)
        try:
            settings = self.form.settings()
        except SpotnbError as error:
            shown = self._foresight.answer(error)
            self._run.tell(trouble="" if shown else str(error), details="")
            return
        self._foresight.accept()

        def begin() -> None:
            if not self._adopted:
                self.form.adopt(defaults_of(as_model(self._run.load())))
                self._adopted = True
                self._run.tell(busy=busy)
            try:
                with refusing():
                    wanted = settings if self._eager else self.form.settings()
                work(wanted)
            except Refused as error:
                if not self._foresight.answer(error):
                    raise

        self._run.start(begin, busy)

    # ---- display

    def _show(self) -> None:
        """Update everything after a change of the run, from any thread."""
        with self._lock:
            if self._closed:
                return
            run, state, status = self._run, self._run.state, self.status
            self._display.follow(run, lambda _: self._show_fork())
            words = {"Running": "", "": ""}.get(state.busy, f"{state.busy}. ")
            status.doing = f"{words}{state.doing}" or "Ready"
            status.run = "" if run.sampler is None else run_name(run.sampler)
            status.busy, status.share = run.busy, share(run)
            status.trouble, status.details = state.trouble, state.details
            status.hint = hint(run, self.form)
            self._show_fork()
            self.form.view.enabled = enabled(run)
            self._display.head.busy = run.busy

    def _show_fork(self) -> None:
        self.status.fork = fork_words(self._run, self._step_to_fork())

    def _step_to_fork(self) -> int | None:
        """Return the step before which Fork continues, or None for the current state."""
        inspector, sampler = self.inspector, self.sampler
        if inspector is None or sampler is None or not len(inspector.records):
            return None
        at = inspector.records[inspector.step].step + 1
        return None if at == sampler.steps_done else at

    def _form_changed(self) -> None:
        if not self._closed:
            self.status.hint = hint(self._run, self.form)
            self._foresight.changed()


def _usual(model: Any) -> dict[str, Any]:
    """Return the settings that the form starts from. A model that is not loaded yet may have others."""
    if not isinstance(model, str):
        return defaults_of(as_model(model))
    return {**AUDIOLDM, "tile_size_time": SpotDiffusionConfig().tile_size_time, **(TINY if model == "tiny" else {})}


def _below(widget: Any) -> list[Any]:
    """Return all widgets inside a widget."""
    return [each for child in getattr(widget, "children", ()) for each in (*_below(child), child)]
