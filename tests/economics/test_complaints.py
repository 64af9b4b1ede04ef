"""Complaints: branches against hand arithmetic, hidden numbers against sums and simulation."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import integrate, optimize, stats
from statsmodels.duration.survfunc import SurvfuncRight

from loyaltymodel import evidence
from loyaltymodel.economics import (
    ComplaintBehaviour,
    ComplaintRate,
    ResponseCurve,
    complaint_flow,
    complaint_log,
    exit_reasons,
    hidden_dissatisfied,
    problem_pareto,
    recovery_spend,
)
from loyaltymodel.economics.complaints.kernels import complaints_at_most
from loyaltymodel.economics.complaints.mixture import law_of
from loyaltymodel.errors import DataError, ModelError, NotIdentifiedError, OptionError

from tolerances import EXACT, SAME


def printed(number):
    """A figure of the field, by its number; the first line of it."""
    return evidence.get(number)[0].low


PRINTED = {
    "complain_share": printed("B19"),
    "handled_share": 1.0,
    "at_once_share": 0.0,
    "lost_share": printed("B20b"),
    "lost_base": "silent",
    "return_handled": printed("B26"),
    "return_at_once": printed("B27"),
}
MIXED = {
    "complain_share": 0.3,
    "handled_share": 0.4,
    "at_once_share": 0.25,
    "lost_share": 0.8,
    "lost_base": "silent",
    "return_handled": 0.6,
    "return_at_once": 0.9,
    "told_against": 12.0,
    "told_for": 5.0,
}


def behaviour(**changes):
    return ComplaintBehaviour(**{**MIXED, **changes})


def cell(flow, branch, quantity):
    return float(flow.estimates.row((branch, quantity))["estimate"])


def test_of_100_dissatisfied_12_to_13_stay_as_the_inventory_says():
    later = complaint_flow(ComplaintBehaviour(**PRINTED), 100)
    at_once = complaint_flow(
        ComplaintBehaviour(**{**PRINTED, "handled_share": 0, "at_once_share": 1}), 100
    )
    assert cell(later, "silent", "lost") == pytest.approx(86.4, abs=SAME)
    assert cell(later, "all", "returning") == pytest.approx(12.4, abs=SAME)
    assert cell(at_once, "all", "returning") == pytest.approx(13.4, abs=SAME)
    # By the other base 90 of all 100 are lost, whatever is done with the 4 complaints.
    other = ComplaintBehaviour(
        **{**PRINTED, "lost_share": printed("B20a"), "lost_base": "dissatisfied"}
    )
    flow = complaint_flow(other, 100)
    assert cell(flow, "all", "lost") == pytest.approx(90, abs=SAME)
    assert cell(flow, "silent", "returning") == pytest.approx(10 - 2.8, abs=SAME)
    # B18 and B19 are one number.
    assert 100 * printed("B18") == pytest.approx(cell(later, "silent", "customers"), abs=SAME)


def test_branches_by_hand():
    flow = complaint_flow(behaviour(return_unhandled=0.1), 1000, value=50)
    table = flow.branches.set_index("branch")
    np.testing.assert_allclose(table["customers"], [700, 105, 120, 75, 1000], rtol=EXACT)
    np.testing.assert_allclose(table["share"], [0.7, 0.105, 0.12, 0.075, 1], rtol=EXACT)
    np.testing.assert_allclose(table["returning"], [140, 10.5, 72, 67.5, 290], rtol=EXACT)
    np.testing.assert_allclose(table["lost"], [560, 94.5, 48, 7.5, 710], rtol=EXACT)
    np.testing.assert_allclose(table["told_against"], [8400, 1260, 0, 0, 9660], rtol=EXACT)
    np.testing.assert_allclose(table["told_for"], [0, 0, 600, 375, 975], rtol=EXACT)
    np.testing.assert_allclose(table["value_kept"], 50 * table["returning"], rtol=EXACT)
    np.testing.assert_allclose(table["value_lost"], 50 * table["lost"], rtol=EXACT)
    saved = [0, 105 * -0.1 * 50, 120 * 0.4 * 50, 75 * 0.7 * 50]
    np.testing.assert_allclose(table["value_saved"], [*saved, sum(saved)], rtol=SAME, atol=SAME)


def test_what_is_saved_is_the_difference_from_a_world_in_silence():
    heard = complaint_flow(behaviour(), 500, value=3)
    silent = complaint_flow(behaviour(complain_share=0.0), 500, value=3)
    gain = cell(heard, "all", "value_kept") - cell(silent, "all", "value_kept")
    assert cell(heard, "all", "value_saved") == pytest.approx(gain, rel=SAME)


@pytest.mark.parametrize("unhandled", [None, 0.05])
def test_both_bases_say_the_same_of_the_same_world(unhandled):
    first = complaint_flow(behaviour(return_unhandled=unhandled), 100)
    lost = cell(first, "all", "lost") / 100
    other = behaviour(lost_share=lost, lost_base="dissatisfied", return_unhandled=unhandled)
    np.testing.assert_allclose(
        complaint_flow(other, 100).estimates.estimate, first.estimates.estimate, rtol=SAME
    )


def test_draws_go_through_the_same_formula_one_by_one():
    rng = np.random.default_rng(1)
    draws = {"complain_share": rng.beta(4, 6, 50), "return_handled": rng.beta(6, 4, 50)}
    draws |= {"dissatisfied": rng.poisson(400, 50), "value": rng.gamma(9, 10, 50)}
    flow = complaint_flow(behaviour(), 400, value=90, draws=draws, level=0.9)
    rows = flow.estimates.replicates
    for k in (0, 17):
        single = {n: float(v[k]) for n, v in draws.items()}
        alone = complaint_flow(
            behaviour(**{n: single[n] for n in ("complain_share", "return_handled")}),
            single["dissatisfied"],
            value=single["value"],
        )
        np.testing.assert_allclose(rows[k], alone.estimates.estimate, rtol=EXACT)
    shown = flow.quantities.query("branch == 'all' and quantity == 'returning'").iloc[0]
    column = flow.estimates.place(("all", "returning"))
    expected = np.quantile(rows[:, column], [0.05, 0.95], method="weibull")
    np.testing.assert_allclose([shown["ci_low"], shown["ci_high"]], expected, rtol=SAME)
    # Branches of one world are compared draw by draw.
    apart = flow.estimates.difference(("handled", "lost"), ("at_once", "lost"))
    assert apart["ci_low"] < apart["estimate"] < apart["ci_high"]
    assert "intervals" in str(flow.summary())


BAD_FLOWS = [
    (lambda: behaviour(handled_share=0.8, at_once_share=0.3), ModelError, "exclude each other"),
    (lambda: behaviour(complain_share=1.2), ModelError, "at most 1"),
    (lambda: behaviour(lost_base="all"), ModelError, "lost_base"),
    (lambda: complaint_flow(behaviour(), -1), OptionError, "dissatisfied"),
    (
        lambda: complaint_flow(behaviour(lost_share=1.0, lost_base="dissatisfied"), 10),
        OptionError,
        "contradicts the branches",
    ),
    (
        lambda: complaint_flow(behaviour(lost_share=0.0, lost_base="dissatisfied"), 10),
        OptionError,
        "contradicts the branches",
    ),
    (
        lambda: complaint_flow(
            behaviour(), 10, draws={"handled_share": [0.1, 0.9], "lost_share": [0.8, 0.8]}
        ),
        OptionError,
        "in a draw",
    ),
    (lambda: complaint_flow(behaviour(), 10, draws={"value": [1, 2]}), OptionError, "give value"),
    (lambda: complaint_flow(behaviour(), 10, draws={"lost": [1, 2]}), OptionError, "lost"),
    (lambda: complaint_flow(behaviour(), 10, draws={"lost_share": [1, 2]}), OptionError, "draw 1"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD_FLOWS)
def test_flows_that_cannot_be_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# Hidden dissatisfied


def brute_pmf(r, a, b, most):
    """P(k) as an integral over the share, from the negative binomial law."""
    law = stats.beta(a, b)
    return np.array(
        [
            integrate.quad(lambda p, k=k: law.pdf(p) * stats.nbinom.pmf(k, r, p), 0, 1, limit=200)[
                0
            ]
            for k in range(most)
        ]
    )


@pytest.mark.parametrize(("r", "a", "b"), [(1, 2.5, 3.0), (4, 5.0, 9.0), (7, 1.2, 2.0)])
def test_the_law_is_the_mixture_over_the_share(r, a, b):
    pmf = brute_pmf(r, a, b, 12)
    below, above = complaints_at_most(np.arange(12.0), r, a, b)
    np.testing.assert_allclose(below, np.cumsum(pmf), rtol=1e-7)  # of the quadrature
    np.testing.assert_allclose(below + above, 1, rtol=EXACT)


def test_the_prior_in_proportion_to_one_over_d_leads_to_that_law():
    # Bayes by brute force: all D up to a bound, weights 1 / D times the beta binomial law.
    c, a, b, most = 12, 9.0, 16.0, 4_000
    d = np.arange(c, most + 1)
    for prior, weight in (("scale", 1 / d), ("flat", np.ones(len(d)))):
        post = weight * stats.betabinom.pmf(c, d, a, b)
        post /= post.sum()
        cumulative = np.cumsum(post)
        bounded = hidden_dissatisfied(
            c, rate=ComplaintRate(a=a, b=b), prior=prior, customers=most, level=0.9
        )
        free = hidden_dissatisfied(c, rate=ComplaintRate(a=a, b=b), prior=prior, level=0.9)
        expected = [d[np.searchsorted(cumulative, q)] for q in (0.05, 0.5, 0.95)]
        row = bounded.estimates.row("dissatisfied")
        assert [row["ci_low"], row["estimate"], row["ci_high"]] == expected
        row = free.estimates.row("dissatisfied")
        assert [row["ci_low"], row["estimate"], row["ci_high"]] == expected
        assert bounded.mean == pytest.approx(post @ d, rel=1e-9)
        # What lies beyond the bound is little here.
        assert free.mean == pytest.approx(post @ d, rel=1e-4)


def test_the_mean_is_more_than_complaints_over_the_mean_share():
    rate = ComplaintRate(a=4, b=36)
    found = hidden_dissatisfied(50, rate=rate)
    assert found.mean == pytest.approx(50 * 39 / 3, rel=EXACT)
    assert found.mean > 50 / rate.mean
    draws = found.draw(n_resamples=200_000, rng=1)
    # Four standard errors; the mean of a / (a - 1) has a heavy tail, so medians are compared.
    median = found.estimates.row("dissatisfied")["estimate"]
    assert (draws["dissatisfied"] <= median).mean() == pytest.approx(0.5, abs=0.006)
    assert draws["complain_share"].mean() == pytest.approx(0.1, abs=0.001)
    # With the prior 1 / D complaints tell nothing of the share; with the flat one they do.
    flat = hidden_dissatisfied(50, rate=rate, prior="flat").draw(n_resamples=200_000, rng=1)
    assert flat["complain_share"].mean() == pytest.approx(3 / 39, abs=0.001)
    bounded = hidden_dissatisfied(50, rate=rate, customers=600).draw(n_resamples=100_000, rng=1)
    assert bounded["dissatisfied"].max() <= 600
    assert bounded["complain_share"].mean() > 0.11


def exact_coverage(truth, a, b, prior="scale"):
    """How often the interval holds a number, whose share is drawn anew from its law.

    Both ends rise with the complaints, so that those counts hold it that lie between two.
    """

    def ends(c):
        low, high = law_of(c, a, b, prior, None).quantiles(np.array([0.025, 0.975]))
        return low + c, high + c

    def first(holds, low, high):
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle + 1, high)
        return low

    least = first(lambda c: ends(c)[1] >= truth, 1, truth)
    beyond = first(lambda c: ends(c)[0] > truth, 1, truth + 1)
    seen = stats.betabinom(truth, a, b)
    return (seen.cdf(beyond - 1) - seen.cdf(least - 1)) / (1 - seen.pmf(0))


@pytest.mark.parametrize("truth", [100, 1_000])
@pytest.mark.parametrize(("a", "b"), [(5, 45), (40, 60), (2.5, 48.5)])
def test_the_interval_holds_the_number_as_often_as_it_says(truth, a, b):
    # Few numbers near 100 make it 94.4 to 97.9 %; from 1,000 on it is 95.0 %.
    near = 0.03 if truth == 100 else 0.001
    assert exact_coverage(truth, a, b) == pytest.approx(0.95, abs=near)


def test_a_law_without_a_mean_is_named():
    found = hidden_dissatisfied(20, rate=ComplaintRate(a=0.9, b=9))
    assert math.isinf(found.mean)
    assert "mean is infinite" in str(found.summary())
    assert found.to_dict()["values"]["complaints"] == 20
    assert np.isfinite(found.estimates.ci_high).all()
    bounded = hidden_dissatisfied(20, rate=ComplaintRate(a=0.9, b=9), customers=10_000)
    assert math.isfinite(bounded.mean)


def test_large_numbers_of_complaints_end_at_the_law_of_the_share():
    rate = ComplaintRate(a=40, b=160)
    found = hidden_dissatisfied(50_000, rate=rate).estimates.row("dissatisfied")
    expected = 50_000 / stats.beta(40, 160).ppf([0.975, 0.5, 0.025])
    ends = [found["ci_low"], found["estimate"], found["ci_high"]]
    np.testing.assert_allclose(ends, expected, rtol=1e-3)  # 50,000 and not without end


RATE = ComplaintRate(a=2, b=8)
BAD_HIDDEN = [
    (lambda: hidden_dissatisfied(0, rate=RATE), NotIdentifiedError, 'prior="flat"'),
    (
        lambda: hidden_dissatisfied(5, rate=ComplaintRate(a=1, b=8), prior="flat"),
        NotIdentifiedError,
        "a is above 1",
    ),
    (
        lambda: hidden_dissatisfied(5, rate=ComplaintRate(a=0.001, b=8)),
        NotIdentifiedError,
        "no end that can be counted",
    ),
    (lambda: hidden_dissatisfied(5, rate=RATE, customers=4), OptionError, "fewer than complaints"),
    (
        lambda: hidden_dissatisfied(500, rate=ComplaintRate(a=20, b=400), customers=600),
        OptionError,
        "of the law of the number",
    ),
    (lambda: hidden_dissatisfied(5, rate=RATE, customers=10**9), OptionError, "leave the bound"),
    (lambda: hidden_dissatisfied(10**7, rate=RATE), OptionError, "only the rate matters"),
    (lambda: hidden_dissatisfied(-1, rate=RATE), OptionError, "complaints"),
    (lambda: ComplaintRate(a=0, b=1), ModelError, "above 0"),
    (lambda: ComplaintRate.from_counts(3, 2), OptionError, "more than asked"),
    (lambda: ComplaintRate.from_mean(0.5, std_dev=0.5), OptionError, "too large"),
    (lambda: ComplaintRate.from_mean(0.5, std_dev=1e-200), OptionError, "no survey can tell"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD_HIDDEN)
def test_numbers_that_cannot_be_told_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_rates_have_the_moments_that_they_were_made_from():
    rate = ComplaintRate.from_mean(0.3, std_dev=0.1)
    law = stats.beta(rate.a, rate.b)
    assert [law.mean(), law.std()] == pytest.approx([0.3, 0.1], rel=EXACT)
    assert [rate.mean, rate.std_dev] == pytest.approx([0.3, 0.1], rel=EXACT)


def test_joint_draws_lead_on_to_the_flow():
    found = hidden_dissatisfied(60, rate=ComplaintRate(a=30, b=70))
    draws = found.draw(n_resamples=2_000, rng=3)
    flow = complaint_flow(behaviour(complain_share=0.3), 200, draws=draws)
    # However many there are, about 60 of them complained.
    row = flow.estimates.replicates
    complained = sum(
        row[:, flow.estimates.place((b, "customers"))] for b in ("unhandled", "handled", "at_once")
    )
    assert complained.mean() == pytest.approx(60, rel=0.02)
    assert complained.std() < 12


# Recovery


CURVE = ResponseCurve.calibrated(20, 0.7, ceiling=0.95, floor=0.1)


@pytest.mark.parametrize("value", [30, 200, 5_000])
def test_best_spending_is_the_maximum_that_a_search_finds(value):
    found = recovery_spend(CURVE, value)
    spend = found.estimates.row("spend")["estimate"]
    searched = optimize.minimize_scalar(
        lambda s: s - value * CURVE.rate(float(s)), bounds=(0, 400), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert spend == pytest.approx(searched.x, rel=1e-5)  # a flat top, found to the root of rounding
    assert found.estimates.row("net_value")["estimate"] == pytest.approx(-searched.fun, rel=SAME)
    gain = found.estimates.row("gain")["estimate"]
    assert gain == pytest.approx(-searched.fun - value * 0.1, rel=1e-8)
    worth = float(found.estimates.row("break_even_value")["estimate"])
    assert recovery_spend(CURVE, worth * 0.999).is_corner
    assert not recovery_spend(CURVE, worth * 1.001).is_corner


@pytest.mark.parametrize("value", [10.0, 200.0])
def test_sensitivities_are_derivatives(value):
    found = recovery_spend(CURVE, value)
    base = {"value": value, "ceiling": 0.95, "floor": 0.1, "steepness": CURVE.steepness}
    step = 1e-6
    for name, own in base.items():
        up, down = ({**base, name: own * f} for f in (1 + step, 1 - step))
        results = [
            recovery_spend(
                ResponseCurve(ceiling=n["ceiling"], floor=n["floor"], steepness=n["steepness"]),
                n["value"],
            ).estimates
            for n in (up, down)
        ]
        for quantity in ("spend", "net_value"):
            high, low = (r.row(quantity)["estimate"] for r in results)
            given = found.sensitivity.row((name, quantity))["estimate"]
            assert given == pytest.approx((high - low) / (2 * step), rel=1e-5, abs=1e-6)


def test_a_corner_is_said_and_draws_may_leave_it():
    corner = recovery_spend(CURVE, 15)
    assert corner.is_corner
    assert "Corner" in str(corner.summary())
    assert corner.estimates.row("gain")["estimate"] == 0
    drawn = recovery_spend(CURVE, 15, draws={"value": [10, 15, 30, 60]})
    assert drawn.quantities.loc[0, "ci_high"] > 0
    with pytest.raises(OptionError, match="floor must lie below"):
        recovery_spend(CURVE, 15, draws={"floor": [0.1, 0.96]})
    with pytest.raises(OptionError, match="value"):
        recovery_spend(CURVE, 0)


# The log


def a_log(rng, n, end=30.0):
    opened = rng.uniform(0, end, n)
    closed = opened + rng.exponential(12, n)
    return opened, np.where(closed > end, np.nan, closed)


def test_closure_is_kaplan_and_meiers():
    rng = np.random.default_rng(4)
    opened, closed = a_log(rng, 90)
    found = complaint_log(opened, closed=closed, until=30, unit="days", within=[2, 5, 15, 29.5])
    done = np.isfinite(closed)
    other = SurvfuncRight(np.where(done, closed, 30.0) - opened, done.astype(int))
    times = found.times.set_index("quantity")
    assert times.loc["median", "estimate"] == pytest.approx(other.quantile(0.5), rel=EXACT)
    for x in (2, 5, 15):
        k = np.searchsorted(other.surv_times, x, side="right") - 1
        assert times.loc[f"within {x}", "estimate"] == pytest.approx(
            1 - other.surv_prob[k], rel=EXACT
        )
        # Wilson's interval solves |share - p| = z sqrt(p (1 - p) / n), n by Greenwood.
        s, v = other.surv_prob[k], other.surv_prob_se[k] ** 2
        for p in times.loc[f"within {x}", ["ci_low", "ci_high"]]:
            z = abs(1 - s - p) / np.sqrt(p * (1 - p) * v / (s * (1 - s)))
            assert z == pytest.approx(stats.norm.ppf(0.975), rel=1e-9)
    assert np.isnan(times.loc["within 29.5", "estimate"])
    assert found.n_open == (~done).sum()


def test_without_open_complaints_shares_are_wilsons():
    opened, lasted = np.zeros(40), np.arange(1.0, 41)
    found = complaint_log(opened, closed=lasted, until=100, unit="hours", within=[10, 50])
    row = found.estimates.row("within 10")
    z = stats.norm.ppf(0.975)
    centre, reach = (10 + z**2 / 2) / (40 + z**2), z * np.sqrt(40 * 0.1875 + z**2 / 4) / (40 + z**2)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(
        [centre - reach, centre + reach], rel=SAME
    )
    all_done = found.estimates.row("within 50")
    assert all_done["estimate"] == all_done["ci_high"] == 1
    # Wilson's of all 40 begins at 0.912.
    assert 0.88 < all_done["ci_low"] < 0.93


def test_dates_hours_and_days_say_the_same():
    opened = pd.to_datetime(["2026-03-01 08:00", "2026-03-01 20:00", "2026-03-02 08:00"])
    table = pd.DataFrame({"in": opened})
    table["answer"] = opened + pd.to_timedelta([2, 30, 1], unit="h")
    table["out"] = [pd.Timestamp("2026-03-03 08:00"), pd.NaT, pd.Timestamp("2026-03-02 08:00")]
    options = {"responded": "answer", "closed": "out", "data": table, "until": "2026-03-05"}
    days = complaint_log("in", **options, unit="days", within=[1])
    hours = complaint_log("in", **options, unit="hours", within=[24])
    np.testing.assert_allclose(
        hours.times.query("quantity == 'median'")["estimate"],
        24 * days.times.query("quantity == 'median'")["estimate"],
        rtol=EXACT,
    )
    assert hours.estimates.row(("response", "median"))["estimate"] == pytest.approx(2, rel=EXACT)
    # One was closed at once, after 0 hours.
    for found, name in ((days, "within 1"), (hours, "within 24")):
        row = found.estimates.row(("closure", name))
        assert row["estimate"] == pytest.approx(1 / 3, rel=EXACT)
    aware = table.assign(**{n: table[n].dt.tz_localize("Asia/Shanghai") for n in table})
    shifted = {**options, "data": aware, "until": pd.Timestamp("2026-03-05", tz="Asia/Shanghai")}
    again = complaint_log("in", **shifted, unit="days", within=[1])
    np.testing.assert_allclose(again.estimates.estimate, days.estimates.estimate, rtol=EXACT)
    with pytest.raises(OptionError, match="has no time zone"):
        complaint_log("in", **{**shifted, "until": "2026-03-05"}, unit="days")
    plain = pd.Series([moment.to_pydatetime() for moment in table["in"]], dtype=object)
    later = pd.Series([pd.Timestamp("2026-03-04").to_pydatetime()] * 3, dtype=object)
    with pytest.raises(OptionError, match="has a time zone"):
        complaint_log(plain, closed=later, until=shifted["until"], unit="days")
    with pytest.raises(DataError, match="some none"):
        complaint_log(aware["in"], closed=later, until=shifted["until"], unit="days")
    for other in (pl.from_pandas(table), pa.Table.from_pandas(table)):
        found = complaint_log("in", **{**options, "data": other}, unit="days", within=[1])
        np.testing.assert_allclose(found.estimates.estimate, days.estimates.estimate, rtol=EXACT)


def test_what_happens_after_the_look_has_not_happened():
    early = complaint_log([0, 0, 1], closed=[2, 9, 3], until=5, unit="days", within=[2])
    cut = complaint_log([0, 0, 1], closed=[2, None, 3], until=5, unit="days", within=[2])
    np.testing.assert_array_equal(early.estimates.estimate, cut.estimates.estimate)
    assert early.n_open == cut.n_open == 1
    answered = complaint_log([0, 0], responded=[1, None], until=5, unit="days")
    assert answered.n_open is None
    assert repr(answered) == "<ComplaintLog: 2 complaints>"


def test_nothing_closed_has_no_median():
    found = complaint_log([0, 1], closed=[None, None], until=5, unit="days", within=[3])
    rows = found.times.set_index("quantity")
    assert np.isnan(rows.loc["median", "estimate"])
    assert rows.loc["within 3", "estimate"] == 0
    assert "had not happened" in str(found.summary())


def test_customers_who_complain_again():
    found = complaint_log(
        range(6), closed=range(1, 7), until=9, unit="days", customer=list("aabcab")
    )
    assert found.repeats.loc[0, "estimate"] == pytest.approx(2 / 3, rel=EXACT)
    assert complaint_log([0], closed=[1], until=9, unit="days").repeats.empty


BAD_LOGS = [
    ({"closed": [2, -1]}, DataError, "row 1 was closed before"),
    ({"responded": [2, 0.5]}, DataError, "row 1 was responded before"),
    ({"closed": [2, 3], "until": 0.5}, DataError, "row 1 was opened after"),
    ({}, OptionError, "neither responded nor closed"),
    ({"closed": ["soon", "late"]}, DataError, "neither dates nor numbers"),
    ({"closed": pd.to_datetime(["2026-01-01", "2026-01-02"])}, DataError, "some numbers"),
    ({"closed": [2, 3], "until": "2026-01-01"}, OptionError, "give a number"),
    ({"closed": [2, 3], "within": [0]}, OptionError, "within"),
    ({"opened": [0, None], "closed": [2, 3]}, DataError, "missing value"),
    (
        {"opened": pd.to_datetime(["2026-01-01"]), "closed": pd.to_datetime(["2026-01-02"])},
        OptionError,
        "is no date",
    ),
    ({"closed": [2, 3], "unit": "weeks"}, OptionError, "weeks"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_LOGS)
def test_logs_that_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        complaint_log(**{"opened": [0, 1], "until": 5, "unit": "days", **options})


# Problems


def test_problems_by_count_are_compared_exactly():
    counts = {"a": 30, "b": 14, "c": 12, "d": 1}
    found = problem_pareto(np.repeat(list(counts), list(counts.values())))
    assert found["problem"].tolist() == ["a", "b", "c", "d"]
    pairs = [("a", "b"), ("b", "c"), ("c", "d")]
    expected = [stats.binomtest(counts[x], counts[x] + counts[y], 0.5).pvalue for x, y in pairs]
    np.testing.assert_allclose(found["p_next"][:-1], expected, rtol=SAME)
    # 0.05 / 6 is passed by a against c and d, b and c against d, but not by a against b (0.023).
    assert found["best_rank"].tolist() == [1, 1, 2, 4]
    assert found["worst_rank"].tolist() == [2, 3, 3, 4]
    assert found["cumulative"].iloc[-1] == pytest.approx(1, rel=EXACT)
    alone = problem_pareto(["x", "x"])
    assert alone[["best_rank", "worst_rank"]].to_numpy().tolist() == [[1, 1]]


def test_severity_orders_by_the_sum_and_customers_hang_together():
    problem = ["slow"] * 6 + ["rude"] * 2
    severity = [1.0] * 6 + [5.0, 5.0]
    found = problem_pareto(problem, severity=severity)
    assert found["problem"].tolist() == ["rude", "slow"]
    assert found["value_lost"].tolist() == [10, 6]
    # By hand: d = 5, 5, -1 six times, of 8 customers, 4 in sum.
    d = np.array([5, 5, -1, -1, -1, -1, -1, -1])
    t = d.sum() / np.sqrt((d**2).sum() - d.sum() ** 2 / 8)
    assert found.loc[0, "p_next"] == pytest.approx(2 * stats.t(7).sf(t), rel=SAME)
    # One customer who complains twenty times is one witness.
    many = ["slow"] * 20 + ["rude"] * 5 + ["slow"] * 2
    who = ["x"] * 20 + list("abcdefg")
    alone, together = problem_pareto(many), problem_pareto(many, customer=who)
    assert alone.loc[0, "p_next"] < 0.01
    assert together.loc[0, "p_next"] > 0.3


def test_exits_and_problems_are_one_mechanism():
    reason, value = list("aaabbc"), [1.0, 2, 3, 4, 5, 1]
    exits = exit_reasons(reason, value=value)
    problems = problem_pareto(reason, severity=value)
    pd.testing.assert_frame_equal(exits.rename(columns={"reason": "problem"}), problems)


def test_all_ranks_together_hold():
    rng = np.random.default_rng(5)
    p = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
    held = []
    for _ in range(100):
        found = problem_pareto(rng.choice(list("abcde"), 150, p=p)).set_index("problem")
        rank = pd.Series(np.arange(1, 6), index=list("abcde")).reindex(found.index)
        held.append(bool(((found["best_rank"] <= rank) & (rank <= found["worst_rank"])).all()))
    assert np.mean(held) > 0.95


def test_problems_that_are_refused():
    with pytest.raises(DataError, match="severity is 0"):
        problem_pareto(["a", "b"], severity=[0, 0])
    with pytest.raises(DataError, match="missing"):
        problem_pareto(["a", None])


def test_lists_of_the_texts_are_data():
    lists = set(evidence.catalogue()["list"])
    own = {"dissatisfaction_causes", "complaint_wants", "complaint_channels", "calming_skills"}
    assert own | {"agitated_customers", "forbidden_phrases"} <= lists


def test_suggestions_stand_beside_their_problem():
    problems = ["price", "queue", "queue", "queue", "queue", "noise"]
    said = ["b", "more tills", "a clerk", "a clerk", None, " "]
    frame = pd.DataFrame({"problem": problems, "said": said})
    found = problem_pareto("problem", suggestion="said", data=frame).set_index("problem")
    assert found["n_suggestions"].to_dict() == {"queue": 3, "noise": 0, "price": 1}
    assert found["suggestion"].to_dict() == {"queue": "a clerk", "noise": "", "price": "b"}
    nobody = problem_pareto(["a", "b", "a"], suggestion=[None, None, None])
    assert nobody["n_suggestions"].tolist() == [0, 0]
    assert nobody.columns[:-2].tolist() == problem_pareto(["a", "b", "a"]).columns.tolist()
