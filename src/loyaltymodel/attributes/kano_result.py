"""What a Kano analysis found: counts of categories, and the tables that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._intervals import student_reach
from loyaltymodel._options import check_share, count_of, enumerate_names
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.attributes.kano_kernels import (
    CATEGORIES,
    A,
    CategoryTest,
    M,
    O,
    coefficient_counts,
    first_by_priority,
    leaders,
    runner_up_test,
)
from loyaltymodel.attributes.measurement_kernels import ShareInterval, share_interval
from loyaltymodel.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class KanoResult(FrozenRecord):
    """Categories of attributes, how sure they are, and what the attributes are worth.

    Attributes
    ----------
    attributes : tuple of str
        Names of the k attributes.
    counts : ndarray of shape (k, 6)
        How many respondents put each attribute into A, O, M, I, R and Q, in this order.
    n_dropped : ndarray of shape (k,)
        How many respondents were left out because they did not answer both questions.
    level : float
        Confidence level of the intervals.
    interval : str
        How the intervals of the coefficients are made.
    test : str
        How the category is tested against the runner-up.
    stated : ndarray of shape (k, 3) or None
        Self-stated importance: number of answers, mean and standard error.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> result = attributes.kano_from_counts({"app": {"A": 45, "O": 123, "M": 95, "I": 33}})
    >>> result.categories[["attribute", "category", "runner_up"]]
      attribute category runner_up
    0       app        O         M
    """

    attributes: tuple[str, ...]
    counts: IntArray
    n_dropped: IntArray
    level: float = 0.95
    interval: ShareInterval = "wilson"
    test: CategoryTest = "exact"
    stated: FloatArray | None = None

    @property
    def n(self) -> pd.Series:
        """Number of respondents who answered both questions, by attribute."""
        return pd.Series(self.counts.sum(axis=1), self.attributes, name="n")

    @property
    def frequencies(self) -> pd.DataFrame:
        """How many respondents put each attribute into each category."""
        table = pd.DataFrame(self.counts.copy(), columns=list(CATEGORIES))
        table.insert(0, "attribute", self.attributes)
        return table.assign(n=self.counts.sum(axis=1), n_dropped=self.n_dropped.copy())

    @property
    def shares(self) -> pd.DataFrame:
        """Shares of the categories, which add up to 1 in each row."""
        table = pd.DataFrame(self._shares(), columns=list(CATEGORIES))
        table.insert(0, "attribute", self.attributes)
        return table

    @property
    def categories(self) -> pd.DataFrame:
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
                "attribute": self.attributes,
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
    def coefficients(self) -> pd.DataFrame:
        """Better and worse coefficients with their intervals.

        ``n_base`` is A + O + M + I; where nobody is in these categories, the coefficients are
        NaN.
        """
        up, down, base = coefficient_counts(self.counts.astype(np.float64))
        better_low, better_high = share_interval(up, base, level=self.level, method=self.interval)
        low, high = share_interval(down, base, level=self.level, method=self.interval)
        with np.errstate(invalid="ignore"):
            better, worse = up / base, down / base
        return pd.DataFrame(
            {
                "attribute": self.attributes,
                "better": better,
                "better_low": better_low,
                "better_high": better_high,
                # Less than nothing, but no -0.0 where nobody is dissatisfied.
                "worse": 0.0 - worse,
                "worse_low": 0.0 - high,
                "worse_high": 0.0 - low,
                "n_base": base.astype(np.intp),
            }
        )

    @property
    def importance(self) -> pd.DataFrame:
        """Self-stated importance of the attributes: means with intervals.

        Raises
        ------
        DataError
            If the respondents were not asked for it.
        """
        if self.stated is None:
            raise DataError("the result has no self-stated importance; give importance= to kano")
        n, mean, error = self.stated.T
        reach = np.array([student_reach(int(m) - 1, level=self.level) for m in n]) * error
        return pd.DataFrame(
            {
                "attribute": self.attributes,
                "importance": mean.copy(),
                "std_error": error.copy(),
                "ci_low": mean - reach,
                "ci_high": mean + reach,
                "n": n.astype(np.intp),
            }
        )

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
        The rule is usually attributed to Matzler and his co-authors (1996). R and Q come last.
        """
        check_share("tolerance", tolerance, such_as=0.05)
        chosen = first_by_priority(self._shares(), tolerance)
        return pd.Series([CATEGORIES[k] for k in chosen], self.attributes, name="category")

    def summary(self) -> Summary:
        """Return the categories and coefficients in words and tables.

        Returns
        -------
        Summary
            Print it, or let a notebook show it.
        """
        categories, coefficients = self.categories, self.coefficients
        chosen = ["attribute", "category", "runner_up", "share", "category_strength"]
        tables = [
            table_of(
                "Categories",
                categories[[*chosen, "total_strength", "p_value"]],
                n_labels=3,
            ),
            table_of(
                f"Coefficients, {100 * self.level:g}% intervals",
                coefficients,
                digits=(3,) * 6 + (0,),
            ),
        ]
        if self.stated is not None:
            title = f"Self-stated importance, {100 * self.level:g}% intervals"
            tables.append(table_of(title, self.importance, digits=(3,) * 4 + (0,)))
        n = self.counts.sum(axis=1)
        smallest, largest = int(n.min()), int(n.max())
        facts = (
            ("Attributes", str(len(self.attributes))),
            ("Respondents", str(largest) if smallest == largest else f"{smallest} to {largest}"),
            ("Category against runner-up", _TESTS[self.test]),
            ("Intervals of coefficients", _INTERVALS[self.interval]),
        )
        return Summary("Kano analysis", facts, tuple(tables), self._remarks(categories))

    def _shares(self) -> FloatArray:
        shares: FloatArray = self.counts / self.counts.sum(axis=1, keepdims=True)
        return shares

    def _remarks(self, categories: pd.DataFrame) -> tuple[str, ...]:
        remarks = [
            "A attractive, O one-dimensional, M must-be, I indifferent, R reverse, Q questionable."
        ]
        unsure = categories["attribute"][categories["p_value"] > 1 - self.level]
        if len(unsure):
            remarks.append(
                f"Not told apart from the runner-up at level {self.level:g}: "
                f"{enumerate_names(unsure)}."
            )
        if self.test == "fong":
            remarks.append(
                "Fong's test rejects more often than it says: 14-23 % of true ties at 10 %."
            )
        doubtful = categories["attribute"][categories["category"] == "Q"]
        if len(doubtful):
            remarks.append(
                f"Most answers contradict each other on {enumerate_names(doubtful)}; the question "
                "was probably misunderstood."
            )
        nobody = self.coefficients.query("n_base == 0")["attribute"]
        if len(nobody):
            remarks.append(
                f"No coefficients, for want of A, O, M and I: {enumerate_names(nobody)}."
            )
        if dropped := int(self.n_dropped.sum()):
            remarks.append(f"{count_of(dropped, 'pair')} of answers were incomplete and left out.")
        return tuple(remarks)


_TESTS = {
    "exact": "exact binomial test",
    "normal": "normal test, |a - b| / sqrt(a + b)",
    "fong": "Fong's test",
}
_INTERVALS = {"wilson": "Wilson", "delta": "delta method", "exact": "Clopper-Pearson"}
