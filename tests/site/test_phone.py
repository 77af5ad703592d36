"""Figures and printed output on a phone: as wide as the screen, with letters that can be read."""

import html as entities
import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from checker import PHONE

from lmgbook.bookkit.light import pixels

pytestmark = pytest.mark.browser

TICKS = 10  # pixels: numbers along the axes and the names of these
WORDS = 9  # legends and labels of curves
SCALE = re.compile(r"scale\(([\d.]+) -[\d.]+\)")  # of letters, drawn for 100 points, upside down
FRAME = re.compile(r'src="(data:image/svg[^"]*)"')

# Everything unfolded; of a slider, what hides its other frames is its own style sheet.
LOOK = """() => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  return [...document.querySelectorAll("article img")].map(image => {
    const {x, width} = image.getBoundingClientRect();
    const slider = image.closest(".lmg-steps");
    return {x, width, file: image.src.slice(0, 200), slider: slider && slider.id};
  });
}"""


def letters(element):
    """Sizes in points of the text inside an element of an SVG that Matplotlib wrote."""
    return {100 * float(s) for e in element.iter() for s in SCALE.findall(e.get("transform", ""))}


def is_tick(element):
    """A group of a mark and its number, maybe after a line of the grid."""
    parts = list(element)
    marked = any(e.tag.endswith("use") for part in parts[:-1] for e in part.iter())
    return 2 <= len(parts) <= 3 and marked and bool(letters(parts[-1]))


def is_axis(element):
    """A group of ticks, and of nothing else but a name; a legend stands among curves."""
    ticks = [is_tick(part) for part in element]
    return any(ticks) and all(
        tick or (len(part) == 1 and letters(part))
        for tick, part in zip(ticks, element, strict=True)
    )


@cache
def sizes(svg):
    """Width of a picture in points, the smallest letters of an axis, the smallest at all."""
    root = ElementTree.fromstring(svg)
    axes = [g for g in root.iter() if is_axis(g)]
    return (
        float(root.get("viewBox").split()[2]),
        min((size for axis in axes for size in letters(axis)), default=None),
        min(letters(root), default=None),
    )


def too_small(svg, pixels):
    width, axis, least = sizes(svg)
    scale = pixels / width
    return [
        f"{kind} {size * scale:.1f} pixels"
        for kind, size, limit in (("axes", axis, TICKS), ("words", least, WORDS))
        if size is not None and size * scale < limit
    ]


@pytest.fixture(scope="module")
def seen(browser, site, html):
    """For each page what a phone shows of its pictures; they need not arrive for that."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": PHONE, "height": 740}
    )
    page = context.new_page()
    page.route("**/_images/*", lambda route: route.abort())
    found = {}
    for path in sorted(html.glob("book/*/*.html")):
        if re.search("_images/|lmg-steps", path.read_text("utf-8")):
            page.goto(f"{site}/{path.relative_to(html)}", wait_until="domcontentloaded")
            found[path] = page.evaluate(LOOK)
    context.close()
    return found


def test_pictures_take_the_whole_width(seen):
    shown = [(each["x"], each["width"]) for page in seen.values() for each in page if each["width"]]
    assert len(shown) > 170
    assert {(round(x), round(width)) for x, width in shown} == {(0, PHONE)}


def test_letters_of_figures_can_be_read(seen, html):
    faults, files = {}, 0
    for path, page in seen.items():
        for each in page:
            if "_images/" in each["file"] and each["width"]:
                file = html / "_images" / Path(unquote(each["file"])).name
                files += 1
                if file.suffix == ".svg":
                    fault = too_small(file.read_text("utf-8"), each["width"])
                else:  # pixels, a hundredth of an inch each: as wide as the house style is made for
                    fault = ["too wide a picture"] if pixels(file)[0] > 640 else []
                if fault:
                    faults[path.stem, file.name[:12]] = fault
    assert files > 140
    assert faults == {}


def test_letters_of_sliders_can_be_read(seen):
    faults, frames = {}, 0
    for path, page in seen.items():
        widths = {each["slider"]: each["width"] for each in page if each["width"]}
        for part in path.read_text("utf-8").split('class="lmg-steps"')[:-1]:
            assert re.search(r'id="([^"]+)" $', part)[1] in widths
        for slider, text in re.findall(
            r'<div id="([^"]+)" class="lmg-steps">(.*?)</fieldset>', path.read_text("utf-8"), re.S
        ):
            for source in FRAME.findall(text):
                frames += 1
                svg = unquote(entities.unescape(source).partition(",")[2])
                if fault := too_small(svg, widths[slider]):
                    faults[path.stem, slider] = fault
    assert frames > 300
    assert faults == {}


def test_small_letters_are_found():
    """The measure itself, on figures whose letters are known."""
    import io

    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from lmgbook import explore, figures

    def drawn(axis, note):
        with plt.rc_context():
            figures.use()
            figure, ax = plt.subplots(figsize=(5, 3))
            ax.plot([0, 1], "o-", label="curve")
            ax.legend(fontsize=8)
            ax.tick_params(axis="y", labelsize=axis)
            ax.text(0.5, 0.5, "note", fontsize=note)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg")
            plt.close(figure)
        return buffer.getvalue()

    for svg in (drawn(9, 10), explore._slim(drawn(9, 10))):
        assert sizes(svg) == (360, 9, 8)
        assert too_small(svg, 360) == ["axes 9.0 pixels", "words 8.0 pixels"]
    assert sizes(drawn(14, 5)) == (360, 13, 5)


def test_printed_tables_scroll_and_sentences_wrap(browser, site):
    page = browser.new_page(viewport={"width": PHONE, "height": 740})
    page.goto(f"{site}/book/ensembles/phase_diagrams.html", wait_until="domcontentloaded")
    small, tables, sentences = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll(".cell_output pre")].filter(p => p.clientWidth);
          const wide = pre => pre.scrollWidth > pre.clientWidth;
          const table = pre => pre.closest(".columns");
          return [
            all.filter(pre => parseFloat(getComputedStyle(pre).fontSize) < 12).length,
            all.filter(pre => table(pre) && wide(pre)).length,
            all.filter(pre => !table(pre) && wide(pre)).length,
          ];
        }"""
    )
    page.close()
    assert (small, sentences) == (0, 0) and tables > 0
