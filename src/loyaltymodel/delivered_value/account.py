"""What the components of offers contribute: the account that comparisons are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Label, Variable
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.comparisons import difference
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import (
    check_choice,
    count_of,
    enumerate_names,
    repeated,
    shown,
    suggest,
)
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.scales import AnswerLimits
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import codes_of
from loyaltymodel.delivered_value.components import (
    COSTS,
    VALUES,
    Form,
    Names,
    Unit,
    Weights,
    make_claim,
)
from loyaltymodel.delivered_value.kernels import Others, ranks_of
from loyaltymodel.delivered_value.reading import levels_of, read_labels, read_offers
from loyaltymodel.delivered_value.robustness import (
    CheapestChange,
    cheapest_change_of,
    probabilities_of_best,
    sensitivity_of,
)
from loyaltymodel.errors import DataError


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ValueAccount(Result):
    """Levels of the components of offers, and what they contribute to delivered value.

    Attributes
    ----------
    offers : tuple
        Names of the m offers.
    values, costs : tuple of str
        Names of the components that are added and subtracted, k in all.
    unit : str
        "money" or "points".
    levels : ndarray of shape (m, k)
        Level of every component, values first, in ``unit`` and before weighting; costs positive.
    weights : ndarray of shape (k,)
        Weight of every component.
    row_counts : ndarray of shape (m,)
        Number of rows that the levels of an offer are the means of.
    n_dropped : int
        Number of rows that were left out because a component was missing.

    See Also
    --------
    value_account : Makes one from data.

    Examples
    --------
    >>> from loyaltymodel.delivered_value import value_account
    >>> offer = {"product": 9, "monetary": 5}
    >>> account = value_account(offer, unit="points", values=["product"], costs=["monetary"])
    >>> account.offers, account.levels
    (('offer',), array([[9., 5.]]))
    """

    made_by: ClassVar[str] = "value_account()"
    people: ClassVar[str] = "rows"

    offers: tuple[Any, ...]
    values: tuple[str, ...]
    costs: tuple[str, ...]
    unit: Unit
    levels: FloatArray
    weights: FloatArray
    row_counts: IntArray
    n_dropped: int = 0

    @property
    def n_obs(self) -> int:
        """Number of rows that the account rests on: offers, or views of an offer."""
        return int(self.row_counts.sum())

    @property
    def components(self) -> tuple[str, ...]:
        """Names of all components, values first."""
        return (*self.values, *self.costs)

    @property
    def gain(self) -> FloatArray:
        """Levels with the sign of their side, (m, k): costs negative, before weighting."""
        signs = np.repeat([1.0, -1.0], [len(self.values), len(self.costs)])
        gain: FloatArray = self.levels * signs
        return gain

    @property
    def contributions(self) -> pd.DataFrame:
        """Weighted contribution of each component, a row an offer: costs negative."""
        return self._by_component(self.gain * self.weights)

    @property
    def totals(self) -> pd.DataFrame:
        """Total value, total cost, delivered value, value over cost and rank of each offer.

        The ratio is NaN where the total cost is 0. Offers of equal delivered value share the
        better rank.
        """
        split = len(self.values)
        value = self.levels[:, :split] @ self.weights[:split]
        cost = self.levels[:, split:] @ self.weights[split:]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(cost > 0, value / cost, np.nan)
        return pd.DataFrame(
            {
                "total_value": value,
                "total_cost": cost,
                "delivered_value": difference(value, cost),
                "value_cost_ratio": ratio,
                "rank": ranks_of(value - cost, size=np.maximum(np.abs(value), np.abs(cost))),
            },
            index=self._index(),
        )

    @checked
    def marginal_effects(self, *, form: Form = "difference") -> pd.DataFrame:
        """Return what one more unit of each component does to delivered value.

        Parameters
        ----------
        form : {"difference", "ratio"}
            The form of delivered value that changes.

        Returns
        -------
        DataFrame
            A row an offer, a column a component: w for values and -w for costs; of the ratio
            V / C, w / C for values and -w V / C^2 for costs, NaN where C is 0.

        Raises
        ------
        OptionError
            If ``form`` is not one of its choices.

        Examples
        --------
        10 over 5: one more unit of value adds 1 / 5, one more of cost takes 10 / 25 away:

        >>> from loyaltymodel.delivered_value import value_account
        >>> offer = {"product": 10, "monetary": 5}
        >>> account = value_account(offer, unit="money", values=["product"], costs=["monetary"])
        >>> account.marginal_effects(form="ratio").to_numpy()
        array([[ 0.2, -0.4]])
        """
        check_choice("form", form, Form)
        k = len(self.values)
        effects = np.tile(self.weights, (len(self.offers), 1))
        effects[:, k:] *= -1
        if form == "ratio":
            totals = self.totals
            value = totals["total_value"].to_numpy()[:, None]
            cost = totals["total_cost"].to_numpy()[:, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                effects[:, :k] = np.where(cost > 0, effects[:, :k] / cost, np.nan)
                effects[:, k:] = np.where(cost > 0, effects[:, k:] * value / cost**2, np.nan)
        return self._by_component(effects)

    @checked
    def sensitivity(self, *, others: Others = "fixed") -> pd.DataFrame:
        """Return how far weights and levels can move before the first changes (敏感性分析).

        The first offer is the one of highest delivered value; of several, the one that stands
        first.

        Parameters
        ----------
        others : {"fixed", "rescaled"}
            What the other weights do while one moves: stay as they are, or share what is left of
            the sum of weights in their old proportions.

        Returns
        -------
        DataFrame
            Three rows a component: ``component``, ``side``, ``quantity``, ``current``, ``limit`` at
            which the first is no longer alone at the top, ``change`` from here to there, and
            ``rival``, who draws level there. The quantities are "lower weight" and "higher weight"
            (None draws level down to 0, or up to infinity or the sum of weights), and "worse
            level", of the first offer (NaN for weights of 0).

        Raises
        ------
        DataError
            If there is only one offer.
        OptionError
            If ``others`` is not one of its choices.

        Notes
        -----
        One thing moves at a time. With d_i = s_i (a_i - b_i), where s is 1 for values and -1 for
        costs, the lead of offer a over b is D = sum(w_i d_i); with the others fixed it is 0 at
        w_i - D / d_i. Several small changes together can turn the order where none alone can: see
        :meth:`probability_of_best`. The limit of a level can lie off the scale of the answers; then
        the first place is safe from that component.

        Examples
        --------
        A has 9 - 5 = 4 and B has 6 - 3 = 3. A leads by 1: by 3 in product, less 2 in cost. The lead
        is gone at a weight of 1 - 1/3 of the product, of 1 + 1/2 of the cost, or if A's product
        falls by 1:

        >>> import pandas as pd
        >>> from loyaltymodel.delivered_value import value_account
        >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
        >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
        >>> table = account.sensitivity()
        >>> table[["component", "quantity", "current", "limit", "rival"]].round(3)
          component       quantity  current  limit rival
        0   product   lower weight      1.0  0.667     B
        1   product  higher weight      1.0    inf  None
        2   product    worse level      9.0  8.000     B
        3  monetary   lower weight      1.0  0.000  None
        4  monetary  higher weight      1.0  1.500     B
        5  monetary    worse level      5.0  6.000     B
        """
        return sensitivity_of(self, others)

    @checked
    def cheapest_change(
        self,
        offer: Label,
        *,
        unit_costs: Mapping[str, float] | pd.Series,
        limits: Mapping[str, float] | pd.Series | None = None,
        lead: float = 0.0,
    ) -> CheapestChange:
        """Return the cheapest change of components that makes an offer the best (最低成本改进).

        Parameters
        ----------
        offer : object
            Name of the offer that is to be the best.
        unit_costs : mapping or Series from component to number
            What one unit of improvement costs the firm, 0 or more: a unit more of a value, or a
            unit less of a customer's cost, in the units of ``levels``. Components that are not
            named stay as they are.
        limits : mapping or Series from component to number, optional
            The largest possible improvement of a component, 0 or more. A cost can fall to 0 at
            most, whether it is named or not; a value that is not named can rise without limit.
        lead : float
            By how much the offer is to lead over the best of the others; with 0 it draws level.

        Returns
        -------
        CheapestChange
            Improvements and what they cost. None are needed if the offer leads by enough already.

        Raises
        ------
        DataError
            If there is only one offer, no offer of that name, or no change within the limits is
            enough.
        OptionError
            If ``unit_costs`` or ``limits`` name an unknown component or hold a negative number, or
            ``lead`` is not a number of 0 or more.

        Notes
        -----
        The smallest sum(c_i d_i) with sum(w_i d_i) >= gap and 0 <= d_i <= limit_i. With one such
        constraint the linear programme is solved exactly by taking components in order of c_i /
        w_i, the cost of a unit of delivered value, each to its limit. Costs that grow with the size
        of a change, and rivals that answer, are not part of it.

        Examples
        --------
        A has 9 - 5 = 4, B has 6 - 3 = 3 and needs 1 more. A point of product costs 2, and one off
        the price 3, so the product rises by 1. If it can rise by a half only, the price does the
        rest:

        >>> import pandas as pd
        >>> from loyaltymodel.delivered_value import value_account
        >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
        >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
        >>> costs = {"product": 2, "monetary": 3}
        >>> account.cheapest_change("B", unit_costs=costs).total_cost
        2.0
        >>> change = account.cheapest_change("B", unit_costs=costs, limits={"product": 0.5})
        >>> change.changes
          component  level  improvement  new_level  cost
        0   product    6.0          0.5        6.5   1.0
        1  monetary    3.0          0.5        2.5   1.5
        """
        return cheapest_change_of(self, offer, unit_costs=unit_costs, limits=limits, lead=lead)

    @checked
    def probability_of_best(
        self,
        *,
        concentration: float,
        n_resamples: int = FOR_INTERVALS,
        level: float = 0.95,
        rng: np.random.Generator | int | None = None,
    ) -> pd.DataFrame:
        """Return how probable it is that each offer is best if weights are uncertain (优选概率).

        The weights of the account, divided by their sum, are the means of the uncertain ones.

        Parameters
        ----------
        concentration : float
            How sure the weights are, above 0: the sum of the parameters of the Dirichlet law. The
            standard deviation of a weight of mean m is sqrt(m (1 - m) / (concentration + 1)). With
            k equal weights, k means that every set of weights is equally likely.
        n_resamples : int
            Number of sets of weights to draw.
        level : float
            Confidence level between 0 and 1, for the error of simulation.
        rng : numpy.random.Generator, int or None
            Randomness; the same seed draws the same weights.

        Returns
        -------
        DataFrame
            A row an offer, in the order of the account: ``offer``, ``estimate`` of the probability
            from 0 to 1, ``std_error``, ``ci_low`` and ``ci_high``, which say how far the simulation
            can be off.
            Offers that share the best place in a draw share the draw.

        Raises
        ------
        DataError
            If there is only one offer.
        OptionError
            If ``concentration``, ``n_resamples`` or ``level`` is not as described.

        Notes
        -----
        Weights ~ Dirichlet(concentration * w / sum(w)), over values and costs together; a weight of
        0 stays 0. The probability is about our ignorance of the weights, not about customers: it is
        not the share of customers who choose the offer, for which see :func:`compare_offers`. More
        draws make the simulation surer, not the weights.

        Examples
        --------
        A leads by 3 in product and lags by 2 in cost, so it is the best where 3 w > 2 (1 - w), from
        a weight of 0.4 of the product on. If every weight from 0 to 1 is equally likely, that is
        0.6:

        >>> import pandas as pd
        >>> from loyaltymodel.delivered_value import value_account
        >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
        >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
        >>> table = account.probability_of_best(concentration=2, n_resamples=100_000, rng=1)
        >>> table[["offer", "estimate", "std_error"]].round(2)
          offer  estimate  std_error
        0     A       0.6        0.0
        1     B       0.4        0.0
        """
        return probabilities_of_best(
            self, concentration=concentration, n_resamples=n_resamples, level=level, rng=rng
        )

    @checked
    def place_of(self, offer: Label) -> int:
        """Return the place of an offer by its name.

        Parameters
        ----------
        offer : object
            Name of an offer.

        Returns
        -------
        int
            Its place in ``offers``, from 0.

        Raises
        ------
        DataError
            If there is no such offer.

        Examples
        --------
        >>> from loyaltymodel.delivered_value import value_account
        >>> offer = {"product": 10, "monetary": 5}
        >>> account = value_account(offer, unit="money", values=["product"], costs=["monetary"])
        >>> account.place_of("offer")
        0
        """
        places = {name: place for place, name in enumerate(self.offers)}
        try:
            return places[offer]
        except (KeyError, TypeError):  # such as an array, which is the name of nothing
            hint = suggest(offer, [name for name in self.offers if isinstance(name, str)])
        raise DataError(
            f"there is no offer {shown(offer)}{hint}; the offers are "
            f"{enumerate_names(map(repr, self.offers), most=12)}"
        )

    def _title(self) -> str:
        return "Customer delivered value"

    def _brief(self) -> str:
        offers = count_of(len(self.offers), "offer")
        return f"{offers}, {count_of(len(self.components), 'component')}, in {self.unit}"

    def _facts(self) -> Facts:
        facts = [("offers", str(len(self.offers))), ("unit", self.unit)]
        if self.row_counts.max() > 1:
            fewest, most = self.row_counts.min(), self.row_counts.max()
            rows = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            facts.append(("rows per offer", rows))
        return facts

    def _tables(self) -> Sequence[Table]:
        parts = self.contributions.T
        parts.columns = pd.Index([str(name) for name in self.offers])
        sides = ["value"] * len(self.values) + ["cost"] * len(self.costs)
        # Offers may be called so, too.
        parts.insert(0, "side", sides, allow_duplicates=True)
        parts.insert(0, "component", list(self.components), allow_duplicates=True)
        totals = self.totals.drop(columns="rank")
        totals.insert(0, "rank", [str(rank) for rank in self.totals["rank"]])
        totals.insert(0, "offer", [str(name) for name in self.offers])
        return (
            table_of("Contributions, weighted", parts, n_labels=2),
            table_of("Totals", totals, n_labels=2),
        )

    def _by_component(self, values: FloatArray) -> pd.DataFrame:
        columns = pd.Index(self.components, name="component")
        return pd.DataFrame(values, index=self._index(), columns=columns)

    def _index(self) -> pd.Index:
        index: pd.Index = pd.Index(self.offers, name="offer", tupleize_cols=False)
        return index


@checked
def value_account(
    offers: Variable,
    *,
    unit: Unit | Mapping[str, Unit],
    offer: str | None = None,
    values: Names = VALUES,
    costs: Names = COSTS,
    weights: Weights | None = None,
    money_per_point: float | None = None,
    scale: AnswerLimits | Codebook | None = None,
    missing: Missing = "raise",
) -> ValueAccount:
    """Return what each component contributes to the delivered value of offers (顾客让渡价值构成).

    Parameters
    ----------
    offers : mapping from component to number, array or Series; or pandas, polars or pyarrow table
        One offer as numbers, or a table with a column a component. Costs are positive numbers.
    unit : {"money", "points"}, or mapping from component to one of them
        What the numbers are measured in.
    offer : str, optional
        Column that names the offer of each row. Rows of one offer, such as of many customers,
        are averaged. Without it every row is an offer, named by its label.
    values, costs : sequence of str, or mapping from component to column
        Components that are added and subtracted, by default Kotler's four and four. For the four
        dimensions of perceived value give ``values=("social", "emotional", "functional")`` and
        ``costs=("sacrifice",)``.
    weights : mapping or Series from component to number, optional
        Weight of every component, none negative, not all zero; 1 each by default.
    money_per_point : float, optional
        What one point is worth in money. With it, components in points are turned into money.
    scale : pair, mapping from component to pair, or Codebook, optional
        Lowest and highest possible answer of components in points, to move them to 0 to 100.
    missing : {"raise", "drop"}
        What to do with rows that lack a component; "drop" leaves them out and counts them.

    Returns
    -------
    ValueAccount
        Levels, weights and contributions of every offer; offers by name in sorted order if they
        come from a column, else in the order of the rows.

    Raises
    ------
    DataError
        If a component is absent, unknown, not numeric, missing, infinite, off the scale or a
        negative cost; if an offer is named twice without ``offer``, or has no row left.
    OptionError
        If units are mixed without ``money_per_point``, weights are negative or all zero, or an
        option is not as described.

    Notes
    -----
    Delivered value is linear in its components, so that of mean levels is the mean of the
    customers' delivered values. Of the ratio this does not hold: the account's ratio is one of
    means, not a mean of ratios.

    Examples
    --------
    Two customers on two offers. A has mean values of 8 and mean costs of 5:

    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import value_account
    >>> answers = pd.DataFrame(
    ...     {"brand": ["A", "B", "A", "B"], "product": [7, 6, 9, 8], "monetary": [4, 2, 6, 2]}
    ... )
    >>> account = value_account(
    ...     answers, offer="brand", unit="points", values=["product"], costs=["monetary"]
    ... )
    >>> account.totals[["total_value", "total_cost", "delivered_value", "rank"]]
           total_value  total_cost  delivered_value  rank
    offer
    A              8.0         5.0              3.0     2
    B              7.0         2.0              5.0     1
    """
    claim = make_claim(
        values, costs, unit=unit, weights=weights, scale=scale, money_per_point=money_per_point
    )
    read = read_offers(offers, claim, missing)
    labels = read_labels(offer, offers, read)
    if offer is None:
        if twice := repeated(labels):
            raise DataError(
                f"offers named more than once: {enumerate_names(twice)}; to average rows of the "
                "same offer, name the column that says which by offer="
            )
        codes, names = np.arange(len(labels)), tuple(labels)
    else:
        codes, names = codes_of(np.asarray(labels))
    levels, counts = levels_of(read, claim, missing, codes, len(names))
    n_dropped = read.columns.n_rows + read.n_dropped - int(counts.sum())
    if offer is None:  # offers that were left out
        levels, names = levels[counts > 0], tuple(np.array(names, dtype=object)[counts > 0])
        counts = counts[counts > 0]
    elif not counts.all():
        empty = [name for name, count in zip(names, counts, strict=True) if not count]
        raise DataError(
            f"no row is left of offer {enumerate_names(empty)}: each has a missing component; "
            "leave the offer out of the table, or fill in its answers before"
        )
    if not names:
        raise DataError("no offer is left: each has a missing component")
    return ValueAccount(
        offers=names,
        values=claim.values,
        costs=claim.costs,
        unit=claim.unit,
        levels=levels,
        weights=claim.weights,
        row_counts=counts,
        n_dropped=n_dropped,
    )
