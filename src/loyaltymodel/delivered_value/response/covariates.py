"""Covariates of customers: numbers and categories, and the columns that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import enumerate_names, suggest
from loyaltymodel._core.variables import Variables, codes_of
from loyaltymodel.errors import DataError, OptionError


@dataclass(frozen=True, slots=True, eq=False)
class Covariate:
    """A covariate: a number, or categories that are compared with a reference.

    ``levels`` are the categories, the reference first; empty for a number.
    """

    name: str
    levels: tuple[Any, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns that the covariate becomes."""
        return tuple(f"{self.name}={level}" for level in self.levels[1:]) or (self.name,)

    def columns(self, read: Variables) -> FloatArray:
        """Return the columns (n, c): the number itself, or 0 and 1 for each category."""
        if not self.levels:
            return np.asarray(read[self.name], dtype=np.float64)[:, None]
        codes, known = codes_of(read[self.name])
        if unknown := [level for level in known if level not in self.levels]:
            raise DataError(
                f"covariate {self.name!r} has {enumerate_names(map(repr, unknown))}, which no "
                f"customer of the estimation had; known are {enumerate_names(self.levels, most=12)}"
            )
        place = np.array([self.levels.index(level) for level in known])[codes]
        return np.asarray(place[:, None] == np.arange(1, len(self.levels)), dtype=np.float64)


def references_of(
    categories: Sequence[str] | Mapping[str, object], names: Sequence[str]
) -> dict[str, object]:
    """Return which covariates are categories, each with its reference or None for the first."""
    if isinstance(categories, Mapping):
        chosen = dict(categories)
    elif (
        isinstance(categories, str)
        or not isinstance(categories, Sequence)
        or not all(isinstance(name, str) for name in categories)
    ):
        raise OptionError(
            f"categories={categories!r} must be a sequence of names, such as ({categories!r},), or "
            "a mapping from name to the category that the others are compared with"
        )
    else:
        chosen = dict.fromkeys(categories)
    if unknown := [name for name in chosen if name not in names]:
        hints = [repr(name) + suggest(name, names) for name in unknown]
        raise OptionError(
            f"categories names {enumerate_names(hints)}, which is no covariate; the covariates "
            f"are {enumerate_names(names, most=12)}"
        )
    return chosen
