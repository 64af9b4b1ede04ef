"""Loyalty as behaviour, counted again row by row in plain Python."""

import datetime as dt
import itertools
import pickle
from collections import defaultdict

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel.customer_base import kernels
from loyaltymodel.customer_base.measures import purchase_behaviour
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.movement.estimate import markov_chain

from tolerances import EXACT

YEAR = ("2024-01-01", "2025-01-01")
PEOPLE, BRANDS, LENGTH = ["Ann", "Bob", "Cho", "Dee"], ["A", "B", "C"], 30

# No two purchases of one customer at one date: the order is known.
BOUGHT = st.dictionaries(
    st.tuples(st.sampled_from(PEOPLE), st.integers(0, LENGTH - 1)),
    st.tuples(st.sampled_from(BRANDS), st.integers(0, 9)),
    min_size=1,
    max_size=40,
)


def table_of(bought):
    rows = [(who, day, brand, paid) for (who, day), (brand, paid) in bought.items()]
    return pd.DataFrame(rows, columns=["customer", "date", "brand", "amount"])


def same(found, expected):
    if not isinstance(expected, str):
        expected = pytest.approx(expected, rel=EXACT, nan_ok=True)
    assert found == expected


def by_hand(table):
    """Every number again: one customer after the other, one purchase after the other."""
    people, cells, switches = {}, {}, defaultdict(int)
    for who, own in table.groupby("customer"):
        rows = own.sort_values("date").to_dict("records")
        followed, repeated = defaultdict(int), defaultdict(int)
        for row, after in itertools.pairwise(rows):
            switches[row["brand"], after["brand"]] += 1
            followed[row["brand"]] += 1
            repeated[row["brand"]] += row["brand"] == after["brand"]
        spent = sum(row["amount"] for row in rows)
        for brand in {row["brand"] for row in rows}:
            mine = [row for row in rows if row["brand"] == brand]
            paid = sum(row["amount"] for row in mine)
            first, last = mine[0]["date"], mine[-1]["date"]
            cells[who, brand] = {
                "n_purchases": len(mine),
                "amount": paid,
                "share_of_requirements": len(mine) / len(rows),
                "share_of_wallet": paid / spent if spent else np.nan,
                "repeat_rate": repeated[brand] / followed[brand] if followed[brand] else np.nan,
                "first": first,
                "last": last,
                "recency": LENGTH - last,
                "tenure": last - first,
                "tenure_limit": LENGTH - first,
                "frequency": len(mine) / LENGTH,
            }
        best = max(len([r for r in rows if r["brand"] == b]) for b in BRANDS)
        favourites = [b for b in BRANDS if len([r for r in rows if r["brand"] == b]) == best]
        people[who] = {
            "n_purchases": len(rows),
            "portfolio_size": len({row["brand"] for row in rows}),
            "favourite": favourites[0],
            "ties": len(favourites),
            "share_of_requirements": best / len(rows),
            "share_of_wallet": cells[who, favourites[0]]["share_of_wallet"],
            "repeat_rate": (
                sum(repeated.values()) / sum(followed.values())
                if sum(followed.values())
                else np.nan
            ),
            "recency": LENGTH - rows[-1]["date"],
            "tenure": rows[-1]["date"] - rows[0]["date"],
        }
    return people, cells, switches


@settings(max_examples=60, deadline=None)
@given(BOUGHT, st.randoms(use_true_random=False))
def test_every_number_is_that_of_counting_by_hand(bought, shuffler):
    table = table_of(bought)
    people, cells, switches = by_hand(table)
    order = list(range(len(table)))
    shuffler.shuffle(order)
    given = {"data": table.iloc[order], "window": (0, LENGTH), "brands": BRANDS}
    found, customers = purchase_behaviour(**given)
    assert list(customers.index) == sorted(people)
    for who, expected in people.items():
        for name, value in expected.items():
            same(customers.loc[who, name], value)
    per_cell = purchase_behaviour(**given, rows="bought").customers
    assert len(per_cell) == len(cells)
    for cell, expected in cells.items():
        for name, value in expected.items():
            same(per_cell.loc[cell, name], value)
    every = purchase_behaviour(**given, rows="all").customers
    assert len(every) == len(people) * len(BRANDS)
    pd.testing.assert_frame_equal(every.loc[per_cell.index], per_cell, check_dtype=False)
    absent = every.drop(index=per_cell.index)
    assert not absent[["n_purchases", "amount", "share_of_requirements", "frequency"]].any(
        axis=None
    )
    assert absent[["repeat_rate", "recency", "tenure", "tenure_limit"]].isna().all(axis=None)
    for one in BRANDS:
        for other in BRANDS:
            assert found.switching.loc[one, other] == switches[one, other]


