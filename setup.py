"""What pyproject.toml cannot say: the packages are found, and the data of the book go along.

A notebook that runs outside the repository (Colab) still finds the claims and the tables.
"""

from pathlib import Path

from setuptools import find_packages, setup

DATA = {"lmgbook.claims": "book/claims"}
for folder in sorted(Path("book").glob("*/data")):
    DATA[f"lmgbook.{folder.parent.name}_data"] = folder.as_posix()

setup(
    packages=[*find_packages(include=["lmgbook", "lmgbook.*"]), *DATA],
    package_dir=DATA,
    package_data={"": ["*.mplstyle", "*.css", "*.yml", "*.json", "py.typed", "skeleton/**/*"]},
)
