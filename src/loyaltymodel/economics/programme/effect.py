"""What a programme changes: members against a control group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.counts import kish, members, skewness_of, weighted_means
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import (
    check_level,
    newcombe,
    satterthwaite,
    skewed_sum,
    wilson_at,
)
from loyaltymodel._core.options import check_choice, count_of
from loyaltymodel._core.regression import is_constant
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import one_variable, read_variables, warn_if_one_decides
from loyaltymodel.economics.programme.kernels import (
    line_leverage,
    mean_of,
    n_clusters,
    parts_of_mean,
    variance_of,
)
from loyaltymodel.economics.programme.result import (
    AveragedOver,
    Estimator,
    ProgrammeEffect,
    StdErrors,
)
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

_NO_SPREAD = 1e-12  # of the largest outcome: what rounding leaves of residuals that are 0
_WHOLE_PULL = 1 - 1e-9  # a leverage that leaves no residual
_TINY = float(np.finfo(np.float64).tiny)
_LEAST = {"difference": 2, "difference_in_differences": 2, "ancova": 3}
_LEAST_CLUSTERS = 2
_LINE = 2  # customers that a line goes through, so that nothing is left to tell its error
_MEMBER = 1  # place of the effect among the coefficients


@checked
def programme_effect(
    member: Variable,
    outcome: Variable,
    *,
    before: Variable | None = None,
    estimator: Estimator = "difference",
    average_over: AveragedOver | None = None,
    weights: Variable | None = None,
    clusters: Variable | None = None,
    std_errors: StdErrors | None = None,
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> ProgrammeEffect:
    """Return the effect of membership in a programme against a control group (忠诚计划的效果评估).

    Parameters
    ----------
    member : array-like of shape (n,), Series, or name of a column
        1 or True for members, 0 or False for the control group.
    outcome : array-like of shape (n,), Series, or name of a column
        What the programme should raise, such as the spending of a period, or 1 for who stayed.
    before : array-like of shape (n,), Series, or name of a column, optional
        The same quantity of the same customers before the programme. With "difference" it only
        shows whether the groups were alike.
    estimator : {"difference", "difference_in_differences", "ancova"}
        "difference" of means. "difference_in_differences" of the changes since before
        (双重差分). "ancova": least squares with a line on ``before`` for each group, compared
        at one value of it.
    average_over : {"everybody", "members"}, optional
        For "ancova": whether the effect is averaged over all customers, the default, or over the
        members, which is what a return on the programme needs if the effect depends on
        ``before`` and members differ. The other estimators have no choice.
    weights : array-like of shape (n,), Series, or name of a column, optional
        Survey weights, above 0.
    clusters : array-like of shape (n,), Series, or name of a column, optional
        What hangs together, such as the branch of each customer.
    std_errors : {"robust", "cluster"}, optional
        "robust" is HC2, for residuals of any variance, and unbiased if the variances are in
        truth equal. With clusters it is "cluster" (CR1), which sums within clusters and
        multiplies by G / (G - 1) * (n - 1) / (n - k).
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the customer out.

    Returns
    -------
    ProgrammeEffect
        Effect with interval, in units of the outcome per member, and the groups.

    Raises
    ------
    DataError
        If values are missing, not numeric or of unequal length, ``member`` has values other
        than 0 and 1, or a group has too few customers or clusters.
    NotIdentifiedError
        If nobody in a group differs, so that nothing tells how sure the effect is, one customer has
        all the weight of a group, or a line on ``before`` cannot be drawn.
    OptionError
        If an option is not one of its choices or contradicts another, or ``before`` is lacking.

    See Also
    --------
    programme_return : Whether the effect is worth the cost.

    Notes
    -----
    Members choose themselves. Without random assignment the plain difference is mostly what they
    were like already. With a value before, one of two assumptions can take its place, and
    neither can be tested with these data. The difference in differences takes it that without
    the programme both groups would have changed by the same amount. The analysis of covariance
    takes it that among customers with the same value before, joining says nothing of what they
    would have done, and that this is a line on the value before. If customers join for what they
    are like in the long run, the first is closer; if they join because the last period was
    high, the second. The two estimates differ by (1 - b) times how much higher the members
    stood before, with b between the slopes of the groups. So where members stood higher and b
    is below 1 the difference in differences is the smaller one, and if either assumption holds
    the effect on the members lies between the two [1]_ (with ``average_over="members"``).

    With random assignment all three are right, and the analysis of covariance is the most
    precise in large samples: with a slope for each group adjustment cannot hurt there [2]_. The
    effect is (a1 + b1 c) - (a0 + b0 c), with the lines of members (1) and control (0) at the mean
    c of those it is averaged over. These are looked at as drawn at random, as in [3]_; c is itself
    estimated, and (b1 - b0)^2 times the variance of that mean is added to the variance of the
    regression.

    The difference with HC2 has the standard error and the degrees of freedom of Welch's comparison.
    For the others these are found in the same way (Satterthwaite): each group's part of the
    variance has as many degrees as customers, less 1, or less 2 with a line. With weights the
    variance of a mean and its degrees are those of :func:`~loyaltymodel.attributes.direct_report`;
    with a line Kish's effective number takes the place of the number of customers.

    What customers spend is skewed, and Welch's interval takes a group of few for surer than it is.
    So each group's part has Hall's interval for what is skewed [4]_, but none shorter to a side
    than Student's, and how far these reach is squared and added [5]_. Where nothing is skewed this
    is Welch's interval, and it is never shorter. Of an outcome of 0 and 1 the difference of means
    is one of shares, and the parts have Wilson's intervals. The p-value is that of the level at
    which an end of the interval meets 0. With one member among 6 or 11 customers, 20 or more in
    all, 95 % intervals of skewed spending held the effect in 93 % to 98 % of simulated worlds, with
    equal weights and unequal ones; Welch's held the difference in 86 % to 93 %. The skewness that a
    few show is a part of what there is: of 10 members against 200, spending in both groups as in
    these worlds, 89 % to 92 % are held. A group in which nobody differs adds nothing that could be
    seen, so that few customers who all spend nothing look too sure.

    With clusters the interval is Student's, with one degree of freedom less than the clusters of
    the group that has fewer, because errors from few clusters are too small; in simulated worlds
    with 3 to 15 clusters a group 95 % intervals then held the effect in 94 % to 98 %.

    References
    ----------
    .. [1] Ding, P., & Li, F. (2019). A bracketing relationship between
       difference-in-differences and lagged-dependent-variable adjustment. Political Analysis.
    .. [2] Lin, W. (2013). Agnostic notes on regression adjustments to experimental data:
       reexamining Freedman's critique. The Annals of Applied Statistics, 7(1), 295-318.
    .. [3] Negi, A., & Wooldridge, J. M. (2020). Revisiting regression adjustment in experiments
       with heterogeneous treatment effects. Econometric Reviews.
    .. [4] Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal
       Statistical Society B, 54(1), 221-228.
    .. [5] Newcombe, R. G. (1998). Interval estimation for the difference between independent
       proportions: comparison of eleven methods. Statistics in Medicine, 17(8), 873-890.

    Examples
    --------
    Means of 14 and 10; variances of 4 and 1 among 3 customers each give a standard error of
    sqrt(4 / 3 + 1 / 3):

    >>> from loyaltymodel import economics
    >>> member, outcome = [1, 1, 1, 0, 0, 0], [12, 14, 16, 9, 10, 11]
    >>> effect = economics.programme_effect(member, outcome)
    >>> effect.effects[["estimate", "std_error", "df"]].round(3)
       estimate  std_error     df
    0       4.0      1.291  2.941

    The members had bought 3 more before, so that 1 is left:

    >>> before = [11, 12, 13, 8, 9, 10]
    >>> changes = economics.programme_effect(
    ...     member, outcome, before=before, estimator="difference_in_differences"
    ... )
    >>> round(changes.estimate, 3)
    1.0
    """
    check_level(level)
    check_choice("estimator", estimator, Estimator)
    kind = _kind_of(std_errors, clustered=clusters is not None)
    centre = _average_of(average_over, estimator)
    if before is None and estimator != "difference":
        raise OptionError(
            f"estimator={estimator!r} needs before=, the same quantity of the same customers "
            'before the programme; without it only "difference" can be had'
        )
    one_variable("outcome", outcome, causes="member", function="programme_effect")
    given = {"member": member, "outcome": outcome}
    optional = {"before": before, "weights": weights, "clusters": clusters}
    given |= {name: value for name, value in optional.items() if value is not None}
    customers = _read(given, data, missing)
    _check_sizes(customers, estimator)
    for rows in customers.groups:
        warn_if_one_decides(customers.weights_of(rows), customers.labels[rows])
    slopes = np.full(2, np.nan)
    if estimator == "ancova":
        found, slopes = _by_lines(customers, centre)
    else:
        found = _by_means(customers, changes=estimator == "difference_in_differences")
    x = customers.before
    df = _degrees_of(found, customers)
    return ProgrammeEffect(
        estimator=estimator,
        averaged_over=centre,
        std_errors=kind,
        estimates=_with_interval(found, customers, estimator, df, level),
        df=df,
        level=level,
        counts=np.array([rows.sum() for rows in customers.groups]),
        outcome_means=customers.means(customers.outcome),
        before_means=np.full(2, np.nan) if x is None else customers.means(x),
        before_deviations=np.full(2, np.nan) if x is None else customers.deviations(x),
        group_slopes=slopes,
        n_clusters=None if customers.cluster is None else int(customers.cluster.max()) + 1,
        group_clusters=customers.clusters_of_groups,
        n_dropped=customers.n_dropped,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Customers:
    """Who was observed (n,): outcome, membership, value before, weight and cluster."""

    outcome: FloatArray
    member: BoolArray
    before: FloatArray | None
    weights: FloatArray
    cluster: IntArray | None
    labels: pd.Index
    n_dropped: int

    @property
    def groups(self) -> tuple[BoolArray, BoolArray]:
        """Rows of the members and of the control group."""
        return self.member, ~self.member

    @property
    def numbers(self) -> FloatArray:
        """Number of customers that each group is worth, shape (2,)."""
        return np.array([kish(self.weights_of(rows)) for rows in self.groups])

    @property
    def clusters_of_groups(self) -> IntArray:
        """Number of clusters with customers of each group, shape (2,) or (0,)."""
        if self.cluster is None:
            return np.array([], dtype=np.intp)
        return np.array([n_clusters(self.cluster, rows) for rows in self.groups])

    def weights_of(self, rows: BoolArray) -> FloatArray:
        """Return the weights of some rows over the largest of them, so that squares are safe."""
        own = self.weights[rows]
        return np.asarray(own / own.max())

    def means(self, x: FloatArray) -> FloatArray:
        """Return the mean in each group, shape (2,)."""
        return np.array([mean_of(x[rows], self.weights_of(rows)) for rows in self.groups])

    def deviations(self, x: FloatArray) -> FloatArray:
        """Return the standard deviation in each group, shape (2,)."""
        return np.sqrt([variance_of(x[rows], self.weights_of(rows)) for rows in self.groups])


def _kind_of(std_errors: StdErrors | None, *, clustered: bool) -> StdErrors:
    if std_errors is None:
        return "cluster" if clustered else "robust"
    check_choice("std_errors", std_errors, StdErrors)
    if clustered != (std_errors == "cluster"):
        raise OptionError(
            f"std_errors={std_errors!r} "
            + (
                'ignores the clusters; with them it can only be "cluster"'
                if clustered
                else 'goes by clusters; give clusters= as well, or choose "robust"'
            )
        )
    return std_errors


def _average_of(average_over: AveragedOver | None, estimator: Estimator) -> AveragedOver | None:
    if average_over is None:
        return "everybody" if estimator == "ancova" else None
    check_choice("average_over", average_over, AveragedOver)
    if estimator != "ancova":
        raise OptionError(
            f'average_over={average_over!r} belongs to estimator="ancova"; {estimator!r} compares '
            "the groups as they are, so leave it out"
        )
    return average_over


def _read(given: Mapping[str, object], data: object, missing: Missing) -> _Customers:
    read = read_variables(
        given,
        data=data,
        bounds={"member": (0.0, 1.0), "weights": (_TINY, np.inf)},
        categories=["clusters"],
        missing=missing,
    )
    joined = np.asarray(read["member"], dtype=np.float64)
    if not np.isin(joined, (0, 1)).all():
        raise DataError("member must be 1 (or True) for members and 0 for the control group")
    return _Customers(
        outcome=np.asarray(read["outcome"], dtype=np.float64),
        member=joined == 1,
        before=np.asarray(read["before"], dtype=np.float64) if "before" in given else None,
        weights=(
            np.asarray(read["weights"], dtype=np.float64)
            if "weights" in given
            else np.ones(read.n_rows)
        ),
        cluster=read.codes("clusters", most=None)[0] if "clusters" in given else None,
        labels=read.labels,
        n_dropped=read.n_dropped,
    )


def _check_sizes(customers: _Customers, estimator: Estimator) -> None:
    least = _LEAST[estimator]
    for name, rows in zip(("members", "control"), customers.groups, strict=True):
        if (n := int(rows.sum())) < least:
            raise DataError(
                f"the group {name!r} has {count_of(n, 'customer')}; "
                f"{estimator!r} needs at least {least} in each group"
            )
        if 1 / customers.weights_of(rows).sum() > _WHOLE_PULL:
            raise NotIdentifiedError(
                f"one customer has all the weight of the group {name!r}, so that its mean is "
                "this customer's and its error cannot be seen; limit the weights, or leave them out"
            )
    if customers.cluster is not None and customers.clusters_of_groups.min() < _LEAST_CLUSTERS:
        members, control = customers.clusters_of_groups
        raise DataError(
            f"{members} clusters have members and {control} have control; each group needs at "
            "least 2, because one cluster cannot show how clusters differ"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Effect:
    """An effect, and independent parts (m,) of its error: variance, degrees, and skewness."""

    estimate: float
    variances: FloatArray
    degrees: FloatArray
    skewness: FloatArray


def _degrees_of(found: _Effect, customers: _Customers) -> float:
    """Return the degrees of freedom of the standard error."""
    if customers.cluster is not None:
        return float(customers.clusters_of_groups.min() - 1)
    return float(satterthwaite(found.variances / found.variances.max(), found.degrees))


def _with_interval(
    found: _Effect, customers: _Customers, estimator: Estimator, df: float, level: float
) -> EstimateTable:
    labels = FrozenMapping({"quantity": ("membership",)})
    estimate, error = np.array([found.estimate]), np.sqrt(found.variances.sum(keepdims=True))
    if customers.cluster is not None:
        return EstimateTable.student(labels, estimate, error, df=df, level=level)
    if estimator == "difference" and np.isin(customers.outcome, (0, 1)).all():
        own = [
            members(customers.outcome[rows, None], customers.weights_of(rows), level=level)
            for rows in customers.groups
        ]
        one, other = (partial(wilson_at, shares.share, shares.n) for shares in own)
        interval = newcombe(own[0].share, own[1].share, (one, other), level=level)
    else:
        interval = skewed_sum(
            estimate,
            np.sqrt(found.variances)[:, None],
            found.skewness[:, None],
            found.degrees[:, None],
            level=level,
        )
    return EstimateTable(
        labels=labels,
        estimate=estimate,
        std_error=error,
        ci_low=interval.low,
        ci_high=interval.high,
        p_value=interval.p_value,
        level=level,
        method="Newcombe",
    )


def _by_means(customers: _Customers, *, changes: bool) -> _Effect:
    y = customers.outcome
    if changes and customers.before is not None:
        y = y - customers.before
    design = np.column_stack([np.ones(len(y)), customers.member])
    coefficients, variances, skewness = _regress(y, design, customers)
    effect = float(coefficients[_MEMBER])
    if customers.cluster is not None:
        return _Effect(effect, variances, customers.numbers - 1, skewness)
    parts = [weighted_means(y[g, None], customers.weights_of(g)) for g in customers.groups]
    # A group in which nobody differs adds nothing that could be seen.
    variances = np.array([float(np.nan_to_num(error[0])) ** 2 for _, error, _ in parts])
    return _Effect(effect, variances, np.array([degrees for *_, degrees in parts]), skewness)


def _by_lines(
    customers: _Customers, averaged_over: AveragedOver | None
) -> tuple[_Effect, FloatArray]:
    """Return the effect by a line in each group, and the slopes of members and control."""
    x = customers.before
    assert x is not None  # noqa: S101  asked for before
    whom = customers.member if averaged_over == "members" else np.ones(len(x), dtype=np.bool_)
    unit = _unit_of(x, customers)
    theirs = customers.weights_of(whom)
    centred = (x - mean_of(x[whom], theirs)) / unit
    design = np.column_stack(
        [np.ones(len(x)), customers.member, centred, customers.member * centred]
    )
    coefficients, variances, skewness = _regress(customers.outcome, design, customers)
    _, effect, slope, more = coefficients
    cluster = None if customers.cluster is None else customers.cluster[whom]
    by_mean = more / unit * parts_of_mean(x[whom], theirs, cluster)
    of_mean = (by_mean**2).sum() * len(by_mean) / (len(by_mean) - 1)
    found = _Effect(
        float(effect),
        np.append(variances, of_mean),
        np.append(customers.numbers - _LINE, kish(theirs) - 1),
        np.append(skewness, skewness_of(by_mean)),
    )
    return found, np.array([slope + more, slope]) / unit


def _unit_of(x: FloatArray, customers: _Customers) -> float:
    """Return a unit in which lines are drawn, after a look at whether they can be."""
    for name, rows in zip(("members", "control"), customers.groups, strict=True):
        own, weights = x[rows], customers.weights_of(rows)
        if customers.cluster is None and (worth := kish(weights)) <= _LINE:
            raise NotIdentifiedError(
                f"by their weights the {name} tell as much as {worth:.3g} customers, and a line "
                "takes more than 2; limit the weights, or take "
                'estimator="difference_in_differences"'
            )
        if is_constant(own):
            raise NotIdentifiedError(
                f"before is the same for all {name}, so no line can be drawn; take "
                'estimator="difference_in_differences", or "difference"'
            )
        if line_leverage(own, weights).max() > _WHOLE_PULL:
            if line_leverage(own, np.ones(len(own))).max() <= _WHOLE_PULL:
                raise NotIdentifiedError(
                    f"one or two {name} have so large weights that the line goes through them and "
                    "its error cannot be seen; limit the weights, or take "
                    'estimator="difference_in_differences"'
                )
            raise NotIdentifiedError(
                f"before is the same for all {name} but one, so that the line goes through this "
                'one and its error cannot be seen; take estimator="difference_in_differences"'
            )
    return float(customers.deviations(x).max())


def _regress(
    y: FloatArray, design: FloatArray, customers: _Customers
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return coefficients, variances of the effect and skewness: by groups, or one by clusters."""
    # Loaded here: statsmodels takes as long to import as all the rest together.
    from statsmodels.regression.linear_model import WLS  # noqa: PLC0415

    # Each group has lines of its own, so only weights within it matter; these stay comparable.
    weights = np.empty(len(y))
    for rows in customers.groups:
        weights[rows] = customers.weights_of(rows)
    model = WLS(y, design, weights=weights)
    if customers.cluster is not None:
        fitted = model.fit(cov_type="cluster", cov_kwds={"groups": customers.cluster}, use_t=True)
        parts, skewness = np.array([fitted.cov_params()[_MEMBER, _MEMBER]]), np.zeros(1)
    else:
        fitted = model.fit(cov_type="HC2", use_t=True)
        pulls = model.pinv_wexog[_MEMBER] ** 2 * fitted.het_scale
        parts = np.array([pulls[rows].sum() for rows in customers.groups])
        pulled = model.pinv_wexog[_MEMBER] * fitted.wresid
        skewness = np.array([skewness_of(pulled[rows]) for rows in customers.groups])
    if np.abs(fitted.resid).max() <= _NO_SPREAD * np.abs(y).max():
        raise NotIdentifiedError(
            "within the groups nobody differs from what is expected, so that nothing tells how "
            "sure the effect is; check that the outcome is a value of each customer, not of a group"
        )
    return np.asarray(fitted.params), parts, skewness
