"""The ledger on the pages: a book of four pages, its notebooks executed beforehand."""

import io
import json

import nbformat
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace

from lmgbook.bookkit import ledger_symbols

pytestmark = pytest.mark.filterwarnings("ignore")  # Sphinx's own

CONFIG = {
    "extensions": ["myst_nb", "sphinxcontrib.bibtex"]
    + [f"lmgbook.bookkit.{each}" for each in ("paper_equations", "ledger_pages", "ledger_cards")],
    "nb_execution_mode": "off",
    "myst_enable_extensions": ["dollarmath"],
    "nitpicky": True,
    "html_theme": "basic",
    "bibtex_bibfiles": ["some.bib"],
}

BIB = """@article{someone2018, author = {Some, A. and One, B.}, title = {A paper},
journal = {Letters}, volume = {7}, pages = {11}, year = {2018}, doi = {10.1/x}}"""

CLAIMS = r"""
paper: someone2018
title: A paper
short: SO
about: "Its published text."
symbols: {"$n$, n_all": "$n$ counts", "$x$": "$x$ lies", "slow sweep": "slow: in time"}
places: [Eq. 2 to 5]
highlights: [one.limit]
claims:
  - {id: one.limit, where: [Fig. 1, abstract], statement: "It tends to $n$, see {paper-eq}`2`.",
     printed: "0.350", source: text, tolerance: digits, verdict: reproduced, digits: .3f,
     if_false: {nothing there: "if $n$ were left out", random sign: with random signs},
     measure: n_all of Slow sweeps,
     evidence: recomputed, route: at $n=9$, notebook: one/first}
  - {id: one.small, where: Eq. 2, statement: It is about that small., printed: -3.2e-5,
     source: "figure, not seen", measure: "our $x$ (outside, slowly)", tolerance: {word: about},
     own_symbols: [$x$],
     verdict: conditional,
     note: Only slowly., fair: Meant slowly., digits: .1e, evidence: recomputed,
     notebook: one/first, section: sec-why}
  - {id: one.sign, where: Eq. 3, statement: It is plus., printed: $+1$, source: text, target: 1,
     tolerance: 0.5, tolerance_reason: A sign., verdict: corrected, kind: misprint,
     if_false: with the other sign,
     should_be: $-x_0$, fair: The sign is elsewhere., evidence: identity, notebook: one/first,
     section: sec-why}
  - {id: one.again, where: Eq. 4, statement: So is that., printed: 1, source: inferred,
     tolerance: identity, verdict: corrected, evidence: identity, notebook: one/first,
     section: sec-why, root: one.sign}
  - {id: one.blurred, where: Eq. 5, statement: A letter., printed: 7, tolerance: identity,
     source: "text, doubtful reading", verdict: open, kind: formula, should_be: $8$,
     fair: Our copy is bad., reason: A better copy., evidence: identity,
     notebook: one/first, section: sec-why}
  - {id: one.open, where: Eq. 3, statement: Nobody knows., printed: much, source: text,
     verdict: open, reason: No data., fair: It may be., section: sec-why}
no_claim:
  - {where: Fig. 2, reason: A drawing of $n$.}
"""

PAGES = {
    "index": "# Book\n\n```{toctree}\nbook/one/index\nbook/one/first\nbook/board\n```\n\n"
    "```{scoreboard}\n:summary:\n```\n\nPrinted {printed}`one.limit`, ours {ours}`one.limit`, "
    "outside {outside}`one.small`, rejected {rejected}`one.limit` at {tolerance}`one.limit`, "
    "{verdict}`one.limit`, {paper-eq}`one:2, 7-9a`.",
    "book/one/index": "# One\n\nAs in {paper-eq}`Fig. 2`.\n\n"
    "```{scoreboard}\n:paper: one\n:compact:\n```",
    "book/board": "# Board\n\n```{scoreboard}\n```\n\n```{errata}\n```\n\n"
    "```{tolerance-words}\n```",
}

