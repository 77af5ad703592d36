"""Count lines of code: what is left of a file without blank lines, comments and docstrings."""

import ast
import io
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
TOOLS = ("exercises", "explore", "figures", "ledger", "_judging")
LAYOUT = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def code_lines(text: str) -> int:
    """Count the lines of a Python source that hold code.

    Parameters
    ----------
    text : str
        The source.

    Returns
    -------
    int
    """
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                if isinstance(first.value.value, str):
                    lines.difference_update(range(first.lineno, (first.end_lineno or 0) + 1))
    return len(lines)


def counts(package: Path = PACKAGE) -> dict[str, int]:
    """Return the lines of code of every file of the package, by its path in it."""
    return {
        path.relative_to(package).as_posix(): code_lines(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }


def part(name: str) -> str:
    """Say what a file of the package belongs to: "physics", "tools", "exercises" or "build"."""
    path = Path(name)
    if path.parts[0] == "bookkit":
        return "build"
    if path.parts[0].removesuffix(".py") in TOOLS:
        return "tools"
    return "exercises" if path.name == "exercises.py" else "physics"


def totals(package: Path = PACKAGE) -> dict[str, int]:
    """Return the lines of code of each part; "physics" is the core and the chapters."""
    sums = dict.fromkeys(("physics", "exercises", "tools", "build"), 0)
    for name, count in counts(package).items():
        sums[part(name)] += count
    return sums


def report(package: Path = PACKAGE) -> str:
    """Return a table of all files, and the sums."""
    rows = [*counts(package).items(), *totals(package).items()]
    return "\n".join(f"{count:6d}  {name}" for name, count in rows)
