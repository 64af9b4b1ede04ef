"""L = f(C, S): how satisfaction becomes loyalty, depending on competition and constraint."""

from loyaltymodel.jones_sasser import results as results
from loyaltymodel.jones_sasser.curves.constraint import (
    combined_constraint,
)
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve, curve
from loyaltymodel.jones_sasser.curves.families import CurveFamily, Hazard, Parameter
from loyaltymodel.jones_sasser.cusp.cusp import Cusp
from loyaltymodel.jones_sasser.cusp.fit import fit_cusp
from loyaltymodel.jones_sasser.estimation.fit import fit
from loyaltymodel.jones_sasser.estimation.simulate import simulate
from loyaltymodel.jones_sasser.inference.compare import compare
from loyaltymodel.jones_sasser.inference.deregulation import remove_constraint
from loyaltymodel.jones_sasser.inference.testing import hypothesis_test
from loyaltymodel.jones_sasser.people.segments import segments
from loyaltymodel.jones_sasser.people.textbook import textbook_segments
from loyaltymodel.jones_sasser.people.warning import (
    early_warning,
)

__all__ = [
    "CurveFamily",
    "Cusp",
    "Hazard",
    "LoyaltyCurve",
    "Parameter",
    "combined_constraint",
    "compare",
    "curve",
    "early_warning",
    "fit",
    "fit_cusp",
    "hypothesis_test",
    "remove_constraint",
    "segments",
    "simulate",
    "textbook_segments",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
