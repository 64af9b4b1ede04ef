"""Markov chains in stacks: transition matrices (b, k, k), rows to columns, all at once.

A matrix with NaN has NaN results. What a chain does not have is NaN or infinite, never a number
that looks like an answer: no steady state with several closed classes, no expected time to
a stage that may never be reached.
"""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.errors import NotIdentifiedError


def _complete(chains: FloatArray) -> BoolArray:
    """Tell which chains (b,) have no NaN."""
    return np.asarray(np.isfinite(chains).all(axis=(-1, -2)), dtype=np.bool_)


def reachable(chains: FloatArray) -> BoolArray:
    """Tell which stages (b, k, k) can be reached, in any number of periods, none included."""
    k = chains.shape[-1]
    paths: BoolArray = np.asarray((chains > 0) | np.eye(k, dtype=np.bool_), dtype=np.bool_)
    for _ in range(max(1, int(np.ceil(np.log2(max(k - 1, 1)))))):
        paths = np.asarray(np.matmul(paths, paths), dtype=np.bool_)
    return paths


def recurrent(paths: BoolArray) -> BoolArray:
    """Stages (b, k) that cannot be left for good, given what is reachable from where."""
    back = (~paths | paths.swapaxes(-1, -2)).all(axis=-1)
    return np.asarray(back, dtype=np.bool_)


def n_closed_classes(paths: BoolArray) -> IntArray:
    """Count (b,) the classes of stages that are never left."""
    stays = recurrent(paths)
    both = paths & paths.swapaxes(-1, -2)
    # The first stage of each class stands for it.
    first = np.argmax(both, axis=-1) == np.arange(paths.shape[-1])
    return np.asarray((stays & first).sum(axis=-1), dtype=np.intp)


def period(chain: FloatArray) -> IntArray:
    """Period (k,) of each stage of one chain: 1 is aperiodic, 0 for a stage never returned to.

    The walks that return within 3k periods have the greatest common divisor of all that do.
    """
    k = len(chain)
    step = chain > 0
    walk = np.eye(k, dtype=np.bool_)
    divisor = np.zeros(k, dtype=np.intp)
    for n in range(1, 3 * k + 1):
        walk = walk @ step
        divisor = np.gcd(divisor, np.where(np.diag(walk), n, 0))
    return divisor


def stationary(chains: FloatArray) -> FloatArray:
    """Return the distribution (b, k) that stays as it is; NaN unless there is exactly one."""
    k = chains.shape[-1]
    good = _complete(chains) & (n_closed_classes(reachable(chains)) == 1)
    shares = np.full(chains.shape[:-1], np.nan)
    if good.any():
        system = _left(chains[good]).swapaxes(-1, -2)
        system[:, -1, :] = 1.0  # one of the balance equations follows from the others
        right = np.zeros((len(system), k, 1))
        right[:, -1] = 1.0
        found = _solved(system, right)[..., 0]
        # Rounding only: stages that are left for good have a share of 0.
        stays = recurrent(reachable(chains[good]))
        shares[good] = np.where(stays, found.clip(0.0), 0.0)
    return shares


def _left(chains: FloatArray) -> FloatArray:
    """Return I - P, with the probability to leave a stage as the sum of where to.

    1 less the probability to stay would lose what is small, down to a system without solution.
    """
    own = np.eye(chains.shape[-1], dtype=np.bool_)
    elsewhere = np.where(own, 0.0, chains)
    return np.asarray(np.where(own, elsewhere.sum(axis=-1)[..., None], -elsewhere))


def _solved(system: FloatArray, right: FloatArray) -> FloatArray:
    """Solve systems (b, k, k), or say that transitions are too small for it."""
    try:
        return np.asarray(np.linalg.solve(system, right))
    except np.linalg.LinAlgError:
        raise NotIdentifiedError(
            "some transitions are so small that rounding hides them; call them impossible (0)"
        ) from None


def _inverse(system: FloatArray) -> FloatArray:
    return _solved(system, np.broadcast_to(np.eye(system.shape[-1]), system.shape))


def _within(chains: FloatArray, rows: BoolArray) -> FloatArray:
    """Return I - P in the rows (b, k) asked for, and rows of the identity elsewhere."""
    return np.where(rows[..., None], _left(chains), np.eye(chains.shape[-1]))


