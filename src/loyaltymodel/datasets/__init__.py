"""Surveys to learn and to test with: a real one, and a simulated one with its truth."""

from loyaltymodel.datasets.barometer import (
    barometer_codebook,
    barometer_companies,
    barometer_truth,
    load_barometer,
)
from loyaltymodel.datasets.mobile_phones import (
    load_mobile_phones,
    mobile_phone_items,
    mobile_phone_moments,
)

__all__ = [
    "barometer_codebook",
    "barometer_companies",
    "barometer_truth",
    "load_barometer",
    "load_mobile_phones",
    "mobile_phone_items",
    "mobile_phone_moments",
]


def __dir__() -> list[str]:
    return list(__all__)
