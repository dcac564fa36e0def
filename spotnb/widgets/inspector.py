"""LatentInspector, which shows the latents of a run step by step, and the sound of the network's guess at each step.

Looking at the latents of a loaded trace needs neither torch nor a model. Its spectrograms and sounds do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from traitlets import Bool, Dict, Int

from spotnb.errors import InputError, SpotnbError
from spotnb.plots.style import RANGE
from spotnb.sound.measure import MEL_SECONDS
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_int
from spotnb.support.progress import progress_bar
from spotnb.tiling.clock import Clock
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from spotnb.widgets.base import Widget, while_open
from spotnb.widgets.coding import encode, encode_within
from spotnb.widgets.decoding import Decoding, Kind
from spotnb.widgets.estimates import Estimates
from spotnb.widgets.packing import ARRAYS, COLUMNS, QUANTITIES, Packed, Thinning, pack
from spotnb.widgets.traits import choice, whole, whole_or_none

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RANGES: Final = ("run", "step")
NO_MODEL = "To hear and see the sound of a step, pass the model: LatentInspector(trace, model)"
PAGE = 7_000_000  # bytes of records, spectrograms and sounds in a page; base64 and the code make 10 MB of it
MAX_REQUEST = 200_000  # the most frames that a page may request at once


class LatentInspector(Widget, module="inspector.js", title="Inside the run"):
    """The latents of a run with tiles and seams, above the spectrogram and with the sound of each clean estimate.

    The spectrograms are decoded in the background, the one that is looked at first. If all of them take less than two
    minutes, as with the embedded model, all are decoded ahead, but never while a cell of the notebook runs. Otherwise
    only those that are looked at are.

    Values are sent to the browser as bytes, usually with an error of at most 0.2 % of the range of their channel, and
    less precisely if a page would exceed 5 MB, see `spotnb.widgets.coding`. Statistics are computed from the exact
    values. For a long run, only a part is sent at first, see `Thinning`. The rest follows when it is viewed. The
    attributes are traits, which can be observed, set, and linked with `jslink`.

    Args:
        trace_or_sampler: A `Trace`, the path of a saved one, or a `SpotSampler`. If a sampler is still running, call
            `refresh` to show new steps.
        model: The model that decodes the clean estimates of a trace. A sampler has its own model.
        candidate: The index of the candidate that is shown.

    Attributes:
        step: The index of the record that is shown.
        quantity: "x" for the noisy latent after the step, "x0" for the clean estimate, "noise" for the noise
            prediction, or "difference" for x minus x0.
        channel: The channel that is shown, or None for all.
        colour_range: "run" for one color range for all steps, or "step" for one per step.
        selected_frame: The frame whose values are shown, or None.
        selected_bin: The latent bin whose value is shown.
        tiles: Whether tiles and seams are drawn.

    Raises:
        InputError: A value is outside its limits, here or when a trait is set.
    """

    step = whole("step", lambda widget: max(0, len(widget.records) - 1), "records count from 0")
    quantity = choice("quantity", QUANTITIES, "x0")
    channel = whole_or_none("channel", lambda widget: widget.shape[1] - 1, "None shows all")
    colour_range = choice("colour_range", RANGES, "run")
    selected_frame = whole_or_none("selected_frame", lambda widget: widget.shape[2] - 1, "None selects none")
    selected_bin = whole("selected_bin", lambda widget: widget.shape[3] - 1, "bins count from 0")
    tiles = Bool(True).tag(sync=True)

    _scene = Dict().tag(sync=True)
    _begun = Dict().tag(sync=True)  # the records at the time a page is opened; later ones follow as messages
    _count = Int().tag(sync=True)
    _edition = Int().tag(sync=True)  # changes when records that a page may hold have become invalid
    _sound = Dict().tag(sync=True)

    def __init__(self, trace_or_sampler: Any, model: Any = None, *, candidate: int = 0) -> None:
        self.sampler = trace_or_sampler if isinstance(getattr(trace_or_sampler, "trace", None), Trace) else None
        self._trace = trace_or_sampler if self.sampler is not None else Trace.of(trace_or_sampler)
        self._model = model
        self.shape = self._find_shape()
        last = self.shape[0] - 1
        self._candidate = check_int("candidate", candidate, 0, last, hint=f"the run has {last + 1}")
        self._lock = threading.RLock()
        self._packed: list[tuple[StepRecord | None, Packed]] = []
        self._answers = 0
        estimates = Estimates(self.sampler, model, self._trace.manifest, self._candidate)
        self._decoding = Decoding(estimates, self._estimated, lambda: len(self._packed), self._decoded)
        records = self.records
        total = len(records) if self.sampler is None else len(self.sampler.solver)
        _, channels, frames, bins = self.shape
        self._thinning = Thinning.of(frames, channels * bins, total)
        self._pack_from(0, records)
        super().__init__(_scene=self._about(total), _count=len(self._packed))
        self.on_msg(self._asked)

    @property
    def trace(self) -> Trace:
        """The trace that is shown, or the current trace of the sampler."""
        trace: Trace = self._trace if self.sampler is None else self.sampler.trace
        return trace

    @property
    def clock(self) -> Clock:
        """The rates of the run."""
        return self.trace.clock if self.sampler is None else self.sampler.clock

    @property
    def records(self) -> Any:
        """The records of the trace."""
        return self.trace.records

    @while_open
    def refresh(self) -> None:
        """Show new records of the run, from any thread. If the last step was shown, the view follows the run."""
        with self._lock:
            records = self.records
            held = self._packed
            live = isinstance(records, list)
            same = 0
            while same < min(len(held), len(records)) and (not live or held[same][0] is records[same]):
                same += 1
            if same == len(held) == len(records):
                return
            follows = self.step >= len(held) - 1
            self._decoding.news()
            if same < len(held):
                del held[same:]
                self._edition += 1
                self._decoding.forget(same)
            self._pack_from(same, records)
            self._count = len(held)
            self._post(same)
            if follows or self.step >= len(held):
                self.step = max(0, len(held) - 1)
            elif self.step >= same:
                self._png = None

    @while_open
    def decode(self, step: int | None = None) -> None:
        """Decode the sound of the clean estimate of a record in a separate thread. The page then plays it.

        Args:
            step: The index of the record; None is the one that is shown.

        Raises:
            InputError: There is no such record.
            SpotnbError: There is no model.
        """
        index = self.step if step is None else check_int("step", step, 0, self._count - 1, hint="records count from 0")
        if self._silent is not None:
            raise SpotnbError(self._silent)
        self._decoding.listen(index)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until decoding is done, or for some seconds."""
        self._decoding.wait(seconds)

    @while_open
    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the run to one self-contained HTML file with its spectrograms and sounds, and return its path.

        What was not decoded before is decoded now: the spectrogram and the sound of the step that is shown, and if
        there is time (see the class) all spectrograms, and as many sounds as fit into a page of 10 MB. Without a model
        there are none.

        Raises:
            SpotnbError: The file cannot be written.
        """
        if self._silent is None and self._packed:
            self._decoding.now("spectrogram", self.step)
            self._decoding.now("sound", self.step)
            if self._decoding.has_time():
                missing = self._decoding.missing()
                for index in progress_bar(missing, desc="spectrograms", unit="step", shown=len(missing) > 1):
                    self._decoding.now("spectrogram", index)
                list(self._sounds(lambda index: self._decoding.now("sound", index)))
        return super().to_html(path)

    def page_state(self) -> dict[str, Any]:
        """Return the state for a page: all synchronized traits, and what was decoded, as far as a page can hold it."""
        state = super().page_state() | {"_sound": {}}
        spectra = sorted(dict(self._decoding.spectra).items())
        state["_spectra"] = [spectrum.about(step) | {"data": spectrum.data} for step, spectrum in spectra]
        state["_sounds"] = list(self._sounds(dict(self._decoding.sounds).get))
        return state

    def _sounds(self, find: Callable[[int], bytes | None]) -> Iterator[dict[str, Any]]:
        """Yield the sound of the step that is shown, and others while a page can hold them, the last one first."""
        last, spectra = max(0, len(self._packed) - 1), dict(self._decoding.spectra)
        left = PAGE - len(self._begin()["data"]) - sum(len(spectrum.data) for spectrum in spectra.values())
        between = (round(last * share) for share in (0.5, 0.25, 0.75, 0, 0.125))
        for step in dict.fromkeys([self.step, last, *between]):
            if (left <= 0 and step != self.step) or (data := find(step)) is None:
                continue
            left -= len(data)
            if left >= 0 or step == self.step:
                yield {"step": step, "data": data}

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """Return the state of the traits for a page."""
        if key is None or key == "_begun" or (not isinstance(key, str) and "_begun" in key):
            # Built on request only, so that each record of a running sampler is sent once, as a message.
            with self._lock:
                self._trait_values["_begun"] = self._begin()
        return super().get_state(key, drop_defaults)

    def close(self) -> None:
        """Remove the widget from all pages, and its data from memory."""
        if (decoding := getattr(self, "_decoding", None)) is not None:  # it is closed even if it could not be made
            decoding.halt()
        super().close()
        self._packed = []

    @while_open
    def draw(self) -> Figure | None:
        """Return the shown quantity at the shown step as a figure, or None if it was not recorded."""
        from spotnb.widgets.inspector_picture import draw_step

        if not self._packed:
            return None
        record = self.records[self.step]
        values = self._values(record)
        if values is None:
            return None
        where = f"{NAMES[self.quantity]}, step {record.step} (t = {record.timestep})"
        seams = record.layout.cuts if self.tiles else ()
        spectrum = self._decoding.spectra.get(self.step)
        return draw_step(values, self.channel, where, seams, self.clock.frame_seconds, spectrum)

    # ---- data for the page

    def _find_shape(self) -> tuple[int, int, int, int]:
        if self.sampler is not None:
            batch, channels, frames, bins = self.sampler.shape
            return batch, channels, frames, bins
        for name in ARRAYS:
            if len(self._trace) and (array := getattr(self._trace[0], name)) is not None:
                batch, channels, frames, bins = array.shape
                return batch, channels, frames, bins
        raise InputError("the trace has no records: expected at least one step; record a run, or pass its sampler")

    @property
    def _silent(self) -> str | None:
        """The reason why nothing can be played, or None."""
        return None if self.sampler is not None or self._model is not None else NO_MODEL

    def _about(self, total: int) -> dict[str, Any]:
        _, channels, frames, bins = self.shape
        factor = self._thinning.factor
        return {
            "channels": channels,
            "frames": frames,
            "framesPerSecond": self.clock.frames_per_second,
            "bins": bins,
            "ring": self._trace[0].layout.ring if self.sampler is None else self.sampler.ring,
            "factor": factor,
            "every": self._thinning.every,
            "columns": -(-frames // factor),
            "total": total,
            "silent": self._silent,
            "framesPerMel": MEL_SECONDS * self.clock.frames_per_second,
            "melRange": list(RANGE),
        }

    def _pack_from(self, first: int, records: Any) -> None:
        thin, live = self._thinning, isinstance(records, list)
        before = records[first - 1] if first else None
        for index in range(first, len(records)):
            record = records[index]  # only once, because a stored trace reads it from its file
            near = before if thin.every == 1 else None
            packed = pack(record, near, self._candidate, factor=thin.factor, planes=index % thin.every == 0)
            self._packed.append((record if live else None, packed))
            before = record

    def _begin(self) -> dict[str, Any]:
        """Return all records, within the budget of a page."""
        held = self._trait_values.get("_begun") or {}
        if (held.get("edition"), len(held.get("records", ()))) == (self._edition, len(self._packed)):
            return dict(held)
        described, data = encode_within([packed for _, packed in self._packed])
        return {"edition": self._edition, "from": 0, **described, "data": data}

    def _post(self, first: int) -> None:
        """Send all records from `first` on, in full precision."""
        described, data = encode([packed for _, packed in self._packed[first:]])
        self.send({"type": "records", "edition": self._edition, "from": first, **described}, [data])

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        """Handle a message from a page. Its content is not trusted."""
        try:
            kind = content.get("type")
            if kind == "decode":
                self.decode(content.get("step"))
            elif kind == "look":
                self._look(check_int("step", content.get("step"), 0, self._count - 1, hint="records count from 0"))
            elif kind == "records":
                with self._lock:
                    self._post(check_int("from", content.get("from"), 0, self._count, hint="ask again"))
            elif kind == "detail":
                self._send_detail(content)
        except SpotnbError as error:
            self.send({"type": "trouble", "text": str(error)})

    def _send_detail(self, content: dict[str, Any]) -> None:
        index = check_int("step", content.get("step"), 0, self._count - 1, hint="records count from 0")
        start = check_int("start", content.get("start"), 0, self.shape[2] - 1, hint="frames count from 0")
        most = min(self.shape[2], start + MAX_REQUEST)
        stop = check_int("stop", content.get("stop"), start + 1, most, hint="ask for less")
        factor = -(-(stop - start) // COLUMNS)
        packed = pack(self.records[index], None, self._candidate, factor=factor, span=(start, stop))
        message = {"type": "detail", "index": index, "start": start, "stop": stop, "factor": factor}
        self.send(message | {"edition": self._edition, "facts": packed.facts}, [packed.data])

    # ---- spectrograms and sounds

    def _look(self, index: int) -> None:
        if self._silent is not None:
            return
        if (spectrum := self._decoding.spectra.get(index)) is not None:
            self._decoded("spectrogram", index, spectrum, None)  # to a view that was opened later
        self._decoding.look(index)

    def _estimated(self, index: int) -> StepRecord | None:
        """Return a record that has a clean estimate, or None."""
        with self._lock:
            if index >= len(self._packed):
                return None
            live = self._packed[index][0]  # all its arrays have been read, in one thread
        record = self.records[index] if live is None else live
        return None if record.x0 is None else record

    def _decoded(self, kind: Kind, index: int, result: Any, reason: str | None) -> None:
        """Tell the page what was decoded. This runs in the decoding thread."""
        if self.comm is None:
            return
        if kind == "spectrogram":
            about = {"step": index, "error": reason} if result is None else result.about(index)
            data = [] if result is None else [result.data]
            self.send({"type": "spectrogram", "edition": self._edition, **about}, data)
        else:
            self._answers += 1  # the trait must change even if the sound is the same
            answer = {"data": result} if reason is None else {"error": reason}
            self._sound = {"step": index, "edition": self._edition, "answer": self._answers, **answer}

    def _values(self, record: StepRecord) -> Any:
        """Return the quantity that is shown, `[C, T, F]`, or None if it was not recorded."""
        x, x0, noise = ([None] if array is None else as_array(array) for array in (record.x, record.x0, record.noise))
        array = {"x": x, "x0": x0, "noise": noise}.get(self.quantity)
        if array is None:
            if record.x is None or record.x0 is None:
                return None
            return as_array(record.x)[self._candidate] - as_array(record.x0)[self._candidate]
        return array[self._candidate] if array[0] is not None else None


NAMES: Final = {"x": "noisy latent", "x0": "clean estimate", "noise": "noise", "difference": "noisy minus clean"}
