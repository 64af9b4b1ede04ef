"""A measure as a claim: what it changes, through which links, for whom, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray, read_only
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.draws import AMOUNT, ANY, SHARE, Bound
from loyaltymodel._core.options import LARGEST, count_of, enumerate_names, shown, suggest
from loyaltymodel._core.specification import NotNegative, Number, Positive, Share, Specification
from loyaltymodel.chain.scenarios.kernels import Input, People, Plan
from loyaltymodel.economics.contractual.cells import Model
from loyaltymodel.economics.contractual.kernels.likelihood import MOST_R
from loyaltymodel.economics.rates import BOUNDS, Period, RateKind, in_period
from loyaltymodel.economics.value.result import FIRST, Timing
from loyaltymodel.errors import ModelError, OptionError
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.curves.families import (
    FAMILIES,
    CurveFamily,
    FamilyName,
    Hazard,
)
from loyaltymodel.jones_sasser.estimation.true_score import TrueScores

Link = Literal["curve", "records", "renewals"]
Family = Literal[FamilyName, Model]

# Inputs that only one link has.
_OF_LINK: Mapping[str, tuple[str, ...]] = {
    "curve": ("curve", "constraint", "constraint_after"),
    "records": ("retention", "retention_slope"),
    "renewals": ("churn",),
}
_LARGEST_R = Bound(0.0, MOST_R)
_LONGEST = Bound(0.0, 10_000.0)
_KINDS: Mapping[str, RateKind] = {"margin": "amount", "discount": "discount", "growth": "growth"}
_MONEY = Bound(-1e50, 1e50)
_BELOW_ONE = Bound(0.0, 1.0, open_high=True)
_POINTS = 100.0
# Where each input that may have draws lies.
INPUTS: Mapping[str, Bound] = {
    "impact": ANY,
    "curve": ANY,
    "constraint": _BELOW_ONE,
    "constraint_after": _BELOW_ONE,
    "people": AMOUNT,
    "retention": SHARE,
    "retention_slope": ANY,
    "churn": ANY,
    "margin": _MONEY,
    "growth": BOUNDS["growth"],
    "discount": BOUNDS["discount"],
    "acquisition_cost": AMOUNT,
    "referral_value": _MONEY,
    "cost": AMOUNT,
    "cost_per_period": AMOUNT,
    "cost_per_customer": AMOUNT,
}


def _array(value: Any) -> FloatArray:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ModelError(f"{shown(value)} is given, but numbers are needed") from None
    if not (np.abs(found) <= LARGEST).all():
        raise ModelError("numbers are missing, infinite or too large to compute with")
    return read_only(found)


Array = Annotated[
    np.ndarray[Any, Any],
    BeforeValidator(_array),
    PlainSerializer(lambda array: array.tolist(), return_type=list[Any] | float),
]

Draws = Annotated[
    Mapping[str, Array],
    AfterValidator(FrozenMapping),
    PlainSerializer(
        lambda draws: {name: values.tolist() for name, values in draws.items()},
        return_type=dict[str, list[Any]],
    ),
]


class CustomerEconomics(Specification):
    """What a customer brings in, and how many there are (客户经济账).

    Parameters
    ----------
    margin : float or Rate
        What a customer brings in a period, in money, after what it costs to serve.
    per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period that plain numbers belong to. A :class:`~loyaltymodel.economics.Rate` of another
        period is refused.
    discount : float or Rate
        Rate of interest a period, above -1.
    timing : {"now", "after_renewal"}
        When the first margin comes in: at once, or from those who renew for the first time.
    horizon : int or None
        Number of renewals to look at, at least 1; None is without end, where money rests on the
        few who stay longest, and its intervals are too short.
    growth : float or Rate
        Relative growth of the margin a period, above -1: what price and volume of customers who
        stay add.
    acquisition_cost : float
        What it cost to win a customer, in money. Of customers who are there it is spent, and what
        a measure changes does not depend on it.
    customers : float
        Number of customers, above 0.
    referral_value : float
        What a customer brings in a period by recommending, in money, for as long as he stays.

    Raises
    ------
    ModelError
        If a number is outside its range, or a rate belongs to another period.

    Examples
    --------
    >>> from loyaltymodel import chain
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.1, timing="now", customers=20_000, horizon=None
    ... )
    >>> chain.CustomerEconomics.from_json(money.to_json()) == money
    True
    """

    margin: Annotated[Number, Field(ge=-1e50, le=1e50)]
    per: Period
    discount: Annotated[Number, Field(gt=-1)]
    timing: Timing
    horizon: Annotated[int, Field(ge=1, strict=True)] | None
    growth: Annotated[Number, Field(gt=-1)] = 0.0
    acquisition_cost: NotNegative = 0.0
    customers: Positive = 1.0
    referral_value: Annotated[Number, Field(ge=-1e50, le=1e50)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _of_one_period(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        read = dict(data)
        for name, kind in _KINDS.items():
            if name in read:
                try:
                    value = in_period(name, read[name], kind=kind, per=str(read.get("per")))
                except OptionError as error:  # which pydantic would take for its own
                    raise ModelError(str(error)) from None
                read[name] = value.item() if isinstance(value, np.ndarray) else value
        return read


class Scenario(Specification):
    """A measure on a driver, and every link on the way to money (情景:从质量到利润).

    :func:`scenario` makes it from results of the other rooms, or from numbers. It holds numbers
    and draws of its own, so that it can be kept as JSON and asked again without any survey.

    Parameters
    ----------
    driver, target : str
        What is changed, such as "quality", and the satisfaction that customers feel.
    change : float
        Points of the driver's index, 0 to 100, that the measure adds.
    impact : float
        Points of the target's index for each point of the driver's, all ways together.
    driver_level : float, optional
        Index of the driver now, 0 to 100, which with the change must stay within the scale.
    link : {"curve", "records", "renewals"}
        Where retention comes from: a loyalty curve that each customer is passed through, a known
        retention and its slope, or a model of renewals with satisfaction as a driver.
    family : str, optional
        Family of the curve; with link "renewals" the law, "beta_geometric" or
        "beta_discrete_weibull".
    parameters : sequence of float
        Its parameters, in their order. Of a law of churn: the logit of mean churn at satisfaction
        0, how much more it is at 1, log(1 + 1 / precision), which is 0 where equally satisfied
        customers are alike, and for "beta_discrete_weibull" log c.
    periods : float
        Periods of the family "hazard".
    satisfaction : array of shape (m,)
        Kinds of customers: their satisfaction as a share of the scale, 0 to 1. With a
        reliability these are nodes of true scores, and not answers.
    group : array of shape (m,)
        Place of each kind's group in ``constraint``.
    people : array of shape (m,)
        How many customers are of each kind; only shares matter.
    renewals : array of shape (m,), optional
        With link "renewals": how many renewals each kind has made; 0 without it.
    groups : sequence of str
        Names of groups with a constraint each.
    constraint : array of shape (g,)
        Their constraints, 0 to below 1.
    constraint_lasts : int, optional
        With link "curve": number of renewals that the constraints hold for, such as a contract or
        a monopoly; without it they do not end.
    constraint_after : float or array of shape (g,), optional
        The constraints afterwards, 0 to below 1; 0 without it.
    retention, retention_slope : float, optional
        With link "records": retention a period now, and what a point of the target's index adds.
    economics : CustomerEconomics
        What customers bring in.
    observed_per : str
        The period after which it was seen who had stayed; that of the economics.
    cost : float
        What the measure costs once, at the beginning, in money.
    cost_per_period : float
        What it costs each period as long as it lasts, the first at once, in money.
    cost_per_customer : float
        What it costs each period for each customer who is still there, in money.
    lasts : int, optional
        Number of renewals that the measure works for; afterwards customers stay as they did
        before, with link "renewals" at the same tenure. Without it the change lasts.
    draws : mapping from str to array
        Draws of inputs, a row a draw: "impact" (b,), "curve" (b, q), "constraint" and
        "constraint_after" (b, g), "churn" (b, q), "people" (b, m), and any number of the economics
        and the costs by its name.
    joint : sequence of sequences of str
        Which draws belong together, row by row; those in none are independent of all others.
    consistent : bool, optional
        Whether the impact is corrected for measurement error.
    reliability : float, optional
        Reliability of satisfaction in the curve.
    true_scores : str, optional
        Law of true scores in the curve, where it is corrected for measurement error.
    n_obs : int, optional
        Customers that the curve was fitted to.
    n_failed : int
        Resamples that could not be estimated and were left out.

    Raises
    ------
    ModelError
        If a number is outside its range, periods differ, or parts do not fit each other.

    Examples
    --------
    >>> from loyaltymodel import chain, jones_sasser
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.1, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=0.6,
    ...     curve=jones_sasser.curve("power", {"hi": 0.95, "k": 2.0}), satisfaction=[0.6, 0.8],
    ...     economics=money, observed_per="year", cost=10_000,
    ... )
    >>> chain.Scenario.from_json(plan.to_json()) == plan
    True
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    driver: Annotated[str, Field(min_length=1)]
    target: Annotated[str, Field(min_length=1)]
    change: Annotated[Number, Field(ge=-_POINTS, le=_POINTS)]
    impact: Number
    driver_level: Annotated[Number, Field(ge=0, le=_POINTS)] | None = None
    link: Link = "curve"
    family: Family | None = None
    parameters: tuple[Number, ...] = ()
    periods: Positive = 1.0
    satisfaction: Array
    group: Array
    people: Array
    renewals: Array | None = None
    groups: tuple[str, ...] = ("",)
    constraint: Array
    constraint_lasts: Annotated[int, Field(ge=1, strict=True)] | None = None
    constraint_after: Array | None = None
    retention: Share | None = None
    retention_slope: Number | None = None
    economics: CustomerEconomics
    observed_per: Period
    cost: NotNegative = 0.0
    cost_per_period: NotNegative = 0.0
    cost_per_customer: NotNegative = 0.0
    lasts: Annotated[int, Field(ge=1, strict=True)] | None = None
    draws: Draws = Field(default_factory=dict, validate_default=True)
    joint: tuple[tuple[str, ...], ...] = ()
    consistent: bool | None = None
    reliability: Annotated[Number, Field(gt=0, le=1)] | None = None
    true_scores: TrueScores | None = None
    n_obs: Annotated[int, Field(ge=1)] | None = None
    n_failed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _check_periods(self)
        _check_change(self)
        _check_people(self)
        _check_link(self)
        _check_fall(self)
        _check_draws(self)
        return self

    def __eq__(self, other: object) -> bool:
        """Tell whether everything is the same, the draws too."""
        if not isinstance(other, Scenario):
            return NotImplemented
        return all(_same(getattr(self, n), getattr(other, n)) for n in type(self).model_fields)

    def __hash__(self) -> int:
        """Hash what tells most scenarios apart."""
        return hash((self.driver, self.target, self.change, self.impact, self.economics))

    def __repr__(self) -> str:
        """Say in a line what this is."""
        drawn = f", draws of {enumerate_names(self.draws, most=9)}" if self.draws else ""
        return (
            f"<Scenario: {self.driver} {self.change:+g} points, {self.target}, "
            f"link {self.link}{drawn}>"
        )

    __str__ = __repr__

    @property
    def curve(self) -> LoyaltyCurve | None:
        """The curve of shares of the scale; None where retention does not come from one."""
        if self.link != "curve":
            return None
        return LoyaltyCurve(self.curve_family, np.array(self.parameters))

    @property
    def curve_family(self) -> CurveFamily:
        """The family of the curve."""
        assert self.family in FAMILIES  # noqa: S101  checked: link "curve" has one
        return Hazard(self.periods) if self.family == "hazard" else FAMILIES[self.family]

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """Groups of inputs with draws; those of different groups are independent."""
        together = [tuple(n for n in names if n in self.draws) for names in self.joint]
        named = set(chain.from_iterable(together))
        alone = [(name,) for name in INPUTS if name in self.draws and name not in named]
        return tuple(group for group in (*together, *alone) if group)


