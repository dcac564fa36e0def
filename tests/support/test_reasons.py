"""Errors of libraries are quoted in one line, and advice to load unsafe files is not."""

from __future__ import annotations

import errno
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb.support.reasons import LONGEST, reason_of


class Unshowable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("bad shape [3]. Try again."), "bad shape [3]"),
        (ValueError("\n\n  second line\nthird"), "second line"),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on device"),
        (RecursionError("maximum recursion depth exceeded"), "it is nested too deeply"),
        (json.JSONDecodeError("Expecting value", "[\n", 2), "line 2 is not JSON"),
        (MemoryError(), "it needs more memory than there is"),
        (KeyError(), "an error of the type KeyError"),
        (Unshowable(), "an error of the type Unshowable"),
        (ValueError("a\x07b"), "an error of the type ValueError"),
    ],
)
def test_the_reason_is_the_first_sentence(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


@pytest.mark.parametrize(
    "advice",
    [
        "Weights only load failed. Re-running `torch.load` with `weights_only` set to `False` will likely succeed",
        "Please pass the argument `trust_remote_code=True` to allow custom code to be run.",
        "please make sure to pass both `low_cpu_mem_usage=False` and `ignore_mismatched_sizes=True`",
        "Object arrays cannot be loaded when allow_pickle=False",
        "set use_safetensors = False to load the pickle",
        "Please run `pip install sentencepiece` first",
        "add them with torch.serialization.add_safe_globals to allowlist this global if you trust it",
        "The repository contains custom code which must be executed; inspect it at https://hf.co/x",
    ],
)
def test_advice_is_not_quoted(advice: str) -> None:
    for error in (ValueError(advice), pickle.UnpicklingError(advice), RuntimeError(f"\n{advice}")):
        reason = reason_of(error)
        assert not any(word in reason for word in ("=", "weights_only", "trust", "pip", "pickle", "allow", "http"))
        assert reason.startswith(("it holds Python objects", "an error of the type"))


@given(st.text())
def test_every_text_gives_one_short_line(text: str) -> None:
    reason = reason_of(ValueError(text))
    assert 0 < len(reason) <= LONGEST
    assert reason.isprintable()
