"""Resampling of respondents: seeded counts, in slices that change nothing, and their moments.

A resample is a row of counts: how often each unit was drawn. Units are respondents, or clusters
of respondents that are drawn together. The moments of all resamples of a slice are one matrix
product of counts and cross-products, so no table is ever drawn.

Of a design, clusters or strata, one unit fewer than there are is drawn from each stratum, and
weighs n / (n - 1) for it (Rao and Wu 1988): drawing all n makes variances (n - 1) / n of what they
are, which ten branches show and a thousand respondents do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel.errors import FailedResamplesWarning, NotIdentifiedError, warn_caller

Counts = npt.NDArray[np.uint16]

# How many times chance is drawn unless the user says otherwise: resamples for intervals, whose
# ends are quantiles far out, and resamples or permutations for a p-value. With 999 the levels of
# 5 and 1 % are whole numbers of resamples.
FOR_INTERVALS = 2000
FOR_TESTS = 999

_COUNTS = 40_000_000  # counts in a slice of resamples: 80 MB
_MATRICES = 6_000_000  # elements of covariance matrices in a slice of resamples: 48 MB
_DRAWS = 1_000_000  # draws at a time: 8 MB
_INNER_DRAWS = 5_000_000  # draws of resamples of resamples at a time: 40 MB
_PRODUCTS = 2_000_000  # cross-products in a slice of respondents: 16 MB


def check_failures(
    n_failed: int, n_resamples: int, what: str, *, way_out: str, so: str = "", many: float = 0.01
) -> None:
    """Refuse resamples of which fewer than two are left, and warn if ``many`` of them failed.

    ``what`` is what failed ones have or cannot do, and ``so`` what follows from leaving them out.
    """
    if n_resamples - n_failed < 2:  # noqa: PLR2004  a spread needs two
        raise NotIdentifiedError(f"nearly all of {n_resamples} resamples {what}; {way_out}")
    if n_failed > many * n_resamples:
        warn_caller(
            f"{n_failed} of {n_resamples} resamples {what}, and were left out{so}",
            FailedResamplesWarning,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Respondents with their weights, and the units in which they are drawn.

    ``order`` lists the units stratum by stratum. The unit drawn at place k of a resample is one
    of the ``size[k]`` units that stand from ``first[k]`` on. Without strata there is one, 0.
    Of a design, ``fewer`` is 1: so many places of each stratum are not drawn.
    """

    rows: FloatArray  # (n, p) answers less the sample's mean, over its standard deviation
    weights: FloatArray  # (n,)
    member: IntArray  # (n,) the unit of each respondent
    stratum: IntArray  # (u,) the stratum of each unit
    order: IntArray  # (u,)
    first: IntArray  # (u,)
    size: IntArray  # (u,)
    fewer: int

    @property
    def n_units(self) -> int:
        """Number of units: respondents, or clusters."""
        return len(self.order)

    def places(self, fewer: int) -> IntArray:
        """Return the places that are drawn if so many of each stratum are not."""
        return np.flatnonzero(np.arange(self.n_units) - self.first >= fewer)

    def growth(self, fewer: int) -> FloatArray:
        """Return by what each unit (u,) weighs more for the places that are not drawn."""
        n = sizes_of(self.stratum)
        return np.asarray(n / (n - fewer))


def make_units(
    rows: FloatArray, weights: FloatArray, cluster: IntArray | None, stratum: IntArray | None
) -> Units:
    """Arrange respondents into units and strata; codes (n,) count from 0."""
    n = len(rows)
    member = np.arange(n) if cluster is None else cluster
    n_units = int(member.max()) + 1
    of_unit = np.zeros(n_units, dtype=np.intp)
    if stratum is not None:
        of_unit[member] = stratum
    order = np.argsort(of_unit, kind="stable")
    sizes = np.bincount(of_unit)
    starts = np.cumsum(sizes) - sizes
    place = of_unit[order]
    first, size = starts[place], sizes[place].astype(np.intp)
    fewer = int(cluster is not None or stratum is not None)
    return Units(rows, weights, member, of_unit, order, first, size, fewer)


