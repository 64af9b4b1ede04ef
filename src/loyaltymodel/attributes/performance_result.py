"""What an importance-performance analysis found, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._scales import Pair
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.attributes.kernels import MEASURES
from loyaltymodel.attributes.uncertainty import Uncertainty, drawn, facts_of, tidy

# In the order of their codes: 2 * (importance high) + (performance high).
QUADRANTS = ("low priority", "possible overkill", "concentrate here", "keep up the good work")

_QUANTITIES = ("importance", "performance", "gap")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ImportancePerformanceResult(FrozenRecord):
    """Importance, performance and quadrant of each attribute.

    Made by :func:`importance_performance`.

    Attributes
    ----------
    attributes : tuple of str
        The attributes, k names.
    target : str or None
        What importance is derived from; None if people stated it.
    measure : str or None
        Which derived importance; None if people stated it.
    importance_as : str or None
        How stated importance was given: "rating", or how ranks became weights; None if it is
        derived.
    n_obs : int
        Number of respondents whose weight is not zero.
    n_dropped : int
        Respondents left out because an answer was missing.
    importance : ndarray of shape (k,)
        Mean stated importance, in units of the answers or as weight; or derived importance.
    performance : ndarray of shape (k,)
        Mean performance in units of the answers.
    gap : ndarray of shape (k,) or None
        Importance less performance in points of their scales; None where there is no scale.
    cuts : ndarray of shape (2,)
        Cut-offs of importance and performance.
    rules : tuple of str
        How these were set.
    scales : tuple
        Lowest and highest possible importance and performance; None where there are none.
    codes : ndarray of shape (k,)
        Quadrant of each attribute: 2 * (importance high) + (performance high).
    cells : ndarray of shape (k, 4) or None
        Share of the resamples in which each attribute lies in each quadrant.
    uncertainty : Uncertainty or None
        What resampling found, if it was asked for.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> attributes.importance_performance(
    ...     {"staff": [1, 3], "parking": [4, 5]},
    ...     importance={"staff": [4, 5], "parking": [2, 3]},
    ... )
    <ImportancePerformanceResult: 2 attributes, stated importance, 2 respondents>
    """

    attributes: tuple[str, ...]
    target: str | None
    measure: str | None
    importance_as: str | None
    n_obs: int
    n_dropped: int
    importance: FloatArray
    performance: FloatArray
    gap: FloatArray | None
    cuts: FloatArray
    rules: tuple[str, str]
    scales: tuple[Pair | None, Pair | None]
    codes: IntArray
    cells: FloatArray | None
    uncertainty: Uncertainty | None

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return (
            f"<ImportancePerformanceResult: {len(self.attributes)} attributes, {self.source}, "
            f"{self.n_obs} respondents>"
        )

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def source(self) -> str:
        """Where importance comes from, in words."""
        if self.importance_as == "rating":
            return "stated importance"
        if self.importance_as is not None:
            return f"importance from ranks by {self.importance_as}"
        return f"importance for {self.target} by {self.measure}"

    @property
    def quadrants(self) -> pd.Series:
        """Quadrant of each attribute by name."""
        names = [QUADRANTS[code] for code in self.codes]
        return pd.Series(names, self._index(), name="quadrant")

    @property
    def table(self) -> pd.DataFrame:
        """Importance, performance, gap and quadrant; also its probability if there is one."""
        k = len(self.attributes)
        table = pd.DataFrame(
            {
                "importance": self.importance.copy(),
                "performance": self.performance.copy(),
                "gap": np.full(k, np.nan) if self.gap is None else self.gap.copy(),
            },
            self._index(),
        ).assign(quadrant=self.quadrants)
        if self.cells is not None:
            table["probability"] = self.cells[np.arange(k), self.codes]
        return table

    @property
    def probabilities(self) -> pd.DataFrame:
        """Probability of each quadrant: the share of resamples in which it holds.

        Raises
        ------
        DataError
            If no resamples were asked for.
        """
        drawn(self.uncertainty)
        assert self.cells is not None  # noqa: S101  they come together
        return pd.DataFrame(self.cells.copy(), self._index(), list(QUADRANTS))

    @property
    def intervals(self) -> pd.DataFrame:
        """Importance, performance and gap, a row each, with errors and intervals.

        Raises
        ------
        DataError
            If no resamples were asked for.
        """
        values = [self.importance, self.performance, *([] if self.gap is None else [self.gap])]
        labels = pd.DataFrame(
            {
                "quantity": np.repeat(_QUANTITIES[: len(values)], len(self.attributes)),
                "attribute": self.attributes * len(values),
            }
        )
        return tidy(labels, np.concatenate(values), self.uncertainty)

    def summary(self) -> Summary:
        """Return coordinates, quadrants and their probabilities, as tables and words.

        Returns
        -------
        Summary
            ``print`` it, let a notebook show it, or take its LaTeX.
        """
        dropped = f" ({self.n_dropped} left out)" if self.n_dropped else ""
        facts = [
            ("importance", self.source.removeprefix("importance ").removesuffix(" importance")),
            ("respondents", f"{self.n_obs}{dropped}"),
            ("importance is high from", f"{self.cuts[0]:.3f} ({self.rules[0]})"),
            ("performance is high from", f"{self.cuts[1]:.3f} ({self.rules[1]})"),
        ]
        table = self.table.reset_index()
        names = ["attribute", "quadrant"]
        shown = table[[*names, *table.columns.difference(names, sort=False)]]
        shown = shown.rename(columns={"gap": "gap (points of 100)"})
        tables = [table_of("Importance and performance", shown, n_labels=2)]
        if self.uncertainty is not None:
            facts += facts_of(self.uncertainty)
            rows = self.probabilities.reset_index()
            tables.append(table_of("Probability of each quadrant", rows))
        return Summary(
            "Importance-performance analysis", tuple(facts), tuple(tables), self._remarks()
        )

    def _remarks(self) -> tuple[str, ...]:
        """Say what a reader should know of these numbers."""
        remarks = []
        if not {"mean", "median"}.isdisjoint(self.rules):
            remarks.append(
                "Cut-offs at mean or median part these attributes from each other; they are no "
                "standard from elsewhere."
            )
        if self.measure in MEASURES:
            remarks.append("What goes together with the target need not be a cause of it.")
        return tuple(remarks)

    def _index(self) -> pd.Index:
        return pd.Index(self.attributes, name="attribute")
