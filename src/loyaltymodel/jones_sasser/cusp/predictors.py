"""The predictors of a cusp: whatever form they are given in, read under their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._arrays import FloatArray
from loyaltymodel._frames import Missing
from loyaltymodel._options import enumerate_names, repeated
from loyaltymodel._variables import Variables, read_variables
from loyaltymodel.errors import DataError, OptionError


@dataclass(frozen=True, slots=True, eq=False)
class Predictors:
    """Predictors by name, and all variables as they were given."""

    normal: tuple[str, ...]
    splitting: tuple[str, ...]
    values: dict[str, object]

    @classmethod
    def of(cls, normal: object, splitting: object, loyalty: object) -> Predictors:
        """Name what was given."""
        of_alpha, of_beta = _by_name("normal", normal), _by_name("splitting", splitting)
        values = {} if loyalty is None else {"loyalty": loyalty}
        values |= {f"normal {name!r}": value for name, value in of_alpha.items()}
        values |= {f"splitting {name!r}": value for name, value in of_beta.items()}
        return cls(tuple(of_alpha), tuple(of_beta), values)

    def read(self, data: object, missing: Missing) -> Variables:
        """Read all variables together."""
        return read_variables(self.values, data=data, missing=missing)

    def columns(self, variables: Variables, role: Literal["normal", "splitting"]) -> FloatArray:
        """Return predictors (n, k)."""
        names = self.normal if role == "normal" else self.splitting
        columns = [variables[f"{role} {name!r}"] for name in names]
        return np.stack(columns, axis=1).astype(np.float64)


def _by_name(role: str, given: object) -> dict[str, object]:
    """Return predictors by name; one without a name is called after its role."""
    if isinstance(given, Mapping):
        found = {str(name): value for name, value in given.items()}
    elif isinstance(given, str):
        found = {given: given}
    elif isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given):
        if twice := repeated(given):
            raise OptionError(f"{role} names {enumerate_names(twice)} more than once")
        found = {name: name for name in given}
    elif len(getattr(given, "shape", ())) > 1:
        raise DataError(
            f"{role} has two dimensions; give names of columns with data=, or a mapping from "
            "name to column"
        )
    else:
        name = getattr(given, "name", None)
        found = {name if isinstance(name, str) and name else role: given}
    if not found:
        raise DataError(f"{role} names no predictor; at least one is needed")
    return found
