"""What pyproject.toml cannot say: the packages are found, and the data of the book go along.

A notebook that runs outside the repository (Colab) still finds the claims and the tables. The
notebooks themselves and the teaching plans are there for `python -m lmgbook.bookkit course`, with
the text that the last build has finished, where there was one.
"""

from pathlib import Path

from setuptools import find_packages, setup

KINDS = ["*.mplstyle", "*.css", "*.yml", "*.json", "*.woff2"]
DATA = {"lmgbook.claims": "book/claims"}
for folder in sorted(Path("book").glob("*/data")):
    DATA[f"lmgbook.{folder.parent.name}_data"] = folder.as_posix()
for plan in sorted(Path("book").glob("*/teaching.yml")):
    DATA[f"lmgbook.book.{plan.parent.name}"] = plan.parent.as_posix()
    if (live := Path("_build", "live", plan.parent)).is_dir():
        DATA[f"lmgbook._build.live.book.{plan.parent.name}"] = live.as_posix()

setup(
    packages=[*find_packages(include=["lmgbook", "lmgbook.*"]), *DATA],
    package_dir=DATA,
    package_data={"": [*KINDS, "py.typed", "skeleton/**/*"]}
    | {name: ["*.ipynb", "*.yml", "index.md"] for name in DATA if ".book." in name},
)
