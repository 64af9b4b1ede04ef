"""What customers go by: value, systems or people; and price, where the core falls short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds, reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_finite
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import as_given, read_variables

_PARTS = ("value", "systems", "people")
# The place of a word is the sum of 1 for value, 2 for systems and 4 for people, less 1.
_ORIENTATIONS = (
    "value",
    "systems",
    "value and systems",
    "people",
    "value and people",
    "systems and people",
    "value, systems and people",
)
_MODES = ("core quality", "price comparison")


@checked
def value_orientation(
    *,
    value: object,
    systems: object,
    people: object,
    tie_within: float = 0.0,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return what each customer goes by: value, systems or people (客户价值取向).

    Parameters
    ----------
    value, systems, people : float, array-like of shape (n,), Series, or name of a column
        How much each of the three counts for a customer, on one scale that rises: what the
        customer gets for the price; processes, channels and technology; the staff.
    tie_within : float
        By how many points of the scale a score may stay below the largest and still count as
        equal to it, 0 or more.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the customer out.

    Returns
    -------
    str, array of shape (n,) or Series of categories
        As the variables came: "value", "systems", "people", or the names of all that are the
        largest together, such as "value and people".

    Raises
    ------
    DataError
        If values are missing, not numeric, infinite or of unequal length.
    OptionError
        If ``tie_within`` is no finite number from 0 on, or ``missing`` is not one of its choices.

    See Also
    --------
    comparison_mode : Whether a customer compares prices.

    Notes
    -----
    The largest of the three scores decides. Ties are named and not resolved; 1e-12 of the larger
    score is added to ``tie_within``, so that rounding decides no tie. The three are those of a
    teaching text, for which no source in the literature is known; what is asked of customers to
    get the scores is yours to state. Scores of different scales cannot be compared.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.value_orientation(
    ...     value=[9, 5, 7], systems=[4, 8, 7], people=[6, 6, 2]
    ... ).tolist()
    ['value', 'systems', 'value and systems']
    """
    check_finite("tie_within", tie_within, least=0)
    given = {"value": value, "systems": systems, "people": people}
    read = read_variables(given, data=data, missing=missing)
    scores = np.column_stack([np.asarray(read[name], np.float64) for name in _PARTS])
    largest = scores.max(axis=1, keepdims=True)
    among_largest = reaches(scores, largest - tie_within, size=np.abs(largest))
    place = among_largest @ np.array([1, 2, 4]) - 1
    words = pd.Categorical.from_codes(place, categories=pd.Index(_ORIENTATIONS))
    return as_given(given.values(), read.labels, words, name="orientation")


@checked
def comparison_mode(
    core_quality: object,
    expectation: object,
    *,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return whether each customer goes by the core quality or compares prices (对照价格).

    Parameters
    ----------
    core_quality : float, array-like of shape (n,), Series, or name of a column
        Quality of the core product as the customer finds it, in points.
    expectation : float, array-like of shape (n,), Series, or name of a column
        What the customer expects, in the same points. It may depend on the price; then give
        what it is at the price paid.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the customer out.

    Returns
    -------
    str, array of shape (n,) or Series of categories
        As the variables came: "price comparison" where the quality is below the expectation,
        else "core quality".

    Raises
    ------
    DataError
        If values are missing, not numeric, infinite or of unequal length.
    OptionError
        If ``missing`` is not one of its choices.

    See Also
    --------
    value_orientation : What a customer goes by.

    Notes
    -----
    The rule of a teaching text: where the quality of the core product is below what is
    expected, customers weigh it against the price. No source in the literature is known. A
    quality that just equals the expectation does not fall short; nor does one that misses it by
    1e-12 of the larger of the two or less, which is rounding.

    Examples
    --------
    Expectations that rise with the price, by 2 points for each 100 above the usual 300:

    >>> import numpy as np
    >>> from loyaltymodel import economics
    >>> price = np.array([300, 400, 500])
    >>> economics.comparison_mode([7, 7, 7], 5 + 0.02 * (price - 300)).tolist()
    ['core quality', 'core quality', 'price comparison']
    """
    given = {"core_quality": core_quality, "expectation": expectation}
    read = read_variables(given, data=data, missing=missing)
    quality: FloatArray = np.asarray(read["core_quality"], dtype=np.float64)
    expected: FloatArray = np.asarray(read["expectation"], dtype=np.float64)
    short = exceeds(expected, quality)
    words = pd.Categorical.from_codes(short.astype(np.intp), categories=pd.Index(_MODES))
    return as_given(given.values(), read.labels, words, name="mode")
