"""The numeric exercises as a question bank for Moodle: `moodle.xml`.

Each question has the right answer with its tolerance, and what known mistakes give, with the advice
that `exercises.check` would print. The answers stand in the file, so it is for lecturers.
"""

import functools
import re
import xml.etree.ElementTree as ET
from html import escape

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from .. import exercises
from .documents import unlinked
from .grading import CHECK, EXERCISE, exercises_of
from .grading import answer as right

STATED = re.compile(r"\*\*Exercise[^\n]*\*\*\n+(.*?)(?=\n<details>|\n\*\*|\Z)", re.DOTALL)
SET_UP = re.compile(r"(?m)^\*\*Set-up\.\*\* (.+)$")  # what a chapter says once for all exercises
ROLE, PLAIN = re.compile(r"\{[\w:-]+\}`([^`<]*?)(?: ?<[^>]*>)?`"), r"\1"  # a role, and its words


def html(text):
    r"""Markdown as HTML, with formulas between `\(` and `\)`, which Moodle typesets."""

    def formula(content, about):
        content = escape(content, quote=False)
        return rf"\[{content}\]" if about["display_mode"] else rf"\({content}\)"

    parser = MarkdownIt().use(dollarmath_plugin, renderer=formula)
    return parser.render(text).strip()


def set_up(notebook, texts):
    """What a chapter says once for all of its exercises; in a bank, each question repeats it."""
    cells = exercises_of(notebook.cells)[0][1]
    said = "\n".join(texts.get(cell.id, cell.source) for cell in cells)
    return "".join(f"{ROLE.sub(PLAIN, unlinked(each))}\n\n" for each in SET_UP.findall(said))


def questions(notebook, texts, variant=None):
    """Yield id, title and text of each exercise of a chapter that asks for a number.

    Parameters
    ----------
    notebook, texts, variant
        As for `lmgbook.bookkit.grading.assignment`.
    """
    before = set_up(notebook, texts)
    for problem, group in exercises_of(notebook.cells)[1:]:
        stated = next(c for c in group if c.cell_type == "markdown" and "{exercise}" in c.source)
        live = STATED.search(texts.get(stated.id, ""))
        text = live[1] if live else EXERCISE.search(stated.source)[3]
        for cell in group:
            if cell.cell_type == "code" and (found := CHECK.search(cell.source)):
                given = exercises.parameters(found[1], variant)
                numbers = f"\n\nHere {given}." if given else ""
                plain = before + ROLE.sub(PLAIN, unlinked(text))
                asked = plain.replace("The check wants", "Enter")
                yield found[1], problem.title, asked + numbers


@functools.cache
def key(name, variant=None):
    """Answer of an exercise, its width, and pairs of what a mistake gives and the advice."""
    problem = exercises.find(name)
    numbers = problem.numbers(variant)
    target = right(name, variant)
    width = 0.0 if problem.exact else problem.tolerance * abs(target)
    mistakes = [(float(value), advice) for value, advice in problem.mistakes(**numbers)]
    return target, width, [each for each in mistakes if abs(each[0] - target) > 2 * width]


def element(parent, tag, text=None, **attributes):
    """Append an element; with a text it gets Moodle's inner `<text>`."""
    node = ET.SubElement(parent, tag, attributes)
    if text is not None:
        ET.SubElement(node, "text").text = text
    return node


def question(quiz, name, title, text, variant=None):
    """Append one numeric question to a quiz."""
    target, width, mistakes = key(name, variant)
    node = element(quiz, "question", type="numerical")
    element(node, "name", f"{title} ({name})")
    element(node, "questiontext", html(text), format="html")
    ET.SubElement(node, "defaultgrade").text = "1"
    answer(node, target, width, "Correct.", fraction="100")
    for value, advice in mistakes:
        answer(node, value, width / 2, advice, fraction="0")


def answer(node, value, width, feedback, fraction):
    """Append an answer; Moodle takes the first that fits."""
    part = ET.SubElement(node, "answer", fraction=fraction, format="moodle_auto_format")
    ET.SubElement(part, "text").text = f"{value:.10g}"
    element(part, "feedback", html(feedback), format="html")
    ET.SubElement(part, "tolerance").text = f"{width:.3g}"


def bank(notebooks, variant=None):
    """Return the question bank of all chapters, a category for each.

    Parameters
    ----------
    notebooks, variant
        As for `lmgbook.bookkit.grading.files`.

    Returns
    -------
    str
        Moodle XML.
    """
    quiz = ET.Element("quiz")
    for chapter, (notebook, _, texts) in notebooks.items():
        node = element(quiz, "question", type="category")
        element(node, "category", f"$course$/lmgbook/{chapter}")
        for name, title, text in questions(notebook, texts, variant):
            question(quiz, name, title, text, variant)
    ET.indent(quiz)
    return ET.tostring(quiz, encoding="unicode", xml_declaration=True) + "\n"
