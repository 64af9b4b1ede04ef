"""Whose money it is: by group, by type, both, against sums by hand and the whole."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import chain, jones_sasser
from loyaltymodel.chain.scenarios import kernels
from loyaltymodel.chain.scenarios.result import UNITS
from loyaltymodel.chain.scenarios.segments import segment_table
from loyaltymodel.errors import OptionError

from tolerances import EXACT, SAME

RNG = np.random.default_rng(5)
CURVE = jones_sasser.curve("power", {"hi": 0.9, "k": 2.0})
SATISFACTION = RNG.uniform(0, 1, 120)
CONSTRAINT = RNG.choice([0.0, 0.4, 0.7], 120)
TYPES = ["terrorist", "defector", "hostage", "mercenary", "loyalist", "apostle"]


def plan(terms=None, **changes):
    money = {
        "margin": 100.0, "per": "year", "discount": 0.15, "timing": "now", "horizon": None,
        "customers": 2000.0,
        "growth": 0.02, "referral_value": 6.0, "acquisition_cost": 30.0, **(terms or {}),
    }  # fmt: skip
    usual = {
        "change": 10.0, "impact": 0.7, "curve": CURVE, "observed_per": "year",
        "satisfaction": SATISFACTION, "constraint": CONSTRAINT,
        "economics": chain.CustomerEconomics(**money),
    }  # fmt: skip
    return chain.scenario("quality", "satisfaction", **{**usual, **changes})


def drawn(own, n=50):
    """The scenario with draws of the impact, the curve, and how many customers are of each kind."""
    m, rng = len(own.people), np.random.default_rng(3)
    curve = np.column_stack([np.zeros(n), rng.uniform(0.85, 0.95, n), rng.normal(2, 0.1, n)])
    draws = {"impact": rng.normal(0.7, 0.1, n), "curve": curve, "people": rng.uniform(0, 2, (n, m))}
    return own.model_copy(update={"draws": draws, "joint": (("curve", "people"),)})


def wide(table, *labels):
    found = table.pivot_table(
        index=list(labels), columns="quantity", values="estimate", dropna=False, sort=False
    )
    return found.astype(float)


class TestByHand:
    def test_a_group_is_a_scenario_of_its_own(self):
        found = wide(chain.what_if(plan()).segments("group"), "group")
        for name, c in (("0", 0.0), ("0.4", 0.4), ("0.7", 0.7)):
            alone = plan(
                {"customers": 2000 * (c == CONSTRAINT).mean()},
                satisfaction=SATISFACTION[c == CONSTRAINT], constraint=c,
            )  # fmt: skip
            expected = chain.what_if(alone).quantities.set_index("quantity")["estimate"]
            assert found.loc[name, "share"] == pytest.approx((c == CONSTRAINT).mean(), abs=EXACT)
            for quantity in found.columns.drop("share"):
                own = found.loc[name, quantity]
                assert own == pytest.approx(expected[quantity], rel=SAME), (name, quantity)

    def test_types_are_those_of_the_matrix_of_customers(self):
        own = plan()
        cuts = {"satisfaction": 0.55, "loyalty": 0.5, "extremes": (0.2, 0.9)}
        found = wide(chain.what_if(own).segments("type", cuts=cuts), "segment")
        stays = CURVE.loyalty(own.satisfaction, constraint=own.constraint[own.group.astype(int)])
        result, customers = jones_sasser.segments(
            own.satisfaction, stays, weights=own.people, scale=(0, 1), cuts=cuts
        )
        shares = result.segments.set_index("segment")["estimate"]
        assert sorted(found.index) == sorted(TYPES)
        for name in TYPES:
            assert found.loc[name, "share"] == pytest.approx(shares[name], abs=EXACT)
            here = (customers["segment"] == name).to_numpy()
            if here.any():
                mean = np.average(stays[here], weights=own.people[here])
                assert found.loc[name, "retention_before"] == pytest.approx(mean, abs=EXACT)
            else:
                assert np.isnan(found.loc[name, "value_before"])

    def test_types_within_groups_add_up_to_both(self):
        found = chain.what_if(plan())
        both = found.segments("both")
        shares = both[both["quantity"] == "share"]
        for label in ("group", "segment"):
            by = "group" if label == "group" else "type"
            expected = wide(found.segments(by), label)["share"].to_dict()
            sums = shares.groupby(label)["estimate"].sum().to_dict()
            assert sums == pytest.approx(expected, abs=EXACT)

    def test_cuts_in_the_units_of_the_answers(self):
        found = chain.what_if(plan())
        one = found.segments("type", cuts={"satisfaction": 0.6, "extremes": (0.1, 0.8)})
        other = found.segments(
            "type", cuts={"satisfaction": 6.4, "extremes": (1.9, 8.2)}, scale=(1, 10)
        )
        pd.testing.assert_frame_equal(one, other)

    def test_worth_until_the_constraint_falls_and_lost_then(self):
        own = plan({"horizon": 6}, constraint_lasts=2, constraint_after=0.1)
        found = wide(chain.what_if(own).segments("type"), "segment")
        forever = own.model_copy(update={"constraint_lasts": None, "constraint_after": None})
        until = own.model_copy(
            update={"economics": own.economics.model_copy(update={"horizon": 2})}
        )
        others = [wide(chain.what_if(p).segments("type"), "segment") for p in (forever, until)]
        there = found["share"] > 0
        lost = others[0]["value_before"] - found["value_before"]
        assert found["value_lost"][there].to_numpy() == pytest.approx(lost[there], rel=1e-9)
        held = others[1]["value_before"][there].to_numpy()
        assert found["value_held"][there].to_numpy() == pytest.approx(held, rel=SAME)
        # Who loses most: customers who stay without being satisfied.
        assert found["value_lost"].idxmax() == "hostage"

    def test_a_value_that_had_no_end_while_the_constraint_held(self):
        sure = jones_sasser.curve("power", {"hi": 1.0, "k": 1.0})
        own = plan(
            {"discount": 0.0, "growth": 0.0}, curve=sure, satisfaction=[0.2, 0.5, 0.5, 0.2],
            constraint=[0.999999, 0, 0.5, 0], constraint_lasts=2,
        )  # fmt: skip
        growing = own.model_copy(
            update={"economics": own.economics.model_copy(update={"growth": 0.1})}
        )
        plain, found = (wide(chain.what_if(p).segments("group"), "group") for p in (own, growing))
        assert plain["value_lost"].max() > 1e7
        assert found.loc["0.999999", "value_lost"] == np.inf
        assert np.isfinite(found["value_before"]).all()


class TestDraws:
    @pytest.mark.parametrize("by", ["group", "type", "both"])
    @pytest.mark.parametrize("falls", [{}, {"constraint_lasts": 2, "lasts": 3}])
    def test_gains_and_values_add_up_to_the_whole_in_every_draw(self, by, falls):
        own = drawn(plan(**falls))
        whole = chain.what_if(own, n_resamples=50, level=0.9, rng=1)
        found = segment_table(
            own, by, cuts="midpoint", ties="high", scale=(0, 1), n=50, seed=whole.draw_order,
            level=0.9, units=UNITS,
        )  # fmt: skip
        k = len(kernels.BY_SEGMENT) + (2 if falls else 0)
        rows = np.vstack([found.estimate, found.replicates]).reshape(51, -1, k)
        name = [*kernels.BY_SEGMENT].index
        totals = np.vstack([whole.estimates.estimate, whole.estimates.replicates])

        def of_whole(quantity):
            return totals[:, kernels.QUANTITIES.index(quantity)]

        share = rows[..., name("share")]
        np.testing.assert_allclose(share.sum(axis=1), 1, rtol=EXACT)
        np.testing.assert_allclose(rows[..., name("gain")].sum(axis=1), of_whole("gain"), rtol=SAME)
        for quantity in ("value_before", "value_after", "retention_after", "value_change"):
            mean = np.nansum(share * rows[..., name(quantity)], axis=1)
            np.testing.assert_allclose(mean, of_whole(quantity), rtol=SAME)

    def test_slices_change_nothing(self, monkeypatch):
        found = chain.what_if(drawn(plan(constraint_lasts=2)), n_resamples=50, level=0.9, rng=1)
        whole = found.segments("both")
        monkeypatch.setattr(kernels, "_NUMBERS", 300)
        pd.testing.assert_frame_equal(found.segments("both"), whole)

    def test_shares_vary_with_drawn_customers_only(self):
        own = drawn(plan())
        found = chain.what_if(own, n_resamples=50, level=0.9, rng=1).segments("type")
        shares = found[(found["quantity"] == "share") & (found["estimate"] > 0)]
        assert (shares["ci_low"] < shares["ci_high"]).all()
        draws = {name: own.draws[name] for name in ("impact", "curve")}
        fixed = own.model_copy(update={"draws": draws, "joint": ()})
        again = chain.what_if(fixed, n_resamples=50, level=0.9, rng=1).segments("type")
        shares = again[again["quantity"] == "share"]
        # Sums of the same weights in another order differ by rounding.
        assert shares["ci_low"].to_numpy() == pytest.approx(shares["ci_high"], abs=EXACT)

    def test_a_segment_that_some_draws_lack(self):
        own = plan(satisfaction=[0.2, 0.5], constraint=[0.4, 0.0])
        people = np.ones((40, 2))
        people[:10, 1] = 0.0  # the customer of the constraint 0.4
        held = int(np.flatnonzero(own.constraint[own.group.astype(int)] == 0.4)[0])
        people = people[:, ::-1] if held == 0 else people
        own = own.model_copy(update={"draws": {"people": people}})
        found = chain.what_if(own, n_resamples=40, level=0.9, rng=1).segments("group")
        rows = found[found["group"] == "0.4"].set_index("quantity")
        assert rows.loc["share", "ci_low"] == 0
        value = rows.loc["value_before"]
        assert value["ci_low"] == value["median"] == pytest.approx(value["estimate"])


class TestRefused:
    def test_records_know_no_kinds(self):
        own = plan(curve=None, satisfaction=None, constraint=None, retention=0.8,
                   retention_slope=0.01)  # fmt: skip
        with pytest.raises(OptionError, match="one kind of customers"):
            chain.what_if(own).segments("type")

    def test_one_group(self):
        with pytest.raises(OptionError, match="one group"):
            chain.what_if(plan(constraint=0.2)).segments("group")

    @pytest.mark.parametrize(
        "options", [{"cuts": "median"}, {"ties": "low"}, {"scale": (1.0, 10.0)}]
    )
    def test_groups_have_no_cuts(self, options):
        with pytest.raises(OptionError, match="nothing is cut"):
            chain.what_if(plan()).segments("group", **options)

    @pytest.mark.parametrize(
        "cuts", [{"loyalty": 2.0}, {"extremes": (0.6, 0.9)}, {"price": 0.5}, "highest"]
    )
    def test_cuts_that_are_none(self, cuts):
        with pytest.raises(OptionError):
            chain.what_if(plan()).segments("type", cuts=cuts)
