"""L = f(C, S): how satisfaction becomes loyalty, depending on competition and constraint."""

from loyaltymodel.jones_sasser.curve import LoyaltyCurve, curve, share_of_scale
from loyaltymodel.jones_sasser.families import CurveFamily, Hazard, Parameter
from loyaltymodel.jones_sasser.fit import fit
from loyaltymodel.jones_sasser.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.settings import CurveSettings
from loyaltymodel.jones_sasser.simulate import simulate

__all__ = [
    "CurveFamily",
    "CurveSettings",
    "Hazard",
    "LoyaltyCurve",
    "LoyaltyCurveResult",
    "Parameter",
    "curve",
    "fit",
    "share_of_scale",
    "simulate",
]
