"""Tests of what a Markov chain claims, as records that say how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._counts import independence
from loyaltymodel._intervals import chi_square_tail
from loyaltymodel._tables import Summary, table_of

_FEW = 5  # expected counts below it make a chi-square law a poor guide: a convention
_MUCH = 0.2  # of the cells: likewise


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarkovTest(FrozenRecord):
    """A test of a chain by likelihood ratio and chi-square, stage by stage and together.

    Attributes
    ----------
    question : str
        What is tested.
    stages : tuple of str
        The stage that each part is about (k).
    likelihood_ratio, chi_square : ndarray of shape (k,)
        Parts of the statistics.
    df : ndarray of shape (k,)
        Degrees of freedom.
    few : float
        Share of cells with expected counts below 5, of those that count.
    """

    question: str
    stages: tuple[str, ...]
    likelihood_ratio: FloatArray
    chi_square: FloatArray
    df: IntArray
    few: float

    @property
    def table(self) -> pd.DataFrame:
        """A row a stage, and "all" together: both statistics, degrees of freedom, p-values.

        A p-value is NaN where there are no degrees of freedom.
        """
        ratio, square, df = (
            np.append(v, v.sum()) for v in (self.likelihood_ratio, self.chi_square, self.df)
        )
        return pd.DataFrame(
            {
                "stage": [*self.stages, "all"],
                "likelihood_ratio": ratio,
                "p_likelihood_ratio": chi_square_tail(ratio, df),
                "chi_square": square,
                "p_chi_square": chi_square_tail(square, df),
                "df": df,
            }
        )

    @property
    def p_value(self) -> float:
        """The p-value of the likelihood ratio of all stages together."""
        return float(self.table["p_likelihood_ratio"].iloc[-1])

    def summary(self) -> Summary:
        """Return the test as a table to print.

        Returns
        -------
        Summary
            The table, and whether the law of the statistics can be trusted.
        """
        facts = (("expected counts below 5", f"{self.few:.0%} of cells"),)
        remarks = ["A small p-value speaks against what the question states."]
        if self.few > _MUCH:
            remarks.append(
                "Many expected counts are small, so the p-values are rough; join stages or periods."
            )
        table = table_of(self.question, self.table, digits=(2, 4, 2, 4, 0))
        return Summary("Test of a Markov chain", facts, (table,), tuple(remarks))


def independence_test(stages: tuple[str, ...], question: str, tables: FloatArray) -> MarkovTest:
    """Test whether the rows of each stage's table (k, r, c) have the same law."""
    found = independence(tables)
    counted = found.expected[found.df > 0]
    counted = counted[~np.isnan(counted)]
    return MarkovTest(
        question=question,
        stages=stages,
        likelihood_ratio=found.likelihood_ratio,
        chi_square=found.chi_square,
        df=found.df,
        few=float((counted < _FEW).mean()) if len(counted) else 0.0,
    )
