"""Who came, stayed and left from one period to the next, with money and tiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Data, Label, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, ndtri, skewed, wilson
from loyaltymodel._core.options import (
    check_choice,
    count_of,
    enumerate_names,
    repeated,
    shown,
    suggest,
)
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.economics.retention.kernels import (
    Moves,
    Present,
    lines_of,
    moves_of,
    ratios_of_sums,
)
from loyaltymodel.economics.retention.records import (
    Per,
    Records,
    check_no_empty_period,
    read_records,
)
from loyaltymodel.errors import DataError, OptionError

Base = Literal["start", "average", "end"]

_FLOWS = ("start", "new", "won_back", "lost", "retained", "end")
_MONEY = ("start", "expansion", "contraction", "lost", "new", "won_back", "end")
_NEW, _WON_BACK, _LOST = "(new)", "(won back)", "(lost)"
_NO_SPREAD = 1e-12  # of a mean: what rounding leaves of a spread of 0
_MOST_PRINTED = 24  # periods of a page


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class RetentionRates(Result):
    """Customers, money and tiers from period to period; made by :func:`retention_rates`.

    Attributes
    ----------
    n_obs : int
        Customers.
    n_dropped : int
        Rows left out because of missing values.
    level : float
        Confidence level of the intervals.
    base : {"start", "average", "end"}
        Customers over which rates of newcomers and losses are.
    periods : tuple
        Periods after the first, which has no period before.
    flow_counts : ndarray of shape (t, 6)
        Customers at the start, new, won back, lost, retained, and at the end.
    former : ndarray of shape (t,)
        Who was a customer once and is not at the start.
    flow_sums : ndarray of shape (t, 7) or None
        Money at the start, expansion, contraction, lost, new, won back, and at the end.
    tier_names : tuple or None
        Tiers from low to high.
    migration_counts : ndarray of shape (t, k + 2, k + 1) or None
        Customers by tier before, or new or won back, and tier after, or lost.
    estimates : EstimateTable
        Rates by ``period`` and ``quantity``.
    amount_estimates, tier_estimates, rung_estimates : EstimateTable or None
        Retention of money, rates of tiers, and mean profit by tier.
    rung_counts : ndarray or None
        Customers of each line of ``rung_estimates``.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.retention_rates(["Li", "Wang", "Li", "Zhang"], [1, 1, 2, 2])
    >>> found.flows
       period  start  new  won_back  lost  retained  end
    0       2      2    1         0     1         1    2
    """

    made_by: ClassVar[str] = "retention_rates()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    level: float
    base: Base
    periods: tuple[int | str, ...]
    flow_counts: IntArray
    former: IntArray
    flow_sums: FloatArray | None
    tier_names: tuple[Any, ...] | None
    migration_counts: IntArray | None
    estimates: EstimateTable
    amount_estimates: EstimateTable | None
    tier_estimates: EstimateTable | None
    rung_estimates: EstimateTable | None
    rung_counts: IntArray | None

    @property
    def flows(self) -> pd.DataFrame:
        """Customers: a row a period.

        ``period``, ``start``, ``new``, ``won_back``, ``lost``, ``retained``, ``end``; the end is
        start + new + won_back - lost, and start is retained + lost.
        """
        frame = pd.DataFrame(self.flow_counts, columns=list(_FLOWS))
        frame.insert(0, "period", list(self.periods))
        return frame

    @property
    def rates(self) -> pd.DataFrame:
        """Rates: a row a period and ``quantity``.

        ``count`` of customers over ``base``, as ``estimate`` with ``ci_low`` and ``ci_high``.
        """
        count, base = _rates_of(self.flow_counts, self.former, self.base)
        frame = self.estimates.frame()
        frame.insert(2, "count", count.ravel())
        frame.insert(3, "base", base.ravel())
        return frame

    @property
    def amounts(self) -> pd.DataFrame:
        """Money: a row a period.

        ``period``, ``start``, ``expansion``, ``contraction``, ``lost``, ``new``, ``won_back``,
        ``end``; the end is start + expansion - contraction - lost + new + won_back.
        """
        frame = pd.DataFrame(self._known(self.flow_sums, "amount"), columns=list(_MONEY))
        frame.insert(0, "period", list(self.periods))
        return frame

    @property
    def amount_rates(self) -> pd.DataFrame:
        """Retention of money: a row a period and ``quantity``, "net" or "gross"."""
        frame: pd.DataFrame = self._known(self.amount_estimates, "amount").frame()
        frame.insert(2, "n_obs", np.repeat(self.flow_counts[:, 0], 2))
        return frame

    @property
    def tier_rates(self) -> pd.DataFrame:
        """Customers who rose or fell: a row a period and ``quantity``.

        ``count`` over ``base``, those who stayed and could rise, or fall.
        """
        moves = self._known(self.migration_counts, "tier")
        count, base = _tier_rates_of(moves)
        frame: pd.DataFrame = self._known(self.tier_estimates, "tier").frame()
        frame.insert(2, "count", count.ravel())
        frame.insert(3, "base", base.ravel())
        return frame

    @property
    def migrations(self) -> pd.DataFrame:
        """Moves between tiers in all periods: ``source``, ``target``, ``count`` and shares.

        ``n_obs`` is how many came from the source, and ``estimate`` the share of them.
        """
        moves = self._known(self.migration_counts, "tier").sum(axis=0)
        sources, targets = self._sides()
        rows, columns = np.nonzero(np.ones_like(moves))
        # Who is new or won back is nowhere lost.
        there = (rows < len(targets) - 1) | (columns < len(targets) - 1)
        rows, columns = rows[there], columns[there]
        total = moves.sum(axis=1)[rows]
        with np.errstate(invalid="ignore"):
            share = moves[rows, columns] / np.where(total > 0, total, np.nan)
        low, high = wilson(share, np.maximum(total, 1).astype(np.float64), level=self.level)
        return pd.DataFrame(
            {
                "source": [sources[k] for k in rows],
                "target": [targets[k] for k in columns],
                "count": moves[rows, columns],
                "n_obs": total,
                "estimate": share,
                "ci_low": np.where(total > 0, low, np.nan),
                "ci_high": np.where(total > 0, high, np.nan),
            }
        )

    @property
    def matrix(self) -> pd.DataFrame:
        """The counts of :attr:`migrations` as a table: a row a source, a column a target."""
        moves = self._known(self.migration_counts, "tier").sum(axis=0)
        sources, targets = self._sides()
        return pd.DataFrame(
            moves, index=pd.Index(sources, name="source"), columns=pd.Index(targets, name="target")
        )

    @property
    def rungs(self) -> pd.DataFrame:
        """Mean profit by tier: ``period``, ``tier``, ``n_obs``, ``estimate`` and its interval.

        The tier "(all)" has everybody.
        """
        frame: pd.DataFrame = self._known(self.rung_estimates, "profit and tier").frame()
        frame.insert(2, "n_obs", self._known(self.rung_counts, "profit and tier"))
        return frame

    def _known(self, value: Any, what: str) -> Any:
        if value is None:
            raise DataError(f"nothing is known of this; give {what} to retention_rates")
        return value

    def _sides(self) -> tuple[list[Any], list[Any]]:
        names = list(self._known(self.tier_names, "tier"))
        return [*names, _NEW, _WON_BACK], [*names, _LOST]

    def _title(self) -> str:
        return "Customers from period to period"

    def _brief(self) -> str:
        return f"{count_of(self.n_obs, 'customer')}, {count_of(len(self.periods), 'period')}"

    def _facts(self) -> Facts:
        return (
            ("periods", f"{self.periods[0]} to {self.periods[-1]}"),
            ("rates over", {"average": "mean of start and end"}.get(self.base, self.base)),
        )

    def _tables(self) -> tuple[Table, ...]:
        def of(frame: pd.DataFrame) -> pd.DataFrame:
            recent = set(self.periods[-_MOST_PRINTED:])
            return frame[frame["period"].isin(recent)]

        tables = [
            table_of("Customers", of(self.flows), digits=0),
            table_of("Rates", of(self.rates), n_labels=2, digits=(0, 1, 3, 3, 3)),
        ]
        if self.flow_sums is not None:
            tables.append(table_of("Money", of(self.amounts), digits=2))
            retained = of(self.amount_rates)
            tables.append(
                table_of("Retention of money", retained, n_labels=2, digits=(0, *[3] * 4))
            )
        if self.migration_counts is not None:
            moved = of(self.tier_rates)
            tables.append(table_of("Tiers", moved, n_labels=2, digits=(0, 0, 3, 3, 3)))
            matrix = self.matrix
            matrix.columns = pd.Index([str(name) for name in matrix.columns])
            tables.append(table_of("From tier to tier", matrix.reset_index(), digits=0))
        if self.rung_estimates is not None:
            tables.append(table_of("Mean profit", of(self.rungs), n_labels=2, digits=(0, *[2] * 4)))
        return tuple(tables)

    def _remarks(self) -> tuple[str, ...]:
        first = (
            "Who has a row in a period is a customer in it; without a row in the next one is lost, "
            "and won back with a later one."
        )
        remarks = [first]
        if self.base != "start":
            remarks.append(
                "Retention is over the start in any case; so it is 1 less the loss rate only with "
                'base="start".'
            )
        if len(self.periods) > _MOST_PRINTED:
            remarks.append(f"The last {_MOST_PRINTED} periods are shown; the tables have all.")
        return tuple(remarks)


@checked
def retention_rates(
    customer: Variable,
    date: Variable,
    *,
    amount: Variable | None = None,
    profit: Variable | None = None,
    tier: Variable | None = None,
    tiers: Sequence[Any] | None = None,
    base: Base = "start",
    until: Label | None = None,
    per: Per | None = None,
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> RetentionRates:
    """Return new, lost and retained customers of each period, with rates (客户保持率、客户流失率).

    Parameters
    ----------
    customer : Series, array of shape (n,) or str
        Whose row it is. Who has a row in a period is a customer in it.
    date : Series, array of shape (n,) or str
        Whole numbers that count periods; with ``per`` dates, months written as 202412 or, for
        years, 2024.
    amount : Series, array of shape (n,) or str, optional
        Revenue of each row, which is added by customer and period; the sum is 0 or more.
    profit : Series, array of shape (n,) or str, optional
        Profit of each row, of any sign, for the mean by tier.
    tier : Series, array of shape (n,) or str, optional
        Tier of the customer in the period, such as the rung of a ladder.
    tiers : sequence, optional
        All tiers from low to high; needed with ``tier``.
    base : {"start", "average", "end"}
        Over which customers the rates of newcomers and losses are: those at the start of the
        period, at its end, or the mean of both.
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
    RetentionRates
        Customers, rates, and with them money, moves between tiers and profit by tier.

    Raises
    ------
    DataError
        If values are missing, dates do not count periods or are written in several ways, only
        one period is observed, nobody has a row in a period, amounts of a customer and period
        add up to less than 0, or a customer has two tiers in a period.
    OptionError
        If an option is not as described, or ``tier`` and ``tiers`` do not fit.

    See Also
    --------
    cohort_table : The same records by the period in which customers came.
    survival : Retention by tenure.

    Notes
    -----
    The start of a period are the customers of the period before. Each of these is retained or
    lost, and the end are the retained, the new, who never had a row before, and the won back. So

        end = start + new + won_back - lost,        start = retained + lost.

    The retention rate is retained / start = 1 - lost / start. Newcomers are in neither, so they
    cannot make up for a loss. Some texts call the loss rate retention; they are complements.
    "won_back" is over the ``former`` customers, who are not there at the start.
    Loss and retention over the start, newcomers over the end and who was won back are shares,
    with Wilson's interval. Newcomers over the start are no part of it; they have the score
    interval of a Poisson count over the start. Other ratios have no interval.

    Money of the customers at the start, before and now: expansion is what the retained pay
    more, contraction what they pay less, lost what the lost had paid.

        net = (start + expansion - contraction - lost) / start
        gross = (start - contraction - lost) / start

    Both are ratios of sums over customers; a customer adds what is paid now less the ratio times
    what was paid before, and Hall's interval [1]_ allows for the skewness of that.
    Where amounts are log-normal with a sigma of 1, 95 % intervals held the truth in 92 % of
    simulated worlds with 100 customers, and in 95 % with 400.

    Who stayed and was not in the highest tier could rise; the rate of upgrades is over these.
    Mean profit by tier has Hall's interval too.

    References
    ----------
    .. [1] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
       Statistical Society B, 54(1), 221-228.

    Examples
    --------
    Of three customers at the start one is lost, and one is new. Li pays 15 in place of 10, and
    Wang 15 in place of 20; Zhou had paid 10:

    >>> from loyaltymodel import economics
    >>> found = economics.retention_rates(
    ...     ["Li", "Wang", "Zhou", "Li", "Wang", "Chen"], [1, 1, 1, 2, 2, 2],
    ...     amount=[10, 20, 10, 15, 15, 7],
    ... )
    >>> found.rates[["period", "quantity", "count", "base", "estimate"]].round(3)
       period   quantity  count  base  estimate
    0       2        new      1   3.0     0.333
    1       2       loss      1   3.0     0.333
    2       2  retention      2   3.0     0.667
    3       2   won_back      0   0.0       NaN
    >>> found.amounts.iloc[0].to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'period': 2.0, 'start': 40.0, 'expansion': 5.0, 'contraction': 5.0, 'lost': 10.0, 'new': 7.0,
     'won_back': 0.0, 'end': 37.0}
    >>> found.amount_rates["estimate"].tolist()  # (40 + 5 - 5 - 10) / 40, (40 - 5 - 10) / 40
    [0.75, 0.625]
    """
    check_level(level)
    check_choice("base", base, Base)
    names = _tiers(tier, tiers)
    if profit is not None and tier is None:
        raise OptionError(
            "profit= is for the mean by tier; give tier= and tiers= too, or leave it out"
        )
    records = read_records(
        customer,
        date,
        per=per,
        until=until,
        more={"amount": amount, "profit": profit, "tier": tier},
        categories=[] if tier is None else ["tier"],
        data=data,
        missing=missing,
    )
    check_no_empty_period(records)
    there = records.there
    moves = moves_of(there)
    flows, former = _flows(there, moves)
    periods = records.labels[1:]
    line = np.empty(0, np.intp)
    if amount is not None or tier is not None:
        line = _lines(records, there)
    money, money_rates = None, None
    if amount is not None:
        paid = _sums(records, "amount", line, len(there.period))
        _check_paid(records, there, paid)
        money, money_rates = _money(there, moves, paid, periods, level)
    migrations = tier_rates = rungs = rung_counts = None
    if names is not None:
        place = _tier_of(records, there, line, names)
        migrations = _migrations(there, moves, place, len(names))
        count, eligible = _tier_rates_of(migrations)
        tier_rates = _table(
            periods, ("upgraded", "downgraded"), count, eligible, np.ones_like(count, bool), level
        )
        if profit is not None:
            worth = _sums(records, "profit", line, len(there.period))
            rungs, rung_counts = _rungs(records, there, place, worth, names, level)
    return RetentionRates(
        n_obs=len(records.ids),
        n_dropped=records.found.n_dropped,
        level=level,
        base=base,
        periods=periods,
        flow_counts=flows,
        former=former,
        flow_sums=money,
        tier_names=names,
        migration_counts=migrations,
        estimates=_rate_table(flows, former, base, periods, level),
        amount_estimates=money_rates,
        tier_estimates=tier_rates,
        rung_estimates=rungs,
        rung_counts=rung_counts,
    )


def _tiers(tier: object, tiers: Sequence[Any] | None) -> tuple[Any, ...] | None:
    if (tier is None) != (tiers is None):
        raise OptionError(
            "tier= needs tiers=, all tiers from low to high"
            if tiers is None
            else "tiers= names the tiers of tier=; give both or neither"
        )
    if tiers is None:
        return None
    names = tuple(tiers)
    if len(names) < 2 or repeated(names):  # noqa: PLR2004  one tier is none
        raise OptionError(
            f"tiers={shown(list(names))} must be at least two different tiers, from low to high"
        )
    return names


def _flows(there: Present, moves: Moves) -> tuple[IntArray, IntArray]:
    n = there.n_periods

    def by_period(chosen: BoolArray) -> IntArray:
        return np.bincount(there.period[chosen], minlength=n)

    present = np.bincount(there.period, minlength=n)
    ever = np.cumsum(by_period(there.firsts))
    flows = np.column_stack(
        [
            present[:-1],
            by_period(moves.new)[1:],
            by_period(moves.won_back)[1:],
            by_period(moves.left)[:-1],
            by_period(moves.retained)[1:],
            present[1:],
        ]
    )
    return flows, (ever - present)[:-1]


def _rates_of(flows: IntArray, former: IntArray, base: Base) -> tuple[IntArray, FloatArray]:
    """Return counts and what they are over (t, 4): new, loss, retention, won back."""
    start, new, won_back, lost, retained, end = flows.T
    over = {"start": start, "average": (start + end) / 2, "end": end}[base]
    count = np.column_stack([new, lost, retained, won_back])
    return count, np.column_stack([over, over, start, former]).astype(np.float64)


def _rate_table(
    flows: IntArray,
    former: IntArray,
    base: Base,
    periods: tuple[int | str, ...],
    level: float,
) -> EstimateTable:
    count, over = _rates_of(flows, former, base)
    shares = np.ones_like(over, dtype=np.bool_)
    shares[:, :2] = [base == "end", base == "start"]
    table = _table(periods, ("new", "loss", "retention", "won_back"), count, over, shares, level)
    if base != "start":
        return table
    # A count over a number that it is no part of: the score interval of a Poisson mean.
    z = ndtri(np.array((1 + level) / 2))
    middle, reach = count[:, 0] + z**2 / 2, z * np.sqrt(count[:, 0] + z**2 / 4)
    low, high = np.array(table.ci_low), np.array(table.ci_high)
    low[::4], high[::4] = (middle - reach).clip(0) / over[:, 0], (middle + reach) / over[:, 0]
    return EstimateTable(
        labels=table.labels,
        estimate=table.estimate,
        ci_low=low,
        ci_high=high,
        level=level,
        method="Wilson, and score of a Poisson count",
    )


def _table(
    periods: tuple[int | str, ...],
    quantities: tuple[str, ...],
    count: IntArray,
    over: npt.NDArray[Any],
    shares: BoolArray,
    level: float,
) -> EstimateTable:
    """Return ratios (t, q) with Wilson's intervals where they are shares."""
    base = np.where(over > 0, over, np.nan).ravel()
    share = count.ravel() / base
    known = shares.ravel() & (over.ravel() > 0)
    low, high = wilson(np.where(known, share, 0.0), np.where(known, base, 1.0), level=level)
    return EstimateTable(
        labels=_labels(periods, quantities),
        estimate=share,
        ci_low=np.where(known, low, np.nan),
        ci_high=np.where(known, high, np.nan),
        level=level,
        method="Wilson",
    )


