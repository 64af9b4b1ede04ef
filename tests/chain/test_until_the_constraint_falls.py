"""A constraint that falls, a measure that ends: period by period in plain Python, and refused."""

import itertools

import numpy as np
import pytest

from loyaltymodel import chain, jones_sasser
from loyaltymodel.errors import DataError, ModelError, OptionError

from tolerances import EXACT, SAME

CURVE = jones_sasser.curve("power", {"hi": 0.9, "k": 2.0})
LOWER = {"0": 0.0, "0.3": 0.1, "0.7": 0.2}
GROUPS = ("0", "0.3", "0.7")  # known constraints are the names
LONG = 400  # periods after which nothing is left


def plan(terms=None, **changes):
    money = {
        "margin": 100.0, "per": "year", "discount": 0.2, "timing": "now", "horizon": None,
        "customers": 1000.0,
        **(terms or {}),
    }  # fmt: skip
    usual = {
        "change": 10.0, "impact": 0.8, "curve": CURVE, "observed_per": "year",
        "satisfaction": [0.2, 0.5, 0.8, 0.95], "constraint": [0.7, 0.0, 0.7, 0.3],
        "weights": [3.0, 1.0, 2.0, 2.0], "economics": chain.CustomerEconomics(**money),
    }  # fmt: skip
    return chain.scenario("quality", "satisfaction", **{**usual, **changes})


def asked(scenario):
    return chain.what_if(scenario).quantities.set_index("quantity")["estimate"].to_dict()


def by_hand(plan):
    """Add up money period by period and kind by kind, in loops."""
    money, weight = plan.economics, plan.people / plan.people.sum()
    after = np.broadcast_to(0.0 if plan.constraint_after is None else plan.constraint_after,
                            len(plan.groups))  # fmt: skip
    last = money.horizon or LONG
    first = 0 if money.timing == "now" else 1
    paid = min(plan.lasts or LONG, money.horizon or LONG)
    value = {False: 0.0, True: 0.0}
    found = {"gain": 0.0, "cost": plan.cost}
    flows = np.zeros(last + 1)
    flows[0] -= plan.cost
    for kind in range(len(weight)):
        there = {False: 1.0, True: 1.0}
        for t in range(last + 1):
            for measure in (False, True):
                if t:
                    s = plan.satisfaction[kind]
                    if measure and (plan.lasts is None or t <= plan.lasts):
                        s = min(1.0, max(0.0, s + plan.impact * plan.change / 100))
                    held = plan.constraint_lasts is None or t <= plan.constraint_lasts
                    g = int(plan.group[kind])
                    c = plan.constraint[g] if held else after[g]
                    there[measure] *= c + (1 - c) * 0.9 * s**2
            now = (1 + money.discount) ** -t
            margin = money.margin * (1 + money.growth) ** t
            for measure in (False, True):
                if t >= first:
                    value[measure] += weight[kind] * margin * there[measure] * now
            more = (margin + money.referral_value) * (there[True] - there[False]) * now
            flows[t] += money.customers * weight[kind] * more
            found["gain"] += money.customers * weight[kind] * more
            if t < paid:
                each = plan.cost_per_customer * money.customers * there[True]
                spent = weight[kind] * now * (plan.cost_per_period + each)
                found["cost"] += spent
                flows[t] -= spent
    back = np.flatnonzero(np.cumsum(flows) >= 0)
    return {
        **found, "value_before": value[False], "value_after": value[True],
        "payback": back[0] if len(back) else np.inf,
    }  # fmt: skip


# What lasts how long: the measure before, after and with the constraint, one of them, beyond.
LASTING = [(2, 4), (4, 2), (3, 3), (None, 2), (2, None), (1, 1), (3, 9), (9, 1)]


