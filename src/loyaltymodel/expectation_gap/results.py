"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.expectation_gap.cumulative import AdjustmentRate
from loyaltymodel.expectation_gap.drivers.result import DriverResult
from loyaltymodel.expectation_gap.provider import ProviderGaps
from loyaltymodel.expectation_gap.quality import QualityProfile
from loyaltymodel.expectation_gap.servqual.result import ServqualResult
from loyaltymodel.expectation_gap.shocks.result import AdverseResponse
from loyaltymodel.expectation_gap.tolerance import ToleranceResult

__all__ = [
    "AdjustmentRate",
    "AdverseResponse",
    "DriverResult",
    "ProviderGaps",
    "QualityProfile",
    "ServqualResult",
    "ToleranceResult",
]
