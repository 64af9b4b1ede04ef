"""Other ways to read a Kano questionnaire, and the curves behind the categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Data, Pairs
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.counts import weighted_means
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import (
    check_share,
    count_of,
    shown,
)
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.scales import by_variable
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.attributes._pairs import named_pairs
from loyaltymodel.attributes.kano.answers import (
    ASKED,
    CODES,
    LEAST,
    NEVER_FIRST,
    check_lengths,
    read_answers,
)
from loyaltymodel.attributes.kano.kernels import (
    ANSWERS,
    CATEGORIES,
    coefficient_counts,
    leaders,
    memberships,
    ratio,
)
from loyaltymodel.attributes.kano.result import COEFFICIENTS
from loyaltymodel.errors import DataError, OptionError

Curve = Literal["must_be", "one_dimensional", "attractive"]

FUNCTIONAL_SCORES = (4.0, 2.0, 0.0, -1.0, -2.0)
DYSFUNCTIONAL_SCORES = (-2.0, -1.0, 0.0, 2.0, 4.0)

_ENDS = {"must_be": (-1.0, 0.0), "one_dimensional": (-1.0, 1.0), "attractive": (0.0, 1.0)}
_SUMS_TO_ONE = 1e-6  # rounding of memberships that were written with six digits or more


@checked
def kano_continuous(
    pairs: Pairs,
    *,
    data: Data | None = None,
    answers: Sequence[object] = CODES,
    functional_scores: Sequence[float] = FUNCTIONAL_SCORES,
    dysfunctional_scores: Sequence[float] = DYSFUNCTIONAL_SCORES,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return the mean functional and dysfunctional scores of attributes (连续型卡诺分析).

    Every answer becomes a number, and the numbers are averaged, so that no answer is lost to
    a category that came second.

    Parameters
    ----------
    pairs : mapping from attribute to pair, table, or names of columns
        As for :func:`kano`.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    answers : sequence of 5
        How the data write the answers, as for :func:`kano`.
    functional_scores, dysfunctional_scores : sequence of 5 numbers
        Scores of like, must-be, neutral, live-with and dislike.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where an answer is missing: refuse, or leave the respondent out for this
        attribute.

    Returns
    -------
    DataFrame
        Two rows an attribute, by ``attribute`` and ``quantity``, "functional" and
        "dysfunctional": the mean score as ``estimate``, from -2 to 4 by default, ``std_error``,
        ``ci_low``, ``ci_high``, and ``n_obs``.

    Raises
    ------
    DataError
        If the answers are refused as by :func:`kano`.
    OptionError
        If the scores are not five finite numbers each, or another option is not allowed.

    Notes
    -----
    The scores from -2 to 4 are usually attributed to DuMouchel (in Berger et al., 1993). They
    are lopsided on purpose: negative answers belong to reverse and questionable attributes and
    count less. A high functional score speaks for an attractive attribute, a high
    dysfunctional one for a must-be, both for a one-dimensional one. A mean of 2 may come from
    respondents who agree or who are far apart, so look at the categories as well. The
    intervals are those of t; where all give the same answer there is none.

    Examples
    --------
    Half like it and could live without it (4 and 2), half take it for granted and dislike to
    be without it (2 and 4):

    >>> from loyaltymodel import attributes
    >>> scores = attributes.kano_continuous({"seat": ([1, 1, 2, 2], [4, 4, 5, 5])})
    >>> scores[["attribute", "quantity", "estimate", "n_obs"]]
      attribute       quantity  estimate  n_obs
    0      seat     functional       3.0      4
    1      seat  dysfunctional       3.0      4
    """
    check_level(level)
    scores = [
        _scores("functional_scores", functional_scores),
        _scores("dysfunctional_scores", dysfunctional_scores),
    ]
    named, table = named_pairs(pairs, data, asked=ASKED, never_first=NEVER_FIRST)
    found, lengths, sizes = [], {}, []
    for name, pair in named.items():
        codes, labels, n_dropped = read_answers(name, pair, table, answers, missing)
        lengths[name] = len(labels) + n_dropped
        _check_enough(name, len(labels))
        values = np.column_stack([score[place] for score, place in zip(scores, codes, strict=True)])
        found.append(weighted_means(values, np.ones(len(values))))
        sizes.append(len(values))
    check_lengths(lengths)
    labels_of = {
        "attribute": [name for name in named for _ in ASKED],
        "quantity": list(ASKED) * len(named),
    }
    mean, error = (np.concatenate([part[k] for part in found]) for k in (0, 1))
    n = np.repeat(sizes, len(ASKED))
    made = EstimateTable.student(labels_of, mean, error, df=n - 1, level=level)
    return replace(made, p_value=None).frame().assign(n_obs=n)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class KanoFuzzyResult(Result):
    """Kano categories of attributes from answers that respondents divided.

    Made by :func:`kano_fuzzy`.

    Attributes
    ----------
    names : tuple of str
        Names of the k attributes.
    memberships : ndarray of shape (k, 6)
        Mean membership in A, O, M, I, R and Q, in this order; with a cut, the share of
        respondents who count in each.
    estimates : EstimateTable
        Better and worse coefficients, by ``attribute`` and ``quantity``.
    n_obs : int
        Number of respondents.
    cuts : mapping from attribute to float, or None
        From which membership on a respondent counts; None where memberships are added up.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> present, absent = [[0.7, 0.3, 0, 0, 0]] * 2, [[0, 0, 0, 0, 1]] * 2
    >>> attributes.kano_fuzzy({"seat": (present, absent)})
    <KanoFuzzyResult: 1 attribute, 2 respondents>
    """

    names: tuple[str, ...]
    memberships: FloatArray
    estimates: EstimateTable
    n_obs: int
    cuts: FrozenMapping[str, float] | None

    @property
    def n_dropped(self) -> int:
        """Number of respondents left out: none, because every membership must be given."""
        return 0

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.estimates.level

    @property
    def interval(self) -> str:
        """Kind of interval: Wilson's, which stays from 0 to 1."""
        return "wilson"

    @property
    def attributes(self) -> pd.DataFrame:
        """The largest category of each attribute, and mean memberships in all of them."""
        table = pd.DataFrame(self.memberships.copy(), columns=list(CATEGORIES))
        first, _ = leaders(self.memberships)
        table.insert(0, "attribute", self.names)
        table.insert(1, "category", [CATEGORIES[k] for k in first])
        return table

    @property
    def better_worse(self) -> pd.DataFrame:
        """Better and worse coefficients with errors and intervals, a row each."""
        return self.estimates.frame()

    def _title(self) -> str:
        return "Kano analysis of fuzzy answers"

    def _brief(self) -> str:
        n = count_of(len(self.names), "attribute")
        return f"{n}, {count_of(self.n_obs, 'respondent')}"

    def _facts(self) -> Facts:
        if self.cuts is None:
            return ()
        cuts = sorted(set(self.cuts.values()))
        return (("membership counts from", ", ".join(f"{cut:g}" for cut in cuts)),)

    def _tables(self) -> Sequence[Table]:
        return (
            table_of("Categories and mean memberships", self.attributes, n_labels=2),
            table_of("Coefficients", self.better_worse, n_labels=2),
        )


