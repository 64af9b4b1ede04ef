"""L = f(C, S): how satisfaction becomes loyalty, depending on competition and constraint."""

from loyaltymodel.jones_sasser.compare import Comparison, compare
from loyaltymodel.jones_sasser.curve import LoyaltyCurve, curve, share_of_scale
from loyaltymodel.jones_sasser.deregulation import Deregulation, remove_constraint
from loyaltymodel.jones_sasser.diagnostics import calibration, influence
from loyaltymodel.jones_sasser.families import CurveFamily, Hazard, Parameter
from loyaltymodel.jones_sasser.fit import fit
from loyaltymodel.jones_sasser.hypotheses import (
    HypothesisTest,
    lack_of_fit_test,
    linearity_test,
    no_constraint_test,
    threshold_test,
)
from loyaltymodel.jones_sasser.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.settings import CurveSettings
from loyaltymodel.jones_sasser.simulate import simulate

__all__ = [
    "Comparison",
    "CurveFamily",
    "CurveSettings",
    "Deregulation",
    "Hazard",
    "HypothesisTest",
    "LoyaltyCurve",
    "LoyaltyCurveResult",
    "Parameter",
    "calibration",
    "compare",
    "curve",
    "fit",
    "influence",
    "lack_of_fit_test",
    "linearity_test",
    "no_constraint_test",
    "remove_constraint",
    "share_of_scale",
    "simulate",
    "threshold_test",
]
