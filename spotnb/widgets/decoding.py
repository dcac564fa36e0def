"""Decoding in the background: what somebody waits for first, then what they may look at next.

One thread at a time decodes in a process. What nobody waits for is decoded only if all of it takes less than two
minutes, as with the embedded model, and only while no cell of the notebook runs, so that it never slows one down.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal

from spotnb.support.endings import end_before_python
from spotnb.trace.record import StepRecord
from spotnb.widgets.estimates import Estimates
from spotnb.widgets.spectrogram import Spectrum

log = logging.getLogger(__name__)

AHEAD: Final = 120.0  # seconds for all that nobody waits for
KEPT: Final = 32_000_000  # bytes of sounds
REST: Final = 2.0  # seconds since the last new record: a run that goes on is not slowed down

Kind = Literal["spectrogram", "sound"]
Told = Callable[[Kind, int, Any, str | None], None]
"""Gets what was decoded: its kind, the index of its record, the result or None, and the reason of a failure."""

_decoding = threading.Lock()


class Decoding:
    """Decodes the records of one widget in a thread that lives as long as there is work.

    Args:
        estimates: What decodes a record.
        record: Returns the record of an index, or None if there is none with a clean estimate.
        count: Returns the number of records.
        told: Is called in the thread with each result that is new and still valid.
    """

    def __init__(
        self, estimates: Estimates, record: Callable[[int], StepRecord | None], count: Callable[[], int], told: Told
    ) -> None:
        self._estimates, self._record, self._count, self._told = estimates, record, count, told
        self.spectra: dict[int, Spectrum] = {}
        self.sounds: dict[int, bytes] = {}  # the one that was used last comes last
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._wanted: int | None = None
        self._looked: int | None = None
        self._failed: set[tuple[Kind, int]] = set()
        self._pace = 0.0  # seconds that a spectrogram takes
        self._edition = 0
        self._news = -math.inf
        self._paused = self._closed = False
        self._unwatch = _watch_cells(self)
        end_before_python(self)

    def listen(self, index: int) -> None:
        """Decode the sound of a record next, and tell it even if it was decoded before."""
        with self._lock:
            self._failed.discard(("sound", index))
            self._wanted = index
            self._begin()

    def look(self, index: int) -> None:
        """Decode the spectrogram of a record next, then its sound and its neighbors, if there is time."""
        with self._lock:
            self._looked = index
            self._begin()

    def news(self) -> None:
        """Wait a little with what nobody asked for, because the run goes on."""
        self._news = time.monotonic()

    def forget(self, first: int) -> None:
        """Forget all records from `first` on, because others took their place."""
        with self._lock:
            self._edition += 1
            for held in (self.spectra, self.sounds):
                for index in [index for index in held if index >= first]:
                    held.pop(index)
            self._failed = {(kind, index) for kind, index in self._failed if index < first}
            self._wanted = None

    def now(self, kind: Kind, index: int) -> Any:
        """Return a spectrogram or a sound, and decode it in this thread if that was not done. None if it failed."""
        held = self.spectra if kind == "spectrogram" else self.sounds
        if index not in held and (kind, index) not in self._failed:
            self._decode(kind, index, tell=kind == "spectrogram")
        return (self.spectra if kind == "spectrogram" else self.sounds).get(index)

    def missing(self) -> list[int]:
        """Return the records whose spectrogram was not decoded."""
        return [k for k in range(self._count()) if k not in self.spectra and ("spectrogram", k) not in self._failed]

    def has_time(self) -> bool:
        """Whether all missing spectrograms take less than two minutes, by the pace of the last one."""
        return bool(self.spectra) and self._pace * len(self.missing()) <= AHEAD

    def wait(self, seconds: float | None = None) -> None:
        """Wait until there is no work, or for some seconds."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(seconds)

    def pause(self) -> None:
        """Leave what nobody waits for to later."""
        self._paused = True

    def resume(self) -> None:
        """Go on with what nobody waits for."""
        with self._lock:
            self._paused = False
            if self._looked is not None:
                self._begin()

    def halt(self) -> None:
        """Stop after what is being decoded, and tell nothing anymore."""
        with self._lock:
            self._closed = True
            self._unwatch()
            self.spectra, self.sounds = {}, {}

    def _begin(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._work, name="spotnb-decode", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            while self._wanted is None and not self._closed and time.monotonic() < self._news + REST:
                time.sleep(0.05)
            with self._lock:
                task = None if self._closed else self._next()
                if task is None:
                    self._thread = None
                    return
            self._decode(*task)

    def _next(self) -> tuple[Kind, int, bool] | None:
        """Return what to decode next, and whether to tell it."""
        if self._wanted is not None:
            index, self._wanted = self._wanted, None
            return "sound", index, True
        looked, missing = self._looked, self.missing()
        if looked is None:
            return None
        if looked in missing:
            return "spectrogram", looked, True
        if self._paused or not self.has_time():
            return None
        if looked not in self.sounds and ("sound", looked) not in self._failed:
            return "sound", looked, False
        return ("spectrogram", min(missing, key=lambda index: abs(index - looked)), True) if missing else None

    def _decode(self, kind: Kind, index: int, tell: bool) -> None:
        edition, result, reason = self._edition, self.sounds.get(index) if kind == "sound" else None, None
        if result is None:
            try:
                result = self._decoded(kind, index)
            except Exception as error:  # whatever the error is, the page must not wait forever
                log.debug("decoding the %s of record %d", kind, index, exc_info=True)
                reason = " ".join(str(error).split()) or type(error).__name__
        with self._lock:
            if self._closed or edition != self._edition:
                return
            if reason is not None:
                self._failed.add((kind, index))
            else:
                self._keep(kind, index, result)
        if tell:
            self._told(kind, index, result, reason)

    def _decoded(self, kind: Kind, index: int) -> Any:
        record = self._record(index)
        if record is None:
            raise ValueError("its clean estimate was not recorded")
        with _decoding:
            if self._closed:
                raise ValueError("the widget was closed")
            started = time.perf_counter()
            if kind == "sound":
                return self._estimates.flac(record)
            spectrum = self._estimates.spectrum(record)
            self._pace = time.perf_counter() - started
            return spectrum

    def _keep(self, kind: Kind, index: int, result: Any) -> None:
        if kind == "spectrogram":
            self.spectra[index] = result
            return
        self.sounds.pop(index, None)
        self.sounds[index] = result
        while len(self.sounds) > 1 and sum(map(len, self.sounds.values())) > KEPT:
            self.sounds.pop(next(iter(self.sounds)))


def _watch_cells(decoding: Decoding) -> Callable[[], None]:
    """Pause the work while a cell of the notebook runs. Returns a function that ends this."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        return lambda: None
    held = weakref.ref(decoding)

    def begin(*_: Any) -> None:
        if (known := held()) is not None:
            known.pause()

    def end(*_: Any) -> None:
        if (known := held()) is not None:
            known.resume()

    watched = {"pre_run_cell": begin, "post_run_cell": end}
    for event, react in watched.items():
        shell.events.register(event, react)

    def stop() -> None:
        for event, react in watched.items():
            with suppress(ValueError):
                shell.events.unregister(event, react)

    return stop