@checked
def kano_fuzzy(
    pairs: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    cuts: float | Mapping[str, float] | None = None,
    level: float = 0.95,
) -> KanoFuzzyResult:
    """Return the Kano categories of attributes from fuzzy answers (模糊卡诺模型).

    Respondents who waver divide each answer among the five possible ones, such as 0.7 like and
    0.3 must-be. Then they belong to several categories in part.

    Parameters
    ----------
    pairs : mapping from attribute to pair of arrays of shape (n, 5)
        For the functional and for the dysfunctional question, each respondent's memberships in
        like, must-be, neutral, live-with and dislike: from 0 to 1, summing to 1.
    cuts : float, or mapping from attribute to float, optional
        With a number from 0 to 1, for all attributes or for each, a respondent counts fully in
        every category with at least this membership, and not at all in the others; 0.4 is in
        use. By default the memberships themselves are added up.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    KanoFuzzyResult
        Mean memberships "A" to "Q", from 0 to 1, which sum to 1 without ``cuts``; the largest
        of them as the category; and the better and worse coefficients.

    Raises
    ------
    DataError
        If memberships are not (n, 5) each, leave 0 to 1 or do not sum to 1, or there are fewer
        than two respondents.
    OptionError
        If a cut or ``level`` does not lie between 0 and 1, or ``cuts`` leave out an attribute.

    Notes
    -----
    A respondent's membership in a cell of the evaluation table is the product of those in the
    two answers; the membership in a category is the sum over its cells. The method with a cut
    is usually attributed to Lee and Huang (2009). With a cut, someone who is divided among
    many categories counts in none. The intervals are Wilson's, for as many respondents as would
    give the coefficient its linearised standard error; they never leave 0 to 1 (or -1 to 0) and
    have a width where all agree. Answers that are not divided give the coefficients of
    :func:`kano` and their intervals.

    Examples
    --------
    Two respondents. One likes it and dislikes to be without (O). The other wavers between like and
    must-be, and dislikes to be without: half O, half M. On average 0.75 O and 0.25 M.

    >>> from loyaltymodel import attributes
    >>> present = [[1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0]]
    >>> absent = [[0, 0, 0, 0, 1], [0, 0, 0, 0, 1]]
    >>> found = attributes.kano_fuzzy({"seat": (present, absent)})
    >>> found.attributes[["category", "O", "M"]]
      category     O     M
    0        O  0.75  0.25
    >>> found.better_worse[["quantity", "estimate"]]
      quantity  estimate
    0   better      0.75
    1    worse     -1.00
    """
    check_level(level)
    named, _ = named_pairs(_mapping(pairs), None, asked=ASKED)
    limits = _cuts_of(cuts, list(named))
    shares, coefficients, lengths = [], [], {}
    for name, (functional, dysfunctional) in named.items():
        first = _memberships(f"{name} functional", functional)
        second = _memberships(f"{name} dysfunctional", dysfunctional)
        if len(first) != len(second):
            raise DataError(
                f"{name} has {len(first)} functional and {len(second)} dysfunctional answers; "
                "one of each a respondent is needed"
            )
        _check_enough(name, len(first))
        lengths[name] = len(first)
        belongs = memberships(first, second)
        if limits is not None:
            belongs = reaches(belongs, limits[name], size=1.0).astype(np.float64)
        shares.append(belongs.mean(axis=0))
        up, down, base = coefficient_counts(belongs)
        better, (worse, error, low, high) = (ratio(p, base, level=level) for p in (up, down))
        # Less than nothing, but no -0.0 where nobody is dissatisfied.
        coefficients += [better, (0.0 - worse, error, 0.0 - high, 0.0 - low)]
    n_obs = check_lengths(lengths)
    labels = {
        "attribute": [name for name in named for _ in COEFFICIENTS],
        "quantity": list(COEFFICIENTS) * len(named),
    }
    estimate, error, low, high = np.array(coefficients).T
    return KanoFuzzyResult(
        names=tuple(named),
        memberships=np.array(shares),
        estimates=EstimateTable(
            labels=FrozenMapping({name: tuple(column) for name, column in labels.items()}),
            estimate=estimate,
            std_error=error,
            ci_low=low,
            ci_high=high,
            level=level,
            method="Wilson",
        ),
        n_obs=n_obs,
        cuts=limits,
    )


