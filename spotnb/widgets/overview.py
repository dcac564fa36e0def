"""Overview, the picture of the whole: a run from noise to sound in five stages, each of which can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Dict

from spotnb.plots.overview import STAGES, Process, draw_overview
from spotnb.widgets.base import Widget, new_figure, while_open
from spotnb.widgets.overview_run import process_of, sampler_of_run, scene_of
from spotnb.widgets.traits import choice, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Overview(Widget, module="overview.js", title="From noise to sound"):
    """A finished run as a picture of five stages: noise, steps with moving cuts, latent, spectrogram and sound.

    A click on a stage opens it. The attributes are traits, which can be observed, set, and linked with `jslink`.

    Args:
        run: A finished `SpotSampler`, a `Generation` with `record="all"`, or a `Trace` or its path.
        model: The model of the run, if `run` is a trace of another model than the embedded one.
        channel: The channel of the latents that is shown. A latent of one bin is shown with all its channels as rows.
        candidate: The index of the candidate that is shown.

    Attributes:
        stage: The open stage: "noise", "steps", "latent", "mel" or "sound".
        step: The index of the recorded step that the stages "steps" and "latent" show.

    Raises:
        InputError: `run` is something else, it is not finished or kept too few steps, a value is outside its limits,
            here or when a trait is set.
    """

    stage = choice("stage", tuple(STAGES), "steps")
    step = whole("step", lambda widget: max(0, len(widget.steps) - 1), "records count from 0")

    _scene = Dict().tag(sync=True)

    def __init__(self, run: Any, model: Any = None, *, channel: int = 0, candidate: int = 0) -> None:
        sampler = sampler_of_run(run, model)
        process, self.steps = process_of(sampler, channel, candidate)
        self._process: Process | None = process
        scene = scene_of(sampler, process, self.steps, channel, candidate)
        super().__init__(step=(len(self.steps) - 1) // 2, _scene=scene)

    def close(self) -> None:
        """Remove the widget from all pages, and its data from memory."""
        super().close()
        self._process = None
        self._trait_values.pop("_scene", None)

    @while_open
    def draw(self) -> Figure:
        """Return the five stages as a figure."""
        assert self._process is not None
        figure = new_figure(height=2.2)
        draw_overview(figure, self._process)
        return figure
