import numpy as np
import pytest
from book_files import BOOK, NOTEBOOKS, calls, code_cells, parse, read

from lmgbook import exercises, slow_quenches

IDS = exercises.ids()
MISTAKES = [
    (exercise_id, *mistake)
    for exercise_id in IDS
    for mistake in exercises._exercises[exercise_id].mistakes
]


def said(capsys, exercise_id, answer):
    verdict = exercises.check(exercise_id, answer)
    return verdict, capsys.readouterr().out


@pytest.mark.parametrize("exercise_id", IDS)
def test_the_answer_is_right_exact_and_rounded(exercise_id, capsys):
    answer = exercises._exercises[exercise_id].answer()
    for given in (
        answer,
        np.float32(answer),
        np.array([answer]),
        complex(answer, 0),
        round(answer, 3),
        float(f"{answer:.2g}"),
    ):
        verdict, text = said(capsys, exercise_id, given)
        assert verdict is True
        assert text == f"{exercise_id}: correct.\n"


@pytest.mark.parametrize("exercise_id", IDS)
def test_a_wrong_answer_is_not_told_the_right_one(exercise_id, capsys):
    answer = exercises._exercises[exercise_id].answer()
    for given in (answer * 1.05, answer * 17.3, -answer):
        verdict, text = said(capsys, exercise_id, given)
        assert verdict is False and "not yet" in text
        for digits in (2, 3, 4, 6):
            assert f"{answer:.{digits}f}" not in text


@pytest.mark.parametrize(("exercise_id", "mistake", "explanation"), MISTAKES)
def test_a_known_mistake_is_explained(exercise_id, mistake, explanation, capsys):
    verdict, text = said(capsys, exercise_id, mistake())
    assert verdict is False
    assert explanation in text


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet(answer, capsys):
    assert said(capsys, IDS[0], answer) == (None, f"{IDS[0]}: not answered yet.\n")


@pytest.mark.parametrize("answer", ["1.73", [1, 2], 1 + 2j, True, {}, print, np.zeros(0)])
def test_what_is_no_number_gets_a_friendly_word(answer, capsys):
    verdict, text = said(capsys, IDS[0], answer)
    assert verdict is None
    assert f"expected one real number, got {type(answer).__name__}" in text


def test_nan_is_no_answer(capsys):
    verdict, text = said(capsys, IDS[0], np.nan)
    assert verdict is None and "divided by zero" in text


def test_a_wrong_sign_is_noticed(capsys):
    answer = slow_quenches.gap(0.5)
    assert "check the sign" in said(capsys, "slow_quenches.gap_half", -answer)[1]


def test_unknown_exercise_names_near_matches():
    with pytest.raises(KeyError, match="did you mean slow_quenches.gap_half"):
        exercises.check("slow_quenches.gap_halve", 1.0)


def test_answers_are_those_of_the_reference():
    """Numbers worked out independently of the package."""
    known = {
        "ensembles.multiplets": 275,
        "ensembles.critical_temperature": 1.2 / np.log(2),
        "ensembles.cold_line": 20 / 9,
        "ensembles.stronger": 1 / (1 - 16 * np.log(2) / 15),
        "ensembles.dent": 127.615,
        "ensembles.half": 16 / 3,
        "ensembles.skipped": 0.58295,
        "ensembles.contact": 2.95958,
        "glassy.triangle": np.arccos(2**-0.25) / 2,
        "glassy.beginning": 0.0482699,
        "glassy.expansion": 64,
        "glassy.lonely": 2 ** -((2 / np.pi) ** 0.5),
        "glassy.scatter": 0.585013,
        "glassy.fresnel": np.pi * np.log(2) ** 2,
        "glassy.clouds": 333_804,
        "glassy.parabola": 1.91916,
        "glassy.enough_spins": 3.967e6,
        "glassy.jackknife": 2.7825,
        "glassy.one_partner": 1.28160,
        "glassy.dipoles": 4 / 27**0.5,
        "slow_quenches.gap_half": 3**0.5,
        "slow_quenches.fidelity_from_n": 0.86027,
        "slow_quenches.kink_ratio": 0.5,
        "slow_quenches.critical_exponent": -1 / 3,
        "slow_quenches.universal_n": 1.38511,
        "slow_quenches.slow_enough": 3.83,
        "leggett_garg.longest_interval": np.pi / 2,
        "leggett_garg.histories": 8,
        "leggett_garg.damped": 2 * np.log(2) / np.pi,
        "leggett_garg.kelvin": 1.380649e-23 * 50e-9 / 6.62607015e-34 / 1e3,
        "leggett_garg.colder": 550,
        "leggett_garg.jump_off": 0.12449,
        "leggett_garg.tilt": 1.41758,
        "leggett_garg.leak": 0.0282154,
        "leggett_garg.best_state": 1.33769,
        "leggett_garg.four_looks": 0.256033,
        "reactions.half": 9.06472,
        "reactions.thermometer": 4.93261,
        "reactions.everything": 33280 / 59049,
        "reactions.coins": 119 / 64,
        "reactions.upstairs": 1.442695,
        "reactions.critical_ratio": 461.358,
        "reactions.spread": 341.020,
        "reactions.readout": 47.9603,
        "reactions.patience": 9.130,
        "reactions.fair": 1.73684e7,
    }
    for exercise_id, value in known.items():
        answer = exercises._exercises[exercise_id].answer()
        assert answer == pytest.approx(value, rel=1e-3)


def test_the_chapters_ask_what_can_be_checked():
    asked = {
        call.args[0].value
        for path in NOTEBOOKS
        for cell in code_cells(read(path))
        for call in calls(parse(cell.source), "exercises.check")
    }
    assert asked <= set(IDS)
    chapters = {path.parent.name for path in NOTEBOOKS if path.stem == "exercises"}
    wanted = {each for each in IDS if each.partition(".")[0] in chapters}
    assert wanted <= asked, f"not asked anywhere in {BOOK.name}"
