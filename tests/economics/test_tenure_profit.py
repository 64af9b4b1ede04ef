"""Profit by tenure: its parts, break-even and arithmetic; and the test whether it rises at all."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel import economics
from loyaltymodel.economics import profit_by_tenure
from loyaltymodel.errors import OptionError

from tolerances import EXACT, SAME

RS = {"base": 20.0, "growth": [0.0, 5, 10, 15], "referrals": [0.0, 0, 4, 8], "service": -3.0}
RETENTION = [0.7, 0.8, 0.85, 0.9]


def of(table, name):
    return table.set_index(table.columns[0])["estimate"][name]


def by_hand(components, cost, retention, discount, timing, n):
    """Period by period in plain Python: profit, survival, present value, cumulative, value."""
    at = lambda path, t: path[min(t, len(path) - 1)] if isinstance(path, list) else path  # noqa: E731
    there, total, rows = 1.0, -cost, []
    for t in range(n):
        profit = sum(at(path, t) for path in components.values())
        when = t if timing == "now" else t + 1
        money = profit * there / (1 + discount) ** when
        total += money
        rows.append((profit, there, money, total))
        there *= at(retention, t)
    return np.array(rows).T, total


@pytest.mark.parametrize("timing", ["now", "end_of_period"])
@pytest.mark.parametrize("retention", [0.75, RETENTION])
def test_periods_are_those_of_a_sum_by_hand(timing, retention):
    found = profit_by_tenure(
        RS, acquisition_cost=40, retention=retention, discount=0.12, timing=timing, per="year"
    )
    rows, total = by_hand(RS, 40, retention, 0.12, timing, 4)
    listed = found.periods["estimate"].to_numpy().reshape(4, 4)
    np.testing.assert_allclose(listed, rows, rtol=EXACT)
    assert found.value == pytest.approx(total, rel=EXACT)
    parts = found.components.set_index("component")["estimate"]
    assert parts["total"] == pytest.approx(parts.drop("total").sum(), rel=EXACT)
    alone, _ = by_hand({"growth": RS["growth"]}, 0, retention, 0.12, timing, 4)
    assert parts["growth"] == pytest.approx(alone[2].sum(), rel=EXACT)
    assert of(found.quantities, "lifetime") == pytest.approx(rows[1].sum(), rel=EXACT)
    assert of(found.quantities, "deepest_loss") == pytest.approx(min(-40, rows[3].min()))


@pytest.mark.parametrize("timing", ["now", "end_of_period"])
def test_without_an_end_it_is_a_long_sum(timing):
    given = {"acquisition_cost": 40, "retention": RETENTION, "discount": 0.12, "per": "year"}
    endless = profit_by_tenure(RS, **given, timing=timing, beyond="last")
    long = profit_by_tenure(RS, **given, timing=timing, beyond="last", periods=400)
    assert endless.value == pytest.approx(long.value, rel=EXACT)
    a, b = (table.components["estimate"].to_numpy() for table in (endless, long))
    np.testing.assert_allclose(a, b, rtol=SAME)
    assert of(endless.quantities, "lifetime") == pytest.approx(of(long.quantities, "lifetime"))
    left, more = (table.remaining["estimate"].to_numpy() for table in (endless, long))
    np.testing.assert_allclose(left[:4], more[:4], rtol=SAME)
    a, b = (table.change(retention=0.05).estimate for table in (endless, long))
    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)


@settings(max_examples=25)
@given(
    st.lists(st.floats(-50, 100), min_size=1, max_size=6),
    st.floats(1, 300),
    st.floats(0.05, 0.99),
    st.floats(0.01, 0.5),
)
def test_value_is_the_lifetime_value_of_the_same_stream(path, cost, retention, discount):
    given = {"acquisition_cost": cost, "retention": retention, "discount": discount}
    found = profit_by_tenure({"base": path}, **given, timing="now", per="year")
    if len(path) > 1:
        other = economics.lifetime_value(
            path, **given, timing="now", per="year", horizon=len(path) - 1
        )
        assert found.value == pytest.approx(other.estimate, rel=SAME, abs=1e-9)
    endless = profit_by_tenure({"base": path}, **given, timing="now", per="year", beyond="last")
    other = economics.lifetime_value(path, **given, timing="now", per="year", beyond="last")
    assert endless.value == pytest.approx(other.estimate, rel=SAME, abs=1e-9)
    # Theirs is in periods from now, ours the number of the period.
    later = other.quantities.set_index("quantity")["estimate"]["break_even"] + 1
    assert endless.break_even_period == later
    # At the end of periods everything is worth a period's interest less.
    late = profit_by_tenure(
        {"base": path}, **given, timing="end_of_period", per="year", beyond="last"
    )
    assert late.value + cost == pytest.approx((endless.value + cost) / (1 + discount), abs=1e-9)


@settings(max_examples=25)
@given(st.floats(1, 100), st.floats(0, 2000), st.floats(0.3, 0.95), st.floats(0, 0.3))
def test_break_even_behind_the_listed_periods(profit, cost, retention, discount):
    given = {"acquisition_cost": cost, "retention": retention, "discount": discount}
    given |= {"timing": "end_of_period", "per": "year"}
    short = profit_by_tenure({"base": profit}, **given, beyond="last")
    long = profit_by_tenure({"base": profit}, **given, periods=500)
    # Where the cost is met only in the limit, rounding decides.
    assert short.break_even_period == long.break_even_period or abs(short.value) < 1e-6 * cost


def test_break_even_and_losses():
    path = {"base": [-10, -5, 30, 40]}
    given = {"retention": 1, "discount": 0, "timing": "now", "per": "year"}
    found = profit_by_tenure(path, acquisition_cost=20, **given)
    assert found.break_even_period == 4
    assert of(found.quantities, "deepest_loss") == -35
    never = profit_by_tenure(path, acquisition_cost=56, **given)
    assert never.break_even_period == np.inf
    assert "does not come in within 4 years" in str(never.summary())
    assert "never breaks even" in repr(never)
    assert profit_by_tenure(path, acquisition_cost=0, **given).break_even_period == 3
    falling = profit_by_tenure(
        {"base": [10.0, -1]}, acquisition_cost=50, **{**given, "retention": 0.5}, beyond="last"
    )
    assert falling.break_even_period == np.inf
    assert "does not come in ever" in str(falling.summary())


def test_what_is_still_to_come_and_how_many_make_up_for_it():
    found = profit_by_tenure(
        RS, acquisition_cost=30, retention=RETENTION, discount=0.1, timing="now", per="year"
    )
    table = found.remaining.set_index(["quantity", "period"])["estimate"]
    for k in range(1, 5):
        rest = {n: v[k - 1 :] if isinstance(v, list) else v for n, v in RS.items()}
        _, total = by_hand(rest, 0, RETENTION[k - 1 :], 0.1, "now", 5 - k)
        assert table["remaining_value", k] == pytest.approx(total, rel=EXACT)
        assert table["replacements", k] == pytest.approx(total / found.value, rel=EXACT)
    # Who brings less than he costs makes up for nobody.
    poor = profit_by_tenure(
        RS, acquisition_cost=3000, retention=RETENTION, discount=0.1, timing="now", per="year"
    )
    rows = poor.remaining
    assert np.isinf(rows.loc[rows["quantity"] == "replacements", "estimate"]).all()
    gone = profit_by_tenure(
        {"base": [5.0, 5]}, acquisition_cost=1, retention=0, discount=0, timing="now", per="year"
    )
    assert np.isnan(gone.remaining["estimate"].iloc[1])


def test_of_five_points_the_arithmetic_is_told_apart():
    given = {"acquisition_cost": 30, "discount": 0.1, "timing": "end_of_period", "per": "year"}
    for components in (RS, {"base": 20}):
        found = profit_by_tenure(components, retention=0.8, **given, beyond="last")
        more = profit_by_tenure(components, retention=0.85, **given, beyond="last")
        table = found.change(retention=0.05).frame().set_index("quantity")["estimate"]
        assert table["difference"] == pytest.approx(more.value - found.value, rel=SAME)
        parts = table["from_longer_stay"] + table["from_later_profit"]
        assert parts == pytest.approx(table["difference"], rel=SAME)
        assert table["relative_change_of_lifetime"] == pytest.approx(0.2 / 0.15 - 1, rel=SAME)
        # What is constant has no later profit; discounted lifetimes go as 1 / (1 + d - r).
        if len(components) == 1:
            assert table["from_later_profit"] == pytest.approx(0, abs=1e-10)
            assert table["relative_change_of_profit"] == pytest.approx(0.3 / 0.25 - 1, rel=SAME)
        else:
            assert table["from_later_profit"] > 1
    lost = profit_by_tenure(RS, retention=0.8, **{**given, "acquisition_cost": 900})
    assert np.isnan(lost.change(retention=0.05).row("relative_change")["estimate"])
    with pytest.raises(OptionError, match=r"would be 1.0.*smaller change"):
        lost.change(retention=0.25)
    with pytest.raises(OptionError, match="the value has no end"):
        profit_by_tenure(RS, retention=0.95, **{**given, "discount": 0.0}, beyond="last").change(
            retention=0.05
        )


def test_draws_go_through_one_by_one():
    rng = np.random.default_rng(1)
    draws = {
        "base": rng.normal(20, 5, 300),
        "growth": np.array(RS["growth"]) * rng.uniform(0, 2, (300, 1)),
        "retention": rng.uniform(0.6, 0.9, (300, 4)),
        "acquisition_cost": rng.uniform(20, 100, 300),
    }
    given = {"discount": 0.1, "timing": "end_of_period", "per": "year", "beyond": "last"}
    numbers = {"acquisition_cost": 40, "retention": RETENTION}
    found = profit_by_tenure(RS, **numbers, **given, draws=draws, level=0.9)
    changed = found.change(retention=0.05)
    for k in (0, 123, 299):
        one = profit_by_tenure(
            {**RS, "base": draws["base"][k], "growth": draws["growth"][k]},
            acquisition_cost=draws["acquisition_cost"][k],
            retention=draws["retention"][k],
            **given,
        )
        np.testing.assert_allclose(found.estimates.replicates[k], one.estimates.estimate, rtol=SAME)
        parts = one.component_estimates.estimate
        np.testing.assert_allclose(found.component_estimates.replicates[k], parts, rtol=SAME)
        own = one.change(retention=0.05).estimate
        np.testing.assert_allclose(changed.replicates[k], own, rtol=SAME, atol=1e-9)
    value = found.estimates.replicates[:, found.estimates.place(("value", 0))]
    row = found.quantities.set_index("quantity").loc["value"]
    low, high = np.quantile(value, [0.05, 0.95], method="weibull")
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), rel=EXACT)
    assert "of the draws the cost does not come in" in str(found.summary())
    assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()
    # A difference of joint draws is that of each draw; independent ones do not meet themselves.
    same = found.compare(found, paired=True)
    assert not np.nan_to_num(same.replicates).any()  # NaN where neither ever breaks even
    apart = found.compare(found, paired=False).row(("value", 0))
    assert apart["std_error"] == pytest.approx(np.sqrt(2) * value.std(ddof=1), rel=0.15)
    known = profit_by_tenure(RS, **numbers, **given)
    against = found.compare(known, paired=False)
    np.testing.assert_allclose(against.replicates[:, -4], value - known.value, rtol=SAME, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"components": {}}, "no components"),
        ({"components": {"retention": 3}}, "is another argument"),
        (
            {"components": {"base": [1, 2], "growth": [1, 2, 3]}},
            "differ in length: base 2, growth 3",
        ),
        ({"components": {"base": 3}}, "give periods="),
        ({"components": {"base": [[1, 2]]}}, "one a period"),
        ({"components": {"base": [1, 2]}, "periods": 3}, 'beyond="last" if the last one'),
        ({"components": {"base": [1, 2]}, "periods": 1}, "2 numbers for periods=1"),
        ({"discount": [0.1, 0.2]}, "one rate of interest"),
        ({"retention": 1.2}, "retention is 1.2"),
        ({"acquisition_cost": -1}, "acquisition_cost is -1"),
        ({"retention": 1, "discount": 0, "beyond": "last"}, "the value has no end"),
        ({"draws": {"growth": [1.0, 2.0]}}, "no number of this calculation"),
        ({"draws": {"base": [1.0, 2.0]}}, "draws"),
        ({"timing": "after_renewal"}, "timing='after_renewal'"),
        ({"discount": economics.Rate(value=0.1, kind="discount", per="month")}, "per month"),
    ],
)
def test_relationships_that_cannot_be_are_refused(change, message):
    given = {
        "components": {"base": [20, 30]},
        "acquisition_cost": 40,
        "retention": 0.8,
        "discount": 0.1,
        "timing": "now",
        "per": "year",
    }
    with pytest.raises(OptionError, match=message):
        profit_by_tenure(**{**given, **change})


def test_results_of_other_periods_are_not_compared():
    given = {"acquisition_cost": 4, "retention": 0.8, "discount": 0.1, "timing": "now"}
    one = profit_by_tenure({"base": 2}, **given, per="year", periods=3)
    for other in (
        profit_by_tenure({"base": 2}, **given, per="month", periods=3),
        profit_by_tenure({"base": 2}, **given, per="year", periods=4),
    ):
        with pytest.raises(OptionError, match="for the same periods"):
            one.compare(other, paired=True)
    two, three = (
        profit_by_tenure({"base": 2}, **given, per="year", periods=3, draws={"base": range(n)})
        for n in (5, 6)
    )
    with pytest.raises(OptionError, match="5 draws of this and 6 of the other"):
        two.compare(three, paired=True)
