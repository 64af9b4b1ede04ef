"""What was fitted: parameters, constraints, and what the curve answers, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Columns, Data, Label, Values
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, count_of, enumerate_names, shown
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, percent, table_of
from loyaltymodel._core.variables import (
    BELOW_ONE,
    as_given,
    like,
    read_numbers,
    read_variables,
)
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser.curves import kernels as answers
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.curves.kernels import Answer
from loyaltymodel.jones_sasser.estimation import report
from loyaltymodel.jones_sasser.estimation.diagnostics import calibration_of, influence_of
from loyaltymodel.jones_sasser.estimation.intervals import (
    METHODS,
    AnswerInterval,
    Ends,
    ParameterInterval,
    Range,
    delta_interval,
    draws_interval,
    parameter_interval,
    profile_interval,
    share_interval,
)
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import driven_constraint
from loyaltymodel.jones_sasser.estimation.problem import Setup, set_up
from loyaltymodel.jones_sasser.estimation.report import State
from loyaltymodel.jones_sasser.estimation.sample import (
    Sample,
    chosen_drivers,
    design_of,
    driver_columns,
    place_of,
)
from loyaltymodel.jones_sasser.estimation.settings import SHARES, CurveSettings, Measured
from loyaltymodel.jones_sasser.estimation.uncertainty import Uncertainty

OwnQuantity = Callable[[LoyaltyCurve, Mapping[str, float]], object]

_LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class LoyaltyCurveResult(Result):
    """A fitted curve L = c + (1 - c) g(s), with its uncertainty.

    It takes and gives answers on the scale of its data: after ``fit(..., scale=(1, 10))``, the
    loyalty of 8 is that of customers who answer 8. Shares of the scale are what :attr:`curve`
    takes. It keeps the cells of the sample, that is the distinct combinations of answers and how
    many gave them, because profiles and tests need them; no row of the data and no label of a
    customer. Its ``settings`` say how the curve was fitted, by the names of the options of
    :func:`fit`: ``family``, ``outcome``, ``fixed``, ``reference``, ``scale``, ``cuts``,
    ``reliability``, ``true_scores``, ``missing``, ``std_errors`` and ``n_resamples``.

    Attributes
    ----------
    sample : Sample
        Cells and their counts.
    names : tuple of str
        Names of all parameters: of the curve, of the constraint, of the outcome.
    values : array of shape (q,)
        Estimates.
    states : tuple of {"estimated", "fixed", "on bound"}
        Whether a parameter could move.
    uncertainty : Uncertainty
        Covariance of the estimates, and bootstrap draws if there are any.
    log_likelihood : float
        At the estimates; of the quasi-likelihood for outcome "score".
    converged : bool
        Whether the search converged.
    n_iter : int
        Steps of the search.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.simulate(3000, levels=10, rng=1)
    >>> people["answer"] = 1 + 9 * people["satisfaction"]
    >>> result = jones_sasser.fit("answer", "stayed", data=people, scale=(1, 10))
    >>> result.loyalty(8) == result.curve.loyalty(7 / 9, constraint=result.constraint_of())
    True
    """

    made_by: ClassVar[str] = "fit()"
    people: ClassVar[str] = "customers"

    settings: CurveSettings = field()
    sample: Sample
    names: tuple[str, ...]
    values: FloatArray
    states: tuple[State, ...]
    uncertainty: Uncertainty
    log_likelihood: float
    converged: bool
    n_iter: int

    @property
    def n_obs(self) -> int:
        """Number of customers."""
        return self.sample.n_obs

    @property
    def n_dropped(self) -> int:
        """Number of customers left out because something was missing."""
        return self.sample.n_dropped

    @property
    def n_resamples(self) -> int:
        """Number of bootstrap resamples that errors rest on, 0 for other errors."""
        return self.settings.n_resamples if self.uncertainty.kind == "bootstrap" else 0

    @property
    def n_failed(self) -> int:
        """Number of resamples that were left out because they did not converge."""
        return self.uncertainty.n_failed

    @property
    def scale(self) -> FrozenMapping[str, tuple[float, float]]:
        """Lowest and highest possible answer about satisfaction and of loyalty."""
        kinds: tuple[Measured, ...] = ("satisfaction", "loyalty")
        return FrozenMapping({kind: self.settings.limits(kind) for kind in kinds})

    @property
    def curve(self) -> LoyaltyCurve:
        """The curve alone, of shares of the scale from 0 to 1, without groups and errors."""
        n_curve = len(self.settings.family.parameters)
        return LoyaltyCurve(self.settings.family, self.values[:n_curve])

    @property
    def n_free(self) -> int:
        """Number of parameters that were estimated, those on a bound among them."""
        return sum(state != "fixed" for state in self.states)

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 log likelihood; NaN without a likelihood."""
        return self._criterion(2.0)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, k log n - 2 log likelihood; NaN without a likelihood."""
        return self._criterion(float(np.log(self.n_obs)))

    @property
    def has_likelihood(self) -> bool:
        """Whether likelihood ratios mean something: no weights, and an outcome with a law."""
        return self.settings.has_likelihood and not self.sample.weighted

    @property
    def estimates(self) -> EstimateTable:
        """Parameters with Wald intervals of 95 %, as :attr:`parameters` shows them."""
        return self._estimated(list(self.names), "wald", _LEVEL)

    @property
    def parameters(self) -> pd.DataFrame:
        """Parameters with Wald intervals of 95 %: parameter, estimate, std_error, ends, state.

        Intervals are symmetric on the logarithmic scale for positive parameters, and on the
        logistic one for those between two bounds. Where the normal law's would reach such a bound,
        they go to the bound; robust ones are Student's.
        """
        return self.intervals()

    @property
    def constraints(self) -> pd.DataFrame:
        """Estimated constraints with intervals of 95 %: group, estimate, std_error, ends, state.

        One row without a name where all share a constraint; none where it was given or depends
        on drivers. The intervals are profiles, since the likelihood is lopsided near 0. Without
        a likelihood they are those of the parameters, and within three standard errors of 0
        those of the normal law, cut off at 0.
        """
        rows = self._places("c")
        names = [self.names[row] for row in rows]
        found = self._estimated(names, "profile" if self.has_likelihood else "wald", _LEVEL)
        estimate = found.estimate
        low, high = _known(found.ci_low).copy(), _known(found.ci_high).copy()
        states = [self.states[row] for row in rows]
        if not self.has_likelihood:
            moves = np.array([state != "fixed" for state in states], dtype=bool)
            error = np.sqrt(np.diag(self.uncertainty.covariance))[rows]
            degrees = self.uncertainty.degrees
            ends = share_interval(estimate[moves], error[moves], level=_LEVEL, degrees=degrees)
            low[moves], high[moves] = ends
        groups = self.sample.groups if self.sample.groups is not None else ("",)
        table = EstimateTable(
            labels=FrozenMapping({"group": tuple(groups[: len(rows)])}),
            estimate=estimate,
            std_error=_known(found.std_error),
            ci_low=low,
            ci_high=high,
            level=_LEVEL,
            method=found.method,
        )
        return table.frame().assign(state=states)

    @property
    def categories(self) -> pd.DataFrame:
        """Categories of an ordinal outcome: category, estimate (threshold of it or higher)."""
        setup = self._setup()
        categories = self.sample.categories
        if categories is None:
            raise OptionError(f"outcome={self.settings.outcome!r} has no ordered categories")
        outcome: Any = setup.problem.outcome
        extra = self.values[None, len(self.values) - setup.problem.n_extra :]
        labels = FrozenMapping({"category": tuple(categories[1:])})
        return EstimateTable(labels=labels, estimate=outcome.thresholds(extra)[0]).frame()

    @checked
    def intervals(
        self,
        parameters: Sequence[str] | None = None,
        *,
        interval: ParameterInterval = "wald",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return parameters with intervals of a kind and level.

        Parameters
        ----------
        parameters : sequence of str, optional
            Which parameters; all by default.
        interval : {"wald", "profile", "percentile"}
            "profile" inverts the likelihood ratio test, and gives intervals at bounds as well;
            "percentile" takes the quantiles of bootstrap draws. "wald" has no upper end of "hi"
            but its bound where satisfaction is corrected for measurement error.
        level : float
            Confidence level, between 0 and 1.

        Returns
        -------
        DataFrame
            Columns ``parameter``, ``estimate``, ``std_error`` (NaN for a parameter on its
            bound, 0 for a fixed one), ``ci_low``, ``ci_high`` and ``state``.

        Raises
        ------
        OptionError
            If a name is unknown, there is no likelihood to profile, or there are no draws.
        """
        check_choice("interval", interval, ParameterInterval)
        check_level(level)
        chosen = list(self.names) if parameters is None else list(parameters)
        if unknown := [name for name in chosen if name not in self.names]:
            raise OptionError(
                f"{unknown[0]!r} is no parameter; the parameters are "
                f"{enumerate_names(self.names, most=12)}"
            )
        states = [self.states[self.names.index(name)] for name in chosen]
        return self._estimated(chosen, interval, level).frame().assign(state=states)

    @checked
    def constraint_of(
        self,
        group: Label | None = None,
        *,
        drivers: Columns | None = None,
        data: Data | None = None,
    ) -> AsGiven:
        """Return the estimated constraint of each customer.

        Parameters
        ----------
        group : object, array, Series or str, optional
            The group of each customer, or with ``data`` the column that has it; one group
            for one number.
        drivers : table, sequence of str or mapping, optional
            Values of the drivers, by their names in the fit.
        data : pandas, polars or pyarrow table, optional
            Where columns are looked up; alone, those of the names of the drivers.

        Returns
        -------
        float, array or Series
            Constraints, 0 to below 1.

        Raises
        ------
        DataError
            If a group was not in the fit, or a driver is absent.
        OptionError
            If the result has no such constraints.
        """
        places = self._places("c")
        if drivers is not None or self.sample.drivers is not None:
            return self._driven(drivers, data)
        if self.sample.groups is None:
            if len(places):
                return float(self.values[places[0]])
            raise OptionError("the constraint was given to the fit, so give it here as well")
        if group is None:
            raise OptionError("constraints differ between groups; give group")
        single = data is None and (isinstance(group, str) or np.ndim(group) == 0)  # type: ignore[arg-type]
        if single:
            return float(self.values[places[self._code(group)]])
        read = read_variables({"group": group}, data=data, categories=("group",))
        codes, labels = read.codes("group")
        own = np.array([self.values[places[self._code(label)]] for label in labels])[codes]
        return as_given((group,), read.labels, own, name="constraint")

    @checked
    def loyalty(
        self, satisfaction: Values, *, constraint: Values | None = None, group: Label | None = None
    ) -> AsGiven:
        """Return loyalty L = c + (1 - c) g(s).

        Parameters
        ----------
        satisfaction : number, array or Series
            Answers on the scale of the fit.
        constraint : number, array or Series, optional
            How strongly the customer is held, 0 to below 1.
        group : object, optional
            Group whose estimated constraint is taken. Without both, the one constraint of
            all is taken, if there is one.

        Returns
        -------
        float, array or Series
            Probability to stay, 0 to 1; for the outcomes "score" and "beta" a score on the
            scale of loyalty.

        Raises
        ------
        DataError
            If satisfaction is off the scale, the constraint out of range, or the group unknown.
        OptionError
            If it is unclear which constraint is meant.
        """
        found = self.curve.loyalty(
            self._share("satisfaction", satisfaction), constraint=self._held(constraint, group)
        )
        return self._on_scale("loyalty", found)

    @checked
    def predict(
        self, satisfaction: Values, *, constraint: Values | None = None, group: Label | None = None
    ) -> pd.DataFrame:
        """Return loyalty, and which part of it is true and which is false, side by side.

        Parameters
        ----------
        satisfaction : number, array or Series
            Answers on the scale of the fit, of customers of the fit or of others.
        constraint : number, array or Series, optional
            How strongly the customer is held, 0 to below 1.
        group : object, optional
            Group whose estimated constraint is taken. Without both, the one constraint of
            all is taken, if there is one.

        Returns
        -------
        DataFrame
            A row a customer, with the labels of a Series: ``loyalty``, ``true_loyalty`` and
            ``false_loyalty``, of which the second and the third add up to the first.

        Raises
        ------
        DataError
            If satisfaction is off the scale, the constraint out of range, or the group unknown.
        OptionError
            If it is unclear which constraint is meant.

        Examples
        --------
        >>> from loyaltymodel import jones_sasser
        >>> s, stayed = [1, 3, 5, 7, 7, 9, 9, 10], [0, 0, 0, 0, 1, 1, 1, 1]
        >>> result = jones_sasser.fit(s, stayed, scale=(1, 10), fixed={"c": 0.5})
        >>> found = result.predict([2, 9])
        >>> parts = found["true_loyalty"] + found["false_loyalty"]
        >>> bool((parts - found["loyalty"]).abs().max() < 1e-12)
        True
        """
        parts = {
            "loyalty": self.loyalty(satisfaction, constraint=constraint, group=group),
            "true_loyalty": self.true_loyalty(satisfaction),
            "false_loyalty": self.false_loyalty(satisfaction, constraint=constraint, group=group),
        }
        labels = satisfaction.index if isinstance(satisfaction, pd.Series) else None
        columns = {name: np.atleast_1d(np.asarray(part)) for name, part in parts.items()}
        if (shape := columns["loyalty"].shape) != (len(columns["loyalty"]),):
            raise DataError(
                f"satisfaction has shape {shape}; a row a customer is returned, so give an array "
                "of shape (n,)"
            )
        return pd.DataFrame(columns, index=labels)

    @checked
    def true_loyalty(self, satisfaction: Values) -> AsGiven:
        """Return true loyalty g(s): what is left when nothing binds.

        Parameters
        ----------
        satisfaction : number, array or Series
            Answers on the scale of the fit.

        Returns
        -------
        float, array or Series
            Probability to stay of a free customer, 0 to 1; or a score, as of :meth:`loyalty`.

        Raises
        ------
        DataError
            If satisfaction is off the scale.
        """
        found = self.curve.true_loyalty(self._share("satisfaction", satisfaction))
        return self._on_scale("true_loyalty", found)

    @checked
    def false_loyalty(
        self, satisfaction: Values, *, constraint: Values | None = None, group: Label | None = None
    ) -> AsGiven:
        """Return false loyalty c (1 - g(s)): what goes when the constraint goes.

        Parameters
        ----------
        satisfaction : number, array or Series
            Answers on the scale of the fit.
        constraint : number, array or Series, optional
            How strongly the customer is held, 0 to below 1.
        group : object, optional
            Group whose estimated constraint is taken.

        Returns
        -------
        float, array or Series
            Loyalty less true loyalty, 0 to 1; or in points of the score.

        Raises
        ------
        DataError
            If satisfaction is off the scale, the constraint out of range, or the group unknown.
        OptionError
            If it is unclear which constraint is meant.
        """
        found = self.curve.false_loyalty(
            self._share("satisfaction", satisfaction), constraint=self._held(constraint, group)
        )
        return self._on_scale("false_loyalty", found)

    @checked
    def interval_of(
        self,
        quantity: Answer | OwnQuantity,
        at: Values | None = None,
        *,
        step_to: float | None = None,
        constraint: float | None = None,
        group: Label | None = None,
        drivers: Columns | None = None,
        interval: AnswerInterval = "wald",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return what the curve answers, with standard errors and intervals.

        Parameters
        ----------
        quantity : {"loyalty", "true_loyalty", "false_loyalty", "slope", "elasticity", \
"satisfaction_needed"} or callable
            What is asked: "slope" is loyalty gained per point of the scale of satisfaction,
            "elasticity" percent of loyalty per percent of the answer. Or a function of yours,
            which is called with a :class:`LoyaltyCurve` of shares of the scale and a mapping of
            all parameters by name, and returns a number or several; nothing but ``interval`` and
            ``level`` is given then.
        at : number or array
            Satisfaction, answers on the scale of the fit; for "satisfaction_needed" the
            loyalty wanted.
        step_to : float, optional
            Ask for the change of the answer when ``at`` becomes this: the gain of a step.
        constraint : float, optional
            How strongly the customer is held; taken as known without error.
        group : object, optional
            Group whose estimated constraint is taken, with its error. Without both, the one
            constraint of all.
        drivers : mapping from name to number, or table of one row, optional
            What explained the constraint in the fit, of one customer. The error of the effects
            is part of the interval.
        interval : {"wald", "percentile"}
            "wald" linearises (the delta method), on the logistic scale for what lies between
            two ends and on the logarithmic one for slopes and elasticities; "percentile" takes
            the quantiles of bootstrap draws.
        level : float
            Confidence level, between 0 and 1.

        Returns
        -------
        DataFrame
            A row for each value of ``at``: ``at``, ``estimate``, ``std_error``, ``ci_low`` and
            ``ci_high``, in units of the scales of the fit. For a function, a row for each of its
            numbers, with the name of the function as ``quantity`` in place of ``at``.

        Raises
        ------
        DataError
            If ``at`` is off the scale, the constraint out of range, the group unknown, or a
            driver absent.
        OptionError
            If an option is not one of its choices, it is unclear which constraint is meant,
            there are no draws for "percentile", or a function does not return numbers.

        Examples
        --------
        Of those at the middle of the scale whose contract runs for two years more, so many stay
        against their will. And what a year does to the odds of being held:

        >>> import numpy as np
        >>> from loyaltymodel import jones_sasser
        >>> rng = np.random.default_rng(1)
        >>> s, years = rng.integers(0, 11, 4000) / 10, rng.integers(0, 4, 4000)
        >>> held = 1 / (1 + np.exp(2 - years))
        >>> stayed = rng.random(4000) < held + (1 - held) * 0.9 * s**3
        >>> result = jones_sasser.fit(s, stayed, drivers={"years": years})
        >>> result.interval_of("false_loyalty", 0.5, drivers={"years": 2}).round(2)
            at  estimate  std_error  ci_low  ci_high
        0  0.5      0.43       0.02     0.4     0.47
        >>> def odds_ratio(curve, parameters):
        ...     return np.exp(parameters["d[years]"])
        >>> result.interval_of(odds_ratio).round(2)
             quantity  estimate  std_error  ci_low  ci_high
        0  odds_ratio      2.84       0.14    2.56     3.11
        """
        check_choice("interval", interval, AnswerInterval)
        check_level(level)
        if callable(quantity):
            if any(option is not None for option in (at, step_to, constraint, group, drivers)):
                raise OptionError(
                    "a function has all parameters and takes no at, step_to, constraint, group or "
                    "drivers; let it use them itself"
                )
            return self._interval_of_function(quantity, interval, level)
        check_choice("quantity", quantity, Answer)
        if at is None:
            raise OptionError(f"quantity={quantity!r} is asked at a value; give at")
        kind: Measured = "loyalty" if quantity == "satisfaction_needed" else "satisfaction"
        given = np.atleast_1d(read_numbers("at", at)).ravel()
        x = self._share("at", given, kind=kind)
        end = None if step_to is None else float(self._share("step_to", step_to, kind=kind))
        held = self._held_by(quantity, constraint, group, drivers)
        n_curve = len(self.settings.family.parameters)

        def answer(p: FloatArray) -> FloatArray:
            c = held(p)
            found = self._formula(quantity, p[:, :n_curve], x, c)
            if end is not None:
                found = self._formula(quantity, p[:, :n_curve], np.full_like(x, end), c) - found
            return found

        within: Range = "positive" if quantity in ("slope", "elasticity") else "share"
        if end is not None:
            within = "any"
        estimate, error, low, high = self._answered(answer, interval, level, within=within)
        estimate, low, high = (
            self._on_scale(quantity, value, change=end is not None)
            for value in (estimate, low, high)
        )
        return EstimateTable(
            labels=FrozenMapping({"at": tuple(given.tolist())}),
            estimate=estimate,
            std_error=self._on_scale(quantity, error, change=True),
            ci_low=low,
            ci_high=high,
            level=level,
            method=METHODS[interval],
        ).frame()

    @checked
    def calibration(
        self, *, bins: int = 10, by_group: bool = True, level: float = 0.95
    ) -> pd.DataFrame:
        """Return observed and fitted loyalty by level of satisfaction.

        Parameters
        ----------
        bins : int
            Levels that are shown: if satisfaction has more, neighbours are put together, as many
            customers in each bin as in the next.
        by_group : bool
            Whether groups are kept apart.
        level : float
            Confidence level of the observed shares, between 0 and 1.

        Returns
        -------
        DataFrame
            A row for each level or bin and group: ``group``, ``satisfaction`` (mean answer on the
            scale of the fit), ``n_obs``, ``estimate`` (loyalty as observed), ``ci_low``,
            ``ci_high`` (Wilson's for trials and the normal law's for scores) and ``fitted``
            loyalty. Of ordered answers, the share that answered ``cuts`` or higher; scores are on
            their scale.

        Raises
        ------
        OptionError
            If ``bins`` or ``level`` is out of its range.

        Examples
        --------
        >>> from loyaltymodel import jones_sasser
        >>> people = jones_sasser.simulate(5000, levels=5, rng=1)
        >>> result = jones_sasser.fit("satisfaction", "stayed", data=people)
        >>> table = result.calibration()
        >>> table["satisfaction"].tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
        >>> bool(((table["ci_low"] < table["fitted"]) & (table["fitted"] < table["ci_high"])).all())
        True
        """
        return calibration_of(self, bins=bins, by_group=by_group, level=level)

    def influence(self) -> pd.DataFrame:
        """Return how much one customer moves the estimates, by what was answered.

        Returns
        -------
        DataFrame
            A row for each distinct answer in a cell and each parameter, the most influential first:
            ``group``, ``satisfaction`` on the scale of the fit, the ``answer``, ``n_obs``
            (customers who gave it; of a row that is a mean with ``sd``, two answers stand for those
            of its customers), ``distance`` (Cook's: the squared move of all estimates if one
            of these customers were left out, in units of the covariance and divided by the number
            of parameters; above 1 is much), the ``parameter``, and its ``move`` in standard errors.
            One step of Newton's method, not a new fit.

        Raises
        ------
        NotIdentifiedError
            If the data do not tell the parameters apart, so that none has an error.
        OptionError
            If no parameter was estimated.

        Examples
        --------
        >>> from loyaltymodel import jones_sasser
        >>> people = jones_sasser.simulate(2000, levels=5, rng=1)
        >>> result = jones_sasser.fit("satisfaction", "stayed", data=people)
        >>> result.influence().columns.tolist()
        ['group', 'satisfaction', 'answer', 'n_obs', 'distance', 'parameter', 'move']
        """
        return influence_of(self)

    def _interval_of_function(
        self, function: OwnQuantity, interval: AnswerInterval, level: float
    ) -> pd.DataFrame:
        setup = self._setup()
        lower = np.array([parameter.lower for parameter in setup.parameters])
        upper = np.array([parameter.upper for parameter in setup.parameters])
        n_curve = len(self.settings.family.parameters)

        def one(p: FloatArray) -> FloatArray:
            curve = LoyaltyCurve(self.settings.family, p[:n_curve])
            found = function(curve, dict(zip(self.names, p.tolist(), strict=True)))
            return np.atleast_1d(read_numbers("what quantity returns", found))

        def answer(p: FloatArray) -> FloatArray:
            # A step of the delta method may leave the range of a parameter by its thousandth.
            return np.stack([one(row) for row in np.clip(p, lower, upper)])

        estimate, error, low, high = self._answered(answer, interval, level, within="any")
        name = getattr(function, "__name__", type(function).__name__)
        several = [f"{name}[{k}]" for k in range(len(estimate))]
        return EstimateTable(
            labels=FrozenMapping({"quantity": tuple([name] if len(several) == 1 else several)}),
            estimate=estimate,
            std_error=error,
            ci_low=low,
            ci_high=high,
            level=level,
            method=METHODS[interval],
        ).frame()

    def _answered(
        self,
        answer: Callable[[FloatArray], FloatArray],
        interval: AnswerInterval,
        level: float,
        *,
        within: Range,
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return estimates, errors and ends (m,) of answers (b, m) to parameters (b, q)."""
        estimate = answer(self.values[None])[0]
        if interval == "percentile":
            drawn = answer(self._draws())
            return estimate, drawn.std(axis=0, ddof=1), *draws_interval(drawn, level=level)
        found = delta_interval(answer, self.values, self.uncertainty, level=level, within=within)
        return estimate, *found

    def _title(self) -> str:
        return "Loyalty curve"

    def _brief(self) -> str:
        values = ", ".join(f"{k} = {v:.3f}" for k, v in self.curve.parameters.items())
        return f"{self.settings.family.name}, {values}, {count_of(self.n_obs, 'customer')}"

    def _facts(self) -> Facts:
        facts = report.facts(self.settings, self.sample, self.curve, self.uncertainty.kind)
        state = "converged" if self.converged else "NOT CONVERGED"
        facts.insert(-1, ("search", f"{count_of(self.n_iter, 'step')}, {state}"))
        if self.has_likelihood:
            criteria = f"{self.log_likelihood:.3f}, AIC {self.aic:.3f}, BIC {self.bic:.3f}"
            facts.insert(-1, ("log likelihood", criteria))
        profiles = self.has_likelihood and self.sample.groups is not None
        of_constraints = ", of constraints by profile likelihood" if profiles else ""
        facts.append(("intervals", f"{percent(_LEVEL)} Wald{of_constraints}"))
        return facts

    def _tables(self) -> Sequence[Table]:
        columns = ["state", "estimate", "std_error", "ci_low", "ci_high"]
        table = self.parameters
        # What is given has no error, which a row of zeros would not say.
        table.loc[table["state"] == "fixed", ["std_error", "ci_low", "ci_high"]] = np.nan
        if self.sample.groups is None:
            return [table_of("Parameters", table[["parameter", *columns]], n_labels=2)]
        # Constraints have a table of their own, with intervals by profile.
        table = table[~table["parameter"].str.startswith("c[")]
        return [
            table_of("Parameters", table[["parameter", *columns]], n_labels=2),
            table_of("Constraints", self.constraints[["group", *columns]], n_labels=2),
        ]

    def _remarks(self) -> Sequence[str]:
        law = self._setup().law if self.settings.has_error else None
        return report.remarks(
            self.settings, self.sample, law, self.states, has_likelihood=self.has_likelihood
        )

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _estimated(
        self, names: list[str], interval: ParameterInterval, level: float
    ) -> EstimateTable:
        places = np.array([self.names.index(name) for name in names], dtype=np.intp)
        error = np.sqrt(np.diag(self.uncertainty.covariance))[places]
        estimate = self.values[places]
        low, high = self._ends(estimate, error, places, interval, level)
        if self.uncertainty.kind != "bootstrap":
            on_bound = np.array([self.states[k] == "on bound" for k in places], dtype=bool)
            error = np.where(on_bound, np.nan, error)
        return EstimateTable(
            labels=FrozenMapping({"parameter": tuple(names)}),
            estimate=estimate,
            std_error=error,
            ci_low=low,
            ci_high=high,
            level=level,
            method=METHODS[interval],
            covariance=self.uncertainty.covariance[np.ix_(places, places)],
        )

    def _ends(
        self,
        estimate: FloatArray,
        error: FloatArray,
        places: np.ndarray[Any, Any],
        interval: ParameterInterval,
        level: float,
    ) -> Ends:
        if interval == "percentile":
            return draws_interval(self._draws()[:, places], level=level)
        setup = self._setup()
        if interval == "profile":
            self._need_likelihood("profile intervals")
            return profile_interval(setup, self.values, self._free, places, level=level)
        kinds = [setup.parameters[place] for place in places]
        degrees = self.uncertainty.degrees
        low, high = parameter_interval(estimate, error, kinds, level=level, degrees=degrees)
        if self.settings.has_error and self.uncertainty.kind != "bootstrap":
            # Estimates far below the top seem surer than they are, so that it has no upper end.
            top = [self.names[k] == "hi" and self.states[k] != "fixed" for k in places]
            high = np.where(top, [kind.upper for kind in kinds], high)
        return low, high

    # Between answers and shares of their scale

    def _share(self, name: str, given: object, *, kind: Measured = "satisfaction") -> Any:
        """Return answers as shares of their scale, shaped as they came."""
        low, high = self.settings.limits(kind)
        try:
            values = read_numbers(name, given, bounds=(low, high))
        except DataError as error:
            if "must lie" not in str(error) or (low, high) == SHARES:
                raise
            raise DataError(
                f"{error}; answers are on the scale of the fit, {low:.12g} to {high:.12g}, and "
                "result.curve takes shares of it"
            ) from None
        return like(given, (values - low) / (high - low))

    def _units(self, quantity: Answer) -> tuple[float, float]:
        """Return what is added to an answer in shares, and what it is multiplied by before."""
        lowest, highest = self.settings.limits("satisfaction")
        low, high = self.settings.limits("loyalty")
        return {
            "loyalty": (low, high - low),
            "true_loyalty": (low, high - low),
            "false_loyalty": (0.0, high - low),
            "slope": (0.0, (high - low) / (highest - lowest)),
            "elasticity": (0.0, 1.0),
            "satisfaction_needed": (lowest, highest - lowest),
        }[quantity]

    def _on_scale(self, quantity: Answer, found: Any, *, change: bool = False) -> Any:
        """Return what was found in shares, or a change of it, in units of the scales."""
        start, unit = self._units(quantity)
        if change:
            return unit * found
        if quantity == "satisfaction_needed":  # rounding must not leave the scale
            return np.clip(start + unit * found, *self.settings.limits("satisfaction"))
        return start + unit * found

    def _formula(self, quantity: Answer, p: FloatArray, x: FloatArray, c: FloatArray) -> FloatArray:
        """Return an answer in shares; an elasticity is of answers, since percents depend on 0."""
        family = self.settings.family
        if quantity != "elasticity":
            return answers.FORMULAS[quantity](family, p, x, c)
        loyal = self._on_scale("loyalty", answers.loyalty(family, p, x, c))
        rise = self._on_scale("slope", answers.slope(family, p, x, c))
        at = self._on_scale("satisfaction_needed", x)
        return answers.percent_of_percent(rise, at, loyal)

    def _criterion(self, price: float) -> float:
        if not self.has_likelihood:
            return float("nan")
        return price * self.n_free - 2 * self.log_likelihood

    @property
    def _free(self) -> BoolArray:
        return np.array([state == "estimated" for state in self.states])

    def _setup(self) -> Setup:
        return set_up(self.settings, self.sample)

    def _places(self, letter: str) -> list[int]:
        """Return the places of the parameters c or c[...]."""
        return [
            k for k, name in enumerate(self.names) if name == letter or name[:2] == letter + "["
        ]

    def _code(self, group: object) -> int:
        groups = self.sample.groups or ()
        place = place_of(group, groups)
        if place is None:
            raise DataError(
                f"{shown(group)} is no group of the fit; its groups are "
                f"{enumerate_names(groups, most=12)}"
            )
        return place

    def _held(self, constraint: Values | None, group: object) -> Values:
        if constraint is not None and group is not None:
            raise OptionError("constraint and group are both given; give one of them")
        if constraint is not None:
            return constraint
        if group is None and (names := self.sample.drivers) is not None:
            raise OptionError(
                f"constraints depend on drivers ({enumerate_names(names)}); give constraint, which "
                "constraint_of computes of them"
            )
        found: Values = self.constraint_of(group)
        return found

    def _held_by(
        self, kind: str, constraint: float | None, group: object, drivers: object
    ) -> Callable[[FloatArray], FloatArray]:
        """Return the constraint (b, 1) of one customer for parameters (b, q)."""

        def known(c: float) -> Callable[[FloatArray], FloatArray]:
            return lambda p: np.full((len(p), 1), c)

        if kind == "true_loyalty":
            return known(0.0)
        if drivers is not None:
            if constraint is not None or group is not None:
                raise OptionError("drivers are given with constraint or group; give one of them")
            z, _, _ = self._design(drivers, None)
            if len(z) != 1:
                raise OptionError(
                    "intervals are made for one customer at a time; give one number a driver"
                )
            places = self._places("d")
            return lambda p: driven_constraint(p[:, places], z)
        if constraint is not None:
            given = read_numbers(
                "constraint", self._held(constraint, group), bounds=(0.0, BELOW_ONE)
            )
            if given.ndim:
                raise OptionError("intervals are made for one constraint at a time; give a number")
            return known(float(given))
        if group is None and (names := self.sample.drivers) is not None:
            raise OptionError(f"constraints depend on drivers; give {enumerate_names(names)}")
        held = self._held(constraint, group)  # refuses what is unclear
        if np.ndim(held):
            raise OptionError("intervals are made for one group at a time; give one group")
        code = 0 if self.sample.groups is None else self._code(group)
        place = self._places("c")[code]
        return lambda p: p[:, place : place + 1]

    def _driven(self, drivers: object, data: object) -> Any:
        z, given, labels = self._design(drivers, data)
        turned = driven_constraint(self.values[self._places("d")], z)
        return as_given(given, labels, turned, name="constraint")

    def _design(self, drivers: object, data: object) -> tuple[FloatArray, list[object], pd.Index]:
        """Return the columns (n, k + 1) of a constraint by drivers, what was given, and labels."""
        names = self.sample.drivers
        if names is None:
            raise OptionError("the fit had no drivers; give group or nothing")
        if drivers is None and data is None:
            raise OptionError(f"constraints depend on drivers; give {enumerate_names(names)}")
        given = chosen_drivers(names, drivers)
        read = read_variables(driver_columns(given), data=data)
        return design_of(read, names), list(given.values()), read.labels

    def _draws(self) -> FloatArray:
        if self.uncertainty.draws is None:
            raise OptionError(
                'there are no bootstrap draws; fit with std_errors="bootstrap" and a seed'
            )
        return self.uncertainty.draws

    def _need_likelihood(self, what: str) -> None:
        if not self.has_likelihood:
            reason = "weights" if self.sample.weighted else self.settings.without_likelihood
            raise OptionError(
                f"{what} need a likelihood, which there is not with {reason}; take Wald or "
                "bootstrap intervals and tests"
            )


def _known(values: FloatArray | None) -> FloatArray:
    assert values is not None  # noqa: S101  a table with intervals has them
    return values
