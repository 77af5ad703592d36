"""What a lecturer gets of a chapter beside the plan: notebooks that have run, and notes.

The outputs come from the cache of the build, the texts from the live notebooks; nothing runs here.
The notes say of each page what it asks, shows and lets one play with, and how long it computes; of
each exercise its points and minutes; and the answers to the votes of the plan.
"""

import base64
import copy
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from . import documents, executed, grading, numbered

LINE = re.compile(r"^(\w+)(?: \((advanced)\))?: (.+)$", re.MULTILINE)  # of `{pages}`
VIEWER = 'class="lmg-steps"'
QUESTION = re.compile(r"(?:\*\*Think first\.\*\*\s*)?(.*?)\s*(?:<details>|\Z)", re.DOTALL)
ANSWER = re.compile(r":::\{dropdown\} Answer\n(.*?)\n:::", re.DOTALL)  # in a source
PICTURES = ("image/svg+xml", "image/png")


@dataclass
class Page:
    """A notebook of a chapter, as the notes and the slides see it.

    Attributes
    ----------
    name, title, asks : str
        File without suffix, title, and the question of the chapter's overview.
    advanced : bool
        It may be left out.
    shows : list
        Of what comes on the screen, in order: pairs of a kind ("question", "figure", "slider") and
        a dictionary: the `cell` it comes from, `formulas` that its text names, and what it says.
    seconds : float
        Processor time of a run.
    slow : dict
        Id of the cells that take longest: processor seconds of each, where they are known.
    """

    name: str
    title: str
    asks: str
    advanced: bool
    shows: list
    seconds: float
    slow: dict = field(default_factory=dict)


def available(root, folder):
    """Whether the last build has left a run and finished text of every notebook of a chapter."""
    root = Path(root)
    if not (root / "requirements.lock").is_file():
        return False
    return all(_finished(root, path) for path in sorted(folder.glob("*.ipynb")))


def _finished(root, path):
    name = path.relative_to(root).as_posix()
    live = root / "_build/live" / name
    if not (live.is_file() and _run(root, name)):
        return False
    return executed.read(live)["metadata"].get("lmgbook", {}).get("digest") == executed.digest(path)


def _run(root, name):
    return executed.load(root, name, executed.notebook_key(root, name))


def with_outputs(root, path, notebook):
    """Return a live notebook with the outputs of its last run.

    Of a viewer the first frame is kept; JupyterLab shows its slider when the cell is run.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the project.
    path : pathlib.Path
        The notebook's source.
    notebook : nbformat.NotebookNode
        Its live version.

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook = copy.deepcopy(notebook)
    run = _run(root, path.relative_to(root).as_posix())
    ran = {cell["id"]: cell for cell in run["cells"] if cell["cell_type"] == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in ran:
            outputs = [_kept(output) for output in ran[cell.id]["outputs"]]
            cell.outputs = [type(cell)(output) for output in outputs if output]
            cell.execution_count = ran[cell.id]["execution_count"]
    return notebook


def _kept(output):
    """An output for a notebook of the pack, or None."""
    if output["output_type"] == "stream":
        return output if output["name"] == "stdout" else None
    data = output.get("data", {})
    kept = {kind: data[kind] for kind in (*PICTURES, "text/plain") if kind in data}
    if VIEWER in "".join(data.get("text/html", "")):
        return None
    if not kept or any(kind.startswith("application/papermill") for kind in data):
        return None
    return {**output, "data": kept, "metadata": {}}


def overview(folder):
    """The pages of a chapter in reading order: triples of name, "advanced" or "", question."""
    text = (folder / "index.md").read_text(encoding="utf-8")
    block = re.search(r"```\{pages\}\n(.*?)```", text, re.DOTALL)
    return LINE.findall(block[1])


def pages(root, folder, read):
    """Return the pages of a chapter.

    Parameters
    ----------
    root, folder : pathlib.Path
        Of the project, and of the chapter in it.
    read : callable
        Gives the live notebook of a path.

    Returns
    -------
    list of Page
    """
    found, known = [], numbered.of_book(Path(root))
    for name, advanced, asks in overview(folder):
        path = folder / f"{name}.ipynb"
        live, run = read(path), _run(root, path.relative_to(root).as_posix())
        title = re.search(r"^# (.+)$", live.cells[0].source, re.MULTILINE)[1]
        about = Page(name, title, asks, bool(advanced), [], executed.cost(run)["cpu_seconds"])
        captions = {
            cell.id.removesuffix("-caption"): cell.source
            for cell in live.cells
            if cell.id.endswith("-caption")
        }
        source = executed.read(path)
        written, told = numbered.texts(source), {c["id"]: _told(c) for c in source["cells"]}
        ran = {cell["id"]: cell for cell in run["cells"]}
        before = None  # text cell
        for index, cell in enumerate(live.cells):
            if cell.id == "think-first":
                about.shows.append(("question", _question(live.cells[index:], written, known)))
            elif cell.cell_type == "code" and "solution" not in cell.metadata.get("tags", []):
                for kind, what in _pictures(ran[cell.id]["outputs"]):
                    if kind == "slider" and live.cells[before].id != "think-first":
                        asked = _question(live.cells[before:], written, known)
                        about.shows.append(("question", asked | {"cell": cell.id}))
                    text = documents.unlinked(captions.get(cell.id, ""))
                    caption, alt = told[cell.id]
                    formulas = numbered.named(caption, known)
                    what |= {"cell": cell.id, "caption": text, "alt": alt, "formulas": formulas}
                    about.shows.append((kind, what))
            before = index if cell.cell_type == "markdown" else before
        about.slow = {c: ran[c]["metadata"].get("cpu_seconds", 0) for c in ran}
        found.append(about)
    return found


def _told(cell):
    """Caption and description of a cell's figure, as they are written."""
    about = cell["metadata"].get("mystnb", {})
    return about.get("figure", {}).get("caption", ""), about.get("image", {}).get("alt", "")


