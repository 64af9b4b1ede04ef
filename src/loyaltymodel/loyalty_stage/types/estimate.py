"""From scores and options to types, their probabilities and their shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.options import enumerate_names, suggest
from loyaltymodel._core.quadrant_shares import Classes
from loyaltymodel._core.quadrant_sorting import Randomness, Sample, Sorted, sort_sample
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.sorted_customers import customer_table, shared_fields
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES, Matrix
from loyaltymodel.loyalty_stage.types.stability import (
    above,
    cells_of,
    changed,
    fine_grid,
    means_by_class,
    observed_distribution,
    second_time,
    true_distribution,
)


def sort_customers(
    matrix: Matrix,
    sample: Sample,
    *,
    outside: BoolArray | None = None,
    from_classes: bool = False,
    further_cuts: Mapping[str, float] | None = None,
    moves: Mapping[str, Iterable[float]] | None = None,
    rng: Randomness,
) -> WithCustomers[LoyaltyTypes]:
    """Sort customers into types by both variables, and say how large and how firm they are."""
    scheme = SCHEMES[matrix]
    has_outside = outside is not None
    group = np.zeros(len(sample.scores)) if outside is None else outside
    classes = Classes(scheme.merge(with_outside=has_outside), group.astype(np.intp))
    by_variable = None if moves is None else _moves(moves, sample, from_classes=from_classes)
    found = sort_sample(sample, classes, rng=rng)
    names = scheme.names(with_outside=has_outside)
    limits = zip(sample.sorting.names, sample.sorting.limits, strict=True)
    result = LoyaltyTypes(
        **shared_fields("type", names, sample, found),
        matrix=matrix,
        variables=sample.sorting.names,
        cuts=FrozenMapping(sample.cuts | dict(further_cuts or {})),
        scale=FrozenMapping({name: pair for name, pair in limits if pair is not None}),
        from_classes=from_classes,
        certainty=_certainty(sample, found, classes),
        moved=None if by_variable is None else _moved(sample, found, classes, by_variable),
    )
    labels = sample.variables.labels
    return WithCustomers(
        result, customer_table("type", found.codes, names, labels, found.probabilities)
    )


def _certainty(sample: Sample, found: Sorted, classes: Classes) -> FloatArray | None:
    """Return how many are expected to belong where they were sorted, and to be so again."""
    if found.posterior is None or found.probabilities is None:
        return None
    codes, n_classes = found.codes, classes.merge.shape[2]
    own = np.take_along_axis(found.probabilities, codes[:, None], axis=1)[:, 0]
    again = second_time(sample.scores, codes, sample.grid, found.posterior, classes)
    return np.column_stack(
        [means_by_class(values, codes, sample.weights, n_classes) for values in (own, again)]
    )


def _moved(
    sample: Sample, found: Sorted, classes: Classes, by_variable: list[FloatArray]
) -> FloatArray:
    """Return a row for each pair of moves: cut-offs, shares that change, and shares of types."""
    original = tuple(int(np.argmax(m == 0)) for m in by_variable)
    given = list(sample.cuts.values())
    cuts = [cut + m for cut, m in zip(given, by_variable, strict=True)]
    grid, places = fine_grid(cuts[0], cuts[1], up=sample.sorting.ties == "high")
    above_x = above(places[0], len(grid.x_up) + 1)
    above_y = above(places[1], len(grid.y_up) + 1)
    turn = (original[0], original[1])
    sorted_here = np.where(classes.group == 0, sample.weights, 0.0) / sample.weights.sum()
    table = observed_distribution(sample.scores, sorted_here, grid)
    columns = [values.ravel() for values in np.meshgrid(*cuts, indexing="ij")]
    columns.append(changed(table, above_x, above_y, turn).ravel())
    if found.posterior is not None:
        of_true = true_distribution(sample.scores, sorted_here, grid, found.posterior)
        columns.append(changed(of_true, above_x, above_y, turn).ravel())
    shares = cells_of(table, above_x, above_y).reshape(-1, 4) @ classes.merge[0]
    if len(classes.merge) > 1:
        shares += (1 - sorted_here.sum()) * classes.merge[1][0]
    return np.column_stack([*columns, shares])


def _moves(moves: object, sample: Sample, *, from_classes: bool) -> list[FloatArray]:
    """Return the moves of both cut-offs, in ascending order and with 0 among them."""
    names = sample.sorting.names
    if not isinstance(moves, Mapping):
        raise OptionError(
            f"moves={moves!r} does not say which cut-off moves; give a mapping such as "
            f"{{{names[0]!r}: [-1, 1]}}"
        )
    if unknown := [name for name in moves if name not in names]:
        hints = [repr(name) + suggest(name, names) for name in unknown]
        raise OptionError(
            f"moves has {enumerate_names(hints)}, but customers are sorted by {names[0]!r} and "
            f"{names[1]!r}; name one of these"
        )
    if from_classes and "attitude" in moves:
        raise OptionError(
            "attitude came as classes, whose cut-off does not move by points; sort again with "
            "another one in cuts, or give scores"
        )
    return [
        _moves_of(name, moves.get(name, ()), sample.cuts[name], limits)
        for name, limits in zip(names, sample.sorting.limits, strict=True)
    ]


def _moves_of(name: str, moves: object, own: float, limits: Pair | None) -> FloatArray:
    try:
        given = np.array([float(move) for move in moves])  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        given = np.array([np.nan])
    if not np.isfinite(given).all():
        raise OptionError(f"moves of {name!r} are {moves!r}; give finite numbers, such as [-1, 1]")
    distinct = np.unique(np.append(given, 0.0))
    cut = own + distinct
    if limits is not None and not (limits[0] <= cut[0] and cut[-1] <= limits[1]):
        raise OptionError(
            f"moves of {name!r} carry its cut-off of {own:.12g} off the scale from "
            f"{limits[0]:.12g} to {limits[1]:.12g}; give smaller ones"
        )
    return distinct
