"""What customers perceive, and how much they differ in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, percent, table_of
from loyaltymodel._core.variables import read_variables
from loyaltymodel.delivered_value.kernels import ratio_interval, spread
from loyaltymodel.errors import DataError


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Heterogeneity(Result):
    """How customers differ in what they perceive: between groups and within.

    Attributes
    ----------
    group_names : tuple
        Names of the a groups.
    group_sizes, group_means, group_deviations : ndarray of shape (a,)
        Customers, mean level and standard deviation of each group; the last is NaN for a
        group of one.
    group_shifts : ndarray of shape (a,)
        Estimated shift of each group from the common level: its mean's distance, shrunk towards
        0 the more the fewer customers it has.
    mean_level : float
        Mean level of all customers.
    sum_between, sum_within : float
        Sums of squares.
    variance_between : float
        Variance of the true levels of groups, above what chance makes of the means. An estimate
        below 0 says that the means differ less than chance would make them.
    variance_within : float
        Variance of customers about the level of their group.
    estimates : EstimateTable
        The intraclass correlation ("icc"): the share of the variance that lies between groups,
        and its interval, whose ends are never below 0.
    statistic, p_value : float
        F test of no difference between groups.
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
    >>> found
    <Heterogeneity: 4 customers, 2 groups>
    >>> found.mean_level, found.variance_within
    (3.5, 0.5)
    """

    made_by: ClassVar[str] = "heterogeneity()"
    people: ClassVar[str] = "customers"

    group_names: tuple[Any, ...]
    group_sizes: IntArray
    group_means: FloatArray
    group_deviations: FloatArray
    group_shifts: FloatArray
    mean_level: float
    sum_between: float
    sum_within: float
    variance_between: float
    variance_within: float
    estimates: EstimateTable
    statistic: float
    p_value: float
    level: float
    n_dropped: int = 0

    @property
    def n_obs(self) -> int:
        """Number of customers."""
        return int(self.group_sizes.sum())

    @property
    def df(self) -> tuple[int, int]:
        """Degrees of freedom of the test, between and within groups."""
        a = len(self.group_names)
        return a - 1, self.n_obs - a

    @property
    def icc(self) -> float:
        """Intraclass correlation: the share of the variance that lies between groups."""
        return float(self.estimates.estimate[0])

    @property
    def eta_squared(self) -> float:
        """Share of the sum of squares that lies between these very groups."""
        return self.sum_between / (self.sum_between + self.sum_within)

    @property
    def quantities(self) -> pd.DataFrame:
        """The intraclass correlation with its interval."""
        return self.estimates.frame()

    @property
    def groups(self) -> pd.DataFrame:
        """A row a group: customers, mean, standard deviation and shrunken shift."""
        return pd.DataFrame(
            {
                "group": list(self.group_names),
                "n_obs": self.group_sizes,
                "mean": self.group_means,
                "std": self.group_deviations,
                "shift": self.group_shifts,
            }
        )

    @property
    def decomposition(self) -> pd.DataFrame:
        """Sums of squares, degrees of freedom and variances, between, within and in total."""
        return pd.DataFrame(
            {
                "component": ["between groups", "within groups", "total"],
                "sum_of_squares": [
                    self.sum_between,
                    self.sum_within,
                    self.sum_between + self.sum_within,
                ],
                "df": [*self.df, self.n_obs - 1],
                "variance": [
                    self.variance_between,
                    self.variance_within,
                    self.variance_between + self.variance_within,
                ],
            }
        )

    def _title(self) -> str:
        return "How customers differ in what they perceive"

    def _brief(self) -> str:
        groups = count_of(len(self.group_names), "group")
        return f"{count_of(self.n_obs, 'customer')}, {groups}"

    def _facts(self) -> Facts:
        found = self.estimates.row("icc")
        interval = f"{number(found['ci_low'])} to {number(found['ci_high'])}"
        return (
            ("groups", str(len(self.group_names))),
            ("mean", number(self.mean_level)),
            (
                "intraclass correlation",
                f"{number(self.icc)} ({percent(self.level)}: {interval})",
            ),
            ("eta squared", number(self.eta_squared)),
            ("F, p-value", f"{number(self.statistic)}, {number(self.p_value, 4)}"),
        )

    def _tables(self) -> Sequence[Table]:
        shape = self.decomposition
        shape["df"] = shape["df"].astype(float)
        return (
            table_of("Variance", shape, digits=(3, 0, 3)),
            table_of("Groups", self.groups, digits=(0, 3, 3, 3)),
        )

    def _remarks(self) -> Sequence[str]:
        if self.variance_between >= 0:
            return ()
        remark = (
            "The estimated variance between groups is below 0: the means differ less than "
            "chance alone would make them. Read it as no difference that can be seen."
        )
        return (remark,)


@checked
def heterogeneity(
    perceived: Variable,
    groups: Variable,
    *,
    data: Data | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> Heterogeneity:
    """Return how customers differ in a perceived level, between groups and within (感受差异).

    The same service is felt differently by customers of different experience, background and
    needs (客户感受水平的差异性). How much of the difference belongs to groups that are known says
    what can be told of a customer from knowing the group.

    Parameters
    ----------
    perceived : array-like of shape (n,), Series or name of a column
        Perceived level of each customer: a rating, delivered value, perceived value.
    groups : array-like of shape (n,), Series or name of a column
        Which group each customer belongs to.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" customers without level or group are left out and counted.

    Returns
    -------
    Heterogeneity
        Variance between and within groups, intraclass correlation with its interval, and the
        shift of each group.

    Raises
    ------
    DataError
        If values are not numeric, missing or infinite, there are fewer than two groups, every
        group has one customer only, or customers of a group do not differ at all.
    OptionError
        If ``level`` or ``missing`` is not as described.

    Notes
    -----
    One-way analysis of variance with random groups. With a groups, n customers and
    n_0 = (n - sum(n_j^2) / n) / (a - 1): variance_between = (MS_between - MS_within) / n_0 and
    icc = variance_between / (variance_between + MS_within).

    The interval inverts the pivot sum(w_j (m_j - m)^2) / (a - 1) / MS_within with
    w_j = 1 / (t + 1 / n_j), where m_j are means of groups, m is their mean with these weights,
    and t is the ratio of the variances. At the true t it follows an F law for groups of any
    sizes, so the interval has equal tails and holds its level if groups and customers are
    normal [1]_. The interval is usually attributed to Wald. For equal sizes it is the usual
    closed form. With few groups it is wide, however many customers there are; and it treats the
    groups as drawn from many. For a handful that is all there are, ``eta_squared`` and the means
    are what to read.

    The shift of a group is t n_j / (1 + t n_j) of the distance of its mean, with t estimated
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
    >>> round(found.variance_between, 4), found.variance_within, found.statistic
    (7.6667, 1.0, 24.0)
    >>> round(found.icc, 4), round(23 / 26, 4)
    (0.8846, 0.8846)
    """
    check_level(level)
    read = read_variables(
        {"perceived": perceived, "groups": groups},
        data=data,
        categories=("groups",),
        missing=missing,
    )
    codes, names = read.codes("groups")
    values = np.asarray(read["perceived"], dtype=np.float64)
    n, a = len(values), len(names)
    if a == 1:
        raise DataError(
            f"there is only one group, {names[0]!r}; to tell spread between from spread "
            "within, give groups at least two different values"
        )
    if a == n:
        raise DataError(
            f"each of {count_of(n, 'group')} has one customer only, so there is no spread "
            "within; use coarser groups, such as age groups instead of ages"
        )
    found = spread(values, codes, a)
    rounding = 4 * np.finfo(np.float64).eps * float(np.abs(values).max())
    if found.within <= n * rounding**2:
        raise DataError(
            "customers of a group do not differ at all, so there is no spread within to compare "
            "with; use perceived levels of single customers, not means of groups"
        )
    # Loaded here: scipy.special takes a third of the time of importing the whole library.
    from scipy.special import fdtrc, fdtri  # noqa: PLC0415

    df = (a - 1, n - a)
    within = found.within / df[1]
    statistic = found.between / df[0] / within
    typical = (n - float(found.sizes @ found.sizes) / n) / df[0]
    between = (found.between / df[0] - within) / typical
    low, high = ratio_interval(
        found, *(float(fdtri(*df, share)) for share in ((1 - level) / 2, (1 + level) / 2))
    )
    return Heterogeneity(
        group_names=names,
        group_sizes=found.sizes,
        group_means=found.means,
        group_deviations=found.deviations,
        mean_level=float(values.mean()),
        group_shifts=_shifts(found.means, found.sizes, max(between, 0.0) / within),
        sum_between=found.between,
        sum_within=found.within,
        variance_between=between,
        variance_within=within,
        estimates=EstimateTable(
            labels=FrozenMapping({"quantity": ("icc",)}),
            estimate=np.array([between / (between + within)]),
            ci_low=np.array([low / (1 + low)]),
            ci_high=np.array([high / (1 + high)]),
            level=level,
            method="F pivot",
        ),
        statistic=statistic,
        p_value=float(fdtrc(*df, statistic)),
        level=level,
        n_dropped=read.n_dropped,
    )


def _shifts(means: FloatArray, sizes: IntArray, ratio: float) -> FloatArray:
    """Return distances from the common level, shrunk by how little each mean is known."""
    weights = sizes / (1 + ratio * sizes)
    middle = weights @ means / weights.sum()
    shifts: FloatArray = ratio * sizes / (1 + ratio * sizes) * (means - middle)
    return shifts
