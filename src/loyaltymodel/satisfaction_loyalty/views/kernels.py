"""Logistic regressions and average effects, for stacks of resamples of one survey.

Arrays: cells (m,) share their regressors x (m, k); problems (b,) differ in what was observed in
the cells, people, trials and stayed (b, m) each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.jones_sasser.curves.families import logistic

MEDIATION = (
    "total effect",
    "indirect effect, through the mediator",
    "direct effect",
    "share of the total effect that is indirect",
    "change of the mediator",
)
DAMPING = ("slope where the bond is low", "slope where the bond is high", "difference")

_GAIN = 1e-10  # twice the log-likelihood that a full step would still bring
_MOST_STEPS = 100
_HALVED = 40
_SINGULAR = 1e-10  # of the scaled information
_RIDGE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Regressions:
    """Coefficients (b, k), information (b, k, k), and a number each problem (b,).

    ``value`` is the log-likelihood of a logistic regression, without the ways in which a cell
    can come about, or the residual sum of squares of a linear one. ``good`` is False where the
    search did not converge or the regressors cannot be told apart.
    """

    coefficients: FloatArray
    value: FloatArray
    info: FloatArray
    good: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Regressors of the cells: satisfaction (m,), what binds (m, j), mediator and bond (m,).

    Mediator and bond are in standard deviations; the bond, if there is one, is also the first
    column of ``binding``. A mediator of two values has ``two_values``, else None.
    """

    satisfaction: FloatArray
    binding: FloatArray
    mediator: FloatArray | None = None
    two_values: tuple[float, float] | None = None

    def columns(self, *extra: FloatArray) -> FloatArray:
        """Return a constant, the extra columns and what binds, side by side."""
        return np.column_stack([np.ones_like(self.satisfaction), *extra, self.binding])


def logistic_regressions(
    x: FloatArray, trials: FloatArray, stayed: FloatArray, *, start: FloatArray | None = None
) -> Regressions:
    """Fit logistic regressions by Newton's method, each step halved until it is none backwards."""
    b, k = len(trials), x.shape[1]
    products = _products(x)
    coefficients = np.zeros((b, k)) if start is None else np.tile(start, (b, 1))
    value = _log_likelihood(coefficients @ x.T, trials, stayed)
    info = np.zeros((b, k, k))
    converged = np.zeros(b, dtype=np.bool_)
    at_work = np.arange(b)
    for _ in range(_MOST_STEPS):
        n, y, own = trials[at_work], stayed[at_work], coefficients[at_work]
        p = logistic(own @ x.T)
        score = (y - n * p) @ x
        info[at_work] = _square((n * p * (1 - p)) @ products, k)
        step = _solve(info[at_work], score)
        done = (step * score).sum(axis=1) < _GAIN
        converged[at_work[done]] = True
        at_work, n, y, own, step = (a[~done] for a in (at_work, n, y, own, step))
        if not len(at_work):
            break
        coefficients[at_work], value[at_work] = _forward(x, n, y, own, step, value[at_work])
    return Regressions(coefficients, value, info, converged & _regular(info))


