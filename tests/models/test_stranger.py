"""A stranger's model folder: no code in it runs, nothing hangs, and every fault is one line that names the folder."""

from __future__ import annotations

import json
import os
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from spotnb.errors import LONGEST_MESSAGE, SpotnbError
from spotnb.models.families import AUDIOLDM
from spotnb.models.folder_check import DEEPEST
from spotnb.models.folder_files import LARGEST_CONFIG
from spotnb.models.load import load_model
from spotnb.support.paths import show_path

PIECES = tuple(AUDIOLDM.pieces)
CONFIGS = dict.fromkeys(("unet", "vae", "text_encoder", "vocoder"), "config.json") | {
    "scheduler": "scheduler_config.json",
    "tokenizer": "tokenizer_config.json",
}


@pytest.fixture(autouse=True)
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: Any) -> str:
        raise AssertionError("a question on stdin")

    monkeypatch.setattr("builtins.input", ask)


def refusal(folder: Path, seconds: float = 4) -> str:
    """Return the sentence that refuses a folder, which comes before any work."""
    started = time.process_time()
    with pytest.raises(SpotnbError) as caught:
        load_model(folder, device="cpu", dtype="fp32")
    message = str(caught.value)
    assert time.process_time() - started < seconds
    assert show_path(folder) in message
    assert len(message) <= LONGEST_MESSAGE
    assert " ... " not in message  # it was not cut
    assert not any(word in message for word in ("weights_only", "trust_remote_code=", "=True", "=False", "http"))
    assert caught.value.__cause__ is None  # a traceback does not quote the library either
    return message


def edit(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(content | changes))


# Code.


def plant(folder: Path, marker: Path) -> None:
    """Write a module that leaves a mark when it runs."""
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Evil: pass\n")


@pytest.mark.parametrize("value", [{"AutoTokenizer": ["evil.Evil", None]}, ["evil.Evil", None], "evil.Evil"])
@pytest.mark.parametrize("file", ["tokenizer_config.json", "config.json", "special_tokens_map.json", "tokenizer.json"])
def test_a_tokenizer_brings_no_code(folder: Path, tmp_path: Path, file: str, value: Any) -> None:
    plant(folder / "tokenizer", tmp_path / "owned")
    edit(folder / "tokenizer" / file, auto_map=value)
    assert f"(tokenizer/{file}) asks to run code of its own (auto_map)" in refusal(folder)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("file", ["config", "generation_config.json", "x.json"])
def test_no_piece_brings_code(folder: Path, tmp_path: Path, piece: str, file: str) -> None:
    plant(folder / piece, tmp_path / "owned")
    edit(
        folder / piece / (CONFIGS[piece] if file == "config" else file),
        nested=[{"auto_map": {"AutoModel": "evil.Evil"}}],
    )
    assert "and spotnb runs none" in refusal(folder)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("piece", ["text_encoder", "vocoder", "unet", "vae"])
@pytest.mark.parametrize(
    "entry",
    [
        {"trust_remote_code": True},
        {"_attn_implementation": "someone/kernel"},
        {"attn_implementation": "kernels-community/flash-attn"},
        {"custom_pipelines": {"x": {"impl": "evil.Evil"}}},
        {"quantization_config": {"quant_method": "bitsandbytes"}},
    ],
)
def test_a_configuration_sends_no_library_elsewhere(folder: Path, piece: str, entry: dict[str, Any]) -> None:
    edit(folder / piece / "config.json", **entry)
    assert next(iter(entry)) in refusal(folder)


def test_an_adapter_is_not_followed(folder: Path) -> None:
    (folder / "text_encoder" / "adapter_config.json").write_text('{"base_model_name_or_path": "someone/else"}')
    assert "adapter" in refusal(folder)


@pytest.mark.parametrize("piece", ["unet", "vae", "text_encoder", "vocoder", "scheduler"])
@pytest.mark.parametrize("name", ["Evil", ["evil", "Evil"], "evil.Evil", 5, {"a": 1}, "x" * 3000])
def test_classes_of_its_own_are_refused(folder: Path, tmp_path: Path, piece: str, name: Any) -> None:
    plant(folder / piece, tmp_path / "owned")
    edit(folder / piece / CONFIGS[piece], _class_name=name)
    assert f"({piece}) is a " in refusal(folder)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("entry", [["evil", "Evil"], "evil", ["diffusers", ["a"]], 3])
