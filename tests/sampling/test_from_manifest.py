"""A run made again from its manifest, a JSON file, or a trace."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch

import spotnb.sampling.replay
from spotnb import PromptTimeline, SpotDiffusionConfig, SpotSampler, generate_audio, load_model, sampler_from
from spotnb.errors import InputError, SpotnbError
from tests.models.components import make_components, save_folder
from tests.networks import FunctionModel, neighbourly
from tests.runs import SOLVERS, Known, Run

RUN = Run(40, 4, {"steps": 5, "seed": 3})


def model() -> FunctionModel:
    return FunctionModel(neighbourly, 4)


def manifest_of(**changes: Any) -> dict[str, Any]:
    """Return the manifest of a run as a JSON file gives it."""
    manifest: dict[str, Any] = json.loads(json.dumps(RUN.sampler(neighbourly, **changes).manifest()))
    return manifest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("model") / "small", make_components(seed=1))


@pytest.mark.parametrize(
    "changes",
    [
        *({"solver": solver} for solver in SOLVERS),
        {"config": SpotDiffusionConfig(16, edge="anchor", shift_seed=4), "method": "multidiffusion"},
        {"eta": 0.5, "guidance_scale": 2.0, "guidance_interval": (100, 700), "negative_prompt": "rain"},
        {"n_candidates": 2, "record": "last"},
    ],
)
def test_the_run_is_the_same_bit_for_bit(changes: dict[str, Any]) -> None:
    first = RUN.sampler(neighbourly, **changes).run(progress=False)
    again = sampler_from(json.loads(json.dumps(first.manifest())), model())
    assert again.steps_done == 0
    assert torch.equal(again.run(progress=False).latent, first.latent)
    assert again.manifest() == first.manifest()


def test_a_timeline_comes_back() -> None:
    timeline = PromptTimeline([(0, 1, "rain"), (1, 2, "organ")], crossfade=0.5)
    first = SpotSampler(model(), timeline, 2.0, steps=2, config=SpotDiffusionConfig(16)).run(progress=False)
    again = sampler_from(first.manifest(), model())
    assert again.prompt == timeline
    assert torch.equal(again.run(progress=False).latent, first.latent)


def test_a_json_file_and_a_trace(tmp_path: Path) -> None:
    first = RUN.sampler(neighbourly).run(progress=False)
    path = tmp_path / "run.json"
    path.write_text(json.dumps(first.manifest()))
    trace = first.trace.save(tmp_path / "run.npz")
    for source in (path, str(path), trace, first.trace):
        assert torch.equal(sampler_from(source, model()).run(progress=False).latent, first.latent)


def test_known_sound_comes_from_the_trace(tmp_path: Path) -> None:
    first = RUN.sampler(neighbourly, continue_from=Known(12)).run(progress=False)
    again = sampler_from(first.trace.save(tmp_path / "run.npz"), model())
    assert torch.equal(again.run(progress=False).latent, first.latent)
    with pytest.raises(InputError, match=r"started from sound \(continue_from\).*pass its trace"):
        sampler_from(first.manifest(), model())


# The model.


def test_the_model_is_loaded_under_its_name(folder: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"steps": 2, "config": SpotDiffusionConfig(16), "progress": False}
    result = generate_audio(load_model(folder, "cpu", "fp32"), "rock song", duration=1.0, **settings)
    path = tmp_path / "sound.json"
    path.write_text(json.dumps(result.manifest()))
    again = sampler_from(path, load=True)
    assert again.model.name == str(folder)
    assert torch.equal(again.run(progress=False).latent, result.sampler.latent)
    with pytest.raises(InputError, match="which is not opened by itself"):
        sampler_from(path)


def test_other_weights_under_the_same_name_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "model"
    loaded = load_model(save_folder(place, make_components(seed=1)), "cpu", "fp32")
    manifest = SpotSampler(loaded, "rock song", 1.0, steps=2).manifest()
    other = load_model(save_folder(place, make_components(seed=2)), "cpu", "fp32")
    for options in ({"load": True}, {"model": other}):
        with pytest.raises(InputError, match="recorded with other weights"):
            sampler_from(manifest, **options)


def test_name_revision_variant_and_choices_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[Any] = []
    monkeypatch.setattr(spotnb.sampling.replay, "load_model", lambda *a, **k: came.append((a, k)) or model())
    described = {"name": "cvssp/audioldm", "revision": "abc", "variant": "fp16", "dtype": "bfloat16", "device": "cpu"}
    sampler_from(manifest_of() | {"model": described}, load=True)
    options = {"device": "cpu", "dtype": "bf16", "heads": "original", "revision": "abc", "variant": "fp16"}
    assert came == [(("cvssp/audioldm",), options)]


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_device_that_is_not_here(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    came: list[Any] = []
    monkeypatch.setattr(spotnb.sampling.replay, "load_model", lambda *_, **k: came.append(k["device"]) or model())
    with caplog.at_level(logging.WARNING, "spotnb"):
        sampler_from(manifest_of() | {"model": {"name": "tiny", "device": "cuda"}})
    assert came == ["auto"]
    assert "recorded on 'cuda', which is not on this machine" in caplog.text


# Refusals.


def test_a_fork_with_changes_is_refused() -> None:
    first = RUN.sampler(neighbourly).run(progress=False)
    with pytest.raises(InputError, match=r"changed at step 2 \(guidance_scale\), so its settings alone"):
        sampler_from(first.fork(at=2, guidance_scale=1.0).manifest(), model())


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "line 1 is not JSON"),
        ("{", "line 1 is not JSON"),
        ("[1]", "holds a list: expected the manifest of a run"),
        ("{}", "does not describe a run"),
        ('{"model": 5}', "does not describe a run"),
        ("[" * 100_000, "nested too deeply"),
        ("\udc80", "cannot read"),
    ],
)
def test_a_file_that_is_no_manifest(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SpotnbError) as caught:
        sampler_from(path, model())
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [5, None, "", [], "nowhere.json", "nowhere.npz", object()])
def test_what_is_no_manifest_at_all(bad: Any) -> None:
    with pytest.raises(SpotnbError) as caught:
        sampler_from(bad, model())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("entries", [{"steps": 0}, {"solver": 5}, {"frames": -1}, {"config": {"edge": "cliff"}}])
def test_settings_are_checked(entries: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        sampler_from(manifest_of() | entries, model())
    assert "\n" not in str(caught.value)
