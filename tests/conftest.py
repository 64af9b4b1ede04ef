"""Settings that all tests share."""

from hypothesis import settings

# A slow machine is no reason to fail: what a test claims can be wrong, not how fast it is.
settings.register_profile("loyaltymodel", deadline=None)
settings.load_profile("loyaltymodel")
