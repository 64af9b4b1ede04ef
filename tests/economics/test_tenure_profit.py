"""Profit by tenure: its parts, break-even and arithmetic; and the test whether it rises at all."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loyaltymodel import economics
from loyaltymodel.economics import profit_by_tenure, tenure_profit_test
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

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


# Whether profit rises with tenure


@pytest.fixture(scope="module")
def panel():
    """120 customers of whom those of a high level stay longer; nobody's margin rises by tenure."""
    rng = np.random.default_rng(5)
    level = rng.normal(50, 12, 120)
    years = np.minimum(1 + rng.geometric(np.clip(0.9 - level / 80, 0.1, 0.9)), 9)
    who = np.repeat(np.arange(120), years)
    tenure = np.concatenate([np.arange(1, n + 1) for n in years])
    start = rng.integers(2010, 2016, 120)
    margin = level[who] + 0.3 * tenure + rng.normal(0, 4, len(who))
    frame = pd.DataFrame(
        {
            "who": [f"c{k}" for k in who],
            "tenure": tenure,
            "margin": margin,
            "year": start[who] + tenure,
        }
    )
    return frame.sample(frac=1, random_state=1, ignore_index=True)


def within_by_dummies(frame, *more):
    """Least squares with a column for every customer, by statsmodels."""
    dummies = pd.get_dummies(frame["who"], dtype=float)
    design = pd.concat([frame["tenure"], *more, dummies], axis=1)
    return sm.OLS(frame["margin"], design).fit().params["tenure"]


def test_slopes_are_those_of_statsmodels(panel):
    found = tenure_profit_test("who", "tenure", "margin", data=panel)
    slopes = found.quantities.set_index("quantity")["estimate"]
    assert slopes["within"] == pytest.approx(within_by_dummies(panel), rel=1e-8)
    pooled = sm.OLS(panel["margin"], sm.add_constant(panel["tenure"])).fit().params["tenure"]
    assert slopes["pooled"] == pytest.approx(pooled, rel=1e-8)
    assert slopes["selection"] == pytest.approx(pooled - slopes["within"], rel=1e-8)
    assert found.mean_margin == pytest.approx(panel["margin"].mean())
    assert (found.n_obs, found.n_clusters) == (len(panel), 120)
    assert found.n_repeated == (panel.groupby("who").size() > 1).sum()


def test_errors_are_those_of_leaving_out_customers(panel):
    small = panel[panel["who"].isin([f"c{k}" for k in range(25)])].reset_index(drop=True)
    found = tenure_profit_test("who", "tenure", "margin", data=small)
    whole = found.estimates.estimate
    names = small["who"].unique()
    without = np.array(
        [
            tenure_profit_test(
                "who", "tenure", "margin", data=small[small["who"] != k]
            ).estimates.estimate
            for k in names
        ]
    )
    squares = ((without - whole) ** 2).sum(axis=0)
    n = np.array([found.n_repeated, len(names), len(names)])
    error = np.sqrt((1 - 1 / n) * squares)
    np.testing.assert_allclose(found.estimates.std_error, error, rtol=1e-8)
    reach = stats.t.ppf(0.975, found.df) * error
    np.testing.assert_allclose(found.estimates.ci_high, whole + reach, rtol=1e-8)
    inner = small["tenure"] - small.groupby("who")["tenure"].transform("mean")
    known = (inner**2).groupby(small["who"]).sum()
    assert found.df[0] == pytest.approx(known.sum() ** 2 / (known**2).sum() - 1, rel=SAME)
    # Close to the usual sandwich of statsmodels with many customers.
    many = tenure_profit_test("who", "tenure", "margin", data=panel)
    codes = pd.factorize(panel["who"])[0]
    fitted = sm.OLS(panel["margin"], sm.add_constant(panel["tenure"])).fit(
        cov_type="cluster", cov_kwds={"groups": codes}
    )
    assert many.estimates.std_error[1] == pytest.approx(fitted.bse["tenure"], rel=0.05)


def test_good_customers_who_stay_make_the_pooled_slope(panel):
    found = tenure_profit_test("who", "tenure", "margin", data=panel)
    table = found.quantities.set_index("quantity")
    assert table.loc["within", "ci_low"] < 0.3 < table.loc["within", "ci_high"]
    assert table.loc["selection", "ci_low"] > 0.5
    text = str(found.summary())
    assert "of tenure and of time together" in " ".join(text.split())
    few = tenure_profit_test([1, 1, 2, 2, 3], [1, 2, 1, 3, 1], [3, 4, 3, 7, 5])
    assert "rests on few customers" in str(few.summary())
    assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()


