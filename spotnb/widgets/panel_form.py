"""The form of SamplerPanel, which turns the controls of ipywidgets into settings of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import ipywidgets

from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import POLICIES
from spotnb.widgets.panel_prompt import parse_prompt

SOLVERS: Final = ("ddim", "dpm++")
ALWAYS: Final = (0, 1000)  # the guidance interval that stands for None


class Form:
    """The controls of the panel.

    Args:
        changed: Called after every change of a control.
        usual: The settings that the form starts from, see `spotnb.models.defaults`.

    Attributes:
        box: The container of all controls.
        controls: All controls, in order.
    """

    def __init__(self, changed: Callable[[], None], usual: Mapping[str, Any]) -> None:
        self._usual = usual
        wide = ipywidgets.Layout(width="auto")
        style = {"description_width": "92px"}

        def control(kind: Any, description: str, value: Any, **options: Any) -> Any:
            return kind(description=description, value=value, layout=wide, style=style, **options)

        whole, real, choose = ipywidgets.BoundedIntText, ipywidgets.BoundedFloatText, ipywidgets.Dropdown
        self.prompt = ipywidgets.Textarea(
            description="Prompt",
            value="calm piano",
            rows=3,
            layout=wide,
            style=style,
            placeholder="what to hear; or lines such as 0-10: rain",
        )
        self.negative = control(ipywidgets.Text, "Away from", "", placeholder="what not to hear")
        self.duration = control(real, "Seconds", 10.0, min=0.04, max=7200, step=1)
        self.steps = control(whole, "Steps", usual["steps"], min=1, max=1000)
        self.guidance = control(real, "Guidance", usual["guidance_scale"], min=0, max=100, step=0.5)
        low, high = usual["guidance_interval"] or ALWAYS
        self.guided_from = control(whole, "Guided from", low, min=0, max=1000, step=50)
        self.guided_to = control(whole, "to timestep", high, min=0, max=1000, step=50)
        self.method = control(choose, "Method", "spot", options=METHODS)
        self.edge = control(choose, "Edge", "reflect", options=tuple(POLICIES))
        self.tile = control(whole, "Tile frames", usual["tile_size_time"], min=1, max=100_000, step=8)
        self.ratio = control(real, "Shift ratio", 0.5, min=0, max=1, step=0.05)
        self.seed = control(whole, "Seed", 0, min=0, max=2**53)
        self.solver = control(
            choose, "Solver", usual["solver"], options=tuple(dict.fromkeys((*SOLVERS, usual["solver"])))
        )
        self.controls = (
            *(self.prompt, self.negative, self.duration, self.steps, self.guidance, self.guided_from, self.guided_to),
            *(self.method, self.edge, self.tile, self.ratio, self.seed, self.solver),
        )
        self.box = ipywidgets.VBox(self.controls)
        for each in self.controls:
            each.observe(lambda _: changed(), "value")

    def adopt(self, usual: Mapping[str, Any]) -> None:
        """Start from the settings that suit another model. Controls that the user has changed keep their values."""
        low, high = usual["guidance_interval"] or ALWAYS
        before, self._usual = self._usual, usual
        old_low, old_high = before["guidance_interval"] or ALWAYS
        self.solver.options = tuple(dict.fromkeys((*SOLVERS, self.solver.value, usual["solver"])))
        for control, old, new in (
            (self.steps, before["steps"], usual["steps"]),
            (self.guidance, before["guidance_scale"], usual["guidance_scale"]),
            (self.guided_from, old_low, low),
            (self.guided_to, old_high, high),
            (self.tile, before["tile_size_time"], usual["tile_size_time"]),
            (self.solver, before["solver"], usual["solver"]),
        ):
            if control.value == old:
                control.value = new

    @property
    def config(self) -> SpotDiffusionConfig:
        """The tiling in the form. Raises `InputError` for invalid values."""
        return SpotDiffusionConfig(self.tile.value, None, self.ratio.value, self.edge.value)

    def settings(self) -> dict[str, Any]:
        """Return the arguments of `SpotSampler`, except for the model. Raises `InputError` for invalid values."""
        interval = self.guided_from.value, self.guided_to.value
        return {
            "prompt": parse_prompt(self.prompt.value),
            "duration": self.duration.value,
            "steps": self.steps.value,
            "guidance_scale": self.guidance.value,
            "guidance_interval": None if interval == ALWAYS else interval,
            "config": self.config,
            "method": self.method.value,
            "seed": self.seed.value,
            "solver": self.solver.value,
            "eta": self._usual["eta"] if self.solver.value == self._usual["solver"] else 0.0,
            "negative_prompt": self.negative.value,
            "finish_steps": self._usual["finish_steps"],
        }
