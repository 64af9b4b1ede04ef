"""People counted in classes: shares with intervals, effective numbers, independence of tables.

People count with their weights, and a share of weighted people is as sure as that of fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loyaltymodel._arrays import FloatArray, IntArray


def kish(weights: FloatArray) -> float:
    """Return how many equally weighted people tell as much (Kish's effective number)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def observed_shares(
    classes_of: IntArray, weights: FloatArray, n_classes: int
) -> tuple[FloatArray, FloatArray]:
    """Return weighted shares (classes,) of people (n,) and their linearised standard errors."""
    total = weights.sum()
    share = np.bincount(classes_of, weights, n_classes) / total
    own = np.bincount(classes_of, weights**2, n_classes)
    variance = own * (1 - share) ** 2 + (own.sum() - own) * share**2
    return share, np.sqrt(variance) / total


def effective_size(share: FloatArray, std_error: FloatArray, weights: FloatArray) -> FloatArray:
    """Return of how many people a plain share would have these standard errors.

    Where that says nothing, at shares of 0 and 1, it is Kish's number.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        size = share * (1 - share) / std_error**2
    return np.where(np.isfinite(size) & (size > 0), size, kish(weights))


class Shares(NamedTuple):
    """Shares of classes, their standard errors, and of how many customers each is as sure."""

    share: FloatArray
    std_error: FloatArray
    n: FloatArray


def counted(classes_of: IntArray, weights: FloatArray, n_classes: int) -> Shares:
    """Return shares of customers who were counted in classes.

    Each is as sure as one of as many customers as would give the linearised standard error, at
    most those there are.
    """
    share, error = observed_shares(classes_of, weights, n_classes)
    size = np.minimum(effective_size(share, error, weights), np.count_nonzero(weights))
    return Shares(share, error, size)


def expected(share: FloatArray, std_error: FloatArray, weights: FloatArray) -> Shares:
    """Return shares that are means of probabilities, likewise."""
    return Shares(share, std_error, effective_size(share, std_error, weights))


@dataclass(frozen=True, slots=True, eq=False)
class Independence:
    """How far rows of tables (...) are from having the same law, and what would be expected.

    ``expected`` (..., r, c) is NaN in rows and columns that are empty.
    """

    likelihood_ratio: FloatArray
    chi_square: FloatArray
    df: IntArray
    expected: FloatArray


def independence(tables: FloatArray) -> Independence:
    """Compare the rows of each table (..., r, c) with those of independence.

    Empty rows and columns say nothing and have no degrees of freedom.
    """
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = rows[..., :, None] * columns[..., None, :] / rows.sum(axis=-1)[..., None, None]
        ratio = np.where(tables > 0, tables * np.log(tables / expected), 0.0)
        apart = np.where(expected > 0, (tables - expected) ** 2 / expected, 0.0)
    df = ((rows > 0).sum(axis=-1) - 1).clip(0) * ((columns > 0).sum(axis=-1) - 1).clip(0)
    return Independence(
        likelihood_ratio=2 * ratio.sum(axis=(-2, -1)),
        chi_square=apart.sum(axis=(-2, -1)),
        df=np.asarray(df, dtype=np.intp),
        expected=np.where(expected > 0, expected, np.nan),
    )