def test_periods_take_out_what_bends_and_leave_what_is_straight(panel):
    own = {"data": panel, "period": "year"}
    found = tenure_profit_test("who", "tenure", "margin", **own)
    # Dummies of all years but two, beside customers: the same columns in another form.
    years = pd.get_dummies(panel["year"], dtype=float)
    years = years.mul(1.0).to_numpy()
    line = np.column_stack([np.ones(years.shape[1]), np.arange(years.shape[1])])
    bends = pd.DataFrame(years @ np.linalg.svd(line)[0][:, 2:])
    assert found.estimates.estimate[0] == pytest.approx(within_by_dummies(panel, bends), rel=1e-8)
    bump = panel.assign(margin=panel["margin"] + 7 * (panel["year"] == 2014))
    # One special year: a level and a line of it remain, and they move the slope a little.
    plain = tenure_profit_test("who", "tenure", "margin", data=panel).estimates.estimate[0]
    moved = tenure_profit_test("who", "tenure", "margin", data=bump).estimates.estimate[0]
    assert abs(moved - plain) > 1e-3
    wave = np.cos(2 * np.pi * (panel["year"] - 2010) / 3)
    t = np.unique(panel["year"])
    of_years = np.cos(2 * np.pi * (t - 2010) / 3)
    fit = np.polynomial.Polynomial.fit(t, of_years, 1)
    bent = panel.assign(margin=panel["margin"] + 5 * (wave - fit(panel["year"])))
    again = tenure_profit_test("who", "tenure", "margin", data=bent, period="year")
    np.testing.assert_allclose(again.estimates.estimate, found.estimates.estimate, rtol=1e-8)
    np.testing.assert_allclose(again.estimates.std_error, found.estimates.std_error, rtol=1e-8)
    # A trend of time is one of tenure: it is added to the slope, whatever is done.
    trend = panel.assign(margin=panel["margin"] + 2 * panel["year"])
    for period in (None, "year"):
        first, second = (
            tenure_profit_test("who", "tenure", "margin", data=frame, period=period)
            for frame in (panel, trend)
        )
        rise = second.estimates.estimate[0] - first.estimates.estimate[0]
        assert rise == pytest.approx(2, rel=1e-8)
    assert "periods are taken out" in " ".join(str(found.summary()).split())


def test_of_customers_seen_alike_nothing_is_selected():
    margin = [5, 7, 5, 6, 4, 4, 9, 1]
    found = tenure_profit_test(np.repeat(range(4), 2), [1, 2] * 4, margin)
    row = found.quantities.set_index("quantity").loc["selection"]
    assert row[["estimate", "std_error", "ci_low", "ci_high"]].tolist() == [0, 0, 0, 0]


def test_tables_of_any_kind_and_gaps(panel):
    gaps = panel.copy()
    gaps.loc[[3, 8], "margin"] = np.nan
    with pytest.raises(DataError, match="margin"):
        tenure_profit_test("who", "tenure", "margin", data=gaps)
    found = tenure_profit_test("who", "tenure", "margin", data=gaps, missing="drop")
    assert found.n_dropped == 2
    other = tenure_profit_test("who", "tenure", "margin", data=pl.from_pandas(gaps.dropna()))
    np.testing.assert_allclose(found.estimates.estimate, other.estimates.estimate, rtol=SAME)
    # Units of money and of time are units of the slope.
    scaled = panel.assign(margin=1e6 * panel["margin"], tenure=12 * panel["tenure"])
    a = tenure_profit_test("who", "tenure", "margin", data=panel).estimates
    b = tenure_profit_test("who", "tenure", "margin", data=scaled).estimates
    np.testing.assert_allclose(b.estimate, 1e6 / 12 * a.estimate, rtol=1e-8)
    np.testing.assert_allclose(b.p_value, a.p_value, rtol=1e-6)


@pytest.mark.parametrize(
    ("customer", "tenure", "margin", "error", "message"),
    [
        ([1, 1, 1], [1, 2, 3], [1, 2, 4], DataError, "of one customer"),
        ([1, 2, 3], [1, 2, 3], [1, 2, 4], NotIdentifiedError, "no customer is seen at two"),
        ([1, 1, 2, 3], [1, 2, 3, 4], [1, 2, 4, 1], NotIdentifiedError, "one customer alone"),
        ([1, 1, 2, 2], [1, 2, 1, 1], [1, 2, 4, 1], DataError, "tenure 1 twice"),
        ([1, 1, 2, 2], [1, 2, 1, 2], [1, 2, 4, 5], NotIdentifiedError, "exactly on lines within"),
        ([1, 1, 2, 2], [1, -2, 1, 2], [1, 2, 4, 5], DataError, "tenure"),
    ],
)
def test_panels_that_tell_nothing_are_refused(customer, tenure, margin, error, message):
    with pytest.raises(error, match=message):
        tenure_profit_test(customer, tenure, margin)


def test_periods_that_tell_the_tenure_are_refused():
    # Tenures that are made of what four periods can do but a level and a line.
    numbers = ([1] * 4 + [2] * 4, [8, 6, 0, 10] * 2, [3.0, 1, 4, 1, 5, 9, 2, 6])
    assert tenure_profit_test(*numbers).n_obs == 8
    with pytest.raises(NotIdentifiedError, match="leave period out"):
        tenure_profit_test(*numbers, period=[0, 1, 2, 3] * 2)
    with pytest.raises(DataError, match="at most 100"):
        tenure_profit_test(
            np.repeat(range(101), 2), [1, 2] * 101, np.arange(202.0) ** 0.5, period=range(202)
        )
