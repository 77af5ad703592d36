"""Runs of notebooks that fail, die, or change while they run; the others are kept."""

import errno
import os
import threading

import projects
import pytest

from lmgbook.bookkit import executed, run_notebooks

WAIT = "import pathlib, time\nwhile not pathlib.Path({!r}).exists():\n    time.sleep(0.02)"
TOUCH = "import pathlib\npathlib.Path({!r}).touch()"
ANSWER = "from lmgbook.answer import ANSWER\nprint(ANSWER)"


def test_what_ran_is_kept_and_what_it_took_is_reported(tmp_path):
    work = "import time, numpy\nx = numpy.ones(20_000_000)\ndel x\nt = time.process_time()\n"
    work += "while time.process_time() < t + 0.5:\n    pass\nprint('done')"
    project = projects.make(tmp_path, one=[work], two=["print(2)"])
    code, said = projects.run(project)
    assert code == 0
    assert "Notebooks: 0 unchanged, 2 to run" in said
    assert projects.output(project, "one") == "done\n"
    costs = projects.report(project)
    assert list(costs) == ["book/one.ipynb", "book/two.ipynb"]  # as in the table of contents
    assert costs["book/one.ipynb"]["cpu_seconds"] > 0.5
    assert costs["book/one.ipynb"]["execution_seconds"] >= 0.5
    # gone when the kernel is looked at again, and noted all the same
    peak = costs["book/one.ipynb"]["peak_megabytes"] - costs["book/two.ipynb"]["peak_megabytes"]
    assert 100 < peak < 300
    code, said = projects.run(project)
    assert (code, said) == (0, "Notebooks: 2 unchanged, 0 to run\n")
    assert projects.report(project) == costs


def test_the_longest_runs_first(tmp_path):
    names = "abcd"
    note = "import pathlib, time\npathlib.Path('order').open('a').write({!r})\ntime.sleep(0.5)"
    project = projects.make(tmp_path, **{name: [note.format(name)] for name in names})
    (project / "_build").mkdir()
    seconds = {f"book/{name}.ipynb": {"execution_seconds": n} for n, name in enumerate(names)}
    (project / "_build" / "execution.json").write_text(executed.json.dumps(seconds))
    assert projects.run(project)[0] == 0
    order = (project / "book" / "order").read_text()
    assert set(order[:2]) == {"c", "d"}


def test_children_of_a_kernel_count(tmp_path):
    program = "x = bytearray(150_000_000); import time; time.sleep(1.5)"
    cell = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {program!r}]);"
    project = projects.make(tmp_path, page=[cell])
    assert projects.run(project)[0] == 0
    assert projects.report(project)["book/page.ipynb"]["peak_megabytes"] > 200


def test_a_failing_cell_shows_its_traceback_and_the_others_are_kept(tmp_path):
    project = projects.make(tmp_path, bad=["x = 1", "1 / 0", "print(1)"], good=[ANSWER])
    code, said = projects.run(project)
    assert code == 1
    assert "book/bad.ipynb FAILED" in said
    assert "ZeroDivisionError: division by zero" in said and "\x1b" not in said
    assert "1 of 2 notebooks failed: book/bad.ipynb" in said
    assert projects.output(project, "good") == "41\n"
    assert list(projects.report(project)) == ["book/good.ipynb"]
    assert "1 unchanged, 1 to run" in projects.run(project)[1]


def test_a_cell_that_takes_too_long_fails(tmp_path):
    project = projects.make(tmp_path, page=["import time\ntime.sleep(60)"])
    (project / "_config.yml").write_text("execute: {timeout: 1}\n")
    code, said = projects.run(project)
    assert code == 1 and "timed out" in said


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("os._exit(3)", "kernel died with exit code 3"),
        ("os.kill(os.getpid(), 9)", "MB: memory?"),
        ("os.kill(os.getpid(), 11)", "kernel died by SIGSEGV"),
    ],
)
def test_a_dead_kernel_is_named_and_the_others_are_kept(tmp_path, end, words):
    project = projects.make(
        tmp_path, dead=["import os", end], slow=["import time\ntime.sleep(3)", ANSWER]
    )
    code, said = projects.run(project)
    assert code == 1
    assert "book/dead.ipynb FAILED\nkernel died" in said and words in said
    assert "tried again" not in said
    assert projects.output(project, "slow") == "41\n"


