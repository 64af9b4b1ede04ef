"""Sample sizes, detectable differences and powers of what has a formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import (
    check_between,
    check_count,
    check_finite,
    check_positive,
    check_share,
)
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.planning import kernels
from loyaltymodel.planning.kernels import MOST, Layout
from loyaltymodel.planning.quantity import Quantity
from loyaltymodel.planning.result import PowerCurve, SampleSize

_NEARLY = 1 - 1e-9  # of 1, the most that a share can rise to
_FAR = 1e6  # standard deviations, more than any difference


class _Plan(NamedTuple):
    """A quantity in a layout, with the level that each comparison has."""

    quantity: Quantity
    layout: Layout
    level: float

    def margin(self, n: float) -> float:
        """Return half the width of the interval."""
        size = np.array([float(n)])
        if self.quantity.kind == "share":
            share = float(self.quantity.expected or 0.0)
            found = kernels.margin_of_share(size, self.layout, share, level=self.level)
        else:
            sd = self.quantity.sd
            found = kernels.margin_of_mean(size, self.layout, sd, level=self.level)
        return float(found[0])

    def powers(self, n: FloatArray, difference: float) -> FloatArray:
        """Return the power at each size."""
        if self.quantity.kind == "share":
            share = float(self.quantity.expected or 0.0)
            return kernels.power_of_share(n, self.layout, share, difference, level=self.level)
        return kernels.power_of_mean(n, self.layout, self.quantity.sd, difference, level=self.level)

    def power(self, n: float, difference: float) -> float:
        """Return the power at one size."""
        return float(self.powers(np.array([float(n)]), difference)[0])


@checked
def sample_size(
    quantity: Quantity,
    *,
    margin: float | None = None,
    difference: float | None = None,
    power: float = 0.8,
    n_groups: int | None = None,
    ratio: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    level: float = 0.95,
    n_comparisons: int = 1,
    deff: float = 1.0,
    population: int | None = None,
    response_rate: float = 1.0,
) -> SampleSize:
    """Return how many respondents a margin or a difference needs (样本量).

    Parameters
    ----------
    quantity : Quantity
        What is to be estimated.
    margin : float, optional
        Half the width that the interval may have, in units of the quantity; shares from 0 to 1.
    difference : float, optional
        The difference that is to be found, instead of a margin: of two groups, or of one from a
        fixed value. The sign matters for shares alone.
    power : float
        Probability with which it is to be found, between 0 and 1.
    n_groups : {1, 2}, optional
        Groups or waves; one for a margin and two for a difference, if it is not given.
    ratio : float
        Respondents of the second group for each of the first, above 0.
    overlap : float
        Share of respondents who are in both waves, 0 to 1; 1 is a panel. Needs a ratio of 1.
    correlation : float
        Correlation of the two answers of such a respondent, -1 to 1.
    level : float
        Confidence level.
    n_comparisons : int
        Comparisons that share the error 1 - level (Bonferroni).
    deff : float
        Design effect: by how much the design multiplies the variance; see :func:`design_effect`.
    population : int, optional
        Customers that there are, if the survey may reach a good part of them; of one group only.
    response_rate : float
        Expected share of those invited who answer, above 0 to 1.

    Returns
    -------
    SampleSize
        Respondents and invitations, with margin and power that they have.

    Raises
    ------
    OptionError
        If neither or both of ``margin`` and ``difference`` are given, an option is out of its
        range, or no number of respondents is enough.

    Notes
    -----
    The smallest n is searched for which the following holds. With v = deff / n, times
    (N - n) / (N - 1) in a population of N; for two groups v = deff / n (1 + 1 / ratio - 2 P r),
    overlap P and correlation r.

    A mean, an index, the net promoter score: half the width of Student's interval is
    t s root(v). A difference d has the power of the noncentral t law with noncentrality
    d / (s root(v)). Degrees of freedom are those of n / deff respondents in each group, less one
    for each mean; of a panel those of the differences, n / deff - 1, and between them in
    proportion to the overlap.

    A share: half the width of Wilson's interval at the expected share, and of Newcombe's for two
    equal shares (Wald's where waves overlap). The mean width over surveys is a little smaller, as
    the width is concave in the variance. A difference is tested by the score test, whose limit has
    the pooled variance; with n a group, p = (p1 + p2) / 2 and q = 1 - p the power is that of
    a normal law, (root(n) abs(d) - z root(2 p q)) / root(p1 q1 + p2 q2), and the far tail as well
    [1]_.

    References
    ----------
    .. [1] Fleiss, J. L., Levin, B., & Paik, M. C. (2003). Statistical methods for rates and
       proportions (3rd ed.). Wiley. Named from memory; R's ``power.prop.test`` has the formula.

    Examples
    --------
    A share near one half within 5 points: Wilson's interval of n respondents is as wide as Wald's
    of n + z^2, 0.25 (1.96 / 0.05)^2 - 3.84 = 380.3:

    >>> from loyaltymodel import planning
    >>> half = planning.Quantity.share(0.5)
    >>> planning.sample_size(half, margin=0.05).n_obs
    381

    Two groups that differ by half a standard deviation, with a power of 0.8:

    >>> planning.sample_size(planning.Quantity.mean(sd=2), difference=1).sizes
    array([64, 64])
    >>> planning.sample_size(planning.Quantity.mean(sd=2), difference=1, response_rate=0.25).groups
        group  n_obs  n_invited
    0   first     64        256
    1  second     64        256
    """
    if (margin is None) == (difference is None):
        raise OptionError(
            "give margin, half the width of an interval, or difference, what a test is to find; "
            "one of the two"
        )
    chosen = n_groups or (1 if difference is None else 2)
    plan = _read(
        quantity,
        chosen,
        ratio=ratio,
        overlap=overlap,
        correlation=correlation,
        level=level,
        n_comparisons=n_comparisons,
        deff=deff,
        population=population,
    )
    most = MOST if population is None else population
    if margin is not None:
        check_positive("margin", margin)
        n = kernels.smallest(lambda n: plan.margin(n) <= margin, most=most)
        aim = f"a margin of {margin:g}"
    else:
        difference = float(difference or 0.0)
        _check_difference(quantity, difference)
        check_between("power", power, such_as=0.8)
        n = kernels.smallest(lambda n: plan.power(n, difference) >= power, most=most)
        aim = f"a difference of {difference:g}"
    if n is None:
        raise OptionError(
            f"even {most:,} respondents are too few for {aim}; allow a wider margin, a larger "
            "difference or less power"
        )
    return _result(plan, n, difference, n_comparisons, level, response_rate)


@checked
def detectable_difference(
    quantity: Quantity,
    n_obs: int,
    *,
    power: float = 0.8,
    n_groups: int = 2,
    ratio: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    level: float = 0.95,
    n_comparisons: int = 1,
    deff: float = 1.0,
    population: int | None = None,
    response_rate: float = 1.0,
) -> SampleSize:
    """Return the margin and the smallest difference that respondents can show (最小可检测差异).

    Parameters
    ----------
    quantity : Quantity
        What is to be estimated.
    n_obs : int
        Respondents of the first group, at least 2.
    power : float
        Probability with which the difference is to be found.
    n_groups : {1, 2}
        Groups or waves; one is held against a fixed value.
    ratio : float
        Respondents of the second group for each of the first, above 0.
    overlap : float
        Share of respondents who are in both waves, 0 to 1.
    correlation : float
        Correlation of the two answers of such a respondent.
    level : float
        Confidence level.
    n_comparisons : int
        Comparisons that share the error 1 - level.
    deff : float
        Design effect.
    population : int, optional
        Customers that there are; of one group only.
    response_rate : float
        Expected share of those invited who answer, above 0 to 1.

    Returns
    -------
    SampleSize
        The ``margin`` of the interval, and the smallest ``difference`` with the power; of a share
        it is a rise.

    Raises
    ------
    OptionError
        If an option is out of its range, or no difference has the power.

    Examples
    --------
    >>> from loyaltymodel import planning
    >>> found = planning.detectable_difference(planning.Quantity.mean(sd=2), 64)
    >>> round(found.difference, 3), round(found.margin, 3)
    (0.998, 0.7)
    >>> one = planning.detectable_difference(planning.Quantity.share(0.5), 381, n_groups=1)
    >>> round(one.margin, 4)
    0.05
    """
    check_count("n_obs", n_obs, least=2)
    check_between("power", power, such_as=0.8)
    plan = _read(
        quantity,
        n_groups,
        ratio=ratio,
        overlap=overlap,
        correlation=correlation,
        level=level,
        n_comparisons=n_comparisons,
        deff=deff,
        population=population,
    )
    most = quantity.sd * _FAR
    if quantity.kind == "share":
        most = (1 - float(quantity.expected or 0.0)) * _NEARLY
    found = kernels.least_difference(lambda d: plan.power(n_obs, d), power, most)
    if found is None:
        raise OptionError(
            f"{n_obs:,} respondents find no difference with a power of {power:g}; take more of "
            "them, or less power"
        )
    return _result(plan, n_obs, found, n_comparisons, level, response_rate)


@checked
def power(
    quantity: Quantity,
    n_obs: Sequence[int] | int,
    *,
    difference: float,
    n_groups: int = 2,
    ratio: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    level: float = 0.95,
    n_comparisons: int = 1,
    deff: float = 1.0,
    population: int | None = None,
) -> PowerCurve:
    """Return the power to find a difference, by the number of respondents (检验功效).

    Parameters
    ----------
    quantity : Quantity
        What is to be estimated.
    n_obs : int or sequence of int
        Respondents of the first group.
    difference : float
        The difference, not 0.
    n_groups : {1, 2}
        Groups or waves; one is held against a fixed value.
    ratio : float
        Respondents of the second group for each of the first, above 0.
    overlap : float
        Share of respondents who are in both waves, 0 to 1.
    correlation : float
        Correlation of the two answers of such a respondent.
    level : float
        Confidence level.
    n_comparisons : int
        Comparisons that share the error 1 - level.
    deff : float
        Design effect.
    population : int, optional
        Customers that there are; of one group only.

    Returns
    -------
    PowerCurve
        A power for each size.

    Raises
    ------
    OptionError
        If an option is out of its range.

    Examples
    --------
    R's ``power.prop.test(n = 50, p1 = 0.5, p2 = 0.75)`` gives 0.740:

    >>> from loyaltymodel import planning
    >>> found = planning.power(planning.Quantity.share(0.5), 50, difference=0.25)
    >>> found.power.round(3)
    array([0.74])
    """
    sizes = read_sizes(n_obs)
    _check_difference(quantity, difference)
    plan = _read(
        quantity,
        n_groups,
        ratio=ratio,
        overlap=overlap,
        correlation=correlation,
        level=level,
        n_comparisons=n_comparisons,
        deff=deff,
        population=population,
    )
    n = np.array(sizes, dtype=np.float64)
    nothing = np.full(len(n), np.nan)
    between = "of two groups" if n_groups == 2 else "from a fixed value"  # noqa: PLR2004
    return PowerCurve(
        question=f"difference {difference:g} {between}",
        sizes=np.array(sizes, dtype=np.intp),
        power=plan.powers(n, difference),
        power_error=np.zeros(len(n)),
        std_error=nothing,
        margin=nothing,
        bias=nothing,
        failed_share=nothing,
        truth=difference,
        within=None,
        level=level,
        n_surveys=0,
    )


def read_sizes(n_obs: Sequence[int] | int, *, least: int = 2) -> list[int]:
    """Return numbers of respondents as a list, each once, from the smallest."""
    given = [n_obs] if isinstance(n_obs, int) else list(n_obs)
    if not given:
        raise OptionError("n_obs is empty; give at least one number of respondents")
    for n in given:
        check_count("n_obs", n, least=least)
    if max(given) > MOST:
        raise OptionError(f"n_obs={max(given)} is too large; give at most {MOST:,} respondents")
    return sorted({int(n) for n in given})


def _read(
    quantity: Quantity,
    n_groups: int,
    *,
    ratio: float,
    overlap: float,
    correlation: float,
    level: float,
    n_comparisons: int,
    deff: float,
    population: int | None,
) -> _Plan:
    """Check what all have in common."""
    if n_groups not in (1, 2):
        raise OptionError(f"n_groups={n_groups} is not an option; choose one of 1, 2")
    check_positive("ratio", ratio)
    check_share("overlap", overlap)
    check_finite("correlation", correlation)
    if abs(correlation) > 1:
        raise OptionError(f"correlation={correlation:g} must lie between -1 and 1")
    check_level(level)
    check_count("n_comparisons", n_comparisons, least=1)
    check_positive("deff", deff)
    if n_groups == 1 and (overlap or ratio != 1):
        raise OptionError("ratio and overlap are those of two groups; choose n_groups=2")
    if overlap and ratio != 1:
        raise OptionError("waves that overlap are planned equally large; leave ratio at 1")
    if correlation and not overlap:
        raise OptionError(
            "correlation is that of the two answers of people who are in both waves; give their "
            "share as overlap, 1 for a panel"
        )
    if overlap * correlation >= 1:
        raise OptionError("answers that correlate by 1 leave no difference with an error to plan")
    if population is not None:
        check_count("population", population, least=2)
        if n_groups == 2:  # noqa: PLR2004
            raise OptionError(
                "population belongs to one group: two groups are compared for what made them "
                "differ, which a census would not know without error either; leave it out"
            )
    each = 1 - (1 - level) / n_comparisons
    limit = np.inf if population is None else float(population)
    return _Plan(quantity, Layout(n_groups, ratio, overlap, correlation, deff, limit), each)


def _check_difference(quantity: Quantity, difference: float) -> None:
    check_finite("difference", difference)
    if difference == 0:
        raise OptionError("difference=0 is none; give the smallest one that matters")
    if quantity.kind == "share":
        other = float(quantity.expected or 0.0) + difference
        if not 0 <= other <= 1:
            raise OptionError(
                f"a share of {quantity.expected:g} and a difference of {difference:g} make "
                f"{other:g}, which is no share; shares go from 0 to 1"
            )


def _result(
    plan: _Plan,
    n: int,
    difference: float | None,
    n_comparisons: int,
    level: float,
    response_rate: float,
) -> SampleSize:
    check_share("response_rate", response_rate, above=True, such_as=0.3)
    layout = plan.layout
    sizes = [n]
    if layout.n_groups == 2:  # noqa: PLR2004
        sizes.append(int(np.ceil(layout.ratio * n - 1e-9)))
    invited = [int(np.ceil(size / response_rate - 1e-9)) for size in sizes]
    limited = np.isfinite(layout.population)
    if limited and n > layout.population:
        raise OptionError(
            f"{n:,} respondents are more than the population of {layout.population:,.0f}"
        )
    if limited and invited[0] > layout.population:
        raise OptionError(
            f"{invited[0]:,} would have to be invited for {n:,} answers, and there are "
            f"{layout.population:,.0f}; allow a wider margin, or see to a higher response rate"
        )
    return SampleSize(
        quantity=plan.quantity,
        n_obs=sum(sizes),
        sizes=np.array(sizes, dtype=np.intp),
        invited=np.array(invited, dtype=np.intp),
        margin=plan.margin(n),
        difference=difference,
        power=None if difference is None else plan.power(n, difference),
        level=level,
        n_comparisons=n_comparisons,
        deff=layout.deff,
        population=int(layout.population) if limited else None,
        response_rate=response_rate,
    )
