"""The chain on arrays: b draws of its links, m kinds of customers, money out.

A kind of customers has a place on the scale of satisfaction, a group with a constraint, and a
weight. Every draw moves all of them, passes them through the curve, and adds up what they are
worth. Arrays of b x m numbers exist for a slice of draws only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import repeat
from typing import NamedTuple, Protocol

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import exceeds, reaches
from loyaltymodel.economics.contractual.kernels.staying import log_survival
from loyaltymodel.economics.contractual.kernels.sums import geometric_sum, weibull_sum
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
# The same of each segment of customers, and two more where a constraint falls.
BY_SEGMENT = (
    "share",
    "retention_before",
    "retention_after",
    "value_before",
    "value_after",
    "value_change",
    "gain",
)
OF_A_FALL = ("value_held", "value_lost")
PARTS = ("retention", "margin_growth", "referrals", "cost")
_NUMBERS = 60_000  # of a slice of draws times kinds of customers: arrays that stay in the cache
_LONGEST = 1_000  # periods after which a measure counts as never paid back
_LONG = 200  # the same where running costs may turn the sum either way
_MOST = 100.0  # points of an index
_HALVINGS = 40
_ONE = np.ones(1)
_LAST = 34.0  # logarithm of what interpolation leaves
_NARROW = 0.1  # half a width of logits, below which no fewer nodes are taken
_MANY = 2  # times as many customers as nodes, from which on it saves time
_TERMS = 2_000  # sums of survival at once
_LEAST_GAP = 1e-4  # of a discount, below which a sum of survival has no end in practice


class Curve(Protocol):
    """What is asked of a family of curves."""

    def value(self, s: FloatArray, p: FloatArray) -> FloatArray:
        """Return g(s), (..., m), for parameters (..., q)."""
        ...


class Churn(NamedTuple):
    """A law of churn over customers; with ``weibull`` the own churn of a customer moves too."""

    weibull: bool


Link = Curve | Churn | None  # without any, retention and its slope are known


class People(NamedTuple):
    """Kinds of customers: satisfaction (m,) as a share of the scale, group (m,), renewals made.

    Renewals (m,) count for laws of churn only, and are (1,) where all made as many.
    """

    satisfaction: FloatArray
    group: IntArray
    renewals: FloatArray


class State(NamedTuple):
    """What decides who stays at a renewal: whether the measure works, and the constraint holds."""

    moved: bool
    held: bool


class Phase(NamedTuple):
    """Renewals up to ``last``, None without end, at which one state holds."""

    last: int | None
    state: State


Path = tuple[Phase, ...]


class Plan(NamedTuple):
    """What no draw changes: first tenure that pays, renewals looked at, and how long what lasts."""

    first: int
    horizon: int | None
    lasts: int | None
    constraint_lasts: int | None

    @property
    def payments(self) -> int | None:
        """Number of periods in which running costs are paid; None is without end."""
        ends = [end for end in (self.horizon, self.lasts) if end is not None]
        return min(ends) if ends else None

    def path(self, *, measure: bool, last: int | None, falls: bool = True) -> Path:
        """Return the phases up to a renewal, with or without the measure.

        With ``falls`` false the constraint is taken to hold on.
        """
        works = self.lasts if measure else 0
        holds = self.constraint_lasts if falls else None
        inner = {end for end in (works, holds) if end and (last is None or end < last)}
        begun = [0, *sorted(inner)]
        return tuple(
            Phase(end, State(works is None or start < works, holds is None or start < holds))
            for start, end in zip(begun, [*begun[1:], last], strict=True)
        )


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
    link: Link, people: People, inputs: Inputs, plan: Plan, n: int, *, payback: bool = True
) -> Found:
    """Return what follows from n rows of inputs, slice by slice."""
    found = [
        _outcomes(link, people, {k: x.part(rows) for k, x in inputs.items()}, plan, rows, payback)
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


class Money(Protocol):
    """Present values of customers."""

    def value(self, state: State, *, begun: int, n: int | None) -> tuple[FloatArray, FloatArray]:
        """Return what 1 at each of n renewals is worth, and 1 of who makes them all.

        Of customers who have made ``begun`` renewals of the plan, seen from there.
        """
        ...

    def endless(self, state: State) -> BoolArray:
        """Tell in which rows (b,) some value has no end."""
        ...


class Customers(Protocol):
    """Who stays at which renewal."""

    def rate(self, state: State, t: int) -> FloatArray:
        """Return the share (1 or b, m) that stays at the t-th renewal of the plan."""
        ...

    def discounted(self, growth: FloatArray, discount: FloatArray) -> Money:
        """Return their present values, for growth and discount (b,) or (1,)."""
        ...

    def rows(self, places: IntArray, b: int) -> Customers:
        """Return some of b rows."""
        ...


class Geometric(NamedTuple):
    """Customers who stay as often at each renewal of a phase: 1 - q (b, m) of each state.

    q is the factor from one period to the next: retention, growth of the margin, and discount.
    """

    gaps: Mapping[State, FloatArray]

    def value(self, state: State, *, begun: int, n: int | None) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002
        """Return what n renewals bring, and leave; it is the same at any tenure."""
        gap = self.gaps[state]
        if n is None:
            return np.asarray((1 - gap) / gap), np.zeros(1)
        return series(1 - gap, n)

    def endless(self, state: State) -> BoolArray:
        """Tell in which rows (b,) some value has no end."""
        return np.asarray(~(self.gaps[state] > 0).all(axis=1))


def series(q: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Return q + ... + q^n, and q^n, for n from 0 on.

    By doubling n: the sum of 2 k terms is that of k, times 1 + q^k. So there is no logarithm, and
    no division by 1 - q.
    """
    if n == 0:
        return np.zeros_like(q), np.ones_like(q)
    total, power = q.copy(), q.copy()
    for digit in f"{n:b}"[1:]:
        total *= 1 + power
        power *= power
        if digit == "1":
            total += 1
            total *= q
            power *= q
    return total, power


