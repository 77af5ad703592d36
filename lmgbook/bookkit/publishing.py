"""What a published site needs around its pages, so that it is found, cited, answered and kept.

* In the head of each page: what it is about (its first paragraph), the same for those who share a
  link, and its address. Addresses are written only where the address of the site is known (see
  `site.pages`), for they cannot be relative.
* In the foot of each page: version and commit, licences, a citation as BibTeX, and where to report
  a fault.
* Beside the pages: `404.html`, `sitemap.xml`, `robots.txt`, `favicon.ico`, `.nojekyll`, and the
  licences of what others made and the pages carry.
* `mark_old` puts a banner on the finished pages of an older version.

Author, title, version and date are those of `CITATION.cff`, and stand nowhere else.
"""

import functools
import html
import itertools
import os.path
import re
import shutil
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlencode, urlsplit
from xml.sax.saxutils import escape

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from . import contents, made_of, site

WORDS = 160  # characters of a description that search engines show
ENOUGH = 40  # characters that say something
PICTURE = ("_static/cover.png", 768, 450)
PICTURE_SAYS = (
    "Heat map of the magnetisation of 1024 spins during a slow ramp: one band splits into two arcs."
)

# part, licence, where its text is: a file in book/_assets/licences, one of this project, or what a
# distribution brings
OWN = [
    ("Text and figures of this book", "CC BY 4.0", "LICENSE-text"),
    ("Its code", "BSD 3-Clause", "LICENSE"),
]
PARTS = [
    *OWN,
    ("STIX Two Math, a part of the font", "SIL OFL 1.1", "stix-two-math.txt"),
    ("Font Awesome, a few icons", "SIL OFL 1.1 and CC BY 4.0", "font-awesome.txt"),
    ("Bootstrap, in the theme", "MIT", "bootstrap.txt"),
    ("PyData theme", "BSD 3-Clause", "pydata-sphinx-theme"),
    ("Sphinx Book Theme", "BSD 3-Clause", "sphinx-book-theme"),
    ("Sphinx: search and its scripts", "BSD 2-Clause", "sphinx"),
    ("MyST-NB: style of cells", "BSD 3-Clause", "myst-nb"),
    ("sphinx-design: cards", "MIT", "sphinx-design"),
    ("sphinx-copybutton, with clipboard.js", "MIT", "sphinx-copybutton"),
    ("sphinx-togglebutton", "MIT", "sphinx-togglebutton"),
    ("sphinx-exercise", "MIT", "sphinx-exercise"),
    ("sphinx-proof", "BSD 3-Clause", "sphinx-proof"),
]


# --- what a page is about -----------------------------------------------------------------------


def description(doctree):
    """What a page says first, as plain text of at most `WORDS` characters.

    That is the first run of sentences without a formula; the line on where a page stands is none.
    """
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        inside = paragraph.parent
        if not isinstance(inside, nodes.section) or "page-position" in paragraph["classes"]:
            continue
        sentences = re.split(r"(?<=[.?!])\s+", plain(paragraph))
        for formula, run in itertools.groupby(sentences, lambda each: "\0" in each):
            if not formula and len(text := " ".join(run)) >= ENOUGH:
                return shorten(text)
    return ""


def plain(node):
    """Text of a node on one line, with a zero where something else stood."""
    if isinstance(node, nodes.Text):
        return re.sub(r"\s+", " ", node.astext())
    if isinstance(node, nodes.math | nodes.raw | nodes.image):
        return "\0"
    return "".join(map(plain, node.children))


def shorten(text):
    """The first sentences that fit; of a longer one its first words."""
    if len(text) <= WORDS:
        return text
    sentence = re.match(rf".{{40,{WORDS - 1}}}[.?!](?=\s)", text)
    if sentence:
        return sentence[0]
    return text[: WORDS - 2].rpartition(" ")[0].rstrip(",;:") + " …"


def head(app, page, title, about):
    """Lines for the head of a page."""
    config, address = app.config, app.config.html_baseurl
    title = html.unescape(re.sub("<[^>]*>", "", title or "")) or config.html_title
    front = page == app.config.root_doc
    if front or not about:
        about = citation(app.srcdir)["title" if not front else "abstract"]
    shared = {"title": title, "description": about, "type": "website" if front else "article"}
    shared["site_name"] = config.html_title
    if address:
        picture, width, height = PICTURE
        shared |= {"url": f"{address}{page}.html", "image": address + picture}
        shared |= {"image:width": width, "image:height": height, "image:alt": PICTURE_SAYS}
    lines = [f'<meta name="description" content="{html.escape(about)}">']
    for key, value in shared.items():
        lines.append(f'<meta property="og:{key}" content="{html.escape(str(value))}">')
    return "\n".join(lines) + "\n"


# --- what a page says of itself -----------------------------------------------------------------


@functools.cache
def citation(root):
    """What `CITATION.cff` says."""
    return yaml.safe_load(Path(root, "CITATION.cff").read_text("utf-8"))


