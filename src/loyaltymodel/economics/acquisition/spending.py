"""The best spending on winning and on keeping customers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.draws import AMOUNT, ANY, POSITIVE, SHARE, Bound, stack_of, table_of_rows
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, check_finite, shown
from loyaltymodel._core.signature import checked
from loyaltymodel.economics.acquisition.curve import ResponseCurve
from loyaltymodel.economics.acquisition.kernels import (
    Curves,
    best_spending,
    best_within,
    prospect_value,
    quantities_of,
    without_limit,
)
from loyaltymodel.economics.acquisition.result import UNITS, AcquisitionRetention, SpendTiming
from loyaltymodel.economics.rates import Period, Rate, in_period
from loyaltymodel.errors import OptionError

_BOUNDS = {
    **{f"{side}_ceiling": SHARE for side in ("acquisition", "retention")},
    **{f"{side}_steepness": POSITIVE for side in ("acquisition", "retention")},
    **{f"{side}_floor": SHARE for side in ("acquisition", "retention")},
    "margin": ANY,
    "discount": Bound(-1.0, open_low=True),
    "budget": AMOUNT,
}


@checked
def acquisition_retention(
    acquisition: ResponseCurve,
    retention: ResponseCurve,
    *,
    margin: float | Rate,
    discount: float | Rate,
    per: Period,
    spend_timing: SpendTiming,
    budget: float | None = None,
    draws: Mapping[str, Numbers] | None = None,
    level: float = 0.95,
) -> AcquisitionRetention:
    """Return the spending on winning and keeping customers that pays best (获取与保留的平衡).

    Parameters
    ----------
    acquisition : ResponseCurve
        Share of prospects who are won, for spending in money per prospect, once.
    retention : ResponseCurve
        Share of customers who are kept at each renewal, for spending in money per customer who
        comes up for renewal, each period.
    margin : float or Rate of kind "amount"
        What a customer brings per period before retention spending, in money. The first comes
        at once, the next with each renewal.
    discount : float or Rate of kind "discount"
        Rate of interest per period. The ceiling of retention must lie below 1 + discount.
    per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period from one renewal to the next, to which all numbers belong.
    spend_timing : {"at_renewal", "in_advance"}
        When retention is paid for: together with the margin of the renewal for which it is
        spent, as in Blattberg and Deighton (1996); or a period before, so that it is first spent
        together with the first margin. Texts differ, so there is no default.
    budget : float, optional
        The most that may be spent per prospect: on acquisition, and in expected present value on
        the retention of those who are won. Without it nothing limits spending but its return.
    draws : mapping from str to array of shape (b,), optional
        Joint draws of some of ``acquisition_ceiling``, ``acquisition_steepness``,
        ``acquisition_floor``, the same three of ``retention``, ``margin``, ``discount`` and
        ``budget``.
    level : float
        Confidence level of the intervals that draws give.

    Returns
    -------
    AcquisitionRetention
        A row each for ``acquisition_spend`` and ``acquisition_rate``, ``retention_spend`` and
        ``retention_rate``, ``customer_value`` (of a customer who was won, net of retention
        spending), ``prospect_value`` (net of all spending), ``total_spend`` (present value) and
        ``acquisition_share`` of it; ``cost_per_customer_won`` and ``cost_per_customer_kept``, which
        are averages, and their ``cost_ratio``; the ``marginal_cost_of_winning`` and ``_of_keeping``
        one customer more; with a budget the ``budget_multiplier``, what a further unit of it
        would add in value beyond itself; with draws the ``planned_value``, what the spending of
        the estimates brings in each draw.

    Raises
    ------
    OptionError
        If a number is outside its range, a rate belongs to another period, or the ceiling of
        retention is not below 1 + discount, so that the value of a customer has no bound.

    See Also
    --------
    ResponseCurve : What is claimed of a spending.

    Notes
    -----
    With A spent per prospect and R per customer and renewal, a = a(A), r = r(R), r' = r / (1 + d),
    a prospect is worth

        a m - A + a (m - R / r) r' / (1 - r') = a (m (1 + d) - R) / (1 + d - r) - A

    with "at_renewal"; R becomes R (1 + d) with "in_advance". R is spent on everybody who comes up
    for renewal, R / r on each who stays. The form on the right shows that the best R does not
    depend on acquisition: it maximises the value v of a customer, and the best A follows from
    exp(-k A) = 1 / (k (C - floor) v). Both have closed forms, R by Wright's omega function, and
    both are 0 where the first unit of money brings less than itself. With a budget both costs are
    multiplied by the number, 1 + ``budget_multiplier``, at which the budget is met.

    At the optimum it costs v to win a further customer, and v to keep a further one (Pfeifer 2005).
    So the *marginal* costs are equal where nothing is 0. The *average* costs, of which it is said
    that winning costs five times as much, may have any ratio there: such a ratio does not tell
    where money is missing.

    The curves rise from their floor to their ceiling without a threshold. Margin and retention are
    constant, prospects and customers all alike, and competitors do not answer.

    References
    ----------
    Blattberg, R. C., & Deighton, J. (1996). Manage marketing by the customer equity test. *Harvard
    Business Review*, 74(4), 136-144. (The article was not seen whole; the formula is derived
    above.)

    Pfeifer, P. E. (2005). The optimal ratio of acquisition and retention costs. *Journal of
    Targeting, Measurement and Analysis for Marketing*, 13(2), 179-188. (Its abstract was seen.)

    Examples
    --------
    For 5 per prospect a fifth is won, never more than 40 %; for 10 per customer and year 60 % are
    kept, never more than 80 %.

    >>> from loyaltymodel import economics
    >>> win = economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4)
    >>> keep = economics.ResponseCurve.calibrated(10, 0.6, ceiling=0.8)
    >>> found = economics.acquisition_retention(
    ...     win, keep, margin=50, discount=0.1, per="year", spend_timing="at_renewal"
    ... )
    >>> table = found.quantities.set_index("quantity")["estimate"]
    >>> table[["acquisition_spend", "retention_spend", "prospect_value"]].round(2).to_dict()
    {'acquisition_spend': 12.44, 'retention_spend': 17.44, 'prospect_value': 20.81}

    It costs as much to win one more as to keep one more, although winning is dearer on average:

    >>> table[["marginal_cost_of_winning", "marginal_cost_of_keeping", "cost_ratio"]].round(2)
    quantity
    marginal_cost_of_winning    101.16
    marginal_cost_of_keeping    101.16
    cost_ratio                    1.58
    Name: estimate, dtype: float64
    """
    check_choice("spend_timing", spend_timing, SpendTiming)
    check_level(level)
    numbers = {
        **_of_curve("acquisition", acquisition),
        **_of_curve("retention", retention),
        "margin": _single("margin", in_period("margin", margin, kind="amount", per=per)),
        "discount": _single("discount", in_period("discount", discount, kind="discount", per=per)),
    }
    check_finite("margin", numbers["margin"])
    if budget is not None:
        numbers["budget"] = float(budget)
    stack = stack_of(numbers, draws, bounds=_BOUNDS)
    problem = Curves.of(stack, in_advance=spend_timing == "in_advance")
    _check(stack, problem)
    if budget is None:
        winning, keeping = best_spending(problem)
        more = {}
    else:
        winning, keeping, multiplier = best_within(problem, stack["budget"])
        more = {"budget_multiplier": multiplier}
    found = {**quantities_of(problem, winning, keeping), **more}
    if draws:
        found["planned_value"] = prospect_value(problem, winning[:1], keeping[:1])
    rows = np.column_stack(list(found.values()))
    labels = {"quantity": tuple(found), "unit": tuple(UNITS[name] for name in found)}
    return AcquisitionRetention(
        acquisition=acquisition,
        retention=retention,
        margin=numbers["margin"],
        discount=numbers["discount"],
        per=per,
        spend_timing=spend_timing,
        budget=None if budget is None else float(budget),
        level=level,
        estimates=table_of_rows(labels, rows, level=level),
    )


def _of_curve(side: str, curve: ResponseCurve) -> dict[str, float]:
    return {f"{side}_{name}": getattr(curve, name) for name in ("ceiling", "steepness", "floor")}


def _single(name: str, given: object) -> float:
    number = np.asarray(given, np.float64)
    if number.ndim:
        raise OptionError(
            f"{name} has shape {number.shape}; give one number, and others as draws of it"
        )
    return float(number)


def _check(stack: Mapping[str, FloatArray], problem: Curves) -> None:
    """Raise an OptionError where a draw makes no curve, or a value has no bound."""
    for side in ("acquisition", "retention"):
        ceiling, floor = stack[f"{side}_ceiling"], stack[f"{side}_floor"]
        if (wrong := floor >= ceiling).any():
            place = int(np.argmax(wrong))
            raise OptionError(
                f"draw {place - 1} has {side}_floor={shown(float(floor[place]))} and "
                f"{side}_ceiling={shown(float(ceiling[place]))}; the floor must lie below the "
                "ceiling in every draw"
            )
    if (wrong := without_limit(problem)).any():
        place = int(np.argmax(wrong))
        what = "retention" if place == 0 else f"draw {place - 1} of retention"
        raise OptionError(
            f"{what} has the ceiling {problem.retention['ceiling'][place]:g} with a discount of "
            f"{problem.growth[place] - 1:g}, so that the value of a customer has no bound; give a "
            "ceiling below 1 + discount"
        )
