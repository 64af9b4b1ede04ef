"""The door to a scenario: from results of the other rooms, or from numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.labels import in_order_of
from loyaltymodel._core.options import (
    check_choice,
    check_count,
    check_finite,
    enumerate_names,
    shown,
    suggest,
)
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.scales import Pair, check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import BELOW_ONE, counts_of, read_weighted
from loyaltymodel.chain.scenarios.customers import Kinds, kinds_of
from loyaltymodel.chain.scenarios.joint import curve_resamples, joint_draws, read_rows
from loyaltymodel.chain.scenarios.specification import CustomerEconomics, Scenario
from loyaltymodel.chain.scenarios.uncertainty import curve_draws
from loyaltymodel.economics.contractual.intervals import parameter_draws
from loyaltymodel.economics.contractual.result import RetentionModel
from loyaltymodel.economics.rates import Period
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.curves.families import FAMILIES, Hazard
from loyaltymodel.jones_sasser.estimation.problem import set_up
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.structural.inference import InferenceResult
from loyaltymodel.structural.result import StructuralResult

SurveyedPeople = Literal["sample", "all"]
_MOST_RENEWALS = 10_000.0


class _Impact(NamedTuple):
    """An impact with draws, if there are any, and what is known of it."""

    value: float
    draws: FloatArray | None
    level: float | None
    consistent: bool | None
    structure: StructuralResult | None


class _Held(NamedTuple):
    """What a curve and its customers bring to a scenario, and draws of them."""

    fields: dict[str, Any]
    draws: dict[str, FloatArray]
    joint: tuple[tuple[str, ...], ...]


@checked
@takes_codebook("satisfaction", also=("loyalty", "constraint"))
def scenario(  # noqa: PLR0913  links, money and cost, each by name
    driver: str,
    target: str,
    *,
    change: float,
    impact: StructuralResult | InferenceResult | float,
    economics: CustomerEconomics,
    observed_per: Period,
    curve: LoyaltyCurveResult | LoyaltyCurve | None = None,
    satisfaction: Variable | None = None,
    loyalty: Variable | None = None,
    constraint: Variable | None = None,
    constraint_by: Variable | None = None,
    constraint_lasts: int | None = None,
    constraint_after: float | Mapping[str, float] | None = None,
    weights: Variable | None = None,
    data: Data | None = None,
    scale: tuple[float, float] | Codebook = (0.0, 1.0),
    retention: float | RetentionModel | None = None,
    retention_slope: float | None = None,
    drivers: Mapping[str, float] | None = None,
    renewals: Variable | None = None,
    cost: float = 0.0,
    cost_per_period: float = 0.0,
    cost_per_customer: float = 0.0,
    lasts: int | None = None,
    people: SurveyedPeople = "sample",
    draws: Mapping[str, Numbers] | None = None,
    joint: Sequence[Sequence[str]] = (),
    n_resamples: int = FOR_INTERVALS,
    rng: np.random.Generator | int | None = None,
) -> Scenario:
    """Return a measure with every link on the way to money (质量改进情景).

    Parameters
    ----------
    driver, target : str
        What is changed and the satisfaction that follows, constructs of the structural model.
    change : float
        Points of the driver's index, 0 to 100, that the measure adds.
    impact : StructuralResult, InferenceResult or float
        A structural model fitted with ``scale``, whose ``impacts`` are points per point; with a
        bootstrap or a jackknife also how sure they are. Or the number itself.
    economics : CustomerEconomics
        What customers bring in, and how many there are.
    observed_per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period after which it was seen who had stayed. The economics must be per the same.
    curve : LoyaltyCurveResult or LoyaltyCurve, optional
        How retention follows from satisfaction: a fit of who stayed, whose customers are then
        those of the scenario; or a curve with known parameters.
    satisfaction : array, Series or str, optional
        For a curve of known parameters, or a model of renewals: satisfaction of the customers on
        ``scale``. With ``data`` what the fit was given.
    loyalty : array, Series or str, optional
        With ``data``: who stayed, as the fit was given it.
    constraint : number, array, Series or str, optional
        Known constraints of the customers, 0 to below 1; 0 without it. With ``data`` what the fit
        was given.
    constraint_by : array, Series or str, optional
        With ``data``: the groups, as the fit was given them.
    constraint_lasts : int, optional
        Number of renewals that the constraints hold for, such as those of a contract that ends or
        of a monopoly that falls; without it they do not end.
    constraint_after : float or mapping from str to float, optional
        The constraints afterwards, 0 to below 1: one for all, or one for each group by its name,
        as in ``Scenario.groups``. 0 without it.
    weights : array, Series or str, optional
        Weights of the customers: with ``data`` those that the fit was given.
    data : pandas, polars or pyarrow table, optional
        The survey that both links were fitted to. Its customers are then drawn again, and both
        links are estimated on the same ones. Without it the impact is drawn apart from the curve
        and its customers, as from another survey.
    scale : pair of float, or Codebook
        Lowest and highest answer of ``satisfaction``, with a curve of known parameters or a model
        of renewals; or the codebook that the answers are read by.
    retention : float or RetentionModel, optional
        In place of a curve, from records: the share of customers who stay a period now. Or a model
        of renewals with satisfaction as a driver (:func:`loyaltymodel.economics.fit_retention`),
        from which the churn of customers follows, and how it differs among them.
    retention_slope : float, optional
        With a number: what a point of the target's index adds to it.
    drivers : mapping from str to float, optional
        With a model: values of all its drivers but one, which is satisfaction.
    renewals : number, array, Series or str, optional
        With a model: how many renewals each customer has made; 0 without it.
    cost, cost_per_period, cost_per_customer : float
        What the measure costs once at the beginning, each period from the beginning on, and each
        period for each customer who is there, in money.
    lasts : int, optional
        Number of renewals that the measure works for, and of periods that it costs; afterwards
        customers stay as they did before. Without it it goes on to the end.
    people : {"sample", "all"}
        Whether the customers of a fit are a sample of the firm's, so that it is not known for sure
        how satisfied all are; or all of them.
    draws : mapping from str to array, optional
        Draws of inputs of your own, by the names of :class:`Scenario`; they take the place of
        those that results bring.
    joint : sequence of sequences of str
        Which of these draws belong together, row by row. All others count as independent.
    n_resamples : int
        Number of draws of a fitted curve, or of resamples of ``data``; 0 takes what results bring
        as known.
    rng : Generator, int or None
        Randomness of the draws.

    Returns
    -------
    Scenario
        Numbers and draws, ready to be asked, kept or compared.

    Raises
    ------
    DataError
        If the data are not those of the links.
    ModelError
        If the periods differ, the change leads beyond the scale, or numbers are out of range.
    OptionError
        If no path leads from driver to target, loyalty is a score and no probability to stay, a
        model of renewals does not know satisfaction or was fitted to another scale, or an option
        lacks or contradicts another.
    NotIdentifiedError
        If parameters are to be drawn that have no law: those of a model at a limit, or of a
        likelihood that is level. ``n_resamples=0`` takes them as known.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred could not be estimated.

    Notes
    -----
    The customers that a curve was fitted to say both how loyalty follows from satisfaction and how
    satisfied customers are. So they are drawn again, and curve, constraints and customers, with a
    reliability also the law of their true scores, are estimated of each resample, from the
    estimate on. With ``people="all"`` and no reliability the parameters alone are drawn, from the
    bootstrap of the fit, or from a normal law with the covariance of the estimates: what lies
    beyond a bound is put on it and takes the other parameters along, which is where the maximum of
    the likelihood within the bounds lies.

    The impact is on the target's index, and the curve on the satisfaction that it was fitted to;
    a point of the one counts as a hundredth of the scale of the other. That holds where both are
    means of the same items: fit the curve to ``result.scores(data, unit="points")``, or to the
    mean of the items on their scale.

    A model of renewals says that a customer with mean churn mu(s) at satisfaction s has renewed n
    times and makes the t-th renewal from now with probability r(n + t), where r rises with tenure
    as those who leave easily are gone. The measure moves s; the customer then counts as one of
    those who were as satisfied from the beginning and have stayed as long. If it works for
    ``lasts`` renewals, those who are left afterwards renew like those of the satisfaction of before
    at the same tenure. A point of the target's index is a hundredth of ``scale``, in the units of
    the model's driver. Parameters are drawn from their normal law, as by
    :meth:`loyaltymodel.economics.results.RetentionModel.draws`; what customers answered counts as
    known. Retention before and after is that of the next renewal. Such a model has no constraint,
    so that none can fall.

    An impact between composites is attenuated by measurement error, and so is a curve fitted
    without ``reliability``. Take both corrected (``consistent=True``, ``reliability=``); then the
    customers are true scores, spread by what their answers leave open.

    Examples
    --------
    Numbers only: a point of quality adds half a point of satisfaction, two customers.

    >>> from loyaltymodel import chain, jones_sasser
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=2, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=10, impact=0.5,
    ...     curve=jones_sasser.curve("power", {"hi": 1.0, "k": 1.0}), satisfaction=[6, 8],
    ...     scale=(0, 10), economics=money, observed_per="year",
    ... )
    >>> plan
    <Scenario: quality +10 points, satisfaction, link curve>
    >>> plan.satisfaction
    array([0.6, 0.8])
    """
    check_choice("people", people, SurveyedPeople)
    check_finite("change", change)
    check_count("n_resamples", n_resamples, least=0)
    if n_resamples == 1:
        raise OptionError("n_resamples is 1, of which nothing is spread; give many, or 0 for none")
    random = np.random.default_rng(rng)
    own = _impact(impact, driver, target)
    known = retention is not None or retention_slope is not None
    if known is (curve is not None):
        raise OptionError(
            "retention follows from a curve, from records by retention= and retention_slope=, or "
            "from a model of renewals by retention=; give one of the three"
        )
    if not isinstance(retention, RetentionModel):
        idle = {"drivers": drivers, "renewals": renewals}
        if named := [name for name, value in idle.items() if value is not None]:
            raise OptionError(f"{enumerate_names(named)} belongs to a model of renewals")
    given = {
        "satisfaction": satisfaction,
        "loyalty": loyalty,
        "constraint": constraint,
        "constraint_by": constraint_by,
        "weights": weights,
    }
    if isinstance(retention, RetentionModel):
        if retention_slope is not None:
            raise OptionError("a model of renewals has its own slope; leave retention_slope out")
        given["renewals"] = renewals
        held = _from_renewals(
            retention, given, data, limits_only(scale), drivers or {}, n=n_resamples, rng=random
        )
    elif known:
        held = _from_records(retention, retention_slope, given, data)
    elif isinstance(curve, LoyaltyCurveResult):
        held = _from_fit(
            curve, own, (driver, target), given, data, people, n=n_resamples, rng=random
        )
    else:
        assert curve is not None  # noqa: S101  checked above
        held = _from_curve(curve, given, data, limits_only(scale))
    found = dict(held.draws)
    if own.draws is not None and "impact" not in found and n_resamples:
        found["impact"] = own.draws
    belong = held.joint
    if draws:
        found |= {name: np.asarray(values, np.float64) for name, values in draws.items()}
        belong = tuple(tuple(n for n in group if n not in draws) for group in belong)
    belong = (*(group for group in belong if len(group) > 1), *map(tuple, joint))
    return Scenario(
        driver=driver,
        target=target,
        change=change,
        impact=own.value,
        driver_level=own.level,
        economics=economics,
        observed_per=observed_per,
        cost=cost,
        cost_per_period=cost_per_period,
        cost_per_customer=cost_per_customer,
        lasts=lasts,
        constraint_lasts=constraint_lasts,
        constraint_after=_by_group(constraint_after, held.fields),
        draws=found,
        joint=belong,
        consistent=own.consistent,
        **held.fields,
    )


def _impact(given: StructuralResult | InferenceResult | float, driver: str, target: str) -> _Impact:
    """Return the impact of the driver on the target, and what is known of it."""
    if not isinstance(given, (StructuralResult, InferenceResult)):
        check_finite("impact", given)
        return _Impact(float(given), None, None, None, None)
    structure = given if isinstance(given, StructuralResult) else given.result
    names = structure.model.names
    for role, name in (("driver", driver), ("target", target)):
        if name not in names:
            raise OptionError(
                f"{role}={shown(name)} is no construct of the model{suggest(name, names)}; there "
                f"are {enumerate_names(names, most=20)}"
            )
    table = structure.impacts
    row = table[(table["source"] == driver) & (table["target"] == target)]
    if not len(row):
        to = table.loc[table["target"] == target, "source"]
        raise OptionError(
            f"no path leads from {driver!r} to {target!r} in the model, so that nothing follows; "
            f"paths to it come from {enumerate_names(to, most=20) or 'nowhere'}"
        )
    value = float(row["estimate"].iloc[0])
    level = structure.index.set_index("construct")["estimate"][driver]
    if not np.isfinite([value, level]).all():
        raise OptionError(
            f"the index of {driver!r} or {target!r} does not exist, because a weight is negative; "
            "reverse the item that points down, or leave it out"
        )
    consistent = bool(structure.settings.consistent)
    if isinstance(given, StructuralResult):
        return _Impact(value, None, float(level), consistent, structure)
    own = ("impacts", driver, target)
    values = given.replicates_of(own)
    values = values[np.isfinite(values)]
    if "jackknife" in given.method:
        # Estimates without each unit are spread far less than the estimate is.
        error = float(given.row(own)["std_error"])
        n = len(values)
        values = value + (values - values.mean()) * error / values.std() if n else values
    return _Impact(value, values, float(level), consistent, structure)


def _by_group(
    after: float | Mapping[str, float] | None, fields: Mapping[str, Any]
) -> Numbers | None:
    """Return constraints in the order of the groups."""
    if not isinstance(after, Mapping):
        return after
    given = {str(name): value for name, value in after.items()}
    return in_order_of("constraint_after", given, fields.get("groups", ("",)))


def _from_records(
    retention: float | None, slope: float | None, given: Mapping[str, object], data: object
) -> _Held:
    if retention is None or slope is None:
        raise OptionError("give both retention and retention_slope, or neither")
    if idle := [name for name, value in {**given, "data": data}.items() if value is not None]:
        raise OptionError(f"{enumerate_names(idle)} has no use where retention comes from records")
    fields = {
        "link": "records",
        "retention": retention,
        "retention_slope": slope,
        "satisfaction": [0.5],
        "group": [0],
        "people": [1.0],
        "constraint": [0.0],
    }
    return _Held(fields, {}, ())


def _from_renewals(
    model: RetentionModel,
    given: Mapping[str, object],
    data: object,
    scale: Pair,
    drivers: Mapping[str, float],
    *,
    n: int,
    rng: np.random.Generator,
) -> _Held:
    """Take a model of renewals, of whose drivers all but satisfaction are held at their values."""
    low, high = check_pair(scale)
    place = _satisfaction_of(model, drivers, (low, high))
    if given["satisfaction"] is None:
        raise OptionError("a model of renewals holds no customers; give satisfaction and its scale")
    known = ("satisfaction", "renewals", "weights")
    if idle := [name for name, value in given.items() if value is not None and name not in known]:
        raise OptionError(f"{enumerate_names(idle)} has no use with a model of renewals")
    wanted = {n: given[n] for n in known[:2] if given[n] is not None}
    read, w = read_weighted(
        wanted,
        given["weights"],
        data=data,
        bounds={"satisfaction": (low, high), "renewals": (0.0, _MOST_RENEWALS)},
        flags=(),
    )
    s = (read["satisfaction"].astype(np.float64) - low) / (high - low)
    made = np.zeros(len(s))
    if "renewals" in wanted:
        made = counts_of("renewals", read["renewals"])
    kinds, which = np.unique(np.column_stack([made, s]), axis=0, return_inverse=True)
    # What satisfaction does to the logit, in shares of its scale; the others are in the intercept.
    own, names = model.solution, model.driver_names
    at = np.array([low if k == place else drivers[name] for k, name in enumerate(names)])
    turn = np.zeros((len(own.theta), len(own.theta) - len(names) + 1))
    turn[: len(names) + 1, 0] = np.append(1.0, (at - own.centre) / own.unit)
    turn[place + 1, 1] = (high - low) / own.unit[place]
    turn[len(names) + 1 :, 2:] = np.eye(len(own.theta) - len(names) - 1)
    fields = {
        "link": "renewals",
        "family": model.model,
        "parameters": tuple((own.theta @ turn).tolist()),
        "satisfaction": kinds[:, 1],
        "renewals": kinds[:, 0],
        "group": np.zeros(len(kinds)),
        "people": np.bincount(which.reshape(-1), weights=w),
        "constraint": [0.0],
        "n_obs": model.n_obs,
    }
    if n == 0:
        return _Held(fields, {}, ())
    if model.limit is not None:
        raise NotIdentifiedError(
            f"the model of renewals lies at the limit {model.limit!r}, round which no normal law "
            "holds, so that it cannot be drawn; take it as known with n_resamples=0, or give draws"
        )
    return _Held(fields, {"churn": parameter_draws(own, n, rng) @ turn}, ())


def _satisfaction_of(model: RetentionModel, drivers: Mapping[str, float], scale: Pair) -> int:
    """Return which driver of the model is satisfaction: the one whose value is not given."""
    names = model.driver_names
    if unknown := [name for name in drivers if name not in names]:
        raise OptionError(
            f"drivers has {shown(unknown[0])}, which is no driver of the model"
            f"{suggest(unknown[0], names)}; it has {enumerate_names(names) or 'none'}"
        )
    left = [name for name in names if name not in drivers]
    if len(left) != 1:
        there = f"of its drivers {enumerate_names(left)} are left" if left else "none is left"
        raise OptionError(
            "one driver of the model of renewals must be satisfaction, and drivers= has the values "
            f"of all others; {there}"
        )
    if wrong := [name for name, value in drivers.items() if not np.isfinite(value)]:
        raise OptionError(f"drivers[{wrong[0]!r}] is {drivers[wrong[0]]}; give a finite number")
    place = names.index(left[0])
    seen = model.cells.profiles[:, place]
    if seen.min() < scale[0] or seen.max() > scale[1]:
        raise OptionError(
            f"the model was fitted to {left[0]!r} from {seen.min():g} to {seen.max():g}, which is "
            f"not within the scale from {scale[0]:g} to {scale[1]:g}; give scale=, the lowest and "
            "the highest answer, in the units of the model"
        )
    return place


def _from_curve(
    curve: LoyaltyCurve, given: Mapping[str, object], data: object, scale: Pair
) -> _Held:
    """Take customers as they are given, and put those who are alike together."""
    low, high = check_pair(scale)
    if given["satisfaction"] is None:
        raise OptionError("a curve alone has no customers; give satisfaction, and their scale")
    if idle := [name for name in ("loyalty", "constraint_by") if given[name] is not None]:
        raise OptionError(
            f"{enumerate_names(idle)} belongs to a fitted curve; a curve of known parameters takes "
            "constraint"
        )
    wanted = {n: given[n] for n in ("satisfaction", "constraint") if given[n] is not None}
    read, w = read_weighted(
        wanted,
        given["weights"],
        data=data,
        bounds={"satisfaction": (low, high), "constraint": (0.0, BELOW_ONE)},
        flags=(),
    )
    s = (read["satisfaction"].astype(np.float64) - low) / (high - low)
    c = read["constraint"].astype(np.float64) if "constraint" in wanted else np.zeros(len(s))
    kinds, place = np.unique(np.column_stack([c, s]), axis=0, return_inverse=True)
    held, group = np.unique(kinds[:, 0], return_inverse=True)
    fields = {
        **_curve_fields(curve),
        "satisfaction": kinds[:, 1],
        "group": group,
        "people": np.bincount(place.reshape(-1), weights=w),
        "groups": ("",) if len(held) == 1 else tuple(f"{x:.12g}" for x in held),
        "constraint": held,
    }
    return _Held(fields, {}, ())


def _curve_fields(curve: LoyaltyCurve) -> dict[str, Any]:
    family = curve.family
    if type(family) is not type(FAMILIES.get(family.name)):
        raise OptionError(
            f"the family {family.name!r} is one of your own, which JSON cannot keep; take one of "
            f"{enumerate_names(map(repr, FAMILIES))}"
        )
    periods = family.periods if isinstance(family, Hazard) else 1.0
    return {
        "family": family.name,
        "parameters": tuple(curve.values.tolist()),
        "periods": periods,
    }


def _from_fit(
    curve: LoyaltyCurveResult,
    impact: _Impact,
    pair: tuple[str, str],
    given: Mapping[str, object],
    data: object,
    people: SurveyedPeople,
    *,
    n: int,
    rng: np.random.Generator,
) -> _Held:
    """Take the customers of a fitted curve, and draw its parameters."""
    settings = curve.settings
    if settings.outcome in ("score", "beta"):
        raise OptionError(
            f"the curve was fitted to scores of loyalty (outcome={settings.outcome!r}), which are "
            "no probability to stay; fit who stayed, or an ordered answer with cuts"
        )
    if isinstance(settings.family, Hazard) and settings.family.periods != 1:
        raise OptionError(
            f"the hazard curve is of staying through {settings.family.periods:g} periods; a "
            "scenario takes retention of one: fit with periods 1, or give "
            "result.curve.over_periods(1) with satisfaction"
        )
    if impact.structure is None and data is not None:
        raise OptionError("data has no use with an impact that is a number; leave it out")
    if data is None and (idle := [name for name, value in given.items() if value is not None]):
        raise OptionError(
            f"{enumerate_names(idle)} has no use without data: the customers are those of the fit; "
            "to draw both links together give data=, the survey"
        )
    setup = set_up(settings, curve.sample)
    kinds = kinds_of(curve, setup.law)
    seen = curve.sample.observations
    fields = {
        **_curve_fields(curve.curve),
        "satisfaction": kinds.satisfaction,
        "group": kinds.group,
        "people": kinds.people(seen.count)[0],
        "groups": kinds.names,
        "constraint": kinds.constraint(curve.values[None])[0],
        "reliability": settings.reliability,
        "true_scores": settings.true_scores if settings.has_error else None,
        "n_obs": curve.n_obs,
    }
    if n == 0:
        return _Held(fields, {}, ())
    sampled = people == "sample"
    if data is None and not sampled and setup.law is None:
        draws = _parts(kinds, curve, curve_draws(curve, setup, n, rng))
        return _Held(fields, draws, (tuple(draws),))
    if data is None:
        found = curve_resamples(curve, setup, kinds, sampled=sampled, n=n, rng=rng)
        draws = {}
    else:
        structure = impact.structure
        assert structure is not None  # noqa: S101  checked above
        rows = read_rows(structure, curve, data, **given)
        found = joint_draws(
            structure, pair, curve, setup, kinds, rows, sampled=sampled, n=n, rng=rng
        )
        draws = {"impact": found.impact}
    draws |= _parts(kinds, curve, found.parameters)
    if len(found.people) > 1:
        draws["people"] = found.people
    return _Held({**fields, "n_failed": found.n_failed}, draws, (tuple(draws),))


def _parts(kinds: Kinds, curve: LoyaltyCurveResult, p: FloatArray) -> dict[str, FloatArray]:
    """Return draws of the curve, and of constraints unless they are known."""
    own = len(curve.settings.family.parameters)
    found = {"curve": p[:, :own]}
    if kinds.given is None:
        found["constraint"] = kinds.constraint(p)
    return found
