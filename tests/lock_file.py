"""Read `requirements.lock`."""

import re
from pathlib import Path

from packaging.markers import Marker

LOCK = Path(__file__).parents[1] / "requirements.lock"
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>.*?))? \\\n"
    r"(?P<hashes>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)


def pins(python):
    """Versions by name, for a Python version such as "3.11" on this platform."""
    environment = {"python_version": python, "python_full_version": f"{python}.9"}
    return {
        entry["name"]: entry["version"]
        for entry in ENTRY.finditer(LOCK.read_text(encoding="utf-8"))
        if entry["marker"] is None or Marker(entry["marker"].strip()).evaluate(environment)
    }
