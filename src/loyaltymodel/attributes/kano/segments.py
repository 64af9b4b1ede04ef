"""How groups of respondents differ in their Kano categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Pairs, Variable
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.counts import independence
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, chi_square_tail
from loyaltymodel._core.options import check_choice, check_count, count_of, enumerate_names
from loyaltymodel._core.resampling import FOR_TESTS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import codes_of
from loyaltymodel.attributes._pairs import named_pairs
from loyaltymodel.attributes.kano.answers import (
    ASKED,
    CODES,
    LEAST,
    NEVER_FIRST,
    check_lengths,
    read_grouped,
)
from loyaltymodel.attributes.kano.kernels import (
    CATEGORIES,
    ShareInterval,
    holm,
    permutation_tail,
)
from loyaltymodel.attributes.kano.result import COEFFICIENTS, KanoResult
from loyaltymodel.errors import DataError, SmallSampleWarning, warn_caller

GroupTest = Literal["chi_square", "permutation"]

_EXPECTED = 5  # in each cell, as the rule of thumb for Pearson's statistic has it
_GROUP_TESTS = {
    "chi_square": "chi-square law",
    "permutation": "random tables with the same margins",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class KanoSegments(Result):
    """How groups of respondents differ in the categories of attributes.

    Attributes
    ----------
    groups : tuple
        Names of the groups.
    results : tuple of KanoResult
        The analysis of each group.
    n_dropped : int
        Respondents left out of every attribute for want of an answer or a group.
    statistic : ndarray of shape (k,)
        Pearson's statistic of each attribute.
    df : ndarray of shape (k,)
        Its degrees of freedom.
    p_value : ndarray of shape (k,)
        P-value that all groups have the same shares of categories.
    p_adjusted : ndarray of shape (k,)
        The same, adjusted for the number of attributes by Holm's method.
    cramers_v : ndarray of shape (k,)
        Size of the difference from 0 to 1; NaN where there is only one category.
    test : str
        Where the p-values come from.
    n_resamples : int
        Number of random tables an attribute; 0 where the chi-square law is used.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> answers = {"seat": ([1, 1, 1, 1, 3, 3, 3, 3], [5, 5, 5, 5, 3, 3, 3, 3])}
    >>> groups = ["old"] * 4 + ["new"] * 4
    >>> segments = attributes.kano_segments(answers, groups, test="permutation", rng=1)
    >>> segments
    <KanoSegments: 1 attribute in 2 groups, 8 respondents>
    >>> segments.categories
    group     new old
    attribute
    seat        I   O
    """

    groups: tuple[object, ...]
    results: tuple[KanoResult, ...]
    n_dropped: int
    statistic: FloatArray
    df: IntArray
    p_value: FloatArray
    p_adjusted: FloatArray
    cramers_v: FloatArray
    test: GroupTest
    n_resamples: int = 0

    @property
    def n_obs(self) -> int:
        """Number of respondents on the attribute that most of them answered."""
        return int(np.sum([one.counts.sum(axis=1) for one in self.results], axis=0).max())

    @property
    def level(self) -> float:
        """Confidence level of the intervals of coefficients."""
        return self.results[0].level

    @property
    def interval(self) -> ShareInterval:
        """Kind of interval of the coefficients."""
        return self.results[0].interval

    @property
    def tests(self) -> pd.DataFrame:
        """Tests that all groups have the same shares of categories, one an attribute."""
        return pd.DataFrame(
            {
                "attribute": self._names(),
                "statistic": self.statistic.copy(),
                "df": self.df.copy(),
                "p_value": self.p_value.copy(),
                "p_adjusted": self.p_adjusted.copy(),
                "cramers_v": self.cramers_v.copy(),
            }
        )

    @property
    def categories(self) -> pd.DataFrame:
        """The most frequent category of each attribute, a column a group."""
        found = [one.attributes["category"].to_numpy() for one in self.results]
        columns = pd.Index(self.groups, name="group", tupleize_cols=False)
        index = pd.Index(self._names(), name="attribute")
        return pd.DataFrame(np.column_stack(found), index, columns)

    @property
    def better_worse(self) -> pd.DataFrame:
        """Better and worse coefficients of each attribute in each group, a row each."""
        parts = []
        for group, result in zip(self.groups, self.results, strict=True):
            part = result.better_worse
            part.insert(1, "group", [group] * len(part))
            parts.append(part)
        table = pd.concat(parts, ignore_index=True)
        places = np.repeat(np.arange(len(self._names())), len(COEFFICIENTS))
        order = np.argsort(np.tile(places, len(parts)), kind="stable")
        return table.iloc[order].reset_index(drop=True)

    def _title(self) -> str:
        return "Kano analysis by group"

    def _brief(self) -> str:
        attributes = count_of(len(self._names()), "attribute")
        groups = count_of(len(self.groups), "group")
        return f"{attributes} in {groups}, {count_of(self.n_obs, 'respondent')}"

    def _facts(self) -> Facts:
        return (
            ("groups", ", ".join(str(group) for group in self.groups)),
            ("attributes", str(len(self._names()))),
            ("p-values", _GROUP_TESTS[self.test]),
        )

    def _tables(self) -> Sequence[Table]:
        # A group may be called "attribute", too.
        categories = self.categories.reset_index(allow_duplicates=True)
        return (
            table_of("Categories by group", categories, n_labels=categories.shape[1]),
            table_of("Differences between groups", self.tests, digits=(3, 0, 3, 3, 3)),
        )

    def _remarks(self) -> Sequence[str]:
        return ("p_adjusted allows for the number of attributes (Holm).",)

    def _names(self) -> tuple[str, ...]:
        return self.results[0].names


@checked
def kano_segments(
    pairs: Pairs,
    groups: Variable,
    *,
    data: Data | None = None,
    answers: Sequence[object] = CODES,
    test: GroupTest = "chi_square",
    n_resamples: int = FOR_TESTS,
    interval: ShareInterval = "wilson",
    level: float = 0.95,
    missing: Missing = "raise",
    rng: np.random.Generator | int | None = None,
) -> KanoSegments:
    """Return how groups of respondents differ in their Kano categories (分群比较).

    Parameters
    ----------
    pairs : mapping from attribute to pair, table, or names of columns
        As for :func:`kano`.
    groups : array-like of shape (n,), Series or str
        The group of each respondent, or the name of a column of ``data``; of ``pairs``, if
        that is a table, it must be an array or a Series.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    answers : sequence of 5
        How the data write the answers, as for :func:`kano`.
    test : {"chi_square", "permutation"}
        Whether p-values come from the chi-square law, for large groups, or from random tables
        with the same margins, for groups of any size.
    n_resamples : int
        Number of random tables an attribute.
    interval : {"wilson", "wald", "exact"}
        How the intervals of the coefficients are made, as for :func:`kano`.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where an answer or a group is missing: refuse, or leave the respondent out
        for this attribute.
    rng : Generator, int or None
        Randomness of the permutations.

    Returns
    -------
    KanoSegments
        A test an attribute, and the categories and coefficients of each group.

    Raises
    ------
    DataError
        If there is one group only, a group has fewer than two respondents, or the answers are
        refused as by :func:`kano`.
    OptionError
        If an option is not one of its choices.

    Warns
    -----
    SmallSampleWarning
        If the chi-square law is used and fewer than 5 answers are expected in a cell.

    Notes
    -----
    Pearson's statistic of the table of groups and categories. ``p_adjusted`` allows for the
    number of attributes (Holm). With ``test="permutation"`` a p-value is never smaller than
    1 / (n_resamples + 1).

    Examples
    --------
    Four old customers are one-dimensional on the seat, four new ones indifferent. Of all ways
    to divide these eight into four and four, 2 in 70 part them like this: about 0.029.

    >>> from loyaltymodel import attributes
    >>> answers = {"seat": ([1, 1, 1, 1, 3, 3, 3, 3], [5, 5, 5, 5, 3, 3, 3, 3])}
    >>> groups = ["old"] * 4 + ["new"] * 4
    >>> segments = attributes.kano_segments(answers, groups, test="permutation", rng=1)
    >>> bool(0.02 < segments.p_value[0] < 0.04)
    True
    """
    check_level(level)
    check_choice("interval", interval, ShareInterval)
    check_choice("test", test, GroupTest)
    check_count("n_resamples", n_resamples, least=1)
    named, table = named_pairs(pairs, data, asked=ASKED, never_first=NEVER_FIRST)
    read = {
        name: read_grouped(name, pair, groups, table, answers, missing)
        for name, pair in named.items()
    }
    n_asked = check_lengths({name: len(part[1]) + part[2] for name, part in read.items()})
    together = np.concatenate([part[1] for part in read.values()])
    places, names = codes_of(together)
    if len(names) < 2:  # noqa: PLR2004 - a comparison needs two
        raise DataError(f"groups has one group only, {names[0]!r}; a comparison needs two or more")
    starts = np.cumsum([0, *(len(part[1]) for part in read.values())])
    tables = np.array(
        [
            _grouped_counts(part[0], places[starts[k] : starts[k + 1]], len(names))
            for k, part in enumerate(read.values())
        ]
    )
    _check_groups(tables, list(named), names)
    statistic, df, p_value = _compare(tables, list(named), test, n_resamples, rng)
    shorter = np.minimum((tables.sum(axis=2) > 0).sum(axis=1), (tables.sum(axis=1) > 0).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.sqrt(statistic / tables.sum(axis=(1, 2)) / (shorter - 1))
    results = tuple(
        KanoResult(
            names=tuple(named),
            counts=tables[:, g],
            dropped=np.zeros(len(named), dtype=np.intp),
            interval=interval,
            level=level,
        )
        for g in range(len(names))
    )
    return KanoSegments(
        groups=names,
        results=results,
        n_dropped=n_asked - int(tables.sum(axis=(1, 2)).max()),
        statistic=statistic,
        df=df,
        p_value=p_value,
        p_adjusted=holm(p_value),
        cramers_v=size,
        test=test,
        n_resamples=n_resamples if test == "permutation" else 0,
    )


def _grouped_counts(categories: IntArray, groups: IntArray, n_groups: int) -> IntArray:
    cells = np.bincount(groups * len(CATEGORIES) + categories, minlength=n_groups * len(CATEGORIES))
    return cells.reshape(n_groups, len(CATEGORIES)).astype(np.intp)


def _check_groups(tables: IntArray, names: list[str], groups: tuple[Any, ...]) -> None:
    few = np.argwhere(tables.sum(axis=2) < LEAST)
    if len(few):
        k, g = few[0]
        raise DataError(
            f"group {groups[g]!r} has fewer than {LEAST} respondents on {names[k]}; merge groups, "
            "or leave it out"
        )


def _compare(
    tables: IntArray,
    names: list[str],
    test: GroupTest,
    n_resamples: int,
    rng: np.random.Generator | int | None,
) -> tuple[FloatArray, IntArray, FloatArray]:
    counts = tables.astype(np.float64)
    found = independence(counts)
    if test == "permutation":
        generator = np.random.default_rng(rng)
        tails = [permutation_tail(table, n_resamples, generator) for table in counts]
        return found.chi_square, found.df, np.array(tails)
    least = np.nanmin(found.expected, axis=(1, 2))
    if (least < _EXPECTED).any():
        sparse = [name for name, value in zip(names, least, strict=True) if value < _EXPECTED]
        warn_caller(
            f"fewer than {_EXPECTED} answers are expected in a cell of {enumerate_names(sparse)}, "
            'where the chi-square law is a poor guide; test="permutation" does without it',
            SmallSampleWarning,
        )
    tail = np.where(found.df > 0, chi_square_tail(found.chi_square, found.df), 1.0)
    return found.chi_square, found.df, tail
