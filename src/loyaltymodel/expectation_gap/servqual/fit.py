"""SERVQUAL and SERVPERF: gaps of items, dimensions and service as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Data
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.codebooks import AnswerBook, read_answers
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_choice, count_of, enumerate_names
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError, LowReliabilityWarning, warn_caller
from loyaltymodel.expectation_gap._people import means_of
from loyaltymodel.expectation_gap.kernels import cronbach_alpha, difference_reliability
from loyaltymodel.expectation_gap.servqual.model import OVERALL, ServiceInstrument
from loyaltymodel.expectation_gap.servqual.result import CUSTOMARY_RELIABILITY, ServqualResult
from loyaltymodel.expectation_gap.servqual.scores import (
    Design,
    Importance,
    Layout,
    Points,
    layout_of,
    moments_of,
    read_points,
    score_slices,
)


@checked
def servqual(
    instrument: ServiceInstrument,
    data: Data,
    *,
    scale: tuple[float, float] | Codebook,
    design: Design = "two_column",
    points: Points | None = None,
    expected: str | None = None,
    perceived: str | None = None,
    direct: str | None = None,
    neutral: float | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> WithCustomers[ServqualResult]:
    """Return gaps of service quality by item, by dimension and overall (服务质量差距).

    Parameters
    ----------
    instrument : ServiceInstrument
        Which items belong to which dimension, such as :meth:`ServiceInstrument.servqual`.
    data : pandas, polars or pyarrow table
        Answers, a row a customer; never changed.
    scale : pair of float, or Codebook
        Lowest and highest possible answer, the same for all items; or the codebook that the answers
        are read by.
    design : {"two_column", "one_column", "performance"}
        "two_column": each item is rated as expected and as perceived, and the score is
        perceived less expected (SERVQUAL). "one_column": each item is rated once, from worse
        to better than expected, and the score is the answer less ``neutral``. "performance":
        each item is rated as perceived, and that is the score (SERVPERF).
    points : mapping from dimension to number or column, optional
        Importance of the dimensions, which sums to 100: one number each, or the column of each
        that holds every customer's own points. Without it there is no weighted score.
    expected : str, optional
        How columns of expectations are named; "E_{item}" by default.
    perceived : str, optional
        How columns of perceptions are named; "P_{item}" by default.
    direct : str, optional
        How columns of the one-column design are named; "{item}" by default.
    neutral : float, optional
        One-column design: the answer that means "as expected"; the scale's middle by default.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        Whether a missing answer is an error, or leaves the customer out.

    Returns
    -------
    result : ServqualResult
        Scores with intervals, reliabilities and weak spots; scores in points.
    customers : DataFrame
        A row a customer, with the labels of the data: a column a dimension, ``unweighted`` (the
        mean of the dimensions) and with points ``weighted``. In points of the scale.

    Raises
    ------
    DataError
        If columns are absent, answers are missing or off the scale, points do not sum to 100,
        or there are fewer than 2 customers.
    OptionError
        If an option is not one of its choices, or has no effect in this design.

    Warns
    -----
    LowReliabilityWarning
        If the gap of a dimension has a reliability below 0.7.

    Notes
    -----
    Score of a dimension: the mean of its items. Overall: the mean of the dimensions, and with
    points sum(points / 100 * score). Intervals are Student's on the scores of customers, so
    that expected and perceived of one customer may go together.

    A gap is a difference of two fallible scores. With unrelated errors its reliability is

        (s_P^2 r_P + s_E^2 r_E - 2 s_PE) / (s_P^2 + s_E^2 - 2 s_PE)

    with alpha for r_P and r_E. The closer expected and perceived go together, the less of the
    gap is more than error: with equal variances, reliabilities of 0.75 and a correlation of
    0.50 it is 0.50 [1]_. Where the errors of the two ratings go together, as they may when
    both are given side by side, the formula does not hold [2]_; ``alpha_gap`` treats the
    items' gaps as items of their own. A mean over many customers can be sure where the gap of
    one customer is not.

    SERVPERF, perceptions alone, was proposed as the better measure [3]_.

    References
    ----------
    .. [1] Edwards, J. R. Alternatives to difference scores: polynomial regression and response
       surface methodology. Lecture slides, University of North Carolina.
    .. [2] Williams, R. H., & Zimmerman, D. W. (1977). The reliability of difference scores
       when errors are correlated. Educational and Psychological Measurement, 37(3).
    .. [3] Cronin, J. J., & Taylor, S. A. (1992). Measuring service quality: a reexamination
       and extension. Journal of Marketing, 56(3), 55-68.

    Examples
    --------
    Two dimensions of one item, three customers. Gaps of speed are -2, -1 and 0 with mean -1,
    those of the staff 1 each. With 75 points for speed, 0.75 * (-1) + 0.25 * 1 = -0.5:

    >>> import pandas as pd
    >>> from loyaltymodel.expectation_gap import ServiceInstrument, servqual
    >>> branch = ServiceInstrument(
    ...     dimensions=[
    ...         {"name": "speed", "items": [{"name": "wait"}]},
    ...         {"name": "staff", "items": [{"name": "polite"}]},
    ...     ]
    ... )
    >>> answers = pd.DataFrame(
    ...     {
    ...         "E_wait": [7, 6, 5],
    ...         "P_wait": [5, 5, 5],
    ...         "E_polite": [5, 6, 4],
    ...         "P_polite": [6, 7, 5],
    ...     }
    ... )
    >>> result, customers = servqual(
    ...     branch, answers, scale=(1, 7), points={"speed": 75, "staff": 25}
    ... )
    >>> result.dimensions[["dimension", "expected", "perceived", "estimate"]]
      dimension  expected  perceived  estimate
    0     speed       6.0        5.0      -1.0
    1     staff       5.0        6.0       1.0
    >>> result.overall[["quantity", "estimate"]]
         quantity  estimate
    0  unweighted       0.0
    1    weighted      -0.5
    >>> customers
    dimension  speed  staff  unweighted  weighted
    0           -2.0    1.0        -0.5     -1.25
    1           -1.0    1.0         0.0     -0.50
    2            0.0    1.0         0.5      0.25
    """
    check_level(level)
    check_choice("missing", missing, Missing)
    patterns = {"expected": expected, "perceived": perceived, "direct": direct}
    layout = layout_of(instrument, scale=scale, design=design, patterns=patterns, neutral=neutral)
    importance = read_points(points, layout)
    if isinstance(scale, AnswerBook):
        data, _ = read_answers(scale, data, layout.columns)
    moments = moments_of(data, layout, importance, missing)
    if moments.n_obs < 2:  # noqa: PLR2004 (an interval of a mean needs two)
        raise DataError(
            f"{count_of(moments.n_obs, 'customer')} left: intervals need at least 2; give the "
            "answers of more customers"
        )
    customers = _customers(data, layout, importance, missing)
    result = _result(layout, importance, moments, customers, level)
    _warn_of_unreliable_gaps(result)
    return WithCustomers(result, customers)


def _customers(
    data: object, layout: Layout, importance: Importance | None, missing: Missing
) -> pd.DataFrame:
    """Return each customer's scores by dimension and overall."""
    slices = list(score_slices(data, layout, importance, missing))
    labels = slices[0][2].append([part[2] for part in slices[1:]])
    scores = np.concatenate([part[0] for part in slices], axis=1)
    table = pd.DataFrame(scores.T, index=labels, columns=list(layout.instrument.names))
    unweighted, weighted = OVERALL
    table[unweighted] = scores.mean(axis=0)
    if importance is not None:
        table[weighted] = np.concatenate([part[1] for part in slices if part[1] is not None])
    return table.rename_axis(columns="dimension")


