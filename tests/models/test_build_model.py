"""`build_model` finds audioldm's own names in one of three ways, and says which."""

from __future__ import annotations

import logging
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import spotnb.models.build_model
from spotnb.errors import InputError, SpotnbError
from spotnb.models.build_model import AUDIOLDM_NAMES, BuiltModel, build_model, checkpoint_path
from tests.models.components import make_components, save_folder
from tests.models.families import FAMILIES
from tests.models.original_names import make_pieces, save_checkpoint, state_of

NAME = "audioldm-s-full-v2"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the package, which is not installed."""
    monkeypatch.setenv("AUDIOLDM_CACHE_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "audioldm", None)
    return tmp_path


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Return the names that `load_model` is asked for: it gives checkpoints, and a small model for any repository."""
    asked: list[Any] = []
    load = spotnb.models.build_model.load_model

    def load_model(name: Any, **options: Any) -> Any:
        asked.append(name)
        return load(name if isinstance(name, Path) else save_folder(tmp_path / "twin", make_components()), **options)

    monkeypatch.setattr(spotnb.models.build_model, "load_model", load_model)
    return asked


def install(monkeypatch: pytest.MonkeyPatch, build: Any) -> None:
    monkeypatch.setitem(sys.modules, "audioldm", types.SimpleNamespace(build_model=build))


def stand_in(model_name: str) -> Any:
    return types.SimpleNamespace(name=model_name, cond_stage_model=types.SimpleNamespace(unconditional_prob=0.1))


def test_the_checkpoint_is_read_first(
    loaded: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = save_checkpoint(checkpoint_path(NAME), state_of(make_pieces()))
    install(monkeypatch, lambda model_name: pytest.fail("the package was asked"))
    with caplog.at_level(logging.INFO, "spotnb"):
        model = build_model(NAME, device="cpu", dtype="fp32")
    assert isinstance(model, BuiltModel)
    assert (model.name, loaded) == (str(path), [path])
    assert model.get_learned_conditioning(["rock"]).shape == (1, 1, 16)
    assert f"{NAME} comes from its checkpoint {path}" in caplog.text


def test_then_the_package(loaded: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    install(monkeypatch, stand_in)
    with caplog.at_level(logging.INFO, "spotnb"):
        model = build_model(NAME)
    assert (model.name, model.cond_stage_model.unconditional_prob) == (NAME, 0)
    assert loaded == []
    assert f"{NAME} comes from the package audioldm" in caplog.text


@pytest.mark.parametrize("installed", [True, False])
def test_then_the_converted_checkpoint(
    loaded: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, installed: bool
) -> None:
    def fail(model_name: str) -> None:
        raise OSError("no route to host\nand more")

    if installed:
        install(monkeypatch, fail)
    with caplog.at_level(logging.INFO, "spotnb"):
        assert isinstance(build_model(NAME, device="cpu"), BuiltModel)
    assert loaded == ["cvssp/audioldm-s-full-v2"]
    reason = f"audioldm cannot build '{NAME}' (no route to host)" if installed else "the package audioldm cannot be"
    assert reason in caplog.text
    assert f"{NAME} comes from the converted checkpoint cvssp/audioldm-s-full-v2" in caplog.text


def test_a_damaged_checkpoint_is_named_and_passed_over(loaded: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    path = checkpoint_path(NAME)
    path.write_bytes(b"damaged")
    build_model(NAME, device="cpu")
    assert loaded == [path, "cvssp/audioldm-s-full-v2"]
    assert f"{path} cannot be read" in caplog.text


@pytest.mark.parametrize("name", [name for name, twin in AUDIOLDM_NAMES.items() if twin is None])
def test_a_name_without_a_converted_checkpoint(name: str) -> None:
    with pytest.raises(SpotnbError) as caught:
        build_model(name)
    message = str(caught.value)
    assert message.startswith(f"'{name}' cannot be loaded (the package audioldm cannot be imported")
    assert message.endswith("or use 'tiny'")
    assert len(message) <= 200


def test_a_wrong_option_is_not_tried_in_other_ways(loaded: list[Any]) -> None:
    path = save_checkpoint(checkpoint_path(NAME), state_of(make_pieces()))
    with pytest.raises(InputError, match="device"):
        build_model(NAME, device="abacus")
    assert loaded == [path]


def test_the_path_of_a_checkpoint(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "mine.ckpt", state_of(make_pieces()))
    assert build_model(str(path), device="cpu").latent_f_size == 16


def test_another_family_is_refused(tmp_path: Path) -> None:
    folder = FAMILIES["stable_audio"](tmp_path / "model")
    with pytest.raises(InputError, match="expected an AudioLDM, whose vocabulary this is"):
        build_model(str(folder), device="cpu")
