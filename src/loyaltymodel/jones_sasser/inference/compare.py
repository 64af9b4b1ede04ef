"""Which curve the data prefer: families side by side, and logistic regression with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray
from loyaltymodel._options import check_flag, count_of
from loyaltymodel._results import Result
from loyaltymodel._signature import checked
from loyaltymodel._tables import Table, table_of
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.curves.families import CurveFamily, FamilyName, family_of
from loyaltymodel.jones_sasser.estimation.fit import estimate_with_remarks
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult

_ALL: tuple[FamilyName, ...] = ("power", "logistic", "hinge", "cubic", "hazard")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison(Result):
    """Models of the same loyalty side by side, the one that data prefer first.

    Attributes
    ----------
    rows : tuple of tuple
        Name, number of parameters, log-likelihood, AIC, BIC and remark of each model.
    n_obs, n_dropped : int
        Number of customers, and of those left out because something was missing.
    results : tuple of LoyaltyCurveResult
        The fitted curves, in the order of ``rows``, without regressions.
    """

    made_by: ClassVar[str] = "compare()"
    people: ClassVar[str] = "customers"

    rows: tuple[tuple[str, int, float, float, float, str], ...]
    n_obs: int
    n_dropped: int
    results: tuple[LoyaltyCurveResult, ...]

    @property
    def models(self) -> pd.DataFrame:
        """Models, a row each, the preferred first.

        Columns model, n_parameters, log_likelihood, aic, bic, delta_aic, weight, remark.

        ``weight`` is exp(-delta_aic / 2) over the sum of these: how much the data speak for a
        model among those compared.
        """
        columns = ["model", "n_parameters", "log_likelihood", "aic", "bic", "remark"]
        table = pd.DataFrame(list(self.rows), columns=columns)
        delta = table["aic"] - table["aic"].min()
        table.insert(5, "delta_aic", delta)
        weight = np.exp(-delta / 2)
        table.insert(6, "weight", weight / weight.sum())
        return table

    def _title(self) -> str:
        return "Comparison of models"

    def _brief(self) -> str:
        others = max(len(self.rows) - 1, 0)
        return (
            f"{self.rows[0][0]} before {count_of(others, 'other model')}, "
            f"{count_of(self.n_obs, 'customer')}"
        )

    def _tables(self) -> Sequence[Table]:
        shown = self.models.drop(columns="remark")
        return [table_of("Models, the preferred first", shown, digits=[0, 3, 3, 3, 3, 3])]

    def _remarks(self) -> Sequence[str]:
        return [f"{row[0]}: {row[-1]}." for row in self.rows if row[-1]]


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
        on satisfaction and what binds (dummies of groups, drivers or the constraint), without
        and with their interaction. Left out for outcomes other than "binary" and "count", and
        where ``reliability`` is below 1, for which they know no remedy.

    Returns
    -------
    Comparison
        Models with log-likelihood, AIC and BIC.

    Raises
    ------
    OptionError
        If there is no likelihood, parameters of shape were fixed, or a family is unknown.

    References
    ----------
    Burnham, K. P., & Anderson, D. R. (2004). Multimodel inference: Understanding AIC and BIC in
    model selection. Sociological Methods & Research, 33(2), 261-304.

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
    if not result.has_likelihood:
        reason = "weights" if result.sample.weighted else result.settings.without_likelihood
        raise OptionError(
            f"models are compared by likelihood, which there is not with {reason}; look at their "
            "calibration instead"
        )
    if result.settings.fixed and set(result.settings.fixed) - {"lo"}:
        raise OptionError(
            "the fit has fixed parameters that other families do not have; fit without them first"
        )
    rows, results = [], []
    for family in families:
        known = family_of(family)
        settings = replace(result.settings, family=known, std_errors="model")
        if not any(parameter.name == "lo" for parameter in known.parameters):
            settings = replace(settings, fixed=None)
        try:
            found, remarks = estimate_with_remarks(
                settings, result.sample, np.random.default_rng(0)
            )
        except NotIdentifiedError as error:
            rows.append((known.name, 0, np.nan, np.nan, np.nan, f"not identified: {error}"))
            continue
        told = "; ".join(message for message, _ in remarks)
        rows.append((known.name, found.n_free, found.log_likelihood, found.aic, found.bic, told))
        results.append((found.aic, found))
    reliability = result.settings.reliability
    plain = result.settings.outcome in ("binary", "count") and reliability in (None, 1)
    if logistic_regression and plain:
        rows += _regressions(result)
    rows.sort(key=lambda row: np.inf if np.isnan(row[3]) else row[3])
    results.sort(key=lambda pair: pair[0])
    return Comparison(
        tuple(rows), result.n_obs, result.n_dropped, tuple(found for _, found in results)
    )


def _regressions(
    result: LoyaltyCurveResult,
) -> list[tuple[str, int, float, float, float, str]]:
    """Fit logistic regressions of stayed on satisfaction and what binds, by cells."""
    # Loaded here: statsmodels takes as long to import as all the rest together.
    import statsmodels.api as sm  # noqa: PLC0415

    observed = result.sample.observations
    amount = observed.count
    trials = np.add.reduceat(amount * observed.answer[0], observed.first)
    stayed = np.add.reduceat(amount * observed.answer[1], observed.first)
    s = observed.satisfaction
    binding = _binding(result)
    designs = {"logistic regression": [s, *binding]}
    if binding:
        designs["logistic regression with interaction"] = [
            s,
            *binding,
            *(s * column for column in binding),
        ]
    rows = []
    constant = result.sample.log_ways - _log_ways(trials, stayed)
    for name, columns in designs.items():
        x = np.column_stack([np.ones_like(s), *columns])
        fitted = sm.GLM(
            np.column_stack([stayed, trials - stayed]), x, family=sm.families.Binomial()
        ).fit(tol=1e-12)
        value = float(fitted.llf) + constant
        k = x.shape[1]
        told = "" if fitted.converged else "did not converge"
        rows.append((name, k, value, 2 * k - 2 * value, k * np.log(result.n_obs) - 2 * value, told))
    return rows


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


def _log_ways(trials: FloatArray, stayed: FloatArray) -> float:
    """Return the log of the ways in which a cell can come about, which statsmodels counts."""
    from scipy.special import gammaln  # noqa: PLC0415  slow to import

    ways = gammaln(trials + 1) - gammaln(stayed + 1) - gammaln(trials - stayed + 1)
    return float(ways.sum())
