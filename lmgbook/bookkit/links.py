"""Links that open the live notebooks elsewhere, for a lecture: `make links`, into `_build/links`.

Three kinds, one line a notebook, as a page (`links.md`) and as a table (`links.csv`):

* `binder`: the commit of the branch `live` that belongs to these pages, whole and unchanging. The
  first of a class to follow it waits until its image is built.
* `class`: Binder with a small environment repository, which `make links` writes as well. Its image
  is built once and kept; nbgitpuller then fetches the branch `live` into it, and so a new commit of
  the book costs nobody a build. The package is used as it is fetched.
* `hub`: a JupyterHub of one's own with nbgitpuller, if LMGBOOK_JUPYTERHUB names one.

nbgitpuller follows branches and knows no commits.
"""

import csv
import os
import re
import shutil
from pathlib import Path
from urllib.parse import quote, urlencode

from . import run_notebooks, site

FOLDER = Path("_build", "links")
BINDER = "https://mybinder.org/v2"
NBGITPULLER = "nbgitpuller==1.3.0"
START = """\
#!/bin/bash
# The package of the notebooks that have been fetched, so that both are always of one commit.
export PYTHONPATH="$HOME/{name}"
exec "$@"
"""
ABOUT = """\
# The environment of lmgbook, for Binder

Its packages and nothing else: notebooks and package are fetched by the link that a student follows.
Publish this folder as a repository of its own, and renew it when `environment.yml` of the book
changes.
"""


def binder(url, ref, path):
    """Address that lets Binder open a file or a page of its server."""
    host, owner, name = re.fullmatch(r"https://(github|gitlab)\.com/([^/]+)/([^/]+)", url).groups()
    # GitLab's projects may lie in groups, so Binder wants them in one piece
    place = f"gh/{owner}/{name}" if host == "github" else "gl/" + quote(f"{owner}/{name}", "")
    return f"{BINDER}/{place}/{ref}?" + urlencode({"urlpath": path})


def fetch(url, name, notebook):
    """Path of nbgitpuller's page that fetches the branch `live` and opens a notebook of it."""
    query = {"repo": url, "branch": "live", "urlpath": f"lab/tree/{name}/{notebook}"}
    return "git-pull?" + urlencode(query)


def links(root, environ=os.environ):
    """All links: kind -> notebook -> address.

    Raises
    ------
    ValueError
        If no public repository is known.
    """
    url = site.repository(root, environ)
    if not url:
        raise ValueError("no public repository is known: name it in LMGBOOK_REPOSITORY")
    name = url.rpartition("/")[2]
    room = environ.get("LMGBOOK_ENVIRONMENT") or f"{url}-environment"
    ref = site.live_commit(environ) or "live"
    found = {"binder": {}, "class": {}}
    hub = environ.get("LMGBOOK_JUPYTERHUB", "").rstrip("/")
    for notebook in run_notebooks.notebooks(root):
        found["binder"][notebook] = binder(url, ref, f"lab/tree/{notebook}")
        found["class"][notebook] = binder(room, "HEAD", fetch(url, name, notebook))
        if hub:
            page = f"{hub}/hub/user-redirect/{fetch(url, name, notebook)}"
            found.setdefault("hub", {})[notebook] = page
    return found


def badge(url, ref="live"):
    """Markdown of a badge that opens the notebooks."""
    return f"[![Binder]({BINDER.removesuffix('/v2')}/badge_logo.svg)]({binder(url, ref, 'lab')})"


def environment(root, folder, name):
    """Write the environment repository."""
    folder.mkdir(parents=True)
    text = Path(root, "environment.yml").read_text("utf-8")
    _, pins = text.split("name:", 1)
    (folder / "environment.yml").write_text(f"name:{pins.rstrip()}\n      - {NBGITPULLER}\n")
    (folder / "README.md").write_text(ABOUT)
    start = folder / "start"
    start.write_text(START.format(name=name))
    start.chmod(0o755)
    post = Path(root, "postBuild").read_text("utf-8")
    # of the book's own steps those that need no package
    (folder / "postBuild").write_text(
        re.sub(r"(?m)^python -m (?:pip install --no-deps|lmgbook)[^\n]*\n", "", post)
    )
    (folder / "postBuild").chmod(0o755)


def write(root):
    """Write links and environment; returns the folder.

    Parameters
    ----------
    root : path-like
        Folder of the project.

    Returns
    -------
    pathlib.Path
    """
    root, found = Path(root), links(root)
    folder, url = root / FOLDER, site.repository(root)
    shutil.rmtree(folder, ignore_errors=True)
    environment(root, folder / "environment", url.rpartition("/")[2])
    lines = ["# Links to the notebooks", "", badge(url, site.live_commit() or "live"), ""]
    with (folder / "links.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["notebook", *found])
        for notebook in found["binder"]:
            table.writerow([notebook, *(found[kind][notebook] for kind in found)])
            words = ", ".join(f"[{kind}]({found[kind][notebook]})" for kind in found)
            lines.append(f"- `{notebook}`: {words}")
    (folder / "links.md").write_text("\n".join(lines) + "\n", "utf-8")
    return folder
