"""What counts as value and what as cost: names, units and weights, checked once.

Nothing here sees data. A :class:`Claim` says which components are added and subtracted, from
which columns they come, and what one unit of an answer is worth in the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.catalogue import rows_of
from loyaltymodel._core.codebooks import AnswerBook, limits_by_item
from loyaltymodel._core.labels import labelled
from loyaltymodel._core.options import (
    check_choice,
    check_positive,
    enumerate_names,
    repeated,
    suggest,
)
from loyaltymodel._core.scales import AnswerLimits, Limits, resolve_limits
from loyaltymodel.errors import OptionError

Unit = Literal["money", "points"]
Form = Literal["difference", "ratio"]
Kind = Literal["delivered_value", "perceived_value", "perval"]
Names = Sequence[str] | Mapping[str, str]
Weights = Mapping[str, float] | pd.Series

VALUES = ("product", "service", "personnel", "image")
COSTS = ("monetary", "time", "energy", "psychic")


def names_of(kind: Kind, side: str) -> tuple[str, ...]:
    """Return the components of one side of a theory."""
    return tuple(row["id"] for row in rows_of(f"components_{kind}") if row["side"] == side)


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """What is added up: values first, then costs, k components in all.

    The level of a component is ``slope * (answer - origin)``, in the unit of the result.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    n_values: int
    unit: Unit
    weights: FloatArray  # (k,)
    slope: FloatArray  # (k,)
    origin: FloatArray  # (k,)
    limits: Limits | None  # of the answers
    book: AnswerBook | None = None  # by which they are read

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the components that are added."""
        return self.names[: self.n_values]

    @property
    def costs(self) -> tuple[str, ...]:
        """Names of the components that are subtracted."""
        return self.names[self.n_values :]


def make_claim(
    values: Names | None,
    costs: Names | None,
    *,
    unit: Unit | Mapping[str, Unit],
    weights: Weights | None = None,
    scale: AnswerLimits | AnswerBook | None = None,
    money_per_point: float | None = None,
) -> Claim:
    """Check what is claimed of components, units, weights and scale.

    Raises
    ------
    OptionError
        If names are repeated or on the wrong side, units are mixed without an exchange rate,
        weights are negative or all zero, or an option names an unknown component.
    """
    gains = {} if values is None else _side("values", values)
    losses = {} if costs is None else _side("costs", costs)
    _check_sides(gains, losses)
    named = {**gains, **losses}
    names = tuple(named)
    units = _units(names, unit)
    result, rate = _exchange(names, units, money_per_point)
    limits, slope, origin = _scaled(named, units, scale)
    return Claim(
        names=names,
        columns=tuple(named.values()),
        n_values=len(gains),
        unit=result,
        weights=read_weights(weights, names),
        slope=slope * rate,
        origin=origin,
        limits=limits,
        book=scale if isinstance(scale, AnswerBook) else None,
    )


def read_weights(weights: Weights | None, names: tuple[str, ...]) -> FloatArray:
    """Return the weight of every component; 1 each where none are given."""
    if weights is None:
        return np.ones(len(names))
    found = by_component("weights", weights, names)
    if not (found >= 0).all():
        worst = names[int(np.argmin(found))]
        raise OptionError(
            f"weights has {found.min():.12g} for {worst!r}; no weight may be negative. A component "
            "that lowers the value belongs into costs"
        )
    if not found.any():
        raise OptionError("the weights are all zero; at least one component must count")
    return found


def by_component(
    option: str, given: object, names: Sequence[str], *, absent: float | None = None
) -> FloatArray:
    """Return a number for each component, from a mapping or Series by name.

    Every component needs one, unless ``absent`` says what stands for those without.
    """
    content = as_mapping(option, given)
    if content is None:
        raise OptionError(
            f"{option} is {given!r}; a mapping from component to number is needed, such as "
            f"{{{names[0]!r}: 1.0}}"
        )
    check_known(option, content, names)
    if absent is None and (without := [name for name in names if name not in content]):
        raise OptionError(
            f"{option} has no number for {enumerate_names(without, most=8)}; name every component"
        )
    try:
        found = np.array([content.get(name, absent) for name in names], dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(f"{option} must be one number a component, not {given!r}") from None
    if np.isnan(found).any() or np.isinf(found[[name in content for name in names]]).any():
        raise OptionError(f"{option} must be finite numbers, not {given!r}")
    return found


def check_known(option: str, given: Mapping[str, object], names: Sequence[str]) -> None:
    """Refuse names of components that do not count."""
    if unknown := [name for name in given if name not in names]:
        hints = [repr(name) + suggest(name, names) for name in unknown]
        raise OptionError(
            f"{option} names an unknown component: {enumerate_names(hints)}; the components are "
            f"{', '.join(names)}"
        )


def as_mapping(name: str, given: object) -> Mapping[str, object] | None:
    """Return what is known by component as a mapping, or nothing if it is not."""
    if isinstance(given, pd.Series):
        return labelled(name, given)
    return given if isinstance(given, Mapping) else None


def _side(option: str, given: Names) -> dict[str, str]:
    """Return the components of a side, each with the name of its column."""
    if isinstance(given, Mapping):
        named = dict(given)
    elif isinstance(given, str) or not isinstance(given, Sequence):
        raise OptionError(
            f"{option}={given!r} is not a sequence of names; write {option}=({given!r},) for one "
            "component, or a mapping from component to column"
        )
    else:
        if twice := repeated(given):
            raise OptionError(f"{option} names {enumerate_names(twice)} more than once")
        named = {name: name for name in given}
    if not named:
        raise OptionError(f"{option} is empty; name at least one component")
    if not all(isinstance(name, str) for pair in named.items() for name in pair):
        raise OptionError(f"{option}={given!r} must hold names as text")
    if twice := repeated(named.values()):
        raise OptionError(f"{option} takes two components from column {enumerate_names(twice)}")
    return named


def _check_sides(gains: Mapping[str, str], losses: Mapping[str, str]) -> None:
    wrong = [(name, "a cost", "costs") for name in gains if name in COSTS]
    wrong += [(name, "a value", "values") for name in losses if name in VALUES]
    if wrong:
        name, what, option = wrong[0]
        raise OptionError(
            f"{name!r} is {what} and belongs into {option}; give a component that means something "
            "else another name"
        )
    for what, other in (
        ("components", gains.keys() & losses.keys()),
        ("columns", set(gains.values()) & set(losses.values())),
    ):
        if other:
            raise OptionError(
                f"{what} that are both value and cost: {enumerate_names(sorted(other))}; each can "
                "be on one side only"
            )


def _units(names: tuple[str, ...], unit: Unit | Mapping[str, Unit]) -> tuple[Unit, ...]:
    if not isinstance(unit, Mapping):
        check_choice("unit", unit, Unit)
        return (unit,) * len(names)
    check_known("unit", unit, names)
    if without := [name for name in names if name not in unit]:
        raise OptionError(
            f"unit says nothing of {enumerate_names(without, most=8)}; give the unit of every "
            'component, or one for all such as unit="points"'
        )
    for name in names:
        check_choice(f"unit[{name!r}]", unit[name], Unit)
    return tuple(unit[name] for name in names)


def _exchange(
    names: tuple[str, ...], units: tuple[Unit, ...], money_per_point: float | None
) -> tuple[Unit, FloatArray]:
    """Return the unit of the result, and what one unit of each component is worth in it."""
    if money_per_point is None:
        if len(set(units)) > 1:
            paid = [name for name, one in zip(names, units, strict=True) if one == "money"]
            raise OptionError(
                f"units are mixed: {enumerate_names(paid, most=8)} in money, the others in points, "
                "and money cannot be added to points; say what a point is worth by "
                "money_per_point=, or measure all components in one unit"
            )
        return units[0], np.ones(len(names))
    check_positive("money_per_point", money_per_point)
    if "points" not in units:
        raise OptionError(
            "money_per_point has no effect: every component is in money already; leave it out, or "
            'say by unit which components are in "points"'
        )
    rates = [float(money_per_point) if one == "points" else 1.0 for one in units]
    return "money", np.array(rates)


def _scaled(
    named: Mapping[str, str], units: tuple[Unit, ...], scale: AnswerLimits | AnswerBook | None
) -> tuple[Limits | None, FloatArray, FloatArray]:
    """Return limits of the answers, and slope and origin that turn them into 0 to 100."""
    names, k = list(named), len(named)
    if scale is None:
        return None, np.ones(k), np.zeros(k)
    rated = [name for name, one in zip(names, units, strict=True) if one == "points"]
    if not rated:
        raise OptionError("scale is for answers in points, and every component is in money")
    if isinstance(scale, AnswerBook):
        pairs = limits_by_item(scale, [named[name] for name in rated])
        scale = {name: pairs[named[name]] for name in rated}
    if isinstance(scale, Mapping):
        check_known("scale", cast(Mapping[str, object], scale), rated)
    found = resolve_limits(scale, rated)
    low, high = np.full(k, -np.inf), np.full(k, np.inf)
    slope, origin = np.ones(k), np.zeros(k)
    for place, name in enumerate(rated):
        at = names.index(name)
        low[at], high[at] = found.lowest[place], found.highest[place]
        slope[at], origin[at] = 100 / (high[at] - low[at]), low[at]
    return Limits(low, high), slope, origin
