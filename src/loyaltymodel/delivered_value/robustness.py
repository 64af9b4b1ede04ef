"""How firm the first place is: weights, components, the cheapest way up, and chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import difference, reaches
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, check_count, check_finite, check_positive
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, table_of
from loyaltymodel.delivered_value.account import ValueAccount
from loyaltymodel.delivered_value.components import Unit, by_component
from loyaltymodel.delivered_value.kernels import (
    Others,
    cheapest,
    swap_points,
    wins_under_dirichlet,
)
from loyaltymodel.errors import DataError, OptionError


@checked
def sensitivity(result: ValueAccount, *, others: Others = "fixed") -> pd.DataFrame:
    """Return how far weights and components can move before the first place changes (敏感性分析).

    Parameters
    ----------
    result : ValueAccount
        Two offers or more. The first is the one of highest delivered value; of several, the one
        that stands first.
    others : {"fixed", "rescaled"}
        What the other weights do while one moves: stay as they are, or share what is left of the
        sum of weights in their old proportions.

    Returns
    -------
    DataFrame
        Three rows a component: ``component``, ``side``, ``quantity``, ``current``, ``limit``
        at which the first is no longer alone at the top, ``change`` from here to there, and
        ``rival``, who draws level there. The quantities are "lower weight" and "higher weight"
        (None draws level down to 0, or up to infinity or the sum of weights), and "worse level",
        of the first offer (NaN for weights of 0).

    Raises
    ------
    DataError
        If there is only one offer.
    OptionError
        If ``others`` is not one of its choices.

    Notes
    -----
    One thing moves at a time. With d_i = s_i (a_i - b_i), where s is 1 for values and -1 for
    costs, the lead of offer a over b is D = sum(w_i d_i); with the others fixed it is 0 at
    w_i - D / d_i. Several small changes together can turn the order where none alone can: see
    :func:`probability_of_best`. The limit of a level can lie off the scale of the answers; then the
    first place is safe from that component.

    Examples
    --------
    A has 9 - 5 = 4 and B has 6 - 3 = 3. A leads by 1: by 3 in product, less 2 in cost. The lead
    is gone at a weight of 1 - 1/3 of the product, of 1 + 1/2 of the cost, or if A's product
    falls by 1:

    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import sensitivity, value_account
    >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    >>> table = sensitivity(account)
    >>> table[["component", "quantity", "current", "limit", "rival"]].round(3)
      component       quantity  current  limit rival
    0   product   lower weight      1.0  0.667     B
    1   product  higher weight      1.0    inf  None
    2   product    worse level      9.0  8.000     B
    3  monetary   lower weight      1.0  0.000  None
    4  monetary  higher weight      1.0  1.500     B
    5  monetary    worse level      5.0  6.000     B
    """
    check_choice("others", others, Others)
    _check_rivals(result)
    gain, weights = result.gain, result.weights
    value, size = gain @ weights, np.abs(gain) @ weights
    first = int(np.argmax(reaches(value, value.max(), size=size)))  # of equals the first
    found = swap_points(gain, weights, first, others)
    others_value = np.where(np.arange(len(value)) == first, -np.inf, value)
    second = int(np.argmax(reaches(others_value, others_value.max(), size=size)))
    split, k = len(result.values), len(weights)
    away = np.repeat([-1.0, 1.0], [split, len(result.costs)])
    with np.errstate(divide="ignore", invalid="ignore"):
        lead = difference(value[first], value[second], size=size[first])
        change = np.where(weights > 0, away * lead / weights, np.nan)
    levels = result.levels[first]
    current = np.stack([weights, weights, levels], axis=1)
    limit = np.stack([found.low, found.high, levels + change], axis=1)
    level_rival = np.where(weights > 0, second, len(result.offers))
    rivals = np.stack([found.low_rival, found.high_rival, level_rival], axis=1)
    names = [*result.offers, None]
    return pd.DataFrame(
        {
            "component": np.repeat(result.components, 3),
            "side": np.repeat(["value", "cost"], [3 * split, 3 * (k - split)]),
            "quantity": ["lower weight", "higher weight", "worse level"] * k,
            "current": current.ravel(),
            "limit": limit.ravel(),
            "change": (limit - current).ravel(),
            "rival": pd.Series([names[place] for place in rivals.ravel()], dtype=object),
        }
    )


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class CheapestChange(Result):
    """The cheapest way for an offer to become the best.

    Attributes
    ----------
    offer, rival : object
        Names of the offer, and of the best of the others.
    unit : str
        "money" or "points", of delivered value and levels.
    gap : float
        How much delivered value the offer has to gain; 0 or less if nothing is needed.
    components : tuple of str
        The components, values first.
    levels : ndarray of shape (k,)
        Levels of the offer as it is.
    improvements : ndarray of shape (k,)
        By how much each component gets better: values rise, costs fall; 0 or more.
    new_levels : ndarray of shape (k,)
        Levels of the offer after the change.
    expenses : ndarray of shape (k,)
        What each improvement costs the firm.

    See Also
    --------
    cheapest_change : Finds it.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import cheapest_change, value_account
    >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    >>> cheapest_change(account, "B", unit_costs={"product": 2}).total_cost
    2.0
    """

    made_by: ClassVar[str] = "cheapest_change()"
    rests_on_data: ClassVar[bool] = False

    offer: Any
    rival: Any
    unit: Unit
    gap: float
    components: tuple[str, ...]
    levels: FloatArray
    improvements: FloatArray
    new_levels: FloatArray
    expenses: FloatArray

    @property
    def total_cost(self) -> float:
        """What all improvements together cost the firm."""
        return float(self.expenses.sum())

    @property
    def changes(self) -> pd.DataFrame:
        """A row a component: level, improvement, new level and cost to the firm."""
        return pd.DataFrame(
            {
                "component": list(self.components),
                "level": self.levels,
                "improvement": self.improvements,
                "new_level": self.new_levels,
                "cost": self.expenses,
            }
        )

    def _title(self) -> str:
        return f"Cheapest change that makes {self.offer} the best"

    def _brief(self) -> str:
        return f"{self.offer} past {self.rival}, total cost {number(self.total_cost)}"

    def _facts(self) -> Facts:
        return (
            ("best rival", str(self.rival)),
            ("to gain", f"{number(max(self.gap, 0.0))} {self.unit}"),
            ("total cost", number(self.total_cost)),
        )

    def _tables(self) -> Sequence[Table]:
        return (table_of("Changes", self.changes),)


@checked
def cheapest_change(
    result: ValueAccount,
    offer: object,
    *,
    unit_costs: Mapping[str, float] | pd.Series,
    limits: Mapping[str, float] | pd.Series | None = None,
    lead: float = 0.0,
) -> CheapestChange:
    """Return the cheapest change of components that makes an offer the best (最低成本改进).

    Parameters
    ----------
    result : ValueAccount
        Two offers or more.
    offer : object
        Name of the offer that is to be the best.
    unit_costs : mapping or Series from component to number
        What one unit of improvement costs the firm, 0 or more: a unit more of a value, or a unit
        less of a customer's cost, in the units of ``result.levels``. Components that are not
        named stay as they are.
    limits : mapping or Series from component to number, optional
        The largest possible improvement of a component, 0 or more. A cost can fall to 0 at most,
        whether it is named or not; a value that is not named can rise without limit.
    lead : float
        By how much the offer is to lead over the best of the others; with 0 it draws level.

    Returns
    -------
    CheapestChange
        Improvements and what they cost. None are needed if the offer leads by enough already.

    Raises
    ------
    DataError
        If there is only one offer, no offer of that name, or no change within the limits is
        enough.
    OptionError
        If ``unit_costs`` or ``limits`` name an unknown component or hold a negative number, or
        ``lead`` is not a number of 0 or more.

    Notes
    -----
    The smallest sum(c_i d_i) with sum(w_i d_i) >= gap and 0 <= d_i <= limit_i. With one such
    constraint the linear programme is solved exactly by taking components in order of c_i / w_i,
    the cost of a unit of delivered value, each to its limit. Costs that grow with the size of a
    change, and rivals that answer, are not part of it.

    Examples
    --------
    A has 9 - 5 = 4, B has 6 - 3 = 3 and needs 1 more. A point of product costs 2, and one off the
    price 3, so the product rises by 1. If it can rise by a half only, the price does the rest:

    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import cheapest_change, value_account
    >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    >>> costs = {"product": 2, "monetary": 3}
    >>> cheapest_change(account, "B", unit_costs=costs).total_cost
    2.0
    >>> change = cheapest_change(account, "B", unit_costs=costs, limits={"product": 0.5})
    >>> change.changes
      component  level  improvement  new_level  cost
    0   product    6.0          0.5        6.5   1.0
    1  monetary    3.0          0.5        2.5   1.5
    """
    _check_rivals(result)
    own = result.place_of(offer)
    names = result.components
    # Components without a price cannot be changed, those without a limit without end.
    price = _not_negative("unit_costs", unit_costs, names)
    most = _not_negative("limits", {} if limits is None else limits, names)
    split = len(result.values)
    most[split:] = np.minimum(most[split:], result.levels[own, split:].clip(0))
    most[np.isinf(price)] = 0.0
    check_finite("lead", lead, least=0)
    value, size = result.gain @ result.weights, np.abs(result.gain) @ result.weights
    best = value.copy()
    best[own] = -np.inf
    rival = int(np.argmax(best))
    gap = float(difference(value[rival] + lead, value[own], size=max(size[rival], size[own])))
    change = cheapest(gap, result.weights, np.where(np.isinf(price), 0.0, price), most)
    if change is None:
        gained = float(result.weights[most > 0] @ most[most > 0])
        raise DataError(
            f"{offer!r} cannot lead: it needs {gap:g} more delivered value, and all allowed "
            f"changes together bring {gained:g}; allow larger changes in limits, or price more "
            "components in unit_costs"
        )
    towards = np.repeat([1.0, -1.0], [split, len(result.costs)])
    return CheapestChange(
        offer=result.offers[own],
        rival=result.offers[rival],
        unit=result.unit,
        gap=gap,
        components=names,
        levels=result.levels[own],
        improvements=change,
        new_levels=result.levels[own] + towards * change,
        expenses=change * np.where(change > 0, price, 0.0),
    )


@checked
def probability_of_best(
    result: ValueAccount,
    *,
    concentration: float,
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Return how probable it is that each offer is best if weights are uncertain (优选概率).

    Parameters
    ----------
    result : ValueAccount
        Two offers or more. Its weights, divided by their sum, are the means of the uncertain ones.
    concentration : float
        How sure the weights are, above 0: the sum of the parameters of the Dirichlet law. The
        standard deviation of a weight of mean m is sqrt(m (1 - m) / (concentration + 1)). With k
        equal weights, k means that every set of weights is equally likely.
    n_resamples : int
        Number of sets of weights to draw.
    level : float
        Confidence level between 0 and 1, for the error of simulation.
    rng : numpy.random.Generator, int or None
        Randomness; the same seed draws the same weights.

    Returns
    -------
    DataFrame
        A row an offer, in the order of the account: ``offer``, ``estimate`` of the probability
        from 0 to 1, ``std_error``, ``ci_low`` and ``ci_high``, which say how far the simulation
        can be off.
        Offers that share the best place in a draw share the draw.

    Raises
    ------
    DataError
        If there is only one offer.
    OptionError
        If ``concentration``, ``n_resamples`` or ``level`` is not as described.

    Notes
    -----
    Weights ~ Dirichlet(concentration * w / sum(w)), over values and costs together; a weight of 0
    stays 0. The probability is about our ignorance of the weights, not about customers: it is not
    the share of customers who choose the offer, for which see :func:`compare_offers`. More draws
    make the simulation surer, not the weights.

    Examples
    --------
    A leads by 3 in product and lags by 2 in cost, so it is the best where 3 w > 2 (1 - w), from a
    weight of 0.4 of the product on. If every weight from 0 to 1 is equally likely, that is 0.6:

    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import probability_of_best, value_account
    >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    >>> table = probability_of_best(account, concentration=2, n_resamples=100_000, rng=1)
    >>> table[["offer", "estimate", "std_error"]].round(2)
      offer  estimate  std_error
    0     A       0.6        0.0
    1     B       0.4        0.0
    """
    check_positive("concentration", concentration)
    check_count("n_resamples", n_resamples, least=1)
    check_level(level)
    _check_rivals(result)
    counts = result.weights > 0
    alpha = concentration * result.weights[counts] / result.weights.sum()
    share, square = wins_under_dirichlet(
        result.gain[:, counts], alpha, int(n_resamples), np.random.default_rng(rng)
    )
    error = np.sqrt(np.maximum(square - share**2, 0.0) / n_resamples)
    size = np.array(float(n_resamples))
    table = EstimateTable.wilson({"offer": result.offers}, share, size, level=level)
    return replace(table, std_error=error).frame()


def _check_rivals(result: ValueAccount) -> None:
    if len(result.offers) == 1:
        raise DataError(
            f"there is only one offer, {result.offers[0]!r}; make the account from a table that "
            "has a row for at least one rival as well"
        )


def _not_negative(option: str, given: object, names: tuple[str, ...]) -> FloatArray:
    """Return numbers of at least 0, infinity where none is given."""
    found = by_component(option, given, names, absent=np.inf)
    if (found < 0).any():
        worst = names[int(np.argmin(found))]
        raise OptionError(
            f"{option} has {found.min():g} for {worst!r}; it must be 0 or more. An improvement is "
            "counted upwards on both sides: more of a value, less of a cost"
        )
    return found
