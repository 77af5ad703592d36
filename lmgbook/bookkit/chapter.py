"""Write the skeleton of a chapter: `make chapter NAME=x`.

A small chapter that works stands in `skeleton`, under the paths that its files get: a model, an
exercise, a claim, two notebooks, a teaching plan, tests and a benchmark. Nothing is entered in a
list, since all of that is discovered; only the table of contents and the bibliography get an entry.
"""

import json
import keyword
import re
from pathlib import Path

import nbformat

SKELETON = Path(__file__).with_name("skeleton")
APPENDICES = "  - caption: Appendices\n"
REFERENCE = """
@article{{{name}2000,
  author = {{Author, A. and Other, B.}},
  title = {{Replace me: the title of the paper}},
  journal = {{Journal}},
  year = {{2000}}
}}
"""
LEFT = """\
{count} files of the chapter `{name}`, and its entries in _toc.yml and book/references.bib.
It is a chapter that works: `make book`, `.venv/bin/pytest tests/{name}`. Make it yours:
  lmgbook/{name}, book/{name}, book/claims/{name}.yml, tests/{name}, benchmarks/{name}.py
  book/references.bib            the paper
Then tell about it in
  book/appendix/glossary.md      its words
  book/intro.md                  where the corridor leads now
  CHANGELOG.md                   a line"""


def write(name: str, root: Path | str = ".") -> list[Path]:
    """Write the skeleton of a chapter.

    Parameters
    ----------
    name : str
        Of the folders: lower case, digits and underscores, as in "slow_quenches".
    root : path-like
        Folder of the project.

    Returns
    -------
    list of pathlib.Path
        The new files.

    Raises
    ------
    ValueError
        If the name cannot be one of a chapter, or is taken. Nothing has been written then.
    """
    root = Path(root)
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise ValueError(f"NAME = {name!r}: must be lower case with underscores, as slow_quenches")
    words = name.split("_")
    values = {
        "NAME": name,
        "LABEL": name.replace("_", "-"),
        "TITLE": " ".join(words).capitalize(),
        "SHORT": "".join(word[0] for word in words).upper(),
    }
    files = {
        root / fill(path.relative_to(SKELETON).as_posix(), values).removesuffix(".txt"): path
        for path in sorted(SKELETON.rglob("*.txt"))
    }
    places = {root / part / name for part in ("lmgbook", "book", "tests")} | set(files)
    taken = [place for place in (*places, root / "lmgbook" / f"{name}.py") if place.exists()]
    if taken:
        raise ValueError(f"NAME = {name!r}: must be new, but there is {min(taken)}")
    contents, references = root / "_toc.yml", root / "book" / "references.bib"
    toc = contents.read_text(encoding="utf-8")
    if toc.count(APPENDICES) != 1:
        raise ValueError(f"{contents}: must have the line {APPENDICES.strip()!r} once")
    for path, template in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = fill(template.read_text(encoding="utf-8"), values)
        path.write_text(notebook(text) if path.suffix == ".ipynb" else text, encoding="utf-8")
    pages = [path for path in files if path.suffix == ".ipynb"]
    pages.sort(key=lambda path: path.stem == "exercises")  # the last one
    lines = [f"      - file: book/{name}/index", "        sections:"]
    lines += [f"          - file: book/{name}/{path.stem}" for path in pages]
    entry = "\n".join(lines) + "\n"
    contents.write_text(toc.replace(APPENDICES, entry + APPENDICES), encoding="utf-8")
    with references.open("a", encoding="utf-8") as file:
        file.write(REFERENCE.format(name=name))
    return sorted(files)


def fill(text: str, values: dict[str, str]) -> str:
    """Put the values in the place of their names in double underscores."""
    for name, value in values.items():
        text = text.replace(f"__{name}__", value)
    return text


def notebook(text: str) -> str:
    """Return a notebook, as JSON, from a text.

    Parameters
    ----------
    text : str
        Cells follow lines such as `%% markdown name` or `%% code name {"tags": []}`, a stored
        printed output the line `%% output`.

    Returns
    -------
    str
    """
    cells: list = []
    count = 0
    for head, body in re.findall(r"(?ms)^%% ([^\n]*)\n(.*?)(?=^%% |\Z)", text):
        kind, _, rest = head.partition(" ")
        if kind == "output":
            output = nbformat.v4.new_output("stream", name="stdout", text=body.rstrip() + "\n")
            cells[-1].outputs, cells[-1].execution_count = [output], count
            continue
        name, _, metadata = rest.partition(" ")
        new = getattr(nbformat.v4, f"new_{kind}_cell")
        metadata = json.loads(metadata or "{}")
        cells.append(new(body.strip(), id=name, metadata=metadata))
        count += kind == "code"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata)) + "\n"
