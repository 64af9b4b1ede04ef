"""Movement between stages: chains that are given, and chains estimated from panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, SquareTable, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_resamples, wilson
from loyaltymodel._core.labels import matrix_in_order_of
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import check_choice, shown
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.movement import kernels
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.kernels import beta_quantiles, jeffreys
from loyaltymodel.loyalty_stage.movement.panel import Gaps, PanelCounts, Period, count_moves
from loyaltymodel.loyalty_stage.movement.result import Interval, MovementEstimate, Point
from loyaltymodel.loyalty_stage.movement.stages import (
    StageNames,
    Stages,
    place_of,
    stages_of,
    word_of,
)
from loyaltymodel.loyalty_stage.movement.weighting import effective_sizes, reweighted

_ROUNDING = 1e-9  # how far the sum of a row may be from 1
_MOST_PRIOR = 1e12  # moves seen before: more than anybody has
_MOST_DRAWN = 100_000_000  # transitions of all draws together: 800 MB


@checked
def markov_chain(matrix: SquareTable, *, stages: StageNames | None = None) -> MarkovChain:
    """Return the Markov chain of a transition matrix that is given (转移矩阵).

    Parameters
    ----------
    matrix : array-like of shape (k, k), or DataFrame
        Probability to be in the stage of the column one period after that of the row. Rows
        sum to 1. A DataFrame may name its rows and columns by stages, in any order.
    stages : Stages or sequence of str or of int, optional
        The stages, in the order of the matrix. Without them those named by a DataFrame; an
        array of 4 rows without names is over :meth:`Stages.formation`.

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
    if stages is None:
        own = names_of(matrix)
        known = Stages.formation() if own is None else stages_of(own)
    else:
        known = stages_of(stages)
    values = read_numbers("the matrix", _in_order("the matrix", matrix, known))
    k = len(known.names)
    if values.shape != (k, k):
        raise DataError(
            f"the matrix has shape {values.shape}, but there are {k} stages; give a matrix of "
            f"shape ({k}, {k}), or other stages="
        )
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
    return MarkovChain(
        stages=known,
        matrix=values,
        draws=np.empty((0, k, k)),
        level=0.95,
        unseen=np.zeros((k, k), dtype=np.bool_),
    )


