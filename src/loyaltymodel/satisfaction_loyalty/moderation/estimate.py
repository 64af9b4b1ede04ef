"""A regression of loyalty with products of satisfaction and moderators, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.regression import collinear, logistic
from loyaltymodel._core.robust import Moves, left_out
from loyaltymodel.errors import DataError, NotIdentifiedError
from loyaltymodel.satisfaction_loyalty.moderation.kernels import (
    Slopes,
    probability,
    slopes,
    terms,
)
from loyaltymodel.satisfaction_loyalty.moderation.result import Outcome


@dataclass(frozen=True, slots=True, eq=False)
class SlopeFit:
    """A regression on z-scores with robust errors."""

    s: FloatArray  # (n,)
    m: FloatArray  # (n, q)
    s_unit: float
    m_mean: FloatArray  # (q,)
    m_unit: FloatArray  # (q,)
    coefficients: FloatArray  # (k,)
    moves: Moves
    groups: IntArray | None
    degrees: float
    curved: bool
    logistic: bool
    level: float

    def slopes_at(self, moderator: int | None, value: float) -> Slopes:
        """Slopes per unit of satisfaction, with one moderator set to a value for everybody."""
        m = self.m
        if moderator is not None:
            m = m.copy()
            m[:, moderator] = (value - self.m_mean[moderator]) / self.m_unit[moderator]
        found = slopes(self.s, m, self.coefficients, curved=self.curved, logistic=self.logistic)
        unit = self.s_unit
        return Slopes(found.own / unit, found.average / unit, found.gradient / unit)

    def moves_of(self, found: Slopes) -> FloatArray:
        """Return how far an average slope moves (g,) without each customer, or each cluster."""
        n, apart = len(self.s), found.own - found.average
        if self.groups is None:
            rest = apart / (n - 1)
        else:
            rest = np.bincount(self.groups, apart) / (n - np.bincount(self.groups))
        moved: FloatArray = self.moves.moved @ found.gradient + rest
        return moved

    def tested(self, labels: Labels, estimate: FloatArray, moves: FloatArray) -> EstimateTable:
        """Estimates (r,) with errors, intervals and p-values, by their moves (g, r)."""
        error = np.sqrt(self.moves.factor * (moves**2).sum(axis=0))
        return EstimateTable.student(labels, estimate, error, df=self.degrees, level=self.level)

    def joint(self, estimate: FloatArray, moves: FloatArray) -> tuple[float, float]:
        """F test that all estimates (r,) are 0: F and its p-value."""
        from scipy.special import fdtrc  # noqa: PLC0415 - slow to import, needed only here

        r = len(estimate)
        spread = self.moves.covariance(moves)
        unit = np.sqrt(np.diag(spread))
        with np.errstate(divide="ignore", invalid="ignore"):
            t, spread = estimate / unit, spread / (unit[:, None] * unit)
        if not np.isfinite(spread).all() or np.linalg.matrix_rank(spread, hermitian=True) < r:
            return np.nan, np.nan
        f = float(t @ np.linalg.solve(spread, t)) / r
        return f, float(fdtrc(r, self.degrees, f))


def fit_slopes(
    values: Mapping[str, FloatArray],
    names: tuple[str, ...],
    groups: IntArray | None,
    *,
    outcome: Outcome,
    curved: bool,
    level: float,
) -> SlopeFit:
    """Fit the regression on z-scores of satisfaction and moderators."""
    s, y = values["satisfaction"], values["loyalty"]
    m = np.column_stack([values[name] for name in names])
    s_unit, m_mean, m_unit = float(s.std()), m.mean(axis=0), m.std(axis=0)
    s, m = (s - s.mean()) / s_unit, (m - m_mean) / m_unit
    x = terms(s, m, curved=curved)
    square = ["satisfaction squared"] if curved else []
    listed = ["constant", "satisfaction", *square, *names, *(f"satisfaction x {n}" for n in names)]
    if len(x) <= x.shape[1]:
        raise DataError(
            f"{count_of(len(x), 'customer')} cannot determine {x.shape[1]} coefficients and an "
            "error; there must be more customers than terms, so take fewer moderators"
        )
    if len(alike := collinear(x)):
        raise NotIdentifiedError(
            f"{enumerate_names([listed[k] for k in alike])} cannot be told apart, because one of "
            "them can be computed from the others; leave a moderator out"
        )
    if outcome == "binary":
        coefficients = _logistic(y, x)
        p = probability(x @ coefficients)
        moves = left_out(x, y - p, weights=p * (1 - p), groups=groups)
    else:
        coefficients = np.asarray(np.linalg.lstsq(x, y)[0], dtype=np.float64)
        moves = left_out(x, y - x @ coefficients, groups=groups)
    if np.isnan(moves.moved).any():
        who = "customer" if groups is None else "cluster"
        raise NotIdentifiedError(
            f"a single {who} alone decides a coefficient, so that nothing is known of its error; "
            f"leave out the moderator in which this {who} stands alone, or merge {who}s"
        )
    degrees = len(x) - x.shape[1] if groups is None else int(groups.max())
    return SlopeFit(
        s,
        m,
        s_unit,
        m_mean,
        m_unit,
        coefficients,
        moves,
        groups,
        float(degrees),
        curved,
        outcome == "binary",
        level,
    )


def _logistic(y: FloatArray, x: FloatArray) -> FloatArray:
    """Coefficients of a logistic regression by statsmodels."""
    if not np.isin(y, (0, 1)).all():
        other = y[~np.isin(y, (0, 1))][0]
        raise DataError(
            f"loyalty has {other:.12g}, but must be 0 or 1; compare it with a cut-off, or choose "
            'outcome="score"'
        )
    found = logistic(y, x)
    if found is None:
        raise NotIdentifiedError(
            "the terms tell (almost) perfectly who is loyal, so that estimates run off to "
            "infinity; leave out a moderator, or check that none was computed from loyalty"
        )
    return found.estimates


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a fitted regression says of q moderators."""

    average: EstimateTable
    slopes: EstimateTable
    differences: EstimateTable
    products: EstimateTable
    contrasts: FloatArray  # (q, 2)
    share_opposite: FloatArray  # (q,)
    joint: FloatArray  # (2, 2) F and p-value of products and of differences


