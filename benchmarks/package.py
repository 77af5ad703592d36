"""Benchmark of the package itself: what its import adds to that of QuTiP."""

import json
import subprocess
import sys

import numpy as np
from measure import row_of

PROGRAM = """
import json, time
start = time.process_time()
import qutip
middle = time.process_time()
import lmgbook
print(json.dumps([middle - start, time.process_time() - middle]))
"""


def run(show):
    """Measure everything; `show` is called with each table when it is ready."""
    times = [
        json.loads(subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True).stdout)
        for _ in range(5)
    ]
    plain, ours = np.median(times, axis=0)
    rows = [
        {"method": "import qutip", "seconds": float(plain)},
        row_of("import lmgbook after it", float(ours), None, float(plain), required=5),
    ]
    table = {"title": "Import", "notes": ["Median of five new processes."], "rows": rows}
    show(table)
    return [table]
