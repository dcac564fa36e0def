"""The fields of SamplerPanel's form, taken from the declarations of the settings of a run and of its tiling.

A setting that is declared later appears in the group Advanced with the first sentence of its description, unless
`NOT_IN_FORM` names it. An entry in `ABOUT` gives it another label, group and help.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Final, NamedTuple

from spotnb.sampling.settings import RunSettings
from spotnb.solvers.protocol import SOLVERS
from spotnb.support.options import Option, options
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.edges import POLICIES

GROUPS: Final = ("", "Method", "Guidance", "Advanced")
ALWAYS: Final = (0, 1000)  # the guidance interval that stands for None
NOT_IN_FORM: Final = {
    *("config", "tile_batch", "record", "record_dtype", "n_candidates", "reconstruction_scale"),  # for code
    *("init_audio", "strength", "continue_from", "keep"),  # sound cannot be put into the form
}
ALIASES: Final = {
    "negative": "negative_prompt",
    "guidance": "guidance_scale",
    "tile": "tile_size_time",
    "ratio": "max_shift_ratio",
}
"""Short names of controls in Python, and the settings that they hold."""


class Field(NamedTuple):
    """One field of the form.

    Attributes:
        name: The setting.
        label: Its label.
        group: One of `GROUPS`; "" is always visible.
        kind: "area", "text", "number", "whole" or "choice".
        help: One line on its meaning.
        unit: Its unit, or "".
        step: The step of a number.
        choices: The values of a choice.
        optional: Whether an empty field stands for None.
    """

    name: str
    label: str
    group: str
    kind: str
    help: str
    unit: str = ""
    step: float = 1
    choices: tuple[str, ...] = ()
    optional: bool = False


class About(NamedTuple):
    """What the form says of a setting."""

    label: str
    group: str
    help: str
    unit: str = ""
    step: float = 1


ABOUT: Final = {
    "prompt": About("Prompt", "", "What to hear. Lines such as 0-10: rain make a timeline."),
    "duration": About("Seconds", "", "Length of the sound.", "s"),
    "seed": About("Seed", "", "Another number gives another sound of the same kind."),
    "method": About(
        "Method",
        "Method",
        "spot moves the cuts at every step, tiles leaves them, multidiffusion averages, full cuts not.",
    ),
    "tile_size_time": About("Tile frames", "Method", "What the network sees in one pass.", "latent frames", 8),
    "max_shift_ratio": About("Shift ratio", "Method", "How far the cuts move at most.", "of a tile", 0.05),
    "min_overlap": About(
        "Overlap", "Method", "Of neighboring windows, for multidiffusion only. Empty: half a tile.", "latent frames", 8
    ),
    "edge": About("Edge", "Method", "What windows see past the ends of the sound; circular makes a loop."),
    "guidance_scale": About(
        "Guidance", "Guidance", "How strongly the prompt is followed; 1 is no guidance, at half the work.", "times", 0.5
    ),
    "guided_from": About("Guided from", "Guidance", "Guidance is active from here: 0 is clean.", "timestep", 50),
    "guided_to": About("to timestep", "Guidance", "Guidance is active up to here: 1000 is noise.", "timestep", 50),
    "negative_prompt": About("Away from", "Guidance", "What not to hear."),
    "steps": About("Steps", "Advanced", "Denoising steps; the work grows with them.", "steps"),
    "solver": About("Solver", "Advanced", "How a noise prediction becomes the next latent."),
    "eta": About("Eta", "Advanced", "Noise that each step adds back.", "0 to 1", 0.1),
    "shift_seed": About("Shift seed", "Advanced", "Draws other cuts, and changes nothing else."),
    "shift_schedule": About("Shift order", "Advanced", "The order in which the cuts move; random is the paper's."),
}
ORDER: Final = tuple(ABOUT)
CONFIG: Final = tuple(each.name for each in options(SpotDiffusionConfig))
KINDS: Final = ("text", "number", "whole", "choice")
PAIRED: Final = "guidance_interval"
PAIR: Final = ("guided_from", "guided_to")
"""The fields that hold `PAIRED`."""


def form_fields(solvers: tuple[str, ...] = SOLVERS) -> list[Field]:
    """Return all fields of the form, in the order in which they are shown."""
    declared = {each.name: each for each in (*options(RunSettings), *options(SpotDiffusionConfig))}
    found = [_field(each, solvers) for each in declared.values() if each.name not in NOT_IN_FORM and each.kind in KINDS]
    found += [Field(name, ABOUT[name].label, "Guidance", "whole", *ABOUT[name][2:]) for name in PAIR]
    places = {name: place for place, name in enumerate(ORDER)}
    return sorted(found, key=lambda field: (GROUPS.index(field.group), places.get(field.name, len(places))))


def _field(declared: Option, solvers: tuple[str, ...]) -> Field:
    name, kind = declared.name, str(declared.kind)
    choices = {"edge": tuple(POLICIES), "solver": solvers}.get(name, declared.choices)
    kind = "area" if name == "prompt" else "choice" if choices else kind
    label = name.replace("_", " ").capitalize()
    about = ABOUT.get(
        name, About(label, "Advanced", f"{declared.summary}.".replace("`", ""), "", 1 if kind == "whole" else 0.1)
    )
    optional = declared.default is None and kind in ("number", "whole")
    return Field(name, about.label, about.group, kind, about.help, about.unit, about.step, choices, optional)


def first_values(usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the form starts from: those that suit the model, else the defaults of the settings."""
    declared = {each.name: each.default for each in (*options(RunSettings), *options(SpotDiffusionConfig))}
    low, high = usual[PAIRED] or ALWAYS
    special = {"prompt": "calm piano", "guided_from": low, "guided_to": high}
    values = {**declared, **usual, **special}
    return {field.name: None if values[field.name] is MISSING else values[field.name] for field in form_fields()}


def checks() -> dict[str, Callable[[Any], Any]]:
    """Return the check of each setting of a run, by its name."""
    return {each.name: each.metadata["check"] for each in fields(RunSettings) if "check" in each.metadata}
