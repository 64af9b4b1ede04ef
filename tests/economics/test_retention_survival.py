"""Survival and its drivers, against statsmodels and customer by customer."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import economics
from loyaltymodel.errors import (
    DataError,
    NotIdentifiedError,
    OptionError,
    SmallSampleWarning,
)

from tolerances import EXACT, SAME


def customers(seed=1, n=120, *, whole=True, late=False):
    """Tenures, losses, entries and groups; in group b customers leave sooner."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b"], n)
    if whole:
        stays = rng.geometric(np.where(group == "a", 0.2, 0.35))
        known = rng.integers(1, 9, n)
        entry = rng.integers(0, 3, n) if late else np.zeros(n, int)
    else:
        stays = rng.exponential(np.where(group == "a", 5.0, 3.0))
        known = rng.exponential(8.0, n)
        entry = rng.uniform(0, 1.5, n) if late else np.zeros(n)
    table = pd.DataFrame(
        {"tenure": np.minimum(stays, known), "lost": stays <= known, "entry": entry, "group": group}
    )
    return table[table["tenure"] > table["entry"]].reset_index(drop=True)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_curves_are_those_of_statsmodels(whole, late):
    table = customers(whole=whole, late=late)
    found = economics.survival("tenure", "lost", entry="entry", data=table, level=0.9)
    entry = table["entry"].to_numpy() if late else None
    other = SurvfuncRight(table["tenure"], table["lost"], entry=entry)
    at = found.at(other.surv_times)
    inside = (other.surv_prob > 0) & (other.n_events > 0)
    np.testing.assert_allclose(at["estimate"], other.surv_prob, atol=EXACT)
    np.testing.assert_allclose(
        at["std_error"][inside & (other.surv_prob < 1)],
        other.surv_prob_se[inside & (other.surv_prob < 1)],
        atol=EXACT,
    )
    # The ends on the scale of log(-log S), written out.
    s, error = other.surv_prob[inside], other.surv_prob_se[inside]
    z = stats.norm.ppf(0.95)
    reach = z * error / (s * np.abs(np.log(s)))
    np.testing.assert_allclose(at["ci_low"][inside], s ** np.exp(reach), atol=1e-10)
    np.testing.assert_allclose(at["ci_high"][inside], s ** np.exp(-reach), atol=1e-10)
    rows = found.survival[found.survival["n_lost"] > 0]
    assert rows["n_at_risk"].tolist() == other.n_risk[other.n_events > 0].tolist()
    assert rows["n_lost"].tolist() == other.n_events[other.n_events > 0].tolist()


