"""Slides of a chapter, from its figures, sliders and questions: one HTML file, `slides.html`.

A page that snaps from slide to slide, and no program: it opens from a stick without a network,
steps with the space bar, with Page Down or a presenter's remote, prints one slide a sheet, and a
screen reader reads it from top to bottom. Answers are folded; a slider works as in the book, by
keys, and needs no kernel. A formula that the words of a slide name stands on it.

The slides that the plan's 50 minutes show are marked, and `slides.html#short` shows no others: the
style sheet hides them as long as the address ends so.
"""

import re
from html import escape

from . import documents, instructor

STYLE = """\
html { scroll-snap-type: y mandatory; }
body { background: #fcfcfa; color: #1b1b1b; font-family: system-ui, sans-serif;
  font-size: clamp(14px, 2.4vmin, 30px); line-height: 1.4; margin: 0; }
section { align-items: center; box-sizing: border-box; display: flex; flex-direction: column;
  gap: 1.5vh; height: 100vh; justify-content: center; overflow: auto; padding: 3vh 6vw 5vh;
  position: relative; scroll-snap-align: start; scroll-snap-stop: always; }
section > * { flex-shrink: 0; margin: 0; max-width: 100%; }
h1 { font-size: 2.2em; text-align: center; }
h2 { color: #00318c; font-size: 1.1em; font-weight: 600; }
.ask { font-size: 1.5em; max-width: 42ch; }
.text { max-width: 60ch; }
.caption { font-size: 0.85em; max-width: 90ch; }
img { background: #fcfcfa; max-height: 70vh; object-fit: contain; width: 100%; }
figure { display: flex; flex-shrink: 1; min-height: 40vh; width: min(100%, 120vh); }
.play { width: min(100%, 88vh); }
.play img { max-height: 62vh; }
details { max-width: 60ch; }
summary { color: #00318c; cursor: pointer; font-weight: 600; }
.formula { align-items: center; display: flex; gap: 2em; overflow-x: auto; }
.ask ~ .formula { font-size: 1.3em; }
footer { bottom: 1.5vh; color: #5b5b5b; font-size: 0.7em; position: absolute; right: 2vw; }
.core { border-left: 0.6vw solid #00318c; padding-left: 5.4vw; }
main:target section:not(.core) { display: none; }
@page { margin: 0; size: A4 landscape; }
@media print { html { scroll-snap-type: none; } body { font-size: 13pt; }
  section { break-after: page; break-inside: avoid; height: 209mm; overflow: hidden;
  padding: 10mm 15mm; } section:last-of-type { break-after: auto; }
  img { max-height: 130mm; } .play { width: 150mm; } .play img { max-height: 110mm; } }
"""


def deck(content, found):
    """Return the slides of a chapter.

    Parameters
    ----------
    content : dict
        Its `teaching.yml`; under `path` the pages of the 50 minutes, each with the cells it shows.
    found : list of lmgbook.bookkit.instructor.Page
        Its pages.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ValueError
        If the path names a page or a cell that shows nothing.
    """
    path = _path(content["path"], found)
    slides = [(True, _slide(f"<h1>{documents.inline(content['title'])}</h1>", content["title"]))]
    votes = content["votes"]
    slides += [(True, _ask("Before we begin", vote["question"])) for vote in votes]
    for page in found:
        if page.name == "exercises":
            continue
        heading = f"<h2>{documents.inline(page.title)}</h2>"
        asks = f'<p class="ask">{documents.inline(page.asks)}</p>'
        slides.append((page.name in path, _slide(heading + asks, page.title)))
        for kind, what in page.shows:
            core = what["cell"] in path.get(page.name, ())
            slides.append((core, _shown(page, heading, kind, what)))
    for vote in votes:
        slides.append((True, _ask("Back to the vote", vote["question"], vote["answer"])))
    for each in content["discussion"]:
        slides.append((False, _ask("To discuss", each["question"], each["listen_for"])))
    short, total = sum(core for core, _ in slides), len(slides)
    ways = f'<nav><a href="#short">Only the {short} slides of the 50 minutes</a> · '
    ways += f'<a href="#">all {total}</a></nav>'
    body, place = [], 0
    for number, (core, slide) in enumerate(slides, 1):
        where = f"{number} / {total}"
        if core:
            place += 1
            where += f" · 50 minutes: {place} / {short}"
            slide = slide.replace("<section", '<section class="core"', 1)
        body.append(slide.replace("</section>", f"<footer>{where}</footer></section>"))
    body[0] = body[0].replace("<footer>", f"{ways}<footer>")
    inner = "\n".join(body)
    return documents.page(content["title"], f'<main id="short">\n{inner}\n</main>', STYLE)


def _path(path, found):
    """The pages of the 50 minutes, once it is sure that they show what they should."""
    shown = {page.name: {what["cell"] for _, what in page.shows} for page in found}
    wrong = [
        f"{page}: {cell}"
        for page, cells in path.items()
        for cell in cells
        if cell not in shown.get(page, ())
    ]
    if wrong:
        raise ValueError(f"the path of the 50 minutes names what shows nothing: {wrong}")
    return path


def _slide(inner, label):
    return f'<section aria-label="{escape(label, quote=True)}">{inner}</section>'


def _ask(heading, question, answer="", formulas=(), of_answer=()):
    inner = f'<h2>{escape(heading)}</h2><div class="ask">{documents.html(question)}</div>'
    inner += _formulas(formulas)
    if answer:
        answer = documents.html(answer) + _formulas(of_answer)
        inner += f"<details><summary>Answer</summary>{answer}</details>"
    return _slide(inner, heading)


def _formulas(found):
    """Numbered formulas, as the book shows them."""
    return "".join(
        f'<div class="formula">{documents.mathml(latex, True)} <span>({number})</span></div>'
        for number, latex in found
    )


def _shown(page, heading, kind, what):
    if kind == "question":
        told = what["text"], what["answer"], what["formulas"], what["of_answer"]
        return _ask(page.title, *told)
    caption = f'<div class="caption">{documents.html(what["caption"])}</div>'
    caption += _formulas(what["formulas"])
    if kind == "slider":
        return _slide(f'{heading}<div class="play">{what["html"]}</div>{caption}', what["label"])
    name = re.match(r"\*\*(.*?)\*\*", what["caption"])
    label = f"{page.title}, {name[1] if name else 'figure'}"
    return _slide(f"{heading}<figure>{instructor.picture(what)}</figure>{caption}", label)
