"""Binder rehearsed on this machine: its environment alone, one core, every notebook in turn.

`make rehearsal` copies what the branch `live` holds, makes an environment of the pins in
`environment.yml` and of nothing else, runs `postBuild` in it, starts a Jupyter server on one core
and runs the notebooks one after another through that server, as a browser does. What it prints is
what a reader on a slow machine meets: the longest silence (a cell that shows its progress is not
silent), the memory, the time of all. It fails where a limit is passed.

What it leaves out is conda, which on Binder brings Python and the server's own packages.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

import psutil
import websocket  # comes with Jupyter's server
import yaml

from . import live, run_notebooks

FOLDER = Path("_build", "rehearsal")
SILENCE = 10  # seconds without a sign of life from a cell
SESSION = 1024  # MB of a session on Binder: the server and the notebooks that are open
OPEN = 3  # notebooks at once
PORT_WAIT = 120


def environment(root, home):
    """Make the environment of `environment.yml` in `home`, in `repo` what `live` holds.

    Returns
    -------
    dict
        Environment variables of a shell in it.
    """
    repo, venv = home / "repo", home / "venv"
    shutil.rmtree(repo, ignore_errors=True)
    shutil.copytree(live.tree(root), repo)
    pins = next(
        part["pip"]
        for part in yaml.safe_load((repo / "environment.yml").read_text("utf-8"))["dependencies"]
        if isinstance(part, dict)
    )
    made = venv / ".made-of"
    if not made.exists() or made.read_text() != "\n".join(pins):
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        python = venv / "bin" / "python"
        installers = [
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python],
            [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"],
        ]
        if subprocess.run([*installers[0], *pins], stderr=subprocess.DEVNULL).returncode:
            subprocess.run([*installers[1], *pins], check=True)
        made.write_text("\n".join(pins))
    foreign = ("PYTHON", "IPYTHON", "JUPYTER", "JPY_", "MPL", "NUMBA_", "LMGBOOK_", "TQDM_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    path = f"{venv / 'bin'}{os.pathsep}{kept['PATH']}"
    return {**kept, "PATH": path, "HOME": str(home), "VIRTUAL_ENV": str(venv)}


class Server:
    """A Jupyter server on one core, and the kernels that it starts.

    Parameters
    ----------
    home : pathlib.Path
        With `repo`, the folder that it shows.
    environ : dict
        Its environment variables.
    core : int or None
        The core it shares with its kernels; None leaves that open.
    """

    def __init__(self, home, environ, core=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        pin = ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []
        options = [f"--port={self.port}", "--no-browser", "--allow-root"]
        self.token = uuid.uuid4().hex
        options += [
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={home / 'repo'}",
        ]
        with (home / "server.log").open("w") as log:
            self.process = subprocess.Popen(
                [*pin, "jupyter-lab", *options], env=environ, cwd=home, stdout=log, stderr=log
            )
        end = time.monotonic() + PORT_WAIT
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server does not start: see {home / 'server.log'}")
            time.sleep(0.5)

    def answers(self):
        with contextlib.suppress(OSError):
            return bool(self.ask("GET", "api"))
        return False

    def ask(self, method, path, content=None):
        """One request; returns what it answers."""
        data = json.dumps(content).encode() if content is not None else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            data,
            {"Authorization": f"token {self.token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def megabytes(self):
        """Memory of the server itself."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def together(self):
        """Memory of server and kernels, as a container counts it: what they share, once."""
        server = psutil.Process(self.process.pid)
        total = 0
        for process in [server, *server.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                used = process.memory_full_info()
                total += getattr(used, "pss", used.rss)
        return total / 2**20

    def kernels(self):
        """Its kernels' processes, the youngest last."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "ipykernel_launcher" in " ".join(process.cmdline()):
                    found.append(process)
        return sorted(found, key=lambda process: process.create_time())

    def stop(self):
        """End it, and its kernels with it."""
        server = psutil.Process(self.process.pid)
        for process in [*server.children(recursive=True), server]:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        self.process.wait(30)


class Cell:
    """What one cell does: `seconds`, the longest `silence`, and the `error` it ends with."""

    def __init__(self):
        self.seconds = self.silence = 0.0
        self.error = None


def run_cell(channel, source):
    """Run a cell and wait until the kernel is idle again."""
    cell, asked = Cell(), uuid.uuid4().hex
    header = {"msg_id": asked, "msg_type": "execute_request", "version": "5.3"}
    header |= {"username": "", "session": "rehearsal", "date": ""}
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
    content |= {"user_expressions": {}, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    channel.send(json.dumps({**message, "channel": "shell", "buffers": []}))
    start = heard = time.monotonic()
    while True:
        answer = channel.recv()
        now = time.monotonic()
        if isinstance(answer, bytes):
            continue  # pictures of widgets
        answer = json.loads(answer)
        if answer["parent_header"].get("msg_id") != asked:
            continue
        cell.silence, heard = max(cell.silence, now - heard), now
        kind, said = answer["msg_type"], answer["content"]
        if kind == "error":
            cell.error = f"{said['ename']}: {said['evalue']}"
        if kind == "status" and said["execution_state"] == "idle":
            cell.seconds = now - start
            return cell


def run(server, path, name, close=True):
    """Run a notebook through the server; returns what it took. It may stay open.

    Raises
    ------
    RuntimeError
        If a cell fails.
    """
    wanted = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    session = server.ask("POST", "api/sessions", wanted)
    kernel = session["kernel"]["id"]
    process = server.kernels()[-1]
    cost = run_notebooks.Cost(process.pid)
    channel = websocket.create_connection(
        f"ws://127.0.0.1:{server.port}/api/kernels/{kernel}/channels?session_id=rehearsal",
        timeout=600,
        header={"Authorization": f"token {server.token}"},
    )
    start, cells, together = time.monotonic(), [], 0
    try:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                cells.append(run_cell(channel, "".join(cell["source"])))
                cost.look()
                together = max(together, 0 if close else server.together())
                if cells[-1].error:
                    raise RuntimeError(f"{name}, cell {cell['id']}: {cells[-1].error}")
    finally:
        channel.close()
        if close:
            server.ask("DELETE", f"api/sessions/{session['id']}")
            with contextlib.suppress(psutil.Error):
                process.wait(20)
    return {
        "seconds": time.monotonic() - start,
        "cell": max((cell.seconds for cell in cells), default=0),
        "silence": max((cell.silence for cell in cells), default=0),
        "megabytes": cost.peak / 2**20,
        "together": together,
    }


def open_at_once(server, folder, taken):
    """Most memory of a session that opens the largest notebooks and closes none."""
    largest = sorted(taken, key=lambda name: -taken[name]["megabytes"])[:OPEN]
    return max(run(server, folder / name, name, close=False)["together"] for name in largest)


def judge(taken, together=0):
    """What passes a limit, as readable lines."""
    faults = []
    for name, took in taken.items():
        if took["silence"] > SILENCE:
            faults.append(f"{name}: a cell is silent for {took['silence']:.1f} s, limit {SILENCE}")
        if took["megabytes"] > run_notebooks.MEGABYTES:
            faults.append(f"{name}: {took['megabytes']:.0f} MB, limit {run_notebooks.MEGABYTES} MB")
    if together > SESSION:
        faults.append(f"{OPEN} notebooks at once: up to {together:.0f} MB, limit {SESSION} MB")
    return faults


def main(root, only=(), core=0):
    """Rehearse; returns the exit code.

    Parameters
    ----------
    root : path-like
        Folder of the project, with its live notebooks.
    only : sequence of str
        Notebooks to run, as `book/glassy/fitting.ipynb`; default all.
    core : int
        The core that server and kernels share.

    Returns
    -------
    int
    """
    root = Path(root).resolve()
    home = root / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    say = run_notebooks.say
    start = time.monotonic()
    environ = environment(root, home)
    say(f"The environment: {time.monotonic() - start:.0f} s")
    start = time.monotonic()
    subprocess.run(["bash", "postBuild"], cwd=home / "repo", env=environ, check=True)
    say(f"postBuild: {time.monotonic() - start:.0f} s")
    start = time.monotonic()
    server = Server(home, environ, core)
    say(f"JupyterLab answers after {time.monotonic() - start:.1f} s")
    taken, failed, together = {}, [], 0
    start = time.monotonic()
    try:
        for name in only or run_notebooks.notebooks(root):
            try:
                took = taken[name] = run(server, home / "repo" / name, name)
            except (RuntimeError, OSError, websocket.WebSocketException) as error:
                failed.append(f"{name}: {error}")
                continue
            say(
                f"  {name}: {took['seconds']:.1f} s, slowest cell {took['cell']:.1f} s, longest "
                f"silence {took['silence']:.1f} s, {took['megabytes']:.0f} MB"
            )
        own = server.megabytes()
        if len(taken) >= OPEN:
            together = open_at_once(server, home / "repo", taken)
            say(f"  the largest {OPEN} open at once, with the server: {together:.0f} MB")
    finally:
        server.stop()
    (home / "taken.json").write_text(json.dumps(taken, indent=1) + "\n", "utf-8")
    if taken:
        peak = max(took["megabytes"] for took in taken.values())
        slow = max(took["cell"] for took in taken.values())
        say(
            f"{len(taken)} notebooks: {time.monotonic() - start:.0f} s, slowest cell {slow:.1f} s, "
            f"largest {peak:.0f} MB, the server {own:.0f} MB"
        )
    faults = failed + judge(taken, together)
    for fault in faults:
        say(f"FAILED {fault}")
    return 1 if faults else 0
