"""The doors of models of retention: customers, or survivors of cohorts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data, SquareTable, Values, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, chi_square_tail
from loyaltymodel._core.intervals import wald as wald_ends
from loyaltymodel._core.options import check_choice, shown
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import (
    Variables,
    counts_of,
    read_numbers,
    read_variables,
    several_variables,
)
from loyaltymodel.economics.contractual.asked import Asked
from loyaltymodel.economics.contractual.cells import (
    Limit,
    Model,
    RenewalCells,
    RetentionSolution,
    renewals_of,
)
from loyaltymodel.economics.contractual.estimate import estimate
from loyaltymodel.economics.contractual.intervals import RetentionInterval, profile
from loyaltymodel.economics.contractual.kernels.likelihood import MOST_C, MOST_R
from loyaltymodel.economics.contractual.result import RetentionModel
from loyaltymodel.errors import ConvergenceWarning, DataError, OptionError, warn_caller

_OWN = ("tenure", "lost", "entry", "counts")
_LONGEST = 10_000  # renewals
_MOST = 50_000_000  # of profiles times tenures, which a computer of today holds
_NOT_DRIVERS = ("intercept", "log_precision", "log_c")


@checked
def fit_retention(
    tenure: Variable,
    lost: Variable,
    *,
    entry: Variable | None = None,
    drivers: Columns | None = None,
    counts: Variable | None = None,
    model: Model = "beta_geometric",
    interval: RetentionInterval = "profile",
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> RetentionModel:
    """Fit how churn differs over customers, to when contracts were not renewed (契约型留存模型).

    Parameters
    ----------
    tenure : array-like of shape (n,), Series, or name of a column
        How many renewals each customer has faced, from 0: a customer lost at the first renewal
        has 1, as has one who made it and faced no second.
    lost : array-like of shape (n,), Series, or name of a column
        1 or True for who left at that renewal, 0 for who is still there.
    entry : array-like of shape (n,), Series, or name of a column, optional
        How many renewals each had already made when watching began, or when the drivers
        were measured; 0 without it. Those who left before are in no data, and the model takes
        that into account.
    drivers : table, mapping or list of str, optional
        Numbers that tell something of a customer's churn, known at ``entry``: variables by name,
        a table of them, or names of columns of ``data``.
    counts : array-like of shape (n,), Series, or name of a column, optional
        How many customers each row stands for.
    model : {"beta_geometric", "beta_discrete_weibull"}
        "beta_geometric": a customer's churn never changes (shifted beta geometric).
        "beta_discrete_weibull": it may rise or fall with tenure, by a power c.
    interval : {"profile", "wald"}
        "profile": what the likelihood allows, which keeps its level in small samples and at limits.
        "wald": by the normal law, on a scale without bounds.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the row out.

    Returns
    -------
    RetentionModel
        The fitted law, which answers for survival, retention, expected tenure and residual value.

    Raises
    ------
    DataError
        If values are missing or no whole numbers, a customer was lost before watching began, or
        drivers have too many different values.
    NotIdentifiedError
        If only one renewal was watched (two for the beta discrete Weibull), nobody or everybody
        left, or a driver tells who leaves without exception or cannot be told from others.
    OptionError
        If an option is not one of its choices.

    Warns
    -----
    ConvergenceWarning
        If the search did not end at a maximum.

    See Also
    --------
    fit_cohorts : The same from counts of survivors.
    survival : The curve without a model, which ends where the data end.

    Notes
    -----
    A customer leaves at each renewal with a churn theta of the own, which follows a beta law
    over customers with parameters alpha and beta [1]_. Then P(T = t) = B(alpha + 1, beta + t - 1) /
    B(alpha, beta), S(t) = B(alpha, beta + t) / B(alpha, beta), and of those at their t-th renewal
    (beta + t - 1) / (alpha + beta + t - 1) stay. In the beta discrete Weibull [2]_ a customer's
    survival is (1 - theta)^(t^c), and S(t) = B(alpha, beta + t^c) / B(alpha, beta).

    The parameters are the logit of mean churn alpha / (alpha + beta), linear in the drivers, and
    the logs of the precision alpha + beta, which all customers share, and of c. A customer adds
    the chances of each renewal that was watched, so that ``entry`` conditions on everything
    before, and all data are two counts for each tenure and profile of drivers. A driver measured
    again at some tenure makes a second row, that enters then: a customer with tenure 5 whose
    satisfaction was asked at the start and after 3 renewals has the rows (entry 0, tenure 3, not
    lost) and (entry 3, tenure 5). From then on such a customer counts as one of those with this
    value who have stayed so long, with churn Beta(alpha, beta + 3) of the new value: what the model
    says that such customers are like, not what this one was before.

    The precision is searched as log(1 + 1 / precision), where customers who are all alike are the
    point 0. If the likelihood is largest there, or where each leaves at once or never, the result
    says so (``limit``). Newton steps lead from several beginnings to the maximum.

    In simulated cohorts profile intervals of survival, retention and residual value kept their
    level; numbers stand in the page on models of retention.

    References
    ----------
    .. [1] Fader, P. S., & Hardie, B. G. S. (2007). How to project customer retention. Journal of
       Interactive Marketing, 21(1), 76-90.
    .. [2] Fader, P. S., Hardie, B. G. S., Liu, Y., Davin, J., & Steenburgh, T. (2018). "How to
       project customer retention" revisited: the role of duration dependence. Journal of
       Interactive Marketing, 43, 1-16.

    Examples
    --------
    Of 1,000 customers 369 left at their first renewal, 163 at the second, and 468 are still there.
    Two chances to leave, 0.369 and 163 / 631, are met exactly by alpha / (alpha + beta) and
    alpha / (alpha + beta + 1):

    >>> from loyaltymodel import economics
    >>> found = economics.fit_retention([1, 2, 2], [1, 1, 0], counts=[369, 163, 468])
    >>> found.churn()[["quantity", "estimate"]].round(3)
           quantity  estimate
    0    mean_churn     0.369
    1  polarization     0.300
    2         alpha     0.861
    3          beta     1.473
    >>> round(0.861 / (0.861 + 1.473 + 1), 3), round(163 / 631, 3)
    (0.258, 0.258)
    """
    check_level(level)
    named = {} if drivers is None else several_variables("drivers", drivers)
    if taken := [name for name in named if name in (*_OWN, *_NOT_DRIVERS)]:
        raise OptionError(f"no driver can be called {shown(taken[0])}; rename it")
    given: dict[str, object] = {"tenure": tenure, "lost": lost}
    optional = {"entry": entry, "counts": counts}
    given |= {name: value for name, value in optional.items() if value is not None}
    limits = (0.0, float(_LONGEST))
    found = read_variables(
        {**given, **named},
        data=data,
        bounds={"tenure": limits, "entry": limits, "lost": (0.0, 1.0), "counts": (0.0, np.inf)},
        missing=missing,
    )
    start, end, left, n = _customers(found)
    cells = _cells(start, end, left, n, [np.asarray(found[name]) for name in named])
    n_obs = len(end) if n is None else int(n.sum())
    return _fitted(
        cells, tuple(named), model, interval, level, n_obs=n_obs, n_dropped=found.n_dropped
    )


@checked
def fit_cohorts(
    survivors: SquareTable,
    *,
    entry: Values = 0,
    model: Model = "beta_geometric",
    interval: RetentionInterval = "profile",
    level: float = 0.95,
) -> RetentionModel:
    """Fit the same to how many of one cohort, or of several, were left (按批次的留存模型).

    Parameters
    ----------
    survivors : array-like of shape (k + 1,) or (m, k + 1), or DataFrame
        How many customers a cohort has at its start and after each renewal: 1000, 631, 468.
        Several cohorts are rows; what is not yet known of a later one is NaN.
    entry : int or array of shape (m,)
        How many renewals the customers of the first column had made.
    model : {"beta_geometric", "beta_discrete_weibull"}
        As for :func:`fit_retention`.
    interval : {"profile", "wald"}
        As there.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    RetentionModel
        One law for all cohorts.

    Raises
    ------
    DataError
        If counts are no whole numbers, rise along a row, or have a gap in it.
    NotIdentifiedError
        As for :func:`fit_retention`.
    OptionError
        If an option is not one of its choices.

    Warns
    -----
    ConvergenceWarning
        If the search did not end at a maximum.

    See Also
    --------
    fit_retention : The same from customers, with drivers.

    Notes
    -----
    Shares are no counts: 63.1 % of how many decides how sure the law is.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.fit_cohorts([[1000, 631, 468], [900, 560, float("nan")]])
    >>> found.tenures.round(3)
       tenure   n_obs   lost  expected  retention
    0       1  1900.0  709.0     709.0      0.627
    1       2   631.0  163.0     163.0      0.742
    """
    check_level(level)
    table = survivors.to_numpy() if isinstance(survivors, pd.DataFrame) else survivors
    rows = np.atleast_2d(np.asarray(table, dtype=object)).astype(object)
    if rows.ndim != 2 or rows.shape[1] < 2:  # noqa: PLR2004
        raise DataError(
            f"survivors have shape {rows.shape}; give a row a cohort, with its customers at the "
            "start and after each renewal"
        )
    known = ~pd.isna(rows)
    counted = counts_of(
        "survivors", rows, gaps=True, way_out="give numbers of customers, not shares"
    )
    if (gap := (~known[:, :-1] & known[:, 1:]).any(axis=1) | ~known[:, 0]).any():
        raise DataError(
            f"survivors have a gap in row {int(np.argmax(gap))}; only what comes last may be "
            "unknown"
        )
    both = known[:, :-1] & known[:, 1:]
    risen = both & (counted[:, 1:] > counted[:, :-1])
    if risen.any():
        row, column = (int(x[0]) for x in np.nonzero(risen))
        raise DataError(
            f"survivors rise in row {row}, from {counted[row, column]:g} to "
            f"{counted[row, column + 1]:g}; customers who are won later are a cohort of their own"
        )
    made = counts_of("entry", read_numbers("entry", entry))
    if made.shape not in {(), (len(rows),)}:
        raise DataError(
            f"entry has shape {made.shape} and there are {len(rows)} cohorts; give one number, or "
            "one a cohort"
        )
    begun = np.broadcast_to(made, (len(rows),))
    tenure = (begun[:, None] + np.arange(1, rows.shape[1]))[both].astype(np.intp)
    at_risk = _counted(tenure, counted[:, :-1][both])
    lost = _counted(tenure, (counted[:, :-1] - counted[:, 1:])[both])
    there = np.flatnonzero(at_risk > 0)
    cells = RenewalCells(
        tenure=there,
        profile=np.zeros(len(there), dtype=np.intp),
        at_risk=at_risk[there],
        lost=lost[there],
        profiles=np.zeros((1, 0)),
    )
    n_obs = int(counted[:, 0].sum())
    return _fitted(cells, (), model, interval, level, n_obs=n_obs, n_dropped=0)


def _counted(at: IntArray, counts: FloatArray) -> FloatArray:
    return np.bincount(at, counts).astype(np.float64)


def _customers(
    found: Variables,
) -> tuple[IntArray | None, IntArray, BoolArray, FloatArray | None]:
    """Return renewals made at entry and faced (n,), who left, and how many a row stands for."""
    whole = {}
    for name in ("tenure", "entry", "counts"):
        if name in found.values:
            values = found[name]
            if values.dtype.kind not in "iu":
                values = np.asarray(values, np.float64)
                if (part := values != np.floor(values)).any():
                    row = int(np.argmax(part))
                    raise DataError(
                        f"{name} has {values[row]:g} in row {found.labels[row]}, but counts "
                        f"{'customers' if name == 'counts' else 'renewals'}; give whole numbers"
                    )
            whole[name] = values
    tenure = whole["tenure"].astype(np.intp)
    lost = np.asarray(found["lost"], np.float64)
    if not ((lost == 0) | (lost == 1)).all():
        row = int(np.argmax((lost != 0) & (lost != 1)))
        raise DataError(
            f"lost has {lost[row]:g} in row {found.labels[row]}; give 1 for who left and 0 for "
            "who is still there"
        )
    left = lost == 1
    entry = whole["entry"].astype(np.intp) if "entry" in whole else None
    early = tenure < (left if entry is None else entry + left)
    if early.any():
        row = int(np.argmax(early))
        since = 0 if entry is None else entry[row]
        raise DataError(
            f"the customer in row {found.labels[row]} has tenure {tenure[row]}"
            f"{' and was lost' if left[row] else ''}, but was watched from {since} renewals on; "
            "who leaves at the first renewal that is watched has a tenure of 1 more than entry"
        )
    counts = np.asarray(whole["counts"], np.float64) if "counts" in whole else None
    if counts is not None and not counts.any():
        raise DataError("counts are all zero; at least one row must stand for somebody")
    return entry, tenure, left, counts


def _cells(
    entry: IntArray | None, tenure: IntArray, left: BoolArray, counts: FloatArray | None,
    drivers: list[FloatArray],
) -> RenewalCells:  # fmt: skip
    """Count who was at risk at each renewal, and who left: by differences of who came and went."""
    profile, profiles = _profiles(drivers, len(tenure))
    wide = int(tenure.max()) + 1
    size = len(profiles) * wide
    if size > _MOST:
        raise DataError(
            f"drivers have {len(profiles):,} different combinations of values, too many for "
            f"{wide - 1} renewals; round them, or put values together into classes"
        )
    at = profile * wide + tenure
    gone = np.bincount(at, counts, size).reshape(-1, wide)
    lost = np.bincount(at[left], None if counts is None else counts[left], size)
    first = profile * wide if entry is None else profile * wide + entry
    come = np.bincount(first, counts, size).reshape(-1, wide)
    # At risk at renewal t: who came with fewer renewals made, less who was gone with fewer.
    at_risk = np.zeros((len(profiles), wide))
    at_risk[:, 1:] = np.cumsum(come - gone, axis=1)[:, :-1]
    if counts is None or (counts == np.floor(counts)).all():
        at_risk = np.rint(at_risk)
    there = at_risk > 0
    there[:, 0] = False
    which, t = np.nonzero(there)
    return RenewalCells(
        tenure=t,
        profile=which,
        at_risk=at_risk[there],
        lost=lost.reshape(-1, wide)[there].astype(np.float64),
        profiles=profiles,
    )


def _profiles(drivers: list[FloatArray], n: int) -> tuple[IntArray, FloatArray]:
    """Return for each row which of the distinct rows of drivers it has, and these."""
    place, k = np.zeros(n, dtype=np.intp), 1
    for values in drivers:
        codes, distinct = pd.factorize(np.asarray(values, np.float64))
        place = place * len(distinct) + codes
        k *= len(distinct)
        if k > n:  # more combinations than customers: only those that occur are kept
            place, occurring = pd.factorize(place)
            k = len(occurring)
    place, first = _first_of(place, k)
    profiles = [np.asarray(values, np.float64)[first] for values in drivers]
    return place, np.column_stack(profiles) if profiles else np.zeros((1, 0))


def _first_of(place: IntArray, k: int) -> tuple[IntArray, IntArray]:
    """Return codes without gaps, and a row in which each occurs."""
    first = np.full(k, -1, dtype=np.intp)
    first[place[::-1]] = np.arange(len(place) - 1, -1, -1)
    occurs = first >= 0
    return (np.cumsum(occurs) - 1)[place], first[occurs]


def _fitted(
    cells: RenewalCells, names: tuple[str, ...], model: Model, interval: RetentionInterval,
    level: float, *, n_obs: int, n_dropped: int,
) -> RetentionModel:  # fmt: skip
    check_choice("model", model, Model)
    solution = estimate(cells, names, model)
    if not solution.converged:
        warn_caller(
            f"the search for {model!r} did not end at a maximum; the data hardly tell its "
            "parameters apart",
            ConvergenceWarning,
        )
    r = solution.theta[len(names) + 1]
    limit: Limit | None = None
    if r <= 0:
        limit = "homogeneous"
    elif r >= MOST_R:
        limit = "all_or_nothing"
    return RetentionModel(
        model=model,
        n_obs=n_obs,
        n_dropped=n_dropped,
        driver_names=names,
        level=level,
        interval=interval,
        limit=limit,
        converged=solution.converged,
        n_iter=solution.n_iter,
        log_likelihood=float(solution.log_likelihoods[0]),
        estimates=_parameters(cells, names, model, solution, interval, level),
        cells=cells,
        solution=solution,
    )


def _parameters(
    cells: RenewalCells, names: tuple[str, ...], model: Model, solution: RetentionSolution,
    interval: RetentionInterval, level: float,
) -> EstimateTable:  # fmt: skip
    """Return the parameters in the units of the drivers."""
    theta, r = solution.theta, len(names) + 1
    to_own = np.eye(len(theta))
    to_own[0, 1:r] = -solution.centre / solution.unit
    to_own[np.arange(1, r), np.arange(1, r)] = 1 / solution.unit
    estimates = to_own @ theta
    to_own_slopes = to_own.copy()
    with np.errstate(divide="ignore", over="ignore"):
        estimates[r] = -np.log(np.expm1(theta[r])) if theta[r] < MOST_R else -np.inf
        to_own_slopes[r, r] = -1 / -np.expm1(-theta[r]) if solution.free[r] else 0.0
    covariance = to_own_slopes @ solution.covariance @ to_own_slopes.T
    error = np.sqrt(np.diag(covariance))
    if not solution.free[r]:
        error[r] = np.nan
        covariance[r], covariance[:, r] = np.nan, np.nan
    labels = {
        "parameter": ("intercept", *names, "log_precision", *(["log_c"] * (len(theta) > r + 1)))
    }
    tested = np.arange(len(theta))
    tested = (tested > 0) & (tested != r)
    if interval == "wald":
        finite = np.where(np.isfinite(estimates), estimates, 0.0)
        found = wald_ends(finite, error, level=level)
        p_value = np.where(tested, found.p_value, np.nan)
        low, high = found.low, found.high
    else:
        asked = Asked(
            len(theta),
            lambda at, which: np.einsum("bq,bq->b", at, to_own[which]),
            lambda g, _: g,
        )
        renewals = renewals_of(cells, solution.centre, solution.unit, model)
        low, high = profile(asked, renewals, solution, level=level)
        with np.errstate(divide="ignore"):
            low[r], high[r] = (-np.log(np.expm1(max(end, 0.0))) for end in (high[r], low[r]))
        low, high = _without_end(low, high, has_c=len(theta) > r + 1)
        gain = 2 * (solution.log_likelihoods[0] - solution.without)
        p_value = np.full(len(theta), np.nan)
        p_value[1:r] = chi_square_tail(np.maximum(gain, 0.0), 1)
        if len(theta) > r + 1:
            own, _, constant = solution.log_likelihoods
            p_value[-1] = chi_square_tail(2 * float(own - constant), 1)
    return EstimateTable(
        labels=FrozenMapping(labels),
        estimate=estimates,
        std_error=error,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        level=level,
        method={"wald": "Wald", "profile": "profile likelihood"}[interval],
        covariance=covariance,
    )


def _without_end(
    low: FloatArray, high: FloatArray, *, has_c: bool
) -> tuple[FloatArray, FloatArray]:
    """Return ends that are infinite where the likelihood still allows the edge of the search."""
    if has_c:
        low[-1] = -np.inf if low[-1] <= -MOST_C else low[-1]
        high[-1] = np.inf if high[-1] >= MOST_C else high[-1]
    return low, high
