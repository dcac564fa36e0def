"""The runs that SamplerPanel keeps: each with its sound, its numbers and a small picture, none dropped unasked.

The sound of every run stays. Its steps, which take most of the memory, stay as long as those of all kept runs together
take at most `BUDGET` bytes; then the oldest runs keep only their last step, and their cards say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from traitlets import Bool, Dict, Unicode

from spotnb.sampling.timeline import PromptTimeline
from spotnb.sound.files import flac_bytes
from spotnb.sound.measure import extremes
from spotnb.support.arrays import as_array
from spotnb.widgets.base import Widget, new_figure, while_open

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spotnb.sampling.generation import Generation

BUDGET: Final = 200_000_000
"""Bytes that the steps of all kept runs may take together. A run of 10 s with 25 steps takes 10 MB."""
COLUMNS: Final = 360  # of the small waveform
PICTURE: Final = 256  # columns of the small latent
ONLY_LAST: Final = "Only its last step is still here, to save memory. The sound is complete."


class KeptCard(Widget, module="panel_kept.js", title="A kept run"):
    """One kept run in the list: prompt, method, seed, seam score, waveform and player."""

    chosen = Bool(False).tag(sync=True)
    current = Bool(False).tag(sync=True)
    note = Unicode("").tag(sync=True)
    _scene = Dict().tag(sync=True)

    @while_open
    def draw(self) -> Figure:
        """Return the small waveform, or the small latent of an unfinished run, as a figure."""
        figure = new_figure(height=1.7)
        axes = figure.subplots()
        scene = self._scene
        axes.set_title(scene["name"], loc="left", fontsize="medium", parse_math=False)
        axes.set_yticks([])
        if scene["envelope"]:
            low, high = np.frombuffer(scene["envelope"], np.int8).reshape(-1, 2).T / 127
            axes.fill_between(np.linspace(0, scene["seconds"], len(low)), low, high)
            axes.set_xlabel("time (s)")
        else:
            codes = np.frombuffer(scene["latent"], np.uint8).reshape(scene["columns"], -1)
            axes.imshow(codes.T, aspect="auto", origin="lower", cmap="RdBu_r", vmin=1, vmax=255)
        return figure


class Kept:
    """A run in the list.

    Args:
        number: Names the run in the list, counted from 1.
        sampler: The run.
        generation: The finished run with its sound, or None for a run that was set aside before its end.

    Attributes:
        complete: Whether all recorded steps are still kept.
        card: The widget in the list.
    """

    def __init__(self, number: int, sampler: Any, generation: Generation | None = None) -> None:
        self.number, self.sampler, self.generation = number, sampler, generation
        self.complete = True
        self.card = KeptCard(_scene=_scene_of(self))

    @property
    def name(self) -> str:
        """The number, prompt, method and seed of the run."""
        return f"{self.number}: {run_name(self.sampler)}"

    @property
    def waveform(self) -> Any:
        """The sound, or None for a run that was set aside before its end."""
        return None if self.generation is None else self.generation.waveform

    @property
    def trace_bytes(self) -> int:
        """Bytes of all arrays in the trace."""
        return sum(
            as_array(array).nbytes
            for record in self.sampler.trace
            for array in (record.x, record.x0, record.noise)
            if array is not None
        )

    def finish(self, generation: Generation) -> None:
        """Take over the sound of a run that was set aside before its end and finished later."""
        self.generation = generation
        self.card.set_trait("_scene", _scene_of(self))

    def drop_steps(self) -> None:
        """Keep only the last step of the trace, with the state and the sound."""
        light = self.sampler.lightened()
        if self.generation is not None:
            self.generation = replace(self.generation, sampler=light)
        self.sampler, self.complete = light, False
        self.card.note = ONLY_LAST


class Shelf:
    """The kept runs of a panel, in order.

    Args:
        asked: Called with a kept run and "show", "remove" or "choose" when its card asks for it.
    """

    def __init__(self, asked: Callable[[Kept, str], None]) -> None:
        self._asked = asked
        self.runs: list[Kept] = []

    def of(self, sampler: Any) -> Kept | None:
        """Return the kept run of a sampler, or None."""
        return next((kept for kept in self.runs if kept.sampler is sampler), None)

    def keep(self, sampler: Any, generation: Generation | None = None) -> Kept | None:
        """Keep a run, unless it has no step yet, and drop steps of older runs if all take more than `BUDGET` bytes."""
        kept = self.of(sampler)
        if kept is None and sampler.steps_done > sampler.first:
            number = 1 + max((other.number for other in self.runs), default=0)
            kept = Kept(number, sampler, generation)
            kept.card.on_msg(lambda _, content, __, kept=kept: self._heard(kept, content))
            kept.card.observe(lambda _, kept=kept: self._asked(kept, "choose"), "chosen")
            self.runs = [*self.runs, kept]
        elif kept is not None and generation is not None and kept.generation is None:
            kept.finish(generation)
        self._bound(sampler)
        return kept

    def remove(self, kept: Kept) -> None:
        """Remove a run from the list. Its card is left for the panel to close."""
        self.runs = [other for other in self.runs if other is not kept]

    def _heard(self, kept: Kept, content: Any) -> None:
        """Handle a message from a page. Its content is not trusted."""
        wish = content.get("do") if isinstance(content, dict) else None
        if wish in ("show", "remove") and kept in self.runs:
            self._asked(kept, wish)

    def _bound(self, current: Any) -> None:
        complete = [kept for kept in self.runs if kept.complete]
        total = sum(kept.trace_bytes for kept in complete)
        for kept in complete:
            if total > BUDGET and kept.sampler is not current:
                total -= kept.trace_bytes
                kept.drop_steps()


def run_name(sampler: Any) -> str:
    """Return the prompt, method and seed of a run in one line."""
    prompt = sampler.prompt.text if isinstance(sampler.prompt, PromptTimeline) else sampler.prompt
    return f"{prompt} · {sampler.method} · seed {sampler.seed}"


def describe_run(sampler: Any) -> dict[str, Any]:
    """Return what cards say of a run: its prompt, method, seed and steps."""
    prompt = sampler.prompt.text if isinstance(sampler.prompt, PromptTimeline) else sampler.prompt
    steps = sampler.trace.steps
    return {
        "prompt": prompt,
        "method": sampler.method,
        "seed": sampler.seed,
        "last": steps[-1] if steps else None,
        "final": len(sampler.solver) - 1,
    }


def _scene_of(kept: Kept) -> dict[str, Any]:
    generation, sampler = kept.generation, kept.sampler
    scene = describe_run(sampler) | {
        "name": kept.name,
        "number": kept.number,
        "seconds": sampler.samples / sampler.clock.sample_rate,
        "sound": None,
        "envelope": b"",
        "score": None,
        **_latent(sampler),
    }
    if generation is None:
        return scene
    wave = generation.waveform
    parts = np.linspace(0, wave.shape[-1], min(wave.shape[-1], COLUMNS) + 1).astype(int)[:-1]
    score = generation.grid_score()
    return scene | {
        "sound": flac_bytes(wave, sampler.clock.sample_rate),
        "envelope": np.clip(np.rint(127 * extremes(wave, parts)), -127, 127).astype(np.int8).tobytes(),
        "score": None if score is None else [float(score.score), float(score.p_value)],
    }


def _latent(sampler: Any) -> dict[str, Any]:
    """Return one channel of the latest clean estimate as a small picture."""
    state = sampler.state
    plane = as_array(state.x if state.x0 is None else state.x0)[0, 0].astype(np.float32)
    thin = plane[:: -(-len(plane) // PICTURE)]
    return {"latent": coded(thin), "columns": len(thin)}


def coded(plane: Any, limit: float | None = None) -> bytes:
    """Return values as bytes for a diverging color scale, where 128 is zero."""
    limit = limit or float(np.quantile(np.abs(plane), 0.998)) or 1.0
    codes: bytes = np.clip(np.rint(128 + 127 * np.nan_to_num(plane) / limit), 1, 255).astype(np.uint8).tobytes()
    return codes


def compared_runs(chosen: Iterable[Kept]) -> dict[str, Any]:
    """Return kept runs for a `RunComparison`, by names that tell them apart."""
    runs: dict[str, Any] = {}
    for kept in chosen:
        name = run_name(kept.sampler)
        runs[f"{name} (run {kept.number})" if name in runs else name] = kept.generation
    return runs
