"""What a scenario hangs on, what to do first and how much to spend: by hand and by brute force."""

import numpy as np
import pytest

from loyaltymodel import chain, jones_sasser
from loyaltymodel.errors import OptionError

from tolerances import SAME

RNG = np.random.default_rng(16)
CURVE = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})


def money(**changes):
    usual = {
        "margin": 100.0, "per": "year", "discount": 0.1, "timing": "now", "customers": 1000.0,
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
        drawn = np.column_stack([np.zeros(200), np.full(200, 0.9), RNG.normal(3, 0.3, 200)])
        own = plan(draws={"curve": drawn, "impact": RNG.normal(0.6, 0.1, 200)})
        found = chain.what_if(own, n_resamples=200, level=0.8, rng=1).sensitivity("gain")
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
