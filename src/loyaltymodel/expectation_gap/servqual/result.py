"""What was found about service quality, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_choice, count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.expectation_gap.servqual.model import ServiceInstrument

Part = Literal["items", "dimensions"]

CUSTOMARY_RELIABILITY = 0.7  # a convention of the field, not a test
_DESIGNS = {
    "two_column": "two columns: perceived less expected",
    "one_column": "one column: asked against what was expected",
    "performance": "performance alone",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ServqualResult(Result):
    """Scores of service quality with intervals, reliabilities and weak spots.

    Attributes
    ----------
    instrument : ServiceInstrument
        The items (p) and dimensions (d).
    design : str
        How the items were asked.
    scale : pair of float
        Lowest and highest possible answer.
    n_obs : int
        Number of customers.
    n_dropped : int
        Customers left out because of a missing answer.
    level : float
        Confidence level of the intervals.
    item_scores : EstimateTable
        Mean scores, by item and dimension.
    item_levels : EstimateTable
        Mean levels as far as they were asked, by item and quantity ("expected", "perceived").
    dimension_scores : EstimateTable
        Mean scores of the dimensions.
    dimension_levels : EstimateTable
        Mean levels of the dimensions.
    overall_scores : EstimateTable
        The "unweighted" overall score, and the "weighted" one if there are points.
    points : array, shape (d,), or None
        Points of importance, or the means of customers' own.
    own_points : bool
        Whether every customer gave points.
    reliabilities : array, shape (d, 5)
        Alpha of expectations, of perceptions and of scores, correlation of expected and
        perceived, reliability of their difference; NaN where it does not exist.
    """

    made_by: ClassVar[str] = "servqual(), as .result,"
    people: ClassVar[str] = "customers"

    instrument: ServiceInstrument
    design: str
    scale: tuple[float, float]
    n_obs: int
    n_dropped: int
    level: float
    item_scores: EstimateTable
    item_levels: EstimateTable
    dimension_scores: EstimateTable
    dimension_levels: EstimateTable
    overall_scores: EstimateTable
    points: FloatArray | None
    own_points: bool
    reliabilities: FloatArray

    @property
    def items(self) -> pd.DataFrame:
        """Scores of items with their intervals, and the mean levels, in points."""
        return _with_levels(self.item_scores, self.item_levels)

    @property
    def dimensions(self) -> pd.DataFrame:
        """Scores of dimensions with their intervals, and the mean levels, in points."""
        table = _with_levels(self.dimension_scores, self.dimension_levels)
        if self.points is not None:
            table["points"] = self.points.copy()
        return table

    @property
    def overall(self) -> pd.DataFrame:
        """The overall score, unweighted and weighted by points, with intervals, in points."""
        return self.overall_scores.frame()

    @property
    def reliability(self) -> pd.DataFrame:
        """How reliable the dimensions are measured, from 0 or below to 1.

        ``reliability_of_gap`` is that of the difference, errors taken as unrelated;
        ``alpha_gap`` is alpha of the items' scores. Alpha needs two items at least.
        """
        names = [
            "alpha_expected",
            "alpha_perceived",
            "alpha_gap",
            "correlation",
            "reliability_of_gap",
        ]
        table = pd.DataFrame(self.reliabilities.copy(), columns=names)
        if self.design != "two_column":
            name = "alpha_gap" if self.design == "one_column" else "alpha_perceived"
            table = table[[name]].copy()
        table.insert(0, "n_items", list(self.instrument.sizes))
        table.insert(0, "dimension", list(self.instrument.names))
        return table

    @checked
    def weak_spots(self, part: Part) -> pd.DataFrame:
        """Return items or dimensions from the weakest on.

        Parameters
        ----------
        part : {"items", "dimensions"}
            What to rank.

        Returns
        -------
        DataFrame
            Ranked by ``contribution``, the weakest first: ``rank``, the name, the score
            (``estimate``) and its interval, ``weight`` (share of the overall score; points / 100,
            or the same for every dimension), ``contribution`` (points) and ``certain``, whether
            the interval lies below what was expected.

        Raises
        ------
        OptionError
            If ``part`` is not one of its choices.

        Notes
        -----
        contribution = weight * (score - reference). The reference of gaps is 0; that of
        performance alone, which has no zero, is the highest answer, and there is no
        ``certain``. An item has the weight of its dimension over its number of items. With
        customers' own points the weights are their means, so contributions add up to the
        weighted score only if points and scores do not go together. Ranks have no interval:
        neighbours may change places in another sample.
        """
        check_choice("part", part, Part)
        table = self.items if part == "items" else self.dimensions
        sizes = np.array(self.instrument.sizes)
        weights = np.full(len(sizes), 1 / len(sizes)) if self.points is None else self.points / 100
        if part == "items":
            weights = np.repeat(weights / sizes, sizes)
        reference = self.scale[1] if self.design == "performance" else 0.0
        names = ["item", "dimension"] if part == "items" else ["dimension"]
        ranked = table[[*names, "estimate", "ci_low", "ci_high"]].assign(
            weight=weights, contribution=weights * (table["estimate"] - reference)
        )
        if self.design != "performance":
            ranked["certain"] = ranked["ci_high"] < 0
        ranked = ranked.sort_values("contribution", kind="stable", ignore_index=True)
        ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
        return ranked

    def _title(self) -> str:
        return "Service quality"

    def _brief(self) -> str:
        items = count_of(len(self.item_scores), "item")
        return f"{count_of(self.n_obs, 'customer')}, {self.design}, {items}"

    def _facts(self) -> Facts:
        return (
            ("design", _DESIGNS[self.design]),
            ("answer scale", f"{self.scale[0]:g} to {self.scale[1]:g}"),
        )

    def _tables(self) -> Sequence[Table]:
        reliability = self.reliability
        digits = [0, *[3] * (reliability.shape[1] - 2)]
        return (
            table_of("Overall (points)", self.overall, digits=2),
            table_of("Dimensions (points)", self.dimensions, digits=2),
            table_of("Reliability", reliability, digits=digits),
            table_of("Items (points)", self.items, n_labels=2, digits=2),
        )

    def _remarks(self) -> Sequence[str]:
        if self.design != "two_column":
            return ()
        difference = (
            "A gap is a difference of two fallible ratings: the more expected and perceived go "
            "together, the less reliable it is for a single customer."
        )
        remarks = [difference]
        gap = self.reliabilities[:, 4]
        names = self.instrument.names
        low = [names[k] for k in np.flatnonzero(exceeds(CUSTOMARY_RELIABILITY, gap))]
        if low:
            remarks.append(
                f"Gaps less reliable than the customary {CUSTOMARY_RELIABILITY:g}: "
                f"{', '.join(low)}."
            )
        if np.isnan(gap).any():
            remarks.append("A dimension of one item has no alpha, and its gap no reliability.")
        return remarks


def _with_levels(scores: EstimateTable, levels: EstimateTable) -> pd.DataFrame:
    """Return scores with the mean levels in columns before them, as far as they were asked."""
    table = scores.frame()
    place = len(scores.labels)
    asked = levels.frame()
    for name, found in asked.groupby("quantity", sort=False):
        table.insert(place, str(name), found["estimate"].to_numpy())
        place += 1
    return table
