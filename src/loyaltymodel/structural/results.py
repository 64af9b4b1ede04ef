"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.structural.checks import Check
from loyaltymodel.structural.estimates import PLSSolution
from loyaltymodel.structural.exact_fit import ExactFitTest
from loyaltymodel.structural.groups.compare import GroupComparison
from loyaltymodel.structural.groups.invariance import MeasurementInvariance
from loyaltymodel.structural.groups.league import LeagueTable
from loyaltymodel.structural.inference import InferenceResult
from loyaltymodel.structural.prediction.cvpat import PredictiveAbilityTest
from loyaltymodel.structural.prediction.plspredict import PredictivePower
from loyaltymodel.structural.prediction.predict import Predicted
from loyaltymodel.structural.result import StructuralResult
from loyaltymodel.structural.simulate import Population

__all__ = [
    "Check",
    "ExactFitTest",
    "GroupComparison",
    "InferenceResult",
    "LeagueTable",
    "MeasurementInvariance",
    "PLSSolution",
    "Population",
    "Predicted",
    "PredictiveAbilityTest",
    "PredictivePower",
    "StructuralResult",
]