@pytest.mark.parametrize("whole", [True, False])
def test_median_tenure_is_that_of_statsmodels(whole):
    table = customers(seed=3, whole=whole)
    found = economics.survival("tenure", "lost", data=table)
    median = found.quantity_estimates.row("median")
    other = SurvfuncRight(table["tenure"], table["lost"])
    assert median["estimate"] == other.quantile(0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = other.quantile_ci(0.5, method="cloglog")
    if whole:  # there listed tenures are those of losses only
        assert median["ci_low"] <= median["estimate"] <= median["ci_high"]
    else:
        assert (median["ci_low"], median["ci_high"]) == ends


def test_a_half_is_a_half_but_for_rounding():
    # 0.9 * 8/9 * 7/8 * 6/7 * 5/6 is a half.
    tenure = [1, 2, 3, 4, 5, 6, 6, 6, 6, 6]
    found = economics.survival(tenure, [1] * 5 + [0] * 5)
    assert found.survival["estimate"].iloc[4] == pytest.approx(0.5, abs=EXACT)
    assert found.quantity_estimates.row("median")["estimate"] == 5
    few = economics.survival(tenure, [1] * 3 + [0] * 7)
    row = few.quantity_estimates.row("median")
    assert np.isnan(row["estimate"])
    assert row["ci_high"] == np.inf
    assert "the median tenure is not known" in str(few.summary())


def test_the_restricted_mean_is_the_area_under_the_curve():
    table = customers(seed=4, whole=False)
    found = economics.survival("tenure", "lost", horizon=4.0, data=table)
    grid = np.linspace(0, 4, 40_001)
    area = found.at(grid[:-1])["estimate"].mean() * 4
    row = found.quantity_estimates.row("restricted_mean")
    assert row["estimate"] == pytest.approx(area, abs=1e-3)
    # Its variance by Greenwood's sum, written out.
    other = SurvfuncRight(table["tenure"], table["lost"])
    variance = 0.0
    for t, d, y in zip(other.surv_times, other.n_events, other.n_risk, strict=True):
        if t < 4 and d:
            ahead = found.at(grid[grid >= t][:-1])["estimate"].sum() * 1e-4
            variance += ahead**2 * d / (y * (y - d))
    assert row["std_error"] == pytest.approx(np.sqrt(variance), rel=2e-3)
    # In whole periods: the expected number of periods within the horizon.
    periods = customers(seed=4)
    whole = economics.survival("tenure", "lost", horizon=5, data=periods)
    expected = 1 + whole.at([1, 2, 3, 4])["estimate"].sum()
    assert whole.quantity_estimates.row("restricted_mean")["estimate"] == pytest.approx(expected)


def test_without_censoring_it_is_the_share_that_is_left():
    rng = np.random.default_rng(5)
    tenure = rng.geometric(0.3, 80)
    found = economics.survival(tenure, np.ones(80))
    table = found.survival
    left = np.array([(tenure > t).sum() for t in table["tenure"]])
    np.testing.assert_allclose(table["estimate"], left / 80, atol=EXACT)
    # Nobody is left of 80 in the end.
    assert table["ci_high"].iloc[-1] == pytest.approx(
        proportion_confint(0, 80, method="wilson")[1], abs=1e-10
    )
    mean = economics.survival(tenure, np.ones(80)).quantity_estimates.row("restricted_mean")
    assert mean["estimate"] == pytest.approx(tenure.mean())
    # The linearised variance has n in place of n - 1.
    assert mean["std_error"] == pytest.approx(tenure.std() / np.sqrt(80))


def test_retention_is_of_those_at_risk():
    table = customers(seed=6, late=True)
    found = economics.survival("tenure", "lost", entry="entry", data=table)
    for row in found.retention.itertuples():
        risk = (table["tenure"] >= row.tenure) & (table["entry"] < row.tenure)
        lost = (risk & table["lost"] & (table["tenure"] == row.tenure)).sum()
        assert (row.n_at_risk, row.n_lost) == (risk.sum(), lost)
        assert row.estimate == pytest.approx(1 - lost / risk.sum(), abs=EXACT)
        ends = proportion_confint(risk.sum() - lost, risk.sum(), method="wilson")
        assert (row.ci_low, row.ci_high) == pytest.approx(ends, abs=1e-10)
    with pytest.raises(DataError, match="no whole numbers"):
        _ = economics.survival([1.5, 2.5], [1, 0]).retention


@pytest.mark.parametrize("late", [True, False])
def test_the_log_rank_test_is_that_of_statsmodels(late):
    table = customers(seed=7, late=late)
    found = economics.survival("tenure", "lost", entry="entry", groups="group", data=table)
    entry = table["entry"].to_numpy() if late else None
    statistic, p_value = survdiff(
        table["tenure"].to_numpy(), table["lost"].to_numpy(), table["group"].to_numpy(), entry=entry
    )
    assert found.statistic == pytest.approx(statistic, rel=1e-10)
    assert found.tests["p_value"].iloc[0] == pytest.approx(p_value, rel=1e-8)
    assert found.groups == ("a", "b")
    for name, part in table.groupby("group"):
        alone = economics.survival(
            "tenure", "lost", entry="entry", data=part, horizon=found.horizon
        )
        own = found.survival[found.survival["group"] == name]
        own = own.drop(columns="group").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone.survival)
        at = found.at([2, 3])
        at = at.loc[at["group"] == name, "estimate"].tolist()
        assert at == alone.at([2, 3])["estimate"].tolist()


