"""Loevinger's H: whether phases, or any ordered items, go together as a ladder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Columns, Data
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.counts import less_sure
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import (
    Interval,
    check_level,
    check_resamples,
    ndtr,
    percentile,
    wald,
    wilson,
)
from loyaltymodel._core.options import check_choice, check_count, count_of, enumerate_names
from loyaltymodel._core.resampling import FOR_INTERVALS, check_failures
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import SmallSampleWarning, warn_caller
from loyaltymodel.loyalty_stage.ladder.kernels import (
    Patterns,
    Scalability,
    find_patterns,
    independence_statistics,
    pair_errors,
    scalability_errors,
    scalability_of,
    summed,
)
from loyaltymodel.loyalty_stage.ladder.reading import read_items

IntervalKind = Literal["wilson", "wald", "percentile"]
Strength = Literal["none", "weak", "medium", "strong"]

_ALL = "all"
_METHODS = {
    "wilson": "Wilson",
    "wald": "Wald (delta method)",
    "percentile": "percentile bootstrap",
}
_STRENGTHS: tuple[tuple[float, Strength], ...] = ((0.5, "strong"), (0.4, "medium"), (0.3, "weak"))
_ELEMENTS = 2_000_000  # patterns times resamples at a time: 16 MB
_NO_ERROR = 1e-12  # of an H, which rounding makes
_LEAST_RESPONDENTS = 20  # below which the delta method is no more than a guess


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ScalabilityResult(Result):
    """Loevinger's H of pairs, of items and of all. Made by :func:`scalability`.

    Attributes
    ----------
    names : tuple of str
        The items.
    n_obs, n_dropped : int
        Respondents used, and left out because of missing answers.
    item_means : ndarray of shape (k,)
        Mean answer to each item, counted from its lowest answer.
    estimates : EstimateTable
        H by ``item`` and ``other``: of k (k - 1) / 2 pairs, of each item with all others, and
        of all together. P-values are one-sided, against independence.
    statistic : ndarray
        Z of each of them against independence.
    interval : {"wilson", "wald", "percentile"}
        How standard errors and intervals were made.
    n_erring : int
        Respondents who take a step without a more popular one.
    level : float
        Confidence level of each interval.
    n_resamples, n_failed : int
        Resamples drawn, and those without an H because an item did not vary.

    Examples
    --------
    >>> import numpy as np
    >>> from loyaltymodel import loyalty_stage
    >>> answers = np.repeat([[0, 0], [1, 0], [1, 1]], 10, axis=0)
    >>> loyalty_stage.scalability(answers).H
    1.0
    """

    names: tuple[str, ...]
    n_obs: int
    n_dropped: int
    item_means: FloatArray
    estimates: EstimateTable
    statistic: FloatArray
    interval: IntervalKind
    level: float
    n_resamples: int
    n_failed: int
    n_erring: int

    @property
    def H(self) -> float:  # noqa: N802  the name that the coefficient has everywhere
        """H of all items together, at most 1."""
        return float(self.estimates.estimate[-1])

    @property
    def strength(self) -> Strength:
        """Whether H makes a "weak" (from 0.3), "medium" (0.4) or "strong" (0.5) scale, or "none".

        The limits are usually attributed to Mokken (1971). They are conventions.
        """
        return next((name for least, name in _STRENGTHS if reaches(self.H, least)), "none")

    @property
    def pairs(self) -> pd.DataFrame:
        """A row a pair: ``item``, ``other``, ``estimate`` of H, error, interval, ``statistic``."""
        return self._part(0, self._n_pairs)

    @property
    def items(self) -> pd.DataFrame:
        """A row an item: ``item``, ``mean`` of its answers, then as in :attr:`pairs`."""
        frame = self._part(self._n_pairs, -1).drop(columns="other")
        frame.insert(1, "mean", self.item_means.copy())
        return frame

    @property
    def whole(self) -> pd.DataFrame:
        """The row of all items together, as in :attr:`pairs`."""
        return self._part(-1, None).drop(columns=["item", "other"])

    @property
    def _n_pairs(self) -> int:
        return len(self.names) * (len(self.names) - 1) // 2

    def _part(self, start: int, stop: int | None) -> pd.DataFrame:
        frame = self.estimates.frame()
        frame.insert(frame.shape[1] - 1, "statistic", self.statistic.copy())
        return frame.iloc[start:stop].reset_index(drop=True)

    def _title(self) -> str:
        return "Scalability (Loevinger's H)"

    def _brief(self) -> str:
        return f"{count_of(len(self.names), 'item')}, H = {self.H:.3f}"

    def _facts(self) -> Facts:
        whole = self.whole.iloc[0]
        error, low, high = whole[["std_error", "ci_low", "ci_high"]]
        z, p = whole[["statistic", "p_value"]]
        return (
            ("H of all", f"{self.H:.3f} ({low:.3f} to {high:.3f}), {self.strength}"),
            ("standard error", f"{error:.3f}"),
            ("independence", f"Z = {z:.2f}, p = {p:.2g}, one-sided"),
        )

    def _tables(self) -> tuple[Table, ...]:
        return table_of("Items", self.items), table_of("Pairs", self.pairs, n_labels=2)

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _remarks(self) -> list[str]:
        remarks = []
        if self.n_erring == 0:
            remarks.append(
                "Nobody takes a step without a more popular one, so the sample shows no error of "
                "H. "
                + (
                    "The intervals are as wide as so few respondents leave room for others."
                    if self.interval == "wilson"
                    else 'So it has no interval; interval="wilson" gives one.'
                )
            )
        if self.n_erring == 1:
            remarks.append(
                "One respondent alone takes a step without a more popular one: without this one "
                "H would be 1."
            )
        negative = self.pairs.query("estimate < 0")
        if len(negative):
            both = negative["item"] + " and " + negative["other"]
            remarks.append(
                f"H is negative for {enumerate_names(both)}, which speaks against one ladder; "
                "was an item not reversed?"
            )
        falling = np.argsort(-self.item_means, kind="stable").tolist()
        if falling != list(range(len(self.names))):
            listed = " > ".join(self.names[j] for j in falling)
            remarks.append(
                f"By their means the order is {listed}, not the one in which the items stand. H "
                "takes the order from the data."
            )
        return remarks


@checked
@takes_codebook("items")
def scalability(
    items: Columns,
    *,
    data: Data | None = None,
    scale: Pair | Codebook | None = None,
    interval: IntervalKind = "wilson",
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: np.random.Generator | int | None = None,
    missing: Missing = "raise",
) -> ScalabilityResult:
    """Return Loevinger's H of items: how far they are a ladder rather than unrelated.

    H is 1 if nobody takes a harder step without an easier one, and 0 if items are independent.

    Parameters
    ----------
    items : table, names of columns, mapping from name to values, or array of shape (n, k)
        Whole numbers, a row a respondent and a column an item: 0 and 1 for steps that are passed
        or not, such as ``result.passed(scores)`` of :func:`oliver`, or graded answers. Columns of
        an array are called "item 1", "item 2" and so on.
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.
    scale : pair of float or Codebook, optional
        Lowest and highest possible answer; answers outside are an error. Or the codebook that the
        answers are read by.
    interval : {"wilson", "wald", "percentile"}
        "wilson" stays at or below 1 and has a width where H is 1; "wald" is the estimate plus and
        minus its standard errors by the delta method; "percentile" resamples respondents.
    level : float
        Confidence level, between 0 and 1.
    n_resamples : int
        Number of resamples, for ``interval="percentile"``; enough for the level:
        (n + 1)(1 - level) / 2 must be at least 1.
    rng : numpy.random.Generator, int or None
        Source of randomness; an int is a seed, None takes fresh entropy.
    missing : {"raise", "drop"}
        What to do with rows that lack an answer: an error, or leave them out.

    Returns
    -------
    ScalabilityResult
        H of pairs, items and the scale, with standard errors, intervals, and Z and p-values
        (one-sided, towards H above 0) against independence.

    Raises
    ------
    DataError
        If there are fewer than two items, an item does not vary, or answers are missing, not
        whole numbers, or off the scale.
    OptionError
        If an option is not one of its choices.

    See Also
    --------
    reproducibility : Guttman's coefficients, for steps in a claimed order.
    guttman_errors : Errors of each respondent.

    Notes
    -----
    H of a pair is its covariance over the largest one that the two distributions allow, which is
    1 less the weighted Guttman errors over those expected under independence [1]_. H of an item,
    and of the scale, is the sum of covariances over the sum of the largest ones. Standard errors
    are those of the delta method for a multinomial sample [2]_; Z is the sum of the covariances
    over its standard error under independence, so it is not H over its standard error. 1 - H is
    the share of errors over that expected. "wilson" is Wilson's interval of the former, for as
    many respondents as would give H its standard error if the latter were known; where nobody
    errs, for those there are, each of whom may make all errors there can be. "wald" and
    "percentile" have no interval there, and are too short near it. In simulated surveys of 50 and
    200 people with H of .93 and .47, Wilson's intervals of level .95 held it in 91 % to 95 %. The
    order of the steps is that of the sample: H does not test whether it is the order that a theory
    claims. Equally popular steps make H a little too high in small samples.

    References
    ----------
    .. [1] Loevinger, J. (1948). The technique of homogeneous tests compared with some aspects
       of "scale analysis" and factor analysis. Psychological Bulletin, 45, 507-530.
    .. [2] Kuijpers, R. E., van der Ark, L. A., & Croon, M. A. (2013). Standard errors and
       confidence intervals for scalability coefficients in Mokken scale analysis using marginal
       models. Sociological Methodology, 43(1), 42-69.

    Examples
    --------
    Two steps, passed by 60 and 40 of 100, and 10 pass the second without the first. Under
    independence 100 * 0.4 * 0.4 = 16 would, so H = 1 - 10 / 16:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from loyaltymodel import loyalty_stage
    >>> answers = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [30, 10, 30, 30], axis=0)
    >>> people = pd.DataFrame(answers, columns=["cognitive", "affective"])
    >>> result = loyalty_stage.scalability(["cognitive", "affective"], data=people)
    >>> round(result.H, 12)
    0.375
    >>> result.strength
    'weak'
    """
    check_choice("interval", interval, IntervalKind)
    check_level(level)
    check_count("n_resamples", n_resamples, least=2)
    if interval == "percentile":
        check_resamples(n_resamples, level=level)
    read = read_items(items, data=data, scale=limits_only(scale), missing=missing)
    patterns = find_patterns(read.values)
    found = scalability_of(patterns, patterns.counts[None].astype(np.float64))
    errors = scalability_errors(patterns, found)
    estimate = np.concatenate([found.pairs[0], found.items[0], found.scale])
    error = np.concatenate([errors[0], errors[1], [errors[2]]])
    n_failed = 0
    if interval != "percentile":
        if len(read.values) < _LEAST_RESPONDENTS:
            warn_caller(
                f"{count_of(len(read.values), 'respondent')} are few for the delta method; "
                "more of them are the way out",
                SmallSampleWarning,
            )
        if interval == "wald":
            low, high = _known_only(wald(estimate, error, level=level), error)
        else:
            low, high = _by_errors(patterns, found, estimate, error, level)
    else:
        replicates, n_failed = _resample(patterns, n_resamples, rng)
        error = replicates.std(axis=0, ddof=1)
        low, high = _known_only(percentile(replicates, level=level), error)
    pair_z, item_z, scale_z = independence_statistics(patterns, found)
    z = np.concatenate([pair_z, item_z, [scale_z]])
    first, second = np.triu_indices(len(read.names), 1)
    named = [*(read.names[i] for i in first), *read.names, _ALL]
    others = [*(read.names[j] for j in second), *[_ALL] * (len(read.names) + 1)]
    return ScalabilityResult(
        names=read.names,
        n_obs=len(read.values),
        n_dropped=read.n_dropped,
        item_means=read.values.mean(axis=0),
        estimates=EstimateTable(
            labels=FrozenMapping({"item": tuple(named), "other": tuple(others)}),
            estimate=estimate,
            std_error=error,
            ci_low=low,
            ci_high=high,
            p_value=ndtr(-z),
            level=level,
            method=_METHODS[interval],
        ),
        statistic=z,
        interval=interval,
        level=level,
        n_resamples=n_resamples if interval == "percentile" else 0,
        n_failed=n_failed,
        n_erring=int(patterns.counts[pair_errors(patterns) >= 1].sum()),
    )


def _known_only(ends: Interval, error: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ends, NaN where the sample shows no error, which is not to say that there is none."""
    there = error > _NO_ERROR
    return np.where(there, ends.low, np.nan), np.where(there, ends.high, np.nan)


