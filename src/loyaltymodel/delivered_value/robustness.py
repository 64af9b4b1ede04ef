"""How firm the first place is: weights, components, the cheapest way up, and chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import difference, reaches
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, check_count, check_finite, check_positive
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, number, table_of
from loyaltymodel.delivered_value.components import Unit, by_component
from loyaltymodel.delivered_value.kernels import (
    Others,
    cheapest,
    swap_points,
    wins_under_dirichlet,
)
from loyaltymodel.errors import DataError, OptionError

if TYPE_CHECKING:
    from loyaltymodel.delivered_value.account import ValueAccount


def sensitivity_of(result: ValueAccount, others: Others) -> pd.DataFrame:
    """Return how far weights and components can move before the first place changes."""
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
    ValueAccount.cheapest_change : Finds it.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import value_account
    >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    >>> account.cheapest_change("B", unit_costs={"product": 2}).total_cost
    2.0
    """

    made_by: ClassVar[str] = ".cheapest_change() of value_account()"
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


def cheapest_change_of(
    result: ValueAccount,
    offer: object,
    *,
    unit_costs: Mapping[str, float] | pd.Series,
    limits: Mapping[str, float] | pd.Series | None,
    lead: float,
) -> CheapestChange:
    """Return the cheapest change that makes an offer the best."""
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


def probabilities_of_best(
    result: ValueAccount,
    *,
    concentration: float,
    n_resamples: int,
    level: float,
    rng: np.random.Generator | int | None,
) -> pd.DataFrame:
    """Return how probable it is that each offer is best if weights are uncertain."""
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
