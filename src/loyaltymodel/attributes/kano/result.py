"""What a Kano analysis found: counts of categories, and the tables that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_share, count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, percent, table_of
from loyaltymodel.attributes.kano.kernels import (
    CATEGORIES,
    A,
    CategoryTest,
    M,
    O,
    ShareInterval,
    coefficient_counts,
    first_by_priority,
    leaders,
    runner_up_test,
    share_interval,
)
from loyaltymodel.errors import DataError

COEFFICIENTS = ("better", "worse")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class KanoResult(Result):
    """Categories of attributes, how sure they are, and what the attributes are worth.

    Attributes
    ----------
    names : tuple of str
        Names of the k attributes.
    counts : ndarray of shape (k, 6)
        How many respondents put each attribute into A, O, M, I, R and Q, in this order.
    dropped : ndarray of shape (k,)
        How many respondents were left out of each attribute because they did not answer both
        questions.
    stated : ndarray of shape (k, 3) or None
        Self-stated importance: number of answers, mean and standard error.
    test : str
        How the category is tested against the runner-up.
    interval : str
        How the intervals of the coefficients are made.
    level : float
        Confidence level of the intervals.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> result = attributes.kano(counts={"app": {"A": 45, "O": 123, "M": 95, "I": 33}})
    >>> result
    <KanoResult: 1 attribute, 296 respondents>
    >>> result.attributes[["attribute", "category", "runner_up"]]
      attribute category runner_up
    0       app        O         M
    """

    names: tuple[str, ...]
    counts: IntArray
    dropped: IntArray
    stated: FloatArray | None = None
    test: CategoryTest = "exact"
    interval: ShareInterval = "wilson"
    level: float = 0.95

    @property
    def n_obs(self) -> int:
        """Number of respondents on the attribute that most of them answered."""
        return int(self.counts.sum(axis=1).max())

    @property
    def n_dropped(self) -> int:
        """Number of the other respondents; :attr:`frequencies` has it by attribute."""
        return int(self.dropped.min())

    @property
    def frequencies(self) -> pd.DataFrame:
        """How many respondents put each attribute into each category."""
        table = pd.DataFrame(self.counts.copy(), columns=list(CATEGORIES))
        table.insert(0, "attribute", self.names)
        return table.assign(n_obs=self.counts.sum(axis=1), n_dropped=self.dropped.copy())

    @property
    def shares(self) -> pd.DataFrame:
        """Shares of the categories, which add up to 1 in each row."""
        table = pd.DataFrame(self._shares(), columns=list(CATEGORIES))
        table.insert(0, "attribute", self.names)
        return table

    @property
    def attributes(self) -> pd.DataFrame:
        """The most frequent category of each attribute, and how far ahead it is.

        ``category_strength`` is the share of the category less that of the runner-up,
        ``total_strength`` the share of A, O and M together. ``p_value`` tests whether the two
        leading categories are equally frequent; where they are tied, the first in the order
        M, O, A, I, R, Q stands as the category.
        """
        counts = self.counts.astype(np.float64)
        first, second = leaders(counts)
        rows = np.arange(len(counts))
        n = counts.sum(axis=1)
        ahead, behind = counts[rows, first], counts[rows, second]
        statistic, p_value = runner_up_test(ahead, behind, n, self.test)
        return pd.DataFrame(
            {
                "attribute": self.names,
                "category": [CATEGORIES[k] for k in first],
                "runner_up": [CATEGORIES[k] for k in second],
                "share": ahead / n,
                "runner_up_share": behind / n,
                "category_strength": (ahead - behind) / n,
                "total_strength": (counts[:, A] + counts[:, O] + counts[:, M]) / n,
                "tied": ahead == behind,
                "statistic": statistic,
                "p_value": p_value,
            }
        )

    @property
    def estimates(self) -> EstimateTable:
        """Better and worse coefficients, by ``attribute`` and ``quantity``."""
        up, down, base = coefficient_counts(self.counts.astype(np.float64))
        better_low, better_high = share_interval(up, base, level=self.level, method=self.interval)
        low, high = share_interval(down, base, level=self.level, method=self.interval)
        with np.errstate(invalid="ignore"):
            better, worse = up / base, down / base
        # Worse is less than nothing, but no -0.0 where nobody is dissatisfied.
        return EstimateTable(
            labels=FrozenMapping(
                {
                    "attribute": tuple(name for name in self.names for _ in COEFFICIENTS),
                    "quantity": COEFFICIENTS * len(self.names),
                }
            ),
            estimate=np.column_stack([better, 0.0 - worse]).ravel(),
            ci_low=np.column_stack([better_low, 0.0 - high]).ravel(),
            ci_high=np.column_stack([better_high, 0.0 - low]).ravel(),
            level=self.level,
            method=_INTERVALS[self.interval],
        )

    @property
    def better_worse(self) -> pd.DataFrame:
        """Better and worse coefficients with their intervals, a row each.

        ``n_obs`` is A + O + M + I; where nobody is in these categories, the coefficients are
        NaN.
        """
        rows = np.repeat(self._base(), len(COEFFICIENTS))
        return self.estimates.frame().assign(n_obs=rows)

    @property
    def importance(self) -> pd.DataFrame:
        """Self-stated importance of the attributes: means with Student's intervals.

        Raises
        ------
        DataError
            If the respondents were not asked for it.
        """
        if self.stated is None:
            raise DataError("the result has no self-stated importance; give importance= to kano")
        n, mean, error = self.stated.T
        labels = {"attribute": self.names}
        table = EstimateTable.student(labels, mean, error, df=n - 1, level=self.level)
        return replace(table, p_value=None).frame().assign(n_obs=n.astype(np.intp))

    @checked
    def by_priority(self, *, tolerance: float = 0.05) -> pd.Series:
        """Return the categories by the rule M before O before A before I.

        Of all categories whose share is about as large as the largest, the rule takes the one
        whose neglect would hurt most.

        Parameters
        ----------
        tolerance : float
            How much smaller a share may be and still count as about as large, from 0 to 1.
            0.05 are five percentage points, a habit rather than a result.

        Returns
        -------
        Series
            Letters of the categories, by attribute.

        Raises
        ------
        OptionError
            If the tolerance does not lie between 0 and 1.

        Notes
        -----
        A later paper credits the order M, O, A, I to Berger and his co-authors (1993). That R and
        Q come last, and the tolerance, are this library's own.
        """
        check_share("tolerance", tolerance, such_as=0.05)
        chosen = first_by_priority(self._shares(), tolerance)
        index = pd.Index(self.names, name="attribute")
        return pd.Series([CATEGORIES[k] for k in chosen], index, name="category")

    def _title(self) -> str:
        return "Kano analysis"

    def _brief(self) -> str:
        n = count_of(len(self.names), "attribute")
        return f"{n}, {count_of(self.n_obs, 'respondent')}"

    def _facts(self) -> Facts:
        n = self.counts.sum(axis=1)
        facts = [
            ("attributes", str(len(self.names))),
            ("category against runner-up", _TESTS[self.test]),
        ]
        if n.min() < n.max():
            facts.append(("respondents an attribute", f"{n.min():,} to {n.max():,}"))
        return facts

    def _tables(self) -> Sequence[Table]:
        chosen = ["attribute", "category", "runner_up", "share", "category_strength"]
        tables = [
            table_of(
                "Categories",
                self.attributes[[*chosen, "total_strength", "p_value"]],
                n_labels=3,
            ),
            table_of("Coefficients", self.better_worse, n_labels=2, digits=(3, 3, 3, 0)),
        ]
        if self.stated is not None:
            table = self.importance
            tables.append(table_of("Self-stated importance", table, digits=(3, 3, 3, 3, 0)))
        return tables

    def _remarks(self) -> Sequence[str]:
        table = self.attributes
        remarks = [
            "A attractive, O one-dimensional, M must-be, I indifferent, R reverse, Q questionable."
        ]
        unsure = table["attribute"][table["p_value"] > 1 - self.level]
        if len(unsure):
            remarks.append(
                f"Not told apart from the runner-up at level {percent(self.level)}: "
                f"{enumerate_names(unsure)}."
            )
        if self.test == "fong":
            remarks.append(
                "Fong's test rejects more often than it says: 14-23 % of true ties at 10 %."
            )
        doubtful = table["attribute"][table["category"] == "Q"]
        if len(doubtful):
            remarks.append(
                f"Most answers contradict each other on {enumerate_names(doubtful)}; the question "
                "was probably misunderstood."
            )
        if nobody := [n for n, base in zip(self.names, self._base(), strict=True) if base == 0]:
            remarks.append(
                f"No coefficients, for want of A, O, M and I: {enumerate_names(nobody)}."
            )
        if dropped := int(self.dropped.sum()):
            remarks.append(f"{count_of(dropped, 'pair')} of answers were incomplete and left out.")
        return remarks

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _base(self) -> IntArray:
        """Return A + O + M + I of each attribute."""
        return coefficient_counts(self.counts.astype(np.float64))[2].astype(np.intp)

    def _shares(self) -> FloatArray:
        shares: FloatArray = self.counts / self.counts.sum(axis=1, keepdims=True)
        return shares


_TESTS = {
    "exact": "exact binomial test",
    "normal": "normal test, |a - b| / sqrt(a + b)",
    "fong": "Fong's test",
}
_INTERVALS = {"wilson": "Wilson", "wald": "Wald", "exact": "Clopper-Pearson"}
