"""Key the execution cache on everything a notebook's output depends on.

Jupyter Book's own cache looks at the code cells alone, so that an edit of the package would leave
old numbers on the pages. Here each state of the project has a cache of its own, and `prerun` moves
into it what no edit has touched.
"""

import ast
import hashlib
import json
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
    files = [f for p in PATTERNS for f in sorted(Path(root).glob(p)) if f.is_file()]
    return Path(root, "_build", ".jupyter_cache", _digest(root, files))


def notebook_key(root, name):
    """What the output of one notebook depends on beside its own cells, as a digest.

    The modules of the package that it imports, directly or through others; the data of its
    chapter; the claims of its chapter and of those it names; the style and the pinned versions.
    Where the cells cannot be read as Python, everything.
    """
    root, package = Path(root), Path(root, "lmgbook")
    cells = json.loads(Path(root, name).read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    try:
        waiting = imported(source, inside=False)
    except SyntaxError:
        return cache_path(root).name
    files = {package / "__init__.py"}
    while waiting:
        file = package / f"{waiting.pop()}.py"
        if file.exists() and file not in files:
            files.add(file)
            waiting |= imported(file.read_text(encoding="utf-8"), inside=True)
    chapter = Path(name).parent
    for claims in Path(root, "book", "claims").glob("*.yml"):
        if claims.stem == chapter.name or f"{claims.stem}." in source:
            files.add(claims)
    for pattern in ("lmgbook/*.mplstyle", f"{chapter}/data/**/*", "requirements.lock"):
        files.update(file for file in root.glob(pattern) if file.is_file())
    return _digest(root, sorted(files))


def imported(source, inside):
    """Names after `lmgbook` in the imports of a notebook, or after a dot in those of a module."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {a.name.split(".")[1] for a in node.names if a.name.startswith("lmgbook.")}
        elif isinstance(node, ast.ImportFrom):
            own = node.level == 1 if inside else node.module == "lmgbook"
            module = node.module or ""
            if own and (not inside or not module):
                names |= {alias.name for alias in node.names}
            elif own:
                names.add(module.split(".")[0])
            elif module.startswith("lmgbook."):
                names.add(module.split(".")[1])
    return names


def open_cache_path(root):
    """Make the cache folder, mark it as used now, and drop all but the newest few."""
    path = cache_path(root)
    path.mkdir(parents=True, exist_ok=True)
    path.touch()
    by_age = sorted(path.parent.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in by_age[KEEP:]:
        shutil.rmtree(old)
    return path


def _digest(root, files):
    digest = hashlib.sha256(platform.python_version().encode())
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


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