LINES = """before
one.limit: printed 0.350, here 0.351, would reject nothing 0.1 (over 10 away) -> reproduced
one.small: printed -3.2e-05, our x -3.2e-05, outside the condition 0.4 -> conditional
one.sine: no claim -> reproduced
"""


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
    told = nbformat.v4.new_output("stream", text=LINES)
    check = nbformat.v4.new_code_cell("1", outputs=[told], execution_count=1, id="b")
    code = nbformat.v4.new_code_cell("", outputs=glued, execution_count=2, id="c")
    language = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=[text, check, code], metadata=language))


NUMBERS = {
    "one.limit": 0.3512,
    "one.limit.error": 0.0004,
    "one.limit.rejects.nothing there": 0.1,
    "one.limit.rejects.random sign": -0.35,
    "one.limit.outside": 0.9,
    "one.small": -3.19e-05,
    "one.small.outside": 0.4,
    "one.sign": -1.0,
    "one.sign.rejects.other": 1.0,
    "one.again": -1.0,
    "one.blurred": 8.0,
}


class Trial:
    def __init__(self, folder):
        self.source, self.out = folder / "source", folder / "out"
        self.write("book/claims/one.yml", CLAIMS)
        self.write("book/one/first.ipynb", notebook(**NUMBERS))
        self.write("some.bib", BIB)
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


def facts(node):
    """The numbers of a row or a card, by their names."""
    names, texts = node.select("dl > dt"), node.select("dl > dd")
    return {words(dt): words(dd) for dt, dd in zip(names, texts, strict=True)}


def test_roles(trial):
    text = trial.page("index").find_all("p")[-1]
    assert text.get_text() == (
        "Printed 0.350, ours 0.351 ± 0.0004, outside 0.40, rejected 0.100 at 0.0005, "
        "reproduced, SO (2), (7)–(9a)."
    )
    link = text.find("a")
    assert link["href"] == "book/board.html#claim-one-limit"
    assert trial.page("book/board").find(id="claim-one-limit").name == "li"


def test_equations_of_the_paper_name_and_link_it(trial):
    link = trial.page("index").select("p")[-1].select("a")[-1]
    assert (link["href"], link["title"]) == (
        "https://doi.org/10.1/x",
        "Some, One, Letters 7, 11 (2018)",
    )
    assert trial.page("book/one/index").find("p").get_text() == "As in SO Fig. 2."


def test_summary_counts_roots_and_kinds(trial):
    item = trial.page("index").find(class_="ledger-summary").find("li")
    assert words(item) == (
        "A paper : 5 claims in 6 rows: 1 reproduced , 1 conditional , 1 corrected (1 misprint), "
        "2 open ."
    )


