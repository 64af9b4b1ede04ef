"""Published sentences made into formulas: the satisfaction trap, the Xerox factor, the zones."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.accepted import AsGiven, Data, Values
from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import count_of, is_number, shown
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import as_given, read_variables
from loyaltymodel.errors import DataError, OptionError

_SHARE = (0.0, 1.0)


@checked
def defection_given_satisfaction(
    satisfied_given_defected: Values,
    *,
    defection: Values,
    satisfaction: Values | None = None,
    satisfied_given_stayed: Values | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> AsGiven:
    """Return the share of satisfied customers who defect, from the share of defectors satisfied.

    "85 percent of those who left had been satisfied" and "85 percent of the satisfied leave"
    are two statements. Bayes' rule (贝叶斯公式) leads from the first to the second.

    Parameters
    ----------
    satisfied_given_defected : number, array or Series of shape (n,), or str
        Share of satisfied customers among those who defected, from 0 to 1; or a column.
    defection : number, array or Series of shape (n,), or str
        Share of all customers who defected, from 0 to 1.
    satisfaction : number, array or Series of shape (n,), or str, optional
        Share of all customers who were satisfied, above 0.
    satisfied_given_stayed : number, array or Series of shape (n,), or str, optional
        Share of satisfied customers among those who stayed; in place of ``satisfaction``.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with missing values.

    Returns
    -------
    float, ndarray or Series
        Shares from 0 to 1, as the variables came.

    Raises
    ------
    DataError
        If a share is missing or not from 0 to 1, if nobody is satisfied, or if the shares
        contradict each other.
    OptionError
        If not exactly one of ``satisfaction`` and ``satisfied_given_stayed`` is given.

    Notes
    -----
    P(left | satisfied) = P(satisfied | left) P(left) / P(satisfied), where
    P(satisfied) = P(satisfied | left) P(left) + P(satisfied | stayed) (1 - P(left)).

    All three shares are needed. Two of them leave a range only: if 10 percent left and 85
    percent of those were satisfied, the share of the satisfied who left may be anything from
    8.6 percent (everybody else was satisfied) to 100 percent (nobody else was).

    Examples
    --------
    10 of 100 customers leave, and 85 percent of them were satisfied, as were 90 of all 100.
    Then 8.5 of the 90 satisfied ones leave, 9.4 percent and not 85:

    >>> from loyaltymodel import evidence
    >>> share = evidence.defection_given_satisfaction(0.85, defection=0.10, satisfaction=0.90)
    >>> round(share, 4)
    0.0944
    """
    if (satisfaction is None) == (satisfied_given_stayed is None):
        raise OptionError(
            "give exactly one of satisfaction (of all customers) and satisfied_given_stayed (of "
            "those who stayed); with neither only a range is known, with both one is too many"
        )
    third = "satisfaction" if satisfied_given_stayed is None else "satisfied_given_stayed"
    given = {
        "satisfied_given_defected": satisfied_given_defected,
        "defection": defection,
        third: satisfaction if satisfied_given_stayed is None else satisfied_given_stayed,
    }
    found = read_variables(
        given, data=data, bounds=dict.fromkeys(given, _SHARE), flags=(), missing=missing
    )
    q, left, satisfied = (np.asarray(found[name], dtype=np.float64) for name in given)
    if third == "satisfied_given_stayed":
        satisfied = q * left + satisfied * (1 - left)
    _check_nobody(satisfied)
    possible = _possible(q * left, left, satisfied)
    if not possible.all():
        first = int(np.argmin(possible))
        raise DataError(
            f"{count_of(int((~possible).sum()), 'combination')} of shares cannot be, the first "
            f"with P(satisfied | defected) {q[first]:g}, P(defected) {left[first]:g} and "
            f"P(satisfied) {satisfied[first]:g}: the satisfied defectors, "
            f"{q[first] * left[first]:g} of all customers, must be no more than the satisfied, "
            "and the other satisfied ones no more than those who stayed; check that the shares "
            "are of the same customers and the same time"
        )
    return as_given(
        given.values(), found.labels, np.minimum(q * left / satisfied, 1.0), name="defection"
    )


def _possible(both: FloatArray, left: FloatArray, satisfied: FloatArray) -> BoolArray:
    """Tell whether satisfied defectors, defectors and satisfied can be shares of one whole."""
    return reaches(satisfied, both, size=1) & reaches(1 - left, satisfied - both, size=1)


def _check_nobody(satisfied: FloatArray) -> None:
    if not (satisfied > 0).all():
        raise DataError(
            "nobody is satisfied (a share of 0), so that there is no share of the satisfied who "
            "leave; leave such rows out"
        )


def _rising(name: str, pair: Pair, low: float, high: float) -> tuple[float, float]:
    way_out = f"give two rising numbers between {low:g} and {high:g}"
    if not all(is_number(limit) for limit in pair):
        raise OptionError(f"{name}={shown(pair)} must be numbers; {way_out}")
    first, second = pair
    if not low <= first <= second <= high:
        raise OptionError(
            f"{name}={shown(pair)} does not fit the scale from {low:g} to {high:g}; {way_out}, in "
            "the units of the scale"
        )
    return first, second
