"""What finished pages were made of, so that nothing old is taken for new."""

import hashlib
from pathlib import Path

from . import executed

SOURCES = ("_config.yml", "_toc.yml", "requirements.lock", "pyproject.toml", "CITATION.cff")
SITE_STAMP = Path("_build", ".site")
PDF = Path("_build", "pdf")
PDF_STAMP = PDF / ".made-of"


def sources(root):
    """Digest of everything that the pages are made of."""
    root, digest = Path(root), hashlib.sha256()
    digest.update(executed.installed((root / "requirements.lock").read_text("utf-8")).encode())
    paths = [root / name for name in SOURCES]
    paths += executed.files(root / "book") + executed.files(root / "lmgbook")
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\0".encode() + content)
    return digest.hexdigest()


def pdf_is_fresh(root):
    """Whether there are files to print, made of what is there now."""
    try:
        return Path(root, PDF_STAMP).read_text() == sources(root)
    except OSError:
        return False
