"""Tables of scenarios as pictures take them, and their numbers in few digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import enumerate_names
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._names import Language

# What numbers are counted in, where they are large, and what that is called.
_UNITS: Mapping[Language, Mapping[float, str]] = {
    "en": {1e3: "{} (thousands)", 1e6: "{} (millions)", 1e9: "{} (billions)"},
    "zh": {1e4: "{}(万)", 1e8: "{}(亿)"},
}
_LETTERS: Mapping[Language, Mapping[float, str]] = {
    "en": {1e3: "k", 1e6: "M", 1e9: "bn"},
    "zh": {1e4: "万", 1e8: "亿"},
}
_WHOLE = 1000.0
_LARGE = 1e4  # from which numbers are counted in thousands or more


def check_table(table: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    """Refuse a table without rows or columns that its picture shows, or with gaps in numbers."""
    if missing := [name for name in columns if name not in table]:
        raise OptionError(f"the table has no {enumerate_names(missing)}; give what {source}")
    if not len(table):
        raise OptionError(f"the table has no rows; give what {source}")
    for name in columns:
        if table[name].map(lambda value: value is pd.NA).any():
            raise OptionError(f"the column {name!r} of the table has gaps; give what {source}")


def counted_in(language: Language, label: str, values: FloatArray) -> tuple[float, str]:
    """Return in what numbers are counted, so that they are short, and the label that says so."""
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    fitting = [unit for unit in _UNITS[language] if largest >= max(unit, _LARGE)]
    if not fitting:
        return 1.0, label
    return fitting[-1], _UNITS[language][fitting[-1]].format(label)


def short(value: float, language: Language) -> str:
    """Return a number in three digits, or whole where it has four, with its unit if it is large."""
    size = abs(value)
    fitting = [unit for unit in _LETTERS[language] if size >= max(unit, _LARGE)]
    if fitting:
        return f"{value / fitting[-1]:.3g}{_LETTERS[language][fitting[-1]]}"
    return f"{value:,.0f}" if size >= _WHOLE else f"{value:.3g}"
