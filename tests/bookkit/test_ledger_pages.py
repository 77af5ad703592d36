"""The ledger on the pages: a book of four pages, its notebooks executed beforehand."""

import io

import nbformat
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace

pytestmark = pytest.mark.filterwarnings("ignore")  # Sphinx's own

CONFIG = {
    "extensions": ["myst_nb", "lmgbook.bookkit.ledger_pages"],
    "nb_execution_mode": "off",
    "myst_enable_extensions": ["dollarmath"],
    "nitpicky": True,
    "html_theme": "basic",
}

CLAIMS = r"""
paper: someone2018
title: A paper
claims:
  - {id: one.limit, where: [Fig. 1, abstract], statement: It tends to $n$., printed: "0.350",
     tolerance: 0.01, verdict: reproduced, digits: .3f, notebook: one/first}
  - {id: one.small, where: Eq. 2, statement: It is small., printed: -3.2e-5, measure: our $x$,
     tolerance: 1, verdict: conditional, note: Only slowly., digits: .1e, notebook: one/first,
     section: sec-why}
  - {id: one.open, where: Eq. 3, statement: Nobody knows., printed: much, verdict: open,
     reason: No data., section: sec-why}
"""

PAGES = {
    "index": "# Book\n\n```{toctree}\nbook/one/index\nbook/one/first\nbook/board\n```\n\n"
    "```{scoreboard}\n:summary:\n```\n\nPrinted {printed}`one.limit`, ours {ours}`one.limit`, "
    "outside {outside}`one.small`, {verdict}`one.limit`.",
    "book/one/index": "# One\n\n```{scoreboard}\n:paper: one\n:compact:\n```",
    "book/board": "# Board\n\n```{scoreboard}\n```\n\n```{errata}\n```",
}


def notebook(**numbers):
    prefix = "application/papermill.record/"
    glued = [
        nbformat.v4.new_output(
            "display_data",
            data={f"{prefix}text/plain": repr(number)},
            metadata={"scrapbook": {"name": key, "mime_prefix": prefix}},
        )
        for key, number in numbers.items()
    ]
    text = nbformat.v4.new_markdown_cell("# First\n\n(sec-why)=\n## Why it fails\n\nSo.", id="a")
    code = nbformat.v4.new_code_cell("", outputs=glued, execution_count=1, id="b")
    return nbformat.writes(nbformat.v4.new_notebook(cells=[text, code]))


NUMBERS = {"one.limit": 0.3512, "one.small": -3.19e-05, "one.small.outside": 0.4}


class Trial:
    def __init__(self, folder):
        self.source, self.out = folder / "source", folder / "out"
        self.write("book/claims/one.yml", CLAIMS)
        self.write("book/one/first.ipynb", notebook(**NUMBERS))
        for page, text in PAGES.items():
            self.write(f"{page}.md", text)

    def write(self, name, text):
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self):
        """Return Sphinx's exit code and warnings, as for `make book`."""
        warnings = io.StringIO()
        with docutils_namespace():
            app = Sphinx(
                self.source,
                None,
                self.out,
                self.out / "doctrees",
                "html",
                CONFIG,
                status=None,
                warning=warnings,
                warningiserror=True,
                keep_going=True,
            )
            app.build()
        return app.statuscode, warnings.getvalue()

    def page(self, name):
        text = (self.out / f"{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(text, "html.parser").find(role="main")


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    trial = Trial(tmp_path_factory.mktemp("book"))
    assert trial.build() == (0, "")
    return trial


def words(node):
    return " ".join(node.get_text(" ").split())


def test_roles(trial):
    text = trial.page("index").find_all("p")[-1]
    assert text.get_text() == "Printed 0.350, ours 0.351, outside 4.0 × 10−1, reproduced."
    link = text.find("a")
    assert link["href"] == "book/board.html#claim-one-limit"
    assert trial.page("book/board").find(id="claim-one-limit").name == "tr"


def test_summary(trial):
    item = trial.page("index").find(class_="ledger-summary").find("li")
    assert words(item) == "A paper : 3 claims: 1 reproduced , 1 conditional , 1 open ."
    assert item.find("a")["href"] == "book/one/index.html"


def test_scoreboard(trial):
    board = trial.page("book/board")
    region = board.find(role="region")
    assert region["tabindex"] == "0" and region["aria-label"] == "Claims of the paper: A paper"
    rows = [[words(cell) for cell in row.find_all("td")] for row in region.find_all("tr")[1:]]
    assert rows[0][1:] == ["0.350", "0.351", "reproduced"]
    assert rows[0][0] == r"It tends to \(n\) . Fig. 1, abstract · First"
    assert rows[1][0].endswith("Only slowly. Eq. 2 · First · shown in Why it fails")
    assert rows[1][1] == "−3.2 × 10 −5"
    assert rows[1][2] == r"−3.2 × 10 −5 our \(x\) outside the condition: 4.0 × 10 −1"
    assert rows[2][1:] == ["much", "—", "open"] and "No data." in rows[2][0]
    hrefs = [link["href"] for link in region.find_all("a")]
    assert "one/first.html" in hrefs and "one/first.html#sec-why" in hrefs


def test_compact_table_links_to_the_scoreboard(trial):
    rows = trial.page("book/one/index").find_all("tr")[1:]
    assert [words(cell) for cell in rows[2].find_all("td")] == ["Eq. 3", "Nobody knows.", "open"]
    assert rows[2].find("a")["href"] == "../board.html#claim-one-open"


def test_errata_list_what_does_not_hold(trial):
    errata = trial.page("book/board").find("dl")
    assert len(errata.find_all("dt")) == 1
    text = words(errata)
    for part in ("Eq. 2 conditional", "It is small.", "Printed: −3.2", "Here: −3.2", "Only slowly"):
        assert part in text
    assert errata.find_all("a")[-1].get_text() == "Why it fails"


def test_a_changed_number_reaches_pages_that_were_not_read_again(tmp_path):
    trial = Trial(tmp_path)
    trial.build()
    trial.write("book/one/first.ipynb", notebook(**NUMBERS | {"one.limit": 0.3467}))
    assert trial.build() == (0, "")
    assert "ours 0.347" in trial.page("index").get_text()
    assert "0.347" in words(trial.page("book/board"))


@pytest.mark.parametrize(
    ("name", "text", "warning"),
    [
        ("book/one/first.ipynb", notebook(**{"one.limit": 0.35}), "claim one.small: notebook"),
        ("book/claims/one.yml", CLAIMS.replace("one/first", "one/none"), "is not a page of the"),
        ("book/claims/one.yml", CLAIMS.replace("sec-why", "sec-no"), "undefined label: 'sec-no'"),
        ("book/one/index.md", "# One\n\n{ours}`one.limits`", "no claim 'one.limits'"),
        ("book/board.md", "# Board\n\n```{scoreboard}\n:paper: two\n```", "no claims file two.yml"),
        ("book/board.md", "# Board", "no scoreboard lists 'one.limit'"),
    ],
)
def test_faults_fail_the_build(tmp_path, name, text, warning):
    trial = Trial(tmp_path)
    trial.write(name, text)
    code, report = trial.build()
    assert code != 0
    assert warning in report


def test_a_faulty_claims_file_stops_the_build_with_its_message(tmp_path):
    trial = Trial(tmp_path)
    trial.write("book/claims/one.yml", CLAIMS.replace("reproduced", "reprod"))
    with pytest.raises(SphinxError, match="one.yml, claim one.limit: verdict 'reprod'"):
        trial.build()
