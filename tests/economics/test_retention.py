"""Tenures, cohorts and rates from records, against plain Python customer by customer."""

import itertools
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import economics
from loyaltymodel.economics.retention import kernels
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT, SAME


def log(seed=1, n=400, customers=40, periods=8):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "customer": rng.integers(0, customers, n) * 7 + 3,
            "date": rng.integers(0, periods, n),
            "amount": rng.gamma(1.0, 10.0, n).round(2),
            "profit": rng.normal(3, 10, n).round(2),
        }
    )
    table["tier"] = np.array(["low", "middle", "high"])[
        (table["customer"] + table["date"] ** 2) % 3
    ]
    return table


def rows_of(table):
    """Periods and amounts of each customer, in plain Python."""
    found = {}
    for row in table.itertuples():
        own = found.setdefault(row.customer, {})
        own[row.date] = own.get(row.date, 0.0) + getattr(row, "amount", 0.0)
    return found


# Tenures


def tenure_by_hand(periods, last, rows_end, gap):
    """Start, tenure and loss of one customer, period by period."""
    periods, start = set(periods), min(periods)
    if rows_end == "censored":
        return start, max(periods) - start, False
    if gap is None:
        end = max(periods)
        return start, min(end + 1, last) - start, end < last
    silent = 0
    for period in range(start, last + 1):
        silent = 0 if period in periods else silent + 1
        if silent == gap:
            return start, period - gap + 1 - start, True
    # A loss in this period or before would have been seen.
    return start, max(last - gap + 1 - start, 0), False


@pytest.mark.parametrize(
    ("rows_end", "gap"), [("lost", None), ("lost", 1), ("lost", 2), ("lost", 3), ("censored", None)]
)
def test_tenures_are_those_of_customers_one_by_one(rows_end, gap):
    table = log(n=150)
    found, customers = economics.tenures(
        "customer", "date", rows_end=rows_end, gap=gap, data=table, until=9
    )
    by_hand = {
        who: tenure_by_hand(periods, 9, rows_end, gap) for who, periods in rows_of(table).items()
    }
    assert len(customers) == found.n_obs == len(by_hand)
    for who, (start, tenure, lost) in by_hand.items():
        own = customers.loc[who]
        assert (own["start"], own["tenure"], own["lost"]) == (start, tenure, lost), who
    assert (customers["entry"] == 0).all()
    again = customers.groupby(["entry", "tenure", "lost"]).size()
    listed = found.tenures.set_index(["entry", "tenure", "lost"])["n_obs"]
    assert again.to_dict() == listed.to_dict()
    assert found.n_lost == customers["lost"].sum()


def test_the_rule_of_a_gap_does_not_take_unseen_losses_for_retention():
    # Everybody leaves with a chance of 0.3 a period and buys in 7 of 10 periods meanwhile.
    rng = np.random.default_rng(4)
    n, last = 20_000, 12
    start = rng.integers(0, last, n)
    stay = rng.geometric(0.3, n)
    who, when = [], []
    for k in range(n):
        own = np.arange(start[k], min(start[k] + stay[k], last + 1))
        own = own[(rng.random(len(own)) < 0.7) | (own == start[k])]
        who.append(np.full(len(own), k))
        when.append(own)
    records = np.concatenate(who), np.concatenate(when)
    known, _ = economics.tenures(*records, rows_end="lost", gap=4, until=last)
    curve = economics.survival("tenure", "lost", counts="n_obs", data=known.tenures)
    table = curve.retention
    # Losses after 12 - 4 + 1 are known of nobody, so that nothing is said of later tenures.
    assert table["tenure"].max() == 9
    # Who leaves without buying once more is dated too early, which only the first tenure shows.
    several = table[(table["tenure"] > 1) & (table["n_at_risk"] > 400)]
    assert len(several) >= 5
    assert np.abs(several["estimate"] - 0.7).max() < 0.04


