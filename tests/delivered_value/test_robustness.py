"""How firm the first place is: by brute force, linear programmes and closed forms."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from loyaltymodel.delivered_value import (
    delivered_value,
    kernels,
    value_account,
)
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT

VALUES, COSTS = ("product", "service", "image"), ("monetary", "time")
NAMES = [*VALUES, *COSTS]
# scipy.optimize.linprog (HiGHS) stops at a feasibility of 1e-7; sums here are below 100.
LINPROG = 1e-6


def market(seed, m=4):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        rng.uniform(0, 10, (m, 5)), columns=NAMES, index=[f"o{k}" for k in range(m)]
    )
    weights = dict(zip(NAMES, rng.uniform(0.1, 2, 5), strict=True))
    return table, weights


def account_of(table, weights=None):
    return value_account(table, unit="points", values=VALUES, costs=COSTS, weights=weights)


def worth(table, weights):
    return delivered_value(table, unit="points", values=VALUES, costs=COSTS, weights=weights)


def limits_of(account, **options):
    """What the sensitivity says of each component, a column a limit."""
    rows = account.sensitivity(**options)
    quantities = {"lower weight": "low", "higher weight": "high", "worse level": "level"}
    found = {}
    for row in rows.itertuples():
        own = found.setdefault(row.component, {"component": row.component, "side": row.side})
        name = quantities[row.quantity]
        own |= {name: row.limit, f"{name}_rival": row.rival, f"{name}_change": row.change}
        own |= {f"{name}_current": row.current}
    table = pd.DataFrame(found.values())
    for name in ("low_rival", "high_rival", "level_rival"):
        table[name] = pd.Series([own[name] for own in found.values()], dtype=object)
    return table


def moved(weights, name, new, others):
    if others == "fixed":
        return weights | {name: new}
    total = sum(weights.values())
    factor = (total - new) / (total - weights[name])
    return {other: w * factor for other, w in weights.items()} | {name: new}


@pytest.mark.parametrize("others", ["fixed", "rescaled"])
@pytest.mark.parametrize("seed", range(12))
def test_at_the_end_of_its_range_a_weight_makes_a_draw(seed, others):
    table, weights = market(seed)
    first = worth(table, weights).idxmax()
    rows = limits_of(account_of(table, weights), others=others)
    for row in rows.itertuples():
        span = row.high - row.low if np.isfinite(row.high) else 10.0
        assert row.low_current == row.high_current == weights[row.component]
        inside = row.low + np.linspace(0.001, 0.999, 25) * span
        for new in inside:
            assert worth(table, moved(weights, row.component, new, others)).idxmax() == first
        for end, rival, outwards in (
            (row.low, row.low_rival, -1e-6),
            (row.high, row.high_rival, 1e-6),
        ):
            if rival is None:
                assert end in (0, np.inf) or end == pytest.approx(sum(weights.values()))
                continue
            at = worth(table, moved(weights, row.component, end, others))
            assert at[rival] == pytest.approx(at[first], rel=1e-9)  # a root, then sums of ten
            beyond = worth(table, moved(weights, row.component, end + outwards, others))
            assert beyond.idxmax() == rival


@pytest.mark.parametrize("seed", range(6))
def test_at_its_limit_a_level_makes_a_draw(seed):
    table, weights = market(seed)
    before = worth(table, weights)
    first, second = before.nlargest(2).index
    for row in limits_of(account_of(table, weights)).itertuples():
        changed = table.copy()
        changed.loc[first, row.component] = row.level
        after = value_account(
            changed.clip(lower=0), unit="points", values=VALUES, costs=COSTS, weights=weights
        )
        if row.level >= 0:  # a value below 0 is no level of this market
            totals = after.totals["delivered_value"]
            assert totals[first] == pytest.approx(totals[second], rel=1e-9, abs=1e-9)
        assert row.level_change == pytest.approx(row.level - row.level_current)
        assert row.level_current == table.loc[first, row.component]
        assert row.level_rival == second
        assert (row.level_change < 0) == (row.side == "value")


def test_offers_that_draw_already_and_weights_of_nothing():
    table = pd.DataFrame({"product": [5, 6], "monetary": [1, 2]}, index=["A", "B"])
    account = value_account(table, unit="points", values=["product"], costs=["monetary"])
    rows = limits_of(account).set_index("component")
    assert rows.loc["product", ["low", "high"]].to_list() == [0, 1]
    assert rows.loc["product", "high_rival"] == "B"
    assert rows.loc["monetary", ["low", "high"]].to_list() == [1, np.inf]
    weights = {"product": 1, "monetary": 0}
    only = value_account(
        table, unit="points", values=["product"], costs=["monetary"], weights=weights
    )
    for others in ("fixed", "rescaled"):
        rows = limits_of(only, others=others).set_index("component")
        assert np.isnan(rows.loc["monetary", "level_change"])
    assert rows.loc["product", ["low", "high"]].to_list() == [0, 1]


@pytest.mark.parametrize("seed", range(40))
def test_the_cheapest_change_is_that_of_the_linear_programme(seed):
    table, weights = market(seed)
    account = account_of(table, weights)
    rng = np.random.default_rng(seed)
    costs = dict(zip(NAMES, rng.uniform(0.5, 5, 5), strict=True))
    limits = dict(zip(NAMES, rng.uniform(0, 8, 5), strict=True))
    lead = float(rng.uniform(0, 3))
    values = worth(table, weights)
    for offer in table.index:
        gap = values.drop(offer).max() + lead - values[offer]
        most = [limits[name] for name in VALUES]
        most += [min(limits[name], table.loc[offer, name]) for name in COSTS]
        plan = optimize.linprog(
            list(costs.values()),
            A_ub=[[-weights[name] for name in NAMES]],
            b_ub=[-gap],
            bounds=[(0, high) for high in most],
        )
        if plan.status == 2:
            with pytest.raises(DataError, match="cannot lead"):
                account.cheapest_change(offer, unit_costs=costs, limits=limits, lead=lead)
            continue
        change = account.cheapest_change(offer, unit_costs=costs, limits=limits, lead=lead)
        assert change.total_cost == pytest.approx(plan.fun, abs=LINPROG)
        np.testing.assert_allclose(change.improvements, plan.x, atol=LINPROG)
        after = table.copy()
        after.loc[offer] = change.new_levels
        new = worth(after.clip(lower=0), weights)
        if gap > 0:
            assert new[offer] == pytest.approx(new.drop(offer).max() + lead, rel=1e-9, abs=1e-9)
        else:
            assert change.total_cost == 0


@given(
    st.floats(0.01, 50),
    st.lists(
        st.tuples(st.floats(0.01, 5), st.floats(0, 5), st.floats(0, 10)), min_size=1, max_size=6
    ),
)
def test_no_shift_between_two_components_is_cheaper(needed, offers):
    gain, price, most = (np.array(column) for column in zip(*offers, strict=True))
    change = kernels.cheapest(needed, gain, price, most)
    if change is None:
        assert gain @ most < needed
        return
    assert gain @ change == pytest.approx(needed, rel=1e-9)
    assert (change >= 0).all()
    assert (change <= most * (1 + 1e-9)).all()
    # What is used is never dearer for its worth than what has room left.
    used, room = change > 0, change < most * (1 - 1e-9)
    if used.any() and room.any():
        assert (price / gain)[used].max() <= (price / gain)[room].min() * (1 + 1e-9) + 1e-300


def test_an_offer_that_leads_needs_nothing():
    table, weights = market(1)
    best = worth(table, weights).idxmax()
    change = account_of(table, weights).cheapest_change(best, unit_costs={"product": 1})
    assert change.total_cost == 0
    assert change.gap < 0
    assert "0.000 points" in str(change.summary())
    again = pickle.loads(pickle.dumps(change))
    with pytest.raises(ValueError, match="read-only"):
        again.improvements[0] = 1


def test_two_offers_and_two_components_have_a_beta_law():
    table = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    for weights, concentration in (((1, 1), 2.0), ((3, 1), 5.0), ((1, 4), 0.7)):
        by_name = dict(zip(["product", "monetary"], weights, strict=True))
        account = value_account(
            table, unit="points", values=["product"], costs=["monetary"], weights=by_name
        )
        alpha = concentration * np.array(weights) / sum(weights)
        # A leads where 3 w > 2 (1 - w).
        exact = stats.beta(*alpha).sf(0.4)
        found = account.probability_of_best(
            concentration=concentration, n_resamples=200_000, rng=5
        ).set_index("offer")
        # Four Monte Carlo standard errors: one such miss in 16,000 seeds.
        assert abs(found.loc["A", "estimate"] - exact) < 4 * found.loc["A", "std_error"]
        assert found["estimate"].sum() == pytest.approx(1)


def test_intervals_of_the_simulation_cover():
    table = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    account = value_account(table, unit="points", values=["product"], costs=["monetary"])
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(500):
        row = account.probability_of_best(concentration=2, n_resamples=300, rng=rng).iloc[0]
        held += row["ci_low"] <= 0.6 <= row["ci_high"]
    # Three standard errors of 0.95 in 500 runs are 0.029.
    assert abs(held / 500 - 0.95) < 0.03


def test_draws_do_not_depend_on_batches(monkeypatch):
    table, weights = market(3)
    account = account_of(table, weights)
    whole = account.probability_of_best(concentration=9, n_resamples=1000, rng=4)
    monkeypatch.setattr(kernels, "_ELEMENTS", 64)
    pd.testing.assert_frame_equal(
        account.probability_of_best(concentration=9, n_resamples=1000, rng=4), whole
    )


def test_certain_weights_certain_order_and_twins():
    table, weights = market(3)
    account = account_of(table, weights)
    sure = account.probability_of_best(concentration=1e9, n_resamples=500, rng=1)
    np.testing.assert_array_equal(sure["estimate"], (account.totals["rank"] == 1).astype(float))
    twins = pd.concat([table.iloc[[0]], table.iloc[[0]].rename(index={"o0": "twin"})])
    shared = account_of(twins).probability_of_best(concentration=5, n_resamples=100, rng=1)
    assert shared["estimate"].to_list() == [0.5, 0.5]
    assert shared["std_error"].to_list() == [0, 0]


def test_a_weight_of_nothing_stays_nothing():
    table = pd.DataFrame({"product": [9, 6], "image": [0, 99], "monetary": [5, 5]})
    account = value_account(
        table,
        unit="points",
        values=["product", "image"],
        costs=["monetary"],
        weights={"product": 1, "image": 0, "monetary": 1},
    )
    found = account.probability_of_best(concentration=3, n_resamples=100, rng=1)
    assert found["estimate"].to_list() == [1, 0]


ACCOUNT = account_of(market(1)[0])
ALONE = account_of(market(1)[0].iloc[:1])


@pytest.mark.parametrize(
    ("work", "error", "way_out"),
    [
        (ALONE.sensitivity, DataError, "at least one rival"),
        (lambda: ALONE.probability_of_best(concentration=1), DataError, "at least one rival"),
        (
            lambda: ALONE.cheapest_change("o0", unit_costs={"product": 1}),
            DataError,
            "at least one rival",
        ),
        (lambda: ACCOUNT.sensitivity(others="free"), OptionError, "'fixed', 'rescaled'"),
        (
            lambda: ACCOUNT.cheapest_change("o9", unit_costs={"product": 1}),
            DataError,
            "the offers are 'o0'",
        ),
        (
            lambda: ACCOUNT.cheapest_change("o0", unit_costs={"prodct": 1}),
            OptionError,
            "did you mean 'product'",
        ),
        (
            lambda: ACCOUNT.cheapest_change("o0", unit_costs={"product": -1}),
            OptionError,
            "more of a value, less of a cost",
        ),
        (
            lambda: ACCOUNT.cheapest_change("o0", unit_costs={"product": 1}, limits={"time": -1}),
            OptionError,
            "0 or more",
        ),
        (
            lambda: ACCOUNT.cheapest_change("o0", unit_costs=[1, 2]),
            OptionError,
            "mapping from component",
        ),
        (
            lambda: ACCOUNT.cheapest_change("o0", unit_costs={"product": np.inf}),
            OptionError,
            "finite",
        ),
        (
            lambda: ACCOUNT.cheapest_change("o0", unit_costs={"product": 1}, lead=-1),
            OptionError,
            "at least 0",
        ),
        (
            lambda: ACCOUNT.cheapest_change(
                "o0", unit_costs={"product": 1}, limits={"product": 0.1}, lead=99
            ),
            DataError,
            "allow larger changes in limits",
        ),
        (lambda: ACCOUNT.probability_of_best(concentration=0), OptionError, "above 0"),
        (
            lambda: ACCOUNT.probability_of_best(concentration=1, n_resamples=0),
            OptionError,
            "at least 1",
        ),
        (
            lambda: ACCOUNT.probability_of_best(concentration=1, level=2),
            OptionError,
            "between 0 and 1",
        ),
    ],
)
def test_bad_questions_are_named_errors(work, error, way_out):
    with pytest.raises(error, match=way_out):
        work()


def test_exactness_of_a_change_by_hand():
    table = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    account = value_account(table, unit="points", values=["product"], costs=["monetary"])
    change = account.cheapest_change(
        "B", unit_costs=pd.Series({"product": 2, "monetary": 3}), limits={"product": 0.5}
    )
    assert change.total_cost == pytest.approx(2.5, rel=EXACT)
    assert change.rival == "A"


def test_limits_that_are_just_enough_are_enough():
    offers = pd.DataFrame({"a": [0.0, 0.0], "b": [0.0, 0.3], "monetary": [1, 1]}, index=["A", "B"])
    account = value_account(offers, unit="points", values=["a", "b"], costs=["monetary"])
    limits = {"a": 0.1, "b": 0.2}  # which make 0.30000000000000004 in this order
    for lead in (0.0, 0.1 + 0.2 - 0.3):
        change = account.cheapest_change("A", unit_costs=limits, limits=limits, lead=lead)
        assert change.improvements.sum() == pytest.approx(0.3)
    limits = {"a": 0.3, "b": 0.6}  # 0.8999999999999999
    offers.loc["B", "b"] = 0.9
    account = value_account(offers, unit="points", values=["a", "b"], costs=["monetary"])
    change = account.cheapest_change("A", unit_costs=limits, limits=limits)
    assert change.new_levels[:2].tolist() == pytest.approx([0.3, 0.6])


def test_offers_that_differ_by_rounding_only_share_the_first_place():
    levels = pd.DataFrame({"a": [0.1, 0.3], "b": [0.2, 0.0], "monetary": [1, 1]}, index=["A", "B"])
    account = value_account(levels, unit="points", values=["a", "b"], costs=["monetary"])
    assert account.totals["rank"].tolist() == [1, 1]
    assert account.sensitivity()["change"].dropna().abs().min() == 0
    assert account.cheapest_change("A", unit_costs={"a": 1}).total_cost == 0
    assert account.cheapest_change("B", unit_costs={"a": 1}).total_cost == 0


def test_what_is_the_name_of_no_offer_is_refused():
    offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    assert account.place_of(np.str_("B")) == 1
    for name in (np.array(["A", "B"]), pd.Series(["A"]), pd.NA, ["A"], {"A": 1}, np.nan, None):
        with pytest.raises(DataError, match="there is no offer"):
            account.place_of(name)
