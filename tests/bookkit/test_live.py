"""The live notebooks are finished prose: no MyST is left, and every link leads somewhere."""

import html
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from book_files import BOOK, NOTEBOOKS, ROOT, name, tags
from book_files import read as read_source
from nbformat.validator import validate

from lmgbook.bookkit import course, executed, live, live_text

LIVE = ROOT / live.FOLDER
PAGES = ROOT / "_build" / "html"
DOI = re.compile(r"https://(doi\.org/10\.\d+/|arxiv\.org/abs/)\S+$")
LINK = re.compile(r"(?<!\\)\]\(([^()\s]+)\)")


@pytest.fixture(scope="module")
def notebooks():
    """All live notebooks, by their name."""
    if not LIVE.is_dir():
        pytest.fail("there are no live notebooks: run `make book` first")
    found = {path.relative_to(LIVE / "book").with_suffix("").as_posix() for path in walk()}
    assert found == {name(path) for path in NOTEBOOKS}
    return {each: json.loads((LIVE / "book" / f"{each}.ipynb").read_text()) for each in found}


def walk():
    return sorted((LIVE / "book").rglob("*.ipynb"))


def texts(notebook):
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]


each_notebook = pytest.mark.parametrize("page", [name(path) for path in NOTEBOOKS])


# --- the text -----------------------------------------------------------------------------------


@each_notebook
def test_nothing_is_unresolved(notebooks, page):
    left = [found for text in texts(notebooks[page]) for found in live_text.unresolved(text)]
    assert left == []


@each_notebook
def test_links_lead_to_cells_and_publications(notebooks, page):
    """An anchor is the id of a cell of the file that the link names."""
    here = LIVE / "book" / f"{page}.ipynb"
    for text in texts(notebooks[page]):
        for target in LINK.findall(re.sub(r"\$[^$]*\$", "$", text)):
            if re.match("https?:", target):
                assert DOI.match(target) or ".html" in target or "%pip" in text, target
                continue
            file, _, cell = target.partition("#cell-id=")
            path = (here.parent / file).resolve() if file else here
            assert path.is_file(), target
            if cell:
                other = notebooks[path.relative_to(LIVE / "book").with_suffix("").as_posix()]
                assert cell in {c["id"] for c in other["cells"]}, target


class Silent:
    """Words for a text that must ask for none."""

    def __getattr__(self, asked):
        raise AssertionError(f"a resolved notebook asks for {asked}")


@each_notebook
def test_resolving_again_changes_nothing(notebooks, page):
    assert live.resolve(notebooks[page], Silent()) == notebooks[page]


@each_notebook
def test_formulas_have_the_numbers_of_the_page(notebooks, page):
    body = (PAGES / "book" / f"{page}.html").read_text(encoding="utf-8")
    shown = re.findall(r'<span class="eqno">\(([\w.]+)\)', body)
    assert re.findall(r"\\tag\{([\w.]+)\}", "\n".join(texts(notebooks[page]))) == shown


@each_notebook
def test_figures_keep_number_caption_and_description(notebooks, page):
    cells = {c["id"]: "".join(c["source"]) for c in notebooks[page]["cells"]}
    body = (PAGES / "book" / f"{page}.html").read_text(encoding="utf-8")
    for cell in read_source(BOOK / f"{page}.ipynb").cells:
        shown = cell.metadata.get("mystnb", {})
        if "figure" in shown:
            text = cells[f"{cell.id}-caption"]
            number = re.match(r"\*\*(Fig\. [\w.]+)\.\*\* \S", text)[1]
            assert f'<span class="caption-number">{number} </span>' in body
            words = re.findall(r"\w{4,}", shown["image"]["alt"])
            assert words and all(word in text.replace("\\_", "_") for word in words)


def plain(text):
    """Words and numbers of a sentence, however it is marked up."""
    text = html.unescape(re.sub(r"</?[a-z][^<>]*>", "", text)).replace("\\", "")
    text = text.translate(str.maketrans("’‘“”–—…", "''\"\"---"))
    text = text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789−"))
    return re.sub(r"[\s*`]+", " ", text.replace("...", "-").replace("--", "-")).strip()


def test_numbers_are_those_of_the_page(notebooks):
    """Paragraphs with a pasted number and without formulas and links are the same word by word."""
    compared = 0
    for page, notebook in notebooks.items():
        words = plain("\n\n".join(texts(notebook)))
        body = (PAGES / "book" / f"{page}.html").read_text(encoding="utf-8")
        for paragraph in re.findall(r"<p>((?:(?!</p>).)*)</p>", body, re.DOTALL):
            sentences = re.split(r"(?<=[.?!])\s", paragraph)
            for sentence in sentences:
                if not re.search(r'class="(pasted-text|ledger-value)"', sentence):
                    continue
                if 'class="math' in sentence or "<a " in sentence or "</span>" not in sentence:
                    continue
                assert plain(sentence) in words, f"{page}: {plain(sentence)}"
                compared += 1
    assert compared > 60


