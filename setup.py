"""What pyproject.toml cannot say: the packages are found, and the data of the book go along.

A notebook that runs outside the repository (Colab) still finds the claims and the tables.
"""

from pathlib import Path

from setuptools import find_packages, setup

KINDS = ["*.mplstyle", "*.css", "*.yml", "*.json", "*.woff2", "*.txt"]
DATA = {"lmgbook.claims": "book/claims"}
for folder in sorted(Path("book").glob("*/data")):
    DATA[f"lmgbook.{folder.parent.name}_data"] = folder.as_posix()

setup(
    packages=[*find_packages(include=["lmgbook", "lmgbook.*"]), *DATA],
    package_dir=DATA,
    package_data={"": [*KINDS, "py.typed", "skeleton/**/*"]},
)
