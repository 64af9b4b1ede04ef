"""The door of the driver and importance analyses: named variables in, a checked table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loyaltymodel import _resampling as resampling
from loyaltymodel._arrays import FloatArray
from loyaltymodel._frames import Missing
from loyaltymodel._options import enumerate_names, repeated
from loyaltymodel._resampling import Units
from loyaltymodel._variables import read_weighted
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


def named(variables: object, what: str) -> dict[str, object]:
    """Return variables by name: columns under their own names, others as a mapping has them.

    Raises
    ------
    DataError
        If there is none, or names are not text or stand more than once.
    """
    if isinstance(variables, Mapping):
        found = dict(variables)
    elif isinstance(variables, Sequence) and all(isinstance(name, str) for name in variables):
        names = [variables] if isinstance(variables, str) else list(variables)
        if twice := repeated(names):
            raise DataError(
                f"{what} named more than once: {enumerate_names(twice)}; name each of them once"
            )
        found = {name: name for name in names}
    else:
        raise DataError(
            f"{what} are a {type(variables).__name__}; give names of columns with data=, or a "
            "mapping from name to values, such as dict(zip(names, array.T))"
        )
    if not found:
        raise DataError(f"{what} are empty; at least one is needed")
    if bad := [name for name in found if not isinstance(name, str)]:
        raise DataError(f"names of {what} must be text, not {enumerate_names(map(repr, bad))}")
    return found


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
    name = target if isinstance(target, str) else "target"
    if name in variables:
        raise DataError(
            f"{name!r} is the target and also among what explains it; leave it out there, or "
            "give one of the two another name by a mapping from name to values"
        )
    given = {**variables, name: target}
    answers = read_answers(given, door, bounds=bounds)
    _check_they_vary(answers)
    return answers


def _check_they_vary(answers: Answers) -> None:
    """Refuse questions that everybody answered alike.

    Raises
    ------
    DataError
        If a column is constant among those who count.
    """
    counted = answers.values[answers.weights > 0]
    constant = counted.min(axis=0) == counted.max(axis=0)
    if constant.any():
        listed = [
            f"{name} (always {value:g})"
            for name, value, alike in zip(answers.names, counted[0], constant, strict=True)
            if alike
        ]
        raise DataError(
            f"constant: {enumerate_names(listed)}; what does not vary explains nothing and "
            "cannot be explained, so leave it out"
        )
