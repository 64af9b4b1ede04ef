"""What the matrix of customers is for: who may leave, when to look, and how good a share is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import (
    check_choice,
    count_of,
    enumerate_names,
)
from loyaltymodel._core.scales import Pair, check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import BELOW_ONE, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser.people.advice import Classifier, advice_on
from loyaltymodel.jones_sasser.people.textbook import textbook_segments, zone_limit_of

if TYPE_CHECKING:
    from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve

WarningOrder = Literal["value_at_stake", "risk"]

_LISTED = ("hostage", "mercenary")
_CLASSIFIERS: tuple[Classifier, ...] = ("jones_sasser", "textbook")


@checked
@takes_codebook("satisfaction", also=("constraint",))
def early_warning(
    curve: LoyaltyCurve,
    satisfaction: Variable,
    *,
    constraint: Variable,
    value: Variable,
    data: Data | None = None,
    scale: Pair | Codebook = (0.0, 1.0),
    segments: Variable | None = None,
    by: WarningOrder = "value_at_stake",
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return hostages and mercenaries with what is at stake, the largest first (预警名单).

    The risk of a hostage is the false loyalty: the loyalty that goes when the constraint goes.
    The risk of a mercenary is the probability to leave as things are, 1 - L. So the first is a
    risk under a condition, and the second a risk within the period of the curve.

    Parameters
    ----------
    curve : LoyaltyCurve
        Loyalty by satisfaction and constraint.
    satisfaction : Series, array of shape (n,) or str
        Scores of each customer, or the name of a column of ``data``.
    constraint : float, Series, array of shape (n,) or str
        How strongly each customer is bound, from 0 to below 1; a number stands for everybody.
    value : float, Series, array of shape (n,) or str
        What each customer is worth, in money per period, 0 or more; the same unit for everybody.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, or Codebook
        Lowest and highest possible score; the curve begins at the one and ends at the other. Or the
        codebook that the answers are read by.
    segments : DataFrame or Series, optional
        Segments of the same customers, as :func:`segments` or :func:`textbook_segments` returns
        them beside its result, or that table's column ``segment``; without it, those of
        :func:`textbook_segments` with its defaults.
    by : {"value_at_stake", "risk"}
        What to sort by; the other one decides between equals.
    missing : {"raise", "drop"}
        What to do with customers of whom a value is missing.

    Returns
    -------
    DataFrame
        A row a hostage or mercenary, with the customer's label: ``segment``, ``satisfaction`` (as
        given), ``constraint``, ``loyalty`` (0 to 1), ``risk`` (0 to 1), ``value`` and
        ``value_at_stake`` (both in money per period).

    Raises
    ------
    DataError
        If a value is missing, a score is off its scale, a constraint is not from 0 to below 1,
        a value is negative, or ``segments`` are of other customers.
    OptionError
        If ``curve`` is no curve, ``by`` is not one of its choices, or ``segments`` are no such
        table, or sorted by ``matrix="satisfied_loyal"``, which has no hostages.

    Notes
    -----
    value at stake = value * risk, with risk c (1 - g(s)) for a hostage and
    (1 - c) (1 - g(s)) for a mercenary.

    Examples
    --------
    With g(s) = s^2, a hostage at s = 0.3 held by c = 0.8 has a false loyalty of
    0.8 * (1 - 0.09) = 0.728; a free mercenary at the same satisfaction leaves with probability
    0.91. A hostage who pays 100 has more at stake than a mercenary who pays 50:

    >>> import pandas as pd
    >>> from loyaltymodel import jones_sasser
    >>> curve = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
    >>> people = pd.DataFrame(
    ...     {"s": [0.9, 0.3, 0.3], "c": [0.0, 0.0, 0.8], "pays": [80.0, 50.0, 100.0]},
    ...     index=["Ann", "Bo", "Chen"],
    ... )
    >>> jones_sasser.early_warning(
    ...     curve, "s", constraint="c", value="pays", data=people
    ... )[["segment", "risk", "value_at_stake"]]
            segment   risk  value_at_stake
    Chen    hostage  0.728            72.8
    Bo    mercenary  0.910            45.5
    """
    check_choice("by", by, WarningOrder)
    zone_limit_of(curve)
    lowest, highest = check_pair(scale)
    given = {"satisfaction": satisfaction, "constraint": constraint, "value": value}
    bounds = {
        "satisfaction": (lowest, highest),
        "constraint": (0.0, BELOW_ONE),
        "value": (0.0, np.inf),
    }
    read = read_variables(given, data=data, bounds=bounds, flags=(), missing=missing)
    x = np.asarray(read["satisfaction"], dtype=np.float64)
    c = np.asarray(read["constraint"], dtype=np.float64)
    worth = np.asarray(read["value"], dtype=np.float64)
    if segments is None:
        _, segments = textbook_segments(curve, x, constraint=c, scale=(lowest, highest))
        names = segments["segment"].to_numpy(dtype=object)
    else:
        names = _segment_of_each(segments, read.labels)
    share = (x - lowest) / (highest - lowest)
    loyalty = np.asarray(curve.loyalty(share, constraint=c))
    risk = np.where(
        names == "hostage", np.asarray(curve.false_loyalty(share, constraint=c)), 1 - loyalty
    )
    table = pd.DataFrame(
        {
            "segment": names,
            "satisfaction": x,
            "constraint": c,
            "loyalty": loyalty,
            "risk": risk,
            "value": worth,
            "value_at_stake": worth * risk,
        },
        index=read.labels,
    )
    table = table[table["segment"].isin(_LISTED)]
    order = ["value_at_stake", "risk"] if by == "value_at_stake" else ["risk", "value_at_stake"]
    return table.sort_values(order, ascending=False, kind="stable")


def _segment_of_each(segments: object, labels: pd.Index) -> npt.NDArray[np.object_]:
    """Return the segment of each customer, of a classifier that has hostages and mercenaries."""
    column = segments
    if isinstance(segments, pd.DataFrame):
        column = segments.get("segment")
    if not isinstance(column, pd.Series):
        raise OptionError(
            f"segments is a {type(segments).__name__} without segments; give the table of "
            "customers that segments() or textbook_segments() returns beside its result"
        )
    names = column.to_numpy(dtype=object)
    known = {name for classifier in _CLASSIFIERS for name in advice_on(classifier)["segment"]}
    if unknown := [name for name in pd.unique(names) if name not in known]:
        raise OptionError(
            f"segments has {enumerate_names(map(repr, unknown))}, of a classifier that has "
            "neither hostages nor mercenaries; make them by segments() or textbook_segments()"
        )
    if not column.index.equals(labels):
        raise DataError(
            f"segments are of {count_of(len(column), 'customer')} with other labels than the "
            f"{count_of(len(labels), 'row')} of satisfaction; sort the same rows in the same "
            "order, with the same customers left out"
        )
    return names
