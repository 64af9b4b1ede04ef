"""The cusp: loyalty that holds on as satisfaction falls, then breaks, and is hard to win back."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import model_validator

from loyaltymodel._core.accepted import AsGiven, Values, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import check_choice, check_count, is_number, shown
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Number, Positive, Specification
from loyaltymodel._core.variables import like, read_numbers, read_together
from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.jones_sasser.cusp.kernels import states as kernels

Start = Literal["high", "low"]
Following = Literal["delay", "maxwell"]
Level = Literal["maxwell", "expected"]


class Cusp(Specification):
    """The cusp catastrophe model of loyalty (尖点突变模型), with known coefficients.

    Loyalty is location + unit * y, and y lies at a stable root of y^3 - beta y - alpha = 0.
    Satisfaction moves alpha, the normal factor; what ties the customer, such as the cost of
    switching, moves beta, the splitting factor. Where beta is above 0 there is a range of
    satisfaction with two stable states. There customers stay in the state that they are in: the
    loyal leave at a low threshold, and the lost come back at a higher one only.

    Parameters
    ----------
    alpha : pair of float
        Constant and slope of alpha in satisfaction; the slope is not 0.
    beta : pair of float
        Constant and slope of beta in the constraint.
    location : float
        Loyalty where y = 0.
    unit : float
        Loyalty per unit of y, above 0.

    Raises
    ------
    ModelError
        If a number is missing or infinite, the slope of alpha is 0, or the unit not above 0.

    See Also
    --------
    fit_cusp : Estimates the coefficients.

    Notes
    -----
    This is the reading of Oliva, Oliver & MacMillan [1]_, who describe how transaction costs,
    satisfaction and purchase loyalty hang together by a cusp; the names of the factors are
    Zeeman's. Units of satisfaction and constraint are the user's own.

    References
    ----------
    .. [1] Oliva, T. A., Oliver, R. L., & MacMillan, I. C. (1992). A catastrophe model for
       developing service satisfaction strategies. Journal of Marketing, 56(3), 83-95.

    Examples
    --------
    With a constraint of 3 beta is 3, so a customer is lost where alpha = 4 s - 2 falls to -2,
    at s = 0, and comes back where it has risen to 2, at s = 1:

    >>> from loyaltymodel import jones_sasser
    >>> cusp = jones_sasser.Cusp(alpha=(-2, 4), beta=(0, 1))
    >>> cusp.thresholds(3.0)
    (0.0, 1.0)
    >>> cusp.path([1.0, 0.5, 0.0, 0.5, 1.0], constraint=3.0).round(2)
    array([ 2.  ,  1.73, -2.  , -1.73,  2.  ])
    """

    alpha: tuple[Number, Number]
    beta: tuple[Number, Number]
    location: Number = 0.0
    unit: Positive = 1.0

    @model_validator(mode="after")
    def _satisfaction_counts(self) -> Self:
        if self.alpha[1] == 0:
            raise ModelError(
                f"Cusp: alpha={self.alpha} has the slope 0, so satisfaction would not matter; give "
                "alpha=(constant, slope) with another slope"
            )
        return self

    @checked
    def equilibria(
        self, satisfaction: Values, *, constraint: Values
    ) -> tuple[AsGiven, AsGiven, AsGiven]:
        """Return the loyalty of those at rest: low, middle and high.

        Parameters
        ----------
        satisfaction : number, array or Series
            Levels of satisfaction, of any shape.
        constraint : number, array or Series
            How strongly the customer is tied.

        Returns
        -------
        low : float, array or Series
            Loyalty in the low state.
        middle : float, array or Series
            Loyalty that parts the two; NaN where there is a single state.
        high : float, array or Series
            Loyalty in the high state, equal to ``low`` where there is a single one.

        Raises
        ------
        DataError
            If a number is missing or infinite, or the shapes or labels do not fit together.

        Notes
        -----
        There are three roots where Cardan's discriminant 27 alpha^2 - 4 beta^3 is below 0. On a
        fold, where it is exactly 0, two roots coincide: the middle one equals ``low`` or ``high``.

        Examples
        --------
        With unit coefficients satisfaction is alpha, the constraint is beta, and loyalty is the
        state. y^3 - 4 y = y (y - 2) (y + 2), and y^3 - 3 y - 2 = (y - 2) (y + 1)^2 is a fold:

        >>> from loyaltymodel import jones_sasser
        >>> cusp = jones_sasser.Cusp(alpha=(0, 1), beta=(0, 1))
        >>> cusp.equilibria(0.0, constraint=4.0)
        (-2.0, 0.0, 2.0)
        >>> cusp.equilibria(2.0, constraint=3.0)
        (-1.0, -1.0, 2.0)
        >>> cusp.equilibria(8.0, constraint=0.0)
        (2.0, nan, 2.0)
        """
        alpha, beta, template = self._factors(satisfaction, constraint)
        low, middle, high = (
            _like(template, self._loyalty_of(root)) for root in kernels.equilibria(alpha, beta)
        )
        return low, middle, high

    @checked
    def loyalty(
        self, satisfaction: Values, *, constraint: Values, convention: Level = "maxwell"
    ) -> AsGiven:
        """Return one loyalty for each satisfaction, without regard to the past.

        Parameters
        ----------
        satisfaction : number, array or Series
            Levels of satisfaction, of any shape.
        constraint : number, array or Series
            How strongly the customer is tied.
        convention : {"maxwell", "expected"}
            "maxwell" takes the state at which the density is highest, which jumps where alpha
            changes its sign. "expected" takes the mean of the density, which lies between the
            states and jumps nowhere.

        Returns
        -------
        float, array or Series
            Loyalty.

        Raises
        ------
        DataError
            If a number is missing or infinite, or the shapes or labels do not fit together.
        OptionError
            If ``convention`` is not one of its choices.

        See Also
        --------
        Cusp.path : Takes the past into account.
        """
        check_choice("convention", convention, Level)
        alpha, beta, template = self._factors(satisfaction, constraint)
        if convention == "expected":
            states = kernels.law(alpha.ravel(), beta.ravel()).moments[0].reshape(alpha.shape)
        else:
            states = kernels.deepest(alpha, beta)
        return _like(template, self._loyalty_of(states))

    @checked
    def thresholds(self, constraint: Values) -> tuple[AsGiven, AsGiven]:
        """Return the satisfaction at which the loyal are lost, and at which the lost come back.

        Parameters
        ----------
        constraint : number, array or Series
            How strongly the customer is tied.

        Returns
        -------
        loss : float, array or Series
            Satisfaction at which the loyal state vanishes; NaN where beta is below 0, so that
            loyalty follows satisfaction without a jump.
        regain : float, array or Series
            Satisfaction at which the low state vanishes. It is above ``loss`` if loyalty rises
            with satisfaction, and the two meet where beta is 0.

        Raises
        ------
        DataError
            If a number is missing or infinite.

        Notes
        -----
        The states vanish where alpha is -2 (beta / 3)^1.5 and 2 (beta / 3)^1.5.

        Examples
        --------
        With unit coefficients these are alphas, 2 (3 / 3)^1.5 = 2:

        >>> from loyaltymodel import jones_sasser
        >>> cusp = jones_sasser.Cusp(alpha=(0, 1), beta=(0, 1))
        >>> cusp.thresholds(3.0)
        (-2.0, 2.0)
        >>> cusp.thresholds(-1.0)
        (nan, nan)
        """
        held = read_numbers("constraint", constraint, any_size=True)
        fold = _computed(kernels.folds(self._beta_of(held)))
        constant, slope = self.alpha
        with np.errstate(over="ignore"):
            # Adding 0 takes the sign from -0.
            loss, regain = (_computed((side * fold - constant) / slope + 0.0) for side in (-1, 1))
        return like(constraint, loss), like(constraint, regain)

    @checked
    def path(
        self,
        satisfaction: Values,
        *,
        constraint: Values,
        start: Start | npt.ArrayLike = "high",
        convention: Following = "delay",
    ) -> AsGiven:
        """Return loyalty over time, as satisfaction goes up and down (滞后效应).

        Parameters
        ----------
        satisfaction : array of shape (t,) or (t, n), Series or DataFrame
            Levels of satisfaction; time runs along the first axis, customers along the second.
        constraint : number, or array that fits the shape of ``satisfaction``
            How strongly the customer is tied; an array of shape (n,) holds one number a customer.
        start : {"high", "low"} or array of shape (n,)
            The state before the first step, where that step allows two; or the loyalty then,
            which counts as high above the unstable state.
        convention : {"delay", "maxwell"}
            "delay" stays in a state until that vanishes. "maxwell" is always in the state at
            which the density is highest, so nothing depends on the past.

        Returns
        -------
        array, Series or DataFrame
            Loyalty, shaped as ``satisfaction``.

        Raises
        ------
        DataError
            If a number is missing or infinite, or the shapes or labels do not fit together.
        OptionError
            If ``start`` or ``convention`` is not one of its choices.

        Notes
        -----
        Only the steps that are given count. A dip between two of them is not seen.

        Examples
        --------
        Two customers who differ only in their first state are not told apart any more once
        satisfaction has passed a threshold:

        >>> import numpy as np
        >>> from loyaltymodel import jones_sasser
        >>> cusp = jones_sasser.Cusp(alpha=(-2, 4), beta=(0, 1))
        >>> satisfaction = np.array([[0.5, 0.5], [1.0, 1.0], [0.5, 0.5]])
        >>> cusp.path(satisfaction, constraint=3.0, start=[1.0, -1.0]).round(2)
        array([[ 1.73, -1.73],
               [ 2.  ,  2.  ],
               [ 1.73,  1.73]])
        """
        check_choice("convention", convention, Following)
        alpha, beta, template = self._factors(satisfaction, constraint)
        given: Any = satisfaction
        if alpha.ndim == 0 or len(alpha) == 0 or alpha.shape != np.shape(given):
            raise DataError(
                f"satisfaction has shape {np.shape(given)}; a path needs one value for each step, "
                "of shape (t,), or (t, n) for n customers, and a constraint that fits it"
            )
        if convention == "maxwell":
            states = kernels.deepest(alpha, beta)
        else:
            states = kernels.follow(alpha, beta, self._starts_high(alpha, beta, start))
        loyalty = self._loyalty_of(states)
        if isinstance(satisfaction, pd.DataFrame):
            return pd.DataFrame(loyalty, index=satisfaction.index, columns=satisfaction.columns)
        return _like(template, loyalty)

    @checked
    def branches(
        self, satisfaction: tuple[float, float], *, constraint: float, n_points: int = 100
    ) -> pd.DataFrame:
        """Return the folded curve of loyalty over satisfaction, branch by branch, for a picture.

        Parameters
        ----------
        satisfaction : pair of float
            Where the curve begins and ends.
        constraint : float
            How strongly the customer is tied.
        n_points : int
            Points on each branch, at least 2; they are evenly spaced in loyalty.

        Returns
        -------
        DataFrame
            Columns ``branch`` ("low", "middle" or "high"; "single" without a fold),
            ``satisfaction``, ``loyalty`` and ``is_stable``. A branch begins and ends exactly on
            the folds; one that the range does not touch is left out.

        Raises
        ------
        DataError
            If the constraint is not a single number.
        OptionError
            If the range is not a pair of numbers with the lower one first, or ``n_points`` is
            below 2.

        Examples
        --------
        At a satisfaction of -4 alpha is -18, and -3 solves y^3 - 3 y = -18:

        >>> from loyaltymodel import jones_sasser
        >>> cusp = jones_sasser.Cusp(alpha=(-2, 4), beta=(0, 1))
        >>> cusp.branches((-4, 5), constraint=3.0, n_points=2).round(6)
           branch  satisfaction  loyalty  is_stable
        0     low          -4.0     -3.0       True
        1     low           1.0     -1.0       True
        2  middle           1.0     -1.0      False
        3  middle           0.0      1.0      False
        4    high           0.0      1.0       True
        5    high           5.0      3.0       True
        """
        check_count("n_points", n_points, least=2)
        given = read_numbers("constraint", constraint, any_size=True)
        if given.ndim:
            raise DataError(f"constraint has shape {given.shape}; a picture needs a single number")
        low, high = satisfaction
        if not (is_number(low) and is_number(high) and -np.inf < low < high < np.inf):
            raise OptionError(
                f"satisfaction={shown(satisfaction)} must be two finite numbers with the lower "
                "one first, such as (0, 1)"
            )
        constant, slope = self.alpha
        low, high = self._alpha_of(np.array([low, high], dtype=np.float64)).tolist()
        beta = self._beta_of(given)
        _computed(kernels.folds(beta))
        parts = []
        for branch, (begin, end) in kernels.branch_ends(
            min(low, high), max(low, high), float(beta)
        ).items():
            y = np.linspace(begin, end, n_points)
            with np.errstate(over="ignore", invalid="ignore"):
                at = _computed((y**3 - beta * y - constant) / slope)
            part = pd.DataFrame({"satisfaction": at})
            part.insert(0, "branch", branch)
            parts.append(part.assign(loyalty=self._loyalty_of(y), is_stable=branch != "middle"))
        if not parts:
            raise OptionError(
                f"satisfaction={shown(satisfaction)} is too short a range for alpha to differ "
                "between its ends; give a longer one"
            )
        return pd.concat(parts, ignore_index=True)

    @checked
    def simulate(
        self,
        satisfaction: Variable,
        *,
        constraint: Variable,
        rng: np.random.Generator | int | None = None,
    ) -> AsGiven:
        """Return the loyalty of customers drawn from the density of the cusp.

        Parameters
        ----------
        satisfaction : number, array or Series
            Satisfaction of each customer, of any shape.
        constraint : number, array or Series
            How strongly each is tied.
        rng : numpy.random.Generator, int or None
            Source of randomness; an int is a seed, None takes fresh entropy.

        Returns
        -------
        float, array or Series
            Loyalty of each customer, shaped as satisfaction and constraint together.

        Raises
        ------
        DataError
            If a number is missing or infinite, or the shapes or labels do not fit together.

        Notes
        -----
        y has a density proportional to exp(alpha y + beta y^2 / 2 - y^4 / 4), the law in which
        dy = (alpha + beta y - y^3) dt + sqrt(2) dW settles. Draws are exact, by rejection from
        normal laws.

        Examples
        --------
        Of customers at alpha = 0 and beta = 4 half are near 2, and half near -2:

        >>> import numpy as np
        >>> from loyaltymodel import jones_sasser
        >>> cusp = jones_sasser.Cusp(alpha=(0, 1), beta=(0, 1))
        >>> loyalty = cusp.simulate(np.zeros(10_000), constraint=4.0, rng=1)
        >>> round(float((loyalty > 0).mean()), 1), round(float(np.abs(loyalty).mean()), 1)
        (0.5, 1.9)
        """
        alpha, beta, template = self._factors(satisfaction, constraint)
        generator = np.random.default_rng(rng)
        states = kernels.draw(alpha.ravel(), beta.ravel(), generator).reshape(alpha.shape)
        return _like(template, self._loyalty_of(states))

    def _factors(
        self, satisfaction: object, constraint: object
    ) -> tuple[FloatArray, FloatArray, pd.Series | None]:
        (s, c), template = read_together({"satisfaction": satisfaction, "constraint": constraint})
        return self._alpha_of(s), self._beta_of(c), template

    def _alpha_of(self, satisfaction: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            return _computed(self.alpha[0] + self.alpha[1] * satisfaction)

    def _beta_of(self, constraint: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            return _computed(self.beta[0] + self.beta[1] * constraint)

    def _loyalty_of(self, states: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):
            return _computed(self.location + self.unit * states)

    def _starts_high(
        self, alpha: FloatArray, beta: FloatArray, start: Start | npt.ArrayLike
    ) -> npt.NDArray[np.bool_]:
        if isinstance(start, str):
            check_choice("start", start, Start)
            return np.full(alpha.shape[1:], start == "high")
        before = read_numbers("start", start)
        if before.shape != alpha.shape[1:]:
            raise DataError(
                f"start has shape {before.shape}, but there are paths of shape "
                f"{alpha.shape[1:]}; give one loyalty for each customer, or one of "
                + " and ".join(repr(choice) for choice in get_args(Start))
            )
        middle = kernels.equilibria(alpha[0], beta[0])[1]
        # Without an unstable state the start does not matter.
        high: npt.NDArray[np.bool_] = ~(before < self._loyalty_of(middle))
        return high


def _like(template: pd.Series | None, values: npt.NDArray[Any]) -> Any:
    """Answer like a Series if the shape allows it."""
    fits = template is not None and values.shape == template.shape
    return like(template if fits else None, values)


def _computed(values: FloatArray) -> FloatArray:
    """Refuse numbers beyond those of a computer; NaN says that there is none."""
    if np.isinf(values).any():
        raise DataError(
            "these numbers lead beyond those of computing (about 1e308); give satisfaction and "
            "constraint in larger units, or smaller coefficients"
        )
    return values