def room_of(plan: Scenario) -> float:
    """Return by how many points the driver can rise, all of them where its index is not known."""
    return _POINTS - (plan.driver_level or 0.0)


def people_of(plan: Scenario) -> People:
    """Return the kinds of customers as the kernels take them."""
    made = np.zeros(1) if plan.renewals is None else plan.renewals
    alike = bool((made == made[0]).all())
    return People(plan.satisfaction, plan.group.astype(np.intp), made[:1] if alike else made)


def plan_of(plan: Scenario) -> Plan:
    """Return what no draw changes."""
    first = FIRST[plan.economics.timing]
    return Plan(first, plan.economics.horizon, plan.lasts, plan.constraint_lasts)


def constraint_after(plan: Scenario) -> FloatArray:
    """Return the constraint (g,) of each group once those of today no longer hold."""
    after = 0.0 if plan.constraint_after is None else plan.constraint_after
    return np.array(np.broadcast_to(after, plan.constraint.shape), np.float64)


def inputs_of(plan: Scenario, rows: Mapping[str, IntArray]) -> dict[str, Input]:
    """Return all inputs, of which some take these rows of their draws; -1 is the number."""
    money = plan.economics
    numbers: dict[str, Any] = {
        "impact": plan.impact,
        "change": plan.change,
        "curve": plan.parameters if plan.link == "curve" else (),
        "churn": plan.parameters if plan.link == "renewals" else (),
        "constraint": plan.constraint,
        "constraint_after": constraint_after(plan),
        "people": plan.people,
        "retention": 0.0 if plan.retention is None else plan.retention,
        "retention_slope": 0.0 if plan.retention_slope is None else plan.retention_slope,
        "customers": money.customers,
        **{name: getattr(money, name) for name in _MONEY_NAMES},
        **{name: getattr(plan, name) for name in _COSTS},
    }
    return {
        name: Input(
            np.asarray(value, np.float64),
            plan.draws.get(name) if name in rows else None,
            rows.get(name),
        )
        for name, value in numbers.items()
    }


