"""Every page is light, and whole without scripts: what it weighs, and its formulas."""

import gzip
import re
from functools import cache
from html.parser import HTMLParser

import pytest
from checker import PHONE

FIRST_VISIT = 400  # kB, packed: the page, its style sheet with the fonts, its script, what it shows
WITH_INDEX = 500  # the search page has the text of all others, so that it fetches none of them
WITH_FIGURES = 650  # kB: the same when a reader has scrolled to the end
REQUESTS = 20  # with all figures
PACKED = {".html", ".css", ".js", ".svg"}
QUIET = {"script", "style", "pre", "code", "title"}


@cache
def weight(path):
    """Kilobytes of a file as a server sends it."""
    data = path.read_bytes()
    return len(gzip.compress(data, 9) if path.suffix in PACKED else data) / 1000


class Needs(HTMLParser):
    """The files that a browser asks for, at once and later, and the text that it shows."""

    def __init__(self, path):
        super().__init__()
        self.home, self.now, self.later, self.formulas = path.parent, {path}, set(), 0
        self.words, self.quiet, self.faults = [], 0, []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.quiet += tag in QUIET
        self.formulas += tag == "math"
        if tag == "math" and "data-tex" not in attrs:
            self.faults.append("a formula without its LaTeX")
        address = attrs.get("src" if tag in ("img", "script") else "href", "").partition("?")[0]
        wanted = tag == "link" and attrs.get("rel") in ("stylesheet", "icon")
        if address and not address.startswith("data:") and (wanted or tag in ("img", "script")):
            lazy = attrs.get("loading") == "lazy"
            (self.later if lazy else self.now).add((self.home / address).resolve())
            sized = attrs.get("width") and attrs.get("height")
            if tag == "img" and "_images/" in address and not sized:
                self.faults.append(f"{address} has no size: text moves when it arrives")

    def handle_endtag(self, tag):
        self.quiet -= tag in QUIET

    def handle_data(self, data):
        if not self.quiet:
            self.words.append(data)


@pytest.fixture(scope="module")
def pages(html):
    found = {
        path.relative_to(html).as_posix(): Needs(path)
        for path in html.resolve().rglob("*.html")
        # the page for wrong addresses has no place of its own, and its links name the root
        if "_static" not in path.parts and path.name != "404.html"
    }
    assert len(found) > 50
    return found


def test_every_page_is_light(pages):
    heavy = {}
    for name, page in pages.items():
        first = sum(map(weight, page.now))
        measured = first, first + sum(map(weight, page.later)), len(page.now | page.later)
        first_visit = WITH_INDEX if name == "search.html" else FIRST_VISIT
        limits = first_visit, WITH_FIGURES, REQUESTS
        if any(number > limit for number, limit in zip(measured, limits, strict=True)):
            heavy[name] = measured
    assert heavy == {}


def test_figures_have_their_size_and_formulas_their_latex(pages):
    assert {name: page.faults for name, page in pages.items() if page.faults} == {}


def test_no_page_shows_latex(pages):
    """As somebody without scripts sees it, who is not helped by any typesetting later on."""
    raw = re.compile(r"\\[(\[]|\$\$|\\(?:frac|begin|mathrm|langle|sqrt|beta|Lambda)\b")
    shown = {
        name: found[0] for name, page in pages.items() if (found := raw.search("".join(page.words)))
    }
    assert shown == {}
    assert sum(page.formulas for page in pages.values()) > 5000


def test_nothing_is_shipped_that_no_page_uses(html):
    shipped = {path.name for path in (html / "_static").rglob("*") if path.is_file()}
    unwanted = [
        n for n in shipped if re.search(r"\.(map|ttf|mo)$|mathjax|thebe|fontawesome\.js$", n, re.I)
    ]
    assert unwanted == []
    assert "stix-two-math.txt" in shipped


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_a_page_is_whole(browser, site, scheme):
    context = browser.new_context(
        java_script_enabled=False,
        color_scheme=scheme,
        viewport={"width": PHONE, "height": 740},
    )
    page = context.new_page()
    page.goto(f"{site}/book/slow_quenches/harmonic_theory.html")
    formulas = page.locator("div.math > math")
    assert formulas.count() > 5
    for i in range(formulas.count()):
        box = formulas.nth(i).bounding_box()
        assert box["height"] > 15 and box["width"] > 50
    context.close()


@pytest.mark.browser
def test_formulas_are_drawn_with_their_font(browser, site):
    """The brackets of a system of equations grow, which only a font for mathematics can."""
    page = browser.new_page()
    page.goto(f"{site}/book/slow_quenches/harmonic_theory.html")
    assert page.evaluate("document.fonts.check('16px \"lmgbook Math\"')")
    loaded = "document.fonts.ready.then(f => [...f].filter(x => x.status === 'loaded'))"
    faces = page.evaluate(f"{loaded}.then(f => f.map(x => x.family))")
    assert any("lmgbook Math" in face for face in faces)
    tall = page.evaluate(
        "[...document.querySelectorAll('math mo')].filter(o => o.textContent === '{')"
        ".map(o => o.getBoundingClientRect().height)"
    )
    assert max(tall) > 35
    page.close()


@pytest.mark.browser
def test_copying_a_formula_gives_latex(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/book/slow_quenches/harmonic_theory.html")
    text = page.evaluate(
        """() => {
          const formula = document.querySelector("p span.math math");
          const range = document.createRange();
          range.selectNodeContents(formula.closest("p"));
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          const clipboardData = new DataTransfer();
          const options = {clipboardData, bubbles: true, cancelable: true};
          document.dispatchEvent(new ClipboardEvent("copy", options));
          return [clipboardData.getData("text/plain"), formula.dataset.tex];
        }"""
    )
    assert f"${text[1]}$" in text[0] and "\n\n" not in text[0]
    assert page.evaluate("document.activeElement === document.body")
    page.close()


@pytest.mark.browser
def test_nobody_tabs_through_formulas(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/book/slow_quenches/gap_and_scaling.html")
    focusable = "math :is(a, [tabindex], [href]), math[tabindex], .math[tabindex]"
    assert page.locator("math").count() > 50 and page.locator(focusable).count() == 0
    page.locator("article p").first.click()
    for _ in range(10):
        page.keyboard.press("Tab")
        assert not page.evaluate("!!document.activeElement.closest('.math')")
    page.close()
