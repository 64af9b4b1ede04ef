"""What highly satisfied customers do otherwise: by hand, SciPy, statsmodels, recovery."""

import pickle
from typing import get_args

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import relative_risk
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from loyaltymodel import evidence
from loyaltymodel.attributes import satisfaction_benefits
from loyaltymodel.attributes.measurement.benefits import BenefitName
from loyaltymodel.economics import programme_effect
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

from tolerances import EXACT, SAME

S, Y = [5, 5, 1, 1], [2.0, 3, 1, 1]


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(7)
    n = 120
    s = rng.integers(1, 6, n)
    return pd.DataFrame(
        {
            "s": s, "years": rng.gamma(3, 1 + 0.3 * (s == 5)), "cost": rng.lognormal(3, 0.5, n),
            "told": (rng.random(n) < 0.3 + 0.2 * (s == 5)).astype(int),
            "margin": rng.normal(1, 3, n), "prices": rng.integers(1, 6, n),
        }
    )  # fmt: skip


OUTCOMES = {
    "tenure": "years", "cost_to_serve": "cost", "word_of_mouth": "told", "purchases": "margin",
    "price_sensitivity": "prices",
}  # fmt: skip


def rows_of(found):
    """Every number of every outcome in one row, as difference_low, n_others ..."""
    short = {"highly satisfied": "high", "others": "other"}
    ends = {"estimate": "", "ci_low": "_low", "ci_high": "_high", "p_value": "_p", "n_obs": "_n"}
    table = pd.DataFrame(
        {
            f"{short.get(quantity, quantity)}{end}": rows.set_index("outcome")[column]
            for quantity, rows in found.comparisons.groupby("quantity")
            for column, end in ends.items()
        }
    )
    outcomes = found.outcomes.set_index("outcome")
    return table.loc[outcomes.index].join(outcomes).reset_index()


def groups(people, column):
    return (people.loc[chosen, column] for chosen in (people["s"] >= 5, people["s"] < 5))


# The six claims


def test_there_are_six_claims_with_their_sources():
    table = evidence.catalogue("benefits")
    assert table["id"].to_list() == list(get_args(BenefitName))
    assert table["expected"].to_list() == ["up", "up", "up", "down", "up", "down"]
    # As 003:96-98 prints them, word by word.
    assert table.set_index("id")["chinese"].to_dict() == {
        "tenure": "忠诚公司更久",
        "purchases": "购买公司更多的新产品和提高购买产品的等级",
        "word_of_mouth": "对公司和它的产品说好话",
        "price_sensitivity": "忽视竞争品牌和广告并对价格不敏感",
        "suggestions": "向公司提出产品/服务建议",
        "cost_to_serve": "由于交易惯例化而比新顾客降低了服务成本",
    }
    assert table["sources"].to_list() == [
        "003:96, 000:255", "003:96-97, 000:256", "003:97, 000:257", "003:97, 000:258",
        "003:97, 000:259", "003:97-98, 000:260",
    ]  # fmt: skip


# The comparison


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_differences_reach_as_far_as_welchs_and_further_where_they_are_skewed(people, level):
    table = rows_of(satisfaction_benefits("s", OUTCOMES, cuts=5, data=people, level=level))
    for row, column in zip(table.itertuples(), OUTCOMES.values(), strict=True):
        top, rest = groups(people, column)
        found = stats.ttest_ind(top, rest, equal_var=False)
        ends = found.confidence_interval(level)
        assert (row.high, row.other) == pytest.approx((top.mean(), rest.mean()))
        assert (row.high_n, row.other_n) == (len(top), len(rest))
        assert row.difference == pytest.approx(top.mean() - rest.mean(), abs=SAME)
        assert row.difference_low <= ends.low + SAME
        assert row.difference_high >= ends.high - SAME
        assert row.difference_p >= found.pvalue - SAME
        assert row.certain == (not row.difference_low <= 0 <= row.difference_high)
        falls = row.outcome in ("price_sensitivity", "cost_to_serve")
        assert row.as_expected == ((top.mean() < rest.mean()) == falls)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_differences_that_are_not_skewed_are_welchs(level):
    top, rest = (
        np.array([3.0, 4, 5, 6, 7]),
        np.array([1.0, 2, 4, 4, 6, 7]),
    )  # both are their mirrors
    s = np.repeat([5, 1], [5, 6])
    found = satisfaction_benefits(s, {"tenure": np.concatenate([top, rest])}, cuts=5, level=level)
    row = rows_of(found).iloc[0]
    welch = stats.ttest_ind(top, rest, equal_var=False)
    also = CompareMeans(DescrStatsW(top), DescrStatsW(rest))
    for ends in (welch.confidence_interval(level), also.tconfint_diff(1 - level, usevar="unequal")):
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(
            tuple(ends), abs=SAME
        )
    assert row["difference_p"] == pytest.approx(welch.pvalue, abs=SAME)