_MONEY_NAMES = ("margin", "growth", "discount", "acquisition_cost", "referral_value")
_COSTS = ("cost", "cost_per_period", "cost_per_customer")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(_same(v, other[k]) for k, v in one.items())
    return bool(one == other)


def _check_periods(plan: Scenario) -> None:
    if plan.observed_per != plan.economics.per:
        raise ModelError(
            f"it was seen who stayed after a {plan.observed_per}, and the economics are per "
            f"{plan.economics.per}; convert margin, discount and growth with Rate.to"
            f"({plan.observed_per!r}), or fit the hazard family and take curve.over_periods"
        )


def _check_change(plan: Scenario) -> None:
    if plan.driver_level is None:
        return
    after = plan.driver_level + plan.change
    if exceeds(after, _POINTS) or exceeds(0.0, after, size=_POINTS):
        room = _POINTS - plan.driver_level if plan.change > 0 else -plan.driver_level
        raise ModelError(
            f"{plan.driver} is at {plan.driver_level:.4g} of 100 points, so a change of "
            f"{plan.change:+g} leads beyond the scale; {room:+.4g} is the most"
        )


def _check_people(plan: Scenario) -> None:
    m = len(np.atleast_1d(plan.satisfaction))
    for name in ("satisfaction", "group", "people"):
        if getattr(plan, name).shape != (m,) or m == 0:
            raise ModelError(
                f"{name} has shape {getattr(plan, name).shape}, but satisfaction, group and people "
                "need a number for each kind of customers"
            )
    g = len(plan.groups)
    if plan.constraint.shape != (g,):
        raise ModelError(f"constraint has shape {plan.constraint.shape}; {g} groups need one each")
    for name, bound in (("satisfaction", SHARE), ("constraint", _BELOW_ONE), ("people", AMOUNT)):
        values = getattr(plan, name)
        if not (inside := bound.holds(values)).all():
            raise ModelError(f"{name} has {values[~inside][0]:g}, but must be {bound.words()}")
    if not plan.people.sum() > 0:
        raise ModelError("people has no customers: all numbers are 0")
    if not np.isin(plan.group, np.arange(g)).all():
        raise ModelError(f"group has places other than 0 to {g - 1}, those of the constraints")


