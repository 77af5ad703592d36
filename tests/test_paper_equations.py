"""An equation of a paper is named as such: a bare "Eq. (5)" might be one of the book's own.

`{paper-eq}` names the paper and links it. The rule holds for all pages and all claims.
"""

import re

import pytest
from book_files import BOOK, NOTEBOOKS, PAGES, prose, read

from lmgbook import ledger

PAPERS = {paper.stem: paper for paper in ledger.load_papers(BOOK / "claims")}
NUMBER = r"\(?\d+[a-z]?\)?"
BARE = re.compile(
    rf"""(?:
      \b(?:Eqs?|Equations?|equations?)\.?\s*{NUMBER}
      | \b(?:Hamiltonian|oscillator|formula|law|condition|relation|result|model|solution|expression
          |matrix|integral|sum|expansion|definition|recursion)s?\s+\(\d+[a-z]?\)
    )""",
    re.VERBOSE,
)
# roles carry numbers of their own, and so do code and links
NEITHER = re.compile(r"\{[\w:-]+\}`[^`]*`|```.*?```|`[^`]*`|https?://\S+|\$[^$]*\$", re.DOTALL)
TEXTS = ("statement", "printed", "measure", "route", "should_be", "fair", "note", "reason")


def bare(text):
    """Equations in a text that do not say whose they are."""
    return BARE.findall(NEITHER.sub(" ", text))


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda p: str(p.relative_to(BOOK)))
def test_equations_of_a_paper_say_so(path):
    found = [each for text in prose(path) for each in bare(text)]
    assert found == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: str(p.relative_to(BOOK)))
def test_captions_say_whose_equation(path):
    about = [cell.metadata.get("mystnb", {}) for cell in read(path).cells]
    texts = [each.get("figure", {}).get("caption", "") for each in about]
    texts += [each.get("image", {}).get("alt", "") for each in about]
    assert [each for text in texts for each in bare(text)] == []


@pytest.mark.parametrize("stem", PAPERS)
def test_claims_name_the_paper_of_their_equations(stem):
    claims = PAPERS[stem].claims
    texts = {claim.id: " ".join(getattr(claim, key) for key in TEXTS) for claim in claims}
    assert {claim_id: bare(text) for claim_id, text in texts.items() if bare(text)} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("With Eq. (5) of the paper", ["Eq. (5)"]),
        ("from Eqs. (23a) and", ["Eqs. (23a)"]),
        ("in Eq. 7", ["Eq. 7"]),
        ("The Hamiltonian (2) and the oscillator (10).", ["Hamiltonian (2)", "oscillator (10)"]),
        ("equation (3)", ["equation (3)"]),
        ("As in {paper-eq}`5`, {eq}`eq-lmg` and $f(2)$, Eq. `(5)`.", []),
        ("A model (two levels), a law (1) apart.", ["law (1)"]),
    ],
)
def test_a_bare_equation_is_found(text, expected):
    assert bare(text) == expected


if __name__ == "__main__":  # all that are left, for whoever mends them
    for page in (*PAGES, *NOTEBOOKS):
        for text in prose(page):
            for each in bare(text):
                print(f"{page.relative_to(BOOK)}: {each}")
