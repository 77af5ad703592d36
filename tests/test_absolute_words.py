"""Words that leave no way out, where the book speaks of itself: a person has looked at each.

"To all printed digits", "never", "the best": such a word is a claim, and one counter-example makes
it false. In README, overviews, summaries, and wherever a section asks whether a result holds up,
each stands beside the reason why it may.
"""

import re

import pytest
from book_files import NOTEBOOKS, PAGES, ROOT, prose

WORDS = re.compile(
    r"\b(all (?:printed )?digits|always|never|exactly as|the best|the only|for the first time"
    r"|nobody|no one|impossible|everywhere|perfectly?|in every (?:case|row)|beyond doubt|proves?"
    r"|first to|without exception|whatever|cannot (?:fail|be wrong)|any size)\b",
    re.IGNORECASE,
)
SUMMARIES = re.compile(
    r"^#+ .*(summary|hold up|what you|at a glance|verdict)", re.IGNORECASE | re.M
)
# roles, code, formulas and links are not words of ours
NEITHER = re.compile(r"\{[\w:-]+\}`[^`]*`|```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)


def sections(path):
    """The texts of a page that sum up: all of an overview, the closing sections of a notebook."""
    if path.suffix == ".md":
        return prose(path)
    text = "\n\n".join(prose(path))
    parts = re.split(r"(?m)^(?=#{1,6} )", text)
    return [part for part in parts if SUMMARIES.match(part)]


def found(text):
    """Each absolute word with four words on either side, as one line."""
    plain = " ".join(NEITHER.sub(" ", text).split())
    around = []
    for hit in WORDS.finditer(plain):
        before, after = plain[: hit.start()].split(" "), plain[hit.end() :].split(" ")
        around.append(" ".join(before[-5:]) + hit[0] + " ".join(after[:5]))
    return [" ".join(text.split()) for text in around]


def texts():
    overviews = [page for page in PAGES if page.name in ("index.md", "intro.md")]
    for page in (ROOT / "README.md", *overviews, *NOTEBOOKS):
        name = page.relative_to(ROOT).as_posix()
        for text in sections(page):
            yield from ((name, each) for each in found(text))


CONFIRMED = [
    tuple(line.split("\t")[:2])
    for line in (ROOT / "tests" / "absolute_words.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def test_every_absolute_word_has_been_looked_at():
    assert sorted(set(texts()) - set(CONFIRMED)) == []


def test_what_was_confirmed_still_stands():
    assert sorted(set(CONFIRMED) - set(texts())) == []


def test_each_confirmation_gives_its_reason():
    lines = (ROOT / "tests" / "absolute_words.tsv").read_text(encoding="utf-8").splitlines()
    entries = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert [entry for entry in entries if len(entry) != 3 or len(entry[2]) < 3] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Four of five agree to all printed digits.", 1),
        ("The best one can do is never enough.", 2),
        ("A `never` in code, and $never$.", 0),
    ],
)
def test_a_planted_word_is_found(text, words):
    assert len(found(text)) == words


if __name__ == "__main__":  # what is not confirmed, in the form of the list
    for name, each in sorted(set(texts()) - set(CONFIRMED)):
        print(f"{name}\t{each}\t")