def _forward(
    x: FloatArray,
    n: FloatArray,
    y: FloatArray,
    coefficients: FloatArray,
    step: FloatArray,
    value: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Take each step, or the largest of its halves that does not lose."""
    length = np.ones(len(step))
    trial = coefficients + step
    found = _log_likelihood(trial @ x.T, n, y)
    for _ in range(_HALVED):
        # Sums of many terms are rounded; a loss as small as that is none.
        worse = np.flatnonzero(found < value - 1e-13 * np.abs(value))
        if not len(worse):
            break
        length[worse] /= 2
        trial[worse] = coefficients[worse] + length[worse, None] * step[worse]
        found[worse] = _log_likelihood(trial[worse] @ x.T, n[worse], y[worse])
    return trial, found


def linear_regressions(x: FloatArray, people: FloatArray, target: FloatArray) -> Regressions:
    """Fit linear regressions of a target (m,), each cell as often as it has people."""
    info = _square(people @ _products(x), x.shape[1])
    right = people @ (x * target[:, None])
    coefficients = _solve(info, right)
    residual = (people * (target - coefficients @ x.T) ** 2).sum(axis=1)
    return Regressions(coefficients, residual, info, _regular(info))


def change_of_loyalty(
    design: Design,
    people: FloatArray,
    records: tuple[IntArray, FloatArray, FloatArray, FloatArray],
    fitted: Regressions,
    *,
    ends: tuple[float, float],
) -> tuple[float, float]:
    """Return the average change of loyalty between two satisfactions, and its error.

    Customers keep what binds them. ``fitted`` is the regression of one problem on satisfaction
    and what binds; ``people`` (m,) are of cells, ``records`` (r,) their cell, count, trials and
    stayed. The error is linearised over customers, so that it holds whatever the form of loyalty.
    """
    x = design.columns(design.satisfaction)
    coefficients, n = fitted.coefficients[0], people.sum()
    moved = np.zeros_like(x)
    moved[:, 1] = 1.0
    at = [x + moved * (end - design.satisfaction)[:, None] for end in ends]
    low, high = (logistic(part @ coefficients) for part in at)
    change = float(people @ (high - low) / n)
    gradient = (people * high * (1 - high)) @ at[1] - (people * low * (1 - low)) @ at[0]
    pull = x @ np.linalg.solve(fitted.info[0], gradient / n)
    cell, count, trials, stayed = records
    rest = stayed - trials * logistic(x @ coefficients)[cell]
    influence = (high - low - change)[cell] / n + pull[cell] * rest
    fewer = n / max(n - x.shape[1], 1.0)
    return change, float(np.sqrt(fewer * count @ influence**2))


def mediation_effects(
    design: Design,
    people: FloatArray,
    trials: FloatArray,
    stayed: FloatArray,
    *,
    ends: tuple[float, float],
    start: FloatArray | None = None,
) -> FloatArray:
    """Average effects (b, 5) of satisfaction going from one end to the other; NaN where none.

    Customers keep what is their own: their constraint, and how far their mediator is from what
    their satisfaction lets expect. A part is the average over the two orders in which
    satisfaction and mediator can change, so that the parts add up to the total.
    """
    mediator = design.mediator
    assert mediator is not None  # noqa: S101  asked for with a mediator only
    s = design.satisfaction
    x = design.columns(s, mediator)
    fitted = logistic_regressions(x, trials, stayed, start=start)
    b_s, b_m = fitted.coefficients[:, 1:2], fitted.coefficients[:, 2:3]
    rest = fitted.coefficients @ x.T - b_s * s - b_m * mediator
    if design.two_values is None:
        own = linear_regressions(design.columns(s), people, mediator)
        a = own.coefficients[:, 1:2]
        cells = [
            [logistic(rest + b_s * at + b_m * (mediator + a * (of - s))) for of in ends]
            for at in ends
        ]
        change = a[:, 0] * (ends[1] - ends[0])
    else:
        low, high = design.two_values
        own, shares = _shares_with_mediator(design, people, mediator > low, ends)
        with_, without = (
            [logistic(rest + b_s * at + b_m * value) for at in ends] for value in (high, low)
        )
        cells = [[q * with_[i] + (1 - q) * without[i] for q in shares] for i in (0, 1)]
        change = _average(shares[1] - shares[0], people)
    loyalty = [[_average(cell, people) for cell in row] for row in cells]
    total = loyalty[1][1] - loyalty[0][0]
    indirect = (loyalty[1][1] - loyalty[1][0] + loyalty[0][1] - loyalty[0][0]) / 2
    direct = (loyalty[1][1] - loyalty[0][1] + loyalty[1][0] - loyalty[0][0]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total == 0, np.nan, indirect / total)
    found = np.stack([total, indirect, direct, share, change], axis=1)
    return np.where((fitted.good & own.good)[:, None], found, np.nan)


def _shares_with_mediator(
    design: Design, people: FloatArray, has: BoolArray, ends: tuple[float, float]
) -> tuple[Regressions, list[FloatArray]]:
    """Probabilities (b, m) of the higher value of the mediator at both ends."""
    x = design.columns(design.satisfaction)
    fitted = logistic_regressions(x, people, people * has)
    eta = fitted.coefficients @ x.T
    a = fitted.coefficients[:, 1:2]
    return fitted, [logistic(eta + a * (end - design.satisfaction)) for end in ends]


def damping(
    design: Design,
    people: FloatArray,
    trials: FloatArray,
    stayed: FloatArray,
    *,
    ends: tuple[float, float],
    start: FloatArray | None = None,
) -> FloatArray:
    """Average slopes (b, 3) of loyalty by satisfaction at two values of the bond; difference."""
    s, bond = design.satisfaction, design.binding[:, 0]
    x = design.columns(s, s * bond)
    fitted = logistic_regressions(x, trials, stayed, start=start)
    b_s, b_both, b_bond = (fitted.coefficients[:, k : k + 1] for k in (1, 2, 3))
    eta = fitted.coefficients @ x.T
    slopes = []
    for end in ends:
        p = logistic(eta + (b_bond + b_both * s) * (end - bond))
        slopes.append(_average((b_s + b_both * end) * p * (1 - p), people))
    found = np.stack([*slopes, slopes[1] - slopes[0]], axis=1)
    return np.where(fitted.good[:, None], found, np.nan)


def _average(values: FloatArray, people: FloatArray) -> FloatArray:
    found: FloatArray = (values * people).sum(axis=1) / people.sum(axis=1)
    return found


def _log_likelihood(eta: FloatArray, trials: FloatArray, stayed: FloatArray) -> FloatArray:
    # log(1 + exp(eta)) without overflow, and several times faster than logaddexp.
    soft = np.log1p(np.exp(-np.abs(eta))) + np.maximum(eta, 0)
    found: FloatArray = (stayed * eta - trials * soft).sum(axis=1)
    return found


def _products(x: FloatArray) -> FloatArray:
    """Return products (m, k (k + 1) / 2) of all pairs of columns."""
    first, second = np.triu_indices(x.shape[1])
    return x[:, first] * x[:, second]


def _square(packed: FloatArray, k: int) -> FloatArray:
    """Return symmetric matrices (b, k, k) from their upper halves."""
    first, second = np.triu_indices(k)
    found = np.empty((len(packed), k, k))
    found[:, first, second] = packed
    found[:, second, first] = packed
    return found


def _scaled(info: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return matrices with a diagonal of 1, or 0 where there is nothing, and the scales (b, k)."""
    size = np.sqrt(np.diagonal(info, axis1=1, axis2=2))
    size = np.where(size > 0, size, 1.0)
    return info / (size[:, :, None] * size[:, None, :]), size


def _solve(info: FloatArray, right: FloatArray) -> FloatArray:
    """Solve; a column that the problem does not have gets 0."""
    scaled, size = _scaled(info)
    scaled = scaled + _RIDGE * np.eye(info.shape[1])
    found: FloatArray = np.linalg.solve(scaled, (right / size)[..., None])[..., 0] / size
    return found


def _regular(info: FloatArray) -> BoolArray:
    """Tell which problems have regressors that can be told apart.

    A column of zeros, such as a group of which a resample has nobody, harms nothing: only its
    own coefficient is unknown, and nobody is there to have it.
    """
    scaled, _ = _scaled(info)
    k = info.shape[1]
    diagonal = np.arange(k)
    scaled[:, diagonal, diagonal] = 1.0
    found: BoolArray = np.linalg.eigvalsh(scaled)[:, 0] > _SINGULAR
    return found