def test_entry_start_and_loss_that_are_given():
    table = pd.DataFrame(
        {
            "customer": ["a", "a", "b", "b", "b", "c"],
            "date": [5, 6, 5, 6, 7, 7],
            "start": [2, 2, 5, 5, 5, 6],
            "left": [0, 1, 0, 0, 0, 0],
        }
    )
    _, customers = economics.tenures(
        "customer", "date", rows_end="censored", start="start", lost="left", data=table
    )
    # a was there from 2 on, was first seen in 5 and left after 6. Who did not is known in 8.
    assert customers.to_dict("index") == {
        "a": {"start": 2, "entry": 3, "tenure": 5, "lost": True},
        "b": {"start": 5, "entry": 0, "tenure": 3, "lost": False},
        "c": {"start": 6, "entry": 1, "tenure": 2, "lost": False},
    }


CALENDAR = [
    ("day", ["2024-02-28", "2024-02-29", "2024-03-01"], [0, 1, 2], "2024-02-28"),
    ("week", ["2024-03-03", "2024-03-04", "2024-03-11"], [0, 1, 2], "2024-02-26"),
    ("month", ["2023-11-30", "2023-12-31", "2024-01-01"], [0, 1, 2], "2023-11"),
    ("quarter", ["2023-09-30", "2023-12-31", "2024-01-01"], [0, 1, 2], "2023-Q3"),
    ("half_year", ["2023-06-30", "2023-12-31", "2024-01-01"], [0, 1, 2], "2023-H1"),
    ("year", ["2022-12-31", "2023-01-01", "2024-12-31"], [0, 1, 2], 2022),
]


@pytest.mark.parametrize(("per", "dates", "periods", "label"), CALENDAR)
def test_dates_count_periods_of_the_calendar(per, dates, periods, label):
    plain = economics.tenures([1, 1, 2], periods, rows_end="lost")
    for values in (
        pd.to_datetime(pd.Series(dates)),
        [np.datetime64(d) for d in dates],
        pd.to_datetime(pd.Series(dates)).dt.date.tolist(),
        pl.Series(dates).str.to_date(),
    ):
        found = economics.tenures([1, 1, 2], values, rows_end="lost", per=per)
        assert found.customers["tenure"].tolist() == plain.customers["tenure"].tolist()
        assert found.customers["start"].iloc[0] == label
        assert found.result.observed[0] == label


def test_months_written_as_numbers():
    codes = [202411, 202412, 202501]
    found = economics.cohort_table([1, 1, 1], codes, per="month", empty="keep")
    assert found.periods == ("2024-11", "2024-12", "2025-01")
    assert found.triangle.iloc[0].tolist() == [1, 1, 1]
    quarters = economics.cohort_table([1, 1, 1], codes, per="quarter", empty="keep")
    assert quarters.periods == ("2024-Q4", "2025-Q1")
    until = economics.cohort_table([1, 1], codes[:2], per="month", until=202502, empty="keep")
    assert until.periods[-1] == "2025-02"
    assert until.active.iloc[0].tolist() == [1, 1, 0, 0]
    again = economics.cohort_table([1, 1], codes[:2], per="month", until="2025-02", empty="keep")
    assert again.periods == until.periods


BAD_DATES = [
    ({"date": [202411, 202412, 202501]}, DataError, 'per="month"'),
    ({"date": [20241130, 20241201, 20241202]}, DataError, "yyyymmdd"),
    ({"date": [2024, 202401, 202402]}, DataError, "mixed periods"),
    ({"date": [2024, 202401, 202402], "per": "month"}, DataError, "mixed periods"),
    ({"date": [1, 2, 3], "per": "month"}, DataError, "must be dates"),
    ({"date": [202401, 202402, 202403], "per": "week"}, DataError, "must be dates"),
    ({"date": pd.to_datetime(["2024-01-01"] * 3)}, DataError, "give per="),
    ({"date": ["2024-01-01"] * 3, "per": "month"}, DataError, "pandas.to_datetime"),
    ({"date": [1, 2.5, 3]}, DataError, "counts no periods"),
    ({"date": [1, 1, 1]}, DataError, "only one period"),
    ({"date": [0, 3, 9]}, DataError, "one of 3 periods only"),
    ({"date": [0, 10_001, 10_002]}, DataError, "written in two ways"),
    ({"date": [1, None, 2]}, DataError, 'missing="drop"'),
    ({"date": [1, 2, 3], "until": 2}, DataError, "later than until"),
    ({"date": [1, 2, 3], "until": "soon"}, OptionError, "neither a date nor a whole"),
    ({"date": [1, 2, 3], "per": "fortnight"}, OptionError, "not an option"),
    (
        {"date": pd.to_datetime(["2024-01-01"] * 3).tz_localize("UTC"), "per": "day"},
        DataError,
        "time zone",
    ),
    (
        {"date": pd.period_range("2024-01", periods=3, freq="M"), "per": "month"},
        DataError,
        "periods",
    ),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_DATES)
