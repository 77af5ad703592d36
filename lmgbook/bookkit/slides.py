"""Slides of a chapter, from its figures, sliders and questions: one HTML file, `slides.html`.

A page that snaps from slide to slide, and no program: it opens from a stick without a network,
steps with the space bar, with Page Down or a presenter's remote, prints one slide a sheet, and a
screen reader reads it from top to bottom. Answers are folded; a slider works as in the book, by
keys, and needs no kernel.
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
section > * { margin: 0; max-width: 100%; }
h1 { font-size: 2.2em; text-align: center; }
h2 { color: #00318c; font-size: 1.1em; font-weight: 600; }
.ask { font-size: 1.5em; max-width: 42ch; }
.text { max-width: 60ch; }
.caption { font-size: 0.85em; max-width: 90ch; }
img { background: #fcfcfa; max-height: 70vh; object-fit: contain; width: 100%; }
figure { margin: 0; width: min(100%, 120vh); }
.play { width: min(100%, 88vh); }
.play img { max-height: 62vh; }
details { max-width: 60ch; }
summary { color: #00318c; cursor: pointer; font-weight: 600; }
footer { bottom: 1.5vh; color: #5b5b5b; font-size: 0.7em; position: absolute; right: 2vw; }
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
        Its `teaching.yml`.
    found : list of lmgbook.bookkit.instructor.Page
        Its pages.

    Returns
    -------
    str
        HTML.
    """
    slides = [_slide(f"<h1>{documents.inline(content['title'])}</h1>", content["title"])]
    slides += [_ask("Before we begin", vote["question"], "") for vote in content["votes"]]
    for page in found:
        if page.name == "exercises":
            continue
        heading = f"<h2>{documents.inline(page.title)}</h2>"
        asks = f'<p class="ask">{documents.inline(page.asks)}</p>'
        slides.append(_slide(heading + asks, page.title))
        for kind, what in page.shows:
            slides.append(_shown(page, heading, kind, what))
    for vote in content["votes"]:
        slides.append(_ask("Back to the vote", vote["question"], vote["answer"]))
    for each in content["discussion"]:
        slides.append(_ask("To discuss", each["question"], each["listen_for"]))
    total = len(slides)
    body = "\n".join(
        slide.replace("</section>", f"<footer>{number} / {total}</footer></section>")
        for number, slide in enumerate(slides, 1)
    )
    return documents.page(content["title"], f"<main>\n{body}\n</main>", STYLE)


def _slide(inner, label):
    return f'<section aria-label="{escape(label, quote=True)}">{inner}</section>'


def _ask(heading, question, answer):
    inner = f'<h2>{escape(heading)}</h2><div class="ask">{documents.html(question)}</div>'
    if answer:
        answer = documents.html(answer)
        inner += f"<details><summary>Answer</summary>{answer}</details>"
    return _slide(inner, heading)


def _shown(page, heading, kind, what):
    if kind == "question":
        return _ask(page.title, what["text"], what["answer"])
    caption = f'<div class="caption">{documents.html(what["caption"])}</div>'
    if kind == "slider":
        return _slide(f'{heading}<div class="play">{what["html"]}</div>{caption}', what["label"])
    name = re.match(r"\*\*(.*?)\*\*", what["caption"])
    label = f"{page.title}, {name[1] if name else 'figure'}"
    return _slide(f"{heading}<figure>{instructor.picture(what)}</figure>{caption}", label)
