"""Published tables of retention by satisfaction, each by its name, never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Data, Values
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import snapped
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.labels import labelled
from loyaltymodel._core.options import check_choice, check_positive, count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import as_given, read_numbers, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.evidence.lookup import get
from loyaltymodel.evidence.record import Figure

Bound = Literal["lower", "midpoint", "upper"]
Interpolation = Literal["none", "pchip"]
TableName = Literal["retention", "defection"]
Ratio = Literal["odds", "probability", "defection"]

_BOUNDS: tuple[Bound, ...] = ("lower", "midpoint", "upper")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RetainedCustomers(Result):
    """How many of some customers a table expects to stay.

    Attributes
    ----------
    customers : float or ndarray
        The customers that were given, in all.
    lower, midpoint, upper : float or ndarray
        Expected number of them who stay, by the lower ends, the middles and the upper ends of
        the table's ranges.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> retained = evidence.published_table("retention").expected_retained({4: 100, 5: 100})
    >>> retained.customers, round(retained.lower, 6), round(retained.upper, 6)
    (200.0, 172.0, 182.0)
    """

    made_by: ClassVar[str] = ".expected_retained() of a PublishedTable"
    rests_on_data: ClassVar[bool] = False

    customers: float | FloatArray
    lower: float | FloatArray
    midpoint: float | FloatArray
    upper: float | FloatArray

    @property
    def distributions(self) -> pd.DataFrame:
        """A row a distribution: ``customers``, ``lower``, ``midpoint``, ``upper``."""
        names = ("customers", "lower", "midpoint", "upper")
        return pd.DataFrame({name: np.ravel(getattr(self, name)) for name in names})

    def _title(self) -> str:
        return "Customers who are expected to stay"

    def _brief(self) -> str:
        if np.ndim(self.customers):
            return count_of(int(np.size(self.customers)), "distribution")
        return f"{self.lower:.6g} to {self.upper:.6g} of {self.customers:g} customers"

    def _tables(self) -> tuple[Table, ...]:
        shown = self.distributions.astype({"customers": object})
        shown["customers"] = [f"{n:,.10g}" for n in self.distributions["customers"]]
        return (table_of("Now, and how many of them stay", shown, n_labels=0, digits=1),)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PublishedTable(Result):
    """A printed table of retention by level of satisfaction, with its source and its doubts.

    Attributes
    ----------
    concept : str
        Its name, such as "REL-09".
    title : str
        What it shows.
    scores : ndarray of shape (k,)
        Levels of satisfaction, rising.
    labels : tuple of str
        What the levels are called.
    lower, upper : ndarray of shape (k,)
        Ends of the printed range of retention at each level, from 0 to 1; equal where one
        number is printed.
    period : str or None
        The time within which customers stay or leave; None where none is stated.
    figures : tuple of str
        Numbers of the figures in :mod:`loyaltymodel.evidence`.
    literature : str
        Where it stands in the literature, as far as known.
    doubt : str
        What is doubtful about it.

    Raises
    ------
    DataError
        If the lengths differ, the levels do not rise, or the ranges are not within 0 and 1.

    See Also
    --------
    published_table : Makes it.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> table = evidence.published_table("retention")
    >>> table.concept, table.period, table.midpoint.round(3).tolist()
    ('REL-09', 'one year', [0.025, 0.175, 0.625, 0.825, 0.945])
    """

    made_by: ClassVar[str] = "published_table()"
    rests_on_data: ClassVar[bool] = False

    concept: str
    title: str
    scores: FloatArray
    labels: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    period: str | None
    figures: tuple[str, ...] = ()
    literature: str = ""
    doubt: str = ""

    def __post_init__(self) -> None:
        """Check the numbers and protect them."""
        for name in ("scores", "lower", "upper"):
            object.__setattr__(self, name, read_numbers(name, getattr(self, name)))
        shapes = {self.scores.shape, self.lower.shape, self.upper.shape, (len(self.labels),)}
        if len(shapes) > 1 or len(self.labels) == 0:
            raise DataError(
                f"table {self.concept!r} needs one label and one range a level; its scores have "
                f"shape {self.scores.shape}, its ranges {self.lower.shape} and {self.upper.shape}, "
                f"and there are {len(self.labels)} labels"
            )
        if not (np.diff(self.scores) > 0).all():
            raise DataError(f"the scores of table {self.concept!r} must rise; sort them")
        if not ((self.lower >= 0) & (self.lower <= self.upper) & (self.upper <= 1)).all():
            raise DataError(
                f"table {self.concept!r} must have 0 <= lower <= upper <= 1 at every level; give "
                "retention as a share, not in percent"
            )
        Result.__post_init__(self)

    @property
    def midpoint(self) -> FloatArray:
        """Middles of the ranges (k,)."""
        return (self.lower + self.upper) / 2

    @property
    def levels(self) -> pd.DataFrame:
        """The table, a row a level: ``score``, ``label``, ``lower``, ``midpoint``, ``upper``."""
        return pd.DataFrame(
            {
                "score": self.scores.copy(),
                "label": list(self.labels),
                "lower": self.lower.copy(),
                "midpoint": self.midpoint,
                "upper": self.upper.copy(),
            }
        )

    @checked
    def retention(
        self,
        score: Values,
        *,
        bound: Bound = "midpoint",
        periods: float | None = None,
        interpolation: Interpolation = "none",
        data: Data | None = None,
        missing: Missing = "raise",
    ) -> AsGiven:
        """Return the share of customers who stay (客户保留率), by their satisfaction.

        Parameters
        ----------
        score : number, array or Series of shape (n,), or str
            Satisfaction on the levels of the table; or the name of a column of ``data``.
        bound : {"lower", "midpoint", "upper"}
            Which end of the printed range, or its middle.
        periods : float, optional
            Number of the table's periods, above 0, under a constant rate: the share of one
            period to that power. Without it the table as printed.
        interpolation : {"none", "pchip"}
            With "none" a score between two levels is an error; with "pchip" a monotone curve
            goes through the printed points.
        data : pandas, polars or pyarrow table, optional
            Table with the column.
        missing : {"raise", "drop"}
            What to do with missing scores.

        Returns
        -------
        float, ndarray or Series
            Shares from 0 to 1, as the scores came.

        Raises
        ------
        DataError
            If a score is missing, off the levels, or between two of them without
            interpolation.
        OptionError
            If an option is not one of its choices, or ``periods`` is given where the table
            states no period.

        Notes
        -----
        Interpolation is by cubic Hermite polynomials that keep the order of the points, as
        ``scipy.interpolate.PchipInterpolator`` makes them: one through the middles, one
        through the widths of the ranges. What lies between the levels is drawn, not printed.
        The middle of a range to the power T is not the middle of the ends to that power.

        Examples
        --------
        Of the customers with score 4, 80 to 85 percent are still there after a year, and after
        two years about 0.825^2 = 0.680625:

        >>> from loyaltymodel import evidence
        >>> table = evidence.published_table("retention")
        >>> table.retention(4, bound="lower"), table.retention(4, bound="upper")
        (0.8, 0.85)
        >>> round(table.retention(4, periods=2), 6)
        0.680625
        """
        check_choice("bound", bound, Bound)
        check_choice("interpolation", interpolation, Interpolation)
        power = self._power(periods)
        limits = (float(self.scores[0]), float(self.scores[-1]))
        given = {"score": score}
        found = read_variables(given, data=data, bounds={"score": limits}, missing=missing)
        shares = self._at(found["score"].astype(np.float64), bound, interpolation) ** power
        return as_given(given.values(), found.labels, shares, name="retention")

    @checked
    def expected_retained(
        self, counts: npt.ArrayLike | Mapping[float, float], *, periods: float | None = None
    ) -> RetainedCustomers:
        """Return how many customers of a distribution of scores are expected to stay.

        Parameters
        ----------
        counts : mapping or Series from level to number, or array-like of shape (..., k)
            Customers at each level, in the order of ``scores`` for an array; shares add up as
            well as numbers do.
        periods : float, optional
            Number of the table's periods, above 0.

        Returns
        -------
        RetainedCustomers
            Numbers by the lower ends, middles and upper ends; arrays (...) for several
            distributions.

        Raises
        ------
        DataError
            If a level is not in the table, the shape does not fit, or a number is negative or
            missing.
        OptionError
            If ``periods`` is given where the table states no period.

        Notes
        -----
        For customers one by one, sum :meth:`retention` over them.

        Examples
        --------
        100 customers with score 4 and 50 with score 3 leave 0.825 * 100 + 0.625 * 50 = 113.75:

        >>> from loyaltymodel import evidence
        >>> evidence.published_table("retention").expected_retained({4: 100, 3: 50}).midpoint
        113.75
        """
        power = self._power(periods)
        numbers = self._numbers(counts)
        total = numbers.sum(axis=-1)
        low, middle, high = (numbers @ self._ends(bound) ** power for bound in _BOUNDS)
        if numbers.ndim == 1:
            return RetainedCustomers(float(total), float(low), float(middle), float(high))
        return RetainedCustomers(total, low, middle, high)

    @checked
    def ratios(self, kind: Ratio = "odds") -> pd.DataFrame:
        """Return how many times more loyal each level is than the one below it.

        Parameters
        ----------
        kind : {"odds", "probability", "defection"}
            Ratio of the odds to stay, of the probabilities to stay, or of those to leave (the
            lower level over the higher one).

        Returns
        -------
        DataFrame
            A row a pair of neighbours: ``from_score``, ``to_score``, ``midpoint`` (at the
            middles of the ranges), ``lower`` and ``upper`` (the least and the most that the
            ranges allow; infinite where nobody stays at the lower level, or nobody leaves at
            the higher one).

        Raises
        ------
        OptionError
            If ``kind`` is not one of its choices.

        Examples
        --------
        The middles at scores 4 and 5 are 0.825 and 0.945, and
        (0.945 / 0.055) / (0.825 / 0.175) = 3.64:

        >>> from loyaltymodel import evidence
        >>> evidence.published_table("retention").ratios().round(2).tail(1)
           from_score  to_score  lower  midpoint  upper
        3         4.0       5.0   2.03      3.64   8.08
        """
        check_choice("kind", kind, Ratio)

        def strength(share: FloatArray) -> FloatArray:
            if kind == "probability":
                return share
            return share / (1 - share) if kind == "odds" else 1 / (1 - share)

        with np.errstate(divide="ignore", invalid="ignore"):
            low, middle, high = (strength(v) for v in (self.lower, self.midpoint, self.upper))
            return pd.DataFrame(
                {
                    "from_score": self.scores[:-1],
                    "to_score": self.scores[1:],
                    "lower": low[1:] / high[:-1],
                    "midpoint": middle[1:] / middle[:-1],
                    "upper": high[1:] / low[:-1],
                }
            )

    def _title(self) -> str:
        return self.title

    def _brief(self) -> str:
        return f"{self.concept}, {count_of(len(self.scores), 'level')}"

    def _facts(self) -> Facts:
        return (
            ("concept", self.concept),
            ("period", self.period or "none stated"),
            ("figures", ", ".join(self.figures) or "-"),
            ("literature", self.literature or "-"),
        )

    def _tables(self) -> tuple[Table, ...]:
        frame = self.levels.assign(score=[f"{score:g}" for score in self.scores])
        return (table_of("Share of customers who stay", frame, n_labels=2),)

    def _remarks(self) -> tuple[str, ...]:
        return (self.doubt,) if self.doubt else ()

    def _ends(self, bound: Bound) -> FloatArray:
        return {"lower": self.lower, "midpoint": self.midpoint, "upper": self.upper}[bound]

    def _at(self, score: FloatArray, bound: Bound, interpolation: Interpolation) -> FloatArray:
        score = snapped(score, self.scores, size=np.abs(self.scores).max())
        place = np.searchsorted(self.scores, score)
        between = self.scores[place] != score
        if not between.any():
            return self._ends(bound)[place]
        if interpolation == "none":
            first = score[int(np.argmax(between))]
            raise DataError(
                f"score {first:.12g} lies between two levels of table {self.concept}, which has "
                f"{enumerate_names(f'{level:.12g}' for level in self.scores)}; "
                'interpolation="pchip" draws a monotone curve through them'
            )
        from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - needed only here

        middle = PchipInterpolator(self.scores, self.midpoint)(score)
        # Curves through the two ends could cross each other; half the width is never negative.
        reach = PchipInterpolator(self.scores, (self.upper - self.lower) / 2)(score)
        side = {"lower": -1.0, "midpoint": 0.0, "upper": 1.0}[bound]
        return np.asarray((middle + side * reach).clip(0.0, 1.0), dtype=np.float64)

    def _power(self, periods: float | None) -> float:
        if periods is None:
            return 1.0
        check_positive("periods", periods)
        if self.period is None:
            raise OptionError(
                f"periods={periods!r} has no meaning: table {self.concept} states no period, so "
                "that its shares belong to no length of time; leave periods out"
            )
        return float(periods)

    def _numbers(self, counts: npt.ArrayLike | Mapping[float, float]) -> FloatArray:
        if isinstance(counts, pd.Series):
            counts = labelled("counts", counts)
        if isinstance(counts, Mapping):
            numbers = np.zeros(len(self.scores))
            places = {score: k for k, score in enumerate(self.scores.tolist())}
            for level, number in counts.items():
                if level not in places:
                    raise DataError(
                        f"there is no level {level!r} in table {self.concept}, which has "
                        f"{enumerate_names(f'{known:.12g}' for known in self.scores)}"
                    )
                alone = read_numbers(f"counts[{level!r}]", number)
                if alone.ndim:
                    raise DataError(
                        f"counts[{level!r}] has shape {alone.shape}, but one number a level is "
                        "needed; give an array of shape (..., levels) for several"
                    )
                numbers[places[level]] = alone
        else:
            numbers = read_numbers("counts", counts)
        if numbers.ndim == 0 or numbers.shape[-1] != len(self.scores):
            raise DataError(
                f"counts has shape {numbers.shape}; a number for each of the "
                f"{len(self.scores)} levels is needed, from {self.labels[0]!r} to "
                f"{self.labels[-1]!r}"
            )
        if (numbers < 0).any():
            raise DataError(f"counts has {numbers.min():.12g}; numbers of customers are 0 or more")
        return numbers


@checked
def published_table(name: TableName) -> PublishedTable:
    """Return a published table of retention by satisfaction (满意度与客户保留率表、科特勒流失率).

    Parameters
    ----------
    name : {"retention", "defection"}
        "retention": ranges of the share of customers with scores 1 to 5 who are still there
        after a year (REL-09). "defection": shares that are lost at levels from 1 (extremely
        dissatisfied) to 5 (highly satisfied), which are our numbers: the text has words only
        (REL-10). Retention is one less the printed share.

    Returns
    -------
    PublishedTable
        The table as printed, with its source and its doubts.

    Raises
    ------
    OptionError
        If there is no such table.

    Notes
    -----
    "retention" is a consultancy's table, repeated in Chinese textbooks; no primary source was
    found. It is steepest between the scores 2 and 3, and not convex at the top. "defection"
    contradicts it at every level; the two are never averaged. It is usually attributed to
    Kotler; no primary source was found. The text states no period, so that the table answers for
    none, and ``periods`` is refused.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> evidence.published_table("retention").levels.round(3)
       score              label  lower  midpoint  upper
    0    1.0  very dissatisfied   0.00     0.025   0.05
    1    2.0       dissatisfied   0.15     0.175   0.20
    2    3.0            neutral   0.60     0.625   0.65
    3    4.0          satisfied   0.80     0.825   0.85
    4    5.0     very satisfied   0.92     0.945   0.97
    >>> lost = evidence.published_table("defection")
    >>> (1 - lost.retention([1, 2, 3, 4])).round(3).tolist(), lost.period is None
    ([0.8, 0.4, 0.2, 0.1], True)
    """
    check_choice("name", name, TableName)
    if name == "defection":
        figures = sorted(get("REL-10"), key=lambda figure: figure.number)
        return _table(figures, title="Retention by satisfaction, from Kotler (REL-10)", lost=True)
    figures = sorted(get("REL-09"), key=lambda figure: figure.number, reverse=True)
    return _table(figures, title="One-year retention by satisfaction score (REL-09)", lost=False)


def _table(figures: list[Figure], *, title: str, lost: bool) -> PublishedTable:
    """Make a table of figures that stand from the lowest level to the highest."""
    printed = np.array([(figure.low, figure.high) for figure in figures], dtype=np.float64)
    low, high = (1 - printed[:, ::-1]).T if lost else printed.T
    first = figures[0]
    return PublishedTable(
        concept=first.concept,
        title=title,
        scores=np.arange(1.0, len(figures) + 1),
        labels=tuple(figure.subject.rpartition(", ")[2] for figure in figures),
        lower=low,
        upper=high,
        period=first.period,
        figures=tuple(figure.number for figure in figures),
        literature=first.literature,
        doubt=first.doubt,
    )
