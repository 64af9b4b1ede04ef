"""The theories joined, from quality to money: the service profit chain, and monitoring."""

from loyaltymodel.chain import results as results
from loyaltymodel.chain.monitoring.alerts import satisfaction_alerts
from loyaltymodel.chain.service_profit.fit import service_profit_paths
from loyaltymodel.chain.service_profit.links import service_profit_chain

__all__ = [
    "satisfaction_alerts",
    "service_profit_chain",
    "service_profit_paths",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
