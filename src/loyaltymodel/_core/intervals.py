"""Intervals, and p-values that agree with them: p < 1 - level exactly where 0 lies outside.

Replicates are (b, k): b of each of k quantities. Quantiles are those of Weibull (type 6): the
i-th of b sorted values is the quantile at i / (b + 1), with straight lines between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.options import check_between, check_count
from loyaltymodel.errors import OptionError

_LAST_DIGIT = float(np.finfo(np.float64).eps)
_FAR = 40.0  # standard errors, beyond which no p-value is a number above 0
_HALVINGS = 60  # of that many standard errors, after which only rounding is left
_STRAIGHT = 1e-6  # a skewness so small that nothing bends
_ROUNDING = 1e-13  # of the largest replicate: values that differ by less are equal


def errors_of(weights: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return the errors (m,) of sums of weighted (m, k) coefficients.

    Where parts cancel that are far larger than the sum, what rounding leaves of them may even be
    below 0. An error is never less than what rounding can take away.
    """
    size = np.abs(weights)
    variance = np.einsum("mi,ij,mj->m", weights, covariance, weights)
    least = _LAST_DIGIT * np.einsum("mi,ij,mj->m", size, np.abs(covariance), size)
    return np.asarray(np.sqrt(np.maximum(variance, least)))


def ndtr(x: FloatArray) -> FloatArray:
    """Return the normal distribution function."""
    # Loaded here: scipy.special takes a third of the time of importing the whole library.
    from scipy.special import ndtr as distribution  # noqa: PLC0415

    return np.asarray(distribution(x), dtype=np.float64)


def ndtri(share: FloatArray) -> FloatArray:
    """Return the quantiles of the normal distribution."""
    from scipy.special import ndtri as quantile_of  # noqa: PLC0415

    return np.asarray(quantile_of(share), dtype=np.float64)


