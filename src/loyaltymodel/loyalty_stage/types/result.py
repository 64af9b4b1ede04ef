"""Customers sorted into types of loyalty: what was found, handed out as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, IntArray
from loyaltymodel._options import count_of, enumerate_names
from loyaltymodel._quadrant_shares import Classes
from loyaltymodel._quadrant_sorting import remarks_on_failures
from loyaltymodel._quadrants import Grid, Posterior
from loyaltymodel._scales import Pair
from loyaltymodel._sorted_people import (
    TRUE_SHARE_REMARK,
    SortedPeople,
    class_of_each,
    probability_table,
    share_table,
)
from loyaltymodel._tables import Summary, Table, table_of
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.types.schemes import (
    RELATIVE_CLASSES,
    SCHEMES,
    Classification,
)
from loyaltymodel.loyalty_stage.types.stability import (
    above,
    cells_of,
    changed,
    fine_grid,
    means_by_class,
    observed_distribution,
    second_time,
    true_distribution,
)
from loyaltymodel.loyalty_stage.types.texts import type_advice


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class LoyaltyTypes(SortedPeople):
    """Each customer's type of loyalty, how probable each type is, and how firm the sorting is.

    Made by :func:`relative_attitude`, :func:`dick_basu`, :func:`knox` and
    :func:`ultimate_loyalty`.

    Attributes
    ----------
    classification : {"relative_attitude", "dick_basu", "knox", "ultimate_loyalty"}
        Which matrix sorted the customers.
    names : tuple of str
        The types, in ascending order.
    variables : tuple of str
        Names of the two variables.
    codes : ndarray of shape (n,)
        Place of each customer's type in ``names``.
    labels : Index
        Labels of the customers' rows.
    n_dropped : int
        Customers left out because of missing values.
    cut_offs : mapping from str to float
        The cut-off of each variable, in its own units.
    limits : tuple
        Lowest and highest possible score of each variable, or None where none was given.
    from_classes : bool
        Whether the first variable came as classes of relative attitude, which then count 0, 1,
        2 and 3.
    ties : {"high", "low"}
        Where a score exactly at a cut-off was put.
    reliability : tuple of float or None
        Reliabilities of the two variables.
    interval : {"formula", "bootstrap"}
        How the intervals were made.
    level : float
        Confidence level of each interval.
    n_resamples, n_failed : int
        Resamples drawn, and those that were left out of the intervals of true shares.
    n_empty : int
        Those of them that were left out of all intervals, because everybody drawn has the
        weight 0.
    sizes : ndarray of shape (t,)
        Customers of each type, each counted once.
    share_values : ndarray of shape (t, 3)
        Share of each type, and the ends of its interval.
    true_share_values : ndarray of shape (t, 3)
        The same for true scores; without rows if no reliability was given.
    probability_values : ndarray of shape (n, t)
        Probability of each type; without rows if no reliability was given.
    scores : ndarray of shape (n, 2)
        The two variables, as they were sorted.
    weights : ndarray of shape (n,)
        Weight of each customer.
    group : ndarray of shape (n,)
        0 for customers whom the matrix sorts, 1 for those to whom it does not apply.
    posterior : Posterior or None
        What is known of the true scores given the observed ones.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> found = loyalty_stage.dick_basu([8, 8, 3, 3], [0.9, 0.2, 0.9, 0.2], scale=(1, 10))
    >>> found.type.tolist()
    ['loyalty', 'latent loyalty', 'spurious loyalty', 'no loyalty']
    """

    classification: Classification
    variables: tuple[str, str]
    limits: tuple[Pair | None, Pair | None]
    from_classes: bool
    scores: FloatArray
    weights: FloatArray
    group: IntArray
    posterior: Posterior | None

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        people = f"{count_of(len(self.codes), 'customer')} of {len(self.names)} types"
        return f"<LoyaltyTypes: {people}, classification {self.classification}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def type(self) -> pd.Series:
        """Each customer's type by the scores as observed: ordered categories, ascending.

        Where two types lie on the falling diagonal of the matrix no theory says which is the
        higher; their order here is a convention.
        """
        return class_of_each(self.codes, self.names, self.labels, name="type")

    @property
    def probabilities(self) -> pd.DataFrame:
        """Probability that a customer's true scores make a type, 0 to 1, a column each.

        Raises
        ------
        DataError
            If no reliability was given.
        """
        self._require_reliability("there are no probabilities")
        return probability_table(self.probability_values, self.names, self.labels)

    @property
    def shares(self) -> pd.DataFrame:
        """Sizes of the types, a row each: ``type``, ``n``, ``share`` and its interval.

        ``n`` counts customers; shares, 0 to 1, count them with their weights. With a
        reliability there follow ``true_share``, ``true_ci_low`` and ``true_ci_high`` for the
        true scores. Each interval has the level on its own, not all of them together.
        """
        return share_table(
            "type", self.names, self.sizes, self.share_values, self.true_share_values
        )

    @property
    def advice(self) -> pd.DataFrame:
        """What each type means and what to do about it; see :func:`type_advice`."""
        texts = type_advice(self.classification)
        return texts[texts["type"].isin(self.names)].reset_index(drop=True)

    @property
    def accuracy(self) -> pd.DataFrame:
        """How far the types can be trusted, a row a type and one for "all".

        ``n`` counts customers, and ``share`` weighs them. ``accuracy`` is the expected share of
        those sorted into a type whose true scores belong there, and ``consistency`` the
        expected share whom a second measurement, as reliable as the first and with errors of
        its own, would sort there again. Both lie from 0 to 1, and are NaN for a type without
        customers.

        Raises
        ------
        DataError
            If no reliability was given.
        """
        posterior = self._require_reliability("accuracy cannot be told")
        own = np.take_along_axis(self.probability_values, self.codes[:, None], axis=1)[:, 0]
        again = second_time(self.scores, self.codes, self._grid(), posterior, self._classes())
        t = len(self.names)
        return pd.DataFrame(
            {
                "type": [*self.names, "all"],
                "n": np.append(self.sizes, self.sizes.sum()),
                "share": np.append(self.share_values[:, 0], 1.0),
                "accuracy": means_by_class(own, self.codes, self.weights, t),
                "consistency": means_by_class(again, self.codes, self.weights, t),
            }
        )

    def stability(self, moves: Mapping[str, Iterable[float]]) -> pd.DataFrame:
        """Return how many customers change their type as the cut-offs move.

        Parameters
        ----------
        moves : mapping from str to sequence of float
            By how much the cut-off of a variable moves, in the units of the variable, such as
            ``{"attitude": [-1, 1]}``. To stay, 0, is always among the moves; a variable that is
            not named stays.

        Returns
        -------
        DataFrame
            A row for each pair of moves: the moves and the cut-offs of both variables
            (``attitude_move``, ``attitude_cut`` and so on), ``changed``, the weighted share of
            customers whose observed type changes, with a reliability ``true_changed``, the
            expected share whose true type changes, and the share of each type by observed
            scores. Shares lie from 0 to 1.

        Raises
        ------
        OptionError
            If a move is not a finite number, would carry a cut-off off its scale, or is one of
            a variable that is not sorted by or that came as classes.

        Notes
        -----
        No literature says where the cut-offs belong. A conclusion that depends on them is one
        about the cut-offs, so show this table beside it.

        Examples
        --------
        Of four customers the one with a 6 changes if the cut-off moves from 5.5 to 6.5.

        >>> from loyaltymodel import loyalty_stage
        >>> found = loyalty_stage.dick_basu([9, 6, 3, 3], [0.9, 0.9, 0.9, 0.2], scale=(1, 10))
        >>> table = found.stability({"attitude": [1]})
        >>> table[["attitude_move", "attitude_cut", "changed", "loyalty"]].to_dict("list")
        {'attitude_move': [0.0, 1.0], 'attitude_cut': [5.5, 6.5], 'changed': [0.0, 0.25], \
'loyalty': [0.5, 0.25]}
        """
        by_variable = self._moves(moves)
        original = tuple(int(np.argmax(m == 0)) for m in by_variable)
        cuts = [self.cut_offs[v] + m for v, m in zip(self.variables, by_variable, strict=True)]
        grid, places = fine_grid(cuts[0], cuts[1], up=self.ties == "high")
        above_x = above(places[0], len(grid.x_up) + 1)
        above_y = above(places[1], len(grid.y_up) + 1)
        total = self.weights.sum()
        sorted_here = np.where(self.group == 0, self.weights, 0.0) / total
        table = observed_distribution(self.scores, sorted_here, grid)
        first, second = (values.ravel() for values in np.meshgrid(*by_variable, indexing="ij"))
        columns = {f"{self.variables[0]}_move": first, f"{self.variables[1]}_move": second}
        for name, move in zip(self.variables, (first, second), strict=True):
            columns[f"{name}_cut"] = self.cut_offs[name] + move
        turn = (original[0], original[1])
        columns["changed"] = changed(table, above_x, above_y, turn).ravel()
        if self.posterior is not None:
            of_true = true_distribution(self.scores, sorted_here, grid, self.posterior)
            columns["true_changed"] = changed(of_true, above_x, above_y, turn).ravel()
        cells = cells_of(table, above_x, above_y).reshape(-1, 4)
        merge = self._merge()
        shares = cells @ merge[0]
        if len(merge) > 1:
            shares += (1 - sorted_here.sum()) * merge[1][0]
        columns |= dict(zip(self.names, shares.T, strict=True))
        return pd.DataFrame(columns)

    def summary(self) -> Summary:
        """Return the types in words and tables.

        Returns
        -------
        Summary
            Sizes of the types, how far to trust them if reliabilities were given, what they
            mean, and what to keep in mind. What to do is in ``advice``.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> found = loyalty_stage.knox([1, 1, 5, 5], [8, 3, 8, 3], scale=(1, 10))
        >>> print(found.summary().title)
        Diamond of loyalty (Knox)
        """
        texts = self.advice
        told = tuple(zip(texts["type"], texts["meaning"], strict=True))
        tables = [table_of("Sizes", self.shares, digits=[0, *[3] * (self.shares.shape[1] - 2)])]
        if self.reliability is not None:
            tables.append(table_of("How far to trust them", self.accuracy, digits=[0, 3, 3, 3]))
        tables.append(Table("Who they are", ("type", "meaning"), told, n_labels=2))
        return Summary(
            title=SCHEMES[self.classification].title,
            facts=tuple(self._facts()),
            tables=tuple(tables),
            remarks=tuple(self._remarks()),
        )

    def _facts(self) -> list[tuple[str, str]]:
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        cuts = [f"{name} {value:.4g}" for name, value in self.cut_offs.items()]
        if self.from_classes:
            lowest_high = RELATIVE_CLASSES[math.ceil(self.cut_offs["attitude"])]
            cuts[0] = f"attitude from the class {lowest_high!r} on"
        facts = [("customers", f"{len(self.codes)}{left_out}"), ("cut-offs", "; ".join(cuts))]
        facts.append(("at a cut-off", f"counts as {self.ties}"))
        if self.reliability is not None:
            pairs = zip(self.reliability, self.variables, strict=True)
            facts.append(("reliability", ", ".join(f"{r:g} of {name}" for r, name in pairs)))
        return [*facts, ("intervals", self._how_sure())]

    def _remarks(self) -> list[str]:
        remarks = [
            "The cut-offs are a convention; stability() shows how much depends on them.",
        ]
        if self.reliability is None and not self.from_classes:
            remarks.append(
                "Customers near a cut-off are sorted as if the scores were exact; give their "
                "reliability to see how probable each type is."
            )
        elif self.reliability is not None:
            remarks.append(TRUE_SHARE_REMARK)
        return remarks + remarks_on_failures(self.n_failed, self.n_empty)

    def _require_reliability(self, what: str) -> Posterior:
        if self.posterior is None:
            raise DataError(
                f"{what}, because no reliability was given; sort again with the reliabilities of "
                f"both variables, such as reliability=(0.8, 0.7) of {self.variables[0]} and "
                f"{self.variables[1]}"
            )
        return self.posterior

    def _merge(self) -> FloatArray:
        scheme = SCHEMES[self.classification]
        return scheme.merge(with_outside=len(self.names) > len(scheme.types))

    def _classes(self) -> Classes:
        return Classes(self._merge(), self.group)

    def _grid(self) -> Grid:
        cuts = [np.array([self.cut_offs[name]]) for name in self.variables]
        return fine_grid(cuts[0], cuts[1], up=self.ties == "high")[0]

    def _moves(self, moves: object) -> list[FloatArray]:
        example = f"{{{self.variables[0]!r}: [-1, 1]}}"
        if not isinstance(moves, Mapping):
            raise OptionError(
                f"moves={moves!r} does not say which cut-off moves; give a mapping such as "
                f"{example}"
            )
        unknown = [name for name in moves if name not in self.variables]
        if unknown:
            raise OptionError(
                f"moves has {enumerate_names(map(repr, unknown))}, but customers were sorted by "
                f"{self.variables[0]!r} and {self.variables[1]!r}; name one of these"
            )
        if self.from_classes and "attitude" in moves:
            raise OptionError(
                "attitude came as classes, whose cut-off does not move by points; sort again "
                "with another attitude_cut, or give scores"
            )
        return [
            self._moves_of(name, moves.get(name, ()), limits)
            for name, limits in zip(self.variables, self.limits, strict=True)
        ]

    def _moves_of(self, name: str, moves: object, limits: Pair | None) -> FloatArray:
        try:
            given = np.array([float(move) for move in moves])  # type: ignore[attr-defined]
        except (TypeError, ValueError):
            given = np.array([np.nan])
        if not np.isfinite(given).all():
            raise OptionError(
                f"moves of {name!r} are {moves!r}; give finite numbers, such as [-1, 1]"
            )
        distinct = np.unique(np.append(given, 0.0))
        cut = self.cut_offs[name] + distinct
        if limits is not None and not (limits[0] <= cut[0] and cut[-1] <= limits[1]):
            raise OptionError(
                f"moves of {name!r} carry its cut-off of {self.cut_offs[name]:g} off the scale "
                f"from {limits[0]:g} to {limits[1]:g}; give smaller ones"
            )
        return distinct
