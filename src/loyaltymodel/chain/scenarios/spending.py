"""The door to spending on a driver with diminishing returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray, Numbers
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.draws import Bound, stack_of, table_of_rows
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.signature import checked
from loyaltymodel.chain.scenarios.evaluation import (
    by_input,
    draw_rows,
    evaluate_inputs,
    in_turns,
    seed_of,
)
from loyaltymodel.chain.scenarios.kernels import QUANTITIES, Input
from loyaltymodel.chain.scenarios.search import largest
from loyaltymodel.chain.scenarios.specification import Scenario, inputs_of, room_of
from loyaltymodel.chain.scenarios.spending_result import NEARLY, ReturnOnQuality, SpendAs
from loyaltymodel.chain.scenarios.what_if import n_draws
from loyaltymodel.economics.acquisition.curve import ResponseCurve
from loyaltymodel.economics.acquisition.kernels import rate_at
from loyaltymodel.errors import OptionError

_SHOWN = ("gain", "cost", "net_present_value", "return_on_quality")
_PLACES = [QUANTITIES.index(name) for name in _SHOWN]
_NET = _SHOWN.index("net_present_value")
_POINTS = 100.0
_BY_POINTS, _BY_SPENDING = 33, 9  # nodes of the search, even in points and even in money
_FINE = 400  # amounts between which the range that is nearly best is read off


class _Response(NamedTuple):
    """Response curves of the estimate and of draws (1 + b,)."""

    ceiling: FloatArray
    steepness: FloatArray
    floor: float

    def points(self, spend: FloatArray, rows: IntArray | slice = slice(None)) -> FloatArray:
        """Return points (r,) of the driver that spending (r,) adds, by these of the curves."""
        floor = np.asarray(self.floor)
        share = rate_at(spend, self.ceiling[rows], self.steepness[rows], floor) - floor
        return np.asarray(_POINTS * share)

    def nodes(self, most: float) -> FloatArray:
        """Return amounts (g, 1 + b) up to the most that are even in points of each curve."""
        shares = np.linspace(0.0, 1.0, _BY_POINTS)[1:-1, None]
        reached = -np.expm1(-self.steepness * most)  # of all that the curve may bring
        return np.asarray(np.minimum(-np.log1p(-shares * reached) / self.steepness, most))


@checked
def return_on_quality(
    scenario: Scenario,
    response: ResponseCurve,
    *,
    spend: Numbers,
    spend_as: SpendAs,
    draws: Mapping[str, Numbers] | None = None,
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> ReturnOnQuality:
    """Return what spending on a driver brings, amount by amount, and the best amount (质量回报率).

    Parameters
    ----------
    scenario : Scenario
        The chain from the driver to money. Its own change is not used, nor its cost of the kind
        that is spent; its other costs stay.
    response : ResponseCurve
        What spending does to the driver's index, as a share of the scale: what it adds, if the
        floor is 0, or the index that it reaches, from the index of today as the floor. A ceiling
        0.1 above the floor is 10 points at most.
    spend : sequence of float
        Amounts of money to show, from 0, rising. The best one is searched for from 0 to the
        largest.
    spend_as : {"cost", "cost_per_period", "cost_per_customer"}
        Whether they are spent once at the beginning, each period as long as the measure lasts, or
        each period for each customer who is there. The response curve takes the same amounts.
    draws : mapping from str to array, optional
        Draws of "ceiling" and "steepness" of the response curve, of one joint law; they are
        independent of the draws of the scenario.
    n_resamples : int
        Number of draws to take.
    level : float
        Confidence level between 0 and 1.
    rng : Generator, int or None
        Randomness: which draws of independent sources meet.

    Returns
    -------
    ReturnOnQuality
        Points, gain, cost, net present value and return by amount, and the best amount.

    Raises
    ------
    OptionError
        If amounts do not rise from 0 or above, the response leads beyond the scale, the scenario
        has draws of the cost that the spending is, or as of :func:`what_if`.

    See Also
    --------
    required_change : The change that a sum of money needs, however it is brought about.
    loyaltymodel.plots.chain.return_on_quality : The picture.
    loyaltymodel.economics.ResponseCurve.calibrated : A response curve from two guesses.

    Notes
    -----
    Rust, Zahorik and Keiningham [1]_ hold that quality is an investment that must be accounted for
    in money, that it is possible to spend too much on it, and that not all spending on it is
    equally good. Here returns diminish twice: the driver moves by

        change(a) = 100 (ceiling - floor) (1 - exp(-steepness a))

    for an amount a, and the chain bends too, since customers reach the end of the scale and the
    loyalty curve is no straight line. So the net present value is largest where one more unit of
    money no longer brings back itself, or at an end: with nothing spent, or with the largest
    amount. A convex loyalty curve may have several hills; each draw is searched at 40 amounts or
    more, and about the best of them, on two hills if there are, by golden section. That is 70 times
    the work of :func:`what_if`, and more with more amounts.

    The best amount of each draw has an interval; the net present value shown for it is that of one
    amount in all draws. The mean of each draw's own largest value would be too large, because
    nobody knows which draw is true.

    A response curve is a manager's guess in most cases. Give draws of what the guess may be.

    References
    ----------
    .. [1] Rust, R. T., Zahorik, A. J., & Keiningham, T. L. (1995). Return on quality (ROQ): making
       service quality financially accountable. Journal of Marketing, 59(2), 58-70.

    Examples
    --------
    10,000 buy 5 points and no amount more than 10: 10 (1 - 2^(-a / 10,000)). A point adds 0.01 to
    a retention of 0.75, so that 1,000 customers gain 125,000 / (0.5 - x / 100) - 250,000 by x
    points. For 20,000 there are 7.5 points and 44,118:

    >>> from loyaltymodel import chain, economics
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year",
    ... )
    >>> response = economics.ResponseCurve.calibrated(10_000, 0.05, ceiling=0.10)
    >>> found = chain.return_on_quality(plan, response, spend=[0, 20_000, 40_000], spend_as="cost")
    >>> table = found.quantities.pivot(index="spend", columns="quantity", values="estimate")
    >>> table[["change", "gain", "net_present_value"]].round(1)
    quantity  change     gain  net_present_value
    spend
    0.0          0.0      0.0                0.0
    20000.0      7.5  44117.6            24117.6
    40000.0      9.4  57692.3            17692.3

    The best amount lies between:

    >>> found.best.round(1)
                quantity  estimate
    0              spend   22935.1
    1             change       8.0
    2               gain   47337.4
    3               cost   22935.1
    4  net_present_value   24402.3
    5  return_on_quality       1.1
    """
    check_choice("spend_as", spend_as, SpendAs)
    amounts = _amounts(spend)
    if spend_as in scenario.draws:
        raise OptionError(
            f"the scenario has draws of {spend_as}, which is what the amounts are; take them out "
            f"of its draws, or choose another spend_as"
        )
    n = n_draws(scenario, n_resamples, level) or (n_resamples if draws else 0)
    seed = seed_of(rng)
    curve = _response(scenario, response, draws, n, seed)
    rows = by_input(draw_rows(scenario, n, seed)) if n else {}
    inputs, every = inputs_of(scenario, rows), np.arange(1 + n)

    def at(each: FloatArray, own: IntArray = every) -> FloatArray:
        """Return the quantities shown (r, 4) for an amount (r,) of each of these rows."""
        taken = {
            name: x if x.rows is None else x._replace(rows=x.rows[own])
            for name, x in inputs.items()
        }
        places = np.arange(len(own))
        for name, values in (("change", curve.points(each, own)), (spend_as, each)):
            taken[name] = Input(np.zeros(()), values, places)
        found = evaluate_inputs(scenario, taken, len(own), payback=False)
        return np.asarray(found.quantities[:, _PLACES])

    shared = np.union1d(amounts, np.linspace(0.0, amounts[-1], _BY_SPENDING))
    nodes = np.concatenate([np.repeat(shared[:, None], 1 + n, axis=1), curve.nodes(amounts[-1])])
    table = np.stack([at(each) for each in nodes])
    order = nodes.argsort(axis=0, kind="stable")
    known = np.take_along_axis(table[:, :, _NET], order, axis=0)
    rising = np.take_along_axis(nodes, order, axis=0)
    best = largest(lambda each, own: at(each, own)[:, _NET], rising, known)
    one = np.full(1 + n, best[0])
    chosen = np.column_stack([best, curve.points(one), at(one)])
    names = ("change", *_SHOWN)
    shown = np.searchsorted(shared, amounts)
    moved = np.stack([curve.points(np.full(1 + n, amount)) for amount in amounts])
    whole = np.concatenate([moved[:, :, None], table[shown]], axis=2)
    labels = {
        "spend": tuple(amount for amount in amounts.tolist() for _ in names),
        "quantity": names * len(amounts),
    }
    drawn = best[1:]
    return ReturnOnQuality(
        scenario=scenario,
        response=response,
        spend_as=spend_as,
        level=level,
        n_resamples=n,
        estimates=table_of_rows(labels, whole.transpose(1, 0, 2).reshape(1 + n, -1), level=level),
        best_estimates=table_of_rows({"quantity": ("spend", *names)}, chosen, level=level),
        nearly_best=_nearly_best(scenario, response, spend_as, float(best[0]), amounts[-1]),
        nothing_share=float((drawn == 0).mean()) if n else float("nan"),
        most_share=float((drawn == amounts[-1]).mean()) if n else float("nan"),
    )


def _amounts(spend: Numbers) -> FloatArray:
    """Return the amounts (g,), of which there are two or more, rising from 0 or above."""
    found = np.asarray(spend, np.float64)
    if found.ndim != 1 or len(found) < 2 or not np.isfinite(found).all():  # noqa: PLR2004  a first and a last
        raise OptionError("spend must be two or more amounts of money, such as [0, 10_000, 20_000]")
    if found[0] < 0 or not (np.diff(found) > 0).all():
        raise OptionError("spend must be amounts that rise, from 0 or above")
    return found


def _response(
    plan: Scenario,
    response: ResponseCurve,
    draws: Mapping[str, Numbers] | None,
    n: int,
    seed: int,
) -> _Response:
    """Return the response curves of the estimate and of n draws, checked against the scale."""
    bounds = {
        "ceiling": Bound(response.floor, 1.0, open_low=True),
        "steepness": Bound(0.0, open_low=True),
    }
    numbers = {name: getattr(response, name) for name in bounds}
    stack = stack_of(numbers, draws, bounds=bounds)
    size = len(stack["ceiling"]) - 1
    if size:
        rows = np.append(0, 1 + in_turns(size, n, np.random.default_rng([seed, 1])))
    else:
        rows = np.zeros(1 + n, dtype=np.intp)
    stack = {name: values[rows] for name, values in stack.items()}
    most = _POINTS * (stack["ceiling"].max() - response.floor)
    room = room_of(plan)
    if exceeds(most, room, size=_POINTS):
        raise OptionError(
            f"the response curve leads to {most:.4g} more points, but {plan.driver} is at "
            f"{plan.driver_level:.4g} of 100; its ceiling can lie {room / _POINTS:.4g} above its "
            "floor at most"
        )
    return _Response(stack["ceiling"], stack["steepness"], response.floor)


def _nearly_best(
    plan: Scenario, response: ResponseCurve, spend_as: SpendAs, best: float, most: float
) -> tuple[float, float]:
    """Return from where to where spending brings nearly as much as the best, by the numbers."""
    if best == 0:
        return 0.0, 0.0
    fine = np.unique(np.concatenate([np.linspace(0.0, most, _FINE), [best]]))
    ends = (np.array([response.ceiling]), np.array([response.steepness]), response.floor)
    own = {"change": _Response(*ends).points(fine), spend_as: fine}
    every = np.arange(len(fine))
    drawn = {name: Input(np.zeros(()), values, every) for name, values in own.items()}
    found = evaluate_inputs(plan, {**inputs_of(plan, {}), **drawn}, len(fine), payback=False)
    net = found.quantities[:, QUANTITIES.index("net_present_value")]
    place = int(np.searchsorted(fine, best))
    line = net[0] + NEARLY * (net[place] - net[0])
    below = net < line

    def crossing(inner: int, outer: int) -> float:
        share = (net[inner] - line) / (net[inner] - net[outer])
        return float(fine[inner] + share * (fine[outer] - fine[inner]))

    left, right = np.flatnonzero(below[:place]), np.flatnonzero(below[place:])
    low = crossing(left[-1] + 1, left[-1]) if len(left) else 0.0
    high = crossing(place + right[0] - 1, place + right[0]) if len(right) else float(most)
    return low, high
