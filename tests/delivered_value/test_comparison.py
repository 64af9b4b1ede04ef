"""Offers against rivals: relative value, shares, ties, and intervals that hold their level."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

from loyaltymodel.delivered_value import compare_offers, relative_value
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT


def panel(values, offers=None):
    """A long table of a matrix (respondents, offers), its rows in no order."""
    r, m = values.shape
    offers = offers or [f"o{k}" for k in range(m)]
    table = pd.DataFrame(
        {
            "who": np.repeat(np.arange(r), m),
            "brand": np.tile(offers, r),
            "worth": values.ravel(),
        }
    )
    return table.sample(frac=1, random_state=1)


def compare(table, **options):
    return compare_offers("worth", "brand", customer="who", data=table, **options)


def of(table, quantity):
    """The rows of one quantity, by offer."""
    return table[table["quantity"] == quantity].set_index("offer").sort_index()


@pytest.mark.parametrize("form", ["difference", "ratio"])
def test_relative_value_by_brute_force(form):
    values = np.random.default_rng(1).integers(1, 9, (30, 4)).astype(float)
    table = panel(values)
    found = relative_value("worth", "brand", customer="who", data=table, form=form)
    assert found.index.equals(table.index)
    for row, relative in found.items():
        who, offer = table.loc[row, "who"], int(table.loc[row, "brand"][1:])
        rival = max(np.delete(values[who], offer))
        own = values[who, offer]
        assert relative == (own - rival if form == "difference" else own / rival)
    arrays = [table[name].to_numpy() for name in ("worth", "brand", "who")]
    same = relative_value(arrays[0], arrays[1], customer=arrays[2], form=form)
    assert type(same) is np.ndarray
    np.testing.assert_array_equal(same, found)


def test_the_table_by_brute_force():
    values = np.random.default_rng(2).integers(1, 6, (60, 3)).astype(float)
    table = compare(panel(values))
    mean = of(table, "mean")
    best = values == values.max(axis=1, keepdims=True)
    split = best / best.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(of(table, "share_best")["estimate"], split.mean(axis=0), rtol=EXACT)
    tied = best & (best.sum(axis=1, keepdims=True) > 1)
    np.testing.assert_allclose(of(table, "share_tied")["estimate"], tied.mean(axis=0), rtol=EXACT)
    for ties, expected in (("all", best), ("none", best & ~tied)):
        found = of(compare(panel(values), ties=ties), "share_best")["estimate"]
        np.testing.assert_allclose(found, expected.mean(axis=0), rtol=EXACT)
    for k in range(3):
        other = stats.ttest_1samp(values[:, k], 0).confidence_interval(0.95)
        np.testing.assert_allclose(
            mean.iloc[k][["ci_low", "ci_high"]].astype(float), other, rtol=1e-9
        )  # two ways to invert the t distribution
    relative = values - np.column_stack(
        [np.delete(values, k, axis=1).max(axis=1) for k in range(3)]
    )
    np.testing.assert_allclose(
        of(table, "relative_value")["estimate"], relative.mean(axis=0), atol=EXACT
    )
    assert (
        mean["rank"].to_list()
        == pd.Series(values.mean(axis=0)).rank(ascending=False, method="min").astype(int).to_list()
    )


def test_shares_have_wilsons_interval():
    values = np.zeros((50, 2))
    values[:37, 0] = values[37:, 1] = 1
    for level in (0.8, 0.95):
        row = of(compare(panel(values), level=level), "share_best").loc["o0"]
        other = stats.binomtest(37, 50).proportion_ci(level, method="wilson")
        assert row["ci_low"] == pytest.approx(other.low, rel=EXACT)
        assert row["ci_high"] == pytest.approx(other.high, rel=EXACT)
    everybody = of(compare(panel(np.tile([1.0, 0.0], (9, 1)))), "share_best")
    assert everybody.loc["o0", "ci_high"] == 1
    assert everybody.loc["o1", "ci_low"] == 0


def test_ties_are_those_within_reach_and_those_of_rounding():
    values = np.array([[0.1 + 0.2, 0.3], [5.0, 4.9], [1.0, 3.0]])
    tied = of(compare(panel(values)), "share_tied")
    assert tied["estimate"].to_list() == pytest.approx([1 / 3, 1 / 3])
    table = compare(panel(values), tie_within=0.1000001)
    assert of(table, "share_tied")["estimate"].to_list() == pytest.approx([2 / 3, 2 / 3])
    assert of(table, "share_best")["estimate"].sum() == pytest.approx(1)


@pytest.mark.study
def test_coverage_of_the_intervals():
    """95 % intervals of share, mean and relative value hold the truth about as often."""
    rng = np.random.default_rng(11)
    n, m, worlds = 60, 3, 600
    centre = np.array([0.3, 0.0, -0.2])
    big = centre + rng.normal(size=(400_000, m))
    truth_share = np.bincount(big.argmax(axis=1)) / len(big)
    truth_relative = (
        big - np.column_stack([np.delete(big, k, axis=1).max(axis=1) for k in range(m)])
    ).mean(axis=0)
    held = np.zeros(3)
    for _ in range(worlds):
        values = centre + rng.normal(size=(n, m))
        table = compare_offers(
            values.ravel(), np.tile(np.arange(m), n), customer=np.repeat(np.arange(n), m)
        )
        for k, (truth, quantity) in enumerate(
            (
                (truth_share, "share_best"),
                (centre, "mean"),
                (truth_relative, "relative_value"),
            )
        ):
            found = of(table, quantity)
            held[k] += ((found["ci_low"] <= truth) & (truth <= found["ci_high"])).mean()
    # 600 worlds: three standard errors of 0.95 are 0.027; Wilson's interval of a count wavers by
    # about 0.01 more about its level.
    assert np.all(np.abs(held / worlds - 0.95) < 0.035), held / worlds


def test_incomplete_customers_are_refused_or_left_out():
    table = panel(np.arange(12.0).reshape(4, 3))
    table.loc[table["worth"] == 4, "worth"] = np.nan
    with pytest.raises(DataError, match='missing="drop"'):
        compare(table)
    assert of(compare(table, missing="drop"), "mean")["n_obs"].to_list() == [3, 3, 3]
    shorter = table.dropna()
    with pytest.raises(DataError, match=r"1 customer did not judge .* lacks o1; missing"):
        compare(shorter)
    left = relative_value("worth", "brand", customer="who", data=shorter, missing="drop")
    assert len(left) == 9
    assert set(table.loc[left.index, "who"]) == {0, 2, 3}


def test_a_single_customer_has_no_interval():
    table = compare(panel(np.array([[3.0, 1.0]])))
    for quantity in ("mean", "relative_value"):
        ends = of(table, quantity)[["std_error", "ci_low", "ci_high"]]
        assert ends.isna().all(axis=None)
    assert of(table, "share_best")["estimate"].to_list() == [1, 0]


def test_polars_columns():
    table = panel(np.random.default_rng(5).normal(size=(9, 2)))
    pd.testing.assert_frame_equal(compare(pl.from_pandas(table)), compare(table))


GOOD = panel(np.random.default_rng(4).normal(size=(5, 3)))


@pytest.mark.parametrize(
    ("table", "options", "error", "way_out"),
    [
        (GOOD[GOOD["brand"] == "o1"], {}, DataError, "at least one rival"),
        (pd.concat([GOOD, GOOD.iloc[:1]]), {}, DataError, "2 times; keep one"),
        (GOOD.assign(worth="high"), {}, DataError, "recode it to numbers"),
        (GOOD.assign(worth=np.inf), {}, DataError, "infinite"),
        (GOOD.drop(columns="who"), {}, DataError, "no column 'who'"),
        (
            GOOD.assign(worth=GOOD["worth"].where(GOOD["brand"] != "o1")),
            {"missing": "drop"},
            DataError,
            "nobody's value of offer o1",
        ),
        (
            GOOD[(GOOD["who"] + GOOD["brand"].str[1:].astype(int)) % 2 == 0],
            {"missing": "drop"},
            DataError,
            "compare fewer offers",
        ),
        (GOOD, {"ties": "first"}, OptionError, "'split', 'all', 'none'"),
        (GOOD, {"tie_within": -1}, OptionError, "at least 0"),
        (GOOD, {"level": 95}, OptionError, "between 0 and 1"),
        (GOOD, {"missing": "zero"}, OptionError, "'raise', 'drop'"),
    ],
)
def test_bad_panels_are_named_errors(table, options, error, way_out):
    with pytest.raises(error, match=way_out):
        compare(table, **options)


def test_bad_relative_values_are_named_errors():
    with pytest.raises(DataError, match="customer="):
        relative_value([1, 2, 3], ["A", "B", "A"])
    with pytest.raises(DataError, match='"difference"'):
        relative_value([1, 0], ["A", "B"], form="ratio")
    with pytest.raises(OptionError, match="'difference', 'ratio'"):
        relative_value([1, 2], ["A", "B"], form="percent")
    with pytest.raises(DataError, match="equally long"):
        relative_value([1, 2], ["A", "B", "C"])


def test_many_customers_and_offers_take_memory_of_their_rows_only():
    n = 30_000
    rows = pd.DataFrame({"who": np.arange(n), "brand": np.arange(n) % 900, "worth": 1.0})
    tracemalloc.start()
    with pytest.raises(DataError, match="did not judge every offer"):
        compare_offers("worth", "brand", customer="who", data=rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6  # a number for every customer and offer takes 216 MB
    rows.loc[7, ["who", "brand"]] = rows.loc[907, ["who", "brand"]]
    with pytest.raises(DataError, match="customer 907 judged offer 7 2 times"):
        compare_offers("worth", "brand", customer="who", data=rows)


def test_an_offer_of_the_same_value_for_all_has_no_interval():
    panel = pd.DataFrame(
        {"who": [1, 1, 2, 2, 3, 3], "brand": ["A", "B"] * 3, "worth": [5, 2, 5, 4, 5, 3]}
    )
    table = compare_offers("worth", "brand", customer="who", data=panel)
    ends = table[table["quantity"] == "mean"].set_index("offer")[["std_error", "ci_low", "ci_high"]]
    assert ends.loc["A"].isna().all()
    assert ends.loc["B"].notna().all()
