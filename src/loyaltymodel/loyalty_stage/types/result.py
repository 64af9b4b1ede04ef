"""Customers sorted into types of loyalty: what was found, handed out as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.catalogue import frame_of, lists
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.sorted_customers import SortedCustomers
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import DataError
from loyaltymodel.loyalty_stage.types.schemes import (
    RELATIVE_CLASSES,
    SCHEMES,
    Matrix,
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class LoyaltyTypes(SortedCustomers):
    """How large the types of loyalty are, how far to trust them, and how firm the sorting is.

    Made by :func:`loyalty_types`, beside a table of the customers. Where two types lie on the
    falling diagonal of the matrix no theory says which is the higher; their order is a
    convention.

    Attributes
    ----------
    matrix : {"relative_attitude", "dick_basu", "knox", "ultimate_loyalty"}
        Which matrix sorted the customers.
    names : tuple of str
        The types, in ascending order.
    variables : tuple of str
        Names of the two variables.
    n_obs : int
        Customers who were sorted.
    n_dropped : int
        Customers left out because of missing values.
    sizes : ndarray of shape (t,)
        Customers of each type, each counted once.
    estimates : EstimateTable
        Share of each type with its interval, by ``type`` and ``quantity``: "observed", and
        "true" if a reliability was given.
    cuts : mapping from str to float
        The cut-off of each variable, in its own units.
    scale : mapping from str to pair
        Lowest and highest possible score of each variable that has such.
    from_classes : bool
        Whether the first variable came as classes of relative attitude, which then count 0, 1,
        2 and 3.
    ties : {"high", "low"}
        Where a score exactly at a cut-off was put.
    reliability : mapping from str to float, or None
        Reliability of each variable.
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
    certainty : ndarray of shape (t + 1, 2) or None
        What :attr:`accuracy` has, without names.
    moved : ndarray or None
        What :attr:`stability` has, without names.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> result, customers = loyalty_stage.loyalty_types(
    ...     [8, 8, 3, 3], [0.9, 0.2, 0.9, 0.2], matrix="dick_basu", scale=(1, 10)
    ... )
    >>> result
    <LoyaltyTypes: 4 customers in 4 types, matrix dick_basu>
    >>> customers["type"].tolist()
    ['loyalty', 'latent loyalty', 'spurious loyalty', 'no loyalty']

    Of four customers the one with a 6 changes if the cut-off moves from 5.5 to 6.5:

    >>> result, customers = loyalty_stage.loyalty_types(
    ...     [9, 6, 3, 3],
    ...     [0.9, 0.9, 0.9, 0.2],
    ...     matrix="dick_basu",
    ...     scale=(1, 10),
    ...     moves={"attitude": [1]},
    ... )
    >>> result.stability[["attitude", "changed", "loyalty"]].to_dict("list")
    {'attitude': [5.5, 6.5], 'changed': [0.0, 0.25], 'loyalty': [0.5, 0.25]}
    """

    made_by: ClassVar[str] = "loyalty_types(), as .result,"

    matrix: Matrix
    variables: tuple[str, str]
    scale: FrozenMapping[str, Pair]
    from_classes: bool
    certainty: FloatArray | None
    moved: FloatArray | None

    @property
    def types(self) -> pd.DataFrame:
        """Sizes of the types: ``type``, ``quantity``, ``n_obs``, a share and its interval.

        ``quantity`` is "observed" for the scores as they are and, with a reliability, "true" for
        the true scores. ``n_obs`` counts the customers who were sorted there; shares, 0 to 1,
        count them with their weights. Each interval has the level on its own, not all of them
        together.
        """
        return self._share_table()

    @property
    def advice(self) -> pd.DataFrame:
        """What each type means, and what to do about it (忠诚类型与对策).

        ``type``, ``chinese``, ``meaning``, ``strategy``, ``measures`` (which of the four means
        of building loyalty suit), ``concepts`` (ids of the concepts behind it) and ``reference``
        (whose type it is). It is a list of the catalogue, such as
        ``evidence.catalogue("types_knox")``, and advice, not a finding.
        """
        name = f"types_{self.matrix}"
        texts = frame_of(name).rename(columns={"id": "type"}).drop(columns=["english", "sources"])
        texts["reference"] = lists()[name].reference
        return texts[texts["type"].isin(self.names)].reset_index(drop=True)

    @property
    def accuracy(self) -> pd.DataFrame:
        """How far the types can be trusted, a row a type and one for "all".

        ``n_obs`` counts customers, and ``share`` weighs them. ``accuracy`` is the expected share
        of those sorted into a type whose true scores belong there, and ``consistency`` the
        expected share whom a second measurement, as reliable as the first and with errors of
        its own, would sort there again. Both lie from 0 to 1, and are NaN for a type without
        customers.

        Raises
        ------
        DataError
            If no reliability was given.
        """
        if self.certainty is None:
            raise DataError(
                "accuracy cannot be told, because no reliability was given; sort again with the "
                f"reliabilities of both variables, such as reliability=(0.8, 0.7) of "
                f"{self.variables[0]} and {self.variables[1]}"
            )
        observed = self.estimates.estimate[: len(self.names)]
        return pd.DataFrame(
            {
                "type": [*self.names, "all"],
                "n_obs": np.append(self.sizes, self.sizes.sum()),
                "share": np.append(observed, 1.0),
                "accuracy": self.certainty[:, 0],
                "consistency": self.certainty[:, 1],
            }
        )

    @property
    def stability(self) -> pd.DataFrame:
        """How many customers change their type as the cut-offs move, a row a pair of cut-offs.

        The cut-offs, each in a column called as its variable; ``changed``, the weighted share of
        customers whose observed type changes; with a reliability ``true_changed``, the expected
        share whose true type changes; and the share of each type by observed scores, in a
        column called as the type. Shares lie from 0 to 1. No literature says where the cut-offs
        belong. A conclusion that depends on them is one about the cut-offs, so show this table
        beside it.

        Raises
        ------
        DataError
            If no moves were given.
        """
        if self.moved is None:
            raise DataError(
                "nothing is known of other cut-offs, because no moves were given; sort again "
                f"with moves={{{self.variables[0]!r}: [-1, 1]}} or the like"
            )
        what = ["changed"] if self.certainty is None else ["changed", "true_changed"]
        columns = [*self.variables, *what, *self.names]
        return pd.DataFrame(self.moved.copy(), columns=columns).rename_axis(columns="quantity")

    def _title(self) -> str:
        return SCHEMES[self.matrix].title

    def _brief(self) -> str:
        return f"{self._sizes_in_words('types')}, matrix {self.matrix}"

    def _facts(self) -> list[tuple[str, str]]:
        cuts = self._stated_cuts()
        if self.from_classes:
            lowest_high = RELATIVE_CLASSES[math.ceil(self.cuts["attitude"])]
            cuts = f"attitude from the class {lowest_high!r} on; {cuts.split('; ')[1]}"
        facts = [("cut-offs", cuts), ("at a cut-off", f"counts as {self.ties}")]
        return facts + self._stated_reliability()

    def _tables(self) -> Sequence[Table]:
        tables = [self._printed_shares()]
        if self.certainty is not None:
            tables.append(table_of("How far to trust them", self.accuracy, digits=[0, 3, 3, 3]))
        if self.moved is not None:
            tables.append(table_of("Other cut-offs", self.stability, n_labels=0))
        texts = self.advice
        told = tuple(zip(texts["type"], texts["meaning"], strict=True))
        return (*tables, Table("Who they are", ("type", "meaning"), told, n_labels=2))

    def _remarks(self) -> list[str]:
        remarks = ["The cut-offs are a convention; stability shows how much depends on them."]
        if self.reliability is None and not self.from_classes:
            remarks.append(
                "Customers near a cut-off are sorted as if the scores were exact; give their "
                "reliability to see how probable each type is."
            )
        return remarks + self._class_remarks()
