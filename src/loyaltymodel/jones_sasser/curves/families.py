"""Families of the curve g: how loyal a customer is whom nothing holds, by satisfaction.

A family knows formulas, not values. Its methods take satisfaction ``s``, (m,) or
(..., m), and parameters ``p`` (..., q) in the order of ``parameters``, and return (..., m), or
(..., q, m) for the derivatives by the parameters.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.options import check_positive, enumerate_names, repeated, shown, suggest
from loyaltymodel._core.signature import checked_fields
from loyaltymodel.errors import ModelError, NotIdentifiedError, OptionError

FamilyName = Literal["power", "logistic", "hinge", "cubic", "hazard"]

_STEP = 1e-6  # of numeric derivatives: about the cube root of the rounding of doubles
_GRID = 2001
_LEVELS_OF_TWO_LINES = 4
_PIECES = 11  # pieces of a threshold that are searched one by one
_MOST_PERIODS = 1_000_000


@checked_fields
@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a curve family: its range, and where a search begins.

    Attributes
    ----------
    name : str
        Its name in tables and in ``fixed``.
    lower, upper : float
        Its range; both ends belong to it.
    starts : tuple of float
        Values from which a search sets out.
    fixed : float or None
        Value at which it stands unless it is asked to be estimated; None if it is estimated.
    transform : {"none", "log", "logit"}
        On which scale its Wald interval is symmetric; "logit" is that of its place in its range.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> jones_sasser.Parameter("k", 0.05, 50.0, starts=(1.0, 4.0)).fixed is None
    True
    """

    name: str
    lower: float
    upper: float
    starts: tuple[float, ...]
    fixed: float | None = None
    transform: Literal["none", "log", "logit"] = "none"

    def __post_init__(self) -> None:
        """Refuse ranges that are empty or without an end, and what lies outside them."""
        places = self.starts if self.fixed is None else (*self.starts, self.fixed)
        inside = all(self.lower <= place <= self.upper for place in places)
        width = self.upper - self.lower
        if not self.starts or not inside or not 0 < width < math.inf:
            fixed = "" if self.fixed is None else f", fixed={self.fixed:.12g}"
            raise ModelError(
                f"parameter {self.name!r} needs finite lower < upper, and starts (and fixed) "
                f"between them; it has lower={self.lower:.12g}, upper={self.upper:.12g}, "
                f"starts={self.starts}{fixed}"
            )


