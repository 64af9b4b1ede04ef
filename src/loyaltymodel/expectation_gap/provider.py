"""The provider's gaps: from what customers expect to what they perceive, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.comparisons import difference
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import count_of
from loyaltymodel._core.results import Result
from loyaltymodel._core.scales import check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_variables

_LEVELS = ("expected", "understood", "designed", "delivered", "promised", "perceived")
_PARTS = (
    ("gap 1", "expected, but not understood"),
    ("gap 2", "understood, but not designed"),
    ("gap 3", "designed, but not delivered"),
    ("perception", "delivered, but not perceived"),
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ProviderGaps(Result):
    """Six levels of service and the five gaps between them.

    Attributes
    ----------
    units : tuple of str, k names
        What the levels belong to, such as branches or attributes.
    values : array, shape (k, 6)
        Levels in points: expected, understood, designed, delivered, promised, perceived;
        promised is NaN where it was not given.
    n_dropped : int
        Units left out because a level was missing.
    """

    made_by: ClassVar[str] = "provider_gaps()"
    people: ClassVar[str] = "units"

    units: tuple[str, ...]
    values: FloatArray
    n_dropped: int = 0

    @property
    def n_obs(self) -> int:
        """Number of units."""
        return len(self.units)

    @property
    def levels(self) -> pd.DataFrame:
        """The six levels, a row a unit, in points."""
        columns = pd.Index(_LEVELS, name="level")
        return pd.DataFrame(self.values.copy(), index=self._index(), columns=columns)

    @property
    def gaps(self) -> pd.DataFrame:
        """The five gaps, a row a unit, in points; above 0 where something falls short."""
        e, u, s, d, promise, p = self.values.T
        sizes = {
            "gap 1": difference(e, u),
            "gap 2": difference(u, s),
            "gap 3": difference(s, d),
            "gap 4": difference(promise, d),
            "gap 5": difference(e, p),
        }
        return pd.DataFrame(sizes, index=self._index()).rename_axis(columns="gap")

    @property
    def contributions(self) -> pd.DataFrame:
        """What gap 5 is made of: gaps 1 to 3, and what they leave unexplained.

        ``share`` is the part of gap 5, NaN where gap 5 is 0; parts of opposite sign make
        shares below 0 or above 1.
        """
        gaps = self.gaps
        lost = difference(self.values[:, 3], self.values[:, 5])
        amounts = np.column_stack([gaps["gap 1"], gaps["gap 2"], gaps["gap 3"], lost])
        whole = gaps["gap 5"].to_numpy()[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(whole == 0, np.nan, amounts / whole)
        rows = [
            (unit, part, meaning, float(amounts[row, k]), float(shares[row, k]))
            for row, unit in enumerate(self.units)
            for k, (part, meaning) in enumerate(_PARTS)
        ]
        return pd.DataFrame(rows, columns=["unit", "component", "meaning", "amount", "share"])

    def _title(self) -> str:
        return "Gap model of service quality"

    def _brief(self) -> str:
        return count_of(len(self.units), "unit")

    def _tables(self) -> Sequence[Table]:
        return (
            table_of("Levels (points)", self.levels.reset_index(), digits=2),
            table_of("Gaps (points)", self.gaps.reset_index(), digits=2),
            table_of("What gap 5 is made of", self.contributions, n_labels=3, digits=2),
        )

    def _remarks(self) -> Sequence[str]:
        remark = (
            "Gap 5 is the sum of gaps 1 to 3 and of what was delivered but not perceived; gap 4 "
            "is no part of that sum."
        )
        return (remark,)

    def _index(self) -> pd.Index:
        return pd.Index(self.units, name="unit")


@checked
@takes_codebook("expected", "understood", "designed", "delivered", "perceived", "promised")
def provider_gaps(
    *,
    expected: Variable,
    understood: Variable,
    designed: Variable,
    delivered: Variable,
    perceived: Variable,
    promised: Variable | None = None,
    scale: tuple[float, float] | Codebook | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> ProviderGaps:
    """Return the five gaps between six levels of service (服务质量差距模型).

    All levels are on one common scale, such as mean answers of customers and managers to the
    same questions. A level is a number, or one number a unit.

    Parameters
    ----------
    expected : float, array-like of shape (k,), Series, or name of a column
        What customers expect (客户期望), in points.
    understood : float, array-like of shape (k,), Series, or name of a column
        What the firm takes for their expectation (企业对客户期望的感知).
    designed : float, array-like of shape (k,), Series, or name of a column
        The level that the service is designed for (计划的服务质量水平).
    delivered : float, array-like of shape (k,), Series, or name of a column
        The level actually delivered (实际传递的服务).
    perceived : float, array-like of shape (k,), Series, or name of a column
        What customers perceive (客户对服务传递的感知).
    promised : float, array-like of shape (k,), Series, or name of a column, optional
        What is promised to customers (对客户传播的服务承诺); without it there is no gap 4.
    scale : pair of float or Codebook, optional
        Lowest and highest possible level; a level outside is an error. Or the codebook that the
        answers are read by.
    data : pandas, polars or pyarrow table, optional
        The table, a row a unit, where levels are names of columns.
    missing : {"raise", "drop"}
        Whether a missing level is an error, or leaves its unit out.

    Returns
    -------
    ProviderGaps
        Levels, gaps and what gap 5 is made of.

    Raises
    ------
    DataError
        If levels are missing, infinite, off the scale or of unequal length.
    OptionError
        If ``scale`` is no pair of numbers with the lower one first.

    Notes
    -----
    G1 = expected - understood, G2 = understood - designed, G3 = designed - delivered,
    G4 = promised - delivered, G5 = expected - perceived; above 0 is a shortfall.

    The model [1]_ says that gap 5 depends on the other four, and gives no formula. On a common
    scale only an identity holds: G5 = G1 + G2 + G3 + (delivered - perceived). The last bracket
    is not one of the five gaps. Gap 4 is not in the sum: a promise works by what it makes
    customers expect and how they judge what they get.

    References
    ----------
    .. [1] Parasuraman, A., Zeithaml, V. A., & Berry, L. L. (1985). A conceptual model of
       service quality and its implications for future research. Journal of Marketing, 49(4),
       41-50.

    Examples
    --------
    Customers expect 9 and perceive 5. The firm thinks they expect 8, plans for 7, delivers 6
    and promises 8.5. Of the 4 points short, each step loses one:

    >>> from loyaltymodel.expectation_gap import provider_gaps
    >>> result = provider_gaps(
    ...     expected=9, understood=8, designed=7, delivered=6, promised=8.5, perceived=5
    ... )
    >>> result.gaps.to_numpy().tolist()
    [[1.0, 1.0, 1.0, 2.5, 4.0]]
    >>> result.contributions[["component", "amount", "share"]]
        component  amount  share
    0       gap 1     1.0   0.25
    1       gap 2     1.0   0.25
    2       gap 3     1.0   0.25
    3  perception     1.0   0.25
    """
    given = {
        "expected": expected,
        "understood": understood,
        "designed": designed,
        "delivered": delivered,
        "promised": promised,
        "perceived": perceived,
    }
    if promised is None:
        del given["promised"]
    bounds = {} if scale is None else dict.fromkeys(given, check_pair(scale))
    read = read_variables(given, data=data, bounds=bounds, missing=missing)
    values = np.full((read.n_rows, len(_LEVELS)), np.nan)
    for k, name in enumerate(_LEVELS):
        if name in given:
            values[:, k] = read[name]
    return ProviderGaps(
        units=tuple(str(label) for label in read.labels),
        values=values,
        n_dropped=read.n_dropped,
    )
