"""Profit of a customer by length of the relationship, part by part."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenMapping, Numbers
from loyaltymodel._core.draws import stack_of
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_count, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.economics.rates import BOUNDS, Period, PerPeriod, in_period
from loyaltymodel.economics.tenure_profit.result import (
    Beyond,
    ProfitTiming,
    TenureProfit,
    check_end,
    tables_of,
)
from loyaltymodel.errors import OptionError

_OTHERS = ("acquisition_cost", "retention", "discount")


@checked
def profit_by_tenure(
    components: Mapping[str, PerPeriod],
    *,
    acquisition_cost: float,
    retention: PerPeriod,
    discount: PerPeriod,
    timing: ProfitTiming,
    per: Period,
    periods: int | None = None,
    beyond: Beyond | None = None,
    draws: Mapping[str, Numbers] | None = None,
    level: float = 0.95,
) -> TenureProfit:
    """Return what a customer brings year by year, part by part (忠诚客户的利润构成).

    Parameters
    ----------
    components : mapping from str to float, Rate or sequence of shape (n,)
        Parts of the profit of a customer who is there, in money: one number for every period,
        or a sequence from the first period of the relationship on. Reichheld and Sasser name
        "base", "growth" (more purchases), "cost_saving", "referrals" and "price_premium". Costs
        are negative. Each part counts from what it adds to the others.
    acquisition_cost : float
        What it cost to win the customer, in money, 0 or more, before the first period.
    retention : float, Rate or sequence of shape (n,)
        Share of customers who go on from each period to the next, 0 to 1. With ``retention=1``
        everything is of a customer who stays. The last of n numbers matters only beyond.
    discount : float or Rate
        Rate of interest a period, above -1.
    timing : {"now", "end_of_period"}
        When the profit of a period comes in: at its beginning, the first together with the cost
        of acquisition, as in :func:`lifetime_value` with "now"; or at its end. All who begin a
        period bring it. Texts differ, so there is no default.
    per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period to which all numbers belong.
    periods : int, optional
        Number of periods to look at, at least 1; by default as many as the sequences have.
    beyond : {"last"}, optional
        That the last number of each sequence holds on: up to ``periods``, or, without it, for
        ever. Otherwise nothing is counted behind the sequences.
    draws : mapping from str to array of shape (b,) or (b, n), optional
        Joint draws of components, by their names, and of "acquisition_cost", "retention" and
        "discount".
    level : float
        Confidence level of the intervals that draws give.

    Returns
    -------
    TenureProfit
        Profit, share who are there, discounted and cumulative profit by period; the value by
        component; value, lifetime, deepest loss and break-even.

    Raises
    ------
    OptionError
        If a number is outside its range, sequences differ in length or are not as long as
        ``periods``, a component is called like another number, a rate belongs to another period,
        or without an end the last retention is not below 1 + discount.

    See Also
    --------
    tenure_profit_test : Whether profit rises with tenure at all.
    lifetime_value : The value of a customer with its elasticities.

    Notes
    -----
    value = -A + sum over t of S(t) pi_t / (1 + d)^(t - 1) with "now", / (1 + d)^t with
    "end_of_period", pi_t the sum of the components, S(t) the product of the retention rates
    before period t. Break-even is the first period with whose profit the sum reaches 0, counted
    from 1 for the first period of the relationship; infinite where that never happens.

    That each part rises with tenure is the claim of Reichheld and Sasser (1990); the numbers are
    yours. Reinartz and Kumar (2000) found little of it outside contracts.

    References
    ----------
    Reichheld, F. F., & Sasser, W. E. (1990). Zero defections: quality comes to services. *Harvard
    Business Review*, 68(5), 105-111. (Named after texts that cite it.)

    Reinartz, W. J., & Kumar, V. (2000). On the profitability of long-life customers in a
    noncontractual setting: an empirical investigation and implications for marketing. *Journal of
    Marketing*, 64(4), 17-35. (The beginning of a working paper of it was seen.)

    Examples
    --------
    A customer costs 80 to win, and brings 20 a year and more from what he comes to buy:

    >>> from loyaltymodel import economics
    >>> found = economics.profit_by_tenure(
    ...     {"base": 20, "growth": [0, 10, 20, 30]},
    ...     acquisition_cost=80, retention=1, discount=0, timing="end_of_period", per="year",
    ... )
    >>> table = found.periods
    >>> table[table["quantity"] == "cumulative"][["period", "estimate"]]
        period  estimate
    12       1     -60.0
    13       2     -30.0
    14       3      10.0
    15       4      60.0
    >>> found.break_even_period
    3.0
    """
    check_level(level)
    if not components:
        raise OptionError('there are no components; give at least one, such as {"base": 100}')
    if taken := [name for name in components if name in _OTHERS]:
        raise OptionError(
            f"a component is called {taken[0]!r}, which is another argument; call it otherwise"
        )
    numbers: dict[str, FloatArray] = {
        name: _path(name, in_period(name, values, kind="amount", per=per))
        for name, values in components.items()
    }
    numbers["acquisition_cost"] = np.asarray(acquisition_cost, np.float64)
    given = in_period("retention", retention, kind="retention", per=per)
    numbers["retention"] = _path("retention", given)
    given = in_period("discount", discount, kind="discount", per=per)
    numbers["discount"] = _path("discount", given)
    if numbers["discount"].ndim:
        raise OptionError("discount is a sequence; give one rate of interest for all periods")
    n = _length(numbers, periods, beyond)
    stack = stack_of(numbers, draws, bounds=BOUNDS)
    endless = beyond is not None and periods is None
    if endless:
        check_end(stack)
    inputs = FrozenMapping(stack)
    names = tuple(components)
    estimates, worth = tables_of(
        inputs, names, n_periods=n, timing=timing, endless=endless, level=level
    )
    return TenureProfit(
        per=per,
        timing=timing,
        beyond=beyond,
        n_periods=n,
        endless=endless,
        level=level,
        names=names,
        inputs=inputs,
        estimates=estimates,
        component_estimates=worth,
    )


def _path(name: str, given: object) -> FloatArray:
    """Return a number, or a sequence of them, by period."""
    found = read_numbers(name, given, any_size=True)
    if found.ndim > 1 or found.size == 0:
        raise OptionError(
            f"{name} has shape {found.shape}; give one number, or a sequence with one a period"
        )
    return found


def _length(numbers: Mapping[str, FloatArray], periods: int | None, beyond: Beyond | None) -> int:
    """Return the number of periods, which sequences must have."""
    lengths = {name: len(values) for name, values in numbers.items() if values.ndim}
    if periods is not None:
        check_count("periods", periods, least=1)
        wrong = {k: v for k, v in lengths.items() if v > periods or (v < periods and not beyond)}
        if wrong:
            name, length = next(iter(wrong.items()))
            way = "" if length > periods else ', or beyond="last" if the last one holds on'
            raise OptionError(
                f"{name} has {length} numbers for periods={periods}; give one a period{way}"
            )
        return periods
    if not lengths:
        if beyond:
            return 1
        raise OptionError(
            "all numbers are constant, so nothing says how many periods to look at; give periods=, "
            'or beyond="last" for no end'
        )
    if len(set(lengths.values())) > 1 and not beyond:
        said = enumerate_names(f"{name} {length}" for name, length in lengths.items())
        raise OptionError(
            f"sequences must have a number for every period, but differ in length: {said}; or give "
            'beyond="last" if the last one holds on'
        )
    return max(lengths.values())