def test_three_groups_have_two_degrees_of_freedom():
    table = customers(seed=8)
    table["group"] = np.arange(len(table)) % 3
    found = economics.survival("tenure", "lost", groups="group", data=table)
    statistic, p_value = survdiff(
        table["tenure"].to_numpy(), table["lost"].to_numpy(), table["group"].to_numpy()
    )
    assert (found.statistic, found.df) == (pytest.approx(statistic, rel=1e-10), 2)
    assert found.p_value == pytest.approx(p_value, rel=1e-8)


def test_counts_stand_for_customers():
    table = customers(seed=9, late=True)
    counted = table.groupby(["tenure", "lost", "entry", "group"]).size().rename("n").reset_index()
    options = {"entry": "entry", "groups": "group"}
    one = economics.survival("tenure", "lost", data=table, **options)
    other = economics.survival("tenure", "lost", counts="n", data=counted, **options)
    pd.testing.assert_frame_equal(one.survival, other.survival)
    pd.testing.assert_frame_equal(one.quantities, other.quantities)
    assert one.n_obs == other.n_obs
    assert one.statistic == pytest.approx(other.statistic, rel=SAME)


def linearised(table, weights, times):
    """The variance of log S, by moving the weight of each customer a little."""
    tenure, lost, entry = (table[name].to_numpy(float) for name in ("tenure", "lost", "entry"))

    def log_survival(w):
        found = []
        for t in times:
            product = 1.0
            for u in np.unique(tenure[lost > 0]):
                if u <= t:
                    risk = (entry < u) & (tenure >= u)
                    product *= 1 - w[risk & (lost > 0) & (tenure == u)].sum() / w[risk].sum()
            found.append(np.log(product))
        return np.array(found)

    base, total = log_survival(weights), np.zeros(len(times))
    for k in range(len(table)):
        moved = weights.copy()
        moved[k] *= 1 + 1e-6
        total += ((log_survival(moved) - base) / 1e-6) ** 2
    return base, total


@pytest.mark.parametrize("late", [True, False])
def test_weighted_errors_are_linearised(late):
    table = customers(seed=10, n=60, late=late)
    rng = np.random.default_rng(1)
    weights = np.where(table["lost"], 1.0, 2.0) * rng.choice([0.5, 1.0, 3.0], len(table))
    found = economics.survival(
        "tenure", "lost", entry="entry", weights=weights, data=table, level=0.9
    )
    times = [1, 3, 5]
    base, variance = linearised(table, weights, times)
    at = found.at(times)
    np.testing.assert_allclose(at["estimate"], np.exp(base), rtol=1e-10)
    np.testing.assert_allclose(at["std_error"], np.exp(base) * np.sqrt(variance), rtol=1e-4)
    assert found.n_effective == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    doubled = economics.survival(
        "tenure", "lost", entry="entry", weights=7 * weights, data=table, level=0.9
    )
    np.testing.assert_allclose(doubled.survival["ci_low"], found.survival["ci_low"], rtol=1e-9)
    # Nearly equal weights are nearly none.
    almost = economics.survival("tenure", "lost", weights=1 + 1e-9 * weights, data=table)
    plain = economics.survival("tenure", "lost", data=table)
    np.testing.assert_allclose(almost.survival["std_error"], plain.survival["std_error"], rtol=1e-6)
    with pytest.raises(DataError, match="no test"):
        _ = found.tests


def test_where_survival_is_1_or_0_the_interval_has_a_width():
    found = economics.survival([1, 2, 3, 3], [0, 1, 1, 1]).survival
    assert found["estimate"].tolist() == pytest.approx([1, 2 / 3, 0], abs=EXACT)
    ends = proportion_confint(4, 4, method="wilson")
    assert (found["ci_low"][0], found["ci_high"][0]) == pytest.approx(ends, abs=SAME)
    assert found["ci_low"][2] == 0
    assert 0 < found["ci_high"][2] < 1
    # One of the five at the start is at risk in the end, and lost: the others may have stayed.
    few = economics.survival([1, 1, 1, 1, 2], [1, 0, 0, 0, 1]).survival
    reach = proportion_confint(0, 1, method="wilson")[1]
    assert few["ci_high"][1] == pytest.approx(0.8 * reach, abs=SAME)


