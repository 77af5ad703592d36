"""The ledger: what each paper prints, what this book finds, and whether the two agree.

The claims live in `book/claims/<paper>.yml`, one file a paper. A notebook hands its computed number
to `check`, which prints one line and raises when the number contradicts the recorded verdict, so a
verdict cannot outlive the computation behind it. `publish`, in a notebook's last cell, passes the
numbers on to the prose and to the scoreboard.
"""

import difflib
import functools
import importlib.resources
import importlib.util
import pathlib
from dataclasses import dataclass

import yaml

from .checks import finite

VERDICTS = ("reproduced", "corrected", "conditional", "not supported", "open")

_CLAIM_KEYS = (
    "id where statement printed target measure tolerance verdict digits note notebook section "
    "reason"
).split()
_GLUE = "application/papermill.record/"
_NOT_TEXT = ("where", "target", "tolerance")
_FILE_KEYS = ("paper", "title", "about", "claims", "no_claim")

_recorded = {}  # claim ids, "<id>.outside" and note names -> numbers, in the order of the notebook


class LedgerError(ValueError):
    """A claims file is missing or does not follow the rules; the message names file and claim."""


class Contradiction(AssertionError):
    """A computed number contradicts the verdict that the ledger records."""


@dataclass(frozen=True)
class Claim:
    """One quantitative claim of a paper.

    Attributes
    ----------
    id : str
        File stem, dot, name.
    where : tuple of str
        Places in the paper: "Eq. 8", "Fig. 2c", "abstract".
    statement : str
        The claim in our words (MyST).
    printed : str
        What the paper prints, as text (MyST).
    verdict : str
        One of `VERDICTS`.
    target, tolerance : float or None
        Number to compare with and largest deviation that counts as agreement (None: open claims).
    measure : str
        What our number is, where this is not obvious.
    digits : str
        Format specification of our number.
    notebook : str
        Notebook that checks the claim, relative to `book/`, without suffix.
    section : str
        MyST label of the section that proves a verdict other than "reproduced".
    note, reason : str
        Our remark (the condition of a conditional claim); why a claim is still open.
    """

    id: str
    where: tuple[str, ...]
    statement: str
    printed: str
    verdict: str
    target: float | None = None
    tolerance: float | None = None
    measure: str = ""
    digits: str = ".4g"
    notebook: str = ""
    section: str = ""
    note: str = ""
    reason: str = ""

    def format(self, value):
        """Return `value` (float) as text with the digits of this claim."""
        if self.target == 0 and abs(value) < min(1e-6, self.tolerance):
            # digits of rounding noise differ from machine to machine
            return f"below {self.tolerance:.0e}"
        return format(float(value), self.digits)


@dataclass(frozen=True)
class Paper:
    """The claims file of one paper.

    Attributes
    ----------
    stem : str
        Name of the file without suffix, and of the chapter's folder.
    key : str
        Citation key in `book/references.bib`.
    title : str
        Title of the paper.
    about : str
        What a reader of its verdicts should know about our source (MyST), or "".
    claims : tuple of Claim
    no_claim : tuple of (tuple of str, str)
        Places that make no testable claim, each with the reason.
    path : pathlib.Path
    """

    stem: str
    key: str
    title: str
    about: str
    claims: tuple[Claim, ...]
    no_claim: tuple[tuple[tuple[str, ...], str], ...]
    path: pathlib.Path


# --- reading the claims files ------------------------------------------------------------------


def claims_folder():
    """Find the folder of the claims files.

    Looked for in this order: `book/claims` in the working directory or one above it, the same next
    to an editable install, and `claims` inside an installed package.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    LedgerError
        If there is none, with advice for readers who have only the notebook.
    """
    here = pathlib.Path.cwd()
    package = pathlib.Path(str(importlib.resources.files(__package__)))
    folders = [folder / "book" / "claims" for folder in (here, *here.parents, package.parent)]
    for folder in (*folders, package / "claims"):
        if any(folder.glob("*.yml")):
            return folder
    raise LedgerError(
        "the claims of the papers were not found: run the notebook inside a copy of the book's "
        "repository, or install lmgbook from the repository (pip install git+<its address>)"
    )


