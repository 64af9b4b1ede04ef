"""What customers perceive, and how much they differ in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level
from loyaltymodel._options import count_of
from loyaltymodel._scales import AnswerLimits, resolve_limits
from loyaltymodel._tables import Summary, number, table_of
from loyaltymodel._variables import read_variables
from loyaltymodel.delivered_value.kernels import ratio_interval, spread
from loyaltymodel.errors import DataError

_CONTENTS = ("quality", "value", "satisfaction")


def perception(
    quality: object,
    value: object,
    *,
    satisfaction: object,
    data: object = None,
    scale: AnswerLimits,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return what each customer perceives, on one scale: quality, value, satisfaction (顾客感知).

    Parameters
    ----------
    quality, value, satisfaction : float, array-like of shape (n,), Series or name of a column
        Perceived service quality (服务质量), perceived service value, which is customer delivered
        value (服务价值), and satisfaction (顾客满意), each as a rating.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    scale : pair, or mapping from "quality", "value" and "satisfaction" to pair
        Lowest and highest possible rating.
    missing : {"raise", "drop"}
        With "drop" customers who lack a rating are left out.

    Returns
    -------
    DataFrame
        A row a customer, a column a content, in points from 0 to 100; with the labels of the rows.

    Raises
    ------
    DataError
        If ratings are not numeric, missing, infinite or off the scale, or differ in length.
    OptionError
        If ``scale`` or ``missing`` is not as described.

    Notes
    -----
    points = 100 (x - lowest) / (highest - lowest). Points of one scale can be laid side by side;
    that 70 points of quality are as much as 70 of satisfaction does not follow from it.

    Examples
    --------
    >>> from loyaltymodel.delivered_value import perception
    >>> perception([4, 5], [3, 4], satisfaction=[8, 10], scale={
    ...     "quality": (1, 5), "value": (1, 5), "satisfaction": (0, 10)
    ... })
       quality  value  satisfaction
    0     75.0   50.0          80.0
    1    100.0   75.0         100.0
    """
    limits = resolve_limits(scale, _CONTENTS)
    pairs = dict(zip(_CONTENTS, zip(limits.lowest, limits.highest, strict=True), strict=True))
    read = read_variables(
        {"quality": quality, "value": value, "satisfaction": satisfaction},
        data=data,
        bounds={name: (float(low), float(high)) for name, (low, high) in pairs.items()},
        missing=missing,
    )
    return pd.DataFrame(
        {
            name: 100 * (np.asarray(read[name], dtype=np.float64) - low) / (high - low)
            for name, (low, high) in pairs.items()
        },
        index=read.labels,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Heterogeneity(FrozenRecord):
    """How customers differ in what they perceive: between segments and within.

    Attributes
    ----------
    segments : tuple
        Names of the segments.
    sizes, means, deviations : ndarray of shape (a,)
        Customers, mean level and standard deviation of each segment; the last is NaN for a
        segment of one.
    mean : float
        Mean level of all customers.
    shifts : ndarray of shape (a,)
        Estimated shift of each segment from the common level: its mean's distance, shrunk towards
        0 the more the fewer customers it has.
    sum_between, sum_within : float
        Sums of squares.
    variance_between : float
        Variance of the true levels of segments, above what chance makes of the means. An estimate
        below 0 says that the means differ less than chance would make them.
    variance_within : float
        Variance of customers about the level of their segment.
    icc, icc_low, icc_high : float
        Intraclass correlation: the share of the variance that lies between segments, and its
        interval, whose ends are never below 0.
    f_statistic, p_value : float
        Test of no difference between segments.
    level : float
        Confidence level of the interval.
    n_dropped : int
        Customers left out because a value was missing.

    See Also
    --------
    heterogeneity : Makes one from data.

    Examples
    --------
    >>> from loyaltymodel.delivered_value import heterogeneity
    >>> found = heterogeneity([1, 2, 5, 6], ["a", "a", "b", "b"])
    >>> found.mean, found.variance_within
    (3.5, 0.5)
    """

    segments: tuple[Any, ...]
    sizes: IntArray
    means: FloatArray
    deviations: FloatArray
    mean: float
    shifts: FloatArray
    sum_between: float
    sum_within: float
    variance_between: float
    variance_within: float
    icc: float
    icc_low: float
    icc_high: float
    f_statistic: float
    p_value: float
    level: float
    n_dropped: int = 0

    @property
    def n(self) -> int:
        """Number of customers."""
        return int(self.sizes.sum())

    @property
    def eta_squared(self) -> float:
        """Share of the sum of squares that lies between these very segments."""
        return self.sum_between / (self.sum_between + self.sum_within)

    @property
    def segment_table(self) -> pd.DataFrame:
        """A row a segment: customers, mean, standard deviation and shrunken shift."""
        return pd.DataFrame(
            {
                "segment": list(self.segments),
                "n": self.sizes,
                "mean": self.means,
                "std": self.deviations,
                "shift": self.shifts,
            }
        )

    @property
    def decomposition(self) -> pd.DataFrame:
        """Sums of squares, degrees of freedom and variances, between, within and in total."""
        a = len(self.segments)
        return pd.DataFrame(
            {
                "source": ["between segments", "within segments", "total"],
                "sum_of_squares": [
                    self.sum_between,
                    self.sum_within,
                    self.sum_between + self.sum_within,
                ],
                "df": [a - 1, self.n - a, self.n - 1],
                "variance": [
                    self.variance_between,
                    self.variance_within,
                    self.variance_between + self.variance_within,
                ],
            }
        )

    def summary(self) -> Summary:
        """Return the spread in words and tables.

        Returns
        -------
        Summary
            Decomposition, intraclass correlation and segments; ``print`` it.

        Examples
        --------
        >>> from loyaltymodel.delivered_value import heterogeneity
        >>> heterogeneity([1, 2, 5, 6], ["a", "a", "b", "b"]).summary().facts[1]
        ('segments', '2')
        """
        remarks = []
        if self.variance_between < 0:
            remarks.append(
                "The estimated variance between segments is below 0: the means differ less than "
                "chance alone would make them. Read it as no difference that can be seen."
            )
        shape = self.decomposition
        shape["df"] = shape["df"].astype(float)
        sizes = self.segment_table
        sizes["segment"] = sizes["segment"].astype(str)
        interval = f"{number(self.icc_low)} to {number(self.icc_high)}"
        return Summary(
            "How customers differ in what they perceive",
            (
                ("customers", str(self.n)),
                ("segments", str(len(self.segments))),
                ("left out", str(self.n_dropped)),
                ("mean", number(self.mean)),
                (
                    "intraclass correlation",
                    f"{number(self.icc)} ({100 * self.level:g}%: {interval})",
                ),
                ("eta squared", number(self.eta_squared)),
                ("F, p-value", f"{number(self.f_statistic)}, {number(self.p_value, 4)}"),
            ),
            (
                table_of("Variance", shape, digits=(3, 0, 3)),
                table_of("Segments", sizes, digits=(0, 3, 3, 3)),
            ),
            tuple(remarks),
        )


def heterogeneity(
    perceived: object,
    segment: object,
    *,
    data: object = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> Heterogeneity:
    """Return how customers differ in a perceived level, between segments and within (感受差异).

    The same service is felt differently by customers of different experience, background and
    needs (客户感受水平的差异性). How much of the difference belongs to the segments that are known
    says what a segment's customer can be told from knowing the segment.

    Parameters
    ----------
    perceived : array-like of shape (n,), Series or name of a column
        Perceived level of each customer: a rating, delivered value, perceived value.
    segment : array-like of shape (n,), Series or name of a column
        Which segment each customer belongs to.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" customers without level or segment are left out and counted.

    Returns
    -------
    Heterogeneity
        Variance between and within segments, intraclass correlation with its interval, and the
        shift of each segment.

    Raises
    ------
    DataError
        If values are not numeric, missing or infinite, there are fewer than two segments, every
        segment has one customer only, or customers of a segment do not differ at all.
    OptionError
        If ``level`` or ``missing`` is not as described.

    Notes
    -----
    One-way analysis of variance with random segments. With a segments, n customers and
    n_0 = (n - sum(n_j^2) / n) / (a - 1): variance_between = (MS_between - MS_within) / n_0 and
    icc = variance_between / (variance_between + MS_within).

    The interval inverts the pivot sum(w_j (m_j - m)^2) / (a - 1) / MS_within with
    w_j = 1 / (t + 1 / n_j), where m_j are means of segments, m is their mean with these weights,
    and t is the ratio of the variances. At the true t it follows an F law for segments of any
    sizes, so the interval has equal tails and holds its level if segments and customers are
    normal [1]_. For equal sizes it is the usual closed form. With few segments it is wide, however
    many customers there are; and it treats the segments as drawn from many. For a handful that is
    all there are, ``eta_squared`` and the means are what to read.

    The shift of a segment is t n_j / (1 + t n_j) of the distance of its mean, with t estimated
    (0 if that is below 0).

    References
    ----------
    .. [1] Burch, B. D. (2008). Comparing equal-tail probability and unbiased confidence intervals
       for the intraclass correlation coefficient. Communications in Statistics - Theory and
       Methods, 37(20), 3264-3275.

    Examples
    --------
    Means of 2 and 6 and a variance of 1 within: the mean squares are 2 * 3 * 2^2 = 24 and 1, so
    the variance between is (24 - 1) / 3 and the correlation 23 / 26:

    >>> from loyaltymodel.delivered_value import heterogeneity
    >>> found = heterogeneity([1, 2, 3, 5, 6, 7], ["new", "new", "new", "old", "old", "old"])
    >>> round(found.variance_between, 4), found.variance_within, found.f_statistic
    (7.6667, 1.0, 24.0)
    >>> round(found.icc, 4), round(23 / 26, 4)
    (0.8846, 0.8846)
    """
    check_level(level)
    read = read_variables(
        {"perceived": perceived, "segment": segment},
        data=data,
        categories=("segment",),
        missing=missing,
    )
    codes, segments = read.codes("segment")
    values = np.asarray(read["perceived"], dtype=np.float64)
    n, a = len(values), len(segments)
    if a == 1:
        raise DataError(
            f"there is only one segment, {segments[0]!r}; to tell spread between from spread "
            "within, give segment at least two different values"
        )
    if a == n:
        raise DataError(
            f"each of {count_of(n, 'segment')} has one customer only, so there is no spread "
            "within; use coarser segments, such as age groups instead of ages"
        )
    found = spread(values, codes, a)
    rounding = 4 * np.finfo(np.float64).eps * float(np.abs(values).max())
    if found.within <= n * rounding**2:
        raise DataError(
            "customers of a segment do not differ at all, so there is no spread within to compare "
            "with; use perceived levels of single customers, not means of segments"
        )
    # Loaded here: scipy.special takes a third of the time of importing the whole library.
    from scipy.special import fdtrc, fdtri  # noqa: PLC0415

    df = (a - 1, n - a)
    within = found.within / df[1]
    f_statistic = found.between / df[0] / within
    typical = (n - float(found.sizes @ found.sizes) / n) / df[0]
    between = (found.between / df[0] - within) / typical
    low, high = ratio_interval(
        found, *(float(fdtri(*df, share)) for share in ((1 - level) / 2, (1 + level) / 2))
    )
    return Heterogeneity(
        segments=segments,
        sizes=found.sizes,
        means=found.means,
        deviations=found.deviations,
        mean=float(values.mean()),
        shifts=_shifts(found.means, found.sizes, max(between, 0.0) / within),
        sum_between=found.between,
        sum_within=found.within,
        variance_between=between,
        variance_within=within,
        icc=between / (between + within),
        icc_low=low / (1 + low),
        icc_high=high / (1 + high),
        f_statistic=f_statistic,
        p_value=float(fdtrc(*df, f_statistic)),
        level=level,
        n_dropped=read.n_dropped,
    )


def _shifts(means: FloatArray, sizes: IntArray, ratio: float) -> FloatArray:
    """Return distances from the common level, shrunk by how little each mean is known."""
    weights = sizes / (1 + ratio * sizes)
    middle = weights @ means / weights.sum()
    shifts: FloatArray = ratio * sizes / (1 + ratio * sizes) * (means - middle)
    return shifts
