"""What a screening found: items, and reasons to look at respondents again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.survey.screening.settings import MEASURES

# What is counted of each item, in the order of the columns of ``item_counts``.
COUNTED = (
    "n_obs", "missing", "dont_know", "off_scale", "between_steps", "not_numeric", "floor",
    "ceiling", "commonest", "distinct",
)  # fmt: skip
_SHARES = {"missing", "dont_know"}  # of all respondents
_OF_ANSWERS = {"floor", "ceiling", "commonest"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Screening(Result):
    """Items and respondents that deserve a second look, by :func:`~loyaltymodel.survey.screen`.

    Attributes
    ----------
    n_obs : int
        Respondents; all of them are still there.
    n_dropped : int
        0: nothing is deleted.
    n_flagged : int
        Respondents with at least one reason.
    cuts : mapping from measure to float or None
        The cut-off of each measure; None for those that flag nobody.
    not_measured : tuple of str
        Measures that these data do not have.
    item_names : tuple of str
        The items, in the order in which they were asked.
    item_counts : ndarray of shape (k, 10)
        What :attr:`items` is made of, as counts.
    reason_counts : ndarray of shape (r, r)
        Respondents with both of two reasons; with each on the diagonal.
    only_counts : ndarray of shape (r,)
        Respondents with one reason and no other.
    expected : ndarray of shape (r,)
        Respondents whom each reason would flag in a survey without careless ones.
    n_drawn : int
        Respondents who were drawn for ``expected``.
    """

    n_obs: int
    n_dropped: int
    n_flagged: int
    cuts: FrozenMapping[str, float | None]
    not_measured: tuple[str, ...]
    item_names: tuple[str, ...]
    item_counts: IntArray
    reason_counts: IntArray
    only_counts: IntArray
    expected: FloatArray
    n_drawn: int

    @property
    def items(self) -> pd.DataFrame:
        """A row an item: what was answered, what was not, and how the answers pile up.

        ``n_obs`` answers on the scale, ``distinct`` different ones. ``missing`` and ``dont_know``
        are shares of the respondents; ``off_scale``, ``between_steps`` and ``not_numeric`` count
        answers that cannot be. ``floor``, ``ceiling`` and ``commonest`` are the shares of the
        answers that are the lowest possible, the highest possible, and the one given most;
        ``constant`` says that all answers are the same.
        """
        columns: dict[str, object] = {"item": self.item_names}
        answers = self.item_counts[:, 0]
        for place, name in enumerate(COUNTED):
            counts = self.item_counts[:, place]
            if name in _SHARES:
                columns[name] = counts / self.n_obs
            elif name in _OF_ANSWERS:
                columns[name] = np.where(answers > 0, counts / np.maximum(answers, 1), np.nan)
            else:
                columns[name] = counts.copy()
        columns["constant"] = self.item_counts[:, COUNTED.index("distinct")] <= 1
        return pd.DataFrame(columns)

    @property
    def reasons(self) -> pd.DataFrame:
        """A row a reason: its ``cut``, how many it flags, and how many it would flag anyway.

        ``count`` respondents are flagged, ``only`` of them for no other reason. ``expected`` are
        those whom the cut-off would flag in a survey of careful respondents with the same
        margins, gaps and correlations; NaN where that cannot be told.
        """
        names = [name for name, cut in self.cuts.items() if self._flags(name, cut)]
        places = [list(MEASURES).index(name) for name in names]
        count = np.diag(self.reason_counts)[places]
        return pd.DataFrame(
            {
                "reason": pd.array(names, dtype=object),
                "cut": np.array([self.cuts[name] for name in names], dtype=np.float64),
                "count": count,
                "only": self.only_counts[places],
                "share": count / self.n_obs,
                "expected": self.expected[places],
            }
        )

    @property
    def overlaps(self) -> pd.DataFrame:
        """How many respondents have both of two reasons; on the diagonal, those with one."""
        names = self.reasons["reason"].tolist()
        places = [list(MEASURES).index(name) for name in names]
        labels = pd.Index(names, name="reason")
        return pd.DataFrame(
            self.reason_counts[np.ix_(places, places)],
            index=labels,
            columns=labels.rename("with_reason"),
        )

    def _flags(self, name: str, cut: float | None) -> bool:
        return cut is not None and name not in self.not_measured

    def _title(self) -> str:
        return "Screening of a survey"

    def _brief(self) -> str:
        flagged = f"{self.n_flagged:,} of {count_of(self.n_obs, 'respondent')} flagged"
        return f"{flagged}, {count_of(len(self.item_names), 'item')}"

    def _facts(self) -> Facts:
        return [
            ("items", f"{len(self.item_names)}"),
            ("flagged", f"{self.n_flagged:,} ({self.n_flagged / self.n_obs:.1%})"),
        ]

    def _tables(self) -> Sequence[Table]:
        reasons = self.reasons
        what = pd.Series([MEASURES[name].text for name in reasons["reason"]], dtype=object)
        reasons.insert(1, "what", what)
        items = self.items
        items["off_scale"] += items["between_steps"] + items["not_numeric"]
        shown = [
            "item",
            "n_obs",
            "missing",
            "dont_know",
            "off_scale",
            "floor",
            "ceiling",
            "distinct",
        ]
        return [
            table_of("Reasons to look again", reasons, n_labels=2, digits=(3, 0, 0, 3, 1)),
            table_of("Items", items[shown], digits=(0, 3, 3, 0, 3, 3, 0)),
        ]

    def _remarks(self) -> Sequence[str]:
        found = ["Nothing is deleted. A flag is a reason to look, not a proof of carelessness."]
        if self.n_drawn:
            found.append(
                "expected: how many the cut-off would flag if nobody were careless, from "
                f"{self.n_drawn:,} respondents drawn with the margins, gaps and correlations of "
                "this survey. If careless ones are many, they are in these as well."
            )
        if self.not_measured:
            found.append(f"Not measured here: {enumerate_names(self.not_measured, most=12)}.")
        varies = self.item_counts[:, COUNTED.index("distinct")] > 1
        constant = [name for name, v in zip(self.item_names, varies, strict=True) if not v]
        if constant:
            found.append(f"Items without any variation: {enumerate_names(constant)}.")
        return found
