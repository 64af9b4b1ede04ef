"""What a customer earns by length of the relationship."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.draws import SHARE, difference_of, table_of_rows
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of, shown
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.economics.rates import Period
from loyaltymodel.economics.tenure_profit.kernels import Stream, stacked
from loyaltymodel.errors import OptionError

ProfitTiming = Literal["now", "end_of_period"]
Beyond = Literal["last"]

_TIMES = {"now": "at its beginning", "end_of_period": "at its end"}
_BY_PERIOD = ("profit", "survival", "discounted_profit", "cumulative")
_ROUNDING = 1e-12  # of what is subtracted from each other: a difference that is none
_OVERALL = ("value", "lifetime", "deepest_loss", "break_even_period")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class TenureProfit(Result):
    """Profit of a customer by length of the relationship; made by :func:`profit_by_tenure`.

    Attributes
    ----------
    per : str
        The period.
    timing : {"now", "end_of_period"}
        When the profit of a period comes in.
    beyond : "last" or None
        Whether the last numbers hold on behind the sequences.
    n_periods : int
        Periods that are listed.
    endless : bool
        Whether the last of them repeats without end, which is part of the value.
    level : float
        Confidence level of the intervals, if there were draws.
    names : tuple of str
        The components.
    inputs : mapping from str to ndarray of shape (1 + b,) or (1 + b, n)
        Components, ``acquisition_cost``, ``retention`` and ``discount``: the number first, then
        its draws.
    estimates : EstimateTable
        By ``quantity`` and ``period``: see :attr:`periods` and :attr:`quantities`.
    component_estimates : EstimateTable
        By ``component``: see :attr:`components`.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.profit_by_tenure(
    ...     {"base": 100}, acquisition_cost=150, retention=0.8, discount=0, timing="now",
    ...     per="year", beyond="last",
    ... )
    >>> found
    <TenureProfit: 350 per customer, break-even in year 2>
    """

    made_by: ClassVar[str] = "profit_by_tenure()"
    rests_on_data: ClassVar[bool] = False
    people: ClassVar[str] = "customers"

    per: Period
    timing: ProfitTiming
    beyond: Beyond | None
    n_periods: int
    endless: bool
    level: float
    names: tuple[str, ...]
    inputs: FrozenMapping[str, FloatArray]
    estimates: EstimateTable
    component_estimates: EstimateTable

    @property
    def value(self) -> float:
        """What a new customer is worth, less the cost of acquisition, in money."""
        return float(self.estimates.row(("value", 0))["estimate"])

    @property
    def break_even_period(self) -> float:
        """The period, from 1, in which the cost of acquisition has come in; infinite if never."""
        return float(self.estimates.row(("break_even_period", 0))["estimate"])

    @property
    def periods(self) -> pd.DataFrame:
        """What happens period by period: ``quantity``, ``period`` from 1, ``estimate``.

        "profit" of a customer who is there; "survival", the share who are; "discounted_profit",
        expected and in money of now; "cumulative", the sum of that so far less the cost of
        acquisition. With draws also ``std_error``, ``ci_low`` and ``ci_high``.
        """
        frame = self.estimates.frame()
        return frame[frame["period"] > 0].reset_index(drop=True)

    @property
    def quantities(self) -> pd.DataFrame:
        """The whole relationship: a row a ``quantity``.

        "value" of a new customer less the cost of acquisition; "lifetime", the expected number of
        periods; "deepest_loss", the lowest that cumulative profit is in any listed period or
        before; "break_even_period". With draws also ``std_error``, ``ci_low`` and ``ci_high``.
        """
        frame = self.estimates.frame()
        return frame[frame["period"] == 0].drop(columns="period").reset_index(drop=True)

    @property
    def components(self) -> pd.DataFrame:
        """What each part is worth, which adds up to the value: a row a ``component``.

        Expected and discounted; last the "acquisition" cost, which is negative, and the "total".
        """
        return self.component_estimates.frame()

    @property
    def remaining(self) -> pd.DataFrame:
        """What is still to come of a customer who has reached a period: the loss if he leaves.

        ``quantity``, ``period``, ``estimate`` and, with draws, the interval. "remaining_value" is
        seen from the beginning of the period. "replacements" is that over the value of a new
        customer net of the cost of acquisition: how many new ones make up for one who is lost
        (挽回一个老顾客的流失); infinite where a new customer brings no more than he costs, so that
        no number does.
        """
        stream = self._stream(self.inputs)
        left, new = stream.remaining(), stream.value()[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            # Nobody makes up for something where a new one brings nothing.
            ratio = np.where(new > 0, left / new, np.where(left > 0, np.inf, np.nan))
        labels = self._labels("remaining_value", "replacements")
        return table_of_rows(labels, np.hstack([left, ratio]), level=self.level).frame()

    @checked
    def change(self, *, retention: float) -> EstimateTable:
        """Return what a change in retention does to the value, and how much of it is arithmetic.

        Parameters
        ----------
        retention : float
            What is added to the retention of every period: 0.05 is five percentage points more,
            a defection rate lower by five points.

        Returns
        -------
        EstimateTable
            By ``quantity``. In money: value "before" and "after", their "difference", and its two
            parts: "from_longer_stay", what the longer stay would bring if a period brought what it
            does before on average, and "from_later_profit", the rest: what later periods bring
            more or less than that. As shares of what was there before: "relative_change" of the
            value, which is NaN unless the value is above 0, of profit before the cost of
            acquisition ("relative_change_of_profit"), and of the expected number of periods
            ("relative_change_of_lifetime").

        Raises
        ------
        OptionError
            If a retention leaves 0 to 1, or nothing bounds the value any more.

        Notes
        -----
        With L the expected number of periods, each counted as a unit of money in it, and P the
        profit before the cost of acquisition, a period brings P / L on average. The difference is
        (L' - L) P / L + L' (P' / L' - P / L). Where every period brings the same, the second part
        is 0, and all of the difference is that of 1 / (1 - r): arithmetic of lifetimes, not a
        finding about customers. That is Sharp's criticism of the well-known claim that five points
        lower defection raise profits by 25 to 85 percent. Shares of the value are larger than
        those of profit, because the cost of acquisition is paid once.

        Examples
        --------
        MBNA's arithmetic: who loses 10 % of his customers a year has them for 10 years, and who
        loses 5 % for 20. With constant profit 100 % more follow, and net of acquisition more:

        >>> from loyaltymodel import economics
        >>> found = economics.profit_by_tenure(
        ...     {"base": 30}, acquisition_cost=60, retention=0.9, discount=0, timing="now",
        ...     per="year", beyond="last",
        ... )
        >>> found.change(retention=0.05).frame().round(6)
                              quantity  estimate
        0                       before    240.00
        1                        after    540.00
        2                   difference    300.00
        3             from_longer_stay    300.00
        4            from_later_profit      0.00
        5              relative_change      1.25
        6    relative_change_of_profit      1.00
        7  relative_change_of_lifetime      1.00
        """
        moved = {**self.inputs, "retention": self.inputs["retention"] + retention}
        if not (inside := SHARE.holds(moved["retention"])).all():
            k = tuple(np.argwhere(~inside)[0])
            where = "" if k[0] == 0 else f" in draw {k[0] - 1}"
            raise OptionError(
                f"with retention={retention:g} more, a retention would be "
                f"{shown(float(moved['retention'][k]))}{where}, which is no share; give a smaller "
                "change"
            )
        if self.endless:
            check_end(moved)
        streams = [self._stream(inputs) for inputs in (self.inputs, moved)]
        before, after = (stream.value() for stream in streams)
        profit, later = before + streams[0].cost, after + streams[1].cost
        (years, money), (more_years, more_money) = (stream.lifetimes() for stream in streams)
        longer = (more_money - money) * profit / money
        rest = after - before - longer
        rest = np.where(np.abs(rest) <= _ROUNDING * (np.abs(profit) + np.abs(later)), 0.0, rest)
        with np.errstate(divide="ignore", invalid="ignore"):
            rows = {
                "before": before,
                "after": after,
                "difference": after - before,
                "from_longer_stay": longer,
                "from_later_profit": rest,
                "relative_change": np.where(before > 0, (after - before) / before, np.nan),
                "relative_change_of_profit": np.where(
                    profit > 0, (later - profit) / profit, np.nan
                ),
                "relative_change_of_lifetime": more_years / years - 1,
            }
        labels = {"quantity": list(rows)}
        return table_of_rows(labels, np.column_stack(list(rows.values())), level=self.level)

    @checked
    def compare(self, other: TenureProfit, *, paired: bool) -> EstimateTable:
        """Return by how much each quantity exceeds that of another, such as online that of offline.

        Parameters
        ----------
        other : TenureProfit
            Of the same period, and with as many periods. If both have draws, equally many.
        paired : bool
            Whether the same place of the draws is the same draw of one joint law. If not, the two
            are independent, and each draw is held against the next one of the other, so that
            equal random numbers do not meet.

        Returns
        -------
        EstimateTable
            By ``quantity`` and ``period``: this less the other. The period is 0 for what is of
            the whole relationship.

        Raises
        ------
        OptionError
            If periods or numbers of draws differ.

        Examples
        --------
        "Lose first, win later": online customers are dearer to win, and then buy more.
        0.9 * 5 / 1.1^2 + 0.9^2 * 10 / 1.1^3 + 0.9^3 * 15 / 1.1^4 - 10 is the difference.

        >>> from loyaltymodel import economics
        >>> numbers = {"retention": 0.9, "discount": 0.1, "timing": "end_of_period", "per": "year"}
        >>> offline = economics.profit_by_tenure(
        ...     {"base": 20, "growth": [0, 5, 10, 15]}, acquisition_cost=30, **numbers
        ... )
        >>> online = economics.profit_by_tenure(
        ...     {"base": 20, "growth": [0, 10, 20, 30]}, acquisition_cost=40, **numbers
        ... )
        >>> found = online.compare(offline, paired=False)
        >>> found.row(("value", 0))["estimate"].round(2).item()
        7.27
        """
        if (self.per, self.n_periods) != (other.per, other.n_periods):
            raise OptionError(
                f"this has {count_of(self.n_periods, self.per)} and the other "
                f"{count_of(other.n_periods, other.per)}; make both for the same periods"
            )
        found = difference_of(self.estimates, other.estimates, paired=paired)
        return table_of_rows(self.estimates.labels, found, level=self.level)

    @property
    def _period(self) -> str:
        return self.per.replace("_", "-")

    def _stream(self, inputs: Mapping[str, FloatArray]) -> Stream:
        return stream_of(
            inputs, self.names, n_periods=self.n_periods, timing=self.timing, endless=self.endless
        )

    def _labels(self, *quantities: str) -> dict[str, list[str] | list[int]]:
        n = self.n_periods
        return {
            "quantity": [name for name in quantities for _ in range(n)],
            "period": [*range(1, n + 1)] * len(quantities),
        }

    def _title(self) -> str:
        return "Profit by length of the relationship"

    def _brief(self) -> str:
        at = self.break_even_period
        when = "never breaks even" if math.isinf(at) else f"break-even in {self._period} {at:.0f}"
        return f"{self.value:.4g} per customer, {when}"

    def _facts(self) -> Facts:
        end = "last period repeats without end" if self.endless else str(self.n_periods)
        return (
            ("period", self._period),
            ("profit of a period", _TIMES[self.timing]),
            ("periods", end),
        )

    def _intervals(self) -> list[tuple[str, str]]:
        return [] if self.estimates.replicates is None else Result._intervals(self)

    def _tables(self) -> tuple[Table, ...]:
        listed = self.estimates.estimate[: len(_BY_PERIOD) * self.n_periods]
        by_period = listed.reshape(len(_BY_PERIOD), self.n_periods)
        wide = pd.DataFrame(
            {
                "period": range(1, self.n_periods + 1),
                **dict(zip(_BY_PERIOD, by_period, strict=True)),
            }
        )
        return (
            table_of("Of a new customer", self.quantities),
            table_of("Value by component", self.components),
            table_of(f"By {self._period} of the relationship", wide, n_labels=1),
        )

    def _remarks(self) -> tuple[str, ...]:
        found = []
        if math.isinf(self.break_even_period):
            when = "ever" if self.endless else f"within {count_of(self.n_periods, self._period)}"
            found.append(f"The cost of acquisition does not come in {when}.")
        drawn = self.estimates.replicates
        if drawn is not None:
            at = self.estimates.place(("break_even_period", 0))
            if (lost := float(np.isinf(drawn[:, at]).mean())) > 0:
                found.append(f"In {lost:.1%} of the draws the cost does not come in.")
        found.append(
            "That profit rises with tenure is what the components claim, and no finding; "
            "tenure_profit_test() asks data of customers."
        )
        return tuple(found)


def stream_of(
    inputs: Mapping[str, FloatArray],
    names: tuple[str, ...],
    *,
    n_periods: int,
    timing: ProfitTiming,
    endless: bool,
) -> Stream:
    """Return what the kernels work on."""
    return Stream(
        stacked([inputs[name] for name in names], n_periods),
        inputs["acquisition_cost"],
        stacked([inputs["retention"]], n_periods)[:, 0],
        inputs["discount"],
        timing == "end_of_period",
        endless,
    )


def tables_of(
    inputs: Mapping[str, FloatArray],
    names: tuple[str, ...],
    *,
    n_periods: int,
    timing: ProfitTiming,
    endless: bool,
    level: float,
) -> tuple[EstimateTable, EstimateTable]:
    """Return all quantities of a stack, and what its components are worth."""
    stream = stream_of(inputs, names, n_periods=n_periods, timing=timing, endless=endless)
    cumulative, profit = stream.cumulative(), stream.profit
    worth = stream.by_component()
    value = stream.value()
    deepest = np.minimum(-stream.cost, cumulative.min(axis=1))
    overall = [value, stream.lifetimes()[0], deepest, stream.break_even()]
    money = profit * stream.weight
    rows = np.hstack([profit, stream.survival, money, cumulative, np.column_stack(overall)])
    labels = {
        "quantity": [*np.repeat(_BY_PERIOD, n_periods).tolist(), *_OVERALL],
        "period": [*range(1, n_periods + 1)] * len(_BY_PERIOD) + [0] * len(_OVERALL),
    }
    parts = np.column_stack([worth, -stream.cost, value])
    return (
        table_of_rows(labels, rows, level=level),
        table_of_rows({"component": [*names, "acquisition", "total"]}, parts, level=level),
    )


def check_end(stack: Mapping[str, FloatArray]) -> None:
    """Refuse a stream without an end whose terms do not become smaller."""
    r = stack["retention"]
    last = r if r.ndim == 1 else r[:, -1]
    if (endless := last >= 1 + stack["discount"]).any():
        k = int(endless.argmax())
        where = "" if k == 0 else f" in draw {k - 1}"
        raise OptionError(
            f"retention {last[k]:g} must be below 1 + discount {stack['discount'][k]:g}{where}, or "
            "the value has no end; give periods=, the number of periods to look at"
        )
