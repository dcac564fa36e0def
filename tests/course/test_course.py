"""Every exercise: no answer yet, wrong answers, near misses and hints.

The solution notebooks check the right answers (see tests/notebooks).
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch

from spotnb import course
from spotnb.course import check, exercises
from spotnb.course.answers import as_numbers
from spotnb.course.near import KINDS, NearMiss, kinds_of
from spotnb.errors import InputError

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parents[1] / "notebooks"
WRONG: dict[str, list[tuple[Any, str]]] = {}
"""For each exercise, wrong answers and the part of the feedback that names the misconception, from `wrong_NN.py`."""
for _path in sorted(HERE.glob("wrong_*.py")):
    WRONG |= import_module(f"tests.course.{_path.stem}").WRONG


def raises(*_: Any) -> None:
    raise ValueError("no <b>idea</b>")


def unfinished(*_: Any) -> None:
    raise NotImplementedError


def documented(*_: Any) -> None:
    """Return nothing yet."""


def halfway(*arguments: Any) -> Any:
    _ = arguments[0]
    return ...


JUNK = [
    *(math.nan, -math.inf, "words", b"\0", object(), object, True, 1e400, -1, 10**400),
    *([math.nan], [["a"]], {"a": 1}, {1: 2}, np.array(math.nan), np.zeros((2, 3, 4))),
    *(torch.full((3,), math.nan), torch.zeros(1, 1, 8, 1), raises, lambda: 1, lambda *_: "words"),
]
OPEN = [
    *(None, ..., "", " ", "...", [], (), {}, set(), [None], [...], [[]], [(0, 8), ...], np.array([]), torch.zeros(0)),
    *(lambda *_: None, lambda *_: ..., documented),
]
EACH_NEAR_MISS = [
    pytest.param(name, miss, id=f"{name}-{index}")
    for name, exercise in exercises().items()
    for index, miss in enumerate(exercise.near_misses)
]
every_exercise = pytest.mark.parametrize("exercise", exercises())


@pytest.fixture(autouse=True)
def new_session() -> Iterator[None]:
    course._wrong.clear()
    yield
    course._wrong.clear()


def code_cells(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@every_exercise
def test_the_notebook_as_it_is_says_that_there_is_no_answer_yet(exercise: str) -> None:
    """It runs the exercise's own cell."""
    (path,) = NOTEBOOKS.glob(f"{exercise[:2]}-*.ipynb")
    (cell,) = [source for source in code_cells(path) if f'check("{exercise}"' in source]
    *before, last = ast.parse(cell).body
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {"check": check}
    exec(compile(ast.Module(before, []), exercise, "exec"), names)
    for _ in range(3):
        feedback = eval(compile(ast.Expression(last.value), exercise, "eval"), names)
        assert repr(feedback) == "Not answered yet."
        assert re.sub("<[^>]*>", "", feedback._repr_html_()).strip() == "… Not answered yet"


@every_exercise
def test_a_placeholder_is_not_an_answer(exercise: str) -> None:
    takes_a_function = callable(exercises()[exercise].judge.answer)  # type: ignore[attr-defined]
    for answer in [*OPEN, unfinished, halfway] if takes_a_function else OPEN:
        assert check(exercise, answer).text == "Not answered yet.", answer
    assert not course._wrong[exercise]


@every_exercise
def test_at_least_three_misconceptions_are_named(exercise: str) -> None:
    assert len(WRONG[exercise]) >= 3
    for answer, named in WRONG[exercise]:
        course._wrong.clear()
        feedback = check(exercise, answer)
        assert feedback.state == "wrong", (exercise, answer)
        assert named in feedback.text, (exercise, answer, feedback.text)
        assert "Hint" not in feedback.text
    assert len({named for _, named in WRONG[exercise]}) >= 3, "each for a different reason"


@every_exercise
def test_the_right_answer_is_accepted(exercise: str) -> None:
    feedback = check(exercise, exercises()[exercise].judge.answer, hint=True)  # type: ignore[attr-defined]
    assert feedback
    assert feedback.text == f"Right. {exercises()[exercise].why}"


@every_exercise
def test_at_least_two_near_misses_have_their_own_words(exercise: str) -> None:
    said = [miss.said for miss in exercises()[exercise].near_misses]
    assert len(set(said)) >= 2


@pytest.mark.parametrize(("exercise", "miss"), EACH_NEAR_MISS)
def test_a_near_miss_gets_its_own_words(exercise: str, miss: NearMiss) -> None:
    feedback = check(exercise, miss.wrong)
    assert feedback.text == f"Not yet. {miss.said}"
    assert miss.said.endswith((".", "?"))


