"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.attributes.drivers.contrast import PenaltyRewardResult
from loyaltymodel.attributes.drivers.performance_result import ImportancePerformanceResult
from loyaltymodel.attributes.drivers.result import KeyDriversResult
from loyaltymodel.attributes.kano.result import KanoResult
from loyaltymodel.attributes.kano.segments import KanoSegments
from loyaltymodel.attributes.kano.variants import KanoFuzzyResult
from loyaltymodel.attributes.measurement.benefits import SatisfactionBenefits
from loyaltymodel.attributes.measurement.direct import DirectReport, NetPromoter
from loyaltymodel.attributes.measurement.index import ImportanceIndex

__all__ = [
    "DirectReport",
    "ImportanceIndex",
    "ImportancePerformanceResult",
    "KanoFuzzyResult",
    "KanoResult",
    "KanoSegments",
    "KeyDriversResult",
    "NetPromoter",
    "PenaltyRewardResult",
    "SatisfactionBenefits",
]
