"""Nothing a paper claims is left out, and nothing is claimed that a notebook does not check."""

import ast
import re
from collections import Counter, defaultdict

import pytest
from book_files import BOOK, NOTEBOOKS, PAGES, calls, code_cells, name, parse, prose, read

from lmgbook import ledger

PAPERS = {paper.stem: paper for paper in ledger.load_papers(BOOK / "claims")}
CLAIMS = [claim for paper in PAPERS.values() for claim in paper.claims]

# Every numbered equation and figure panel of each paper. An entry of the ledger, or a reason under
# `no_claim`, must name each of them in its `where`.
REQUIRED = {
    "slow_quenches": [
        *(f"Eq. {number}" for number in range(1, 11)),
        *("Fig. 1a", "Fig. 1b", "Fig. 2a", "Fig. 2a (inset)", "Fig. 2b", "Fig. 2c"),
        "Fig. 2c (inset)",
    ],
    "ensembles": [
        *(f"Eq. {number}" for number in range(1, 40) if number not in (21, 23)),
        *("Eq. 21a", "Eq. 21b", "Eq. 23a", "Eq. 23b"),
        *("Fig. 1", "Fig. 2", "Fig. 2 (first-order lines)", "Fig. 3"),
    ],
    "glassy": [
        *(f"Eq. {number}" for number in range(1, 18)),
        *("Fig. 1a", "Fig. 1b", "Fig. 1c", "Fig. 2a", "Fig. 2b", "Fig. 2c", "Table I"),
        *("abstract (β = d/α)", "range of validity", "plateau", "p independent of α"),
        *("slower for larger d", "nearest neighbour suffices", "purity is a many-body effect"),
    ],
    "reactions": [
        *(f"Eq. {number}" for number in range(1, 90)),
        *("Fig. 1", "Fig. 2", "Fig. 3a", "Fig. 3b", "Fig. 4", "Fig. 7", "Fig. 8"),
        *(f"Fig. {number} ({panel})" for number in (5, 6) for panel in ("upper", "lower")),
        *("text of IV.C", "adiabatic regime", "critical time", "second phase transition"),
        *("no logarithm", "robustness to broken integrability", "critical moment"),
        "Higgs and Goldstone",
    ],
    # known from its public review page, which numbers nothing: these are the statements on it
    "leggett_garg": [
        *(f"abstract ({part})" for part in ("Goldilocks", "ordered phases", "P4", "P5")),
        *(f"abstract ({part})" for part in ("threshold", "margin", "2.35", "2.47", "reach")),
        *("core claim", "mechanism", "referee 1", "referee 2", "rebuttal 1", "rebuttal 2"),
        *(f"consequence {number}" for number in range(1, 5)),
        *("axioms", "free parameters", "falsification", "forward citation", "reproducibility"),
    ],
}


def checked_ids(source):
    """Ids that a code cell hands to `ledger.check`; they must be plain strings to be found."""
    found = []
    for call in calls(parse(source), "ledger.check"):
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            raise ValueError(f"ledger.check needs its id as a plain string: {ast.unparse(call)}")
        found.append(first.value)
    return found


def checks():
    """Claim id -> pages that check it, once for each call."""
    where = defaultdict(list)
    for path in NOTEBOOKS:
        for cell in code_cells(read(path)):
            for claim_id in checked_ids(cell.source):
                where[claim_id].append(name(path))
    return where


CHECKS = checks()


def test_every_paper_has_its_list_of_required_places():
    assert set(PAPERS) == set(REQUIRED)


@pytest.mark.parametrize("stem", REQUIRED)
def test_every_equation_and_panel_is_accounted_for(stem):
    paper = PAPERS[stem]
    places = {place for claim in paper.claims for place in claim.where}
    places |= {place for where, _ in paper.no_claim for place in where}
    assert [place for place in REQUIRED[stem] if place not in places] == []


@pytest.mark.parametrize("stem", REQUIRED)
def test_what_makes_no_claim_is_not_claimed_elsewhere(stem):
    paper = PAPERS[stem]
    claimed = {place for claim in paper.claims for place in claim.where}
    assert [place for where, _ in paper.no_claim for place in where if place in claimed] == []


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_is_checked_once_and_by_the_notebook_it_names(claim):
    if claim.verdict == "open" and not claim.notebook:
        assert CHECKS[claim.id] == []
    else:
        assert CHECKS[claim.id] == [claim.notebook]


def test_every_checked_id_exists():
    assert sorted(set(filter(CHECKS.get, CHECKS)) - {claim.id for claim in CLAIMS}) == []


def labels():
    """How often each MyST label `(label)=` occurs in the book."""
    texts = [text for path in (*PAGES, *NOTEBOOKS) for text in prose(path)]
    return Counter(label for text in texts for label in re.findall(r"(?m)^\(([\w-]+)\)=\s*$", text))


LABELS = labels()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_verdict_points_to_the_section_that_proves_it(claim):
    if claim.section:
        assert LABELS[claim.section] == 1


def test_scoreboard_and_errata_are_generated():
    appendix = BOOK / "appendix"
    assert "{scoreboard}" in (appendix / "scoreboard.md").read_text(encoding="utf-8")
    assert "{errata}" in (appendix / "errata.md").read_text(encoding="utf-8")


def test_every_paper_is_in_the_bibliography():
    keys = re.findall(r"(?m)^@\w+\{\s*([^,\s]+)", (BOOK / "references.bib").read_text("utf-8"))
    assert [paper.key for paper in PAPERS.values() if paper.key not in keys] == []


def test_an_id_that_is_not_a_plain_string_is_refused():
    assert checked_ids('ledger.check("a.b", 1)\nledger.check(\n  "a.c", x)') == ["a.b", "a.c"]
    with pytest.raises(ValueError, match="plain string"):
        checked_ids("ledger.check(claim, 1)")