def unused_inputs(plan: Scenario) -> list[str]:
    """Return inputs that a scenario with its link has no use for."""
    used = _OF_LINK[plan.link]
    return [name for names in _OF_LINK.values() for name in names if name not in used]


def _check_link(plan: Scenario) -> None:
    records = (plan.retention, plan.retention_slope)
    if plan.link != "renewals" and plan.renewals is not None:
        raise ModelError('renewals made belong to link="renewals"')
    if plan.link == "records":
        if None in records or plan.family is not None:
            raise ModelError(
                'link="records" needs retention and retention_slope, and takes no curve'
            )
        return
    if records != (None, None):
        raise ModelError('retention and retention_slope belong to link="records"')
    if plan.link == "renewals":
        _check_churn(plan)
        return
    if plan.family not in FAMILIES:
        raise ModelError('link="curve" needs family and parameters of a curve')
    LoyaltyCurve(plan.curve_family, np.array(plan.parameters))  # refuses what is no curve


def _check_churn(plan: Scenario) -> None:
    laws = {"beta_geometric": 3, "beta_discrete_weibull": 4}
    if plan.family not in laws:
        raise ModelError(f'link="renewals" needs a family, one of {enumerate_names(laws)}')
    q, m = laws[plan.family], len(plan.satisfaction)
    if len(plan.parameters) != q:
        raise ModelError(f"{plan.family} has {q} parameters, but there are {len(plan.parameters)}")
    drawn = plan.draws.get("churn")
    rows = [np.array(plan.parameters)[None]]
    if drawn is not None and drawn.ndim == 2 and drawn.shape[1] == q:  # noqa: PLR2004  else refused below
        rows.append(drawn)
    if not (inside := _LARGEST_R.holds(r := np.concatenate(rows)[:, 2])).all():
        raise ModelError(
            f"log(1 + 1 / precision) is {r[~inside][0]:g}, but must be {_LARGEST_R.words()}"
        )
    if (made := plan.renewals) is None:
        return
    if made.shape != (m,):
        raise ModelError(f"renewals has shape {made.shape}, but there are {m} kinds of customers")
    if not (inside := _LONGEST.holds(made) & (made == np.floor(made))).all():
        raise ModelError(
            f"renewals has {made[~inside][0]:g}, but must be whole numbers from 0 to 10,000"
        )


