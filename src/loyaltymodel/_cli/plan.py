"""The plan of ``chain``: what is in the survey, what is to be changed, and what that costs."""

from __future__ import annotations

from typing import Annotated, Any, Self

from annotated_types import Ge, MinLen
from pydantic import BeforeValidator, Field, Strict, model_validator

from loyaltymodel import datasets
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_resamples
from loyaltymodel._core.options import enumerate_names, shown, suggest
from loyaltymodel._core.specification import NotNegative, Number, Specification
from loyaltymodel.chain import CustomerEconomics
from loyaltymodel.economics.rates import Period
from loyaltymodel.errors import ModelError, OptionError
from loyaltymodel.jones_sasser.curves.families import FamilyName
from loyaltymodel.jones_sasser.estimation.true_score import TrueScores
from loyaltymodel.structural import StructuralModel

_Name = Annotated[str, MinLen(1)]
_Periods = Annotated[int, Strict(), Ge(1)]


def _lines(text: Any) -> Any:
    return text.splitlines() if isinstance(text, str) else text


class ChainPlan(Specification):
    """Everything that ``chain`` has to be told beside the answers, as JSON.

    Parameters
    ----------
    model : sequence of str
        The structural model in lines of lavaan's notation, or one text.
    scale : pair of float
        Lowest and highest answer to the items.
    dont_know : sequence of float
        Codes in the answers that stand for "don't know".
    missing : {"raise", "drop"}
        Refuse customers with a missing answer, or leave them out.
    weights : str, optional
        Column of customers' weights.
    target : str
        The construct that is satisfaction.
    loyalty : str
        Column of who stayed, 1 or 0.
    observed_per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period after which that was seen.
    constraint_by : str, optional
        Column of groups that are each held by a constraint of their own.
    constraint_lasts : int, optional
        Renewals that the constraints hold for; without it they do not end.
    family : str
        Family of the curve.
    reliability : float, optional
        Of the mean of the target's items; their alpha without it.
    true_scores : {"normal", "beta", "masses"}
        Law of true satisfaction.
    driver : str, optional
        What is to be changed; without it the driver of which a point brings most.
    change : float
        Points of its index that the measure adds.
    cost, cost_per_period, cost_per_customer : float
        What the measure costs once, each period, and each period for each customer.
    lasts : int, optional
        Renewals that it works for; without it to the end.
    economics : CustomerEconomics
        What customers bring in.
    n_resamples : int
        Resamples of the customers, enough for the level.
    level : float
        Confidence level.
    seed : int
        Of the resamples.
    """

    model: Annotated[tuple[str, ...], BeforeValidator(_lines)]
    scale: tuple[Number, Number]
    dont_know: tuple[Number, ...] = ()
    missing: Missing = "raise"
    weights: _Name | None = None
    target: _Name = "satisfaction"
    loyalty: _Name
    observed_per: Period
    constraint_by: _Name | None = None
    constraint_lasts: _Periods | None = None
    family: FamilyName = "power"
    reliability: Annotated[Number, Field(gt=0, le=1)] | None = None
    true_scores: TrueScores = "normal"
    driver: _Name | None = None
    change: Annotated[Number, Field(ge=-100, le=100)]
    cost: NotNegative = 0.0
    cost_per_period: NotNegative = 0.0
    cost_per_customer: NotNegative = 0.0
    lasts: _Periods | None = None
    economics: CustomerEconomics
    n_resamples: Annotated[int, Field(ge=2, strict=True)] = 400
    level: Annotated[Number, Field(gt=0, lt=1)] = 0.95
    seed: Annotated[int, Field(ge=0, le=2**53, strict=True)] = 1

    @model_validator(mode="after")
    def _fits(self) -> Self:
        low, high = self.scale
        if not low < high:
            raise ModelError(f"scale is {low:g} to {high:g}; the lowest answer comes first")
        if self.observed_per != self.economics.per:
            raise ModelError(
                f"observed_per is {self.observed_per!r}, but the economics are per "
                f"{self.economics.per!r}; give margin, discount and growth for a "
                f"{self.observed_per.replace('_', ' ')}"
            )
        if self.change == 0:
            raise ModelError("change is 0, so that nothing follows; give points of the index")
        try:
            check_resamples(self.n_resamples, level=self.level)
        except OptionError as error:  # which pydantic would take for its own
            raise ModelError(str(error)) from None
        self._check_columns()
        names = self.structure.names
        for role, name in (("target", self.target), ("driver", self.driver)):
            if name is not None and name not in names:
                raise ModelError(
                    f"{role} is {shown(name)}, which is no construct of the model"
                    f"{suggest(name, names)}; there are {enumerate_names(names, most=20)}"
                )
        if not self.drivers:
            raise ModelError(f"no path of the model leads to {self.target!r}; give it drivers")
        if self.driver is not None and self.driver not in self.drivers:
            raise ModelError(
                f"no path of the model leads from {self.driver!r} to {self.target!r}; the drivers "
                f"are {enumerate_names(self.drivers, most=20)}"
            )
        return self

    def _check_columns(self) -> None:
        """Refuse a column that is to be two things."""
        known = {
            item: "an item of the model" for c in self.structure.constructs for item in c.items
        }
        for role in ("loyalty", "constraint_by", "weights"):
            if (column := getattr(self, role)) is None:
                continue
            if column in known:
                raise ModelError(
                    f"{role} is {shown(column)}, which is {known[column]} already; name another "
                    "column, or take it out there"
                )
            known[column] = role

    @property
    def structure(self) -> StructuralModel:
        """The structural model."""
        return StructuralModel.from_text("\n".join(self.model))

    @property
    def drivers(self) -> tuple[str, ...]:
        """All constructs from which paths lead to the target, in the order of the model."""
        model = self.structure
        found = {self.target}
        while more := {p.source for p in model.paths if p.target in found} - found:
            found |= more
        return tuple(name for name in model.names if name in found - {self.target})

    def items(self, construct: str) -> tuple[str, ...]:
        """Return the items of a construct."""
        return next(c.items for c in self.structure.constructs if c.name == construct)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the survey that are not items."""
        named = (self.loyalty, self.constraint_by, self.weights)
        return tuple(name for name in named if name is not None)


def bundled_plan() -> ChainPlan:
    """Return the plan for the survey that comes along: a million for five points."""
    book = datasets.barometer_codebook()
    measured = [
        f"{name} =~ {' + '.join(book.constructs[name])}"
        for name in ("expectation", "quality", "value", "satisfaction")
    ]
    return ChainPlan(
        model=(
            *measured,
            "quality ~ expectation",
            "value ~ expectation + quality",
            "satisfaction ~ expectation + quality + value",
        ),
        scale=(1, 10),
        dont_know=(98,),
        missing="drop",
        loyalty="STAYED",
        observed_per="year",
        constraint_by="industry",
        change=5,
        cost=1_000_000,
        economics=CustomerEconomics(
            margin=120,
            per="year",
            discount=0.1,
            timing="now",
            horizon=5,
            customers=60_000,
            referral_value=6,
        ),
    )