def test_ratios_are_worked_out_by_hand(people):
    found = satisfaction_benefits(
        "s", OUTCOMES, cuts=5, rated=["price_sensitivity"], data=people, level=0.9
    )
    table = rows_of(found).set_index("outcome")
    for name in ("tenure", "cost_to_serve", "word_of_mouth"):
        top, rest = groups(people, OUTCOMES[name])
        a, b = (stats.sem(group) ** 2 / group.mean() ** 2 for group in (top, rest))
        degrees = (a + b) ** 2 / (a**2 / (len(top) - 1) + b**2 / (len(rest) - 1))
        middle, reach = np.log(top.mean() / rest.mean()), stats.t.ppf(0.95, degrees)
        ends = [np.exp(middle + sign * reach * np.sqrt(a + b)) for sign in (0, -1, 1)]
        row = table.loc[name, ["ratio", "ratio_low", "ratio_high"]].astype(float)
        np.testing.assert_allclose(row, ends, rtol=SAME)
        assert table.loc[name, "no_ratio"] == ""
    without = table.loc[["purchases", "price_sensitivity"]]
    assert without[["ratio", "ratio_low", "ratio_high"]].isna().all(axis=None)
    assert without["no_ratio"].to_list() == [
        "values below 0 let the mean be 0 or less", "a rating has no true zero",
    ]  # fmt: skip
    assert without[["difference", "difference_low", "difference_p"]].notna().all(axis=None)
    text = str(found.summary())
    assert "purchases has no ratio: values below 0" in text
    assert "price_sensitivity has no ratio: a rating" in text


def test_the_ratio_of_two_large_shares_is_the_relative_risk():
    # SciPy divides by n and takes the normal law; with 4,000 people each the difference is below
    # 1 / 4000 of the interval's width.
    hits = (1200, 1000)
    told = np.repeat([1, 0, 1, 0], [hits[0], 4000 - hits[0], hits[1], 4000 - hits[1]])
    found = satisfaction_benefits(np.repeat([5, 1], 4000), {"word_of_mouth": told}, cuts=5)
    row = rows_of(found).iloc[0]
    risk = relative_risk(hits[0], 4000, hits[1], 4000)
    ends = risk.confidence_interval(0.95)
    assert row["ratio"] == pytest.approx(risk.relative_risk, rel=EXACT)
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx(
        tuple(ends), abs=(ends.high - ends.low) / 4000
    )


@pytest.mark.study
@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ScaleWarning")  # 99 among ones, by chance
@given(
    top=st.lists(st.floats(0.5, 100), min_size=2, max_size=20),
    rest=st.lists(st.floats(0.5, 100), min_size=2, max_size=20),
    unit=st.floats(0.01, 100),
)
def test_units_leave_ratios_and_turned_groups_turn_them(top, rest, unit):
    s = [5] * len(top) + [1] * len(rest)
    y = np.array(top + rest)
    plain = rows_of(satisfaction_benefits(s, {"tenure": y}, cuts=5)).iloc[0]
    scaled = rows_of(satisfaction_benefits(s, {"tenure": y * unit}, cuts=5)).iloc[0]
    turned = rows_of(satisfaction_benefits([6 - k for k in s], {"tenure": y}, cuts=5)).iloc[0]
    spread = max(np.ptp(top), np.ptp(rest))
    if spread == 0:
        assert np.isnan(plain["difference_p"])
    if spread < 1e-6:  # as small as rounding, or none
        return
    for name in ("ratio", "ratio_low", "ratio_high"):
        # Nearly equal values have errors that are mostly rounding.
        assert scaled[name] == pytest.approx(plain[name], rel=1e-6)
    assert scaled["difference"] == pytest.approx(unit * plain["difference"], rel=SAME, abs=1e-8)
    assert turned["ratio_low"] * plain["ratio_high"] == pytest.approx(1, rel=1e-6)
    assert turned["difference_low"] == pytest.approx(-plain["difference_high"], abs=SAME)