@settings(max_examples=40, deadline=None)
@given(BOUGHT)
def test_brands_by_hand(bought):
    table = table_of(bought)
    _, cells, switches = by_hand(table)
    found = purchase_behaviour(data=table, window=(0, LENGTH), brands=BRANDS).result
    brands = found.brands.set_index("brand")
    for brand in BRANDS:
        buyers = {who for who, b in cells if b == brand}
        row = brands.loc[brand]
        assert row["n_buyers"] == len(buyers)
        assert row["market_share"] == pytest.approx((table["brand"] == brand).mean(), rel=EXACT)
        if not buyers:
            assert np.isnan(row["share_of_requirements"])
            continue
        theirs = table[table["customer"].isin(buyers)]
        own = theirs[theirs["brand"] == brand]
        assert row["share_of_requirements"] == pytest.approx(len(own) / len(theirs), rel=EXACT)
        spent = theirs["amount"].sum()
        if spent:
            wallet = own["amount"].sum() / spent
            assert row["share_of_wallet"] == pytest.approx(wallet, rel=EXACT, abs=EXACT)
        twice = np.mean([cells[who, brand]["n_purchases"] >= 2 for who in buyers])
        assert row["repeat_buyers"] == pytest.approx(twice, rel=EXACT)
        sole = np.mean([sum(w == who for w, _ in cells) == 1 for who in buyers])
        assert row["sole_buyers"] == pytest.approx(sole, rel=EXACT)
        after = sum(n for (b, _), n in switches.items() if b == brand)
        if after:
            rate = switches[brand, brand] / after
            assert row["repeat_rate"] == pytest.approx(rate, rel=EXACT)
            assert found.repeat_rates.set_index("brand").loc[brand, "n_obs"] == after
    # Market share is penetration times buyers' share times how heavily they buy.
    penetration, requirements = brands["penetration"], brands["share_of_requirements"]
    per_customer = len(table) / table["customer"].nunique()
    heavy = brands["purchases_per_buyer"] / requirements / per_customer
    np.testing.assert_allclose(
        (penetration * requirements * heavy).dropna(),
        brands["market_share"][brands["n_buyers"] > 0],
        rtol=EXACT,
    )


@pytest.fixture(scope="module")
def records():
    rng = np.random.default_rng(5)
    switching = [[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]]
    brands = markov_chain(switching, stages=["A", "B", "C"])
    bought = brands.simulate_purchases(300, rng=rng, rate=5, prices=[2, 3, 5])
    return bought.sample(frac=1, random_state=1, ignore_index=True)


def tables(data):
    options = {"data": data, "window": YEAR}
    result, own = purchase_behaviour(**options)
    parts = [purchase_behaviour(**options, rows=rows).customers for rows in ("bought", "all")]
    return [own, *parts, result.brands, result.repeat_rates, result.switching]