# --- the cells ----------------------------------------------------------------------------------


@each_notebook
def test_the_notebook_is_valid_small_and_knows_its_source(notebooks, page):
    notebook = notebooks[page]
    validate(notebook)
    path = BOOK / f"{page}.ipynb"
    about = notebook["metadata"]["lmgbook"]
    assert about["source"] == f"book/{page}.ipynb"
    assert about["digest"] == executed.digest(path)
    assert len(json.dumps(notebook)) < 200_000
    ids = [c["id"] for c in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert [c.id for c in read_source(path).cells if c.id not in ids] == []
    assert ids[-1] == live.NOTE


@each_notebook
def test_code_is_that_of_the_source_and_solutions_are_collapsed(notebooks, page):
    made = {c["id"]: c for c in notebooks[page]["cells"]}
    for cell in read_source(BOOK / f"{page}.ipynb").cells:
        if cell.cell_type != "code":
            continue
        mine = made[cell.id]
        source = "".join(mine["source"]).removeprefix(f"{live.SOLUTION}\n")
        assert source == cell.source
        hidden = bool(tags(cell) & live.COLLAPSED)
        assert mine["metadata"].get("jupyter", {}).get("source_hidden", False) == hidden
        assert {output["name"] for output in mine["outputs"]} <= {"stdout"}
        if "solution" in tags(cell):
            assert mine["outputs"] == [] and "".join(mine["source"]).startswith(live.SOLUTION)
        elif "keep_output" in tags(cell) and "exercises.check(" not in cell.source:
            assert mine["outputs"], "a printed number is missing"


@each_notebook
def test_the_download_button_gives_the_live_notebook(page):
    downloaded = PAGES / "_sources" / "book" / f"{page}.ipynb"
    assert downloaded.read_bytes() == (LIVE / "book" / f"{page}.ipynb").read_bytes()


# lines of a solution that its stub keeps, and the frame of a box
STAYS = ("import ", "from ", "def ", "exercises.check(", "<summary>What", "</details>")


def test_the_course_uses_them(notebooks, tmp_path):
    course.write(tmp_path, BOOK)
    for kind in ("student", "instructor"):
        found = sorted(tmp_path.glob(f"*/{kind}/*.ipynb"))
        assert len(found) > 30
        for path in found:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            assert notebook["metadata"]["lmgbook"]["digest"]
            for text in texts(notebook):
                assert live_text.unresolved(text) == []
                for target in LINK.findall(re.sub(r"\$[^$]*\$", "$", text)):
                    file = target.partition("#")[0]
                    if file and not re.match("https?:", file):
                        assert (path.parent / file).resolve().is_file(), f"{path}: {target}"
    for page, notebook in notebooks.items():
        chapter, _, stem = page.partition("/")
        student = json.loads((tmp_path / chapter / "student" / f"{stem}.ipynb").read_text())
        kept = {line.strip() for c in student["cells"] for line in c["source"]}
        hidden = [c for c in notebook["cells"] if "solution" in c["metadata"].get("tags", [])]
        lines = {line.strip() for c in hidden for line in c["source"]}
        lines = {line for line in lines if len(line) > 12}  # brackets stand everywhere
        lines = {line for line in lines if not line.startswith(STAYS)}
        assert lines & kept == set()
        assert lines or stem != "exercises"


def test_a_notebook_that_has_changed_since_is_taken_from_its_source(tmp_path):
    source = tmp_path / "book" / "x" / "page.ipynb"
    made = tmp_path / live.FOLDER / "book" / "x" / "page.ipynb"
    for path, text in ((source, "the source"), (made, "resolved")):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(one_cell(text)), encoding="utf-8")
    assert course.read(source).cells[0].source == "the source"
    fresh = one_cell("resolved") | {"metadata": {"lmgbook": {"digest": executed.digest(source)}}}
    made.write_text(json.dumps(fresh), encoding="utf-8")
    assert course.read(source).cells[0].source == "resolved"


def one_cell(text):
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": [text]}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


# --- directives ---------------------------------------------------------------------------------


class Words:
    """Answers that show what was asked."""

    def role(self, name, argument):
        return {"eq": f"[({argument}) of *There*](there.ipynb)"}.get(name, f"<{name} {argument}>")

    def link(self, text, target):
        return f"[{text}](at {target})"

    def equation(self, label):
        return "7"

    def block(self, source):
        return f"<{source}>"


