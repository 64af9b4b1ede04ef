"""The predictors of a cusp: whatever form they are given in, read under their names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.variables import Variables, read_variables, several_variables
from loyaltymodel.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Predictors:
    """Predictors by name, and all variables as they were given."""

    normal: tuple[str, ...]
    splitting: tuple[str, ...]
    values: dict[str, object]

    @classmethod
    def of(cls, normal: object, splitting: object, **loyalty: object) -> Predictors:
        """Name what was given."""
        of_alpha, of_beta = _by_name("normal", normal), _by_name("splitting", splitting)
        values = dict(loyalty)
        values |= {f"normal {name!r}": value for name, value in of_alpha.items()}
        values |= {f"splitting {name!r}": value for name, value in of_beta.items()}
        return cls(tuple(of_alpha), tuple(of_beta), values)

    def as_in(self, normal: tuple[str, ...], splitting: tuple[str, ...]) -> Predictors:
        """Return the predictors in the order of a fit, by the names that they had there.

        Raises
        ------
        DataError
            If there are others.
        """
        of_alpha = _in_order("normal", self.normal, normal)
        return replace(
            self, normal=of_alpha, splitting=_in_order("splitting", self.splitting, splitting)
        )

    def read(self, data: object, missing: Missing) -> Variables:
        """Read all variables together."""
        return read_variables(self.values, data=data, missing=missing)

    def columns(self, variables: Variables, role: Literal["normal", "splitting"]) -> FloatArray:
        """Return predictors (n, k)."""
        names = self.normal if role == "normal" else self.splitting
        columns = [variables[f"{role} {name!r}"] for name in names]
        return np.stack(columns, axis=1).astype(np.float64)


def _in_order(role: str, given: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    if set(given) == set(wanted):
        return wanted
    if len(given) == len(wanted) == 1:  # which one is meant is clear
        return given
    raise DataError(
        f"{role} has {enumerate_names(given)}, but the fit has {enumerate_names(wanted)}; give "
        f"these, by name, such as {{{wanted[0]!r}: ...}}"
    )


def _by_name(role: str, given: object) -> dict[str, object]:
    """Return predictors by name; one without a name is called after its role."""
    return several_variables(role, {role: given} if _is_one(given) else given)


def _is_one(given: Any) -> bool:
    """Tell whether this is one variable without a name: a row of numbers."""
    if nw.dependencies.is_into_series(given):
        return not isinstance(given, pd.Series)
    if isinstance(given, np.ndarray):
        row = given.ndim == 1 and len(given) > 0
    else:
        alone = isinstance(given, (list, tuple)) and len(given) > 0
        row = alone and (isinstance(given[0], str) or not hasattr(given[0], "__len__"))
    return row and not all(isinstance(value, str) for value in given)
