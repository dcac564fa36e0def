"""LatentInspector: look into the latents of a run, step by step, and hear what the network believes at each.

A trace that was loaded needs neither torch nor a model, but to hear it.
"""

from __future__ import annotations

import io
import logging
import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from traitlets import Bool, Dict, Int

from spotnb.errors import InputError, SpotnbError
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_int, show
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from spotnb.widgets.base import Widget, new_figure
from spotnb.widgets.packing import ARRAYS, COLUMNS, QUANTITIES, Packed, Thinning, pack
from spotnb.widgets.traits import choice, whole, whole_or_none

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

RANGES: Final = ("run", "step")
NO_MODEL = "To hear this, pass the model: LatentInspector(trace, model)"
MAX_REQUEST = 200_000  # frames that a page may ask for at once


class LatentInspector(Widget, module="inspector.js", title="Inside the run"):
    """The latents of a run: noisy, clean, noise and their difference, with tiles and seams, and their sound.

    Args:
        trace_or_sampler: a `Trace`; or a `SpotSampler`, which may still run: call `refresh` to show what it did since.
        model: what decodes the clean estimate, to hear it; a sampler has its own.
        candidate: which of a run's candidates is shown.

    Traits, all of which can be observed, set, and linked with `jslink`:
        step: which of the records is shown, counted from 0.
        quantity: "x", the noisy latent that the step left; "x0", the clean estimate; "noise", as predicted;
            "difference", x less x0.
        channel: which one, or None for all.
        colour_range: "run", one for all steps, or "step", each its own.
        selected_frame: whose values are read, or None.
        selected_bin: likewise, of the latent's bins.
        tiles: whether tiles and seams are drawn.

    Values travel to the browser as bytes and come back to within 0.2 % of their channel's range; statistics are those
    of the values themselves. Of a long run some travels at first, see `Thinning`, and the rest when it is looked at.
    Raises `InputError` for a value outside its limits, here and when a trait is set.
    """

    step = whole("step", lambda widget: max(0, len(widget.records) - 1), "records count from 0")
    quantity = choice("quantity", QUANTITIES, "x0")
    channel = whole_or_none("channel", lambda widget: widget._shape[1] - 1, "None shows all")
    colour_range = choice("colour_range", RANGES, "run")
    selected_frame = whole_or_none("selected_frame", lambda widget: widget._shape[2] - 1, "None selects none")
    selected_bin = whole("selected_bin", lambda widget: widget._shape[3] - 1, "bins count from 0")
    tiles = Bool(True).tag(sync=True)

    _scene = Dict().tag(sync=True)
    _begun = Dict().tag(sync=True)  # the records as they are when a page is opened; later ones follow as messages
    _count = Int().tag(sync=True)
    _edition = Int().tag(sync=True)  # changes when records that a page may hold are no longer the run's
    _sound = Dict().tag(sync=True)

    def __init__(self, trace_or_sampler: Any, model: Any = None, *, candidate: int = 0) -> None:
        self._sampler = trace_or_sampler if hasattr(trace_or_sampler, "trace") else None
        if self._sampler is None and not isinstance(trace_or_sampler, Trace):
            raise InputError(f"got {show(trace_or_sampler)}: expected a Trace or a SpotSampler; pass one")
        self._trace = trace_or_sampler
        self._model = model
        self._shape = self._find_shape()
        last = self._shape[0] - 1
        self._candidate = check_int("candidate", candidate, 0, last, hint=f"the run has {last + 1}")
        self._lock = threading.RLock()
        self._packed: list[tuple[StepRecord | None, Packed]] = []
        self._worker: threading.Thread | None = None
        self._wanted: int | None = None
        self._decoded = 0
        records = self.records
        total = len(records) if self._sampler is None else len(self._sampler.solver)
        _, channels, frames, bins = self._shape
        self._thinning = Thinning.of(frames, channels * bins, total)
        self._pack_from(0, records)
        super().__init__(_scene=self._about(total), _count=len(self._packed))
        self.on_msg(self._asked)

    @property
    def trace(self) -> Trace:
        """What is looked into; of a sampler, its trace as it is now."""
        trace: Trace = self._trace if self._sampler is None else self._sampler.trace
        return trace

    @property
    def records(self) -> Any:
        return self.trace.records

    def refresh(self) -> None:
        """Show what the run recorded since; call it from any thread. The last step shown gives way to the new last."""
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

    def decode(self, step: int | None = None) -> None:
        """Decode the clean estimate of a record, by default the one shown, in a thread of its own; the page plays it.

        Raises `SpotnbError` where there is no model to do it.
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
        """Wait until what is being decoded is there: for notebooks that go on with it, such as `to_html`."""
        worker = self._worker
        if worker is not None:
            worker.join(seconds)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        if key is None or key == "_begun" or (not isinstance(key, str) and "_begun" in key):
            # Made when a page asks: while a run grows, each record travels once, as a message.
            with self._lock:
                self._trait_values["_begun"] = self._records_from(0) | {"data": self._data_from(0)}
        return super().get_state(key, drop_defaults)

    def close(self) -> None:
        super().close()
        self._packed = []

    def draw(self) -> Figure | None:
        from spotnb.plots.drawing import draw_image, mark_seams
        from spotnb.sound.mel import LATENT_SECONDS

        if not self._packed:
            return None
        record = self.records[self.step]
        found = self._values(record)
        if found is None:
            return None
        channels = range(len(found)) if self.channel is None else [self.channel]
        finite = np.abs(found[np.isfinite(found)])
        limit = float(np.quantile(finite, 0.998)) if finite.size and finite.any() else 1.0
        figure = new_figure(height=2.6 if len(channels) == 1 else 1.2 + 0.7 * len(channels))
        several = figure.subplots(len(channels), 1, squeeze=False, sharex=True, gridspec_kw={"hspace": 0.25})
        for axes, channel in zip(several[:, 0], channels, strict=True):
            draw_image(axes, found[channel], LATENT_SECONDS, cmap="RdBu_r", vmin=-limit, vmax=limit)
            axes.set(xlabel="", ylabel=str(channel), yticks=[])
            axes.tick_params(labelbottom=axes is several[-1, 0])
            for seam in record.layout.seams if self.tiles else ():
                axes.axvline(seam * LATENT_SECONDS, color="black", lw=0.8)
        mark_seams(several[0, 0], record.layout.seams if self.tiles else None)
        several[-1, 0].set_xlabel("time (s)")
        where = f"{NAMES[self.quantity]}, step {record.step} (t = {record.timestep})"
        title = f"{where}, by channel, -{limit:.2g} to {limit:.2g}"
        several[0, 0].set_title(title, loc="left", fontsize="medium")
        return figure

    # ---- what a page is told

    def _find_shape(self) -> tuple[int, int, int, int]:
        if self._sampler is not None:
            batch, channels, frames, bins = self._sampler.shape
            return batch, channels, frames, bins
        for name in ARRAYS:
            if len(self._trace) and (array := getattr(self._trace[0], name)) is not None:
                batch, channels, frames, bins = array.shape
                return batch, channels, frames, bins
        raise InputError("the trace has no records: expected one step at least; record a run, or pass its sampler")

    @property
    def _silent(self) -> str | None:
        """Why nothing can be heard, or None."""
        return None if self._sampler is not None or self._model is not None else NO_MODEL

    def _about(self, total: int) -> dict[str, Any]:
        _, channels, frames, bins = self._shape
        factor = self._thinning.factor
        return {
            "channels": channels,
            "frames": frames,
            "bins": bins,
            "edge": self._trace[0].layout.edge if self._sampler is None else self._sampler.config.edge,
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
            record = records[index]  # once: a stored trace reads it from its file
            near = before if thin.every == 1 else None
            packed = pack(record, near, self._candidate, factor=thin.factor, planes=index % thin.every == 0)
            self._packed.append((record if live else None, packed))
            before = record

    def _records_from(self, first: int) -> dict[str, Any]:
        return {
            "edition": self._edition,
            "from": first,
            "records": [packed.facts for _, packed in self._packed[first:]],
        }

    def _data_from(self, first: int) -> bytes:
        return b"".join(packed.data for _, packed in self._packed[first:])

    def _post(self, first: int) -> None:
        self.send({"type": "records"} | self._records_from(first), [self._data_from(first)])

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        """A message of a page; what it holds is not trusted."""
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
        start = check_int("start", content.get("start"), 0, self._shape[2] - 1, hint="frames count from 0")
        most = min(self._shape[2], start + MAX_REQUEST)
        stop = check_int("stop", content.get("stop"), start + 1, most, hint="ask for less")
        factor = -(-(stop - start) // COLUMNS)
        packed = pack(self.records[index], None, self._candidate, factor=factor, span=(start, stop))
        told = {"type": "detail", "index": index, "start": start, "stop": stop, "factor": factor}
        self.send(told | {"edition": self._edition, "facts": packed.facts}, [packed.data])

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
                found: dict[str, Any] = {"data": _flac(*self._waveform(index))}
            except Exception as error:  # whatever it is, the page must not wait for ever
                log.debug("decoding record %d", index, exc_info=True)
                found = {"error": " ".join(str(error).split()) or type(error).__name__}
            if self.comm is not None:
                self._decoded += 1  # the same sound again is an answer too
                self._sound = {"step": index, "edition": edition, "answer": self._decoded, **found}

    def _waveform(self, index: int) -> tuple[Any, int]:
        record = self.records[index]
        if record.x0 is None:
            raise SpotnbError(f"the clean estimate of step {record.step} was not recorded")
        if self._sampler is not None:
            sound = self._sampler.sound(record.step, of="x0", candidate=self._candidate)
            return sound.waveform, self._sampler.model.sample_rate
        import torch

        from spotnb.models.adapt import as_model
        from spotnb.models.decode import decode_sound

        model = as_model(self._model)
        latent = torch.from_numpy(as_array(record.x0)[self._candidate : self._candidate + 1].astype(np.float32))
        samples = self.trace.manifest.get("samples", latent.shape[2] * model.samples_per_frame)
        ring = record.layout.ring
        return decode_sound(model, latent.to(model.device), samples, ring=ring).waveform, model.sample_rate

    def _values(self, record: StepRecord) -> Any:
        """`[C, T, F]` of the quantity shown, or None where it was not recorded."""
        x, x0, noise = ([None] if array is None else as_array(array) for array in (record.x, record.x0, record.noise))
        found = {"x": x, "x0": x0, "noise": noise}.get(self.quantity)
        if found is None:
            if record.x is None or record.x0 is None:
                return None
            return as_array(record.x)[self._candidate] - as_array(record.x0)[self._candidate]
        return found[self._candidate] if found[0] is not None else None


NAMES: Final = {"x": "noisy latent", "x0": "clean estimate", "noise": "noise", "difference": "noisy less clean"}


def _flac(waveform: Any, rate: int) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, waveform, rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()
