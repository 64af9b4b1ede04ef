"""Settings that all tests share."""

import sys

import pytest
from hypothesis import settings

from number_record import comparisons_are_those_recorded  # noqa: F401  a fixture of all tests

# A slow machine is no reason to fail: what a test claims can be wrong, not how fast it is.
settings.register_profile("loyaltymodel", deadline=None)
settings.load_profile("loyaltymodel")


@pytest.fixture
def no_chinese_font(monkeypatch):
    """Hide the font of the extra ``zh``; those of the system are hidden from all tests."""
    from loyaltymodel.plots import _fonts  # noqa: PLC0415  only tests that draw load matplotlib

    monkeypatch.setitem(sys.modules, _fonts._PACKAGE, None)
    known = [font for font in _fonts.fontManager.ttflist if font.name != "Noto Sans SC"]
    monkeypatch.setattr(_fonts.fontManager, "ttflist", known)
