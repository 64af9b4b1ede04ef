"""People counted in classes: shares and means with errors, effective numbers, independence.

People count with their weights, and a share of weighted people is as sure as that of fewer. How
much fewer depends on whose weights are large: Kish's number knows the weights only and is wrong
where they go with the answers. So errors are linearised here: each person moves a weighted mean
by the own share of the weight times the own distance from the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.intervals import ndtri, student_reach

_NOTHING = 1e-9  # of the weight, which leaves the others nothing to say
_HARDLY = 1e-3  # of the weight: where one has all the rest, the others make one difference

_ROUNDED = 1e-12  # of all


def kish(weights: FloatArray) -> float:
    """Return how many equally weighted people tell as much (Kish's effective number)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """How people (n,) move a weighted mean.

    ``share`` is of the weight. The squared deviation of a person times ``of_square`` is what this
    person adds to the variance of the mean; the sum is unbiased if all vary alike, whatever their
    weights, and with equal weights it is the variance over n. ``degrees`` are its degrees of
    freedom by Satterthwaite (Bell and McCaffrey), n - 1 with equal weights and never below 1.
    """

    share: FloatArray
    of_square: FloatArray
    degrees: float
    n: int

    def less_sure(self, level: float) -> float:
        """Return by what to multiply a size of equal weights; 1 if these are."""
        return less_sure(self.degrees, level=level, than=self.n - 1.0)


def pull_of(weights: FloatArray) -> Pull:
    """Return how people (n,) with these weights move a mean; one who has all of it has no error."""
    h, size = weights / weights.sum(), len(weights)
    if size > 1 and np.ptp(weights) == 0:
        return Pull(h, np.full_like(h, 1 / (size * (size - 1))), size - 1.0, size)
    first = int(h.argmax())
    others = np.delete(weights, first) / weights.sum()
    rest, n = float(others.sum()), int(np.count_nonzero(h))
    if rest <= _NOTHING:
        return Pull(h, np.full_like(h, np.nan), 0.0, 1)
    squares = float(h @ h)
    # The expected square of a deviation, if all vary alike.
    kept = 1 - 2 * h + squares
    kept[first] = rest**2 + others @ others  # without the rounding of 1 - 2 + 1
    a = h**2 / kept
    if rest < _HARDLY:
        return Pull(h, a, 1.0, n)
    # The variance is a quadratic form of independent deviations: its trace, and that of its square.
    total, once, twice = float(a.sum()), float(a @ h), float(a @ h**2)
    diagonal = float((a * a) @ (kept**2 - (squares - 2 * h) ** 2))
    beside = (total * squares) ** 2 - 4 * squares * total * once + 2 * total * twice + 2 * once**2
    return Pull(h, a, min(max(squares**2 / (diagonal + beside), 1.0), n - 1.0), n)


def weighted_means(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return means (k,) of values (n, k) with weights (n,), their errors, and degrees of freedom.

    With equal weights they are the standard deviation over the root of n, and n - 1. Where all
    values are the same the error is NaN: nothing shows how far others differ.
    """
    pull = pull_of(weights)
    mean = pull.share @ values
    # A power of two changes no digit; without it, squares end where numbers do not.
    apart = values - mean
    _, power = np.frexp(np.abs(apart).max(axis=0))
    error = np.ldexp(np.sqrt(pull.of_square @ np.ldexp(apart, -power) ** 2), power)
    alike = np.ptp(values[weights > 0], axis=0) == 0
    return mean, np.where(alike, np.nan, error), pull.degrees


def skewness_of(part: FloatArray) -> float:
    """Return the skewness of a sum of independent parts around 0; 0 where all are 0."""
    size = np.abs(part).max()
    if size == 0:
        return 0.0
    unit = part / size  # whose cubes are numbers
    return float((unit**3).sum() / (unit**2).sum() ** 1.5)


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


def counted(classes_of: IntArray, weights: FloatArray, n_classes: int, *, level: float) -> Shares:
    """Return shares of customers who were counted in classes, for intervals of a level.

    Each is as sure as one of as many customers as would give the linearised standard error, at
    most those there are; and as fewer, as its error is known less well than theirs (Korn and
    Graubard).
    """
    pull = pull_of(weights)
    share = np.bincount(classes_of, weights, n_classes) / weights.sum()
    own = np.bincount(classes_of, pull.of_square, n_classes)
    return _sized(share, np.asarray(own, dtype=np.float64), pull, weights, level)


def members(belongs: FloatArray, weights: FloatArray, *, level: float) -> Shares:
    """Return the shares (k,) of those who belong to classes that may overlap (n, k), likewise."""
    pull = pull_of(weights)
    return _sized(pull.share @ belongs, pull.of_square @ belongs, pull, weights, level)


def _sized(
    share: FloatArray, own: FloatArray, pull: Pull, weights: FloatArray, level: float
) -> Shares:
    # Parts that should add up to all miss it by rounding; nobody's add up to 0 exactly.
    share = np.where(share > 1 - _ROUNDED, 1.0, share)
    others = np.maximum(pull.of_square.sum() - own, 0.0)
    variance = own * (1 - share) ** 2 + others * share**2
    # As with equal weights, where the variance of a share is p (1 - p) over n.
    error = np.sqrt(variance * (1 - 1 / max(pull.n, 2)))
    size = np.minimum(effective_size(share, error, weights), pull.n)
    return Shares(share, error, size * pull.less_sure(level))


def expected(
    share: FloatArray, std_error: FloatArray, weights: FloatArray, *, level: float
) -> Shares:
    """Return shares that are means of probabilities, likewise."""
    size = effective_size(share, std_error, weights)
    return Shares(share, std_error, size * pull_of(weights).less_sure(level))


def less_sure(degrees: float, *, level: float, than: float = np.inf) -> float:
    """Return by what to multiply a size because its error has no more degrees of freedom.

    ``than`` are the degrees at which an interval needs no such step.
    """
    if degrees >= than:
        return 1.0
    plain = float(ndtri(np.array((1 + level) / 2)))
    if than < np.inf:
        plain = student_reach(than, level=level)
    return float((plain / student_reach(degrees, level=level)) ** 2)


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
