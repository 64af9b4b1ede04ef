"""What happens when a constraint goes: who leaves of those who were only held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Columns, Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, FrozenRecord, IntArray
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result, WithCustomers
from loyaltymodel._core.scales import AnswerLimits, Pair, limits_of
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import BELOW_ONE, read_numbers, read_variables
from loyaltymodel.errors import ConvergenceWarning, DataError, OptionError, warn_caller
from loyaltymodel.jones_sasser.curves import kernels as answers
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.curves.families import CurveFamily
from loyaltymodel.jones_sasser.estimation.intervals import (
    METHODS,
    ParameterInterval,
    answers_profile,
    delta_variance,
    draws_interval,
    share_interval,
)
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import driven_constraint
from loyaltymodel.jones_sasser.estimation.observations import Observations, observe
from loyaltymodel.jones_sasser.estimation.problem import set_up
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.sample import (
    chosen_drivers,
    design_of,
    driver_columns,
    people_of,
)
from loyaltymodel.jones_sasser.estimation.settings import SHARES, OutcomeKind

_ALL = "all"
_MOST_PARAMETERS = 200  # of which an end is looked for


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Deregulation(Result):
    """Mean loyalty before and after constraints fell, by group and in total.

    Attributes
    ----------
    groups : tuple or None
        Names of the groups.
    estimates : EstimateTable
        Mean loss of each group and, last, of all. NaN for a curve without errors, and where the
        effect of a driver of the constraint lies on its bound.
    interval : {"profile", "percentile", "wald"}
        Kind of the intervals: "profile" goes as far as the likelihood allows; "percentile" takes
        the quantiles of bootstrap draws, where the fit has them; "wald" is the normal law's on the
        logistic scale, for a curve with kinks or with more than 200 parameters.
    counts : array of shape (number of groups + 1,)
        Customers in each group and in all.
    before, after : array of shape (number of groups + 1,)
        Mean loyalty of each group and of all.
    outcome : {"binary", "count", "score", "beta", "ordinal"}
        Kind of loyalty that the curve was fitted to; "binary" for a curve that is given.
    scale : pair of float
        Lowest and highest loyalty: 0 and 1, or the ends of a score.
    n_dropped : int
        Customers left out because something was missing.
    level : float
        Confidence level of the intervals.
    """

    made_by: ClassVar[str] = "remove_constraint(), as .result,"
    people: ClassVar[str] = "customers"

    groups: tuple[Any, ...] | None
    estimates: EstimateTable
    interval: ParameterInterval
    counts: IntArray
    before: FloatArray
    after: FloatArray
    outcome: OutcomeKind
    scale: Pair
    n_dropped: int
    level: float

    @property
    def n_obs(self) -> int:
        """Number of customers."""
        return int(self.counts[-1])

    @property
    def by_group(self) -> pd.DataFrame:
        """A row a group: loyalty before and after, the mean loss with its interval, leavers.

        Columns ``group``, ``n_obs``, ``before``, ``after``, ``estimate`` (before less after),
        ``std_error``, ``ci_low``, ``ci_high`` and ``set_free``: how many are expected to leave
        who were held; NaN for scores, which count nobody.
        """
        return self._table().iloc[:-1]

    @property
    def total(self) -> pd.DataFrame:
        """One row for all customers, with the columns of ``by_group``."""
        return self._table().iloc[-1:].reset_index(drop=True)

    def _title(self) -> str:
        return "Removal of a constraint"

    def _brief(self) -> str:
        lost = self.estimates.estimate[-1]
        return f"{count_of(self.n_obs, 'customer')}, mean loss {lost:.3f}"

    def _facts(self) -> Facts:
        total = self.total.iloc[0]
        facts = [
            ("loyalty before", f"{total['before']:.3f}"),
            ("loyalty after", f"{total['after']:.3f}"),
        ]
        if self._counts_people:
            facts.append(("expected to leave who were held", f"{total['set_free']:,.1f}"))
        return facts

    def _tables(self) -> Sequence[Table]:
        shown = self._table()
        if self.groups is None:
            shown = shown.iloc[-1:]
        elif len(self.groups) == 1:
            shown = shown.iloc[:1]
        title = "Mean loyalty before and after, and the loss (estimate)"
        return [table_of(title, shown, digits=[0, *[3] * 6, 1])]

    def _remarks(self) -> Sequence[str]:
        remark = (
            "What is lost is false loyalty: customers who were held and not willing. It assumes "
            "that satisfaction and the curve stay as they are when rivals appear."
        )
        return [remark]

    def _table(self) -> pd.DataFrame:
        table = self.estimates.frame()
        for place, name in enumerate(("counts", "before", "after"), start=1):
            table.insert(place, "n_obs" if name == "counts" else name, getattr(self, name).copy())
        lost = self.estimates.estimate * self.counts
        return table.assign(set_free=lost if self._counts_people else np.nan)

    @property
    def _counts_people(self) -> bool:
        """Whether loyalty is a probability, whose sum is a number of customers; no score's is."""
        return self.outcome not in ("score", "beta")


