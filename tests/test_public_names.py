"""Whatever file a name lives in: it is imported from the room it belongs to."""

import importlib
from pathlib import Path

import pytest
import yaml

NAMES = yaml.safe_load(Path(__file__).with_name("public_names.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", NAMES)
def test_public_names_stay(module):
    room = importlib.import_module(f"lmgbook.{module}")
    assert [name for name in NAMES[module] if not hasattr(room, name)] == []


@pytest.mark.parametrize("module", NAMES)
def test_a_face_offers_its_names_and_no_others(module):
    room = importlib.import_module(f"lmgbook.{module}")
    if hasattr(room, "__path__"):
        assert set(NAMES[module]) <= set(dir(room))
        with pytest.raises(AttributeError, match="no attribute 'nothing_of_this_name'"):
            getattr(room, "nothing_of_this_name")  # noqa: B009
