"""Attributes: which kind each is, how important, how well it does, and what to mend first."""

from loyaltymodel.attributes import results as results
from loyaltymodel.attributes.drivers.contrast import penalty_reward
from loyaltymodel.attributes.drivers.importance import key_drivers
from loyaltymodel.attributes.drivers.performance import importance_performance
from loyaltymodel.attributes.kano.analysis import kano, kano_category
from loyaltymodel.attributes.kano.segments import kano_segments
from loyaltymodel.attributes.kano.variants import kano_continuous, kano_fuzzy
from loyaltymodel.attributes.measurement.benefits import satisfaction_benefits
from loyaltymodel.attributes.measurement.direct import direct_report, net_promoter
from loyaltymodel.attributes.measurement.index import (
    importance_index,
)
from loyaltymodel.attributes.measurement.problems import derived_dissatisfaction, problem_analysis

__all__ = [
    "derived_dissatisfaction",
    "direct_report",
    "importance_index",
    "importance_performance",
    "kano",
    "kano_category",
    "kano_continuous",
    "kano_fuzzy",
    "kano_segments",
    "key_drivers",
    "net_promoter",
    "penalty_reward",
    "problem_analysis",
    "satisfaction_benefits",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