def _by_errors(
    patterns: Patterns, found: Scalability, estimate: FloatArray, error: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return ends of H from Wilson's of the share of errors, those expected being known."""
    steps = patterns.rows.max(axis=0)
    together = np.outer(steps, steps)
    first, second = np.triu_indices(len(steps), 1)
    of_pairs = together[first, second]
    of_items = together.sum(axis=1) - steps**2
    # Errors are pairs of steps, so a pattern has at most a quarter of the squared number of steps.
    of_all = min(int(of_pairs.sum()), int(steps.sum()) ** 2 // 4)
    expected = summed(found.most[0], len(steps)) / np.array([*of_pairs, *of_items, of_all])
    share = (1 - estimate) * expected
    with np.errstate(divide="ignore", invalid="ignore"):
        size = share * (1 - share) / (error * expected) ** 2
    n = float(patterns.counts.sum())
    # Errors of a few respondents are not known as well as a share is.
    size = np.where(error > _NO_ERROR, size * less_sure(n - 1, level=level), n)
    low, high = wilson(np.clip(share, 0.0, 1.0), size, level=level)
    return 1 - high / expected, 1 - low / expected


def _resample(
    patterns: Patterns, n_resamples: int, rng: np.random.Generator | int | None
) -> tuple[FloatArray, int]:
    """Return H of respondents drawn again (b, ...), and how many failed."""
    generator = np.random.default_rng(rng)
    n = int(patterns.counts.sum())
    size = max(1, _ELEMENTS // len(patterns.counts))
    blocks = []
    for start in range(0, n_resamples, size):
        b = min(size, n_resamples - start)
        counts = generator.multinomial(n, patterns.counts / n, size=b).astype(np.float64)
        found = scalability_of(patterns, counts)
        blocks.append(np.hstack([found.pairs, found.items, found.scale[:, None]]))
    replicates = np.vstack(blocks)
    whole = ~np.isnan(replicates).any(axis=1)
    n_failed = int((~whole).sum())
    check_failures(
        n_failed,
        n_resamples,
        "have an item that did not vary",
        way_out='leave the item out, or use interval="wald"',
        so="; the intervals are too narrow",
    )
    return replicates[whole], n_failed
