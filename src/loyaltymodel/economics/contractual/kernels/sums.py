"""Discounted sums of survival, S(n) + S(n + 1) z + S(n + 2) z^2 and so on, over S(n)."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.economics.contractual.kernels.staying import (
    Stack,
    log_ratio,
    log_survival,
    power,
)

_DIGITS = 20.0  # half the logarithm of how small the error of the fraction is
_DIRECT = 64  # terms that are added one by one before the rest is an integral
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_WIDER = 1.5  # of panels
_NOTHING = 1e-18
_PANELS = 150  # so that an undiscounted tail is a power law beyond them


def geometric_sum(eta: FloatArray, r: FloatArray, since: FloatArray, z: FloatArray) -> FloatArray:
    """Return 2F1(1, beta + n; alpha + beta + n; z) for z below 1, all of shape (b,).

    It is Gauss's continued fraction, whose coefficients all lie between 0 and 1 here, so that it
    converges from the tail without loss of digits; with alpha and beta times omega it also holds
    where all are alike.
    """
    omega = np.expm1(r)
    odds = np.exp(eta)
    mu, stay = odds / (1 + odds), 1 / (1 + odds)
    gap = float((1 - z).min())
    steps = int(_DIGITS / np.sqrt(gap)) + 20
    n = since
    found = np.ones_like(eta)
    for k in range(steps, 0, -1):
        wide = 1 + omega * (n + 2 * k - 1)
        odd = (stay + omega * (n + k)) * (1 + omega * (n + k - 1)) / (wide * (wide + omega))
        even = omega * k * (mu + omega * (k - 1)) / ((wide - omega) * wide)
        found = 1 - even * z / (1 - odd * z / found)
    return np.asarray(1 / (1 - (stay + omega * n) / (1 + omega * n) * z / found))


def geometric_mean(eta: FloatArray, r: FloatArray, since: FloatArray) -> FloatArray:
    """Return the same at z = 1, (alpha + beta + n - 1) / (alpha - 1), infinite for alpha <= 1."""
    omega = np.expm1(r)
    odds = np.exp(eta)
    left = odds / (1 + odds) - omega
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(left > 0, (1 + omega * (since - 1)) / left, np.inf)


def weibull_sum(
    eta: FloatArray, r: FloatArray, log_c: FloatArray, since: FloatArray, z: FloatArray
) -> FloatArray:
    """Return the sum for the beta discrete Weibull, z from 0 to 1; infinite where it has no end.

    The first terms are added; from there Euler and Maclaurin's sum is an integral over panels that
    widen. Undiscounted, survival ends as a power of tenure, whose tail is known.
    """
    b = len(eta)
    t = np.arange(_DIRECT)[:, None]
    shape = (_DIRECT, b)
    etas, rs, log_cs = (np.broadcast_to(x, shape) for x in (eta, r, log_c))
    with np.errstate(divide="ignore"):
        log_z = np.log(z)
    stays = log_survival(etas, rs, log_cs, since + t, np.broadcast_to(since, shape))
    terms = np.exp(stays + _times(t, log_z))
    total = terms.sum(axis=0)

    def logs(x: Stack) -> Stack:  # of shape (k, b)
        c = np.exp(log_c)
        start = power(since, c)
        wide, omega, begun, more = np.broadcast_arrays(
            eta, np.expm1(r), start, power(since + x, c) - start
        )
        return np.asarray(log_ratio(wide, omega, begun, more) + _times(x, log_z))

    slope = np.exp(logs(np.full((1, b), _DIRECT + 1e-30j))[0])
    first, change = slope.real, slope.imag / 1e-30
    # The third derivative of a tail that bends little, from the first at two places.
    others = [np.exp(logs(np.full((1, b), _DIRECT + d + 1e-30j))[0]).imag / 1e-30 for d in (-1, 1)]
    third = others[0] + others[1] - 2 * change
    total += first / 2 - change / 12 + third / 720
    low = float(_DIRECT)
    going = first > 0
    kappa = _power_of_tail(eta, r, log_c)
    endless = (z >= 1) & ~(kappa > 1)
    for _ in range(_PANELS):
        if not going.any():
            break
        high = low * _WIDER
        x = (low + high) / 2 + (high - low) / 2 * _NODES[:, None]
        values = np.exp(logs(np.broadcast_to(x, (len(_NODES), b))).real)
        part = (high - low) / 2 * (_WEIGHTS @ values)
        total += np.where(going, part, 0.0)
        going &= ~(part < _NOTHING * total) & ~endless
        low = high
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        rest = np.exp(logs(np.full((1, b), low))[0].real) * low / (kappa - 1)
    total += np.where(going & (z >= 1), rest, 0.0)
    return np.where(endless, np.inf, total)


def _power_of_tail(eta: FloatArray, r: FloatArray, log_c: FloatArray) -> FloatArray:
    """Return k where survival ends like t^-k; infinite where all are alike."""
    odds = np.exp(eta)
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(np.exp(log_c) * odds / (1 + odds) / np.expm1(r))


def _times(t: Stack, log_z: FloatArray) -> Stack:
    """Return t log z, 0 for t = 0 also where z is 0."""
    return np.asarray(np.where(t.real > 0, t * np.where(np.isfinite(log_z), log_z, -1e5), 0.0))