def _check_fall(plan: Scenario) -> None:
    after, g = plan.constraint_after, len(plan.groups)
    if plan.constraint_lasts is None:
        if after is not None:
            raise ModelError(
                "constraint_after is what holds customers once the constraint of today has "
                "fallen; give constraint_lasts as well, the number of renewals until then"
            )
        return
    if plan.link != "curve":
        raise ModelError(
            f"constraint_lasts has no use with link={plan.link!r}, where nothing says what holds "
            "customers; take a curve with constraints"
        )
    if after is None:
        return
    if after.shape not in ((), (g,)):
        raise ModelError(
            f"constraint_after has shape {after.shape}; give one number, or one for each of "
            f"{count_of(g, 'group')}"
        )
    if not (inside := _BELOW_ONE.holds(after)).all():
        raise ModelError(
            f"constraint_after has {after[~inside].flat[0]:g}, but must be {_BELOW_ONE.words()}"
        )


def _check_draws(plan: Scenario) -> None:
    if unknown := [name for name in plan.draws if name not in INPUTS]:
        raise ModelError(
            f"draws has {unknown[0]!r}, which is no input{suggest(unknown[0], INPUTS)}; the inputs "
            f"are {enumerate_names(INPUTS, most=20)}"
        )
    names = list(chain.from_iterable(plan.joint))
    if len(set(names)) < len(names):
        raise ModelError("joint names an input twice")
    if unknown := [name for name in names if name not in plan.draws]:
        raise ModelError(f"joint names {unknown[0]!r}, of which there are no draws")
    points = inputs_of(plan, {})
    if idle := [name for name in unused_inputs(plan) if name in plan.draws]:
        raise ModelError(f"draws has {idle[0]!r}, which link={plan.link!r} does not use")
    if "constraint_after" in plan.draws and plan.constraint_lasts is None:
        raise ModelError(
            "draws has 'constraint_after', but the constraint does not fall; give constraint_lasts"
        )
    for name, values in plan.draws.items():
        each = points[name].point.shape
        if values.ndim == 0 or values.shape[1:] != each or len(values) < 2:  # noqa: PLR2004  a spread needs two
            wanted = ", ".join(["b", *map(str, each)])
            raise ModelError(
                f"draws[{name!r}] has shape {values.shape}, but must have ({wanted}), a row a draw"
            )
        bound = INPUTS[name]
        if not (inside := bound.holds(values)).all():
            raise ModelError(
                f"draws[{name!r}] has {values[~inside].flat[0]:g}, but must be {bound.words()}"
            )
    if (drawn := plan.draws.get("people")) is not None and not (drawn.sum(axis=1) > 0).all():
        raise ModelError("draws['people'] has a row without any customers")
    if "curve" in plan.draws:
        _check_curves(plan)
    for group in plan.joint:
        sizes = {name: len(plan.draws[name]) for name in group}
        if len(set(sizes.values())) > 1:
            said = ", ".join(f"{name} {count_of(size, 'draw')}" for name, size in sizes.items())
            raise ModelError(f"inputs that are drawn together need equally many draws: {said}")


def _check_curves(plan: Scenario) -> None:
    """Refuse draws of parameters that the family does not allow."""
    p = plan.draws["curve"]
    for k, parameter in enumerate(plan.curve_family.parameters):
        bound = Bound(parameter.lower, parameter.upper)
        if not (inside := bound.holds(p[:, k])).all():
            raise ModelError(
                f"draws of {parameter.name} have {p[~inside, k][0]:g}, but must be "
                f"{bound.words()}; draw on a scale without ends, such as the logarithm, and turn "
                "back"
            )