def test_between_losses_the_lower_end_falls_with_those_at_risk():
    found = economics.survival([1, 1, 2, 2, 2, 3, 3, 4], [1, 1, 0, 0, 0, 0, 0, 0]).survival
    assert found["estimate"].tolist() == pytest.approx([0.75] * 4)
    s, error = 0.75, np.sqrt(0.75 * 0.25 / 8)
    for k, risk in enumerate((8, 6, 3, 1)):
        z = stats.norm.ppf(0.975) * error / (s * abs(np.log(s)))
        low = s ** np.exp(z * np.sqrt(8 / risk))
        assert found["ci_low"][k] == pytest.approx(low, abs=1e-10)
        assert found["ci_high"][k] == pytest.approx(s ** np.exp(-z), abs=1e-10)


def test_survival_beyond_what_is_known():
    found = economics.survival([1, 2, 4], [1, 1, 0])
    assert found.at([0, 0.5])["estimate"].tolist() == [1, 1]
    assert found.at(3)["estimate"].tolist() == pytest.approx([1 / 3])
    assert found.at([4, 4.01])["estimate"].isna().tolist() == [False, True]
    gone = economics.survival([1, 2], [1, 1])
    assert gone.at(99)["estimate"].tolist() == [0]
    assert economics.survival([1, 2], [1, 1], horizon=50).horizon == 50
    # Nobody is lost, and nobody is known to be lost later either.
    still = economics.survival([1.5, 2.5], [0, 0])
    assert still.at(2)["estimate"].tolist() == [1]
    assert pickle.loads(pickle.dumps(found)).survival.equals(found.survival)


BAD_SURVIVAL = [
    ({"tenure": [-1, 2, 3, 4]}, DataError, "0 or more"),
    ({"tenure": [0, 2, 3, 4]}, DataError, "not after being won"),
    ({"entry": [2, 0, 0, 0]}, DataError, "before the entry at 2"),
    ({"entry": [1, 0, 0, 0]}, DataError, "not after the entry at 1"),
    ({"lost": [0, 0, 0.5, 1]}, DataError, "must be 1"),
    ({"lost": [0, 0, 2, 1]}, DataError, "between 0 and 1"),
    ({"counts": [1, 1, -1, 1]}, DataError, "0 or more"),
    ({"counts": [1, 1, 1.5, 1]}, DataError, "no whole number"),
    ({"counts": [0, 0, 0, 0]}, DataError, "all counts are 0"),
    ({"counts": [1] * 4, "weights": [1] * 4}, OptionError, "one of the two"),
    ({"tenure": [0, 0, 0, 0], "lost": [0] * 4}, DataError, "nobody is seen"),
    ({"groups": ["a", "a", "a", "b"], "weights": [1, 1, 1, 0]}, DataError, "no customer with"),
    ({"horizon": 9}, OptionError, "lies beyond 4"),
    ({"horizon": 0}, OptionError, "above 0"),
    (
        {"tenure": [1, 2, 3, 4], "entry": [0, 1, 2, 3], "lost": [1, 0, 0, 1]},
        NotIdentifiedError,
        "at tenure 1 nobody is left",
    ),
    (
        {"tenure": [1, 1, 3, 4], "entry": [0, 0, 2, 2], "lost": [1, 0, 0, 1]},
        NotIdentifiedError,
        "at tenure 2 nobody is left",
    ),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_SURVIVAL)
def test_survival_that_is_refused(options, kind, message):
    given = {"tenure": [1, 2, 3, 4], "lost": [1, 0, 1, 0], **options}
    with pytest.raises(kind, match=message):
        economics.survival(given.pop("tenure"), given.pop("lost"), **given)


# Drivers


