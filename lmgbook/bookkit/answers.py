"""Checks in the page: whoever has no kernel may hand in a number all the same.

Below each cell with `exercises.check` stands a field. A script on the page judges what is typed
there as `lmgbook._judging` does, for the printed numbers; a test compares the two. The answers
have to come with the page. They are veiled, so that nobody reads one by accident, and not locked:
this is for self-study. Without JavaScript a line says where the check runs. What the notebook's own
check prints, "correct.", moves into the folded solution above it: nobody wants to read it before
answering.
"""

import base64
import functools
import hashlib
import json
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

from .. import exercises
from . import executed
from .grading import CHECK

VEIL = b"lmgbook"
FORM = """\
<form class="answer" data-answer="{data}" data-id="{id}">
<label class="pst-js-only">Your number
<input inputmode="decimal" autocomplete="off" spellcheck="false"></label>
<button class="pst-js-only">Check</button> <output aria-live="polite"></output>
<noscript>Without JavaScript, this is checked by the cell above, in the notebook.</noscript>
</form>
"""


def veiled(content):
    """A JSON value as text that says nothing to the eye."""
    data = json.dumps(content).encode()
    mixed = bytes(byte ^ VEIL[i % len(VEIL)] for i, byte in enumerate(data))
    return base64.b64encode(mixed).decode()


def key(name):
    """What a script needs to judge an answer, with the printed numbers.

    Parameters
    ----------
    name : str
        Id of an exercise.

    Returns
    -------
    dict
        Answer, tolerance, whether it is a count, and pairs of what a mistake gives and the advice.
    """
    problem = exercises.find(name)
    mistakes = [[float(value), advice] for value, advice in problem.mistakes()]
    return {
        "target": problem.answer(),
        "tolerance": problem.tolerance,
        "exact": problem.exact,
        "mistakes": mistakes,
    }


@functools.cache
def store(root):
    """File of the answers that this version of the package has given; looked up once a build."""
    digest = hashlib.sha256()
    for path in executed.files(Path(root, "lmgbook")):
        if path.suffix == ".py" and "bookkit" not in path.parts:
            digest.update(path.read_bytes())
    return Path(root, "_build", "answers", f"{digest.hexdigest()[:16]}.json")


def known(root, name):
    """The same as `key`, kept from build to build as long as the package does not change."""
    kept = store(root)
    answers = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    if name not in answers:
        answers[name] = key(name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(".half")
        half.write_text(json.dumps(answers), "utf-8")
        half.replace(kept)
    return answers[name]


def fold_verdict(cell):
    """Move what a check prints to the folded solution that it judges."""
    before = cell.parent[cell.parent.index(cell) - 1]
    for output in [each for each in cell if each.get("nb_element") == "cell_code_output"]:
        if before.get("hide_mode") == "all":
            cell.remove(output)
            before += output


class Fields(SphinxTransform):
    """Put a field below each cell that checks an answer."""

    default_priority = 210

    def apply(self, **options):
        for cell in list(self.document.findall(nodes.container)):
            if "cell" not in cell["classes"]:
                continue
            source = next(iter(cell.findall(nodes.literal_block)), None)
            found = CHECK.search(source.astext()) if source is not None else None
            if found:
                data = veiled(known(self.env.srcdir, found[1]))
                field = nodes.raw("", FORM.format(data=data, id=found[1]), format="html")
                cell.parent.insert(cell.parent.index(cell) + 1, field)
                fold_verdict(cell)
                self.env.metadata[self.env.docname]["answers"] = True


def add_script(app, pagename, templatename, context, doctree):
    if app.env.metadata.get(pagename, {}).get("answers"):
        app.add_js_file("answers.js", loading_method="defer")


def setup(app):
    app.add_transform(Fields)
    app.connect("html-page-context", add_script)
    app.add_css_file("answers.css")
