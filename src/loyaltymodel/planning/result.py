"""What was planned: sizes with their margins, powers by size, errors of a curve by size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.options import check_between
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, percent, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.planning.kernels import line_of_probits
from loyaltymodel.planning.quantity import Quantity

_CALLED = {"mean": "mean", "index": "index", "share": "share", "nps": "net promoter score"}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SampleSize(Result):
    """How many respondents, and what they can show. Made by :func:`sample_size` and its sister.

    Attributes
    ----------
    quantity : Quantity
        What is estimated.
    n_obs : int
        Respondents of all groups together.
    sizes : ndarray of shape (1,) or (2,)
        Respondents of each group.
    invited : ndarray of shape (1,) or (2,)
        How many must be asked, by the response rate.
    margin : float
        Half the width of the interval, in units of the quantity; shares from 0 to 1.
    difference : float or None
        The difference that is found with the ``power``.
    power : float or None
        Probability that a difference of this size is significant.
    level : float
        Confidence level, before it is shared among comparisons.
    n_comparisons : int
        Comparisons that share the error.
    deff : float
        Design effect.
    population : int or None
        Size of the population.
    response_rate : float
        Expected share of those invited who answer.

    Examples
    --------
    >>> from loyaltymodel import planning
    >>> planning.sample_size(planning.Quantity.share(0.5), margin=0.05)
    <SampleSize: share within 0.05, 381 respondents>
    """

    quantity: Quantity
    n_obs: int
    sizes: IntArray
    invited: IntArray
    margin: float
    difference: float | None
    power: float | None
    level: float
    n_comparisons: int
    deff: float
    population: int | None
    response_rate: float
    rests_on_data: ClassVar[bool] = False

    @property
    def groups(self) -> pd.DataFrame:
        """A row a group: group, n_obs, n_invited."""
        return pd.DataFrame(
            {
                "group": ["first", "second"][: len(self.sizes)],
                "n_obs": self.sizes,
                "n_invited": self.invited,
            }
        )

    def _title(self) -> str:
        return f"Sample size for a {self._what()}"

    def _what(self) -> str:
        name = _CALLED[self.quantity.kind]
        return name if len(self.sizes) == 1 else f"difference of two {name}s"

    def _brief(self) -> str:
        aim = f"within {self.margin:.3g}"
        if self.difference is not None:
            aim = f"of {self.difference:.3g} with power {self.power:.3g}"
        return f"{self._what()} {aim}, {self.n_obs:,} respondents"

    def _facts(self) -> Facts:
        facts = [
            ("standard deviation of a respondent", f"{self.quantity.sd:.4g}"),
            ("margin", f"{self.margin:.4g} ({percent(self.level)})"),
        ]
        if self.difference is not None and self.power is not None:
            facts += [("difference", f"{self.difference:.4g}"), ("power", f"{self.power:.3f}")]
        if self.n_comparisons > 1:
            facts.append(("comparisons that share the error", str(self.n_comparisons)))
        if self.deff != 1:
            facts.append(("design effect", f"{self.deff:.3g}"))
        if self.population is not None:
            facts.append(("population", f"{self.population:,}"))
        if self.response_rate < 1:
            facts.append(("response rate", percent(self.response_rate)))
        return facts

    def _tables(self) -> list[Table]:
        return [table_of("Respondents", self.groups, digits=0)]

    def _remarks(self) -> list[str]:
        held = (
            "The numbers hold for respondents who answer independently of being asked; a design "
            "effect widens them, and non-response that depends on the answer is not in them."
        )
        return [held]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PowerCurve(Result):
    """Power by the number of respondents. Made by :func:`power` and :func:`simulate_power`.

    Attributes
    ----------
    question : str
        What must be found.
    sizes : ndarray of shape (m,)
        Numbers of respondents, of the first group where there are two.
    power : ndarray of shape (m,)
        Share of surveys that find it; a failed survey finds nothing.
    power_error : ndarray of shape (m,)
        Monte Carlo standard error of the power, 0 for a closed form.
    std_error : ndarray of shape (m,)
        Standard error of the estimate in a survey of that size; NaN where no survey was simulated.
    margin : ndarray of shape (m,)
        Half the width of the interval of that error.
    bias : ndarray of shape (m,)
        Mean estimate less the true value in the world.
    failed_share : ndarray of shape (m,)
        Share of surveys that could not be estimated.
    truth : float
        The value that surveys estimate: in the world, of endlessly many respondents.
    within : float or None
        The margin within which the estimate must lie; None for a test.
    level : float
        Confidence level.
    n_surveys : int
        Surveys simulated of each size, 0 for a closed form.

    Examples
    --------
    >>> from loyaltymodel import planning
    >>> found = planning.power(planning.Quantity.mean(sd=2), n_obs=[50, 100], difference=0.8)
    >>> found.powers[["n_obs", "power"]].round(3)
       n_obs  power
    0     50  0.508
    1    100  0.804
    """

    question: str
    sizes: IntArray
    power: FloatArray
    power_error: FloatArray
    std_error: FloatArray
    margin: FloatArray
    bias: FloatArray
    failed_share: FloatArray
    truth: float
    within: float | None
    level: float
    n_surveys: int
    rests_on_data: ClassVar[bool] = False

    @property
    def powers(self) -> pd.DataFrame:
        """A row a size: n_obs, power and its Monte Carlo error, error of the estimate, bias."""
        table = pd.DataFrame(
            {"n_obs": self.sizes, "power": self.power, "power_error": self.power_error}
        )
        if self.n_surveys:
            for name in ("std_error", "margin", "bias", "failed_share"):
                table[name] = getattr(self, name)
        return table

    @checked
    def n_for_power(self, power: float) -> pd.Series:
        """Return how many respondents have a power, with the Monte Carlo error of that number.

        Parameters
        ----------
        power : float
            The power that is wanted, between 0 and 1.

        Returns
        -------
        Series
            ``n_obs`` (rounded up), ``std_error`` of it by Monte Carlo, 0 for a closed form.

        Raises
        ------
        OptionError
            If the powers that were found do not enclose the one that is wanted.

        Notes
        -----
        Of estimates whose error falls with root n, the probit of the power rises as a straight
        line with root n. For simulated surveys the line is fitted by weighted least squares; its
        covariance gives the error (delta method). For a closed form the probits of the two
        nearest sizes are joined. Of what must lie within a margin it is the probit of
        (1 + power) / 2.

        Examples
        --------
        >>> from loyaltymodel import planning
        >>> mean = planning.Quantity.mean(sd=2)
        >>> found = planning.power(mean, n_obs=[60, 80, 100, 120], difference=0.8)
        >>> int(found.n_for_power(0.8)["n_obs"])
        100
        >>> planning.sample_size(mean, difference=0.8).sizes
        array([100, 100])
        """
        check_between("power", power, such_as=0.8)
        order = np.argsort(self.sizes)
        sizes, powers = self.sizes[order].astype(np.float64), self.power[order]
        if not powers.min() <= power <= powers.max():
            raise OptionError(
                f"power={power:g} is not between {powers.min():.3f} and {powers.max():.3f}, which "
                f"{sizes[0]:,.0f} to {sizes[-1]:,.0f} respondents have; ask for "
                f"{'more' if power > powers.max() else 'fewer'} of them in n_obs"
            )
        from scipy.special import ndtri as probit  # noqa: PLC0415  as in _core.intervals

        within = self.within is not None
        wanted = float(probit((1 + power) / 2 if within else power))
        if not self.n_surveys:
            y = probit((1 + powers) / 2 if within else powers)
            root = float(np.interp(wanted, y, np.sqrt(sizes)))
            return _size(root**2, 0.0)
        line = line_of_probits(sizes, powers, self.n_surveys, within=within)
        if line is None or line[0][1] <= 0:
            raise OptionError(
                "fewer than two sizes have a power between 0 and 1 that rises; give more sizes in "
                "n_obs near the power that is wanted, or more n_surveys"
            )
        (level, slope), covariance = line
        root = (wanted - level) / slope
        change = 2 * root / slope * np.array([-1.0, -root])
        return _size(root**2, float(np.sqrt(change @ covariance @ change)))

    def _title(self) -> str:
        return f"Power: {self.question}"

    def _brief(self) -> str:
        low, high = self.sizes.min(), self.sizes.max()
        found = f"power {self.power.min():.3f} to {self.power.max():.3f}"
        return f"{self.question}, {low:,} to {high:,} respondents, {found}"

    def _facts(self) -> Facts:
        if not self.n_surveys:
            return [("powers", "closed form")]
        return [
            ("surveys of each size", f"{self.n_surveys:,}"),
            ("true value", f"{self.truth:.4g}"),
        ]

    def _tables(self) -> list[Table]:
        digits = [0, *[3] * (len(self.powers.columns) - 1)]
        return [table_of("Power by respondents", self.powers, n_labels=0, digits=digits)]

    def _remarks(self) -> list[str]:
        if not self.n_surveys:
            return []
        counted = (
            "A survey is counted by its estimate alone: a test holds it against the standard error "
            "that surveys of this size have in this world, which takes that error as known. A "
            "survey that cannot be estimated finds nothing."
        )
        return [counted]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class CurvePrecision(Result):
    """How surely a curve and its constraints will be known. Made by :func:`curve_precision`.

    Attributes
    ----------
    names : tuple of str
        Parameters that are estimated.
    values : ndarray of shape (q,)
        Their true values.
    sizes : ndarray of shape (m,)
        Customers in each group.
    errors : ndarray of shape (m, q)
        Expected standard errors.
    level : float
        Confidence level.
    power : float
        Power of the difference that is called detectable.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser, planning
    >>> truth = jones_sasser.curve("power", {"hi": 0.95, "k": 3})
    >>> planning.curve_precision(truth, n_obs=[500], constraints={"cars": 0, "telephone": 0.5})
    <CurvePrecision: 4 parameters, 500 customers a group>
    """

    names: tuple[str, ...]
    values: FloatArray
    sizes: IntArray
    errors: FloatArray
    level: float
    power: float
    people: ClassVar[str] = "customers"
    rests_on_data: ClassVar[bool] = False

    @property
    def parameters(self) -> pd.DataFrame:
        """A row a size and parameter: true value, error, margin, detectable difference."""
        from scipy.special import ndtri as probit  # noqa: PLC0415  as in _core.intervals

        z = float(probit((1 + self.level) / 2))
        errors = self.errors.ravel()
        return pd.DataFrame(
            {
                "n_obs": np.repeat(self.sizes, len(self.names)),
                "parameter": list(self.names) * len(self.sizes),
                "truth": np.tile(self.values, len(self.sizes)),
                "std_error": errors,
                "margin": z * errors,
                "difference": (z + float(probit(self.power))) * errors,
            }
        )

    def _title(self) -> str:
        return "Expected precision of a curve"

    def _brief(self) -> str:
        sizes = ", ".join(f"{n:,}" for n in self.sizes)
        return f"{len(self.names)} parameters, {sizes} customers a group"

    def _facts(self) -> Facts:
        return [("power of a detectable difference", f"{self.power:g}")]

    def _tables(self) -> list[Table]:
        return [table_of("Parameters", self.parameters, n_labels=2)]

    def _remarks(self) -> list[str]:
        large = (
            "Errors are those of large samples, by the expected information at the true values. "
            "Near a bound, such as a constraint of 0, estimates pile up on it and spread less."
        )
        return [large]


def _size(n: float, error: float) -> pd.Series:
    return pd.Series({"n_obs": float(np.ceil(n - 1e-9)), "std_error": error})
