"""Penalty and reward: whether low performance hurts more than high performance helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_resamples, student
from loyaltymodel._core.options import check_finite, count_of, enumerate_names
from loyaltymodel._core.regression import errors_of_contrasts
from loyaltymodel._core.results import Facts
from loyaltymodel._core.scales import by_variable
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import one_variable, several_variables
from loyaltymodel.attributes.drivers import kernels
from loyaltymodel.attributes.drivers.resampled import _Resampled, observed_moments, with_resamples
from loyaltymodel.attributes.inputs import Answers, Door, read_with_target
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

LowAndHigh = tuple[float, float]

_GROUPS = ("low", "high")
_FEW = 5  # respondents in a group, who are named
_EXACT = 1e-12  # of the largest answer: a smaller error is rounding
_QUANTITIES = ("penalty", "reward", "range", "asymmetry")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PenaltyRewardResult(_Resampled):
    """What low and high performance of each attribute do to a target.

    Made by :func:`penalty_reward`.

    Attributes
    ----------
    target : str
        What is explained.
    cuts : mapping from attribute to (float, float)
        Up to which answer performance counts as low, and from which as high.
    estimates : EstimateTable
        Penalty, reward, range and asymmetry in units of the target, and adjusted R2, by
        ``quantity`` and ``attribute``.
    n_obs : int
        Number of respondents whose weight is not zero.
    n_dropped : int
        Respondents left out because an answer was missing.
    group_shares : ndarray of shape (k, 2)
        Weighted shares of respondents who rate each attribute low and high.
    group_sizes : ndarray of shape (k, 2)
        Numbers of these respondents.
    r_squared : float
        Share of the target's variance that low and high performance explain together.
    n_resamples : int
        Number of resamples drawn; 0 for none.
    n_failed : int
        Resamples left out because a variable was constant or collinear in them.
    level : float
        Confidence level of each interval.

    Examples
    --------
    >>> from loyaltymodel import attributes, datasets
    >>> survey = datasets.load_mobile_phones()
    >>> attributes.penalty_reward(["PERQ1", "PERQ4"], "CUSA1", cuts=(6, 9), data=survey)
    <PenaltyRewardResult: 2 attributes, target CUSA1, 250 respondents, R2 0.384>
    """

    target: str
    cuts: FrozenMapping[str, LowAndHigh]
    group_shares: FloatArray
    group_sizes: IntArray
    r_squared: float
    level: float

    @property
    def r_squared_adjusted(self) -> float:
        """R2 less what as many groups without any effect would explain by chance."""
        return float(self.estimates.estimate[-1])

    @property
    def effects(self) -> pd.DataFrame:
        """Penalty, reward, range and asymmetry of each attribute, and adjusted R2, a row each.

        ``quantity`` and ``attribute``, then ``estimate``, ``std_error``, ``ci_low``, ``ci_high``
        and the ``p_value`` of no effect. R2 has an interval with resamples only, and no p-value.
        """
        return self.estimates.frame()

    @property
    def groups(self) -> pd.DataFrame:
        """Where performance of each attribute is low and high, and of how many it is.

        ``attribute`` and ``group``, "low" or "high"; its ``cut``, the weighted ``share`` of
        respondents in it, and their number ``n_obs``.
        """
        return pd.DataFrame(
            {
                "attribute": [name for name in self.cuts for _ in _GROUPS],
                "group": [*_GROUPS] * len(self.cuts),
                "cut": [cut for pair in self.cuts.values() for cut in pair],
                "share": self.group_shares.ravel(),
                "n_obs": self.group_sizes.ravel(),
            }
        )

    @property
    def interval(self) -> None:
        """No kind to choose from: intervals of effects are Student's, of R2 between percentiles."""
        return

    def _title(self) -> str:
        return f"Penalty and reward on {self.target}"

    def _brief(self) -> str:
        n = count_of(len(self.cuts), "attribute")
        return (
            f"{n}, target {self.target}, {count_of(self.n_obs, 'respondent')}, R2 "
            f"{self.r_squared:.3f}"
        )

    def _facts(self) -> Facts:
        adjusted = f"{self.r_squared:.3f} (adjusted {self.r_squared_adjusted:.3f})"
        return (("target", self.target), ("R2", adjusted))

    def _tables(self) -> Sequence[Table]:
        values = self.estimates.estimate[:-1].reshape(len(_QUANTITIES), -1).T
        wide = pd.DataFrame(values, columns=list(_QUANTITIES))
        wide.insert(0, "attribute", list(self.cuts))
        tables = [
            table_of("Penalty and reward, in units of the target", wide),
            table_of("Who rates low and high", self.groups, n_labels=2, digits=(2, 3, 0)),
        ]
        rows = self.effects.query("quantity == 'asymmetry'").drop(columns="quantity")
        tables.append(table_of("Asymmetry: reward plus penalty", rows))
        return tables

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _remarks(self) -> Sequence[str]:
        remark = (
            "Penalty and reward compare with those who rate the attribute in between and all "
            "others alike. Where the asymmetry is negative, low performance hurts more than high "
            "performance helps."
        )
        few = self.groups.query("n_obs < @_FEW")
        who = [f"{row.attribute} {row.group} ({row.n_obs})" for row in few.itertuples()]
        remarks = [remark]
        if who:
            remarks.append(
                f"Fewer than {_FEW} respondents decide alone what it does to rate "
                f"{enumerate_names(who)}; one alone leaves no interval."
            )
        return remarks


