"""What was found when a cusp was fitted: coefficients, thresholds, and its rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data, Values, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import wald
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.errors import ModelError
from loyaltymodel.jones_sasser.cusp.cusp import Cusp
from loyaltymodel.jones_sasser.cusp.kernels import states as kernels
from loyaltymodel.jones_sasser.cusp.kernels.likelihood import Regression
from loyaltymodel.jones_sasser.cusp.predictors import Predictors

CONVENTIONS = ("delay", "maxwell", "expected")
_CAUTION = (
    "The delay convention picks the state of customers by their loyalty, and then explains loyalty "
    "by it; hold its share of variance against nothing else."
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CuspResult(Result):
    """A cusp as estimated from customers, made by :func:`fit_cusp`.

    Attributes
    ----------
    normal, splitting : tuple of str
        Names of the predictors of alpha and of beta.
    values : array of shape (k,)
        Coefficients of alpha (the constant first), of beta (likewise), w0 and w1.
    covariance : array of shape (k, k)
        Their covariance, from the observed information.
    log_likelihood : float
        Of loyalty in the units given.
    regressions : tuple of Regression
        A logistic curve and a straight line, fitted to the same customers.
    explained : array of shape (3,)
        Explained variance: delay, maxwell, expected.
    n_obs : int
        Number of customers.
    n_dropped : int
        Number left out because something was missing.
    n_bistable : int
        Number of customers at whose alpha and beta there are two stable states.
    observed : pair of float
        Lowest and highest loyalty.
    level : float
        Confidence level of intervals.

    See Also
    --------
    fit_cusp : Makes a result, and has an example.
    """

    made_by: ClassVar[str] = "fit_cusp()"
    people: ClassVar[str] = "customers"

    normal: tuple[str, ...]
    splitting: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    log_likelihood: float
    regressions: tuple[Regression, ...]
    explained: FloatArray
    n_obs: int
    n_dropped: int
    n_bistable: int
    observed: tuple[float, float]
    level: float

    @property
    def interval(self) -> str:
        """Kind of the intervals."""
        return "wald"

    @property
    def location(self) -> float:
        """Loyalty at y = 0, between the two states: lambda = -w0 / w1."""
        return float(-self.values[-2] / self.values[-1])

    @property
    def unit(self) -> float:
        """Loyalty per unit of y: sigma = 1 / w1."""
        return float(1 / self.values[-1])

    @property
    def is_location_observed(self) -> bool:
        """Whether the location lies within the observed loyalty, with customers on both sides."""
        return self.observed[0] <= self.location <= self.observed[1]

    @property
    def cusp(self) -> Cusp:
        """The fitted cusp alone; for one predictor of alpha and one of beta."""
        self._need_one_each("a cusp in units of satisfaction")
        a0, a1, b0, b1 = self.values[:4].tolist()
        return Cusp(alpha=(a0, a1), beta=(b0, b1), location=self.location, unit=self.unit)

    @property
    def estimates(self) -> EstimateTable:
        """Coefficients, location and unit, as :attr:`parameters` shows them."""
        w0, w1 = self.values[-2:]
        slopes = np.zeros((len(self.values), 2))
        slopes[-2:] = [[-1 / w1, 0.0], [w0 / w1**2, -1 / w1**2]]
        derived = np.sqrt(np.einsum("ij,ik,kj->j", slopes, self.covariance, slopes))
        named = (
            *(f"alpha[{name}]" for name in ("constant", *self.normal)),
            *(f"beta[{name}]" for name in ("constant", *self.splitting)),
        )
        return self._estimated(
            {"parameter": (*named, "w0", "w1", "location", "unit")},
            np.append(self.values, [self.location, self.unit]),
            np.append(np.sqrt(np.diag(self.covariance)), derived),
            tested=np.arange(len(self.values) + 2) < len(named),
        )

    @property
    def parameters(self) -> pd.DataFrame:
        """Coefficients with Wald intervals: parameter, estimate, std_error, ends, p_value.

        ``location`` and ``unit`` say the same as ``w0`` and ``w1`` in units of loyalty, with
        errors by the delta method. P-values are given where 0 is a question.
        """
        return self.estimates.frame()

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 log likelihood."""
        return 2 * len(self.values) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, k log n - 2 log likelihood."""
        return len(self.values) * float(np.log(self.n_obs)) - 2 * self.log_likelihood

    @property
    def models(self) -> pd.DataFrame:
        """The cusp against curves without a jump: model, n_parameters, log_likelihood, aic, bic.

        All are densities of loyalty in the same units, so their criteria compare. ``r_squared``
        is that of the mean that a model expects.
        """
        cusp = Regression("cusp", len(self.values), self.log_likelihood, float(self.explained[2]))
        models = (cusp, *self.regressions)
        table = pd.DataFrame([asdict(model) for model in models])
        k, twice = table["n_parameters"], 2 * table["log_likelihood"]
        table.insert(3, "aic", 2 * k - twice)
        table.insert(4, "bic", k * np.log(self.n_obs) - twice)
        return table

    @property
    def conventions(self) -> pd.DataFrame:
        """Explained variance by what is taken as predicted: convention and r_squared.

        It is 1 - var(error) / var(loyalty). ``delay`` is the stable state on that side of the
        unstable one where a customer's loyalty is, ``maxwell`` the state at which the density is
        highest, ``expected`` its mean.
        """
        return pd.DataFrame({"convention": list(CONVENTIONS), "r_squared": self.explained.copy()})

    @checked
    def thresholds(self, constraint: Values) -> pd.DataFrame:
        """Return the satisfaction at which the loyal are lost, and at which the lost come back.

        Parameters
        ----------
        constraint : number, array or Series
            Values of the predictor of beta.

        Returns
        -------
        DataFrame
            Two rows for each constraint: ``constraint``, ``quantity`` ("loss", "regain"),
            ``estimate`` in units of the predictor of alpha, ``std_error`` by the delta
            method, ``ci_low`` and ``ci_high``. NaN where beta is below 0.

        Raises
        ------
        DataError
            If a constraint is missing or infinite.
        ModelError
            If the fit does not have one predictor of alpha and one of beta.
        """
        self._need_one_each("a threshold of satisfaction")
        c = np.atleast_1d(read_numbers("constraint", constraint)).ravel()
        a0, a1, b0, b1 = self.values[:4]
        beta = (b0 + b1 * c)[:, None]
        side = np.array([-1.0, 1.0])
        at = (side * kernels.folds(beta) - a0) / a1
        with np.errstate(invalid="ignore"):
            by_beta = side * np.sqrt(beta / 3) / a1
        slopes = np.stack(
            [np.full_like(at, -1 / a1), -at / a1, by_beta, by_beta * c[:, None]], axis=-1
        )
        error = np.sqrt(np.einsum("ijk,kl,ijl->ij", slopes, self.covariance[:4, :4], slopes))
        labels: Labels = {
            "constraint": np.repeat(c, 2),
            "quantity": ["loss", "regain"] * len(c),
        }
        return self._estimated(labels, at.ravel(), error.ravel()).frame()

    @checked
    def predict(
        self,
        *,
        normal: Columns | None = None,
        splitting: Columns | None = None,
        loyalty: Variable | None = None,
        data: Data | None = None,
        missing: Missing = "raise",
    ) -> pd.DataFrame:
        """Return alpha, beta and the states of customers.

        Parameters
        ----------
        normal, splitting : as for :func:`fit_cusp`, optional
            Predictors, by the names that they had there; by default the columns of these
            names. One alone may have any name.
        loyalty : array, Series or str, optional
            Loyalty so far; it tells which state a customer is in.
        data : pandas, polars or pyarrow table, optional
            Where columns are looked up.
        missing : {"raise", "drop"}
            What to do with customers of whom something is missing.

        Returns
        -------
        DataFrame
            A row a customer: ``alpha``, ``beta``, ``is_bistable``; in units of loyalty ``low``,
            ``middle`` and ``high`` equilibria, ``maxwell`` (where the density is highest) and
            ``expected`` (its mean). With ``loyalty`` also ``delay``, the stable state on the side
            of the unstable one where the customer's loyalty is.

        Raises
        ------
        DataError
            If there are other predictors than in the fit, or values cannot be used.
        OptionError
            If ``missing`` is not one of its choices.
        """
        given = Predictors.of(
            list(self.normal) if normal is None else normal,
            list(self.splitting) if splitting is None else splitting,
            **({} if loyalty is None else {"loyalty": loyalty}),
        ).as_in(self.normal, self.splitting)
        variables = given.read(data, missing)
        p = len(self.normal) + 1
        alpha = self.values[0] + given.columns(variables, "normal") @ self.values[1:p]
        beta = self.values[p] + given.columns(variables, "splitting") @ self.values[p + 1 : -2]
        z = None if loyalty is None else variables["loyalty"].astype(np.float64)
        states = states_of(alpha, beta, self.values[-2:], z)
        return pd.DataFrame({"alpha": alpha, "beta": beta, **states}, index=variables.labels)

    def _title(self) -> str:
        return "Cusp catastrophe model of loyalty"

    def _brief(self) -> str:
        n = count_of(self.n_obs, "customer")
        return f"{n}, log likelihood {self.log_likelihood:.3f}"

    def _facts(self) -> Facts:
        share = 100 * self.n_bistable / self.n_obs
        explained = zip(CONVENTIONS, self.explained, strict=True)
        return (
            ("model", "y^3 - beta y - alpha = 0 at rest; y = w0 + w1 loyalty"),
            ("alpha (normal)", f"linear in {enumerate_names(self.normal)}"),
            ("beta (splitting)", f"linear in {enumerate_names(self.splitting)}"),
            ("two stable states", f"{count_of(self.n_bistable, 'customer')} ({share:.0f}%)"),
            ("log likelihood", f"{self.log_likelihood:.3f}"),
            ("explained variance", ", ".join(f"{name} {value:.3f}" for name, value in explained)),
        )

    def _tables(self) -> Sequence[Table]:
        return (
            table_of("Parameters", self.parameters),
            table_of("Against curves without a jump", self.models, digits=[0, 3, 3, 3, 3]),
        )

    def _remarks(self) -> Sequence[str]:
        table = self.models
        better = [
            str(model)
            for model, aic in zip(table["model"][1:], table["aic"][1:], strict=True)
            if aic <= table["aic"][0]
        ]
        remarks = [_CAUTION]
        if better:
            remarks.append(
                f"By AIC {' and '.join(better)} describe{'s' * (len(better) == 1)} loyalty at "
                "least as well, without a jump."
            )
        if self.n_bistable == 0:
            remarks.append("Nobody has two stable states, so nobody's loyalty would jump.")
        if not self.is_location_observed:
            remarks.append(location_remark(self.location, self.observed))
        return remarks

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _estimated(
        self,
        labels: Labels,
        estimate: FloatArray,
        std_error: FloatArray,
        *,
        tested: BoolArray | None = None,
    ) -> EstimateTable:
        """Return estimates with Wald intervals, and p-values where 0 is a question."""
        found = wald(estimate, std_error, level=self.level)
        return EstimateTable(
            labels=FrozenMapping({name: tuple(values) for name, values in labels.items()}),
            estimate=estimate,
            std_error=std_error,
            ci_low=found.low,
            ci_high=found.high,
            p_value=None if tested is None else np.where(tested, found.p_value, np.nan),
            level=self.level,
            method="Wald",
        )

    def _need_one_each(self, what: str) -> None:
        if len(self.normal) != 1 or len(self.splitting) != 1:
            raise ModelError(
                f"{what} needs one predictor of alpha and one of beta, but there are "
                f"{enumerate_names(self.normal)} and {enumerate_names(self.splitting)}; "
                "predict() takes any number"
            )


def states_of(
    alpha: FloatArray, beta: FloatArray, w: FloatArray, z: FloatArray | None
) -> dict[str, Any]:
    """Return equilibria and predictions (n,) in units of loyalty; delay if loyalty is known."""
    low, middle, high = kernels.equilibria(alpha, beta)
    found: dict[str, Any] = {"is_bistable": kernels.is_bistable(low, middle, high)}
    states = {
        "low": low,
        "middle": middle,
        "high": high,
        "maxwell": kernels.deepest(alpha, beta),
        "expected": kernels.law(alpha, beta).moments[0],
    }
    if z is not None:
        states["delay"] = np.where(w[0] + w[1] * z < middle, low, high)
    return found | {name: (y - w[0]) / w[1] for name, y in states.items()}


def location_remark(location: float, observed: tuple[float, float]) -> str:
    """Say that the location lies outside what was observed, and what that means."""
    return (
        f"the loyalty between the two states, {location:.4g}, lies outside what was observed, "
        f"{observed[0]:.4g} to {observed[1]:.4g}: only one of the states was seen, and the "
        "thresholds are extrapolated"
    )
