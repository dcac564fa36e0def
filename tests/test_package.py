"""The wheel is complete: it works when it is installed elsewhere, without the repository."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import spotnb

REPOSITORY = Path(__file__).parent.parent
# `assert_type` fails for Any, and strict mypy reports an ignored error that is not there.
PUBLIC_NAMES = """\
from typing import assert_type
import spotnb

config = spotnb.SpotDiffusionConfig(tile_size_time=128)
layout = assert_type(spotnb.plan(768, config, step=3), spotnb.Layout)
assert_type(layout.tiles[0].window, tuple[int, int])
model: spotnb.AudioModel = spotnb.load_model("tiny")
sampler = assert_type(spotnb.SpotSampler(model, "organ", duration=10.0, config=config), spotnb.SpotSampler)
assert_type(sampler.step(), spotnb.StepRecord)
assert_type(sampler.run().trace, spotnb.Trace)
assert_type(spotnb.seam_score(sampler.decode(), layout.seams).score, float)
assert_type(spotnb.generate_audio(model, "organ"), spotnb.Generation)
assert_type(spotnb.__version__, str)
spotnb.plan("768", config, step=3)  # type: ignore[arg-type]
sampler.goto("start")  # type: ignore[arg-type]
spotnb.SpotSampler(model, "organ", duration="10")  # type: ignore[arg-type]
"""
HEAVY = (  # following them would take a minute of CPU time
    "torch diffusers transformers matplotlib scipy soxr soundfile anywidget traitlets IPython ipywidgets pandas "
    "distributed tqdm safetensors psutil huggingface_hub pyloudnorm"
)
SKIPPED = f"""
[mypy]
strict = true
[mypy-{",".join(f"{name}.*" for name in HEAVY.split())}]
follow_imports = skip
ignore_missing_imports = true
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return next(out.glob("*.whl"))


@pytest.mark.process
def test_it_carries_weights_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for piece in ("unet", "vae", "vocoder"):
        assert f"spotnb/models/embedded/{piece}/diffusion_pytorch_model.safetensors" in names
    assert "spotnb/models/embedded/tokenizer/tokenizer.json" in names
    assert "spotnb/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "training/", "notebooks/"))]
    assert wheel.stat().st_size < 30e6


@pytest.mark.process
def test_it_makes_sound_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = (
        "import spotnb, sys; from pathlib import Path; assert Path(spotnb.__file__).is_relative_to(sys.argv[1]); "
        "m = spotnb.load_model('tiny'); "
        "w = spotnb.spotdiffusion_text_to_audio(m, 'organ', 6.0, ddim_steps=2, seed=0, progress=False, "
        "config=spotnb.SpotDiffusionConfig(tile_size_time=64)); "
        "assert w.shape == (96000,); spotnb.save_audio('organ.wav', w); "
        "assert len(spotnb.load_audio((w, 44100))) == -(-96000 * 16000 // 44100); "
        # numba's cache is not safe for processes that start at the same time on a new installation
        "assert not {'numba', 'librosa'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(site)}
    subprocess.run([sys.executable, "-c", code, str(site)], check=True, cwd=tmp_path, env=environment, timeout=300)
    assert (tmp_path / "organ.wav").stat().st_size > 192_000


@pytest.mark.timeout(300)
def test_its_types_are_seen(wheel: Path, tmp_path: Path) -> None:
    """Strict mypy reads the types of the installed wheel."""
    venv.create(tmp_path / "bare", with_pip=False)
    (site,) = (tmp_path / "bare").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (numpy,) = {Path(folder) for folder in sys.path if (Path(folder) / "numpy/py.typed").exists()}
    (site / "numpy.pth").write_text(f"{numpy}\n")
    (tmp_path / "script.py").write_text(PUBLIC_NAMES)
    (tmp_path / "mypy.ini").write_text(SKIPPED)
    python = str(tmp_path / "bare" / "bin" / "python")
    command = [sys.executable, "-m", "mypy", "--python-executable", python, "script.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_dependency_is_pinned_to_a_tested_version() -> None:
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {canonicalize_name(Requirement(line).name) for lines in lists for line in lines} - {"spotnb"}
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")}
    assert wanted <= pinned


def test_the_version_is_said_once(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Version"] == spotnb.__version__
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == spotnb.__version__
    changelog = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert released[0] == spotnb.__version__
