"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.satisfaction_loyalty.association import Association
from loyaltymodel.satisfaction_loyalty.mediation import PartialDetermination
from loyaltymodel.satisfaction_loyalty.moderation.result import SlopeModeration
from loyaltymodel.satisfaction_loyalty.necessity import NecessaryCondition
from loyaltymodel.satisfaction_loyalty.u_shape.fit import UShape
from loyaltymodel.satisfaction_loyalty.views.result import (
    AverageEffects,
    ChangeOfLoyalty,
    ViewRegression,
    ViewsComparison,
)

__all__ = [
    "Association",
    "AverageEffects",
    "ChangeOfLoyalty",
    "NecessaryCondition",
    "PartialDetermination",
    "SlopeModeration",
    "UShape",
    "ViewRegression",
    "ViewsComparison",
]
