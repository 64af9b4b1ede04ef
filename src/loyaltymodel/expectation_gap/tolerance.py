"""Desired and adequate service, and the zone of tolerance between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import difference, exceeds
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result, WithCustomers
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import Variables, read_variables, several_variables
from loyaltymodel.errors import DataError
from loyaltymodel.expectation_gap._people import are_several, means_of, ordered_words

Inverted = Literal["raise", "drop"]
_LEVELS = ("perceived", "desired", "adequate")
_QUANTITIES = (*_LEVELS, "superiority", "adequacy")
_STATES = ("below", "inside", "above")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ToleranceResult(Result):
    """Superiority, adequacy and the zone of tolerance of one or more attributes.

    Attributes
    ----------
    estimates : EstimateTable
        Means by attribute and quantity, in points: the levels "perceived" and "desired", and
        "superiority"; with the adequate level "adequate" and "adequacy" as well.
    counts : array, shape (k, 3)
        Respondents below the zone, inside and above. Without the adequate level nobody is known
        to be below, and "inside" counts everybody who is not above.
    n_obs : int
        Number of respondents.
    n_dropped : int
        Respondents left out because of a missing answer.
    n_inverted : int
        Respondents left out because they find adequate more than they desire.
    level : float
        Confidence level of the intervals.
    """

    made_by: ClassVar[str] = "zone_of_tolerance(), as .result,"

    estimates: EstimateTable
    counts: IntArray
    n_obs: int
    n_dropped: int
    n_inverted: int
    level: float

    @property
    def has_adequate(self) -> bool:
        """Whether the adequate level was asked."""
        return "adequate" in self.estimates.labels["quantity"]

    @property
    def attributes(self) -> pd.DataFrame:
        """Mean levels, superiority and adequacy of each attribute, a row each, in points."""
        return self.estimates.frame()

    @property
    def zones(self) -> pd.DataFrame:
        """The zone of each attribute, its width, and where the mean perception stands in it.

        ``position`` is 0 at the adequate and 1 at the desired level. Without the adequate level
        there is ``desired`` only.
        """
        long = self.attributes
        wide = long.pivot_table(
            index="attribute", columns="quantity", values="estimate", sort=False
        )
        if not self.has_adequate:
            return wide[["desired"]].rename_axis(columns=None).reset_index()
        table = wide[["adequate", "desired"]].rename_axis(columns=None)
        table["width"] = difference(table["desired"], table["adequate"])
        with np.errstate(divide="ignore", invalid="ignore"):
            position = (wide["perceived"] - table["adequate"]) / table["width"]
        table["position"] = position.where(table["width"] > 0)
        return table.reset_index()

    @property
    def shares(self) -> pd.DataFrame:
        """Shares of respondents below, inside and above the zone, with Wilson's intervals.

        Without the adequate level there are two states, "not above" and "above".
        """
        chosen = [(0, "below"), (1, "inside"), (2, "above")]
        if not self.has_adequate:
            chosen = [(1, "not above"), (2, "above")]
        states = [state for _, state in chosen]
        names = list(dict.fromkeys(self.estimates.labels["attribute"]))
        labels = {
            "attribute": [name for name in names for _ in states],
            "state": states * len(names),
        }
        share = self.counts[:, [k for k, _ in chosen]].ravel() / self.n_obs
        size = np.array(float(self.n_obs))
        return EstimateTable.wilson(labels, share, size, level=self.level).frame()

    def _title(self) -> str:
        return "Zone of tolerance"

    def _brief(self) -> str:
        attributes = count_of(len(self.counts), "attribute")
        return f"{count_of(self.n_obs, 'respondent')}, {attributes}"

    def _facts(self) -> Facts:
        if not self.n_inverted:
            return ()
        return (("inverted zones", f"{self.n_inverted} left out"),)

    def _tables(self) -> Sequence[Table]:
        return (
            table_of("Means (points)", self.attributes, n_labels=2),
            table_of("Zones (points)", self.zones, digits=2),
            table_of("Shares of respondents", self.shares, n_labels=2),
        )

    def _remarks(self) -> Sequence[str]:
        remarks = ["Intervals of shares hold one by one, not all together."]
        if not self.has_adequate:
            remarks.append("The adequate level was not asked: superiority only, and no zone.")
        return remarks


@checked
def zone_of_tolerance(
    perceived: Variable,
    desired: Variable,
    *,
    adequate: Variable | None = None,
    inverted: Inverted = "raise",
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> WithCustomers[ToleranceResult]:
    """Return how service stands to what is desired and what is adequate (理想服务与容忍区).

    Parameters
    ----------
    perceived : variable, or table or mapping from attribute to variable
        Perceived service. A variable is an array of shape (n,), a Series, or the name of a
        column; a mapping, or a table whose columns are called by the attributes, judges several
        at once. In points.
    desired : variable, or table or mapping from attribute to variable
        Desired service (理想服务), the level hoped for, in the same points.
    adequate : variable, or table or mapping from attribute to variable, optional
        Adequate service (合格服务), the level still accepted. Without it there is superiority
        only.
    inverted : {"raise", "drop"}
        What to do with respondents who find adequate more than they desire: an error, or leave
        them out and count them.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing answer is an error, or leaves the respondent out of every attribute.

    Returns
    -------
    result : ToleranceResult
        Levels, superiority and adequacy, and shares of respondents below, inside and above.
    customers : DataFrame
        A row a respondent, with the labels of the data: ``superiority`` (points), and with the
        adequate level ``adequacy`` and ``width`` (points), ``position`` (0 at the adequate and
        1 at the desired level, below 0 and above 1 outside; NaN for a zone of width 0) and
        ``state`` ("below", "inside", "above"). Of several attributes columns are called by
        attribute and measure, such as ``customers["staff"]["state"]``.

    Raises
    ------
    DataError
        If attributes differ between the levels, answers are missing, infinite or of unequal
        length, a zone is inverted, or there are fewer than 2 respondents.
    OptionError
        If an option is not one of its choices.

    Notes
    -----
    Superiority MSS = P - D, adequacy MSA = P - A, zone [A, D]. Its ends belong to it: who
    perceives exactly the adequate level is inside. Intervals of means are Student's on the
    differences within respondents; those of shares are Wilson's. The teaching text defines desired
    service only; adequate service and the zone are the literature's [1]_.

    References
    ----------
    .. [1] Zeithaml, V. A., Berry, L. L., & Parasuraman, A. (1993). The nature and determinants
       of customer expectations of service. Journal of the Academy of Marketing Science, 21(1),
       1-12.

    Examples
    --------
    Four customers desire 8 and accept 5; they perceive 4, 5, 7 and 9. On average 6.25, which
    is 1.75 below what is desired and 1.25 above what is adequate. One is below the zone, two
    are inside, one of them at its edge, and one is above:

    >>> from loyaltymodel.expectation_gap import zone_of_tolerance
    >>> result, customers = zone_of_tolerance(
    ...     [4, 5, 7, 9], [8, 8, 8, 8], adequate=[5, 5, 5, 5]
    ... )
    >>> result.attributes[["quantity", "estimate"]]
          quantity  estimate
    0    perceived      6.25
    1      desired      8.00
    2     adequate      5.00
    3  superiority     -1.75
    4     adequacy      1.25
    >>> result.shares[["state", "estimate"]]
        state  estimate
    0   below      0.25
    1  inside      0.50
    2   above      0.25
    >>> customers["state"].tolist()
    ['below', 'inside', 'inside', 'above']
    """
    check_level(level)
    check_choice("inverted", inverted, Inverted)
    names, read = _read(perceived, desired, adequate, data, missing)
    answers = _stack(names, read, has_adequate=adequate is not None)
    upside_down = _inverted(answers, names, read, inverted)
    answers = answers[:, :, ~upside_down]
    n = answers.shape[2]
    if n < 2:  # noqa: PLR2004 (an interval of a mean needs two)
        raise DataError(
            f"{count_of(n, 'respondent')} left: intervals need at least 2; give the answers of "
            "more respondents"
        )
    gaps = difference(answers[:, :1], answers[:, 1:])  # (k, 2, n): less desired, less adequate
    values = np.concatenate([answers, gaps], axis=1)  # (k, 5, n), in the order of _QUANTITIES
    asked = list(range(5)) if adequate is not None else [0, 1, 3]
    labels: Labels = {
        "attribute": np.repeat(names, len(asked)),
        "quantity": [_QUANTITIES[k] for k in asked] * len(names),
    }
    mean, spread = values.mean(axis=2)[:, asked], values.std(axis=2, ddof=1)[:, asked]
    codes = _codes(gaps)
    result = ToleranceResult(
        estimates=means_of(labels, mean.ravel(), spread.ravel() / np.sqrt(n), n=n, level=level),
        counts=np.stack([(codes == k).sum(axis=1) for k in range(3)], axis=1),
        n_obs=n,
        n_dropped=read.n_dropped,
        n_inverted=int(upside_down.sum()),
        level=level,
    )
    labels_left = read.labels[~upside_down]
    customers = _of_customers(names, answers, gaps, codes, labels_left)
    return WithCustomers(result, customers)


def _of_customers(
    names: tuple[str, ...], answers: FloatArray, gaps: FloatArray, codes: IntArray, labels: pd.Index
) -> pd.DataFrame:
    """Return the measures of each respondent; of several attributes, by attribute and measure."""
    tables = {}
    for name, (_, d, a), (superiority, adequacy), code in zip(
        names, answers, gaps, codes, strict=True
    ):
        table = pd.DataFrame({"superiority": superiority}, index=labels)
        if not np.isnan(a).all():
            width = difference(d, a)
            with np.errstate(divide="ignore", invalid="ignore"):
                position = np.where(width > 0, adequacy / width, np.nan)
            table = table.assign(
                adequacy=adequacy,
                width=width,
                position=position,
                state=ordered_words(code, _STATES),
            )
        tables[name] = table
    if len(names) == 1:
        return tables[names[0]]
    return pd.concat(tables, axis=1, names=["attribute", "measure"])


def _codes(gaps: FloatArray) -> IntArray:
    """Return 0 below, 1 inside and 2 above (k, n), of superiority and adequacy (k, 2, n)."""
    below = gaps[:, 1] < 0  # never so where the adequate level is NaN
    codes: IntArray = np.where(gaps[:, 0] > 0, 2, np.where(below, 0, 1))
    return codes


def _read(
    perceived: object, desired: object, adequate: object, data: object, missing: Missing
) -> tuple[tuple[str, ...], Variables]:
    """Read every level of every attribute, and name the attributes."""
    levels = {"perceived": perceived, "desired": desired}
    if adequate is not None:
        levels["adequate"] = adequate
    several = [are_several(level) for level in levels.values()]
    if any(several) and not all(several):
        raise DataError(
            f"{enumerate_names(levels)} must all be mappings from attribute to variable, or all "
            "be single variables"
        )
    given = {
        name: several_variables(name, level) if any(several) else {"service": level}
        for name, level in levels.items()
    }
    names = tuple(given["perceived"])
    for level, attributes in given.items():
        if apart := sorted(map(str, set(given["perceived"]) ^ set(attributes))):
            raise DataError(
                f"perceived and {level} have different attributes: {enumerate_names(apart)} "
                "are in one of them only"
            )
    variables = {
        f"{level} {name}" if any(several) else level: value
        for level, attributes in given.items()
        for name, value in attributes.items()
    }
    return names, read_variables(variables, data=data, missing=missing)


def _stack(names: tuple[str, ...], read: Variables, *, has_adequate: bool) -> FloatArray:
    """Return answers (k, 3, n): perceived, desired and adequate, which is NaN if not asked."""
    answers = np.full((len(names), 3, read.n_rows), np.nan)
    for row, name in enumerate(names):
        for k, level in enumerate(_LEVELS[: 3 if has_adequate else 2]):
            key = level if level in read.values else f"{level} {name}"
            answers[row, k] = read[key]
    return answers


def _inverted(
    answers: FloatArray, names: tuple[str, ...], read: Variables, inverted: Inverted
) -> BoolArray:
    """Tell who finds adequate more than is desired, or refuse them."""
    wrong = exceeds(answers[:, 2], answers[:, 1])
    people: BoolArray = np.asarray(wrong.any(axis=0), dtype=np.bool_)
    if people.any() and inverted == "raise":
        row = int(np.argmax(people))
        name = names[int(np.argmax(wrong[:, row]))]
        raise DataError(
            f"{count_of(int(people.sum()), 'respondent')} find adequate more than they desire, "
            f"first in row {read.labels[row]} ({name}); check the columns, or "
            'inverted="drop" leaves them out'
        )
    return people
