"""The notebooks follow the house rules, and a wrong key number really fails."""

import ast
import os
import re
import subprocess
import sys

import nbformat
import pytest
from book_files import BOOK, NOTEBOOKS, calls, code_cells, name, parse, read, tags, visible_cells

KEY = {"keep_output", "nbval-check-output"}
NEW_FIGURE = re.compile(r"(plt|pyplot)\.(subplots|figure|subplot_mosaic)|(qutip\.)?plot_\w+")

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=name)


# --- what stands in the file --------------------------------------------------------------------


def stored_faults(notebook):
    """Key cells hold their count and printed text only, all other code cells hold nothing."""
    faults = []
    for cell in code_cells(notebook):
        if tags(cell) & KEY:
            if not tags(cell) >= KEY:
                faults.append(f"{cell.id}: needs both tags, {' and '.join(sorted(KEY))}")
            if cell.execution_count is None or not cell.outputs:
                faults.append(f"{cell.id}: key cell without stored output, nothing is compared")
            if any(output.get("name") != "stdout" for output in cell.outputs):
                faults.append(f"{cell.id}: key cell with more than printed text")
        elif cell.outputs or cell.execution_count is not None:
            faults.append(f"{cell.id}: stored output in a cell that is not compared")
    return faults


@each
def test_stored_outputs(path):
    assert stored_faults(read(path)) == []


@each
def test_head(path):
    notebook = read(path)
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert re.match(r"(\([\w-]+\)=\n)?# \S", first.source), "starts with its title"
    imports = code_cells(notebook)[0].source
    assert re.search(r"(?m)^(import|from) ", imports)
    assert "figures.use(" in imports
    assert (
        "language_info" not in notebook.metadata
        or "version" not in notebook.metadata["language_info"]
    )


@each
def test_tail(path):
    cells = code_cells(read(path))
    sources = [cell.source for cell in cells]
    assert any("figures.versions()" in source for source in sources), "no line of versions"
    if any(re.search(r"ledger\.(check|note)\(", source) for source in sources):
        assert sources[-1].rstrip().endswith("ledger.publish()")
        assert not tags(cells[-1]) & KEY
        assert sum("ledger.publish(" in source for source in sources) == 1


@each
def test_has_a_key_number(path):
    if path.stem != "exercises":
        assert any(tags(cell) >= KEY for cell in code_cells(read(path)))


@each
def test_asks_before_it_answers(path):
    """One question with a folded answer on every page, before the summary."""
    cells = read(path).cells
    asked = [i for i, cell in enumerate(cells) if "**Think first.**" in cell.source]
    if path.stem == "exercises":
        assert asked == []
        return
    assert len(asked) == 1
    cell = cells[asked[0]]
    question = re.match(r"\*\*Think first\.\*\* (.+?)(\n\n:::|$)", cell.source, re.DOTALL)[1]
    assert cell.id == "think-first" and "?" in question and len(question.split()) < 80
    # where a slider comes in between, the answer stands after it
    later = [c.source for c in cells[asked[0] :] if c.cell_type == "markdown"]
    text = later[":::" not in cell.source]
    answer = re.search(r"(?m)^:::\{dropdown\} Answer\n(.+?)\n:::", text, re.DOTALL)[1]
    assert 5 < len(answer.split()) < 120
    summary = [i for i, c in enumerate(cells) if re.search(r"(?m)^## Summary", c.source)]
    assert asked[0] < summary[0]


# what would answer the question of a page at a glance
TELLS = {
    "slow_quenches/gap_and_scaling": "critical-figure",
    "slow_quenches/exact_dynamics": "delay",
    "slow_quenches/order_of_limits": "reverse-figure",
    "ensembles/microcanonical": "1ae0a7ea",
    "ensembles/finite_size": "868d445c",
    "leggett_garg/full_space": "695a937d",
    "leggett_garg/measurements": "01a38af0",
    "leggett_garg/crossover": "e8c0a33a",
    "glassy/the_surface": "trap-table",
    "reactions/two_channels": "a6536c0c",
    "reactions/one_law": "a8f607e0",
}


@pytest.mark.parametrize("page", TELLS)
def test_no_figure_answers_first(page):
    ids = [cell.id for cell in read(BOOK / f"{page}.ipynb").cells]
    assert ids.index("think-first") < ids.index(TELLS[page])


