"""What was read from a file."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from loyaltymodel._core.arrays import FrozenMapping, FrozenRecord
from loyaltymodel._core.options import count_of, visible
from loyaltymodel._core.tables import Summary, Table, table_of
from loyaltymodel._version import __version__
from loyaltymodel.survey.codebook import Codebook

_SHOWN = 40  # letters of a question in the summary
_MOST = 60  # columns in the summary
_LABELS = ("name", "text", "kind")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SurveyFile(FrozenRecord):
    """A table that was read from a file, and what was found out on the way.

    Made by :func:`read_survey`. It prints as one line; ``summary()`` is the page.

    Attributes
    ----------
    data : DataFrame
        The answers, a row a respondent and a column a column of the file. It is the caller's own.
    codebook : Codebook or None
        The codebook that was given, or else the draft of one; None where no column seems to be
        answered on a scale. Which scales are guesses stands in ``scales``.
    facts : tuple of pairs of str
        What was sensed or told: encoding, separator, decimals, header, sheet, size.
    remarks : tuple of str
        What a reader has to know: names that were made, cells that count as missing, codes that
        are suspected, columns that may be something else.
    columns : DataFrame
        A row a column: its ``name``, the ``text`` of its question, the ``kind`` that it seems to
        be, ``n_missing``, the number of ``distinct`` values, and of numbers the ``lowest`` and the
        ``highest``.
    scales : DataFrame
        A row a scale of the codebook: ``name``, ``lowest``, ``highest``, ``items``, and its
        ``origin``: "value labels", "guess" or "given".
    declared_missing : DataFrame
        A row an answer that the file declares as missing: its ``row`` and ``column``, the ``code``
        and the ``label`` of the code. Empty but for files of SPSS and Stata.
    said : str
        All facts in one line.
    version : str
        Version of this library that read the file.
    """

    data: pd.DataFrame
    codebook: Codebook | None
    facts: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    column_rows: FrozenMapping[str, tuple[object, ...]]
    scale_origins: FrozenMapping[str, str]
    missing_rows: tuple[tuple[object, str, object, str], ...] = ()
    version: str = field(default=__version__, kw_only=True)

    @property
    def columns(self) -> pd.DataFrame:
        """What each column seems to be."""
        return pd.DataFrame({name: list(cells) for name, cells in self.column_rows.items()})

    @property
    def scales(self) -> pd.DataFrame:
        """The scales of the codebook and where each is from."""
        names = ("name", "lowest", "highest", "items", "origin")
        if self.codebook is None:
            return pd.DataFrame(columns=pd.Index(names))
        rows = [
            (
                name,
                *scale.pair,
                ", ".join(item.name for item in self.codebook.items if item.scale == name),
                self.scale_origins.get(name, "given"),
            )
            for name, scale in self.codebook.scales.items()
        ]
        return pd.DataFrame(rows, columns=pd.Index(names))

    @property
    def declared_missing(self) -> pd.DataFrame:
        """The answers that the file declares as missing, and which kind each was."""
        return pd.DataFrame(
            list(self.missing_rows), columns=pd.Index(("row", "column", "code", "label"))
        )

    @property
    def said(self) -> str:
        """All that was sensed or told, in one line."""
        return "; ".join(f"{what}: {how}" for what, how in self.facts)

    def summary(self) -> Summary:
        """Return what was read in words and tables.

        Returns
        -------
        Summary
            ``print`` it, or let a notebook show it.
        """
        found = self.columns
        found["text"] = [t if len(t) <= _SHOWN else f"{t[: _SHOWN - 1]}…" for t in found["text"]]
        tables: list[Table] = []
        if len(found):
            rest = len(found) - _MOST
            title = "Columns" if rest <= 0 else f"Columns, the first {_MOST} of {len(found)}"
            shown = found.head(_MOST)[[*_LABELS, "n_missing", "distinct", "lowest", "highest"]]
            tables.append(table_of(title, shown, n_labels=3, digits=(0, 0, 0, 0)))
        if self.codebook is not None:
            scales = self.scales.astype({"lowest": str, "highest": str})
            tables.append(table_of("Scales", scales, n_labels=5))
        return Summary(f"Read from {self.facts[0][1]}", self.facts[1:], tuple(tables), self.remarks)

    def __repr__(self) -> str:
        """Say in a line what this is."""
        rows, columns = self.data.shape
        items = 0 if self.codebook is None else len(self.codebook.items)
        size = f"{count_of(rows, 'row')}, {count_of(columns, 'column')}"
        remarks = count_of(len(self.remarks), "remark")
        return visible(f"<SurveyFile: {size}, codebook of {count_of(items, 'item')}, {remarks}>")

    def _repr_html_(self) -> str:
        return self.summary().to_html()
