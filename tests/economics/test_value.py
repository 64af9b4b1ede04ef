"""Lifetime values against sums term by term, elasticities against differences, refusals."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel.economics import Rate, customer_value, lifetime_value, value_concentration
from loyaltymodel.economics.value import kernels
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

from tolerances import EXACT

YEAR = {"per": "year"}
PLAIN = {"retention": 0.8, "discount": 0.1, "timing": "now", "per": "year"}
# Sums of thousands of terms against closed forms: rounding of the sum.
SUMMED = 1e-12
# A central difference: its own error, about the square of the step.
SLOPE = 1e-6


def terms(m, r, d, g=0.0, n=4_000, first=0):
    """Present values and survival term by term."""
    t = np.arange(n + 1)
    m = np.append(m, np.full(n + 1, np.ravel(m)[-1]))[: n + 1]
    r = np.append(r, np.full(n + 1, np.ravel(r)[-1]))[:n]
    s = np.append(1.0, np.cumprod(r))
    present = m * s * ((1 + g) / (1 + d)) ** t
    present[:first] = 0
    return present, s


def of(found, name):
    return found.quantities.set_index("quantity").loc[name, "estimate"]


def elasticity(found, name):
    return found.elasticities.set_index("input").loc[name, "estimate"]


@pytest.mark.parametrize("timing", ["now", "after_renewal"])
@given(
    r=st.floats(0, 0.97),
    d=st.floats(0.0, 0.5),
    g=st.floats(-0.2, 0.02),
    horizon=st.one_of(st.none(), st.integers(1, 60)),
)
@settings(max_examples=40)
def test_sums_are_those_of_all_terms(timing, r, d, g, horizon):
    first = 0 if timing == "now" else 1
    found = lifetime_value(
        7.0, retention=r, discount=d, growth=g, timing=timing, horizon=horizon, per="month"
    )
    present, s = terms(7.0, r, d, g, horizon or 4_000, first)
    assert of(found, "value") == pytest.approx(present.sum(), rel=SUMMED)
    assert of(found, "expected_lifetime") == pytest.approx(s.sum(), rel=SUMMED)
    if present.sum() > 0:
        duration = present @ np.arange(len(present)) / present.sum()
        assert of(found, "duration") == pytest.approx(duration, rel=SUMMED, abs=EXACT)
    one = customer_value(
        7.0, retention=r, discount=d, growth=g, timing=timing, horizon=horizon, per="month"
    )
    assert one == pytest.approx(present.sum(), rel=SUMMED)


def test_formulas_of_the_books():
    r, d, m = 0.8, 0.1, 100.0
    now = lifetime_value(m, retention=r, discount=d, timing="now", **YEAR)
    later = lifetime_value(m, retention=r, discount=d, timing="after_renewal", **YEAR)
    assert of(now, "value") == pytest.approx(m * (1 + d) / (1 + d - r), rel=EXACT)
    assert of(later, "value") == pytest.approx(m * r / (1 + d - r), rel=EXACT)
    assert elasticity(now, "retention") == pytest.approx(r / (1 + d - r), rel=EXACT)
    assert elasticity(later, "retention") == pytest.approx((1 + d) / (1 + d - r), rel=EXACT)
    assert elasticity(now, "discount") == pytest.approx(-d * r / ((1 + d) * (1 + d - r)), rel=EXACT)
    assert elasticity(later, "discount") == pytest.approx(-d / (1 + d - r), rel=EXACT)


@pytest.mark.parametrize("horizon", [None, 1, 7])
def test_timings_differ_by_the_first_margin(horizon):
    values = [
        lifetime_value(
            [30.0, 20.0, 10.0],
            retention=[0.5, 0.7],
            discount=0.1,
            timing=timing,
            horizon=horizon,
            beyond="last",
            **YEAR,
        ).estimate
        for timing in ("now", "after_renewal")
    ]
    assert values[0] - values[1] == pytest.approx(30.0, rel=EXACT)


@pytest.mark.parametrize("timing", ["now", "after_renewal"])
@pytest.mark.parametrize("horizon", [None, 5])
def test_elasticities_are_derivatives(timing, horizon):
    at = {
        "margin": np.array([-20.0, 50.0, 60.0]),
        "retention": np.array([0.6, 0.7, 0.85]),
        "discount": 0.1,
        "growth": 0.03,
        "acquisition_cost": 40.0,
    }

    def net(**changed):
        numbers = {**at, **changed}
        return lifetime_value(
            numbers.pop("margin"), timing=timing, horizon=horizon, beyond="last", **YEAR, **numbers
        )

    found = net()
    for name, value in at.items():
        h = 1e-5
        up, down = net(**{name: value * (1 + h)}), net(**{name: value * (1 - h)})
        slope = (up.estimate - down.estimate) / (2 * h) / found.estimate
        assert elasticity(found, name) == pytest.approx(slope, rel=SLOPE)


@given(
    r=st.lists(st.floats(0.2, 0.95), min_size=1, max_size=3),
    m=st.lists(st.floats(-5, 20), min_size=1, max_size=3),
    cost=st.floats(0.1, 200),
    timing=st.sampled_from(["now", "after_renewal"]),
)
@settings(max_examples=60)
def test_break_even_is_the_first_tenure_that_pays(r, m, cost, timing):
    first = 0 if timing == "now" else 1
    found = lifetime_value(
        m, retention=r, discount=0.05, acquisition_cost=cost, timing=timing, beyond="last", **YEAR
    )
    total = np.cumsum(terms(m, r, 0.05, first=first)[0])
    paid = total >= cost * (1 - 1e-12)
    expected = paid.argmax() if paid.any() else np.inf
    assert of(found, "break_even") == expected


def test_a_cost_that_comes_in_to_the_cent_is_reached():
    # 10 + 5 + 2.5 = 17.5 after two renewals; 20 is only reached at the end of all time.
    numbers = {"retention": 0.5, "discount": 0.0, "timing": "now", "per": "year"}
    assert of(lifetime_value(10, acquisition_cost=17.5, **numbers), "break_even") == 2
    never = lifetime_value(10, acquisition_cost=20, **numbers)
    assert np.isinf(of(never, "break_even"))
    assert "never comes in" in str(never.summary())


def test_lose_first_win_later():
    found = lifetime_value(
        [-30.0, 10.0, 40.0], retention=0.9, discount=0.1, acquisition_cost=10,
        timing="now", beyond="last", **YEAR,
    )  # fmt: skip
    path = found.path(periods=6)
    assert (path["estimate"].to_numpy()[:3] < 0).all()
    assert of(found, "break_even") == path["period"][path["estimate"] >= 0].iloc[0]
    total = path["present_value"].cumsum() - 10
    assert path["estimate"].to_numpy() == pytest.approx(total.to_numpy(), rel=EXACT)


def test_a_value_without_a_cost_shows_itself():
    page = str(lifetime_value(10, **PLAIN).summary())
    assert "break_even" not in page
    assert "intervals" not in page


def test_a_path_shows_nearly_all_of_the_value():
    found = lifetime_value(10, acquisition_cost=5, **PLAIN)
    assert found.path()["estimate"].iloc[-1] == pytest.approx(found.estimate, rel=0.02)
    with pytest.raises(OptionError, match="beyond the horizon"):
        lifetime_value(10, horizon=3, **PLAIN).path(periods=4)


def test_value_is_linear_in_the_margin():
    one, two, both = (
        lifetime_value(m, retention=[0.5, 0.9], discount=0.2, timing="now", beyond="last", **YEAR)
        for m in ([3.0, 5.0], [10.0, -1.0], [13.0, 4.0])
    )
    assert one.estimate + two.estimate == pytest.approx(both.estimate, rel=EXACT)


def test_limits():
    assert lifetime_value(10, retention=0, discount=0.1, timing="now", **YEAR).estimate == 10
    assert lifetime_value(10, retention=1, discount=0.1, timing="now", **YEAR).estimate == (
        pytest.approx(110, rel=EXACT)
    )
    # Nobody leaves and money does not lose: a horizon makes it a sum.
    endless = {"retention": 1.0, "discount": 0.0, "timing": "now", "per": "year"}
    assert customer_value(10, horizon=4, **endless) == pytest.approx(50, rel=EXACT)
    assert np.isinf(of(lifetime_value(10, retention=1, discount=0.1, timing="now", **YEAR),
                       "expected_lifetime"))  # fmt: skip


def test_what_a_point_of_retention_is_worth():
    found = lifetime_value(100, **PLAIN)
    more = lifetime_value(100, **{**PLAIN, "retention": 0.81})
    assert of(found, "value_of_a_point") == pytest.approx(more.estimate - found.estimate, rel=1e-9)
    assert np.isnan(of(lifetime_value(100, **{**PLAIN, "retention": 0.995}), "value_of_a_point"))


def test_most_that_may_be_spent_each_period_leaves_nothing():
    found = lifetime_value([100.0, 120.0], **{**PLAIN, "retention": [0.7, 0.8]}, beyond="last")
    changed = found.change(retention=0.05)
    cut = changed.row("per_period")["estimate"]
    spent = lifetime_value(
        [100.0 - cut, 120.0 - cut], **{**PLAIN, "retention": [0.75, 0.85]}, beyond="last"
    )
    assert spent.estimate == pytest.approx(found.estimate, rel=EXACT)
    assert changed.row("difference")["estimate"] == pytest.approx(
        changed.row("after")["estimate"] - found.estimate, rel=1e-9
    )


def test_draws_are_the_same_calculation_many_times():
    rng = np.random.default_rng(1)
    r, m = rng.beta(40, 10, 50), rng.normal(100, 5, 50)
    found = lifetime_value(
        100, retention=0.8, discount=0.1, acquisition_cost=90, timing="now",
        draws={"retention": r, "margin": m}, **YEAR,
    )  # fmt: skip
    for k in (0, 49):
        one = lifetime_value(
            m[k], retention=r[k], discount=0.1, acquisition_cost=90, timing="now", **YEAR
        )
        assert found.estimates.replicates[k] == pytest.approx(one.estimates.estimate, rel=1e-9)
    assert found.n_resamples == 50
    net = found.estimates.difference(("value", ""), ("net_value", ""))
    assert net["std_error"] == pytest.approx(0, abs=1e-9)  # the cost is known
    assert pickle.loads(pickle.dumps(found)).estimate == found.estimate


def test_draws_of_paths():
    drawn = np.array([[0.5, 0.7], [0.6, 0.8]])
    found = lifetime_value(
        10, retention=[0.55, 0.75], discount=0.1, timing="now", beyond="last",
        draws={"retention": drawn}, **YEAR,
    )  # fmt: skip
    for k in (0, 1):
        one = lifetime_value(
            10, retention=drawn[k], discount=0.1, timing="now", beyond="last", **YEAR
        )
        assert found.estimates.replicates[k, 0] == pytest.approx(one.estimate, rel=EXACT)


def test_stacks_are_cut_without_a_seam(monkeypatch):
    n = 101
    rng = np.random.default_rng(2)
    stack = kernels.Numbers(
        rng.random((n, 3)), rng.random((n, 2)) * 0.9, np.zeros(n), np.full(n, 0.1)
    )
    whole = kernels.sums_of(stack, np.ones(n), first=0, last=None)
    monkeypatch.setattr(kernels, "_CELLS", 40)
    parts = kernels.sums_of(stack, np.ones(n), first=0, last=None)
    for one, other in zip(whole, parts, strict=True):
        assert one == pytest.approx(other, rel=EXACT)


def test_comparison_with_draws():
    rng = np.random.default_rng(3)
    r = rng.beta(80, 20, 400)
    one, two = (
        lifetime_value(m, retention=0.8, discount=0.1, timing="now", draws={"retention": r}, **YEAR)
        for m in (100, 90)
    )
    paired = one.compare(two, paired=True).row("value")
    apart = one.compare(two, paired=False).row("value")
    assert paired["estimate"] == apart["estimate"] == pytest.approx(10 * 1.1 / 0.3)
    # The same draws: a tenth of the spread of one. Apart: the root of the sum of both squares.
    sd = one.estimates.row(("value", ""))["std_error"]
    assert paired["std_error"] == pytest.approx(sd / 10, rel=1e-9)
    assert apart["std_error"] == pytest.approx(np.hypot(sd, 0.9 * sd), rel=0.1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"retention": 1.2}, "from 0 to 1"),
        ({"retention": -0.1}, "from 0 to 1"),
        ({"retention": 1.0, "discount": 0.0}, "give horizon="),
        ({"retention": 0.98, "growth": 0.15}, "must be below 1"),
        ({"acquisition_cost": -1.0}, "at least 0"),
        ({"discount": -1.0}, "above -1"),
        ({"margin": float("nan")}, "missing"),
        ({"retention": [0.8, 0.9]}, "beyond="),
        ({"margin": [1.0, 2.0], "horizon": 3}, "beyond="),
        ({"horizon": 0}, "horizon"),
        ({"discount": [0.1, 0.2]}, "give one number"),
        ({"growth": [0.1]}, "give one number"),
        ({"timing": "later"}, "not an option"),
        ({"per": "century"}, "not an option"),
        ({"draws": {"retntion": [0.8, 0.9]}}, "did you mean"),
        ({"draws": {"retention": [0.8, 1.1]}}, "draw 1 of retention"),
        ({"draws": {"retention": [0.8, 0.9], "margin": [1.0]}}, "equally many"),
        ({"draws": {"retention": [[0.8], [0.9]]}}, "shape"),
        ({"retention": Rate(value=0.9, kind="retention", per="month")}, r"to\('year'\)"),
        ({"retention": Rate(value=0.9, kind="discount", per="year")}, "kind"),
    ],
)
def test_refusals_name_the_number(change, problem):
    numbers = {"margin": 10.0, **PLAIN, **change}
    with pytest.raises((OptionError, DataError), match=problem):
        lifetime_value(numbers.pop("margin"), **numbers)


def test_rates_of_other_periods():
    month = Rate(value=0.98, kind="retention", per="month")
    assert float(month.to("year").value) == pytest.approx(0.98**12, rel=EXACT)
    assert float(month.to("year").to("month").value) == pytest.approx(0.98, rel=EXACT)
    interest = Rate(value=0.1, kind="discount", per="year").to("month")
    assert (1 + float(interest.value)) ** 12 == pytest.approx(1.1, rel=EXACT)
    week = Rate(value=7.0, kind="amount", per="week").to("day")
    assert float(week.value) == pytest.approx(1.0, rel=EXACT)
    # The value of a year's rates, month by month, is that of the converted rates.
    found = lifetime_value(10, retention=month.to("year"), discount=0.1, timing="now", **YEAR)
    assert found.estimate == pytest.approx(10 * 1.1 / (1.1 - 0.98**12), rel=EXACT)
    with pytest.raises(OptionError, match="a retention is"):
        Rate(value=1.1, kind="retention", per="year")


def test_customers_at_once(monkeypatch):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"m": rng.normal(50, 30, 97), "r": rng.random(97)}, index=range(3, 100))
    numbers = {"discount": 0.1, "timing": "after_renewal", "per": "year"}
    found = customer_value(frame["m"], retention=frame["r"], acquisition_cost=20, **numbers)
    assert found.index.equals(frame.index)
    for k in (3, 99):
        one = lifetime_value(
            frame.loc[k, "m"], retention=frame.loc[k, "r"], acquisition_cost=20, **numbers
        )
        assert found[k] == pytest.approx(one.estimate, rel=EXACT)
    monkeypatch.setattr("loyaltymodel.economics.value.lifetime._SLICE", 10)
    cut = customer_value(frame["m"], retention=frame["r"], acquisition_cost=20, **numbers)
    assert cut.to_numpy() == pytest.approx(found.to_numpy(), rel=EXACT)
    drawn = customer_value(
        frame["m"].to_numpy(), retention=rng.random((5, 1)), growth=0.05, **numbers
    )
    assert drawn.shape == (5, 97)
    with pytest.raises(DataError, match="row 2"):
        customer_value(10, retention=[0.5, 0.6, 1.0], discount=0, timing="now", per="year")


def test_concentration_is_that_of_all_pairs():
    rng = np.random.default_rng(5)
    x = np.round(rng.lognormal(0, 1, 60), 1)
    found = value_concentration(x, shares=[0.25])
    gini = np.abs(x[:, None] - x).mean() / (2 * x.mean())
    assert found.quantities["estimate"][0] == pytest.approx(gini, rel=EXACT)
    assert found.quantities["estimate"][1] == pytest.approx(np.sort(x)[-15:].sum() / x.sum())
    assert found.total == pytest.approx(x.sum())


def test_what_each_customer_moves_is_a_derivative():
    rng = np.random.default_rng(6)
    x, n = rng.lognormal(0, 1, 400), 400
    for function in (kernels.gini, lambda v: kernels.top_share(v, 0.2)):
        value, moved = function(x)
        # (n - 1) (T - T without i) is the jackknife's version, apart by terms of order 1 / n.
        without = np.array([function(np.delete(x, i))[0] for i in range(n)])
        apart = moved - (n - 1) * (value - without)
        assert np.abs(apart).max() < 0.05 * np.abs(moved).max()
        assert moved.mean() == pytest.approx(0, abs=2 / n)


def test_negative_values_and_refusals_of_concentration():
    found = value_concentration([-5.0, 1.0, 2.0, 12.0], shares=[0.25])
    assert found.quantities["estimate"][1] == pytest.approx(1.2)
    assert found.lorenz[:, 1].min() < 0
    with pytest.raises(NotIdentifiedError, match="worth the same"):
        value_concentration([1.0, 1.0, 1.0])
    with pytest.raises(DataError, match="total value"):
        value_concentration([-3.0, 1.0, 1.0])
    with pytest.raises(OptionError, match="shares"):
        value_concentration([1.0, 2.0, 3.0], shares=[1.5])
