"""Whether what a programme changes is worth what it costs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_count, check_finite, check_positive, is_number, shown
from loyaltymodel._core.signature import checked
from loyaltymodel.economics.programme.result import ProgrammeEffect
from loyaltymodel.errors import OptionError


@checked
def programme_return(
    effect: ProgrammeEffect | float,
    *,
    margin: float,
    cost: float,
    fixed_cost: float = 0.0,
    members: int | None = None,
    periods: float = 1.0,
) -> pd.DataFrame:
    """Return what a programme brings in for its cost, and the break-even effect (忠诚计划投资回报).

    Parameters
    ----------
    effect : ProgrammeEffect or float
        What membership changes: units of the outcome per member and period. A result of
        :func:`programme_effect` brings its interval with it.
    margin : float
        What a unit of the outcome is worth to the firm before the costs of the programme, in
        money, above 0: 0.3 if the outcome is spending and 30 % of it remains, 1 if the outcome
        is a margin in money already.
    cost : float
        Cost of the programme in money per member and period, 0 or more, such as the mean of
        ``expected_cost`` of :meth:`LoyaltyProgramme.account`.
    fixed_cost : float
        Cost in money that comes once and for all members together, such as the software.
    members : int, optional
        Number of members; then everything is in total. Without it everything is per member,
        and there can be no fixed cost.
    periods : float
        Number of periods that effect and cost last, above 0.

    Returns
    -------
    DataFrame
        A row each (column ``quantity``) for ``incremental_margin``, ``cost``, ``net_gain`` (both
        in money, in total or per member, over all periods), ``return`` (net gain per unit of
        cost: 0.2 is 20 %) and ``break_even_effect`` (the effect at which the net gain is 0).
        Columns ``unit``, ``estimate``, ``ci_low`` and ``ci_high``, which are NaN for what is
        taken as known, and for an effect that is given as a number.

    Raises
    ------
    OptionError
        If a number is outside its range, there is no cost at all, or a fixed cost is given
        without the number of members.

    Notes
    -----
    gain = margin * effect * members * periods; cost = cost * members * periods + fixed cost;
    return = (gain - cost) / cost; break-even effect = cost / (margin * members * periods). All
    are linear in the effect, so that the ends of its interval become the ends of theirs. Costs
    and margin count as known. Nothing is discounted.

    The cost must be of all points that members earn, also on what they would have bought
    anyway; that is where programmes lose. The effect must be one on members: where it was
    estimated for everybody, or by a plain difference of customers who chose themselves, the return
    is not that of the programme.

    Examples
    --------
    Members spend 40 more a year, of which 30 % remain: 12 for a cost of 10.

    >>> from loyaltymodel import economics
    >>> found = economics.programme_return(40, margin=0.3, cost=10)
    >>> found[["quantity", "unit", "estimate"]].round(3)
                 quantity                           unit  estimate
    0  incremental_margin               money per member    12.000
    1                cost               money per member    10.000
    2            net_gain               money per member     2.000
    3              return               per unit of cost     0.200
    4   break_even_effect  outcome per member and period    33.333
    """
    value, low, high = _ends_of(effect)
    check_positive("margin", margin)
    check_positive("periods", periods)
    check_finite("cost", cost, least=0)
    check_finite("fixed_cost", fixed_cost, least=0)
    if members is not None:
        check_count("members", members, least=1)
    elif fixed_cost > 0:
        raise OptionError(
            f"fixed_cost={fixed_cost:.12g} is for all members together; give members=, their number"
        )
    scale = (1 if members is None else members) * periods
    total = cost * scale + fixed_cost
    if total == 0:
        raise OptionError("a programme without any cost has no return on it; give cost= above 0")
    known = np.array([1.0, np.nan, np.nan])
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        gain = margin * scale * np.array([value, low, high])
        rows = {
            "incremental_margin": gain,
            "cost": total * known,
            "net_gain": gain - total,
            "return": (gain - total) / total,
            "break_even_effect": np.divide(total, margin * scale) * known,
        }
    if not np.isfinite([numbers[0] for numbers in rows.values()]).all():
        raise OptionError(
            "margin, effect, cost and periods are too far apart to compute with; give them in "
            "other units"
        )
    money = "money per member" if members is None else "money in total"
    units = [money, money, money, "per unit of cost", "outcome per member and period"]
    estimate, low, high = np.array(list(rows.values())).T
    return EstimateTable(
        labels=FrozenMapping({"quantity": tuple(rows), "unit": tuple(units)}),
        estimate=estimate,
        ci_low=low,
        ci_high=high,
    ).frame()


def _ends_of(effect: ProgrammeEffect | float) -> tuple[float, float, float]:
    """Return the effect and the ends of its interval."""
    if isinstance(effect, ProgrammeEffect):
        row = effect.estimates.frame().iloc[0]
        return effect.estimate, float(row["ci_low"]), float(row["ci_high"])
    if not is_number(effect) or not math.isfinite(effect):
        raise OptionError(
            f"effect={shown(effect)} must be a result of programme_effect() or a finite number"
        )
    return float(effect), math.nan, math.nan
