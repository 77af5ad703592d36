"""Kernels that no setting of the machine reaches, and that end with what started them."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import projects
import psutil
import pytest

from lmgbook.bookkit import kernels
from lmgbook.bookkit.kernels import OwnKernel

THIRD = "import numpy\nprint(numpy.ones(1) / 3)"


def test_a_start_up_file_does_not_change_a_page(tmp_path, monkeypatch):
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("import numpy as np\nnp.set_printoptions(precision=2)\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    project = projects.make(tmp_path / "p", page=[THIRD])
    assert projects.run(project)[0] == 0
    assert projects.output(project) == "[0.33333333]\n"


def test_a_style_of_the_reader_does_not_change_a_figure(tmp_path, monkeypatch):
    settings = tmp_path / ".config" / "matplotlib"
    settings.mkdir(parents=True)
    (settings / "matplotlibrc").write_text("lines.linewidth: 7\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MPLCONFIGDIR", str(settings))
    cell = "import matplotlib\nprint(matplotlib.rcParams['lines.linewidth'])"
    project = projects.make(tmp_path / "p", page=[cell])
    assert projects.run(project)[0] == 0
    assert projects.output(project) == "1.5\n"


def test_a_foreign_kernel_is_not_used(tmp_path, monkeypatch):
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = ["/bin/false", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    project = projects.make(tmp_path / "p", page=["import sys\nprint(sys.executable)"])
    assert projects.run(project)[0] == 0
    assert projects.output(project) == f"{sys.executable}\n"


def test_foreign_modules_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "yaml.py").write_text("raise ImportError('not this one')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "yaml.py"))
    cell = "import yaml\nimport lmgbook\nprint(yaml.__version__ > '6', lmgbook.__file__)"
    project = projects.make(tmp_path / "p", page=[cell])
    assert projects.run(project)[0] == 0
    assert projects.output(project) == f"True {project / 'lmgbook' / '__init__.py'}\n"


def test_the_environment_of_a_kernel(tmp_path):
    foreign = ["PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONSTARTUP", "JUPYTER_PATH"]
    foreign += ["JUPYTER_PLATFORM_DIRS", "MPLBACKEND", "NUMBA_DISABLE_JIT", "OMP_NUM_THREADS"]
    environ = dict.fromkeys(foreign, "not ours") | {"HOME": "h", "LMGBOOK_STATIC": "0"}
    seen = kernels.environment("root", tmp_path, environ=environ)
    assert "not ours" not in seen.values()
    assert seen["HOME"] == "h" and seen["PYTHONPATH"] == "root" and seen["OMP_NUM_THREADS"] == "1"
    assert seen["LMGBOOK_STATIC"] == "1"
    assert "LMGBOOK_STATIC" not in kernels.environment("root", tmp_path, False, environ)


def test_make_hands_no_foreign_setting_on(tmp_path):
    foreign = ["PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONSTARTUP", "IPYTHONDIR"]
    foreign += ["JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "MPLBACKEND", "MPLCONFIGDIR"]
    (tmp_path / "show.mk").write_text("show:\n\t@env\n")
    shown = subprocess.run(
        ["make", "-s", "-f", "Makefile", "-f", str(tmp_path / "show.mk"), "show"],
        cwd=projects.ROOT,
        env={**os.environ, **dict.fromkeys(foreign, "not ours"), "LMGBOOK_BRANCH": "kept"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "not ours" not in shown and "LMGBOOK_BRANCH=kept" in shown


# --- ends ---------------------------------------------------------------------------------------

PID = "import os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))"


ASLEEP = "import time\ntime.sleep(300)"
BUSY = "while True:\n    pass"
# keeps the interpreter's lock, so that the kernel's own look after its parent never comes
LOCKED = BUSY if sys.platform != "linux" else "import re\nre.match('(a+)+b', 40 * 'a')"


@pytest.mark.parametrize(
    ("how", "work"),
    [
        (signal.SIGKILL, ASLEEP),
        (signal.SIGKILL, BUSY),
        (signal.SIGKILL, LOCKED),
        (signal.SIGTERM, ASLEEP),
        (signal.SIGINT, ASLEEP),
    ],
)
def test_kernels_end_with_the_build(tmp_path, how, work):
    project = projects.make(tmp_path, page=[PID, work])
    build = projects.start(project)
    pid = project / "book" / "pid"
    projects.wait_for(lambda: pid.exists() and pid.read_text())
    kernel = psutil.Process(int(pid.read_text()))
    build.send_signal(how)
    said = build.communicate(timeout=30)[0]
    assert build.returncode != 0 and "Traceback" not in said
    kernel.wait(timeout=5)
    # the next build finds nothing in its way
    projects.write(project, "page", "print(1)")
    assert projects.run(project)[0] == 0 and projects.output(project) == "1\n"


# --- starts -------------------------------------------------------------------------------------


async def start(folder):
    kernel = OwnKernel()
    await kernel.start_kernel(cwd=str(folder))
    client = kernel.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        reply = await client.execute_interactive("6 * 7", timeout=60, output_hook=lambda _: None)
        return kernel.transport, reply["content"]["status"]
    finally:
        client.stop_channels()
        await kernel.shutdown_kernel(now=True)


async def starts(number, at_once, folder):
    free = asyncio.Semaphore(at_once)

    async def one():
        async with free:
            return await start(folder)

    return await asyncio.gather(*(one() for _ in range(number)))


@pytest.mark.weekly
def test_hundreds_of_kernels_start_at_once(tmp_path):
    """Several builds at a time, as with tests beside them: none takes another's sockets."""
    program = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1]); import test_kernels\n"
        "print(asyncio.run(test_kernels.starts(100, 4, '.')))"
    )
    here = os.path.dirname(__file__)
    builds = [
        subprocess.Popen(
            [sys.executable, "-c", program, here],
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(3)
    ]
    for build in builds:
        assert eval(build.communicate()[0]) == 100 * [("ipc", "ok")]


def test_the_notebooks_of_the_tests_have_such_kernels(pytestconfig, tmp_path):
    import nbval.kernel

    assert issubclass(nbval.kernel.KernelManager, kernels.OwnLiveKernel)


def test_a_long_name_of_the_temporary_folder_is_no_trouble(tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(kernels.tempfile, "tempdir", str(deep))
    assert asyncio.run(start(tmp_path)) == ("ipc", "ok")
