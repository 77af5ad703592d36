import datetime
import decimal
import fractions
import functools
import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
import yaml
from book_files import BOOK, NOTEBOOKS, ROOT, calls, code_cells, parse, read, tags
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient
from own_kernels import OwnLiveKernel

from lmgbook import _judging, exercises

IDS = exercises.ids()
SHEETS = [path for path in NOTEBOOKS if path.stem == "exercises"]
each = pytest.mark.parametrize("exercise_id", IDS)


def answer_of(exercise_id):
    return float(steps(exercise_id)[0])


def said(capsys, exercise_id, answer, **more):
    verdict = exercises.check(exercise_id, answer, **more)
    return verdict, capsys.readouterr().out


@functools.cache
def steps(exercise_id):
    return list(exercises.find(exercise_id).steps(**exercises.parameters(exercise_id)))


def judged(exercise_id, answer):
    """Verdict and message, as of `check`, without computing everything again."""
    problem = exercises.find(exercise_id)
    return _judging.judge(answer, iter(steps(exercise_id)), problem.tolerance, problem.exact)


def rounded(number, digits):
    return float(f"{number:.{digits}g}")


# --- right --------------------------------------------------------------------------------------


@each
def test_the_answer_is_right(exercise_id, capsys):
    answer = answer_of(exercise_id)
    assert said(capsys, exercise_id, answer, strict=True) == (True, f"{exercise_id}: correct.\n")
    alike = np.float64(answer), np.array([answer]), [[answer]], complex(answer, 0)
    for number in (*alike, fractions.Fraction(answer), decimal.Decimal(answer)):
        assert judged(exercise_id, number) == (True, "correct.")


# where a known mistake begins with the same digits, one more has to be given
ALIKE = {
    2: {
        "foundations.parity_gap",
        "slow_quenches.critical_exponent",
        "leggett_garg.jump_off",
        "leggett_garg.best_state",
    },
    3: {"leggett_garg.best_state"},
}


@pytest.mark.parametrize("digits", [2, 3, 4])
@each
def test_the_rounded_answer_is_right(exercise_id, digits):
    answer = answer_of(exercise_id)
    verdict, text = judged(exercise_id, rounded(answer, digits))
    if exercise_id in ALIKE.get(digits, ()):
        assert verdict is False and "one more digit, please" in text
    elif exercises.find(exercise_id).exact and rounded(answer, digits) != answer:
        assert verdict is False and "every unit matters" in text
    else:
        assert verdict is True


@each
def test_single_precision_is_enough(exercise_id):
    assert judged(exercise_id, np.float32(answer_of(exercise_id)))[0] is True


def known_answers():
    """Numbers worked out independently of the package; they stand beside each chapter's tests."""
    for path in sorted(ROOT.glob("tests/*/known_answers.yml")):
        for exercise_id, value in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            assert exercise_id.startswith(f"{path.parent.name}.")
            for entry in value if isinstance(value, list) else [{"answer": value}]:
                yield exercise_id, entry.pop("answer"), entry


KNOWN = list(known_answers())


@pytest.mark.parametrize(("exercise_id", "value", "numbers"), KNOWN)
def test_answers_are_those_of_the_reference(exercise_id, value, numbers):
    assert exercises.find(exercise_id).answer(**numbers) == pytest.approx(value, rel=1e-3)


def test_each_answer_has_a_reference():
    assert {exercise_id for exercise_id, _, numbers in KNOWN if not numbers} == set(IDS)


# --- wrong --------------------------------------------------------------------------------------


@each
def test_a_wrong_answer_is_not_told_the_right_one(exercise_id):
    answer = answer_of(exercise_id)
    for wrong in (answer * 1.05, answer * 17.3, -answer, answer * 2, 1 / answer, answer * 100):
        verdict, text = judged(exercise_id, wrong)
        assert verdict is False and "not yet" in text
        for digits in (2, 3, 4, 6):
            assert f"{answer:.{digits}f}" not in text