def bibtex(kind, key, fields):
    """An entry of BibTeX; fields without a value are left out."""
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def cite(app, page, title):
    """Entries for the book and, on the pages of a chapter, for that page."""
    about = citation(app.srcdir)
    address = app.config.html_baseurl
    commit = app.commit[:12]
    common = {
        # a group that signs as one: the braces keep BibTeX from looking for a family name
        "author": " and ".join(f"{{{author['name']}}}" for author in about["authors"]),
        "year": about["date-released"].year,
        "note": f"Version {about['version']}" + (f", commit {commit}" if commit else ""),
        "doi": about.get("doi"),
    }
    # one more pair of braces keeps the capitals of a title
    book = {"title": f"{{{about['title']}}}", "url": address or app.repository}
    entries = [bibtex("misc", "lmgbook", {**book, **common})]
    folder, name = PurePosixPath(page).parts[-2:] if "/" in page else ("", page)
    if folder not in ("", "book", "appendix"):
        chapter = {"title": f"{{{title}}}", "booktitle": f"{{{about['title']}}}"}
        chapter["url"] = address and f"{address}{page}.html"
        key = f"lmgbook-{folder}" + ("" if name == "index" else f"-{name}")
        entries.append(bibtex("incollection", key.replace("_", "-"), {**chapter, **common}))
    return "\n\n".join(entries)


def report(url, page, title):
    """Address of a form, filled in for this page, or "" where no repository is known."""
    if not url:
        return ""
    if "github.com" in url:
        return f"{url}/issues/new?" + urlencode({"template": "wrong-number.yml", "where": page})
    return f"{url}/-/issues/new?" + urlencode({"issue[title]": f"{title} ({page})"})


def colophon(app, page, title):
    """What the foot of a page shows."""
    root, url, commit = app.srcdir, app.repository, app.commit
    title = html.unescape(re.sub("<[^>]*>", "", title or ""))
    return {
        "version": citation(root)["version"],
        "commit": commit[:12],
        "licences": [(part, name, place(source)) for part, name, source in OWN],
        "permalink": url and commit and f"{url}/tree/{commit}",
        "report": report(url, page, title),
        "cite": cite(app, page, title),
        "pdf": pdf(page) if app.has_pdf else [],
    }


def pdf(page):
    """Files to print that belong to a page: [(words, name of the file), ...]."""
    folder = (
        page.split("/")[-2] if page.startswith("book/") and page.count("/") == 2 else "appendix"
    )
    chapter = [] if folder == "appendix" else [("This chapter as PDF", f"{folder}.pdf")]
    return [("This book as PDF", "lmgbook.pdf"), *chapter]


def name_address(app, config):
    """Ask once what is published; let Sphinx name the address of each page, where it is known."""
    app.repository, app.commit = site.repository(app.srcdir), site.commit(app.srcdir)
    app.has_pdf = made_of.pdf_is_fresh(app.srcdir)
    if address := site.pages(app.srcdir):
        config.html_baseurl = f"{address}/"


VIEWPORT = re.compile(r'<meta [^>]*name="viewport"[^>]*>\n?')
ARROW = re.compile(
    r'(<a class="[^"]*" href="[^"]*">(?P<name>(?:(?!</a>).)*)</a><details[^>]*><summary)'
    r'(?: aria-label="[^"]*")?>',
    re.DOTALL,
)


def name_arrow(match):
    """Say in the name of an arrow of the side bar which chapter it opens."""
    name = re.sub("<[^>]*>", "", match["name"]).replace('"', "&quot;")
    return f'{match[1]} aria-label="Pages of {name}">'


def dress(app, page, templatename, context, doctree):
    """Add head and foot to a page."""
    title = context.get("title", "")
    # Sphinx's own template has one already
    tags = VIEWPORT.sub("", context.get("metatags", ""))
    context["metatags"] = tags + head(app, page, title, description(doctree))
    context["colophon"] = colophon(app, page, title)
    if toctree := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = lambda *args, **kwargs: ARROW.sub(
            name_arrow, str(toctree(*args, **kwargs))
        )


# --- beside the pages ---------------------------------------------------------------------------

