"""The theories joined, from quality to money: the service profit chain, and monitoring."""

from loyaltymodel.chain import results as results
from loyaltymodel.chain.monitoring.fit import index_by_wave
from loyaltymodel.chain.monitoring.reliable import reliable_change
from loyaltymodel.chain.monitoring.rule import alarm_rule
from loyaltymodel.chain.scenarios.build import scenario
from loyaltymodel.chain.scenarios.specification import CustomerEconomics, Scenario
from loyaltymodel.chain.scenarios.spending import return_on_quality
from loyaltymodel.chain.scenarios.what_if import (
    compare_scenarios,
    fix_first,
    required_change,
    what_if,
)
from loyaltymodel.chain.service_profit.fit import service_profit_paths
from loyaltymodel.chain.service_profit.links import service_profit_chain

__all__ = [
    "CustomerEconomics",
    "Scenario",
    "alarm_rule",
    "compare_scenarios",
    "fix_first",
    "index_by_wave",
    "reliable_change",
    "required_change",
    "return_on_quality",
    "scenario",
    "service_profit_chain",
    "service_profit_paths",
    "what_if",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
