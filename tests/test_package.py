"""The wheel is complete: it works when it is installed elsewhere, without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return next(out.glob("*.whl"))


def test_it_carries_weights_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for piece in ("unet", "vae", "vocoder"):
        assert f"spotnb/models/embedded/{piece}/diffusion_pytorch_model.safetensors" in names
    assert "spotnb/models/embedded/tokenizer/tokenizer.json" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "training/", "notebooks/"))]
    assert wheel.stat().st_size < 30e6


def test_it_makes_sound_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = (
        "import spotnb, sys; from pathlib import Path; assert Path(spotnb.__file__).is_relative_to(sys.argv[1]); "
        "m = spotnb.load_model('tiny'); "
        "w = spotnb.spotdiffusion_text_to_audio(m, 'organ', 6.0, ddim_steps=2, seed=0, progress=False, "
        "config=spotnb.SpotDiffusionConfig(tile_size_time=64)); "
        "assert w.shape == (96000,); spotnb.save_audio('organ.wav', w)"
    )
    environment = os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, str(site)], check=True, cwd=tmp_path, env=environment, timeout=300)
    assert (tmp_path / "organ.wav").stat().st_size > 192_000


def test_every_dependency_is_pinned_to_a_tested_version() -> None:
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {canonicalize_name(Requirement(line).name) for lines in lists for line in lines} - {"spotnb"}
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")}
    assert wanted <= pinned
