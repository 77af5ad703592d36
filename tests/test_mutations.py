"""Can the tests fail? Each deliberate error in the physics must turn one of them red.

The package and its tests are copied, one line of the copy is changed, and a few small tests run on
it in a process of their own. Numba is switched off there: compiling would take longer than the
tiny problems do in plain Python.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
HELPERS = ("conftest", "bad_input", "own_kernels", "field_families")
# (folder of the tests, name, file, what it says, what the mutant says, the test that has to notice)
MUTANTS = [
    (path.parent, *(entry[key] for key in ("name", "file", "says", "mutant", "test")))
    for path in sorted(TESTS.rglob("mutants.yml"))
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
]


# Imports once what every copy needs, then forks for each: argv is a list of [folder, tests].
DRIVER = """
import json, os, sys
import hypothesis, numba, pytest, qutip, scipy.integrate, scipy.special
for folder, *tests in json.loads(sys.argv[1]):
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        sys.path.insert(0, folder)
        options = ["-q", "-p", "no:cacheprovider", "--rootdir", folder]
        output = os.open("output", os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1), os.dup2(output, 2)
        code = pytest.main([*options, "tests/test_copy.py", *tests])
        sys.stdout.flush()
        os._exit(code)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


def file_of(mutant):
    """The file of the test that has to notice a mutant."""
    return mutant[0] / mutant[-1].split("::")[0]


def id_of(mutant):
    """That test as pytest names it from the root."""
    return (mutant[0] / mutant[-1]).relative_to(ROOT).as_posix()


def make_copy(folder, file=None, old=None, new=None):
    """Copy package and tests into `folder`, where `old` becomes `new` in one file."""
    shutil.copytree(
        ROOT / "lmgbook", folder / "lmgbook", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "tests").mkdir()
    for path in {*(TESTS / f"{name}.py" for name in HELPERS), *map(file_of, MUTANTS)}:
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    if file:
        source = folder / "lmgbook" / file
        text = source.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is not in {file} exactly once: update the mutation"
        source.write_text(text.replace(old, new), encoding="utf-8")
    (folder / "tests" / "test_copy.py").write_text(
        "import lmgbook\n\n\ndef test_this_is_the_copy():\n"
        f"    assert lmgbook.__file__.startswith({str(folder)!r})\n",
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Exit code and output for the unchanged copy with all tests and each mutant with its own."""
    jobs, folders = [], {"unchanged": tmp_path_factory.mktemp("unchanged")}
    make_copy(folders["unchanged"])
    jobs.append([str(folders["unchanged"]), *map(id_of, MUTANTS)])
    for index, mutant in enumerate(MUTANTS):
        _, name, *change, _ = mutant
        folders[name] = tmp_path_factory.mktemp(f"mutant{index}")
        make_copy(folders[name], *change)
        jobs.append([str(folders[name]), id_of(mutant)])
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(jobs)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert run.returncode == 0, run.stderr
    codes = map(int, run.stdout.split())
    outputs = ((folder / "output").read_text() for folder in folders.values())
    return dict(zip(folders, zip(codes, outputs, strict=True), strict=True))


def test_unchanged_copy_is_green(runs):
    code, output = runs["unchanged"]
    assert code == 0, output


@pytest.mark.parametrize("name", [mutant[1] for mutant in MUTANTS])
def test_mutant_is_red(runs, name):
    code, output = runs[name]
    # red by an assertion of a physical test: nothing else may have gone wrong in the copy
    assert code == 1, output
    assert "AssertionError" in output, output
    assert "1 passed" in output and "error" not in output.splitlines()[-1], output
