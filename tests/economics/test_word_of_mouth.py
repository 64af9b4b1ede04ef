"""Word of mouth by satisfaction: shares, means, signs, and the test of a U against its sizes."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import datasets
from loyaltymodel.economics.word_of_mouth.by_satisfaction import word_of_mouth
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.satisfaction_loyalty.u_shape import kernels
from loyaltymodel.satisfaction_loyalty.u_shape.fit import u_shape_test

from tolerances import EXACT, SAME

TEN = np.arange(1.0, 11)


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(1)
    s = rng.choice([1, 2, 3, 4, 5], 400, p=[0.05, 0.1, 0.2, 0.4, 0.25])
    mentions = rng.poisson(np.array([4, 2, 0.6, 0.9, 1.6])[s - 1])
    well = rng.random(400) < np.array([0.05, 0.2, 0.5, 0.8, 0.95])[s - 1]
    valence = np.where(mentions > 0, np.where(well, 1, -1), 0)
    return pd.DataFrame({"s": s, "told": mentions, "said": valence})


def lines_of(found):
    return found.quantities.iloc[:2]


def of(found, quantity):
    return found.quantities.groupby("quantity").get_group(quantity).reset_index(drop=True)


def test_activity_is_that_of_statsmodels_and_scipy(people):
    found = word_of_mouth("s", mentions="told", valence="said", data=people, level=0.9)
    assert found.ranges.tolist() == [[k, k] for k in (1, 2, 3, 4, 5)]
    for k, row in of(found, "spoke").iterrows():
        told = people.loc[people["s"] == row["lowest"], "told"].to_numpy()
        assert row["n_obs"] == len(told)
        spoke = (told > 0).sum()
        ends = proportion_confint(spoke, len(told), alpha=0.1, method="wilson")
        assert row["estimate"] == pytest.approx(spoke / len(told), abs=EXACT)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(ends), abs=SAME)
        other = of(found, "mentions").loc[k]
        assert other["estimate"] == pytest.approx(told.mean(), abs=EXACT)
        ends = ends_by_hall(told, 0.9)
        assert (other["ci_low"], other["ci_high"]) == pytest.approx(ends, abs=1e-9)


def ends_by_hall(told, level):
    """Where Hall's cubic of t is Student's quantile, by a search for roots."""
    n, skewness = len(told), stats.skew(told) / np.sqrt(len(told))
    error = stats.sem(told)

    def apart(mean, quantile):
        t = (told.mean() - mean) / error
        bent = t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / 6
        return bent - quantile

    quantile, far = stats.t.ppf((1 + level) / 2, n - 1), 50 * error
    return tuple(
        max(optimize.brentq(apart, told.mean() - far, told.mean() + far, args=q, xtol=1e-13), 0.0)
        for q in (quantile, -quantile)
    )


def test_told_or_not_has_one_interval_whatever_it_is_called():
    found = word_of_mouth([1] * 9 + [2] * 9, mentions=[1, 0, 0] * 6)
    columns = ["estimate", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(of(found, "mentions")[columns], of(found, "spoke")[columns])


def test_the_net_share_has_the_published_interval():
    # The example of ci.prop.ps in the documentation of the R package statpsych (Bonett): f01 = 4
    # and f10 = 26 of 48, for which it states what it should return.
    said = np.repeat([1, -1, 0], [26, 4, 18])
    words = word_of_mouth(np.repeat([1, 2], [48, 2]), valence=[*said, 0, 1])
    found = of(words, "net").loc[0]
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((0.2548067, 0.6251933), abs=5e-8)
    shares = [of(words, name).loc[0, "estimate"] for name in ("positive", "negative", "net")]
    assert shares == pytest.approx([26 / 48, 4 / 48, 22 / 48], abs=EXACT)
    ends = proportion_confint([26, 4], 48, method="wilson")
    for k, name in enumerate(("positive", "negative")):
        row = of(words, name).loc[0]
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((ends[0][k], ends[1][k]), abs=SAME)
    assert words.signs.loc[0, "sign"] == "positive"


def test_signs_and_what_is_said_of_them(people):
    found = word_of_mouth("s", mentions="told", valence="said", data=people)
    assert found.signs["sign"].tolist() == ["negative", "negative", "open", "positive", "positive"]
    text = str(found.summary())
    assert "against the firm at 1, 2, and for it at 4, 5" in text
    merged = word_of_mouth("s", valence="said", cuts=[3, 4], data=people)
    assert merged.ranges.tolist() == [[1, 2], [3, 3], [4, 5]]
    assert merged.counts.sum() == 400
    assert "against the firm at 1 to 2, and for it at 4 to 5" in str(merged.summary())
    silent = word_of_mouth([1, 1, 2, 2], valence=[0, 0, 0, 0])
    assert "at no level" in str(silent.summary())
    # Nobody spoke: an interval of no width would be too sure, and this one has 0 in its middle.
    net = of(silent, "net")
    assert net["ci_low"].tolist() == pytest.approx((-net["ci_high"]).tolist())
    assert (net["ci_high"] > 0.5).all()


def test_the_net_share_stays_within_its_bounds():
    found = of(word_of_mouth([1, 1, 2, 2], valence=[-1, -1, 1, 1]), "net")
    assert found["ci_low"].tolist()[0] == -1
    assert found["ci_high"].tolist()[1] == 1


def test_who_speaks_without_mentions(people):
    by_valence = word_of_mouth("s", valence="said", data=people)
    by_mentions = word_of_mouth("s", mentions="told", data=people)
    pd.testing.assert_frame_equal(of(by_valence, "spoke"), of(by_mentions, "spoke"))
    assert "mentions" not in set(by_valence.quantities["quantity"])
    with pytest.raises(DataError, match="give valence"):
        _ = by_mentions.signs


def test_levels_without_a_spread_have_no_interval_of_the_mean():
    found = word_of_mouth([1, 1, 2, 2, 2, 3], mentions=[0, 0, 1, 2, 3, 4])
    assert of(found, "mentions")["ci_low"].isna().tolist() == [True, False, True]
    assert of(found, "spoke")["ci_low"].notna().all()
    assert "or where all said the same" in str(found.summary())


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from([-1, 0, 1])), min_size=6, max_size=60))
def test_shares_add_up_and_mirrors_turn(answers):
    s, said = np.array(answers).T
    found, mirrored = word_of_mouth(s, valence=said), word_of_mouth(s, valence=-said)
    assert found.counts.sum() == len(s)
    spoke, well, ill, net = (
        of(found, name)["estimate"] for name in ("spoke", "positive", "negative", "net")
    )
    np.testing.assert_allclose(well + ill, spoke, atol=EXACT)
    ends = of(found, "net")["ci_low"], -of(mirrored, "net")["ci_high"]
    np.testing.assert_allclose(*ends, atol=EXACT)
    whole = (found.counts * net).sum() / len(s)
    assert whole == pytest.approx(said.mean(), abs=EXACT)


BAD_WORDS = [
    ({}, OptionError, "give how many"),
    ({"mentions": [1, 2, -1, 0]}, DataError, "0 or more"),
    ({"mentions": [1, 2, np.nan, 0]}, DataError, 'missing="drop"'),
    ({"mentions": [1, 2]}, DataError, "equally long"),
    ({"mentions": "told"}, DataError, "give data="),
    ({"valence": [1, 2, 0, 0]}, DataError, "between -1 and 1"),
    ({"valence": [1, 0.5, 0, 0]}, DataError, "two cut-offs"),
    ({"valence": [1, 0, 0, 0], "mentions": [0, 1, 1, 1]}, DataError, "mend one"),
    ({"satisfaction": [1, 2, 3, 4], "mentions": [1, 2, 0, 1]}, DataError, "give cuts="),
    ({"satisfaction": [1], "mentions": [1]}, DataError, "1 level for 1 customer, so"),
    ({"mentions": [1, 2, 0, 1], "cuts": [4, 3]}, OptionError, "ascending"),
    ({"mentions": [1, 2, 0, 1], "cuts": ["a"]}, OptionError, "must be a number"),
    ({"mentions": [1, 2, 0, 1], "cuts": []}, OptionError, "ascending"),
    ({"mentions": [1, 2, 0, 1], "level": 95}, OptionError, "between 0 and 1"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_WORDS)
def test_words_that_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        word_of_mouth(**{"satisfaction": [1, 1, 2, 2], **options})


def curve(rng, n, shape, levels=TEN):
    x = rng.choice(levels, n)
    return x, shape(x) + rng.normal(size=n) * (0.5 + x / levels.max())


def valley(x):
    return 0.05 * (x - 6) ** 2


def person_by_person(x, y, turn):
    """Two lines by statsmodels, and their HC3 pulls customer by customer."""
    slopes, errors, pulls = [], [], []
    for side in (x <= turn, x >= turn):
        fitted = sm.OLS(y[side], sm.add_constant(x[side])).fit()
        slopes.append(fitted.params[1])
        errors.append(fitted.HC3_se[1])
        away = x[side] - x[side].mean()
        pull = np.zeros(len(x))
        leverage = fitted.get_influence().hat_matrix_diag
        pull[side] = away / (away @ away) * fitted.resid / (1 - leverage)
        pulls.append(pull)
    return slopes, errors, np.array(pulls)


@pytest.mark.parametrize("turn", [5.0, 6.5])
def test_lines_are_those_of_statsmodels(turn):
    x, y = curve(np.random.default_rng(2), 200, valley)
    found = u_shape_test(x, y, turning_point=turn, level=0.9)
    slopes, errors, pulls = person_by_person(x, y, turn)
    lines = lines_of(found)
    assert lines["estimate"].tolist() == pytest.approx(slopes, abs=SAME)
    assert lines["std_error"].tolist() == pytest.approx(errors, rel=1e-9)
    assert lines["n_obs"].tolist() == [(x <= turn).sum(), (x >= turn).sum()]
    degrees = lines["n_obs"] - 2
    t = lines["estimate"] / lines["std_error"]
    one_sided = [stats.t.cdf(t[0], degrees[0]), stats.t.sf(t[1], degrees[1])]
    assert lines["p_value"].tolist() == pytest.approx(one_sided, rel=1e-8)
    assert found.p_value == pytest.approx(max(one_sided), rel=1e-6)
    # Customers at the turn are on both lines, so that the slopes go together.
    error = np.sqrt((pulls.sum(axis=0) ** 2).sum())
    apart = found.estimates.row("fall less rise")
    assert found.asymmetry == apart["estimate"] == pytest.approx(-sum(slopes), abs=SAME)
    assert apart["std_error"] == pytest.approx(error, rel=1e-9)
    reach = stats.t.ppf(0.95, degrees.min()) * error
    assert apart["ci_high"] - apart["estimate"] == pytest.approx(reach, rel=1e-9)


def test_the_parabola_is_that_of_statsmodels():
    x, y = curve(np.random.default_rng(3), 150, valley)
    found = u_shape_test(x, y, turning_point=5)
    other = sm.OLS(y, np.column_stack([np.ones(150), x, x**2])).fit(cov_type="HC3", use_t=True)
    p_values = []
    rows = found.quantities.query("test == 'parabola'")
    for row, end, sign in zip(rows.itertuples(), found.ends, (-1, 1), strict=True):
        at = other.t_test(np.array([0, 1, 2 * end]))
        assert row.estimate == pytest.approx(at.effect.item(), rel=1e-8)
        assert row.std_error == pytest.approx(at.sd.item(), rel=1e-8)
        assert (row.ci_low, row.ci_high) == pytest.approx(tuple(at.conf_int()[0]), rel=1e-7)
        p_values.append(stats.t.sf(sign * at.tvalue.item(), 147))
        assert row.p_value == pytest.approx(p_values[-1], rel=1e-6)
    tests = found.tests.set_index("test")
    assert tests.loc["parabola", "p_value"] == pytest.approx(max(p_values), rel=1e-6)
    turn = -other.params[1] / (2 * other.params[2])
    assert tests.loc["parabola", "turning_point"] == pytest.approx(turn, rel=1e-8)


def test_levels_are_as_good_as_customers():
    # Answers that are all different are levels with one customer each.
    rng = np.random.default_rng(4)
    x = rng.normal(size=60)
    y = x**2 + rng.normal(size=60)
    slopes, errors, _ = person_by_person(x, y, 0.1)
    found = u_shape_test(x, y, turning_point=0.1)
    assert lines_of(found)["estimate"].tolist() == pytest.approx(slopes, abs=SAME)
    assert lines_of(found)["std_error"].tolist() == pytest.approx(errors, rel=1e-8)


def test_the_search_finds_the_best_of_the_candidates():
    x, y = curve(np.random.default_rng(5), 300, valley)
    found = u_shape_test(x, y, rng=1)
    weaker = []
    for turn in TEN[1:-1]:
        at = u_shape_test(x, y, turning_point=turn)
        weaker.append(at.p_value)
    best = int(np.argmin(weaker))
    assert found.turning_point == TEN[1:-1][best]
    assert found.n_candidates == 8
    # Corrected for the search: more than the smallest, less than eight times it.
    assert weaker[best] < found.p_value < 8 * weaker[best] + 4 * np.sqrt(found.p_value / 999)
    again = u_shape_test(x, y, turning_point=found.turning_point)
    ours, theirs = (result.estimates.estimate for result in (found, again))
    np.testing.assert_allclose(ours[:3], theirs[:3], rtol=SAME)
    assert "searched among 8" in str(found.summary())
    assert "corrected for the search" in str(found.summary())
    assert "corrected" not in str(u_shape_test(x, y, turning_point=5).summary())
    assert u_shape_test(x, y, rng=1).p_value == found.p_value


def test_intervals_of_a_search_are_those_of_customers_drawn_and_searched_again():
    rng = np.random.default_rng(21)
    x = rng.integers(1, 11, 400).astype(float)
    y = 0.3 * (x - 6) ** 2 + 3 * rng.normal(size=400)
    found = u_shape_test(x, y, n_resamples=2000, rng=1)
    again = []
    for _ in range(300):
        rows = rng.integers(0, 400, 400)
        again.append(u_shape_test(x[rows], y[rows], n_resamples=99, rng=1).estimates.estimate[:3])
    low, high = np.quantile(again, [0.025, 0.975], axis=0)
    # 300 resamples know a quantile far out to about a tenth of the width.
    apart = np.array(
        [found.estimates.ci_low - [*low, 0, 0], found.estimates.ci_high - [*high, 0, 0]]
    )
    assert (np.abs(apart[:, :3]) < 0.2 * (high - low)).all()
    # As if the turn had been given, the interval of the difference would be half as wide.
    given = u_shape_test(x, y, turning_point=found.turning_point).estimates.row("fall less rise")
    row = found.estimates.row("fall less rise")
    assert row["ci_high"] - row["ci_low"] > 1.5 * (given["ci_high"] - given["ci_low"])
    # One-sided p-values are those of the intervals.
    p_values = found.estimates.p_value
    assert (p_values[0] < 0.025) == (found.estimates.ci_high[0] < 0)
    assert (p_values[1] < 0.025) == (found.estimates.ci_low[1] > 0)


def test_sides_that_are_surer_than_any_number_are_still_told_apart():
    # t is beyond 38, so that no number is small enough for its tail.
    x, y = curve(np.random.default_rng(22), 5000, lambda x: np.where(x < 6, 6 - x, x - 6))
    y = np.where(x < 6, 6 - x, x - 6) + 0.05 * (y - np.where(x < 6, 6 - x, x - 6))
    assert u_shape_test(x, y, rng=1).turning_point == 6


def test_many_values_are_searched_at_quantiles():
    rng = np.random.default_rng(6)
    x = rng.normal(size=2000)
    found = u_shape_test(x, x**2 + rng.normal(size=2000), rng=1)
    assert found.n_candidates == 19
    assert found.turning_point in x
    shares = [(x <= turn).mean() for turn in kernels.candidates(kernels.gather(x, x), most=19)]
    np.testing.assert_allclose(shares, np.arange(1, 20) / 20, atol=1e-3)


def test_slices_change_nothing(monkeypatch):
    x, y = curve(np.random.default_rng(15), 90, valley)
    levels = kernels.gather(x, y)
    sides = np.vstack(kernels.sides_of(levels, TEN[1:-1], least=5))
    whole = kernels.line_slopes(levels, sides)
    monkeypatch.setattr(kernels, "_VALUES", 3 * len(sides))
    sliced = kernels.line_slopes(levels, sides)
    for name in ("slope", "covariance", "n_used"):
        np.testing.assert_allclose(getattr(sliced, name), getattr(whole, name), rtol=SAME)


def test_the_largest_of_correlated_numbers():
    rng = np.random.default_rng(7)
    # Four standard errors of a share of 99,999 draws about 0.1: 0.004.
    independent = kernels.share_of_larger(1.5, np.eye(3), 99_999, rng)
    assert independent == pytest.approx(1 - stats.norm.cdf(1.5) ** 3, abs=0.005)
    alike = kernels.share_of_larger(1.5, np.ones((3, 3)), 99_999, rng)
    assert alike == pytest.approx(stats.norm.sf(1.5), abs=0.004)
    # Never smaller than the draws can show.
    assert kernels.share_of_larger(99.0, np.eye(2), 99, rng) == 0.01


def test_a_curve_that_flattens_is_no_u():
    x = np.tile(TEN, 60)
    y = -3 * np.log(x) + np.random.default_rng(8).normal(size=600)
    tests = u_shape_test(x, y, rng=1).tests.set_index("test")["p_value"]
    assert tests["two lines"] > 0.5
    assert tests["parabola"] < tests["two lines"]
    steep = np.exp(-np.linspace(0, 4, 10))[np.tile(np.arange(10), 60)]
    seen = u_shape_test(x, steep * 20 + np.random.default_rng(9).normal(size=600), rng=1).tests
    assert seen.set_index("test").loc["parabola", "p_value"] < 0.001
    assert seen.set_index("test").loc["two lines", "p_value"] > 0.05


SKEWED = np.repeat([1, 2, 3, 4, 5], [2, 1, 30, 60, 40])


def test_turns_with_few_customers_are_no_candidates():
    # Turns at 2 have 3 customers on the left; at 3 and 4 there are enough.
    told = SKEWED + np.random.default_rng(0).normal(0, 0.5, len(SKEWED))
    found = u_shape_test(SKEWED, told, rng=1)
    assert found.n_candidates == 2
    assert found.turning_point in (3, 4)
    assert found.p_value > 0.9
    assert (lines_of(found)["estimate"] > 0).all()
    assert lines_of(found)["n_obs"].tolist() == [(SKEWED <= 3).sum(), (SKEWED >= 3).sum()]
    assert np.isfinite(found.estimates.ci_low).all()
    assert "turn at 3, p = 1.0000" in repr(found)
    # A line without error is against a U with certainty; no turn that is left out may be chosen.
    perfect = u_shape_test(SKEWED, 2.0 * SKEWED, rng=1)
    assert perfect.turning_point in (3, 4)
    assert perfect.p_value == 1


def test_rising_activity_of_the_satisfied_is_no_u():
    rng = np.random.default_rng(16)
    rejected = [
        u_shape_test(
            SKEWED, curve(SKEWED) + rng.normal(0, 0.5, len(SKEWED)), n_resamples=199, rng=rng
        ).p_value
        < 0.05
        for curve in (lambda x: x, lambda x: 3.0 * (x == 5))
        for _ in range(300)
    ]
    rising, edge = np.mean(np.reshape(rejected, (2, 300)), axis=1)
    # A rise throughout is far from the edge of the hypothesis; flat but for the last value is
    # the edge, and four standard errors of a share of 300 at 0.05 are 0.05.
    assert rising == 0
    assert edge < 0.05 + 0.05


def test_every_company_of_the_barometer_has_an_answer():
    people = datasets.barometer_codebook().clean(
        datasets.load_barometer(), ["SAT1", "STAYED"], keep=["company"]
    )
    n_candidates = []
    for _, own in people.groupby("company"):
        found = u_shape_test("SAT1", "STAYED", data=own, missing="drop", rng=1)
        n_candidates.append(found.n_candidates)
        assert np.isfinite(lines_of(found).iloc[:, 2:].to_numpy(float)).all()
        assert np.isfinite([found.p_value, *found.estimates.row("fall less rise")[:4]]).all()
    assert len(n_candidates) == 24
    assert min(n_candidates) < 8  # some have turns that hardly anybody lies below


def test_a_side_without_levels_has_no_slope_and_no_error():
    levels = kernels.gather(TEN, TEN**2)
    sides = np.array([levels.x <= 5, levels.x < 0, levels.x >= 5])
    found = kernels.line_slopes(levels, sides)
    assert np.isnan(found.slope).tolist() == [False, True, False]
    assert np.isnan(found.covariance[1]).all()
    assert np.isnan(found.covariance[:, 1]).all()
    assert np.isfinite(found.covariance[np.ix_([0, 2], [0, 2])]).all()
    with pytest.raises(ValueError, match="not a number"):
        kernels.share_of_larger(np.nan, np.eye(2), 99, np.random.default_rng(0))


def test_what_a_notebook_shows(people):
    words = word_of_mouth("s", mentions="told", data=people)
    assert repr(words) == "<WordOfMouth: 400 customers, 5 levels of satisfaction>"
    shape = u_shape_test("s", "told", data=people, turning_point=3)
    assert repr(shape).startswith("<UShape: 400 customers, turn at 3, p = 0.")
    for result in (words, shape):
        assert result._repr_html_() == result.summary().to_html()


def test_mentions_that_differ_by_rounding_have_no_interval():
    found = word_of_mouth([1, 1, 1, 2, 2], mentions=[0.1 + 0.2, 0.3, 0.3, 1, 2])
    assert of(found, "mentions")["ci_low"].isna().tolist() == [True, False]


@settings(max_examples=15)
@given(unit=st.floats(0.1, 10), shift=st.floats(-10, 10), up=st.floats(0.1, 10))
def test_units_do_not_matter(unit, shift, up):
    x, y = curve(np.random.default_rng(10), 80, valley)
    first = u_shape_test(x, y, turning_point=6)
    second = u_shape_test(shift + unit * x, up * y - shift, turning_point=shift + unit * 6)
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        before, after = (getattr(result.estimates, name) for result in (first, second))
        np.testing.assert_allclose(after[:2] * unit / up, before[:2], rtol=1e-7)
        np.testing.assert_allclose(after[3:] * unit / up, before[3:], rtol=1e-6, atol=1e-9)
    assert second.p_value == pytest.approx(first.p_value, rel=1e-6)


def test_mirrors_and_turns():
    x, y = curve(np.random.default_rng(11), 80, valley)
    first, mirrored = (u_shape_test(s, y, turning_point=t) for s, t in ((x, 6), (11 - x, 5)))
    assert mirrored.p_value == pytest.approx(first.p_value, rel=1e-9)
    assert mirrored.asymmetry == pytest.approx(-first.asymmetry, rel=1e-9)
    upside_down = u_shape_test(x, -y, rng=1)
    assert upside_down.p_value > 0.9
    perfect = u_shape_test([1, 1, 1, 2, 2, 3, 3, 3], [4, 4, 4, 1, 1, 2, 2, 2], turning_point=2)
    assert perfect.asymmetry == pytest.approx(2, abs=EXACT)
    assert perfect.p_value < 1e-12  # lines without error, but for rounding


def test_columns_of_any_table(people):
    plain = u_shape_test(people["s"].to_numpy(), people["told"].to_numpy(), rng=1)
    for frame in (people, pl.from_pandas(people)):
        found = u_shape_test("s", "told", data=frame, rng=1)
        np.testing.assert_array_equal(found.estimates.estimate, plain.estimates.estimate)
    words = word_of_mouth("s", mentions="told", data=pl.from_pandas(people))
    holed = people.astype(float)
    holed.loc[0, "told"] = np.nan
    assert u_shape_test("s", "told", data=holed, missing="drop").n_dropped == 1
    assert word_of_mouth("s", mentions="told", data=holed, missing="drop").n_dropped == 1
    for result in (plain, words):
        loaded = pickle.loads(pickle.dumps(result))
        pd.testing.assert_frame_equal(loaded.quantities, result.quantities)
        with pytest.raises(ValueError, match="read-only"):
            loaded.estimates.estimate[0] = 1


LEVELS = np.repeat([1, 2, 3, 4], 10)
BAD_U = [
    ({"satisfaction": [1, 2] * 20}, DataError, "three or more"),
    ({"satisfaction": [1.0] * 40}, DataError, "satisfaction is 1 for every"),
    ({"activity": [0.0] * 40}, DataError, "activity is 0 for every"),
    ({"activity": [0.1 + 0.2, 0.3] * 20}, DataError, "for every customer but for rounding"),
    ({"satisfaction": [1], "activity": [1]}, DataError, "there is 1 customer with"),
    ({"satisfaction": [1, *[2] * 3, *[3] * 36]}, DataError, "more customers are needed"),
    ({"satisfaction": [1] * 5, "activity": [1] * 4}, DataError, "equally long"),
    ({"satisfaction": [1, *[2] * 20, *[3] * 19]}, NotIdentifiedError, "merge values"),
    ({"turning_point": 4}, OptionError, "must lie within"),
    ({"turning_point": "3"}, OptionError, "must lie within"),
    ({"turning_point": np.nan}, OptionError, "must lie within"),
    ({"turning_point": 1.5}, DataError, "another turning_point"),
    ({"n_resamples": 9}, OptionError, "at least 99"),
    ({"level": 0}, OptionError, "between 0 and 1"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_U)
def test_samples_that_are_refused(options, kind, message):
    activity = np.arange(40.0) % 7
    with pytest.raises(kind, match=message):
        u_shape_test(**{"satisfaction": LEVELS, "activity": activity, **options})


WORST = {
    "flat, then rising in the middle": lambda x: 2 * np.maximum(0, x - 5),
    "flat, then rising at the end": lambda x: 5 * np.maximum(0, x - 9),
    "falling at the beginning, then flat": lambda x: 5 * np.maximum(0, 2 - x),
    "flat": lambda x: 0 * x,
    "log": lambda x: -3 * np.log(x),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST)
def test_no_u_is_found_where_there_is_none(name):
    rng = np.random.default_rng(12)
    rejected = []
    for _ in range(2000):
        x, y = curve(rng, 300, WORST[name])
        searched = u_shape_test(x, y, n_resamples=999, rng=rng).p_value < 0.05
        at = {"flat, then rising in the middle": 5, "falling at the beginning, then flat": 2}
        given_turn = u_shape_test(x, y, turning_point=at.get(name, 9)).p_value < 0.05
        rejected.append([searched, given_turn])
    share = np.mean(rejected, axis=0)
    # Four standard errors of a share of 2,000 at 0.05.
    assert (share < 0.05 + 0.0195).all(), share
    if "end" in name or "beginning" in name:  # the edge of the hypothesis, with no room to spare
        assert (share > 0.05 - 0.0195).all(), share


@pytest.mark.slow
def test_the_parabola_is_misled_as_the_notes_state():
    rng = np.random.default_rng(13)
    found = []
    for _ in range(1000):
        x = rng.uniform(0.05, 1, 1000)
        tests = u_shape_test(
            x, -3 * np.log(x) + rng.normal(size=1000), n_resamples=199, rng=rng
        ).tests
        found.append(tests["p_value"] < 0.05)
    lines, parabola = np.mean(found, axis=0)
    # Four standard errors of a share of 1,000 at 0.93: 0.032.
    assert parabola == pytest.approx(0.93, abs=0.032)
    assert lines < 0.02


@pytest.mark.slow
def test_intervals_of_asymmetry_and_net_shares_keep_their_promise():
    rng = np.random.default_rng(14)
    hits = []
    for _ in range(2000):
        x, y = curve(rng, 120, lambda x: np.where(x < 5, 2 * (5 - x), x - 5))
        apart = u_shape_test(x, y, turning_point=5).estimates.row("fall less rise")
        said = rng.choice([1, -1, 0], 20, p=[0.6, 0.1, 0.3])
        net = of(word_of_mouth([1] * 20 + [2] * 20, valence=[*said, *said]), "net").loc[0]
        hits.append([apart["ci_low"] < 1 < apart["ci_high"], net["ci_low"] < 0.5 < net["ci_high"]])
    # Four standard errors of a share of 2,000 at 0.95.
    assert np.mean(hits, axis=0) == pytest.approx([0.95, 0.95], abs=0.0195)
