"""What binds a customer besides satisfaction: single constraints, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_between
from loyaltymodel._core.scales import by_variable
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import (
    BELOW_ONE,
    Variables,
    as_given,
    read_variables,
    several_variables,
)
from loyaltymodel.errors import DataError

_HALF = 0.5


@checked
def combined_constraint(
    strengths: object, *, data: object = None, missing: Missing = "raise"
) -> Any:
    """Return how strongly a customer is bound by all constraints together (约束).

    Parameters
    ----------
    strengths : mapping, table or sequence of str
        Strength of each constraint, 0 or more and below 1: a mapping from its name to a
        number, array, Series or column of ``data``, a table, or names of columns. The names
        are free; :func:`constraint_sources` lists the usual four. A single number stands for
        every customer.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with missing strengths.

    Returns
    -------
    float, ndarray or Series
        The constraint c, 0 or more and below 1, as the strengths came.

    Raises
    ------
    DataError
        If a strength is missing, negative, or 1 or more, if all together are so close to 1
        that they cannot be told from it, if the lengths differ, or if there is no constraint.
    OptionError
        If ``missing`` is not one of its choices.

    See Also
    --------
    constraint_without_each : What is left when one constraint goes.

    Notes
    -----
    c = 1 - (1 - strength_1) ... (1 - strength_K): the chance that at least one constraint
    holds, if each holds with its strength whatever the others do. Constraints that bind the
    same customers (a contract that is also a loyalty programme) are counted twice; give them as
    one. The order does not matter, and c never falls when a strength rises. The theory says
    that constraints add up to low competition, not how; this is the rule of this library.

    Examples
    --------
    A law that holds half of the customers and a technology that holds a fifth leave
    0.5 * 0.8 = 0.4 free:

    >>> from loyaltymodel import jones_sasser
    >>> round(jones_sasser.combined_constraint({"legal": 0.5, "technical": 0.2}), 6)
    0.6
    """
    given = _by_source(strengths)
    found = _read(given, data, missing)
    together = 1 - np.prod([1 - found[name] for name in given], axis=0)
    if (together >= 1).any():  # by rounding only
        first = found.labels[int(np.argmax(together >= 1))]
        raise DataError(
            f"the constraints of row {first} are together so strong that they leave nobody free "
            "in the precision of the computer; give smaller strengths"
        )
    return as_given(given.values(), found.labels, together, name="constraint")


@checked
def constraint_without_each(
    strengths: object, *, data: object = None, missing: Missing = "raise"
) -> pd.DataFrame:
    """Return the constraint that is left when one of its sources goes, for each source.

    Parameters
    ----------
    strengths : mapping, table or sequence of str
        As for :func:`combined_constraint`.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with missing strengths.

    Returns
    -------
    DataFrame
        A row a customer and a column a source: the constraint of all the others, 0 or more
        and below 1. What a source contributes is the combined constraint less this.

    Raises
    ------
    DataError
        As of :func:`combined_constraint`.
    OptionError
        As of :func:`combined_constraint`.

    Notes
    -----
    The contributions do not add up to the combined constraint: a customer whom law and
    technology both hold stays held when either goes.

    Examples
    --------
    Together 0.6; without the law only the technology's 0.2, without the technology the law's
    0.5:

    >>> from loyaltymodel import jones_sasser
    >>> jones_sasser.constraint_without_each({"legal": 0.5, "technical": 0.2})
    source  legal  technical
    0         0.2        0.5
    """
    given = _by_source(strengths)
    found = _read(given, data, missing)
    free = np.array([1 - found[name] for name in given], dtype=np.float64)
    left = [1 - np.delete(free, k, axis=0).prod(axis=0) for k in range(len(free))]
    sources = pd.Index(list(given), name="source")
    return pd.DataFrame(np.stack(left, axis=1), index=found.labels, columns=sources)


@checked
def regime(
    constraint: object,
    *,
    cuts: float | Mapping[str, float] = _HALF,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return whether a customer lives under high or low competition (高度竞争/低度竞争).

    Parameters
    ----------
    constraint : number, array or Series of shape (n,), or str
        The constraint c, 0 or more and below 1; or the name of a column of ``data``.
    cuts : float or mapping
        From this constraint on competition counts as low; above 0 and below 1, or a mapping
        from "constraint" to it. The theory gives no number; half is a convention of this
        library.
    data : pandas, polars or pyarrow table, optional
        Table with the column.
    missing : {"raise", "drop"}
        What to do with missing values.

    Returns
    -------
    str, ndarray or Series of str
        "high competition" or "low competition", as the constraint came.

    Raises
    ------
    DataError
        If a constraint is missing, negative, or 1 or more.
    OptionError
        If ``cuts`` is not between 0 and 1.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> jones_sasser.regime([0.0, 0.49, 0.5]).tolist()
    ['high competition', 'high competition', 'low competition']
    """
    cut = by_variable("cuts", cuts, {"constraint": _HALF})["constraint"]
    check_between("cuts", cut, such_as=_HALF)
    found = _read({"constraint": constraint}, data, missing)
    names = np.array(["high competition", "low competition"])
    low = reaches(found["constraint"], cut, size=1.0).astype(np.intp)
    return as_given((constraint,), found.labels, names[low], name="regime")