@each
def test_a_known_mistake_is_explained(exercise_id):
    for mistake, explanation in steps(exercise_id)[1:]:
        verdict, text = judged(exercise_id, mistake)
        assert verdict is False
        assert explanation in text


@pytest.mark.parametrize("digits", [2, 3, 4])
@each
def test_a_rounded_mistake_is_explained(exercise_id, digits):
    mistakes = steps(exercise_id)[1:]
    for mistake, explanation in mistakes:
        number = rounded(mistake, digits)
        verdict, text = judged(exercise_id, number)
        assert verdict is False
        alike = {why for other, why in mistakes if rounded(other, digits) == number}
        near = {why for other, why in mistakes if abs(other - number) < abs(mistake - number)}
        assert explanation in text or any(why in text for why in alike | near) or "digit" in text


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("ensembles.multiplets", 280),
        ("ensembles.multiplets", 276),
        ("ensembles.multiplets", 275.5),
        ("leggett_garg.colder", 548),
        ("leggett_garg.colder", 551),
        ("leggett_garg.colder", 550.9),
        ("leggett_garg.histories", 8.0001),
        ("leggett_garg.best_state", 1.3),  # the ground state, rounded
        ("leggett_garg.best_state", 1.34),  # the stationary combination, rounded
        ("leggett_garg.jump_off", 0.12),  # the two-level estimate, rounded
        ("slow_quenches.critical_exponent", -0.33),
        ("slow_quenches.gap_half", 2),  # one digit is none
    ],
)
def test_what_looks_right_and_is_not(exercise_id, answer):
    assert exercises.check(exercise_id, answer) is False


def test_the_measured_slope_is_recognised(capsys):
    for slope in (-0.328, -0.3279, -0.32):
        verdict, text = said(capsys, "slow_quenches.critical_exponent", slope)
        assert verdict is False and "between two finite sizes" in text


QUESTIONS = {
    "sign": lambda a: (-a,),
    "factor of two": lambda a: (2 * a, a / 2),
    "factor pi": lambda a: (math.pi * a, a / math.pi),
    "whole turn": lambda a: (2 * math.pi * a, a / 2 / math.pi),
    "units": lambda a: (1000 * a, a / 1000),
    "percentage": lambda a: (100 * a, a / 100),
    "logarithm": lambda a: (math.log(10) * a, a / math.log(10)),
    "upside down": lambda a: (1 / a,),
    "square": lambda a: (a**2, abs(a) ** 0.5),
}


@pytest.mark.parametrize("kind", QUESTIONS)
@each
def test_common_slips_are_asked_about(exercise_id, kind):
    answer, mistakes = answer_of(exercise_id), dict(steps(exercise_id)[1:])
    for slip in QUESTIONS[kind](answer):
        for number in (slip, rounded(slip, 4)):
            verdict, text = judged(exercise_id, number)
            close = [why for mistake, why in mistakes.items() if abs(mistake / slip - 1) < 0.021]
            # another slip may give the same number
            same = [
                name
                for name, slips in QUESTIONS.items()
                if any(abs(each / slip - 1) < 0.021 for each in slips(answer))
            ]
            assert verdict is False
            assert any(words in text for words in close + same)


# --- no number ----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet(answer, capsys):
    assert said(capsys, IDS[0], answer) == (None, f"{IDS[0]}: not answered yet.\n")
    with pytest.raises(exercises.NotYet, match="not answered yet"):
        exercises.check(IDS[0], answer, strict=True)


class Metres:
    units = "metre"

    def __float__(self):
        return 1.0


