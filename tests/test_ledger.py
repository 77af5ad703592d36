import math

import numpy as np
import pytest
from myst_nb.ext.glue import GLUE_PREFIX

from lmgbook import ledger

GOOD = {
    "id": "paper.limit",
    "where": "Fig. 1",
    "statement": "It tends to a constant.",
    "source": "text",
    "printed": 0.35,
    "tolerance": 0.01,
    "tolerance_reason": "what a reader can read off",
    "verdict": "reproduced",
    "evidence": "identity",  # so that nothing has to be rejected: see test_ledger_rules.py
    "notebook": "paper/first",
}
TOP = {
    "paper": "someone2018",
    "title": "A title",
    "short": "SO",
    "about": "The published text.",
    "places": ["Fig. 1"],
    "highlights": ["paper.limit"],
}


def write(folder, *claims, stem="paper", **top):
    import yaml

    content = TOP | {"claims": list(claims)} | top
    content = {key: value for key, value in content.items() if value is not None}
    path = folder / f"{stem}.yml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def claim(**changes):
    return {key: value for key, value in (GOOD | changes).items() if value is not None}


def other(verdict, **changes):
    return claim(**{"id": f"paper.{verdict.replace(' ', '_')}", "verdict": verdict} | changes)


@pytest.fixture
def claims(tmp_path, monkeypatch):
    """A ledger of one claim of each kind, found from a folder inside the book."""
    folder = tmp_path / "book" / "claims"
    folder.mkdir(parents=True)
    write(
        folder,
        claim(),
        *(other(verdict, section="sec-why") for verdict in ("corrected", "not supported")),
        other("conditional", section="sec-why", digits=".2f"),
        other("open", section="sec-why", reason="No numbers.", tolerance=None, notebook=None),
        claim(id="paper.residual", printed="$x=y$", target=0, tolerance=1e-6, measure="gap"),
    )
    inside = tmp_path / "book" / "paper"
    inside.mkdir()
    monkeypatch.chdir(inside)
    monkeypatch.setattr(ledger, "_recorded", {})


# --- the verdict and the number must agree ------------------------------------------------------


def test_agreement_prints_one_plain_line_and_is_recorded(claims, capsys):
    ledger.check("paper.limit", np.float64(0.3512))
    assert capsys.readouterr().out == ("paper.limit: printed 0.35, here 0.3512 -> reproduced\n")
    assert ledger._recorded == {"paper.limit": 0.3512}
    assert type(ledger._recorded["paper.limit"]) is float


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("limit", 0.361, None),  # reproduced, but it is not
        ("limit", 0.355, 0.006),  # the error bar reaches beyond the tolerance
        ("limit", 0.365, 0.006),  # and back into it
        ("corrected", 0.355, None),  # corrected, but the printed value holds
        ("not_supported", 0.35, None),
        ("not_supported", 0.365, 0.006),
        ("conditional", 0.37, None),
    ],
)
def test_contradiction_raises_and_records_nothing(claims, name, value, error):
    with pytest.raises(ledger.Contradiction, match=f"paper.{name}"):
        ledger.check(f"paper.{name}", value, error=error)
    assert ledger._recorded == {}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("limit", 0.355, 0.004),
        ("corrected", 0.37, 0.009),
        ("not_supported", 0.37, None),
        ("conditional", 0.35, None),
        ("open", 123.0, 50.0),
    ],
)
def test_consistent_values_pass(claims, name, value, error):
    ledger.check(f"paper.{name}", value, error=error)


def test_error_bar_is_printed(claims, capsys):
    ledger.check("paper.limit", 0.3512, error=0.00123)
    assert "here 0.3512 ± 0.001 ->" in capsys.readouterr().out


def test_outside_the_condition_the_claim_must_fail(claims, capsys):
    ledger.check("paper.conditional", 0.351, outside=0.5)
    assert "0.35, outside the condition 0.50 -> conditional" in capsys.readouterr().out
    assert ledger._recorded["paper.conditional.outside"] == 0.5
    with pytest.raises(ledger.Contradiction, match="outside the condition agrees"):
        ledger.check("paper.conditional", 0.351, outside=0.355)
    with pytest.raises(ledger.Contradiction, match="outside the condition decides nothing"):
        ledger.check("paper.conditional", 0.35, error=0.005, outside=0.362)
    with pytest.raises(ValueError, match="outside is for claims that hold, not corrected"):
        ledger.check("paper.corrected", 0.5, outside=0.35)


