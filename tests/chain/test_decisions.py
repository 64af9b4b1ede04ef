"""What a scenario hangs on, what to do first and how much to spend: by hand and by brute force."""

from inspect import unwrap

import numpy as np
import pytest
from scipy import optimize, stats

from loyaltymodel import chain, economics, jones_sasser
from loyaltymodel.chain.scenarios import firsts
from loyaltymodel.chain.scenarios.search import largest
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.curves.families import FAMILIES

from tolerances import SAME

RNG = np.random.default_rng(16)
CURVE = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})


def money(**changes):
    usual = {
        "margin": 100.0, "per": "year", "discount": 0.1, "timing": "now", "horizon": None,
        "customers": 1000.0,
    }  # fmt: skip
    return chain.CustomerEconomics(**{**usual, **changes})


def plan(**changes):
    usual = {
        "change": 5.0, "impact": 0.6, "curve": CURVE, "observed_per": "year",
        "economics": money(), "satisfaction": np.linspace(0.3, 1, 20), "cost": 1000.0,
    }  # fmt: skip
    return chain.scenario("quality", "satisfaction", **{**usual, **changes})


def asked(scenario, quantity="net_present_value"):
    return chain.what_if(scenario).quantities.set_index("quantity")["estimate"][quantity]


class TestSensitivity:
    def test_each_row_is_the_scenario_with_that_number(self):
        own = plan()
        ranges = {
            "margin": (80.0, 130.0), "discount": (0.05, 0.2), "customers": (900.0, 1200.0),
            "cost": (500.0, 4000.0), "impact": (0.3, 0.9), "change": (1.0, 8.0),
        }  # fmt: skip
        table = chain.what_if(own).sensitivity(ranges=ranges)
        assert len(table) == 12
        for row in table.itertuples():
            if row.input in ("margin", "discount", "customers"):
                terms = own.economics.model_copy(update={row.input: row.value})
                other = own.model_copy(update={"economics": terms})
            else:
                other = own.model_copy(update={row.input: row.value})
            assert row.estimate == pytest.approx(asked(other), rel=SAME)
            assert row.change == pytest.approx(row.estimate - asked(own), rel=1e-8)
            assert row.value == ranges[row.input][("low", "high").index(row.end)]
        widths = np.abs(np.diff(table["estimate"].to_numpy().reshape(-1, 2)))[:, 0]
        assert (np.diff(widths) <= 0).all()

    def test_ends_of_draws_are_their_quantiles_and_a_range_goes_before_them(self):
        drawn = RNG.normal(0.6, 0.1, 999)
        found = chain.what_if(
            plan(draws={"impact": drawn, "margin": RNG.normal(100, 5, 999)}), level=0.9
        )
        table = found.sensitivity(ranges={"margin": (50, 60)}).set_index(["input", "end"])["value"]
        assert table["impact"].tolist() == pytest.approx(np.quantile(drawn, [0.05, 0.95]))
        assert table["margin"].tolist() == [50, 60]

    def test_a_curve_has_the_quantiles_of_what_it_brings(self):
        drawn = np.column_stack([np.zeros(60), np.full(60, 0.9), RNG.normal(3, 0.3, 60)])
        own = plan(draws={"curve": drawn, "impact": RNG.normal(0.6, 0.1, 60)})
        found = chain.what_if(own, n_resamples=60, level=0.8, rng=1).sensitivity("gain")
        by_hand = [
            asked(own.model_copy(update={"draws": {}, "parameters": tuple(row)}), "gain")
            for row in drawn
        ]
        rows = found[found["input"] == "curve"]
        assert rows["value"].isna().all()
        np.testing.assert_allclose(rows["estimate"], np.quantile(by_hand, [0.1, 0.9]), rtol=SAME)

    @pytest.mark.parametrize(
        ("ranges", "words"),
        [
            (None, "give ranges="),
            ({"price": (1, 2)}, "no number of this scenario"),
            ({"curve": (1, 2)}, "no number of this scenario"),
            ({"retention": (0.1, 0.2)}, "no number of this scenario"),
            ({"margin": (2, 1)}, "the lower end"),
            ({"cost": (-1, 1)}, "at least 0"),
            ({"change": (1, 70)}, "from -60 to 40"),
        ],
    )
    def test_ranges_that_do_not_fit(self, ranges, words):
        own = plan().model_copy(update={"driver_level": 60.0})
        with pytest.raises(OptionError, match=words):
            chain.what_if(own).sensitivity(ranges=ranges)

    def test_what_is_undefined_has_no_ends(self):
        with pytest.raises(OptionError, match="undefined"):
            chain.what_if(plan(cost=0.0)).sensitivity(
                "return_on_quality", ranges={"margin": (1, 2)}
            )
        with pytest.raises(OptionError, match="payback"):
            chain.what_if(plan()).sensitivity("payback", ranges={"margin": (1, 2)})


