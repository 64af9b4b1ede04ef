"""What was fitted: parameters, constraints, and what the curve answers, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord
from loyaltymodel._intervals import check_level, wald
from loyaltymodel._options import check_choice, count_of, enumerate_names
from loyaltymodel._tables import Summary, Table, table_of
from loyaltymodel._variables import BELOW_ONE, like, read_numbers, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser.curves import answers
from loyaltymodel.jones_sasser.curves.answers import Answer
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.estimation import report
from loyaltymodel.jones_sasser.estimation.intervals import (
    IntervalMethod,
    delta_interval,
    draws_interval,
    parameter_interval,
    profile_interval,
)
from loyaltymodel.jones_sasser.estimation.problem import Setup, set_up
from loyaltymodel.jones_sasser.estimation.report import State
from loyaltymodel.jones_sasser.estimation.sample import Sample, named_drivers
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings
from loyaltymodel.jones_sasser.estimation.uncertainty import Uncertainty

_SHARE = (0.0, 1.0)
_NEAR = 3.0  # standard errors
_LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LoyaltyCurveResult(FrozenRecord):
    """A fitted curve L = c + (1 - c) g(s), with its uncertainty.

    It keeps the cells of the sample, that is the distinct combinations of answers and how many
    gave them, because profiles and tests need them; no row of the data and no label of a person.

    Attributes
    ----------
    settings : CurveSettings
        How it was fitted.
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
    """

    settings: CurveSettings
    sample: Sample
    names: tuple[str, ...]
    values: FloatArray
    states: tuple[State, ...]
    uncertainty: Uncertainty
    log_likelihood: float
    converged: bool
    n_iter: int

    def __repr__(self) -> str:
        """Show the family, the parameters of the curve and the number of customers."""
        values = ", ".join(f"{k} = {v:.3f}" for k, v in self.curve.parameters.items())
        family = self.settings.family.name
        return f"<LoyaltyCurveResult: {family}, {values}, {self.n_people} customers>"

    @property
    def n_people(self) -> int:
        """Number of customers."""
        return self.sample.n_people

    @property
    def curve(self) -> LoyaltyCurve:
        """The curve alone, without groups and errors."""
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
        return self._criterion(float(np.log(self.n_people)))

    @property
    def has_likelihood(self) -> bool:
        """Whether likelihood ratios mean something: no weights, and an outcome with a law."""
        return self.settings.has_likelihood and not self.sample.weighted

    @property
    def parameters(self) -> pd.DataFrame:
        """Parameters with Wald intervals of 95 %: parameter, estimate, std_error, ends, state.

        Intervals are symmetric on the logarithmic scale for positive parameters, and on the
        logistic one for those between two bounds.
        """
        return self.intervals()

    @property
    def constraints(self) -> pd.DataFrame:
        """Estimated constraints with intervals of 95 %: group, constraint, std_error, ends.

        One row without a name where all share a constraint; none where it was given or depends
        on drivers. The intervals are profiles, since the likelihood is lopsided near 0. Without
        a likelihood they are those of the parameters, and within three standard errors of 0
        those of the normal law, cut off at 0.
        """
        rows = self._places("c")
        table = self.intervals().iloc[rows].reset_index(drop=True)
        groups = self.sample.groups if self.sample.groups is not None else ("",)
        table.insert(0, "group", list(groups)[: len(rows)])
        if self.has_likelihood and len(rows):
            names = [self.names[row] for row in rows]
            ends = self.intervals(names, method="profile")
            table[["ci_low", "ci_high"]] = ends[["ci_low", "ci_high"]].to_numpy()
        else:
            # An interval on the logistic scale cannot hold 0, however near it is.
            near = table["estimate"] < _NEAR * table["std_error"]
            edge = np.flatnonzero((near | (table["state"] == "on bound")).to_numpy())
            estimate, error = (table[name].to_numpy()[edge] for name in ("estimate", "std_error"))
            symmetric = wald(estimate, error, level=_LEVEL)
            table.loc[edge, "ci_low"] = np.maximum(symmetric.low, 0.0)
            table.loc[edge, "ci_high"] = symmetric.high
        return table.rename(columns={"estimate": "constraint"}).drop(columns="parameter")

    @property
    def thresholds(self) -> pd.DataFrame:
        """Thresholds of an ordinal outcome: category, threshold of answering it or higher."""
        setup = self._setup()
        categories = self.sample.categories
        if categories is None:
            raise OptionError(f"outcome={self.settings.outcome!r} has no thresholds")
        outcome: Any = setup.problem.outcome
        extra = self.values[None, len(self.values) - setup.problem.n_extra :]
        return pd.DataFrame(
            {"category": list(categories[1:]), "threshold": outcome.thresholds(extra)[0]}
        )

    def intervals(
        self,
        names: list[str] | None = None,
        *,
        method: IntervalMethod = "wald",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return parameters with intervals of a kind and level.

        Parameters
        ----------
        names : list of str, optional
            Which parameters; all by default.
        method : {"wald", "profile", "percentile"}
            "profile" inverts the likelihood ratio test, and gives intervals at bounds as well;
            "percentile" takes the quantiles of bootstrap draws.
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
        check_choice("method", method, IntervalMethod)
        check_level(level)
        chosen = list(self.names) if names is None else list(names)
        if unknown := [name for name in chosen if name not in self.names]:
            raise OptionError(
                f"{unknown[0]!r} is no parameter; the parameters are "
                f"{enumerate_names(self.names, most=12)}"
            )
        places = np.array([self.names.index(name) for name in chosen], dtype=np.intp)
        states = [self.states[place] for place in places]
        error = np.sqrt(np.diag(self.uncertainty.covariance))[places]
        if self.uncertainty.kind != "bootstrap":
            error = np.where([state == "on bound" for state in states], np.nan, error)
        estimate = self.values[places]
        setup = self._setup()
        if method == "profile":
            self._need_likelihood("profile intervals")
            low, high = profile_interval(setup, self.values, self._free, places, level=level)
        elif method == "percentile":
            low, high = draws_interval(self._draws()[:, places], level=level)
        else:
            kinds = [setup.parameters[place] for place in places]
            low, high = parameter_interval(estimate, error, kinds, level=level)
        return pd.DataFrame(
            {
                "parameter": chosen,
                "estimate": estimate,
                "std_error": error,
                "ci_low": low,
                "ci_high": high,
                "state": states,
            }
        )

    def constraint_of(
        self, groups: object = None, *, drivers: object = None, data: object = None
    ) -> Any:
        """Return the estimated constraint of each customer.

        Parameters
        ----------
        groups : object, array, Series or str, optional
            The group of each customer, or with ``data`` the column that has it; one group
            for one number.
        drivers : sequence of str, table or array (n, k), optional
            Values of the drivers, in the order of the fit.
        data : pandas, polars or pyarrow table, optional
            Where columns are looked up.

        Returns
        -------
        float, array or Series
            Constraints, 0 to below 1.

        Raises
        ------
        DataError
            If a group was not in the fit.
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
        if groups is None:
            raise OptionError("constraints differ between groups; give groups")
        single = data is None and (isinstance(groups, str) or np.ndim(groups) == 0)  # type: ignore[arg-type]
        if single:
            return float(self.values[places[self._code(groups)]])
        read = read_variables({"groups": groups}, data=data, categories=("groups",))
        codes, labels = read.codes("groups")
        own = np.array([self.values[places[self._code(label)]] for label in labels])[codes]
        labelled = data is not None or isinstance(groups, pd.Series)
        return pd.Series(own, index=read.labels, name="constraint") if labelled else own

    def loyalty(
        self, satisfaction: object, *, constraint: object = None, group: object = None
    ) -> Any:
        """Return loyalty L = c + (1 - c) g(s).

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.
        constraint : number, array or Series, optional
            How strongly the customer is held, 0 to below 1.
        group : object, optional
            Group whose estimated constraint is taken. Without both, the one constraint of
            all is taken, if there is one.

        Returns
        -------
        float, array or Series
            Probability to stay, 0 to 1.

        Raises
        ------
        DataError
            If satisfaction or constraint are out of range, or the group is unknown.
        OptionError
            If it is unclear which constraint is meant.
        """
        return self.curve.loyalty(satisfaction, constraint=self._held(constraint, group))

    def true_loyalty(self, satisfaction: object) -> Any:
        """Return true loyalty g(s): what is left when nothing binds.

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.

        Returns
        -------
        float, array or Series
            Probability to stay of a free customer, 0 to 1.

        Raises
        ------
        DataError
            If satisfaction is out of its range.
        """
        return self.curve.true_loyalty(satisfaction)

    def false_loyalty(
        self, satisfaction: object, *, constraint: object = None, group: object = None
    ) -> Any:
        """Return false loyalty c (1 - g(s)): what goes when the constraint goes.

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.
        constraint : number, array or Series, optional
            How strongly the customer is held, 0 to below 1.
        group : object, optional
            Group whose estimated constraint is taken.

        Returns
        -------
        float, array or Series
            Loyalty less true loyalty, 0 to 1.

        Raises
        ------
        DataError
            If satisfaction or constraint are out of range, or the group is unknown.
        OptionError
            If it is unclear which constraint is meant.
        """
        return self.curve.false_loyalty(satisfaction, constraint=self._held(constraint, group))

    def interval_of(
        self,
        kind: Answer,
        at: object,
        *,
        step_to: float | None = None,
        constraint: float | None = None,
        group: object = None,
        method: Literal["delta", "percentile"] = "delta",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return what the curve answers, with standard errors and intervals.

        Parameters
        ----------
        kind : {"loyalty", "true_loyalty", "false_loyalty", "slope", "elasticity", \
"satisfaction_needed"}
            What is asked.
        at : number or array
            Satisfaction, 0 to 1; for "satisfaction_needed" the loyalty wanted.
        step_to : float, optional
            Ask for the change of the answer when ``at`` becomes this: the gain of a step.
        constraint : float, optional
            How strongly the customer is held; taken as known without error.
        group : object, optional
            Group whose estimated constraint is taken, with its error. Without both, the one
            constraint of all. A constraint on its bound is taken as known.
        method : {"delta", "percentile"}
            "delta" linearises, on the logistic scale for what lies between 0 and 1;
            "percentile" takes the quantiles of bootstrap draws.
        level : float
            Confidence level, between 0 and 1.

        Returns
        -------
        DataFrame
            A row for each value of ``at``: ``at``, ``estimate``, ``std_error``, ``ci_low`` and
            ``ci_high``.

        Raises
        ------
        DataError
            If ``at`` or the constraint are out of range, or the group is unknown.
        OptionError
            If an option is not one of its choices, it is unclear which constraint is meant, or
            there are no draws for "percentile".
        """
        check_choice("kind", kind, Answer)
        check_choice("method", method, Literal["delta", "percentile"])
        check_level(level)
        x = np.atleast_1d(read_numbers("at", at, bounds=_SHARE)).ravel()
        target = None if step_to is None else read_numbers("step_to", step_to, bounds=_SHARE)
        known, place = self._held_place(kind, constraint, group)
        formula, family = answers.FORMULAS[kind], self.settings.family
        n_curve = len(family.parameters)

        def answer(p: FloatArray) -> FloatArray:
            c = np.full((len(p), 1), known) if place is None else p[:, place : place + 1]
            found = formula(family, p[:, :n_curve], x, c)
            if target is not None:
                end = np.full_like(x, float(target))
                found = formula(family, p[:, :n_curve], end, c) - found
            return found

        estimate = answer(self.values[None])[0]
        if method == "percentile":
            drawn = answer(self._draws())
            error = drawn.std(axis=0, ddof=1)
            low, high = draws_interval(drawn, level=level)
        else:
            inside = kind not in ("slope", "elasticity") and target is None
            error, low, high = delta_interval(
                answer,
                self.values,
                self.uncertainty.covariance,
                level=level,
                within_unit=inside,
            )
        return pd.DataFrame(
            {"at": x, "estimate": estimate, "std_error": error, "ci_low": low, "ci_high": high}
        )

    def summary(self) -> Summary:
        """Return the result in words and tables.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        facts = report.facts(self.settings, self.sample, self.curve, self.uncertainty.kind)
        state = "converged" if self.converged else "NOT CONVERGED"
        facts.insert(-1, ("search", f"{count_of(self.n_iter, 'step')}, {state}"))
        if self.has_likelihood:
            criteria = f"{self.log_likelihood:.3f}, AIC {self.aic:.3f}, BIC {self.bic:.3f}"
            facts.insert(-1, ("log likelihood", criteria))
        remarks = report.remarks(
            self.settings.reliability, self.states, has_likelihood=self.has_likelihood
        )
        return Summary("Loyalty curve", tuple(facts), tuple(self._tables()), tuple(remarks))

    def _tables(self) -> list[Table]:
        columns = ["state", "estimate", "std_error", "ci_low", "ci_high"]
        table = self.parameters
        if self.sample.groups is None:
            return [table_of("Parameters", table[["parameter", *columns]], n_labels=2)]
        # Constraints have a table of their own, with intervals by profile.
        table = table[~table["parameter"].str.startswith("c[")]
        columns_of = ["group", *(("constraint" if c == "estimate" else c) for c in columns)]
        return [
            table_of("Parameters", table[["parameter", *columns]], n_labels=2),
            table_of("Constraints", self.constraints[columns_of], n_labels=2),
        ]

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
        if group not in groups:
            raise DataError(
                f"{group!r} is no group of the fit; its groups are "
                f"{enumerate_names(groups, most=12)}"
            )
        return groups.index(group)

    def _held(self, constraint: object, group: object) -> object:
        if constraint is not None and group is not None:
            raise OptionError("constraint and group are both given; give one of them")
        return constraint if constraint is not None else self.constraint_of(group)

    def _held_place(
        self, kind: str, constraint: float | None, group: object
    ) -> tuple[float, int | None]:
        """Return a known constraint, or the place of an estimated one among the parameters."""
        if kind == "true_loyalty":
            return 0.0, None
        if constraint is not None or self.sample.drivers is not None:
            held = self._held(constraint, group)
            known = read_numbers("constraint", held, bounds=(0.0, BELOW_ONE))
            if known.ndim:
                raise OptionError("intervals are made for one constraint at a time; give a number")
            return float(known), None
        held = self._held(constraint, group)  # refuses what is unclear
        if np.ndim(held):  # type: ignore[arg-type]
            raise OptionError("intervals are made for one group at a time; give one group")
        code = 0 if self.sample.groups is None else self._code(group)
        return 0.0, self._places("c")[code]

    def _driven(self, drivers: object, data: object) -> Any:
        names = self.sample.drivers
        if names is None:
            raise OptionError("the fit had no drivers; give groups or nothing")
        if drivers is None and data is None:
            raise OptionError(f"constraints depend on drivers; give {enumerate_names(names)}")
        given: dict[str, object] = {name: name for name in names}
        if isinstance(drivers, pd.DataFrame):
            given = {name: drivers[name] for name in names}
        elif drivers is not None:
            own = named_drivers(drivers)
            if len(own) != len(names) and np.ndim(drivers) == 1:  # type: ignore[arg-type]
                own = named_drivers(np.asarray(drivers)[None])
            if len(own) != len(names):
                raise DataError(
                    f"the fit had {count_of(len(names), 'driver')} ({enumerate_names(names)}), but "
                    f"{len(own)} are given"
                )
            given = dict(zip(names, own.values(), strict=True))
        read = read_variables(given, data=data)
        z = np.column_stack([np.ones(read.n_rows), *(read[name] for name in names)])
        turned = 0.5 + 0.5 * np.tanh(z @ self.values[self._places("d")] / 2)
        labelled = data is not None or isinstance(drivers, pd.DataFrame)
        if labelled:
            return pd.Series(turned, index=read.labels, name="constraint")
        return like(0.0 if len(turned) == 1 else turned, turned.squeeze())

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
