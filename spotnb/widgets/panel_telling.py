"""What SamplerPanel says: which buttons have an effect, how the run stands, and what the form means and costs."""

from __future__ import annotations

from typing import Any, Final

from spotnb.errors import SpotnbError
from spotnb.models.words import read_text
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.endings import end_before_python
from spotnb.support.system import used_memory
from spotnb.widgets.panel_cost import Plan, duration
from spotnb.widgets.panel_display import Display
from spotnb.widgets.panel_form import ACTIONS, Form
from spotnb.widgets.panel_kept import run_name
from spotnb.widgets.panel_marimo import Later, Workers
from spotnb.widgets.panel_run import Run

TELL_AFTER: Final = 0.3  # seconds without a change before words and cost are looked at again
FIRST_DECODING: Final = 90_000_000
"""Bytes by which a process grows when it decodes for the first time, and keeps: measured with the embedded model."""
OLD_SOUND: Final = "The sound shown is that of the run before, until this one is done."


def enabled(run: Run) -> dict[str, bool]:
    """Return which buttons have an effect now."""
    has, free = run.sampler is not None, not run.busy
    on = dict.fromkeys(ACTIONS, free) | {"pause": run.busy}
    on |= dict.fromkeys(("reset", "fork"), has and free)
    return on | {"wav": run.generation is not None and free, "trace": has and run.sampler.steps_done > 0 and free}


def share(run: Run) -> float:
    """Return the finished share of a run."""
    sampler, state = run.sampler, run.state
    if sampler is None:
        return 0.0
    part = 0.0
    if state.tiles and not sampler.done:
        part = state.tiles / max(1, len(sampler.layout(sampler.steps_done).tiles))
    return min(1.0, float(sampler.steps_done + part) / len(sampler.solver))


def hint(run: Run, form: Form) -> str:
    """Return what the user should know of the run and the form."""
    sampler = run.sampler
    if sampler is None:
        return ""
    sentences = []
    if not run.busy and _differs(sampler, form):
        sentences = [
            "The form has changed: Run continues the run as it began, Fork continues with the new settings, "
            "Reset starts anew."
        ]
        if sampler.done:
            sentences = ["The form has changed: Run makes a new sound, and the list keeps this one."]
    if run.generation is not None and not run.finished:
        sentences.append(OLD_SOUND)
    if notes := ". ".join(sampler.definition.prompts.notes):
        sentences.append(f"Note: {notes}.")
    return " ".join(sentences)


def _differs(sampler: Any, form: Form) -> bool:
    try:
        settings, now = form.settings(), sampler.settings()
    except SpotnbError:
        return False  # the form shows the error
    return any(now[name] != value for name, value in settings.items())


def fork_words(run: Run, at: int | None) -> str:
    """Return where Fork continues, with the state before step `at`, or "" if it has no effect."""
    sampler = run.sampler
    if sampler is None or run.busy:
        return ""
    step, final = (sampler.steps_done if at is None else at), len(sampler.solver) - 1
    if step > final:
        return "Fork needs an earlier step: choose one with the Step slider."
    if step <= sampler.first:
        return f"Fork makes {run_name(sampler)} again from its start, with the settings of the form."
    return f"Fork keeps {run_name(sampler)} up to step {step - 1} / {final}, and goes on with the settings of the form."


class Foresight:
    """Tells the meaning and the cost of the form, a moment after its last change, in a thread.

    Args:
        run: The run, whose model is used.
        form: The form.
        display: Where the plan and the cost appear.
        eager: Whether the model may be loaded for this.
        workers: Creates the thread.
    """

    def __init__(self, run: Run, form: Form, display: Display, eager: bool, workers: Workers) -> None:
        self._run, self._form, self._display, self._eager = run, form, display, eager
        self._workers = workers
        self._later: Later | None = None
        self._answered = self._closed = False
        end_before_python(self)

    def changed(self) -> None:
        """Tell again, soon."""
        if self._closed:
            return
        self.cancel()
        self._answered = False
        self._later = Later(self._workers, TELL_AFTER, self.tell, self._later)

    def cancel(self) -> None:
        """Do not tell what has not been told yet."""
        if self._later is not None:
            self._later.cancel()

    def halt(self) -> None:
        """Tell nothing anymore."""
        self._closed = True
        self.cancel()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until what is under way has ended, or for some seconds."""
        if self._later is not None:
            self._later.wait(seconds)

    def plan(self) -> Plan | None:
        """Show the plan of the form. Nothing changes if the form is invalid."""
        try:
            plan = Plan(self._form.settings(), self._run.model.held)
        except SpotnbError as error:
            self._refuse(*self._form.fault(error))
            return None
        if not self._answered:  # what a button said stays until the form changes
            self.accept()
        self._display.plan_for(plan)
        self._set_cost(plan.cost)
        return plan

    def tell(self) -> None:
        """Show the plan, the words that the model does not know, and the cost in seconds and bytes."""
        try:
            plan = self.plan()
            if not (self._eager or self._run.model.held is not None):
                return
            model = self._run.model.load()
            self._tell_words(model)
            if plan is None or self._run.busy or self._closed:
                return
            from spotnb.sampling.sampler import SpotSampler

            sampler = SpotSampler(model, **self._form.settings())
            cost, plan = sampler.cost(), Plan(self._form.settings(), model)
            now = used_memory()  # after the pass that measures the seconds, so that its working memory counts
            peak = now + cost.peak_bytes + (0 if self._display.shelf.runs else FIRST_DECODING)
            memory = f"{_size(peak)} of memory at the peak, {_size(now)} of it in use already"
            self._set_cost(f"{plan.cost}; about {duration(cost.seconds)} and {memory}")
        except Exception as error:  # the form may be invalid, and the model may fail to load: show the error instead
            self._refuse(*self._form.fault(error))

    def _tell_words(self, model: Any) -> None:
        values = self._form.view.values
        try:
            prompt = self._form.settings()["prompt"]
        except SpotnbError:
            prompt = str(values["prompt"])
        texts = list(prompt.prompts) if isinstance(prompt, PromptTimeline) else [prompt]
        readings = [read_text(model, text) for text in (*texts, str(values["negative_prompt"]))]
        words = [word for reading in readings for word in (*reading.unknown, *reading.cut)]
        if not self._closed:
            self._form.view.unknown = list(dict.fromkeys(words))

    def accept(self) -> None:
        """Show that nothing is wrong with the form."""
        self._answered = False
        self._set_trouble("", "")

    def answer(self, error: Exception) -> bool:
        """Show in the form why a button cannot do its work, and return False if no field is the reason."""
        field, text = self._form.fault(error)
        if field:
            self._answered = True
            self._refuse(field, text, pressed=1)
        return bool(field)

    def _refuse(self, field: str, text: str, pressed: int = 0) -> None:
        self._set_trouble(text, field, pressed)
        self._set_cost("unknown until the form is corrected" if field else text)
        if field and not self._closed:
            self._display.plan.meaning = ""

    def _set_trouble(self, text: str, field: str, pressed: int = 0) -> None:
        if not self._closed:
            refused = self._form.view.trouble["refused"] + pressed
            self._form.view.trouble = {"text": text, "field": field, "refused": refused}

    def _set_cost(self, text: str) -> None:
        if not self._closed:
            self._display.status.cost = self._display.plan.cost = text


def _size(count: float) -> str:
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"
