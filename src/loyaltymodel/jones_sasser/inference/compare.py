"""Which curve the data prefer: families side by side, and logistic regression with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import check_flag, count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.curves.families import CurveFamily, FamilyName, family_of
from loyaltymodel.jones_sasser.estimation.diagnostics import evaluated
from loyaltymodel.jones_sasser.estimation.fit import estimate_with_remarks
from loyaltymodel.jones_sasser.estimation.problem import set_up
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.settings import StdErrors
from loyaltymodel.jones_sasser.estimation.uncertainty import information_uncertainty

_ALL: tuple[FamilyName, ...] = ("power", "logistic", "hinge", "cubic", "hazard")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison(Result):
    """Models of the same loyalty side by side, the one that data prefer first.

    Attributes
    ----------
    rows : tuple of tuple
        Name, number of parameters, log-likelihood, AIC, BIC and remark of each model. Without a
        likelihood, quasi-likelihood and QIC stand in their places, and NaN in that of BIC.
    n_obs, n_dropped : int
        Number of customers, and of those left out because something was missing.
    results : tuple of LoyaltyCurveResult
        The fitted curves, in the order of ``rows``, without regressions.
    dispersion : float
        Variance of the estimates of the model with most parameters, in units of that of
        independent trials of equal weight; NaN where there is a likelihood.
    """

    made_by: ClassVar[str] = "compare()"
    people: ClassVar[str] = "customers"

    rows: tuple[tuple[str, int, float, float, float, str], ...]
    n_obs: int
    n_dropped: int
    results: tuple[LoyaltyCurveResult, ...]
    dispersion: float = float("nan")

    @property
    def has_likelihood(self) -> bool:
        """Whether models are compared by AIC; else it is QIC."""
        return bool(np.isnan(self.dispersion))

    @property
    def models(self) -> pd.DataFrame:
        """Models, a row each, the preferred first.

        Columns model, n_parameters, log_likelihood, aic, bic, delta_aic, weight, remark. Without a
        likelihood: model, n_parameters, log_likelihood, qic, delta_qic, weight, remark.

        ``weight`` is exp(-delta / 2) over the sum of these: how much the data speak for a model
        among those compared.
        """
        name = "aic" if self.has_likelihood else "qic"
        columns = ["model", "n_parameters", "log_likelihood", name, "bic", "remark"]
        table = pd.DataFrame(list(self.rows), columns=columns)
        delta = table[name] - table[name].min()
        table.insert(5, f"delta_{name}", delta)
        weight = np.exp(-delta / 2)
        table.insert(6, "weight", weight / weight.sum())
        return table if self.has_likelihood else table.drop(columns="bic")

    def _title(self) -> str:
        return "Comparison of models"

    def _brief(self) -> str:
        others = max(len(self.rows) - 1, 0)
        return (
            f"{self.rows[0][0]} before {count_of(others, 'other model')}, "
            f"{count_of(self.n_obs, 'customer')}"
        )

    def _facts(self) -> Facts:
        return () if self.has_likelihood else (("dispersion", f"{self.dispersion:.3f}"),)

    def _tables(self) -> Sequence[Table]:
        shown = self.models.drop(columns="remark")
        digits = [0, *[3] * (shown.shape[1] - 2)]
        return [table_of("Models, the preferred first", shown, digits=digits)]

    def _remarks(self) -> Sequence[str]:
        found = [f"{row[0]}: {row[-1]}." for row in self.rows if row[-1]]
        if not self.has_likelihood:
            found.append(
                "There is no likelihood here. QIC takes the quasi-likelihood and robust errors in "
                "its place, in units of the dispersion, and orders models as AIC does."
            )
        return found


@checked
def compare(
    result: LoyaltyCurveResult,
    *,
    families: Sequence[FamilyName | CurveFamily] = _ALL,
    logistic_regression: bool = True,
) -> Comparison:
    """Return families of the curve, and logistic regression, fitted to the same customers.

    Parameters
    ----------
    result : LoyaltyCurveResult
        A fit; its customers, constraints and settings are used for all families.
    families : sequence of {"power", "logistic", "hinge", "cubic", "hazard"} or CurveFamily
        Families to compare.
    logistic_regression : bool
        Also fit logistic regressions by statsmodels, which know no captive share: of loyalty
        on satisfaction alone, and on satisfaction and what binds (dummies of groups, drivers or
        the constraint), without and with their interaction. Left out for the outcomes "beta"
        and "ordinal", and where ``reliability`` is below 1, for which they know no remedy.

    Returns
    -------
    Comparison
        Models with log-likelihood, AIC and BIC; with quasi-likelihood and QIC where there is no
        likelihood: for scores, weights, and counts with ``reliability``.

    Raises
    ------
    OptionError
        If parameters of shape were fixed, or a family is unknown.

    Notes
    -----
    QIC is -2 Q / d + 2 tr(J V) / d (Pan, 2001): Q is the quasi-likelihood of independent trials, J
    its information, V the robust covariance of the estimates. tr(J V) over the number of
    estimates is how many times larger their variance is than it would be for independent trials
    of equal weight. The dispersion d is that of the model with most parameters; it sets
    the unit in which differences are weighed, and not the order. A parameter on its bound counts as
    much as the others do on average. For weights, which are scaled to a mean of 1, this is the
    dAIC of Lumley and Scott (2015) in that unit. With equal weights and trials it is AIC, but for
    chance in d.

    References
    ----------
    Burnham, K. P., & Anderson, D. R. (2004). Multimodel inference: Understanding AIC and BIC in
    model selection. Sociological Methods & Research, 33(2), 261-304.

    Lumley, T., & Scott, A. (2015). AIC and BIC for modeling with complex survey data. Journal of
    Survey Statistics and Methodology, 3(1), 1-18.

    Pan, W. (2001). Akaike's information criterion in generalized estimating equations.
    Biometrics, 57(1), 120-125.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.simulate(
    ...     4000, constraints={"telephone": 0.5, "cars": 0.0}, levels=10, rng=1
    ... )
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
    >>> jones_sasser.compare(result).models["model"].iloc[0]
    'power'
    """
    check_flag("logistic_regression", logistic_regression)
    if result.settings.fixed and set(result.settings.fixed) - {"lo"}:
        raise OptionError(
            "the fit has fixed parameters that other families do not have; fit without them first"
        )
    quasi = not result.has_likelihood
    rows: list[_Row] = []
    results = []
    for family in families:
        known = family_of(family)
        errors: StdErrors = "robust" if quasi else "model"
        settings = replace(result.settings, family=known, std_errors=errors)
        if not any(parameter.name == "lo" for parameter in known.parameters):
            settings = replace(settings, fixed=None)
        try:
            found, remarks = estimate_with_remarks(
                settings, result.sample, np.random.default_rng(0)
            )
        except NotIdentifiedError as error:
            rows.append(_Row(known.name, 0, np.nan, f"not identified: {error}"))
            continue
        told = "; ".join(message for message, _ in remarks)
        inflation = _inflation(found) if quasi else 1.0
        rows.append(_Row(known.name, found.n_free, found.log_likelihood, told, inflation))
        results.append((rows[-1], found))
    reliability = result.settings.reliability
    plain = result.settings.outcome not in ("beta", "ordinal") and reliability in (None, 1)
    if logistic_regression and plain:
        rows += _regressions(result)
    unit = 1.0
    if quasi:
        largest = max(rows, key=lambda row: (row.criterion(1.0) < np.inf, row.n_parameters))
        unit = largest.inflation
    rows.sort(key=lambda row: row.criterion(1 / unit))
    results.sort(key=lambda pair: pair[0].criterion(1 / unit))
    return Comparison(
        tuple(row.shown(1 / unit, None if quasi else result.n_obs) for row in rows),
        result.n_obs,
        result.n_dropped,
        tuple(found for _, found in results),
        unit * _weights_to_one(result) if quasi else float("nan"),
    )


def _weights_to_one(result: LoyaltyCurveResult) -> float:
    """Return what weights are multiplied with to have a mean of 1."""
    observed = result.sample.observations
    return float(observed.count.sum() / (observed.count * observed.weight).sum())


@dataclass(frozen=True, slots=True)
class _Row:
    """A model: ``inflation`` is the variance of its estimates over that of independent trials."""

    name: str
    n_parameters: int
    log_likelihood: float
    remark: str
    inflation: float = 1.0

    def criterion(self, scale: float) -> float:
        """Return AIC, or QIC, which has a scale; infinite if there is none, so that it is last."""
        found = 2 * scale * (self.n_parameters * self.inflation - self.log_likelihood)
        return np.inf if np.isnan(found) else found

    def shown(self, scale: float, n: int | None) -> tuple[str, int, float, float, float, str]:
        """Return what a table has of it; BIC with a number of customers."""
        criterion = self.criterion(scale)
        bic = np.nan if n is None else self.n_parameters * np.log(n) - 2 * self.log_likelihood
        value = criterion if np.isfinite(criterion) else np.nan
        return self.name, self.n_parameters, self.log_likelihood, value, bic, self.remark


def _inflation(found: LoyaltyCurveResult) -> float:
    """Return how many times larger robust variances are than those of independent trials."""
    moves = np.flatnonzero([state == "estimated" for state in found.states])
    if not len(moves):
        return 1.0
    setup = set_up(found.settings, found.sample)
    free = np.isin(np.arange(len(found.values)), moves)
    plain = information_uncertainty(setup.problem, setup.stats, evaluated(setup, found), free)
    block = np.ix_(moves, moves)
    return _mean_ratio(plain.covariance[block], found.uncertainty.given_bounds[block])


def _mean_ratio(plain: FloatArray, robust: FloatArray) -> float:
    """Return the mean of the eigenvalues of one covariance in units of the other."""
    if not (np.isfinite(plain).all() and np.isfinite(robust).all()):
        return float("nan")
    return float(np.trace(np.linalg.solve(plain, robust))) / len(plain)


def _regressions(result: LoyaltyCurveResult) -> list[_Row]:
    """Fit logistic regressions of stayed on satisfaction and what binds, by cells."""
    # Loaded here: statsmodels takes as long to import as all the rest together.
    import statsmodels.api as sm  # noqa: PLC0415
    from scipy.special import xlogy  # noqa: PLC0415  slow to import

    observed = result.sample.observations
    amount = observed.count * observed.weight
    trials = np.add.reduceat(amount * observed.answer[0], observed.first)
    stayed = np.add.reduceat(amount * observed.answer[1], observed.first)
    s = observed.satisfaction
    binding = _binding(result)
    designs = {"logistic regression": [s, *binding]}
    if binding:
        crossed = [s * column for column in binding]
        designs["logistic regression, satisfaction alone"] = [s]
        designs["logistic regression with interaction"] = [s, *binding, *crossed]
    rows = []
    for name, columns in designs.items():
        x = np.column_stack([np.ones_like(s), *columns])
        fitted = sm.GLM(
            np.column_stack([stayed, trials - stayed]), x, family=sm.families.Binomial()
        ).fit(tol=1e-12)
        mean = fitted.fittedvalues
        value = float((xlogy(stayed, mean) + xlogy(trials - stayed, 1 - mean)).sum())
        told = "" if fitted.converged else "did not converge"
        inflation = 1.0 if result.has_likelihood else _inflation_of_regression(result, x, mean)
        value += result.sample.log_ways
        rows.append(_Row(name, x.shape[1], value, told, inflation))
    return rows


def _inflation_of_regression(result: LoyaltyCurveResult, x: FloatArray, mean: FloatArray) -> float:
    """Return the same for a logistic regression with columns x (m, k) and mean loyalty (m,)."""
    observed = result.sample.observations
    cell, n = observed.cell, observed.count.sum()
    trials, stayed = observed.answer
    often = observed.count * observed.weight
    info = (x[cell] * (often * trials * (mean * (1 - mean))[cell])[:, None]).T @ x[cell]
    rows = x[cell] * ((stayed - trials * mean[cell]) * observed.weight)[:, None]
    spread = (rows * observed.count[:, None]).T @ rows * (n / (n - 1))
    plain = np.linalg.pinv(info)
    return _mean_ratio(plain, plain @ spread @ plain)


def _binding(result: LoyaltyCurveResult) -> list[FloatArray]:
    """Return what holds customers, as columns (m,) of a regression."""
    observed = result.sample.observations
    if observed.drivers is not None:
        return list(observed.drivers.T[1:])
    if observed.given is not None:
        return [observed.given] if np.ptp(observed.given) else []
    assert observed.group is not None  # noqa: S101  one of the three is always there
    n_groups = int(observed.group.max()) + 1
    return [(observed.group == code).astype(np.float64) for code in range(1, n_groups)]
