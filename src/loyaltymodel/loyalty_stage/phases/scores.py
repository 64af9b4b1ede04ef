"""From answers and counts to scores from 0 to 100 by phase, and how reliable they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.variables import Variables, read_variables
from loyaltymodel.errors import DataError

if TYPE_CHECKING:
    from loyaltymodel.loyalty_stage.phases.indicators import (
        LoyaltyPhase,
        PhaseIndicator,
        PhaseInstrument,
    )

_NO_SPREAD = 1e-8  # points; rounding leaves less


def scores_of(instrument: PhaseInstrument, data: object, missing: Missing) -> pd.DataFrame:
    """Return the score of each customer for each phase."""
    variables = _read(data, instrument, missing)
    scores = {phase.name: _score(variables, phase) for phase in instrument.phases}
    return pd.DataFrame(scores, index=variables.labels).rename_axis(columns="phase")


def reliability_of(instrument: PhaseInstrument, data: object, missing: Missing) -> pd.Series:
    """Return coefficient alpha of the score of each phase."""
    variables = _read(data, instrument, missing)
    least = 3
    if variables.n_rows < least:
        raise DataError(
            f"there are {count_of(variables.n_rows, 'row')}; a reliability needs at least {least}"
        )
    found = {phase.name: _alpha(variables, phase) for phase in instrument.phases}
    return pd.Series(found, name="alpha")


def _alpha(variables: Variables, phase: LoyaltyPhase) -> float:
    m = len(phase.indicators)
    if m == 1:
        return float("nan")
    weights = _weights(phase)
    parts = points_of(variables, phase) * (weights / weights.sum())
    total = parts.sum(axis=1).var()
    if not total > _NO_SPREAD**2:
        raise DataError(
            f"the score of {phase.name!r} does not vary, so it has no reliability; leave the "
            "phase out, or look for another indicator"
        )
    return float(m / (m - 1) * (1 - parts.var(axis=0).sum() / total))


def points_of(variables: Variables, phase: LoyaltyPhase) -> FloatArray:
    """Return the indicators of a phase (n, m) in points from 0 to 100, high for loyalty."""
    columns = [100 * _above(variables[i.source], i) / _width(i) for i in phase.indicators]
    return np.column_stack(columns)


def _above(values: npt.NDArray[Any], indicator: PhaseIndicator) -> FloatArray:
    """Return how far each value is from the end of the scale that speaks against loyalty."""
    low, high = indicator.scale
    x = np.asarray(values, dtype=np.float64)
    if indicator.beyond == "cap":
        x = np.clip(x, low, high)
    return x - low if indicator.direction == "positive" else high - x


def _weights(phase: LoyaltyPhase) -> FloatArray:
    return np.array([i.weight for i in phase.indicators])


def _width(indicator: PhaseIndicator) -> float:
    return indicator.scale[1] - indicator.scale[0]


def _score(variables: Variables, phase: LoyaltyPhase) -> FloatArray:
    """Return the score of a phase, with answers on like scales divided once, after their sum.

    Sums of whole answers are exact, so that their order is nothing to the score.
    """
    total = _weights(phase).sum()
    score = np.zeros(variables.n_rows)
    for width in dict.fromkeys(map(_width, phase.indicators)):
        alike = [i for i in phase.indicators if _width(i) == width]
        score += sum(100 * i.weight * _above(variables[i.source], i) for i in alike) / (
            width * total
        )
    return np.clip(score, 0.0, 100.0)


def _read(data: object, instrument: PhaseInstrument, missing: Missing) -> Variables:
    given = {column: column for column in instrument.columns}
    variables = read_variables(given, data=data, missing=missing)
    problems = []
    for phase in instrument.phases:
        for i in phase.indicators:
            values = variables[i.source]
            outside = (values < i.scale[0]) | (values > i.scale[1])
            if i.beyond == "refuse" and outside.any():
                first = int(np.argmax(outside))
                problems.append(
                    f"{i.source!r} has {count_of(int(outside.sum()), 'value')} outside "
                    f"{i.scale[0]:g} to {i.scale[1]:g} (first {values[first]:g} in row "
                    f"{variables.labels[first]})"
                )
    if problems:
        raise DataError(
            f"answers off the scale: {enumerate_names(problems)}; recode don't-know codes to NaN, "
            'state another scale, or say beyond="cap" of an indicator without a highest value'
        )
    return variables
