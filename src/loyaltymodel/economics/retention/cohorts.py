"""Cohorts of customers by the period of their first row, and how many are there at each age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Label, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, wilson
from loyaltymodel._core.options import check_choice, count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.economics.retention.kernels import cohort_counts, cohort_sums
from loyaltymodel.economics.retention.records import Per, read_records
from loyaltymodel.errors import DataError

Empty = Literal["raise", "keep"]

_MOST_PERIODS = 2_000  # of a table of cohorts by ages
_MOST_PRINTED = 12  # cohorts of a page


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class CohortTable(Result):
    """Cohorts by age; made by :func:`cohort_table`.

    Attributes
    ----------
    n_obs : int
        Customers.
    n_dropped : int
        Rows left out because of missing values.
    level : float
        Confidence level of the intervals.
    periods : tuple
        Periods observed, which are the cohorts too.
    counts : ndarray of shape (c, c)
        Customers of each cohort that were there at each age, in periods from 0 on.
    sums : ndarray of shape (c, c) or None
        Their amounts.
    estimates : EstimateTable
        Share of a cohort by ``cohort`` and ``age``, as far as it is observed.
    age_estimates : EstimateTable
        Share by ``age`` of all cohorts that are observed at it.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.cohort_table(["Li", "Wang", "Li", "Zhang", "Zhou"], [1, 1, 2, 2, 3])
    >>> found.triangle
    age       0    1    2
    cohort
    1       1.0  0.5  0.0
    2       1.0  0.0  NaN
    3       1.0  NaN  NaN
    """

    made_by: ClassVar[str] = "cohort_table()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    level: float
    periods: tuple[int | str, ...]
    counts: IntArray
    sums: FloatArray | None
    estimates: EstimateTable
    age_estimates: EstimateTable

    @property
    def empty(self) -> tuple[int | str, ...]:
        """Periods in which nobody had the first row."""
        return tuple(p for p, n in zip(self.periods, self.counts[:, 0], strict=True) if n == 0)

    @property
    def triangle(self) -> pd.DataFrame:
        """Shares of each cohort that were there: a row a cohort, a column an age.

        NaN is what is not observed yet, and the shares of cohorts that are empty.
        """
        size = self.counts[:, :1]
        with np.errstate(invalid="ignore"):
            return self._wide(self.counts / np.where(size > 0, size, np.nan))

    @property
    def active(self) -> pd.DataFrame:
        """Customers of each cohort that were there, likewise; whole numbers, or NaN."""
        return self._wide(self.counts.astype(np.float64))

    @property
    def amounts(self) -> pd.DataFrame:
        """Amounts of each cohort, likewise."""
        if self.sums is None:
            raise DataError("nothing is known of amounts; give amount to cohort_table")
        return self._wide(self.sums)

    @property
    def cohorts(self) -> pd.DataFrame:
        """A row a cohort and age that is observed.

        ``cohort``, ``age``, ``n_obs`` customers at the start, ``active`` customers, ``estimate``
        (their share), ``ci_low`` and ``ci_high``, and ``amount`` if amounts are known.
        """
        rows, ages = np.nonzero(_observed(len(self.periods)) & (self.counts[:, :1] > 0))
        frame = self.estimates.frame()
        frame.insert(2, "n_obs", self.counts[rows, 0])
        frame.insert(3, "active", self.counts[rows, ages])
        return frame if self.sums is None else frame.assign(amount=self.sums[rows, ages])

    @property
    def ages(self) -> pd.DataFrame:
        """A row an age: all cohorts together that are observed at it.

        ``age``, ``n_obs`` customers at the start, ``active`` customers, ``estimate`` (their
        share), ``ci_low`` and ``ci_high``.
        """
        n_obs, active = _by_age(self.counts)
        frame = self.age_estimates.frame()
        frame.insert(1, "n_obs", n_obs[: len(frame)])
        frame.insert(2, "active", active[: len(frame)])
        return frame

    def _wide(self, values: FloatArray) -> pd.DataFrame:
        n = len(self.periods)
        return pd.DataFrame(
            np.where(_observed(n), values, np.nan),
            index=pd.Index(self.periods, name="cohort"),
            columns=pd.RangeIndex(n, name="age"),
        )

    def _title(self) -> str:
        return "Cohorts of customers"

    def _brief(self) -> str:
        return (
            f"{count_of(self.n_obs, 'customer')}, {count_of(len(self.periods), 'period')}, "
            f"{count_of(len(self.periods) - len(self.empty), 'cohort')}"
        )

    def _facts(self) -> Facts:
        return (("observed", f"{self.periods[0]} to {self.periods[-1]}"),)

    def _tables(self) -> tuple[Table, ...]:
        ages = table_of("By age, all cohorts that are observed at it", self.ages, digits=_DIGITS)
        wide = self.triangle
        if len(self.periods) > _MOST_PRINTED:
            return (ages,)
        wide.columns = pd.Index([str(age) for age in wide.columns])
        wide.insert(0, "n_obs", self.counts[:, 0])
        frame = wide.reset_index()
        digits = (0, *(3,) * len(self.periods))
        return (table_of("Share of each cohort by age", frame, digits=digits), ages)

    def _remarks(self) -> tuple[str, ...]:
        first = (
            f"The first cohort, {self.periods[0]}, has everybody with a row in the first period, "
            "also who was a customer before."
        )
        remarks = [first]
        if self.empty:
            remarks.append(
                f"{count_of(len(self.empty), 'period')} without new customers: "
                f"{enumerate_names(self.empty)}."
            )
        remarks.append(
            "A share counts who has a row at that age, and who skips a period may come back; so it "
            "can rise."
        )
        return tuple(remarks)


_DIGITS = (0, 0, 3, 3, 3)


@checked
def cohort_table(
    customer: Variable,
    date: Variable,
    *,
    amount: Variable | None = None,
    empty: Empty = "raise",
    until: Label | None = None,
    per: Per | None = None,
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> CohortTable:
    """Return how many customers of each cohort are there at each age (同期群留存).

    Parameters
    ----------
    customer : Series, array of shape (n,) or str
        Whose row it is. Several rows of a customer in a period count once.
    date : Series, array of shape (n,) or str
        Whole numbers that count periods; with ``per`` dates, months written as 202412 or, for
        years, 2024.
    amount : Series, array of shape (n,) or str, optional
        Money of each row, which is added; refunds are below 0.
    empty : {"raise", "keep"}
        Whether a period without new customers is an error, or a cohort without shares.
    until : date or whole number, optional
        The last period observed, without which it is the last one with a row.
    per : {"day", "week", "month", "quarter", "half_year", "year"}, optional
        What a period is. Weeks begin on Monday.
    level : float
        Confidence level of the intervals, between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    CohortTable
        Customers, shares and amounts by cohort and age, and shares by age.

    Raises
    ------
    DataError
        If values are missing, dates do not count periods or are written in several ways, only
        one period is observed, or nobody is new in a period.
    OptionError
        If an option is not as described.

    See Also
    --------
    retention_rates : The same records period by period.
    survival : Survival by tenure, with those who are not lost yet.

    Notes
    -----
    A cohort are the customers whose first row stands in one period; at age a they are seen a
    periods later. The share is over the size of the cohort at the start, whatever happened
    between. By age, customers of all cohorts old enough are added and not their shares,
    so that a cohort counts by its size. The intervals are Wilson's. The share at age 0 is 1 by
    definition and has none. Customers decide one by one; where something moves all of them, as
    a price does, intervals are too short.

    What is not observed yet is NaN and not 0: a mean over a column that takes it for 0 makes
    old ages look worse than they are.

    Examples
    --------
    Of two customers won in period 1 one is back in periods 2 and 3:

    >>> from loyaltymodel import economics
    >>> found = economics.cohort_table(
    ...     ["Li", "Wang", "Li", "Zhang", "Li", "Zhou"], [1, 1, 2, 2, 3, 3],
    ...     amount=[10, 20, 10, 5, 30, 5],
    ... )
    >>> found.ages[["age", "n_obs", "active", "estimate"]].round(3)
       age  n_obs  active  estimate
    0    0      4       4     1.000
    1    1      3       1     0.333
    2    2      2       1     0.500
    >>> found.amounts
    age        0     1     2
    cohort
    1       30.0  10.0  30.0
    2        5.0   0.0   NaN
    3        5.0   NaN   NaN
    """
    check_level(level)
    check_choice("empty", empty, Empty)
    records = read_records(
        customer,
        date,
        per=per,
        until=until,
        more={"amount": amount},
        data=data,
        missing=missing,
    )
    n = records.n_periods
    if n > _MOST_PERIODS:
        raise DataError(
            f"there are {n:,} periods, too many for a table of cohorts by age; give per= a longer "
            f"period, so that there are at most {_MOST_PERIODS:,}"
        )
    there = records.there
    counts = cohort_counts(there)
    without = np.flatnonzero(counts[:, 0] == 0)
    if without.size and empty == "raise":
        raise DataError(
            f"{count_of(len(without), 'cohort')} without customers "
            f"({enumerate_names(records.called(int(k)) for k in without)}): nobody is new there; "
            'add what is lacking, take longer periods, or give empty="keep"'
        )
    sums = None
    if amount is not None:
        money = np.asarray(records.found["amount"], dtype=np.float64)
        sums = cohort_sums(there, records.customer, records.period, money)
    rows, ages = np.nonzero(_observed(n) & (counts[:, :1] > 0))
    names = np.array(records.labels, dtype=object)
    size, active = _by_age(counts)
    seen = size > 0
    return CohortTable(
        n_obs=len(records.ids),
        n_dropped=records.found.n_dropped,
        level=level,
        periods=records.labels,
        counts=counts,
        sums=sums,
        estimates=_shares(
            {"cohort": names[rows], "age": ages}, counts[rows, ages], counts[rows, 0], ages, level
        ),
        age_estimates=_shares(
            {"age": np.flatnonzero(seen)}, active[seen], size[seen], np.flatnonzero(seen), level
        ),
    )


def _observed(n: int) -> np.ndarray:
    """Tell which ages (n, n) of each of n cohorts are observed."""
    return np.add.outer(np.arange(n), np.arange(n)) < n


def _by_age(counts: IntArray) -> tuple[IntArray, IntArray]:
    """Return, by age, customers at the start of the cohorts that are observed, and who is there."""
    return np.cumsum(counts[:, 0])[::-1], counts.sum(axis=0)


def _shares(
    labels: dict[str, np.ndarray], active: IntArray, size: IntArray, age: IntArray, level: float
) -> EstimateTable:
    share = active / size
    low, high = wilson(share, size.astype(np.float64), level=level)
    known = age > 0  # at age 0 a share is 1 by definition
    return EstimateTable(
        labels=FrozenMapping({name: tuple(values.tolist()) for name, values in labels.items()}),
        estimate=share,
        ci_low=np.where(known, low, np.nan),
        ci_high=np.where(known, high, np.nan),
        level=level,
        method="Wilson",
    )
