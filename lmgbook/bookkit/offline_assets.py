"""Serve MathJax from the site itself, taken from a pinned wheel at build time.

The wheel `sphinx-mathjax-offline` carries all of MathJax; what the pages can ask for is
copied.
The published pages hold no widgets, so no widget script is named at all.
"""

import importlib.util
import shutil
from pathlib import Path

SCRIPT = "tex-mml-chtml.js"
FOLDERS = ["output/chtml/fonts", "input/tex/extensions", "a11y", "sre"]


def configure(app, config):
    config.mathjax_path = f"vendor/mathjax/{SCRIPT}"
    config.nb_ipywidgets_js = {}


def copy_mathjax(app, exception):
    if exception or app.builder.format != "html":
        return
    wheel = importlib.util.find_spec("sphinx-mathjax-offline").submodule_search_locations[0]
    source = Path(wheel, "static", "mathjax")
    target = Path(app.outdir, "_static", "vendor", "mathjax")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / SCRIPT, target)
    for folder in FOLDERS:
        shutil.copytree(source / folder, target / folder, dirs_exist_ok=True)


def setup(app):
    app.connect("config-inited", configure)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