def matrices_in_slice(p: int) -> int:
    """Return how many covariance matrices of p items fit into a slice of bounded memory."""
    return max(1, _MATRICES // (p * p))


def slice_size(units: Units, *, inner: int = 0) -> int:
    """Return how many resamples fit into a slice, each perhaps with resamples of its own."""
    size = min(_COUNTS // units.n_units, matrices_in_slice(len(units.rows[0])))
    if inner:
        size = min(size // inner, _INNER_DRAWS // (units.n_units * inner))
    return max(1, size)


def draw_counts(
    units: Units, n_resamples: int, rng: np.random.Generator, *, size: int
) -> Iterator[Counts]:
    """Draw resamples as counts (slice, u): the same for a seed whatever the size of the slices."""
    u, drawn = units.n_units, units.places(units.fewer)
    first, sizes = units.first[drawn], units.size[drawn]
    rows = max(1, _DRAWS // u)
    for start in range(0, n_resamples, size):
        b = min(size, n_resamples - start)
        counts = np.empty((b, u), dtype=np.uint16)
        for top in range(0, b, rows):
            k = min(rows, b - top)
            place = first + (rng.random((k, len(drawn))) * sizes).astype(np.intp)
            flat = (units.order[place] + u * np.arange(k)[:, None]).ravel()
            counts[top : top + k] = np.bincount(flat, minlength=k * u).reshape(k, u)
        yield counts


def resampled_moments(
    units: Units, counts: npt.NDArray[np.number], *, fewer: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return means (b, p) and covariances (b, p, p) of resamples given as counts (b, u).

    ``fewer`` is how many places of each stratum were not drawn, if not as many as the units say.
    """
    p = units.rows.shape[1]
    growth = units.growth(units.fewer if fewer is None else fewer)
    sums = np.zeros((len(counts), p * (p + 1) // 2 + p + 1))
    for part, products in _products(units):
        member = units.member[part]
        sums += (counts[:, member] * growth[member]) @ products
    return _moments_of_sums(sums, p)


def draw_again(units: Units, counts: Counts, n_resamples: int, rng: np.random.Generator) -> Counts:
    """Resample each resample (b, u), stratum by stratum, as counts (b * n_resamples, u).

    Of a design, twice as many places of each stratum are not drawn as in the resample.
    """
    b, u = counts.shape
    # Every resample has as many draws of a stratum as the others have.
    drawn = np.repeat(np.tile(units.order, b), counts[:, units.order].ravel()).reshape(b, -1)
    once, twice = units.places(units.fewer), units.places(2 * units.fewer)
    first = np.searchsorted(once, units.first + units.fewer)[twice]
    sizes = units.size[twice] - units.fewer
    place = first + (rng.random((b, n_resamples, len(twice))) * sizes).astype(np.intp)
    again = drawn[np.arange(b)[:, None, None], place].reshape(b * n_resamples, -1)
    flat = (again + u * np.arange(len(again))[:, None]).ravel()
    return np.bincount(flat, minlength=len(again) * u).reshape(-1, u).astype(np.uint16)


def moments_without_each(
    units: Units, *, share: float = 1.0
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Return moments with a share of one unit left out at a time, in slices of units.

    The others of its stratum take its place, so that every stratum keeps its weight, as it does
    in a resample.
    """
    p, u = units.rows.shape[1], units.n_units
    own = np.zeros((u, p * (p + 1) // 2 + p + 1))
    for part, products in _products(units):
        np.add.at(own, units.member[part], products)
    total = own.sum(axis=0)
    n, sums = sizes_of(units.stratum)[:, None], sums_by(units.stratum, own)
    size = matrices_in_slice(p)
    for start in range(0, u, size):
        part = slice(start, start + size)
        apart = (n[part] * own[part] - sums[units.stratum[part]]) / (n[part] - 1)
        yield _moments_of_sums(total - share * apart, p)


def sizes_of(stratum: IntArray) -> IntArray:
    """Return the number of units (u,) in the stratum of each unit."""
    sizes: IntArray = np.bincount(stratum)[stratum]
    return sizes


def sums_by(stratum: IntArray, values: FloatArray) -> FloatArray:
    """Return the sums (strata, k) of values (u, k) by stratum, each of which has a unit."""
    if not stratum.any():
        return np.asarray(values.sum(axis=0, keepdims=True))
    order = np.argsort(stratum, kind="stable")
    first = np.searchsorted(stratum[order], np.arange(stratum[order[-1]] + 1))
    sums: FloatArray = np.add.reduceat(values[order], first, axis=0)
    return sums


def _products(units: Units) -> Iterator[tuple[slice, FloatArray]]:
    """Weighted cross-products, answers and ones of slices of respondents, side by side."""
    n, p = units.rows.shape
    n_products = p * (p + 1) // 2
    step = max(1, _PRODUCTS // n_products)
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        rows = units.rows[part]
        block = np.empty((len(rows), n_products + p + 1))
        start_of_row = 0
        for k in range(p):  # item by item: far faster than gathering all pairs
            stop = start_of_row + p - k
            np.multiply(rows[:, k:], rows[:, k, None], out=block[:, start_of_row:stop])
            start_of_row = stop
        block[:, n_products:-1] = rows
        block[:, -1] = 1.0
        block *= units.weights[part, None]
        yield part, block


def _moments_of_sums(sums: FloatArray, p: int) -> tuple[FloatArray, FloatArray]:
    """Means and covariances, with the weight as divisor; no estimate depends on the divisor."""
    first, second = np.triu_indices(p)
    total = sums[:, -1:]
    means = sums[:, -1 - p : -1] / total
    products = sums[:, : len(first)] / total
    covariances = np.empty((len(sums), p, p))
    covariances[:, first, second] = products
    covariances[:, second, first] = products
    covariances -= means[:, :, None] * means[:, None, :]
    return means, covariances
