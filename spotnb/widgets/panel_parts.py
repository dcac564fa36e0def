"""Parts of SamplerPanel besides the form: the status of the run, its sound, its plan, and the head of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from traitlets import Bool, Dict, Float, Int, Unicode

from spotnb.sound.files import flac_bytes
from spotnb.sound.measure import extremes
from spotnb.sound.mel import FLOOR, HOP, SAMPLE_RATE
from spotnb.widgets.base import Widget, new_figure, while_open
from spotnb.widgets.panel_kept import describe_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spotnb.sampling.generation import Generation

COLUMNS: Final = 2048
LOW, HIGH = float(np.log(FLOOR)), 2.0  # of the colors of a log-mel, from silence to loud, as in spotnb.plots.sound


class PanelStatus(Widget, module="panel_status.js", title="How the run stands"):
    """A line of text, a progress bar, and an error message. Everything appears on the page as plain text.

    Its view also protects the panel's controls from the notebook's shortcuts, keeps the focus inside while buttons
    are enabled and disabled, and reports a lost kernel.
    """

    static_form = False
    doing = Unicode("").tag(sync=True)
    cost = Unicode("").tag(sync=True)
    hint = Unicode("").tag(sync=True)
    busy = Bool(False).tag(sync=True)
    share = Float(0.0).tag(sync=True)  # the finished share of the run
    run = Unicode("").tag(sync=True)  # the name of the current run
    fork = Unicode("").tag(sync=True)  # where Fork continues
    trouble = Unicode("").tag(sync=True)
    details = Unicode("").tag(sync=True)


class PlanCard(Widget, module="panel_plan.js", title="What these settings mean"):
    """What the settings in the form mean and cost, before anything runs."""

    static_form = False
    meaning = Unicode("").tag(sync=True)
    cost = Unicode("").tag(sync=True)
    settings = Dict().tag(sync=True)  # for a saved page, which has no form


class ListHead(Widget, module="panel_list.js", title="Kept runs"):
    """The head of the list of kept runs, with the button that compares the chosen ones."""

    static_form = False
    count = Int(0).tag(sync=True)
    chosen = Int(0).tag(sync=True)
    comparing = Bool(False).tag(sync=True)
    busy = Bool(False).tag(sync=True)
    trouble = Unicode("").tag(sync=True)


class RunResult(Widget, module="panel_result.js", title="The sound of the run"):
    """Waveform, mel and seams of a finished run, with a player. Levels are not normalized.

    Args:
        generation: The finished run.
    """

    _scene = Dict().tag(sync=True)

    def __init__(self, generation: Generation) -> None:
        self.generation: Generation | None = generation
        super().__init__(_scene=_scene_of(generation))

    def close(self) -> None:
        """Remove the widget from all pages, and the run from memory."""
        super().close()
        self.generation = None

    @while_open
    def draw(self) -> Figure:
        """Return waveform and mel as a figure."""
        from spotnb.plots.sound import plot_mel, plot_waveform

        assert self.generation is not None
        figure = new_figure(height=4.8)
        above, below = figure.subplots(2, 1)
        clock = self.generation.sampler.clock
        plot_waveform(self.generation.waveform, self.generation.seams, above, clock=clock)
        plot_mel(self.generation.mel, self.generation.seams, below, clock=clock)
        return figure


def _scene_of(generation: Generation) -> dict[str, Any]:
    wave, mel, clock = generation.waveform, generation.mel, generation.sampler.clock
    rate, samples = clock.sample_rate, wave.shape[-1]
    columns = min(len(mel), COLUMNS)
    edges = np.linspace(0, len(mel), columns + 1).astype(int)[:-1]
    loudest = np.maximum.reduceat(mel, edges, axis=0)
    shades = np.clip(np.rint(255 * (loudest - LOW) / (HIGH - LOW)), 0, 255).astype(np.uint8)
    parts = np.linspace(0, samples, min(samples, COLUMNS) + 1).astype(int)[:-1]
    envelope = extremes(wave, parts)
    levels = generation.levels()
    grid_score = generation.grid_score()
    score = None if grid_score is None else {"score": float(grid_score.score), "p": float(grid_score.p_value)}
    return describe_run(generation.sampler) | {
        "sound": flac_bytes(wave, rate),
        "framesPerSecond": clock.frames_per_second,
        "melFrames": len(mel),
        "melRate": SAMPLE_RATE / HOP,
        "seconds": samples / rate,
        "mel": shades.tobytes(),
        "columns": columns,
        "bands": mel.shape[1],
        "envelope": np.clip(np.rint(127 * envelope), -127, 127).astype(np.int8).tobytes(),
        "seams": list(generation.seams),
        "blended": generation.finished.layout.blended,
        "tile": generation.finished.run.settings.tiling.tile_size_time,
        "score": score,
        "peak": levels.peak_db if np.isfinite(levels.peak_db) else None,
        "lufs": levels.lufs if np.isfinite(levels.lufs) else None,
    }
