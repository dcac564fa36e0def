"""The exported networks, run by onnxruntime, against the model in torch."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.live.description import tokenizer
from spotnb.live.export import export, main
from spotnb.live.graphs import graph_of, networks_of
from spotnb.live.weights import FEWEST, StoredWeights, refer, widened
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import load_model
from tests.live.small_model import save_small_model
from tests.models.components import make_tokenizer
from tests.models.families import audioldm

pytestmark = pytest.mark.export
TOLERANCE = 1e-5
TONES = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_model(tmp_path_factory.mktemp("model"), tones=TONES)


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    return load_model(folder, device="cpu", dtype="fp32")


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported")
    for graph in export(out, str(folder))["graphs"].values():
        (out / graph["widened"]).write_bytes(widened((out / graph["weights"]).read_bytes()))  # as the page does
    return out


def run(out: Path, name: str, **inputs: torch.Tensor) -> list[torch.Tensor]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(out / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
    return [torch.from_numpy(output) for output in session.run(None, {key: x.numpy() for key, x in inputs.items()})]


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) <= TOLERANCE * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("texts", [["rock song"], ["quiet piano with drums and rain", "", "jazz"]])
def test_texts_are_embedded_as_by_the_model(out: Path, model: Any, texts: list[str]) -> None:
    tokens = model.tokenizer(texts, padding="longest", return_tensors="pt")
    embeds, beats, typical = run(out, "text_encoder", ids=tokens.input_ids, mask=tokens.attention_mask)
    close(embeds, model.embed(texts))
    close(beats, model.tempo_ruler(model.embed(texts)))
    close(typical, model.typical_latent(model.embed(texts)))


def test_a_model_without_typical_latents_exports_none(model: Any) -> None:
    plain = copy.copy(model)
    plain.typical = None
    network = networks_of(plain)[0]
    tokens = model.tokenizer(["rock song"], return_tensors="pt")
    assert network.outputs == ("embeds", "beats")
    assert len(network.module(tokens.input_ids, tokens.attention_mask)) == 2
    assert [output.name for output in graph_of(network).graph.output] == ["embeds", "beats"]


@pytest.mark.parametrize(("count", "frames"), [(1, 8), (3, 34)])
def test_noise_is_predicted_as_by_the_model(out: Path, model: Any, count: int, frames: int) -> None:
    embeds = torch.nn.functional.normalize(torch.eye(3, 16)[:count] + 0.1, dim=1)
    beats, starts = model.tempo_ruler(embeds), torch.tensor([-5.0, 0.0, 700.0])[:count]
    assert beats[0] == 8  # the waves of the ruler take part
    x, t = torch.randn(count, 8, frames, 16, generator=torch.Generator().manual_seed(1)), torch.tensor([1, 500, 999])
    (eps,) = run(out, "denoiser", x=x, t=t[:count], embeds=embeds, beats=beats, starts=starts)
    close(eps, model.predict_noise(x, t[:count], model.place(embeds, starts, 1000)))


@pytest.mark.parametrize(("count", "frames"), [(1, 3), (2, 40)])
def test_latents_are_decoded_as_by_the_model(out: Path, model: Any, count: int, frames: int) -> None:
    latent = torch.randn(count, 8, frames, 16, generator=torch.Generator().manual_seed(2))
    (mel,) = run(out, "decoder", latent=latent)
    close(mel, model.decode_mel(latent))


@pytest.mark.parametrize(("count", "frames"), [(1, 5), (2, 33)])
def test_tones_are_those_of_the_vocoder(out: Path, model: Any, count: int, frames: int) -> None:
    mel = 2 * torch.randn(count, frames, 64, generator=torch.Generator().manual_seed(3)) - 5
    with torch.no_grad():
        for found, expected in zip(run(out, "vocoder", mel=mel), model.vocoder.heard(mel), strict=True):
            close(found.mT, expected)


def test_a_network_that_is_exported_again_gives_the_same_bytes(tmp_path: Path) -> None:
    model: Any = load_model(save_small_model(tmp_path, tones=16), device="cpu", dtype="fp32")
    weights = StoredWeights(tmp_path / "vocoder" / "diffusion_pytorch_model.safetensors")
    graphs = [graph_of(networks_of(model)[-1]) for _ in range(2)]
    for graph in graphs:
        refer(graph, weights, "weights.float32")
    one, other = (graph.SerializeToString(deterministic=True) for graph in graphs)
    assert one == other


def test_graphs_hold_no_weights_and_no_notes_of_their_origin(out: Path, folder: Path) -> None:
    for name, piece in (("text_encoder", "text_encoder"), ("denoiser", "unet"), ("vocoder", "vocoder")):
        graph = onnx.load(out / f"{name}.onnx", load_external_data=False)
        content = (out / f"{name}.onnx").read_bytes()
        assert b"site-packages" not in content
        assert not graph.metadata_props
        inside = [x for x in graph.graph.initializer if x.data_location != onnx.TensorProto.EXTERNAL]
        arrays = [onnx.numpy_helper.to_array(x) for x in inside if x.data_type == onnx.TensorProto.FLOAT]
        sizes = [array.size for array in arrays if len(np.unique(array)) > 2]  # others say which channels are a group
        # The noise schedule has 1000 numbers, and the typical latent, which no network holds, 128 for each of 17. The
        # exporter computes weights as small as those of this model's upsampling.
        most = {"text_encoder": 2300, "denoiser": 1200 + 64 * 16 * 2 * 2, "vocoder": 1200}[name]
        assert sum(size for size in sizes if size >= FEWEST) < most
        outside = [x for x in graph.graph.initializer if x.data_location == onnx.TensorProto.EXTERNAL]
        assert len(outside) > 4
        assert {x.external_data[0].value for x in outside} == {f"{name}.float32"}
        (weights,) = (folder / piece).glob("*model.safetensors")
        assert (out / f"{name}.safetensors").read_bytes() == weights.read_bytes()


def test_the_description_has_what_the_page_needs(out: Path, model: Any) -> None:
    description = json.loads((out / "model.json").read_text())
    assert description["format"] == 2
    assert np.array_equal(np.float32(description["alphas_cumprod"]), model.alphas_cumprod.numpy())
    assert description["tokenizer"]["vocabulary"]["rock"] == 4
    assert description["tokenizer"]["special"] == {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    assert description["vocoder"]["tones"] == TONES
    assert description["edges"]["reflect_noisy"]["padding"] == "noisy latent"
    assert description["defaults"]["tile_size_time"] == 256
    assert description["graphs"]["vocoder"]["outputs"] == ["magnitude", "offset", "jitter"]
    assert description["manifest"]["name"] == description["name"] == model.name
    for entry in description["graphs"].values():
        assert (out / entry["file"]).exists()
        assert (out / entry["weights"]).exists()


def test_weights_that_the_file_does_not_hold_are_refused(model: Any, folder: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    tensor = numpy_helper.from_array(np.full((300, 300), 0.1, np.float32), "wrong")
    graph = helper.make_graph([], "g", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [tensor])
    stored = StoredWeights(folder / "unet" / "diffusion_pytorch_model.safetensors")
    with pytest.raises(
        SpotnbError, match=r"a tensor \[300, 300\] of the exported graph is not in .*_model.safetensors"
    ):
        refer(helper.make_model(graph), stored, "w.float32")


def test_weights_are_found_in_both_precisions_and_turned(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    exact = np.arange(200, dtype=np.float32).reshape(10, 20) / 3  # not exact in half precision
    half = (np.arange(600) / 8).astype(np.float16).reshape(20, 30)
    save_file({"exact": exact, "half": half}, tmp_path / "w.safetensors")
    stored, content = StoredWeights(tmp_path / "w.safetensors"), widened((tmp_path / "w.safetensors").read_bytes())
    for array, original in ((exact, exact), (exact.T, exact), (half.astype(np.float32), half), (half.T * 1.0, half)):
        place = stored.find(np.ascontiguousarray(array, np.float32))
        assert place is not None
        found = np.frombuffer(content[place.offset :][: place.length], np.float32).reshape(place.shape)
        assert np.array_equal(found, original)
        assert place.turned == (array.shape != original.shape)
    assert stored.find(exact + 1) is None
    place = stored.find(exact.reshape(4, 50, 1))  # as the exporter writes the weights of a norm
    assert place is not None
    assert (place.shape, place.turned) == ((4, 50, 1), False)
    assert stored.find(exact.T.reshape(4, 50).copy()) is None


def test_a_model_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = audioldm(tmp_path / "other")
    assert isinstance(load_model(folder), DiffusersAudioLDM)
    with pytest.raises(InputError, match="expected one of the embedded model's kind, with its vocoder; pass tiny"):
        export(tmp_path / "out", str(folder))
    capsys.readouterr()  # of the libraries that wrote the folder
    assert main(["--out", str(tmp_path / "out"), "--model", str(folder)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: model is ")
    assert error.count("\n") == 1


def test_a_tokenizer_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match=r"the tokenizer is 'WordLevel' of 19 tokens: expected a list of words, as"):
        tokenizer(make_tokenizer())


def test_a_missing_package_and_a_bad_folder_are_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--out", str(tmp_path / "file")]) == 2
    assert "cannot write" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert main(["--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "onnxscript is not installed: expected onnx and onnxscript" in error
    assert "pip install 'spotnb[live]'" in error
    assert not (tmp_path / "out").exists()