@pytest.mark.parametrize("outside", [0.5, 0.351])
def test_outside_the_stated_regime_a_number_is_information(claims, capsys, outside):
    ledger.check("paper.limit", 0.351, outside=outside)
    assert f"0.351, outside the stated regime {outside} ->" in capsys.readouterr().out


def test_a_residual_says_what_was_measured_without_noise_digits(claims, capsys):
    ledger.check("paper.residual", 3.7e-15)
    assert capsys.readouterr().out == ("paper.residual: Fig. 1, gap below 1e-06 -> reproduced\n")


def test_unknown_claim_names_near_matches(claims):
    with pytest.raises(KeyError, match="did you mean paper.limit"):
        ledger.check("paper.limits", 1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_number_is_no_check(claims, value):
    for arguments in ({"value": value}, {"value": 0.35, "error": value}):
        with pytest.raises(ValueError, match="must be finite"):
            ledger.check("paper.limit", **arguments)
    with pytest.raises(ValueError, match="outside"):
        ledger.check("paper.conditional", 0.35, outside=value)
    with pytest.raises(ValueError, match="error"):
        ledger.check("paper.limit", 0.35, error=-0.1)


# --- what the prose gets ------------------------------------------------------------------------


def test_publish_glues_everything_as_plain_floats(claims, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.get_ipython", object)
    monkeypatch.setattr(
        "IPython.display.display", lambda data, raw, metadata: shown.append((data, metadata))
    )
    ledger.check("paper.limit", np.float32(0.35))
    ledger.note(slope=np.float64(1.5), sizes=3)
    ledger.publish()
    glued = {
        metadata["scrapbook"]["name"]: float(data[f"{GLUE_PREFIX}text/plain"])
        for data, metadata in shown
    }
    assert glued == {"paper.limit": pytest.approx(0.35), "slope": 1.5, "sizes": 3}
    assert all(metadata["scrapbook"]["mime_prefix"] == GLUE_PREFIX for _, metadata in shown)


def test_publish_is_silent_without_the_tools(claims, monkeypatch, capsys):
    import sys

    ledger.note(slope=1.0)
    ledger.publish()  # no kernel
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    ledger.publish()
    assert capsys.readouterr().out == ""


def test_note_refuses_what_is_no_number(claims):
    with pytest.raises(ValueError, match="slope"):
        ledger.note(slope=math.nan)


# --- reading the files --------------------------------------------------------------------------


def test_load(claims):
    (paper,) = ledger.load_papers()
    assert (paper.stem, paper.key, len(paper.claims)) == ("paper", "someone2018", 6)
    loaded = ledger.load_claims()["paper.limit"]
    assert (loaded.where, loaded.target, loaded.printed) == (("Fig. 1",), 0.35, "0.35")
    assert loaded.format(0.351234) == "0.3512"


@pytest.mark.parametrize(
    ("changes", "target", "tolerance"),
    [
        ({"printed": "0.350"}, 0.35, 0.01),
        ({"printed": "1e-3", "tolerance": "1e-4"}, 1e-3, 1e-4),
        ({"printed": -2, "tolerance": {"relative": 0.05}}, -2, 0.1),
        ({"printed": "$1/3$", "target": 0.5}, 0.5, 0.01),
    ],
)
def test_numbers_are_understood(tmp_path, changes, target, tolerance):
    write(tmp_path, claim(**changes))
    loaded = ledger.load_claims(tmp_path)["paper.limit"]
    assert loaded.target == target
    assert loaded.tolerance == pytest.approx(tolerance)
    assert loaded.printed == str(changes["printed"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wher": "Eq. 1"}, "'wher' was unexpected"),
        ({"statement": None}, "'statement' is a required property"),
        ({"tolerance": None}, "'tolerance' is a required property"),
        ({"notebook": None}, "'notebook' is a required property"),
        ({"where": []}, "where: [] is not valid"),
        ({"verdict": "reproducd"}, "'reproducd' is not one of"),
        ({"verdict": "corrected"}, "'section' is a required property"),
        ({"verdict": "open", "section": "s"}, "'reason' is a required property"),
        ({"tolerance": -1}, "tolerance: -1 is not valid"),
        ({"tolerance": {"percent": 1}}, "tolerance: {'percent': 1} is not valid"),
        ({"tolerance": {"word": "perhaps"}}, "{'word': 'perhaps'} is not valid"),
        ({"digits": ".4q"}, "digits: '.4q' does not match"),
    ],
)
def test_the_schema_names_file_and_claim(tmp_path, changes, message):
    write(tmp_path, claim(**changes))
    with pytest.raises(ledger.LedgerError, match="paper.yml, claim paper.limit") as error:
        ledger.validate(tmp_path)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"printed": None}, "'printed' is missing"),
        ({"where": None}, "'where' is missing"),
        ({"wher": "Eq. 1"}, "unexpected keyword argument 'wher'"),
        ({"verdict": "reproducd"}, "verdict 'reproducd' must be one of reproduced, conditional"),
        ({"tolerance": None}, "and a tolerance, no verdict"),
        ({"printed": "a constant"}, "'target' must say"),
        ({"tolerance": math.nan}, "must be a rule or a number > 0"),
        ({"tolerance": {"percent": 1}}, "must be a rule or a number > 0"),
        ({"tolerance": {"relative": 0.1}, "target": 0}, "target other than 0"),
        ({"tolerance": {"word": "perhaps"}}, "perhaps"),
        ({"tolerance": "digits", "printed": "$1/3$", "target": 0.3}, "must be a number for a"),
        ({"digits": ".4q"}, "Unknown format code 'q'|Invalid format specifier"),
    ],
)
def test_a_check_meets_faults_with_file_and_claim(tmp_path, changes, message):
    write(tmp_path, claim(**changes))
    with pytest.raises(ledger.LedgerError, match=f"paper.yml, claim paper.limit: .*({message})"):
        ledger.load_papers(tmp_path)


