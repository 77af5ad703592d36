"""Formulas as MathML, made when the pages are built: they need no script and no time.

Browsers draw MathML by themselves, screen readers speak it, print and search see it. `math-core`
translates the LaTeX; what browsers differ in is settled here, and by the font (see `math_font`),
which comes inside the style sheet, so that no line moves when it arrives. A formula keeps its LaTeX
as `data-tex`, which `formulas.js` puts on the clipboard when it is copied.
"""

import base64
import re
import xml.etree.ElementTree as ET
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from . import math_font

CONVERTER = LatexToMathML(fancy_error=False, allow_unreliable_rendering=True)
FACE = """\
/* A subset of STIX Two Math, https://github.com/stipub/stixfonts,
   (c) The STIX Fonts Project Authors, SIL OFL 1.1 */
@font-face {{
  font-family: "{name}";
  src: url("data:font/woff2;base64,{data}") format("woff2");
}}
"""
ROW_GAP = re.compile(r"\\\\\[-?[\d.]+\s*\w+\]")  # the room after a row is the style sheet's
# a tall bracket with an exponent grows only inside a row of its own
TALL_BASE = re.compile(r"(<m(?:sup|sub|subsup)>)(<mo [^>]*minsize[^>]*>[^<]*</mo>)")
OVERLINE = "\u0332", "\u203e"  # of the two the second one stretches evenly in every browser
CLASS = "math notranslate nohighlight"
APPLY = "&ApplyFunction;", "\u2061"  # the one entity that XML does not know
TAG = re.compile(r"<[^>]*>")
KNOWN = {*map(chr, math_font.unicodes()), "\ufe00", "\n"}
RAISED = str.maketrans("0123456789+-−niNdk′″†", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿⁱᴺᵈᵏ′″†")
LOWERED = str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
SPACED = re.compile(r"\s*([=<>≤≥≪≫≲≳∼≃≈≠∝→×±])\s*")
UNSEEN = re.compile(r"[\u2061\u2062\ufe00]")
IDLE = re.compile(r" +(?![\w√(\[⟨|])")
EXPONENT = re.compile(r"\^(\{[^{}]*\}|\w)")
SHORT = 24  # characters of a formula in plain text


@cache
def mathml(latex, display=False):
    """MathML of a formula.

    Parameters
    ----------
    latex : str
    display : bool
        Whether the formula stands by itself.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        For LaTeX that is not understood, and for a character that the font lacks.
    """
    latex = latex.strip()
    try:
        plain = ROW_GAP.sub(r"\\\\", latex)
        found = CONVERTER.convert_with_local_state(plain, displaystyle=display)
    except LatexError as error:
        raise ValueError(str(error)) from None
    found = TALL_BASE.sub(r"\1<mrow>\2</mrow>", found).replace(*OVERLINE).replace(*APPLY)
    if missing := sorted(set(TAG.sub("", found)) - KNOWN):
        raise ValueError(f"not in the font of the formulas, see math_font.py: {missing}")
    return found.replace("<math", f'<math data-tex="{escape(latex)}"', 1)


def text(latex):
    """A short formula as plain text, for tips, excerpts and names: 10³ and √(1 − m²).

    Parameters
    ----------
    latex : str

    Returns
    -------
    str
        An ellipsis for what is long or takes more than one line.
    """
    try:
        found = spelled(ET.fromstring(mathml(latex)))
    except ValueError:
        return "…"
    found = SPACED.sub(r" \1 ", IDLE.sub("", UNSEEN.sub("", found))).strip()
    return found if 0 < len(found) <= SHORT else "…"


def spelled(node):
    """Characters of MathML, with signs for what is drawn; fails for what takes several lines."""
    parts = list(map(spelled, node))
    match node.tag:
        case "msup":
            return parts[0] + raised(parts[1])
        case "msub":
            return parts[0] + shifted(parts[1], LOWERED, "_")
        case "msubsup":
            return parts[0] + shifted(parts[1], LOWERED, "_") + raised(parts[2])
        case "mfrac":
            return "/".join(map(grouped, parts)) + " "
        case "msqrt":
            return "√" + grouped("".join(parts))
        case "mtable" | "mover" | "munder" | "munderover" | "mroot" | "mmultiscripts":
            raise ValueError("no text of one line")
    name = (node.text or "").strip()
    return name + (" " if len(name) > 1 and node.tag == "mi" else "") + "".join(parts)


def grouped(part):
    """A part that stays together in one line: in brackets, unless it is a number or one sign."""
    return part if re.fullmatch(r"\d+|.|", part := part.strip()) else f"({part})"


def shifted(part, signs, mark):
    """An index in small signs, or behind a mark where these lack one."""
    if all(ord(sign) in signs for sign in part):
        return part.translate(signs)
    return mark + (part.strip() if part.strip().isalpha() else grouped(part))


def raised(part):
    return shifted(part, RAISED, "^")


def raise_exponents(title):
    """A title whose formulas Sphinx took as they were typed, with its exponents raised."""
    return EXPONENT.sub(lambda found: raised(found[1].strip("{}")), title)


def name_labels(app, env):
    """A reference to a section shows its title as text."""
    labels = env.get_domain("std").labels
    for name, (page, anchor, title) in labels.items():
        if "^" in title:
            labels[name] = page, anchor, raise_exponents(title)


def put(translator, node, display):
    """Append the MathML of a node, or say what is wrong with it."""
    try:
        translator.body.append(mathml(node.astext(), display))
    except ValueError as error:
        message = "formula %r: %s"
        logging.getLogger(__name__).warning(message, node.astext(), error, location=node)


def visit_inline(translator, node):
    translator.body.append(translator.starttag(node, "span", "", CLASS=CLASS))
    put(translator, node, display=False)
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_block(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS=CLASS))
    put(translator, node, display=True)
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def write_font(app, config):
    folder = Path(app.srcdir, "_build", "formulas")
    folder.mkdir(parents=True, exist_ok=True)
    data = base64.b64encode(math_font.PATH.read_bytes()).decode()
    (folder / "math-font.css").write_text(FACE.format(name=math_font.NAME, data=data), "utf-8")
    config.html_static_path.append("_build/formulas")


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("config-inited", write_font)
    app.connect("env-updated", name_labels)
    app.add_css_file("math-font.css")
    app.add_css_file("formulas.css")
    app.add_js_file("formulas.js")
