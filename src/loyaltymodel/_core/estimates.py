"""Tables of estimates: the only place that knows how errors, intervals and p-values are called."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NoReturn, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core import intervals
from loyaltymodel._core.accepted import Label
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, FrozenRecord, Numbers, read_only
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.intervals import Interval, check_level
from loyaltymodel._core.options import count_of, enumerate_names, shown
from loyaltymodel._core.signature import checked, checked_fields
from loyaltymodel._core.tables import percent, plain, table_of
from loyaltymodel.errors import DataError, OptionError

Labels = Mapping[str, Sequence[Any] | npt.NDArray[Any]]
Resampled = Literal["percentile", "basic"]

_COLUMNS = ("estimate", "std_error", "ci_low", "ci_high", "p_value")


@checked_fields
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class EstimateTable(FrozenRecord):
    """Rows that are named and estimated, with their errors, intervals and p-values (估计值表).

    What a method does not give is None, and then there is no such column: the p-values of
    shares and indices, for which 0 is no question, and the errors of intervals that have none.

    Attributes
    ----------
    labels : mapping from str to tuple
        Columns that name the rows: ``source`` and ``target``, ``attribute``, ``quantity`` ...
        A label that is missing or blank is the empty text: the row has none of that kind.
    estimate : ndarray of shape (k,)
        The estimates.
    std_error : ndarray of shape (k,) or None
        Their standard errors.
    ci_low, ci_high : ndarray of shape (k,) or None
        Ends of the intervals.
    p_value : ndarray of shape (k,) or None
        Two-sided, against 0; NaN where 0 is no question.
    level : float
        Confidence level of each interval.
    method : str
        How the intervals were made, such as "Wilson" or "percentile bootstrap".
    covariance : ndarray of shape (k, k) or None
        Covariance of the estimates, if it is known.
    replicates : ndarray of shape (b, k) or None
        The estimates in each resample that did not fail, if there are any.

    Examples
    --------
    >>> from loyaltymodel.results import EstimateTable
    >>> table = EstimateTable.wald({"term": ["a", "b"]}, [1.0, 0.0], [0.5, 0.5])
    >>> table
    <EstimateTable: 2 rows by term, 95% Wald>
    >>> table.frame().round(3)
      term  estimate  std_error  ci_low  ci_high  p_value
    0    a       1.0        0.5    0.02     1.98    0.046
    1    b       0.0        0.5   -0.98     0.98    1.000
    """

    labels: FrozenMapping[str, tuple[Any, ...]]
    estimate: FloatArray
    std_error: FloatArray | None = None
    ci_low: FloatArray | None = None
    ci_high: FloatArray | None = None
    p_value: FloatArray | None = None
    level: float = 0.95
    method: str = ""
    covariance: FloatArray | None = None
    replicates: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check that all columns are equally long and can be what they are called; protect them."""
        columns = {name: _column(name, values) for name, values in self.labels.items()}
        object.__setattr__(self, "labels", FrozenMapping(columns))
        k = len(_one_a_row("estimate", self.estimate))
        shapes = {"covariance": (k, k)}
        for name in (*_COLUMNS, "covariance", "replicates"):
            if (value := getattr(self, name)) is not None:
                if name != "replicates" and value.shape != shapes.get(name, (k,)):
                    _refuse_shape(name, value.shape, k)
                object.__setattr__(self, name, read_only(value, np.float64))
        if other := [name for name, values in columns.items() if len(values) != k]:
            _refuse_shape(enumerate_names(other), (len(columns[other[0]]),), k)
        if (drawn := self.replicates) is not None:
            _check_replicates(drawn, k)
        _check_within("std_error", self.std_error, least=0.0)
        _check_within("p_value", self.p_value, least=0.0, most=1.0)
        check_level(self.level)

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`frame` shows it."""
        by = ", ".join(self.labels)
        how = f", {percent(self.level)} {self.method}" if self.ci_low is not None else ""
        return f"<EstimateTable: {count_of(len(self), 'row')} by {by}{how}>"

    def _repr_html_(self) -> str:
        return table_of("", self.frame(), n_labels=len(self.labels)).to_html()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.estimate)

    @property
    def names(self) -> list[str]:
        """One name a row: its labels, with arrows between."""
        return [" -> ".join(map(str, row)) for row in self._rows()]

    def frame(self) -> pd.DataFrame:
        """Return the table: labels, and a column for everything there is.

        Returns
        -------
        DataFrame
            The labels, ``estimate``, and as far as they exist ``std_error``, ``ci_low``,
            ``ci_high`` and ``p_value``. It belongs to the caller.
        """
        table = pd.DataFrame({name: list(values) for name, values in self.labels.items()})
        for name in _COLUMNS:
            if (value := getattr(self, name)) is not None:
                table[name] = value.copy()
        return table

    @checked
    def row(self, name: Label) -> pd.Series:
        """Return one row.

        Parameters
        ----------
        name : object or sequence
            Its label, or its labels in the order of their columns; the last ones suffice
            where they are those of one row only.

        Returns
        -------
        Series
            ``estimate`` and what else there is.

        Raises
        ------
        OptionError
            If no row has that name, or several do.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> labels = {"source": ["image", "value"], "target": ["loyalty", "loyalty"]}
        >>> table = EstimateTable.wald(labels, [0.2, 0.3], [0.1, 0.1])
        >>> table.row(("image", "loyalty"))["estimate"].item()
        0.2
        """
        place = self.place(name)
        given = {n: getattr(self, n) for n in _COLUMNS}
        return pd.Series({n: v[place] for n, v in given.items() if v is not None})

    @checked
    def difference(self, first: Label, second: Label) -> pd.Series:
        """Return by how much one row exceeds another, with its uncertainty.

        Parameters
        ----------
        first, second : object or sequence
            Labels of the rows, as of :meth:`row`.

        Returns
        -------
        Series
            ``estimate`` (first less second), ``std_error``, ``ci_low``, ``ci_high`` and the
            two-sided ``p_value`` of no difference: between percentiles of the resamples if
            there are any, else by the normal law and the covariance of the two.

        Raises
        ------
        DataError
            If neither resamples nor a covariance are known: two intervals alone do not tell
            how sure their difference is.
        OptionError
            If no row has such a name, or several do.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> covariance = [[0.04, 0.01], [0.01, 0.03]]
        >>> table = EstimateTable.wald(
        ...     {"term": ["a", "b"]}, [1.0, 0.5], [0.2, 0.03**0.5], covariance=covariance
        ... )
        >>> round(float(table.difference("a", "b")["std_error"]) ** 2, 4)  # .04 + .03 - 2 * .01
        0.05
        """
        one, other = self.place(first), self.place(second)
        estimate = np.array([self.estimate[one] - self.estimate[other]])
        if self.replicates is not None:
            apart = (self.replicates[:, one] - self.replicates[:, other])[:, None]
            apart = apart[~np.isnan(apart[:, 0])]
            if len(apart) < 2:  # noqa: PLR2004  a spread needs two
                nothing = dict.fromkeys(_COLUMNS, np.nan)
                return pd.Series({**nothing, "estimate": estimate[0]})
            error = intervals.spread(apart)
            found = intervals.percentile(apart, level=self.level)
        elif self.covariance is not None:
            s = self.covariance
            variance = s[one, one] + s[other, other] - 2 * s[one, other]
            error = np.sqrt(np.array([max(variance, 0.0)]))
            found = intervals.wald(estimate, error, level=self.level)
        else:
            raise DataError(
                "neither resamples nor a covariance of these estimates are known, so it cannot be "
                "told how sure a difference is"
            )
        values = (estimate, error, found.low, found.high, found.p_value)
        return pd.Series({n: v[0] for n, v in zip(_COLUMNS, values, strict=True)})

    @checked
    def place(self, name: Label) -> int:
        """Return the number of the row with a name.

        Parameters
        ----------
        name : object or sequence
            Labels of the row, as of :meth:`row`.

        Returns
        -------
        int
            From 0.

        Raises
        ------
        OptionError
            If no row has that name, or several do.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> EstimateTable.wald({"term": ["a", "b"]}, [1.0, 0.5], [0.2, 0.2]).place("b")
        1
        """
        rows = self._rows()
        # A tuple may be the labels of a row, or one label that is a tuple.
        single = isinstance(name, tuple) and any(row[-1] == name for row in rows)
        parts = name.tolist() if isinstance(name, np.ndarray) else name
        if isinstance(parts, str) or not isinstance(parts, Iterable) or single:
            wanted = [parts]
        else:
            wanted = list(parts)
        hits = _places(rows, wanted)
        if len(hits) != 1:
            problem = "several rows are called" if hits else "no row is called"
            such_as = enumerate_names([tuple(row) if len(row) > 1 else row[0] for row in rows])
            raise OptionError(f"{problem} {shown(name)}; there are {such_as}")
        return hits[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the table for other programs: plain numbers, text and lists.

        Returns
        -------
        dict
            All attributes by name; fit for JSON, NaN is None.
        """
        return {f.name: plain(getattr(self, f.name)) for f in fields(self)}

    def to_json(self) -> str:
        """Return the table as JSON.

        Returns
        -------
        str
            JSON that :meth:`from_json` reads back to an equal table.
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    @checked
    def from_json(cls, text: str) -> Self:
        """Read a table from the JSON that :meth:`to_json` writes.

        Parameters
        ----------
        text : str
            JSON text.

        Returns
        -------
        EstimateTable
            An equal table.

        Raises
        ------
        DataError
            If the text is not JSON, or not that of such a table.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> table = EstimateTable.wald({"term": ["a", "b"]}, [1.0, 0.5], [0.2, 0.2])
        >>> EstimateTable.from_json(table.to_json()).names
        ['a', 'b']
        """
        known = {f.name for f in fields(cls)}
        try:
            content = json.loads(text)
            unknown = set(content) - known
            if unknown or "estimate" not in content or "labels" not in content:
                raise DataError(f"this is no table of estimates: {enumerate_names(unknown)}")
            numbers = {*_COLUMNS, "covariance", "replicates"}
            read = {n: _read(v) if n in numbers else v for n, v in content.items()}
            labels = {n: _hashable(column) for n, column in content["labels"].items()}
            return cls(**{**read, "labels": labels})
        except (ValueError, TypeError, AttributeError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"this is no table of estimates as JSON: {error}") from None

    # How tables are made

    @classmethod
    @checked
    def student(
        cls,
        labels: Labels,
        estimate: Numbers,
        std_error: Numbers,
        *,
        df: Numbers = np.inf,
        level: float = 0.95,
        covariance: Numbers | None = None,
        test_zero: bool = True,
    ) -> Self:
        """Make a table with Student's intervals and p-values against 0.

        Parameters
        ----------
        labels : mapping from str to sequence
            Columns that name the rows.
        estimate, std_error : array of shape (k,)
            Estimates and their standard errors.
        df : float or array of shape (k,)
            Degrees of freedom; infinite for the normal law.
        level : float
            Confidence level, between 0 and 1.
        covariance : array of shape (k, k), optional
            Covariance of the estimates.
        test_zero : bool
            Whether 0 is a question, so that there are p-values.

        Returns
        -------
        EstimateTable
            With all columns.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> table = EstimateTable.student({"term": ["a"]}, [1.0], [0.5], df=10)
        >>> round(float(table.ci_high[0]), 3)  # 1 + 2.228 * 0.5
        2.114
        """
        check_level(level)
        b = _one_a_row("estimate", estimate)
        se = _one_a_row("std_error", std_error, len(b))
        degrees = _one_a_row("df", df, len(b), single=True)
        _check_within("df", degrees, least=0.0)
        found = intervals.student(b, se, degrees, level=level)
        method = "Wald" if np.isinf(degrees).all() else "Student's t"
        return cls._of(
            labels, b, se, found, level=level, method=method, covariance=covariance, test=test_zero
        )

    @classmethod
    @checked
    def wald(
        cls,
        labels: Labels,
        estimate: Numbers,
        std_error: Numbers,
        *,
        level: float = 0.95,
        covariance: Numbers | None = None,
    ) -> Self:
        """Make a table with the intervals of the normal law.

        Parameters
        ----------
        labels : mapping from str to sequence
            Columns that name the rows.
        estimate, std_error : array of shape (k,)
            Estimates and their standard errors.
        level : float
            Confidence level, between 0 and 1.
        covariance : array of shape (k, k), optional
            Covariance of the estimates.

        Returns
        -------
        EstimateTable
            With all columns.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> table = EstimateTable.wald({"term": ["a"]}, [1.0], [0.5])
        >>> round(float(table.ci_high[0]), 2)  # 1 + 1.96 * 0.5
        1.98
        """
        return cls.student(labels, estimate, std_error, level=level, covariance=covariance)

    @classmethod
    @checked
    def wilson(cls, labels: Labels, share: Numbers, n: Numbers, *, level: float = 0.95) -> Self:
        """Make a table of shares with Wilson's intervals.

        Parameters
        ----------
        labels : mapping from str to sequence
            Columns that name the rows.
        share : array of shape (k,)
            Shares, from 0 to 1.
        n : array of shape (k,), or one number for all
            Of how many each is a share; effective numbers for weighted people.
        level : float
            Confidence level, between 0 and 1.

        Returns
        -------
        EstimateTable
            Without errors and p-values: the interval inverts the score test of each share.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> table = EstimateTable.wilson({"answer": ["yes"]}, [0.5], [100])
        >>> [round(float(end[0]), 3) for end in (table.ci_low, table.ci_high)]
        [0.404, 0.596]
        """
        check_level(level)
        values = _one_a_row("share", share)
        numbers = _one_a_row("n", n, len(values), single=True)
        _check_within("share", values, least=0.0, most=1.0)
        _check_within("n", numbers, least=0.0)
        low, high = intervals.wilson(values, numbers, level=level)
        return cls(
            labels=cast("FrozenMapping[str, tuple[Any, ...]]", labels),
            estimate=values,
            ci_low=low,
            ci_high=high,
            level=level,
            method="Wilson",
        )

    @classmethod
    @checked
    def resampled(
        cls,
        labels: Labels,
        estimate: Numbers,
        replicates: Numbers,
        *,
        interval: Resampled = "percentile",
        level: float = 0.95,
        test_zero: bool = True,
    ) -> Self:
        """Make a table whose errors and intervals come from resamples.

        Parameters
        ----------
        labels : mapping from str to sequence
            Columns that name the rows.
        estimate : array of shape (k,)
            Estimates.
        replicates : array of shape (b, k)
            The same in each resample that did not fail; NaN where one does not exist, whose
            interval then rests on the other resamples.
        interval : {"percentile", "basic"}
            Between percentiles, or these turned round the estimate.
        level : float
            Confidence level, between 0 and 1.
        test_zero : bool
            Whether 0 is a question, so that there are p-values.

        Returns
        -------
        EstimateTable
            With the resamples, so that any difference has an interval.

        Examples
        --------
        >>> from loyaltymodel.results import EstimateTable
        >>> resamples = [[value / 100] for value in range(1, 100)]
        >>> table = EstimateTable.resampled({"term": ["a"]}, [0.5], resamples, level=0.9)
        >>> [round(float(end[0]), 3) for end in (table.ci_low, table.ci_high)]
        [0.05, 0.95]
        """
        check_level(level)
        b, drawn = _one_a_row("estimate", estimate), np.asarray(replicates, np.float64)
        _check_replicates(drawn, len(b))
        drawn = drawn if drawn.size else np.empty((0, len(b)))
        low, high, error, p_value = (np.full(len(b), np.nan) for _ in range(4))
        for rows, columns in intervals.complete_parts(drawn):
            part = drawn[rows][:, columns]
            if interval == "percentile":
                found = intervals.percentile(part, level=level)
            else:
                found = intervals.basic(part, b[columns], level=level)
            low[columns], high[columns], p_value[columns] = found.low, found.high, found.p_value
            error[columns] = intervals.spread(part)
        method = f"{interval} bootstrap"
        ends = Interval(low, high, p_value)
        return cls._of(
            labels, b, error, ends, level=level, method=method, test=test_zero, replicates=drawn
        )

    @classmethod
    def _of(
        cls,
        labels: Labels,
        estimate: FloatArray,
        std_error: FloatArray,
        found: Interval,
        *,
        level: float,
        method: str,
        test: bool,
        covariance: Numbers | None = None,
        replicates: FloatArray | None = None,
    ) -> Self:
        return cls(
            labels=cast("FrozenMapping[str, tuple[Any, ...]]", labels),
            estimate=estimate,
            std_error=std_error,
            ci_low=found.low,
            ci_high=found.high,
            p_value=found.p_value if test else None,
            level=level,
            method=method,
            covariance=None if covariance is None else np.asarray(covariance, np.float64),
            replicates=replicates,
        )

    def _rows(self) -> list[list[Any]]:
        return [list(row) for row in zip(*self.labels.values(), strict=True)]


def _column(name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return labels as Python's own values, so that they print and compare plainly."""
    found = tuple(map(_label, values))
    try:
        hash(found)
    except TypeError:
        odd = next(v for v in found if not _can_be_hashed(v))
        raise OptionError(f"a row cannot be labelled {shown(odd)}: {name} holds names") from None
    return found


