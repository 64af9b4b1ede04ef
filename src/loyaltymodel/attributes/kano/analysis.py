"""Kano's method: pairs of answers in, categories of attributes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Codebook, Columns, Data, Pairs, Variable
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names, repeated
from loyaltymodel._core.scales import AnswerLimits
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import as_given, counts_of
from loyaltymodel.attributes._pairs import named_pairs
from loyaltymodel.attributes.kano.answers import (
    ASKED,
    CODES,
    LEAST,
    NEVER_FIRST,
    check_lengths,
    check_options,
    read_answers,
    read_importance,
)
from loyaltymodel.attributes.kano.kernels import (
    CATEGORIES,
    EVALUATION,
    CategoryTest,
    ShareInterval,
    category_counts,
)
from loyaltymodel.attributes.kano.result import KanoResult
from loyaltymodel.errors import DataError, OptionError


@checked
def kano_category(
    functional: Variable,
    dysfunctional: Variable,
    *,
    data: Data | None = None,
    answers: Sequence[object] = CODES,
    missing: Missing = "raise",
) -> AsGiven:
    """Return the Kano category (卡诺类别) of each pair of answers, a letter.

    Respondents say how they feel if an attribute is there (functional) and if it is not
    (dysfunctional). A table turns the two answers into a category.

    Parameters
    ----------
    functional, dysfunctional : array-like of shape (n,), Series or str
        The answers, or names of columns of ``data``.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    answers : sequence of 5
        How the data write the answers like, must-be, neutral, live-with and dislike, in this
        order: codes or labels.
    missing : {"raise", "drop"}
        What to do where an answer is missing: refuse, or leave the respondent out.

    Returns
    -------
    Series or ndarray of shape (n,)
        "A" attractive, "O" one-dimensional, "M" must-be, "I" indifferent, "R" reverse or "Q"
        questionable; a Series with its index if ``functional`` is one.

    Raises
    ------
    DataError
        If the answers differ in number, one is missing (with ``missing="raise"``) or is none
        of the five.
    OptionError
        If ``answers`` are not five different values, or ``missing`` is not one of its choices.

    Notes
    -----
    ============  ====  =======  =======  =========  =======
    functional    like  must-be  neutral  live-with  dislike
    ============  ====  =======  =======  =========  =======
    like          Q     A        A        A          O
    must-be       R     I        I        I          M
    neutral       R     I        I        I          M
    live-with     R     I        I        I          M
    dislike       R     R        R        R          Q
    ============  ====  =======  =======  =========  =======

    The columns are answers to the dysfunctional question. This is the table of Berger et al.
    [1]_ as later works print it; some authors judge single cells in another way.

    References
    ----------
    .. [1] Berger, C., Blauth, R., Boger, D., et al. (1993). Kano's methods for understanding
       customer-defined quality. Center for Quality of Management Journal, 2(4).

    Examples
    --------
    Likes it and dislikes to be without; likes it and can live without; takes it for granted
    and dislikes to be without:

    >>> from loyaltymodel import attributes
    >>> attributes.kano_category([1, 1, 2], [5, 4, 5]).tolist()
    ['O', 'A', 'M']
    """
    codes, labels, _ = read_answers("", (functional, dysfunctional), data, answers, missing)
    letters = np.array(CATEGORIES)[EVALUATION[codes[0], codes[1]]]
    return as_given([functional, dysfunctional], labels, letters, name="category")


@checked
@takes_codebook(perhaps=("importance",), also=("pairs",), limits="name")
def kano(
    pairs: Pairs | None = None,
    *,
    counts: Variable | None = None,
    data: Data | None = None,
    answers: Sequence[object] = CODES,
    importance: Columns | None = None,
    scale: AnswerLimits | Codebook | None = None,
    test: CategoryTest = "exact",
    interval: ShareInterval = "wilson",
    level: float = 0.95,
    missing: Missing = "raise",
) -> KanoResult:
    """Return the Kano analysis (卡诺模型分析) of attributes: categories and coefficients.

    Each respondent puts each attribute into a category, see :func:`kano_category`. The
    attribute's category is the most frequent one. How much its presence satisfies and its
    absence dissatisfies is said by the better and worse coefficients.

    Parameters
    ----------
    pairs : mapping from attribute to pair, table, or names of columns
        The answers to the functional and the dysfunctional question of each attribute: arrays,
        Series or names of columns of ``data``. A table, or a list of names of columns, has two
        columns an attribute side by side, the functional one first, whose names agree up to the
        last ``_``, ``.``, ``-`` or space, such as ``seat_functional`` and
        ``seat_dysfunctional``.
    counts : DataFrame, or mapping from attribute to mapping from category to count, optional
        In place of ``pairs``, published or counted frequencies: how many respondents are in "A",
        "O", "M", "I", "R" and "Q"; a table has the attributes as its index. Categories that are
        not named have no respondents. Options about answers then have no effect and are refused.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    answers : sequence of 5
        How the data write the answers like, must-be, neutral, live-with and dislike, in this
        order: codes or labels.
    importance : mapping from attribute to array-like, Series or str, or table, optional
        Self-stated importance (自述重要性) of every attribute, higher for more important; a table
        has the attributes as its columns.
    scale : pair of numbers, mapping from attribute to pair, or Codebook, optional
        Lowest and highest importance that the questionnaire allows; checked if given. Or the
        codebook that these answers are read by, and those to the pairs unless ``answers`` names
        them.
    test : {"exact", "normal", "fong"}
        How the category is tested against the runner-up.
    interval : {"wilson", "wald", "exact"}
        How the intervals of the coefficients are made: Wilson's, the estimate plus and minus
        its standard errors (by the delta method), or Clopper's and Pearson's.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where an answer is missing: refuse, or leave the respondent out for this
        attribute.

    Returns
    -------
    KanoResult
        Shares, categories, coefficients from 0 to 1 and from -1 to 0, and importance.

    Raises
    ------
    DataError
        If columns do not come in pairs, answers differ in number, one is missing (with
        ``missing="raise"``) or is none of the five, a category of ``counts`` is unknown, a count
        is negative or not whole, or fewer than two respondents remain.
    OptionError
        If an option is not one of its choices, ``importance`` leaves out an attribute, or not
        exactly one of ``pairs`` and ``counts`` is given.

    Notes
    -----
    better = (A + O) / (A + O + M + I), worse = -(O + M) / (A + O + M + I)

    The letters are counts [1]_. Given their sum, the numerators are binomial, so that "wilson" and
    "exact" (Clopper-Pearson) hold their level in small samples; "wald", the estimate plus and
    minus its standard errors, does not where a coefficient is close to 0 or 1.

    With a answers in the category and b in the runner-up of n, "exact" asks whether a out of
    a + b could be the toss of a coin, two-sided; "normal" takes abs(a - b) / sqrt(a + b) for
    large samples. Although both categories are chosen after looking, the two-sided test is a
    valid test that the leading one is the most frequent [2]_. "fong" is the form in use in
    the field, abs(a - b) / sqrt((a + b) (2 n - a - b) / (2 n)) against 1.65. Its variance is
    too small, and at a nominal 10 % it rejects 14 to 23 % of true ties, the more the larger
    the share of the two.

    An average over respondents who disagree is misleading: compare groups with
    :func:`kano_segments`.

    Percentages are no counts: an interval needs to know how many were asked. Multiply them by
    the number of respondents and round.

    References
    ----------
    .. [1] Berger, C., Blauth, R., Boger, D., et al. (1993). Kano's methods for understanding
       customer-defined quality. Center for Quality of Management Journal, 2(4).
    .. [2] Hung, K., & Fithian, W. Rank verification for exponential families.
       arXiv:1610.03944.

    Examples
    --------
    Ten respondents on one attribute, answers 1 to 5. Four are A, three O, two M, one I:

    >>> from loyaltymodel import attributes
    >>> present = [1, 1, 1, 1, 1, 1, 1, 2, 3, 3]
    >>> absent = [2, 3, 3, 4, 5, 5, 5, 5, 5, 3]
    >>> result = attributes.kano({"seat": (present, absent)})
    >>> result.frequencies
      attribute  A  O  M  I  R  Q  n_obs  n_dropped
    0      seat  4  3  2  1  0  0     10          0

    better = (4 + 3) / 10 and worse = -(3 + 2) / 10. Four against three is a toss of a coin:

    >>> result.better_worse[["attribute", "quantity", "estimate"]]
      attribute quantity  estimate
    0      seat   better       0.7
    1      seat    worse      -0.5
    >>> float(result.attributes["p_value"][0])
    1.0

    A service app, rated by 296 respondents: better = 168 / 296, worse = -218 / 296.

    >>> published = attributes.kano(counts={"app": {"A": 45, "O": 123, "M": 95, "I": 33}})
    >>> published.better_worse[["quantity", "estimate"]].round(3)
      quantity  estimate
    0   better     0.568
    1    worse    -0.736
    """
    check_options(test, interval, level)
    if (pairs is None) == (counts is None):
        raise OptionError(
            "give exactly one of pairs, the answers of respondents, and counts, how many are in "
            "each category"
        )
    if counts is not None:
        idle = {
            "data": data is not None,
            "answers": tuple(answers) != CODES,
            "importance": importance is not None,
            "scale": scale is not None,
            "missing": missing != "raise",
        }
        if named_idle := [name for name, given in idle.items() if given]:
            raise OptionError(
                f"with counts there are no answers to read; leave out {enumerate_names(named_idle)}"
            )
        names, rows = _read_counts(counts)
        return _result(names, rows, None, level, interval, test, None)
    named, table = named_pairs(pairs, data, asked=ASKED, never_first=NEVER_FIRST)
    found, lengths = [], {}
    for name, pair in named.items():
        codes, labels, n_dropped = read_answers(name, pair, table, answers, missing)
        found.append(category_counts(*codes))
        lengths[name] = len(labels) + n_dropped
    n_asked = check_lengths(lengths)
    stated = read_importance(importance, limits_only(scale), lengths, table, missing)
    return _result(list(named), found, n_asked, level, interval, test, stated)


def _read_counts(counts: object) -> tuple[list[str], list[IntArray]]:
    """Return the names of attributes, and how many respondents put each into each category."""
    way_out = (
        "give whole numbers, none negative; shares or percentages become counts when they are "
        "multiplied by the number of respondents and rounded"
    )
    table = counts if isinstance(counts, pd.DataFrame) else _table_of(counts, way_out)
    letters = [str(name) for name in table.columns]
    if unknown := [name for name in letters if name not in CATEGORIES]:
        raise DataError(
            f"counts have the categories {enumerate_names(unknown)}, which are none of "
            f"{', '.join(CATEGORIES)}; leave totals and other columns out"
        )
    if twice := repeated(letters):
        raise DataError(f"counts have the category {twice[0]} more than once; give each once")
    numbers = np.zeros((len(table), len(CATEGORIES)))
    for k, letter in enumerate(letters):
        found = counts_of("counts", table.iloc[:, k], way_out=way_out, gaps=True)
        numbers[:, CATEGORIES.index(letter)] = found
    named = dict.fromkeys([str(name) for name in table.index])
    if len(named) != len(table) or not named:
        raise DataError("counts need one row an attribute, each with a name of its own")
    return list(named), list(numbers.astype(np.intp))


def _result(
    names: Sequence[str],
    counts: Sequence[IntArray],
    n_asked: int | None,
    level: float,
    interval: ShareInterval,
    test: CategoryTest,
    stated: FloatArray | None,
) -> KanoResult:
    table = np.array(counts, dtype=np.intp)
    few = [name for name, n in zip(names, table.sum(axis=1), strict=True) if n < LEAST]
    if few:
        raise DataError(
            f"fewer than {LEAST} respondents on {enumerate_names(few)}; an attribute needs two "
            "or more. kano_category gives the category of a single respondent"
        )
    answered = table.sum(axis=1)
    asked = answered if n_asked is None else np.full(len(names), n_asked)
    return KanoResult(
        names=tuple(names),
        counts=table,
        dropped=asked - answered,
        stated=stated,
        test=test,
        interval=interval,
        level=level,
    )


def _table_of(counts: object, way_out: str) -> pd.DataFrame:
    if not isinstance(counts, Mapping) or not all(isinstance(v, Mapping) for v in counts.values()):
        raise DataError(
            "counts are neither a DataFrame nor a mapping from attribute to counts, such as "
            '{"seat": {"A": 4, "O": 3, "M": 2, "I": 1}}'
        )
    rows = {}
    for name, row in counts.items():
        found = counts_of("counts", list(row.values()), way_out=way_out)
        rows[str(name)] = dict(zip(row, found, strict=True))
    return pd.DataFrame.from_dict(rows, orient="index")
