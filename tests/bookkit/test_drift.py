"""Things that are written down twice must say the same."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from lock_file import BOOK, ENTRY, LOCKS, TESTS, pins
from packaging.requirements import Requirement

from lmgbook.bookkit.run_notebooks import toc_files

ROOT = Path(__file__).parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_toc_lists_every_page_once_and_nothing_else():
    listed = toc_files(yaml.safe_load(read("_toc.yml")))
    pages = [
        path.relative_to(ROOT).with_suffix("").as_posix()
        for path in (ROOT / "book").rglob("*")
        if path.suffix in (".md", ".ipynb")
        and not any(part.startswith((".", "_")) for part in path.relative_to(ROOT / "book").parts)
    ]
    assert sorted(listed) == sorted(pages)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_satisfies_the_package(python):
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    book = project["dependencies"] + extras.pop("book")
    for lines, locks in ((book, [BOOK]), (sum(extras.values(), []), [BOOK, TESTS])):
        locked = pins(python, *locks)
        for line in lines:
            requirement = Requirement(line)
            assert locked[requirement.name] in requirement.specifier, line


@pytest.mark.parametrize("lock", [BOOK, TESTS], ids=lambda lock: lock.stem)
def test_lock_is_made_from_its_source(lock):
    source = lock.with_suffix(".in").read_text(encoding="utf-8")
    names = {Requirement(line).name for line in source.splitlines() if line[:1] not in "#-"}
    assert names and names <= set(pins("3.11", lock))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_lock_has_hashes_and_no_address(lock):
    text = lock.read_text(encoding="utf-8")
    entries = re.findall(r"(?m)^[a-zA-Z0-9]", text)
    assert len(entries) == len(list(ENTRY.finditer(text))) > 0
    assert "://" not in text and " @ " not in text
    assert not re.search(r"(?m)^\s*-(?!-hash)", text)  # an option that names an index


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_locks_agree(python):
    """Adding the second lock changes nothing that the first has installed."""
    book, tests = pins(python, BOOK), pins(python, TESTS)
    assert {name: book[name] for name in book if name in tests} == {
        name: tests[name] for name in book if name in tests
    }


def test_a_reader_need_not_install_what_only_the_tests_use():
    extra = set(pins("3.11", TESTS)) - set(pins("3.11", BOOK))
    assert {"pytest", "hypothesis", "playwright", "dask", "ruff", "mypy"} <= extra


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_commands_exist(name):
    targets = set(re.findall(r"(?m)^([a-z]+):", read("Makefile")))
    named = set(re.findall(r"(?:^|`|\$ )make (?:[A-Z]+=\S+ )?([a-z]+)", read(name), re.MULTILINE))
    assert named and named <= targets


def test_phony_targets_are_all_targets():
    makefile = read("Makefile")
    phony = re.search(r"(?m)^\.PHONY: (.*)$", makefile)[1].split()
    assert sorted(phony) == sorted(re.findall(r"(?m)^([a-z]+):(?!=)", makefile))


def test_version_is_the_same_everywhere():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert re.search(r"(?m)^## (\S+)", read("CHANGELOG.md"))[1] == version


def test_cited_papers_are_in_the_bibliography():
    bibliography = read("book/references.bib")
    dois = dict((doi.lower(), True) for doi in re.findall(r"doi\s*=\s*\{([^}]+)\}", bibliography))
    references = yaml.safe_load(read("CITATION.cff"))["references"]
    assert len(references) == 5
    titles = re.sub(r"\s+", " ", re.sub(r"[{}]", "", bibliography)).lower()
    for reference in references:
        assert reference["title"].lower() in titles
        if "doi" in reference:
            assert reference["doi"].lower() in dois


# Written in pieces, lest this file find itself.
FORBIDDEN = {
    "registry host": r"pypi\.o"
    r"rg|pythonhosted\.o"
    r"rg|npmjs\.(?:o"
    r"rg|com)|anaconda\.o"
    r"rg"
    r"|-{2}(?:extra-)?index-url",
    "path of one machine": r"(?<![\w.~$}/-])/(?:ro" r"ot|ho" r"me/\w+|wo" r"rk|Us" r"ers/\w+)/",
    "private key": r"-----BEGIN [A-Z ]*PRIV" r"ATE KEY",
    "access token": r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|hf_|sk-)[\w-]{16,}",
    "password": r"(?i)\b(?:password|passwd|secret|api_?key)\s*[:=]\s*['\"][^'\"\s]{6,}",
}


def tracked_files():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git clone")
@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_file_holds(kind):
    pattern, found = re.compile(FORBIDDEN[kind]), []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # an image; a file just removed
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("registry host", "https://pypi" + ".org/simple"),
        ("path of one machine", "open('/" + "root/x')"),
        ("private key", "-----BEGIN RSA PRIV" + "ATE KEY-----"),
        ("access token", "gh" + "p_0123456789abcdefABCDEF"),
        ("password", "pass" + "word = 'hunter22'"),
    ],
)
def test_the_search_finds(kind, text):
    assert re.search(FORBIDDEN[kind], text)


def test_python_of_these_tests_is_supported():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert Requirement(f"python{project['requires-python']}").specifier.contains(
        ".".join(map(str, sys.version_info[:3]))
    )
