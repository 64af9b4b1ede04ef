"""Number of answers, means and covariance: all that estimation needs of a survey.

Moments of parts of a survey add up to the moments of the whole, so a survey can be larger
than the memory, lie on many machines, or be known only from a published covariance matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenRecord, read_only
from loyaltymodel._core.frames import (
    Columns,
    Missing,
    checked_rows,
    column_names,
    read_columns,
)
from loyaltymodel._core.labels import has_labels, in_order_of, matrix_in_order_of
from loyaltymodel._core.native import NotNumbers, native, numbers_of
from loyaltymodel._core.options import (
    LARGEST,
    SMALLEST,
    check_choice,
    check_text,
    enumerate_names,
    is_number,
    is_whole,
    one_whole,
    repeated,
    shown,
    why_not_a_list,
)
from loyaltymodel._core.scales import AnswerLimits, may_be_codes, resolve_limits, warn_of_codes
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError, OptionError


class _Sums(NamedTuple):
    """What is added up: respondents, weight, means (p,) and scatter about them (p, p).

    ``concentration`` is the sum of the squared shares of the weight: 1 / n for equal weights.
    """

    n_obs: int
    weight: float
    concentration: float
    means: FloatArray
    scatter: FloatArray


_LEAST_WEIGHT = 1e-290  # below it, weights have fewer digits
_EQUAL = 1e-9  # an effective number nearer to that of respondents differs by rounding only
_NOTHING = _Sums(0, 0.0, 0.0, np.zeros(0), np.zeros((0, 0)))


class _Count(NamedTuple):
    """Rows seen, rows with every answer, and the sums over these."""

    n_rows: int
    n_complete: int
    sums: _Sums


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Moments(FrozenRecord):
    """Number of respondents, means and covariance matrix of the items of a survey.

    Moments hold no answer of any respondent. They are made from a table (:meth:`from_frame`),
    from a table in pieces (:meth:`from_chunks`), or typed in from a publication, and two of
    them add up (``a + b``) to the moments of all their respondents together.

    Parameters
    ----------
    n_obs : int
        Number of respondents, at least 1.
    items : sequence of str, p names
        The items, each named once.
    means : array-like, shape (p,)
        Mean of each item, in the units of the answers.
    covariance : array-like, shape (p, p)
        Covariance matrix of the items with divisor n - 1, in squared units of the answers;
        for one respondent all zero. A Series of means or a table of covariances, as pandas makes
        them, is put in the order of the items by its labels.
    weight_total : float, optional
        Sum of the respondents' weights, for moments of a weighted survey. Without it every
        respondent weighs 1 and the total is ``n_obs``.
    n_dropped : int, default 0
        Number of respondents that were left out because an answer was missing.
    n_effective : float, optional
        Kish's effective number of respondents, (sum of weights)^2 / sum of squared weights. It
        is below ``n_obs`` where the weights are unequal; without it they are taken as equal.

    Raises
    ------
    DataError
        If a number is not finite, a shape does not fit the items, the matrix is not symmetric
        or has a negative variance, or ``n_effective`` is above ``n_obs``.

    Notes
    -----
    With weights w the mean is sum(w x) / sum(w) and the covariance
    n / (n - 1) * sum(w (x - mean)(x - mean)') / sum(w), so that equal weights of any size
    give the unweighted moments. Moments are merged by the pairwise update of Chan, Golub and
    LeVeque [1]_, which does not cancel digits as sums of squares do.

    References
    ----------
    .. [1] Chan, T. F., Golub, G. H., & LeVeque, R. J. (1983). Algorithms for computing the
       sample variance: analysis and recommendations. The American Statistician, 37(3),
       242-247.

    Examples
    --------
    Answers 1, 2, 3 have mean 2 and variance ((-1)^2 + 0 + 1^2) / (3 - 1) = 1:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import Moments
    >>> whole = Moments.from_frame(pd.DataFrame({"s1": [1, 2, 3]}))
    >>> float(whole.means[0]), float(whole.covariance[0, 0])
    (2.0, 1.0)

    In two pieces it is the same:

    >>> first = Moments.from_frame(pd.DataFrame({"s1": [1]}))
    >>> rest = Moments.from_frame(pd.DataFrame({"s1": [2, 3]}))
    >>> float((first + rest).covariance[0, 0])
    1.0
    """

    n_obs: int
    items: tuple[str, ...]
    means: FloatArray
    covariance: FloatArray
    weight_total: float | None = None
    n_dropped: int = 0
    n_effective: float | None = None

    def __post_init__(self) -> None:
        """Protect the arrays and refuse what cannot be moments."""
        n_obs = _whole("n_obs", self.n_obs, least=1)
        weight_total = n_obs if self.weight_total is None else self.weight_total
        object.__setattr__(self, "n_obs", n_obs)
        object.__setattr__(self, "n_dropped", _whole("n_dropped", self.n_dropped, least=0))
        object.__setattr__(self, "weight_total", _above_zero("weight_total", weight_total))
        n_effective = n_obs if self.n_effective is None else self.n_effective
        object.__setattr__(self, "n_effective", _effective(n_effective, n_obs))
        object.__setattr__(self, "items", _item_names(self.items))
        means: Any = self.means
        if has_labels(means):
            means = in_order_of("means", means, self.items)
        covariance: Any = self.covariance
        if has_labels(covariance):
            covariance = matrix_in_order_of("covariance", covariance, self.items)
        object.__setattr__(self, "means", _numbers("means", means))
        object.__setattr__(self, "covariance", _numbers("covariance", covariance))
        _check_shapes(self.items, self.means, self.covariance)
        if n_obs == 1 and self.covariance.any():
            raise DataError("one respondent has no variance: with n_obs=1 covariance must be 0")

    @classmethod
    @checked
    def from_frame(
        cls,
        data: object,
        items: str | Sequence[str] | None = None,
        *,
        weights: str | None = None,
        scale: AnswerLimits | None = None,
        missing: Missing = "raise",
    ) -> Self:
        """Compute the moments of a table, one row a respondent.

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            The answers; never changed.
        items : sequence of str, optional
            Columns to use. Without it every column, less the column of weights.
        weights : str, optional
            Name of a column of respondents' weights, none negative and not all zero.
            Respondents of weight zero do not count in ``n_obs``.
        scale : pair, or mapping from item to pair, optional
            Lowest and highest possible answer; an answer outside is an error.
        missing : {"raise", "drop"}
            With "raise" a missing answer is an error; with "drop" respondents with any
            missing answer are left out and counted in ``n_dropped``.

        Returns
        -------
        Moments
            Moments of the answers.

        Raises
        ------
        DataError
            If a column is absent or not numeric, or an answer is missing, infinite or off
            the scale.
        OptionError
            If ``missing`` or ``scale`` is not as described.

        Examples
        --------
        >>> import pandas as pd
        >>> from loyaltymodel.structural import Moments
        >>> survey = pd.DataFrame({"s1": [1, 3, None], "w": [3, 1, 1]})
        >>> moments = Moments.from_frame(survey, weights="w", missing="drop")
        >>> moments.n_obs, moments.n_dropped, float(moments.means[0])
        (2, 1, 1.5)
        """
        return cls._from_tables([data], items, weights, scale, missing)

    @classmethod
    @checked
    def from_chunks(
        cls,
        chunks: Iterable[object],
        items: str | Sequence[str] | None = None,
        *,
        weights: str | None = None,
        scale: AnswerLimits | None = None,
        missing: Missing = "raise",
    ) -> Self:
        """Compute the moments of a survey that comes in pieces, each a table.

        Parameters
        ----------
        chunks : iterable of tables
            For example ``pandas.read_csv(file, chunksize=100_000)``. Each piece is let go
            before the next is taken.
        items : sequence of str, optional
            Columns to use; without it those of the first piece.
        weights : str, optional
            Name of a column of respondents' weights.
        scale : pair, or mapping from item to pair, optional
            Lowest and highest possible answer; an answer outside is an error.
        missing : {"raise", "drop"}
            What to do with missing answers, as in :meth:`from_frame`.

        Returns
        -------
        Moments
            Moments of all pieces together.

        Raises
        ------
        DataError
            If there is no piece at all, or a piece is not fit for :meth:`from_frame`.
        OptionError
            If ``missing`` or ``scale`` is not as described.

        Examples
        --------
        >>> import pandas as pd
        >>> from loyaltymodel.structural import Moments
        >>> pieces = (pd.DataFrame({"s1": answers}) for answers in ([1, 2], [3, 4, 5]))
        >>> moments = Moments.from_chunks(pieces)
        >>> moments.n_obs, float(moments.means[0]), float(moments.covariance[0, 0])
        (5, 3.0, 2.5)
        """
        if hasattr(chunks, "columns") or hasattr(chunks, "column_names"):
            raise DataError("chunks is a table itself; use Moments.from_frame for a single one")
        if not isinstance(chunks, Iterable):
            raise DataError(f"chunks is a {type(chunks).__name__}; an iterable of tables is needed")
        return cls._from_tables(chunks, items, weights, scale, missing)

    @classmethod
    def _from_tables(
        cls,
        tables: Iterable[object],
        items: str | Sequence[str] | None,
        weights: str | None,
        scale: AnswerLimits | None,
        missing: Missing,
    ) -> Self:
        """Add up tables, however a survey is cut into them."""
        check_choice("missing", missing, Missing)
        if weights is not None and not isinstance(weights, str):
            raise OptionError(
                f"weights is a {type(weights).__name__}; give the name of a column of the data, "
                "such as weights='w' after data.assign(w=...)"
            )
        names = None if items is None else _item_names(items)
        count = _Count(0, 0, _NOTHING)
        several = not isinstance(tables, list)
        for place, table in enumerate(tables):
            try:
                names = _every_item(table, weights) if names is None else names
                count = _add_up(count, table, names, weights, scale, missing)
            except DataError as error:
                if several:  # rows are counted within a chunk, so say in which
                    raise DataError(f"chunk {place}: {error}") from None
                raise
        if names is None:
            raise DataError("there is no chunk: the iterable of tables is empty or used up")
        _check_something_left(count, weights)
        return cls._from_sums(names, count.sums, count.n_rows - count.n_complete)

    def __radd__(self, other: object) -> Self:
        """Return these moments: ``sum`` begins with 0."""
        return self if other == 0 and isinstance(other, int) else NotImplemented

    def __add__(self, other: Moments) -> Self:
        """Return the moments of the respondents of both, with the items in this order."""
        if not isinstance(other, Moments):
            return NotImplemented
        if set(self.items) != set(other.items):
            apart = sorted(set(self.items) ^ set(other.items))
            raise DataError(
                f"moments of different items cannot be added: {enumerate_names(apart)} "
                "are in one of them only; use select() on both first"
            )
        sums = _merge(self._sums(), other.select(self.items)._sums())
        return type(self)._from_sums(self.items, sums, self.n_dropped + other.n_dropped)

    @checked
    def select(self, items: str | Sequence[str]) -> Self:
        """Return the moments of some items, in the order given.

        Parameters
        ----------
        items : sequence of str
            Names of items that these moments have.

        Returns
        -------
        Moments
            Moments of those items alone.

        Raises
        ------
        DataError
            If an item is not among those of these moments.

        Examples
        --------
        >>> from loyaltymodel.structural import Moments
        >>> both = Moments(n_obs=9, items=["a", "b"], means=[4, 5], covariance=[[1, 0], [0, 2]])
        >>> both.select(["b"]).means
        array([5.])
        """
        names = _item_names(items)
        position = {name: index for index, name in enumerate(self.items)}
        absent = [name for name in names if name not in position]
        if absent:
            raise DataError(
                f"the moments have no item {enumerate_names(absent)}; "
                f"they have {enumerate_names(self.items, most=12)}"
            )
        if names == self.items:
            return self
        rows = [position[name] for name in names]
        return type(self)(
            n_obs=self.n_obs,
            items=names,
            means=self.means[rows],
            covariance=self.covariance[np.ix_(rows, rows)],
            weight_total=self.weight_total,
            n_dropped=self.n_dropped,
            n_effective=self.n_effective,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the moments as numbers, lists and text, ready for JSON.

        Returns
        -------
        dict
            The arguments that make these moments again: ``Moments(**moments.to_dict())``.

        Examples
        --------
        >>> from loyaltymodel.structural import Moments
        >>> Moments(n_obs=9, items=["a"], means=[4], covariance=[[1]]).to_dict()["means"]
        [4.0]
        """
        return {
            "n_obs": self.n_obs,
            "items": list(self.items),
            "means": self.means.tolist(),
            "covariance": self.covariance.tolist(),
            "weight_total": self.weight_total,
            "n_dropped": self.n_dropped,
            "n_effective": self.n_effective,
        }

    def _sums(self) -> _Sums:
        weight = float(self.weight_total or self.n_obs)
        scatter = self.covariance * weight * ((self.n_obs - 1) / self.n_obs)
        concentration = 1 / float(self.n_effective or self.n_obs)
        return _Sums(self.n_obs, weight, concentration, self.means, scatter)

    @classmethod
    def _from_sums(cls, items: tuple[str, ...], sums: _Sums, n_dropped: int) -> Self:
        n_obs, weight, concentration, means, scatter = sums
        correction = n_obs / (n_obs - 1) if n_obs > 1 else 0.0
        return cls(
            n_obs=n_obs,
            items=items,
            means=means,
            covariance=scatter / weight * correction,
            weight_total=weight,
            n_dropped=n_dropped,
            n_effective=1 / concentration,
        )


def _add_up(
    count: _Count,
    table: object,
    names: tuple[str, ...],
    weights: str | None,
    scale: AnswerLimits | None,
    missing: Missing,
) -> _Count:
    """Add the rows of a table, slice by slice, to what was counted before."""
    if weights in names:
        raise DataError(f"column {weights!r} cannot be both an item and the weight")
    columns = read_columns(table, names if weights is None else (*names, weights))
    limits = None
    if scale is not None:
        others = column_names(table) if isinstance(scale, Mapping) else ()
        limits = resolve_limits(scale, names, known=others)
    if limits is not None and weights is not None:
        limits = limits.with_one_more()
    n_complete, sums = count.n_complete, count.sums
    like_codes = np.zeros(len(names), dtype=bool)
    for rows, places in checked_rows(columns, limits, missing, weighted=weights is not None):
        n_complete += len(places)
        if weights is not None and (rows[-1] < 0).any():
            raise DataError(_negative_weight(columns))
        answers = rows[: len(names)]
        if limits is None:
            like_codes |= may_be_codes(answers.min(axis=1), answers.max(axis=1))
        # Too large a number overflows to infinity, and is refused by name at the end.
        with np.errstate(over="ignore", invalid="ignore"):
            part = _sums_of_rows(answers, None if weights is None else rows[-1])
            sums = _merge(sums, part)
    warn_of_codes({names[k]: columns.values[k] for k in np.flatnonzero(like_codes)})
    return _Count(count.n_rows + columns.n_rows, n_complete, sums)


def _check_something_left(count: _Count, weights: str | None) -> None:
    if count.n_rows == 0:
        raise DataError("the data have no rows; at least a few answers are needed")
    if count.n_complete == 0:
        raise DataError(
            "no row is left: every respondent has a missing answer; "
            "choose items that were answered, or fill in the answers before"
        )
    if count.sums.weight == 0:
        raise DataError(f"the weights in column {weights!r} are all zero")
    if not _LEAST_WEIGHT < count.sums.weight < np.inf:
        raise DataError(
            f"the weights in column {weights!r} add up to {count.sums.weight:.3g}, too large or "
            "too small to compute with; give them in another unit: only their ratios matter"
        )
    if not np.isfinite(count.sums.scatter).all():
        raise DataError("the answers are too large for their squares to be numbers; rescale them")


def _sums_of_rows(rows: FloatArray, weights: FloatArray | None) -> _Sums:
    """Add up a block (p, m) of answers; the block is used up."""
    n_obs = rows.shape[1]
    if weights is None:
        means = rows.mean(axis=1)
        rows -= means[:, None]
        return _Sums(n_obs, float(n_obs), 1 / n_obs, means, rows @ rows.T)
    weight = float(weights.sum())
    if weight == 0:
        return _NOTHING
    means = rows @ weights / weight
    rows -= means[:, None]
    rows *= np.sqrt(weights)
    concentration = float(((weights / weight) ** 2).sum())
    return _Sums(int(np.count_nonzero(weights)), weight, concentration, means, rows @ rows.T)


def _merge(a: _Sums, b: _Sums) -> _Sums:
    """Pairwise update of Chan, Golub and LeVeque (1983)."""
    if b.weight == 0 or a.weight == 0:
        return a if b.weight == 0 else b
    weight = a.weight + b.weight
    shift = b.means - a.means
    return _Sums(
        a.n_obs + b.n_obs,
        weight,
        a.concentration * (a.weight / weight) ** 2 + b.concentration * (b.weight / weight) ** 2,
        a.means + shift * (b.weight / weight),
        a.scatter + b.scatter + np.outer(shift, shift) * a.weight * (b.weight / weight),
    )


def _negative_weight(columns: Columns) -> str:
    weights = columns.values[-1]
    first = int(np.argmax(weights < 0))
    return (
        f"weight {weights[first]:g} in row {columns.labels[first]} of column "
        f"{columns.names[-1]!r}: weights must not be negative"
    )


def _every_item(data: object, weights: str | None) -> tuple[str, ...]:
    return _item_names([name for name in column_names(data) if name != weights])


def _item_names(items: Any) -> tuple[str, ...]:
    if why_not_a_list(items):
        raise DataError(f"items is a {type(items).__name__}, which {why_not_a_list(items)}")
    if isinstance(items, np.ndarray):
        items = native(items).tolist()
    try:
        names = (items,) if isinstance(items, str) else tuple(items)
    except TypeError:
        raise DataError(f"items is {shown(items)}; a sequence of names is needed") from None
    not_text = [name for name in names if not isinstance(name, str)]
    if not_text:
        raise DataError(
            f"item names must be text, not {enumerate_names(map(repr, not_text))}; "
            "rename the columns, for instance frame.rename(columns=str)"
        )
    if not names:
        raise DataError("no item is named; at least one is needed")
    for name in names:
        check_text("an item", name)
        if not name.strip():
            raise DataError("an item has a name that is empty; rename its column")
    if twice := repeated(names):
        raise DataError(f"items named more than once: {enumerate_names(twice)}")
    return names


def _numbers(name: str, values: object) -> FloatArray:
    try:
        array = read_only(numbers_of(values))
    except NotNumbers as error:
        raise DataError(f"{name} must be numbers, but has {error.example}") from None
    if not np.isfinite(array).all():
        raise DataError(f"{name} must be finite numbers; NaN or infinity was found")
    return array


def _whole(name: str, value: object, *, least: int) -> int:
    if not is_whole(value, least=least):
        raise DataError(f"{name} is {shown(value)}; a whole number of at least {least} is needed")
    return one_whole(name, value)


def _above_zero(name: str, value: object) -> float:
    try:
        number = float(value) if is_number(value) else np.nan
    except (OverflowError, ValueError):  # of an integer beyond a float, of a signalling NaN
        number = np.nan
    if not (np.isfinite(number) and number > 0):
        raise DataError(f"{name} is {shown(value)}; it must be a finite number above 0")
    return number


def _effective(value: object, n_obs: int) -> float:
    number = _above_zero("n_effective", value)
    if number > n_obs * (1 + _EQUAL):
        raise DataError(
            f"n_effective is {number:g}, more than the {n_obs} respondents; unequal weights make "
            "it less, and equal ones n_obs itself"
        )
    return float(n_obs) if number >= n_obs * (1 - _EQUAL) else number


def _check_shapes(items: tuple[str, ...], means: FloatArray, covariance: FloatArray) -> None:
    p = len(items)
    if means.shape != (p,) or covariance.shape != (p, p):
        raise DataError(
            f"{p} items need means of shape ({p},) and a covariance matrix of shape ({p}, {p}); "
            f"given are {means.shape} and {covariance.shape}"
        )
    variances = covariance.diagonal()
    if (variances < 0).any():
        worst = items[int(np.argmin(variances))]
        raise DataError(f"the covariance matrix has a negative variance, for item {worst!r}")
    for name, values, least, most in (
        ("mean", np.abs(means), 0.0, LARGEST),
        ("variance", variances, SMALLEST**2, LARGEST**2),
    ):
        if (bad := (values > most) | ((values > 0) & (values < least))).any():
            k = int(np.argmax(bad))
            raise DataError(
                f"item {items[k]!r} has a {name} of size {values[k]:.3g}, too large or too small "
                "to compute with; give the answers in other units"
            )
    # Typed-in matrices may differ in the last printed digit, but not in what they mean.
    tolerance = 1e-8 * max(float(variances.max()), np.finfo(float).tiny)
    if np.abs(covariance - covariance.T).max() > tolerance:
        raise DataError("the covariance matrix is not symmetric; give both triangles alike")