def test_dates_that_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        economics.cohort_table(["a", "a", "b"], **options, empty="keep")


BAD_TENURES = [
    ({"rows_end": "gone"}, OptionError, "rows_end"),
    ({"gap": 0}, OptionError, "at least 1"),
    ({"rows_end": "censored", "gap": 2}, OptionError, "give rows_end"),
    ({"gap": 2, "lost": [0, 0, 0]}, OptionError, "one of the two"),
    ({"lost": [1, 0, 0]}, DataError, "has later rows"),
    ({"lost": [0, 0.5, 0]}, DataError, "must be 1"),
    ({"lost": [0, 2, 0]}, DataError, "between 0 and 1"),
    ({"start": [2, 2, 1]}, DataError, "before the start in 2"),
    ({"start": [0, 1, 1]}, DataError, "several values of start"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_TENURES)
def test_tenures_that_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        economics.tenures(["a", "a", "b"], [1, 2, 3], **{"rows_end": "lost", **options})


def test_what_the_table_of_tenures_remarks():
    found, _ = economics.tenures(["a", "a", "b"], [1, 3, 2], rows_end="lost", until=4)
    text = str(found.summary())
    assert "1 customer had a row in the first period" in text
    assert "1 customer had silent periods" in text
    came_back, _ = economics.tenures(["a", "a", "b"], [1, 3, 2], rows_end="lost", gap=1, until=4)
    assert "1 customer came back" in str(came_back.summary())
    assert pickle.loads(pickle.dumps(found)).tenures.equals(found.tenures)


# Cohorts


def test_cohorts_are_those_of_customers_one_by_one():
    table = log()
    found = economics.cohort_table("customer", "date", amount="amount", data=table, empty="keep")
    n = 8
    active, money, size = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    for periods in rows_of(table).values():
        first = min(periods)
        size[first] += 1
        for period, amount in periods.items():
            active[first, period - first] += 1
            money[first, period - first] += amount
    unseen = np.add.outer(np.arange(n), np.arange(n)) >= n
    active[unseen] = money[unseen] = np.nan
    np.testing.assert_array_equal(found.active.to_numpy(), active)
    np.testing.assert_allclose(found.amounts.to_numpy(), money, rtol=SAME)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found.triangle.to_numpy(), active / size[:, None], rtol=EXACT)
    assert found.empty == tuple(np.flatnonzero(size == 0))
    for row in found.ages.itertuples():
        old = slice(0, n - row.age)
        assert row.n_obs == size[old].sum()
        assert row.active == active[old, row.age].sum()
        if row.age:
            ends = proportion_confint(row.active, row.n_obs, method="wilson")
            assert (row.ci_low, row.ci_high) == pytest.approx(ends, abs=SAME)
    for row in found.cohorts.itertuples():
        assert row.active == active[row.cohort, row.age]
        assert row.estimate == active[row.cohort, row.age] / size[row.cohort]
        assert row.amount == pytest.approx(money[row.cohort, row.age], rel=SAME)


def test_both_ways_of_counting_agree():
    rng = np.random.default_rng(3)
    customer, period = rng.integers(0, 50, 300), rng.integers(0, 6, 300)
    few = kernels.who_was_there(customer, period, 50, 6)
    many = kernels.who_was_there(customer, period, 5000, 6)  # sorted, as cells are too many
    np.testing.assert_array_equal(few.customer, many.customer)
    np.testing.assert_array_equal(few.period, many.period)
    sparse = kernels.whole_codes(np.array([5, 10**9]))
    assert sparse is None
    codes, distinct = kernels.whole_codes(np.array([9, 5, 9, 7]))
    assert codes.tolist() == [2, 0, 2, 1]
    assert distinct.tolist() == [5, 7, 9]


