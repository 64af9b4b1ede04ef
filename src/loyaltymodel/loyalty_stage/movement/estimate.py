"""Movement between stages: chains that are given, and chains estimated from panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._estimates import EstimateTable
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_resamples, wilson
from loyaltymodel._options import check_choice
from loyaltymodel._resampling import FOR_INTERVALS
from loyaltymodel._signature import checked
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.movement import kernels
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.panel import Gaps, PanelCounts, count_moves
from loyaltymodel.loyalty_stage.movement.result import Interval, MovementEstimate, Point
from loyaltymodel.loyalty_stage.movement.stages import Stages, formation_stages, stages_of

_ROUNDING = 1e-9  # how far the sum of a row may be from 1


@checked
def markov_chain(matrix: Any, *, stages: Stages | Sequence[str] | None = None) -> MarkovChain:
    """Return the Markov chain of a transition matrix that is given (转移矩阵).

    Parameters
    ----------
    matrix : array-like of shape (k, k), or DataFrame
        Probability to be in the stage of the column one period after that of the row. Rows
        sum to 1. A DataFrame may name its rows and columns by stages, in any order.
    stages : Stages or sequence of str, optional
        The stages, in the order of the matrix. Without them those named by a DataFrame; an
        array of 4 rows without names is over :func:`formation_stages`.

    Returns
    -------
    MarkovChain
        A chain without draws: its matrix counts as known.

    Raises
    ------
    DataError
        If the matrix is not square, not numeric, has missing or infinite numbers, a number is
        no probability, a row does not sum to 1, or stages do not fit.
    ModelError
        If stages are named twice.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
    >>> chain.matrix
    array([[0.75, 0.25],
           [0.1 , 0.9 ]])
    """
    own = _own_names(matrix)
    if stages is None:
        known = stages_of(own) if own is not None else formation_stages()
    else:
        known = stages_of(stages)
    values = _square(matrix, len(known.names))
    if own is not None:
        values = _in_order(matrix, values, known)
    if not np.isfinite(values).all():
        raise DataError("the matrix has missing or infinite numbers; every transition is needed")
    if (values < 0).any() or (values > 1 + _ROUNDING).any():
        i, j = np.argwhere((values < 0) | (values > 1 + _ROUNDING))[0]
        raise DataError(
            f"the transition from {known.names[i]!r} to {known.names[j]!r} is {values[i, j]:.12g}; "
            "a probability lies between 0 and 1"
        )
    off = np.abs(values.sum(axis=1) - 1) > _ROUNDING
    if off.any():
        i = int(np.argmax(off))
        raise DataError(
            f"the row of {known.names[i]!r} sums to {values[i].sum():.12g}, but everybody is "
            "somewhere one period later; if that is rounding, divide every row by its sum"
        )
    k = len(values)
    return MarkovChain(stages=known, matrix=values, draws=np.empty((0, k, k)), level=0.95)


@checked
def estimate_movement(
    customer: Any,
    date: Any,
    stage: Any,
    *,
    stages: Stages | Sequence[str] | None = None,
    data: object = None,
    weights: Any = None,
    gaps: Gaps = "raise",
    possible: Any = None,
    prior: Any = 0.5,
    point: Point = "likelihood",
    interval: Interval = "posterior",
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: np.random.Generator | int | None = None,
    missing: Missing = "raise",
) -> MovementEstimate:
    """Return the transitions between stages, estimated from a panel (阶段转移概率).

    Parameters
    ----------
    customer : array-like of shape (n,), Series, or name of a column
        Key of the customer.
    date : array-like of shape (n,), Series, or name of a column
        Whole numbers that count periods. Rows may come in any order.
    stage : array-like of shape (n,), Series, or name of a column
        The stage that the customer is in at the date, by either of its names.
    stages : Stages or sequence of str, optional
        All stages there are; :func:`formation_stages` by default.
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.
    weights : array-like of shape (n,), Series, or name of a column, optional
        Sampling weights, none negative; a move has the weight of the row where it starts.
    gaps : {"raise", "skip"}
        What to do where a customer's next row is more than one period later. "skip" leaves
        such a pair of rows out.
    possible : array-like of bool, shape (k, k), optional
        Which transitions can happen at all; all by default. One that cannot has probability 0
        in every draw, and is refused in the data.
    prior : float, or array-like of shape (k, k)
        Parameters of the Dirichlet prior of each row, 0 or more: 0.5, Jeffreys' choice, in
        every possible transition by default. As if so many moves had been seen before.
    point : {"likelihood", "posterior_mean"}
        The estimate of the chain: counts over their row sums, or the mean of the posterior.
    interval : {"posterior", "wilson"}
        Interval of a transition: quantiles of its posterior, a beta law; or Wilson's interval
        of a share, which needs no prior.
    level : float
        Level of all intervals, between 0 and 1.
    n_resamples : int
        Number of posterior draws, 0 for none; enough for the level: (n + 1)(1 - level) / 2 must
        be at least 1.
    rng : numpy.random.Generator, int or None
        Source of the draws; an int is a seed, None takes fresh entropy.
    missing : {"raise", "drop"}
        Whether rows with a missing value are refused or left out. Leaving a row out opens a
        gap.

    Returns
    -------
    MovementEstimate
        Counts, estimates, intervals, tests; its ``chain()`` has all that follows from them.

    Raises
    ------
    DataError
        If a stage is unknown, a customer is in two stages at once or twice in one, dates are
        no whole numbers, there is a gap (with ``gaps="raise"``), a move that is said to be
        impossible was seen, or no move was seen at all.
    ModelError
        If stages are named twice.
    NotIdentifiedError
        If draws are asked for and a stage has neither moves nor prior.
    OptionError
        If an option is not allowed.

    Notes
    -----
    The likelihood estimate is n_ij / n_i. With moves n_i and a prior a_i the rows of the
    posterior are independent Dirichlet laws with parameters n_i + a_i; draws of whole matrices
    carry the uncertainty into everything that follows from them. Weighted moves count with
    Kish's effective number, (sum w)^2 / sum w^2, out of each stage, which is approximate.

    Everybody has the same transitions, at all times, and only the present stage counts. All
    three are claims: ``homogeneity_test()`` and ``order_test()`` ask. Customers who move by
    one chain for the loyal and another for the rest fit none of them. For customer
    relationships such chains are discussed in [1]_, inference in [2]_.

    References
    ----------
    .. [1] Pfeifer, P. E., & Carraway, R. L. (2000). Modeling customer relationships as Markov
       chains. Journal of Interactive Marketing, 14(2), 43-55.
    .. [2] Anderson, T. W., & Goodman, L. A. (1957). Statistical inference about Markov chains.
       Annals of Mathematical Statistics, 28(1), 89-110.

    Examples
    --------
    Four moves out of "new", three of them to "loyal":

    >>> import pandas as pd
    >>> from loyaltymodel import loyalty_stage
    >>> panel = pd.DataFrame({
    ...     "who": [1, 1, 2, 2, 3, 3, 3],
    ...     "month": [1, 2, 1, 2, 1, 2, 3],
    ...     "stage": ["new", "loyal", "new", "loyal", "new", "new", "loyal"],
    ... })
    >>> moves = loyalty_stage.estimate_movement(
    ...     "who", "month", "stage", data=panel, stages=["new", "loyal"], rng=1
    ... )
    >>> moves.transitions[["source", "target", "moves", "estimate"]]
      source target  moves  estimate
    0    new    new    1.0      0.25
    1    new  loyal    3.0      0.75
    2  loyal    new    0.0       NaN
    3  loyal  loyal    0.0       NaN
    >>> moves.posterior_mean.tolist()
    [[0.3, 0.7], [0.5, 0.5]]
    """
    check_choice("point", point, Point)
    check_choice("interval", interval, Interval)
    check_resamples(n_resamples, level=level, what="draws", optional=True)
    known = formation_stages() if stages is None else stages_of(stages)
    k = len(known.names)
    can = _possible(possible, k)
    believed = _prior(prior, k, can)
    found = count_moves(
        known,
        customer=customer,
        date=date,
        stage=stage,
        weights=weights,
        data=data,
        gaps=gaps,
        missing=missing,
    )
    _only_possible(found, can, known)
    totals = found.counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = found.counts / totals
        effective = np.where(totals > 0, likelihood * found.effective[:, None], 0.0)
        after = effective + believed
        posterior_mean = after / after.sum(axis=1, keepdims=True)
    if interval == "posterior":
        low, high = _beta(after, level)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = wilson(likelihood, found.effective[:, None], level=level)
    return MovementEstimate(
        stages=known,
        counts=found.counts,
        effective=found.effective,
        per_date=found.per_date,
        dates=found.dates,
        triples=found.triples,
        possible=can,
        prior=believed,
        likelihood=likelihood,
        posterior_mean=posterior_mean,
        estimates=EstimateTable(
            labels=FrozenMapping(
                {"source": tuple(np.repeat(known.names, k).tolist()), "target": known.names * k}
            ),
            estimate=(likelihood if point == "likelihood" else posterior_mean).ravel(),
            ci_low=np.where(can, low, 0.0).ravel(),
            ci_high=np.where(can, high, 0.0).ravel(),
            level=level,
            method="posterior" if interval == "posterior" else "Wilson",
        ),
        draws=_draws(after, n_resamples, rng, known),
        point=point,
        interval=interval,
        level=level,
        weighted=weights is not None,
        n_panel=found.n_panel,
        n_dropped=found.n_dropped,
        n_gaps=found.n_gaps,
    )


def _own_names(matrix: Any) -> list[str] | None:
    """Names that a DataFrame gives its rows and columns, if they are words."""
    if not isinstance(matrix, pd.DataFrame):
        return None
    rows, columns = list(matrix.index), list(matrix.columns)
    if not all(isinstance(name, str) for name in [*rows, *columns]):
        return None
    if set(rows) != set(columns) or len(rows) != len(columns):
        raise DataError("rows and columns of the matrix name different stages; name the same ones")
    return rows


def _square(matrix: Any, k: int) -> FloatArray:
    try:
        values = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("the matrix is not numeric; give k rows of k probabilities") from None
    if values.shape != (k, k):
        raise DataError(
            f"the matrix has shape {values.shape}, but there are {k} stages; give a matrix of "
            f"shape ({k}, {k}), or other stages="
        )
    return values


def _in_order(matrix: pd.DataFrame, values: FloatArray, known: Stages) -> FloatArray:
    """Return the values with rows and columns in the order of the stages."""
    for names in (known.names, known.chinese):
        if set(names) == set(matrix.index):
            rows, columns = list(matrix.index), list(matrix.columns)
            return values[np.ix_([rows.index(n) for n in names], [columns.index(n) for n in names])]
    raise DataError(
        f"the matrix names the stages {list(matrix.index)}, but stages= has {list(known.names)}; "
        "name the same ones"
    )


def _possible(possible: Any, k: int) -> BoolArray:
    if possible is None:
        return np.ones((k, k), dtype=np.bool_)
    can = np.asarray(possible)
    if can.shape != (k, k) or can.dtype.kind != "b":
        raise OptionError(
            f"possible must be True or False for each of {k} by {k} transitions, not an array of "
            f"{can.dtype} of shape {can.shape}"
        )
    if not can.any(axis=1).all():
        raise OptionError("possible leaves a stage without any transition; staying is one too")
    return np.asarray(can, dtype=np.bool_)


def _prior(prior: Any, k: int, can: BoolArray) -> FloatArray:
    try:
        believed = np.broadcast_to(np.asarray(prior, dtype=np.float64), (k, k))
    except (TypeError, ValueError):
        believed = np.full((1, 1), np.nan)
    if not (np.isfinite(believed).all() and (believed >= 0).all()):
        raise OptionError(
            f"prior={prior!r} must be a finite number of at least 0, or one for each of {k} by {k} "
            "transitions"
        )
    return np.where(can, believed, 0.0)


def _only_possible(found: PanelCounts, can: BoolArray, known: Stages) -> None:
    against = found.per_date.sum(axis=0) * ~can
    if against.any():
        i, j = np.argwhere(against)[0]
        raise DataError(
            f"{int(against[i, j])} moves from {known.names[i]!r} to {known.names[j]!r} were seen, "
            "which possible= rules out; correct the data, or call the transition possible"
        )


def _beta(after: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Quantiles of each transition under the posterior: a beta law."""
    from scipy.special import betaincinv  # noqa: PLC0415  not loaded on import

    rest = after.sum(axis=1, keepdims=True) - after
    tail = (1 - level) / 2
    a, b = np.where(after > 0, after, 1.0), np.where(rest > 0, rest, 1.0)
    ends = []
    for share in (tail, 1 - tail):
        value = np.where(rest > 0, betaincinv(a, b, share), 1.0)
        value = np.where(after > 0, value, 0.0)
        ends.append(np.where(after + rest > 0, value, np.nan))
    return ends[0], ends[1]


def _draws(
    after: FloatArray, n: int, rng: np.random.Generator | int | None, known: Stages
) -> FloatArray:
    if n == 0:
        return np.empty((0, *after.shape))
    empty = after.sum(axis=1) == 0
    if empty.any():
        raise NotIdentifiedError(
            f"stage {known.names[int(np.argmax(empty))]!r} has neither moves nor prior, so nothing "
            "can be drawn; give a prior above 0, leave the stage out, or ask n_resamples=0"
        )
    return kernels.dirichlet(after, n, np.random.default_rng(rng))
