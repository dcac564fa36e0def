"""Two parts of SamplerPanel that are no form: how the run stands, and the sound that it made."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from traitlets import Bool, Dict, Float, Unicode

from spotnb.sound.mel import FLOOR
from spotnb.widgets.base import Widget, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spotnb.generate import Generation

COLUMNS: Final = 2048
LOW, HIGH = float(np.log(FLOOR)), 2.0  # of a log-mel: silence to loud, as in every picture of one


class PanelStatus(Widget, module="panel_status.js", title="How the run stands"):
    """A line of text, a bar, and what went wrong. Everything is put on the page as text.

    Its view also keeps the notebook's shortcuts off the panel's controls, and the focus inside while buttons come and
    go, and says so when the kernel is gone.
    """

    static_form = False
    doing = Unicode("").tag(sync=True)
    cost = Unicode("").tag(sync=True)
    hint = Unicode("").tag(sync=True)
    busy = Bool(False).tag(sync=True)
    share = Float(0.0).tag(sync=True)  # of the run that is done
    trouble = Unicode("").tag(sync=True)
    details = Unicode("").tag(sync=True)


class RunResult(Widget, module="panel_result.js", title="The sound of the run"):
    """Waveform, mel and seams of a finished run, with a player. Levels are as they are."""

    _scene = Dict().tag(sync=True)

    def __init__(self, generation: Generation) -> None:
        self._generation: Generation | None = generation
        super().__init__(_scene=_scene_of(generation))

    def close(self) -> None:
        super().close()
        self._generation = None

    def draw(self) -> Figure | None:
        from spotnb.plots.sound import plot_mel, plot_waveform

        if self._generation is None:
            return None
        figure = new_figure(height=4.8)
        above, below = figure.subplots(2, 1)
        plot_waveform(self._generation.waveform, self._generation.seams, above)
        plot_mel(self._generation.mel, self._generation.seams, below)
        return figure


def _scene_of(generation: Generation) -> dict[str, Any]:
    import soundfile

    wave, mel = generation.waveform, generation.mel
    rate = generation.sampler.model.sample_rate
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, rate, format="FLAC", subtype="PCM_16")
    frames = generation.sampler.frames
    columns = min(len(mel), COLUMNS)
    edges = np.linspace(0, len(mel), columns + 1).astype(int)[:-1]
    loudest = np.maximum.reduceat(mel, edges, axis=0)
    shades = np.clip(np.rint(255 * (loudest - LOW) / (HIGH - LOW)), 0, 255).astype(np.uint8)
    parts = np.linspace(0, len(wave), min(len(wave), COLUMNS) + 1).astype(int)[:-1]
    envelope = np.stack([np.minimum.reduceat(wave, parts), np.maximum.reduceat(wave, parts)], axis=1)
    levels = generation.levels()
    found = generation.grid_score()
    score = None if found is None else {"score": float(found.score), "p": float(found.p_value)}
    return {
        "sound": buffer.getvalue(),
        "frames": frames,
        "seconds": len(wave) / rate,
        "mel": shades.tobytes(),
        "columns": columns,
        "bands": mel.shape[1],
        "envelope": np.clip(np.rint(127 * envelope), -127, 127).astype(np.int8).tobytes(),
        "seams": list(generation.seams),
        "tile": generation.sampler.config.tile_size_time,
        "score": score,
        "peak": levels.peak_db if np.isfinite(levels.peak_db) else None,
        "lufs": levels.lufs if np.isfinite(levels.lufs) else None,
    }
