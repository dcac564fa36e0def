"""The page's files: what is written, what they hold, and what is missing."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from spotnb.errors import SpotnbError
from spotnb.live import runtime
from spotnb.live.assets import EXAMPLES, assets_of
from spotnb.live.page import main, write_page
from spotnb.live.stored import Assets
from spotnb.models.locate import EMBEDDED
from spotnb.models.words import read_tokens
from tests.live.small_page import FILES, RUNTIMES, small_assets


@pytest.fixture(scope="module")
def assets() -> Assets:
    return small_assets()


def package(folder: Path, version: str) -> Path:
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": "onnxruntime-web", "version": version}))
    for name in ("ort.wasm.bundle.min.mjs", "ort.webgpu.bundle.min.mjs"):
        (folder / "dist" / name).write_bytes(name.encode())
    for name in ("ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.asyncify.wasm"):
        (folder / "dist" / name).write_bytes(name.encode())
    return folder


def test_the_files_come_in_two_forms_with_the_same_bytes(assets: Assets, tmp_path: Path) -> None:
    page = write_page(tmp_path / "page", assets)
    parts = page.parent / "live"
    listed = assets.scene["listing"]["files"]
    assert [each["name"] for each in listed] == ["worker.js", "runtime.mjs", "runtime.wasm", *FILES]
    for each in listed:
        packed = (parts / "files" / f"{each['name']}.gz").read_bytes()
        assert len(packed) == each["size"]
        script = (parts / "scripts" / f"{each['name']}.js").read_text()
        text = re.fullmatch(r'spotnbLiveFile\("([A-Za-z0-9+/=]+)"\);\n', script)
        assert text is not None
        assert base64.b64decode(text[1]) == packed
    for name, content in FILES.items():
        assert gzip.decompress((parts / "files" / f"{name}.gz").read_bytes()) == content


def test_the_files_for_the_graphics_card_are_for_http_only(assets: Assets, tmp_path: Path) -> None:
    parts = write_page(tmp_path / "page", assets).parent / "live"
    listed = assets.scene["listing"]["webgpu"]
    assert [each["name"] for each in listed] == ["webgpu.mjs", "webgpu.wasm"]
    for each, content in zip(listed, RUNTIMES.webgpu, strict=True):
        packed = (parts / "files" / f"{each['name']}.gz").read_bytes()
        assert len(packed) == each["size"]
        assert gzip.decompress(packed) == content
        assert not (parts / "scripts" / f"{each['name']}.js").exists()


def test_the_page_names_its_parts(assets: Assets, tmp_path: Path) -> None:
    page = write_page(tmp_path, assets)
    names = re.findall(r'(?:href|src)="(live/[^"]+)"', page.read_text())
    assert names
    assert all((tmp_path / name).is_file() for name in names)
    assert "showLive(" in (tmp_path / "live" / "live.js").read_text()


def test_the_same_content_has_the_same_digest(assets: Assets) -> None:
    digest = assets.scene["listing"]["digest"]
    assert assets_of({}, {}, FILES, RUNTIMES, "")[0]["listing"]["digest"] == digest
    changed = FILES | {"denoiser.onnx": b"other"}
    assert assets_of({}, {}, changed, RUNTIMES, "")[0]["listing"]["digest"] != digest
    other = RUNTIMES._replace(webgpu=RUNTIMES.wasm)
    assert assets_of({}, {}, FILES, other, "")[0]["listing"]["digest"] != digest


def test_the_model_knows_every_word_of_the_examples() -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    assert not [word for example in EXAMPLES for word in read_tokens(tokenizer, example).unknown]


def test_the_runtime_is_the_one_that_npm_installs() -> None:
    wanted = json.loads((Path(__file__).parents[2] / "package.json").read_text())["devDependencies"]
    assert wanted["onnxruntime-web"] == runtime.VERSION


def test_the_runtime_is_read_from_its_package(tmp_path: Path) -> None:
    read = runtime.read_runtimes(package(tmp_path / "right", runtime.VERSION))
    assert read.wasm == (b"ort.wasm.bundle.min.mjs", b"ort-wasm-simd-threaded.wasm")
    assert read.webgpu == (b"ort.webgpu.bundle.min.mjs", b"ort-wasm-simd-threaded.asyncify.wasm")
    half = package(tmp_path / "half", runtime.VERSION)
    (half / "dist" / "ort.webgpu.bundle.min.mjs").unlink()
    with pytest.raises(SpotnbError, match="is not the package"):
        runtime.read_runtimes(half)
    with pytest.raises(SpotnbError, match=r"has version 1\.2\.3: expected onnxruntime-web"):
        runtime.read_runtimes(package(tmp_path / "old", "1.2.3"))
    with pytest.raises(SpotnbError, match=r"is not the package: expected onnxruntime-web .*; run npm ci"):
        runtime.read_runtimes(tmp_path)


def test_without_the_runtime_the_command_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path / "out"), "--runtime", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "npm ci" in said
    assert not (tmp_path / "out").exists()
