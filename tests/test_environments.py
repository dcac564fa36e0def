"""The environments agree: pyproject.toml, environment.yml, and binder/ as repo2docker reads it."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
BINDER = REPOSITORY / "binder"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def conda(path: Path) -> dict[str, Any]:
    """Return the channels, the conda packages by name, and the pip list of an environment.yml."""
    said = yaml.safe_load(path.read_text())
    plain = [line for line in said["dependencies"] if isinstance(line, str)]
    (pip,) = [line["pip"] for line in said["dependencies"] if isinstance(line, dict)]
    names = {line.replace("=", " ").split()[0]: line for line in plain}
    return {"name": said["name"], "channels": said["channels"], "conda": names, "pip": pip}


def bounds(lines: list[str]) -> dict[str, SpecifierSet]:
    """Return the required names, with spotnb's own extras resolved."""
    found: dict[str, SpecifierSet] = {}
    for line in lines:
        wanted = Requirement(line)
        if wanted.name == "spotnb":
            for extra in wanted.extras:
                found |= bounds(PROJECT["optional-dependencies"][extra])
        else:
            found[canonicalize_name(wanted.name)] = wanted.specifier
    return found


ROOT, HERE = conda(REPOSITORY / "environment.yml"), conda(BINDER / "environment.yml")


def test_binder_has_what_the_package_and_its_notebooks_need() -> None:
    needed = bounds([*PROJECT["dependencies"], "spotnb[notebooks]"])
    torch = needed.pop("torch")
    assert bounds(HERE["pip"]) == needed
    assert str(torch) in HERE["conda"]["pytorch"]


def test_binder_and_conda_users_get_the_same() -> None:
    assert HERE["channels"] == ROOT["channels"]
    assert HERE["conda"]["pytorch"] == ROOT["conda"]["pytorch"]
    assert HERE["conda"]["python"] == ROOT["conda"]["python"]
    assert ROOT["pip"] == ["-e .[notebooks]"]


def test_torch_is_for_cpus_from_conda_and_never_from_pip() -> None:
    assert HERE["conda"]["pytorch"].endswith(" cpu*")
    assert not {"torch", "pytorch"} & set(bounds(HERE["pip"]))
    post_build = (BINDER / "postBuild").read_text()
    assert "--constraint" in post_build
    assert "torch==" in post_build


def test_python_is_one_that_the_package_takes() -> None:
    version = HERE["conda"]["python"].partition("=")[2]
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.0")


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_stop_at_the_first_error(name: str) -> None:
    path = BINDER / name
    assert path.stat().st_mode & 0o111, f"chmod +x binder/{name}"
    lines = path.read_text().splitlines()
    assert lines[0] == "#!/bin/bash"
    assert any(line.startswith("set -e") for line in lines)
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_start_runs_what_it_is_given() -> None:
    many = os.environ | {"OMP_NUM_THREADS": "64"}
    ran = subprocess.run([str(BINDER / "start"), "env"], check=True, capture_output=True, text=True, env=many)
    assert "OMP_NUM_THREADS=1" in ran.stdout.splitlines()


def test_jupyter_opens_the_course() -> None:
    settings = json.loads((BINDER / "jupyter_server_config.json").read_text())
    for app in ("ServerApp", "LabApp", "JupyterNotebookApp"):
        path = settings[app]["default_url"].removeprefix("/lab/tree/")
        assert (REPOSITORY / path).is_file()
    assert "binder/jupyter_server_config.json" in (BINDER / "postBuild").read_text()


def test_repo2docker_picks_conda_and_writes_a_dockerfile(monkeypatch: pytest.MonkeyPatch) -> None:
    application = pytest.importorskip("repo2docker.app", reason="jupyter-repo2docker is not installed")
    from repo2docker.buildpacks import CondaBuildPack

    monkeypatch.chdir(REPOSITORY)
    app = application.Repo2Docker()
    packs = [pack(app.base_image) for pack in app.buildpacks]
    picked = next(pack for pack in packs if pack.detect())
    assert isinstance(picked, CondaBuildPack)
    assert picked.python_version == "3.11"
    picked.platform = "linux/amd64"
    build_args = {"NB_UID": "1000", "NB_USER": "jovyan"}
    dockerfile = picked.render(build_args)
    assert "env update" in dockerfile
    assert "binder/environment.yml" in dockerfile
    assert "binder/postBuild" in dockerfile
    assert "binder/start" in dockerfile
    assert not (BINDER / "Dockerfile").exists()
