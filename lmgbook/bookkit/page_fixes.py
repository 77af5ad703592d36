"""Mend what the theme and its extensions get wrong on the finished pages.

* Sphinx 7 emits scripts without a file name twice, which logs an error on every page.
* The live-code scripts (Thebe) name a host that is not ours, and the book has no such button.
* `doc-biblioentry` is a deprecated role that assistive technology reports as an error.
* On a first visit the theme logs an error because no colour mode has been chosen yet.
* The arrows that unfold a chapter in the side bar have no name.
* A line may break between a formula and the comma after it.
"""

import re

FIRST_MODE = 'document.documentElement.dataset.mode ||= "auto"'
UNNAMED = "<summary><span"
NAMED = '<summary aria-label="Pages of this chapter"><span'
FORMULA = re.compile(
    r'([(\[“‘]?)(<span class="math notranslate nohighlight">[^<]*</span>)([)\]”’.,;:!?]*)'
)


def drop_scripts(context):
    seen, kept = set(), []
    for script in context.get("script_files", []):
        filename = getattr(script, "filename", None) or ""
        body = getattr(script, "attributes", {}).get("body", "")
        key = (str(filename), body)
        if key in seen or "thebe" in f"{filename}{body}".lower():
            continue
        seen.add(key)
        kept.append(script)
    context["script_files"] = kept


def keep_together(match):
    """Wrap a formula with the bracket before it and the punctuation after it, if there is any."""
    before, formula, after = match.groups()
    return f'<span class="formula">{match[0]}</span>' if before or after else formula


def mend(app, pagename, templatename, context, doctree):
    drop_scripts(context)
    if body := context.get("body"):
        body = body.replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = FORMULA.sub(keep_together, body)
    if toctree := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = lambda *args, **kwargs: str(
            toctree(*args, **kwargs)
        ).replace(UNNAMED, NAMED)


def setup(app):
    app.add_js_file(None, body=FIRST_MODE)
    # after the extensions that add the scripts
    app.connect("html-page-context", mend, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