@checked
@takes_codebook("satisfaction", also=("constraint", "drivers"), limits="role")
def remove_constraint(
    curve: LoyaltyCurve | LoyaltyCurveResult,
    satisfaction: Variable,
    *,
    data: Data | None = None,
    constraint: Variable | None = None,
    drivers: Columns | None = None,
    constraint_by: Variable | None = None,
    counts: Variable | None = None,
    to: float = 0.0,
    scale: AnswerLimits | Codebook | None = None,
    missing: Missing = "raise",
    level: float = 0.95,
) -> WithCustomers[Deregulation]:
    """Return loyalty before and after constraints fall: a deregulation (解除管制).

    Parameters
    ----------
    curve : LoyaltyCurve or LoyaltyCurveResult
        The curve; a fitted one gives intervals and knows the constraints of its groups.
    satisfaction : array, Series or str
        Satisfaction of each customer on ``scale``, or the column of ``data`` that has it.
    data : pandas, polars or pyarrow table, optional
        Where columns are looked up.
    constraint : number, array, Series or str, optional
        How strongly each customer is held, 0 to below 1, taken as known.
    drivers : table, sequence of str or mapping, optional
        What explained the constraint in the fit, of each customer, by the names that it had
        there. The error of their effects is part of all errors. By default the columns of
        ``data`` with these names.
    constraint_by : array, Series or str, optional
        The group of each customer, whose estimated constraint is taken. With ``constraint`` or
        ``drivers`` it only arranges the tables.
    counts : number, array, Series or str, optional
        How many customers each row stands for, as in :func:`fit`; 1 by default.
    to : float
        Level that no constraint exceeds afterwards, 0 to below 1; those below it stay.
    scale : pair of float, mapping of them, or Codebook, optional
        Lowest and highest possible answer about satisfaction; or by name, of satisfaction and
        loyalty, as in :func:`fit`. By default that of the fit, or (0, 1) for a curve.
    missing : {"raise", "drop"}
        What to do with customers of whom something is missing.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    result : Deregulation
        By group and in total.
    customers : DataFrame
        A row a customer, with the labels of the data: ``group`` if there are any,
        ``constraint_before``, ``constraint_after``, loyalty ``before`` and ``after``, and what
        is ``lost``. Loyalty is a probability; of a fit of scores, a score.

    Raises
    ------
    DataError
        If a variable is missing or out of range, or a group was not in the fit.
    OptionError
        If it is unclear how customers are held.

    Warns
    -----
    ConvergenceWarning
        If an end of an interval was not found, which is then NaN.

    Notes
    -----
    A customer with constraint c loses (c - c')(1 - g(s)), which is never negative: loyalty
    falls to true loyalty g(s) when nothing is left that holds.

    Intervals of the loss go as far as the likelihood allows (profile likelihood), with robust
    errors in proportion. Of 150 and of 600 customers in two groups 95 % intervals held it in 93 %
    to 97 % of simulated surveys, also with weights of a design effect of 1.9, and of a group that
    nothing holds in more.

    Examples
    --------
    Two customers of a monopoly with c = 0.5. The one in the middle of the scale is willing with
    probability 0.125 and loses 0.5 * 0.875; the completely satisfied one loses nothing:

    >>> from loyaltymodel import jones_sasser
    >>> curve = jones_sasser.curve("power", {"hi": 1.0, "k": 3.0})
    >>> freed, customers = jones_sasser.remove_constraint(curve, [0.5, 1.0], constraint=0.5)
    >>> customers[["before", "after", "lost"]]
       before  after    lost
    0  0.5625  0.125  0.4375
    1  1.0000  1.000  0.0000
    >>> freed
    <Deregulation: 2 customers, mean loss 0.219>
    """
    check_level(level)
    floor = float(read_numbers("to", to, bounds=(0.0, BELOW_ONE)))
    fitted = curve if isinstance(curve, LoyaltyCurveResult) else None
    pure = curve.curve if isinstance(curve, LoyaltyCurveResult) else curve
    explained_by = _driven(fitted, constraint, drivers)
    (bottom, top), (lowest, highest) = _scales_of(fitted, limits_only(scale))
    optional = {"constraint": constraint, "constraint_by": constraint_by, "counts": counts}
    given: dict[str, object] = {
        name: value for name, value in optional.items() if value is not None
    }
    if explained_by:
        if drivers is None and data is None:
            raise OptionError(
                f"constraints depend on drivers; give {enumerate_names(explained_by)} as drivers, "
                "or data that has them"
            )
        given |= driver_columns(chosen_drivers(explained_by, drivers))
    read = read_variables(
        {"satisfaction": satisfaction, **given},
        data=data,
        bounds={
            "satisfaction": (bottom, top),
            "constraint": (0.0, BELOW_ONE),
            "counts": (1.0, np.inf),
        },
        categories=("constraint_by",),
        flags=(),
        missing=missing,
    )
    people = np.ones(read.n_rows) if counts is None else people_of(read)
    code, names = np.zeros(read.n_rows, dtype=np.intp), None
    if constraint_by is not None:
        code, names = read.codes("constraint_by")
    given_held = None if constraint is None else read["constraint"]
    z = design_of(read, explained_by) if explained_by else None
    held, places = _held(fitted, given_held, z, code, names)
    s = (read["satisfaction"] - bottom) / (top - bottom)
    after_held = np.minimum(held, floor)
    before, after = (
        lowest + (highest - lowest) * answers.loyalty(pure.family, pure.values, s, c)
        for c in (held, after_held)
    )
    n_groups = 1 if names is None else len(names)
    error, low, high = np.full((3, n_groups + 1), np.nan)
    kind: ParameterInterval = "wald"
    if fitted is not None:
        known = held if places is None else None
        cells = observe(s, [np.array(1.0)], None, group=code, given=known, drivers=z, counts=people)
        assert cells.group is not None  # noqa: S101  observed with groups
        loss = _Loss(fitted.settings.family, cells, cells.group, places, floor)
        kind, error, low, high = _ends_of_losses(fitted, loss, level=level)
        lost_ends = np.isfinite(error) & (np.isnan(low) | np.isnan(high))
        if lost_ends.any():
            told = [*(() if names is None else names), _ALL]
            which = enumerate_names([told[k] for k in np.flatnonzero(lost_ends)])
            warn_caller(
                f"an end of the profile interval of the loss of {which} was not found; take "
                'std_errors="bootstrap", whose quantiles always exist',
                ConvergenceWarning,
            )
        # Nothing is known of an effect that has no end.
        on_bound = any(fitted.states[place] == "on bound" for place in places or ())
        if z is not None and on_bound and kind != "percentile":
            error, low, high = np.full((3, n_groups + 1), np.nan)
    customers = pd.DataFrame(
        {
            "constraint_before": held,
            "constraint_after": after_held,
            "before": before,
            "after": after,
            "lost": before - after,
        },
        index=read.labels,
    )
    if names is not None:
        customers.insert(0, "group", np.array(names, dtype=object)[code])
    size, start, end = (
        _with_total(np.bincount(code, weights=people * part, minlength=n_groups))
        for part in (1, before, after)
    )
    start, end = start / size, end / size
    unit = highest - lowest
    estimates = EstimateTable(
        labels=FrozenMapping({"group": (*(("",) if names is None else names), _ALL)}),
        estimate=start - end,
        std_error=unit * error,
        ci_low=unit * low,
        ci_high=unit * high,
        level=level,
        method=METHODS[kind],
    )
    result = Deregulation(
        groups=names,
        estimates=estimates,
        interval=kind,
        counts=size.astype(np.int64),
        before=start,
        after=end,
        outcome="binary" if fitted is None else fitted.settings.outcome,
        scale=(lowest, highest),
        n_dropped=read.n_dropped,
        level=level,
    )
    return WithCustomers(result, customers)


