"""Folded code says what is in it, to the eye and to a screen reader, and opens without a script."""

import pytest
from book_files import NOTEBOOKS, ROOT, code_cells, name, read, tags
from bs4 import BeautifulSoup

from lmgbook.bookkit import folded


@pytest.mark.parametrize(
    ("source", "figure", "expected"),
    [
        ("import numpy as np\nfigures.use()", False, "Imports"),
        ("from lmgbook import explore\nexplore.steps(draw)", False, "Imports"),
        ("def draw(x):\n    ...\nexplore.steps(draw, x)", False, "Code of the slider"),
        ("x = 1\nledger.check('a', x)", False, "Code of the check"),
        ("ledger.check('a', 1)\nprint(1)\nledger.check('b', 2)", False, "Code of the checks"),
        ("for x in y:\n    print(x)", False, "Code of the numbers"),
        ("ledger.check('a', 1)\nplt.plot(x);", True, "Code of the figure"),
        ("x = 1", False, "Code"),
    ],
)
def test_a_name_says_what_is_inside(source, figure, expected):
    assert folded.label(source, figure) == expected


def folded_cells():
    for path in NOTEBOOKS:
        for cell in code_cells(read(path)):
            if "hide-input" in tags(cell):
                yield path, cell, cell.metadata.get("mystnb", {})


def test_a_cell_of_no_kind_brings_its_own_name():
    nameless = [
        f"{name(path)}: {cell.id}"
        for path, cell, own in folded_cells()
        if "code_prompt_show" not in own
        and folded.label(cell.source, "figure" in own) == folded.OTHERWISE
    ]
    assert nameless == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_the_built_page_shows_the_names(path):
    page = (ROOT / "_build" / "html" / "book" / f"{name(path)}.html").read_text("utf-8")
    boxes = BeautifulSoup(page, "html.parser").select("div.tag_hide-input > details")
    mine = [(cell, own) for place, cell, own in folded_cells() if place == path]
    assert len(boxes) == len(mine)
    for box, (cell, own) in zip(boxes, mine, strict=True):
        expected = own.get("code_prompt_show") or folded.label(cell.source, "figure" in own)
        summary = box.find("summary")
        assert {span.get_text() for span in summary.find_all("span")} == {expected}
        assert not summary.has_attr("aria-label"), "it is read aloud in place of the name"
        assert box.select_one("pre") is not None
