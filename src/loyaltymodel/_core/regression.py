"""Regressions by statsmodels, and what can make them impossible: one way in for every theory.

A design is (n, k), its columns as they are, with the constant among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel._core.intervals import errors_of
from loyaltymodel.errors import DataError

StdErrors = Literal["model", "robust"]

EXACT = (
    "The fit is exact but for rounding, so coefficients have no errors: intervals are single "
    "points, and a p-value only tells 0 from what is not 0."
)

_SINGULAR = 1e-9  # of the largest singular value of columns scaled to length 1
_ALONE = 1e-9  # a leverage closer to 1 than this is 1, but for rounding
_ROUNDING = 1e-12  # of the largest number answers are made of: what differs by less is the same
_NO_SUM = 1e-9  # of its parts: a sum of exact coefficients that is less is 0
_MOST_STEPS = 100
_CLOSE = 1e-10  # a last step, whose own error is the square of this
_PERFECT = 1e-8  # what is left of answers that are told perfectly
_DISTANT = 25.0  # a logit per standard deviation beyond which it is on its way to infinity


@dataclass(frozen=True, slots=True, eq=False)
class Regression(FrozenRecord):
    """Coefficients (k,), their covariance matrix (k, k), and the log-likelihood."""

    estimates: FloatArray
    covariance: FloatArray
    log_likelihood: float = float("nan")


def collinear(design: FloatArray) -> IntArray:
    """Return the places of columns that are 0, or else of those that determine each other."""
    design = _of_size_one(design)
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
    design = _of_size_one(design)
    basis, _ = np.linalg.qr(design / np.linalg.norm(design, axis=0))
    alone: BoolArray = (basis**2).sum(axis=1) > 1 - _ALONE
    return alone


def _of_size_one(design: FloatArray) -> FloatArray:
    """Return columns by powers of two so that their squares are numbers, without any rounding."""
    _, exponents = np.frexp(np.abs(design).max(axis=0))
    return np.asarray(np.ldexp(design, -exponents))


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

    Raises
    ------
    DataError
        If units lie so far apart that no number holds the coefficients.
    """
    # Loaded here: statsmodels takes as long to import as all the rest together.
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415

    kind = "HC3" if std_errors == "robust" else "nonrobust"
    basis, back = _orthogonal(design)
    found = OLS(y, basis).fit(cov_type=kind, use_t=True)
    with np.errstate(divide="ignore"):  # of a fit without any residual
        likelihood = float(found.llf)
    with np.errstate(over="ignore", invalid="ignore"):  # refused by name
        estimates, covariance = back @ found.params, back @ found.cov_params() @ back.T
    if not (np.isfinite(estimates).all() and np.isfinite(covariance).all()):
        raise DataError(
            "the coefficients are beyond what a number can hold; give what explains, and what is "
            "explained, in units that are not so far apart"
        )
    limit = _ROUNDING * (float(np.abs(y).max()) if size is None else size)
    if np.abs(y - design @ estimates).max() > limit:
        return Regression(estimates, covariance, likelihood)
    # By how much residuals of this size at most can move each coefficient.
    moves = limit * np.linalg.norm(back, axis=1)
    estimates = np.where(np.abs(estimates) <= moves, 0.0, estimates)
    return Regression(estimates, np.zeros_like(back), likelihood)


def errors_of_contrasts(
    y: FloatArray, design: FloatArray, weights: FloatArray, contrasts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return standard errors (m,) of sums of coefficients (m, k), and their degrees of freedom.

    Squared residuals are divided by what is expected of them if all vary alike (HC2 with equal
    weights), and have degrees by Satterthwaite (Bell and McCaffrey): few if a sum rests on few
    people, however many there are. Both are NaN where one person alone decides the sum.
    """
    weights = weights / weights.max()
    # How coefficients (k, n) follow from answers, and with them the fit.
    of_answers = np.linalg.solve(design.T @ (weights[:, None] * design), design.T * weights)
    residuals = y - design @ (of_answers @ y)
    of_residuals = np.hstack([design, of_answers.T])  # (n, 2k)
    k = design.shape[1]
    among = np.block(
        [[-of_answers @ of_answers.T, np.eye(k)], [np.eye(k), np.zeros((k, k))]]
    )  # the fit takes U among U' away from the covariance of residuals, which is 1 without it
    taken = np.einsum("ik,kl,il->i", of_residuals, among, of_residuals)
    kept = 1 - taken
    pulls = (contrasts @ of_answers) ** 2  # (m, n)
    alone = kept < _ALONE
    lost = pulls[:, alone].sum(axis=1) > _ALONE * pulls.sum(axis=1)
    squares = pulls / np.where(alone, np.inf, kept)
    variance = squares @ residuals**2
    inner = np.stack([(of_residuals.T * row) @ of_residuals @ among for row in squares])
    both = (squares**2) @ (kept**2 - taken**2) + np.einsum("mkl,mlk->m", inner, inner)
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = np.maximum(pulls.sum(axis=1) ** 2 / both, 1.0)
    return np.where(lost, np.nan, np.sqrt(variance)), np.where(lost, np.nan, degrees)


def logistic(
    y: FloatArray | BoolArray, design: FloatArray, *, std_errors: StdErrors = "model"
) -> Regression | None:
    """Return the logistic regression, or nothing if the columns tell y (almost) perfectly.

    Then no maximum exists, and estimates run off to infinity. Robust errors are a sandwich (HC0).
    """
    basis, back = _orthogonal(design)
    answers = y.astype(np.float64)
    with np.errstate(all="ignore"):  # on the way to infinity
        estimates = _newton(answers, basis)
        if estimates is None or np.abs(estimates).max() > _DISTANT:
            return None
        likelihood, rest, information = _logit_at(answers, basis, estimates)
        covariance = np.linalg.inv(information)
        if std_errors == "robust":
            covariance = covariance @ ((basis.T * rest**2) @ basis) @ covariance
    return Regression(back @ estimates, back @ covariance @ back.T, likelihood)


def _newton(y: FloatArray, basis: FloatArray) -> FloatArray | None:
    """Return where the likelihood is highest, or nothing if that is (almost) at infinity."""
    at = np.zeros(basis.shape[1])
    value, rest, information = _logit_at(y, basis, at)
    for _ in range(_MOST_STEPS):
        if np.abs(rest).max() < _PERFECT:
            return None
        try:
            step = np.linalg.solve(information, basis.T @ rest)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        if np.abs(step).max() <= _CLOSE * max(1.0, np.abs(at).max()):
            return np.asarray(at + step)
        # Half a step, and half of it again, where a whole one goes too far.
        while (found := _logit_at(y, basis, at + step))[0] < value - _ROUNDING * abs(value):
            step = step / 2
            if np.abs(step).max() <= _CLOSE * max(1.0, np.abs(at).max()):
                return at
        at, (value, rest, information) = at + step, found
    return None


def _logit_at(
    y: FloatArray, basis: FloatArray, at: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Return the log-likelihood, what is left of the answers (n,), and the information (k, k)."""
    logits = basis @ at
    chance = 0.5 + 0.5 * np.tanh(logits / 2)
    information = (basis.T * (chance * (1 - chance))) @ basis
    return float(y @ logits - np.logaddexp(0.0, logits).sum()), y - chance, information


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
    sums, errors = weights @ estimates, errors_of(weights, covariance)
    rounding = _NO_SUM * (np.abs(weights) @ np.abs(estimates))
    return np.where((errors == 0) & (np.abs(sums) <= rounding), 0.0, sums), errors