def test_what_cannot_be_said_is_said_by_name():
    found = satisfaction_benefits(
        [5, 5, 1, 1, 1],
        {
            "suggestions": [1, 2, 0, 0, 0],
            "word_of_mouth": [0, 0, 1, 0, 1],
            "tenure": [0.3, 0.3, 0.1, 0.1, 0.1],
        },
        cuts=5,
    )
    table = rows_of(found).set_index("outcome")
    assert table["no_ratio"].to_list() == [
        "the mean of the others is 0", "the mean of the highly satisfied is 0", "",
    ]  # fmt: skip
    # Nothing varies, so there is no interval, and nothing is certain.
    assert table.loc["tenure", "ratio"] == pytest.approx(3)
    assert np.isnan(
        table.loc["tenure", ["ratio_low", "difference_low", "difference_p"]].astype(float)
    ).all()
    assert not table.loc["tenure", "certain"]
    assert "tenure does not vary within either group" in str(found.summary())
    # One group without spread still has an interval from the other.
    assert (
        table.loc["suggestions", "difference_low"]
        < 1.5
        < table.loc["suggestions", "difference_high"]
    )


def test_weights_count_people(people):
    weights = np.random.default_rng(1).integers(1, 4, len(people))
    row = rows_of(
        satisfaction_benefits("s", {"tenure": "years"}, cuts=5, weights=weights, data=people)
    ).iloc[0]
    repeated = people.loc[people.index.repeat(weights)]
    top, rest = groups(repeated, "years")
    assert row["high"] == pytest.approx(top.mean(), rel=SAME)
    assert row["other"] == pytest.approx(rest.mean(), rel=SAME)
    assert row["high_n"] == (people["s"] >= 5).sum()
    # Squares over what is expected of them if all vary alike, written out person by person.
    found = satisfaction_benefits("s", {"tenure": "years"}, cuts=5, weights=weights, data=people)
    top = (people["s"] >= 5).to_numpy()
    for place, chosen in enumerate((top, ~top)):
        w, y = weights[chosen].tolist(), people.loc[chosen, "years"].tolist()
        mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
        squares = sum((a / sum(w)) ** 2 for a in w)
        variance = sum(
            (a / sum(w)) ** 2 * (b - mean) ** 2 / (1 - 2 * a / sum(w) + squares)
            for a, b in zip(w, y, strict=True)
        )
        assert found.estimates.std_error[place] ** 2 == pytest.approx(variance, rel=SAME)
        assert 1 < found.effective_sizes[0, place] <= len(w)
    equal = rows_of(
        satisfaction_benefits(
            "s", {"tenure": "years"}, cuts=5, weights=np.full(len(people), 0.3), data=people
        )
    )
    plain = rows_of(satisfaction_benefits("s", {"tenure": "years"}, cuts=5, data=people))
    pd.testing.assert_frame_equal(equal, plain, rtol=SAME)


def test_weighted_differences_are_those_of_programme_effects(people):
    weights = np.random.default_rng(2).lognormal(0, 1, len(people))
    row = rows_of(
        satisfaction_benefits("s", {"tenure": "years"}, cuts=5, weights=weights, data=people)
    ).iloc[0]
    found = programme_effect(people["s"] >= 5, "years", weights=weights, data=people)
    effect = found.effects.iloc[0]
    assert row["difference"] == pytest.approx(effect["estimate"], rel=SAME)
    ends = (row["difference_low"], row["difference_high"])
    assert ends == pytest.approx((effect["ci_low"], effect["ci_high"]), rel=SAME)
    assert row["difference_p"] == pytest.approx(effect["p_value"], rel=SAME)


@pytest.mark.study
@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.SmallSampleWarning")
def test_very_uneven_weights_still_cover():
    # 200 samples: the share that cover has a standard error of 0.0154. Degrees of freedom by
    # the number of people held the truth in 82 %.
    s, held = np.repeat([5, 1], 15), np.zeros(2)
    for seed in range(200):
        rng = np.random.default_rng([3, seed])
        y, w = 10 + rng.standard_normal(30), rng.lognormal(0, 1.5, 30)
        row = rows_of(satisfaction_benefits(s, {"tenure": y}, cuts=5, weights=w)).iloc[0]
        held += [
            row["difference_low"] <= 0 <= row["difference_high"],
            row["ratio_low"] <= 1 <= row["ratio_high"],
        ]
    assert (held / 200 > 0.95 - 4 * 0.0154).all()
    assert (held / 200 < 1.0).all()


def test_weights_of_any_size_that_leave_two_people():
    y = {"tenure": [1.0, 3, 2, 5]}
    plain = rows_of(satisfaction_benefits(S, y, cuts=5))
    for weights in ([1e300] * 4, [1e-300] * 2 + [1e300] * 2):
        found = rows_of(satisfaction_benefits(S, y, cuts=5, weights=weights))
        pd.testing.assert_frame_equal(found, plain, rtol=SAME)
    # Two people never have less than one degree of freedom, whatever their weights: the mean of
    # 1 and 3 is 1, with the error that one of two such people has, the root of 2.
    found = satisfaction_benefits(S, y, cuts=5, weights=[1e8, 1, 1, 1e8])
    assert found.estimates.std_error[0] == pytest.approx(np.sqrt(2), rel=1e-6)
    assert found.effective_sizes.tolist() == [[2, 2]]


