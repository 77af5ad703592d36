"""Numbers of running text are typeset; words that look like them are not."""

import pytest

from lmgbook.bookkit import numbers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("agree to 9e-12.", "agree to 9\xa0×\xa010^{−12}."),
        ("0.35 ± 2.5e-05", "0.35 ± 2.5\xa0×\xa010^{−5}"),
        ("within 1e-12", "within 10^{−12}"),
        ("-3e+08 m", "-3\xa0×\xa010^{8} m"),
        ("page 3e, v1e5, 0x1e5, 1e", "page 3e, v1e5, 0x1e5, 1e"),
    ],
)
def test_powers_of_ten(text, shown):
    parts = [
        f"^{{{part.astext()}}}" if part.tagname == "superscript" else part.astext()
        for part in numbers.typeset(text)
    ]
    assert "".join(parts) == shown


def test_plain_text_has_raised_digits():
    assert numbers.written("agree to 9e-12") == "agree to 9\xa0×\xa010⁻¹²"