class Constant(NamedTuple):
    """Customers whose retention (1 or b, m) changes with the state only."""

    retention: Mapping[State, FloatArray]

    def rate(self, state: State, t: int) -> FloatArray:  # noqa: ARG002
        """Return who stays at a renewal."""
        return self.retention[state]

    def discounted(self, growth: FloatArray, discount: FloatArray) -> Geometric:
        """Return their present values, for growth and discount (b,) or (1,)."""
        terms = growth[:, None], discount[:, None]
        return Geometric({state: gap_of(r, *terms) for state, r in self.retention.items()})

    def rows(self, places: IntArray, b: int) -> Constant:
        """Return some of b rows."""
        return Constant(
            {s: np.broadcast_to(r, (b, r.shape[1]))[places] for s, r in self.retention.items()}
        )


class Tenures(NamedTuple):
    """Customers of whom those who leave easily leave first, so that retention moves with tenure.

    The logit of mean churn (1 or b, m) is that of each state: with the measure or without.
    """

    logit: Mapping[bool, FloatArray]
    r: FloatArray  # (1 or b, 1), log of 1 + 1 / precision
    log_c: FloatArray
    made: FloatArray  # (m,) or (1,) renewals before the plan
    weibull: bool

    def rate(self, state: State, t: int) -> FloatArray:
        """Return who stays at a renewal, of those who are still there."""
        eta, made = self.logit[state.moved], self.made + (t - 1.0)
        if self.weibull:
            parts = np.broadcast_arrays(eta, self.r, self.log_c, made + 1, made)
            return np.asarray(np.exp(log_survival(*parts)))
        ahead = np.expm1(self.r) * made
        return np.asarray((1 / (1 + np.exp(eta)) + ahead) / (1 + ahead))

    def discounted(self, growth: FloatArray, discount: FloatArray) -> Ahead:
        """Return their present values."""
        return Ahead(self, ((1 + growth) / (1 + discount))[:, None])

    def rows(self, places: IntArray, b: int) -> Tenures:
        """Return some of b rows."""

        def some(values: FloatArray) -> FloatArray:
            return np.broadcast_to(values, (b, values.shape[1]))[places]

        logit = {state: some(eta) for state, eta in self.logit.items()}
        return self._replace(logit=logit, r=some(self.r), log_c=some(self.log_c))


