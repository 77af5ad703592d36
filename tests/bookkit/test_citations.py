"""Works of one author and year are told apart, wherever they are cited or listed."""

from pybtex.database import parse_string

from lmgbook.bookkit import citations

ENTRIES = r"""
@article{two, author = {Del Re, Lorenzo and Roe, Jane}, title = {Z}, year = {2016}}
@article{later, author = {Erd{\H o}s, Paul}, title = {B}, year = {1941}}
@article{many, author = {Roe, Jane and Roe, John and Poe, Al}, title = {A}, year = {1941}}
@article{sooner, author = {Erd{\H o}s, Paul}, title = {A}, year = {1941}}
"""


def test_a_letter_tells_apart_what_would_read_alike():
    entries = parse_string(ENTRIES, "bibtex").entries
    citations.tell_apart(entries.values())
    citations.tell_apart(entries.values())  # as when the parsed file is kept between builds
    assert [citations.author_year(entry) for entry in entries.values()] == [
        "Del Re and Roe, 2016",
        "Erdős, 1941a",
        "Roe et al., 1941",
        "Erdős, 1941b",
    ]
