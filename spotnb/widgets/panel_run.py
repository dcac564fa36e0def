"""What SamplerPanel drives: one run in a thread of its own, because a callback would block the page while it works.

Between two batches of tiles it looks whether it is to pause. What is done by then is kept: a step that is half done
goes on where it stopped, and a run that failed stands after its last whole step.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from spotnb.errors import InputError, SpotnbError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """What is shown of a run; a new one at each change.

    Attributes:
        busy: what is being done, such as "Loading the model", or "".
        doing: in words, where the run stands.
        trouble: one line, if something went wrong, and `details` of it.
        tiles: of the open step, how many are predicted; None without an open step.
    """

    busy: str = ""
    doing: str = ""
    trouble: str = ""
    details: str = ""
    tiles: int | None = None


class Run:
    """A sampler and the thread that moves it. `model` is a name, loaded when it is first needed, or the model."""

    def __init__(self, model: Any, changed: Callable[[], None]) -> None:
        self._name = model if isinstance(model, str) else "tiny"
        self._model: Any = None if isinstance(model, str) else model
        self._changed = changed
        self._pause = threading.Event()
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._thread: threading.Thread | None = None  # the latest; it tells the end of its work before it ends
        self._busy = False
        self._step: Any = None
        self.state = State()
        self.sampler: Any = None
        self.generation: Any = None

    @property
    def busy(self) -> bool:
        return self._busy

    @property
    def loaded(self) -> bool:
        return self._model is not None

    def model(self) -> Any:
        """The model, loaded if it has not been; called from the thread."""
        if self._model is None:
            self.tell(busy="Loading the model")
        return self.load_quietly()

    def load_quietly(self) -> Any:
        with self._loading:  # the cost and a run may both need it first
            if self._model is None:
                from spotnb.models.load import load_model

                self._model = load_model(self._name)
        return self._model

    def tell(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        self._changed()

    def start(self, work: Callable[[], None], busy: str) -> bool:
        """Do some work in the thread, unless it does some already."""
        with self._lock:
            if self._busy:
                return False
            self._busy = True
            self._pause.clear()
            thread = self._thread = threading.Thread(target=self._do, args=(work,), name="spotnb-panel", daemon=True)
        self.state = replace(self.state, busy=busy, trouble="", details="")
        self._changed()
        thread.start()
        return True

    def pause(self) -> None:
        self._pause.set()
        if self.busy:
            self.tell(busy="Pausing")

    def wait(self, seconds: float | None = None) -> None:
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _do(self, work: Callable[[], None]) -> None:
        trouble = details = ""
        try:
            work()
        except Exception as error:  # whatever it is, the panel tells it and can go on
            self._step = None
            trouble = " ".join(str(error).split()) or type(error).__name__
            if not isinstance(error, SpotnbError):
                trouble = f"{type(error).__name__}: {trouble}"
            details = traceback.format_exc()
            log.debug("the panel's work failed", exc_info=True)
        with self._lock:
            self._busy = False
        self.tell(busy="", trouble=trouble, details=details, tiles=self._tiles())

    # ---- work, to be done in the thread

    def prepare(self, settings: dict[str, Any]) -> None:
        """Have a sampler: the one there is, or a new one where there is none or it is done."""
        if self.sampler is not None and not (self.sampler.done and self.generation is not None):
            return
        from spotnb.sampling.sampler import SpotSampler

        sampler = SpotSampler(self.model(), **settings)
        self._step = self.generation = None
        self.sampler = sampler

    def go(self, settings: dict[str, Any]) -> None:
        """Run to the end, and decode; or to the next pause."""
        self.prepare(settings)
        self.tell(busy="Running", doing=self._where())
        while not self.sampler.done:
            if not self._finish_step():
                self.tell(doing=f"Paused. {self._where()}")
                return
            self.tell(doing=self._where(), tiles=None)
        self._decode()

    def one_step(self, settings: dict[str, Any]) -> None:
        self.prepare(settings)
        self.tell(busy="Running")
        if not self.sampler.done and not self._finish_step():
            self.tell(doing=f"Paused. {self._where()}")
            return
        self.tell(doing=self._where(), tiles=None)
        if self.sampler.done:
            self._decode()

    def phase(self, settings: dict[str, Any]) -> None:
        """Advance the open step by one phase: pad, predict tile by tile, stitch, finish."""
        self.prepare(settings)
        if self.sampler.done:
            self._decode()
            return
        step = self._open()
        count = len(step.layout.tiles)
        where = f"Step {step.index}"
        if step is not self._step:
            left, right = step.layout.pad
            source = step.padding.of
            made = {"none": "nothing to mirror", "nothing": "fresh noise"}.get(source, f"mirrored from the {source}")
            _ = step.windows
            self._step, self._done, self._stitched = step, 0, False
            self.tell(doing=f"{where}: padded by {left} and {right} frames ({made}), cut into {count} windows", tiles=0)
        elif self._done < count:
            step.predict(tile=self._done)
            self._done += 1
            self.tell(doing=f"{where}: tile {self._done - 1} predicted, {self._done} of {count}", tiles=self._done)
        elif not self._stitched:
            _ = step.noise
            self._stitched = True
            self.tell(doing=f"{where}: the predictions of {count} tiles stitched into one", tiles=count)
        else:
            step.finish()
            self._step = None
            self.tell(doing=f"{where}: finished. {self._where()}", tiles=None)
            if self.sampler.done:
                self._decode()

    def fork(self, settings: dict[str, Any], at: int | None) -> None:
        """Go on from the state before step `at`, or from now, with the settings that were changed since."""
        if self.sampler is None:
            raise InputError("there is nothing to fork yet: run some steps first")
        total = len(self.sampler.solver)
        if (self.sampler.steps_done if at is None else at) >= total:
            raise InputError("the last step has nothing after it to change: show an earlier one, and fork from there")
        old = self.sampler.settings()
        changes = {name: value for name, value in settings.items() if old[name] != value}
        forked = self.sampler.fork(at=at, **changes)
        self._step = self.generation = None
        self.sampler = forked
        what = ", ".join(sorted(changes)) if changes else "nothing"
        self.tell(doing=f"Forked before step {forked.steps_done}; changed: {what}", tiles=None)

    def reset(self) -> None:
        self.sampler = self.generation = self._step = None
        self.state = State(doing="Ready")
        self._changed()

    _done = 0
    _stitched = False

    def _open(self) -> Any:
        """The open step, if it is still the sampler's next one; else a new one."""
        step = self._step
        if step is not None and step.state is self.sampler.state:
            return step
        self._step = None
        return self.sampler.begin()

    def _finish_step(self) -> bool:
        """Finish the open step, or the next one; False if it was to pause before."""
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

    def _where(self) -> str:
        sampler = self.sampler
        total = len(sampler.solver)
        if sampler.done:
            return f"All {total} steps are done"
        done = f"{sampler.steps_done} of {total} steps done"
        if not sampler.steps_done:
            return done
        left = sampler.cost().seconds * (1 - sampler.steps_done / total)
        return f"{done}, {duration(left)} left"

    def _decode(self) -> None:
        self.tell(busy="Decoding", doing=f"{self._where()}; decoding", tiles=None)
        from spotnb.generate import Generation

        sound = self.sampler.sound()
        self.generation = Generation(sound.waveform, sound.mel, self.sampler)
        self.tell(doing=self._where())


def duration(seconds: float) -> str:
    """In words, as exact as such a guess can be.

    >>> duration(0.4), duration(75), duration(4000)
    ('1 s', '75 s', '67 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{round(seconds / 60)} min"
