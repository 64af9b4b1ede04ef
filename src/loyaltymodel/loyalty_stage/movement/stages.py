"""Stages that customers move between, as data, and rules that say who stands where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from loyaltymodel._core.accepted import AsGiven, Data, Variable
from loyaltymodel._core.comparisons import exceeds, reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import (
    check_count,
    check_finite,
    count_of,
    enumerate_names,
    is_number,
    is_whole,
    repeated,
    shown,
    suggest,
)
from loyaltymodel._core.scales import by_variable
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Specification
from loyaltymodel._core.variables import read_numbers, read_variables
from loyaltymodel.errors import DataError, ModelError

_MOST_STAGES = 300  # tables of three successive stages have so many cells to the power of three


class Stages(Specification):
    """Names of the stages of a movement, in order (阶段).

    Parameters
    ----------
    names : tuple of str
        At least two different names, at most 300.
    chinese : tuple of str
        Their Chinese names, in the same order; empty for none. Data may use either.

    Raises
    ------
    ModelError
        If a name stands twice, or the Chinese names are not as many.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> loyalty_stage.Stages(names=("trial", "regular", "gone")).names
    ('trial', 'regular', 'gone')
    """

    names: tuple[str, ...] = Field(min_length=2, max_length=_MOST_STAGES)
    chinese: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _every_stage_has_one_name(self) -> Self:
        if self.chinese and len(self.chinese) != len(self.names):
            raise ModelError(
                f"there are {len(self.names)} stages and "
                f"{count_of(len(self.chinese), 'Chinese name')}; give one for each, or none"
            )
        if not all(name.strip() for name in (*self.names, *self.chinese)):
            raise ModelError("a stage has a blank name; give each a name of its own")
        if twice := repeated([*self.names, *self.chinese]):
            raise ModelError(f"stages named twice: {enumerate_names(twice)}; use different names")
        return self

    @classmethod
    def formation(cls) -> Self:
        """Return the stages in which loyalty forms (忠诚形成过程四阶段).

        Returns
        -------
        Stages
            Awareness (认知), approval (认可), which is the first purchase, preference (偏好) and
            loyalty (忠诚).

        Notes
        -----
        Whether customers move through them step by step is a claim of the texts, not of this
        list: a chain over these stages may go back, and may jump.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> loyalty_stage.Stages.formation().names
        ('awareness', 'approval', 'preference', 'loyalty')
        """
        return cls(
            names=("awareness", "approval", "preference", "loyalty"),
            chinese=("认知", "认可", "偏好", "忠诚"),
        )

    @classmethod
    def life_cycle(cls) -> Self:
        """Return the stages of a customer relationship (客户关系生命周期).

        Returns
        -------
        Stages
            Exploration (考察期), build-up (形成期), maturity (成熟期) and decline (衰退期).

        Notes
        -----
        Elsewhere the last two are called stability (稳定) and degeneration (退化). A well-known
        framework of relationships between buyers and sellers that starts before and ends after
        these stages is that of Dwyer, Schurr and Oh [1]_.

        References
        ----------
        .. [1] Dwyer, F. R., Schurr, P. H., & Oh, S. (1987). Developing buyer-seller
           relationships. Journal of Marketing, 51(2), 11-27.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> loyalty_stage.Stages.life_cycle().chinese
        ('考察期', '形成期', '成熟期', '衰退期')
        """
        return cls(
            names=("exploration", "build-up", "maturity", "decline"),
            chinese=("考察期", "形成期", "成熟期", "衰退期"),
        )


StageNames = Stages | Sequence[str] | Sequence[int]
Start = str | Mapping[str, float]  # a stage, or how many customers start where


def stages_of(stages: StageNames) -> Stages:
    """Return stages, also from a plain list of names, or of numbers that stand for them."""
    if isinstance(stages, Stages):
        return stages
    if isinstance(stages, str):
        raise ModelError(f"stages={stages!r} is one name; give a list of at least two")
    return Stages(names=tuple(word_of(name) if is_whole(name) else name for name in stages))


def word_of(name: object) -> str:
    """Return the name of a stage as text: that of the number 1 is "1", also where it is 1.0."""
    if is_number(name) and math.isfinite(name) and name == int(name):
        return str(int(name))
    return str(name)


def place_of(stages: Stages, name: str) -> int:
    """Return the place of a stage, by either of its names."""
    for known in (stages.names, stages.chinese):
        if name in known:
            return known.index(name)
    raise DataError(
        f"there is no stage {shown(name)}{suggest(name, stages.names)}; stages are "
        f"{enumerate_names(stages.names, most=12)}"
    )


@checked
def formation_stage(
    purchases: Variable,
    *,
    performance: Variable,
    expectation: Variable,
    least_repeats: int,
    aware: Variable = True,
    data: Data | None = None,
) -> AsGiven:
    """Return the stage of formation that each customer has reached by rule (忠诚形成阶段).

    Parameters
    ----------
    purchases : float, array-like of shape (n,), Series, or name of a column
        Number of purchases so far, 0 or more.
    performance : float, array-like of shape (n,), Series, or name of a column
        What the customer perceived, in points. May be NaN for those who have not bought.
    expectation : float, array-like of shape (n,), Series, or name of a column
        What the customer had expected, in the same points. May be NaN likewise.
    least_repeats : int
        From how many purchases after the first on a customer who prefers is loyal, at least 1.
        The texts name no number.
    aware : bool, array-like of shape (n,), Series, or name of a column
        Whether the customer knows the firm.
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.

    Returns
    -------
    str, Categorical or Series
        "awareness", "approval", "preference" or "loyalty", ordered, and before them
        "unaware". A Series where columns or Series were given.

    Raises
    ------
    DataError
        If a number is missing, infinite or negative, somebody who bought has no performance
        or expectation, or somebody bought without being aware.
    OptionError
        If ``least_repeats`` is no whole number of at least 1.

    Notes
    -----
    A first purchase is approval (认可). Preference (偏好) arises if the performance reaches
    the expectation, equality included; otherwise the customer stays at approval, however
    often the purchase is repeated. Loyalty (忠诚) is preference with enough repeats. The rule
    describes a moment; how customers move between the stages is a chain, which
    :func:`estimate_movement` estimates.

    Examples
    --------
    Nothing bought; bought and disappointed; bought and satisfied; the same, often:

    >>> from loyaltymodel import loyalty_stage
    >>> nan = float("nan")
    >>> stage = loyalty_stage.formation_stage(
    ...     [0, 5, 1, 5], performance=[nan, 3, 4, 4], expectation=[nan, 4, 4, 4], least_repeats=3
    ... )
    >>> list(stage)
    ['awareness', 'approval', 'preference', 'loyalty']
    """
    check_count("least_repeats", least_repeats, least=1)
    given = {
        "purchases": purchases,
        "aware": aware,
        "performance": performance,
        "expectation": expectation,
    }
    found = read_variables(
        given,
        data=data,
        bounds={"purchases": (0, np.inf), "aware": (0, 1)},
        gaps=("performance", "expectation"),
        can_drop=False,
    )
    count, performed, expected = (
        np.asarray(found[name], dtype=np.float64)
        for name in ("purchases", "performance", "expectation")
    )
    knows = found["aware"] == 1
    if (unclear := ~knows & (found["aware"] != 0)).any():
        raise DataError(
            f"aware must be 1 or 0 (True or False), but is "
            f"{found['aware'][int(np.argmax(unclear))]:.12g} at place {int(np.argmax(unclear))}"
        )
    bought = count > 0
    if (strange := bought & ~knows).any():
        raise DataError(
            f"{count_of(int(strange.sum()), 'customer')} bought without being aware, first at "
            f"place {int(np.argmax(strange))}; who bought knows the firm: correct aware"
        )
    for name, level in (("performance", performed), ("expectation", expected)):
        if (gap := bought & np.isnan(level)).any():
            raise DataError(
                f"{count_of(int(gap.sum()), 'customer')} bought but have no {name}, first at "
                f"place {int(np.argmax(gap))}; give it, or leave these customers out"
            )
    prefers = bought & reaches(performed, expected)
    code = knows.astype(np.int8) + bought + prefers + (prefers & (count - 1 >= least_repeats))
    words = pd.Index(["unaware", *Stages.formation().names])
    return _worded(code, words, tuple(given.values()), found.labels)


@checked
def life_cycle_stage(
    strength: Variable,
    previous: Variable,
    *,
    cuts: float | Mapping[str, float],
    steady: float,
    data: Data | None = None,
    missing: Missing = "raise",
) -> AsGiven:
    """Return the stage of a relationship by its strength and its change (关系生命周期阶段).

    Parameters
    ----------
    strength : float, array-like of shape (n,), Series, or name of a column
        Strength of the relationship in this period, in any unit, such as purchases a year.
    previous : float, array-like of shape (n,), Series, or name of a column
        Its strength one period before.
    cuts : float or mapping
        From which strength on a relationship that does not fall is mature; a number, or a
        mapping from "strength" to it.
    steady : float
        Up to which change, in the same unit, it counts as unchanged; 0 or more.
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.
    missing : {"raise", "drop"}
        Whether customers with a missing value are refused or left out.

    Returns
    -------
    str, Categorical or Series
        "exploration", "build-up", "maturity" or "decline", ordered. A Series where columns or
        Series were given.

    Raises
    ------
    DataError
        If values are missing, infinite or not numeric, or ``steady`` is negative.
    OptionError
        If ``cuts`` is no finite number, or ``missing`` is not one of its choices.

    Notes
    -----
    A fall by more than ``steady`` is decline. Otherwise a strength of at least ``cuts``
    is maturity; below it a rise by more than ``steady`` is build-up, and the rest is
    exploration. The texts name the stages and draw a curve; this rule is one reading of it.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> stage = loyalty_stage.life_cycle_stage(
    ...     [1, 4, 9, 5], [1, 2, 9, 9], cuts=8, steady=0.5
    ... )
    >>> list(stage)
    ['exploration', 'build-up', 'maturity', 'decline']
    """
    found = read_variables({"strength": strength, "previous": previous}, data=data, missing=missing)
    cut = by_variable("cuts", cuts, ["strength"])["strength"]
    check_finite("cuts", cut)
    tolerance = read_numbers("steady", steady, bounds=(0, np.inf))
    now, before = (np.asarray(found[name], np.float64) for name in ("strength", "previous"))
    size = np.maximum(np.abs(now), np.abs(before))
    with np.errstate(over="ignore"):  # an infinite change is a change
        falls = exceeds(before - now, tolerance, size=size)
        rises = exceeds(now - before, tolerance, size=size)
    code = np.select([falls, reaches(now, cut), rises], [3, 2, 1], default=0)
    return _worded(code, pd.Index(Stages.life_cycle().names), (strength, previous), found.labels)


def _worded(code: Any, words: pd.Index, given: Sequence[Any], labels: pd.Index) -> Any:
    """Return words as the variables came: a Series, a Categorical, or one word."""
    stage = pd.Categorical.from_codes(code, categories=words, ordered=True)
    if any(isinstance(value, (str, pd.Series)) for value in given):
        return pd.Series(stage, index=labels, name="stage")
    return stage[0] if all(np.ndim(value) == 0 for value in given) else stage
