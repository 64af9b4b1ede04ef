"""How surely a loyalty curve and its constraints will be known, before anybody is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.intervals import check_level, ndtr
from loyaltymodel._core.options import (
    check_between,
    check_count,
    check_finite,
    check_positive,
    enumerate_names,
    suggest,
)
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import BELOW_ONE, read_numbers
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import (
    Cells,
    Problem,
    Shares,
    evaluate,
)
from loyaltymodel.planning.result import CurvePrecision
from loyaltymodel.planning.sizes import read_sizes

_FINE = 401  # answers that stand for a scale without steps
_RANK = 1e-12  # smallest eigenvalue of the scaled information over the largest


@checked
def curve_precision(
    curve: LoyaltyCurve,
    *,
    n_obs: Sequence[int] | int,
    constraints: Mapping[str, float] | None = None,
    mean: float = 0.65,
    sd: float = 0.2,
    levels: int | None = 10,
    fixed: Sequence[str] | None = None,
    level: float = 0.95,
    power: float = 0.8,
) -> CurvePrecision:
    """Return the expected errors of a curve that is fitted to who stayed (曲线精度的事前估计).

    Parameters
    ----------
    curve : LoyaltyCurve
        The curve that is expected; see :func:`~loyaltymodel.jones_sasser.curve`.
    n_obs : int or sequence of int
        Customers in each group.
    constraints : mapping from group to float, optional
        How strongly each group is held, 0 to below 1; one group without a constraint by default.
    mean, sd : float
        Satisfaction as a share of its scale: normal, and what lies beyond an end is on that end,
        as :func:`~loyaltymodel.jones_sasser.simulate` draws it.
    levels : int or None
        Number of equally spaced answers, at least 2; None for a scale without steps.
    fixed : sequence of str, optional
        Parameters that will not be estimated, such as "lo" or "c[cars]"; by default those that the
        family holds.
    level : float
        Confidence level.
    power : float
        Power of the difference from a given value that is called detectable.

    Returns
    -------
    CurvePrecision
        Standard error, margin and detectable difference of each parameter, by size.

    Raises
    ------
    NotIdentifiedError
        If such a survey cannot tell the parameters apart.
    OptionError
        If an option is out of its range.

    Notes
    -----
    With L the loyalty in a cell of satisfaction and group, n its expected customers and J the
    derivatives of L by the parameters, the expected information is the sum of n J J' / (L (1 - L)).
    The errors are the roots of the diagonal of its inverse: those of large samples. A parameter on
    a bound, such as a constraint of 0, has no error (NaN), and is taken as known by the others.
    The detectable difference is (z + z of the power) times the error.

    Examples
    --------
    Four times as many customers halve the errors:

    >>> from loyaltymodel import jones_sasser, planning
    >>> truth = jones_sasser.curve("power", {"hi": 0.95, "k": 3})
    >>> held = {"cars": 0.1, "telephone": 0.5}
    >>> found = planning.curve_precision(truth, n_obs=[500, 2000], constraints=held)
    >>> found.parameters.query("parameter == 'k'")[["n_obs", "std_error", "margin"]].round(3)
       n_obs  std_error  margin
    1    500      0.459   0.899
    5   2000      0.229   0.450
    """
    sizes = read_sizes(n_obs)
    check_level(level)
    check_between("power", power, such_as=0.8)
    check_positive("sd", sd)
    check_finite("mean", mean, way_out=", such as 0.65")
    if levels is not None:
        check_count("levels", levels, least=2)
        if levels > _FINE:
            raise OptionError(
                f"levels={levels} is too large; None stands for a scale without steps"
            )
    if constraints is not None and not constraints:
        raise OptionError("constraints is empty; name at least one group, or leave it out")
    held = {"": 0.0} if constraints is None else dict(constraints)
    strength = read_numbers("constraints", list(held.values()), bounds=(0.0, BELOW_ONE))
    satisfaction, mass = _answers(mean, sd, levels or _FINE)
    family = curve.family
    names = [p.name for p in family.parameters]
    given = constraints is None
    if not given:
        names += [f"c[{group}]" for group in held]
    values = curve.values if given else np.concatenate([curve.values, strength])
    free = _free(curve, names, values, fixed)
    # One customer a group: information adds up, so that every size follows from it.
    m = len(held)
    s, share = np.tile(satisfaction, m), np.tile(mass, m)
    bound = np.repeat(np.arange(m), len(satisfaction))
    cells = Cells(
        s,
        np.ones((len(s), 1)),
        given=np.zeros(len(s)) if given else None,
        group=None if given else bound,
    )
    loyalty = strength[bound] + (1 - strength[bound]) * family.value(s, curve.values)
    stats = np.stack([share, share * loyalty])[None]
    info = evaluate(Problem(family, cells, Shares(), 0), stats, values[None])[2][0]
    one = _errors(info, free, names)
    chosen = [k for k, name in enumerate(names) if free[k] or _on_bound(curve, k, values)]
    chosen = [k for k in chosen if names[k] not in _held(curve, fixed)]
    return CurvePrecision(
        names=tuple(names[k] for k in chosen),
        values=values[chosen],
        sizes=np.array(sizes, dtype=np.intp),
        errors=one[chosen] / np.sqrt(np.array(sizes, dtype=np.float64))[:, None],
        level=level,
        power=power,
    )


def _answers(mean: float, sd: float, levels: int) -> tuple[FloatArray, FloatArray]:
    """Return answers as shares of the scale, and the probability of each."""
    step = 1 / (levels - 1)
    edges = (np.arange(levels - 1) + 0.5) * step
    below = np.concatenate([[0.0], ndtr(np.asarray((edges - mean) / sd, np.float64)), [1.0]])
    return np.linspace(0.0, 1.0, levels), np.diff(below)


def _held(curve: LoyaltyCurve, fixed: Sequence[str] | None) -> set[str]:
    if fixed is None:
        return {p.name for p in curve.family.parameters if p.fixed is not None}
    return set(fixed)


def _on_bound(curve: LoyaltyCurve, k: int, values: FloatArray) -> bool:
    """Tell whether a parameter stands on its bound; constraints come after those of the curve."""
    own = curve.family.parameters
    if k >= len(own):
        return bool(values[k] <= 0)
    return bool(values[k] <= own[k].lower or values[k] >= own[k].upper)


def _free(
    curve: LoyaltyCurve, names: Sequence[str], values: FloatArray, fixed: Sequence[str] | None
) -> BoolArray:
    """Tell which parameters are estimated and stand within their bounds."""
    known = _held(curve, fixed)
    if unknown := [name for name in known if name not in names]:
        raise OptionError(
            f"fixed names {unknown[0]!r}, which is no parameter{suggest(unknown[0], names)}; the "
            f"parameters are {enumerate_names(names, most=12)}"
        )
    return np.array(
        [name not in known and not _on_bound(curve, k, values) for k, name in enumerate(names)]
    )


def _errors(info: FloatArray, free: BoolArray, names: Sequence[str]) -> FloatArray:
    """Return the errors (q,) from one customer a group; NaN of what is not free."""
    places = np.flatnonzero(free)
    errors = np.full(len(free), np.nan)
    block = info[np.ix_(places, places)]
    size = np.sqrt(np.diag(block))
    if not (len(places) and (size > 0).all()):
        _refuse(names, places)
    scaled = block / np.outer(size, size)
    values = np.linalg.eigvalsh(scaled)
    if values[0] <= _RANK * values[-1]:
        _refuse(names, places)
    errors[places] = np.sqrt(np.diag(np.linalg.inv(scaled))) / size
    return errors


def _refuse(names: Sequence[str], places: IntArray) -> NoReturn:
    raise NotIdentifiedError(
        f"such a survey cannot tell {enumerate_names(names[k] for k in places)} apart, however "
        "many answer: give more answers in levels, more spread, or name some of them as fixed"
    )
