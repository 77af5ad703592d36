"""Links for a lecture, taken apart as Binder, a hub and nbgitpuller do."""

import os
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from projects import ROOT

from lmgbook.bookkit import links, run_notebooks

HASH = "0123456789abcdef0123456789abcdef01234567"
HERE = {"LMGBOOK_REPOSITORY": "https://github.com/a/b", "LMGBOOK_LIVE": HASH}
NOTEBOOK = "book/glassy/fitting.ipynb"


def query(address):
    """Query of an address, each value once."""
    return {key: value for key, (value,) in parse_qs(urlsplit(address).query).items()}


def test_binder_opens_the_live_commit():
    address = links.links(ROOT, HERE)["binder"][NOTEBOOK]
    assert urlsplit(address).path == f"/v2/gh/a/b/{HASH}"
    assert query(address) == {"urlpath": f"lab/tree/{NOTEBOOK}"}


def test_a_class_shares_the_image_of_the_environment():
    """Decoded twice: by Binder, then by nbgitpuller."""
    address = links.links(ROOT, HERE)["class"][NOTEBOOK]
    assert urlsplit(address).path == "/v2/gh/a/b-environment/HEAD"
    inner = query(address)["urlpath"]
    assert inner.startswith("git-pull?")
    assert query(inner) == {
        "repo": HERE["LMGBOOK_REPOSITORY"],
        "branch": "live",
        "urlpath": f"lab/tree/b/{NOTEBOOK}",
    }


def test_a_hub_is_named_or_has_no_links():
    assert set(links.links(ROOT, HERE)) == {"binder", "class"}
    found = links.links(ROOT, {**HERE, "LMGBOOK_JUPYTERHUB": "https://hub.x.edu/"})
    address = found["hub"][NOTEBOOK]
    assert address.startswith("https://hub.x.edu/hub/user-redirect/git-pull?")
    assert query(address)["urlpath"] == f"lab/tree/b/{NOTEBOOK}"


def test_gitlab_and_no_repository():
    address = links.binder("https://gitlab.com/a/b", "live", "lab")
    assert urlsplit(address).path == "/v2/gl/a%2Fb/live"
    with pytest.raises(ValueError, match="LMGBOOK_REPOSITORY"):
        links.links(ROOT.parent / "nowhere", {})


def test_every_notebook_has_its_links_and_the_room_its_packages(tmp_path, monkeypatch):
    for name in ("environment.yml", "postBuild", "_toc.yml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "book").symlink_to(ROOT / "book")
    for name, value in HERE.items():
        monkeypatch.setenv(name, value)
    folder = links.write(tmp_path)
    assert (folder / "links.csv").read_text().count("\n") == len(run_notebooks.notebooks(ROOT)) + 1
    room = folder / "environment"
    made = yaml.safe_load((room / "environment.yml").read_text())["dependencies"][-1]["pip"]
    book = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    assert made == [*book, links.NBGITPULLER]
    assert 'PYTHONPATH="$HOME/b"' in (room / "start").read_text()
    post = (room / "postBuild").read_text()
    assert "cull_idle_timeout" in post and "lmgbook.bookkit" not in post and "-e ." not in post
    assert os.access(room / "start", os.X_OK) and os.access(room / "postBuild", os.X_OK)
