"""Loyalty as behaviour: what purchase records say."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, count_of
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.signature import checked
from loyaltymodel.customer_base.kernels import (
    Cells,
    Pairs,
    as_listed,
    cells_of,
    in_time,
    mixed_rows,
    pairs_of,
    ratio_error,
    sum_in_cells,
)
from loyaltymodel.customer_base.of_customers import (
    Bought,
    Rows,
    customers_table,
    share_of,
    wallet_shares,
)
from loyaltymodel.customer_base.purchases import (
    Outside,
    Records,
    Refunds,
    as_table,
    read_records,
)
from loyaltymodel.customer_base.result import PurchaseBehaviour
from loyaltymodel.errors import DataError

SameDate = Literal["raise", "as_listed", "skip_pairs"]


@checked
def purchase_behaviour(
    customer: Variable = "customer",
    date: Variable = "date",
    *,
    window: tuple[object, object],
    brand: Variable = "brand",
    amount: Variable = "amount",
    data: Data | None = None,
    brands: Sequence[Hashable] | None = None,
    rows: Rows = "customers",
    same_date: SameDate = "raise",
    refunds: Refunds = "raise",
    outside: Outside = "raise",
    missing: Missing = "raise",
) -> WithCustomers[PurchaseBehaviour]:
    """Return loyalty as behaviour, counted from purchase records (重复购买行为).

    Parameters
    ----------
    customer : str, array or Series of shape (n,)
        Column with the key of the customer; or the keys, a value a purchase.
    date : str, array or Series of shape (n,)
        Column with dates, without time zone, or with whole numbers such as days or weeks.
    window : pair of dates, or of whole numbers
        The time that was observed: the first date that counts, and the first after it that
        does not. Purchases outside are refused unless ``outside`` says otherwise.
    brand : str, array or Series of shape (n,)
        Column with the brand, firm or shop.
    amount : str, array or Series of shape (n,), or None
        Column with the amount paid, 0 allowed; None for no shares of wallet.
    data : pandas, polars or pyarrow table, optional
        A row a purchase, in any order. All purchases of the category should be there, not
        only those at one firm: shares and switching are wrong otherwise.
    brands : sequence, optional
        All brands that there are, in the order wanted; a purchase of another one is refused.
        Without it they are those bought, sorted.
    rows : {"customers", "bought", "all"}
        Rows of the table of customers: one a customer, one a customer and brand bought, or one
        a customer and brand, bought or not.
    same_date : {"raise", "as_listed", "skip_pairs"}
        What to do where a customer bought several brands at one date, so that their order is
        unknown. "raise" refuses; "as_listed" takes the order of the rows, which must then be
        the order of dates for every customer; "skip_pairs" leaves such purchases out of
        repeat rates and switching, on both sides, and of nothing else.
    refunds : {"raise", "subtract", "subtract_matched", "drop"}
        What to do with negative amounts. None of them counts as a purchase. "subtract" takes
        them off what the customer spent on the brand and refuses one without a purchase in
        the window; "subtract_matched" leaves those out; "drop" leaves all out.
    outside : {"raise", "drop"}
        Whether purchases outside the window are refused or left out.
    missing : {"raise", "drop"}
        Whether rows without customer, date, brand or amount are refused or left out.

    Returns
    -------
    result : PurchaseBehaviour
        Tables of brands and of switching.
    customers : DataFrame
        A row a customer, over all brands: ``n_purchases``; ``amount``; ``portfolio_size``, the
        number of brands bought (品牌数); ``favourite``, the brand bought most often, the first in
        the order of brands among equals, and ``ties``, how many brands share that place; the
        favourite's ``share_of_requirements`` and ``share_of_wallet``; ``repeat_rate``, NaN
        without a followed purchase; ``first`` and ``last`` purchase; ``recency``, ``tenure`` and
        ``tenure_limit``, in days or in the unit of plain numbers; ``frequency``, purchases a day
        or unit. With ``rows="bought"`` or ``"all"`` a row a customer and brand, for this brand
        alone, without portfolio, favourite and ties; who did not buy a brand has 0 purchases,
        shares of 0, and no recency and tenure.

    Raises
    ------
    DataError
        If there is no table for a name, a column is absent, twice there or of the wrong type, a
        value is missing, an amount is infinite, a brand is unknown, or one of the above is
        refused.
    OptionError
        If an option is not one of its choices, or the window is no rising pair of dates.

    Notes
    -----
    *Purchase*: a row. Three packs on three rows of one receipt are three purchases; add them
    up first if they should be one.

    *Repeat* (重复购买): a purchase that the same customer follows by a purchase of the same
    brand, with no other purchase of the category between. *Repeat rate*: repeats over
    purchases that are followed by any purchase in the window. A customer's last purchase is
    followed by none, so it is not counted, neither for nor against.

    *Share of requirements* (品类需求份额): purchases of the brand over all purchases. Of a
    customer, over the customer's; of a brand, over those of its buyers, which is the unit
    share of requirements in [1]_. *Share of wallet* (钱包份额) is the same with amounts, the
    revenue share of requirements there. It is NaN for a customer who spent nothing, or whose
    refunds for a brand exceed the purchases.

    *Frequency* (购买频率): purchases over the length of the window. *Recency* (最近购买): from
    the last purchase to the end of the window. For somebody who did not buy in the window it
    is longer than the window, which is all that is known, and it is NaN. *Tenure* (关系时长):
    from the first purchase to the last; ``tenure_limit`` is from the first to the end. If the
    first purchase seen is the first ever, the relationship has lasted at least the one and at
    most the other, so far; if the customer bought before the window, both are too short.

    A high repeat rate is behaviour, not attitude: who has no choice repeats as well. Customers
    who buy with fixed but different preferences produce a high repeat rate too, although
    nobody's last purchase moves the next.

    If a row stands for a need, and a brand "elsewhere" for needs met in another way, the
    repeat rate of a web shop is the probability to return at the next need (网上客户忠诚).

    References
    ----------
    .. [1] Farris, P. W., Bendle, N. T., Pfeifer, P. E., & Reibstein, D. J. (2010). Marketing
       Metrics: The Definitive Guide to Measuring Marketing Performance (2nd ed.). Pearson.

    Examples
    --------
    Ann buys A, A, B, A and Bob B, B. Three purchases of Ann are followed, and one of them, the
    first, by the same brand. Both purchases of A that are followed: one repeat.

    >>> import pandas as pd
    >>> from loyaltymodel import customer_base
    >>> bought = pd.DataFrame({
    ...     "customer": ["Ann", "Ann", "Ann", "Ann", "Bob", "Bob"],
    ...     "date": pd.to_datetime([f"2024-01-0{day}" for day in (1, 2, 4, 8, 3, 5)]),
    ...     "brand": ["A", "A", "B", "A", "B", "B"],
    ...     "amount": [10.0, 10.0, 20.0, 10.0, 5.0, 5.0],
    ... })
    >>> behaviour, customers = customer_base.purchase_behaviour(
    ...     data=bought, window=("2024-01-01", "2024-01-11")
    ... )
    >>> customers[["portfolio_size", "share_of_requirements", "repeat_rate"]].round(3)
              portfolio_size  share_of_requirements  repeat_rate
    customer
    Ann                    2                   0.75        0.333
    Bob                    1                   1.00        1.000
    >>> customers[["recency", "tenure", "tenure_limit", "frequency"]]
              recency  tenure  tenure_limit  frequency
    customer
    Ann           3.0     7.0          10.0        0.4
    Bob           6.0     2.0           8.0        0.2
    >>> behaviour.switching
    target  A  B
    source
    A       1  1
    B       1  1
    >>> behaviour.brands[["brand", "share_of_requirements", "share_of_wallet", "repeat_rate"]]
      brand  share_of_requirements  share_of_wallet  repeat_rate
    0     A                   0.75              0.6          0.5
    1     B                   0.50              0.5          0.5
    """
    check_choice("same_date", same_date, SameDate)
    check_choice("rows", rows, Rows)
    table, names = as_table(
        {"customer": customer, "date": date, "brand": brand, "amount": amount}, data
    )
    records = read_records(
        table,
        names,
        window=window,
        brands=brands,
        refunds=refunds,
        outside=outside,
        missing=missing,
    )
    cells = cells_of(records.rows)
    spent = _amounts(records, cells)
    bought = Bought(
        customers=records.customers,
        brands=records.brands,
        cells=cells,
        amount=spent,
        pairs=_pairs(records, cells, same_date),
        clock=records.clock,
        wallet_share=None if spent is None else wallet_shares(cells, spent),
    )
    return WithCustomers(_result(records, bought), customers_table(bought, rows))


def _result(records: Records, bought: Bought) -> PurchaseBehaviour:
    """Add up cells of customers and brands to what is known of brands."""
    cells, pairs, clock = bought.cells, bought.pairs, bought.clock
    k, c, brand, who = len(bought.brands), len(bought.customers), cells.brand, cells.customer
    starts = bought.starts
    sizes = np.diff(np.append(starts, len(who)))
    totals = np.add.reduceat(cells.n, starts)
    counts = [
        np.bincount(brand, minlength=k),
        np.bincount(brand, cells.n, minlength=k),
        np.bincount(brand[cells.n >= 2], minlength=k),  # noqa: PLR2004  twice
        np.bincount(brand[starts[sizes == 1]], minlength=k),
        np.bincount(brand, np.repeat(totals, sizes), minlength=k),
    ]
    amounts, without = None, 0
    if bought.amount is not None and bought.wallet_share is not None:
        spent = np.add.reduceat(bought.amount, starts)
        theirs = np.bincount(brand, np.repeat(spent, sizes), minlength=k)
        own = np.bincount(brand, bought.amount, minlength=k)
        amounts = np.column_stack([own, theirs]).astype(np.float64)
        without = int(np.isnan(bought.wallet_share[starts]).sum())  # all of a customer or none
    repeated, followed = pairs.repeated.astype(np.float64), pairs.followed.astype(np.float64)
    of_brand = np.bincount(brand, followed, minlength=k)
    ends = clock.dates(np.array([0, clock.length]))
    return PurchaseBehaviour(
        n_obs=int(cells.n.sum()),
        n_dropped=records.n_missing,
        n_outside=records.n_outside,
        n_refunds=records.n_refunds,
        n_unmatched=records.n_unmatched,
        n_skipped=pairs.n_skipped,
        n_buyers=c,
        n_without_wallet=without,
        brand_names=bought.brands,
        brand_counts=np.column_stack(counts).astype(np.intp),
        brand_amounts=amounts,
        followed=of_brand.astype(np.intp),
        estimates=EstimateTable(
            labels=FrozenMapping({"brand": bought.brands}),
            estimate=share_of(np.bincount(brand, repeated, minlength=k), of_brand),
            std_error=ratio_error(repeated, followed, brand, k),
        ),
        switch_source=pairs.source,
        switch_target=pairs.target,
        switch_count=pairs.count,
        window=tuple(end.item() if clock.unit is None else end for end in ends),
        window_length=clock.length / clock.ticks_per_unit,
        unit="days" if clock.unit is not None else "units of time",
    )


def _pairs(records: Records, cells: Cells, same_date: SameDate) -> Pairs:
    """Count successive purchases, with those of one date treated as asked."""
    rows = records.rows
    if same_date == "as_listed":
        order = as_listed(rows)
        customer, time, brand = rows.customer[order], rows.time[order], rows.brand[order]
        back = (customer[1:] == customer[:-1]) & (time[1:] < time[:-1])
        if back.any():
            row = order[1:][back].min()
            raise DataError(
                f'same_date="as_listed" needs the rows of a customer in the order of their '
                f"dates, and goes back in time in {count_of(int(back.sum()), 'row')}, first "
                f"row {records.labels[row]}; sort the table by date, keeping the order within "
                "a date"
            )
        return pairs_of(customer, brand, cells, rows.n_brands, None)
    customer, time, brand = in_time(rows)
    mixed = mixed_rows(customer, time, brand)
    if same_date == "raise" and mixed.any():
        first = int(np.argmax(mixed))
        who = records.customers[customer[first]]
        when = records.clock.dates(time[first : first + 1])[0]
        raise DataError(
            f"{count_of(int(mixed.sum()), 'purchase')} of several brands by one customer at one "
            f"date, first by customer {who} at {when}, so that their order is unknown; "
            'same_date="as_listed" takes the order of the rows, and "skip_pairs" leaves them '
            "out of repeat rates and switching"
        )
    return pairs_of(customer, brand, cells, rows.n_brands, mixed)


def _amounts(records: Records, cells: Cells) -> FloatArray | None:
    if records.amount is None:
        return None
    rows = records.rows
    codes = cells.codes(rows.n_brands)
    size = rows.n_customers * rows.n_brands
    own = rows.customer * rows.n_brands + rows.brand
    spent = sum_in_cells(own, codes, size, records.amount)
    if len(records.refund_code):
        # Few beside the purchases: found in the sorted cells.
        place = np.searchsorted(codes, records.refund_code)
        spent = spent + np.bincount(place, records.refund_amount, minlength=len(codes))
    return np.asarray(spent, dtype=np.float64)
