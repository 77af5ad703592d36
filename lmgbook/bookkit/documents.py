"""Pages for paper and for the projector: Markdown as one HTML file that needs nothing else.

No script, no font and no picture is fetched: formulas become MathML, as on the pages, which
browsers show by themselves and read aloud.
"""

import base64
import functools
import re
from html import escape

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from . import formulas, math_font
from .grading import FOLDED, LINK_TEXT

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{font}
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""
TEXT = """\
body { color: #1b1b1b; font-family: system-ui, sans-serif; line-height: 1.45; margin: 0 auto;
  max-width: 52rem; padding: 1rem; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-bottom: 0.3em; } h3 { font-size: 1em; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ccc; padding: 0.15em 0.4em; text-align: left;
  vertical-align: top; }
math { font-size: 1.05em; }
@page { margin: 15mm; size: A4; }
@media print { body { font-size: 9.5pt; max-width: none; padding: 0; } tr { break-inside: avoid; } }
"""
# without a font for formulas of its own, a system without one sets exponents a line too high
FONT = """\
@font-face {{ font-family: "{name}"; src: url(data:font/woff2;base64,{data}) format("woff2"); }}
math {{ font-family: "{name}", math; }}"""
# the plan of a chapter fits on one sheet, in two columns
SHEET = """\
@page { margin: 10mm 11mm; size: A4; }
body { color: #1b1b1b; column-gap: 6mm; columns: 2; font: 8.8pt/1.27 system-ui, sans-serif;
  margin: 0 auto; max-width: 190mm; }
h1 { column-span: all; font-size: 14pt; margin: 0 0 2mm; }
h2 { break-after: avoid; font-size: 9.5pt; margin: 2mm 0 0.5mm; }
p, ul { margin: 0.6mm 0; } ul { padding-left: 3.5mm; } li { margin: 0.4mm 0; }
table { border-collapse: collapse; } td { padding: 0.2mm 1mm; vertical-align: top; }
th { display: none; } td:first-child { text-align: right; }
"""
# a link to a notebook, or to a cell of the same one
_INSIDE = re.compile(rf"{LINK_TEXT}\((?:#|[\w./]*\.ipynb)[^)]*\)")
_NUMBER = re.compile(r"\\tag\{[^}]*\}")
# what only a script of the pages reads
_LATEX = re.compile(r' data-tex="[^"]*"')
MATHML = "http://www.w3.org/1998/Math/MathML"


def mathml(formula, block=False):
    """A formula in LaTeX as MathML in XHTML; what is not understood stays as it is, as code."""
    try:
        found = formulas.mathml(_NUMBER.sub("", formula), block)
    except ValueError:
        return f"<code>{escape(formula)}</code>"
    return _LATEX.sub(f' xmlns="{MATHML}"', found, count=1)


def _formula(content, about):
    return mathml(content, about["display_mode"])


_PARSER = MarkdownIt("commonmark", {"xhtmlOut": True}).enable("table")
_PARSER.use(dollarmath_plugin, renderer=_formula)


def html(text):
    """Markdown with formulas as XHTML."""
    return _PARSER.render(text).strip()


def inline(text):
    """A line of Markdown with formulas, without a paragraph around it."""
    return _PARSER.renderInline(text).strip()


def unlinked(text):
    """Text of a live notebook without links into notebooks, and without folded parts."""
    return _INSIDE.sub(r"\1", FOLDED.sub("", text)).strip()


@functools.cache
def font():
    """The font of the book's formulas, in a style sheet."""
    data = base64.b64encode(math_font.PATH.read_bytes()).decode()
    return FONT.format(name=math_font.NAME, data=data)


def page(title, body, style=TEXT):
    """A whole page, from its body in HTML."""
    return PAGE.format(title=escape(title), font=font(), style=style.strip(), body=body)
