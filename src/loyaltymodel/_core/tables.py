"""One way to print: tables as text, HTML and LaTeX, by the library tabulate.

It aligns letters of double width, such as Chinese ones, and escapes what HTML and LaTeX would read.
Names come from the data: what a terminal would obey in them, such as an escape or a new line, is
printed as it would be written in Python.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loyaltymodel._core.options import check_count, count_of, shown, visible
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 88  # of remarks and long facts, in letters: comfortable in a terminal of 100
_WIDEST = 100  # of tables, as far as names can be wrapped
_P_VALUES = frozenset({"p_value", "p_adjusted"})
_LARGE = 1e5  # from which six digits say enough
_NARROWEST = 24  # of a column whose names are wrapped
_LEFT = "style='text-align:left'"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text, ready to be printed; the first columns are labels.

    Attributes
    ----------
    title : str
        What the table shows.
    columns : tuple of str
        Names of the columns.
    rows : tuple of tuple of str
        The cells, as they are printed.
    n_labels : int
        Number of columns that name the row.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int = 1

    def __post_init__(self) -> None:
        """Raise an OptionError unless every row has a cell a column, and all are text."""
        _check_text("title", self.title)
        _check_texts("columns", self.columns)
        _check_list("rows", self.rows)
        for k, row in enumerate(self.rows):
            _check_texts(f"rows[{k}]", row)
        n = len(self.columns)
        if odd := [k for k, row in enumerate(self.rows) if len(row) != n]:
            raise OptionError(
                f"row {odd[0]} has {count_of(len(self.rows[odd[0]]), 'cell')}, but the table has "
                f"{count_of(n, 'column')}; give one a column"
            )
        check_count("n_labels", self.n_labels, least=0)

    @checked
    def with_column(self, name: str, cells: Sequence[str]) -> Table:
        """Return the table with one more column at the right.

        Parameters
        ----------
        name : str
            Name of the column.
        cells : sequence of str
            One cell a row.

        Returns
        -------
        Table
            A new table.

        Raises
        ------
        OptionError
            If there is not one cell a row.
        """
        if len(cells) != len(self.rows):
            given, due = count_of(len(cells), "cell"), count_of(len(self.rows), "row")
            raise OptionError(f"there are {given} for {due}; give one a row")
        rows = tuple((*row, cell) for row, cell in zip(self.rows, cells, strict=True))
        return replace(self, columns=(*self.columns, name), rows=rows)

    def __str__(self) -> str:
        """Return the table as text."""
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    @property
    def _aligns(self) -> list[str]:
        aligns = ["left"] * self.n_labels + ["right"] * (len(self.columns) - self.n_labels)
        return aligns[: len(self.columns)]

    def _printed(self, look: Any) -> str:
        from tabulate import tabulate  # noqa: PLC0415  takes a tenth of a second

        text: str = tabulate(
            [_seen(row) for row in self.rows],
            headers=_seen(self.columns),
            tablefmt=look,
            colalign=self._aligns if self.rows else None,
            disable_numparse=True,
        )
        return text

    def _closer(self) -> str:
        """Print without room between columns but for two blanks; wrap the longest names."""
        from tabulate import tabulate  # noqa: PLC0415
        from wcwidth import wcswidth  # noqa: PLC0415

        rows = [_seen(self.columns), *map(_seen, self.rows)]
        widths = [max(map(wcswidth, cells)) for cells in zip(*rows, strict=True)]
        excess = sum(widths) + 2 * (len(widths) - 1) - _WIDEST
        if excess > 0 and self.n_labels:
            longest = max(range(self.n_labels), key=widths.__getitem__)
            wrapped = max(widths[longest] - excess, _NARROWEST)
            widths[longest] = min(widths[longest], wrapped)
        rows.insert(1, ["-" * width for width in widths])
        text: str = tabulate(
            rows,
            tablefmt="plain",
            colalign=self._aligns,
            disable_numparse=True,
            maxcolwidths=widths,
        )
        return text

    def to_text(self) -> str:
        """Return the table as lines of text.

        Returns
        -------
        str
            Title, names of columns and rows, aligned for a fixed-width font. What would be
            wider than 100 letters stands closer, with long names on several lines.
        """
        from wcwidth import wcswidth  # noqa: PLC0415

        lines = self._printed("simple").splitlines()
        if max(map(wcswidth, lines), default=0) > _WIDEST:
            lines = self._closer().splitlines()
        return "\n".join([visible(self.title), *(line.rstrip() for line in lines)])

    def to_html(self) -> str:
        """Return the table as HTML.

        Returns
        -------
        str
            A ``table`` element; cells are escaped.
        """
        title = f"<caption>{_escaped(self.title)}</caption>"
        text = self._printed("html").replace("<table>", f"<table>\n{title}", 1)
        # Notebooks put cells to the right unless told otherwise.
        return text.replace("<td>", f"<td {_LEFT}>").replace("<th>", f"<th {_LEFT}>")

    def to_latex(self) -> str:
        r"""Return the table as LaTeX with three lines.

        Returns
        -------
        str
            A ``tabular``; needs ``\usepackage{booktabs}``.
        """
        return self._printed("latex_booktabs")


@dataclass(frozen=True, slots=True)
class Summary:
    """A result in words and tables: ``print`` it, or let a notebook show it as HTML.

    Attributes
    ----------
    title : str
        What was estimated.
    facts : tuple of (str, str)
        Facts about the estimation, each with its name.
    tables : tuple of Table
        The numbers.
    remarks : tuple of str
        What a reader should know, one sentence or two each.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise an OptionError where something is none of these, before it is printed."""
        _check_text("title", self.title)
        _check_list("facts", self.facts)
        for k, fact in enumerate(self.facts):
            _check_texts(f"facts[{k}]", fact)
            if len(fact) != 2:  # noqa: PLR2004  a name and what it is
                raise OptionError(f"facts[{k}]={shown(fact)} is not a name and a text")
        _check_list("tables", self.tables)
        if odd := [table for table in self.tables if not isinstance(table, Table)]:
            raise OptionError(f"tables holds {shown(odd[0])}, which is not a Table")
        _check_texts("remarks", self.remarks)

    def __str__(self) -> str:
        """Return the summary as text."""
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_text(self) -> str:
        """Return the summary as text.

        Returns
        -------
        str
            Title, facts, tables and remarks, parted by empty lines.
        """
        seen = [(visible(name), value) for name, value in self.facts]
        width = max((len(name) for name, _ in seen), default=0)
        facts = "\n".join(_hanging(f"{name:<{width}}  ", value) for name, value in seen)
        remarks = "\n".join(_hanging("- ", remark) for remark in self.remarks)
        parts = [visible(self.title), facts, *(table.to_text() for table in self.tables), remarks]
        return "\n\n".join(part for part in parts if part)

    def to_html(self) -> str:
        """Return the summary as HTML.

        Returns
        -------
        str
            A fragment of HTML; text from the data is escaped.
        """
        facts = "".join(
            f"<tr><th {_LEFT}>{_escaped(name)}</th><td {_LEFT}>{_escaped(value)}</td></tr>"
            for name, value in self.facts
        )
        remarks = "".join(f"<li>{_escaped(remark)}</li>" for remark in self.remarks)
        tables = "".join(table.to_html() for table in self.tables)
        listed = f"<ul>{remarks}</ul>" if remarks else ""
        return f"<h3>{_escaped(self.title)}</h3><table>{facts}</table>{tables}{listed}"

    def to_latex(self) -> str:
        r"""Return the tables as LaTeX, for a paper.

        Returns
        -------
        str
            One three-line ``tabular`` a table; needs ``\usepackage{booktabs}``.
        """
        return "\n\n".join(table.to_latex() for table in self.tables)


# Text is printed whatever letters it has, so that nothing that is found stays unseen.
def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise OptionError(f"{name}={shown(value)} must be text")


def _check_texts(name: str, values: object) -> None:
    for k, value in enumerate(_check_list(name, values)):
        _check_text(f"{name}[{k}]", value)


def _check_list(name: str, values: object) -> Sequence[Any]:
    if not isinstance(values, (tuple, list)):
        raise OptionError(f"{name}={shown(values)} must be a tuple or a list")
    return values


def _seen(cells: Sequence[str]) -> list[str]:
    return [visible(cell) for cell in cells]


def _escaped(text: str) -> str:
    return html.escape(visible(text))


def _hanging(head: str, text: str) -> str:
    """Wrap a text whose further lines stand under its first letter."""
    below = " " * len(head)
    lines = textwrap.wrap(
        visible(text), _WIDTH, initial_indent=head, subsequent_indent=below, break_on_hyphens=False
    )
    return "\n".join(lines) if lines else head.rstrip()


def table_of(
    title: str, frame: pd.DataFrame, *, n_labels: int = 1, digits: int | Sequence[int] = 3
) -> Table:
    """Make a table of a frame; the first ``n_labels`` columns are names, the rest numbers."""
    n_numbers = frame.shape[1] - n_labels
    places = [digits] * n_numbers if isinstance(digits, int) else digits
    names = [str(name) for name in frame.columns[n_labels:]]
    rows = tuple(
        tuple(str(cell) for cell in row[:n_labels])
        + tuple(_cell(v, d, n) for v, d, n in zip(row[n_labels:], places, names, strict=True))
        for row in frame.itertuples(index=False, name=None)
    )
    return Table(title, tuple(str(name) for name in frame.columns), rows, n_labels)


def _cell(value: Any, digits: int, name: str) -> str:
    if isinstance(value, str):
        return value
    return p_text(value, digits) if name in _P_VALUES else number(value, digits)


def number(value: float, digits: int = 3) -> str:
    """Print a number with fixed places, a large one without; a dash where there is none."""
    if math.isnan(value):
        return "-"
    if digits and _LARGE <= abs(value) < math.inf:
        return f"{value:,.0f}"
    text = f"{value:.{digits}f}"
    return text[1:] if float(text) == 0 and text.startswith("-") else text


def p_text(value: float, digits: int = 3) -> str:
    """Print a p-value: one too small for the places is below the smallest that they show."""
    smallest = 10.0**-digits
    return f"<{smallest:.{digits}f}" if 0 < value < smallest / 2 else number(value, digits)


def percent(level: float) -> str:
    """Print a confidence level: 0.95 is 95%, and 0.995 is 99.5%."""
    return f"{100 * level:g}%"


def plain(value: object) -> Any:
    """Return a value as JSON knows it: numbers, text, lists and dictionaries; NaN as None."""
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {_key(key): plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if isinstance(value, (str, bool, int, float, type(None))) else str(value)


def _key(key: object) -> str:
    return " -> ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON knows them; labels of rows that have a name come first.

    A name of labels that is that of a column as well, such as a brand called "source", says so.
    """
    labelled = any(name is not None for name in frame.index.names)
    named = frame.reset_index(allow_duplicates=True) if labelled else frame
    columns = [_key(name) for name in named.columns]
    for place in range(frame.index.nlevels if labelled else 0):
        if columns.count(columns[place]) > 1:
            columns[place] += " (label)"
    return [
        {name: plain(value) for name, value in zip(columns, row, strict=True)}
        for row in named.itertuples(index=False, name=None)
    ]
