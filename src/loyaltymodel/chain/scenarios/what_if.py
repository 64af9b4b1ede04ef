"""Doors to a scenario's money: what if, what change would be needed, which of several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.comparisons import exceeds, reaches
from loyaltymodel._core.draws import table_of_rows
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level, check_resamples
from loyaltymodel._core.options import check_choice, check_finite, check_positive
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.signature import checked
from loyaltymodel.chain.scenarios.evaluation import (
    by_input,
    check_same_terms,
    draw_rows,
    evaluate,
    needed_change,
    seed_of,
)
from loyaltymodel.chain.scenarios.firsts import MOST, error_of, first_probabilities
from loyaltymodel.chain.scenarios.kernels import PARTS, QUANTITIES, rank_ends
from loyaltymodel.chain.scenarios.result import UNITS, ScenarioComparison, WhatIf
from loyaltymodel.chain.scenarios.specification import Scenario, room_of
from loyaltymodel.errors import OptionError

Wanted = Literal[
    "index_change", "retention_after", "retention_change", "value_after", "value_change",
    "equity_change", "referrals", "gain", "net_present_value", "return_on_quality",
]  # fmt: skip

_UNITS = {"point": "money per point", "cost": "per unit of cost"}


@checked
def what_if(
    scenario: Scenario,
    *,
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> WhatIf:
    """Return what a change of a driver brings: satisfaction, loyalty, money (质量利润链推演).

    Parameters
    ----------
    scenario : Scenario
        Made by :func:`scenario`.
    n_resamples : int
        Number of draws to take. Each draw of a source is taken once before any is taken again.
    level : float
        Confidence level between 0 and 1.
    rng : Generator, int or None
        Randomness: which draws of independent sources meet.

    Returns
    -------
    WhatIf
        Every link and the money, with medians and intervals of the draws.

    Raises
    ------
    OptionError
        If a value or a cost has no end, or there are too few draws for the level.

    See Also
    --------
    required_change : The change that a sum of money needs.
    compare_scenarios : Several scenarios on the same draws.

    Notes
    -----
    The measure moves every customer by the same impact * change points, held within the scale,

        s_i' = min(1, s_i + impact * change / 100),   r_i = c_i + (1 - c_i) g(s_i),

    and the lifetime value of each follows from his own retention r_i, the same each period. Means
    are taken over customers last. That is not the value at the mean: where value is convex in
    satisfaction, its mean lies above the value of the mean customer, by Jensen's inequality.

    Each draw has its own impact, curve, constraints and customers. Intervals are percentiles of
    the draws. The chain from quality over satisfaction to money is that of return on quality [1]_.

    References
    ----------
    .. [1] Rust, R. T., Zahorik, A. J., & Keiningham, T. L. (1995). Return on quality (ROQ): making
       service quality financially accountable. Journal of Marketing, 59(2), 58-70.

    Examples
    --------
    Of 1,000 customers 75 % stay, each year; 5 points more keep 80 %. A customer is worth
    100 * 1.25 / (1.25 - r) then, 250 before and 277.78 after. Of the gains 17,391 have come in
    after four years and 20,352 after five:

    >>> from loyaltymodel import chain
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year", cost=20_000,
    ... )
    >>> found = chain.what_if(plan).quantities.set_index("quantity")["estimate"]
    >>> found[["value_before", "value_after", "net_present_value", "payback"]].round(2)
    quantity
    value_before          250.00
    value_after           277.78
    net_present_value    7777.78
    payback                 5.00
    Name: estimate, dtype: float64
    """
    n = n_draws(scenario, n_resamples, level)
    seed = seed_of(rng)
    rows = by_input(draw_rows(scenario, n, seed)) if n else {}
    found = evaluate(scenario, rows)
    labels = {"quantity": QUANTITIES, "unit": tuple(UNITS[q] for q in QUANTITIES)}
    return WhatIf(
        scenario=scenario,
        level=level,
        n_resamples=n,
        draw_order=seed,
        estimates=table_of_rows(labels, found.quantities, level=level),
        part_estimates=table_of_rows({"component": PARTS}, found.parts, level=level),
    )


@checked
def required_change(
    scenario: Scenario,
    target: float = 0.0,
    *,
    quantity: Wanted = "net_present_value",
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Return the change of the driver at which a quantity reaches a target (所需改进幅度).

    Parameters
    ----------
    scenario : Scenario
        Its own change is not used; its costs are those of whatever change it takes.
    target : float
        What is to be reached; by default that the measure pays for itself.
    quantity : str
        Of what, one of the quantities that rise with the change.
    n_resamples : int
        Number of draws to take.
    level : float
        Confidence level between 0 and 1.
    rng : Generator, int or None
        Randomness.

    Returns
    -------
    DataFrame
        One row: ``quantity``, ``target``, ``estimate`` in points of the driver's index,
        ``median`` and ends of the draws, and ``reached_share``, the share of the draws in which a
        change within the scale is enough. Infinite where none is.

    Raises
    ------
    OptionError
        As of :func:`what_if`, or if the target is no number.

    Notes
    -----
    By bisection, of the numbers and of each draw; to the rounding of 100 / 2^40 points.

    Examples
    --------
    An extra 20 of value for each of 1,000 customers pays for a cost of 20,000. That is 270 =
    100 * 1.25 / (1.25 - r) or r = 0.787, which 3.7 points bring:

    >>> from loyaltymodel import chain
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year", cost=20_000,
    ... )
    >>> round(chain.required_change(plan)["estimate"].item(), 3)
    3.704
    """
    check_choice("quantity", quantity, Wanted)
    check_finite("target", target)
    n = n_draws(scenario, n_resamples, level)
    rows = by_input(draw_rows(scenario, n, seed_of(rng))) if n else {}
    change = needed_change(scenario, rows, quantity, target, room_of(scenario))
    table = table_of_rows({"quantity": (quantity,)}, change[:, None], level=level)
    frame = table.frame()
    frame.insert(1, "target", target)
    if n:
        place = list(frame).index("estimate") + 1
        drawn = change[1:]
        frame.insert(place, "median", np.quantile(drawn, 0.5, method="closest_observation"))
        frame["reached_share"] = float(np.isfinite(drawn).mean())
    return frame


