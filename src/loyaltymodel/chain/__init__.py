"""The theories joined, from quality to money: the service profit chain, and monitoring."""

from loyaltymodel.chain.service_profit.fit import service_profit_paths
from loyaltymodel.chain.service_profit.links import (
    service_profit_chain,
    service_profit_effects,
    service_profit_links,
)
from loyaltymodel.chain.service_profit.result import ServiceProfitPaths

__all__ = [
    "ServiceProfitPaths",
    "service_profit_chain",
    "service_profit_effects",
    "service_profit_links",
    "service_profit_paths",
]
