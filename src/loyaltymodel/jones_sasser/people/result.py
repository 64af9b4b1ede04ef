"""People sorted into segments: what was found, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._quadrant_sorting import remarks_on_failures
from loyaltymodel._sorted_people import (
    TRUE_SHARE_REMARK,
    SortedPeople,
    class_of_each,
    probability_table,
    share_table,
)
from loyaltymodel._tables import Summary, Table, table_of
from loyaltymodel.errors import DataError
from loyaltymodel.jones_sasser.people.advice import Classifier, advice

_TITLES = {
    "jones_sasser": "People by satisfaction and loyalty (Jones and Sasser)",
    "textbook": "People by regime and zone (the teaching text's reading)",
    "satisfied_loyal": "Satisfied or not, loyal or not",
}
_WORD_OF_MOUTH = {1: "good", 0: "either", -1: "bad"}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SegmentsResult(SortedPeople):
    """Each person's segment, how probable each segment is, and how large the segments are.

    Made by :func:`segments`, :func:`satisfied_loyal` and :func:`textbook_segments`. The
    classifiers are never mixed: a mercenary of one is not a mercenary of another.

    Attributes
    ----------
    classifier : {"jones_sasser", "satisfied_loyal", "textbook"}
        Which rule sorted the people.
    names : tuple of str
        The segments that the rule knows, from the worst to the best.
    codes : ndarray of shape (n,)
        Place of each person's segment in ``names``.
    labels : Index
        Labels of the people's rows.
    n_dropped : int
        People left out because of missing values.
    cut_offs : mapping from str to float
        The cut-offs, in the units of the scores.
    ties : {"high", "low"}
        Where a score exactly at a cut-off was put.
    reliability : tuple of float or None
        Reliabilities of satisfaction and loyalty; of the textbook's classifier, of satisfaction
        and the constraint, which counts as known.
    interval : {"formula", "bootstrap"}
        How the intervals were made.
    level : float
        Confidence level of each interval.
    n_resamples, n_failed : int
        Resamples drawn, and those that were left out of the intervals of true shares.
    n_empty : int
        Those of them that were left out of all intervals, because everybody drawn has the
        weight 0.
    sizes : ndarray of shape (s,)
        People in each segment, each counted once.
    share_values : ndarray of shape (s, 3)
        Share of each segment, and the ends of its interval.
    true_share_values : ndarray of shape (s, 3)
        The same for true scores; without rows if no reliability was given.
    probability_values : ndarray of shape (n, s)
        Probability of each segment; without rows if no reliability was given.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.segments([9, 9, 3, 3], [9, 3, 9, 3], scale=(1, 10))
    >>> people.segment.tolist()
    ['loyalist', 'mercenary', 'hostage', 'defector']
    """

    classifier: Classifier

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        people = f"{len(self.codes)} people in {len(self.names)} segments"
        return f"<SegmentsResult: {people}, classifier {self.classifier}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def segment(self) -> pd.Series:
        """Each person's segment by the scores as observed: ordered categories, worst first."""
        return class_of_each(self.codes, self.names, self.labels, name="segment")

    @property
    def probabilities(self) -> pd.DataFrame:
        """Probability that a person's true scores lie in a segment, 0 to 1, a column each.

        Raises
        ------
        DataError
            If no reliability was given.
        """
        if self.reliability is None:
            way_out = (
                "give that of satisfaction, such as reliability=0.8"
                if self.classifier == "textbook"
                else "give the reliabilities of both scores, such as reliability=(0.8, 0.7)"
            )
            raise DataError(
                f"there are no probabilities, because no reliability was given; {way_out}"
            )
        return probability_table(self.probability_values, self.names, self.labels)

    @property
    def shares(self) -> pd.DataFrame:
        """Sizes of the segments, a row each: ``segment``, ``n``, ``share`` and its interval.

        ``n`` counts people; shares, 0 to 1, count them with their weights. With a reliability
        there follow ``true_share``, ``true_ci_low`` and ``true_ci_high`` for the true scores.
        Each interval has the level on its own, not all of them together.
        """
        return share_table(
            "segment", self.names, self.sizes, self.share_values, self.true_share_values
        )

    @property
    def advice(self) -> pd.DataFrame:
        """What to do about each segment; see the function :func:`advice`."""
        texts = advice(self.classifier)
        return texts[texts["segment"].isin(self.names)].reset_index(drop=True)

    def summary(self) -> Summary:
        """Return the segments in words and tables.

        Returns
        -------
        Summary
            Sizes of the segments, advice, and what to keep in mind.

        Examples
        --------
        >>> from loyaltymodel import jones_sasser
        >>> people = jones_sasser.segments([9, 9, 3, 3], [9, 3, 9, 3], scale=(1, 10))
        >>> print(people.summary().title)
        People by satisfaction and loyalty (Jones and Sasser)
        """
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        cuts = "; ".join(f"{name} {value:.4g}" for name, value in self.cut_offs.items())
        facts = [("people", f"{len(self.codes)}{left_out}"), ("cut-offs", cuts)]
        if self.classifier != "textbook":
            facts.append(("at a cut-off", f"counts as {self.ties}"))
        if self.reliability is not None:
            first, second = self.reliability
            other = "the constraint" if self.classifier == "textbook" else "loyalty"
            facts.append(("reliability", f"{first:g} of satisfaction, {second:g} of {other}"))
        facts.append(("intervals", self._how_sure()))
        texts = self.advice
        rows = zip(texts["segment"], texts["word_of_mouth"], texts["strategy"], strict=True)
        told = tuple((name, _WORD_OF_MOUTH[sign], text) for name, sign, text in rows)
        columns = ("segment", "word of mouth", "what to do")
        return Summary(
            title=_TITLES[self.classifier],
            facts=tuple(facts),
            tables=(
                table_of("Sizes", self.shares, digits=[0, *[3] * (self.shares.shape[1] - 2)]),
                Table("Advice", columns, told, n_labels=len(columns)),
            ),
            remarks=tuple(self._remarks()),
        )

    def _remarks(self) -> list[str]:
        remarks = []
        if self.classifier == "textbook":
            remarks.append(
                "The mercenary of this classifier is not very satisfied; the one of Jones and "
                "Sasser is satisfied. Do not mix the two."
            )
            if np.isnan(self.cut_offs["sensitive zone from"]):
                remarks.append("The curve has no sensitive zone, so nobody is an apostle.")
        if self.reliability is None:
            remarks.append(
                "People near a cut-off are sorted as if the scores were exact; give their "
                "reliability to see how probable each segment is."
            )
        else:
            remarks.append(TRUE_SHARE_REMARK)
        return remarks + remarks_on_failures(self.n_failed, self.n_empty)
