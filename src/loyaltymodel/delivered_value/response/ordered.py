"""The ordered regression of ratings, estimated by statsmodels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel.delivered_value.response.kernels import Law, separates


@dataclass(frozen=True, slots=True, eq=False)
class OrderedRegression:
    """Shifts (p,) and thresholds (k - 1,) of an ordered model; covariance of both in this order."""

    shifts: FloatArray
    thresholds: FloatArray
    covariance: FloatArray


def ordered(codes: IntArray, x: FloatArray, law: Law) -> OrderedRegression | None:
    """Return the ordered regression of categories 0 to k - 1 (n,) on x (n, p), without constant.

    Nothing if the columns separate the answers, so that there is no maximum.
    """
    from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: PLC0415  slow to import

    if separates(codes, x):
        return None
    middle, size = x.mean(axis=0), x.std(axis=0)
    p = x.shape[1]
    found = OrderedModel(codes, (x - middle) / size, distr=law).fit(
        method="bfgs", maxiter=1000, gtol=1e-7, disp=False
    )
    estimates = np.asarray(found.params, dtype=np.float64)
    covariance = np.asarray(found.cov_params(), dtype=np.float64)
    # statsmodels estimates the first threshold, and logarithms of the steps to the next.
    steps = np.concatenate([estimates[p : p + 1], np.exp(estimates[p + 1 :])])
    shifts = estimates[:p] / size
    change = np.zeros((len(estimates), len(estimates)))
    change[:p, :p] = np.diag(1 / size)
    change[p:, :p] = middle / size
    change[p:, p:] = np.tril(np.ones((len(steps), len(steps))))
    change[p:, p + 1 :] *= steps[1:]
    return OrderedRegression(
        shifts, np.cumsum(steps) + middle @ shifts, change @ covariance @ change.T
    )