def _labels(
    periods: tuple[int | str, ...], quantities: tuple[Any, ...], second: str = "quantity"
) -> FrozenMapping[str, tuple[Any, ...]]:
    return FrozenMapping(
        {
            "period": tuple(p for p in periods for _ in quantities),
            second: tuple(quantities) * len(periods),
        }
    )


def _lines(records: Records, there: Present) -> IntArray:
    """Return the line of who was there that each row belongs to."""
    return lines_of(there, records.customer, records.period)


def _sums(records: Records, name: str, line: IntArray, n: int) -> FloatArray:
    values = np.asarray(records.found[name], dtype=np.float64)
    return np.asarray(np.bincount(line, values, n), np.float64)


def _check_paid(records: Records, there: Present, paid: FloatArray) -> None:
    if (below := paid < 0).any():
        at = int(np.argmax(below))
        raise DataError(
            f"the amount of customer {records.ids[there.customer[at]]} in "
            f"{records.called(there.period[at])} adds up to {paid[at]:g}, below 0, so that nothing "
            "could be retained; take longer periods, or leave refunds out"
        )


def _money(
    there: Present, moves: Moves, paid: FloatArray, periods: tuple[int | str, ...], level: float
) -> tuple[FloatArray, EstimateTable]:
    n = there.n_periods
    # Of lines before the last period: what the same customer pays in the next one.
    stays = np.append(moves.retained[1:], False)
    after = np.where(stays, np.append(paid[1:], 0.0), 0.0)
    before = there.period < n - 1

    def by_period(values: FloatArray, chosen: BoolArray, shift: int) -> FloatArray:
        sums = np.bincount(there.period[chosen] + shift, values[chosen], n)
        return np.asarray(sums[1:], np.float64)

    everybody = np.ones_like(before)
    sums = np.column_stack(
        [
            by_period(paid, before, 1),
            by_period(np.maximum(after - paid, 0), stays, 1),
            by_period(np.maximum(paid - after, 0), stays, 1),
            by_period(paid, moves.left, 1),
            by_period(paid, moves.new, 0),
            by_period(paid, moves.won_back, 0),
            by_period(paid, everybody, 0),
        ]
    )
    when, x = there.period[before], paid[before]
    estimate, error, low, high = (np.empty((n - 1, 2)) for _ in range(4))
    for k, y in enumerate((after[before], np.minimum(after, paid)[before])):
        ratio, std_error, skewness, size = ratios_of_sums(when, y, x, n - 1)
        std_error = np.where(std_error > _NO_SPREAD * np.abs(ratio), std_error, np.nan)
        found = skewed(ratio, std_error, skewness, np.maximum(size - 1.0, 1.0), level=level)
        estimate[:, k], error[:, k] = ratio, std_error
        low[:, k] = found.low.clip(min=0.0)
        high[:, k] = found.high if k == 0 else found.high.clip(max=1.0)
    return sums, EstimateTable(
        labels=_labels(periods, ("net", "gross")),
        estimate=estimate.ravel(),
        std_error=error.ravel(),
        ci_low=low.ravel(),
        ci_high=high.ravel(),
        level=level,
        method="Hall",
    )