def test_most_pages_ask():
    pages = [path for path in NOTEBOOKS if path.stem != "exercises"]
    assert len(pages) >= 32


# --- figures ------------------------------------------------------------------------------------


def outside_functions(tree):
    """Nodes of a syntax tree that run when the cell runs."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.FunctionDef | ast.Lambda)
        ]


def figure_cells(notebook):
    """Code cells that leave a figure on the page: they make one, or call a function that does."""
    drawing, found = set(), []

    def draws(nodes):
        functions = [ast.unparse(n.func) for n in nodes if isinstance(n, ast.Call)]
        return any(NEW_FIGURE.fullmatch(f) or f in drawing for f in functions)

    for cell in code_cells(notebook):
        tree = parse(cell.source)
        for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
            if draws(ast.walk(function)):
                drawing.add(function.name)
        if draws(outside_functions(tree)):
            found.append(cell)
    return found


def figure_faults(notebook):
    faults = []
    for cell in figure_cells(notebook):
        look = cell.metadata.get("mystnb", {})
        alt = look.get("image", {}).get("alt", "")
        if len(alt) < 40:
            faults.append(f"{cell.id}: alternative text of {len(alt)} characters")
        if not look.get("figure", {}).get("caption"):
            faults.append(f"{cell.id}: no caption")
        if not cell.source.rstrip().endswith(";"):
            faults.append(f"{cell.id}: the last line must end with ';'")
    return faults


@each
def test_figures_are_described(path):
    assert figure_faults(read(path)) == []


def test_names_of_figures_are_unique():
    names = [
        cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        for path in NOTEBOOKS
        for cell in figure_cells(read(path))
    ]
    assert [each for each in names if not each or names.count(each) > 1] == []


@each
def test_every_explorable_figure_can_be_told_apart(path):
    found = [
        call
        for cell in code_cells(read(path))
        for call in calls(parse(cell.source), "explore.steps")
    ]
    names = [
        keyword.value.value for call in found for keyword in call.keywords if keyword.arg == "name"
    ]
    assert len(set(names)) == len(names)


def slider_faults(notebook):
    """Before a slider a question and a call to guess, after it the answer, folded."""
    faults = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not calls(parse(cell.source), "explore.steps"):
            continue
        text = {
            side: next((c.source for c in cells if c.cell_type == "markdown"), "")
            for side, cells in (
                ("before", notebook.cells[:number][::-1]),
                ("after", notebook.cells[number:]),
            )
        }
        last = text["before"].rpartition("\n\n")[2]
        if "?" not in last or not re.search(r"(?i)\bguess|\bbefore you\b", last):
            faults.append(f"{cell.id}: no question before the slider")
        if not text["after"].startswith(":::{dropdown} Answer\n"):
            faults.append(f"{cell.id}: no folded answer after the slider")
    return faults


@each
def test_sliders_ask_first_and_fold_the_answer(path):
    assert slider_faults(read(path)) == []


WIDE = 72  # columns; what fits a cell at 1280 pixels, with room for other fonts
LONG = 30  # lines; what a reader takes in as one step


@each
def test_lines_of_visible_code_fit_their_cell(path):
    wide = [
        f"{cell.id}: {line}"
        for cell in visible_cells(read(path))
        for line in cell.source.splitlines()
        if len(line) > WIDE
    ]
    assert wide == []


@each
def test_visible_cells_are_short(path):
    lengths = {cell.id: len(cell.source.splitlines()) for cell in visible_cells(read(path))}
    assert {name: length for name, length in lengths.items() if length > LONG} == {}


def test_the_formatter_of_notebooks_keeps_that_width():
    assert f"line-length = {WIDE}\n" in (BOOK / "ruff.toml").read_text("utf-8")


# --- the guards themselves ----------------------------------------------------------------------


def tiny(*sources, marked=(), **metadata):
    cells = [nbformat.v4.new_markdown_cell("# Title")]
    for index, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source, metadata=metadata, id=f"c{index}")
        if index in marked:
            cell.metadata["tags"] = sorted(KEY)
        cells.append(cell)
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return notebook


def printed(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def test_the_guard_of_outputs_sees_each_fault():
    notebook = tiny("1", "2", marked=[1])
    plain, key = code_cells(notebook)
    assert "without stored output" in stored_faults(notebook)[0]
    key.outputs, key.execution_count = [printed("2\n")], 1
    assert stored_faults(notebook) == []
    key.outputs.append(nbformat.v4.new_output("stream", name="stderr", text="warning"))
    assert "more than printed text" in stored_faults(notebook)[0]
    key.outputs.pop()
    plain.outputs = [printed("1\n")]
    assert "not compared" in stored_faults(notebook)[0]
    plain.outputs, key.metadata["tags"] = [], ["keep_output"]
    assert "both tags" in stored_faults(notebook)[0]


@pytest.mark.parametrize(
    "sources",
    [
        ["fig, ax = plt.subplots()\nax.plot([1]);"],
        ["def draw(x):\n    plt.figure()", "draw(1);"],
        ["def one():\n    plt.figure()\ndef two():\n    one()", "two();"],
        ["qutip.plot_wigner(state);"],
        ["for x in range(2):\n    plt.subplots();"],
    ],
)
def test_the_guard_of_figures_sees_them(sources):
    assert "alternative text" in figure_faults(tiny(*sources))[0]
    good = {"mystnb": {"image": {"alt": "word " * 10}, "figure": {"caption": "C.", "name": "f"}}}
    assert figure_faults(tiny(*sources, **good)) == []
    loud = [*sources[:-1], sources[-1].removesuffix(";")]
    assert "must end with ';'" in figure_faults(tiny(*loud, **good))[-1]


def test_the_guard_of_figures_leaves_frames_alone():
    sources = "def draw(x):\n    plt.figure()", "explore.steps(draw, [1, 2], 'x', alt=str)"
    assert figure_faults(tiny(*sources)) == []


def test_the_guard_of_sliders_sees_a_bare_one():
    notebook = tiny("explore.steps(draw, [1, 2], 'x', alt=str)")
    assert len(slider_faults(notebook)) == 2
    notebook.cells[0].source = "# Title\n\nWhat follows? Guess first."
    notebook.cells.append(nbformat.v4.new_markdown_cell(":::{dropdown} Answer\nThis.\n:::"))
    assert slider_faults(notebook) == []


# --- a wrong number fails -----------------------------------------------------------------------


def nbval(notebook, folder):
    """Exit code and report of the test run that `make test` makes of a notebook."""
    path = folder / "trial.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", path.name]
    result = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", "-p", "own_kernels"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.path.dirname(__file__)},
        capture_output=True,
        text=True,
    )
    return result.returncode, result.stdout


def perturb(cell):
    """Change the last digit that a cell has stored."""
    output = cell.outputs[-1]
    before, digit, after = re.fullmatch(r"(.*)(\d)(\D*)", output.text, re.DOTALL).groups()
    output.text = f"{before}{(int(digit) + 1) % 10}{after}"


def test_a_wrong_key_number_fails(tmp_path):
    notebook = tiny(
        "from lmgbook import slow_quenches",
        "print(f'{slow_quenches.excitations_limit():.5f}')",
        marked=[1],
    )
    key = code_cells(notebook)[1]
    key.outputs, key.execution_count = [printed("0.35121\n")], 2
    assert nbval(notebook, tmp_path)[0] == 0
    perturb(key)
    code, report = nbval(notebook, tmp_path)
    assert code == 1
    assert "0.35121" in report and "0.35122" in report


def test_a_wrong_key_number_of_the_book_fails(tmp_path):
    """The same with the key cell of a chapter that has the least code before it."""

    def head(path):
        cells = code_cells(read(path))
        key = next((i for i, cell in enumerate(cells) if tags(cell) >= KEY), None)
        return cells[: key + 1] if key is not None else None

    heads = list(filter(None, map(head, NOTEBOOKS)))
    assert heads, "no notebook has a key cell"
    cells = min(heads, key=lambda cells: sum(len(cell.source) for cell in cells))
    notebook = tiny()
    notebook.cells += cells
    perturb(cells[-1])
    code, report = nbval(notebook, tmp_path)
    assert code == 1
    assert "Mismatch" in report or "mismatch" in report