class CurveFamily(ABC):
    """A family of curves g(s), rising from s = 0 to s = 1; derive from it to make your own.

    A family of your own needs a ``name``, its ``parameters`` and ``value``. The other methods
    have numeric defaults, which a formula of your own may replace.

    Attributes
    ----------
    name : str
        Name of the family.
    parameters : tuple of Parameter
        What there is to estimate, in order.
    smooth : bool
        Whether g is smooth in its parameters; if not, the information is the expected one.
    kinked : str or None
        The parameter in which g(s) has a kink at s itself, as at a threshold.

    Examples
    --------
    A family with one parameter, the straight line that ends at ``top``:

    >>> import numpy as np
    >>> from loyaltymodel import jones_sasser
    >>> class Line(jones_sasser.CurveFamily):
    ...     name = "line"
    ...     parameters = (jones_sasser.Parameter("top", 0.0, 1.0, starts=(0.8,)),)
    ...     def value(self, s, p):
    ...         return p[..., :1] * s
    >>> jones_sasser.curve(Line(), {"top": 0.9}).loyalty(0.5, constraint=0.2)
    0.56
    """

    name: str
    parameters: tuple[Parameter, ...]
    smooth: bool = True
    kinked: str | None = None

    def __str__(self) -> str:
        """Return the name of the family."""
        return self.name

    def parameters_for(self, levels: FloatArray) -> tuple[Parameter, ...]:
        """Return the parameters with the ranges that data can determine.

        Parameters
        ----------
        levels : array of shape (k,)
            Distinct values of satisfaction in the data, rising.

        Returns
        -------
        tuple of Parameter
            ``parameters``, unless a family says otherwise.
        """
        del levels
        return self.parameters

    @abstractmethod
    def value(self, s: FloatArray, p: FloatArray) -> FloatArray:
        """Return g(s).

        Parameters
        ----------
        s : array of shape (m,) or (..., m)
            Satisfaction, 0 to 1.
        p : array of shape (..., q)
            Parameters in the order of ``parameters``.

        Returns
        -------
        array of shape (..., m)
            Loyalty of a free customer, 0 to 1.
        """

    def gradient(self, s: FloatArray, p: FloatArray) -> FloatArray:
        """Return the derivatives of g(s) by the parameters.

        Parameters
        ----------
        s : array of shape (m,) or (..., m)
            Satisfaction, 0 to 1.
        p : array of shape (..., q)
            Parameters.

        Returns
        -------
        array of shape (..., q, m)
            One row a parameter.
        """
        rows = []
        for place, parameter in enumerate(self.parameters):
            step = _STEP * max(1.0, abs(parameter.starts[0]))
            high, low = p.copy(), p.copy()
            high[..., place] = np.minimum(p[..., place] + step, parameter.upper)
            low[..., place] = np.maximum(p[..., place] - step, parameter.lower)
            apart = (high - low)[..., place, None]
            rows.append((self.value(s, high) - self.value(s, low)) / apart)
        return np.stack(rows, axis=-2)

    def value_and_gradient(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return g(s) and its derivatives by the parameters.

        Parameters
        ----------
        s : array of shape (m,) or (..., m)
            Satisfaction, 0 to 1.
        p : array of shape (..., q)
            Parameters.

        Returns
        -------
        pair of arrays
            Of shapes (..., m) and (..., q, m).
        """
        return self.value(s, p), self.gradient(s, p)

    def slope(self, s: FloatArray, p: FloatArray) -> FloatArray:
        """Return the derivative of g by satisfaction.

        Parameters
        ----------
        s : array of shape (m,) or (..., m)
            Satisfaction, 0 to 1.
        p : array of shape (..., q)
            Parameters.

        Returns
        -------
        array of shape (..., m)
            Loyalty gained per unit of satisfaction.
        """
        high, low = np.minimum(s + _STEP, 1.0), np.maximum(s - _STEP, 0.0)
        slope: FloatArray = (self.value(high, p) - self.value(low, p)) / (high - low)
        return slope

    def inverse(self, value: FloatArray, p: FloatArray) -> FloatArray:
        """Return the satisfaction at which g has a value.

        Parameters
        ----------
        value : array of shape (m,) or (..., m)
            Loyalty of a free customer.
        p : array of shape (..., q)
            Parameters.

        Returns
        -------
        array of shape (..., m)
            The smallest such satisfaction, 0 to 1; 0 where g(0) is more already, NaN where
            g(1) is less.
        """
        p = np.asarray(p)
        value = np.broadcast_to(value, np.broadcast_shapes(np.shape(value), (*p.shape[:-1], 1)))
        low, high = np.zeros(value.shape), np.ones(value.shape)
        for _ in range(60):  # halved to below the rounding of doubles
            middle = (low + high) / 2
            reached = self.value(middle, p) >= value
            high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        found = np.where(self.value(np.zeros(1), p) >= value, 0.0, high)
        return np.where(self.value(np.ones(1), p) < value, np.nan, found)

    def is_sensitive(self, s: FloatArray, p: FloatArray) -> BoolArray:
        """Tell where satisfaction moves loyalty at least as much as it does on average.

        Parameters
        ----------
        s : array of shape (m,) or (..., m)
            Satisfaction, 0 to 1.
        p : array of shape (..., q)
            Parameters.

        Returns
        -------
        bool array of shape (..., m)
            True where the slope is at least that of the chord, g(1) - g(0).
        """
        chord = self.value(np.ones(1), p) - self.value(np.zeros(1), p)
        return reaches(self.slope(s, p), chord) & (chord > 0)

    def zone_limit(self, p: FloatArray) -> FloatArray:
        """Return where the sensitive zone begins.

        Parameters
        ----------
        p : array of shape (..., q)
            Parameters.

        Returns
        -------
        array of shape (...)
            Satisfaction, 0 to 1; NaN without a sensitive zone.
        """
        grid = np.linspace(0, 1, _GRID)
        inside = self.is_sensitive(grid, p)
        first = inside.argmax(axis=-1, keepdims=True)
        high, low = grid[first], grid[np.maximum(first - 1, 0)]
        for _ in range(50):
            middle = (low + high) / 2
            reached = self.is_sensitive(middle, p)
            high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        return np.where(inside.any(axis=-1), high[..., 0], np.nan)


class _Risen(CurveFamily):
    """A curve lo + (hi - lo) u(s), where u rises from about 0 to about 1."""

    @abstractmethod
    def shape(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        """Return u (..., m) and its derivatives by the parameters behind lo and hi."""

    def value(self, s: FloatArray, p: FloatArray) -> FloatArray:
        low, high = p[..., :1], p[..., 1:2]
        return low + (high - low) * self.shape(s, p)[0]

    def gradient(self, s: FloatArray, p: FloatArray) -> FloatArray:
        return self.value_and_gradient(s, p)[1]

    def value_and_gradient(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
        low, high = p[..., :1], p[..., 1:2]
        u, rest = self.shape(s, p)
        rise = high - low
        gradient = np.empty((*u.shape[:-1], 2 + len(rest), u.shape[-1]))
        np.subtract(1.0, u, out=gradient[..., 0, :])
        gradient[..., 1, :] = u
        for place, part in enumerate(rest):
            np.multiply(rise, part, out=gradient[..., 2 + place, :])
        return low + rise * u, gradient


_LOW = Parameter("lo", 0.0, 0.99, starts=(0.05, 0.3), fixed=0.0, transform="logit")
_HIGH = Parameter("hi", 0.0, 1.0, starts=(0.9, 0.98, 0.65, 0.35, 0.15), transform="logit")


class Power(_Risen):
    """The power curve g(s) = lo + (hi - lo) s^k, convex for k > 1."""

    name = "power"
    parameters = (
        _LOW,
        _HIGH,
        Parameter("k", 0.05, 50.0, starts=(1.0, 0.3, 2.0, 4.0, 8.0, 20.0), transform="log"),
    )

    def shape(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        with np.errstate(divide="ignore", over="ignore"):
            log = np.log(s)
            u = np.exp(p[..., 2:3] * log)
        # s ln s is 0 at 0, where the product of 0 and minus infinity is none.
        return u, (u * np.maximum(log, -1e300),)

    def value(self, s: FloatArray, p: FloatArray) -> FloatArray:
        low, high = p[..., :1], p[..., 1:2]
        return low + (high - low) * s ** p[..., 2:3]

    def slope(self, s: FloatArray, p: FloatArray) -> FloatArray:
        k = p[..., 2:3]
        with np.errstate(divide="ignore"):
            return (p[..., 1:2] - p[..., :1]) * k * s ** (k - 1)

    def inverse(self, value: FloatArray, p: FloatArray) -> FloatArray:
        low, high = p[..., :1], p[..., 1:2]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (value - low) / (high - low)
            found = np.clip(share, 0.0, 1.0) ** (1 / p[..., 2:3])
        found = np.where(value <= low, 0.0, found)
        return np.where(value > self.value(np.ones(1), p), np.nan, found)

    def is_sensitive(self, s: FloatArray, p: FloatArray) -> BoolArray:
        return reaches(s, self.zone_limit(p)[..., None], size=1.0)

    def zone_limit(self, p: FloatArray) -> FloatArray:
        k = p[..., 2]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            limit = k ** (-1 / (k - 1))
        return np.where((k > 1) & (p[..., 1] > p[..., 0]), limit, np.nan)


class Logistic(_Risen):
    """The logistic curve g(s) = lo + (hi - lo) / (1 + exp(-a (s - s0)))."""

    name = "logistic"
    parameters = (
        _LOW,
        _HIGH,
        Parameter("a", 0.0, 200.0, starts=(4.0, 1.5, 10.0, 25.0, 80.0), transform="log"),
        Parameter("s0", -1.0, 2.0, starts=(0.4, -0.2, 0.15, 0.55, 0.7, 0.85, 1.1)),
    )

    def parameters_for(self, levels: FloatArray) -> tuple[Parameter, ...]:
        # A steep curve rises between two levels, or at one; each has a hill of its own.
        if not _LEVELS_OF_TWO_LINES <= len(levels) <= _PIECES + 1:
            return self.parameters
        middle = self.parameters[3]
        beyond = [s0 for s0 in middle.starts if not 0 <= s0 <= 1]
        between = (levels[:-1] + levels[1:]) / 2
        starts = (*between.tolist(), *levels.tolist(), *beyond)
        return (*self.parameters[:3], replace(middle, starts=starts))

    def shape(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        a, middle = p[..., 2:3], p[..., 3:4]
        apart = s - middle
        u = logistic(a * apart)
        bend = u * (1 - u)
        return u, (bend * apart, -a * bend)

    def slope(self, s: FloatArray, p: FloatArray) -> FloatArray:
        u = logistic(p[..., 2:3] * (s - p[..., 3:4]))
        return (p[..., 1:2] - p[..., :1]) * p[..., 2:3] * u * (1 - u)


class Hinge(_Risen):
    """Two straight lines from (0, lo) over the threshold tau to (1, hi).

    ``share`` is the share of the rise that is made before tau. In the usual notation
    lo + b1 s + b2 max(0, s - tau): b1 = (hi - lo) share / tau, and
    b1 + b2 = (hi - lo) (1 - share) / (1 - tau).
    """

    name = "hinge"
    smooth = False
    kinked = "tau"
    parameters = (
        _LOW,
        _HIGH,
        Parameter("share", 0.0, 1.0, starts=(0.3, 0.0, 0.1, 0.6, 0.9), transform="logit"),
        Parameter(
            "tau", 0.02, 0.98, starts=(0.15, 0.3, 0.45, 0.6, 0.75, 0.85, 0.93), transform="logit"
        ),
    )

    def parameters_for(self, levels: FloatArray) -> tuple[Parameter, ...]:
        # A line needs two levels on either side of the threshold.
        if len(levels) < _LEVELS_OF_TWO_LINES:
            raise NotIdentifiedError(
                f"two lines and a threshold need {_LEVELS_OF_TWO_LINES} levels of satisfaction, "
                f"but there are {len(levels)}; take the power family"
            )
        low, high = float(levels[1]), float(levels[-2])
        middles = (levels[1:-2] + levels[2:-1]) / 2  # likelihoods are smooth between levels
        few = middles if len(middles) <= _PIECES else np.linspace(low, high, _PIECES + 2)[1:-1]
        starts = tuple(few.tolist())
        tau = Parameter("tau", low, high, starts=starts, transform="logit")
        return (*self.parameters[:3], tau)

    def shape(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        share, tau = p[..., 2:3], p[..., 3:4]
        below = s <= tau
        before, after = s / tau, (1 - s) / (1 - tau)
        u = np.where(below, share * before, 1 - (1 - share) * after)
        by_tau = np.where(below, -share * before / tau, -(1 - share) * after / (1 - tau))
        return u, (np.where(below, before, after), by_tau)

    def slope(self, s: FloatArray, p: FloatArray) -> FloatArray:
        share, tau = p[..., 2:3], p[..., 3:4]
        rise = p[..., 1:2] - p[..., :1]
        return rise * np.where(s < tau, share / tau, (1 - share) / (1 - tau))

    def is_sensitive(self, s: FloatArray, p: FloatArray) -> BoolArray:
        return reaches(s, self.zone_limit(p)[..., None], size=1.0)

    def zone_limit(self, p: FloatArray) -> FloatArray:
        return np.where((p[..., 2] < p[..., 3]) & (p[..., 1] > p[..., 0]), p[..., 3], np.nan)


class Cubic(_Risen):
    """The cubic from (0, lo) to (1, hi) with end slopes d0 and d1, in units of the chord's.

    Every cubic whose end slopes lie between 0 and 3 times the chord's rises all the way; it
    can be straight, convex, concave, S-shaped or inverse S-shaped.
    """

    name = "cubic"
    parameters = (
        _LOW,
        _HIGH,
        Parameter("d0", 0.0, 3.0, starts=(0.5, 0.0, 1.5, 2.8), transform="logit"),
        Parameter("d1", 0.0, 3.0, starts=(0.5, 0.0, 1.5, 2.8), transform="logit"),
    )

    def shape(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        start, end = p[..., 2:3], p[..., 3:4]
        square, cube = s * s, s * s * s
        by_start, by_end = s - 2 * square + cube, cube - square
        return 3 * square - 2 * cube + start * by_start + end * by_end, (by_start, by_end)

    def slope(self, s: FloatArray, p: FloatArray) -> FloatArray:
        start, end = p[..., 2:3], p[..., 3:4]
        shape = start + 2 * (3 - 2 * start - end) * s + 3 * (start + end - 2) * s * s
        return (p[..., 1:2] - p[..., :1]) * shape


@checked_fields
@dataclass(frozen=True)
class Hazard(CurveFamily):
    """The hazard curve g(s) = exp(-periods exp(a - b s)): leaving at a constant rate.

    The rate per period is exp(a - b s), so that over T periods g becomes g^T.

    Attributes
    ----------
    periods : float
        Number of periods within which loyalty was observed, above 0.
    """

    periods: float = 1.0
    name = "hazard"
    parameters = (
        Parameter("a", -15.0, 15.0, starts=(0.0, -1.5, 1.0, 2.0, 4.0, 8.0)),
        Parameter("b", 0.0, 60.0, starts=(2.0, 0.3, 1.0, 5.0, 10.0, 20.0)),
    )

    def __str__(self) -> str:
        """Return the name of the family, with the periods if there are several."""
        return self.name if self.periods == 1 else f"{self.name} over {self.periods:g} periods"

    def __post_init__(self) -> None:
        """Refuse a number of periods that is none."""
        check_positive("periods", self.periods)
        if self.periods > _MOST_PERIODS:
            raise OptionError(
                f"periods={self.periods:g} is too large; give at most {_MOST_PERIODS:,}"
            )

    def _rate(self, s: FloatArray, p: FloatArray) -> FloatArray:
        rate: FloatArray = self.periods * np.exp(p[..., :1] - p[..., 1:2] * s)
        return rate

    def value(self, s: FloatArray, p: FloatArray) -> FloatArray:
        return np.exp(-self._rate(s, p))

    def gradient(self, s: FloatArray, p: FloatArray) -> FloatArray:
        return self.value_and_gradient(s, p)[1]

    def value_and_gradient(self, s: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
        rate = self._rate(s, p)
        value = np.exp(-rate)
        by_b = value * rate * s
        return value, np.stack([-value * rate, by_b], axis=-2)

    def slope(self, s: FloatArray, p: FloatArray) -> FloatArray:
        rate = self._rate(s, p)
        return p[..., 1:2] * rate * np.exp(-rate)

    def inverse(self, value: FloatArray, p: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = -np.log(value) / self.periods
            found = np.clip((p[..., :1] - np.log(rate)) / p[..., 1:2], 0.0, 1.0)
        found = np.where(self.value(np.zeros(1), p) >= value, 0.0, found)
        return np.where(self.value(np.ones(1), p) < value, np.nan, found)


def logistic(x: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-x)), without overflow."""
    half: FloatArray = 0.5 + 0.5 * np.tanh(0.5 * x)
    return half


FAMILIES: dict[str, CurveFamily] = {
    family.name: family for family in (Power(), Logistic(), Hinge(), Cubic(), Hazard())
}
_OWN = {type(family) for family in FAMILIES.values()}
_TAKEN = ("c", "c[", "d[", "log_")  # names of parameters of constraints and outcomes


def _check_family(family: CurveFamily) -> None:
    """Refuse a family of the user's own that cannot be fitted."""
    kind = type(family).__name__
    name = getattr(family, "name", None)
    parameters = getattr(family, "parameters", None)
    several = isinstance(parameters, tuple) and all(isinstance(p, Parameter) for p in parameters)
    if not isinstance(name, str) or not several or not parameters:
        raise ModelError(f"the family {kind} needs a name and a tuple of parameters")
    names = [parameter.name for parameter in parameters]
    if twice := repeated(names):
        raise ModelError(f"the family {name} has several parameters {twice[0]!r}")
    if taken := [own for own in names if own == _TAKEN[0] or own.startswith(_TAKEN[1:])]:
        raise ModelError(
            f"the family {name} has a parameter {taken[0]!r}, a name that constraints and outcomes "
            f"use; names that begin with {enumerate_names(_TAKEN[1:])} are theirs as well"
        )
    p = np.array([[parameter.starts[0] for parameter in parameters]])
    s = np.linspace(0, 1, 5)
    value = np.asarray(family.value(s, p))
    if value.shape != (1, len(s)):
        raise ModelError(
            f"the family {name} gives values of shape {value.shape} for satisfaction {s.shape} and "
            f"parameters {p.shape}; (1, {len(s)}) is needed, so index parameters as p[..., :1]"
        )
    if not np.isfinite(value).all() or value.min() < 0 or value.max() > 1:
        raise ModelError(
            f"the family {name} leaves the range 0 to 1 at the first start of its parameters, "
            f"where its values go from {value.min():.12g} to {value.max():.12g}"
        )


def family_of(family: object) -> CurveFamily:
    """Return the family that a name means, or a family of the user's own after a check.

    Raises
    ------
    ModelError
        If a family of the user's own lacks something, or is no curve from 0 to 1.
    OptionError
        If there is no family of this name, or the object is none.
    """
    if isinstance(family, CurveFamily):
        if type(family) not in _OWN:
            _check_family(family)
        return family
    if isinstance(family, str) and family in FAMILIES:
        return FAMILIES[family]
    hint = suggest(family, FAMILIES) if isinstance(family, str) else ""
    raise OptionError(
        f"family={shown(family)} is not a curve family{hint}; choose one of "
        f"{', '.join(repr(name) for name in FAMILIES)}, or give an object of your own derived "
        "from CurveFamily"
    )
