"""Leave out of a style sheet what can match nothing: rules for classes and ids that no page has.

The theme brings all of Bootstrap, of which the pages use a third. A name counts as used if it
stands in a class or id of any page, or as a word in any script, since scripts put classes on
things.

The theme's colours ask for an attribute that a script sets. `without_script` lets them follow the
system where there is none.
"""

import re

TOKEN = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]""", re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# a rule may ask that something is not there, or offer a choice
CHOICE = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")
NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")
NAMES = re.compile(r'\s(?:class|id)="([^"]*)"')
SCRIPT = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)
GROUPS = ("@media", "@supports", "@container", "@layer")
THEME = r'(?:html|:is\(html, ?body\))\[data-theme="?{}"?\]'
THEMES = [
    (re.compile(THEME.format("light")), "print,(prefers-color-scheme:light)"),
    (re.compile(THEME.format("dark")), "screen and (prefers-color-scheme:dark)"),
]
NO_SCRIPT = "html:not([data-theme])"
COMPOSED = ("bs-",)  # Bootstrap makes such names of parts


def used(pages, scripts):
    """Names that texts of pages and scripts hold."""
    found, code = set(), list(scripts)
    for text in pages:
        for names in NAMES.findall(text):
            found.update(names.split())
        code += SCRIPT.findall(text)
    for text in code:
        found.update(re.findall(r"[\w-]+", text))
    return found


def rules(text):
    """Pairs of what stands before a block and what in it; without a block the second is None."""
    depth = start = inside = 0
    for token in TOKEN.finditer(text):
        match token[0]:
            case "{":
                depth += 1
                if depth == 1:
                    prelude, inside = text[start : token.start()], token.end()
            case "}":
                depth -= 1
                if depth == 0:
                    yield prelude, text[inside : token.start()]
                    start = token.end()
            case ";" if depth == 0:
                yield text[start : token.start()], None
                start = token.end()
    if depth:
        raise ValueError("a brace of a style sheet is open")


def selectors(prelude):
    """The parts between commas, of which one in brackets does not count."""
    depth, parts = 0, [""]
    for character in prelude:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def lives(selector, names):
    return all(
        name in names or name.startswith(COMPOSED)
        for name in (found.replace("\\", "") for found in NAME.findall(CHOICE.sub("", selector)))
    )


def prune(text, names):
    """The style sheet without rules that match none of the names."""
    kept = []
    for prelude, body in rules(text):
        comments, bare = COMMENT.findall(prelude), COMMENT.sub("", prelude).strip()
        kept += [each for each in comments if "(c)" in each or "icense" in each]
        if body is None:
            kept.append(f"{bare};")
        elif bare.startswith(GROUPS):
            if inner := prune(body, names):
                kept.append(f"{bare}{{{inner}}}")
        elif bare.startswith("@"):
            kept.append(f"{bare}{{{body}}}")
        elif alive := [each.strip() for each in selectors(bare) if lives(each, names)]:
            kept.append(f"{','.join(alive)}{{{body}}}")
    return "\n".join(kept)


def without_script(text):
    """The style sheet with colours for pages whose script does not run: the system's, on a screen.

    A rule for one of the schemes follows once more, for such a page and such a system. It weighs
    the same as before.
    """
    parts = []
    for prelude, body in rules(text):
        parts += COMMENT.findall(prelude)
        bare = COMMENT.sub("", prelude).strip()
        if body is None:
            parts.append(f"{bare};")
        elif bare.startswith(GROUPS):
            parts.append(f"{bare}{{{without_script(body)}}}")
        else:
            parts.append(f"{bare}{{{body}}}")
            for theme, media in THEMES:
                if alike := [theme.sub(NO_SCRIPT, e) for e in selectors(bare) if theme.search(e)]:
                    parts.append(f"@media {media}{{{','.join(alike)}{{{body}}}}}")
    return "\n".join(parts)
