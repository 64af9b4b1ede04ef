"""How firm a classification is: under moved cut-offs, and under a second measurement.

The cut-offs of all moves together cut the plane into fine cells. How customers are distributed
over these is enough for every combination of moves.
"""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.quadrant_shares import Classes, slices
from loyaltymodel._core.quadrants import Grid, Posterior, cell_codes, cell_probabilities


def fine_grid(
    first: FloatArray, second: FloatArray, *, up: bool
) -> tuple[Grid, tuple[IntArray, IntArray]]:
    """Return the grid of all cut-offs, and the place of each given one among them."""
    x, place_x = np.unique(first, return_inverse=True)
    y, place_y = np.unique(second, return_inverse=True)
    grid = Grid(x, y, np.full(len(x), up), np.full(len(y), up))
    return grid, (place_x, place_y)


def observed_distribution(scores: FloatArray, weights: FloatArray, grid: Grid) -> FloatArray:
    """Return the weight (kx + 1, ky + 1) of customers with scores (n, 2) in each fine cell."""
    codes = cell_codes(scores[:, 0], scores[:, 1], grid)
    table = np.asarray(np.bincount(codes, weights, grid.n_cells), dtype=np.float64)
    return table.reshape(len(grid.x_up) + 1, len(grid.y_up) + 1)


def true_distribution(
    scores: FloatArray, weights: FloatArray, grid: Grid, posterior: Posterior
) -> FloatArray:
    """Return the expected weight (kx + 1, ky + 1) of true scores in each fine cell."""
    table = np.zeros(grid.n_cells)
    # Every fine cell is computed for every customer, so the slices are the smaller.
    for part in slices(len(scores), max(1, (1 << 20) // grid.n_cells)):
        means = posterior.means(scores[part])
        table += cell_probabilities(means, posterior.covariance, grid) @ weights[part]
    return table.reshape(len(grid.x_up) + 1, len(grid.y_up) + 1)


def above(places: IntArray, n_levels: int) -> BoolArray:
    """Tell for each cut-off (m,) which of the fine levels lie above it, (m, levels)."""
    return np.arange(n_levels) > places[:, None]


def changed(
    table: FloatArray, above_x: BoolArray, above_y: BoolArray, original: tuple[int, int]
) -> FloatArray:
    """Return the weight of those whose cell changes, (moves of x, moves of y)."""
    other_x = (above_x != above_x[original[0]]).astype(np.float64)
    other_y = (above_y != above_y[original[1]]).astype(np.float64)
    # Those who change in one or the other, less those counted twice: exactly 0 for no move.
    by_x = other_x @ table.sum(axis=1)
    by_y = other_y @ table.sum(axis=0)
    return np.asarray(by_x[:, None] + by_y - other_x @ table @ other_y.T, dtype=np.float64)


def cells_of(table: FloatArray, above_x: BoolArray, above_y: BoolArray) -> FloatArray:
    """Return the weight in each of the four cells, (moves of x, moves of y, 4)."""
    sides_x = [~above_x, above_x]
    sides_y = [~above_y, above_y]
    found = [
        u.astype(np.float64) @ table @ v.astype(np.float64).T for u in sides_x for v in sides_y
    ]
    return np.stack(found, axis=-1)


def second_time(
    scores: FloatArray, codes: IntArray, grid: Grid, posterior: Posterior, classes: Classes
) -> FloatArray:
    """Return the probability (n,) that a second measurement gives the same class.

    Given the first, the second is normal with the mean of the true score, and with the error of
    measurement on top of its covariance.
    """
    error = np.diagonal(posterior.observed) * (1 - posterior.reliability)
    covariance = posterior.covariance + np.diag(error)
    found = np.empty(len(scores))
    for part in slices(len(scores)):
        cells = cell_probabilities(posterior.means(scores[part]), covariance, grid)
        of_class = classes.probabilities(cells, part)
        found[part] = np.take_along_axis(of_class, codes[part][None], axis=0)[0]
    return found


def means_by_class(
    values: FloatArray, codes: IntArray, weights: FloatArray, n_classes: int
) -> FloatArray:
    """Return weighted means (classes + 1,), the last over everybody; NaN for nobody."""
    weight = np.bincount(codes, weights, n_classes)
    total = np.bincount(codes, weights * values, n_classes)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_class = np.where(weight > 0, total / weight, np.nan)
    return np.append(by_class, total.sum() / weight.sum())
