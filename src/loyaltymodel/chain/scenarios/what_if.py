"""Doors to a scenario's money: what if, what change would be needed, which of several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.draws import table_of_rows
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level, check_resamples
from loyaltymodel._core.options import check_choice, check_finite
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.signature import checked
from loyaltymodel.chain.scenarios.evaluation import (
    by_input,
    check_same_terms,
    draw_rows,
    evaluate,
    needed_change,
)
from loyaltymodel.chain.scenarios.kernels import PARTS, QUANTITIES
from loyaltymodel.chain.scenarios.result import UNITS, ScenarioComparison, WhatIf
from loyaltymodel.chain.scenarios.specification import Scenario
from loyaltymodel.errors import OptionError

Wanted = Literal[
    "index_change", "retention_after", "retention_change", "value_after", "value_change",
    "equity_change", "referrals", "gain", "net_present_value", "return_on_quality",
]  # fmt: skip

_POINTS = 100.0


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
        Number of draws to take. Of those of a source, no more than there are are taken once each.
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
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000
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
    n = _number(scenario, n_resamples, level)
    rows = by_input(draw_rows(scenario, n, np.random.default_rng(rng))) if n else {}
    found = evaluate(scenario, rows)
    labels = {"quantity": QUANTITIES, "unit": tuple(UNITS[q] for q in QUANTITIES)}
    return WhatIf(
        scenario=scenario,
        level=level,
        n_resamples=n,
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
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000
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
    n = _number(scenario, n_resamples, level)
    rows = by_input(draw_rows(scenario, n, np.random.default_rng(rng))) if n else {}
    most = _POINTS - (scenario.driver_level or 0.0)
    change = needed_change(scenario, rows, quantity, target, most)
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
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000
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
    n = _number(plans[0], n_resamples, level)
    generator = np.random.default_rng(rng)
    known: dict[int, np.ndarray] = {}
    parts: list[FloatArray] = []
    for plan in plans:
        rows = by_input(draw_rows(plan, n, generator, known)) if n else {}
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


def _number(plan: Scenario, n_resamples: int, level: float) -> int:
    """Return how many draws are taken: none where nothing is uncertain."""
    check_level(level)
    check_resamples(n_resamples, level=level)
    return n_resamples if plan.draws else 0
