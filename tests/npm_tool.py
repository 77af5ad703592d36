"""Tools that come from npm, for the weekly tests."""

import os
import shutil
import subprocess

import pytest
from book_files import ROOT


def npm_tool(package, program):
    """Install a pinned package from npm; returns its folder, and the path of what runs it.

    Where npm or the program is missing the test is skipped, and fails in CI.
    """
    npm, found = shutil.which("npm"), shutil.which(program)
    if not (npm and found):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs npm and {program}")
    folder = ROOT / "_build" / "tools" / package.partition("@")[0]
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([npm, "install", "--silent", "--prefix", folder, package], check=True)
    return folder, found
