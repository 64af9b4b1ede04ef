"""Before a survey: sample size, power by formula and from a model of one's own, a rehearsal."""

from loyaltymodel.planning import results as results
from loyaltymodel.planning.curve import curve_precision
from loyaltymodel.planning.design import design_effect
from loyaltymodel.planning.quantity import Quantity
from loyaltymodel.planning.rehearsal import rehearse
from loyaltymodel.planning.simulated import simulate_power
from loyaltymodel.planning.sizes import detectable_difference, power, sample_size

__all__ = [
    "Quantity",
    "curve_precision",
    "design_effect",
    "detectable_difference",
    "power",
    "rehearse",
    "sample_size",
    "simulate_power",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