def test_customers_may_be_called_anything():
    table = log()
    plain = economics.cohort_table("customer", "date", data=table, empty="keep")
    for called in (
        table["customer"].astype(str),
        table["customer"] * 10**12,
        table["customer"].astype(str).astype("category"),
        table["customer"] + 0.5,
    ):
        found = economics.cohort_table(called, table["date"], empty="keep")
        assert found.triangle.equals(plain.triangle)
    polars = economics.cohort_table("customer", "date", data=pl.from_pandas(table), empty="keep")
    assert polars.triangle.equals(plain.triangle)


def test_empty_cohorts_are_named():
    with pytest.raises(DataError, match=r"1 cohort without customers \(2\)"):
        economics.cohort_table(["a", "a", "b"], [1, 2, 3])
    found = economics.cohort_table(["a", "a", "b"], [1, 2, 3], empty="keep")
    assert found.empty == (2,)
    assert found.triangle.loc[2].isna().all()
    assert found.active.loc[2].tolist()[:2] == [0, 0]
    assert "1 period without new customers: 2" in str(found.summary())
    with pytest.raises(DataError, match="give amount"):
        _ = found.amounts
    with pytest.raises(DataError, match="too many for a table"):
        economics.cohort_table(["a"] * 3, [0, 1, 2500], empty="keep")


def test_rows_that_lack_something_are_dropped_by_name():
    table = log()
    table.loc[0, "amount"] = np.nan
    with pytest.raises(DataError, match="amount has 1 missing"):
        economics.cohort_table("customer", "date", amount="amount", data=table)
    found = economics.cohort_table(
        "customer", "date", amount="amount", data=table, missing="drop", empty="keep"
    )
    assert found.n_dropped == 1
    rest = economics.cohort_table("customer", "date", amount="amount", data=table[1:], empty="keep")
    assert found.amounts.equals(rest.amounts)


# Rates


def by_hand(table, periods=8):
    """Flows of customers and money, customer by customer."""
    lines = []
    everybody = rows_of(table)
    for p in range(1, periods):
        now = {who: own[p] for who, own in everybody.items() if p in own}
        then = {who: own[p - 1] for who, own in everybody.items() if p - 1 in own}
        ever = {who for who, own in everybody.items() if min(own) < p}
        both = now.keys() & then.keys()
        lines.append(
            {
                "start": len(then),
                "new": len(now.keys() - ever),
                "won_back": len((now.keys() & ever) - then.keys()),
                "lost": len(then.keys() - now.keys()),
                "retained": len(both),
                "end": len(now),
                "former": len(ever - then.keys()),
                "before": sum(then.values()),
                "expansion": sum(max(now[w] - then[w], 0) for w in both),
                "contraction": sum(max(then[w] - now[w], 0) for w in both),
                "gone": sum(then[w] for w in then.keys() - now.keys()),
                "from_new": sum(now[w] for w in now.keys() - ever),
                "back": sum(now[w] for w in (now.keys() & ever) - then.keys()),
                "after": sum(now.values()),
                "pairs": [(then[w], now.get(w, 0.0)) for w in then],
            }
        )
    return pd.DataFrame(lines)


@pytest.mark.parametrize("base", ["start", "average", "end"])
def test_flows_and_rates_are_those_of_customers_one_by_one(base):
    table = log(n=250)
    found = economics.retention_rates(
        "customer", "date", amount="amount", base=base, data=table, level=0.9
    )
    plain = by_hand(table)
    flows = found.flows
    for name in ("start", "new", "won_back", "lost", "retained", "end"):
        assert flows[name].tolist() == plain[name].tolist(), name
    assert (flows["end"] == flows["start"] + flows["new"] + flows["won_back"] - flows["lost"]).all()
    assert (flows["start"] == flows["retained"] + flows["lost"]).all()
    over = {
        "start": plain["start"],
        "average": (plain["start"] + plain["end"]) / 2,
        "end": plain["end"],
    }[base]
    rates = found.rates.set_index(["period", "quantity"])
    for k, row in plain.iterrows():
        own = rates.loc[k + 1]
        expected = {
            "new": (row["new"], over[k]),
            "loss": (row["lost"], over[k]),
            "retention": (row["retained"], row["start"]),
            "won_back": (row["won_back"], row["former"]),
        }
        for name, (count, whole) in expected.items():
            line = own.loc[name]
            assert (line["count"], line["base"]) == (count, whole)
            if not whole:
                assert np.isnan(line["estimate"])
                continue
            assert line["estimate"] == pytest.approx(count / whole, abs=EXACT)
            a_share = name in ("retention", "won_back") or (name, base) in (
                ("loss", "start"),
                ("new", "end"),
            )
            if a_share:
                ends = proportion_confint(count, whole, alpha=0.1, method="wilson")
                assert (line["ci_low"], line["ci_high"]) == pytest.approx(ends, abs=SAME)
            elif base != "start":
                assert np.isnan(line["ci_low"])
    if base == "start":
        loss = found.rates.query("quantity == 'loss'")["estimate"].to_numpy()
        kept = found.rates.query("quantity == 'retention'")["estimate"].to_numpy()
        np.testing.assert_allclose(loss + kept, 1.0, atol=EXACT)
    else:
        assert "over the start in any case" in str(found.summary())


