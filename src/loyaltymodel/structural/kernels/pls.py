"""Partial least squares on correlation matrices, a stack of them at a time.

Letters in the shapes: b problems, p items, j constructs. Items are sorted by construct. Every
function takes a stack; one estimate is a stack of one. A problem that has no solution comes
out as NaN and leaves the others of its stack alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import ROUNDING

Scheme = Literal["path", "factorial", "centroid"]


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Equations with the same number of drivers k, solved together."""

    targets: IntArray  # (g,)
    drivers: IntArray  # (g, k)


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A structural model as the arrays that the mathematics needs."""

    block: IntArray  # (p,) the construct of each item, ascending
    starts: IntArray  # (j,) the first item of each construct
    sizes: IntArray  # (j,) the number of items of each construct
    drives: BoolArray  # (j, j) drives[k, l]: construct k drives construct l
    mode_b: BoolArray  # (j,) weights by regression instead of correlation
    membership: FloatArray  # (p, j) one where an item belongs to a construct
    equations: tuple[Equations, ...]

    @property
    def exogenous(self) -> BoolArray:
        """True for constructs that nothing drives, shape (j,)."""
        return np.logical_not(self.drives.any(axis=0), dtype=bool)

    @property
    def same_block(self) -> BoolArray:
        """True where two items belong to the same construct, shape (p, p)."""
        same: BoolArray = self.block[:, None] == self.block
        return same

    def rows(self, construct: int) -> slice:
        """Items of a construct."""
        first = int(self.starts[construct])
        return slice(first, first + int(self.sizes[construct]))


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Outer weights and what follows from them."""

    weights: FloatArray  # (b, p) on standardised items; scores have unit variance
    n_iter: IntArray  # (b,)
    converged: BoolArray  # (b,)


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Loadings, correlations of constructs and the paths between them."""

    loadings: FloatArray  # (b, p) of each item on its own construct
    cross_loadings: FloatArray  # (b, p, j) of each item on every construct
    correlations: FloatArray  # (b, j, j) of the constructs
    rho_a: FloatArray  # (b, j)
    paths: FloatArray  # (b, j, j) paths[:, k, l] from k to l
    r_squared: FloatArray  # (b, j), 0 for exogenous constructs


def make_design(
    sizes: Sequence[int], paths: Sequence[tuple[int, int]], mode_b: Sequence[bool]
) -> Design:
    """Arrange a model for the kernels: block sizes, (source, target) pairs, modes."""
    j = len(sizes)
    drives = np.zeros((j, j), dtype=bool)
    for source, target in paths:
        drives[source, target] = True
    n_drivers = drives.sum(axis=0)
    equations = []
    for k in sorted(set(n_drivers[n_drivers > 0].tolist())):
        targets = np.flatnonzero(n_drivers == k)
        drivers = np.array([np.flatnonzero(drives[:, target]) for target in targets])
        equations.append(Equations(targets, drivers))
    counts = np.asarray(sizes, dtype=np.intp)
    block = np.repeat(np.arange(j), counts)
    return Design(
        block=block,
        starts=np.cumsum(counts) - counts,
        sizes=counts,
        drives=drives,
        mode_b=np.asarray(mode_b, dtype=bool),
        membership=np.eye(j)[block],
        equations=tuple(equations),
    )


def outer_weights(
    correlations: FloatArray, design: Design, *, scheme: Scheme, tol: float, max_iter: int
) -> Weights:
    """Iterate the weights (Wold; Lohmoeller) of a stack (b, p, p) until none moves by ``tol``.

    A problem that has converged leaves the stack, so that the slow ones alone go on.
    """
    b, p, _ = correlations.shape
    result = np.full((b, p), np.nan)
    n_iter = np.full(b, max_iter)
    converged = np.zeros(b, dtype=bool)

    # Letters: s the items' correlations, w the outer weights, sw the items' covariances with the
    # scores, r the scores' correlations. Scores themselves are never made: all follows from s.
    active = np.arange(b)
    s = correlations
    inverses = _inverse_blocks(s, design)
    with np.errstate(divide="ignore", invalid="ignore"):
        # All ones, as in Lohmoeller: the start decides the sign, and hardly ever the end.
        w, sw, r = _unit_variance(s, np.ones((b, p)), design)
        for iteration in range(1, max_iter + 1):
            inner = _inner_weights(r, design, scheme)
            # Covariances of each item with the inner proxy of its own construct: under mode A
            # these are the new weights, under mode B the right side of a regression.
            proxy = (sw @ inner)[:, np.arange(p), design.block]
            for k, inverse in inverses.items():
                rows = design.rows(k)
                proxy[:, rows] = (inverse @ proxy[:, rows, None])[:, :, 0]
            previous = w
            w, sw, r = _unit_variance(s, proxy, design)
            change = np.abs(w - previous).max(axis=1)
            done = change < tol
            stopped = done | np.isnan(change)
            if stopped.any():
                leaving = active[stopped]
                result[leaving] = w[stopped]
                n_iter[leaving] = iteration
                converged[leaving] = done[stopped]
                if stopped.all():
                    return Weights(result, n_iter, converged)
                going = ~stopped
                active, s, w, sw, r = (x[going] for x in (active, s, w, sw, r))
                inverses = {k: inverse[going] for k, inverse in inverses.items()}
    result[active] = w
    return Weights(result, n_iter, converged)


def _unit_variance(
    s: FloatArray, w: FloatArray, design: Design
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Scale weights to scores of unit variance; also item-score and score correlations."""
    wide = w[:, :, None] * design.membership  # (b, p, j): each construct's weights in its column
    sw = s @ wide
    r = wide.transpose(0, 2, 1) @ sw
    sd = np.sqrt(np.einsum("bkk->bk", r))
    sw = sw / sd[:, None, :]
    r = r / (sd[:, :, None] * sd[:, None, :])
    return w / sd[:, design.block], sw, r