class TestByHand:
    @pytest.mark.parametrize(("lasts", "holds"), LASTING)
    @pytest.mark.parametrize("horizon", [None, 1, 6])
    @pytest.mark.parametrize("timing", ["now", "after_renewal"])
    def test_period_by_period(self, lasts, holds, horizon, timing):
        terms = {"horizon": horizon, "timing": timing, "growth": 0.04, "referral_value": 7.0}
        own = plan(
            terms, lasts=lasts, constraint_lasts=holds, cost=2_000, cost_per_period=500,
            cost_per_customer=0.5, constraint_after=None if holds is None else LOWER,
        )  # fmt: skip
        found = asked(own)
        for name, value in by_hand(own).items():
            assert found[name] == pytest.approx(value, rel=SAME), name

    def test_random_scenarios(self):
        rng = np.random.default_rng(8)
        for _ in range(60):
            terms = {
                "horizon": rng.choice([None, 2, 5, 11]), "growth": rng.uniform(-0.1, 0.1),
                "timing": str(rng.choice(["now", "after_renewal"])),
                "discount": rng.uniform(0.15, 0.4), "referral_value": rng.choice([0.0, 5.0]),
            }  # fmt: skip
            holds = int(rng.integers(1, 8))
            own = plan(
                terms, satisfaction=rng.uniform(0, 1, 5), constraint=rng.choice([0, 0.5, 0.8], 5),
                weights=rng.uniform(1, 2, 5), change=rng.uniform(-10, 20), constraint_lasts=holds,
                lasts=rng.choice([None, 1, 3, holds]), constraint_after=rng.uniform(0, 0.9),
                cost=rng.choice([0.0, 4_000]), cost_per_period=rng.choice([0.0, 300]),
                cost_per_customer=rng.choice([0.0, 1.0]),
            )  # fmt: skip
            found, expected = asked(own), by_hand(own)
            for name in ("value_before", "value_after", "gain", "cost"):
                assert found[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-9), own

    def test_retention_is_that_of_the_first_renewal(self):
        one, other = asked(plan(constraint_lasts=1)), asked(plan())
        for name in ("retention_before", "retention_after", "index_change", "share_capped"):
            assert one[name] == other[name]

    def test_a_constraint_that_outlasts_the_horizon_never_falls(self):
        terms = {"horizon": 4}
        assert asked(plan(terms, constraint_lasts=4)) == pytest.approx(
            asked(plan(terms)), nan_ok=True
        )
        assert asked(plan(terms, constraint_lasts=3)) != pytest.approx(
            asked(plan(terms)), nan_ok=True
        )

    def test_a_constraint_that_stays_the_same_changes_nothing(self):
        held = dict(zip(GROUPS, (0.0, 0.3, 0.7), strict=True))
        for lasts in (None, 3):
            own = plan(constraint_lasts=2, constraint_after=held, lasts=lasts)
            for name, value in asked(plan(lasts=lasts)).items():
                assert asked(own)[name] == pytest.approx(value, rel=SAME, nan_ok=True)

    def test_by_its_name(self):
        one = plan(constraint_lasts=2, constraint_after={"0.3": 0.1, "0": 0.0, "0.7": 0.2})
        assert one.constraint_after.tolist() == [0.0, 0.1, 0.2]


class TestDraws:
    def test_row_by_row_it_is_the_scenario_of_each_row(self):
        rng = np.random.default_rng(2)
        after, impact = rng.uniform(0, 0.5, (40, 3)), rng.normal(0.8, 0.1, 40)
        own = plan(
            constraint_lasts=2, lasts=3, cost=2_000,
            draws={"constraint_after": after, "impact": impact},
            joint=(("constraint_after", "impact"),),
        )  # fmt: skip
        found = chain.what_if(own, n_resamples=40, level=0.9, rng=1).estimates.replicates
        alone = [
            list(asked(plan(constraint_lasts=2, lasts=3, cost=2_000, impact=b,
                            constraint_after=dict(zip(GROUPS, row, strict=True)))).values())
            for row, b in zip(after, impact, strict=True)
        ]  # fmt: skip
        order = np.argsort(found[:, 0])  # the change of the index tells draws apart
        expected = np.array(alone)[np.argsort(np.array(alone)[:, 0])]
        np.testing.assert_allclose(found[order], expected, rtol=SAME)

    def test_the_needed_change_is_found_as_well(self):
        own = plan(constraint_lasts=2, cost=5_000)
        need = chain.required_change(own)["estimate"].item()
        net = asked(own.model_copy(update={"change": need}))["net_present_value"]
        assert net == pytest.approx(0, abs=1e-3)


