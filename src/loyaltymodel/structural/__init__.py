"""Satisfaction indices of the ACSI family: specified, estimated, checked, explained.

A model says which constructs there are, which items show them and which paths join them
(:class:`StructuralModel`, and the known models :func:`acsi`, :func:`ecsi`, :func:`scsb`).
:func:`fit` estimates it from answers or from their :class:`Moments` by partial least squares
and returns a :class:`StructuralResult`.
"""

from loyaltymodel._core.moments import Moments
from loyaltymodel.structural import results as results
from loyaltymodel.structural.aggregation import (
    aggregate,
    compare_units,
)
from loyaltymodel.structural.bootstrap import bootstrap, jackknife
from loyaltymodel.structural.exact_fit import exact_fit_test
from loyaltymodel.structural.fit import fit
from loyaltymodel.structural.groups.compare import compare_groups
from loyaltymodel.structural.groups.invariance import measurement_invariance
from loyaltymodel.structural.groups.league import league_table
from loyaltymodel.structural.index import satisfaction_index
from loyaltymodel.structural.model import Construct, Path, StructuralModel
from loyaltymodel.structural.prediction.cvpat import cvpat
from loyaltymodel.structural.prediction.plspredict import plspredict
from loyaltymodel.structural.prediction.predict import predict
from loyaltymodel.structural.presets import acsi, ecsi, scsb
from loyaltymodel.structural.simulate import Truth, population, simulate

__all__ = [
    "Construct",
    "Moments",
    "Path",
    "StructuralModel",
    "Truth",
    "acsi",
    "aggregate",
    "bootstrap",
    "compare_groups",
    "compare_units",
    "cvpat",
    "ecsi",
    "exact_fit_test",
    "fit",
    "jackknife",
    "league_table",
    "measurement_invariance",
    "plspredict",
    "population",
    "predict",
    "satisfaction_index",
    "scsb",
    "simulate",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