@pytest.mark.parametrize(
    "kind", ["polars", "pyarrow", "categories", "names", "dates", "large keys"]
)
def test_the_kind_of_table_does_not_matter(records, kind):
    expected = tables(records)
    known = expected[0].index
    given_table, keys = records, None
    if kind == "polars":
        given_table = pl.from_pandas(records)
    elif kind == "pyarrow":
        given_table = pa.Table.from_pandas(records)
    elif kind == "categories":
        given_table = records.astype({"brand": "category"})
    elif kind == "names":
        given_table = pl.from_pandas(
            records.assign(customer=records["customer"].map("{:04d}".format))
        )
        keys = [f"{key:04d}" for key in known]
    elif kind == "dates":
        given_table = records.assign(date=records["date"].astype("datetime64[ns]"))
    else:
        given_table = records.assign(customer=records["customer"] * 10**12)
        keys = [key * 10**12 for key in known]
    for one, other in zip(tables(given_table), expected, strict=True):
        if keys is not None and "customer" in one.index.names:
            assert list(one.index.unique("customer")) == keys
            one.index = other.index
        pd.testing.assert_frame_equal(one, other, check_dtype=False)


@pytest.mark.parametrize("as_series", [False, True])
def test_values_go_in_without_a_table(records, as_series):
    columns = {name: records[name] if as_series else records[name].to_numpy() for name in records}
    who, when = columns.pop("customer"), columns.pop("date")
    found, customers = purchase_behaviour(who, when, window=YEAR, **columns)
    expected = purchase_behaviour(data=records, window=YEAR)
    pd.testing.assert_frame_equal(customers, expected.customers)
    pd.testing.assert_frame_equal(found.brands, expected.result.brands)
    with pytest.raises(DataError, match="names a column, but there is no table"):
        purchase_behaviour(who, when, window=YEAR)
    mixed = purchase_behaviour(who, data=records, window=YEAR)
    pd.testing.assert_frame_equal(mixed.customers, customers)
    mixed = purchase_behaviour(who, data=pl.from_pandas(records), window=YEAR)
    pd.testing.assert_frame_equal(mixed.customers, customers, check_dtype=False)
    with pytest.raises(DataError, match="equally long, but customer has"):
        purchase_behaviour(who[:5], when, window=YEAR, **columns)


def test_both_ways_of_sorting_and_counting_agree(records, monkeypatch):
    packed = tables(records)
    # No key fits, and no full table of cells is small enough.
    monkeypatch.setattr(kernels, "_LARGEST", 0)
    monkeypatch.setattr(kernels, "_CELLS_PER_ROW", 0)
    for one, two in zip(packed, tables(records), strict=True):
        pd.testing.assert_frame_equal(one, two, rtol=EXACT)


@pytest.mark.parametrize("brand", ["brand", "source", "target"])
def test_a_brand_may_be_called_as_a_column(brand):
    data = pd.DataFrame({"customer": [1, 1, 2, 2], "date": [1, 2, 1, 2], "brand": [brand, "B"] * 2})
    result, _ = purchase_behaviour(data=data.assign(amount=1.0), window=(0, 3))
    assert brand in str(result.summary())
    assert [row[brand] for row in result.to_dict()["tables"]["switching"]] == [0, 0]


def test_many_brands_are_counted_sparsely():
    n = 3000
    table = pd.DataFrame({"customer": 1, "date": range(n), "brand": range(n)})
    found, _ = purchase_behaviour(data=table, window=(0, n), amount=None)
    assert len(found.switch_count) == n - 1
    assert found.switch_count.sum() == n - 1


def of_brand(brand, **options):
    return purchase_behaviour(**options, rows="all").customers.xs(brand, level="brand")


# What has no one order, and what is no purchase

SAME_DAY = pd.DataFrame(
    {
        "customer": ["Ann"] * 6,
        "date": [1, 2, 2, 3, 4, 4],
        "brand": ["A", "B", "A", "A", "B", "B"],
        "amount": [1.0] * 6,
    }
)


