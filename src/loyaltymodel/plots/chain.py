"""Pictures of what joins the theories: from a driver to money, satisfaction over waves."""

from __future__ import annotations

from loyaltymodel.plots._driver_ranking import driver_ranking, money_performance_map
from loyaltymodel.plots._monitoring import waves
from loyaltymodel.plots._return_on_quality import return_on_quality
from loyaltymodel.plots._tornado import tornado
from loyaltymodel.plots._what_if import chain_of_effects

__all__ = [
    "chain_of_effects",
    "driver_ranking",
    "money_performance_map",
    "return_on_quality",
    "tornado",
    "waves",
]


def __dir__() -> list[str]:
    return list(__all__)
