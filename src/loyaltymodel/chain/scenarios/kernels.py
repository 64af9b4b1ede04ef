"""The chain on arrays: b draws of its links, m kinds of customers, money out.

A kind of customers has a place on the scale of satisfaction, a group with a constraint, and a
weight. Every draw moves all of them, passes them through the curve, and adds up what they are
worth. Arrays of b x m numbers exist for a slice of draws only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import exceeds, reaches
from loyaltymodel.economics.value.kernels import constant_value, gap_of

# What is computed of each draw, in this order.
QUANTITIES = (
    "index_change",
    "share_capped",
    "retention_before",
    "retention_after",
    "retention_change",
    "value_before",
    "value_after",
    "value_change",
    "equity_change",
    "referrals",
    "gain",
    "cost",
    "net_present_value",
    "return_on_quality",
    "payback",
)
PARTS = ("retention", "margin_growth", "referrals", "cost")
_NUMBERS = 500_000  # of a slice of draws times kinds of customers: 4 MB an array
_LONGEST = 1_000  # periods after which a measure counts as never paid back
_LONG = 200  # the same where running costs may turn the sum either way
_MOST = 100.0  # points of an index
_HALVINGS = 40


class Curve(Protocol):
    """What is asked of a family of curves."""

    def value(self, s: FloatArray, p: FloatArray) -> FloatArray:
        """Return g(s), (..., m), for parameters (..., q)."""
        ...


class People(NamedTuple):
    """Kinds of customers: satisfaction (m,) as a share of its scale, and group (m,)."""

    satisfaction: FloatArray
    group: IntArray


class Plan(NamedTuple):
    """What no draw changes: first tenure that pays, renewals looked at, how long it lasts."""

    first: int
    horizon: int | None
    lasts: int | None

    @property
    def payments(self) -> int | None:
        """Number of periods in which running costs are paid; None is without end."""
        ends = [end for end in (self.horizon, self.lasts) if end is not None]
        return min(ends) if ends else None


class Endless(Exception):  # noqa: N818  it never leaves this folder
    """A value without end: its arguments are what has none, and the place of the draw."""


class Input(NamedTuple):
    """One input: its number or numbers, and those of its draws that are taken, row by row.

    A row of -1 is the number itself.
    """

    point: FloatArray
    draws: FloatArray | None = None
    rows: IntArray | None = None

    def part(self, place: slice) -> FloatArray:
        """Return the values (b, ...) of some rows, or (1, ...) where all are alike."""
        if self.draws is None or self.rows is None:
            return self.point[None]
        rows = self.rows[place]
        found: FloatArray = self.draws[np.maximum(rows, 0)]
        found[rows < 0] = self.point
        return found


Inputs = Mapping[str, Input]


class Found(NamedTuple):
    """Quantities (b, len(QUANTITIES)) and parts of the net present value (b, len(PARTS))."""

    quantities: FloatArray
    parts: FloatArray


def outcomes(
    curve: Curve | None, people: People, inputs: Inputs, plan: Plan, n: int, *, payback: bool = True
) -> Found:
    """Return what follows from n rows of inputs, slice by slice."""
    found = [
        _outcomes(curve, people, {k: x.part(rows) for k, x in inputs.items()}, plan, rows, payback)
        for rows in slices(n, len(people.satisfaction))
    ]
    return Found(*map(np.concatenate, zip(*found, strict=True)))


def slices(n: int, m: int) -> Iterator[slice]:
    """Cut n rows so that arrays of m numbers a row stay small."""
    step = max(1, _NUMBERS // max(m, 1))
    return (slice(k, min(k + step, n)) for k in range(0, n, step))


def moved(people: People, x: Mapping[str, FloatArray]) -> tuple[FloatArray, BoolArray]:
    """Return satisfaction (b, m) after the change, held within the scale, and who was held."""
    change = (x["impact"] * x["change"] / _MOST)[:, None]
    beyond = people.satisfaction + change
    after = np.clip(beyond, 0.0, 1.0)
    return after, np.abs(beyond - after) > 0


def retentions(
    curve: Curve | None, people: People, x: Mapping[str, FloatArray], after: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return retention before (1 or b, m) and after (b, m)."""
    if curve is None:
        before = np.broadcast_to(x["retention"][:, None], (len(x["retention"]), after.shape[1]))
        points = _MOST * (after - people.satisfaction)
        return before, np.clip(before + x["retention_slope"][:, None] * points, 0.0, 1.0)
    held = x["constraint"][:, people.group]
    p = x["curve"]
    first, second = (
        np.clip(held + (1 - held) * curve.value(s, p), 0.0, 1.0)
        for s in (people.satisfaction, after)
    )
    return first, second


