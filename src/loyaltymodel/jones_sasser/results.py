"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.jones_sasser.cusp.result import CuspResult
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.inference.compare import Comparison
from loyaltymodel.jones_sasser.inference.deregulation import Deregulation
from loyaltymodel.jones_sasser.inference.hypotheses import HypothesisTest
from loyaltymodel.jones_sasser.people.result import SegmentsResult

__all__ = [
    "Comparison",
    "CuspResult",
    "Deregulation",
    "HypothesisTest",
    "LoyaltyCurveResult",
    "SegmentsResult",
]
