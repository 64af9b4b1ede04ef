"""Cohen's kappa, unweighted and weighted, with its large-sample errors.

Tables are (k, k), first classification down, second across. Agreement weights are 1 on the
diagonal. The errors are those of Fleiss, Cohen and Everitt, written as sums over customers so that
customers may have weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Kappas:
    """Kappas (m,) and what they are made of, one for each set of agreement weights."""

    kappa: FloatArray
    observed: FloatArray
    expected: FloatArray
    std_error: FloatArray
    null_std_error: FloatArray


def agreement_weights(k: int) -> FloatArray:
    """Return the weights (3, k, k) of unweighted, linear and quadratic kappa; k is 2 or more."""
    place = np.arange(k)
    apart = np.abs(place[:, None] - place) / (k - 1)
    return np.stack([np.eye(k), 1 - apart, 1 - apart**2])


def kappas(weight: FloatArray, squared: FloatArray, agree: FloatArray) -> Kappas:
    """Return kappas from the sums of customers' weights and of their squares in each cell.

    ``weight`` and ``squared`` are (k, k), ``agree`` (m, k, k). A table whose margins leave no
    room for disagreement is refused before.

    A customer in a cell moves kappa by the influence of that cell, and the variance of a mean
    with weights is the sum of squared weights times squared influences. With weights of 1 this
    is the formula of Fleiss, Cohen and Everitt. Under no agreement the cells have the shares of
    independence, and the mean weight within a cell stays what it is.
    """
    total = weight.sum()
    share = weight / total
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    independent = np.outer(rows, columns)
    observed = np.einsum("mij,ij->m", agree, share)
    expected = np.einsum("mij,ij->m", agree, independent)
    room = 1 - expected
    kappa = (observed - expected) / room
    # Chance agreement is bilinear in the margins: a customer moves it through row and column.
    by_row = agree @ columns
    by_column = np.einsum("mij,i->mj", agree, rows)
    margins = by_row[:, :, None] + by_column[:, None, :]
    o, e, r = (v[:, None, None] for v in (observed, expected, room))
    # The derivative of (o - e) / (1 - e) by the share of each cell.
    influence = ((agree - o) * r - (1 - o) * (margins - 2 * e)) / r**2
    std_error = np.sqrt(np.einsum("mij,ij->m", influence**2, squared)) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_weight = np.where(weight > 0, squared / weight, squared.sum() / total)
    null = (agree - margins + e) / r
    null_variance = np.einsum("mij,ij->m", null**2, independent * mean_weight) / total
    return Kappas(kappa, observed, expected, std_error, np.sqrt(null_variance))
