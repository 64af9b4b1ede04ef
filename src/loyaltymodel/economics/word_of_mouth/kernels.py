"""Laws of how many people one tells, by their generating functions, and how words spread.

A law is a mixture, given by arrays of equal length: shares, means and dispersions. A dispersion
of 0 is a fixed number, an infinite one Poisson's law, and any other a negative binomial law.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import FloatArray

Complex = npt.NDArray[np.complex128]
FIXED, POISSON = 0.0, np.inf

_LONGEST = 2**22  # numbers whose probabilities are held
_WIDE = 40.0  # standard deviations beyond the mean that are looked at
_SPILL = 1e-9  # probability at the far end from which the numbers held are too few
_STEPS = 10_000  # of Newton's method next to a mean of 1, where it is slow


class Law(NamedTuple):
    """A mixture: shares, means and dispersions, each (p,)."""

    shares: FloatArray
    means: FloatArray
    dispersions: FloatArray

    @property
    def mean(self) -> float:
        """Mean of the mixture."""
        return float(self.shares @ self.means)

    @property
    def variance(self) -> float:
        """Variance of the mixture: within the parts and between them."""
        return float(self.shares @ (self._within + (self.means - self.mean) ** 2))

    @property
    def _within(self) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            own = self.means + self.means**2 / self.dispersions
        return np.where(self.dispersions == FIXED, 0.0, own)

    def pgf(self, s: npt.NDArray[np.number]) -> npt.NDArray[np.number]:
        """Return the generating function, the mean of s to the power of the number, at any s."""
        found = np.zeros_like(s)
        # Part by part, since all of them at a million places would fill the memory.
        for share, mean, k in zip(self.shares, self.means, self.dispersions, strict=True):
            if k == FIXED:
                found = found + share * s ** int(mean)
            elif k == POISSON:
                found = found + share * np.exp(mean * (s - 1))
            else:
                found = found + share * (1 + mean * (1 - s) / k) ** -k
        return np.asarray(found)

    def slope(self, s: FloatArray) -> FloatArray:
        """Return the derivative of the generating function."""
        z = s[..., None]
        k = np.where(np.isfinite(self.dispersions) & (self.dispersions > 0), self.dispersions, 1.0)
        part = self.means * (1 + self.means * (1 - z) / k) ** (-k - 1)
        part = np.where(
            self.dispersions == POISSON, self.means * np.exp(self.means * (z - 1)), part
        )
        fixed = self.dispersions == FIXED
        m = np.where(fixed, self.means, 1.0)
        part = np.where(fixed, self.means * z ** np.maximum(m - 1, 0.0), part)
        return np.asarray((part * self.shares).sum(axis=-1))

    def thinned(self, keep: float) -> tuple[float, float]:
        """Return mean and variance of what one hearer goes on to tell, if a share ``keep`` do."""
        mean = keep * self.mean
        return mean, keep * (self.variance + self.mean**2) - mean**2


def generations_of(law: Law, keep: float, seeds: int, n: int) -> tuple[FloatArray, FloatArray]:
    """Return means and variances (n,) of how many hear in each generation."""
    mu, spread = law.thinned(keep)
    mean, variance = seeds * law.mean, seeds * law.variance
    means, variances = np.empty(n), np.empty(n)
    with np.errstate(over="ignore", invalid="ignore"):
        for g in range(n):
            means[g], variances[g] = mean, variance
            mean, variance = mu * mean, mu**2 * variance + spread * mean
    return means, variances


def total_moments(law: Law, keep: float, seeds: int, n: int) -> tuple[float, float]:
    """Return mean and variance of how many hear in n generations together.

    Of one hearer and all who follow within g generations more, W(g) = 1 + the sum of as many
    W(g - 1) as the hearer tells.
    """
    mu, spread = law.thinned(keep)
    mean, variance = np.float64(1.0), np.float64(0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(n - 1):
            mean, variance = 1 + mu * mean, mu * variance + spread * mean**2
        total = seeds * law.mean * mean
        return float(total), float(seeds * (law.mean * variance + law.variance * mean**2))


def end_probability(law: Law, keep: float) -> float:
    """Return the probability that what one hearer passes on comes to an end.

    The smallest root of 1 - keep + keep G(q) = q on [0, 1]; Newton's steps from 0 rise to it,
    because the function is convex.
    """
    if law.thinned(keep)[0] <= 1:
        # A mean of 1 without any spread never ends: each tells exactly one.
        return 0.0 if keep == 1 and law.mean == 1 and law.variance == 0 else 1.0
    q = 0.0
    for _ in range(_STEPS):
        at = np.array([q])
        value = 1 - keep + keep * float(law.pgf(at)[0]) - q
        slope = keep * float(law.slope(at)[0]) - 1
        step = -value / slope
        if not step > 1e-16 * max(q, 1e-300):
            break
        q = min(q + step, 1.0)
    return q


def probabilities(
    pgf: Callable[[Complex], Complex], mean: float, variance: float
) -> FloatArray | None:
    """Return the probabilities of 0, 1, ... by inverting a generating function on the circle.

    The discrete Fourier transform gives them exactly, but for what lies beyond as many numbers as
    are held, which is folded back on them. None where too many would be needed.
    """
    reach = mean + _WIDE * np.sqrt(variance) + 64
    while np.isfinite(reach) and reach <= _LONGEST:
        size = 2 ** int(np.ceil(np.log2(reach)))
        roots = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
        found = np.fft.irfft(pgf(roots), size)
        if found[-size // 8 :].sum() < _SPILL:
            return np.maximum(found, 0.0)
        reach = 2.0 * size
    return None


def law_of_generation(law: Law, keep: float, seeds: int, g: int) -> Callable[[Complex], Complex]:
    """Return the generating function of how many hear in generation g, from 1 on."""

    def pgf(s: Complex) -> Complex:
        for _ in range(g - 1):
            s = np.asarray(1 - keep + keep * law.pgf(s), np.complex128)
        return np.asarray(law.pgf(s) ** seeds, np.complex128)

    return pgf


def law_of_total(law: Law, keep: float, seeds: int, n: int) -> Callable[[Complex], Complex]:
    """Return the generating function of how many hear in n generations together."""

    def pgf(s: Complex) -> Complex:
        own = s
        for _ in range(n - 1):
            own = np.asarray(s * (1 - keep + keep * law.pgf(own)), np.complex128)
        return np.asarray(law.pgf(own) ** seeds, np.complex128)

    return pgf


def quantiles_of(chances: FloatArray | None, levels: FloatArray) -> FloatArray:
    """Return the smallest numbers (q,) that are not exceeded with these probabilities."""
    if chances is None:
        return np.full(levels.shape, np.nan)
    cumulative = np.cumsum(chances)
    found = np.searchsorted(cumulative, levels - 1e-12, side="left")
    return np.minimum(found, len(chances) - 1).astype(np.float64)