def chi_square_tail(statistic: FloatArray | float, df: IntArray | int) -> FloatArray:
    """Return the probability of a larger value; NaN without degrees of freedom."""
    from scipy.special import chdtrc  # noqa: PLC0415  see ndtr

    return np.where(np.asarray(df) > 0, chdtrc(np.maximum(df, 1), statistic), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Lower and upper ends and two-sided p-values against 0, of one shape."""

    low: FloatArray
    high: FloatArray
    p_value: FloatArray


def check_level(level: float) -> None:
    """Raise an OptionError unless the confidence level lies between 0 and 1."""
    check_between("level", level, such_as=0.95)


def check_resamples(
    number: int, *, level: float, what: str = "resamples", optional: bool = False
) -> None:
    """Raise an OptionError unless resamples are enough for an interval between percentiles.

    Of b sorted values the quantiles of the two tails lie between the first and the last only if
    (1 - level) / 2 is at least 1 / (b + 1). Where the interval is ``optional``, 0 asks for none.
    """
    check_level(level)
    check_count(f"n_{what}", number, least=0 if optional else 2)
    # A little less, so that the rounding of 1 - level does not ask for one more.
    least = math.ceil(2 / (1 - level) - 1e-9) - 1
    if number < least and not (optional and number == 0):
        way_out = "lower the level, or draw 0 for no interval" if optional else "or lower the level"
        raise OptionError(
            f"{number} {what} cannot show an interval of level {level:g}; draw at least {least}, "
            f"{way_out}"
        )


def wald(estimate: FloatArray, std_error: FloatArray, *, level: float) -> Interval:
    """Return the interval of the normal law.

    With a standard error of 0 the interval is the estimate, and p is 0, or 1 for an estimate
    of 0.
    """
    reach = ndtri(np.array((1 + level) / 2)) * std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(estimate == 0, 0.0, np.abs(estimate) / std_error)
    return Interval(estimate - reach, estimate + reach, 2 * ndtr(-z))


def complete_parts(replicates: FloatArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Return numbers of rows and of columns (b, k) between which nothing is missing.

    Columns without NaN come together, and each of the others with the rows in which it exists,
    if there are two, as a spread needs.
    """
    exists = ~np.isnan(replicates)
    whole = exists.all(axis=0)
    if whole.any() and len(replicates) >= 2:  # noqa: PLR2004  as said above
        yield np.arange(len(replicates)), np.flatnonzero(whole)
    for column in np.flatnonzero(~whole):
        rows = np.flatnonzero(exists[:, column])
        if len(rows) >= 2:  # noqa: PLR2004  as said above
            yield rows, np.array([column])


def spread(replicates: FloatArray) -> FloatArray:
    """Return the standard deviation (k,) of each quantity, however large; NaN of endless ones."""
    # A power of two changes no digit; without it, squares of very large numbers have no end.
    _, power = np.frexp(np.abs(replicates).max(axis=0))
    with np.errstate(invalid="ignore", over="ignore"):
        part = np.ldexp(replicates, -power)
        return np.asarray(np.ldexp(part.std(axis=0, ddof=1), power))


def percentile(replicates: FloatArray, *, level: float) -> Interval:
    """Return the interval between the quantiles of the replicates."""
    ordered = np.sort(replicates, axis=0)
    tail = np.full(ordered.shape[1], (1 - level) / 2)
    below, above = shares_at(ordered, np.zeros(ordered.shape[1]))
    return Interval(
        quantile(ordered, tail),
        quantile(ordered, 1 - tail),
        _two_sided(np.minimum(below, 1 - above), len(ordered)),
    )


def basic(replicates: FloatArray, estimate: FloatArray, *, level: float) -> Interval:
    """Return the percentile interval turned round the estimate."""
    ordered = np.sort(replicates, axis=0)
    tail = np.full(ordered.shape[1], (1 - level) / 2)
    below, above = shares_at(ordered, 2 * estimate)
    return Interval(
        2 * estimate - quantile(ordered, 1 - tail),
        2 * estimate - quantile(ordered, tail),
        _two_sided(np.minimum(below, 1 - above), len(ordered)),
    )


def bca(
    replicates: FloatArray, estimate: FloatArray, acceleration: FloatArray, *, level: float
) -> Interval:
    """Return the bias-corrected and accelerated interval (Efron).

    The bias correction counts replicates equal to the estimate as half below it.
    """
    ordered = np.sort(replicates, axis=0)
    z0 = bias_correction(ordered, estimate)
    low, high = adjusted_levels(z0, acceleration, level=level)
    below, above = shares_at(ordered, np.zeros(ordered.shape[1]))
    p_low = ndtr(_unadjusted(below, z0, acceleration))
    p_high = ndtr(-_unadjusted(above, z0, acceleration))
    return Interval(
        quantile(ordered, low),
        quantile(ordered, high),
        _two_sided(np.minimum(p_low, p_high), len(ordered)),
    )


def studentized(
    replicates: FloatArray,
    errors: FloatArray,
    estimate: FloatArray,
    std_error: FloatArray,
    *,
    level: float,
) -> Interval:
    """Return the interval of the replicates' t-values; ``errors`` (b, k) are their own."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(errors > 0, (replicates - estimate) / errors, 0.0)
        own = np.where(std_error > 0, estimate / std_error, np.sign(estimate) * np.inf)
    ordered = np.sort(t, axis=0)
    tail = np.full(ordered.shape[1], (1 - level) / 2)
    below, above = shares_at(ordered, own)
    return Interval(
        estimate - std_error * quantile(ordered, 1 - tail),
        estimate - std_error * quantile(ordered, tail),
        _two_sided(np.minimum(below, 1 - above), len(ordered)),
    )


def student(
    estimate: FloatArray, std_error: FloatArray, degrees: FloatArray | float, *, level: float
) -> Interval:
    """Return Student's interval; with infinite degrees of freedom it is that of the normal law.

    Errors of 0 are treated as :func:`wald` treats them; errors or degrees that are NaN leave NaN.
    """
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415  see ndtr

    endless = np.isinf(degrees)
    df = np.where(endless, 1.0, degrees)
    reach = np.where(endless, ndtri(np.array((1 + level) / 2)), stdtrit(df, (1 + level) / 2))
    # What is beyond the largest number has no end, and nothing in it is wrong.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = np.where(estimate == 0, 0.0, np.abs(estimate) / std_error)
        low, high = estimate - reach * std_error, estimate + reach * std_error
    t = np.where(np.isnan(std_error), np.nan, t)
    tail = np.where(endless, ndtr(-t), stdtr(df, -t))
    return Interval(low, high, 2 * tail)


def skewed(
    estimate: FloatArray,
    std_error: FloatArray,
    skewness: FloatArray,
    degrees: FloatArray | float,
    *,
    level: float,
) -> Interval:
    """Return Hall's interval of means of what is skewed, such as counts and money.

    Student's t of a mean with ``skewness`` (k,) is skewed itself. A rising cubic of it is not, and
    its inverse leads from Student's quantiles to the ends; without skewness they are Student's.
    The skewness is that of the mean: of n equal weights that of the values over the root of n.
    """
    plain = student(estimate, std_error, degrees, level=level)
    a = np.where(np.abs(skewness) > _STRAIGHT, skewness, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (plain.high - estimate) / std_error
        t = np.where(estimate == 0, 0.0, estimate / std_error)
    low, high = (estimate + std_error * apart for apart in _bent(reach, a))
    straight = student(
        t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6, np.ones_like(t), degrees, level=level
    )
    bent = (np.abs(skewness) > _STRAIGHT) & (std_error > 0)
    return Interval(
        np.where(bent, low, plain.low),
        np.where(bent, high, plain.high),
        np.where(bent, straight.p_value, plain.p_value),
    )


def _bent(reach: FloatArray, a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how many standard errors Hall's interval lies below and above, with a skewness a."""
    low, high = (-3 / a * (np.cbrt(1 + a * (r - a / 6)) - 1) for r in (reach, -reach))
    return low, high


def skewed_sum(
    estimate: FloatArray,
    std_errors: FloatArray,
    skewness: FloatArray,
    degrees: FloatArray,
    *,
    level: float,
) -> Interval:
    """Return the interval of sums (k,) of independent parts (m, k), each of them skewed.

    How far Hall's intervals of the parts reach is squared and added (:func:`newcombe`), so that
    each end rests on the parts that can be that far off. No part reaches less far than Student's
    interval, as skewness is known badly, and without any the interval of the sum is Welch's.
    """
    from scipy.special import stdtrit  # noqa: PLC0415  see ndtr

    straight = np.abs(skewness) <= _STRAIGHT
    a = np.where(straight, 1.0, skewness)
    error = np.hypot.reduce(std_errors)
    sure = ~(std_errors > 0)
    of_sum = satterthwaite((std_errors / error).T ** 2, degrees.T)

    def reach(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        tail = ndtr(-z)
        t = -stdtrit(degrees, tail)
        low, high = _bent(t, a)
        apart = [np.where(straight, t, np.fmax(t, end)) for end in (-low, high)]
        below, above = (np.hypot.reduce(np.where(sure, 0.0, std_errors * x)) for x in apart)
        # The sum is surer than its parts: it has more degrees of freedom.
        theirs = np.hypot.reduce(np.where(sure, 0.0, std_errors * t))
        more = -stdtrit(of_sum, tail) * error / theirs
        more = np.where(theirs > _STRAIGHT * error, more, 1.0)  # next to the level 0 both are 0
        return below * more, above * more

    # A level next to 1 has no ends.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return _added(estimate, reach, level=level)


def fieller(
    parts: FloatArray, covariance: FloatArray, *, reach: float
) -> tuple[FloatArray, FloatArray]:
    """Return the ends (t,) of Fieller's intervals of ratios of two estimates, ``parts`` (t, 2).

    With their ``covariance`` (t, 2, 2) the interval holds every ratio r at which the first less r
    times the second lies within ``reach`` standard errors of 0. Where the second lies within as
    many of 0, the set has no bounds, and the ends are infinite.
    """
    over, under = parts[..., 0], parts[..., 1]
    square = under**2 - reach**2 * covariance[..., 1, 1]
    half = over * under - reach**2 * covariance[..., 0, 1]
    constant = over**2 - reach**2 * covariance[..., 0, 0]
    bounded = square > 0
    square = np.where(bounded, square, 1.0)
    # Never below 0 but for rounding: the estimate itself is always inside.
    root = np.sqrt(np.maximum(half**2 - square * constant, 0.0))
    low = np.where(bounded, (half - root) / square, -np.inf)
    return low, np.where(bounded, (half + root) / square, np.inf)


def satterthwaite(variances: FloatArray, degrees: FloatArray) -> FloatArray:
    """Return the degrees of freedom (...) of sums of independent variances (..., m).

    Each variance has ``degrees`` (..., m) of its own. NaN where all variances are 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found: FloatArray = variances.sum(axis=-1) ** 2 / (variances**2 / degrees).sum(axis=-1)
    return found


def student_reach(degrees: float, *, level: float) -> float:
    """Return how many standard errors Student's interval reaches to either side."""
    from scipy.special import stdtrit  # noqa: PLC0415  see ndtr

    return float(stdtrit(degrees, (1 + level) / 2))


def wilson(share: FloatArray, n: FloatArray, *, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the ends of Wilson's interval of shares observed among n, of any one shape.

    It inverts the score test of a binomial share, so that it stays within 0 and 1.
    """
    return wilson_at(share, n, ndtri(np.array((1 + level) / 2)))


def wilson_at(share: FloatArray, n: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the same at so many standard errors."""
    # How far the interval is drawn to a half: by 0 of endlessly many, and wholly of nobody.
    with np.errstate(invalid="ignore"):  # of nobody at a level next to 0
        drawn = np.where(n == 0, 1.0, z**2 / (n + z**2))
    centre = (1 - drawn) * share + drawn / 2
    spread = np.maximum(share * (1 - share), 0.0)  # a sum of weights may pass 1 by rounding
    reach = np.sqrt(drawn * ((1 - drawn) * spread + drawn / 4))
    # At a share of 0 or 1 one end is that share itself, but for rounding.
    low = np.where(share <= 0, 0.0, np.maximum(centre - reach, 0.0))
    high = np.where(share >= 1, 1.0, np.minimum(centre + reach, 1.0))
    return low, high


Ends = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def newcombe(
    first: FloatArray, second: FloatArray, ends: tuple[Ends, Ends], *, level: float
) -> Interval:
    """Return the interval of differences (k,) of independent estimates, first less second.

    ``ends`` tell the ends (k,) of each at so many standard errors (k,). If they stay within a
    range, so does the difference (Newcombe's square-and-add; also called MOVER).
    """

    def reach(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        (low, high), (other_low, other_high) = (of(z) for of in ends)
        below = np.hypot(first - low, other_high - second)
        return below, np.hypot(high - first, second - other_low)

    return _added(first - second, reach, level=level)


def _added(estimate: FloatArray, reach: Ends, *, level: float) -> Interval:
    """Return the interval that reaches so far below and above at so many standard errors."""
    below, above = reach(np.full_like(estimate, ndtri(np.array((1 + level) / 2))))
    # The p-value is that of the level at which an end meets 0.
    near, far = np.zeros_like(estimate), np.full_like(estimate, _FAR)
    for _ in range(_HALVINGS):
        z = (near + far) / 2
        down, up = reach(z)
        holds = (estimate - down <= 0) & (estimate + up >= 0)
        near, far = np.where(holds, near, z), np.where(holds, z, far)
    return Interval(estimate - below, estimate + above, np.asarray(2 * ndtr(-far)))


def bias_correction(ordered: FloatArray, estimate: FloatArray) -> FloatArray:
    """Return the normal quantile (k,) of the share of replicates below the estimate."""
    less = (ordered < estimate).sum(axis=0)
    equal = (ordered == estimate).sum(axis=0)
    # Where every replicate lies on one side, half a replicate is taken to lie on the other.
    share = ((less + equal / 2) / len(ordered)).clip(0.5 / len(ordered), 1 - 0.5 / len(ordered))
    z0: FloatArray = ndtri(share)
    return z0


def acceleration_of(left_out: FloatArray) -> FloatArray:
    """Acceleration (k,) from estimates (n, k) with each unit left out; 0 where none differ."""
    apart = left_out.mean(axis=0) - left_out
    spread = (apart**2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, (apart**3).sum(axis=0) / (6 * spread**1.5), 0.0)


def adjusted_levels(
    z0: FloatArray, acceleration: FloatArray, *, level: float
) -> tuple[FloatArray, FloatArray]:
    """Levels (k,) of the quantiles at which the ends of the BCa interval stand."""
    reach = ndtri(np.array((1 + level) / 2))
    low, high = (z0 + sign * reach for sign in (-1, 1))
    adjusted = tuple(ndtr(z0 + z / (1 - acceleration * z)) for z in (low, high))
    return adjusted[0], adjusted[1]


def quantile(ordered: FloatArray, levels: FloatArray) -> FloatArray:
    """Quantile (k,) of each column of sorted values at its own level, type 6."""
    b, k = ordered.shape
    place = (levels * (b + 1)).clip(1, b)
    lower = np.floor(place).astype(np.intp)
    columns = np.arange(k)
    at = ordered[lower - 1, columns]
    after = ordered[np.minimum(lower, b - 1), columns]
    value: FloatArray = at + (place - lower) * (after - at)
    return value


def shares_at(ordered: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Levels (k,) up to which the quantile is at most a value, and from which it is at least it.

    The inverse of :func:`quantile`; the two differ only where replicates equal the value, but
    for rounding.
    """
    b, k = ordered.shape
    columns = np.arange(k)
    near = _ROUNDING * np.abs(ordered).max(axis=0)
    less = (ordered < values - near).sum(axis=0)
    not_more = (ordered <= values + near).sum(axis=0)

    def between(count: FloatArray) -> FloatArray:
        inside = (count > 0) & (count < b)
        lower = ordered[np.clip(count - 1, 0, b - 1), columns]
        upper = ordered[np.clip(count, 0, b - 1), columns]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = ((values - lower) / (upper - lower)).clip(0.0, 1.0)
        return np.where(inside & (upper > lower), share, 0.0)

    below = np.where(not_more == b, 1.0, (not_more + between(not_more)) / (b + 1))
    below = np.where(not_more == 0, 0.0, below)
    tie = not_more > less
    above = np.where(tie, (less + 1) / (b + 1), below)
    above = np.where(tie & (less == 0), 0.0, above)
    return below, above


def _unadjusted(share: FloatArray, z0: FloatArray, acceleration: FloatArray) -> FloatArray:
    """Return the normal quantile whose adjusted level is a share: the inverse of BCa."""
    apart = ndtri(share) - z0
    with np.errstate(invalid="ignore", over="ignore"):
        z = apart / (1 + acceleration * apart) - z0
    return np.where(np.isinf(apart), apart, z)


def _two_sided(tail: FloatArray, b: int) -> FloatArray:
    """Twice a tail, at least what b replicates can show and at most 1."""
    return (2 * tail).clip(2 / (b + 1), 1.0)
