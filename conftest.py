"""What all tests and all examples share: no picture is left open."""

import sys

import pytest


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    """Close what a test or an example has drawn, if it has loaded matplotlib at all."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")
