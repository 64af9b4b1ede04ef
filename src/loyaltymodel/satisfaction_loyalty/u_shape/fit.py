"""A test of a U: falling on the left, rising on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.comparisons import snapped, usual_size
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import (
    check_level,
    check_resamples,
    ndtr,
    ndtri,
    percentile,
    spread,
    student,
    student_reach,
)
from loyaltymodel._core.options import check_count, count_of, is_number
from loyaltymodel._core.resampling import FOR_TESTS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.spread import check_spread
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.satisfaction_loyalty.u_shape.kernels import (
    Levels,
    Slopes,
    candidates,
    gather,
    line_slopes,
    parabola_slopes,
    searched,
    share_of_larger,
    sides_of,
)

_LEAST = 5  # customers on either side of the turn
_MOST = 19  # candidates for the turn
_APART = "fall less rise"
_LABELS = {
    "test": ("two lines", "two lines", "two lines", "parabola", "parabola"),
    "quantity": (
        "slope at the left",
        "slope at the right",
        _APART,
        "slope at the lowest",
        "slope at the highest",
    ),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class UShape(Result):
    """A test of a U-shaped relation; made by :func:`u_shape_test`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Customers used, and left out because of missing values.
    level : float
        Confidence level of the intervals.
    turning_point : float
        Where the line on the left ends and that on the right begins.
    n_candidates : int
        Among how many turning points it was searched, those with a slope and its error on either
        side; 1 if it was given.
    n_resamples : int
        Draws that the correction for the search and the intervals rest on; 0 without a search.
    p_value : float
        That of the two lines against no U, corrected for the search.
    estimates : EstimateTable
        By ``test`` and ``quantity``: slopes of the two lines and how much steeper the left
        falls than the right rises, slopes of a parabola at the lowest and the highest
        satisfaction. P-values are one-sided: falling, and rising.
    counts : ndarray of shape (5,)
        Customers that each of them rests on.
    ends : ndarray of shape (2,)
        Lowest and highest satisfaction.
    parabola_turn : float
        Where the parabola turns.

    Examples
    --------
    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.u_shape_test(
    ...     [1, 1, 1, 2, 2, 2, 3, 3, 3], [8, 9, 7, 4, 3, 2, 5, 6, 4], turning_point=2
    ... )
    >>> found.quantities[["test", "quantity", "n_obs", "estimate"]].head(3)
            test            quantity  n_obs  estimate
    0  two lines   slope at the left      6      -5.0
    1  two lines  slope at the right      6       2.0
    2  two lines      fall less rise      9       3.0
    """

    made_by: ClassVar[str] = "u_shape_test()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    level: float
    turning_point: float
    n_candidates: int
    n_resamples: int
    p_value: float
    estimates: EstimateTable
    counts: IntArray
    ends: FloatArray
    parabola_turn: float

    @property
    def asymmetry(self) -> float:
        """How much steeper the left falls than the right rises."""
        return float(self.estimates.row(_APART)["estimate"])

    @property
    def quantities(self) -> pd.DataFrame:
        """Slopes and their asymmetry: ``test``, ``quantity``, ``n_obs``, ``estimate``, ..."""
        frame = self.estimates.frame()
        frame.insert(2, "n_obs", self.counts.copy())
        return frame

    @property
    def tests(self) -> pd.DataFrame:
        """Both tests of a U: ``test``, where it turns (``turning_point``), ``p_value``."""
        p_values = self.estimates.p_value
        assert p_values is not None  # noqa: S101  slopes are tested
        return pd.DataFrame(
            {
                "test": ["two lines", "parabola"],
                "turning_point": [self.turning_point, self.parabola_turn],
                "p_value": [self.p_value, float(p_values[-2:].max())],
            }
        )

    def _title(self) -> str:
        return "U shape"

    def _brief(self) -> str:
        return (
            f"{count_of(self.n_obs, 'customer')}, turn at {self.turning_point:g}, "
            f"p = {self.p_value:.4f}"
        )

    def _facts(self) -> Facts:
        searched = f"searched among {self.n_candidates}" if self.n_candidates > 1 else "given"
        return (
            ("turning point", f"{self.turning_point:g}, {searched}"),
            ("satisfaction", f"from {self.ends[0]:g} to {self.ends[1]:g}"),
        )

    def _tables(self) -> tuple[Table, ...]:
        return (
            table_of("Slopes, one-sided p", self.quantities, n_labels=2, digits=(0, *[3] * 5)),
            table_of("Against no U", self.tests),
        )

    def _remarks(self) -> tuple[str, ...]:
        remarks = [
            "A U is shown only if both sides are: the p-value of a test is the larger of its two"
            + (", corrected for the search." if self.n_candidates > 1 else "."),
        ]
        remarks.append(
            "A curve that falls and then flattens can pass for a U with the parabola, not with "
            "the two lines."
        )
        if self.n_candidates > 1:
            remarks.append(
                "Slopes and their difference are those at the turning point that was found, "
                "which makes a U look somewhat deeper than it is. Their intervals repeat the "
                "search."
            )
        return tuple(remarks)


@checked
def u_shape_test(
    satisfaction: Variable,
    activity: Variable,
    *,
    turning_point: float | None = None,
    n_resamples: int = FOR_TESTS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> UShape:
    """Return whether activity falls and then rises with satisfaction (满意度与口碑的U形关系).

    Parameters
    ----------
    satisfaction : array or Series of shape (n,), or str
        Scores in any units, higher for more; or the name of a column of ``data``.
    activity : array or Series of shape (n,), or str
        What may have a U shape, such as the number of people told, or 0 and 1. For a U upside
        down give its negative.
    turning_point : float, optional
        The satisfaction where the U may turn, strictly within those observed, chosen before the
        data were seen. Without it the one is searched that speaks most for a U, and the p-value
        is corrected for that.
    n_resamples : int
        Number of draws that the correction for the search and the intervals rest on.
    level : float
        Confidence level between 0 and 1.
    rng : Generator or int, optional
        Source of randomness of the draws.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with customers with a missing value.

    Returns
    -------
    UShape
        Two slopes, their difference in steepness, and p-values of two tests.

    Raises
    ------
    DataError
        If a value is missing or infinite, a variable is constant, satisfaction has fewer than
        three values, or there are fewer than 5 customers on either side of every turning point.
    NotIdentifiedError
        If a single customer alone decides the slope on one side of every turning point.
    OptionError
        If the turning point does not lie within, or an option is not as described.

    Notes
    -----
    A U needs two things, a fall at low and a rise at high satisfaction; a significant square
    in a regression shows neither [1]_. The hypothesis is that there is no U: activity rises, or
    falls, throughout, or has a U upside down. Both one-sided tests have to reject it, so that the
    p-value is the larger of the two.

    The two lines are fitted apart, one to the customers at or below the turning point, one to
    those at or above it [2]_. If activity rises throughout, the left slope cannot be negative
    whatever the curve and the turning point, so that the test does not rest on the form of
    the curve. Errors are HC3, with Student's law where the turning point is given.

    Two lines are the idea of [2]_; the search for the turning point, its correction and the
    comparison of how steep the sides are, are this library's own, not the procedure of that
    article. Where the turning point is searched, it is the one at which the weaker of the two
    sides is strongest. In the worst case under the hypothesis one side is certain and the other
    flat everywhere; the p-value is the chance that the best of all candidates would then be as
    good, by draws from the joint normal law of the slopes at the candidates. They are the values
    within, or where there are more than 19 of them those next to 19 quantiles. Those with fewer
    than 5 customers on a side, or with a side that rests on one customer, are left out. The time
    grows with the number of different values; a million of them take a few seconds.

    A search chooses the turning point at which the sides look strong, so intervals as if it had
    been given hold too rarely: that of the difference held the one at the best turning point of
    all customers in 4 to 9 of 10 simulated surveys. So the slopes at all candidates are drawn from
    their joint normal law, the search is repeated in each draw, and errors, intervals and
    one-sided p-values of the slopes and their difference are those of the draws. They held it
    in 94 to 98 of 100, and more often where there is no U at all.

    The parabola is the test of [1]_: its slope is negative at the lowest and positive at the
    highest satisfaction. It is the more powerful one if the relation is a parabola. Where
    activity falls and then flattens out, as log(1 / satisfaction) does, it turns too soon and
    sees a U that is not there: at the 5 percent level in 93 of 100 samples of 1,000 customers,
    the two lines in none. In the worst case for the two lines, activity that is flat up to the
    last value but one and rises there, they rejected a true hypothesis in 5 of 100 samples with
    a search as without.

    References
    ----------
    .. [1] Lind, J. T., & Mehlum, H. (2010). With or without U? The appropriate test for a
       U-shaped relationship. Oxford Bulletin of Economics and Statistics, 72(1).
       doi:10.1111/j.1468-0084.2009.00569.x
    .. [2] Simonsohn, U. (2018). Two lines: a valid alternative to the invalid testing of
       U-shaped relationships with quadratic regressions. Advances in Methods and Practices in
       Psychological Science, 538-555. doi:10.1177/2515245918805755

    Examples
    --------
    Means of 8, 3 and 5 fall by 5 and rise by 2; the fall is steeper by 3:

    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.u_shape_test(
    ...     [1, 1, 1, 2, 2, 2, 3, 3, 3], [8, 9, 7, 4, 3, 2, 5, 6, 4], turning_point=2
    ... )
    >>> found.estimates.estimate[:2].tolist(), found.asymmetry
    ([-5.0, 2.0], 3.0)
    >>> round(found.p_value, 3)
    0.058
    """
    check_count("n_resamples", n_resamples, least=99)
    check_level(level)
    if turning_point is None:
        check_resamples(n_resamples, level=level)
    given = {"satisfaction": satisfaction, "activity": activity}
    found = read_variables(given, data=data, missing=missing)
    x, y = (np.asarray(found[name], dtype=np.float64) for name in given)
    check_spread(given, (x, y), least=_LEAST)
    levels = gather(x, y)
    if len(levels.x) < 3:  # noqa: PLR2004 - a U has two sides and a turn
        raise DataError("satisfaction has two values only; a U needs three or more")
    turns = _turns(levels, turning_point)
    sides = sides_of(levels, turns, least=_LEAST)
    if not sides[0].any():
        raise DataError(
            f"no turning point has {_LEAST} customers and two values of satisfaction on either "
            "side; more customers are needed, or another turning_point"
        )
    # Both sides of all turns side by side, so that slopes have one covariance matrix.
    slopes = line_slopes(levels, np.vstack(sides))
    covariance = slopes.covariance
    z, correlations = _strengths(slopes)
    known = np.isfinite(slopes.slope) & np.isfinite(covariance.diagonal())
    usable = known.reshape(2, -1).all(axis=0)
    if not usable.any():
        raise NotIdentifiedError(
            "a single customer alone decides the slope on one side of every turning point that "
            f"has {_LEAST} customers on either side; give another turning_point, or merge values "
            "of satisfaction that hardly anybody has"
        )
    # Among the usable alone: the others have no strength that could be compared.
    places = np.flatnonzero(usable)
    best = int(places[np.argmax(z[:, places].min(axis=0))])
    weakest, n_candidates = float(z[:, best].min()), len(places)
    p_value = float(ndtr(np.array(-weakest)))
    both = np.array([best, best + len(turns)])
    if n_candidates > 1:
        generator = np.random.default_rng(rng)
        p_value = max(
            share_of_larger(weakest, part[np.ix_(usable, usable)], n_resamples, generator)
            for part in correlations
        )
        tried = np.concatenate([places, places + len(turns)])
        drawn = searched(
            slopes.slope[tried], covariance[np.ix_(tried, tried)], n_resamples, generator
        )
        lines = _of_search(slopes.slope[both], drawn, level)
    else:
        lines = _of_turn(
            slopes.slope[both], covariance[np.ix_(both, both)], slopes.n_used[both] - 2, level
        )
    parabola, turn = _parabola(levels, level)
    estimate, std_error, low, high, p_values = np.vstack([lines, parabola]).T
    return UShape(
        n_obs=found.n_rows,
        n_dropped=found.n_dropped,
        level=level,
        turning_point=float(turns[best]),
        n_candidates=n_candidates,
        n_resamples=n_resamples if n_candidates > 1 else 0,
        p_value=p_value,
        estimates=EstimateTable(
            labels=FrozenMapping(_LABELS),
            estimate=estimate,
            std_error=std_error,
            ci_low=low,
            ci_high=high,
            p_value=p_values,
            level=level,
            method="percentile, with the search, and Student's t"
            if n_candidates > 1
            else "Student's t",
        ),
        counts=np.array([*slopes.n_used[both], *[found.n_rows] * 3], dtype=np.intp),
        ends=levels.x[[0, -1]],
        parabola_turn=turn,
    )


def _turns(levels: Levels, turning_point: float | None) -> FloatArray:
    """Return the turning points that are to be tried."""
    if turning_point is None:
        return candidates(levels, most=_MOST)
    lowest, highest = levels.x[[0, -1]]
    if not is_number(turning_point) or not lowest < turning_point < highest:
        raise OptionError(
            f"turning_point={turning_point!r} must lie within satisfaction, which goes from "
            f"{lowest:.12g} to {highest:.12g}"
        )
    # A turn at a level is on both sides, also where it differs from it by rounding.
    return snapped([turning_point], levels.x, size=usual_size(levels.x))


def _strengths(slopes: Slopes) -> tuple[FloatArray, list[FloatArray]]:
    """Return how strongly each side (2, k) speaks for a U, as a normal number, and how together."""
    from scipy.special import stdtr  # noqa: PLC0415 - slow to import, needed only here

    k = len(slopes.slope) // 2
    error = np.sqrt(slopes.covariance.diagonal())
    toward = np.repeat([-1.0, 1.0], k) * slopes.slope
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(toward == 0, 0.0, toward / error)
        together = slopes.covariance / (error[:, None] * error)
    # By the tail on the far side, so that large numbers keep their digits. Where no number is
    # small enough for the tail, of many customers, t is normal itself.
    tail = np.asarray(stdtr(slopes.n_used - 2, -np.abs(t)))
    with np.errstate(divide="ignore"):
        z = np.sign(t) * np.where(tail > 0, -ndtri(tail), np.abs(t))
    together = np.where(np.isfinite(together), together, np.eye(2 * k))
    return z.reshape(2, k), [together[:k, :k], together[k:, k:]]


def _one_sided(
    slope: FloatArray, error: FloatArray, degrees: FloatArray, level: float
) -> FloatArray:
    """Slopes of left and right with error, interval, and p-value of falling and rising (2, 5)."""
    tested = student(slope, error, degrees, level=level)
    toward = np.array([-1.0, 1.0]) * slope
    p_value = np.where(toward > 0, tested.p_value / 2, 1 - tested.p_value / 2)
    return np.column_stack([slope, error, tested.low, tested.high, p_value])


def _parabola(levels: Levels, level: float) -> tuple[FloatArray, float]:
    slopes, turn = parabola_slopes(levels)
    error = np.sqrt(slopes.covariance.diagonal())
    return _one_sided(slopes.slope, error, slopes.n_used - 3, level), turn


def _of_turn(
    slope: FloatArray, covariance: FloatArray, degrees: FloatArray, level: float
) -> FloatArray:
    """Slopes at a turn that was given, and how much steeper the left falls (3, 5)."""
    lines = _one_sided(slope, np.sqrt(covariance.diagonal()), degrees, level)
    value, error = float(-slope.sum()), float(np.sqrt(covariance.sum()))
    reach = student_reach(float(degrees.min()), level=level) * error
    return np.vstack([lines, [value, error, value - reach, value + reach, np.nan]])


def _of_search(slope: FloatArray, drawn: FloatArray, level: float) -> FloatArray:
    """Return the same where the turn was searched, by draws (b, 2) that search as well (3, 5)."""
    values = np.append(slope, -slope.sum())
    drawn = np.column_stack([drawn, -drawn.sum(axis=1)])
    found = percentile(drawn, level=level)
    against = (drawn[:, :2] * [-1.0, 1.0] <= 0).sum(axis=0)
    p_value = np.append((1 + against) / (len(drawn) + 1), np.nan)
    return np.column_stack([values, spread(drawn), found.low, found.high, p_value])
