"""The estimated numbers as arrays, and the arrays that they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.signature import checked_fields
from loyaltymodel.errors import ModelError, OptionError
from loyaltymodel.structural.kernels.pls import Design, Structure, make_design
from loyaltymodel.structural.model import StructuralModel


@checked_fields
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PLSSolution(FrozenRecord):
    """What partial least squares found, as arrays for programs; p items, j constructs in order.

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
        """Refuse arrays that do not fit each other, and protect them."""
        p, j = self.weights.size, self.rho_a.size
        needed = {
            "weights": (p,),
            "loadings": (p,),
            "cross_loadings": (p, j),
            "correlations": (j, j),
            "rho_a": (j,),
            "paths": (j, j),
            "r_squared": (j,),
        }
        check_shapes(self, needed)
        FrozenRecord.__post_init__(self)

    def as_stack(self) -> Structure:
        """Return the solution as the kernels take them: a stack of one.

        Returns
        -------
        Structure
            Views of the arrays with a batch axis in front.
        """
        return Structure(
            loadings=self.loadings[None],
            cross_loadings=self.cross_loadings[None],
            correlations=self.correlations[None],
            rho_a=self.rho_a[None],
            paths=self.paths[None],
            r_squared=self.r_squared[None],
        )


def check_shapes(record: object, needed: Mapping[str, tuple[int, ...]]) -> None:
    """Raise a ModelError unless each array of a record has the shape that is needed."""
    for name, shape in needed.items():
        if (found := getattr(record, name).shape) != shape:
            raise ModelError(f"{name} has shape {found}, but {shape} fits the others")


def design_of(model: StructuralModel) -> Design:
    """Arrange a model for the kernels."""
    place = {name: index for index, name in enumerate(model.names)}
    return make_design(
        sizes=[len(construct.items) for construct in model.constructs],
        paths=[(place[path.source], place[path.target]) for path in model.paths],
        mode_b=[construct.mode == "B" for construct in model.constructs],
    )


def composites_of(model: StructuralModel, declared: Sequence[str]) -> BoolArray:
    """Mark (j,) the constructs of mode B and those declared composites."""
    if unknown := [name for name in declared if name not in model.names]:
        raise OptionError(
            f"composites names no construct of the model: {enumerate_names(unknown)}; "
            f"its constructs are {', '.join(model.names)}"
        )
    chosen = [c.mode == "B" or c.name in declared for c in model.constructs]
    return np.array(chosen, dtype=bool)


def correlation_matrix(moments: Moments) -> FloatArray:
    """Correlations (p, p) of the items."""
    sd = np.sqrt(moments.covariance.diagonal())
    correlations: FloatArray = moments.covariance / (sd[:, None] * sd)
    return correlations
