"""Loevinger's H: whether phases, or any ordered items, go together as a ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, check_resamples, ndtr, percentile, wald
from loyaltymodel._options import check_choice, check_count, count_of, enumerate_names
from loyaltymodel._resampling import check_failures
from loyaltymodel._scales import Pair
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.errors import SmallSampleWarning, warn_caller
from loyaltymodel.loyalty_stage.ladder.kernels import (
    Patterns,
    find_patterns,
    independence_statistics,
    scalability_errors,
    scalability_of,
)
from loyaltymodel.loyalty_stage.ladder.reading import read_items

IntervalKind = Literal["delta", "bootstrap"]
Strength = Literal["none", "weak", "medium", "strong"]

_NUMBERS = ("H", "std_error", "ci_low", "ci_high", "z", "p_value")
_STRENGTHS: tuple[tuple[float, Strength], ...] = ((0.5, "strong"), (0.4, "medium"), (0.3, "weak"))
_ELEMENTS = 2_000_000  # patterns times resamples at a time: 16 MB
_LEAST_PEOPLE = 20  # below which the delta method is no more than a guess


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ScalabilityResult(FrozenRecord):
    """Loevinger's H of pairs, of items and of the scale. Made by :func:`scalability`.

    Attributes
    ----------
    names : tuple of str
        The items.
    n_obs : int
        Number of people.
    n_dropped : int
        People left out because of missing answers.
    means : ndarray of shape (k,)
        Mean answer to each item, counted from its lowest answer.
    pair_values : ndarray of shape (k (k - 1) / 2, 6)
        H, standard error, ends of the interval, Z against independence and its p-value.
    item_values : ndarray of shape (k, 6)
        The same by item.
    scale_values : ndarray of shape (6,)
        The same for all items together.
    interval : {"delta", "bootstrap"}
        How standard errors and intervals were made.
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
    means: FloatArray
    pair_values: FloatArray
    item_values: FloatArray
    scale_values: FloatArray
    interval: IntervalKind
    level: float
    n_resamples: int
    n_failed: int

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return f"<ScalabilityResult: {len(self.names)} items, H = {self.H:.3f}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def H(self) -> float:  # noqa: N802  the name that the coefficient has everywhere
        """H of all items together, at most 1."""
        return float(self.scale_values[0])

    @property
    def strength(self) -> Strength:
        """Whether H makes a "weak" (from 0.3), "medium" (0.4) or "strong" (0.5) scale, or "none".

        The limits are usually attributed to Mokken (1971). They are conventions.
        """
        return next((name for least, name in _STRENGTHS if least <= self.H), "none")

    @property
    def pairs(self) -> pd.DataFrame:
        """A row a pair: ``item``, ``other``, then as in :attr:`scale`."""
        first, second = np.triu_indices(len(self.names), 1)
        frame = pd.DataFrame(self.pair_values.copy(), columns=list(_NUMBERS))
        frame.insert(0, "item", [self.names[i] for i in first])
        frame.insert(1, "other", [self.names[j] for j in second])
        return frame

    @property
    def items(self) -> pd.DataFrame:
        """A row an item: ``item``, ``mean`` of its answers, then as in :attr:`scale`."""
        frame = pd.DataFrame(self.item_values.copy(), columns=list(_NUMBERS))
        frame.insert(0, "item", list(self.names))
        frame.insert(1, "mean", self.means.copy())
        return frame

    @property
    def scale(self) -> pd.Series:
        """H of all items: ``H``, ``std_error``, ``ci_low``, ``ci_high``, ``z``, ``p_value``."""
        return pd.Series(self.scale_values.copy(), index=list(_NUMBERS), name="scale")

    def summary(self) -> Summary:
        """Return the coefficients in words and tables.

        Returns
        -------
        Summary
            H of the scale, of items and of pairs, and what to keep in mind.

        Examples
        --------
        >>> import numpy as np
        >>> from loyaltymodel import loyalty_stage
        >>> answers = np.repeat([[0, 0], [1, 0], [1, 1]], 10, axis=0)
        >>> print(loyalty_stage.scalability(answers).summary().title)
        Scalability (Loevinger's H)
        """
        how = (
            f"percentiles of {count_of(self.n_resamples, 'resample')}"
            if self.interval == "bootstrap"
            else "delta method, normal"
        )
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        h, error, low, high, z, p = self.scale_values
        facts = (
            ("people", f"{self.n_obs}{left_out}"),
            ("H of the scale", f"{h:.3f}, standard error {error:.3f} ({self.strength})"),
            ("interval", f"{low:.3f} to {high:.3f} at {100 * self.level:g} %"),
            ("independence", f"Z = {z:.2f}, p = {p:.2g}, one-sided"),
            ("errors", how),
        )
        remarks = []
        negative = self.pairs.query("H < 0")
        if len(negative):
            both = negative["item"] + " and " + negative["other"]
            remarks.append(
                f"H is negative for {enumerate_names(both)}, which speaks against one ladder; "
                "was an item not reversed?"
            )
        falling = np.argsort(-self.means, kind="stable").tolist()
        if falling != list(range(len(self.names))):
            listed = " > ".join(self.names[j] for j in falling)
            remarks.append(
                f"By their means the order is {listed}, not the one in which the items stand. H "
                "takes the order from the data."
            )
        return Summary(
            title="Scalability (Loevinger's H)",
            facts=facts,
            tables=(
                table_of("Items", self.items, digits=3),
                table_of("Pairs", self.pairs, n_labels=2, digits=3),
            ),
            remarks=tuple(remarks),
        )


