"""What loyal customers bring beside their purchases, item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.draws import ANY, Bound, stack_of, table_of_rows
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_count, enumerate_names, repeated, suggest
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import OptionError

BenefitTiming = Literal["now", "end_of_period"]

_DISCOUNT = "discount"
_TIMES = {"now": "at the beginning of each period", "end_of_period": "at the end of each period"}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BenefitsAccount(Result):
    """What loyal customers bring, item by item; made by :func:`benefits_account`.

    Attributes
    ----------
    customers : int or None
        Customers who bring it.
    recurring : tuple of str
        Items that come each period.
    periods : int or None
        How often they come.
    timing : {"now", "end_of_period"} or None
        When they come.
    level : float
        Confidence level of the intervals, if there were draws.
    estimates : EstimateTable
        By ``quantity``, ``group`` and ``item``: see :attr:`items` and :attr:`totals`.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.benefits_account({"information": {"needs": 300, "innovation": 500}})
    <BenefitsAccount: 800 from 2 items in 1 group>
    """

    made_by: ClassVar[str] = "benefits_account()"
    rests_on_data: ClassVar[bool] = False
    people: ClassVar[str] = "customers"

    customers: int | None
    recurring: tuple[str, ...]
    periods: int | None
    timing: BenefitTiming | None
    level: float
    estimates: EstimateTable

    @property
    def items(self) -> pd.DataFrame:
        """A row an item: ``group``, ``item``, ``estimate`` in present money.

        With draws also ``std_error``, ``ci_low`` and ``ci_high``.
        """
        frame = self.estimates.frame()
        rows = frame[(frame["quantity"] == "amount") & (frame["item"] != "")]
        return rows.drop(columns="quantity").reset_index(drop=True)

    @property
    def totals(self) -> pd.DataFrame:
        """Sums, a row a quantity and group: ``quantity``, ``group``, ``estimate``.

        "amount" in present money; "per_customer" that over the number of customers, if it is
        known; "share" of the total, NaN unless every group brings 0 or more. The group of all is
        "total".
        """
        frame = self.estimates.frame()
        return frame[frame["item"] == ""].drop(columns="item").reset_index(drop=True)

    def _title(self) -> str:
        return "What loyal customers bring beside their purchases"

    def _brief(self) -> str:
        total = float(self.estimates.row(("amount", "total", ""))["estimate"])
        items, groups = len(self.items), self.items["group"].nunique()
        return (
            f"{total:.6g} from {items} {'item' if items == 1 else 'items'} in {groups} "
            f"{'group' if groups == 1 else 'groups'}"
        )

    def _facts(self) -> Facts:
        facts = [] if self.customers is None else [("customers", f"{self.customers:,}")]
        if self.recurring:
            facts.append(("recurring items", enumerate_names(self.recurring, most=10)))
            facts.append(("they come", f"{self.periods} times, {_TIMES[str(self.timing)]}"))
        return facts

    def _intervals(self) -> list[tuple[str, str]]:
        return [] if self.estimates.replicates is None else Result._intervals(self)

    def _tables(self) -> tuple[Table, ...]:
        return (
            table_of("Items, present money", self.items, n_labels=2),
            table_of("By group", self.totals, n_labels=2),
        )

    def _remarks(self) -> tuple[str, ...]:
        warning = (
            "An item that is also part of the customers' profit, such as referrals, must not be "
            "counted again here."
        )
        return (warning,)


@checked
def benefits_account(
    items: Mapping[str, Mapping[str, float]],
    *,
    customers: int | None = None,
    recurring: Sequence[str] = (),
    periods: int | None = None,
    discount: float | None = None,
    timing: BenefitTiming | None = None,
    draws: Mapping[str, Numbers] | None = None,
    level: float = 0.95,
) -> BenefitsAccount:
    """Return an account of what customers bring beside purchases (客户的信息价值、附加价值).

    Parameters
    ----------
    items : mapping from group to mapping from item to float
        Amounts in money of one currency, costs negative, under names of your own. The texts name
        as groups information value, add-on value and other values; ``catalogue`` of the room
        ``evidence`` has their items as "loyalty_benefits". An item stands in one group only.
    customers : int, optional
        Number of customers who bring it, at least 1, for amounts per customer.
    recurring : sequence of str
        Items whose amount comes each period; the others come once and now.
    periods : int, optional
        How often recurring items come, at least 1.
    discount : float, optional
        Rate of interest a period, above -1, for recurring items.
    timing : {"now", "end_of_period"}, optional
        Whether recurring items come at the beginning of each period, first now, or at its end.
    draws : mapping from str to array of shape (b,), optional
        Joint draws of amounts, by item, and of "discount".
    level : float
        Confidence level of the intervals that draws give.

    Returns
    -------
    BenefitsAccount
        Items and totals by group: amount, amount per customer and share.

    Raises
    ------
    OptionError
        If there are no items, one stands twice or is called "discount", ``recurring`` names none
        of them, or what recurring items need is not given.

    See Also
    --------
    profit_by_tenure : What customers bring by their purchases and referrals.

    Notes
    -----
    A recurring amount x is worth x (1 - (1 + d)^-n) / d at the end of n periods each, and 1 + d
    times that at their beginnings. The account adds up; it finds nothing out. What a complaint or
    an idea is worth, or that loyal customers forgive an accident, is the user's number, best with
    draws that say how little is known of it.

    Examples
    --------
    Ideas of customers brought 500 once; market research saved 100 in each of two years, the second
    at an interest of 25 %, so 180; partners paid 300 for access, at a cost of 80.

    >>> from loyaltymodel import economics
    >>> found = economics.benefits_account(
    ...     {
    ...         "information": {"innovation": 500},
    ...         "add_on": {"market_access": 300, "cost_of_partners": -80},
    ...         "other": {"research_cost": 100},
    ...     },
    ...     recurring=["research_cost"], periods=2, discount=0.25, timing="now", customers=100,
    ... )
    >>> found.totals[["quantity", "group", "estimate"]].round(3)
            quantity        group  estimate
    0         amount  information   500.000
    1         amount       add_on   220.000
    2         amount        other   180.000
    3         amount        total   900.000
    4   per_customer  information     5.000
    5   per_customer       add_on     2.200
    6   per_customer        other     1.800
    7   per_customer        total     9.000
    8          share  information     0.556
    9          share       add_on     0.244
    10         share        other     0.200
    11         share        total     1.000
    """
    check_level(level)
    names = [name for group in items.values() for name in group]
    _check_items(items, names)
    if customers is not None:
        check_count("customers", customers, least=1)
    numbers = {name: value for group in items.values() for name, value in group.items()}
    bounds = dict.fromkeys(names, ANY)
    recurring = tuple(dict.fromkeys(recurring))
    if recurring:
        _check_recurring(recurring, names, periods=periods, discount=discount, timing=timing)
        assert discount is not None  # noqa: S101  asked for above
        numbers[_DISCOUNT] = discount
        bounds[_DISCOUNT] = Bound(-1.0, open_low=True)
    elif given := [
        name
        for name, value in (("periods", periods), ("discount", discount), ("timing", timing))
        if value is not None
    ]:
        raise OptionError(
            f"{given[0]} is for items that come each period; name them in recurring=, or leave "
            f"{given[0]} out"
        )
    stack = stack_of(numbers, draws, bounds=bounds)
    factor = np.ones(len(stack[names[0]]))
    if recurring and periods is not None:
        t = np.arange(periods) + (timing == "end_of_period")
        factor = np.exp(-np.log1p(stack[_DISCOUNT])[:, None] * t).sum(axis=1)
    present = {name: stack[name] * (factor if name in recurring else 1.0) for name in names}
    return BenefitsAccount(
        customers=customers,
        recurring=recurring,
        periods=periods,
        timing=timing,
        level=level,
        estimates=_table(items, present, customers, level),
    )


def _table(
    items: Mapping[str, Mapping[str, float]],
    present: Mapping[str, FloatArray],
    customers: int | None,
    level: float,
) -> EstimateTable:
    """Return amounts by item, and amounts, amounts per customer and shares by group."""
    sums = np.column_stack([sum(present[name] for name in group) for group in items.values()])
    totals = np.column_stack([sums, sums.sum(axis=1)])
    with np.errstate(divide="ignore", invalid="ignore"):
        fine = (sums >= 0).all(axis=1) & (totals[:, -1] > 0)
        shares = np.where(fine[:, None], totals / totals[:, -1:], np.nan)
    of_groups = {"amount": totals}
    if customers is not None:
        of_groups["per_customer"] = totals / customers
    of_groups["share"] = shares
    groups = [*items, "total"]
    labels = {
        "quantity": ["amount"] * len(present) + [q for q in of_groups for _ in groups],
        "group": [name for name, group in items.items() for _ in group] + groups * len(of_groups),
        "item": [*present] + [""] * (len(groups) * len(of_groups)),
    }
    rows = np.hstack([np.column_stack(list(present.values())), *of_groups.values()])
    return table_of_rows(labels, rows, level=level)


def _check_items(items: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> None:
    if empty := [group for group, own in items.items() if not own]:
        raise OptionError(
            f"the group {empty[0]!r} has no items; give at least one, or leave it out"
        )
    if not names:
        raise OptionError('there are no items; give some, such as {"information": {"needs": 300}}')
    if twice := repeated(names):
        raise OptionError(
            f"the item {twice[0]!r} stands in several groups; use each name once, so that draws "
            "know which is meant"
        )
    if _DISCOUNT in names or "total" in items:
        word = _DISCOUNT if _DISCOUNT in names else "total"
        raise OptionError(f"{word!r} has a meaning of its own here; call it otherwise")


def _check_recurring(
    recurring: Sequence[str],
    names: Sequence[str],
    *,
    periods: int | None,
    discount: float | None,
    timing: BenefitTiming | None,
) -> None:
    if unknown := [name for name in recurring if name not in names]:
        raise OptionError(
            f"recurring has {unknown[0]!r}, which is no item{suggest(unknown[0], names)}; there "
            f"are {enumerate_names(names, most=20)}"
        )
    needed = {"periods": periods, "discount": discount, "timing": timing}
    if lacking := [name for name, value in needed.items() if value is None]:
        raise OptionError(
            f"recurring items come how often, at what interest and when? give {lacking[0]}="
        )
    check_count("periods", periods, least=1)
