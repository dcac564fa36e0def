"""The run of SamplerPanel, which works in a separate thread, because a callback would block the page.

The thread can pause between two batches of tiles. Finished work is kept: an incomplete step continues where it stopped,
and a run that failed stands after its last complete step.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spotnb.errors import InputError, SpotnbError
from spotnb.support.endings import end_before_python
from spotnb.widgets.panel_form import refusing
from spotnb.widgets.panel_kept import Kept, Shelf
from spotnb.widgets.panel_marimo import Workers
from spotnb.widgets.panel_model import PanelModel
from spotnb.widgets.panel_phase import padding_words, phase_scene
from spotnb.widgets.panel_state import State, where
from spotnb.widgets.panel_words import changed_labels

log = logging.getLogger(__name__)


class Run:
    """A sampler and the thread that moves it.

    Args:
        model: What the sampler is made with.
        changed: Called after every change, from any thread.
        shelf: Keeps every run that is finished or set aside.
        workers: Creates the thread.

    Attributes:
        state: The current state for display.
        model: As given.
        sampler: The `SpotSampler`, or None.
        generation: The last finished `Generation`, or None. It stays until another run is finished or shown, or until
            `reset`.
        pictured: What the last phase did, for a `PhaseView`, or None after anything else.
    """

    def __init__(self, model: PanelModel, changed: Callable[[], None], shelf: Shelf, workers: Workers) -> None:
        self._changed, self._workers = changed, workers
        self._pause = threading.Event()
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._thread: threading.Thread | None = None  # the latest; it reports the end of its work before it ends
        self._busy = self._halted = False
        self._step: Any = None
        self._done, self._stitched = 0, False  # of the open step
        self.state = State()
        self.model = model
        self.sampler: Any = None
        self.generation: Any = None
        self.pictured: dict[str, Any] | None = None
        self.shelf = shelf
        end_before_python(self)

    @property
    def busy(self) -> bool:
        """Whether the thread is working."""
        return self._busy

    @property
    def finished(self) -> bool:
        """Whether the sampler is done and decoded."""
        return self.generation is not None and self.generation.sampler is self.sampler

    def load(self) -> Any:
        """Return the model, and say so while it is being loaded. Call this from the thread."""
        if self.model.held is None:
            self.tell(busy="Loading the model")
        return self.model.load()

    def tell(self, **changes: Any) -> None:
        """Change the state for display."""
        with self._telling:  # two threads may tell at the same time
            self.state = replace(self.state, **changes)
        if not self._halted:
            self._changed()

    def start(self, work: Callable[[], None], busy: str) -> bool:
        """Start some work in the thread, and return whether it was free to do so."""
        with self._lock:
            if self._busy or self._halted:
                return False
            self._busy = True
            self._pause.clear()
            before = self._thread
            thread = self._thread = self._workers.thread(lambda: self._do(work, before), "spotnb-panel")
        self.state = replace(self.state, busy=busy, trouble="", details="")
        self._changed()
        thread.start()
        return True

    def halt(self) -> None:
        """Ask the thread to end after the current batch of tiles, and tell nothing anymore."""
        self._halted = True
        self._pause.set()

    def pause(self) -> None:
        """Ask the thread to pause after the current batch of tiles."""
        self._pause.set()
        if self.busy:
            self.tell(busy="Pausing")

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the thread has ended, or for some seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _do(self, work: Callable[[], None], before: threading.Thread | None) -> None:
        if before is not None:
            before.join()  # it may still tell the end of its work
        trouble = details = ""
        try:
            work()
        except Exception as error:  # whatever the error is, the panel shows it and remains usable
            self._step = None
            trouble = " ".join(str(error).split()) or type(error).__name__
            if not isinstance(error, SpotnbError):
                trouble = f"{type(error).__name__}: {trouble}"
            details = traceback.format_exc()
            log.debug("the panel's work failed", exc_info=True)
        with self._lock:
            self._busy = False
        self.tell(busy="", trouble=trouble, details=details, tiles=self._tiles())

    def prepare(self, settings: dict[str, Any]) -> None:
        """Create a sampler if there is none, or if the current one is finished."""
        if self.sampler is not None and not self.finished:
            return
        from spotnb.sampling.sampler import SpotSampler

        model = self.load()
        with refusing():
            self._step, self.sampler = None, SpotSampler(model, **settings)

    def go(self, settings: dict[str, Any]) -> None:
        """Run to the end and decode, or run to the next pause."""
        self.prepare(settings)
        self.pictured = None
        self.tell(busy="Running", doing=where(self.sampler))
        while not self.sampler.done:
            if not self._finish_step():
                self.tell(doing=f"Paused. {where(self.sampler)}")
                return
            self.tell(doing=where(self.sampler), tiles=None)
        self._decode()

    def one_step(self, settings: dict[str, Any]) -> None:
        """Finish the open step or take the next one, and decode after the last step."""
        self.prepare(settings)
        self.pictured = None
        self.tell(busy="Running")
        if not self.sampler.done and not self._finish_step():
            self.tell(doing=f"Paused. {where(self.sampler)}")
            return
        self.tell(doing=where(self.sampler), tiles=None)
        if self.sampler.done:
            self._decode()

    def phase(self, settings: dict[str, Any]) -> None:
        """Advance the open step by one phase: pad, predict tile by tile, stitch, finish."""
        self.prepare(settings)
        if self.sampler.done:
            self._decode()
            return
        step, record = self._open(), None
        count = len(step.layout.tiles)
        name = f"Step {step.index}"
        if step is not self._step:
            self._step, self._done, self._stitched = step, 0, False
            stage, words = "pad", f"{name}: {padding_words(step)}, cut into {count} windows"
        elif self._done < count:
            step.predict(tile=self._done)
            self._done += 1
            stage, words = "predict", f"{name}: tile {self._done - 1} predicted, {self._done} of {count}"
        elif not self._stitched:
            _ = step.noise
            self._stitched = True
            stage, words = "stitch", f"{name}: the predictions of {count} tiles stitched into one"
        else:
            record = step.finish()
            self._step = None
            stage, words = "update", f"{name}: finished, the latent is less noisy"
        self.pictured = phase_scene(step, stage, self._done, words, record)
        self.tell(doing=words if record is None else f"{words}. {where(self.sampler)}", tiles=self._tiles())
        if self.sampler.done:
            self._decode()

    def fork(self, settings: dict[str, Any], at: int | None) -> None:
        """Continue from the state before step `at`, or from the current state, with the settings that have changed."""
        if self.sampler is None:
            raise InputError("there is nothing to fork yet: run some steps first")
        total = len(self.sampler.solver)
        if (self.sampler.steps_done if at is None else at) >= total:
            raise InputError("no step follows the last one: expected an earlier step; show one, and fork from there")
        old = self.sampler.settings()
        changes = {name: value for name, value in settings.items() if old[name] != value}
        with refusing():
            forked = self.sampler.fork(at=at, **changes)
        self.set_aside()
        self._step, self.sampler, self.pictured = None, forked, None
        what = changed_labels(old, settings)
        words = f"changed: {', '.join(what)}" if what else "nothing changed"
        self.tell(doing=f"Forked before step {forked.steps_done}; {words}", tiles=None)

    def set_aside(self) -> None:
        """Keep the current run, unless it has no step yet."""
        if self.sampler is not None:
            self.shelf.keep(self.sampler, self.generation if self.finished else None)

    def reset(self) -> None:
        """Set the run aside, so that the next one begins anew."""
        self.set_aside()
        self.clear()

    def clear(self) -> None:
        """Forget the current run. The kept ones stay."""
        self.sampler = self.generation = self._step = self.pictured = None
        self.state = State(doing="Ready")
        self._changed()

    def show(self, kept: Kept) -> None:
        """Return to a kept run, finished or not."""
        self.set_aside()
        self._step, self.sampler, self.generation, self.pictured = None, kept.sampler, kept.generation, None
        self.tell(doing=where(self.sampler), tiles=None, trouble="", details="")

    def _open(self) -> Any:
        """Return the open step if it is still the sampler's next step, or else a new one."""
        step = self._step
        if step is not None and step.state is self.sampler.state:
            return step
        self._step = None
        return self.sampler.begin()

    def _finish_step(self) -> bool:
        """Finish the open step or the next one, and return True, or False if it was paused before the end."""
        step = self._open()
        for tile in range(len(step.layout.tiles)):
            if self._pause.is_set():
                if step is not self._step:
                    self._step, self._stitched = step, False
                self._done = tile
                return False
            step.predict(tile=tile)
        step.finish()
        self._step = None
        return True

    def _tiles(self) -> int | None:
        return None if self._step is None else self._done

    def _decode(self) -> None:
        if self._halted:
            return
        self.tell(busy="Decoding", doing=f"{where(self.sampler)}; decoding", tiles=None)
        from spotnb.sampling.generation import Generation

        sound = self.sampler.sound()
        self.generation = Generation(sound.waveform, sound.mel, self.sampler)
        self.shelf.keep(self.sampler, self.generation)
        self.tell(doing=where(self.sampler))