@pytest.mark.parametrize("piece", PIECES)
def test_an_index_names_no_other_class(folder: Path, piece: str, entry: Any) -> None:
    edit(folder / "model_index.json", **{piece: entry})
    assert f"for the {piece}" in refusal(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"tokenizer_class": "EvilTokenizer"},
        {"tokenizer_class": ["RobertaTokenizer"]},
        {"tokenizer_file": "/etc/passwd"},
        {"vocab_file": "../../vocab.json"},
        {"fast_tokenizer_files": ["../x.json"]},
        {"model_max_length": 0},
        {"model_max_length": "many"},
        {"model_max_length": True},
    ],
)
def test_a_tokenizer_consists_of_its_own_files(folder: Path, changes: dict[str, Any]) -> None:
    edit(folder / "tokenizer" / "tokenizer_config.json", **changes)
    assert "tokenizer" in refusal(folder)


def test_a_word_of_the_vocabulary_may_be_any(folder: Path) -> None:
    path = folder / "tokenizer" / "tokenizer.json"
    content = json.loads(path.read_text())
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = {"auto_map" if word == "fast" else word: k for word, k in vocabulary.items()}
    path.write_text(json.dumps(content))
    assert load_model(folder, "cpu", "fp32").unknown_words("auto_map") == []


def test_texts_are_cut_where_the_text_encoder_ends(folder: Path) -> None:
    edit(folder / "tokenizer" / "tokenizer_config.json", model_max_length=10**30)
    assert load_model(folder, "cpu", "fp32").embed(["rain " * 500]).isfinite().all()


# Files.


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, "[1]", '"x"', "", "\x00", "{" + "9" * 5000])
def test_a_configuration_is_an_object_of_a_few_levels(folder: Path, piece: str, content: str) -> None:
    (folder / piece / CONFIGS[piece]).write_text(content)
    assert f"({piece}/{CONFIGS[piece]})" in refusal(folder)


@pytest.mark.parametrize("piece", PIECES)
def test_a_configuration_is_not_nested_deeply(folder: Path, piece: str) -> None:
    deep: Any = 1
    for _ in range(DEEPEST + 5):
        deep = [deep]
    edit(folder / piece / CONFIGS[piece], deep=deep)
    assert "nested too deeply" in refusal(folder)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_configuration_holds_numbers_of_json(folder: Path, piece: str, number: str) -> None:
    path = folder / piece / CONFIGS[piece]
    path.write_text(path.read_text().replace("{", f'{{"more": {number},', 1))
    assert f"it holds {number}" in refusal(folder)


@pytest.mark.parametrize("piece", PIECES)
def test_a_huge_configuration_is_not_read(folder: Path, piece: str) -> None:
    path = folder / piece / CONFIGS[piece]
    os.truncate(path, 2 * 10**9)  # takes no space
    assert f"has 2000000000 bytes: expected at most {LARGEST_CONFIG}" in refusal(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to(path)]
)
@pytest.mark.parametrize("piece", PIECES)
def test_what_is_not_a_file_is_not_opened(folder: Path, piece: str, make: Callable[[Path], Any]) -> None:
    path = folder / piece / CONFIGS[piece]
    path.unlink()
    make(path)
    assert piece in refusal(folder)


def test_links_are_followed_as_in_the_cache_of_the_hub(saved: Path, tmp_path: Path) -> None:
    for path in saved.rglob("*"):
        target = tmp_path / "m" / path.relative_to(saved)
        target.mkdir(parents=True) if path.is_dir() else target.symlink_to(path)
    assert (
        load_model(tmp_path / "m", "cpu", "fp32").describe()["weights_sha256"]
        == load_model(saved, "cpu", "fp32").describe()["weights_sha256"]
    )


def test_too_many_files(folder: Path) -> None:
    for k in range(300):
        (folder / "vae" / f"{k}.json").touch()
    assert "expected at most 200" in refusal(folder)


