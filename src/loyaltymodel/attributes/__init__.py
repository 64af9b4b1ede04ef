"""Attributes: which kind each is, how important, how well it does, and what to mend first."""

from loyaltymodel.attributes.contrast import PenaltyRewardResult, penalty_reward
from loyaltymodel.attributes.drivers_result import KeyDriversResult
from loyaltymodel.attributes.importance import key_drivers
from loyaltymodel.attributes.kano import kano, kano_category, kano_from_counts
from loyaltymodel.attributes.kano_result import KanoResult
from loyaltymodel.attributes.kano_segments import KanoSegments, kano_segments
from loyaltymodel.attributes.kano_variants import (
    KanoFuzzyResult,
    kano_continuous,
    kano_fuzzy,
    satisfaction_curve,
)
from loyaltymodel.attributes.label_sets import (
    LabelSet,
    codes_from_labels,
    label_set,
)
from loyaltymodel.attributes.measurement import (
    DirectReport,
    NetPromoter,
    direct_report,
    net_promoter,
)
from loyaltymodel.attributes.measurement_benefits import (
    SatisfactionBenefits,
    benefit_outcomes,
    satisfaction_benefits,
)
from loyaltymodel.attributes.measurement_index import (
    ImportanceIndex,
    importance_index,
    importance_scores,
    rank_weights,
)
from loyaltymodel.attributes.measurement_problems import derived_dissatisfaction, problem_analysis
from loyaltymodel.attributes.performance import importance_performance
from loyaltymodel.attributes.performance_result import ImportancePerformanceResult

__all__ = [
    "DirectReport",
    "ImportanceIndex",
    "ImportancePerformanceResult",
    "KanoFuzzyResult",
    "KanoResult",
    "KanoSegments",
    "KeyDriversResult",
    "LabelSet",
    "NetPromoter",
    "PenaltyRewardResult",
    "SatisfactionBenefits",
    "benefit_outcomes",
    "codes_from_labels",
    "derived_dissatisfaction",
    "direct_report",
    "importance_index",
    "importance_performance",
    "importance_scores",
    "kano",
    "kano_category",
    "kano_continuous",
    "kano_from_counts",
    "kano_fuzzy",
    "kano_segments",
    "key_drivers",
    "label_set",
    "net_promoter",
    "penalty_reward",
    "problem_analysis",
    "rank_weights",
    "satisfaction_benefits",
    "satisfaction_curve",
]