def test_purchases_of_one_date_have_no_order_unless_the_rows_say_so():
    with pytest.raises(DataError, match=r"first by customer Ann at 2.*as_listed.*skip_pairs"):
        purchase_behaviour(data=SAME_DAY, window=(0, 10))
    listed, _ = purchase_behaviour(data=SAME_DAY, window=(0, 10), same_date="as_listed")
    assert listed.switching.to_numpy().tolist() == [[1, 2], [1, 1]]
    turned, _ = purchase_behaviour(
        data=SAME_DAY.iloc[[0, 2, 1, 3, 4, 5]], window=(0, 10), same_date="as_listed"
    )
    assert turned.switching.to_numpy().tolist() == [[1, 2], [1, 1]]
    skipped, customers = purchase_behaviour(data=SAME_DAY, window=(0, 10), same_date="skip_pairs")
    # 1 to 2, within 2 and 2 to 3 are unknown; 3 to 4 is A to B, and 4 is B to B in any order.
    assert skipped.switching.to_numpy().tolist() == [[0, 1], [0, 1]]
    assert skipped.n_skipped == 3
    assert customers["n_purchases"].item() == 6
    assert "pairs of one date  3" in str(skipped.summary())


def test_listed_order_must_not_step_back_in_time():
    back = SAME_DAY.iloc[[1, 0, 2, 3, 4, 5]]
    with pytest.raises(DataError, match="goes back in time in 1 row, first row 0; sort the table"):
        purchase_behaviour(data=back, window=(0, 10), same_date="as_listed")
    other = pd.concat([back.assign(customer="Bob", date=9), SAME_DAY])
    purchase_behaviour(
        data=other, window=(0, 10), same_date="as_listed"
    )  # Bob later, then Ann: fine


REFUNDED = pd.DataFrame(
    {
        "customer": ["Ann", "Ann", "Ann", "Bob", "Ann"],
        "date": [1, 2, 3, 4, 5],
        "brand": ["A", "B", "A", "A", "C"],
        "amount": [10.0, 30.0, -4.0, 5.0, -9.0],
    }
)


def test_refunds_are_no_purchases():
    with pytest.raises(DataError, match=r'2 amounts below 0, first in row 2.*refunds="subtract"'):
        purchase_behaviour(data=REFUNDED, window=(0, 10))
    with pytest.raises(DataError, match="1 refund of a brand that the customer did not buy"):
        purchase_behaviour(data=REFUNDED, window=(0, 10), refunds="subtract")
    matched, of_matched = purchase_behaviour(
        data=REFUNDED, window=(0, 10), refunds="subtract_matched"
    )
    dropped, _ = purchase_behaviour(data=REFUNDED, window=(0, 10), refunds="drop")
    assert (matched.n_refunds, matched.n_unmatched, dropped.n_unmatched) == (2, 1, 0)
    assert matched.brand_names == dropped.brand_names == ("A", "B")
    ours = of_brand("A", data=REFUNDED, window=(0, 10), refunds="subtract_matched")
    assert ours["amount"].tolist() == [6.0, 5.0]
    theirs = of_brand("A", data=REFUNDED, window=(0, 10), refunds="drop")
    assert theirs["amount"].tolist() == [10.0, 5.0]
    assert ours["share_of_wallet"].iloc[0] == pytest.approx(6 / 36, rel=EXACT)
    assert of_matched["n_purchases"].tolist() == [2, 1]
    fine = REFUNDED.drop(index=4)
    assert purchase_behaviour(data=fine, window=(0, 10), refunds="subtract").result.n_unmatched == 0


def test_a_wallet_that_is_negative_or_empty_has_no_shares():
    table = pd.DataFrame(
        {
            "customer": ["Ann", "Ann", "Ann", "Bob"],
            "date": [1, 2, 3, 1],
            "brand": ["A", "B", "A", "A"],
            "amount": [10.0, 30.0, -14.0, 0.0],
        }
    )
    found, customers = purchase_behaviour(data=table, window=(0, 10), refunds="subtract")
    assert customers["share_of_wallet"].isna().all()
    away = of_brand("B", data=table, window=(0, 10), refunds="subtract")
    assert away["share_of_wallet"].isna().all()
    assert "No share of wallet for 2 customers" in str(found.summary())


