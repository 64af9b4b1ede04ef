"""The estimated numbers as arrays, and the arrays that they come from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from loyaltymodel._arrays import FloatArray, FrozenRecord, read_only
from loyaltymodel._moments import Moments
from loyaltymodel.structural.kernels import Design, make_design
from loyaltymodel.structural.model import StructuralModel


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Estimates(FrozenRecord):
    """The estimated numbers as arrays, for programs; p items and j constructs in model order.

    Attributes
    ----------
    weights : ndarray of shape (p,)
        Outer weights on standardised items; the scores have unit variance.
    loadings : ndarray of shape (p,)
        Loading of each item on its own construct.
    cross_loadings : ndarray of shape (p, j)
        Loading of each item on every construct.
    correlations : ndarray of shape (j, j)
        Correlations of the constructs, corrected for attenuation if the fit is consistent.
    rho_a : ndarray of shape (j,)
        Reliability of each construct's scores.
    paths : ndarray of shape (j, j)
        Path coefficients, ``paths[k, l]`` from construct k to construct l, zero without path.
    r_squared : ndarray of shape (j,)
        Explained variance, zero for exogenous constructs.
    n_iter : int
        Iterations that the weights took.
    converged : bool
        Whether the weights settled.
    """

    weights: FloatArray
    loadings: FloatArray
    cross_loadings: FloatArray
    correlations: FloatArray
    rho_a: FloatArray
    paths: FloatArray
    r_squared: FloatArray
    n_iter: int
    converged: bool

    def __post_init__(self) -> None:
        """Protect the arrays."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, field.name, read_only(value))


def design_of(model: StructuralModel) -> Design:
    """Arrange a model for the kernels."""
    place = {name: index for index, name in enumerate(model.names)}
    return make_design(
        sizes=[len(construct.items) for construct in model.constructs],
        paths=[(place[path.source], place[path.target]) for path in model.paths],
        mode_b=[construct.mode == "B" for construct in model.constructs],
    )


def correlation_matrix(moments: Moments) -> FloatArray:
    """Correlations (p, p) of the items."""
    sd = np.sqrt(moments.covariance.diagonal())
    correlations: FloatArray = moments.covariance / (sd[:, None] * sd)
    return correlations