def _result(
    layout: Layout,
    importance: Importance | None,
    moments: Moments,
    customers: pd.DataFrame,
    level: float,
) -> ServqualResult:
    """Make everything of the moments: scores are weighted sums of answers."""
    n, q = moments.n_obs, len(layout.columns)
    means, covariance = moments.means[:q], moments.covariance[:q, :q]
    items = layout.matrix @ means - layout.shift
    of_items = layout.matrix @ covariance @ layout.matrix.T
    average = layout.averaging
    points = None
    if importance is not None:
        points = moments.means[q:] if importance.columns else importance.points
    unweighted = np.full((1, len(average)), 1 / len(average))
    overall = [float((unweighted @ average @ items)[0])]
    errors = [_spread(unweighted @ average, of_items, n)[0]]
    if importance is not None:
        own = _own_weights(customers) if importance.columns else None
        sums = (importance.points / 100)[None] @ average
        overall.append(own[0] if own else float((sums @ items)[0]))
        errors.append(own[1] if own else _spread(sums, of_items, n)[0])
    names, of_item = layout.instrument.items, layout.instrument.names
    member = [of_item[k] for k in layout.dimension_of]

    def table(labels: Labels, means: FloatArray, errors: FloatArray) -> EstimateTable:
        return means_of(labels, means, errors, n=n, level=level)

    def levels(label: str, rows: Sequence[str], sums: FloatArray) -> EstimateTable:
        """Return the mean of each row and quantity that was asked, the rows one after another."""
        blocks = _blocks(layout)
        mean = [sums @ means[block] for block in blocks.values()]
        error = [_spread(sums, covariance[block, block], n) for block in blocks.values()]
        named: Labels = {label: np.repeat(rows, len(blocks)), "quantity": [*blocks] * len(rows)}
        return table(named, np.ravel(mean, order="F"), np.ravel(error, order="F"))

    each = np.eye(len(items))
    return ServqualResult(
        instrument=layout.instrument,
        design=layout.design,
        scale=layout.scale,
        n_obs=n,
        n_dropped=moments.n_dropped,
        level=level,
        item_scores=table({"item": names, "dimension": member}, items, _spread(each, of_items, n)),
        item_levels=levels("item", names, each),
        dimension_scores=table(
            {"dimension": of_item}, average @ items, _spread(average, of_items, n)
        ),
        dimension_levels=levels("dimension", of_item, average),
        overall_scores=table(
            {"quantity": OVERALL[: len(overall)]},
            np.array(overall),
            np.array(errors),
        ),
        points=points,
        own_points=bool(importance and importance.columns),
        reliabilities=_reliabilities(layout, covariance, of_items),
    )