def answers(fitted: SlopeFit, names: tuple[str, ...], levels: list[FloatArray]) -> Answers:
    """Slopes, coefficients of products, contrasts, differences of slopes, and joint tests."""
    q = len(levels)
    slopes, slope_moves, estimates, moves, opposite = [], [], np.empty(q), [], np.empty(q)
    for place, points in enumerate(levels):
        at_points = [fitted.slopes_at(place, value) for value in points]
        moves_at = np.column_stack([fitted.moves_of(found) for found in at_points])
        averages = np.array([found.average for found in at_points])
        slopes.append(averages)
        slope_moves.append(moves_at)
        own = at_points[-1].own - at_points[0].own
        estimates[place] = averages[-1] - averages[0]
        moves.append(moves_at[:, -1] - moves_at[:, 0])
        opposite[place] = (own * estimates[place] < 0).mean()
    moved = np.column_stack(moves)
    # The products are the last terms; back from z-scores to the units of the columns.
    unit = fitted.s_unit * fitted.m_unit
    products, product_moves = fitted.coefficients[-q:] / unit, fitted.moves.moved[:, -q:] / unit
    mean = fitted.slopes_at(None, 0.0)
    mean_labels = {"quantity": ["average slope"]}
    labels = {
        "moderator": np.repeat(names, [len(points) for points in levels]),
        "value": np.concatenate(levels),
    }
    of = {"moderator": names}
    return Answers(
        average=fitted.tested(
            mean_labels, np.array([mean.average]), fitted.moves_of(mean)[:, None]
        ),
        slopes=fitted.tested(labels, np.concatenate(slopes), np.hstack(slope_moves)),
        differences=fitted.tested(of, estimates, moved),
        products=fitted.tested(of, products, product_moves),
        contrasts=np.array([points[[0, -1]] for points in levels]),
        share_opposite=opposite,
        joint=np.array([fitted.joint(products, product_moves), fitted.joint(estimates, moved)]),
    )
