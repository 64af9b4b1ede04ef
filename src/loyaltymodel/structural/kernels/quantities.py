"""Everything that a structural model estimates, side by side, for a stack of moments.

Letters in the shapes: b problems, p items, j constructs, k quantities. The catalogue says which
quantities there are and where each stands; :func:`evaluate` computes them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.errors import ModelError
from loyaltymodel.structural.kernels import criteria
from loyaltymodel.structural.kernels import pls as kernels
from loyaltymodel.structural.kernels.implied import is_admissible
from loyaltymodel.structural.kernels.pls import Design, Scheme, Structure

# What can go wrong in a resample, in the order in which it is looked for. An inadmissible solution
# is a failure only where these are to be dropped.
FAILURES = ("constant_item", "not_converged", "undetermined", "inadmissible")

_MOST_ROUTES = 10_000
# Criteria of reliability, and all quantities for which 0 is no question.
RELIABILITIES = ("alpha", "rho_a", "rho_c", "ave")
ABOVE_ZERO = ("index", "r_squared", "htmt", *RELIABILITIES)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The quantities of a model: pairs of constructs, items, constructs and routes."""

    design: Design
    paths: tuple[IntArray, IntArray]  # sources and targets, in the order of equations
    reached: tuple[IntArray, IntArray]  # pairs that a directed route joins
    pairs: tuple[IntArray, IntArray]  # every two constructs
    routes: tuple[tuple[int, ...], ...]  # directed routes of two steps or more
    places: Mapping[str, slice]  # where the quantities of a kind stand
    by_definition: BoolArray  # (k,) 1 whatever is answered: of single items, rho_A of mode B


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """How the quantities are estimated; limits are in the units of the moments."""

    scheme: Scheme
    consistent: bool
    tol: float
    max_iter: int
    reference: FloatArray  # (p,) weights of the scores with which those of a problem agree
    lowest: FloatArray | None  # (p,)
    highest: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Quantities of every problem, and what was wrong with it: 0, or 1 + a place in FAILURES."""

    values: FloatArray  # (b, k)
    failure: IntArray  # (b,)
    admissible: BoolArray  # (b,) whether such a solution can be; False for what failed


def make_catalogue(design: Design, *, with_index: bool) -> Catalogue:
    """List the quantities of a model.

    Raises
    ------
    ModelError
        If there are too many routes to tell their effects apart.
    """
    target, source = np.nonzero(design.drives.T)
    reach = kernels.total_effects(design.drives[None].astype(float))[0] > 0
    end, start = np.nonzero(reach.T)
    second, first = np.tril_indices(len(design.sizes), -1)
    routes = _routes(design.drives)
    j, p = len(design.sizes), len(design.block)
    endogenous = int((~design.exogenous).sum())
    sizes = {
        "paths": len(source),
        "weights": p,
        "loadings": p,
        "total_effects": len(start),
        "specific_effects": len(routes),
        "r_squared": endogenous,
        "alpha": j,
        "rho_a": j,
        "rho_c": j,
        "ave": j,
        "htmt": len(first),
    }
    if with_index:
        sizes |= {"index": j, "impacts": len(start)}
    ends = np.cumsum(list(sizes.values())).tolist()
    places = {
        name: slice(stop - size, stop)
        for (name, size), stop in zip(sizes.items(), ends, strict=True)
    }
    single = design.sizes == 1
    by_definition = np.zeros(ends[-1], dtype=bool)
    for name in ("weights", "loadings"):
        by_definition[places[name]] = single[design.block]
    for name in RELIABILITIES:
        by_definition[places[name]] = single | (design.mode_b if name == "rho_a" else False)
    return Catalogue(
        design, (source, target), (start, end), (first, second), routes, places, by_definition
    )


class Estimated(NamedTuple):
    """Correlations and deviations of the items, weights, structure, and what was wrong."""

    correlations: FloatArray  # (b, p, p)
    sd: FloatArray  # (b, p)
    weights: FloatArray  # (b, p)
    structure: Structure
    failure: IntArray  # (b,) 0, or 1 + a place in FAILURES
    admissible: BoolArray  # (b,)


def estimate(means: FloatArray, covariances: FloatArray, design: Design, setup: Setup) -> Estimated:
    """Estimate a stack from means (b, p) and covariances (b, p, p)."""
    variances = np.einsum("bii->bi", covariances)
    # An item without variance cannot be told from one with the rounding of its cross-products.
    constant = (variances <= 1e-12 * (1 + means**2)).any(axis=1)
    sd = np.sqrt(np.where(constant[:, None], 1.0, variances))
    s = covariances / (sd[:, :, None] * sd[:, None, :])
    outer = kernels.outer_weights(
        s, design, scheme=setup.scheme, tol=setup.tol, max_iter=setup.max_iter
    )
    weights = kernels.orient(s, outer.weights, design, setup.reference)
    found = kernels.structure(s, weights, design, consistent=setup.consistent)
    failure = _failure(
        constant,
        ~outer.converged,
        np.asarray(~np.isfinite(found.paths).all(axis=(1, 2))),
    )
    admissible = failure == 0
    if setup.consistent:  # correlations of scores, which are answers, cannot but be possible
        admissible &= is_admissible(s, found, design)
    return Estimated(s, sd, weights, found, failure, admissible)


def evaluate(
    means: FloatArray, covariances: FloatArray, catalogue: Catalogue, setup: Setup
) -> Evaluation:
    """Compute all quantities from means (b, p) and covariances (b, p, p)."""
    design = catalogue.design
    s, sd, weights, found, failure, admissible = estimate(means, covariances, design, setup)
    total = kernels.total_effects(found.paths)
    columns = [
        found.paths[:, catalogue.paths[0], catalogue.paths[1]],
        weights,
        found.loadings,
        total[:, catalogue.reached[0], catalogue.reached[1]],
        _along_routes(found.paths, catalogue.routes),
        found.r_squared[:, ~design.exogenous],
        criteria.cronbach_alpha(s, design),
        found.rho_a,
        criteria.composite_reliability(found.loadings, design),
        criteria.average_variance_extracted(found.loadings, design),
        criteria.htmt_absolute(s, design)[:, catalogue.pairs[0], catalogue.pairs[1]],
    ]
    if "index" in catalogue.places and setup.lowest is not None and setup.highest is not None:
        v = weights / sd
        points = kernels.points_per_deviation(v, setup.lowest, setup.highest, design)
        columns.append(kernels.index_points(means, v, setup.lowest, setup.highest, design))
        if setup.consistent:
            points = points * np.sqrt(np.where(found.rho_a > 0, found.rho_a, np.nan))
        start, end = catalogue.reached
        columns.append(total[:, start, end] * points[:, end] / points[:, start])
    return Evaluation(np.concatenate(columns, axis=1), failure, admissible)


def _failure(*wrong: BoolArray) -> IntArray:
    """Return the first thing that is wrong with each problem, or 0."""
    failure = np.zeros(len(wrong[0]), dtype=np.intp)
    for kind in range(len(wrong), 0, -1):
        failure[wrong[kind - 1]] = kind
    # Weights that are not numbers did not converge because they are undetermined.
    undetermined = FAILURES.index("undetermined") + 1
    late = FAILURES.index("not_converged") + 1
    failure[(failure == late) & wrong[undetermined - 1]] = undetermined
    return failure


def _along_routes(paths: FloatArray, routes: tuple[tuple[int, ...], ...]) -> FloatArray:
    """Multiply the paths along each route: (b, number of routes)."""
    effects = np.ones((len(paths), len(routes)))
    for k, route in enumerate(routes):
        for source, target in pairwise(route):
            effects[:, k] *= paths[:, source, target]
    return effects


def _routes(drives: BoolArray) -> tuple[tuple[int, ...], ...]:
    """List every directed route of at least two steps, by target, then source, then length."""
    own = drives[None].astype(float)
    number = int((kernels.total_effects(own) - own).sum())
    if number > _MOST_ROUTES:
        raise ModelError(
            f"the paths join constructs along {number:,} indirect routes, and each has an effect "
            f"of its own; at most {_MOST_ROUTES:,} can be resampled. Leave out paths that claim "
            "nothing"
        )
    routes: list[tuple[int, ...]] = []
    open_routes: list[tuple[int, ...]] = [(k,) for k in range(len(drives))]
    while open_routes:
        longer = [
            (*route, int(target))
            for route in open_routes
            for target in np.flatnonzero(drives[route[-1]])
        ]
        routes += [route for route in longer if len(route) > 2]  # noqa: PLR2004
        open_routes = longer
    return tuple(sorted(routes, key=lambda route: (route[-1], route[0], len(route), route)))