LOST = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Page not found &#8212; {title}</title>
<link rel="icon" href="{base}_static/favicon.svg">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.6 system-ui, sans-serif; }}
main {{ margin: 10vh auto; max-width: 36rem; padding: 1rem; }}
</style>
</head>
<body>
<main>
<h1>This page is not here</h1>
<p>It may have moved when a chapter was rearranged. The book has a
<a href="{base}{root}.html">front page</a>; the <a href="{base}search.html">search</a> finds
words, and the <a href="{base}book/appendix/glossary.html">glossary</a> terms.</p>
<ul>
{chapters}
</ul>
</main>
</body>
</html>
"""


def write_lost(app, out):
    """A page for addresses that do not exist: it is shown in any folder, so it asks for none."""
    # where the address of the site is not known, it is taken to be a host's root
    base = urlsplit(app.config.html_baseurl).path or "/"
    overviews = [page for page in app.env.collect_relations() if page.endswith("/index")]
    chapters = "\n".join(
        f'<li><a href="{base}{page}.html">{escape(app.env.titles[page].astext())}</a></li>'
        for page in overviews
    )
    text = LOST.format(
        language=app.config.language,
        title=escape(app.config.html_title),
        base=base,
        root=app.config.root_doc,
        chapters=chapters,
    )
    (out / "404.html").write_text(text, "utf-8")


def write_lists(app, out):
    """For search engines: that they may read all, and where it is."""
    robots, address = "User-agent: *\nAllow: /\n", app.config.html_baseurl
    (out / "sitemap.xml").unlink(missing_ok=True)
    if address:
        pages = [escape(f"{address}{quote(page)}.html") for page in sorted(app.env.found_docs)]
        places = "".join(f"<url><loc>{page}</loc></url>\n" for page in pages)
        name = "http://www.sitemaps.org/schemas/sitemap/0.9"
        text = '<?xml version="1.0" encoding="UTF-8"?>\n'
        (out / "sitemap.xml").write_text(f'{text}<urlset xmlns="{name}">\n{places}</urlset>\n')
        robots += f"\nSitemap: {address}sitemap.xml\n"
    (out / "robots.txt").write_text(robots)


def licence(source, root):
    """Text of a licence that does not lie among the static files, where it is copied from."""
    if source.endswith(".txt"):
        return None
    if source.startswith("LICENSE"):
        return Path(root, source).read_text("utf-8")
    files = [file for file in distribution(source).files or [] if "dist-info" in str(file)]
    (found, *_) = [file for file in files if re.match("LICEN[CS]E", file.name)]
    return found.read_text("utf-8")


def place(source):
    """Where the site has the text of a licence."""
    return f"_static/licences/{source.removesuffix('.txt')}.txt"


def write_licences(root, out):
    """The licences of what others made, as these ask for."""
    for _, _, source in PARTS:
        if text := licence(source, root):
            (out / place(source)).write_text(text, "utf-8")


def finish(app, exception):
    """Complete the folder of the site."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    write_lost(app, out)
    write_lists(app, out)
    write_licences(app.srcdir, out)
    # GitHub's pages leave out names with an underscore without it
    (out / ".nojekyll").touch()
    shutil.copy(out / "_static" / "favicon.ico", out)
    shutil.rmtree(out / "pdf", ignore_errors=True)
    if app.has_pdf:
        shutil.copytree(Path(app.srcdir, made_of.PDF), out / "pdf")


class Licences(SphinxDirective):
    """A table of what others made and the pages carry."""

    def run(self):
        up = "../" * self.env.docname.count("/")
        rows = []
        for part, name, source in PARTS:
            link = nodes.reference("", name, refuri=up + place(source))
            rows.append([[nodes.Text(part)], [link]])
        heads = [[nodes.Text(text)] for text in ("part", "licence")]
        return [contents.table([heads], rows)]


# --- old versions -------------------------------------------------------------------------------

# with its own style, for the sheets of an old version may not know it
BANNER = (
    '<aside class="old-version" aria-label="Version" style="background: #fff3cd; color: #3d3000;'
    ' border-bottom: 1px solid #8a6d00; padding: 0.75rem 1rem; text-align: center">This is version'
    ' {version} of the book, kept as it was. <a style="color: #0b4a8f; text-decoration: underline"'
    ' href="{target}">The same page in the newest version</a>.</aside>'
)


def mark_old(folder, version, newest):
    """Put a banner on every finished page of an old version, and keep it from search engines.

    Parameters
    ----------
    folder : path-like
        The finished pages of the old version.
    version : str
        Its number.
    newest : path-like
        The finished pages of the newest version; a page that is gone there leads to its first page.

    Returns
    -------
    int
        How many pages were marked; pages that have a banner are left as they are.
    """
    folder, newest, count = Path(folder).resolve(), Path(newest).resolve(), 0
    for path in folder.rglob("*.html"):
        text = path.read_text("utf-8")
        match = re.search(r"<body[^>]*>", text)
        if not match or 'class="old-version"' in text or "_static" in path.parts:
            continue
        there = newest / path.relative_to(folder)
        there = there if there.exists() else newest / "index.html"
        target = quote(Path(os.path.relpath(there, path.parent)).as_posix())
        banner = BANNER.format(version=html.escape(version), target=html.escape(target))
        text = text[: match.end()] + "\n" + banner + text[match.end() :]
        text = re.sub(r'<link rel="canonical"[^>]*>', "", text)
        text = text.replace("</head>", '<meta name="robots" content="noindex">\n</head>', 1)
        path.write_text(text, "utf-8")
        count += 1
    return count


def setup(app):
    app.add_directive("licences", Licences)
    app.connect("config-inited", name_address)
    # after `site.mend`, which adds style sheets to the head
    app.connect("html-page-context", dress, priority=950)
    app.connect("build-finished", finish, priority=900)
