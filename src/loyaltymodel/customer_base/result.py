"""What purchase records say about loyalty, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.customer_base.of_customers import share_of

_MOST_ROWS = 12  # of brands in a summary


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PurchaseBehaviour(Result):
    """Loyalty as behaviour (行为视角的忠诚), counted from purchases within a window.

    Made by :func:`purchase_behaviour`, which gives what is known of each customer beside it.

    Attributes
    ----------
    n_obs : int
        Purchases that were counted.
    n_dropped : int
        Rows left out for a missing value.
    n_outside, n_refunds, n_unmatched, n_skipped : int
        Rows outside the window; refunds; refunds without a purchase, left out; pairs left out
        because purchases of several brands bear one date.
    n_buyers : int
        Customers with at least one purchase in the window.
    n_without_wallet : int
        Customers without a share of wallet: they spent nothing, or got more back than they paid
        for a brand.
    brand_names : tuple
        Names of the brands (k).
    brand_counts : ndarray of shape (k, 5)
        Of each brand buyers, purchases, buyers who bought it twice or more, buyers of nothing
        else, and all purchases of its buyers.
    brand_amounts : ndarray of shape (k, 2), or None
        Amount spent on each brand, and by its buyers on all, less refunds if subtracted.
    followed : ndarray of shape (k,)
        Purchases of each brand that the customer followed by another one in the window.
    estimates : EstimateTable
        Repeat rate by ``brand``, with a standard error that has customers as units.
    switch_source, switch_target, switch_count : ndarray
        Places of brands bought one after the other, and how often.
    window : tuple
        Start, and the end that does not count.
    window_length : float
        Length of the window, in ``unit``.
    unit : str
        "days", or "units of time" for plain numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import customer_base
    >>> bought = pd.DataFrame({
    ...     "customer": ["Ann", "Ann", "Ann", "Bob"],
    ...     "date": [1, 2, 3, 1],
    ...     "brand": ["home", "away", "home", "away"],
    ... })
    >>> behaviour, customers = customer_base.purchase_behaviour(
    ...     data=bought, window=(0, 10), amount=None
    ... )
    >>> behaviour
    <PurchaseBehaviour: 4 purchases of 2 brands by 2 customers>
    """

    made_by: ClassVar[str] = "purchase_behaviour(), as .result,"

    people: ClassVar[str] = "purchases"

    n_obs: int
    n_dropped: int
    n_outside: int
    n_refunds: int
    n_unmatched: int
    n_skipped: int
    n_buyers: int
    n_without_wallet: int
    brand_names: tuple[Any, ...]
    brand_counts: IntArray
    brand_amounts: FloatArray | None
    followed: IntArray
    estimates: EstimateTable
    switch_source: IntArray
    switch_target: IntArray
    switch_count: IntArray
    window: tuple[Any, Any]
    window_length: float
    unit: str

    @property
    def brands(self) -> pd.DataFrame:
        """A row a brand, over all customers.

        ``brand``; ``n_buyers``; ``penetration``, the share of customers who bought it;
        ``n_purchases`` and their ``market_share``; ``purchases_per_buyer``; ``repeat_buyers``,
        the share of buyers who bought it at least twice; ``sole_buyers``, the share who bought
        nothing else; ``share_of_requirements``, the share of their buyers' purchases
        (品类需求份额); ``share_of_wallet``, the same in money (钱包份额); and ``repeat_rate``
        (重复购买率), whose error is in :attr:`repeat_rates`.
        """
        buyers, bought, twice, alone, theirs = self.brand_counts.T
        table = pd.DataFrame(
            {
                "brand": list(self.brand_names),
                "n_buyers": buyers,
                "penetration": buyers / self.n_buyers,
                "n_purchases": bought,
                "market_share": bought / bought.sum(),
                "purchases_per_buyer": share_of(bought, buyers),
                "repeat_buyers": share_of(twice, buyers),
                "sole_buyers": share_of(alone, buyers),
                "share_of_requirements": share_of(bought, theirs),
            }
        )
        if self.brand_amounts is not None:
            table["share_of_wallet"] = share_of(*self.brand_amounts.T)
        table["repeat_rate"] = self.estimates.estimate.copy()
        return table

    @property
    def repeat_rates(self) -> pd.DataFrame:
        """A row a brand: ``brand``, ``n_obs`` purchases followed, ``estimate``, ``std_error``."""
        frame = self.estimates.frame()
        frame.insert(1, "n_obs", self.followed.copy())
        return frame

    @property
    def switching(self) -> pd.DataFrame:
        """Counts of successive purchases: brand bought (rows), brand bought next (columns)."""
        k = len(self.brand_names)
        counts = np.zeros((k, k), dtype=np.intp)
        counts[self.switch_source, self.switch_target] = self.switch_count
        names = pd.Index(self.brand_names, name="source", tupleize_cols=False)
        return pd.DataFrame(counts, index=names, columns=names.rename("target"))

    @property
    def switching_rates(self) -> pd.DataFrame:
        """Shares of :attr:`switching` within rows; NaN for a brand that nothing followed."""
        counts = self.switching
        return counts.div(counts.sum(axis=1).where(lambda total: total > 0), axis=0)

    def _title(self) -> str:
        return "Loyalty as behaviour"

    def _brief(self) -> str:
        return (
            f"{count_of(self.n_obs, 'purchase')} of {count_of(len(self.brand_names), 'brand')} by "
            f"{count_of(self.n_buyers, 'customer')}"
        )

    def _facts(self) -> Facts:
        ends = [str(end) if isinstance(end, int) else _said(end) for end in self.window]
        skipped = {
            "outside the window": self.n_outside,
            "refunds": self.n_refunds,
            "refunds without purchase": self.n_unmatched,
            "pairs of one date": self.n_skipped,
        }
        return (
            ("customers", f"{self.n_buyers:,}"),
            ("window", f"{ends[0]} until before {ends[1]} ({self.window_length:g} {self.unit})"),
            *((what, f"{n:,}") for what, n in skipped.items() if n),
        )

    def _tables(self) -> tuple[Table, ...]:
        table = self.brands
        wanted = {
            "brand": "brand",
            "n_buyers": "buyers",
            "n_purchases": "purchases",
            "repeat_buyers": "repeat buyers",
            "share_of_requirements": "requirements",
            "share_of_wallet": "wallet",
            "repeat_rate": "repeat rate",
        }
        shown = [name for name in wanted if name in table]
        digits = [0, 0, *[3] * (len(shown) - 3)]
        brands = table[shown].rename(columns=wanted).head(_MOST_ROWS)
        tables = [table_of("Brands", brands, digits=digits)]
        if len(self.brand_names) <= _MOST_ROWS:
            rates = self.switching_rates.rename_axis(index="brand", columns=None)
            rates = rates.reset_index(allow_duplicates=True)  # a brand may be called so, too
            tables.append(table_of("Next brand, share of those who bought again", rates))
        return tuple(tables)

    def _remarks(self) -> tuple[str, ...]:
        remarks = [
            (
                "Customers without a purchase in the window are not in the data, so nothing here "
                "says how many there are."
            )
        ]
        if len(self.brand_names) > _MOST_ROWS:
            remarks.append(f"The first {_MOST_ROWS} of {len(self.brand_names)} brands are shown.")
        if self.n_without_wallet:
            remarks.append(
                f"No share of wallet for {count_of(self.n_without_wallet, 'customer')} who spent "
                "nothing, or got more back than was paid for a brand."
            )
        return tuple(remarks)


def _said(end: np.datetime64) -> str:
    moment = pd.Timestamp(end)
    return str(moment.date()) if moment == moment.normalize() else str(moment)