def test_a_kernel_that_dies_in_its_first_cell_is_tried_once_more(tmp_path):
    once = "import os, pathlib\nif not pathlib.Path('x').exists():\n"
    once += "    pathlib.Path('x').touch()\n    os._exit(1)"
    project = projects.make(tmp_path, page=[once, ANSWER])
    code, said = projects.run(project)
    assert code == 0
    assert "book/page.ipynb: kernel died with exit code 1" in said and "tried again" in said
    assert projects.output(project) == "41\n"

    projects.write(project, "page", "import os\nos._exit(1)")
    code, said = projects.run(project)
    assert code == 1
    assert said.count("tried again") == 1 and "book/page.ipynb FAILED" in said


def meanwhile(project, *steps):
    """In the background: wait for a file in `book`, then do something, for each pair."""

    def work():
        for name, step in steps:
            projects.wait_for((project / "book" / name).exists)
            step()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_an_edit_taken_back_while_a_notebook_runs_does_not_stay(tmp_path):
    """The kernel imports the edited package; at the end everything is as it was at the start."""
    cells = TOUCH.format("a"), WAIT.format("b"), ANSWER, TOUCH.format("c"), WAIT.format("d")
    project = projects.make(tmp_path, page=cells)
    answer = project / "lmgbook" / "answer.py"

    def edit():
        answer.write_text("ANSWER = 666\n")
        (project / "book" / "b").touch()

    def restore():
        answer.write_text("ANSWER = 41\n")
        (project / "book" / "d").touch()

    thread = meanwhile(project, ("a", edit), ("c", restore))
    code, said = projects.run(project)
    thread.join()
    assert code == 0
    assert "book/page.ipynb changed while it ran, runs again" in said
    assert projects.output(project) == "41\n"
    assert "1 unchanged" in projects.run(project)[1]


def test_an_edit_of_the_notebook_itself_while_it_runs(tmp_path):
    project = projects.make(tmp_path, page=[ANSWER, TOUCH.format("a"), WAIT.format("b")])

    def edit():
        projects.write(project, "page", "print('new')")
        (project / "book" / "b").touch()

    thread = meanwhile(project, ("a", edit))
    code, said = projects.run(project)
    thread.join()
    assert code == 0 and "changed while it ran" in said
    assert projects.output(project) == "new\n"


def test_whoever_never_stops_editing_is_told(tmp_path):
    touch = "import pathlib\npathlib.Path('../lmgbook/answer.py').touch()"
    project = projects.make(tmp_path, bad=[touch], good=["print(1)"])
    code, said = projects.run(project)
    assert code == 1
    assert said.count("book/bad.ipynb changed while it ran, runs again") == 1
    assert "book/bad.ipynb FAILED\nchanged again while it ran" in said
    assert projects.output(project, "bad") is None


def test_a_full_disk_is_said_without_a_traceback(tmp_path, monkeypatch):
    project = projects.make(tmp_path, page=[ANSWER])
    real = executed.os.fsync

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")

    monkeypatch.setattr(executed.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        projects.run(project)
    monkeypatch.setattr(executed.os, "fsync", real)
    assert "0 unchanged, 1 to run" in projects.run(project)[1]
    assert projects.output(project) == "41\n"


def test_files_of_the_table_of_contents():
    toc = {"root": "a", "parts": [{"chapters": [{"file": "b", "sections": [{"file": "c"}]}]}]}
    assert run_notebooks.toc_files(toc) == ["a", "b", "c"]