@pytest.mark.parametrize(
    "name", ["../../x.safetensors", "/etc/passwd", "sub/a.safetensors", "..", "", 5, None, "evil.py", "no.safetensors"]
)
@pytest.mark.parametrize(
    ("piece", "index"),
    [("unet", "diffusion_pytorch_model.safetensors.index.json"), ("text_encoder", "pytorch_model.bin.index.json")],
)
def test_divided_weights_are_in_their_own_folder(folder: Path, piece: str, index: str, name: Any) -> None:
    (folder / piece / index).write_text(json.dumps({"weight_map": {"conv_in.weight": name}}))
    assert piece in refusal(folder)


@pytest.mark.parametrize("content", [{}, {"weight_map": []}, {"weight_map": {}}, {"weight_map": "x"}])
def test_an_index_without_parts(folder: Path, content: Any) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(content))
    assert "weight_map" in refusal(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w[:2], "vae"),
        (lambda w: w.to(torch.int8), "as I8"),
        (lambda w: w.to(torch.float8_e4m3fn), "as F8"),
        (lambda w: w > 0, "as BOOL"),
        (lambda w: w[None], "vae"),
    ],
)
def test_weights_of_another_shape_or_type(folder: Path, change: Callable[[Any], Any], words: str) -> None:
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    tensors["decoder.conv_in.weight"] = change(tensors["decoder.conv_in.weight"]).contiguous()
    save_file(tensors, path, {"format": "pt"})
    assert words in refusal(folder)


def test_weights_that_are_not_used(folder: Path) -> None:
    """With fewer layers than its weights have, a network loads and sounds wrong."""
    edit(folder / "text_encoder" / "config.json", num_hidden_layers=1)
    assert "weights that its configuration does not use" in refusal(folder)


