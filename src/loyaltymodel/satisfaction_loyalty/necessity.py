"""Satisfaction as a necessary condition of loyalty that is not sufficient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Codebook, Data, Values, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.comparisons import levels_of, snapped
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_count, count_of, enumerate_names
from loyaltymodel._core.resampling import FOR_TESTS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.scales import AnswerLimits, Pair, check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.spread import check_spread
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import like, read_numbers, read_variables
from loyaltymodel.errors import OptionError
from loyaltymodel.satisfaction_loyalty.cuts import Cuts, check_cuts, satisfied_from

Size = Literal["none", "small", "medium", "large", "very large"]

_LEAST = 3
_SIZES: tuple[Size, ...] = ("small", "medium", "large", "very large")
_FROM = (0.1, 0.3, 0.5)  # where the next size begins, by Dul (2016)
_IN_SLICE = 4_000_000  # cells or customers of permutations at a time: 32 MB
_ROUNDING = 1e-9  # effects closer than this are the same sum, added in another order


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class NecessaryCondition(Result):
    """A ceiling of loyalty over satisfaction; made by :func:`necessary_condition`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Customers used, and left out because of missing values.
    effect_size : float
        Empty share of the scope, from 0 to 1: 0 where the least satisfied customer is as
        loyal as anybody.
    p_value : float
        How often pairs at random have an effect as large.
    n_resamples : int
        Number of random pairings.
    scope : tuple of float
        Lowest and highest satisfaction, lowest and highest loyalty, between which the empty
        part is measured.
    corners : ndarray of shape (k, 2)
        Satisfaction and loyalty where the ceiling rises.
    cuts : mapping from str to float, or None
        From which satisfaction on customers count in ``unreached``.
    n_satisfied : int
        Customers at or above it; all without one.
    unreached : float
        Of the loyalty that the ceiling allows these customers, the share that is not there,
        from 0 to 1.

    Examples
    --------
    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.necessary_condition([1, 2, 3, 3], [1, 2, 3, 1], rng=1)
    >>> found.peers
       satisfaction  loyalty
    0           1.0      1.0
    1           2.0      2.0
    2           3.0      3.0
    """

    made_by: ClassVar[str] = "necessary_condition()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    effect_size: float
    p_value: float
    n_resamples: int
    scope: tuple[float, float, float, float]
    corners: FloatArray
    cuts: FrozenMapping[str, float] | None
    n_satisfied: int
    unreached: float

    @property
    def peers(self) -> pd.DataFrame:
        """The ceiling: from this ``satisfaction`` on this ``loyalty`` has been seen."""
        return pd.DataFrame(self.corners.copy(), columns=["satisfaction", "loyalty"])

    @property
    def size(self) -> Size:
        """The effect in the words of Dul (2016): 0.1, 0.3 and 0.5 part them."""
        if self.effect_size == 0:
            return "none"
        return _SIZES[int(np.searchsorted(_FROM, self.effect_size, side="right"))]

    @checked
    def ceiling(self, satisfaction: Values) -> AsGiven:
        """Return the highest loyalty seen up to a satisfaction.

        Parameters
        ----------
        satisfaction : number, array or Series
            Satisfaction within the scope, in the units of the data.

        Returns
        -------
        float, ndarray or Series
            Loyalty as it came; NaN below the least satisfied customer.

        Raises
        ------
        DataError
            If a value is missing or outside the scope.

        Examples
        --------
        >>> from loyaltymodel import satisfaction_loyalty
        >>> found = satisfaction_loyalty.necessary_condition([1, 2, 3, 3], [1, 2, 3, 1], rng=1)
        >>> found.ceiling(2.5)
        2.0
        """
        s = read_numbers("satisfaction", satisfaction, bounds=self.scope[:2])
        steps = self.corners[:, 0]
        place = np.searchsorted(steps, self._on_steps(s, steps), side="right")
        return like(satisfaction, np.append(np.nan, self.corners[:, 1])[place], name="ceiling")

    @checked
    def bottleneck(self, loyalty: Values) -> AsGiven:
        """Return the least satisfaction at which a loyalty has been seen.

        Parameters
        ----------
        loyalty : number, array or Series
            Loyalty within the scope, in the units of the data.

        Returns
        -------
        float, ndarray or Series
            Satisfaction as it came; NaN above the most loyal customer.

        Raises
        ------
        DataError
            If a value is missing or outside the scope.

        Examples
        --------
        Nobody with a satisfaction below 3 has a loyalty above 2:

        >>> from loyaltymodel import satisfaction_loyalty
        >>> found = satisfaction_loyalty.necessary_condition([1, 2, 3, 3], [1, 2, 3, 1], rng=1)
        >>> found.bottleneck(2.5)
        3.0
        """
        wanted = read_numbers("loyalty", loyalty, bounds=self.scope[2:])
        steps = self.corners[:, 1]
        place = np.searchsorted(steps, self._on_steps(wanted, steps), side="left")
        return like(loyalty, np.append(self.corners[:, 0], np.nan)[place], name="bottleneck")

    def _on_steps(self, scores: FloatArray, steps: FloatArray) -> FloatArray:
        return snapped(scores, steps, size=np.abs(self.scope).max())

    def _title(self) -> str:
        return "Satisfaction as a necessary condition"

    def _brief(self) -> str:
        return f"{count_of(self.n_obs, 'customer')}, effect size {self.effect_size:.3f}"

    def _facts(self) -> Facts:
        who = "all" if self.cuts is None else f"from {self.cuts['satisfaction']:g}"
        return (
            ("effect size", f"{self.effect_size:.3f} ({self.size})"),
            ("p-value", f"{self.p_value:.4f}, by random pairings"),
            (f"unreached, satisfaction {who}", f"{self.unreached:.3f}"),
        )

    def _tables(self) -> tuple[Table, ...]:
        return (table_of("Ceiling: the first to reach a loyalty", self.peers, n_labels=0),)

    def _remarks(self) -> tuple[str, ...]:
        remark = (
            "The test asks whether satisfaction and loyalty are unrelated. A plain correlation "
            "passes it too, so that a small p-value alone does not make a condition necessary."
        )
        return (remark,)


@checked
@takes_codebook("satisfaction", perhaps=("loyalty",), limits="role")
def necessary_condition(
    satisfaction: Variable,
    loyalty: Variable,
    *,
    scale: AnswerLimits | Codebook | None = None,
    cuts: Cuts | None = None,
    n_resamples: int = FOR_TESTS,
    rng: np.random.Generator | int | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> NecessaryCondition:
    """Return how far loyalty needs satisfaction (必要条件分析), and how far that is not enough.

    Satisfaction is called a precondition of loyalty, no more (满意只是先决条件): without it
    nobody is loyal, with it some are. In a picture of loyalty over satisfaction the corner of
    the loyal and dissatisfied is then empty. The effect size is the empty share.

    Parameters
    ----------
    satisfaction, loyalty : array or Series of shape (n,), or str
        Scores, higher for more; or names of columns of ``data``.
    scale : pair of numbers, mapping from str to pair, or Codebook, optional
        Lowest and highest possible score of both, or of "satisfaction" and "loyalty" each.
        Where none is given those observed.
    cuts : float or mapping from str to float, optional
        From which "satisfaction" on customers count in ``unreached``, such as
        ``{"satisfaction": 4}`` or only 4; all by default.
    n_resamples : int
        Number of random pairings of satisfaction and loyalty for the test.
    rng : Generator or int, optional
        Source of randomness; the same seed gives the same p-value.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with customers with a missing value.

    Returns
    -------
    NecessaryCondition
        Effect size, p-value, the ceiling, and the share of loyalty that is not reached.

    Raises
    ------
    DataError
        If a value is missing, infinite or off the scale, there are fewer than 3 customers, a
        variable is constant, or no customer is satisfied.
    OptionError
        If a scale is no pair, a scale or cut is of something else, or an option is not as
        described.

    Notes
    -----
    Necessary condition analysis [1]_ with the ceiling CE-FDH: the ceiling at s is the highest
    loyalty among customers with a satisfaction of s or less, a flight of stairs. The effect
    size is the area above it over the area of the scope, (highest - lowest satisfaction) times
    (highest - lowest loyalty). As a rough guide, [1]_ calls it small below 0.1, medium below
    0.3, large below 0.5, and very large from there.

    The p-value is (1 + number of random pairings with an effect as large) / (1 + number of
    pairings), as in [2]_ but for the ones, which keep it above 0.

    Three traps. The test rejects where the two are merely correlated: with 100 customers from
    a normal law with a correlation of 0.5, which has no ceiling, it did so in 92 percent of
    400 samples; and its result depends on how skewed the scores are [3]_, as satisfaction is.
    An effect is never below 0, and without any relation the samples still had one of 0.12 on
    average. And the ceiling rests on extremes: a single customer who is dissatisfied and
    loyal, or a slip of the pen, takes the effect away.

    ``unreached`` is 1 - sum(L_i - lowest) / sum(ceiling(S_i) - lowest). It is what other
    causes, such as innovation, experience or responsibility, leave open; 0 would be a
    condition that is sufficient as well.

    References
    ----------
    .. [1] Dul, J. (2016). Necessary condition analysis (NCA): logic and methodology of
       "necessary but not sufficient" causality. Organizational Research Methods, 19(1), 10-52.
    .. [2] Dul, J., van der Laan, E., & Kuik, R. (2020). A statistical significance test for
       necessary condition analysis. Organizational Research Methods, 23(2), 385-395.
    .. [3] Sorjonen, K., & Melin, B. (2019). Predicting the significance of necessity. Frontiers
       in Psychology, 10, 283.

    Examples
    --------
    The scope is 2 by 2. Above the stairs a strip of 1 by 2 is empty from 1 to 2, and one of 1
    by 1 from 2 to 3: (2 + 1) / 4. The two customers with satisfaction 3 could have a loyalty
    of 3, that is 2 above the lowest, each; one of them has 0, so that half is not reached.

    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.necessary_condition(
    ...     [1, 2, 3, 3], [1, 2, 3, 1], cuts={"satisfaction": 3}, rng=1
    ... )
    >>> found.effect_size, found.size, found.unreached
    (0.75, 'very large', 0.5)
    """
    check_count("n_resamples", n_resamples, least=1)
    given = {"satisfaction": satisfaction, "loyalty": loyalty}
    bounds = _bounds(limits_only(scale), tuple(given))
    limits = check_cuts(cuts, ("satisfaction",))
    found = read_variables(given, data=data, bounds=bounds, missing=missing)
    s, loyal = (np.asarray(found[name], dtype=np.float64) for name in given)
    check_spread(given, (s, loyal), least=_LEAST)
    low, high = bounds.get("satisfaction", (float(s.min()), float(s.max())))
    bottom, top = bounds.get("loyalty", (float(loyal.min()), float(loyal.max())))
    scope = (low, high, bottom, top)
    s_levels, s_code = levels_of(s)
    l_levels, l_code = levels_of(loyal)
    ceiling = np.maximum.accumulate(_highest(s_code, l_code, len(s_levels)))
    effect = float(_effect(l_levels[ceiling][None], s_levels, scope)[0])
    as_large = sum(
        int((_effect(l_levels[drawn], s_levels, scope) >= effect - _ROUNDING).sum())
        for drawn in _permuted_ceilings(s_code, l_code, n_resamples, np.random.default_rng(rng))
    )
    if limits is None:
        among = np.ones(len(s), dtype=np.bool_)
    else:
        among = satisfied_from(s, limits["satisfaction"])
    allowed = float((l_levels[ceiling[s_code[among]]] - bottom).sum())
    corner = np.append(True, np.diff(ceiling) > 0)
    return NecessaryCondition(
        n_obs=found.n_rows,
        n_dropped=found.n_dropped,
        effect_size=effect,
        p_value=(1 + as_large) / (1 + n_resamples),
        n_resamples=n_resamples,
        scope=scope,
        corners=np.column_stack([s_levels[corner], l_levels[ceiling[corner]]]),
        cuts=limits,
        n_satisfied=int(among.sum()),
        # Where the ceiling is at the bottom nothing is allowed, and nothing is missing.
        unreached=1 - float((loyal[among] - bottom).sum()) / allowed if allowed > 0 else 0.0,
    )


def _bounds(scale: AnswerLimits | None, names: tuple[str, ...]) -> dict[str, Pair]:
    """Return the limits of the variables for which some are given."""
    if scale is None:
        return {}
    if not isinstance(scale, Mapping):
        return dict.fromkeys(names, check_pair(scale))
    if unknown := set(scale) - set(names):
        raise OptionError(
            f"scale names {enumerate_names(map(repr, unknown))}; it can give pairs for "
            f"{' and '.join(names)}"
        )
    return {name: check_pair(pair, name=f"scale of {name!r}") for name, pair in scale.items()}


def _highest(s_code: IntArray, l_code: IntArray, n_levels: int) -> IntArray:
    """Highest code of loyalty at each level of satisfaction (k,)."""
    highest = np.zeros(n_levels, dtype=np.intp)
    np.maximum.at(highest, s_code, l_code)
    return highest


def _effect(
    ceilings: FloatArray, levels: FloatArray, scope: tuple[float, float, float, float]
) -> FloatArray:
    """Empty share of the scope (b,) above ceilings (b, k) that begin at the levels (k,)."""
    low, high, bottom, top = scope
    width = np.diff(np.append(levels, high))
    empty = (top - ceilings) @ width + (levels[0] - low) * (top - bottom)
    share: FloatArray = empty / ((high - low) * (top - bottom))
    return share


def _permuted_ceilings(
    s_code: IntArray, l_code: IntArray, n_resamples: int, rng: np.random.Generator
) -> Iterator[IntArray]:
    """Ceilings (slice, k), as codes of loyalty, of random pairings.

    With few levels only the table of both can differ between pairings, and tables with given
    margins are drawn at once; else loyalty is shuffled. Both are the same lottery.
    """
    by_s, by_l = np.bincount(s_code), np.bincount(l_code)
    short = l_code.astype(np.int32)  # half the memory, and faster to shuffle
    cells, n = len(by_s) * len(by_l), len(s_code)
    size = max(1, _IN_SLICE // min(cells, n))
    last = np.cumsum(by_s) - 1  # the last customer of each level, sorted by satisfaction
    for start in range(0, n_resamples, size):
        b = min(size, n_resamples - start)
        if cells <= n:
            from scipy.stats import random_table  # noqa: PLC0415 - slow to import

            tables = random_table(by_s, by_l).rvs(b, method="patefield", random_state=rng)
            seen = tables[..., ::-1] > 0
            highest = len(by_l) - 1 - np.argmax(seen, axis=-1)
            yield np.maximum.accumulate(highest, axis=-1)
        else:
            shuffled = rng.permuted(np.broadcast_to(short, (b, n)), axis=1)
            yield np.maximum.accumulate(shuffled, axis=1)[:, last]
