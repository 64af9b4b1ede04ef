"""The link from satisfaction to loyalty: association, mediation, moderation, rival views."""

from loyaltymodel.satisfaction_loyalty import results as results
from loyaltymodel.satisfaction_loyalty.association import association
from loyaltymodel.satisfaction_loyalty.mediation import partial_determination
from loyaltymodel.satisfaction_loyalty.moderation.fit import slope_moderation
from loyaltymodel.satisfaction_loyalty.necessity import necessary_condition
from loyaltymodel.satisfaction_loyalty.u_shape.fit import u_shape_test
from loyaltymodel.satisfaction_loyalty.views.comparison import compare_views
from loyaltymodel.satisfaction_loyalty.views.simulate import simulate_views

__all__ = [
    "association",
    "compare_views",
    "necessary_condition",
    "partial_determination",
    "simulate_views",
    "slope_moderation",
    "u_shape_test",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
