"""What GitHub reads is valid, and says the same as the rest: workflows, issue forms, Dependabot's settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
SCHEMAS = {
    "github-workflows": WORKFLOWS,
    "github-actions": sorted(GITHUB.glob("actions/*/action.yml")),
    "github-issue-forms": sorted(set(GITHUB.glob("ISSUE_TEMPLATE/*.yml")) - {GITHUB / "ISSUE_TEMPLATE" / "config.yml"}),
    "github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "dependabot": [GITHUB / "dependabot.yml"],
    "citation-file-format": [REPOSITORY / "CITATION.cff"],
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_fits_its_schema(schema: str) -> None:
    check_jsonschema = pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    from click.testing import CliRunner

    assert SCHEMAS[schema]
    arguments = ["--builtin-schema", f"vendor.{schema}", *map(str, SCHEMAS[schema])]
    ran = CliRunner().invoke(check_jsonschema.main, arguments)
    assert ran.exit_code == 0, ran.output


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, *SCHEMAS["github-actions"]], ids=lambda path: path.parent.name + path.stem
)
def test_actions_of_others_are_pinned_to_a_commit(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text("utf-8"))
    assert used
    for action, comment in used:
        pinned = re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) and re.fullmatch(r" # v[\d.]+", comment)
        assert pinned or action.startswith("./"), action


def test_every_python_that_the_package_takes_is_tested() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    prefix = "Programming Language :: Python :: "
    named = [line.removeprefix(prefix) for line in project["classifiers"] if line.startswith(prefix)]
    jobs = [job for path in WORKFLOWS for job in read(path)["jobs"].values() if "strategy" in job]
    assert len(jobs) == 3
    for job in jobs:
        assert job["strategy"]["matrix"]["python"] == named


def test_only_the_publishing_job_has_a_right_to_more_than_reading() -> None:
    for path in WORKFLOWS:
        workflow = read(path)
        assert workflow["permissions"] in ({}, {"contents": "read"})
        for name, job in workflow["jobs"].items():
            allowed = {"id-token": "write"} if name == "publish" else {"contents": "read"}
            assert job.get("permissions", {}).items() <= allowed.items(), name


def test_a_bug_report_needs_the_output_of_doctor() -> None:
    fields = {field.get("id"): field for field in read(GITHUB / "ISSUE_TEMPLATE" / "bug.yml")["body"]}
    assert "spotnb doctor" in fields["doctor"]["attributes"]["label"]
    assert fields["doctor"]["validations"]["required"]
