"""What every error about a bad argument must do, for the tables of bad input in the tests."""

import pytest


def check_is_named(call, kind, words):
    """The call raises exactly `kind`, and its message holds all the words."""
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind, caught.value
    for word in words:
        assert word in str(caught.value), caught.value
