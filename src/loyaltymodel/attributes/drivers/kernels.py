"""Relative importance on stacks of correlation matrices: every regression at once.

Arrays have the batch axis in front: b problems of p drivers. ``correlations`` are (b, p + 1,
p + 1) with the target in the last row and column. Subsets of drivers are numbered by their
bits: driver k, which counts from 0, is in subset s where the bit of value 2**k is set in s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray

EXACT_UP_TO = 15  # drivers: 32,768 regressions a problem
SINGULAR = 1e-10  # smallest eigenvalue of correlations among drivers that are told apart
_TABLE = 4_000_000  # numbers in the largest table of a slice of problems: 32 MB

MEASURES = ("standardised", "first", "last", "pratt", "relative_weights", "lmg")
DECOMPOSITIONS = ("pratt", "relative_weights", "lmg")  # those that add up to R2


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """What the drivers of a stack of problems are worth.

    Problems whose drivers are constant or exactly collinear have NaN throughout.
    """

    measures: FloatArray  # (b, 6, p) in the order of MEASURES
    r_squared: FloatArray  # (b,)
    vif: FloatArray  # (b, p)
    by_size: FloatArray  # (b, p, p) mean gain in R2 when a driver joins k others, (.., driver, k)
    monte_carlo_error: FloatArray  # (b, p) of LMG; 0 where every order was averaged
    solvable: BoolArray  # (b,)


def importance(covariances: FloatArray, orders: IntArray | None = None) -> Importance:
    """All measures of a stack of covariance matrices (b, p + 1, p + 1), target last.

    LMG averages over every order of the drivers, or over ``orders`` (m, p), each of which is
    taken forwards and backwards.
    """
    solved = _solve(covariances)
    alone, standardised = solved.correlations[:, :-1, -1], solved.slopes
    vif = np.diagonal(solved.inverse, axis1=1, axis2=2)
    if orders is None:
        by_size = gains_by_size(solved.correlations)
        lmg, error = by_size.mean(axis=2), np.zeros_like(alone)
    else:
        by_size, lmg, error = _gains_in_orders(solved.correlations, orders)
    found = {
        "standardised": standardised,
        "first": alone**2,
        "last": standardised**2 / vif,
        "pratt": standardised * alone,
        "relative_weights": _relative_weights(solved.values, solved.vectors, alone),
        "lmg": lmg,
    }
    blank = np.where(solved.solvable, 0.0, np.nan)
    return Importance(
        measures=np.stack([found[name] for name in MEASURES], axis=1) + blank[:, None, None],
        r_squared=found["pratt"].sum(axis=1) + blank,
        vif=vif + blank[:, None],
        by_size=by_size + blank[:, None, None],
        monte_carlo_error=error + blank[:, None],
        solvable=solved.solvable,
    )


def regression(covariances: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Standardised coefficients (b, p), R2 (b,), and whether (b,) they are determined."""
    solved = _solve(covariances)
    r_squared = (solved.slopes * solved.correlations[:, :-1, -1]).sum(axis=1)
    return solved.slopes, r_squared, solved.solvable


def adjusted(r_squared: FloatArray, n: float, p: int, *, resampled: bool = False) -> FloatArray:
    """R2 less what p drivers without any effect explain by chance; NaN without anybody to spare.

    The R2 of a resample lies above that of the sample by as much as this lies above the
    population's, so it is adjusted twice; otherwise an interval would stand too high. Nor do
    ends of an interval fall below 0.
    """
    left = (n - 1) / (n - p - 1) if n > p + 1 else np.nan
    if resampled:
        return np.maximum(1 - (1 - r_squared) * left**2, 0.0)
    return 1 - (1 - r_squared) * left


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """Regressions of a stack, with what they were computed from.

    Problems without a solution stand as if no driver mattered, to be blanked at the end.
    """

    correlations: FloatArray  # (b, p + 1, p + 1)
    values: FloatArray  # (b, p) eigenvalues of the drivers' correlations
    vectors: FloatArray  # (b, p, p)
    inverse: FloatArray  # (b, p, p)
    slopes: FloatArray  # (b, p)
    solvable: BoolArray  # (b,)


def _solve(covariances: FloatArray) -> _Solved:
    correlations, varies = _correlations(covariances)
    values, vectors = np.linalg.eigh(correlations[:, :-1, :-1])
    solvable = varies & (values[:, 0] > SINGULAR)
    plain = np.eye(correlations.shape[1])
    correlations = np.where(solvable[:, None, None], correlations, plain)
    values = np.where(solvable[:, None], values, 1.0)
    vectors = np.where(solvable[:, None, None], vectors, plain[:-1, :-1])
    inverse = (vectors / values[:, None, :]) @ vectors.transpose(0, 2, 1)
    slopes = (inverse @ correlations[:, :-1, -1:])[:, :, 0]
    return _Solved(correlations, values, vectors, inverse, slopes, solvable)


def unexplained(correlations: FloatArray) -> FloatArray:
    """Share of the target's variance (b, 2**p) that each subset of drivers leaves unexplained.

    The drivers are swept out one after another, each from all subsets of those before it in one
    step. What is kept of a subset is the covariance of the drivers still to come and the
    target, given the subset; so the tables double in number while they shrink in size, and the
    work of all 2**p regressions is about 12 * 2**p multiplications.
    """
    kept = correlations[:, None]
    for _ in range(correlations.shape[1] - 1):
        row = kept[:, :, 0, 1:]
        rest = kept[:, :, 1:, 1:]
        without = rest - row[..., :, None] * (row / kept[:, :, 0, :1])[..., None, :]
        kept = np.concatenate([rest, without], axis=1)
    return kept[:, :, 0, 0]


