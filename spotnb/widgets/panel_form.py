"""The form of SamplerPanel and its buttons, in one widget, and its values as settings of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from traitlets import Dict, List

from spotnb.errors import InputError, SpotnbError
from spotnb.solvers.protocol import SOLVERS
from spotnb.support.checks import show
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.widgets.base import Widget
from spotnb.widgets.panel_fields import (
    ALIASES,
    ALWAYS,
    CONFIG,
    GROUPS,
    PAIR,
    checks,
    first_values,
    form_fields,
)
from spotnb.widgets.panel_prompt import parse_prompt
from spotnb.widgets.panel_words import in_words_of_form

EXAMPLES: Final = ("nature sounds", "calm piano", "church organ", "jazz piano solo", "acoustic guitar", "techno")
"""Prompts of one class each that the embedded model knows."""
ACTIONS: Final = {
    "run": ("Run", "Run to the end, or continue after a pause"),
    "step": ("Step", "Take one step, or finish the current one"),
    "phase": ("Phase", "Do the next part of a step and show it: pad, predict tile by tile, stitch, update"),
    "pause": ("Pause", "Stop after the tiles that are being predicted"),
    "reset": ("Reset", "Set the run aside and start anew; the list of runs keeps it"),
    "fork": (
        "Fork",
        "Keep the steps up to the one that is shown, and go on with this form; the list keeps the run before",
    ),
    "wav": ("Save wav", "Write the sound to a file next to the notebook"),
    "trace": ("Save trace", "Write the trace of the run to a file next to the notebook"),
}


FINE: Final[dict[str, Any]] = {"text": "", "field": "", "refused": 0}
"""What is wrong with the form: a sentence, the field that it is about, and how many presses of buttons it refused."""


class PanelForm(Widget, module="panel_form.js", title="What to make"):
    """The fields and the buttons as they are seen. Fields beyond the first three are folded away."""

    static_form = False
    values = Dict().tag(sync=True, echo_update=False)  # a late echo would overwrite what is being typed
    enabled = Dict().tag(sync=True)
    notes = Dict().tag(sync=True)  # what a value means in other units, by field
    unknown: List[str] = List().tag(sync=True)  # words that the model does not know
    trouble = Dict(FINE).tag(sync=True)  # what is wrong with the values
    choices = Dict().tag(sync=True)
    _scene = Dict().tag(sync=True)


class Refused(InputError):
    """A sampler cannot be made from the form."""


@contextmanager
def refusing() -> Iterator[None]:
    """Tell errors of settings, and a run that is too large for the memory, from errors of a run."""
    try:
        yield
    except SpotnbError as error:
        raise Refused(str(error)) from error


class Control:
    """One field of the form, for Python: its `value` can be read and set."""

    def __init__(self, view: PanelForm, name: str) -> None:
        self._view, self.name = view, name

    @property
    def value(self) -> Any:
        """The value in the form."""
        return self._view.values[self.name]

    @value.setter
    def value(self, value: Any) -> None:
        self._view.values = {**self._view.values, self.name: value}

    @property
    def options(self) -> tuple[str, ...]:
        """The values of a choice."""
        return tuple(self._view.choices.get(self.name, ()))


class Button:
    """One button of the panel, for Python."""

    def __init__(self, view: PanelForm, name: str, press: Callable[[str], None]) -> None:
        self._view, self.name, self._press = view, name, press
        self.description, self.tooltip = ACTIONS[name]

    @property
    def disabled(self) -> bool:
        """Whether the button has no effect now."""
        return not self._view.enabled.get(self.name, False)

    def click(self) -> None:
        """Do what a click does."""
        self._press(self.name)


class Form:
    """The fields as settings of a run. `form.seed.value` reads a field, and setting it changes the page.

    Args:
        changed: Called after every change of a field.
        usual: The settings that the form starts from, see `spotnb.models.defaults`.

    Attributes:
        view: The widget.
        controls: All fields by the names of their settings.
    """

    def __init__(self, changed: Callable[[], None], usual: Mapping[str, Any]) -> None:
        self._usual = usual
        fields = form_fields()
        scene = {
            "fields": [field._asdict() | {"choices": list(field.choices)} for field in fields],
            "groups": list(GROUPS),
            "examples": list(EXAMPLES),
            "actions": {name: list(words) for name, words in ACTIONS.items()},
        }
        choices = {field.name: list(field.choices) for field in fields if field.choices}
        choices["solver"] = list(dict.fromkeys((*SOLVERS, usual["solver"])))
        self.view = PanelForm(values=first_values(usual), choices=choices, _scene=scene)
        self.controls = {field.name: Control(self.view, field.name) for field in fields}
        self.view.observe(lambda _: changed(), "values")

    def __getattr__(self, name: str) -> Control:
        """Return a field by the name of its setting, or by a short name such as `tile`."""
        controls: dict[str, Control] = self.__dict__.get("controls", {})
        if (wanted := ALIASES.get(name, name)) in controls:
            return controls[wanted]
        raise AttributeError(f"the form has no field {name!r}")

    def take(self, values: Any) -> None:
        """Take over values from a page. What is no field is ignored."""
        if isinstance(values, Mapping):
            held = self.view.values
            self.view.values = {name: values.get(name, value) for name, value in held.items()}

    def adopt(self, usual: Mapping[str, Any]) -> None:
        """Start from the settings that suit another model. Fields that the user has changed keep their values."""
        before, after, values = first_values(self._usual), first_values(usual), self.view.values
        solvers = tuple(dict.fromkeys((*SOLVERS, values["solver"], usual["solver"])))
        self.view.choices = {**self.view.choices, "solver": list(solvers)}
        self._usual = usual
        self.view.values = {name: after[name] if value == before[name] else value for name, value in values.items()}

    @property
    def config(self) -> SpotDiffusionConfig:
        """The tiling in the form. Raises `InputError` for invalid values."""
        return SpotDiffusionConfig(**{name: self.view.values[name] for name in CONFIG})

    def settings(self) -> dict[str, Any]:
        """Return the arguments of `SpotSampler`, except for the model. Raises `InputError` for invalid values."""
        values = self.view.values
        if not isinstance(values["prompt"], str):
            raise InputError(f"prompt is {show(values['prompt'])}: expected words that describe the sound")
        interval = tuple(values[name] for name in PAIR)
        same_solver = values["solver"] == self._usual["solver"]
        given = {name: value for name, value in values.items() if name not in (*CONFIG, *PAIR)} | {
            "prompt": parse_prompt(values["prompt"]),
            "guidance_interval": None if interval == ALWAYS else interval,
            "config": self.config,
            "eta": values["eta"] if same_solver or values["eta"] != self._usual["eta"] else 0.0,
        }
        check = checks()
        return {name: check[name](value) for name, value in given.items()}

    def fault(self, error: Exception) -> tuple[str, str]:
        """Return the field that an error is about, or "", and the error in the words of the form."""
        field, text = in_words_of_form(" ".join(str(error).split()))
        first = self.view.values[PAIR[0]]
        first_fits = isinstance(first, int) and ALWAYS[0] <= first <= ALWAYS[1]
        return PAIR[1] if field == PAIR[0] and first_fits else field, text
