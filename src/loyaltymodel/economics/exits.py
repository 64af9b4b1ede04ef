"""Loyalty in daily practice: levels, indicators, core customers, and why customers leave."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds, reaches
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, enumerate_names, is_number, shown
from loyaltymodel._core.scales import by_variable, check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import Variables, read_variables
from loyaltymodel.errors import DataError, OptionError

Pair = tuple[float, float]
PracticalKind = Literal["concern", "selection_time"]

_LEAST_TO_RANK = 2


@checked
def loyalty_level(
    very_satisfied: object,
    continues: object,
    recommends: object,
    *,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return the level of each loyal customer, 0 to 3 (忠诚客户的层次).

    Level 1 is very satisfied, level 2 continues as well, level 3, the highest, recommends too.
    As with the phases a level counts only on top of those below it: who recommends without
    being very satisfied is at level 0.

    Parameters
    ----------
    very_satisfied, continues, recommends : bool, Series, array of shape (n,) or str
        1 or True where it holds, 0 or False where not; or names of columns of ``data``.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    int, array or Series
        The level, in the shape in which ``very_satisfied`` came.

    Raises
    ------
    DataError
        If values are missing, neither 0 nor 1, or of different lengths.
    OptionError
        If ``missing`` is not one of its choices.

    See Also
    --------
    loyalty_levels : The levels with their strategies.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.loyalty_level(
    ...     very_satisfied=[1, 1, 1, 0], continues=[1, 1, 0, 1], recommends=[1, 0, 0, 1]
    ... ).tolist()
    [3, 2, 1, 0]
    """
    given = {"very_satisfied": very_satisfied, "continues": continues, "recommends": recommends}
    bounds = dict.fromkeys(given, (0.0, 1.0))
    variables = read_variables(given, data=data, bounds=bounds, missing=missing)
    columns = np.column_stack([np.asarray(variables[name], np.float64) for name in given])
    for name, column in zip(given, columns.T, strict=True):
        if not np.isin(column, (0, 1)).all():
            raise DataError(f"{name} must be 0 or 1; say from which answer on it holds")
    levels = np.cumprod(columns, axis=1).sum(axis=1).astype(np.intp)
    return _as_given(very_satisfied, variables, levels, "level")


@checked
def practical_indicator(
    values: object,
    kind: PracticalKind,
    *,
    data: object = None,
    scale: Pair | None = None,
    missing: Missing = "raise",
) -> Any:
    """Return a practical indicator of loyalty as points from 0 to 100 (关心程度、挑选时间).

    The more a customer concerns himself with the brand, the more loyal he is taken to be; the
    longer he takes to choose, the less.

    Parameters
    ----------
    values : Series, array of shape (n,) or str
        How much a customer concerns himself with the brand, such as visits per month, bought
        or not; or the time that he takes to choose, in any one unit.
    kind : {"concern", "selection_time"}
        Which of the two; the second counts the other way round.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, optional
        Values that count as lowest and highest. Without it points are ranks among the
        customers at hand, equal values sharing theirs; they cannot be compared between samples.
    missing : {"raise", "drop"}
        What to do with missing values: an error, or leave them out.

    Returns
    -------
    float, array or Series
        Points from 0 to 100, high for loyalty, in the shape of ``values``.

    Raises
    ------
    DataError
        If values are missing, negative or outside the scale, or there is only one and no scale.
    OptionError
        If an option is not one of its choices.

    Notes
    -----
    Both are rules of a teaching text, from a list whose other entries are lost. Concern is not
    the number of purchases. A short time may also be habit, or lack of choice.

    Examples
    --------
    Five minutes on a scale from 0 to 20 are a quarter of it, so 75 points:

    >>> from loyaltymodel import economics
    >>> economics.practical_indicator([5, 20], "selection_time", scale=(0, 20)).tolist()
    [75.0, 0.0]
    >>> economics.practical_indicator([3, 9], "concern").tolist()
    [25.0, 75.0]
    """
    check_choice("kind", kind, PracticalKind)
    bounds: Pair = (0.0, np.inf)
    if scale is not None:
        bounds = check_pair(scale)
    variables = read_variables({kind: values}, data=data, bounds={kind: bounds}, missing=missing)
    x = np.asarray(variables[kind], dtype=np.float64)
    if scale is not None:
        share = (x - bounds[0]) / (bounds[1] - bounds[0])
    else:
        if len(x) < _LEAST_TO_RANK:
            raise DataError("one value has no rank; give the scale, such as scale=(0, 30)")
        share = (pd.Series(x).rank().to_numpy() - 0.5) / len(x)
    points = 100 * (share if kind == "concern" else 1 - share)
    return _as_given(values, variables, points, kind)