class Ahead(NamedTuple):
    """Discounted sums of the survival of such customers, for a factor z (1 or b, 1) a period."""

    customers: Tenures
    z: FloatArray

    def value(self, state: State, *, begun: int, n: int | None) -> tuple[FloatArray, FloatArray]:
        """Return what n renewals bring, and leave, of those who are there after ``begun``."""
        who = self.customers
        if n is None:
            eta, since = who.logit[state.moved], who.made + begun
            if len(since) > 1:
                return self._endless(eta, since), np.zeros(1)
            return interpolated(lambda at: self._endless(at, since), eta), np.zeros(1)
        left = np.ones((1, who.logit[state.moved].shape[1]))
        total = np.zeros_like(left)
        for t in range(begun + 1, begun + n + 1):
            left = left * (who.rate(state, t) * self.z)
            total = total + left
        return total, left

    def _endless(self, eta: FloatArray, since: FloatArray) -> FloatArray:
        _, r, log_c, _, weibull = self.customers
        if not weibull:
            # From the next renewal on: the first step, and what follows from there.
            ahead = np.expm1(r) * since
            step = (1 / (1 + np.exp(eta)) + ahead) / (1 + ahead)
            return np.asarray(step * self.z * geometric_sum(eta, r, since + 1, self.z))
        shape = np.broadcast_shapes(eta.shape, r.shape, self.z.shape)
        parts = [np.broadcast_to(x, shape).ravel() for x in (eta, r, log_c, since, self.z)]
        sums = [
            weibull_sum(*(part[k : k + _TERMS] for part in parts))
            for k in range(0, parts[0].size, _TERMS)
        ]
        return np.concatenate(sums).reshape(shape) - 1

    def endless(self, state: State) -> BoolArray:  # noqa: ARG002
        """Tell where money does not shrink with time, so that the tail of survival decides."""
        return np.asarray(self.z[:, 0] > 1 - _LEAST_GAP)


def interpolated(function: Callable[[FloatArray], FloatArray], x: FloatArray) -> FloatArray:
    """Return a function of logits x (b, m), from its values at few of them if m is large.

    By Chebyshev's series over the logits of each row. A function of the logistic has no singularity
    nearer to the real line than pi, so that with half a width h the error falls by the factor
    pi / h + sqrt((pi / h)^2 + 1) for each node; there are enough for the last digits.
    """
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    half = (high - low) / 2
    steep = np.pi / max(float(half.max()), _NARROW)
    k = int(_LAST / np.log(steep + np.sqrt(steep**2 + 1))) + 8
    if x.shape[1] < _MANY * k:
        return function(x)
    angle = np.pi * (np.arange(k) + 0.5) / k
    values = function((low + high) / 2 + half * np.cos(angle))
    series_of = values @ np.cos(np.outer(angle, np.arange(k))) * (2 / k)
    place = 2 * (x - (low + high) / 2) / np.where(half > 0, half, 1.0)
    last, this = np.zeros_like(place), np.zeros_like(place)
    for j in range(k - 1, 0, -1):  # Clenshaw's recurrence
        last, this = this, series_of[:, j, None] + place * this - last
    return np.asarray(series_of[:, :1] / 2 + place / 2 * this - last)


def retentions(
    link: Link,
    people: People,
    x: Mapping[str, FloatArray],
    after: FloatArray,
    states: Collection[State],
) -> Customers:
    """Return who stays in each of some states."""
    places = {False: people.satisfaction, True: after}
    if isinstance(link, Churn):
        base, slope, r, *more = (part[:, None] for part in x["churn"].T)
        logit = {state.moved: base + slope * places[state.moved] for state in states}
        log_c = more[0] if link.weibull else np.zeros_like(r)
        return Tenures(logit, r, log_c, people.renewals, link.weibull)
    if link is None:
        before = np.broadcast_to(x["retention"][:, None], (len(x["retention"]), after.shape[1]))
        points = _MOST * (after - people.satisfaction)
        better = np.clip(before + x["retention_slope"][:, None] * points, 0.0, 1.0)
        return Constant({state: better if state.moved else before for state in states})
    p = x["curve"]
    free = {moved: link.value(places[moved], p) for moved in {state.moved for state in states}}
    bound = {
        held: x["constraint" if held else "constraint_after"][:, people.group]
        for held in {state.held for state in states}
    }
    return Constant(
        {
            state: np.clip(
                bound[state.held] + (1 - bound[state.held]) * free[state.moved], 0.0, 1.0
            )
            for state in states
        }
    )


def present(path: Path, money: Money, *, first: int) -> FloatArray:
    """Return the present value of 1 a period from each customer, phase by phase.

    Of the share that a phase leaves, the next one takes its own.
    """
    (last, state), *others = path
    total, left = money.value(state, begun=0, n=last)
    for end, state in others:
        begun = last or 0
        part, own = money.value(state, begun=begun, n=None if end is None else end - begun)
        total, left, last = total + left * part, left * own, end
    return total + 1 if first == 0 else total


def check_end(path: Path, money: Money, what: str, start: int) -> None:
    """Raise if a value goes on without end; ``start`` is the place of the first row."""
    if path[-1].last is None and (bad := money.endless(path[-1].state)).any():
        raise Endless(what, start + int(bad.argmax()) if len(bad) > 1 else 0)


