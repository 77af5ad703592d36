"""No number is typed into the prose that a notebook should have computed.

A decimal in running text is a claim: it has to come from a role (`{ours}`, `{printed}`, `{glue}`),
or it belongs to a formula, to code, to a link, to a citation. A formula in turn must not repeat
what the ledger holds.
"""

import re

import pytest
from book_files import BOOK, NOTEBOOKS, PAGES, prose, read, visible_cells

from lmgbook import ledger

# page -> {number as it stands there: why it may}
ALLOWED = {}

# directives whose content is not prose (any other directive is searched like the text around it)
NOT_PROSE = (
    "code-block code-cell code eval-rst toctree tableofcontents bibliography scoreboard errata "
    "raw mermaid list-table-of-contents"
).split()

NUMBER = re.compile(r"(?<![\w.])(?<!\w-)\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)(?![\w.]*\d)")
MATH = re.compile(
    r"(?<!\\)\$\$(.+?)\$\$|(?<![\\$])\$([^$]+?)(?<!\\)\$|\\begin\{(\w+\*?)\}(.+?)\\end\{\3\}"
    r"|\{math\}`([^`]+)`",
    re.DOTALL,
)
FENCE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*(?P<info>[^\n]*)\n"
    r"(?P<body>.*?)^[ \t]*(?P=fence)[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
NEITHER = [
    r"\A---\n.*?\n---\n",  # front matter
    r"<!--.*?-->",
    r"(?m)^%.*$",  # comment
    r"(?m)^[ \t]*:[\w-]+:.*$",  # option of a directive
    r"(?m)^\([\w-]+\)=$",  # label
    r"(\{[\w:.+-]+\})?(`+)(?!`).+?(?<!`)\2(?!`)",  # role, or inline code
    r"\]\([^)]*\)",  # target of a link
    r"<[^<>\n]+>",  # HTML, and links in angle brackets
    r"https?://\S+|\b(?:doi|arXiv):\S+",
]


def split(text):
    """Return the running text of a page, and its formulas."""
    formulas = []

    def fence(match):
        info = match["info"].strip()
        directive = info.removeprefix("{").partition("}")[0] if info.startswith("{") else ""
        if directive == "math":
            formulas.append(match["body"])
            return " "
        if not directive or directive in NOT_PROSE:
            return " "
        title = info.partition("}")[2]
        return f"{title}\n{unfence(match['body'])}"

    def unfence(part):
        return FENCE.sub(fence, part)

    def formula(match):
        formulas.append(next(group for group in match.group(1, 2, 4, 5) if group))
        return " "

    text = MATH.sub(formula, unfence(text))
    for pattern in NEITHER:
        text = re.sub(pattern, " ", text, flags=re.DOTALL if "---" in pattern else 0)
    return text, formulas


def ledger_numbers():
    """Non-integer numbers that the ledger holds, without their signs."""
    numbers = set()
    for claim in ledger.load_claims(BOOK / "claims").values():
        numbers |= {abs(float(text)) for text in NUMBER.findall(claim.printed)}
        numbers |= {abs(claim.target)} if claim.target is not None else set()
    return {number for number in numbers if number != int(number)}


LEDGER = ledger_numbers()


def faults(text):
    """Numbers in a text that should have been pasted."""
    words, formulas = split(text)
    found = NUMBER.findall(words)
    found += [n for formula in formulas for n in NUMBER.findall(formula) if float(n) in LEDGER]
    return found


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda p: str(p.relative_to(BOOK)))
def test_no_typed_numbers(path):
    allowed = ALLOWED.get(path.relative_to(BOOK).as_posix(), {})
    found = [number for text in prose(path) for number in faults(text)]
    assert [number for number in found if number not in allowed] == []
    assert [number for number in allowed if number not in found] == [], "no longer needed"


def test_the_allow_list_names_existing_pages_and_gives_reasons():
    pages = {path.relative_to(BOOK).as_posix() for path in (*PAGES, *NOTEBOOKS)}
    assert set(ALLOWED) <= pages
    assert all(reason for page in ALLOWED.values() for reason in page.values())


# --- a book, not a listing ----------------------------------------------------------------------

WORDS_A_LINE = 10  # of prose, without formulas, roles and code, for a visible line of code
CHAPTERS = sorted({path.parent for path in NOTEBOOKS})


def words_and_lines(path):
    """Words of prose of a notebook, and lines of code that are visible and not blank."""
    text = " ".join(split(part)[0] for part in prose(path))
    code = "\n".join(cell.source for cell in visible_cells(read(path)))
    return len(re.findall(r"[^\W\d_]+(?:['’-]\w+)*", text)), len(re.findall(r"(?m)^.*\S", code))


@pytest.mark.parametrize("folder", CHAPTERS, ids=lambda folder: folder.name)
def test_there_is_more_prose_than_code(folder):
    # exercises are left out: their code is the reader's, and nearly all of the rest is folded
    told = [words_and_lines(path) for path in folder.glob("*.ipynb") if path.stem != "exercises"]
    words, lines = map(sum, zip(*told, strict=True))
    assert words >= WORDS_A_LINE * lines, f"{words} words, {lines} lines"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The limit is 0.35, they say.", ["0.35"]),
        ("- item 1.5\n- rates of 4e-5", ["1.5", "4e-5"]),
        ("| a | 2.17 |", ["2.17"]),
        (":::{note}\nIt is 0.36 here.\n:::", ["0.36"]),
        ("```{admonition} About 0.37\nText.\n```", ["0.37"]),
        ("````{note}\n```{tip}\nInner 0.38.\n```\nOuter 0.39.\n````", ["0.38", "0.39"]),
        ("A limit of $n = 0.35$ quanta.", ["0.35"]),
        ("$$\nn = 0.35\n$$", ["0.35"]),
        ("```{math}\nn = 0.35\n```", ["0.35"]),
        ("It is **0.41**.", ["0.41"]),
        ("The exponent -0.42.", ["0.42"]),
    ],
)
def test_a_planted_number_is_found(text, expected, monkeypatch):
    monkeypatch.setitem(globals(), "LEDGER", {0.35})
    assert [n.lstrip("-") for n in faults(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "The limit is {ours}`paper.limit`, or {glue:text}`c0:.4f`, or `0.35`.",
        "At $h = 0.5$ we see more.",
        "```python\nx = 0.35\n```",
        "```\n0.35\n```",
        "See [the notes](https://example.org/v1.2/0.35) or <https://example.org/3.5>.",
        "As in {cite}`someone2018` and arXiv:0901.4778.",
        ":::{figure} a.png\n:width: 0.5\nCaption.\n:::",
        "Section 2 of 3. 4 spins; 10 runs, N = 512.",
        "(sec-1.5)=\n",
        "---\nversion: 0.13\n---\nText",
        "% a comment with 0.35\nText",
    ],
)
def test_what_is_no_claim_passes(text, monkeypatch):
    monkeypatch.setitem(globals(), "LEDGER", {0.35})
    assert faults(text) == []
