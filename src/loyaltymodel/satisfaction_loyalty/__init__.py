"""How satisfaction and loyalty hang together: association, mediation, moderation, necessity, rival views."""

from loyaltymodel.satisfaction_loyalty.association import Association, association, comparison_table
from loyaltymodel.satisfaction_loyalty.mediation import PartialDetermination, partial_determination
from loyaltymodel.satisfaction_loyalty.moderation.fit import slope_moderation
from loyaltymodel.satisfaction_loyalty.moderation.result import SlopeModeration
from loyaltymodel.satisfaction_loyalty.necessity import NecessaryCondition, necessary_condition
from loyaltymodel.satisfaction_loyalty.u_shape.fit import UShape, u_shape_test
from loyaltymodel.satisfaction_loyalty.views.comparison import compare_views
from loyaltymodel.satisfaction_loyalty.views.result import (
    AverageEffects,
    ChangeOfLoyalty,
    ViewRegression,
    ViewsComparison,
)
from loyaltymodel.satisfaction_loyalty.views.simulate import simulate_views

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
    "association",
    "compare_views",
    "comparison_table",
    "necessary_condition",
    "partial_determination",
    "simulate_views",
    "slope_moderation",
    "u_shape_test",
]
