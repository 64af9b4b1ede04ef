"""A curve with its parameters: what L = f(C, S) answers, without any data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Values
from loyaltymodel._core.arrays import FloatArray, FrozenRecord
from loyaltymodel._core.options import check_positive, count_of, enumerate_names, suggest
from loyaltymodel._core.signature import checked, checked_fields
from loyaltymodel._core.variables import BELOW_ONE, like, read_numbers, read_together
from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.jones_sasser.curves import kernels as answers
from loyaltymodel.jones_sasser.curves.families import (
    CurveFamily,
    FamilyName,
    Hazard,
    family_of,
)

_POWER = {"hi": 1.0, "k": 4.0}
_SHARE = (0.0, 1.0)


@checked_fields
@dataclass(frozen=True, slots=True, eq=False)
class LoyaltyCurve(FrozenRecord):
    """Loyalty by satisfaction and constraint, L = c + (1 - c) g(s), with known parameters.

    A curve by itself knows no scale of answers: satisfaction is a share of its scale, 0 to 1
    ((answer - lowest) / (highest - lowest)), and so is the constraint c, 0 to below 1. What is
    fitted answers on the scale of its data, and has the curve of shares as ``result.curve``. All
    methods take numbers, arrays or Series and return the like. :func:`curve` makes it.

    Attributes
    ----------
    family : CurveFamily
        The family of g.
    values : array of shape (q,)
        Its parameters, in the order of ``family.parameters``.

    Examples
    --------
    Half satisfied, a free customer stays with probability 0.5 ** 3 = 0.125. Of those whom a
    constraint of 0.4 would hold, the rest of 0.875 stay as well, against their will:

    >>> from loyaltymodel import jones_sasser
    >>> curve = jones_sasser.curve("power", {"hi": 1.0, "k": 3.0})
    >>> curve.true_loyalty(0.5)
    0.125
    >>> round(curve.false_loyalty(0.5, constraint=0.4), 3)
    0.35
    >>> round(curve.loyalty(0.5, constraint=0.4), 3)
    0.475
    """

    family: CurveFamily
    values: FloatArray

    made_by: ClassVar[str] = "curve(), or result.curve of a fit,"

    def __post_init__(self) -> None:
        """Refuse values that the family does not have, and curves that fall."""
        family_of(self.family)
        names = enumerate_names(p.name for p in self.family.parameters)
        if self.values.shape != (len(self.family.parameters),):
            raise ModelError(
                f"values has shape {self.values.shape}; the {self.family.name} family needs one "
                f"number for each of {names}"
            )
        for parameter, value in zip(self.family.parameters, self.values.tolist(), strict=True):
            if not parameter.lower <= value <= parameter.upper:
                raise ModelError(
                    f"{parameter.name}={value:.12g} must lie between {parameter.lower:.12g} and "
                    f"{parameter.upper:.12g}"
                )
        low, high = self.family.value(np.array([0.0, 1.0]), self.values).tolist()
        if high < low:
            raise ModelError(
                f"loyalty must rise with satisfaction, but goes from {low:.12g} down to "
                f"{high:.12g}; check lo and hi"
            )
        FrozenRecord.__post_init__(self)

    def __repr__(self) -> str:
        """Show the family and its parameters."""
        values = ", ".join(f"{name} = {value:g}" for name, value in self.parameters.items())
        return f"<LoyaltyCurve: {self.family.name}, {values}>"

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters by name."""
        names = (parameter.name for parameter in self.family.parameters)
        return dict(zip(names, self.values.tolist(), strict=True))

    @property
    def zone_limit(self) -> float:
        """Satisfaction from which on it moves loyalty strongly; NaN without such a zone."""
        return float(self.family.zone_limit(self.values))

    @checked
    def loyalty(self, satisfaction: Values, *, constraint: Values = 0.0) -> AsGiven:
        """Return loyalty L = c + (1 - c) g(s).

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.
        constraint : number, array or Series
            How strongly the customer is held, 0 to below 1; 0 is perfect competition.

        Returns
        -------
        float, array or Series
            Probability to stay, 0 to 1.

        Raises
        ------
        DataError
            If satisfaction or constraint are out of their range.
        """
        return self._answer(answers.loyalty, satisfaction, constraint)

    @checked
    def true_loyalty(self, satisfaction: Values) -> AsGiven:
        """Return true loyalty g(s) (真实忠诚): what is left when nothing binds.

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
        return self._answer(answers.true_loyalty, satisfaction, 0.0)

    @checked
    def false_loyalty(self, satisfaction: Values, *, constraint: Values = 0.0) -> AsGiven:
        """Return false loyalty c (1 - g(s)) (虚假忠诚): what goes when the constraint goes.

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.
        constraint : number, array or Series
            How strongly the customer is held, 0 to below 1.

        Returns
        -------
        float, array or Series
            Loyalty less true loyalty, 0 to 1.

        Raises
        ------
        DataError
            If satisfaction or constraint are out of their range.
        """
        return self._answer(answers.false_loyalty, satisfaction, constraint)

    @checked
    def slope(self, satisfaction: Values, *, constraint: Values = 0.0) -> AsGiven:
        """Return the slope dL/ds = (1 - c) g'(s).

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.
        constraint : number, array or Series
            How strongly the customer is held, 0 to below 1.

        Returns
        -------
        float, array or Series
            Loyalty gained per unit of satisfaction, which is the whole scale.

        Raises
        ------
        DataError
            If satisfaction or constraint are out of their range.
        """
        return self._answer(answers.slope, satisfaction, constraint)

    @checked
    def elasticity(self, satisfaction: Values, *, constraint: Values = 0.0) -> AsGiven:
        """Return the elasticity (dL/ds) s / L.

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.
        constraint : number, array or Series
            How strongly the customer is held, 0 to below 1.

        Returns
        -------
        float, array or Series
            Percent of loyalty gained per percent of satisfaction; NaN where loyalty is 0.

        Raises
        ------
        DataError
            If satisfaction or constraint are out of their range.
        """
        return self._answer(answers.elasticity, satisfaction, constraint)

    @checked
    def satisfaction_needed(self, target: Values, *, constraint: Values = 0.0) -> AsGiven:
        """Return the satisfaction at which loyalty reaches a target.

        Parameters
        ----------
        target : number, array or Series
            Loyalty wanted, 0 to 1.
        constraint : number, array or Series
            How strongly the customer is held, 0 to below 1.

        Returns
        -------
        float, array or Series
            Share of the scale; 0 where the constraint alone is enough, NaN where complete
            satisfaction is not.

        Raises
        ------
        DataError
            If target or constraint are out of their range.
        """
        return self._answer(answers.satisfaction_needed, target, constraint, name="target")

    @checked
    def gain(self, start: Values, end: Values, *, constraint: Values = 0.0) -> AsGiven:
        """Return what a step of satisfaction brings in loyalty.

        Parameters
        ----------
        start : number, array or Series
            Satisfaction before the step, 0 to 1.
        end : number, array or Series
            Satisfaction after the step, 0 to 1.
        constraint : number, array or Series
            How strongly the customer is held, 0 to below 1.

        Returns
        -------
        float, array or Series
            L(end) - L(start), shaped as ``start``.

        Raises
        ------
        DataError
            If satisfaction or constraint are out of their range.
        """
        (before, after, c), series = _together(start=start, end=end, constraint=constraint)
        low, high = (
            answers.loyalty(self.family, self.values, s.ravel(), c.ravel()) for s in (before, after)
        )
        return like(series, (high - low).reshape(c.shape))

    @checked
    def zone(self, satisfaction: Values) -> AsGiven:
        """Return the zone: "insensitive" (质量不敏感区) or "sensitive" (质量敏感区).

        In the sensitive zone satisfaction moves loyalty at least as much as it does on average
        over the whole scale. A curve that is straight or concave all the way has none, if its
        family is "power" or "hinge"; other families are judged point by point.

        Parameters
        ----------
        satisfaction : number, array or Series
            Shares of the scale, 0 to 1.

        Returns
        -------
        str, array or Series of str
            Names of zones.

        Raises
        ------
        DataError
            If satisfaction is out of its range.
        """
        s = read_numbers("satisfaction", satisfaction, bounds=_SHARE)
        inside = self.family.is_sensitive(np.atleast_1d(s).ravel(), self.values).reshape(s.shape)
        return like(satisfaction, np.where(inside, "sensitive", "insensitive"), name="zone")

    @checked
    def over_periods(self, periods: float) -> LoyaltyCurve:
        """Return the curve of staying through several periods, for a constant hazard.

        Parameters
        ----------
        periods : float
            Length in periods of this curve's family, above 0.

        Returns
        -------
        LoyaltyCurve
            With g(s) to the power of ``periods / family.periods``. The constraint is taken to
            last: L = c + (1 - c) g^T.

        Raises
        ------
        OptionError
            If the family is not "hazard": other families know no time.

        Examples
        --------
        >>> from loyaltymodel import jones_sasser
        >>> year = jones_sasser.curve("hazard", {"a": 1.0, "b": 4.0})
        >>> two = year.over_periods(2)
        >>> bool(abs(two.loyalty(0.7) - year.loyalty(0.7) ** 2) < 1e-15)
        True
        """
        if not isinstance(self.family, Hazard):
            raise OptionError(
                f"a {self.family.name} curve knows no time; fit or make one of family "
                '"hazard", whose rate is constant over periods'
            )
        check_positive("periods", periods)
        return LoyaltyCurve(Hazard(periods=float(periods)), self.values)

    def _answer(
        self,
        formula: Callable[[CurveFamily, FloatArray, FloatArray, FloatArray], FloatArray],
        at: object,
        constraint: object,
        *,
        name: str = "satisfaction",
    ) -> Any:
        (x, c), series = _together(**{name: at, "constraint": constraint})
        found = formula(self.family, self.values, x.ravel(), c.ravel())
        return like(series, found.reshape(c.shape))


def _together(**given: object) -> tuple[list[FloatArray], pd.Series | None]:
    """Return shares of one shape, and the Series to answer like; the constraint is below 1."""
    bounds = {name: (0.0, BELOW_ONE) if name == "constraint" else _SHARE for name in given}
    read, series = read_together(given, bounds=bounds)
    if series is not None and series.shape != read[0].shape:
        raise DataError(
            f"a Series of {count_of(len(series), 'row')} is given with numbers of shape "
            f"{read[0].shape}; give one number for all, or one for each"
        )
    return read, series


@checked
def curve(
    family: FamilyName | CurveFamily = "power", parameters: Mapping[str, float] | None = None
) -> LoyaltyCurve:
    """Return a curve L = f(C, S) with given parameters (琼斯和萨瑟的忠诚曲线).

    Parameters
    ----------
    family : {"power", "logistic", "hinge", "cubic", "hazard"} or CurveFamily
        Family of g, the loyalty of a free customer.
    parameters : mapping from name to number, optional
        Parameters of the family. ``lo``, the loyalty of a free and wholly dissatisfied
        customer, is 0 unless it is given. All others must be given, save for "power", whose
        default is hi = 1 and k = 4: a convention for drawings, not an estimate.

    Returns
    -------
    LoyaltyCurve
        The curve.

    Raises
    ------
    ModelError
        If a parameter is unknown, absent or out of its range, or hi is below lo.
    OptionError
        If there is no such family.

    Examples
    --------
    From satisfied (4 of 5, three quarters of the scale) to completely satisfied:

    >>> from loyaltymodel import jones_sasser
    >>> curve = jones_sasser.curve()
    >>> round(curve.gain(0.75, 1.0), 3), round(curve.gain(0.5, 0.75), 3)
    (0.684, 0.254)
    """
    known = family_of(family)
    names = [parameter.name for parameter in known.parameters]
    given = {} if parameters is None else dict(parameters)
    if unknown := [name for name in given if name not in names]:
        raise ModelError(
            f"the {known.name} family has no parameter {unknown[0]!r}{suggest(unknown[0], names)}; "
            f"its parameters are {enumerate_names(names)}"
        )
    values = {p.name: p.fixed for p in known.parameters if p.fixed is not None}
    if known.name == "power":
        values |= _POWER
    values |= given
    if absent := [name for name in names if name not in values]:
        raise ModelError(f"parameters must also give {enumerate_names(absent)}")
    return LoyaltyCurve(known, np.array([values[name] for name in names], dtype=np.float64))
