"""What an estimation found: immutable numbers, handed out as tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord
from loyaltymodel._frames import Missing, checked_rows, read_columns
from loyaltymodel._moments import Moments
from loyaltymodel._options import check_choice
from loyaltymodel._scales import Limits, resolve_limits
from loyaltymodel._tables import Summary
from loyaltymodel._version import __version__
from loyaltymodel.errors import DataError
from loyaltymodel.structural import criteria, kernels, report
from loyaltymodel.structural.checks import Check, all_checks
from loyaltymodel.structural.estimates import (
    Estimates,
    composites_of,
    correlation_matrix,
    design_of,
)
from loyaltymodel.structural.implied import Implied, Which, distances, implied_correlations
from loyaltymodel.structural.kernels import Design
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.settings import FitSettings

AlphaKind = Literal["standardised", "raw"]
Unit = Literal["standardised", "points"]

_MEASURES = ("srmr", "d_uls", "d_g", "nfi")
_NOT_DEFINITE = "observed or implied correlations are not positive definite"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StructuralResult(FrozenRecord):
    """A structural model as estimated from a survey, made by :func:`fit`.

    It holds the model, the settings, the moments of the items and the estimates, never the
    answers of a person. Nothing in it can be changed; every table is made afresh when it is
    asked for and belongs to the caller.

    Attributes
    ----------
    model : StructuralModel
        What was claimed.
    settings : FitSettings
        How it was estimated.
    moments : Moments
        Number of respondents, means and covariance of the model's items.
    estimates : Estimates
        The numbers as arrays.
    version : str
        Version of this library that made the result.

    See Also
    --------
    fit : Makes a result, and explains the settings.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> result = structural.fit(model, datasets.mobile_phone_moments(), scale=(1, 10))
    >>> result.index.round(1)["satisfaction"].item()
    72.5
    >>> result.paths.round(3).query("target == 'loyalty'")
              source   target  coefficient
    9          image  loyalty        0.196
    10  satisfaction  loyalty        0.485
    11    complaints  loyalty        0.067
    """

    model: StructuralModel
    settings: FitSettings
    moments: Moments
    estimates: Estimates
    version: str = __version__

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        state = "converged" if self.converged else "not converged"
        names, items = len(self.model.names), len(self.model.items)
        return f"<StructuralResult: {names} constructs, {items} items, n = {self.n_obs}, {state}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

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
    def converged(self) -> bool:
        """Whether no weight moved by the tolerance any more when the iteration stopped."""
        return self.estimates.converged

    @property
    def n_iter(self) -> int:
        """Number of iterations that the weights took."""
        return self.estimates.n_iter

    @property
    def paths(self) -> pd.DataFrame:
        """Path coefficients (路径系数), standardised: source, target, coefficient."""
        return self._pairs(self.estimates.paths, self._design().drives, "coefficient")

    @property
    def weights(self) -> pd.DataFrame:
        """Outer weights on standardised items (外部权重): construct, item, weight."""
        return self._by_item(self.estimates.weights, "weight")

    @property
    def loadings(self) -> pd.DataFrame:
        """Loading of each item on its construct (载荷): construct, item, loading.

        The correlation of the item with the construct's score; in a consistent fit its
        correlation with the construct itself.
        """
        return self._by_item(self.estimates.loadings, "loading")

    @property
    def cross_loadings(self) -> pd.DataFrame:
        """Loading of every item (rows) on every construct (columns) (交叉载荷)."""
        return pd.DataFrame(
            self.estimates.cross_loadings.copy(),
            index=pd.Index(self.model.items, name="item"),
            columns=pd.Index(self.model.names, name="construct"),
        )

    @property
    def construct_correlations(self) -> pd.DataFrame:
        """Correlations of the constructs, a symmetric table with ones on the diagonal."""
        names = pd.Index(self.model.names, name="construct")
        return pd.DataFrame(self.estimates.correlations.copy(), index=names, columns=list(names))

    # Effects

    @property
    def total_effects(self) -> pd.DataFrame:
        """Direct and indirect effects together (总效应): source, target, effect.

        Standard deviations that the target moves when the source moves by one, along every
        directed route; only pairs that a route connects are listed.
        """
        return self._pairs(self._total(), self._reaches(), "effect")

    @property
    def indirect_effects(self) -> pd.DataFrame:
        """Effects by way of other constructs (间接效应): source, target, effect.

        Total effect less direct path; only pairs connected by a route of two steps or more.
        """
        drives = self._design().drives
        by_way = kernels.total_effects(drives[None].astype(float))[0] > drives
        return self._pairs(self._total() - self.estimates.paths, by_way, "effect")

    @property
    def impacts(self) -> pd.DataFrame:
        """Total effects in points of the index: source, target, impact.

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
            deviations = deviations * np.sqrt(self.estimates.rho_a)
        impact = self._total() * deviations / deviations[:, None]
        return self._pairs(impact, self._reaches(), "impact")

    # Level and explained variance

    @property
    def index(self) -> pd.Series:
        """Index of each construct from 0 to 100 (满意指数 and its kin).

        See :func:`satisfaction_index` for the formula. NaN for a construct with a negative
        weight, whose index would fall when an answer rises.

        Raises
        ------
        DataError
            If the model was fitted without ``scale``.
        """
        limits = self._limits()
        points = kernels.index_points(
            self.moments.means,
            self._weights_in_answers(),
            limits.lowest,
            limits.highest,
            self._design(),
        )
        return self._by_construct(points, "index")

    @property
    def r_squared(self) -> pd.Series:
        """Share of the variance of each endogenous construct that its drivers explain."""
        return self._by_construct(self.estimates.r_squared, "r_squared", endogenous=True)

    @property
    def r_squared_adjusted(self) -> pd.Series:
        """R2 less what drivers explain by chance: 1 - (1 - R2)(n - 1) / (n - drivers - 1)."""
        adjusted = criteria.adjusted_r_squared(
            self.estimates.r_squared[None], self.n_obs, self._design()
        )
        return self._by_construct(adjusted[0], "r_squared_adjusted", endogenous=True)

    # Quality of measurement

    @property
    def reliability(self) -> pd.DataFrame:
        """Reliability and convergent validity (信度与收敛效度), a row a construct.

        ``alpha`` is Cronbach's alpha of the standardised items, ``rho_a`` the reliability of
        the scores after Dijkstra and Henseler, ``rho_c`` the composite reliability from the
        loadings (组合信度), ``ave`` the mean squared loading (平均方差提取量). All are 1 for
        a single item. Under mode B ``rho_a`` is 1 because no correction is made, and
        ``rho_c`` and ``ave`` have no meaning as reliability.
        """
        estimates, design = self.estimates, self._design()
        loadings = estimates.loadings[None]
        return pd.DataFrame(
            {
                "alpha": criteria.cronbach_alpha(self._correlations(), design)[0],
                "rho_a": estimates.rho_a.copy(),
                "rho_c": criteria.composite_reliability(loadings, design)[0],
                "ave": criteria.average_variance_extracted(loadings, design)[0],
            },
            index=pd.Index(self.model.names, name="construct"),
        )

    def alpha(self, kind: AlphaKind = "standardised") -> pd.Series:
        """Return Cronbach's alpha (克朗巴哈系数) of each construct.

        Parameters
        ----------
        kind : {"standardised", "raw"}
            From the items' correlations, or from their covariances in answer units.

        Returns
        -------
        Series
            At most 1, a construct each; 1 for a single item.

        Raises
        ------
        OptionError
            If ``kind`` is not one of its choices.

        Examples
        --------
        The two value items correlate by r; standardised alpha is 2 r / (1 + r):

        >>> from loyaltymodel import datasets, structural
        >>> model = structural.ecsi(datasets.mobile_phone_items())
        >>> result = structural.fit(model, datasets.mobile_phone_moments())
        >>> pair = result.moments.select(["PERV1", "PERV2"]).covariance
        >>> r = pair[0, 1] / (pair[0, 0] * pair[1, 1]) ** 0.5
        >>> round(float(2 * r / (1 + r) - result.alpha()["value"]), 12)
        0.0
        """
        check_choice("kind", kind, AlphaKind)
        matrix = self._correlations() if kind == "standardised" else self.moments.covariance[None]
        return self._by_construct(criteria.cronbach_alpha(matrix, self._design())[0], "alpha")

    @property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios (异质-单质比率) of each pair: first, second, and three.

        ``htmt`` takes means of absolute correlations. ``htmt_signed`` takes signed means and
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
                "htmt": absolute,
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
        estimates = self.estimates
        sizes = criteria.f_squared(
            estimates.paths[None], self._vif()[None], estimates.r_squared[None]
        )
        return self._pairs(sizes[0], self._design().drives, "f_squared")

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
        found = self.estimates.as_stack()
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

    # People

    def scores(
        self, data: object, *, unit: Unit = "standardised", missing: Missing = "raise"
    ) -> pd.DataFrame:
        """Return the score of each person on each construct (得分).

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            Answers to all items of the model, of the people in the fit or of others.
        unit : {"standardised", "points"}
            Standardised to mean 0 and variance 1 in the fit, or in points from 0 to 100.
            Over the people in the fit the points average to :attr:`index`.
        missing : {"raise", "drop"}
            With "drop" people with a missing answer get no row.

        Returns
        -------
        DataFrame
            A row a person under the label that the person has in ``data``, a column a
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
        return all_checks(self.model, self.settings, self.moments, self.estimates)

    def summary(self) -> Summary:
        """Return the result in tables: ``print`` it, or let a notebook show it.

        Returns
        -------
        Summary
            Facts, index and quality by construct, paths, items, and the checks that failed.
        """
        return report.summarise(
            self.model,
            self.settings,
            self.moments,
            self.estimates,
            constructs=self._constructs(),
            paths=self.paths.assign(
                total=self.total_effects.merge(self.paths)["effect"],
                vif=self.vif["vif"],
                f_squared=self.f_squared["f_squared"],
            ),
            items=self.weights.assign(loading=self.loadings["loading"]),
            checks=self.checks(),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as text, numbers and lists, for other tools.

        Returns
        -------
        dict
            Model, settings, sample, every table as a list of rows, and the checks. What needs
            ``scale`` is None without it; a number that is not defined is None.
        """
        has_scale = self.settings.scale is not None
        tables = {
            "constructs": self._constructs().reset_index(),
            "items": self.weights.assign(loading=self.loadings["loading"]),
            "paths": self.paths,
            "total_effects": self.total_effects,
            "indirect_effects": self.indirect_effects,
            "impacts": self.impacts if has_scale else None,
            "construct_correlations": self.construct_correlations.reset_index(),
            "cross_loadings": self.cross_loadings.reset_index(),
            "htmt": self.htmt,
            "vif": self.vif,
            "item_vif": self.item_vif,
            "f_squared": self.f_squared,
        }
        return {
            "version": self.version,
            "model": self.model.model_dump(mode="json"),
            "settings": report.plain(asdict(self.settings)),
            "n_obs": self.n_obs,
            "n_dropped": self.n_dropped,
            "weight_total": self.moments.weight_total,
            "converged": self.converged,
            "n_iter": self.n_iter,
            "index": report.plain(self.index.to_dict()) if has_scale else None,
            **{name: report.records(table) for name, table in tables.items()},
            "checks": [report.plain(asdict(check)) for check in self.checks()],
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return :meth:`to_dict` as JSON.

        Parameters
        ----------
        indent : int or None
            Spaces per level; None writes a single line.

        Returns
        -------
        str
            JSON text without NaN or infinity, which JSON does not know.
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def _constructs(self) -> pd.DataFrame:
        """Index, explained variance and reliability of each construct; NaN where undefined."""
        labels = pd.Index(self.model.names, name="construct")
        index = self.index if self.settings.scale is not None else pd.Series(np.nan, labels)
        return pd.DataFrame(
            {
                "index": index,
                "r_squared": self.r_squared.reindex(labels),
                "r_squared_adjusted": self.r_squared_adjusted.reindex(labels),
                **self.reliability,
            }
        )

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

    def _weights_in_answers(self) -> FloatArray:
        weights: FloatArray = self.estimates.weights / np.sqrt(self.moments.covariance.diagonal())
        return weights

    def _points_per_deviation(self) -> FloatArray:
        """Points of the index in one standard deviation of each construct's score."""
        limits = self._limits()
        return kernels.points_per_deviation(
            self._weights_in_answers(), limits.lowest, limits.highest, self._design()
        )

    def _total(self) -> FloatArray:
        total: FloatArray = kernels.total_effects(self.estimates.paths[None])[0]
        return total

    def _reaches(self) -> BoolArray:
        reaches: BoolArray = kernels.total_effects(self._design().drives[None].astype(float))[0] > 0
        return reaches

    def _vif(self) -> FloatArray:
        vif: FloatArray = criteria.driver_vif(self.estimates.correlations[None], self._design())[0]
        return vif

    def _pairs(self, matrix: FloatArray, chosen: BoolArray, value: str) -> pd.DataFrame:
        target, source = np.nonzero(chosen.T)
        names = np.array(self.model.names, dtype=object)
        content = {"source": names[source], "target": names[target], value: matrix[source, target]}
        return pd.DataFrame(content)

    def _by_item(self, values: FloatArray, value: str) -> pd.DataFrame:
        names = np.array(self.model.names, dtype=object)[self._design().block]
        return pd.DataFrame({"construct": names, "item": self.model.items, value: values.copy()})

    def _by_construct(
        self, values: FloatArray, value: str, *, endogenous: bool = False
    ) -> pd.Series:
        labels = pd.Index(self.model.names, name="construct")
        series = pd.Series(values.copy(), index=labels, name=value)
        return series.loc[list(self.model.endogenous)] if endogenous else series
