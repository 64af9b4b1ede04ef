"""Log-likelihood, score and information of L = c + (1 - c) g(s), for a stack of problems.

A problem has parameters p (q,): those of the curve, those of the constraint, those of the
outcome, in this order. Problems of a stack share their cells, the distinct combinations of
satisfaction and constraint, and differ in what was observed in them: statistics (b, t, m), or
(1, t, m) where all share them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel.jones_sasser.curves.families import CurveFamily

# Loyalty this close to 0 or 1 counts as this close, so that its logarithm is a number.
_EDGE = 1e-12
_STEP = 3e-5  # of numeric derivatives, in units of the error of a sample of one
_IN_CACHE = 40_000  # values of one array: cells times nodes times problems


@dataclass(frozen=True, slots=True, eq=False)
class Cells(FrozenRecord):
    """What the problems of a stack share. Cells are sorted by group.

    ``nodes`` (m * r,) are r values of satisfaction a cell, ``node_weights`` (m, r) their
    probabilities: r = 1 where satisfaction is taken as it was measured. With measurement error
    all cells share ``nodes`` (r,). Exactly one of the others says what binds: ``given`` (m,)
    constraints, ``group`` (m,) codes with a constraint each, or ``drivers`` (m, k) with a column
    of ones, for c = logistic(drivers d).
    """

    nodes: FloatArray
    node_weights: FloatArray
    given: FloatArray | None = None
    group: IntArray | None = None
    drivers: FloatArray | None = None

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.node_weights)

    @property
    def n_constraints(self) -> int:
        """Number of parameters of the constraint."""
        if self.group is not None:
            return int(self.group[-1]) + 1
        return 0 if self.drivers is None else self.drivers.shape[1]

    @property
    def share_nodes(self) -> bool:
        """Whether all cells have the same nodes."""
        r = int(self.node_weights.shape[1])
        return r > 1 and len(self.nodes) == r

    def nodes_of(self, part: slice) -> FloatArray:
        """Return the nodes of some cells, one cell after another, or those of every cell."""
        r = int(self.node_weights.shape[1])
        first, last, _ = part.indices(self.n_cells)
        return self.nodes if self.share_nodes else self.nodes[first * r : last * r]

    def some(self, stride: int) -> Cells:
        """Return every ``stride``-th cell."""
        r = self.node_weights.shape[1]
        own = self.nodes if self.share_nodes else self.nodes.reshape(-1, r)[::stride].ravel()
        return Cells(
            own,
            self.node_weights[::stride],
            None if self.given is None else self.given[::stride],
            None if self.group is None else self.group[::stride],
            None if self.drivers is None else self.drivers[::stride],
        )

    def step(self, n_problems: int) -> int:
        """Return how many cells of so many problems stay in the cache."""
        return max(1, _IN_CACHE // (n_problems * int(self.node_weights.shape[1])))

    def slices(self, n_problems: int) -> Iterator[slice]:
        """Cut the cells so that an array of all problems stays in the cache."""
        step = self.step(n_problems)
        for start in range(0, self.n_cells, step):
            yield slice(start, min(start + step, self.n_cells))


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """What an outcome contributes in a slice of m cells, with e parameters of its own.

    Attributes are the log-likelihood (b,), its derivatives by loyalty in every node (b, m, r)
    and by the outcome's parameters (b, e), and weights of the information: (b, m), (b, e, m)
    and (b, e, e). The weights are those of the outer product, positive wherever one looks.
    """

    value: FloatArray
    by_loyalty: FloatArray
    by_extra: FloatArray
    weight: FloatArray
    weight_mixed: FloatArray
    weight_extra: FloatArray


class Outcome(Protocol):
    """What was observed in a cell, given loyalty there."""

    def amount(self, stats: FloatArray) -> FloatArray:
        """Return the weight (b,) of all that was observed, the scale of the likelihood."""
        ...

    def impossible(self, loyalty: FloatArray, stats: FloatArray) -> BoolArray:
        """Tell in which cells (m,) the statistics (t, m) cannot come from the mean loyalty."""
        ...

    def terms(self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray) -> FloatArray:
        """Return (b, t, m), whose product with the statistics sums to the log-likelihood."""
        ...

    def pieces(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, stats: FloatArray
    ) -> Pieces:
        """Return contributions for loyalty (b, m, r) with weights (m, r) and stats (b, t, m)."""
        ...

    def densities(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, answers: FloatArray
    ) -> FloatArray:
        """Return log-likelihoods (b, n) of single answers (a, n), loyalty (b, n, r)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Binary, count and score: y of n stayed; statistics are n and y."""

    def amount(self, stats: FloatArray) -> FloatArray:
        """Return the weighted number of trials (b,)."""
        found: FloatArray = stats[:, 0].sum(axis=-1)
        return found

    def impossible(self, loyalty: FloatArray, stats: FloatArray) -> BoolArray:
        """Tell where somebody did what nobody does."""
        n, y = stats
        found: BoolArray = ((loyalty <= _EDGE) & (y > 0)) | ((loyalty >= 1 - _EDGE) & (y < n))
        return found

    def terms(self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray) -> FloatArray:
        """Return what a trial and a success add to the log-likelihood."""
        del extra
        mean = np.clip(_averaged(loyalty, weights), _EDGE, 1 - _EDGE)
        left = np.log1p(-mean)
        return np.stack([left, np.log(mean) - left], axis=1)

    def pieces(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, stats: FloatArray
    ) -> Pieces:
        """Return contributions: the likelihood of n trials with y successes."""
        mean = np.clip(_averaged(loyalty, weights), _EDGE, 1 - _EDGE)
        n, y = stats[:, 0], stats[:, 1]
        stayed, left = y / mean, (n - y) / (1 - mean)
        value = (y * np.log(mean) + (n - y) * np.log1p(-mean)).sum(axis=-1)
        none = extra[:, :, None] * mean[:, None, :]
        return Pieces(
            value,
            (stayed - left)[..., None] * weights
            if weights.shape[-1] > 1
            else (stayed - left)[..., None],
            extra,
            stayed / mean + left / (1 - mean),
            none,
            extra[:, :, None] * extra[:, None, :],
        )

    def densities(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, answers: FloatArray
    ) -> FloatArray:
        """Return log-likelihoods; answers are trials and successes."""
        del extra
        mean = np.clip(_averaged(loyalty, weights), _EDGE, 1 - _EDGE)
        found: FloatArray = answers[1] * np.log(mean) + (answers[0] - answers[1]) * np.log1p(-mean)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Beta:
    """A score within (0, 1) with mean L and precision exp(extra).

    Statistics are n and the sums of log y and log (1 - y).
    """

    def amount(self, stats: FloatArray) -> FloatArray:
        """Return the weighted number of scores (b,)."""
        found: FloatArray = stats[:, 0].sum(axis=-1)
        return found

    def impossible(self, loyalty: FloatArray, stats: FloatArray) -> BoolArray:
        """Tell where scores within the scale have a mean that is an end of it."""
        found: BoolArray = ((loyalty <= _EDGE) | (loyalty >= 1 - _EDGE)) & (stats[0] > 0)
        return found

    def terms(self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray) -> FloatArray:
        """Return the norm of the density, and what its logarithms are multiplied with."""
        from scipy.special import gammaln  # noqa: PLC0415  slow to import

        mean = np.clip(_averaged(loyalty, weights), _EDGE, 1 - _EDGE)
        precision = np.exp(extra)
        a, b = mean * precision, (1 - mean) * precision
        norm = gammaln(precision) - gammaln(a) - gammaln(b)
        return np.stack([norm, a - 1, b - 1], axis=1)

    def pieces(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, stats: FloatArray
    ) -> Pieces:
        """Return contributions, with the expected information as weights."""
        from scipy.special import digamma, gammaln, polygamma  # noqa: PLC0415  slow to import

        mean = np.clip(_averaged(loyalty, weights), _EDGE, 1 - _EDGE)
        n, log_y, log_rest = stats[:, 0], stats[:, 1], stats[:, 2]
        precision = np.exp(extra)
        a, b = mean * precision, (1 - mean) * precision
        value = (
            n * (gammaln(precision) - gammaln(a) - gammaln(b))
            + (a - 1) * log_y
            + (b - 1) * log_rest
        ).sum(axis=-1)
        by_a, by_b = log_y - n * digamma(a), log_rest - n * digamma(b)
        by_precision = (n * digamma(precision) + mean * by_a + (1 - mean) * by_b) * precision
        bend_a, bend_b = polygamma(1, a), polygamma(1, b)
        own = n * (mean**2 * bend_a + (1 - mean) ** 2 * bend_b - polygamma(1, precision))
        return Pieces(
            value,
            (precision * (by_a - by_b))[..., None],
            by_precision.sum(axis=-1)[:, None],
            n * precision**2 * (bend_a + bend_b),
            (n * precision**2 * (mean * bend_a - (1 - mean) * bend_b))[:, None, :],
            (own * precision**2).sum(axis=-1)[:, None, None],
        )

    def densities(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, answers: FloatArray
    ) -> FloatArray:
        """Return log-densities; answers are 1, log y and log (1 - y)."""
        from scipy.special import gammaln  # noqa: PLC0415  slow to import

        mean = np.clip(_averaged(loyalty, weights), _EDGE, 1 - _EDGE)
        precision = np.exp(extra)
        a, b = mean * precision, (1 - mean) * precision
        norm = gammaln(precision) - gammaln(a) - gammaln(b)
        found: FloatArray = norm + (a - 1) * answers[1] + (b - 1) * answers[2]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Ordinal:
    """An ordered intention: logit P(Y >= j) = logit L - theta_j, theta = 0 at ``stays``.

    Categories count from 0; ``stays`` is the first that means staying. The parameters are the
    logarithms of the steps from each threshold to the next, from the lowest to the highest.
    Statistics are the numbers of answers by category (categories, m).
    """

    n_categories: int
    stays: int

    def amount(self, stats: FloatArray) -> FloatArray:
        """Return the weighted number of answers (b,)."""
        found: FloatArray = stats.sum(axis=(1, 2))
        return found

    def impossible(self, loyalty: FloatArray, stats: FloatArray) -> BoolArray:
        """Tell where another answer was given than the only possible one."""
        above, below = stats[1:].sum(axis=0), stats[:-1].sum(axis=0)
        found: BoolArray = ((loyalty <= _EDGE) & (above > 0)) | (
            (loyalty >= 1 - _EDGE) & (below > 0)
        )
        return found

    def terms(self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray) -> FloatArray:
        """Return the log-probability of each category."""
        found: FloatArray = np.log(self.probabilities(loyalty, weights, extra))
        return found

    def thresholds(self, extra: FloatArray) -> FloatArray:
        """Return theta (b, categories - 1) for P(Y >= 1), P(Y >= 2) and so on."""
        steps = np.exp(extra)
        climbed = np.concatenate([np.zeros((len(extra), 1)), np.cumsum(steps, axis=1)], axis=1)
        place: FloatArray = climbed - climbed[:, [self.stays - 1]]
        return place

    def _by_steps(self, extra: FloatArray) -> FloatArray:
        """Return the derivatives of theta (b, categories - 1) by extra (b, e): (b, e, J - 1)."""
        j, e = np.arange(self.n_categories - 1), np.arange(extra.shape[1])[:, None]
        above = (j > e).astype(float) - (self.stays - 1 > e)
        found: FloatArray = above * np.exp(extra)[:, :, None]
        return found

    def _probabilities(
        self, loyalty: FloatArray, extra: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Probabilities (b, J, m, r), derivatives by logit L, and densities (b, J - 1, m, r)."""
        inside = np.clip(loyalty, _EDGE, 1 - _EDGE)
        logit = np.log(inside) - np.log1p(-inside)
        at_least = 0.5 + 0.5 * np.tanh(
            0.5 * (logit[:, None] - self.thresholds(extra)[:, :, None, None])
        )
        density = at_least * (1 - at_least)
        ends = [(0, 0), (1, 1), (0, 0), (0, 0)]
        cumulative = np.pad(at_least, ends)
        cumulative[:, 0] = 1.0
        dense = np.pad(density, ends)
        p = np.maximum(cumulative[:, :-1] - cumulative[:, 1:], 1e-300)
        return p, dense[:, :-1] - dense[:, 1:], density

    def pieces(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, stats: FloatArray
    ) -> Pieces:
        """Return contributions; with several nodes the weights are taken at the mean loyalty."""
        p, by_logit, density = self._probabilities(loyalty, extra)
        each = weights[:, None] if weights.ndim > 2 else weights  # noqa: PLR2004
        mean_p = (p * each).sum(axis=-1)
        ratio = stats / mean_p
        inside = np.clip(loyalty, _EDGE, 1 - _EDGE)
        slope = 1 / (inside * (1 - inside))
        by_loyalty = (ratio[..., None] * by_logit).sum(axis=1) * slope * weights
        mean_density = (density * each).sum(axis=-1)
        turn = self._by_steps(extra)
        # P_j falls with theta_j and rises with theta_(j + 1).
        change = np.zeros((*mean_p.shape[:1], turn.shape[1], *mean_p.shape[1:]))
        step = turn[..., None] * mean_density[:, None]
        change[:, :, 1:] -= step
        change[:, :, :-1] += step
        by_extra = (ratio[:, None] * change).sum(axis=(2, 3))
        own = (by_logit * slope[:, None] * each).sum(axis=-1)
        bend = ratio / mean_p
        mixed = (bend[:, None] * own[:, None] * change).sum(axis=2)
        flat = change.reshape(*change.shape[:2], change.shape[2] * change.shape[3])
        full = (flat * bend.reshape(len(bend), 1, -1)) @ flat.swapaxes(1, 2)
        value = (stats * np.log(mean_p)).sum(axis=(1, 2))
        return Pieces(value, by_loyalty, by_extra, (bend * own**2).sum(axis=1), mixed, full)

    def probabilities(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray
    ) -> FloatArray:
        """Return probabilities (b, categories, m) for loyalty (b, m, r)."""
        found: FloatArray = (self._probabilities(loyalty, extra)[0] * weights).sum(axis=-1)
        return found

    def densities(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, answers: FloatArray
    ) -> FloatArray:
        """Return log-probabilities; answers are category codes."""
        p = self.probabilities(loyalty, weights, extra)
        code = answers[0].astype(np.intp)
        found: FloatArray = np.log(p[:, code, np.arange(p.shape[2])])
        return found


