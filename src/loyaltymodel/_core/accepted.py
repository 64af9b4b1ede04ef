"""What the doors of the library take, and hand back in the same form, by one name each.

These are types for readers and type checkers. At run time the doors read such arguments
themselves (:mod:`~loyaltymodel._core.variables`, :mod:`~loyaltymodel._core.frames`) and refuse with
the name of the variable and the row what they cannot read, which no annotation could say.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Protocol

import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.codebooks import AnswerBook
from loyaltymodel._core.signature import A_CODEBOOK, READ_BY_A_DOOR


class Table(Protocol):
    """A table of pandas, polars, pyarrow or another library that narwhals reads."""

    @property
    def columns(self) -> Any:
        """Its columns, or their names."""


# A pandas, polars or pyarrow table.
Data = Annotated[Table, READ_BY_A_DOOR]
# Values of one variable: numbers or words of people, a single one, or the name of a column of data.
Variable = Annotated[npt.ArrayLike | pd.Series | Iterable[Any] | str, READ_BY_A_DOOR]
# Several variables: a table, names of columns, or variables by name.
Columns = Annotated[Table | Mapping[Any, Any] | Sequence[str] | npt.ArrayLike, READ_BY_A_DOOR]
# Numbers that are answered as they came: a number by a number, a Series by a Series.
Values = Annotated[npt.ArrayLike | pd.Series, READ_BY_A_DOOR]
# Two variables by name, such as the answers to a functional and a dysfunctional question.
Pairs = Annotated[Mapping[str, tuple[Any, Any]], READ_BY_A_DOOR]
# A table with the same names along both sides.
SquareTable = Annotated[npt.ArrayLike | pd.DataFrame, READ_BY_A_DOOR]
# A codebook in place of limits of answers (survey.Codebook), which reads the answers too.
Codebook = Annotated[AnswerBook, A_CODEBOOK]
# What tells a group, an offer or a row from others.
Label = Annotated[Hashable, READ_BY_A_DOOR]
# What is answered in the form in which it was asked: a number for a number, an array for a list,
# a Series for a Series or for the name of a column. A union would have every caller narrow it.
AsGiven = Any
