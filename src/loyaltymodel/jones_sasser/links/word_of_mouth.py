"""Word of mouth by satisfaction: who speaks, how much, and for or against the firm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, ndtri, student, wilson
from loyaltymodel._options import count_of
from loyaltymodel._tables import Summary, table_of
from loyaltymodel._variables import Bounds, Variables, read_variables
from loyaltymodel.errors import DataError, OptionError

_SAME = 1e-12  # share of a mean that rounding leaves of no spread
_FEWER = 2  # so many customers for each level of satisfaction, on average, or cuts are needed


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WordOfMouth(FrozenRecord):
    """Word of mouth by level of satisfaction; made by :func:`word_of_mouth`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Customers used, and left out because of missing values.
    level : float
        Confidence level of the intervals.
    ranges : ndarray of shape (m, 2)
        Lowest and highest satisfaction of each level.
    count : ndarray of shape (m,)
        Customers at each level.
    spoke : ndarray of shape (m, 3)
        Share who spoke, and the ends of its interval.
    mentions : ndarray of shape (m, 3) or None
        People told, on average, and the ends of the interval.
    valence : ndarray of shape (m, 5) or None
        Share who spoke well, share who spoke ill, the difference and the ends of its interval.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> found = jones_sasser.word_of_mouth([1, 1, 2, 2, 2], mentions=[9, 12, 0, 3, 0])
    >>> found.activity[["lowest", "n_obs", "spoke", "mentions"]].round(3)
       lowest  n_obs  spoke  mentions
    0     1.0      2  1.000      10.5
    1     2.0      3  0.333       1.0
    """

    n_obs: int
    n_dropped: int
    level: float
    ranges: FloatArray
    count: IntArray
    spoke: FloatArray
    mentions: FloatArray | None
    valence: FloatArray | None

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return (
            f"<WordOfMouth: {count_of(self.n_obs, 'customer')}, "
            f"{count_of(len(self.count), 'level')} of satisfaction>"
        )

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def activity(self) -> pd.DataFrame:
        """Who speaks and how much, a row a level of satisfaction."""
        frame = self._levels()
        frame[["spoke", "spoke_low", "spoke_high"]] = self.spoke
        if self.mentions is not None:
            frame[["mentions", "mentions_low", "mentions_high"]] = self.mentions
        return frame

    @property
    def net(self) -> pd.DataFrame:
        """Shares who spoke well and ill, and their difference, a row a level of satisfaction."""
        if self.valence is None:
            raise DataError(
                "nothing is known of what was said; give valence to word_of_mouth, with 1 for "
                "well, -1 for ill and 0 for neither"
            )
        frame = self._levels()
        frame[["positive", "negative", "net", "ci_low", "ci_high"]] = self.valence
        frame["sign"] = np.select(
            [self.valence[:, 3] > 0, self.valence[:, 4] < 0], ["positive", "negative"], "open"
        )
        return frame

    def summary(self) -> Summary:
        """Return the numbers and what they mean, ready to be printed.

        Returns
        -------
        Summary
            Text, HTML and LaTeX.
        """
        facts = (
            ("customers", str(self.n_obs)),
            ("left out", str(self.n_dropped)),
            ("levels of satisfaction", str(len(self.count))),
        )
        level = f"{100 * self.level:g}% intervals"
        activity = self.activity
        wide = (0,) + (3,) * (activity.shape[1] - 3)
        labels = activity.assign(
            **{n: activity[n].map("{:g}".format) for n in ("lowest", "highest")}
        )
        tables = [table_of(f"Who speaks, {level}", labels, n_labels=2, digits=wide)]
        remarks = []
        if self.mentions is not None and np.isnan(self.mentions[:, 1]).any():
            remarks.append(
                "Mentions have no interval at levels with one customer, or where all said the same."
            )
        if self.valence is not None:
            net = self.net
            shown = labels[["lowest", "highest"]].join(net.iloc[:, 2:-1])
            table = table_of(f"Well less ill, {level}", shown, n_labels=2, digits=(0, *[3] * 5))
            tables.append(table.with_column("sign", net["sign"].tolist()))
            remarks.append(_turn(net))
        remarks.append(
            "Customers report themselves what they told others; those who answer a survey may "
            "speak more than those who do not."
        )
        return Summary("Word of mouth by satisfaction", facts, tuple(tables), tuple(remarks))

    def _levels(self) -> pd.DataFrame:
        frame = pd.DataFrame(self.ranges.copy(), columns=["lowest", "highest"])
        frame["n_obs"] = self.count
        return frame


def word_of_mouth(
    satisfaction: object,
    *,
    mentions: object = None,
    valence: object = None,
    cuts: Sequence[float] | None = None,
    level: float = 0.95,
    data: object = None,
    missing: Missing = "raise",
) -> WordOfMouth:
    """Return who speaks of the firm, how much, and for or against it, by satisfaction (口碑).

    Parameters
    ----------
    satisfaction : array or Series of shape (n,), or str
        Scores in any units, higher for more; or the name of a column of ``data``.
    mentions : array or Series of shape (n,), or str, optional
        How many people each customer told, 0 or more; or 1 and 0 for told or not.
    valence : array or Series of shape (n,), or str, optional
        What each customer said: 1 well, -1 ill, 0 neither or nothing.
    cuts : sequence of float, optional
        Where levels of satisfaction begin, ascending; a score belongs to the level of the
        largest cut that is not above it. Without them every score is a level.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with customers with a missing value.

    Returns
    -------
    WordOfMouth
        By level the share who spoke, the mean number of people told, and the share who spoke well
        less the share who spoke ill.

    Raises
    ------
    DataError
        If a value is missing or infinite, mentions are negative, valence is not -1, 0 or 1,
        somebody without mentions spoke well or ill, or hardly any level has two customers.
    OptionError
        If neither mentions nor valence are given, or an option is not as described.

    See Also
    --------
    u_shape_test : Whether the dissatisfied and the satisfied speak more than those between.
    advice : What segments say of the firm, in words.

    Notes
    -----
    Satisfied customers become fans, dissatisfied ones speak ill
    (满意客户成为粉丝,不满意者负面口碑). Whoever has mentions above 0 spoke; without mentions,
    whoever spoke well or ill. The interval of that share is Wilson's, that of the mean of
    mentions Student's at each level for itself, which is rough where a few customers tell very
    many.

    The net share is p+ - p-, which is what a net promoter score is made of. Its interval adds one
    customer of either kind, and is otherwise that of the normal law [1]_:
    d -+ z sqrt((p+ + p- - d^2) / (n + 2)) with p+ = (n+ + 1) / (n + 2), p- alike and d = p+ - p-.
    It is cut at -1 and 1. ``sign`` is "positive" or "negative" where the interval has no 0 in it.

    That the very satisfied and the very dissatisfied speak most, the latter more so, is usually
    attributed to Anderson (1998); its abstract adds that the difference between the
    two is smaller than commonly supposed [2]_.

    References
    ----------
    .. [1] Bonett, D. G., & Price, R. M. (2012). Adjusted Wald confidence interval for a
       difference of binomial proportions based on paired data. Journal of Educational and
       Behavioral Statistics, 37(4), 479-488.
    .. [2] Anderson, E. W. (1998). Customer satisfaction and word of mouth. Journal of Service
       Research, 1(1), 5-17.

    Examples
    --------
    Of four dissatisfied customers three speak ill and one well, of four satisfied ones two well:

    >>> from loyaltymodel import jones_sasser
    >>> found = jones_sasser.word_of_mouth(
    ...     [1, 1, 1, 1, 5, 5, 5, 5], valence=[-1, -1, -1, 1, 1, 0, 0, 1]
    ... )
    >>> found.net[["lowest", "positive", "negative", "net", "sign"]]
       lowest  positive  negative  net  sign
    0     1.0      0.25      0.75 -0.5  open
    1     5.0      0.50      0.00  0.5  open
    """
    check_level(level)
    if mentions is None and valence is None:
        raise OptionError(
            "neither mentions nor valence are given; give how many people each customer told, "
            "what was said, or both"
        )
    limits: dict[str, Bounds] = {"mentions": (0.0, np.inf), "valence": (-1.0, 1.0)}
    given = {"satisfaction": satisfaction, "mentions": mentions, "valence": valence}
    given = {name: value for name, value in given.items() if value is not None}
    found = read_variables(given, data=data, bounds=limits, missing=missing)
    said, told = _check_words(found)
    s = np.asarray(found["satisfaction"], dtype=np.float64)
    place = _place(s, cuts)
    count = np.bincount(place)
    if len(s) < _FEWER * len(count):
        raise DataError(
            f"satisfaction has {count_of(len(count), 'level')} for "
            f"{count_of(len(s), 'customer')}, so that hardly any level has two; give cuts=, such "
            "as the limits of low, middle and high"
        )
    spoke = told > 0 if told is not None else said != 0
    share = np.bincount(place, spoke) / count
    ends = np.column_stack(wilson(share, count.astype(np.float64), level=level))
    return WordOfMouth(
        n_obs=found.n_rows,
        n_dropped=found.n_dropped,
        level=level,
        ranges=_ranges(s, place),
        count=count,
        spoke=np.column_stack([share, ends]),
        mentions=None if told is None else _means(told, place, level),
        valence=None if said is None else _net(said, place, level),
    )


def _turn(net: pd.DataFrame) -> str:
    """Say at which levels word of mouth is for and against the firm."""
    names = [
        f"{low:g}" if low == high else f"{low:g} to {high:g}"
        for low, high in net[["lowest", "highest"]].to_numpy()
    ]
    against, pro = (
        ", ".join(name for name, own in zip(names, net["sign"], strict=True) if own == sign)
        for sign in ("negative", "positive")
    )
    return (
        f"Word of mouth is against the firm at {against or 'no level'}, and for it at "
        f"{pro or 'no level'}; elsewhere it is open."
    )


def _check_words(found: Variables) -> tuple[FloatArray | None, FloatArray | None]:
    """Return valence and mentions as floats, checked against each other."""
    said, told = (
        np.asarray(found[name], dtype=np.float64) if name in found.values else None
        for name in ("valence", "mentions")
    )
    if said is not None and (said % 1 != 0).any():
        first = int(np.argmax(said % 1 != 0))
        raise DataError(
            f"valence has {said[first]:g} in row {found.labels[first]}, but must be 1 for well, -1 "
            "for ill or 0 for neither; compare a score with two cut-offs"
        )
    if said is not None and told is not None and (silent := (said != 0) & (told == 0)).any():
        first = found.labels[int(np.argmax(silent))]
        raise DataError(
            f"the customer in row {first} spoke well or ill (valence) and told nobody (mentions "
            "0); mend one of the two, or give only one of them"
        )
    return said, told


def _place(s: FloatArray, cuts: Sequence[float] | None) -> IntArray:
    """Return the level of each customer, among those that somebody has."""
    if cuts is None:
        return np.unique(s, return_inverse=True)[1]
    try:
        edges = np.asarray(cuts, dtype=np.float64)
    except (TypeError, ValueError):
        edges = np.array([np.nan])
    if (
        edges.ndim != 1
        or not edges.size
        or not (np.isfinite(edges).all() and (np.diff(edges) > 0).all())
    ):
        raise OptionError(f"cuts={cuts!r} must be ascending numbers, such as [3, 4]")
    return np.unique(np.searchsorted(edges, s, side="right"), return_inverse=True)[1]


def _ranges(s: FloatArray, place: IntArray) -> FloatArray:
    """Lowest and highest satisfaction (m, 2) of each level."""
    n_levels = int(place.max()) + 1
    low, high = np.full(n_levels, np.inf), np.full(n_levels, -np.inf)
    np.minimum.at(low, place, s)
    np.maximum.at(high, place, s)
    return np.column_stack([low, high])


def _means(told: FloatArray, place: IntArray, level: float) -> FloatArray:
    """Mean of each level (m, 3) with Student's interval; NaN where no spread is seen."""
    count = np.bincount(place)
    mean = np.bincount(place, told) / count
    squares = np.bincount(place, (told - mean[place]) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(squares / (count - 1) / count)
    error = np.where(error > _SAME * np.abs(mean), error, np.nan)
    interval = student(mean, error, np.maximum(count - 1.0, 1.0), level=level)
    return np.column_stack([mean, interval.low, interval.high])


def _net(said: FloatArray, place: IntArray, level: float) -> FloatArray:
    """Shares who spoke well and ill, their difference, and its interval (m, 5)."""
    count = np.bincount(place)
    well, ill = np.bincount(place, said > 0), np.bincount(place, said < 0)
    p, q = (well + 1) / (count + 2), (ill + 1) / (count + 2)
    reach = ndtri(np.array((1 + level) / 2)) * np.sqrt((p + q - (p - q) ** 2) / (count + 2))
    low, high = (p - q - reach).clip(-1), (p - q + reach).clip(max=1)
    return np.column_stack([well / count, ill / count, (well - ill) / count, low, high])