@checked
def estimate_movement(
    customer: Variable,
    date: Variable,
    stage: Variable,
    *,
    stages: StageNames | None = None,
    data: Data | None = None,
    weights: Variable | None = None,
    period: Period = "number",
    gaps: Gaps = "raise",
    absent: str | int | None = None,
    absorbing: str | int | Sequence[str] | Sequence[int] | None = None,
    possible: SquareTable | None = None,
    prior: SquareTable | None = None,
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
        When, as ``period`` says. Rows may come in any order.
    stage : array-like of shape (n,), Series, or name of a column
        The stage that the customer is in at the date, by either of its names.
    stages : Stages or sequence of str or of int, optional
        All stages there are; :meth:`Stages.formation` by default. The name of a number is its
        text, such as "1".
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.
    weights : array-like of shape (n,), Series, or name of a column, optional
        Sampling weights, none negative; a move has the weight of the row where it starts.
    period : {"number", "month"}
        What a date is: a whole number that counts periods, or a month, as a date or written
        yyyymm, such as 202412, so that January follows December.
    gaps : {"raise", "skip", "absent"}
        What to do where a customer's next row is more than one period later. "skip" leaves
        such a pair of rows out; "absent" puts the customer into the stage ``absent`` meanwhile.
    absent : str or int, optional
        The stage of customers who have no row any more: where a customer's rows end before the
        last date of the panel, the customer moves there and stays until that date, with the
        weight of the last row. Without it what became of them is not counted, and ``n_ended``
        says how many they are.
    absorbing : str, int, or sequence of them, optional
        Stages that nobody leaves, which are refused in the data if somebody does.
    possible : array-like of bool, shape (k, k), or DataFrame, optional
        Which transitions can happen at all; all by default. A DataFrame names its rows and
        columns by stages, in any order. One that cannot has probability 0
        in every draw, and is refused in the data.
    prior : float, array-like of shape (k, k), or DataFrame, optional
        Parameters of the Dirichlet prior of each row, 0 or more, as if so many moves had been
        seen before; one move a row by default, shared by all that are possible. With 0, moves
        that were never seen do not happen.
    point : {"likelihood", "posterior_mean"}
        The estimate of the chain: counts over their row sums, or the mean of the posterior, in
        which moves that were never seen happen as the prior says.
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
        not what ``period`` says, there is a gap (with ``gaps="raise"``), a move that is said to
        be impossible was seen, rows are left out from which ``absent`` would be read, no move
        was seen at all, or a table names other stages.
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
    carry the uncertainty into everything that follows from them. The prior of one move a row
    (Perks) keeps that right with many stages, where half a move each would outweigh the data.
    By default the interval of one transition is that of its move against all others, with half
    a move on either side, in the form of [3]_ that is right where no move, or every one, was
    seen.

    A move that was never seen is 0 in the likelihood estimate and above 0 in the draws: it may
    be impossible, or rare. Intervals hold both. Where the answer jumps from one to the other, as
    the probability of return from a stage that nobody was seen to leave, it is refused until
    ``absorbing``, ``possible`` or ``point`` says which.

    With weights that differ, draws reweight customers, whose moves and weights go together, and
    a transition is as sure as a linearised variance over customers says. Draws of a stage that
    rests on few customers are spread by Student's law, as the few do not show how they differ.

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
    .. [3] Brown, L. D., Cai, T. T., & DasGupta, A. (2001). Interval estimation for a binomial
       proportion. Statistical Science, 16(2), 101-133.

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
    known = Stages.formation() if stages is None else stages_of(stages)
    k = len(known.names)
    gone = None if absent is None else known.names[place_of(known, word_of(absent))]
    can = _without_way_out(absorbing, _possible(possible, known), known)
    believed = _prior(prior, known, can)
    if n_resamples * k * k > _MOST_DRAWN:
        raise OptionError(
            f"n_resamples={n_resamples} draws of {k} by {k} transitions are more than can be kept; "
            f"give at most {_MOST_DRAWN // (k * k)}"
        )
    found = count_moves(
        known,
        customer=customer,
        date=date,
        stage=stage,
        weights=weights,
        data=data,
        gaps=gaps,
        absent=gone,
        period=period,
        missing=missing,
    )
    _only_possible(found, can, known)
    totals = found.counts.sum(axis=1, keepdims=True)
    sure = can.sum(axis=1, keepdims=True) == 1  # such as a stage that nobody leaves
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = np.where(sure, can, found.counts / totals)
    if found.weighted is None:
        effective = found.per_date.sum(axis=(0, 2))
        sizes = np.broadcast_to(effective[:, None], (k, k))
    else:
        sizes, effective = effective_sizes(found.weighted, likelihood)
    seen = np.where(totals > 0, likelihood * effective[:, None], 0.0)
    start = np.where(sure, can, believed)
    after = seen + start
    with np.errstate(divide="ignore", invalid="ignore"):
        posterior_mean = after / after.sum(axis=1, keepdims=True)
        if interval == "wilson":
            low, high = wilson(likelihood, sizes, level=level)
        else:
            of_moves = np.where(totals > 0, likelihood * sizes, 0.0)
            low, high = (
                jeffreys(of_moves, sizes, level=level)
                if prior is None
                else _beta(of_moves, sizes, believed, level)
            )
    estimate = likelihood if point == "likelihood" else posterior_mean
    return MovementEstimate(
        stages=known,
        counts=found.counts,
        effective=effective,
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
            estimate=estimate.ravel(),
            # A share of 0 or 1 lies at the end of its interval, whatever the prior.
            ci_low=np.where(sure, can, np.where(can, np.fmin(low, estimate), 0.0)).ravel(),
            ci_high=np.where(sure, can, np.where(can, np.fmax(high, estimate), 0.0)).ravel(),
            level=level,
            method="posterior" if interval == "posterior" else "Wilson",
        ),
        draws=_draws(found, after, start, effective, n_resamples, rng, known),
        point=point,
        interval=interval,
        level=level,
        weighted=found.weighted is not None,
        absent=gone,
        n_panel=found.n_panel,
        n_dropped=found.n_dropped,
        n_gaps=found.n_gaps,
        n_ended=found.n_ended,
    )


def names_of(matrix: Any) -> list[str] | None:
    """Names of the rows of a table, unless they are only numbered."""
    if not isinstance(matrix, pd.DataFrame) or _is_numbered(matrix):
        return None
    return [word_of(name) for name in matrix.index]


def _is_numbered(matrix: pd.DataFrame) -> bool:
    """Tell whether rows and columns are called 0, 1, 2 and so on, as where nobody named them."""
    count: list[Any] = list(range(len(matrix)))
    return list(matrix.index) == count and list(matrix.columns) == count