def test_the_window_has_its_start_and_not_its_end():
    table = pd.DataFrame(
        {"customer": 1, "date": pd.to_datetime(["2024-01-01", "2024-01-31"]), "brand": "A"}
    )
    found, customers = purchase_behaviour(
        data=table, window=("2024-01-01", "2024-02-01"), amount=None
    )
    row = customers.iloc[0]
    assert found.window_length == 31
    assert (row["recency"], row["tenure"], row["tenure_limit"]) == (1, 30, 31)
    assert row["last"] == pd.Timestamp("2024-01-31")
    with pytest.raises(DataError, match="1 purchase outside the window, first 2024-01-31"):
        purchase_behaviour(data=table, window=("2024-01-01", "2024-01-31"), amount=None)
    inside, _ = purchase_behaviour(
        data=table, window=("2024-01-01", "2024-01-31"), amount=None, outside="drop"
    )
    assert (inside.n_outside, inside.n_obs) == (1, 1)


def test_hours_count_as_parts_of_days():
    table = pd.DataFrame(
        {
            "customer": 1,
            "date": pd.to_datetime(["2024-01-01 06:00", "2024-01-02 18:00"]),
            "brand": "A",
        }
    )
    window = ("2024-01-01", "2024-01-11")
    row = purchase_behaviour(data=table, window=window, amount=None).customers.iloc[0]
    assert (row["tenure"], row["recency"], row["frequency"]) == (1.5, 8.25, 0.2)


def test_rows_with_gaps_are_left_out_when_asked():
    table = REFUNDED.iloc[:4].assign(amount=[1.0, np.nan, 1.0, 1.0])
    table.loc[3, "customer"] = None
    with pytest.raises(DataError, match=r"'customer' \(1 time, first in row 3\), 'amount'"):
        purchase_behaviour(data=table, window=(0, 10))
    found, customers = purchase_behaviour(data=table, window=(0, 10), missing="drop")
    assert (found.n_dropped, list(customers.index), found.brand_names) == (2, ["Ann"], ("A",))


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_large_keys_with_gaps_stay_apart(library):
    rows = {"customer": [2**53, 2**53 + 1, None], "date": [1, 1, 1], "brand": ["A", "A", "A"]}
    table = pl.DataFrame(rows) if library == "polars" else pa.table(rows)
    found, customers = purchase_behaviour(data=table, window=(0, 10), amount=None, missing="drop")
    assert customers.index.tolist() == [2**53, 2**53 + 1]
    assert found.n_dropped == 1


def test_repeat_rates_and_switching_recover_the_truth():
    switching = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])
    brands = markov_chain(switching, stages=["A", "B", "C"])
    bought = brands.simulate_purchases(20_000, rng=3, rate=6)
    found, _ = purchase_behaviour(data=bought, window=YEAR)
    n = found.switching.sum(axis=1).to_numpy()[:, None]
    # Five standard errors of a share.
    assert (np.abs(found.switching_rates - switching) < 5 * np.sqrt(0.25 / n)).all(axis=None)


def test_the_standard_error_of_the_repeat_rate_covers():
    # Customers are alike within and unlike between, so pairs of one customer hang together.
    hits, trials = 0, 300
    rng = np.random.default_rng(11)
    for _ in range(trials):
        n, k = 150, 8
        loyal = rng.random(n) < 0.5
        stay = np.where(loyal, 0.9, 0.3)
        brand = np.zeros((n, k), dtype=int)
        for t in range(1, k):
            brand[:, t] = np.where(rng.random(n) < stay, brand[:, t - 1], 1 - brand[:, t - 1])
        table = pd.DataFrame(
            {
                "customer": np.repeat(np.arange(n), k),
                "date": np.tile(np.arange(k), n),
                "brand": brand.ravel(),
            }
        )
        found, _ = purchase_behaviour(data=table, window=(0, k), amount=None)
        row = found.repeat_rates.loc[0]
        # In the long run of such customers; far from it pairs would be taken as independent.
        truth = LONG_RUN_RATE
        hits += abs(row["estimate"] - truth) < 1.96 * row["std_error"]
    # 0.95 with 300 trials has a standard error of 0.013; three of them, and a little for n.
    assert hits / trials > 0.95 - 0.045


