"""What Binder would do with this repository, asked of repo2docker's own code (no engine needed)."""

import json
import logging
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from lock_file import pins
from packaging.requirements import Requirement

from lmgbook.bookkit import __main__ as bookkit

# repo2docker's Docker client and its templates warn about things that are not ours
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[2]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
PIP = next(entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))


@pytest.fixture(scope="module")
def pack():
    from repo2docker.app import Repo2Docker

    logging.getLogger("repo2docker").setLevel(logging.ERROR)
    here = os.getcwd()
    os.chdir(ROOT)
    app = Repo2Docker()
    packs = (kind(base_image=app.base_image) for kind in app.buildpacks)
    pack = next(pack for pack in packs if pack.detect())
    pack.platform = "linux/amd64"
    yield pack
    os.chdir(here)


def test_conda_pack_with_the_pinned_python(pack):
    assert type(pack).__name__ == "CondaBuildPack"
    assert pack.python_version == "3.11"
    assert not pack.separate_kernel_env


def test_environment_is_solved_before_the_repository_is_copied(pack):
    """Only then does Binder keep that layer from one commit to the next."""
    assert pack._should_preassemble_env
    dockerfile = pack.render()
    solve = dockerfile.index('env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"')
    copy = re.search(r"COPY --chown=\d+:\d+ src/ \$\{REPO_DIR\}", dockerfile).start()
    assert solve < copy


def test_postbuild_is_used_and_installs_the_package(pack):
    path = ROOT / "postBuild"
    assert os.access(path, os.X_OK)
    assert "postBuild" in pack.render()
    text = path.read_text(encoding="utf-8")
    assert "pip install --no-deps --no-build-isolation -e ." in text
    assert "python -m lmgbook.bookkit warm_up" in text


def test_what_an_installer_wrote_is_read_anew_before_memory_is_measured(tmp_path, monkeypatch):
    sizes = {"libbig.so": bookkit.LARGE + 1, "libsmall.so": 10, "big.txt": bookkit.LARGE + 1}
    for name, size in sizes.items():
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    forgotten = []

    def advise(file, start, length, advice):
        assert (start, length, advice) == (0, 0, os.POSIX_FADV_DONTNEED)
        forgotten.append(os.fstat(file).st_ino)

    monkeypatch.setattr(os, "POSIX_FADV_DONTNEED", 4, raising=False)
    monkeypatch.setattr(os, "posix_fadvise", advise, raising=False)
    bookkit.read_anew(tmp_path)
    assert forgotten == [(tmp_path / "libbig.so").stat().st_ino]
    monkeypatch.delattr(os, "posix_fadvise")  # as on a Mac
    bookkit.read_anew(tmp_path)


def test_conda_brings_python_and_pip_only():
    conda = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str)]
    assert conda == ["python=3.11", "pip"]


def test_pins_equal_the_lock():
    locked = pins("3.11")
    for line in PIP:
        name, version = line.split("==")
        assert locked[name] == version, f"environment.yml pins {line}, the lock {locked[name]}"


def test_pins_cover_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = dict(line.split("==") for line in PIP)
    for line in project["dependencies"]:
        requirement = Requirement(line)
        assert pinned[requirement.name] in requirement.specifier
    assert {"jupyterlab", "ipykernel", "setuptools"} <= set(pinned)
    assert "jupyterlab-myst" not in pinned, "it hides the boxes of live notebooks"


def test_idle_kernels_end_and_memory_is_shown(pack):
    """A gigabyte holds three notebooks; Binder's base brings the display of memory."""
    text = (ROOT / "postBuild").read_text(encoding="utf-8")
    (settings,) = re.findall(r"(?s)<<'JSON'\n(.*?)\nJSON", text)
    manager = json.loads(settings)["MappingKernelManager"]
    assert manager["cull_connected"] and 600 <= manager["cull_idle_timeout"] <= 1800
    assert manager["cull_interval"] <= 60
    import repo2docker

    base = Path(repo2docker.__file__).parent / "buildpacks" / "conda"
    lock = (base / "environment.py-3.11-linux-64.lock").read_text(encoding="utf-8")
    assert "jupyter-resource-usage" in lock
