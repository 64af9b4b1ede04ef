"""What happens when a constraint goes: who leaves of those who were only held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, wald
from loyaltymodel._scales import check_pair
from loyaltymodel._tables import Summary, table_of
from loyaltymodel._variables import BELOW_ONE, read_numbers, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser.curves import answers
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.estimation.intervals import delta_variance
from loyaltymodel.jones_sasser.estimation.observations import Observations, observe
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.settings import Pair


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Deregulation(FrozenRecord):
    """Loyalty before and after constraints fell, customer by customer and in total.

    Attributes
    ----------
    labels : Index
        Labels of the customers.
    groups : tuple or None
        Names of the groups.
    group : array of shape (n,)
        Group of each customer, as a place among the names.
    before, after : array of shape (n,)
        Probability to stay, 0 to 1.
    constraint_before, constraint_after : array of shape (n,)
        How strongly each customer was and is held.
    std_error : array of shape (number of groups + 1,)
        Standard errors of the mean loss by group and in total; NaN for a curve without errors,
        and for a group whose constraint lies on its bound.
    level : float
        Confidence level of the intervals.
    """

    labels: pd.Index
    groups: tuple[Any, ...] | None
    group: IntArray
    before: FloatArray
    after: FloatArray
    constraint_before: FloatArray
    constraint_after: FloatArray
    std_error: FloatArray
    level: float

    @property
    def customers(self) -> pd.DataFrame:
        """A row a customer: group, constraint, loyalty before and after, and what is lost."""
        table = pd.DataFrame(
            {
                "constraint_before": self.constraint_before,
                "constraint_after": self.constraint_after,
                "before": self.before,
                "after": self.after,
                "lost": self.before - self.after,
            },
            index=self.labels,
        )
        if self.groups is not None:
            table.insert(0, "group", np.array(self.groups, dtype=object)[self.group])
        return table

    @property
    def by_group(self) -> pd.DataFrame:
        """A row a group: n, mean loyalty before and after, mean loss with interval, leavers.

        The interval is the normal law's, cut off at 0, since nothing can be lost less than that.
        """
        names = ("",) if self.groups is None else self.groups
        return self._table(names, self.group, self.std_error[:-1])

    @property
    def total(self) -> pd.DataFrame:
        """One row for all customers, with the columns of ``by_group``."""
        return self._table(("all",), np.zeros_like(self.group), self.std_error[-1:])

    def __repr__(self) -> str:
        """Show how many customers there are and what they lose."""
        n, lost = len(self.labels), float((self.before - self.after).mean())
        return f"<Deregulation: {n} customers, mean loss {lost:.3f}>"

    def summary(self) -> Summary:
        """Return the deregulation in words and tables.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        total = self.total.iloc[0]
        facts = (
            ("customers", f"{int(total['n'])}"),
            ("loyalty before", f"{total['before']:.3f}"),
            ("loyalty after", f"{total['after']:.3f}"),
            ("expected to leave who were held", f"{total['set_free']:.1f}"),
        )
        tables = [table_of("By group", self.by_group, digits=[0, *[3] * 5, 1])]
        remark = (
            "What is lost is false loyalty: customers who were held and not willing. It assumes "
            "that satisfaction and the curve stay as they are when rivals appear."
        )
        return Summary("Removal of a constraint", facts, tuple(tables), (remark,))

    def _table(self, names: tuple[Any, ...], code: IntArray, error: FloatArray) -> pd.DataFrame:
        k = len(names)
        n = np.bincount(code, minlength=k)
        before = np.bincount(code, weights=self.before, minlength=k) / n
        after = np.bincount(code, weights=self.after, minlength=k) / n
        lost = before - after
        ends = wald(lost, error, level=self.level)
        low = np.maximum(ends.low, 0.0)
        return pd.DataFrame(
            {
                "group": list(names),
                "n": n,
                "before": before,
                "after": after,
                "lost": lost,
                "ci_low": low,
                "ci_high": ends.high,
                "set_free": lost * n,
            }
        )


