"""Mathematics of responses: levels that meet a target, mean ratings, and separation; on arrays.

Customers are n, covariates p, categories of a rating k. In the ordered model
P(rating <= r_j) = F(threshold_j - score) with score = x @ shifts, so that a higher score means a
higher rating.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core import intervals
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.intervals import errors_of, ndtr

Law = Literal["logit", "probit"]

_ENOUGH_ROWS = 2_000  # to find that there is a maximum, in almost every survey


def level_for(
    targets: FloatArray, estimates: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return where the line a + b x meets each target (t,), and its error by the delta method."""
    a, b = estimates
    with np.errstate(divide="ignore", invalid="ignore"):
        level = (targets - a) / b
        slope = np.stack([np.full(len(targets), -1 / b), -level / b], axis=1)  # (t, 2)
        return level, errors_of(slope, covariance)


def fieller(
    targets: FloatArray, estimates: FloatArray, covariance: FloatArray, reach: float
) -> tuple[FloatArray, FloatArray]:
    """Return the ends (t,) of Fieller's interval of where a + b x meets each target.

    Where b lies within ``reach`` standard errors of 0 they are infinite.
    """
    parts = np.stack([targets - estimates[0], np.full(len(targets), estimates[1])], axis=-1)
    turned = covariance * np.array([[1.0, -1.0], [-1.0, 1.0]])  # of -a and b
    return intervals.fieller(parts, turned, reach=reach)


def separates(codes: IntArray, x: FloatArray) -> bool:
    """Tell whether covariates (n, p) tell categories (n,) apart so that no maximum exists.

    The likelihood of a model with ordered thresholds has no maximum exactly if scores and
    thresholds can move in some direction such that no answer becomes less probable: upper
    thresholds of the answers never fall towards their scores, lower ones never rise towards them.
    With room (m, p + k - 1) for that on each side of each answer, there is no such direction
    exactly if positive numbers make the rows of room add up to nothing (Stiemke's lemma), which a
    linear programme finds out. With two categories this is the logistic regression. Columns of
    ``x`` must be independent of each other and of a constant.
    """
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    n_thresholds = int(codes.max())
    step = len(codes) // _ENOUGH_ROWS
    if step > 1:
        # What leaves a maximum to some rows, in which all columns vary, leaves one to all.
        room = _room(codes[::step], standard[::step], n_thresholds)
        if np.linalg.matrix_rank(room) == room.shape[1] and not _one_sided(room):
            return False
    return _one_sided(_room(codes, standard, n_thresholds))


def _room(codes: IntArray, scores: FloatArray, n_thresholds: int) -> FloatArray:
    """Return the distance to the thresholds above and below each distinct answer, as rows (m, q).

    It is the row times (shifts, thresholds).
    """
    rows = np.unique(np.column_stack([codes, scores]), axis=0)
    answer, scores = rows[:, 0].astype(np.intp), rows[:, 1:]
    thresholds = np.eye(n_thresholds)
    below = answer < n_thresholds  # there is a threshold above these answers
    above = answer > 0
    return np.vstack(
        [
            np.hstack([-scores[below], thresholds[answer[below]]]),
            np.hstack([scores[above], -thresholds[answer[above] - 1]]),
        ]
    )


def _one_sided(room: FloatArray) -> bool:
    """Tell whether no positive numbers make the rows (m, q) add up to nothing."""
    # Loaded here: scipy.optimize is needed for nothing else in this module.
    from scipy.optimize import linprog  # noqa: PLC0415

    n_sides, n_unknown = room.shape
    found = linprog(
        np.zeros(n_sides), A_eq=room.T, b_eq=np.zeros(n_unknown), bounds=(1, None), method="highs"
    )
    return bool(found.status != 0)


def distribution(x: FloatArray, law: Law) -> FloatArray:
    """Return the distribution function of the logistic or the normal law."""
    if law == "probit":
        return ndtr(x)
    # Loaded here: scipy.special takes a third of the time of importing the whole library.
    from scipy.special import expit  # noqa: PLC0415

    return np.asarray(expit(x), dtype=np.float64)


def density(x: FloatArray, law: Law) -> FloatArray:
    """Return the density of the logistic or the normal law."""
    if law == "probit":
        return np.asarray(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), dtype=np.float64)
    below = distribution(x, law)
    return below * (1 - below)


def slope_of_density(x: FloatArray, law: Law) -> FloatArray:
    """Return the derivative of the density."""
    if law == "probit":
        return -x * density(x, law)
    return density(x, law) * (1 - 2 * distribution(x, law))


def effect_on_share(x: FloatArray, estimates: FloatArray) -> tuple[float, FloatArray]:
    """Return the average slope of a logistic probability in the last column, and its gradient.

    The columns are ones and others (n, q); the gradient (q,) is by the coefficients.
    """
    scores = x @ estimates
    spread = density(scores, "logit")
    slope = float(spread.mean())
    gradient = estimates[-1] * (slope_of_density(scores, "logit") @ x) / len(x)
    gradient[-1] += slope
    return float(estimates[-1]) * slope, gradient


def mean_rating(
    scores: FloatArray, thresholds: FloatArray, ratings: FloatArray, law: Law
) -> FloatArray:
    """Return the expected rating (n,) at each score, with ratings (k,) in rising order."""
    passed = 1 - distribution(thresholds - scores[:, None], law)
    mean: FloatArray = ratings[0] + passed @ np.diff(ratings)
    return mean


def effect_of_unit(
    x: FloatArray,
    column: int,
    shifts: FloatArray,
    thresholds: FloatArray,
    ratings: FloatArray,
    law: Law,
) -> tuple[float, FloatArray]:
    """Return the average slope of the mean rating in a covariate, and its gradient (p + k - 1,).

    The gradient is by shifts, then thresholds.
    """
    distance = thresholds - (x @ shifts)[:, None]
    steps = np.diff(ratings)
    slope = float((density(distance, law) @ steps).mean())
    bend = slope_of_density(distance, law) * steps  # (n, k - 1)
    gradient = np.concatenate([-(bend.sum(axis=1) @ x) / len(x), bend.mean(axis=0)])
    gradient *= shifts[column]
    gradient[column] += slope
    return float(shifts[column]) * slope, gradient


def effect_of_change(
    before: FloatArray,
    after: FloatArray,
    shifts: FloatArray,
    thresholds: FloatArray,
    ratings: FloatArray,
    law: Law,
) -> tuple[float, FloatArray]:
    """Return by how much the mean rating changes on average between two designs (n, p).

    With its gradient, as :func:`effect_of_unit`.
    """
    means, gradients = [], []
    for x in (before, after):
        scores = x @ shifts
        means.append(float(mean_rating(scores, thresholds, ratings, law).mean()))
        weight = density(thresholds - scores[:, None], law) * np.diff(ratings)
        gradients.append(np.concatenate([weight.sum(axis=1) @ x / len(x), -weight.mean(axis=0)]))
    return means[1] - means[0], gradients[1] - gradients[0]
