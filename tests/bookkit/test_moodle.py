"""The question bank for Moodle holds every numeric exercise, and accepts what `check` accepts."""

import re
import xml.etree.ElementTree as ET

import pytest
from course_parts import PARTS

from lmgbook import exercises
from lmgbook.bookkit import moodle

VARIANT = "xylophone"


@pytest.fixture(scope="module")
def quiz():
    return ET.fromstring(moodle.bank(PARTS, VARIANT))


def graded_by_moodle(question, value):
    """Fraction and feedback of the first answer that fits, as Moodle grades."""
    for answer in question.iter("answer"):
        if abs(value - float(answer.findtext("text"))) <= float(answer.findtext("tolerance")):
            return answer.get("fraction"), answer.findtext("feedback/text")
    return "0", ""


def test_every_numeric_exercise_is_there(quiz):
    names = [
        question.findtext("name/text").rpartition("(")[2].rstrip(")")
        for question in quiz.iter("question")
        if question.get("type") == "numerical"
    ]
    assert sorted(names) == sorted(exercises.ids())
    assert len([q for q in quiz if q.get("type") == "category"]) == len(PARTS)


def test_right_answers_and_known_mistakes(quiz, capsys):
    advised = 0
    for question in quiz.iter("question"):
        if question.get("type") != "numerical":
            continue
        name = question.findtext("name/text").rpartition("(")[2].rstrip(")")
        problem = exercises.find(name)
        numbers = problem.numbers(VARIANT)
        target = problem.answer(**numbers)
        assert graded_by_moodle(question, float(f"{target:.10g}"))[0] == "100", name
        assert graded_by_moodle(question, 1.7 * target + 0.3)[0] == "0"
        for value, _ in problem.mistakes(**numbers):
            fraction, feedback = graded_by_moodle(question, float(f"{float(value):.10g}"))
            if abs(value - target) > 2 * problem.tolerance * abs(target):
                assert fraction == "0", name
                advised += bool(feedback)
    assert advised > 100


def test_texts_are_finished(quiz):
    for question in quiz.iter("question"):
        text = question.findtext("questiontext/text") or ""
        for raw in ("{eq}", "{ref}", "{cite}", "$", "```", ".ipynb"):
            assert raw not in text, text
    given = [
        t for q in quiz.iter("question") if "Here " in (t := q.findtext("questiontext/text") or "")
    ]
    assert len(given) > 20


def test_questions_stand_alone(quiz):
    """In a bank there is no exercise above, and no paragraph that says what the letters mean."""
    texts = {
        question.findtext("name/text"): question.findtext("questiontext/text")
        for question in quiz.iter("question")
        if question.get("type") == "numerical"
    }
    for name, text in texts.items():
        for lost in ("warm-up", "exercise before", "The check", "in the page", "VARIANT", VARIANT):
            assert lost not in text, name
    known = {
        chapter: moodle.set_up(notebook, more) for chapter, (notebook, _, more) in PARTS.items()
    }
    assert {chapter for chapter, said in known.items() if said} == {
        "ensembles",
        "glassy",
        "leggett_garg",
        "reactions",
    }
    for name, text in texts.items():
        chapter = re.search(r"\((\w+)\.", name)[1]
        assert not known[chapter] or text.startswith(moodle.html(known[chapter])[:60]), name
    field = next(text for name, text in texts.items() if "ensembles.stronger" in name)
    assert "h=6/5" in field


def test_markdown_and_formulas():
    assert moodle.html("A *b* $x<1$.") == (
        r'<p>A <em>b</em> <span class="math inline">\(x&lt;1\)</span>.</p>'
    )