def driven(seed=1, n=200, *, whole=True, late=False):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"satisfaction": rng.integers(1, 11, n), "tied": rng.random(n) < 0.4})
    rate = 0.3 * np.exp(-0.15 * (table["satisfaction"] - 5) - 0.7 * table["tied"])
    stays = rng.geometric(rate) if whole else rng.exponential(1 / rate)
    known = rng.integers(2, 12, n) if whole else rng.uniform(1, 12, n)
    table["tenure"] = np.minimum(stays, known)
    table["lost"] = stays <= known
    table["entry"] = np.minimum(rng.integers(0, 3, n) if late else 0, table["tenure"] - 1).clip(0)
    table["place"] = rng.choice(["x", "y", "z"], n)
    table["branch"] = rng.integers(0, 30, n)
    return table


DRIVERS = ["satisfaction", "tied"]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(("late", "strata"), [(False, None), (True, None), (True, "place")])
def test_hazard_ratios_are_those_of_statsmodels(ties, late, strata):
    table = driven(late=late)
    found = economics.cox_regression(
        DRIVERS, "tenure", "lost", entry="entry", strata=strata, ties=ties, data=table
    )
    # There who enters at a tenure is at risk at it.
    entry = np.nextafter(table["entry"].to_numpy(float), np.inf) if late else None
    other = PHReg(
        table["tenure"].to_numpy(float),
        table[DRIVERS].to_numpy(float),
        table["lost"].to_numpy(int),
        entry=entry,
        strata=None if strata is None else table[strata].to_numpy(),
        ties=ties,
    ).fit()
    np.testing.assert_allclose(found.estimates.estimate, other.params, atol=1e-8)
    np.testing.assert_allclose(found.estimates.covariance, other.cov_params(), atol=1e-9)
    np.testing.assert_allclose(found.hazard_ratios["p_value"], other.pvalues, atol=1e-8)
    assert found.log_likelihood == pytest.approx(other.llf, rel=1e-10)
    none = other.model.loglike(np.zeros(2))
    assert found.statistic == pytest.approx(2 * (other.llf - none), rel=1e-8)


def test_errors_by_clusters_are_those_of_statsmodels():
    table = driven(seed=2)
    found = economics.cox_regression(DRIVERS, "tenure", "lost", clusters="branch", data=table)
    other = PHReg(
        table["tenure"].to_numpy(float),
        table[DRIVERS].to_numpy(float),
        table["lost"].to_numpy(int),
        ties="efron",
    ).fit(groups=table["branch"].to_numpy())
    np.testing.assert_allclose(found.estimates.std_error, other.bse, rtol=1e-6)
    reach = stats.t.ppf(0.975, 29) * found.estimates.std_error
    np.testing.assert_allclose(found.estimates.ci_high - found.estimates.estimate, reach)
    assert "by clusters" in str(found.summary())


def breslow_by_hand(b, table, trend=None):
    """The log-likelihood of Breslow, loss by loss; a coefficient may go with the rank of tenure."""
    x = table[DRIVERS].to_numpy(float)
    rank = stats.rankdata(table["tenure"][table["lost"]]) / table["lost"].sum()
    places = rank - rank.mean()
    total = 0.0
    for k, row in enumerate(table[table["lost"]].itertuples()):
        own = np.asarray(b) if trend is None else np.asarray(b) + places[k] * np.asarray(trend)
        eta = x @ own
        risk = (table["tenure"] >= row.tenure).to_numpy()
        total += eta[row.Index] - np.log(np.exp(eta[risk]).sum())
    return total


def test_the_trend_is_the_score_test_of_an_interaction():
    table = driven(seed=3, n=120)
    found = economics.cox_regression(DRIVERS, "tenure", "lost", ties="breslow", data=table)
    b = found.estimates.estimate
    at = np.array([*b, 0.0, 0.0])
    step = 1e-4

    def f(v):
        return breslow_by_hand(v[:2], table, v[2:])

    unit = np.eye(4) * step
    score = np.array([(f(at + e) - f(at - e)) / (2 * step) for e in unit])
    assert np.abs(score[:2]).max() < 1e-4
    curve = np.array(
        [[-(f(at + a + c) - f(at + a - c) - f(at - a + c) + f(at - a - c)) for c in unit]
         for a in unit]
    ) / (4 * step**2)  # fmt: skip
    left = curve[2:, 2:] - curve[2:, :2] @ np.linalg.solve(curve[:2, :2], curve[:2, 2:])
    table_found = found.proportionality
    expected = score[2:] ** 2 / np.diag(left)
    np.testing.assert_allclose(table_found["statistic"][:2], expected, rtol=2e-3)
    together = score[2:] @ np.linalg.solve(left, score[2:])
    assert table_found["statistic"][2] == pytest.approx(together, rel=2e-3)
    assert table_found["p_value"][2] == pytest.approx(stats.chi2.sf(together, 2), rel=1e-2)


