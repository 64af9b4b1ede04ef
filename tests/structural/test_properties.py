"""What must hold for any survey."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel.structural import Moments, StructuralModel, fit

from tolerances import SAME
from worlds import answers, model_of

ANY = settings(max_examples=30, deadline=None)
SIZES, ARROWS = [2, 3, 1, 2], [(0, 1), (0, 2), (1, 2), (2, 3), (1, 3)]
MODES = st.sampled_from(["AAAA", "BBBB", "ABAB"])
SCHEMES = st.sampled_from(["path", "factorial", "centroid"])


def survey(seed, n=80):
    """Answers from 1 to 10 to the items of the model, none of them constant."""
    rng = np.random.default_rng(seed)
    raw = np.rint(5.5 + 1.5 * answers(rng, n, SIZES, ARROWS)).clip(1, 10)
    return pd.DataFrame(raw, columns=model_of(SIZES, ARROWS).items)


def numbers(result):
    """Everything but index and impacts, as one labelled series."""
    parts = [
        result.paths.set_index(["source", "target"])["estimate"],
        result.total_effects.set_index(["source", "target"])["estimate"],
        result.f_squared.set_index(["source", "target"])["f_squared"],
        result.vif.set_index(["source", "target"])["vif"],
        result.weights.set_index(["construct", "item"])["estimate"],
        result.loadings.set_index(["construct", "item"])["estimate"],
        result.item_vif.set_index(["construct", "item"])["vif"],
        result.cross_loadings.stack(),
        result.construct_correlations.stack(),
        result.reliability.set_index(["construct", "quantity"])["estimate"],
        result.constructs["r_squared"].dropna(),
        result.constructs["r_squared_adjusted"].dropna(),
    ]
    keys = [str(k) for k in range(len(parts))]
    flat = pd.concat(
        [part.set_axis([str(label) for label in part.index]) for part in parts], keys=keys
    )
    return flat.sort_index()


def assert_alike(one, other, atol=SAME):
    assert one.index.equals(other.index)
    np.testing.assert_allclose(one, other, atol=atol, rtol=atol)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
@ANY
@given(st.integers(0, 10_000), MODES, SCHEMES)
def test_the_index_stays_between_0_and_100(seed, mode, scheme):
    data = survey(seed)
    result = fit(model_of(SIZES, ARROWS, mode), data, scale=(1, 10), scheme=scheme)
    index = result.constructs["index"]
    negative = result.weights.query("estimate < 0")["construct"].unique()
    assert set(index.index[index.isna()]) == set(negative)
    assert index.dropna().between(0, 100).all()


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
@ANY
@given(
    st.integers(0, 10_000),
    MODES,
    st.floats(0.01, 100),
    st.floats(-1000, 1000),
    st.integers(0, 7),
)
def test_only_the_index_moves_with_the_scale_of_an_item(seed, mode, slope, shift, which):
    data = survey(seed)
    moved = data.copy()
    item = data.columns[which]
    moved[item] = data[item] * slope + shift
    model = model_of(SIZES, ARROWS, mode)
    before = fit(model, data, scale=(1, 10))
    after = fit(
        model,
        moved,
        scale=dict.fromkeys(data, (1, 10)) | {item: (slope + shift, 10 * slope + shift)},
    )
    assert_alike(numbers(before), numbers(after), atol=1e-8)  # shifts of 1000 cost five digits
    # And not even the index, if the limits move along.
    np.testing.assert_allclose(before.index["estimate"], after.index["estimate"], atol=1e-6)


@ANY
@given(st.integers(0, 10_000), SCHEMES, st.randoms(use_true_random=False))
def test_order_of_rows_columns_and_constructs_does_not_matter(seed, scheme, random):
    data = survey(seed)
    model = model_of(SIZES, ARROWS)
    result = fit(model, data, scheme=scheme, scale=(1, 10))
    rows, columns = list(data.index), list(data.columns)
    constructs = list(model.constructs)
    for order in (rows, columns, constructs):
        random.shuffle(order)
    other = fit(
        StructuralModel(constructs=constructs, paths=model.paths),
        data.loc[rows, columns],
        scheme=scheme,
        scale=(1, 10),
    )
    assert_alike(numbers(result), numbers(other), atol=1e-8)  # two paths to one fixed point
    one, two = (r.constructs["index"].sort_index() for r in (result, other))
    assert_alike(one, two, atol=1e-6)


@ANY
@given(st.integers(0, 10_000), st.lists(st.integers(1, 79), max_size=5, unique=True))
def test_merged_moments_give_what_the_whole_survey_gives(seed, cuts):
    data = survey(seed)
    edges = [0, *sorted(cuts), len(data)]
    pieces = [Moments.from_frame(data.iloc[a:b]) for a, b in itertools.pairwise(edges)]
    total = pieces[-1]
    for piece in pieces[-2::-1]:  # from the last to the first
        total = total + piece
    model = model_of(SIZES, ARROWS)
    assert_alike(numbers(fit(model, data)), numbers(fit(model, total)), atol=1e-8)


@ANY
@given(st.integers(0, 10_000), MODES)
def test_standardised_scores_are_standardised_and_correlate_as_reported(seed, mode):
    data = survey(seed)
    result = fit(model_of(SIZES, ARROWS, mode), data)
    standardised = result.scores(data)
    np.testing.assert_allclose(standardised.mean(), 0, atol=SAME)
    np.testing.assert_allclose(standardised.std(), 1, atol=SAME)
    np.testing.assert_allclose(standardised.corr(), result.construct_correlations, atol=1e-8)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.NegativeWeightWarning")
@ANY
@given(st.integers(0, 10_000), MODES)
def test_scores_in_points_average_to_the_index(seed, mode):
    data = survey(seed)
    result = fit(model_of(SIZES, ARROWS, mode), data, scale=(1, 10))
    points = result.scores(data, unit="points")
    np.testing.assert_allclose(points.mean(), result.index["estimate"], atol=1e-8)
    assert points.dropna(axis=1).stack().between(-1e-9, 100 + 1e-9).all()


@ANY
@given(st.integers(0, 10_000))
def test_impacts_are_slopes_between_scores_in_points(seed):
    data = survey(seed)
    result = fit(model_of(SIZES, ARROWS), data, scale=(1, 10))
    points = result.scores(data, unit="points")
    # c1 has a single driver, so its impact is a simple regression of points on points.
    slope = np.polyfit(points["c0"], points["c1"], 1)[0]
    impact = result.impacts.query("source == 'c0' and target == 'c1'")["estimate"].item()
    assert impact == pytest.approx(slope, rel=1e-7)


@ANY
@given(st.integers(0, 10_000))
def test_weights_of_people_act_like_repeated_rows(seed):
    data = survey(seed)
    times = np.random.default_rng(seed).integers(1, 4, len(data))
    repeated = data.loc[data.index.repeat(times)]
    model = model_of(SIZES, ARROWS)
    options = {"scale": (1, 10), "max_iter": 10_000}  # some seeds need many
    weighted = fit(model, data.assign(w=times), weights="w", **options)
    plain = fit(model, repeated, **options)
    # Adjusted R2 knows how many respondents there are; everything else does not.
    drop = ["11"]
    assert_alike(numbers(weighted).drop(drop), numbers(plain).drop(drop), atol=1e-8)
    assert_alike(weighted.constructs["index"], plain.constructs["index"], atol=1e-8)
    assert weighted.n_obs == len(data)