def _long_run_rate():
    """Share of repeats among followed purchases of brand 0 over both kinds of customer."""
    repeated = followed = 0.0
    for stay in (0.9, 0.3):
        share = 1.0
        for _ in range(7):
            followed += share
            repeated += share * stay
            share = share * stay + (1 - share) * (1 - stay)
    return repeated / followed


LONG_RUN_RATE = _long_run_rate()


EVEN = markov_chain([[0.5, 0.5], [0.5, 0.5]], stages=["A", "B"])


def test_simulated_purchases_are_what_was_asked_for():
    bought = EVEN.simulate_purchases(4000, rng=2, rate=3, prices=[1, 4])
    assert bought["date"].between("2024-01-01", "2025-01-01").all()
    per_customer = len(bought) / 4000
    assert abs(per_customer - 3) < 5 * np.sqrt(3 / 4000)
    assert set(bought.loc[bought["brand"] == "B", "amount"]) == {4.0}
    again = EVEN.simulate_purchases(4000, rng=2, rate=3, prices=[1, 4])
    pd.testing.assert_frame_equal(bought, again)
    first = EVEN.simulate_purchases(500, rng=2, rate=3, start="B")
    assert set(first.groupby("customer")["brand"].first()) == {"B"}


def test_the_result_cannot_be_changed_and_neither_is_the_input(records):
    before = records.copy()
    found, _ = purchase_behaviour(data=records, window=YEAR)
    pd.testing.assert_frame_equal(records, before)
    for result in (found, pickle.loads(pickle.dumps(found))):
        assert not result.brand_counts.flags.writeable
        with pytest.raises(AttributeError):
            result.n_obs = 1
    table = found.brands
    table.iloc[:, 1] = 0
    assert found.brands.iloc[:, 1].min() > 0


# Bad input