class TestKept:
    @pytest.mark.parametrize("after", [None, 0.2, LOWER])
    def test_round_trip(self, after):
        own = plan(constraint_lasts=2, constraint_after=after)
        again = chain.Scenario.from_json(own.to_json())
        assert again == own
        assert asked(again) == pytest.approx(asked(own), rel=EXACT, nan_ok=True)

    def test_what_was_written_before_there_were_falls_is_read(self):
        text = plan().model_dump_json(exclude={"constraint_lasts", "constraint_after"})
        assert chain.Scenario.from_json(text) == plan()


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"constraint_after": 0.1}, "give constraint_lasts as well"),
            ({"constraint_lasts": 0}, "at least 1"),
            ({"constraint_lasts": 2, "constraint_after": 1.0}, "from 0 to 1"),
            ({"constraint_lasts": 2, "constraint_after": [0.1, 0.2]}, "one for each of 3 groups"),
            ({"draws": {"constraint_after": np.zeros((9, 3))}}, "does not fall"),
        ],
    )
    def test_what_does_not_fit(self, changes, words):
        with pytest.raises(ModelError, match=words):
            plan(**changes)

    def test_groups_by_their_names(self):
        with pytest.raises(DataError, match=r"labelled '0\.5'"):
            plan(constraint_lasts=2, constraint_after={"0.5": 0.1})
        with pytest.raises(DataError, match=r"does not know '0', '0\.3'"):
            plan(constraint_lasts=2, constraint_after={"0.7": 0.1})

    def test_records_say_nothing_of_constraints(self):
        records = {"curve": None, "satisfaction": None, "constraint": None, "weights": None}
        own = {**records, "retention": 0.8, "retention_slope": 0.01}
        with pytest.raises(ModelError, match="no use with link='records'"):
            plan(constraint_lasts=2, **own)
        with pytest.raises(ModelError, match="does not use"):
            plan(draws={"constraint_after": np.zeros((9, 1))}, **own)

    def test_a_value_without_end_once_the_constraint_has_changed(self):
        terms = {"discount": 0.0}
        own = plan(terms, satisfaction=[1.0], constraint=[0.0], weights=None, change=0.0)
        assert asked(own)["value_before"] == pytest.approx(100 / 0.1)
        sure = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
        ends = plan(terms, satisfaction=[0.5], constraint=[0.9], weights=None, change=60.0,
                    curve=sure, constraint_lasts=2)  # fmt: skip
        assert asked(ends)["value_after"] > 0
        with pytest.raises(OptionError, match="horizon"):
            chain.what_if(ends.model_copy(update={"change": 100.0}))


class TestReading:
    @pytest.mark.parametrize(
        ("language", "words"),
        [("en", "holds for 2 renewals; from then on"), ("zh", "2 次续约,此后")],
    )
    def test_it_is_said(self, language, words):
        for after, how in ((None, ("nothing", "不再有约束")), (0.25, ("0.25", "0.25"))):
            found = chain.what_if(plan(constraint_lasts=2, constraint_after=after))
            text = found.reading(language=language)
            assert words in text
            assert how[language == "zh"] in text
        beyond = chain.what_if(plan({"horizon": 2}, constraint_lasts=2)).reading()
        assert "to the end of what is looked at" in beyond


def test_all_orders_of_what_lasts_were_tried():
    pairs = [(a, b) for a, b in LASTING if a and b]
    assert {np.sign(a - b) for a, b in itertools.chain(pairs)} == {-1, 0, 1}
