"""Every family: a folder as published loads by its index, runs with every method and edge, and repeats bit for bit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spotnb import generate_audio
from spotnb.errors import InputError, SpotnbError
from spotnb.models.families import family_of
from spotnb.models.folder_check import read_index
from spotnb.models.identity import KEY, folder_digest
from spotnb.models.load import load_model
from spotnb.models.protocol import AudioModel
from spotnb.sampling.replay import replay
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.paths import show_path
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from spotnb.trace.trace import Trace
from spotnb.widgets.comparison import RunComparison
from spotnb.widgets.inspector import LatentInspector
from tests.models.families import FAMILIES

PROMPT = "rock song with heavy drums"
TILE = 32


@pytest.fixture(scope="module", params=FAMILIES)
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FAMILIES[request.param](tmp_path_factory.mktemp(request.param) / "model")


@pytest.fixture(scope="module")
def model(saved: Path) -> AudioModel:
    return load_model(saved, "cpu", "fp32")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder that a test can damage."""
    return Path(shutil.copytree(saved, tmp_path / "m"))


def refusal(folder: Path) -> str:
    with pytest.raises(SpotnbError) as caught:
        load_model(folder, "cpu", "fp32")
    message = str(caught.value)
    assert show_path(folder) in message
    assert " ... " not in message  # it was not cut
    return message


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def seconds(model: AudioModel, frames: int) -> float:
    return frames * model.samples_per_frame / model.sample_rate


# Runs.


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("method", ["spot", "multidiffusion", "full"])
def test_every_method_and_edge(model: AudioModel, method: str, edge: str) -> None:
    """The prompts give way to each other in the middle, at a length that is not a multiple of the tile."""
    duration = seconds(model, 72)
    timeline = PromptTimeline([(0, duration / 2, "rain"), (duration / 2, duration, PROMPT)], crossfade=duration / 4)
    config = SpotDiffusionConfig(TILE, edge=edge)
    sampler = SpotSampler(model, timeline, duration, 2, config=config, method=method, seed=1).run(progress=False)
    sound = sampler.decode()
    assert sound.shape[-1] == round(duration * model.sample_rate)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 1e-4
    one = SpotSampler(model, timeline, duration, 2, config=config, method=method, seed=1, tile_batch=1)
    assert (one.run(progress=False).latent - sampler.latent).norm() / sampler.latent.norm() < 1e-4


def test_the_prompt_is_heard(model: AudioModel) -> None:
    runs = [
        SpotSampler(model, prompt, seconds(model, 16), 4, method="full", **options).run(progress=False).latent
        for prompt, options in (("rain", {}), (PROMPT, {}), ("rain", {"negative_prompt": "jazz piano"}))
    ]
    assert (runs[0] - runs[1]).norm() / runs[0].norm() > 1e-3
    assert (runs[0] - runs[2]).norm() / runs[0].norm() > 1e-3


def test_it_repeats_bit_for_bit(model: AudioModel, tmp_path: Path) -> None:
    options: dict[str, Any] = {"steps": 3, "config": SpotDiffusionConfig(TILE), "seed": 2, "negative_prompt": "rain"}
    sampler = SpotSampler(model, PROMPT, seconds(model, 64), eta=0.3, **options).run(progress=False)
    done = sampler.latent.clone()
    trace = Trace.load(sampler.trace.save(tmp_path / "run.npz"))
    assert replay(trace, model, progress=False).same
    sampler.goto(1)
    assert torch.equal(sampler.run(progress=False).latent, done)
    forked = sampler.goto(1).fork(guidance_scale=1.5)
    assert not torch.equal(forked.run(progress=False).latent, done)
    assert torch.equal(sampler.goto(1).fork().run(progress=False).latent, done)
    by_step = SpotSampler(model, PROMPT, seconds(model, 64), eta=0.3, **options)
    for _ in range(3):
        step = by_step.begin()
        for tile in reversed(range(len(step.layout.tiles))):
            step.predict(tile)
        step.finish()
    assert torch.equal(by_step.latent, done)