def gains_by_size(correlations: FloatArray) -> FloatArray:
    """Mean gain in R2 (b, p, p) when a driver joins k others, over all subsets of k others.

    The first column is R2 of the driver alone, the last its gain over all others, and the mean
    of a row is LMG.
    """
    b, p = len(correlations), correlations.shape[1] - 1
    size = max(1, _TABLE // 2 ** (p + 2))
    mean = _mean_by_size(p)
    gains = np.empty((b, p, p))
    for start in range(0, b, size):
        part = slice(start, start + size)
        left = unexplained(correlations[part])
        for driver in range(p):
            # Subsets side by side that differ in the driver alone.
            pairs = left.reshape(len(left), 2 ** (p - 1 - driver), 2, 2**driver)
            gain = pairs[:, :, 0] - pairs[:, :, 1]
            gains[part, driver] = gain.reshape(len(left), -1) @ mean
    return gains


def _mean_by_size(p: int) -> FloatArray:
    """Matrix (2**(p - 1), p) that averages over the subsets of p - 1 drivers of each size."""
    sizes = np.bitwise_count(np.arange(2 ** (p - 1)))
    chosen = sizes[:, None] == np.arange(p)
    mean: FloatArray = chosen / chosen.sum(axis=0)
    return mean


def draw_orders(p: int, n_orders: int, rng: np.random.Generator) -> IntArray:
    """Draw orders of p drivers (n_orders // 2, p): each counts twice, as its reverse does too."""
    return rng.permuted(np.tile(np.arange(p), (n_orders // 2, 1)), axis=1)


def _gains_in_orders(
    correlations: FloatArray, orders: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Average gains over drawn orders: by size (b, p, p), over all, and the error of that."""
    b, p = len(correlations), correlations.shape[1] - 1
    m = len(orders)
    both = np.concatenate([orders, orders[:, ::-1]])
    gains = np.zeros((b, p, p))
    lmg, error = np.empty((b, p)), np.empty((b, p))
    # How often each driver joins k others is the same in all problems.
    times = np.zeros((p, p))
    np.add.at(times, (both, np.arange(p)), 1)
    size = max(1, _TABLE // (2 * m * (p + 1) ** 2))
    for start in range(0, b, size):
        part = slice(start, start + size)
        in_order = _sequential_gains(correlations[part], both)
        of_driver = np.empty_like(in_order)
        np.put_along_axis(of_driver, both[None], in_order, axis=2)
        pairs = (of_driver[:, :m] + of_driver[:, m:]) / 2
        lmg[part] = pairs.mean(axis=1)
        error[part] = pairs.std(axis=1, ddof=1) / np.sqrt(m)
        gains[part] = _sums_by_place(in_order, both)
    with np.errstate(invalid="ignore"):
        by_size = np.where(times > 0, gains / times, np.nan)
    return by_size, lmg, error


def _sums_by_place(in_order: FloatArray, orders: IntArray) -> FloatArray:
    """Add up gains (b, m, p), which stand in the order of joining, by driver and place."""
    b, _, p = in_order.shape
    cell = orders * p + np.arange(p)
    cells = np.arange(b)[:, None, None] * p**2 + cell
    sums = np.bincount(cells.ravel(), in_order.ravel(), minlength=b * p**2)
    return np.asarray(sums, dtype=np.float64).reshape(b, p, p)


def _sequential_gains(correlations: FloatArray, orders: IntArray) -> FloatArray:
    """Gain in R2 (b, m, p) of each driver in turn, in every order.

    With the target last, the last row of the Cholesky factor has the correlations of the
    target with what is new in each driver.
    """
    m, p = orders.shape
    places = np.concatenate([orders, np.full((m, 1), p)], axis=1)
    arranged = correlations[:, places[:, :, None], places[:, None, :]]
    # A target that is wholly explained would leave nothing for the last pivot, which is not used.
    arranged[..., -1, -1] += 1.0
    new = np.linalg.cholesky(arranged)[..., -1, :-1]
    return np.asarray(new**2, dtype=np.float64)


def _relative_weights(values: FloatArray, vectors: FloatArray, alone: FloatArray) -> FloatArray:
    """Johnson's relative weights (b, p) from the eigenvalues and eigenvectors of the drivers."""
    root = (vectors * np.sqrt(values)[:, None, :]) @ vectors.transpose(0, 2, 1)
    back = (vectors / np.sqrt(values)[:, None, :]) @ vectors.transpose(0, 2, 1)
    on_nearest = (back @ alone[:, :, None])[:, :, 0]
    weights: FloatArray = (root**2 @ (on_nearest**2)[:, :, None])[:, :, 0]
    return weights


def _correlations(covariances: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Correlations, and whether every variable of a problem varies.

    A variable counts as constant where its variance is what rounding leaves of 1: resamples
    are of standardised answers.
    """
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    varies = np.asarray((variances > 1e-12).all(axis=1), dtype=np.bool_)  # noqa: PLR2004
    sd = np.sqrt(np.where(varies[:, None], variances, 1.0))
    return covariances / (sd[:, :, None] * sd[:, None, :]), varies


def collinear(correlations: FloatArray) -> IntArray:
    """Places of the drivers (p, p) that others make up exactly, if any."""
    values, vectors = np.linalg.eigh(correlations)
    null = vectors[:, values <= SINGULAR]
    # Of a direction without variance every driver that takes part has a share.
    return np.flatnonzero((np.abs(null) > 1e-4).any(axis=1))  # noqa: PLR2004