def test_every_directive_of_the_book_has_a_plain_form():
    used = set()
    for path in NOTEBOOKS:
        for cell in read_source(path).cells:
            if cell.cell_type == "markdown":
                used |= {m["name"] for m in map(live_text.OPEN.match, cell.source.split("\n")) if m}
    assert used <= live_text.DIRECTIVES
    assert {"exercise", "admonition", "dropdown", "scoreboard"} <= used


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("```{tab-set}\n```", "no plain form is known for the directive 'tab-set'"),
        (":::{note}\ntext", "'does not end'|does not end"),
    ],
)
def test_an_unknown_directive_is_refused(source, message):
    with pytest.raises(ValueError, match=message):
        live_text.resolve(source, Words())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("(sec-a)=\n# A", "# A"),
        ("By {eq}`eq-a`.", "By Eq. [(eq-a) of *There*](there.ipynb)."),
        ("By Eq. {eq}`eq-a`.", "By Eq. [(eq-a) of *There*](there.ipynb)."),
        ("$$\nx\n$$ (eq-a)\n", "$$\nx\n\\tag{7}\n$$\n"),
        ("see [$[a]$ there](sec-b)", "see [$[a]$ there](at sec-b)"),
        ("[x](https://a.b/c)", "[x](https://a.b/c)"),
        ("`{eq}` and $\\{a\\}`$", "`{eq}` and $\\{a\\}`$"),
        ("```python\nx = '{eq}`a`'\n```", "```python\nx = '{eq}`a`'\n```"),
        ("```text\n:::{note}\n```", "```text\n:::{note}\n```"),
        (":::{note}\n{ours}`x.y`\n:::", "**Note.** <ours x.y>"),
        ("```{tip} A *hint*\n:name: n\nb\n```", "**A *hint*.** b"),
        (
            "::::{dropdown} More\n:::{note}\na\n:::\n::::",
            "<details>\n<summary>More</summary>\n\n**Note.** a\n\n</details>\n",
        ),
        (
            "```{admonition} Hint\n:class: dropdown\n$$\nx\n$$ (eq-b)\n```",
            "<details>\n<summary>Hint</summary>\n\n$$\nx\n\\tag{7}\n$$\n\n</details>\n",
        ),
        ("```{exercise} Title\n:label: ex-a\nHow?\n```", "**<number ex-a> (Title)**\n\nHow?"),
        (
            "```{list-table} T\n:header-rows: 1\n* - a\n  - b\n* - c\n  - d\n    e\n```",
            "T\n\n| a | b |\n| --- | --- |\n| c | d e |",
        ),
        ("```{scoreboard}\n:paper: x\n```", "<```{scoreboard}\n:paper: x\n```>"),
    ],
)
def test_plain_forms(source, expected):
    assert live_text.resolve(source, Words()) == expected
    assert live_text.resolve(expected, Words()) == expected or "Eq. " in expected


def test_what_is_left_is_seen():
    for text in ("{eq}`a`", "(sec-a)=\n", "$$x$$ (eq-a)", ":::{note}", "[a](sec-b)", "{{ a }}"):
        assert live_text.unresolved(text) != []


# --- the branch ---------------------------------------------------------------------------------


def test_the_tree_holds_what_an_install_needs(tmp_path):
    for file in (*live.INSTALL[1:], "lmgbook/a.py", "book/claims/x.yml", "book/x/data/t.json"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    (tmp_path / "postBuild").chmod(0o755)
    folder = live.tree(tmp_path)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    wanted = {*live.INSTALL[1:], "lmgbook/a.py", "book/claims/x.yml", "book/x/data/t.json"}
    assert found == wanted | {"README.md", "lmgbook.egg-info/PKG-INFO"}
    assert os.access(folder / "postBuild", os.X_OK)


def test_everything_for_the_tree_is_there():
    assert [name for name in live.INSTALL if not (ROOT / name).exists()] == []


def test_postbuild_executes_no_notebook():
    """The numbers are in the text already."""
    lines = (ROOT / "postBuild").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("python")] == [
        "python -m pip install --no-deps --no-build-isolation -e .",
        "python -m lmgbook.bookkit warm_up",
    ]
    assert not [line for line in lines if re.search("nbconvert|execute|ipynb", line)]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with a build, and the bare repository that it comes from."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "a")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@b")
    bare, work = tmp_path / "bare", tmp_path / "work"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    git(tmp_path, "clone", "-q", f"file://{bare}", str(work))
    (work / ".ci").mkdir()
    script = work / ".ci" / "live-commit"
    script.write_bytes((ROOT / ".ci" / "live-commit").read_bytes())
    script.chmod(0o755)
    (work / ".gitignore").write_text("_build\n")
    publish(work, "one")
    return work