GOOD = pd.DataFrame({"customer": [1, 1], "date": [1, 2], "brand": ["A", "B"], "amount": [1.0, 2.0]})
BAD = {
    "no table": ([1, 2], {}, "pandas, polars or pyarrow table"),
    "no rows": (GOOD.iloc[:0], {}, "no rows"),
    "no such column": (GOOD, {"brand": "brnad"}, "did you mean 'brand'"),
    "column twice": (pd.concat([GOOD, GOOD["date"]], axis=1), {}, "more than one column named"),
    "one column for two things": (GOOD, {"brand": "customer"}, "for two things"),
    "no customer": (GOOD.assign(customer=[1, None]), {}, "'customer' .1 time, first in row 1"),
    "no date": (GOOD.assign(date=pd.to_datetime(["2024-01-01", None])), {"window": YEAR}, "'date'"),
    "no brand": (GOOD.assign(brand=["A", None]), {}, 'missing="drop" leaves'),
    "no amount": (GOOD.assign(amount=[np.nan, 1]), {}, 'missing="drop" leaves'),
    "nothing but gaps": (GOOD.assign(brand=None), {"missing": "drop"}, "every row has a missing"),
    "infinite amount": (GOOD.assign(amount=[np.inf, 1]), {}, "infinite value"),
    "text as amount": (GOOD.assign(amount=["1", "2"]), {}, "not numeric: it has"),
    "text as date": (GOOD.assign(date=["2024-01-01", "2024-01-02"]), {}, "pandas.to_datetime"),
    "half days": (GOOD.assign(date=[0.5, 1.0]), {}, "neither dates nor whole numbers"),
    "time zone": (
        GOOD.assign(date=pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("UTC")),
        {"window": YEAR},
        "drop|tz_localize",
    ),
    "time zone, polars": (
        pl.DataFrame({"customer": [1], "brand": ["A"], "amount": [1.0]}).with_columns(
            date=pl.datetime(2024, 1, 1, time_zone="UTC")
        ),
        {"window": YEAR},
        "replace_time_zone",
    ),
    "unknown brand": (GOOD, {"brands": ["A", "b"]}, "unknown brand, first 'B'.*did you mean 'b'"),
    "dates as numbers": (
        GOOD.assign(date=[19970131, 19970201]),
        {"window": (19970101, 19980701)},
        "written yyyymmdd and count no days.*to_datetime",
    ),
    "months as numbers": (
        GOOD.assign(date=[202411, 202412]),
        {"window": (202401, 202501)},
        "written yyyymm",
    ),
    "lists as customers": (GOOD.assign(customer=[[1], [2]]), {}, "cannot be told apart"),
    "complex amounts": (GOOD.assign(amount=[1j, 2j]), {}, "not numeric"),
    "huge amounts": (GOOD.assign(amount=[1e308, 1e308]), {}, "too large"),
    "huge dates": (GOOD.assign(date=[1e300, 2e300]), {}, "neither dates nor whole numbers"),
    "a number beyond": (GOOD.assign(amount=pd.Series([10**400, 1], dtype=object)), {}, "numeric"),
    "all outside": (GOOD, {"window": (5, 9), "outside": "drop"}, "no purchase is left"),
    "only refunds": (GOOD.assign(amount=-1.0), {"refunds": "drop"}, "no purchase is left"),
}
BAD_OPTIONS = {
    "window turned": ({"window": (9, 0)}, "ends before it starts"),
    "no window": ({"window": 5}, "no pair of dates"),
    "window of text": ({"window": ("a", "b")}, "whole numbers, because the dates are"),
    "window of parts": ({"window": (0.5, 9)}, "whole numbers"),
    "same_date": ({"same_date": "first"}, "'as_listed'"),
    "rows": ({"rows": "brands"}, "'bought'"),
    "refunds": ({"refunds": "net"}, "'subtract_matched'"),
    "outside": ({"outside": "clip"}, "'drop'"),
    "missing": ({"missing": "em"}, "'drop'"),
    "brands twice": ({"brands": ["A", "B", "A"]}, "list of different brands"),
    "brands as text": ({"brands": "AB"}, "list of different brands"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_end_in_a_named_error(case):
    table, options, message = BAD[case]
    with pytest.raises((DataError, OptionError), match=message):
        purchase_behaviour(data=table, **({"window": (0, 10)} | options))


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_bad_options_end_in_a_named_error(case):
    options, message = BAD_OPTIONS[case]
    with pytest.raises(OptionError, match=message):
        purchase_behaviour(data=GOOD, **({"window": (0, 10)} | options))


@pytest.mark.parametrize(
    "window", [("2025-01-01", "2024-01-01"), (1, 2), ("a", "b"), ("2024-01-01", None)]
)
def test_windows_of_dates_are_dates(window):
    table = GOOD.assign(date=pd.to_datetime(["2024-01-01", "2024-01-02"]))
    with pytest.raises(OptionError, match="window="):
        purchase_behaviour(data=table, window=window)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0}, "above 0"),
        ({"rate": 1, "window": ("2025-01-01", "2024-01-01")}, "rising pair"),
        ({"rate": 1, "prices": [1]}, "one for each of 2"),
        ({"rate": 1, "prices": [1, -1]}, "0 or more"),
        ({"rate": 1e-9}, "nobody bought"),
        ({"rate": 1, "start": "Z"}, "no stage 'Z'"),
    ],
)
def test_bad_worlds_are_refused(options, message):
    with pytest.raises(Exception, match=message) as caught:
        EVEN.simulate_purchases(3, rng=1, **options)
    assert type(caught.value).__module__ == "loyaltymodel.errors"


@pytest.mark.parametrize("name", ["customer", "date", "brand", "amount"])
@pytest.mark.parametrize("value", [3, {1, 2}, {"a": 1}, [[1], [2]], [[1], [2, 3]], object(), 1j])
def test_a_variable_is_a_value_a_purchase(name, value):
    values = {column: GOOD[column].tolist() for column in GOOD}
    if (name, value) == ("amount", 3):  # one price for all
        _, customers = purchase_behaviour(**(values | {name: value}), window=(0, 10))
        assert customers["amount"].tolist() == [6]
        return
    with pytest.raises((DataError, OptionError)):
        purchase_behaviour(**(values | {name: value}), window=(0, 10))


