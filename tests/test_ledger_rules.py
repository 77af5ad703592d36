"""What a verdict is: the rules that a judged claims file follows, and the logic of the verdicts."""

import json
import pathlib

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from lmgbook import ledger

GOOD = {
    "id": "paper.limit",
    "where": "Fig. 1",
    "statement": "It tends to a constant.",
    "printed": "0.35",
    "source": "text",
    "tolerance": "digits",
    "verdict": "reproduced",
    "evidence": "recomputed",
    "notebook": "paper/first",
}
FAULT = {"section": "sec-why", "fair": "Meant of slow ramps."}
CORRECTED = FAULT | {"verdict": "corrected", "kind": "formula", "should_be": "$x$"}
NOT_SUPPORTED = FAULT | {"verdict": "not supported", "kind": "conclusion"}
DOUBTFUL = CORRECTED | {
    "source": ledger.DOUBTFUL,
    "verdict": "open",
    "reason": "The published page.",
}


def claim(**changes):
    return {key: value for key, value in (GOOD | changes).items() if value is not None}


def read(folder, *claims, **top):
    content = {
        "paper": "someone2018",
        "title": "A title",
        "short": "AB",
        "about": "The published text.",
        "places": ["Fig. 1"],
        "highlights": [claims[0]["id"]],
        "claims": list(claims),
    } | top
    content = {key: value for key, value in content.items() if value is not None}
    (folder / "paper.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    ledger.validate(folder)
    return ledger.load_claims(folder)


def make(verdict="reproduced", target=0.35, tolerance=0.005, rule="digits", **other):
    """Return a claim, without a file."""
    other = {"id": "paper.limit", "evidence": "recomputed"} | other
    return ledger.Claim(
        where=("Fig. 1",),
        statement="",
        printed=f"{target}",
        verdict=verdict,
        target=target,
        tolerance=tolerance,
        rule=rule,
        root=other["id"],
        **other,
    )


# --- what a judged file must say ----------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"evidence": "identity", "tolerance": "identity", "printed": "1"},
        {"verdict": "conditional"} | FAULT,
        CORRECTED,
        NOT_SUPPORTED,
        DOUBTFUL,
        {"verdict": "open", "reason": "A run.", "tolerance": None, "evidence": None} | FAULT
        | {"notebook": None},
        {"tolerance": 0.01, "tolerance_reason": "The figure's line is as thick."},
        {"tolerance": {"word": "about"}, "printed": "about 0.35"},
        {"tolerance": "above"},
        {"source": "inferred"},
        {"if_false": "if it grew"},
        {"if_false": {"one": "if it grew", "two": "if it fell"}},
    ],
)  # fmt: skip
def test_what_the_rules_allow(tmp_path, changes):
    read(tmp_path, claim(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": None}, "'source' is a required property"),
        ({"source": "hearsay"}, "'hearsay' is not one of"),
        ({"evidence": None}, "'evidence' is a required property"),
        ({"tolerance": 0.01}, "'tolerance_reason' is a required property"),
        ({"tolerance": "1e-2"}, "'tolerance_reason' is a required property"),
        ({"tolerance": {"relative": 0.1}}, "'tolerance_reason' is a required property"),
        ({"printed": 0.35}, "0.35 is not of type 'string'"),
        ({"tolerance": {"word": "about"}}, "has the word 'about'"),
        (CORRECTED | {"fair": None}, "'fair' is a required property"),
        (CORRECTED | {"should_be": None}, "'should_be' is a required property"),
        (CORRECTED | {"kind": None}, "'kind' is a required property"),
        (CORRECTED | {"kind": "slip"}, "'slip' is not one of"),
        (CORRECTED | {"section": None}, "'section' is a required property"),
        (NOT_SUPPORTED | {"kind": None}, "'kind' is a required property"),
        (NOT_SUPPORTED | {"kind": "formula"}, "'conclusion' was expected"),
        ({"verdict": "conditional", "kind": "formula"} | FAULT, "False schema does not allow"),
        ({"kind": "formula"}, "False schema does not allow"),
        ({"fair": "Meant so."}, "False schema does not allow"),
        ({"source": ledger.DOUBTFUL}, "'open' was expected"),
        (CORRECTED | {"source": ledger.DOUBTFUL}, "'open' was expected"),
        (DOUBTFUL | {"kind": None}, "'kind' is a required property"),
        (DOUBTFUL | {"tolerance": None}, "'tolerance' is a required property"),
        (DOUBTFUL | {"reason": None}, "'reason' is a required property"),
        ({"if_false": {"one": "if it grew"}}, "is not valid under any of the given schemas"),
    ],
)
def test_what_the_rules_forbid(tmp_path, changes, message):
    with pytest.raises(ledger.LedgerError, match="paper.yml, claim paper.limit.*") as error:
        read(tmp_path, claim(**changes))
    assert message in str(error.value)


