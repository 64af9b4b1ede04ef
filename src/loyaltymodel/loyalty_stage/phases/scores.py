"""From answers and counts to scores from 0 to 100 by phase, and how reliable they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import Variables, read_variables
from loyaltymodel.errors import DataError
from loyaltymodel.loyalty_stage.phases.indicators import (
    LoyaltyPhase,
    PhaseIndicator,
    PhaseInstrument,
    check_instrument,
)

_NO_SPREAD = 1e-8  # points; rounding leaves less


@checked
def phase_scores(
    instrument: PhaseInstrument, data: object, *, missing: Missing = "raise"
) -> pd.DataFrame:
    """Return the score of each customer for each phase, from 0 to 100.

    Parameters
    ----------
    instrument : PhaseInstrument
        Which columns belong to which phase, with their scales and directions.
    data : pandas, polars or pyarrow table
        A row a customer, with the columns of the instrument.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    DataFrame
        A column a phase, in order, 0 to 100, with the labels of the rows.

    Raises
    ------
    DataError
        If a column is absent or not numeric, or a value is missing or outside a scale whose
        indicator does not say that it is to be capped.
    OptionError
        If ``missing`` is not one of its choices.

    See Also
    --------
    oliver : Phases from such scores.
    phase_reliability : How reliable the scores are.

    Notes
    -----
    The score of a phase is the weighted mean of its indicators, each moved and stretched so
    that the end of its scale that speaks against loyalty gives 0 and the other one 100:
    100 (x - lowest) / (highest - lowest), and 100 less that for a negative indicator. A score
    of 50 in two phases is the same share of the scale, not the same strength of loyalty.

    Examples
    --------
    An anger of 2 on a scale from 1 to 5 is 25 points of anger, so 75 of loyalty; with a liking
    of 5, which is 100 points, the mean is 87.5:

    >>> import pandas as pd
    >>> from loyaltymodel import loyalty_stage
    >>> instrument = loyalty_stage.PhaseInstrument(
    ...     phases=[
    ...         {
    ...             "name": "affective",
    ...             "indicators": [
    ...                 {"name": "liking", "scale": (1, 5)},
    ...                 {"name": "anger", "scale": (1, 5), "direction": "negative"},
    ...             ],
    ...         },
    ...         {
    ...             "name": "action",
    ...             "indicators": [{"name": "orders", "scale": (0, 8), "beyond": "cap"}],
    ...         },
    ...     ]
    ... )
    >>> answers = pd.DataFrame({"liking": [5], "anger": [2], "orders": [30]}, index=["Li"])
    >>> loyalty_stage.phase_scores(instrument, answers)
    phase  affective  action
    Li          87.5   100.0
    """
    check_instrument(instrument)
    variables = _read(data, instrument, missing)
    scores = {phase.name: _score(variables, phase) for phase in instrument.phases}
    return pd.DataFrame(scores, index=variables.labels).rename_axis(columns="phase")


@checked
def phase_reliability(
    instrument: PhaseInstrument, data: object, *, missing: Missing = "raise"
) -> pd.Series:
    """Return coefficient alpha of the score of each phase (信度).

    Parameters
    ----------
    instrument : PhaseInstrument
        Which columns belong to which phase, with their scales and directions.
    data : pandas, polars or pyarrow table
        A row a customer, with the columns of the instrument.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    Series
        Alpha by phase, at most 1 and below 0 where indicators contradict each other; NaN for
        a phase with one indicator, whose reliability must come from elsewhere.

    Raises
    ------
    DataError
        If the data cannot be scored, see :func:`phase_scores`, there are fewer than three
        rows, or a score does not vary.
    OptionError
        If ``missing`` is not one of its choices.

    Notes
    -----
    m / (m - 1) (1 - sum of the m indicators' variances / variance of their sum), for the
    indicators in points times their weights, reversed where they are negative. Alpha assumes
    that errors are independent and that the indicators show one thing equally well; otherwise
    it is usually too low. The indicators of a phase are of several kinds here, such as a
    likelihood and a price, so take it as a beginning.

    Examples
    --------
    Two indicators with variance 1 each that correlate by 0.5 have a sum with variance 3, and
    2 (1 - 2/3) = 2/3. A third phase indicator alone has no alpha:

    >>> import pandas as pd
    >>> from loyaltymodel import loyalty_stage
    >>> instrument = loyalty_stage.PhaseInstrument(
    ...     phases=[
    ...         {
    ...             "name": "affective",
    ...             "indicators": [
    ...                 {"name": "liking", "scale": (1, 3)},
    ...                 {"name": "warmth", "scale": (1, 3)},
    ...             ],
    ...         },
    ...         {"name": "action", "indicators": [{"name": "orders", "scale": (0, 8)}]},
    ...     ]
    ... )
    >>> answers = pd.DataFrame({"liking": [1, 2, 3], "warmth": [1, 3, 2], "orders": [1, 5, 7]})
    >>> loyalty_stage.phase_reliability(instrument, answers).round(3).to_dict()
    {'affective': 0.667, 'action': nan}
    """
    check_instrument(instrument)
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
