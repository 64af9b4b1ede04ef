"""The law of a count of which a share is seen, where the share has a beta law itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import betaln, gammaln

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel.economics.complaints.kernels import complaints_at_most

_LARGEST = 1e18  # a Poisson law's mean beyond which it is drawn as its mean
_FARTHEST = 2.0**53  # beyond it whole numbers are not told apart


@dataclass(frozen=True)
class Hidden:
    """The law of the number k that is not seen: beta negative binomial, cut off if bounded.

    P(k) is in proportion to Gamma(k + r) / k! B(a + r, b + k), for k from 0 to ``most``.
    """

    r: int
    a: float
    b: float
    most: int | None

    @cached_property
    def chances(self) -> FloatArray:
        """Probabilities of all numbers up to the bound."""
        assert self.most is not None  # noqa: S101
        k = np.arange(self.most + 1.0)
        log = gammaln(k + self.r) - gammaln(k + 1) + betaln(self.a + self.r, self.b + k)
        weight = np.exp(log - log.max())
        return np.asarray(weight / weight.sum())

    def below_bound(self) -> float:
        """Return how much of the law without a bound lies within it."""
        if self.most is None or self.a <= 0:
            return 1.0
        return float(complaints_at_most(np.array([self.most]), self.r, self.a, self.b)[0][0])

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """Return the smallest numbers (q,) that are not exceeded with these probabilities."""
        if self.most is not None:
            cumulative = np.cumsum(self.chances)
            found = np.searchsorted(cumulative, levels - 1e-13, side="left")
            return np.minimum(found, self.most).astype(np.float64)
        low, high = np.full(levels.shape, -1.0), np.full(levels.shape, 1.0)
        # Above the middle the tail is compared, which keeps its digits.
        upper = levels > 1 / 2

        def reached(k: FloatArray) -> BoolArray:
            below, above = complaints_at_most(k, self.r, self.a, self.b)
            return np.asarray(np.where(upper, above <= 1 - levels, below >= levels))

        while not (done := reached(high)).all() and high.max() < _FARTHEST:
            low, high = np.where(done, low, high), np.where(done, high, high * 2)
        far = ~done
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            holds = reached(middle)
            low, high = np.where(holds, low, middle), np.where(holds, middle, high)
        return np.where(far, np.inf, high)

    def mean(self) -> float:
        """Return the mean; infinite where the share may be too small."""
        if self.most is not None:
            return float(self.chances @ np.arange(self.most + 1.0))
        return self.r * self.b / (self.a - 1) if self.a > 1 else math.inf

    def draw(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Draw numbers (n,), and beside each the share (n,) that is seen."""
        if self.most is not None:
            cumulative = np.cumsum(self.chances)
            found = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
            hidden = np.minimum(found, self.most).astype(np.float64)
            return hidden, rng.beta(self.a + self.r, self.b + hidden)
        share = rng.beta(self.a, self.b, n)
        with np.errstate(divide="ignore"):
            mean = rng.gamma(self.r, size=n) * (1 - share) / share
        hidden = np.where(mean < _LARGEST, rng.poisson(np.minimum(mean, _LARGEST)), mean)
        return hidden.astype(np.float64), share


def law_of(complaints: int, a: float, b: float, prior: str, customers: int | None) -> Hidden:
    """Return the law of the number of silent customers under a prior of the number of all."""
    more = 1 if prior == "flat" else 0
    most = None if customers is None else customers - complaints
    return Hidden(complaints + more, a - more, b, most)
