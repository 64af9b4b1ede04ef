"""Weighted moves: what they are worth, and draws of transitions that rest on customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray

_DRAWS = 1_000_000  # of customers at a time: 8 MB
_GROUPS = 5_000  # of customers that are drawn together where there are more


@dataclass(frozen=True, slots=True, eq=False)
class WeightedMoves:
    """Moves of customers whose weights differ.

    ``own`` is sparse (customers, k * k): the weight of a customer's moves by row * k + column.
    ``kish`` (k,) is how many moves of equal weight those out of a stage are worth if weights have
    nothing to do with moves, and ``seen`` (k,) how many there are. ``customers`` (k,) is of how
    many customers with equal weights of their moves these are.
    """

    own: Any
    kish: FloatArray
    seen: FloatArray
    customers: FloatArray

    @property
    def k(self) -> int:
        """Number of stages."""
        return len(self.kish)


def weighted_moves(who: IntArray, pair: IntArray, weight: FloatArray, k: int) -> WeightedMoves:
    """Gather moves ``pair``, row * k + column, by customer."""
    from scipy.sparse import csr_array  # noqa: PLC0415  slow to import

    _, customer = np.unique(who, return_inverse=True)
    own = csr_array((weight, (customer, pair)), shape=(int(customer.max()) + 1, k * k))
    own.sum_duplicates()  # which older versions of SciPy leave side by side
    source = pair // k
    total = np.bincount(source, weight, minlength=k)
    squares = np.bincount(source, weight**2, minlength=k)
    kish = np.divide(total**2, squares, out=np.zeros(k), where=squares > 0)
    seen = np.bincount(source[weight > 0], minlength=k).astype(np.float64)
    by_source = own @ csr_array(np.repeat(np.eye(k), k, axis=0))
    each: FloatArray = np.asarray(by_source.power(2).sum(axis=0)).ravel()
    customers = np.divide(total**2, each, out=np.zeros(k), where=each > 0)
    return WeightedMoves(own, kish, seen, customers)


def effective_sizes(moves: WeightedMoves, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how many moves of equal weight each share (k, k), and each row (k,), is worth.

    The variance of a share is linearised over customers, whose moves and weights go together.
    Where that says nothing, as at shares of 0 and 1, it is Kish's number. No share is worth more
    than the moves that were seen.
    """
    k = moves.k
    cells = moves.own.tocoo()
    customer, pair = cells.coords
    source = pair // k
    # What a customer's moves out of a stage weigh together, once for each such stage.
    code, place = np.unique(customer * np.intp(k) + source, return_inverse=True)
    out = np.bincount(place, cells.data)
    total = np.bincount(source, cells.data, minlength=k)[:, None]
    all_squares = np.bincount(code % k, out**2, minlength=k)[:, None]
    crossed = np.bincount(pair, cells.data * out[place], minlength=k * k).reshape(k, k)
    squares = np.bincount(pair, cells.data**2, minlength=k * k).reshape(k, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = share * (1 - share)
        variance = (squares - 2 * share * crossed + share**2 * all_squares) / total**2
        of_cell = spread / variance
        of_row = spread.sum(axis=1) / variance.sum(axis=1)

    def sure(size: FloatArray, kish: FloatArray, seen: FloatArray) -> FloatArray:
        return np.minimum(np.where(np.isfinite(size) & (size > 0), size, kish), seen)

    return (
        sure(of_cell, moves.kish[:, None], moves.seen[:, None]),
        sure(of_row, moves.kish, moves.seen),
    )


def reweighted(
    moves: WeightedMoves, scale: FloatArray, prior: FloatArray, n: int, rng: np.random.Generator
) -> FloatArray:
    """Draw matrices (n, k, k): customers with exponential weights, and moves seen before.

    With many customers of equal weight who moved once each this is the Dirichlet posterior.
    ``scale`` (k,) turns the weight of the moves out of a stage into what they are worth. Very many
    customers are drawn in random groups, whose sums vary as much.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415  slow to import

    k = moves.k
    n_customers = moves.own.shape[0]
    u = min(n_customers, _GROUPS)
    columns = moves.own.T.tocsr()
    if u < n_customers:
        group = rng.permutation(n_customers) % u
        places = (np.arange(n_customers), group)
        columns = columns @ csr_array((np.ones(n_customers), places))
    drawn = np.empty((n, k, k))
    step = max(1, _DRAWS // u)
    for start in range(0, n, step):
        some = slice(start, min(start + step, n))
        size = some.stop - some.start
        again = columns @ rng.standard_exponential((size, u)).T
        drawn[some] = again.T.reshape(size, k, k)
    drawn *= scale[:, None]
    drawn += rng.standard_gamma(prior, size=drawn.shape)
    with np.errstate(invalid="ignore"):
        drawn /= drawn.sum(axis=-1, keepdims=True)
    return _as_unsure_as_few(drawn, moves.customers, rng)


def _as_unsure_as_few(
    drawn: FloatArray, customers: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Spread draws (n, k, k) of rows that rest on few customers (k,), each by as much as it is off.

    Exponential weights of m customers leave a mean (m - 1) / (m + 1) of its variance, and how
    unequal these are is itself known as badly as Student's law says. Rows without moves stay.
    """
    degrees = np.where(customers > 0, np.maximum(customers - 1, 1.0), 1.0)
    chance = rng.chisquare(degrees, size=drawn.shape[:2]) / degrees
    further = np.where(customers > 0, np.sqrt((customers + 1) / degrees / chance), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log(drawn.mean(axis=0))
        spread = centre + further[..., None] * (np.log(drawn) - centre)
    spread = np.where(drawn > 0, spread, -np.inf)
    spread -= spread.max(axis=-1, keepdims=True)
    found = np.exp(spread)
    return np.asarray(found / found.sum(axis=-1, keepdims=True))