def alike(rng, k):
    """Correlated errors of k estimates, of unequal size."""
    root = rng.normal(size=(k, k))
    return root @ root.T + 0.3 * np.eye(k)


class TestFirstProbability:
    def test_of_two_it_is_a_sum_over_tau_by_hand(self):
        # The difference of two: normal about 0 with 2 tau^2, seen with the variance of the error.
        values, covariance = np.array([[1.0, 0.2]]), np.array([[[1.0, 0.3], [0.3, 0.5]]])
        seen, variance, median = 0.8, 1.0 + 0.5 - 0.6, 0.7
        u = (np.arange(200_000) + 0.5) / 200_000
        tau2 = 2 * (median * u / (1 - u)) ** 2
        likely = stats.norm.pdf(seen, 0, np.sqrt(tau2 + variance))
        kept = tau2 / (tau2 + variance)
        above = stats.norm.cdf(kept * seen / np.sqrt(kept * variance))
        found = firsts.first_probabilities(values, covariance, np.array([median]))
        assert found[0, 0] == pytest.approx(likely @ above / likely.sum(), abs=1e-5)
        assert found.sum() == pytest.approx(1)

    @pytest.mark.parametrize("k", [3, 5, 8])
    def test_of_more_it_is_what_draws_of_the_posterior_say(self, k):
        rng = np.random.default_rng(k)
        covariance, values = alike(rng, k), 2 * rng.normal(size=k)
        across = np.linalg.qr(np.column_stack([np.ones(k), rng.normal(size=(k, k - 1))]))[0][
            :, 1:
        ].T
        seen, errors = across @ values, across @ covariance @ across.T
        median = float(firsts.error_of(covariance))
        assert median == pytest.approx(np.sqrt(np.trace(errors) / (k - 1)), rel=SAME)
        u = rng.random(3000)
        tau = median * u / (1 - u)
        wide = tau[:, None, None] ** 2 * np.eye(k - 1) + errors
        part = np.linalg.solve(wide, np.broadcast_to(seen, (3000, k - 1))[..., None])[..., 0]
        weights = np.exp(-0.5 * (np.linalg.slogdet(wide)[1] + part @ seen))
        chosen = rng.choice(3000, 2000, p=weights / weights.sum())
        counts = np.zeros(k)
        for t in tau[chosen]:
            law = np.linalg.inv(np.linalg.inv(errors) + np.eye(k - 1) / t**2)
            centre = law @ np.linalg.solve(errors, seen)
            drawn = (centre + rng.standard_normal((50, k - 1)) @ np.linalg.cholesky(law).T) @ across
            counts += np.bincount(drawn.argmax(axis=1), minlength=k)
        found = firsts.first_probabilities(values[None], covariance[None])[0]
        # Weights of 3,000 values of tau leave an error of about 0.01 in a share.
        np.testing.assert_allclose(found, counts / counts.sum(), atol=0.03)

    def test_alike_by_the_law_is_shared_and_far_apart_is_sure(self):
        values, covariance = np.array([[1.0, 0.5, 0.0]]), np.eye(3)[None]
        narrow = firsts.first_probabilities(values, covariance, np.array([1e-6]))
        np.testing.assert_allclose(narrow, 1 / 3, atol=1e-4)
        assert firsts.first_probabilities(1e4 * values, covariance)[0, 0] == pytest.approx(1)

    def test_what_is_stated_holds_over_the_law(self):
        rng = np.random.default_rng(6)
        n, k = 1500, 3
        covariance = alike(rng, k)
        u = rng.random(n)
        tau = firsts.error_of(covariance) * u / (1 - u)
        truth = tau[:, None] * rng.standard_normal((n, k))
        found = truth + rng.multivariate_normal(np.zeros(k), covariance, n)
        stated = firsts.first_probabilities(
            found, np.broadcast_to(covariance, (n, k, k)), points=21
        )
        first = np.arange(k) == truth.argmax(axis=1)[:, None]
        for low, high in ((0, 0.1), (0.1, 0.4), (0.4, 0.7), (0.7, 0.9), (0.9, 1)):
            inside = (stated > low) & (stated <= high)
            p = stated[inside]
            # Three and a half standard errors of chance.
            reach = 3.5 * np.sqrt((p * (1 - p)).sum()) / len(p)
            assert first[inside].mean() == pytest.approx(p.mean(), abs=reach)

    def test_batches_and_units_change_nothing(self, monkeypatch):
        rng = np.random.default_rng(2)
        values = rng.normal(size=(2, 4))
        covariance = np.stack([alike(rng, 4) for _ in range(2)])
        found = firsts.first_probabilities(values, covariance)
        monkeypatch.setattr(firsts, "_NUMBERS", 50_000)
        np.testing.assert_allclose(
            firsts.first_probabilities(values, covariance), found, atol=1e-12
        )
        large = firsts.first_probabilities(1e9 * values + 1e9, 1e18 * covariance)
        np.testing.assert_allclose(large, found, atol=1e-6)

    def test_of_scenarios(self):
        draws = RNG.normal(0, 0.1, (3, 500))
        plans = {
            name: plan(impact=impact, draws={"impact": impact + drawn})
            for name, impact, drawn in zip("abc", (0.5, 0.45, 0.2), draws, strict=True)
        }
        table = chain.fix_first(plans, per="point", spread="std_error", n_resamples=500, rng=1)
        assert table["first_probability"].sum() == pytest.approx(1)
        assert table["first_probability"][0] < table["first_share"][0]
        near = chain.fix_first(plans, per="point", spread=1e-3, n_resamples=500, rng=1)
        np.testing.assert_allclose(near["first_probability"], 1 / 3, atol=0.01)
        # Drivers whose draws are one do not differ by chance.
        same = {
            name: plan(draws={"impact": 0.6 + draws[0]}, change=change)
            for name, change in (("a", 5.0), ("b", 5.0))
        }
        both = chain.fix_first(same, per="point", spread="std_error", n_resamples=500, rng=1)
        assert both["first_probability"].tolist() == [0.5, 0.5]

    def test_what_has_no_probability(self):
        with pytest.raises(OptionError, match="nothing is drawn"):
            chain.fix_first({"a": plan(), "b": plan()}, per="point", spread="std_error")
        with pytest.raises(OptionError, match="above 0"):
            chain.fix_first({"a": plan(), "b": plan()}, per="point", spread=0.0)
        with pytest.raises(OptionError, match="std_error"):
            chain.fix_first({"a": plan(), "b": plan()}, per="point", spread="errors")


