"""A formula or figure that is referred to, shown at the reference: no jump there and back.

`tips.js` takes it from the page where it stands on the same one. A formula of another page comes
with the page that names it, in a template, which nobody sees, hears, finds or prints.
"""

import re

from docutils import nodes

from . import formulas

ELSEWHERE = re.compile(r'href="[^"#]+#(equation-[\w-]+)"')


def equations(env):
    """Anchor -> LaTeX of every numbered formula."""
    if not hasattr(env, "equation_texts"):
        env.equation_texts = {}
    return env.equation_texts


def collect(app, doctree):
    for node in doctree.findall(nodes.math_block):
        if label := node.get("label"):
            equations(app.env)[nodes.make_id(f"equation-{label}")] = node.astext()


def merge(app, env, docnames, other):
    equations(env).update(equations(other))


def bring(app, pagename, templatename, context, doctree):
    """Add the formulas of other pages that a page names."""
    if body := context.get("body"):
        known = equations(app.env)
        for anchor in dict.fromkeys(ELSEWHERE.findall(body)):
            if anchor in known:
                formula = formulas.mathml(known[anchor], display=True)
                context["body"] += f'<template data-for="{anchor}">{formula}</template>\n'


def setup(app):
    app.connect("doctree-read", collect)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", bring)
    app.add_js_file("tips.js")
