"""Launch buttons appear for a public repository, and for nothing else."""

import subprocess
from types import SimpleNamespace

import pytest

from lmgbook.bookkit import site


@pytest.fixture
def clone(tmp_path):
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, None),
        ({"LMGBOOK_REPOSITORY": "https://github.com/a/b.git"}, "https://github.com/a/b"),
        ({"LMGBOOK_REPOSITORY": "https://gitlab.com/a/b/"}, "https://gitlab.com/a/b"),
        ({"GITHUB_REPOSITORY": "a/b"}, "https://github.com/a/b"),
        ({"CI_PROJECT_URL": "https://gitlab.com/a/b"}, "https://gitlab.com/a/b"),
        ({"CI_PROJECT_URL": "https://git.intranet/a/b"}, None),
        ({"LMGBOOK_REPOSITORY": "https://token@github.com/a/b"}, None),
    ],
)
def test_repository_from_the_environment(clone, environ, address):
    assert site.repository(clone, environ) == address


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b"),
        ("git@github.com:a/b.git", "https://github.com/a/b"),
        ("ssh://git@gitlab.com/a/b", "https://gitlab.com/a/b"),
        ("/srv/git/b.git", None),
        ("file:///srv/git/b.git", None),
        ("git@localhost:a/b.git", None),
        ("http://127.0.0.1/a/b", None),
    ],
)
def test_repository_from_the_remote(clone, remote, address):
    subprocess.run(["git", "-C", str(clone), "remote", "add", "origin", remote], check=True)
    assert site.repository(clone, {}) == address
    assert site.branch(clone, {}) == "main"


def test_no_clone_at_all(tmp_path):
    assert site.repository(tmp_path / "nowhere", {}) is None


@pytest.mark.parametrize(
    ("address", "buttons"),
    [
        ("", set()),
        ("https://github.com/a/b", {"binderhub_url", "colab_url"}),
        ("https://gitlab.com/a/b", {"binderhub_url"}),
    ],
)
def test_buttons(clone, monkeypatch, address, buttons):
    for name in ("GITHUB_REPOSITORY", "CI_PROJECT_URL", "LMGBOOK_JUPYTERHUB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LMGBOOK_REPOSITORY", address)
    config = SimpleNamespace(html_theme_options={}, myst_substitutions={})
    site.set_launch_buttons(SimpleNamespace(srcdir=clone), config)
    shown = config.html_theme_options["launch_buttons"]
    assert {key for key, value in shown.items() if value.startswith("https")} == buttons
    assert config.html_theme_options["repository_url"] == address
    assert ("rocket" in config.myst_substitutions["run_it_yourself"]) == bool(address)
