"""Whether profit rises with tenure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, table_of

_FEW = 30  # degrees of freedom below which a reader is told


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class TenureProfitTest(Result):
    """Whether profit rises with tenure; made by :func:`tenure_profit_test`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Periods of customers that were used, and that were left out because of missing values.
    n_clusters : int
        Customers.
    n_repeated : int
        Customers who are seen at several tenures, on whom the slope within rests.
    level : float
        Confidence level of the intervals.
    with_periods : bool
        Whether single calendar periods were taken out.
    mean_margin : float
        Mean margin of a row, in money.
    df : ndarray of shape (3,)
        Degrees of freedom of each row of the table.
    estimates : EstimateTable
        By ``quantity``: "within", "pooled" and "selection", in money per unit of tenure.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.tenure_profit_test([1, 1, 2, 2, 3, 3], [1, 2, 1, 2, 1, 2], [5, 7, 5, 6, 4, 4])
    <TenureProfitTest: slope within customers 1, 3 customers>
    """

    made_by: ClassVar[str] = "tenure_profit_test()"
    people: ClassVar[str] = "periods of customers"

    n_obs: int
    n_dropped: int
    n_clusters: int
    n_repeated: int
    level: float
    with_periods: bool
    mean_margin: float
    df: FloatArray
    estimates: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """The slopes: ``quantity``, ``estimate``, error, interval, ``p_value`` and ``df``."""
        return self.estimates.frame().assign(df=self.df)

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _title(self) -> str:
        return "Does profit rise with tenure?"

    def _brief(self) -> str:
        slope = float(self.estimates.estimate[0])
        return f"slope within customers {slope:.4g}, {count_of(self.n_clusters, 'customer')}"

    def _facts(self) -> Facts:
        return (
            ("customers seen at several tenures", f"{self.n_repeated:,} of {self.n_clusters:,}"),
            ("mean margin", f"{self.mean_margin:,.6g}"),
            ("standard errors", "leaving out one customer at a time (CR3)"),
            ("single periods", "taken out" if self.with_periods else "not taken out"),
        )

    def _tables(self) -> tuple[Table, ...]:
        return (table_of("Margin by tenure, money per unit of tenure", self.quantities),)

    def _remarks(self) -> tuple[str, ...]:
        beyond = " Single good and bad periods are taken out of it." if self.with_periods else ""
        found = [
            "A year more of tenure is a calendar year later for the same customer, so that the "
            "slope within is that of tenure and of time together." + beyond,
            "The slope within is too low where customers leave after an unusually bad period.",
        ]
        if self.df[0] < _FEW:
            found.append(
                f"The slope within rests on few customers: {self.df[0]:.3g} degrees of freedom."
            )
        return tuple(found)
