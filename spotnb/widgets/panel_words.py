"""What is said of settings, in the words of the form: labels for names, and nothing that is only true of Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from spotnb.widgets.panel_fields import ALWAYS, CONFIG, PAIR, PAIRED, form_fields

TEXTS: Final = ("prompt", "negative_prompt")
OTHER_STARTS: Final = {
    "the prompt ": "prompt",
    "the line ": "prompt",
    "timeline ": "prompt",
    "fork would change the length": "edge",
    "fork would change the solver": "solver",
}
"""How messages begin that do not begin with the name of their setting."""
ABOUT_MEMORY: Final = " steps needs about "
"""Part of the message that a run is too long for the memory."""


def in_words_of_form(message: str) -> tuple[str, str]:
    """Return the field that a message is about, or "", and the message in the words of the form.

    A message about no field stays as it is, and so does what users wrote.
    """
    fields = {field.name: field for field in form_fields()}
    labels = {name: field.label for name, field in fields.items()} | {PAIRED: "The guided interval"}
    name = _setting(message, labels)
    if not name:
        return "", message
    if message.startswith(name):
        message = labels[name] + message.removeprefix(name)
    subject, expected, advice = message.rpartition(": expected")
    if subject in (f"{labels[name]} is None", f"{labels[name]} is ''"):
        subject = f"{labels[name]} is empty"
    if name == PAIRED:
        subject = re.sub(r"\bNone\b|''", "empty", subject)
    if name not in TEXTS:
        advice = _with_labels(_without_python(advice, name in fields and fields[name].optional), labels)
    words = _of_forks(f"{subject}{expected}{advice}", name, labels[name])
    return PAIR[0] if name == PAIRED else name, words


def changed_labels(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the labels of the fields in which the settings of two runs differ, in the order of the form."""
    old, new = _by_field(before), _by_field(after)
    changed = [field for field in form_fields() if old[field.name] != new[field.name]]
    return list(dict.fromkeys("Guided interval" if field.name in PAIR else field.label for field in changed))


def _setting(message: str, labels: Mapping[str, str]) -> str:
    forked = re.match(r"fork cannot change (\w+)", message)
    name = forked[1] if forked else message.partition(" ")[0]
    if name in labels:
        return name
    known = (field for start, field in OTHER_STARTS.items() if message.startswith(start))
    return next(known, "duration" if ABOUT_MEMORY in message else "")


def _without_python(advice: str, optional: bool) -> str:
    """Leave out arguments in parentheses, what only Python can do, and what None would do to a field."""
    advice = re.sub(r", or in Python [^;]*", "", advice)
    advice = re.sub(r"(, or [^,;(]*)? \([^()]*[_=][^()]*\)", "", advice)
    clauses = advice.split("; ")
    if optional:
        clauses = [clause.replace("None", "empty") for clause in clauses]
    return "; ".join(clause for clause in clauses if "None" not in clause)


def _with_labels(advice: str, labels: Mapping[str, str]) -> str:
    for name, label in labels.items():
        advice = re.sub(rf"\b{name}='([^']*)'", rf"{label} \1", advice)
        if "_" in name:  # the others are also words
            advice = re.sub(rf"\b{name}\b", label, advice)
    return advice


def _of_forks(message: str, name: str, label: str) -> str:
    if not message.startswith("fork "):
        return message
    message = message.replace(f"change {name}", f"change {label}", 1)
    return f"A {message.replace('start a new sampler', 'press Reset to start anew')}"


def _by_field(settings: Mapping[str, Any]) -> dict[str, Any]:
    ends = dict(zip(PAIR, settings[PAIRED] or ALWAYS, strict=True))
    return {**settings, **ends, **{name: getattr(settings["config"], name) for name in CONFIG}}
