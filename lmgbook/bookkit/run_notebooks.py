"""Run the notebooks of the book, two at a time, and keep what the pages will show of them.

One process looks after all kernels. Each notebook that ends well is kept at once, whatever becomes
of the others; what it took is printed and goes into `_build/execution.json`.
"""

import asyncio
import compileall
import contextlib
import json
import re
import signal
import time
from pathlib import Path
from py_compile import PycInvalidationMode

import nbformat
import psutil
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from . import executed
from .kernels import OwnKernel

WORKERS = 2
MEGABYTES = 350  # of memory for a notebook, of which Binder has room for three at a time
TRIES = 2  # of a notebook that changes while it runs, or whose kernel dies at the start
REPORT = Path("_build", "execution.json")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def toc_files(node):
    """All pages that a node of `_toc.yml` names, in reading order."""
    if isinstance(node, list):
        return [file for item in node for file in toc_files(item)]
    if not isinstance(node, dict):
        return []
    own = [node[key] for key in ("root", "file") if key in node]
    return own + [file for value in node.values() for file in toc_files(value)]


def notebooks(root):
    """Notebooks of the book as paths relative to `root`."""
    toc = yaml.safe_load(Path(root, "_toc.yml").read_text(encoding="utf-8"))
    names = [f"{file.removesuffix('.ipynb')}.ipynb" for file in toc_files(toc)]
    return [name for name in names if Path(root, name).exists()]


class Failed(Exception):
    """A notebook has no run to keep; the message says why."""


class Died(Failed):
    """Its kernel died; `early` if that was before the first cell was through."""

    def __init__(self, message, early):
        super().__init__(message)
        self.early = early


class Cost:
    """What a kernel takes, children included, looked at while it lives.

    Attributes
    ----------
    cpu : float
        Seconds of processor.
    peak : float
        Largest memory in bytes.
    """

    def __init__(self, pid):
        self.kernel = psutil.Process(pid)
        self.cpu = self.peak = 0

    async def watch(self):
        """Look twice a second."""
        while True:
            self.look()
            await asyncio.sleep(0.5)

    def look(self):
        """Look once."""
        with contextlib.suppress(psutil.Error, OSError):
            times = self.kernel.cpu_times()  # of children only what has ended
            cpu = times.user + times.system + times.children_user + times.children_system
            peak = max(self.kernel.memory_info().rss, self._high_water())
            for child in self.kernel.children(recursive=True):
                cpu += sum(child.cpu_times()[:2])
                peak += child.memory_info().rss
            self.cpu, self.peak = max(self.cpu, cpu), max(self.peak, peak)

    def _high_water(self):
        """What Linux itself has noted, so that nothing is missed between two looks."""
        with contextlib.suppress(OSError, AttributeError):
            status = Path(f"/proc/{self.kernel.pid}/status").read_text()
            return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])
        return 0


async def run(root, name, timeout):
    """Run one notebook in a kernel of its own.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the project.
    name : str
        The notebook, relative to it.
    timeout : float
        Seconds for each cell.

    Returns
    -------
    nbformat.NotebookNode
        With outputs; what the run took is in `metadata.lmgbook`, and what each cell took in its
        own metadata.

    Raises
    ------
    Failed
        If a cell fails, or takes too long, or the kernel dies.
    """
    start = time.monotonic()
    notebook = nbformat.read(root / name, as_version=4)
    kernel = OwnKernel(root)
    client = NotebookClient(notebook, km=kernel, timeout=timeout, record_timing=False)
    watch = cost = None
    try:
        await kernel.start_kernel(cwd=str((root / name).parent))
        cost = Cost(kernel.provisioner.pid)
        watch = asyncio.create_task(cost.watch())
        client.kc = kernel.client()
        client.kc.start_channels()
        await client.kc.wait_for_ready(timeout=60)
        client.kc.allow_stdin = False
        client.reset_execution_trackers()
        answer = await client.kc.kernel_info(reply=True, timeout=60)
        notebook.metadata["language_info"] = answer["content"]["language_info"]
        for index, cell in enumerate(notebook.cells):
            count = client.code_cells_executed + 1
            before = cost.cpu
            await client.async_execute_cell(cell, index, execution_count=count)
            cost.look()
            if cell.cell_type == "code":
                cell.metadata["cpu_seconds"] = round(cost.cpu - before, 1)
        client.set_widgets_metadata()
    except (CellExecutionError, CellTimeoutError) as error:
        raise Failed(ANSI.sub("", str(error))) from None
    except (DeadKernelError, RuntimeError) as error:
        if asyncio.current_task().cancelling():  # nbclient takes an interrupt for a death
            raise asyncio.CancelledError from None
        if await kernel.is_alive():
            raise Failed(f"the kernel does not answer: {error}") from None
        raise Died(obituary(kernel, cost), early=client.code_cells_executed < 2) from None
    finally:
        if watch:
            watch.cancel()
        if client.kc:
            client.kc.stop_channels()
        if kernel.has_kernel:
            await kernel.shutdown_kernel(now=True)
    notebook.metadata["lmgbook"] = {
        "execution_seconds": round(time.monotonic() - start, 1),
        "cpu_seconds": round(cost.cpu, 1),
        "peak_megabytes": round(cost.peak / 2**20),
    }
    return notebook


