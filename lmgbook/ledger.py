"""The ledger: what each paper prints, what this book finds, and whether the two agree.

The claims live in `book/claims/<paper>.yml`, one file a paper, in the form that
`claims.schema.json` describes. A notebook hands its computed number to `check`, which prints one
line and raises when the number contradicts the recorded verdict, so a verdict cannot outlive the
computation behind it. It also raises when the number that a false or empty claim would give passes:
a check that could not fail is none. `publish`, in a notebook's last cell, passes the numbers on to
the prose and to the scoreboard.
"""

import difflib
import functools
import importlib.resources
import importlib.util
import json
import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import yaml

from . import checks

VERDICTS = ("reproduced", "conditional", "corrected", "not supported", "open")
KINDS = ("misprint", "formula", "number", "conclusion")
DOUBTFUL = "text, doubtful reading"

# What the words of all papers are worth: part of the printed number, or, where the target is 0,
# of the quantity that the measure is relative to.
WORDS = {
    **dict.fromkeys(("about", "approximately", "around", "roughly", "≈"), 0.2),
    **dict.fromkeys(("much smaller", "much larger", "≪", "≫", "close to", "nearly", "almost"), 0.1),
    **dict.fromkeys(("same", "equal", "constant", "independent", "unchanged"), 0.05),
    **dict.fromkeys(("negligible", "no significant"), 0.05),
    **dict.fromkeys(("agreement", "good agreement", "nearly perfect"), 0.02),
    # the measure is then the decimal logarithm of a quotient
    **dict.fromkeys(("of the order of", "order of magnitude"), 0.5),
}
IDENTITY = 1e-9

_GLUE = "application/papermill.record/"
_AGREEING = ("reproduced", "conditional")

# claim ids, "<id>.outside", … and note names -> numbers, as in the notebook
_recorded: dict[str, float] = {}