def test_rows_of_the_scoreboard(trial):
    board = trial.page("book/board")
    section = board.find(id="scoreboard-one")
    paragraphs = section.find_all("p", recursive=False)
    assert [words(each) for each in paragraphs[:2]] == [
        "SO is Some, One, Letters 7, 11 (2018) .",
        "Its published text.",
    ]
    rows = {row["id"].removeprefix("claim-one-"): row for row in board.select("li[data-verdict]")}
    assert list(rows) == ["limit", "small", "sign", "again", "blurred", "open"]
    limit = rows["limit"]
    assert words(limit.find("p")) == (
        r"reproduced · in its regime only It tends to \(n\) , see SO (2) ."
    )
    assert facts(limit) == {
        "Paper prints": "0.350 SO Fig. 1, abstract",
        "Symbols": r"\(n\) counts; slow: in time",
        "Compared": r"\(n\) of Slow sweeps",
        "We find": r"0.351 ± 0.0004 (the paper's formula, evaluated: at \(n=9\) )",
        "Would agree": "0.35 ± 0.0005 (half the last digit)",
        "If false": r"0.100 if \(n\) were left out (500 tolerances away) ; "
        "−0.350 with random signs (over 1000 tolerances away)",
        "Outside its regime": "0.900",
    }
    assert facts(rows["small"]) == {
        "Paper prints": "−3.2 × 10 −5 (figure, not seen) SO (2)",
        "Condition": "Only slowly.",
        "Compared": r"our \(x\)",
        "Would agree": "−3.2 × 10 −5 ± 6.4 × 10 −6 (20 % for “about”)",
        "We find": "−3.2 × 10 −5 (the paper's formula, evaluated)",
        "Where it fails": "0.40 slowly",
    }
    assert words(rows["small"]).endswith(
        "Shown in Why it fails In fairness (the condition stands): Meant slowly."
    )
    assert facts(rows["sign"]) == {
        "Paper prints": r"\(+1\) SO (3)",
        "Should be": r"\(-x_0\)",
        "Would agree": "1 ± 0.5",
        "We find": "−1 (an identity, evaluated; 4 tolerances away)",
        "What passes": "1 with the other sign",
    }
    assert words(rows["sign"].find("p")).startswith("corrected · misprint")
    assert facts(rows["again"])["Paper prints"] == "not printed; inferred by us: 1 SO (4)"
    assert words(rows["again"]).endswith("Counted with Eq. 3 corrected")
    assert words(rows["blurred"].find("p")).startswith(
        "corrected if our reading is right · formula"
    )
    assert facts(rows["open"]) == {"Paper prints": "much SO (3)", "To decide it": "No data."}
    assert [row["data-verdict"] for row in rows.values()][2:] == ["corrected"] * 2 + ["open"] * 2
    assert [row.get("data-kind") for row in rows.values()][:3] == ["recomputed"] * 2 + ["misprint"]
    assert words(board.select_one("details li")) == r"SO Fig. 2 : A drawing of \(n\) ."
    assert [words(item) for item in board.select(".ledger-page")] == ["Computed in First :"]
    hrefs = [link["href"] for link in board.find_all("a")]
    assert "one/first.html" in hrefs and "one/first.html#sec-why" in hrefs
    assert "../claims.json" in hrefs


def test_symbols_are_told_from_other_letters():
    def found(name, text):
        return ledger_symbols.occurs(name, text)

    for text in ("as $n^2+1$", "$e^{-n}$", "n = 3 of them", "at $2\\Gamma n$"):
        assert found("$n$, n", text), text
    for text in ("$n_1$", "$n'$", "$\\sin x$", "$\\mathrm{d}n_x$", "an N", "n₁", "don't", "$P_n$"):
        assert not found("$n$, n", text), text
    assert found("$d$", "in $d$ dimensions") and not found("$d$", r"$\int\mathrm d x$")
    assert found(r"$n_\mathrm{exc}$", r"the $n_\mathrm{exc}$") and found(
        "$\\psi_x$", "$\\psi_x(1)$"
    )
    assert found("fast", "Fast ones") and not found("adiabatic", "quasi-adiabatic")
    symbols = {r"$n_\mathrm{exc}$, n_exc": "quanta", "$k$, k": "a number"}
    assert ledger_symbols.dressed(symbols, "n_exc of $n_exc$, k") == (
        r"$n_\mathrm{exc}$ of $n_exc$, k"
    )
    rates = {r"$\gamma_m$, γ_m, $\gamma_p$, γ_p": "rates"}
    assert ledger_symbols.dressed(rates, "γ_p/γ_m and γ_m²") == r"$\gamma_p$/$\gamma_m$ and γ_m²"
    assert ledger_symbols.used(symbols, "k of n_exc", ["$k$"]) == ["quanta"]


def test_overview_shows_the_highlights_and_folds_the_rest(trial):
    page = trial.page("book/one/index")
    (shown,) = page.select("ol.ledger-rows > li")
    assert shown.find("a")["href"] == "../board.html#claim-one-limit"
    folded = page.find("details")
    assert words(folded.find("summary")) == "The other 5 rows"
    assert [words(item) for item in folded.find_all("li")][4] == "open Nobody knows. SO (3)"
    assert not page.find_all(id="claim-one-limit")


