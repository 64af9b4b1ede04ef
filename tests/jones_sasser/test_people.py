"""Customers sorted into segments: against definitions, and against worlds whose truth is known."""

import pickle
import time
from dataclasses import fields

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import errors, evidence
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.quadrants import Grid, cell_probabilities
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.curves.curve import curve
from loyaltymodel.jones_sasser.people.segments import segments
from loyaltymodel.jones_sasser.people.textbook import textbook_segments
from loyaltymodel.jones_sasser.people.warning import (
    early_warning,
)

from tolerances import EXACT, SAME

ALL = ["terrorist", "defector", "hostage", "mercenary", "loyalist", "apostle"]
CELLS = ["defector", "hostage", "mercenary", "loyalist"]
SQUARE = curve("power", {"hi": 1.0, "k": 2.0})  # its sensitive zone begins at 0.5


def people(n=200, seed=0):
    """Whole answers from 1 to 10 that correlate by about a half."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n)
    scores = 6 + 1.5 * shared[:, None] + 1.5 * rng.normal(size=(n, 2))
    return pd.DataFrame(
        np.clip(np.round(scores), 1, 10), columns=["s", "l"], index=[f"p{k}" for k in range(n)]
    )


MU = np.array([6.2, 5.8])
TRUE = np.array([[1.8**2, 0.6 * 1.8 * 2], [0.6 * 1.8 * 2, 4.0]])
RELIABILITY = (0.8, 0.7)
WORLD = {"cuts": {"satisfaction": 5.5, "loyalty": 5.5, "extremes": (3, 8)}}


def observed(result):
    """Lines of observed shares by segment."""
    table = result.segments
    return table[table["quantity"] == "observed"].set_index("segment")


def of_true(result):
    """Lines of true shares by segment."""
    table = result.segments
    return table[table["quantity"] == "true"].set_index("segment")


def remarks(result):
    return " ".join(result.summary().remarks)


def moments_of(table, items=("satisfaction", "loyalty")):
    """Moments of a table of scores, under the names of the variables."""
    return Moments.from_frame(table.set_axis(list(items), axis=1))


def world(rng, n):
    """True and observed scores of n people, normal, with the reliabilities above."""
    true = rng.multivariate_normal(MU, TRUE, size=n)
    r = np.array(RELIABILITY)
    return true, true + rng.normal(size=(n, 2)) * np.sqrt(np.diag(TRUE) * (1 - r) / r)


def true_segment(true):
    """Segments of the true scores by their definition, as places in ALL."""
    s, loyal = true[:, 0], true[:, 1] >= 5.5
    return np.where(
        s >= 5.5,
        np.where(loyal, np.where(s >= 8, 5, 4), 3),
        np.where(loyal, 2, np.where(s <= 3, 0, 1)),
    )


# Segments by definition


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=30))
def test_segments_follow_their_definition(rows):
    first, second = (np.array(column) for column in zip(*rows, strict=True))
    found = segments(first, second, scale=(1, 5)).customers["segment"].tolist()
    for satisfaction, loyalty, segment in zip(first, second, found, strict=True):
        if satisfaction >= 3 and loyalty >= 3:
            assert segment == ("apostle" if satisfaction == 5 else "loyalist")
        elif satisfaction >= 3:
            assert segment == "mercenary"
        elif loyalty >= 3:
            assert segment == "hostage"
        else:
            assert segment == ("terrorist" if satisfaction == 1 else "defector")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["loyalist", "mercenary", "hostage", "defector"]),
        ({"ties": "low"}, ["defector", "defector", "defector", "defector"]),
        ({"cuts": {"satisfaction": 2}}, ["loyalist", "mercenary", "loyalist", "mercenary"]),
        ({"cuts": {"loyalty": 3.5}}, ["mercenary", "mercenary", "defector", "defector"]),
        ({"cuts": {"satisfaction": "mean", "loyalty": "mean"}}, CELLS[::-1]),
        (
            {"cuts": {"extremes": (2, 3), "satisfaction": 2.5}},
            ["apostle", "mercenary", "hostage", "terrorist"],
        ),
    ],
)
def test_options_change_who_belongs_where(options, expected):
    options = options | {"cuts": {"extremes": None} | options.get("cuts", {})}
    _, found = segments([3, 3, 2, 2], [3, 2, 3, 2], scale=(1, 5), **options)
    assert found["segment"].tolist() == expected


def test_one_cut_is_for_both_scores_and_leaves_the_extremes():
    result, _ = segments([3, 4], [3, 4], scale=(1, 5), cuts="mean")
    assert dict(result.cuts) == {"satisfaction": 3.5, "loyalty": 3.5, "extremes": (1.4, 4.6)}


def test_reliabilities_and_scales_go_by_name():
    table = people()
    pair = segments("s", "l", data=table, scale=(1, 10), reliability=RELIABILITY)
    by_name = segments(
        "s",
        "l",
        data=table,
        scale={"loyalty": (1, 10), "satisfaction": (1, 10)},
        reliability={"loyalty": 0.7, "satisfaction": 0.8},
    )
    pd.testing.assert_frame_equal(by_name.result.segments, pair.result.segments)
    pd.testing.assert_frame_equal(by_name.customers, pair.customers)


@pytest.mark.parametrize(
    ("scale", "low", "high"), [((1, 5), 1, 5), ((1, 7), 1, 7), ((1, 10), 1, 10), ((0, 10), 1, 9)]
)
def test_the_outer_tenths_of_usual_scales(scale, low, high):
    answers = np.arange(scale[0], scale[1] + 1)
    found = segments(answers, answers, scale=scale).customers["segment"]
    assert answers[found == "terrorist"].max() == low
    assert answers[found == "apostle"].min() == high


def test_the_median_of_the_sample_is_weighted():
    scores = [1.0, 2, 3, 4], [5.0, 5, 5, 5]
    options = {"scale": (1, 10), "cuts": {"satisfaction": "median", "extremes": None}}
    assert segments(*scores, **options).result.cuts["satisfaction"] == 2.5
    weighted = segments(*scores, weights=[1, 1, 1, 2.9], **options).result
    assert weighted.cuts["satisfaction"] == 3
    np.testing.assert_allclose(weighted.segments["estimate"].sum(), 1, rtol=EXACT)


def test_loyalty_may_have_a_scale_of_its_own():
    scale = {"satisfaction": (1, 10), "loyalty": (0, 1)}
    result, customers = segments([6, 6], [0.6, 0.4], scale=scale)
    assert customers["segment"].tolist() == ["loyalist", "mercenary"]
    assert result.cuts["loyalty"] == 0.5


def test_the_segments_are_ordered():
    found = segments([9, 9, 3, 3], [9, 3, 9, 3], scale=(1, 10)).customers["segment"]
    assert list(found.cat.categories) == ALL
    assert (found >= "loyalist").tolist() == [True, False, False, False]


def test_the_index_is_kept_and_the_input_unchanged():
    table = people()
    before = table.copy()
    _, by_name = segments("s", "l", data=table, scale=(1, 10), reliability=RELIABILITY)
    _, by_series = segments(table["s"], table["l"], scale=(1, 10), reliability=RELIABILITY)
    assert by_name.equals(by_series)
    assert by_name.index.equals(table.index)
    assert by_name.columns.tolist() == ["segment", *ALL]
    pd.testing.assert_frame_equal(table, before)


def test_polars_and_arrays_give_the_same():
    table = people()
    want = segments("s", "l", data=table, scale=(1, 10)).customers["segment"].tolist()
    _, by_polars = segments("s", "l", data=pl.from_pandas(table), scale=(1, 10))
    assert by_polars["segment"].tolist() == want
    _, arrays = segments(table["s"].to_numpy(), table["l"].to_numpy(), scale=(1, 10))
    assert arrays["segment"].tolist() == want
    assert arrays.index.equals(pd.RangeIndex(len(table)))


def test_missing_scores_are_dropped_when_asked_for():
    table = people(20)
    table.loc["p3", "s"] = np.nan
    with pytest.raises(DataError, match='row p3; missing="drop" leaves'):
        segments("s", "l", data=table, scale=(1, 10))
    result, customers = segments("s", "l", data=table, scale=(1, 10), missing="drop")
    assert result.n_dropped == 1
    assert "p3" not in customers.index
    assert dict(result.summary().facts)["customers"] == "19"
    assert dict(result.summary().facts)["left out"] == "1"


def test_a_result_stays_as_it_is_also_after_pickling():
    found = segments("s", "l", data=people(), scale=(1, 10), reliability=RELIABILITY).result
    again = pickle.loads(pickle.dumps(found))
    for one in (found, again):
        for field in fields(one):
            value = getattr(one, field.name)
            assert not isinstance(value, np.ndarray) or not value.flags.writeable
        table = one.segments
        table.iloc[:, 2:] = 0
    assert again.segments.equals(found.segments)
    assert observed(found)["estimate"].sum() == pytest.approx(1)


TWO = Moments(n_obs=9, items=["satisfaction", "loyalty"], means=[5, 5], covariance=np.eye(2))


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"satisfaction": [1, 11]}, DataError, "must lie between 1 and 10, .* row 1"),
        ({"loyalty": [0, 5]}, DataError, "loyalty must lie between 1 and 10"),
        ({"loyalty": [5, 5, 5]}, DataError, "equally long"),
        ({"satisfaction": ["a", "b"]}, DataError, "not numeric"),
        ({"satisfaction": "s"}, DataError, "give data= as well"),
        ({"satisfaction": [5, np.inf]}, DataError, "infinite"),
        ({"weights": [1, -1]}, DataError, "weights must lie 0 or more"),
        ({"weights": [0, 0]}, DataError, "all weights are zero; at least one"),
        ({"scale": None}, OptionError, r"needs the .* give the scale"),
        ({"scale": (10, 1)}, OptionError, "lower one first"),
        ({"scale": 10}, OptionError, "give the lowest and the highest"),
        ({"scale": {"loyalty": (5, 5)}}, OptionError, "lower one first"),
        ({"scale": {"loyality": (1, 5)}}, OptionError, "did you mean 'loyalty'.*name these"),
        ({"cuts": {"satisfied": 5}}, OptionError, "did you mean 'satisfaction'.*name these"),
        ({"cuts": {"satisfaction": "top"}}, OptionError, "choose one of 'midpoint'"),
        ({"cuts": {"loyalty": 12}}, OptionError, "outside the scale"),
        ({"cuts": 12}, OptionError, "outside the scale"),
        (
            {"cuts": {"extremes": "end"}},
            OptionError,
            r"choose 'tenth', two numbers such as \(2, 9\)",
        ),
        ({"cuts": {"extremes": (0, 9)}}, OptionError, "outside the scale"),
        ({"cuts": {"extremes": (9, 2)}}, OptionError, "must lie between; give other extremes"),
        ({"cuts": {"extremes": (2, 3, 4)}}, OptionError, "choose 'tenth'"),
        ({"scale": None, "cuts": 5}, OptionError, "'extremes': None} for no extremes"),
        ({"ties": "middle"}, OptionError, "choose one of 'high', 'low'"),
        ({"reliability": 0.8}, OptionError, "two numbers above 0 and at most 1"),
        ({"reliability": (0.8, 1.2)}, OptionError, "two numbers above 0"),
        ({"reliability": (0.0, 0.8)}, OptionError, "two numbers above 0"),
        ({"reliability": ("a", "b")}, OptionError, "two numbers above 0"),
        ({"reliability": {"loyalty": 0.8}}, OptionError, "two numbers above 0"),
        ({"reliability": {"loyal": 0.8}}, OptionError, "did you mean 'loyalty'"),
        ({"moments": TWO}, OptionError, "give the reliability too"),
        ({"reliability": (0.8, 0.8), "moments": [5, 5]}, OptionError, "give a structural.Moments"),
        (
            {"reliability": (0.8, 0.8), "moments": TWO.select(["loyalty"])},
            DataError,
            "no item satisfaction",
        ),
        ({"reliability": (0.8, 0.8), "loyalty": [5, 5]}, DataError, "loyalty does not vary"),
        ({"reliability": (0.8, 0.8)}, NotIdentifiedError, "correlate by 1.000"),
        ({"interval": "wald"}, OptionError, "choose one of 'wilson', 'percentile'"),
        ({"level": 95}, OptionError, "between 0 and 1"),
        ({"n_resamples": 1}, OptionError, "at least 2"),
        ({"n_resamples": 38, "interval": "percentile"}, OptionError, "draw at least 39"),
        ({"missing": "ignore"}, OptionError, "choose one of"),
    ],
)
def test_bad_input(change, kind, says):
    good = {"satisfaction": [1, 9], "loyalty": [2, 8], "scale": (1, 10)}
    with pytest.raises(kind, match=says):
        segments(**(good | change))


# Probabilities


def test_the_probabilities_are_those_of_the_posterior():
    """The formula of the theory, written out for every person; nobody answered an end."""
    table = people().clip(2, 9)
    _, found = segments("s", "l", data=table, scale=(1, 10), reliability=RELIABILITY)
    x = table.to_numpy()
    seen = np.cov(x.T)
    true = seen - np.diag(np.diag(seen) * (1 - np.array(RELIABILITY)))
    gain = true @ np.linalg.inv(seen)
    left = true - gain @ true
    for k in (0, 17, 101):
        mean = x.mean(axis=0) + gain @ (x[k] - x.mean(axis=0))
        law = {"mean": mean, "cov": left, "abseps": 1e-13, "releps": 1e-13}

        def between(low, high, law=law):
            return stats.multivariate_normal.cdf(high, lower_limit=low, **law)

        far = 60.0
        want = [
            between([-far, -far], [1.9, 5.5]),
            between([1.9, -far], [5.5, 5.5]),
            between([-far, 5.5], [5.5, far]),
            between([5.5, -far], [far, 5.5]),
            between([5.5, 5.5], [9.1, far]),
            between([9.1, 5.5], [far, far]),
        ]
        # scipy is asked for 1e-13, and takes differences of four values.
        np.testing.assert_allclose(found[ALL].iloc[k].astype(float), want, atol=SAME)


@given(
    st.floats(0.3, 1), st.floats(0.3, 1), st.sampled_from(["high", "low"]), st.integers(0, 10**6)
)
def test_probabilities_add_up_to_one(first, second, ties, seed):
    scores = np.random.default_rng(seed).uniform(0, 10, (2, 30))
    try:
        found = segments(*scores, scale=(0, 10), ties=ties, reliability=(first, second))
    except NotIdentifiedError:  # the sample correlates by chance more than low reliabilities allow
        return
    values = found.customers[ALL].to_numpy()
    assert (values >= 0).all()
    np.testing.assert_allclose(values.sum(axis=1), 1, atol=EXACT)
    shares = of_true(found.result)["estimate"]
    np.testing.assert_allclose(shares, values.mean(axis=0), atol=EXACT)


def test_without_error_probabilities_are_the_segments():
    table = people()
    options = {"data": table, "scale": (1, 10), "cuts": 6}
    for ties in ("high", "low"):  # many scores stand exactly at the cut-offs
        result, customers = segments("s", "l", reliability=(1, 1), ties=ties, **options)
        assert (customers[ALL].idxmax(axis=1) == customers["segment"].astype(str)).all()
        np.testing.assert_allclose(customers[ALL].max(axis=1), 1, atol=EXACT)
        for column in ("estimate", "std_error", "ci_high"):
            np.testing.assert_allclose(
                of_true(result)[column], observed(result)[column], atol=EXACT
            )


def test_moments_of_elsewhere_take_the_place_of_the_samples():
    table = people().clip(2, 9)
    one = {"scale": (1, 10), "reliability": RELIABILITY}
    _, whole = segments("s", "l", data=table, **one)
    moments = moments_of(table)
    _, part = segments("s", "l", data=table.iloc[:5], **one, moments=moments)
    np.testing.assert_allclose(part[ALL], whole[ALL].iloc[:5], atol=EXACT)
    # Items are found by name, wherever they stand, and others are no matter.
    more = moments_of(table.assign(x=1.0)[["x", "l", "s"]], ["other", "loyalty", "satisfaction"])
    _, same = segments("s", "l", data=table.iloc[:5], **one, moments=more)
    np.testing.assert_allclose(same[ALL], part[ALL], atol=EXACT)
    _, alone = segments([9], [9], **one, moments=moments)
    assert alone[ALL].shape == (1, 6)


def calibration(probabilities, truth, *, least=200):
    """Return z-values of the shares of true scores in bins of stated probability."""
    z = []
    for k in range(probabilities.shape[1]):
        stated, hit = probabilities[:, k], truth == k
        bins = np.digitize(stated, np.linspace(0.1, 0.9, 9))
        for b in range(10):
            inside = bins == b
            if inside.sum() >= least:
                p = stated[inside]
                z.append((hit[inside].sum() - p.sum()) / np.sqrt((p * (1 - p)).sum()))
    return np.abs(z)


def test_the_probabilities_are_calibrated_and_those_round_the_score_are_not():
    """Where about 0.8 is stated, about 80 % of the true scores lie, and so in every bin.

    Hits in a bin are binomial with the stated probabilities. About 50 bins: the largest of 50
    z-values passes 4.5 once in 3,000 tests. The sample of 100,000 knows means and covariance
    to 0.3 %, which moves the hits of a bin by less than a third of a standard deviation.
    """
    true, x = world(np.random.default_rng(11), 100_000)
    _, found = segments(x[:, 0], x[:, 1], **WORLD, reliability=RELIABILITY)
    truth = true_segment(true)
    z = calibration(found[ALL].to_numpy(), truth)
    assert len(z) > 40
    assert z.max() < 4.5

    near = found["mercenary"].between(0.75, 0.85).to_numpy()
    n = near.sum()
    share = (truth[near] == ALL.index("mercenary")).mean()
    assert n > 500
    stated = found["mercenary"][near].mean()
    assert abs(share - stated) < 4 * np.sqrt(0.8 * 0.2 / n)

    # A normal distribution round the observed score, with the variance of its error.
    error = np.diag(np.diag(np.cov(x.T)) * (1 - np.array(RELIABILITY)))
    grid = Grid(
        np.array([3.0, 5.5, 8]), np.array([5.5]), np.array([False, True, True]), np.array([True])
    )
    cells = cell_probabilities(x, error, grid)
    order = [[0], [2], [1, 3], [4, 6], [5], [7]]
    naive = np.column_stack([cells[k].sum(axis=0) for k in order])
    assert calibration(naive, truth).max() > 20


def test_true_shares_are_those_of_the_true_scores_and_observed_shares_are_not():
    true, x = world(np.random.default_rng(12), 100_000)
    result, _ = segments(x[:, 0], x[:, 1], **WORLD, reliability=RELIABILITY)
    found = of_true(result)
    actual = np.bincount(true_segment(true), minlength=6) / len(true)
    error = (found["ci_high"] - found["ci_low"]) / (2 * 1.96)
    np.testing.assert_allclose(error, found["std_error"], rtol=0.01)
    binomial = np.sqrt(actual * (1 - actual) / len(true))
    # Both the estimate and the count of true scores vary.
    assert (np.abs(found["estimate"] - actual) < 4 * np.hypot(error, binomial)).all()
    assert (np.abs(observed(result)["estimate"] - actual) / binomial).max() > 20


# Shares and their intervals


def test_sizes_and_shares_by_hand():
    result, _ = segments(
        [9, 9, 3, 3],
        [9, 3, 9, 3],
        scale=(1, 10),
        weights=[1, 2, 1, 0],
        cuts={"extremes": None},
    )
    found = result.segments
    assert found["segment"].tolist() == CELLS
    assert set(found["quantity"]) == {"observed"}
    assert found["n_obs"].tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(found["estimate"], [0, 0.25, 0.5, 0.25], rtol=EXACT)
    # Three people count, so no interval is narrower than Wilson's of three.
    assert (found["ci_high"] - found["ci_low"] > 0.4).all()


def held(intervals, target):
    return (intervals["ci_low"] <= target) & (target <= intervals["ci_high"])


def coverage(n, surveys, *, seed, weighted=False, **options):
    """Share of surveys whose intervals hold the true and the observed shares, (6,) each."""
    grid = Grid(
        np.array([3.0, 5.5, 8]), np.array([5.5]), np.array([False, True, True]), np.array([True])
    )
    order = [[0], [2], [1, 3], [4, 6], [5], [7]]
    r = np.array(RELIABILITY)
    error = np.diag(np.diag(TRUE) * (1 - r) / r)
    truth, as_seen = (
        np.array([cell_probabilities(MU[None], s, grid)[k, 0].sum() for k in order])
        for s in (TRUE, TRUE + error)
    )
    rng = np.random.default_rng(seed)
    found = []
    for survey in range(surveys):
        _, x = world(rng, 6 * n if weighted else n)
        weights = None
        if weighted:  # the dissatisfied are asked less often, and count more
            chance = 0.2 + 0.8 / (1 + np.exp(6 - x[:, 0]))
            asked = rng.random(len(x)) < chance
            x, weights = x[asked][:n], 1 / chance[asked][:n]
        one = segments(
            x[:, 0],
            x[:, 1],
            **WORLD,
            reliability=RELIABILITY,
            weights=weights,
            rng=survey,
            **options,
        ).result
        found.append([held(of_true(one), truth), held(observed(one), as_seen)])
    return np.mean(found, axis=0)


@pytest.mark.study
def test_95_percent_intervals_hold_the_shares():
    # 400 surveys know a coverage to 0.011; twelve are looked at, so 3.5 of them are allowed.
    assert np.abs(coverage(400, 400, seed=1) - 0.95).max() < 3.5 * 0.011


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_95_percent_intervals_hold_the_shares_in_many_surveys(weighted):
    # 2,000 surveys know a coverage to 0.005; for shares of 3 % of 500 people, with weights up
    # to 5, the normal law behind the formula is off by about 0.01.
    found = coverage(500, 2000, seed=2, weighted=weighted)
    assert np.abs(found - 0.95).max() < 3.5 * 0.005 + 0.01
    drawn = coverage(500, 400, seed=3, weighted=weighted, interval="percentile", n_resamples=500)
    assert np.abs(drawn - 0.95).max() < 3.5 * 0.011 + 0.01


def test_wilson_and_percentiles_agree_where_both_hold():
    table = people(2000)
    options = {"data": table, "scale": (1, 10), "reliability": RELIABILITY}
    formula, _ = segments("s", "l", **options)
    drawn, _ = segments("s", "l", interval="percentile", rng=1, **options)
    width = (observed(formula)["ci_high"] - observed(formula)["ci_low"]).to_numpy()
    # 2,000 resamples know an end to about 0.015 of the width, and the smallest segment holds
    # a few people only: 0.1 of the width is 6 times the first.
    for lines in (observed, of_true):
        for end in ("ci_low", "ci_high"):
            assert (np.abs(lines(formula)[end] - lines(drawn)[end]) < 0.1 * width).all()
    assert drawn.segments["estimate"].equals(formula.segments["estimate"])
    assert drawn.n_failed == 0
    # Of replicates the difference of any two lines has an interval as well.
    apart = drawn.estimates.difference(("hostage", "true"), ("hostage", "observed"))
    lines = drawn.estimates.row(("hostage", "true")), drawn.estimates.row(("hostage", "observed"))
    assert apart["estimate"] == lines[0]["estimate"] - lines[1]["estimate"]
    assert apart["std_error"] < lines[1]["std_error"]


def test_the_bootstrap_is_reproducible_and_knows_that_a_median_is_estimated():
    table = people(300)
    options = {
        "data": table,
        "scale": (1, 10),
        "cuts": {"satisfaction": "mean", "loyalty": "mean", "extremes": None},
        "interval": "percentile",
    }
    one, same = (segments("s", "l", rng=5, **options).result.segments for _ in range(2))
    assert one.equals(same)
    formula = segments("s", "l", **(options | {"interval": "wilson"})).result.segments
    # A mean that moves along with the people moves whole answers across it.
    assert not np.allclose(one["ci_low"], formula["ci_low"], atol=0.02)


def test_moments_of_elsewhere_stay_the_same_in_every_resample():
    table = people(400)
    options = {
        "data": table,
        "scale": (1, 10),
        "reliability": RELIABILITY,
        "moments": moments_of(table),
    }
    formula = of_true(segments("s", "l", **options).result)
    drawn = of_true(segments("s", "l", interval="percentile", rng=1, **options).result)
    # With nothing estimated the true share is a plain mean of the people's probabilities, whose
    # error both find; 2,000 resamples know a width to about 3 %, and ends are not symmetric.
    widths = [one["ci_high"] - one["ci_low"] for one in (formula, drawn)]
    np.testing.assert_allclose(widths[0][1:], widths[1][1:], rtol=0.12)
    options.pop("moments")
    estimated = of_true(segments("s", "l", **options).result)
    assert (estimated["ci_high"] - estimated["ci_low"]).sum() > 1.1 * widths[0].sum()


def test_many_failed_resamples_are_told_and_all_failed_are_refused():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=40)
    scores = 5 + shared + 0.42 * rng.normal(size=(2, 40))
    found = {"scale": (0, 10), "interval": "percentile", "n_resamples": 200, "rng": 1}
    r = np.corrcoef(scores)[0, 1]
    with pytest.warns(errors.FailedResamplesWarning, match="were left out; .* too narrow"):
        one, _ = segments(*scores, reliability=(r + 0.01, r + 0.01), **found)
    assert one.n_failed > 2
    assert "were left out of the intervals" in remarks(one)
    assert np.isfinite(of_true(one)["ci_low"]).all()


def test_resamples_in_which_nobody_counts_are_told_and_left_out():
    # All three drawn weigh nothing with the probability (2 / 3) ** 3 = 0.296, give or take
    # sqrt(0.296 * 0.704 / 400) = 0.023; five of these are 0.11.
    options = {"scale": (1, 10), "weights": [1, 0, 0], "interval": "percentile", "rng": 1}
    with pytest.warns(errors.FailedResamplesWarning, match="have only customers of weight 0, and"):
        one, customers = segments([2.0, 6, 9], [3.0, 8, 4], n_resamples=400, **options)
    assert abs(one.n_empty / 400 - (2 / 3) ** 3) < 0.11
    assert one.n_failed == one.n_empty
    assert "only customers of weight 0, and were left out of the intervals." in remarks(one)
    # In all others the first person alone counts, so that nothing varies: Wilson's interval.
    for name, row in zip(one.names, one.segments.itertuples(), strict=True):
        here = float(name == customers["segment"][0])
        ends = proportion_confint(here, 1, method="wilson")
        assert (row.estimate, row.ci_low, row.ci_high) == pytest.approx((here, *ends), abs=1e-12)


def test_resamples_in_which_nearly_always_nobody_counts_are_refused():
    with pytest.raises(NotIdentifiedError, match="only customers of weight 0; leave such"):
        segments(
            [2.0, 6, 9],
            [3.0, 8, 4],
            scale=(1, 10),
            weights=[1, 0, 0],
            interval="percentile",
            n_resamples=2,
            level=0.3,  # for which two are enough
            rng=0,
        )


def test_resamples_that_nearly_all_fail_are_refused():
    # Of three people most resamples hold two at most, whose scores correlate by 1 or -1.
    with pytest.raises(NotIdentifiedError, match=r"nearly all of 2 resamples .* or leave them out"):
        segments(
            [4.0, 5, 7],
            [5.0, 4, 6],
            scale=(1, 10),
            reliability=(0.95, 0.95),
            interval="percentile",
            n_resamples=2,
            level=0.3,  # for which two are enough
            rng=1,
        )


# What is handed out


def test_a_summary_says_what_was_done():
    found, _ = segments("s", "l", data=people(), scale=(1, 10), reliability=(0.8, 0.7))
    text = str(found.summary())
    for part in ("200", "satisfaction 5.5", "0.8 of satisfaction", "Wilson", "apostle", "good"):
        assert part in text
    plain, _ = segments("s", "l", data=people(), scale=(1, 10))
    assert "give their reliability" in remarks(plain)
    assert plain._repr_html_().startswith("<h3>")
    assert repr(plain) == "<SegmentsResult: 200 customers in 6 segments, classifier jones_sasser>"


def test_probabilities_need_a_reliability():
    _, customers = segments([9], [9], scale=(1, 10))
    assert customers.columns.tolist() == ["segment"]
    _, customers = textbook_segments(SQUARE, [0.9], constraint=0.0)
    assert customers.columns.tolist() == ["segment"]


@pytest.mark.parametrize("classifier", ["jones_sasser", "textbook", "satisfied_loyal"])
def test_every_segment_has_one_piece_of_advice(classifier):
    texts = evidence.catalogue(f"segments_{classifier}")
    assert texts["word_of_mouth"].isin([-1, 0, 1]).all()
    assert (texts["strategy"].str.len() > 0).all()
    # What binds is never advised for people who are bound.
    bound = texts[texts["id"].isin(["hostage", "monopoly loyalty", "dissatisfied, loyal"])]
    assert not bound["measures"].str.contains("switching").any()


def test_word_of_mouth_has_the_sign_of_satisfaction():
    signs = evidence.catalogue("segments_jones_sasser").set_index("id")["word_of_mouth"]
    assert signs.to_dict() == dict(zip(ALL, [-1, -1, -1, 1, 1, 1], strict=True))


def test_a_result_has_the_advice_for_its_own_segments():
    assert segments([9], [9], scale=(1, 10)).result.advice["segment"].tolist() == ALL
    four = segments([9], [9], scale=(1, 10), cuts={"extremes": None})
    assert four.result.advice["segment"].tolist() == CELLS
    assert four.result.advice["measures"].iloc[-1].split("; ")[0].startswith("preferential")


# Satisfied or not, loyal or not


def test_the_four_cells_are_those_of_the_segments():
    table = people()
    options = {"data": table, "scale": (1, 10), "reliability": RELIABILITY}
    plain = segments("s", "l", matrix="satisfied_loyal", **options)
    named = segments("s", "l", cuts={"extremes": None}, **options)
    codes = [found.customers["segment"].cat.codes for found in (plain, named)]
    assert codes[0].equals(codes[1])
    tables = [found.result.segments.drop(columns="segment") for found in (plain, named)]
    assert tables[0].equals(tables[1])
    assert list(plain.customers["segment"].cat.categories) == [
        "dissatisfied, not loyal",
        "dissatisfied, loyal",
        "satisfied, not loyal",
        "satisfied, loyal",
    ]


@pytest.mark.parametrize("interval", ["wilson", "percentile"])
def test_a_constraint_tells_inertia_from_monopoly(interval):
    table = people(500)
    table["c"] = np.random.default_rng(1).choice([0.1, 0.5, 0.9], 500)
    options = {
        "data": table,
        "scale": (1, 10),
        "reliability": RELIABILITY,
        "interval": interval,
        "rng": 1,
        "n_resamples": 200,
    }
    _, plain = segments("s", "l", matrix="satisfied_loyal", **options)
    result, told = segments("s", "l", matrix="satisfied_loyal", constraint="c", **options)
    reasons = ["inertia loyalty", "monopoly loyalty"]
    together = told[reasons].sum(axis=1)
    np.testing.assert_allclose(together, plain["dissatisfied, loyal"], atol=EXACT)
    bound = table["c"] >= 0.5
    assert result.cuts["constraint"] == 0.5
    assert (told.loc[bound, "inertia loyalty"] == 0).all()
    assert (told.loc[~bound, "monopoly loyalty"] == 0).all()
    was = plain["segment"] == "dissatisfied, loyal"
    assert (told["segment"][was & bound] == "monopoly loyalty").all()
    assert (told["segment"][was & ~bound] == "inertia loyalty").all()
    assert told["segment"][~was].astype(str).equals(plain["segment"][~was].astype(str))
    shares = of_true(result)
    assert (shares["ci_low"] < shares["estimate"]).all()
    assert (shares["estimate"] < shares["ci_high"]).all()


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"constraint": [0.5, 1.0]}, DataError, "from 0 to below 1, but .* in row 1"),
        ({"constraint": [0.5, -0.1]}, DataError, "constraint must lie"),
        ({"cuts": {"constraint": 1.0}}, OptionError, "between 0 and 1, such as 0.5"),
        ({"cuts": {"constraint": "high"}}, OptionError, "between 0 and 1"),
        ({"cuts": {"extremes": None}}, OptionError, "satisfaction, loyalty, constraint only"),
        ({"constraint": None, "cuts": {"constraint": 0.4}}, OptionError, "nothing to cut; give"),
    ],
)
def test_bad_constraints(change, kind, says):
    good = {"satisfaction": [2, 4], "loyalty": [4, 4], "scale": (1, 5), "constraint": 0.2}
    with pytest.raises(kind, match=says):
        segments(matrix="satisfied_loyal", **(good | change))
    with pytest.raises(OptionError, match="choose matrix='satisfied_loyal'"):
        segments([2, 4], [4, 4], scale=(1, 5), constraint=0.2)


# The teaching text's classifier


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 9)), min_size=1, max_size=20))
def test_textbook_segments_follow_their_definition(rows):
    s, c = (np.array(column) / 10 for column in zip(*rows, strict=True))
    _, found = textbook_segments(SQUARE, s, constraint=c, cuts={"saboteur": 0.2})
    zones = SQUARE.zone(s)
    for satisfaction, constraint, zone, segment in zip(s, c, zones, found["segment"], strict=True):
        if satisfaction <= 0.2:
            assert segment == "saboteur"
        elif zone == "sensitive":
            assert segment == "apostle"
        else:
            assert segment == ("hostage" if constraint >= 0.5 else "mercenary")


def test_the_two_classifiers_call_other_people_mercenaries():
    table = people(1000)
    table["c"] = 0.0
    sorted_by_scores, by_scores = segments("s", "l", data=table, scale=(1, 10))
    by_regime, by_zone = textbook_segments(SQUARE, "s", constraint="c", data=table, scale=(1, 10))
    assert sorted_by_scores.classifier == "jones_sasser"
    assert by_regime.classifier == "textbook"
    first = table["s"][by_scores["segment"] == "mercenary"]
    second = table["s"][by_zone["segment"] == "mercenary"]
    assert first.min() > second.max()  # satisfied there, not satisfied here
    assert "Do not mix the two" in str(by_regime.summary())
    assert by_regime.segments.columns.tolist() == [
        *("segment", "quantity", "n_obs", "estimate", "std_error", "ci_low", "ci_high")
    ]


def test_a_flattening_curve_keeps_its_apostles():
    s_shape = curve("logistic", {"hi": 1.0, "a": 12.0, "s0": 0.5})
    assert s_shape.zone(0.99) == "insensitive"
    _, found = textbook_segments(s_shape, [0.99], constraint=0.0)
    assert found["segment"].tolist() == ["apostle"]


def test_a_curve_without_a_sensitive_zone_has_no_apostles():
    concave = curve("power", {"hi": 1.0, "k": 0.5})
    result, found = textbook_segments(concave, [0.0, 0.5, 1.0], constraint=0.0)
    assert found["segment"].tolist() == ["saboteur", "mercenary", "mercenary"]
    assert "nobody is an apostle" in str(result.summary())


@pytest.mark.parametrize("constraint", [0.2, 0.9])
def test_textbook_probabilities_are_those_of_one_normal_law(constraint):
    rng = np.random.default_rng(5)
    s, reliability = rng.beta(4, 3, 50), 0.7
    result, found = textbook_segments(
        SQUARE, s, constraint=constraint, cuts={"saboteur": 0.2}, reliability=reliability
    )
    true = stats.norm(
        s.mean() + reliability * (s - s.mean()),
        s.std(ddof=1) * np.sqrt(reliability * (1 - reliability)),
    )
    below = "hostage" if constraint >= 0.5 else "mercenary"
    expected = {
        "saboteur": true.cdf(0.2),
        below: true.cdf(0.5) - true.cdf(0.2),
        "apostle": true.sf(0.5),
    }
    for name in result.names:
        ours = found[name].to_numpy()
        np.testing.assert_allclose(ours, expected.get(name, np.zeros(50)), atol=1e-12)
    shares = of_true(result)
    assert shares["estimate"]["apostle"] == pytest.approx(expected["apostle"].mean(), rel=SAME)
    assert "0.7 of satisfaction, 1 of constraint" in str(result.summary())


def test_textbook_probabilities_are_calibrated_where_the_bound_are_less_satisfied():
    rng = np.random.default_rng(6)
    n = 40_000
    c = rng.uniform(0, 0.9, n)
    true = 0.65 - 0.2 * (c - 0.45) + rng.normal(0, 0.12, n)
    reliability = 0.75
    seen = true + rng.normal(0, true.std() * np.sqrt(1 / reliability - 1), n)
    result, found = textbook_segments(
        curve("power", {"hi": 1.0, "k": 2.0}),
        seen,
        constraint=c,
        scale=(float(seen.min()), float(seen.max())),
        cuts={"saboteur": 0.3},
        reliability=reliability,
    )
    begins = result.cuts["apostle"]
    cell = np.select([true <= 0.3, true >= begins, c >= 0.5], [0, 3, 1], 2)
    z = calibration(found[list(result.names)].to_numpy(), cell)
    assert len(z) > 20
    assert z.max() < 4.5  # as above


def test_weights_count_in_textbook_shares():
    found, _ = textbook_segments(SQUARE, [0.9, 0.3], constraint=0.0, weights=[1, 3], level=0.9)
    assert observed(found)["estimate"].to_dict() == {
        "saboteur": 0.0,
        "hostage": 0.0,
        "mercenary": 0.75,
        "apostle": 0.25,
    }


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"satisfaction": [0.5, 1.5]}, DataError, "between 0 and 1"),
        ({"constraint": 1.0}, DataError, "below 1"),
        ({"curve": "power"}, OptionError, "not a LoyaltyCurve; make one by"),
        ({"cuts": {"constraint": 0}}, OptionError, "between 0 and 1"),
        ({"cuts": {"saboteur": 0.5}}, OptionError, "from 0 to below 0.5, where the sensitive"),
        ({"cuts": {"saboteur": -1}}, OptionError, "from 0 to below 0.5"),
        ({"cuts": {"saboteur": "low"}}, OptionError, "from 0 to below 0.5"),
        ({"cuts": {"apostle": 0.5}}, OptionError, "saboteur, constraint only"),
        ({"cuts": 0.2}, OptionError, "give a mapping such as"),
        ({"scale": (1, 0)}, OptionError, "lower one first"),
        ({"level": 2}, OptionError, "between 0 and 1"),
        ({"weights": [0, 0]}, DataError, "all weights are zero"),
        ({"reliability": (0.8, 0.7)}, OptionError, "one number above 0"),
        ({"reliability": 0}, OptionError, "such as 0.8"),
        ({"reliability": 0.8, "satisfaction": 0.5}, DataError, "does not vary"),
    ],
)
def test_bad_textbook_input(change, kind, says):
    good = {"satisfaction": [0.5, 0.6], "constraint": 0.2, "curve": SQUARE}
    with pytest.raises(kind, match=says):
        textbook_segments(**(good | change))


# Early warning


def world_at_risk():
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "s": rng.integers(1, 11, 60).astype(float),
            "l": rng.integers(1, 11, 60).astype(float),
            "c": rng.choice([0.0, 0.3, 0.8], 60),
            "pays": rng.uniform(10, 100, 60),
        },
        index=[f"p{k}" for k in range(60)],
    )


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("by", ["risk", "value_at_stake"])
def test_the_warning_lists_whom_the_definition_names(own, by):
    table = world_at_risk()
    _, customers = (
        segments("s", "l", data=table, scale=(1, 10))
        if own
        else textbook_segments(SQUARE, "s", constraint="c", data=table, scale=(1, 10))
    )
    found = early_warning(
        SQUARE,
        "s",
        constraint="c",
        value="pays",
        data=table,
        scale=(1, 10),
        segments=customers if own else None,
        by=by,
    )
    named = customers["segment"].isin(["hostage", "mercenary"])
    assert sorted(found.index) == sorted(table.index[named])
    share = (table["s"] - 1) / 9
    g, c = share**2, table["c"]
    for label, row in found.iterrows():
        assert row["segment"] == customers["segment"][label]
        np.testing.assert_allclose(row["loyalty"], c[label] + (1 - c[label]) * g[label])
        risk = (c if row["segment"] == "hostage" else 1 - c)[label] * (1 - g[label])
        np.testing.assert_allclose(row["risk"], risk, atol=EXACT)
        np.testing.assert_allclose(row["value_at_stake"], risk * table["pays"][label], atol=SAME)
    assert (np.diff(found[by]) <= 0).all()
    assert found["satisfaction"].to_dict() == table["s"][found.index].to_dict()


def test_segments_may_come_back_from_a_file_as_plain_words():
    table = world_at_risk()
    _, customers = segments("s", "l", data=table, scale=(1, 10))
    given = {"constraint": "c", "value": "pays", "curve": SQUARE, "data": table, "scale": (1, 10)}
    found = early_warning(satisfaction="s", segments=customers, **given)
    words = customers["segment"].astype(str)
    pd.testing.assert_frame_equal(early_warning(satisfaction="s", segments=words, **given), found)


def test_missing_values_of_the_warning_can_be_dropped():
    table = world_at_risk()
    table.loc["p7", "pays"] = np.nan
    found = early_warning(
        SQUARE, "s", constraint="c", value="pays", data=table, scale=(1, 10), missing="drop"
    )
    assert "p7" not in found.index
    assert len(found)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"value": -1.0}, DataError, "value must lie 0 or more"),
        ({"constraint": 1.0}, DataError, "below 1"),
        ({"satisfaction": [0.5, 2]}, DataError, "between 0 and 1"),
        ({"by": "value"}, OptionError, "choose one of 'value_at_stake', 'risk'"),
        ({"curve": None}, OptionError, "not a LoyaltyCurve"),
        (
            {
                "segments": segments(
                    [1.0, 2], [1.0, 2], matrix="satisfied_loyal", scale=(0, 3)
                ).customers
            },
            OptionError,
            "'dissatisfied, not loyal', .* of a classifier that has neither hostages",
        ),
        (
            {"segments": pd.DataFrame({"segments": ["hostage", "hostage"]})},
            OptionError,
            "DataFrame without segments; give the table",
        ),
        (
            {"segments": segments([1.0, 2], [1.0, 2], scale=(0, 3))},
            OptionError,
            "give the table of customers",
        ),
        (
            {"segments": segments([1.0], [1.0], scale=(0, 3)).customers["segment"]},
            DataError,
            "sort the same rows in the same order",
        ),
    ],
)
def test_bad_warning_input(change, kind, says):
    good = {"satisfaction": [0.5, 0.6], "constraint": 0.2, "curve": SQUARE, "value": 1.0}
    with pytest.raises(kind, match=says):
        early_warning(**(good | change))


@pytest.mark.slow
def test_a_million_people_take_about_a_second():
    _, x = world(np.random.default_rng(1), 10**6)
    best, sort = np.inf, np.inf
    for _ in range(3):
        start = time.perf_counter()
        found = segments(x[:, 0], x[:, 1], **WORLD, reliability=RELIABILITY)
        best = min(best, time.perf_counter() - start)
        start = time.perf_counter()
        np.sort(x[:, 0])
        sort = min(sort, time.perf_counter() - start)
    assert len(found.customers) == 10**6
    # Measured: 0.84 s, 120 times a sort of as many numbers; four times as much would be odd.
    assert best < 480 * sort
