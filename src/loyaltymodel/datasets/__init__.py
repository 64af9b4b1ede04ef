"""Real surveys to learn and to test with, each with its source."""

from loyaltymodel.datasets.mobile_phones import (
    load_mobile_phones,
    mobile_phone_items,
    mobile_phone_moments,
)

__all__ = ["load_mobile_phones", "mobile_phone_items", "mobile_phone_moments"]