def test_the_interval_of_newcomers_inverts_the_score_of_a_poisson_count():
    customer = [*range(20), *range(12), *range(20, 27)]
    date = [1] * 20 + [2] * 19
    row = economics.retention_rates(customer, date).rates.set_index("quantity").loc["new"]
    for end in (row["ci_low"], row["ci_high"]):
        mean = 20 * end
        assert abs(7 - mean) / np.sqrt(mean) == pytest.approx(stats.norm.ppf(0.975), rel=1e-9)


def test_money_is_that_of_customers_one_by_one():
    table = log(seed=2, n=250)
    found = economics.retention_rates("customer", "date", amount="amount", data=table)
    plain, money = by_hand(table), found.amounts
    names = {
        "start": "before", "expansion": "expansion", "contraction": "contraction", "lost": "gone",
        "new": "from_new", "won_back": "back", "end": "after",
    }  # fmt: skip
    for ours, theirs in names.items():
        np.testing.assert_allclose(money[ours], plain[theirs], rtol=SAME, atol=1e-9)
    end = money["start"] + money["expansion"] - money["contraction"] - money["lost"]
    np.testing.assert_allclose(end + money["new"] + money["won_back"], money["end"], rtol=SAME)
    rates = found.amount_rates.set_index(["period", "quantity"])
    for k, row in plain.iterrows():
        x, y = np.array(row["pairs"]).T
        for name, now in (("net", y), ("gross", np.minimum(x, y))):
            line = rates.loc[(k + 1, name)]
            ratio, n = now.sum() / x.sum(), len(x)
            assert line["estimate"] == pytest.approx(ratio, rel=SAME)
            apart = now - ratio * x
            error = np.sqrt((apart**2).sum() * n / (n - 1)) / x.sum()
            assert line["std_error"] == pytest.approx(error, rel=1e-9)
            assert line["ci_low"] <= ratio <= line["ci_high"]
            # Hall's end: where the cubic of t is Student's quantile.
            bend = stats.skew(apart) / np.sqrt(n)
            for end, sign in ((line["ci_low"], 1), (line["ci_high"], -1)):
                if not end > 0 or (name == "gross" and end == 1):
                    continue
                t = (ratio - end) / error
                cubic = t + bend * t**2 / 3 + bend**2 * t**3 / 27 + bend / 6
                assert cubic == pytest.approx(sign * stats.t.ppf(0.975, n - 1), rel=1e-6)


def test_nobody_who_pays_another_amount_leaves_no_interval():
    found = economics.retention_rates([1, 2, 1, 2], [1, 1, 2, 2], amount=[5, 8, 5, 8])
    assert found.amount_rates["estimate"].tolist() == [1, 1]
    assert found.amount_rates["ci_low"].isna().all()


