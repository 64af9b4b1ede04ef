"""The probability to stay through one more renewal, under a beta law of churn, with derivatives.

A customer's chance to leave at a renewal is theta, and theta follows a beta law over customers with
mean mu and precision nu = alpha + beta. Here mu = logistic(eta) and nu = 1 / omega with omega =
expm1(r), so that customers who are all alike (omega = 0) are a point like any other, with
derivatives, and not a place at infinity. Nothing is a difference of large log-gammas.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import FloatArray

Stack = npt.NDArray[Any]  # of real numbers, or of complex ones for a derivative

_SHIFT = 8  # beyond it Stirling's series has all digits
# Of Stirling's series, from the reciprocal up in steps of two powers.
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_NEAR = 0.1  # below which log1p(x) / x - 1 is a series
_SERIES = tuple((-1) ** k / (k + 1) for k in range(18, 0, -1))
_TINY = 1e-30  # step into the imaginary
_STEP = 3e-5  # of a central difference


class Staying(NamedTuple):
    """Logarithm (b, m) of the probability to stay, and its derivatives by (eta, r, log c)."""

    value: FloatArray
    first: FloatArray  # (k, b, m)
    second: FloatArray | None  # (k, k, b, m)


def log_ratio(eta: Stack, omega: Stack, start: Stack, step: Stack) -> Stack:
    """Return log of B(alpha, beta + start + step) / B(alpha, beta + start).

    With x = beta + start it is G(x + step) + G(x + alpha) - G(x) - G(x + step + alpha), G the
    log-gamma, and so the same for step and alpha. The smaller of the two is the gap over which
    Stirling's series is taken, once at x and once the larger one further.
    """
    odds = np.exp(eta)
    ratio = omega * (1 + odds)  # 1 / beta
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        alpha = odds / ratio
    by_alpha = (alpha.real < step.real) & (omega.real > 0)
    by_step = step * ratio
    gap = np.where(by_alpha, alpha, step)
    near = np.where(by_alpha, odds, by_step)  # gap / beta
    far = np.where(by_alpha, by_step, odds)  # the other / beta

    def parts(j: int) -> tuple[Stack, Stack, Stack, Stack]:
        v = 1 / (1 + ratio * (start + j))
        further = 1 + far * v
        return v, further, near * v, near * v / further

    v, further, x, y = parts(_SHIFT)
    low, high = np.log1p(x), np.log1p(y)
    found = gap * (_bend(x, low) - _bend(y, high) - np.log1p(far * v)) + (gap - 0.5) * (low - high)
    u = ratio * v
    found += _stirling(u / (1 + x)) - _stirling(u)
    found -= _stirling(u / further / (1 + y)) - _stirling(u / further)
    for j in range(_SHIFT):
        _, _, x, y = parts(j)
        found -= np.log1p(x) - np.log1p(y)
    return np.asarray(found)


def _bend(x: Stack, log1p: Stack) -> Stack:
    """Return log1p(x) / x - 1, exactly also near 0."""
    small = np.abs(x) < _NEAR
    inner = np.where(small, x, 0.0)
    series = np.zeros_like(inner)
    for coefficient in _SERIES:
        series = (series + coefficient) * inner
    return np.asarray(np.where(small, series, log1p / np.where(small, 1.0, x) - 1))


def _stirling(u: Stack) -> Stack:
    square, found = u * u, np.zeros_like(u)
    for coefficient in reversed(_STIRLING):
        found = found * square + coefficient
    return np.asarray(found * u)


def log_survival(
    eta: FloatArray, r: FloatArray, log_c: FloatArray, tenure: FloatArray, since: FloatArray
) -> FloatArray:
    """Return log of S(tenure) / S(since), all of one shape; log c = 0 is the beta geometric."""
    c = np.exp(log_c)
    start = power(since, c)
    return np.asarray(log_ratio(eta, np.expm1(r), start, power(tenure, c) - start))


def power(tenure: Stack, c: Stack) -> Stack:
    """Return tenure^c, 0 for 0."""
    some = tenure.real > 0
    return np.asarray(np.where(some, np.exp(c * np.log(np.where(some, tenure, 1.0))), 0.0))


def staying_geometric(
    eta: FloatArray, r: FloatArray, tenure: FloatArray, *, second: bool
) -> Staying:
    """Return log of (beta + t - 1) / (alpha + beta + t - 1), the chance to renew for the t-th time.

    The chance to leave is mu / (1 + (t - 1) omega), so that no gamma function is needed.
    """
    omega, k = np.expm1(r), tenure - 1
    mu, stay = _logistic(eta), _logistic(-eta)
    q, v = 1 + k * omega, stay + k * omega
    slope = mu * stay
    d_mu, d_omega = -1 / v, k * mu / (v * q)
    first = np.stack([d_mu * slope, d_omega * (1 + omega)])
    value = np.log1p(-mu / q)
    # Where nearly all leave, 1 - mu / q has lost its digits and v has not.
    value = np.where(mu > q / 2, np.log(v) - np.log(q), value)
    if not second:
        return Staying(value, first, None)
    mixed = k / v**2 * slope * (1 + omega)
    both = [
        [-(slope**2) / v**2 + d_mu * slope * (stay - mu), mixed],
        [mixed, -(k**2) * mu * (q + v) / (v * q) ** 2 * (1 + omega) ** 2 + first[1]],
    ]
    return Staying(value, first, np.stack([np.stack(row) for row in both]))


def _logistic(x: FloatArray) -> FloatArray:
    from scipy.special import expit  # noqa: PLC0415  as in _core.intervals

    return np.asarray(expit(x))


def staying_weibull(
    eta: FloatArray, r: FloatArray, log_c: FloatArray, tenure: FloatArray, *, second: bool
) -> Staying:
    """Return the same for the beta discrete Weibull, S(t) = B(alpha, beta + t^c) / B(alpha, beta).

    First derivatives are steps into the imaginary, which lose no digit; second ones are central
    differences of these.
    """
    at = (eta, np.broadcast_to(r, eta.shape), np.broadcast_to(log_c, eta.shape))
    value, first = _with_slopes(at, tenure)
    if not second:
        return Staying(value, first, None)
    found = np.empty((3, *first.shape))
    # Beyond r = 0 some chances are none, so the difference at 0 is taken a step above.
    round_it = (at[0], np.maximum(at[1], _STEP), at[2])
    for j in range(3):
        up, down = (
            _with_slopes(
                tuple(x + sign * _STEP * (i == j) for i, x in enumerate(round_it)), tenure
            )[1]
            for sign in (1, -1)
        )
        found[j] = (up - down) / (2 * _STEP)
    return Staying(value, first, (found + found.swapaxes(0, 1)) / 2)


def _with_slopes(at: tuple[FloatArray, ...], tenure: FloatArray) -> tuple[FloatArray, FloatArray]:
    first = []
    for j in range(len(at)):
        eta, r, log_c = (x + 1j * _TINY * (i == j) for i, x in enumerate(at))
        c = np.exp(log_c)
        before = np.maximum(tenure - 1, 1)
        start = np.where(tenure > 1, np.exp(c * np.log(before)), 0.0)
        with np.errstate(over="ignore"):
            more = start * np.expm1(c * np.log(tenure / before))
        found = log_ratio(eta, np.expm1(r), start, np.where(tenure > 1, more, 1.0))
        first.append(found.imag / _TINY)
    return np.asarray(found.real), np.stack(first)
