"""The service profit chain: its links as data, and how strong each is in data of one's own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from loyaltymodel._frames import Missing, column_names
from loyaltymodel._intervals import check_level
from loyaltymodel._options import enumerate_names, suggest
from loyaltymodel._variables import read_variables
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.links.association import check_spread, correlate

_LEAST = 5
_CONSTRUCTS = {
    "internal_service_quality": "内部服务质量",
    "employee_satisfaction": "员工满意",
    "employee_retention": "员工保留",
    "employee_productivity": "员工生产率",
    "external_service_value": "外部服务价值",
    "customer_satisfaction": "顾客满意",
    "customer_loyalty": "顾客忠诚",
    "revenue_growth": "收入增长",
    "profitability": "赢利能力",
}
_LINKS = (
    ("internal_service_quality", "employee_satisfaction"),
    ("employee_satisfaction", "employee_retention"),
    ("employee_satisfaction", "employee_productivity"),
    ("employee_retention", "external_service_value"),
    ("employee_productivity", "external_service_value"),
    ("external_service_value", "customer_satisfaction"),
    ("customer_satisfaction", "customer_loyalty"),
    ("customer_loyalty", "revenue_growth"),
    ("customer_loyalty", "profitability"),
)
_REFERENCE = "Heskett et al. 1994; Heskett, Sasser & Schlesinger 1997"


def service_profit_links() -> pd.DataFrame:
    """Return the links of the service profit chain in their order (服务利润链).

    Returns
    -------
    DataFrame
        A row a link: ``source``, ``target``, their Chinese names, and ``reference``.

    Notes
    -----
    The chain of [1]_ and [2]_: a good place to work makes employees satisfied, satisfied
    employees stay and get more done, that makes the service valuable to customers, value
    satisfies them, satisfied customers are loyal, and loyalty brings growth and profit. The
    teaching text states one of the links: satisfaction leads directly to loyalty.

    References
    ----------
    .. [1] Heskett, J. L., Jones, T. O., Loveman, G. W., Sasser, W. E., & Schlesinger, L. A.
       (1994). Putting the service-profit chain to work. Harvard Business Review, 72(2),
       164-174.
    .. [2] Heskett, J. L., Sasser, W. E., & Schlesinger, L. A. (1997). The service profit chain.
       Free Press.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> links = jones_sasser.service_profit_links()
    >>> links.loc[6, ["source", "target"]].tolist()
    ['customer_satisfaction', 'customer_loyalty']
    """
    rows = [(*link, *(_CONSTRUCTS[end] for end in link), _REFERENCE) for link in _LINKS]
    columns = ["source", "target", "source_chinese", "target_chinese", "reference"]
    return pd.DataFrame(rows, columns=columns)


def service_profit_chain(
    data: object,
    *,
    columns: Mapping[str, str] | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return how strong each link of the service profit chain is in a table (服务利润链).

    Parameters
    ----------
    data : pandas, polars or pyarrow table
        A row a unit, such as a branch or a shop: employees and customers of one unit meet,
        and its profit is known.
    columns : mapping from str to str, optional
        Column of each construct of :func:`service_profit_links` that was measured. Without it
        every column named like a construct is used.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" a link uses the units that have both its ends.

    Returns
    -------
    DataFrame
        A row a link: ``source``, ``target``, ``correlation`` (Pearson), ``ci_low``,
        ``ci_high`` and ``n_obs``. A link whose ends are not both measured has NaN and 0.

    Raises
    ------
    DataError
        If a column is absent, has missing or infinite values or does not vary, or a link has
        fewer than 5 units.
    OptionError
        If ``columns`` names a construct that the chain does not have, or no link has both its
        ends.

    Notes
    -----
    Intervals are by Fisher's z, as those of :func:`association`. A chain of correlations
    is no proof of a chain of causes: units differ in much else, such as size and place. With
    few units the intervals are wide, and that is the usual case.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import jones_sasser
    >>> branches = pd.DataFrame(
    ...     {
    ...         "customer_satisfaction": [70, 75, 80, 72, 78, 74],
    ...         "customer_loyalty": [60, 66, 70, 65, 66, 61],
    ...     }
    ... )
    >>> chain = jones_sasser.service_profit_chain(branches)
    >>> chain.loc[chain["n_obs"] > 0, ["source", "target", "correlation"]].round(2)
                      source            target  correlation
    6  customer_satisfaction  customer_loyalty         0.83
    """
    check_level(level)
    named = _named(data, columns)
    rows = []
    for source, target in _LINKS:
        if source not in named or target not in named:
            rows.append((source, target, np.nan, np.nan, np.nan, 0))
            continue
        given = {source: named[source], target: named[target]}
        found = read_variables(given, data=data, missing=missing)
        ends = [np.asarray(found[end], dtype=np.float64) for end in given]
        check_spread(given, ends, least=_LEAST)
        r = correlate(*ends, kind="pearson", level=level)
        rows.append((source, target, r.value, r.ci_low, r.ci_high, found.n_rows))
    names = ["source", "target", "correlation", "ci_low", "ci_high", "n_obs"]
    return pd.DataFrame(rows, columns=names)


def _named(data: object, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Find the column of each construct that was measured."""
    if columns is None:
        present = set(column_names(data))
        named = {name: name for name in _CONSTRUCTS if name in present}
    else:
        named = dict(columns)
        unknown = [name for name in named if name not in _CONSTRUCTS]
        if unknown:
            raise OptionError(
                f"columns names {unknown[0]!r}{suggest(unknown[0], _CONSTRUCTS)}, which the chain "
                f"does not have; it has {enumerate_names(_CONSTRUCTS, most=len(_CONSTRUCTS))}"
            )
    if not any(source in named and target in named for source, target in _LINKS):
        raise OptionError(
            "no link of the chain has both its ends; name the columns by "
            f"columns={{construct: column}}, with constructs such as {_LINKS[6][0]!r} and "
            f"{_LINKS[6][1]!r}"
        )
    return named
