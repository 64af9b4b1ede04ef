"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.chain.monitoring.result import ReliableChange, WaveAlarms, WaveIndex
from loyaltymodel.chain.monitoring.rule import AlarmRule
from loyaltymodel.chain.scenarios.result import ScenarioComparison, WhatIf
from loyaltymodel.chain.scenarios.spending_result import ReturnOnQuality
from loyaltymodel.chain.service_profit.result import ServiceProfitPaths

__all__ = [
    "AlarmRule",
    "ReliableChange",
    "ReturnOnQuality",
    "ScenarioComparison",
    "ServiceProfitPaths",
    "WaveAlarms",
    "WaveIndex",
    "WhatIf",
]
