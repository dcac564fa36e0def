"""Folders of Stable Audio, as diffusers' pipeline writes them, and the refusal of those that do not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import EDMDPMSolverMultistepScheduler
from safetensors.torch import load_file, save_file

from spotnb import load_model
from spotnb.errors import SpotnbError
from spotnb.models.stable_audio import DiffusersStableAudio, edm_time
from spotnb.solvers.noise import draw
from tests.models.stable_components import make_stable_components, save_stable_folder, stable_audio

X, T = draw((2, 8, 16, 1), 0, 0, "start"), torch.tensor([700, 30])
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries, about their own classes


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stable_audio(tmp_path_factory.mktemp("saved") / "model")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "m"))


def change(folder: Path, piece: str, **entries: Any) -> None:
    path = next((folder / piece).glob("*config.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_a_folder_as_published(saved: Path) -> None:
    index = json.loads((saved / "model_index.json").read_text())
    assert index["_class_name"] == "StableAudioPipeline"
    assert index["scheduler"] == ["diffusers", "CosineDPMSolverMultistepScheduler"]
    loaded = load_model(saved, "cpu", "fp32")
    assert isinstance(loaded, DiffusersStableAudio)
    expected = DiffusersStableAudio("expected", **make_stable_components(seed=1))
    rows, wanted = (model.embed(["rock song", ""]) for model in (loaded, expected))
    assert torch.equal(rows.text, wanted.text)
    assert torch.equal(loaded.predict_noise(X, T, rows), expected.predict_noise(X, T, wanted))
    assert torch.allclose(loaded.decode(X), expected.decode(X), atol=1e-6)
    assert torch.allclose(loaded.encode(loaded.decode(X)), expected.encode(loaded.decode(X)), atol=1e-6)
    assert (loaded.name, len(loaded.describe()["weights_sha256"])) == (str(saved), 64)


def test_loading_says_nothing(saved: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    load_model(saved, "cpu", "fp32")
    assert capfd.readouterr() == ("", "")


def test_an_edm_scheduler_decides_the_time(folder: Path) -> None:
    scheduler = EDMDPMSolverMultistepScheduler(sigma_data=1.0, sigma_max=80.0, prediction_type="v_prediction")
    shutil.rmtree(folder)
    save_stable_folder(folder, make_stable_components(), scheduler)
    model = load_model(folder, "cpu", "fp32")
    expected = DiffusersStableAudio("expected", **make_stable_components(), sigma_max=80.0, time_of=edm_time)
    rows = expected.embed(["rock", "jazz"])
    assert torch.equal(model.predict_noise(X, T, rows), expected.predict_noise(X, T, rows))
    assert model.alphas_cumprod[-1] == pytest.approx(1 / (1 + 80**2), rel=1e-5)


@pytest.mark.parametrize("variant", [None, "fp16"])
def test_half_precision_files_are_read_in_float32(saved: Path, folder: Path, variant: str | None) -> None:
    for path in folder.rglob("*.safetensors"):
        save_file({name: x.half() for name, x in load_file(path).items()}, path, {"format": "pt"})
        if variant is not None:
            path.rename(path.with_suffix(f".{variant}.safetensors"))
    model, exact = load_model(folder, "cpu", "fp32", variant=variant), load_model(saved, "cpu", "fp32")
    rows = exact.embed(["rock", "jazz"])
    noise, expected = (each.predict_noise(X, T, rows) for each in (model, exact))
    assert 0 < (noise - expected).norm() < 0.01 * expected.norm()


@pytest.mark.parametrize(
    ("piece", "entries", "fault"),
    [
        ("scheduler", {"prediction_type": "epsilon"}, "predicts 'epsilon': expected 'v_prediction'"),
        ("scheduler", {"sigma_data": 0.5}, "sigma_data 0.5: expected 1"),
        ("scheduler", {"sigma_max": 2.0}, "sigma_max 2: expected at least 20"),
        ("scheduler", {"_class_name": "DDIMScheduler"}, "DDIMScheduler"),
        ("scheduler", {"sigma_max": "500"}, "sigma_max"),
        ("vae", {"downsampling_ratios": [2, 4, 4, 8, 7]}, "even numbers"),
        ("vae", {"audio_channels": 6}, "6 audio channels: expected 1 or 2"),
        ("vae", {"decoder_input_channels": 9}, "takes 8 channels, but the vae has 9"),
        ("vae", {"encoder_hidden_size": 32}, "32 numbers a frame: expected 16"),
        ("vae", {"sampling_rate": 10**9}, "sampling_rate"),
        ("transformer", {"out_channels": 4}, "returns 4 channels, but the vae takes 8"),
        ("transformer", {"cross_attention_input_dim": 25}, "texts of 25 numbers"),
        ("transformer", {"global_states_input_dim": 47}, "times of 47 numbers"),
        ("transformer", {"num_layers": 3}, "transformer"),
        ("transformer", {"num_layers": 10**6}, "num_layers"),
        ("transformer", {"num_attention_heads": None}, "num_attention_heads"),
        ("text_encoder", {"d_model": 24}, "embeddings of 16 numbers, T5 has 24"),
        ("text_encoder", {"vocab_size": 12}, "text_encoder"),
        ("projection_model", {"_class_name": "Evil"}, "Evil"),
        ("projection_model", {"auto_map": {"AutoModel": "evil.Evil"}}, "code of its own"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(folder: Path, piece: str, entries: dict[str, Any], fault: str) -> None:
    change(folder, piece, **entries)
    with pytest.raises(SpotnbError) as caught:
        load_model(folder, "cpu")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("piece", ["transformer", "vae", "text_encoder", "projection_model", "tokenizer", "scheduler"])
def test_a_missing_piece_is_named(folder: Path, piece: str) -> None:
    shutil.rmtree(folder / piece)
    with pytest.raises(SpotnbError, match=f"not a Stable Audio folder: {piece} missing"):
        load_model(folder, "cpu")


def test_a_damaged_weight_is_named(folder: Path) -> None:
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    weights["decoder.conv1.weight_v"][0, 0, 0] = float("nan")
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(SpotnbError, match=r"NaN or infinite weights in decoder\.conv1\.weight_v"):
        load_model(folder, "cpu")


def test_heads_are_not_its_choice(saved: Path) -> None:
    with pytest.raises(ValueError, match="Stable Audio has no such choice"):
        load_model(saved, "cpu", heads="config")
