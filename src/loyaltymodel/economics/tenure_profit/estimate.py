"""Slopes of margin on tenure: within customers, among all, and the difference."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.counts import kish
from loyaltymodel._core.robust import Moves, left_out

_NOTHING = 1e-9  # of a column: what rounding leaves of one that others make up


class Slope(NamedTuple):
    """A slope, how it moves without each customer (g,), and what each knows of it (g,)."""

    estimate: float
    moves: FloatArray
    information: FloatArray
    residuals: FloatArray


def less_means(values: FloatArray, codes: IntArray) -> FloatArray:
    """Return values (n, k) less the mean of each customer."""
    sizes = np.bincount(codes)
    sums = [np.bincount(codes, column, len(sizes)) for column in values.T]
    return np.asarray(values - (np.column_stack(sums) / sizes[:, None])[codes])


def bends_of(periods: FloatArray) -> FloatArray:
    """Return columns (n, p - 2) for all that periods can do but a level and a straight line."""
    distinct, codes = np.unique(periods, return_inverse=True)
    line = np.column_stack([np.ones(len(distinct)), distinct - distinct.mean()])
    whole, _ = np.linalg.qr(line, mode="complete")
    return np.asarray(whole[:, 2:][codes])


def slope_of(
    x: FloatArray, y: FloatArray, others: FloatArray, codes: IntArray, *, constant: bool
) -> Slope | None:
    """Return the slope of y (n,) on x (n,) beside other columns (n, k), or None if there is none.

    Columns that the others make up are left out; if x is one of those there is no slope. What the
    others do is not estimated again without each customer, since one alone may decide it.
    """
    one = np.full((len(x), 1), 1 / np.sqrt(len(x)))
    others = _full_rank(np.hstack([others, one]) if constant else others)
    left = x - others @ (others.T @ x)
    unit = float(np.linalg.norm(left))
    if unit <= _NOTHING * np.linalg.norm(x):
        return None
    left = left / unit
    scaled = float(left @ y)
    residuals = y - others @ (others.T @ y) - left * scaled
    design = np.column_stack([left, one]) if constant else left[:, None]
    moves = left_out(design, residuals, groups=codes).moved[:, 0] / unit
    information = np.asarray(np.bincount(codes, left**2, len(moves)), np.float64)
    return Slope(scaled / unit, moves, information, residuals)


def error_of(moves: FloatArray, n: int) -> float:
    """Return the standard error of what moves so without each customer, of whom n count."""
    return float(np.sqrt(Moves(moves[:, None], 1 - 1 / n).covariance(moves[:, None])[0, 0]))


def degrees_of(information: FloatArray) -> float:
    """Return degrees of freedom: as many customers as would know as much if all knew alike, less 1.

    Squared, since what is squared to an error is their sums, whose variance grows so where
    customers differ in their slopes.
    """
    known = information[information > 0]
    return max(kish(known) - 1, 1.0)


def _full_rank(columns: FloatArray) -> FloatArray:
    """Return orthonormal columns that make up the same."""
    if columns.shape[1] == 0:
        return columns
    basis, root = np.linalg.qr(columns)  # so that the search for rank is of a small matrix
    u, size, _ = np.linalg.svd(root)
    u = u[:, : len(size)]
    return np.asarray(basis @ u[:, size > _NOTHING * max(float(size[0]), 1e-300)])
