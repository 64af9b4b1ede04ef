"""The teaching text's reading of the matrix of people: by regime and zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loyaltymodel._arrays import FrozenMapping
from loyaltymodel._counts import observed_intervals
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level
from loyaltymodel._options import check_between, is_number
from loyaltymodel._scales import Pair, check_pair
from loyaltymodel._variables import BELOW_ONE, read_weighted
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.people.result import SegmentsResult

if TYPE_CHECKING:
    from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve

_NAMES = ("saboteur", "hostage", "mercenary", "apostle")


def textbook_segments(
    satisfaction: object,
    *,
    constraint: object,
    curve: LoyaltyCurve,
    data: object = None,
    scale: Pair = (0.0, 1.0),
    low_competition_from: float = 0.5,
    saboteur_up_to: float | None = None,
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
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with people of whom a value is missing.
    level : float
        Confidence level of the intervals of shares, between 0 and 1.

    Returns
    -------
    SegmentsResult
        Segments by person, their shares with Wilson's intervals, and advice. There are no
        probabilities.

    Raises
    ------
    DataError
        If a score is missing, off its scale or not a number, a constraint is not from 0 to
        below 1, or a weight is negative or all are zero.
    OptionError
        If ``curve`` is no curve, or a limit is out of its range.

    Notes
    -----
    This is another classification than :func:`segments`, with some of the same names. Its
    mercenaries are not very satisfied; those of Jones and Sasser are satisfied and yet not
    loyal. Beyond the zone's beginning people stay apostles, also where a curve flattens again
    near the top. A curve without a sensitive zone has no apostles.

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
    given = {"satisfaction": satisfaction, "constraint": constraint}
    bounds = {"satisfaction": (lowest, highest), "constraint": (0.0, BELOW_ONE)}
    variables, people = read_weighted(given, weights, data=data, bounds=bounds, missing=missing)
    x = np.asarray(variables["satisfaction"], dtype=np.float64)
    low_competition = variables["constraint"] >= low_competition_from
    # The same comparison as the curve's own, in shares of the scale.
    sensitive = (x - lowest) / (highest - lowest) >= zone
    codes = np.select([x <= far_left, sensitive, low_competition], [0, 3, 1], 2).astype(np.intp)
    shares = observed_intervals(codes, people, len(_NAMES), level=level)
    cuts = {
        "saboteur up to": far_left,
        "sensitive zone from": begins,
        "low competition from": low_competition_from,
    }
    return SegmentsResult(
        classifier="textbook",
        names=_NAMES,
        codes=codes,
        labels=variables.labels,
        n_dropped=variables.n_dropped,
        cut_offs=FrozenMapping({name: float(value) for name, value in cuts.items()}),
        ties="high",
        reliability=None,
        interval="formula",
        level=level,
        n_resamples=0,
        n_failed=0,
        n_empty=0,
        sizes=np.bincount(codes, minlength=len(_NAMES)),
        share_values=shares,
        true_share_values=np.empty((0, 3)),
        probability_values=np.empty((0, len(_NAMES))),
    )


def zone_limit_of(curve: object) -> float:
    """Return where a curve's sensitive zone begins, or say that it is no curve."""
    limit = getattr(curve, "zone_limit", None)
    if not is_number(limit):
        raise OptionError(
            f"curve is a {type(curve).__name__}, not a LoyaltyCurve; make one by "
            "jones_sasser.curve(), or take .curve of a fit"
        )
    return float(limit)
