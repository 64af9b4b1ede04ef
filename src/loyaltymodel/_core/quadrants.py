"""Two variables, cut-offs, and the cells between them: one mechanism for every matrix of the field.

With one cut-off each there are four cells, counted 2 * (x high) + (y high):

======  =====  ======
        y low  y high
======  =====  ======
x low   0      1
x high  2      3
======  =====  ======

A variable with m cut-offs has m + 1 levels from 0 upwards, and the code of a cell is (levels of
y) * (level of x) + (level of y).

A score is a true score with an error of measurement. Where it lies above a cut-off, the true
score lies there with a probability only, given by the posterior. A resample is a row of weights,
and whatever depends on the sample takes a batch of them in front.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel._core.comparisons import equals, exceeds, reaches, usual_size
from loyaltymodel._core.options import enumerate_names, shown
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

CutRule = Literal["midpoint", "median", "mean"]
Cut = CutRule | float
Ties = Literal["high", "low"]

_FAR = 40.0  # standard deviations beyond which a normal probability is 0 in double precision
_NEAR = 1e-280  # stands for 0 as a divisor: the quotients stay finite and have the right limit
NODES = 12  # of quadrature, which leave an error of 4e-15
_MODERATE = 0.8  # up to this correlation
_ROUNDING = 1e-12  # a variance this small, relative to the whole sample's, is rounding error
_LEAST_EIGENVALUE = 1e-10  # of true scores in units of observed variance; rounding is 1e-15


def check_cut(name: str, cut: object, limits: tuple[float, float] | None) -> None:
    """Raise an OptionError unless a cut-off is a rule that can be applied, or a number."""
    rules = get_args(CutRule)
    if isinstance(cut, str) and cut in rules:
        if cut == "midpoint" and limits is None:
            raise OptionError(
                f"{name}='midpoint' needs the lowest and the highest possible answer; give the "
                f"scale, such as (1, 10), or a number as {name}"
            )
        return
    is_number = isinstance(cut, (int, float, np.number)) and not isinstance(cut, bool)
    if not is_number or not math.isfinite(cut):  # type: ignore[arg-type]
        listed = ", ".join(repr(rule) for rule in rules)
        raise OptionError(
            f"{name}={shown(cut)} is not an option; choose one of {listed}, or a finite number"
        )
    if limits is not None and not limits[0] <= cut <= limits[1]:  # type: ignore[operator]
        raise OptionError(
            f"{name}={shown(cut)} lies outside the scale from {limits[0]:.12g} to "
            f"{limits[1]:.12g}; give it in the units of the answers"
        )


def cut_offs(
    values: FloatArray, weights: FloatArray, cut: Cut, *, limits: tuple[float, float] | None = None
) -> FloatArray:
    """Return the cut-off (b,) of values (n,) or (b, n) under each row of weights (b, n)."""
    if cut == "mean":
        return np.asarray(np.vecdot(weights, values) / weights.sum(axis=1), dtype=np.float64)
    if cut == "median":
        return _medians(np.atleast_2d(values), weights)
    if cut == "midpoint":
        assert limits is not None  # noqa: S101  check_cut has asked for them
        cut = (limits[0] + limits[1]) / 2
    return np.full(len(weights), float(cut))


def _medians(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return weighted medians (b,): between two values if half of the weight lies below each."""
    order = np.argsort(values, axis=1, kind="stable")
    below = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    half = below[:, -1:] / 2
    close = 1e-12 * half  # sums of weights are not exact
    lower = (below < half - close).sum(axis=1, keepdims=True)
    upper = (below <= half + close).sum(axis=1, keepdims=True)
    ordered = np.take_along_axis(values, order, axis=1)
    between = [np.take_along_axis(ordered, place, axis=1)[:, 0] for place in (lower, upper)]
    return np.asarray((between[0] + between[1]) / 2, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Grid(FrozenRecord):
    """Cut-offs of two variables in ascending order, perhaps of a batch.

    ``x`` is (..., levels - 1), and ``x_up`` says of each cut-off whether a value that equals it
    lies above; ``y`` likewise.
    """

    x: FloatArray
    y: FloatArray
    x_up: BoolArray
    y_up: BoolArray

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.x_up) * len(self.y_up) + len(self.x_up) + len(self.y_up) + 1