def constraint_sources() -> pd.DataFrame:
    """Return the usual sources of constraint, and so of false loyalty (法律与技术约束).

    Returns
    -------
    DataFrame
        A row a source: ``source`` (a name for :func:`combined_constraint`), ``meaning``,
        ``chinese`` and ``example``.

    Notes
    -----
    The four are those of [1]_. The teaching text names the first two, with the examples.

    References
    ----------
    .. [1] Jones, T. O., & Sasser, W. E. (1995). Why satisfied customers defect. Harvard
       Business Review, 73(6), 88-99.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> jones_sasser.constraint_sources()["source"].tolist()
    ['legal', 'technical', 'switching_cost', 'loyalty_programme']
    """
    rows = [
        ("legal", "regulation that limits competition", "法律约束", "a state telephone monopoly"),
        ("technical", "proprietary technology", "技术约束", "a handset of one network only"),
        ("switching_cost", "high cost of switching", "转换成本", ""),
        ("loyalty_programme", "strong programmes that promote loyalty", "忠诚计划", ""),
    ]
    return pd.DataFrame(rows, columns=["source", "meaning", "chinese", "example"])


def profit_conditions() -> pd.DataFrame:
    """Return the five conditions on which satisfaction turns into profit (满意度与企业赢利模式).

    Returns
    -------
    DataFrame
        A row a condition: ``condition``, ``chinese``, ``observe`` (what to look at),
        ``moderates`` ("loyalty": how much loyalty a point of satisfaction brings, "profit":
        how much profit) and ``how``.

    Notes
    -----
    The conditions are those of a teaching text, which calls them preliminary. What each one
    moderates, and how, is the reading of this library. The Chinese is in the words of the text
    (000:47).

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> jones_sasser.profit_conditions()[["condition", "moderates"]]
                     condition moderates
    0     customer composition    profit
    1                 openness   loyalty
    2  media and word of mouth    profit
    3                risk cost   loyalty
    4           switching cost   loyalty
    """
    rows = [
        (
            "customer composition",
            "市场的发育与成熟——客户结构:新客户和老客户的比例变化",
            "ratio of new to old customers, how mature the market is",
            "profit",
            "where old customers are many, satisfaction pays by keeping them",
        ),
        (
            "openness",
            "市场的开放性程度与客户构成",
            "how open the market is, and to whom",
            "loyalty",
            "in an open market loyalty follows satisfaction, in a closed one the constraint",
        ),
        (
            "media and word of mouth",
            "成熟的传媒,替代口碑——传播的效果与阻碍",
            "how far media have taken the place of word of mouth",
            "profit",
            "where people hear from media, what satisfied customers say brings fewer new ones",
        ),
        (
            "risk cost",
            "风险成本:进入和退出壁垒",
            "barriers to entry and exit",
            "loyalty",
            "barriers hold customers whatever their satisfaction",
        ),
        (
            "switching cost",
            "转换成本:不同规模下的反应",
            "cost of switching, by the scale of the customer",
            "loyalty",
            "a cost of switching holds customers whatever their satisfaction",
        ),
    ]
    return pd.DataFrame(rows, columns=["condition", "chinese", "observe", "moderates", "how"])


def _by_source(strengths: object) -> dict[str, object]:
    """Return the strengths of each source by its name."""
    if isinstance(strengths, pd.Series):
        raise DataError(
            "strengths is a Series, whose labels may be constraints or customers; give .to_dict() "
            "for a strength of each constraint, or {'legal': series} for that of each customer"
        )
    return several_variables("strengths", strengths)


def _read(strengths: Mapping[str, object], data: object, missing: Missing) -> Variables:
    """Read constraints, each 0 or more and below 1."""
    bounds = dict.fromkeys(strengths, (0.0, BELOW_ONE))
    return read_variables(strengths, data=data, bounds=bounds, missing=missing)
