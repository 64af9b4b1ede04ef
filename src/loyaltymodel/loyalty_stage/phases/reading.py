"""The door for scores by phase, and for options that are given by phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals as nw
import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import count_of, enumerate_names, is_number, repeated, shown
from loyaltymodel._core.scales import Pair, by_variable
from loyaltymodel._core.variables import Variables, read_weighted, several_columns
from loyaltymodel.errors import DataError, OptionError

ByPhase = float | Sequence[float] | Mapping[str, float]

POINTS = (0.0, 100.0)  # lowest and highest score, unless a scale is given
_LEAST_PHASES = 2
# What the tables of customers call something else.
_RESERVED = ("none", "stage", "steps_passed", "composite", "out_of_order")


def check_phases(phases: object) -> tuple[str, ...]:
    """Return the names of the phases, checked."""
    listed = [] if isinstance(phases, str) else list(phases)  # type: ignore[call-overload]
    if (
        not all(isinstance(name, str) and name.strip() for name in listed)
        or len(listed) < _LEAST_PHASES
    ):
        raise OptionError(
            f"phases={shown(phases)} must be names of at least two phases in their order, such as "
            "('affective', 'action')"
        )
    if twice := repeated(listed):
        raise OptionError(f"phases name {enumerate_names(twice)} twice; name each phase once")
    if taken := [name for name in listed if name in _RESERVED]:
        raise OptionError(
            f"no phase can be called {enumerate_names(map(repr, taken))}, which names something "
            "else in the table of customers; call it otherwise"
        )
    return tuple(listed)


def by_phase(
    name: str,
    value: object,
    phases: Sequence[str],
    *,
    low: float,
    high: float,
    default: float | None = None,
) -> FloatArray:
    """Return a number for each phase, between the limits, from one for all or one each.

    What a mapping does not name keeps its ``default``; without one every phase must be named.
    """
    way_out = f"give one number for all phases, or {len(phases)}, between {low:g} and {high:g}"
    if isinstance(value, Mapping):
        named = by_variable(name, value, dict.fromkeys(phases, default))
        if absent := [phase for phase, number in named.items() if number is None]:
            raise OptionError(f"{name} does not name {enumerate_names(absent)}; {way_out}")
        value = [*named.values()]
    try:
        numbers = np.asarray(numbers_of(value), dtype=np.float64)
    except NotNumbers:
        raise OptionError(f"{name}={shown(value)} is not numeric; {way_out}") from None
    if numbers.shape not in ((), (len(phases),)):
        raise OptionError(f"{name} has shape {numbers.shape}; {way_out}")
    numbers = np.broadcast_to(numbers, (len(phases),)).copy()
    inside = (numbers >= low) & (numbers <= high)
    if not inside.all():
        j = int(np.argmin(inside))
        raise OptionError(f"{name} of {phases[j]!r} is {numbers[j]:.12g}; {way_out}")
    return numbers


def cuts_of(cuts: object, limits: Mapping[str, Pair]) -> FloatArray:
    """Return the cut-off of each phase, within its limits; their middle by default."""
    middle = {phase: (low + high) / 2 for phase, (low, high) in limits.items()}
    found = by_variable("cuts", None if cuts == "midpoint" else cuts, middle)
    for phase, cut in found.items():
        low, high = limits[phase]
        if cut == "midpoint":
            found[phase] = middle[phase]
        elif not is_number(cut) or not low <= cut <= high:
            raise OptionError(
                f"cuts of {phase!r} is {shown(cut)}; give 'midpoint', or a number between "
                f"{low:.12g} and {high:.12g}, one for all phases or by name"
            )
    return np.array([float(found[phase]) for phase in limits])


def sizes_of(limits: Mapping[str, Pair]) -> FloatArray:
    """Return how large the score of each phase (k,) can be."""
    return np.array([max(abs(low), abs(high)) for low, high in limits.values()])


def read_scores(
    scores: object,
    limits: Mapping[str, Pair],
    weights: object,
    data: object,
    missing: Missing,
) -> tuple[Variables, FloatArray]:
    """Return scores within the limits of each phase, and the weights of customers.

    Weights may be named that stand in the table of scores.
    """
    names = tuple(limits)
    found = several_columns("scores", scores, names)
    if absent := [name for name in names if name not in found]:
        raise DataError(
            f"there are no scores of {enumerate_names(absent)}; give them under these names, such "
            f"as {{{absent[0]!r}: values}}, or name the phases that there are in phases="
        )
    given = {name: found[name] for name in names}
    if data is None and isinstance(weights, str) and nw.dependencies.is_into_dataframe(scores):
        data = scores
    variables, own = read_weighted(given, weights, data=data, missing=missing)
    for name, (low, high) in limits.items():
        values = variables[name]
        outside = exceeds(low, values, size=high) | exceeds(values, high, size=low)
        if outside.any():
            first = int(np.argmax(outside))
            raise DataError(
                f"scores of {name!r} must lie between {low:.12g} and {high:.12g}; "
                f"{count_of(int(outside.sum()), 'score')} outside (first {values[first]:.12g} in "
                f"row {variables.labels[first]}); give their scale, such as scale=(1, 10), or make "
                "scores from 0 to 100 by .scores() of a PhaseInstrument"
            )
    return variables, own