def remove_constraint(
    model: LoyaltyCurve | LoyaltyCurveResult,
    satisfaction: object,
    *,
    data: object = None,
    constraint: object = None,
    groups: object = None,
    to: float = 0.0,
    scale: Pair | None = None,
    missing: Missing = "raise",
    level: float = 0.95,
) -> Deregulation:
    """Return loyalty before and after constraints fall: a deregulation (解除管制).

    Parameters
    ----------
    model : LoyaltyCurve or LoyaltyCurveResult
        The curve; a fitted one gives intervals and knows the constraints of its groups.
    satisfaction : array, Series or str
        Satisfaction of each customer on ``scale``, or the column of ``data`` that has it.
    data : pandas, polars or pyarrow table, optional
        Where columns are looked up.
    constraint : number, array, Series or str, optional
        How strongly each customer is held, 0 to below 1, taken as known.
    groups : array, Series or str, optional
        The group of each customer, whose estimated constraint is taken. With ``constraint`` it
        only arranges the tables.
    to : float
        Level that no constraint exceeds afterwards, 0 to below 1; those below it stay.
    scale : pair of float, optional
        Lowest and highest possible answer; by default that of the fit, or (0, 1) for a curve.
    missing : {"raise", "drop"}
        What to do with customers of whom something is missing.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Deregulation
        By customer, by group and in total.

    Raises
    ------
    DataError
        If a variable is missing or out of range, or a group was not in the fit.
    OptionError
        If it is unclear how customers are held.

    Notes
    -----
    A customer with constraint c loses (c - c')(1 - g(s)), which is never negative: loyalty
    falls to true loyalty g(s) when nothing is left that holds.

    Examples
    --------
    Two customers of a monopoly with c = 0.5. The one in the middle of the scale is willing with
    probability 0.125 and loses 0.5 * 0.875; the completely satisfied one loses nothing:

    >>> from loyaltymodel import jones_sasser
    >>> curve = jones_sasser.curve("power", {"hi": 1.0, "k": 3.0})
    >>> freed = jones_sasser.remove_constraint(curve, [0.5, 1.0], constraint=0.5)
    >>> freed.customers[["before", "after", "lost"]]
       before  after    lost
    0  0.5625  0.125  0.4375
    1  1.0000  1.000  0.0000
    """
    check_level(level)
    floor = float(read_numbers("to", to, bounds=(0.0, BELOW_ONE)))
    fitted = model if isinstance(model, LoyaltyCurveResult) else None
    curve = model.curve if isinstance(model, LoyaltyCurveResult) else model
    if scale is None:
        scale = (0.0, 1.0) if fitted is None else fitted.settings.scale
    low, high = check_pair(scale)
    given = {"satisfaction": satisfaction, "constraint": constraint, "groups": groups}
    read = read_variables(
        {name: value for name, value in given.items() if value is not None},
        data=data,
        bounds={"satisfaction": (low, high), "constraint": (0.0, BELOW_ONE)},
        categories=("groups",),
        missing=missing,
    )
    code, names = np.zeros(read.n_rows, dtype=np.intp), None
    if groups is not None:
        code, names = read.codes("groups")
    given_held = None if constraint is None else read["constraint"]
    held, places = _held(fitted, given_held, code, names)
    s = (read["satisfaction"] - low) / (high - low)
    after_held = np.minimum(held, floor)
    before, after = (answers.loyalty(curve.family, curve.values, s, c) for c in (held, after_held))
    n_groups = 1 if names is None else len(names)
    error = np.full(n_groups + 1, np.nan)
    if fitted is not None:
        known = held if places is None else None
        cells = observe(s, [np.array(1.0)], None, group=code, given=known)
        loss = _loss(fitted, cells, places, floor)
        error = np.sqrt(delta_variance(loss, fitted.values, fitted.uncertainty.covariance))
        if places is not None and fitted.uncertainty.kind != "bootstrap":
            edge = [fitted.states[place] == "on bound" for place in places]
            error[:-1][edge] = np.nan
    return Deregulation(
        labels=read.labels,
        groups=names,
        group=code,
        before=before,
        after=after,
        constraint_before=held,
        constraint_after=after_held,
        std_error=error,
        level=level,
    )


def _held(
    fitted: LoyaltyCurveResult | None,
    constraint: FloatArray | None,
    code: IntArray,
    names: tuple[Any, ...] | None,
) -> tuple[FloatArray, list[int] | None]:
    """Return constraints (n,), and the parameter of each group if they were estimated."""
    if constraint is not None:
        return constraint.astype(np.float64), None
    if fitted is None:
        raise OptionError("a curve does not know how customers are held; give constraint")
    own = [k for k, name in enumerate(fitted.names) if name == "c" or name.startswith("c[")]
    if not own:
        raise OptionError("constraints were not estimated by group in this fit; give constraint")
    if fitted.sample.groups is None:
        places = own * (1 if names is None else len(names))
    elif names is None:
        raise OptionError("constraints differ between groups in this fit; give groups")
    else:
        if unknown := [name for name in names if name not in fitted.sample.groups]:
            raise DataError(f"{unknown[0]!r} is no group of the fit; give constraint instead")
        places = [own[fitted.sample.groups.index(name)] for name in names]
    return fitted.values[places][code], places


def _loss(
    fitted: LoyaltyCurveResult,
    cells: Observations,
    places: list[int] | None,
    floor: float,
) -> Callable[[FloatArray], FloatArray]:
    """Return the mean loss by group and in total, (b, groups + 1), of parameters (b, q)."""
    family = fitted.settings.family
    n_curve = len(family.parameters)
    group, given = cells.group, cells.given
    assert group is not None  # noqa: S101  observed with groups
    starts = np.flatnonzero(np.diff(group, prepend=-1))  # cells are sorted by group
    people = np.add.reduceat(cells.count, starts)

    def loss(p: FloatArray) -> FloatArray:
        c = p[:, places][:, group] if places is not None else np.asarray(given)[None]
        g = family.value(cells.satisfaction, p[:, :n_curve])
        lost = np.maximum(c - floor, 0.0) * (1 - g) * cells.count
        by_group = np.add.reduceat(lost, starts, axis=1)
        total = by_group.sum(axis=1, keepdims=True) / people.sum()
        return np.concatenate([by_group / people, total], axis=1)

    return loss