def test_tiers_are_those_of_customers_one_by_one():
    table = log(n=300)
    tiers = ["low", "middle", "high"]
    found = economics.retention_rates(
        "customer", "date", tier="tier", tiers=tiers, profit="profit", data=table
    )
    place = {(r.customer, r.date): tiers.index(r.tier) for r in table.itertuples()}
    everybody = rows_of(table)
    moves, up, down = {}, np.zeros((8, 2), int), np.zeros((8, 2), int)
    for who, own in everybody.items():
        for p in range(1, 8):
            then, now = place.get((who, p - 1)), place.get((who, p))
            if then is None and now is None:
                continue
            came = "(new)" if min(own) == p else "(won back)"
            source = came if then is None else tiers[then]
            target = "(lost)" if now is None else tiers[now]
            moves[source, target] = moves.get((source, target), 0) + 1
            if then is not None and now is not None:
                up[p] += [now > then, then < 2]
                down[p] += [now < then, then > 0]
    matrix = found.matrix
    for source, target in itertools.product(matrix.index, matrix.columns):
        assert matrix.loc[source, target] == moves.get((source, target), 0)
    rates = found.tier_rates.set_index(["period", "quantity"])
    for p in range(1, 8):
        for name, (count, could) in (("upgraded", up[p]), ("downgraded", down[p])):
            line = rates.loc[(p, name)]
            assert (line["count"], line["base"]) == (count, could)
            ends = proportion_confint(count, could, method="wilson")
            assert (line["ci_low"], line["ci_high"]) == pytest.approx(ends, abs=SAME)
    for line in found.migrations.itertuples():
        assert line.count == moves.get((line.source, line.target), 0)
        assert line.estimate == pytest.approx(line.count / line.n_obs)
    sums = table.groupby(["date", "customer"]).agg(profit=("profit", "sum"), tier=("tier", "first"))
    for line in found.rungs.itertuples():
        own = sums.loc[line.period]
        own = own if line.tier == "(all)" else own[own["tier"] == line.tier]
        assert line.n_obs == len(own)
        assert line.estimate == pytest.approx(own["profit"].mean(), rel=1e-9)
        assert line.std_error == pytest.approx(stats.sem(own["profit"]), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 9)), min_size=4, max_size=40
    )
)
def test_identities_hold_for_any_rows(rows):
    customer, date, amount = np.array(rows).T
    date[:4] = np.arange(4)  # so that no period is empty
    found = economics.retention_rates(customer, date, amount=amount)
    flows, money = found.flows, found.amounts
    assert (flows["end"] == flows["start"] + flows["new"] + flows["won_back"] - flows["lost"]).all()
    assert (flows["end"][:-1].to_numpy() == flows["start"][1:].to_numpy()).all()
    total = money["start"] + money["expansion"] - money["contraction"] - money["lost"]
    np.testing.assert_array_equal(total + money["new"] + money["won_back"], money["end"])
    gross = found.amount_rates.query("quantity == 'gross'")["estimate"]
    assert (gross.dropna() <= 1).all()
    table = economics.cohort_table(customer, date, amount=amount, empty="keep")
    assert np.nansum(table.amounts) == amount.sum()
    assert np.nansum(table.active) == flows["end"].sum() + flows["start"].iloc[0]


BAD_RATES = [
    ({"tier": ["x"] * 4}, OptionError, "tier= needs tiers="),
    ({"tiers": ["x", "y"]}, OptionError, "names the tiers of tier="),
    ({"tier": ["x"] * 4, "tiers": ["x"]}, OptionError, "at least two"),
    ({"tier": ["x"] * 4, "tiers": ["x", "x"]}, OptionError, "at least two different"),
    ({"tier": ["x", "y", "x", "X"], "tiers": ["x", "y"]}, DataError, "does not name"),
    ({"tier": ["x", "y", "x", "y"], "tiers": ["x", "y"]}, DataError, "two tiers in 2"),
    ({"profit": [1] * 4}, OptionError, "mean by tier"),
    ({"amount": [1, 1, -5, 1]}, DataError, "below 0, so that nothing"),
    ({"base": "middle"}, OptionError, "not an option"),
    ({"date": [1, 1, 3, 3]}, DataError, r"1 period without any row \(2\)"),
    ({"date": [1, 1, 1, 1]}, DataError, "only one period"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_RATES)
def test_rates_that_are_refused(options, kind, message):
    given = {"customer": ["a", "b", "a", "a"], "date": [1, 1, 2, 2], **options}
    with pytest.raises(kind, match=message):
        economics.retention_rates(given.pop("customer"), given.pop("date"), **given)


def test_tables_that_need_more_say_so():
    found = economics.retention_rates(["a", "b", "a"], [1, 1, 2])
    for name in ("amounts", "amount_rates", "tier_rates", "migrations", "matrix", "rungs"):
        with pytest.raises(DataError, match="to retention_rates"):
            getattr(found, name)
    assert pickle.loads(pickle.dumps(found)).rates.equals(found.rates)
