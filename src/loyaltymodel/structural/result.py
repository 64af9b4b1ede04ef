"""What an estimation found: immutable numbers, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing, checked_rows, read_columns
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.scales import Limits, resolve_limits
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, plain, table_of
from loyaltymodel.errors import DataError
from loyaltymodel.structural import report
from loyaltymodel.structural.checks import Check, all_checks
from loyaltymodel.structural.estimates import (
    PLSSolution,
    composites_of,
    correlation_matrix,
    design_of,
)
from loyaltymodel.structural.kernels import criteria
from loyaltymodel.structural.kernels import pls as kernels
from loyaltymodel.structural.kernels.implied import Implied, Which, distances, implied_correlations
from loyaltymodel.structural.kernels.pls import Design
from loyaltymodel.structural.kernels.quantities import RELIABILITIES
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.settings import FitSettings

Unit = Literal["standardised", "points"]

_MEASURES = ("srmr", "d_uls", "d_g", "nfi")
_NOT_DEFINITE = "observed or implied correlations are not positive definite"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StructuralResult(Result):
    """A structural model as estimated from a survey, made by :func:`fit`.

    It holds the model, the moments of the items and the solution, never the answers of a
    respondent. The tables of what :func:`bootstrap` measures as well have the same names and rows
    there, with more columns. Its ``settings`` are the options of :func:`fit` by their names:
    ``scheme``, ``consistent``, ``scale``, ``weights``, ``missing``, ``tol``, ``max_iter`` and
    ``sign``.

    Attributes
    ----------
    model : StructuralModel
        What was claimed.
    moments : Moments
        Number of respondents, means and covariance of the model's items.
    solution : PLSSolution
        The numbers as arrays.
    version : str
        Version of this library that made the result.

    See Also
    --------
    fit : Makes a result, and explains the settings.
    bootstrap : Errors and intervals of everything in it.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> result = structural.fit(model, datasets.mobile_phone_moments(), scale=(1, 10))
    >>> result.constructs.round(1).loc["satisfaction", "index"].item()
    72.5
    >>> result.paths.round(3).query("target == 'loyalty'")
              source   target  estimate
    9          image  loyalty     0.196
    10  satisfaction  loyalty     0.485
    11    complaints  loyalty     0.067
    """

    made_by: ClassVar[str] = "fit()"

    model: StructuralModel
    settings: FitSettings = field()
    moments: Moments
    solution: PLSSolution

    # What was estimated

    @property
    def n_obs(self) -> int:
        """Number of respondents that the estimates rest on."""
        return self.moments.n_obs

    @property
    def n_dropped(self) -> int:
        """Number of respondents left out because an answer was missing."""
        return self.moments.n_dropped

    @property
    def weight_total(self) -> float:
        """Sum of the respondents' weights; their number where they are not weighted."""
        return float(self.moments.weight_total or self.n_obs)

    @property
    def n_effective(self) -> float:
        """Kish's effective number of respondents; their number where all weigh the same."""
        return float(self.moments.n_effective or self.n_obs)

    @property
    def converged(self) -> bool:
        """Whether no weight moved by the tolerance any more when the iteration stopped."""
        return self.solution.converged

    @property
    def n_iter(self) -> int:
        """Number of iterations that the weights took."""
        return self.solution.n_iter

    @property
    def constructs(self) -> pd.DataFrame:
        """What there is to say of each construct, in one row: level, fit and reliability.

        ``index`` from 0 to 100, NaN without ``scale`` and for a construct with a negative
        weight; ``r_squared`` and ``r_squared_adjusted``, NaN for exogenous constructs;
        Cronbach's alpha (克朗巴哈系数) of the standardised items, ``alpha``, and of the answers
        as they are, ``alpha_raw``; ``rho_a``, ``rho_c`` and ``ave`` as in :attr:`reliability`.
        """
        endogenous = ~self._design().exogenous
        columns = {
            "index": self._index() if self.settings.scale is not None else np.nan,
            "r_squared": np.where(endogenous, self.solution.r_squared, np.nan),
            "r_squared_adjusted": np.where(endogenous, self._r_squared_adjusted(), np.nan),
            **self._reliability(),
        }
        return pd.DataFrame(columns, index=pd.Index(self.model.names, name="construct"))

    @property
    def paths(self) -> pd.DataFrame:
        """Path coefficients (路径系数), standardised: source, target, estimate."""
        return self._pairs(self.solution.paths, self._design().drives)

    @property
    def weights(self) -> pd.DataFrame:
        """Outer weights on standardised items (外部权重): construct, item, estimate."""
        return self._by_item(self.solution.weights)

    @property
    def loadings(self) -> pd.DataFrame:
        """Loading of each item on its construct (载荷): construct, item, estimate.

        The correlation of the item with the construct's score; in a consistent fit its
        correlation with the construct itself.
        """
        return self._by_item(self.solution.loadings)

    @property
    def cross_loadings(self) -> pd.DataFrame:
        """Loading of every item (rows) on every construct (columns) (交叉载荷)."""
        return pd.DataFrame(
            self.solution.cross_loadings.copy(),
            index=pd.Index(self.model.items, name="item"),
            columns=pd.Index(self.model.names, name="construct"),
        )

    @property
    def construct_correlations(self) -> pd.DataFrame:
        """Correlations of the constructs, a symmetric table with ones on the diagonal."""
        names = pd.Index(self.model.names, name="construct")
        return pd.DataFrame(self.solution.correlations.copy(), index=names, columns=names)

    # Effects

    @property
    def total_effects(self) -> pd.DataFrame:
        """Direct and indirect effects together (总效应): source, target, estimate.

        Standard deviations that the target moves when the source moves by one, along every
        directed route; only pairs that a route connects are listed.
        """
        return self._pairs(self._total(), self._reaches())

    @property
    def indirect_effects(self) -> pd.DataFrame:
        """Effects by way of other constructs (间接效应): source, target, estimate.

        Total effect less direct path; only pairs connected by a route of two steps or more.
        """
        drives = self._design().drives
        by_way = kernels.total_effects(drives[None].astype(float))[0] > drives
        return self._pairs(self._total() - self.solution.paths, by_way)

    @property
    def impacts(self) -> pd.DataFrame:
        """Total effects in points of the index: source, target, estimate.

        How many points (0-100) the target moves when the source moves by one point, all else
        in the model following. In a consistent fit between the constructs free of error, else
        between their scores. NaN where an index is not defined.

        Raises
        ------
        DataError
            If the model was fitted without ``scale``.
        """
        deviations = self._points_per_deviation()
        if self.settings.consistent:
            # A construct free of error varies less than its score, by the root of rho_A.
            deviations = deviations * np.sqrt(self.solution.rho_a)
        impact = self._total() * deviations / deviations[:, None]
        return self._pairs(impact, self._reaches())

    # Level and explained variance

    @property
    def index(self) -> pd.DataFrame:
        """Index from 0 to 100 (满意指数 and its kin): construct, estimate.

        See :func:`satisfaction_index` for the formula. NaN for a construct with a negative
        weight, whose index would fall when an answer rises.

        Raises
        ------
        DataError
            If the model was fitted without ``scale``.
        """
        return pd.DataFrame({"construct": self.model.names, "estimate": self._index()})

    @property
    def r_squared(self) -> pd.DataFrame:
        """Share of an endogenous construct's variance that its drivers explain.

        Its columns are construct and estimate. The share less what drivers explain by chance,
        1 - (1 - R2)(n - 1) / (n - drivers - 1), stands in :attr:`constructs`.
        """
        found = self.solution.r_squared[~self._design().exogenous]
        return pd.DataFrame({"construct": self.model.endogenous, "estimate": found})

    # Quality of measurement

    @property
    def reliability(self) -> pd.DataFrame:
        """Reliability and convergent validity (信度与收敛效度): quantity, construct, estimate.

        ``alpha`` is Cronbach's alpha of the standardised items, ``rho_a`` the reliability of
        the scores after Dijkstra and Henseler, ``rho_c`` the composite reliability from the
        loadings (组合信度), ``ave`` the mean squared loading (平均方差提取量). All are 1 for
        a single item. Under mode B ``rho_a`` is 1 because no correction is made, and
        ``rho_c`` and ``ave`` have no meaning as reliability. :attr:`constructs` has them side by
        side.
        """
        found, names = self._reliability(), np.array(self.model.names, dtype=object)
        return pd.DataFrame(
            {
                "quantity": np.repeat(np.array(RELIABILITIES, dtype=object), len(names)),
                "construct": np.tile(names, len(RELIABILITIES)),
                "estimate": np.concatenate([found[name] for name in RELIABILITIES]),
            }
        )

    @property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios (异质-单质比率) of each pair: first, second, estimate.

        ``estimate`` takes means of absolute correlations. ``htmt_signed`` takes signed means and
        then the absolute value; programs differ here. ``htmt2`` takes geometric means, which
        exist for positive correlations only. ``note`` says why a ratio is missing.
        """
        s, design = self._correlations(), self._design()
        definitions = criteria.htmt(s, design)
        second, first = np.tril_indices(len(self.model.names), -1)
        absolute, signed, geometric = (matrix[0][first, second] for matrix in definitions)
        between = criteria.not_positive(s, design)[0]
        within = between.diagonal() / 2  # each pair within a block is counted twice
        n_bad = (between + within[:, None] + within)[first, second]
        names = np.array(self.model.names, dtype=object)
        notes = [
            f"{count:.0f} of its correlations not positive" if np.isnan(one + two) else ""
            for count, one, two in zip(n_bad, signed, geometric, strict=True)
        ]
        return pd.DataFrame(
            {
                "first": names[first],
                "second": names[second],
                "estimate": absolute,
                "htmt_signed": signed,
                "htmt2": geometric,
                "note": np.array(notes, dtype=object),
            }
        )

    @property
    def vif(self) -> pd.DataFrame:
        """Variance inflation of each driver in its equation (方差膨胀因子): source, target, vif."""
        return self._pairs(self._vif(), self._design().drives, "vif")

    @property
    def item_vif(self) -> pd.DataFrame:
        """Variance inflation of each item within its construct: construct, item, vif."""
        return self._by_item(criteria.item_vif(self._correlations(), self._design())[0], "vif")

    @property
    def f_squared(self) -> pd.DataFrame:
        """Effect size of each path (效应量): source, target, f_squared.

        What R2 loses without the path, over what R2 leaves unexplained. The correlations of
        the constructs are kept, as in cSEM; programs that estimate the model again without
        the path differ.
        """
        found = self.solution
        sizes = criteria.f_squared(found.paths[None], self._vif()[None], found.r_squared[None])
        return self._pairs(sizes[0], self._design().drives, "f_squared")

    @checked
    def fit_measures(
        self, *, implied: Implied = "convention", composites: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return how far the model's correlations are from those observed (拟合指标).

        Two models are held against the items' correlations: the saturated one, in which all
        constructs may correlate, and the estimated one, in which the paths alone connect them.

        Parameters
        ----------
        implied : {"convention", "exact"}
            How the estimated model's construct correlations follow from the paths. The
            convention of cSEM and ADANCO takes disturbances 1 - R2 from the constructs'
            estimated correlations and then sets the diagonal to 1; "exact" traces the paths
            with every variance 1. SRMR differs by up to 6e-4 on the mobile phones.
        composites : sequence of str
            Constructs of mode A that are declared composites. A composite, as every
            construct of mode B, claims nothing about the correlations within its block.

        Returns
        -------
        DataFrame
            Rows ``srmr``, ``d_uls``, ``d_g`` and ``nfi``; columns ``saturated`` and
            ``estimated``, and a ``note`` where a measure does not exist. The first three are
            0 for a perfect fit and positive otherwise, NFI is 1 for a perfect fit.

        Raises
        ------
        OptionError
            If ``implied`` is not one of its choices, or a composite no construct of the model.

        Notes
        -----
        With S the observed and Sigma the implied correlations of p items: SRMR is the root of
        the mean squared residual over the p(p + 1)/2 elements on and below the diagonal;
        d_ULS half the sum of squared residuals; d_G half the sum of squared natural logarithms
        of the eigenvalues of S^-1 Sigma (programs that use logarithms to base 10 give values
        5.3019 times smaller); NFI = 1 - F(Sigma) / F(I) with F(Sigma) = ln|Sigma| - ln|S| +
        tr(S Sigma^-1) - p.

        Examples
        --------
        A model of two constructs with one item each and a path between them claims nothing
        that could fail:

        >>> import pandas as pd
        >>> from loyaltymodel.structural import StructuralModel, fit
        >>> model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
        >>> survey = pd.DataFrame({"a1": [1, 2, 3, 4], "b1": [1, 3, 2, 4]})
        >>> fit(model, survey).fit_measures().loc["srmr", "estimated"].round(9).item()
        0.0
        """
        check_choice("implied", implied, Implied)
        design, observed = self._design(), self._correlations()
        composite = composites_of(self.model, composites)
        found = self.solution.as_stack()
        measured = {}
        for which in get_args(Which):
            claimed = implied_correlations(
                observed, found, design, composite, which=which, implied=implied
            )
            apart = distances(observed, claimed)
            measured[which] = [float(getattr(apart, name)[0]) for name in _MEASURES]
        table = pd.DataFrame(measured, index=pd.Index(_MEASURES, name="measure"))
        absent = table.isna().any(axis=1)
        return table.assign(note=np.where(absent, _NOT_DEFINITE, "")).astype({"note": object})

    # Respondents

    @checked
    def scores(
        self, data: Data, *, unit: Unit = "standardised", missing: Missing = "raise"
    ) -> pd.DataFrame:
        """Return the score of each respondent on each construct (得分).

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            Answers to all items of the model, of the respondents in the fit or of others.
        unit : {"standardised", "points"}
            Standardised to mean 0 and variance 1 in the fit, or in points from 0 to 100.
            Over the respondents in the fit the points average to :attr:`index`.
        missing : {"raise", "drop"}
            With "drop" respondents with a missing answer get no row.

        Returns
        -------
        DataFrame
            A row a respondent under the label that the row has in ``data``, a column a
            construct. In points NaN for a construct with a negative weight.

        Raises
        ------
        DataError
            If an item is absent or not numeric, an answer is missing, infinite or off the
            scale, or points are asked of a fit without ``scale``.
        OptionError
            If ``unit`` or ``missing`` is not one of its choices.

        Examples
        --------
        >>> import pandas as pd
        >>> from loyaltymodel import datasets, structural
        >>> model = structural.ecsi(datasets.mobile_phone_items())
        >>> result = structural.fit(model, datasets.mobile_phone_moments(), scale=(1, 10))
        >>> best = pd.DataFrame({item: [10.0] for item in model.items}, index=["Ann"])
        >>> result.scores(best, unit="points").loc["Ann", "satisfaction"].item()
        100.0
        """
        check_choice("unit", unit, Unit)
        check_choice("missing", missing, Missing)
        limits = None if self.settings.scale is None else self._limits()
        slope = self._weights_in_answers()[:, None] * self._design().membership
        origin = self.moments.means
        if unit == "points":
            slope = slope * self._points_per_deviation()
            origin = self._limits().lowest
        columns = read_columns(data, self.model.items)
        parts, kept = [], []
        for rows, places in checked_rows(columns, limits, missing):
            parts.append((rows - origin[:, None]).T @ slope)
            kept.append(places)
        values = np.concatenate(parts) if parts else np.empty((0, len(self.model.names)))
        labels = columns.labels[np.concatenate(kept)] if kept else columns.labels[:0]
        return pd.DataFrame(values, index=labels, columns=list(self.model.names))

    # Reading and passing on

    def checks(self) -> list[Check]:
        """Return what a careful reader would ask of the result, each with its answer.

        Returns
        -------
        list of Check
            Convergence, sample, admissibility and quality of measurement. Thresholds are
            guidelines with their reference, not laws.

        Examples
        --------
        >>> from loyaltymodel import datasets, structural
        >>> model = structural.ecsi(datasets.mobile_phone_items())
        >>> result = structural.fit(model, datasets.mobile_phone_moments())
        >>> print(result.checks()[0].sentence)
        The weights settled after 8 iterations.
        """
        return all_checks(self.model, self.settings, self.moments, self.solution)

    def to_dict(self) -> dict[str, Any]:
        """Return the result for other programs: plain numbers, text, lists and dictionaries.

        Returns
        -------
        dict
            As of every result, and the ``model``, from which the same model can be made again,
            and the ``checks``. Tables that need ``scale`` are absent without it.
        """
        return {
            **Result.to_dict(self),
            "model": self.model.model_dump(mode="json"),
            "checks": [plain(asdict(check)) for check in self.checks()],
        }

    def _title(self) -> str:
        return "Structural model"

    def _brief(self) -> str:
        state = "converged" if self.converged else "not converged"
        names, items = len(self.model.names), len(self.model.items)
        return f"{names} constructs, {items} items, {self.n_obs:,} respondents, {state}"

    def _facts(self) -> Facts:
        return report.facts(self.model, self.settings, self.solution, self.checks())

    def _tables(self) -> Sequence[Table]:
        overview = self.constructs.drop(columns=["r_squared_adjusted", "alpha_raw"]).reset_index()
        digits = [1] + [3] * 5
        if self.settings.scale is None:
            overview, digits = overview.drop(columns="index"), digits[1:]
        total = self.total_effects.rename(columns={"estimate": "total"})
        paths = self.paths.merge(total, how="left").assign(
            vif=self.vif["vif"], f_squared=self.f_squared["f_squared"]
        )
        items = self.weights.rename(columns={"estimate": "weight"})
        items["loading"] = self.loadings["estimate"]
        return (
            table_of("Constructs", overview, digits=digits),
            table_of("Paths", paths, n_labels=2),
            table_of("Items", items, n_labels=2),
        )

    def _remarks(self) -> Sequence[str]:
        return report.remarks(self.model, self.checks())

    def _coefficients(self) -> EstimateTable:
        paths = self.paths
        labels = {name: tuple(paths[name]) for name in ("source", "target")}
        return EstimateTable(labels=FrozenMapping(labels), estimate=paths["estimate"].to_numpy())

    # Arrays behind the tables

    def _design(self) -> Design:
        return design_of(self.model)

    def _correlations(self) -> FloatArray:
        return correlation_matrix(self.moments)[None]

    def _limits(self) -> Limits:
        if self.settings.scale is None:
            raise DataError(
                "an index from 0 to 100 needs the limits of the questionnaire; "
                "fit with scale=(lowest, highest), such as scale=(1, 10)"
            )
        return resolve_limits(self.settings.scale, self.model.items)

    def _index(self) -> FloatArray:
        limits = self._limits()
        points: FloatArray = kernels.index_points(
            self.moments.means,
            self._weights_in_answers(),
            limits.lowest,
            limits.highest,
            self._design(),
        )
        return points

    def _r_squared_adjusted(self) -> FloatArray:
        adjusted: FloatArray = criteria.adjusted_r_squared(
            self.solution.r_squared[None], self.n_obs, self._design()
        )[0]
        return adjusted

    def _reliability(self) -> dict[str, FloatArray]:
        """Alpha of two kinds and the other criteria, (j,) each."""
        design, loadings = self._design(), self.solution.loadings[None]
        return {
            "alpha": criteria.cronbach_alpha(self._correlations(), design)[0],
            "alpha_raw": criteria.cronbach_alpha(self.moments.covariance[None], design)[0],
            "rho_a": self.solution.rho_a.copy(),
            "rho_c": criteria.composite_reliability(loadings, design)[0],
            "ave": criteria.average_variance_extracted(loadings, design)[0],
        }

    def _weights_in_answers(self) -> FloatArray:
        weights: FloatArray = self.solution.weights / np.sqrt(self.moments.covariance.diagonal())
        return weights

    def _points_per_deviation(self) -> FloatArray:
        """Points of the index in one standard deviation of each construct's score."""
        limits = self._limits()
        return kernels.points_per_deviation(
            self._weights_in_answers(), limits.lowest, limits.highest, self._design()
        )

    def _total(self) -> FloatArray:
        total: FloatArray = kernels.total_effects(self.solution.paths[None])[0]
        return total

    def _reaches(self) -> BoolArray:
        reaches: BoolArray = kernels.total_effects(self._design().drives[None].astype(float))[0] > 0
        return reaches

    def _vif(self) -> FloatArray:
        vif: FloatArray = criteria.driver_vif(self.solution.correlations[None], self._design())[0]
        return vif

    def _pairs(
        self, matrix: FloatArray, chosen: BoolArray, value: str = "estimate"
    ) -> pd.DataFrame:
        target, source = np.nonzero(chosen.T)
        names = np.array(self.model.names, dtype=object)
        content = {"source": names[source], "target": names[target], value: matrix[source, target]}
        return pd.DataFrame(content)

    def _by_item(self, values: FloatArray, value: str = "estimate") -> pd.DataFrame:
        names = np.array(self.model.names, dtype=object)[self._design().block]
        return pd.DataFrame({"construct": names, "item": self.model.items, value: values.copy()})


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OnFit(Result):
    """Base of what is found out about a fitted model, and so rests on its respondents."""

    result: StructuralResult

    @property
    def n_obs(self) -> int:
        """Number of respondents that the fitted model rests on."""
        return self.result.n_obs

    @property
    def n_dropped(self) -> int:
        """Number of respondents left out because an answer was missing."""
        return self.result.n_dropped

    @property
    def n_effective(self) -> float:
        """Kish's effective number of respondents."""
        return self.result.n_effective