@pytest.mark.parametrize(
    ("top", "message"),
    [
        ({"title": None}, "'title' is a required property"),
        ({"claims": []}, "claims: \\[\\] should be non-empty"),
        ({"papers": "x"}, "'papers' was unexpected"),
        ({"no_claim": [{"where": "Eq. 4"}]}, "'reason' is a required property"),
        ({"claims": [{"where": "Eq. 1"}]}, "claim number 1: 'id' is a required property"),
        ({"claims": [claim(), claim()]}, "claim paper.limit: this id appears twice"),
        ({"claims": [claim(id="other.limit")]}, "claim other.limit: the id must be 'paper.'"),
        ({"highlights": ["paper.limits"]}, "claim paper.limits: highlighted, but there is no"),
        ({"claims": [claim(own_symbols=["$q$"])]}, r"own_symbols: the file explains no \$q\$"),
    ],
)
def test_faults_of_the_file_are_named(tmp_path, top, message):
    write(tmp_path, claim(), **top)
    with pytest.raises(ledger.LedgerError, match=f"paper.yml.*{message}"):
        ledger.validate(tmp_path)


@pytest.mark.parametrize("text", ["claims: [", "- a list"])
def test_broken_yaml_names_the_file(tmp_path, text):
    (tmp_path / "broken.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ledger.LedgerError, match="broken.yml: "):
        ledger.load_papers(tmp_path)


def test_claims_are_found_beside_an_editable_install(tmp_path, monkeypatch):
    package = tmp_path / "repository" / "lmgbook"
    folder = tmp_path / "repository" / "book" / "claims"
    elsewhere = tmp_path / "elsewhere"
    for path in (package, folder, elsewhere):
        path.mkdir(parents=True)
    write(folder, claim())
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(ledger.importlib.resources, "files", lambda name: package)
    assert ledger.claims_folder() == folder


def test_claims_are_found_inside_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "lmgbook"
    (package / "claims").mkdir(parents=True)
    write(package / "claims", claim())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ledger.importlib.resources, "files", lambda name: package)
    assert ledger.claims_folder() == package / "claims"


def test_without_claims_the_reader_gets_advice_and_no_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ledger.importlib.resources, "files", lambda name: tmp_path / "lmgbook")
    with pytest.raises(ledger.LedgerError, match="inside a copy of the book") as error:
        ledger.check("paper.limit", 1.0)
    assert str(tmp_path) not in str(error.value)
