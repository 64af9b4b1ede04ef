"""Published sentences made into formulas: the satisfaction trap, the Xerox factor, the zones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.comparisons import exceeds, reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, check_positive, count_of, is_number, shown
from loyaltymodel._core.scales import Pair, check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import as_given, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.evidence.lookup import get
from loyaltymodel.evidence.published.tables import Ratio

_SHARE = (0.0, 1.0)


@checked
def defection_given_satisfaction(
    satisfied_given_defected: object,
    *,
    defection: object,
    satisfaction: object = None,
    satisfied_given_stayed: object = None,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
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


@checked
def satisfaction_trap(defection: float, satisfaction: float) -> pd.DataFrame:
    """Return the two readings of the printed share of satisfied customers who leave (满意陷阱).

    A text prints that 65 to 85 percent of the satisfied customers will leave (REL-11, figure
    B11). Its source probably says that 65 to 85 percent of those who left had been satisfied.

    Parameters
    ----------
    defection : float
        Share of all customers who leave, from 0 to 1.
    satisfaction : float
        Share of all customers who are satisfied, above 0 and at most 1.

    Returns
    -------
    DataFrame
        A row a reading, "as printed" and "condition turned round": ``lower`` and ``upper``, the
        share of the satisfied who leave, and ``possible``, whether any part of the range
        agrees with the shares given. Where an end does not, it stands all the same.

    Raises
    ------
    DataError
        If a share is missing or not from 0 to 1, or nobody is satisfied.

    See Also
    --------
    defection_given_satisfaction : The formula for shares of your own.

    Examples
    --------
    In a firm that loses 10 percent and satisfies 90, the sentence cannot be as printed: even
    65 percent of the satisfied would be 58.5 percent of all customers.

    >>> from loyaltymodel import evidence
    >>> evidence.satisfaction_trap(0.10, 0.90).round(3)
                      reading  lower  upper  possible
    0              as printed  0.650  0.850     False
    1  condition turned round  0.072  0.094      True
    """
    given = {"defection": defection, "satisfaction": satisfaction}
    found = read_variables(given, bounds=dict.fromkeys(given, _SHARE), flags=())
    left, satisfied = found["defection"].astype(float), found["satisfaction"].astype(float)
    if len(left) > 1:
        raise DataError(
            f"defection and satisfaction have {len(left)} values; this table is about one firm, "
            "defection_given_satisfaction takes many"
        )
    _check_nobody(satisfied)
    (figure,) = get("B11")
    printed = np.array([figure.low, figure.high], dtype=np.float64)
    turned = printed * left / satisfied
    # Of the satisfied customers at least so many, and at most so many, leave in any case.
    least, most = np.maximum(satisfied + left - 1, 0) / satisfied, np.minimum(left / satisfied, 1)
    rows = {"as printed": printed, "condition turned round": turned}
    inside = [reaches(most, v[0], size=1) & reaches(v[1], least, size=1) for v in rows.values()]
    return pd.DataFrame(
        {
            "reading": list(rows),
            "lower": [v[0] for v in rows.values()],
            "upper": [v[1] for v in rows.values()],
            "possible": [bool(value[0]) for value in inside],
        }
    )


@checked
def xerox(
    repurchase: object,
    *,
    kind: Ratio = "odds",
    factor: float | None = None,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return the share who buy again at score 5, from that at score 4 (施乐:5分比4分多6倍).

    Parameters
    ----------
    repurchase : number, array or Series of shape (n,), or str
        Share of the customers with score 4 who buy again, from 0 to 1; or a column.
    kind : {"odds", "probability", "defection"}
        What is six times as large: the odds to buy again, the share who buy again, or, the
        other way round, the share who do not.
    factor : float, optional
        How many times, above 0; the published 6 (figure B15) by default.
    data : pandas, polars or pyarrow table, optional
        Table with the column.
    missing : {"raise", "drop"}
        What to do with missing values.

    Returns
    -------
    float, ndarray or Series
        Shares from 0 to 1, as they came.

    Raises
    ------
    DataError
        If a share is missing or not from 0 to 1, or with "probability" a share at score 5
        would be above 1: with the factor 6, if more than 1/6 buy again at score 4.
    OptionError
        If ``kind`` is not one of its choices, or ``factor`` is not above 0.

    Notes
    -----
    odds: f p / (1 - p + f p); probability: f p; defection: 1 - (1 - p) / f. The sentence says
    only that customers with score 5 are six times more likely to repurchase [1]_, not what
    likely is counted in. In the Chinese text 多6倍, taken literally, is 7 times. With a factor
    below 1 the reading "defection" may fall below 0, which is an error as well.

    References
    ----------
    .. [1] Jones, T. O., & Sasser, W. E. (1995). Why satisfied customers defect. Harvard
       Business Review, 73(6), 88-99.

    Examples
    --------
    0.825, the middle of the printed retention at score 4, are odds of 33 to 7; six times that
    is 198 to 7, or 0.966, within the 0.92 to 0.97 printed for score 5:

    >>> from loyaltymodel import evidence
    >>> round(evidence.xerox(0.825), 3), round(198 / 205, 3)
    (0.966, 0.966)
    >>> round(evidence.xerox(0.10, kind="probability"), 3)
    0.6
    >>> round(evidence.xerox(0.825, kind="defection"), 3)
    0.971
    """
    check_choice("kind", kind, Ratio)
    times = get("B15")[0].low if factor is None else factor
    check_positive("factor", times)
    given = {"repurchase": repurchase}
    found = read_variables(
        given, data=data, bounds={"repurchase": _SHARE}, flags=(), missing=missing
    )
    p = np.asarray(found["repurchase"], dtype=np.float64)
    f = float(times)  # type: ignore[arg-type]
    if kind == "odds":
        top = f * p / (1 - p + f * p)
    else:
        top = f * p if kind == "probability" else 1 - (1 - p) / f
    outside = exceeds(top, 1.0) | exceeds(0.0, top, size=1.0)
    if outside.any():
        first = int(np.argmax(outside))
        raise DataError(
            f"kind={kind!r} with factor {f:g} takes {p[first]:g} at score 4 to {top[first]:g} at "
            'score 5, which is no share; kind="odds" is possible for every share'
        )
    return as_given(given.values(), found.labels, np.clip(top, 0.0, 1.0), name="repurchase")