class Stubborn:
    def __getattr__(self, name):
        raise RuntimeError("no")

    def __complex__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ("1.732", "Leave out the quotes"),
        ("1,5", "decimal point instead of the comma"),
        ((1, 732), "write a decimal point"),
        ("86 %", "divide by a hundred"),
        ("0.35±0.01", "without its error"),
        ("0.35+-0.01", "without its error"),
        ("0.35 +/- 0.01", "without its error"),
        ("sqrt(3)", "so that Python computes it"),
        ("half", "Hand over a single value"),
        (Metres(), "in the unit that is asked for"),
        (np.ma.masked, "masked"),
        (np.ma.array([1.7], mask=[True]), "masked"),
        *(
            (answer, "Hand over a single value, such as 0.5 or array[-1].")
            for answer in (
                [1, 2],
                ["1.732"],
                np.array("1.732"),
                np.array(["1.732"]),
                [True],
                1 + 2j,
                True,
                np.True_,
                {},
                {1.7},
                print,
                np.zeros(0),
                np.zeros((2, 2)),
                b"1.7",
                datetime.timedelta(seconds=1),
                np.timedelta64(1, "s"),
                [None],
            )
        ),
    ],
)
def test_what_is_no_number_gets_advice(answer, advice, capsys):
    verdict, text = said(capsys, IDS[0], answer)
    assert verdict is None
    assert f"expected one real number, got {type(answer).__name__}" in text
    assert advice in text
    with pytest.raises(AssertionError, match="expected one real number"):
        exercises.check(IDS[0], answer, strict=True)


def test_a_stubborn_object_does_not_crash():
    assert exercises.check(IDS[0], Stubborn()) is None


@pytest.mark.parametrize(
    "answer",
    [
        np.nan,
        np.inf,
        -math.inf,
        complex(1.732, math.nan),
        10**400,
        -(10**400),
        fractions.Fraction(10**400),
        decimal.Decimal("1e999"),
        decimal.Decimal("NaN"),
        np.array([np.nan]),
        [10**400],
    ],
)
def test_what_is_out_of_range_is_no_answer(answer, capsys):
    verdict, text = said(capsys, IDS[0], answer)
    assert verdict is None and "ran out of range" in text


def test_a_quantity_without_unit_is_a_number():
    quantity = type("Plain", (Metres,), {"units": "dimensionless"})()
    assert _judging.judge(quantity, iter([1.0]), 0.01) == (True, "correct.")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300)
    | st.floats()
    | st.complex_numbers()
    | st.fractions()
    | st.decimals()
    | st.text()
    | st.from_regex(r"-?[0-9]{1,3}[.,]?[0-9]{0,4} ?(%|e5|±0\.1|m)?")
    | st.binary()
    | st.timedeltas()
    | st.datetimes()
    | st.sampled_from(
        [..., print, np.ma.masked, np.True_, np.float32(1.7), np.datetime64("NaT", "s")]
    ),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.tuples(inside, inside)
        | st.dictionaries(st.text(max_size=2), inside, max_size=2)
        | st.lists(inside, max_size=2).map(lambda x: np.array(x, dtype=object))
    ),
    max_leaves=4,
)


@given(answer=ANYTHING)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_crashes(answer):
    verdict, message = _judging.judge(answer, iter([1.5, (0.75, "Half of it.")]), 0.01)
    assert verdict in (True, False, None)
    assert message.endswith((".", "?")) and "\n" not in message
    if verdict is True:
        assert 1.4 < complex(np.asarray(answer).item()).real < 1.6


@given(answer=st.floats(allow_nan=False, allow_infinity=False), target=st.floats(-1e6, 1e6))
def test_right_means_near(answer, target):
    verdict, _ = _judging.judge(answer, iter([target]), 0.01)
    assert (verdict is True) <= (abs(answer - target) <= 0.0501 * max(abs(answer), abs(target)))
    assert _judging.judge(target, iter([target]), 0.01)[0] is True


# --- parameters ---------------------------------------------------------------------------------

PARAMETRIC = [name for name in IDS if exercises.find(name).parameters]


