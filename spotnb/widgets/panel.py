"""SamplerPanel, which generates sound without code, shows the steps, and passes the result to the next cell."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Final

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from spotnb.errors import SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.defaults import AUDIOLDM, TINY, defaults_of
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.widgets.base import require_open, while_open
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.page import write_page
from spotnb.widgets.panel_cost import planned_cost
from spotnb.widgets.panel_files import save_run
from spotnb.widgets.panel_form import Form
from spotnb.widgets.panel_parts import PanelStatus, RunResult
from spotnb.widgets.panel_run import Run, duration

COST_AFTER: Final = 0.5  # seconds without a change before the cost is computed again
OLD_SOUND: Final = "The sound is that of the run before, until this one is done."
ACTIONS: Final = {
    "run": ("Run", "Run to the end, or continue after a pause"),
    "step": ("Step", "Take one step, or finish the current one"),
    "phase": ("Phase", "Do the next part of a step: pad, predict tile by tile, stitch, finish"),
    "pause": ("Pause", "Stop after the tiles that are being predicted"),
    "reset": ("Reset", "Discard the run and the sound; the next run uses the current form"),
    "fork": ("Fork", "Continue from the step that is shown, with the current form"),
    "wav": ("Save wav", "Write the sound to a file next to the notebook"),
    "trace": ("Save trace", "Write the trace of the run to a file next to the notebook"),
}


class SamplerPanel(ipywidgets.VBox):  # type: ignore[misc]
    """A form for a run, buttons to drive it, the inspector, and the sound.

    A run keeps the settings with which it was started. `fork` continues from the step that is shown with the current
    settings of the form, and `reset` discards the run and the sound. The actions of the buttons are also methods:
    `run()`, `step()`, `phase()`, `pause()`, `reset()`, `fork()` and `save()`. They return at once, except `save()`.
    `wait()` waits until they are done.

    Args:
        model: A model name for `load_model`, or an `AudioModel`. It is loaded when it is first needed: the embedded
            model for the cost of the run in seconds, any other model for the first run. The form starts from what suits
            the model; one that has to be loaded for that changes the controls that the user has left alone.

    Attributes:
        sampler: The `SpotSampler`, or None before the first run.
        waveform: `[samples]` or `[channels, samples]` float32 of the last finished run, or None before a run is
            finished. It is kept until another run is finished or `reset` is called.
        inspector: The `LatentInspector` of the run, or None.
    """

    def __init__(self, model: Any = "tiny") -> None:
        self._eager = not isinstance(model, str) or model == "tiny"
        self._run = Run(model, self._show)
        self.inspector: LatentInspector | None = None
        self.result: RunResult | None = None
        self._timer: threading.Timer | None = None
        self._closed = False
        self._gone: list[LatentInspector | RunResult] = []
        self._lock = threading.RLock()
        self._adopted = self._eager
        self.form = Form(self._form_changed, _usual(model))
        self.status = PanelStatus(doing="Ready")
        self.buttons = {}
        for name, (word, tooltip) in ACTIONS.items():
            button = ipywidgets.Button(description=word, tooltip=tooltip, layout=ipywidgets.Layout(width="auto"))
            button.on_click(lambda _, name=name: self._pressed(name))
            self.buttons[name] = button
        self.buttons["run"].button_style = "primary"
        names = list(ACTIONS)
        rows = [self._bar([self.buttons[name] for name in part]) for part in (names[:6], names[6:])]
        beside = ipywidgets.Layout(flex="1 1 290px", min_width="270px", grid_gap="6px")
        left = ipywidgets.VBox([self.form.box, rows[0], self.status, rows[1]], layout=beside)
        self._right = ipywidgets.VBox(
            [], layout=ipywidgets.Layout(flex="3 1 480px", min_width="280px", grid_gap="10px")
        )
        both = ipywidgets.HBox([left, self._right], layout=ipywidgets.Layout(flex_flow="row wrap", grid_gap="12px"))
        super().__init__([both])
        self.add_class("spotnb-panel")
        self._show()
        self._form_changed()

    @staticmethod
    def _bar(buttons: list[Any]) -> Any:
        bar = ipywidgets.HBox(buttons, layout=ipywidgets.Layout(flex_flow="row wrap"))
        bar.add_class("spotnb-panel-bar")
        return bar

    @property
    def sampler(self) -> Any:
        """The `SpotSampler`, or None before the first run."""
        return self._run.sampler

    @property
    def waveform(self) -> NDArray[np.float32] | None:
        """The sound of the last finished run, or None before a run is finished."""
        generation = self._run.generation
        return None if generation is None else generation.waveform

    # ---- the actions of the buttons

    def run(self) -> None:
        """Run to the end, or continue after a pause."""
        self._start(self._run.go, "Running")

    def step(self) -> None:
        """Take one step, or finish the current one."""
        self._start(self._run.one_step, "Running")

    def phase(self) -> None:
        """Do the next part of a step: pad, predict tile by tile, stitch, finish."""
        self._start(self._run.phase, "Running")

    @while_open
    def pause(self) -> None:
        """Stop after the tiles that are being predicted."""
        self._run.pause()

    @while_open
    def reset(self) -> None:
        """Discard the run and the sound, unless it is working."""
        if not self._run.busy:
            self._run.reset()
            self._form_changed()

    @while_open
    def fork(self) -> None:
        """Continue from the step that is shown, with the current settings of the form."""
        at = None
        if self.inspector is not None and len(self.inspector.records):
            at = self.inspector.records[self.inspector.step].step + 1
            at = None if at == self._run.sampler.steps_done else at
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

    @while_open
    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the sound and the finished steps of the run to one self-contained HTML file, and return its path.

        Raises:
            SpotnbError: There is no run, or the file cannot be written.
        """
        shown = [part for part in (self.result, self.inspector) if part is not None]
        if not shown:
            raise SpotnbError("there is nothing to write yet: expected a run; press Run or call run() first")
        prompt = self.sampler.prompt
        return write_page(path, prompt.text if isinstance(prompt, PromptTimeline) else prompt or "A run", shown)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until all work is done, or for some seconds."""
        self._run.wait(seconds)

    def close(self) -> None:
        """Stop all work, and remove the panel from all pages and from memory. It cannot be used again."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join(10)
        self._run.pause()
        self._run.wait(10)
        self._close_gone()
        for each in [*_below(self), self]:
            values = each._trait_values  # noqa: SLF001  reading a trait would create its model
            plumbing = values.get("layout"), values.get("style")
            super().close() if each is self else each.close()
            for part in plumbing:  # separate models, which ipywidgets would otherwise keep forever
                if part is not None:
                    part.close()
        self._run.reset()

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
            self._run.tell(trouble=str(error), details="")
            return

        def begin() -> None:
            if not self._adopted:
                self.form.adopt(defaults_of(as_model(self._run.model())))
                self._adopted = True
                self._run.tell(busy=busy)
            work(settings if self._eager else self.form.settings())

        self._run.start(begin, busy)

    # ---- display

    def _show(self) -> None:
        """Update everything after a change of the run, from any thread."""
        with self._lock:
            if self._closed:
                return
            run, state = self._run, self._run.state
            self._show_run()
            done, total = (0, 1) if run.sampler is None else (run.sampler.steps_done, len(run.sampler.solver))
            words = {"Running": "", "": ""}.get(state.busy, f"{state.busy}. ")
            self.status.set_trait("doing", f"{words}{state.doing}" or "Ready")
            self.status.busy = run.busy
            part = 0.0
            if state.tiles and run.sampler is not None and not run.sampler.done:
                part = state.tiles / max(1, len(run.sampler.layout(done).tiles))
            self.status.share = min(1.0, (done + part) / total)
            self.status.trouble, self.status.details = state.trouble, state.details
            self._show_hint()
            has = run.sampler is not None
            on = {"pause": run.busy} | dict.fromkeys(("run", "step", "phase"), not run.busy)
            on |= dict.fromkeys(("reset", "fork"), has and not run.busy)
            on |= {"wav": self.waveform is not None and not run.busy, "trace": has and done > 0 and not run.busy}
            # Enable buttons before disabling others, so that the focus can move.
            for name in sorted(on, key=lambda name: not on[name]):
                self.buttons[name].disabled = not on[name]

    def _show_run(self) -> None:
        """Update the inspector and the sound."""
        run = self._run
        gone: list[LatentInspector | RunResult | None] = []
        inspected = None if self.inspector is None else self.inspector.sampler
        if inspected is not run.sampler:
            gone.append(self.inspector)
            self.inspector = None if run.sampler is None else LatentInspector(run.sampler)
        elif self.inspector is not None:
            self.inspector.refresh()
        heard = None if self.result is None else self.result.generation
        if heard is not run.generation:
            gone.append(self.result)
            self.result = None if run.generation is None else RunResult(run.generation)
        if gone:
            self._right.children = [part for part in (self.result, self.inspector) if part is not None]
            self._close_gone()
            self._gone = [part for part in gone if part is not None]

    def _close_gone(self) -> None:
        """Close the parts that the previous update replaced. Closing them earlier would fail a page that opens them."""
        for part in self._gone:
            part.close()
        self._gone = []

    def _show_hint(self) -> None:
        sampler = self._run.sampler
        hint = ""
        notes = "" if sampler is None else ". ".join(sampler.definition.prompts.notes)
        if sampler is not None and not self._run.busy:
            try:
                settings, now = self.form.settings(), sampler.settings()
                if any(now[name] != value for name, value in settings.items()):
                    hint = "The form has changed: Fork continues with it, Reset discards the run."
                    if sampler.done:
                        hint = "The form has changed: Run makes a new sound."
            except SpotnbError:
                pass  # the cost shows the error
        if sampler is not None and self._run.generation is not None and not self._run.finished:
            hint = f"{hint} {OLD_SOUND}".strip()
        self.status.hint = f"{hint} Note: {notes}.".strip() if notes else hint

    def _form_changed(self) -> None:
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._show_hint()
        self._timer = threading.Timer(COST_AFTER, self._tell_cost)
        self._timer.daemon = True
        self._timer.start()

    def _tell_cost(self) -> None:
        """Show the cost of the form, in a thread: windows and frames, and also seconds if the model is available."""
        try:
            settings = self.form.settings()
            text = planned_cost(settings, self._run.held)
            self._set_cost(text)
            if self._run.busy or not (self._eager or self._run.loaded):
                return
            from spotnb.sampling.sampler import SpotSampler

            sampler = SpotSampler(self._run.load_quietly(), **settings)
            cost, text = sampler.cost(), planned_cost(settings, sampler.model)
            memory = f"{cost.peak_bytes / 1e6:.0f} MB" if cost.peak_bytes < 1e9 else f"{cost.peak_bytes / 1e9:.1f} GB"
            self._set_cost(f"{text}; about {duration(cost.seconds)} and {memory}")
        except Exception as error:  # the form may be invalid, and the model may fail to load: show the error instead
            self._set_cost(" ".join(str(error).split()))

    def _set_cost(self, text: str) -> None:
        with self._lock:
            if not self._closed:
                self.status.cost = text


def _usual(model: Any) -> dict[str, Any]:
    """Return the settings that the form starts from. A model that is not loaded yet may have others."""
    if not isinstance(model, str):
        return defaults_of(as_model(model))
    return {**AUDIOLDM, "tile_size_time": SpotDiffusionConfig().tile_size_time, **(TINY if model == "tiny" else {})}


def _below(box: Any) -> Any:
    for child in getattr(box, "children", ()):
        yield from _below(child)
        yield child
