"""Run the notebooks of the book, two at a time, into the cache that the page build reads.

Usage: python book/_ext/prerun.py [project folder]
Prints wall time, processor time and peak memory of each notebook, and keeps them in
`_build/execution.json`. A failing cell prints its traceback; the exit code is then 1.
"""

import json
import multiprocessing
import re
import resource
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution

from exec_cache_key import notebook_key, open_cache_path, set_kernel_environment

WORKERS = 2
# getrusage counts kilobytes on Linux, bytes on macOS
MEGABYTE = 2**20 if sys.platform == "darwin" else 2**10

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


def kept(cache, older, notebook, key):
    """What the run of this notebook cost, if one of the caches has it and nothing has changed."""
    for each in (cache, *older):
        try:
            found = each.match_cache_notebook(notebook)
        except KeyError:
            continue
        if each is cache:
            return found.data
        if found.data.get("key") == key:
            bundle = each.get_cache_bundle(found.pk)
            copy = CacheBundleIn(bundle.nb, found.uri, data=found.data)
            cache.cache_notebook_bundle(copy, check_validity=False, overwrite=True)
            return found.data
    return None


def run(path, timeout):
    """Run one notebook; its kernel is the only child of this process, so its cost can be read."""
    notebook = nbformat.read(path, as_version=4)
    result = single_nb_execution(
        notebook,
        cwd=str(path.parent),
        timeout=timeout,
        allow_errors=False,
        # each kernel would otherwise warn that it talks over TCP
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    kernel = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {
        "execution_seconds": round(result.time, 1),
        "cpu_seconds": round(kernel.ru_utime + kernel.ru_stime, 1),
        "peak_megabytes": round(kernel.ru_maxrss / MEGABYTE),
    }
    error = result.err and ANSI.sub("", str(result.err))
    return result.nb, cost, error


def main(root):
    set_kernel_environment()
    folder = open_cache_path(root)
    cache = get_cache(str(folder))
    older = [get_cache(str(path)) for path in folder.parent.iterdir() if path != folder]
    timeout = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["execute"]["timeout"]

    costs, keys, waiting = {}, {}, []
    for name in notebooks(root):
        keys[name] = notebook_key(root, name)
        cost = kept(cache, older, nbformat.read(root / name, as_version=4), keys[name])
        if cost is None:
            waiting.append(name)
        else:
            costs[name] = cost
    report = root / "_build" / "execution.json"
    before = json.loads(report.read_text("utf-8")) if report.exists() else {}
    # the longest first, so that no worker is left alone with it at the end
    waiting.sort(key=lambda name: -before.get(name, {}).get("execution_seconds", 0))
    print(f"Notebooks: {len(costs)} unchanged, {len(waiting)} to run", flush=True)

    failed = False
    # A fresh process for each notebook (spawned, not forked) keeps their costs apart.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=spawn, max_tasks_per_child=1) as pool:
        jobs = {pool.submit(run, root / name, timeout): name for name in waiting}
        for job in as_completed(jobs):
            name = jobs[job]
            notebook, cost, error = job.result()
            if error:
                failed = True
                print(f"  {name} FAILED\n{error}", flush=True)
                continue
            cost["key"] = keys[name]
            bundle = CacheBundleIn(notebook, str(root / name), data=cost)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            costs[name] = cost
            print(
                f"  {name}: {cost['execution_seconds']} s, processor {cost['cpu_seconds']} s, "
                f"{cost['peak_megabytes']} MB",
                flush=True,
            )
    in_order = {name: costs[name] for name in notebooks(root) if name in costs}
    report.write_text(json.dumps(in_order, indent=2) + "\n", "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