@dataclass(frozen=True, slots=True, eq=False)
class WithLaws:
    """An outcome of problems that differ in the law of true scores, as resamples do.

    Statistics (b, t + r, m) are those of ``outcome``, t in number, and behind them the
    probabilities of the nodes, which take the place of those of the cells.
    """

    outcome: Outcome
    n_own: int

    def packed(self, stats: FloatArray, weights: FloatArray) -> FloatArray:
        """Return statistics from those of the outcome and weights (b, m, r) of nodes."""
        return np.concatenate([stats, weights.swapaxes(1, 2)], axis=1)

    def weights(self, stats: FloatArray) -> FloatArray:
        """Return the weights (b, m, r) of the nodes."""
        found: FloatArray = stats[:, self.n_own :].swapaxes(1, 2)
        return found

    def amount(self, stats: FloatArray) -> FloatArray:
        """Return the weight (b,) of all that was observed."""
        return self.outcome.amount(stats[:, : self.n_own])

    def impossible(self, loyalty: FloatArray, stats: FloatArray) -> BoolArray:
        """Tell in which cells (m,) the statistics cannot come from the mean loyalty."""
        return self.outcome.impossible(loyalty, stats[: self.n_own])

    def terms(self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray) -> FloatArray:
        """Return the terms of the outcome at the law of the cells, to tell starts apart."""
        own = self.outcome.terms(loyalty, weights, extra)
        nothing = np.zeros((len(own), weights.shape[1], own.shape[2]))
        return np.concatenate([own, nothing], axis=1)

    def pieces(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, stats: FloatArray
    ) -> Pieces:
        """Return contributions at the weights (b, m, r) of each problem."""
        return self.outcome.pieces(loyalty, weights, extra, stats[:, : self.n_own])

    def densities(
        self, loyalty: FloatArray, weights: FloatArray, extra: FloatArray, answers: FloatArray
    ) -> FloatArray:
        """Return log-likelihoods of single answers at the law of the cells."""
        return self.outcome.densities(loyalty, weights, extra, answers)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A curve family, the cells and the outcome: everything but parameters and statistics.

    ``kinks`` (k,) are values of the family's parameter ``kinked``, if it has one, at which the
    likelihood is not smooth, rising.
    """

    family: CurveFamily
    cells: Cells
    outcome: Outcome
    n_extra: int
    kinks: FloatArray | None = None

    @property
    def n_curve(self) -> int:
        """Number of parameters of the curve."""
        return len(self.family.parameters)

    @property
    def n_parameters(self) -> int:
        """Number of all parameters."""
        return self.n_curve + self.cells.n_constraints + self.n_extra


def constraints(problem: Problem, p: FloatArray, part: slice = slice(None)) -> FloatArray:
    """Return the constraint (b, m) of each cell, or (1, m) where it is given."""
    cells = problem.cells
    if cells.given is not None:
        return cells.given[None, part]
    own = p[:, problem.n_curve : problem.n_curve + cells.n_constraints]
    if cells.group is not None:
        return own[:, cells.group[part]]
    assert cells.drivers is not None  # noqa: S101  one of the three is always there
    return driven_constraint(own, cells.drivers[part])


def driven_constraint(effects: FloatArray, drivers: FloatArray) -> FloatArray:
    """Return c = logistic(drivers d) (..., m) for effects d (..., k) and drivers (m, k)."""
    found: FloatArray = 0.5 + 0.5 * np.tanh(0.5 * (effects @ drivers.T))
    return found


def loyalty_in_cells(problem: Problem, p: FloatArray, part: slice = slice(None)) -> FloatArray:
    """Return loyalty (b, m, r) in every node."""
    cells = problem.cells
    r = cells.node_weights.shape[1]
    g = problem.family.value(cells.nodes_of(part), p[:, : problem.n_curve])
    c = constraints(problem, p, part)[..., None]
    found: FloatArray = c + (1 - c) * g.reshape(len(p), -1, r)
    return found


def log_likelihood(problem: Problem, stats: FloatArray, p: FloatArray) -> FloatArray:
    """Return log-likelihoods (b,)."""
    return evaluate(problem, stats, p)[0]


def evaluate(
    problem: Problem, stats: FloatArray, p: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log-likelihood (b,), score (b, q) and information (b, q, q) at parameters (b, q).

    The information is that of the outer product of the score: positive everywhere, and the
    expected one where the model is true.
    """
    b, q = p.shape
    value, score, info = np.zeros(b), np.zeros((b, q)), np.zeros((b, q, q))
    for part in problem.cells.slices(b):
        _add_slice(problem, stats[:, :, part], p, part, (value, score, info))
    return value, score, info


