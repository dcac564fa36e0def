"""SamplerPanel: make sound without writing code, watch it come about, and take it into the next cell."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import Any, Final

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.timeline import PromptTimeline
from spotnb.sound.lengths import run_frames
from spotnb.tiling.layout import plan
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.page import write_page
from spotnb.widgets.panel_form import Form
from spotnb.widgets.panel_parts import PanelStatus, RunResult
from spotnb.widgets.panel_run import Run, duration

COST_AFTER: Final = 0.5  # s without a change, before the cost is worked out anew
ACTIONS: Final = {
    "run": ("Run", "Run to the end, or on from a pause"),
    "step": ("Step", "Do one step, or what is left of it"),
    "phase": ("Phase", "Do the next part of a step: pad, predict tile by tile, stitch, finish"),
    "pause": ("Pause", "Stop after the tiles that are being predicted"),
    "reset": ("Reset", "Forget the run; the next one takes the form as it is"),
    "fork": ("Fork", "Go on from the step that is shown, with the form as it is"),
    "wav": ("Save wav", "Write the sound to a file beside the notebook"),
    "trace": ("Save trace", "Write the record of the run to a file beside the notebook"),
}


class SamplerPanel(ipywidgets.VBox):  # type: ignore[misc]
    """A form for a run, the buttons that drive it, the inspector beside it, and the sound below.

    Args:
        model: a name, as `load_model` takes it, or an `AudioModel`. It is loaded when it is first needed: for the cost
            of the run in seconds if it is the embedded model, else for the first run.

    A run keeps the settings it was started with. `fork` goes on from the step that is shown with those that the form
    has by then, `reset` starts anew. The buttons' actions are methods too: `run()`, `step()`, `phase()`, `pause()`,
    `reset()`, `fork()`, `save()`; they return at once, and `wait()` waits until they are done.

    Attributes, for the next cell:
        sampler: the `SpotSampler`, or None before the first run.
        waveform: `[samples]` float32, or None before a run is finished.
        inspector: the `LatentInspector` of the run, or None.
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
        self.form = Form(self._form_changed)
        self.status = PanelStatus(doing="Ready")
        self.buttons = {}
        for name, (word, told) in ACTIONS.items():
            button = ipywidgets.Button(description=word, tooltip=told, layout=ipywidgets.Layout(width="auto"))
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
        return self._run.sampler

    @property
    def waveform(self) -> NDArray[np.float32] | None:
        generation = self._run.generation
        return None if generation is None else generation.waveform

    # ---- what the buttons do

    def run(self) -> None:
        self._start(self._run.go, "Running")

    def step(self) -> None:
        self._start(self._run.one_step, "Running")

    def phase(self) -> None:
        self._start(self._run.phase, "Running")

    def pause(self) -> None:
        self._run.pause()

    def reset(self) -> None:
        if not self._run.busy:
            self._run.reset()
            self._form_changed()

    def fork(self) -> None:
        at = None
        if self.inspector is not None and len(self.inspector.records):
            at = self.inspector.records[self.inspector.step].step + 1
            at = None if at == self._run.sampler.steps_done else at
        self._start(lambda settings: self._run.fork(settings, at), "Forking")

    def save(self, kind: str = "wav", path: Any = None) -> Path | None:
        """Save the sound ("wav") or the record of the run ("trace"), and return the file's path.

        By default beside the notebook, under a name made of prompt and seed that is not taken yet. What goes wrong is
        shown in the panel, and None returned.
        """
        try:
            saved = self._save(kind, path)
        except (SpotnbError, OSError) as error:
            self._run.tell(trouble=str(error), details="")
            return None
        self._run.tell(doing=f"Saved {saved.name}", trouble="")
        return saved

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the sound and the steps of the run, as far as it is, to one self-contained HTML file; see `Widget`.

        Returns its path. Raises `SpotnbError` if there is no run, or the file cannot be written.
        """
        shown = [part for part in (self.result, self.inspector) if part is not None]
        if not shown:
            raise SpotnbError("there is nothing to write yet: expected a run; press Run or call run() first")
        prompt = self.sampler.prompt
        return write_page(path, prompt.text if isinstance(prompt, PromptTimeline) else prompt or "A run", shown)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until nothing is being done any more."""
        self._run.wait(seconds)

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join(10)
        self._run.pause()
        self._run.wait(10)
        self._close_gone()
        for each in [*_below(self), self]:
            plumbing = each._trait_values.get("layout"), each._trait_values.get("style")
            super().close() if each is self else each.close()
            for part in plumbing:  # models of their own, which ipywidgets would keep for good
                if part is not None:
                    part.close()
        self._run.reset()

    def _pressed(self, name: str) -> None:
        if name in ("wav", "trace"):
            self.save(name)
        else:
            getattr(self, name)()

    def _start(self, work: Any, busy: str) -> None:
        try:
            settings = self.form.settings()
        except SpotnbError as error:
            self._run.tell(trouble=str(error), details="")
            return
        self._run.start(lambda: work(settings), busy)

    def _save(self, kind: str, path: Any) -> Path:
        from spotnb.sound.files import save_audio

        if kind not in ("wav", "trace"):
            raise InputError(f"kind is {kind!r}: expected wav or trace; choose one of these")
        if self.sampler is None or (kind == "wav" and self.waveform is None):
            raise SpotnbError("there is nothing to save yet: run to the end first")
        suffix = ".wav" if kind == "wav" else ".npz"
        target = Path(path) if path is not None else _free(_stem(self.sampler), suffix)
        if kind == "trace":
            return Path(self.sampler.trace.save(target))
        return save_audio(target, self.waveform, self.sampler.model.sample_rate)

    # ---- what is shown

    def _show(self) -> None:
        """Bring everything up to date; called from any thread, after every change of the run."""
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
            # First those that come on, so that the focus has somewhere to go.
            for name in sorted(on, key=lambda name: not on[name]):
                self.buttons[name].disabled = not on[name]

    def _show_run(self) -> None:
        """The inspector of this sampler, and the sound if there is one."""
        run = self._run
        gone: list[LatentInspector | RunResult | None] = []
        inspected = None if self.inspector is None else self.inspector._sampler
        if inspected is not run.sampler:
            gone.append(self.inspector)
            self.inspector = None if run.sampler is None else LatentInspector(run.sampler)
        elif self.inspector is not None:
            self.inspector.refresh()
        heard = None if self.result is None else self.result._generation
        if heard is not run.generation:
            gone.append(self.result)
            self.result = None if run.generation is None else RunResult(run.generation)
        if gone:
            self._right.children = [part for part in (self.result, self.inspector) if part is not None]
            self._close_gone()
            self._gone = [part for part in gone if part is not None]

    def _close_gone(self) -> None:
        """Close what was replaced the time before: a page that is still opening it would fail if it were gone."""
        for part in self._gone:
            part.close()
        self._gone = []

    def _show_hint(self) -> None:
        sampler = self._run.sampler
        hint = ""
        if sampler is not None and not self._run.busy:
            try:
                settings, now = self.form.settings(), sampler.settings()
                if any(now[name] != value for name, value in settings.items()):
                    hint = "The form has changed: Fork goes on with it, Reset starts anew."
                    if sampler.done:
                        hint = "The form has changed: Run makes a new sound."
            except SpotnbError:
                pass  # said where the cost stands
        self.status.hint = hint

    def _form_changed(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._show_hint()
        self._timer = threading.Timer(COST_AFTER, self._tell_cost)
        self._timer.daemon = True
        self._timer.start()

    def _tell_cost(self) -> None:
        """What the form would take, in a thread: in windows and frames, and in seconds where the model is at hand."""
        try:
            settings = self.form.settings()
            text = _planned_cost(settings)
            self._set_cost(text)
            if self._run.busy or not (self._eager or self._run.loaded):
                return
            from spotnb.sampling.sampler import SpotSampler

            cost = SpotSampler(self._run.load_quietly(), **settings).cost()
            memory = f"{cost.peak_bytes / 1e6:.0f} MB" if cost.peak_bytes < 1e9 else f"{cost.peak_bytes / 1e9:.1f} GB"
            self._set_cost(f"{text}; about {duration(cost.seconds)} and {memory}")
        except Exception as error:  # the form may hold anything, and the model may fail to load: told, not raised
            self._set_cost(" ".join(str(error).split()))

    def _set_cost(self, text: str) -> None:
        with self._lock:
            if not self._closed:
                self.status.cost = text


def _planned_cost(settings: dict[str, Any]) -> str:
    """Windows and frames of a run, from its layouts alone."""
    config, method, steps = settings["config"], settings["method"], settings["steps"]
    if isinstance(settings["prompt"], PromptTimeline):
        settings["prompt"].check_duration(settings["duration"])
    frames = run_frames(settings["duration"], DEFAULT_TIME_MULTIPLE, config.policy.ring)
    layouts = [plan(frames, config, step, method, steps) for step in range(steps)]
    windows, seen = sum(len(layout.tiles) for layout in layouts), sum(layout.network_frames for layout in layouts)
    note = ", one window: plain DDIM" if layouts[0].fallback else ""
    return f"{windows} windows, {seen / frames / steps:.2f} times the {frames} frames in each step{note}"


def _stem(sampler: Any) -> str:
    """A file name of a prompt: letters, digits and hyphens alone, whatever was typed."""
    prompt = sampler.prompt.text if isinstance(sampler.prompt, PromptTimeline) else sampler.prompt
    words = re.sub(r"[^0-9a-z]+", "-", prompt.lower()).strip("-")[:40].strip("-")
    return f"{words or 'sound'}-{sampler.seed}"


def _free(stem: str, suffix: str) -> Path:
    path, count = Path(f"{stem}{suffix}"), 1
    while path.exists():
        count += 1
        path = Path(f"{stem}-{count}{suffix}")
    return path


def _below(box: Any) -> Any:
    for child in getattr(box, "children", ()):
        yield from _below(child)
        yield child
