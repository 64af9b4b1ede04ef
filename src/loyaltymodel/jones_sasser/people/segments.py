"""The matrix of customers: sorted by satisfaction and loyalty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_between, check_choice
from loyaltymodel._core.quadrant_shares import Classes
from loyaltymodel._core.quadrant_sorting import (
    Cuts,
    IntervalKind,
    Randomness,
    Reliability,
    Sample,
    Scale,
    check_sorting,
    read_sample,
    sample_of,
)
from loyaltymodel._core.quadrants import Ties, cell_codes
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.scales import by_variable, limits_of
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import BELOW_ONE, read_variables
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.people.estimate import (
    SCORES,
    cuts_with_extremes,
    extremes_of,
    sort_customers,
)
from loyaltymodel.jones_sasser.people.result import SegmentsResult

# Segments from the worst to the best, and the segment of each cell: dissatisfied or satisfied,
# with the extremes outside; within each, not loyal and loyal.
_CELLS = ("defector", "hostage", "mercenary", "loyalist")
_EXTREME_NAMES = ("terrorist", *_CELLS, "apostle")
_EXTREME_CELLS = (
    ("terrorist", "hostage"),
    ("defector", "hostage"),
    ("mercenary", "loyalist"),
    ("mercenary", "apostle"),
)
_MIDDLE = dict.fromkeys(SCORES, "midpoint")
_EXTREMES = {"extremes": "tenth"}
_NOT_NOT, _NOT_LOYAL = "dissatisfied, not loyal", "dissatisfied, loyal"
_SATISFIED = ("satisfied, not loyal", "satisfied, loyal")
_WHY_LOYAL = ("inertia loyalty", "monopoly loyalty")

Matrix = Literal["jones_sasser", "satisfied_loyal"]


@checked
@takes_codebook("satisfaction", perhaps=("loyalty",), also=("constraint",), limits="role")
def segments(
    satisfaction: Variable,
    loyalty: Variable,
    *,
    matrix: Matrix = "jones_sasser",
    constraint: Variable | None = None,
    data: Data | None = None,
    scale: Scale | Codebook = None,
    cuts: Cuts = "midpoint",
    ties: Ties = "high",
    reliability: Reliability = None,
    moments: Moments | None = None,
    weights: Variable | None = None,
    missing: Missing = "raise",
    interval: IntervalKind | None = None,
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: Randomness = None,
) -> WithCustomers[SegmentsResult]:
    """Return each customer's segment by satisfaction and loyalty (图利者、传道者、囚禁者、破坏者).

    Satisfied and loyal customers are loyalists, satisfied ones who are not loyal mercenaries,
    loyal ones who are not satisfied hostages, and the rest defectors. Among the loyalists the
    most satisfied are apostles, among the defectors the least satisfied terrorists. The names
    are those of Jones and Sasser [1]_; for the teaching text's other use of them see
    :func:`textbook_segments`.

    With ``matrix="satisfied_loyal"`` the four cells have plain words (满意/不满意 × 忠诚/不忠诚)
    and no extremes. With ``constraint`` as well, loyal customers who are dissatisfied are told
    apart: monopoly loyalty (垄断忠诚) where they are bound, inertia loyalty (惰性忠诚) where they
    are free to go.

    Parameters
    ----------
    satisfaction, loyalty : Series, array of shape (n,) or str
        Scores of each customer, or names of columns of ``data``.
    matrix : {"jones_sasser", "satisfied_loyal"}
        What the cells are called.
    constraint : float, Series, array of shape (n,) or str, optional
        For "satisfied_loyal": how strongly each customer is bound, from 0, free, to below 1.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, mapping from variable to pair, or Codebook, optional
        Lowest and highest possible score of both, such as (1, 10), or of each by name. Scores
        outside are an error.
    cuts : {"midpoint", "median", "mean"}, float, or mapping
        From where on a score is high: the midpoint of the scale, the weighted median or mean
        of the sample, or a number in the units of the scores; one for both, or by name, such as
        ``{"satisfaction": "midpoint", "loyalty": 6, "extremes": (2, 9)}``. "extremes" are the
        satisfaction up to which a defector is a terrorist, and that from which on a loyalist is
        an apostle, both included; by default "tenth", the outer tenth of the scale at either
        end: among whole answers from 1 to 5, 7 or 10 the end itself. None is for no extremes.
        For "satisfied_loyal" there is "constraint" instead: where on loyalty without
        satisfaction is monopoly loyalty, between 0 and 1; by default 0.5.
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off.
    reliability : pair of float, or mapping from variable to float, optional
        Reliability of satisfaction and of loyalty, above 0 and at most 1. With it each customer
        gets the probability of each segment.
    moments : Moments, optional
        Means and covariance where the customers come from, as observed, with the error in
        them; without it, those of the sample. Its items are "satisfaction" and "loyalty".
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with customers of whom a value is missing.
    interval : {"wilson", "percentile"}, optional
        "wilson": Wilson's interval for an effective number of customers; cut-offs count as
        known. "percentile": of customers drawn again; means, covariance and cut-offs from the
        sample are estimated again each time.
        By default "percentile" where a cut-off is the mean or median of the sample, and "wilson"
        where all are known, or where so many customers differ that drawing them would take long,
        which a remark says. Where the cut-offs of resamples jump between two or three values, the
        interval reaches over Wilson's with each.
    level : float
        Confidence level of each interval, between 0 and 1.
    n_resamples : int
        Number of resamples, for ``interval="percentile"``; enough for the level:
        (n + 1)(1 - level) / 2 must be at least 1.
    rng : numpy Generator or int, optional
        Randomness, for ``interval="percentile"``.

    Returns
    -------
    result : SegmentsResult
        Shares of the segments with their intervals, and advice.
    customers : DataFrame
        A row a customer with the labels of the data: ``segment``, ordered categories from the
        worst to the best, and if ``reliability`` is given the probability of each segment, in
        a column called as the segment.

    Raises
    ------
    DataError
        If scores are missing, off their scale or not numbers, variables differ in length, a
        weight is negative or all are zero, a score does not vary and ``reliability`` is given,
        or a constraint is not from 0 to below 1.
    NotIdentifiedError
        If the scores correlate more strongly than their reliabilities allow.
    OptionError
        If an option is not one of its choices, a midpoint is asked for without a scale, the
        extremes do not lie on either side of the cut-off of satisfaction, a constraint is given
        to the matrix of Jones and Sasser, or the constraint is cut and not given.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred has correlations that the reliabilities do not
        allow, or only customers of weight 0.

    Notes
    -----
    No literature gives the cut-offs; those here are conventions, and every share depends on
    them. State them. The constraint counts as known. Who it binds is a matter of law,
    technology, switching costs and programmes, not of the two scores.

    Probabilities are those of the true scores. Given the observed scores x these are normal
    with mean mu + S_T S_X^-1 (x - mu) and covariance S_T - S_T S_X^-1 S_T, where S_X is the
    covariance of the scores and S_T = S_X - diag(sd^2 (1 - reliability)): Kelley's formula for
    two scores at once. A normal distribution around the observed score itself is not
    calibrated, since extreme scores are partly luck. Scores count as continuous, and true
    scores as normal: with few categories choose cut-offs between them. The reliabilities count
    as known. An answer at an end of a ``scale`` that is given says only that the score lay beyond
    half a step before it, as in :func:`fit`: mu and S_X are those of maximum likelihood for scores
    that were cut off so. With ``moments`` answers are taken at their word.

    An observed share has a linearised standard error, and Wilson's interval for as many
    customers, at most n, as would give a plain share this error; without weights these are n.
    A true share is the mean of the probabilities. Its standard error is that of the
    infinitesimal jackknife, and holds that mu and S_X are estimates. Of a segment without
    customers the bootstrap knows nothing: its observed interval is Wilson's.

    References
    ----------
    .. [1] Jones, T. O., & Sasser, W. E. (1995). Why satisfied customers defect. Harvard
       Business Review, 73(6), 88-99.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import jones_sasser
    >>> people = pd.DataFrame(
    ...     {"satisfaction": [10, 9, 9, 3, 2, 1], "loyalty": [9, 8, 3, 8, 3, 2]},
    ...     index=["Ann", "Bo", "Chen", "Dai", "Eve", "Fu"],
    ... )
    >>> result, customers = jones_sasser.segments(
    ...     "satisfaction", "loyalty", data=people, scale=(1, 10)
    ... )
    >>> for name, segment in customers["segment"].items():
    ...     print(name, segment)
    Ann apostle
    Bo loyalist
    Chen mercenary
    Dai hostage
    Eve defector
    Fu terrorist

    How probable is it that someone just above the middle is satisfied? The mean is 5, so with
    a reliability of 0.75 the true score of someone with a 6 is expected at 5.75, with the
    standard deviation sqrt(4 * 0.75 * 0.25) = 0.866; the cut-off of 5.5 lies 0.289 of them
    below, which 61.4 % of a normal distribution exceed:

    >>> from loyaltymodel.structural import Moments
    >>> market = Moments(
    ...     n_obs=500, items=["satisfaction", "loyalty"], means=[5, 5], covariance=[[4, 0], [0, 4]]
    ... )
    >>> _, alone = jones_sasser.segments(
    ...     [6], [9], scale=(1, 10), cuts={"extremes": None}, reliability=(0.75, 1), moments=market
    ... )
    >>> alone[["defector", "hostage", "mercenary", "loyalist"]].round(3).to_dict("records")
    [{'defector': 0.0, 'hostage': 0.386, 'mercenary': 0.0, 'loyalist': 0.614}]

    In plain words, with the reason why dissatisfied customers stay:

    >>> result, customers = jones_sasser.segments(
    ...     [4, 4, 2, 2, 2],
    ...     [5, 2, 1, 4, 4],
    ...     matrix="satisfied_loyal",
    ...     constraint=[0, 0, 0, 0.1, 0.8],
    ...     scale=(1, 5),
    ... )
    >>> for cell in customers["segment"]:
    ...     print(cell)
    satisfied, loyal
    satisfied, not loyal
    dissatisfied, not loyal
    inertia loyalty
    monopoly loyalty
    """
    check_choice("matrix", matrix, Matrix)
    plain = matrix == "satisfied_loyal"
    if constraint is not None and not plain:
        raise OptionError(
            "constraint says nothing to matrix='jones_sasser', which calls all who are loyal "
            "without satisfaction hostages; leave it out, or choose matrix='satisfied_loyal'"
        )
    limits = limits_of(scale, dict.fromkeys(SCORES))
    further = {"constraint": 0.5} if plain else _EXTREMES
    own = by_variable("cuts", cuts, {**_MIDDLE, **further}, shared=SCORES)
    sorting = check_sorting(
        SCORES,
        own,
        limits,
        ties=ties,
        reliability=reliability,
        moments=moments,
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    if plain:
        check_between("cuts['constraint']", own["constraint"], such_as=0.5)
        if constraint is None and isinstance(cuts, Mapping) and "constraint" in cuts:
            raise OptionError("cuts['constraint'] has nothing to cut; give constraint as well")
    else:
        extremes = extremes_of(own["extremes"], limits["satisfaction"])
        sorting = replace(sorting, extremes=extremes)
    sample = read_sample(
        sorting,
        (satisfaction, loyalty),
        weights,
        data=data,
        missing=missing,
        further={"constraint": constraint},
        bounds={"constraint": (0.0, BELOW_ONE)},
    )
    found = dict(sample.cuts) if plain else cuts_with_extremes(sample)
    if constraint is None:
        names, classes = _plain_cells(sample) if plain else _cells(sample)
    else:
        names, classes = _cells_with_reasons(sample, own["constraint"])
        found["constraint"] = float(own["constraint"])
    return sort_customers(
        matrix, names, classes, sample=sample, cuts=found, ends=sorting.limits, rng=rng
    )


def segment_codes(
    satisfaction: FloatArray,
    loyalty: FloatArray,
    weights: FloatArray,
    *,
    scale: Mapping[str, tuple[float, float]],
    cuts: Cuts,
    ties: Ties,
) -> tuple[tuple[str, ...], IntArray]:
    """Return the segments of Jones and Sasser, and which of them customers (n,) are.

    For scores of both that another theory has computed, free of error.
    """
    own = by_variable("cuts", cuts, {**_MIDDLE, **_EXTREMES}, shared=SCORES)
    sorting = check_sorting(
        SCORES, own, scale, ties=ties, reliability=None, moments=None, interval="wilson",
        level=0.95, n_resamples=FOR_INTERVALS,
    )  # fmt: skip
    sorting = replace(sorting, extremes=extremes_of(own["extremes"], scale["satisfaction"]))
    read = read_variables(
        dict(zip(SCORES, (satisfaction, loyalty), strict=True)), bounds=scale, missing="raise"
    )
    sample = sample_of(sorting, read, weights)
    cuts_with_extremes(sample)  # refuses extremes on one side of the cut-off
    names, classes = _cells(sample)
    codes = cell_codes(sample.scores[:, 0], sample.scores[:, 1], sample.grid)
    return names, classes.of_cells(codes)


def _cells(sample: Sample) -> tuple[tuple[str, ...], Classes]:
    """Return the segments of Jones and Sasser, and which of them each cell is."""
    if sample.sorting.extremes is None:
        return _CELLS, _one_group(np.eye(len(_CELLS)), sample)
    cells = [cell for row in _EXTREME_CELLS for cell in row]
    merge = np.array([[float(name == cell) for name in _EXTREME_NAMES] for cell in cells])
    return _EXTREME_NAMES, _one_group(merge, sample)


def _plain_cells(sample: Sample) -> tuple[tuple[str, ...], Classes]:
    names = (_NOT_NOT, _NOT_LOYAL, *_SATISFIED)
    return names, _one_group(np.eye(len(names)), sample)


def _one_group(merge: FloatArray, sample: Sample) -> Classes:
    return Classes(merge[None], np.zeros(len(sample.scores), dtype=np.intp))


def _cells_with_reasons(sample: Sample, cut: float) -> tuple[tuple[str, ...], Classes]:
    """Return the cells in plain words, where the loyal and dissatisfied are called by why."""
    names = (_NOT_NOT, *_WHY_LOYAL, *_SATISFIED)
    every = np.eye(len(names))
    # Two groups of customers, free and bound, which have one of the two reasons each.
    merge = np.stack([np.delete(every, 2, axis=0), np.delete(every, 1, axis=0)])
    bound = reaches(sample.variables["constraint"], cut, size=1.0)
    return names, Classes(merge, bound.astype(np.intp))
