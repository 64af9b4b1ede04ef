"""The models that stand for rival views, the tests between them, and their effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import chi_square_tail, ndtr, percentile
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.regression import collinear
from loyaltymodel._core.resampling import check_failures
from loyaltymodel._core.scales import Pair
from loyaltymodel.errors import DataError, NotIdentifiedError
from loyaltymodel.jones_sasser.curves.families import family_of
from loyaltymodel.jones_sasser.estimation.fit import estimate_with_remarks
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import Shares
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.sample import Sample
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings
from loyaltymodel.jones_sasser.inference.hypotheses import HypothesisTest
from loyaltymodel.satisfaction_loyalty.views.kernels import (
    DAMPING,
    MEDIATION,
    Regressions,
    change_of_loyalty,
    damping,
    linear_regressions,
    logistic_regressions,
    mediation_effects,
)
from loyaltymodel.satisfaction_loyalty.views.result import (
    CURVES,
    AverageEffects,
    ChangeOfLoyalty,
    ViewName,
)
from loyaltymodel.satisfaction_loyalty.views.survey import Survey

Row = tuple[str, int, float, float, float, str]
Estimator = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]

_VALUES = 100_000  # of an array in a slice of resamples, which stays in the cache
_MANY_FAILED = 0.05
_SEPARATED = -1e-6  # log-likelihood of a regression that is never wrong
_ENDLESS = 15.0  # log odds between the ends of a regressor
_SHARE = "share of the total effect that is indirect"


@dataclass(frozen=True, slots=True, eq=False)
class RegressionFit:
    """A fitted logistic regression with the names of its terms, and those without an end."""

    terms: tuple[str, ...]
    fitted: Regressions
    endless: tuple[str, ...]

    @property
    def value(self) -> float:
        """Log-likelihood without the ways in which a cell can come about."""
        return float(self.fitted.value[0])

    @property
    def estimates(self) -> EstimateTable:
        """Coefficients with Wald intervals and their covariance."""
        covariance = np.linalg.inv(self.fitted.info[0])
        return EstimateTable.wald(
            {"term": self.terms},
            self.start,
            np.sqrt(np.diag(covariance)),
            covariance=covariance,
        )

    @property
    def start(self) -> FloatArray:
        """Coefficients (k,)."""
        found: FloatArray = self.fitted.coefficients[0]
        return found

    def coefficient(self, term: str) -> float:
        """Return the coefficient of a term."""
        return float(self.start[self.terms.index(term)])


def fit_regressions(survey: Survey) -> dict[ViewName, RegressionFit]:
    """Fit the views that are logistic regressions."""
    s, mediator = survey.design.satisfaction, survey.design.mediator
    wanted: dict[ViewName, dict[str, FloatArray]] = {"unrelated": {}, "direct": {"satisfaction": s}}
    if mediator is not None:
        wanted["partial mediation"] = {"satisfaction": s, "mediator": mediator}
        wanted["full mediation"] = {"mediator": mediator}
    if "bond" in survey.binding:
        both = s * survey.design.binding[:, 0]
        wanted["bonds weaken"] = {"satisfaction": s, "satisfaction x bond": both}
    found: dict[ViewName, RegressionFit] = {}
    people, trials, stayed = survey.counts
    for view, columns in wanted.items():
        terms = ("constant", *columns, *survey.binding)
        x = survey.design.columns(*columns.values())
        if alike := [terms[k] for k in collinear(x[people[0] > 0])]:
            if view == "bonds weaken":
                continue  # the row says so
            raise NotIdentifiedError(
                f"{enumerate_names(alike)} cannot be told apart, because one of them can be "
                "computed from the others; leave one out"
            )
        fitted = logistic_regressions(x, trials, stayed)
        if fitted.value[0] > _SEPARATED:
            raise DataError(
                f"{enumerate_names(terms[1:])} together separate those who stayed from those who "
                "left perfectly, so the regression has no estimate; check that none of them was "
                "computed from loyalty"
            )
        reach = np.abs(fitted.coefficients[0]) * np.ptp(x, axis=0)
        endless = [terms[k] for k in np.flatnonzero(reach > _ENDLESS)]
        found[view] = RegressionFit(terms, fitted, tuple(endless))
    return found


def regression_rows(
    survey: Survey, fits: dict[ViewName, RegressionFit], effects: dict[str, AverageEffects]
) -> Iterator[Row]:
    """Return the rows of the regressions, with what speaks against their views."""
    for view, fit in fits.items():
        told = [] if fit.fitted.good[0] else ["did not converge"]
        if fit.endless:
            told.append(
                f"{enumerate_names(fit.endless)} can grow without end, because some customers "
                "are told perfectly; its standard error means nothing"
            )
        if view == "direct" and fit.coefficient("satisfaction") <= 0:
            told.append("loyalty does not rise with satisfaction, which speaks against the view")
        if view == "bonds weaken" and fit.coefficient("satisfaction x bond") >= 0:
            told.append(
                "the interaction is not negative, which speaks against the view, however well "
                "the model fits"
            )
        if "mediation" in view:
            told += _doubts(effects["mediation"])
        yield _row(survey, view, len(fit.terms), survey.log_ways + fit.value, told)
    if "bond" in survey.binding and "bonds weaken" not in fits:
        told = ["not identified: satisfaction times bond can be computed from the other columns"]
        yield "bonds weaken", 0, np.nan, np.nan, np.nan, told[0]


def _doubts(effects: AverageEffects) -> list[str]:
    """Say whether the indirect effect speaks against mediation."""
    indirect = effects.estimates.row("indirect effect, through the mediator")
    if indirect["ci_high"] < 0:
        return ["the indirect effect is negative, so the mediator works against satisfaction"]
    if indirect["ci_low"] <= 0:
        return [
            (
                "the interval of the indirect effect has 0 in it, so the model speaks of the "
                "mediator, not of mediation"
            )
        ]
    return []


def fit_curves(
    settings: CurveSettings, sample: Sample, survey: Survey, *, driven: bool
) -> tuple[dict[str, LoyaltyCurveResult], list[Row]]:
    """Fit the views that are curves with a constraint."""
    curves: dict[str, LoyaltyCurveResult] = {}
    rows: list[Row] = []
    for view, family in CURVES.items():
        own = replace(settings, family=family_of(family))
        try:
            found, remarks = estimate_with_remarks(own, sample, np.random.default_rng(0))
        except NotIdentifiedError as error:
            rows.append((view, 0, np.nan, np.nan, np.nan, f"not identified: {error}"))
            continue
        told = [message for message, _ in remarks]
        if driven and view == "captive share" and _bond_effect(found) < 0:
            told.append("the constraint falls with the bond, which speaks against bonds that hold")
        curves[view] = found
        rows.append(_row(survey, view, found.n_free, found.log_likelihood, told))
    return curves, rows


def _bond_effect(result: LoyaltyCurveResult) -> float:
    return float(result.values[result.names.index("d[bond]")])


def _row(survey: Survey, view: str, k: int, value: float, told: list[str]) -> Row:
    """Return a row of the comparison for k parameters and a log-likelihood."""
    bic = k * float(np.log(survey.n_obs)) - 2 * value
    return view, k, value, 2 * k - 2 * value, bic, "; ".join(told)


def regression_tests(
    survey: Survey, fits: dict[ViewName, RegressionFit]
) -> Iterator[HypothesisTest]:
    """Test regressions against those that contain them."""
    none, direct = fits["unrelated"].value, fits["direct"].value
    yield _ratio_test(survey, "loyalty does not depend on satisfaction", 2 * (direct - none))
    if "partial mediation" in fits:
        both = fits["partial mediation"].value
        yield _ratio_test(
            survey,
            "the mediator tells nothing of loyalty beside satisfaction",
            2 * (both - direct),
        )
        yield _ratio_test(
            survey,
            "satisfaction tells nothing of loyalty beside the mediator",
            2 * (both - fits["full mediation"].value),
        )
        yield _ratio_test(
            survey, "the mediator does not move with satisfaction", _path_ratio(survey)
        )
    if "bonds weaken" in fits:
        yield _signed_test(
            survey,
            "the bond does not weaken the effect of satisfaction on log odds",
            2 * (fits["bonds weaken"].value - direct),
            -fits["bonds weaken"].coefficient("satisfaction x bond"),
        )


def _path_ratio(survey: Survey) -> float:
    """Return the likelihood ratio of the mediator with and without satisfaction."""
    design, people = survey.design, survey.counts[0]
    assert design.mediator is not None  # noqa: S101  asked for with a mediator only
    small, large = design.columns(), design.columns(design.satisfaction)
    if design.two_values is not None:
        has = people * (design.mediator > design.two_values[0])
        low, high = (logistic_regressions(x, people, has).value[0] for x in (small, large))
        return float(2 * (high - low))
    low, high = (linear_regressions(x, people, design.mediator).value[0] for x in (small, large))
    return float(survey.n_obs * np.log(low / high))


def bond_test(
    settings: CurveSettings, plain: Sample, driven: LoyaltyCurveResult
) -> list[HypothesisTest]:
    """Test whether a captive share depends on the bond; nothing where none can be estimated."""
    try:
        without, _ = estimate_with_remarks(settings, plain, np.random.default_rng(0))
    except NotIdentifiedError:
        return []
    statistic = 2 * (driven.log_likelihood - without.log_likelihood)
    hypothesis = "the bond does not raise the constraint of the captive share"
    held = [
        state
        for name, state in zip(without.names, without.states, strict=True)
        if name == "c" or name.startswith("c[")
    ]
    if "estimated" not in held:
        none = "without the bond the constraint is 0, so that its effect has no meaning"
        nan = float("nan")
        return [_test(driven, hypothesis, statistic, nan, none)]
    return [_signed_test(driven, hypothesis, statistic, _bond_effect(driven))]


def _test(
    rests_on: Survey | LoyaltyCurveResult,
    hypothesis: str,
    statistic: float,
    p_value: float,
    method: str,
) -> HypothesisTest:
    return HypothesisTest(
        hypothesis=hypothesis,
        statistic=statistic,
        df=1,
        p_value=p_value,
        method=method,
        n_obs=rests_on.n_obs,
        n_dropped=rests_on.n_dropped,
    )


def _ratio_test(survey: Survey, hypothesis: str, statistic: float) -> HypothesisTest:
    statistic = max(statistic, 0.0)
    tail = float(chi_square_tail(statistic, 1))
    return _test(survey, hypothesis, statistic, tail, "chi-squared")


def _signed_test(
    rests_on: Survey | LoyaltyCurveResult, hypothesis: str, statistic: float, effect: float
) -> HypothesisTest:
    """Test by the root of the ratio with the sign of an effect that speaks against it."""
    statistic = max(statistic, 0.0)
    tail = float(ndtr(np.array(-np.sign(effect) * np.sqrt(statistic))))
    method = "signed root of the ratio, normal, one-sided"
    return _test(rests_on, hypothesis, statistic, tail, method)


def change_by_satisfaction(
    survey: Survey, direct: RegressionFit, *, weak_within: float, level: float
) -> ChangeOfLoyalty:
    """Estimate how much satisfaction moves loyalty."""
    shown, ends = survey.satisfactions
    observed = survey.observations
    _, trials, stayed = observed.answer
    change, error = change_of_loyalty(
        survey.design,
        survey.counts[0][0],
        (observed.cell, observed.count, trials, stayed),
        direct.fitted,
        ends=ends,
    )
    return ChangeOfLoyalty(
        ends=shown,
        estimates=EstimateTable.wald(
            {"quantity": ["change of loyalty"]}, [change], [error], level=level
        ),
        weak_within=weak_within,
        n_obs=survey.n_obs,
        n_dropped=survey.n_dropped,
    )


def weakness_test(change: ChangeOfLoyalty) -> HypothesisTest:
    """Test whether the change of loyalty is as large as what is no longer weak, either way."""
    estimate, error = change.estimates.estimate[0], change.estimates.std_error
    assert error is not None  # noqa: S101  Wald's table has errors
    z = float((change.weak_within - abs(estimate)) / error[0])
    return HypothesisTest(
        hypothesis=f"satisfaction changes loyalty by {change.weak_within:g} or more, either way",
        statistic=z,
        df=1,
        p_value=float(ndtr(np.array(-z))),
        method="how far the change falls short of it, normal, one-sided",
        n_obs=change.n_obs,
        n_dropped=change.n_dropped,
    )


def average_effects(
    survey: Survey,
    fits: dict[ViewName, RegressionFit],
    *,
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> dict[str, AverageEffects]:
    """Estimate effects of mediator and bond, with intervals from customers drawn again."""
    jobs: dict[str, tuple[Estimator, tuple[str, ...], Pair]] = {}
    if "partial mediation" in fits:
        shown, ends = survey.satisfactions
        start = fits["partial mediation"].start
        mediated = partial(mediation_effects, survey.design, ends=ends, start=start)
        jobs["mediation"] = mediated, MEDIATION, shown
    if "bonds weaken" in fits and survey.bonds is not None:
        shown, ends = survey.bonds
        start = fits["bonds weaken"].start
        damped = partial(damping, survey.design, ends=ends, start=start)
        jobs["damping"] = damped, DAMPING, shown
    if not jobs:
        return {}
    drawn: dict[str, list[FloatArray]] = {name: [] for name in jobs}
    observed = survey.observations
    share = observed.count / survey.n_obs
    size = max(1, _VALUES // observed.n_records)
    for first in range(0, n_resamples, size):
        b = min(size, n_resamples - first)
        people = rng.multinomial(survey.n_obs, share, size=b).astype(np.float64)
        stats = observed.statistics(Shares(), people)
        for name, (estimator, _, _) in jobs.items():
            drawn[name].append(estimator(stats[:, 0], stats[:, 1], stats[:, 2]))
    return {
        name: _with_interval(
            survey,
            estimator(*survey.counts)[0],
            np.concatenate(drawn[name]),
            names,
            shown,
            level=level,
        )
        for name, (estimator, names, shown) in jobs.items()
    }


def _with_interval(
    survey: Survey,
    estimate: FloatArray,
    replicates: FloatArray,
    names: tuple[str, ...],
    ends: Pair,
    *,
    level: float,
) -> AverageEffects:
    """Return effects with percentile intervals, without the resamples that failed."""
    needed = [k for k, name in enumerate(names) if name != _SHARE]
    kept = replicates[np.isfinite(replicates[:, needed]).all(axis=1)]
    n_failed = len(replicates) - len(kept)
    check_failures(
        n_failed,
        len(replicates),
        "could not be estimated, because columns cannot be told apart in them",
        way_out="more customers are needed",
        many=_MANY_FAILED,
    )
    interval = percentile(kept, level=level)
    gaps = np.isnan(kept).any(axis=0)  # a total effect of exactly 0 has no shares
    error, low, high = (
        np.where(gaps, np.nan, part)
        for part in (kept.std(axis=0, ddof=1), interval.low, interval.high)
    )
    estimates = EstimateTable(
        labels=FrozenMapping({"quantity": names}),
        estimate=estimate,
        std_error=error,
        ci_low=low,
        ci_high=high,
        level=level,
        method="percentile bootstrap",
    )
    return AverageEffects(
        ends=ends,
        estimates=estimates,
        n_obs=survey.n_obs,
        n_dropped=survey.n_dropped,
        n_resamples=len(replicates),
        n_failed=n_failed,
    )
