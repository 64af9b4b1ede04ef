"""What was found about service quality, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._options import check_choice
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.expectation_gap.instrument import ServiceInstrument
from loyaltymodel.expectation_gap.kernels import mean_interval

Part = Literal["items", "dimensions"]

CUSTOMARY_RELIABILITY = 0.7  # a convention of the field, not a test
_DESIGNS = {
    "two_column": "two columns: perceived less expected",
    "one_column": "one column: asked against what was expected",
    "performance": "performance alone",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServqualResult(FrozenRecord):
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
    item_levels : array, shape (p, 2)
        Mean expected and perceived level of items; NaN where not asked.
    item_level_errors : array, shape (p, 2)
        Their standard errors.
    item_scores : array, shape (p,)
        Mean scores of items.
    item_errors : array, shape (p,)
        Their standard errors.
    dimension_level_errors : array, shape (d, 2)
        Standard errors of the mean levels of dimensions.
    dimension_errors : array, shape (d,)
        Standard errors of the mean scores of dimensions.
    overall_scores : array, shape (1,) or (2,)
        Unweighted overall score, and the weighted one if there are points.
    overall_errors : array, shape (1,) or (2,)
        Their standard errors.
    points : array, shape (d,), or None
        Points of importance, or the means of customers' own.
    own_points : bool
        Whether every customer gave points.
    reliabilities : array, shape (d, 5)
        Alpha of expectations, of perceptions and of scores, correlation of expected and
        perceived, reliability of their difference; NaN where it does not exist.
    """

    instrument: ServiceInstrument
    design: str
    scale: tuple[float, float]
    n_obs: int
    n_dropped: int
    level: float
    item_levels: FloatArray
    item_level_errors: FloatArray
    item_scores: FloatArray
    item_errors: FloatArray
    dimension_level_errors: FloatArray
    dimension_errors: FloatArray
    overall_scores: FloatArray
    overall_errors: FloatArray
    points: FloatArray | None
    own_points: bool
    reliabilities: FloatArray

    @property
    def items(self) -> pd.DataFrame:
        """Levels and scores of items with intervals of the scores, in points."""
        labels = {"item": list(self.instrument.items), "dimension": self._dimension_of_items()}
        return self._table(labels, self.item_levels, self.item_scores, self.item_errors)

    @property
    def dimensions(self) -> pd.DataFrame:
        """Levels and scores of dimensions with intervals of the scores, in points."""
        labels = {"dimension": list(self.instrument.names)}
        levels, scores = self._averaged(self.item_levels), self._averaged(self.item_scores)
        table = self._table(labels, levels, scores, self.dimension_errors)
        if self.points is not None:
            table["points"] = self.points.copy()
        return table

    @property
    def overall(self) -> pd.DataFrame:
        """The overall score, unweighted and weighted by points, with intervals, in points."""
        low, high = self._interval(self.overall_scores, self.overall_errors)
        return pd.DataFrame(
            {
                "kind": ["unweighted", "weighted"][: len(self.overall_scores)],
                "score": self.overall_scores.copy(),
                "std_error": self.overall_errors.copy(),
                "ci_low": low,
                "ci_high": high,
            }
        )

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

    def levels(self, part: Part) -> pd.DataFrame:
        """Return expected and perceived levels with intervals of their own.

        Parameters
        ----------
        part : {"items", "dimensions"}
            Of what.

        Returns
        -------
        DataFrame
            A row an item or dimension and kind ("expected", "perceived"): ``name``, ``kind``,
            ``mean``, ``ci_low``, ``ci_high``, in points. Kinds that were not asked are absent.

        Raises
        ------
        OptionError
            If ``part`` is not one of its choices.
        """
        check_choice("part", part, Part)
        names = self.instrument.items if part == "items" else self.instrument.names
        means = self.item_levels if part == "items" else self._averaged(self.item_levels)
        errors = self.item_level_errors if part == "items" else self.dimension_level_errors
        low, high = self._interval(means, errors)
        rows = [
            (name, kind, *(float(x[row, k]) for x in (means, low, high)))
            for row, name in enumerate(names)
            for k, kind in enumerate(("expected", "perceived"))
            if not np.isnan(means[row, k])
        ]
        return pd.DataFrame(rows, columns=["name", "kind", "mean", "ci_low", "ci_high"])

    def weak_spots(self, part: Part) -> pd.DataFrame:
        """Return items or dimensions from the weakest on.

        Parameters
        ----------
        part : {"items", "dimensions"}
            What to rank.

        Returns
        -------
        DataFrame
            Ranked by ``contribution``, the weakest first: ``rank``, the name, ``score`` and
            its interval, ``weight`` (share of the overall score; points / 100, or the same for
            every dimension), ``contribution`` (points) and ``certain``, whether the interval
            lies below what was expected.

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
        kept = [*(["item"] if part == "items" else []), "dimension", "score", "ci_low", "ci_high"]
        ranked = table[kept].assign(
            weight=weights, contribution=weights * (table["score"] - reference)
        )
        if self.design != "performance":
            ranked["certain"] = ranked["ci_high"] < 0
        ranked = ranked.sort_values("contribution", kind="stable", ignore_index=True)
        ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
        return ranked

    def summary(self) -> Summary:
        """Return the result as tables to print.

        Returns
        -------
        Summary
            Overall scores, dimensions, reliabilities and items.
        """
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        facts = (
            ("customers", f"{self.n_obs}{left_out}"),
            ("design", _DESIGNS[self.design]),
            ("answer scale", f"{self.scale[0]:g} to {self.scale[1]:g}"),
            ("confidence level", f"{self.level:g}"),
        )
        reliability = self.reliability
        digits = [0, *[3] * (reliability.shape[1] - 2)]
        tables = (
            table_of("Overall (points)", self.overall, digits=2),
            table_of("Dimensions (points)", self.dimensions, digits=2),
            table_of("Reliability", reliability, digits=digits),
            table_of("Items (points)", self.items, n_labels=2, digits=2),
        )
        return Summary("Service quality", facts, tables, self._remarks())

    def _remarks(self) -> tuple[str, ...]:
        if self.design != "two_column":
            return ()
        difference = (
            "A gap is a difference of two fallible ratings: the more expected and perceived go "
            "together, the less reliable it is for a single customer."
        )
        remarks = [difference]
        gap = self.reliabilities[:, 4]
        names = self.instrument.names
        low = [names[k] for k in np.flatnonzero(gap < CUSTOMARY_RELIABILITY)]
        if low:
            remarks.append(
                f"Gaps less reliable than the customary {CUSTOMARY_RELIABILITY:g}: "
                f"{', '.join(low)}."
            )
        if np.isnan(gap).any():
            remarks.append("A dimension of one item has no alpha, and its gap no reliability.")
        return tuple(remarks)

    def _dimension_of_items(self) -> list[str]:
        return [d.name for d in self.instrument.dimensions for _ in d.items]

    def _averaged(self, values: FloatArray) -> FloatArray:
        """Return means over the items of each dimension."""
        sizes = np.array(self.instrument.sizes)
        starts = np.cumsum(sizes) - sizes
        divisor = sizes if values.ndim == 1 else sizes[:, None]
        return np.asarray(np.add.reduceat(values, starts, axis=0) / divisor, dtype=np.float64)

    def _interval(self, means: FloatArray, errors: FloatArray) -> tuple[FloatArray, FloatArray]:
        return mean_interval(means, errors, n=self.n_obs, level=self.level)

    def _table(
        self,
        labels: dict[str, list[str]],
        levels: FloatArray,
        scores: FloatArray,
        errors: FloatArray,
    ) -> pd.DataFrame:
        low, high = self._interval(scores, errors)
        table = pd.DataFrame(labels)
        for k, name in enumerate(("expected", "perceived")):
            if not np.isnan(levels[:, k]).all():
                table[name] = levels[:, k]
        return table.assign(score=scores, std_error=errors, ci_low=low, ci_high=high)