@checked
def compare_scenarios(
    scenarios: Mapping[str, Scenario],
    *,
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> ScenarioComparison:
    """Return several scenarios side by side, on the same draws where they share them (情景比较).

    Parameters
    ----------
    scenarios : mapping from str to Scenario
        Two or more, by name.
    n_resamples : int
        Number of draws to take.
    level : float
        Confidence level between 0 and 1.
    rng : Generator, int or None
        Randomness.

    Returns
    -------
    ScenarioComparison
        All quantities, of whose differences ``estimates.difference`` gives the interval.

    Raises
    ------
    OptionError
        If there are fewer than two, periods, timing or horizons differ, some have draws and
        others none, or as of :func:`what_if`.

    Notes
    -----
    Draws count as shared if they are the same numbers: a copy of a scenario with another change
    keeps them. Scenarios of two drivers that were drawn apart are compared as if their impacts
    were independent, although one survey gave both; make both with the same ``data`` and the same
    seed, so that a row is one resample in both, and their intervals of a difference hold.

    Examples
    --------
    >>> import numpy as np
    >>> from loyaltymodel import chain
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year", cost=20_000,
    ...     draws={"impact": np.random.default_rng(1).normal(1, 0.1, 999)},
    ... )
    >>> half = plan.model_copy(update={"change": 2.5, "cost": 10_000})
    >>> found = chain.compare_scenarios({"whole": plan, "half": half}, n_resamples=999, rng=1)
    >>> gap = found.estimates.difference(
    ...     ("whole", "net_present_value"), ("half", "net_present_value")
    ... )
    >>> round(float(gap["estimate"])), bool(gap["ci_low"] > 0)
    (4620, True)
    """
    if len(scenarios) < 2:  # noqa: PLR2004  a comparison needs two
        raise OptionError(
            f"{len(scenarios)} scenarios cannot be compared; give two or more by name"
        )
    plans = list(scenarios.values())
    check_same_terms(plans)
    if len({bool(plan.draws) for plan in plans}) > 1:
        raise OptionError(
            "some scenarios have draws and others none; give draws of all, or of none"
        )
    n = max(n_draws(plan, n_resamples, level) for plan in plans)
    seed = seed_of(seed_of(rng))
    known: dict[int, np.ndarray] = {}
    parts: list[FloatArray] = []
    for plan in plans:
        rows = by_input(draw_rows(plan, n, seed, known)) if n else {}
        parts.append(evaluate(plan, rows).quantities)
    k = len(QUANTITIES)
    labels = {
        "scenario": tuple(name for name in scenarios for _ in range(k)),
        "quantity": QUANTITIES * len(plans),
    }
    table: EstimateTable = table_of_rows(
        FrozenMapping(labels), np.concatenate(parts, axis=1), level=level
    )
    return ScenarioComparison(
        names=tuple(map(str, scenarios)), level=level, n_resamples=n, estimates=table
    )


@checked
def fix_first(
    scenarios: Mapping[str, Scenario],
    *,
    per: Literal["point", "cost"],
    spread: float | Literal["std_error"] | None = None,
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Return which measure brings most for a point or for its cost, with its rank (优先改进).

    Parameters
    ----------
    scenarios : mapping from str to Scenario
        Two or more, by name: a driver or a measure each.
    per : {"point", "cost"}
        "point": gain per point of the driver's index, whatever it costs. "cost": net present value
        per unit of cost.
    spread : float or {"std_error"}, optional
        How far the true values of the scenarios lie apart, as far as that is known before any
        data: the median of their standard deviation, in units of the estimates. "std_error" takes
        the standard error of one of them. With it there is a probability to be the first.
    n_resamples : int
        Number of draws to take.
    level : float
        Confidence level between 0 and 1; ranks hold together at it.
    rng : Generator, int or None
        Randomness.

    Returns
    -------
    DataFrame
        A row a ``scenario``, the first in rank on top: ``unit``, what is counted; ``performance``,
        the index of the driver now, if a scenario knows it; ``estimate``, and of draws
        ``std_error``, ``ci_low``, ``ci_high``; ``rank`` from 1, equal ones sharing the better;
        ``best`` and ``worst``, between which the rank lies; and ``first_share``, the share of the
        draws in which it is the first. That is no probability of being the best: with ``spread``
        there is ``first_probability``, which is one under the law of the Notes.

    Raises
    ------
    OptionError
        If a change is 0, or a cost with ``per="cost"``, or as of :func:`compare_scenarios`; if
        ``spread`` is not above 0, or is given without draws or for more than 12 scenarios.

    See Also
    --------
    compare_scenarios : All quantities of the scenarios, with any difference.
    loyaltymodel.plots.chain.driver_ranking : The picture.

    Notes
    -----
    Best and worst ranks come from intervals of all differences that hold together [1]_: the worst
    rank of a scenario counts all that it does not surely exceed. Percentiles of the ranks in the
    draws would be too narrow where scenarios are nearly alike. Of scenarios with the same draws,
    such as drivers of one survey drawn with one seed, a draw is one resample.

    The probability to be the first knows that the largest of several estimates is mostly too large.
    It rests on this law: true values are normal about a common mean, of which nothing is known,
    with a standard deviation tau; estimates are normal about them, with the covariance of the
    draws; and tau / (tau + median) is uniform from 0 to 1, so that tau is below a third of the
    median, below it and below three times it with a quarter, a half and three quarters. With the
    standard error as the median that is DuMouchel's law [2]_ (named from memory). tau is summed
    over and not estimated: of two or three drivers it would be estimated as 0 half of the time.
    "std_error" is the root of half the mean variance of the differences of two estimates.

    Over all truths of that law a stated 70 % is first in 70 % (``benchmarks/fix_first.py``). Where
    tau is one number, it is not: of two drivers that are truly alike the one that came out first
    has 65 % on average, where 50 % is right and its share of draws is 75 %; and if tau is twice
    the error it has 78 % and is first in 86 %. If you know how far drivers lie apart, say so.
    Probabilities are computed to about 0.0005.

    References
    ----------
    .. [1] Mogstad, M., Romano, J. P., Shaikh, A. M., & Wilhelm, D. (2024). Inference for ranks with
       applications to mobility across neighbourhoods and academic achievement across countries.
       Review of Economic Studies. doi:10.1093/restud/rdad006
    .. [2] DuMouchel, W. (1994). Hierarchical Bayes linear models for meta-analysis. National
       Institute of Statistical Sciences, Technical Report 27.

    Examples
    --------
    Three measures of 5 points each; what the first two bring differs less than is known:

    >>> import numpy as np
    >>> from loyaltymodel import chain
    >>> rng = np.random.default_rng(1)
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plans = {
    ...     name: chain.scenario(
    ...         name, "satisfaction", change=5, impact=impact, retention=0.75,
    ...         retention_slope=0.01, economics=money, observed_per="year", cost=10_000,
    ...         draws={"impact": rng.normal(impact, 0.05, 999)},
    ...     )
    ...     for name, impact in {"quality": 0.6, "value": 0.58, "image": 0.2}.items()
    ... }
    >>> found = chain.fix_first(plans, per="cost", spread="std_error", n_resamples=999, rng=1)
    >>> found[["scenario", "rank", "best", "worst", "first_share", "first_probability"]].round(2)
      scenario  rank  best  worst  first_share  first_probability
    0  quality     1     1      2         0.61               0.61
    1    value     2     1      2         0.39               0.39
    2    image     3     3      3         0.00               0.00
    """
    check_choice("per", per, Literal["point", "cost"])
    if isinstance(spread, str):
        check_choice("spread", spread, Literal["std_error"])
    elif spread is not None:
        check_positive("spread", spread)
    found = compare_scenarios(scenarios, n_resamples=n_resamples, level=level, rng=rng)
    plans, k = list(scenarios.values()), len(scenarios)
    if per == "point" and (still := [n for n, plan in scenarios.items() if plan.change == 0]):
        raise OptionError(f"the change of {still[0]!r} is 0, so that no point has a gain")
    rows = found.estimates.estimate[None]
    if found.estimates.replicates is not None:
        rows = np.concatenate([rows, found.estimates.replicates])
    table = rows.reshape(len(rows), k, -1)
    if per == "point":
        money = table[..., QUANTITIES.index("gain")] / np.array([plan.change for plan in plans])
    else:
        money = table[..., QUANTITIES.index("return_on_quality")]
        if not np.isfinite(money).all():
            free = found.names[int(np.argwhere(~np.isfinite(money))[0, 1])]
            raise OptionError(
                f'{free!r} costs nothing, so that nothing is per cost; take per="point"'
            )
    frame = table_of_rows({"scenario": found.names}, money, level=level).frame()
    frame.insert(1, "unit", _UNITS[per])
    levels = [np.nan if plan.driver_level is None else plan.driver_level for plan in plans]
    if not np.isnan(levels).all():
        frame.insert(2, "performance", levels)
    draws = money[1:] if len(money) > 1 else np.repeat(money, 2, axis=0)
    frame["rank"], frame["best"], frame["worst"] = rank_ends(money[0], draws, level=level)
    frame["first_share"] = np.bincount(draws.argmax(axis=1), minlength=k) / len(draws)
    if spread is not None:
        frame["first_probability"] = _first(money, spread)
    if len(money) == 1:
        frame = frame.drop(columns=["best", "worst", "first_share"])
    return frame.sort_values("rank", kind="stable", ignore_index=True)


def _first(money: FloatArray, spread: float | Literal["std_error"]) -> FloatArray:
    """Return the probability (k,) to be the largest of numbers with draws (1 + b, k)."""
    if len(money) == 1:
        raise OptionError("nothing is drawn, so that nothing is uncertain; leave spread out")
    if (k := money.shape[1]) > MOST:
        raise OptionError(
            f"there are {k} scenarios, and spread is for {MOST} at most; leave out those that are "
            "surely not the first"
        )
    covariance = np.cov(money[1:], rowvar=False)
    error = float(error_of(covariance))
    if not exceeds(error, 0.0, size=np.abs(money[0]).max()):
        first = reaches(money[0], money[0].max(), size=np.abs(money[0]).max())
        return np.asarray(first / first.sum())
    median = None if isinstance(spread, str) else np.array([spread])
    return np.asarray(first_probabilities(money[:1], covariance[None], median)[0])


def n_draws(plan: Scenario, n_resamples: int, level: float) -> int:
    """Return how many draws are taken: none where nothing is uncertain."""
    check_level(level)
    check_resamples(n_resamples, level=level)
    if plan.draws:
        check_resamples(min(map(len, plan.draws.values())), level=level, what="draws")
    return n_resamples if plan.draws else 0
