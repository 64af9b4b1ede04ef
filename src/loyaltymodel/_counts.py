"""People counted in classes: shares with intervals, effective numbers, independence of tables.

People count with their weights, and a share of weighted people is as sure as that of fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from loyaltymodel._arrays import FloatArray, IntArray
from loyaltymodel._native import NotNumbers, numbers_of
from loyaltymodel.errors import DataError

_LARGEST = 2.0**53  # counts above it are not exact


def counts_of(
    name: str, values: Any, *, way_out: str = "give whole numbers", gaps: bool = False
) -> FloatArray:
    """Return counts as numbers, of any shape; with ``gaps`` a missing one is 0.

    Raises
    ------
    DataError
        If one is no whole number from 0 up, or beyond those that computing holds exactly.
    """
    # Among objects, because NumPy makes a number of a True that stands beside one.
    given = np.array(values, dtype=object) if isinstance(values, list) else values
    try:
        counts = np.asarray(numbers_of(given), dtype=np.float64)
    except NotNumbers as error:
        raise DataError(f"{name} has {error.example}, which is no count; {way_out}") from None
    counts = np.where(np.isnan(counts), 0.0, counts) if gaps else counts
    bad = ~((counts >= 0) & (counts <= _LARGEST) & (np.floor(counts) == counts))
    if bad.any():
        raise DataError(
            f"{name} has {counts[bad][0]:g}, which is no whole number from 0 to 2**53; {way_out}"
        )
    return counts


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
