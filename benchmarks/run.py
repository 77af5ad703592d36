"""Speed and memory of `lmgbook` against plain QuTiP, NumPy and SciPy: `make bench`.

Each chapter has a file of its name here, whose `run` measures. Both sides of every ratio run in
this one process, one after the other, on one thread. Times are CPU seconds, so that a busy machine
does not distort them; what is not measured but extrapolated says so. Writes
`benchmarks/results.json` and exits with 1 if a requirement is missed. With names of chapters as
arguments it runs these only, and writes nothing.
"""

import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):  # before NumPy is imported
    os.environ[f"{name}_NUM_THREADS"] = "1"

import numba  # noqa: E402
import numpy as np  # noqa: E402
import qutip  # noqa: E402
import scipy  # noqa: E402
from measure import cpu, reference_job  # noqa: E402

HERE = Path(__file__).parent
CHAPTERS = sorted({path.stem for path in HERE.glob("*.py")} - {"run", "measure", "weight"})
RESULTS = HERE / "results.json"


def main(chosen):
    if unknown := set(chosen) - set(CHAPTERS):
        sys.exit(f"no benchmark of {', '.join(sorted(unknown))}; there are {', '.join(CHAPTERS)}")
    start = time.perf_counter()
    machine = {
        "processor": processor(),
        "threads": 1,
        "reference job": duration(cpu(reference_job)[0]),
        "python": platform.python_version(),
        **{m.__name__: m.__version__ for m in (np, scipy, qutip, numba)},
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    tables = []
    for chapter in chosen or CHAPTERS:
        tables += importlib.import_module(chapter).run(show)
    missed = [f"{t['title']}: {r['method']}" for t in tables for r in t["rows"] if not met(r)]
    if not chosen:
        RESULTS.write_text(json.dumps({"machine": machine, "tables": tables}, indent=1) + "\n")
        print(f"\nwritten to {RESULTS.name}")
    print(f"\n{time.perf_counter() - start:.0f} s in all")
    for title in missed:
        print(f"MISSED: {title}")
    return 1 if missed else 0


def met(row):
    return row.get("met") is not False


def show(table):
    """Print one table as soon as it is measured."""
    print(f"\n{table['title']}")
    for line in table.get("notes", []):
        print(f"  {line}")
    print(f"  {'method':<52}{'CPU time':>12}{'error':>10}  ratio")
    for row in table["rows"]:
        error = f"{row['error']:.1e}" if row.get("error") is not None else ""
        ratio = f"{row['ratio']:.0f}x" if row.get("ratio") else ""
        if row.get("required"):
            ratio += f" (required {row['required']}: {'met' if row['met'] else 'MISSED'})"
        print(
            f"  {row['method']:<52}{duration(row['seconds']):>12}{error:>10}  {ratio}", flush=True
        )


def duration(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
