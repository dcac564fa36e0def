"""RunComparison: 2 to 4 runs under each other on one time axis, one transport, and a blind test.

Looking at a seam makes one hear it. So the runs can be switched at the same instant of the sound, at matched levels,
and in the end with all pictures and names hidden.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Dict

from spotnb.errors import InputError
from spotnb.sound.measure import SeamScore
from spotnb.sound.mel import HOP, SAMPLE_RATE
from spotnb.support.checks import check_int, check_real, show
from spotnb.widgets import comparison_runs as parts
from spotnb.widgets.base import Widget, new_figure
from spotnb.widgets.traits import Checked, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def _switch(name: str, hint: str) -> Checked:
    """True or False."""

    def check(_: Any, value: Any) -> bool:
        if not isinstance(value, bool | np.bool_):
            raise InputError(f"{name} is {show(value)}: expected True or False; {hint}")
        return bool(value)

    return Checked(check, False)


def _result(name: str, check: Any, default: Any) -> Checked:
    return Checked(lambda _, value: check(name, value), default, read_only=True)


def _count(name: str, value: Any) -> int:
    return check_int(name, value, 0, hint="the blind test sets it")


def _chance(name: str, value: Any) -> float | None:
    return None if value is None else check_real(name, value, 0, 1, hint="the blind test sets it")


def _pair(name: str, value: Any) -> list[int] | None:
    return None if value is None else [_count(name, index) for index in value]


class RunComparison(Widget, module="comparison.js", title="Runs compared"):
    """Runs under each other on one time axis: waveform, log-mel, seams, seam score; to be switched while they play.

    Args:
        runs: 2 to 4, as a mapping of names to runs or a list of runs. A run is a `Generation`, a finished `SpotSampler`
            (its first candidate is decoded once), a waveform `[samples]` in [-1, 1], a pair `(waveform, seams)` with
            seams in latent frames (40 ms each), or a pair `(waveform, rate)`.
        grid: latent frames at which all runs are scored. None is the fixed grid of the first run's tiles, and all seams
            that were given where no run has tiles.
        sample_rate: Hz, of plain waveforms.

    Traits, which can be observed, set, and linked with `jslink`:
        position: seconds from the start. While it plays, the kernel hears of it five times a second.
        selected: which of the runs is heard, counted from 0.
        playing: whether it plays. A browser starts sound only once the page has been clicked.
        matched: whether all runs are made as loud as the softest, by LUFS. Without, nothing is normalised.

    Set by the blind test when it ends, for the notebook to read:
        abx_trials, abx_correct: answers that were given, and those that were right.
        abx_p: how often guessing would do as well, see `spotnb.widgets.abx`; None before.
        abx_runs: which runs were A and B; None before.

    Raises `InputError` for other numbers or kinds of runs, unequal sample rates, NaN, sound beyond full scale, and when
    a trait is set to what it cannot be.
    """

    position = Checked(
        lambda widget, value: check_real("position", value, 0, widget._duration, hint="seconds from the start"), 0.0
    ).tag(echo_update=False)  # an echo comes late: it would send the sound back to where it was
    selected = whole("selected", lambda widget: len(widget._runs) - 1, "the first run is 0")
    playing = _switch("playing", "it starts and stops the sound")
    matched = _switch("matched", "it makes all runs as loud as the softest")

    abx_trials = _result("abx_trials", _count, 0)
    abx_correct = _result("abx_correct", _count, 0)
    abx_p = _result("abx_p", _chance, None)
    abx_runs = _result("abx_runs", _pair, None)

    _scene = Dict().tag(sync=True)

    def __init__(self, runs: Any, *, grid: Iterable[int] | None = None, sample_rate: int = SAMPLE_RATE) -> None:
        self._runs = parts.compared(runs, sample_rate)
        self._duration = max(run.seconds for run in self._runs)
        self._grid, self._scores = parts.scores(self._runs, grid)
        measure, gains = parts.match_gains(self._runs)
        mels = parts.mels(self._runs)
        rows = [_row(*each) for each in zip(self._runs, mels, self._scores, gains, strict=True)]
        scene = {
            "duration": self._duration,
            "rate": self._runs[0].rate,
            "melSeconds": HOP / SAMPLE_RATE,
            "melRange": list(parts.RANGE),
            "measure": measure,
            "grid": list(self._grid),
            "rows": rows,
        }
        super().__init__(_scene=scene)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(run.name for run in self._runs)

    @property
    def grid(self) -> tuple[int, ...]:
        """The latent frames at which all runs are scored."""
        return self._grid

    @property
    def scores(self) -> dict[str, SeamScore | None]:
        """The seam score of each run; None where there is nothing to score, or nothing to compare with."""
        return dict(zip(self.names, self._scores, strict=True))

    def page_state(self) -> dict[str, Any]:
        return super().page_state() | {"playing": False}

    def close(self) -> None:
        super().close()
        self._runs, self._scores = [], []
        self._trait_values.pop("_scene", None)

    def draw(self) -> Figure:
        height = 0.9 + 1.9 * len(self._runs)
        figure = new_figure(height)
        grid = figure.add_gridspec(3 * len(self._runs), 1, height_ratios=(4, 5, 2.2) * len(self._runs), hspace=0.08)
        figure.subplots_adjust(top=1 - 0.4 / height, bottom=0.02)
        limit = 1.05 * max(float(np.abs(run.waveform).max()) for run in self._runs) or 1.0
        everything = zip(self._runs, parts.mels(self._runs), self._scores, strict=True)
        for number, (run, mel, score) in enumerate(everything):
            upper, lower = figure.add_subplot(grid[3 * number]), figure.add_subplot(grid[3 * number + 1])
            facts = [f"{number + 1}  {run.name}", *_facts(run, score)]
            upper.set_title("   ".join(facts), loc="left", fontsize="medium", parse_math=False, pad=9)
            _draw_wave(upper, run, self._duration, limit)
            _draw_mel(lower, mel, run, self._duration)
        lower.set_xlabel("time (s)")
        lower.tick_params(labelbottom=True)
        return figure


def _row(run: parts.Compared, mel: Any, score: SeamScore | None, gain: float) -> dict[str, Any]:
    step, envelope = run.envelope()
    level = run.levels
    return {
        "name": run.name,
        "samples": len(run.waveform),
        "seams": list(run.seams or ()),
        "seamsKnown": run.seams is not None,
        "score": None if score is None else [score.score, score.p_value],
        "levels": {name: value if math.isfinite(value) else None for name, value in level._asdict().items()},
        "gain": gain,
        "columnSamples": step,
        "envelope": parts.packed_envelope(envelope),
        "mel": parts.packed_mel(mel),
        "sound": run.flac(),
    }


def _facts(run: parts.Compared, score: SeamScore | None) -> list[str]:
    count = len(run.seams or ())
    facts = [] if run.seams is None else ["1 seam" if count == 1 else f"{count} seams"]
    if score is not None:
        facts.append(f"seam score {score.score:.2f} (p = {score.p_value:.2g})")
    if math.isfinite(run.levels.lufs):
        facts.append(f"{run.levels.lufs:.1f} LUFS".replace("-", "\N{MINUS SIGN}"))
    return facts


def _draw_wave(axes: Axes, run: parts.Compared, duration: float, limit: float) -> None:
    from spotnb.plots.drawing import BLUES

    step, envelope = run.envelope(1000)
    times = (np.arange(len(envelope)) + 0.5) * step / run.rate
    axes.fill_between(times, envelope[:, 0], envelope[:, 1], lw=0.6, color=BLUES[0])
    axes.set(xlim=(0, duration), ylim=(-limit, limit))
    axes.tick_params(labelbottom=False, labelsize="small")
    axes.spines[["top", "right"]].set_visible(False)
    _mark(axes, run.seams)


def _draw_mel(axes: Axes, mel: Any, run: parts.Compared, duration: float) -> None:
    from spotnb.plots.drawing import draw_image
    from spotnb.sound.mel import mel_bin

    low, high = parts.RANGE
    draw_image(axes, mel, HOP / SAMPLE_RATE, cmap="magma", vmin=low, vmax=high)
    axes.set(xlim=(0, duration), xlabel="", ylabel="Hz")
    axes.set_yticks(mel_bin((250, 1000, 4000)), ["250", "1000", "4000"])
    axes.tick_params(labelbottom=False, labelsize="small")
    _mark(axes, run.seams)
    for triangles in list(axes.lines):
        triangles.remove()  # those above the waveform say it


def _mark(axes: Axes, seams: tuple[int, ...] | None) -> None:
    from spotnb.plots.drawing import mark_seams

    mark_seams(axes, seams)
    if legend := axes.get_legend():
        legend.remove()  # the title counts them
