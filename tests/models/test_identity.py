"""A model is told apart by its weights and configurations: a change of one number makes another model."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from spotnb import SpotSampler, sweep
from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.identity import KEY, folder_digest, tensors_digest
from spotnb.models.load import load_model
from spotnb.models.locate import EMBEDDED
from spotnb.research.worker import Reference, refer
from spotnb.sampling.checkpoint import run_with_checkpoints
from spotnb.sampling.replay import replay, resume
from spotnb.trace.trace import Trace
from tests.models.components import make_components


def load(folder: Any) -> DiffusersAudioLDM:
    return load_model(folder, "cpu", "fp32")


def change_weight(folder: Path, piece: str = "unet", name: str = "diffusion_pytorch_model") -> None:
    """Add a little to one weight, and keep size and time of the file."""
    path = folder / piece / f"{name}.safetensors"
    before, tensors = path.stat(), load_file(path)
    max(tensors.values(), key=lambda tensor: tensor.numel()).view(-1)[0] += 0.5
    save_file(tensors, path, {"format": "pt"})
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        ("unet", "diffusion_pytorch_model"),
        ("vae", "diffusion_pytorch_model"),
        ("text_encoder", "model"),
        ("vocoder", "model"),
    ],
)
def test_a_changed_weight_makes_another_model(folder: Path, piece: str, name: str) -> None:
    before = load(folder).describe()
    assert load(folder).describe() == before
    change_weight(folder, piece, name)
    after = load(folder).describe()
    assert after.pop(KEY) != before.pop(KEY)
    assert after == before


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("scheduler/scheduler_config.json", {"beta_end": 0.018}),
        ("vae/config.json", {"scaling_factor": 0.7}),
        ("tokenizer/tokenizer_config.json", {"model_max_length": 8}),
    ],
)
def test_a_changed_configuration_makes_another_model(folder: Path, file: str, changes: dict[str, Any]) -> None:
    before = folder_digest(folder)
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert folder_digest(folder) != before


def test_the_digest_does_not_depend_on_place_or_precision(folder: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(folder, tmp_path / "moved"))
    (moved / "README.md").write_text("hello")
    assert load(moved).describe()[KEY] == load_model(folder, "cpu", "bf16").describe()[KEY] == folder_digest(folder)


def test_the_embedded_model_is_digested_in_a_moment() -> None:
    folder_digest.__globals__["_read_digest"].cache_clear()
    started = time.process_time()
    digest = folder_digest(EMBEDDED)
    assert time.process_time() - started < 0.15
    assert len(digest) == 64


def test_a_weight_changed_in_memory_makes_another_model(folder: Path) -> None:
    model = load(folder)
    before = str(model.describe()[KEY])
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert copied.describe()[KEY] == before
    with torch.no_grad():
        model.vocoder.conv_pre.weight[0, 0, 0] += 1
    assert model.describe()[KEY] not in (before, None)


def test_a_model_of_parts_is_told_apart_by_its_tensors() -> None:
    one, same = (DiffusersAudioLDM("made", **make_components(seed=1)) for _ in range(2))
    other = DiffusersAudioLDM("made", **make_components(seed=2))
    assert one.describe() == same.describe()
    assert one.describe()[KEY] != other.describe()[KEY]


def test_names_types_shapes_and_values_count() -> None:
    tensors = [
        torch.zeros(2, 3),
        torch.zeros(3, 2),
        torch.zeros(6, dtype=torch.bfloat16),
        torch.ones(2, 3),
        torch.zeros(()),
    ]
    digests = {tensors_digest([("a", tensor)]) for tensor in tensors} | {tensors_digest([("b", tensors[0])])}
    assert len(digests) == 6
    pair = [("a", tensors[0]), ("b", tensors[1])]
    assert tensors_digest(pair) == tensors_digest(pair[::-1])


def test_a_manifest_names_an_absolute_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    for name in ("m", Path("m"), "./m/../m", str(folder)):
        assert load(name).name == str(folder)
        assert refer(name).name == str(folder)


# Runs.


def sampler(folder: Path) -> SpotSampler:
    return SpotSampler(load(folder), "rain", 0.5, 2)


def test_a_checkpoint_of_other_weights_is_another_run(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    run_with_checkpoints(sampler(folder), path, progress=False)
    run_with_checkpoints(sampler(folder), path, progress=False)
    change_weight(folder)
    with pytest.raises(InputError, match=r"holds another run \(model differ"):
        run_with_checkpoints(sampler(folder), path, progress=False)


def test_other_weights_are_not_resumed_and_differ_in_replay(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trace = Trace.load(sampler(folder).run(progress=False).trace.save(tmp_path / "run.npz"))
    assert replay(trace, load(folder), progress=False).same
    assert resume(trace, load(folder)).done
    assert resume(trace, load=True).done
    assert caplog.text == ""
    change_weight(folder)
    for resumed in (lambda: resume(trace, load(folder)), lambda: sampler(folder).resume(trace)):
        with pytest.raises(InputError, match=r"the run was recorded with other weights .* pass the model of the run"):
            resumed()
    assert not replay(trace, load(folder), progress=False).same
    assert "the trace was recorded with model" in caplog.text


def test_a_sweep_with_other_weights_has_other_cells(folder: Path, tmp_path: Path) -> None:
    grid = {"prompt": "rain", "duration": 0.5, "steps": 1}

    def cells() -> set[str]:
        table = sweep(grid, tmp_path / "out", model=folder, progress=False)
        assert table["error"].isna().all()
        return set(table["sound"])

    first = cells()
    assert cells() == first
    change_weight(folder)
    assert first.isdisjoint(cells())


def test_a_reference_holds_the_digest_without_loading(folder: Path) -> None:
    reference = refer(str(folder))
    assert reference.describe()[KEY] == folder_digest(folder)
    assert reference.load().describe()[KEY] == folder_digest(folder)
    assert refer("tiny").describe()[KEY] == folder_digest(EMBEDDED)
    with pytest.raises(SpotnbError, match="has other weights here than where the work began"):
        Reference(str(folder), weights="0" * 64).load()
