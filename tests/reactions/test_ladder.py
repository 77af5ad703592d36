"""One ladder: the law for either sign of k, and the amplitudes that leave a level."""

import re

import numpy as np
import pytest
from scipy.stats import binom

from lmgbook.reactions import ladder, single_channel, two_channel_total
from lmgbook.reactions.ladder import departures, ladder_law, ladder_sweep


@pytest.mark.parametrize("k", [0.7, 0.02, 0.0, -0.02, -0.11])
def test_the_law_is_what_the_sweep_does(k):
    found, error = ladder_sweep(7, 0.8, k, 1e-8)
    assert error < 1e-8
    assert abs(found - ladder_law(7, 0.8, k)).max() < 1e-8


def test_the_law_meets_those_of_the_chapter_and_of_independent_spins():
    s = 0.3
    for law, c in ((single_channel, 1), (two_channel_total, 2)):
        assert ladder_law(30, c * s, s) == pytest.approx(law(30, 1.0, 2 * np.pi / s), abs=1e-14)
    assert ladder_law(30, s, 0) == pytest.approx(binom.pmf(range(31), 30, -np.expm1(-s)), abs=1e-13)
    assert ladder_law(30, s, 1e-9) == pytest.approx(ladder_law(30, s, 0), abs=1e-7)
    assert ladder_law(0, s, s).tolist() == [1.0]


@pytest.mark.parametrize("k", [1.0, 1e-3, 0, -1e-3, -0.49e-3])
def test_the_law_sums_to_one_on_long_ladders(k):
    assert ladder_law(1000, 1.0, k).sum() == pytest.approx(1, abs=1e-9)


def test_couplings_must_be_positive():
    with pytest.raises(ValueError, match=re.escape("k = -0.5: must be > -a/(N - 1) = -0.5")):
        ladder_law(3, 1.0, -0.5)


@pytest.mark.parametrize("model", ladder.MODELS)
def test_departures_follow_the_adiabatic_estimate(model):
    after = departures(model, 2, 1024, [8.0, 16.0])
    assert after / (2 ** (-7 / 4) * np.array([8.0, 16.0]) ** -0.75) == pytest.approx(1, abs=0.2)
    before = departures(model, 2, 4096, [-16.0, -8.0])
    assert before / (2 ** (-7 / 2) * np.array([16.0, 8.0]) ** -1.5) == pytest.approx(1, abs=0.2)
    with pytest.raises(ValueError, match="all > 0 or all < 0"):
        departures(model, 2, 64, [-1.0, 1.0])


def test_departures_of_few_spins_stay_near_the_estimate():
    """Small enough for loops that are not compiled."""
    estimate = 2 ** (-7 / 4) * 4**-0.75
    assert departures("magnet", 2, 128, [4.0]) / estimate == pytest.approx(1, abs=0.5)


def test_the_table_says_where_it_comes_from():
    table = ladder.load()
    assert {"command", "date", "code", "versions"} <= set(table["provenance"])
    cases = [(row["model"], row["lam"], row["N"]) for row in table["rows"]]
    assert cases == [(model, *case) for model in ladder.MODELS for case in ladder.CASES]
    assert ladder.FILE.stat().st_size < 30_000


@pytest.mark.weekly
def test_the_whole_table_computed_anew():
    for old in ladder.load()["rows"]:
        new = ladder.row(old["model"], old["lam"], old["N"])
        assert new["amplitudes"] == pytest.approx(old["amplitudes"], abs=1e-5)
