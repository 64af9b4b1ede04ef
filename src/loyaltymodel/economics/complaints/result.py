"""What was found of complaints, handed out as tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_count
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, table_of
from loyaltymodel.economics.complaints.mixture import law_of
from loyaltymodel.economics.complaints.specification import ComplaintBehaviour

BRANCHES = ("silent", "unhandled", "handled", "at_once")
ALL = "all"
_BASES = {
    "dissatisfied": "of all dissatisfied customers together",
    "silent": "of those who do not complain",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ComplaintFlow(Result):
    """What becomes of dissatisfied customers, branch by branch; made by :func:`complaint_flow`.

    Attributes
    ----------
    behaviour : ComplaintBehaviour
        What was claimed.
    dissatisfied : float
        Number of dissatisfied customers.
    value : float or None
        What a customer who comes back is worth, if it was given.
    level : float
        Confidence level of the intervals, if draws were given.
    estimates : EstimateTable
        By ``branch`` ("silent", "unhandled", "handled", "at_once" and "all") and ``quantity``.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> behaviour = economics.ComplaintBehaviour(
    ...     complain_share=0.5, handled_share=0.5, at_once_share=0, lost_share=0.8,
    ...     lost_base="silent", return_handled=0.6, return_at_once=0.9,
    ... )
    >>> economics.complaint_flow(behaviour, 100)
    <ComplaintFlow: 100 dissatisfied customers, 30 come back>
    """

    made_by: ClassVar[str] = "complaint_flow()"
    people: ClassVar[str] = "customers"
    rests_on_data: ClassVar[bool] = False

    behaviour: ComplaintBehaviour
    dissatisfied: float
    value: float | None
    level: float
    estimates: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """All numbers: ``branch``, ``quantity``, ``estimate``, with intervals if there are draws.

        Quantities: "share" of the dissatisfied, "customers", "returning", "lost", "told_against"
        and "told_for" (people told), "value_kept", "value_lost" and "value_saved", the value of
        those who come back and would not have done so in silence.
        """
        return self.estimates.frame()

    @property
    def branches(self) -> pd.DataFrame:
        """The estimates, a row a branch and one for "all", a column a quantity."""
        labels = self.estimates.labels
        names = tuple(dict.fromkeys(labels["quantity"]))
        cells = self.estimates.estimate.reshape(-1, len(names))
        frame = pd.DataFrame(cells, columns=list(names))
        frame.insert(0, "branch", list(dict.fromkeys(labels["branch"])))
        return frame

    def _title(self) -> str:
        return "What becomes of dissatisfied customers"

    def _brief(self) -> str:
        back = float(self.estimates.row((ALL, "returning"))["estimate"])
        return f"{self.dissatisfied:,.12g} dissatisfied customers, {round(back, 1):,.12g} come back"

    def _facts(self) -> Facts:
        lost = f"{self.behaviour.lost_share:g} {_BASES[self.behaviour.lost_base]}"
        facts = [("dissatisfied customers", f"{self.dissatisfied:,.12g}"), ("lost", lost)]
        if self.value is not None:
            facts.append(("value of one who comes back", f"{self.value:,.12g}"))
        return tuple(facts)

    def _tables(self) -> tuple[Table, ...]:
        frame = self.branches
        money = [name for name in frame if str(name).startswith("value")]
        people = frame.drop(columns=money)
        digits = (3, *[1] * (len(people.columns) - 2))
        tables = [table_of("Customers", people, n_labels=1, digits=digits)]
        if money:
            digits = (1,) * len(money)
            tables.append(table_of("Money", frame[["branch", *money]], n_labels=1, digits=digits))
        if self.estimates.ci_low is not None:
            frame = self.quantities
            frame = frame[frame["branch"] == ALL]
            tables.append(table_of("All branches, with intervals", frame, n_labels=2))
        return tuple(tables)

    def _remarks(self) -> tuple[str, ...]:
        remarks = [
            "The branches exclude each other: what was solved at once is not among the handled."
        ]
        if self.behaviour.return_unhandled is None:
            remarks.append("Complaints that are not handled come back as rarely as the silent.")
        if self.value is not None:
            remarks.append(
                "Value saved counts against silence. It is caused by handling only as far as those "
                "who complain are otherwise like those who do not."
            )
        return tuple(remarks)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class RecoverySpend(Result):
    """The best spending on a complaint; made by :func:`recovery_spend`.

    Attributes
    ----------
    level : float
        Confidence level of the intervals, if draws were given.
    estimates : EstimateTable
        By ``quantity``: best "spend" on a complaint, "return_share" that it brings, "net_value"
        of a complaint, "gain" over spending nothing, and "break_even_value", the value of a
        customer below which nothing should be spent.
    sensitivity : EstimateTable
        By ``parameter`` and ``quantity``: how much best spend and net value change if the
        parameter rises by one per cent of itself, times 100.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> curve = economics.ResponseCurve(ceiling=0.9, steepness=0.1, floor=0.1)
    >>> economics.recovery_spend(curve, value=10)
    <RecoverySpend: nothing should be spent>
    """

    made_by: ClassVar[str] = "recovery_spend()"
    people: ClassVar[str] = "customers"
    rests_on_data: ClassVar[bool] = False

    level: float
    estimates: EstimateTable
    sensitivity: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """The best spending and what it brings: ``quantity``, ``estimate`` and intervals."""
        return self.estimates.frame()

    @property
    def is_corner(self) -> bool:
        """Whether the best is to spend nothing, since the first unit brings less than it costs."""
        return bool(self.estimates.row("spend")["estimate"] == 0)

    def _title(self) -> str:
        return "The best spending on a complaint"

    def _brief(self) -> str:
        if self.is_corner:
            return "nothing should be spent"
        return f"{number(float(self.estimates.row('spend')['estimate']))} a complaint"

    def _tables(self) -> tuple[Table, ...]:
        tables = [
            table_of("Best spending", self.quantities, n_labels=1),
        ]
        if not self.is_corner:
            title = "Change if a parameter rises by 1 %, times 100"
            tables.append(table_of(title, self.sensitivity.frame(), n_labels=2))
        return tuple(tables)

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        if self.is_corner:
            worth = float(self.estimates.row("break_even_value")["estimate"])
            remarks.append(
                "Corner: already the first unit of money brings back less than it costs. Spending "
                f"would pay for customers worth more than {worth:.6g}."
            )
        remarks.append(
            "The curve has no threshold, and what other customers hear of it is not counted."
        )
        return tuple(remarks)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class HiddenDissatisfied(Result):
    """How many dissatisfied customers stand behind complaints.

    Made by :func:`hidden_dissatisfied`.

    Attributes
    ----------
    complaints : int
        Dissatisfied customers who complained.
    a, b : float
        Shape parameters of the law of the share who complain.
    prior : {"scale", "flat"}
        What was supposed of the number before.
    customers : int or None
        The most there can be, if it was given.
    level : float
        Probability of the intervals.
    estimates : EstimateTable
        By ``quantity``: "dissatisfied" and "silent", each the median with its interval.
    mean : float
        Mean number of dissatisfied customers; infinite where the share may be too small.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> rate = economics.ComplaintRate.from_counts(20, 100)
    >>> found = economics.hidden_dissatisfied(50, rate=rate)
    >>> found.quantities[["quantity", "estimate", "ci_low", "ci_high"]]
           quantity  estimate  ci_low  ci_high
    0  dissatisfied     247.0   160.0    405.0
    1        silent     197.0   110.0    355.0
    """

    made_by: ClassVar[str] = "hidden_dissatisfied()"
    people: ClassVar[str] = "customers"
    rests_on_data: ClassVar[bool] = False

    complaints: int
    a: float
    b: float
    prior: str
    customers: int | None
    level: float
    estimates: EstimateTable
    mean: float

    @property
    def quantities(self) -> pd.DataFrame:
        """Dissatisfied and silent customers: ``quantity``, median ``estimate``, interval."""
        return self.estimates.frame()

    @checked
    def draw(
        self, *, n_resamples: int = FOR_INTERVALS, rng: np.random.Generator | int | None = None
    ) -> dict[str, FloatArray]:
        """Return joint draws of the number and of the share who complain.

        Parameters
        ----------
        n_resamples : int
            How many draws, 2 or more.
        rng : Generator or int, optional
            Randomness: a NumPy Generator or a seed.

        Returns
        -------
        dict from str to ndarray of shape (b,)
            "dissatisfied" and "complain_share", as ``draws`` of :func:`complaint_flow` takes them.

        Raises
        ------
        OptionError
            If there are fewer than 2 draws.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> rate = economics.ComplaintRate.from_counts(20, 100)
        >>> draws = economics.hidden_dissatisfied(50, rate=rate).draw(
        ...     n_resamples=1000, rng=1
        ... )
        >>> sorted(draws), len(draws["dissatisfied"])
        (['complain_share', 'dissatisfied'], 1000)
        """
        check_count("n_resamples", n_resamples, least=2)
        law = law_of(self.complaints, self.a, self.b, self.prior, self.customers)
        hidden, share = law.draw(n_resamples, np.random.default_rng(rng))
        return {"dissatisfied": hidden + self.complaints, "complain_share": share}

    def _title(self) -> str:
        return "Dissatisfied customers behind the complaints"

    def _brief(self) -> str:
        row = self.estimates.row("dissatisfied")
        return (
            f"{self.complaints:,} complaints, {row['estimate']:,.0f} dissatisfied "
            f"({row['ci_low']:,.0f} to {row['ci_high']:,.0f})"
        )

    def _facts(self) -> Facts:
        facts = [
            ("complaints", f"{self.complaints:,}"),
            (
                "share who complain",
                f"beta({self.a:g}, {self.b:g}), mean {self.a / (self.a + self.b):.3g}",
            ),
            ("prior of the number", self.prior),
            ("mean number", "infinite" if math.isinf(self.mean) else f"{self.mean:,.6g}"),
        ]
        if self.customers is not None:
            facts.append(("customers", f"{self.customers:,}"))
        return tuple(facts)

    def _tables(self) -> tuple[Table, ...]:
        digits = (0,) * 3
        return (table_of("Medians", self.quantities, n_labels=1, digits=digits),)

    def _remarks(self) -> tuple[str, ...]:
        naive = self.complaints * (self.a + self.b) / self.a
        remarks = [
            (
                f"Complaints over the mean share would be {naive:,.6g}, without a word on how sure "
                "that is; the share decides, and it comes from outside."
            ),
        ]
        if math.isinf(self.mean):
            remarks.append(
                "The mean is infinite: the law of the share gives too much to shares next to 0. "
                "The median and the interval exist; customers= or a surer share bounds the mean."
            )
        return tuple(remarks)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ComplaintLog(Result):
    """How soon complaints are answered and closed; made by :func:`complaint_log`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Complaints used, and left out because a value was missing.
    n_open : int or None
        Complaints that were not closed by the end, if it is known when they were closed.
    unit : {"hours", "days"}
        Unit of all times.
    level : float
        Confidence level of the intervals.
    estimates : EstimateTable
        By ``step`` ("response", "closure") and ``quantity``: "median" time, and share done
        "within 1", "within 2" and so on.
    others : EstimateTable or None
        By ``quantity``: "repeat_customers", the share of customers who complained more than
        once, if customers were given.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.complaint_log(
    ...     [0, 0, 5, 8], closed=[2, 6, 8, None], until=10, unit="days", within=[3]
    ... )
    >>> found
    <ComplaintLog: 4 complaints, 1 open>
    """

    made_by: ClassVar[str] = "complaint_log()"
    people: ClassVar[str] = "complaints"

    n_obs: int
    n_dropped: int
    n_open: int | None
    unit: str
    level: float
    estimates: EstimateTable
    others: EstimateTable | None

    @property
    def times(self) -> pd.DataFrame:
        """Medians and shares: ``step``, ``quantity``, ``estimate``, ``ci_low``, ``ci_high``."""
        return self.estimates.frame()

    @property
    def repeats(self) -> pd.DataFrame:
        """Customers who complain again: ``quantity``, ``estimate``, ``ci_low``, ``ci_high``."""
        if self.others is None:
            return pd.DataFrame(columns=["quantity", "estimate", "ci_low", "ci_high"])
        return self.others.frame()

    def _title(self) -> str:
        return "How complaints are handled"

    def _brief(self) -> str:
        still = "" if self.n_open is None else f", {self.n_open:,} open"
        return f"{self.n_obs:,} complaints{still}"

    def _facts(self) -> Facts:
        still = () if self.n_open is None else (("open at the end", f"{self.n_open:,}"),)
        return (*still, ("times in", self.unit))

    def _tables(self) -> tuple[Table, ...]:
        tables = [table_of("Response and closure", self.times, n_labels=2)]
        if self.others is not None:
            tables.append(table_of("Repeated complaints", self.repeats, n_labels=1))
        return tuple(tables)

    def _remarks(self) -> tuple[str, ...]:
        remarks = [
            (
                "Open complaints count for as long as they have waited; leaving them out would "
                "make handling look faster than it is."
            ),
        ]
        if np.isnan(self.estimates.estimate).any():
            remarks.append("What has no number had not happened to enough complaints by the end.")
        return tuple(remarks)
