"""What is asked of a fitted model: functions of its parameters, on a scale without bounds.

Each question has a link, a smooth function of the parameters that rises and falls with the
quantity and has no edge, and the way back from there. Intervals are found on that scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel.economics.contractual.kernels.staying import log_survival, power
from loyaltymodel.economics.contractual.kernels.sums import geometric_sum, weibull_sum

_AT_ONCE = 400_000  # numbers of a slice of a sum over a horizon
QUANTITIES = ("mean_churn", "polarization", "alpha", "beta")


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Reads parameters (b, q) for customers with one row (k + 1,) of standardised drivers."""

    row: FloatArray
    weibull: bool

    def parts(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the logit of mean churn, r and log c, (b,) each."""
        k = len(self.row)
        log_c = theta[:, k + 1] if self.weibull else np.zeros(len(theta))
        return theta[:, :k] @ self.row, theta[:, k], log_c


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A number of quantities: their link, and the way back."""

    numbers: int
    link: Callable[[FloatArray, IntArray], FloatArray]
    back: Callable[[FloatArray, IntArray], FloatArray]


def survival(who: Profile, tenure: FloatArray, since: float) -> Asked:
    """Return the share of those who renewed ``since`` times that has renewed ``tenure`` times."""

    def link(theta: FloatArray, which: IntArray) -> FloatArray:
        t = tenure[which]
        with np.errstate(divide="ignore"):
            return np.log(-log_survival(*who.parts(theta), t, np.full_like(t, since)))

    return Asked(len(tenure), link, lambda g, _: np.exp(-np.exp(g)))


def retention(who: Profile, tenure: FloatArray) -> Asked:
    """Return the share of customers at their t-th renewal who stay."""

    def link(theta: FloatArray, which: IntArray) -> FloatArray:
        t = tenure[which]
        stay = log_survival(*who.parts(theta), t, t - 1)
        with np.errstate(divide="ignore"):
            return stay - np.log(-np.expm1(stay))

    return Asked(len(tenure), link, lambda g, _: 1 / (1 + np.exp(-g)))


def churn(who: Profile, renewals: float) -> Asked:
    """Return mean, polarization, alpha and beta of the churn of those who renewed so often."""

    def link(theta: FloatArray, which: IntArray) -> FloatArray:
        eta, r, log_c = who.parts(theta)
        omega = np.expm1(r)
        n = power(np.full_like(eta, renewals), np.exp(log_c))
        mu, stay = 1 / (1 + np.exp(-eta)), 1 / (1 + np.exp(eta))
        left = stay + omega * n  # beta + n, over the precision
        choices = [
            np.log(mu) - np.log(left),
            np.log1p(omega / (1 + omega * n)),
            -np.log1p(omega / mu),
            -np.log1p(omega / left),
        ]
        return np.choose(which, choices)

    def back(g: FloatArray, which: IntArray) -> FloatArray:
        with np.errstate(divide="ignore", over="ignore"):
            inverse = 1 / np.expm1(-g)
        mean = 1 / (1 + np.exp(-g))
        return np.choose(which, [mean, -np.expm1(-g), inverse, inverse])

    return Asked(len(QUANTITIES), link, back)


def total(who: Profile, renewals: float, discount: float, horizon: int | None) -> Asked:
    """Return the discounted number of periods after the present one, of those who renewed so often.

    That is the sum of S(n + t) / S(n) / (1 + discount)^t from t = 1 on, up to a horizon.
    """
    z = 1 / (1 + discount)
    if horizon is not None:
        return Asked(1, _log_of(lambda theta: _up_to(who, theta, renewals, z, horizon)), _exp)
    if discount > 0:
        return Asked(1, _log_of(lambda theta: _discounted(who, theta, renewals, z)), _exp)

    def link(theta: FloatArray, _: IntArray) -> FloatArray:
        # 1 / sum goes through 0, where the sum has no end, and on.
        eta, r, log_c = who.parts(theta)
        omega, mu, stay = np.expm1(r), 1 / (1 + np.exp(-eta)), 1 / (1 + np.exp(eta))
        if not who.weibull:
            return np.asarray((omega - mu) / (stay + omega * renewals))
        n, one = np.full_like(eta, renewals), np.ones_like(eta)
        with np.errstate(divide="ignore"):
            power_of_tail = np.exp(log_c) * mu / omega
        found = weibull_sum(eta, r, log_c, n, one) - 1
        return np.where(power_of_tail > 1, -1 / found, 1 - power_of_tail)

    def back(g: FloatArray, _: IntArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.where(g < 0, -1 / g, np.inf)

    return Asked(1, link, back)


def _log_of(value: Callable[[FloatArray], FloatArray]) -> Callable[..., FloatArray]:
    return lambda theta, _: np.log(value(theta))


def _exp(g: FloatArray, _: IntArray) -> FloatArray:
    return np.exp(g)


def _discounted(who: Profile, theta: FloatArray, renewals: float, z: float) -> FloatArray:
    eta, r, log_c = who.parts(theta)
    n, zs = np.full_like(eta, renewals), np.full_like(eta, z)
    if who.weibull:
        return weibull_sum(eta, r, log_c, n, zs) - 1
    # From the next renewal on, so that nothing is lost where it is small.
    omega, stay = np.expm1(r), 1 / (1 + np.exp(eta))
    step = (stay + omega * n) / (1 + omega * n)
    return np.asarray(step * z * geometric_sum(eta, r, n + 1, zs))


def _up_to(who: Profile, theta: FloatArray, renewals: float, z: float, horizon: int) -> FloatArray:
    eta, r, log_c = (x[:, None] for x in who.parts(theta))
    found = np.zeros(len(theta))
    size = max(_AT_ONCE // len(theta), 1)
    for start in range(1, horizon + 1, size):
        t = np.arange(start, min(start + size, horizon + 1), dtype=np.float64)[None]
        shape = (len(theta), t.shape[1])
        etas, rs, log_cs, at = (np.broadcast_to(x, shape) for x in (eta, r, log_c, renewals + t))
        logs = log_survival(etas, rs, log_cs, at, np.full(shape, renewals)) + t * np.log(z)
        found += np.exp(logs).sum(axis=1)
    return found
