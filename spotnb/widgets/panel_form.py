"""The form of SamplerPanel, which turns the controls of ipywidgets into settings of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import ipywidgets

from spotnb.sampling.settings import DEFAULT_GUIDANCE, DEFAULT_GUIDANCE_INTERVAL, DEFAULT_STEPS
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import POLICIES
from spotnb.widgets.panel_prompt import parse_prompt

SOLVERS: Final = ("ddim", "dpm++")


class Form:
    """The controls of the panel.

    Args:
        changed: Called after every change of a control.

    Attributes:
        box: The container of all controls.
        controls: All controls, in order.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
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
        self.steps = control(whole, "Steps", DEFAULT_STEPS, min=1, max=1000)
        self.guidance = control(real, "Guidance", DEFAULT_GUIDANCE, min=0, max=100, step=0.5)
        low, high = DEFAULT_GUIDANCE_INTERVAL
        self.guided_from = control(whole, "Guided from", low, min=0, max=1000, step=50)
        self.guided_to = control(whole, "to timestep", high, min=0, max=1000, step=50)
        self.method = control(choose, "Method", "spot", options=METHODS)
        self.edge = control(choose, "Edge", "reflect", options=tuple(POLICIES))
        self.tile = control(whole, "Tile frames", 128, min=1, max=100_000, step=8)
        self.ratio = control(real, "Shift ratio", 0.5, min=0, max=1, step=0.05)
        self.seed = control(whole, "Seed", 0, min=0, max=2**53)
        self.solver = control(choose, "Solver", "ddim", options=SOLVERS)
        self.controls = (
            *(self.prompt, self.negative, self.duration, self.steps, self.guidance, self.guided_from, self.guided_to),
            *(self.method, self.edge, self.tile, self.ratio, self.seed, self.solver),
        )
        self.box = ipywidgets.VBox(self.controls)
        for each in self.controls:
            each.observe(lambda _: changed(), "value")

    @property
    def config(self) -> SpotDiffusionConfig:
        """The tiling in the form. Raises `InputError` for invalid values."""
        return SpotDiffusionConfig(self.tile.value, None, self.ratio.value, self.edge.value)

    def settings(self) -> dict[str, Any]:
        """Return the arguments of `SpotSampler`, except for the model. Raises `InputError` for invalid values."""
        return {
            "prompt": parse_prompt(self.prompt.value),
            "duration": self.duration.value,
            "steps": self.steps.value,
            "guidance_scale": self.guidance.value,
            "guidance_interval": (self.guided_from.value, self.guided_to.value),
            "config": self.config,
            "method": self.method.value,
            "seed": self.seed.value,
            "solver": self.solver.value,
            "negative_prompt": self.negative.value,
        }
