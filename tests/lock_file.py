"""Read the lock files."""

import re
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "requirements.lock"
TESTS = ROOT / "requirements-test.lock"
LOCKS = [BOOK, TESTS, ROOT / "requirements-uv.lock"]
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>.*?))? \\\n"
    r"(?P<hashes>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)


def pins(python, *locks):
    """Versions by name, for a Python version such as "3.11" on this platform."""
    environment = {"python_version": python, "python_full_version": f"{python}.9"}
    return {
        entry["name"]: entry["version"]
        for lock in locks or [BOOK]
        for entry in ENTRY.finditer(lock.read_text(encoding="utf-8"))
        if entry["marker"] is None or Marker(entry["marker"].strip()).evaluate(environment)
    }
