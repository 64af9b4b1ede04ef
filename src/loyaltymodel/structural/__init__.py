"""Satisfaction indices of the ACSI family: specified, estimated, checked, explained.

A model says which constructs there are, which items show them and which paths join them
(:class:`StructuralModel`, and the known models :func:`acsi`, :func:`ecsi`, :func:`scsb`).
:func:`fit` estimates it from answers or from their :class:`Moments` by partial least squares
and returns a :class:`StructuralResult`.
"""

from loyaltymodel._core.moments import Moments
from loyaltymodel.structural.aggregation import (
    aggregate,
    compare_with_benchmark,
    compare_with_group,
)
from loyaltymodel.structural.bootstrap import bootstrap, jackknife
from loyaltymodel.structural.checks import Check
from loyaltymodel.structural.estimates import PLSSolution
from loyaltymodel.structural.exact_fit import ExactFitTest, exact_fit_test
from loyaltymodel.structural.fit import fit
from loyaltymodel.structural.index import satisfaction_index
from loyaltymodel.structural.inference import InferenceResult
from loyaltymodel.structural.model import Construct, Path, StructuralModel
from loyaltymodel.structural.presets import acsi, ecsi, scsb
from loyaltymodel.structural.result import StructuralResult
from loyaltymodel.structural.settings import FitSettings
from loyaltymodel.structural.simulate import Population, Truth, population, simulate

__all__ = [
    "Check",
    "Construct",
    "ExactFitTest",
    "FitSettings",
    "InferenceResult",
    "Moments",
    "PLSSolution",
    "Path",
    "Population",
    "StructuralModel",
    "StructuralResult",
    "Truth",
    "acsi",
    "aggregate",
    "bootstrap",
    "compare_with_benchmark",
    "compare_with_group",
    "ecsi",
    "exact_fit_test",
    "fit",
    "jackknife",
    "population",
    "satisfaction_index",
    "scsb",
    "simulate",
]