@checked
def heskett_zone(
    satisfaction: object,
    *,
    scale: tuple[float, float] = (1, 5),
    cuts: tuple[float, float] = (3, 4),
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return the zone of each customer: defection, indifference or affection (变节区).

    Parameters
    ----------
    satisfaction : number, array or Series of shape (n,), or str
        Satisfaction in the units of ``scale``; or the name of a column of ``data``.
    scale : pair of numbers
        Lowest and highest possible answer.
    cuts : pair of numbers
        Where indifference begins and where it ends, in the units of ``scale``. The default is
        read from a figure and belongs to a scale from 1 to 5.
    data : pandas, polars or pyarrow table, optional
        Table with the column.
    missing : {"raise", "drop"}
        What to do with missing values.

    Returns
    -------
    str, ndarray or Series of str
        "defection" below the first cut, "affection" above the second, and "indifference"
        between them, both cuts included; as the variable came.

    Raises
    ------
    DataError
        If an answer is missing or off the scale.
    OptionError
        If the scale is no pair, or the cuts are not two rising numbers within it.

    See Also
    --------
    heskett_zones : The zones as a table.

    Notes
    -----
    The zones are those of a figure in [1]_, from which the borders were read, roughly. Whole
    answers from 1 to 5 fall into {1, 2}, {3, 4} and {5}. These are not the zones of a fitted
    curve, whose border is where it becomes steep.

    References
    ----------
    .. [1] Heskett, J. L., Jones, T. O., Loveman, G. W., Sasser, W. E., & Schlesinger, L. A.
       (1994). Putting the service-profit chain to work. Harvard Business Review, 72(2),
       164-174.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> evidence.heskett_zone([1, 2, 3, 4, 4.5, 5]).tolist()
    ['defection', 'defection', 'indifference', 'indifference', 'affection', 'affection']
    """
    lowest, highest = check_pair(scale)
    first, second = _rising("cuts", cuts, lowest, highest)
    given = {"satisfaction": satisfaction}
    bounds = {"satisfaction": (lowest, highest)}
    found = read_variables(given, data=data, bounds=bounds, flags=(), missing=missing)
    s = found["satisfaction"]
    zones = np.array(["defection", "indifference", "affection"])
    size = max(abs(lowest), abs(highest))
    place = reaches(s, first, size=size).astype(np.intp) + exceeds(s, second, size=size)
    return as_given(given.values(), found.labels, zones[place], name="zone")


def heskett_zones() -> pd.DataFrame:
    """Return the three zones of satisfaction, as read from the published figure (变节区).

    Returns
    -------
    DataFrame
        A row a zone: ``zone``, ``chinese``, ``satisfaction`` on a scale from 1 to 5 and
        ``loyalty`` in percent, both as text, and ``status``, which is the same for all: the
        numbers are read from a figure and roughly so.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> zones = evidence.heskett_zones()
    >>> print(zones[["zone", "satisfaction", "loyalty", "status"]].to_string(index=False))
            zone satisfaction  loyalty           status
       defection      below 3 below 40 read from figure
    indifference       3 to 4 40 to 80 read from figure
       affection      above 4 above 80 read from figure
    """
    rows = [
        ("defection", "变节区", "below 3", "below 40"),
        ("indifference", "无差异区", "3 to 4", "40 to 80"),
        ("affection", "情感区", "above 4", "above 80"),
    ]
    frame = pd.DataFrame(rows, columns=["zone", "chinese", "satisfaction", "loyalty"])
    return frame.assign(status="read from figure")


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