def test_threads_share_a_model(model: Any) -> None:
    """A widget reads texts, measures the cost and decodes while a run embeds its prompt and denoises."""
    texts, words = [PROMPT, "rain"], " ".join(["rock"] * 600)
    cond = model.embed(texts)
    latent = torch.randn(2, model.channels, TILE, model.latent_bins, generator=torch.Generator().manual_seed(0))
    step = torch.tensor([500, 500])
    works: list[Callable[[], Any]] = [
        lambda: model.read_text(words),
        lambda: vars(model.embed(texts)) if is_dataclass(cond) else {"rows": model.embed(texts)},
        lambda: {"noise": model.predict_noise(latent, step, cond)},
    ]
    alone = [work() for work in works]
    assert alone[0].cut

    def same(number: int) -> bool:
        result = works[number]()
        if not isinstance(result, dict):
            return bool(result == alone[number])
        return all(torch.equal(tensor, alone[number][name]) for name, tensor in result.items())

    with ThreadPoolExecutor(len(works)) as threads:
        assert all(threads.map(same, [0, 0, 1, 1, 2] * 20))


def test_two_candidates(model: AudioModel) -> None:
    result = generate_audio(
        model,
        PROMPT,
        progress=False,
        duration=seconds(model, 40),
        steps=2,
        n_candidates=2,
        config=SpotDiffusionConfig(TILE),
    )
    assert len(result.scores) == 2
    assert result.candidate == int(np.argmax(result.scores))
    assert result.waveform.shape[-1] == round(seconds(model, 40) * model.sample_rate)


def test_the_inspector_and_the_comparison_open(model: AudioModel) -> None:
    duration, config = seconds(model, 72), SpotDiffusionConfig(TILE)
    runs = {
        method: generate_audio(model, PROMPT, progress=False, duration=duration, steps=2, method=method, config=config)
        for method in ("spot", "tiles")
    }
    inspector = LatentInspector(runs["spot"].sampler)
    assert inspector.shape == (1, model.channels, runs["spot"].sampler.frames, model.latent_bins)
    comparison = RunComparison(runs)
    assert comparison.names == ("spot", "tiles")
    assert set(comparison.scores) == {"spot", "tiles"}
    assert all(score is not None and score.score > 0 for score in comparison.scores.values())


# Loading.


def test_the_index_decides(saved: Path) -> None:
    family = family_of(saved, read_index(saved))
    loaded = load_model(saved, "cpu", "fp32")
    assert isinstance(loaded, AudioModel)
    assert type(loaded).__module__.startswith(family.module.removesuffix("_folder"))


def test_a_model_is_described_with_the_digest_of_its_files(saved: Path, model: Any) -> None:
    described = json.loads(json.dumps(model.describe()))
    assert described[KEY] == folder_digest(saved)
    assert described["name"] == str(saved)


def test_a_changed_file_of_any_piece_makes_another_model(folder: Path) -> None:
    digests = {folder_digest(folder)}
    pieces = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    for piece in pieces:
        path = next(piece.glob("*.json"))
        path.write_text(path.read_text() + " ")
        digests.add(folder_digest(folder))
    assert len(digests) == len(pieces) + 1


def test_half_precision(saved: Path, model: AudioModel) -> None:
    half = load_model(saved, "cpu", "bf16")
    shape = (1, model.channels, 16, model.latent_bins)
    x = torch.linspace(-2, 2, model.channels * 16 * model.latent_bins).reshape(shape)
    noises = [each.predict_noise(x, torch.tensor([500]), each.embed([PROMPT])) for each in (model, half)]
    assert noises[1].dtype == torch.float32
    assert 1e-5 < (noises[1] - noises[0]).norm() / noises[0].norm() < 0.1