def git(where, *arguments):
    done = subprocess.run(["git", "-C", str(where), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def publish(work, text):
    """A source commit, and what its build left."""
    (work / "source").write_text(text)
    git(work, "add", "-A")
    git(work, "commit", "-qm", text)
    git(work, "push", "-q", "origin", "HEAD:main")
    made = work / "_build" / "live" / "book"
    made.mkdir(parents=True, exist_ok=True)
    (made / "page.ipynb").write_text(text)


def live_commit(work):
    done = subprocess.run(
        [work / ".ci" / "live-commit", "_build/live.bundle"],
        cwd=work,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def push(work, tmp_path):
    """What the workflow does in a job of its own, in a shallow clone and with the bundle alone."""
    other = Path(tempfile.mkdtemp(dir=tmp_path))
    git(other, "clone", "-q", "--depth=1", f"file://{tmp_path / 'bare'}", ".")
    (other / "live.bundle").write_bytes((work / "_build" / "live.bundle").read_bytes())
    path = ROOT / ".github" / "workflows" / "pages.yml"
    script = yaml.safe_load(path.read_text())["jobs"]["live"]["steps"][-1]["run"]
    done = subprocess.run(["bash", "-e", "-c", script], cwd=other, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_commit_for_each_of_the_sources(clone, tmp_path):
    source = git(clone, "rev-parse", "HEAD")
    first = live_commit(clone)
    assert live_commit(clone) == first, "the same build is the same commit"
    push(clone, tmp_path)
    assert git(tmp_path / "bare", "rev-parse", "live") == first
    assert live_commit(clone) == first, "published already"
    push(clone, tmp_path)
    assert git(clone, "show", "-s", "--format=%s", first) == f"Live notebooks of {source}"
    assert git(clone, "ls-tree", "-r", "--name-only", first) == "book/page.ipynb"
    publish(clone, "two")
    # the runner of a workflow has a shallow clone as well
    fresh = tmp_path / "fresh"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path / 'bare'}", str(fresh))
    (clone / "_build").rename(fresh / "_build")
    clone = fresh
    second = live_commit(clone)
    push(clone, tmp_path)
    assert git(tmp_path / "bare", "log", "--format=%H", "live").split() == [second, first]
    assert git(clone, "show", f"{second}:book/page.ipynb") == "two"
    assert git(clone, "status", "--porcelain") == "", "the sources and their index are left alone"


def test_the_workflow_publishes_it_before_the_pages():
    path = ROOT / ".github" / "workflows" / "pages.yml"
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    steps = [step.get("run", "") for step in jobs["build"]["steps"]]
    # what is tested are the pages that name the commit
    order = ["make live", ".ci/live-commit", "make pdf", ".ci/run"]
    found = [next(i for i, step in enumerate(steps) if part in step) for part in order]
    assert found == sorted(found)
    assert "permissions" not in jobs["build"]
    assert set(jobs["publish"]["needs"]) == {"build", "live"}
    assert "git push origin FETCH_HEAD:refs/heads/live" in jobs["live"]["steps"][-1]["run"]


# --- plain nbconvert ----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "page",
    [
        "leggett_garg/published_numbers",
        "glassy/exercises",
        "slow_quenches/order_of_limits",
        "foundations/solvers",
        "ensembles/phase_diagrams",
    ],
)
def test_plain_nbconvert_shows_finished_text(page):
    from nbconvert import HTMLExporter

    body, _ = HTMLExporter().from_filename(str(Path(LIVE, "book", f"{page}.ipynb")))
    prose = re.sub(r"(?s)<(style|script).*?</\1>|<pre.*?</pre>|\$\$.*?\$\$", "", body)
    assert not re.search(r"\{[a-z][\w:.-]*\}(<code>|`)", prose)
    assert not re.search(r"\]\([\w#./-]|:::|^\(\S+\)=", prose)
    for anchor in re.findall(r'href="#(cell-id=[^"]+)"', body):
        assert f'id="{anchor}"' in body
    if page.endswith("exercises"):
        assert body.count("<details>") == body.count("</details>") > 10


@each_notebook
def test_a_notebook_says_at_its_end_how_to_free_its_kernel(notebooks, page):
    last = notebooks[page]["cells"][-1]
    assert last["id"] == live.NOTE and "Shut Down Kernel" in "".join(last["source"])