@pytest.mark.parametrize("key", ["short", "about", "places", "highlights"])
def test_a_judged_file_says_what_it_rests_on(tmp_path, key):
    with pytest.raises(ledger.LedgerError, match=f"'{key}' is a required property"):
        read(tmp_path, claim(), **{key: None})


def test_rows_of_one_slip_share_a_root_and_what_it_says(tmp_path):
    rows = [
        claim(**CORRECTED),
        claim(id="paper.again", root="paper.limit", verdict="not supported", section="sec"),
        claim(id="paper.when", root="paper.limit", verdict="conditional", section="sec"),
    ]
    claims = read(tmp_path, *rows)
    assert [claim.is_root for claim in claims.values()] == [True, False, False]
    again = claims["paper.again"]
    assert (again.kind, again.should_be, again.fair) == ("formula", "$x$", "Meant of slow ramps.")
    assert claims["paper.when"].kind == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"root": "paper.nothing"}, "root 'paper.nothing' must be the id of a row"),
        ({"root": "paper.again"}, "must be the id of a row that is its own root"),
        ({"root": "paper.good"}, "a row that holds shares no root"),
    ],
)
def test_a_root_is_a_row_that_does_not_hold(tmp_path, changes, message):
    again = claim(id="paper.again", root="paper.first", verdict="conditional", section="sec")
    first = claim(**CORRECTED | {"id": "paper.first"})
    with pytest.raises(ledger.LedgerError, match=message):
        read(tmp_path, first, again, claim(id="paper.good"), claim(**CORRECTED | changes))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, {}),
        ("if it grew", {"": "if it grew"}),
        ({"a": "if it grew", "b": "if not"}, {"a": "if it grew", "b": "if not"}),
    ],
)
def test_what_is_rejected_has_words_by_its_label(tmp_path, told, words):
    assert read(tmp_path, claim(if_false=told))["paper.limit"].if_false == words


def test_places_are_counted_out(tmp_path):
    read(tmp_path, claim(), places=["Eq. 9 to 11", "Fig. 2", "Eq. 12a"])
    (paper,) = ledger.load_papers(tmp_path)
    assert paper.places == ("Eq. 9", "Eq. 10", "Eq. 11", "Fig. 2", "Eq. 12a")


def test_the_schema_knows_the_words_and_verdicts_of_the_code():
    path = pathlib.Path(ledger.__file__).with_name("claims.schema.json")
    schema = json.loads(path.read_text(encoding="utf-8"))
    keys = schema["$defs"]["claim"]["properties"]
    assert keys["tolerance"]["anyOf"][2]["properties"]["word"]["enum"] == list(ledger.WORDS)
    assert keys["verdict"]["enum"] == list(ledger.VERDICTS)
    assert keys["kind"]["enum"] == list(ledger.KINDS)
    assert ledger.DOUBTFUL in keys["source"]["enum"]


