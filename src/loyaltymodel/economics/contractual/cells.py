"""What a fit rests on and what it ends with, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel.economics.contractual.kernels.likelihood import Renewals
from loyaltymodel.economics.contractual.kernels.search import CONVERGED

Model = Literal["beta_geometric", "beta_discrete_weibull"]
Limit = Literal["homogeneous", "all_or_nothing"]


@dataclass(frozen=True, slots=True, eq=False)
class RenewalCells(FrozenRecord):
    """What is known of the customers: renewals by tenure and profile of drivers.

    Attributes
    ----------
    tenure : ndarray of shape (m,)
        Which renewal, from 1.
    profile : ndarray of shape (m,)
        Which row of ``profiles`` the customers of the cell have.
    at_risk, lost : ndarray of shape (m,)
        Customers who faced that renewal, and of these who left at it.
    profiles : ndarray of shape (p, k)
        Values of the drivers.
    """

    tenure: IntArray
    profile: IntArray
    at_risk: FloatArray
    lost: FloatArray
    profiles: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RetentionSolution(FrozenRecord):
    """The maximum in the parameters of the search.

    Attributes
    ----------
    theta : ndarray of shape (q,)
        Coefficients of standardised drivers, r = log(1 + 1 / precision), log c.
    covariance : ndarray of shape (q, q)
        Of these; 0 where one is fixed at its limit, NaN where the likelihood is level.
    free : ndarray of shape (q,)
        Which of them were searched for.
    centre, unit : ndarray of shape (k,)
        Of the drivers.
    log_likelihoods : ndarray of shape (3,)
        Of the model, of it with customers all alike, and of it with c = 1.
    without : ndarray of shape (k,)
        Of the model without each driver.
    """

    theta: FloatArray
    covariance: FloatArray
    free: BoolArray
    centre: FloatArray
    unit: FloatArray
    log_likelihoods: FloatArray
    without: FloatArray
    decrement: float
    n_iter: int

    @property
    def converged(self) -> bool:
        """Whether the gradient is 0 in the scale of the likelihood."""
        return self.decrement < CONVERGED


def renewals_of(cells: RenewalCells, centre: FloatArray, unit: FloatArray, model: str) -> Renewals:
    """Return the cells as the kernels take them, with drivers standardised."""
    inner = (cells.profiles - centre) / unit
    return Renewals(
        tenure=cells.tenure.astype(np.float64),
        at_risk=cells.at_risk,
        lost=cells.lost,
        profile=cells.profile,
        design=np.column_stack([np.ones(len(inner)), inner]),
        weibull=model == "beta_discrete_weibull",
    )
