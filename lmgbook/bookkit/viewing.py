"""How results are looked at: sliders that drag, every picture at full size by a click, and tables.

A picture becomes a link to its own file, so that a browser's zoom does the rest, without a script;
the name of the link is the description of the picture. Sliders are radio buttons (see `explore`);
`sliders.js` lets them be dragged. Printed lines are wrapped on a narrow screen, but not the rows of
a table, which are told by their gaps.
"""

import re

PICTURE = re.compile(r'(<a\b[^>]*>\s*)?(<img\b[^>]*?\ssrc="([^"]*_images/[^"]+)"[^>]*>)')
SCRIPT = "sliders.js"
PRINTED = re.compile(
    r'(<div class="output [^"]*)("[^>]*>\s*<div class="highlight"><pre>)(.*?)(?=</pre>)', re.DOTALL
)
ROW = re.compile(r"^.*[^\s>] {2,}\S", re.MULTILINE)


def link_picture(match):
    """Wrap a picture in a link to its file, unless it is part of a link already."""
    before, picture, file = match.groups()
    if before:
        return match[0]
    return f'<a class="full-size" href="{file}" title="Open at full size">{picture}</a>'


def mark_table(match):
    """Name an output of which two lines or more have gaps, as only columns do."""
    start, middle, text = match.groups()
    return start + " columns" * (len(ROW.findall(text)) > 1) + middle + text


def enrich(app, pagename, templatename, context, doctree):
    if body := context.get("body"):
        if 'class="lmg-steps"' in body:
            app.add_js_file(SCRIPT, loading_method="defer")
        context["body"] = PRINTED.sub(mark_table, PICTURE.sub(link_picture, body))


def setup(app):
    app.connect("html-page-context", enrich)