def _add_slice(
    problem: Problem,
    stats: FloatArray,
    p: FloatArray,
    part: slice,
    totals: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    """Add the contributions of a slice of cells."""
    cells, n_curve = problem.cells, problem.n_curve
    value, score, info = totals
    # Letters: m cells of the slice, r nodes of the true score in each, g the curve, c constraints.
    # L = c + (1 - c) g, so dL/dcurve = (1 - c) dg and dL/dc = 1 - g; the rest is the chain rule.
    b = len(p)
    outcome = problem.outcome
    own_laws = isinstance(outcome, WithLaws)
    weights = outcome.weights(stats) if isinstance(outcome, WithLaws) else cells.node_weights[part]
    r = weights.shape[-1]
    g, by_curve = problem.family.value_and_gradient(cells.nodes_of(part), p[:, :n_curve])
    c = constraints(problem, p, part)
    loyalty = c[..., None] + (1 - c[..., None]) * g.reshape(b, -1, r)
    n_held = cells.n_constraints
    extra = p[:, n_curve + n_held :]
    pieces = outcome.pieces(loyalty, weights, extra, stats)
    value += pieces.value

    by_curve = by_curve.reshape(b, n_curve, -1, r) * (1 - c)[:, None, :, None]
    score[:, :n_curve] += (pieces.by_loyalty[:, None] * by_curve).sum(axis=(2, 3))
    free = 1 - g.reshape(b, -1, r)
    by_constraint = (pieces.by_loyalty * free).sum(axis=-1)
    if r == 1:
        curve, bound = by_curve[..., 0], free[..., 0]
    else:
        each = weights[:, None] if own_laws else weights
        curve, bound = (by_curve * each).sum(axis=-1), (free * weights).sum(axis=-1)
    weighted = curve * pieces.weight[:, None]
    info[:, :n_curve, :n_curve] += weighted @ curve.swapaxes(1, 2)
    rest = slice(n_curve + n_held, None)
    mixed = pieces.weight_mixed
    if cells.group is not None:
        _add_groups(cells.group[part], pieces, by_constraint, bound, weighted, (score, info))
    elif cells.drivers is not None:
        held = slice(n_curve, n_curve + n_held)
        z = cells.drivers[part].T
        turn = c * (1 - c)  # dc by the linear predictor of the drivers, a logit
        score[:, held] += (by_constraint * turn) @ z.T
        own = (bound * turn)[:, None] * z
        info[:, :n_curve, held] += weighted @ own.swapaxes(1, 2)
        info[:, held, held] += (own * pieces.weight[:, None]) @ own.swapaxes(1, 2)
        if problem.n_extra:
            info[:, held, rest] += own @ mixed.swapaxes(1, 2)
    if problem.n_extra:
        score[:, rest] += pieces.by_extra
        info[:, :n_curve, rest] += curve @ mixed.swapaxes(1, 2)
        info[:, rest, rest] += pieces.weight_extra
    # Blocks below the diagonal mirror those above; written again in every slice, to the same.
    held = slice(n_curve, n_curve + n_held)
    info[:, held, :n_curve] = info[:, :n_curve, held].swapaxes(1, 2)
    if problem.n_extra:
        info[:, rest, : n_curve + n_held] = info[:, : n_curve + n_held, rest].swapaxes(1, 2)


def _add_groups(
    code: IntArray,
    pieces: Pieces,
    by_constraint: FloatArray,
    bound: FloatArray,
    weighted: FloatArray,
    totals: tuple[FloatArray, FloatArray],
) -> None:
    """Add what cells, sorted by group, say of the constraints of their groups."""
    score, info = totals
    n_curve, n_extra = weighted.shape[1], pieces.by_extra.shape[1]
    # A group's cells lie together: its constraint has the sums over them, others' are untouched.
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    which = n_curve + code[starts]
    score[:, which] += np.add.reduceat(by_constraint, starts, axis=-1)
    info[:, :n_curve, which] += np.add.reduceat(weighted * bound[:, None], starts, axis=-1)
    info[:, which, which] += np.add.reduceat(pieces.weight * bound**2, starts, axis=-1)
    if n_extra:
        cross = np.add.reduceat(pieces.weight_mixed * bound[:, None], starts, axis=-1)
        info[:, which, -n_extra:] += cross.swapaxes(1, 2)


def observed_information(
    problem: Problem, stats: FloatArray, p: FloatArray, free: BoolArray, info: FloatArray
) -> FloatArray:
    """Return minus the second derivatives (q, q) at p (q,), from differences of the score.

    Only rows and columns of the ``free`` (q,) parameters are meant; the others are those of
    the outer product ``info`` (q, q), by whose diagonal the steps are sized.
    """
    places = np.flatnonzero(free)
    if not len(places):
        return info
    step = difference_steps(problem, stats, info)[places]
    moved = np.repeat(p[None], 2 * len(places), axis=0)
    k = np.arange(len(places))
    moved[k, places] += step
    moved[len(places) + k, places] -= step
    _, score, _ = evaluate(problem, stats, moved)
    bend = (score[len(places) :] - score[: len(places)]) / (2 * step[:, None])
    found = info.copy()
    block = bend[:, places]
    found[np.ix_(places, places)] = (block + block.T) / 2
    return found


def difference_steps(problem: Problem, stats: FloatArray, info: FloatArray) -> FloatArray:
    """Return steps (q,) for numeric derivatives, the same in every unit of weight."""
    per_unit = np.diag(info) / problem.outcome.amount(stats)[0]
    found: FloatArray = _STEP / np.sqrt(np.maximum(per_unit, 1e-12))
    return found


def _averaged(loyalty: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the mean loyalty (b, m) over the nodes of each cell."""
    if weights.shape[-1] == 1:
        return loyalty[..., 0]
    found: FloatArray = (loyalty * weights).sum(axis=-1)
    return found
