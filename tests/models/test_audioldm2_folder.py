"""Folders of AudioLDM 2 and MusicLDM: what else they may hold, and what does not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AudioLDM2Pipeline, MusicLDMPipeline
from safetensors.torch import load_file, save_file
from transformers import ClapTextModelWithProjection

from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm2 import AudioLDM2
from spotnb.models.audioldm2_folder import FRAME
from spotnb.models.load import load_model
from spotnb.models.musicldm import MusicLDM
from spotnb.original import build_model
from spotnb.support.paths import show_path
from tests.models.published import (
    LANGUAGE,
    NEW_TOKENS,
    T5_WIDTH,
    audioldm2,
    audioldm2_components,
    musicldm_components,
    pipeline,
)
from tests.models.test_audioldm import relative

TEXTS = ["rock song with heavy drums", "rain"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audioldm2(tmp_path_factory.mktemp("audioldm2") / "m")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "m"))


def load(folder: Path) -> AudioLDM2:
    loaded = load_model(folder, "cpu", "fp32")
    assert isinstance(loaded, AudioLDM2)
    return loaded


def refusal(folder: Path) -> str:
    with pytest.raises(SpotnbError) as caught:
        load_model(folder, "cpu", "fp32")
    message = str(caught.value)
    assert show_path(folder) in message
    assert " ... " not in message  # it was not cut
    return message


def edit(folder: Path, file: str, **changes: Any) -> None:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def generated(model: AudioLDM2) -> torch.Tensor:
    return model.embed(TEXTS).generated


# What else a folder may hold.


def test_of_a_language_model_with_its_head_the_body_is_read(saved: Path, tmp_path: Path) -> None:
    """The class that diffusers' pipeline needs now, where the published folders have the body alone."""
    pipeline(AudioLDM2Pipeline, audioldm2_components()).save_pretrained(tmp_path / "m")
    index = json.loads((tmp_path / "m" / "model_index.json").read_text())
    assert index["language_model"] == ["transformers", "GPT2LMHeadModel"]
    assert torch.equal(generated(load(tmp_path / "m")), generated(load(saved)))


def test_checkpoints_of_older_libraries_hold_whole_numbers_too(saved: Path, folder: Path) -> None:
    path = folder / "language_model" / "model.safetensors"
    mask = {"h.0.attn.bias": torch.ones(1, 1, 64, 64, dtype=torch.bool), "h.0.attn.masked_bias": torch.tensor(-1e4)}
    save_file(load_file(path) | mask, path, {"format": "pt"})
    assert "text_model.embeddings.position_ids" in load_file(folder / "text_encoder" / "model.safetensors")
    assert torch.equal(generated(load(folder)), generated(load(saved)))


def test_pickles_are_read(saved: Path, folder: Path) -> None:
    for piece, name in (
        *(("unet", "diffusion_pytorch_model"), ("projection_model", "diffusion_pytorch_model")),
        *(("text_encoder", "model"), ("text_encoder_2", "model"), ("language_model", "model")),
    ):
        path = folder / piece / f"{name}.safetensors"
        torch.save(load_file(path), folder / piece / f"{name if piece == 'unet' else _bin(name)}.bin")
        path.unlink()
    assert torch.equal(generated(load(folder)), generated(load(saved)))


def _bin(name: str) -> str:
    return "pytorch_model" if name == "model" else name


def test_the_length_of_the_generated_sequence_comes_from_the_folder(saved: Path, folder: Path) -> None:
    edit(folder, "language_model/config.json", max_new_tokens=3)
    model = load(folder)
    assert generated(model).shape == (2, 3, LANGUAGE)
    assert relative(generated(model), generated(load(saved))[:, :3]) <= 1e-6
    assert model.describe()["weights_sha256"] != load(saved).describe()["weights_sha256"]
    config = json.loads((folder / "language_model" / "config.json").read_text())
    del config["max_new_tokens"]
    (folder / "language_model" / "config.json").write_text(json.dumps(config))
    assert load(folder).new_tokens == NEW_TOKENS
    (folder / "language_model" / "generation_config.json").write_text('{"max_new_tokens": 5}')
    assert load(folder).new_tokens == 5


def test_texts_are_cut_where_the_language_model_ends(folder: Path) -> None:
    edit(folder, "tokenizer_2/tokenizer_config.json", model_max_length=10**30)
    model = load(folder)
    assert model.tokenizer.model_max_length == 64 - FRAME - NEW_TOKENS
    assert model.embed(["rain " * 500]).generated.isfinite().all()


