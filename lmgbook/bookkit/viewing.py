"""How figures are looked at: sliders that drag, and every picture at full size by a click.

A picture becomes a link to its own file, so that a browser's zoom does the rest, without a script;
the name of the link is the description of the picture. Sliders are radio buttons (see `explore`);
`sliders.js` lets them be dragged.
"""

import re

PICTURE = re.compile(r'(<a\b[^>]*>\s*)?(<img\b[^>]*?\ssrc="([^"]*_images/[^"]+)"[^>]*>)')
SCRIPT = "sliders.js"


def link_picture(match):
    """Wrap a picture in a link to its file, unless it is part of a link already."""
    before, picture, file = match.groups()
    if before:
        return match[0]
    return f'<a class="full-size" href="{file}" title="Open at full size">{picture}</a>'


def enrich(app, pagename, templatename, context, doctree):
    if body := context.get("body"):
        if 'class="lmg-steps"' in body:
            app.add_js_file(SCRIPT, loading_method="defer")
        context["body"] = PICTURE.sub(link_picture, body)


def setup(app):
    app.connect("html-page-context", enrich)
