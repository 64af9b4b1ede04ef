"""From a driver to money: by hand, by simulation, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import chain, economics, jones_sasser, structural
from loyaltymodel._core import resampling
from loyaltymodel.chain.scenarios import kernels
from loyaltymodel.chain.scenarios.evaluation import draw_rows, seed_of
from loyaltymodel.chain.scenarios.joint import read_rows
from loyaltymodel.chain.scenarios.uncertainty import within
from loyaltymodel.errors import DataError, ModelError, OptionError

from tolerances import EXACT, SAME

RNG = np.random.default_rng(11)
CURVE = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})
PEOPLE = {"satisfaction": RNG.uniform(0, 1, 200), "constraint": RNG.choice([0.0, 0.3], 200)}


def money(**changes):
    usual = {
        "margin": 100.0, "per": "year", "discount": 0.1, "timing": "now", "horizon": None,
        "customers": 1000.0,
    }  # fmt: skip
    return chain.CustomerEconomics(**{**usual, **changes})


def plan(economics=None, **changes):
    usual = {
        "change": 5.0, "impact": 0.6, "curve": CURVE, "observed_per": "year",
        "economics": economics or money(), **PEOPLE,
    }  # fmt: skip
    return chain.scenario("quality", "satisfaction", **{**usual, **changes})


def asked(scenario, **options):
    return chain.what_if(scenario, **options).quantities.set_index("quantity")["estimate"]


def records(**changes):
    """A scenario of one kind of customers whose retention goes from .75 to .80."""
    own = {
        "change": 5.0, "impact": 1.0, "retention": 0.75, "retention_slope": 0.01,
        "economics": money(discount=0.25), "observed_per": "year",
    }  # fmt: skip
    return chain.scenario("quality", "satisfaction", **{**own, **changes})


@pytest.fixture(scope="module")
def survey():
    """Customers with items of quality and satisfaction, an industry, and who stayed."""
    rng = np.random.default_rng(3)
    n = 600
    quality = rng.normal(size=n)
    felt = 0.7 * quality + np.sqrt(1 - 0.49) * rng.normal(size=n)
    table = pd.DataFrame()
    for name, factor in (("q", quality), ("s", felt)):
        for k in range(3):
            score = 0.85 * factor + np.sqrt(1 - 0.85**2) * rng.normal(size=n)
            table[f"{name}{k}"] = np.rint(7 + 1.8 * score).clip(1, 10)
    table["industry"] = np.where(np.arange(n) % 2, "free", "held")
    table["satisfaction"] = table[["s0", "s1", "s2"]].mean(axis=1)
    share = ((7 + 1.8 * 0.85 * felt - 1) / 9).clip(0, 1)
    held = np.where(np.arange(n) % 2, 0.0, 0.4)
    table["stayed"] = (rng.random(n) < held + (1 - held) * 0.95 * share**3).astype(int)
    return table


@pytest.fixture(scope="module")
def links(survey):
    """Both links of the survey."""
    model = structural.StructuralModel.from_text("q =~ q0 + q1 + q2; s =~ s0 + s1 + s2; s ~ q")
    fit = structural.fit(model, survey, scale=(1, 10), consistent=True)
    curve = jones_sasser.fit(
        "satisfaction", "stayed", data=survey, constraint_by="industry", scale=(1, 10)
    )
    return fit, curve


def from_links(links, survey=None, **changes):
    fit, curve = links
    together = {}
    if survey is not None:
        together = {
            "data": survey, "satisfaction": "satisfaction", "loyalty": "stayed",
            "constraint_by": "industry",
        }  # fmt: skip
    own = {
        "change": 5.0, "impact": fit, "curve": curve, "economics": money(horizon=5),
        "observed_per": "year", "n_resamples": 60, "rng": 1, **together,
    }  # fmt: skip
    return chain.scenario("q", "s", **{**own, **changes})


class TestByHand:
    @pytest.mark.parametrize("horizon", [None, 4])
    @pytest.mark.parametrize("timing", ["now", "after_renewal"])
    @pytest.mark.parametrize("growth", [0.0, 0.05])
    def test_without_uncertainty_it_is_the_product_of_the_theories(self, horizon, timing, growth):
        terms = money(horizon=horizon, timing=timing, growth=growth, acquisition_cost=30)
        found = asked(plan(terms))
        s, c = PEOPLE["satisfaction"], PEOPLE["constraint"]
        moved = np.minimum(s + 0.6 * 5 / 100, 1)
        values = []
        for at in (s, moved):
            stays = CURVE.loyalty(at, constraint=c)
            values.append(
                economics.customer_value(
                    100, retention=stays, discount=0.1, growth=growth, acquisition_cost=30,
                    timing=timing, per="year", horizon=horizon,
                ).mean()
            )  # fmt: skip
            name = "retention_before" if at is s else "retention_after"
            assert found[name] == pytest.approx(stays.mean(), abs=EXACT)
        assert found["value_before"] == pytest.approx(values[0], rel=SAME)
        assert found["value_after"] == pytest.approx(values[1], rel=SAME)
        assert found["equity_change"] == pytest.approx(1000 * (values[1] - values[0]), rel=SAME)
        assert found["index_change"] == pytest.approx(100 * (moved - s).mean(), abs=SAME)
        assert found["share_capped"] == pytest.approx((s + 0.03 > 1).mean(), abs=EXACT)

    def test_of_a_fit_it_is_what_the_fit_answers(self, links):
        fit, curve = links
        found = asked(from_links(links, n_resamples=0))
        row = fit.impacts.query("source == 'q'")["estimate"].item()
        seen = curve.sample.observations
        s, people = seen.satisfaction, np.bincount(seen.cell, weights=seen.count)
        c = curve.values[3:][seen.group]
        stays = curve.curve.loyalty(np.minimum(s + row * 0.05, 1), constraint=c)
        mean = np.average(stays, weights=people)
        assert found["retention_after"] == pytest.approx(mean, abs=EXACT)

    def test_true_scores_are_spread_by_their_posterior(self, survey, links):
        fit, _ = links
        curve = jones_sasser.fit(
            "satisfaction", "stayed", data=survey, constraint_by="industry", scale=(1, 10),
            reliability=0.85, true_scores="normal",
        )  # fmt: skip
        found = asked(from_links((fit, curve), n_resamples=0))
        seen = curve.sample.observations
        law = seen.law("normal", 0.85)
        posterior = law.posterior()[0][law.answers.place(seen.satisfaction)]
        people = np.bincount(seen.cell, weights=seen.count)
        c = curve.values[3:][seen.group][:, None]
        plan = from_links((fit, curve), n_resamples=0)
        masses = plan.model_copy(update={"true_scores": "masses"})
        assert "beyond the top" not in chain.what_if(plan).reading()
        assert "beyond the top" in chain.what_if(masses).reading()
        own = c + (1 - c) * curve.curve.true_loyalty(law.satisfaction)
        by_hand = people @ (posterior * own).sum(axis=1) / people.sum()
        assert found["retention_before"] == pytest.approx(by_hand, abs=SAME)

    def test_records_and_their_slope(self):
        found = asked(records(cost=20_000))
        assert found["retention_after"] == pytest.approx(0.8, abs=EXACT)
        assert found["net_present_value"] == pytest.approx(125e3 / 0.45 - 125e3 / 0.5 - 2e4)
        assert found["return_on_quality"] == pytest.approx(found["net_present_value"] / 2e4)

    @pytest.mark.parametrize(
        ("cost", "running", "each"), [(9_000, 0, 0), (1_000, 1500, 0), (3_000, 0, 2.0)]
    )
    @pytest.mark.parametrize("lasts", [None, 3])
    def test_costs_gains_and_payback_period_by_period(self, cost, running, each, lasts):
        horizon, d, g, referral = 8, 0.25, 0.03, 4.0
        terms = money(discount=d, growth=g, horizon=horizon, referral_value=referral)
        found = asked(
            records(
                economics=terms, cost=cost, cost_per_period=running, cost_per_customer=each,
                lasts=lasts,
            )
        )  # fmt: skip
        old = new = 1.0
        gain, spent, back = 0.0, 0.0, np.inf
        paid = horizon if lasts is None else lasts
        for t in range(horizon + 1):
            if t:
                old *= 0.75
                new *= 0.80 if lasts is None or t <= lasts else 0.75
            now = (1 + d) ** -t
            gain += 1000 * (100 * (1 + g) ** t + referral) * (new - old) * now
            spent += cost * (t == 0) + (t < paid) * now * (running + each * 1000 * new)
            if gain >= spent and back == np.inf:
                back = t
        assert found["gain"] == pytest.approx(gain, rel=SAME)
        assert found["cost"] == pytest.approx(spent, rel=SAME)
        assert found["payback"] == back

    def test_a_measure_that_lasts_ends_without_end(self):
        found = asked(records(lasts=2))
        by_hand = sum((0.8**t - 0.75**t) / 1.25**t for t in (1, 2))
        by_hand += (0.8**2 - 0.75**2) * sum(0.75**j / 1.25 ** (2 + j) for j in range(1, 400))
        assert found["gain"] == pytest.approx(1e5 * by_hand, rel=SAME)

    def test_parts_add_up(self):
        terms = money(growth=0.04, referral_value=3, horizon=9)
        found = chain.what_if(plan(terms, cost=500, cost_per_period=20))
        total = found.parts["estimate"].sum()
        assert total == pytest.approx(found.estimate, rel=SAME)
        still = asked(plan(money(horizon=9)))["gain"]
        first = found.parts.set_index("component")["estimate"]["retention"]
        assert first == pytest.approx(still, rel=SAME)

    def test_nothing_changed_is_nothing_gained(self):
        found = asked(plan(change=0.0))
        assert found["gain"] == found["share_capped"] == found["payback"] == 0

    def test_never_paid_back(self):
        assert asked(records(cost=1e9))["payback"] == np.inf


class TestJensen:
    def test_convex_value_lies_above_that_of_the_mean_customer(self):
        s = np.linspace(0.2, 0.9, 50)
        whole = asked(plan(satisfaction=s, constraint=None))
        mean = asked(plan(satisfaction=[s.mean()], constraint=None))
        assert whole["retention_before"] > mean["retention_before"] + 0.01
        assert whole["value_before"] > mean["value_before"] + 1

    def test_concave_loyalty_lies_below(self):
        bent = jones_sasser.curve("power", {"hi": 0.95, "k": 0.4})
        s = np.linspace(0.2, 0.9, 50)
        whole = asked(plan(satisfaction=s, constraint=None, curve=bent))
        mean = asked(plan(satisfaction=[s.mean()], constraint=None, curve=bent))
        assert whole["retention_before"] < mean["retention_before"] - 0.005


class TestDraws:
    def test_a_linear_link_has_the_spread_of_its_draws(self):
        drawn = RNG.normal(1, 0.1, 4000)
        found = chain.what_if(records(draws={"impact": drawn}), n_resamples=4000, rng=1)
        row = found.estimates.row(("index_change", "points"))
        assert row["std_error"] == pytest.approx(5 * drawn.std(ddof=1), rel=SAME)
        middle = found.quantities.set_index("quantity").loc["index_change", "median"]
        assert middle == pytest.approx(5 * np.median(drawn), rel=SAME)

    def test_what_is_drawn_together_meets_row_by_row(self):
        impact = RNG.normal(1, 0.1, 999)
        slope = 0.01 / impact  # their product does not vary
        draws = {"impact": impact, "retention_slope": slope}
        pair = (("impact", "retention_slope"),)
        joint = chain.what_if(records(draws=draws, joint=pair), n_resamples=999, rng=1)
        apart = chain.what_if(records(draws=draws), n_resamples=999, rng=1)
        spread = [f.estimates.row(("gain", "money"))["std_error"] for f in (joint, apart)]
        assert spread[0] < 1e-6 < spread[1]
        assert "independently" in apart.reading()
        assert "together" in joint.reading()

    def test_both_links_of_one_survey_are_resampled_together(self, survey, links):
        own = from_links(links, survey)
        assert own.sources == (("impact", "curve", "constraint", "people"),)
        # Each row by itself: fitted again to the customers that the counts say.
        rows = read_rows(
            *links, survey, satisfaction="satisfaction", loyalty="stayed",
            constraint_by="industry", constraint=None, weights=None,
        )  # fmt: skip
        counts = next(resampling.draw_counts(rows.units, 60, np.random.default_rng(1), size=60))
        again = survey.iloc[np.repeat(np.arange(len(survey)), counts[7])].reset_index(drop=True)
        fit = structural.fit(links[0].model, again, scale=(1, 10), consistent=True)
        curve = jones_sasser.fit(
            "satisfaction", "stayed", data=again, constraint_by="industry", scale=(1, 10)
        )
        assert own.draws["impact"][7] == pytest.approx(fit.impacts["estimate"].item(), rel=1e-8)
        assert own.draws["curve"][7] == pytest.approx(curve.values[:3], abs=1e-6)
        assert own.draws["constraint"][7] == pytest.approx(curve.values[3:], abs=1e-6)
        assert own.draws["people"].sum(axis=1) == pytest.approx(np.full(60, len(survey)))

    def test_a_survey_in_another_order_draws_other_customers_of_the_same_law(self, survey, links):
        one = from_links(links, survey)
        other = from_links(links, survey.iloc[::-1])
        assert one.draws["impact"].std() == pytest.approx(other.draws["impact"].std(), rel=0.5)

    def test_draws_stay_within_bounds_and_take_the_others_along(self):
        covariance = np.array([[0.04, 0.018], [0.018, 0.09]])
        drawn = RNG.multivariate_normal([0.95, 3.0], covariance, 5000)
        found = within(drawn, covariance, np.array([0.0, 0.05]), np.array([1.0, 50.0]))
        assert found[:, 0].max() == 1
        over = drawn[:, 0] > 1
        moved = (found - drawn)[over]
        assert moved[:, 1] == pytest.approx(moved[:, 0] * 0.018 / 0.04, abs=EXACT)
        assert np.array_equal(found[~over], drawn[~over])

    def test_curve_draws_have_the_spread_of_its_errors(self, links):
        _, curve = links
        own = from_links(links, people="all", n_resamples=4000)
        error = np.sqrt(np.diag(curve.uncertainty.covariance))
        assert "people" not in own.draws
        # Of a parameter on its bound draws lie on one side: mean squares are those of the errors.
        apart = own.draws["curve"][:, 2] - curve.values[2]
        assert np.sqrt((apart**2).mean()) == pytest.approx(error[2], rel=0.1)

    def test_same_seed_same_numbers(self, survey, links):
        first, second = (
            chain.what_if(from_links(links, survey), n_resamples=60, rng=2, level=0.9)
            for _ in range(2)
        )
        assert str(first.summary()) == str(second.summary())
        np.testing.assert_array_equal(first.estimates.replicates, second.estimates.replicates)

    def test_slices_change_nothing(self, monkeypatch, survey, links):
        own = from_links(links, survey, cost=2_000)
        whole = chain.what_if(own, n_resamples=60, rng=2, level=0.9).estimates.replicates
        monkeypatch.setattr(kernels, "_NUMBERS", 400)
        sliced = chain.what_if(own, n_resamples=60, rng=2, level=0.9).estimates.replicates
        np.testing.assert_allclose(sliced, whole, rtol=SAME)

    def test_row_by_row_it_is_the_scenario_of_each_row(self, survey, links):
        own = from_links(links, survey, cost=2_000)
        found = chain.what_if(own, n_resamples=60, rng=2, level=0.9).estimates.replicates
        rows = next(iter(draw_rows(own, 60, seed_of(2)).values()))[1:]
        assert sorted(rows) == list(range(60))
        for k in (0, 31):
            row = rows[k]
            alone = own.model_copy(
                update={
                    "draws": {}, "joint": (), "impact": own.draws["impact"][row],
                    "parameters": own.draws["curve"][row],
                    "constraint": own.draws["constraint"][row],
                    "people": own.draws["people"][row],
                }
            )  # fmt: skip
            np.testing.assert_allclose(found[k], asked(alone).to_numpy(), rtol=SAME)

    def test_share_of_draws_that_pay(self):
        drawn = np.concatenate([np.full(30, 0.0), np.full(69, 2.0)])
        found = chain.what_if(records(draws={"impact": drawn}, cost=10), n_resamples=99, rng=1)
        assert found.paying_share == pytest.approx(69 / 99)
        back = found.estimates.row(("payback", "periods"))
        assert back["ci_high"] == np.inf

    def test_few_draws_are_all_taken_and_too_few_refused(self):
        drawn = RNG.normal(1, 0.1, 100)
        found = chain.what_if(records(draws={"impact": drawn}), n_resamples=400, rng=1)
        place = kernels.QUANTITIES.index("index_change")
        values = np.sort(found.estimates.replicates[:, place])
        np.testing.assert_allclose(values, np.sort(np.repeat(5 * drawn, 4)), rtol=EXACT)
        with pytest.raises(OptionError, match="10 draws cannot show"):
            chain.what_if(records(draws={"impact": drawn[:10]}))


class TestVarianceShares:
    def test_a_sum_of_independent_inputs(self):
        # gain = 1250 * (margin * change in value): a product that is nearly linear here.
        draws = {
            "impact": RNG.normal(1, 0.01, 4000), "margin": RNG.normal(100, 3, 4000),
        }  # fmt: skip
        terms = money(discount=0.25, horizon=1)
        found = chain.what_if(records(economics=terms, draws=draws), rng=1).variance_shares(rng=1)
        shares = found.set_index("input")
        expected = {"impact": 0.1, "margin": 0.9}
        for name, share in expected.items():
            for column in ("first_order", "total", "covariance_share"):
                assert shares.loc[name, column] == pytest.approx(share, abs=0.05)

    def test_a_product_of_two_without_means_has_no_first_order(self):
        draws = {"impact": RNG.normal(0, 1, 4000), "retention_slope": RNG.normal(0, 1e-3, 4000)}
        own = records(draws=draws, economics=money(discount=0.25, horizon=1))
        found = chain.what_if(own, rng=1).variance_shares("retention_change", rng=1)
        assert found["first_order"].abs().max() < 0.15
        assert found["total"].min() > 0.8

    def test_one_source_is_all(self, survey, links):
        found = chain.what_if(from_links(links, survey), n_resamples=60, rng=1, level=0.9)
        shares = found.variance_shares(n_resamples=200, rng=1)
        assert (shares["first_order"] == 1).all()
        assert shares["covariance_share"].sum() == pytest.approx(1, abs=0.15)


class TestRequiredChange:
    def test_it_is_the_change_that_brings_the_money(self):
        own = plan(cost=3_000)
        need = chain.required_change(own, 1_000.0)["estimate"].item()
        assert asked(own.model_copy(update={"change": need}))["net_present_value"] == (
            pytest.approx(1_000, rel=1e-6)
        )

    def test_of_each_draw(self):
        drawn = np.array([0.5, 1.0, 2.0] * 33)
        own = records(draws={"impact": drawn}, cost=20_000)
        found = chain.required_change(own, n_resamples=99, rng=1)
        base = chain.required_change(records(cost=20_000))["estimate"].item()
        assert found["ci_low"].item() == pytest.approx(base / 2, rel=1e-6)
        assert found["ci_high"].item() == pytest.approx(base * 2, rel=1e-6)

    def test_beyond_the_scale_it_is_infinite(self):
        found = chain.required_change(plan(cost=1e9))
        assert found["estimate"].item() == np.inf


class TestCompare:
    def test_shared_draws_are_taken_together(self):
        own = records(draws={"impact": RNG.normal(1, 0.2, 500)}, cost=100)
        more = own.model_copy(update={"cost": 600})
        found = chain.compare_scenarios({"a": own, "b": more}, n_resamples=400, rng=1)
        gap = found.estimates.difference(("a", "net_present_value"), ("b", "net_present_value"))
        assert gap["estimate"] == pytest.approx(500)
        assert gap["std_error"] < 1e-6
        assert found.first_shares["estimate"].tolist() == [1.0, 0.0]

    def test_drivers_of_one_survey_share_its_resamples(self, survey, links):
        one = from_links(links, survey)
        other = one.model_copy(
            update={"impact": 0.1, "draws": {**one.draws, "impact": np.full(60, 0.1)}}
        )
        found = chain.compare_scenarios({"a": one, "b": other}, n_resamples=60, rng=1, level=0.9)
        drawn = found.estimates.replicates.reshape(60, 2, -1)
        place = kernels.QUANTITIES.index("retention_before")
        assert np.array_equal(drawn[:, 0, place], drawn[:, 1, place])

    def test_the_order_of_scenarios_is_of_no_matter(self):
        own = records(draws={"impact": RNG.normal(1, 0.2, 500)}, cost=100)
        more = records(draws={"impact": RNG.normal(1, 0.3, 500)}, cost=100)
        gaps = [
            chain.compare_scenarios(dict(order), n_resamples=400, rng=1).estimates.difference(
                ("a", "gain"), ("b", "gain")
            )
            for order in ((("a", own), ("b", more)), (("b", more), ("a", own)))
        ]
        assert gaps[0]["std_error"] == pytest.approx(gaps[1]["std_error"], rel=SAME)

    def test_other_terms_are_refused(self):
        with pytest.raises(OptionError, match="timing"):
            chain.compare_scenarios(
                {"a": records(), "b": records(economics=money(timing="after_renewal"))}
            )


class TestFixFirst:
    def test_per_point_and_per_cost_by_hand(self):
        plans = {
            "small": records(change=1.0, cost=4_000),
            "large": records(change=5.0, cost=40_000),
        }
        gains = {name: asked(plan)["gain"] for name, plan in plans.items()}
        point = chain.fix_first(plans, per="point").set_index("scenario")["estimate"]
        assert point["small"] == pytest.approx(gains["small"] / 1)
        assert point["large"] == pytest.approx(gains["large"] / 5)
        cost = chain.fix_first(plans, per="cost")
        assert cost["scenario"].tolist() == ["small", "large"]
        assert cost["estimate"][1] == pytest.approx(gains["large"] / 40_000 - 1)

    def test_ranks_hold_together_near_ties(self):
        # Percentiles of resampled ranks fail here: three are alike, and one is apart.
        rng = np.random.default_rng(4)
        truth, error = np.array([1.0, 1.0, 1.0, -9.0]), np.array([0.5, 1.0, 0.7, 1.0])
        held = 0
        for _ in range(400):
            found = truth + error * rng.standard_normal(4)
            drawn = found + error * rng.standard_normal((400, 4))
            _, best, worst = kernels.rank_ends(found, drawn, level=0.95)
            # The three share ranks 1 to 3, each of which any of them may have.
            held += (best[:3] == 1).all() and (worst[:3] == 3).all() and best[3] == worst[3] == 4
        assert held >= 370

    def test_what_does_not_vary_is_ranked_for_sure(self):
        values = np.array([1.0, 2.0, 2.0])
        rank, best, worst = kernels.rank_ends(values, np.tile(values, (50, 1)), level=0.95)
        assert rank.tolist() == [3, 1, 1]
        assert best.tolist() == [3, 1, 1]
        assert worst.tolist() == [3, 2, 2]

    def test_without_cost_nothing_is_per_cost(self):
        with pytest.raises(OptionError, match="costs nothing"):
            chain.fix_first({"a": records(), "b": records(cost=1)}, per="cost")


class TestJSON:
    def test_round_trip(self, survey, links):
        own = from_links(links, survey)
        again = chain.Scenario.from_json(own.to_json())
        assert again == own
        assert again.draws["people"].dtype == np.float64
        first, second = (
            chain.what_if(p, n_resamples=60, rng=1, level=0.9).estimates.replicates
            for p in (own, again)
        )
        np.testing.assert_array_equal(first, second)

    def test_another_draw_is_another_scenario(self):
        draws = np.arange(10.0)
        one = records(draws={"impact": draws})
        assert one != records(draws={"impact": draws + 1})
        assert one == records(draws={"impact": draws})
        assert json.loads(one.to_json())["draws"]["impact"] == draws.tolist()

    def test_nothing_can_be_changed(self):
        own = records(draws={"impact": np.arange(10.0)})
        with pytest.raises(ModelError):
            own.change = 3.0
        with pytest.raises(TypeError):
            own.draws["impact"] = 1
        with pytest.raises(ValueError, match="read-only"):
            own.draws["impact"][0] = 1


class TestRefused:
    def test_periods_that_differ(self):
        with pytest.raises(ModelError, match="per year"):
            plan(observed_per="month")
        monthly = economics.Rate(value=5, kind="amount", per="month")
        with pytest.raises(ModelError, match="to\\('year'\\)"):
            money(margin=monthly)
        assert money(margin=monthly.to("year")).margin == 60

    def test_a_driver_without_a_path(self, links):
        fit, curve = links
        own = {
            "change": 5, "impact": fit, "curve": curve, "economics": money(),
            "observed_per": "year",
        }  # fmt: skip
        with pytest.raises(OptionError, match="no path leads from 's' to 'q'"):
            chain.scenario("s", "q", **own)
        with pytest.raises(OptionError, match="no construct"):
            chain.scenario("price", "s", **own)

    def test_a_change_beyond_the_scale(self, links):
        with pytest.raises(ModelError, match="beyond the scale"):
            from_links(links, change=60.0, n_resamples=0)
        with pytest.raises(ModelError, match="change must be at most 100"):
            plan(change=120.0)

    def test_values_and_costs_without_end(self):
        free = money(discount=0.0)
        with pytest.raises(OptionError, match="horizon"):
            chain.what_if(
                plan(free, satisfaction=[1.0], constraint=[0.0], change=0.0,
                     curve=jones_sasser.curve("power", {"hi": 1.0, "k": 2.0}))
            )  # fmt: skip
        with pytest.raises(OptionError, match="lasts"):
            chain.what_if(records(economics=free, cost_per_period=1))
        drawn = np.linspace(0.7, 1.0, 50)
        own = records(economics=free, draws={"retention": drawn})
        with pytest.raises(OptionError, match="in draw"):
            chain.what_if(own, n_resamples=39, level=0.9, rng=1)

    def test_a_score_is_no_retention(self, links):
        fit, _ = links
        score = jones_sasser.fit(
            PEOPLE["satisfaction"], PEOPLE["satisfaction"] ** 2, outcome="score"
        )
        with pytest.raises(OptionError, match="no probability to stay"):
            from_links((fit, score))

    def test_other_data(self, survey, links):
        wrong = survey.assign(stayed=1 - survey["stayed"])
        with pytest.raises(DataError, match="does not rest on these rows"):
            from_links(links, wrong)
        with pytest.raises(OptionError, match="constraint_by must be given"):
            from_links(links, survey, constraint_by=None)

    @pytest.mark.parametrize(
        ("draws", "joint", "words"),
        [
            ({"impct": [1, 2]}, (), "impact"),
            ({"impact": [[1, 2], [3, 4]]}, (), "shape"),
            ({"retention": [0.2, 1.2]}, (), "from 0 to 1"),
            ({"curve": [[0.1], [0.2]]}, (), "does not use"),
            ({"impact": [1, 2], "margin": [1, 2, 3]}, (("impact", "margin"),), "equally many"),
            ({"impact": [1, 2]}, (("impact", "margin"),), "no draws"),
        ],
    )
    def test_draws_that_do_not_fit(self, draws, joint, words):
        with pytest.raises(ModelError, match=words):
            records(draws=draws, joint=joint)

    def test_curves_outside_their_bounds(self):
        with pytest.raises(ModelError, match="draws of hi"):
            plan(draws={"curve": [[0, 1.1, 3], [0, 0.9, 3]]})

    def test_both_links_or_none(self):
        with pytest.raises(OptionError, match="one of the three"):
            plan(retention=0.8, retention_slope=0.1)


class TestReading:
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_assumptions_come_first_and_numbers_are_those_of_the_table(self, language):
        found = chain.what_if(
            records(cost=20_000, draws={"impact": RNG.normal(1, 0.1, 99)}), n_resamples=99, rng=1
        )
        text = found.reading(language=language)
        first, second = text.split("\n\n")
        assert ("It is assumed that quality is a cause" if language == "en" else "假定") in first
        assert f"{found.estimate:,.0f}" in second

    def test_an_uncorrected_chain_says_so(self, links, survey):
        assert "The impact is corrected" in from_links_reading(links)
        plain = structural.fit(links[0].model, survey, scale=(1, 10))
        assert "Neither the impact nor the curve" in from_links_reading((plain, links[1]))


def from_links_reading(links):
    return chain.what_if(from_links(links, n_resamples=0)).reading()