def scalability(
    answers: object,
    *,
    items: Sequence[str] | None = None,
    scale: Pair | None = None,
    interval: IntervalKind = "delta",
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator | int | None = None,
    missing: Missing = "raise",
) -> ScalabilityResult:
    """Return Loevinger's H of items: how far they are a ladder rather than unrelated.

    H is 1 if nobody takes a harder step without an easier one, and 0 if items are independent.

    Parameters
    ----------
    answers : table, or array of shape (n, k)
        Whole numbers, a row a person and a column an item: 0 and 1 for steps that are passed
        or not, such as ``oliver(...).passed``, or graded answers.
    items : sequence of str, optional
        Columns of the table, or names for those of an array; without it all columns.
    scale : pair of float, optional
        Lowest and highest possible answer; answers outside are an error.
    interval : {"delta", "bootstrap"}
        Standard errors and intervals by the delta method and the normal law, or by resampling
        people.
    level : float
        Confidence level, between 0 and 1.
    n_resamples : int
        Number of resamples, for ``interval="bootstrap"``; enough for the level:
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
    guttman_errors : Errors of each person.

    Notes
    -----
    H of a pair is its covariance over the largest one that the two distributions allow, which
    is 1 less the weighted Guttman errors over those expected under independence [1]_. H of an
    item, and of the scale, is the sum of covariances over the sum of the largest ones. Standard
    errors are those of the delta method for a multinomial sample [2]_; Z is the sum of the
    covariances over its standard error under independence, so it is not H over its standard
    error. The order of the steps is that of the sample: H does not test whether it is the order
    that a theory claims. Equally popular steps make H a little too high in small samples.

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
    >>> from loyaltymodel import loyalty_stage
    >>> answers = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [30, 10, 30, 30], axis=0)
    >>> result = loyalty_stage.scalability(answers, items=["cognitive", "affective"])
    >>> round(result.H, 12)
    0.375
    >>> result.strength
    'weak'
    """
    check_choice("interval", interval, IntervalKind)
    check_level(level)
    check_count("n_resamples", n_resamples, least=2)
    if interval == "bootstrap":
        check_resamples(n_resamples, level=level)
    read = read_items(answers, items, scale=scale, missing=missing)
    patterns = find_patterns(read.values)
    found = scalability_of(patterns, patterns.counts[None].astype(np.float64))
    pair_errors, item_errors, scale_error = scalability_errors(patterns, found)
    estimate = np.concatenate([found.pairs[0], found.items[0], found.scale])
    error = np.concatenate([pair_errors, item_errors, [scale_error]])
    n_failed = 0
    if interval == "delta":
        if len(read.values) < _LEAST_PEOPLE:
            warn_caller(
                f"{count_of(len(read.values), 'person')} are few for the delta method; "
                'interval="bootstrap" is another guess, and more people are the way out',
                SmallSampleWarning,
            )
        ends = wald(estimate, error, level=level)
        low, high = ends.low, ends.high
    else:
        replicates, n_failed = _resample(patterns, n_resamples, rng)
        error = replicates.std(axis=0, ddof=1)
        between = percentile(replicates, level=level)
        low, high = between.low, between.high
    pair_z, item_z, scale_z = independence_statistics(patterns, found)
    z = np.concatenate([pair_z, item_z, [scale_z]])
    values = np.column_stack([estimate, error, low, high, z, ndtr(-z)])
    n_pairs, k = len(found.pairs[0]), len(read.names)
    return ScalabilityResult(
        names=read.names,
        n_obs=len(read.values),
        n_dropped=read.n_dropped,
        means=read.values.mean(axis=0),
        pair_values=values[:n_pairs],
        item_values=values[n_pairs : n_pairs + k],
        scale_values=values[-1],
        interval=interval,
        level=level,
        n_resamples=n_resamples if interval == "bootstrap" else 0,
        n_failed=n_failed,
    )


def _resample(
    patterns: Patterns, n_resamples: int, rng: np.random.Generator | int | None
) -> tuple[FloatArray, int]:
    """Return H of pairs, items and scale of people drawn again (b, ...), and how many failed."""
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
        way_out='leave the item out, or use interval="delta"',
        so="; the intervals are too narrow",
    )
    return replicates[whole], n_failed
