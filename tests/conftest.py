"""Settings that all tests share."""

from hypothesis import settings

from number_record import comparisons_are_those_recorded  # noqa: F401  a fixture of all tests

# A slow machine is no reason to fail: what a test claims can be wrong, not how fast it is.
settings.register_profile("loyaltymodel", deadline=None)
settings.load_profile("loyaltymodel")
