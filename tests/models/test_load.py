"""load_model: a folder loads as it was saved, and any fault in it is reported in one line."""

from __future__ import annotations

import json
import logging
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import Tensor

import spotnb.models.heads
from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.families import AUDIOLDM
from spotnb.models.load import HUB_MODELS, load_model, pick_device, pick_dtype
from spotnb.models.locate import check_revision
from spotnb.models.protocol import AudioModel
from spotnb.models.ruler import WAVE_CHANNELS
from spotnb.models.vocoder import SinusoidalVocoder
from spotnb.support.paths import show_path
from tests.models.components import CHANNELS, make_components, make_tokenizer, save_folder
from tests.models.test_heads import heads_of

PIECES = tuple(AUDIOLDM.pieces)
WEIGHTS = {
    "unet": "diffusion_pytorch_model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "text_encoder": "model.safetensors",
    "vocoder": "model.safetensors",
}


@pytest.fixture(scope="module")
def components() -> dict[str, Any]:
    return make_components(seed=1)


@pytest.fixture(scope="module")
def saved(components: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("saved") / "model", components)


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder that a test can damage."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def load(folder: Path, **options: Any) -> DiffusersAudioLDM:
    return load_model(str(folder), **({"device": "cpu", "dtype": "fp32"} | options))


def refusal(folder: Path, **options: Any) -> str:
    with pytest.raises(SpotnbError) as caught:
        load(folder, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert show_path(folder) in message
    assert len(message) < 600
    return message


def predict(model: DiffusersAudioLDM) -> Tensor:
    x = torch.linspace(-2, 2, 2 * 8 * 16 * 16).reshape(2, 8, 16, 16)
    return model.predict_noise(x, torch.tensor([500, 20]), model.embed(["rock song", "rain"]))


def edit(path: Path, **changes: Any) -> None:
    """Change a JSON file; None removes a key."""
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def test_a_folder_comes_back_as_it_was_saved(components: dict[str, Any], saved: Path) -> None:
    model, made = load(saved), DiffusersAudioLDM("made", **make_components(seed=1))
    assert isinstance(model, AudioModel)
    assert model.name == str(saved)
    assert torch.equal(predict(model), predict(made))
    latent = predict(made)
    assert torch.equal(model.vocode(model.decode_mel(latent)), made.vocode(made.decode_mel(latent)))
    described = json.loads(json.dumps(model.describe()))
    assert described["heads"] == [8, 8, 8, 8]
    assert (described["dtype"], described["device"], described["prediction_type"]) == ("float32", "cpu", "epsilon")
    assert not any(p.requires_grad for p in model.unet.parameters())
    assert not model.unet.training
    assert not model.vae.training


def test_a_home_folder_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert torch.isfinite(predict(load_model("~/model", device="cpu", dtype="fp32"))).all()


def test_loading_is_quiet(saved: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    load(saved)
    shown = capfd.readouterr()
    assert shown.out + shown.err + caplog.text == ""


def test_loading_leaves_the_global_random_state_alone(saved: Path) -> None:
    before = torch.get_rng_state()
    load(saved)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_frequency_code_lies_beside_the_weights(tmp_path: Path) -> None:
    code = torch.linspace(-1, 1, 32).reshape(2, 16)
    made = make_components(code_channels=2)
    model = load(save_folder(tmp_path / "model", made, frequency_code=code))
    assert torch.equal(model.frequency_code, code)
    assert model.channels == 8
    assert predict(model).shape == (2, 8, 16, 16)


def test_a_tempo_ruler_lies_beside_the_weights(tmp_path: Path) -> None:
    tensors = {"tellings": torch.eye(3), "beats": torch.tensor([10.0, 12.0, 14.0])}
    made = make_components(code_channels=WAVE_CHANNELS)
    model = load(save_folder(tmp_path / "model", made, tempo_ruler=tensors))
    assert torch.equal(model.tempo_ruler.tellings, tensors["tellings"])
    assert torch.equal(model.tempo_ruler.beats, tensors["beats"])
    assert predict(model).shape == (2, 8, 16, 16)


def test_a_typical_latent_lies_beside_the_weights(tmp_path: Path, components: dict[str, Any]) -> None:
    tensors = {"mean": torch.linspace(-1, 1, 128).reshape(8, 16), "slope": torch.ones(8, 16, 16)}
    model = load(save_folder(tmp_path / "model", components, typical_latent=tensors))
    cond = model.embed(["a sea", "a drum"])
    assert torch.allclose(model.typical_latent(cond), tensors["mean"] + cond.sum(1)[:, None, None], atol=1e-6)
    plain = load(save_folder(tmp_path / "plain", components))
    assert plain.typical_latent(cond) is None
    assert model.describe()["weights_sha256"] != plain.describe()["weights_sha256"]


def test_our_vocoder_loads(saved: Path, components: dict[str, Any], tmp_path: Path) -> None:
    vocoder = SinusoidalVocoder(channels=16, hidden=24, depth=1)
    model = load(save_folder(tmp_path / "model", components | {"vocoder": vocoder}))
    assert isinstance(model.vocoder, SinusoidalVocoder)
    assert model.vocode(torch.zeros(1, 1, 20, 64)).shape == (1, 3200)


# Heads.


def attention_heads(model: DiffusersAudioLDM) -> list[set[int]]:
    return [heads_of(block) for block in model.unet.down_blocks]


def test_the_chosen_heads_are_those_of_the_loaded_network(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a published checkpoint, the heads come from the table, not from the file."""
    monkeypatch.setitem(spotnb.models.heads.ORIGINAL_HEADS, CHANNELS, (2, 4, 2, 6))
    original, kept, given = load(saved), load(saved, heads="config"), load(saved, heads=(1, 2, 1, 3))
    assert attention_heads(original) == [set(), {4}, {2}, {6}]
    assert attention_heads(kept) == [set(), {8}, {8}, {8}]
    assert attention_heads(given) == [set(), {2}, {1}, {3}]
    assert original.describe()["heads"] == [2, 4, 2, 6]
    assert original.describe()["heads_choice"] == "original"
    assert kept.describe()["heads_choice"] == "config"
    assert not torch.allclose(predict(original), predict(kept), atol=1e-3)  # both load, but they differ


def test_bad_heads_are_an_input_error(saved: Path) -> None:
    with pytest.raises(InputError, match="do not divide"):
        load(saved, heads=(3, 3, 3, 3))


# Missing or faulty pieces.


@pytest.mark.parametrize("piece", PIECES)
def test_a_missing_piece_is_named(folder: Path, piece: str) -> None:
    shutil.rmtree(folder / piece)
    message = refusal(folder)
    assert f"{piece} missing" in message
    assert all(name in message for name in PIECES)


@pytest.mark.parametrize("piece", [piece for piece in PIECES if piece != "tokenizer"])
def test_an_empty_piece_is_named(folder: Path, piece: str) -> None:
    for file in (folder / piece).iterdir():
        file.unlink()
    assert piece in refusal(folder)


def test_an_empty_tokenizer_is_no_tokenizer(folder: Path) -> None:
    """Without a connection, transformers creates a tokenizer with an empty vocabulary from it."""
    for file in (folder / "tokenizer").glob("tokenizer.json"):
        file.unlink()
    assert "tokenizer" in refusal(folder)


def test_a_tokenizer_of_a_few_words_is_none(folder: Path) -> None:
    make_tokenizer(["rock"]).save_pretrained(folder / "tokenizer")
    assert "has a vocabulary of 5 words" in refusal(folder)


@pytest.mark.parametrize("piece", WEIGHTS)
def test_missing_weights_are_named(folder: Path, piece: str) -> None:
    (folder / piece / WEIGHTS[piece]).unlink()
    assert piece in refusal(folder)


@pytest.mark.parametrize("piece", WEIGHTS)
def test_cut_off_weights_are_named(folder: Path, piece: str) -> None:
    path = folder / piece / WEIGHTS[piece]
    path.write_bytes(path.read_bytes()[:-1000])
    assert piece in refusal(folder)


def change_weights(folder: Path, piece: str, change: Callable[[dict[str, Tensor]], Any]) -> str:
    path = folder / piece / WEIGHTS[piece]
    tensors = load_file(path)
    changed = change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
    return str(changed)


@pytest.mark.parametrize("piece", WEIGHTS)
def test_a_weight_left_out_is_named(folder: Path, piece: str) -> None:
    """The libraries would initialize it at random without an error."""
    name = change_weights(folder, piece, lambda tensors: tensors.popitem()[0])
    message = refusal(folder)
    assert piece in message
    assert name in message


@pytest.mark.parametrize(("piece", "bad"), [(piece, float("nan")) for piece in WEIGHTS] + [("unet", float("inf"))])
def test_broken_weights_are_named(folder: Path, piece: str, bad: float) -> None:
    def spoil(tensors: dict[str, Tensor]) -> str:
        name = next(name for name, tensor in tensors.items() if tensor.ndim > 1 and tensor.is_floating_point())
        tensors[name].view(-1)[-1] = bad
        return name

    name = change_weights(folder, piece, spoil)
    message = refusal(folder)
    assert f"({piece}) has NaN or infinite weights in {name}" in message


@pytest.mark.parametrize(
    ("piece", "other"),
    [("unet", "vae"), ("vae", "unet"), ("text_encoder", "vocoder"), ("vocoder", "text_encoder"), ("vae", "vocoder")],
)
def test_a_piece_of_another_kind_is_named(folder: Path, piece: str, other: str) -> None:
    shutil.rmtree(folder / piece)
    shutil.copytree(folder / other, folder / piece)
    assert piece in refusal(folder)


@pytest.mark.parametrize("file", ["unet/config.json", "vocoder/config.json", "scheduler/scheduler_config.json"])
@pytest.mark.parametrize("content", ["{", "[1, 2]"])
def test_an_unreadable_configuration_is_named(folder: Path, file: str, content: str) -> None:
    (folder / file).write_text(content)
    assert file.partition("/")[0] in refusal(folder)


def test_an_empty_configuration_is_no_unets(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{}")
    assert "expected block_out_channels" in refusal(folder)


def test_a_text_encoder_of_another_width_belongs_to_another_model(folder: Path) -> None:
    other = make_components(projection_class_embeddings_input_dim=12)
    other["unet"].save_pretrained(folder / "unet")
    message = refusal(folder)
    assert "12" in message
    assert "16" in message


def test_an_autoencoder_of_other_channels_belongs_to_another_model(folder: Path) -> None:
    AutoencoderKL(latent_channels=4, norm_num_groups=4, block_out_channels=(8,)).save_pretrained(folder / "vae")
    assert "takes 8 channels, but the vae, frequency code and tempo ruler provide 4" in refusal(folder)


def test_a_frequency_code_too_many_is_named(folder: Path) -> None:
    save_file({"frequency_code": torch.zeros(2, 16)}, folder / "unet" / "frequency_code.safetensors")
    assert "takes 8 channels, but the vae, frequency code and tempo ruler provide 10" in refusal(folder)
    save_file({"something": torch.zeros(2, 16)}, folder / "unet" / "frequency_code.safetensors")
    assert "frequency_code" in refusal(folder)


def test_a_tempo_ruler_that_does_not_fit_is_named(folder: Path) -> None:
    file = folder / "unet" / "tempo_ruler.safetensors"
    save_file({"tellings": torch.eye(3), "beats": torch.ones(3)}, file)
    assert "takes 8 channels, but the vae, frequency code and tempo ruler provide 16" in refusal(folder)
    save_file({"tellings": torch.eye(3), "beats": torch.ones(4)}, file)
    assert "[3, 3] and [4]" in refusal(folder)
    save_file({"tellings": torch.eye(3)}, file)
    assert "beats" in refusal(folder)


def test_a_typical_latent_that_does_not_fit_is_named(folder: Path) -> None:
    file = folder / "unet" / "typical_latent.safetensors"
    save_file({"mean": torch.zeros(8, 16), "slope": torch.zeros(8, 16, 12)}, file)
    assert "[8, 16, 12]: expected [8, 16] and [8, 16, 16]" in refusal(folder)
    save_file({"mean": torch.zeros(8, 16)}, file)
    assert "slope" in refusal(folder)
    save_file({"mean": torch.zeros(8, 16) / 0, "slope": torch.zeros(8, 16, 16)}, file)
    assert "mean in" in refusal(folder)


def test_a_schedule_the_solver_does_not_know_is_named(folder: Path) -> None:
    edit(folder / "scheduler" / "scheduler_config.json", prediction_type="sample")
    assert "'sample'" in refusal(folder)


def test_a_schedule_of_another_length_is_named(folder: Path) -> None:
    edit(folder / "scheduler" / "scheduler_config.json", num_train_timesteps=400)
    assert "400" in refusal(folder)


def test_an_unknown_vocoder_is_named(folder: Path) -> None:
    edit(folder / "vocoder" / "config.json", architectures=["BigVGAN"])
    assert "is a BigVGAN: expected one of SpeechT5HifiGan, SinusoidalVocoder" in refusal(folder)


def test_weights_under_their_old_names_are_found(folder: Path) -> None:
    """The published autoencoders were saved before diffusers renamed the parts of an attention block."""
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def rename(tensors: dict[str, Tensor]) -> int:
        renamed = 0
        for name in [name for name in tensors if "attentions" in name]:
            for new, former in old.items():
                if new in name:
                    tensors[name.replace(new, former)] = tensors.pop(name)
                    renamed += 1
        return renamed

    latent = torch.linspace(-1, 1, 8 * 16 * 16).reshape(1, 8, 16, 16)
    expected = load(folder).decode_mel(latent)
    assert change_weights(folder, "vae", rename) == "16"
    assert torch.equal(load(folder).decode_mel(latent), expected)


# Pickles.


class Malicious:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("piece", WEIGHTS)
def test_pickles_are_not_run(folder: Path, tmp_path: Path, piece: str) -> None:
    marker = tmp_path / "owned"
    torch.save({"weight": Malicious(marker)}, tmp_path / "proof.bin")
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "proof.bin", weights_only=True)
    torch.load(tmp_path / "proof.bin", weights_only=False)  # it would succeed
    assert marker.exists()
    marker.rmdir()

    path = folder / piece / WEIGHTS[piece]
    path.unlink()
    shutil.copy(tmp_path / "proof.bin", path.with_suffix(".bin"))
    shutil.copy(tmp_path / "proof.bin", folder / piece / "pytorch_model.bin")
    assert piece in refusal(folder)
    assert not marker.exists()


def test_weights_in_a_harmless_pickle_are_read(folder: Path) -> None:
    """The published folders contain both formats; a pickle with only tensors is not dangerous."""
    path = folder / "unet" / WEIGHTS["unet"]
    torch.save(load_file(path), path.with_suffix(".bin"))
    path.unlink()
    assert torch.equal(predict(load(folder)), predict(DiffusersAudioLDM("made", **make_components(seed=1))))


# Names, devices, dtypes.


@pytest.mark.parametrize(
    "bad", ["nope", "", None, 3, "a/b/c", "cvssp/audioldm\n", "../up", "x/a..b", "/no/such/folder", "tiny\n"]
)
def test_unknown_names_are_refused(bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        load_model(bad)
    message = str(caught.value)
    assert repr(bad) in message
    assert "expected tiny, an existing folder or a checkpoint" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", [*HUB_MODELS, "cvssp/audioldm-xl"])
def test_offline_a_hub_name_gives_one_clear_sentence(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "spotnb"), pytest.raises(SpotnbError) as caught:
        load_model(name)
    message = str(caught.value)
    assert message.startswith(f"{name} is not on this machine and cannot be downloaded (")
    assert message.endswith("connect once to download it, pass a folder that contains it, or use tiny")
    assert "\n" not in message
    assert f"downloading {name}" in caplog.text


@pytest.mark.parametrize("bad", ["gpu", "cuda:99", "", 7.5, None])
def test_bad_devices_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match="choose auto, cpu, cuda or mps") as caught:
        pick_device(bad)
    assert repr(bad) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", ["fp64", "", None, "float32"])
def test_bad_dtypes_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match="expected auto, fp32, bf16, fp16") as caught:
        pick_dtype(bad, torch.device("cpu"))
    assert repr(bad) in str(caught.value)


@pytest.mark.parametrize("fast", [(), ("_is_amx_tile_supported",), ("_is_avx512_bf16_supported",)])
def test_bf16_is_taken_where_the_processor_multiplies_it_fast(
    monkeypatch: pytest.MonkeyPatch, fast: tuple[str, ...]
) -> None:
    for probe in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.setattr(torch.cpu, probe, lambda probe=probe: probe in fast)
    assert pick_dtype("auto", torch.device("cpu")) == (torch.bfloat16 if fast else torch.float32)
    assert pick_dtype("auto", torch.device("mps")) == torch.float32


def test_the_device_is_chosen_by_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device("auto") == torch.device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")


def test_half_precision_is_the_unets_alone(saved: Path) -> None:
    exact, half = load(saved), load(saved, dtype="bf16")
    assert (half.dtype, half.unet.dtype, half.vae.dtype) == (torch.bfloat16, torch.bfloat16, torch.float32)
    noise = predict(half)
    assert noise.dtype == torch.float32
    difference = (noise - predict(exact)).norm() / noise.norm()
    assert 1e-5 < difference < 0.05
    assert half.describe()["dtype"] == "bfloat16"


# Anything may be passed.


class Unshowable:
    """Raises an error from whatever is asked of it."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    __str__ = __eq__ = __hash__ = __fspath__ = __repr__  # type: ignore[assignment]


JUNK = [
    b"tiny",
    5,
    10**400,
    1.5,
    float("nan"),
    True,
    [],
    ["tiny"],
    {},
    object(),
    Unshowable(),
    "\ud800",
    "a\0b",
    "x" * 10**5,
]
JUNK += [
    "~nosuchuser/x",
    " ",
    torch.zeros(3),
    Path("nope"),
    Path("x" * 5000),
    type,
    torch.float32,
    "cuda:-1",
    "auto\n",
    (),
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: type(junk).__name__)
@pytest.mark.parametrize("name", ["name", "device", "dtype", "heads", "revision"])
def test_any_wrong_argument_gives_one_line(name: str, junk: Any) -> None:
    with pytest.raises(InputError) as caught:
        load_model(**({"device": "cpu", "dtype": "fp32"} | {name: junk}))
    message = str(caught.value)
    assert ("model" if name == "name" else name) in message
    assert "\n" not in message
    assert len(message) <= 200


def test_none_is_not_a_model() -> None:
    with pytest.raises(InputError, match="model name is None"):
        load_model(None)  # type: ignore[arg-type]


def test_a_path_is_taken(saved: Path) -> None:
    assert load_model(saved, "cpu", "fp32").describe() == load(saved).describe()


def test_heads_are_taken_as_an_array(saved: Path) -> None:
    assert load(saved, heads=np.array([1, 2, 1, 3])).describe()["heads"] == [1, 2, 1, 3]


@pytest.mark.parametrize("good", ["main", "v1.0", "refs/pr/3", "a" * 40, "feature/x-y_z", "0"])
def test_a_revision_looks_like_one(good: str) -> None:
    assert check_revision(good) == good
