"""The paper-size table of stretch powers: complete, repeatable, made by a command that resumes."""

import json
import shutil
from datetime import date

import numpy as np
import pytest
from bad_input import check_is_named

from lmgbook.glassy import table as gt

SMALL = (gt.Part(3, 10, 30, 16, gt.QUANTITIES, 4), gt.Part(1, 4, 9, 16, gt.QUANTITIES[1:], 1))


@pytest.fixture(scope="module")
def table():
    return gt.load()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(gt, "BOOTSTRAP", 2)
    monkeypatch.setattr(gt, "TIMES", np.geomspace(1e-2, 10, 12))
    monkeypatch.setattr(gt, "TABLE_I", SMALL)


# ---------------------------------------------------------------- the table of the book


def test_the_table_is_complete_and_small(table):
    rows = table.rows
    for part in gt.TABLE_I:
        for alpha in range(part.d, 11):
            for quantity in part.quantities:
                for shape in ("ball", "torus"):
                    chosen = rows[
                        (rows.d == part.d)
                        & (rows.alpha == alpha)
                        & (rows.quantity == quantity)
                        & (rows.cloud == shape)
                    ]
                    assert chosen.N.tolist() == part.sizes
                    assert np.all(chosen.realisations == part.realisations)
    assert len(rows) == 2 * 5 * (2 * 8 + 2 * 9 + 2 * 10)
    assert np.all(rows.error > 0) and np.all(rows.error_free > 0)
    assert len(table.powers) == 2 * len(rows) / 5
    assert gt.FILE.stat().st_size < 100_000


def test_the_table_says_where_it_comes_from(table):
    found = table.provenance
    assert {"command", "times", "fit", "parts", "versions", "date", "seconds"} <= set(found)
    assert set(found["sha256"]) == set(gt.CODE)
    assert [part["sizes"] for part in found["parts"]] == [part.sizes for part in gt.TABLE_I]
    assert found["bootstrap"] == gt.BOOTSTRAP


@pytest.mark.parametrize(
    "d, alpha, N, quantity, shape",
    [(3, 6, 100, "magnetization", "ball"), (2, 4, 50, "purity", "torus")],
)
def test_an_entry_computed_anew_equals_the_table(table, d, alpha, N, quantity, shape):
    rows = table.rows
    [row] = rows[
        (rows.d == d)
        & (rows.alpha == alpha)
        & (rows.N == N)
        & (rows.quantity == quantity)
        & (rows.cloud == shape)
    ]
    for name, value in gt.entry(d, alpha, N, quantity, shape).items():
        expected = row[name].item()
        assert value == (
            expected if isinstance(expected, str) else pytest.approx(expected, abs=2e-6)
        )


def test_rows_that_a_page_computes_anew(table):
    clouds = table.rows[(table.rows.N == 100) & (table.rows.d == 3) & (table.rows.alpha < 5)]
    chosen = [gt.of_the_day(clouds, 2, date.fromordinal(day)) for day in range(730_000, 730_040)]
    assert all(len(set(rows.tolist())) == 2 for rows in chosen)
    assert len({row for rows in chosen for row in rows.tolist()}) == len(clouds)
    again = gt.of_the_day(clouds, 2, date.fromordinal(730_003))
    assert np.array_equal(again, chosen[3]) and len(gt.of_the_day(clouds)) == 2
    assert np.all(gt.differences(again) < 1e-3)
    again.beta[1] += again.error[1]
    assert np.allclose(gt.differences(again), [0, 1], atol=1e-3)


@pytest.mark.weekly
def test_the_whole_table_computed_anew(table):
    rows = np.rec.fromrecords([tuple(row) for row in gt.compute()["rows"]], names=gt.ROW)
    for name in gt.ROW[:7]:
        assert np.array_equal(rows[name], table.rows[name])
    for beta, error in (("beta", "error"), ("beta_free", "error_free")):
        assert np.all(np.abs(rows[beta] - table.rows[beta]) < 0.1 * table.rows[error])


def test_the_powers_follow_from_the_rows(table):
    rows = [[value.item() for value in row] for row in table.rows]
    powers = gt._powers(rows)
    assert [power[:5] + power[7:] for power in powers] == [
        [power[name].item() for name in gt.POWER[:5] + gt.POWER[7:]] for power in table.powers
    ]
    for index, name in ((5, "p"), (6, "error")):
        assert [power[index] for power in powers] == pytest.approx(table.powers[name], abs=2e-4)


