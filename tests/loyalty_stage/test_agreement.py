"""Agreement of two classifications: against other programs, and against chance itself."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel._core.counts import pull_of
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.types.agreement.fit import agreement
from loyaltymodel.loyalty_stage.types.agreement.kernels import agreement_weights, kappas
from loyaltymodel.loyalty_stage.types.fit import loyalty_types

from tolerances import EXACT, SAME

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "kappa.json").read_text())
WEIGHTINGS = ("unweighted", "linear", "quadratic")
# Central differences with a step of 1e-6 lose about half the digits.
NUMERIC = 1e-6
# Monte Carlo: within so many standard errors, but for one time in 16,000.
CHANCE = 4.0

JOINT = np.array([[0.25, 0.06, 0.02], [0.08, 0.20, 0.05], [0.03, 0.08, 0.23]])


def people_of(table):
    """Return one pair of categories for every customer in a table of counts."""
    cells = np.repeat(np.arange(table.size), table.ravel())
    return cells // table.shape[1], cells % table.shape[1]


def values(result):
    """Every number about kappa, a row a weighting."""
    return result.kappa.drop(columns="weighting").to_numpy()


def kappa_of(share, agree):
    observed = (agree * share).sum()
    expected = (agree * np.outer(share.sum(axis=1), share.sum(axis=0))).sum()
    return (observed - expected) / (1 - expected)


tables = (
    st.integers(2, 4)
    .flatmap(
        lambda k: st.lists(st.integers(0, 9), min_size=k * k, max_size=k * k).map(
            lambda cells: np.array(cells).reshape(k, k)
        )
    )
    .filter(lambda t: (t.sum(axis=0) > 0).all() and (t.sum(axis=1) > 0).all())
)


# Against other programs


@pytest.mark.parametrize("place", range(3), ids=WEIGHTINGS)
def test_kappa_is_that_of_the_reference(place):
    given_, want = REFERENCE["input"], REFERENCE["output"][WEIGHTINGS[place]]
    result = agreement(given_["rater1"], given_["rater2"])
    found = result.kappa.iloc[place]
    assert found["weighting"] == WEIGHTINGS[place]
    pairs = {
        "estimate": "kappa",
        "std_error": "se",
        "null_std_error": "se_null",
        "statistic": "z_null",
        "observed": "po",
        "expected": "pe",
    }
    for ours, theirs in pairs.items():
        assert found[ours] == pytest.approx(want[theirs], rel=SAME)
    # The reference has the interval of the normal law. Wilson's ends are where kappa, with the
    # error that a share of agreement would have there, is 1.96 errors off.
    room = 1 - want["pe"]
    n = want["po"] * (1 - want["po"]) / (want["se"] * room) ** 2
    for end, normal in zip((found["ci_low"], found["ci_high"]), want["ci95"], strict=True):
        p = end * room + want["pe"]
        error = np.sqrt(p * (1 - p) / n) / room
        assert abs(end - want["kappa"]) == pytest.approx(stats.norm.ppf(0.975) * error, rel=SAME)
        assert end == pytest.approx(normal, abs=0.015)


def test_the_error_of_weighted_kappa_is_not_psychs():
    given_, psych = REFERENCE["input"], REFERENCE["output"]["psych"]
    found = agreement(given_["rater1"], given_["rater2"]).kappa.set_index("weighting")
    assert found.loc["unweighted", "std_error"] == pytest.approx(psych["se"], rel=SAME)
    assert found.loc["quadratic", "estimate"] == pytest.approx(
        psych["weighted_kappa_default"], rel=SAME
    )
    assert found.loc["quadratic", "std_error"] > 2 * psych["se_weighted"]


@settings(max_examples=50)
@given(tables)
def test_kappa_is_that_of_statsmodels(table):
    found = agreement(*people_of(table)).kappa
    for place, kind in enumerate((None, "linear", "quadratic")):
        want = cohens_kappa(table, wt=kind)
        row = found.iloc[place]
        # Differences of terms near 1: their rounding is that of the terms.
        assert row["estimate"] == pytest.approx(want.kappa, abs=SAME)
        assert row["std_error"] == pytest.approx(want.std_kappa, abs=1e-7)  # a root of rounding
        assert row["null_std_error"] == pytest.approx(want.std_kappa0, abs=1e-7)


# Properties


@settings(max_examples=40)
@given(tables)
def test_the_two_may_change_places(table):
    one, other = people_of(table)
    np.testing.assert_allclose(
        values(agreement(one, other)), values(agreement(other, one)), atol=EXACT, rtol=SAME
    )


@settings(max_examples=40)
@given(tables, st.randoms(use_true_random=False))
def test_unweighted_kappa_does_not_see_the_order(table, random):
    one, other = people_of(table)
    new = list(range(len(table)))
    random.shuffle(new)
    place = np.array(new)
    shuffled = values(agreement(place[one], place[other]))[0]
    np.testing.assert_allclose(values(agreement(one, other))[0], shuffled, atol=EXACT, rtol=SAME)


def test_with_equal_margins_quadratic_kappa_is_the_correlation():
    table = np.array([[10, 4, 1], [3, 8, 4], [2, 3, 10]])
    assert (table.sum(axis=0) == table.sum(axis=1)).all()
    one, other = people_of(table)
    quadratic = agreement(one, other).kappa["estimate"].iloc[2]
    assert quadratic == pytest.approx(np.corrcoef(one, other)[0, 1], rel=SAME)


def test_two_categories_have_one_kappa():
    found = values(agreement(*people_of(np.array([[5, 2], [1, 7]]))))
    np.testing.assert_allclose(found, np.broadcast_to(found[0], found.shape), rtol=SAME)


def test_full_agreement_is_1_and_the_summary_says_what_that_means():
    found = agreement([1, 2, 3], [1, 2, 3])
    assert found.kappa["estimate"].tolist() == [1, 1, 1]
    assert found.kappa["std_error"].tolist() == [0, 0, 0]
    assert "shows no error of kappa" in " ".join(found.summary().remarks)


# Weights


def test_whole_weights_are_customers_in_kappa_and_not_in_its_error():
    one, other = REFERENCE["input"]["rater1"], REFERENCE["input"]["rater2"]
    times = np.random.default_rng(1).integers(0, 4, len(one))
    weighted = agreement(one, other, weights=times).kappa
    repeated = agreement(np.repeat(one, times), np.repeat(other, times)).kappa
    np.testing.assert_allclose(weighted["estimate"], repeated["estimate"], rtol=SAME)
    assert (weighted["std_error"] > repeated["std_error"]).all()


def test_equal_weights_change_nothing():
    one, other = REFERENCE["input"]["rater1"], REFERENCE["input"]["rater2"]
    weighted, plain = agreement(one, other, weights=2.5), agreement(one, other)
    np.testing.assert_allclose(values(weighted), values(plain), rtol=SAME)


def test_the_error_with_weights_is_the_delta_method():
    """The variance is the sum over customers of (weight times numeric derivative) squared."""
    rng = np.random.default_rng(2)
    one, other = people_of(rng.integers(1, 6, (3, 3)))
    w = rng.uniform(0.2, 3, len(one))
    found = agreement(one, other, weights=w).kappa["std_error"]
    for place, agree in enumerate(agreement_weights(3)):

        def kappa(weights, agree=agree):
            table = np.bincount(one * 3 + other, weights, 9).reshape(3, 3)
            return kappa_of(table / table.sum(), agree)

        # A customer counts as a mean of independent draws of (weight, cell): the derivative
        # with respect to the weight, times the weight.
        step = 1e-6
        moved = [kappa(w + step * e) - kappa(w - step * e) for e in np.eye(len(w))]
        want = np.sqrt(((w * np.array(moved) / (2 * step)) ** 2).sum())
        assert found[place] == pytest.approx(want, rel=NUMERIC)


@pytest.mark.parametrize("weighted", [False, True])
def test_interval_and_test_hold_their_level(weighted):
    """Customers drawn with unequal chances that depend on the cell, weighted back."""
    rng = np.random.default_rng(3)
    times, n = 1000, 400
    chance = np.array([[1, 2, 3], [1, 2, 3], [2, 3, 4.0]]) if weighted else np.ones((3, 3))
    agree = agreement_weights(3)

    def draw(joint):
        drawn = joint * chance
        cells = rng.choice(9, size=(times, n), p=(drawn / drawn.sum()).ravel())
        for cell in cells:
            w = 1 / chance.ravel()[cell]
            yield kappas(*(np.bincount(cell, v, 9).reshape(3, 3) for v in (w, w * w)), agree)

    truth = np.array([kappa_of(JOINT, a) for a in agree])
    held = np.mean([np.abs(k.kappa - truth) < 1.96 * k.std_error for k in draw(JOINT)], axis=0)
    none = np.outer(JOINT.sum(axis=1), JOINT.sum(axis=0))
    rejected = np.mean([np.abs(k.kappa) > 1.96 * k.null_std_error for k in draw(none)], axis=0)
    bound = CHANCE * np.sqrt(0.95 * 0.05 / times)
    np.testing.assert_allclose(held, 0.95, atol=bound)
    np.testing.assert_allclose(rejected, 0.05, atol=bound)


# Categories


def test_the_order_of_a_categorical_counts():
    kinds = pd.CategoricalDtype(["low", "middle", "high"], ordered=True)
    one = pd.Series(["low", "low", "high", "middle"], dtype=kinds)
    other = pd.Series(["low", "middle", "high", "high"], dtype=kinds)
    by_type = agreement(one, other)
    by_number = agreement([0, 0, 2, 1], [0, 1, 2, 2])
    by_name = agreement(
        one.astype(str).tolist(), other.astype(str).tolist(), categories=kinds.categories
    )
    np.testing.assert_allclose(values(by_type), values(by_number), rtol=SAME)
    np.testing.assert_allclose(values(by_name), values(by_number), rtol=SAME)
    assert by_type.categories == ("low", "middle", "high")


def test_without_an_order_there_is_no_weighted_kappa():
    found = agreement(["a", "b", "c"], ["a", "b", "a"])
    assert np.isnan(found.kappa.loc[1:, "estimate"]).all()
    assert not np.isnan(found.kappa.loc[0, "estimate"])
    assert "give categories in ascending order" in " ".join(found.summary().remarks)


def test_a_category_that_nobody_has_keeps_others_apart():
    one, other = [1, 1, 3, 3, 1], [1, 3, 3, 1, 1]
    near = agreement(one, other).kappa
    far = agreement(one, other, categories=[1, 2, 3]).kappa
    # A middle that is empty makes every disagreement one of two places: the same kappa.
    np.testing.assert_allclose(far["estimate"], near["estimate"], rtol=SAME)
    assert (
        agreement([1, 2, 3], [1, 3, 3], categories=[1, 2, 3]).kappa["estimate"][1]
        != (agreement([1, 2, 3], [1, 3, 3], categories=[2, 1, 3]).kappa["estimate"][1])
    )


def test_numbers_are_in_order_whoever_has_them():
    found = agreement([1, 1, 2, 2], [1, 3, 3, 1])
    assert found.categories == (1, 2, 3)
    assert found.ordered


def test_types_of_two_classifications_are_matched():
    attitude, share = [9, 8, 2, 3, 8], [0.9, 0.1, 0.8, 0.2, 0.9]
    result, types = loyalty_types(attitude, share, matrix="dick_basu", scale=(1, 10))
    cuts = {"portfolio": 3}
    _, diamond = loyalty_types(
        [1, 4, 1, 5, 1], [9, 8, 2, 3, 3], matrix="knox", scale=(1, 10), cuts=cuts
    )
    match = {
        "loyal": "loyalty",
        "habitual": "spurious loyalty",
        "variety seeker": "latent loyalty",
        "switcher": "no loyalty",
    }
    found = agreement(types["type"], diamond["type"], match=match)
    assert found.categories == result.names
    assert found.ordered
    assert found.cross_table.loc["loyalty", "spurious loyalty"] == 1
    assert np.trace(found.counts) == 4
    assert found.row_shares.loc["loyalty"].tolist() == [0, 0.5, 0, 0.5]


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.SmallSampleWarning")
def test_columns_of_tables():
    table = pd.DataFrame({"a": ["x", "y", None, "y"], "b": ["x", "y", "y", "x"], "w": [1, 2, 3, 4]})
    for data in (table, pl.from_pandas(table)):
        with pytest.raises(DataError, match="first has 1 missing value, first in row 2"):
            agreement("a", "b", data=data)
        found = agreement("a", "b", data=data, weights="w", missing="drop")
        assert found.n_dropped == 1
        assert found.cross_table.to_numpy().tolist() == [[1, 0], [4, 2]]
    series = agreement(pl.Series(["x", "y"]), pl.Series(["x", "y"]))
    assert series.kappa["estimate"][0] == 1


def test_an_empty_row_has_no_shares():
    found = agreement([1, 1, 2], [1, 2, 3])
    assert np.isnan(found.row_shares.loc[3]).all()


def test_a_result_stays_as_it_is_also_after_pickling():
    found = agreement([1, 1, 2, 2], [1, 1, 2, 1])
    again = pickle.loads(pickle.dumps(found))
    assert again.kappa.equals(found.kappa)
    table = found.kappa
    table.iloc[:, 1:] = 0
    assert found.kappa["estimate"][0] == 0.5
    assert not again.weight.flags.writeable
    assert found.settings == {"level": 0.95, "interval": "wilson"}
    assert repr(found) == "<AgreementResult: 4 customers in 2 categories, kappa 0.500>"
    assert "<table" in found._repr_html_()
    assert "0.750 of customers, 0.500 by chance" in str(found.summary())


# Bad input

ORDERED = pd.CategoricalDtype(["a", "b"], ordered=True)
REVERSED = pd.CategoricalDtype(["b", "a"], ordered=True)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"first": ["a", "a"], "second": ["a", "a"]}, NotIdentifiedError, "everybody into 'a'"),
        ({"first": ["a", "a"]}, NotIdentifiedError, "first puts .* undefined, or 0 .*; compare"),
        ({"second": ["b", "b"]}, NotIdentifiedError, "second puts everybody into 'b'"),
        ({"weights": [1, 0]}, NotIdentifiedError, "everybody into 'a'"),
        ({"second": ["x", "y"]}, DataError, "none in common; match= says"),
        ({"second": ["a", "b", "b"]}, DataError, "equally long"),
        ({"second": ["a", None]}, DataError, 'missing="drop"'),
        ({"first": [None, None]}, DataError, "first has 2 missing values"),
        ({"first": "a"}, DataError, "give data= as well"),
        (
            {"first": loyalty_types([9, 2], [0.9, 0.2], matrix="dick_basu", scale=(1, 10)).result},
            DataError,
            "first is a LoyaltyTypes; give the column",
        ),
        ({"first": [["a", "b"]]}, DataError, r"an array of shape \(n,\)"),
        ({"weights": [1, -1]}, DataError, "weights must lie 0 or more"),
        ({"weights": [0, 0]}, DataError, "all weights are zero"),
        ({"weights": [1, np.inf]}, DataError, "infinite"),
        ({"categories": ["a", "c"]}, DataError, "'b', which categories .* do not have; name"),
        ({"categories": ["a"]}, OptionError, "two or more different categories"),
        ({"categories": ["a", "a"]}, OptionError, "two or more different categories"),
        ({"categories": "ab"}, OptionError, "two or more different categories"),
        ({"match": {"c": "a"}}, OptionError, "categories of the second are 'a', 'b'; name these"),
        ({"match": ["a"]}, OptionError, "must be a mapping"),
        ({"level": 95}, OptionError, "between 0 and 1"),
        ({"missing": "ignore"}, OptionError, "choose one of"),
        (
            {
                "first": pd.Series(["a", "b"], dtype=ORDERED),
                "second": pd.Series(["a", "b"], dtype=REVERSED),
            },
            DataError,
            "order their categories differently.*categories= says",
        ),
        (
            {
                "first": pd.Series(["a", "b"], index=[1, 2]),
                "second": pd.Series(["a", "b"], index=[2, 1]),
            },
            DataError,
            "different labels.*take both from one table",
        ),
    ],
)
def test_bad_input(change, kind, says):
    good = {"first": ["a", "b"], "second": ["a", "b"]}
    with pytest.raises(kind, match=says):
        agreement(**(good | change))


def test_intervals_of_kappa_stay_where_kappa_can_be():
    found = agreement(list("aabbccab"), list("aabbccaa"))
    assert 0.96 < found.kappa["ci_high"].max() < 1
    assert found.kappa["ci_low"].dropna().min() >= -1
    assert "without this one kappa would be 1" in " ".join(found.summary().remarks)


def test_full_agreement_of_few_says_little():
    # Three agree: Wilson's interval of 3 of 3 begins at 3 / (3 + 1.96^2), and chance gives 1 / 3.
    table = agreement([1, 2, 3], [1, 2, 3]).kappa.iloc[0]
    least = stats.binomtest(3, 3).proportion_ci(method="wilson").low
    assert table["ci_low"] == pytest.approx((least - 1 / 3) / (1 - 1 / 3), rel=SAME)
    assert table["ci_high"] == 1


def test_where_all_agree_one_who_does_not_may_weigh_the_most():
    # 40 customers of whom 10 weigh double are 25 of the largest weight, and unequal weights tell
    # less than as many equal ones. With chance agreement of a half kappa is 1 - 2 (1 - share).
    groups = [0, 1] * 20
    weights = np.repeat([2.0, 2.0, 1.0, 1.0], [5, 5, 15, 15])
    low = agreement(groups, groups, weights=weights).kappa.loc[0, "ci_low"]
    degrees = pull_of(weights).degrees
    n = 25 * (stats.t.ppf(0.975, 39) / stats.t.ppf(0.975, degrees)) ** 2
    share = proportion_confint(n, n, method="wilson")[0]
    assert low == pytest.approx(1 - 2 * (1 - share), rel=SAME)


def test_a_disagreement_of_hardly_any_weight_is_no_certainty():
    first, second = np.repeat([1, 2], 10), np.repeat([1, 2], 10)
    second[0] = 2
    weights = np.ones(20)
    weights[0] = 1e-8
    table = agreement(first, second, weights=weights).kappa.iloc[0]
    assert table["ci_low"] < 0.75
    assert table["ci_high"] > 1 - 1e-6


@pytest.mark.study
@pytest.mark.parametrize("weighted", [False, True])
def test_kappa_near_1_covers(weighted):
    rng, held = np.random.default_rng(9), np.zeros(3)
    shares = np.array([[0.475, 0.025, 0], [0.0125, 0.3, 0.0125], [0, 0.025, 0.15]])
    truth = [near_one(shares, w) for w in (0, 1, 2)]
    for _ in range(300):
        cells = rng.choice(9, 80, p=shares.ravel())
        weights = rng.lognormal(0, 0.5, 80) if weighted else None
        found = agreement(cells // 3, cells % 3, categories=range(3), weights=weights).kappa
        held += (found["ci_low"] <= truth) & (truth <= found["ci_high"])
    # 300 surveys know a share of 0.95 to 0.0126; plus and minus errors it is 0.89.
    assert (np.abs(held / 300 - 0.95) < 3 * 0.0126).all()


def near_one(shares, power):
    """Return kappa by its definition; disagreements count by their distance to a power."""
    place = np.arange(3)
    apart = np.abs(place[:, None] - place) ** power if power else 1 - np.eye(3)
    by_chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    return 1 - (apart * shares).sum() / (apart * by_chance).sum()


def test_two_blanks_are_no_agreement():
    first, second = ["x", "", "y", " ", "x", "y"], ["x", "", "x", "", "y", "y"]
    with pytest.raises(DataError, match="missing"):
        agreement(first, second)
    assert agreement(first, second, missing="drop").n_obs == 4


@pytest.mark.parametrize("make", [list, np.array, pd.Series, pd.Categorical])
def test_blank_text_is_no_category(make):
    first, second = make(["a", "a", "b", "b", " "]), make(["a", "b", "b", "b", "a"])
    with pytest.raises(DataError, match="1 missing value"):
        agreement(first, second)
    found = agreement(first, second, missing="drop")
    assert (found.categories, found.n_dropped) == (("a", "b"), 1)
    assert found.cross_table.to_numpy().tolist() == [[1, 1], [0, 2]]