@checked
def core_customers(
    preference: object,
    profit: object,
    value: object,
    *,
    cuts: Mapping[str, float],
    data: object = None,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return who is a core customer: prefers us, brings a profit and is of high value (核心顾客).

    Parameters
    ----------
    preference : Series, array of shape (n,) or str
        How much a customer prefers us, on any scale that rises.
    profit : Series, array of shape (n,) or str
        What a customer earns us per period, in money; may be negative.
    value : Series, array of shape (n,) or str
        What a customer is worth, such as expected purchases or a lifetime value, in money.
    cuts : mapping from str to float
        From which "preference" and "value" on a customer counts as preferring and as valuable,
        and above which "profit" as profitable, by default 0. The texts give no limits; these
        are yours.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    DataFrame
        Columns ``preferring``, ``profitable``, ``valuable`` and ``core`` (all three), True or
        False, with the labels of the rows.

    Raises
    ------
    DataError
        If values are missing, not numeric or of different lengths.
    OptionError
        If a cut-off is absent or not a finite number, or ``missing`` is not one of its
        choices.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.core_customers(
    ...     [9, 9, 3], [40, -5, 60], [900, 800, 950], cuts={"preference": 7, "value": 500}
    ... )["core"].tolist()
    [True, False, False]
    """
    if not isinstance(cuts, Mapping):
        raise OptionError(
            f"cuts={shown(cuts)} does not say what it cuts; give a mapping such as "
            "{'preference': 7, 'value': 500}"
        )
    limits = by_variable("cuts", cuts, {"preference": None, "value": None, "profit": 0.0})
    for name, limit in limits.items():
        if not is_number(limit) or not np.isfinite(limit):
            raise OptionError(
                f"cuts[{name!r}]={shown(limit)} must be a finite number in the unit of its values"
            )
    given = {"preference": preference, "profit": profit, "value": value}
    variables = read_variables(given, data=data, missing=missing)
    frame = pd.DataFrame(
        {
            "preferring": reaches(variables["preference"], limits["preference"]),
            "profitable": exceeds(variables["profit"], limits["profit"]),
            "valuable": reaches(variables["value"], limits["value"]),
        },
        index=variables.labels,
    )
    return frame.assign(core=frame.all(axis=1))


@checked
def exit_reasons(
    reason: object,
    *,
    value: object = None,
    data: object = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return why customers left, the weightiest reason first (顾客退出管理).

    Parameters
    ----------
    reason : Series, array of shape (n,) or str
        The reason of each customer who left, as a text or a code.
    value : Series, array of shape (n,) or str, optional
        What each was worth per period, in money, none negative; then reasons are ordered by
        the value lost.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    level : float
        Confidence level of the intervals, between 0 and 1.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    DataFrame
        A row a reason: ``reason``, ``n_obs`` (exits), ``estimate`` (their share) with
        ``ci_low`` and ``ci_high`` (Wilson), ``value_lost`` and ``value_share`` if values are
        given, and ``cumulative``, the share of exits, or of the value, down to this reason.

    Raises
    ------
    DataError
        If values are missing, negative or of different lengths.
    OptionError
        If an option is not one of its choices.

    See Also
    --------
    win_back_list : Whom to ask first to come back.

    Notes
    -----
    What defectors say is learnt from those who answer; the others may have left for other
    reasons. That a firm can learn from defectors is argued by Reichheld and Sasser [1]_.

    References
    ----------
    .. [1] Reichheld, F. F., & Sasser, W. E. (1990). Zero defections: quality comes to services.
       Harvard Business Review, 68(5), 105-111.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.exit_reasons(
    ...     ["price", "service", "price", "moved"], value=[10, 50, 20, 20]
    ... )[["reason", "n_obs", "value_lost", "cumulative"]]
        reason  n_obs  value_lost  cumulative
    0  service      1        50.0         0.5
    1    price      2        30.0         0.8
    2    moved      1        20.0         1.0
    """
    check_level(level)
    given: dict[str, object] = {"reason": reason}
    if value is not None:
        given["value"] = value
    variables = read_variables(
        given,
        data=data,
        bounds={"value": (0.0, np.inf)},
        categories=["reason"],
        missing=missing,
    )
    codes, names = variables.codes("reason")
    exits = np.bincount(codes, minlength=len(names))
    share = exits / exits.sum()
    total = np.full(len(share), exits.sum())
    frame = EstimateTable.wilson({"reason": names}, share, total, level=level).frame()
    frame.insert(1, "n_obs", exits)
    if value is None:
        weight = share
    else:
        lost = np.bincount(codes, np.asarray(variables["value"], np.float64), len(names))
        if not lost.sum() > 0:
            raise DataError("the value lost is 0 in all; leave value out to count exits")
        weight = lost / lost.sum()
        frame = frame.assign(value_lost=lost, value_share=weight)
    order = np.argsort(-weight, kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)
    return frame.assign(cumulative=np.cumsum(weight[order]))


@checked
def win_back_list(
    reason: object,
    value: object,
    *,
    mendable: Collection[Hashable],
    data: object = None,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return whom to ask to come back: left for a reason that can be mended, best first.

    Parameters
    ----------
    reason : Series, array of shape (n,) or str
        The reason of each customer who left.
    value : Series, array of shape (n,) or str
        What each was worth per period, in money.
    mendable : collection
        The reasons that the firm can do something about; who moved away is not won back.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    DataFrame
        ``reason`` and ``value`` of those to ask, by falling value, with the labels of the rows.

    Raises
    ------
    DataError
        If values are missing or not numeric, or nobody gave one of the mendable reasons.
    OptionError
        If ``mendable`` is one text, or ``missing`` is not one of its choices.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import economics
    >>> exits = pd.DataFrame(
    ...     {"why": ["price", "service", "moved"], "worth": [10, 50, 90]},
    ...     index=["Li", "Wang", "Chen"],
    ... )
    >>> economics.win_back_list("why", "worth", mendable=["price", "service"], data=exits)
           reason  value
    Wang  service   50.0
    Li      price   10.0
    """
    if isinstance(mendable, str):
        raise OptionError(f"mendable={mendable!r} is one text; give a list of reasons")
    variables = read_variables(
        {"reason": reason, "value": value}, data=data, categories=["reason"], missing=missing
    )
    codes, names = variables.codes("reason")
    wanted = np.array([name in mendable for name in names])
    if not wanted.any():
        raise DataError(
            f"nobody left for {enumerate_names(map(repr, mendable))}; the reasons given are "
            f"{enumerate_names(map(repr, names), most=12)}"
        )
    frame = pd.DataFrame(
        {
            "reason": variables["reason"],
            "value": np.asarray(variables["value"], dtype=np.float64),
        },
        index=variables.labels,
    )
    return frame[wanted[codes]].sort_values("value", ascending=False, kind="stable")


def _as_given(
    template: object, variables: Variables, values: FloatArray | npt.NDArray[Any], name: str
) -> Any:
    """Return values as the template came, without the rows that were left out."""
    if isinstance(template, (str, pd.Series)):
        return pd.Series(values, index=variables.labels, name=name)
    return values[0].item() if np.ndim(template) == 0 and len(values) == 1 else values  # type: ignore[arg-type]
