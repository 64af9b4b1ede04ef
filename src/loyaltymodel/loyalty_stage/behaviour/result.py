"""What purchase records say about loyalty, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._options import enumerate_names, suggest
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.errors import DataError
from loyaltymodel.loyalty_stage.behaviour.kernels import ratio_error, starts_of
from loyaltymodel.loyalty_stage.behaviour.purchases_time import Clock

_MOST_ROWS = 12  # of brands in a summary


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PurchaseBehaviour(FrozenRecord):
    """Loyalty as behaviour (行为视角的忠诚), counted from purchases within a window.

    A cell is a customer and a brand that this customer bought at least once.

    Attributes
    ----------
    customers : ndarray of shape (c,)
        Keys of the customers, each with at least one purchase in the window.
    brands : tuple
        Names of the brands (k).
    cell_customer, cell_brand : ndarray of shape (m,)
        Place of the customer and of the brand of each cell.
    cell_purchases : ndarray of shape (m,)
        Number of purchases.
    cell_amount : ndarray of shape (m,), or None
        Amount spent, less refunds if these were subtracted.
    cell_first, cell_last : ndarray of shape (m,)
        First and last purchase, in ticks of the clock.
    cell_followed, cell_repeated : ndarray of shape (m,)
        Purchases that the customer followed by another one in the window, of any brand; and
        those among them followed by the same brand.
    switch_source, switch_target, switch_count : ndarray
        Pairs of brands bought one after the other that occur, and how often.
    clock : Clock
        The window and its unit of time.
    n_rows, n_missing, n_outside, n_refunds, n_unmatched, n_skipped : int
        Rows in the table; rows left out for a missing value; rows outside the window;
        refunds; refunds without a purchase, left out; pairs left out because purchases of
        several brands bear one date.
    """

    customers: npt.NDArray[Any]
    brands: tuple[Any, ...]
    cell_customer: IntArray
    cell_brand: IntArray
    cell_purchases: IntArray
    cell_amount: FloatArray | None
    cell_first: npt.NDArray[np.int64]
    cell_last: npt.NDArray[np.int64]
    cell_followed: IntArray
    cell_repeated: IntArray
    switch_source: IntArray
    switch_target: IntArray
    switch_count: IntArray
    clock: Clock
    n_rows: int
    n_missing: int
    n_outside: int
    n_refunds: int
    n_unmatched: int
    n_skipped: int

    @property
    def window_length(self) -> float:
        """Length of the window, in days, or in the unit of plain numbers."""
        return self.clock.length / self.clock.ticks_per_unit

    @property
    def of_customers(self) -> pd.DataFrame:
        """A row a customer, over all brands.

        ``n_purchases``; ``amount``; ``portfolio_size``, the number of brands bought (品牌数);
        ``favourite``, the brand bought most often, the first in the order of brands among
        equals, and ``ties``, how many brands share that place; the favourite's
        ``share_of_requirements`` and ``share_of_wallet``; ``repeat_rate``; then ``first``,
        ``last``, ``recency``, ``tenure``, ``tenure_limit`` and ``frequency`` of purchases of
        any brand. Definitions stand with :func:`purchase_behaviour`.
        """
        starts = starts_of(self.cell_customer)
        sizes = np.diff(np.append(starts, len(self.cell_customer)))
        n = np.add.reduceat(self.cell_purchases, starts)
        most = np.maximum.reduceat(self.cell_purchases, starts)
        at_most = self.cell_purchases == np.repeat(most, sizes)
        ties = np.add.reduceat(at_most.astype(np.intp), starts)
        best = np.flatnonzero(at_most)
        best = best[starts_of(self.cell_customer[best])]
        table = pd.DataFrame({"n_purchases": n}, index=self._customer_index())
        if self.cell_amount is not None:
            table["amount"] = np.add.reduceat(self.cell_amount, starts)
        table["portfolio_size"] = sizes
        table["favourite"] = self._brand_names(self.cell_brand[best])
        table["ties"] = ties
        table["share_of_requirements"] = most / n
        if self.cell_amount is not None:
            table["share_of_wallet"] = self._wallet_shares()[best]
        followed = np.add.reduceat(self.cell_followed, starts)
        repeated = np.add.reduceat(self.cell_repeated, starts)
        table["repeat_rate"] = _share(repeated, followed)
        first = np.minimum.reduceat(self.cell_first, starts)
        last = np.maximum.reduceat(self.cell_last, starts)
        return table.assign(**self._times(first, last, n))

    @property
    def of_cells(self) -> pd.DataFrame:
        """A row a customer and brand bought, with the columns of :meth:`of_brand`."""
        table = self._cell_table(np.arange(len(self.cell_customer)))
        table.insert(0, "brand", pd.Series(self._brand_names(self.cell_brand)))
        table.insert(0, "customer", self.customers[self.cell_customer])
        return table

    def of_brand(self, brand: Any) -> pd.DataFrame:
        """Return how loyal every customer is to one brand.

        Parameters
        ----------
        brand : object
            Its name.

        Returns
        -------
        DataFrame
            A row a customer, also those who never bought the brand: ``n_purchases``;
            ``amount``; ``share_of_requirements`` and ``share_of_wallet``, from 0 to 1;
            ``repeat_rate``, from 0 to 1, NaN without a followed purchase; ``first`` and
            ``last`` purchase; ``recency``, ``tenure`` and ``tenure_limit``, in days or in the
            unit of plain numbers, NaN for those who did not buy; ``frequency``, purchases a
            day or unit.

        Raises
        ------
        DataError
            If there is no such brand.

        Examples
        --------
        Ann bought at home, away, at home; Bob only away:

        >>> import pandas as pd
        >>> from loyaltymodel import loyalty_stage
        >>> bought = pd.DataFrame({
        ...     "customer": ["Ann", "Ann", "Ann", "Bob"],
        ...     "date": [1, 2, 3, 1],
        ...     "brand": ["home", "away", "home", "away"],
        ... })
        >>> behaviour = loyalty_stage.purchase_behaviour(bought, window=(0, 10), amount=None)
        >>> behaviour.of_brand("home")[["n_purchases", "share_of_requirements", "recency"]].round(3)
                  n_purchases  share_of_requirements  recency
        customer
        Ann                 2                  0.667      7.0
        Bob                 0                  0.000      NaN
        """
        place = self._place(brand)
        cells = np.flatnonzero(self.cell_brand == place)
        found = self._cell_table(cells)
        found.index = self._customer_index()[self.cell_customer[cells]]
        table = found.reindex(self._customer_index())
        bought = np.zeros(len(table), dtype=bool)
        bought[self.cell_customer[cells]] = True
        whole = {"n_purchases": np.zeros(len(table), dtype=np.intp)}
        whole["n_purchases"][bought] = found["n_purchases"].to_numpy()
        shares = {
            name: np.where(bought, table[name].to_numpy(), 0.0)
            for name in ("amount", "share_of_requirements", "frequency")
            if name in table
        }
        if "share_of_wallet" in table:
            # A wallet that is not defined stays so for brands that were not bought.
            undefined = np.zeros(len(table), dtype=bool)
            undefined[self.cell_customer[np.isnan(self._wallet_shares())]] = True
            wallet = np.where(bought, table["share_of_wallet"].to_numpy(), 0.0)
            shares["share_of_wallet"] = np.where(undefined, np.nan, wallet)
        return table.assign(**whole, **shares)

    @property
    def of_brands(self) -> pd.DataFrame:
        """A row a brand, over all customers.

        ``n_buyers``; ``penetration``, the share of customers who bought it; ``n_purchases``
        and their ``market_share``; ``purchases_per_buyer``; ``repeat_buyers``, the share of
        buyers who bought it at least twice; ``sole_buyers``, the share who bought nothing
        else; ``share_of_requirements``, the share of their buyers' purchases (品类需求份额);
        ``share_of_wallet``, the same in money (钱包份额); ``repeat_rate`` (重复购买率) and its
        ``repeat_rate_std_error``, with customers as units.
        """
        k = len(self.brands)
        brand, n = self.cell_brand, self.cell_purchases
        people = len(self.customers)
        totals = np.bincount(self.cell_customer, n, minlength=people)
        sizes = np.bincount(self.cell_customer, minlength=people)
        n_buyers = np.bincount(brand, minlength=k)
        bought = np.bincount(brand, n, minlength=k)
        table = pd.DataFrame(
            {
                "n_buyers": n_buyers,
                "penetration": n_buyers / people,
                "n_purchases": bought.astype(np.intp),
                "market_share": bought / bought.sum(),
                "purchases_per_buyer": _share(bought, n_buyers),
                "repeat_buyers": _share(np.bincount(brand, n >= 2, minlength=k), n_buyers),  # noqa: PLR2004  twice
                "sole_buyers": _share(
                    np.bincount(brand, sizes[self.cell_customer] == 1, minlength=k), n_buyers
                ),
                "share_of_requirements": _share(
                    bought, np.bincount(brand, totals[self.cell_customer], minlength=k)
                ),
            },
            index=pd.Index(self.brands, name="brand"),
        )
        if self.cell_amount is not None:
            spent = np.bincount(self.cell_customer, self.cell_amount, minlength=people)
            table["share_of_wallet"] = _share(
                np.bincount(brand, self.cell_amount, minlength=k),
                np.bincount(brand, spent[self.cell_customer], minlength=k),
            )
        repeated = self.cell_repeated.astype(np.float64)
        followed = self.cell_followed.astype(np.float64)
        table["repeat_rate"] = _share(
            np.bincount(brand, repeated, minlength=k), np.bincount(brand, followed, minlength=k)
        )
        table["repeat_rate_std_error"] = ratio_error(repeated, followed, brand, k)
        return table

    @property
    def switching(self) -> pd.DataFrame:
        """Counts of successive purchases: brand bought (rows), brand bought next (columns)."""
        k = len(self.brands)
        counts = np.zeros((k, k), dtype=np.intp)
        counts[self.switch_source, self.switch_target] = self.switch_count
        names = pd.Index(self.brands, name="brand")
        return pd.DataFrame(counts, index=names, columns=names.rename("next_brand"))

    @property
    def switching_rates(self) -> pd.DataFrame:
        """Shares of :attr:`switching` within rows; NaN for a brand that nothing followed."""
        counts = self.switching
        return counts.div(counts.sum(axis=1).where(lambda total: total > 0), axis=0)

    def summary(self) -> Summary:
        """Return the result as tables to print.

        Returns
        -------
        Summary
            What was counted, a table of brands, and the switching rates of up to 12 brands.
        """
        unit = "days" if self.clock.unit is not None else "units of time"
        ends = self.clock.dates(np.array([0, self.clock.length]))
        if self.clock.unit in (None, "D"):
            said = [str(end)[:10] for end in ends]
        else:
            said = [str(pd.Timestamp(end)) for end in ends]
        facts = (
            ("customers", f"{len(self.customers):,}"),
            ("purchases", f"{int(self.cell_purchases.sum()):,}"),
            ("window", f"{said[0]} until before {said[1]} ({self.window_length:g} {unit})"),
            ("left out", self._left_out()),
        )
        table = self.of_brands
        wanted = {
            "n_buyers": "buyers",
            "n_purchases": "purchases",
            "repeat_buyers": "repeat buyers",
            "share_of_requirements": "requirements",
            "share_of_wallet": "wallet",
            "repeat_rate": "repeat rate",
        }
        shown = [name for name in wanted if name in table]
        digits = [0, 0, *[3] * (len(shown) - 2)]
        brands = table[shown].rename(columns=wanted).head(_MOST_ROWS).reset_index()
        tables = [table_of("Brands", brands, digits=digits)]
        if len(self.brands) <= _MOST_ROWS:
            rates = self.switching_rates.rename_axis(columns=None).reset_index()
            tables.append(table_of("Next brand, share of those who bought again", rates))
        return Summary("Loyalty as behaviour", facts, tuple(tables), self._remarks())

    def _remarks(self) -> tuple[str, ...]:
        remarks = [
            (
                "Customers without a purchase in the window are not in the data, so nothing here "
                "says how many there are."
            )
        ]
        if len(self.brands) > _MOST_ROWS:
            remarks.append(f"The first {_MOST_ROWS} of {len(self.brands)} brands are shown.")
        if self.cell_amount is not None and (undefined := np.isnan(self._wallet_shares())).any():
            n = len(np.unique(self.cell_customer[undefined]))
            remarks.append(
                f"{n} customers have no share of wallet: they spent nothing, or got more back "
                "than they paid for a brand."
            )
        return tuple(remarks)

    def _left_out(self) -> str:
        parts = {
            "missing value": self.n_missing,
            "outside the window": self.n_outside,
            "refunds without purchase": self.n_unmatched,
            "pairs of one date": self.n_skipped,
        }
        said = [f"{n:,} ({what})" for what, n in parts.items() if n]
        return ", ".join(said) if said else "nothing"

    def _customer_index(self) -> pd.Index:
        index: pd.Index = pd.Index(self.customers.copy(), name="customer")
        return index

    def _brand_names(self, places: IntArray) -> pd.Categorical:
        return pd.Categorical.from_codes(places, categories=pd.Index(self.brands))

    def _place(self, brand: Any) -> int:
        if brand not in self.brands:
            texts = [b for b in self.brands if isinstance(b, str)]
            raise DataError(
                f"there is no brand {brand!r}{suggest(brand, texts)}; brands are "
                f"{enumerate_names(self.brands, most=12)}"
            )
        return self.brands.index(brand)

    def _wallet_shares(self) -> FloatArray:
        """Share of wallet of each cell; NaN where a part of the customer's wallet is negative."""
        assert self.cell_amount is not None  # noqa: S101  asked only where there are amounts
        people = len(self.customers)
        total = np.bincount(self.cell_customer, self.cell_amount, minlength=people)
        negative = np.bincount(self.cell_customer, self.cell_amount < 0, minlength=people) > 0
        total = np.where(negative | (total <= 0), np.nan, total)
        return np.asarray(self.cell_amount / total[self.cell_customer], dtype=np.float64)

    def _cell_table(self, cells: IntArray) -> pd.DataFrame:
        totals = np.bincount(self.cell_customer, self.cell_purchases, minlength=len(self.customers))
        n = self.cell_purchases[cells]
        table = pd.DataFrame({"n_purchases": n})
        if self.cell_amount is not None:
            table["amount"] = self.cell_amount[cells]
        table["share_of_requirements"] = n / totals[self.cell_customer[cells]]
        if self.cell_amount is not None:
            table["share_of_wallet"] = self._wallet_shares()[cells]
        table["repeat_rate"] = _share(self.cell_repeated[cells], self.cell_followed[cells])
        return table.assign(**self._times(self.cell_first[cells], self.cell_last[cells], n))

    def _times(
        self, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], n: IntArray
    ) -> dict[str, npt.NDArray[Any]]:
        per = self.clock.ticks_per_unit
        return {
            "first": self.clock.dates(first),
            "last": self.clock.dates(last),
            "recency": (self.clock.length - last) / per,
            "tenure": (last - first) / per,
            "tenure_limit": (self.clock.length - first) / per,
            "frequency": n / self.window_length,
        }


def _share(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
