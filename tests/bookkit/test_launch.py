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


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"GITHUB_REF_NAME": "main"}, "main"),
        # the branch of a pull request may be in another repository: Binder finds its target only
        ({"GITHUB_REF_NAME": "12/merge", "GITHUB_BASE_REF": "main"}, "main"),
        ({"GITHUB_REF_NAME": "v0.1.0", "GITHUB_BASE_REF": ""}, "v0.1.0"),
        ({"GITHUB_REF_NAME": "x", "LMGBOOK_BRANCH": "y", "GITHUB_BASE_REF": "z"}, "y"),
    ],
)
def test_buttons_of_a_preview_name_a_branch_that_exists(clone, environ, name):
    assert site.branch(clone, environ) == name


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
    for name in ("GITHUB_REPOSITORY", "CI_PROJECT_URL", "LMGBOOK_JUPYTERHUB", "LMGBOOK_LIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LMGBOOK_REPOSITORY", address)
    config = SimpleNamespace(html_theme_options={}, myst_substitutions={})
    site.set_launch_buttons(SimpleNamespace(srcdir=clone), config)
    shown = config.html_theme_options["launch_buttons"]
    assert {key for key, value in shown.items() if value.startswith("https")} == buttons
    assert config.html_theme_options["repository_url"] == address
    assert ("rocket" in config.myst_substitutions["run_it_yourself"]) == bool(address)


HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("live", [HASH, "", "main"])
def test_buttons_lead_to_the_live_commit_or_say_that_they_do_not(clone, monkeypatch, live):
    monkeypatch.setenv("LMGBOOK_REPOSITORY", "https://github.com/a/b")
    monkeypatch.setenv("LMGBOOK_BRANCH", "main")
    monkeypatch.setenv("LMGBOOK_LIVE", live)
    config = SimpleNamespace(html_theme_options={}, myst_substitutions={})
    site.set_launch_buttons(SimpleNamespace(srcdir=clone), config)
    pinned = live == HASH
    assert config.html_theme_options["repository_branch"] == (HASH if pinned else "main")
    words = config.myst_substitutions["run_it_yourself"]
    assert ("opens the source of the page" in words) is not pinned


def test_a_hub_follows_the_branch(monkeypatch):
    """What it clones with, nbgitpuller, knows branches and no commits."""
    monkeypatch.setenv("LMGBOOK_LIVE", HASH)
    hub = {"text": "JupyterHub", "url": f"https://hub/git-pull?repo=r&branch={HASH}"}
    binder = {"text": "Binder", "url": f"https://mybinder.org/v2/gh/a/b/{HASH}?urlpath=x"}
    site.follow_branch({"header_buttons": [{"type": "group", "buttons": [hub, binder]}, {}]})
    assert hub["url"].endswith("branch=live") and HASH in binder["url"]


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, ""),
        ({"GITHUB_REPOSITORY": "Ab/c"}, "https://ab.github.io/c"),
        ({"GITHUB_REPOSITORY": "Ab/ab.github.io"}, "https://ab.github.io"),
        ({"GITHUB_REPOSITORY": "Ab/c", "LMGBOOK_PAGES": "https://x.org/y/"}, "https://x.org/y"),
    ],
)
def test_address_of_the_pages(clone, environ, address):
    assert site.pages(clone, environ) == address


def test_commit_that_is_built(clone):
    assert site.commit(clone, {"GITHUB_SHA": HASH}) == HASH
    run = ["git", "-C", str(clone), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*run, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    head = subprocess.run([*run, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert site.commit(clone, {}) == head.stdout.strip()
    (clone / "changed").write_text("since")
    assert site.commit(clone, {}) == ""
