"""What binds a customer besides satisfaction: single constraints, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Columns, Data
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import (
    BELOW_ONE,
    Variables,
    as_given,
    read_variables,
    several_variables,
)
from loyaltymodel.errors import DataError

_HALF = 0.5


@checked
def combined_constraint(
    strengths: Columns, *, data: Data | None = None, missing: Missing = "raise"
) -> AsGiven:
    """Return how strongly a customer is bound by all constraints together (约束).

    Parameters
    ----------
    strengths : mapping, table or sequence of str
        Strength of each constraint, 0 or more and below 1: a mapping from its name to a
        number, array, Series or column of ``data``, a table, or names of columns. The names
        are free; ``evidence.catalogue("constraint_sources")`` has the usual four. A single number
        stands for every customer.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with missing strengths.

    Returns
    -------
    float, ndarray or Series
        The constraint c, 0 or more and below 1, as the strengths came.

    Raises
    ------
    DataError
        If a strength is missing, negative, or 1 or more, if all together are so close to 1
        that they cannot be told from it, if the lengths differ, or if there is no constraint.
    OptionError
        If ``missing`` is not one of its choices.

    Notes
    -----
    c = 1 - (1 - strength_1) ... (1 - strength_K): the chance that at least one constraint
    holds, if each holds with its strength whatever the others do. Constraints that bind the
    same customers (a contract that is also a loyalty programme) are counted twice; give them as
    one. The order does not matter, and c never falls when a strength rises. The theory says
    that constraints add up to low competition, not how; this is the rule of this library.

    Examples
    --------
    A law that holds half of the customers and a technology that holds a fifth leave
    0.5 * 0.8 = 0.4 free:

    >>> from loyaltymodel import jones_sasser
    >>> round(jones_sasser.combined_constraint({"legal": 0.5, "technical": 0.2}), 6)
    0.6
    """
    given = _by_source(strengths)
    found = _read(given, data, missing)
    together = 1 - np.prod([1 - found[name] for name in given], axis=0)
    if (together >= 1).any():  # by rounding only
        first = found.labels[int(np.argmax(together >= 1))]
        raise DataError(
            f"the constraints of row {first} are together so strong that they leave nobody free "
            "in the precision of the computer; give smaller strengths"
        )
    return as_given(given.values(), found.labels, together, name="constraint")


def _by_source(strengths: object) -> dict[str, object]:
    """Return the strengths of each source by its name."""
    if isinstance(strengths, pd.Series):
        raise DataError(
            "strengths is a Series, whose labels may be constraints or customers; give .to_dict() "
            "for a strength of each constraint, or {'legal': series} for that of each customer"
        )
    return several_variables("strengths", strengths)


def _read(strengths: Mapping[str, object], data: object, missing: Missing) -> Variables:
    """Read constraints, each 0 or more and below 1."""
    bounds = dict.fromkeys(strengths, (0.0, BELOW_ONE))
    return read_variables(strengths, data=data, bounds=bounds, missing=missing)
