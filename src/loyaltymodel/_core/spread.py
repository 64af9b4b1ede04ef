"""Whether variables vary, and how two of them go together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import levels_of
from loyaltymodel._core.intervals import ndtri
from loyaltymodel._core.options import count_of
from loyaltymodel._core.regression import is_constant
from loyaltymodel.errors import DataError

Kind = Literal["pearson", "spearman"]

_SAME = 1e-12  # of a correlation of 1: rounding


def correlate(x: FloatArray, y: FloatArray, *, kind: Kind, level: float) -> FloatArray:
    """Return a correlation and the ends of its interval by Fisher's z; no width at -1 and 1."""
    n = len(x)
    if kind == "spearman":
        x, y = _ranks(x), _ranks(y)
    x, y = x - x.mean(), y - y.mean()
    r = float(x @ y / np.sqrt((x @ x) * (y @ y)))
    if abs(r) >= 1 - _SAME:
        return np.full(3, float(round(r)))
    variance = (1.0 if kind == "pearson" else 1 + r**2 / 2) / (n - 3)
    reach = float(ndtri(np.array((1 + level) / 2))) * np.sqrt(variance)
    z = np.arctanh(r)
    return np.array([r, np.tanh(z - reach), np.tanh(z + reach)])


def check_spread(
    names: Iterable[str], variables: Sequence[FloatArray], *, least: int, unit: str = "customer"
) -> None:
    """Raise a DataError if there are too few customers, or a variable does not vary."""
    n = len(variables[0])
    if n < least:
        raise DataError(
            f"there {'is' if n == 1 else 'are'} {count_of(n, unit)} with every value; at least "
            f"{least} are needed"
        )
    for name, values in zip(names, variables, strict=True):
        if is_constant(values):
            rounded = "" if values.max() == values.min() else " but for rounding"
            raise DataError(
                f"{name} is {values[0]:.12g} for every {unit}{rounded}; something that does not "
                "vary goes together with nothing"
            )


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks, those of equal values averaged."""
    place = levels_of(values)[1]
    counts = np.bincount(place)
    last = np.cumsum(counts)
    ranks: FloatArray = (last - (counts - 1) / 2)[place]
    return ranks
