"""Pictures, one module a theory: the only room that knows matplotlib.

Every function takes a result, draws on the axes that it is given or on new ones, and returns
the axes. None of them shows, saves or changes settings.
"""

from loyaltymodel.plots import (
    attributes,
    delivered_value,
    expectation_gap,
    jones_sasser,
    loyalty_stage,
    structural,
)

__all__ = [
    "attributes",
    "delivered_value",
    "expectation_gap",
    "jones_sasser",
    "loyalty_stage",
    "structural",
]