def test_a_variant_is_the_same_for_everybody():
    assert exercises.parameters("slow_quenches.universal_n") == {"Lambda": 10}
    assert exercises.parameters("slow_quenches.universal_n", 1) == {"Lambda": 5}
    assert exercises.parameters("slow_quenches.universal_n", "Ada") == {"Lambda": 8}
    assert exercises.parameters("slow_quenches.fidelity_from_n", 7) == {}


@pytest.mark.parametrize("exercise_id", PARAMETRIC)
def test_variants_differ_from_the_printed_numbers(exercise_id):
    printed = exercises.parameters(exercise_id)
    seen = [exercises.parameters(exercise_id, variant) for variant in range(40)]
    assert all(numbers[name] != printed[name] for numbers in seen for name in printed)
    assert len({repr(numbers) for numbers in seen}) >= 3


@pytest.mark.parametrize("exercise_id", PARAMETRIC)
def test_answer_and_mistakes_follow_the_numbers(exercise_id):
    problem = exercises.find(exercise_id)
    numbers = exercises.parameters(exercise_id, variant=3)
    answer, *mistakes = list(problem.steps(**numbers))
    assert exercises.check(exercise_id, answer, variant=3) is True
    assert judged(exercise_id, answer)[0] is False
    for mistake, explanation in mistakes:
        assert abs(mistake - answer) > problem.tolerance * abs(answer)
        again = iter([answer, *mistakes])
        verdict, text = _judging.judge(mistake, again, problem.tolerance, problem.exact)
        assert verdict is False and explanation in text


def test_every_choice_can_be_told_from_its_mistakes():
    quick = set(PARAMETRIC) - {"glassy.enough_spins", "glassy.jackknife", "reactions.patience"}
    for exercise_id in quick:
        problem = exercises.find(exercise_id)
        for choice in itertools.product(*problem.parameters.values()):
            numbers = dict(zip(problem.parameters, choice, strict=True))
            answer = problem.answer(**numbers)
            for mistake, _ in problem.mistakes(**numbers):
                assert abs(mistake - answer) > problem.tolerance * abs(answer), (
                    exercise_id,
                    numbers,
                )


def test_numbers_of_your_own(capsys):
    assert said(capsys, "slow_quenches.universal_n", 2.074, Lambda=13)[0] is True
    assert repr(exercises.Numbers(Lambda=12.0, error=0.0005)) == "Lambda = 12, error = 0.0005"


@pytest.mark.parametrize(
    ("exercise_id", "numbers", "error", "message"),
    [
        ("slow_quenches.gap_half", {"k": 1}, TypeError, "no parameter 'k'; it has h"),
        ("slow_quenches.fidelity_from_n", {"h": 1}, TypeError, "'h'; it has none"),
        ("slow_quenches.gap_half", {"h": 1.2}, ValueError, r"h = 1.2: must be in \[0.4, 0.8\]"),
        ("slow_quenches.gap_half", {"h": math.nan}, ValueError, "a finite number"),
        ("slow_quenches.gap_half", {"h": "0.5"}, ValueError, "a finite number"),
        ("ensembles.multiplets", {"S": 5}, ValueError, "S = 5: must be one of 2, 1, 3"),
        ("ensembles.multiplets", {"S": True}, ValueError, "a finite number"),
    ],
)
def test_parameters_that_do_not_exist(exercise_id, numbers, error, message):
    with pytest.raises(error, match=message):
        exercises.check(exercise_id, 1.0, **numbers)


@pytest.fixture
def scratch(monkeypatch):
    monkeypatch.setattr(exercises, "_exercises", {})
    monkeypatch.setattr(exercises, "_chapters", list)


def test_mistakes_are_computed_when_needed_only(scratch):
    @exercises.exercise("test.lazy", parameters={"x": 2.0})
    def lazy(x):
        yield x
        raise RuntimeError("not needed")

    assert exercises.check("test.lazy", 2.0) is True
    assert exercises.check("test.lazy", -7.5, x=-7.5) is True
    assert lazy.answer() == 2.0 and exercises.parameters("test.lazy", 3) == {"x": 2.0}
    with pytest.raises(RuntimeError, match="not needed"):
        exercises.check("test.lazy", 3.0)


