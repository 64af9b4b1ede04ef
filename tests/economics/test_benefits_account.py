"""What customers bring beside purchases: sums, present values, shares and draws."""

import pickle

import numpy as np
import pytest

from loyaltymodel import evidence
from loyaltymodel.economics import benefits_account
from loyaltymodel.errors import OptionError

from tolerances import EXACT, SAME

ITEMS = {
    "information": {"needs": 300.0, "innovation": 500.0},
    "add_on": {"joint_sales": 250.0, "cost_of_partners": -50.0},
    "other": {"research_cost": 100.0},
}
YEARLY = {"recurring": ["needs", "research_cost"], "periods": 4, "discount": 0.1}


def of(found, quantity):
    table = found.totals.set_index(["quantity", "group"])["estimate"]
    return table[quantity].to_dict()


def test_sums_add_up():
    found = benefits_account(ITEMS, customers=50)
    sums = {"information": 800, "add_on": 200, "other": 100, "total": 1100}
    assert of(found, "amount") == sums
    assert of(found, "per_customer") == {name: value / 50 for name, value in sums.items()}
    assert of(found, "share") == pytest.approx({n: v / 1100 for n, v in sums.items()}, rel=EXACT)
    assert found.items["estimate"].tolist() == [300, 500, 250, -50, 100]
    assert found.items["group"].tolist() == ["information"] * 2 + ["add_on"] * 2 + ["other"]
    assert repr(found) == "<BenefitsAccount: 1100 from 5 items in 3 groups>"
    assert "counted again" in str(found.summary())
    assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()
    assert "per_customer" not in set(benefits_account(ITEMS).totals["quantity"])


def test_what_recurs_is_summed_period_by_period():
    now = benefits_account(ITEMS, **YEARLY, timing="now")
    worth = {name: sum(x / 1.1**t for t in range(4)) for name, x in (("needs", 300), ("r", 100))}
    table = now.items.set_index("item")["estimate"]
    assert table["needs"] == pytest.approx(worth["needs"], rel=EXACT)
    assert table["research_cost"] == pytest.approx(worth["r"], rel=EXACT)
    assert table["innovation"] == 500
    late = benefits_account(ITEMS, **YEARLY, timing="end_of_period").items.set_index("item")
    assert late.loc["needs", "estimate"] == pytest.approx(worth["needs"] / 1.1, rel=EXACT)
    free = benefits_account(ITEMS, **{**YEARLY, "discount": 0}, timing="now")
    assert free.items["estimate"].tolist() == [1200, 500, 250, -50, 400]
    assert "4 times, at the beginning of each period" in str(now.summary())


def test_a_group_that_costs_leaves_no_shares():
    found = benefits_account({"a": {"x": 5.0}, "b": {"y": -1.0}})
    assert np.isnan(list(of(found, "share").values())).all()


def test_draws_go_through_one_by_one():
    rng = np.random.default_rng(1)
    draws = {"needs": rng.normal(300, 100, 200), "discount": rng.uniform(0, 0.2, 200)}
    found = benefits_account(ITEMS, **YEARLY, timing="now", draws=draws, customers=7)
    for k in (0, 199):
        changed = {**ITEMS, "information": {"needs": draws["needs"][k], "innovation": 500.0}}
        own = {**YEARLY, "discount": draws["discount"][k]}
        one = benefits_account(changed, **own, timing="now", customers=7)
        np.testing.assert_allclose(found.estimates.replicates[k], one.estimates.estimate, rtol=SAME)
    assert (found.totals["ci_low"] <= found.totals["ci_high"]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": {}}, "no items"),
        ({"items": {"a": {}}}, "'a' has no items"),
        ({"items": {"a": {"x": 1}, "b": {"x": 2}}}, "'x' stands in several groups"),
        ({"items": {"a": {"discount": 1}}}, "meaning of its own"),
        ({"items": {"total": {"x": 1}}}, "meaning of its own"),
        ({"customers": 0}, "customers=0"),
        ({"periods": 3}, "periods is for items that come each period"),
        ({"recurring": ["need"]}, "did you mean 'needs'"),
        ({"recurring": ["needs"], "periods": 3, "timing": "now"}, "give discount="),
        ({**YEARLY, "timing": "now", "periods": 0}, "periods=0"),
        ({**YEARLY, "timing": "now", "discount": -1}, "discount is -1"),
        ({"draws": {"needs": [1.0, np.nan]}}, "draw 1 of needs"),
    ],
)
def test_accounts_that_cannot_be_are_refused(change, message):
    with pytest.raises(OptionError, match=message):
        benefits_account(**{"items": ITEMS, **change})


def test_the_texts_name_seventeen_benefits_in_four_groups():
    table = evidence.catalogue("loyalty_benefits")
    sizes = table.groupby("group", sort=False).size().to_dict()
    assert sizes == {"economic": 5, "information": 5, "add_on": 3, "other": 4}
    names = table.loc[table["group"] != "economic"]
    items = {group: dict.fromkeys(own["id"], 1.0) for group, own in names.groupby("group")}
    assert of(benefits_account(items), "amount")["total"] == 12
