"""Acquisition against retention: response curves, the best spending, and what it rests on."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel import economics
from loyaltymodel.economics import ResponseCurve
from loyaltymodel.economics.acquisition.kernels import (
    Curves,
    best_spending,
    best_within,
    prospect_value,
    total_spending,
)
from loyaltymodel.errors import DataError, ModelError, OptionError

from tolerances import EXACT, SAME

SHARES = st.floats(0.01, 0.95)


# Response curves


@settings(max_examples=40)
@given(SHARES, st.floats(0.01, 0.99), st.floats(0.01, 1e4), st.floats(0, 0.5))
def test_a_curve_goes_through_its_point(ceiling, part, spend, low):
    floor = low * ceiling
    rate = floor + part * (ceiling - floor)
    curve = ResponseCurve.calibrated(spend, rate, ceiling=ceiling, floor=floor)
    assert curve.rate(spend) == pytest.approx(rate, rel=SAME)
    assert curve.rate(0) == floor
    assert curve.rate(1e9 * spend) == pytest.approx(ceiling, rel=SAME)
    assert curve.spend_for(rate) == pytest.approx(spend, rel=1e-8)
    # The slope against a difference of rates.
    h = 1e-6 * spend
    steep = (curve.rate(spend + h) - curve.rate(spend - h)) / (2 * h)
    assert curve.slope(spend) == pytest.approx(steep, rel=1e-4, abs=1e-12)


@settings(max_examples=40)
@given(SHARES, st.floats(0.05, 3), st.floats(1.1, 5), st.floats(0, 0.5))
def test_two_points_give_back_the_curve_that_they_lie_on(ceiling, first, times, low):
    curve = ResponseCurve(ceiling=ceiling, steepness=0.1, floor=low * ceiling)
    spend = np.array([10 * first * times, 10 * first])  # in any order
    again = ResponseCurve.calibrated(spend, curve.rate(spend), floor=curve.floor)
    assert again.ceiling == pytest.approx(ceiling, rel=1e-6)
    assert again.steepness == pytest.approx(0.1, rel=1e-6)


def test_a_curve_answers_as_it_is_asked():
    curve = ResponseCurve(ceiling=0.4, steepness=0.5)
    assert isinstance(curve.rate(2), float)
    series = curve.rate(pd.Series([0.0, 2.0], index=["a", "b"]))
    assert series.index.tolist() == ["a", "b"]
    assert series.name == "rate"
    assert series["b"] == pytest.approx(0.4 * (1 - np.exp(-1)), rel=EXACT)
    assert curve.rate([[0, 1], [2, 3]]).shape == (2, 2)
    assert pickle.loads(pickle.dumps(curve)) == curve


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: ResponseCurve(ceiling=0.2, steepness=1, floor=0.2), "must lie below the ceiling"),
        (lambda: ResponseCurve(ceiling=1.2, steepness=1), "ceiling must be at most 1"),
        (lambda: ResponseCurve(ceiling=0.2, steepness=0), "steepness must be above 0"),
        (lambda: ResponseCurve.calibrated(5, 0.2), "one point does not decide"),
        (lambda: ResponseCurve.calibrated(5, 0.4, ceiling=0.4), "must lie above the rate of 0.4"),
        (lambda: ResponseCurve.calibrated(5, 0.4, ceiling=1.4), "be at most 1"),
        (lambda: ResponseCurve.calibrated(0, 0.2, ceiling=0.4), "spend has 0.0"),
        (lambda: ResponseCurve.calibrated(5, 0.2, ceiling=0.4, floor=0.3), "above the floor"),
        (lambda: ResponseCurve.calibrated(5, 0.2, ceiling=0.4, floor=-1), "floor=-1 must be"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.2, 0.3], ceiling=0.4), "decide the ceiling"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.2, 0.4]), "less than in proportion"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.3, 0.2]), "less than in proportion"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.6, 0.99]), "no share is above 1"),
        (lambda: ResponseCurve.calibrated([1, 2], 0.2), "one of each a point"),
        (lambda: ResponseCurve.calibrated([1, 2, 3], [0.1, 0.2, 0.3]), "two for two points"),
        (lambda: ResponseCurve.calibrated(np.inf, 0.2, ceiling=0.4), "must be finite"),
    ],
)
def test_curves_that_cannot_be_are_refused(made, message):
    with pytest.raises((ModelError, OptionError), match=message):
        made()


def test_rates_and_spending_out_of_range_are_refused():
    curve = ResponseCurve(ceiling=0.4, steepness=0.5, floor=0.1)
    with pytest.raises(DataError, match="spend"):
        curve.rate(-1)
    with pytest.raises(DataError, match="spend"):
        curve.slope([1, np.nan])
    for rate in (0.4, 0.05):
        with pytest.raises(DataError, match="rate"):
            curve.spend_for(rate)


# The best spending


def curves_of(problem, place):
    own = ("ceiling", "steepness", "floor")
    sides = ("acquisition", "retention")
    return [ResponseCurve(**{n: problem[f"{s}_{n}"][place] for n in own}) for s in sides]


def random_problems(n, seed):
    rng = np.random.default_rng(seed)
    problem = {}
    for side in ("acquisition", "retention"):
        ceiling = rng.uniform(0.05, 0.98, n)
        problem[f"{side}_ceiling"] = ceiling
        problem[f"{side}_floor"] = (
            np.where(rng.random(n) < 0.5, rng.uniform(0, 0.7, n), 0) * ceiling
        )
        problem[f"{side}_steepness"] = np.exp(rng.normal(-1, 1, n))
    problem["margin"] = np.exp(rng.normal(2, 1.5, n))
    problem["discount"] = rng.uniform(0.0, 0.4, n)
    return problem


def by_sums(curves, margin, discount, winning, keeping, *, in_advance):
    """The value of a prospect, renewal by renewal, without any closed form."""
    won, kept = curves[0].rate(winning), curves[1].rate(keeping)
    t = np.arange(3000)
    there = kept**t * np.exp(-t * np.log1p(discount))
    when = 0 if in_advance else 1  # periods from a margin to what is spent on the next renewal
    income, paid = margin * there.sum(), keeping * there.sum() / (1 + discount) ** when
    return won * (income - paid) - winning


@pytest.mark.parametrize("timing", ["at_renewal", "in_advance"])
def test_the_value_is_the_sum_over_renewals(timing):
    problem = random_problems(20, 1)
    rng = np.random.default_rng(2)
    for place in range(20):
        curves = curves_of(problem, place)
        margin, discount = problem["margin"][place], problem["discount"][place] + 0.05
        found = economics.acquisition_retention(
            *curves, margin=margin, discount=discount, per="year", spend_timing=timing
        )
        winning, keeping = rng.exponential(5, 2)
        expected = by_sums(
            curves, margin, discount, winning, keeping, in_advance=timing == "in_advance"
        )
        assert found.value_at(winning, keeping) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("in_advance", [False, True])
def test_no_other_spending_is_better(in_advance):
    # Against 300 others each of 3,000 problems: near by, far away, and on the edges.
    n = 3000
    problem = Curves.of(random_problems(n, 3), in_advance=in_advance)
    winning, keeping = best_spending(problem)
    best = prospect_value(problem, winning, keeping)
    rng = np.random.default_rng(4)
    size = [1 / problem.acquisition["steepness"], 1 / problem.retention["steepness"]]
    for k in range(300):
        far = 10.0 ** rng.uniform(-5, 1, n)
        other = [
            np.abs(at + far * rng.normal(size=n) * (at + unit)) * (rng.random(n) > 0.05)
            for at, unit in zip((winning, keeping), size, strict=True)
        ]
        assert (prospect_value(problem, *other) <= best + 1e-12 * (best + problem.margin)).all(), k
    for at, share in ((winning, (0.1, 0.9)), (keeping, (0.1, 0.9))):
        assert share[0] < (at > 0).mean() < share[1]  # corners and not


@pytest.mark.parametrize("in_advance", [False, True])
def test_no_other_spending_within_a_budget_is_better(in_advance):
    n = 1500
    problem = Curves.of(random_problems(n, 5), in_advance=in_advance)
    rng = np.random.default_rng(6)
    free = best_spending(problem)
    budget = total_spending(problem, *free) * rng.uniform(0.05, 1.2, n)
    winning, keeping, multiplier = best_within(problem, budget)
    spent = total_spending(problem, winning, keeping)
    binds = multiplier > 0
    np.testing.assert_allclose(spent[binds], budget[binds], rtol=1e-9)
    assert (spent[~binds] <= budget[~binds]).all()
    assert 0.3 < binds.mean() < 0.95
    best = prospect_value(problem, winning, keeping)
    for _ in range(300):
        keep = keeping * np.exp(rng.normal(0, 10.0 ** rng.uniform(-4, 0.5), n))
        # The acquisition that uses up the rest, found by halving: spending rises with it.
        low, high = np.zeros(n), budget.copy()
        for _ in range(60):
            middle = (low + high) / 2
            enough = total_spending(problem, middle, keep) <= budget
            low, high = np.where(enough, middle, low), np.where(enough, high, middle)
        allowed = total_spending(problem, low, keep) <= budget
        other = np.where(allowed, prospect_value(problem, low, keep), -np.inf)
        slack = 1e-9 * (np.abs(best) + budget)
        assert (other <= best + slack).all()
    # The multiplier is what a further unit adds.
    more = best_within(problem, budget * (1 + 1e-6))
    inner = multiplier > 1e-3
    rise = (prospect_value(problem, *more[:2]) - best)[inner] / (1e-6 * budget[inner])
    np.testing.assert_allclose(rise, multiplier[inner], rtol=1e-2, atol=1e-3)


def test_the_optimum_is_pfeifers_condition_and_the_closed_form():
    win = ResponseCurve.calibrated(5, 0.2, ceiling=0.4)
    keep = ResponseCurve.calibrated(10, 0.6, ceiling=0.8)
    for timing in ("at_renewal", "in_advance"):
        found = economics.acquisition_retention(
            win, keep, margin=50, discount=0.1, per="year", spend_timing=timing
        )
        row = found.quantities.set_index("quantity")["estimate"]
        for name in ("winning", "keeping"):
            assert row[f"marginal_cost_of_{name}"] == pytest.approx(row["customer_value"], rel=SAME)
        part = 1 / (win.steepness * 0.4 * row["customer_value"])
        assert np.exp(-win.steepness * row["acquisition_spend"]) == pytest.approx(part, rel=SAME)
        assert row["acquisition_rate"] == win.rate(row["acquisition_spend"])
        assert row["cost_per_customer_won"] == pytest.approx(
            row["acquisition_spend"] / row["acquisition_rate"], rel=EXACT
        )
        at_best = found.value_at(row["acquisition_spend"], row["retention_spend"])
        assert row["prospect_value"] == pytest.approx(at_best, rel=EXACT)


def test_corners_are_named():
    steep, flat = (
        ResponseCurve(ceiling=0.4, steepness=1),
        ResponseCurve(ceiling=0.4, steepness=1e-4),
    )
    numbers = {"margin": 10, "discount": 0.1, "per": "year", "spend_timing": "at_renewal"}
    none = economics.acquisition_retention(flat, flat, **numbers)
    text = str(none.summary())
    assert "Nothing is spent on acquisition" in text
    assert "Nothing is spent on retention" in text
    row = none.quantities.set_index("quantity")["estimate"]
    assert row[["acquisition_spend", "retention_spend", "prospect_value"]].tolist() == [0, 0, 0]
    assert np.isnan(row["cost_ratio"])
    both = economics.acquisition_retention(steep, steep, **numbers)
    assert "Nothing is spent" not in str(both.summary())
    loss = economics.acquisition_retention(steep, steep, **{**numbers, "margin": -5})
    assert loss.quantities["estimate"].iloc[[0, 2]].tolist() == [0, 0]
    wide = economics.acquisition_retention(steep, steep, **numbers, budget=1e6)
    assert "does not bind" in str(wide.summary())
    nothing = economics.acquisition_retention(steep, steep, **numbers, budget=0)
    assert nothing.quantities["estimate"].iloc[[0, 2]].tolist() == [0, 0]


def test_draws_are_problems_of_their_own():
    win = ResponseCurve.calibrated(5, 0.2, ceiling=0.4)
    keep = ResponseCurve.calibrated(10, 0.6, ceiling=0.8)
    rng = np.random.default_rng(7)
    draws = {
        "margin": rng.uniform(30, 70, 200),
        "retention_ceiling": rng.uniform(0.6, 0.95, 200),
        "budget": rng.uniform(5, 40, 200),
    }
    numbers = {"discount": 0.1, "per": "year", "spend_timing": "at_renewal"}
    found = economics.acquisition_retention(win, keep, margin=50, budget=15, draws=draws, **numbers)
    names = list(found.estimates.labels["quantity"])
    for place in (0, 17, 199):
        one = economics.acquisition_retention(
            win,
            keep.model_copy(update={"ceiling": draws["retention_ceiling"][place]}),
            margin=draws["margin"][place],
            budget=draws["budget"][place],
            **numbers,
        )
        row = found.estimates.replicates[place]
        np.testing.assert_allclose(row[: len(one.estimates)], one.estimates.estimate, rtol=1e-9)
        planned = one.value_at(found.estimates.estimate[0], found.estimates.estimate[2])
        assert row[names.index("planned_value")] == pytest.approx(planned, rel=SAME)
    table = found.quantities
    assert (table["ci_low"] <= table["ci_high"]).all()
    assert "planned_value" in str(found.summary())
    assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()
    free = {k: v for k, v in draws.items() if k != "budget"}
    planned = economics.acquisition_retention(win, keep, margin=50, draws=free, **numbers)
    rows = planned.estimates.replicates
    of = list(planned.estimates.labels["quantity"]).index
    assert (rows[:, of("planned_value")] <= rows[:, of("prospect_value")] + 1e-12).all()


def test_sensitivity_is_a_new_optimum_for_each_number():
    win = ResponseCurve.calibrated(5, 0.2, ceiling=0.4)
    keep = ResponseCurve.calibrated(10, 0.6, ceiling=0.9, floor=0.2)
    numbers = {"margin": 50, "discount": 0.1, "per": "year", "spend_timing": "in_advance"}
    found = economics.acquisition_retention(win, keep, **numbers)
    table = found.sensitivity(change=0.2)
    assert "acquisition_floor" not in set(table["input"])
    higher = table[(table["input"] == "retention_steepness") & (table["change"] > 0)]
    other = keep.model_copy(update={"steepness": keep.steepness * 1.2})
    again = economics.acquisition_retention(win, other, **numbers)
    of = again.quantities.set_index("quantity")["estimate"]
    first = found.quantities.set_index("quantity")["estimate"]
    expected = [of[name] for name in ("acquisition_spend", "retention_spend", "prospect_value")]
    planned = again.value_at(first["acquisition_spend"], first["retention_spend"])
    np.testing.assert_allclose(higher["estimate"], [*expected, planned], rtol=SAME)
    beyond = table[(table["input"] == "retention_ceiling") & (table["change"] > 0)]
    assert beyond["estimate"].isna().all()
    limited = economics.acquisition_retention(win, keep, **numbers, budget=10).sensitivity()
    assert (limited.groupby("quantity")["estimate"].max()["acquisition_spend"]) < 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"retention": ResponseCurve(ceiling=1, steepness=1), "discount": 0}, "has no bound"),
        ({"draws": {"retention_floor": [0.1, 0.9]}}, "draw 1 has retention_floor=0.9"),
        ({"draws": {"discount": [0.1, -0.3]}}, "draw 1 of retention has the ceiling 0.8"),
        ({"draws": {"margins": [1.0, 2.0]}}, "did you mean 'margin'"),
        ({"budget": -1}, "budget is -1"),
        ({"spend_timing": "now"}, "spend_timing='now'"),
        ({"discount": economics.Rate(value=0.1, kind="discount", per="month")}, "per month"),
        ({"margin": economics.Rate(value=[1, 2], kind="amount", per="year")}, "give one number"),
        ({"retention": 0.8}, "retention"),
    ],
)
def test_problems_that_cannot_be_are_refused(change, message):
    given = {
        "acquisition": ResponseCurve(ceiling=0.4, steepness=0.1),
        "retention": ResponseCurve(ceiling=0.8, steepness=0.1),
        "margin": 50,
        "discount": 0.1,
        "per": "year",
        "spend_timing": "at_renewal",
    }
    with pytest.raises(OptionError, match=message):
        economics.acquisition_retention(**{**given, **change})
    monthly = economics.Rate(value=0.01, kind="discount", per="month")
    assert (
        economics.acquisition_retention(**{**given, "discount": monthly.to("year")}).discount > 0.12
    )
