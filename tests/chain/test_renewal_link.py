"""Retention from a model of renewals: against the model itself, plain sums, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import chain, economics
from loyaltymodel.chain.scenarios import kernels
from loyaltymodel.chain.scenarios.specification import inputs_of, people_of
from loyaltymodel.errors import DataError, ModelError, NotIdentifiedError, OptionError

from tolerances import EXACT, REFERENCE, SAME

SATISFIED = np.array([2.0, 5.0, 5.0, 8.0, 9.8])
MADE = np.array([0, 0, 3, 1, 6])
WEIGHT = np.array([1.0, 1.0, 2.0, 1.0, 1.0])
LAWS = ["beta_geometric", "beta_discrete_weibull"]


@pytest.fixture(scope="module")
def customers():
    """Renewals of customers whose churn falls with satisfaction, and differs for good."""
    rng = np.random.default_rng(6)
    n = 3_000
    felt, old = rng.integers(1, 11, n), rng.integers(0, 2, n)
    mean = 1 / (1 + np.exp(0.3 * (felt - 5.5) - 0.4 * old + 0.5))
    churn = rng.beta(3 * mean, 3 * (1 - mean))
    lives = rng.geometric(np.maximum(churn, 1e-6))
    return pd.DataFrame(
        {"tenure": np.minimum(lives, 5), "lost": lives <= 5, "felt": felt, "old": old}
    )


@pytest.fixture(scope="module")
def models(customers):
    return {
        name: economics.fit_retention(
            "tenure", "lost", drivers=["felt", "old"], data=customers, model=name, interval="wald"
        )
        for name in LAWS
    }


def plan(model, terms=None, **changes):
    money = {
        "margin": 100.0, "per": "year", "discount": 0.12, "timing": "now", "horizon": None,
        "customers": 600.0,
        **(terms or {}),
    }  # fmt: skip
    usual = {
        "change": 10.0, "impact": 0.5, "retention": model, "drivers": {"old": 1.0},
        "satisfaction": SATISFIED, "scale": (1, 10), "renewals": MADE, "weights": WEIGHT,
        "economics": chain.CustomerEconomics(**money), "observed_per": "year", "n_resamples": 0,
    }  # fmt: skip
    return chain.scenario("quality", "satisfaction", **{**usual, **changes})


def asked(scenario):
    return chain.what_if(scenario).quantities.set_index("quantity")["estimate"].to_dict()


def survival(model, felt, upto):
    """The share still there at each tenure, by the model."""
    tenure = np.arange(1, upto + 1)
    found = model.survival(tenure, drivers={"felt": felt, "old": 1.0})["estimate"]
    return np.append(1.0, found.to_numpy())


class TestAgainstTheModel:
    @pytest.mark.parametrize("law", LAWS)
    @pytest.mark.parametrize("horizon", [None, 4])
    @pytest.mark.parametrize("timing", ["now", "after_renewal"])
    def test_residual_values_of_each_satisfaction(self, models, law, horizon, timing):
        model = models[law]
        found = asked(plan(model, {"horizon": horizon, "timing": timing}))
        after = np.minimum(SATISFIED + 0.05 * 9, 10)
        for name, felt in (("value_before", SATISFIED), ("value_after", after)):
            values = [
                model.residual_value(
                    100, discount=0.12, timing=timing, horizon=horizon, renewals=int(n),
                    drivers={"felt": s, "old": 1.0},
                )["estimate"].item()
                for s, n in zip(felt, MADE, strict=True)
            ]  # fmt: skip
            assert found[name] == pytest.approx(np.average(values, weights=WEIGHT), rel=REFERENCE)
        assert found["share_capped"] == pytest.approx(1 / 6)

    @pytest.mark.parametrize("law", LAWS)
    def test_retention_is_that_of_the_next_renewal(self, models, law):
        found = asked(plan(models[law]))
        after = np.minimum(SATISFIED + 0.45, 10)
        for name, felt in (("retention_before", SATISFIED), ("retention_after", after)):
            rates = [
                models[law].retention(int(n) + 1, drivers={"felt": s, "old": 1.0})["estimate"][0]
                for s, n in zip(felt, MADE, strict=True)
            ]
            assert found[name] == pytest.approx(np.average(rates, weights=WEIGHT), rel=SAME)


class TestByHand:
    @pytest.mark.parametrize("law", LAWS)
    @pytest.mark.parametrize(("horizon", "lasts"), [(7, None), (7, 3), (7, 7), (None, 2), (1, 1)])
    def test_period_by_period(self, models, law, horizon, lasts):
        model, d, growth = models[law], 0.12, 0.02
        terms = {"horizon": horizon, "growth": growth, "referral_value": 5.0, "discount": d}
        own = plan(
            model, terms, lasts=lasts, cost=900, cost_per_period=100, cost_per_customer=0.3
        )  # fmt: skip
        found = asked(own)
        last = horizon or 250
        flows, spent = np.zeros(last + 1), np.zeros(last + 1)
        t = np.arange(last + 1)
        now = (1 + d) ** -t.astype(float)
        paid = t < min(lasts or last, last)
        value = {"value_before": 0.0, "value_after": 0.0}
        for felt, made, weight in zip(SATISFIED, MADE, WEIGHT / WEIGHT.sum(), strict=True):
            before = survival(model, felt, made + last)[made:]
            better = survival(model, min(felt + 0.45, 10), made + last)[made:]
            old, new = before / before[0], better / better[0]
            if lasts is not None:  # those who are left renew as they did
                new[lasts:] = new[lasts] * before[lasts:] / before[lasts]
            margin = 100 * (1 + growth) ** t
            value["value_before"] += weight * (margin * old * now).sum()
            value["value_after"] += weight * (margin * new * now).sum()
            flows += 600 * weight * (margin + 5) * (new - old) * now
            spent += weight * paid * now * (100 + 0.3 * 600 * new)
        spent[0] += 900
        for name, expected in value.items():
            assert found[name] == pytest.approx(expected, rel=REFERENCE)
        assert found["gain"] == pytest.approx(flows.sum(), rel=1e-7)
        back = np.flatnonzero(np.cumsum(flows - spent) >= 0)
        if horizon is not None or lasts is not None:
            assert found["cost"] == pytest.approx(spent.sum(), rel=REFERENCE)
            assert found["payback"] == (back[0] if len(back) else np.inf)

    def test_customers_who_are_all_alike_are_those_of_a_constant_retention(self):
        # Precision without end: churn of .5 at the bottom of the scale, .2 at the top.
        top = np.log(0.25)
        own = plan_of_parameters((0.0, top, 0.0))
        found = asked(own)
        r = 1 - 1 / (1 + np.exp(-top * np.array([0.25, 1.0])))
        assert found["retention_before"] == pytest.approx(r.mean(), rel=SAME)
        assert found["value_before"] == pytest.approx((112 / (1.12 - r)).mean(), rel=SAME)
        again = asked(plan_of_parameters((0.0, top, 0.0, 0.0), "beta_discrete_weibull"))
        assert again == pytest.approx(found, rel=REFERENCE, nan_ok=True)

    def test_one_kind_by_hand(self):
        # alpha = beta = 1: of those who renewed t - 1 times t / (t + 1) stay, S(t) = 1 / (t + 1).
        own = plan_of_parameters((0.0, 0.0, np.log(1.5)), people=[1.0, 0.0], horizon=2)
        found = asked(own)
        assert found["retention_before"] == pytest.approx(1 / 2)
        assert found["value_before"] == pytest.approx(100 * (1 + 1 / 2 / 1.12 + 1 / 3 / 1.12**2))
        later = own.model_copy(update={"renewals": [2.0, 0.0]})
        assert asked(later)["value_before"] == pytest.approx(
            100 * (1 + 3 / 4 / 1.12 + 3 / 5 / 1.12**2)
        )


def plan_of_parameters(parameters, family="beta_geometric", people=(1.0, 1.0), horizon=None):
    return chain.Scenario(
        driver="quality", target="satisfaction", change=5, impact=1, link="renewals",
        family=family, parameters=parameters, satisfaction=[0.25, 1.0], group=[0, 0],
        people=people, constraint=[0.0], observed_per="year",
        economics=chain.CustomerEconomics(
            margin=100, per="year", discount=0.12, timing="now", horizon=horizon
        ),
    )  # fmt: skip


class TestDraws:
    def test_drawn_parameters_have_the_spread_of_the_model(self, models):
        model = models["beta_geometric"]
        own = plan(model, n_resamples=4000, rng=1)
        assert own.sources == (("churn",),)
        # The second parameter is the coefficient of satisfaction, for the whole of its scale.
        row = model.parameters.set_index("parameter").loc["felt"]
        drawn = own.draws["churn"][:, 1]
        assert own.parameters[1] == pytest.approx(9 * row["estimate"], rel=SAME)
        assert drawn.std() == pytest.approx(9 * row["std_error"], rel=0.05)
        # Retention of a customer, against the draws of the model itself.
        rates = model.draws(4000, periods=1, rng=2, drivers={"felt": 5.0, "old": 1.0})[:, 0]
        alone = plan(model, satisfaction=[5.0], renewals=None, weights=None, n_resamples=4000,
                     rng=1)  # fmt: skip
        found = chain.what_if(alone, n_resamples=4000, rng=1).estimates.row(
            ("retention_before", "share")
        )
        assert found["std_error"] == pytest.approx(rates.std(), rel=0.05)

    @pytest.mark.parametrize("law", LAWS)
    def test_row_by_row_and_slice_by_slice(self, models, law, monkeypatch):
        terms = {"horizon": None if law == "beta_geometric" else 6}
        own = plan(models[law], terms, lasts=3, cost=500, n_resamples=40, rng=1)
        found = chain.what_if(own, n_resamples=40, level=0.9, rng=1).estimates.replicates
        alone = np.array(
            [
                list(asked(own.model_copy(update={"draws": {}, "parameters": tuple(row)})).values())
                for row in own.draws["churn"]
            ]
        )
        place = kernels.QUANTITIES.index("value_before")
        order, expected = np.argsort(found[:, place]), np.argsort(alone[:, place])
        np.testing.assert_allclose(found[order], alone[expected], rtol=REFERENCE)
        monkeypatch.setattr(kernels, "_NUMBERS", 12)
        monkeypatch.setattr(kernels, "_TERMS", 7)
        sliced = chain.what_if(own, n_resamples=40, level=0.9, rng=1).estimates.replicates
        np.testing.assert_allclose(sliced, found, rtol=REFERENCE)

    def test_types_of_customers(self, models):
        own = plan(models["beta_geometric"], n_resamples=40, rng=1)
        whole = chain.what_if(own, n_resamples=40, level=0.9, rng=1)
        table = whole.segments("type", scale=(1, 10), cuts={"loyalty": 0.6, "extremes": None})
        gain = table[table["quantity"] == "gain"]["estimate"].sum()
        assert gain == pytest.approx(whole.estimates.row(("gain", "money"))["estimate"], rel=SAME)

    def test_what_would_be_needed(self, models):
        own = plan(models["beta_geometric"], cost=800)
        need = chain.required_change(own)["estimate"].item()
        net = asked(own.model_copy(update={"change": need}))["net_present_value"]
        assert net == pytest.approx(0, abs=1e-3)


class TestKept:
    @pytest.mark.parametrize("law", LAWS)
    def test_round_trip(self, models, law):
        own = plan(models[law], n_resamples=40, rng=1)
        again = chain.Scenario.from_json(own.to_json())
        assert again == own
        known = {"draws": {}, "joint": ()}
        assert asked(again.model_copy(update=known)) == pytest.approx(
            asked(plan(models[law])), nan_ok=True
        )

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_the_reading_says_what_is_assumed(self, models, language):
        for law, words in zip(
            LAWS, (("beta geometric", "几何"), ("own churn", "韦布尔")), strict=True
        ):
            text = chain.what_if(plan(models[law], lasts=2)).reading(language=language)
            assert words[language == "zh"] in text
        assert str(chain.what_if(plan(models[law])).summary())


class TestRefused:
    def test_what_a_model_does_not_know(self, models):
        model = models["beta_geometric"]
        for changes, words in (
            ({"drivers": None}, "must be satisfaction"),
            ({"drivers": {"old": 1.0, "felt": 5.0}}, "none is left"),
            ({"drivers": {"age": 1.0}}, "no driver of the model"),
            ({"drivers": {"old": np.inf}}, "finite"),
            ({"scale": (0, 1), "satisfaction": [0.5, 0.7], "renewals": None, "weights": None},
             "not within the scale"),
            ({"satisfaction": None}, "give satisfaction"),
            ({"constraint": 0.2}, "no use with a model"),
            ({"retention_slope": 0.01}, "own slope"),
        ):  # fmt: skip
            with pytest.raises(OptionError, match=words):
                plan(model, **changes)
        with pytest.raises(OptionError, match="belongs to a model of renewals"):
            plan(0.8, satisfaction=None, weights=None, retention_slope=0.01)
        with pytest.raises(DataError, match="whole number"):
            plan(model, renewals=MADE + 0.5)

    def test_a_constraint_cannot_fall_where_there_is_none(self, models):
        with pytest.raises(ModelError, match="constraint_lasts has no use with link='renewals'"):
            plan(models["beta_geometric"], constraint_lasts=2)

    def test_a_value_that_discount_does_not_end(self, models):
        own = plan(models["beta_geometric"], {"discount": 0.02, "growth": 0.02})
        with pytest.raises(OptionError, match="only discount ends"):
            chain.what_if(own)
        assert asked(plan(models["beta_geometric"], {"discount": 0.0, "horizon": 5}))["gain"] > 0

    def test_a_limit_cannot_be_drawn(self, customers):
        alike = customers.assign(lost=np.arange(len(customers)) % 2 == 0, tenure=1)
        alike.loc[:1499, "tenure"] = 2
        found = economics.fit_retention("tenure", "lost", drivers=["felt"], data=alike)
        assert found.limit is not None
        with pytest.raises(NotIdentifiedError, match="n_resamples=0"):
            plan(found, drivers=None, n_resamples=50)
        assert asked(plan(found, drivers=None))["value_before"] > 0

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"parameters": (0.0, 1.0)}, "has 3 parameters"),
            ({"parameters": (0.0, 1.0, -0.1)}, "precision"),
            ({"family": "power"}, "needs a family"),
            ({"renewals": [1.0]}, "kinds of customers"),
            ({"renewals": [1.0, 0.5]}, "whole numbers"),
            ({"draws": {"curve": np.zeros((5, 3))}}, "does not use"),
            ({"draws": {"churn": np.full((5, 3), -1.0)}}, "precision"),
            ({"link": "curve"}, "renewals|curve"),
        ],
    )
    def test_parameters_that_are_none(self, changes, words):
        own = plan_of_parameters((0.0, -1.0, 0.4))
        with pytest.raises(ModelError, match=words):
            own.model_copy(update=changes)


class TestManyKinds:
    @pytest.mark.parametrize("law", LAWS)
    @pytest.mark.parametrize("discount", [0.01, 0.12, 0.8])
    def test_values_between_nodes_are_those_of_each(self, models, law, discount):
        rng = np.random.default_rng(9)
        m = 400 if law == "beta_geometric" else 150
        felt = rng.uniform(1, 10, m)
        options = {"satisfaction": felt, "renewals": 2, "weights": None}
        many = plan(models[law], {"discount": discount}, **options)
        rows = {name: x.part(slice(0, 1)) for name, x in inputs_of(many, {}).items()}
        customers = kernels.retentions(
            kernels.Churn(law != "beta_geometric"), people_of(many), rows, many.satisfaction[None],
            [kernels.State(moved=False, held=True)],
        )  # fmt: skip
        money = customers.discounted(rows["growth"], rows["discount"])
        state = kernels.State(moved=False, held=True)
        found = money.value(state, begun=0, n=None)[0]
        direct = money._endless(customers.logit[False], customers.made)
        np.testing.assert_allclose(found, direct, rtol=REFERENCE)

    @pytest.mark.parametrize("half", [0.0, 1e-3, 1.0, 6.0, 20.0])
    def test_any_width(self, half):
        x = np.linspace(-half, half, 3_000)[None] + np.array([[0.5], [-2.0]])
        found = kernels.interpolated(lambda at: 1 / (2 + np.exp(-at)), x)
        np.testing.assert_allclose(found, 1 / (2 + np.exp(-x)), rtol=0, atol=EXACT)
