"""Formulas become MathML that every browser draws, and errors are not drawn but reported."""

import re
import xml.etree.ElementTree as ET

import pytest
from fontTools.ttLib import TTFont

from lmgbook.bookkit import math_font
from lmgbook.bookkit.formulas import mathml, raise_exponents, text


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{1}{",
        r"\nosuchcommand x",
        r"\begin{aligned}a&=b",
        r"a \\ \text{for $k$ spins}",
        r"\text{ж}",  # the font has no Cyrillic
    ],
)
def test_what_cannot_be_drawn_is_refused(latex):
    with pytest.raises(ValueError):
        mathml(latex, display=True)


def test_a_formula_keeps_its_latex():
    latex = r'a<b \quad\text{"so"}'
    assert ET.fromstring(mathml(latex)).get("data-tex") == latex


def test_the_room_after_a_row_is_no_text():
    assert "pt" not in "".join(
        ET.fromstring(mathml(r"\begin{aligned}a&=b\\[4pt]c&=d\end{aligned}")).itertext()
    )


def test_a_tall_bracket_with_an_exponent_stays_tall():
    (script,) = ET.fromstring(mathml(r"\Bigl(\frac ab\Bigr)^{1/3}")).iter("msup")
    assert script[0].tag == "mrow" and script[0][0].get("minsize")


def test_what_screen_readers_hear():
    """Structure, not pictures: a root is a root, and a name is one word."""
    root = ET.fromstring(mathml(r"\operatorname{Re}\sqrt{\frac{\pi}{2}}", display=True))
    assert root.get("display") == "block"
    assert {"msqrt", "mfrac"} <= {part.tag for part in root.iter()}
    assert "Re" in [part.text for part in root.iter("mi")]


def test_the_font_holds_what_the_build_believes():
    with TTFont(math_font.PATH) as font:
        assert set(math_font.unicodes()) <= set(font.getBestCmap())
        assert "MATH" in font


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        ("10^3", "10³"),
        ("N^{-1/3}", "N^(−1/3)"),
        ("x=1-x^N", "x = 1−xᴺ"),
        (r"\alpha\le d", "α ≤ d"),
        (r"\frac1{2h}\ln\frac{1-s}2", "1/(2h) ln (1−s)/2"),
        (r"\sqrt{1-m_z^2}", "√(1−m_z²)"),
        (r"n_\mathrm{exc}\,H''(x_0)", "n_excH″(x₀)"),
        (r"\overline c", "…"),
        (r"\begin{aligned}a\\b\end{aligned}", "…"),
        ("+".join("abcdefghijklmn"), "…"),
    ],
)
def test_a_short_formula_as_text(latex, plain):
    assert text(latex) == plain


def test_exponents_of_titles():
    assert raise_exponents("Why does 2^N become N^{-1} + 1?") == "Why does 2ᴺ become N⁻¹ + 1?"
    assert raise_exponents("a caret: x^(1/3)") == "a caret: x^(1/3)"


def test_latex_is_not_left_in_a_heading():
    assert not re.search(r"\\[a-z]", re.sub(r'data-tex="[^"]*"', "", mathml(r"\alpha\le\beta")))
