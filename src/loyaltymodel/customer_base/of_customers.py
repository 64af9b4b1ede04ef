"""What purchases say of each customer, and of each customer and brand, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel.customer_base.kernels import Cells, Pairs, starts_of
from loyaltymodel.customer_base.purchases_time import Clock

Rows = Literal["customers", "bought", "all"]


@dataclass(frozen=True, slots=True, eq=False)
class Bought:
    """Who bought what: cells (m,) of a customer and a brand that this customer bought."""

    customers: npt.NDArray[Any]  # (c,)
    brands: tuple[Any, ...]  # (k,)
    cells: Cells
    amount: FloatArray | None  # (m,)
    pairs: Pairs
    clock: Clock
    wallet_share: FloatArray | None  # (m,)

    @property
    def starts(self) -> IntArray:
        """Place of the first cell of each customer."""
        return starts_of(self.cells.customer)


def wallet_shares(cells: Cells, amount: FloatArray) -> FloatArray:
    """Share of wallet of each cell; NaN where a part of the customer's wallet is negative."""
    starts = starts_of(cells.customer)
    total = np.add.reduceat(amount, starts)
    negative = np.minimum.reduceat(amount, starts) < 0
    total = np.where(negative | (total <= 0), np.nan, total)
    sizes = np.diff(np.append(starts, len(amount)))
    return np.asarray(amount / np.repeat(total, sizes), dtype=np.float64)


def customers_table(bought: Bought, rows: Rows) -> pd.DataFrame:
    """Return a row a customer, a row a customer and brand bought, or a row each pair of the two."""
    if rows == "customers":
        return _by_customer(bought)
    table = _by_cell(bought)
    return table if rows == "bought" else _with_absent(bought, table)


def _by_customer(bought: Bought) -> pd.DataFrame:
    cells, pairs, starts = bought.cells, bought.pairs, bought.starts
    sizes = np.diff(np.append(starts, len(cells.customer)))
    n = np.add.reduceat(cells.n, starts)
    most = np.maximum.reduceat(cells.n, starts)
    at_most = cells.n == np.repeat(most, sizes)
    best = np.flatnonzero(at_most)
    best = best[starts_of(cells.customer[best])]
    columns: dict[str, Any] = {"n_purchases": n}
    if bought.amount is not None:
        columns["amount"] = np.add.reduceat(bought.amount, starts)
    columns["portfolio_size"] = sizes
    columns["favourite"] = _names(bought, cells.brand[best])
    columns["ties"] = np.add.reduceat(at_most.astype(np.intp), starts)
    columns["share_of_requirements"] = most / n
    if bought.wallet_share is not None:
        columns["share_of_wallet"] = bought.wallet_share[best]
    followed = np.add.reduceat(pairs.followed, starts)
    columns["repeat_rate"] = share_of(np.add.reduceat(pairs.repeated, starts), followed)
    first = np.minimum.reduceat(cells.first, starts)
    last = np.maximum.reduceat(cells.last, starts)
    columns |= _times(bought.clock, first, last, n)
    return pd.DataFrame(columns, index=pd.Index(bought.customers.copy(), name="customer"))


def _by_cell(bought: Bought) -> pd.DataFrame:
    cells, pairs = bought.cells, bought.pairs
    totals = np.bincount(cells.customer, cells.n, minlength=len(bought.customers))
    index = _keys(bought.customers[cells.customer], _names(bought, cells.brand))
    table = pd.DataFrame({"n_purchases": cells.n.copy()}, index=index)
    if bought.amount is not None:
        table["amount"] = bought.amount.copy()
    table["share_of_requirements"] = cells.n / totals[cells.customer]
    if bought.wallet_share is not None:
        table["share_of_wallet"] = bought.wallet_share.copy()
    table["repeat_rate"] = share_of(pairs.repeated, pairs.followed)
    return table.assign(**_times(bought.clock, cells.first, cells.last, cells.n))


def _with_absent(bought: Bought, table: pd.DataFrame) -> pd.DataFrame:
    """Add a row for each brand that a customer did not buy."""
    c, k = len(bought.customers), len(bought.brands)
    place = bought.cells.customer * k + bought.cells.brand
    there = np.zeros(c * k, dtype=np.bool_)
    there[place] = True
    sought = np.where(there, np.cumsum(there) - 1, -1)
    found = table.reset_index(drop=True).reindex(sought).reset_index(drop=True)
    purchases = np.zeros(c * k, dtype=np.intp)
    purchases[place] = bought.cells.n
    found["n_purchases"] = purchases
    for name in ("amount", "share_of_requirements", "frequency"):
        if name in found:
            found[name] = np.where(there, found[name], 0.0)
    if bought.wallet_share is not None:
        # A wallet that is not defined stays so for brands that were not bought.
        undefined = np.zeros(c, dtype=np.bool_)
        undefined[bought.cells.customer[np.isnan(bought.wallet_share)]] = True
        wallet = np.where(there, found["share_of_wallet"], 0.0)
        found["share_of_wallet"] = np.where(np.repeat(undefined, k), np.nan, wallet)
    brands = _names(bought, np.tile(np.arange(k), c))
    found.index = _keys(np.repeat(bought.customers, k), brands)
    return found


def share_of(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> FloatArray:
    """Return shares, NaN where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _keys(customers: npt.NDArray[Any], brands: pd.Categorical) -> pd.MultiIndex:
    keys: list[Any] = [customers, brands]
    return pd.MultiIndex.from_arrays(keys, names=["customer", "brand"])


def _names(bought: Bought, places: IntArray) -> pd.Categorical:
    return pd.Categorical.from_codes(
        places, categories=pd.Index(bought.brands, tupleize_cols=False)
    )


def _times(
    clock: Clock, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], n: IntArray
) -> dict[str, npt.NDArray[Any]]:
    per = clock.ticks_per_unit
    return {
        "first": clock.dates(first),
        "last": clock.dates(last),
        "recency": (clock.length - last) / per,
        "tenure": (last - first) / per,
        "tenure_limit": (clock.length - first) / per,
        "frequency": n / (clock.length / per),
    }