def test_errata_list_roots_by_kind(trial):
    errata = trial.page("book/board").find(id="errata-misprint")
    assert words(errata.find("h3") or errata.find("h2")).startswith("Misprints (1)")
    (named,) = errata.find_previous("ul", class_="ledger-others").select("li")
    assert words(named) == "SO is Some, One, Letters 7, 11 (2018) : 1 entry"
    (entry,) = errata.select("ol.ledger-rows > li")
    text = words(entry)
    for part in (
        "corrected · misprint It is plus.",
        "Shown in Why it fails",
        "How it may have been meant: The sign is elsewhere.",
        "Counted with it: Eq. 4 corrected",
    ):
        assert part in text
    assert entry.select_one("dd a")["href"] == "https://doi.org/10.1/x"
    assert not trial.page("book/board").find(id="errata-formula"), (
        "a doubtful reading is no erratum"
    )


def test_lines_of_a_check_become_cards(trial):
    page = trial.page("book/one/first")
    limit, small = page.select(".ledger-card")
    assert words(limit.find("p")) == (
        r"reproduced · in its regime only It tends to \(n\) , see SO (2) ."
    )
    assert limit.find("a")["href"] == "../board.html#claim-one-limit"
    found = r"0.351 ± 0.0004 (the paper's formula, evaluated: at \(n=9\) )"
    assert facts(limit)["We find"] == found
    assert facts(small)["Where it fails"] == "0.40 slowly"
    assert [words(block) for block in page.select(".cell_output pre")] == [
        "before",
        "one.sine: no claim -> reproduced",
    ]


def test_the_words_of_the_tolerances(trial):
    listed = trial.page("book/board").find(class_="ledger-words")
    assert [words(dt) for dt in listed.find_all("dt")] == [
        "20 %",
        "10 %",
        "5 %",
        "2 %",
        "half a decade",
    ]
    assert words(listed.find("dd")).startswith("about, approximately")


def test_the_ledger_as_data(trial):
    data = json.loads((trial.out / "claims.json").read_text(encoding="utf-8"))
    assert data["schema"] == 1 and data["version"]
    (paper,) = data["papers"]
    assert (paper["url"], paper["chapter"]) == ("https://doi.org/10.1/x", "one")
    assert paper["counts_of_roots"] == {
        "reproduced": 1,
        "conditional": 1,
        "corrected": 1,
        "open": 2,
    }
    limit = paper["claims"][0]
    assert (limit["value"], limit["error"], limit["tolerance"]) == (0.3512, 0.0004, 0.0005)
    assert limit["rejects"] == {"nothing there": 0.1, "random sign": -0.35}
    assert limit["if_false"]["random sign"] == "with random signs"
    assert limit["page"] == "book/board.html#claim-one-limit"


def test_chapters_stand_in_the_order_of_the_contents(tmp_path):
    trial = Trial(tmp_path)
    trial.write("book/claims/another.yml", CLAIMS.replace("one", "another"))
    trial.write(
        "book/another/first.ipynb",
        notebook(
            **{key.replace("one", "another"): value for key, value in NUMBERS.items()}
        ).replace("sec-why", "sec-other"),
    )
    trial.write(
        "book/claims/another.yml",
        CLAIMS.replace("one.", "another.")
        .replace("one/", "another/")
        .replace("sec-why", "sec-other"),
    )
    trial.write("_toc.yml", "- file: book/one/index\n- file: book/another/index\n")
    trial.write(
        "index.md",
        PAGES["index"].replace(
            "book/one/first", "book/one/first\nbook/another/first\nbook/another/index"
        ),
    )
    trial.write("book/another/index.md", "# Another")
    assert trial.build() == (0, "")
    links = trial.page("index").select(".ledger-summary li a")
    assert [link["href"] for link in links] == ["book/one/index.html", "book/another/index.html"]


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
        ("book/one/index.md", "# One\n\n{printed}`one.again`", "'one.again' is inferred"),
        ("book/board.md", "# Board\n\n{paper-eq}`5`", "no paper 'book' for '5'"),
        ("book/claims/one.yml", CLAIMS.replace("one/first", "one/none"), "is not a page of the"),
        ("book/claims/one.yml", CLAIMS.replace("{nothing", "{none"), "if_false does not fit what"),
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
    with pytest.raises(SphinxError, match="one.yml, claim one.limit, verdict: 'reprod'"):
        trial.build()
