"""The page judges an answer as a notebook does, for every exercise and all kinds of numbers."""

import math
import re

import pytest

from lmgbook import exercises
from lmgbook._judging import judge
from lmgbook.bookkit import answers

pytestmark = pytest.mark.browser
CHAPTERS = sorted({name.partition(".")[0] for name in exercises.ids()})


def numbers(key):
    """Right and wrong, rounded and not."""
    target, values = key["target"], []
    for value in (target, *(value for value, _ in key["mistakes"])):
        values += [value, value * (1 + 1e-10), value + 1, value - 1]
        values += [float(f"{value:.{digits}e}") for digits in range(5)]
    for factor in (-1, 2, 0.5, math.pi, 2 * math.pi, 1e3, 1e-3, 100, 0.01, math.log(10), 1.37, 0):
        values += [factor * target, float(f"{factor * target:.2e}")]
    values += [target**2, math.sqrt(abs(target)), 1 / target if target else 1.0, 1e300, -1e-300]
    return [float(f"{value:.15g}") for value in values if math.isfinite(value)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_check_of_a_chapter(browser, site, chapter):
    page = browser.new_page()
    page.goto(f"{site}/book/{chapter}/exercises.html")
    forms = page.locator("form.answer")
    shown = [forms.nth(i).get_attribute("data-id") for i in range(forms.count())]
    assert sorted(shown) == sorted(n for n in exercises.ids() if n.startswith(f"{chapter}."))
    for position, name in enumerate(shown):
        key = answers.key(name)
        values = numbers(key)
        said = page.evaluate(
            "([i, texts]) => { const form = document.querySelectorAll('form.answer')[i];"
            " const key = unveil(form.dataset.answer); return texts.map(t => verdict(t, key)); }",
            [position, [repr(value) for value in values]],
        )
        for value, (right, message) in zip(values, said, strict=True):
            steps = iter([key["target"], *map(tuple, key["mistakes"])])
            expected = judge(value, steps, key["tolerance"], key["exact"])
            assert (right, message) == expected, (name, value)
    page.close()


def test_typing_a_number(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/book/slow_quenches/exercises.html")
    form = page.locator("form.answer").first
    answer = exercises.find(form.get_attribute("data-id")).answer()
    for text, begin in (
        (f"{answer:.4f}", "correct."),
        (f"-{answer:.4f}", "not yet: check the sign."),
        ("1,5", "write a decimal point"),
        ("", "not answered yet."),
        ("half", "type one number"),
    ):
        form.get_by_role("textbox").fill(text)
        form.get_by_role("textbox").press("Enter")
        assert form.locator("output").inner_text().startswith(begin)
    assert page.url.endswith("exercises.html"), "nothing is sent"
    page.close()


def test_nobody_reads_correct_before_answering(html):
    """The notebook's own check of its solution is folded together with it."""
    for chapter in CHAPTERS:
        page = (html / "book" / chapter / "exercises.html").read_text("utf-8")
        printed = page.count(": correct.")
        seen = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
        assert printed >= page.count('class="answer"') > 0
        assert ": correct." not in seen, chapter


def test_answers_are_not_readable_in_the_page(html):
    for chapter in CHAPTERS:
        text = (html / "book" / chapter / "exercises.html").read_text("utf-8")
        for form in text.split('data-answer="')[1:]:
            assert "target" not in form.partition('"')[0]
