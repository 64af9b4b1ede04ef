"""What makes the regressions of satisfaction impossible, said in the words of its columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.regression import collinear, full_leverage
from loyaltymodel.errors import DataError, NotIdentifiedError


def check_design(
    design: FloatArray, names: Sequence[str], *, way_out: str = "Leave out one of them"
) -> None:
    """Refuse too few respondents, columns that are 0, and columns that follow from others."""
    n, k = design.shape
    if n <= k:
        raise DataError(
            f"{count_of(n, 'respondent')} cannot determine {k} coefficients "
            "and an error; there must be more respondents than coefficients, so take fewer terms"
        )
    listed = [names[place] for place in collinear(design)]
    if not listed:
        return
    if not design[:, names.index(listed[0])].any():
        told = "is 0 for everybody, so it has no coefficient; leave the term out"
        if len(listed) > 1:
            told = "are 0 for everybody, so they have no coefficients; leave these terms out"
        raise NotIdentifiedError(f"{enumerate_names(listed)} {told}")
    raise NotIdentifiedError(
        f"{', '.join(listed)} are not independent: one follows exactly from the others (a term "
        "that is the same for everybody follows from the constant), so their coefficients "
        f"cannot be told apart. {way_out}"
    )


def check_leverage(design: FloatArray, labels: pd.Index) -> None:
    """Refuse a respondent without whom a coefficient would not exist: HC3 divides by 0 there."""
    if (alone := full_leverage(design)).any():
        row = labels[int(np.argmax(alone))]
        raise NotIdentifiedError(
            f"a coefficient rests on the respondent in row {row} alone, so that the fit passes "
            "through them whatever their answer and HC3 errors do not exist; leave this "
            "respondent or the term out, or add respondents like them"
        )
