"""Quality criteria on correlation matrices, a stack at a time; one definition each.

Letters in the shapes: b problems, p items, j constructs, q paths. What is not defined (a
geometric mean of negative correlations, the inverse of a singular matrix) comes out as NaN
or infinity; the result says so in words.
"""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.structural.kernels.pls import Design

_COLLINEAR = 1e-12  # smaller eigenvalues and parts are lost in the rounding of doubles


def cronbach_alpha(matrix: FloatArray, design: Design) -> FloatArray:
    """Alpha (b, j): k / (k - 1) * (1 - sum of variances / variance of the sum); 1 for one item.

    From a correlation matrix it is the standardised alpha, from a covariance matrix the raw.
    """
    k = design.sizes
    variances = np.einsum("bii->bi", matrix) @ design.membership
    total = _block_sums(matrix, design)[:, np.arange(len(k)), np.arange(len(k))]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(k == 1, 1.0, k / (k - 1) * (1 - variances / total))


def composite_reliability(loadings: FloatArray, design: Design) -> FloatArray:
    """rho_C (b, j): (sum of loadings)^2 / ((sum of loadings)^2 + sum of (1 - loading^2))."""
    common = (loadings @ design.membership) ** 2
    unique = (1 - loadings**2) @ design.membership
    return common / (common + unique)


def average_variance_extracted(loadings: FloatArray, design: Design) -> FloatArray:
    """AVE (b, j): the mean squared loading."""
    return (loadings**2) @ design.membership / design.sizes


def htmt(correlations: FloatArray, design: Design) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Heterotrait-monotrait ratios (b, j, j): of absolute means, of signed means, HTMT2.

    The mean correlation between two blocks over the geometric mean of the mean correlations
    within them; a single item counts as perfectly correlated with itself. HTMT2 takes
    geometric means throughout and is NaN where a correlation is not positive.
    """
    absolute = htmt_absolute(correlations, design)
    with np.errstate(invalid="ignore", divide="ignore"):
        signed = np.abs(_ratio(_block_means(correlations, design)))
        logarithms = np.log(np.where(correlations > 0, correlations, np.nan))
        geometric = _ratio(np.exp(_block_means(logarithms, design, of_one=0.0)))
    return absolute, signed, geometric


def htmt_absolute(correlations: FloatArray, design: Design) -> FloatArray:
    """Heterotrait-monotrait ratio (b, j, j) of mean absolute correlations."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return _ratio(_block_means(np.abs(correlations), design))


def not_positive(correlations: FloatArray, design: Design) -> FloatArray:
    """Count the correlations (b, j, j) between and within blocks that are not positive."""
    return _block_sums((correlations <= 0).astype(float), design)


def driver_vif(correlations: FloatArray, design: Design) -> FloatArray:
    """Variance inflation (b, j, j) of each driver (row) in the equation of each target (column).

    The diagonal of the inverse of the drivers' correlations; NaN where there is no path,
    infinite where the drivers are collinear.
    """
    b, j, _ = correlations.shape
    found = np.full((b, j, j), np.nan)
    for equation in design.equations:
        drivers = equation.drivers
        left = correlations[:, drivers[:, :, None], drivers[:, None, :]]
        found[:, drivers, equation.targets[:, None]] = _inverse_diagonal(left)
    return found


def item_vif(correlations: FloatArray, design: Design) -> FloatArray:
    """Variance inflation (b, p) of each item among the items of its construct."""
    blocks = [design.rows(k) for k in range(len(design.sizes))]
    return np.concatenate([_inverse_diagonal(correlations[:, k, k]) for k in blocks], axis=1)


def f_squared(paths: FloatArray, vif: FloatArray, r_squared: FloatArray) -> FloatArray:
    """Effect size (b, j, j): what leaving out a path takes from R2, over what R2 leaves.

    The correlations of the constructs are kept, so the loss is coefficient^2 / VIF. Infinite
    where R2 leaves nothing.
    """
    left = 1 - r_squared[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return paths**2 / vif / np.where(np.abs(left) < _COLLINEAR, 0.0, left)


def adjusted_r_squared(r_squared: FloatArray, n_obs: int, design: Design) -> FloatArray:
    """R2 (b, j) less what chance adds: 1 - (1 - R2)(n - 1) / (n - drivers - 1)."""
    n_drivers = design.drives.sum(axis=0)
    adjusted: FloatArray = 1 - (1 - r_squared) * (n_obs - 1) / (n_obs - n_drivers - 1)
    return adjusted


def _block_sums(matrix: FloatArray, design: Design) -> FloatArray:
    # Not a product with the membership matrix: zero times NaN would spread to all blocks.
    rows = np.add.reduceat(matrix, design.starts, axis=1)
    sums: FloatArray = np.add.reduceat(rows, design.starts, axis=2)
    return sums


def _block_means(matrix: FloatArray, design: Design, *, of_one: float = 1.0) -> FloatArray:
    """Mean between blocks, and within a block over its pairs; ``of_one`` for a single item."""
    k = design.sizes
    diagonal = np.arange(len(k))
    own = np.einsum("bii->bi", matrix) @ design.membership
    sums = _block_sums(matrix, design)
    means = sums / (k[:, None] * k)
    within = (sums[:, diagonal, diagonal] - own) / np.where(k == 1, 1, k * (k - 1))
    means[:, diagonal, diagonal] = np.where(k == 1, of_one, within)
    return means


def _ratio(means: FloatArray) -> FloatArray:
    within = np.einsum("bkk->bk", means)
    # A negative mean within a block has no root: not defined, NaN.
    root = np.sqrt(np.where(within > 0, within, np.nan))
    ratio: FloatArray = means / (root[:, :, None] * root[:, None, :])
    return ratio


def _inverse_diagonal(matrix: FloatArray) -> FloatArray:
    """Diagonal of the inverse; infinite where a variable depends on others exactly.

    With eigenvalues e and eigenvectors u it is the sum of u^2 / e, so that variables with no
    part in a collinearity keep a finite value.
    """
    values, vectors = np.linalg.eigh(matrix)
    parts = vectors**2
    lost = np.abs(values) < _COLLINEAR
    finite = (parts / np.where(lost, np.inf, values)[..., None, :]).sum(axis=-1)
    involved = ((parts > _COLLINEAR) & lost[..., None, :]).any(axis=-1)
    return np.where(involved, np.inf, finite)