def _blocks(layout: Layout) -> dict[str, slice]:
    """Say where among the columns expectations and perceptions stand, as far as asked."""
    p = len(layout.instrument.items)
    if layout.design == "two_column":
        return {"expected": slice(0, p), "perceived": slice(p, 2 * p)}
    return {"perceived": slice(0, p)} if layout.design == "performance" else {}


def _spread(sums: FloatArray, covariance: FloatArray, n: int) -> FloatArray:
    """Return standard errors (k,) of the means of weighted sums (k, p)."""
    variances = np.einsum("kp,pq,kq->k", sums, covariance, sums)
    error: FloatArray = np.sqrt(variances.clip(0) / n)
    return error


def _own_weights(customers: pd.DataFrame) -> tuple[float, float]:
    """Return mean and standard error of scores weighted by every customer's own points."""
    scores = customers[OVERALL[1]].to_numpy()
    return float(scores.mean()), float(scores.std(ddof=1) / np.sqrt(len(scores)))


def _reliabilities(layout: Layout, covariance: FloatArray, of_items: FloatArray) -> FloatArray:
    """Return per dimension (d, 5): alphas of E, P and scores, r(E, P), reliability of the gap."""
    d = len(layout.instrument.sizes)
    table = np.full((d, 5), np.nan)
    blocks = _blocks(layout)
    for row in range(d):
        chosen = np.flatnonzero(layout.dimension_of == row)
        for quantity, block in blocks.items():
            own = chosen + block.start
            table[row, int(quantity == "perceived")] = cronbach_alpha(covariance[np.ix_(own, own)])
        table[row, 2] = cronbach_alpha(of_items[np.ix_(chosen, chosen)])
        if layout.design == "two_column":
            e, p = (chosen + blocks[quantity].start for quantity in ("expected", "perceived"))
            variances = (
                float(covariance[np.ix_(p, p)].sum()),
                float(covariance[np.ix_(e, e)].sum()),
            )
            together = float(covariance[np.ix_(p, e)].sum())
            if min(variances) > 0:
                table[row, 3] = together / np.sqrt(variances[0] * variances[1])
            alphas = float(table[row, 1]), float(table[row, 0])
            table[row, 4] = difference_reliability(variances, together, alphas)
    return table


def _warn_of_unreliable_gaps(result: ServqualResult) -> None:
    reliability = result.reliabilities[:, 4]
    low = np.flatnonzero(exceeds(CUSTOMARY_RELIABILITY, reliability))  # NaN is not low
    if low.size:
        listed = [f"{result.instrument.names[k]} ({reliability[k]:.2f})" for k in low]
        warn_caller(
            f"the gap of {enumerate_names(listed)} is less reliable than "
            f"{CUSTOMARY_RELIABILITY:g}; do not compare single customers by it. "
            'design="performance" uses perceptions alone, design="one_column" asks for the gap '
            "directly",
            LowReliabilityWarning,
        )
