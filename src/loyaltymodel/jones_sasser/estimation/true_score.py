"""True satisfaction given the observed: nodes and probabilities for measurement error.

True scores and errors are normal, and what lies beyond an end of the scale is answered by that
end. So an answer at an end says only that the observed score lies beyond a limit. Taken at its
word, it would pull the true scores of the most satisfied down and the top of the curve up.
"""

from __future__ import annotations

import numpy as np

from loyaltymodel._arrays import FloatArray

_INTERIOR = 24  # nodes of quadrature within the scale; its two ends are nodes as well
_REACH = 8.0  # standard deviations that are integrated over
_ROUNDS = 500
_SETTLED = 1e-10

Limits = tuple[float, float]


def end_limits(levels: FloatArray) -> Limits:
    """Return the limits beyond which the ends 0 and 1 are answered: half a step before them.

    ``levels`` (k,) are the distinct answers, rising. Minus infinity or infinity stands where
    nobody answered an end, so that nothing was cut off.
    """
    low = float(levels[1] / 2) if levels[0] <= 0 else -np.inf
    high = float((1 + levels[-2]) / 2) if levels[-1] >= 1 else np.inf
    return low, high


def latent_moments(observed: FloatArray, people: FloatArray, limits: Limits) -> tuple[float, float]:
    """Return mean and standard deviation of the normal law that was cut off at the limits.

    By the EM algorithm: those beyond a limit are replaced by their expected scores and squares.
    """
    share = people / people.sum()
    low, high = limits
    mean = float(share @ observed)
    sd = float(np.sqrt(share @ (observed - mean) ** 2))
    inside = (observed > low) & (observed < high)
    if inside.all() or sd == 0:
        return mean, sd
    first = float((share * observed)[inside].sum())
    second = float((share * observed**2)[inside].sum())
    below, above = float(share[observed <= low].sum()), float(share[observed >= high].sum())
    for _ in range(_ROUNDS):
        one, square = first, second
        for part, limit, sign in ((below, low, -1.0), (above, high, 1.0)):
            if part:
                beyond = sign * sd * _hazard(sign * (limit - mean) / sd)
                one += part * (mean + beyond)
                square += part * (mean**2 + sd**2 + (mean + limit) * beyond)
        moved = abs(one - mean)
        mean, sd = one, float(np.sqrt(square - one**2))
        if moved < _SETTLED * sd:
            break
    return mean, sd


def true_score_nodes(
    observed: FloatArray,
    *,
    mean: float,
    sd: float,
    reliability: float,
    limits: Limits = (-np.inf, np.inf),
) -> tuple[FloatArray, FloatArray]:
    """Return nodes (m, r) of true satisfaction given the observed, and probabilities (m, r).

    The true score given x is normal with mean mean + reliability (x - mean) and variance
    sd^2 reliability (1 - reliability), where ``mean`` and ``sd`` are those of observed scores
    before they were cut off. Beyond a limit it is averaged over all x there. Mass beyond an end
    of the scale sits on that end; the rest is Gauss-Legendre within it.
    """
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    centre = mean + reliability * (observed - mean)
    spread = sd * np.sqrt(reliability * (1 - reliability))
    low = np.clip(centre - _REACH * spread, 0, 1)[:, None]
    high = np.clip(centre + _REACH * spread, 0, 1)[:, None]
    points, gauss = np.polynomial.legendre.leggauss(_INTERIOR)
    inner = low + (high - low) * (points + 1) / 2
    z = (inner - centre[:, None]) / spread
    density = gauss * np.exp(-0.5 * z**2)
    below = ndtr(-centre / spread)
    above = ndtr((centre - 1) / spread)
    total = density.sum(axis=1)
    within = np.where(total > 0, (1 - below - above) / np.where(total > 0, total, 1.0), 0.0)
    nodes = np.column_stack([np.zeros_like(centre), inner, np.ones_like(centre)])
    weights = np.column_stack([below, density * within[:, None], above])
    for limit, sign in zip(limits, (-1.0, 1.0), strict=True):
        rows = sign * observed >= sign * limit
        if rows.any():
            nodes[rows], weights[rows] = _beyond(limit, sign, mean, sd, reliability)
    return nodes, weights / weights.sum(axis=1, keepdims=True)


def _beyond(
    limit: float, sign: float, mean: float, sd: float, reliability: float
) -> tuple[FloatArray, FloatArray]:
    """Return nodes (r,) and weights (r,) of true satisfaction for an answer beyond a limit."""
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    true, error = sd * np.sqrt(reliability), sd * np.sqrt(1 - reliability)
    points, gauss = np.polynomial.legendre.leggauss(_INTERIOR)

    def segment(start: float, end: float) -> tuple[FloatArray, FloatArray]:
        at = start + (end - start) * (points + 1) / 2
        law = np.exp(-0.5 * ((at - mean) / true) ** 2) * ndtr(sign * (at - limit) / error)
        return at, gauss * law * (end - start) / 2

    # Only where a true score could have come beyond the limit by its error.
    near = limit - sign * _REACH * error
    start, end = (max(near, 0.0), 1.0) if sign > 0 else (0.0, min(near, 1.0))
    inner, density = segment(start, end)
    below = segment(min(mean - _REACH * true, -true), 0.0)[1].sum()
    above = segment(1.0, max(mean + _REACH * true, 1 + true))[1].sum()
    return np.array([0.0, *inner, 1.0]), np.array([below, *density, above])


def _hazard(x: float) -> float:
    """Return the mean of a standard normal variable that is above x."""
    from scipy.special import erfcx  # noqa: PLC0415  slow to import

    return float(np.sqrt(2 / np.pi) / erfcx(x / np.sqrt(2)))
