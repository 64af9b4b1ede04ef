"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.delivered_value.account import ValueAccount
from loyaltymodel.delivered_value.perception import Heterogeneity
from loyaltymodel.delivered_value.response.loyalty_result import ValueLoyalty
from loyaltymodel.delivered_value.response.shifts_result import PerceptionShift
from loyaltymodel.delivered_value.robustness import CheapestChange

__all__ = [
    "CheapestChange",
    "Heterogeneity",
    "PerceptionShift",
    "ValueAccount",
    "ValueLoyalty",
]