def test_a_compressed_pickle_is_not_unpacked(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(path), folder / "plain.bin")
    with (
        zipfile.ZipFile(folder / "plain.bin") as old,
        zipfile.ZipFile(path.with_suffix(".bin"), "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            new.writestr(member, old.read(member))
    path.unlink()
    assert "is compressed" in refusal(folder)


# Configurations.


def test_a_schedule_names_what_it_lacks(folder: Path) -> None:
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text("{}")
    expected = "expected num_train_timesteps, prediction_type, beta_start, beta_end, beta_schedule; fetch it again"
    assert expected in refusal(folder)
    full = {"num_train_timesteps": 1000, "prediction_type": "epsilon", "beta_start": 0.0015, "beta_end": 0.0195}
    full["beta_schedule"] = "scaled_linear"
    for name in full:
        path.write_text(json.dumps({key: value for key, value in full.items() if key != name}))
        assert f"expected {name}; fetch it again" in refusal(folder)
    path.write_text(json.dumps(full))
    load_model(folder, "cpu", "fp32")
    path.write_text(
        json.dumps({"trained_betas": [0.001] * 1000, "prediction_type": "epsilon", "num_train_timesteps": 1000})
    )
    load_model(folder, "cpu", "fp32")


@pytest.mark.parametrize(
    "changes",
    [
        *({"beta_start": bad} for bad in (0, -1, 2, "x", None, True, [0.1], 1e400)),
        *({"beta_end": bad} for bad in (0, 1, 0.0001, "x")),
        *({"beta_schedule": bad} for bad in ("evil", 3, None, ["linear"])),
        *({"num_train_timesteps": bad} for bad in (0, 10**9, "1000", 1000.5, -1)),
        *({"prediction_type": bad} for bad in ("sample", "flow", None, 1, ["epsilon"])),
        *({"trained_betas": bad} for bad in ([0.1], [], "x", [0.0] * 1000, ["a"] * 1000, [0.1] * 2000)),
        {"rescale_betas_zero_snr": True},
        {"rescale_betas_zero_snr": "yes"},
    ],
)
def test_a_schedule_of_wrong_entries(folder: Path, changes: dict[str, Any]) -> None:
    edit(folder / "scheduler" / "scheduler_config.json", **changes)
    refusal(folder)


HUGE = (10**6, 10**12, 10**400)


@pytest.mark.parametrize(
    ("piece", "changes"),
    [
        *(("vae", {"scaling_factor": bad}) for bad in ("x", 0, -1, None, True, 1e30, [1.0], {})),
        *(("unet", {"layers_per_block": bad}) for bad in (*HUGE, 0, -1, "2", [1] * 50, 1.5, None)),
        *(("unet", {"block_out_channels": bad}) for bad in ([8] * 10**4, [10**9] * 4, 8, [], "x", [8.5, 16, 16, 24])),
        *(("unet", {"attention_head_dim": bad}) for bad in (*HUGE, 0, "8", None, [8], [0, 0, 0, 0])),
        *(("unet", {"num_attention_heads": bad}) for bad in (10**9, 0, "8")),
        *(("unet", {"transformer_layers_per_block": bad}) for bad in (*HUGE, 0, "x", [[10**6]])),
        *(("unet", {"in_channels": bad}) for bad in (10**9, 0, "8")),
        *(("unet", {"norm_num_groups": bad}) for bad in (10**9, 0, 7, "8", None)),
        *(("unet", {"norm_eps": bad}) for bad in ("x", -1, 5)),
        *(("unet", {"act_fn": bad}) for bad in ("evil", 5, None)),
        *(("unet", {"conv_in_kernel": bad}) for bad in (0, 4, 10**6, "3")),
        *(("unet", {"addition_embed_type": bad}) for bad in ("text", "evil", 3)),
        *(("unet", {"encoder_hid_dim_type": bad, "encoder_hid_dim": 8}) for bad in ("text_proj", "image_proj")),
        *(("unet", {"class_embed_type": bad}) for bad in ("timestep", "evil", None)),
        *(("unet", {"time_embedding_type": bad}) for bad in ("fourier", "evil")),
        *(("unet", {"down_block_types": bad}) for bad in (["evil"] * 4, ["DownBlock2D"], 5, "x")),
        ("unet", {"out_channels": 4}),
        ("unet", {"num_class_embeds": 2**20, "class_embed_type": None}),
        *(("vae", {"layers_per_block": bad}) for bad in (*HUGE, 0, "x")),
        *(("vae", {"block_out_channels": bad}) for bad in ([8] * 1000, [10**8] * 3, [])),
        *(("vae", {"in_channels": bad}) for bad in (4, 0, 10**9, "1")),
        *(("text_encoder", {"num_hidden_layers": bad}) for bad in (*HUGE, 0, "x")),
        *(("text_encoder", {"vocab_size": bad}) for bad in (*HUGE, 0, 12, "x", 2**19)),
        *(("text_encoder", {"hidden_size": bad}) for bad in (10**9, 0, 8192, "x")),
        *(("text_encoder", {"num_attention_heads": bad}) for bad in (10**9, 0, 3, "x")),
        *(("text_encoder", {"max_position_embeddings": bad}) for bad in (10**9, 0, "x")),
        *(("text_encoder", {"hidden_act": bad}) for bad in ("evil", 3, None)),
        *(("vocoder", {"upsample_rates": bad}) for bad in ([256] * 8, [5, 4, 2, 2], [], "x", [0, 160, 1, 1, 1], 10**9)),
        *(("vocoder", {"upsample_initial_channel": bad}) for bad in (10**9, 0, 8192, "x")),
        *(("vocoder", {"resblock_kernel_sizes": bad}) for bad in ([3] * 10**5, [10**9], [], "x")),
        *(("vocoder", {"resblock_dilation_sizes": bad}) for bad in ([[1] * 10**5] * 2, [[10**9]], "x", [[1]])),
        *(("vocoder", {"sampling_rate": bad}) for bad in (1, 44100, "x", 10**12)),
        *(("vocoder", {"model_in_dim": bad}) for bad in (80, 10**9, "x")),
    ],
)
def test_entries_are_checked_before_anything_is_built(folder: Path, piece: str, changes: dict[str, Any]) -> None:
    edit(folder / piece / "config.json", **changes)
    refusal(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="resource counts in kilobytes there")
def test_a_network_larger_than_its_files_takes_no_memory(folder: Path) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    edit(folder / "unet" / "config.json", block_out_channels=[8192] * 4, cross_attention_dim=[8192] * 4)
    assert "but its files hold" in refusal(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
