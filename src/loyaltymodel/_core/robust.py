"""Errors of regressions for residuals of any spread: what coefficients do when units are left out.

Leaving out single units gives HC3, leaving out groups the cluster jackknife. Logistic
regressions move by one Newton step, linear ones exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray

_ALONE = 1e-9  # what must be left of the information on a coefficient without a unit or a group


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """How far coefficients move without each unit, or each group: what their errors come from."""

    moved: FloatArray  # (g, k) coefficients less those without the unit or group
    factor: float  # of the sum of squares of the moves

    def covariance(self, moves: FloatArray) -> FloatArray:
        """Return the covariance (r, r) of quantities from their moves (g, r)."""
        found: FloatArray = self.factor * moves.T @ moves
        return found


def left_out(
    design: FloatArray,
    residuals: FloatArray,
    *,
    weights: FloatArray | None = None,
    groups: IntArray | None = None,
) -> Moves:
    """Return how far the coefficients of a regression move without each unit, or each group.

    The design (n, k) has full rank. ``weights`` are those of the information, such as p (1 - p)
    of a logistic regression; ``groups`` are codes from 0. Where a unit or a group alone decides
    a coefficient, nothing is known of its error, and its moves are NaN.
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
    return Moves(moved @ np.linalg.inv(root), factor)


def _without_groups(
    z: FloatArray, residuals: FloatArray, work: FloatArray, groups: IntArray
) -> FloatArray:
    """Return how far the coefficients of z move (g, k) without each group."""
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
