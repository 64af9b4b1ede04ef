"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.chain.service_profit.result import ServiceProfitPaths

__all__ = [
    "ServiceProfitPaths",
]