def quadrants(x: FloatArray, y: FloatArray, *, ties: Ties) -> Grid:
    """Return the grid of four cells with cut-offs (...,); a value at one is high or low."""
    up = np.array([ties == "high"])
    return Grid(np.asarray(x)[..., None], np.asarray(y)[..., None], up, up)


def cell_codes(x: FloatArray, y: FloatArray, grid: Grid) -> IntArray:
    """Return the code of the cell in which each pair of values (n,) lies, as (..., n)."""
    across, up = _levels(x, grid.x, grid.x_up), _levels(y, grid.y, grid.y_up)
    code: IntArray = across * (len(grid.y_up) + 1) + up
    return code


def _levels(values: FloatArray, cuts: FloatArray, up: BoolArray) -> IntArray:
    level = np.zeros((*cuts.shape[:-1], len(values)), dtype=np.intp)
    passed = np.ones(level.shape, dtype=np.bool_)
    size = usual_size(values)
    for k, at_cut_is_above in enumerate(up):
        cut = cuts[..., k, None]
        # Whoever has not passed a lower cut-off does not pass a higher one that equals it.
        passed &= (reaches if at_cut_is_above else exceeds)(values, cut, size=size)
        level += passed
    return level


def moments_of(
    x: FloatArray, weights: FloatArray, squared: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return means (b, k) and covariances (b, k, k) of rows (n, k) under weights (b, n).

    ``squared`` (b,) is the sum of the squared weights of customers. The covariance has the divisor
    total - squared / total, which is n - 1 for equal weights of 1. A variable that is constant
    has the variance 0, without rounding error.
    """
    k = x.shape[1]
    centre = x.mean(axis=0)
    rows = x - centre
    first, second = np.triu_indices(k)
    total = weights.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = weights @ rows / total[:, None]
        products = weights @ (rows[:, first] * rows[:, second]) / total[:, None]
        products -= means[:, first] * means[:, second]
        products *= (total**2 / (total**2 - squared))[:, None]
    covariances = np.empty((len(weights), k, k))
    covariances[:, first, second] = products
    covariances[:, second, first] = products
    each = np.arange(k)
    rounding = _ROUNDING * (rows**2).mean(axis=0) + (_ROUNDING * centre) ** 2
    constant = covariances[:, each, each] <= rounding
    covariances[:, each, each] = np.where(constant, 0.0, covariances[:, each, each])
    return means + centre, covariances


@dataclass(frozen=True, slots=True, eq=False)
class Posterior(FrozenRecord):
    """True scores given observed ones: normal, with one covariance for all customers.

    ``mean`` (..., k), ``observed`` (..., k, k) and ``reliability`` (k,) are what it is made of.
    The mean for x is x - pull (x - mean), with ``pull`` (..., k, k), and ``covariance``
    (..., k, k) is its covariance matrix; both are NaN where ``identified`` (...,) is false.
    """

    mean: FloatArray
    observed: FloatArray
    reliability: FloatArray
    pull: FloatArray
    covariance: FloatArray
    identified: BoolArray

    def means(self, x: FloatArray) -> FloatArray:
        """Return the means (..., n, k) of the true scores of customers with scores x (n, k)."""
        # Written as a step from x, so that a score without error stays exactly what it is.
        apart = x - self.mean[..., None, :]
        return np.asarray(x - apart @ np.swapaxes(self.pull, -1, -2), dtype=np.float64)


def posterior_of(mean: FloatArray, observed: FloatArray, reliability: FloatArray) -> Posterior:
    """Return the posterior of k true scores; NaN where reliabilities and covariance clash.

    With D = diag(sd^2 (1 - reliability)) and S_T = S_X - D, the mean mu + S_T S_X^-1 (x - mu)
    is x - D S_X^-1 (x - mu), and S_T - S_T S_X^-1 S_T is D - D S_X^-1 D.
    """
    # A score that is known and does not vary tells nothing of the others, whatever its variance.
    variance = np.diagonal(observed, axis1=-2, axis2=-1)
    known = (reliability == 1) & (variance == 0)
    eye = np.eye(len(reliability))
    observed = observed + known[..., None] * eye
    variance = variance + known
    sd = np.sqrt(variance)
    error = variance * (1 - reliability)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (observed - error[..., None] * eye) / (sd[..., :, None] * sd[..., None, :])
    possible = np.isfinite(relative).all(axis=(-2, -1))
    relative = np.where(possible[..., None, None], relative, -eye)
    identified = np.linalg.eigvalsh(relative)[..., 0] > _LEAST_EIGENVALUE
    inverse = np.linalg.inv(np.where(identified[..., None, None], observed, eye))
    pull = error[..., :, None] * inverse
    covariance = error[..., None] * eye - pull * error[..., None, :]
    nan = np.where(identified, 0.0, np.nan)[..., None, None]
    return Posterior(mean, observed, reliability, pull + nan, covariance + nan, identified)


def require_identified(posterior: Posterior, names: Sequence[str]) -> None:
    """Raise an error that says what is wrong, unless a single posterior is identified."""
    variance = np.diagonal(posterior.observed)
    if not (variance > 0).all():
        constant = [name for name, v in zip(names, variance, strict=True) if not v > 0]
        raise DataError(
            f"{enumerate_names(constant)} does not vary, so there is no true score to tell from "
            "error; leave reliability out, or give the moments of another sample"
        )
    if posterior.identified:
        return
    sd = np.sqrt(variance)
    r = posterior.observed / (sd[:, None] * sd)
    most = np.sqrt(np.outer(posterior.reliability, posterior.reliability))
    excess = np.abs(np.triu(r, 1)) / most
    i, j = divmod(int(np.argmax(excess)), len(names))
    detail = f"{names[i]} and {names[j]} correlate by {r[i, j]:.3f}"
    if excess[i, j] >= 1:
        detail += f", but true scores can at most by {most[i, j]:.3f} with these reliabilities"
    stated = ", ".join(f"{v:g}" for v in posterior.reliability)
    raise NotIdentifiedError(
        f"with reliabilities of {stated} the true scores of {enumerate_names(names)} would have "
        f"no positive definite covariance matrix: {detail}. Give higher reliabilities if they "
        "were estimated too low, merge variables that measure the same, or leave reliability out"
    )


def bivariate_normal(
    h: FloatArray, k: FloatArray, rho: FloatArray, *, nodes: int = NODES
) -> FloatArray:
    """Return P(Z1 <= h, Z2 <= k) for standard normal variables with correlation rho.

    Accurate to 1e-14, for -1 < rho < 1, or less with fewer ``nodes`` of quadrature.
    """
    h, k = np.clip(h, -_FAR, _FAR), np.clip(k, -_FAR, _FAR)
    if np.abs(rho).max() > _MODERATE:
        return _by_owen(h, k, rho)
    return _by_quadrature(h, k, rho, nodes)


@cache
def legendre(nodes: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the points and weights of Gauss and Legendre."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return tuple(points.tolist()), tuple(weights.tolist())


def _by_quadrature(h: FloatArray, k: FloatArray, rho: FloatArray, nodes: int) -> FloatArray:
    """Integrate the density over the correlation, from 0: three times as fast as Owen's T."""
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    angle = np.arcsin(rho)
    product, half = h * k, (h * h + k * k) / 2
    integral: FloatArray = np.zeros(np.broadcast_shapes(product.shape, angle.shape))
    for node, weight in zip(*legendre(nodes), strict=True):
        r = np.sin(angle * (node + 1) / 2)
        integral += weight * np.exp((r * product - half) / (1 - r * r))
    value: FloatArray = ndtr(h) * ndtr(k) + angle / (4 * math.pi) * integral
    return value


def _by_owen(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Use Owen's T function, which is exact for strong correlations too."""
    from scipy.special import ndtr, owens_t  # noqa: PLC0415  slow to import

    h, k = np.where(h == 0, _NEAR, h), np.where(k == 0, _NEAR, k)
    root = np.sqrt((1 - rho) * (1 + rho))
    outside = np.where((h > 0) == (k > 0), 0.0, 0.5)
    value: FloatArray = (
        (ndtr(h) + ndtr(k)) / 2
        - owens_t(h, (k / h - rho) / root)
        - owens_t(k, (h / k - rho) / root)
        - outside
    )
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """Distances (..., n) of true scores' means from each cut-off, in standard deviations."""

    h: list[FloatArray]
    k: list[FloatArray]
    sd: FloatArray  # (..., 2), 0 for a variable without error
    rho: FloatArray  # (..., 1)


def in_deviations(apart: FloatArray, sd: FloatArray, *, up: bool) -> FloatArray:
    """Return distances from a cut-off in standard deviations; far off where there is no deviation.

    With ``up`` what lies at the cut-off then lies above.
    """
    exact = np.where((apart >= 0) if up else (apart > 0), _FAR, -_FAR)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.clip(apart / sd, -_FAR, _FAR)
    return np.where(sd == 0, exact, far)


def distances(means: FloatArray, covariance: FloatArray, grid: Grid) -> Distances:
    sd = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1), 0.0))
    both = sd[..., 0] * sd[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = np.where(both > 0, covariance[..., 0, 1] / both, 0.0)[..., None]

    def of(variable: int, cuts: FloatArray, up: BoolArray) -> list[FloatArray]:
        scale, at = sd[..., variable, None], means[..., variable]
        apart = [at - cuts[..., m, None] for m in range(len(up))]
        # Only where there is no deviation does it matter who stands exactly at a cut-off.
        if not scale.all():
            size = usual_size(at)
            apart = [np.where(equals(part, 0.0, size=size), 0.0, part) for part in apart]
        return [
            in_deviations(part, scale, up=bool(above))
            for part, above in zip(apart, up, strict=True)
        ]

    return Distances(of(0, grid.x, grid.x_up), of(1, grid.y, grid.y_up), sd, rho)


def cell_probabilities(means: FloatArray, covariance: FloatArray, grid: Grid) -> FloatArray:
    """Return the probability of each cell for normal true scores, (cells, ..., n).

    Means are (..., n, 2), and the covariance (..., 2, 2) is shared by all n. A variable without
    variance lies where its mean lies, by the rule for ties.
    """
    return cells_between(corners(distances(means, covariance, grid)))


def corners(z: Distances) -> FloatArray:
    """Return the probability of lying above both cut-offs, (kx + 1, ky + 1, ..., n).

    The first of each axis is no cut-off at all.
    """
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    shape = np.broadcast_shapes(z.h[0].shape, z.k[0].shape)
    above = np.empty((len(z.h) + 1, len(z.k) + 1, *shape))
    above[0, 0] = 1.0
    for i, h in enumerate(z.h, start=1):
        above[i, 0] = ndtr(h)
    for j, k in enumerate(z.k, start=1):
        above[0, j] = ndtr(k)
    for i, h in enumerate(z.h, start=1):
        for j, k in enumerate(z.k, start=1):
            above[i, j] = bivariate_normal(h, k, z.rho)
    return above


def cells_between(above: FloatArray) -> FloatArray:
    """Turn what lies above cut-offs into what lies between them, (cells, ...)."""
    rows = above.copy()
    rows[:-1] -= above[1:]
    cells = rows.copy()
    cells[:, :-1] -= rows[:, 1:]
    merged: FloatArray = cells.reshape(-1, *above.shape[2:])
    return merged