def test_it_says_what_it_is():
    found = satisfaction_benefits(S, {"tenure": Y}, cuts=5)
    assert repr(found) == "<SatisfactionBenefits: tenure; highly satisfied from 5 on, 4 customers>"
    assert "<table" in found._repr_html_()


def test_people_are_left_out_outcome_by_outcome(people):
    holes = people.astype({"told": float})
    holes.loc[:9, "told"] = np.nan
    found = satisfaction_benefits(
        "s", {"tenure": "years", "word_of_mouth": "told"}, cuts=5, data=holes, missing="drop"
    )
    assert (found.n_obs, found.n_dropped) == (120, 0)
    assert found.outcomes["n_dropped"].to_list() == [0, 10]
    assert found.group_sizes.sum(axis=1).tolist() == [120, 110]
    assert "tenure 0, word_of_mouth 10" in str(found.summary())
    rest = satisfaction_benefits(
        "s", {"word_of_mouth": "told"}, cuts=5, data=pl.from_pandas(people.iloc[10:])
    )
    np.testing.assert_allclose(
        found.estimates.estimate[4:6], rest.estimates.estimate[:2], rtol=EXACT
    )
    again = pickle.loads(pickle.dumps(found))
    with pytest.raises(ValueError, match="read-only"):
        again.group_sizes[0, 0] = 0


BAD = [
    ((S, {}), {}, DataError, "outcomes are empty"),
    ((S, np.array(Y)), {}, DataError, "without names"),
    ((S, {"tenur": Y}), {}, OptionError, "did you mean 'tenure'"),
    ((S, {"tenure": Y}), {"cuts": np.nan}, OptionError, "such as 5"),
    ((S, {"tenure": Y}), {"cuts": "top"}, OptionError, "finite number"),
    ((S, {"tenure": Y}), {"rated": "tenure"}, OptionError, "sequence of names"),
    ((S, {"tenure": Y}), {"rated": ["purchases"]}, OptionError, "not among the outcomes"),
    ((S, {"tenure": Y}), {"cuts": 6}, DataError, "0 customers.*6 or more.*another cut"),
    ((S, {"tenure": Y}), {"cuts": 1}, DataError, "below 1.*another cut"),
    ((S, {"tenure": Y}), {"weights": [1, 0, 1, 1]}, DataError, "weights must.*above 0"),
    ((S, {"tenure": Y}), {"weights": [0, 0, 0, 0]}, DataError, "weights must.*above 0"),
    ((S, {"tenure": Y}), {"weights": [1, -1, 1, 1]}, DataError, "weights must.*above 0"),
    ((S, {"tenure": Y}), {"weights": [1, 1e18, 1, 1]}, NotIdentifiedError, "limit the weights"),
    ((S, {"tenure": Y[:3]}), {}, DataError, "equally long"),
    ((S, {"tenure": [*Y[:3], np.nan]}), {}, DataError, 'missing="drop"'),
    ((S, {"tenure": ["a", "b", "c", "d"]}), {}, DataError, "recode"),
    ((S, {"tenure": Y}), {"level": 1}, OptionError, "between 0 and 1"),
]


@pytest.mark.parametrize(("given", "options", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(given, options, error, says):
    with pytest.raises(error, match=says):
        satisfaction_benefits(*given, **{"cuts": 5, **options})


# Recovery


@pytest.mark.slow
def test_intervals_cover_difference_and_ratio():
    # 2,000 samples: the share that cover has a standard error of 0.005; four of them are 0.02.
    # About 50 of 250 are highly satisfied.
    rng = np.random.default_rng(17)
    outcomes = ("tenure", "cost_to_serve", "suggestions")
    means = np.array([[np.exp(1.38), np.exp(1.18)], [8, 10], [0.4, 0.3]])
    truth = {"difference": means[:, 0] - means[:, 1], "ratio": means[:, 0] / means[:, 1]}
    covered = np.zeros((2, 3))
    for _ in range(2000):
        s = rng.integers(1, 6, 250)
        high = s == 5
        values = (
            rng.lognormal(np.where(high, 1.2, 1.0), 0.6),
            rng.gamma(4, np.where(high, 2, 2.5)),
            (rng.random(250) < np.where(high, 0.4, 0.3)).astype(float),
        )
        found = rows_of(satisfaction_benefits(s, dict(zip(outcomes, values, strict=True)), cuts=5))
        for k, (name, true) in enumerate(truth.items()):
            covered[k] += (found[f"{name}_low"] <= true) & (true <= found[f"{name}_high"])
    np.testing.assert_allclose(covered / 2000, 0.95, atol=0.02)
