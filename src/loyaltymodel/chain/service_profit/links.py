"""The service profit chain: its links, how strong each is, and which routes they make."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing, column_names, without_repeated
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import enumerate_names, repeated, suggest
from loyaltymodel._core.signature import checked
from loyaltymodel._core.spread import check_spread, correlate
from loyaltymodel._core.variables import read_variables
from loyaltymodel.chain.service_profit.kernels import total_effects
from loyaltymodel.errors import DataError, OptionError

LEAST = 5  # units
CONSTRUCTS = (
    "internal_service_quality",
    "employee_satisfaction",
    "employee_retention",
    "employee_productivity",
    "external_service_value",
    "customer_satisfaction",
    "customer_loyalty",
    "revenue_growth",
    "profitability",
)
LINKS = (
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


@checked
def service_profit_chain(
    columns: Mapping[str, str] | None = None,
    *,
    data: Data | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return how strong each link of the service profit chain is in a table (服务利润链).

    Parameters
    ----------
    columns : mapping from str to str, optional
        Column of each construct that was measured, by the names of
        ``evidence.catalogue("service_profit_constructs")``. Without it every column named like a
        construct is used.
    data : pandas, polars or pyarrow table
        A row a unit, such as a branch or a shop: employees and customers of one unit meet,
        and its profit is known.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" a link uses the units that have both its ends.

    Returns
    -------
    DataFrame
        A row a link: ``source``, ``target``, ``n_obs``, ``estimate`` (Pearson's correlation),
        ``ci_low`` and ``ci_high``. A link whose ends are not both measured has NaN and 0.

    Raises
    ------
    DataError
        If there is no table, a column is absent, has missing or infinite values or does not
        vary, or a link has fewer than 5 units.
    OptionError
        If ``columns`` names a construct that the chain does not have, or one column twice, or
        no link has both its ends.

    See Also
    --------
    service_profit_paths : Regressions of the links, and effects along the chain.

    Notes
    -----
    The chain of [1]_ and [2]_: a good place to work makes employees satisfied, satisfied
    employees stay and get more done, that makes the service valuable to customers, value
    satisfies them, satisfied customers are loyal, and loyalty brings growth and profit. The
    catalogue has its links with their sources, ``evidence.catalogue("service_profit_links")``.

    Intervals are by Fisher's z, as those of :func:`association`. A chain of correlations
    is no proof of a chain of causes: units differ in much else, such as size and place. With
    few units the intervals are wide, and that is the usual case.

    References
    ----------
    .. [1] Heskett, J. L., Jones, T. O., Loveman, G. W., Sasser, W. E., & Schlesinger, L. A.
       (1994). Putting the service-profit chain to work. Harvard Business Review, 72(2),
       164-174.
    .. [2] Heskett, J. L., Sasser, W. E., & Schlesinger, L. A. (1997). The service profit chain.
       Free Press.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import chain
    >>> branches = pd.DataFrame(
    ...     {
    ...         "customer_satisfaction": [70, 75, 80, 72, 78, 74],
    ...         "customer_loyalty": [60, 66, 70, 65, 66, 61],
    ...     }
    ... )
    >>> chain = chain.service_profit_chain(data=branches)
    >>> chain.loc[chain["n_obs"] > 0, ["source", "target", "estimate"]].round(2)
                      source            target  estimate
    6  customer_satisfaction  customer_loyalty      0.83
    """
    check_level(level)
    named = find_columns(data, columns)
    if not any(source in named and target in named for source, target in LINKS):
        raise OptionError(no_link())
    rows, n_obs = np.full((len(LINKS), 3), np.nan), np.zeros(len(LINKS), dtype=np.intp)
    for k, (source, target) in enumerate(LINKS):
        if source not in named or target not in named:
            continue
        given = {source: named[source], target: named[target]}
        found = read_variables(given, data=data, missing=missing)
        ends = [np.asarray(found[end], dtype=np.float64) for end in given]
        check_spread(given, ends, least=LEAST, unit="unit")
        rows[k] = correlate(*ends, kind="pearson", level=level)
        n_obs[k] = found.n_rows
    estimate, low, high = rows.T
    sources, targets = zip(*LINKS, strict=True)
    frame = EstimateTable(
        labels=FrozenMapping({"source": sources, "target": targets}),
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        level=level,
        method="Fisher z",
    ).frame()
    frame.insert(2, "n_obs", n_obs)
    return frame


def pairs() -> list[tuple[str, str, int]]:
    """List source, target and number of routes of every pair that the chain joins."""
    routes, names = _routes(CONSTRUCTS), list(CONSTRUCTS)
    return [(names[k], names[m], int(routes[k, m])) for k, m in np.argwhere(routes > 0).tolist()]


def measured_routes(measured: Collection[str]) -> IntArray:
    """Count the routes of each pair over constructs that were measured alone."""
    routes, names = _routes(measured), list(CONSTRUCTS)
    return np.array([routes[names.index(source), names.index(end)] for source, end, _ in pairs()])


def _routes(measured: Collection[str]) -> IntArray:
    """Count the routes (9, 9) from each construct to each, over those that were measured."""
    names = list(CONSTRUCTS)
    links = np.zeros((1, len(names), len(names)))
    for source, target in LINKS:
        if source in measured and target in measured:
            links[0, names.index(source), names.index(target)] = 1.0
    routes: IntArray = total_effects(links)[0].astype(np.intp)
    return routes


def find_columns(data: object, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Find the column of each construct that was measured, in the order of the chain."""
    if columns is None:
        present = set(column_names(data))
        times = without_repeated(data)[1]
        if twice := [name for name in CONSTRUCTS if times[name] > 1]:
            raise DataError(
                f"there is more than one column named {enumerate_names(twice)}; rename or drop "
                "the copies"
            )
        return {name: name for name in CONSTRUCTS if name in present}
    if not isinstance(columns, Mapping) or not all(isinstance(c, str) for c in columns.values()):
        raise OptionError(
            f"columns={columns!r} must be a mapping from construct to the name of its column, "
            f'such as {{{LINKS[6][0]!r}: "Q1"}}'
        )
    for name in columns:
        if name not in CONSTRUCTS:
            raise OptionError(
                f"columns names {name!r}{suggest(name, CONSTRUCTS)}, which the chain "
                f"does not have; it has {enumerate_names(CONSTRUCTS, most=len(CONSTRUCTS))}"
            )
    if twice := repeated(columns.values()):
        shared = [name for name, column in columns.items() if column == twice[0]]
        raise OptionError(
            f"columns gives {twice[0]!r} to {' and '.join(shared)}, but what goes with itself is "
            "no link; give each construct a column of its own, or leave one out"
        )
    return {name: columns[name] for name in CONSTRUCTS if name in columns}


def no_link() -> str:
    """Say that no link has both its ends, and the way out."""
    return (
        "no link of the chain has both its ends; name the columns by "
        f"columns={{construct: column}}, with constructs such as {LINKS[6][0]!r} and "
        f"{LINKS[6][1]!r}"
    )