def test_an_unknown_pipeline_is_named_with_those_that_are_known(folder: Path) -> None:
    edit(folder / "model_index.json", _class_name="StableDiffusionPipeline")
    message = refusal(folder)
    assert "a StableDiffusionPipeline: expected the pipeline of AudioLDM, MusicLDM, AudioLDM2" in message
    for bad in (None, 5, ["AudioLDMPipeline"], {}, "", "x" * 10**4):
        edit(folder / "model_index.json", _class_name=bad)
        assert "expected the pipeline of AudioLDM" in refusal(folder)


def test_missing_pieces_are_named(saved: Path, folder: Path) -> None:
    family = family_of(saved, read_index(saved))
    for piece in family.required:
        shutil.move(folder / piece, folder.parent / "away")
        message = refusal(folder)
        assert f"not a{'n' * (family.title[0] in 'AEIOU')} {family.title} folder: {piece} missing" in message
        shutil.move(folder.parent / "away", folder / piece)


def test_no_piece_brings_code(folder: Path) -> None:
    for path in sorted(folder.glob("*/*.json")):
        if path.name == "vocab.json":
            continue
        before = path.read_text()
        edit(path, nested=[{"auto_map": {"AutoModel": "evil.Evil"}}])
        assert f"({path.parent.name}/{path.name}) asks to run code of its own (auto_map)" in refusal(folder)
        path.write_text(before)


def test_no_piece_is_of_another_class(folder: Path) -> None:
    for path in sorted(folder.glob("*/*config.json")):
        before = path.read_text()
        key = {"tokenizer_config.json": "tokenizer_class", "preprocessor_config.json": "feature_extractor_type"}
        edit(path, **{key.get(path.name, "_class_name"): "EvilModel"})
        assert f"({path.parent.name}) is a " in refusal(folder)
        path.write_text(before)


def test_the_index_names_no_other_class(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    for piece in [name for name in index if not name.startswith("_")]:
        edit(folder / "model_index.json", **index | {piece: ["evil", "Evil"]})
        assert f"for the {piece}" in refusal(folder)


def weights_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*/*.safetensors")) if "code" not in path.name]


def test_weights_are_complete_finite_and_used(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    for k, path in enumerate(weights_of(folder)):
        tensors = load_file(path)
        name = next(name for name, each in tensors.items() if each.ndim > 1 and each.is_floating_point())
        changes = [
            ("lacks weights", {key: each for key, each in tensors.items() if key != name}),
            ("does not use", tensors | {"more.weight": torch.zeros(2)}),
            ("NaN or infinite weights", tensors | {name: tensors[name] * float("nan")}),
        ]
        words, changed = changes[k % 3]  # all three at every piece take half a minute
        save_file(changed, path, {"format": "pt"})
        message = refusal(folder)
        assert f"({path.parent.name})" in message
        assert words in message
        save_file(tensors, path, {"format": "pt"})
    assert load_model(folder, "cpu", "fp32").name == str(folder)


def test_a_network_larger_than_its_files_takes_no_memory(folder: Path) -> None:
    grown = {
        "block_out_channels": lambda width: [8192] * len(width),
        "n_layer": lambda _: 60,
        "d_ff": lambda _: 2**16,
        "upsample_initial_channel": lambda _: 8192,
        "langauge_model_dim": lambda _: 8192,
    }
    for path in sorted(folder.glob("*/config.json")):
        before = json.loads(path.read_text())
        changes = {key: grow(before[key]) for key, grow in grown.items() if key in before}
        if changes:
            edit(path, **changes)
            refusal(folder)
            path.write_text(json.dumps(before))


@pytest.mark.parametrize("option", [{"heads": (1, 2)}, {"heads": "many"}, {"variant": "../x"}, {"variant": 5}])
def test_options_are_checked(saved: Path, option: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(option))):
        load_model(saved, "cpu", "fp32", **option)