def test_a_music_model_with_only_the_text_encoder_of_clap(tmp_path: Path) -> None:
    """diffusers' pipeline takes it, too."""
    components = musicldm_components()
    text = ClapTextModelWithProjection(components["text_encoder"].config.text_config).eval()
    text.load_state_dict(components["text_encoder"].state_dict(), strict=False)
    pipeline(MusicLDMPipeline, components | {"text_encoder": text}).save_pretrained(tmp_path / "m")
    model = load_model(tmp_path / "m", "cpu", "fp32")
    assert isinstance(model, MusicLDM)
    assert model.score is None
    assert relative(model.embed(TEXTS), MusicLDM("whole", **components).embed(TEXTS)) <= 1e-6


def test_the_vocabulary_of_audioldms_package_is_not_for_it(saved: Path) -> None:
    with pytest.raises(InputError, match="is a model of the type AudioLDM2: expected an AudioLDM"):
        build_model(str(saved))


# What does not fit.


def test_the_model_for_speech_is_refused(folder: Path) -> None:
    edit(folder, "model_index.json", text_encoder_2=["transformers", "VitsModel"])
    assert "['transformers', 'VitsModel'] for the text_encoder_2" in refusal(folder)
    edit(folder, "model_index.json", text_encoder_2=["transformers", "T5EncoderModel"])
    edit(folder, "text_encoder_2/config.json", architectures=["VitsModel"])
    assert "(text_encoder_2) is a VitsModel: expected one of T5EncoderModel" in refusal(folder)


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        *(("unet/config.json", {"cross_attention_dim": bad}, "cross_attention_dim") for bad in (
            [[None, LANGUAGE, T5_WIDTH]] * 3 + [[None, LANGUAGE]],
            [[None, T5_WIDTH, LANGUAGE]] * 4,
            [None, LANGUAGE, T5_WIDTH, 1],
            [[None, None, None]] * 4,
            LANGUAGE,
            "x",
            [[None, 10**9, T5_WIDTH]] * 4,
        )),
        ("projection_model/config.json", {"text_encoder_dim": 12}, "provides 64"),
        ("projection_model/config.json", {"text_encoder_1_dim": 12}, f"provides {T5_WIDTH}"),
        ("projection_model/config.json", {"langauge_model_dim": 12}, "provides 12"),
        ("projection_model/config.json", {"langauge_model_dim": None}, "projection"),
        *(("language_model/config.json", {"max_new_tokens": bad}, "language_model") for bad in (-1, "8", True, 60)),
        *(("language_model/config.json", {"n_head": bad}, "language_model") for bad in (0, 5, "2", 10**9)),
        ("language_model/config.json", {"n_positions": 3}, "language_model"),
        ("language_model/config.json", {"n_layer": 1}, "weights that its configuration does not use"),
        ("language_model/config.json", {"n_layer": 3}, "language_model"),
        *(("text_encoder_2/config.json", {"dense_act_fn": bad}, "text_encoder_2") for bad in ("evil", 5, None)),
        *(("text_encoder_2/config.json", {"num_heads": bad}, "text_encoder_2") for bad in (0, 10**9, "x")),
        ("text_encoder_2/config.json", {"vocab_size": 12}, "text_encoder_2"),
        *(("text_encoder/config.json", {"text_config": bad}, "text_encoder") for bad in ("x", [1], {"hidden_size": 0})),
        ("text_encoder/config.json", {"audio_config": {"depths": [10**6]}}, "text_encoder"),
        ("text_encoder/config.json", {"projection_dim": 32}, "32"),
        ("feature_extractor/preprocessor_config.json", {"sampling_rate": 16000}, "expected 48000"),
        ("feature_extractor/preprocessor_config.json", {"fft_window_size": 10**12}, "fft_window_size"),
        ("tokenizer_2/tokenizer_config.json", {"tokenizer_class": "VitsTokenizer"}, "(tokenizer_2) is a"),
        ("vocoder/config.json", {"sampling_rate": 44100}, "expected 16000"),
        ("scheduler/scheduler_config.json", {"prediction_type": "sample"}, "prediction_type"),
    ],
    ids=str,
)  # fmt: skip
def test_pieces_that_do_not_fit_are_named(folder: Path, file: str, changes: dict[str, Any], words: str) -> None:
    edit(folder, file, **changes)
    assert words in refusal(folder)


def test_tokenizers_that_are_exchanged(folder: Path) -> None:
    shutil.move(folder / "tokenizer", folder / "x")
    shutil.move(folder / "tokenizer_2", folder / "tokenizer")
    shutil.move(folder / "x", folder / "tokenizer_2")
    assert "tokenizer" in refusal(folder)
