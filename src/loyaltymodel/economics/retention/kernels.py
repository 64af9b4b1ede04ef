"""Counting of customers and periods, survival and its errors: arrays in, arrays out.

Customers and periods are whole numbers from 0 on. Nothing here loops over rows or customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray

_CELLS_A_ROW = 16  # of a table of who was there when, up to which it is quicker than sorting


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """Who was there when (k,): each customer and period once, by customer, then period.

    ``first`` is the first period of each customer, and ``firsts`` says whether a line is the first
    of its customer.
    """

    customer: IntArray
    period: IntArray
    first: IntArray
    firsts: BoolArray
    n_periods: int

    @property
    def lasts(self) -> BoolArray:
        """Tell which lines are the last of their customer."""
        return np.append(self.firsts[1:], True)

    @property
    def keys(self) -> IntArray:
        """One ascending number a customer and period."""
        return self.customer * self.n_periods + self.period


def whole_codes(values: npt.NDArray[np.integer]) -> tuple[IntArray, IntArray] | None:
    """Return places of whole numbers among the distinct ones, and these; None if these are sparse.

    A table of all numbers between the least and the largest is quicker than hashing.
    """
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * len(values):
        return None
    moved = values - low if low else values
    present = np.bincount(moved) > 0
    if present.all():
        return np.asarray(moved, dtype=np.intp), np.arange(low, high + 1)
    return (np.cumsum(present) - 1)[moved], np.flatnonzero(present) + low


def who_was_there(
    customer: IntArray, period: IntArray, n_customers: int, n_periods: int
) -> Present:
    """Return each customer and period of some rows (n,) once."""
    key = customer * n_periods
    key += period
    n_cells = n_customers * n_periods
    if n_cells <= _CELLS_A_ROW * len(key):
        there = np.zeros(n_cells, dtype=np.bool_)
        there[key] = True
        key = np.flatnonzero(there)
    else:
        key = np.unique(key)
    who, when = np.divmod(key, n_periods)
    firsts = np.append(True, who[1:] != who[:-1])
    first = np.zeros(n_customers, dtype=np.intp)
    first[who[firsts]] = when[firsts]
    return Present(who, when, first, firsts, n_periods)


def lines_of(there: Present, customer: IntArray, period: IntArray) -> IntArray:
    """Return the line of each row (n,) among who was there when."""
    sought, keys = customer * there.n_periods + period, there.keys
    n_cells = len(there.first) * there.n_periods
    if n_cells > _CELLS_A_ROW * len(sought):
        return np.searchsorted(keys, sought)
    place = np.zeros(n_cells, dtype=np.int32 if len(keys) < 2**31 else np.int64)
    place[keys] = np.arange(len(keys))
    return np.asarray(place[sought], dtype=np.intp)


def distinct_rows(*columns: IntArray) -> tuple[list[IntArray], IntArray]:
    """Return the distinct rows of columns of whole numbers from 0 on, and how often each stands."""
    sizes = [int(column.max()) + 1 for column in columns]
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column, size in zip(columns, sizes, strict=True):
        code = code * size + column
    found, counts = np.unique(code, return_counts=True)
    parts = []
    for size in sizes[::-1]:
        found, part = np.divmod(found, size)
        parts.append(part)
    return parts[::-1], counts


def cohort_counts(there: Present) -> IntArray:
    """Return how many of each cohort (c, a) were there at each age, in periods from 0 on."""
    n = there.n_periods
    cohort = there.first[there.customer]
    flat = np.bincount(cohort * n + there.period - cohort, minlength=n * n)
    return flat.reshape(n, n)


def cohort_sums(
    there: Present, customer: IntArray, period: IntArray, amount: FloatArray
) -> FloatArray:
    """Return the sums of amounts of rows (n,) by cohort and age (c, a)."""
    n = there.n_periods
    # By first period and period; ages are a matter of the few cells, not of the many rows.
    by_period = np.bincount(there.first[customer] * n + period, amount, n * n).reshape(n, n)
    cohort, age = np.divmod(np.arange(n * n), n)
    later = np.minimum(cohort + age, n - 1)
    return (
        np.where(cohort + age < n, by_period[cohort, later], 0.0).reshape(n, n).astype(np.float64)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Customers of successive periods, line by line of :class:`Present`.

    ``retained``, ``new`` and ``won_back`` say how a line came to be; ``left`` that the customer is
    not there in the period after it.
    """

    retained: BoolArray
    new: BoolArray
    won_back: BoolArray
    left: BoolArray