def _may_and_must(chains: FloatArray, goal: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Tell from which stages (b, k) a goal may be reached, and from which it surely is."""
    onward = np.where(goal[:, None], 0.0, chains)  # what comes after the goal does not matter
    paths = reachable(onward)
    may: BoolArray = np.asarray(paths[..., goal].any(axis=-1))
    must: BoolArray = ~np.asarray((paths & ~may[..., None, :]).any(axis=-1))
    return may, must


def jumps(chain: FloatArray, unseen: BoolArray, goal: BoolArray, *, time: bool) -> BoolArray:
    """Tell at which stages (k,) an answer jumps as soon as a move happens that was never seen.

    A probability jumps where nobody was seen to leave and an unseen move leads on to the goal; an
    expected time where everybody arrives and an unseen move leads away for good.
    """
    both = np.stack([chain, np.where(unseen, 1.0, chain)])
    may, must = _may_and_must(both, goal)
    if time:
        return np.asarray(must[0] & ~must[1], dtype=np.bool_)
    stays = recurrent(reachable(np.where(goal[:, None], 0.0, chain)[None]))[0]
    return np.asarray(stays & ~goal & may[1], dtype=np.bool_)


def never_left(chain: FloatArray, unseen: BoolArray) -> BoolArray:
    """Tell which stages (k,) were not seen to be left for good, while unseen moves would do so."""
    paths = reachable(np.stack([chain, np.where(unseen, 1.0, chain)]))
    return np.asarray(recurrent(paths)[0] & (paths[0] != paths[1]).any(axis=-1), dtype=np.bool_)


def unsure_ends(chain: FloatArray, unseen: BoolArray) -> BoolArray:
    """Tell which stages (k,) are left for good, or not, only if no unseen move ever happens."""
    seen, all_moves = recurrent(reachable(np.stack([chain, np.where(unseen, 1.0, chain)])))
    return np.asarray(seen != all_moves, dtype=np.bool_)


def hitting(chains: FloatArray, goal: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return probability, expected time, and expected time where reached, (b, k) each.

    The time is infinite where the goal may never be reached, and the time where reached NaN
    where it never is.
    """
    good = _complete(chains)
    p = np.where(good[:, None, None], chains, np.eye(chains.shape[-1]))
    may, must = _may_and_must(p, goal)
    inside = may & ~goal
    system = _within(p, inside)
    known = np.where(goal, 1.0, 0.0)
    chance = _solved(system, np.broadcast_to(known, may.shape)[..., None])[..., 0]
    chance = np.where(must, 1.0, np.clip(chance, 0.0, 1.0))  # rounding only
    sure = inside & must
    time = _solved(_within(p, sure), sure[..., None].astype(np.float64))[..., 0]
    time = np.where(must, time, np.inf)
    # E[T; reached] solves the same equations with the probability in place of 1.
    part = _solved(system, np.where(inside, chance, 0.0)[..., None])[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = np.where(may, part / chance, np.nan)
    bad = ~good[:, None]
    return tuple(np.where(bad, np.nan, value) for value in (chance, time, reached))  # type: ignore[return-value]


def fundamental(chains: FloatArray) -> FloatArray:
    """Return expected visits (b, k, k), the present one included, to stages left for good.

    Rows and columns of stages that are never left are NaN: their visits do not end.
    """
    good = _complete(chains)
    p = np.where(good[:, None, None], chains, np.eye(chains.shape[-1]))
    passing = ~recurrent(reachable(p))
    both = passing[..., None] & passing[..., None, :]
    inverse = _inverse(np.where(both, _left(p), np.eye(p.shape[-1])))
    return np.where(both & good[:, None, None], inverse, np.nan)


def discounted(chains: FloatArray, rewards: FloatArray, discount: float) -> FloatArray:
    """Return the present value (b, k) of rewards (k,) in all periods, the present one included."""
    good = _complete(chains)
    p = np.where(good[:, None, None], chains, np.eye(chains.shape[-1]))
    system = np.eye(p.shape[-1]) - p / (1 + discount)
    value = _solved(system, np.broadcast_to(rewards, p.shape[:-1])[..., None])[..., 0]
    return np.where(good[:, None], value, np.nan)


def discounted_slopes(chains: FloatArray, rewards: FloatArray, discount: float) -> FloatArray:
    """Return derivatives (b, i, j, k) of the present value by transitions, the others rescaled."""
    value = discounted(chains, rewards, discount)
    good = _complete(chains)
    p = np.where(good[:, None, None], chains, np.eye(chains.shape[-1]))
    reach = _inverse(np.eye(p.shape[-1]) - p / (1 + discount))
    change = np.einsum("bijl,bl->bij", directions(p), np.where(good[:, None], value, 0.0))
    slopes = reach.swapaxes(-1, -2)[:, :, None, :] * change[..., None] / (1 + discount)
    return np.where(good[:, None, None, None], slopes, np.nan)


def shares_after(chains: FloatArray, start: FloatArray, periods: int) -> FloatArray:
    """Return shares (b, periods + 1, k) of stages over time, from the start on."""
    shares = np.empty((len(chains), periods + 1, chains.shape[-1]))
    shares[:, 0] = start
    for t in range(periods):
        shares[:, t + 1] = np.matmul(shares[:, t, None], chains)[:, 0]
    return shares


def directions(chains: FloatArray) -> FloatArray:
    """Change (b, i, j, k) of row i per unit of change of its entry j, the others rescaled.

    NaN for an entry of 1: the others are 0, and nothing says how they share what is lost.
    """
    k = chains.shape[-1]
    own = np.eye(k, dtype=np.bool_)
    others = np.where(own, 0.0, chains[..., None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        part = others / (1 - chains)[..., None]
    part = np.where((chains == 1)[..., None], np.nan, part)
    return np.asarray(own - part, dtype=np.float64)


def stationary_slopes(chains: FloatArray) -> FloatArray:
    """Return derivatives (b, i, j, k) of the steady state by transitions, the others rescaled.

    The change of one row by d changes the steady state by its share times d (I - P + 1 pi)^-1.
    """
    shares = stationary(chains)
    good = np.isfinite(shares).all(axis=-1)
    k = chains.shape[-1]
    slopes = np.full((*chains.shape, k), np.nan)
    if good.any():
        p, pi = chains[good], shares[good]
        inverse = _inverse(_left(p) + pi[:, None, :])
        slopes[good] = pi[:, :, None, None] * np.matmul(directions(p), inverse[:, None])
    return slopes


def hitting_slopes(chains: FloatArray, goal: BoolArray, *, time: bool) -> FloatArray:
    """Return derivatives (b, i, j, k) of the expected time, or probability, by transitions.

    NaN where the time is infinite, and for transitions that stand at 0 where raising them
    would open a way that was closed: there the quantity jumps.
    """
    chance, expected, _ = hitting(chains, goal)
    value = expected if time else chance
    finite = np.isfinite(value)
    good = _complete(chains)
    p = np.where(good[:, None, None], chains, np.eye(chains.shape[-1]))
    may, must = _may_and_must(p, goal)
    inside = (must if time else may) & ~goal
    change = np.einsum("bijl,bl->bij", directions(p), np.where(finite, value, 0.0))
    before, onto = (inside, ~finite) if time else (~may, may)
    jumps = before[:, :, None] & onto[:, None, :]
    change = np.where(inside[:, :, None], change, 0.0)
    change = np.where(jumps, np.nan, change)
    visits = _inverse(_within(p, inside)).swapaxes(-1, -2)[:, :, None, :]
    passes = reachable(np.where(goal[:, None], 0.0, p)).swapaxes(-1, -2)[:, :, None, :]
    slopes = np.where(passes, visits * change[..., None], 0.0)
    known = (finite & good[:, None])[:, None, None, :]
    return np.where(known, slopes, np.nan)


def replaced(chains: FloatArray, source: int, target: int, value: FloatArray) -> FloatArray:
    """Return chains with one transition (b,) set and the others of its row rescaled.

    NaN where the value is no probability, or the others are all 0 and cannot be rescaled.
    """
    changed = chains.copy()
    old = chains[:, source, target]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(old == value, 1.0, (1 - value) / (1 - old))
        row = chains[:, source] * factor[:, None]
    row[:, target] = value
    possible = np.isfinite(factor) & (value >= 0) & (value <= 1)
    changed[:, source] = np.where(possible[:, None], row, np.nan)
    return changed


def jeffreys(seen: FloatArray, of: FloatArray, *, level: float) -> tuple[FloatArray, FloatArray]:
    """Return Jeffreys' interval of shares ``seen`` of ``of`` moves, right at the ends too.

    At 0 or all moves its ends are 0 or 1, and the other is exact; next to them likewise, so that
    it keeps its level where a move is rare (Brown, Cai and DasGupta 2001).
    """
    tail = (1 - level) / 2
    rest = of - seen
    low = beta_quantiles(seen + 0.5, rest + 0.5, tail)
    high = beta_quantiles(seen + 0.5, rest + 0.5, 1 - tail)
    with np.errstate(divide="ignore"):
        none = 1 - tail ** (1 / of)  # of moves so probable none is seen in a share of ``tail``
    return (
        np.where(rest == 0, 1 - none, np.where(seen <= 1, 0.0, low)),
        np.where(seen == 0, none, np.where(rest <= 1, 1.0, high)),
    )


def beta_quantiles(a: FloatArray, b: FloatArray, share: float) -> FloatArray:
    """Return quantiles of beta laws, 0 or 1 where all lies there, and NaN where nothing does."""
    from scipy.special import betaincinv  # noqa: PLC0415  not loaded on import

    value = betaincinv(np.where(a > 0, a, 1.0), np.where(b > 0, b, 1.0), share)
    value = np.where(a > 0, np.where(b > 0, value, 1.0), 0.0)
    return np.where(a + b > 0, value, np.nan)


def dirichlet(alpha: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw matrices (n, k, k) whose rows follow Dirichlet laws; 0 stays 0."""
    weights = rng.standard_gamma(alpha, size=(n, *alpha.shape))
    with np.errstate(invalid="ignore"):
        draws: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return draws
