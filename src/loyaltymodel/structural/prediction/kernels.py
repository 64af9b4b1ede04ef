"""Predictions of held-out answers from moments of the others, a stack of folds at a time.

Letters in the shapes: b folds, n held-out rows, p items, j constructs, q items of the constructs
that are driven. Rows are in the units of the moments; each has the fold in which it is held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.structural.kernels.pls import Design, solve, total_effects
from loyaltymodel.structural.kernels.quantities import Estimated

Antecedents = Literal["direct", "earliest"]
LinearModel = Literal["antecedent_items", "exogenous_items", "other_items"]


class Held(NamedTuple):
    """What is predicted of rows that were held out, and what they answered."""

    items: FloatArray  # (n, q) predicted answers
    scores: FloatArray  # (n, j) predicted scores, of exogenous constructs the observed ones
    observed: FloatArray  # (n, j) scores by the weights of the fold


def driving(paths: FloatArray, design: Design, antecedents: Antecedents) -> FloatArray:
    """Return what each construct (b, j, j) adds to each that is predicted, itself if exogenous."""
    exogenous = design.exogenous
    if antecedents == "direct":
        return paths + np.diag(exogenous.astype(np.float64))
    found: FloatArray = total_effects(paths) * exogenous[:, None]
    return found + np.diag(exogenous.astype(np.float64))


def predicted(
    rows: FloatArray,
    fold: IntArray,
    means: FloatArray,
    found: Estimated,
    design: Design,
    antecedents: Antecedents,
) -> Held:
    """Predict rows (n, p) by the model that was estimated without their fold."""
    sd = found.sd
    observed = ((rows - means[fold]) * (found.weights / sd)[fold]) @ design.membership
    share = driving(found.structure.paths, design, antecedents)[fold]
    scores = (observed[:, None, :] @ share)[:, 0]
    driven = ~design.exogenous[design.block]
    slope = (found.structure.loadings * sd)[:, driven]
    items = means[:, driven][fold] + scores[:, design.block[driven]] * slope[fold]
    return Held(items, scores, observed)


def regressors(design: Design, construct: int, kind: LinearModel, way: Antecedents) -> IntArray:
    """Return the items from which a linear model predicts those of a construct."""
    if kind == "other_items":
        sources: BoolArray = np.arange(len(design.sizes)) != construct
    elif kind == "exogenous_items" or way == "earliest":
        sources = design.exogenous
    else:
        sources = design.drives[:, construct]
    return np.flatnonzero(sources[design.block])


def linear_predictions(
    rows: FloatArray,
    fold: IntArray,
    means: FloatArray,
    covariances: FloatArray,
    targets: Sequence[tuple[IntArray, IntArray]],
) -> FloatArray:
    """Predict items from other items by least squares, (n, q).

    ``targets`` are pairs of items that are predicted together and their regressors. A regression
    without a solution gives NaN.
    """
    parts = []
    for items, sources in targets:
        left = covariances[:, sources[:, None], sources]
        right = covariances[:, sources[:, None], items]
        slopes = solve(left, right)[fold]
        apart = rows[:, sources] - means[:, sources][fold]
        parts.append(means[:, items][fold] + (apart[:, None, :] @ slopes)[:, 0])
    return np.concatenate(parts, axis=1)


def mean_difference(
    values: FloatArray, weights: FloatArray, unit: IntArray
) -> tuple[FloatArray, FloatArray, int]:
    """Return weighted means (k,) of values (n, k), their covariance (k, k), and the units.

    The covariance is that of a ratio, linearised, with units that vary independently.
    """
    total = weights.sum()
    mean = weights @ values / total
    n = int(unit.max()) + 1
    parts = np.zeros((n, values.shape[1]))
    np.add.at(parts, unit, weights[:, None] * (values - mean) / total)
    return mean, parts.T @ parts * n / (n - 1), n


def means_by(
    part: IntArray, predicted: FloatArray, observed: FloatArray, weights: FloatArray, unit: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return weighted means of two variables (n,) by parts (t,), the error of the second, sizes.

    The error is that of units that vary independently; NaN of a part with one unit.
    """
    total = np.bincount(part, weights)
    guess, mean = (np.bincount(part, weights * x) / total for x in (predicted, observed))
    pairs, place = np.unique(np.column_stack([part, unit]), axis=0, return_inverse=True)
    apart = weights * (observed - mean[part]) / total[part]
    squares = np.bincount(place.ravel(), apart) ** 2
    n = np.bincount(pairs[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.bincount(pairs[:, 0], squares) * n / (n - 1))
    return guess, mean, np.where(n > 1, error, np.nan), np.bincount(part).astype(np.float64)