def _outcomes(
    curve: Curve | None,
    people: People,
    x: Mapping[str, FloatArray],
    plan: Plan,
    rows: slice,
    payback: bool,  # noqa: FBT001
) -> Found:
    b = rows.stop - rows.start
    after, capped = moved(people, x)
    before, better = retentions(curve, people, x, after)
    weights = x["people"] / x["people"].sum(axis=1, keepdims=True)

    def mean(values: FloatArray) -> FloatArray:
        if len(weights) == 1:
            total: FloatArray = values @ weights[0]
        else:
            total = np.vecdot(values, weights)
        return np.broadcast_to(total, (b,))

    margin, growth, discount = x["margin"], x["growth"], x["discount"]
    still = np.zeros_like(growth)
    old, new = _streams(before, better, growth, discount, plan, rows.start)
    first, second = mean(old), mean(new)
    plain = (first, second)
    if growth.any():
        less, more = _streams(before, better, still, discount, plan, rows.start)
        plain = mean(less), mean(more)
    n = x["customers"]
    # At first all are there either way, so that what is gained does not depend on the timing.
    referrals = n * x["referral_value"] * (plain[1] - plain[0])
    equity = n * margin * (second - first)
    by_retention = n * margin * (plain[1] - plain[0])
    costs = _costs(better, x, plan, mean, rows.start)
    gain = equity + referrals
    net = gain - costs
    kept = mean(before), mean(better)
    index = _MOST * mean(after - people.satisfaction)
    with np.errstate(divide="ignore", invalid="ignore"):
        roi = np.where(costs > 0, net / costs, np.nan)
    values = margin * first - x["acquisition_cost"], margin * second - x["acquisition_cost"]
    back = np.full(b, np.nan)
    if payback:
        wide = np.broadcast_to(better, (b, better.shape[1]))
        back = _payback(before, wide, x, plan, np.broadcast_to(net, (b,)), mean_of=weights)
    columns = (
        index, mean(capped.astype(np.float64)), *kept, kept[1] - kept[0], *values,
        values[1] - values[0], equity, referrals, gain, costs, net, roi, back,
    )  # fmt: skip
    parts = (by_retention, equity - by_retention, referrals, -costs)
    return Found(
        *(
            np.column_stack([np.broadcast_to(column, (b,)) for column in table])
            for table in (columns, parts)
        )
    )