# --- ids and rooms ------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["slow_quenches.gap_halve", "slow_quench.gap_half"])
def test_unknown_exercise_names_near_matches(wrong):
    with pytest.raises(KeyError, match="did you mean slow_quenches.gap_half"):
        exercises.check(wrong, 1.0)


@pytest.mark.parametrize("wrong", ["nothing", "", 7, None, "glassy", "ledger.x", ("a", 1)])
def test_odd_ids(wrong):
    with pytest.raises(KeyError, match="no exercise"):
        exercises.check(wrong, 1.0)


def test_a_chapter_is_loaded_when_asked_for():
    program = """
import sys, lmgbook
before = set(sys.modules)
from lmgbook import exercises
new = {name for name in set(sys.modules) - before if name.startswith("lmgbook.")}
assert new == {"lmgbook.exercises", "lmgbook._judging"}, new
exercises.check("slow_quenches.gap_half", 1.0)
rooms = {name for name in sys.modules if name.endswith(".exercises")}
assert rooms == {"lmgbook.exercises", "lmgbook.slow_quenches.exercises"}, rooms
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_ids_begin_with_their_chapter():
    for exercise_id in IDS:
        module = exercises.find(exercise_id).steps.__module__
        assert module == f"lmgbook.{exercise_id.partition('.')[0]}.exercises"


# --- the book -----------------------------------------------------------------------------------


def test_the_chapters_ask_what_can_be_checked():
    asked = {
        call.args[0].value
        for path in NOTEBOOKS
        for cell in code_cells(read(path))
        for call in calls(parse(cell.source), "exercises.check")
    }
    assert asked <= set(IDS)
    chapters = {path.parent.name for path in SHEETS}
    wanted = {each for each in IDS if each.partition(".")[0] in chapters}
    assert wanted <= asked, f"not asked anywhere in {BOOK.name}"


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.parent.name)
def test_numbers_stand_in_one_cell(path):
    """Each check follows the numbers of the cell that states them, and no text repeats them."""
    cells = code_cells(read(path))
    stated = {
        call.args[0].value
        for cell in cells
        for call in calls(parse(cell.source), "exercises.parameters")
    }
    checks = {
        call.args[0].value: {keyword.arg: keyword.value for keyword in call.keywords}
        for cell in cells
        for call in calls(parse(cell.source), "exercises.check")
    }
    assert stated == {each for each in checks if each in PARAMETRIC}
    for exercise_id, keywords in checks.items():
        assert list(keywords) == ([None] if exercise_id in stated else []), exercise_id


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.parent.name)
def test_the_solutions_follow_a_variant(path):
    """The notebook's solutions, a second route to each answer, with other numbers."""
    notebook, kept, waiting = read(path), [], []
    for cell in code_cells(notebook):
        if "variant = None" in cell.source:
            cell.source = cell.source.replace("variant = None", "variant = 5")
        if "solution" in tags(cell):
            waiting.append(cell)
        else:
            kept += [*waiting, cell] if "exercises.check(" in cell.source else [cell]
            waiting = []
    notebook.cells = kept
    NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": str(path.parent)}},
        kernel_manager_class=OwnLiveKernel,
    ).execute()
    text = "".join(output.get("text", "") for cell in kept for output in cell.outputs)
    asked = [cell for cell in kept if "exercises.check(" in cell.source]
    assert text.count(": correct.\n") == len(asked) > 0, text
    assert "not yet" not in text


def test_numbers_at_the_edge_of_the_range_are_judged():
    for number in (5e-324, 1e-310, 1e-300, 1e300, 1.7e308):
        assert _judging.judge(number, iter([number]), 0.01, False)[0]
        assert not _judging.judge(number, iter([0.3]), 0.01, False)[0]