@checked
def penalty_reward(
    attributes: Columns,
    target: Variable,
    *,
    cuts: LowAndHigh | Mapping[str, LowAndHigh],
    data: Data | None = None,
    weights: Variable | None = None,
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
    attributes : table, names of columns, or mapping from str to str or array-like of shape (n,)
        Rated performance: a table, columns of ``data``, or names to show, each with its column
        or values.
    target : str or array-like of shape (n,)
        What is to be explained, such as overall satisfaction: a column of ``data``, or values.
    cuts : pair of numbers, or mapping from attribute to pair
        Performance is low up to and including the first and high from the second on, in units of
        the answers; one pair for all, or one for each attribute.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    weights : str or array-like of shape (n,), optional
        Weight of each respondent, none negative and not all zero.
    missing : {"raise", "drop"}
        With "drop", respondents without an answer to any of the questions are left out.
    n_resamples : int
        Number of bootstrap resamples of respondents, for the interval of R2; 0 for none.
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
        If an option is not one of its choices, or ``cuts`` are no pairs with the lower one first.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out.

    See Also
    --------
    key_drivers : How much each attribute explains.

    Notes
    -----
    target = a + sum over attributes of penalty_j [x_j <= c_1j] + reward_j [x_j >= c_2j] +
    error. Intervals are Student's, with errors by squared residuals over what is expected of them
    (HC2 without weights) and degrees of freedom by Satterthwaite [2]_, which are few where few rate
    an attribute low or high. Resamples would make such intervals too short: a few people drawn
    again are fewer still. Where one respondent alone decides an effect it has no interval.

    The result depends on the cuts, and there is no default for them.
    Asymmetry divided by range lies between -1 and 1 where the penalty is not positive and the
    reward not negative, and is an index of the kind that Mikulić and Prebežac call impact
    asymmetry. It is not computed, because it is undetermined where the range is near 0.

    References
    ----------
    .. [1] Brandt, R. D. (1987). A procedure for identifying value-enhancing service components
       using customer satisfaction survey data. In C. Surprenant (Ed.), Add value to your
       service (pp. 61-65). American Marketing Association.
    .. [2] Bell, R. M., & McCaffrey, D. F. (2002). Bias reduction in standard errors for linear
       regression with multi-stage samples. Survey Methodology, 28(2), 169-181.

    Examples
    --------
    Those in between are at 5, low performance costs 3 points and high performance brings 1:

    >>> from loyaltymodel import attributes
    >>> staff = [2, 2, 6, 6, 9, 9]
    >>> satisfaction = [1, 3, 4, 6, 5, 7]
    >>> found = attributes.penalty_reward({"staff": staff}, satisfaction, cuts=(3, 8))
    >>> found.effects[["quantity", "attribute", "estimate"]].round(9).iloc[:4]
        quantity attribute  estimate
    0    penalty     staff      -3.0
    1     reward     staff       1.0
    2      range     staff       4.0
    3  asymmetry     staff      -2.0
    """
    check_resamples(n_resamples, level=level, optional=True)
    function = "penalty_reward"
    one_variable("target", target, causes="attributes", function=function, first=attributes)
    given = several_variables("attributes", attributes)
    pairs = _pairs_of(cuts, list(given))
    lows, highs = np.array(list(pairs.values()), dtype=np.float64).T
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
        explained = kernels.adjusted(r_squared, answers.n_effective, 2 * k, resampled=True)
        return np.concatenate([found, explained[:, None]], axis=1), solvable

    estimate = evaluate(covariances[:, 0], covariances)[0][0]
    r_squared = float(kernels.regression(covariances)[1][0])
    estimate[-1] = kernels.adjusted(np.array(r_squared), answers.n_effective, 2 * k)
    estimates, n_failed = with_resamples(
        {
            "quantity": [*(name for name in _QUANTITIES for _ in given), "r_squared_adjusted"],
            "attribute": [*list(given) * len(_QUANTITIES), ""],
        },
        estimate,
        units,
        evaluate,
        tested=np.arange(len(estimate)) < len(estimate) - 1,
        n_resamples=n_resamples,
        level=level,
        rng=np.random.default_rng(rng),
    )
    marks = dummies.values[dummies.weights > 0, :-1]
    return PenaltyRewardResult(
        target=answers.names[-1],
        cuts=pairs,
        estimates=_with_errors(estimates, dummies, level),
        n_obs=answers.n_obs,
        n_dropped=answers.n_dropped,
        group_shares=dummies.means[:-1].reshape(2, k).T,
        group_sizes=marks.sum(axis=0).reshape(2, k).T.astype(np.intp),
        r_squared=r_squared,
        n_resamples=n_resamples,
        n_failed=n_failed,
        level=level,
    )


def _with_errors(estimates: EstimateTable, dummies: Answers, level: float) -> EstimateTable:
    """Put errors and intervals of a regression beside all effects; R2, the last, keeps its own."""
    y, n = dummies.values[:, -1], len(dummies.values)
    design = np.column_stack([np.ones(n), dummies.values[:, :-1]])
    both = np.eye(design.shape[1])[1:]
    low, high = np.split(both, 2)
    contrasts = np.concatenate([low, high, high - low, high + low])
    errors, degrees = errors_of_contrasts(y, design, dummies.weights, contrasts)
    errors = np.where(errors > _EXACT * np.abs(y).max(), errors, np.nan)  # an exact fit shows none
    ends = student(estimates.estimate[:-1], errors, degrees, level=level)

    def joined(own: FloatArray, of_r_squared: FloatArray | None) -> FloatArray:
        return np.append(own, np.nan if of_r_squared is None else of_r_squared[-1])

    return replace(
        estimates,
        std_error=joined(errors, estimates.std_error),
        ci_low=joined(ends.low, estimates.ci_low),
        ci_high=joined(ends.high, estimates.ci_high),
        p_value=np.append(ends.p_value, np.nan),
        method="Student's t",
    )


def _quantities(penalty: FloatArray, reward: FloatArray) -> FloatArray:
    """Put penalty and reward (..., k), their range and asymmetry side by side (..., 4k)."""
    return np.concatenate([penalty, reward, reward - penalty, reward + penalty], axis=-1)


def _pairs_of(cuts: object, names: Sequence[str]) -> FrozenMapping[str, LowAndHigh]:
    """Return where each attribute is low and where it is high, from one pair or a mapping."""
    given = by_variable("cuts", cuts, names)
    return FrozenMapping({name: _pair(pair, name) for name, pair in given.items()})


def _pair(pair: Any, name: str) -> LowAndHigh:
    try:
        low, high = pair
    except (TypeError, ValueError):
        raise OptionError(
            f"cuts of {name!r} are {pair!r}, no pair; give up to which answer performance is low "
            "and from which it is high, such as (6, 9)"
        ) from None
    for value in (low, high):
        check_finite("cuts", value, way_out=" in units of the answers")
    if low >= high:
        raise OptionError(
            f"cuts of {name!r} are ({low:.12g}, {high:.12g}): the lower one is not below the "
            "higher one, so that nobody would be in between"
        )
    return float(low), float(high)


def _dummies(answers: Answers, low: FloatArray, high: FloatArray) -> Answers:
    """Replace performance (n, k) by whether it is low and whether it is high; keep the target.

    Raises
    ------
    DataError
        If nobody or everybody rates an attribute low, or high.
    """
    performance = answers.values[:, :-1]
    names = answers.names[:-1]
    size = np.abs(performance).max(axis=0)
    marks = {
        "low": reaches(low, performance, size=size),
        "high": reaches(performance, high, size=size),
    }
    for option, marked in marks.items():
        share = answers.weights @ marked
        if (alike := (share == 0) | (share == answers.weights.sum())).any():
            place = int(np.argmax(alike))
            who = "nobody" if share[place] == 0 else "everybody"
            raise DataError(
                f"{who} rates {names[place]!r} {option}; set other cuts for it, such as "
                f"cuts={{{names[place]!r}: (..., ...)}} with a pair for each attribute, or leave "
                "it out"
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
            f"the answers of {count_of(dummies.n_obs, 'respondent')} are too few for "
            f"{count_of(len(names), 'coefficient')}: at least {len(names) + 2} are needed; take "
            "fewer attributes, or ask more respondents"
        )
    together = kernels.collinear(correlations[:-1, :-1])
    if len(together):
        listed = enumerate_names((names[k] for k in together), most=6)
        raise NotIdentifiedError(
            f"{listed} make each other up exactly, so their effects cannot be told apart; set "
            "other cuts, so that some respondents are in between, or leave an attribute out"
        )
