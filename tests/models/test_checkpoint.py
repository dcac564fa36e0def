"""Original AudioLDM checkpoints, read directly, and what is refused. `tests/audioldm/` compares genuine ones."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from spotnb import load_model
from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.checkpoint import from_checkpoint
from spotnb.models.checkpoint_tokenizer import DOWNLOAD, find_tokenizer
from spotnb.solvers.noise import draw
from tests.models.components import AUDIOLDM_SCHEDULE, make_tokenizer
from tests.models.original_names import make_pieces, save_checkpoint, state_of

X, T = draw((2, 8, 16, 16), 0, 0, "start"), torch.tensor([700, 30])
UNET, VAE, CLAP = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.model."
State = dict[str, Any]


@pytest.fixture(scope="module")
def state() -> State:
    return state_of(make_pieces())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "small.ckpt"


@pytest.mark.parametrize("averaged", [True, False])
def test_a_checkpoint_is_the_model_of_its_components(path: Path, averaged: bool) -> None:
    save_checkpoint(path, state_of(make_pieces(), averaged=averaged))
    loaded: Any = load_model(path, "cpu", "fp32")
    pieces = make_pieces() | {"tokenizer": make_tokenizer(), "scheduler": DDIMScheduler(**AUDIOLDM_SCHEDULE)}
    expected = DiffusersAudioLDM("expected", **pieces)
    rows, wanted = (model.embed(["rock song", "", "jazz"]) for model in (loaded, expected))
    assert torch.equal(rows, wanted)
    assert torch.equal(loaded.predict_noise(X, T, rows[:2]), expected.predict_noise(X, T, rows[:2]))
    assert torch.equal(loaded.decode_mel(X), expected.decode_mel(X))
    assert torch.equal(loaded.vocode(loaded.decode_mel(X)), expected.vocode(expected.decode_mel(X)))
    assert torch.equal(loaded.encode(0.1 * X.flatten()[None]), expected.encode(0.1 * X.flatten()[None]))
    assert torch.allclose(loaded.alphas_cumprod, expected.alphas_cumprod, atol=1e-6)
    assert (loaded.name, loaded.notes["averaged_weights"]) == (str(path), averaged)
    assert loaded.notes["heads"] == [1, 2, 2, 2]


def test_loading_says_nothing(path: Path, state: State, capfd: pytest.CaptureFixture[str]) -> None:
    save_checkpoint(path, state)
    capfd.readouterr()
    load_model(path, "cpu", "fp32")
    assert capfd.readouterr() == ("", "")


def test_the_file_may_go_once_it_is_loaded(path: Path, state: State) -> None:
    save_checkpoint(path, state)
    loaded: Any = load_model(path, "cpu", "fp32")
    before = loaded.predict_noise(X, T, loaded.embed(["rock", "jazz"]))
    path.write_bytes(bytes(path.stat().st_size))
    assert torch.equal(loaded.predict_noise(X, T, loaded.embed(["rock", "jazz"])), before)


def test_another_file_has_another_digest(path: Path, state: State) -> None:
    save_checkpoint(path, state)
    one: Any = load_model(path, "cpu", "fp32")
    save_checkpoint(path, state | {"scale_factor": torch.tensor(0.5)})
    other: Any = load_model(path, "cpu", "fp32")
    assert one.describe()["weights_sha256"] != other.describe()["weights_sha256"]


def test_old_files_and_half_precision_are_read(path: Path, state: State) -> None:
    """Before torch 1.6, files were not zip archives."""
    save_checkpoint(path, state)
    exact: Any = load_model(path, "cpu", "fp32")
    torch.save({"state_dict": state}, path, _use_new_zipfile_serialization=False)
    old: Any = load_model(path, "cpu", "fp32")
    rows = exact.embed(["rock", "jazz"])
    assert torch.equal(old.predict_noise(X, T, rows), exact.predict_noise(X, T, rows))
    save_checkpoint(path, {k: v.half() if v.is_floating_point() and v.ndim else v for k, v in state.items()} | ALPHAS)
    half: Any = load_model(path, "cpu", "fp32")
    error = half.predict_noise(X, T, rows) - exact.predict_noise(X, T, rows)
    assert 0 < error.norm() < 0.02 * exact.predict_noise(X, T, rows).norm()


ALPHAS = {"alphas_cumprod": state_of(make_pieces())["alphas_cumprod"]}


# Files that are refused.


def truncated(path: Path, state: State) -> None:
    torch.save({"state_dict": state}, path)
    path.write_bytes(path.read_bytes()[:-2000])


def compressed(path: Path, state: State) -> None:
    torch.save({"state_dict": state}, path.with_suffix(".plain"))
    with zipfile.ZipFile(path.with_suffix(".plain")) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))


class Poison:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch poisoned",)


FILES: dict[str, tuple[Callable[[Path, State], object], str]] = {
    "empty": (lambda path, state: path.write_bytes(b""), "cannot read"),
    "text": (lambda path, state: path.write_text("no checkpoint"), "cannot read"),
    "truncated": (truncated, "cannot read"),
    "compressed": (compressed, "compressed"),
    "poisoned": (lambda path, state: torch.save({"state_dict": state, "x": Poison()}, path), "Python objects"),
    "poisoned pickle": (lambda path, state: path.write_bytes(pickle.dumps(Poison())), "Python objects"),
    "a list": (lambda path, state: torch.save([1, 2], path), "a list without a state_dict"),
    "a tensor": (lambda path, state: torch.save(torch.ones(3), path), "a Tensor without a state_dict"),
    "numbers": (lambda path, state: torch.save({1: torch.ones(3)}, path), "without a state_dict"),
    "no tensors": (lambda path, state: torch.save({"state_dict": {"a": 5}}, path), "has 'a' as a int"),
    "sparse": (lambda path, state: torch.save({"a": torch.ones(3).to_sparse()}, path), "expected a tensor"),
    "huge": (lambda path, state: torch.save(state | {"a": torch.ones(1).expand(2**40)}, path), "larger than the file"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_another_kind(
    path: Path, state: State, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write, fault = FILES[kind]
    write(path, state)
    with pytest.raises(SpotnbError) as caught:
        load_model(path, "cpu")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 200
    assert not (tmp_path / "poisoned").exists()


def without(start: str) -> Callable[[State], State]:
    return lambda state: {name: value for name, value in state.items() if not name.startswith(start)}


def changed(**entries: Any) -> Callable[[State], State]:
    return lambda state: state | {name.replace("__", "."): value for name, value in entries.items()}


STATES: dict[str, tuple[Callable[[State], State], str]] = {
    "no unet": (without(UNET), "no model.diffusion_model"),
    "no vae": (without(VAE), "no first_stage_model"),
    "no vocoder": (without(f"{VAE}vocoder."), "no first_stage_model.vocoder"),
    "no clap": (without(CLAP), "no cond_stage_model.model"),
    "no text": (without(f"{CLAP}text_branch."), "lacks"),
    "no projection": (without(f"{CLAP}text_projection."), "lacks"),
    "no schedule": (without("alphas_cumprod"), "no alphas_cumprod"),
    "one weight less": (without(f"{UNET}out.2.bias"), "lacks conv_out.bias of the unet"),
    "one layer less": (without(f"{CLAP}text_branch.encoder.layer.0."), "lacks"),
    "another network": (lambda state: {f"{UNET}a.weight": torch.ones(2), **without(UNET)(state)}, "lacks"),
    "one weight more": (lambda state: state | {f"{VAE}more.weight": torch.ones(2)}, "has more.weight of the vae"),
    "a wrong shape": (lambda state: state | {f"{VAE}decoder.conv_out.bias": torch.ones(7)}, "in the shape [7]"),
    "whole numbers": (lambda state: state | {f"{VAE}decoder.conv_out.bias": torch.ones(1).long()}, "as torch.int64"),
    "nan": (lambda state: state | {f"{VAE}decoder.conv_out.bias": torch.full((1,), torch.nan)}, "NaN"),
    "a short schedule": (changed(alphas_cumprod=torch.linspace(0.9, 0.1, 100)), "shape [100]"),
    "a constant schedule": (changed(alphas_cumprod=torch.full((1000,), 0.5)), "does not grow"),
    "a scale of nan": (changed(scale_factor=torch.tensor(torch.nan)), "scale_factor"),
    "two scales": (changed(scale_factor=torch.ones(2)), "scale_factor"),
}


@pytest.mark.parametrize("kind", STATES)
def test_weights_that_are_not_those_of_an_audioldm(path: Path, state: State, kind: str) -> None:
    change, fault = STATES[kind]
    save_checkpoint(path, change(state))
    with pytest.raises(SpotnbError) as caught:
        load_model(path, "cpu")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 200


def test_a_missing_tokenizer_says_what_to_download(path: Path, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: None)
    torch.save({"state_dict": state}, path)
    with pytest.raises(SpotnbError) as caught:
        load_model(path, "cpu")
    assert DOWNLOAD in str(caught.value)
    assert len(str(caught.value)) <= 200
    make_tokenizer().save_pretrained(path.parent / "elsewhere" / "tokenizer")
    options: Any = {"name": "mine", "device": torch.device("cpu"), "dtype": torch.float32}
    assert from_checkpoint(path, **options, tokenizer=path.parent / "elsewhere").name == "mine"


def test_the_tokenizer_is_found_in_the_cache_of_the_hub(
    path: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tokenizer().save_pretrained(tmp_path / "cache")
    asked: list[str] = []

    def cached(repository: str, name: str) -> str | None:
        asked.append(f"{repository}/{name}")
        return str(tmp_path / "cache" / "tokenizer.json") if repository == "cvssp/audioldm" else None

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", cached)
    torch.save({"state_dict": state}, path)
    load_model(path, "cpu")
    assert asked[0] == "FacebookAI/roberta-base/tokenizer.json"
    assert asked[-1] == "cvssp/audioldm/tokenizer/tokenizer.json"


def save_roberta(folder: Path, *files: str) -> None:
    """Write some of the files of a small tokenizer of RoBERTa's kind, as its repository has them."""
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], initial_alphabet=letters
    )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(["rock song with heavy drums"] * 20, trainer)
    folder.mkdir()
    tokenizer.model.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text('{"model_type": "roberta"}')
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 512}')
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()