class Worth(NamedTuple):
    """Each kind of customers (b or 1, m), without the measure and with it.

    Retention is that of the first renewal, ``value`` the present value of 1 a period that grows,
    and ``plain`` the same without growth.
    """

    after: FloatArray
    capped: BoolArray
    customers: Customers
    retention: tuple[FloatArray, FloatArray]
    value: tuple[FloatArray, FloatArray]
    plain: tuple[FloatArray, FloatArray]


def worth(
    link: Link,
    people: People,
    x: Mapping[str, FloatArray],
    plan: Plan,
    start: int,
) -> Worth:
    """Return what customers of each kind are worth in each of some rows of inputs."""
    after, capped = moved(people, x)
    paths = [plan.path(measure=measure, last=plan.horizon) for measure in (False, True)]
    customers = retentions(link, people, x, after, {phase.state for p in paths for phase in p})

    def values(growth: FloatArray) -> tuple[FloatArray, FloatArray]:
        money = customers.discounted(growth, x["discount"])
        for path in paths:
            check_end(path, money, "value", start)
        old, new = (present(path, money, first=plan.first) for path in paths)
        return old, new

    found = values(x["growth"])
    plain = values(np.zeros_like(x["growth"])) if x["growth"].any() else found
    old, new = (customers.rate(path[0].state, 1) for path in paths)
    return Worth(after, capped, customers, (old, new), found, plain)


def _outcomes(
    link: Link,
    people: People,
    x: Mapping[str, FloatArray],
    plan: Plan,
    rows: slice,
    payback: bool,  # noqa: FBT001
) -> Found:
    b = rows.stop - rows.start
    found = worth(link, people, x, plan, rows.start)
    weights = x["people"] / x["people"].sum(axis=1, keepdims=True)

    def mean(values: FloatArray) -> FloatArray:
        if len(weights) == 1:
            total: FloatArray = values @ weights[0]
        else:
            total = np.vecdot(values, weights)
        return np.broadcast_to(total, (b,))

    margin = x["margin"]
    first, second = map(mean, found.value)
    plain = (first, second) if found.plain is found.value else tuple(map(mean, found.plain))
    n = x["customers"]
    # At first all are there either way, so that what is gained does not depend on the timing.
    referrals = n * x["referral_value"] * (plain[1] - plain[0])
    equity = n * margin * (second - first)
    by_retention = n * margin * (plain[1] - plain[0])
    costs = _costs(found.customers, x, plan, mean, rows.start)
    gain = equity + referrals
    net = gain - costs
    kept = tuple(map(mean, found.retention))
    index = _MOST * mean(found.after - people.satisfaction)
    with np.errstate(divide="ignore", invalid="ignore"):
        roi = np.where(costs > 0, net / costs, np.nan)
    values = margin * first - x["acquisition_cost"], margin * second - x["acquisition_cost"]
    back = np.full(b, np.nan)
    if payback:
        back = _payback(found.customers, x, plan, np.broadcast_to(net, (b,)), weights=weights)
    columns = (
        index, mean(found.capped.astype(np.float64)), *kept, kept[1] - kept[0], *values,
        values[1] - values[0], equity, referrals, gain, costs, net, roi, back,
    )  # fmt: skip
    parts = (by_retention, equity - by_retention, referrals, -costs)
    return Found(
        *(
            np.column_stack([np.broadcast_to(column, (b,)) for column in table])
            for table in (columns, parts)
        )
    )


def by_segment(
    link: Link, people: People, inputs: Inputs, plan: Plan, n: int, code: IntArray, k: int
) -> FloatArray:
    """Return quantities (n, k, q) of k segments, of n rows of inputs.

    ``code`` (m,) is the segment of each kind of customers. Kinds are put in its order once, so
    that what a segment has is a sum over neighbours.
    """
    order = np.argsort(code, kind="stable")
    there, starts = np.unique(code[order], return_index=True)
    made = people.renewals if len(people.renewals) == 1 else people.renewals[order]
    ordered = People(people.satisfaction[order], people.group[order], made)

    def sums(values: FloatArray) -> FloatArray:
        found = np.zeros((len(values), k))
        found[:, there] = np.add.reduceat(values, starts, axis=1)
        return found

    parts = []
    for rows in slices(n, len(code)):
        x = {name: one.part(rows) for name, one in inputs.items()}
        x["people"] = x["people"][:, order]
        parts.append(_of_segments(link, ordered, x, plan, rows, sums))
    return np.concatenate(parts)