def _inner_weights(r: FloatArray, design: Design, scheme: Scheme) -> FloatArray:
    """Inner weights (b, j, j): column l mixes the neighbours of construct l to its proxy."""
    if scheme == "path":
        # Drivers by their regression coefficients, constructs that are driven by correlation.
        inner = np.where(design.drives.T, r, 0.0)
        for equation, coefficients in _regressions(r, design):
            inner[:, equation.drivers, equation.targets[:, None]] = coefficients
        return inner
    connected = design.drives | design.drives.T
    return np.where(connected, r if scheme == "factorial" else np.sign(r), 0.0)


def _regressions(r: FloatArray, design: Design) -> list[tuple[Equations, FloatArray]]:
    """Coefficients (b, g, k) of every equation from the constructs' correlations."""
    found = []
    for equation in design.equations:
        drivers, targets = equation.drivers, equation.targets
        right = r[:, drivers, targets[:, None]]
        if drivers.shape[1] > 1:
            left = r[:, drivers[:, :, None], drivers[:, None, :]]
            right = solve(left, right[:, :, :, None])[:, :, :, 0]
        found.append((equation, right))
    return found


def _inverse_blocks(s: FloatArray, design: Design) -> dict[int, FloatArray]:
    """Inverse correlation matrix of each block of mode B; single items need none."""
    constructs = np.flatnonzero(design.mode_b & (design.sizes > 1)).tolist()
    blocks = {k: s[:, design.rows(k), design.rows(k)] for k in constructs}
    return {k: solve(block, np.eye(block.shape[-1])) for k, block in blocks.items()}


def solve(left: FloatArray, right: FloatArray) -> FloatArray:
    """Solve stacked linear systems; the singular ones give NaN and do not stop the others."""
    try:
        solution = np.asarray(np.linalg.solve(left, right), dtype=np.float64)
    except np.linalg.LinAlgError:
        singular = (np.linalg.slogdet(left).sign == 0)[..., None, None]
        repaired = np.linalg.solve(np.where(singular, np.eye(left.shape[-1]), left), right)
        solution = np.where(singular, np.nan, repaired)
    return solution


def orient(
    correlations: FloatArray, weights: FloatArray, design: Design, reference: FloatArray
) -> FloatArray:
    """Turn weights (b, p) so that each score correlates positively with its reference.

    The reference (p,) weighs the standardised items of each construct: ones for their sum,
    or a one at a single item.
    """
    wide = weights[:, :, None] * design.membership
    agreement = reference @ (correlations @ wide * design.membership)  # (b, j)
    return weights * np.where(agreement < 0, -1.0, 1.0)[:, design.block]


