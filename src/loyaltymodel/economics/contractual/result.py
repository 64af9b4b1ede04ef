"""A fitted model of retention, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import check_count, count_of, enumerate_names, is_whole, shown
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, table_of
from loyaltymodel.economics.contractual import asked as questions
from loyaltymodel.economics.contractual.asked import QUANTITIES, Asked, Profile
from loyaltymodel.economics.contractual.cells import (
    Limit,
    Model,
    RenewalCells,
    RetentionSolution,
    renewals_of,
)
from loyaltymodel.economics.contractual.intervals import (
    RetentionInterval,
    answer,
    parameter_draws,
)
from loyaltymodel.economics.rates import Period, Rate, in_period
from loyaltymodel.errors import NotIdentifiedError, OptionError

Timing = Literal["now", "after_renewal", "before_renewal"]

_NAMES = {"beta_geometric": "beta geometric", "beta_discrete_weibull": "beta discrete Weibull"}
_LEAST_DISCOUNT = 1e-9
_LONGEST = 100_000  # tenures or a horizon
_FEW = 5.0  # losses expected, below which a statistic is no chi-square


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class RetentionModel(Result):
    """A law of churn over customers, fitted to renewals; made by :func:`fit_retention`.

    Attributes
    ----------
    model : {"beta_geometric", "beta_discrete_weibull"}
        The law.
    n_obs, n_dropped : int
        Customers used, and rows left out because of missing values.
    driver_names : tuple of str
        Drivers of mean churn.
    level : float
        Confidence level of all intervals.
    interval : {"profile", "wald"}
        Kind of interval of the parameters and of whatever is asked.
    limit : {"homogeneous", "all_or_nothing"} or None
        Where the likelihood is largest if no finite precision is best: customers are all alike, or
        each leaves at the first renewal or never.
    converged : bool
        Whether the gradient is 0 in the scale of the likelihood.
    n_iter : int
        Steps of the search.
    log_likelihood : float
        At the maximum.
    estimates : EstimateTable
        Coefficients of the logit of mean churn, log of the precision, log of c.
    cells : RenewalCells
        Renewals by tenure and drivers: at risk, and lost.
    solution : RetentionSolution
        The maximum, for programs.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
    >>> found
    <RetentionModel: beta geometric, 1,000 customers, 4 renewals>
    >>> found.survival([1, 5, 10])[["tenure", "estimate"]].round(3)
       tenure  estimate
    0       1     0.629
    1       5     0.284
    2      10     0.181
    """

    made_by: ClassVar[str] = "fit_retention()"
    people: ClassVar[str] = "customers"

    model: Model
    n_obs: int
    n_dropped: int
    driver_names: tuple[str, ...]
    level: float
    interval: RetentionInterval
    limit: Limit | None
    converged: bool
    n_iter: int
    log_likelihood: float
    estimates: EstimateTable
    cells: RenewalCells
    solution: RetentionSolution

    # What was estimated

    @property
    def parameters(self) -> pd.DataFrame:
        """A row a ``parameter``: ``estimate``, ``std_error``, ``ci_low``, ``ci_high``, ``p_value``.

        "intercept" and drivers make the logit of mean churn; "log_precision" is the log of
        alpha + beta, infinite where customers are all alike; "log_c" is 0 where the own churn of a
        customer does not change with tenure. P-values against 0, by the likelihood ratio for
        ``interval="profile"``, for drivers and log c.
        """
        return self.estimates.frame()

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * len(self.solution.theta) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, by the number of customers."""
        return float(np.log(self.n_obs) * len(self.solution.theta) - 2 * self.log_likelihood)

    @property
    def tenures(self) -> pd.DataFrame:
        """A row a renewal: customers at risk (``n_obs``), ``lost``, and as many as ``expected``.

        ``retention`` is the share that stayed.
        """
        at = self.cells.tenure
        size = int(at.max()) + 1
        sums = {
            "n_obs": np.bincount(at, self.cells.at_risk, size),
            "lost": np.bincount(at, self.cells.lost, size),
            "expected": np.bincount(at, self._expected(), size),
        }
        frame = pd.DataFrame({"tenure": np.arange(size), **sums}).query("n_obs > 0")
        frame = frame.reset_index(drop=True)
        return frame.assign(retention=1 - frame["lost"] / frame["n_obs"])

    @property
    def tests(self) -> pd.DataFrame:
        """Tests: ``test``, ``hypothesis``, ``statistic``, ``df``, ``p_value``.

        "homogeneity": that customers with equal drivers have one churn. That is the edge of the
        model, where the statistic is 0 half of the time, so that its p-value is half that of a
        chi-square. "constant_churn", for the beta discrete Weibull: that c = 1. "fit", without
        drivers: Pearson's chi-square of losses by tenure against those expected.
        """
        own, alike, constant = self.solution.log_likelihoods
        gain = max(2 * float(own - alike), 0.0)
        half = float(chi_square_tail(gain, 1)) / 2 if gain > 0 else 1.0
        rows: list[tuple[str, str, float, int, float]] = [
            ("homogeneity", "all customers alike", gain, 1, half)
        ]
        if self._weibull:
            gain = max(2 * float(own - constant), 0.0)
            p_value = float(chi_square_tail(gain, 1))
            rows.append(("constant_churn", "c = 1", gain, 1, p_value))
        table = self.tenures
        df = len(table) - len(self.solution.theta)
        if not self.driver_names and df > 0:
            expected, n = table["expected"].to_numpy(), table["n_obs"].to_numpy()
            apart = (table["lost"].to_numpy() - expected) ** 2
            with np.errstate(divide="ignore", invalid="ignore"):
                parts = apart / (expected * (1 - expected / n))
            statistic = float(np.where(apart > 0, parts, 0.0).sum())
            rows.append(("fit", "this model", statistic, df, float(chi_square_tail(statistic, df))))
        return pd.DataFrame(rows, columns=["test", "hypothesis", "statistic", "df", "p_value"])

    # What can be asked

    @checked
    def survival(
        self,
        tenure: Numbers,
        *,
        renewals: int = 0,
        drivers: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Return the share of customers that is still there after so many renewals (留存曲线).

        Parameters
        ----------
        tenure : int or array of shape (k,)
            Numbers of renewals, above ``renewals``.
        renewals : int
            Of whom: of those who have renewed so many times.
        drivers : mapping from str to float, optional
            Values of the drivers, if the model has any.

        Returns
        -------
        DataFrame
            ``tenure``, ``estimate``, ``ci_low``, ``ci_high``.

        Raises
        ------
        OptionError
            If a tenure is no whole number above ``renewals``, or drivers are lacking or unknown.

        Notes
        -----
        S(t) / S(n), with S(t) = B(alpha, beta + t^c) / B(alpha, beta). Intervals are found for
        log(-log S).

        Examples
        --------
        Of those who renewed 4 times more remain than of the new ones:

        >>> from loyaltymodel import economics
        >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
        >>> found.survival(5).round(3)
           tenure  estimate  ci_low  ci_high
        0       5     0.284   0.255    0.315
        >>> found.survival(9, renewals=4)["estimate"].round(3).item()
        0.597
        """
        t = _tenures(tenure, above=_renewals(renewals))
        who = self._profile(drivers)
        return self._answer({"tenure": t.astype(int)}, questions.survival(who, t, float(renewals)))

    @checked
    def retention(
        self, tenure: Numbers, *, drivers: Mapping[str, float] | None = None
    ) -> pd.DataFrame:
        """Return the share of customers at their t-th renewal who stay (留存率).

        Parameters
        ----------
        tenure : int or array of shape (k,)
            Which renewals, from 1.
        drivers : mapping from str to float, optional
            Values of the drivers, if the model has any.

        Returns
        -------
        DataFrame
            ``tenure``, ``estimate``, ``ci_low``, ``ci_high``.

        Raises
        ------
        OptionError
            If a tenure is no whole number from 1, or drivers are lacking or unknown.

        Notes
        -----
        For the beta geometric r(t) = (beta + t - 1) / (alpha + beta + t - 1), which rises with
        tenure though nobody changes: those who leave easily leave first. It is no sign that
        customers learn to stay.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
        >>> found.retention([1, 2, 10])["estimate"].round(3).tolist()
        [0.629, 0.75, 0.931]
        """
        t = _tenures(tenure, above=0)
        return self._answer({"tenure": t.astype(int)}, self._retention(drivers, t))

    @checked
    def projection(
        self, periods: int, *, drivers: Mapping[str, float] | None = None
    ) -> pd.DataFrame:
        """Return survival and retention, renewal by renewal (留存预测).

        Parameters
        ----------
        periods : int
            Up to which renewal.
        drivers : mapping from str to float, optional
            Values of the drivers, if the model has any.

        Returns
        -------
        DataFrame
            ``quantity`` ("survival", then "retention"), ``tenure``, ``estimate``, ``ci_low``,
            ``ci_high``.

        Raises
        ------
        OptionError
            If periods is below 1 or above 100,000, or drivers are lacking or unknown.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
        >>> found.projection(2)[["quantity", "tenure", "estimate"]].round(3)
            quantity  tenure  estimate
        0   survival       1     0.629
        1   survival       2     0.472
        2  retention       1     0.629
        3  retention       2     0.750
        """
        check_count("periods", periods, least=1)
        t = np.arange(1, periods + 1)
        parts = {
            "survival": self.survival(t, drivers=drivers),
            "retention": self.retention(t, drivers=drivers),
        }
        frame = pd.concat(parts, names=["quantity"]).reset_index(level=0)
        return frame.reset_index(drop=True)

    @checked
    def churn(
        self, *, renewals: int = 0, drivers: Mapping[str, float] | None = None
    ) -> pd.DataFrame:
        """Return the law of churn over the customers who have renewed so many times (流失率分布).

        Parameters
        ----------
        renewals : int
            Renewals made.
        drivers : mapping from str to float, optional
            Values of the drivers, if the model has any.

        Returns
        -------
        DataFrame
            A row a ``quantity`` with ``estimate``, ``ci_low``, ``ci_high``: "mean_churn",
            "polarization" (1 / (1 + alpha + beta), 0 if all are alike and 1 if each leaves at once
            or never), "alpha" and "beta".

        Raises
        ------
        OptionError
            If renewals is no whole number from 0, or drivers are lacking or unknown.

        Notes
        -----
        After n renewals a customer's churn theta follows Beta(alpha, beta + n^c), as one who has
        stayed is likely one who stays. For the beta geometric its mean is the chance to leave at
        the next renewal; with c other than 1 it is a customer's chance at the first renewal, and
        :meth:`retention` tells that of the next.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
        >>> found.churn()[["quantity", "estimate"]].round(3)
               quantity  estimate
        0    mean_churn     0.371
        1  polarization     0.327
        2         alpha     0.764
        3          beta     1.296
        >>> found.churn(renewals=4)["estimate"].round(3).tolist()
        [0.126, 0.142, 0.764, 5.296]
        """
        n = _renewals(renewals)
        return self._answer({"quantity": QUANTITIES}, questions.churn(self._profile(drivers), n))

    @checked
    def expected_tenure(
        self,
        *,
        renewals: int = 0,
        horizon: int | None = None,
        drivers: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Return for how many periods more a customer stays on average (预期客户寿命).

        Parameters
        ----------
        renewals : int
            Renewals made.
        horizon : int, optional
            Number of renewals to look at; without it there is no end.
        drivers : mapping from str to float, optional
            Values of the drivers, if the model has any.

        Returns
        -------
        DataFrame
            ``quantity``, ``estimate``, ``ci_low``, ``ci_high``; the period that has just begun
            counts. Infinite where the mean has no end, as for alpha of 1 or less.

        Raises
        ------
        OptionError
            If an option is out of its range, or drivers are lacking or unknown.

        Notes
        -----
        The sum of S(n + t) / S(n) from t = 0; for the beta geometric without a horizon it is
        (alpha + beta + n - 1) / (alpha - 1).

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> found = economics.fit_cohorts([1000, 869, 743, 653, 593])
        >>> found.expected_tenure()["estimate"].round(2).item()  # 8.071 / 0.281
        28.73
        >>> found.expected_tenure(horizon=4)["estimate"].round(3).item()  # sum of survival to 4
        3.864
        """
        _check_horizon(horizon)
        asked = questions.total(self._profile(drivers), _renewals(renewals), 0.0, horizon)
        table = self._answer({"quantity": ("expected_tenure",)}, asked)
        return _moved(table, 1.0, 1.0)

    @checked
    def residual_value(
        self,
        margin: float | Rate,
        *,
        discount: float | Rate,
        timing: Timing,
        renewals: int = 0,
        horizon: int | None = None,
        per: Period | None = None,
        drivers: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Return what a customer is worth who has renewed so many times (剩余客户价值).

        Parameters
        ----------
        margin : float or Rate
            What a customer brings a period, in money, above 0.
        discount : float or Rate
            Rate of interest a period, 0 or more.
        timing : {"now", "after_renewal", "before_renewal"}
            "now": the customer has just renewed and pays at once. "after_renewal": the first
            margin comes in one period later, from those who renew again; smaller by exactly a
            margin. "before_renewal": the next renewal is due at this moment, and those who renew
            pay at once; larger than "after_renewal" by the factor 1 + discount.
        renewals : int
            Renewals made so far.
        horizon : int, optional
            Number of renewals to look at; without it there is no end.
        per : {"day", "week", "month", "quarter", "half_year", "year"}, optional
            The period of a renewal, if margin or discount are a :class:`Rate`.
        drivers : mapping from str to float, optional
            Values of the drivers, if the model has any.

        Returns
        -------
        DataFrame
            ``quantity``, ``estimate``, ``ci_low``, ``ci_high``, in money.

        Raises
        ------
        OptionError
            If an option is out of its range, periods differ, or drivers are lacking or unknown.

        Notes
        -----
        "now" is the margin times the sum of S(n + t) / S(n) / (1 + d)^t from t = 0, for the beta
        geometric 2F1(1, beta + n; alpha + beta + n; 1 / (1 + d)), the others follow from it.
        It is computed by Gauss's continued fraction, for the beta discrete Weibull by adding terms
        and Euler and Maclaurin's sum of the rest. A margin that differs by tenure goes into
        :func:`lifetime_value`, with :meth:`draws`.

        References
        ----------
        .. [1] Fader, P. S., & Hardie, B. G. S. (2007). How to project customer retention. Journal
           of Interactive Marketing, 21(1), 76-90.

        Examples
        --------
        The customers of [1]_, at 10 % interest, when new and just before their fifth renewal:

        >>> from loyaltymodel import economics
        >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
        >>> found.residual_value(1, discount=0.1, timing="now").round(3)
                 quantity  estimate  ci_low  ci_high
        0  residual_value     3.621   3.365    3.896
        >>> due = found.residual_value(1, discount=0.1, timing="before_renewal", renewals=4)
        >>> due["estimate"].round(3).item()
        5.684
        """
        _check_horizon(horizon)
        money = _one(_number("margin", margin, "amount", per), "margin")
        rate = _one(_number("discount", discount, "discount", per), "discount")
        if money <= 0:
            raise OptionError(f"margin={shown(money)} must be above 0")
        if not 0 <= rate < np.inf or 0 < rate < _LEAST_DISCOUNT:
            raise OptionError(
                f"discount={shown(rate)} must be 0, or a number of at least {_LEAST_DISCOUNT:g}"
            )
        asked = questions.total(self._profile(drivers), _renewals(renewals), rate, horizon)
        table = self._answer({"quantity": ("residual_value",)}, asked)
        at_once = money if timing == "now" else 0.0
        factor = money * (1 + rate if timing == "before_renewal" else 1.0)
        return _moved(table, at_once, factor)

    @checked
    def draws(
        self,
        n: int,
        *,
        periods: int,
        rng: np.random.Generator | int,
        drivers: Mapping[str, float] | None = None,
    ) -> FloatArray:
        """Return draws of the retention rates by tenure, for other calculations (留存率的抽样).

        Parameters
        ----------
        n : int
            Number of draws.
        periods : int
            Up to which renewal.
        rng : numpy.random.Generator or int
            Randomness.
        drivers : mapping from str to float, optional
            Values of the drivers, if the model has any.

        Returns
        -------
        ndarray of shape (n, periods)
            A row a draw: retention at the first, second, ... renewal. It can go into
            ``lifetime_value(..., draws={"retention": ...})``.

        Raises
        ------
        NotIdentifiedError
            If the estimate lies at a limit of the model, round which no normal law holds.
        OptionError
            If n or periods is below 1, or drivers are lacking or unknown.

        Notes
        -----
        Parameters are drawn from the normal law of their estimates: coefficients, log precision
        and log c. :meth:`residual_value` has intervals that do not rest on that law.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
        >>> drawn = found.draws(2_000, periods=3, rng=1)
        >>> drawn.shape, drawn.mean(axis=0).round(2).tolist()
        ((2000, 3), [0.63, 0.75, 0.81])
        """
        check_count("n", n, least=1)
        check_count("periods", periods, least=1)
        if self.limit is not None:
            raise NotIdentifiedError(
                f"the estimate lies at the limit {self.limit!r}, round which no normal law holds; "
                "take the intervals of survival(), retention() and residual_value()"
            )
        drawn = parameter_draws(self.solution, n, np.random.default_rng(rng))
        t = np.arange(1.0, periods + 1)
        asked = self._retention(drivers, t)
        which = np.repeat(np.arange(periods), n)
        link = asked.link(np.tile(drawn, (periods, 1)), which)
        return asked.back(link, which).reshape(periods, n).T

    # Inner matters

    @property
    def _weibull(self) -> bool:
        return self.model == "beta_discrete_weibull"

    def _expected(self) -> FloatArray:
        renewals = renewals_of(self.cells, self.solution.centre, self.solution.unit, self.model)
        stay = renewals.staying(self.solution.theta[None], slice(None), second=False).value[0]
        return np.asarray(-np.expm1(stay) * self.cells.at_risk)

    def _profile(self, drivers: Mapping[str, float] | None) -> Profile:
        given = dict(drivers or {})
        names = self.driver_names
        if unknown := [name for name in given if name not in names]:
            there = enumerate_names(names) if names else "no drivers"
            raise OptionError(f"drivers has {shown(unknown[0])}, but the model has {there}")
        if lacking := [name for name in names if name not in given]:
            raise OptionError(
                f"drivers lacks {enumerate_names(lacking)}; say for which customers, as in "
                f"drivers={{{lacking[0]!r}: ...}}"
            )
        values = np.array([given[name] for name in names], np.float64)
        if not np.isfinite(values).all():
            raise OptionError(f"drivers has {shown(given)}; give finite numbers")
        inner = (values - self.solution.centre) / self.solution.unit
        return Profile(np.append(1.0, inner), self._weibull)

    def _retention(self, drivers: Mapping[str, float] | None, tenure: FloatArray) -> Asked:
        return questions.retention(self._profile(drivers), tenure)

    def _answer(self, labels: Mapping[str, Any], asked: Asked) -> pd.DataFrame:
        renewals = renewals_of(self.cells, self.solution.centre, self.solution.unit, self.model)
        return answer(
            labels, asked, renewals, self.solution, interval=self.interval, level=self.level
        ).frame()

    # What the base asks

    def _title(self) -> str:
        return f"Retention with differing customers: {_NAMES[self.model]}"

    def _brief(self) -> str:
        at = len(np.unique(self.cells.tenure))
        return f"{_NAMES[self.model]}, {self.n_obs:,} customers, {count_of(at, 'renewal')}"

    def _facts(self) -> Facts:
        facts = [
            ("renewals watched", f"{self.cells.at_risk.sum():,.0f}"),
            ("customers lost", f"{self.cells.lost.sum():,.0f}"),
            ("log-likelihood", number(self.log_likelihood)),
        ]
        if not self.converged:
            facts.append(("converged", "no"))
        if self.limit is not None:
            facts.append(("limit", self.limit.replace("_", " ")))
        return facts

    def _tables(self) -> Sequence[Table]:
        tables = [table_of("Parameters", self.parameters)]
        if not self.driver_names:
            tables.append(table_of("Churn over customers", self.churn()))
        tables += [
            table_of("Losses by tenure", self.tenures, digits=(0, 0, 1, 3)),
            table_of("Tests", self.tests, n_labels=2, digits=(2, 0, 3)),
        ]
        return tables

    def _remarks(self) -> Sequence[str]:
        remarks = []
        if self.limit == "homogeneous":
            remarks.append(
                "No finite precision is best: the likelihood is largest where customers with equal "
                "drivers are all alike, and the model is its limit, one churn for all. Intervals "
                "still allow for differences."
            )
        if self.limit == "all_or_nothing":
            remarks.append(
                "Nobody left after the first renewal, so the likelihood is largest where each "
                "customer leaves at once or never. Watch more renewals; there are no intervals."
            )
        if self.model == "beta_geometric" and self.limit != "homogeneous":
            remarks.append(
                "Retention rises with tenure though nobody changes: who leaves easily leaves "
                "first. Do not read it as customers who learn to stay."
            )
        elif self._weibull:
            remarks.append(
                "c tells how a customer's own churn goes with tenure, beside who is left: above 1 "
                "it rises, below 1 it falls."
            )
        if not self.converged:
            remarks.append("The search did not end at a maximum; take the numbers for rough ones.")
        errors = self.estimates.std_error
        if self.limit is None and errors is not None and not np.isfinite(errors).all():
            remarks.append("The likelihood is level at its maximum, so there are no errors.")
        few = self.tenures["expected"] < _FEW
        if not self.driver_names and few.any() and "fit" in self.tests["test"].tolist():
            at = count_of(int(few.sum()), "renewal")
            remarks.append(
                f"Fewer than {_FEW:.0f} losses are expected at {at}, so that the test of fit is "
                "rough."
            )
        return remarks

    def _coefficients(self) -> EstimateTable:
        return self.estimates


def _tenures(tenure: Numbers, *, above: float) -> FloatArray:
    t = np.atleast_1d(np.asarray(tenure, np.float64))
    good = np.isfinite(t) & (t == np.floor(t)) & (t > above) & (t <= _LONGEST)
    if t.ndim != 1 or not t.size or not good.all():
        wrong = t[~good][0] if t.size and not good.all() else tenure
        raise OptionError(
            f"tenure has {shown(wrong)}; give whole numbers of renewals above {above:g} and up to "
            f"{_LONGEST:,}"
        )
    return t


def _renewals(renewals: int) -> float:
    if not is_whole(renewals, least=0) or renewals > _LONGEST:
        raise OptionError(
            f"renewals={shown(renewals)} must be a whole number from 0 to {_LONGEST:,}"
        )
    return float(renewals)


def _check_horizon(horizon: int | None) -> None:
    if horizon is not None and not (is_whole(horizon, least=1) and horizon <= _LONGEST):
        raise OptionError(f"horizon={shown(horizon)} must be a whole number from 1 to {_LONGEST:,}")


def _number(
    name: str, given: float | Rate, kind: Literal["amount", "discount"], per: Period | None
) -> FloatArray | float:
    if not isinstance(given, Rate):
        return given
    if per is None:
        raise OptionError(
            f"{name} is per {given.per}; say with per= to which period a renewal belongs"
        )
    return np.asarray(in_period(name, given, kind=kind, per=per))


def _one(value: FloatArray | float, name: str) -> float:
    if np.ndim(value) or not np.isfinite(value):
        raise OptionError(f"{name} must be one finite number")
    return float(value)


def _moved(table: pd.DataFrame, start: float, factor: float) -> pd.DataFrame:
    """Return a table of sums from the next renewal on as money, with what comes at once."""
    columns = ["estimate", "ci_low", "ci_high"]
    return table.assign(**{name: start + factor * table[name] for name in columns})