def _streams(
    before: FloatArray,
    after: FloatArray,
    growth: FloatArray,
    discount: FloatArray,
    plan: Plan,
    start: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the present value of 1 a period from each customer, without and with the measure."""
    gaps = [gap_of(r, growth[:, None], discount[:, None]) for r in (before, after)]
    first, last, lasts = plan
    open_ended = gaps if lasts is None else gaps[:1]
    if last is None:
        for gap in open_ended:
            bad = np.asarray(~(gap > 0).all(axis=1))
            if bad.any():
                raise Endless("value", start + int(bad.argmax()) if len(gap) > 1 else 0)
    one = np.ones(1)
    old = constant_value(one, gaps[0], first=first, last=last)
    if lasts is None or (last is not None and lasts >= last):
        return old, constant_value(one, gaps[1], first=first, last=last)
    # The share that the measure kept goes on as customers did before it.
    new = constant_value(one, gaps[1], first=first, last=lasts)
    rest = None if last is None else last - lasts
    later = constant_value(one, gaps[0], first=1, last=rest)
    return old, new + (1 - gaps[1]) ** lasts * later


def _costs(
    after: FloatArray,
    x: Mapping[str, FloatArray],
    plan: Plan,
    mean: Callable[[FloatArray], FloatArray],
    start: int,
) -> FloatArray:
    """Return the present value (b,) of what the measure costs."""
    total = x["cost"]
    last = None if plan.payments is None else plan.payments - 1
    one, nothing, discount = np.ones(1), np.zeros(1), x["discount"]
    if x["cost_per_period"].any():
        gap = gap_of(one, nothing, discount)
        if last is None and (bad := np.asarray(gap <= 0)).any():
            raise Endless("cost", start + int(bad.argmax()) if len(gap) > 1 else 0)
        total = total + x["cost_per_period"] * constant_value(one, gap, first=0, last=last)
    if x["cost_per_customer"].any():
        gap = gap_of(after, nothing, discount[:, None])
        if last is None and (bad := np.asarray(~(gap > 0).all(axis=1))).any():
            raise Endless("cost", start + int(bad.argmax()))
        there = mean(constant_value(one, gap, first=0, last=last))
        total = total + x["cost_per_customer"] * x["customers"] * there
    return np.asarray(total)


def _payback(
    before: FloatArray,
    after: FloatArray,
    x: Mapping[str, FloatArray],
    plan: Plan,
    net: FloatArray,
    *,
    mean_of: FloatArray,
) -> FloatArray:
    """Return the first period (b,) in which the gains so far have covered the costs so far."""
    b = len(after)
    y = {k: np.broadcast_to(v, (b,)) for k, v in x.items() if v.ndim == 1}
    running = bool(x["cost_per_period"].any() or x["cost_per_customer"].any())
    sums = -(y["cost"] + y["cost_per_period"] + y["cost_per_customer"] * y["customers"])
    spent = -sums
    found = np.where(spent <= 0, 0.0, np.inf)
    # Without running costs the sum only rises, so that it gets there exactly if the whole does.
    active = np.flatnonzero((spent > 0) & (reaches(net, 0.0, size=spent) | running))
    before = np.broadcast_to(before, after.shape)
    weights = np.broadcast_to(mean_of, after.shape)
    last = min(plan.horizon or _LONGEST, _LONG if running else _LONGEST)
    paid = plan.payments
    stays, better, w = before[active], after[active], weights[active]
    old = np.ones_like(stays)
    new = old.copy()
    for t in range(1, last + 1):
        if not len(active):
            break
        old *= stays
        new *= better if plan.lasts is None or t <= plan.lasts else stays
        a = {k: v[active] for k, v in y.items()}
        left, kept = np.vecdot(old, w), np.vecdot(new, w)
        now = (1 + a["discount"]) ** -float(t)
        margin = a["margin"] * (1 + a["growth"]) ** t
        sums[active] += now * a["customers"] * (margin + a["referral_value"]) * (kept - left)
        if paid is None or t < paid:
            each = a["cost_per_customer"] * a["customers"] * kept
            sums[active] -= now * (a["cost_per_period"] + each)
        done = reaches(sums[active], 0.0, size=spent[active])
        if done.any():
            found[active[done]] = t
            on = ~done
            active, stays, better, w = active[on], stays[on], better[on], w[on]
            old, new = old[on], new[on]
    return found


def change_for(
    curve: Curve | None,
    people: People,
    inputs: Inputs,
    plan: Plan,
    n: int,
    *,
    place: int,
    target: float,
    most: float,
) -> FloatArray:
    """Return the change (n,) of the driver at which a quantity reaches a target, by bisection.

    Infinite where no change up to ``most`` points is enough.
    """
    low, high = np.zeros(n), np.full(n, most)

    def reached(change: FloatArray) -> BoolArray:
        # The change is a draw of its own: row k has the k-th.
        own = Input(np.zeros(()), change, np.arange(n))
        found = outcomes(curve, people, {**inputs, "change": own}, plan, n, payback=False)
        return reaches(found.quantities[:, place], target, size=abs(target))

    never, at_once = ~reached(high), reached(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = reached(middle)
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    return np.where(never, np.inf, np.where(at_once, 0.0, high))


def rank_ends(
    values: FloatArray, draws: FloatArray, *, level: float
) -> tuple[IntArray, IntArray, IntArray]:
    """Return ranks (k,) from 1 for the largest, and the best and worst that are not refuted.

    Differences of all pairs have intervals that hold together: of width c standard deviations,
    where c is the quantile of the largest deviation among all pairs of a draw (b, k) from the
    estimate. A rank is worse by each that is surely larger, and better than each that is surely
    smaller.
    """
    k = len(values)
    gap = values[:, None] - values
    apart = draws[:, :, None] - draws[:, None, :]
    spread = apart.std(axis=0, ddof=1)
    size = np.abs(values).max()
    varies = exceeds(spread, 0.0, size=size)
    safe = np.where(varies, spread, 1.0)
    largest = (np.abs(apart - gap) / safe * varies).max(axis=(1, 2))
    reach = float(np.quantile(largest, level, method="higher")) * np.where(varies, spread, 0.0)
    above = exceeds(gap - reach, 0.0, size=size)  # [i, j]: i is surely more than j
    rank = 1 + exceeds(gap.T, 0.0, size=size).sum(axis=1)
    return rank, 1 + above.sum(axis=0), k - above.sum(axis=1)