@pytest.mark.parametrize("name", ["customer", "date", "brand", "amount"])
def test_what_is_masked_is_missing(name):
    values = {column: GOOD[column].to_numpy() for column in GOOD}
    values[name] = np.ma.masked_array(values[name], [True, False])
    with pytest.raises(DataError, match=f"no value in column '{name}' .1 time, first in row 0"):
        purchase_behaviour(**values, window=(0, 10))


@pytest.mark.parametrize("name", ["customer", "date", "brand", "amount"])
def test_a_series_in_another_order_is_refused(name):
    options = {"data": GOOD, "window": (0, 10)}
    turned = GOOD[name].iloc[::-1]
    with pytest.raises(DataError, match="different labels"):
        purchase_behaviour(**{name: turned}, **options)
    found, _ = purchase_behaviour(**{name: turned.sort_index()}, **options)
    assert found.brands.equals(purchase_behaviour(**options)[0].brands)


@pytest.mark.parametrize("blank", ["", "  ", "\u3000"])
@pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas])
def test_blank_text_is_nobody(blank, make):
    table = make(GOOD.assign(customer=["Ann", blank], amount=[1.0, 2.0]))
    with pytest.raises(DataError, match=r"no value in column 'customer' .1 time, first in row 1"):
        purchase_behaviour(data=table, window=(0, 10))
    found, customers = purchase_behaviour(data=table, window=(0, 10), missing="drop")
    assert (found.n_dropped, customers.index.tolist()) == (1, ["Ann"])


@pytest.mark.parametrize(
    "window",
    [
        ("2024-01-01", "9999-12-31"),
        ("0001-01-01", "2025-01-01"),
        (dt.date(2024, 1, 1), dt.date.max),
    ],
)
def test_a_window_may_be_without_end(window):
    dates = pd.to_datetime(["2024-02-01", "2024-03-01"])
    found, customers = purchase_behaviour(data=GOOD.assign(date=dates), window=window)
    assert customers["tenure"].tolist() == [29]
    end = dt.date.fromisoformat(str(window[1]))
    assert customers["recency"].tolist() == [(end - dt.date(2024, 3, 1)).days]
    assert found.window_length == (end - dt.date.fromisoformat(str(window[0]))).days
    fine = pd.DatetimeIndex(["2024-02-01", "2024-03-01T00:00:00.000000001"]).as_unit("ns")
    if window[1] != "2025-01-01":
        with pytest.raises(OptionError, match="beyond what times in 'ns' can count"):
            purchase_behaviour(data=GOOD.assign(date=fine), window=window)


def test_numbers_within_a_month_count_days():
    table = GOOD.assign(date=[20240101, 20240111])
    _, customers = purchase_behaviour(data=table, window=(20240101, 20240131))
    assert customers["tenure"].tolist() == [10]


@pytest.mark.parametrize("dtype", ["float16", "uint8", "uint64", "int64", "Float32"])
def test_customers_may_be_numbers_of_any_type(dtype):
    keys = pd.Series([1, 1, 3], dtype=dtype)
    if dtype == "uint64":
        keys += np.uint64(2**63)  # beyond what signed numbers hold
    table = pd.DataFrame({"customer": keys, "date": [1, 2, 3], "brand": "A", "amount": 1.0})
    columns = {name: table[name] for name in table}
    for form in ({"data": table}, columns):
        _, customers = purchase_behaviour(**form, window=(0, 10))
        assert customers.index.tolist() == keys.iloc[[0, 2]].tolist()
        assert customers["n_purchases"].tolist() == [2, 1]


def test_brands_may_be_pairs():
    brands = pd.Series([("A", 1), ("A", 2)])
    found, customers = purchase_behaviour([1, 1], [1, 2], brand=brands, amount=None, window=(0, 9))
    assert found.switching.index.tolist() == [("A", 1), ("A", 2)]
    assert customers["favourite"].tolist() == [("A", 1)]