def obituary(kernel, cost):
    """One line on how a kernel ended."""
    code = kernel.provisioner.process.poll() if kernel.provisioner.process else None
    memory = f"{cost.peak / 2**20:.0f} MB"
    if code == -signal.SIGKILL:
        return f"kernel died, {memory}: memory?"
    how = f"by {signal.Signals(-code).name}" if code and code < 0 else f"with exit code {code}"
    return f"kernel died {how}, {memory}"


async def run_until_kept(root, name, timeout):
    """Run a notebook and keep the run, again if something it depends on changes meanwhile.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    Failed
        As `run`, or if the last try was changed too.
    OSError
        If the run cannot be kept.
    """
    for left in reversed(range(TRIES)):
        before = executed.snapshot(root, name)
        try:
            notebook = await run(root, name, timeout)
            failure = None
        except Failed as error:
            failure = error
        if executed.snapshot(root, name) != before:
            if left:
                say(f"  {name} changed while it ran, runs again")
                continue
            raise Failed("changed again while it ran; it runs with the next `make book`")
        if failure is None:
            executed.store(root, name, before[0], notebook)
            return notebook
        if left and isinstance(failure, Died) and failure.early:
            say(f"  {name}: {failure}; tried again")
            continue
        raise failure


async def run_all(root):
    """Run what has no run yet; returns what every notebook took, and the names that failed."""
    costs, waiting = {}, []
    for name in notebooks(root):
        kept = executed.load(root, name, executed.notebook_key(root, name))
        if kept is None:
            waiting.append(name)
        else:
            costs[name] = executed.cost(kept)
    # the longest first, so that no worker is left alone with it at the end
    before = seconds_before(root)
    waiting.sort(key=lambda name: -before.get(name, 0))
    say(f"Notebooks: {len(costs)} unchanged, {len(waiting)} to run")
    if waiting:
        compile_package(root)

    timeout = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["execute"]["timeout"]
    free, failed = asyncio.Semaphore(WORKERS), []

    async def job(name):
        async with free:
            try:
                cost = executed.cost(await run_until_kept(root, name, timeout))
            except Failed as failure:
                failed.append(name)
                say(f"  {name} FAILED\n{failure}")
                return
            costs[name] = cost
            say(
                f"  {name}: {cost['execution_seconds']} s, processor {cost['cpu_seconds']} s, "
                f"{cost['peak_megabytes']} MB"
            )

    async with asyncio.TaskGroup() as group:
        for name in waiting:
            group.create_task(job(name))
    return {name: costs[name] for name in notebooks(root) if name in costs}, failed


def compile_package(root):
    """Let the kernels recognise old bytecode by the content of its source.

    Python's own rule, the second of the last change and the length, takes an edit of one digit
    within that second for no edit. Where nothing can be written, there is no bytecode either.
    """
    mode = PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(root / "lmgbook", quiet=2, force=True, invalidation_mode=mode)


def seconds_before(root):
    """How long the notebooks took the last time, as far as is known."""
    try:
        report = json.loads((root / REPORT).read_text("utf-8"))
        return {name: cost["execution_seconds"] for name, cost in report.items()}
    except (OSError, ValueError):
        return {}


def say(text):
    """Print at once, for those who wait."""
    print(text, flush=True)


def main(root):
    """Run the notebooks; returns the exit code.

    Parameters
    ----------
    root : path-like
        Folder of the project.

    Returns
    -------
    int
        0 if every notebook has its run, else 1.

    Raises
    ------
    OSError
        If a run cannot be kept: no space, or a folder that cannot be written.
    """
    root = Path(root).resolve()
    (root / REPORT).parent.mkdir(parents=True, exist_ok=True)
    try:
        costs, failed = asyncio.run(run_all(root))
    except BaseExceptionGroup as group:  # the first that went wrong ends all
        raise group.exceptions[0] from None
    half = (root / REPORT).with_suffix(".half")
    half.write_text(json.dumps(costs, indent=2) + "\n", "utf-8")
    half.replace(root / REPORT)
    if large := [name for name in costs if costs[name]["peak_megabytes"] > MEGABYTES]:
        say(f"{len(large)} notebooks take more than {MEGABYTES} MB: {', '.join(large)}")
    if failed:
        say(f"{len(failed)} of {len(costs) + len(failed)} notebooks failed: {', '.join(failed)}")
    return 1 if failed else 0
