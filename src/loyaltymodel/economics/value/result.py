"""What a customer is worth, with what moves it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.draws import check_stack, difference_of, table_of_rows
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_count
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.economics.rates import BOUNDS, Period
from loyaltymodel.economics.value import kernels
from loyaltymodel.errors import OptionError

Timing = Literal["now", "after_renewal"]

_POINT = 0.01
FIRST = {"now": 0, "after_renewal": 1}
_WORDS = {"now": "now", "after_renewal": "after the first renewal"}
_SHOWN = 40  # periods of a path without an end
_DONE = 0.99  # of the value, which a path without an end shows


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class LifetimeValue(Result):
    """What a customer is worth; made by :func:`lifetime_value`.

    Attributes
    ----------
    per : str
        The period of margin, retention, discount and growth.
    timing : str
        When the first margin comes in.
    horizon : int or None
        Renewals that are looked at; None is no end.
    level : float
        Confidence level of the intervals, if there are draws.
    inputs : mapping from str to ndarray of shape (1 + b,) or (1 + b, T)
        ``margin``, ``retention``, ``discount``, ``growth`` and ``acquisition_cost``: first the
        number, then its draws.
    estimates : EstimateTable
        By ``quantity`` and ``input``: see :attr:`quantities` and :attr:`elasticities`.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.lifetime_value(
    ...     100, retention=0.8, discount=0.1, acquisition_cost=150, timing="now", per="year"
    ... )
    >>> found
    <LifetimeValue: 366.7, 216.7 net of acquisition>
    """

    rests_on_data: ClassVar[bool] = False
    people: ClassVar[str] = "customers"

    per: Period
    timing: Timing
    horizon: int | None
    level: float
    inputs: FrozenMapping[str, FloatArray]
    estimates: EstimateTable

    @property
    def n_resamples(self) -> int:
        """Number of draws."""
        return len(self.inputs["discount"]) - 1

    @property
    def estimate(self) -> float:
        """Value of a customer net of the cost of acquisition, in money."""
        return float(self.estimates.row(("net_value", ""))["estimate"])

    @property
    def quantities(self) -> pd.DataFrame:
        """What a customer is worth: ``quantity``, ``estimate`` and, with draws, interval and error.

        "value" of the margins and "net_value" less the cost of acquisition, in money;
        "value_of_a_point": what a percentage point more of retention adds, in money, NaN above
        1; "expected_lifetime" in periods, the first included; "duration": when the money comes
        in on average, in periods from now; "break_even": the first tenure at which the cost has
        come in, infinite if never, in periods from now.
        """
        return self._of_kind(elasticities=False).drop(columns="input")

    @property
    def elasticities(self) -> pd.DataFrame:
        """By how many percent net value changes if an ``input`` is one percent higher.

        ``input``, ``estimate`` and, with draws, interval and error. Undefined where the value
        does not exceed the cost of acquisition.
        """
        return self._of_kind(elasticities=True).drop(columns="quantity")

    @checked
    def path(self, *, periods: int | None = None) -> pd.DataFrame:
        """Return how the value comes in, period by period.

        Parameters
        ----------
        periods : int, optional
            The last period; by default the horizon, or where 99 % of the value has come in, at
            most 40.

        Returns
        -------
        DataFrame
            A row a ``period`` from 0: ``survival``, the share of customers who are left;
            ``margin``, expected; ``present_value`` of it; ``estimate``, the sum of these less the
            cost of acquisition, with ``ci_low`` and ``ci_high`` if there are draws.

        Raises
        ------
        OptionError
            If ``periods`` is no whole number from 0, or lies beyond the horizon.

        Examples
        --------
        100 a year, 80 of 100 customers stay each year, and 150 were spent to win them:

        >>> from loyaltymodel import economics
        >>> found = economics.lifetime_value(
        ...     100, retention=0.8, discount=0.0, acquisition_cost=150, timing="now", per="year"
        ... )
        >>> found.path(periods=2)
           period  survival  margin  present_value  estimate
        0       0      1.00   100.0          100.0     -50.0
        1       1      0.80    80.0           80.0      30.0
        2       2      0.64    64.0           64.0      94.0
        """
        last = self._last(periods)
        first = FIRST[self.timing]
        survival, present = kernels.written_out(self._numbers(), first=first, last=last)
        cost = self.inputs["acquisition_cost"]
        total = np.cumsum(present, axis=1) - cost[:, None]
        tenure = np.arange(last + 1)
        frame = pd.DataFrame(
            {
                "period": tenure,
                "survival": survival[0],
                "margin": present[0] * (1 + self.inputs["discount"][0]) ** tenure,
                "present_value": present[0],
                "estimate": total[0],
            }
        )
        if len(total) > 1:
            ends = table_of_rows({"period": tenure.tolist()}, total, level=self.level)
            frame = frame.assign(ci_low=ends.ci_low, ci_high=ends.ci_high)
        return frame

    @checked
    def change(
        self,
        *,
        margin: float = 0.0,
        retention: float = 0.0,
        discount: float = 0.0,
        growth: float = 0.0,
        acquisition_cost: float = 0.0,
    ) -> EstimateTable:
        """Return what a change is worth, and so what may at most be spent on it (最高投入).

        Parameters
        ----------
        margin, retention, discount, growth, acquisition_cost : float
            What is added to each, in its own unit: ``retention=0.05`` is five percentage points
            more. On a path, to every element.

        Returns
        -------
        EstimateTable
            By ``quantity``: "before" and "after", the net value of a customer; "difference",
            the most that may be spent once a customer; "per_period", the most that may be
            spent each period while the customer stays, at the times at which margins come in.
            All in money; with the draws, which go through before and after together.

        Raises
        ------
        OptionError
            If a number leaves its range, or retention and growth leave no finite value.

        Notes
        -----
        "per_period" is the cut x of each margin at which nothing is gained: with the value of 1
        a period V1 after the change, x = difference / V1.

        Examples
        --------
        100 a year at once, no interest: 500 at a retention of .8, 1,000 at .9. Over the ten years
        that customers then stay that is 50 a year:

        >>> from loyaltymodel import economics
        >>> found = economics.lifetime_value(
        ...     100, retention=0.8, discount=0.0, timing="now", per="year"
        ... )
        >>> found.change(retention=0.1).frame().round(6)
             quantity  estimate
        0      before     500.0
        1       after    1000.0
        2  difference     500.0
        3  per_period      50.0
        """
        added = {
            "margin": margin,
            "retention": retention,
            "discount": discount,
            "growth": growth,
            "acquisition_cost": acquisition_cost,
        }
        changed = {name: self.inputs[name] + by for name, by in added.items()}
        check_inputs(changed, horizon=self.horizon)
        before, after = (self._net(inputs) for inputs in (self.inputs, changed))
        unit = {**changed, "margin": np.ones_like(changed["margin"])}
        one = self._sums(unit).value
        with np.errstate(divide="ignore", invalid="ignore"):
            rows = [before, after, after - before, (after - before) / one]
        names = ["before", "after", "difference", "per_period"]
        return table_of_rows({"quantity": names}, np.column_stack(rows), level=self.level)

    @checked
    def compare(self, other: LifetimeValue, *, paired: bool) -> EstimateTable:
        """Return by how much each quantity exceeds that of another value, such as offline's.

        Parameters
        ----------
        other : LifetimeValue
            Of the same period. If both have draws, equally many.
        paired : bool
            Whether the same place of the draws is the same draw of one joint law. If not, the
            two are independent, and each draw is held against the next one of the other, so
            that equal random numbers do not meet.

        Returns
        -------
        EstimateTable
            By ``quantity``: this less the other.

        Raises
        ------
        OptionError
            If periods or numbers of draws differ.

        Examples
        --------
        Won online a customer costs 60 more and stays as long:

        >>> from loyaltymodel import economics
        >>> offline, online = (
        ...     economics.lifetime_value(
        ...         50, retention=0.5, discount=0, acquisition_cost=cost, timing="now", per="year"
        ...     )
        ...     for cost in (20, 80)
        ... )
        >>> found = online.compare(offline, paired=False).frame().set_index("quantity")
        >>> found.loc[["net_value", "break_even"], "estimate"].tolist()
        [-60.0, 2.0]
        """
        if self.per != other.per:
            raise OptionError(
                f"this value is per {self.per} and the other per {other.per}; convert the numbers "
                "of one with economics.Rate and make it again"
            )
        apart = difference_of(self.estimates, other.estimates, paired=paired)
        labels = self.estimates.labels
        names = [q for q, of in zip(labels["quantity"], labels["input"], strict=True) if not of]
        k = len(names)  # which come first; elasticities have no difference
        return table_of_rows({"quantity": names}, apart[:, :k], level=self.level)

    def _of_kind(self, *, elasticities: bool) -> pd.DataFrame:
        frame = self.estimates.frame()
        rows = (frame["quantity"] == "elasticity") == elasticities
        return frame[rows].reset_index(drop=True)

    def _numbers(self) -> kernels.Numbers:
        return numbers_of(self.inputs)

    def _sums(self, inputs: Mapping[str, FloatArray]) -> kernels.Sums:
        return sums_of(inputs, timing=self.timing, horizon=self.horizon)

    def _net(self, inputs: Mapping[str, FloatArray]) -> FloatArray:
        return np.asarray(self._sums(inputs).value - inputs["acquisition_cost"])

    def _last(self, periods: int | None) -> int:
        """Return the last period of a path."""
        if periods is not None:
            check_count("periods", periods, least=0)
            if self.horizon is not None and periods > self.horizon:
                raise OptionError(
                    f"periods={periods} is beyond the horizon; give at most {self.horizon}"
                )
            return periods
        if self.horizon is not None:
            return self.horizon
        one = self._numbers().part(slice(1))
        first = FIRST[self.timing]
        part = kernels.written_out(one, first=first, last=_SHOWN)[1][0]
        value = self._sums({n: v[:1] for n, v in self.inputs.items()}).value[0]
        near = np.abs(np.cumsum(part) - value) <= (1 - _DONE) * abs(value)
        least = max(one.length, first)
        return max(int(near.argmax()) if near.any() else _SHOWN, least)

    def _title(self) -> str:
        return "Lifetime value of a customer"

    def _brief(self) -> str:
        value = self.estimates.estimate[0]
        if not self.inputs["acquisition_cost"].any():
            return f"{value:.4g}"
        return f"{value:.4g}, {self.estimate:.4g} net of acquisition"

    def _facts(self) -> Facts:
        ends = "none" if self.horizon is None else f"{self.horizon} renewals"
        return (("period", self.per), ("first margin", _WORDS[self.timing]), ("horizon", ends))

    def _tables(self) -> tuple[Table, ...]:
        return (
            table_of("Of a customer", self.quantities),
            table_of("Percent more of net value for one percent more", self.elasticities),
        )

    def _remarks(self) -> tuple[str, ...]:
        found = ["Retention, margin and growth are taken to go on as they are."]
        if self.inputs["acquisition_cost"].any():
            found.extend(self._of_break_even())
        if np.isnan(self.elasticities["estimate"]).any():
            found.append(
                "Elasticities of a net value that is not above 0 have no meaning and are left out."
            )
        return tuple(found)

    def _of_break_even(self) -> list[str]:
        """Say whether the cost ever comes in."""
        row = self.estimates.place(("break_even", ""))
        found = []
        if math.isinf(self.estimates.estimate[row]):
            found.append("The cost of acquisition never comes in.")
        drawn = self.estimates.replicates
        if drawn is not None and (lost := float(np.isinf(drawn[:, row]).mean())) > 0:
            found.append(f"In {lost:.1%} of the draws the cost never comes in.")
        return found


def check_inputs(stack: Mapping[str, FloatArray], *, horizon: int | None) -> None:
    """Refuse numbers outside their ranges, and without a horizon a stream without an end."""
    check_stack(stack, bounds=BOUNDS)
    if horizon is None:
        _check_ends(stack)


def _check_ends(stack: Mapping[str, FloatArray]) -> None:
    """Refuse a stream without an end whose terms do not become smaller."""
    r = stack["retention"]
    last = r if r.ndim == 1 else r[:, -1]
    endless = kernels.gap_of(last, stack["growth"], stack["discount"]) <= 0
    if endless.any():
        k = int(endless.argmax())
        where = "" if k == 0 else f" in draw {k - 1}"
        raise OptionError(
            f"retention {last[k]:g} times 1 + growth {stack['growth'][k]:g} must be below 1 + "
            f"discount {stack['discount'][k]:g}{where}, or the value has no end; give horizon=, "
            "the number of renewals to look at"
        )


def numbers_of(stack: Mapping[str, FloatArray]) -> kernels.Numbers:
    """Return what the kernels work on; a constant is a path of one."""
    paths = [v[:, None] if v.ndim == 1 else v for v in (stack["margin"], stack["retention"])]
    return kernels.Numbers(paths[0], paths[1], stack["growth"], stack["discount"])


def sums_of(
    stack: Mapping[str, FloatArray], *, timing: Timing, horizon: int | None
) -> kernels.Sums:
    """Return the sums over the streams of a stack."""
    numbers, cost = numbers_of(stack), stack["acquisition_cost"]
    return kernels.sums_of(numbers, cost, first=FIRST[timing], last=horizon)


def estimates_of(
    stack: Mapping[str, FloatArray], *, timing: Timing, horizon: int | None, level: float
) -> EstimateTable:
    """Return all quantities and elasticities of a stack."""
    found = sums_of(stack, timing=timing, horizon=horizon)
    cost, growth, discount = stack["acquisition_cost"], stack["growth"], stack["discount"]
    net = found.value - cost
    with np.errstate(divide="ignore", invalid="ignore"):
        duration = found.moment / found.value
        scale = np.where(net > 0, found.value / net, np.nan)
        elastic = {
            "retention": duration * scale,
            "margin": scale,
            "discount": -discount / (1 + discount) * duration * scale,
            "growth": growth / (1 + growth) * duration * scale,
            "acquisition_cost": np.where(net > 0, -cost / net, np.nan),
        }
    rows = {
        "value": found.value,
        "net_value": net,
        "value_of_a_point": _of_a_point(stack, found.value, timing=timing, horizon=horizon),
        "expected_lifetime": found.lifetime,
        "duration": duration,
        "break_even": found.break_even,
    }
    if not growth.any():
        del elastic["growth"]
    if not cost.any():
        del elastic["acquisition_cost"]
        del rows["break_even"]
    labels = {
        "quantity": [*rows, *["elasticity"] * len(elastic)],
        "input": [*[""] * len(rows), *elastic],
    }
    values = np.column_stack([*rows.values(), *elastic.values()])
    return table_of_rows(labels, values, level=level)


def _of_a_point(
    stack: Mapping[str, FloatArray], value: FloatArray, *, timing: Timing, horizon: int | None
) -> FloatArray:
    """Return what one percentage point more of retention adds; NaN where there is no room."""
    r = stack["retention"] + _POINT
    top = r if r.ndim == 1 else r.max(axis=1)
    last = r if r.ndim == 1 else r[:, -1]
    fits = top <= 1
    if horizon is None:
        fits &= kernels.gap_of(last, stack["growth"], stack["discount"]) > 0
    gain = np.full(len(value), np.nan)
    if not fits.any():
        return gain
    part = {name: values[fits] for name, values in {**stack, "retention": r}.items()}
    gain[fits] = sums_of(part, timing=timing, horizon=horizon).value - value[fits]
    return gain


def check_paths(
    numbers: Mapping[str, FloatArray], *, horizon: int | None, beyond: str | None
) -> None:
    """Refuse paths that are too short for the horizon, unless their last number holds on."""
    for name, needed in (("margin", 0), ("retention", 1)):
        path = numbers[name]
        if path.ndim > 1 or path.size == 0:
            raise OptionError(
                f"{name} has shape {path.shape}; give a number, or one for each tenure from 0 on"
            )
        short = path.ndim == 1 and (horizon is None or len(path) < horizon + 1 - needed)
        if short and beyond is None:
            end = "there is no horizon" if horizon is None else f"the horizon is {horizon} renewals"
            raise OptionError(
                f'{name} is given for {len(path)} tenures and {end}; give beyond="last" to keep '
                "its last number, or a shorter horizon="
            )
