"""Conditions on which satisfaction turns into loyalty: the slope by satisfaction under each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from loyaltymodel._core.accepted import Columns, Data, Variable
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import (
    check_choice,
    check_flag,
    count_of,
    enumerate_names,
    suggest,
)
from loyaltymodel._core.signature import checked
from loyaltymodel._core.spread import check_spread
from loyaltymodel._core.variables import codes_of, read_variables, several_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.satisfaction_loyalty.moderation.estimate import answers, fit_slopes
from loyaltymodel.satisfaction_loyalty.moderation.result import (
    EXPECTED,
    Measure,
    Outcome,
    SlopeModeration,
)

_LEAST = 5  # clusters, and more customers than terms
_RESERVED = ("satisfaction", "loyalty", "clusters")
_QUANTILES = (0.25, 0.5, 0.75)


@checked
def slope_moderation(
    satisfaction: Variable,
    loyalty: Variable,
    *,
    moderators: Columns,
    outcome: Outcome = "binary",
    measures: Measure = "loyalty",
    conditions: Mapping[str, str] | None = None,
    at: Mapping[str, Sequence[float]] | None = None,
    curved: bool = False,
    clusters: Variable | None = None,
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> SlopeModeration:
    """Return how far conditions change the slope of loyalty by satisfaction (满意度与企业赢利模式).

    Loyalty is regressed on satisfaction, the moderators, and satisfaction times each of them.
    The answer is the slope of loyalty, how much a point of satisfaction brings, where a
    condition is weak and where it is strong.

    Parameters
    ----------
    satisfaction : array or Series of shape (n,), or str
        Scores in any units, higher for more; or the name of a column of ``data``.
    loyalty : array or Series of shape (n,), or str
        1 for loyal and 0 for not with ``outcome="binary"``, else a score or an amount.
    moderators : table, mapping from str to array, Series or str, or sequence of str
        What may change the slope, by name; or names of columns of ``data``. Numbers, such as
        0 and 1 for a market that is closed or open.
    outcome : {"binary", "score"}
        Logistic regression and slopes of the probability, or linear regression.
    measures : {"loyalty", "profit"}
        What the outcome is; three of the five conditions have an expected sign for loyalty, two
        for profit.
    conditions : mapping from str to str, optional
        Which condition of ``evidence.catalogue("profit_conditions")`` a moderator is.
    at : mapping from str to sequence of float, optional
        Values of a moderator at which slopes are given, two or more within those observed. By
        default its quartiles, or both values if there are two.
    curved : bool
        Whether the square of satisfaction is a term as well.
    clusters : array or Series of shape (n,), or str, optional
        Groups of customers, such as markets, who share what is not observed.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with customers with a missing value.

    Returns
    -------
    SlopeModeration
        Slopes with intervals, cross-differences, products, joint tests, and whether the
        expected signs were found.

    Raises
    ------
    DataError
        If a value is missing or infinite, loyalty is not 0 or 1 where it should be, a variable
        does not vary, or there are too few customers or clusters.
    NotIdentifiedError
        If a term can be computed from the others, the terms separate the loyal from the others
        perfectly, or one customer or cluster alone decides a coefficient.
    OptionError
        If an option is not as described.

    See Also
    --------
    compare_views : Whether a bond weakens the effect of satisfaction, among rival views.

    Notes
    -----
    The slope at a value of a moderator is the derivative of the probability (or score) by
    satisfaction, averaged over the customers as if all had that value, with everything else
    as it is. The cross-difference is the slope at the highest of the values less that at the
    lowest.

    On the scale of probabilities an interaction is not its coefficient: its size is another, it
    may have the other sign, and its standard error has to be computed for itself [1]_. It also
    differs from customer to customer, and ``share_opposite`` says how often its sign is the
    other one. Near 0 and 1 probabilities have little room, so that slopes differ without any
    product term. Both are given, therefore, with a joint test each; which one is asked for is
    not a matter of statistics.

    Errors are those of the jackknife, for logistic regression by one Newton step: HC3 for
    customers, and the cluster jackknife for clusters, which fares better than the usual cluster
    errors where there are few [2]_ [3]_. They are errors of the average slope in the population,
    not among these customers only. Student's law has n - k degrees of freedom, or one less than
    the clusters. A condition that is the same for all customers of a market has as many
    observations as there are markets, so give these as clusters: with 12 markets of 50
    customers that differed by chance, a test at 5 percent rejected a true hypothesis in 19 of
    100 samples without clusters, and in 6 with them.

    Where satisfaction and a moderator go together, a bend of the curve can pass for moderation,
    and the other way round [4]_; ``curved=True`` shows whether the answer depends on it.

    Expected signs are for a higher column: more new customers for each old one (-), a more open
    market (+), more media in the place of word of mouth (-), higher barriers (-), a costlier
    switch (-). They are this library's reading of a teaching text that calls the conditions
    preliminary. They are reported, never imposed.

    References
    ----------
    .. [1] Ai, C., & Norton, E. C. (2003). Interaction terms in logit and probit models.
       Economics Letters, 80(1), 123-129.
    .. [2] MacKinnon, J. G., Nielsen, M. O., & Webb, M. D. (2023). Fast and reliable jackknife
       and bootstrap methods for cluster-robust inference. arXiv:2301.04527.
    .. [3] MacKinnon, J. G., Nielsen, M. O., & Webb, M. D. (2024). Cluster-robust jackknife and
       bootstrap inference for logistic regression models. arXiv:2406.00650.
    .. [4] Ganzach, Y. (1997). Misleading interaction and curvilinear terms. Psychological
       Methods, 2(3), 235-247.

    Examples
    --------
    In the closed market a point of satisfaction brings half a point of loyalty, in the open one
    two points:

    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.slope_moderation(
    ...     [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3],
    ...     [1, 2, 3, 1, 3, 5, 2, 2, 2, 0, 2, 4],
    ...     moderators={"open": [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]},
    ...     outcome="score",
    ...     conditions={"open": "openness"},
    ... )
    >>> found.interactions[["moderator", "from_value", "to_value", "estimate"]].round(6)
      moderator  from_value  to_value  estimate
    0      open         0.0       1.0       1.5
    >>> found.expectations["verdict"].item()
    'as expected'
    """
    check_choice("outcome", outcome, Outcome)
    check_choice("measures", measures, Measure)
    check_flag("curved", curved)
    check_level(level)
    chosen = _check_moderators(moderators)
    names = tuple(chosen)
    kinds = _check_conditions(names, conditions)
    given: dict[str, object] = {"satisfaction": satisfaction, "loyalty": loyalty, **chosen}
    if clusters is not None:
        given["clusters"] = clusters
    yes_no = ("loyalty",) if outcome == "binary" else ()
    found = read_variables(
        given, data=data, categories=("clusters",), flags=yes_no, missing=missing
    )
    values = {
        name: np.asarray(found[name], dtype=np.float64) for name in given if name != "clusters"
    }
    check_spread(values, tuple(values.values()), least=_LEAST)
    groups = None if clusters is None else _groups(codes_of(found["clusters"]))
    fitted = fit_slopes(values, names, groups, outcome=outcome, curved=curved, level=level)
    levels = _levels(names, values, at)
    told = answers(fitted, names, levels)
    return SlopeModeration(
        n_obs=found.n_rows,
        n_dropped=found.n_dropped,
        n_clusters=None if groups is None else int(groups.max()) + 1,
        outcome=outcome,
        measures=measures,
        curved=curved,
        level=level,
        moderators=names,
        conditions=kinds,
        average_estimate=told.average,
        slope_estimates=told.slopes,
        difference_estimates=told.differences,
        product_estimates=told.products,
        contrasts=told.contrasts,
        share_opposite=told.share_opposite,
        statistic=told.joint[:, 0],
        p_value=told.joint[:, 1],
        df=float(len(names)),
        df_residual=fitted.degrees,
    )


def _check_moderators(moderators: object) -> dict[str, object]:
    """Return moderators by name."""
    chosen = several_variables("moderators", moderators)
    if taken := [name for name in chosen if name in _RESERVED]:
        raise OptionError(
            f"a moderator is named {taken[0]!r}, which stands for something else here"
        )
    return chosen


def _check_conditions(
    names: tuple[str, ...], conditions: Mapping[str, str] | None
) -> tuple[str | None, ...]:
    """Return the condition that each moderator is, or none."""
    if conditions is None:
        return (None,) * len(names)
    if not isinstance(conditions, Mapping):
        raise OptionError(
            f"conditions={conditions!r} must be a mapping from moderator to condition, such as "
            f'{{{names[0]!r}: "openness"}}'
        )
    for name, condition in conditions.items():
        if name not in names:
            raise OptionError(
                f"conditions name {name!r}{suggest(name, names)}, which is no moderator; they are "
                f"{enumerate_names(names)}"
            )
        if not isinstance(condition, str) or condition not in EXPECTED:
            raise OptionError(
                f"{condition!r} is no condition{suggest(condition, EXPECTED)}; choose from "
                f"{enumerate_names(EXPECTED)}"
            )
    return tuple(conditions.get(name) for name in names)


def _groups(coded: tuple[IntArray, tuple[object, ...]]) -> IntArray:
    codes, distinct = coded
    if len(distinct) < _LEAST:
        raise DataError(
            f"there {'is' if len(distinct) == 1 else 'are'} {count_of(len(distinct), 'cluster')}; "
            f"at least {_LEAST} are needed for errors between them, so give smaller ones, or none"
        )
    return codes


def _levels(
    names: tuple[str, ...],
    values: Mapping[str, FloatArray],
    at: Mapping[str, Sequence[float]] | None,
) -> list[FloatArray]:
    """Values of each moderator at which slopes are wanted, ascending."""
    if at is not None and not isinstance(at, Mapping):
        raise OptionError(
            f"at={at!r} must be a mapping from moderator to two or more of its values, such as "
            f"{{{names[0]!r}: [0, 1]}}"
        )
    asked = dict(at or {})
    if unknown := [name for name in asked if name not in names]:
        raise OptionError(
            f"at names {unknown[0]!r}{suggest(unknown[0], names)}, which is no moderator; they are "
            f"{enumerate_names(names)}"
        )
    found = []
    for name in names:
        lowest, highest = values[name].min(), values[name].max()
        if name in asked:
            points = _points(asked[name])
            if len(points) < 2 or not (lowest <= points[0] and points[-1] <= highest):  # noqa: PLR2004
                raise OptionError(
                    f"at[{name!r}]={asked[name]!r} must have two or more different numbers within "
                    f"those observed, from {lowest:.12g} to {highest:.12g}"
                )
        else:
            distinct = np.unique(values[name])
            points = np.unique(np.quantile(values[name], _QUANTILES))
            if len(distinct) == 2 or len(points) < 2:  # noqa: PLR2004 - two values, or hardly a spread
                points = distinct[[0, -1]]
        found.append(points)
    return found


def _points(asked: object) -> FloatArray:
    """Return the different numbers of a sequence, ascending; none if it is anything else."""
    try:
        points = np.asarray(asked, dtype=np.float64)
    except (TypeError, ValueError):
        return np.empty(0)
    return np.unique(points) if points.ndim == 1 else np.empty(0)