def _with_total(values: Any) -> Any:
    return np.append(values, values.sum())


def _scales_of(fitted: LoyaltyCurveResult | None, scale: AnswerLimits | None) -> tuple[Pair, Pair]:
    """Return the limits of satisfaction, which may be given, and those of loyalty."""
    own = {"satisfaction": SHARES, "loyalty": SHARES} if fitted is None else fitted.scale
    asked = limits_of(scale, own, shared=("satisfaction",))
    if asked["loyalty"] != own["loyalty"]:
        low, high = own["loyalty"]
        raise OptionError(
            f"scale gives limits of loyalty other than those of the curve, {low:.12g} and "
            f"{high:.12g}; leave them out"
        )
    return asked["satisfaction"] or SHARES, own["loyalty"]


def _driven(
    fitted: LoyaltyCurveResult | None, constraint: object, drivers: object
) -> tuple[str, ...]:
    """Return the drivers of the fit that say how customers are held, if they do."""
    if constraint is not None and drivers is not None:
        raise OptionError("constraint and drivers are both given; give one of them")
    names = None if fitted is None else fitted.sample.drivers
    if names is None and drivers is not None:
        raise OptionError("the fit had no drivers; give constraint or constraint_by")
    return () if constraint is not None or names is None else names


def _held(
    fitted: LoyaltyCurveResult | None,
    constraint: FloatArray | None,
    z: FloatArray | None,
    code: IntArray,
    names: tuple[Any, ...] | None,
) -> tuple[FloatArray, list[int] | None]:
    """Return constraints (n,), and the parameters they come from, if they were estimated.

    That is one a group, or, with drivers ``z`` (n, k), those of the drivers.
    """
    if constraint is not None:
        return constraint.astype(np.float64), None
    if fitted is None:
        raise OptionError("a curve does not know how customers are held; give constraint")
    if z is not None:
        places = [k for k, name in enumerate(fitted.names) if name.startswith("d[")]
        return driven_constraint(fitted.values[places], z), places
    own = [k for k, name in enumerate(fitted.names) if name == "c" or name.startswith("c[")]
    if not own:
        raise OptionError("constraints were not estimated in this fit; give constraint")
    if fitted.sample.groups is None:
        places = own * (1 if names is None else len(names))
    elif names is None:
        raise OptionError("constraints differ between groups in this fit; give constraint_by")
    else:
        if unknown := [name for name in names if name not in fitted.sample.groups]:
            raise DataError(f"{unknown[0]!r} is no group of the fit; give constraint instead")
        places = [own[fitted.sample.groups.index(name)] for name in names]
    return fitted.values[places][code], places


