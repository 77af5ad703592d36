"""Nothing a paper claims is left out, and nothing is claimed that a notebook does not check."""

import ast
import re
from collections import Counter, defaultdict

import pytest
from book_files import BOOK, NOTEBOOKS, PAGES, calls, code_cells, name, parse, prose, read

from lmgbook import ledger

PAPERS = {paper.stem: paper for paper in ledger.load_papers(BOOK / "claims")}
CLAIMS = [claim for paper in PAPERS.values() for claim in paper.claims]


def checked_ids(source):
    """Ids that a code cell hands to `ledger.check`, with the keywords of each call.

    They must be plain strings to be found.
    """
    found = defaultdict(list)
    for call in calls(parse(source), "ledger.check"):
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            raise ValueError(f"ledger.check needs its id as a plain string: {ast.unparse(call)}")
        for keyword in call.keywords:
            if keyword.arg == "rejects" and typed(keyword.value):
                raise ValueError(f"compute what is rejected, do not type it: {ast.unparse(call)}")
        found[first.value].append({keyword.arg for keyword in call.keywords})
    return dict(found)


def typed(node):
    """Whether a number, or one of a mapping, is a literal."""
    values = node.values if isinstance(node, ast.Dict) else [node]
    return any(not any(isinstance(n, ast.Name) for n in ast.walk(value)) for value in values)


def checks():
    """Claim id -> pages that check it, once for each call; and the arguments of its last call."""
    where, arguments = defaultdict(list), {}
    for path in NOTEBOOKS:
        for cell in code_cells(read(path)):
            for claim_id, keywords in checked_ids(cell.source).items():
                where[claim_id] += [name(path)] * len(keywords)
                arguments[claim_id] = keywords[-1]
    return where, arguments


CHECKS, ARGUMENTS = checks()


def test_the_claims_follow_the_schema():
    ledger.validate(BOOK / "claims")


@pytest.mark.parametrize("stem", PAPERS)
def test_every_equation_and_panel_is_accounted_for(stem):
    paper = PAPERS[stem]
    places = {place for claim in paper.claims for place in claim.where}
    places |= {place for where, _ in paper.no_claim for place in where}
    assert paper.places, "the file needs its list of places"
    assert [place for place in paper.places if place not in places] == []


@pytest.mark.parametrize("stem", PAPERS)
def test_what_makes_no_claim_is_not_claimed_elsewhere(stem):
    paper = PAPERS[stem]
    claimed = {place for claim in paper.claims for place in claim.where}
    assert [place for where, _ in paper.no_claim for place in where if place in claimed] == []


@pytest.mark.parametrize("stem", PAPERS)
def test_the_overview_has_five_claims_to_show(stem):
    assert len(PAPERS[stem].highlights) == 5


def significant(claim):
    """The number that a claim prints, where it prints one of two digits or more; else None."""
    text = claim.printed.lstrip("-+≈ ")
    mantissa = text.partition("e")[0].replace(".", "").lstrip("0")
    return text if mantissa.isdecimal() and len(mantissa) > 1 else None


@pytest.mark.parametrize("stem", PAPERS)
def test_the_same_printed_number_has_the_same_tolerance(stem):
    tolerances = defaultdict(set)
    for claim in PAPERS[stem].claims:
        if claim.tolerance and significant(claim):
            tolerances[significant(claim)].add(claim.tolerance)
    assert {text: each for text, each in tolerances.items() if len(each) > 1} == {}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_is_checked_once_and_by_the_notebook_it_names(claim):
    if claim.verdict == "open" and not claim.notebook:
        assert CHECKS[claim.id] == []
    else:
        assert CHECKS[claim.id] == [claim.notebook]


@pytest.mark.parametrize("stem", PAPERS)
def test_every_check_says_what_it_would_reject(stem):
    """What `ledger.check` demands when it runs, found without running anything."""
    silent = []
    for claim in PAPERS[stem].claims:
        arguments = ARGUMENTS.get(claim.id, set())
        served = "rejects" in arguments
        served |= "outside" in arguments and claim.verdict == "conditional"
        if claim.needs_rejects and not served:
            silent.append(claim.id)
    assert silent == []


@pytest.mark.parametrize("stem", PAPERS)
def test_every_row_says_how_its_number_was_found(stem):
    silent = [c.id for c in PAPERS[stem].claims if c.notebook and not (c.route and c.measure)]
    assert not silent


def test_kept_lines_of_checks_say_what_the_rows_say():
    known = {claim.id: claim for claim in CLAIMS}
    stale = []
    for path in NOTEBOOKS:
        for cell in code_cells(read(path)):
            for line in "".join(out.get("text", "") for out in cell.outputs).splitlines():
                claim = known.get(line.partition(":")[0])
                if claim and claim.measure.replace("$", "") not in line:
                    stale.append((name(path), line))
    assert not stale


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
    found = checked_ids('ledger.check("a.b", 1)\nledger.check(\n  "a.c", x, rejects=f(0))')
    assert found == {"a.b": [set()], "a.c": [{"rejects"}]}
    with pytest.raises(ValueError, match="plain string"):
        checked_ids("ledger.check(claim, 1)")


@pytest.mark.parametrize("rejects", ["0", "-1.5", "1 / 2", '{"none": 0.5, "other": x}'])
def test_a_typed_number_is_no_rejected_one(rejects):
    with pytest.raises(ValueError, match="do not type it"):
        checked_ids(f'ledger.check("a.b", x, rejects={rejects})')
