"""Make the finished pages light: few requests, nothing that no page uses, nothing that jumps.

The theme and its extensions bring a dozen style sheets and a dozen scripts to every page. When all
pages are written, what all of them load becomes one style sheet, without rules for what no page
has, and one script; files that no page names any more are removed. Figures get their size, so that
no text moves when they arrive, and load when they come near the screen.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from struct import unpack

from . import prune

STATIC = "_static"
SHEET = re.compile(r'\s*<link\b(?=[^>]*rel="stylesheet")[^>]*?href="([^":?]+\.css)[^"]*"[^>]*>')
SCRIPT = re.compile(r'\s*<script(?: defer(?:="defer")?)? src="([^":?]+\.js)[^"]*"></script>')
OPTIONS = re.compile(r'<script src="([^":?]+/documentation_options\.js)[^"]*"></script>')
# thebe runs notebooks in the page, which is not used here, and asks for an address on other hosts
THEBE = re.compile(
    r'\s*<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName = .*?</script>'
    r"|\s*<link[^>]*sphinx-thebe\.css[^>]*>",
    re.DOTALL,
)
TABS = re.compile(r"\s*<script data-sd-tabs-[^>]*></script>")
IMPORT = re.compile(r'@import "([^":]+)";|@charset "UTF-8";')
URL = re.compile(r"""url\(["']?(?!data:|#)([^"')]+?)["']?\)""")
# icons.css has the glyphs in use
ICON_FONTS = re.compile(r"@font-face\{[^}]*fontawesome[^}]*\}")
ATTRIBUTES = r'(?:\s+[\w-]+="[^"]*")*'
IMAGE = re.compile(rf'<img(?={ATTRIBUTES}\s+src="([^":]*_images/[^"]+)")({ATTRIBUTES})\s*/?>')
LENGTH = re.compile(r'<svg\b[^>]*?\s{}="([\d.]+)(pt|px|)"')
NAMED = re.compile(rf"""{STATIC}/([^"'?#\s)]+)""")
LICENCE = re.compile(r"LICENSE|OFL")


def lighten(root):
    """Work on all pages in a folder, once they are complete."""
    root = Path(root).resolve()
    pages = {
        path: slim(path, root)
        for path in sorted(root.rglob("*.html"))
        if STATIC not in path.relative_to(root).parts
    }
    gather(pages, root, SCRIPT, ".js", '\n<script defer src="{}"></script>', script)
    loaded = {name for text in pages.values() for name in NAMED.findall(text)}
    scripts = [(root / STATIC / name).read_text("utf-8") for name in loaded if name[-3:] == ".js"]
    names = prune.used(pages.values(), scripts)

    def style(root, name):
        return prune.without_script(prune.prune(sheet(root, name), names))

    gather(pages, root, SHEET, ".css", '\n<link rel="stylesheet" href="{}">', style)
    for path, text in pages.items():
        path.write_text(text, "utf-8")
    clean(pages, root)


def slim(path, root):
    """Text of a page without what it does not use, and with the sizes of its figures."""
    text = THEBE.sub("", path.read_text("utf-8"))
    if "sd-tab-set" not in text:
        text = TABS.sub("", text)
    # scripts in the page itself change these few names, before any other script has come
    text = OPTIONS.sub(
        lambda match: f"<script>{(path.parent / match[1]).read_text('utf-8')}</script>", text
    )
    first = IMAGE.search(text)

    def figure(match):
        attributes = match[2]
        if (size := pixels((path.parent / match[1]).resolve())) and " width=" not in attributes:
            attributes += ' width="{}" height="{}"'.format(*size)
        if match.start() != first.start() and " loading=" not in attributes:
            attributes += ' loading="lazy" decoding="async"'
        return f"<img{attributes}>"

    return IMAGE.sub(figure, text)


@cache
def pixels(path):
    """Width and height of a PNG or SVG file in CSS pixels, or None."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"\x89PNG"):
        return unpack(">II", head[16:24])
    size = []
    for side in ("width", "height"):
        found = re.search(LENGTH.pattern.format(side), head.decode("utf-8", "ignore"))
        if not found:
            return None
        size.append(round(float(found[1]) * (4 / 3 if found[2] == "pt" else 1)))
    return tuple(size)


def gather(pages, root, pattern, suffix, tag, read):
    """Let the pages load one file instead of those that each of them loads."""

    def names(path):
        return [target(path, link, root) for link in pattern.findall(pages[path])]

    loading = {path: found for path in pages if (found := names(path))}
    if not loading:
        return
    common = set.intersection(*map(set, loading.values())) - {None}
    order = [name for name in next(iter(loading.values())) if name in common]
    content = "\n".join(read(root, name) for name in order)
    bundle = f"{STATIC}/book.{hashlib.sha256(content.encode()).hexdigest()[:8]}{suffix}"
    (root / bundle).write_text(content, "utf-8")
    for path in loading:
        text, up = pages[path], "../" * (len(path.relative_to(root).parts) - 1)
        # what only this page loads follows, in its order
        others = [
            match[0].replace(' defer="defer"', " defer").replace("<script src", "<script defer src")
            for match in pattern.finditer(text)
            if target(path, match[1], root) not in common
        ]
        start = pattern.search(text).start()
        rest = pattern.sub("", text)
        pages[path] = rest[:start] + tag.format(up + bundle) + "".join(others) + rest[start:]


def target(path, link, root):
    """Name of the file that a page links to, or None if the site has none there."""
    found = (path.parent / link).resolve()
    return found.relative_to(root).as_posix() if found.is_relative_to(root) else None


def sheet(root, name):
    """A style sheet as it reads in the folder of static files, with what it imports."""
    home = (root / name).parent

    def moved(match):
        return f"url({(home / match[1]).resolve().relative_to(root / STATIC).as_posix()})"

    text = ICON_FONTS.sub("", (root / name).read_text("utf-8"))
    imported = [target(home / "_", link, root) for link in IMPORT.findall(text) if link]
    parts = [sheet(root, each) for each in imported]
    return "\n".join([*parts, URL.sub(moved, IMPORT.sub("", text))])


def script(root, name):
    """A script that may follow another one in the same file."""
    text = (root / name).read_text("utf-8")
    return f";{re.sub(r'//# sourceMappingURL=.*', '', text)}"


def clean(pages, root):
    """Remove the static files that nothing names, but for licences."""
    used = {name for text in pages.values() for name in NAMED.findall(text)}
    for name in [name for name in used if name.endswith(".css")]:
        used |= set(URL.findall((root / STATIC / name).read_text("utf-8")))
    for path in sorted((root / STATIC).rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(root / STATIC).as_posix() not in used:
            if not LICENCE.search(path.name):
                path.unlink()


def finish(app, exception):
    if exception is None and app.builder.format == "html":
        lighten(app.outdir)


def setup(app):
    # after everything that writes pages
    app.connect("build-finished", finish, priority=900)
