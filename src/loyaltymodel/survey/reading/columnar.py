"""Parquet and Feather files."""

from __future__ import annotations

import pandas as pd

from loyaltymodel._core.options import enumerate_names
from loyaltymodel.errors import DataError
from loyaltymodel.survey.reading.header import unique
from loyaltymodel.survey.reading.raw import Raw, needed
from loyaltymodel.survey.reading.source import Source, broken


def read_columnar(source: Source) -> Raw:
    """Return what is in a Parquet or Feather file, every column of it.

    Raises
    ------
    DataError
        If the file is cut off or damaged, or has no columns.
    """
    arrow = needed("pyarrow", "pyarrow", "a Parquet or Feather file")
    try:
        if source.kind == "parquet":
            parquet = needed("pyarrow.parquet", "pyarrow", "a Parquet file")
            # As one file: the name of a folder such as year=2024 is no column.
            table = parquet.ParquetFile(str(source.path)).read()
        else:
            table = needed("pyarrow.feather", "pyarrow", "a Feather file").read_table(
                str(source.path)
            )
        table.validate(full=True)
        # What pandas notes of an index would hide columns; all are columns here.
        names, texts, remarks = unique(table.column_names)
        plain = table.rename_columns([f"c{k}" for k in range(len(names))])
        frame = plain.to_pandas(ignore_metadata=True)
    except (arrow.ArrowException, OSError, UnicodeError) as error:
        raise broken(source.path, source.kind, error) from None
    if not names:
        raise DataError(f"{source.path} has no columns")
    frame.columns = pd.Index(names)
    arrow_kinds = zip(names, table.schema.types, strict=True)
    if nested := [name for name, kind in arrow_kinds if arrow.types.is_nested(kind)]:
        remarks.append(f"{enumerate_names(nested)} has lists or records in its cells")
    return Raw(
        frame=frame,
        texts=texts,
        remarks=remarks,
        places=[f"row {k}" for k in range(len(frame))],
    )