# --- where a tolerance comes from ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "tolerance", "target", "width", "rule"),
    [
        ("0.350", "digits", 0.35, 0.0005, "digits"),
        ("8.8", "digits", 8.8, 0.05, "digits"),
        ("370", "digits", 370, 0.5, "digits"),
        ("-1.5e-3", "digits", -0.0015, 0.00005, "digits"),
        ("2e4", "digits", 2e4, 5e3, "digits"),
        ("about 0.8", "digits", 0.8, 0.05, "digits"),
        ("≈ 0.8", {"word": "≈"}, 0.8, 0.16, "≈"),
        ("about -5", {"word": "about"}, -5, 1, "about"),
        ("0", {"word": "negligible"}, 0, 0.05, "negligible"),
        ("-2550", "identity", -2550, 2.55e-6, "identity"),
        ("0", "identity", 0, 1e-9, "identity"),
        ("0.8", "above", 0.8, 0, "above"),
        ("0.8", {"relative": "1e-2"}, 0.8, 0.008, "number"),
        ("1e-3", "1e-4", 1e-3, 1e-4, "number"),
    ],
)
def test_tolerance_by_rule(tmp_path, printed, tolerance, target, width, rule):
    found = read(
        tmp_path,
        claim(printed=printed, tolerance=tolerance, tolerance_reason="So.", statement="negligible"),
    )["paper.limit"]
    assert (found.target, found.rule) == (target, rule)
    assert found.tolerance == pytest.approx(width, rel=1e-12)


@given(st.decimals(min_value="0.001", max_value="9999", places=3), st.integers(0, 3))
def test_what_rounds_to_the_printed_number_is_within_half_a_digit(value, places):
    printed = f"{value:.{places}f}"
    width = ledger._half_a_digit(printed)
    assert abs(float(value) - float(printed)) <= width * (1 + 1e-9)
    assert f"{float(printed) + 0.99 * width:.{places}f}" == printed
    assert f"{float(printed) + 1.01 * width:.{places}f}" != printed


# --- the logic of the verdicts ------------------------------------------------------------------

NUMBERS = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
WIDTHS = st.floats(1e-3, 10).map(lambda x: round(x, 3))
ERRORS = st.floats(0, 1).map(lambda x: round(x, 3))


