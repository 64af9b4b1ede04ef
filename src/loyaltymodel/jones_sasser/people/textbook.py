"""The teaching text's reading of the matrix of customers: by regime and zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import (
    LEAST_RELIABILITY,
    check_between,
    is_number,
    is_reliability,
    shown,
)
from loyaltymodel._core.quadrant_shares import Classes
from loyaltymodel._core.quadrant_sorting import Sorting, read_sample
from loyaltymodel._core.quadrants import Grid
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.scales import Pair, by_variable, check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import BELOW_ONE
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.people.estimate import sort_customers
from loyaltymodel.jones_sasser.people.result import SegmentsResult

if TYPE_CHECKING:
    from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve

_NAMES = ("saboteur", "hostage", "mercenary", "apostle")
# Cells by zone and, within it, by high and low competition.
_SEGMENT_OF_CELL = np.eye(4)[[0, 0, 2, 1, 3, 3]]


@checked
@takes_codebook("satisfaction", also=("constraint",))
def textbook_segments(
    curve: LoyaltyCurve,
    satisfaction: Variable,
    *,
    constraint: Variable,
    data: Data | None = None,
    scale: Pair | Codebook = (0.0, 1.0),
    cuts: Mapping[str, float] | None = None,
    reliability: float | None = None,
    weights: Variable | None = None,
    missing: Missing = "raise",
    level: float = 0.95,
) -> WithCustomers[SegmentsResult]:
    """Return each customer's segment by regime and zone, the teaching text's reading.

    Whoever has reached the quality-sensitive zone of the curve is an apostle (传道者), in either
    regime. Below it customers are mercenaries (图利者) where competition is high, and hostages
    (囚禁者) where it is low. Those at the far left of the curve are saboteurs (破坏者). Loyalty is
    not looked at: the curve stands for it.

    Parameters
    ----------
    curve : LoyaltyCurve
        Says where the sensitive zone begins.
    satisfaction : Series, array of shape (n,) or str
        Scores of each customer, or the name of a column of ``data``.
    constraint : float, Series, array of shape (n,) or str
        How strongly each customer is bound, from 0, perfect competition, to below 1; a number
        stands for everybody.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, or Codebook
        Lowest and highest possible score; the curve begins at the one and ends at the other. Or the
        codebook that the answers are read by.
    cuts : mapping from str to float, optional
        ``{"saboteur": 2, "constraint": 0.4}``, or one of them. "saboteur" is the satisfaction up
        to which, included, a customer is a saboteur, in the units of the scores; by default
        the lowest possible score. "constraint" is where competition begins to be low, between
        0 and 1; by default 0.5, a convention. Where the sensitive zone begins is the curve's.
    reliability : float, optional
        Reliability of satisfaction, above 0 and at most 1. With it each customer gets the
        probability of each segment.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with customers of whom a value is missing.
    level : float
        Confidence level of the intervals of shares, between 0 and 1.

    Returns
    -------
    result : SegmentsResult
        Shares of the segments with Wilson's intervals, and advice.
    customers : DataFrame
        A row a customer with the labels of the data: ``segment``, ordered categories, and if
        ``reliability`` is given the probability of each segment, in a column called as the
        segment.

    Raises
    ------
    DataError
        If a score is missing, off its scale or not a number, a constraint is not from 0 to
        below 1, a weight is negative or all are zero, or satisfaction does not vary and
        ``reliability`` is given.
    NotIdentifiedError
        If satisfaction and the constraint correlate more strongly than the reliability allows.
    OptionError
        If ``curve`` is no curve, a limit is out of its range, or the reliability is not above
        0 and at most 1.

    Notes
    -----
    This is another classification than :func:`segments`, with some of the same names. Its
    mercenaries are not very satisfied; those of Jones and Sasser are satisfied and yet not
    loyal. Beyond the zone's beginning customers stay apostles, also where a curve flattens again
    near the top. A curve without a sensitive zone has no apostles.

    Probabilities are those of true satisfaction, as in :func:`segments`. The constraint and the
    curve count as known; where satisfaction goes with the constraint, the constraint helps to
    tell a customer's true satisfaction.

    Examples
    --------
    With g(s) = s^2 the slope 2 s reaches that of the chord, 1, at s = 0.5, which is 5.5 on a
    scale from 1 to 10:

    >>> from loyaltymodel import jones_sasser
    >>> curve = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
    >>> result, customers = jones_sasser.textbook_segments(
    ...     curve, [9, 6, 5, 5, 1], constraint=[0.0, 0.9, 0.0, 0.9, 0.0], scale=(1, 10)
    ... )
    >>> customers["segment"].tolist()
    ['apostle', 'apostle', 'mercenary', 'hostage', 'saboteur']

    Of five free customers, with the mean 0.5 and the variance 0.025, the middle one is expected
    just where the zone begins, so that being beyond it has the probability one half:

    >>> _, free = jones_sasser.textbook_segments(
    ...     curve, [0.3, 0.4, 0.5, 0.6, 0.7], constraint=0.0, reliability=0.8
    ... )
    >>> round(float(free["apostle"][2]), 3)
    0.5
    """
    if cuts is not None and not isinstance(cuts, Mapping):
        raise OptionError(
            f"cuts={shown(cuts)} does not say what it cuts; give a mapping such as "
            "{'saboteur': 2, 'constraint': 0.5}"
        )
    own = by_variable("cuts", cuts, {"saboteur": None, "constraint": 0.5})
    check_between("cuts['constraint']", own["constraint"], such_as=0.5)
    check_level(level)
    zone = zone_limit_of(curve)
    lowest, highest = check_pair(scale)
    far_left = lowest if own["saboteur"] is None else own["saboteur"]
    begins = lowest + zone * (highest - lowest)
    if not is_number(far_left) or not lowest <= far_left <= highest or reaches(far_left, begins):
        limit = highest if np.isnan(begins) else begins
        raise OptionError(
            f"cuts['saboteur']={shown(far_left)} must lie from {lowest:.12g} to below "
            f"{limit:.12g}, where the sensitive zone begins, in the units of satisfaction"
        )
    sorting = Sorting(
        names=("satisfaction", "constraint"),
        cuts=(zone, own["constraint"]),
        limits=((lowest, highest), (0.0, BELOW_ONE)),
        ties="high",
        reliability=None if reliability is None else (_checked(reliability), 1.0),
        moments=None,
        interval="wilson",
        level=level,
        n_resamples=0,
    )
    sample = read_sample(sorting, (satisfaction, constraint), weights, data=data, missing=missing)
    # The same comparison as the curve's own, in shares of the scale.
    share = (sample.scores[:, 0] - lowest) / (highest - lowest)
    ends = [(far_left - lowest) / (highest - lowest), np.inf if np.isnan(zone) else zone]
    up = np.array([False, True])  # at the first still a saboteur, at the second an apostle
    grid = Grid(np.array(ends), np.array([own["constraint"]]), up, np.array([True]))
    sample = replace(sample, scores=np.column_stack([share, sample.scores[:, 1]]), grid=grid)
    group = np.zeros(len(share), dtype=np.intp)
    found = {"saboteur": far_left, "apostle": begins, "constraint": own["constraint"]}
    return sort_customers(
        "textbook",
        _NAMES,
        Classes(_SEGMENT_OF_CELL[None], group),
        sample=sample,
        cuts={name: float(value) for name, value in found.items()},
        ends=((0.0, 1.0), None),
    )


def _checked(reliability: object) -> float:
    if not is_reliability(reliability):
        raise OptionError(
            f"reliability={shown(reliability)} must be one number above 0 and at most 1, that of "
            f"satisfaction, such as 0.8, and {LEAST_RELIABILITY:g} at least"
        )
    return float(reliability)


def zone_limit_of(curve: object) -> float:
    """Return where a curve's sensitive zone begins, or say that it is no curve."""
    limit = getattr(curve, "zone_limit", None)
    if not is_number(limit):
        raise OptionError(
            f"curve is a {type(curve).__name__}, not a LoyaltyCurve; make one by "
            "jones_sasser.curve(), or take .curve of a fit"
        )
    return float(limit)