def _scores(name: str, scores: Sequence[float]) -> FloatArray:
    try:
        values = np.asarray(numbers_of(scores), dtype=np.float64)
    except NotNumbers:
        values = np.empty(0)
    if values.shape != (len(ANSWERS),) or not np.isfinite(values).all():
        raise OptionError(
            f"{name}={shown(scores)} are not five finite numbers; give one for each of "
            f"{', '.join(ANSWERS)}"
        )
    return values


def _check_enough(name: str, n: int) -> None:
    if n < LEAST:
        raise DataError(f"attribute {name!r} has one respondent; an interval needs two or more")


def _cuts_of(cuts: object, names: Sequence[str]) -> FrozenMapping[str, float] | None:
    """Return the cut of each attribute, from one number or a mapping."""
    if cuts is None:
        return None
    given = by_variable("cuts", cuts, names)
    for cut in given.values():
        check_share("cuts", cut, above=True, such_as=0.4)
    return FrozenMapping({name: float(cut) for name, cut in given.items()})


def _mapping(given: object) -> Mapping[str, tuple[object, object]]:
    if not isinstance(given, Mapping):
        raise DataError(
            "fuzzy answers are no mapping from attribute to a pair of arrays of shape (n, 5); give "
            'such as {"seat": (functional, dysfunctional)}'
        )
    return given


def _memberships(name: str, given: object) -> FloatArray:
    """Read memberships (n, 5) that sum to 1."""
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} holds something else than numbers; give memberships") from None
    if values.ndim != 2 or values.shape[1] != len(ANSWERS):  # noqa: PLR2004 - rows and columns
        raise DataError(
            f"{name} has shape {values.shape}; (n, 5) is needed, a row a respondent and a column "
            f"for each of {', '.join(ANSWERS)}"
        )
    bad = ~(np.isfinite(values) & (values >= 0) & (values <= 1)).all(axis=1)
    bad |= ~(np.abs(values.sum(axis=1) - 1) <= _SUMS_TO_ONE)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{name} has {int(bad.sum())} of {len(values)} rows that are not memberships from 0 to "
            f"1 which sum to 1 (first {values[row].tolist()} in row {row}); divide each row by its "
            "sum, and leave out rows without answers"
        )
    return values
