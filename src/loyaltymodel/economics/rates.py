"""Rates and amounts that know to which period they belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenRecord, read_only
from loyaltymodel._core.draws import AMOUNT, ANY, SHARE, Bound
from loyaltymodel._core.options import check_choice, shown
from loyaltymodel._core.signature import READ_BY_A_DOOR, checked, checked_fields
from loyaltymodel.errors import OptionError

Period = Literal["day", "week", "month", "quarter", "half_year", "year"]
RateKind = Literal["retention", "discount", "growth", "amount"]

# Periods in a year. Months, quarters and years fit into each other; so do days and weeks. Between
# the two groups a year has 365.25 days, a year of the Julian calendar.
_IN_A_YEAR = {
    "day": 365.25, "week": 365.25 / 7, "month": 12.0, "quarter": 4.0, "half_year": 2.0, "year": 1.0,
}  # fmt: skip
# Where numbers of a stream of money may lie, by name.
BOUNDS = {
    "margin": ANY,
    "retention": SHARE,
    "discount": Bound(-1.0, open_low=True),
    "growth": Bound(-1.0, open_low=True),
    "acquisition_cost": AMOUNT,
}
_BOUNDS = {
    "retention": SHARE,
    "discount": Bound(-1.0, open_low=True),
    "growth": Bound(-1.0, open_low=True),
    "amount": ANY,
}


@checked_fields
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rate(FrozenRecord):
    """A rate or an amount, with its kind and the period that it belongs to (每期比率).

    Whatever takes such numbers also takes plain ones, which then belong to its ``per=``. A rate
    of another period is refused there, because months taken for years are a common mistake;
    convert it with :meth:`to`.

    Attributes
    ----------
    value : float or ndarray
        The number or, for customers or draws, several.
    kind : {"retention", "discount", "growth", "amount"}
        "retention": share of customers who stay, 0 to 1. "discount": rate of interest, above
        -1. "growth": relative change, above -1. "amount": money.
    per : {"day", "week", "month", "quarter", "half_year", "year"}
        The period.

    Raises
    ------
    OptionError
        If a value is outside the range of its kind.

    Examples
    --------
    Who keeps 98 % of his customers each month keeps 78.5 % of them in a year, and 1 % interest a
    month is 12.68 % a year:

    >>> from loyaltymodel import economics
    >>> economics.Rate(value=0.98, kind="retention", per="month").to("year").value.round(3).item()
    0.785
    >>> economics.Rate(value=0.01, kind="discount", per="month").to("year").value.round(4).item()
    0.1268
    >>> economics.Rate(value=5, kind="amount", per="month").to("year").value.item()
    60.0
    """

    value: FloatArray
    kind: RateKind
    per: Period

    def __post_init__(self) -> None:
        """Check the value against its kind."""
        values = np.asarray(self.value, np.float64)
        bound = _BOUNDS[self.kind]
        if not (inside := bound.holds(values)).all():
            wrong = float(values[~inside].flat[0]) if values.ndim else float(values)
            raise OptionError(f"a {self.kind} is {shown(wrong)}, but must be {bound.words()}")
        object.__setattr__(self, "value", read_only(values))

    @checked
    def to(self, per: Period) -> Rate:
        """Return the same for another period.

        Parameters
        ----------
        per : {"day", "week", "month", "quarter", "half_year", "year"}
            The new period.

        Returns
        -------
        Rate
            With n old periods in a new one, r^n for a retention, (1 + d)^n - 1 for a discount
            or a growth, n times an amount. A year has 12 months or 365.25 days.

        Raises
        ------
        OptionError
            If there is no such period.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> economics.Rate(value=0.64, kind="retention", per="year").to("half_year").value.item()
        0.8
        """
        check_choice("per", per, Period)
        n = _IN_A_YEAR[self.per] / _IN_A_YEAR[per]
        if self.kind == "retention":
            value = self.value**n
        elif self.kind == "amount":
            value = self.value * n
        else:
            value = np.expm1(n * np.log1p(self.value))
        return Rate(value=np.asarray(value), kind=self.kind, per=per)


# A number or numbers that belong to a period: plain ones to that of the call.
PerPeriod = Annotated[npt.ArrayLike | pd.Series | Rate, READ_BY_A_DOOR]


def in_period(name: str, given: object, *, kind: RateKind, per: str) -> Any:
    """Return what was given for a number, which must belong to a period.

    A plain number, an array or a Series belongs to ``per`` and is handed back as it is; a Rate
    must be of this period and of this kind, and its value is handed back.
    """
    if not isinstance(given, Rate):
        return given
    if given.kind != kind:
        raise OptionError(f"{name} is a Rate of kind {given.kind!r}; give one of kind {kind!r}")
    if given.per != per:
        raise OptionError(
            f"{name} is per {given.per} and this calculation per {per}; convert it with "
            f"{name}.to({per!r}), or give per={given.per!r} and convert the others"
        )
    return given.value
