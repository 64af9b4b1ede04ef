"""Correlations that a model implies, and their distance from those observed.

Letters in the shapes: b problems, p items, j constructs. A distance that does not exist (the
logarithm of a matrix that is not positive definite) comes out as NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel.structural.kernels.pls import Design, Structure, causes_first, total_effects

Implied = Literal["convention", "exact"]
Which = Literal["saturated", "estimated"]

_DEFINITE = 1e-12  # smaller eigenvalues are lost in the rounding of doubles
POSSIBLE = 1e-9  # estimates are known to about 1e-10; within this a bound counts as kept


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """How far implied correlations lie from observed ones, (b,) each."""

    srmr: FloatArray
    d_uls: FloatArray
    d_g: FloatArray
    nfi: FloatArray


def is_admissible(observed: FloatArray, found: Structure, design: Design) -> BoolArray:
    """Tell which solutions (b,) corrected for attenuation can be: the one rule for all of them.

    Loadings, reliabilities rho_A and R2 are at most 1, and neither the correlations of the
    constructs nor those of the items that the paths imply have a negative eigenvalue. The former
    includes that no correlation is beyond 1. A solution that is not all numbers is not admissible.
    """
    bounded = [
        np.abs(found.loadings) <= 1 + POSSIBLE,
        found.rho_a <= 1 + POSSIBLE,
        found.r_squared <= 1 + POSSIBLE,
    ]
    admissible = is_possible(found.correlations)
    for kept in bounded:
        admissible &= kept.all(axis=1)
    # Where the implied correlations of constructs hold together, those of the items do as well.
    implied = construct_correlations_convention(
        found.paths, found.correlations, found.r_squared, design
    )
    unsure = np.flatnonzero(admissible & ~is_possible(implied))
    if unsure.size:
        items = item_correlations(
            observed[unsure], found.loadings[unsure], implied[unsure], design, design.mode_b
        )
        admissible[unsure] = is_possible(items)
    return admissible


def is_possible(matrices: FloatArray) -> BoolArray:
    """Tell which symmetric matrices (b, j, j) have no eigenvalue below 0, but for rounding.

    By the pivots of an elimination, which takes a tenth of the time that eigenvalues take.
    """
    rest = matrices + POSSIBLE * np.eye(matrices.shape[-1])
    possible = np.ones(len(rest), dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        while rest.shape[-1]:
            pivot, column = rest[:, 0, 0], rest[:, 1:, 0]
            possible &= pivot > 0
            part = column / pivot[:, None]
            rest = rest[:, 1:, 1:] - column[:, :, None] * part[:, None, :]
    return possible


def construct_correlations_convention(
    paths: FloatArray, correlations: FloatArray, r_squared: FloatArray, design: Design
) -> FloatArray:
    """Correlations (b, j, j) that the paths imply, by the convention of cSEM and ADANCO.

    (I - B')^-1 Psi (I - B)^-1 with the exogenous constructs' observed correlations in Psi and
    1 - R2 from the observed correlations for the endogenous ones; then the diagonal is set
    to 1, which it is not exactly.
    """
    j = paths.shape[-1]
    both = design.exogenous[:, None] & design.exogenous
    disturbance = np.where(both, correlations, np.eye(j) * (1 - r_squared)[:, None, :])
    spread = np.eye(j) + total_effects(paths)  # (I - B)^-1
    implied = spread.transpose(0, 2, 1) @ disturbance @ spread
    implied[:, np.arange(j), np.arange(j)] = 1.0
    return implied


def construct_correlations_exact(
    paths: FloatArray, correlations: FloatArray, design: Design
) -> FloatArray:
    """Correlations (b, j, j) that the paths imply by tracing, every construct of variance 1."""
    implied = np.where(design.exogenous[:, None] & design.exogenous, correlations, 0.0)
    known = np.flatnonzero(design.exogenous).tolist()
    # By tracing rules: the correlations of a construct are those of its drivers times their paths.
    for k in causes_first(design)[len(known) :]:
        column = implied[:, known][:, :, known] @ paths[:, known, k, None]
        implied[:, known, k] = implied[:, k, known] = column[:, :, 0]
        implied[:, k, k] = 1.0
        known.append(k)
    return implied


def implied_correlations(
    observed: FloatArray,
    found: Structure,
    design: Design,
    composite: BoolArray,
    *,
    which: Which,
    implied: Implied,
) -> FloatArray:
    """Correlations (b, p, p) of the items that estimated models imply.

    In the saturated model all constructs correlate as estimated, in the estimated model as
    the paths say.
    """
    if which == "saturated":
        constructs = found.correlations
    elif implied == "exact":
        constructs = construct_correlations_exact(found.paths, found.correlations, design)
    else:
        constructs = construct_correlations_convention(
            found.paths, found.correlations, found.r_squared, design
        )
    return item_correlations(observed, found.loadings, constructs, design, composite)


def item_correlations(
    observed: FloatArray,
    loadings: FloatArray,
    constructs: FloatArray,
    design: Design,
    composite: BoolArray,
) -> FloatArray:
    """Correlations (b, p, p) of the items that loadings and construct correlations imply.

    Lambda V Lambda' with ones on the diagonal; within the blocks of a composite (j,) the
    observed correlations, about which a composite claims nothing.
    """
    p = loadings.shape[-1]
    between = constructs[:, design.block[:, None], design.block]
    implied = loadings[:, :, None] * between * loadings[:, None, :]
    free = design.same_block & composite[design.block]
    implied = np.where(free, observed, implied)
    implied[:, np.arange(p), np.arange(p)] = 1.0
    return implied


def distances(observed: FloatArray, implied: FloatArray) -> Distances:
    """Measure how far implied correlations (b, p, p) are from the observed ones.

    SRMR: root of the mean squared residual over the p(p + 1)/2 elements of a triangle with
    its diagonal. d_ULS: half the sum of squared residuals. d_G: half the sum of squared
    natural logarithms of the eigenvalues of S^-1 Sigma. NFI: 1 - F(Sigma) / F(I) with the
    maximum-likelihood discrepancy F(Sigma) = ln|Sigma| - ln|S| + tr(S Sigma^-1) - p.
    """
    p = observed.shape[-1]
    residual = observed - implied
    squares = (residual**2).sum(axis=(1, 2))
    triangle = (squares + np.einsum("bii->b", residual**2)) / 2
    ratios = _relative_eigenvalues(observed, implied)
    log_ratio = np.log(ratios)
    discrepancy = log_ratio.sum(axis=1) + (1 / ratios).sum(axis=1) - p
    of_independence = -np.log(_eigenvalues_or_nan(observed)).sum(axis=1)
    return Distances(
        srmr=np.sqrt(triangle / (p * (p + 1) / 2)),
        d_uls=squares / 2,
        d_g=(log_ratio**2).sum(axis=1) / 2,
        nfi=1 - discrepancy / of_independence,
    )


def _relative_eigenvalues(observed: FloatArray, implied: FloatArray) -> FloatArray:
    """Eigenvalues (b, p) of S^-1 Sigma; NaN unless both are positive definite."""
    values, vectors = np.linalg.eigh(observed)
    values = np.where(values > _DEFINITE * values[:, -1:], values, np.nan)
    # What could not be estimated implies no numbers, on which the search would break off.
    bad = np.isnan(values).any(axis=1) | ~np.isfinite(implied).all(axis=(1, 2))
    implied = np.where(bad[:, None, None], np.eye(implied.shape[-1]), implied)
    # S^-1/2' Sigma S^-1/2 has the eigenvalues of S^-1 Sigma, and is symmetric.
    root = vectors / np.sqrt(np.where(bad[:, None], 1.0, values))[:, None, :]
    relative = np.linalg.eigvalsh(root.transpose(0, 2, 1) @ implied @ root)
    definite = ~bad & (relative[:, 0] > _DEFINITE)
    return np.where(definite[:, None], relative, np.nan)


def _eigenvalues_or_nan(matrix: FloatArray) -> FloatArray:
    values = np.linalg.eigvalsh(matrix)
    return np.where(values > _DEFINITE * values[:, -1:], values, np.nan)