@pytest.mark.parametrize(("exercise", "miss"), EACH_NEAR_MISS)
def test_the_words_of_a_near_miss_do_not_contain_the_answer(exercise: str, miss: NearMiss) -> None:
    answer = exercises()[exercise].judge.answer  # type: ignore[attr-defined]
    if isinstance(answer, str):
        assert answer not in miss.said.lower()
    elif callable(answer):
        said = re.sub(r"\s", "", miss.said)
        assert not [line for line in _solution(exercise) if re.sub(r"\s", "", line) in said]
    else:
        values = answer if isinstance(answer, list) else [answer]
        words = re.findall(r"\d+(?:\.\d+)?", miss.said)
        assert not all(any(math.isclose(float(word), value, rel_tol=2e-3) for word in words) for value in values)


def _solution(exercise: str) -> list[str]:
    """Return the expressions that the function of a solution assigns and returns, except for single names."""
    (path,) = (NOTEBOOKS / "solutions").glob(f"{exercise[:2]}-*.ipynb")
    (cell,) = [source for source in code_cells(path) if f'check("{exercise}"' in source]
    functions = [node for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
    found = [
        ast.unparse(node.value)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.Return) and node.value and not isinstance(node.value, ast.Name)
    ]
    assert found
    return found


@every_exercise
def test_common_near_misses_are_not_accepted(exercise: str) -> None:
    """The wrong numbers of every kind that fits the exercise get words, either common ones or the exercise's own."""
    answer = exercises()[exercise].judge.answer  # type: ignore[attr-defined]
    own = {miss.said for miss in exercises()[exercise].near_misses} | {kind.said for kind in KINDS}
    if isinstance(answer, (int, float, list)):
        for _, (wrong,) in kinds_of([as_numbers(answer)]):
            course._wrong.clear()
            feedback = check(exercise, wrong.tolist())
            if feedback:  # three digits are enough, or the order does not matter
                assert np.allclose(np.sort(np.ravel(wrong)), np.sort(np.ravel(answer)), rtol=1e-3)
            else:
                assert feedback.said in own


@every_exercise
def test_a_hint_comes_with_the_second_wrong_answer(exercise: str) -> None:
    (first, _), (second, _) = WRONG[exercise][:2]
    assert "Hint" not in check(exercise, first).text
    assert check(exercise, ...).text == "Not answered yet."
    shown = check(exercise, second)
    assert shown.text.endswith(f"\nHint: {exercises()[exercise].hint}")
    assert shown.hint
    assert check(exercise, ...).text == "Not answered yet."
    other = next(name for name in exercises() if name != exercise)
    assert "Hint" not in check(other, WRONG[other][0][0]).text


@every_exercise
def test_a_hint_can_be_asked_for(exercise: str) -> None:
    hint = exercises()[exercise].hint
    assert check(exercise, WRONG[exercise][0][0], hint=True).hint == hint
    assert check(exercise, ..., hint=True).text == f"Not answered yet.\nHint: {hint}"


@every_exercise
def test_junk_gets_a_sentence(exercise: str) -> None:
    for answer in JUNK:
        course._wrong.clear()
        feedback = check(exercise, answer)
        assert feedback.state == "wrong", answer
        assert feedback.text.startswith("Not yet. ")
        assert "\n" not in feedback.text
        assert "Traceback" not in feedback.text
        assert len(feedback.text) < 600


@every_exercise
def test_hint_and_reason_are_sentences(exercise: str) -> None:
    for text in (exercises()[exercise].hint, exercises()[exercise].why):
        assert text[0].isupper()
        assert text.rstrip()[-1] in ".?"


def test_each_notebook_asks_for_its_exercises_and_each_solution_answers_them() -> None:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        asked = [name for name in exercises() if name.startswith(path.name[:2])]
        assert 2 <= len(asked) <= 4, path
        for each in (path, NOTEBOOKS / "solutions" / path.name):
            code = "\n".join(cell.source for cell in nbformat.read(each, as_version=4).cells)
            assert [name for name in asked if f'check("{name}", ' in code] == asked, each


def test_an_exercise_that_there_is_not() -> None:
    with pytest.raises(InputError, match=r"exercise is '99-1': expected one of "):
        check("99-1", 3)


@pytest.mark.parametrize("name", [3, None, ["02-1"], {}])
def test_a_name_that_is_not_a_text(name: Any) -> None:
    with pytest.raises(InputError, match="expected one of 00-1"):
        check(name, 3)


def test_hint_is_a_flag() -> None:
    with pytest.raises(InputError, match="hint is 'yes': expected True or False"):
        check("02-1", 3, hint="yes")  # type: ignore[arg-type]
