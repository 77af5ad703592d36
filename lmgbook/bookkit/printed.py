"""The book and its chapters to print: `make pdf` writes `_build/pdf` from the finished pages.

The articles of a chapter are put into one page, which Chromium prints: figures stay vectors, links
inside the book work, and the file has an outline and tags for screen readers. What a page folds
(solutions, long code) stays folded; a figure to play with shows the frame that the page shows.

The pages link these files if they were made of the same sources (see `made_of.py`).
"""

import os
import re
import shutil
from collections import Counter
from pathlib import Path, PurePosixPath
from urllib.parse import urldefrag, urljoin

import yaml
from bs4 import BeautifulSoup  # the theme needs it as well

from . import made_of, publishing, run_notebooks, site

LEFT_OUT = {"api", "ledger", "scoreboard", "solutions", "status", "teaching"}
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
# what is pressed, played or hovered on
USELESS = (
    ".headerlink, .copybtn, script, noscript, template, .sd-stretched-link, .toggle-button"
    ", form.answer"
)
VERSIONS = re.compile(r"\s*Python 3[\d.]+, lmgbook ")
STYLE = """
@page { size: A4; margin: 18mm 18mm 20mm; }
html { font-size: 10.5pt; }
body { display: block; background: #fff; color: #000; }
article.bd-article { padding: 0; }
/* pages of a chapter follow each other, so that none ends in half a sheet of white */
article.bd-article + article.bd-article { border-top: 1pt solid #999; margin-top: 2em; }
article.bd-article.chapter { border: 0; break-before: page; margin: 0; }
.front { padding-top: 35%; text-align: center; }
.front h1 { font-size: 26pt; margin-bottom: 1em; }
p, li, dd { orphans: 3; widows: 3; }
h1, h2, h3, h4, .page-position { break-after: avoid; break-inside: avoid; }
article.bd-article h1 { font-size: 20pt; margin-top: 0.8em; }
figure, .admonition-title, tr, div.math, .math-wrapper { break-inside: avoid; }
div.cell, .cell_input, .cell_output, .highlight, pre, .admonition, .proof, details {
  break-inside: auto !important;
}
/* the theme lays cells out as flexible boxes, which no page break may cut */
.cell_input, .cell_input div { display: block !important; break-inside: auto !important; }
figure img, .cell_output img, .cell_output svg {
  max-height: 105mm !important; max-width: 100% !important; object-fit: contain; width: auto;
}
figure { margin: 0.6em auto; }
pre { white-space: pre-wrap !important; overflow-wrap: anywhere; font-size: 8pt; }
table { font-size: 8.5pt; }
fieldset input, fieldset button { display: none !important; }
/* nothing scrolls on paper; formulas keep their hidden twins for screen readers hidden */
div.cell, .cell_input, .cell_output, pre, .highlight, figure, div.math,
.pst-scrollable-table-container { overflow: visible !important; }
"""
FOOT = (
    '<div style="font: 8pt sans-serif; width: 100%; text-align: center; color: #444">'
    '{title} — <span class="pageNumber"></span></div>'
)