@dataclass(frozen=True, slots=True, eq=False)
class _Loss(FrozenRecord):
    """The mean loss of each group and of all, as a function of the parameters.

    Cells are sorted by ``group`` (m,); ``places`` are the parameters of the constraints, unless
    they are known.
    """

    family: CurveFamily
    cells: Observations
    group: IntArray
    places: list[int] | None
    floor: float

    def __call__(self, p: FloatArray) -> FloatArray:
        """Return the losses (b, groups + 1) of parameters (b, q)."""
        g = self.family.value(self.cells.satisfaction, p[:, : self._n_curve])
        lost = (self._held(p) - self.floor).clip(min=0.0) * (1 - g) * self.cells.count
        by_group = np.add.reduceat(lost, self._starts, axis=1)
        total = by_group.sum(axis=1, keepdims=True)
        return np.concatenate([by_group, total], axis=1) / self._size

    def with_gradient(self, p: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return one loss each (b,), whose places are given, and its gradient (b, q)."""
        n, size = self._n_curve, self._size
        of_all = (which == len(size) - 1)[:, None]
        share = ((self.group == which[:, None]) | of_all) * self.cells.count / size[which, None]
        g, by_curve = self.family.value_and_gradient(self.cells.satisfaction, p[:, :n])
        held = self._held(p)
        falls = (held - self.floor).clip(min=0.0) * share
        gradient = np.zeros_like(p)
        gradient[:, :n] = -np.einsum("bm,bqm->bq", falls, by_curve)
        if self.places is not None:
            # A group that is held less than the floor may lose something if it were held more; of
            # all, the others lose more by that.
            by_held = share * (1 - g) * ((held >= self.floor) | ~of_all)
            if (z := self.cells.drivers) is not None:
                gradient[:, self.places] = (by_held * held * (1 - held)) @ z
            else:
                each = np.add.reduceat(by_held, self._starts, axis=1)
                np.add.at(gradient.T, np.array(self.places), each.T)  # groups may share one
        return np.vecdot(falls, 1 - g), gradient

    @property
    def _n_curve(self) -> int:
        return len(self.family.parameters)

    @property
    def _starts(self) -> IntArray:
        return np.flatnonzero(np.diff(self.group, prepend=-1))

    @property
    def _size(self) -> FloatArray:
        size = np.add.reduceat(self.cells.count, self._starts)
        return np.append(size, size.sum())

    def _held(self, p: FloatArray) -> FloatArray:
        if self.places is None:
            return np.asarray(self.cells.given)[None]
        own = p[:, self.places]
        z = self.cells.drivers
        return own[:, self.group] if z is None else driven_constraint(own, z)


def _ends_of_losses(
    fitted: LoyaltyCurveResult, loss: _Loss, *, level: float
) -> tuple[ParameterInterval, FloatArray, FloatArray, FloatArray]:
    """Return the kind of interval, errors and ends (groups + 1,) of mean losses."""
    setup = set_up(fitted.settings, fitted.sample)
    found = fitted.uncertainty
    if found.draws is not None:
        drawn = loss(found.draws)
        return "percentile", drawn.std(axis=0, ddof=1), *draws_interval(drawn, level=level)
    if fitted.settings.family.smooth and len(fitted.values) <= _MOST_PARAMETERS:
        ends = answers_profile(setup, fitted.values, found, loss, loss.with_gradient, level=level)
        return "profile", *ends
    error = np.sqrt(delta_variance(loss, fitted.values, found))
    own = loss(fitted.values[None])[0]
    return "wald", error, *share_interval(own, error, level=level, degrees=found.degrees)