def _in_order(name: str, given: Any, known: Stages) -> Any:
    """Return a matrix in the order of the stages, by which a table names its rows and columns."""
    if nw.dependencies.is_into_dataframe(given) and not isinstance(given, pd.DataFrame):
        raise DataError(
            f"{name} is a table whose rows have no names; give .to_numpy() of it, in the order of "
            "the stages, or a DataFrame of pandas that names rows and columns"
        )
    if not isinstance(given, pd.DataFrame):
        return given
    table = given.set_axis([word_of(n) for n in given.index]).set_axis(
        [word_of(n) for n in given.columns], axis=1
    )
    if set(table.index) == set(known.chinese):
        return matrix_in_order_of(name, table, known.chinese)
    if _is_numbered(given) and set(table.index) != set(known.names):
        return given.to_numpy()
    return matrix_in_order_of(name, table, known.names)


def _possible(possible: Any, known: Stages) -> BoolArray:
    k = len(known.names)
    if possible is None:
        return np.ones((k, k), dtype=np.bool_)
    ordered = _in_order("possible", possible, known)
    try:
        can = np.asarray(numbers_of(ordered, flags=True))
    except NotNumbers:
        can = np.empty(0)
    if can.shape != (k, k) or not np.isin(can, (0, 1)).all():
        raise OptionError(
            f"possible={shown(possible)} must be True or False for each of {k} by {k} transitions"
        )
    if not can.any(axis=1).all():
        raise OptionError("possible leaves a stage without any transition; staying is one too")
    return np.asarray(can, dtype=np.bool_)


def _without_way_out(
    absorbing: str | int | Sequence[str] | Sequence[int] | None, can: BoolArray, known: Stages
) -> BoolArray:
    """Leave stages that nobody leaves no transition but to themselves."""
    given = () if absorbing is None else absorbing
    names = [given] if isinstance(given, (str, int)) else given
    places = [place_of(known, word_of(name)) for name in names]
    for place in places:
        if not can[place, place]:
            raise OptionError(
                f"absorbing= says that nobody leaves {known.names[place]!r}, and possible= that "
                "nobody stays there; drop one of the two"
            )
    own = np.eye(len(can), dtype=np.bool_)
    return np.where(np.isin(np.arange(len(can)), places)[:, None], own, can)


def _prior(prior: Any, known: Stages, can: BoolArray) -> FloatArray:
    k = len(known.names)
    if prior is None:
        return np.asarray(can / can.sum(axis=1, keepdims=True), dtype=np.float64)
    ordered = _in_order("prior", prior, known)
    try:
        believed = np.asarray(numbers_of(ordered), dtype=np.float64)
    except NotNumbers:
        believed = np.full((1, 1), np.nan)
    if believed.shape not in ((), (k, k)) or not (
        (believed >= 0).all() and (believed <= _MOST_PRIOR).all()
    ):
        raise OptionError(
            f"prior={shown(prior)} must be a number from 0 to {_MOST_PRIOR:g}, or one for each of "
            f"{k} by {k} transitions"
        )
    return np.where(can, believed, 0.0)


def _only_possible(found: PanelCounts, can: BoolArray, known: Stages) -> None:
    against = found.per_date.sum(axis=0) * ~can
    if against.any():
        i, j = np.argwhere(against)[0]
        raise DataError(
            f"{int(against[i, j])} moves from {known.names[i]!r} to {known.names[j]!r} were seen, "
            "which possible= or absorbing= rules out; correct the data, or let the transition be "
            "possible"
        )


def _beta(
    seen: FloatArray, sizes: FloatArray, believed: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Quantiles of each transition under the posterior: a beta law."""
    after = seen + believed
    rest = sizes - seen + believed.sum(axis=1, keepdims=True) - believed
    return beta_quantiles(after, rest, (1 - level) / 2), beta_quantiles(
        after, rest, (1 + level) / 2
    )


def _draws(
    found: PanelCounts,
    after: FloatArray,
    start: FloatArray,
    effective: FloatArray,
    n: int,
    rng: np.random.Generator | int | None,
    known: Stages,
) -> FloatArray:
    """Draw matrices from the posterior, or by customers if their weights differ."""
    if n == 0:
        return np.empty((0, *after.shape))
    empty = after.sum(axis=1) == 0
    if empty.any():
        raise NotIdentifiedError(
            f"stage {known.names[int(np.argmax(empty))]!r} has neither moves nor prior, so nothing "
            "can be drawn; give a prior above 0, leave the stage out, or ask n_resamples=0"
        )
    generator = np.random.default_rng(rng)
    if found.weighted is None:
        return kernels.dirichlet(after, n, generator)
    totals = found.counts.sum(axis=1)
    scale = np.divide(effective, totals, out=np.zeros_like(totals), where=totals > 0)
    return reweighted(found.weighted, scale, start, n, generator)
