"""Whether composites are measured alike in groups: the three steps of MICOM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd

from loyaltymodel._core import resampling
from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.intervals import check_resamples
from loyaltymodel._core.options import check_choice, enumerate_names
from loyaltymodel._core.resampling import FOR_TESTS
from loyaltymodel._core.results import Facts
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.structural.groups import kernels
from loyaltymodel.structural.groups.samples import (
    Moments,
    evaluate_groups,
    permutations,
    read_groups,
)
from loyaltymodel.structural.kernels.pls import Design
from loyaltymodel.structural.kernels.quantities import estimate
from loyaltymodel.structural.replication import (
    Task,
    count_failures,
    make_task,
    warn_of_failures,
)
from loyaltymodel.structural.result import OnFit, StructuralResult

Scores = Literal["standardised", "unstandardised"]

_STEPS = ("composition", "mean", "variance")
# Step 1 is asked of people, and the first three answers are known from how groups are fitted.
_CHECKLIST = (
    ("the same items in every group", "yes, one model"),
    ("the same treatment of the answers", "yes, one table"),
    ("the same settings and signs of scores", "yes, those of the result"),
    ("the same wording, in translation too", "to be judged by you"),
    ("the same scale and order of questions", "to be judged by you"),
    ("constructs that mean the same there", "to be judged by you"),
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MeasurementInvariance(OnFit):
    """Whether composites are measured alike in groups.

    Made by :func:`measurement_invariance`. Arrays have a row for each pair of groups, a column for
    each construct, and the steps "composition", "mean" and "variance" last.

    Attributes
    ----------
    result : StructuralResult
        The model, fitted to all respondents together.
    groups : str
        Column of the groups.
    scores : str
        Whether weights are those of standardised or of unstandardised answers.
    level : float
        1 less the level of each test.
    n_resamples : int
        Permutations of each pair of groups.
    failures : mapping from str to int
        Permutations left out, by what was wrong with them, over all pairs.
    n_clusters : int or None
        Clusters that were permuted as a whole; None without clusters.
    sizes : mapping from group to int
        Respondents of each group.
    statistic : ndarray of shape (q, j, 3)
        Correlation of the scores by either group's weights; difference of the means of scores in
        standard deviations of both groups together; logarithm of the ratio of their variances.
    critical_lower, critical_upper : ndarray of shape (q, j, 3)
        What permutations stay within, at the level.
    p_value : ndarray of shape (q, j, 3)
        Share of permutations at or beyond the statistic, the sample counted as one of them.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> survey["half"] = ["first"] * 125 + ["second"] * 125
    >>> result = structural.fit(model, survey)
    >>> structural.measurement_invariance(result, survey, groups="half", n_resamples=199, rng=1)
    <MeasurementInvariance: 2 groups by half, full invariance of 6 of 6 constructs>
    """

    made_by: ClassVar[str] = "measurement_invariance()"

    groups: str
    scores: Scores
    level: float
    n_resamples: int
    failures: FrozenMapping[str, int]
    n_clusters: int | None
    sizes: FrozenMapping[Any, int]
    statistic: FloatArray
    critical_lower: FloatArray
    critical_upper: FloatArray
    p_value: FloatArray

    @property
    def n_failed(self) -> int:
        """Number of permutations left out."""
        return sum(self.failures.values())

    @property
    def checklist(self) -> pd.DataFrame:
        """Step 1, configural invariance (构形不变性): no test, but questions to be answered."""
        return pd.DataFrame(_CHECKLIST, columns=["question", "answer"])

    @property
    def tests(self) -> pd.DataFrame:
        """Steps 2 and 3: first, second, construct, test, statistic, critical values, p-value.

        ``test`` is "composition" (step 2: the correlation must not be below ``critical_lower``),
        "mean" or "variance" (step 3: must lie between the two).
        """
        rows = self._rows(_STEPS)
        return rows.assign(
            statistic=self.statistic.ravel(),
            critical_lower=self.critical_lower.ravel(),
            critical_upper=self.critical_upper.ravel(),
            p_value=self.p_value.ravel(),
        )

    @property
    def verdicts(self) -> pd.DataFrame:
        """What follows for each pair and construct: first, second, construct, verdict.

        "none" where the composition differs, "partial" where it does not and means or variances
        do, "full" where nothing does. Paths can be compared from partial invariance on; scores of
        all groups can be put together with full invariance only.
        """
        small = self.p_value < 1 - self.level
        found = np.where(small[..., 0], "none", np.where(small[..., 1:].any(-1), "partial", "full"))
        return self._rows(()).assign(verdict=found.ravel().astype(object))

    def _rows(self, steps: tuple[str, ...]) -> pd.DataFrame:
        labels, names = list(self.sizes), self.result.model.names
        one, other = np.triu_indices(len(labels), 1)
        pairs = [(labels[a], labels[b]) for a, b in zip(one, other, strict=True)]
        rows = [(*pair, name, step) for pair in pairs for name in names for step in steps or ("",)]
        table = pd.DataFrame(rows, columns=["first", "second", "construct", "test"])
        return table if steps else table.drop(columns="test")

    def _title(self) -> str:
        return "Measurement invariance of composites (MICOM)"

    def _brief(self) -> str:
        verdict = self.verdicts["verdict"]
        what = "constructs" if len(self.sizes) == len(_PAIR) else "constructs by pairs"
        full = f"full invariance of {int((verdict == 'full').sum())} of {len(verdict)} {what}"
        return f"{len(self.sizes)} groups by {self.groups}, {full}"

    def _facts(self) -> Facts:
        sizes = enumerate_names((f"{name} {n:,}" for name, n in self.sizes.items()), most=30)
        level = f"{1 - self.level:.3g}"
        return (("groups", sizes), ("scores", self.scores), ("level of each test", level))

    def _tables(self) -> Sequence[Table]:
        return (
            table_of("Step 1, configural: a checklist", self.checklist, n_labels=2),
            table_of("Steps 2 and 3, by permutation", self.tests, n_labels=4),
            table_of("Verdicts", self.verdicts, n_labels=4),
        )

    def _remarks(self) -> Sequence[str]:
        return [
            "Step 1 is no test: no number tells whether a question means the same to two groups.",
            "A large p-value says only that these data do not show a difference.",
        ]


_PAIR = ("first", "second")


@checked
def measurement_invariance(
    result: StructuralResult,
    data: Data,
    *,
    groups: str,
    scores: Scores = "standardised",
    clusters: str | None = None,
    level: float = 0.95,
    n_resamples: int = FOR_TESTS,
    rng: np.random.Generator | int | None = None,
) -> MeasurementInvariance:
    """Return whether composites are measured alike in groups (测量不变性), by MICOM.

    Parameters
    ----------
    result : StructuralResult
        The model, fitted to all respondents together.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of groups.
    groups : str
        Column of the groups; more than two are held against each other pair by pair.
    scores : {"standardised", "unstandardised"}
        To which answers of both groups the weights of each are applied: to standardised ones, as
        the authors of the method do, or to the answers as they are, with weights in answer units.
    clusters : str, optional
        Column of groups of respondents that are permuted as a whole.
    level : float
        1 less the level of each test, between 0 and 1.
    n_resamples : int
        Permutations of each pair of groups.
    rng : numpy.random.Generator, int or None
        Source of randomness. The same seed gives the same numbers, in whatever order rows stand.

    Returns
    -------
    MeasurementInvariance
        ``checklist`` (step 1), ``tests`` (steps 2 and 3) and ``verdicts``.

    Raises
    ------
    DataError
        If the data are not those of the result, there is one group, a respondent has none, a
        group has no more respondents than the model has items, an item is constant in a group,
        nobody of a group counts, or a cluster lies in two groups.
    NotIdentifiedError
        If the model has no solution in a group.
    OptionError
        If an option is not one of its choices, or respondents weigh unequally, who cannot change
        places.

    Warns
    -----
    FailedResamplesWarning
        If more than one permutation in a hundred could not be estimated.

    Notes
    -----
    Step 2 takes the weights w of a construct from each group and applies both to the standardised
    answers of both groups together, whose correlations are S [1]_:

        c = w_1'S w_2 / sqrt(w_1'S w_1 * w_2'S w_2)

    Step 3 takes scores of variance 1 by the weights of both groups together, and asks whether
    their means and variances (with divisor n - 1) are equal. The p-value of c is the share of
    permutations at or below it, those of step 3 are two-sided. Differences of means are divided by
    their standard error in each permutation, which the authors do not do: without it groups of
    unequal variances and sizes would be told apart by means that are equal. A single item is its
    own score, so its c is 1.

    References
    ----------
    .. [1] Henseler, J., Ringle, C. M., & Sarstedt, M. (2016). Testing measurement invariance of
       composites using partial least squares. International Marketing Review, 33(3), 405-431.

    Examples
    --------
    Single items compose themselves alike everywhere, so c is 1. Group a answers 1 more than b, and
    the standard deviation of all twelve answers is 2.17 with divisor n:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, fit, measurement_invariance
    >>> model = StructuralModel.from_text("s =~ s1; l =~ l1; l ~ s")
    >>> one = pd.DataFrame({"s1": [3, 5, 6, 8, 9, 4], "l1": [4, 4, 7, 7, 9, 5], "group": "b"})
    >>> two = one.assign(s1=one["s1"] + 1, l1=one["l1"] + 1, group="a")
    >>> survey = pd.concat([one, two], ignore_index=True)
    >>> result = fit(model, survey)
    >>> found = measurement_invariance(result, survey, groups="group", n_resamples=99, rng=1)
    >>> found.tests.query("construct == 's'")[["test", "statistic"]].round(2)
              test  statistic
    0  composition       1.00
    1         mean       0.46
    2     variance       0.00
    >>> round(1 / survey["s1"].std(ddof=0), 2).item()
    0.46
    """
    check_choice("scores", scores, Scores)
    check_resamples(n_resamples, level=level)
    task = make_task(result)
    samples = read_groups(result, data, groups, clusters, alone=True)
    if samples.weighted:
        raise OptionError(
            "the respondents weigh unequally and cannot change places between groups, so that no "
            "permutation tests anything; ask this of a fit without weights, or compare weights and "
            'loadings by compare_groups(..., method="bootstrap")'
        )
    evaluate_groups(task, samples)
    generator = np.random.default_rng(rng)
    steps = _Steps(task, scores)
    means, covariances = samples.moments()
    found, failures = [], []
    for pair in samples.pairs:
        units = samples.units(*pair)
        every = resampling.resampled_moments(units, np.ones((1, units.n_units)), fewer=0)
        sizes = samples.sizes[list(pair)]
        both = np.array(pair)
        statistic, error, _ = steps.of((means[both], covariances[both]), every, sizes[:, None])
        unit = np.stack([np.ones_like(error), error, np.ones_like(error)], axis=-1)[0]
        drawn = []
        own = np.bincount(units.member).astype(np.float64)
        group = samples.of_units(*pair)
        for first, moments in permutations(units, group, n_resamples, generator):
            n = np.stack([first @ own, (1 - first) @ own])
            values, error, failure = steps.of(moments, every, n)
            values[..., 1] /= error
            drawn.append(np.where(failure[:, None, None] == 0, values, np.nan))
            failures.append(failure)
        low, high, p_value = _held(statistic[0] / unit, np.concatenate(drawn), 1 - level)
        found.append((statistic[0], low * unit, high * unit, p_value))
    failure = np.concatenate(failures)
    counted = count_failures(failure)
    warn_of_failures(counted, len(failure))
    statistics, lows, highs, p_values = map(np.array, zip(*found, strict=True))
    return MeasurementInvariance(
        result=result,
        groups=groups,
        scores=scores,
        level=level,
        n_resamples=n_resamples,
        failures=counted,
        n_clusters=samples.n_clusters,
        sizes=FrozenMapping(dict(zip(samples.labels, samples.sizes.tolist(), strict=True))),
        statistic=statistics,
        critical_lower=lows,
        critical_upper=highs,
        p_value=p_values,
    )


class _Steps(NamedTuple):
    """Statistics of steps 2 and 3 of two groups, for a stack of partitions into two."""

    task: Task
    scores: Scores

    def of(
        self, moments: Moments, every: Moments, sizes: IntArray | FloatArray
    ) -> tuple[FloatArray, FloatArray, IntArray]:
        """Return statistics (b, j, 3), errors of the means (b, j), and what was wrong (b,).

        The moments (2 b, ...) are those of first groups, then those of second ones, ``every`` of
        both together, and the sizes are (2, b).
        """
        design = self.task.catalogue.design
        found = estimate(*moments, design, self.task.setup)
        pooled = estimate(*every, design, self.task.setup)
        one, other = np.split(found.failure, 2)
        failure = np.where(one > 0, one, other)
        weights, s = found.weights, pooled.correlations[0]
        if self.scores == "unstandardised":
            weights, s = weights / found.sd, every[1][0]
        first, second = np.split(weights, 2)
        cross, own, others = (
            _forms(a, s, b, design) for a, b in ((first, second), (first, first), (second, second))
        )
        v = pooled.weights[0] / pooled.sd[0]
        centre = np.split(moments[0] * v @ design.membership, 2)
        spread = np.split(_forms(v[None], moments[1], v[None], design), 2)
        n = np.asarray(sizes, dtype=np.float64)[:, :, None]
        unbiased = [part * size / (size - 1) for part, size in zip(spread, n, strict=True)]
        error = np.sqrt(unbiased[0] / n[0] + unbiased[1] / n[1])
        steps = (
            cross / np.sqrt(own * others),
            centre[0] - centre[1],
            np.log(unbiased[0] / unbiased[1]),
        )
        return np.stack(steps, axis=-1), error, failure


def _forms(left: FloatArray, s: FloatArray, right: FloatArray, design: Design) -> FloatArray:
    """Return a'S b of each construct's own weights (b, j)."""
    within = np.where(design.same_block, s, 0.0)
    product = (within @ right[..., None])[..., 0]
    found: FloatArray = (left * product) @ design.membership
    return found


def _held(
    statistic: FloatArray, drawn: FloatArray, alpha: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return critical values (j, 3), low and high, and p-values, of (j, 3) and (b, j, 3)."""
    shape = statistic.shape
    values, flat = statistic.ravel(), drawn.reshape(len(drawn), -1)
    one_sided = np.tile(np.array(_STEPS) == "composition", shape[0])
    tails = [
        kernels.hold_against(sign * values, sign * flat, alpha=part)
        for sign, part in ((-1.0, alpha), (-1.0, alpha / 2), (1.0, alpha / 2))
    ]
    low = np.where(one_sided, -tails[0].critical, -tails[1].critical)
    high = np.where(one_sided, 1.0, tails[2].critical)
    two_sided = np.minimum(1.0, 2 * np.minimum(tails[1].p_value, tails[2].p_value))
    p_value = np.where(one_sided, tails[0].p_value, two_sided)
    return low.reshape(shape), high.reshape(shape), p_value.reshape(shape)