class LedgerError(ValueError):
    """A claim or its check does not follow the rules; the message names file and claim."""


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
    source : str
        What `printed` rests on: "text", "text, doubtful reading", "figure, not seen", "inferred".
    target, tolerance : float or None
        Number to compare with and largest deviation that counts as agreement (None: open claims).
    rule : str
        Where the tolerance comes from: "digits", "identity", a word of `WORDS`, "number", or
        "above" and "below" for a bound, whose tolerance is 0.
    tolerance_reason : str
        Why a tolerance of rule "number" is what it is.
    measure : str
        What our number is, where this is not obvious.
    route : str
        How it was found, in a few words: "by integrating the three-level equation" (MyST).
    if_false : dict
        What the numbers are that the check rejects, by their labels there, or "" for the only one
        (MyST); without it the pages show the labels.
    digits : str
        Format specification of our number.
    kind : str
        Of a correction: one of `KINDS`.
    root : str
        Id of the claim whose fault this one follows from; its own id where there is none.
    evidence : str
        "identity" (algebra on the paper's own formula), "recomputed" (its formula evaluated) or
        "independent" (another route to the same number).
    should_be : str
        What ought to be printed (MyST).
    fair : str
        How a statement that does not hold as printed may have been meant (MyST).
    notebook : str
        Notebook that checks the claim, relative to `book/`, without suffix.
    section : str
        MyST label of the section that proves a verdict other than "reproduced".
    note, reason : str
        Our remark (the condition of a conditional claim); what would decide an open one.
    own_symbols : tuple of str
        Symbols of the paper's table that mean something else in this row, or that it explains.
    """

    id: str
    where: tuple[str, ...]
    statement: str
    printed: str
    verdict: str
    source: str = "text"
    target: float | None = None
    tolerance: float | None = None
    rule: str = ""
    tolerance_reason: str = ""
    measure: str = ""
    route: str = ""
    if_false: dict[str, str] = field(default_factory=dict)
    digits: str = ".4g"
    kind: str = ""
    root: str = ""
    evidence: str = ""
    should_be: str = ""
    fair: str = ""
    notebook: str = ""
    section: str = ""
    note: str = ""
    reason: str = ""
    own_symbols: tuple[str, ...] = ()

    @property
    def doubtful(self):
        """Whether the fault that we find may be one of our copy of the paper."""
        return self.source == DOUBTFUL

    @property
    def is_root(self):
        """Whether the claim stands for itself, and counts."""
        return self.root == self.id

    @property
    def needs_rejects(self):
        """Whether a check must say what it would see if the claim were false."""
        return self.verdict in _AGREEING and self.evidence != "identity"

    def format(self, value):
        """Return `value` (float) as text with the digits of this claim."""
        if self.target == 0 and abs(value) < min(1e-6, self.tolerance) and self.tolerance < 0.5:
            # digits of rounding noise differ from machine to machine
            return f"below {self.tolerance:.0e}"
        return format(float(value), self.digits)

    def margin(self, value):
        """Return how far inside the tolerance `value` lies: negative outside of it."""
        if self.rule in ("above", "below"):
            return value - self.target if self.rule == "above" else self.target - value
        return self.tolerance - abs(value - self.target)

    def away(self, value):
        """Say how many tolerances `value` lies from the target; "" for a bound."""
        if not self.tolerance:
            return ""
        number = abs(value - self.target) / self.tolerance
        if number >= 1000:
            return "over 1000 tolerances"
        digits = ".2f" if number < 2 else ".2g" if number < 99 else ".0f"
        return f"{number:{digits}} tolerances"


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
    claims : tuple of Claim
    no_claim : tuple of (tuple of str, str)
        Places that make no testable claim, each with the reason.
    path : pathlib.Path
    about : str
        What a reader of its verdicts should know about our source (MyST), or "".
    short : str
        Initials by which the pages name the paper, as in "DEKM (5)".
    places : tuple of str
        Every numbered equation, figure panel and conclusion: each needs a claim or a reason.
    highlights : tuple of str
        Ids of the claims that the chapter's overview shows.
    symbols : dict
        The spellings of each symbol, and a phrase that says what it is (MyST).
    """

    stem: str
    key: str
    title: str
    claims: tuple[Claim, ...]
    no_claim: tuple[tuple[tuple[str, ...], str], ...]
    path: pathlib.Path
    about: str = ""
    short: str = ""
    places: tuple[str, ...] = ()
    highlights: tuple[str, ...] = ()
    symbols: dict[str, str] = field(default_factory=dict)


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
    """Read every claims file.

    Only what a check needs is looked at here; `validate` applies all the rules.

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
        If a file cannot be understood; the message names the file and the claim.
    """
    return _load(_folder(folder).resolve())


def load_claims(folder=None):
    """Read every claim; parameters and errors as for `load_papers`.

    Returns
    -------
    dict of str to Claim
    """
    return {claim.id: claim for paper in load_papers(folder) for claim in paper.claims}


def validate(folder=None):
    """Hold every claims file against `claims.schema.json` and against the rules between rows.

    For tests and the build: it imports jsonschema, which takes its time.

    Parameters
    ----------
    folder : path-like, optional
        As for `load_papers`.

    Raises
    ------
    LedgerError
        Naming the file, the claim and every rule that it breaks.
    """
    import jsonschema

    schema = importlib.resources.files(__package__).joinpath("claims.schema.json")
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    faults = []
    for path in sorted(_folder(folder).glob("*.yml")):
        content = _content(path)
        for error in sorted(validator.iter_errors(content), key=lambda error: list(error.path)):
            faults.append(f"{_address(path, content, error.path)}: {error.message}")
    if faults:
        raise LedgerError("\n".join(faults))
    for paper in load_papers(folder):
        _rows_fit_together(paper)


def _folder(folder):
    return claims_folder() if folder is None else checks.path("folder", folder)


def _address(path, content, steps):
    """File, claim and key of a fault, in words."""
    steps = list(steps)
    words = [path.name]
    if len(steps) > 1 and steps[0] == "claims":
        entry = content["claims"][steps[1]]
        named = isinstance(entry, dict) and "id" in entry
        words.append(f"claim {entry['id'] if named else f'number {steps[1] + 1}'}")
        steps = steps[2:]
    return ", ".join([*words, *map(str, steps)])


def _rows_fit_together(paper):
    """Raise LedgerError where rows of one file contradict each other."""

    def fail(claim_id, message):
        raise LedgerError(f"{paper.path.name}, claim {claim_id}: {message}")

    claims = {claim.id: claim for claim in paper.claims}
    symbols = {name.split(", ")[0] for name in paper.symbols}
    for claim in paper.claims:
        if lost := set(claim.own_symbols) - symbols:
            fail(claim.id, f"own_symbols: the file explains no {', '.join(sorted(lost))}")
        if not claim.id.startswith(f"{paper.stem}."):
            fail(claim.id, f"the id must be '{paper.stem}.' and a name")
        root = claims.get(claim.root)
        if root is None or not root.is_root:
            fail(claim.id, f"the root {claim.root!r} must be the id of a row that is its own root")
        if not claim.is_root and "reproduced" in (claim.verdict, root.verdict):
            fail(claim.id, f"a row that holds shares no root: {claim.root}")
        if claim.rule in WORDS:
            text = f"{claim.printed} {claim.statement}".casefold()
            if claim.rule.casefold() not in text:
                fail(claim.id, f"neither printed nor statement has the word {claim.rule!r}")
    for claim_id in paper.highlights:
        if claim_id not in claims:
            fail(claim_id, "highlighted, but there is no such claim")


def _content(path):
    try:
        # libyaml where PyYAML was built with it: five times as fast
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(path.read_text(encoding="utf-8"), loader)
    except yaml.YAMLError as error:
        raise LedgerError(f"{path.name}: not valid YAML: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("claims"), list):
        raise LedgerError(f"{path.name}: must be a mapping with a list of 'claims'")
    return content


@functools.cache
def _load(folder):
    return tuple(_read(path) for path in sorted(folder.glob("*.yml")))


def _read(path):
    content = _content(path)
    claims = {}
    for position, entry in enumerate(content["claims"], start=1):
        name = f"{path.name}, claim {entry.get('id') if isinstance(entry, dict) else position}"
        try:
            claim = _claim(entry)
        except KeyError as error:
            raise LedgerError(f"{name}: {error} is missing") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise LedgerError(f"{name}: {error}") from None
        if claim.id in claims:
            raise LedgerError(f"{name}: this id appears twice")
        claims[claim.id] = claim
    for claim in claims.values():
        if not claim.is_root and claim.root in claims:
            claims[claim.id] = _inherit(claim, claims[claim.root])
    return Paper(
        path.stem,
        str(content.get("paper", "")),
        str(content.get("title", "")),
        tuple(claims.values()),
        tuple(
            (_texts(entry["where"]), str(entry["reason"])) for entry in content.get("no_claim", [])
        ),
        path,
        about=str(content.get("about", "")).strip(),
        short=str(content.get("short", "")),
        places=tuple(each for text in content.get("places", []) for each in _span(text)),
        highlights=tuple(content.get("highlights", [])),
        symbols=dict(content.get("symbols", {})),
    )


def _inherit(claim, root):
    """Take from its root what a row does not say itself."""
    same = {key: getattr(claim, key) or getattr(root, key) for key in ("should_be", "fair")}
    kind = "" if claim.verdict == "conditional" else claim.kind or root.kind
    return replace(claim, kind=kind, **same)


def _claim(entry):
    texts = dict(entry)
    where = _texts(texts.pop("where"))
    target = _number(texts.pop("target", texts["printed"]))
    tolerance, rule = _tolerance(texts.pop("tolerance", None), texts["printed"], target)
    told = texts.pop("if_false", {})
    told = {str(k): str(v) for k, v in (told if isinstance(told, dict) else {"": told}).items()}
    own = tuple(map(str, texts.pop("own_symbols", ())))
    texts = {key: str(value).strip() for key, value in texts.items()}
    texts["root"] = texts.get("root") or texts["id"]
    if texts["verdict"] not in VERDICTS:
        raise ValueError(f"verdict {texts['verdict']!r} must be one of {', '.join(VERDICTS)}")
    if texts["verdict"] != "open" and None in (target, tolerance):
        raise ValueError("without a number in 'printed' or 'target', and a tolerance, no verdict")
    format(1.0, texts.get("digits", ".4g"))
    numbers = {"target": target, "tolerance": tolerance, "rule": rule}
    return Claim(where=where, if_false=told, own_symbols=own, **numbers, **texts)


def _texts(value):
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _span(text):
    """Expand "Eq. 1 to 39" into its 39 places."""
    ends = re.fullmatch(r"(.*?)(\d+) to (\d+)", str(text))
    if not ends:
        return [str(text)]
    return [f"{ends[1]}{number}" for number in range(int(ends[2]), int(ends[3]) + 1)]


def _number(value):
    # YAML reads 1e-3 as text, and "0.350" in quotes keeps the paper's last digit: both are numbers
    try:
        return None if isinstance(value, bool) else float(_bare(value))
    except (TypeError, ValueError):
        return None


def _bare(value):
    """Leave out a leading word: "about 0.8" is the number 0.8."""
    words = "|".join(sorted(WORDS, key=len, reverse=True))
    return re.sub(rf"^({words})\s*", "", value.strip()) if isinstance(value, str) else value


def _tolerance(value, printed, target):
    """Tolerance as a number, and the rule that it comes from."""
    if value is None:
        return None, ""
    if target is None:
        raise ValueError("'printed' is not a number, so 'target' must say what to compare with")
    if value in ("above", "below"):
        return 0.0, value
    if value == "identity":
        return IDENTITY * max(1.0, abs(target)), value
    if value == "digits":
        return _half_a_digit(str(printed)), value
    key, number = next(iter(value.items())) if isinstance(value, dict) else ("number", value)
    if key == "word":
        return WORDS[number] * (abs(target) or 1.0), number
    number = _number(number)
    if key not in ("number", "relative") or number is None or not number > 0:
        raise ValueError(f"tolerance {value!r} must be a rule or a number > 0")
    if key == "relative" and not target:
        raise ValueError("a relative tolerance needs a target other than 0")
    return (number * abs(target) if key == "relative" else number), "number"


def _half_a_digit(printed):
    parts = re.fullmatch(r"[-+]?\d*\.?(\d*)(?:e([-+]?\d+))?", _bare(printed))
    if not parts:
        raise ValueError(f"'printed' must be a number for a tolerance by its digits: {printed!r}")
    decimals = len(parts[1]) if "." in printed else 0
    return 0.5 * 10.0 ** (int(parts[2] or 0) - decimals)


# --- checking, in a notebook -------------------------------------------------------------------


def check(claim_id, value, error=None, rejects=None, outside=None):
    """Confront a computed number with a claim, print the outcome, and record the number.

    With d = |value - target|, the number agrees if d + error <= tolerance and disagrees if
    d - error > tolerance. "reproduced" and "conditional" need agreement, "corrected" and
    "not supported" need disagreement; an error bar that straddles the tolerance decides nothing
    and is refused. An "open" claim is only recorded, unless it is open because our copy of the
    paper is doubtful: then the number must disagree.

    Parameters
    ----------
    claim_id : str
        Id in the ledger.
    value : float
        Our number, in the units of the claim.
    error : float, optional
        Its uncertainty (same units, default 0), also used for `rejects` and `outside`.
    rejects : float or mapping of str to float, optional
        What `value` would be if the verdict were wrong: if a reproduced claim were false or empty,
        if a corrected one were right. Each must fail the check. Mandatory for a reproduced or
        conditional claim whose evidence is more than an identity; `outside` serves a conditional
        one. The keys of a mapping say what has been left out or replaced.
    outside : float, optional
        Our number where the condition of a conditional claim does not hold: it must disagree. For
        a reproduced claim: outside the regime that the paper states, for information.

    Raises
    ------
    Contradiction
        If the number contradicts the recorded verdict or cannot decide it, or if a number of
        `rejects` would pass.
    KeyError
        If there is no such claim; near matches are named.
    LedgerError
        If a mandatory `rejects` is missing.
    ValueError
        If a number is NaN or infinite, `error` is negative, or `outside` makes no sense.
    """
    claims = load_claims()
    if not isinstance(claim_id, str) or claim_id not in claims:
        near = difflib.get_close_matches(str(claim_id), claims, 3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise KeyError(f"no claim {claim_id!r} in the ledger{hint}")
    claim = claims[claim_id]
    value = checks.finite("value", value)
    error = checks.finite("error", 0.0 if error is None else error)
    if error < 0:
        raise ValueError(f"error = {error!r}: must be >= 0")
    if not isinstance(rejects, Mapping):
        rejects = {} if rejects is None else {"": rejects}
    rejects = {
        str(label): checks.finite(f"rejects {label}", each) for label, each in rejects.items()
    }
    if outside is not None:
        outside = checks.finite("outside", outside)
        if claim.verdict in ("corrected", "not supported"):
            raise ValueError(f"{claim_id}: outside is for claims that hold, not {claim.verdict}")
    if claim.needs_rejects and not rejects:
        if claim.verdict != "conditional" or outside is None:
            raise LedgerError(f"{claim_id}: say what the check rejects, or it is none")

    if claim.verdict != "open" or claim.doubtful:
        holds = claim.verdict in _AGREEING
        _decide(claim, value, error, agree=holds)
        for label, each in rejects.items():
            _decide(claim, each, error, agree=not holds, where=f" ({label or 'to be rejected'})")
        if outside is not None and claim.verdict == "conditional":
            _decide(claim, outside, error, agree=False, where=" outside the condition")
    _recorded[claim_id] = value
    if error:
        _recorded[f"{claim_id}.error"] = error
    if outside is not None:
        _recorded[f"{claim_id}.outside"] = outside
    for label, each in rejects.items():
        _recorded[f"{claim_id}.rejects{label and '.'}{label}"] = each
    print(_line(claim, value, error, rejects, outside))


def _decide(claim, value, error, agree, where=""):
    margin = claim.margin(value)
    agrees = margin >= error
    disagrees = margin < -error
    if agrees if agree else disagrees:
        return
    found = "agrees" if agrees else "disagrees" if disagrees else "decides nothing"
    raise Contradiction(
        f"{claim.id}: the ledger says '{claim.verdict}', but {value:.10g} ± {error:.2g}{where} "
        f"{found} (target {claim.target:.10g}, tolerance {claim.tolerance:.3g})"
    )


def _line(claim, value, error, rejects, outside):
    # a formula would read badly as plain text: then the line names the place instead
    formula = "$" in claim.printed
    lead = "inferred" if claim.source == "inferred" else "printed"
    paper = claim.where[0] if formula else f"{lead} {claim.printed}"
    ours = f"{claim.measure.replace('$', '') or 'here'} {claim.format(value)}"
    if error:
        ours += f" ± {error:.1g}"
    if outside is not None:
        region = "condition" if claim.verdict == "conditional" else "stated regime"
        ours += f", outside the {region} {claim.format(outside)}"
    for label, each in rejects.items():
        ours += f", would reject {label} {claim.format(each)}"
        if claim.verdict in _AGREEING and claim.away(each):
            ours += f" ({claim.away(each)} away)"
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
        _recorded[name] = checks.finite(name, number)


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
