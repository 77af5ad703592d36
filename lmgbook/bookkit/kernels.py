"""Kernels of the book's own: this interpreter, this project's package, nobody's settings.

* The kernel is the Python that runs this, whatever kernels or paths are installed beside it.
* Its environment has no variable that changes what Python, IPython, Jupyter or Matplotlib do, and
  their folders are empty ones: a start-up file or a style of the reader cannot change a page.
* It is reached by sockets in a folder of its own, not by TCP ports, for which two kernels that
  start at the same moment may compete.
* It ends when the process that started it ends, however that was.
"""

import atexit
import functools
import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager, KernelManager

# Variables of these families change what a kernel does; NUMBA_CACHE_DIR only says where to write.
FOREIGN = ("PYTHON", "IPYTHON", "JUPYTER", "JPY_", "MPL", "NUMBA_", "QUTIP")
KEPT = {"NUMBA_CACHE_DIR"}
ONE_CORE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

# ipykernel looks once a second whether its parent is alive; Linux can do better: option 1 of
# prctl, PR_SET_PDEATHSIG. The second look is for a parent that ended before the option was set.
LAUNCH = """
import ctypes, os, runpy, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != int(os.environ["JPY_PARENT_PID"]):
        sys.exit("the process that started this kernel has ended")
del ctypes, os, signal
runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
"""


def environment(root, folder, static=True, environ=os.environ):
    """Return the environment variables of a kernel.

    Parameters
    ----------
    root : path-like
        Folder of the project: its package is the one that is imported.
    folder : path-like
        Empty folder for the settings that the kernel's parts look for or write.
    static : bool
        Whether figures to play with are drawn for a page, or for a reader with a kernel.
    environ : mapping
        The environment to start from.

    Returns
    -------
    dict
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name in KEPT or not name.startswith((*FOREIGN, "LMGBOOK_STATIC"))
    }
    kept |= dict.fromkeys(ONE_CORE, "1")
    kept |= {"PYTHONPATH": str(root), "TQDM_DISABLE": "1"}
    kept |= {f"JUPYTER_{kind}_DIR": str(folder) for kind in ("CONFIG", "DATA", "RUNTIME")}
    kept |= {"IPYTHONDIR": str(folder), "MPLCONFIGDIR": matplotlib_folder()}
    return kept | {"LMGBOOK_STATIC": "1"} if static else kept


class _Own:
    """What makes a kernel manager the book's own.

    Parameters
    ----------
    root : path-like, optional
        Folder of the project; default that of this package.
    options
        As for the manager itself.
    """

    static = True

    def __init__(self, root=None, **options):
        super().__init__(**options)
        self.root = root or Path(__file__).parents[2]
        # goes with this manager; sockets need a short name
        self.folder = tempfile.mkdtemp(prefix="lmg", dir=short_folder())
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.transport = "ipc"
        self.connection_file = os.path.join(self.folder, "k.json")

    @property
    def kernel_spec(self):
        """The Python that runs this."""
        return KernelSpec(
            argv=[sys.executable, "-c", LAUNCH, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
        )

    def start_kernel(self, **options):
        """Start the kernel, in its own environment."""
        options["env"] = environment(self.root, self.folder, self.static)
        return super().start_kernel(**options)


class OwnKernel(_Own, AsyncKernelManager):
    """A kernel for the pages."""


class OwnLiveKernel(_Own, KernelManager):
    """A kernel as a reader has one, for the tests."""

    static = False


def short_folder():
    """Folder for sockets: the name of one may have 100 bytes or so, on macOS also less."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) < 60 else "/tmp"


@functools.cache
def matplotlib_folder():
    """Folder for Matplotlib's list of fonts, which takes seconds to make: one a process."""
    folder = tempfile.mkdtemp(prefix="lmg")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
