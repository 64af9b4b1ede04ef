"""From rows of activity to how long customers stayed, and whether they were lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Label, Variable
from loyaltymodel._core.arrays import BoolArray, IntArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, check_count, count_of
from loyaltymodel._core.results import Facts, Result, WithCustomers
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.economics.retention.kernels import Present, distinct_rows
from loyaltymodel.economics.retention.records import (
    Per,
    Records,
    label_of,
    read_periods,
    read_records,
)
from loyaltymodel.errors import DataError, OptionError

RowsEnd = Literal["lost", "censored"]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Tenures(Result):
    """Customers counted by how long they stayed; made by :func:`tenures`.

    Attributes
    ----------
    n_obs : int
        Customers.
    n_dropped : int
        Rows left out because of missing values.
    rows_end : {"lost", "censored"}
        What was taken to become of customers whose rows end.
    gap : int or None
        Silent periods after which a customer was taken for lost.
    observed : tuple
        First and last period observed.
    entry, tenure : ndarray of shape (k,)
        Periods from a customer's start to the first row, and to the end of what is known.
    lost : ndarray of shape (k,)
        Whether the customers were lost then.
    counts : ndarray of shape (k,)
        Customers with this entry, tenure and end.
    n_from_start : int
        Customers whose first row stands in the first period, and whose start is not given.
    n_silent : int
        Customers with at least one silent period between rows.
    n_won_back : int
        Customers who came back after ``gap`` silent periods; later rows are not counted.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found, customers = economics.tenures(
    ...     ["Li", "Li", "Wang", "Wang", "Wang"], [1, 2, 1, 2, 3], rows_end="lost"
    ... )
    >>> found
    <Tenures: 2 customers, 1 lost>
    """

    made_by: ClassVar[str] = "tenures()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    rows_end: RowsEnd
    gap: int | None
    observed: tuple[int | str, int | str]
    entry: IntArray
    tenure: IntArray
    lost: BoolArray
    counts: IntArray
    n_from_start: int
    n_silent: int
    n_won_back: int

    @property
    def n_lost(self) -> int:
        """Customers lost."""
        return int(self.counts[self.lost].sum())

    @property
    def tenures(self) -> pd.DataFrame:
        """A row a combination: ``entry``, ``tenure``, ``lost`` and ``n_obs`` customers."""
        return pd.DataFrame(
            {
                "entry": self.entry,
                "tenure": self.tenure,
                "lost": self.lost,
                "n_obs": self.counts,
            }
        )

    def _title(self) -> str:
        return "How long customers stayed"

    def _brief(self) -> str:
        return f"{count_of(self.n_obs, 'customer')}, {self.n_lost} lost"

    def _facts(self) -> Facts:
        rule = {
            "lost": "lost in the period after, unless it is the last observed",
            "censored": "not known what became of them",
        }[self.rows_end]
        if self.gap is not None:
            rule = f"lost after {count_of(self.gap, 'silent period')}, in the first of them"
        return (
            ("observed", f"{self.observed[0]} to {self.observed[1]}"),
            ("rows end", rule),
            ("lost", f"{self.n_lost:,}"),
        )

    def _tables(self) -> tuple[Table, ...]:
        frame = self.tenures.assign(lost=np.where(self.lost, "yes", "no"))
        return (table_of("Customers", frame, n_labels=3, digits=0),)

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        if self.n_from_start:
            remarks.append(
                f"{count_of(self.n_from_start, 'customer')} had a row in the first period. Those "
                "who were customers before have longer tenures than counted; give start=."
            )
        if self.gap is None and self.rows_end == "lost" and self.n_silent:
            remarks.append(
                f"{count_of(self.n_silent, 'customer')} had silent periods between rows. Others "
                "who are silent at the end may come back and count as lost too early; give gap=."
            )
        if self.n_won_back:
            remarks.append(
                f"{count_of(self.n_won_back, 'customer')} came back after being lost; what they "
                "did then is not counted."
            )
        return tuple(remarks)


@checked
def tenures(
    customer: Variable,
    date: Variable,
    *,
    rows_end: RowsEnd,
    gap: int | None = None,
    lost: Variable | None = None,
    start: Variable | None = None,
    until: Label | None = None,
    per: Per | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> WithCustomers[Tenures]:
    """Return how long customers stayed and whether they were lost, from their rows (客户年限).

    Parameters
    ----------
    customer : Series, array of shape (n,) or str
        Whose row it is. Several rows of a customer in a period count once.
    date : Series, array of shape (n,) or str
        Whole numbers that count periods; with ``per`` dates, months written as 202412 or, for
        years, 2024.
    rows_end : {"lost", "censored"}
        What became of customers whose rows end before the last period observed. "lost": they
        were lost in the period after the last row. "censored": that is not known.
    gap : int, optional
        With "lost": only who was silent for so many periods was lost, in the first of them.
    lost : Series, array of shape (n,) or str, optional
        1 in the last row of a customer who left before the next period, else 0. Who has 0 in
        the last row was still there in the next period.
    start : Series, array of shape (n,) or str, optional
        When the customer of each row began, if before the first row; written as ``date`` is.
    until : date or whole number, optional
        The last period observed, without which it is the last one with a row.
    per : {"day", "week", "month", "quarter", "half_year", "year"}, optional
        What a period is. Weeks begin on Monday.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    WithCustomers
        Customers counted by entry, tenure and end; and a table with a row a customer:
        ``start``, ``entry``, ``tenure``, ``lost``.

    Raises
    ------
    DataError
        If values are missing, dates do not count periods or are written in several ways, only
        one period is observed, or a customer was lost before the last row or has a row before
        the start.
    OptionError
        If an option is not as described.

    See Also
    --------
    survival : Retention and survival by tenure, from these.
    fit_retention : A model of customers who differ in their churn, from these.

    Notes
    -----
    With the start in period s a customer who was lost in period d has tenure d - s: so many
    times was a customer before the loss, and is not at tenure d - s. One who was still there in
    the last period T has tenure T - s and is censored. Without ``start`` a customer starts with
    the first row. With it, one whose rows begin later enters late, and ``entry`` is the tenure
    at which that was. Who was lost before the rows begin is in no row; so what is
    computed must condition on having been there at ``entry``, as :func:`survival` does.

    The rule of ``gap`` has a trap. A loss in period d is seen only g - 1 periods later, so
    losses after T - g + 1 are not known of anybody. Who was not lost by then is censored at
    T - g + 1 and not at the last row or at T; else periods without losses would be counted
    as retention. The first loss counts; what a customer does who comes back does not.

    Examples
    --------
    Li's rows end in period 3 of 5, and Wang's in the last:

    >>> from loyaltymodel import economics
    >>> customer, date = ["Li", "Li", "Wang", "Wang", "Wang"], [2, 3, 1, 4, 5]
    >>> found, customers = economics.tenures(customer, date, rows_end="lost")
    >>> customers
          start  entry  tenure   lost
    Li        2      0       2   True
    Wang      1      0       4  False

    After two silent periods Li was lost as well. Wang was lost in period 2 and came back:

    >>> found, customers = economics.tenures(customer, date, rows_end="lost", gap=2)
    >>> customers
          start  entry  tenure  lost
    Li        2      0       2  True
    Wang      1      0       1  True
    """
    check_choice("rows_end", rows_end, RowsEnd)
    if gap is not None:
        check_count("gap", gap, least=1)
        if rows_end != "lost":
            raise OptionError(
                'gap= says after how many silent periods a customer was lost; give rows_end="lost" '
                "with it, or leave it out"
            )
        if lost is not None:
            raise OptionError(
                "lost= says who left, and gap= guesses it from silence; give one of the two"
            )
    records = read_records(
        customer,
        date,
        per=per,
        until=until,
        more={"lost": lost, "start": start},
        bounds={"lost": (0.0, 1.0)},
        categories=["start"],
        data=data,
        missing=missing,
    )
    there = records.there
    begin = there.first if start is None else _starts(records, there.first)
    last = there.period[there.lasts]
    steps = np.where(there.firsts, 1, np.append(0, np.diff(there.period)))
    final = records.n_periods - 1
    n_won_back = 0
    if gap is not None:
        end, gone, n_won_back = _after_gap(there, steps, last, gap, final)
    else:
        gone = last < final if rows_end == "lost" else np.zeros(len(last), dtype=np.bool_)
        if lost is not None:
            gone |= _who_left(records, last)
        # A row that says nobody left after it says of the next period, too.
        end = np.where(gone | (lost is not None), last + 1, last)
    tenure = np.maximum(end - begin, 0)
    entry = there.first - begin
    found, counts = distinct_rows(entry, tenure, gone.astype(np.intp))
    labels = pd.Index(records.ids)
    customers = pd.DataFrame(
        {"start": _labels(records, begin), "entry": entry, "tenure": tenure, "lost": gone},
        index=labels,
    )
    result = Tenures(
        n_obs=len(labels),
        n_dropped=records.found.n_dropped,
        rows_end=rows_end,
        gap=gap,
        observed=(records.labels[0], records.labels[-1]),
        entry=found[0],
        tenure=found[1],
        lost=found[2].astype(np.bool_),
        counts=counts,
        n_from_start=0 if start is not None else int((there.first == 0).sum()),
        n_silent=len(np.unique(there.customer[steps > 1])),
        n_won_back=n_won_back,
    )
    return WithCustomers(result, customers)


def _labels(records: Records, periods: IntArray) -> list[int | str]:
    distinct, place = np.unique(periods, return_inverse=True)
    names = np.array([label_of(records.first + int(k), records.per) for k in distinct], object)
    found: list[int | str] = names[place].tolist()
    return found


def _starts(records: Records, first: IntArray) -> IntArray:
    """Return the period in which each customer began; refuse two, or one after the first row."""
    when = read_periods("start", records.found["start"], records.per, records.found.labels)
    when = when - records.first
    begin = np.zeros(len(records.ids), dtype=np.intp)
    begin[records.customer] = when
    if (odd := begin[records.customer] != when).any():
        raise DataError(
            f"customer {records.ids[records.customer[int(np.argmax(odd))]]} has several values of "
            "start; give the same one in all rows of a customer"
        )
    if (late := begin > first).any():
        who = int(np.argmax(late))
        raise DataError(
            f"customer {records.ids[who]} has a row in {records.called(first[who])}, before the "
            f"start in {records.called(begin[who])}; correct one of the two"
        )
    return begin


def _who_left(records: Records, last: IntArray) -> BoolArray:
    """Return which customers are said to have left; refuse rows after that."""
    said = np.asarray(records.found["lost"], dtype=np.float64)
    if not np.isin(said, (0.0, 1.0)).all():
        raise DataError("lost must be 1 (or True) in the last row of who left, else 0")
    rows = said == 1
    early = rows & (records.period < last[records.customer])
    if early.any():
        who = records.customer[int(np.argmax(early))]
        at = records.period[int(np.argmax(early))]
        raise DataError(
            f"customer {records.ids[who]} was lost in {records.called(at)} and has later rows, up "
            f"to {records.called(last[who])}; whoever comes back needs another name, such "
            "as one a contract"
        )
    left = np.zeros(len(records.ids), dtype=np.bool_)
    left[records.customer[rows]] = True
    return left


def _after_gap(
    there: Present, steps: IntArray, last: IntArray, gap: int, final: int
) -> tuple[IntArray, BoolArray, int]:
    """Return when each customer was lost or is last known of, whether lost, and who came back."""
    back = steps > gap
    gone = final - last >= gap
    end = np.where(gone, last + 1, max(final - gap + 1, 0))
    # Backwards, so that the first silence of a customer is written last.
    lines = np.flatnonzero(back)[::-1]
    who = there.customer[lines]
    end[who] = there.period[lines - 1] + 1
    gone[who] = True
    return end, gone, len(np.unique(who))
