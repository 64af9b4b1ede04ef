"""The likelihood of renewals, in cells of equal tenure and equal drivers.

A customer who is watched from one renewal to another contributes a product of chances to stay or
to leave, one a renewal. So whatever is known of a million customers stands in two counts a cell:
how many were at risk at their t-th renewal, and how many of these were lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.economics.contractual.kernels.staying import (
    Staying,
    staying_geometric,
    staying_weibull,
)

_AT_ONCE = 200_000  # numbers of a slice, which stay in the cache
MOST_C = 4.0  # of log c: c from 1/55 to 55
MOST_R = 40.0  # where nobody is between those who leave at once and those who never do
_MOST_LOGIT = 30.0  # in units of drivers that are standardised


@dataclass(frozen=True, slots=True, eq=False)
class Renewals:
    """Cells (m,), in order of their profile (p,): a row of ``design`` (p, k), the intercept first.

    Parameters in a row (k + 1 or k + 2,): coefficients of the logit of mean churn, r, which is
    log(1 + 1 / precision), and log c for the beta discrete Weibull.
    """

    tenure: FloatArray
    at_risk: FloatArray
    lost: FloatArray
    profile: IntArray
    design: FloatArray
    weibull: bool

    @property
    def n_parameters(self) -> int:
        """Length of a row of parameters."""
        return int(self.design.shape[1]) + 1 + self.weibull

    @property
    def r(self) -> int:
        """Place of r in it."""
        return int(self.design.shape[1])

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Where parameters may lie (q,) each; r from 0, the others far from all that is met."""
        high = np.full(self.n_parameters, _MOST_LOGIT)
        high[self.r], high[self.r + 1 :] = MOST_R, MOST_C
        low = -high
        low[self.r] = 0.0
        return low, high

    def etas(self, theta: FloatArray) -> FloatArray:
        """Return the logit of mean churn (b, p) of each profile."""
        return np.asarray(theta[:, : self.r] @ self.design.T)

    def staying(self, theta: FloatArray, cells: slice, *, second: bool) -> Staying:
        """Return the chances to stay in some cells."""
        eta = self.etas(theta)[:, self.profile[cells]]
        r, tenure = theta[:, self.r, None], self.tenure[cells]
        if self.weibull:
            return staying_weibull(eta, r, theta[:, self.r + 1, None], tenure, second=second)
        return staying_geometric(eta, r, tenure, second=second)


class Slopes(NamedTuple):
    """Log-likelihood (b,), gradient (b, q), observed and expected information (b, q, q)."""

    value: FloatArray
    gradient: FloatArray
    observed: FloatArray
    expected: FloatArray

    def rows(self, which: BoolArray) -> Slopes:
        """Return those of some rows of parameters."""
        return Slopes(*(values[which] for values in self))


def log_likelihood(renewals: Renewals, theta: FloatArray) -> FloatArray:
    """Return the log-likelihood (b,) at rows of parameters (b, q)."""
    total = np.zeros(len(theta))
    for cells in _slices(renewals, len(theta)):
        stay = renewals.staying(theta, cells, second=False).value
        lost, kept = renewals.lost[cells], renewals.at_risk[cells] - renewals.lost[cells]
        total += _of_losses(stay, lost).sum(axis=1) + np.where(kept > 0, kept * stay, 0).sum(axis=1)
    return total


def _of_losses(stay: FloatArray, lost: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        leave = np.where(stay > -0.5, np.log(-np.expm1(stay)), np.log1p(-np.exp(stay)))  # noqa: PLR2004
        return np.where(lost > 0, lost * leave, 0.0)


def slopes(renewals: Renewals, theta: FloatArray, *, second: bool = True) -> Slopes:
    """Return the log-likelihood with gradient and information; observed is expected on request.

    Without ``second`` the observed information is left at the expected one, which is cheaper.
    """
    b, q, r = len(theta), renewals.n_parameters, renewals.r
    value, gradient = np.zeros(b), np.zeros((b, q))
    observed, expected = np.zeros((b, q, q)), np.zeros((b, q, q))
    for cells in _slices(renewals, b):
        found = renewals.staying(theta, cells, second=second)
        lost, n = renewals.lost[cells], renewals.at_risk[cells]
        value += _of_losses(found.value, lost).sum(axis=1)
        value += np.where(n > lost, (n - lost) * found.value, 0).sum(axis=1)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            # To stay. Where churn rounds to 0, odds times squared slopes, about the churn, do too.
            odds = np.where(found.value < 0, 1 / np.expm1(-found.value), 0.0)
            pull = (n - lost) - np.where(lost > 0, lost * odds, 0.0)
            bend = np.where(lost > 0, lost * odds * (1 + odds), 0.0)
        first = found.first
        rows = renewals.design[renewals.profile[cells]]
        gradient += _spread(pull * first, rows, r)
        expected += _crossed(n * odds * first[:, None] * first[None], rows, r)
        if found.second is not None:
            curved = bend * first[:, None] * first[None] - pull * found.second
            observed += _crossed(curved, rows, r)
    return Slopes(value, gradient, observed if second else expected, expected)


def _spread(local: FloatArray, rows: FloatArray, r: int) -> FloatArray:
    """Take a gradient by (eta, r, log c), shape (k, b, m), to the parameters."""
    return np.concatenate([local[0] @ rows, local[1:].sum(axis=2).T], axis=1) if r else local.T


def _crossed(local: FloatArray, rows: FloatArray, r: int) -> FloatArray:
    """Take second derivatives (k, k, b, m) to the parameters."""
    k, _, b, _ = local.shape
    found = np.empty((b, r + k - 1, r + k - 1))
    found[:, :r, :r] = np.einsum("bm,mi,mj->bij", local[0, 0], rows, rows, optimize=True)
    for j in range(1, k):
        found[:, :r, r + j - 1] = found[:, r + j - 1, :r] = local[0, j] @ rows
    found[:, r:, r:] = local[1:, 1:].sum(axis=3).transpose(2, 0, 1)
    return found


def _slices(renewals: Renewals, b: int) -> list[slice]:
    size = max(_AT_ONCE // b, 1)
    m = len(renewals.tenure)
    return [slice(start, min(start + size, m)) for start in range(0, m, size)]