def volumes(root):
    """Files to write: name -> pages, in reading order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    found = {"lmgbook": []}
    for page in run_notebooks.toc_files(toc):
        folder, name = PurePosixPath(page).parts[-2:]
        if name not in LEFT_OUT:
            found["lmgbook"].append(page)
            if folder not in ("book", "appendix"):
                found.setdefault(folder, []).append(page)
    return found


def browser():
    """Path of a Chromium."""
    wanted = [os.environ.get("LMGBOOK_CHROMIUM", ""), *BROWSERS]
    return next(filter(None, map(shutil.which, wanted)), None)


class Pages:
    """The finished pages, read once.

    Parameters
    ----------
    html : pathlib.Path
        Their folder.
    names : list of str
        All that may be printed.
    """

    def __init__(self, html, names):
        self.html = html
        self.soups = {
            name: BeautifulSoup((html / f"{name}.html").read_text("utf-8"), "html.parser")
            for name in names
        }
        count = Counter(
            part["id"] for soup in self.soups.values() for part in soup.article.select("[id]")
        )
        self.common = {name for name, pages in count.items() if pages > 1}

    def place(self, page, anchor):
        """Name of an anchor in a file of many pages."""
        slug = page.replace("/", "-")
        if not anchor:
            return slug
        return f"{slug}--{anchor}" if anchor in self.common else anchor

    def article(self, page, inside, address):
        """What a page says, with the links of one file.

        Parameters
        ----------
        page : str
        inside : list of str
            The pages of the file.
        address : str
            Of the published pages, or "".

        Returns
        -------
        bs4.Tag
        """
        text = str(self.soups[page].article)
        article = BeautifulSoup(text, "html.parser").article
        for part in article.select(USELESS):
            part.decompose()
        for part in article.select("details:not([open]), .dropdown"):
            part.decompose()
        for part in article.select(".cell_output pre"):
            if VERSIONS.match(part.get_text()):  # the same on every page, and often alone on one
                part.find_parent("div", class_="cell").decompose()
        article["id"] = self.place(page, "")
        if PurePosixPath(page).name == "index" or page == inside[0]:
            article["class"] = [*article.get("class", []), "chapter"]
        for part in article.find_all(True):
            for key in ("id", "for", "name"):
                if part is not article and part.get(key) in self.common:
                    part[key] = self.place(page, part[key])
            if part.name == "img":
                part.attrs.pop("loading", None)
            for key in ("src", "href"):
                if key in part.attrs and not re.match(r"(data|https?|mailto):", part[key]):
                    self.link(part, key, page, inside, address)
        return article

    def link(self, part, key, page, inside, address):
        target, anchor = urldefrag(urljoin(f"{page}.html", part[key]))
        other = target.removesuffix(".html")
        if key == "src":
            part[key] = target
        elif other in inside:
            part[key] = f"#{self.place(other, anchor)}"
        elif address:
            part[key] = f"{address}/{target}" + (f"#{anchor}" if anchor else "")
        else:
            del part[key]

    def volume(self, title, pages, front, address):
        """The page that is printed."""
        links, styles = [], []
        for page in pages:
            head = self.soups[page].head
            for part in head.select("link[rel=stylesheet]"):
                href = urljoin(f"{page}.html", part["href"])
                links.append(f'<link rel="stylesheet" href="{href}">')
            styles += map(str, head.select("style"))
        lines = [*links, *styles, f"<style>{STYLE}</style>"]
        body = [str(self.article(page, pages, address)) for page in pages]
        return (
            f'<!DOCTYPE html>\n<html lang="en" data-theme="light" data-mode="light">\n<head>\n'
            f'<meta charset="utf-8">\n<title>{title}</title>\n{chr(10).join(dict.fromkeys(lines))}'
            f'\n</head>\n<body class="bd-content">\n{front}\n{chr(10).join(body)}\n</body>\n</html>'
        )


def front(root, title):
    """A title page: what this is, of which version and commit, and where the pages are."""
    about, commit, address = publishing.citation(root), site.commit(root), site.pages(root)
    lines = [f"<h1>{title}</h1>", f"<p>{about['title']}</p>"] if title != about["title"] else []
    lines = lines or [f"<h1>{title}</h1>"]
    lines.append(f"<p>{' and '.join(author['name'] for author in about['authors'])}</p>")
    known = f"Version {about['version']}" + (f", commit {commit[:12]}" if commit else "")
    lines.append(f"<p>{known}</p>")
    if address:
        lines.append(f'<p><a href="{address}/">{address}</a></p>')
    lines.append("<p>Text and figures: CC BY 4.0. Code: BSD 3-Clause.</p>")
    return f'<section class="front">{"".join(lines)}</section>'


def main(root, only=()):
    """Print all volumes, or `only` some; returns the exit code."""
    from playwright.sync_api import sync_playwright

    root = Path(root).resolve()
    html, out = root / "_build" / "html", root / made_of.PDF
    stamp, path = root / made_of.SITE_STAMP, browser()
    if not stamp.exists() or path is None:
        run_notebooks.say("Needs the finished pages (`make book`) and a Chromium")
        return 1
    printed_of = stamp.read_text()  # whatever is edited meanwhile
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    found = volumes(root)
    pages, address = Pages(html, found["lmgbook"]), site.pages(root)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for name, inside in found.items():
            if only and name not in only:
                continue
            title = publishing.citation(root)["title"]
            if name != "lmgbook":
                title = pages.soups[inside[0]].article.h1.get_text().rstrip("#")
            half = html / f"print-{name}.html"  # where all that it shows is found
            half.write_text(pages.volume(title, inside, front(root, title), address), "utf-8")
            try:
                print_one(chromium, half, out / f"{name}.pdf", title)
            finally:
                half.unlink()
            run_notebooks.say(f"  {made_of.PDF}/{name}.pdf")
        chromium.close()
    (root / made_of.PDF_STAMP).write_text(printed_of)
    return 0


def print_one(chromium, source, target, title):
    """Print one page when its fonts and pictures are there."""
    view = chromium.new_page()
    view.set_default_timeout(600_000)
    view.goto(source.as_uri())
    view.evaluate("document.fonts.ready")
    view.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => null)))")
    view.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOT.format(title=title),
        outline=True,
        tagged=True,
    )
    view.close()
