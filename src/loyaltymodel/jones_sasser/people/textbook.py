"""The teaching text's reading of the matrix of people: by regime and zone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from loyaltymodel._arrays import FrozenMapping
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level
from loyaltymodel._options import check_between, is_number
from loyaltymodel._quadrant_shares import Classes
from loyaltymodel._quadrant_sorting import Sorting, read_sample, sort_sample
from loyaltymodel._quadrants import Grid
from loyaltymodel._scales import Pair, check_pair
from loyaltymodel._sorted_people import shared_fields
from loyaltymodel._variables import BELOW_ONE
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.people.result import SegmentsResult

if TYPE_CHECKING:
    from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve

_NAMES = ("saboteur", "hostage", "mercenary", "apostle")
# Cells by zone and, within it, by high and low competition.
_SEGMENT_OF_CELL = np.eye(4)[[0, 0, 2, 1, 3, 3]]


def textbook_segments(
    satisfaction: object,
    *,
    constraint: object,
    curve: LoyaltyCurve,
    data: object = None,
    scale: Pair = (0.0, 1.0),
    low_competition_from: float = 0.5,
    saboteur_up_to: float | None = None,
    reliability: float | None = None,
    weights: object = None,
    missing: Missing = "raise",
    level: float = 0.95,
) -> SegmentsResult:
    """Return each person's segment by regime and zone, the teaching text's reading.

    Whoever has reached the quality-sensitive zone of the curve is an apostle (传道者), in either
    regime. Below it people are mercenaries (图利者) where competition is high, and hostages
    (囚禁者) where it is low. Those at the far left of the curve are saboteurs (破坏者). Loyalty is
    not looked at: the curve stands for it.

    Parameters
    ----------
    satisfaction : Series, array of shape (n,) or str
        Scores of each person, or the name of a column of ``data``.
    constraint : float, Series, array of shape (n,) or str
        How strongly each person is bound, from 0, perfect competition, to below 1; a number
        stands for everybody.
    curve : LoyaltyCurve
        Says where the sensitive zone begins.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float
        Lowest and highest possible score; the curve begins at the one and ends at the other.
    low_competition_from : float
        Constraint from which on competition is low, between 0 and 1; a convention.
    saboteur_up_to : float, optional
        Satisfaction up to which, included, a person is a saboteur, in the units of the scores;
        without it, the lowest possible score.
    reliability : float, optional
        Reliability of satisfaction, above 0 and at most 1. With it each person gets the
        probability of each segment.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with people of whom a value is missing.
    level : float
        Confidence level of the intervals of shares, between 0 and 1.

    Returns
    -------
    SegmentsResult
        Segments by person, their shares with Wilson's intervals, probabilities if
        ``reliability`` is given, and advice.

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
    loyal. Beyond the zone's beginning people stay apostles, also where a curve flattens again
    near the top. A curve without a sensitive zone has no apostles.

    Probabilities are those of true satisfaction, as in :func:`segments`. The constraint and the
    curve count as known; where satisfaction goes with the constraint, the constraint helps to
    tell a person's true satisfaction.

    Examples
    --------
    With g(s) = s^2 the slope 2 s reaches that of the chord, 1, at s = 0.5, which is 5.5 on a
    scale from 1 to 10:

    >>> from loyaltymodel import jones_sasser
    >>> curve = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
    >>> found = jones_sasser.textbook_segments(
    ...     [9, 6, 5, 5, 1], constraint=[0.0, 0.9, 0.0, 0.9, 0.0], curve=curve, scale=(1, 10)
    ... )
    >>> found.segment.tolist()
    ['apostle', 'apostle', 'mercenary', 'hostage', 'saboteur']

    Of five free people, with the mean 0.5 and the variance 0.025, the middle one is expected
    just where the zone begins, so that being beyond it has the probability one half:

    >>> free = jones_sasser.textbook_segments(
    ...     [0.3, 0.4, 0.5, 0.6, 0.7], constraint=0.0, curve=curve, reliability=0.8
    ... )
    >>> round(float(free.probabilities["apostle"][2]), 3)
    0.5
    """
    check_between("low_competition_from", low_competition_from, such_as=0.5)
    check_level(level)
    zone = zone_limit_of(curve)
    lowest, highest = check_pair(scale)
    far_left = lowest if saboteur_up_to is None else saboteur_up_to
    begins = lowest + zone * (highest - lowest)
    if not is_number(far_left) or not lowest <= far_left <= highest or far_left >= begins:
        limit = highest if np.isnan(begins) else begins
        raise OptionError(
            f"saboteur_up_to={saboteur_up_to!r} must lie from {lowest:g} to below {limit:g}, "
            "where the sensitive zone begins, in the units of satisfaction"
        )
    sorting = Sorting(
        names=("satisfaction", "constraint"),
        cuts=(zone, low_competition_from),
        limits=((lowest, highest), (0.0, BELOW_ONE)),
        ties="high",
        reliability=None if reliability is None else (_checked(reliability), 1.0),
        given=None,
        interval="formula",
        level=level,
        n_resamples=0,
    )
    sample = read_sample(sorting, (satisfaction, constraint), weights, data=data, missing=missing)
    # The same comparison as the curve's own, in shares of the scale.
    share = (sample.scores[:, 0] - lowest) / (highest - lowest)
    ends = [(far_left - lowest) / (highest - lowest), np.inf if np.isnan(zone) else zone]
    up = np.array([False, True])  # at the first still a saboteur, at the second an apostle
    grid = Grid(np.array(ends), np.array([low_competition_from]), up, np.array([True]))
    sample = replace(sample, scores=np.column_stack([share, sample.scores[:, 1]]), grid=grid)
    group = np.zeros(len(share), dtype=np.intp)
    found = sort_sample(sample, Classes(_SEGMENT_OF_CELL[None], group), rng=None)
    cuts = {
        "saboteur up to": far_left,
        "sensitive zone from": begins,
        "low competition from": low_competition_from,
    }
    return SegmentsResult(
        **shared_fields(_NAMES, sample, found),
        classifier="textbook",
        cut_offs=FrozenMapping({name: float(value) for name, value in cuts.items()}),
    )


def _checked(reliability: object) -> float:
    if not is_number(reliability) or not 0 < reliability <= 1:
        raise OptionError(
            f"reliability={reliability!r} must be one number above 0 and at most 1, that of "
            "satisfaction, such as 0.8"
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
