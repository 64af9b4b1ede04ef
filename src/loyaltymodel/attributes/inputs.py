"""The door of the driver and importance analyses: named variables in, a checked table out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loyaltymodel._core import resampling
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import equals
from loyaltymodel._core.counts import kish
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.resampling import Units
from loyaltymodel._core.variables import read_weighted, several_variables
from loyaltymodel.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers (n, q) to q questions, with the weights (n,) of those who gave them."""

    names: tuple[str, ...]
    values: FloatArray
    weights: FloatArray
    n_dropped: int

    @property
    def n_obs(self) -> int:
        """Number of respondents whose weight is not zero."""
        return int(np.count_nonzero(self.weights))

    @property
    def n_effective(self) -> float:
        """Kish's effective number of respondents."""
        return kish(self.weights)

    @property
    def means(self) -> FloatArray:
        """Weighted means (q,)."""
        means: FloatArray = self.weights @ self.values / self.weights.sum()
        return means

    @property
    def deviations(self) -> FloatArray:
        """Weighted standard deviations (q,), with the weight as divisor."""
        squares = (self.values - self.means) ** 2
        variances: FloatArray = self.weights @ squares / self.weights.sum()
        return np.sqrt(variances)

    def units(self) -> Units:
        """Standardised answers, ready to be drawn; those that are constant stay at 0."""
        sd = self.deviations
        rows = (self.values - self.means) / np.where(sd > 0, sd, 1.0)
        return resampling.make_units(rows, self.weights, None, None)


def paired_by_attribute(
    performance: object, importance: object
) -> tuple[dict[str, object], dict[str, object]]:
    """Return performance and importance of the same attributes, under the same names.

    A mapping of importance is paired by its names. Columns, in a list or a table, are paired by
    name if they have the same names, else by their order.

    Raises
    ------
    DataError
        If there are none, or they differ in number or name.
    """
    given = several_variables("performance", performance)
    stated = several_variables("importance", importance)
    if len(stated) != len(given):
        raise DataError(
            f"there are {len(stated)} variables of importance for {len(given)} of performance; "
            "give one for each attribute"
        )
    apart = sorted(set(given) ^ set(stated))
    if apart and isinstance(importance, Mapping):
        raise DataError(
            f"importance and performance differ in the attributes {enumerate_names(apart)}; give "
            "both under the same names"
        )
    if apart:
        return given, dict(zip(given, stated.values(), strict=True))
    return given, {name: stated[name] for name in given}


class Door(NamedTuple):
    """Where columns are, who counts how much, and what to do with missing answers."""

    data: object
    weights: object
    missing: Missing


def read_answers(
    variables: Mapping[str, object],
    door: Door,
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Answers:
    """Read answers and weights; ``bounds`` are the lowest and highest possible answers.

    Raises
    ------
    DataError
        If they are not fit for :func:`read_variables`, a weight is negative, or all are zero.
    """
    read, weights = read_weighted(
        variables, door.weights, data=door.data, bounds=bounds, missing=door.missing
    )
    values = np.column_stack([np.asarray(read[name], dtype=np.float64) for name in variables])
    return Answers(tuple(variables), values, weights, read.n_dropped)


def read_with_target(
    variables: Mapping[str, object],
    target: object,
    door: Door,
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Answers:
    """Read variables and, in the last column, what they are to explain; all of them vary.

    Raises
    ------
    DataError
        As :func:`read_answers`; or if the target is one of the variables, or one is constant.
    """
    name = _name_of(target)
    if name in variables:
        raise DataError(
            f"{name!r} is the target and also among what explains it; leave it out there, or "
            "give one of the two another name by a mapping from name to values"
        )
    given = {**variables, name: target}
    answers = read_answers(given, door, bounds=bounds)
    _check_they_vary(answers)
    return answers


def _name_of(target: object) -> str:
    """Return the name of a column or a Series; any other target is called so."""
    name = target if isinstance(target, str) else getattr(target, "name", None)
    return name if isinstance(name, str) else "target"


def _check_they_vary(answers: Answers) -> None:
    """Refuse questions that everybody answered alike.

    Raises
    ------
    DataError
        If a column is constant among those who count.
    """
    counted = answers.values[answers.weights > 0]
    constant = equals(counted.min(axis=0), counted.max(axis=0))
    if constant.any():
        among = "" if answers.weights.all() else " among those whose weight is above 0"
        listed = [
            f"{name} (always {value:g})"
            for name, value, alike in zip(answers.names, counted[0], constant, strict=True)
            if alike
        ]
        raise DataError(
            f"constant{among}: {enumerate_names(listed)}; what does not vary explains nothing and "
            "cannot be explained, so leave it out"
        )