def _label(value: Any) -> Any:
    """Return a label; what is missing or blank is the empty text: a row without such a label."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str):
        return value if value.strip() else ""
    none = value is None or value is pd.NA or value is pd.NaT
    return "" if none or (isinstance(value, float) and math.isnan(value)) else value


def _can_be_hashed(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _places(rows: list[list[Any]], wanted: list[Any]) -> list[int]:
    """Return the rows with these labels, or else with these last ones."""
    try:
        hits = [k for k, row in enumerate(rows) if row == wanted]
        if not hits and wanted:
            hits = [k for k, row in enumerate(rows) if row[-len(wanted) :] == wanted]
    except (TypeError, ValueError, ArithmeticError):
        return []  # what cannot be compared, such as pd.NA or an array, is no name
    return hits


def _one_a_row(
    name: str, values: Numbers, k: int | None = None, *, single: bool = False
) -> FloatArray:
    """Return numbers that :func:`checked` has read, if there is one a row, or one for all."""
    array = np.asarray(values, dtype=np.float64)
    if (single and array.ndim == 0) or (array.ndim == 1 and k in (None, len(array))):
        return array
    return _refuse_shape(name, array.shape, k)


def _refuse_shape(name: str, shape: tuple[int, ...], k: int | None) -> NoReturn:
    if k is None:
        raise DataError(f"{name} has shape {shape}; give a list of numbers, one a row")
    if name == "covariance":
        raise DataError(f"the covariance has shape {shape}, not ({k}, {k})")
    raise DataError(f"there are {k} estimates, but {name} has another length; give one value a row")


def _check_replicates(drawn: FloatArray, k: int) -> None:
    if drawn.size and (drawn.ndim != 2 or drawn.shape[1] != k):  # noqa: PLR2004  rows and columns
        raise DataError(f"the replicates have shape {drawn.shape}; give {k} columns, one a row")


def _check_within(
    name: str, values: FloatArray | None, *, least: float, most: float = np.inf
) -> None:
    """Raise a DataError where a number cannot be what it is called; rounding and NaN may be."""
    if values is None or not (outside := (values < least) | (values > most)).any():
        return
    outside = exceeds(least, values, size=1.0) | exceeds(values, most, size=1.0)
    if outside.any():
        limits = f"below {least:g}" if np.isinf(most) else f"outside {least:g} to {most:g}"
        raise DataError(f"{name} has {values[outside].flat[0]:g}, which is {limits}")


def _hashable(value: Any) -> Any:
    """Turn lists of JSON, which has no tuples, into tuples, however deep."""
    return tuple(_hashable(part) for part in value) if isinstance(value, list) else value


def _read(value: Any) -> Any:
    """Turn lists of JSON into numbers again."""
    return None if value is None else np.array(value, dtype=np.float64)