def structure(
    correlations: FloatArray, weights: FloatArray, design: Design, *, consistent: bool
) -> Structure:
    """Compute loadings, construct correlations, paths and R2 from weights of unit variance.

    With ``consistent`` the constructs of mode A are corrected for attenuation (Dijkstra and
    Henseler): correlations are divided by sqrt(rho_A) of either side, and the loadings of a
    construct are w sqrt(rho_A) / (w'w). A reliability that is not positive gives NaN.
    """
    wide = weights[:, :, None] * design.membership
    cross = correlations @ wide
    r = wide.transpose(0, 2, 1) @ cross
    rho_a = reliability_rho_a(correlations, weights, design)
    own = np.arange(weights.shape[1]), design.block
    loadings = cross[:, own[0], own[1]]
    with np.errstate(invalid="ignore", divide="ignore"):
        if consistent:
            usable = (rho_a > 0) & (rho_a < np.inf)
            root = np.sqrt(np.where(usable, rho_a, np.nan))
            # A score correlates with its construct by sqrt(rho_A): correlations of constructs are
            # those of scores over both roots, those of items with constructs over one.
            r = r / (root[:, :, None] * root[:, None, :])
            cross = cross / root[:, None, :]
            length = (weights**2) @ design.membership
            corrected = ~design.mode_b & (design.sizes > 1)
            loadings = np.where(
                corrected[design.block],
                weights * (root / length)[:, design.block],
                loadings,
            )
            cross[:, own[0], own[1]] = loadings
        r[:, np.arange(r.shape[1]), np.arange(r.shape[1])] = 1.0
        paths = np.zeros_like(r)
        for equation, coefficients in _regressions(r, design):
            paths[:, equation.drivers, equation.targets[:, None]] = coefficients
        r_squared = (paths * r).sum(axis=1)  # beta' r, as all have unit variance
    return Structure(loadings, cross, r, rho_a, paths, r_squared)


def reliability_rho_a(correlations: FloatArray, weights: FloatArray, design: Design) -> FloatArray:
    """rho_A (b, j) of Dijkstra and Henseler; 1 for a single item and under mode B.

    (w'w)^2 * w'(S - diag S)w / w'(ww' - diag ww')w, for weights of unit-variance scores.
    """
    squares = weights**2
    within = np.where(design.same_block, correlations, 0.0)
    numerator = (weights * (within @ weights[:, :, None])[:, :, 0] - squares) @ design.membership
    length = squares @ design.membership
    denominator = length**2 - (squares**2) @ design.membership
    exempt = design.mode_b | (design.sizes == 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(exempt, 1.0, length**2 * numerator / denominator)


def total_effects(paths: FloatArray) -> FloatArray:
    """Effects along all directed routes (b, j, j): B + BB + BBB + ..., finite without circles."""
    # No route of a model without circles has more than j - 1 arrows.
    total = paths
    step = paths
    for _ in range(paths.shape[-1] - 2):
        step = step @ paths
        total = total + step
    return total


def causes_first(design: Design) -> list[int]:
    """Order the constructs so that each comes after all that drive it."""
    order: list[int] = []
    while len(order) < len(design.sizes):
        waiting = design.drives.copy()
        waiting[order] = False
        ready = np.flatnonzero(~waiting.any(axis=0)).tolist()
        order.extend(k for k in ready if k not in order)
    return order


def points_per_deviation(
    weights: FloatArray, lowest: FloatArray, highest: FloatArray, design: Design
) -> FloatArray:
    """Points of the index from 0 to 100 in one standard deviation of a score, (b, j).

    The weights (b, p) are in answer units, v = w / sd, and give scores of unit variance; the
    index moves by 100 / sum v (hi - lo). NaN for a construct with a negative weight.
    """
    parts = weights * (highest - lowest)
    span = parts @ design.membership
    # A weight of 0 may come out a little below it.
    rounding = ROUNDING * np.abs(parts).max(axis=-1, keepdims=True)
    negative = (parts < -rounding) @ design.membership > 0
    return np.where(negative, np.nan, 100 / span)


def index_points(
    means: FloatArray, weights: FloatArray, lowest: FloatArray, highest: FloatArray, design: Design
) -> FloatArray:
    """Index of each construct (b, j): 100 * sum v (m - lo) / sum v (hi - lo).

    Means and weights (b, p) are in answer units. NaN for a construct with a negative weight.
    """
    reached = (weights * (means - lowest)) @ design.membership
    return reached * points_per_deviation(weights, lowest, highest, design)
