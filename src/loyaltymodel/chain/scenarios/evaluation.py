"""From a scenario to draws of everything that follows from it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel.chain.scenarios.kernels import (
    QUANTITIES,
    Churn,
    Endless,
    Found,
    Inputs,
    Link,
    by_segment,
    change_for,
    outcomes,
    worth,
)
from loyaltymodel.chain.scenarios.specification import (
    INPUTS,
    Scenario,
    inputs_of,
    people_of,
    plan_of,
)
from loyaltymodel.errors import OptionError

Rows = dict[tuple[str, ...], IntArray]


def seed_of(rng: np.random.Generator | int | None) -> int:
    """Return a number from which the same rows of draws can be taken again."""
    return int(np.random.default_rng(rng).integers(2**32))


def draw_rows(
    plan: Scenario,
    n: int,
    seed: int,
    known: dict[int, IntArray] | None = None,
) -> Rows:
    """Return which draws (1 + n,) of each source are taken; the first is the number itself.

    Draws of a source are taken in another order than those of the others, so that sources are
    independent; each is taken once before any is taken again. ``known`` has the rows that other
    scenarios took, by the content of their draws: who shares the draws of an input with them takes
    the same rows.
    """
    found: Rows = {}
    for source in plan.sources:
        values = {name: plan.draws[name] for name in source}
        size = len(next(iter(values.values())))
        keys = []
        if known is not None:
            keys = [hash((name, size, v.tobytes())) for name, v in values.items()]
        rows = next((known[key] for key in keys if known is not None and key in known), None)
        if rows is None:
            # By what is drawn, so that the order of sources and of scenarios is of no matter.
            own = zlib.crc32(values[source[-1]].tobytes(), zlib.crc32(source[-1].encode()))
            order = np.random.default_rng([seed, own])
            rows = np.append(-1, in_turns(size, n, order))
        found[source] = rows
        if known is not None:
            known.update(dict.fromkeys(keys, rows))
    return found


def in_turns(size: int, n: int, rng: np.random.Generator) -> IntArray:
    """Return n of ``size`` draws in random order, each taken once before any is taken again."""
    turns = [rng.permutation(size) for _ in range(-(-n // size))]
    return np.concatenate(turns)[:n]


def by_input(rows: Rows) -> dict[str, IntArray]:
    """Return the rows of each input."""
    return {name: places for source, places in rows.items() for name in source}


def evaluate(
    plan: Scenario, rows: Mapping[str, IntArray], *, payback: bool = True, n: int | None = None
) -> Found:
    """Return quantities and parts of the numbers, and of each row of draws."""
    size = n or _size_of(rows)
    return evaluate_inputs(plan, inputs_of(plan, rows), size, payback=payback)


def evaluate_inputs(plan: Scenario, inputs: Inputs, n: int, *, payback: bool = True) -> Found:
    """Return quantities and parts of n rows of inputs."""
    with _in_words(plan):
        return outcomes(_link(plan), people_of(plan), inputs, plan_of(plan), n, payback=payback)


def needed_change(
    plan: Scenario, rows: Mapping[str, IntArray], quantity: str, target: float, most: float
) -> FloatArray:
    """Return the change of the driver at which a quantity reaches a target, of each row."""
    size = _size_of(rows)
    with _in_words(plan):
        return change_for(
            _link(plan),
            people_of(plan),
            inputs_of(plan, rows),
            plan_of(plan),
            size,
            place=QUANTITIES.index(quantity),
            target=target,
            most=most,
        )


def _size_of(rows: Mapping[str, IntArray]) -> int:
    """Return how many rows there are: one, the numbers, where nothing is drawn."""
    return max(map(len, rows.values()), default=1)


@contextmanager
def _in_words(plan: Scenario) -> Iterator[None]:
    """Say of a value without end what it is and what ends it."""
    try:
        yield
    except Endless as endless:
        raise OptionError(_words(plan, *endless.args)) from None


def _words(plan: Scenario, what: str, place: int) -> str:
    where = "" if place == 0 else f" in draw {place - 1}"
    if what == "cost":
        return (
            f"the measure costs money each period without end{where}, and the discount of "
            f"{plan.economics.discount:g} does not make that a finite sum; give lasts=, or a "
            "horizon in the economics"
        )
    if plan.link == "renewals":
        return (
            "some of the customers who remain hardly ever leave, so that only discount ends their "
            f"value: it must exceed growth by a hundredth of a percent or more{where} (growth "
            f"{plan.economics.growth:g}, discount {plan.economics.discount:g}); give the economics "
            "a horizon, the number of renewals to look at"
        )
    return (
        f"some customer's retention times 1 + growth is not below 1 + discount{where} (growth "
        f"{plan.economics.growth:g}, discount {plan.economics.discount:g}), so that the value has "
        "no end; give the economics a horizon, the number of renewals to look at"
    )


def evaluate_segments(
    plan: Scenario, rows: Mapping[str, IntArray], code: IntArray, k: int
) -> FloatArray:
    """Return quantities (1 + b, k, q) of segments: of the numbers, and of each row of draws."""
    size = _size_of(rows)
    with _in_words(plan):
        return by_segment(
            _link(plan), people_of(plan), inputs_of(plan, rows), plan_of(plan), size, code, k
        )


def retention_now(plan: Scenario) -> FloatArray:
    """Return the retention (m,) of each kind of customers before the measure, at the estimate."""
    x = {name: one.part(slice(0, 1)) for name, one in inputs_of(plan, {}).items()}
    with _in_words(plan):
        found = worth(_link(plan), people_of(plan), x, plan_of(plan), 0)
    return np.asarray(found.retention[0][0])


def _link(plan: Scenario) -> Link:
    if plan.link == "curve":
        return plan.curve_family
    return None if plan.link == "records" else Churn(plan.family == "beta_discrete_weibull")


def shares_of_variance(
    plan: Scenario, quantity: str, n: int, seed: int
) -> tuple[list[str], list[str], FloatArray]:
    """Return inputs, their sources, and their shares of the variance of a quantity (k, 3).

    First-order and total shares of independent sources by pick and freeze: the quantity is
    computed for two sets of rows, and for each source with its rows from the other set. Within a
    source, inputs have covariance shares: the covariance of the quantity with what it is when this
    input alone is drawn, over its variance.
    """
    place = QUANTITIES.index(quantity)
    sources = list(plan.sources)
    # The second set is a turn of the first, so that no row meets itself.
    first = {s: r[1:] for s, r in draw_rows(plan, n, seed).items()}
    second = {s: np.roll(r, 1 + n // 3) for s, r in first.items()}

    def value(rows: Rows) -> FloatArray:
        by_name = by_input(rows)
        return evaluate(plan, by_name, payback=False, n=n).quantities[:, place]

    names: list[str] = []
    belongs: list[str] = []
    lines: list[list[float]] = []
    base = value(first)
    variance = float(base.var())
    if variance == 0:
        raise OptionError(f"{quantity} does not vary between draws, so that nothing can be shared")
    other = value(second) if len(sources) > 1 else base
    for source in sources:
        shares = [1.0, 1.0]
        if len(sources) > 1:
            kept = value({**second, source: first[source]})
            changed = value({**first, source: second[source]})
            centre = (base.mean() + other.mean()) / 2
            shares = [
                float(((base - centre) * (kept - centre)).mean() / variance),
                float(((base - changed) ** 2).mean() / (2 * variance)),
            ]
        for name in (n for n in INPUTS if n in source):
            alone = evaluate(plan, {name: first[source]}, payback=False, n=n)
            own = alone.quantities[:, place]
            covariance = float(((base - base.mean()) * (own - own.mean())).mean())
            names.append(name)
            belongs.append(" + ".join(source))
            lines.append([*shares, covariance / variance])
    return names, belongs, np.array(lines)


def check_same_terms(plans: Sequence[Scenario]) -> None:
    """Refuse scenarios whose money cannot be compared."""
    for name in ("per", "timing", "horizon"):
        if len({getattr(plan.economics, name) for plan in plans}) > 1:
            raise OptionError(
                f"the scenarios differ in {name} of their economics, so that their money is not "
                "the same; give all the same"
            )