def _tier_of(records: Records, there: Present, line: IntArray, names: tuple[Any, ...]) -> IntArray:
    """Return the tier of each customer in each period; refuse unknown ones, and two at once."""
    codes, distinct = records.found.codes("tier")
    known: Mapping[Any, int] = {name: k for k, name in enumerate(names)}
    unknown = [name for name in distinct if name not in known]
    if unknown:
        texts = [name for name in names if isinstance(name, str)]
        raise DataError(
            f"tier has {shown(unknown[0])}{suggest(unknown[0], texts)}, which tiers= does not "
            f"name: {enumerate_names(names, most=12)}"
        )
    own = np.array([known[name] for name in distinct], dtype=np.intp)[codes]
    place = np.zeros(len(there.period), dtype=np.intp)
    place[line] = own
    if (several := place[line] != own).any():
        at = line[int(np.argmax(several))]
        raise DataError(
            f"customer {records.ids[there.customer[at]]} has two tiers in "
            f"{records.called(there.period[at])}; give the one that counts in each period"
        )
    return place


def _migrations(there: Present, moves: Moves, place: IntArray, k: int) -> IntArray:
    """Return customers (t, k + 2, k + 1) by tier before and after."""
    n = there.n_periods
    stays = np.append(moves.retained[1:], False)
    source = np.concatenate(
        [
            place[stays],
            place[moves.left],
            np.full(moves.new.sum(), k),
            np.full(moves.won_back.sum(), k + 1),
        ]
    )
    target = np.concatenate(
        [
            place[moves.retained],
            np.full(moves.left.sum(), k),
            place[moves.new],
            place[moves.won_back],
        ]
    )
    when = np.concatenate(
        [
            there.period[stays] + 1,
            there.period[moves.left] + 1,
            there.period[moves.new],
            there.period[moves.won_back],
        ]
    )
    cells = ((when - 1) * (k + 2) + source) * (k + 1) + target
    return np.bincount(cells, minlength=(n - 1) * (k + 2) * (k + 1)).reshape(n - 1, k + 2, k + 1)