def _question(cells, written, known):
    """The question in the first cell, and its answer there or, after a slider, further on.

    Before a slider that no "Think first" announces the question is the last paragraph.
    """
    first = cells[0]
    asked, text = written[first.id].partition(":::{dropdown}")[0], first.source
    if first.id != "think-first":
        asked, text = (each.rstrip().split("\n\n")[-1] for each in (written[first.id], text))
    folded = ((c.id, grading.FOLDED.search(c.source)) for c in cells if c.id in written)
    if first.id != "think-first":
        next(folded)  # that cell may begin with the answer to another question
    place, answer = next(pair for pair in folded if pair[1])
    formulas = numbered.named(asked, known)
    more = numbered.named(ANSWER.search(written[place])[1], known)
    return {
        "cell": first.id,
        "text": documents.unlinked(QUESTION.match(text)[1]),
        "answer": documents.unlinked(answer[1]),
        "formulas": formulas,
        "of_answer": [each for each in more if each not in formulas],
    }


def _pictures(outputs):
    """The pictures and sliders among the outputs of a cell."""
    for output in outputs:
        data = output.get("data", {})
        viewer = "".join(data.get("text/html", ""))
        if VIEWER in viewer:
            label = re.search(r"<legend>(.*?) <small>", viewer)[1]
            yield "slider", {"html": viewer, "label": label}
        for kind in PICTURES:
            if kind in data:
                yield "figure", {"kind": kind, "data": "".join(data[kind])}
                break


def exercises(root, folder, notebook):
    """What the notes say of the exercises: a list of dictionaries.

    Parameters
    ----------
    root, folder : pathlib.Path
        Of the project, and of the chapter in it.
    notebook : nbformat.NotebookNode
        The chapter's exercises, as they are written.

    Returns
    -------
    list of dict
    """
    run = _run(root, (folder / "exercises.ipynb").relative_to(root).as_posix())
    took = {cell["id"]: cell["metadata"].get("cpu_seconds") for cell in run["cells"]}
    found = []
    for problem, group in grading.exercises_of(notebook.cells)[1:]:
        known = [took.get(cell.id) for cell in group if cell.cell_type == "code"]
        found.append(
            {
                "title": problem.title,
                "level": problem.level,
                "minutes": problem.minutes,
                "seconds": None if None in known else sum(known),
                "points": problem.points,
            }
        )
    return found


def notes(content, found, problems):
    """Return the notes of a chapter as an HTML page.

    Parameters
    ----------
    content : dict
        The chapter's `teaching.yml`.
    found : list of Page
        As `pages` gives them.
    problems : list of dict
        As `exercises` gives them.

    Returns
    -------
    str
    """
    title = f"{content['title']}: notes for instructors"
    text = [f"# {title}", "", "## Answers to the votes", ""]
    for vote in content["votes"]:
        text += [f"- **{vote['question']}** {vote['answer']}"]
    text += ["", "## If time is short", ""]
    text += [f"- {each}" for each in content["skip"]]
    text += ["", "## Page by page", ""]
    text += [
        "Seconds are those of a run on one core of the build's machine; allow for two or three"
    ]
    text += ["times as many on a slow one. Figures and sliders are in `slides.html` as well.", ""]
    steps = [(n, m, w) for n, all_ in content["schedule"].items() for m, w in all_]
    for page in found:
        text += [f"### {page.title} (`{page.name}`{', advanced' * page.advanced})", ""]
        text += [f"*{page.asks}* Computes {page.seconds:.0f} s.", ""]
        used = [
            f"{minutes} of {n} minutes" for n, minutes, what in steps if f"`{page.name}" in what
        ]
        text += [f"In the plan: {', '.join(used)}.", ""] if used else []
        for kind, what in page.shows:
            if kind == "question":
                text += [f"- **Ask:** {_line(what['text'])} *Listen for:* {_line(what['answer'])}"]
            elif kind == "slider":
                text += [f"- **Slider:** {what['label']}"]
            elif what["caption"]:
                text += [f"- {_line(what['caption'])}"]
        text += [""]
    text += ["## Exercises", "", "Minutes are a rule of thumb for a student who has read the page;"]
    text += ["seconds are what the book's solution computes.", ""]
    text += ["| exercise | level | minutes | seconds | points |", "| --- | --- | --- | --- | --- |"]
    for each in problems:
        seconds = "" if each["seconds"] is None else f"{each['seconds']:.0f}"
        text += [
            f"| {each['title']} | {each['level']} | {each['minutes']} | {seconds} | "
            f"{each['points']} |"
        ]
    return documents.page(title, documents.html("\n".join(text)))


def _line(text):
    """A text in one line, with its formulas in the line as well."""
    return re.sub(r"\s+", " ", text.replace("$$", "$")).strip()


def picture(what):
    """A picture as an HTML element."""
    data = what["data"]
    if what["kind"] == "image/svg+xml":
        data = base64.b64encode(data.encode()).decode()
    return f'<img src="data:{what["kind"]};base64,{data}" alt="{escape(what["alt"], quote=True)}">'