def moves_of(there: Present) -> Moves:
    """Return how customers came and went, for all lines but those of the first period."""
    follows = np.append(False, np.diff(there.period) == 1) & ~there.firsts
    later = there.period > 0
    return Moves(
        retained=follows,
        new=there.firsts & later,
        won_back=~there.firsts & ~follows,
        left=~np.append(follows[1:], False) & (there.period < there.n_periods - 1),
    )


def sums_by(codes: IntArray, values: FloatArray, n: int, chosen: BoolArray) -> FloatArray:
    """Return sums (n,) of some of the values by their codes."""
    return np.asarray(np.bincount(codes[chosen], values[chosen], n), np.float64)


def ratios_of_sums(
    period: IntArray, y: FloatArray, x: FloatArray, n_periods: int
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Return ratios of sums of y and x by period, their errors, skewness and numbers of customers.

    A customer moves a ratio R by (y - R x) over the sum of x; errors are of the sum of these.
    """
    n = np.bincount(period, minlength=n_periods)
    total = np.bincount(period, x, n_periods)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.bincount(period, y, n_periods) / total
        apart = np.where(total[period] > 0, y - ratio[period] * x, 0.0)
        size = np.abs(apart).max(initial=0.0) or 1.0
        part = apart / size
        squares, cubes = (np.bincount(period, part**power, n_periods) for power in (2, 3))
        error = size * np.sqrt(squares * n / np.maximum(n - 1, 1)) / total
        skewness = np.where(squares > 0, cubes / squares**1.5, 0.0)
    error = np.where((n > 1) & (error > 0), error, np.nan)
    return ratio, error, skewness, n


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """When customers (n,) were seen, by places among the tenures (m,) of losses.

    A customer is at risk at the tenures from place ``begin`` up to before ``end``, and ``hit`` says
    that the last of these is that of the loss. ``counts`` is how many customers a line stands for.
    """

    tenure: FloatArray
    begin: IntArray
    end: IntArray
    hit: BoolArray
    counts: FloatArray
    weights: FloatArray

    @property
    def equal(self) -> bool:
        """Tell whether all have the same weight."""
        return bool(np.ptp(self.weights) == 0)

    def at_risk(self, of: FloatArray) -> FloatArray:
        """Return the sum (m,) of what those at risk have."""
        m, seen = len(self.tenure), self.end > self.begin
        # From behind, so that few who stay long are no difference of large sums.
        stay = np.cumsum(np.bincount(self.end[seen], of[seen], m + 1)[::-1])[::-1]
        come = np.cumsum(np.bincount(self.begin[seen], of[seen], m + 1)[::-1])[::-1]
        return np.asarray((stay - come)[1:])

    def lost_at(self, of: FloatArray) -> FloatArray:
        """Return the sum (m,) of what those lost have."""
        lost = np.bincount(self.end[self.hit] - 1, of[self.hit], len(self.tenure))
        return np.asarray(lost, np.float64)


def spells_of(
    tenure: FloatArray,
    lost: BoolArray,
    entry: FloatArray,
    counts: FloatArray,
    weights: FloatArray,
    at: FloatArray,
) -> Spells:
    """Place customers among ascending tenures ``at``, at least those at which one was lost.

    Whoever entered before a tenure and was known to be there up to it is at risk at it.
    """
    begin = np.searchsorted(at, entry, side="right")
    end = np.maximum(np.searchsorted(at, tenure, side="right"), begin)
    return Spells(at, begin, end, lost & (end > begin), counts, weights)


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """Sums over customers at each tenure (m,), survival after it, and errors.

    ``at_risk`` and ``lost`` are sums of weights, ``n_at_risk`` and ``n_lost`` count customers.
    ``variance`` is that of the logarithm of survival, ``share_variance`` that of the share lost,
    and ``effective`` Kish's number of those at risk.
    """

    at_risk: FloatArray
    lost: FloatArray
    n_at_risk: FloatArray
    n_lost: FloatArray
    survival: FloatArray
    variance: FloatArray
    share_variance: FloatArray
    effective: FloatArray


_ALL = 1 - 1e-12  # a share of lost from which nobody is left, but for rounding of weights


def product_limit(found: Spells) -> Survival:
    """Return survival after each tenure by Kaplan and Meier, with linearised variances.

    Equal weights have Greenwood's variance, in which each tenure adds its own part. With unequal
    ones a customer moves the logarithm of survival by the own part of each factor, and squares are
    of their sum, because parts of different tenures go together where weights go with losses.
    """
    own, squares = found.counts * found.weights, found.counts * found.weights**2
    at_risk, lost = found.at_risk(own), found.lost_at(own)
    at_risk = np.maximum(at_risk, lost)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(at_risk > 0, lost / at_risk, 0.0)
        stays = np.where(share > _ALL, 0.0, 1 - share)
        each = np.where(lost > 0, 1 / (at_risk * stays), 0.0)
        squares_at_risk = found.at_risk(squares)
        stayed = squares_at_risk - found.lost_at(squares)
        of_share = found.lost_at(squares) * (1 - share) ** 2 + np.maximum(stayed, 0) * share**2
        of_share = np.where(at_risk > 0, of_share / at_risk**2, 0.0)
        effective = np.where(at_risk > 0, at_risk**2 / squares_at_risk, 0.0)
        gone = np.cumsum(stays == 0) > 0
        each = np.where(gone, 0.0, each)
        if found.equal:
            variance = np.cumsum(of_share * (at_risk * each) ** 2)
        else:
            variance = _running_variance(found, share, each)
    return Survival(
        at_risk=at_risk,
        lost=lost,
        n_at_risk=found.at_risk(found.counts),
        n_lost=found.lost_at(found.counts),
        survival=np.asarray(np.cumprod(stays), np.float64),
        variance=np.where(gone, np.nan, variance),
        share_variance=of_share,
        effective=effective,
    )


def _pulls(found: Spells, share: FloatArray, each: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sums (m + 1,) of what being at risk adds, and what each customer (n,) adds in all."""
    sums = np.append(0.0, np.cumsum(share * each))
    last = np.append(each, 0.0)[np.maximum(found.end - 1, 0)]
    return sums, sums[found.end] - sums[found.begin] - np.where(found.hit, last, 0.0)


def _running_variance(found: Spells, share: FloatArray, each: FloatArray) -> FloatArray:
    """Return the sum (m,) of squares of what customers have added up to each tenure."""
    sums, whole = _pulls(found, share, each)
    squares, m = found.counts * found.weights**2, len(found.tenure)
    seen = found.end > found.begin
    done = np.bincount(found.end[seen] - 1, (squares * whole**2)[seen], m)
    # Those who are still there have added the sum since they came.
    still = np.zeros((3, m))
    come = sums[found.begin]
    for power, line in enumerate(still):
        of = (squares * come**power)[seen]
        came = np.bincount(found.begin[seen], of, m + 1)[:m]
        went = np.bincount(found.end[seen] - 1, of, m + 1)[:m]
        line[:] = np.cumsum(came - went)
    now = sums[1:]
    return np.asarray(
        np.cumsum(done) + np.maximum(still[0] * now**2 - 2 * now * still[1] + still[2], 0.0)
    )


def restricted_mean(found: Spells, at: Survival, horizon: float) -> tuple[float, float]:
    """Return the mean tenure within a horizon, the area under survival, and its variance."""
    before = found.tenure < horizon
    ends = np.append(found.tenure[before], horizon)
    steps = np.diff(np.append(0.0, ends)) * np.append(1.0, at.survival[before])
    ahead = np.zeros(len(found.tenure))
    ahead[before] = np.cumsum(steps[::-1])[::-1][1:]  # the area after each tenure
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(at.at_risk > 0, at.lost / at.at_risk, 0.0)
        each = np.where((at.lost > 0) & (ahead > 0), ahead / (at.at_risk * (1 - share)), 0.0)
    if found.equal:
        return float(steps.sum()), float(np.nansum(at.share_variance * (at.at_risk * each) ** 2))
    _, whole = _pulls(found, share, each)
    return float(steps.sum()), float((found.counts * found.weights**2) @ whole**2)


def log_rank(at_risk: FloatArray, lost: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return lost less expected (g,) of groups (g, m), and their covariance (g, g)."""
    all_at_risk, all_lost = at_risk.sum(axis=0), lost.sum(axis=0)
    share = at_risk / all_at_risk
    apart = (lost - all_lost * share).sum(axis=1)
    factor = all_lost * (all_at_risk - all_lost) / np.maximum(all_at_risk - 1, 1)
    own = np.diag((factor * share).sum(axis=1))
    return apart, own - (factor * share) @ share.T


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Losses (e,) in the order of tenures, with the risk set of each.

    ``place`` is the tenure of a loss, ``total`` (e,) the sum of relative hazards at risk, ``mean``
    (e, p) and ``spread`` (e, p, p) mean and covariance of the drivers there. ``row`` is the
    customer lost.
    """

    row: IntArray
    place: IntArray
    total: FloatArray
    mean: FloatArray
    spread: FloatArray
    log_likelihood: float
    apart: FloatArray

    @property
    def score(self) -> FloatArray:
        """Slope (p,) of the log-likelihood."""
        return np.asarray(self.apart.sum(axis=0))

    @property
    def information(self) -> FloatArray:
        """Its second derivatives (p, p), with the sign turned."""
        return np.asarray(self.spread.sum(axis=0))


def partial_likelihood(found: Spells, x: FloatArray, b: FloatArray, *, efron: bool) -> Events:
    """Return Cox's partial likelihood at coefficients b (p,) of drivers x (n, p).

    By Efron, of d customers lost at one tenure the k-th (from 0) meets a risk set in which those
    lost count (d - k) / d; by Breslow all meet the whole one.
    """
    m, p = len(found.tenure), x.shape[1]
    eta = x @ b
    eta -= eta.max()
    theta = np.exp(eta)
    row = np.flatnonzero(found.hit)
    row = row[np.argsort(found.end[row], kind="stable")]
    place = found.end[row] - 1
    lost = np.bincount(place, minlength=m)
    before = np.cumsum(lost) - lost
    passed = (np.arange(len(row)) - before[place]) / lost[place] if efron else np.zeros(len(row))

    def at_events(of: FloatArray) -> FloatArray:
        return found.at_risk(of)[place] - passed * found.lost_at(of)[place]

    total = at_events(theta)
    mean = np.column_stack([at_events(theta * x[:, j]) for j in range(p)]) / total[:, None]
    spread = np.empty((len(row), p, p))
    for j in range(p):
        for k in range(j + 1):
            second = at_events(theta * x[:, j] * x[:, k]) / total
            spread[:, j, k] = spread[:, k, j] = second - mean[:, j] * mean[:, k]
    return Events(
        row=row,
        place=place,
        total=total,
        mean=mean,
        spread=spread,
        log_likelihood=float(eta[row].sum() - np.log(total).sum()),
        apart=x[row] - mean,
    )


def trend_tests(events: Events, g: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return score statistics (p,) of coefficients that go with g (e,), and that of all of them.

    Also returns the slopes (p,) that one step towards the maximum would give.
    """
    apart = g - g.mean()
    own = events.information
    with_g = np.einsum("e,ejk->jk", apart, events.spread)
    squares = np.einsum("e,ejk->jk", apart**2, events.spread)
    score = apart @ events.apart
    left = squares - with_g @ np.linalg.solve(own, with_g)
    each = score / np.diag(left)
    return score * each, each, float(score @ np.linalg.solve(left, score))
