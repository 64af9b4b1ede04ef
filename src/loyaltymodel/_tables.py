"""One way to print: tables of numbers as text, HTML and LaTeX, through statsmodels."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from statsmodels.iolib.table import SimpleTable


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
        """
        rows = tuple((*row, cell) for row, cell in zip(self.rows, cells, strict=True))
        return replace(self, columns=(*self.columns, name), rows=rows)

    def _simple(self, clean: Callable[[str], str] = str) -> SimpleTable:
        # Loaded here: statsmodels takes as long to import as all the rest together.
        from statsmodels.iolib.table import SimpleTable  # noqa: PLC0415

        aligns = "l" * self.n_labels + "r" * (len(self.columns) - self.n_labels)
        look = {"data_aligns": aligns, "title_align": "l"}
        table = SimpleTable(
            [[clean(cell) for cell in row] for row in self.rows],
            headers=[clean(name) for name in self.columns],
            title=clean(self.title),
            txt_fmt={**look, "colsep": "  ", "table_dec_below": "-", "table_dec_above": "="},
            ltx_fmt={**look, "replacements": {}},
            html_fmt=look,
        )
        for place, cell in enumerate(table[0]):
            cell.datatype = place  # the header is aligned as the column beneath it
        return table

    def to_text(self) -> str:
        """Return the table as lines of text.

        Returns
        -------
        str
            Title, names of columns and rows, aligned for a fixed-width font.
        """
        text: str = self._simple().as_text()
        return "\n".join(line.rstrip() for line in text.splitlines())

    def to_html(self) -> str:
        """Return the table as HTML.

        Returns
        -------
        str
            A ``table`` element; cells are escaped.
        """
        text: str = self._simple(html.escape).as_html()
        return text

    def to_latex(self) -> str:
        r"""Return the table as LaTeX with three lines.

        Returns
        -------
        str
            A ``tabular``; needs ``\usepackage{booktabs}``.
        """
        text: str = self._simple(_latex_escape).as_latex_tabular()
        return text


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
        width = max((len(name) for name, _ in self.facts), default=0)
        facts = "\n".join(f"{name:<{width}}  {value}" for name, value in self.facts)
        remarks = "\n".join(f"- {remark}" for remark in self.remarks)
        parts = [self.title, facts, *(table.to_text() for table in self.tables), remarks]
        return "\n\n".join(part for part in parts if part)

    def to_html(self) -> str:
        """Return the summary as HTML.

        Returns
        -------
        str
            A fragment of HTML; text from the data is escaped.
        """
        facts = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in self.facts
        )
        remarks = "".join(f"<li>{html.escape(remark)}</li>" for remark in self.remarks)
        tables = "".join(table.to_html() for table in self.tables)
        listed = f"<ul>{remarks}</ul>" if remarks else ""
        return f"<h3>{html.escape(self.title)}</h3><table>{facts}</table>{tables}{listed}"

    def to_latex(self) -> str:
        r"""Return the tables as LaTeX, for a paper.

        Returns
        -------
        str
            One three-line ``tabular`` a table; needs ``\usepackage{booktabs}``.
        """
        return "\n\n".join(table.to_latex() for table in self.tables)


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "#$%&_{}"},
}


def _latex_escape(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)


def table_of(
    title: str, frame: pd.DataFrame, *, n_labels: int = 1, digits: int | Sequence[int] = 3
) -> Table:
    """Make a table of a frame; the first ``n_labels`` columns are names, the rest numbers."""
    n_numbers = frame.shape[1] - n_labels
    places = [digits] * n_numbers if isinstance(digits, int) else digits
    rows = tuple(
        tuple(str(cell) for cell in row[:n_labels])
        + tuple(number(v, d) for v, d in zip(row[n_labels:], places, strict=True))
        for row in frame.itertuples(index=False, name=None)
    )
    return Table(title, tuple(str(name) for name in frame.columns), rows, n_labels)


def number(value: float, digits: int = 3) -> str:
    """Print a number with fixed places; a dash where there is none."""
    if math.isnan(value):
        return "-"
    text = f"{value:.{digits}f}"
    return text[1:] if float(text) == 0 and text.startswith("-") else text
