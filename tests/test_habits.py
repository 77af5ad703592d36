"""What helps contributors, and is read by other machines, is well formed and does not drift."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*-*.yml"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_pre_commit_has_the_locked_versions():
    locked = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", read("requirements-test.lock")))
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    for repo in repos:
        name = repo["repo"].rpartition("/")[2].removesuffix("-pre-commit")
        assert repo["rev"].removeprefix("v") == locked[name], name
    assert len(repos) == 3


def test_pre_commit_strips_as_make_does():
    (hook,) = re.findall(r"(?m)^STRIP = \S+ (.*)$", read("Makefile"))
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    (strip,) = (h for repo in repos for h in repo["hooks"] if h["id"] == "nbstripout")
    assert strip["args"] == hook.replace('"', "").split()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_forms_ask_what_is_needed(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"] and form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    for field in form["body"]:
        assert field["type"] in ("input", "textarea", "checkboxes") and field["attributes"]["label"]
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_there_are_forms_for_numbers_and_for_claims():
    assert [path.stem for path in FORMS] == ["unfair-claim", "wrong-number"]


def test_the_container_has_what_the_two_commands_need():
    container = json.loads(read(".devcontainer/devcontainer.json"))
    assert "chromium" in container["onCreateCommand"] and "make" in container["onCreateCommand"]
    assert container["postCreateCommand"] == "make setup"


def test_instructions_for_programs_stay_short():
    lines = [line for line in read("AGENTS.md").splitlines() if line]
    assert len(lines) <= 12
