"""Path models without circles, on stacks of covariance matrices.

Letters in the shapes: b problems, p variables. ``sources[k]`` are the places of the variables
that drive variable k. A problem without a solution comes out as NaN and leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loyaltymodel._core.arrays import FloatArray

_COLLINEAR = 1e-10  # of the determinant of the correlations of sources, which is 1 without any
_CONSTANT = 1e-10  # variance of a variable that had 1 in the sample


def path_coefficients(
    covariances: FloatArray, sources: Sequence[Sequence[int]]
) -> tuple[FloatArray, FloatArray]:
    """Coefficients [:, k, l] from k to l: of z-scores, and in the units of the variables.

    Every variable is regressed on all its sources; both are (b, p, p), 0 where nothing leads.
    """
    variances = np.einsum("bkk->bk", covariances)
    deviations = np.sqrt(np.where(variances > _CONSTANT, variances, np.nan))
    correlations = covariances / (deviations[:, :, None] * deviations[:, None, :])
    standardised = np.zeros_like(correlations)
    for target, drivers in enumerate(sources):
        if not drivers:
            continue
        places = list(drivers)
        left = correlations[:, places][:, :, places]
        right = correlations[:, places, target]
        good = np.isfinite(left).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
        left = np.where(good[:, None, None], left, 0.0)  # the determinant of NaN warns
        good &= np.linalg.det(left) > _COLLINEAR
        left = np.where(good[:, None, None], left, np.eye(len(places)))
        solved = np.linalg.solve(left, right[:, :, None])[:, :, 0]
        standardised[:, places, target] = np.where(good[:, None], solved, np.nan)
    with np.errstate(invalid="ignore"):
        raw = standardised * (deviations[:, None, :] / deviations[:, :, None])
    drives = np.zeros(raw.shape[1:], dtype=bool)
    for target, drivers in enumerate(sources):
        drives[list(drivers), target] = True
    return standardised, np.where(drives, raw, 0.0)  # a constant variable leads nowhere


def total_effects(paths: FloatArray) -> FloatArray:
    """Effects along all directed routes (b, p, p): B + BB + BBB + ..., without circles finite.

    With ones for the paths it counts the routes.
    """
    total = paths
    step = paths
    for _ in range(paths.shape[-1] - 2):
        step = step @ paths
        total = total + step
    return total
