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
    expectation,
)
from loyaltymodel.expectation_gap.drivers.fit import linear_satisfaction, satisfaction_drivers
from loyaltymodel.expectation_gap.fairness import equity
from loyaltymodel.expectation_gap.indicators import Indicator, indicators
from loyaltymodel.expectation_gap.provider import provider_gaps
from loyaltymodel.expectation_gap.quality import (
    brand_effect,
    gronroos_quality,
    quality_profile,
)
from loyaltymodel.expectation_gap.servqual.fit import gap_scores, servqual
from loyaltymodel.expectation_gap.servqual.model import (
    ServiceDimension,
    ServiceInstrument,
    ServiceItem,
    servqual_instrument,
)
from loyaltymodel.expectation_gap.shocks.fit import adverse_response
from loyaltymodel.expectation_gap.tolerance import tolerance_measures, zone_of_tolerance

__all__ = [
    "Indicator",
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
    "expectation",
    "gap_scores",
    "gronroos_quality",
    "indicators",
    "linear_satisfaction",
    "provider_gaps",
    "quality_profile",
    "satisfaction_drivers",
    "servqual",
    "servqual_instrument",
    "tolerance_measures",
    "zone_of_tolerance",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
