"""One build at a time, whoever starts it; what is in its way is said in a line."""

import os
import shutil
import signal
import subprocess
import sys

import projects
import pytest

from lmgbook.bookkit import build, run_notebooks

TOUCH = "import pathlib, time\nwith open('runs', 'a') as f:\n    f.write('x')\ntime.sleep(2)"


@pytest.fixture
def project(tmp_path):
    project = projects.make(tmp_path, page=[TOUCH])
    for name in ("pyproject.toml", "CITATION.cff"):
        (project / name).write_text("")
    return project


@pytest.fixture
def pages(monkeypatch):
    """In place of Jupyter Book: note that it was called."""
    made = []
    monkeypatch.setattr(build, "make_pages", lambda root: made.append(root) or 0)
    monkeypatch.setattr(run_notebooks, "main", lambda root: 0)
    return made


def test_two_builds_do_the_work_once(project):
    first, second = projects.start(project), projects.start(project)
    said = sorted([first.communicate(timeout=60)[0], second.communicate(timeout=60)[0]], key=len)
    assert first.returncode == second.returncode == 0
    assert "0 unchanged, 1 to run" in said[0]
    assert "Another build is running in this folder; waiting" in said[1]
    assert "1 unchanged, 0 to run" in said[1]
    assert (project / "book" / "runs").read_text() == "x"


def test_a_killed_build_leaves_no_lock(project):
    first = projects.start(project)
    projects.wait_for((project / "book" / "runs").exists)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=30)
    code, said = projects.run(project)
    assert code == 0 and "0 unchanged, 1 to run" in said


def test_finished_pages_are_left_alone(project, pages):
    assert build.build(project, if_needed=True) == 0 and len(pages) == 1
    assert build.build(project, if_needed=True) == 0 and len(pages) == 1
    assert build.build(project) == 0 and len(pages) == 2
    for name in ("book/page.md", "lmgbook/answer.py", "_toc.yml", "requirements.lock"):
        (project / name).write_text("# new")
        count = len(pages)
        assert build.build(project, if_needed=True) == 0 and len(pages) == count + 1, name


def test_pages_that_were_not_finished_are_made_again(project, pages, monkeypatch):
    assert build.build(project) == 0
    with monkeypatch.context() as patch:
        patch.setattr(build, "make_pages", lambda root: 1)
        assert build.build(project) == 1
    assert build.build(project, if_needed=True) == 0 and len(pages) == 2


def test_an_edit_while_the_pages_are_made_counts(project, pages, monkeypatch):
    with monkeypatch.context() as patch:
        edit = (project / "book" / "page.md").write_text
        patch.setattr(build, "make_pages", lambda root: bool(edit("new")) and 0)
        assert build.build(project) == 0
    assert build.build(project, if_needed=True) == 0 and len(pages) == 1


def test_a_failing_notebook_stops_before_the_pages(project, pages, monkeypatch):
    monkeypatch.setattr(run_notebooks, "main", lambda root: 1)
    assert build.build(project) == 1 and not pages
    assert not (project / build.STAMP).exists()


@pytest.mark.parametrize("place", ["_build", "_build/executed", "_build/executed/book/page"])
def test_a_folder_that_cannot_be_written_is_named(project, place):
    """A file in place of the folder: a read-only one would not stop an administrator."""
    path = project / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    build = projects.start(project)
    said = build.communicate(timeout=60)[0]
    assert build.returncode == 1
    assert f"Cannot write {path}" in said and "Traceback" not in said
    path.unlink()
    assert projects.run(project)[0] == 0


def test_a_full_disk_is_said_in_a_line(project):
    """No file may be larger than this: what a kernel needs fits, and the run does not."""
    limit = 60_000
    projects.write(project, "page", "print('x' * 100_000)")
    program = (
        "import resource, sys; from lmgbook.bookkit.__main__ import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))\n"
        "sys.exit(main(['run', '--root', sys.argv[1]]))"
    )
    build = subprocess.run(
        [sys.executable, "-c", program, str(project)], capture_output=True, text=True, timeout=60
    )
    assert build.returncode == 1
    assert "Cannot write" in build.stderr and "Traceback" not in build.stdout + build.stderr
    assert list((project / "_build" / "executed" / "book" / "page").iterdir()) == []
    assert projects.run(project)[0] == 0


def test_make_builds_once_for_several_targets(tmp_path):
    """`make -j4 book test`, with a program in place of Python that says what it was asked."""
    shutil.copy(projects.ROOT / "Makefile", tmp_path)
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("requirements.lock", "requirements-uv.lock", "requirements-test.lock"):
        (tmp_path / name).touch()
    for name in ("pyproject.toml", "setup.py", ".venv/.ready", ".venv/.ready-test"):
        (tmp_path / name).touch()
    said = tmp_path / "said"
    for name in ("python", "pytest"):
        program = f'#!/bin/sh\necho "start $@" >> {said}\nsleep 1\necho "end $@" >> {said}\n'
        (tools / name).write_text(program)
        (tools / name).chmod(0o755)
    subprocess.run(
        ["make", "-s", "-j4", "book", "test"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        check=True,
    )
    lines = said.read_text().splitlines()
    books = [line for line in lines if "lmgbook.bookkit book" in line]
    assert books[:2] == ["start -m lmgbook.bookkit book", "end -m lmgbook.bookkit book"]
    assert books[2:] == [f"{when} -m lmgbook.bookkit book --if-needed" for when in ("start", "end")]


@pytest.mark.parametrize(
    ("broken", "installers"),
    [
        ("nothing", ["uv"]),
        ("*uv.lock*", ["pip"]),  # uv cannot be had
        ("*-m?uv?--version*", ["pip"]),  # or does not run here
        ("*-m?uv?pip*", ["uv", "pip"]),  # or does not reach what pip reaches
    ],
)
def test_a_lock_is_installed_with_uv_or_else_with_pip(tmp_path, broken, installers):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(
        f'#!/bin/sh\necho "$*" >> said\ncase "$*" in ({broken}) exit 1;; (*) exit 0;; esac\n'
    )
    python.chmod(0o755)
    subprocess.run(["sh", projects.ROOT / ".ci" / "install", "some.lock"], cwd=tmp_path, check=True)
    lines = (tmp_path / "said").read_text().splitlines()
    installs = [line.split() for line in lines if line.endswith("some.lock")]
    assert [line[1] for line in installs] == installers
    assert all("--require-hashes" in line for line in installs)
