"""Links to other projects' documentation without asking the network at build time.

`inventories.yml` names the few foreign objects that the book refers to; from it come the small
inventory files that intersphinx reads.
"""

import zlib
from pathlib import Path

import yaml

HEADER = """\
# Sphinx inventory version 2
# Project: {name}
# Version: {version}
# The remainder of this file is compressed using zlib.
"""


def write_inventory(path, name, version, objects):
    lines = [f"{key} {role} 1 {uri} -\n" for key, (role, uri) in sorted(objects.items())]
    head = HEADER.format(name=name, version=version).encode()
    path.write_bytes(head + zlib.compress("".join(lines).encode()))


def configure(app, config):
    projects = yaml.safe_load(Path(__file__).with_name("inventories.yml").read_text("utf-8"))
    folder = Path(app.srcdir, "_build", "inventories")
    folder.mkdir(parents=True, exist_ok=True)
    config.intersphinx_mapping = {}
    for name, project in projects.items():
        path = folder / f"{name}.inv"
        write_inventory(path, name, project["version"], project["objects"])
        config.intersphinx_mapping[name] = (project["url"], str(path))


def setup(app):
    # intersphinx normalises its mapping in the same event, at priority 800
    app.connect("config-inited", configure, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