def test_beta_is_d_over_alpha_on_a_torus_and_smaller_in_a_ball(table):
    rows = table.rows[table.rows.N >= 200]
    deviation = rows.beta - rows.d / rows.alpha
    torus = rows.cloud == "torus"
    score = deviation[torus] / rows.error[torus]
    assert np.abs(score).max() < 5 and abs(score.mean()) < 0.5
    score = deviation[~torus] / rows.error[~torus]
    assert score.max() < 0 and score.mean() < -3


# ---------------------------------------------------------------- the power of a decay


def test_the_power_of_a_decay():
    N = np.array([100, 200, 400, 800])
    for sign in (1, -1):
        assert gt.decay_power(N, sign * 3 * N**-0.4) == pytest.approx((0.4, 0))
    error = np.full(4, 0.01)
    p, spread = gt.decay_power(N, 3 * N**-0.4, error)
    assert p == pytest.approx(0.4)
    rng = np.random.default_rng(1)
    repeats = [
        gt.decay_power(N, 3 * N**-0.4 + rng.normal(0, error), error, 10)[0] for _ in range(500)
    ]
    assert np.std(repeats) == pytest.approx(spread, rel=0.15)
    assert np.mean(repeats) == pytest.approx(0.4, abs=spread / 3)


# ---------------------------------------------------------------- the command


def test_the_command_goes_on_where_it_was_interrupted(quick, tmp_path, monkeypatch):
    computed, rows_of = [], gt._rows

    def interrupted(*cloud, **options):
        computed.append(cloud)
        if len(computed) == 8:
            raise KeyboardInterrupt
        return rows_of(*cloud, **options)

    monkeypatch.setattr(gt, "_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        gt.compute(SMALL, checkpoint=tmp_path)
    table = gt.compute(SMALL, checkpoint=tmp_path)
    assert len(computed) == 30 + 1
    assert table["rows"] == gt.compute(SMALL)["rows"]
    monkeypatch.setattr(gt, "code_hashes", lambda: {"glassy.py": "edited"})
    count = len(computed)
    gt.compute(SMALL, checkpoint=tmp_path)
    assert len(computed) == count + 30


def test_the_command_writes_what_load_reads(quick, tmp_path, capsys):
    files = [tmp_path / "new" / "serial.json", tmp_path / "joblib.json"]
    gt.main(["--output", str(files[0]), "--checkpoint", str(tmp_path / "kept")])
    shutil.rmtree(tmp_path / "kept")
    gt.main(["--output", str(files[1]), "--engine", "joblib", "--workers", "1"])
    first, second = map(gt.load, files)
    assert np.array_equal(first.rows, second.rows) and np.array_equal(first.powers, second.powers)
    assert first.rows.dtype.names == gt.ROW and first.powers.dtype.names == gt.POWER
    assert len(first.rows) == 2 * 5 * (2 * 2 + 1)
    assert json.loads(files[0].read_text())["provenance"]["sha256"] == gt.code_hashes()


def test_rows_do_not_depend_on_what_else_is_computed(quick):
    rows = gt.compute(SMALL[:1])["rows"]
    some = dict(zip(gt.ROW, rows[7], strict=True))
    cloud = [some[name] for name in ("d", "alpha", "N", "quantity", "cloud", "realisations")]
    assert gt.entry(*cloud) == some


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda: gt.entry(4, 6, 100), ValueError, ["d = 4", "1, 2, 3"]),
        (lambda: gt.entry(3, 6, 1), ValueError, ["N = 1", ">= 2"]),
        (lambda: gt.entry(3, -6, 10), ValueError, ["alpha = -6", "(0, 1000]"]),
        (lambda: gt.entry(3, 6, 100, "entropy"), ValueError, ["quantity = 'entropy'", "purity"]),
        (lambda: gt.entry(3, 6, 100, shape="cube"), ValueError, ["shape = 'cube'", "torus"]),
        (lambda: gt.decay_power([10, 20], [0.1]), ValueError, ["deviation", "(1,)"]),
        (lambda: gt.decay_power([10], [0.1]), ValueError, ["deviation", "(2,)"]),
        (lambda: gt.decay_power([10, 10], [0.1, 0.2]), ValueError, ["N", "differ"]),
        (lambda: gt.decay_power([10, 20], [0.1, 0]), ValueError, ["deviation", "zero"]),
        (lambda: gt.decay_power([0, 20], [0.1, 1]), ValueError, ["N", "> 0"]),
        (lambda: gt.decay_power([1, 2], [0.1, 1], [0, 1]), ValueError, ["error", "> 0"]),
        (lambda: gt.of_the_day(gt.load().rows, 1000), ValueError, ["count = 1000", "<= 540"]),
    ],
)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