def _tier_rates_of(moves: IntArray) -> tuple[IntArray, IntArray]:
    """Return who rose and fell (t, 2), and who stayed and could."""
    k = moves.shape[2] - 1
    stayed = moves[:, :k, :k]
    source, target = np.indices((k, k))
    count = [stayed[:, target > source].sum(axis=1), stayed[:, target < source].sum(axis=1)]
    could = [stayed[:, :-1].sum(axis=(1, 2)), stayed[:, 1:].sum(axis=(1, 2))]
    return np.column_stack(count), np.column_stack(could)


def _rungs(
    records: Records,
    there: Present,
    place: IntArray,
    worth: FloatArray,
    names: tuple[Any, ...],
    level: float,
) -> tuple[EstimateTable, IntArray]:
    """Return mean profit by period and tier, and of all, with Hall's intervals."""
    k, n = len(names), records.n_periods
    cells = np.concatenate([there.period * (k + 1) + place, there.period * (k + 1) + k])
    twice = np.tile(worth, 2)
    mean, error, skewness, count = ratios_of_sums(cells, twice, np.ones_like(twice), n * (k + 1))
    error = np.where(error > _NO_SPREAD * np.abs(mean), error, np.nan)
    found = skewed(mean, error, skewness, np.maximum(count - 1.0, 1.0), level=level)
    return EstimateTable(
        labels=_labels(records.labels, (*names, "(all)"), "tier"),
        estimate=mean,
        std_error=error,
        ci_low=found.low,
        ci_high=found.high,
        level=level,
        method="Hall",
    ), count
