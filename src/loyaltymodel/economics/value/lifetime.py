"""Doors to the value of customers: of one kind with everything, and of many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from loyaltymodel._core.accepted import AsGiven, Values
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, Numbers
from loyaltymodel._core.draws import stack_of
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import LARGEST, check_count
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import like, read_numbers, read_together
from loyaltymodel.economics.rates import BOUNDS, Period, PerPeriod, RateKind, in_period
from loyaltymodel.economics.value import kernels
from loyaltymodel.economics.value.result import (
    FIRST,
    LifetimeValue,
    Timing,
    check_inputs,
    check_paths,
    estimates_of,
)
from loyaltymodel.errors import DataError, OptionError

_KINDS: Mapping[str, RateKind] = {
    "margin": "amount",
    "retention": "retention",
    "discount": "discount",
    "growth": "growth",
}
_SLICE = 16_384  # customers whose numbers stay in the cache


@checked
def lifetime_value(
    margin: PerPeriod,
    *,
    retention: PerPeriod,
    discount: PerPeriod,
    timing: Timing,
    per: Period,
    growth: PerPeriod = 0.0,
    acquisition_cost: float = 0.0,
    horizon: int | None = None,
    beyond: Literal["last"] | None = None,
    draws: Mapping[str, Numbers] | None = None,
    level: float = 0.95,
) -> LifetimeValue:
    """Return what a customer is worth, and what moves that (顾客终身价值).

    Parameters
    ----------
    margin : float, Rate, or sequence of shape (T,)
        What a customer brings in a period, in money, after what it costs to serve. A sequence
        is by tenure: its t-th number, from 0, is that of a customer who has renewed t times.
    retention : float, Rate, or sequence of shape (T,)
        Share of customers who stay from one period to the next, from 0 to 1. The t-th number of
        a sequence, from 0, is the share of those who have renewed t times who renew once more.
    discount : float or Rate
        Rate of interest a period, above -1.
    timing : {"now", "after_renewal"}
        When the first margin comes in: at once, or from those who renew for the first time. The
        two differ by exactly the margin of tenure 0.
    per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period that plain numbers belong to. A :class:`Rate` of another period is refused.
    growth : float or Rate
        Relative growth of the margin a period, above -1.
    acquisition_cost : float
        What it cost to win the customer, in money, 0 or more.
    horizon : int, optional
        Number of renewals to look at, at least 1; without it there is no end.
    beyond : {"last"}, optional
        That the last number of a sequence holds on, if the horizon is longer.
    draws : mapping from str to array of shape (b,) or (b, T), optional
        Draws of some of the numbers, by their names here, for intervals: from a joint law, such as
        a posterior or the resamples of what they were estimated on. What has no draws counts as
        known.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    LifetimeValue
        Value, net value, what a point of retention is worth, lifetime, duration, break-even and
        elasticities, with intervals if there are draws.

    Raises
    ------
    OptionError
        If a number is outside its range, periods differ, a sequence is too short, or there is no
        horizon and retention times 1 + growth is not below 1 + discount.

    See Also
    --------
    customer_value : The same value for many customers at once.

    Notes
    -----
    V = sum of m_t S(t) (1 + g)^t / (1 + d)^t over the tenures t from 0 ("now") or from 1
    ("after_renewal"), with S(t) the product of the t retention rates before. With constant numbers,
    no growth and no end that is m (1 + d) / (1 + d - r) and m r / (1 + d - r). A horizon of n
    renewals ends at t = n.

    The duration sum of t PV_t / V is also the elasticity of V to the retention [1]_; net of the
    cost of acquisition A it is V / (V - A) times that. Elasticities of the value of firms are
    studied in [2]_.

    Constant retention is a strong claim. If customers differ, those who stay are the better
    ones, the retention of the others rises with tenure, and a constant average understates the
    value of customers who have stayed.

    References
    ----------
    .. [1] Pfeifer, P. E., & Farris, P. W. (2004). The elasticity of customer value to retention:
       the duration of a customer relationship. Journal of Interactive Marketing, 18(2), 20-31.
    .. [2] Gupta, S., Lehmann, D. R., & Stuart, J. A. (2004). Valuing customers. Journal of
       Marketing Research, 41(1), 7-18.

    Examples
    --------
    100 a year at once, four in five stay, 10 % interest: 100 * 1.1 / (1.1 - 0.8).

    >>> from loyaltymodel import economics
    >>> found = economics.lifetime_value(
    ...     100, retention=0.8, discount=0.1, timing="now", per="year"
    ... )
    >>> found.quantities.round(3)
                quantity  estimate
    0              value   366.667
    1          net_value   366.667
    2  value_of_a_point     12.644
    3  expected_lifetime     5.000
    4           duration     2.667
    >>> found.elasticities.round(3)
           input  estimate
    0  retention     2.667
    1     margin     1.000
    2   discount    -0.242

    Retention is known as 0.8 give or take 0.02, so the value has an interval:

    >>> import numpy as np
    >>> retention = np.random.default_rng(1).normal(0.8, 0.02, 2000)
    >>> found = economics.lifetime_value(
    ...     100, retention=0.8, discount=0.1, timing="now", per="year",
    ...     draws={"retention": retention},
    ... )
    >>> found.quantities.loc[0, ["estimate", "ci_low", "ci_high"]].astype(float).round(0).tolist()
    [367.0, 324.0, 424.0]
    """
    check_level(level)
    if horizon is not None:
        check_count("horizon", horizon, least=1)
    given = {"margin": margin, "retention": retention, "discount": discount, "growth": growth}
    numbers = {
        name: read_numbers(name, in_period(name, value, kind=_KINDS[name], per=per), any_size=True)
        for name, value in given.items()
    }
    for name in ("discount", "growth"):
        if numbers[name].ndim:
            raise OptionError(
                f"{name} has shape {numbers[name].shape}; give one number, others as draws of it"
            )
    numbers["acquisition_cost"] = np.asarray(acquisition_cost)
    check_paths(numbers, horizon=horizon, beyond=beyond)
    stack = stack_of(numbers, draws, bounds=BOUNDS)
    check_inputs(stack, horizon=horizon)
    return LifetimeValue(
        per=per,
        timing=timing,
        horizon=horizon,
        level=level,
        inputs=FrozenMapping(stack),
        estimates=estimates_of(stack, timing=timing, horizon=horizon, level=level),
    )


@checked
def customer_value(
    margin: PerPeriod,
    *,
    retention: PerPeriod,
    discount: PerPeriod,
    timing: Timing,
    per: Period,
    growth: PerPeriod = 0.0,
    acquisition_cost: Values = 0.0,
    horizon: int | None = None,
) -> AsGiven:
    """Return what each of many customers is worth (客户价值), less the cost of acquisition.

    Parameters
    ----------
    margin : float, Rate, array or Series
        What each brings in a period, in money, after what it costs to serve.
    retention : float, Rate, array or Series
        Probability that each stays from one period to the next, from 0 to 1.
    discount : float, Rate, array or Series
        Rate of interest a period, above -1.
    timing : {"now", "after_renewal"}
        When the first margin comes in: at once, or from those who renew for the first time.
    per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period that plain numbers belong to. A :class:`Rate` of another period is refused.
    growth : float, Rate, array or Series
        Relative growth of the margin a period, above -1.
    acquisition_cost : float, array or Series
        What it cost to win each, in money, 0 or more.
    horizon : int, optional
        Number of renewals to look at, at least 1; without it there is no end.

    Returns
    -------
    float, ndarray or Series
        Value of each, in money, in the form in which the numbers came; shapes go together as
        in NumPy, such as draws (b, 1) against customers (n,).

    Raises
    ------
    DataError
        If a number is missing or outside its range, labels or shapes do not fit, or there is no
        horizon and somebody's retention times 1 + growth is not below 1 + discount.
    OptionError
        If periods differ, or an option is not one of its choices.

    See Also
    --------
    lifetime_value : One kind of customer, with elasticities, break-even and intervals.

    Notes
    -----
    V = m / (1 - q) less the cost, or m q / (1 - q), with q = r (1 + g) / (1 + d); with a horizon of
    n renewals the terms up to q^n. The sum over the customers is the customer equity of the base.

    Examples
    --------
    10 * 1.25 / (1.25 - 0.75) and 20 * 1.25 / 1.25, less 5 each:

    >>> from loyaltymodel import economics
    >>> economics.customer_value(
    ...     [10, 20], retention=[0.75, 0.0], discount=0.25, acquisition_cost=5,
    ...     timing="now", per="year",
    ... )
    array([20., 15.])
    """
    if horizon is not None:
        check_count("horizon", horizon, least=1)
    given: dict[str, object] = {
        "margin": margin, "retention": retention, "discount": discount, "growth": growth,
    }  # fmt: skip
    read = {n: in_period(n, v, kind=_KINDS[n], per=per) for n, v in given.items()}
    read["acquisition_cost"] = acquisition_cost
    above = float(np.nextafter(-1.0, 0.0))
    bounds = {
        "margin": (-LARGEST, LARGEST),
        "retention": (0.0, 1.0),
        "discount": (above, LARGEST),
        "growth": (above, LARGEST),
        "acquisition_cost": (0.0, LARGEST),
    }
    arrays, series = read_together(read, bounds=bounds)
    found = _in_slices(arrays, first=FIRST[timing], last=horizon)
    return like(found if series is None else series, found, name="customer_value")


def _in_slices(arrays: list[FloatArray], *, first: int, last: int | None) -> FloatArray:
    """Return values slice by slice of the first axis, so that they stay in the cache."""
    if arrays[0].ndim == 0:
        return np.asarray(_values([a[None] for a in arrays], first=first, last=last)[0])
    found = np.empty(arrays[0].shape)
    step = max(1, _SLICE // max(1, found[:1].size))
    for start in range(0, len(found), step):
        rows = slice(start, start + step)
        # What is one number for all stays one number.
        part = [a[:1] if a.strides[0] == 0 else a[rows] for a in arrays]
        try:
            found[rows] = _values(part, first=first, last=last)
        except _Endless as endless:
            raise DataError(_words(arrays, start, endless.args[0])) from None
    return found


class _Endless(Exception):  # noqa: N818  it never leaves this module
    """A customer whose value has no end; its argument is the place among the rows."""


def _values(part: list[FloatArray], *, first: int, last: int | None) -> FloatArray:
    margin, retention, discount, growth, cost = part
    gap = kernels.gap_of(retention, growth, discount)
    if last is None and gap.min(initial=np.inf) <= 0:
        raise _Endless(int(np.argmax(gap.reshape(len(gap), -1).min(axis=1) <= 0)))
    return kernels.constant_value(margin, gap, first=first, last=last) - cost


def _words(arrays: list[FloatArray], start: int, place: int) -> str:
    """Say which customer's value has no end."""
    _, retention, discount, growth, _ = arrays
    row = start + place
    first = kernels.gap_of(retention[row], growth[row], discount[row]).argmin()
    r, d, g = (
        np.broadcast_to(a[row], arrays[0][row].shape).flat[first]
        for a in (retention, discount, growth)
    )
    return (
        f"retention {r:g} times 1 + growth {g:g} must be below 1 + discount {d:g} (row {row}), or "
        "the value has no end; give horizon=, the number of renewals to look at"
    )