def _of_segments(
    link: Link,
    people: People,
    x: Mapping[str, FloatArray],
    plan: Plan,
    rows: slice,
    sums: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    found = worth(link, people, x, plan, rows.start)
    weights = x["people"] / x["people"].sum(axis=1, keepdims=True)
    share = sums(weights)
    kept = [sums(weights * values) for values in found.retention]
    old, new = (sums(weights * values) for values in found.value)
    plain = new - old
    if found.plain is not found.value:
        plain = sums(weights * (found.plain[1] - found.plain[0]))
    margin, bound = x["margin"][:, None], x["acquisition_cost"][:, None]
    gain = x["customers"][:, None] * (margin * (new - old) + x["referral_value"][:, None] * plain)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = [
            share,
            *(part / share for part in kept),
            *(margin * part / share - bound for part in (old, new)),
            margin * (new - old) / share,
            gain,
        ]
        if plan.constraint_lasts is not None:
            money = found.customers.discounted(x["growth"], x["discount"])
            ends = [end for end in (plan.constraint_lasts, plan.horizon) if end is not None]
            until = present(plan.path(measure=False, last=min(ends)), money, first=plan.first)
            forever = plan.path(measure=False, last=plan.horizon, falls=False)
            held = present(forever, money, first=plan.first)
            if plan.horizon is None:
                held = np.where(money.endless(forever[-1].state)[:, None], np.inf, held)
            columns.append(margin * sums(weights * until) / share - bound)
            columns.append(margin * (sums(weights * held) - old) / share)
    shape = (rows.stop - rows.start, share.shape[1])
    return np.stack([np.broadcast_to(column, shape) for column in columns], axis=-1)


def _costs(
    customers: Customers,
    x: Mapping[str, FloatArray],
    plan: Plan,
    mean: Callable[[FloatArray], FloatArray],
    start: int,
) -> FloatArray:
    """Return the present value (b,) of what the measure costs."""
    total = x["cost"]
    last = None if plan.payments is None else plan.payments - 1
    nothing, discount = np.zeros(1), x["discount"]
    if x["cost_per_period"].any():
        gap = gap_of(_ONE, nothing, discount)
        if last is None and (bad := np.asarray(gap <= 0)).any():
            raise Endless("cost", start + int(bad.argmax()) if len(gap) > 1 else 0)
        total = total + x["cost_per_period"] * constant_value(_ONE, gap, first=0, last=last)
    if x["cost_per_customer"].any():
        path, money = plan.path(measure=True, last=last), customers.discounted(nothing, discount)
        check_end(path, money, "cost", start)
        there = mean(present(path, money, first=0))
        total = total + x["cost_per_customer"] * x["customers"] * there
    return np.asarray(total)


def _payback(
    customers: Customers,
    x: Mapping[str, FloatArray],
    plan: Plan,
    net: FloatArray,
    *,
    weights: FloatArray,
) -> FloatArray:
    """Return the first period (b,) in which the gains so far have covered the costs so far."""
    b = len(net)
    y = {k: np.broadcast_to(v, (b,)) for k, v in x.items() if v.ndim == 1}
    running = bool(x["cost_per_period"].any() or x["cost_per_customer"].any())
    sums = -(y["cost"] + y["cost_per_period"] + y["cost_per_customer"] * y["customers"])
    spent = -sums
    found = np.where(spent <= 0, 0.0, np.inf)
    # Without running costs the sum only rises, so that it gets there exactly if the whole does.
    active = np.flatnonzero((spent > 0) & (reaches(net, 0.0, size=spent) | running))
    w = np.broadcast_to(weights, (b, weights.shape[1]))[active]
    last = min(plan.horizon or _LONGEST, _LONG if running else _LONGEST)
    paid = plan.payments
    stays = customers.rows(active, b)
    old = np.ones_like(w)
    new = old.copy()
    ways = [_by_renewal(plan.path(measure=m, last=plan.horizon), last) for m in (False, True)]
    for t, (before, after) in enumerate(zip(*ways, strict=True), start=1):
        if not len(active):
            break
        old *= stays.rate(before, t)
        new *= stays.rate(after, t)
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
            on = np.flatnonzero(~done)
            stays, old, new, w = stays.rows(on, len(active)), old[on], new[on], w[on]
            active = active[on]
    return found


def _by_renewal(path: Path, last: int) -> Iterator[State]:
    """Yield the state at each renewal from the first to the last."""
    begun = 0
    for end, state in path:
        here = last if end is None else min(end, last)
        yield from repeat(state, here - begun)
        begun = max(here, begun)


def change_for(
    link: Link,
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
        found = outcomes(link, people, {**inputs, "change": own}, plan, n, payback=False)
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
