"""Arithmetic of the Kano method on counts and on memberships; NumPy and SciPy only.

Categories stand in the order of ``CATEGORIES``, answers in the order like, must-be, neutral,
live-with, dislike. Counts are (k, 6): a row an attribute.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray, read_only
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.counts import independence, less_sure
from loyaltymodel._core.intervals import ndtr, wald, wilson

_NO_ERROR = 1e-12  # of a ratio, which rounding makes

CategoryTest = Literal["exact", "normal", "fong"]
ShareInterval = Literal["wilson", "wald", "exact"]

CATEGORIES = ("A", "O", "M", "I", "R", "Q")
ANSWERS = ("like", "must-be", "neutral", "live-with", "dislike")
A, O, M, I, R, Q = range(6)  # noqa: E741 - the letters of the field

# Rows are answers to the functional question, columns answers to the dysfunctional one.
EVALUATION: IntArray = read_only(
    [
        [Q, A, A, A, O],
        [R, I, I, I, M],
        [R, I, I, I, M],
        [R, I, I, I, M],
        [R, R, R, R, Q],
    ],
    np.intp,
)

# Which category wins a tie: what hurts most when it is absent comes first.
PRIORITY: IntArray = read_only([M, O, A, I, R, Q], np.intp)


def category_counts(functional: IntArray, dysfunctional: IntArray) -> IntArray:
    """Count the categories (6,) of pairs of answers 0 to 4, each (n,)."""
    cells = np.bincount(EVALUATION[functional, dysfunctional], minlength=len(CATEGORIES))
    return cells.astype(np.intp)


def leaders(counts: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the most frequent category and the runner-up of each attribute, (k,) each."""
    by_priority = counts[:, PRIORITY]
    order = np.argsort(-by_priority, axis=1, kind="stable")
    first: IntArray = PRIORITY[order[:, 0]]
    second: IntArray = PRIORITY[order[:, 1]]
    return first, second


def first_by_priority(shares: FloatArray, tolerance: float) -> IntArray:
    """Return the first category in the order of priority that is close to the largest share."""
    least = shares.max(axis=1, keepdims=True) - tolerance
    near = reaches(shares[:, PRIORITY], least, size=1.0)
    chosen: IntArray = PRIORITY[near.argmax(axis=1)]
    return chosen


def coefficient_counts(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return A + O, O + M and A + O + M + I of counts or memberships (..., 6)."""
    a, o, m, i = (counts[..., place] for place in (A, O, M, I))
    return a + o, o + m, a + o + m + i


def runner_up_test(
    first: FloatArray, second: FloatArray, n: FloatArray, test: CategoryTest
) -> tuple[FloatArray, FloatArray]:
    """Test whether two categories are equally frequent; return statistics and p-values.

    The exact statistic is the larger count, binomial with probability 1/2 out of both; the
    others are normal.
    """
    both = first + second
    if test == "exact":
        # Loaded here: scipy.special takes a third of the time of importing the whole library.
        from scipy.special import betainc  # noqa: PLC0415

        tail = np.asarray(betainc(first, second + 1, 0.5), dtype=np.float64)
        return first, np.minimum(1.0, 2 * tail)
    variance = both if test == "normal" else both * (2 * n - both) / (2 * n)
    z = np.abs(first - second) / np.sqrt(variance)
    return z, 2 * ndtr(-z)


def memberships(functional: FloatArray, dysfunctional: FloatArray) -> FloatArray:
    """Return memberships in the categories (n, 6) from memberships in the answers, (n, 5) each."""
    cells = functional[:, :, None] * dysfunctional[:, None, :]
    belongs = EVALUATION.ravel()[:, None] == np.arange(len(CATEGORIES))
    found: FloatArray = cells.reshape(len(cells), -1) @ belongs.astype(np.float64)
    return found


def ratio(
    part: FloatArray, whole: FloatArray, *, level: float
) -> tuple[float, float, float, float]:
    """Return the ratio of two sums over respondents, (n,) each, its standard error, and its ends.

    The part lies between 0 and the whole, which is at most 1. The interval is Wilson's, for as
    many respondents as would give the error; at least so many as the whole comes to, because
    nothing between 0 and 1 varies more than 0 and 1 do.
    """
    n, total = len(part), float(whole.sum())
    if total == 0:
        return (np.nan,) * 4
    estimate = float(part.sum()) / total
    apart = part - estimate * whole
    error = float(np.sqrt((apart**2).sum() * n / (n - 1)) / total)
    size = total
    if error > _NO_ERROR:
        size = estimate * (1 - estimate) / error**2 * n / (n - 1)
        size = max(size * less_sure(n - 1.0, level=level), min(size, total))
    low, high = wilson(np.array(min(max(estimate, 0.0), 1.0)), np.array(size), level=level)
    return estimate, error, float(low), float(high)


def permutation_tail(table: FloatArray, n_resamples: int, rng: np.random.Generator) -> float:
    """Return the Monte Carlo p-value of Pearson's statistic, given both margins of a table."""
    # Loaded here: scipy.stats takes longer to import than all the rest together.
    from scipy.stats import random_table  # noqa: PLC0415

    whole = table.astype(np.int64)
    whole = whole[whole.sum(axis=1) > 0][:, whole.sum(axis=0) > 0]
    if min(whole.shape) == 1:
        return 1.0
    law = random_table(whole.sum(axis=1), whole.sum(axis=0))
    drawn = law.rvs(size=n_resamples, random_state=rng)
    observed = independence(whole.astype(np.float64)).chi_square
    simulated = independence(np.asarray(drawn, dtype=np.float64)).chi_square
    as_far = simulated >= observed * (1 - 1e-12)
    return float((1 + as_far.sum()) / (n_resamples + 1))


def holm(p_values: FloatArray) -> FloatArray:
    """Return p-values adjusted for their number by Holm's method."""
    k = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(k, 0, -1))
    adjusted = np.empty(k)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def share_interval(
    successes: FloatArray, n: FloatArray, *, level: float, method: ShareInterval = "wilson"
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval of a share; NaN where there is nothing to share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "exact":
            return _clopper_pearson(successes, n, level)
        share = successes / n
        if method == "wilson":
            return wilson(share, n, level=level)
        found = wald(share, np.sqrt(share * (1 - share) / n), level=level)
        return found.low, found.high


def _clopper_pearson(
    successes: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    # Loaded here: scipy.special takes a third of the time of importing the whole library.
    from scipy.special import betaincinv  # noqa: PLC0415

    tail = (1 - level) / 2
    failures = n - successes
    low = betaincinv(np.maximum(successes, 1), failures + 1, tail)
    high = betaincinv(successes + 1, np.maximum(failures, 1), 1 - tail)
    empty = n == 0
    low = np.where(empty, np.nan, np.where(successes == 0, 0.0, low))
    high = np.where(empty, np.nan, np.where(failures == 0, 1.0, high))
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
