"""Penalty and reward: whether low performance hurts more than high performance helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_resamples
from loyaltymodel._options import check_finite, enumerate_names
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.attributes import kernels
from loyaltymodel.attributes.inputs import Answers, Door, named, read_with_target
from loyaltymodel.attributes.uncertainty import (
    Uncertainty,
    facts_of,
    observed_moments,
    resample,
    tidy,
)
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

Cutoff = float | Mapping[str, float]

_QUANTITIES = ("penalty", "reward", "range", "asymmetry")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PenaltyRewardResult(FrozenRecord):
    """What low and high performance of each attribute do to a target.

    Made by :func:`penalty_reward`.

    Attributes
    ----------
    target : str
        What is explained.
    attributes : tuple of str
        The attributes, k names.
    low, high : ndarray of shape (k,)
        Up to which answer performance counts as low, and from which as high.
    n_obs : int
        Number of respondents whose weight is not zero.
    n_dropped : int
        Respondents left out because an answer was missing.
    share_low, share_high : ndarray of shape (k,)
        Weighted shares of respondents who rate it low and high.
    penalty, reward : ndarray of shape (k,)
        Coefficients of low and of high performance, in units of the target.
    r_squared : float
        Share of the target's variance that they explain together.
    uncertainty : Uncertainty or None
        What resampling found, if it was asked for.

    Examples
    --------
    >>> from loyaltymodel import attributes, datasets
    >>> survey = datasets.load_mobile_phones()
    >>> attributes.penalty_reward("CUSA1", ["PERQ1", "PERQ4"], low=6, high=9, data=survey)
    <PenaltyRewardResult: 2 attributes, target CUSA1, 250 respondents, R2 0.384>
    """

    target: str
    attributes: tuple[str, ...]
    low: FloatArray
    high: FloatArray
    n_obs: int
    n_dropped: int
    share_low: FloatArray
    share_high: FloatArray
    penalty: FloatArray
    reward: FloatArray
    r_squared: float
    uncertainty: Uncertainty | None

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return (
            f"<PenaltyRewardResult: {len(self.attributes)} attributes, target {self.target}, "
            f"{self.n_obs} respondents, R2 {self.r_squared:.3f}>"
        )

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def table(self) -> pd.DataFrame:
        """Cut-offs, shares, penalty, reward, their range and asymmetry, a row an attribute."""
        columns = {
            "low": self.low,
            "high": self.high,
            "share_low": self.share_low,
            "share_high": self.share_high,
            "penalty": self.penalty,
            "reward": self.reward,
            "range": self.reward - self.penalty,
            "asymmetry": self.reward + self.penalty,
        }
        index = pd.Index(self.attributes, name="attribute")
        return pd.DataFrame({name: values.copy() for name, values in columns.items()}, index)

    @property
    def intervals(self) -> pd.DataFrame:
        """Penalty, reward, range, asymmetry and R2, a row each, with errors and intervals.

        Raises
        ------
        DataError
            If no resamples were asked for.
        """
        k = len(self.attributes)
        labels = pd.DataFrame(
            {
                "quantity": [*np.repeat(_QUANTITIES, k), "r_squared"],
                "attribute": [*self.attributes * len(_QUANTITIES), ""],
            }
        )
        estimate = np.append(_quantities(self.penalty, self.reward), self.r_squared)
        return tidy(labels, estimate, self.uncertainty)

    def summary(self) -> Summary:
        """Return penalties and rewards as tables and words.

        Returns
        -------
        Summary
            ``print`` it, let a notebook show it, or take its LaTeX.
        """
        dropped = f" ({self.n_dropped} left out)" if self.n_dropped else ""
        facts = [
            ("target", self.target),
            ("respondents", f"{self.n_obs}{dropped}"),
            ("R2", f"{self.r_squared:.3f}"),
        ]
        tables = [table_of("Penalty and reward, in units of the target", self.table.reset_index())]
        if self.uncertainty is not None:
            facts += facts_of(self.uncertainty)
            rows = self.intervals.query("quantity == 'asymmetry'").drop(columns="quantity")
            tables.append(table_of("Asymmetry: reward plus penalty", rows))
        remark = (
            "Penalty and reward compare with those who rate the attribute in between and all "
            "others alike. Where the asymmetry is negative, low performance hurts more than high "
            "performance helps."
        )
        title = f"Penalty and reward on {self.target}"
        return Summary(title, tuple(facts), tuple(tables), (remark,))


def penalty_reward(
    target: object,
    attributes: Sequence[str] | Mapping[str, object],
    *,
    low: Cutoff,
    high: Cutoff,
    data: object = None,
    weights: object = None,
    missing: Missing = "raise",
    n_resamples: int = 0,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> PenaltyRewardResult:
    """Return what low and high performance of each attribute do to a target.

    A regression on two dummy variables an attribute, one for low and one for high performance:
    the penalty-reward contrast analysis. Where the penalty is the larger one, the attribute
    behaves like a must-be quality; where the reward is, like an attractive one.

    Parameters
    ----------
    target : str or array-like of shape (n,)
        What is to be explained, such as overall satisfaction: a column of ``data``, or values.
    attributes : sequence of str, or mapping from str to str or array-like of shape (n,)
        Rated performance: columns of ``data``; or names to show, each with its column or
        values.
    low, high : float, or mapping from attribute to float
        Performance is low up to and including ``low`` and high from ``high`` on, in units of
        the answers; one number for all, or one for each attribute.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    weights : str or array-like of shape (n,), optional
        Weight of each respondent, none negative and not all zero.
    missing : {"raise", "drop"}
        With "drop", respondents without an answer to any of the questions are left out.
    n_resamples : int
        Number of bootstrap resamples of respondents; 0 for no errors and intervals.
    level : float
        Confidence level between 0 and 1.
    rng : numpy.random.Generator, int or None
        Source of randomness of the resamples.

    Returns
    -------
    PenaltyRewardResult
        Penalty, reward, range (reward less penalty) and asymmetry (reward plus penalty) of
        each attribute, in units of the target.

    Raises
    ------
    DataError
        If variables differ in length, are named twice, are not numeric or missing, the target
        is constant, nobody or everybody rates an attribute low or high, or a weight is
        negative.
    NotIdentifiedError
        If respondents are fewer than dummy variables plus two, or a dummy variable is made up
        exactly by others, such as where nobody is in between.
    OptionError
        If an option is not one of its choices, or ``low`` is not below ``high``.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out.

    See Also
    --------
    key_drivers : How much each attribute explains.

    Notes
    -----
    target = a + sum over attributes of penalty_j [x_j <= low_j] + reward_j [x_j >= high_j] +
    error. The result depends on where low and high are set, and there is no default for that.
    Asymmetry divided by range lies between -1 and 1 where the penalty is not positive and the
    reward not negative, and is an index of the kind that Mikulić and Prebežac call impact
    asymmetry. It is not computed, because it is undetermined where the range is near 0.

    References
    ----------
    .. [1] Brandt, R. D. (1987). A procedure for identifying value-enhancing service components
       using customer satisfaction survey data. In C. Surprenant (Ed.), Add value to your
       service (pp. 61-65). American Marketing Association.

    Examples
    --------
    Those in between are at 5, low performance costs 3 points and high performance brings 1:

    >>> from loyaltymodel import attributes
    >>> staff = [2, 2, 6, 6, 9, 9]
    >>> satisfaction = [1, 3, 4, 6, 5, 7]
    >>> found = attributes.penalty_reward(satisfaction, {"staff": staff}, low=3, high=8)
    >>> found.table[["penalty", "reward", "range", "asymmetry"]].round(9)
               penalty  reward  range  asymmetry
    attribute
    staff         -3.0     1.0    4.0       -2.0
    """
    check_resamples(n_resamples, level=level, optional=True)
    given = named(attributes, "attributes")
    lows, highs = _cutoffs("low", low, given), _cutoffs("high", high, given)
    if (crossed := lows >= highs).any():
        first = list(given)[int(np.argmax(crossed))]
        raise OptionError(f"low is not below high for {first!r}; nobody would be in between")
    answers = read_with_target(given, target, Door(data, weights, missing))
    dummies = _dummies(answers, lows, highs)
    units = dummies.units()
    covariances = observed_moments(units)[1]
    _check_identified(dummies, covariances[0])
    k = len(given)
    spread = dummies.deviations[-1] / dummies.deviations[:-1]

    def evaluate(_: FloatArray, drawn: FloatArray) -> tuple[FloatArray, BoolArray]:
        slopes, r_squared, solvable = kernels.regression(drawn)
        effects = slopes * spread
        found = _quantities(effects[:, :k], effects[:, k:])
        return np.concatenate([found, r_squared[:, None]], axis=1), solvable

    estimate = evaluate(covariances[:, 0], covariances)[0][0]
    uncertainty = resample(
        units,
        evaluate,
        n_resamples=n_resamples,
        level=level,
        rng=np.random.default_rng(rng),
    )
    return PenaltyRewardResult(
        target=answers.names[-1],
        attributes=tuple(given),
        low=lows,
        high=highs,
        n_obs=answers.n_obs,
        n_dropped=answers.n_dropped,
        share_low=dummies.means[:k],
        share_high=dummies.means[k:-1],
        penalty=estimate[:k],
        reward=estimate[k : 2 * k],
        r_squared=float(estimate[-1]),
        uncertainty=uncertainty,
    )


def _quantities(penalty: FloatArray, reward: FloatArray) -> FloatArray:
    """Put penalty and reward (..., k), their range and asymmetry side by side (..., 4k)."""
    return np.concatenate([penalty, reward, reward - penalty, reward + penalty], axis=-1)


def _cutoffs(option: str, cutoff: object, names: Mapping[str, object]) -> FloatArray:
    """Return a cut-off for each attribute, from one number or a mapping."""
    if isinstance(cutoff, Mapping):
        if apart := sorted(set(cutoff) ^ set(names)):
            raise OptionError(
                f"{option} and the attributes differ in {enumerate_names(apart)}; a mapping "
                "needs one cut-off for each attribute"
            )
        found = [cutoff[name] for name in names]
    else:
        found = [cutoff] * len(names)
    for value in found:
        check_finite(option, value, way_out=" in units of the answers")
    return np.array(found, dtype=np.float64)


def _dummies(answers: Answers, low: FloatArray, high: FloatArray) -> Answers:
    """Replace performance (n, k) by whether it is low and whether it is high; keep the target.

    Raises
    ------
    DataError
        If nobody or everybody rates an attribute low, or high.
    """
    performance = answers.values[:, :-1]
    names = answers.names[:-1]
    marks = {"low": performance <= low, "high": performance >= high}
    for option, marked in marks.items():
        share = answers.weights @ marked
        if (alike := (share == 0) | (share == answers.weights.sum())).any():
            place = int(np.argmax(alike))
            who = "nobody" if share[place] == 0 else "everybody"
            raise DataError(
                f"{who} rates {names[place]!r} {option}; set another cut-off for it, such as "
                f"{option}={{{names[place]!r}: ...}} with one for each attribute, or leave it out"
            )
    labels = [f"{option} {name}" for option in marks for name in names]
    values = np.column_stack([*marks.values(), answers.values[:, -1]])
    return Answers((*labels, answers.names[-1]), values, answers.weights, answers.n_dropped)


def _check_identified(dummies: Answers, correlations: FloatArray) -> None:
    """Refuse too few respondents, and dummy variables that others make up.

    Raises
    ------
    NotIdentifiedError
        If the coefficients are left open.
    """
    names = dummies.names[:-1]
    if dummies.n_obs < len(names) + 2:
        raise NotIdentifiedError(
            f"{dummies.n_obs} respondents are too few for {len(names)} coefficients, which need "
            f"at least {len(names) + 2}; take fewer attributes, or ask more people"
        )
    together = kernels.collinear(correlations[:-1, :-1])
    if len(together):
        listed = enumerate_names((names[k] for k in together), most=6)
        raise NotIdentifiedError(
            f"{listed} make each other up exactly, so their effects cannot be told apart; set "
            "other cut-offs, so that some respondents are in between, or leave an attribute out"
        )
