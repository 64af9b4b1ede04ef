"""The cusp on arrays: its equilibria, paths among them, the law of states, draws from it.

Everywhere ``y`` is the state, alpha the normal and beta the splitting factor. The equilibria are
the real roots of y^3 - beta y - alpha = 0, and states lie around them with a density
proportional to exp(f(y)), where f(y) = alpha y + beta y^2 / 2 - y^4 / 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray

# What is e^-41 = 1.6e-18 times lower than the highest point is lost in rounding.
_DEPTH = 41.0
# The trapezoidal rule on a smooth hill gains digits as fast as points; 96 give all there are.
_N_POINTS = 96
_DEEP, _STRONG = 50.0, 1e6  # factors beyond which states are drawn from the tops of hills
_ROWS_PER_SLICE = 1024  # 96 points of 8 bytes: a slice of 0.8 MB stays in the cache


def discriminant(alpha: FloatArray, beta: FloatArray) -> FloatArray:
    """Return Cardan's discriminant 27 alpha^2 - 4 beta^3: below 0 with two stable states.

    Computed with twice the digits, because everything near a fold hangs on its sign and size.
    """
    a2, a2_rest = _exact_product(alpha, alpha)
    b2, b2_rest = _exact_product(beta, beta)
    b3, b3_rest = _exact_product(b2, beta)
    first, first_rest = _exact_product(np.full_like(a2, 27.0), a2)
    rest = first_rest + 27 * a2_rest - 4 * (b3_rest + b2_rest * beta)
    found: FloatArray = (first - 4 * b3) + rest
    return found


def equilibria(alpha: FloatArray, beta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the lowest, middle and highest root, of the shape of alpha and beta together.

    With one root it is both lowest and highest, and the middle one is NaN. On a fold, where the
    discriminant is exactly 0, the middle root equals one of the others.
    """
    alpha, beta = np.broadcast_arrays(alpha, beta)
    # Powers of two scale without rounding, and nothing overflows between 0 and 8.
    exponent = np.frexp(np.maximum(np.cbrt(np.abs(alpha)), np.sqrt(np.abs(beta))))[1]
    a, b = np.ldexp(np.abs(alpha), -3 * exponent), np.ldexp(beta, -2 * exponent)
    cardan = discriminant(a, b)
    outer = _outer_root(a, b, cardan)
    three = (cardan <= 0) & (b > 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # The discriminant is minus the squared product of all differences of the roots.
        apart = np.sqrt(np.maximum(-cardan, 0)) / (3 * outer**2 - b)
        apart = np.where(a == 0, outer, apart)  # without rounding, so that both sides are alike
        far = np.where(three, -(outer + apart) / 2, outer)
        # The product of the roots is alpha: no cancellation where the middle one is near 0.
        middle = np.where(three, np.maximum(a / (outer * far), far), np.nan)
    up = alpha >= 0
    low = np.where(up, far, -outer)
    high = np.where(up, outer, -far)
    middle = np.where(up, middle, -middle) + 0.0  # no -0.0
    return np.ldexp(low, exponent), np.ldexp(middle, exponent), np.ldexp(high, exponent)


def is_bistable(low: FloatArray, middle: FloatArray, high: FloatArray) -> BoolArray:
    """Tell where there are two stable states; on a fold one of them has just vanished."""
    found: BoolArray = (low < middle) & (middle < high)  # never with NaN in the middle
    return found


def folds(beta: FloatArray) -> FloatArray:
    """Return the alpha above 0 at which a state vanishes; NaN for beta below 0."""
    with np.errstate(invalid="ignore", over="ignore"):
        found: FloatArray = 2 * np.sqrt(beta / 3) ** 3
    return found


def deepest(alpha: FloatArray, beta: FloatArray) -> FloatArray:
    """Return the stable state where the density is highest; the high one if both are equal."""
    low, _, high = equilibria(alpha, beta)
    return np.where(alpha < 0, low, high)


def follow(alpha: FloatArray, beta: FloatArray, start_high: BoolArray) -> FloatArray:
    """Return the state (t, ...) that stays on its branch until that vanishes.

    Time runs along the first axis. Only the last step with a single state matters to the branch,
    and there the sign of alpha tells which one it is; before any such step ``start_high`` does.
    """
    low, middle, high = equilibria(alpha, beta)
    decided = ~is_bistable(low, middle, high) & (alpha != 0)
    step = np.arange(len(alpha)).reshape(-1, *[1] * (alpha.ndim - 1))
    last = np.maximum.accumulate(np.where(decided, step, -1), axis=0)
    known = np.take_along_axis(alpha > 0, np.maximum(last, 0), axis=0)
    return np.where(np.where(last >= 0, known, start_high), high, low)


def branch_ends(first: float, last: float, beta: float) -> dict[str, tuple[float, float]]:
    """Return the states at which each branch begins and ends, for alpha from first to last."""
    fold, turn = (folds(np.array(beta)), np.sqrt(beta / 3)) if beta > 0 else (np.inf, np.nan)
    if beta > 0:
        spans = {"low": (-np.inf, fold), "middle": (-fold, fold), "high": (-fold, np.inf)}
    else:
        spans = {"single": (-np.inf, np.inf)}
    ends = {}
    for place, (name, (least, most)) in enumerate(spans.items()):
        start, stop = np.maximum(first, least), np.minimum(last, most)
        if start < stop:
            from_state, to_state = equilibria(np.array([start, stop]), np.array(beta))[place]
            # On a fold the state is known, and the root there would hang on rounding.
            from_state = turn if start == least else from_state
            to_state = -turn if stop == most else to_state
            ends[name] = (float(min(from_state, to_state)), float(max(from_state, to_state)))
    return ends


def _exact_product(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a product and what rounding took from it (Dekker)."""
    product = x * y
    (x_head, x_tail), (y_head, y_tail) = _halves(x), _halves(y)
    rest = ((x_head * y_head - product) + x_head * y_tail + x_tail * y_head) + x_tail * y_tail
    return product, rest


def _halves(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split numbers into two of 26 digits each, whose products are exact."""
    shifted = 134217729.0 * x  # 2^27 + 1
    head = shifted - (shifted - x)
    return head, x - head


def _outer_root(a: FloatArray, b: FloatArray, cardan: FloatArray) -> FloatArray:
    """Return the root farthest from 0, for a of at least 0; it is never near another one."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = np.sqrt(np.maximum(b, 0) / 3)
        angle = np.arccos(np.minimum(a / (2 * spread**3), 1)) / 3
        u = np.cbrt(a / 2 + np.sqrt(np.maximum(cardan, 0) / 108))
        root = np.where((cardan <= 0) & (b > 0), 2 * spread * np.cos(angle), u + b / (3 * u))
        for _ in range(3):
            root = root - (root * (root**2 - b) - a) / (3 * root**2 - b)
    return np.where((a == 0) & (b <= 0), 0.0, root)


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """The density of states for n pairs of alpha and beta.

    Attributes: ``log_normaliser`` (n,); ``moments`` (4, n), E[y] to E[y^4]; ``covariance``
    (3, n), variance of y, covariance of y and y^2 / 2, variance of y^2 / 2.
    """

    log_normaliser: FloatArray
    moments: FloatArray
    covariance: FloatArray


def law(alpha: FloatArray, beta: FloatArray) -> Law:
    """Return normaliser, moments and covariances for alpha and beta (n,)."""
    n = len(alpha)
    found = np.empty((8, n))
    for start in range(0, n, _ROWS_PER_SLICE):
        part = slice(start, start + _ROWS_PER_SLICE)
        found[:, part] = _slice_of_law(np.abs(alpha[part]), beta[part])
    # Computed for alpha of at least 0; the law of -alpha is its mirror image.
    sign = np.where(alpha < 0, -1.0, 1.0)
    found[[1, 3, 6]] *= sign
    return Law(found[0], found[1:5], found[5:])


def _slice_of_law(alpha: FloatArray, beta: FloatArray) -> FloatArray:
    low, middle, high = equilibria(alpha, beta)
    with np.errstate(invalid="ignore"):
        # At a root f(y) is (3 alpha y + beta y^2) / 4, and the roots add up to 0.
        barrier = (high - middle) * (3 * alpha - beta * low) / 4
        two_hills = barrier > _DEPTH
    found = np.empty((8, len(alpha)))
    for wanted, windows in ((~two_hills, _one_window), (two_hills, _two_windows)):
        if wanted.any():
            roots = (low[wanted], middle[wanted], high[wanted])
            nodes, logs, widths = windows(alpha[wanted], beta[wanted], *roots)
            found[:, wanted] = _sums(nodes, np.exp(logs) * widths)
    found[0] += (3 * alpha * high + beta * high**2) / 4
    return found


def _sums(y: FloatArray, weights: FloatArray) -> FloatArray:
    """Logarithm of the total, four moments and three covariances, (8, n), of nodes (n, m)."""
    total = weights.sum(axis=1)
    share = weights / total[:, None]
    square = y**2
    moments = [np.einsum("ij,ij->i", share, power) for power in (y, square, y * square, square**2)]
    apart = y - moments[0][:, None]
    half = (square - moments[1][:, None]) / 2
    covariance = [
        np.einsum("ij,ij,ij->i", share, one, other)
        for one, other in ((apart, apart), (apart, half), (half, half))
    ]
    return np.stack([np.log(total), *moments, *covariance])


def _one_window(
    alpha: FloatArray, beta: FloatArray, low: FloatArray, middle: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes (n, m), f there less its highest value, and widths (n, 1), over all that matters."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        across = np.sqrt(2 * _DEPTH / np.maximum(high**2 - beta, 0))
        left = high - np.minimum(across, 2 * high + (4 * _DEPTH) ** 0.25)
    left = np.where(np.isnan(middle), left, np.maximum(left, low - _reach(-low, beta)))
    y, width = _nodes(left, high + _reach(high, beta))
    logs = _fall(y - high[:, None], high, beta)
    with np.errstate(invalid="ignore"):
        on_low = y < middle[:, None]
    if on_low.any():
        other = _fall(y - low[:, None], low, beta) + _below(alpha, beta, low, middle, high)
        logs = np.where(on_low, other, logs)
    return y, logs, width


def _two_windows(
    alpha: FloatArray, beta: FloatArray, low: FloatArray, middle: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes, f there and widths as of one window, in two that a deep valley parts."""
    y_high, w_high = _nodes(
        high - _inner_reach(alpha, beta, high, middle, low), high + _reach(high, beta)
    )
    y_low, w_low = _nodes(
        low - _reach(-low, beta), low + _inner_reach(-alpha, beta, -low, -middle, -high)
    )
    logs = (
        _fall(y_low - low[:, None], low, beta) + _below(alpha, beta, low, middle, high),
        _fall(y_high - high[:, None], high, beta),
    )
    widths = np.repeat(np.concatenate([w_low, w_high], axis=1), _N_POINTS, axis=1)
    return np.concatenate([y_low, y_high], axis=1), np.concatenate(logs, axis=1), widths


def _nodes(left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes (n, m) from left to right, and the width (n, 1) of a step."""
    width = ((right - left) / (_N_POINTS - 1))[:, None]
    return left[:, None] + width * np.arange(_N_POINTS), width


def _fall(apart: FloatArray, top: FloatArray, beta: FloatArray) -> FloatArray:
    """Return f less f at a root, at some distance from it.

    f is a polynomial, so its expansion at the root is no approximation, and nothing cancels.
    """
    curvature = ((3 * top**2 - beta) / 2)[:, None]
    fall: FloatArray = -(apart**2) * (curvature + apart * (top[:, None] + apart / 4))
    return fall


def _below(
    alpha: FloatArray, beta: FloatArray, low: FloatArray, middle: FloatArray, high: FloatArray
) -> FloatArray:
    """Return f at the low root less f at the high one, (n, 1)."""
    return ((low - high) * (3 * alpha - beta * middle) / 4)[:, None]


def _reach(top: FloatArray, beta: FloatArray) -> FloatArray:
    """How far outwards from a top of at least 0 the density matters; each term alone bounds it."""
    with np.errstate(divide="ignore", over="ignore"):
        found: FloatArray = np.minimum(
            np.sqrt(_DEPTH / np.maximum((3 * top**2 - beta) / 2, 0)),
            np.minimum(np.cbrt(_DEPTH / top), (4 * _DEPTH) ** 0.25),
        )
    return found


def _inner_reach(
    alpha: FloatArray, beta: FloatArray, top: FloatArray, valley: FloatArray, other: FloatArray
) -> FloatArray:
    """How far inwards from a top it matters, not beyond the valley."""
    apart = top - valley
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # f falls by u^2 times something that itself falls as far as the valley.
        least = (3 * alpha - beta * other) / (4 * apart)
        return np.fmin(apart, np.sqrt(_DEPTH / np.maximum(least, 0)))


def draw(alpha: FloatArray, beta: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Draw a state for each alpha and beta (n,), by rejection."""
    found = np.empty(len(alpha))
    far = (beta > _DEEP) | (beta < -_STRONG) | (np.abs(alpha) > _STRONG)
    for wanted, method in ((~far, _draw_between), (far, _draw_from_tops)):
        if wanted.any():
            found[wanted] = method(alpha[wanted], beta[wanted], generator)
    return found


def _draw_between(
    alpha: FloatArray, beta: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Draw from both hills at once, which takes the more trials the further they are apart.

    For every c, exp(f(y)) is a normal density with precision c - beta and mean alpha over that
    precision, times exp(-(y^2 - c)^2 / 4), which is at most 1. The best c makes
    d = c - beta the largest root of d^3 + beta d^2 - d - alpha^2.
    """
    d = 1 + np.abs(beta) + np.abs(alpha) ** (2 / 3)
    for _ in range(60):
        d = d - (((d + beta) * d - 1) * d - alpha**2) / ((3 * d + 2 * beta) * d - 1)
    found = np.empty(len(alpha))
    waiting = np.arange(len(alpha))
    while waiting.size:
        precision = d[waiting]
        normal = generator.standard_normal(len(waiting))
        y = alpha[waiting] / precision + normal / np.sqrt(precision)
        chance = np.exp(-((y**2 - beta[waiting] - precision) ** 2) / 4)
        taken = generator.random(len(waiting)) < chance
        found[waiting[taken]] = y[taken]
        waiting = waiting[~taken]
    return found


def _draw_from_tops(
    alpha: FloatArray, beta: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Draw from a normal law at the top of a hill, in two trials, however large the numbers are.

    At a distance u from a root y0 density falls by u^2 (k + u y0 + u^2 / 4), where
    k = (3 y0^2 - beta) / 2. The bracket is least where u = -2 y0, (y0^2 - beta) / 2 there; on
    the side of 0 where y0 lies it is least at 0, 3 y0^2 / 4 - beta / 2. Twice that is the
    precision of a normal density that is nowhere below. Between two hills 0 parts the sides; a low
    hill so far down that this is negative has no chance that a computer could tell from 0.
    """
    sides, a = beta > _DEEP, np.abs(alpha)
    low, middle, high = equilibria(a, beta)
    tops = np.stack([high, low])
    with np.errstate(all="ignore"):
        # y0^2 - beta is alpha / y0, in which nothing cancels.
        rest = np.where(beta < 0, tops**2 - beta, a / tops)
        precision = np.where(sides, beta / 2 + 1.5 * rest, rest)
        less = _below(a, beta, low, middle, high)[:, 0]
        less += np.log(precision[0] / precision[1]) / 2
        to_low = np.where(sides & (precision[1] > 0), np.exp(less) / (1 + np.exp(less)), 0.0)
        curvature = beta + 1.5 * rest
    found = np.empty(len(a))
    waiting = np.arange(len(a))
    while waiting.size:
        at = (generator.random(len(waiting)) < to_low[waiting]).astype(np.intp), waiting
        top = tops[at]
        u = generator.standard_normal(len(waiting)) / np.sqrt(precision[at])
        fall = u**2 * (curvature[at] + u * (top + u / 4) - precision[at] / 2)
        kept = ~sides[waiting] | ((top + u > 0) == (top > 0))
        taken = kept & (generator.random(len(waiting)) < np.exp(-fall))
        found[waiting[taken]] = (top + u)[taken]
        waiting = waiting[~taken]
    return np.where(alpha < 0, -found, found)
