"""How soon complaints are answered and closed, with those that are still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as calendar_date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, wilson
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import check_choice, check_positive, is_number, shown
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import Variables, read_variables
from loyaltymodel.economics.complaints.result import ComplaintLog
from loyaltymodel.economics.retention.kernels import product_limit, spells_of
from loyaltymodel.errors import DataError, OptionError

Unit = Literal["hours", "days"]

_SECONDS = {"hours": 3600.0, "days": 86_400.0}
_STEPS = {"responded": "response", "closed": "closure"}
_HALF = 0.5


@checked
def complaint_log(
    opened: Variable,
    *,
    responded: Variable | None = None,
    closed: Variable | None = None,
    until: float | str | calendar_date | np.datetime64,
    unit: Unit,
    within: Sequence[float] = (),
    customer: Variable | None = None,
    data: Data | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> ComplaintLog:
    """Return how soon complaints are answered and closed (投诉处理时效).

    Parameters
    ----------
    opened : array of shape (n,), Series, or str
        When each complaint arrived: dates and times, or numbers in ``unit``.
    responded : array of shape (n,), Series, or str, optional
        When the customer was answered; missing where that has not happened.
    closed : array of shape (n,), Series, or str, optional
        When it was closed; missing where it is open.
    until : float, str or date
        When the log was looked at: a number if times are numbers, else a date, with a time zone
        if they have one.
    unit : {"hours", "days"}
        Unit of all times; a day has 24 hours.
    within : sequence of float
        Times, in ``unit``, of which the share that was done by then is asked.
    customer : array of shape (n,), Series, or str, optional
        Who complained, to count who does so again.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    level : float
        Confidence level of the intervals, between 0 and 1.
    missing : {"raise", "drop"}
        What to do with complaints without a time of opening or a customer.

    Returns
    -------
    ComplaintLog
        By step the median time and the shares done within some times.

    Raises
    ------
    DataError
        If a complaint was answered or closed before it was opened, opened after ``until``, or
        times are neither dates nor numbers, or some have a time zone and some none.
    OptionError
        If neither ``responded`` nor ``closed`` is given, or an option is not as described.

    See Also
    --------
    problem_pareto : What the complaints are about.

    Notes
    -----
    A complaint that is open at ``until`` has lasted at least until then. The share still open after
    a time is Kaplan and Meier's estimate, which takes it that open complaints are otherwise like
    those closed. What happened after ``until`` counts as not yet happened. The share done has
    Wilson's interval with as many complaints as give Greenwood's variance, n = S (1 - S) / v;
    without open complaints it is Wilson's of all. Once all are closed its lower end is the product
    of those of the steps. Ends of the median are the first times at which
    the upper and the lower end of that share reach one half; infinite where that has not come.

    With 60 and 240 complaints, a third of them open or none, 95 % intervals of shares held the
    truth in 94 to 96 % of 1,000 simulated logs, and those of the median in 94 to 95 %.

    Examples
    --------
    Of four complaints two were closed after 2 and 6 days, one after 3, and one has been open for 2.
    Within 3 days 1/4 and then a half of the rest is done:

    >>> from loyaltymodel import economics
    >>> found = economics.complaint_log(
    ...     [0, 0, 5, 8], closed=[2, 6, 8, None], until=10, unit="days", within=[3]
    ... )
    >>> found.times[["step", "quantity", "estimate", "ci_low", "ci_high"]].round(3)
          step  quantity  estimate  ci_low  ci_high
    0  closure    median     3.000    2.00      inf
    1  closure  within 3     0.625    0.18    0.927
    """
    check_level(level)
    check_choice("unit", unit, Unit)
    for time in within:
        check_positive("within", time)
    optional = {"responded": responded, "closed": closed}
    steps = {name: value for name, value in optional.items() if value is not None}
    if not steps:
        raise OptionError(
            "neither responded nor closed is given; give when complaints were answered, closed, or "
            "both"
        )
    given: dict[str, object] = {"opened": opened, **steps}
    if customer is not None:
        given["customer"] = customer
    read = read_variables(
        given, data=data, categories=list(given), gaps=list(steps), missing=missing
    )
    start, end, ends = _times(read, list(steps), until, unit)
    rows: list[tuple[str, str, float, float, float]] = []
    for name, finish in ends.items():
        done = np.isfinite(finish) & (finish <= end)
        lasted = np.where(done, finish, end) - start
        rows += [(_STEPS[name], *row) for row in _survival(lasted, done, within, level)]
    labels = {"step": tuple(r[0] for r in rows), "quantity": tuple(r[1] for r in rows)}
    estimate, low, high = np.array([r[2:] for r in rows]).T
    open_now = None if closed is None else int((~(ends["closed"] <= end)).sum())
    return ComplaintLog(
        n_obs=read.n_rows,
        n_dropped=read.n_dropped,
        n_open=open_now,
        unit=unit,
        level=level,
        estimates=EstimateTable(
            labels=FrozenMapping(labels),
            estimate=estimate,
            ci_low=low,
            ci_high=high,
            level=level,
            method="Wilson with Greenwood's variance",
        ),
        others=None if customer is None else _repeats(read, level),
    )


def _times(
    read: Variables, steps: list[str], until: Any, unit: Unit
) -> tuple[FloatArray, float, dict[str, FloatArray]]:
    """Return opening, end and further times as numbers in the unit, checked for their order."""
    read_as = {name: _as_times(name, read[name]) for name in ("opened", *steps)}
    columns = {name: column for name, (column, _) in read_as.items()}
    zones = {name: zoned for name, (_, zoned) in read_as.items() if zoned is not None}
    if len(set(zones.values())) > 1:
        said = ", ".join(f"{n} {'has one' if z else 'has none'}" for n, z in zones.items())
        raise DataError(f"some times have a time zone and some none: {said}; give all of them one")
    if len({column.dtype.kind for column in columns.values()}) > 1:
        kinds = ", ".join(
            f"{name} {'dates' if column.dtype.kind == 'M' else 'numbers'}"
            for name, column in columns.items()
        )
        raise DataError(f"some times are dates and some numbers: {kinds}; give all as dates")
    if columns["opened"].dtype.kind == "M":
        zero = columns["opened"].min()
        at = _end_date(until, zoned=zones.get("opened"))
        found = {n: _since(zero, c) / _SECONDS[unit] for n, c in columns.items()}
        end = float(_since(zero, np.array([at]))[0] / _SECONDS[unit])
    else:
        if not is_number(until):
            raise OptionError(f"until={shown(until)}, but times are numbers; give a number as well")
        found, end = columns, float(until)
    start = found.pop("opened")
    if (late := start > end).any():
        raise DataError(
            f"the complaint in row {read.labels[int(np.argmax(late))]} was opened after until="
            f"{shown(until)}; give the time at which the log was looked at"
        )
    for name, finish in found.items():
        if (early := finish < start).any():
            raise DataError(
                f"the complaint in row {read.labels[int(np.argmax(early))]} was {name} before it "
                "was opened; mend the times, or leave the row out"
            )
    return start, end, found


def _as_times(name: str, values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], bool | None]:
    """Return dates, or numbers as floats with NaN for what has not happened.

    Also whether they have a time zone, as far as that can be told: some tables hand out UTC.
    """
    if values.dtype.kind == "M":
        return values.astype("datetime64[ns]"), None
    there = values[~pd.isna(values)] if values.dtype == object else values
    dated = values.dtype == object and len(there) > 0
    if dated and all(isinstance(v, (calendar_date, np.datetime64)) for v in there):
        zoned = [getattr(v, "tzinfo", None) is not None for v in there]
        if any(zoned) != all(zoned):
            raise DataError(f"some times of {name} have a time zone and some none; give all one")
        read = pd.to_datetime(pd.Series(values), utc=True).dt.tz_localize(None)
        return read.to_numpy().astype("datetime64[ns]"), all(zoned)
    try:
        return np.asarray(numbers_of(values), dtype=np.float64), None
    except NotNumbers as error:
        raise DataError(
            f"{name} holds neither dates nor numbers: it has {error.example}; "
            "pandas.to_datetime makes dates of text"
        ) from None


def _end_date(until: Any, *, zoned: bool | None) -> np.datetime64:
    # A number would be read as nanoseconds.
    found = pd.NaT if is_number(until) else pd.to_datetime(until, errors="coerce")
    if not isinstance(found, pd.Timestamp):
        raise OptionError(
            f"until={shown(until)} is no date, but times are dates; give one, such as "
            '"2026-03-31 18:00"'
        )
    if zoned is not None and zoned != (found.tzinfo is not None):
        raise OptionError(
            f"until={shown(until)} has {'no' if zoned else 'a'} time zone, and the times have "
            f"{'one' if zoned else 'none'}; give it as they are, such as "
            'pandas.Timestamp("2026-03-31", tz="Asia/Shanghai")'
        )
    if found.tzinfo is not None:
        found = found.tz_convert("UTC").tz_localize(None)
    return np.datetime64(found.to_datetime64())


def _since(zero: np.datetime64, dates: npt.NDArray[Any]) -> FloatArray:
    """Return seconds since a date, NaN for a missing one."""
    apart = dates - zero
    seconds = apart / np.timedelta64(1, "s")
    return np.where(np.isnat(dates), np.nan, seconds)


def _survival(
    lasted: FloatArray, done: BoolArray, within: Sequence[float], level: float
) -> list[tuple[str, float, float, float]]:
    """Return the median and the shares done within some times, each with its interval."""
    rows = []
    times, one = np.unique(lasted[done]), np.ones(len(lasted))
    # Whoever is closed at once was at risk before.
    curve = product_limit(spells_of(lasted, done, -one, one, one, times))
    share = 1 - curve.survival
    low, high = _ends(share, curve.variance * curve.survival**2, curve.at_risk, level)
    median = _first(times, share >= _HALF, otherwise=np.nan)
    # The interval holds every time at which one half lies between the ends of the share.
    ends = _first(times, high >= _HALF), _first(times, low > _HALF)
    rows.append(("median", median, *ends))
    for x in within:
        name = f"within {x:g}"
        k = int(np.searchsorted(times, x, side="right")) - 1
        if x > lasted.max() and not done[lasted == lasted.max()].all():
            rows.append((name, np.nan, np.nan, np.nan))  # nobody was watched for so long
        elif k < 0:
            n = np.array([float((lasted >= x).sum())])
            nothing, top = wilson(np.array([0.0]), n, level=level)
            rows.append((name, 0.0, float(nothing[0]), float(top[0])))
        else:
            rows.append((name, float(share[k]), float(low[k]), float(high[k])))
    return rows


def _ends(
    share: FloatArray, variance: FloatArray, at_risk: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's ends of shares done, with the complaints that their variance is worth."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = share * (1 - share) / variance
    low, high = wilson(np.clip(share, 0.0, 1.0), np.where(size > 0, size, 1.0), level=level)
    if len(share) and not size[-1] > 0:
        # The last step ended all that were left: those that may still be open are a share of
        # those that may have been open before.
        open_before = 1 - low[-2] if len(share) > 1 else 1.0
        _, left = wilson(np.zeros(1), at_risk[-1:], level=level)
        low[-1], high[-1] = 1 - open_before * left[0], 1.0
    return low, high


def _first(times: FloatArray, holds: BoolArray, *, otherwise: float = np.inf) -> float:
    return float(times[int(np.argmax(holds))]) if holds.any() else otherwise


def _repeats(read: Variables, level: float) -> EstimateTable:
    """Return the share of customers who complained more than once."""
    codes, _ = read.codes("customer", most=None)
    times = np.bincount(codes)
    share = np.array([(times > 1).mean()])
    n = np.array([float(len(times))])
    return EstimateTable.wilson({"quantity": ["repeat_customers"]}, share, n, level=level)
