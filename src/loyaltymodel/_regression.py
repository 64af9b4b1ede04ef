"""Regressions by statsmodels, and what can make them impossible: one way in for every theory.

A design is (n, k), its columns as they are, with the constant among them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord, IntArray

StdErrors = Literal["model", "robust"]

EXACT = (
    "The fit is exact but for rounding, so coefficients have no errors: intervals are single "
    "points, and a p-value only tells 0 from what is not 0."
)

_SINGULAR = 1e-9  # of the largest singular value of columns scaled to length 1
_ALONE = 1e-9  # a leverage closer to 1 than this is 1, but for rounding
_ROUNDING = 1e-12  # of the largest number answers are made of: what differs by less is the same
_NO_SUM = 1e-9  # of its parts: a sum of exact coefficients that is less is 0
_DISTANT = 25.0  # a logit per standard deviation beyond which it is on its way to infinity


@dataclass(frozen=True, slots=True, eq=False)
class Regression(FrozenRecord):
    """Coefficients (k,), their covariance matrix (k, k), and the log-likelihood."""

    estimates: FloatArray
    covariance: FloatArray
    log_likelihood: float = float("nan")


def collinear(design: FloatArray) -> IntArray:
    """Return the places of columns that are 0, or else of those that determine each other."""
    lengths = np.linalg.norm(design, axis=0)
    if (lengths == 0).any():
        return np.flatnonzero(lengths == 0)
    few = len(design) < design.shape[1]
    _, singular, directions = np.linalg.svd(design / lengths, full_matrices=few)
    if not few and singular[-1] > _SINGULAR * singular[0]:
        return np.array([], dtype=np.intp)
    return np.flatnonzero(np.abs(directions[-1]) > np.sqrt(_SINGULAR))


def full_leverage(design: FloatArray) -> BoolArray:
    """Tell which rows alone decide a coefficient: the fit meets them, so HC3 divides by 0."""
    basis, _ = np.linalg.qr(design / np.linalg.norm(design, axis=0))
    alone: BoolArray = (basis**2).sum(axis=1) > 1 - _ALONE
    return alone


def is_constant(y: FloatArray | BoolArray, *, size: float | None = None) -> bool:
    """Tell whether answers are the same but for rounding.

    ``size`` is the largest number of which they were made, if that is not their own.
    """
    low, high = float(y.min()), float(y.max())  # of True and False as well
    return high - low <= _ROUNDING * (max(abs(low), abs(high)) if size is None else size)


def least_squares(
    y: FloatArray, design: FloatArray, *, std_errors: StdErrors, size: float | None = None
) -> Regression:
    """Return the linear regression, with errors for residuals of one variance or of any (HC3).

    What is left of a fit that is exact is rounding, of numbers as large as ``size``; errors from
    it would make p-values of nothing. Such a fit has errors of 0.
    """
    # Loaded here: statsmodels takes as long to import as all the rest together.
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415

    kind = "HC3" if std_errors == "robust" else "nonrobust"
    basis, back = _orthogonal(design)
    found = OLS(y, basis).fit(cov_type=kind, use_t=True)
    estimates, likelihood = back @ found.params, float(found.llf)
    limit = _ROUNDING * (float(np.abs(y).max()) if size is None else size)
    if np.abs(y - design @ estimates).max() > limit:
        return Regression(estimates, back @ found.cov_params() @ back.T, likelihood)
    # By how much residuals of this size at most can move each coefficient.
    moves = limit * np.linalg.norm(back, axis=1)
    estimates = np.where(np.abs(estimates) <= moves, 0.0, estimates)
    return Regression(estimates, np.zeros_like(back), likelihood)


def logistic(
    y: FloatArray | BoolArray, design: FloatArray, *, std_errors: StdErrors = "model"
) -> Regression | None:
    """Return the logistic regression, or nothing if the columns tell y (almost) perfectly.

    Then no maximum exists, and estimates run off to infinity. Robust errors are a sandwich (HC0).
    """
    # Loaded here: statsmodels takes as long to import as all the rest together.
    from statsmodels.discrete.discrete_model import Logit  # noqa: PLC0415
    from statsmodels.tools.sm_exceptions import (  # noqa: PLC0415
        ConvergenceWarning,
        PerfectSeparationError,
        PerfectSeparationWarning,
    )

    basis, back = _orthogonal(design)
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            found = Logit(y.astype(np.float64), basis).fit(
                method="newton",
                maxiter=100,
                tol=1e-12,
                disp=False,
                cov_type="HC0" if std_errors == "robust" else "nonrobust",
            )
        except (
            PerfectSeparationError,
            PerfectSeparationWarning,
            ConvergenceWarning,
            np.linalg.LinAlgError,
        ):
            return None
        estimates = np.asarray(found.params, dtype=np.float64)
        covariance = np.asarray(found.cov_params(), dtype=np.float64)
    if not np.isfinite(covariance).all() or np.abs(estimates).max() > _DISTANT:
        return None
    return Regression(back @ estimates, back @ covariance @ back.T, float(found.llf))


def _orthogonal(design: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return orthogonal columns of mean square 1, and what brings their coefficients back.

    So neither units nor distances from 0 can spoil the arithmetic, and a coefficient is a logit
    per standard deviation of what its column adds to those before it.
    """
    basis, root = np.linalg.qr(design)
    size = np.sqrt(len(design))
    return basis * size, np.linalg.inv(root) * size


def sums_of(
    weights: FloatArray, estimates: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return sums (m,) of weighted (m, k) coefficients with errors; 0 if only rounding is left."""
    sums = weights @ estimates
    errors = np.sqrt(np.einsum("mi,ij,mj->m", weights, covariance, weights))
    rounding = _NO_SUM * (np.abs(weights) @ np.abs(estimates))
    return np.where((errors == 0) & (np.abs(sums) <= rounding), 0.0, sums), errors
