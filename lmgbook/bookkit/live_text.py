"""Text of a live notebook: MyST of the book as Markdown that any notebook program shows.

Nothing here knows Sphinx. `resolve` asks a `Words` for what only the book as a whole can tell, a
number, a reference, a scoreboard; `Asked` is one that notes the questions and answers nothing, so
that all of a page can be answered in one go.

What has a frame on the page becomes plain Markdown: a foldable box is `<details>`, an exercise, a
proposition or a table has its number and title in bold before it. No block is quoted with `>`:
notebook programs take formulas out of the text before they read it, marks of the quotation and all.
Programs that read notebooks as MyST (jupyterlab-myst 2.7) do not show such boxes, and number the
formulas themselves; `environment.yml` therefore installs none.
"""

import re

TOKEN = re.compile(
    r"""
    ^(?P<wall>`{3,}|~{3,})(?![^\n]*`)[^\n]*\n.*?^(?P=wall)[ ]*$       # a listing
    | (?P<display>\$\$(?P<body>.*?)\$\$)(?:[ ]*\((?P<label>[^)\s]+)\))?
    | \{(?P<role>[a-z][\w:.-]*)\}(?P<tick>`+)(?P<argument>.+?)(?P=tick)
    | (?P<ticks>`+).+?(?P=ticks)                                      # code
    | \$[^$]+\$
    | (?<!!)\[(?P<text>(?:\$[^$]*\$|[^\[\]$])*)\]\((?P<target>(?!\w+://|\#|[^()\s]*\.ipynb)[^()\s]+)\)
    | ^\((?P<anchor>[\w:.-]+)\)=[ ]*(?:\n|\Z)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
OPEN = re.compile(r"^ {0,3}(?P<fence>`{3,}|:{3,}|~{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<title>.*)$")
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)$")
# what calls an equation by its name already
NAMED = re.compile(r"\b(?:eqs?\.|equations?|formulas?)\s+$", re.IGNORECASE)
BOXES = {
    "admonition": "",
    "attention": "Attention",
    "caution": "Caution",
    "dropdown": "",
    "hint": "Hint",
    "important": "Important",
    "note": "Note",
    "seealso": "See also",
    "tip": "Tip",
    "warning": "Warning",
}
NUMBERED = {"exercise", "prf:proposition", "prf:theorem", "prf:lemma", "prf:definition"}
TABLES = {"table", "list-table"}
RENDERED = {"scoreboard"}  # made by the book, whole
DIRECTIVES = {*BOXES, *NUMBERED, *TABLES, *RENDERED, "solution", "prf:proof", "math"}


class Asked:
    """Notes what a text asks for."""

    def __init__(self):
        self.inline, self.blocks = {}, {}

    def role(self, name, argument):
        self.inline[f"{{{name}}}`{argument}`"] = (name, argument)
        return ""

    def link(self, text, target):
        self.inline[f"[x]({target})"] = ("link", target)
        return ""

    def equation(self, label):
        self.inline[f"{{eq}}`{label}`"] = ("eq", label)
        return ""

    def block(self, source):
        self.blocks[source] = None
        return ""


def resolve(source, words):
    """Return a text cell as plain Markdown.

    Parameters
    ----------
    source : str
        MyST.
    words : object
        With the methods of `Asked`; each returns Markdown, `equation` the bare number.

    Returns
    -------
    str
        The same text if nothing in it was MyST.

    Raises
    ------
    ValueError
        If a directive is not known here, or does not end.
    """
    lines, done, plain = source.split("\n"), [], []

    def flush():
        if plain:
            done.append(inline("\n".join(plain), words))
            plain.clear()

    position, wall = 0, ""
    while position < len(lines):
        line = lines[position]
        found = None if wall else OPEN.match(line)
        if found is None:
            # what stands in a listing is no directive
            mark = re.match(r"^(`{3,}|~{3,})", line)
            if wall and line.rstrip() == wall:
                wall = ""
            elif not wall and mark:
                wall = mark[1]
            plain.append(line)
            position += 1
            continue
        flush()
        end = closing(lines, position, found["fence"])
        done.append(directive(found, lines[position : end + 1], words))
        position = end + 1
    flush()
    return "\n".join(done)


def closing(lines, start, fence):
    """Line that ends the directive which starts at a line."""
    end = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}\s*$")
    inner = 0
    for position in range(start + 1, len(lines)):
        opened = OPEN.match(lines[position])
        if opened and opened["fence"] == fence and fence[0] == ":":
            inner += 1
        elif end.match(lines[position]):
            if inner == 0:
                return position
            inner -= 1
    raise ValueError(f"the directive {lines[start].strip()!r} does not end")


def directive(found, lines, words):
    """Markdown for a directive, given the match of its first line, and all of its lines."""
    name, title = found["name"], found["title"].strip()
    if name not in DIRECTIVES:
        raise ValueError(f"no plain form is known for the directive {name!r}")
    options, body = {}, lines[1:-1]
    while body and (option := OPTION.match(body[0])):
        options[option[1]] = option[2].strip()
        body = body[1:]
    if name in RENDERED:
        return words.block("\n".join(lines))
    if name == "math":
        body = ["$$", *body, "$$" + (f" ({options['label']})" if "label" in options else "")]
        return inline("\n".join(body), words)
    if name == "list-table":
        body = list_table(body, int(options.get("header-rows", 0)))
    text = resolve("\n".join(body).strip("\n"), words)
    title = inline(title, words)
    folded = "dropdown" in [name, *options.get("class", "").split()]
    if name == "solution":
        return details(f"Solution to {words.role('number', title)}", text)
    if name in NUMBERED:
        label = options.get("label") or options.get("name")
        number = words.role("number", label)
        lead = f"{number} ({title})" if title and title not in number else number
        return f"**{lead}**\n\n{text}"
    if name == "prf:proof":
        return f"*Proof.* {text} $\\square$"
    if name in TABLES:
        number = f"**{words.role('number', options['name'])}.** " if "name" in options else ""
        return f"{number}{title}\n\n{text}"
    title = title or BOXES[name]
    return details(title, text) if folded else f"**{title}.** {text}"


def details(title, text):
    """A box that a reader opens."""
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>\n"


def list_table(lines, headers):
    """Rows of a table that was written as a list of lists."""
    rows, cell = [], ""
    for line in lines:
        if match := re.match(r"^(\* - |  - )(.*)$", line):
            if match[1].startswith("*"):
                rows.append([])
            rows[-1].append(match[2].strip())
        elif line.strip():
            rows[-1][-1] += " " + line.strip()
    if headers != 1:
        rows.insert(0, [cell] * len(rows[0]))
    rows.insert(1, ["---"] * len(rows[0]))
    return ["| " + " | ".join(row) + " |" for row in rows]


def inline(text, words):
    """Roles, links, numbered formulas and targets of a text without directives."""
    done, last = [], 0
    for found in TOKEN.finditer(text):
        before = text[last : found.start()]
        done.append(before)
        done.append(token(found, "".join(done[-2:]) or before, words))
        last = found.end()
    return "".join(done) + text[last:]


def token(found, before, words):
    """Markdown for one token."""
    if found["role"] == "math":
        return f"${found['argument']}$"
    if found["role"]:
        answer = words.role(found["role"], found["argument"])
        # "(4.3)" of this notebook, "Eq. (4.3) of *One spin*" of another
        if found["role"] == "eq" and " of *" in answer and not NAMED.search(before):
            return f"Eq. {answer}"
        return answer
    if found["target"]:
        return words.link(found["text"], found["target"])
    if found["label"]:
        number = words.equation(found["label"])
        return f"$${found['body'].rstrip()}\n\\tag{{{number}}}\n$$"
    return "" if found["anchor"] else found[0]


def unresolved(text):
    """What of MyST is left in a text, for the tests.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str
    """
    left = [match[0].strip() for match in map(OPEN.match, text.split("\n")) if match]
    for found in TOKEN.finditer(text):
        if found["role"] or found["anchor"] or found["label"] or found["target"]:
            left.append(found[0])
    return left + re.findall(r"\{\{.*?\}\}", re.sub(r"\$[^$]*\$|`[^`]*`", "", text))


def places(cell):
    """Labels by which other pages may point into a cell, as they are written.

    Parameters
    ----------
    cell : dict
        Of a notebook.

    Returns
    -------
    list of str
    """
    if cell["cell_type"] == "code":
        name = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
        return [name] if name else []
    source = "".join(cell["source"])
    found = [match["anchor"] or match["label"] for match in TOKEN.finditer(source)]
    found += re.findall(r"(?m)^:(?:name|label):\s*(\S+)", source)
    # a formula within a directive is found as well, the directive's fence being no listing
    found += re.findall(r"\$\$[ ]*\(([^)\s]+)\)", source)
    headings = re.findall(r"(?m)^#{1,6}[ ]+(.+?)\s*$", source)
    return [*filter(None, found), *headings]
