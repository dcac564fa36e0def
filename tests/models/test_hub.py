"""Models on the Hugging Face Hub, with a hub and a cache in folders: nothing here reaches a network."""

from __future__ import annotations

import fnmatch
import hashlib
import inspect
import json
import os
import shutil
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import pytest
import torch
from huggingface_hub import errors
from safetensors.torch import load_file, save_file

from spotnb.errors import LONGEST_MESSAGE, InputError, SpotnbError
from spotnb.models.families import AUDIOLDM
from spotnb.models.hub import incomplete, wanted
from spotnb.models.identity import KEY, folder_digest
from spotnb.models.load import load_model
from spotnb.models.locate import locate
from tests.models.families import FAMILIES

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """A hub with one repository, and the functions of huggingface_hub that reach it.

    Calls must fit the signatures of the library's own functions.
    """

    name = "someone/some-model"

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.snapshot = folder, cache / f"models--{self.name.replace('/', '--')}" / "snapshots" / COMMIT
        self.downloads: list[str] = []
        self.failure: Exception | None = None
        self.calls = 0

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(self.snapshot.parents[2]))
        for name in ("hf_hub_download", "list_repo_files", "snapshot_download"):
            monkeypatch.setattr(
                huggingface_hub, name, self._checked(getattr(huggingface_hub, name), getattr(self, name))
            )

    def _checked(self, real: Any, fake: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            inspect.signature(real).bind(*args, **options)
            assert args[0] == self.name
            assert options["revision"] in ("main", COMMIT)
            self.calls += 1
            if self.failure is not None:
                raise self.failure
            return fake(*args, **options)

        return call

    @property
    def files(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def hf_hub_download(self, _name: str, file: str, **_: Any) -> str:
        if file not in self.files:
            raise errors.EntryNotFoundError(f"404: {file}")
        return str(self._take(file))

    def list_repo_files(self, _name: str, **_: Any) -> list[str]:
        return self.files

    def snapshot_download(self, _name: str, *, allow_patterns: list[str], **_: Any) -> str:
        for file in self.files:
            if any(fnmatch.fnmatch(file, pattern) for pattern in allow_patterns):
                self._take(file)
        return str(self.snapshot)

    def _take(self, file: str) -> Path:
        """Put a file into the cache as the library does: a link to a file with the digest as its name."""
        content, link = (self.folder / file).read_bytes(), self.snapshot / file
        blob = self.snapshot.parents[1] / "blobs" / hashlib.sha256(content).hexdigest()
        for folder in (blob.parent, link.parent, self.snapshot.parents[1] / "refs"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.snapshot.parents[1] / "refs" / "main").write_text(COMMIT)
        if not link.exists():
            blob.write_bytes(content)
            link.symlink_to(os.path.relpath(blob, link.parent))
            self.downloads.append(file)
        return link


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FAMILIES["audioldm"](tmp_path_factory.mktemp("hub") / "model")


@pytest.fixture
def hub(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub(Path(shutil.copytree(saved, tmp_path / "remote")), tmp_path / "cache")
    made.install(monkeypatch)
    return made


def load(**options: Any) -> Any:
    return load_model(Hub.name, "cpu", "fp32", **options)


def refusal(**options: Any) -> str:
    with pytest.raises(SpotnbError) as caught:
        load(**options)
    message = str(caught.value)
    assert len(message) <= LONGEST_MESSAGE
    assert " ... " not in message
    assert not any(word in message for word in ("http", "weights_only", "local_files_only"))
    assert caught.value.__cause__ is None
    return message


def response(status: int) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("GET", "https://example.com"))


OFFLINE = errors.OfflineModeIsEnabled("Cannot reach the Hub: offline mode is enabled.")


@pytest.mark.parametrize("family", FAMILIES)
def test_any_repository_of_a_known_family_is_loaded(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(FAMILIES[family](tmp_path / "remote"), tmp_path / "cache")
    hub.install(monkeypatch)
    model = load()
    described = model.describe()
    assert (described["name"], described["revision"]) == (hub.name, COMMIT)
    assert described[KEY] == folder_digest(hub.folder) == load_model(hub.folder, "cpu", "fp32").describe()[KEY]
    assert hub.downloads[0] == "model_index.json"
    assert sorted(hub.downloads) == hub.files


def test_what_is_in_the_cache_is_not_asked_for_again(hub: Hub) -> None:
    load()
    hub.failure = AssertionError("the network was asked")
    assert locate(hub.name) == (hub.name, hub.snapshot, COMMIT)
    assert locate(hub.name, COMMIT).folder == hub.snapshot


def test_only_the_files_of_the_pieces_are_fetched(hub: Hub) -> None:
    needed = hub.files
    for more in (
        *("README.md", "audioldm.ckpt", "samples/a.wav", "unet/flax_model.msgpack", "safety_checker/model.safetensors"),
        *("unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.fp16.safetensors", "vae/[a-z].json"),
        *("text_encoder/pytorch_model.bin", "text_encoder/model.fp16.bin", "unet/old/config.json", "vae/code.py"),
    ):
        (hub.folder / more).parent.mkdir(exist_ok=True)
        (hub.folder / more).write_bytes(b"x")
    load()
    assert sorted(hub.downloads) == needed


def test_an_unknown_pipeline_is_refused_before_anything_else_is_fetched(hub: Hub) -> None:
    index = json.loads((hub.folder / "model_index.json").read_text())
    (hub.folder / "model_index.json").write_text(json.dumps(index | {"_class_name": "FluxPipeline"}))
    expected = f"{hub.name} holds a FluxPipeline: expected the pipeline of AudioLDM, MusicLDM, AudioLDM2"
    assert expected in refusal()
    assert hub.downloads == ["model_index.json"]
    assert expected in refusal()  # from the cache, too


def test_a_repository_without_a_piece_is_refused_before_it_is_fetched(hub: Hub) -> None:
    (hub.folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    assert f"{hub.name} on the Hub lacks its vae" in refusal()
    assert hub.downloads == ["model_index.json"]


def test_a_pickle_is_fetched_only_where_there_are_no_safetensors(hub: Hub) -> None:
    path = hub.folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(path), path.with_suffix(".bin"))
    other = hub.folder / "vae" / "diffusion_pytorch_model.bin"
    other.write_bytes(b"x")
    path.unlink()
    load()
    assert "unet/diffusion_pytorch_model.bin" in hub.downloads
    assert "vae/diffusion_pytorch_model.bin" not in hub.downloads


class Malicious:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("piece", ["unet/diffusion_pytorch_model", "text_encoder/pytorch_model"])
def test_a_poisoned_pickle_is_refused_in_our_words(hub: Hub, tmp_path: Path, piece: str) -> None:
    for path in (hub.folder / piece).parent.glob("*.safetensors"):
        path.unlink()
    torch.save({"conv_in.weight": Malicious(tmp_path / "owned")}, hub.folder / f"{piece}.bin")
    message = refusal()
    assert f"({piece}.bin)" in message
    assert "it holds Python objects, and only tensors are read" in message
    assert not (tmp_path / "owned").exists()
    torch.save([torch.zeros(2)], hub.folder / f"{piece}.bin")
    shutil.rmtree(hub.snapshot)
    assert "holds more than tensors by name" in refusal()


# Variants.


def halve(folder: Path, piece: str, *, keep: bool = True) -> None:
    """Write the weights of a piece as fp16, too."""
    for path in list((folder / piece).glob("*model.safetensors")):
        half = {name: each.half() if each.is_floating_point() else each for name, each in load_file(path).items()}
        save_file(half, path.with_name(path.name.replace(".safetensors", ".fp16.safetensors")), {"format": "pt"})
        if not keep:
            path.unlink()


@pytest.mark.parametrize("keep", [True, False])
def test_a_variant_is_fetched_alone(hub: Hub, keep: bool) -> None:
    whole = load().describe() if keep else None
    shutil.rmtree(hub.snapshot, ignore_errors=True)
    hub.downloads.clear()
    halve(hub.folder, "unet", keep=keep)
    halve(hub.folder, "text_encoder", keep=keep)
    model = load(variant="fp16")
    assert {file for file in hub.downloads if "unet/" in file or "text_encoder/" in file} == {
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "text_encoder/config.json",
        "text_encoder/model.fp16.safetensors",
    }
    assert "vae/diffusion_pytorch_model.safetensors" in hub.downloads  # it has no variant
    weights = model.unet.state_dict()["conv_in.weight"]
    assert weights.dtype == torch.float32
    assert torch.equal(weights, weights.half().float())
    described = model.describe()
    assert described["variant"] == "fp16"
    assert described[KEY] == folder_digest(hub.folder, "fp16") == folder_digest(hub.snapshot, "fp16")
    assert whole is None or described[KEY] != whole[KEY]


def test_a_variant_of_a_folder(hub: Hub) -> None:
    halve(hub.folder, "unet")
    plain, half = (load_model(hub.folder, "cpu", "fp32", variant=each) for each in (None, "fp16"))
    one, other = (model.unet.state_dict()["conv_in.weight"] for model in (plain, half))
    assert torch.equal(one.half().float(), other)
    assert not torch.equal(one, other)


def test_a_variant_that_is_not_there_is_named(hub: Hub) -> None:
    assert "no piece has the variant bf16: leave it out" in refusal(variant="bf16")
    load()
    hub.failure = OFFLINE
    assert "(the variant bf16 missing; " in refusal(variant="bf16")


@pytest.mark.parametrize("bad", ["", "a/b", "..", "fp16\n", 16, ["fp16"], "x" * 50])
def test_a_variant_looks_like_one(hub: Hub, bad: Any) -> None:
    with pytest.raises(InputError, match="variant is"):
        load(variant=bad)
    assert not hub.calls


# Partial caches.


@pytest.mark.parametrize(
    "gone",
    [
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "tokenizer/tokenizer.json",
        "scheduler/scheduler_config.json",
    ],
)
def test_a_partial_cache_is_completed_or_named(hub: Hub, gone: str) -> None:
    load()
    (hub.snapshot / gone).unlink()
    hub.failure = OFFLINE
    message = refusal()
    assert (
        f"{hub.name} is only partly on this machine ({gone.partition('/')[0]} missing; Cannot reach the Hub" in message
    )
    assert message.endswith("connect once to complete it")
    hub.failure = None
    hub.downloads.clear()
    assert load().name == hub.name
    assert hub.downloads == [gone]


def test_a_part_of_divided_weights_that_is_missing_is_named(hub: Hub) -> None:
    path = hub.folder / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    names = sorted(tensors)
    where = {}
    for k, part in enumerate((names[::2], names[1::2])):
        file = f"diffusion_pytorch_model-0000{k + 1}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, path.with_name(file), {"format": "pt"})
        where |= dict.fromkeys(part, file)
    path.unlink()
    index = path.with_name("diffusion_pytorch_model.safetensors.index.json")
    index.write_text(json.dumps({"metadata": {}, "weight_map": where}))
    load()
    gone = "unet/diffusion_pytorch_model-00002-of-00002.safetensors"
    (hub.snapshot / gone).unlink()
    hub.failure = OFFLINE
    assert "00002-of-00002.safetensors missing" in refusal()


def test_the_cached_listing_of_the_hub_tells_what_is_missing(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that newer versions of the library have written knows each file, such as one that is optional."""
    (hub.folder / "tokenizer" / "added_tokens.json").write_text("{}")
    listed = [type("RepoFile", (), {"path": file}) for file in hub.files]
    monkeypatch.setattr(huggingface_hub, "get_cached_repo_tree", lambda *_, **__: listed)
    load()
    (hub.snapshot / "tokenizer" / "added_tokens.json").unlink()
    hub.failure = OFFLINE
    assert "(tokenizer/added_tokens.json missing; " in refusal()


# The hub says no.


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (errors.RepositoryNotFoundError("404", response=response(404)), "there is no someone/some-model on the Hub"),
        (errors.GatedRepoError("403", response=response(403)), "asks for its license to be accepted"),
        (errors.RevisionNotFoundError("404", response=response(404)), "has no such revision on the Hub"),
        (errors.EntryNotFoundError("404"), "has no model_index.json on the Hub"),
        (OFFLINE, "is not on this machine and cannot be downloaded (Cannot reach the Hub"),
        (OSError(28, "No space left on device"), "cannot be downloaded (no space left on device)"),
        (httpx2.ConnectError("[Errno -2] Name or service not known"), "cannot be downloaded ("),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_hub_says_is_said_in_one_line(hub: Hub, failure: Exception, words: str) -> None:
    hub.failure = failure
    assert words in refusal()


@pytest.mark.parametrize("content", ["[" * 10**5, "{", "[1]", "{}x"])
def test_a_damaged_index_is_named(hub: Hub, content: str) -> None:
    (hub.folder / "model_index.json").write_text(content)
    assert "(model_index.json)" in refusal()


def test_a_folder_of_that_name_comes_first(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(hub.folder, tmp_path / "someone" / "some-model")
    monkeypatch.chdir(tmp_path)
    assert load().name == str(tmp_path / "someone" / "some-model")
    assert not hub.calls


# Listings.


def test_a_tokenizer_may_have_its_vocabulary_in_several_ways() -> None:
    rest = [
        *(f"{piece}/config.json" for piece in ("unet", "vae", "text_encoder", "vocoder")),
        *(
            "unet/diffusion_pytorch_model.bin",
            "vae/diffusion_pytorch_model.safetensors",
            "text_encoder/model.safetensors",
        ),
        *("vocoder/pytorch_model.bin", "scheduler/scheduler_config.json"),
    ]
    for files in (["tokenizer.json"], ["vocab.json", "merges.txt"], ["spiece.model"]):
        assert incomplete([*rest, *(f"tokenizer/{file}" for file in files)], AUDIOLDM) == []
    assert incomplete([*rest, "tokenizer/vocab.json"], AUDIOLDM) == ["tokenizer"]
    assert incomplete([], AUDIOLDM) == list(AUDIOLDM.pieces)
    assert wanted([*rest, "tokenizer/a/b.json", "../unet/x.json"], AUDIOLDM) == [
        "model_index.json",
        *sorted(
            rest,
            key=lambda file: [
                list(dict.fromkeys(each.partition("/")[0] for each in rest)).index(file.partition("/")[0]),
                file,
            ],
        ),
    ]