def load_papers(folder=None):
    """Read and validate every claims file.

    Parameters
    ----------
    folder : path-like, optional
        Folder of the `*.yml` files; default `claims_folder()`.

    Returns
    -------
    tuple of Paper
        In the alphabetical order of the files.

    Raises
    ------
    LedgerError
        If a file breaks a rule; the message names the file and the claim.
    """
    return _load(pathlib.Path(folder or claims_folder()).resolve())


def load_claims(folder=None):
    """Read and validate every claim; parameters and errors as for `load_papers`.

    Returns
    -------
    dict of str to Claim
    """
    return {claim.id: claim for paper in load_papers(folder) for claim in paper.claims}


@functools.cache
def _load(folder):
    return tuple(_read(path) for path in sorted(folder.glob("*.yml")))


def _read(path):
    def fail(message, claim=None):
        raise LedgerError(f"{path.name}{f', claim {claim}' if claim else ''}: {message}")

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        fail(f"not valid YAML: {error}")
    if not isinstance(content, dict):
        fail(f"must be a mapping with the keys {', '.join(_FILE_KEYS)}")
    _known(content, _FILE_KEYS, fail)
    for key in ("paper", "title", "claims"):
        if not content.get(key):
            fail(f"'{key}' is missing")
    claims = []
    for position, entry in enumerate(content["claims"], start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            fail("'id' is missing", f"number {position}")
        claims.append(_claim(entry, path.stem, functools.partial(fail, claim=entry["id"])))
        if entry["id"] in {claim.id for claim in claims[:-1]}:
            fail("this id appears twice", entry["id"])
    no_claim = []
    for entry in content.get("no_claim") or []:
        if not isinstance(entry, dict) or set(entry) != {"where", "reason"} or not entry["reason"]:
            fail(f"no_claim entries have a 'where' and a 'reason', got {entry!r}")
        no_claim.append((_places(entry["where"]), str(entry["reason"])))
    about = str(content.get("about") or "").strip()
    return Paper(
        path.stem, content["paper"], content["title"], about, tuple(claims), tuple(no_claim), path
    )


def _claim(entry, stem, fail):
    _known(entry, _CLAIM_KEYS, fail)
    verdict = entry.get("verdict")
    if verdict not in VERDICTS:
        fail(f"verdict {verdict!r} must be one of {', '.join(VERDICTS)}")
    required = ["where", "statement", "printed"]
    required += ["reason"] if verdict == "open" else ["tolerance", "notebook"]
    required += [] if verdict == "reproduced" else ["section"]
    for key in required:
        if entry.get(key) in (None, "", []):
            fail(f"'{key}' is missing (verdict: {verdict})")
    if not entry["id"].startswith(f"{stem}.") or not entry["id"].removeprefix(f"{stem}."):
        fail(f"the id must be '{stem}.' and a name")
    try:
        format(1.0, entry.get("digits", ".4g"))
    except (TypeError, ValueError):
        fail(f"digits {entry['digits']!r} is no format specification, such as '.4f'")
    target = _number(entry.get("target", entry["printed"]))
    if target is None and verdict != "open":
        fail("'printed' is not a number, so 'target' must say what to compare with")
    return Claim(
        where=_places(entry["where"]),
        target=target,
        tolerance=_tolerance(entry.get("tolerance"), target, fail),
        **{key: str(entry[key]).strip() for key in entry if key not in _NOT_TEXT},
    )


def _known(entry, allowed, fail):
    for key in entry:
        if key not in allowed:
            near = difflib.get_close_matches(str(key), allowed, 1)
            fail(f"unknown key '{key}'" + (f"; did you mean '{near[0]}'?" if near else ""))


def _places(where):
    return tuple(str(place) for place in (where if isinstance(where, list) else [where]))


def _number(value):
    # YAML reads 1e-3 as text, and "0.350" in quotes keeps the paper's last digit: both are numbers
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _tolerance(value, target, fail):
    if value is None:
        return None
    relative = isinstance(value, dict)
    if relative and set(value) != {"relative"}:
        fail(f"tolerance {value!r} must be a number or {{relative: number}}")
    number = _number(value["relative"] if relative else value)
    if number is None or not number > 0:
        fail(f"tolerance {value!r} must be a number > 0 or {{relative: number > 0}}")
    if relative and not target:
        fail("a relative tolerance needs a target other than 0")
    return number * abs(target) if relative else number


# --- checking, in a notebook -------------------------------------------------------------------


def check(claim_id, value, error=None, outside=None):
    """Confront a computed number with a claim, print the outcome, and record the number.

    With d = |value - target|, the number agrees if d + error <= tolerance and disagrees if
    d - error > tolerance. "reproduced" and "conditional" need agreement, "corrected" and
    "not supported" need disagreement; an error bar that straddles the tolerance decides nothing
    and is refused. An "open" claim is only recorded.

    Parameters
    ----------
    claim_id : str
        Id in the ledger.
    value : float
        Our number, in the units of the claim.
    error : float, optional
        Its uncertainty (same units, default 0), also used for `outside`.
    outside : float, optional
        For a conditional claim: our number where the condition does not hold. It must disagree.

    Raises
    ------
    Contradiction
        If the number contradicts the recorded verdict or cannot decide it.
    KeyError
        If there is no such claim; near matches are named.
    ValueError
        If a number is NaN or infinite, or `error` is negative.
    """
    claims = load_claims()
    if claim_id not in claims:
        near = difflib.get_close_matches(str(claim_id), claims, 3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise KeyError(f"no claim {claim_id!r} in the ledger{hint}")
    claim = claims[claim_id]
    value = finite("value", value)
    error = finite("error", 0.0 if error is None else error)
    if error < 0:
        raise ValueError(f"error = {error!r}: must be >= 0")
    if outside is not None:
        outside = finite("outside", outside)
        if claim.verdict not in ("conditional", "open"):
            raise ValueError(f"{claim_id}: outside is for conditional claims, not {claim.verdict}")

    if claim.verdict != "open":
        _decide(claim, value, error, agree=claim.verdict in ("reproduced", "conditional"))
        if outside is not None:
            _decide(claim, outside, error, agree=False, where=" outside the condition")
    _recorded[claim_id] = value
    if outside is not None:
        _recorded[f"{claim_id}.outside"] = outside
    print(_line(claim, value, error, outside))


def _decide(claim, value, error, agree, where=""):
    distance = abs(value - claim.target)
    agrees = distance + error <= claim.tolerance
    disagrees = distance - error > claim.tolerance
    if agrees if agree else disagrees:
        return
    found = "agrees" if agrees else "disagrees" if disagrees else "decides nothing"
    raise Contradiction(
        f"{claim.id}: the ledger says '{claim.verdict}', but {value:.10g} ± {error:.2g}{where} "
        f"{found} (target {claim.target:.10g}, tolerance {claim.tolerance:.3g})"
    )


def _line(claim, value, error, outside):
    # a formula would read badly as plain text: then the line names the place instead
    formula = "$" in claim.printed
    paper = claim.where[0] if formula else f"printed {claim.printed}"
    ours = f"{claim.measure.replace('$', '') or 'here'} {claim.format(value)}"
    if error:
        ours += f" ± {error:.1g}"
    if outside is not None:
        ours += f", outside the condition {claim.format(outside)}"
    return " ".join(f"{claim.id}: {paper}, {ours} -> {claim.verdict}".split())


def note(**numbers):
    """Record numbers for the prose that are no claims of a paper; prints nothing.

    Parameters
    ----------
    **numbers : float or int
        Name in the prose and value.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    for name, number in numbers.items():
        _recorded[name] = finite(name, number)


def publish():
    """Hand all recorded numbers to the prose; silent, and a no-op where myst-nb is missing.

    Belongs in a notebook's last, untagged cell: glued values are outputs, and would break the
    comparison of a checked cell.
    """
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return
    if get_ipython() is None or not _installed("myst_nb"):
        return
    for name, number in _recorded.items():
        # what myst_nb.glue(name, number, display=False) shows; to import that takes a second and
        # more, because all of Sphinx comes with it
        about = {"scrapbook": {"name": name, "mime_prefix": _GLUE}}
        display({_GLUE + "text/plain": repr(number)}, raw=True, metadata=about)


def _installed(package):
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # switched off
        return False
