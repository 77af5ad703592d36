"""Key the execution cache on everything a notebook's output depends on.

Jupyter Book's own cache looks at the code cells alone, so that an edit of the package would leave
old numbers on the pages.
"""

import hashlib
import os
import platform
import shutil
from pathlib import Path

PATTERNS = [
    "lmgbook/**/*.py",
    "lmgbook/*.mplstyle",
    "book/claims/*.yml",
    "book/*/data/**/*",
    "requirements.lock",
]
KEEP = 3


def cache_path(root):
    """Folder of the execution cache for the present state of the project."""
    digest = hashlib.sha256(platform.python_version().encode())
    for pattern in PATTERNS:
        for file in sorted(Path(root).glob(pattern)):
            if file.is_file():
                digest.update(file.relative_to(root).as_posix().encode() + b"\0")
                digest.update(file.read_bytes() + b"\0")
    return Path(root, "_build", ".jupyter_cache", digest.hexdigest()[:16])


def open_cache_path(root):
    """Make the cache folder, mark it as used now, and drop all but the newest few."""
    path = cache_path(root)
    path.mkdir(parents=True, exist_ok=True)
    path.touch()
    by_age = sorted(path.parent.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in by_age[KEEP:]:
        shutil.rmtree(old)
    return path


def set_kernel_environment():
    """Tell the kernels that they draw static pages, and that nobody watches a progress bar."""
    os.environ["LMGBOOK_STATIC"] = "1"
    os.environ["TQDM_DISABLE"] = "1"


def use_cache(app, config):
    set_kernel_environment()
    config.nb_execution_cache_path = str(open_cache_path(app.srcdir))


def setup(app):
    app.connect("config-inited", use_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