def test_hazards_that_are_not_proportional_are_seen():
    rng = np.random.default_rng(4)
    x = np.repeat([0, 1], 400)
    # With 1 customers leave soon or late, with 0 in between.
    stays = np.where(x == 1, rng.weibull(0.6, 800), rng.weibull(2.0, 800)) * 5
    found = economics.cox_regression({"x": x}, stays.clip(max=10), stays < 10)
    assert found.proportionality["p_value"].max() < 1e-6
    assert found.proportionality["slope"][0] < 0
    assert "The ratio of x changes with tenure" in str(found.summary())
    fine = economics.cox_regression({"x": x}, rng.exponential(5, 800), np.ones(800))
    assert fine.proportionality["p_value"].min() > 0.01


def test_predicted_survival_is_breslows():
    table = driven(seed=5, whole=False)
    found = economics.cox_regression(DRIVERS, "tenure", "lost", data=table)
    b = found.estimates.estimate
    hazard = 0.0
    risk_of = np.exp(table[DRIVERS].to_numpy(float) @ b)
    t = table["tenure"].to_numpy()
    for u in np.sort(t[table["lost"] & (t <= 4)]):
        hazard += 1 / risk_of[t >= u].sum()
    predicted = found.survival({"satisfaction": [3, 9], "tied": 1}, at=4)
    expected = np.exp(-hazard * np.exp(np.array([[3, 1], [9, 1]]) @ b))
    np.testing.assert_allclose(predicted["estimate"], expected, rtol=1e-9)
    ours = PHReg(t, table[DRIVERS].to_numpy(float), table["lost"].to_numpy(int)).fit()
    assert ours.params == pytest.approx(b, abs=1e-8)
    named = found.survival(
        {"satisfaction": pd.Series([3, 9], index=["Li", "Wang"]), "tied": 1}, at=[0, 4, 99]
    )
    assert named["customer"].tolist() == ["Li"] * 3 + ["Wang"] * 3
    assert named["estimate"].isna().tolist() == [False, False, True] * 2
    assert named["estimate"][0] == 1


def test_the_interval_of_predicted_survival_by_the_delta_method():
    table = driven(seed=6, n=80, whole=False)
    found = economics.cox_regression(DRIVERS, "tenure", "lost", data=table)
    b, t, x = found.estimates.estimate, table["tenure"].to_numpy(), table[DRIVERS].to_numpy(float)
    own = np.array([7.0, 0.0])

    def log_hazard(coefficients):
        of = np.exp((x - own) @ coefficients)
        return np.log(sum(1 / of[t >= u].sum() for u in t[table["lost"] & (t <= 3)]))

    slope = np.array([(log_hazard(b + e) - log_hazard(b - e)) / 2e-6 for e in 1e-6 * np.eye(2)])
    of = np.exp((x - own) @ b)
    parts = np.array([1 / of[t >= u].sum() for u in t[table["lost"] & (t <= 3)]])
    error = np.sqrt(
        (parts**2).sum() / parts.sum() ** 2 + slope @ found.estimates.covariance @ slope
    )
    row = found.survival({"satisfaction": 7, "tied": 0}, at=3).iloc[0]
    for end, sign in ((row["ci_low"], 1), (row["ci_high"], -1)):
        reach = np.exp(sign * stats.norm.ppf(0.975) * error)
        assert end == pytest.approx(np.exp(-parts.sum() * reach), rel=1e-6)


