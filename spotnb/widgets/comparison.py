"""RunComparison, which shows 2 to 4 runs on one time axis, plays them in sync, and offers a blind test.

Seeing a seam makes you hear it. The runs can therefore be switched at the same instant of the sound, at matched levels,
and finally with all pictures and names hidden.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Dict

from spotnb.errors import InputError
from spotnb.plots.style import BLUES, RANGE
from spotnb.sound.measure import MEL_SECONDS
from spotnb.sound.mel import LATENT_SECONDS, SAMPLE_RATE
from spotnb.sound.results import SeamScore
from spotnb.support.checks import check_int, check_real, show
from spotnb.widgets import comparison_runs as parts
from spotnb.widgets.base import Widget, new_figure, while_open
from spotnb.widgets.traits import Checked, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHORTEST = 0.1  # seconds of a loop


def _switch(name: str, hint: str) -> Checked:
    """Return a trait that is True or False."""

    def check(_: Any, value: Any) -> bool:
        if not isinstance(value, bool | np.bool_):
            raise InputError(f"{name} is {show(value)}: expected True or False, which {hint}")
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


def _span(value: Any, duration: float) -> list[float] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InputError(f"loop is {show(value)}: expected (start, stop) in seconds, or None")
    start = check_real("the start of loop", value[0], 0, duration, hint="seconds from the start")
    stop = check_real("the stop of loop", value[1], 0, duration, hint="seconds from the start")
    if stop - start < SHORTEST:
        raise InputError(f"loop is {show(value)}: expected a stop at least {SHORTEST} s after the start; or None")
    return [start, stop]


class RunComparison(Widget, module="comparison.js", title="Runs compared"):
    """Runs on one time axis, with waveform, log-mel, seams and seam score. You can switch between them as they play.

    The attributes are traits, which can be observed, set, and linked with `jslink`. Those that begin with `abx_` are
    set by the blind test when it ends, for the notebook to read.

    Args:
        runs: 2 to 4 runs, as a mapping of names to runs or a list of runs. A run is a `Generation`, a finished
            `SpotSampler` (its first candidate is decoded once), a waveform `[samples]` or `[channels, samples]` in
            [-1, 1], a pair `(waveform, seams)` with seams in latent frames, or a pair `(waveform, rate)`. Their rates
            and channels may differ.
        grid: Latent frames of the first run at which all runs are scored. None is where a `tiles` run like the first
            one cuts, or all seams of the runs if no sound is long enough for that.
        sample_rate: Sample rate of plain waveforms in Hz.
        frame_seconds: The length of a latent frame of plain waveforms in seconds (default: AudioLDM's).

    Attributes:
        position: Position in seconds from the start. During playback, the kernel is updated five times a second.
        selected: The index of the run that is heard.
        playing: Whether sound is playing. A browser starts sound only after a click on the page.
        loop: The part that repeats while it plays, as `(start, stop)` in seconds, or None. *Loop seam* on the page sets
            it to 2 s around a seam.
        matched: Whether all runs are played as loud as the softest, by LUFS, or by RMS if one of them has no LUFS.
            Otherwise nothing is normalized.
        abx_trials: The number of answers in the blind test.
        abx_correct: The number of right answers.
        abx_p: The probability that guessing would do as well, see `spotnb.widgets.abx`. None before a test.
        abx_runs: The indices of the runs that were A and B. None before a test.

    Raises:
        InputError: There are fewer than 2 or more than 4 runs, a run has an unknown type, holds NaN or exceeds full
            scale, or a trait is set to an invalid value.
    """

    position = Checked(
        lambda widget, value: check_real("position", value, 0, widget.duration, hint="seconds from the start"), 0.0
    ).tag(echo_update=False)  # a late echo would move the sound back
    selected = whole("selected", lambda widget: len(widget.compared) - 1, "the first run is 0")
    playing = _switch("playing", "starts or stops the sound")
    loop = Checked(lambda widget, value: _span(value, widget.duration))
    matched = _switch("matched", "decides whether all runs are as loud as the softest")

    abx_trials = _result("abx_trials", _count, 0)
    abx_correct = _result("abx_correct", _count, 0)
    abx_p = _result("abx_p", _chance, None)
    abx_runs = _result("abx_runs", _pair, None)

    _scene = Dict().tag(sync=True)

    def __init__(
        self,
        runs: Any,
        *,
        grid: Iterable[int] | None = None,
        sample_rate: int = SAMPLE_RATE,
        frame_seconds: float = LATENT_SECONDS,
    ) -> None:
        self.compared = parts.compared(runs, sample_rate, frame_seconds)
        self.duration = max(run.seconds for run in self.compared)
        self._grid, self._scores = parts.scores(self.compared, grid)
        measure, gains = parts.match_gains(self.compared)
        mels = parts.mels(self.compared)
        frame = self.compared[0].frame_seconds
        rows = [_row(*each, frame) for each in zip(self.compared, mels, self._scores, gains, strict=True)]
        scene = {
            "duration": self.duration,
            "framesPerSecond": 1 / frame,
            "melSeconds": MEL_SECONDS,
            "melRange": list(RANGE),
            "measure": measure,
            "grid": list(self._grid),
            "rows": rows,
        }
        super().__init__(_scene=scene)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the runs."""
        return tuple(run.name for run in self.compared)

    @property
    def grid(self) -> tuple[int, ...]:
        """The latent frames at which all runs are scored."""
        return self._grid

    @property
    def scores(self) -> dict[str, SeamScore | None]:
        """The seam score of each run, or None if there are no seams or no sound to compare them with."""
        return dict(zip(self.names, self._scores, strict=True))

    def page_state(self) -> dict[str, Any]:
        """Return the state for the page of `to_html`, which opens without playing."""
        return super().page_state() | {"playing": False}

    def close(self) -> None:
        """Remove the widget from all pages, and its sounds from memory."""
        super().close()
        self.compared, self._scores = [], []
        self._trait_values.pop("_scene", None)

    @while_open
    def draw(self) -> Figure:
        """Return waveforms and log-mels of all runs as a figure."""
        height = 0.9 + 1.9 * len(self.compared)
        figure = new_figure(height)
        grid = figure.add_gridspec(
            3 * len(self.compared), 1, height_ratios=(4, 5, 2.2) * len(self.compared), hspace=0.08
        )
        figure.subplots_adjust(top=1 - 0.4 / height, bottom=0.02)
        limit = 1.05 * max(float(np.abs(run.waveform).max()) for run in self.compared) or 1.0
        everything = zip(self.compared, parts.mels(self.compared), self._scores, strict=True)
        for number, (run, mel, score) in enumerate(everything):
            upper, lower = figure.add_subplot(grid[3 * number]), figure.add_subplot(grid[3 * number + 1])
            facts = [f"{number + 1}  {run.name}", *_facts(run, score)]
            upper.set_title("   ".join(facts), loc="left", fontsize="medium", parse_math=False, pad=9)
            _draw_wave(upper, run, self.duration, limit)
            _draw_mel(lower, mel, run, self.duration)
        lower.set_xlabel("time (s)")
        lower.tick_params(labelbottom=True)
        return figure


def _row(run: parts.Compared, mel: Any, score: SeamScore | None, gain: float, frame: float) -> dict[str, Any]:
    step, envelope = run.envelope()
    level = run.levels
    return {
        "name": run.name,
        "about": run.about,
        "samples": run.samples,
        "rate": run.rate,
        "seams": [seam if run.frame_seconds == frame else seam * run.frame_seconds / frame for seam in run.seams or ()],
        "seamsKnown": run.seams is not None,
        "blended": run.blended,
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
    fades = run.blended and not count
    facts = [f"{show(run.about['prompt'])}, {run.about['method']}"] if run.about else []
    if run.seams is not None:
        facts.append("no seams, the last step cross-fades" if fades else "1 seam" if count == 1 else f"{count} seams")
    if score is not None:
        facts.append(f"seam score {score.score:.2f} (p = {score.p_value:.2g})")
    if math.isfinite(run.levels.lufs):
        facts.append(f"{run.levels.lufs:.1f} LUFS".replace("-", "\N{MINUS SIGN}"))
    return facts


def _draw_wave(axes: Axes, run: parts.Compared, duration: float, limit: float) -> None:
    from spotnb.plots.drawing import mark_seams

    step, envelope = run.envelope(1000)
    times = (np.arange(len(envelope)) + 0.5) * step / run.rate
    axes.fill_between(times, envelope[:, 0], envelope[:, 1], lw=0.6, color=BLUES[0])
    axes.set(xlim=(0, duration), ylim=(-limit, limit))
    axes.tick_params(labelbottom=False, labelsize="small")
    axes.spines[["top", "right"]].set_visible(False)
    mark_seams(axes, run.seams, run.frame_seconds, legend=False)  # the title counts them


def _draw_mel(axes: Axes, mel: Any, run: parts.Compared, duration: float) -> None:
    from spotnb.plots.drawing import draw_mel, mark_seams

    draw_mel(axes, mel)
    axes.set(xlim=(0, duration), xlabel="", ylabel="Hz")
    axes.tick_params(labelbottom=False, labelsize="small")
    mark_seams(axes, run.seams, run.frame_seconds, triangles=False)  # those above the waveform are enough
