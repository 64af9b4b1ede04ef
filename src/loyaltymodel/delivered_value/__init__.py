"""What an offer gives and what it takes: delivered value (顾客让渡价值) and perceived value.

:func:`delivered_value` is total customer value less total customer cost, for one offer or a million
judgements; :func:`perceived_value` weighs what is got against what is given. :func:`value_account`
keeps what each component contributes, and :func:`relative_value` and :func:`compare_offers` hold
an offer against its rivals. :func:`value_loyalty` goes from there to loyalty, and
:func:`heterogeneity` and :func:`perception_shift` say how customers differ in what they perceive.
"""

from loyaltymodel.delivered_value import results as results
from loyaltymodel.delivered_value.account import value_account
from loyaltymodel.delivered_value.comparison import compare_offers, relative_value
from loyaltymodel.delivered_value.perception import heterogeneity
from loyaltymodel.delivered_value.response.loyalty import value_loyalty
from loyaltymodel.delivered_value.response.shifts import perception_shift
from loyaltymodel.delivered_value.value import (
    delivered_value,
    perceived_value,
)

__all__ = [
    "compare_offers",
    "delivered_value",
    "heterogeneity",
    "perceived_value",
    "perception_shift",
    "relative_value",
    "value_account",
    "value_loyalty",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