def test_strata_have_hazards_of_their_own():
    table = driven(seed=7, n=300)
    found = economics.cox_regression(["satisfaction"], "tenure", "lost", strata="place", data=table)
    rows = [found.survival({"satisfaction": 5}, at=3, stratum=s)["estimate"].iloc[0] for s in "xyz"]
    assert len(set(rows)) == 3
    for options, message in (({}, "stratum= must be one of"), ({"stratum": "w"}, "none of x")):
        with pytest.raises(OptionError, match=message):
            found.survival({"satisfaction": 5}, at=3, **options)
    assert pickle.loads(pickle.dumps(found)).strata == ("x", "y", "z")


def test_few_losses_are_warned_of():
    table = driven(seed=8, n=400)
    few = table[table["lost"].cumsum() <= 14]
    with pytest.warns(SmallSampleWarning, match="14 customers lost for 2 drivers"):
        economics.cox_regression(DRIVERS, "tenure", "lost", data=few)
    fewer = table[table["lost"].cumsum() <= 9]
    with pytest.raises(NotIdentifiedError, match="at least 5 a driver"):
        economics.cox_regression(DRIVERS, "tenure", "lost", data=fewer)


def separated():
    """Only those with 1 are lost, among others that say nothing."""
    table = driven(seed=9)
    table["only"] = table["lost"].astype(int)
    table["order"] = -table["tenure"].astype(float)
    table["twice"] = 2.0 * table["satisfaction"] + 1
    table["sum"] = table["satisfaction"] + 5.0 * table["only"]
    return table


BAD_COX = [
    ({"drivers": ["satisfaction", "only"]}, NotIdentifiedError, "'only' tell without an exc"),
    ({"drivers": ["satisfaction", "order"]}, NotIdentifiedError, "'order' tell without an exc"),
    ({"drivers": ["satisfaction", "sum"]}, NotIdentifiedError, "tell without an exception"),
    ({"drivers": ["satisfaction", "twice"]}, NotIdentifiedError, "determine each other"),
    ({"drivers": ["satisfaction", "tenure"]}, DataError, "name of another"),
    ({"entry": "tenure"}, DataError, "not after the entry"),
    ({"ties": "exact"}, OptionError, "not an option"),
    ({"clusters": np.zeros(200)}, DataError, "one cluster"),
    ({"drivers": {"one": np.ones(200)}}, DataError, "same for all"),
    ({"lost": np.full(200, 0.5)}, DataError, "must be 1"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_COX)
def test_regressions_that_are_refused(options, kind, message):
    given = {"drivers": DRIVERS, "tenure": "tenure", "lost": "lost", "data": separated(), **options}
    with pytest.raises(kind, match=message):
        economics.cox_regression(
            given.pop("drivers"), given.pop("tenure"), given.pop("lost"), **given
        )


def test_large_ratios_that_exist_are_not_refused():
    rng = np.random.default_rng(10)
    x = rng.normal(size=400)
    stays = rng.exponential(np.exp(-2.5 * x))
    found = economics.cox_regression({"x": x}, stays, np.ones(400))
    best = optimize.minimize_scalar(
        lambda b: (
            -sum(
                b * xi - np.log(np.exp(b * x[stays >= ti]).sum())
                for xi, ti in zip(x, stays, strict=True)
            )
        ),
        bounds=(1, 4),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert found.estimates.estimate[0] == pytest.approx(best.x, abs=1e-5)


def test_units_of_drivers_do_not_matter():
    table = driven(seed=11)
    one = economics.cox_regression(DRIVERS, "tenure", "lost", data=table)
    scaled = table.assign(satisfaction=1e6 * table["satisfaction"] + 1e8)
    other = economics.cox_regression(DRIVERS, "tenure", "lost", data=scaled)
    assert other.estimates.estimate[0] * 1e6 == pytest.approx(one.estimates.estimate[0], rel=1e-6)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8)
    assert other.trends[0, 1] == pytest.approx(one.trends[0, 1], rel=1e-6)


def test_what_is_not_one_period_or_no_variable_is_refused():
    with pytest.raises(OptionError, match="must be one period"):
        economics.tenures(["a", "a"], [1, 2], rows_end="lost", until=[2])
    with pytest.raises(DataError, match="tenure"):
        economics.survival(None, [1, 0])
