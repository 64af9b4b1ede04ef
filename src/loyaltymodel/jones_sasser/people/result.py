"""Customers sorted into segments: what was found, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.sorted_customers import SortedCustomers
from loyaltymodel._core.tables import Table
from loyaltymodel.jones_sasser.people.advice import Classifier, advice_on

_TITLES = {
    "jones_sasser": "Customers by satisfaction and loyalty (Jones and Sasser)",
    "textbook": "Customers by regime and zone (the teaching text's reading)",
    "satisfied_loyal": "Satisfied or not, loyal or not",
}
_WORD_OF_MOUTH = {1: "good", 0: "either", -1: "bad"}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SegmentsResult(SortedCustomers):
    """How large the segments of customers are, and how they were sorted.

    Made by :func:`segments` and :func:`textbook_segments`, beside a table of the customers. The
    classifiers are never mixed: a mercenary of one is not a mercenary of another.

    Attributes
    ----------
    classifier : {"jones_sasser", "satisfied_loyal", "textbook"}
        Which rule sorted the customers.
    names : tuple of str
        The segments that the rule knows, from the worst to the best.
    n_obs : int
        Customers who were sorted.
    n_dropped : int
        Customers left out because of missing values.
    sizes : ndarray of shape (s,)
        Customers in each segment, each counted once.
    estimates : EstimateTable
        Share of each segment with its interval, by ``segment`` and ``quantity``: "observed",
        and "true" if a reliability was given.
    cuts : mapping from str to float or pair
        The cut-offs, in the units of the scores. "extremes" are the pair of satisfaction up to
        which a defector is a terrorist and from which on a loyalist is an apostle; of the
        textbook's classifier, "saboteur" is the satisfaction up to which somebody is one, and
        "apostle" that from which on; "constraint" is where the bound begin.
    ties : {"high", "low"}
        Where a score exactly at a cut-off was put.
    reliability : mapping from str to float, or None
        Reliability of each score; of the textbook's classifier the constraint counts as known.
    interval : {"wilson", "percentile"}
        How the intervals were made.
    level : float
        Confidence level of each interval.
    n_resamples, n_failed : int
        Resamples drawn, and those that were left out of the intervals of true shares.
    n_empty : int
        Those of them that were left out of all intervals, because everybody drawn has the
        weight 0.
    cuts_estimated : bool
        Whether a cut-off is the mean or median of these customers.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> result, customers = jones_sasser.segments([9, 9, 3, 3], [9, 3, 9, 3], scale=(1, 10))
    >>> result
    <SegmentsResult: 4 customers in 6 segments, classifier jones_sasser>
    >>> customers["segment"].tolist()
    ['loyalist', 'mercenary', 'hostage', 'defector']
    """

    made_by: ClassVar[str] = "segments() and its like, as .result,"

    classifier: Classifier

    @property
    def segments(self) -> pd.DataFrame:
        """Sizes of the segments: ``segment``, ``quantity``, ``n_obs``, a share and its interval.

        ``quantity`` is "observed" for the scores as they are and, with a reliability, "true" for
        the true scores. ``n_obs`` counts the customers who were sorted there; shares, 0 to 1,
        count them with their weights. Each interval has the level on its own, not all of them
        together.
        """
        return self._share_table()

    @property
    def advice(self) -> pd.DataFrame:
        """What to do about each segment, and what it says of the firm (口碑).

        ``segment``, ``chinese``, ``meaning``, ``word_of_mouth`` (1 good, -1 bad, 0 where the
        segment does not settle it), ``strategy``, ``strategy_origin`` ("text" where a teaching
        text gives this advice to this segment, "assigned" where this library chose it),
        ``measures`` (which of the four means of building loyalty suit, always assigned) and
        ``concepts`` (ids of the concepts behind it). It is a list of the catalogue, such as
        ``evidence.catalogue("segments_textbook")``, and what teaching texts say, not a finding.
        """
        texts = advice_on(self.classifier)
        return texts[texts["segment"].isin(self.names)].reset_index(drop=True)

    def _title(self) -> str:
        return _TITLES[self.classifier]

    def _brief(self) -> str:
        return f"{self._sizes_in_words('segments')}, classifier {self.classifier}"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("cut-offs", self._stated_cuts())]
        if self.classifier != "textbook":
            facts.append(("at a cut-off", f"counts as {self.ties}"))
        return facts + self._stated_reliability()

    def _tables(self) -> Sequence[Table]:
        texts = self.advice
        rows = zip(texts["segment"], texts["word_of_mouth"], texts["strategy"], strict=True)
        told = tuple((name, _WORD_OF_MOUTH[sign], text) for name, sign, text in rows)
        columns = ("segment", "word of mouth", "what to do")
        return self._printed_shares(), Table("Advice", columns, told, n_labels=len(columns))

    def _remarks(self) -> list[str]:
        remarks = []
        if self.classifier == "textbook":
            remarks.append(
                "The mercenary of this classifier is not very satisfied; the one of Jones and "
                "Sasser is satisfied. Do not mix the two."
            )
            if np.isnan(self.cuts["apostle"]):
                remarks.append("The curve has no sensitive zone, so nobody is an apostle.")
        if self.reliability is None:
            remarks.append(
                "Customers near a cut-off are sorted as if the scores were exact; give their "
                "reliability to see how probable each segment is."
            )
        return remarks + self._class_remarks()