def passes(claim, value, error=0.0, **other):
    """Whether a check with these numbers goes through; None if it is refused as no check at all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "load_claims", lambda: {claim.id: claim})
        patch.setattr(ledger, "_recorded", {})
        patch.setattr("builtins.print", lambda *args: None)
        try:
            ledger.check(claim.id, value, error=error, **other)
        except ledger.Contradiction:
            assert ledger._recorded == {}
            return False
        except ledger.LedgerError as fault:
            assert "say what the check rejects" in str(fault)
            return None
        return True


@given(NUMBERS, st.floats(-2, 2), WIDTHS, ERRORS)
def test_no_number_serves_two_verdicts(target, ours, width, error):
    """Agreement and disagreement exclude each other, and an error bar in between serves neither."""
    value, error = target + ours * width, error * width
    one, other = (make(v, target, width, evidence="identity") for v in ("reproduced", "corrected"))
    distance = abs(value - target)
    assume(abs(distance - width) > 1e-9 and abs(abs(distance - width) - error) > 1e-9)
    assert passes(one, value, error) == (distance + error < width)
    assert passes(other, value, error) == (distance - error > width)


@given(NUMBERS, WIDTHS, ERRORS, st.floats(-3, 3), st.floats(-3, 3))
def test_a_rejected_number_would_fail_in_the_place_of_ours(target, width, error, ours, false):
    """For every verdict the check goes through if ours passes alone and `rejects` does not."""
    value, rejects = target + ours * width, target + false * width
    error *= width
    for verdict in ("reproduced", "conditional", "corrected", "not supported"):
        alone = make(verdict, target, width, evidence="identity")
        opposite = "corrected" if verdict in ("reproduced", "conditional") else "reproduced"
        expected = passes(alone, value, error) and passes(
            make(opposite, target, width, evidence="identity"), rejects, error
        )
        assert passes(alone, value, error, rejects=rejects) == expected
        assert passes(alone, value, error, rejects={"none": rejects}) == expected
        if expected:
            assert not passes(alone, rejects, error)


@given(NUMBERS, NUMBERS, ERRORS)
def test_bounds_have_two_sides(target, value, error):
    assume(abs(abs(value - target) - error) > 1e-9)
    above = make(target=target, tolerance=0.0, rule="above", evidence="identity")
    below = make(target=target, tolerance=0.0, rule="below", evidence="identity")
    assert passes(above, value, error) == (value - target > error)
    assert passes(below, value, error) == (target - value > error)
    assert above.away(value) == ""


@given(NUMBERS, st.floats(-3, 3))
def test_a_doubtful_reading_is_open_and_still_contradicted(target, ours):
    assume(abs(abs(ours) - 1) > 1e-6)
    doubtful = make("open", target, 0.5, source=ledger.DOUBTFUL)
    assert passes(doubtful, target + ours * 0.5) == (abs(ours) > 1)
    assert passes(make("open", target, 0.5), target + ours * 0.5)


@pytest.mark.parametrize("evidence", ["recomputed", "independent"])
@pytest.mark.parametrize("verdict", ["reproduced", "conditional"])
def test_more_than_an_identity_must_say_what_it_rejects(verdict, evidence):
    claim = make(verdict, evidence=evidence)
    assert passes(claim, 0.35) is None
    assert passes(claim, 0.35, rejects=0.4)
    assert passes(make(verdict, evidence="identity"), 0.35)


def test_outside_serves_a_conditional_claim_only():
    assert passes(make("conditional"), 0.35, outside=0.4)
    assert passes(make("conditional"), 0.35, outside=0.351) is False
    assert passes(make("reproduced"), 0.35, outside=0.4) is None


@pytest.mark.parametrize("verdict", ["corrected", "not supported"])
def test_what_does_not_hold_may_show_that_the_measure_could_have(verdict):
    assert passes(make(verdict), 0.4)
    assert passes(make(verdict), 0.4, rejects={"as printed": 0.352})
    assert not passes(make(verdict), 0.4, rejects={"as printed": 0.38})


def test_the_line_says_what_would_be_rejected_and_how_far_away(monkeypatch, capsys):
    monkeypatch.setattr(ledger, "_recorded", {})
    claim = make()
    monkeypatch.setattr(ledger, "load_claims", lambda: {claim.id: claim})
    ledger.check(claim.id, 0.351, rejects={"no correction": 0.4, "random sign": 0.3})
    assert capsys.readouterr().out == (
        "paper.limit: printed 0.35, here 0.351, would reject no correction 0.4 (10 tolerances "
        "away), would reject random sign 0.3 (10 tolerances away) -> reproduced\n"
    )
    assert ledger._recorded == {
        "paper.limit": 0.351,
        "paper.limit.rejects.no correction": 0.4,
        "paper.limit.rejects.random sign": 0.3,
    }
    ledger.check(claim.id, 0.351, error=0.001, rejects=6)
    assert "0.351 ± 0.001, would reject 6 (over 1000 tolerances away)" in capsys.readouterr().out
    assert ledger._recorded["paper.limit.rejects"] == 6
    assert ledger._recorded["paper.limit.error"] == 0.001


def test_what_we_infer_is_not_called_printed(monkeypatch, capsys):
    claim = make(source="inferred", evidence="identity")
    monkeypatch.setattr(ledger, "load_claims", lambda: {claim.id: claim})
    ledger.check(claim.id, 0.351)
    assert capsys.readouterr().out == "paper.limit: inferred 0.35, here 0.351 -> reproduced\n"


def test_a_count_is_told_as_a_count():
    assert make(target=0.0, tolerance=0.5, digits=".0f").format(0.0) == "0"
    assert make(target=0.0, tolerance=1e-9).format(3e-16) == "below 1e-09"
