"""Is it a ladder? Guttman errors by respondent, and how well the order reproduces the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Columns, Data
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, count_of
from loyaltymodel._core.results import Facts, Result, WithCustomers
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.ladder.kernels import (
    expected_errors,
    find_patterns,
    pair_errors,
    scale_type_errors,
)
from loyaltymodel.loyalty_stage.ladder.reading import read_items

Order = Literal["given", "popularity"]
_THUMB = (
    "Rules of thumb ask for a reproducibility of 0.9 and a scalability of 0.6; both depend on how "
    "respondents are spread over the steps."
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReproducibilityResult(Result):
    """How well a ladder reproduces who passes what. Made by :func:`reproducibility`.

    Two ways to count errors are used side by side. "goodenough_edwards" counts the cells that
    differ from the ideal pattern with as many steps passed; "minimum" the fewest cells that
    must change to make the pattern ideal, and is never larger.

    Attributes
    ----------
    names : tuple of str
        The steps, from the one claimed to be first.
    order : {"given", "popularity"}
        Where their order comes from.
    popularity : ndarray of shape (k,)
        Share of respondents who pass each step.
    pattern_rows : ndarray of shape (r, k)
        The distinct patterns of 0 and 1.
    pattern_counts : ndarray of shape (r,)
        How many respondents show each.
    pattern_errors : ndarray of shape (r, 2)
        Errors of each pattern in both ways.
    n_dropped : int
        Respondents left out because of missing values.
    expected : float
        Reproducibility that independent steps of the same popularity would have, counted as
        Goodenough and Edwards do.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> result, customers = loyalty_stage.reproducibility([[0, 0], [1, 0], [1, 1], [0, 1]])
    >>> customers["errors"].tolist()
    [0, 0, 0, 2]
    >>> result
    <ReproducibilityResult: 2 steps, reproducibility 0.750>
    """

    names: tuple[str, ...]
    order: Order
    popularity: FloatArray
    pattern_rows: IntArray
    pattern_counts: IntArray
    pattern_errors: IntArray
    n_dropped: int
    expected: float

    @property
    def n_obs(self) -> int:
        """Number of respondents."""
        return int(self.pattern_counts.sum())

    @property
    def marginal(self) -> float:
        """Reproducibility that is reached by guessing the commoner answer to each step."""
        return float(np.maximum(self.popularity, 1 - self.popularity).mean())

    @property
    def counts(self) -> pd.DataFrame:
        """A row a way of counting: ``count``, ``errors``, and three coefficients.

        ``reproducibility`` is 1 less errors over cells; ``scalability`` is how much of the way
        from guessing (:attr:`marginal`) to perfection that is; ``consistency`` (first row only)
        of the way from independence.
        """
        cells = self.n_obs * len(self.names)
        errors = self.pattern_counts @ self.pattern_errors
        value = 1 - errors / cells
        with np.errstate(divide="ignore", invalid="ignore"):
            scalable = (value - self.marginal) / (1 - self.marginal)
            consistent = (value[0] - self.expected) / (1 - self.expected)
        return pd.DataFrame(
            {
                "count": ["goodenough_edwards", "minimum"],
                "errors": errors,
                "reproducibility": value,
                "scalability": scalable,
                "consistency": [consistent, np.nan],
            }
        )

    @property
    def patterns(self) -> pd.DataFrame:
        """A row a pattern: ``pattern``, ``n_obs``, ``share``, ``expected_share``, ``errors``.

        Ideal patterns have no errors. ``expected_share`` is what independent steps of the same
        popularity would give; patterns that nobody shows are not listed.
        """
        odds = np.where(self.pattern_rows == 1, self.popularity, 1 - self.popularity)
        order = np.lexsort((-self.pattern_counts, self.pattern_errors[:, 0]))
        frame = pd.DataFrame(
            {
                "pattern": pattern_names(self.pattern_rows),
                "n_obs": self.pattern_counts,
                "share": self.pattern_counts / self.n_obs,
                "expected_share": odds.prod(axis=1),
                "errors": self.pattern_errors[:, 0],
            }
        )
        return frame.iloc[order].reset_index(drop=True)

    def _title(self) -> str:
        return "Reproducibility of a ladder (Guttman)"

    def _brief(self) -> str:
        value = self.counts["reproducibility"].iloc[0]
        return f"{count_of(len(self.names), 'step')}, reproducibility {value:.3f}"

    def _facts(self) -> Facts:
        stood = zip(self.names, self.popularity, strict=True)
        ideal = self.pattern_counts[self.pattern_errors[:, 0] == 0].sum()
        return (
            ("steps", "; ".join(f"{name} {value:.3f}" for name, value in stood)),
            ("order", "as given" if self.order == "given" else "by popularity"),
            ("ideal patterns", f"{100 * ideal / self.n_obs:.1f}% of respondents"),
            ("by guessing", f"reproducibility {self.marginal:.3f}"),
            ("if independent", f"reproducibility {self.expected:.3f}"),
        )

    def _tables(self) -> tuple[Table, ...]:
        return (
            table_of("Coefficients", self.counts, digits=(0, 3, 3, 3)),
            table_of("Patterns", self.patterns, digits=(0, 3, 3, 0)),
        )

    def _remarks(self) -> list[str]:
        remarks = [_THUMB]
        if (np.diff(self.popularity) > 0).any():
            j = int(np.argmax(np.diff(self.popularity) > 0))
            remarks.append(
                f"More respondents pass {self.names[j + 1]} than {self.names[j]}, which is claimed "
                "to come first."
            )
        return remarks


def pattern_names(rows: IntArray) -> list[str]:
    """Return each pattern (r, k) as a word, such as "110"."""
    return ["".join(map(str, row)) for row in rows]


@checked
def reproducibility(
    items: Columns,
    *,
    data: Data | None = None,
    order: Order = "given",
    missing: Missing = "raise",
) -> WithCustomers[ReproducibilityResult]:
    """Return Guttman's coefficients: how well a ladder reproduces who passes what.

    Parameters
    ----------
    items : table, names of columns, mapping from name to values, or array of shape (n, k)
        1 where a respondent passes a step and 0 where not, a column a step in their order; such
        as ``result.passed(scores)`` of :func:`oliver`. Columns of an array are called "item 1",
        "item 2" and so on.
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.
    order : {"given", "popularity"}
        "given" tests the order in which the steps stand, first to last; "popularity" puts the
        most often passed step first, which is the best that the data allow.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    result : ReproducibilityResult
        Coefficients of reproducibility and scalability, and patterns.
    customers : DataFrame
        A row a respondent with the labels of the data: ``pattern``, and its ``errors``, counted
        as Goodenough and Edwards do.

    Raises
    ------
    DataError
        If there are fewer than two steps, a step is passed by everybody or nobody, or values
        are missing or neither 0 nor 1.
    OptionError
        If ``order`` or ``missing`` is not one of its choices.

    See Also
    --------
    scalability : Loevinger's H, with standard errors and for graded answers.
    sequential_logit : What makes customers pass each step.

    Notes
    -----
    Reproducibility is 1 - errors / (n k). Programs count errors in different ways, which can
    halve them; here both common ways stand side by side. Reproducibility is high wherever most
    respondents agree, so it is set against guessing, MMR = mean of max(p, 1 - p), by the
    coefficient of scalability (CR - MMR) / (1 - MMR). None of them is a test;
    :func:`scalability` has one.

    Examples
    --------
    Of four respondents one passes the second step only. Two of his answers differ from the ideal
    pattern "10" and one would have to change, so 1 - 2/8 and 1 - 1/8:

    >>> from loyaltymodel import loyalty_stage
    >>> result, customers = loyalty_stage.reproducibility(
    ...     {"cognitive": [0, 1, 1, 0], "affective": [0, 0, 1, 1]}
    ... )
    >>> result.counts[["count", "errors", "reproducibility"]]
                    count  errors  reproducibility
    0  goodenough_edwards       2            0.750
    1             minimum       1            0.875
    """
    check_choice("order", order, Order)
    read = read_items(items, data=data, binary=True, missing=missing)
    values, names = read.values, read.names
    if order == "popularity":
        places = np.argsort(-values.mean(axis=0), kind="stable")
        values, names = values[:, places], tuple(names[j] for j in places)
    patterns = find_patterns(values)
    own, fewest = scale_type_errors(patterns.rows)
    popularity = values.mean(axis=0)
    result = ReproducibilityResult(
        names=names,
        order=order,
        popularity=popularity,
        pattern_rows=patterns.rows,
        pattern_counts=patterns.counts,
        pattern_errors=np.column_stack([own, fewest]),
        n_dropped=read.n_dropped,
        expected=1 - expected_errors(popularity) / len(names),
    )
    words = np.array(pattern_names(patterns.rows), dtype=object)
    own_rows = {"pattern": words[patterns.of_person], "errors": own[patterns.of_person]}
    return WithCustomers(result, pd.DataFrame(own_rows, index=read.labels))


@checked
@takes_codebook("items")
def guttman_errors(
    items: Columns,
    *,
    data: Data | None = None,
    order: Order = "popularity",
    scale: Pair | Codebook | None = None,
    missing: Missing = "raise",
) -> pd.Series:
    """Return how often each respondent takes a harder step without an easier one (Guttman errors).

    Parameters
    ----------
    items : table, names of columns, mapping from name to values, or array of shape (n, k)
        Whole numbers, a row a respondent and a column an item: 0 and 1, or graded answers.
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.
    order : {"popularity", "given"}
        "popularity" takes a step to be easier if more respondents pass it; "given" takes the items
        as they stand, for answers of 0 and 1 only.
    scale : pair of float or Codebook, optional
        Lowest and highest possible answer; answers outside are an error. Or the codebook that the
        answers are read by.
    missing : {"raise", "drop"}
        What to do with rows that lack an answer: an error, or leave them out.

    Returns
    -------
    Series
        Errors of each respondent, 0 or more, with the labels of the rows. They are whole numbers
        unless steps are equally popular.

    Raises
    ------
    DataError
        If there are fewer than two items, an item does not vary, or answers are missing, not
        whole numbers, or off the scale.
    OptionError
        If ``order="given"`` and an item has more than two answers, or an option is not one of
        its choices.

    See Also
    --------
    scalability : The errors of all respondents, against those expected.

    Notes
    -----
    An answer of a to an item means that its steps 1, ..., a are passed. An error is a pair of
    steps of which the less popular is passed and the more popular is not; this is the count
    that Loevinger's H rests on for items of 0 and 1. Of two equally popular steps either order
    is as good, so such a pair counts half.

    Examples
    --------
    The first is in order, the second passes the third step without the two before:

    >>> from loyaltymodel import loyalty_stage
    >>> loyalty_stage.guttman_errors(
    ...     [[1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], order="given"
    ... ).tolist()
    [0.0, 2.0, 0.0, 1.0]
    """
    check_choice("order", order, Order)
    read = read_items(items, data=data, scale=limits_only(scale), missing=missing)
    if order == "given" and read.values.max() > 1:
        raise OptionError(
            'order="given" is for answers of 0 and 1, because graded items have several steps '
            'each; use order="popularity", or say which answers pass'
        )
    patterns = find_patterns(read.values)
    errors = pair_errors(patterns, given_order=order == "given")
    return pd.Series(errors[patterns.of_person], index=read.labels, name="guttman_errors")
