"""What an importance-performance analysis found, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.options import count_of
from loyaltymodel._core.quadrants import Cut, Ties
from loyaltymodel._core.results import Facts
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.attributes.drivers.kernels import MEASURES
from loyaltymodel.attributes.drivers.resampled import _Resampled

# In the order of their codes: 2 * (importance high) + (performance high).
QUADRANTS = ("low priority", "possible overkill", "concentrate here", "keep up the good work")

QUANTITIES = ("importance", "performance", "gap")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ImportancePerformanceResult(_Resampled):
    """Importance, performance and quadrant of each attribute.

    Made by :func:`importance_performance`.

    Attributes
    ----------
    target : str or None
        What importance is derived from; None if respondents stated it.
    measure : str or None
        Which derived importance; None if respondents stated it.
    importance_as : str or None
        How stated importance was given: "rating", or how ranks became weights; None if it is
        derived.
    estimates : EstimateTable
        Importance and performance in units of the answers, and, where both have a scale, the gap
        in points of their scales, by ``quantity`` and ``attribute``. Derived importance and
        weights of ranks have units of their own.
    n_obs : int
        Number of respondents whose weight is not zero.
    n_dropped : int
        Respondents left out because an answer was missing.
    cuts : mapping from "importance" and "performance" to float
        Where high begins.
    cut_rules : mapping from "importance" and "performance" to str or float
        How these were set.
    scale : mapping from "importance" and "performance" to (float, float) or None
        Lowest and highest possible value; None where there are none.
    ties : str
        Where an attribute that lies exactly on a cut-off belongs.
    quadrants : tuple of str
        Quadrant of each attribute.
    quadrant_shares : ndarray of shape (k, 4) or None
        Share of the resamples in which each attribute lies in each quadrant.
    n_resamples : int
        Number of resamples drawn; 0 for none.
    n_failed : int
        Resamples left out because a variable was constant or collinear in them.
    level : float or None
        Confidence level of each interval; None without resamples.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> attributes.importance_performance(
    ...     {"staff": [1, 3], "parking": [4, 5]},
    ...     importance={"staff": [4, 5], "parking": [2, 3]},
    ... )
    <ImportancePerformanceResult: 2 attributes, stated importance, 2 respondents>
    """

    target: str | None
    measure: str | None
    importance_as: str | None
    cuts: FrozenMapping[str, float]
    cut_rules: FrozenMapping[str, Cut]
    scale: FrozenMapping[str, Pair | None]
    ties: Ties
    quadrants: tuple[str, ...]
    quadrant_shares: FloatArray | None

    @property
    def attributes(self) -> pd.DataFrame:
        """A row an attribute: importance, performance, gap and quadrant, and how sure that is.

        ``resample_share``, in how many of the resamples the attribute lies in this quadrant, is
        there if resamples were asked for.
        """
        k = len(self.quadrants)
        values = dict(zip(QUANTITIES, self.estimates.estimate.reshape(-1, k), strict=False))
        gap = values.pop("gap", np.full(k, np.nan))
        table = pd.DataFrame({n: v.copy() for n, v in values.items()}, self._index())
        table = table.assign(gap=gap.copy(), quadrant=list(self.quadrants))
        if self.quadrant_shares is not None:
            codes = [QUADRANTS.index(name) for name in self.quadrants]
            table["resample_share"] = self.quadrant_shares[np.arange(k), codes]
        return table

    @property
    def coordinates(self) -> pd.DataFrame:
        """Importance, performance and gap of each attribute, a row each.

        ``quantity`` and ``attribute``, then ``estimate``; with resamples also ``std_error``,
        ``ci_low``, ``ci_high`` and, where there is a gap, the ``p_value`` of none.
        """
        return self.estimates.frame()

    @property
    def resample_shares(self) -> pd.DataFrame:
        """In how many of the resamples, as a share, each attribute lies in each quadrant.

        Not the probability that the quadrant is the true one, which is lower: an attribute seems
        farther from the cut-off than it is, because the quadrant was chosen where it seems to be.

        Raises
        ------
        DataError
            If no resamples were asked for.
        """
        self._replicates()
        assert self.quadrant_shares is not None  # noqa: S101  they come together
        columns = pd.Index(QUADRANTS, name="quadrant")
        return pd.DataFrame(self.quadrant_shares.copy(), self._index(), columns)

    def _title(self) -> str:
        return "Importance-performance analysis"

    def _brief(self) -> str:
        n = count_of(len(self.quadrants), "attribute")
        return f"{n}, {self._source()}, {count_of(self.n_obs, 'respondent')}"

    def _facts(self) -> Facts:
        source = self._source().removeprefix("importance ").removesuffix(" importance")
        return (
            ("importance", source),
            *(
                (f"{axis} is high from", f"{cut:.3f} ({self.cut_rules[axis]})")
                for axis, cut in self.cuts.items()
            ),
        )

    def _tables(self) -> Sequence[Table]:
        table = self.attributes.reset_index()
        names = ["attribute", "quadrant"]
        shown = table[[*names, *table.columns.difference(names, sort=False)]]
        shown = shown.rename(columns={"gap": "gap (points of 100)"})
        tables = [table_of("Importance and performance", shown, n_labels=2)]
        if self.n_resamples:
            rows = self.resample_shares.reset_index()
            tables.append(table_of("Share of resamples in each quadrant", rows))
        return tables

    def _remarks(self) -> Sequence[str]:
        remarks = []
        if not {"mean", "median"}.isdisjoint(self.cut_rules.values()):
            remarks.append(
                "Cut-offs at mean or median part these attributes from each other; they are no "
                "standard from elsewhere."
            )
        if self.n_resamples:
            remarks.append(
                "A share of resamples is larger, on average, than the probability that the "
                "quadrant is the true one."
            )
        if self.measure in MEASURES:
            remarks.append("What goes together with the target need not be a cause of it.")
        return remarks

    def _source(self) -> str:
        """Say where importance comes from."""
        if self.importance_as == "rating":
            return "stated importance"
        if self.importance_as is not None:
            return f"importance from ranks by {self.importance_as}"
        return f"importance for {self.target} by {self.measure}"

    def _index(self) -> pd.Index:
        names = list(self.estimates.labels["attribute"][: len(self.quadrants)])
        index: pd.Index = pd.Index(names, name="attribute")
        return index
