"""LatentInspector, which shows the latents of a run step by step and plays the network's guess at each step.

Looking at a loaded trace needs neither torch nor a model. Only playing it does.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from traitlets import Bool, Dict, Int

from spotnb.errors import InputError, SpotnbError
from spotnb.sound.files import flac_bytes
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_int
from spotnb.tiling.clock import Clock
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from spotnb.widgets.base import Widget, new_figure, while_open
from spotnb.widgets.coding import encode, encode_within
from spotnb.widgets.packing import ARRAYS, COLUMNS, QUANTITIES, Packed, Thinning, pack
from spotnb.widgets.traits import choice, whole, whole_or_none

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

RANGES: Final = ("run", "step")
NO_MODEL = "To hear this, pass the model: LatentInspector(trace, model)"
MAX_REQUEST = 200_000  # the most frames that a page may request at once


class LatentInspector(Widget, module="inspector.js", title="Inside the run"):
    """The latents of a run with tiles, seams and sound: noisy latent, clean estimate, noise, and their difference.

    Values are sent to the browser as bytes, usually with an error of at most 0.2 % of the range of their channel, and
    less precisely if a page would exceed 5 MB, see `spotnb.widgets.coding`. Statistics are computed from the exact
    values. For a long run, only a part is sent at first, see `Thinning`. The rest follows when it is viewed. The
    attributes are traits, which can be observed, set, and linked with `jslink`.

    Args:
        trace_or_sampler: A `Trace`, the path of a saved one, or a `SpotSampler`. If a sampler is still running, call
            `refresh` to show new steps.
        model: The model that decodes the clean estimate of a trace, to play it. A sampler has its own model.
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
        self._worker: threading.Thread | None = None
        self._wanted: int | None = None
        self._decoded = 0
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
            if same < len(held):
                del held[same:]
                self._edition += 1
            self._pack_from(same, records)
            self._count = len(held)
            self._post(same)
            if follows or self.step >= len(held):
                self.step = max(0, len(held) - 1)
            elif self.step >= same:
                self._png = None

    @while_open
    def decode(self, step: int | None = None) -> None:
        """Decode the clean estimate of a record in a separate thread. The page then plays it.

        Args:
            step: The index of the record; None is the one that is shown.

        Raises:
            InputError: There is no such record.
            SpotnbError: There is no model.
        """
        index = self.step if step is None else check_int("step", step, 0, self._count - 1, hint="records count from 0")
        if self._silent is not None:
            raise SpotnbError(self._silent)
        self._wanted = index
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(target=self._decode_wanted, name="spotnb-decode", daemon=True)
                self._worker.start()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until decoding is done, or for some seconds. Call this before `to_html` to include the sound."""
        worker = self._worker
        if worker is not None:
            worker.join(seconds)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """Return the state of the traits for a page."""
        if key is None or key == "_begun" or (not isinstance(key, str) and "_begun" in key):
            # Built on request only, so that each record of a running sampler is sent once, as a message.
            with self._lock:
                self._trait_values["_begun"] = self._begin()
        return super().get_state(key, drop_defaults)

    def close(self) -> None:
        """Remove the widget from all pages, and its data from memory."""
        super().close()
        self._packed = []

    @while_open
    def draw(self) -> Figure | None:
        """Return the shown quantity at the shown step as a figure, or None if it was not recorded."""
        from matplotlib.ticker import MaxNLocator

        from spotnb.plots.drawing import draw_image, mark_seams

        if not self._packed:
            return None
        record = self.records[self.step]
        values = self._values(record)
        if values is None:
            return None
        seconds = self.clock.frame_seconds
        lines = self.channel is None and values.shape[0] > 1 == values.shape[2]
        if lines:
            values = values[None, :, :, 0].swapaxes(1, 2)  # the channels are the rows of one picture
        channels = range(len(values)) if self.channel is None else [self.channel]
        finite = np.abs(values[np.isfinite(values)])
        limit = float(np.quantile(finite, 0.998)) if finite.size and finite.any() else 1.0
        figure = new_figure(height=4.2 if lines else 2.6 if len(channels) == 1 else 1.2 + 0.7 * len(channels))
        several = figure.subplots(len(channels), 1, squeeze=False, sharex=True, gridspec_kw={"hspace": 0.25})
        for axes, channel in zip(several[:, 0], channels, strict=True):
            draw_image(axes, values[channel], seconds, cmap="RdBu_r", vmin=-limit, vmax=limit)
            axes.set(xlabel="", ylabel=str(channel), yticks=[])
            if lines:
                axes.invert_yaxis()
                axes.set(ylabel="channel")
                axes.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
            axes.tick_params(labelbottom=axes is several[-1, 0])
            for seam in record.layout.seams if self.tiles else ():
                axes.axvline(seam * seconds, color="black", lw=0.8)
        mark_seams(several[0, 0], record.layout.seams if self.tiles else None, seconds)
        several[-1, 0].set_xlabel("time (s)")
        where = f"{NAMES[self.quantity]}, step {record.step} (t = {record.timestep})"
        title = f"{where}, by channel, -{limit:.2g} to {limit:.2g}"
        several[0, 0].set_title(title, loc="left", fontsize="medium")
        return figure

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

    # ---- sound

    def _decode_wanted(self) -> None:
        while True:
            with self._lock:
                index, self._wanted = self._wanted, None
                if index is None:
                    self._worker = None
                    return
                edition = self._edition
            try:
                result: dict[str, Any] = {"data": flac_bytes(*self._waveform(index))}
            except Exception as error:  # whatever the error is, the page must not wait forever
                log.debug("decoding record %d", index, exc_info=True)
                result = {"error": " ".join(str(error).split()) or type(error).__name__}
            if self.comm is not None:
                self._decoded += 1  # the trait must change even if the sound is the same
                self._sound = {"step": index, "edition": edition, "answer": self._decoded, **result}

    def _waveform(self, index: int) -> tuple[Any, int]:
        record = self.records[index]
        if record.x0 is None:
            raise SpotnbError(f"the clean estimate of step {record.step} was not recorded")
        if self.sampler is not None:
            sound = self.sampler.sound(record.step, of="x0", candidate=self._candidate)
            return sound.waveform, self.sampler.model.sample_rate
        import torch

        from spotnb.models.adapt import as_model
        from spotnb.models.decode import decode_sound

        model = as_model(self._model)
        latent = torch.from_numpy(as_array(record.x0)[self._candidate : self._candidate + 1].astype(np.float32))
        most = latent.shape[2] * model.samples_per_frame
        samples = check_int("samples", self.trace.manifest.get("samples", most), 1, most, hint="the trace was changed")
        ring = record.layout.ring
        return decode_sound(model, latent.to(model.device), samples, ring=ring).waveform, model.sample_rate

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