def records(**changes):
    """Customers of whom .75 stay, and .01 more for each point."""
    own = {
        "change": 5.0, "impact": 1.0, "retention": 0.75, "retention_slope": 0.01,
        "economics": money(discount=0.25), "observed_per": "year",
    }  # fmt: skip
    return chain.scenario("quality", "satisfaction", **{**own, **changes})


HALF = economics.ResponseCurve.calibrated(10_000, 0.05, ceiling=0.10)


class TestReturnOnQuality:
    def test_amounts_are_those_of_what_if(self):
        own = plan(cost_per_period=7.0, economics=money(horizon=6))
        amounts = [0.0, 1500.0, 9000.0]
        found = chain.return_on_quality(own, HALF, spend=amounts, spend_as="cost")
        table = found.quantities.pivot(index="spend", columns="quantity", values="estimate")
        for amount in amounts:
            change = 100 * HALF.rate(amount)
            assert table["change"][amount] == pytest.approx(change)
            other = own.model_copy(update={"change": change, "cost": amount})
            for name in ("gain", "cost", "net_present_value", "return_on_quality"):
                assert table[name][amount] == pytest.approx(asked(other, name), rel=SAME)

    def test_the_best_amount_is_where_a_unit_of_money_brings_itself(self):
        found = chain.return_on_quality(records(), HALF, spend=[0, 60_000], spend_as="cost")
        # x = 10 (1 - exp(-k a)) points bring 125,000 / (0.5 - x / 100) - 250,000.
        k = np.log(2) / 10_000
        net = lambda a: 125e3 / (0.5 - 0.1 * (1 - np.exp(-k * a))) - 250e3 - a  # noqa: E731
        by_hand = optimize.minimize_scalar(lambda a: -net(a), (0, 20e3), tol=1e-12)
        assert found.estimate == pytest.approx(by_hand.x, rel=1e-5)
        best = found.best.set_index("quantity")["estimate"]
        assert best["net_present_value"] == pytest.approx(-by_hand.fun, rel=SAME)
        for end in found.nearly_best:
            assert net(end) == pytest.approx(0.95 * -by_hand.fun, rel=1e-3)

    @pytest.mark.parametrize(
        ("family", "spend_as"),
        [
            ("power", "cost"), ("logistic", "cost"), ("hinge", "cost"), ("cubic", "cost"),
            ("logistic", "cost_per_period"), ("hinge", "cost_per_customer"),
        ],
    )  # fmt: skip
    def test_of_each_draw_nothing_on_a_fine_grid_is_better(self, family, spend_as, monkeypatch):
        rng, b = np.random.default_rng(7), 100
        lower, upper = {
            "power": ([0.0, 0.6, 0.3], [0.1, 1.0, 6.0]),
            "logistic": ([0.0, 0.7, 2.0, 0.2], [0.1, 1.0, 30.0, 0.9]),
            "hinge": ([0.0, 0.7, 0.0, 0.2], [0.1, 1.0, 1.0, 0.9]),
            "cubic": ([0.0, 0.7, 0.0, 0.0], [0.1, 1.0, 3.0, 3.0]),
        }[family]
        drawn = rng.uniform(lower, upper, (b, len(lower)))
        names = [parameter.name for parameter in FAMILIES[family].parameters]
        own = plan(
            curve=jones_sasser.curve(family, dict(zip(names, drawn[0].tolist(), strict=True))),
            satisfaction=rng.uniform(0.2, 1, 12), economics=money(horizon=5, customers=1e6),
            draws={"curve": drawn, "impact": rng.uniform(-0.2, 2.0, b)}, cost=0.0,
        )  # fmt: skip
        most = {"cost": 6e7, "cost_per_period": 1.5e7, "cost_per_customer": 15.0}[spend_as]
        ends = {}

        def watched(value, nodes, known):
            best = largest(value, nodes, known)
            rows = np.arange(b + 1)
            fine = [value(np.full(b + 1, amount), rows) for amount in np.linspace(0, most, 401)]
            ends.update(best=best, reached=value(best, rows), fine=np.array(fine))
            return best

        monkeypatch.setitem(unwrap(chain.return_on_quality).__globals__, "largest", watched)
        found = chain.return_on_quality(
            own, economics.ResponseCurve(ceiling=0.3, steepness=10 / most), spend=[0, most],
            spend_as=spend_as, n_resamples=b, level=0.9, rng=3,
            draws={
                "ceiling": rng.uniform(0.05, 0.5, b), "steepness": rng.uniform(0.5, 30, b) / most,
            },
        )  # fmt: skip
        size = np.abs(ends["fine"]).max(axis=0)
        assert (ends["reached"] >= ends["fine"].max(axis=0) - 1e-9 * size).all()
        # Some had best spend nothing, and most something.
        assert 0 < found.nothing_share < 0.7
        assert found.nothing_share == np.mean(ends["best"][1:] == 0)

    def test_ends_are_met_exactly_and_named(self):
        dear = economics.ResponseCurve.calibrated(1e7, 0.05, ceiling=0.10)
        nothing = chain.return_on_quality(records(), dear, spend=[0, 1e6], spend_as="cost")
        assert nothing.estimate == 0
        assert nothing.nearly_best == (0, 0)
        assert "best to spend nothing" in str(nothing.summary())
        cheap = chain.return_on_quality(records(), HALF, spend=[0, 9000], spend_as="cost")
        assert cheap.estimate == 9000
        assert "more may be better still" in str(cheap.summary())
        assert np.isnan(cheap.most_share)

    def test_draws_of_a_link_that_scales_the_gain(self):
        drawn = RNG.normal(1, 0.1, 300)
        own = records(draws={"impact": drawn})
        found = chain.return_on_quality(
            own, HALF, spend=[0, 20_000, 60_000], spend_as="cost", n_resamples=300, rng=1
        )
        best = found.best.set_index("quantity")
        assert best["ci_low"]["spend"] < found.estimate < best["ci_high"]["spend"]
        # One amount is spent in all draws, so that it does not vary.
        assert best["ci_low"]["cost"] == best["ci_high"]["cost"] == pytest.approx(found.estimate)
        moved = chain.what_if(
            own.model_copy(update={"change": 100 * HALF.rate(20_000), "cost": 20_000}),
            n_resamples=300, rng=1,
        )  # fmt: skip
        row = found.estimates.row((20_000.0, "net_present_value"))
        expected = moved.estimates.row(("net_present_value", "money"))
        assert row["ci_low"] == pytest.approx(expected["ci_low"], rel=SAME)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"spend": [1.0]}, "two or more amounts"),
            ({"spend": [2.0, 1.0]}, "that rise"),
            ({"spend": [-1.0, 1.0]}, "that rise"),
            ({"draws": {"ceiling": [0.1, 1.2]}}, "ceiling"),
            ({"draws": {"floor": [0.1, 0.2]}}, "no number of this calculation"),
            ({"response": economics.ResponseCurve(ceiling=0.6, steepness=1)}, "at 60 of 100"),
        ],
    )
    def test_what_is_refused(self, changes, words):
        own = records().model_copy(update={"driver_level": 60.0})
        usual = {"response": HALF, "spend": [0, 1e4], "spend_as": "cost"}
        with pytest.raises(OptionError, match=words):
            chain.return_on_quality(own, **{**usual, **changes})

    def test_draws_of_the_cost_that_is_spent(self):
        own = records(draws={"cost": np.linspace(1, 2, 99)})
        with pytest.raises(OptionError, match="draws of cost"):
            chain.return_on_quality(own, HALF, spend=[0, 1e4], spend_as="cost", n_resamples=99)
