"""Errors of regressions for residuals of any spread: what coefficients do when units are left out.

Leaving out single units gives HC3, leaving out groups the cluster jackknife. Logistic
regressions move by one Newton step, linear ones exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._arrays import FloatArray, IntArray
from loyaltymodel._intervals import student_reach

_ALONE = 1e-9  # what must be left of the information on a coefficient without a unit or a group
_SINGULAR = 1e-9  # of the largest singular value of columns scaled to length 1


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """Ends of Student's intervals and two-sided p-values against 0, of any one shape."""

    low: FloatArray
    high: FloatArray
    p_value: FloatArray


def left_out_covariance(
    design: FloatArray,
    residuals: FloatArray,
    *,
    weights: FloatArray | None = None,
    groups: IntArray | None = None,
) -> FloatArray:
    """Covariance (k, k) of coefficients from what they do without each unit, or each group.

    The design (n, k) has full rank. ``weights`` are those of the information, such as p (1 - p)
    of a logistic regression; ``groups`` are codes from 0. Where a unit or a group alone decides
    a coefficient, nothing is known of its error, and the covariance is NaN.
    """
    work = np.ones(len(design)) if weights is None else weights
    root = np.linalg.cholesky((design * work[:, None]).T @ design)
    z = np.linalg.solve(root, design.T).T  # columns whose information is the unit matrix
    if groups is None:
        share = work * (z**2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = z * np.where(share < 1 - _ALONE, residuals / (1 - share), np.nan)[:, None]
        factor = 1.0
    else:
        moved = _without_groups(z, residuals, work, groups)
        factor = 1 - 1 / len(moved)
    back = np.linalg.inv(root)
    covariance: FloatArray = back.T @ (factor * moved.T @ moved) @ back
    return covariance


def _without_groups(
    z: FloatArray, residuals: FloatArray, work: FloatArray, groups: IntArray
) -> FloatArray:
    """Moves (g, k) of the coefficients of z without each group."""
    n_groups, k = int(groups.max()) + 1, z.shape[1]
    score = np.stack([np.bincount(groups, z[:, a] * residuals, n_groups) for a in range(k)], axis=1)
    share = np.empty((n_groups, k, k))
    for a in range(k):
        for b in range(a + 1):
            share[:, a, b] = np.bincount(groups, z[:, a] * z[:, b] * work, n_groups)
            share[:, b, a] = share[:, a, b]
    free = np.linalg.eigvalsh(share)[:, -1] < 1 - _ALONE
    moved = np.full((n_groups, k), np.nan)
    rest = np.eye(k) - share[free]
    moved[free] = np.linalg.solve(rest, score[free][:, :, None])[:, :, 0]
    return moved


def student(
    estimate: FloatArray, error: FloatArray, degrees: FloatArray | float, *, level: float
) -> Tested:
    """Student's interval and p-value; with an error of 0 p is 0, or 1 for an estimate of 0."""
    from scipy.special import stdtr  # noqa: PLC0415 - slow to import, needed only here

    reach = np.vectorize(lambda df: student_reach(df, level=level), otypes=[float])(degrees)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(estimate == 0, 0.0, np.abs(estimate) / error)
    t = np.where(np.isnan(error), np.nan, t)
    return Tested(estimate - reach * error, estimate + reach * error, 2 * stdtr(degrees, -t))


def entangled(design: FloatArray) -> IntArray:
    """Places of columns of which one can be computed from the others; none if there is no such."""
    lengths = np.linalg.norm(design, axis=0)
    if (lengths == 0).any():
        return np.flatnonzero(lengths == 0)
    _, singular, directions = np.linalg.svd(design / lengths, full_matrices=False)
    if len(design) >= design.shape[1] and singular[-1] > _SINGULAR * singular[0]:
        return np.array([], dtype=np.intp)
    return np.flatnonzero(np.abs(directions[-1]) > np.sqrt(_SINGULAR))