@pytest.mark.parametrize(
    "files",
    [
        ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"),
        ("config.json", "tokenizer_config.json", "vocab.json", "merges.txt"),
        ("vocab.json", "merges.txt"),
        ("tokenizer.json",),
    ],
)
def test_robertas_files_are_read_however_many_there_are(tmp_path: Path, files: tuple[str, ...]) -> None:
    save_roberta(tmp_path / "roberta-base", *files)
    sizes = {"vocab_size": 400, "max_position_embeddings": 80, "pad_token_id": 1}
    tokenizer = find_tokenizer(tmp_path, sizes)
    longer, shorter = tokenizer(["rock song drums", "drums"], padding="longest", truncation=True).input_ids
    assert (longer[0], longer[-1], shorter[0], shorter[-1]) == (0, 2, 0, 1)
    assert len(longer) == len(shorter)
    assert tokenizer.model_max_length == 78


def test_a_tokenizer_of_another_model(path: Path, state: State) -> None:
    save_checkpoint(path, state)
    make_tokenizer([f"word{k}" for k in range(50)]).save_pretrained(path.parent / "roberta-base")
    with pytest.raises(SpotnbError, match="a tokenizer of 54 words, the checkpoint of 19"):
        load_model(path, "cpu")


@pytest.mark.parametrize("name", ["nowhere.ckpt", "cvssp/audioldm.ckpt", "~/nowhere/audioldm-s-full.ckpt"])
def test_a_path_without_a_file(name: str) -> None:
    with pytest.raises(InputError, match=r"there is no file .*check its path"):
        load_model(name)


def test_heads_and_variant(path: Path, state: State) -> None:
    save_checkpoint(path, state)
    model: Any = load_model(path, "cpu", heads=(2, 4, 4, 4))
    assert (model.notes["heads"], model.unet.config.attention_head_dim) == ([2, 4, 4, 4], [2, 4, 4, 4])
    with pytest.raises(InputError, match="do not divide"):
        load_model(path, "cpu", heads=(3, 4, 4, 4))
    with pytest.raises(InputError, match="an original checkpoint has no such choice"):
        load_model(path, "cpu", variant="fp16")
