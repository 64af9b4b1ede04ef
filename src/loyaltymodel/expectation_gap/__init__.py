"""What was expected against what was perceived (期望与感知的差距).

Disconfirmation, the zone of tolerance, the provider's five gaps, SERVQUAL and SERVPERF, the
drivers of satisfaction beyond the gap with attribution and fairness, how single transactions add
up, and whether satisfied customers respond less to an adverse event.
"""

from loyaltymodel.expectation_gap import results as results
from loyaltymodel.expectation_gap.cumulative import adjustment_rate, cumulative_satisfaction
from loyaltymodel.expectation_gap.disconfirmation import (
    ProspectResponse,
    disconfirmation,
)
from loyaltymodel.expectation_gap.drivers.fit import satisfaction_drivers
from loyaltymodel.expectation_gap.fairness import equity
from loyaltymodel.expectation_gap.provider import provider_gaps
from loyaltymodel.expectation_gap.quality import (
    brand_effect,
    quality_profile,
)
from loyaltymodel.expectation_gap.servqual.fit import servqual
from loyaltymodel.expectation_gap.servqual.model import (
    ServiceDimension,
    ServiceInstrument,
    ServiceItem,
)
from loyaltymodel.expectation_gap.shocks.fit import adverse_response
from loyaltymodel.expectation_gap.tolerance import zone_of_tolerance

__all__ = [
    "ProspectResponse",
    "ServiceDimension",
    "ServiceInstrument",
    "ServiceItem",
    "adjustment_rate",
    "adverse_response",
    "brand_effect",
    "cumulative_satisfaction",
    "disconfirmation",
    "equity",
    "provider_gaps",
    "quality_profile",
    "satisfaction_drivers",
    "servqual",
    "zone_of_tolerance",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
